"""`preview --explain`: one contact's story, and that it is the story of the plan."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from smscli.cli.present.story import ASKED, TO_DO
from smscli.domain.decision import HoldReason, SkipReason
from smscli.domain.explaining import LATER_ROWS
from smscli.domain.rules import RULES
from tests.cli.desk import READY, Desk
from tests.cli.program import Finished, child
from tests.cli.test_preview_command import HEADER, MIXED, RATES, TYRES

#: 10:30 in Washington, 16:30 in Warsaw.
DAY = "2026-11-23T15:30"
#: 21:30 in Warsaw.
EVENING = "2026-11-23T20:30"

ANN, BEN, FRANEK, CY = "+12025550101", "+12025550102", "+48512345678", "+12025550103"

KEYS = {
    "number",
    "country",
    "zones",
    "rows",
    "bad_rows",
    "repairs",
    "rules",
    "earlier",
    "decision",
    "reason",
    "detail",
    "until",
    "deadline",
    "to_do",
    "language",
    "sender",
    "encoding",
    "units",
    "segments",
    "text",
}

FACTS = {
    "opted_out": {"topic", "in_log", "in_list"},
    "excluded": {"excluded_by"},
    "no_consent": {"needed", "max_age_seconds", "topic", "said_no_at", "consents"},
    "duplicate": {"repeated"},
    "already_sent": {"prior", "again"},
    "in_doubt": {"prior", "again"},
    "rejected_before": {"prior", "again"},
    "same_text": {"policy", "within_seconds", "again", "campaign"},
    "country_not_allowed": {"country", "allowed"},
    "missing_text": {
        *("wanted", "language", "encoding", "units", "segments", "offenders", "sender", "lack"),
    },
    "text_too_long": {"segments", "limit"},
    "hours_unknown": {
        *("quiet_hours", "country", "stated", "holidays", "margin_seconds", "state", "until", "opens_at"),
        *("places", "rules", "zones"),
    },
    "expired": {"expires"},
    "quiet_hours": {
        *("quiet_hours", "country", "stated", "holidays", "margin_seconds", "state", "until", "opens_at"),
        *("places", "rules", "zones"),
    },
    "frequency_cap": {"caps", "recent", "free_at"},
    "later_rows": {"said_by"},
}

HELD = """\
Number    +4851•••5678, PL: Europe/Warsaw
List      contacts.csv: 8 rows
          line 4: held: quiet hours
          line 5: skipped: duplicate (an earlier row)
Campaign  tyres: marketing, through sandbox
Plan of   Mon 2026-11-23 20:30 UTC

  ok    opt-out          not on the opt-out list; the list has no opt-out column
  ok    exclude          on no list of `exclude`
  ok    consent          express on 2026-01-02, contacts.csv:4; needed: express
                         within 2 years
  ok    duplicate        the first of 2 rows with this number
  ok    already sent     the sent log has no message of this campaign
  ok    in doubt         no message of this campaign is in doubt
  ok    rejected         the gateway rejected no message of this campaign
  ok    same text        no other campaign sent these words within 7 days
  ok    country          PL; all are allowed
  ok    text             pl, UCS-2, 1 segment (53 units)
  ok    length           1 segment; no limit
  ok    time zone        Europe/Warsaw (by the number)
  ok    expiry           the campaign does not expire
  ok    later rows       none says that this number opted out
  hold  quiet hours      closed until Tue 2026-11-24 08:00 UTC: Europe/Warsaw
                         Mon 21:30, closed (Mon: 09:00-20:00)
  That decides. The rest is not asked any more; this is what it would find:
  -     frequency cap    no message lately; at most 4 in 30 days

Decision  held: quiet hours until Tue 2026-11-24 08:00 UTC
          there: Tue 2026-11-24 09:00 Europe/Warsaw
To do     Run the same command again then, by hand or by cron.

Text, were it sent now
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns(TYRES, top=RATES + "on_bad_rows: skip\n")
    desk.contacts(*MIXED, header=HEADER)
    return desk


def told(desk: Desk, number: str, *arguments: str, at: str = DAY, campaign: str = "tyres") -> Finished:
    return desk.preview("--at", at, "--explain", number, *arguments, campaign=campaign)


