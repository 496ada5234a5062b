"""What a gateway tells afterwards: saved page by page, once, matched late if need be, and counted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smscli.domain.delivery import DeliveryReceipt, ListedOptOut, Post
from smscli.domain.errors import PostboxFailed, SentLogBusy
from smscli.domain.message import Realm, Receipt, State
from smscli.domain.ports import OptOut, SentLog, SyncMark
from smscli.domain.profile import PollEach
from smscli.domain.replies import Reply, ReplyClass
from smscli.engine.receiving import Effect
from smscli.engine.synced import Count, Synced, What
from smscli.engine.syncing import OVERLAP, PATIENCE, REACH, STRAYS_KEPT, sync_gateway
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.sqlite import open_sent_log
from tests.engine.asked_afterwards import (
    GATEWAY,
    NOW,
    OURS,
    BusyLog,
    ScriptedPostbox,
    Wall,
    hand_over,
    page,
    poll,
    profile,
    states,
    tools,
)
from tests.engine.making import number

LIVE = Realm.LIVE
ADA, BEN, EVA = number(101), number(102), number(103)
LISTING = profile(poll())
HOUR = timedelta(hours=1)


@pytest.fixture(params=["sqlite", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SentLog]:
    if request.param == "memory":
        yield MemorySentLog()
        return
    with closing(open_sent_log(tmp_path / "sent-log.db", create=True)) as opened:
        yield opened


def synced(
    log: SentLog, postbox: ScriptedPostbox, since: timedelta | None = None, **changes: object
) -> Synced:
    begin = None if since is None else NOW - since
    return asyncio.run(sync_gateway(postbox, (LIVE, Realm.TEST), tools(log, **changes), begin))


def of(ref: str, state: State | None, **parts: object) -> DeliveryReceipt:
    return DeliveryReceipt(ref, state=state, **parts)  # type: ignore[arg-type]


def events(log: SentLog, message_id: str, who: object = ADA) -> list[str]:
    """The states of a message's events; of the log in memory, which keeps none, nothing."""
    held = log.everything_about(ADA if who is ADA else BEN)["messages"]
    assert isinstance(held, list)
    return [event["state"] for each in held if each["id"] == message_id for event in each["events"]]


# --- receipts ------------------------------------------------------------------------------------


def test_receipts_settle_their_messages_and_are_counted(log: SentLog) -> None:
    hand_over(log, "m1", ADA, ref="r1")
    hand_over(log, "m2", BEN, ref="r2")
    hand_over(log, "m3", EVA, State.IN_DOUBT, ref="r3")
    hand_over(log, "m4", number(104), ref="r4")
    told = synced(
        log,
        ScriptedPostbox(
            LISTING,
            [
                page(of("r1", State.DELIVERED), of("r2", State.UNDELIVERED, code="30005")),
                page(of("r3", State.EXPIRED), of("r4", None, word="sent")),
            ],
        ),
    )
    assert states(log) == {
        "m1": State.DELIVERED, "m2": State.UNDELIVERED, "m3": State.EXPIRED, "m4": State.ACCEPTED
    }  # fmt: skip
    learned = told.learned
    assert learned.settled == {State.DELIVERED: 1, State.UNDELIVERED: 1, State.EXPIRED: 1}
    assert (learned.counts[Count.RECEIPTS], learned.counts[Count.FROM_DOUBT]) == (4, 1)
    assert (learned.codes, learned.words) == ({"30005": 1}, {"sent": 1})
    assert (told.under_way, told.is_whole, told.asked) == (1, True, (What.RECEIPTS,))


def test_a_second_sync_changes_nothing_and_adds_no_event(log: SentLog) -> None:
    hand_over(log, "m1", ADA, ref="r1")
    hand_over(log, "m2", BEN, State.DELIVERED, ref="r2")
    pages = [page(of("r1", State.DELIVERED), of("r2", State.UNDELIVERED, code="x"))]
    first = synced(log, ScriptedPostbox(LISTING, pages))
    assert first.learned.effects == {Effect.SETTLED: 1, Effect.CONTRADICTORY: 1}
    before = (states(log), events(log, "m1"), events(log, "m2", BEN))
    again = synced(log, ScriptedPostbox(LISTING, pages))
    assert again.learned.effects == {Effect.UNCHANGED: 1, Effect.CONTRADICTORY: 1}
    assert not again.learned.settled
    assert (states(log), events(log, "m1"), events(log, "m2", BEN)) == before
    if not isinstance(log, MemorySentLog):
        assert before[2] == ["submitting", "accepted", "delivered", "undelivered"]


