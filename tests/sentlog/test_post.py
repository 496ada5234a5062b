"""What stays of a gateway's post: stray receipts, and how far it was asked. The same for every sent log."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.message import Realm, Receipt, State
from smscli.domain.ports import SentLog, SyncMark
from smscli.sentlog.erasing import key_path
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

from . import senders
from .making import ANNA, BEN, DAY, HOUR, NOW, TERMS, claimed, message, numbers, undone
from .test_processes import together

GATEWAY, LIVE = TERMS.gateway, Realm.LIVE
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
spawn = multiprocessing.get_context("spawn")

FULL = DeliveryReceipt(
    "ref-1", "id-1", ANNA.digits, State.UNDELIVERED, "UNDELIV", "30003", "unreachable",
    NOW.replace(microsecond=123000), 2, "digest", True,
)  # fmt: skip


def about(number: str = "", ref: str = "ref-1", **changes: Any) -> DeliveryReceipt:
    return replace(DeliveryReceipt(ref, number=number, state=State.DELIVERED), **changes)


def keep(log: SentLog, *told: DeliveryReceipt, now: datetime = NOW) -> int:
    return log.keep_strays(GATEWAY, LIVE, told, now)


def kept(log: SentLog) -> list[DeliveryReceipt]:
    return list(log.strays(GATEWAY, LIVE))


# --- strays ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("receipt", [FULL, DeliveryReceipt(), about(), replace(FULL, state=None, at=None)])
def test_a_stray_is_kept_whole(log: SentLog, receipt: DeliveryReceipt) -> None:
    assert keep(log, receipt) == 1
    assert kept(log) == [receipt]


def test_what_is_kept_twice_is_kept_once(log: SentLog) -> None:
    assert keep(log, FULL, FULL) == 1
    assert keep(log, FULL, about(), now=NOW + DAY) == 1
    assert keep(log, replace(FULL, number=ANNA.e164), now=NOW + DAY) == 0, "with plus or without"
    assert keep(log) == 0
    assert kept(log) == [FULL, about()]


CHANGES: dict[str, Any] = {
    "ref": "ref-2", "id": "id-2", "number": BEN.digits, "state": State.EXPIRED, "word": "EXPIRED",
    "code": "1", "detail": "?", "at": NOW + HOUR, "segments": 3, "body_digest": "other", "opted_out": False,
}  # fmt: skip


@pytest.mark.parametrize("part", CHANGES)
def test_what_says_anything_else_is_another_one(log: SentLog, part: str) -> None:
    other = replace(FULL, **{part: CHANGES[part]})
    assert keep(log, FULL, other) == 2
    log.drop_strays(GATEWAY, LIVE, [FULL], LONG_AGO)
    assert [replace(each, at=None) for each in kept(log)] == [replace(other, at=None)]


def test_strays_are_told_in_the_order_in_which_they_came(log: SentLog) -> None:
    told = [about(ref=f"ref-{place}") for place in (3, 1, 2)]
    keep(log, *told[:2], now=NOW)
    keep(log, told[2], now=NOW + HOUR)
    assert kept(log) == told


def test_strays_are_of_one_gateway_and_realm(log: SentLog) -> None:
    keep(log, FULL)
    log.keep_strays("another", LIVE, [about()], NOW)
    log.keep_strays(GATEWAY, Realm.TEST, [about()], NOW)
    for name, realm in (("another", Realm.LIVE), (GATEWAY, Realm.SANDBOX)):
        log.drop_strays(name, realm, [FULL], NOW + DAY)
    assert kept(log) == [FULL]
    assert list(log.strays("another", LIVE)) == []
    assert list(log.strays(GATEWAY, Realm.TEST)) == [about()]


def test_those_that_found_their_messages_go_and_those_that_are_too_old(log: SentLog) -> None:
    old, found, young = about(ref="old"), about(ref="found", number=BEN.digits), about(ref="young")
    keep(log, old, now=NOW - DAY)
    keep(log, found, young)
    log.drop_strays(GATEWAY, LIVE, [replace(found, number=BEN.e164)], NOW - DAY)
    assert kept(log) == [old, young], "the limit itself is not older"
    log.drop_strays(GATEWAY, LIVE, [], NOW - HOUR)
    assert kept(log) == [young]


def test_a_stray_finds_its_message_once_the_log_knows_the_reference(log: SentLog) -> None:
    """The receipt was quicker than the answer to the request."""
    one = message(ANNA)
    claimed(log, one)
    told = about(ref="ref-a")
    assert list(log.match(GATEWAY, LIVE, [told], NOW - DAY)) == [None]
    keep(log, told)
    log.settle([Receipt(one.id, State.ACCEPTED, "ref-a")], NOW)
    assert list(log.match(GATEWAY, LIVE, kept(log), NOW - DAY)) == [one.id]


def test_strays_and_marks_are_kept_together_or_not_at_all(log: SentLog) -> None:
    with undone(log):
        keep(log, FULL)
        log.remember_sync(GATEWAY, LIVE, "receipts", SyncMark(NOW))
    assert kept(log) == []
    assert log.sync_mark(GATEWAY, LIVE, "receipts") is None


# --- people who are forgotten ----------------------------------------------------------------------


def test_a_stray_is_shown_to_whom_it_names(log: SentLog) -> None:
    keep(log, FULL, about(BEN.digits))
    held: dict[str, Any] = dict(log.everything_about(ANNA))
    [shown] = held["stray_receipts"]
    assert (shown["gateway"], shown["realm"], shown["recorded_at"]) == (
        GATEWAY, "live", "2026-11-22T10:00:00.123000Z",
    )  # fmt: skip
    assert (shown["ref"], shown["state"], shown["at"]) == ("ref-1", "undelivered", shown["recorded_at"])


def test_a_stray_goes_with_whom_it_names_and_with_their_messages(log: SentLog) -> None:
    one = message(ANNA)
    claimed(log, one)
    log.settle([Receipt(one.id, State.ACCEPTED, "ref-anna")], NOW)
    theirs = [FULL, about(id=one.id), about(ref="ref-anna"), about(ref="ref-anna", code="7")]
    others = [about(BEN.digits, ref="ref-anna"), about(ref="ref-z"), about(ref="", code="9")]
    keep(log, *theirs, *others)
    assert log.erase(ANNA, "maria", NOW).counts["stray_receipts"] == len(theirs)
    assert kept(log) == others
    assert log.everything_about(ANNA)["stray_receipts"] == []


def test_of_the_erased_no_stray_is_kept(log: SentLog) -> None:
    log.erase(ANNA, "maria", NOW)
    assert keep(log, FULL, about(ANNA.e164), about(BEN.digits)) == 1
    assert kept(log) == [about(BEN.digits)]
    log.reinstate(ANNA, "", "maria", "asked", NOW)
    assert keep(log, FULL) == 1


def test_what_another_stray_quotes_is_erased_too(sqlite_log: SqliteSentLog) -> None:
    quoting = [about(BEN.digits, detail=f"to {ANNA.digits}"), about(BEN.digits, detail="to (erased)")]
    keep(sqlite_log, *quoting)
    sqlite_log.erase(ANNA, "maria", NOW)
    assert kept(sqlite_log) == [quoting[1]], "the two say the same now"
    assert sqlite_log.compact()
    log = sqlite_log.path
    files = [each for each in log.parent.iterdir() if each.name.startswith(log.name)]
    assert key_path(log) in files
    assert not [each.name for each in files if ANNA.digits.encode() in each.read_bytes()]


@pytest.mark.parametrize("only_look", [True, False])
@pytest.mark.parametrize("realm", [None, Realm.LIVE, Realm.TEST])
def test_old_strays_go_when_old_campaigns_do(log: SentLog, only_look: bool, realm: Realm | None) -> None:
    old, young = about(ref="old"), about(ref="young")
    keep(log, old, now=NOW - DAY)
    keep(log, young)
    log.prune(NOW - HOUR, "maria", NOW, only_look=only_look, realm=realm)
    assert kept(log) == ([old, young] if only_look or realm is Realm.TEST else [young])


def test_what_the_sandbox_told_goes_with_a_rehearsal(log: SentLog) -> None:
    """Another rehearsal asks it anew, from the beginning."""
    for realm in (Realm.LIVE, Realm.SANDBOX):
        log.keep_strays("sandbox", realm, [FULL], NOW)
        log.remember_sync("sandbox", realm, "receipts", SyncMark(NOW))
    log.empty_sandbox("any")
    assert list(log.strays("sandbox", Realm.SANDBOX)) == []
    assert log.sync_mark("sandbox", Realm.SANDBOX, "receipts") is None
    assert list(log.strays("sandbox", Realm.LIVE)) == [FULL]
    assert log.sync_mark("sandbox", Realm.LIVE, "receipts") is not None


# --- how far ---------------------------------------------------------------------------------------


def test_it_is_remembered_how_far_a_gateway_was_asked(log: SentLog) -> None:
    assert log.sync_mark(GATEWAY, LIVE, "receipts") is None
    log.remember_sync(GATEWAY, LIVE, "receipts", SyncMark(NOW, "cursor-1"))
    log.remember_sync(GATEWAY, LIVE, "receipts", SyncMark(NOW + HOUR, "cursor-2"))
    log.remember_sync(GATEWAY, LIVE, "replies", SyncMark(NOW + DAY))
    log.remember_sync(GATEWAY, Realm.TEST, "receipts", SyncMark(NOW - DAY))
    log.remember_sync("another", LIVE, "receipts", SyncMark(NOW - HOUR))
    at = (NOW + HOUR).replace(microsecond=123000)
    assert log.sync_mark(GATEWAY, LIVE, "receipts") == SyncMark(at, "cursor-2")
    assert log.sync_mark(GATEWAY, LIVE, "replies") == SyncMark(at - HOUR + DAY)
    log.remember_sync(GATEWAY, LIVE, "receipts", SyncMark(NOW - DAY))
    assert log.sync_mark(GATEWAY, LIVE, "receipts") == SyncMark(at - HOUR - DAY), "as it was said last"


# --- more than one process -------------------------------------------------------------------------


def test_two_syncs_at_once_hear_everything_once(path: Path) -> None:
    """Both were told the same pages; each settles and keeps them whenever the other does not write."""
    people = list(numbers(400))
    known, strangers = people[:300], people[300:]
    with closing(open_sent_log(path, create=True)) as log:
        made = [message(each) for each in known]
        claimed(log, *made)
        log.settle([Receipt(one.id, State.ACCEPTED, f"ref-{one.to.digits}") for one in made], NOW)
    told = together(senders.sync_in_pages, (path, people), (path, people))
    assert told[0]["matched"] == told[1]["matched"] == len(known)
    assert told[0]["kept"] + told[1]["kept"] == len(strangers)
    with closing(open_sent_log(path, create=False)) as log:
        assert log.counts(LIVE) == {State.DELIVERED: 300}
        assert {each.number for each in kept(log)} == {each.digits for each in strangers}
    with closing(sqlite3.connect(path)) as reader:
        found = reader.execute("SELECT state, moved, count(*) FROM event GROUP BY 1, 2 ORDER BY 1")
        assert found.fetchall() == [("accepted", 1, 300), ("delivered", 1, 300), ("submitting", 1, 300)]
