"""`smscli check`: everything that is wrong, at once, as tasks; and nothing of it left behind."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from smscli.cli.tasks import Found, Tasks
from smscli.domain.errors import Place, Problem
from smscli.domain.msisdn import parse
from smscli.domain.ports import OptOut
from smscli.files.samples import sample_campaigns, sample_contacts
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.desk import READY, Desk
from tests.cli.program import NOW, Finished, child, in_process
from tests.support.loopback import LoopbackGateway

OFFER = """\
  offer:
    purpose: marketing
    topic: offers
    text: {en: "Hello {{ first_name }}. STOP to opt out", pl: "Ahoj {{ first_name }}. STOP"}
    quiet_hours: {windows: {mon-sun: "00:00-24:00"}, holidays: ignore, margin: off}
    country_rules: false
    wording: off
"""
CONSENTED = "phone,first_name,language,consent,consent_date"
ANN, BEN = "+12025550101,Ann", "+12025550102,Ben"


@pytest.fixture
def gateway() -> Iterator[LoopbackGateway]:
    with LoopbackGateway() as gateway:
        yield gateway


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A folder with one campaign; tests stand in it."""
    monkeypatch.chdir(tmp_path)
    made = Desk(tmp_path)
    made.campaigns()
    made.contacts(ANN, BEN)
    return made


def check(desk: Desk, *words: str, stdin: bytes = b"") -> Finished:
    return desk("check", "campaigns.yaml", *words, stdin=stdin)


def tasks(told: Finished) -> list[str]:
    """The tasks, as they are told."""
    lines = told.out.splitlines()
    if "To mend:" not in lines:
        return []
    start = lines.index("To mend:") + 1
    return [line.strip() for line in lines[start : lines.index("", start)]]


# --- keywords ---


@pytest.mark.parametrize(
    ("keywords", "path"),
    [("{MAU: oferts}", "keywords.MAU"), ('{"3344": {MAU: oferts}}', "keywords.3344.MAU")],
)
def test_a_keyword_for_a_topic_of_no_campaign_is_something_to_look_at(
    desk: Desk, keywords: str, path: str
) -> None:
    desk.campaigns(READY + OFFER, top=f"keywords: {keywords}\n")
    desk.contacts(f"{ANN},en,express,2026-01-01", header=CONSENTED)
    told = check(desk, "--json")
    assert told.code == 0
    [found] = told.document["problem_list"]
    assert (found["code"], found["path"], found["stops"]) == ("keyword_topic", path, False)
    assert "did you mean offers?" in found["hint"]
    assert "correct the topic of 1 keyword: no campaign has it" in check(desk).out


def test_a_keyword_for_a_topic_of_another_campaign_is_fine(desk: Desk) -> None:
    desk.campaigns(READY + OFFER, top="keywords: {MAU: offers}\n")
    desk.contacts(f"{ANN},en,express,2026-01-01", header=CONSENTED)
    assert check(desk, "--json").document["problem_list"] == []


# --- nothing to mend ---


def test_files_without_a_problem_are_said_to_have_none_and_nothing_is_left_behind(desk: Desk) -> None:
    before = desk.files()
    told = check(desk)
    assert told == Finished(
        0,
        "ready: 2 rows of contacts.csv, 2 could be texted\ncampaigns.yaml: nothing to mend\n",
        "",
    )
    assert desk.files() == before


def test_the_samples_have_nothing_to_mend(tmp_path: Path) -> None:
    (tmp_path / "campaigns.yaml").write_text(sample_campaigns(), "utf-8")
    (tmp_path / "contacts.csv").write_text(sample_contacts(NOW.date()), "utf-8")
    told = child("check", "campaigns.yaml", cwd=tmp_path)
    assert (told.code, told.err) == (0, "")
    assert told.out.splitlines() == [
        "tyre-change: 14 rows of contacts.csv, 9 could be texted (opted out 1, no consent 3, duplicate 1)",
        "bike-ready: 14 rows of contacts.csv, 12 could be texted (opted out 1, duplicate 1)",
        "campaigns.yaml: nothing to mend",
    ]


def test_no_hour_of_the_day_is_a_problem(desk: Desk) -> None:
    hours = 'quiet_hours: {windows: {mon: "03:00-03:01"}, margin: off}'
    desk.campaigns(READY.replace("quiet_hours: off", hours))
    assert check(desk).out.startswith("ready: 2 rows of contacts.csv, 2 could be texted\n")


