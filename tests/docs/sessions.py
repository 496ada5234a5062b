"""Reads the sessions of a page (`console` and `sh` blocks) and plays them in a real shell.

A `console` block shows commands behind `$ ` and below each what it prints; `…` stands for what is left out,
lines or parts of a line. An `sh` block is commands only. A command that ends with another exit code than 0
says so: by a comment (`# exit 3`), or by `$ echo $?` below it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LEFT_OUT = "…"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAYS_EXIT = re.compile(r"#.*\bexit (\d+)")
_ASKS_EXIT = "echo $?"
#: On stderr, and left out on pages without a word.
_NOTE = "sent log: "


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block and the line of the page where it begins."""

    kind: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One command. `shown` is None where the page shows no output, `exits` where it asks for it."""

    line: int
    typed: str
    shown: tuple[str, ...] | None = None
    exits: int | None = 0


@dataclass(frozen=True, slots=True)
class Played:
    """What a step came to."""

    step: Step
    code: int
    out: str
    err: str


def blocks(page: str, *kinds: str) -> list[Block]:
    """The fenced blocks of these kinds, in order."""
    return [
        Block(found[1], page[: found.start()].count("\n") + 1, found[2])
        for found in _FENCE.finditer(page)
        if found[1] in kinds
    ]


def steps(page: str) -> list[Step]:
    """Every command of a page, in order."""
    return [step for block in blocks(page, "console", "sh") for step in steps_of(block)]


def steps_of(block: Block) -> list[Step]:
    """The commands of one block."""
    return list(_of_console(block) if block.kind == "console" else _of_sh(block))


def _of_console(block: Block) -> Iterator[Step]:
    found: list[Step] = []
    for at, line in enumerate(block.text.splitlines(), start=block.line + 1):
        if line.startswith("$ "):
            found.append(Step(at, line.removeprefix("$ "), (), _exit_said(line)))
        elif not found:
            raise ValueError(f"line {at}: a console block begins with a command")
        else:
            step = found[-1]
            if line.startswith("> ") and not step.shown:
                found[-1] = replace(step, typed=f"{step.typed}\n{line.removeprefix('> ')}")
            else:
                found[-1] = replace(step, shown=(*(step.shown or ()), line))
    for step, following in zip(found, [*found[1:], None], strict=True):
        asked = following is not None and following.typed == _ASKS_EXIT
        yield replace(step, exits=None) if asked else step


def _of_sh(block: Block) -> Iterator[Step]:
    typed: list[str] = []
    for at, line in enumerate(block.text.splitlines(), start=block.line + 1):
        typed.append(line)
        whole = "\n".join(typed)
        if not whole.strip():
            typed = []
        elif not whole.endswith("\\") and is_complete(whole):
            yield Step(at, whole, None, _exit_said(whole))
            typed = []
    if typed:
        raise ValueError(f"line {block.line}: the block ends within a command")


def is_complete(typed: str) -> bool:
    """Could a shell run this as it stands?"""
    return not subprocess.run(["sh", "-n", "-c", typed], capture_output=True, check=False).returncode


def _exit_said(line: str) -> int:
    said = _SAYS_EXIT.search(line)
    return int(said[1]) if said else 0


def plain_environ(home: Path, *programs: Path) -> dict[str, str]:
    """An environment with nothing of this machine but where smscli is; `programs` are folders before it."""
    path = os.pathsep.join([*map(str, programs), str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8"}


def play(
    todo: Sequence[Step], folder: Path, notes: Path, environ: Mapping[str, str], shell: str = "sh"
) -> list[Played]:
    """Type the steps into one shell that stands in `folder`; what each prints is kept in `notes`."""
    lines = []
    for at, step in enumerate(todo):
        out, err, code = (notes / f"{at}.{kind}" for kind in ("out", "err", "code"))
        lines += ["{", step.typed, f"}} >'{out}' 2>'{err}' </dev/null"]
        lines += [f"__code=$?; echo $__code >'{code}'; (exit $__code)"]
    subprocess.run([shell, "-c", "\n".join(lines)], cwd=folder, env=dict(environ), timeout=300, check=False)
    return [
        Played(
            step,
            int(_read(notes / f"{at}.code") or -1),
            _read(notes / f"{at}.out"),
            _read(notes / f"{at}.err"),
        )
        for at, step in enumerate(todo)
    ]


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def trouble(played: Played) -> str:
    """What a page says otherwise than the program did; empty where they agree."""
    step = played.step
    said = f"line {step.line}: $ {step.typed}\n{played.err}{played.out}"
    if step.exits is not None and played.code != step.exits:
        return f"exit {played.code} instead of {step.exits}; {said}"
    out, err = ([line.rstrip() for line in text.splitlines()] for text in (played.out, played.err))
    told = [line for line in err if not line.startswith(_NOTE)]
    if step.shown is None or any(shows(step.shown, real) for real in (out, [*err, *out], [*told, *out])):
        return ""
    return f"other output; {said}"


def shows(shown: Sequence[str], real: Sequence[str]) -> bool:
    """Are these the real lines, where a line `…` stands for any number, and `…` in one for characters?"""
    at, may_skip = 0, False
    for is_gap, lines in groupby(shown, key=lambda line: line == LEFT_OUT):
        if is_gap:
            may_skip = True
            continue
        wanted = list(lines)
        starts = range(at, len(real)) if may_skip else range(at, at + 1)
        found = next((start for start in starts if _are(wanted, real[start : start + len(wanted)])), None)
        if found is None:
            return False
        at, may_skip = found + len(wanted), False
    return may_skip or at == len(real)


def _are(wanted: Sequence[str], real: Sequence[str]) -> bool:
    return len(wanted) == len(real) and all(map(_is, wanted, real))


def _is(wanted: str, real: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, wanted.split(LEFT_OUT))), real))