def explained(
    desk: Desk, number: str, *arguments: str, at: str = DAY, campaign: str = "tyres"
) -> dict[str, Any]:
    story = told(desk, number, "--json", *arguments, at=at, campaign=campaign).document["explain"]
    assert isinstance(story, dict)
    return story


def verdicts(story: dict[str, Any]) -> dict[str, str]:
    return {each["rule"]: each["verdict"] for each in story["rules"]}


def facts(story: dict[str, Any], rule: str) -> dict[str, Any]:
    (found,) = (each["facts"] for each in story["rules"] if each["rule"] == rule)
    assert isinstance(found, dict)
    return found


def planned(desk: Desk, *arguments: str, at: str = DAY, campaign: str = "tyres") -> list[dict[str, Any]]:
    """The lines of the plan file."""
    assert desk.preview("--at", at, "--plan", "plan.jsonl", *arguments, campaign=campaign).code in (0, 4)
    return [json.loads(line) for line in (desk.path / "plan.jsonl").read_text("utf-8").splitlines()]


def test_every_rule_has_a_name_and_every_reason_something_to_do() -> None:
    assert set(ASKED) == {rule.__name__ for rule in RULES} | {LATER_ROWS}
    assert set(TO_DO) == {*SkipReason, *HoldReason}


def test_the_document_has_these_keys_and_no_others(desk: Desk) -> None:
    story = explained(desk, ANN)
    assert set(story) == KEYS
    assert {each["rule"]: set(each["facts"]) for each in story["rules"]} == FACTS
    assert all(set(each) == {"rule", "verdict", "answer", "facts"} for each in story["rules"])
    assert [each["rule"] for each in story["rules"]] == [*(rule.__name__ for rule in RULES), LATER_ROWS]


def test_the_plans_own_document_stands_beside_it(desk: Desk) -> None:
    document = told(desk, ANN, "--json").document
    plan = desk.plan("--at", DAY, campaign="tyres")
    assert document.keys() == plan.keys() | {"explain"}
    assert (document["to_send"], document["skipped"]) == (plan["to_send"], plan["skipped"])


def test_the_whole_story_of_somebody_held(desk: Desk) -> None:
    done = told(desk, FRANEK, at=EVENING)
    assert done.code == 0
    assert done.out.startswith(HELD)
    assert "łap termin! STOP" in done.out.removeprefix(HELD)
    assert max(map(len, done.out.splitlines())) <= 80


def test_whoever_passes_everything_is_sent_until_the_window_ends_there(desk: Desk) -> None:
    story = explained(desk, FRANEK)
    assert set(verdicts(story).values()) == {"passed"}
    assert (story["decision"], story["deadline"]) == ("send", "2026-11-23T18:45:00Z")
    assert story["text"] == "Green Garage: Franek, pora na zimę – łap termin! STOP"
    assert (story["encoding"], story["segments"], story["language"]) == ("UCS-2", 1, "pl")
    out = told(desk, FRANEK).out
    assert "Decision  to send; may be submitted until Mon 2026-11-23 18:45 UTC" in out
    assert "there: Mon 2026-11-23 19:45 Europe/Warsaw" in out


def test_where_nothing_ends_it_no_end_is_told(desk: Desk) -> None:
    desk.campaigns()
    desk.people(2)
    number, later = "+12025550000", "+12025550001"
    done = told(desk, number, campaign="ready")
    assert "Decision  to send; may be submitted at any hour\nTo do" in done.out
    assert explained(desk, number, campaign="ready")["deadline"] == "2026-12-07T15:30:00Z"
    out = told(desk, later, "--limit", "1", campaign="ready").out
    assert "Decision  later: beyond --limit; could be submitted at any hour\nTo do" in out
    desk.campaigns(READY + "    expires: 2026-11-30\n", top="timezone: Europe/Warsaw\n")
    assert (
        "may be submitted until Tue 2026-12-01 00:00 Europe/Warsaw"
        in told(desk, number, campaign="ready").out
    )


