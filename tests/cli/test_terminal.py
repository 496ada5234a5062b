"""`smscli send` at a real terminal: the plan, the question, progress, and Ctrl-C."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from smscli.domain.message import State
from tests.support.answers import Slow
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

QUESTION = "Type the number of recipients to send"


@pytest.fixture
def gateway() -> Iterator[LoopbackGateway]:
    with LoopbackGateway() as gateway:
        yield gateway


@pytest.fixture
def folder(tmp_path: Path, gateway: LoopbackGateway) -> Folder:
    folder = Folder(tmp_path, gateway.url, profile="batch: {max: 1}\nconnections: 1")
    folder.write(people=6)
    return folder


def _terminal(folder: Folder, *arguments: str) -> pexpect.spawn[str]:
    environ = {**os.environ, "SMS_GATEWAY_URL": folder.url, "SMS_GATEWAY_TOKEN": TOKEN, "TERM": "xterm"}
    return pexpect.spawn(
        sys.executable,
        ["-m", "smscli", "send", "campaigns.yaml", "ready", *arguments],
        cwd=str(folder.path),
        env=environ,
        encoding="utf-8",
        timeout=30,
        dimensions=(40, 100),
    )


def _end(terminal: pexpect.spawn[str]) -> tuple[str, int | None]:
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.before or "", terminal.exitstatus


def test_the_plan_the_question_the_number_progress_and_the_summary(
    folder: Folder, gateway: LoopbackGateway
) -> None:
    gateway.otherwise(Slow(0.15))
    terminal = _terminal(folder)
    terminal.expect_exact(QUESTION)
    before = terminal.before or ""
    assert re.search(r"to send +6\b.*This texts 6 people through generic-json \(live\)", before, re.DOTALL)
    assert gateway.connections == 0
    terminal.sendline("6")
    terminal.expect(r"[1-5]/6.*\d+/s.*accepted")
    said, code = _end(terminal)
    assert code == 0
    assert "ready: done. 6 of 6 accepted" in said
    gateway.assert_quiet(before + said, secrets=[TOKEN])


@pytest.mark.parametrize(("typed", "code"), [("5\r", 5), ("yes\r", 5), ("\x04", 5), ("\x03", 130)])
def test_anything_else_sends_nothing(folder: Folder, gateway: LoopbackGateway, typed: str, code: int) -> None:
    terminal = _terminal(folder)
    terminal.expect_exact(QUESTION)
    terminal.expect_exact(": ")
    terminal.send(typed)
    said, ended = _end(terminal)
    assert ended == code, said
    assert ("not confirmed; nothing was sent" in said) == (code == 5)
    assert gateway.connections == 0
    assert folder.rows() == []


def test_ctrl_c_during_the_run_settles_what_is_in_flight(folder: Folder, gateway: LoopbackGateway) -> None:
    gateway.otherwise(Slow(0.3))
    terminal = _terminal(folder, "--yes")
    gateway.wait_until(lambda gateway: len(gateway.taken) == 2, timeout=30)
    terminal.sendintr()
    said, code = _end(terminal)
    assert code == 130
    assert "2 of 6 accepted" in said
    assert {row.state for row in folder.rows()} == {State.ACCEPTED}
    assert len(gateway.taken) == 2
