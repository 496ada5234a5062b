"""Real processes on one file: nobody is won twice, and a kill loses nothing."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from smscli.domain.message import Realm, State
from smscli.sentlog.sqlite import open_sent_log

from . import senders
from .making import NOW, TERMS, claimed, message, numbers

spawn = multiprocessing.get_context("spawn")


def together(target: Callable[..., None], *argument_lists: tuple[object, ...]) -> list[Any]:
    """Start children, let them go at the same moment, and collect what each says last."""
    children = []
    for arguments in argument_lists:
        ours, theirs = spawn.Pipe()
        child = spawn.Process(target=target, args=(*arguments, theirs), daemon=True)
        child.start()
        theirs.close()  # so that a child that dies is heard
        children.append((child, ours))
    for _, line in children:
        assert line.recv() == "ready"
    for _, line in children:
        line.send("go")
    said = [line.recv() for _, line in children]
    for child, _ in children:
        child.join()
    return said


def test_two_senders_below_the_lock_win_every_number_once(path: Path) -> None:
    people = list(numbers(2_000))
    runs = ((path, people, "one"), (path, people[::-1], "two"))
    one, two = together(senders.claim_in_chunks, *runs)
    assert min(len(one), len(two)) >= 50, "both had a chance"
    assert sorted(one + two) == [number.e164 for number in people]
    with closing(open_sent_log(path, create=False)) as log:
        assert log.counts(Realm.LIVE) == {State.SUBMITTING: 2_000}


def test_two_first_runs_make_one_log(path: Path) -> None:
    for _ in range(3):
        inodes = together(senders.create_and_tell, (path,), (path,))
        assert set(inodes) == {path.stat().st_ino}
        path.unlink()


@pytest.mark.parametrize(("inside", "left"), [(False, {State.SUBMITTING: 100}), (True, {})])
def test_a_killed_sender_leaves_whole_claims(path: Path, inside: bool, left: dict[State, int]) -> None:
    people = list(numbers(100))
    child = spawn.Process(target=senders.claim_and_die, args=(path, people, inside))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    with closing(open_sent_log(path, create=False)) as log:
        assert log.counts(Realm.LIVE) == left
        free = claimed(log, *map(message, people))
        assert len(free) == (100 if inside else 0)
        log.recover(Realm.LIVE, TERMS.campaign_id, NOW)
        assert log.counts(Realm.LIVE) == {State.IN_DOUBT: 100}
        assert claimed(log, *map(message, people)) == []
