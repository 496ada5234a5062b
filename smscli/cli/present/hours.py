"""What `smscli hours` found, as text and as JSON. Knows no rule and no place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.text import Text

from smscli.cli.present.cells import folded
from smscli.cli.present.figures import local
from smscli.cli.present.page import Page
from smscli.cli.present.rule_facts import cap_document, cap_words, level_words, minutes, some, window_words
from smscli.cli.present.text import Hanging, counted, table
from smscli.domain.addresses import place_name
from smscli.domain.jurisdictions import Confidence, CountryRules, Jurisdiction, Reach
from smscli.domain.quiet_hours import (
    Closed,
    HolidayRule,
    HolidaysUnknown,
    NeverOpen,
    Open,
    Permission,
    QuietHours,
    Window,
    ZoneUnknown,
)

if TYPE_CHECKING:
    from smscli.cli.hours_there import RowThere, There
    from smscli.cli.result import Block

NO_ADVICE = "This is no legal advice. Each row says what it rests on and how sure we are."

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HEAD, _BODY = 10, 14  # cells of a label
#: More rows than this are a table: a number without an area has those of every state.
_ROWS_IN_FULL = 4
_REACH: Mapping[Reach, str] = {
    Reach.YES: "it speaks of text messages",
    Reach.DISPUTED: "whether it reaches text messages is disputed",
    Reach.NO: "no rule for text messages is known",
}


# --- one place -----------------------------------------------------------------------------------


def there_text(found: There, page: Page) -> Iterator[Block]:
    """For people: the answer first, then each row it rests on."""
    for label, text in _head(found, page):
        yield from _labelled(label, text, page, _HEAD)
    if found.wish.name:
        yield from _own(found, page)
    if not found.has_own_row:
        yield Text()
        yield Hanging("No row is known for this place: the careful one for all such places holds.")
    if len(found.rows) > _ROWS_IN_FULL:
        yield Text()
        yield from _rows(found.rows)
    else:
        for each in found.rows:
            yield from _row(each, page)
    if found.parts:
        yield Text()
        yield Hanging("Besides, these parts have rows of their own:")
        yield from _rows(found.parts)
    yield Text()
    yield Hanging(NO_ADVICE)


def _head(found: There, page: Page) -> Iterator[tuple[str, str]]:
    given = found.given
    number = f"{page.masked(given.number)}: " if given.number else ""
    by = f" (by {given.by})" if given.by else ""
    yield "Place", f"{number}{some(map(_called, given.places))}{by}"
    yield "Clocks", _clocks(given.zones, found.at, given.zones_by)
    if found.at:
        yield "At", local(found.at, found.wish.zone)
    yield from _answer(found)
    if found.holidays:
        days = (f"{each.day:%a %Y-%m-%d} {each.name}".rstrip() for each in found.holidays)
        yield "Holidays", ", ".join(days)
    if found.caps:
        yield "Caps", "; ".join(map(cap_words, found.caps))
    if level := _level(found):
        yield "Consent", level


def _called(place: str) -> str:
    name = place_name(place)
    return f"{name} ({place})" if name != place else place


def _level(found: There) -> str:
    own, country = found.wish.consent, found.given.places[0].partition("-")[0]
    said = [f"{level_words(found.consent)} for marketing"] if found.consent is not None else []
    if own is not None:
        said.append(f"{level_words(own.of(country).level)} for {found.wish.name}")
    return "; ".join(said)


def _clocks(zones: Sequence[str], at: datetime, by: str) -> str:
    """`Tue 07:30 America/New_York (and 3 zones more), Tue 06:30 America/Chicago (by the number)`."""
    told = some(f"{clock} {_zone_words(names)}" for clock, names in _by_clock(zones, at).items())
    return f"{told} (by {by})" if told else "no time zone is known"


def _by_clock(zones: Sequence[str], at: datetime) -> dict[str, list[str]]:
    """Zones by what their clocks say, the latest clock first."""
    clocks: dict[tuple[datetime, str], list[str]] = {}
    for zone in zones:
        then = at.astimezone(ZoneInfo(zone))
        clocks.setdefault((then.replace(tzinfo=None), f"{then:%a %H:%M}"), []).append(zone)
    return {clock: names for (_, clock), names in sorted(clocks.items(), reverse=True)}


def _zone_words(names: Sequence[str]) -> str:
    return names[0] + (f" (and {counted(len(names) - 1, 'zone')} more)" if len(names) > 1 else "")


def _answer(found: There) -> Iterator[tuple[str, str]]:
    """Open until when, or when it opens: by the recipients' clocks, and by the operator's."""
    asked = found.together
    margin = found.wish.hours.margin if found.wish.hours else None
    less = f", {minutes(margin)} before the window ends" if margin else ""
    match asked:
        case None:
            yield "Now", "open: no hours hold for it"
        case Open(until=until):
            yield "Now", f"open until {local(until, found.wish.zone)}{less}"
            yield from _clock_there(found, until)
        case Closed(opens_at=opens_at):
            yield "Now", "closed"
            yield "Opens", local(opens_at, found.wish.zone)
            yield from _clock_there(found, opens_at)
        case NeverOpen():
            yield "Now", "closed: at no time within 14 days are all of these clocks inside all hours"
        case ZoneUnknown(detail=detail):
            yield "Now", f"closed: {detail}"
        case HolidaysUnknown(country=country):
            yield "Now", f"closed: the public holidays of {country} are not known"


def _clock_there(found: There, at: datetime) -> Iterator[tuple[str, str]]:
    """By the recipients' clocks, unless the operator's zone is one of theirs and all of them say the same."""
    zones = found.given.zones
    clocks = _by_clock(zones, at)
    if len(clocks) > 1 or found.wish.zone not in zones:
        yield "", "there " + some(f"{clock} {_zone_words(names)}" for clock, names in clocks.items())


def _own(found: There, page: Page) -> Iterator[Block]:
    wish = found.wish
    yield Text()
    yield Text(wish.name[:1].upper() + wish.name[1:], style="bold")
    if wish.hours is None:
        yield from _labelled("windows", "any hour", page)
    else:
        yield from _hours(wish.hours, page, knows_holidays=True)
    if found.own_hours is not None:
        yield from _labelled("now", _state(found.own_hours), page)
    if not wish.heeds_places:
        yield from _labelled("besides", "nothing: it says country_rules: false", page)


def _row(each: RowThere, page: Page) -> Iterator[Block]:
    row = each.row
    yield Text()
    yield Text(row.name if row.id == "otherwise" else f"{row.name} ({row.id})", style="bold")
    yield from _hours(row.hours, page, knows_holidays=row.holidays_known)
    yield from _labelled("now", _state(each.hours), page)
    yield from _labelled("basis", f"{row.basis}; {_REACH[row.reach]}", page)
    yield from _labelled("confidence", f"{row.confidence}", page)
    if row.caps:
        yield from _labelled("caps", "; ".join(map(cap_words, row.caps)), page)
    if row.consent is not None:
        yield from _labelled("consent", f"{level_words(row.consent)} for marketing", page)
    if row.labels:
        where = "begins with" if row.labels_first else "has"
        yield from _labelled("label", f"an advertisement {where} {' or '.join(row.labels)}", page)
    if row.note:
        yield from _labelled("note", row.note, page)
    yield from _labelled("sources", "; ".join(row.sources) or "none", page)


def _hours(hours: QuietHours, page: Page, *, knows_holidays: bool) -> Iterator[Block]:
    yield from _labelled("windows", windows_words(hours), page)
    if hours.holidays is HolidayRule.IGNORE:
        said = "people are texted on them"
    else:
        said = "nobody is texted on them" + ("" if knows_holidays else ": whether one may is not known")
    yield from _labelled("holidays", said, page)


def _labelled(label: str, text: str, page: Page, width: int = _BODY) -> Iterator[Text]:
    """A label, and a text that goes on below, behind it."""
    first = label if width == _HEAD else f"  {label}"
    for index, line in enumerate(folded(page.shown(text), page.width - width)):
        style = "bold" if width == _HEAD else ""
        yield Text.assemble((f"{'' if index else first:{width}}", style), line)


def _state(asked: Permission) -> str:
    match asked:
        case Open():
            return "open"
        case Closed():
            return "closed"
        case NeverOpen():
            return "closed, for 14 days at least"
        case ZoneUnknown() | HolidaysUnknown():
            return "not known"


def windows_words(hours: QuietHours) -> str:
    """`mon-sat 09:00-21:00, sun 12:00-21:00`; days that are alike stand together."""
    return ", ".join(f"{days} {', '.join(map(window_words, windows))}" for days, windows in _runs(hours))


def _runs(hours: QuietHours) -> Iterator[tuple[str, tuple[Window, ...]]]:
    """Days that follow each other and have the same windows; days without any are left out."""
    for windows, run in groupby(range(7), key=lambda day: hours.windows[day]):
        days = list(run)
        if windows:
            yield (_DAYS[days[0]] if len(days) == 1 else f"{_DAYS[days[0]]}-{_DAYS[days[-1]]}"), windows


# --- all countries -------------------------------------------------------------------------------


def countries_text(rules: CountryRules, rows: Sequence[RowThere], at: datetime) -> Iterator[Block]:
    """A line for each country."""
    yield from _rows(rows)
    states = [place for place in rules.rows if "-" in place]
    for country, run in groupby(sorted(states), key=lambda place: place.partition("-")[0]):
        places = list(run)
        yield Hanging(f"{counted(len(places), 'state')} of {country} have rows too: smscli hours {country}")
    yield Hanging(f"Elsewhere {windows_words(rules.otherwise.hours)} *")
    yield Hanging(f"Now is {local(at, 'UTC')}; open means in every time zone of the country.")
    yield Hanging("With its sources and in full: smscli hours PL")
    yield Hanging(NO_ADVICE)


def _rows(rows: Sequence[RowThere]) -> Iterator[Block]:
    headers = ("place", "name", "windows", "basis", "sure", "now")
    cells = [
        (
            each.row.id,
            each.row.name,
            _briefly(each.row),
            each.row.basis,
            _SURE[each.row.confidence],
            _state(each.hours).partition(",")[0],
        )
        for each in rows
    ]
    yield table(headers, cells, folding=("name", "windows"))
    if any(each.row.hours.holidays is HolidayRule.SKIP for each in rows):
        yield Text()
        yield Hanging("* Nobody is texted on public holidays.")


_SURE: Mapping[Confidence, str] = {
    Confidence.HIGH: "high",
    Confidence.MEDIUM: "medium",
    Confidence.LOW: "low",
}


def _briefly(row: Jurisdiction) -> str:
    """`mon-sat 9-20, sun 12-20`; full hours without their minutes."""
    windows = windows_words(row.hours).replace(":00", "")
    return windows + ("*" if row.hours.holidays is HolidayRule.SKIP else "")


# --- as JSON -------------------------------------------------------------------------------------


def there_document(found: There) -> dict[str, object]:
    """The same for programs; the number is masked."""
    given, wish = found.given, found.wish
    return {
        "at": found.at,
        "number": given.number.masked if given.number else None,
        "places": list(given.places),
        "places_by": given.by,
        "zones": [
            {"zone": zone, "local": found.at.astimezone(ZoneInfo(zone)).isoformat()} for zone in given.zones
        ],
        "zones_by": given.zones_by,
        **_permission(found.together),
        "rows": [{**_row_document(each.row), **_permission(each.hours)} for each in found.rows],
        "parts": [{**_row_document(each.row), **_permission(each.hours)} for each in found.parts],
        "has_own_row": found.has_own_row,
        "own": {
            "name": wish.name,
            "country_rules": wish.heeds_places,
            **(_hours_document(wish.hours) if wish.hours else {"windows": None, "holidays": None}),
            **_permission(found.own_hours),
        }
        if wish.name
        else None,
        "caps": list(map(cap_document, found.caps)),
        "consent": found.consent.name.lower() if found.consent is not None else None,
        "holidays": [{"date": each.day.isoformat(), "name": each.name} for each in found.holidays],
        "countries": None,
        "no_legal_advice": NO_ADVICE,
    }


def countries_document(rows: Sequence[RowThere], at: datetime) -> dict[str, object]:
    """All countries; the keys of one place are null."""
    told = [{**_row_document(each.row), **_permission(each.hours)} for each in rows]
    one = "number places places_by zones zones_by state until opens_at rows parts has_own_row own caps"
    return {
        "at": at,
        **dict.fromkeys(f"{one} consent holidays".split()),
        "countries": told,
        "no_legal_advice": NO_ADVICE,
    }


def _row_document(row: Jurisdiction) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        **_hours_document(row.hours),
        "holidays_known": row.holidays_known,
        "basis": row.basis,
        "confidence": row.confidence,
        "reaches_texts": row.reach,
        "sources": list(row.sources),
        "caps": list(map(cap_document, row.caps)),
        "consent": row.consent.name.lower() if row.consent is not None else None,
        "labels": list(row.labels),
        "note": row.note,
    }


def _hours_document(hours: QuietHours) -> dict[str, object]:
    windows = {day: list(map(window_words, hours.windows[at])) for at, day in enumerate(_DAYS)}
    return {"windows": windows, "holidays": hours.holidays}


def _permission(asked: Permission | None) -> dict[str, object]:
    """`state` is open, closed, never_open, zone_unknown or holidays_unknown."""
    names = {Open: "open", Closed: "closed", NeverOpen: "never_open", ZoneUnknown: "zone_unknown"}
    return {
        "state": "open" if asked is None else names.get(type(asked), "holidays_unknown"),
        "until": asked.until if isinstance(asked, Open) else None,
        "opens_at": asked.opens_at if isinstance(asked, Closed) else None,
    }
