"""`smscli hours`: what holds somewhere, by which rows, and whether it is open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smscli.files.rule_files import load_country_rules, load_policies
from tests.cli.program import Program, child, in_process

smscli = Program()

TUESDAY, SUNDAY, NIGHT = "2026-11-24T14:30", "2026-11-22T14:30", "2026-11-24T03:00"

CAMPAIGNS = """
version: 1
brand: Green Garage
sender: "+12025550143"
gateway: sandbox
contacts: list.csv
timezone: Europe/Warsaw
campaigns:
  offer:
    purpose: marketing
    topic: offers
    text: "Green Garage: offers. Reply STOP to opt out"
    quiet_hours: {windows: {mon-fri: "10:00-12:00"}, holidays: ignore, margin: 10m}
  bare:
    purpose: transactional
    text: "Green Garage: your bike is ready"
    quiet_hours: {windows: {mon-sun: "00:00-24:00"}, holidays: ignore}
    country_rules: false
"""


def hours(*words: str, at: str = TUESDAY) -> dict[str, Any]:
    told = smscli("hours", *words, "--at", at, "--json")
    assert told.code == 0, told.err
    return dict(told.document)


def refused(*words: str) -> str:
    told = smscli("hours", *words)
    assert (told.code, told.out) == (2, "")
    return str(told.err)


@pytest.fixture
def campaigns(tmp_path: Path) -> str:
    path = tmp_path / "c.yaml"
    path.write_text(CAMPAIGNS, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("place", "there"), [("PL", []), ("GB", ["there Wed 10:00 Europe/London"])], ids=["the same", "another"]
)
def test_a_time_that_both_clocks_show_is_said_once(campaigns: str, place: str, there: list[str]) -> None:
    told = smscli("hours", place, "--campaigns", campaigns, "--campaign", "offer", "--at", TUESDAY)
    lines = [line.strip() for line in told.out.splitlines()]
    assert any(line.startswith("Opens     Wed 2026-11-25") for line in lines)
    assert [line for line in lines if line.startswith("there ")] == there


def test_a_cap_says_in_whole_words_what_it_counts() -> None:
    told = smscli("hours", "US-FL", "--at", TUESDAY)
    assert "at most 3 in 24 hours, counting messages of the same purpose" in " ".join(told.out.split())


@pytest.mark.parametrize(
    ("words", "places", "rows"),
    [
        (["PL"], ["PL"], ["PL"]),
        (["Poland"], ["PL"], ["PL"]),
        (["POL"], ["PL"], ["PL"]),
        (["US-FL"], ["US-FL"], ["US", "US-FL"]),
        (["Florida"], ["US-FL"], ["US", "US-FL"]),
        (["us-fl"], ["US-FL"], ["US", "US-FL"]),
        (["US", "--state", "FL"], ["US-FL"], ["US", "US-FL"]),
        (["US", "--zip", "33101"], ["US-FL"], ["US", "US-FL"]),
        (["CA"], ["CA"], ["CA"]),  # Canada, not California
        (["DE-BY"], ["DE-BY"], ["DE"]),
        (["IS"], ["IS"], ["otherwise"]),
        (["+48512345678"], ["PL"], ["PL"]),
        (["+1 305 555 0101"], ["US-FL"], ["US", "US-FL"]),
        (["+13055550101", "--state", "TX"], ["US-FL", "US-TX"], ["US", "US-FL", "US-TX"]),
        (["+13055550101", "--zip", "90001"], ["US-CA"], ["US", "US-CA"]),
    ],
)
def test_the_rows_that_apply(words: list[str], places: list[str], rows: list[str]) -> None:
    found = hours(*words)
    assert found["places"] == places
    assert [row["id"] for row in found["rows"]] == rows
    assert found["has_own_row"] is ("otherwise" not in rows)


@pytest.mark.parametrize(
    ("words", "at", "state", "until", "opens_at"),
    [
        (["PL"], TUESDAY, "open", "2026-11-24T19:00:00Z", None),
        (["PL"], SUNDAY, "closed", None, "2026-11-23T07:00:00Z"),
        (["PL"], "2026-11-11T10:00", "closed", None, "2026-11-12T07:00:00Z"),  # Independence Day
        (["US-FL"], NIGHT, "closed", None, "2026-11-24T14:00:00Z"),  # in Pensacola an hour later
        (["US-FL", "--zone", "America/New_York"], NIGHT, "closed", None, "2026-11-24T13:00:00Z"),
        (["+13055550101", "--zip", "32401"], NIGHT, "closed", None, "2026-11-24T14:00:00Z"),
        (["+18005550101"], TUESDAY, "never_open", None, None),
    ],
)
def test_whether_it_is_open_and_when_it_is(
    words: list[str], at: str, state: str, until: str | None, opens_at: str | None
) -> None:
    found = hours(*words, at=at)
    assert (found["state"], found["until"], found["opens_at"]) == (state, until, opens_at)


def test_holidays_of_a_part_are_those_of_its_country_and_its_own() -> None:
    bavaria = hours("DE-BY", at="2026-12-27T10:00")["holidays"]
    assert bavaria == [
        {"date": "2027-01-01", "name": "New Year's Day"},
        {"date": "2027-01-06", "name": "Epiphany"},
        {"date": "2027-03-26", "name": "Good Friday"},
    ]
    assert [each["date"] for each in hours("DE", at="2026-12-27T10:00")["holidays"]][1] == "2027-03-26"


def test_a_campaign_obeys_its_own_hours_and_those_of_the_place(campaigns: str) -> None:
    found = hours("PL", "--campaigns", campaigns, "--campaign", "offer", at="2026-11-24T10:30")
    assert (found["state"], found["until"]) == ("open", "2026-11-24T10:50:00Z")  # 11:50 in Warsaw
    assert found["at"] == "2026-11-24T09:30:00Z"  # the campaign's timezone
    assert found["own"]["name"] == "campaign offer"
    assert found["own"]["windows"]["mon"] == ["10:00-12:00"]
    assert hours("PL", "--campaigns", campaigns, "--campaign", "offer", at=TUESDAY)["state"] == "closed"


def test_a_campaign_without_country_rules_obeys_its_own_alone(campaigns: str) -> None:
    found = hours("PL", "--campaigns", campaigns, "--campaign", "bare", at=NIGHT)
    assert (found["state"], found["rows"][0]["state"]) == ("open", "closed")
    assert found["own"]["country_rules"] is False


@pytest.mark.parametrize("name", sorted(load_policies()))
def test_each_ready_week_can_be_held_against_a_country(name: str) -> None:
    found = hours("PL", "--policy", name)
    assert found["own"]["name"] == f"the ready week {name}"
    assert found["own"]["state"] in ("open", "closed")


def test_without_a_place_every_country_with_a_row_is_listed() -> None:
    told = hours()["countries"]
    assert [row["id"] for row in told] == sorted(row for row in load_country_rules().rows if "-" not in row)
    assert {row["state"] for row in told} == {"open", "closed"}


def test_a_country_tells_which_of_its_parts_have_rows() -> None:
    parts = [row["id"] for row in hours("US")["parts"]]
    assert parts == sorted(row for row in load_country_rules().rows if row.startswith("US-"))
    assert hours("PL")["parts"] == []


@pytest.mark.parametrize("place", [*sorted(load_country_rules().rows), "IS", "PR", "GE"])
def test_every_row_can_be_asked_for_and_is_told_with_its_basis(place: str) -> None:
    told = in_process("hours", place, "--at", TUESDAY)
    assert told.code == 0, told.err
    assert "This is no legal advice." in told.out
    for label in ("Clocks", "windows", "basis", "confidence", "sources"):
        assert label in told.out


def test_the_number_is_masked() -> None:
    told = smscli("hours", "+13055550101")
    assert "5550101" not in told.out + told.err
    assert "5550101" not in smscli("hours", "+13055550101", "--json").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["UK"], "did you mean United Kingdom? Type: smscli hours GB"),
        (["Polandd"], "did you mean Poland? Type: smscli hours PL"),
        (["Nowhere"], "write a number (+12025550123), a country (PL) or a state (US-FL)"),
        (["512345678"], "error: 51•••••78 does not say its country"),
        (["+48 12"], "error: +48 12 is too short"),
        (["PL", "--zip", "33101"], "PL has no ZIP codes"),
        (["US", "--zip", "331"], "is no US ZIP code"),
        (["US-FL", "--state", "NY"], "US-FL is a state already"),
        (["US", "--state", "Flordia"], "did you mean Florida?"),
        (["MX", "--state", "Jalisco"], "the parts of MX are not known"),
        (["PL", "--zone", "Europe/Warszawa"], "did you mean Europe/Warsaw?"),
        (["PL", "--at", "soon"], "is not a point in time"),
        (["--state", "FL"], "--state needs a place"),
        (["PL", "--policy", "nightly"], "there are daily, office, working-days, strict"),
        (["PL", "--policy", "daily", "--campaign", "x"], "a campaign has its own hours"),
        (["PL", "--campaign", "offer"], "type --campaigns FILE"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_line_to_type(words: list[str], said: str) -> None:
    assert said in refused(*words)


def test_of_several_campaigns_one_has_to_be_named(campaigns: str) -> None:
    assert "say which: --campaign offer" in refused("PL", "--campaigns", campaigns)


def test_an_ascii_terminal_is_told_in_ascii() -> None:
    told = child("hours", "+13055550101", environ={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert told.code == 0
    assert told.out.isascii()
    assert "?" not in told.out