def test_after_the_rule_that_decides_none_is_asked_and_its_answer_is_told_all_the_same(desk: Desk) -> None:
    story = explained(desk, CY, at="2026-11-23T10:00")  # without consent, and asleep
    assert (story["decision"], story["reason"], story["detail"]) == ("skip", "no_consent", "none on record")
    assert verdicts(story) == {
        "opted_out": "passed",
        "excluded": "passed",
        "no_consent": "decided",
        **dict.fromkeys(list(FACTS)[3:], "not_asked"),
    }
    (hours,) = (each for each in story["rules"] if each["rule"] == "quiet_hours")
    assert hours["answer"] == {
        "decision": "hold",
        "reason": "quiet_hours",
        "detail": "",
        "until": "2026-11-23T14:00:00Z",
    }
    out = told(desk, CY, at="2026-11-23T10:00").out
    assert "  skip  consent          none on record for such messages; needed:" in out
    assert "(would hold too)" in out
    assert "To do     Ask for consent" in out


@pytest.mark.parametrize("number", ["202-555-0101", "+1 (202) 555-0101", "12025550101"])
def test_a_number_is_read_in_the_region_of_the_list(desk: Desk, number: str) -> None:
    file = desk.path / "campaigns.yaml"
    listed = "contacts: {file: contacts.csv, region: US}"
    file.write_text(file.read_text("utf-8").replace("contacts: contacts.csv", listed), encoding="utf-8")
    assert explained(desk, number)["number"] == "+1202•••0101"


def test_without_a_region_a_national_number_is_wrong_usage(desk: Desk) -> None:
    done = told(desk, "202-555-0101")
    assert (done.code, done.out) == (2, "")
    assert "--explain: " in done.err
    assert "start it with + and the country code" in done.err


def test_a_number_that_the_list_does_not_have_is_wrong_usage_and_nothing_is_guessed(desk: Desk) -> None:
    done = told(desk, "+12025550109", "--plan", "plan.jsonl")
    assert (done.code, done.out) == (2, "")
    assert "+1202•••0109 stands in none of the 8 rows of contacts.csv; 1 bad row may hide it" in done.err
    assert "hint: check the digits (similar numbers are not guessed), or name another list" in done.err
    assert not (desk.path / "plan.jsonl").exists()


def test_no_story_gives_a_number_away(desk: Desk) -> None:
    desk.contacts(*MIXED, "+4851234567,Short,en,,", "512345678x,Ext,en,,", header=HEADER)
    for number in (ANN, FRANEK, CY):
        for form in ((), ("--json",)):
            done = told(desk, number, *form)
            assert number[1:] not in done.out + done.err
            assert number[3:] not in done.out + done.err


# --- the list ---


def test_rows_with_the_number_are_told_with_their_lines(desk: Desk) -> None:
    rows = explained(desk, FRANEK)["rows"]
    assert [(each["row"], each["line"], each["decision"], each["reason"]) for each in rows] == [
        (3, 4, "send", None),
        (4, 5, "skip", "duplicate"),
    ]


def test_a_number_that_was_repaired_is_told_with_what_was_mended(desk: Desk) -> None:
    desk.campaigns()
    desk.contacts("tel:+48512345678,Franek")
    story = explained(desk, FRANEK, campaign="ready")
    assert [each["code"] for each in story["repairs"]] == ["uri_removed"]
    text = told(desk, FRANEK, campaign="ready").out
    assert "\nRepaired  phone: tel:+48•••••••78 is read as +4851•••5678: " in text


STOP = "phone,first_name,stop,zone"
LISTED = "contacts: {file: contacts.csv, columns: {opt_out: stop}}"


@pytest.fixture
def stopping(desk: Desk) -> Desk:
    """A list with a column of opt-outs, of zones, and bad rows that do not matter."""
    desk.campaigns(top="on_bad_rows: skip\n")
    file = desk.path / "campaigns.yaml"
    file.write_text(file.read_text("utf-8").replace("contacts: contacts.csv", LISTED), encoding="utf-8")
    return desk


def test_a_later_row_that_opts_out_decides(stopping: Desk) -> None:
    stopping.contacts(f"{ANN},Ann,,", f"{BEN},Ben,no,", f"{ANN},Ann,yes,", header=STOP)
    story = explained(stopping, ANN, campaign="ready")
    assert (story["decision"], story["reason"]) == ("skip", "opted_out")
    assert story["detail"] == "line 4 of the list says so"
    assert [rule for rule, verdict in verdicts(story).items() if verdict == "decided"] == ["later_rows"]
    assert "skip  later rows       opted out: line 4 of the list says so" in (
        told(stopping, ANN, campaign="ready").out
    )
    assert "the list says no" in told(stopping, BEN, campaign="ready").out


