"""`smscli optout`: wishes go in, only reasons take them out, and lists travel without losing anybody."""

from __future__ import annotations

import csv
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import OptOut
from smscli.domain.replies import Classified, Reply, ReplyClass
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.program import NOW, Finished, Program
from tests.cli.sample_log import ADA, BEN, EVA, ZOE, opted_out, sample

smscli = Program()

RECORD = ["number", "topic", "at", "source", "by", "note", "until", "sender", "words"]
SHOWN = RECORD[:6]  # where no wish has more

JOE = Msisdn("+12025550111", "US")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return sample(tmp_path / "sent-log.db")


def optout(log: Path, verb: str, *words: str) -> Finished:
    return smscli("optout", verb, "--log", str(log), *words)


def wishes(log: Path) -> list[tuple[str, str]]:
    return [(line["number"], line["topic"]) for line in optout(log, "list", "--jsonl").lines]


# --- add ---


def test_added_numbers_are_on_the_list_with_who_and_how(log: Path) -> None:
    told = optout(log, "add", ADA.e164, "+1 (202) 555-0102", "--source", "phone", "--note", "rang us")
    assert told.code == 0
    assert told.out == "Added to the opt-out list: 2.\n"
    lines = optout(log, "list", "--jsonl").lines
    assert [list(line) for line in lines] == [RECORD] * 2
    assert lines[0] == {
        "number": ADA.e164, "topic": "", "at": "2026-11-22T12:00:00Z",
        "source": "phone", "by": "ola@desk", "note": "rang us", "until": None, "sender": "", "words": "",
    }  # fmt: skip
    assert lines[1]["number"] == BEN.e164


def test_a_wish_that_was_there_keeps_its_date(log: Path) -> None:
    opted_out(log, OptOut(ADA, "", NOW - timedelta(days=9), "reply"))
    told = optout(log, "add", ADA.e164, BEN.e164, BEN.e164, "--json")
    assert told.document == {
        "schema": 1, "command": "optout add", "status": "ok", "sent_log": str(log),
        "added": 1, "already": 1, "ended": 0, "erased": 0, "problems": [],
    }  # fmt: skip
    assert optout(log, "list", "--jsonl").lines[0]["at"] == "2026-11-13T12:00:00Z"


def test_a_region_reads_national_numbers(log: Path) -> None:
    assert optout(log, "add", "512 345 678", "--region", "pl").code == 0
    assert wishes(log) == [(EVA.e164, "")]


def test_a_topic_is_one_wish_and_everything_another(log: Path) -> None:
    optout(log, "add", ADA.e164, "--topic", "Offers")
    optout(log, "add", ADA.e164)
    assert wishes(log) == [(ADA.e164, ""), (ADA.e164, "offers")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["+12025550199", "+1202555", "nobody"], "nobody is not a phone number"),
        (["512345678"], "does not say its country"),
        (["512345678"], "or say --region with two letters, such as --region PL"),
        ([ADA.e164, "--region", "XX"], '--region: "XX" is no country'),
        ([ADA.e164, "--topic", ""], "--topic"),
        ([ADA.e164, "--topic", "two words"], "--topic"),
        ([ADA.e164, "--source", "gossip"], "gossip"),
        ([], "smscli optout add needs NUMBER"),
    ],
)
def test_one_bad_word_and_nobody_is_added(log: Path, words: list[str], said: str) -> None:
    told = optout(log, "add", *words)
    assert told.code == 2
    assert said in told.err
    assert wishes(log) == []


def test_a_list_of_numbers_without_a_country_gets_the_option_as_a_hint(log: Path, tmp_path: Path) -> None:
    (tmp_path / "stop.txt").write_text("512 345 678\n")
    told = optout(log, "import", str(tmp_path / "stop.txt"))
    assert told.code == 4
    assert "say their country with --region, such as --region PL, or take" in told.err


def test_every_bad_number_is_named_and_none_in_full(log: Path) -> None:
    told = optout(log, "add", "+120255501999", "+4420794601231234")
    assert told.err.count("+1") + told.err.count("+4") == 2
    assert "55501999" not in told.err
    assert "2079460123" not in told.err