def test_several_receipts_of_one_message_in_a_page_follow_one_another(log: SentLog) -> None:
    hand_over(log, "m1", ADA, State.IN_DOUBT, ref="r1")
    told = [of("r1", State.ACCEPTED), of("r1", State.UNDELIVERED), of("r1", State.DELIVERED)]
    synced(log, ScriptedPostbox(LISTING, [page(*told, of("r1", State.UNDELIVERED))]))
    assert states(log) == {"m1": State.DELIVERED}


def test_a_message_that_was_released_and_delivered_is_not_sent_again(log: SentLog) -> None:
    hand_over(log, "m1", ADA, State.RELEASED, ref="r1")
    told = synced(log, ScriptedPostbox(LISTING, [page(DeliveryReceipt(id="m1", state=State.DELIVERED))]))
    assert states(log) == {"m1": State.DELIVERED}
    assert told.learned.counts[Count.TAKEN_AFTER_ALL] == 1


def test_an_opt_out_that_a_receipt_tells_goes_on_the_list_once(log: SentLog) -> None:
    hand_over(log, "m1", ADA, ref="r1")
    hand_over(log, "m2", BEN, ref="r2")
    hand_over(log, "m3", EVA, State.IN_DOUBT, ref="r3")
    refs = {"r1": State.UNDELIVERED, "r2": None, "r3": State.REJECTED}
    pages = [page(*(of(ref, state, opted_out=True) for ref, state in refs.items()))]
    assert synced(log, ScriptedPostbox(LISTING, pages)).learned.counts[Count.OPTED_OUT] == 3
    wishes = [(wish.number, wish.topic, wish.source, wish.sender) for wish in log.opt_outs()]
    assert wishes == [(who, "", "gateway", OURS) for who in (ADA, BEN, EVA)]
    for who in (ADA, BEN, EVA):
        log.reinstate(who, "", "ola", "rang", NOW)
    assert synced(log, ScriptedPostbox(LISTING, pages)).learned.counts[Count.OPTED_OUT] == 0
    assert not list(log.opt_outs())


def test_an_opt_out_is_heard_where_its_receipt_tells_nothing_else_that_is_new(log: SentLog) -> None:
    hand_over(log, "m1", ADA, State.REJECTED, ref="r1")
    hand_over(log, "m2", BEN, State.UNDELIVERED, ref="r2")
    told = [of("r1", State.REJECTED, opted_out=True), of("r2", State.UNDELIVERED, opted_out=True)]
    synced(log, ScriptedPostbox(LISTING, [page(*told)]))
    assert [wish.number for wish in log.opt_outs()] == [ADA, BEN]
    assert states(log) == {"m1": State.REJECTED, "m2": State.UNDELIVERED}


def test_an_opt_out_that_comes_before_the_answer_is_heard_once_its_message_is_known(log: SentLog) -> None:
    hand_over(log, "m1", ADA, State.SUBMITTING)
    synced(log, ScriptedPostbox(LISTING, [page(of("r1", None, opted_out=True))]))
    log.settle([Receipt("m1", State.ACCEPTED, "r1")], NOW)
    synced(log, ScriptedPostbox(LISTING))
    assert [wish.number for wish in log.opt_outs()] == [ADA]


# --- pages and trouble ---------------------------------------------------------------------------


def test_a_page_is_saved_before_the_next_is_asked_for(log: SentLog) -> None:
    hand_over(log, "m1", ADA, ref="r1")
    seen: list[State] = []

    def look() -> None:
        seen.append(states(log)["m1"])
        mark = log.sync_mark(GATEWAY, LIVE, "receipts")
        assert mark is not None
        assert (mark.mark, mark.at) == ("c1", NOW - REACH)

    synced(log, ScriptedPostbox(LISTING, [page(of("r1", State.DELIVERED), mark="c1"), look, page(mark="c2")]))
    assert seen == [State.DELIVERED]
    assert log.sync_mark(GATEWAY, LIVE, "receipts") == SyncMark(NOW, "c2")


def test_a_run_that_is_killed_between_pages_goes_on_behind_the_last_one_saved(log: SentLog) -> None:
    hand_over(log, "m1", ADA, ref="r1")

    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synced(log, ScriptedPostbox(LISTING, [page(of("r1", State.DELIVERED), mark="c1"), killed]))
    assert states(log) == {"m1": State.DELIVERED}
    postbox = ScriptedPostbox(LISTING)
    synced(log, postbox)
    assert postbox.asked == [("receipts", NOW - REACH - OVERLAP, NOW, "c1")]