def test_a_bad_row_that_opts_out_decides_and_is_told_with_its_problems(stopping: Desk) -> None:
    stopping.contacts(f"{ANN},Ann,,", f"{ANN},Ann,yes,nowhere", header=STOP)
    story = explained(stopping, ANN, campaign="ready")
    assert (story["decision"], story["reason"]) == ("skip", "opted_out")
    assert story["detail"] == "a bad row of the list says so"
    assert [(each["line"], each["problems"][0]["path"]) for each in story["bad_rows"]] == [(3, "zone")]
    out = told(stopping, ANN, campaign="ready").out
    assert 'line 3: bad row: zone: "nowhere" is no time zone' in out


def test_a_number_in_bad_rows_only_is_a_problem_to_mend(stopping: Desk) -> None:
    stopping.contacts(f"{BEN},Ben,,", f"{ANN},Ann,,nowhere", f"{ANN},Ann,,", header=STOP + ",more")
    done = told(stopping, ANN, "--json", campaign="ready")
    story = done.document["explain"]
    assert (done.code, story["decision"], story["rules"], story["text"]) == (0, "problem", [], None)
    assert [each["line"] for each in story["bad_rows"]] == [3, 4]
    out = told(stopping, ANN, campaign="ready").out
    assert "Decision  problem: no row with this number is a contact" in out
    assert "To do     Mend the row" in out


def test_other_bad_rows_that_would_stop_a_send_are_only_counted(desk: Desk) -> None:
    desk.campaigns(TYRES, top=RATES)
    done = told(desk, ANN)
    assert done.code == 4
    assert "warning: a send would be refused: the list has 1 bad row" in done.err
    assert "contacts.csv:9" not in done.err


def test_a_zone_column_is_named_as_such(stopping: Desk) -> None:
    hours = READY.replace("off", '{windows: {mon-sun: "09:00-20:00"}, holidays: ignore}')
    stopping.campaigns(hours)
    stopping.contacts(f"{ANN},Ann,America/Los_Angeles", header="phone,first_name,zone")
    story = explained(stopping, ANN, campaign="ready")
    assert story["zones"] == ["America/Los_Angeles"]
    assert facts(story, "quiet_hours")["stated"] == "America/Los_Angeles"
    out = told(stopping, ANN, campaign="ready").out
    assert "America/Los_Angeles (by the zone column of the list)" in out
    assert "America/Los_Angeles Mon 07:30, closed (Mon: 09:00-20:00)" in " ".join(out.split())


def test_of_many_zones_those_with_the_same_clock_are_told_once(desk: Desk) -> None:
    desk.contacts("+447400123456,Kim,en,express,2026-01-02", header=HEADER)
    out = " ".join(told(desk, "+447400123456").out.split())
    assert "Europe/Guernsey (and 3 zones more) Mon 15:30, open (Mon: 09:00-20:00)" in out


def test_beyond_the_limit_is_later(desk: Desk) -> None:
    story = explained(desk, FRANEK, "--limit", "2")
    assert (story["decision"], story["reason"]) == ("later", None)
    assert (
        "Decision  later: beyond --limit; could be submitted until" in told(desk, FRANEK, "--limit", "2").out
    )


# --- the sent log ---


def test_who_was_sent_before_is_told_with_the_day(desk: Desk) -> None:
    desk.campaigns()
    desk.people(2)
    desk.send("--limit", "1")
    story = explained(desk, "+12025550000", at="2030-01-01", campaign="ready")
    assert (story["decision"], story["reason"]) == ("skip", "already_sent")
    assert story["earlier"]["state"] == "accepted"
    assert facts(story, "already_sent") == {"prior": "accepted", "again": False}
    today = datetime.fromisoformat(story["earlier"]["at"]).astimezone(UTC)
    out = " ".join(told(desk, "+12025550000", at="2030-01-01", campaign="ready").out.split())
    assert f"accepted on {today:%a %Y-%m-%d}" in out
    assert "To do Nothing: it was sent." in out


def test_an_opt_out_is_told_with_its_source_and_day(desk: Desk) -> None:
    desk.campaigns()
    desk.people(2)
    desk.send("--limit", "1")
    number = "+12025550001"
    added = desk("optout", "add", number, "--campaigns", "campaigns.yaml", "--source", "phone")
    assert added.code == 0, added.err
    story = explained(desk, number, campaign="ready")
    assert (story["decision"], story["reason"]) == ("skip", "opted_out")
    assert facts(story, "opted_out")["in_log"] == [""]
    assert "on the opt-out list: everything (by phone, 20" in told(desk, number, campaign="ready").out


