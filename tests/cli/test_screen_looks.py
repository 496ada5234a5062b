"""Tables and progress: straight at every width and in every encoding; nothing wraps or is left behind."""

from __future__ import annotations

import io
import os
import pty
import struct
import termios
from collections import Counter
from collections.abc import Iterator, Sequence
from fcntl import ioctl
from select import select

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from smscli.cli.present.page import Page
from smscli.cli.present.progress import Rows, Sending, rows_line, sending_line
from smscli.cli.present.screen import Screen
from smscli.cli.present.text import table
from smscli.domain.message import State
from smscli.engine.outcome import Counts
from tests.cli.test_preview_looks import Stream

HEADERS = ("number", "name", "what the gateway said", "segments")
ROWS = (
    ("+1202•••0101", "您好", "您好，您的自行车已经修好了，可以随时来取，谢谢您的光临", "1"),
    (
        "+48512•••678",
        "Zoe\u0301",
        "Łap termin – pora na zimę, and so on for many words that need their room",
        "12,345",
    ),
    ("+972•••1", "דנה", "\x1b[31mred\x1b[0m \u202eback", "3"),
    ("+1", "👨‍👩‍👧", "https://gg.example/a/long/link/without/any/space/in/it/at/all/and/more", "4"),
)
NAMES = ("ascii", "latin-1", "utf-8")


def printed(
    width: int | None,
    encoding: str = "utf-8",
    *,
    terminal: bool = True,
    rows: Sequence[Sequence[str]] = ROWS,
    **environ: str,
) -> list[str]:
    out = Stream(encoding, terminal=terminal)
    columns = {} if width is None else {"COLUMNS": str(width)}
    screen = Screen(out, io.StringIO(), environ={**columns, **environ})
    screen.show(table(HEADERS, rows, right=("segments",), folding=("what the gateway said",)))
    return out.text.splitlines()


# --- tables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", NAMES)
@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_a_table_is_straight_and_as_wide_as_the_screen_at_most(width: int, encoding: str) -> None:
    lines = printed(width, encoding, NO_COLOR="1")
    assert max(map(cell_len, lines)) <= width
    ends = {cell_len(line) for line in lines if line[-1].isdigit() and not line.startswith(" ")}
    assert len(ends) == 1  # figures end below one another
    starts = {
        cell_len(line[: line.index(word)])
        for line in lines
        for word in ("what the", "https", "\\x1b")
        if word in line
    }
    assert len(starts) == 1


@pytest.mark.parametrize("encoding", NAMES)
def test_on_a_screen_too_narrow_a_row_stays_a_row(encoding: str) -> None:
    assert len(printed(30, encoding)) == 1 + len(ROWS)


def test_where_even_the_least_is_too_wide_the_spare_columns_go_all_the_same() -> None:
    out = Stream("utf-8", terminal=True)
    sheet = table(HEADERS, ROWS, folding=("what the gateway said",), spare=("segments", "name"))
    Screen(out, io.StringIO(), environ={"COLUMNS": "20", "NO_COLOR": "1"}).show(sheet)
    header, *rows = out.text.splitlines()
    assert header.split() == ["number", "what", "the", "gateway", "said"]
    assert len(rows) == len(ROWS)
    assert not any("Zoe" in row or "12,345" in row for row in rows)


@pytest.mark.parametrize("encoding", NAMES)
def test_without_a_terminal_a_row_is_a_line(encoding: str) -> None:
    lines = printed(None, encoding, terminal=False)
    assert len(lines) == 1 + len(ROWS)
    assert "and so on for many words that need their room" in lines[2]


@pytest.mark.parametrize(
    ("terminal", "environ", "has_codes"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_escape_codes_only_where_they_are_wanted(
    terminal: bool, environ: dict[str, str], has_codes: bool
) -> None:
    assert ("\x1b" in "".join(printed(100, terminal=terminal, **environ))) == has_codes


def test_values_cannot_steer_the_terminal() -> None:
    assert "\\x1b[31mred\\x1b[0m \\u202eback" in "\n".join(printed(120, NO_COLOR="1"))


@given(
    st.lists(st.tuples(*[st.text(max_size=30)] * 3, st.integers(0, 10**6).map(str)), min_size=1, max_size=4)
)
def test_any_table_is_straight(rows: list[tuple[str, str, str, str]]) -> None:
    lines = printed(None, terminal=False, rows=rows)
    assert len(lines) == 1 + len(rows)
    assert len({cell_len(line) for line in lines}) == 1


# --- progress ---------------------------------------------------------------------------------------


def counts(done: int, total: int = 120_000) -> Counts:
    states = Counter({State.ACCEPTED: done, State.IN_DOUBT: 2, State.REJECTED: 17, State.RELEASED: 1})
    return Counts(to_send=total, states=states, not_taken="the gateway said 429", again_in=30.0)


@pytest.mark.parametrize("encoding", NAMES)
@pytest.mark.parametrize("width", [*range(1, 41), 60, 80, 120, 160])
def test_the_progress_line_never_wraps_and_never_needs_what_the_screen_lacks(
    width: int, encoding: str
) -> None:
    page = Page(width, encoding)
    for line in (sending_line(counts(99_000), 60, page), rows_line(1_200_000, page)):
        assert line.cell_len <= width
        line.plain.encode(encoding)


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (120, "━━━━━━━━━━━━──────── 60/100  10/s  4 s left  58 accepted, 2 rejected"),
        (61, "━━━━━━━────── 60/100  10/s  4 s left  58 accepted, 2 rejected"),
        (46, "60/100  4 s left  58 accepted, 2 rejected"),
        (39, "━━━━─── 60/100  58 accepted, 2 rejected"),
        (20, "60/100  58 accepted…"),
        (1, "…"),
    ],
)
def test_what_matters_least_goes_first_where_there_is_little_room(width: int, line: str) -> None:
    states = Counter({State.ACCEPTED: 58, State.REJECTED: 2})
    so_far = Counts(to_send=100, states=states, not_taken="status 429: too fast")
    assert sending_line(so_far, 6, Page(width)).plain == line


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (120, "━━━━━━━━━━━━──────── 60/100  status 429: too fast; again in 12 s  58 accepted, 2 rejected"),
        (68, "60/100  status 429: too fast; again in 12 s  58 accepted, 2 rejected"),
        (60, "━━━━━━━━━─────── 60/100  status 429: too fast; again in 12 s"),
        (30, "60/100  status 429: too fast;…"),
    ],
)
def test_in_a_pause_the_line_says_why_nothing_goes_and_when_it_is_tried_again(width: int, line: str) -> None:
    states = Counter({State.ACCEPTED: 58, State.REJECTED: 2})
    so_far = Counts(to_send=100, states=states, not_taken="status 429: too fast", again_in=11.2)
    assert sending_line(so_far, 6, Page(width)).plain == line


