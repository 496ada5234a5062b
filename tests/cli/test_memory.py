"""Memory of a preview: flat, whatever the list. The interpreter and all its imports count."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.cli.test_preview_command import HEADER, RATES, TYRES

MOST_MEGABYTES = 120


def _peak_of_a_preview(folder: Path, contacts: int) -> float:
    """Megabytes at the peak, of a preview of so many contacts in two languages and two countries."""
    desk = Desk(folder)
    desk.campaigns(TYRES, top=RATES)
    with (folder / "contacts.csv").open("w", encoding="utf-8") as stream:
        stream.write(HEADER + "\n")
        for index in range(contacts // 2):
            stream.write(f"+4851{index:07},Ola{index},pl,express,2026-01-02\n")
            stream.write(f"+1202{2_000_000 + index},Ola{index},en,express,2026-01-02\n")
    with (folder / "out.txt").open("wb") as out:
        arguments = ["preview", "campaigns.yaml", "tyres", "--at", "2026-11-23T15:30"]
        child = subprocess.Popen(
            [sys.executable, "-m", "smscli", *arguments], cwd=folder, stdout=out, stderr=out
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    said = (folder / "out.txt").read_text("utf-8")
    assert child.returncode == 0, said
    assert f"to send  {contacts:>9,}" in said
    per_megabyte = 1024 if sys.platform == "linux" else 1024 * 1024
    return used.ru_maxrss / per_megabyte


def test_a_preview_of_twenty_thousand_contacts_stays_small(tmp_path: Path) -> None:
    assert _peak_of_a_preview(tmp_path, 20_000) < MOST_MEGABYTES


@pytest.mark.soak
def test_a_preview_of_two_hundred_thousand_contacts_stays_small(tmp_path: Path) -> None:
    assert _peak_of_a_preview(tmp_path, 200_000) < MOST_MEGABYTES
