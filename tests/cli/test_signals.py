"""Signals and closed streams during a send: what flies is settled, and no screen can disturb it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from smscli.domain.message import State
from tests.support.answers import Held, Slow
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

ONE_BY_ONE = "batch: {max: 1}\nconnections: 2"


@pytest.fixture
def gateway() -> Iterator[LoopbackGateway]:
    with LoopbackGateway() as gateway:
        yield gateway


@pytest.fixture
def folder(tmp_path: Path, gateway: LoopbackGateway) -> Folder:
    folder = Folder(tmp_path, gateway.url, profile=ONE_BY_ONE)
    folder.write(people=5)
    return folder


def states(folder: Folder) -> Counter[State]:
    return Counter(row.state for row in folder.rows())


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_lets_what_is_in_flight_finish_and_starts_nothing(
    folder: Folder, gateway: LoopbackGateway, number: signal.Signals, code: int
) -> None:
    held = Held()
    gateway.script(held)
    child = folder.start("--yes", "--first-run")
    gateway.wait_until(lambda gateway: len(gateway.taken) == 1, timeout=30)
    child.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.3)
    held.release()
    out, err = child.communicate(timeout=30)
    assert child.returncode == code, err
    assert "1 of 5 accepted" in out
    assert "not attempted         4" in out
    assert states(folder) == {State.ACCEPTED: 1}
    assert len(gateway.taken) == 1


def test_a_second_signal_stops_at_once_and_leaves_doubt(folder: Folder, gateway: LoopbackGateway) -> None:
    gateway.script(Slow(20))
    child = folder.start("--yes", "--first-run", "--json")
    gateway.wait_until(lambda gateway: len(gateway.taken) == 1, timeout=30)
    child.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.3)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    assert child.returncode == 143, err
    assert '"status": "interrupted"' in out
    assert states(folder) == {State.IN_DOUBT: 1}
    gateway.assert_known_to(folder.rows())


def test_the_next_send_goes_on_where_a_signal_stopped_it(folder: Folder, gateway: LoopbackGateway) -> None:
    gateway.script(Slow(0.3))
    child = folder.start("--yes", "--first-run")
    gateway.wait_until(lambda gateway: len(gateway.taken) == 1, timeout=30)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert folder.send().code == 0
    assert len(gateway.taken) == 5
    gateway.assert_nobody_twice()


def _shell(folder: Folder, line: str) -> subprocess.CompletedProcess[str]:
    """The program behind a shell's redirections; `$SEND` is the command line."""
    environ = {**os.environ, "SMS_GATEWAY_URL": folder.url, "SMS_GATEWAY_TOKEN": TOKEN, "PY": sys.executable}
    send = '"$PY" -m smscli send campaigns.yaml ready --yes --first-run'
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line.replace('$SEND', send)}"],
        cwd=folder.path,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_under_nohup_a_hang_up_changes_nothing(folder: Folder, gateway: LoopbackGateway) -> None:
    gateway.script(Slow(0.3))
    done = _shell(
        folder,
        "nohup $SEND >out.txt 2>err.txt & pid=$!; "
        "until [ -s sent-log.db ]; do sleep 0.05; done; sleep 0.1; kill -HUP $pid; wait $pid",
    )
    assert done.returncode == 0, (folder.path / "err.txt").read_text()
    assert states(folder) == {State.ACCEPTED: 5}


@pytest.mark.parametrize(
    "line",
    [
        "$SEND >&- 2>&-",  # there is neither
        "$SEND >/dev/full 2>/dev/full",
    ],
)
def test_a_screen_that_fails_never_reaches_the_send(
    folder: Folder, gateway: LoopbackGateway, line: str
) -> None:
    done = _shell(folder, line)
    assert len(gateway.taken) == 5, done.stderr
    assert states(folder) == {State.ACCEPTED: 5}
    assert done.returncode in ((1,) if "full" in line else (0,))


def test_ctrl_c_while_the_program_is_still_being_loaded_is_no_traceback() -> None:
    code = (
        "import sys\n"
        "from smscli.__main__ import main\n"
        "class Finger:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'smscli.cli.app':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finger())\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
