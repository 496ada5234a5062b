"""`smscli resolve`: what is in doubt, and what a decision does to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smscli.domain.message import Realm, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.sentlog.locks import campaign_lock
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.program import NOW, Finished, Program, child, in_process
from tests.cli.sample_log import ADA, BEN, EVA, ZOE, message, run, sample
from tests.support.answers import Accept, ResetAfterReading
from tests.support.bridge import PROFILE, Bridge
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

smscli = Program()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return sample(tmp_path / "sent log.db")


def states(log: Path) -> dict[str, str]:
    return {line["id"]: line["state"] for line in smscli("log", "--log", str(log), "--jsonl").lines}


def resolve(log: Path, *words: str, typed: str | None = None) -> Finished:
    return smscli("resolve", "--log", str(log), *words, typed=typed)


# --- the list ---


def test_what_is_in_doubt_is_listed_with_what_to_ask_and_what_to_type(log: Path) -> None:
    told = resolve(log)
    assert told.code == 3
    lines = told.out.splitlines()
    assert lines[0] == "In doubt: 3 messages that the gateway may have taken."
    row = next(line for line in lines if "spring-b" in line)
    expected = f"2026-11-19 12:00 spring {BEN.masked} acme spring-b timeout: no answer in 30 s (one of 2)"
    assert row.split() == expected.split()
    said = " ".join(lines)
    assert "Ask acme and other whether they took messages with these ids" in said
    assert "or look for the numbers in their own logs." in said
    assert f"  smscli resolve --log '{log}' --ask" in lines
    assert f"  smscli resolve --log '{log}' --sent ID" in lines
    assert f"  smscli resolve --log '{log}' --not-sent ID" in lines
    assert r"\x1b[31m[bold]closed" in told.out
    for person in (ADA, BEN, EVA, ZOE):
        assert person.digits not in told.out


def test_one_gateway_is_asked_and_nothing_is_told_of_messages_that_stand_alone(log: Path) -> None:
    said = " ".join(resolve(log, "--campaign", "autumn").out.split())
    assert "Ask other whether it took messages with these ids" in said
    assert "look for the numbers in its own log. To ask what can be asked:" in said
    assert "one of" not in said


def test_on_a_narrow_screen_the_gateways_stay_and_only_commands_are_wider(log: Path) -> None:
    told = child("resolve", "--log", str(log), environ={"COLUMNS": "80"})
    assert re.search(r"^since, UTC +campaign +to +gateway +id +detail$", told.out, re.MULTILINE)
    for line in told.out.splitlines():
        assert len(line) <= 80 or line.startswith("  smscli resolve ")


def test_what_was_cut_off_while_being_submitted_is_mentioned(log: Path) -> None:
    said = " ".join(resolve(log).out.split())
    assert (
        "1 message is marked as being submitted: by a send that runs now, or by one that was cut off." in said
    )
    assert "being submitted" not in resolve(log, "--campaign", "spring").out


def test_a_campaign_narrows_the_list(log: Path) -> None:
    told = resolve(log, "--campaign", "autumn", "--json")
    assert told.code == 3
    assert [each["id"] for each in told.document["in_doubt"]] == ["autumn-zoe"]


def test_json_keys(log: Path) -> None:
    told = resolve(log, "--json")
    document = told.document
    assert list(document) == [
        "schema", "command", "status", "sent_log", "sent", "not_sent", "unfinished", "in_doubt"
    ]  # fmt: skip
    assert (document["status"], document["sent_log"]) == ("incomplete", str(log))
    assert (document["sent"], document["not_sent"], document["unfinished"]) == (0, 0, 1)
    together = {each["id"]: each["together"] for each in document["in_doubt"]}
    assert together == {"spring-ben": 2, "spring-eva": 2, "autumn-zoe": 1}
    assert ZOE.digits not in told.out


def test_nothing_in_doubt_is_exit_0(log: Path) -> None:
    resolve(log, "--campaign", "autumn", "--sent", "all", "--yes")
    told = resolve(log, "--campaign", "autumn")
    assert (told.code, told.out.splitlines()[0]) == (0, "Nothing is in doubt.")


def test_a_campaign_that_the_log_does_not_know_is_no_campaign_without_doubts(log: Path) -> None:
    told = resolve(log, "--campaign", "autum")
    assert (told.code, told.out) == (2, "")
    assert "no campaign autum in this log" in told.err


# --- decisions ---


@pytest.mark.parametrize(
    ("words", "after", "code"),
    [
        (["--sent", "spring-ben"], {"spring-ben": "accepted"}, 3),
        (["--not-sent", "spring-ben"], {"spring-ben": "released"}, 3),
        (
            ["--sent", BEN.e164, "--not-sent", EVA.e164],
            {"spring-ben": "accepted", "spring-eva": "released"},
            3,
        ),
        (["--sent", "spring-b", "--sent", "autumn"], {"spring-ben": "accepted", "autumn-zoe": "accepted"}, 3),
        (
            ["--campaign", "spring", "--sent", "all", "--yes"],
            {"spring-ben": "accepted", "spring-eva": "accepted"},
            0,
        ),
        (["--campaign", "autumn", "--not-sent", "all", "--yes"], {"autumn-zoe": "released"}, 0),
    ],
)
def test_a_decision_moves_what_it_names_and_nothing_else(
    log: Path, words: list[str], after: dict[str, str], code: int
) -> None:
    before = states(log)
    told = resolve(log, *words)
    assert told.code == code
    assert states(log) == before | after


def test_who_decided_is_recorded(log: Path) -> None:
    resolve(log, "--sent", "spring-ben")
    line = next(
        line for line in smscli("log", "--log", str(log), "--jsonl").lines if line["id"] == "spring-ben"
    )
    assert (line["code"], line["detail"], line["at"]) == ("operator", "ola@desk", "2026-11-22T12:00:00Z")


def test_saying_not_sent_warns_that_people_are_texted_again_even_when_quiet(log: Path) -> None:
    told = resolve(log, "--not-sent", "spring-ben", "--not-sent", "spring-eva", "--quiet")
    assert told.err == (
        "warning: the next send of spring texts 2 people again. If the gateway did take those messages, "
        "they come twice.\n"
    )
    assert "warning" not in resolve(log, "--sent", "autumn-zoe").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sent", "nobody"], "nothing in doubt has that number or id"),
        (["--sent", "spring-ada"], "nothing in doubt"),
        (["--sent", ADA.e164], "nothing in doubt"),
        (["--sent", "spring-"], "2 ids start like that"),
        (["--campaign", "autumn", "--sent", ""], "nothing in doubt"),
        (["--campaign", "autumn", "--sent", "autum"], "nothing in doubt"),
        (["--sent", "all", "--yes"], "in doubt in 2 campaigns: autumn, spring"),
        (["--sent", "spring-ben", "--not-sent", BEN.e164], "cannot be both"),
        (["--sent", "+12"], "--sent"),
    ],
)
def test_a_decision_that_is_not_clear_changes_nothing(log: Path, words: list[str], said: str) -> None:
    before = states(log)
    told = resolve(log, *words)
    assert told.code == 2
    assert said in told.err
    assert states(log) == before


def test_all_without_a_terminal_needs_yes(log: Path) -> None:
    before = states(log)
    told = resolve(log, "--campaign", "spring", "--sent", "all")
    assert told.code == 5
    assert "--yes" in told.err
    assert states(log) == before


@pytest.mark.parametrize(("typed", "code"), [("2\n", 0), ("3\n", 5), ("yes\n", 5), ("", 5)])
def test_all_at_a_terminal_is_confirmed_by_typing_the_number(log: Path, typed: str, code: int) -> None:
    told = resolve(log, "--campaign", "spring", "--not-sent", "all", typed=typed)
    assert told.code == code
    assert "2 messages of spring: you say that they were not sent, and may be texted again." in told.err
    assert states(log)["spring-ben"] == ("released" if code == 0 else "in_doubt")


def test_nothing_in_doubt_needs_no_confirmation(log: Path) -> None:
    resolve(log, "--campaign", "autumn", "--sent", "all", "--yes")
    assert resolve(log, "--campaign", "autumn", "--sent", "all").code == 0


def test_the_real_program_knows_its_operator(log: Path) -> None:
    told = child("resolve", "--log", str(log), "--sent", "autumn-zoe", "--json")
    assert told.code == 3
    assert told.document["sent"] == 1
    lines = child("log", "--log", str(log), "--jsonl", "--campaign", "autumn").lines
    assert "@" in next(line["detail"] for line in lines if line["id"] == "autumn-zoe")


# --- asking the gateway --------------------------------------------------------------------------


@pytest.fixture
def bridge() -> Bridge:
    return Bridge()


@pytest.fixture
def gateway(bridge: Bridge) -> Iterator[LoopbackGateway]:
    with LoopbackGateway() as gateway:
        gateway.otherwise(bridge)
        yield gateway


@pytest.fixture
def folder(tmp_path: Path, gateway: LoopbackGateway) -> Folder:
    folder = Folder(tmp_path, gateway.url, profile=PROFILE)
    folder.write(people=100)
    return folder


def ask(folder: Folder, *arguments: str) -> Finished:
    variables = {"SMS_GATEWAY_URL": folder.url, "SMS_GATEWAY_TOKEN": TOKEN}
    words = ("resolve", "campaigns.yaml", "--ask", *arguments)
    return in_process(*words, cwd=folder.path, environ=variables)


def in_doubt(folder: Folder, *people: int, ago: timedelta = timedelta(hours=2)) -> list[str]:
    """People of campaign `ready` whose message may have been taken; the ids."""
    messages = [
        message(f"ready-{each}", "ready", Msisdn(f"+1202555{each:04}", "US"), "Hi") for each in people
    ]
    doubts = [Receipt(each.id, State.IN_DOUBT, code="timeout") for each in messages]
    run(folder.log_path, messages, doubts, datetime.now(UTC) - ago, gateway="generic-json")
    return [each.id for each in messages]


def by_state(folder: Folder) -> Counter[State]:
    return Counter(row.state for row in folder.rows())


def test_with_nothing_in_doubt_nobody_is_asked_and_nothing_else_is_said(folder: Folder) -> None:
    open_sent_log(folder.log_path, create=True).close()
    told = ask(folder)
    assert (told.code, told.out) == (0, "Nothing is in doubt.\n")


def test_a_hundred_in_doubt_are_asked_about_and_settled(
    folder: Folder, gateway: LoopbackGateway, bridge: Bridge
) -> None:
    ids = in_doubt(folder, *range(100))
    words = ("delivered", "accepted", "failed")
    bridge.found = {each: words[at % 3] for at, each in enumerate(ids[:90])}
    told = ask(folder)
    assert told.code == 0, told.err
    assert "Nothing is in doubt." in told.out
    assert by_state(folder) == {
        State.DELIVERED: 30, State.ACCEPTED: 30, State.UNDELIVERED: 30, State.RELEASED: 10
    }  # fmt: skip
    assert len(bridge.asked) == 100
    gateway.assert_quiet(told.out + told.err, secrets=[TOKEN])


def test_what_a_reset_left_in_doubt_is_found(
    folder: Folder, gateway: LoopbackGateway, bridge: Bridge
) -> None:
    folder.write(people=2)
    gateway.script(Accept(), ResetAfterReading())
    assert folder.send().code == 3
    [doubt] = [row.id for row in folder.rows() if row.state is State.IN_DOUBT]
    bridge.found = {doubt: "delivered"}
    assert ask(folder).code == 0
    assert by_state(folder) == {State.ACCEPTED: 1, State.DELIVERED: 1}
    assert folder.send().code == 0
    gateway.assert_nobody_twice()


def test_whom_the_gateway_never_took_the_next_send_texts(
    folder: Folder, gateway: LoopbackGateway, bridge: Bridge
) -> None:
    folder.write(people=4)
    ids = in_doubt(folder, 0, 1, 2)
    bridge.found = {ids[0]: "accepted"}
    told = ask(folder)
    assert told.code == 0
    assert told.out.splitlines()[0] == "Found out: accepted 1, released 2 (the gateway never took them)."
    assert "the next send of ready texts 2 people whose message the gateway never took" in told.err
    assert {row.code for row in folder.rows() if row.state is State.RELEASED} == {"lookup"}
    assert folder.send().code == 0
    assert sorted(gateway.numbers) == ["+12025550001", "+12025550002", "+12025550003"]


def test_what_cannot_be_found_out_stays_in_doubt_and_says_why(folder: Folder, bridge: Bridge) -> None:
    in_doubt(folder, 0, ago=timedelta(minutes=5))
    bridge.found = dict.fromkeys(in_doubt(folder, 1), "mumbled")
    told = ask(folder)
    assert told.code == 3
    assert "generic-json: the gateway does not know it yet; ask again after" in told.out
    assert 'generic-json: the gateway calls it "mumbled", which the profile does not explain' in told.out
    assert "In doubt: 2 messages" in told.out
    assert by_state(folder) == {State.IN_DOUBT: 2}


def test_a_gateway_that_cannot_be_asked_is_exit_6_while_something_is_in_doubt(
    folder: Folder, bridge: Bridge
) -> None:
    [first] = in_doubt(folder, 0)
    bridge.fails = {f"/messages/{first}"}
    told = ask(folder, "--json")
    assert (told.code, told.document["status"]) == (6, "stopped")
    assert [each["id"] for each in told.document["in_doubt"]] == [first]
    assert told.document["asked"]["failed"]
    bridge.fails, bridge.found = set(), {first: "delivered"}
    assert ask(folder).code == 0


def test_a_gateway_that_cannot_be_asked_about_one_message_is_named(log: Path) -> None:
    told = resolve(log, "--ask", "--json")
    document = told.document
    assert told.code == 6
    assert {each["gateway"]: each["why"] for each in document["asked"]["not_asked"]} == {
        "acme": "no_profile", "other": "no_profile"
    }  # fmt: skip
    assert document["unfinished"] == 1
    assert states(log)["autumn-ada"] == "submitting"


def test_push_only_is_no_failure(tmp_path: Path) -> None:
    log = tmp_path / "sent-log.db"
    doubt = Receipt("k1", State.IN_DOUBT)
    run(log, [message("k1", "spring", ADA)], [doubt], NOW - timedelta(hours=1), gateway="kannel")
    told = resolve(log, "--ask")
    assert told.code == 3
    assert "kannel: it cannot be asked about a single message" in told.err


def test_what_a_running_send_has_only_just_handed_over_is_left_to_it(folder: Folder, bridge: Bridge) -> None:
    [old] = in_doubt(folder, 0)
    [new] = in_doubt(folder, 1, ago=timedelta(seconds=20))
    bridge.found = {old: "delivered", new: "delivered"}
    with campaign_lock(folder.log_path, Realm.LIVE, "ready"):
        told = ask(folder)
    assert told.code == 3
    assert "a send that runs now has only just handed it over" in told.out
    assert by_state(folder) == {State.DELIVERED: 1, State.IN_DOUBT: 1}
    assert ask(folder).code == 0


def test_asking_and_deciding_are_two_things(log: Path) -> None:
    told = resolve(log, "--ask", "--sent", "spring-ben")
    assert (told.code, "type one or the other" in told.err) == (2, True)
