"""One campaign in a check: what the rules say of the contacts of its lists, and what its limits say of all.

Decides nothing itself: the planner does, with nobody ever sent anything. Reads no list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from smscli.cli.known_topics import known_words, topics_of
from smscli.cli.present.figures import money
from smscli.cli.present.text import counted, minute
from smscli.cli.reading_texts import NOTHING_READ, ReadPlan, ReadTexts, TextFinding
from smscli.cli.tasks import Found, Trouble, Weight
from smscli.domain.campaign import Campaign, Rates
from smscli.domain.contact import ConsentLevel
from smscli.domain.decision import SETTLED_SKIPS, Decision, Hold, Skip, SkipReason
from smscli.domain.errors import Place, Problem
from smscli.domain.ports import PlanTally
from smscli.domain.rules import Text, compose
from smscli.files.campaign_file import CampaignsFile
from smscli.files.reading import listed

#: Who is told of every problem.
Note = Callable[[Found], None]

#: What may keep a contact from being texted that somebody can mend in a file. That a campaign expired is told
#: once and not of everybody.
MENDABLE = frozenset(SkipReason) - SETTLED_SKIPS - {SkipReason.EXPIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one campaign stands, as far as its files say. Where a list could not be read, `rows` is None.

    `could_be_texted` counts whom no file forbids, now or when the next window opens. `unread` are those of
    its lists that could not be read. `is_not_piped_in`: a list should come from standard input, and that is
    a keyboard. `texts` is what reading its texts came to, lists or not.
    """

    campaign: str
    lists: tuple[str, ...]
    rows: int | None = None
    bad_rows: int = 0
    could_be_texted: int = 0
    skipped: Mapping[SkipReason, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    is_not_piped_in: bool = False
    texts: ReadTexts = NOTHING_READ


class CheckPlan(ReadPlan):
    """A plan that knows as well what held messages will come to: a check asks that, whatever the hour.

    It collects whom a rule leaves out for what somebody can mend, until they are taken.
    """

    def __init__(self, campaign: Campaign) -> None:
        super().__init__(campaign)
        self._campaign = campaign
        self._complaints: list[Skip] = []
        self.held_segments: Counter[str] = Counter()  # by country

    def add(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            if isinstance(decision, Hold):
                text = compose(self._campaign, decision.contact)
                if isinstance(text, Text):
                    self.held_segments[decision.contact.number.country] += text.segments.count
            elif isinstance(decision, Skip) and decision.reason in MENDABLE:
                self._complaints.append(decision)
        super().add(decisions)

    def taken_complaints(self) -> list[Skip]:
        """Those since the last time, in the order of the list."""
        taken, self._complaints = self._complaints, []
        return taken


def complaint(list_name: str, line: int, reason: SkipReason, detail: str, campaigns: Sequence[str]) -> Found:
    """A contact that a rule leaves out, as a problem of its row."""
    path, message, hint = _words(reason, detail, listed(campaigns))
    problem = Problem(Place(list_name, line, None, path), reason, message, hint)
    return Found(problem, tuple(campaigns), name=detail)


def _words(reason: SkipReason, detail: str, campaigns: str) -> tuple[str, str, str]:
    """Column, message and hint."""
    match reason:
        case SkipReason.MISSING_FIELD:
            hint = f'fill it in, or write {{{{ {detail} | default("…") }}}} in the text'
            return detail, f"is empty, and a text needs it: {campaigns}", hint
        case SkipReason.NO_TEXT:
            hint = "write one, or say `fallback: true`"
            return "language", f"there is no text in {detail}: {campaigns}", hint
        case SkipReason.TEXT_TOO_LONG:
            hint = "shorten the text, or what this row puts into it"
            return "", f"the text is too long, {detail}: {campaigns}", hint
        case SkipReason.ZONE_UNKNOWN:
            message = f"where this number is cannot be told, {detail}: {campaigns}"
            return "", message, "add a column `zone`: Europe/Warsaw"
        case SkipReason.HOLIDAYS_UNKNOWN:
            message = f"the holidays of {detail} are not known: {campaigns}"
            return "", message, "write quiet_hours: {holidays: ignore}"
        case _:
            hint = "widen quiet_hours.windows, or add a column `zone`"
            return "", f"the windows are never open in all its time zones: {campaigns}", hint


def objections(file: Path, campaign: Campaign, texts: ReadTexts) -> Iterator[Found]:
    """What a send refuses for in the wording of texts, as problems of the campaigns file."""
    for rule, members in texts.refused().items():
        first: dict[str, TextFinding] = {}
        for each in members:
            first.setdefault(each.language, each)
        for language, each in first.items():
            path = f"campaigns.{campaign.id}.text" + (f".{language}" if len(campaign.texts) > 1 else "")
            hint = f"{each.finding.suggestion}; or wording: {{{rule}: warn}}".removeprefix("; or ")
            problem = Problem(Place(str(file), None, None, path), rule, each.finding.message, hint)
            yield Found(problem, (campaign.id,))


def keywords_without_campaigns(campaigns: CampaignsFile) -> Iterator[Found]:
    """Opt-in words with a topic that no campaign has: whoever sends one agrees to nothing of the file."""
    known = topics_of(campaigns)
    every = (defined.keywords for defined in campaigns.campaigns.values())  # the same for each
    keywords: Mapping[str, Mapping[str, str]] = next(every, {})
    for sender, words in keywords.items():
        for word, topic in words.items():
            if topic not in known:
                path = ".".join(filter(None, ("keywords", sender, word)))
                message = f"is a yes to the topic {topic}, which no campaign has"
                place, hint = Place(str(campaigns.path), None, None, path), known_words(topic, known)
                yield Found(Problem(place, Trouble.KEYWORD_TOPIC, message, hint), weight=Weight.LOOK_AT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCheck:
    """What the decisions about all contacts of a campaign come to.

    `without_consent` are those of its lists that have contacts and no columns of consent; `has_records`: its
    sent log has consent records of some of them.
    """

    file: Path
    campaign: Campaign
    lists: tuple[str, ...]
    without_consent: tuple[str, ...]
    has_records: bool
    plan: CheckPlan
    now: datetime

    def standing(self, bad_rows: int) -> tuple[Standing, tuple[Found, ...]]:
        """How the campaign stands, and what is wrong with it as a whole."""
        tally = self.plan.tally()
        could = tally.to_send + sum(tally.held.values())
        standing = Standing(
            campaign=self.campaign.id,
            lists=self.lists,
            rows=tally.contacts + bad_rows,
            bad_rows=bad_rows,
            could_be_texted=could,
            skipped={reason: tally.skipped[reason] for reason in SkipReason if reason in tally.skipped},
        )
        return standing, (*self._whole(tally, could), *self._limits(tally, could))

    def _found(self, code: str, message: str, hint: str, path: str) -> Found:
        place = Place(str(self.file), None, None, path)
        return Found(Problem(place, code, message, hint), (self.campaign.id,))

    def _whole(self, tally: PlanTally, could: int) -> Iterator[Found]:
        """What makes it nobody at all, or nobody of a list."""
        campaign = self.campaign
        key = f"campaigns.{campaign.id}"
        expired = tally.skipped.get(SkipReason.EXPIRED, 0)
        if expired and campaign.expires is not None:
            at = minute(campaign.expires)
            message = (
                f"expired at {at}: nobody is texted any more"
                if campaign.expires <= self.now
                else f"expires at {at}, before {counted(expired, 'contact')} may be texted again"
            )
            yield self._found(SkipReason.EXPIRED, message, "set a later one, or delete it", f"{key}.expires")
        needs_consent = campaign.consent.level is not ConsentLevel.NONE
        if needs_consent and self.without_consent and not self.has_records:
            lists = listed(self.without_consent)
            message = f"needs consent, and no two columns of {lists} say its level and its date"
            hint = 'name them: contacts: {file: …, columns: {consent: "…", consent_date: "…"}}'
            yield self._found(Trouble.NO_CONSENT_COLUMNS, message, hint, key)
        elif tally.contacts and not could and not expired and not MENDABLE.intersection(tally.skipped):
            reasons = ", ".join(f"{reason.replace('_', ' ')} {n:,}" for reason, n in tally.skipped.items())
            hint = f"smscli preview {self.file} {campaign.id}"
            yield self._found(Trouble.NOBODY, f"nobody could be texted: {reasons}", hint, key)

    def _limits(self, tally: PlanTally, could: int) -> Iterator[Found]:
        campaign, key = self.campaign, f"campaigns.{self.campaign.id}.limits"
        most = campaign.limits.max_messages
        if most is not None and could > most:
            message = f"{counted(could, 'message')} would be more than {most:,}"
            hint = "raise it, or send a part with --limit"
            yield self._found(Trouble.TOO_MANY_MESSAGES, message, hint, f"{key}.max_messages")
        if campaign.limits.max_cost is not None and campaign.rates is not None:
            yield from self._cost(tally, campaign.limits.max_cost, campaign.rates, f"{key}.max_cost")

    def _cost(self, tally: PlanTally, most: Decimal, rates: Rates, key: str) -> Iterator[Found]:
        segments = self.plan.held_segments + Counter(
            {part.country: part.segments for part in tally.by_country}
        )
        prices = {country: rates.of(country) for country in sorted(segments)}
        for country in (country for country, price in prices.items() if price is None):
            message = f"max_cost is set, and there is no rate for {country}"
            yield self._found(Trouble.NO_RATE, message, "add it, or `default:`, under `rates:`", key)
        cost = sum((price * segments[country] for country, price in prices.items() if price), Decimal(0))
        if cost > most:
            found, allowed = (f"{money(each)} {rates.currency}" for each in (cost, most))
            message = f"all messages would cost {found}, more than {allowed}"
            yield self._found(Trouble.TOO_DEAR, message, "raise it, or send a part with --limit", key)
