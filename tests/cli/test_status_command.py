"""`smscli status`: how campaigns stand, at a glance and for programs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from smscli.domain.message import Realm, Receipt, State
from smscli.domain.ports import OptOut, RunRecord
from smscli.sentlog.locks import campaign_lock
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.program import NOW, Program, in_process
from tests.cli.sample_log import ADA, BEN, EVA, ZOE, message, opted_out, run, sample
from tests.support.answers import Accept, Held
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

smscli = Program()

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

ENDED = RunRecord(
    "run-1",
    Realm.LIVE,
    "spring",
    "acme",
    "ola@desk",
    NOW - 3 * DAY,
    NOW - 3 * DAY + HOUR,
    exit_code=3,
    counts={
        "rows": 9,
        "problems": 2,
        "skipped": 0,
        "held": 3,
        "not_attempted": 1,
        "in_doubt": 2,
        "accepted": 1,
    },
    held_until=NOW + HOUR,
)

CAMPAIGNS = """\
version: 1
brand: Green Garage
sender: Garage
sent_log: sent-log.db
contacts: contacts.csv
gateway: sandbox
timezone: Europe/Warsaw
campaigns:
  winter: {purpose: transactional, quiet_hours: off, text: "Green Garage: bring gloves."}
  spring: {purpose: transactional, quiet_hours: off, text: "Green Garage: bring flowers."}
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return sample(tmp_path / "sent-log.db")


@pytest.fixture
def file(log: Path) -> Path:
    path = log.with_name("campaigns.yaml")
    path.write_text(CAMPAIGNS, encoding="utf-8")
    return path


def remember(path: Path, *runs: RunRecord) -> None:
    with closing(open_sent_log(path, create=False)) as log:
        for each in runs:
            log.end_run(each)


def campaigns(document: Mapping[str, Any]) -> dict[str, Any]:
    return {each["campaign"]: each for each in document["campaigns"]}


# --- what is shown ---


def test_everything_open_is_told_with_what_to_type_next(log: Path) -> None:
    remember(log, ENDED)
    told = smscli("status", "--log", str(log))
    assert told.code == 0
    assert (
        told.out.replace(str(log), "LOG")
        == """\
autumn
  messages  2: 1 submitting, 1 in doubt
  cut off   1 in flight when a send ended; the next send puts it in doubt
  in doubt  1 that the gateway may have taken; to see and decide:
    smscli resolve --log LOG --campaign autumn
spring
  last run  Thu 2026-11-19 12:00 UTC by ola@desk: incomplete, 1 of 9 accepted, 1
            not attempted, 2 bad rows
  messages  3: 1 accepted, 2 in doubt
  held      3; the first may go Sun 2026-11-22 13:00 UTC
  in doubt  2 that the gateway may have taken; to see and decide:
    smscli resolve --log LOG --campaign spring
spring, rehearsal (nobody was texted)
  messages  1: 1 delivered
Opt-outs  none
"""
    )


def test_with_nothing_open_a_campaign_is_a_few_lines(tmp_path: Path) -> None:
    log = tmp_path / "sent-log.db"
    run(log, [message("a", "spring", ADA)], [Receipt("a", State.ACCEPTED)], NOW - DAY)
    remember(log, replace(ENDED, exit_code=0, counts={"rows": 1, "accepted": 1}, held_until=None))
    assert (
        smscli("status", "--log", str(log)).out
        == """\
spring
  last run  Thu 2026-11-19 12:00 UTC by ola@desk: done, 1 of 1 accepted
  messages  1: 1 accepted
Opt-outs  none
"""
    )


def test_the_file_s_campaigns_come_first_in_its_order_also_those_never_sent(file: Path, log: Path) -> None:
    remember(log, ENDED)
    out = smscli("status", str(file)).out
    lines = [line for line in out.splitlines() if not line.startswith(" ")]
    assert lines == [
        "winter: never sent",
        "spring",
        "spring, rehearsal (nobody was texted)",
        "autumn (not in the campaigns file)",
        "Opt-outs  none",
    ]
    assert "the first may go Sun 2026-11-22 14:00 Europe/Warsaw" in out
    assert f"    smscli resolve {file} --campaign spring\n" in out


