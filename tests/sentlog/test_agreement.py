"""Whatever is done to both, in any order, SQLite and memory tell the same story."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from smscli.domain.consent import ConsentMethod, ConsentRecord, Promise
from smscli.domain.contact import ConsentLevel
from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.errors import Refused
from smscli.domain.frequency import CalendarPeriod, CapScope, FrequencyCap
from smscli.domain.message import Batch, Fault, Realm, Receipt, State, digest
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Facts, LogFilter, RunRecord, SentLog, SyncMark, Terms
from smscli.domain.replies import Classified, Reply, ReplyClass
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.sqlite import open_sent_log

from .making import ANNA, BEN, CELIA, DAY, HOUR, NOW, TERMS, batch, message, stop

PEOPLE = (ANNA, BEN, CELIA)
OURS = "+12025550143"
T = TypeVar("T")
Offered = list[list[tuple[Msisdn, str]]]

people = st.sampled_from(PEOPLE)
topics = st.sampled_from(["", TERMS.topic, "news"])
bodies = st.sampled_from(["Some words.", "Other words."])
realms = st.sampled_from([Realm.LIVE, Realm.LIVE, Realm.SANDBOX, Realm.TEST])
caps = st.builds(
    FrequencyCap, st.integers(1, 2), st.sampled_from([2 * DAY, 5 * HOUR]), st.sampled_from([*CapScope])
)
terms = st.builds(
    replace,
    st.just(TERMS),
    realm=realms,
    campaign_id=st.sampled_from(["one", "two"]),
    topic=st.sampled_from([TERMS.topic, "news", ""]),
    gateway_digest=st.sampled_from(["g", "g", "h"]),
    run_id=st.sampled_from(["run-1", "run-2"]),
    purpose=st.sampled_from([TERMS.purpose, "transactional"]),
    caps=st.lists(caps, max_size=2).map(tuple),
    same_text_within=st.sampled_from([None, DAY]),
    planned_at=st.sampled_from([None, NOW, NOW + 4 * HOUR]),
    again_rejected=st.booleans(),
    keep_bodies=st.booleans(),
    repeat_within=st.sampled_from([None, 6 * HOUR, 12 * HOUR]),
)
offers = st.lists(st.lists(st.tuples(people, bodies), min_size=1, max_size=3), min_size=1, max_size=2)
later = st.sampled_from([timedelta(), timedelta(microseconds=700), HOUR, 3 * HOUR, DAY])
moments = st.sampled_from([timedelta(), timedelta(), -HOUR, timedelta(microseconds=700)])
chosen = st.integers(0, 200)
states = st.sampled_from([*State])
faults = st.sampled_from([None, None, None, Fault.OPTED_OUT, Fault.NUMBER])
told = st.builds(
    DeliveryReceipt,
    ref=st.sampled_from(["", "ref", "ref-2", "ref-3"]),
    id=st.sampled_from(["", "", "", "nobody"]),
    number=st.sampled_from(["", ANNA.digits, ANNA.e164, BEN.digits]),
    state=st.sampled_from([None, State.DELIVERED, State.UNDELIVERED]),
    at=st.sampled_from([None, NOW]),
    body_digest=st.sampled_from(["", "", digest("Some words.")]),
)


class TwoLogs(RuleBasedStateMachine):
    """Every deed is done to both logs and must have the same outcome."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "sent-log.db"
        self.sqlite = open_sent_log(path, create=True)
        self.sqlite._connection.execute("PRAGMA synchronous = OFF")  # hundreds of logs, no power cut
        self.memory = MemorySentLog()
        self.now = NOW
        self.requests: list[tuple[Batch, Terms]] = []

    def teardown(self) -> None:
        self.sqlite.close()
        self.folder.cleanup()

    def both(self, deed: Callable[[SentLog], T]) -> T:
        one, other = deed(self.sqlite), deed(self.memory)
        assert one == other
        return one

    def some_ids(self, places: Sequence[int]) -> list[str]:
        known = [one.id for request, _ in self.requests for one in request.messages] or ["nobody"]
        return [known[place % len(known)] for place in places]

    @rule(span=later)
    def time_passes(self, span: timedelta) -> None:
        self.now += span

    def made(self, offered: Offered, under: Terms) -> list[Batch]:
        return [
            batch(*(message(to, body, campaign_id=under.campaign_id) for to, body in members), at=self.now)
            for members in offered
        ]

    @rule(offered=offers, under=terms)
    def claim(self, offered: Offered, under: Terms) -> None:
        made = self.made(offered, under)
        self.both(lambda log: log.claim(made, under, self.now))
        self.requests += [(one, under) for one in made]

    @rule(place=chosen, under=terms)
    def claim_again(self, place: int, under: Terms) -> None:
        if self.requests:
            made, before = self.requests[place % len(self.requests)]
            again = replace(made, id=f"{made.id}-again-{len(self.requests)}", claimed_at=self.now)
            same_place = replace(under, realm=before.realm, campaign_id=before.campaign_id)
            self.both(lambda log: log.claim([again], same_place, self.now))
            self.requests.append((again, same_place))

    @rule(place=chosen, under=terms, exactly=st.booleans())
    def reclaim(self, place: int, under: Terms, exactly: bool) -> None:
        if self.requests:
            made, before = self.requests[place % len(self.requests)]
            self.both(lambda log: log.reclaim(made, before if exactly else under, self.now))

    @rule(
        places=st.lists(chosen, max_size=4),
        state=states,
        fault=faults,
        ref=st.sampled_from(["", "ref", "ref-2"]),
    )
    def settle(self, places: list[int], state: State, fault: Fault | None, ref: str) -> None:
        receipts = [
            Receipt(one, state, ref, "code", "detail", segments=2 if ref else None, fault=fault)
            for one in self.some_ids(places)
        ]
        self.both(lambda log: log.settle(receipts, self.now))

    @rule(
        places=st.lists(chosen, max_size=4),
        state=st.sampled_from([State.ACCEPTED, State.DELIVERED, State.UNDELIVERED, State.REJECTED]),
        fault=faults,
        at=st.none() | moments,
        times=st.integers(1, 2),
    )
    def hear_afterwards(
        self, places: list[int], state: State, fault: Fault | None, at: timedelta | None, times: int
    ) -> None:
        happened_at = None if at is None else NOW + at
        told = [Receipt(one, state, fault=fault, happened_at=happened_at) for one in self.some_ids(places)]
        for _ in range(times):
            self.both(lambda log: log.settle(told, self.now))

    @rule(receipt=told, realm=realms)
    def keep_a_stray(self, receipt: DeliveryReceipt, realm: Realm) -> None:
        self.both(lambda log: log.keep_strays(TERMS.gateway, realm, [receipt, receipt], self.now))

    @rule(receipt=told, realm=realms, span=later)
    def drop_a_stray(self, receipt: DeliveryReceipt, realm: Realm, span: timedelta) -> None:
        self.both(lambda log: log.drop_strays(TERMS.gateway, realm, [receipt], self.now - span))

    @rule(realm=realms, what=st.sampled_from(["receipts", "replies"]), cursor=st.sampled_from(["", "7"]))
    def remember_how_far(self, realm: Realm, what: str, cursor: str) -> None:
        mark = SyncMark(self.now, cursor)
        self.both(lambda log: log.remember_sync(TERMS.gateway, realm, what, mark))

    @rule(number=people)
    def erase(self, number: Msisdn) -> None:
        def counts(log: SentLog) -> dict[str, int] | None:
            try:
                erased = log.erase(number, "maria", self.now)
            except Refused:
                return None
            return {name: count for name, count in erased.counts.items() if name != "events"}

        self.both(counts)

    @rule(realm=realms, span=later)
    def prune(self, realm: Realm, span: timedelta) -> None:
        before = self.now - span
        self.both(lambda log: log.prune(before, "maria", self.now, only_look=False, realm=realm))

    @rule(places=st.lists(chosen, max_size=3), seen=st.lists(told, max_size=2), realm=realms, span=later)
    def match(self, places: list[int], seen: list[DeliveryReceipt], realm: Realm, span: timedelta) -> None:
        named = [DeliveryReceipt(id=one, state=State.DELIVERED) for one in self.some_ids(places)]
        asked = (TERMS.gateway, realm, [*named, *seen], self.now - span)
        self.both(lambda log: list(log.match(*asked)))
        self.both(lambda log: log.found([each.id for each in named]))

    @rule(place=chosen, state=states)
    def settle_a_request(self, place: int, state: State) -> None:
        if self.requests:
            made, _ = self.requests[place % len(self.requests)]
            self.both(lambda log: log.settle([Receipt(one.id, state) for one in made.messages], self.now))

    @rule(places=st.lists(chosen, max_size=4), state=st.sampled_from([State.ACCEPTED, State.RELEASED]))
    def decide(self, places: list[int], state: State) -> None:
        ids = self.some_ids(places)
        self.both(lambda log: list(log.decide(ids, state, "maria", self.now)))

    @rule(realm=realms, campaign=st.sampled_from(["one", "two"]))
    def recover(self, realm: Realm, campaign: str) -> None:
        self.both(lambda log: log.recover(realm, campaign, self.now))

    @rule(number=people, topic=topics, foreign=st.booleans(), at=moments, span=st.none() | later)
    def opt_out(
        self, number: Msisdn, topic: str, foreign: bool, at: timedelta, span: timedelta | None
    ) -> None:
        until = None if span is None else self.now + span
        wish = replace(stop(number, topic, self.now + at), until=until, sender=OURS, words="STOP")
        self.both(lambda log: log.heed([wish]) if foreign else log.opt_out([wish]))

    @rule(number=people, topic=topics, at=moments, sender=st.sampled_from([OURS, OURS, "3344", ""]))
    def start(self, number: Msisdn, topic: str, at: timedelta, sender: str) -> None:
        self.both(lambda log: tuple(log.start(number, topic, sender, self.now + at, "START")))

    @rule(number=people, at=moments, level=st.sampled_from([*ConsentLevel]), about=topics, ends=st.booleans())
    def agree(self, number: Msisdn, at: timedelta, level: ConsentLevel, about: str, ends: bool) -> None:
        record = ConsentRecord(
            number,
            level,
            self.now + at,
            ConsentMethod.WEB_FORM,
            topics=(about,) if about else (),
            expires_at=self.now + DAY if ends else None,
            promise=Promise(2, CalendarPeriod.MONTH) if ends else None,
        )
        self.both(lambda log: log.record_consents([record], self.now))

    @rule(number=people, at=moments, kind=st.sampled_from([*ReplyClass]), text=bodies)
    def reply(self, number: Msisdn, at: timedelta, kind: ReplyClass, text: str) -> None:
        came = (Reply(number, OURS, self.now + at, text), Classified(kind))
        self.both(lambda log: tuple(log.file_replies([came], self.now)))

    @rule(key=st.integers(1, 8), kind=st.sampled_from([ReplyClass.OPT_OUT, ReplyClass.OTHER]))
    def decide_a_reply(self, key: int, kind: ReplyClass) -> None:
        self.both(lambda log: log.decide_reply(key, kind, "maria", self.now))

    @rule(number=people, topic=topics)
    def reinstate(self, number: Msisdn, topic: str) -> None:
        self.both(lambda log: log.reinstate(number, topic, "maria", "asked", self.now))

    @rule(
        name=st.sampled_from(["run-1", "run-2", "run-3"]),
        realm=realms,
        campaign=st.sampled_from(["one", "two"]),
        ended=st.booleans(),
    )
    def remember_a_run(self, name: str, realm: Realm, campaign: str, ended: bool) -> None:
        run = RunRecord(name, realm, campaign, "g", "maria", self.now, counts={"rows": 1})
        end = replace(run, ended_at=self.now, exit_code=0, held_until=self.now + DAY)
        self.both(lambda log: log.end_run(end) if ended else log.begin_run(run))

    @rule(campaign=st.sampled_from(["one", "two"]))
    def empty_the_sandbox(self, campaign: str) -> None:
        self.both(lambda log: log.empty_sandbox(campaign))

    @rule(offered=offers, under=terms)
    def claim_in_vain(self, offered: Offered, under: Terms) -> None:
        made = self.made(offered, under)

        def claim_and_fail(log: SentLog) -> None:
            try:
                with log.atomic():
                    log.claim(made, under, self.now)
                    log.opt_out([stop(ANNA)])
                    raise InterruptedError
            except InterruptedError:
                pass

        self.both(claim_and_fail)

    @invariant()
    def they_tell_the_same(self) -> None:
        self.both(lambda log: list(log.messages(LogFilter())))
        self.both(lambda log: list(log.opt_outs()))
        self.both(lambda log: log.newest_at())
        self.both(lambda log: list(log.runs()))
        self.both(lambda log: list(log.campaigns()))
        self.both(lambda log: dict(log.opt_outs_by_source(self.now)))
        self.both(lambda log: dict(log.opt_outs_by_source(None, self.now)))
        self.both(lambda log: list(log.consents()))
        self.both(lambda log: list(log.replies()))
        self.both(lambda log: list(log.gateways_used(self.now - DAY)))
        self.both(lambda log: list(log.replies(pending=True, number=ANNA)))
        self.both(lambda log: log.late_opt_outs("run-1"))
        for realm in Realm:
            self.both(lambda log, realm=realm: dict(log.counts(realm)))  # type: ignore[misc]
            self.both(lambda log, realm=realm: list(log.strays(TERMS.gateway, realm)))  # type: ignore[misc]
            self.both(lambda log, realm=realm: log.sync_mark(TERMS.gateway, realm, "receipts"))  # type: ignore[misc]
            asked = (TERMS.gateway, realm, frozenset({State.ACCEPTED, State.IN_DOUBT}), self.now - DAY)
            self.both(lambda log, asked=asked: list(log.handed(*asked)))  # type: ignore[misc]
            self.both(lambda log, realm=realm: dict(log.counts(realm, "one", "run-1")))  # type: ignore[misc]
            self.both(lambda log, realm=realm: list(log.repeatable(realm, "one", "g", self.now)))  # type: ignore[misc]

            def known(log: SentLog, realm: Realm = realm) -> dict[Msisdn, Facts]:
                return dict(log.facts(realm, "one", PEOPLE, self.now - DAY, self.now))

            self.both(known)


TestAgreement = TwoLogs.TestCase
TestAgreement.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
