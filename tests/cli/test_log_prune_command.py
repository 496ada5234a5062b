"""`smscli log prune`: shown, asked, done; and nobody is sent to under a closed id."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from smscli.domain.message import Realm, Receipt, State
from tests.cli.desk import Desk
from tests.cli.program import NOW, Finished, Program
from tests.cli.sample_log import ADA, BEN, EVA, ZOE, message, run

LATER = NOW + timedelta(days=1000)
smscli = Program(now=LATER)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Long ago: spring of two people, its rehearsal, and autumn with somebody in doubt. Lately: fresh."""
    path = tmp_path / "sent-log.db"
    spring = [message("s-ada", "spring", ADA), message("s-ben", "spring", BEN)]
    run(path, spring, [Receipt(each.id, State.ACCEPTED) for each in spring], NOW)
    rehearsal = [message("r-ada", "spring", ADA)]
    run(path, rehearsal, [Receipt("r-ada", State.DELIVERED)], NOW, realm=Realm.SANDBOX)
    run(path, [message("a-zoe", "autumn", ZOE)], [Receipt("a-zoe", State.IN_DOUBT)], NOW)
    run(path, [message("f-eva", "fresh", EVA)], [Receipt("f-eva", State.ACCEPTED)], LATER - timedelta(days=9))
    return path


def prune(log: Path, *words: str, typed: str | None = None) -> Finished:
    return smscli("log", "prune", "--log", str(log), *words, typed=typed)


def left(log: Path) -> list[str]:
    return sorted(line["id"] for line in smscli("log", "--jsonl", "--log", str(log)).lines)


EVERYTHING = ["a-zoe", "f-eva", "r-ada", "s-ada", "s-ben"]


def test_old_campaigns_are_forgotten_and_what_is_in_doubt_is_left_and_named(log: Path) -> None:
    told = prune(log, "--older-than", "2y", "--yes")
    assert told.code == 3
    lines = told.out.splitlines()
    assert lines[0].split() == ["campaign", "realm", "messages", "newest"]
    assert [line.split()[:3] for line in lines[1:3]] == [["spring", "live", "2"], ["spring", "sandbox", "1"]]
    assert "Forgot 3 messages of 2 campaigns." in told.out
    assert "Left: autumn (live): 1 message is in doubt or being submitted; smscli resolve" in told.out
    assert left(log) == ["a-zoe", "f-eva"]
    resolved = smscli("resolve", "--log", str(log), "--campaign", "autumn", "--sent", "all", "--yes")
    assert resolved.code == 0
    assert prune(log, "--older-than", "2y").code == 0, "decided just now: it is young again, and nobody asks"


def test_a_dry_run_shows_and_changes_nothing(log: Path) -> None:
    told = prune(log, "--older-than", "2y", "--dry-run")
    assert told.code == 3
    assert "Would forget 3 messages of 2 campaigns." in told.out
    assert left(log) == EVERYTHING


def test_the_document_names_each_campaign(log: Path) -> None:
    document = prune(log, "--older-than", "730d", "--realm", "live", "--yes", "--json").document
    assert document["campaigns"] == [
        {
            "campaign": "spring", "realm": "live", "messages": 2,
            "newest_at": "2026-11-22T12:01:00Z", "unsettled": 0,
        }
    ]  # fmt: skip
    assert [each["campaign"] for each in document["left"]] == ["autumn"]
    assert (document["older_than_days"], document["dry_run"], document["compacted"]) == (730, False, None)
    assert left(log) == ["a-zoe", "f-eva", "r-ada"]


def test_a_person_types_the_number_of_messages(log: Path) -> None:
    told = prune(log, "--older-than", "2y", typed="2\n")
    assert (told.code, "needed 3; nothing was changed" in told.err) == (5, True)
    assert "spring" in told.err, "what goes is shown before it is asked about"
    assert left(log) == EVERYTHING
    assert prune(log, "--older-than", "2y", typed="3\n").code == 3
    assert left(log) == ["a-zoe", "f-eva"]


