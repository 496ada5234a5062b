"""One person: everything that is held is shown, and an erasure leaves a keyed hash and nothing else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

import pytest

from smscli.domain.consent import ConsentMethod, ConsentRecord, Promise
from smscli.domain.contact import ConsentLevel
from smscli.domain.errors import Refused, SentLogBusy, SentLogError
from smscli.domain.message import Realm, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import LogFilter, SentLog
from smscli.domain.replies import Classified, Reply, ReplyClass
from smscli.sentlog.erasing import key_path
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

from . import erasers
from .making import ANNA, BEN, CELIA, DAY, HOUR, NOW, TERMS, batch, claimed, message, sent, settle, stop

BY = "ola@desk"
MILLISECONDS = NOW.replace(microsecond=123000)
spawn = multiprocessing.get_context("spawn")


def agreed(number: Msisdn, **changes: object) -> ConsentRecord:
    record = ConsentRecord(
        number,
        ConsentLevel.EXPRESS_WRITTEN,
        NOW - DAY,
        ConsentMethod.WEB_FORM,
        purpose="marketing",
        topics=("offers",),
        words="Text me offers",
        promise=Promise(2, timedelta(days=30)),
        source="signups.csv:7",
        by=BY,
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def answered(number: Msisdn, text: str = "STOP this bill") -> tuple[Reply, Classified]:
    return Reply(number, "+12025550143", NOW, text, ref="in-1"), Classified(ReplyClass.REVIEW, "a question")


def fill(log: SentLog, number: Msisdn) -> None:
    """Something of everything about somebody."""
    one = message(number, body="Bike ready.")
    assert claimed(log, one)
    log.settle([Receipt(one.id, State.ACCEPTED, gateway_ref=f"ref-{number.digits}")], NOW)
    sent(log, number, now=NOW - 9 * DAY, state=State.REJECTED)
    sent(log, number, now=NOW - DAY, campaign="rehearsed", realm=Realm.SANDBOX)
    log.opt_out([stop(number, "offers")])
    log.record_consents([agreed(number)], NOW)
    log.file_replies([answered(number)], NOW)


def traces(log: Path, number: Msisdn) -> list[str]:
    """The files beside the log, and the log itself, whose bytes hold the number."""
    files = [each for each in log.parent.iterdir() if each.name.startswith(log.name)]
    return [each.name for each in files if number.digits.encode() in each.read_bytes()]


def facts(log: SentLog, *numbers: Msisdn) -> dict[Msisdn, frozenset[str]]:
    found = log.facts(Realm.LIVE, TERMS.campaign_id, numbers, NOW - DAY, NOW)
    return {number: found[number].opted_out for number in numbers if number in found}


# --- the contract, for every sent log --------------------------------------------------------------


def test_everything_that_is_held_about_a_number_is_shown(log: SentLog) -> None:
    fill(log, ANNA)
    fill(log, BEN)
    about: dict[str, Any] = dict(log.everything_about(ANNA))
    assert (about["number"], about["country"], about["erased"]) == (ANNA.e164, "US", None)
    assert [(each["campaign_id"], each["state"], each["realm"]) for each in about["messages"]] == [
        ("another", "rejected", "live"),
        ("rehearsed", "accepted", "sandbox"),
        (TERMS.campaign_id, "accepted", "live"),
    ]
    assert about["messages"][2]["evidence"] == "list: express on 2026-01-02, contacts.csv:7"
    assert about["messages"][2]["gateway_ref"] == f"ref-{ANNA.digits}"
    assert {each["topic"] for each in about["opt_outs"]["now"]} == {"", "offers"}
    assert [each["what"] for each in about["opt_outs"]["history"]] == ["added", "added"]
    consent = about["consents"][0]
    assert (consent["words"], consent["level"]) == ("Text me offers", "express_written")
    assert consent["promise"] == {"at_most": 2, "per": "P30D"}
    assert consent["topics"] == ["offers"]
    assert [(each["text"], each["kind"]) for each in about["replies"]] == [("STOP this bill", "review")]
    assert BEN.digits not in str(about)


def test_nothing_is_held_about_a_stranger(log: SentLog) -> None:
    fill(log, BEN)
    about = log.everything_about(ANNA)
    assert about == {
        "number": ANNA.e164, "country": "US", "erased": None, "messages": [],
        "opt_outs": {"now": [], "history": []}, "consents": [], "replies": [],
        "stray_receipts": [],
    }  # fmt: skip


def test_an_erased_person_is_forgotten_and_opted_out_of_everything(log: SentLog) -> None:
    fill(log, ANNA)
    fill(log, BEN)
    erased = log.erase(ANNA, BY, NOW)
    assert erased.before is None
    counts = {name: erased.counts[name] for name in ("messages", "opt_outs", "consents", "replies")}
    assert counts == {"messages": 3, "opt_outs": 2, "consents": 1, "replies": 1}
    about = log.everything_about(ANNA)
    assert about["erased"] == MILLISECONDS.isoformat().replace("+00:00", "Z")
    assert not any(about[name] for name in ("messages", "consents", "replies"))
    assert about["opt_outs"] == {"now": [], "history": []}
    assert facts(log, ANNA) == {ANNA: frozenset({""})}
    assert claimed(log, message(ANNA, campaign_id="new"), terms=replace(TERMS, campaign_id="new")) == []
    assert len(list(log.messages(LogFilter()))) == 3, "Ben's are there"
    assert [each.number for each in log.opt_outs()] == [BEN, BEN]
    assert list(log.consents(ANNA)) == []
    assert [each.reply.number for each in log.replies()] == [BEN]


@pytest.mark.parametrize("state", [State.SUBMITTING, State.IN_DOUBT])
def test_nobody_is_erased_whose_message_has_no_receipt(log: SentLog, state: State) -> None:
    one = message(ANNA)
    assert claimed(log, one)
    if state is State.IN_DOUBT:
        settle(log, one, state)
    with pytest.raises(Refused, match="nothing was erased") as refusal:
        log.erase(ANNA, BY, NOW)
    assert TERMS.campaign_id in refusal.value.message + refusal.value.hint
    assert ANNA.digits not in refusal.value.message + refusal.value.hint
    assert [each.to for each in log.messages(LogFilter())] == [ANNA]
    assert facts(log, ANNA) == {ANNA: frozenset()}
    settle(log, one, State.ACCEPTED)
    assert log.erase(ANNA, BY, NOW).counts["messages"] == 1


def test_erasing_again_tells_since_when_and_takes_what_came_since(log: SentLog) -> None:
    log.erase(ANNA, BY, NOW)
    again = log.erase(ANNA, BY, NOW + DAY)
    assert again.before == MILLISECONDS
    assert not any(again.counts.values())
    log.record_consents([agreed(ANNA)], NOW)
    assert log.erase(ANNA, BY, NOW + DAY).counts["consents"] == 1
    assert log.everything_about(ANNA)["erased"] == MILLISECONDS.isoformat().replace("+00:00", "Z")


def test_no_new_consent_and_no_start_makes_an_erased_person_reachable(log: SentLog) -> None:
    log.opt_out([replace(stop(ANNA), sender="+12025550143")])
    log.erase(ANNA, BY, NOW)
    log.record_consents([agreed(ANNA, at=NOW + HOUR)], NOW + HOUR)
    assert list(log.start(ANNA, "", "+12025550143", NOW + HOUR, "START")) == []
    assert facts(log, ANNA) == {ANNA: frozenset({""})}
    assert claimed(log, message(ANNA)) == []


def test_the_erased_are_counted(log: SentLog) -> None:
    assert log.count_erased() == 0
    for each in (ANNA, BEN, ANNA):
        log.erase(each, BY, NOW)
    assert log.count_erased() == 2
    log.reinstate(ANNA, "", BY, "agreed anew", NOW)
    assert log.count_erased() == 1


def test_only_an_operators_word_about_everything_brings_an_erased_person_back(log: SentLog) -> None:
    log.erase(ANNA, BY, NOW)
    log.erase(BEN, BY, NOW)
    assert not log.reinstate(ANNA, "offers", BY, "asked", NOW)
    assert log.reinstate(ANNA, "", BY, "signed up again in the shop", NOW)
    assert not log.reinstate(ANNA, "", BY, "again", NOW), "there is nothing left to lift"
    assert facts(log, ANNA, BEN) == {BEN: frozenset({""})}
    assert log.everything_about(ANNA)["erased"] is None
    assert claimed(log, message(ANNA))
    history: dict[str, Any] = dict(log.everything_about(ANNA))
    assert [each["note"] for each in history["opt_outs"]["history"]] == ["signed up again in the shop"]


def test_an_erasure_that_is_undone_leaves_everything(log: SentLog) -> None:
    fill(log, ANNA)
    before = log.everything_about(ANNA)
    with suppress(ZeroDivisionError), log.atomic():
        log.erase(ANNA, BY, NOW)
        raise ZeroDivisionError
    assert log.everything_about(ANNA) == before


def test_replies_that_come_after_an_erasure_hide_no_other(log: SentLog) -> None:
    log.file_replies([answered(ANNA), answered(BEN)], NOW)
    log.erase(ANNA, BY, NOW)
    log.file_replies([answered(CELIA)], NOW)
    assert {each.reply.number for each in log.replies()} == {BEN, CELIA}


# --- in the file -----------------------------------------------------------------------------------


def test_the_events_of_a_message_are_shown_in_order(sqlite_log: SqliteSentLog) -> None:
    one = message(ANNA)
    claimed(sqlite_log, one)
    settle(sqlite_log, one, State.IN_DOUBT, NOW + HOUR)
    sqlite_log.decide([one.id], State.ACCEPTED, BY, NOW + DAY)
    about: dict[str, Any] = dict(sqlite_log.everything_about(ANNA))
    [shown] = about["messages"]
    assert [(each["state"], each["by"]) for each in shown["events"]] == [
        ("submitting", ""), ("in_doubt", ""), ("accepted", BY),
    ]  # fmt: skip
    assert shown["events"][0]["at"] == MILLISECONDS.isoformat().replace("+00:00", "Z")
    assert shown["events"][2]["moved"] is True


def test_no_byte_of_an_erased_number_is_left_in_any_file(sqlite_log: SqliteSentLog) -> None:
    kept = replace(TERMS, campaign_id="kept", keep_bodies=True, repeat_within=DAY)
    one = message(ANNA, body=f"Dear {ANNA.digits}", campaign_id="kept")
    assert claimed(sqlite_log, one, terms=kept)
    quoting = message(BEN, campaign_id="kept")
    assert claimed(sqlite_log, quoting, terms=kept)
    fill(sqlite_log, ANNA)
    fill(sqlite_log, BEN)
    refused = f"{ANNA.digits} and 1 other are not valid"
    sqlite_log.settle(
        [Receipt(each.id, State.REJECTED, gateway_ref="r", detail=refused) for each in (one, quoting)], NOW
    )
    sqlite_log.opt_out([replace(stop(CELIA), note=f"rang with {ANNA.e164}")])
    sqlite_log.settle([Receipt(one.id, State.ACCEPTED, detail=ANNA.digits)], NOW)  # late, kept as an event
    assert traces(sqlite_log.path, ANNA)
    sqlite_log.erase(ANNA, BY, NOW)
    assert sqlite_log.compact()
    assert traces(sqlite_log.path, ANNA) == []
    assert traces(sqlite_log.path, BEN)
    assert one.id.encode() not in sqlite_log.path.read_bytes()
    about: dict[str, Any] = dict(sqlite_log.everything_about(BEN))
    assert (
        next(e for e in about["messages"] if e["campaign_id"] == "kept")["detail"]
        == "(erased) and 1 other are not valid"
    )


def test_what_pages_that_were_divided_remember_is_forgotten_too(path: Path) -> None:
    """Rows in the order of chance divide pages of the indexes; `secure_delete` leaves copies in the gaps."""
    chance = Random(1)
    people = [Msisdn(f"+1202{each:07d}", "US") for each in chance.sample(range(2_000_000, 9_999_999), 6_000)]
    with closing(open_sent_log(path, create=True)) as log:
        for start in range(0, len(people), 500):
            some = [message(each) for each in people[start : start + 500]]
            claimed(log, *some)
            log.settle([Receipt(each.id, State.ACCEPTED) for each in some], NOW)
        gone = chance.sample(people, 60)
        for each in gone:
            log.erase(each, BY, NOW)
        assert log.compact()
    stored = path.read_bytes()
    assert [each for each in gone if each.digits.encode() in stored] == []


def test_events_stay_but_name_nobody_and_history_is_append_only_again(sqlite_log: SqliteSentLog) -> None:
    fill(sqlite_log, ANNA)
    with closing(sqlite3.connect(sqlite_log.path)) as reader:
        before = reader.execute("SELECT count(*) FROM event").fetchone()
        sqlite_log.erase(ANNA, BY, NOW)
        assert reader.execute("SELECT count(*) FROM event").fetchone() == before
        told = "SELECT count(*) FROM event WHERE coalesce(message_id, gateway_ref, detail, by) IS NOT NULL"
        assert reader.execute(told).fetchone() == (0,)
        for statement in ("UPDATE event SET at = 0", "DELETE FROM event"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                reader.execute(statement)
        triggers = reader.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()
        assert triggers == (6,)


def test_a_reader_of_an_old_state_keeps_traces_and_that_is_told(sqlite_log: SqliteSentLog) -> None:
    fill(sqlite_log, ANNA)
    with closing(sqlite3.connect(sqlite_log.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM message").fetchone()
        sqlite_log.erase(ANNA, BY, NOW)
        assert sqlite_log.compact() is False
        reader.execute("ROLLBACK")
    assert sqlite_log.compact() is True
    assert traces(sqlite_log.path, ANNA) == []


def test_a_log_that_was_compacted_goes_on(sqlite_log: SqliteSentLog) -> None:
    fill(sqlite_log, ANNA)
    with closing(open_sent_log(sqlite_log.path, create=False)) as other:
        assert claimed(other, message(BEN))
        sqlite_log.erase(ANNA, BY, NOW)
        assert sqlite_log.compact()
        assert claimed(other, message(CELIA)), "the file is still the same one"
        assert claimed(other, message(ANNA, campaign_id="x"), terms=replace(TERMS, campaign_id="x")) == []
    sqlite_log.check()


# --- the key ---------------------------------------------------------------------------------------


def test_the_key_lies_beside_the_log_and_only_its_owner_can_read_it(sqlite_log: SqliteSentLog) -> None:
    key = sqlite_log.path.with_name("sent-log.db.key")
    assert not key.exists()
    sqlite_log.erase(ANNA, BY, NOW)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    made = bytes.fromhex(key.read_text("ascii"))
    assert len(made) == 32
    stored = sqlite_log.path.read_bytes()
    assert made not in stored
    assert made.hex().encode() not in stored
    assert sha256(ANNA.e164.encode()).digest() not in stored, "a plain hash could be tried out"
    sqlite_log.erase(BEN, BY, NOW)
    assert bytes.fromhex(key.read_text("ascii")) == made, "one key for all"


@pytest.mark.parametrize("damage", ["missing", "another", "empty", "short", "binary", "folder", "pipe"])
def test_without_its_key_a_log_with_erased_people_refuses(sqlite_log: SqliteSentLog, damage: str) -> None:
    sqlite_log.erase(ANNA, BY, NOW)
    key = key_path(sqlite_log.path)
    kept = key.read_text("ascii")
    key.unlink()
    if damage == "folder":
        key.mkdir()
    elif damage == "pipe":
        os.mkfifo(key)
    elif damage != "missing":
        contents = {"another": b"00" * 32, "empty": b"", "short": kept[:20].encode(), "binary": b"\xff" * 32}
        key.write_bytes(contents[damage])
    for ask in (
        lambda: facts(sqlite_log, BEN),
        lambda: claimed(sqlite_log, message(BEN)),
        lambda: sqlite_log.erase(BEN, BY, NOW),
        lambda: sqlite_log.everything_about(BEN),
        lambda: sqlite_log.reinstate(BEN, "", BY, "why", NOW),
    ):
        with pytest.raises(SentLogError, match=r"sent-log\.db\.key .*may not be texted") as error:
            ask()
        assert "put the key back" in error.value.hint
    assert sqlite_log.counts(Realm.LIVE) == {}
    key.rmdir() if damage == "folder" else key.unlink(missing_ok=True)
    key.write_text(kept.upper() + "\n\n")  # an editor had it
    assert facts(sqlite_log, ANNA, BEN) == {ANNA: frozenset({""})}


def test_a_log_where_nobody_was_erased_needs_no_key(sqlite_log: SqliteSentLog) -> None:
    assert claimed(sqlite_log, message(ANNA))
    sqlite_log.erase(BEN, BY, NOW)
    sqlite_log.reinstate(BEN, "", BY, "came back", NOW)
    key_path(sqlite_log.path).unlink()
    assert claimed(sqlite_log, message(BEN))


def test_a_key_that_an_interrupted_erasure_left_is_taken(sqlite_log: SqliteSentLog) -> None:
    key = key_path(sqlite_log.path)
    with suppress(ZeroDivisionError), sqlite_log.atomic():
        sqlite_log.erase(ANNA, BY, NOW)
        raise ZeroDivisionError
    left = key.read_text("ascii")
    assert facts(sqlite_log, ANNA) == {}
    sqlite_log.erase(ANNA, BY, NOW)
    assert key.read_text("ascii") == left


def test_somebody_elses_file_under_the_name_of_the_key_is_left_alone(sqlite_log: SqliteSentLog) -> None:
    key = key_path(sqlite_log.path)
    key.write_text("-----BEGIN PRIVATE KEY-----")
    with pytest.raises(SentLogError, match="is not a key"):
        sqlite_log.erase(ANNA, BY, NOW)
    assert key.read_text("ascii") == "-----BEGIN PRIVATE KEY-----"


def test_a_log_behind_a_link_has_its_key_beside_the_file(tmp_path: Path) -> None:
    real, link = tmp_path / "disk" / "log.db", tmp_path / "sent-log.db"
    real.parent.mkdir()
    with closing(open_sent_log(real, create=True)) as log:
        log.erase(ANNA, BY, NOW)
    link.symlink_to(real)
    with closing(open_sent_log(link, create=False)) as log:
        assert facts(log, ANNA) == {ANNA: frozenset({""})}
        log.erase(BEN, BY, NOW)
    assert {each.name for each in tmp_path.iterdir()} == {"disk", "sent-log.db"}
    assert real.with_name("log.db.key").exists()


def test_a_folder_that_takes_no_key_erases_nobody(sqlite_log: SqliteSentLog) -> None:
    fill(sqlite_log, ANNA)
    (sqlite_log.path.parent / "sent-log.db.key.new").mkdir()
    with pytest.raises(SentLogError, match="nobody was erased"):
        sqlite_log.erase(ANNA, BY, NOW)
    assert len(list(sqlite_log.messages(LogFilter()))) == 3


# --- several processes -----------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_kill_erases_whole_or_not_at_all(path: Path, moment: str) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        fill(log, ANNA)
    child = spawn.Process(target=erasers.erase_and_die, args=(path, moment == "before the commit"))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    with closing(open_sent_log(path, create=False)) as log:
        is_erased = log.everything_about(ANNA)["erased"] is not None
        assert is_erased is (moment == "after the commit")
        assert len(list(log.messages(LogFilter()))) == (0 if is_erased else 3)
        assert claimed(log, message(ANNA, campaign_id="x"), terms=replace(TERMS, campaign_id="x")) == []
        log.erase(ANNA, BY, NOW)
        assert log.compact()
    assert traces(path, ANNA) == []


@pytest.mark.parametrize("kills", [8])
def test_kills_at_any_moment_leave_a_sound_log_and_nobody_half_erased(path: Path, kills: int) -> None:
    people = [Msisdn(f"+1202555{each:04d}", "US") for each in range(100, 300)]
    with closing(open_sent_log(path, create=True)) as log:
        some = [message(each) for each in people]
        claimed(log, *some)
        log.settle([Receipt(each.id, State.ACCEPTED) for each in some], NOW)
    chance = Random(7)
    for _ in range(kills):
        ours, theirs = spawn.Pipe()
        child = spawn.Process(target=erasers.erase_for_ever, args=(path, people, theirs))
        child.start()
        assert ours.recv() == "ready"
        sleep(chance.uniform(0.0, 0.05))
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        with closing(open_sent_log(path, create=False, busy_wait=5)) as log:
            log.check()
            left = {each.to for each in log.messages(LogFilter())}
            erased = {each for each, topics in facts(log, *people).items() if "" in topics}
            assert left | erased == set(people)
            assert not left & erased


def test_who_is_erased_while_a_send_runs_is_not_sent_to(path: Path) -> None:
    people = [Msisdn(f"+1202555{each:04d}", "US") for each in range(100, 200)]
    with (
        closing(open_sent_log(path, create=True)) as sender,
        closing(open_sent_log(path, create=False)) as desk,
    ):
        planned = sender.facts(Realm.LIVE, TERMS.campaign_id, people, NOW - DAY, NOW)
        assert planned == {}, "at the plan nobody was erased"
        won = sender.claim([batch(*map(message, people[:50]))], TERMS, NOW)
        assert len(won) == 50
        desk.erase(people[70], BY, NOW)
        assert len(sender.claim([batch(*map(message, people[50:]))], TERMS, NOW)) == 49


def test_an_erasure_waits_for_a_writer_and_no_longer(path: Path) -> None:
    with (
        closing(open_sent_log(path, create=True)) as sender,
        closing(open_sent_log(path, create=False)) as desk,
    ):
        fill(sender, ANNA)
        with sender.atomic(), pytest.raises(SentLogBusy):
            desk.erase(ANNA, BY, NOW)
        with sender.atomic(), pytest.raises(SentLogBusy):
            desk.compact()
        assert desk.erase(ANNA, BY, NOW).counts["messages"] == 3


def test_claims_go_on_beside_erasures_and_compactions(path: Path) -> None:
    """Two processes on one file: whoever is busy waits, and nothing is lost or sent to the erased."""
    people = [Msisdn(f"+1202555{each:04d}", "US") for each in range(100, 500)]
    with closing(open_sent_log(path, create=True)) as log:
        gone: Sequence[Msisdn] = people[::40]
        for each in gone:
            sent(log, each, now=NOW - DAY)
        ours, theirs = spawn.Pipe()
        child = spawn.Process(target=erasers.claim_all, args=(path, people, theirs))
        child.start()
        assert ours.recv() == "ready"
        log.wait_for_writers(5)
        for each in gone:
            with suppress(Refused):  # claimed already
                log.erase(each, BY, NOW)
        log.compact()
        won = set(ours.recv())
        child.join()
        log.check()
        for each in people:
            erased = facts(log, each).get(each, frozenset()) == {""}
            assert erased is (each.e164 not in won)
