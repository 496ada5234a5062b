"""The figures of a plan as rows of a ledger: people, segments, cost, time. Knows no widths."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.cells import cell_len

from smscli.cli.present.figures import local, money, most_first, pace, places_of, span, words
from smscli.cli.present.ledger import Row, Section, Warn
from smscli.cli.present.mending import ToMend, to_mend
from smscli.cli.present.page import Page
from smscli.cli.present.text import counted
from smscli.domain.addresses import OF_THE_US
from smscli.domain.decision import SkipReason
from smscli.domain.ports import CountryTally, Offender
from smscli.domain.segments import Encoding

if TYPE_CHECKING:
    from smscli.cli.planned import Planned

#: So many of a kind are shown; the JSON document has all.
_THINGS = {"glance": 3, "full": 10}
_OFFENDERS = {"glance": 3, "full": 8}
_CHARACTERS = {"glance": 10, "full": 24}
_COUNTRIES = {"glance": 6, "full": 60}

_COMBINED = "\u25cc"  # what a mark that stands on another character is shown on


def people(planned: Planned, page: Page) -> Section:
    """Everybody on the list, once; the reasons below."""
    return tuple(_people(planned, page))


def _people(planned: Planned, page: Page) -> Iterator[Row | Warn]:
    tally, findings, zone = planned.tally, planned.findings, planned.chosen.campaign.zone
    skipped, held = sum(tally.skipped.values()), sum(tally.held.values())
    yield _share("to send", tally.to_send, "green")
    if planned.left_by_limit:
        yield _share("beyond --limit", planned.left_by_limit)
    yield _share("skipped", skipped)
    mending = to_mend(planned)
    for reason, _ in most_first(tally.skipped):
        yield from _skipped(planned, reason, [each for each in mending if each.reason is reason], page)
    yield _share("held", held, "yellow")
    for held_for, count in most_first(tally.held):
        opens = f"the first may go {local(tally.held_until[held_for], zone)}"
        yield Row(words(held_for), f"{count:,}", opens, depth=2)
    if sooner := findings.sooner_with_zone:
        yield Row("sooner", f"{sooner.total():,}", _sooner(sooner), depth=2)
    yield _share("problems", planned.bad.count, "red")
    if findings.repeatable:
        promise = "in doubt, which the gateway promised not to take twice"
        yield Row("again", f"{len(findings.repeatable):,}", promise)
    if findings.same_text_warnings:
        yield Warn(f"{findings.same_text_warnings:,} had these very words from another campaign")


def _sooner(by_country: Mapping[str, int]) -> str:
    """What the list lacks for people who are held because nobody knows in which clock they are."""
    few = sorted(by_country.items(), key=lambda part: -part[1])[: _COUNTRIES["glance"]]
    named = [f"{country} {count:,}" for country, count in few]
    named += [f"{len(by_country) - len(few)} more"] if len(by_country) > len(few) else []
    abroad = by_country.keys() - OF_THE_US
    zips = "" if abroad == by_country.keys() else " or, for the US, ZIP codes" if abroad else " or ZIP codes"
    return f"could go now if the list had their time zones{zips} ({', '.join(named)})"


def _share(label: str, count: int, style: str = "") -> Row:
    return Row(label, f"{count:,}", part=count, style=style if count else "")


def _skipped(planned: Planned, reason: SkipReason, mending: Sequence[ToMend], page: Page) -> Iterator[Row]:
    """A reason; with one thing to mend it stands beside, with several each has a line."""
    alone = _where(planned, mending[0], page) if len(mending) == 1 else ""
    if reason is SkipReason.DUPLICATE:
        alone = f"see {page.shown(str(planned.duplicates_file or '--duplicates FILE'))}"
    yield Row(words(reason), f"{planned.tally.skipped[reason]:,}", alone, depth=2)
    if len(mending) > 1:
        most = _THINGS[page.detail]
        for each in mending[:most]:
            yield Row("", "", _how_many_where(planned, each, page), depth=2)
        if len(mending) > most:
            yield Row("", "", f"and {len(mending) - most:,} more, see --json", depth=2)


def _where(planned: Planned, each: ToMend, page: Page) -> str:
    """`first_name: line 14`."""
    lines = _lines(planned, each, page)
    return f"{page.shown(each.detail)}: {lines}" if each.detail else lines


def _how_many_where(planned: Planned, each: ToMend, page: Page) -> str:
    """`pl in 2 rows: lines 8, 9`."""
    of = f"{page.shown(each.detail)} in " if each.detail else ""
    return f"{of}{counted(each.count, 'row')}: {_lines(planned, each, page)}"


def _lines(planned: Planned, each: ToMend, page: Page) -> str:
    """`lines 8, 9`; of several lists `members.csv:8, shop.csv:9`."""
    more = f", {page.glyphs.ellipsis}" if each.count > len(each.first) else ""
    if len(planned.lists) > 1:
        places = ", ".join(planned.place(row.of_list, row.line) for row in each.first)
        return f"{page.shown(places)}{more}"
    return f"line{'' if each.count == 1 else 's'} {', '.join(str(row.line) for row in each.first)}{more}"


def segments(planned: Planned, page: Page) -> Section:
    """Segments by encoding, and the characters that forced the dearer one."""
    tally = planned.tally
    rows = [Row("Segments", f"{tally.segments:,}", f"in {counted(tally.to_send, 'message')}", depth=0)]
    for encoding in Encoding:
        if there := tally.segments_by_encoding.get(encoding, 0):
            note = f"in {counted(tally.by_encoding[encoding], 'message')}"
            rows.append(Row(encoding, f"{there:,}", note, part=there))
    return (*rows, *_offenders(tally.offenders, page))


def _offenders(offenders: Sequence[Offender], page: Page) -> Iterator[Row]:
    """The dearest characters by name, the rest in a line; those that cost no segment more in another."""
    offenders = sorted(offenders, key=_dearest_first)
    dear = [each for each in offenders if each.extra_segments]
    most = _OFFENDERS[page.detail]
    shown = len(dear) if len(dear) == most + 1 else most  # a line for one character, not for "1 other"
    for offender in dear[:shown]:
        name = unicodedata.name(offender.character, "unnamed").lower()
        forced = f"{name} forced UCS-2 in {counted(offender.messages, 'message')}"
        yield Row(_character(offender, page), f"+{offender.extra_segments:,}", forced, depth=2)
    if rest := dear[shown:]:
        others = f"{len(rest):,} other characters forced UCS-2 as well"
        dearest = f"each at most +{rest[0].extra_segments:,}"
        yield Row("", "", f"{others}, {dearest}: {_first(rest, page)}", depth=2)
    if free := offenders[len(dear) :]:
        yield Row("", "+0", f"{_some(free, page)} forced UCS-2 at no extra cost", depth=2)


def _dearest_first(offender: Offender) -> tuple[int, bool]:
    """Of two that cost the same, a dash or a quote is more often a slip than a letter is."""
    return -offender.extra_segments, offender.character.isalpha()


def _some(offenders: Sequence[Offender], page: Page) -> str:
    """The first characters, and how many there are."""
    few = _CHARACTERS[page.detail]
    return _few(offenders, few, page) + (
        f" and {len(offenders) - few:,} more" if len(offenders) > few else ""
    )


def _first(offenders: Sequence[Offender], page: Page) -> str:
    """The first characters, where it is said already how many there are."""
    few = _CHARACTERS[page.detail]
    return _few(offenders, few, page) + (f" {page.glyphs.ellipsis}" if len(offenders) > few else "")


def _few(offenders: Sequence[Offender], few: int, page: Page) -> str:
    return " ".join(_character(each, page) for each in offenders[:few])


def _character(offender: Offender, page: Page) -> str:
    """The character, or its number where nobody would see it."""
    character = offender.character
    if unicodedata.category(character).startswith("M") and page.can_print(_COMBINED + character):
        return _COMBINED + character
    is_seen = character.isprintable() and page.can_print(character) and cell_len(character)
    return character if is_seen else f"U+{ord(character):04X}"


def messages(planned: Planned) -> Section:
    """How many segments the messages have."""
    by_segments = planned.tally.by_segments
    if len(by_segments) < 2:
        return ()
    return (
        Row("Messages", f"{planned.tally.to_send:,}", "by their segments", depth=0),
        *(Row(counted(each, "segment"), f"{count:,}", part=count) for each, count in by_segments.items()),
    )


def languages(planned: Planned, page: Page) -> Section:
    """In which languages people are texted."""
    by_language = planned.tally.by_language
    if len(by_language) < 2:
        return ()
    return (
        Row("Languages", f"{len(by_language):,}", depth=0),
        *(Row(page.shown(name), f"{count:,}", part=count) for name, count in by_language.items()),
    )


def cost(planned: Planned, page: Page) -> Section:
    """What the countries cost; only how many messages go there where nobody gave rates."""
    plan, by_country = planned.forecast, planned.tally.by_country
    if planned.chosen.campaign.rates is None:
        unknown = Row("Cost", "unknown", "the campaigns file has no rates", depth=0)
        return (unknown, *(_unpriced(by_country, page) if page.detail == "full" else ()))
    dearest = sorted(plan.cost_by_country, key=lambda part: -part[1])
    most = _COUNTRIES[page.detail]
    shown = len(dearest) if len(dearest) == most + 1 else most  # a line for one country, not for "1 country"
    notes = _traffic(by_country, page)
    places = places_of(price for _, price in dearest)
    rows = [Row(f"Cost, {plan.currency}", money(plan.cost, places), "planned", depth=0)]
    rows += [Row(country, money(price, places), notes[country], price) for country, price in dearest[:shown]]
    if rest := dearest[shown:]:
        together = sum((price for _, price in rest), Decimal(0))
        rows.append(
            Row("others", money(together, places), counted(len(rest), "country", "countries"), together)
        )
    if plan.unpriced:
        rows.append(Row("", "?", f"no rate for {', '.join(plan.unpriced)}"))
    return tuple(rows)


def _unpriced(by_country: Sequence[CountryTally], page: Page) -> Iterator[Row]:
    notes = _traffic(by_country, page)
    for each in by_country[: _COUNTRIES[page.detail]]:
        yield Row(each.country, f"{each.messages:,}", notes[each.country], each.messages)


def _traffic(by_country: Sequence[CountryTally], page: Page) -> dict[str, str]:
    """`3 segments`; in full `2 messages, 3 segments`, in columns."""
    said = {each.country: counted(each.segments, "segment") for each in by_country}
    if page.detail == "glance":
        return said
    before = {each.country: f"in {counted(each.messages, 'message')}" for each in by_country}
    widest = max(map(len, said.values()), default=0)
    return {country: f"{text:<{widest}} {before[country]}" for country, text in said.items()}


def timing(planned: Planned) -> Section:
    """How many calls, how long at the gateway's pace, and who would be too late."""
    plan, rates, zone = planned.forecast, planned.chosen.profile.rates, planned.chosen.campaign.zone
    rows: list[Row | Warn] = [Row("Requests", f"{plan.requests:,}", "if everybody is accepted", depth=0)]
    if plan.duration is None:
        rows.append(Row("Time", "", "as fast as the gateway answers (no rate is set)", depth=0))
        return rows
    last = f"; the last would leave {local(plan.last_leaves_at, zone)}" if plan.last_leaves_at else ""
    rows.append(Row("Time", span(plan.duration), f"planned, at {pace(rates)}{last}", depth=0))
    if plan.late and plan.first_closes_at:
        closes = local(plan.first_closes_at, zone)
        late = f"{plan.late:,} would leave after their window closes (the first at {closes})"
        rows.append(Warn(f"{late}; they will be held"))
    return rows
