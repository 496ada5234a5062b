"""`smscli replies`: from an export to the opt-out list, and a person in between where it is unclear."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smscli.domain.ports import OptOut
from smscli.domain.replies import FiledReply
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.desk import Desk
from tests.cli.program import Finished, in_process
from tests.cli.terminal import Seat

OURS = "+12025550143"
KEYWORDS = "keywords: {NEWS: news}\n"
NEWS = """\
  news:
    purpose: transactional
    topic: news
    quiet_hours: off
    same_text: warn
    text: "Green Garage: {{ first_name }}, we have moved."
"""
READY = """\
  ready:
    purpose: transactional
    quiet_hours: off
    text: "Green Garage: {{ first_name }}, your bike is ready."
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Six people whom the campaign `ready` texted (sandbox); `news` was not sent yet."""
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns(READY + NEWS, top=KEYWORDS)
    desk.people(6)
    assert desk.send().code == 0
    return desk


def person(index: int) -> str:
    return f"+1202555{index:04}"


def inbox(desk: Desk, *texts: str, name: str = "inbox.csv", start: int = 0) -> None:
    """A file with one reply of each person, a second apart, from now on."""
    at = datetime.now(UTC)
    rows = ["from,to,text,received_at"]
    for index, text in enumerate(texts):
        when = (at + timedelta(seconds=index)).isoformat()
        rows.append(f'{person(start + index)},{OURS},"{text}",{when}')
    (desk.path / name).write_text("\n".join([*rows, ""]), encoding="utf-8")


def imported(desk: Desk, *words: str, name: str = "inbox.csv") -> Finished:
    return desk("replies", "import", name, "--campaigns", "campaigns.yaml", *words)


def reviewed(desk: Desk, *words: str, typed: str | None = None) -> Finished:
    return desk("replies", "review", "--campaigns", "campaigns.yaml", *words, typed=typed)


def wishes(desk: Desk) -> list[OptOut]:
    with closing(open_sent_log(desk.log_path, create=False)) as log:
        return list(log.opt_outs())


def filed(desk: Desk) -> list[FiledReply]:
    with closing(open_sent_log(desk.log_path, create=False)) as log:
        return list(log.replies())


# --- import ---


def test_what_was_filed_and_what_it_did_is_told(desk: Desk) -> None:
    inbox(desk, "STOP", "News", "HELP", "STOP this bill", "see you", "START")
    told = imported(desk)
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0] == "6 replies in inbox.csv: 6 new, 0 filed before."
    assert [line.split(maxsplit=2) for line in lines[2:7]] == [
        ["opt_out", "1", "1 new on the opt-out list"],
        ["opt_in", "2", "0 opt-outs lifted, 1 consent recorded"],
        ["help", "1", "for a person to answer"],
        ["review", "1", "for a person to read"],
        ["other", "1"],
    ]
    assert "Asks for help: +1202•••0002 (inbox.csv:4)" in lines
    assert "An opt-in word proves that somebody with this number sent it" in told.out
    assert "Waiting for a person to read: 1. Until then they count as opted out." in lines
    assert lines[-1] == "Next      smscli replies review --campaigns campaigns.yaml"
    assert [(wish.number.e164, wish.source) for wish in wishes(desk)] == [
        (person(0), "reply"), (person(3), "review"),
    ]  # fmt: skip


def test_json_keys_and_counts(desk: Desk) -> None:
    inbox(desk, "STOP", "STOP NEWS", "help")
    document = imported(desk, "--json").document
    assert list(document) == [
        "schema", "command", "status", "sent_log", "replies", "new", "known", "by_class", "opted_out",
        "started", "consents", "help", "waiting", "outbound", "nameless", "erased", "untimed", "problems",
    ]  # fmt: skip
    assert document["by_class"] == {"opt_out": 2, "opt_in": 0, "help": 1, "review": 0, "other": 0}
    assert (document["new"], document["known"], document["opted_out"]) == (3, 0, 2)
    assert document["help"][0]["number"] == "+1202•••0002"
    again = imported(desk, "--json").document
    assert (again["new"], again["known"], again["opted_out"]) == (0, 3, 0)


def test_a_bad_row_stops_the_import_unless_the_good_ones_are_wanted(desk: Desk) -> None:
    inbox(desk, "STOP", "STOP")
    path = desk.path / "inbox.csv"
    path.write_text(path.read_text("utf-8").replace(person(1), "12"), encoding="utf-8")
    path.write_text(path.read_text("utf-8") + f'{person(2)},,"STOP",2026-11-20 10:00\n', encoding="utf-8")
    told = imported(desk)
    assert told.code == 4
    assert "1 row of inbox.csv cannot be read; nothing was filed" in told.err
    assert "inbox.csv:4: at" in told.err
    assert "--timezone" in told.err
    assert filed(desk) == []
    told = imported(desk, "--keep-good")
    assert told.code == 3
    assert "inbox.csv:4" in told.err
    assert "Left out: 1 row from a short code or a name." in told.out
    assert [wish.number.e164 for wish in wishes(desk)] == [person(0), person(2)]  # see below
    assert imported(desk, "--timezone", "Europe/Warsaw", "--json").document["new"] == 1


UNREADABLE = "11/20/2026 10:00"


def untimed(desk: Desk, *texts: str) -> None:
    rows = [f'{person(index)},{OURS},"{text}",{UNREADABLE}' for index, text in enumerate(texts)]
    (desk.path / "inbox.csv").write_text("\n".join(["from,to,text,received_at", *rows, ""]), "utf-8")


def test_an_opt_out_with_an_unreadable_time_is_not_lost(desk: Desk) -> None:
    untimed(desk, "STOP", "STOP this bill", "see you", "NEWS", "HELP", "START")
    assert imported(desk).code == 4
    assert filed(desk) == []
    told = imported(desk, "--keep-good")
    assert told.code == 3
    assert all(f"inbox.csv:{line}: at" in told.err for line in range(2, 8))
    assert "2 replies with an unreadable time were filed as of now, because they may be opt-outs." in told.out
    assert [(wish.number.e164, wish.source) for wish in wishes(desk)] == [
        (person(0), "reply"), (person(1), "review"),
    ]  # fmt: skip
    now = datetime.now(UTC)
    assert all(now - timedelta(minutes=5) < reply.reply.at <= now for reply in filed(desk))


def test_a_later_start_outranks_what_was_filed_as_of_now_and_the_same_rows_change_nothing(desk: Desk) -> None:
    untimed(desk, "STOP")
    assert imported(desk, "--keep-good", "--json").document["untimed"] == 1
    inbox(desk, "START", name="later.csv")
    assert imported(desk, name="later.csv").code == 0
    assert wishes(desk) == []
    again = imported(desk, "--keep-good", "--json").document
    assert (again["untimed"], again["new"]) == (0, 0)
    assert wishes(desk) == []


def test_without_a_campaigns_file_keywords_are_not_known_and_that_is_said(desk: Desk) -> None:
    inbox(desk, "NEWS")
    told = desk("replies", "import", "inbox.csv", "--log", str(desk.log_path), "--json")
    assert told.document["by_class"]["other"] == 1
    assert "without --campaigns, topics, brand and opt-in words are not known" in told.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--columns", "who=X"], "role is one of number, to, text, at, id, direction"),
        (["--columns", "text"], "is not ROLE=NAME"),
        (["--format", "xml"], "none of table, jsonl, json"),
        (["--timezone", "CET"], "write a place"),
        (["--region", "Poland"], "two letters"),
    ],
)
def test_wrong_options_are_refused_with_what_to_type(desk: Desk, words: list[str], says: str) -> None:
    inbox(desk, "STOP")
    told = imported(desk, *words)
    assert told.code == 2
    assert says in told.err


# --- until somebody decides ---


def test_whoever_waits_is_not_texted_until_a_person_has_decided(desk: Desk) -> None:
    inbox(desk, "STOP this bill", "STOP NEWS", "no")
    imported(desk)
    sent = desk.sent(campaign="news")
    assert (sent["accepted"], sent["skipped"]) == (3, {"opted_out": 3})
    assert reviewed(desk, "--decide", f"{key_of(desk, 0)}=other").code == 3
    sent = desk.sent(campaign="news")
    assert (sent["accepted"], sent["skipped"]) == (1, {"already_sent": 3, "opted_out": 2})
    assert reviewed(desk, "--decide", f"{key_of(desk, 2)}=opt_out").code == 0
    assert desk.sent(campaign="news")["skipped"] == {"already_sent": 4, "opted_out": 2}
    texted = [message["to"] for message in desk.outbox()[6:]]
    assert sorted(texted) == sorted(person(index) for index in (0, 3, 4, 5))


def key_of(desk: Desk, index: int) -> int:
    return next(each.key for each in filed(desk) if each.reply.number.e164 == person(index))


# --- review ---


def test_the_pile_is_listed_with_what_they_answer_and_exit_3(desk: Desk) -> None:
    inbox(desk, "STOP this bill", "who is this?", "see you")
    imported(desk)
    told = reviewed(desk, "--list")
    assert told.code == 3
    assert "Waiting for a person: 2 replies. They count as opted out." in told.out
    [row] = [line for line in told.out.splitlines() if "STOP this bill" in line]
    assert "+1202•••0000" in row
    assert "ready" in row
    assert person(0) not in told.out
    assert reviewed(desk).out == told.out  # without a terminal nobody is asked


def test_jsonl_has_whole_numbers_and_json_masked_ones(desk: Desk) -> None:
    inbox(desk, "STOP this bill")
    imported(desk)
    told = reviewed(desk, "--jsonl")
    [line] = told.lines
    assert told.code == 3
    assert list(line) == [
        "key", "number", "to", "at", "text", "matched", "language", "ref", "source", "last_sent",
    ]  # fmt: skip
    assert (line["number"], line["to"], line["text"]) == (person(0), OURS, "STOP this bill")
    assert line["last_sent"]["campaign"] == "ready"
    [masked] = reviewed(desk, "--json").document["waiting"]
    assert masked == line | {"number": "+1202•••0000"}


def test_scripts_decide_by_key_all_or_none(desk: Desk) -> None:
    inbox(desk, "STOP this bill", "who is this?", "no")
    imported(desk)
    keys = [each.key for each in filed(desk)]
    wrong = reviewed(desk, "--decide", f"{keys[0]}=other", "--decide", "999=other")
    assert wrong.code == 2
    assert "999 does not wait for a decision; nothing was recorded" in wrong.err
    assert [each.decided for each in filed(desk)] == [None] * 3
    done = reviewed(
        desk, "--decide", f"{keys[0]}=opt_out", "--decide", f"{keys[1]}=help", "--topic", "news", "--json"
    )
    assert done.code == 3
    assert (done.document["decided"], len(done.document["waiting"])) == (2, 1)
    assert [(each.decided, each.by) for each in filed(desk)] == [
        ("opt_out", "ola@desk"), ("help", "ola@desk"), (None, ""),
    ]  # fmt: skip
    assert [(wish.number.e164, wish.topic, wish.source) for wish in wishes(desk)] == [
        (person(0), "news", "reply"), (person(2), "", "review"),
    ]  # fmt: skip
    assert reviewed(desk, "--decide", f"{keys[2]}=other").out.endswith("No reply waits for a person.\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--decide", "1=opt_in"], "class one of opt_out, other, help"),
        (["--decide", "x=other"], "is not KEY=CLASS"),
        (["--topic", "news"], "add --decide KEY=opt_out"),
        (["--decide", "1=opt_out", "--topic", "a b"], "can be no campaign's topic"),
        (["--list", "--json"], "keep one of them"),
    ],
)
def test_a_wrong_decision_is_refused(desk: Desk, words: list[str], says: str) -> None:
    told = reviewed(desk, *words)
    assert told.code == 2
    assert says in told.err


def test_an_opt_out_of_a_topic_that_no_campaign_has_is_no_decision(desk: Desk) -> None:
    inbox(desk, "STOP this bill")
    imported(desk)
    (waiting,) = filed(desk)
    told = reviewed(desk, "--decide", f"{waiting.key}=opt_out", "--topic", "newz")
    assert told.code == 2
    assert "no campaign has the topic newz; nothing was recorded" in told.err
    assert [(wish.topic, wish.source) for wish in wishes(desk)] == [("", "review")]


def test_at_a_terminal_each_is_shown_and_a_key_decides(desk: Desk) -> None:
    inbox(desk, "STOP this bill", "who is this?", "no", "who the hell", "quit it and call me back today ok")
    imported(desk)
    told = reviewed(desk, typed="o\nx\nt\nNews\nn\ns\nq\n")
    assert told.code == 3
    assert "1 of 5   +1202•••0000 to +12025550143" in told.err
    assert "  > STOP this bill" in told.err
    assert "sent to them last: ready," in told.err
    assert '"x" is none of the keys: type one of these letters, then Enter' in told.err
    assert "Which topic (news, transactional)?" in told.err
    assert person(0) not in told.err
    assert "Decided, with your name: 3 replies." in told.out
    assert "Waiting for a person: 2 replies." in told.out
    assert [each.decided for each in filed(desk)] == ["opt_out", "opt_out", "other", None, None]
    assert [(wish.topic, wish.source) for wish in wishes(desk)] == [
        ("", "reply"), ("news", "reply"), ("", "review"), ("", "review"),
    ]  # fmt: skip


def test_the_end_of_the_input_decides_nothing_more(desk: Desk) -> None:
    inbox(desk, "STOP this bill", "no")
    imported(desk)
    assert reviewed(desk, typed="o\nn").code == 3
    assert [each.decided for each in filed(desk)] == ["opt_out", None]


def test_an_empty_line_is_no_decision(desk: Desk) -> None:
    inbox(desk, "no")
    imported(desk)
    told = reviewed(desk, typed="\ns\n")
    assert told.err.count("nothing was typed: type one of these letters, then Enter") == 1
    assert [each.decided for each in filed(desk)] == [None]


def test_a_topic_that_is_not_typed_leaves_the_reply_waiting(desk: Desk) -> None:
    inbox(desk, "no")
    imported(desk)
    assert reviewed(desk, typed="t\nparking\n\n").code == 3
    assert [each.decided for each in filed(desk)] == [None]


def test_ctrl_c_at_a_real_terminal_loses_no_decision(desk: Desk) -> None:
    inbox(desk, "STOP this bill", "who is this?", "\u202eno\u001b")
    imported(desk)
    seat = Seat("replies", "review", "--campaigns", "campaigns.yaml", cwd=desk.path)
    seat.sees(r"1 of 3 .*Your decision:")
    seat.types("n\r")
    seat.sees(r"2 of 3 .*who is this.*Your decision:")
    seat.types("o\r")
    seat.sees(r"3 of 3 .*\\u202eno\\x1b.*Your decision:")
    seat.types("\x03")
    assert seat.ended() == 130
    assert "what you decided before is kept, the others wait" in seat.text
    assert [each.decided for each in filed(desk)] == ["other", "opt_out", None]


# --- classify ---


def classified(*words: str, stdin: bytes = b"") -> Finished:
    return in_process("replies", "classify", *words, stdin=stdin)


def written(folder: Path, keywords: str) -> str:
    """A campaigns file with these keywords."""
    desk = Desk(folder)
    desk.campaigns(READY + NEWS, top=f"keywords: {keywords}\n")
    return str(folder / "campaigns.yaml")


def test_one_text_is_classed_and_why_is_told(tmp_path: Path) -> None:
    assert classified("Please STOP").out == "opt_out: the word STOP (en)\nabout     everything\n"
    assert classified("see you").out == "other\n"
    assert classified("rezygnuję").out.startswith("opt_out: the word REZYGNUJ… (pl)")
    assert classified("-", stdin="proszę przestać\r\n".encode()).out.startswith("opt_out: the word PRZESTAC")
    document = classified("stop news", "--campaigns", written(tmp_path, "{}"), "--json").document
    assert list(document) == ["schema", "command", "status", "class", "matched", "topic", "language"]
    assert (document["class"], document["topic"]) == ("opt_out", "news")


def test_a_line_gives_a_line_and_bad_ones_end_with_exit_4() -> None:
    lines = ['"STOP"', '"\\ud83d"', "STOP", "12", '"\\u0421\\u0422\\u041e\\u041f"', '"help"', '"yes"']
    told = classified("--jsonl", stdin="\n".join([*lines, ""]).encode() + b'"\xff"\n')
    assert told.code == 4
    assert [line.get("class", "bad") for line in told.lines] == [
        "opt_out", "other", "bad", "bad", "opt_out", "help", "other", "bad",
    ]  # fmt: skip
    assert list(told.lines[0]) == ["class", "matched", "topic", "language"]
    assert told.lines[2] == {"line": 3, "error": 'the line is not a JSON string like "STOP"'}
    assert told.lines[7] == {"line": 8, "error": "the line is not UTF-8"}
    assert "3 lines could not be read" in told.err


def test_keywords_count_for_the_number_they_are_sent_to(tmp_path: Path) -> None:
    campaigns = written(tmp_path, '{"3344": {MAU: promotions}}')

    def asked(*words: str) -> object:
        return classified("mau", "--json", *words).document["class"]

    assert asked() == "other"
    assert asked("--campaigns", campaigns) == "other"
    assert asked("--campaigns", campaigns, "--to", "3344") == "opt_in"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "there is no text"),
        (["--jsonl", "STOP"], "--jsonl reads standard input"),
        (["x", "--to", "3344"], "add --campaigns FILE"),
    ],
)
def test_wrong_usage_of_classify(words: list[str], says: str) -> None:
    told = classified(*words)
    assert told.code == 2
    assert says in told.err


def test_a_long_pile_is_listed_from_its_oldest_on(desk: Desk) -> None:
    inbox(desk, *["STOP this bill"] * 103)
    assert in_process("replies", "import", "inbox.csv", "--campaigns", "campaigns.yaml").code == 0
    told = in_process("replies", "review", "--list", "--campaigns", "campaigns.yaml").out
    assert told.count("STOP this bill") == 100
    assert "These are the oldest 100; --jsonl has all." in told
    every = in_process("replies", "review", "--jsonl", "--campaigns", "campaigns.yaml").out
    assert every.count("STOP this bill") == 103
