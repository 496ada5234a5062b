"""`smscli log`: which log is meant, what is listed, who may see a number."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import Program, child
from tests.cli.sample_log import ADA, BEN, EVA, ZOE, sample

smscli = Program()

LINE_KEYS = [
    "id", "campaign", "realm", "to", "sender", "state", "segments", "gateway", "gateway_ref",
    "gateway_segments", "code", "detail", "purpose", "topic", "language", "claimed_at", "at",
]  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample(tmp_path_factory.mktemp("log") / "sent-log.db")


# --- which log ---


def test_without_a_word_about_which_log_nothing_is_opened() -> None:
    told = smscli("log")
    assert told.code == 2
    assert "SMSCLI_SENT_LOG" in told.err


def test_a_log_in_the_folder_one_stands_in_is_not_taken(log: Path) -> None:
    assert child("log", cwd=log.parent).code == 2


def test_the_environment_names_the_log_and_the_option_outranks_it(log: Path, tmp_path: Path) -> None:
    named = Program(environ={"SMSCLI_SENT_LOG": str(log)})
    assert named("log", "--json").document["sent_log"] == str(log)
    told = named("log", "--log", str(tmp_path / "other.db"))
    assert told.code == 7
    assert str(tmp_path / "other.db") in told.err


def test_the_path_used_is_told_absolute(log: Path) -> None:
    told = child("log", "--log", log.name, cwd=log.parent)
    assert told.code == 0
    assert f"sent log: {log}\n" in told.err
    assert child("log", "--log", log.name, "--quiet", cwd=log.parent).err == ""


def test_a_missing_log_is_not_made(tmp_path: Path) -> None:
    told = smscli("log", "--log", str(tmp_path / "none.db"), "--json")
    assert told.code == 7
    assert told.document["status"] == "sent_log"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_log_is_exit_7(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("shopping\n" * 1000)
    assert smscli("log", "--log", str(path)).code == 7


# --- what is listed ---


def test_the_table_masks_numbers_and_counts_states(log: Path) -> None:
    told = smscli("log", "--log", str(log))
    assert told.code == 0
    lines = told.out.splitlines()
    assert " ".join(lines[0].split()) == "claimed campaign realm to state segments gateway reference detail"
    assert lines[1].split() == f"2026-11-19 12:00 UTC spring live {ADA.masked} accepted 1 acme ref-1".split()
    assert lines[-1] == "6 messages: 1 accepted, 1 delivered, 3 in doubt, 1 submitting"
    for person in (ADA, BEN, EVA, ZOE):
        assert person.digits not in told.out
        assert person.masked in told.out


def test_values_from_a_gateway_are_shown_inert(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--campaign", "autumn")
    assert r"reset: \x1b[31m[bold]closed" in told.out


@pytest.mark.parametrize("columns", ["40", "80", "100"])
def test_on_a_narrow_screen_a_row_keeps_its_words_whole(log: Path, columns: str) -> None:
    told = child("log", "--log", str(log), "--campaign", "spring", environ={"COLUMNS": columns})
    rows = [line.split() for line in told.out.splitlines() if BEN.masked in line]
    assert [row[:8] for row in rows] == [
        ["2026-11-19", "12:00", "UTC", "spring", "live", BEN.masked, "in", "doubt"]
    ]


def test_a_word_that_is_no_state_is_told_in_our_words(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--state", "lost")
    assert told.code == 2
    assert "Invalid value for '--state': 'lost' is not one of 'submitting'" in told.err


def test_a_number_without_its_country_gets_a_hint_that_can_be_typed(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--number", "512345678")
    assert told.code == 2
    assert "hint: start it with + and the country code\n" in told.err


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ("", ["spring-ada", "spring-ben", "spring-eva", "autumn-zoe", "autumn-ada", "rehearsal-ada"]),
        ("--campaign autumn", ["autumn-zoe", "autumn-ada"]),
        ("--campaign winter", []),
        ("--state in_doubt", ["spring-ben", "spring-eva", "autumn-zoe"]),
        ("--state accepted --state submitting", ["spring-ada", "autumn-ada"]),
        ("--realm sandbox", ["rehearsal-ada"]),
        ("--realm live --campaign spring", ["spring-ada", "spring-ben", "spring-eva"]),
        ("--number +12025550101", ["spring-ada", "autumn-ada", "rehearsal-ada"]),
        ("--since 2h", ["autumn-zoe", "autumn-ada", "rehearsal-ada"]),
        ("--since 7d --until 2d", ["spring-ada", "spring-ben", "spring-eva"]),
        ("--since 2026-11-22", ["autumn-zoe", "autumn-ada", "rehearsal-ada"]),
        ("--since 2026-11-22T12:00", ["rehearsal-ada"]),
        ("--since 2026-11-22T13:00+01:00", ["rehearsal-ada"]),
        ("--until 2026-11-20", ["spring-ada", "spring-ben", "spring-eva"]),
        ("--limit 2", ["autumn-ada", "rehearsal-ada"]),
        ("--limit 1 --state in_doubt", ["autumn-zoe"]),
    ],
)
def test_filters_narrow(log: Path, filters: str, ids: list[str]) -> None:
    told = smscli("log", "--log", str(log), "--jsonl", *filters.split())
    assert told.code == 0
    assert sorted(line["id"] for line in told.lines) == sorted(ids)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--since yesterday", "--since: 'yesterday' is not a point in time"),
        ("--until 99d9", "--until"),
        ("--since 999999w", "--since"),
        ("--number 12345", "--number"),
        ("--number +12025550", "--number"),
        ("--jsonl --json", "--json and --jsonl"),
        ("--realm mars", "mars"),
    ],
)
def test_a_filter_that_says_nothing_is_wrong_usage(log: Path, words: str, said: str) -> None:
    told = smscli("log", "--log", str(log), *words.split())
    assert told.code == 2
    assert said in told.err


def test_a_number_that_is_refused_is_not_repeated_in_full(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--number", "+1202555010199")
    assert told.code == 2
    assert "2555010" not in told.err


def test_jsonl_has_everything_in_full(log: Path) -> None:
    lines = smscli("log", "--log", str(log), "--jsonl").lines
    assert [list(line) for line in lines] == [LINE_KEYS] * 6
    first = lines[0]
    assert first["to"] == "+12025550101"
    assert (first["campaign"], first["realm"], first["state"]) == ("spring", "live", "accepted")
    assert (first["segments"], first["gateway"], first["gateway_ref"]) == (1, "acme", "ref-1")
    assert (first["claimed_at"], first["at"]) == ("2026-11-19T12:00:00Z", "2026-11-19T12:01:00Z")


def test_json_is_one_document_with_masked_numbers(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--json")
    document = told.document
    assert list(document) == ["schema", "command", "status", "sent_log", "states", "messages"]
    assert (document["command"], document["status"], document["sent_log"]) == ("log", "ok", str(log))
    assert document["states"] == {"accepted": 1, "in_doubt": 3, "submitting": 1, "delivered": 1}
    assert [list(each) for each in document["messages"]] == [LINE_KEYS] * 6
    assert ADA.digits not in told.out


def test_nothing_found_is_no_error(log: Path) -> None:
    assert smscli("log", "--log", str(log), "--campaign", "winter").out == "0 messages\n"