def test_a_gateway_that_fails_is_told_and_what_it_said_before_stands(log: SentLog) -> None:
    hand_over(log, "m1", ADA, ref="r1")
    asks = profile(poll(), replies=poll())
    failed = PostboxFailed("acme answered 500")
    reply = Reply(BEN, OURS, NOW - HOUR, "STOP")
    postbox = ScriptedPostbox(asks, [page(of("r1", State.DELIVERED)), failed], replies=[Post((reply,))])
    told = synced(log, postbox)
    assert told.failed == {What.RECEIPTS: failed}
    assert not told.is_whole
    assert states(log) == {"m1": State.DELIVERED}
    assert [wish.number for wish in log.opt_outs()] == [BEN]
    assert log.sync_mark(GATEWAY, LIVE, "receipts") is None
    assert log.sync_mark(GATEWAY, LIVE, "replies") == SyncMark(NOW)


def test_the_operator_ends_it_between_two_pages(log: SentLog) -> None:
    hand_over(log, "m1", ADA, ref="r1")
    asks = profile(poll(), replies=poll(), opt_outs=poll())
    postbox = ScriptedPostbox(asks, [page(of("r1", State.DELIVERED), mark="c1"), page(mark="c2")])
    told = synced(log, postbox, stopped=lambda: True)
    assert told.stopped
    assert [what for what, *_ in postbox.asked] == ["receipts"]
    assert postbox.saved == 0  # the page was saved; nobody asked on, so that it may be told again
    assert states(log) == {"m1": State.DELIVERED}


def test_a_busy_log_is_waited_for_with_the_page_in_hand() -> None:
    log, clock = BusyLog(), Wall()
    hand_over(log, "m1", ADA, ref="r1")
    log.busy_for = 40
    told = synced(log, ScriptedPostbox(LISTING, [page(of("r1", State.DELIVERED))]), clock=clock)
    assert states(log) == {"m1": State.DELIVERED}
    assert told.learned.settled == {State.DELIVERED: 1}
    assert clock.slept == pytest.approx(2.0)


def test_a_log_that_is_busy_for_good_is_given_up() -> None:
    log, clock = BusyLog(), Wall()
    hand_over(log, "m1", ADA, ref="r1")
    log.busy_for = 10**9
    with pytest.raises(SentLogBusy):
        synced(log, ScriptedPostbox(LISTING, [page(of("r1", State.DELIVERED))]), clock=clock)
    assert clock.slept >= PATIENCE


# --- realms --------------------------------------------------------------------------------------


def test_a_test_message_has_its_receipt_from_the_same_page(log: SentLog) -> None:
    hand_over(log, "m1", ADA, ref="r1")
    hand_over(log, "t1", BEN, ref="r2", realm=Realm.TEST)
    told = [of("r1", State.DELIVERED), of("r2", State.DELIVERED), of("r3", State.DELIVERED)]
    postbox = ScriptedPostbox(profile(poll(PollEach.MESSAGE)), [page(*told)])
    outcome = synced(log, postbox)
    assert states(log) == {"m1": State.DELIVERED, "t1": State.DELIVERED}
    assert outcome.learned.counts[Count.UNMATCHED] == 1
    assert [message.id for message in postbox.handed["receipts"]] == ["m1", "t1"]


# --- strays --------------------------------------------------------------------------------------


def test_a_receipt_that_matches_nothing_is_kept_and_matched_later(log: SentLog) -> None:
    hand_over(log, "m1", ADA, State.IN_DOUBT)
    stray = DeliveryReceipt("r9", "m9", ADA.digits, State.DELIVERED)
    first = synced(log, ScriptedPostbox(LISTING, [page(stray, of("r8", None, word="sent"))]))
    assert (first.learned.counts[Count.UNMATCHED], len(first.learned.strays)) == (2, 2)
    assert [each.ref for each in log.strays(GATEWAY, LIVE)] == ["r9"]
    hand_over(log, "m9", ADA, State.IN_DOUBT, campaign="autumn")
    second = synced(log, ScriptedPostbox(LISTING))
    assert states(log)["m9"] is State.DELIVERED
    assert second.learned.counts[Count.LATE] == 1
    assert not log.strays(GATEWAY, LIVE)


def test_strays_are_forgotten_in_time(log: SentLog) -> None:
    log.keep_strays(GATEWAY, LIVE, [of("r9", State.DELIVERED)], NOW - STRAYS_KEPT - HOUR)
    log.keep_strays(GATEWAY, LIVE, [of("r8", State.DELIVERED)], NOW - HOUR)
    synced(log, ScriptedPostbox(LISTING))
    assert [each.ref for each in log.strays(GATEWAY, LIVE)] == ["r8"]