def test_an_opt_out_of_another_list_is_told_as_one(desk: Desk) -> None:
    desk.campaigns(top="opt_outs: [stop.csv]\n")
    (desk.path / "stop.csv").write_text("+12025550000\n", encoding="utf-8")
    desk.people(1)
    assert "everything (in a file of `opt_outs`)" in " ".join(
        told(desk, "+12025550000", campaign="ready").out.split()
    )


def test_the_cap_is_told_with_the_earlier_messages_and_when_there_is_room_again(desk: Desk) -> None:
    capped = READY.replace("ready:", "capped:", 1) + "    frequency: {at_most: 1, per: 7d}\n"
    desk.campaigns(READY + capped)
    desk.people(1)
    desk.send()
    now = datetime.now(UTC).isoformat()
    story = explained(desk, "+12025550000", at=now, campaign="capped")
    assert (story["decision"], story["reason"]) == ("hold", "frequency_cap")
    assert [each["campaign"] for each in facts(story, "frequency_cap")["recent"]] == ["ready"]
    assert facts(story, "frequency_cap")["free_at"] <= story["until"]
    out = " ".join(told(desk, "+12025550000", at=now, campaign="capped").out.split())
    assert "1 message lately: 20" in out
    assert "(ready); at most 1 in 7 days; room again" in out


def test_at_night_a_cap_that_lasts_longer_decides_and_the_hours_say_so(desk: Desk) -> None:
    hours = READY.replace("ready:", "capped:").replace("off", '{windows: {mon-sun: "09:00-20:00"}}')
    desk.campaigns(READY + hours + "    frequency: {min_gap: 7d}\n")
    desk.people(1)
    desk.send()
    night = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT03:00Z")  # 22:00 in Washington
    story = explained(desk, "+12025550000", at=night, campaign="capped")
    assert (story["decision"], story["reason"]) == ("hold", "frequency_cap")
    assert (verdicts(story)["quiet_hours"], verdicts(story)["frequency_cap"]) == ("passed", "decided")
    out = " ".join(told(desk, "+12025550000", at=night, campaign="capped").out.split())
    assert ", when the cap has no room yet: America/New_York" in out
    assert "held: frequency cap until" in out


# --- that it is the plan's own decision ---


@pytest.mark.parametrize("at", [DAY, EVENING, "2026-11-22T12:00", "2026-11-23T10:00"])
@pytest.mark.parametrize("limit", [(), ("--limit", "1")])
def test_the_story_of_everybody_ends_as_the_plan_file_says(
    desk: Desk, at: str, limit: tuple[str, ...]
) -> None:
    first = {line["number"]: line for line in reversed(planned(desk, *limit, at=at)) if line["number"]}
    assert len(first) == 6
    for number, line in first.items():
        story = explained(desk, number, *limit, at=at)
        for key in ("decision", "reason", "detail", "until", "deadline"):
            assert story[key] == line[key], (number, key)
        decided = [each["answer"]["reason"] for each in story["rules"] if each["verdict"] == "decided"]
        assert decided == ([line["reason"]] if line["reason"] else [])


def test_values_of_the_list_cannot_steer_the_terminal(desk: Desk) -> None:
    rows = f"{ANN},Ann,en,express,2026-01-02,\x1b[31mred"
    desk.contacts(rows.replace("\x1b", "‮"), header=HEADER + ",consent_source")
    out = told(desk, ANN).out
    assert "\u202e" not in out
    assert "\\u202e[31mred" in out


def test_the_example_explains_from_a_fresh_copy_as_a_real_process_under_an_ascii_locale(
    tmp_path: Path,
) -> None:
    for name in ("campaigns.example.yaml", "contacts.example.csv"):
        (tmp_path / name).write_bytes((Path(__file__).parents[2] / name).read_bytes())
    arguments = ("campaigns.example.yaml", "bike-ready", "--explain", "+30 694 567 8901")
    done = child(
        "preview", *arguments, cwd=tmp_path, environ={"LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict"}
    )
    assert done.code == 0, done.err
    assert "Decision  to send" in done.out
    assert done.out.isascii()
