"""Contacts and facts in, a plan out: one pass over the list, memory flat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import islice

from smscli.domain.campaign import Campaign, SameText
from smscli.domain.contact import Contact
from smscli.domain.decision import Decision, Send, Skip, SkipReason
from smscli.domain.frequency import longest, longest_span
from smscli.domain.message import Realm, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import NO_FACTS, Facts, Plan, SentLog
from smscli.domain.quiet_hours import permission
from smscli.domain.rules import Again, Case, Memory, decide, same_text_lately
from smscli.engine.sooner import may_be_sooner

#: Rows whose facts are fetched in one statement.
CHUNK = 2_000


@dataclass(slots=True)
class Findings:
    """What planning noticed beside the decisions.

    `repeatable` are numbers in doubt that would be sent if they were not in doubt: only they may be
    repeated by a gateway's promise of idempotency. `watched` is the case of the first row with the
    number that the planner watches: what was known of it when it was decided. `withdrawn` are numbers
    whose later row says that they opted out, with where it stands. `sooner_with_zone` counts, by country,
    whom a zone column would let be texted at once.
    """

    rows: int = 0
    same_text_warnings: int = 0
    repeatable: set[Msisdn] = field(default_factory=set)
    watched: Case | None = None
    withdrawn: dict[Msisdn, str] = field(default_factory=dict)
    sooner_with_zone: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Everything a plan depends on. `log` None means: nobody was ever sent anything.

    `watched` is a number whose case is kept, to be explained; the plan is the same with and without.
    `list_names` are what to call the lists where there are several.
    """

    campaign: Campaign
    realm: Realm
    log: SentLog | None
    now: datetime
    new_id: Callable[[], str]
    again: frozenset[Again] = frozenset()
    watched: Msisdn | None = None
    list_names: Sequence[str] = ()

    def fill(
        self, plan: Plan, contacts: Iterable[Contact], progress: Callable[[int], None] = lambda _: None
    ) -> Findings:
        """Decide every contact of the list, in order; `progress` is told the rows done so far."""
        findings = Findings()
        memory = Memory(lru_cache(maxsize=4_096)(permission))
        for chunk in _chunks(contacts):
            self._decide_chunk(plan, chunk, findings, memory)
            findings.rows += len(chunk)
            progress(findings.rows)
        plan.withdraw(findings.withdrawn)  # at the end: the earlier row may be of any chunk
        findings.repeatable.difference_update(findings.withdrawn)
        return findings

    def _decide_chunk(self, plan: Plan, chunk: Sequence[Contact], findings: Findings, memory: Memory) -> None:
        numbers = [contact.number for contact in chunk]
        facts, seen, excluded = self._facts(numbers), set(plan.seen(numbers)), plan.excluded(numbers)
        decisions: list[Decision] = []
        for contact in chunk:
            repeated, not_to_text = contact.number in seen, excluded.get(contact.number, "")
            case = self._case(contact, facts, repeated, not_to_text, memory)
            decision = decide(case, self.new_id)
            decisions.append(decision)
            self._notice(case, decision, findings)
            if case.repeated and {"", self.campaign.topic} & set(contact.opted_out):
                of = self.list_names[contact.of_list] if self.list_names else "the list"
                findings.withdrawn[contact.number] = f"line {contact.line} of {of} says so"
            seen.add(contact.number)
        plan.add(decisions)
        if findings.watched is None and self.watched in seen:  # once a chunk: nobody else pays for it
            first = next(contact for contact in chunk if contact.number == self.watched)
            not_to_text = excluded.get(first.number, "")
            findings.watched = self._case(first, facts, False, not_to_text, memory)

    def _case(
        self,
        contact: Contact,
        facts: Mapping[Msisdn, Facts],
        repeated: bool,
        excluded: str,
        memory: Memory,
    ) -> Case:
        return Case(
            contact=contact,
            campaign=self.campaign,
            now=self.now,
            facts=facts.get(contact.number, NO_FACTS),
            repeated=repeated,
            excluded=excluded,
            again=self.again,
            memory=memory,
        )

    def _facts(self, numbers: Sequence[Msisdn]) -> dict[Msisdn, Facts]:
        if self.log is None:
            return {}
        asked = partial(self.log.facts, self.realm, self.campaign.id, numbers, now=self.now)
        usual, facts = look_back(self.campaign), asked(since=self.now - look_back(self.campaign))
        promised = max(map(_promised, facts.values()), default=usual)
        return dict(facts if promised <= usual else asked(since=self.now - promised))

    def _notice(self, case: Case, decision: Decision, findings: Findings) -> None:
        if isinstance(decision, Send):
            warn = self.campaign.same_text is SameText.WARN
            findings.same_text_warnings += bool(warn and same_text_lately(case))
        elif isinstance(decision, Skip) and decision.reason is SkipReason.IN_DOUBT:
            if self._would_be_sent(case):
                findings.repeatable.add(case.contact.number)
        elif may_be_sooner(case, decision):
            findings.sooner_with_zone[case.contact.number.country] += 1

    def _would_be_sent(self, case: Case) -> bool:
        """Would this person in doubt pass every rule, were it not for the doubt?"""
        others = tuple(recent for recent in case.facts.recent if recent.campaign_id != self.campaign.id)
        known = replace(case.facts, prior=State.RELEASED, recent=others)
        free = replace(case, facts=known, repeated=False)
        return isinstance(decide(free, self.new_id), Send)


def look_back(campaign: Campaign) -> timedelta:
    """How far back the sent log is asked for earlier messages to the same number, by all but promises."""
    rules = campaign.country_rules
    local = [cap for row in rules.rows.values() for cap in row.caps] if rules else []
    return max([campaign.same_text_within, *map(longest, (*campaign.caps, *local))])


def _promised(facts: Facts) -> timedelta:
    """How far back somebody's promises look."""
    spans = (longest_span(fact.promise.per) for fact in facts.consents if fact.promise is not None)
    return max(spans, default=timedelta())


def _chunks(contacts: Iterable[Contact]) -> Iterator[Sequence[Contact]]:
    waiting = iter(contacts)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk
