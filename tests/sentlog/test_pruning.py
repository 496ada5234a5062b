"""Old campaigns go whole, their ids stay closed, and who opted out or agreed stays as they are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smscli.domain.consent import ConsentMethod, ConsentRecord
from smscli.domain.contact import ConsentLevel
from smscli.domain.errors import SentLogBusy
from smscli.domain.message import Realm, Receipt, State
from smscli.domain.ports import LogFilter, Pruned, RunRecord, SentLog
from smscli.domain.replies import Classified, Reply, ReplyClass
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

from .making import ANNA, BEN, CELIA, DAY, NOW, TERMS, claimed, message, numbers, sent, settle, stop

BY = "ola@desk"
YEAR = 365 * DAY
LIMIT = NOW - 2 * YEAR
MILLISECONDS = NOW.replace(microsecond=123000)


def old(log: SentLog, campaign: str, *people: object, realm: Realm = Realm.LIVE, days: int = 0) -> None:
    """A campaign that ended so many days before the limit."""
    for each in people or (ANNA,):
        sent(log, each, now=LIMIT - DAY - days * DAY, campaign=campaign, realm=realm)  # type: ignore[arg-type]


def prune(log: SentLog, *, only_look: bool = False, realm: Realm | None = None) -> list[Pruned]:
    return list(log.prune(LIMIT, BY, NOW, only_look=only_look, realm=realm))


def names(found: list[Pruned]) -> list[tuple[str, str]]:
    return [(each.campaign_id, each.realm) for each in found]


def left(log: SentLog) -> set[str]:
    return {each.campaign_id for each in log.messages(LogFilter())}


def claims(log: SentLog, campaign: str, realm: Realm = Realm.LIVE) -> bool:
    one = message(CELIA, campaign_id=campaign)
    return bool(claimed(log, one, terms=replace(TERMS, campaign_id=campaign, realm=realm)))


# --- the contract, for every sent log --------------------------------------------------------------


def test_campaigns_whose_newest_message_is_older_go_whole(log: SentLog) -> None:
    old(log, "winter", ANNA, BEN)
    old(log, "mixed", ANNA)
    sent(log, BEN, now=NOW, campaign="mixed")
    sent(log, ANNA, now=NOW, campaign="fresh")
    found = prune(log)
    at = (LIMIT - DAY).replace(microsecond=123000)
    assert found == [Pruned(Realm.LIVE, "winter", 2, at)]
    assert left(log) == {"mixed", "fresh"}
    assert len(list(log.messages(LogFilter(campaign_id="mixed")))) == 2
    assert prune(log) == [], "once"


def test_a_late_change_of_a_message_makes_its_campaign_young(log: SentLog) -> None:
    one = sent(log, ANNA, now=LIMIT - DAY, campaign="winter")
    settle(log, one, State.DELIVERED, NOW)
    assert prune(log) == []


@pytest.mark.parametrize(("offset", "goes"), [(timedelta(milliseconds=-1), True), (timedelta(), False)])
def test_the_limit_itself_is_not_older(log: SentLog, offset: timedelta, goes: bool) -> None:
    sent(log, ANNA, now=LIMIT + offset, campaign="winter")
    assert bool(prune(log)) is goes


def test_looking_changes_nothing(log: SentLog) -> None:
    old(log, "winter")
    assert names(prune(log, only_look=True)) == [("winter", "live")]
    assert left(log) == {"winter"}
    assert log.is_closed(Realm.LIVE, "winter") is None
    assert claims(log, "winter")


def test_a_pruned_campaign_is_closed_for_good(log: SentLog) -> None:
    old(log, "winter")
    old(log, "winter", realm=Realm.SANDBOX)
    prune(log, realm=Realm.LIVE)
    assert log.is_closed(Realm.LIVE, "winter") == MILLISECONDS
    assert log.is_closed(Realm.SANDBOX, "winter") is None
    assert log.is_closed(Realm.LIVE, "spring") is None
    assert not claims(log, "winter"), "also for a send that had begun before"
    assert claims(log, "winter", Realm.SANDBOX)
    assert claims(log, "spring")


def test_tests_are_forgotten_and_their_campaign_is_not_closed(log: SentLog) -> None:
    old(log, "winter", realm=Realm.TEST)
    assert names(prune(log)) == [("winter", "test")]
    assert left(log) == set()
    assert log.is_closed(Realm.TEST, "winter") is None
    assert claims(log, "winter", Realm.TEST)


def test_a_realm_narrows(log: SentLog) -> None:
    for realm in Realm:
        old(log, "winter", realm=realm)
    assert names(prune(log, realm=Realm.SANDBOX)) == [("winter", "sandbox")]
    assert names(prune(log)) == [("winter", "live"), ("winter", "test")]


@pytest.mark.parametrize("state", [None, State.IN_DOUBT])
def test_a_campaign_with_anything_unsettled_is_named_and_left(log: SentLog, state: State | None) -> None:
    sent(log, BEN, now=LIMIT - DAY, campaign="doubtful", state=state)
    sent(log, ANNA, now=LIMIT - DAY, campaign="doubtful")
    old(log, "winter")
    found = prune(log)
    assert [(each.campaign_id, each.messages, each.unsettled) for each in found] == [
        ("doubtful", 2, 1), ("winter", 1, 0),
    ]  # fmt: skip
    assert left(log) == {"doubtful"}
    assert log.is_closed(Realm.LIVE, "doubtful") is None


def test_opt_outs_consents_and_replies_are_never_pruned(log: SentLog) -> None:
    long_ago = LIMIT - YEAR
    old(log, "winter")
    log.opt_out([stop(ANNA, at=long_ago)])
    log.record_consents([ConsentRecord(BEN, ConsentLevel.EXPRESS, long_ago, ConsentMethod.PAPER)], long_ago)
    log.file_replies([(Reply(BEN, "", long_ago, "who?"), Classified(ReplyClass.OTHER))], long_ago)
    prune(log)
    assert [each.number for each in log.opt_outs()] == [ANNA]
    assert [each.number for each in log.consents()] == [BEN]
    assert [each.reply.text for each in log.replies()] == ["who?"]


def test_texts_and_runs_go_with_their_campaign(log: SentLog) -> None:
    old(log, "winter")
    for campaign in ("winter", "spring"):
        log.remember_texts(Realm.LIVE, campaign, "digest", LIMIT - DAY)
        log.begin_run(RunRecord(f"run-{campaign}", Realm.LIVE, campaign, "acme", BY, LIMIT - DAY))
    prune(log)
    assert log.texts_digest(Realm.LIVE, "winter") is None
    assert log.texts_digest(Realm.LIVE, "spring") == "digest"
    assert [each.campaign_id for each in log.runs()] == ["spring"]
    assert log.campaigns() == [(Realm.LIVE, "spring")]


def test_pruning_that_is_undone_leaves_everything(log: SentLog) -> None:
    old(log, "winter")
    try:
        with log.atomic():
            prune(log)
            raise ZeroDivisionError
    except ZeroDivisionError:
        assert left(log) == {"winter"}
        assert log.is_closed(Realm.LIVE, "winter") is None


def test_what_is_forgotten_no_longer_counts_and_the_rest_does(log: SentLog) -> None:
    old(log, "winter")
    sent(log, ANNA, now=NOW - DAY, campaign="fresh")
    prune(log)
    known = log.facts(Realm.LIVE, "x", [ANNA], datetime(2000, 1, 1, tzinfo=UTC), NOW)
    assert [each.campaign_id for each in known[ANNA].recent] == ["fresh"]


# --- in the file -----------------------------------------------------------------------------------


def test_events_and_runs_of_a_pruned_campaign_go_and_others_stay(sqlite_log: SqliteSentLog) -> None:
    old(sqlite_log, "winter", ANNA, BEN)
    run = replace(TERMS, campaign_id="fresh", run_id="run-2")
    one = message(ANNA, campaign_id="fresh")
    assert claimed(sqlite_log, one, terms=run)
    prune(sqlite_log)
    with closing(sqlite3.connect(sqlite_log.path)) as reader:
        assert reader.execute("SELECT state FROM event").fetchall() == [("submitting",)]
        assert reader.execute("SELECT id FROM run").fetchall() == [("run-2",)]
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            reader.execute("DELETE FROM event")
        closed = reader.execute("SELECT realm, campaign_id, by, messages FROM closed_campaign").fetchall()
        assert closed == [("live", "winter", BY, 2)]
    assert sqlite_log.newest_at() == MILLISECONDS, "a clock that went back is still found"


def test_bodies_that_were_kept_go(sqlite_log: SqliteSentLog) -> None:
    kept = replace(TERMS, campaign_id="winter", keep_bodies=True, repeat_within=DAY)
    at = LIMIT - 9 * DAY
    one = message(ANNA, body="A word that is kept", campaign_id="winter")
    assert claimed(sqlite_log, one, terms=kept, now=at)
    sqlite_log.settle([Receipt(one.id, State.IN_DOUBT)], at)
    sqlite_log.decide([one.id], State.ACCEPTED, BY, at)
    prune(sqlite_log)
    with closing(sqlite3.connect(sqlite_log.path)) as reader:
        assert reader.execute("SELECT count(*) FROM kept_message").fetchone() == (0,)
        assert reader.execute("SELECT count(*) FROM kept_request").fetchone() == (0,)
    sqlite_log.close()
    assert b"A word that is kept" not in sqlite_log.path.read_bytes()


def test_the_file_shrinks_when_it_is_compacted(path: Path) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        some = [message(each, campaign_id="winter") for each in numbers(4_000)]
        claimed(log, *some, terms=replace(TERMS, campaign_id="winter"), now=LIMIT - DAY)
        log.settle([Receipt(each.id, State.ACCEPTED) for each in some], LIMIT - DAY)
    full = path.stat().st_size
    with closing(open_sent_log(path, create=False)) as log:
        prune(log)
    assert path.stat().st_size >= full - 8192, "the room is kept, and used again"
    with closing(open_sent_log(path, create=False)) as log:
        assert log.compact()
        assert path.stat().st_size < full / 5
        assert claimed(log, message(ANNA))
        log.check()
    with closing(open_sent_log(path, create=False)) as log:
        assert log.is_closed(Realm.LIVE, "winter")
        assert left(log) == {TERMS.campaign_id}


def test_pruning_waits_for_nobody_by_itself(path: Path) -> None:
    with (
        closing(open_sent_log(path, create=True)) as one,
        closing(open_sent_log(path, create=False)) as other,
    ):
        old(one, "winter")
        with one.atomic(), pytest.raises(SentLogBusy):
            prune(other)
        assert names(prune(other)) == [("winter", "live")]
