"""`smscli send` at a real terminal: the question, progress, Ctrl-C, a window that changes or closes."""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from smscli.domain.message import State
from tests.cli.desk import Desk
from tests.cli.terminal import Seat
from tests.support.answers import Held, Slow
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

QUESTION = r"Type the number of recipients to send.*: ?$"

_REFUSED = re.compile(r"error: not confirmed\b.*; nothing was sent")

#: Colours, bold and the like, as opposed to moving the cursor or clearing a line.
STYLE = re.compile(r"\x1b\[[0-9;]*m")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

ONE_BY_ONE = "batch: {max: 1}\nconnections: 1"


@pytest.fixture
def gateway() -> Iterator[LoopbackGateway]:
    with LoopbackGateway() as gateway:
        yield gateway


@pytest.fixture
def folder(tmp_path: Path, gateway: LoopbackGateway) -> Folder:
    folder = Folder(tmp_path, gateway.url, profile=ONE_BY_ONE)
    folder.write(people=6)
    return folder


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The same six people in the sandbox, and smscli in this process."""
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns()
    desk.people(6)
    return desk


def _environ(folder: Folder) -> dict[str, str]:
    return {"SMS_GATEWAY_URL": folder.url, "SMS_GATEWAY_TOKEN": TOKEN}


def _send(folder: Folder, *arguments: str, environ: Mapping[str, str] | None = None) -> Seat:
    """An operator who has just typed `smscli send`."""
    words = ("send", "campaigns.yaml", "ready", *arguments)
    return Seat(*words, cwd=folder.path, environ=_environ(folder) | dict(environ or {}))


def _shell(folder: Folder, line: str, *, environ: Mapping[str, str] | None = None) -> Seat:
    """The same behind a shell's redirections; `$SEND` is the command line."""
    send = f"{shlex.quote(sys.executable)} -m smscli send campaigns.yaml ready"
    return Seat(
        line.replace("$SEND", send),
        cwd=folder.path,
        environ=_environ(folder) | dict(environ or {}),
        program="/bin/sh",
        before=("-c",),
    )


def _states(folder: Folder) -> Counter[State]:
    return Counter(row.state for row in folder.rows())


# --- the question --------------------------------------------------------------------------------


def test_the_plan_the_question_the_number_progress_and_the_summary(
    folder: Folder, gateway: LoopbackGateway
) -> None:
    gateway.otherwise(Slow(0.15))
    seat = _send(folder)
    seat.sees(QUESTION)
    assert re.search(r"to send +6\b.*This texts 6 people through generic-json \(live\)", seat.text, re.DOTALL)
    assert gateway.connections == 0
    seat.types("6\r")
    seat.sees(r"[1-5]/6.*accepted")
    assert seat.ended() == 0
    assert "ready: done. 6 of 6 accepted" in seat.text
    _assert_tidy(seat)
    gateway.assert_quiet(seat.raw, secrets=[TOKEN])


def test_the_number_may_be_typed_with_its_comma(folder: Folder, gateway: LoopbackGateway) -> None:
    folder.profile = "batch: {max: 1000}"
    folder.write(people=1_200)
    seat = _send(folder)
    seat.sees(QUESTION)
    assert "This texts 1,200 people" in seat.text
    seat.types("1,200\r")
    assert seat.ended() == 0
    assert "ready: done. 1,200 of 1,200 accepted" in seat.text
    assert len(gateway.taken) == 1_200


@pytest.mark.parametrize("typed", ["5\r", "\x04", "6\x03"])  # a wrong count, Ctrl-D, Ctrl-C
def test_anything_else_sends_nothing(folder: Folder, gateway: LoopbackGateway, typed: str) -> None:
    seat = _send(folder)
    seat.sees(QUESTION)
    seat.types(typed)
    if typed.endswith("\x03"):
        assert seat.ended() == 130
        assert "error: interrupted; nothing was sent" in seat.raw
    else:
        assert seat.ended() == 5
        assert _REFUSED.search(seat.raw)
        assert "type 6" in seat.raw
    assert any(line.startswith("error: ") for line in seat.lines), "it begins below the question"
    assert "Traceback" not in seat.raw
    assert gateway.connections == 0
    assert folder.rows() == []


