"""What the log remembers of a `send`: the same for every sent log."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from smscli.domain.errors import SentLogBusy
from smscli.domain.message import Realm
from smscli.domain.ports import RunRecord, SentLog
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

from .making import DAY, HOUR, NOW

BEGUN = RunRecord("run-1", Realm.LIVE, "tyre-change", "acme", "maria@desk", NOW, counts={"rows": 3})
ENDED = replace(
    BEGUN,
    ended_at=NOW + HOUR,
    exit_code=3,
    counts={"rows": 3, "accepted": 2, "held": 1},
    held_until=NOW + DAY,
    stopped="",
)


def rounded(run: RunRecord) -> RunRecord:
    """As the log gives it back: to the millisecond."""
    return replace(
        run,
        started_at=run.started_at.replace(microsecond=123000),
        ended_at=run.ended_at and run.ended_at.replace(microsecond=123000),
        held_until=run.held_until and run.held_until.replace(microsecond=123000),
    )


def test_a_log_that_was_never_sent_with_has_no_runs(log: SentLog) -> None:
    assert list(log.runs()) == []


def test_a_run_that_began_has_no_end_yet(log: SentLog) -> None:
    log.begin_run(BEGUN)
    assert list(log.runs()) == [rounded(BEGUN)]


def test_its_end_replaces_the_whole_record(log: SentLog) -> None:
    log.begin_run(BEGUN)
    log.end_run(ENDED)
    assert list(log.runs()) == [rounded(ENDED)]
    log.end_run(replace(ENDED, counts={"rows": 1}, held_until=None, stopped="no funds", gateway="other"))
    [found] = log.runs()
    assert (found.counts, found.held_until, found.stopped) == ({"rows": 1}, None, "no funds")
    assert found.gateway == "other"


def test_an_end_without_a_beginning_is_remembered(log: SentLog) -> None:
    log.end_run(ENDED)
    assert list(log.runs()) == [rounded(ENDED)]


def test_only_the_latest_of_each_campaign_and_realm_is_told_the_latest_first(log: SentLog) -> None:
    for at, (name, realm, campaign) in enumerate(
        [
            ("first", Realm.LIVE, "one"),
            ("rehearsed", Realm.SANDBOX, "one"),
            ("second", Realm.LIVE, "two"),
            ("third", Realm.LIVE, "one"),
        ]
    ):
        log.begin_run(replace(BEGUN, id=name, realm=realm, campaign_id=campaign, started_at=NOW + at * HOUR))
    log.end_run(replace(ENDED, id="first", campaign_id="one"))
    assert [run.id for run in log.runs()] == ["third", "second", "rehearsed"]


def test_a_clock_that_went_back_makes_no_run_an_older_one(log: SentLog) -> None:
    log.begin_run(replace(BEGUN, id="before", started_at=NOW + DAY))
    log.begin_run(replace(BEGUN, id="after", started_at=NOW))
    assert [run.id for run in log.runs()] == ["after"]


def test_what_is_undone_leaves_no_record(log: SentLog) -> None:
    def remember_and_fail() -> None:
        with log.atomic():
            log.end_run(ENDED)
            log.begin_run(replace(BEGUN, id="run-2"))
            raise InterruptedError

    log.begin_run(BEGUN)
    with pytest.raises(InterruptedError):
        remember_and_fail()
    assert list(log.runs()) == [rounded(BEGUN)]


def test_emptying_the_sandbox_forgets_the_rehearsals_of_that_campaign(log: SentLog) -> None:
    kept = [
        replace(BEGUN, id="live"),
        replace(BEGUN, id="other", realm=Realm.SANDBOX, campaign_id="other"),
        replace(BEGUN, id="test", realm=Realm.TEST),
    ]
    for run in (*kept, replace(BEGUN, id="gone", realm=Realm.SANDBOX)):
        log.begin_run(run)
    log.empty_sandbox(BEGUN.campaign_id)
    assert [run.id for run in log.runs()] == ["test", "other", "live"]


def test_a_record_outlives_the_process(path: Path) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        log.begin_run(BEGUN)
    with closing(open_sent_log(path, create=False)) as log:
        log.end_run(ENDED)
    with closing(open_sent_log(path, create=False)) as log:
        assert list(log.runs()) == [rounded(ENDED)]


@pytest.mark.parametrize("deed", ["begin_run", "end_run"])
def test_a_busy_log_says_so_at_once(path: Path, sqlite_log: SqliteSentLog, deed: str) -> None:
    call = getattr(sqlite_log, deed)
    with closing(open_sent_log(path, create=False)) as other, other.atomic():
        with pytest.raises(SentLogBusy):
            call(BEGUN)
        assert list(sqlite_log.runs()) == []
    call(BEGUN)
    assert list(sqlite_log.runs()) == [rounded(BEGUN)]
