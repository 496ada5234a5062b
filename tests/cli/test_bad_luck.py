"""Bad input and bad luck: a clear error that says what to type next, nothing sent, nothing lost."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from smscli.domain.message import State
from tests.cli.desk import READY, TOP, Desk
from tests.cli.program import Finished, obeying_file_modes
from tests.support.answers import Answer, Html502, NotHttp, Redirect, Slow, Status
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns()
    desk.people(2)
    return desk


# --- files ---------------------------------------------------------------------------------------


def _write(name: str, content: str | bytes) -> Callable[[Desk], None]:
    octets = content.encode() if isinstance(content, str) else content
    return lambda desk: _replace(desk.path / name, octets)


def _replace(path: Path, octets: bytes) -> None:
    path.write_bytes(octets)


def _remove(name: str) -> Callable[[Desk], None]:
    return lambda desk: (desk.path / name).unlink()


def _folder(name: str) -> Callable[[Desk], None]:
    def make(desk: Desk) -> None:
        (desk.path / name).unlink(missing_ok=True)
        (desk.path / name).mkdir()

    return make


def _campaigns(**options: str) -> Callable[[Desk], None]:
    return lambda desk: desk.campaigns(**options)


def _text(text: str) -> Callable[[Desk], None]:
    return _campaigns(campaigns=READY.replace("{{ first_name }}", text))


FILES: dict[str, tuple[Callable[[Desk], None], int, tuple[str, ...]]] = {
    "no campaigns file": (_remove("campaigns.yaml"), 4, ("campaigns.yaml: there is no such file",)),
    "campaigns file is a folder": (_folder("campaigns.yaml"), 4, ("campaigns.yaml: is a folder",)),
    "campaigns file is empty": (_write("campaigns.yaml", ""), 4, ("campaigns.yaml",)),
    "campaigns file in Latin-2": (
        _write("campaigns.yaml", TOP.replace("Garage", "Garażé").encode("iso8859-2")),
        4,
        ("campaigns.yaml:2:", "not UTF-8", "iconv -f"),
    ),
    "no list": (_remove("contacts.csv"), 4, ("contacts.csv: there is no such file",)),
    "list is a folder": (_folder("contacts.csv"), 4, ("contacts.csv: is a folder",)),
    "list in Latin-2": (
        _write("contacts.csv", "phone,first_name\n+12025550101,Łucja\n".encode("iso8859-2")),
        4,
        ("contacts.csv:2:", "not UTF-8", "encoding: windows-1250"),
    ),
    "list cut off in UTF-16": (
        _write("contacts.csv", "phone,first_name\n+12025550101,Ann\n".encode("utf-16")[:-1]),
        4,
        ("contacts.csv:2:", "middle of a character", "export it again"),
    ),
    "empty list": (_write("contacts.csv", ""), 4, ("contacts.csv: is empty",)),
    "list of a header": (
        _write("contacts.csv", "phone,first_name\n"),
        4,
        ("header and no contacts", "one row"),
    ),
    "list without phones": (_write("contacts.csv", "mail,first_name\na@b.c,Ann\n"), 4, ("phone",)),
    "list with an opt-out nobody mapped": (
        _write("contacts.csv", "phone,first_name,unsubscribed\n+12025550101,Ann,yes\n"),
        4,
        ("unsubscribed", "opt_out"),
    ),
    "unknown column in a text": (_text("{{ frst_name }}"), 4, ('"frst_name"', 'did you mean "first_name"')),
    "text that does not compile": (
        _text("{{ first_name "),
        4,
        ("campaigns.yaml:11:11: campaigns.ready.text",),
    ),
    "text with an open block": (_text("{% if first_name %}x"), 4, ("campaigns.ready.text", "endif")),
    "no such gateway": (_campaigns(gateway="twlio"), 4, ("campaigns.yaml:6:", 'did you mean "twilio"')),
    "no opt-out list": (_campaigns(top="opt_outs: [gone.csv]\n"), 4, ("gone.csv: there is no such file",)),
    "unset secret": (_campaigns(gateway="generic-json"), 4, ("SMS_GATEWAY_TOKEN is not set", "export ")),
    "plain http": (
        _campaigns(gateway="{preset: generic-json, url: 'http://sms.example.com/x'}"),
        4,
        ("plain http://", "https://", "allow_plain_http"),
    ),
    "log is a folder": (_folder("sent-log.db"), 7, ("sent-log.db is a folder",)),
    "log is empty": (_write("sent-log.db", ""), 7, ("0 bytes", "restore its backup")),
    "log is something else": (_write("sent-log.db", "x" * 5000), 7, ("not a sound sent log", "backup")),
    "outbox is a folder": (_folder("sent-log.outbox.jsonl"), 4, ("outbox", "Is a directory")),
}


@pytest.mark.parametrize("case", FILES)
def test_wrong_files_are_told_with_a_place_and_a_next_step(desk: Desk, case: str) -> None:
    spoil, code, words = FILES[case]
    spoil(desk)
    before = {each.name: each.read_bytes() for each in desk.path.iterdir() if each.is_file()}
    done = desk.send("--first-run")
    assert (done.code, done.out) == (code, "")
    assert not [word for word in words if word not in done.err], done.err
    after = {each.name: each.read_bytes() for each in desk.path.iterdir() if each.is_file()}
    assert {name: after.get(name) for name in before} == before


def test_a_folder_of_the_log_that_is_not_there_is_named(desk: Desk) -> None:
    done = desk.send("--log", "nowhere/sent-log.db")
    assert done.code == 7
    assert f"{desk.path}/nowhere, does not exist" in done.err
    assert "mkdir -p" in done.err


def test_an_unknown_campaign_is_wrong_usage_and_guessed(desk: Desk) -> None:
    done = desk.send(campaign="redy")
    assert done.code == 2
    assert 'has no campaign "redy"; it has ready' in done.err
    assert "did you mean ready?" in done.err


@pytest.mark.parametrize("cut", [100, 5_000, 40_000])
def test_a_truncated_log_is_no_log(desk: Desk, cut: int) -> None:
    desk.send("--limit", "1")
    desk.log_path.write_bytes(desk.log_path.read_bytes()[:cut])
    done = desk.send()
    assert done.code == 7
    assert "backup" in done.err
    assert len(desk.outbox()) == 1


def test_a_newer_log_is_left_to_a_newer_smscli(desk: Desk) -> None:
    desk.send("--limit", "1")
    with closing(sqlite3.connect(desk.log_path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    done = desk.send()
    assert done.code == 7
    assert "999" in done.err
    assert "upgrade smscli" in done.err


# --- values are inert ---------------------------------------------------------------------------

NASTY = "[bold]x[/bold] {{ phone }} {% if %} :smile:"


def test_what_a_list_holds_is_text_and_nothing_else(desk: Desk) -> None:
    desk.campaigns(READY.replace("is ready", "is \u202eready") + "    wording: off\n")
    desk.contacts(f'+12025550101,"{NASTY}"', '+12025550102,"two\nlines"')
    preview, sent = desk.preview(), desk.send()
    assert (preview.code, sent.code) == (0, 0)
    for part in ("[bold]x[/bold]", "{{ phone }}", "{% if %}", ":smile:", "\\u202eready"):
        assert part in preview.out
    assert "\u202e" not in preview.out + preview.err
    texts = [each["text"] for each in desk.outbox()]
    assert texts == [f"Green Garage: {name}, your bike is \u202eready." for name in (NASTY, "two\nlines")]


@pytest.mark.parametrize("cell", ["\x1b[31mred", "\x07", "\x9b2J", "a\rb"])
def test_terminal_escapes_in_a_cell_are_a_problem_and_shown_inert(desk: Desk, cell: str) -> None:
    (desk.path / "contacts.csv").write_bytes(f'phone,first_name\n+12025550101,"{cell}"\n'.encode())
    done = desk.send()
    assert done.code == 4
    assert "contacts.csv:2: first_name:" in done.err
    assert not set(done.err) & set("\x1b\x07\x9b\r")


def test_escapes_in_names_of_columns_and_campaigns_are_inert(desk: Desk) -> None:
    (desk.path / "contacts.csv").write_bytes(b"phone,\x1b[31mname\n+12025550101,A\n")
    done = desk.send()
    assert (done.code, "\x1b" in done.err) == (4, False)
    done = desk.send(campaign="\x1b[31mready")
    assert (done.code, "\x1b" in done.err) == (2, False)


# --- the gateway is not there, or says odd things; all of them wait, so they wait together ------


def _closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/x"


def _loopback(folder: Folder, url: str) -> Folder:
    folder.url = url
    folder.write(people=1)
    return folder


def _full_outbox(folder: Folder) -> None:
    folder.write(people=1)
    path = folder.path / "campaigns.yaml"
    sandbox = path.read_text("utf-8").replace("preset: generic-json", "preset: sandbox")
    path.write_text(sandbox, encoding="utf-8")
    (folder.path / "sent-log.outbox.jsonl").symlink_to("/dev/full")


UNREACHABLE: dict[str, tuple[Callable[[Folder], object], str, str]] = {
    "closed port": (
        lambda folder: _loopback(folder, _closed_port()),
        "refused the connection on 127.0.0.1",
        "is it running",
    ),
    "unknown name": (
        lambda folder: _loopback(folder, "https://gateway.invalid/x"),
        "gateway.invalid:443 does not resolve",
        "network",
    ),
    "full disk under the outbox": (_full_outbox, "outbox cannot be written: No space left", "took nothing"),
}

Attempt = tuple[Finished, Folder, float]


@pytest.fixture(scope="module")
def unreachable(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Attempt]:
    """Every gateway that takes nothing, tried at the same time: a run gives up after some seconds."""

    def attempt(case: str) -> Attempt:
        folder = Folder(tmp_path_factory.mktemp("unreachable"), "")
        UNREACHABLE[case][0](folder)
        since = time.monotonic()
        child = folder.start("--yes", "--first-run")
        out, err = child.communicate(timeout=120)
        return Finished(child.returncode, out, err), folder, time.monotonic() - since

    with ThreadPoolExecutor(len(UNREACHABLE)) as pool:
        return dict(zip(UNREACHABLE, pool.map(attempt, UNREACHABLE), strict=True))


@pytest.mark.parametrize("case", UNREACHABLE)
def test_a_gateway_that_takes_nothing_stops_the_run_within_seconds(
    case: str, unreachable: dict[str, Attempt]
) -> None:
    done, folder, seconds = unreachable[case]
    assert done.code == 6
    assert UNREACHABLE[case][1] in done.err
    assert UNREACHABLE[case][2] in done.err
    assert {row.state for row in folder.rows()} == {State.RELEASED}
    assert seconds < 30
    assert TOKEN not in done.err + done.out


ANSWERS: dict[str, tuple[Answer, int, str, str]] = {
    "401": (Status(401, b'{"error": "no"}'), 6, "released", "401"),
    "404": (Status(404), 6, "released", "404"),
    "500": (Status(500), 3, "in_doubt", "may have taken"),
    "HTML 502": (Html502(), 3, "in_doubt", "may have taken"),
    "redirect": (Redirect(), 3, "in_doubt", "redirect"),
    "HTML page": (Status(200, b"<html>Hello</html>", content_type="text/html"), 3, "in_doubt", "may have"),
    "not HTTP": (NotHttp(taken=False), 3, "in_doubt", "may have taken"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_odd_answers_are_told_and_counted_for_what_they_are(desk: Desk, case: str) -> None:
    answer, code, state, said = ANSWERS[case]
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        desk.people(1)
        gateway.otherwise(answer)
        done = desk.send("--first-run")
        assert done.code == code
        assert said in done.out + done.err
        assert [row.state for row in desk.rows()] == [state]
        assert len(gateway.requests) == 1
        assert ("smscli resolve" in done.out) == (state == "in_doubt")
        gateway.assert_quiet(done.out + done.err, secrets=[TOKEN], numbers=["+12025550000"])


# --- the disk and the log under a running sender ------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own that is soon full."""
    path = tmp_path / "disk"
    path.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(path)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_a_full_disk_under_the_log_stops_the_run_and_loses_nobody(small_disk: Path, tmp_path: Path) -> None:
    with LoopbackGateway() as gateway:
        folder = Folder(tmp_path, gateway.url, profile="batch: {max: 20}\nconnections: 1")
        folder.write(people=2_000)
        done = folder.send("--log", str(small_disk / "sent-log.db"), "--first-run")
        assert done.code == 7, done.err
        assert "make room" in done.err
        taken = len(gateway.taken)
        assert 0 < taken < 2_000
        moved = tmp_path / "sent-log.db"
        for each in small_disk.glob("sent-log.db*"):
            (tmp_path / each.name).write_bytes(each.read_bytes())
        assert moved.exists()
        again = folder.send("--limit", "1")
        assert again.code == 3, again.err
        gateway.assert_known_to(folder.rows())
        gateway.assert_nobody_twice()


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")
@pytest.mark.parametrize(
    ("path", "mode", "code", "words"),
    [
        (".", 0o500, 7, ("Permission denied", "write the folder")),
        ("contacts.csv", 0o000, 4, ("contacts.csv: may not be read by you", "ls -l contacts.csv")),
        ("campaigns.yaml", 0o000, 4, ("campaigns.yaml: may not be read by you",)),
        ("sent-log.db", 0o000, 7, ("sent-log.db cannot be", "must be able to read and write the file")),
    ],
)
def test_what_may_not_be_read_or_written_is_told(
    desk: Desk, path: str, mode: int, code: int, words: tuple[str, ...]
) -> None:
    if path == "sent-log.db":
        desk.send("--limit", "1")
    taken = len(desk.outbox())
    (desk.path / path).chmod(mode)
    try:
        with obeying_file_modes():
            done = desk.send("--log", "sent-log.db")  # named, so that the option's own check has its chance
    finally:
        (desk.path / path).chmod(0o700)
    assert done.code == code, done.err
    assert not [word for word in words if word not in done.err], done.err
    assert len(desk.outbox()) == taken


