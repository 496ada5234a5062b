"""What a send leaves for those who were not there: its record in the sent log, and one line for a mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smscli.domain.message import Realm
from smscli.domain.ports import RunRecord
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.desk import READY, Desk
from tests.support.answers import KillClient, Moment, Refuse, ResetAfterReading, Status
from tests.support.loopback import LoopbackGateway
from tests.support.sending import Folder

LATER = READY.replace("quiet_hours: off", "quiet_hours: {windows: {DAY: 09:00-20:00}, holidays: ignore}")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns()
    desk.people(3)
    return desk


@pytest.fixture
def gateway() -> Iterator[LoopbackGateway]:
    with LoopbackGateway() as gateway:
        yield gateway


def records(path: Path) -> Sequence[RunRecord]:
    with closing(open_sent_log(path, create=False, busy_wait=5)) as log:
        return log.runs()


def held_for_two_days(desk: Desk) -> None:
    """Nobody may be texted before the day after tomorrow."""
    desk.campaigns(LATER.replace("DAY", f"{datetime.now(UTC) + timedelta(days=2):%a}".lower()))


# --- the record ---


def test_a_send_leaves_its_summary_in_the_log(desk: Desk) -> None:
    document = desk.sent()
    [record] = records(desk.log_path)
    assert (record.campaign_id, record.realm, record.gateway, record.by) == (
        "ready",
        Realm.SANDBOX,
        "sandbox",
        "ola@desk",
    )
    assert record.id == document["run"]
    assert record.exit_code == 0
    assert record.ended_at is not None
    assert record.ended_at >= record.started_at
    assert record.held_until is None
    rows, *parts = record.counts.values()
    assert (rows, record.counts["accepted"], sum(parts)) == (3, 3, 3)


def test_the_latest_send_of_a_campaign_is_the_one_remembered(desk: Desk) -> None:
    desk.sent()
    second = desk.sent()
    [record] = records(desk.log_path)
    assert record.id == second["run"]
    assert (record.counts["accepted"], record.counts["skipped"]) == (0, 3)


def test_a_record_says_until_when_people_are_held(desk: Desk) -> None:
    held_for_two_days(desk)
    assert desk.send().code == 3
    [record] = records(desk.log_path)
    assert record.counts["held"] == 3
    assert record.held_until is not None
    assert record.held_until > datetime.now(UTC)


def test_a_record_says_why_a_run_was_stopped(desk: Desk, gateway: LoopbackGateway) -> None:
    desk.live(gateway)
    gateway.script(Status(401, b"{}"))
    assert desk.send("--first-run").code == 6
    [record] = records(desk.log_path)
    assert record.exit_code == 6
    assert "401" in record.stopped


def test_a_run_that_was_killed_has_no_end(tmp_path: Path, gateway: LoopbackGateway) -> None:
    folder = Folder(tmp_path, gateway.url)
    folder.write(people=3)
    gateway.script(KillClient(Moment.AFTER_READING))
    child = folder.start("--yes", "--first-run")
    gateway.client_pid = child.pid
    child.communicate(timeout=60)
    [record] = records(folder.log_path)
    assert (record.ended_at, record.exit_code) == (None, None)
    assert (record.counts["rows"], record.counts["not_attempted"]) == (3, 3)


def test_whatever_does_not_send_leaves_no_record(desk: Desk) -> None:
    desk.send("--expect", "7")
    desk.send("--dry-run")
    desk("send", "campaigns.yaml", "ready", typed="no\n")
    assert records(desk.log_path) == ()


# --- one line ---


def test_quiet_is_one_line_when_all_is_well(desk: Desk) -> None:
    done = desk.send("--quiet")
    assert (done.code, done.err) == (0, "")
    assert done.out == "ready: done. 3 of 3 accepted, 0 in doubt, 0 rejected (sandbox)\n"
    again = desk.send("--quiet")
    assert again.out == "ready: done. 0 of 3 accepted, 0 in doubt, 0 rejected, 3 sent before (sandbox)\n"


def test_quiet_tells_all_when_something_is_left_to_do(desk: Desk, gateway: LoopbackGateway) -> None:
    desk.live(gateway, profile="batch: {max: 1}, connections: 1")
    gateway.script(Refuse("E1"), ResetAfterReading())
    done = desk.send("--quiet", "--first-run")
    assert done.code == 3
    assert done.out.splitlines()[0] == "ready: incomplete. 1 of 3 accepted, 1 in doubt, 1 rejected"
    assert "Next      smscli resolve campaigns.yaml --campaign ready\n" in done.out


def test_the_log_that_was_named_is_named_in_what_to_type_next(desk: Desk, gateway: LoopbackGateway) -> None:
    desk.live(gateway, profile="batch: {max: 1}, connections: 1")
    gateway.script(ResetAfterReading())
    done = desk.send("--first-run", "--log", "my log.db")
    assert "Next      smscli resolve campaigns.yaml --log " in done.out
    assert "my log.db' --campaign ready\n" in done.out


def test_the_line_says_how_many_are_held_until_when(desk: Desk) -> None:
    held_for_two_days(desk)
    line = desk.send("--quiet").out.splitlines()[0]
    [record] = records(desk.log_path)
    assert record.held_until is not None
    when = f"{record.held_until:%a %Y-%m-%d %H:%M} UTC"
    assert (
        line == f"ready: incomplete. 0 of 3 accepted, 0 in doubt, 0 rejected, 3 held until {when} (sandbox)"
    )


def test_the_line_names_what_was_not_attempted_and_the_bad_rows(desk: Desk) -> None:
    desk.campaigns(top="on_bad_rows: skip\n")
    desk.contacts("+12025550101,Ann", "nonsense,Ben", "+12025550103,Cy")
    line = desk.send("--limit", "1").out.splitlines()[0]
    assert line.endswith("0 rejected, 1 not attempted, 1 bad row (sandbox)")


def test_the_line_counts_who_was_in_doubt_or_rejected_before(desk: Desk, gateway: LoopbackGateway) -> None:
    desk.live(gateway, profile="batch: {max: 1}, connections: 1")
    gateway.script(Refuse("E1"), ResetAfterReading())
    desk.send("--first-run")
    again = desk.send()
    assert again.code == 3
    line = "ready: incomplete. 0 of 3 accepted, 1 in doubt, 1 rejected, 1 sent before"
    assert again.out.splitlines()[0] == line
    assert "says why; when that is mended: smscli send campaigns.yaml ready --again rejected" in again.out


# --- what to do next ---


def next_steps(text: str) -> list[str]:
    return [line.removeprefix("Next      ") for line in text.splitlines() if line.startswith("Next ")]


def test_those_beyond_the_limit_are_left_for_another_run(desk: Desk) -> None:
    assert next_steps(desk.send("--limit", "1").out) == ["run it again: 2 people are left"]


def test_those_a_stopped_run_leaves_wait_for_what_stopped_it(desk: Desk, gateway: LoopbackGateway) -> None:
    desk.live(gateway)
    gateway.script(Status(401, b"{}"))
    assert next_steps(desk.send("--first-run").out) == [
        "when that is mended, run it again: 3 people are left"
    ]


def test_where_nobody_could_be_texted_the_preview_says_why(desk: Desk) -> None:
    desk.contacts("+12025550000,Ola")
    desk("init")
    desk("optout", "add", "+12025550000", "--campaigns", "campaigns.yaml")
    done = desk.send()
    assert done.code == 3
    assert next_steps(done.out) == ["smscli preview campaigns.yaml ready shows why nobody could be texted"]