@pytest.mark.parametrize(("done", "filled"), [(0, 0), (50, 10), (99, 19), (100, 20)])
@pytest.mark.parametrize(("encoding", "bar", "track"), [("utf-8", "━", "─"), ("ascii", "=", "-")])
def test_the_bar_is_full_only_at_the_end(done: int, filled: int, encoding: str, bar: str, track: str) -> None:
    so_far = Counts(to_send=100, states=Counter({State.ACCEPTED: done}))
    shown = sending_line(so_far, 1, Page(120, encoding)).plain
    assert shown.startswith(bar * filled + track * (20 - filled) + " ")


class Terminal:
    """Both ends of a real pseudo-terminal of so many columns; `read` is what a person's end got."""

    def __init__(self, columns: int) -> None:
        self._far, near = pty.openpty()
        ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.near = os.fdopen(near, "w", encoding="utf-8")

    def read(self) -> str:
        self.near.flush()
        got = b""
        while select([self._far], [], [], 0.05)[0]:
            got += os.read(self._far, 65_536)
        return got.decode()

    def resize(self, columns: int) -> None:
        ioctl(self.near.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def close(self) -> None:
        self.near.close()
        os.close(self._far)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal(40)
    yield terminal
    terminal.close()


def on_screen(written: str, columns: int) -> str:
    """The one line that is left, on a terminal that knows carriage returns and nothing else."""
    cells = [" "] * columns
    for part in written.split("\r"):
        assert cell_len(part) < columns, part
        cells[: len(part)] = part
    return "".join(cells).rstrip()


def test_a_terminal_says_how_wide_it_is_and_columns_outranks_it(terminal: Terminal) -> None:
    assert Screen(terminal.near, terminal.near).width(terminal.near) == 40
    assert Screen(terminal.near, terminal.near, environ={"COLUMNS": "99"}).width(terminal.near) == 99
    terminal.resize(0)  # as some are that never said
    assert Screen(terminal.near, terminal.near).width(terminal.near) == 80


def test_progress_is_painted_over_in_place_and_leaves_nothing(terminal: Terminal) -> None:
    screen = Screen(terminal.near, terminal.near, environ={"NO_COLOR": "1"})
    with Sending(screen, repaint_every=0) as progress:
        progress.tick(counts(99_000))
        written = terminal.read()
        assert on_screen(written, 40).startswith("99,019/120,000")
        progress.tick(Counts(to_send=3, states=Counter({State.ACCEPTED: 3})))
        written += terminal.read()
        assert "3/3" in on_screen(written, 40)
        assert "120,000" not in on_screen(written, 40)
    written += terminal.read()
    assert on_screen(written, 40) == ""
    assert "\x1b" not in written
    assert "\n" not in written


def test_rows_that_are_read_are_counted_in_place(terminal: Terminal) -> None:
    with Rows(Screen(terminal.near, terminal.near), repaint_every=0) as rows:
        rows.tick(2_000)
        rows.tick(4_000)
        assert on_screen(terminal.read(), 40) == "reading: 4,000 rows"
        rows.stop()
        assert terminal.read() == f"\r{'':19}\r"
        rows.stop()


def test_progress_fits_a_terminal_that_became_narrower(terminal: Terminal) -> None:
    terminal.resize(160)
    screen = Screen(terminal.near, terminal.near, environ={"NO_COLOR": "1"})
    with Sending(screen, repaint_every=0) as progress:
        progress.tick(counts(99_000))
        assert cell_len(terminal.read().strip("\r")) > 60
        terminal.resize(30)
        progress.tick(counts(99_000))
        assert cell_len(terminal.read().strip("\r")) == 29


def test_without_a_terminal_or_in_quiet_nothing_is_painted(terminal: Terminal) -> None:
    pipe = io.StringIO()
    for screen in (Screen(pipe, pipe), Screen(terminal.near, terminal.near, quiet=True)):
        with Sending(screen, repaint_every=0) as progress, Rows(screen, repaint_every=0) as rows:
            progress.tick(counts(1))
            rows.tick(2_000)
    assert pipe.getvalue() == ""
    terminal.near.write("nothing before this")
    assert terminal.read() == "nothing before this"
