"""`smscli person`: everything for an access request, and an erasure that says what it cannot reach."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from time import sleep

import pytest

from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.message import Realm, Receipt, State
from smscli.domain.ports import OptOut
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.desk import Desk
from tests.cli.program import NOW, Finished, Program, child
from tests.cli.sample_log import ADA, BEN, EVA, message, opted_out, run, sample
from tests.support.answers import Held
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

smscli = Program()

CAMPAIGNS = """\
version: 1
brand: Green Garage
sender: "+12025550143"
gateway: sandbox
sent_log: sent-log.db
contacts: {file: people.csv, region: US}
opt_outs: [stop.txt]
exclude: [dnc.txt]
campaigns:
  spring:
    purpose: transactional
    quiet_hours: off
    text: "Green Garage: {{ first_name }}, your bike is ready."
"""

PEOPLE = "phone,first_name\n+12025550101,Ada\n+12025550102,Ben\n(202) 555-0101,Ada again\nnobody,Zoe\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Ada was sent something and opted out of news; nothing of hers is unsettled."""
    path = tmp_path / "sent-log.db"
    ada = message("spring-ada", "spring", ADA)
    run(path, [ada], [Receipt("spring-ada", State.ACCEPTED, gateway_ref="ref-1")], NOW)
    opted_out(path, OptOut(ADA, "news", NOW, "phone", "ola@desk", "rang us"))
    return path


@pytest.fixture
def campaigns(log: Path) -> Path:
    path = log.with_name("campaigns.yaml")
    path.write_text(CAMPAIGNS, "utf-8")
    log.with_name("people.csv").write_text(PEOPLE, "utf-8")
    log.with_name("stop.txt").write_text("+12025550109\n+12025550101\n", "utf-8")
    log.with_name("dnc.txt").write_text("+12025550109\n", "utf-8")
    return path


def person(log: Path, verb: str, *words: str, typed: str | None = None) -> Finished:
    return smscli("person", verb, "--log", str(log), *words, typed=typed)


def is_opted_out(log: Path) -> bool:
    with closing(open_sent_log(log, create=False)) as opened:
        found = opened.facts(Realm.LIVE, "x", [ADA], NOW, NOW)
    return ADA in found and "" in found[ADA].opted_out


# --- show ---


def test_everything_is_shown_as_json_with_and_without_the_envelope(log: Path) -> None:
    told = person(log, "show", ADA.e164)
    assert told.code == 0, told.err
    about = json.loads(told.out)
    assert list(about) == [
        "sent_log", "number", "country", "erased", "messages", "opt_outs", "consents", "replies",
        "stray_receipts",
    ]  # fmt: skip
    assert about["number"] == ADA.e164
    [shown] = about["messages"]
    assert (shown["id"], shown["gateway_ref"], shown["state"]) == ("spring-ada", "ref-1", "accepted")
    assert [each["state"] for each in shown["events"]] == ["submitting", "accepted"]
    assert about["opt_outs"]["now"][0]["note"] == "rang us"
    document = person(log, "show", ADA.e164, "--json").document
    assert list(document)[:3] == ["schema", "command", "status"]
    assert document["command"] == "person show"
    assert {key: document[key] for key in about} == about


def test_delivery_receipts_that_found_no_message_are_shown_and_erased(log: Path) -> None:
    stray = DeliveryReceipt("ref-9", number=ADA.digits, state=State.DELIVERED, word="DELIVRD", at=NOW)
    with closing(open_sent_log(log, create=False)) as opened:
        opened.keep_strays("acme", Realm.LIVE, [stray], NOW)
    [shown] = json.loads(person(log, "show", ADA.e164).out)["stray_receipts"]
    told = (shown["gateway"], shown["ref"], shown["word"], shown["state"], shown["at"])
    assert told == ("acme", "ref-9", "DELIVRD", "delivered", "2026-11-22T12:00:00Z")
    assert "1 delivery receipt without a message." in person(log, "erase", ADA.e164, "--yes").out
    assert json.loads(person(log, "show", ADA.e164).out)["stray_receipts"] == []