# --- how far back --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "keeps", "given", "since"),
    [
        (None, None, None, REACH),
        (None, timedelta(hours=48), None, timedelta(hours=48)),
        (timedelta(minutes=10), None, None, timedelta(minutes=10) + OVERLAP),
        (timedelta(days=9), None, None, timedelta(days=9) + OVERLAP),
        (timedelta(days=9), timedelta(days=4), None, timedelta(days=4)),
        (timedelta(minutes=10), None, timedelta(days=6), timedelta(days=6)),
    ],
)
def test_it_is_asked_back_to_where_the_last_sync_ended(
    log: SentLog,
    mark: timedelta | None,
    keeps: timedelta | None,
    given: timedelta | None,
    since: timedelta,
) -> None:
    if mark is not None:
        log.remember_sync(GATEWAY, LIVE, "receipts", SyncMark(NOW - mark))
    postbox = ScriptedPostbox(profile(poll(keeps=keeps)))
    synced(log, postbox, given)
    assert postbox.asked == [("receipts", NOW - since, NOW, "")]
    assert log.sync_mark(GATEWAY, LIVE, "receipts") == SyncMark(NOW)


def test_it_is_asked_back_to_the_oldest_message_under_way(log: SentLog) -> None:
    hand_over(log, "m1", ADA, ref="r1", ago=timedelta(hours=30))
    hand_over(log, "m2", BEN, ref="r2", ago=timedelta(hours=80))  # given up long ago
    log.remember_sync(GATEWAY, LIVE, "receipts", SyncMark(NOW - HOUR))
    postbox = ScriptedPostbox(LISTING)
    synced(log, postbox)
    assert postbox.asked[0][1] == NOW - timedelta(hours=30) - OVERLAP


def test_a_look_at_the_last_hour_leaves_no_gap_behind(log: SentLog) -> None:
    log.remember_sync(GATEWAY, LIVE, "receipts", SyncMark(NOW - timedelta(days=5)))
    synced(log, ScriptedPostbox(LISTING), HOUR)
    assert log.sync_mark(GATEWAY, LIVE, "receipts") == SyncMark(NOW - timedelta(days=5))


def test_an_opt_out_list_is_read_from_its_beginning_the_first_time(log: SentLog) -> None:
    postbox = ScriptedPostbox(profile(opt_outs=poll()))
    synced(log, postbox)
    assert postbox.asked[0][1].year == 2000


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        (PollEach.GATEWAY, []),
        (PollEach.MESSAGE, ["accepted", "doubt", "kannel"]),
        (PollEach.REF, ["accepted", "doubt"]),
        (PollEach.SENDER, ["by-another", "kannel"]),
    ],
)
def test_whom_a_poll_is_about(log: SentLog, each: PollEach, expected: list[str]) -> None:
    hand_over(log, "accepted", number(111), ref="r1", ago=5 * HOUR)
    hand_over(log, "doubt", number(112), State.IN_DOUBT, ref="r2", ago=4 * HOUR)
    hand_over(log, "without", number(113), State.IN_DOUBT, ago=4 * HOUR)
    hand_over(log, "by-another", number(114), State.DELIVERED, ref="r4", sender="Garage", ago=3 * HOUR)
    hand_over(log, "released", number(115), State.RELEASED, ref="r5", ago=3 * HOUR)
    hand_over(log, "kannel", number(116), ago=2 * HOUR)
    postbox = ScriptedPostbox(profile(poll(each)))
    synced(log, postbox)
    assert sorted(message.id for message in postbox.handed["receipts"]) == sorted(expected)


# --- the opt-out list ----------------------------------------------------------------------------


def test_the_opt_out_list_of_the_gateway_goes_on_ours_once(log: SentLog) -> None:
    listed = [
        ListedOptOut(ADA, NOW - timedelta(days=3), OURS, "STOP"), ListedOptOut(BEN, None)
    ]  # fmt: skip
    postbox = ScriptedPostbox(profile(opt_outs=poll()), opt_outs=[Post(tuple(listed))])
    first = synced(log, postbox).learned.counts
    assert (first[Count.LISTED], first[Count.OPTED_OUT]) == (2, 2)
    wishes = {wish.number: wish for wish in log.opt_outs()}
    assert (wishes[ADA].at, wishes[ADA].source, wishes[ADA].sender, wishes[ADA].words) == (
        NOW - timedelta(days=3), "gateway", OURS, "STOP"
    )  # fmt: skip
    assert wishes[BEN].at == NOW
    clock = Wall()
    clock.at += HOUR
    second = synced(log, postbox, clock=clock).learned.counts
    assert (second[Count.LISTED], second[Count.OPTED_OUT]) == (2, 0)
    history = log.everything_about(BEN)["opt_outs"]
    assert isinstance(history, dict)
    assert len(history["history"]) == 1