def test_a_campaign_that_will_expire_before_its_hours_open_has_not_expired_yet(desk: Desk) -> None:
    now = datetime.now(UTC)
    day = f"{now + timedelta(days=3):%a}".lower()
    desk.campaigns(
        READY.replace("quiet_hours: off", f'quiet_hours: {{windows: {{{day}: "03:00-03:01"}}, margin: off}}')
        + f"    expires: {now + timedelta(hours=1):%Y-%m-%dT%H:%M}Z\n"
    )
    told = check(desk)
    assert tasks(told)[0].startswith("set a later `expires`")
    assert "before 2 contacts may be texted again" in told.out
    assert "nobody is texted any more" not in told.out


# --- everything at once ---


def test_problems_of_every_file_are_told_at_once_as_tasks(desk: Desk) -> None:
    broken = READY.replace("ready:", "broken:").replace("purpose: transactional", "purpose: spam")
    desk.campaigns(READY + OFFER + broken, top="opt_outs: stop.txt\n", gateway="twilio")
    (desk.path / "stop.txt").write_text("+12025550101\nnot a number\n")
    desk.contacts(
        "12,Ann,en,express,2026-01-02",
        "+1202555010,Ben,en,express,2026-01-02",
        "+12025550103,Cy,en,express,",
        "+12025550104,Di,en,express,2026-13-45",
        "+12025550105,,en,express,2026-01-02",
        "+12025550106,,en,express,2026-01-02",
        "+12025550107,Flo,de,express,2026-01-02",
        "+12025550108,Gus,pl,express,2026-01-02",
        header=CONSENTED,
    )
    told = check(desk)
    assert told.code == 4
    assert tasks(told) == [
        "correct 1 value (campaigns.yaml line 21)",
        "set TWILIO_ACCOUNT_SID: export TWILIO_ACCOUNT_SID=… (campaigns.yaml line 6)",
        "set TWILIO_AUTH_TOKEN: export TWILIO_AUTH_TOKEN=… (campaigns.yaml line 6)",
        "fix 1 phone number (stop.txt line 2)",
        "say the country of 1 phone number, or of the whole list: region: PL (contacts.csv line 2)",
        "fix 1 phone number (contacts.csv line 3)",
        "name both columns of consent, level and date, under contacts: columns: (contacts.csv line 4)",
        "fix 1 consent date (contacts.csv line 5)",
        "add first_name in 2 rows (contacts.csv lines 6 and 7)",
        "write a text in de, or say `fallback: true`, for 1 contact (contacts.csv line 8)",
        "write a text in pl, or say `fallback: true`, for 1 contact (contacts.csv line 9)",
    ]
    assert "+1202555010" not in told.out + told.err


def test_a_problem_at_the_top_of_the_file_is_said_to_hide_the_rest(desk: Desk) -> None:
    desk.campaigns(top="ratez: 1\n", gateway="twilio")
    told = check(desk)
    assert tasks(told) == ["rename or delete 1 unknown key (campaigns.yaml line 7)"]
    assert told.out.endswith("mend campaigns.yaml first: what it hides comes to light then\n")


def test_a_file_that_is_not_there_hides_nothing(desk: Desk) -> None:
    for name in ("gone.yaml", "."):
        told = desk("check", name)
        assert (told.code, told.err) == (4, "")
        assert "first: what it hides" not in told.out


def test_problems_stand_in_the_order_of_their_file(desk: Desk) -> None:
    desk.contacts(
        *(f"{'12' if at == 8 else f'+1202555010{at}'},{'' if at in (1, 3) else 'Ola'}" for at in range(9))
    )
    told = check(desk)
    assert re.findall(r"^  contacts.csv:(\d+):", told.out, re.MULTILINE) == ["3", "5", "10"]
    assert [each["line"] for each in check(desk, "--json").document["problem_list"]] == [3, 5, 10]


@pytest.mark.parametrize("columns", ["50", "80"])
def test_long_lines_go_on_below_and_further_in(desk: Desk, columns: str) -> None:
    desk.contacts(ANN, "+12025550102,")
    wide, told = check(desk), in_process("check", "campaigns.yaml", environ={"COLUMNS": columns})
    lines = told.out.splitlines()
    assert max(map(len, lines)) <= int(columns)
    at = next(at for at, line in enumerate(lines) if line.startswith("  contacts.csv:3:"))
    assert lines[at + 1].startswith("    ")
    assert told.out.split() == wide.out.split()