def test_consent_is_told_as_its_export_tells_it(log: Path) -> None:
    said = ("--level", "express", "--how", "paper", "--at", "2026-03-01", "--promise", "2 a month")
    assert smscli("consent", "add", ADA.e164, *said, "--log", str(log)).code == 0
    [told] = json.loads(person(log, "show", ADA.e164).out)["consents"]
    assert [told] == smscli("consent", "export", "--log", str(log)).lines
    assert (told["purpose"], told["promise"]) == ("all", "2 per month")


@pytest.mark.parametrize("command", ["person show", "person erase", "consent show"])
def test_a_number_that_cannot_be_read_is_named_in_masked_form(log: Path, command: str) -> None:
    told = smscli(*command.split(), "512 345 678", "--log", str(log))
    assert told.code == 2
    assert told.err.splitlines() == [
        "error: 51• ••• •78 does not say its country",
        "hint: start it with + and the country code, or say --region with two letters, such as --region PL",
    ]


def test_a_stranger_has_empty_sections_and_notes_hold_no_number(log: Path) -> None:
    told = person(log, "show", "202 555 0199", "--region", "us")
    about = json.loads(told.out)
    assert about["number"] == "+12025550199"
    assert (about["messages"], about["consents"], about["erased"]) == ([], [], None)
    assert "5550199" not in told.err


def test_lines_of_the_lists_are_shown_with_their_cells(log: Path, campaigns: Path) -> None:
    told = smscli("person", "show", ADA.e164, "--campaigns", str(campaigns))
    assert told.code == 0, told.err
    about = json.loads(told.out)
    assert about["sent_log"] == str(log)
    people, dnc, stop = about["lists"]
    assert people["lines"] == [
        {"line": 2, "cells": {"phone": "+12025550101", "first_name": "Ada"}},
        {"line": 4, "cells": {"phone": "(202) 555-0101", "first_name": "Ada again"}},
    ]
    assert (people["used_for"], people["unreadable"]) == ("contacts", 1)
    assert (dnc["used_for"], dnc["lines"]) == ("exclude", [])
    assert (stop["used_for"], stop["lines"]) == ("opt_outs", [{"line": 2, "cells": {}}])


def test_a_list_that_is_another_sent_log_or_is_gone_is_told(log: Path, campaigns: Path) -> None:
    other = sample(log.with_name("other.db"))
    opted_out(other, OptOut(ADA, "", NOW, "reply"))
    campaigns.write_text(CAMPAIGNS.replace("stop.txt", "other.db, sent-log.db, gone.txt"), "utf-8")
    told = smscli("person", "show", ADA.e164, "--campaigns", str(campaigns))
    _, _, elsewhere, own, gone = json.loads(told.out)["lists"]
    assert elsewhere["opted_out_of"] == [""]
    assert own["opted_out_of"] == ["news"]
    assert "gone.txt" in gone["error"]


@pytest.mark.parametrize("words", [["show", "nobody"], ["show"], ["show", "512345678"], ["erase", "+1202"]])
def test_one_whole_number_is_needed(log: Path, words: list[str]) -> None:
    assert person(log, *words).code == 2


@pytest.mark.parametrize("verb", ["show", "erase"])
def test_no_verb_makes_a_log_or_a_key(tmp_path: Path, verb: str) -> None:
    assert person(tmp_path / "none.db", verb, ADA.e164, *(["--yes"] if verb == "erase" else [])).code == 7
    assert list(tmp_path.iterdir()) == []


# --- erase ---


def test_an_erasure_tells_what_went_where_the_key_is_and_what_it_cannot_reach(log: Path) -> None:
    told = person(log, "erase", ADA.e164, "--yes")
    assert told.code == 0, told.err
    assert told.out.splitlines()[:2] == [
        f"Erased {ADA.masked}: 1 message, 1 opt-out.",
        "It stays opted out of everything, as a keyed hash.",
    ]
    assert f"The key is {log}.key: without it this log refuses" in told.out
    for elsewhere in ("contact lists", "backups", "other sent logs", "the gateway's own records"):
        assert elsewhere in told.out
    assert ADA.digits not in told.out + told.err
    assert is_opted_out(log)
    for file in (log, *log.parent.glob("sent-log.db-*")):
        assert ADA.digits.encode() not in file.read_bytes()