def test_an_opt_out_that_was_lifted_does_not_come_back_from_the_list(log: SentLog) -> None:
    listed = (ListedOptOut(ADA, NOW - timedelta(days=3), OURS), ListedOptOut(BEN, None))
    postbox = ScriptedPostbox(profile(opt_outs=poll()), opt_outs=[Post(listed)])
    synced(log, postbox)
    log.start(ADA, "", OURS, NOW - HOUR, "START")
    log.reinstate(BEN, "", "ola", "rang", NOW)
    synced(log, postbox)
    assert not list(log.opt_outs())


def test_of_erased_people_nothing_is_written_down(log: SentLog) -> None:
    log.erase(ADA, "ola", NOW)
    postbox = ScriptedPostbox(profile(opt_outs=poll()), opt_outs=[Post((ListedOptOut(ADA, NOW - HOUR),))])
    told = synced(log, postbox).learned.counts
    assert (told[Count.ERASED], told[Count.OPTED_OUT]) == (1, 0)
    assert not list(log.opt_outs())


# --- replies -------------------------------------------------------------------------------------


def test_replies_are_filed_and_heeded_once(log: SentLog) -> None:
    replies = (
        Reply(ADA, OURS, NOW - HOUR, "STOP", "in-2"),
        Reply(BEN, OURS, NOW - 2 * HOUR, "HELP", "in-1"),
        Reply(EVA, OURS, NOW - 3 * HOUR, "STOP this bill", "in-0"),
    )
    postbox = ScriptedPostbox(profile(replies=poll()), replies=[Post(replies, unread=1)])
    first = synced(log, postbox).learned
    assert first.replies == {ReplyClass.OPT_OUT: 1, ReplyClass.HELP: 1, ReplyClass.REVIEW: 1}
    assert (first.counts[Count.OPTED_OUT], first.counts[Count.UNREAD]) == (1, 1)
    assert [call.number for call in first.calls] == [BEN]
    assert {filed.reply.source for filed in log.replies()} == {GATEWAY}
    again = synced(log, postbox).learned
    assert (again.replies, again.counts[Count.KNOWN_REPLIES]) == ({}, 3)


def test_since_the_beginning_of_the_calendar_is_since_there_are_gateways(log: SentLog) -> None:
    postbox = ScriptedPostbox(LISTING)
    synced(log, postbox, since=NOW - datetime.min.replace(tzinfo=UTC))
    assert [since.year for _, since, _, _ in postbox.asked] == [2000]


def test_of_replies_whose_time_nobody_can_read_only_an_opt_in_is_not_heeded(log: SentLog) -> None:
    """It has the time of the question. The START may be older than a STOP that was heard."""
    asks = profile(replies=poll())
    assert asks.polls.replies is not None
    polls = replace(asks.polls, replies=replace(asks.polls.replies, at=("at",)))
    for number_, text in ((ADA, "STOP"), (BEN, "START"), (EVA, "when?")):
        log.opt_out([OptOut(BEN, "", NOW - HOUR, "manual")])
        reply = Reply(number_, OURS, NOW, text)
        told = synced(log, ScriptedPostbox(replace(asks, polls=polls), replies=[Post((reply,))]))
        assert told.learned.counts[Count.UNREAD] == (text == "START")
    assert [wish.number for wish in log.opt_outs()] == [ADA, BEN]
    assert {filed.reply.text for filed in log.replies()} == {"STOP", "when?"}


@pytest.mark.parametrize("ref", ["in-1", ""])
def test_a_stop_without_a_time_is_heard_once(log: SentLog, ref: str) -> None:
    """The gateway names no time, so that it is that of the question: a START in between stands."""
    clock = Wall()
    for _ in range(2):
        stop = Reply(ADA, OURS, clock.at, "STOP", ref)
        synced(log, ScriptedPostbox(profile(replies=poll()), replies=[Post((stop,))]), clock=clock)
        log.start(ADA, "", OURS, NOW + HOUR, "START")
        clock.at += 2 * HOUR
    assert not list(log.opt_outs())
    assert len(list(log.replies())) == 1