_LOCKED = [
    ("preview campaigns.yaml ready --plan locked/plan.jsonl", 4),
    ("preview campaigns.yaml ready --problems locked/bad.csv", 4),
    ("preview campaigns.yaml ready --log locked/sent-log.db", 7),
    ("check campaigns.yaml --problems locked/problems.csv", 4),
    ("check campaigns.yaml --contacts locked/contacts.csv", 4),
    ("send campaigns.yaml ready --test-to +12025550123 --log locked/sent-log.db", 7),
    ("log --log locked/sent-log.db", 7),
    ("log backup locked/copy.db --log sent-log.db", 4),
    ("init locked/new", 4),
    ("init locked", 4),
    ("gateway show locked/gateway.yaml", 4),
    ("optout import locked/stop.csv --log sent-log.db", 4),
]


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")
@pytest.mark.parametrize(("line", "code"), _LOCKED)
def test_a_folder_that_may_not_be_looked_into_is_no_bug(desk: Desk, line: str, code: int) -> None:
    desk.send("--limit", "1")
    (desk.path / "locked").mkdir(mode=0o000)
    with obeying_file_modes():
        done = desk(*line.split())
    assert done.code == code, done.err
    assert re.search("[Pp]ermission denied|may not be read by you", done.err + done.out)


_TOO_LONG = [
    "preview campaigns.yaml ready --plan {}",
    "preview campaigns.yaml ready --contacts {}",
    "check campaigns.yaml --problems {}",
    "check {}",
    "init {}",
    "log backup {} --log sent-log.db",
    "status --log {}",
    "send campaigns.yaml ready --yes --log {}",
]