def test_a_log_by_its_option_outranks_that_of_the_file(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    run(other, [message("a", "winter", ADA)], [Receipt("a", State.REJECTED)], NOW - DAY)
    out = smscli("status", str(file), "--log", str(other)).out
    assert out.splitlines()[0] == "winter"
    assert f"    smscli log --log {other} --campaign winter --state rejected\n" in out
    assert "spring: never sent\n" in out


def test_rejected_people_of_a_rehearsal_are_found_in_its_realm(tmp_path: Path) -> None:
    log = tmp_path / "sent-log.db"
    receipt = Receipt("a", State.REJECTED)
    run(log, [message("a", "spring", ADA)], [receipt], NOW - DAY, realm=Realm.SANDBOX)
    out = smscli("status", "--log", str(log)).out
    assert out.startswith("spring: never sent\nspring, rehearsal (nobody was texted)\n")
    assert "--campaign spring --realm sandbox --state rejected\n" in out


def test_test_messages_are_one_line(tmp_path: Path) -> None:
    log = tmp_path / "sent-log.db"
    people = [message("a", "spring", ADA), message("b", "spring", ADA)]
    run(log, people, [Receipt("a", State.ACCEPTED)], NOW - DAY, realm=Realm.TEST)
    out = smscli("status", "--log", str(log)).out
    assert out == "spring: never sent\n  tests     1 submitting, 1 accepted\nOpt-outs  none\n"


@pytest.mark.parametrize(
    ("accepted", "said"),
    [
        ("ab", "gateway try: 2 tests: 2 accepted\n"),
        ("a", "gateway try: 2 tests: 1 submitting, 1 accepted\n"),
    ],
)
def test_messages_of_gateway_try_are_no_campaign(file: Path, log: Path, accepted: str, said: str) -> None:
    tests = [message(name, "gateway-try", ADA) for name in "ab"]
    run(log, tests, [Receipt(name, State.ACCEPTED) for name in accepted], NOW - DAY, realm=Realm.TEST)
    out = smscli("status", str(file)).out
    assert said in out
    assert "gateway-try" not in out


def test_one_message_of_gateway_try_is_told_in_words(tmp_path: Path) -> None:
    log = tmp_path / "sent-log.db"
    run(log, [message("a", "gateway-try", ADA)], [Receipt("a", State.ACCEPTED)], NOW - DAY, realm=Realm.TEST)
    assert smscli("status", "--log", str(log)).out == "gateway try: 1 test, accepted\nOpt-outs  none\n"


def test_since_when_opt_outs_count_is_told_in_the_file_s_timezone(file: Path, log: Path) -> None:
    opted_out(log, OptOut(ADA, "", NOW - HOUR, "reply"))
    last = smscli("status", str(file)).out.splitlines()[-1]
    assert last == "Opt-outs  1 in all; 1 since Sun 2026-11-15 13:00 Europe/Warsaw (reply 1)"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exit_code": 0}, "by ola@desk: done, "),
        ({"exit_code": 6, "stopped": "the gateway refuses: no funds"}, "(the gateway refuses: no funds)"),
        ({"exit_code": 6}, "by ola@desk: stopped, "),
        ({"exit_code": 143}, "by ola@desk: stopped by SIGTERM, "),
        ({"exit_code": 99}, "by ola@desk: ended with exit 99, "),
        ({"stopped": "\x1b[31mred"}, r"\x1b[31mred"),
        ({"ended_at": None, "exit_code": None}, "by ola@desk: cut off\n"),
        ({"held_until": NOW - HOUR}, "the first may go since Sun 2026-11-22 11:00 UTC: run send again"),
        ({"held_until": None}, "held      3\n"),
    ],
)
def test_how_the_last_run_ended_is_told_in_words(log: Path, changes: dict[str, Any], said: str) -> None:
    remember(log, replace(ENDED, **changes))
    out = smscli("status", "--log", str(log)).out
    joined = out.replace("\n            ", " ")
    assert said in joined


def test_opt_outs_are_told_by_source(log: Path) -> None:
    wishes = [(ADA, "reply", 8 * DAY), (BEN, "reply", HOUR), (EVA, "hand", 2 * DAY), (ZOE, "reply", DAY)]
    opted_out(log, *(OptOut(to, "", NOW - ago, source) for to, source, ago in wishes))
    assert smscli("status", "--log", str(log)).out.splitlines()[-1] == (
        "Opt-outs  4 in all; 3 since Sun 2026-11-15 12:00 UTC (hand 1, reply 2)"
    )
    document = smscli("status", "--log", str(log), "--since", "2h", "--json").document
    assert document["opt_outs"] == {
        "in_all": 4,
        "since": "2026-11-22T10:00:00Z",
        "lately": {"reply": 1},
        "erased": 0,
    }
    told = smscli("status", "--log", str(log), "--since", "5s")
    assert told.out.splitlines()[-1] == "Opt-outs  4 in all; none since Sun 2026-11-22 11:59 UTC"