def test_an_erased_person_shows_that_and_nothing_else(log: Path) -> None:
    person(log, "erase", ADA.e164, "--yes")
    about = json.loads(person(log, "show", ADA.e164).out)
    assert about["erased"] == "2026-11-22T12:00:00Z"
    assert (about["messages"], about["consents"], about["replies"]) == ([], [], [])
    assert about["opt_outs"] == {"now": [], "history": []}


BY_THE_OTHER = CAMPAIGNS.replace("sent-log.db", "other.db").replace("stop.txt", "sent-log.db")


@pytest.mark.parametrize("words", [["send", "--yes"], ["send", "--yes", "--test-to", ADA.e164]])
def test_who_heeds_the_opt_outs_of_another_log_heeds_its_erasures(
    log: Path, campaigns: Path, words: list[str]
) -> None:
    person(log, "erase", ADA.e164, "--yes")
    campaigns.write_text(BY_THE_OTHER, "utf-8")
    log.with_name("people.csv").write_text("phone,first_name\n+12025550101,Ada\n+12025550102,Ben\n", "utf-8")
    verb, *more = words
    told = smscli(verb, str(campaigns), "spring", *more)
    outbox = log.with_name("other.outbox.jsonl")
    assert ADA.e164 not in (outbox.read_text("utf-8") if outbox.exists() else "")
    assert "opted out" in told.out + told.err
    key = log.with_name("sent-log.db.key")
    key.rename(log.with_name("lost"))
    refused = smscli(verb, str(campaigns), "spring", *more)
    assert (refused.code, f"{key} is missing" in refused.err) == (7, True)


def test_a_test_of_the_gateway_heeds_erasures_of_another_log(log: Path, campaigns: Path) -> None:
    person(log, "erase", ADA.e164, "--yes")
    campaigns.write_text(BY_THE_OTHER, "utf-8")
    told = smscli("gateway", "try", "--to", ADA.e164, "--send", "--campaigns", str(campaigns))
    assert (told.code, "opted out" in told.err) == (5, True)


def test_erasing_again_says_so_and_is_fine(log: Path) -> None:
    person(log, "erase", ADA.e164, "--yes")
    told = person(log, "erase", ADA.e164, "--yes")
    assert told.code == 0
    assert told.out.startswith(f"{ADA.masked} was erased on 2026-11-22 12:00 UTC; nothing more was held.\n")
    document = person(log, "erase", ADA.e164, "--yes", "--json").document
    assert document["erased_before"] == "2026-11-22T12:00:00Z"
    assert set(document["forgotten"].values()) == {0}


def test_lists_and_the_outbox_that_still_hold_the_number_are_named(log: Path, campaigns: Path) -> None:
    outbox = log.with_name("sent-log.outbox.jsonl")
    outbox.write_text(json.dumps({"to": ADA.e164}) + "\n", "utf-8")
    told = smscli("person", "erase", ADA.e164, "--yes", "--campaigns", str(campaigns))
    assert told.code == 0
    folder = log.parent
    assert f"{folder / 'people.csv'}: {ADA.masked} stands in lines 2, 4" in told.out
    assert f"{folder / 'people.csv'}: 1 line without a number that can be read" in told.out
    assert f"{folder / 'stop.txt'}: {ADA.masked} stands in line 2" in told.out
    assert "dnc.txt" not in told.out
    assert str(outbox) in told.out
    document = smscli("person", "erase", ADA.e164, "--yes", "--campaigns", str(campaigns), "--json").document
    assert document["outbox"] == str(outbox)
    assert {Path(each["file"]).name: each["lines"] for each in document["lists"]} == {
        "people.csv": [2, 4], "stop.txt": [2],
    }  # fmt: skip
    assert ADA.digits not in json.dumps(document)


def test_at_a_terminal_the_last_four_digits_say_yes(log: Path) -> None:
    told = person(log, "erase", ADA.e164, typed="0102\n")
    assert told.code == 5
    assert "needed 0101; nothing was changed" in told.err
    assert not is_opted_out(log)
    told = person(log, "erase", ADA.e164, typed="0101\n")
    assert told.code == 0
    assert f"Everything about {ADA.masked} is forgotten for good" in told.err
    assert is_opted_out(log)


def test_without_a_terminal_nobody_is_erased_unless_told(log: Path) -> None:
    told = person(log, "erase", ADA.e164)
    assert told.code == 5
    assert "add --yes" in told.err
    assert not is_opted_out(log)
    assert not log.with_name("sent-log.db.key").exists()