@pytest.mark.parametrize("words", [["add", ADA.e164], ["list"], ["remove", ADA.e164, "--reinstate", "x"]])
def test_no_verb_makes_a_log(tmp_path: Path, words: list[str]) -> None:
    assert smscli("optout", *words, "--log", str(tmp_path / "none.db")).code == 7
    assert list(tmp_path.iterdir()) == []


# --- the erased ---


@pytest.fixture
def without_joe(log: Path) -> Path:
    with closing(open_sent_log(log, create=False)) as opened:
        opened.erase(JOE, "ola@desk", NOW)
    return log


@pytest.mark.parametrize("verb", ["add", "import"])
def test_an_erased_person_is_not_written_down_again(without_joe: Path, tmp_path: Path, verb: str) -> None:
    (tmp_path / "stop.txt").write_text(f"{JOE.e164}\n{BEN.e164}\n")
    given = [JOE.e164, BEN.e164] if verb == "add" else [str(tmp_path / "stop.txt")]
    told = optout(without_joe, verb, *given)
    assert (told.code, told.out.splitlines()) == (0, [
        "Added to the opt-out list: 1.", "1 number was erased and stays opted out of everything.",
    ])  # fmt: skip
    assert wishes(without_joe) == [(BEN.e164, "")]
    again = optout(without_joe, verb, *given, "--json").document
    assert (again["added"], again["already"], again["erased"]) == (0, 1, 1)


def test_without_the_key_an_opt_out_is_recorded_all_the_same(without_joe: Path) -> None:
    without_joe.with_name("sent-log.db.key").unlink()
    told = optout(without_joe, "add", BEN.e164)
    assert (told.code, told.out) == (0, "Added to the opt-out list: 1.\n")
    assert "sent-log.db.key is missing" in told.err
    assert "their numbers are recorded in full" in told.err
    assert wishes(without_joe) == [(BEN.e164, "")]


def test_the_list_and_status_say_how_many_are_erased(without_joe: Path) -> None:
    assert optout(without_joe, "list").out.splitlines() == [
        "0 opt-outs.", "Besides, 1 number was erased and stays opted out of everything.",
    ]  # fmt: skip
    assert optout(without_joe, "list", "--json").document["erased"] == 1
    told = smscli("status", "--log", str(without_joe))
    assert "Erased    1, opted out of everything" in told.out.splitlines()
    document = smscli("status", "--log", str(without_joe), "--json").document
    assert document["opt_outs"]["erased"] == 1


# --- for a time ---


@pytest.mark.parametrize(
    ("words", "until"),
    [
        (["--until", "2027-03-31"], "2027-04-01T12:00:00Z"),
        (["--until", "31.3.2027"], "2027-04-01T12:00:00Z"),
        (["--until", "2027-03-31T18:00+02:00"], "2027-03-31T16:00:00Z"),
        (["--for", "30d"], "2026-12-22T12:00:00Z"),
        ([], None),
    ],
)
def test_an_opt_out_ends_when_it_was_said_to_and_never_sooner(
    log: Path, words: list[str], until: str | None
) -> None:
    assert optout(log, "add", ADA.e164, *words).code == 0
    assert [line["until"] for line in optout(log, "list", "--jsonl").lines] == [until]
    shown = optout(log, "list").out
    assert ("until" in shown) == (until is not None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--until", "2026-11-20"], '--until: "2026-11-20" has passed'),
        (["--until", "soon"], '--until: "soon" is not a date'),
        (["--for", "a while"], '--for: "a while" is not a duration'),
        (["--for", "1d", "--until", "2027-01-01"], "--until and --for say the same"),
    ],
)
def test_an_end_that_cannot_be_adds_nobody(log: Path, words: list[str], said: str) -> None:
    told = optout(log, "add", ADA.e164, *words)
    assert told.code == 2
    assert said in told.err
    assert wishes(log) == []