def test_a_problem_is_shown_with_its_place_what_was_found_and_a_hint(desk: Desk) -> None:
    desk.contacts(ANN, "+12025550102,")
    assert (
        "Problems:\n"
        "  contacts.csv:3: first_name: is empty, and a text needs it: ready"
        ' (fill it in, or write {{ first_name | default("…") }} in the text)\n'
    ) in check(desk).out


def test_what_two_campaigns_say_of_one_row_is_one_problem(desk: Desk) -> None:
    desk.campaigns(READY + READY.replace("ready:", "again:").replace("Green", "Blue"))
    desk.contacts(ANN, "+12025550102,")
    document = check(desk, "--json").document
    assert document["problems"] == 1
    assert document["problem_list"][0]["campaigns"] == ["ready", "again"]
    assert list(document["campaigns"]) == ["ready", "again"]


def test_the_first_twenty_problems_are_shown_and_the_rest_counted(desk: Desk) -> None:
    desk.contacts(*(f"+1202555{at:04},{'' if at % 2 else 'Ola'}" for at in range(1000)))
    told = check(desk)
    assert tasks(told) == ["add first_name in 500 rows (contacts.csv lines 3, 5, 7, 9, 11, 13 and 494 more)"]
    assert "The first 20 of 500 problems:" in told.out
    assert told.out.count("first_name: is empty") == 20
    assert "  … and 480 more; --problems FILE writes all rows\n" in told.out


def test_json_has_tasks_problems_and_campaigns(desk: Desk) -> None:
    desk.contacts(ANN, "+1202555,Ben")
    document = check(desk, "--json").document
    [problem] = document["problem_list"]
    assert problem.pop("message")
    assert problem.pop("hint")
    assert document == {
        "schema": 1,
        "command": "check",
        "status": "files",
        "tasks": [
            {
                "task": "fix 1 phone number (contacts.csv line 3)",
                "code": "short_code",
                "count": 1,
                "file": "contacts.csv",
                "lines": [3],
                "campaigns": ["ready"],
                "stops": True,
            }
        ],
        "problems": 1,
        "to_look_at": 0,
        "problem_list": [
            {
                "file": "contacts.csv",
                "line": 3,
                "record": 2,
                "column": None,
                "path": "phone",
                "value": "+12•••55",
                "code": "short_code",
                "campaigns": ["ready"],
                "stops": True,
            }
        ],
        "wording": [],
        "respelled": [],
        "offers": [],
        "campaigns": {
            "ready": {
                "list": "contacts.csv",
                "lists": ["contacts.csv"],
                "rows": 2,
                "bad_rows": 1,
                "could_be_texted": 1,
                "skipped": {},
            }
        },
    }


# --- gateways ---


def test_an_unset_variable_is_a_task_and_a_set_one_is_never_shown(desk: Desk) -> None:
    desk.campaigns(gateway="generic-json")
    desk.environ = {"SMS_GATEWAY_TOKEN": "sesame-open"}
    told = check(desk)
    assert told.code == 4
    assert tasks(told) == ["set SMS_GATEWAY_URL: export SMS_GATEWAY_URL=… (campaigns.yaml line 6)"]
    desk.environ |= {"SMS_GATEWAY_URL": "http://sesame-open.example/"}
    plain = check(desk)
    assert plain.code == 4
    assert tasks(plain) == ["correct what SMS_GATEWAY_URL holds (campaigns.yaml line 6)"]
    desk.environ |= {"SMS_GATEWAY_URL": "https://sesame-open.example/"}
    assert check(desk).code == 0
    assert "sesame-open" not in told.out + plain.out + told.err + plain.err


def test_the_sandbox_needs_no_variables(desk: Desk) -> None:
    desk.campaigns(gateway="twilio")
    assert check(desk, "--gateway", "sandbox").code == 0


def test_another_gateway_may_be_one_of_the_file_s_own(desk: Desk) -> None:
    desk.campaigns(top="gateways:\n  ours: {preset: sandbox, rate: {per_second: 5}}\n")
    assert desk("check", "campaigns.yaml", "--gateway", "ours").code == 0
    assert desk("check", "campaigns.yaml", "--gateway", "theirs").code == 2


def test_a_gateway_that_there_is_not_is_a_task(desk: Desk) -> None:
    desk.campaigns(gateway="twillio")
    assert tasks(check(desk)) == ["name a gateway that there is (campaigns.yaml line 6)"]


