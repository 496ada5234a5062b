"""`smscli check` of several lists, of lists not to text, of repairs; and the files of rows to mend."""

from __future__ import annotations

import csv
import os
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from smscli.cli.checking_lists import Reads, way_of_reading, with_lists_in_common
from smscli.domain.number_types import NumberType
from smscli.files.campaign_file import Defined, load
from smscli.files.list_source import ContactsSource
from tests.cli.desk import READY, Desk
from tests.cli.program import child
from tests.cli.test_check_command import ANN, BEN, check, tasks

AGAIN = READY.replace("ready:", "again:").replace("Green", "Blue")
CY = "+12025550103,Cy"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A folder with one campaign; tests stand in it."""
    monkeypatch.chdir(tmp_path)
    made = Desk(tmp_path)
    made.campaigns()
    made.contacts(ANN, BEN)
    return made


def write(desk: Desk, name: str, *rows: str, header: str = "phone,first_name") -> None:
    """A list of that name."""
    (desk.path / name).write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def lists(desk: Desk, said: str, campaigns: str = READY, *, top: str = "") -> None:
    """The campaigns file, with these lists at its top."""
    desk.campaigns(campaigns, top=top)
    path = desk.path / "campaigns.yaml"
    path.write_text(path.read_text().replace("contacts: contacts.csv", f"contacts: {said}"))


def stands(desk: Desk, campaign: str = "ready") -> dict[str, Any]:
    """How one campaign stands."""
    found: dict[str, Any] = check(desk, "--json").document["campaigns"][campaign]
    return found


# --- several lists ---


def test_all_lists_of_a_campaign_are_checked(desk: Desk) -> None:
    lists(desk, "[a.csv, b.csv]")
    write(desk, "a.csv", ANN, "12,Eve")
    write(desk, "b.csv", BEN, "+12025550104,", "12,Flo")
    told = check(desk)
    assert told.code == 4
    assert tasks(told)[0].endswith("(a.csv line 3)")
    assert tasks(told)[1:] == [
        "add first_name in 1 row (b.csv line 3)",
        "say the country of 1 phone number, or of the whole list: region: PL (b.csv line 4)",
    ]
    assert "ready: 5 rows of a.csv and b.csv, 2 could be texted (missing field 1, bad rows 2)" in told.out
    assert stands(desk)["list"] is None
    assert stands(desk)["lists"] == ["a.csv", "b.csv"]


def test_what_one_list_says_of_a_number_counts_in_the_others(desk: Desk) -> None:
    sources = "{file: a.csv, columns: {opt_out: stop}}, {file: b.csv, columns: {opt_out: stop}}"
    lists(desk, f"[{sources}]", top="on_bad_rows: skip\n")
    header = "phone,first_name,stop"
    write(desk, "a.csv", f"{ANN},", f"{BEN},", f"{CY},", "+12025550104,Di,", header=header)
    write(desk, "b.csv", f"{ANN},", f"{BEN},yes", "+12025550103,Cy,yes,too many", header=header)
    assert stands(desk)["skipped"] == {"opted_out": 3, "duplicate": 1}
    write(desk, "b.csv", "+12025550103\x01,Cy,yes", "+12025550104,D\x01i,yes", header=header)
    assert stands(desk)["skipped"] == {"opted_out": 2}


def test_as_many_could_be_texted_of_several_lists_as_a_preview_would_send_to(desk: Desk) -> None:
    lists(desk, "[a.csv, b.csv]", top="on_bad_rows: skip\n")
    write(desk, "a.csv", ANN, BEN, "12,Eve", "+12025550104,")
    write(desk, "b.csv", CY, ANN, "13,Flo")
    plan, stand = desk.plan(), stands(desk)
    assert (stand["could_be_texted"], stand["skipped"]) == (plan["to_send"], plan["skipped"])
    assert (stand["rows"], stand["bad_rows"]) == (plan["rows"], plan["problems"]) == (7, 2)


def test_a_list_that_several_campaigns_share_is_told_of_once_whatever_else_they_read(desk: Desk) -> None:
    lists(desk, "[a.csv, b.csv]", READY + AGAIN + "    contacts: [b.csv, c.csv]\n")
    write(desk, "a.csv", ANN)
    write(desk, "b.csv", "12,Eve", "+12025550104,")
    write(desk, "c.csv", BEN)
    document = check(desk, "--json").document
    told = [(each["file"], each["line"], each["campaigns"]) for each in document["problem_list"]]
    assert told == [("b.csv", 2, ["ready", "again"]), ("b.csv", 3, ["ready", "again"])]
    assert [each["rows"] for each in document["campaigns"].values()] == [3, 3]


@pytest.mark.parametrize("others", ["[b.csv, a.csv]", "[b.csv]", "[c.csv, a.csv, b.csv]"])
def test_each_campaign_gets_its_lists_in_its_own_order(desk: Desk, others: str) -> None:
    """The first row of a number wins: the order decides which."""
    lists(desk, "[a.csv, b.csv]", AGAIN.replace("again:", "first:") + READY + f"    contacts: {others}\n")
    write(desk, "a.csv", "+12025550101,")
    write(desk, "b.csv", ANN, BEN)
    write(desk, "c.csv", CY, "+12025550101,Eva")
    document = check(desk, "--json").document
    for campaign in ("first", "ready"):
        plan = desk.plan(campaign=campaign)
        assert document["campaigns"][campaign]["skipped"] == plan["skipped"]
        assert document["campaigns"][campaign]["could_be_texted"] == plan["to_send"]


def test_a_list_whose_header_is_wrong_keeps_no_other_from_being_checked(desk: Desk) -> None:
    lists(desk, "[a.csv, b.csv]")
    write(desk, "a.csv", "Ann,Ann", header="name,first_name")
    write(desk, "b.csv", "12,Eve")
    told = check(desk)
    assert tasks(told)[0] == "say which column is which (a.csv line 1)"
    assert tasks(told)[1].endswith("(b.csv line 2)")
    assert "ready: a.csv could not be read for it" in told.out


def test_one_empty_list_of_several_is_to_be_looked_at_and_no_more(desk: Desk) -> None:
    lists(desk, "[a.csv, b.csv]")
    write(desk, "a.csv", ANN)
    write(desk, "b.csv")
    told = check(desk)
    assert told.code == 0
    assert "To look at:\n  put contacts into the list (b.csv)\n" in told.out
    write(desk, "a.csv")
    assert tasks(check(desk)) == ["put contacts into the list (a.csv)", "put contacts into the list (b.csv)"]


def test_consent_that_one_of_several_lists_does_not_say_names_that_list(desk: Desk) -> None:
    offer = READY.replace("transactional", "marketing\n    topic: offers\n    wording: off").replace(
        "quiet_hours: off", 'quiet_hours: {windows: {mon-sun: "00:00-24:00"}, holidays: ignore, margin: off}'
    )
    lists(desk, "[a.csv, b.csv]", offer.replace('ready."', 'ready. STOP to opt out"'))
    write(desk, "a.csv", f"{ANN},express,2026-01-02", header="phone,first_name,consent,consent_date")
    write(desk, "b.csv", BEN)
    told = check(desk)
    assert "no two columns of b.csv say its level" in told.out
    assert len(tasks(told)) == 1


@pytest.mark.parametrize(
    "other",
    [
        ContactsSource(Path("b.csv")),
        ContactsSource(None),
        ContactsSource(Path("a.csv"), region="PL"),
        ContactsSource(Path("a.csv"), delimiter=";"),
        ContactsSource(Path("a.csv"), columns={"phone": "tel"}),
        ContactsSource(Path("a.csv"), encoding="cp1250"),
        ContactsSource(Path("a.csv"), header=("phone",)),
        ContactsSource(Path("a.csv"), sheet="May"),
        ContactsSource(Path("a.csv"), number_types=frozenset({NumberType.MOBILE})),
    ],
)
def test_lists_are_the_same_only_if_every_key_of_them_is(other: ContactsSource) -> None:
    assert way_of_reading(ContactsSource(Path("a.csv"))) == way_of_reading(ContactsSource(Path("a.csv")))
    assert way_of_reading(ContactsSource(Path("a.csv"))) != way_of_reading(other)


def test_campaigns_are_decided_together_that_share_a_list_through_others(desk: Desk) -> None:
    desk.campaigns()
    defined: Defined = load(desk.path / "campaigns.yaml").campaigns["ready"]
    named = {name: ContactsSource(Path(name)) for name in "abcdx"}
    wanted = ["ab", "x", "cd", "bc"]
    campaigns = [Reads(defined, tuple(named[each] for each in names)) for names in wanted]
    together = {frozenset(map(id, group)) for group in with_lists_in_common(campaigns)}
    first, apart, third, last = map(id, campaigns)
    assert together == {frozenset({first, third, last}), frozenset({apart})}


# --- lists of numbers not to text ---


def test_numbers_on_a_list_under_exclude_are_not_texted(desk: Desk) -> None:
    desk.campaigns(READY + AGAIN + "    exclude: staff.csv\n", top="exclude: [dnc.txt]\n")
    (desk.path / "dnc.txt").write_text("+1 202 555 0101\n")
    write(desk, "staff.csv", BEN)
    desk.contacts(ANN, BEN, CY)
    told = check(desk)
    assert told.code == 0
    assert "ready: 3 rows of contacts.csv, 2 could be texted (excluded 1)" in told.out
    assert "again: 3 rows of contacts.csv, 1 could be texted (excluded 2)" in told.out


def test_what_is_wrong_with_a_list_under_exclude_is_told_once_as_tasks(desk: Desk) -> None:
    desk.campaigns(READY + AGAIN, top="exclude: [gone.txt, dnc.txt, none.txt, contacts.csv]\n")
    (desk.path / "dnc.txt").write_text("+12025550101\nnobody\n")
    (desk.path / "none.txt").write_text("")
    told = check(desk)
    assert told.code == 4
    assert sorted(tasks(told)) == [
        "fill the empty file (none.txt)",
        "fix 1 phone number (dnc.txt line 2)",
        "put the file where it is looked for, or correct its name (gone.txt)",
        "take a list to text out of `exclude` (campaigns.yaml: exclude)",
    ]
    for problem in check(desk, "--json").document["problem_list"]:
        assert problem["campaigns"] == ["ready", "again"]


def test_bad_rows_under_exclude_that_are_allowed_for_stop_nothing(desk: Desk) -> None:
    desk.campaigns(top="exclude: {file: dnc.txt, on_bad_rows: skip}\n")
    (desk.path / "dnc.txt").write_text("+12025550101\nnobody\n")
    told = check(desk)
    assert told.code == 0
    assert (
        "Left out by on_bad_rows: skip, unless you mend them:\n  fix 1 phone number (dnc.txt line 2)"
        in told.out
    )


def test_a_list_under_exclude_that_is_too_old_is_a_task(desk: Desk) -> None:
    desk.campaigns(top="exclude: {file: dnc.txt, max_age: 31d}\n")
    (desk.path / "dnc.txt").write_text("+12025550101\n")
    assert check(desk).code == 0
    desk.ahead = timedelta(days=40)
    told = check(desk)
    assert tasks(told) == ["fetch the list of numbers not to text anew: it is too old (dnc.txt)"]
    assert "(40 days ago, at most 31)" in told.out
    desk.ahead = timedelta(days=-40)
    assert "lies in the future" in check(desk).out


# --- repairs ---

REPAIRABLE = "48512345678,Ola"


def test_repairs_are_told_apart_and_have_nothing_to_be_mended(desk: Desk) -> None:
    lists(desk, "{file: contacts.csv, region: PL}")
    desk.contacts("+48512345679,Jan", REPAIRABLE)
    told = check(desk)
    assert told.code == 0
    assert tasks(told) == []
    assert "To look at:\n  look at 1 phone number that was repaired (contacts.csv line 3)\n" in told.out
    assert "Things to look at:\n  contacts.csv:3: phone: " in told.out
    assert told.out.endswith("campaigns.yaml: nothing to mend before a send\n")
    document = check(desk, "--json").document
    assert (document["problems"], document["to_look_at"]) == (0, 1)
    [repair] = document["problem_list"]
    assert (repair["code"], repair["stops"], repair["campaigns"]) == ("plus_restored", False, ["ready"])
    assert "512345678" not in told.out


def test_repairs_push_no_problem_out_and_are_no_rows_to_mend(desk: Desk) -> None:
    lists(desk, "{file: contacts.csv, region: PL}")
    desk.contacts(*(f"48512345{at:03},Ola" for at in range(30)), "12,Eve")
    told = check(desk, "--problems", "bad.csv")
    assert "Problems:\n  contacts.csv:32: phone:" in told.out
    assert "The first 20 of 30 things to look at:" in told.out
    assert "and 10 more; --json shows more" in told.out
    assert [row["phone"] for row in written(desk.path / "bad.csv")] == ["12"]


# --- guesses ---


def test_a_list_whose_header_says_too_little_is_met_with_a_guess_and_nothing_acts_on_it(desk: Desk) -> None:
    lists(desk, "contacts.csv", READY + AGAIN)
    desk.contacts(
        *(f"Ola{at},+48 512 345 6{at}" for at in range(10, 20)), header="first_name,Kontakt do klienta"
    )
    told = check(desk)
    assert told.code == 4
    heading, line = told.out.partition("A guess, ")[2].splitlines()[:2]
    assert heading == "for the campaigns file, if it is right:"
    assert line.startswith(
        '  contacts: {file: contacts.csv, columns: {phone: "Kontakt do klienta"}}  # "Kontakt'
    )
    assert "10 of 10 cells are phone numbers" in line
    assert told.out.index("Problems:") < told.out.index("A guess, ")
    assert "ready: contacts.csv could not be read for it" in told.out
    [offer] = check(desk, "--json").document["offers"]
    assert offer == {"file": "contacts.csv", "campaigns": ["ready", "again"], "line": line.strip()}


def test_a_guess_that_is_written_down_mends_the_list(desk: Desk) -> None:
    desk.contacts(*(f"Ola,+48 512 345 6{at}" for at in range(10, 20)), header="first_name,Kontakt do klienta")
    [offer] = check(desk, "--json").document["offers"]
    lists(desk, offer["line"].removeprefix("contacts: "))
    assert check(desk).code == 0
    assert check(desk, "--json").document["offers"] == []


def test_a_guess_about_a_list_that_can_be_read_only_once(desk: Desk) -> None:
    piped = "first_name,Kontakt\n" + "".join(f"Ola,+48 512 345 6{at}\n" for at in range(10, 20))
    told = check(desk, "--contacts", "-", stdin=piped.encode())
    assert 'columns: {phone: "Kontakt"}' in told.out


# --- the files of rows to mend ---


def written(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def test_rows_to_mend_are_written_as_they_are_with_what_is_wrong(desk: Desk) -> None:
    lists(desk, "contacts.csv", READY + AGAIN)
    header = "first_name;phone;zone;note"
    desk.contacts(
        "Ann;+12025550101;;ok",
        " Eve ;12;Mars/Sea;=cmd()",
        '"O""Neil; Flo";+12025550104;;"two\nlines"',
        ";+12025550105;;x",
        "Gus;+12025550106",
        header=header,
    )
    told = check(desk, "--problems", "bad.csv")
    assert (told.code, told.err) == (4, "problems: bad.csv (3 rows)\n")
    rows = written(desk.path / "bad.csv", ";")
    assert [*rows[0]] == ["first_name", "phone", "zone", "note", "problems"]
    assert [(row["first_name"], row["phone"]) for row in rows] == [
        ("Eve ", "12"),
        ("", "+12025550105"),
        ("Gus", "+12025550106"),
    ]
    assert rows[0]["note"] == "'=cmd()"
    assert rows[0]["problems"].startswith("line 3: phone: 12")
    assert "; zone: " in rows[0]["problems"]
    assert rows[1]["problems"] == "line 6: first_name: is empty, and a text needs it: ready and again"
    assert "has 2 cells, the header has 4" in rows[2]["problems"]
    assert (desk.path / "bad.csv").read_bytes().startswith(b"\xef\xbb\xbffirst_name;")
    assert (desk.path / "bad.csv").stat().st_mode & 0o777 == 0o600


def test_a_mended_file_is_a_list_that_a_check_has_nothing_against(desk: Desk) -> None:
    desk.contacts("+120255,Eve", ANN, "+12025550105,")
    assert check(desk, "--problems", "bad.csv").code == 4
    told = check(desk, "--contacts", "bad.csv")
    assert told.code == 4
    mended = (desk.path / "bad.csv").read_text("utf-8-sig").replace("+120255,", "+12025550104,", 1)
    (desk.path / "bad.csv").write_text(mended.replace("+12025550105,", "+12025550105,Flo", 1), "utf-8-sig")
    told = check(desk, "--contacts", "bad.csv")
    assert (told.code, told.out.splitlines()[0]) == (0, "ready: 2 rows of bad.csv, 2 could be texted")


def test_a_preview_and_a_check_write_the_same_file_of_bad_rows(desk: Desk) -> None:
    desk.contacts(ANN, "+120255,Eve", "+12025550104", '"+1202,Flo')
    check(desk, "--problems", "checked.csv")
    desk.preview("--problems", "previewed.csv")
    assert (desk.path / "checked.csv").read_bytes() == (desk.path / "previewed.csv").read_bytes()


def test_every_list_has_a_file_of_its_own(desk: Desk) -> None:
    lists(desk, "[a.csv, b.csv]", READY + AGAIN + "    contacts: [b.csv, sub/a.csv]\n")
    (desk.path / "sub").mkdir()
    for name, phone in (("a.csv", "12"), ("b.csv", "13"), ("sub/a.csv", "14")):
        write(desk, name, f"{phone},Eve", f"+120255501{phone},")
    check(desk, "--problems", "bad.csv")
    found = {
        name: [row["phone"] for row in written(desk.path / name)] for name in desk.files() if "bad" in name
    }
    assert found == {
        "bad.a.csv": ["12", "+12025550112"],
        "bad.b.csv": ["13", "+12025550113"],
        "bad.a-2.csv": ["14", "+12025550114"],
    }
    assert written(desk.path / "bad.b.csv")[1]["problems"].endswith("ready and again")


def test_a_list_that_is_read_in_two_ways_has_one_file_with_what_both_say(desk: Desk) -> None:
    polish = AGAIN + "    contacts: {file: contacts.csv, region: PL}\n"
    lists(desk, "{file: contacts.csv, region: US}", READY + polish)
    desk.contacts("2025550101,Ann", "512345678,Ola", "12,Eve")
    check(desk, "--problems", "bad.csv")
    rows = written(desk.path / "bad.csv")
    assert [row["phone"] for row in rows] == ["2025550101", "512345678", "12"]
    assert rows[2]["problems"].count("too short") == 1


def test_a_list_that_can_be_read_only_once_is_written_too(desk: Desk) -> None:
    piped = b"phone,first_name\n+12025550101,Ann\n12,Ben\n+12025550104,\n"
    check(desk, "--contacts", "-", "--problems", "bad.csv", stdin=piped)
    assert [row["phone"] for row in written(desk.path / "bad.csv")] == ["12", "+12025550104"]
    os.mkfifo(desk.path / "pipe.csv")
    writer = Thread(target=(desk.path / "pipe.csv").write_bytes, args=(piped,), daemon=True)
    writer.start()
    check(desk, "--contacts", "pipe.csv", "--problems", "bad.csv")
    writer.join(timeout=10)
    assert [row["phone"] for row in written(desk.path / "bad.csv")] == ["12", "+12025550104"]


def test_a_list_that_breaks_off_is_written_as_far_as_it_goes(desk: Desk) -> None:
    (desk.path / "contacts.csv").write_bytes(b"phone,first_name\n12,Ann\n+12025550102,J\xfcrgen\n")
    check(desk, "--problems", "bad.csv")
    assert [row["phone"] for row in written(desk.path / "bad.csv")] == ["12"]


def test_the_file_is_written_anew_and_empty_when_nothing_is_wrong(desk: Desk) -> None:
    desk.contacts("12,Ann")
    check(desk, "--problems", "bad.csv")
    desk.contacts(ANN)
    told = check(desk, "--problems", "bad.csv")
    assert (told.code, told.err) == (0, "problems: bad.csv (0 rows)\n")
    assert written(desk.path / "bad.csv") == []


@pytest.mark.parametrize("name", ["contacts.csv", "campaigns.yaml", "notes.txt", "stop.txt", "staff.csv"])
def test_no_other_file_is_overwritten(desk: Desk, name: str) -> None:
    desk.campaigns(top="opt_outs: stop.txt\nexclude: staff.csv\n")
    for each in ("notes.txt", "stop.txt", "staff.csv"):
        (desk.path / each).write_text("\ufeffphone,problems\n" if each != "notes.txt" else "mine")
    before = (desk.path / name).read_bytes()
    told = check(desk, "--problems", name)
    assert told.code == 2
    assert f"--problems new-{name}" in told.err
    assert (desk.path / name).read_bytes() == before


def test_no_file_of_one_of_several_lists_is_overwritten_either(desk: Desk) -> None:
    lists(desk, "[a.csv, b.csv]")
    (desk.path / "bad.b.csv").write_text("mine")
    told = check(desk, "--problems", "bad.csv")
    assert told.code == 2
    assert "bad.b.csv" in told.err
    assert check(desk, "--problems", "-").code == 2


@pytest.mark.parametrize(
    ("name", "said"), [("no/such.csv", "cannot be written"), ("link.csv", "is not a file")]
)
def test_a_file_that_cannot_be_written_is_told(desk: Desk, name: str, said: str) -> None:
    (desk.path / "link.csv").symlink_to(desk.path / "elsewhere.csv")
    told = check(desk, "--problems", name)
    assert told.code == 4
    assert said in told.err
    assert not (desk.path / "elsewhere.csv").exists()


def test_a_check_that_fails_leaves_no_half_file(desk: Desk) -> None:
    before = desk.files()
    assert check(desk, "--campaign", "nope", "--problems", "bad.csv").code == 2
    assert desk.files() == before


#: The program, allowed to write files of 200 kB at most: as if the temporary folder were full.
_WITHOUT_ROOM = """
import resource
from smscli.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
main()
"""


@pytest.mark.parametrize("words", [("--contacts", "-"), ("--problems", "bad.csv")])
def test_a_temporary_folder_without_room_is_told(desk: Desk, words: tuple[str, ...]) -> None:
    rows = "".join(f"no number {at},Eve\n" for at in range(20_000))
    (desk.path / "contacts.csv").write_text(f"phone,first_name\n{rows}")
    before = desk.files()
    told = child(
        "check",
        "campaigns.yaml",
        *words,
        stdin=(desk.path / "contacts.csv").read_bytes(),
        cwd=desk.path,
        program=("-c", _WITHOUT_ROOM),
    )
    assert told.code == 7
    assert "cannot be kept in the temporary folder" in told.err
    assert desk.files() == before
