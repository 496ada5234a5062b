"""Several lists in one campaign: whatever is told of a row says of which list it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.desk import READY, Desk
from tests.cli.test_preview_command import HEADER, TYRES

ANN, BEN, EWA = "+12025550101", "+12025550102", "+48512345678"

LISTS = "contacts: [members.csv, {file: shop.csv, region: PL, columns: {phone: tel}}]\n"


def lists(desk: Desk, contacts: str, campaigns: str = READY, top: str = "") -> None:
    """Write the campaigns file with these lists."""
    desk.campaigns(campaigns, top=top)
    file = desk.path / "campaigns.yaml"
    file.write_text(file.read_text("utf-8").replace("contacts: contacts.csv\n", contacts), encoding="utf-8")


def file(desk: Desk, name: str, *rows: str) -> None:
    """Write a list."""
    (desk.path / name).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    lists(desk, LISTS)
    file(desk, "members.csv", "phone,first_name", f"{ANN},Ann", "+1202555010,Bob", f"{BEN},")
    file(
        desk, "shop.csv", "tel;first_name", "512345678;Ewa", f"{ANN};Ann", '+1202555011;"Cy\nX"', "600100200;"
    )
    return desk


def test_the_screen_names_every_list_with_its_rows_and_how_it_was_read(desk: Desk) -> None:
    out = desk.preview().out
    assert (
        "\nLists     members.csv: 3 rows, separated by commas\n"
        "          shop.csv: 4 rows, separated by semicolons\n"
        "          together 7 rows\nPlan of"
    ) in out


def test_the_document_has_every_list_and_no_single_one(desk: Desk) -> None:
    plan = desk.plan()
    assert plan["list"] is None
    assert [(each["name"], each["rows"], each["delimiter"]) for each in plan["lists"]] == [
        ("members.csv", 3, ","),
        ("shop.csv", 4, ";"),
    ]
    assert [each["columns"]["phone"] for each in plan["lists"]] == ["phone", "tel"]
    assert plan["rows"] == 7


def test_the_document_of_one_list_has_it_under_both_keys(desk: Desk) -> None:
    plan = desk.plan("--contacts", "members.csv")
    assert plan["lists"] == [plan["list"]]
    assert plan["list"]["name"] == "members.csv"


def test_whoever_opts_out_in_any_of_several_columns_is_skipped_and_all_are_told(desk: Desk) -> None:
    lists(desk, "contacts: {file: crm.csv, columns: {opt_out: [SMS Opt Out, Email Opt Out]}}\n")
    file(desk, "crm.csv", "phone,Email Opt Out,first_name,SMS Opt Out", f"{ANN},yes,Ann,no", f"{BEN},no,Ben,")
    plan = desk.plan()
    assert plan["skipped"] == {"opted_out": 1}
    assert plan["list"]["columns"]["opt_out"] == ["SMS Opt Out", "Email Opt Out"]


def test_problems_and_what_to_mend_are_told_with_their_list(desk: Desk) -> None:
    done = desk.preview()
    assert (
        "2 bad rows in members.csv and shop.csv:\n  members.csv:3: phone: +12••••••10 is too short"
        in done.err
    )
    assert "\n  shop.csv:4: tel: +12••••••11 is too short" in done.err
    assert re.search(r"missing field +2  first_name: members\.csv:4, shop\.csv:6\n", done.out)
    (each,) = desk.plan()["to_mend"]
    assert each["places"] == [
        {"file": "members.csv", "line": 4, "record": 3},
        {"file": "shop.csv", "line": 6, "record": 4},
    ]


def test_records_are_numbered_in_their_own_list_and_rows_through_all(desk: Desk) -> None:
    desk.preview("--plan", "plan.jsonl")
    lines = [json.loads(line) for line in (desk.path / "plan.jsonl").read_text("ascii").splitlines()]
    assert [(each["row"], each["file"], each["line"], each["record"]) for each in lines] == [
        (1, "members.csv", 2, 1),
        (2, "members.csv", 3, 2),
        (3, "members.csv", 4, 3),
        (4, "shop.csv", 2, 1),
        (5, "shop.csv", 3, 2),
        (6, "shop.csv", 4, 3),
        (7, "shop.csv", 6, 4),
    ]
    assert [(each["file"], each["record"]) for each in desk.plan()["problem_list"]] == [
        ("members.csv", 2),
        ("shop.csv", 3),
    ]


def test_a_list_without_rows_between_others_changes_no_number(desk: Desk) -> None:
    file(desk, "none.csv", "phone,first_name")
    lists(desk, LISTS.replace("[members.csv,", "[members.csv, none.csv,"))
    plan = desk.plan("--duplicates", "twice.csv")
    assert [each["rows"] for each in plan["lists"]] == [3, 0, 4]
    assert (desk.path / "twice.csv").read_text("utf-8-sig").splitlines()[1] == (
        f"shop.csv,3,2,{ANN},members.csv,2,1"
    )


def test_an_explanation_names_the_list_of_every_row(desk: Desk) -> None:
    out = desk.preview("--explain", ANN).out
    assert "\nLists     members.csv and shop.csv: 7 rows\n          members.csv:2: to send\n" in out
    assert "\n          shop.csv:3: skipped: duplicate" in out
    story = desk.plan("--explain", ANN)["explain"]
    assert [(each["row"], each["file"], each["line"], each["record"]) for each in story["rows"]] == [
        (1, "members.csv", 2, 1),
        (5, "shop.csv", 3, 2),
    ]


def test_a_bad_row_is_explained_in_the_country_of_its_own_list(desk: Desk) -> None:
    lists(desk, "contacts: [members.csv, {file: shop.csv, region: PL, columns: {phone: tel, zone: zone}}]\n")
    file(desk, "shop.csv", "tel;first_name;zone", "512345678;Ewa;Nowhere")
    story = desk.plan("--explain", EWA)["explain"]
    assert [(each["file"], each["line"]) for each in story["bad_rows"]] == [("shop.csv", 2)]


def test_a_test_message_says_of_which_list_it_is(desk: Desk) -> None:
    file(desk, "members.csv", "phone,first_name", f"{BEN},")
    file(desk, "shop.csv", "tel;first_name", "600100200;", "512345678;Ewa")
    done = desk("send", "campaigns.yaml", "ready", "--test-to", "+12025550199", "--dry-run")
    assert "It shows line 3 of shop.csv: +4851•••5678" in done.out
    document = desk(
        "send", "campaigns.yaml", "ready", "--test-to", "+12025550199", "--dry-run", "--json"
    ).document
    assert (document["text_of"]["file"], document["text_of"]["line"]) == ("shop.csv", 3)


def test_a_bad_row_that_opts_somebody_out_is_told_with_its_list(desk: Desk) -> None:
    lists(desk, "contacts: [members.csv, {file: shop.csv, columns: {phone: tel, opt_out: stop}}]\n")
    file(desk, "members.csv", "phone,first_name", f"{ANN},Ann")
    file(desk, "shop.csv", "tel;first_name;stop", f"{ANN};Ann;perhaps")
    story = desk.plan("--explain", ANN)["explain"]
    assert (story["reason"], story["detail"]) == ("opted_out", "a bad row of shop.csv says so")
    refused = desk("send", "campaigns.yaml", "ready", "--test-to", ANN, "--dry-run")
    assert refused.code == 5
    assert "opted out (a bad row of shop.csv says so)" in refused.err


def test_a_later_row_that_opts_somebody_out_is_told_with_its_list(desk: Desk) -> None:
    lists(desk, "contacts: [members.csv, {file: shop.csv, columns: {phone: tel, opt_out: stop}}]\n")
    file(desk, "members.csv", "phone,first_name", f"{ANN},Ann")
    file(desk, "shop.csv", "tel;first_name;stop", f"{BEN};Ben;", f"{ANN};Ann;yes")
    story = desk.plan("--explain", ANN)["explain"]
    assert (story["reason"], story["detail"]) == ("opted_out", "line 3 of shop.csv says so")


def test_whoever_is_sent_comes_from_all_lists_once(desk: Desk) -> None:
    lists(desk, LISTS, top="on_bad_rows: skip\n")
    assert desk.send().code == 3
    assert sorted(row.to.e164 for row in desk.rows()) == [ANN, EWA]


def test_bad_rows_stop_a_send_with_the_names_of_all_lists(desk: Desk) -> None:
    done = desk.send()
    assert done.code == 4
    assert "2 bad rows in members.csv and shop.csv; nothing was sent" in done.err
    assert "smscli preview campaigns.yaml ready --problems bad.csv writes them out" in done.err


def test_the_lists_without_a_column_for_consent_are_warned_of_one_by_one(desk: Desk) -> None:
    lists(desk, "contacts: [members.csv, shop.csv, good.csv]\n", campaigns=TYRES)
    file(desk, "members.csv", "phone,first_name", f"{ANN},Ann", f"{BEN},Ben")
    file(desk, "shop.csv", "phone,first_name", "+12025550103,Cy")
    file(desk, "good.csv", HEADER, "+12025550104,Di,en,,", "+12025550105,Ed,en,express,2026-01-02")
    warned = [line for line in desk.preview(campaign="tyres").err.splitlines() if "no column of" in line]
    assert [line.partition(" says it")[0] for line in warned] == [
        "warning: 2 contacts skipped for want of consent, and no column of members.csv",
        "warning: 1 contact skipped for want of consent, and no column of shop.csv",
    ]


def test_standard_input_may_be_one_of_several_lists(desk: Desk) -> None:
    lists(desk, "contacts: [members.csv, '-']\n")
    plan = desk.plan(stdin=b"phone,first_name\n+12025550177,Zed\n")
    assert [(each["name"], each["rows"]) for each in plan["lists"]] == [
        ("members.csv", 3),
        ("standard input", 1),
    ]
    assert plan["to_send"] == 2


@pytest.mark.parametrize(
    ("contacts", "said"),
    [
        ("['-', members.csv, '-']", "names standard input twice as a list, and it can be read only once"),
        ("[members.csv, shop.csv, members.csv]", "members.csv twice as a list, and it is meant once"),
        ("[members.csv, ./members.csv]", "members.csv twice as a list"),
        ("[members.csv, link.csv]", "link.csv twice as a list"),
        ("[members.csv, {file: members.csv, region: PL}]", "members.csv twice as a list"),
    ],
)
def test_a_list_that_is_named_twice_is_an_error(desk: Desk, contacts: str, said: str) -> None:
    (desk.path / "link.csv").symlink_to("members.csv")
    lists(desk, f"contacts: {contacts}\n")
    for done in (desk.preview(), desk.send()):
        assert done.code == 4
        assert said in done.err
        assert "hint: take one of them out of `contacts` in campaigns.yaml" in done.err
    assert not desk.log_path.exists()


@pytest.mark.parametrize("option", ["--problems", "--plan", "--duplicates"])
@pytest.mark.parametrize("name", ["members.csv", "shop.csv"])
def test_no_list_is_overwritten(desk: Desk, option: str, name: str) -> None:
    (desk.path / "x.members.csv").symlink_to(name)
    before = (desk.path / name).read_bytes()
    done = desk.preview(option, "x.csv" if option == "--problems" else name)
    assert done.code == 2
    assert "a file that this campaign reads" in done.err
    assert (desk.path / name).read_bytes() == before


def test_each_list_has_its_own_file_of_rows_to_mend(desk: Desk) -> None:
    file(desk, "none.csv", "phone,first_name")
    lists(desk, LISTS.replace("[members.csv,", "[members.csv, none.csv,"))
    err = desk.preview("--problems", "bad.csv").err
    for name, rows in (("members", "1 row"), ("none", "0 rows"), ("shop", "1 row")):
        assert f"problems: bad.{name}.csv ({rows})\n" in err
    assert not (desk.path / "bad.csv").exists()
    texts = {
        name: (desk.path / f"bad.{name}.csv").read_bytes().decode("utf-8-sig") for name in ("members", "shop")
    }
    assert (
        texts["members"]
        == "phone,first_name,problems\r\n+1202555010,Bob,line 3: phone: +12••••••10 is too short\r\n"
    )
    assert texts["shop"] == (
        'tel;first_name;problems\r\n+1202555011;"Cy\nX";line 4: tel: +12••••••11 is too short\r\n'
    )


def test_what_somebody_else_wrote_is_kept_also_where_it_would_be_the_file_of_one_list(desk: Desk) -> None:
    file(desk, "bad.shop.csv", "mine")
    done = desk.preview("--problems", "bad.csv")
    assert done.code == 2
    assert "--problems bad.csv would overwrite bad.shop.csv, a file that no earlier run wrote" in done.err
    assert (desk.path / "bad.shop.csv").read_text() == "mine\n"
    assert not (desk.path / "bad.members.csv").exists()


@pytest.mark.parametrize("name", ["shop.csv", "bad.shop.csv", "bad.SHOP.csv"])
def test_a_list_of_the_command_line_is_read_with_the_keys_of_the_list_that_it_is_of(
    desk: Desk, name: str
) -> None:
    """601234567 is a mobile number in Poland, and one in Spain."""
    lists(desk, LISTS.replace("members.csv", "{file: members.csv, region: ES}"))
    file(desk, name, "tel;first_name", "601234567;Ewa")
    plan = desk.plan("--contacts", name, "--plan", "plan.jsonl")
    assert plan["to_send"] == 1
    assert json.loads((desk.path / "plan.jsonl").read_text())["number"] == "+48601234567"
    done = desk("check", "campaigns.yaml", "--contacts", name)
    assert "1 could be texted" in done.out


@pytest.mark.parametrize("name", ["new.csv", "shop.members.csv", "members.v2.csv"])
def test_any_other_is_read_with_the_keys_of_the_first(desk: Desk, name: str) -> None:
    lists(desk, LISTS.replace("members.csv", "{file: members.csv, region: ES}"))
    file(desk, name, "phone,first_name", "601234567,Ana")
    desk.plan("--contacts", name, "--plan", "plan.jsonl")
    assert json.loads((desk.path / "plan.jsonl").read_text())["number"] == "+34601234567"