@pytest.mark.parametrize(("columns", "lines"), [("80", 2), ("120", 1)])
def test_a_line_is_as_wide_as_the_screen_and_one_row_is_no_rows(log: Path, columns: str, lines: int) -> None:
    remember(log, replace(ENDED, counts=dict(ENDED.counts) | {"problems": 1}))
    out = Program(environ={"COLUMNS": columns})("status", "--log", str(log)).out
    told = re.search(r"^  last run.*(\n {12}.*)*", out, re.MULTILINE)
    assert told is not None
    assert told[0].endswith(", 1 bad row")
    assert len(told[0].splitlines()) == lines


def test_no_line_but_a_command_is_wider_than_80_columns_and_no_number_is_shown(log: Path) -> None:
    remember(log, replace(ENDED, by="a-very-long-name@a-very-long-machine", stopped="trouble " * 20))
    opted_out(log, *(OptOut(ADA, f"t{place}", NOW, f"source-{place}") for place in range(9)))
    out = smscli("status", "--log", str(log)).out
    assert all(len(line) <= 80 for line in out.splitlines() if "smscli" not in line)
    for person in (ADA, BEN, EVA, ZOE):
        assert person.digits not in out


def test_at_40_columns_titles_fold_too(log: Path) -> None:
    run(
        log,
        [message("w", "winter-tyres", ADA)],
        [Receipt("w", State.ACCEPTED)],
        NOW - DAY,
        realm=Realm.SANDBOX,
    )
    out = Program(environ={"COLUMNS": "40"})("status", "--log", str(log)).out
    assert "\nwinter-tyres, rehearsal (nobody was\n  texted)\n" in out
    assert all(len(line) <= 40 for line in out.splitlines() if "smscli" not in line)


# --- no log, or none that can be asked ---


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_without_a_log_nothing_was_ever_sent(tmp_path: Path, form: tuple[str, ...]) -> None:
    path = tmp_path / "sent-log.db"
    told = smscli("status", "--log", str(path), *form)
    assert told.code == 0
    assert list(tmp_path.iterdir()) == []
    if form:
        document = told.document
        assert (document["exists"], document["sent_log"], document["campaigns"]) == (False, str(path), [])
    else:
        assert told.out == f"Nothing was ever sent: there is no sent log at {path} yet.\n"


def test_a_file_s_campaigns_are_not_listed_where_nothing_was_ever_sent(tmp_path: Path) -> None:
    (tmp_path / "campaigns.yaml").write_text(CAMPAIGNS, encoding="utf-8")
    told = smscli("status", str(tmp_path / "campaigns.yaml"))
    assert told.code == 0
    assert told.out.count("\n") == 1
    assert told.out.startswith("Nothing was ever sent: there is no sent log at ")


def test_a_log_with_nobody_in_it_says_so(tmp_path: Path) -> None:
    open_sent_log(tmp_path / "sent-log.db", create=True).close()
    told = smscli("status", "--log", str(tmp_path / "sent-log.db"))
    assert told.out == "Nothing was ever sent.\nOpt-outs  none\n"


def test_a_folder_that_is_not_there_is_no_answer(tmp_path: Path) -> None:
    """A disk that is not mounted must not look like a clean slate."""
    told = smscli("status", "--log", str(tmp_path / "disk" / "sent-log.db"))
    assert told.code == 7
    assert "mounted" in told.err


def test_a_link_to_nowhere_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "sent-log.db").symlink_to(tmp_path / "disk" / "sent-log.db")
    told = smscli("status", "--log", str(tmp_path / "sent-log.db"))
    assert told.code == 7
    assert "link" in told.err


def test_a_wrong_file_is_exit_4_and_nothing_named_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "campaigns.yaml").write_text("version: 2\n", encoding="utf-8")
    assert smscli("status", str(tmp_path / "campaigns.yaml")).code == 4
    assert smscli("status").code == 2
    assert smscli("status", "--log", "x.db", "--since", "yesterday").code == 2


def test_the_environment_names_the_log(log: Path) -> None:
    told = Program(environ={"SMSCLI_SENT_LOG": str(log)})("status")
    assert told.code == 0
    assert "    smscli resolve --campaign spring\n" in told.out


# --- what is running ---