def test_what_lasts_longer_holds_and_never_the_shorter(log: Path) -> None:
    for end, added in (("7d", 1), ("30d", 1), ("7d", 0)):
        assert optout(log, "add", ADA.e164, "--for", end, "--json").document["added"] == added
    assert optout(log, "list", "--jsonl").lines[0]["until"] == "2026-12-22T12:00:00Z"
    optout(log, "add", ADA.e164)
    optout(log, "add", ADA.e164, "--for", "30d")
    assert optout(log, "list", "--jsonl").lines[0]["until"] is None


def test_those_whose_time_has_ended_are_listed_only_with_all(log: Path) -> None:
    opted_out(log, OptOut(ADA, "", NOW - timedelta(days=9), "web", until=NOW), OptOut(BEN, "", NOW, "web"))
    assert wishes(log) == [(BEN.e164, "")]
    assert "1 opt-out." in optout(log, "list").out
    assert [line["number"] for line in optout(log, "list", "--jsonl", "--all").lines] == [ADA.e164, BEN.e164]


def test_the_sender_and_the_words_are_kept(log: Path) -> None:
    optout(log, "add", ADA.e164, "--source", "reply", "--sender", "3344", "--words", "no more")
    line = optout(log, "list", "--jsonl").lines[0]
    assert (line["sender"], line["words"]) == ("3344", "no more")
    with closing(open_sent_log(log, create=False)) as opened:
        assert not opened.start(ADA, "", "7766", NOW + timedelta(hours=1), "START")
        assert list(opened.start(ADA, "", "3344", NOW + timedelta(hours=1), "START")) == [""]


def test_a_reply_that_waits_for_review_is_told_apart_and_becomes_an_opt_out_by_hand(log: Path) -> None:
    reply = Reply(ADA, "3344", NOW - timedelta(hours=1), "STOP this bill")
    with closing(open_sent_log(log, create=False)) as opened:
        opened.file_replies([(reply, Classified(ReplyClass.REVIEW))], NOW)
    told = optout(log, "list").out
    assert "waits for review" in told
    assert "Among them 1 reply waits for somebody to read: smscli replies review" in told
    assert optout(log, "list", "--jsonl").lines[0]["source"] == "review"
    assert optout(log, "add", ADA.e164, "--source", "phone").code == 0
    assert [line["source"] for line in optout(log, "list", "--jsonl").lines] == ["phone"]
    assert "waits" not in optout(log, "list").out


# --- remove ---


def test_an_opt_out_is_lifted_only_with_a_reason(log: Path) -> None:
    optout(log, "add", ADA.e164)
    for words in ([], ["--reinstate", " "]):
        told = optout(log, "remove", ADA.e164, *words)
        assert told.code == 2
        assert "or by your word with a reason" in told.err
        assert "--reinstate" in told.err
    assert wishes(log) == [(ADA.e164, "")]
    told = optout(log, "remove", ADA.e164, "--reinstate", "signed up again in the shop")
    assert (told.code, told.out) == (0, "Lifted, with your reason: 1 opt-out.\n")
    assert wishes(log) == []


def test_lifting_what_is_not_there_is_told_with_what_is(log: Path) -> None:
    optout(log, "add", ADA.e164, "--topic", "offers")
    told = optout(log, "remove", ADA.e164, BEN.e164, "--reinstate", "asked")
    assert told.code == 3
    assert told.out.splitlines() == [
        f"{ADA.masked} is not opted out of everything, but of offers: --topic offers lifts that.",
        f"{BEN.masked} is not on the opt-out list: there was nothing to lift.",
    ]
    optout(log, "add", EVA.e164)
    told = optout(log, "remove", EVA.e164, "--topic", "offers", "--reinstate", "asked")
    assert (
        told.out
        == f"{EVA.masked} is not opted out of offers, but of everything: leave out --topic to lift that.\n"
    )
    document = optout(log, "remove", ADA.e164, "--reinstate", "asked", "--json").document
    assert (document["status"], document["removed"]) == ("incomplete", 0)
    assert document["not_opted_out"] == [{"number": ADA.masked, "opted_out_of": ["offers"]}]
    assert optout(log, "remove", ADA.e164, "--topic", "offers", "--reinstate", "asked").code == 0


# --- list ---


