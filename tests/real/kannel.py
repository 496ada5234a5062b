"""Kannel on loopback: bearerbox, smsbox and its fake SMSC, as Debian packages them, on ports of their own.

Everything listens on 127.0.0.1 only, writes into a temporary folder, runs as whoever runs the tests, and is
ended by its process id. Knows how the fake SMSC writes down what it got; knows nothing of smscli.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote_to_bytes

USERNAME, PASSWORD = "garage", "k4nnel-s3cret"

#: The packages put them where the PATH of most people does not lead.
_FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/kannel/test"])
_PROGRAMS = {name: shutil.which(name, path=_FOLDERS) for name in ("bearerbox", "smsbox", "fakesmsc")}

_CONFIGURATION = """\
group = core
admin-port = {admin}
admin-interface = "127.0.0.1"
admin-password = {password}
smsbox-port = {boxes}
smsbox-interface = "127.0.0.1"
box-allow-ip = "127.0.0.1"
log-file = "{folder}/bearerbox.log"
log-level = 1

group = smsc
smsc = fake
smsc-id = fake
port = {smsc}
our-host = "127.0.0.1"
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = "127.0.0.1"
bearerbox-port = {boxes}
sendsms-port = {sendsms}
sendsms-interface = "127.0.0.1"
log-file = "{folder}/smsbox.log"
log-level = 1

group = sendsms-user
username = {username}
password = {password}
concatenation = true
max-messages = 20

group = sms-service
keyword = default
text = ""
max-messages = 0
"""

#: Longer than any of this takes on a busy machine.
PATIENCE = 60.0

_GOT = re.compile(r"DEBUG: Got message \d+: <(?P<sender>\S+) (?P<to>\S+) (?P<rest>.*)>$")
_JOINED = re.compile(r"udh (?P<header>\S+) data (?P<data>\S*)$")


def missing() -> tuple[str, ...]:
    """The programs that this machine lacks."""
    return tuple(name for name, path in _PROGRAMS.items() if path is None)


@dataclass(frozen=True, slots=True)
class Pdu:
    """One short message as the SMSC got it. Of several, `data` is UTF-8 for GSM-7 and UTF-16BE for UCS-2."""

    sender: str
    to: str
    data: bytes
    is_ucs2: bool | None = None  # unknown where it is one of several: the fake SMSC does not write it down
    reference: int = 0
    total: int = 1
    place: int = 1


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Until it holds; fails if it does not."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, f"waited in vain: {what}"
        time.sleep(0.02)


class Kannel:
    """`with Kannel(folder) as kannel:` runs all three; each can be stopped, frozen and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = _free_ports(4)
        admin, boxes, smsc, sendsms = self._ports
        self._configuration = folder / "kannel.conf"
        self._configuration.write_text(
            _CONFIGURATION.format(
                admin=admin,
                boxes=boxes,
                smsc=smsc,
                sendsms=sendsms,
                folder=folder,
                username=USERNAME,
                password=PASSWORD,
            )
        )

    @property
    def url(self) -> str:
        """Where messages are handed over."""
        return f"http://127.0.0.1:{self._ports[3]}/cgi-bin/sendsms"

    def __enter__(self) -> Self:
        try:
            self.start("bearerbox")
            self.start("fakesmsc")
            self.start("smsbox")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what still runs, what depends on others first."""
        for name in ("smsbox", "bearerbox", "fakesmsc"):
            if name in self._running:
                self.stop(name)

    def start(self, name: str) -> None:
        """Start one of them, and wait until it can be used."""
        program = _PROGRAMS[name]
        assert program is not None
        arguments = [str(self._configuration)]
        if name == "fakesmsc":  # it wants a message of its own, and is told to send it no time
            arguments = ["-H", "127.0.0.1", "-r", str(self._ports[2]), "-m", "0", "1 2 text never sent"]
        with (self._folder / f"{name}.out").open("ab") as out:
            self._running[name] = subprocess.Popen(
                [program, *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        wait_until(lambda: self._is_alive(name) and self._is_ready(name), f"{name} to be ready")

    def _is_alive(self, name: str) -> bool:
        code = self._running[name].poll()
        said = "" if code is None else (self._folder / f"{name}.out").read_text()[-2000:]
        assert code is None, f"{name} ended with {code}: {said}"
        return True

    def _is_ready(self, name: str) -> bool:
        admin, boxes, _, sendsms = self._ports
        match name:
            case "bearerbox":
                return _listens(admin) and _listens(boxes)
            case "smsbox":
                return _listens(sendsms) and "No boxes connected" not in self.status()
            case _:
                return self._has_smsc()

    def _has_smsc(self) -> bool:
        return "(online" in self.status()

    def stop(self, name: str, *, kill: bool = False) -> None:
        """End one of them, politely unless `kill`."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(PATIENCE / 4)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if name == "fakesmsc" and "bearerbox" in self._running:
            wait_until(lambda: not self._has_smsc(), "bearerbox to miss its SMSC")

    def freeze(self, name: str) -> None:
        """It does nothing any more, and closes nothing."""
        self._running[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """It goes on where it was."""
        self._running[name].send_signal(signal.SIGCONT)

    def status(self) -> str:
        """What bearerbox says of itself."""
        url = f"http://127.0.0.1:{self._ports[0]}/status.txt?password={PASSWORD}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            said: bytes = answer.read()
        return said.decode()

    def wait_for(self, pdus: int) -> None:
        """Until the SMSC has got so many, and bearerbox has no more for it."""
        wait_until(lambda: len(self.pdus()) >= pdus, f"{pdus} PDUs at the SMSC")
        wait_until(self._is_idle, "an empty queue")

    def _is_idle(self) -> bool:
        found = re.search(r"SMS: received .*, sent (\d+) \((\d+) queued\)", self.status())
        assert found, self.status()
        return found[2] == "0" and int(found[1]) <= len(self.pdus())

    def pdus(self) -> list[Pdu]:
        """Everything that the SMSC has got, in order."""
        record = self._folder / "fakesmsc.out"
        if not record.exists():
            return []
        lines = record.read_text("utf-8").split("\n")[:-1]
        return [_pdu(found) for line in lines if (found := _GOT.search(line))]

    def by_number(self) -> dict[str, list[Pdu]]:
        """The same by recipient."""
        found: dict[str, list[Pdu]] = defaultdict(list)
        for pdu in self.pdus():
            found[pdu.to].append(pdu)
        return found


def _pdu(found: re.Match[str]) -> Pdu:
    sender, to, rest = found["sender"], found["to"], found["rest"]
    kind, _, data = rest.partition(" ")
    if kind == "text":
        return Pdu(sender, to, data.encode(), is_ucs2=False)
    if kind == "ucs-2":
        return Pdu(sender, to, _decoded(data), is_ucs2=True)
    joined = _JOINED.match(rest)
    assert joined, rest
    # Six octets: length, kind 0 (concatenation, 8-bit reference), length, reference, total, place.
    header = _decoded(joined["header"])
    assert header[:3] == b"\x05\x00\x03"
    return Pdu(sender, to, _decoded(joined["data"]), None, *header[3:])


def _decoded(data: str) -> bytes:
    return unquote_to_bytes(data.replace("+", " "))


def _free_ports(count: int) -> list[int]:
    """Below those that the system gives to outgoing connections: one of these could take it meanwhile."""
    drawn = random.SystemRandom().sample(range(20_000, 32_000), 100)
    return [port for port in drawn if not _listens(port)][:count]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