def test_a_message_in_doubt_has_to_be_resolved_first_by_the_command_that_is_told(tmp_path: Path) -> None:
    log = sample(tmp_path / "sent-log.db")
    told = person(log, "erase", BEN.e164, "--yes")
    assert told.code == 5
    assert "is in doubt; nothing was erased" in told.err
    hint = next(line for line in told.err.splitlines() if line.startswith("hint: "))
    command = hint.partition("smscli ")[2].split()
    assert smscli(*command, "--sent", BEN.e164).code in (0, 3)
    assert person(log, "erase", BEN.e164, "--yes").code == 0
    told = person(log, "erase", ADA.e164, "--yes")
    assert (told.code, "is being submitted" in told.err) == (5, True)


def test_a_log_whose_key_is_gone_refuses_to_send_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns()
    desk.people(3)
    assert desk("init", "elsewhere").code == 0
    assert desk.send().code == 0
    assert desk("person", "erase", "+12025550001", "--yes", "--campaigns", "campaigns.yaml").code == 0
    key = tmp_path / "sent-log.db.key"
    kept = key.read_bytes()
    key.unlink()
    for told in (desk.send(), desk.preview()):
        assert told.code == 7
        assert "sent-log.db.key is missing" in told.err
        assert "put the key back" in told.err
    key.write_bytes(kept)
    document = desk.plan()
    assert document["skipped"] == {"already_sent": 2, "opted_out": 1}


def test_an_erased_person_comes_back_by_an_operators_word_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns()
    desk.people(2)
    desk.send()
    on = ("--campaigns", "campaigns.yaml")
    assert desk("person", "erase", "+12025550001", "--yes", *on).code == 0
    assert desk.sent()["skipped"] == {"already_sent": 1, "opted_out": 1}
    back = desk("optout", "remove", "+12025550001", "--reinstate", "came to the shop", *on)
    assert (back.code, back.out) == (0, "Lifted, with your reason: 1 opt-out.\n")
    assert desk.sent()["accepted"] == 1


# --- while others work ---


def test_who_is_erased_in_the_middle_of_a_send_is_not_texted(tmp_path: Path) -> None:
    with LoopbackGateway() as gateway:
        held = Held()
        gateway.script(held)
        at_work = Folder(tmp_path, gateway.url, profile="batch: {max: 1}\nconnections: 1")
        at_work.write(people=5)
        sending = at_work.start("--yes", "--first-run")
        gateway.wait_until(lambda gateway: bool(gateway.numbers))
        gone = next(each for each in ("+12025550003", "+12025550004") if each not in gateway.numbers)
        told = child("person", "erase", gone, "--yes", "--log", str(at_work.log_path))
        assert told.code == 0, told.err
        held.release()
        out, err = sending.communicate(timeout=30)
        assert gone not in gateway.numbers
        assert len(gateway.numbers) == 4
        gateway.assert_quiet(out + err + told.out + told.err, secrets=[TOKEN])
    assert {row.to.e164 for row in at_work.rows()} == set(gateway.numbers)


def test_an_erasure_waits_for_who_writes(log: Path) -> None:
    holds = Event()

    def write() -> None:
        with closing(open_sent_log(log, create=False)) as writer, writer.atomic():
            writer.opt_out([OptOut(EVA, "", NOW, "hand")])
            holds.set()
            sleep(0.3)

    writing = Thread(target=write)
    writing.start()
    assert holds.wait(10)
    told = person(log, "erase", ADA.e164, "--yes")
    writing.join()
    assert told.code == 0, told.err
    assert is_opted_out(log)


def test_an_old_state_that_somebody_reads_is_told_and_goes_later(log: Path) -> None:
    with closing(sqlite3.connect(log)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM message").fetchone()
        told = person(log, "erase", ADA.e164, "--yes", "--json")
        reader.execute("ROLLBACK")
    assert told.code == 3
    assert told.document["traces_left"] is True
    assert "warning: erased, but the file may still hold traces" in told.err
    assert "hint: smscli log prune --compact" in told.err
    assert smscli("log", "prune", "--compact", "--log", str(log)).code == 0
    assert all(ADA.digits.encode() not in each.read_bytes() for each in log.parent.glob("sent-log.db*"))