@pytest.mark.parametrize("typed", ["6", "  6 ", "6\r"])
def test_the_number_of_recipients_sends(desk: Desk, typed: str) -> None:
    assert desk("send", "campaigns.yaml", "ready", typed=f"{typed}\n").code == 0
    assert len(desk.outbox()) == 6


@pytest.mark.parametrize(
    "typed", ["", "\n", "y\n", "yes\n", "0\n", "60\n", "-6\n", "6.0\n", "6 people\n", "vi\n"]
)
def test_no_other_answer_sends(desk: Desk, typed: str) -> None:
    done = desk("send", "campaigns.yaml", "ready", typed=typed)
    assert (done.code, done.out) == (5, "")
    assert _REFUSED.search(done.err)
    assert "type 6" in done.err
    assert not desk.outbox()


def test_the_question_is_asked_at_the_terminal_when_stdout_is_a_file(
    folder: Folder, gateway: LoopbackGateway
) -> None:
    seat = _shell(folder, "$SEND >out.txt")
    seat.sees(QUESTION)
    seat.types("6\r")
    assert seat.ended() == 0
    assert (folder.path / "out.txt").read_text("utf-8").startswith("ready: done. 6 of 6 accepted")
    assert len(gateway.taken) == 6


@pytest.mark.parametrize("line", ["$SEND 2>err.txt", "echo 6 | $SEND", "$SEND --contacts - <contacts.csv"])
def test_nobody_is_asked_where_the_question_or_the_answer_could_not_be_seen(
    folder: Folder, gateway: LoopbackGateway, line: str
) -> None:
    seat = _shell(folder, line.replace("$SEND", "$SEND --first-run"))
    assert seat.ended() == 5, seat.text
    err = folder.path / "err.txt"
    said = err.read_text("utf-8") if err.exists() else seat.raw
    assert "there is no terminal to ask at; nothing was sent" in said
    assert "--yes" in said
    assert gateway.connections == 0


# --- Ctrl-C --------------------------------------------------------------------------------------


def test_ctrl_c_lets_what_is_in_flight_finish_and_tells_how_far_it_came(
    folder: Folder, gateway: LoopbackGateway
) -> None:
    held = Held()
    gateway.script(Slow(0.15), held)
    seat = _send(folder, "--yes")
    gateway.wait_until(lambda gateway: len(gateway.taken) == 2, timeout=30)
    seat.sees(r"1/6")
    seat.types("\x03")
    seat.sees("stopping: waiting for what is in flight; the same again stops at once and leaves it in doubt")
    assert seat.keeps_on(0.3)
    held.release()
    assert seat.ended() == 130
    _assert_tidy(seat)
    assert "ready: stopped. 2 of 6 accepted, 0 in doubt" in seat.text
    assert re.search(r"not attempted +4\b", seat.text)
    assert _states(folder) == {State.ACCEPTED: 2}
    assert len(gateway.taken) == 2
    assert folder.send().code == 0
    assert _states(folder) == {State.ACCEPTED: 6}
    gateway.assert_nobody_twice()


def test_ctrl_c_twice_ends_at_once_and_who_was_in_flight_is_in_doubt(
    folder: Folder, gateway: LoopbackGateway
) -> None:
    gateway.script(Slow(0.15), Held())  # the second is never answered
    seat = _send(folder, "--yes")
    gateway.wait_until(lambda gateway: len(gateway.taken) == 2, timeout=30)
    seat.sees(r"1/6")
    seat.types("\x03")
    assert seat.keeps_on(0.3)
    seat.types("\x03")
    assert seat.ended(10) == 130
    _assert_tidy(seat)
    assert "ready: stopped. 1 of 6 accepted, 1 in doubt" in seat.text
    assert "smscli resolve" in seat.text
    assert "Traceback" not in seat.text
    done = folder.send()
    assert done.code == 3
    assert re.search(r"in doubt +1|in doubt 1", done.out)
    assert _states(folder) == {State.ACCEPTED: 5, State.IN_DOUBT: 1}
    gateway.assert_nobody_twice()
    gateway.assert_known_to(folder.rows())


def _assert_tidy(seat: Seat) -> None:
    """Progress left nothing behind, and a cursor that was hidden is back."""
    assert not re.search(r"\d/6", seat.text)
    assert seat.raw.rfind("\x1b[?25l") <= seat.raw.rfind("\x1b[?25h")


