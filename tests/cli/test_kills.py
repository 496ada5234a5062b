"""The real program, SIGKILLed at every moment of a request and run again: nobody twice, nobody forgotten.

A kill of the process is not a power cut: what the disk itself may lose is not proved here.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from smscli.domain.message import State
from tests.support.answers import Accept, Answer, KillClient, Moment
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

_MODES = {
    "one": "batch: {max: 1}\nconnections: 8",
    "list": "batch: {max: 5}\nconnections: 4",
}
#: Kills in a row before a run may finish.
_KILLS = 4
_DEFAULT_SEEDS = range(4)
_SOAK_SEEDS = range(100, 125)


def _killed_run(folder: Folder, gateway: LoopbackGateway, moment: Moment, after: int) -> None:
    script: list[Answer] = [Accept()] * after
    gateway.client_pid = None
    gateway.clear_script()
    gateway.script(*script, KillClient(moment))
    first = () if folder.has_live_messages() else ("--first-run",)
    child = folder.start("--yes", *first)
    gateway.client_pid = child.pid
    out, err = child.communicate(timeout=120)
    gateway.clear_script()
    gateway.assert_quiet(out + err, secrets=[TOKEN])


def _survive(tmp_path: Path, mode: str, seed: int) -> None:
    chance = random.Random(seed)
    with LoopbackGateway(may_repeat=False) as gateway:
        folder = Folder(tmp_path, gateway.url, profile=_MODES[mode])
        folder.write(people=60)
        for _ in range(_KILLS):
            _killed_run(folder, gateway, chance.choice(list(Moment)), chance.randrange(0, 12))
        last = folder.send()
        gateway.assert_quiet(last.out + last.err, secrets=[TOKEN])
        rows = folder.rows()
        gateway.assert_nobody_twice()
        gateway.assert_known_to(rows)
        assert last.code in (0, 3), last.err
        assert {row.state for row in rows} <= {State.ACCEPTED, State.IN_DOUBT}
        assert len(rows) == 60


@pytest.mark.parametrize("seed", _DEFAULT_SEEDS)
def test_a_few_dozen_kills_text_nobody_twice_and_forget_nobody(tmp_path: Path, seed: int) -> None:
    _survive(tmp_path, "one" if seed % 2 else "list", seed)


@pytest.mark.soak
@pytest.mark.parametrize("mode", _MODES)
@pytest.mark.parametrize("seed", _SOAK_SEEDS)
def test_hundreds_of_kills_text_nobody_twice_and_forget_nobody(tmp_path: Path, mode: str, seed: int) -> None:
    _survive(tmp_path, mode, seed)


@pytest.mark.parametrize("moment", list(Moment))
def test_what_was_in_flight_at_a_kill_is_in_doubt_after_the_next_run(tmp_path: Path, moment: Moment) -> None:
    with LoopbackGateway() as gateway:
        folder = Folder(tmp_path, gateway.url, profile=_MODES["one"])
        folder.write(people=3)
        _killed_run(folder, gateway, moment, after=0)
        last = folder.send()
        states = {row.to.e164: row.state for row in folder.rows()}
        gateway.assert_known_to(folder.rows())
    assert last.code == 3
    assert sorted(states.values()) == sorted([State.ACCEPTED, State.ACCEPTED, State.IN_DOUBT])


@pytest.mark.parametrize("seed", range(2))
def test_a_gateway_that_takes_an_id_once_leaves_nobody_in_doubt(tmp_path: Path, seed: int) -> None:
    promise = "batch: {max: 4}\nconnections: 4\nidempotency: {where: body, scope: message, window: 24h}"
    chance = random.Random(seed)
    with LoopbackGateway(idempotent=True) as gateway:
        folder = Folder(tmp_path, gateway.url, profile=promise)
        folder.write(people=40)
        for _ in range(2):
            _killed_run(folder, gateway, chance.choice(list(Moment)), chance.randrange(0, 8))
        last = folder.send()
        gateway.assert_nobody_twice()
        gateway.assert_known_to(folder.rows())
        assert len(gateway.taken) == 40
    assert last.code == 0, last.out + last.err
    assert {row.state for row in folder.rows()} == {State.ACCEPTED}
