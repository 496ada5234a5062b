"""Memory of a preview: flat, whatever the list. The interpreter and all its imports count.

The quick one, of twenty thousand rows and with `--plan`, is in `test_plan_file.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.cli.program import child
from tests.cli.test_preview_command import HEADER, RATES, TYRES

MOST_MEGABYTES = 120

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells a process its own peak"
)


#: The program, which tells its own peak when it ends: what the parent could ask for (ru_maxrss) starts from
#: the parent's size, since a child is a copy of it until it runs a program of its own.
_TELLING = """
import atexit, pathlib, sys
from smscli.__main__ import main
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: pathlib.Path("peak.txt").write_text(status.read_text()))
main()
"""


def _peak_of_a_preview(folder: Path, contacts: int) -> float:
    """Megabytes at the peak, of a preview of so many contacts in two languages and two countries."""
    desk = Desk(folder)
    desk.campaigns(TYRES, top=RATES)
    with (folder / "contacts.csv").open("w", encoding="utf-8") as stream:
        stream.write(HEADER + "\n")
        for index in range(contacts // 2):
            stream.write(f"+4851{index:07},Ola{index},pl,express,2026-01-02\n")
            stream.write(f"+1202{2_000_000 + index},Ola{index},en,express,2026-01-02\n")
    arguments = ("preview", "campaigns.yaml", "tyres", "--at", "2026-11-23T15:30")
    done = child(*arguments, cwd=folder, program=("-c", _TELLING), timeout=300)
    assert done.code == 0, done.err
    assert re.search(rf"to send +{contacts:,}\b", done.out)
    (line,) = (line for line in (folder / "peak.txt").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


@pytest.mark.soak
def test_a_preview_of_two_hundred_thousand_contacts_stays_small(tmp_path: Path) -> None:
    assert _peak_of_a_preview(tmp_path, 200_000) < MOST_MEGABYTES