def test_without_a_terminal_nothing_is_forgotten_unless_told(log: Path) -> None:
    told = prune(log, "--older-than", "2y")
    assert told.code == 5
    assert "--yes" in told.err
    assert left(log) == EVERYTHING


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--older-than", "89d"], 5, "frequency caps and same texts look back"),
        (["--older-than", "1h"], 5, "write --older-than 90d or more"),
        (["--older-than", "two years"], 2, "is not a duration"),
        (["--older-than", "2"], 2, "2y, 18mo"),
        ([], 2, "nothing says how old"),
        (["--realm", "live", "--compact"], 2, "nothing says how old"),
        (["--older-than", "2y", "--dry-run", "--compact"], 2, "--dry-run changes nothing"),
    ],
)
def test_what_cannot_be_meant_is_refused(log: Path, words: list[str], code: int, said: str) -> None:
    told = prune(log, *words, "--yes")
    assert told.code == code
    assert said in told.err
    assert left(log) == EVERYTHING


def test_ninety_days_are_enough_unless_a_campaign_looks_back_longer(log: Path) -> None:
    campaigns = log.with_name("campaigns.yaml")
    campaigns.write_text(
        "version: 1\nbrand: B\nsender: Garage\ngateway: sandbox\nsent_log: sent-log.db\ncampaigns:\n"
        '  long:\n    purpose: transactional\n    text: "B: hello"\n    frequency: {at_most: 3, per: 180d}\n'
    )
    words = ("log", "prune", "--campaigns", str(campaigns), "--yes", "--older-than")
    told = smscli(*words, "120d")
    assert told.code == 5
    assert "less than 180d: campaign long looks back as long" in told.err
    assert left(log) == EVERYTHING
    assert smscli(*words, "180d").code == 3
    assert prune(log, "--older-than", "90d", "--dry-run").code == 3


def test_nothing_old_is_told_and_fine(log: Path) -> None:
    told = prune(log, "--older-than", "9y")
    assert (told.code, told.out) == (0, "No campaign is settled and older than 3,285 days.\n")


def test_compacting_gives_the_room_back(log: Path) -> None:
    before = log.stat().st_size
    told = prune(log, "--older-than", "2y", "--compact", "--yes")
    assert "The file was written anew" in told.out
    assert log.stat().st_size <= before
    assert prune(log, "--compact", "--json").document["compacted"] is True


# --- a campaign that was pruned ---


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Campaign `ready` was sent in the sandbox, and pruned when that was three years ago."""
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns()
    desk.people(2)
    assert desk.send().code == 0
    desk.ahead = timedelta(days=1100)
    words = ("log", "prune", "--campaigns", "campaigns.yaml", "--older-than", "2y", "--yes")
    assert desk(*words).code == 0
    desk.ahead = timedelta()  # the sandbox's own clock is the machine's
    assert desk.rows() == []
    return desk


@pytest.mark.parametrize("option", ["--yes", "--dry-run", "--fresh"])
def test_nobody_can_send_under_a_closed_id(desk: Desk, option: str) -> None:
    told = desk.send(option)
    assert told.code == 5
    assert "campaign ready was pruned on 20" in told.err
    assert "hint: a new message is a new campaign id" in told.err
    assert desk.rows() == []


def test_a_preview_warns_of_it(desk: Desk) -> None:
    told = desk.preview("--json")
    assert told.code == 0
    assert "warning: a send would be refused: campaign ready was pruned on 20" in told.err
    assert told.document["refusals"][0].startswith("campaign ready was pruned on 20")
    assert desk.preview("--at", "2030-01-01T12:00").err.count("was pruned") == 1


def test_another_id_is_a_new_campaign(desk: Desk) -> None:
    text = (desk.path / "campaigns.yaml").read_text("utf-8")
    (desk.path / "campaigns.yaml").write_text(text.replace("  ready:", "  again:"), "utf-8")
    assert desk.send(campaign="again").code == 0
    assert len(desk.rows()) == 2


def test_what_a_promise_still_counts_stays(log: Path) -> None:
    words = ("--level", "express", "--how", "paper", "--promise", "1 per 1200d", "--at", "2026-03-01")
    assert smscli("consent", "add", "+12025550101", *words, "--log", str(log)).code == 0
    told = prune(log, "--older-than", "2y", "--yes")
    assert told.code == 5
    assert "write --older-than 1200d or more" in told.err
    assert left(log) == EVERYTHING
