"""`smscli preview`: what would be sent, to whom, when and for how much; and that it leaves no trace."""

from __future__ import annotations

import csv
import re
import shlex
import socket
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.desk import READY, Desk
from tests.cli.program import child

EXAMPLES = Path(__file__).parents[2]

MONDAY_NOON = "2026-11-23T12:00"

TYRES = """\
  tyres:
    purpose: marketing
    country_rules: false
    topic: service
    text:
      en: "Green Garage: {{ first_name }}, winter tyres. STOP to opt out"
      pl: "Green Garage: {{ first_name }}, pora na zimę – łap termin! STOP"
    consent: {level: express, max_age: 2y}
    quiet_hours: {windows: {mon-fri: "09:00-20:00"}, holidays: ignore}
    wording: off
"""
RATES = "rates: {currency: EUR, US: 0.008, PL: 0.032}\n"
HEADER = "phone,first_name,language,consent,consent_date"

MIXED = (
    "+12025550101,Ann,en,express,2026-01-02",
    "+12025550102,Ben,en,express,2026-01-02",
    "+48512345678,Franek,pl,express,2026-01-02",
    "+48 512 345 678,Franek again,pl,express,2026-01-02",
    "+12025550103,Cy,en,,",
    "+12025550104,Di,de,express,2026-01-02",
    "+30 694 567 8901,,en,express,2026-01-02",
    "nobody,Zed,en,,",
)

KEYS = {
    "schema",
    "command",
    "status",
    "campaign",
    "purpose",
    "topic",
    "gateway",
    "realm",
    "sent_log",
    "at",
    "sooner_with_zone",
    "rows",
    "contacts",
    "to_send",
    "left_by_limit",
    "skipped",
    "held",
    "held_until",
    "to_mend",
    "list",
    "lists",
    "exclude",
    "repairs",
    "repairs_by_code",
    "repair_list",
    "problems",
    "problem_list",
    "refusals",
    "segments",
    "encodings",
    "segments_by_encoding",
    "messages_by_segments",
    "languages",
    "offenders",
    "countries",
    "requests",
    "currency",
    "cost",
    "cost_by_country",
    "unpriced",
    "seconds",
    "last_leaves_at",
    "late",
    "first_closes_at",
    "same_text_warnings",
    "repeatable",
    "wording",
    "respelled",
    "samples",
    "digest",
}