@pytest.fixture
def listed(log: Path) -> Path:
    opted_out(
        log,
        OptOut(ADA, "", NOW, "reply", "", '=HYPERLINK("x")\x1b[31m'),
        OptOut(BEN, "offers", NOW, "web", "", 'said, "stop"\nplease [bold]'),
        OptOut(ZOE, "", NOW, "hand", "@ola", "żółw"),
    )
    return log


def test_the_table_masks_and_is_inert(listed: Path) -> None:
    told = optout(listed, "list")
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0].split() == SHOWN
    assert len(lines) == 5
    assert lines[-1] == "3 opt-outs."
    assert "everything" in lines[1]
    assert r"\x1b[31m" in told.out
    assert r"\nplease [bold]" in told.out
    for person in (ADA, BEN, ZOE):
        assert person.masked in told.out
        assert person.digits not in told.out


def test_json_masks_and_jsonl_does_not(listed: Path) -> None:
    told = optout(listed, "list", "--json")
    assert list(told.document) == ["schema", "command", "status", "sent_log", "opt_outs", "erased"]
    assert [each["number"] for each in told.document["opt_outs"]] == [p.masked for p in (ADA, BEN, ZOE)]
    assert wishes(listed) == [(ADA.e164, ""), (BEN.e164, "offers"), (ZOE.e164, "")]


def test_csv_is_safe_for_spreadsheets_and_one_line_a_record(listed: Path) -> None:
    told = optout(listed, "list", "--csv")
    lines = told.out.splitlines()
    assert len(lines) == 4
    rows = list(csv.reader(lines))
    assert rows[0] == RECORD
    assert rows[1] == [
        ADA.e164,
        "",
        "2026-11-22T12:00:00Z",
        "reply",
        "",
        '\'=HYPERLINK("x")\\x1b[31m',
        "",
        "",
        "",
    ]
    assert rows[2][5] == 'said, "stop"\\nplease [bold]'
    assert rows[3][4:6] == ["'@ola", "żółw"]


def test_a_topic_narrows_the_list(listed: Path) -> None:
    assert [line["number"] for line in optout(listed, "list", "--jsonl", "--topic", "offers").lines] == [
        BEN.e164
    ]


@pytest.mark.parametrize("two", [("--csv", "--jsonl"), ("--csv", "--json"), ("--jsonl", "--json")])
def test_one_form_at_a_time(log: Path, two: tuple[str, str]) -> None:
    assert optout(log, "list", *two).code == 2


# --- import ---


def test_an_exported_list_can_be_imported_elsewhere(listed: Path, tmp_path: Path) -> None:
    exported = tmp_path / "stop.csv"
    exported.write_text(optout(listed, "list", "--csv").out, "utf-8")
    other = sample(tmp_path / "other.db")
    told = optout(other, "import", str(exported))
    assert told.code == 0, told.err
    assert wishes(other) == wishes(listed)


def test_a_plain_list_with_a_bad_line_adds_nobody_unless_told(log: Path, tmp_path: Path) -> None:
    stop = tmp_path / "stop.txt"
    stop.write_text(f"# said stop\n{ADA.e164}\n12\n{BEN.e164}\n+48 12\n")
    told = optout(log, "import", str(stop), "--json")
    assert told.code == 4
    assert [each["line"] for each in told.document["error"]["problems"]] == [3, 5]
    assert "stop.txt:3" in told.err
    assert "stop.txt:5" in told.err
    assert "--keep-good" in told.err
    assert wishes(log) == []

    kept = optout(log, "import", str(stop), "--keep-good")
    assert kept.code == 3
    assert kept.out == "Added to the opt-out list: 2. 2 lines could not be read.\n"
    _sent_log, heading, first, *_ = kept.err.splitlines()
    assert heading == f"Bad lines of {stop}:"
    assert first.startswith(f"  {stop}:3: ")
    assert wishes(log) == [(ADA.e164, ""), (BEN.e164, "")]
    record = optout(log, "list", "--jsonl").lines[0]
    assert (record["source"], record["note"]) == ("import", "stop.txt:2")