def test_nothing_is_asked_of_a_gateway(desk: Desk, gateway: LoopbackGateway) -> None:
    desk.live(gateway)
    assert check(desk).code == 0
    assert gateway.requests == ()


# --- lists ---


def test_rows_that_are_skipped_anyway_are_told_and_do_not_count_as_wrong(desk: Desk) -> None:
    desk.campaigns(top="on_bad_rows: skip\n")
    desk.contacts(ANN, "+120255,Ben")
    told = check(desk)
    assert told.code == 0
    assert "Left out by on_bad_rows: skip, unless you mend them:\n  fix 1 phone number" in told.out
    assert told.out.endswith(
        "ready: 2 rows of contacts.csv, 1 could be texted (bad rows 1)\n"
        "campaigns.yaml: nothing to mend before a send\n"
    )
    strict = READY.replace("ready:", "strict:\n    on_bad_rows: stop")
    desk.campaigns(READY + strict, top="on_bad_rows: skip\n")
    assert check(desk).code == 4


def test_a_header_that_fits_one_campaign_only_is_told_of_the_other(desk: Desk) -> None:
    desk.campaigns(READY + OFFER.replace("first_name", "nickname"))
    told = check(desk, "--json").document
    assert [(task["code"], task["campaigns"]) for task in told["tasks"]] == [("unknown_field", ["offer"])]
    assert told["campaigns"]["offer"]["rows"] is None
    assert told["campaigns"]["ready"]["could_be_texted"] == 2


def test_consent_that_no_column_says_is_one_task_that_names_the_columns(desk: Desk) -> None:
    desk.campaigns(OFFER)
    told = check(desk)
    (task,) = tasks(told)
    words = "name the columns of consent (consent and consent_date), or record it: smscli consent import"
    assert task == f"{words} (campaigns.yaml: campaigns.offer)"
    assert "consent_date" in told.out.partition("Problems:")[2]


def agreed(desk: Desk, *numbers: str) -> None:
    given = ("--level", "express_written", "--how", "paper", "--campaigns", "campaigns.yaml")
    assert desk("consent", "add", *numbers, *given).code == 0


def test_whose_consent_the_sent_log_has_could_be_texted(desk: Desk) -> None:
    desk.campaigns(OFFER)
    assert desk("init", ".").code == 0
    agreed(desk, "+12025550101")
    assert desk("optout", "add", "+12025550101", "--campaigns", "campaigns.yaml").code == 0
    before = desk.log_path.read_bytes()
    told = check(desk)
    assert (told.code, told.out) == (0, (
        "offer: 2 rows of contacts.csv, 1 could be texted (no consent 1)\n"
        "campaigns.yaml: nothing to mend\n"
    ))  # fmt: skip
    assert desk.log_path.read_bytes() == before


def test_consent_of_others_says_nothing_of_a_list(desk: Desk) -> None:
    desk.campaigns(OFFER)
    assert desk("init", ".").code == 0
    agreed(desk, "+12025550177")
    told = check(desk, "--json").document
    assert [task["code"] for task in told["tasks"]] == ["no_consent_columns"]


@pytest.mark.parametrize("content", [None, b"", b"SQLite format 3\x00 and no more"])
def test_without_a_sound_sent_log_only_the_list_says_who_agreed(desk: Desk, content: bytes | None) -> None:
    desk.campaigns(OFFER)
    if content is not None:
        desk.log_path.write_bytes(content)
    told = check(desk, "--json").document
    assert [task["code"] for task in told["tasks"]] == ["no_consent_columns"]
    assert (desk.log_path.read_bytes() if desk.log_path.exists() else None) == content


@pytest.mark.parametrize(
    ("campaigns", "rows", "task"),
    [
        (READY + "    expires: 2020-01-01T00:00Z\n", (ANN,), "set a later `expires`, or delete it"),
        (READY + "    countries: [PL]\n", (ANN,), "look why nobody could be texted"),
        (READY + "    limits: {max_messages: 1}\n", (ANN, BEN), "raise limits.max_messages"),
        (READY + "    limits: {max_cost: 0.01}\n", (ANN, BEN), "raise limits.max_cost"),
        (READY + "    limits: {max_cost: 1}\n", (ANN, "+48512345678,Ola"), "add the rate of 1 country"),
        (READY + "    limits: {max_segments: 1}\n", ("+12025550101," + "A" * 200,), "shorten the text for 1"),
        (READY, (), "put contacts into the list (contacts.csv)"),
    ],
)
def test_what_keeps_a_campaign_from_going_out_is_a_task(
    desk: Desk, campaigns: str, rows: tuple[str, ...], task: str
) -> None:
    desk.campaigns(campaigns, top="rates: {currency: EUR, US: 0.008}\n")
    desk.contacts(*rows)
    told = check(desk)
    assert told.code == 4
    assert len(tasks(told)) == 1
    assert tasks(told)[0].startswith(task)


