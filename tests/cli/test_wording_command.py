"""Wording and encoding in check, preview and send: what is told, what is refused, what is sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.desk import Desk

SHORT = "https://bit.ly/x1"
HEADER = "phone,first_name,language"
ANN, JAN, EVA = "+12025550101,Ann,en", "+48512345678,Łukasz,pl", "+12025550103,Eva,de"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    made = Desk(tmp_path)
    made.contacts(ANN, JAN, header=HEADER)
    return made


def campaign(*keys: str, en: str = f"Green Garage: {{{{ first_name }}}}, see {SHORT}", pl: str = "") -> str:
    texts = {"en": en, "pl": pl or f"Green Garage: {{{{ first_name }}}}, zobacz {SHORT}"}
    lines = [
        "  ready:",
        "    purpose: transactional",
        "    quiet_hours: off",
        *(f"    {key}" for key in keys),
        "    text:",
        *(f'      {language}: "{text}"' for language, text in texts.items()),
    ]
    return "\n".join(lines) + "\n"


REFUSING = "wording: {public_shortener: refuse}"


# --- findings ---


def test_a_send_refuses_what_a_rule_refuses_and_says_how_to_switch_it(desk: Desk) -> None:
    desk.campaigns(campaign(REFUSING))
    told = desk.send()
    assert told.code == 5
    assert "error: a wording rule refuses the text: public_shortener in en, pl" in told.err
    assert "write wording: {public_shortener: warn} into campaigns.yaml" in told.err
    assert desk.outbox() == []


def test_a_dry_run_refuses_it_too(desk: Desk) -> None:
    desk.campaigns(campaign(REFUSING))
    assert desk.send("--dry-run").code == 5


@pytest.mark.parametrize("severity", ["warn", "off"])
def test_a_rule_that_does_not_refuse_stops_nothing(desk: Desk, severity: str) -> None:
    desk.campaigns(campaign(f"wording: {{public_shortener: {severity}}}"))
    told = desk.send()
    assert told.code == 0, told.err
    assert len(desk.outbox()) == 2


def test_a_preview_says_that_a_send_would_be_refused(desk: Desk) -> None:
    desk.campaigns(campaign(REFUSING))
    told = desk.preview()
    assert told.code == 0
    assert "warning: a send would be refused: a wording rule refuses the text: public_shortener" in told.err
    plan = desk.plan()
    assert [each[:40] for each in plan["refusals"]] == ["a wording rule refuses the text: public_"]


def test_a_preview_shows_one_finding_of_all_languages_once_with_its_places(desk: Desk) -> None:
    desk.campaigns(campaign(REFUSING))
    lines = desk.preview().out.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("Wording"))
    assert re.match(r"  refuse  public_shortener \(en, pl\): ", lines[start + 1])
    marked = [at for at, line in enumerate(lines) if set(line) == {" ", "^"}]
    for at in marked[:2]:
        place = lines[at].index("^")
        assert lines[at - 1][place:] == SHORT


def test_findings_are_told_to_programs_with_their_places(desk: Desk) -> None:
    desk.campaigns(campaign(REFUSING))
    found = [each for each in desk.plan()["wording"] if each["rule"] == "public_shortener"]
    assert [each["language"] for each in found] == ["en", "pl"]
    for each, name in zip(found, ("Ann, see", "Łukasz, zobacz"), strict=True):
        body = f"Green Garage: {name} {SHORT}"
        assert body[each["start"] : each["end"]] == SHORT
        assert each["severity"] == "refuse"
        assert SHORT in each["excerpt"]
        assert set(each) == {
            "rule", "severity", "language", "start", "end", "excerpt", "message", "suggestion", "saves",
        }  # fmt: skip


def test_texts_of_those_who_are_held_are_read_too(desk: Desk) -> None:
    desk.campaigns(
        campaign(REFUSING).replace("quiet_hours: off", 'quiet_hours: {windows: {mon: "09:00-10:00"}}')
    )
    plan = desk.plan("--at", "2026-11-25T12:00")
    assert plan["to_send"] == 0
    assert {each["language"] for each in plan["wording"] if each["rule"] == "public_shortener"} == {
        "en",
        "pl",
    }


def test_the_longest_text_is_read_however_late_it_comes(desk: Desk) -> None:
    people = [f"+1202555{number:04},Ola,en" for number in range(100, 150)]
    desk.contacts(*people, f'+12025550199,"Ann of {SHORT}/and-so-on",en', header=HEADER)
    desk.campaigns(campaign(REFUSING, en="Green Garage: {{ first_name }}, ready."))
    assert "public_shortener" in {each["rule"] for each in desk.plan()["wording"]}


def test_a_number_beside_a_finding_is_masked(desk: Desk) -> None:
    desk.contacts(f"{ANN}", header=HEADER)
    desk.campaigns(campaign(REFUSING, en=f"Green Garage: +12025550188 or {SHORT}"))
    told = desk.preview("--json")
    assert all("0188" not in each["excerpt"] for each in told.document["wording"])
    assert "0188" not in told.err


# --- check ---


def check(desk: Desk, *arguments: str) -> tuple[int, str]:
    told = desk("check", "campaigns.yaml", *arguments)
    return told.code, told.out


def test_what_a_send_would_refuse_is_a_task_of_check(desk: Desk) -> None:
    desk.campaigns(campaign(REFUSING))
    code, out = check(desk)
    assert code == 4
    task = "write links of your own in 2 texts (campaigns.yaml: campaigns.ready.text.en,"
    assert f"{task} campaigns.ready.text.pl)" in " ".join(out.split())
    assert "  refuse  public_shortener (en, pl): " in out


def test_warnings_of_wording_leave_nothing_to_mend(desk: Desk) -> None:
    desk.campaigns(campaign("wording: {public_shortener: warn}"))
    code, out = check(desk)
    assert code == 0
    assert "  warn    public_shortener (en, pl): " in out
    assert out.endswith("campaigns.yaml: nothing to mend\n")


def test_check_reads_texts_that_nobody_on_the_list_gets(desk: Desk) -> None:
    desk.contacts(JAN.replace("pl", "de"), header=HEADER)
    desk.campaigns(campaign(REFUSING))
    document = desk("check", "campaigns.yaml", "--json").document
    found = [each for each in document["wording"] if each["rule"] == "public_shortener"]
    assert [(each["campaign"], each["language"]) for each in found] == [("ready", "en"), ("ready", "pl")]


@pytest.mark.parametrize(
    "gap", ["{{ price | round(2) }}", "{{ price | int }}", "{% if price %}{{ price }}{% endif %}"]
)
def test_check_reads_a_text_without_a_list_whatever_its_gaps_want(desk: Desk, gap: str) -> None:
    desk.campaigns(campaign(REFUSING, en=f"Green Garage: {gap} {SHORT}").replace("\\n", ""))
    (desk.path / "contacts.csv").unlink()
    document = desk("check", "campaigns.yaml", "--json").document
    assert {each["language"] for each in document["wording"] if each["rule"] == "public_shortener"} == {
        "en",
        "pl",
    }


def test_problems_of_wording_are_told_to_programs_as_others_are(desk: Desk) -> None:
    desk.campaigns(campaign(REFUSING))
    document = desk("check", "campaigns.yaml", "--json").document
    problems = [each for each in document["problem_list"] if each["code"] == "public_shortener"]
    assert [each["path"] for each in problems] == ["campaigns.ready.text.en", "campaigns.ready.text.pl"]
    assert all(each["stops"] and each["campaigns"] == ["ready"] for each in problems)
    assert all("wording: {public_shortener: warn}" in each["hint"] for each in problems)
    assert document["problems"] == 2


# --- encoding ---

CURLY = "Green Garage: {{ first_name }}, it’s “ready” – come…"
POLISH = "Green Garage: {{ first_name }}, rower jest już gotowy do odbioru, zapraszamy do nas."


def test_a_text_is_sent_as_its_encoding_spells_it(desk: Desk) -> None:
    desk.campaigns(campaign("encoding: gsm7", en=CURLY, pl=POLISH))
    assert desk.send().code == 0
    assert [each["text"] for each in desk.outbox()] == [
        'Green Garage: Ann, it\'s "ready" - come...',
        "Green Garage: Lukasz, rower jest juz gotowy do odbioru, zapraszamy do nas.",
    ]


def test_letters_stay_where_only_typesetting_may_go(desk: Desk) -> None:
    desk.campaigns(campaign("encoding: tidy", en=CURLY, pl=POLISH))
    assert desk.send().code == 0
    assert desk.outbox()[1]["text"] == POLISH.replace("{{ first_name }}", "Łukasz")


def test_a_preview_counts_what_is_sent_and_shows_what_was_written(desk: Desk) -> None:
    desk.campaigns(campaign("encoding: gsm7", en=CURLY, pl=POLISH))
    plan = desk.plan()
    assert plan["encodings"] == {"GSM-7": 2, "UCS-2": 0}
    english, polish = plan["respelled"]
    assert english["written"] == CURLY.replace("{{ first_name }}", "Ann")
    assert polish == {
        "language": "pl",
        "written": POLISH.replace("{{ first_name }}", "Łukasz"),
        "sent": "Green Garage: Lukasz, rower jest juz gotowy do odbioru, zapraszamy do nas.",
        "segments_as_written": 2,
        "segments": 1,
    }
    out = desk.preview().out
    assert "Encoding  gsm7 changes texts in en, pl; - as written, + as sent" in out
    assert "  pl: 1 segment instead of 2 in this text" in out


def test_a_single_name_that_is_respelled_is_found_and_shown(desk: Desk) -> None:
    people = [f"+1202555{number:04},Ola,en" for number in range(100, 200)]
    desk.contacts(*people, "+12025550200,Żaneta,en", *people[:0], header=HEADER)
    desk.campaigns(campaign("encoding: gsm7", en="Green Garage: {{ first_name }}, ready."))
    assert [each["sent"] for each in desk.plan()["respelled"]] == ["Green Garage: Zaneta, ready."]


def test_check_shows_what_encoding_changes(desk: Desk) -> None:
    desk.campaigns(campaign("encoding: gsm7", en=CURLY, pl=POLISH))
    code, out = check(desk)
    assert code == 0
    assert "Encoding  gsm7 changes texts in en, pl; - as written, + as sent" in out
    document = desk("check", "campaigns.yaml", "--json").document
    assert [(each["campaign"], each["language"]) for each in document["respelled"]] == [
        ("ready", "en"),
        ("ready", "pl"),
    ]


def test_without_encoding_nothing_is_respelled(desk: Desk) -> None:
    desk.campaigns(campaign(en=CURLY, pl=POLISH))
    assert desk.plan()["respelled"] == []
    assert desk.send().code == 0
    assert desk.outbox()[0]["text"] == CURLY.replace("{{ first_name }}", "Ann")