def test_import_takes_topic_source_note_and_region(log: Path, tmp_path: Path) -> None:
    stop = tmp_path / "stop.csv"
    stop.write_text("phone,topic\n512345678,\n+61491570006,news\n")
    options = ["--topic", "offers", "--source", "web", "--note", "form", "--region", "PL"]
    assert optout(log, "import", str(stop), *options).code == 0
    lines = optout(log, "list", "--jsonl").lines
    assert [(each["number"], each["topic"], each["source"], each["note"]) for each in lines] == [
        (EVA.e164, "offers", "web", "form"),
        (ZOE.e164, "news", "web", "form"),
    ]


def test_import_reads_until_when_and_leaves_out_what_has_ended(log: Path, tmp_path: Path) -> None:
    stop = tmp_path / "stop.csv"
    stop.write_text(
        f"phone,until,sender,words\n{ADA.e164},2027-03-31,3344,STOP\n{BEN.e164},,,\n{EVA.e164},2026-01-01,,\n"
    )
    told = optout(log, "import", str(stop), "--for", "30d", "--json")
    assert (told.document["added"], told.document["ended"]) == (2, 1)
    found = [
        (each["number"], each["until"], each["sender"], each["words"])
        for each in optout(log, "list", "--jsonl").lines
    ]
    assert found == [
        (ADA.e164, "2027-04-01T12:00:00Z", "3344", "STOP"),
        (BEN.e164, "2026-12-22T12:00:00Z", "", ""),
    ]
    assert "Left out, for their time has passed: 1 line." in optout(log, "import", str(stop)).out


def test_an_exported_list_keeps_its_ends_elsewhere(log: Path, tmp_path: Path) -> None:
    optout(log, "add", ADA.e164, "--for", "30d", "--sender", "Garage", "--words", "not this month")
    (tmp_path / "stop.csv").write_text(optout(log, "list", "--csv").out, "utf-8")
    other = sample(tmp_path / "other.db")
    optout(other, "import", str(tmp_path / "stop.csv"))
    here, there = (optout(path, "list", "--jsonl").lines[0] for path in (log, other))
    for name in ("until", "sender", "words"):
        assert here[name] == there[name]


def test_a_missing_file_is_exit_4(log: Path, tmp_path: Path) -> None:
    assert optout(log, "import", str(tmp_path / "none.txt")).code == 4


# --- by the campaigns file ---


CAMPAIGNS = """\
version: 1
brand: Green Garage
sender: "+12025550143"
gateway: sandbox
sent_log: sent-log.db
timezone: Europe/Warsaw
campaigns:
  spring:
    purpose: marketing
    topic: offers
    default_language: en
    text: {en: "Green Garage: hello. Reply STOP to opt out."}
    consent: {level: express, max_age: 2y}
"""


@pytest.fixture
def campaigns(log: Path) -> Path:
    path = log.parent / "campaigns.yaml"
    path.write_text(CAMPAIGNS)
    return path


def test_the_campaigns_file_names_the_log(log: Path, campaigns: Path) -> None:
    told = smscli("optout", "add", ADA.e164, "--campaigns", str(campaigns), "--json")
    assert told.code == 0, told.err
    assert told.document["sent_log"] == str(log)
    assert smscli("log", str(campaigns), "--json").document["sent_log"] == str(log)
    assert smscli("resolve", str(campaigns), "--json").document["sent_log"] == str(log)


def test_a_campaigns_file_with_problems_is_exit_4(campaigns: Path) -> None:
    campaigns.write_text(CAMPAIGNS.replace("brand", "bland"))
    told = smscli("log", str(campaigns), "--json")
    assert told.code == 4
    assert told.document["error"]["problems"][0]["file"].endswith("campaigns.yaml")


def test_a_topic_no_campaign_has_is_warned_of(campaigns: Path) -> None:
    told = smscli("optout", "add", ADA.e164, "--campaigns", str(campaigns), "--topic", "offer")
    assert told.code == 0
    assert f"warning: no campaign of {campaigns} has the topic offer; there are: offers" in told.err
    fine = smscli("optout", "add", ADA.e164, "--campaigns", str(campaigns), "--topic", "offers")
    assert "warning" not in fine.err