def test_limits_are_of_those_who_are_held_too(desk: Desk) -> None:
    """At night as by day: what does not fit then would not fit tomorrow."""
    hours = 'quiet_hours: {windows: {mon: "03:00-03:01"}, margin: off}'
    limits = "limits: {max_messages: 1, max_cost: 0.01}"
    held = READY.replace("quiet_hours: off", f"{hours}\n    {limits}")
    desk.campaigns(held, top="rates: {currency: EUR, US: 0.008}\n")
    first_words = [task.split(",")[0] for task in tasks(check(desk))]
    assert first_words == ["raise limits.max_messages", "raise limits.max_cost"]


def test_a_campaign_without_a_list_is_checked_as_far_as_it_goes(desk: Desk) -> None:
    path = desk.path / "campaigns.yaml"
    path.write_text(path.read_text().replace("contacts: contacts.csv\n", ""))
    told = check(desk)
    assert (told.code, told.out.splitlines()[0]) == (
        0,
        "ready: names no contact list; --contacts FILE checks one",
    )
    assert "2 could be texted" in check(desk, "--contacts", "contacts.csv").out


def test_a_list_from_standard_input_serves_all_campaigns(desk: Desk) -> None:
    desk.campaigns(READY + READY.replace("ready:", "again:").replace("Green", "Blue"))
    told = check(desk, "--contacts", "-", stdin=b"phone,first_name\n+12025550101,Ann\n12,Ben\n")
    assert told.code == 4
    assert told.out.count("2 rows of standard input, 1 could be texted") == 2


def test_a_list_from_standard_input_serves_campaigns_that_read_it_differently(desk: Desk) -> None:
    desk.campaigns(READY + READY.replace("ready:", "polish:") + "    contacts: {file: x.csv, region: PL}\n")
    told = check(desk, "--contacts", "-", stdin=b"phone,first_name\n+12025550101,Ann\n")
    assert (told.code, told.out.count("1 row of standard input, 1 could be texted")) == (0, 2)


def test_a_list_from_a_pipe_with_a_name_is_read_once(desk: Desk) -> None:
    os.mkfifo(desk.path / "pipe.csv")
    row = b"phone,first_name\n+12025550101,Ann\n"
    writer = Thread(target=(desk.path / "pipe.csv").write_bytes, args=(row,), daemon=True)
    writer.start()
    told = check(desk, "--contacts", "pipe.csv")
    writer.join(timeout=10)
    assert (told.code, told.err) == (0, "")
    assert "ready: 1 row of pipe.csv, 1 could be texted" in told.out


def test_nobody_types_a_list(desk: Desk) -> None:
    told = desk("check", "campaigns.yaml", "--contacts", "-", typed="")
    assert told.out.splitlines()[0] == "ready: its list comes from standard input; pipe it in to check it"


@pytest.mark.parametrize("campaign", ["ready", "offer"])
def test_as_many_could_be_texted_as_a_preview_would_send_to_now_or_later(desk: Desk, campaign: str) -> None:
    desk.campaigns(READY + OFFER, top="on_bad_rows: skip\n")
    desk.contacts(
        "+12025550101,Ann,en,express,2026-01-02",
        "+12025550102,Ben,,express,2026-01-02",
        "+12025550102,Ben,,express,2026-01-02",
        "+12025550103,Cy,en,soft,2026-01-02",
        "+12025550104,Di,de,express,2026-01-02",
        "+12025550105,,pl,express,2026-01-02",
        "12,Eve,pl,express,2026-01-02",
        header=CONSENTED,
    )
    plan = desk.plan(campaign=campaign)
    stands = check(desk, "--json").document["campaigns"][campaign]
    assert stands["could_be_texted"] == plan["to_send"] + sum(plan["held"].values()) > 0
    assert stands["skipped"] == plan["skipped"]
    assert (stands["rows"], stands["bad_rows"]) == (7, 1)