# --- the window ----------------------------------------------------------------------------------


def test_a_closed_window_ends_the_run_politely_and_the_next_one_goes_on(
    folder: Folder, gateway: LoopbackGateway
) -> None:
    gateway.script(*[Slow(0.15)] * 3)
    seat = _send(folder, "--yes")
    seat.sees(r"[1-5]/6")
    gateway.wait_until(lambda gateway: len(gateway.taken) >= 3, timeout=30)
    assert seat.hangs_up() == 129
    reached = len(gateway.taken)
    assert reached < 6
    assert _states(folder) == {State.ACCEPTED: reached}
    assert folder.send().code == 0
    assert _states(folder) == {State.ACCEPTED: 6}
    gateway.assert_nobody_twice()


def test_a_window_closed_at_the_question_sends_nothing(folder: Folder, gateway: LoopbackGateway) -> None:
    seat = _send(folder)
    seat.sees(QUESTION)
    seat.hangs_up()
    assert gateway.connections == 0
    assert folder.rows() == []


def test_whoever_ignores_hang_ups_sends_to_the_end_although_the_window_is_gone(
    folder: Folder, gateway: LoopbackGateway
) -> None:
    gateway.script(*[Slow(0.15)] * 3)
    seat = _shell(folder, "trap '' HUP; $SEND --yes; echo $? >code.txt")
    seat.sees(r"[1-5]/6")
    seat.hangs_up()
    assert len(gateway.taken) == 6
    assert _states(folder) == {State.ACCEPTED: 6}
    assert (folder.path / "code.txt").read_text() != ""


def test_progress_stays_on_its_line_while_the_window_changes(
    folder: Folder, gateway: LoopbackGateway
) -> None:
    gateway.otherwise(Slow(0.1))
    folder.write(people=300)
    seat = _send(folder, "--yes", "--log", "sent-log.db")
    seen = 0
    for columns in (100, 40, 140, 100):
        seat.resize(columns)
        for _ in range(3):  # a few repaints at this width
            seen = _waits_beyond(seat, seen)
        told = [line for line in seat.lines if line.strip()]
        assert told[0].startswith("sent log: ")
        assert len([line for line in told if re.search(r"\d+/300", line)]) == 1, seat.text
    seat.types("\x03")
    assert seat.ended() == 130
    assert not re.search(r"\d/300", seat.text)
    assert "ready: stopped." in seat.text


def _waits_beyond(seat: Seat, count: int) -> int:
    """Wait until the bar shows more than so many of 300; how many it shows."""

    def further(text: str) -> re.Match[str] | None:
        found = re.search(r"\b(\d+)/300\b", text)
        return found if found and int(found[1]) > count else None

    found = seat.sees(further)
    assert found is not None
    return int(found[1])


# --- terminals that can do little, and owners who want little --------------------------------------


def test_no_color_leaves_cursor_movements_only(folder: Folder, gateway: LoopbackGateway) -> None:
    gateway.otherwise(Slow(0.15))
    seat = _send(folder, environ={"NO_COLOR": "1"})
    seat.sees(QUESTION)
    assert "\x1b" not in seat.raw  # what only scrolls by needs no cursor either
    seat.types("6\r")
    seat.sees(r"[1-5]/6")
    assert seat.ended() == 0
    assert not STYLE.search(seat.raw)


def test_a_dumb_terminal_gets_no_escape_at_all(folder: Folder, gateway: LoopbackGateway) -> None:
    gateway.otherwise(Slow(0.15))
    seat = _send(folder, environ={"TERM": "dumb"})
    seat.sees(QUESTION)
    seat.types("6\r")
    assert seat.ended() == 0
    assert not ESCAPE.search(seat.raw)
    assert "\x1b" not in seat.raw
    assert "ready: done. 6 of 6 accepted" in seat.text


def test_quiet_still_asks_and_shows_no_progress(folder: Folder, gateway: LoopbackGateway) -> None:
    gateway.otherwise(Slow(0.15))
    seat = _send(folder, "--quiet")
    seat.sees(QUESTION)
    assert "sent log" not in seat.text
    seat.types("6\r")
    assert seat.ended() == 0
    assert "/6" not in seat.raw
    assert "ready: done. 6 of 6 accepted" in seat.text