GOLDEN = """\
Campaign  tyres: marketing, topic service
Gateway   sandbox
List      contacts.csv: 8 rows, separated by commas
Plan of   Mon 2026-11-23 16:30 Europe/Warsaw

  to send              3  ━━━━━━━━━━━━
  skipped              4  ━━━━━━━━━━━━━━━━
    no consent         1
    duplicate          1  see --duplicates FILE
    missing field      1  first_name: line 8
    no text            1  de: line 7
  held                 0
  problems             1  ━━━━

Segments               3  in 3 messages
  GSM-7                2  ━━━━━━━━━━━━━━━━━━━━━             in 2 messages
  UCS-2                1  ━━━━━━━━━━━                       in 1 message
                      +0  – ę ł forced UCS-2 at no extra cost

Cost, EUR          0.048  planned
  PL               0.032  ━━━━━━━━━━━━━━━━━━━━━             1 segment
  US               0.016  ━━━━━━━━━━━                       2 segments

Requests               3  if everybody is accepted
Time                      as fast as the gateway answers (no rate is set)

Samples   3 of 3 messages

   Garage to +1202•••0101              Garage to +4851•••5678
  ╭────────────────────────────────╮  ╭────────────────────────────────╮
  │ Green Garage: Ann, winter      │  │ Green Garage: Franek, pora na  │
  │ tyres. STOP to opt out         │  │ zimę – łap termin! STOP        │
  ╰────────────────────────────────╯  ╰────────────────────────────────╯
   en: GSM-7, 1 segment, 48 units      pl: UCS-2, 1 segment, 53 units

   Garage to +1202•••0102
  ╭────────────────────────────────╮
  │ Green Garage: Ben, winter      │
  │ tyres. STOP to opt out         │
  ╰────────────────────────────────╯
   en: GSM-7, 1 segment, 48 units
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns()
    desk.people(3)
    return desk


@pytest.fixture
def mixed(desk: Desk) -> Desk:
    desk.campaigns(TYRES, top=RATES)
    desk.contacts(*MIXED, header=HEADER)
    return desk


def test_the_json_document_has_these_keys_and_no_others(desk: Desk) -> None:
    assert set(desk.plan()) == KEYS


def test_every_row_is_counted_with_its_reason(mixed: Desk) -> None:
    # 10:30 in Washington is 16:30 in Warsaw: both are open.
    plan = mixed.plan("--at", "2026-11-23T15:30", campaign="tyres")
    assert plan["rows"] == 8
    assert plan["contacts"] == 7
    assert plan["to_send"] == 3
    assert plan["skipped"] == {"no_consent": 1, "duplicate": 1, "missing_field": 1, "no_text": 1}
    assert plan["held"] == {}
    assert plan["problems"] == 1
    assert [(each["file"], each["line"], each["path"]) for each in plan["problem_list"]] == [
        ("contacts.csv", 9, "phone")
    ]
    assert plan["languages"] == {"en": 2, "pl": 1}


def test_segments_cost_and_the_character_that_forced_ucs_2_are_told(mixed: Desk) -> None:
    plan = mixed.plan("--at", "2026-11-23T15:30", campaign="tyres")
    assert plan["encodings"] == {"GSM-7": 2, "UCS-2": 1}
    assert plan["segments"] == 3
    assert plan["countries"] == [
        {"country": "PL", "messages": 1, "segments": 1},
        {"country": "US", "messages": 2, "segments": 2},
    ] or plan["countries"] == [
        {"country": "US", "messages": 2, "segments": 2},
        {"country": "PL", "messages": 1, "segments": 1},
    ]
    assert plan["currency"] == "EUR"
    assert plan["cost"] == pytest.approx(0.048)
    assert plan["cost_by_country"] == pytest.approx({"US": 0.016, "PL": 0.032})
    assert {each["character"] for each in plan["offenders"]} == {"ę", "–", "ł"}
    assert all(each["messages"] == 1 for each in plan["offenders"])


def test_an_offender_is_told_with_the_segments_it_costs(desk: Desk) -> None:
    desk.campaigns(READY.replace("is ready.", f"is ready – {'x' * 90}"))
    plan = desk.plan()
    assert plan["offenders"] == [{"character": "–", "name": "EN DASH", "messages": 3, "extra_segments": 3}]
    assert re.search(r"– +\+3  en dash forced UCS-2 in 3 messages$", desk.preview().out, re.MULTILINE)


@pytest.mark.parametrize(
    ("american", "polish", "shown"),
    [
        ("0.008", "0.032", ("0.048", "0.032", "0.016")),
        ("0.00645", "0.1", ("0.1129", "0.1000", "0.0129")),
        ("0.00875", "0.01234", ("0.02984", "0.01234", "0.01750")),
        ("1", "0.5", ("2.50", "0.50", "2.00")),
    ],
)
def test_the_countries_add_up_to_the_total_that_is_shown(
    desk: Desk, american: str, polish: str, shown: tuple[str, str, str]
) -> None:
    rates = f"rates: {{currency: EUR, US: {american}, PL: {polish}}}\n"
    desk.campaigns(TYRES, top=rates + "on_bad_rows: skip\n")
    desk.contacts(*MIXED, header=HEADER)
    out = desk.preview("--at", "2026-11-23T15:30", campaign="tyres").out  # day here and there
    found = dict(re.findall(r"^(Cost, EUR|  PL|  US) +([\d.]+)  ", out, re.MULTILINE))
    assert (found["Cost, EUR"], found["  PL"], found["  US"]) == shown
    assert Decimal(found["  PL"]) + Decimal(found["  US"]) == Decimal(found["Cost, EUR"])


def test_a_country_without_a_rate_is_named_and_not_priced(desk: Desk) -> None:
    desk.campaigns(top="rates: {currency: EUR, PL: 0.032}\n")
    plan = desk.plan()
    assert (plan["cost"], plan["unpriced"]) == (0, ["US"])
    assert "no rate for US" in desk.preview().out


def test_without_rates_the_cost_is_unknown_and_not_nothing(desk: Desk) -> None:
    assert desk.plan()["cost"] is None
    assert re.search(r"^Cost +unknown  the campaigns file has no rates$", desk.preview().out, re.MULTILINE)


@pytest.mark.parametrize(
    ("at", "to_send", "held"),
    [
        ("2026-11-23T15:30", 3, 0),
        ("2026-11-23T10:00", 1, 2),  # Washington sleeps
        ("2026-11-23T21:00", 2, 1),  # Warsaw does
        ("2026-11-23T16:30+02:00", 3, 0),  # an offset of its own: 14:30 UTC
        ("2026-11-22T15:30", 0, 3),  # a Sunday
    ],
)
def test_at_asks_what_if_it_were_sent_then(mixed: Desk, at: str, to_send: int, held: int) -> None:
    mixed.campaigns(TYRES, top=RATES + "timezone: Europe/Warsaw\n")
    plan = mixed.plan("--at", at, campaign="tyres")
    assert (plan["to_send"], sum(plan["held"].values())) == (to_send, held)


def test_who_is_held_is_told_from_when_on(mixed: Desk) -> None:
    plan = mixed.plan("--at", "2026-11-22T12:00", campaign="tyres")
    assert plan["held_until"] == {"quiet_hours": "2026-11-23T08:00:00Z"}


@pytest.mark.parametrize("at", ["9999-12-31T23:59", "0001-01-01", "1999-12-31", "3000-01-01", "soon", ""])
def test_a_time_that_cannot_be_meant_is_wrong_usage(desk: Desk, at: str) -> None:
    done = desk.preview("--at", at)
    assert (done.code, done.out) == (2, "")
    assert "--at" in done.err
    assert re.search(r"hint: write (it like )?--at 2026-12-01T09:30", done.err)


@pytest.mark.parametrize("limit", ["9" * 30, "12025550101"])
def test_a_limit_beyond_any_list_is_wrong_usage(desk: Desk, limit: str) -> None:
    done = desk.preview("--limit", limit)
    assert (done.code, done.out) == (2, "")
    assert "12025550101" not in done.err


def test_the_highest_limit_limits_nothing(desk: Desk) -> None:
    plan = desk.plan("--limit", "99999999")
    assert (plan["to_send"], plan["left_by_limit"]) == (3, 0)


def test_limit_keeps_the_first_of_the_list(desk: Desk) -> None:
    plan = desk.plan("--limit", "2")
    assert (plan["to_send"], plan["left_by_limit"], plan["rows"]) == (2, 1, 3)
    assert [each["to"] for each in plan["samples"]] == ["+1202•••0000", "+1202•••0001"]


def test_another_gateway_may_be_one_of_the_file_s_own(desk: Desk) -> None:
    desk.campaigns(top="gateways:\n  slow: {preset: sandbox, rate: {per_second: 1}}\n")
    assert desk.plan()["seconds"] is None
    assert desk.plan("--gateway", "slow")["seconds"] > 1


def test_another_gateway_is_another_realm(desk: Desk) -> None:
    desk.campaigns(gateway="twilio")
    assert desk.plan()["realm"] == "live"
    assert desk.plan("--gateway", "sandbox")["realm"] == "sandbox"
    assert desk.preview("--gateway", "sandbx").code == 2


def test_a_preview_needs_no_secret(desk: Desk) -> None:
    desk.campaigns(gateway="twilio")
    assert desk.preview().code == 0


def test_a_list_comes_from_standard_input(desk: Desk) -> None:
    plan = desk.plan("--contacts", "-", stdin="phone;first_name\n+12025550111;Zoë\n".encode())
    assert plan["to_send"] == 1
    assert plan["samples"][0]["text"] == "Green Garage: Zoë, your bike is ready."


@pytest.mark.parametrize(
    ("delimiter", "told"),
    [
        (",", "separated by commas"),
        (";", "separated by semicolons"),
        ("\t", "separated by tabs"),
        ("|", "separated by pipes"),
    ],
)
def test_how_the_list_was_read_is_told_in_words(desk: Desk, delimiter: str, told: str) -> None:
    desk.contacts(f"+12025550111{delimiter}A", header=f"phone{delimiter}first_name")
    assert f"\nList      contacts.csv: 1 row, {told}\n" in desk.preview().out


def test_a_list_of_one_column_has_nothing_between_its_cells(desk: Desk) -> None:
    desk.campaigns("  bare: {purpose: transactional, quiet_hours: off, text: 'Green Garage: ready'}\n")
    desk.contacts("+12025550111", header="phone")
    assert "contacts.csv: 1 row, one column\n" in desk.preview(campaign="bare").out


def test_another_list_is_read_with_the_same_columns(desk: Desk) -> None:
    (desk.path / "other.csv").write_text("phone,first_name\n+12025550199,Zed\n", encoding="utf-8")
    assert desk.plan("--contacts", "other.csv")["samples"][0]["to"] == "+1202•••0199"


def test_bad_rows_are_told_and_written_and_would_stop_a_send(desk: Desk) -> None:
    desk.contacts("+12025550101,Ann", "nobody,Zed", '+1202555,"=cmd()"')
    done = desk.preview("--problems", "bad.csv")
    assert done.code == 4
    assert "\n2 bad rows in contacts.csv:\n  contacts.csv:3: phone:" in done.err
    assert "\n  contacts.csv:4: phone:" in done.err
    assert "problems: bad.csv (2 rows)" in done.err
    assert done.err.endswith("hint: mend bad.csv, then smscli check campaigns.yaml --contacts bad.csv\n")
    with (desk.path / "bad.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["phone"] for row in rows] == ["nobody", "+1202555"]
    assert (desk.path / "bad.csv").stat().st_mode & 0o777 == 0o600


def test_bad_rows_that_would_stop_a_send_are_told_with_what_to_type(desk: Desk) -> None:
    desk.contacts("+12025550101,Ann", "nobody,Zed")
    told = desk.preview().err
    assert "\nwarning: a send would be refused: mend them, or write on_bad_rows: skip\n" in told
    assert told.endswith(
        "hint: smscli preview campaigns.yaml ready --problems bad.csv writes them out, to be mended\n"
    )


def test_bad_rows_of_an_earlier_run_do_not_stay(desk: Desk) -> None:
    (desk.path / "bad.csv").write_text("\ufeffphone,problems\nold,\n", encoding="utf-8")
    assert desk.preview("--problems", "bad.csv").code == 0
    assert "old" not in (desk.path / "bad.csv").read_text("utf-8")


@pytest.mark.parametrize(
    "path", ["contacts.csv", "./contacts.csv", "campaigns.yaml", "sent-log.db", "stop.csv"]
)
def test_bad_rows_never_overwrite_what_the_campaign_reads(desk: Desk, path: str) -> None:
    desk.campaigns(top="opt_outs: [stop.csv]\n")
    (desk.path / "stop.csv").write_text("+12025550199\n", encoding="utf-8")
    before = {each.name: each.read_bytes() for each in desk.path.iterdir()}
    done = desk.preview("--problems", path)
    assert done.code == 2
    assert "would overwrite" in done.err
    assert {each.name: each.read_bytes() for each in desk.path.iterdir()} == before


def test_rows_that_may_be_skipped_do_not_change_the_exit_code(desk: Desk) -> None:
    desk.campaigns(top="on_bad_rows: skip\n")
    desk.contacts("+12025550101,Ann", "nobody,Zed")
    done = desk.preview()
    assert done.code == 0
    assert "contacts.csv:3: phone:" in done.err


def test_of_many_problems_the_first_twenty_are_printed_and_all_are_in_the_document(desk: Desk) -> None:
    desk.contacts(*(f"nobody{index},Zed" for index in range(30)))
    done = desk.preview()
    assert done.err.count("  contacts.csv:") == 20
    assert "10 problems more" in done.err or "and 10 problems more" in done.err
    assert len(desk.plan()["problem_list"]) == 30


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("max_segments: 1", "3 texts would need more than 1 segment"),
        ("max_messages: 2", "3 messages are more than limits.max_messages, 2"),
        ("max_cost: 0.001", "is over limits.max_cost"),
    ],
)
def test_a_preview_says_what_a_send_would_refuse(desk: Desk, limits: str, said: str) -> None:
    text = READY.replace("is ready.", "x" * 150) if "segments" in limits else READY
    desk.campaigns(f"{text}    limits: {{{limits}}}\n", top=RATES)
    done = desk.preview("--json")
    assert done.code == 0
    assert said in done.document["refusals"][0]
    assert said in done.err


def test_who_was_sent_before_is_skipped_and_again_counts_the_same_text_anew(desk: Desk) -> None:
    other = READY.replace("ready:", "other:", 1) + "    same_text: skip\n"
    desk.campaigns(READY + other)
    assert desk.send("--limit", "2").code == 3
    assert desk.plan()["skipped"] == {"already_sent": 2}
    assert desk.plan(campaign="other")["skipped"] == {"same_text": 2}
    assert desk.plan("--again", "same-text", campaign="other")["to_send"] == 3
    assert desk.preview("--again", "everything").code == 2


def test_a_same_text_only_warns_where_a_text_may_be_true_twice(desk: Desk) -> None:
    desk.campaigns(READY + READY.replace("ready:", "other:", 1))
    desk.send()
    plan = desk.plan(campaign="other")
    assert (plan["to_send"], plan["same_text_warnings"]) == (3, 3)
    assert "3 had these very words from another campaign" in desk.preview(campaign="other").out


def test_time_at_the_gateways_pace_and_who_would_be_late(desk: Desk) -> None:
    hours = READY.replace(
        "quiet_hours: off", 'quiet_hours: {windows: {mon-sun: "09:00-20:00"}, holidays: ignore}'
    )
    desk.campaigns(hours, gateway="{preset: sandbox, rate: {per_second: 1, counts: message}}")
    desk.people(200)
    # The window closes at 20:00 in Washington, 15 minutes early: 19:45, which is 00:45 UTC.
    plan = desk.plan("--at", "2026-11-24T00:43:20")
    assert (plan["to_send"], plan["seconds"], plan["late"]) == (200, 200.0, 100)
    assert (plan["last_leaves_at"], plan["first_closes_at"]) == (
        "2026-11-24T00:46:39Z",
        "2026-11-24T00:45:00Z",
    )
    said = " ".join(desk.preview("--at", "2026-11-24T00:43:20").out.split())
    assert "Time 4 min planned, at 1 message a second; the last would leave Tue 2026-11-24 00:46 UTC" in said
    assert (
        "warning: 100 would leave after their window closes (the first at Tue 2026-11-24 00:45 UTC);"
        " they will be held"
    ) in said


def test_requests_are_counted_as_they_will_be_made(desk: Desk) -> None:
    """Slow start is part of it: 1, 1, 2, 4, 8, 16, 32, 64, 100 and 22."""
    desk.people(250)
    assert desk.plan()["requests"] == 10


def test_every_limit_of_the_gateway_is_said(desk: Desk) -> None:
    desk.campaigns(gateway="{preset: sandbox, rate: [{per_second: 30}, {per_second: 1, per: sender}]}")
    desk.people(10)
    told = " ".join(desk.preview().out.split())
    assert "planned, at 30 messages a second, and 1 message a second for each sender; the last" in told
    assert desk.plan()["seconds"] == 10.0


def test_nothing_is_left_behind_and_no_socket_is_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a preview opened a socket")

    before = desk.files()
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert desk.preview().code == 0
    assert desk.files() == before


def test_an_existing_log_is_read_and_not_written(desk: Desk) -> None:
    desk.send("--limit", "1")
    content, before = desk.log_path.read_bytes(), desk.files()
    assert desk.plan()["skipped"] == {"already_sent": 1}
    assert desk.log_path.read_bytes() == content
    assert desk.files() == before


def test_the_log_in_use_is_named(desk: Desk) -> None:
    assert f"sent log: {desk.log_path} (there is none yet)" in desk.preview().err
    assert f"sent log: {desk.path / 'other.db'}" in desk.preview("--log", "other.db").err
    assert desk.preview("--quiet").err == ""


def test_a_list_with_nobody_to_send_to_is_still_a_preview(desk: Desk) -> None:
    desk.campaigns(TYRES)
    desk.contacts("+12025550103,Cy,en,,", header=HEADER)
    done = desk.preview(campaign="tyres")
    assert done.code == 0
    assert "Segments" not in done.out


def test_where_everybody_is_held_the_line_that_shows_the_plan_of_then_is_told(desk: Desk) -> None:
    desk.campaigns(TYRES, top="timezone: Europe/Warsaw\n")
    desk.contacts(MIXED[2], MIXED[4], header=HEADER)
    at, log = ("--at", "2026-11-22T12:00"), ("--log", "my log.db")
    last = desk.preview(*at, *log, "--limit", "3", campaign="tyres").out.splitlines()[-1]
    command, _, said = last.removeprefix("Next      ").partition(" shows ")
    assert said == "the plan of then"
    assert command == (
        "smscli preview campaigns.yaml tyres --log 'my log.db' --limit 3 --at 2026-11-23T09:00"
    )
    then = desk(*shlex.split(command)[1:]).out
    assert "Samples   1 of 1 message" in then
    assert "Next" not in then
    assert "Next" not in desk.preview(*at, "--explain", "+48512345678", campaign="tyres").out


def test_what_to_mend_is_named_with_its_first_lines(desk: Desk) -> None:
    desk.campaigns(TYRES, top=RATES)
    bad = [f"+1202555{index:04},,en,express,2026-01-02" for index in range(7)]
    desk.contacts("+12025559999,Ann,en,express,2026-01-02", *bad, header=HEADER)
    plan = desk.plan("--at", "2026-11-23T16:30", campaign="tyres")
    assert plan["to_mend"] == [
        {
            "reason": "missing_field",
            "detail": "first_name",
            "contacts": 7,
            "lines": [3, 4, 5, 6, 7],
            "places": [{"file": "contacts.csv", "line": row + 1, "record": row} for row in range(2, 7)],
        }
    ]
    text = desk.preview("--at", "2026-11-23T16:30", campaign="tyres").out
    assert re.search(r"missing field +7  first_name: lines 3, 4, 5, 6, 7, …$", text, re.MULTILINE)


def test_the_text_at_80_columns(mixed: Desk) -> None:
    mixed.campaigns(TYRES, top=RATES + "timezone: Europe/Warsaw\n")
    done = mixed.preview("--at", "2026-11-23T16:30", campaign="tyres")
    assert done.out == GOLDEN
    assert max(map(cell_len, done.out.splitlines())) <= 80


def test_the_example_previews_from_a_fresh_copy_as_a_real_process(tmp_path: Path) -> None:
    for name in ("campaigns.example.yaml", "contacts.example.csv"):
        (tmp_path / name).write_bytes((EXAMPLES / name).read_bytes())
    soon = datetime.now().astimezone() + timedelta(days=1)
    arguments = ("campaigns.example.yaml", "tyre-change", "--at", soon.isoformat(), "--json")
    done = child("preview", *arguments, cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.document["rows"] == 14
    assert {each.name for each in tmp_path.iterdir()} == {"campaigns.example.yaml", "contacts.example.csv"}