def test_opt_outs_of_other_lists_and_logs_count_and_one_that_is_missing_is_a_task(desk: Desk) -> None:
    (desk.path / "stop.txt").write_text("+12025550101\n")
    with closing(open_sent_log(desk.path / "other.db", create=True)) as log:
        log.opt_out([OptOut(parse("+12025550102", None), "", NOW, "operator")])
    desk.campaigns(top="opt_outs: [stop.txt, other.db]\n")
    desk.contacts(ANN, BEN, "+12025550103,Cy")
    assert "1 could be texted (opted out 2)" in check(desk).out
    desk.campaigns(top="opt_outs: [stop.txt, gone.txt]\n")
    assert tasks(check(desk)) == ["put the file where it is looked for, or correct its name (gone.txt)"]


def test_a_bad_row_that_says_stop_counts_as_an_opt_out(desk: Desk) -> None:
    desk.campaigns(top="on_bad_rows: skip\n")
    path = desk.path / "campaigns.yaml"
    mapped = "contacts: {file: contacts.csv, columns: {opt_out: stop}}"
    path.write_text(path.read_text().replace("contacts: contacts.csv", mapped))
    desk.contacts("+12025550101,Ann,,", "+12025550101,Ann,yes,Mars/Sea", header="phone,first_name,stop,zone")
    assert "0 could be texted (opted out 1, bad rows 1)" in check(desk).out


def test_a_list_that_breaks_off_is_told_and_counted_as_far_as_it_goes(desk: Desk) -> None:
    (desk.path / "contacts.csv").write_bytes(b"phone,first_name\n+12025550101,Ann\n+12025550102,J\xfcrgen\n")
    told = check(desk)
    assert told.code == 4
    assert tasks(told) == ["save the file as UTF-8, or say the encoding of the list (contacts.csv line 3)"]


def test_a_list_that_breaks_off_at_once_is_not_said_to_be_empty(desk: Desk) -> None:
    (desk.path / "contacts.csv").write_bytes(b"phone,first_name\n+12025550102,J\xfcrgen\n")
    assert tasks(check(desk)) == [
        "save the file as UTF-8, or say the encoding of the list (contacts.csv line 2)"
    ]


def test_an_empty_list_of_two_campaigns_is_one_problem(desk: Desk) -> None:
    desk.campaigns(READY + READY.replace("ready:", "later:"))
    desk.contacts()
    told = check(desk, "--json").document
    [problem] = told["problem_list"]
    assert (problem["code"], problem["campaigns"]) == ("no_contacts", ["ready", "later"])


def test_a_line_with_two_problems_of_a_kind_is_named_once(desk: Desk) -> None:
    desk.campaigns(READY.replace("{{ first_name }}", "{{ first_name }} {{ code }} {{ link }}"))
    assert tasks(check(desk)) == ["add 2 columns that texts need, or change the texts (contacts.csv line 1)"]
    tasks_of = Tasks()
    for line in (*range(2, 9), 9, 9, 10):
        tasks_of.take(Found(Problem(Place("contacts.csv", line), "too_short", "x")))
    [task] = tasks_of
    assert str(task) == "fix 10 phone numbers (contacts.csv lines 2, 3, 4, 5, 6, 7 and 3 more)"


def test_an_expired_list_of_consent_says_nobody(desk: Desk) -> None:
    desk.campaigns(OFFER)
    desk.contacts("+12025550101,Ann,en,express,2026-01-02", header=CONSENTED)
    desk.ahead = timedelta(days=365 * 4)
    assert tasks(check(desk))[0].startswith("look why nobody could be texted")


# --- which ---


def test_one_campaign_can_be_picked_and_a_wrong_one_is_named(desk: Desk) -> None:
    desk.campaigns(READY + OFFER)
    assert check(desk, "--campaign", "ready").code == 0
    assert list(check(desk, "--campaign", "offer", "--json").document["campaigns"]) == ["offer"]
    wrong = check(desk, "--campaign", "redy")
    assert wrong.code == 2
    assert "did you mean ready?" in wrong.err


def test_a_file_that_cannot_be_read_is_a_task_too(desk: Desk) -> None:
    told = desk("check", "campaign.yaml")
    assert told.code == 4
    assert tasks(told) == ["put the file where it is looked for, or correct its name (campaign.yaml)"]
    assert "did you mean campaigns.yaml?" in told.out