@pytest.mark.parametrize("line", _TOO_LONG)
def test_a_name_that_no_file_can_have_is_no_bug(desk: Desk, line: str) -> None:
    desk.send("--limit", "1")
    done = desk(*line.format("x" * 300).split())
    assert done.code in (4, 7)
    assert "File name too long" in done.err + done.out


def _delete(folder: Folder) -> None:
    folder.log_path.unlink()


def _exchange(folder: Folder) -> None:
    copy = folder.path / "copy.db"
    copy.write_bytes(folder.log_path.read_bytes())
    copy.replace(folder.log_path)


@pytest.mark.parametrize(("harm", "said"), [(_delete, "moved or deleted"), (_exchange, "replaced")])
def test_a_log_that_goes_away_under_a_running_sender_stops_it(
    tmp_path: Path, harm: Callable[[Folder], None], said: str
) -> None:
    with LoopbackGateway() as gateway:
        gateway.otherwise(Slow(0.3))
        folder = Folder(tmp_path, gateway.url, profile="batch: {max: 1}\nconnections: 1")
        folder.write(people=5)
        child = folder.start("--yes", "--first-run")
        gateway.wait_until(lambda gateway: len(gateway.taken) == 2, timeout=30)
        harm(folder)
        out, err = child.communicate(timeout=30)
        assert child.returncode == 7
        assert said in err
        assert "put the file back" in err
        assert "not attempted         3" in out
        assert len(gateway.taken) == 2


def test_a_log_that_is_not_where_it_was_is_not_made_anew_by_cron(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        desk.send("--first-run", "--limit", "1")
        desk.log_path.rename(desk.path / "elsewhere.db")
        done = desk.send()
        assert done.code == 7
        assert "is it the right log?" in done.err
        assert not desk.log_path.exists()
        assert len(gateway.taken) == 1


def test_a_log_that_another_process_writes_to_is_waited_for(desk: Desk) -> None:
    desk.send("--limit", "1")
    with closing(sqlite3.connect(desk.log_path, check_same_thread=False, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(1.0, lambda: other.execute("ROLLBACK"))
        timer.start()
        assert desk.send().code == 0
        timer.join()
    assert len(desk.outbox()) == 2


def test_a_log_that_stays_locked_is_busy_within_seconds(desk: Desk) -> None:
    desk.send("--limit", "1")
    with closing(sqlite3.connect(desk.log_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = desk.send()
        other.execute("ROLLBACK")
    assert done.code == 7
    assert "being written by another process" in done.err
    assert len(desk.outbox()) == 1