def test_a_send_that_goes_on_tells_how_far_it_is(log: Path) -> None:
    with campaign_lock(log, Realm.LIVE, "autumn"):
        begun = replace(
            ENDED, id="run-autumn-1100", campaign_id="autumn", started_at=datetime.now(UTC) + HOUR
        )
        remember(log, replace(begun, ended_at=None, exit_code=None, counts={"rows": 9, "not_attempted": 5}))
        document = smscli("status", "--log", str(log), "--json").document
        out = smscli("status", "--log", str(log)).out
    live = campaigns(document)["autumn"]["realms"]["live"]
    assert {**live["running"], "since": ""} == {"pid": os.getpid(), "since": "", "accepted": 0, "to_go": 3}
    assert live["last_run"]["ended"] == "running"
    assert f"UTC, process {os.getpid()}: 0 accepted so far, 3 to go\n" in out.replace("\n            ", " ")
    assert "last run" not in out


def test_a_send_that_plans_has_no_figures_and_the_one_before_it_was_cut_off(log: Path) -> None:
    remember(log, replace(ENDED, ended_at=None, exit_code=None))
    with campaign_lock(log, Realm.LIVE, "spring"):
        document = smscli("status", "--log", str(log), "--json").document
        out = smscli("status", "--log", str(log)).out.replace("\n            ", " ")
    live = campaigns(document)["spring"]["realms"]["live"]
    assert (live["running"]["accepted"], live["running"]["to_go"]) == (None, None)
    assert live["last_run"]["ended"] == "cut_off"
    assert "not sending yet: it plans, or waits for its confirmation" in out
    assert "ola@desk: cut off\n" in out


def test_a_first_send_that_only_plans_is_running_too(file: Path, log: Path) -> None:
    with campaign_lock(log, Realm.SANDBOX, "winter"):
        out = smscli("status", str(file)).out
    assert out.startswith("winter: never sent\nwinter, rehearsal (nobody was texted)\n  running   since ")


def test_a_real_send_is_seen_while_it_runs_and_after_it_was_killed(tmp_path: Path) -> None:
    with LoopbackGateway() as gateway:
        gateway.script(Accept(), Accept(), Held())
        folder = Folder(tmp_path, gateway.url, profile="batch: {max: 1}\nconnections: 1")
        folder.write(people=5)
        sender = folder.start("--yes", "--first-run")
        gateway.wait_until(lambda gateway: len(gateway.taken) == 3)
        seen = in_process("status", "campaigns.yaml", "--json", cwd=tmp_path)
        sender.kill()
        sender.communicate()
        after = in_process("status", "campaigns.yaml", cwd=tmp_path)
        gateway.assert_quiet(seen.out + after.out + after.err, secrets=[TOKEN])
    live = campaigns(seen.document)["ready"]["realms"]["live"]
    assert live["running"]["pid"] == sender.pid
    assert live["running"]["accepted"] == 2
    assert live["states"] == {"accepted": 2, "submitting": 1}
    assert after.code == 0
    assert ": cut off\n" in after.out.replace("\n            ", " ")
    assert "cut off   1 in flight when a send ended; the next send puts it in doubt" in after.out
    assert "running" not in after.out


# --- for programs ---


def test_the_document_is_pinned(file: Path, log: Path) -> None:
    remember(log, ENDED)
    opted_out(log, OptOut(ADA, "", NOW - HOUR, "reply"))
    document = smscli("status", str(file), "--json").document
    assert list(document) == [
        "schema",
        "command",
        "status",
        "sent_log",
        "exists",
        "at",
        "campaigns",
        "opt_outs",
        "synced",
    ]
    assert (document["command"], document["status"], document["exists"]) == ("status", "ok", True)
    assert document["sent_log"] == str(log)
    assert document["opt_outs"] == {
        "in_all": 1,
        "since": "2026-11-15T12:00:00Z",
        "lately": {"reply": 1},
        "erased": 0,
    }
    assert [(each["campaign"], each["in_file"]) for each in document["campaigns"]] == [
        ("winter", True),
        ("spring", True),
        ("autumn", False),
    ]
    spring = campaigns(document)["spring"]["realms"]
    assert list(spring) == ["live", "sandbox"]
    assert spring["live"] == {
        "states": {"accepted": 1, "in_doubt": 2},
        "held": 3,
        "held_until": "2026-11-22T13:00:00Z",
        "running": None,
        "last_run": {
            "id": "run-1",
            "gateway": "acme",
            "by": "ola@desk",
            "started_at": "2026-11-19T12:00:00Z",
            "ended_at": "2026-11-19T13:00:00Z",
            "exit_code": 3,
            "ended": "incomplete",
            "stopped": "",
            "counts": dict(ENDED.counts),
        },
    }
    assert spring["sandbox"] == {
        "states": {"delivered": 1},
        "held": 0,
        "held_until": None,
        "running": None,
        "last_run": None,
    }
    without_file = smscli("status", "--log", str(log), "--json").document
    assert [each["in_file"] for each in without_file["campaigns"]] == [None, None]
