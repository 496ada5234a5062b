"""Streams that end early, are closed, or are full: the exit code stays, no traceback, and a send goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from smscli.domain.message import Receipt, State
from smscli.domain.msisdn import Msisdn
from tests.cli import sample_log
from tests.cli.program import NOW, Finished
from tests.support.answers import Slow
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

#: So many messages that `log` writes more than a pipe holds (64 KiB) in every form.
MANY = 700


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A campaign and a sent log of many messages; nothing here changes either."""
    folder = Folder(tmp_path_factory.mktemp("pipes"), "http://127.0.0.1:9/unused")
    folder.write(people=300)
    messages = [sample_log.message(f"old-{n}", "old", Msisdn(f"+1202555{n:04}", "US")) for n in range(MANY)]
    receipts = [Receipt(each.id, State.ACCEPTED, gateway_ref=f"ref-{each.id}") for each in messages]
    sample_log.run(folder.log_path, messages, receipts, NOW - timedelta(days=300))
    (folder.path / "texts.jsonl").write_text('"Hello"\n' * MANY, encoding="utf-8")
    return folder


def bash(folder: Folder, line: str) -> Finished:
    """The line in a shell; its code is that of the program, whatever reads it."""
    done = subprocess.run(
        ["bash", "-c", f'smscli() {{ "$PY" -m smscli "$@"; }}\n{line}\nexit "${{PIPESTATUS[0]}}"'],
        cwd=folder.path,
        env={
            **os.environ,
            "PY": sys.executable,
            "SMS_GATEWAY_URL": folder.url,
            "SMS_GATEWAY_TOKEN": TOKEN,
            "SMSCLI_SENT_LOG": "sent-log.db",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("smscli log campaigns.yaml | head -1", 1),
        ("smscli log campaigns.yaml --jsonl | head -2", 2),
        ("smscli preview campaigns.yaml ready --json | true", 0),
        ("smscli segments --jsonl <texts.jsonl | head -1", 1),
        ("smscli send campaigns.yaml ready --dry-run | true", 0),
    ],
)
def test_whoever_reads_only_the_beginning_is_no_trouble(folder: Folder, line: str, lines: int) -> None:
    done = bash(folder, line)
    assert (done.code, len(done.out.splitlines())) == (0, lines), done.err
    _assert_calm(done)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("smscli log --log gone.db --json | true", 7),
        ("smscli preview gone.yaml ready --json | true", 4),
        ("smscli log --log gone.db 2>&-", 7),
        ("smscli log --log gone.db --json >&- 2>&-", 7),
        ("smscli log --log gone.db --json >/dev/full", 7),
    ],
)
def test_trouble_keeps_its_exit_code_whoever_hears_of_it(folder: Folder, line: str, code: int) -> None:
    done = bash(folder, line)
    assert done.code == code, done.err
    _assert_calm(done)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("smscli log campaigns.yaml --limit 1 >&-", 0),
        ("smscli preview campaigns.yaml ready >&- 2>&- <&-", 0),
        ("smscli preview campaigns.yaml ready --json 2>/dev/full", 0),
        ("smscli log campaigns.yaml --jsonl >/dev/full", 1),
        ("smscli segments Hello --json >/dev/full", 1),
        ("smscli --help >/dev/full", 1),
        ("smscli send --help >/dev/full", 1),
        ("smscli --version >/dev/full", 1),
    ],
)
def test_streams_that_are_closed_or_full(folder: Folder, line: str, code: int) -> None:
    done = bash(folder, line)
    assert done.code == code, done.err
    assert ("error: the output could not be written: No space left" in done.err) == (code == 1)
    _assert_calm(done)


def _assert_calm(done: Finished) -> None:
    for word in ("Traceback", "Exception ignored", "BrokenPipe", "bug in smscli"):
        assert word not in done.err


# --- a send whose screen goes away in the middle --------------------------------------------------


@pytest.fixture
def gateway() -> Iterator[LoopbackGateway]:
    with LoopbackGateway() as gateway:
        gateway.otherwise(Slow(0.05))
        yield gateway


@pytest.mark.parametrize(("closes", "form"), [("stdout", "text"), ("stderr", "json"), ("both", "text")])
def test_a_send_whose_readers_leave_in_the_middle_settles_everything(
    tmp_path: Path, gateway: LoopbackGateway, closes: str, form: str
) -> None:
    folder = Folder(tmp_path, gateway.url, profile="batch: {max: 1}\nconnections: 1")
    folder.write(people=8)
    child = folder.start("--yes", "--first-run", *(["--json"] if form == "json" else []))
    gateway.wait_until(lambda gateway: len(gateway.taken) == 2, timeout=30)
    streams = {"stdout": child.stdout, "stderr": child.stderr}
    for name, stream in streams.items():
        assert stream is not None
        if closes in (name, "both"):
            stream.close()
    out, err = (stream.read() if stream and not stream.closed else "" for stream in streams.values())
    assert child.wait(timeout=30) == 0
    assert {row.state for row in folder.rows()} == {State.ACCEPTED}
    assert len(gateway.taken) == 8
    assert "Traceback" not in err
    assert ("8" in out) == (closes == "stderr")
    for stream in streams.values():
        assert stream is not None
        stream.close()
