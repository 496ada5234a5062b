"""Thousands of seeded faults against every batch mode: nobody texted twice, nobody taken and forgotten.

A series is one campaign and one gateway that fails at random, request by request, while the program is run
again and again: resets, half answers, silence, drips, 5xx, 429, and kills of the whole process. Then the
gateway behaves, and what is left is sent. Faults that leave doubt use people up, so that series are many.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from smscli.domain.message import State
from tests.cli.batch_modes import MODES, Mode
from tests.support.answers import (
    Accept,
    Answer,
    CloseAfterReading,
    Drip,
    DropKeepAlive,
    HalfAnswer,
    HalfHeaders,
    Html502,
    KillClient,
    Moment,
    NotHttp,
    RateLimited,
    ResetAfterReading,
    ResetBeforeReading,
    ResetWhileReading,
    Slow,
    Status,
    TruncatedBody,
)
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

#: Shorter than what is slow or dripped, longer than a busy machine needs to answer.
_TIMEOUTS = "timeouts: {connect: 0.5, total: 0.6}"
#: With it, doubt is repeated, and the gateway must not take a message twice for that.
_PROMISE = "idempotency: {where: body, scope: message, window: 24h}"

_NOT_TAKEN: Sequence[Callable[[random.Random], Answer]] = (
    lambda _: RateLimited(0),
    lambda _: Status(503, b'{"error": "busy"}', {"Retry-After": "0"}),
)
_DOUBT: Sequence[Callable[[random.Random], Answer]] = (
    lambda chance: ResetAfterReading(taken=chance.random() < 0.5),
    lambda chance: CloseAfterReading(taken=chance.random() < 0.5),
    lambda _: ResetBeforeReading(),
    lambda _: ResetWhileReading(),
    lambda _: HalfHeaders(),
    lambda _: TruncatedBody(),
    lambda _: HalfAnswer(),
    lambda chance: NotHttp(taken=chance.random() < 0.5),
    lambda _: DropKeepAlive(),
    lambda chance: Html502(taken=chance.random() < 0.5),
    lambda chance: Status(500, taken=chance.random() < 0.5),
    lambda chance: Status(504, taken=chance.random() < 0.5),
    lambda _: Slow(0.9),
    lambda _: Drip(0.01),
)

PEOPLE = 200
#: The soak has 4 modes x (16 seeds without a promise + 6 with one) = 88 series: 2,112 faults, a kill in each
#: included. Under a promise there are fewer, since repeats wait for each other.
FAULTS = 24
_SOAK_SEEDS = {"": range(16), _PROMISE: range(100, 106)}


def _faults(chance: random.Random, many: int) -> list[Answer]:
    """So many, each kind as likely as another; every third leaves no doubt."""
    kinds = [chance.choice(_NOT_TAKEN if place % 3 == 0 else _DOUBT) for place in range(many)]
    chance.shuffle(kinds)
    return [kind(chance) for kind in kinds]


class _Series:
    """One campaign, one gateway, one seed."""

    def __init__(self, folder: Path, gateway: LoopbackGateway, mode: Mode, promise: str, seed: int) -> None:
        lines = "\n".join(filter(None, [mode.profile, _TIMEOUTS, promise]))
        self.folder = Folder(folder, gateway.url, profile=lines, text=mode.text)
        self.gateway = gateway
        self.chance = random.Random(seed)

    def run(self, faults: int) -> int:
        """The faults that were met: so many, while there are people left to meet them."""
        self.folder.write(people=PEOPLE)
        met = self._killed()
        while met < faults and self._has_people():
            met += self._failing(_faults(self.chance, min(faults - met, self.chance.randrange(2, 7))))
        self._well()
        return met

    def _killed(self) -> int:
        """The process is killed at some moment of some request."""
        self.gateway.client_pid = None
        before = [Accept()] * self.chance.randrange(0, 6)
        self.gateway.script(*before, KillClient(self.chance.choice(list(Moment))))
        child = self.folder.start("--yes", "--first-run")
        self.gateway.client_pid = child.pid
        out, err = child.communicate(timeout=120)
        self.gateway.clear_script()
        self.gateway.assert_quiet(out + err, secrets=[TOKEN])
        return 1

    def _failing(self, some: Sequence[Answer]) -> int:
        """One run into these faults, with good answers between them: the gateway is not always ill."""
        script = [answer for fault in some for answer in (*self._good(), fault)]
        before = len(self.gateway.unanswered)
        self.gateway.script(*script)
        self._send("--limit", str(self.chance.randrange(8, 20)))
        left = self.gateway.unanswered
        self.gateway.clear_script()
        assert before == 0
        return len(some) - sum(not isinstance(answer, Accept) for answer in left)

    def _good(self) -> list[Answer]:
        return [Accept()] * self.chance.randrange(0, 3)

    def _well(self) -> None:
        """Whatever can still be sent is sent, and the books agree."""
        for _ in range(8):
            if self._send() in (0, 3) and not self._has_people():
                break
        rows = self.folder.rows()
        assert len(rows) == PEOPLE
        assert {row.state for row in rows} <= {State.ACCEPTED, State.IN_DOUBT}
        self.gateway.assert_known_to(rows)
        self.gateway.assert_nobody_twice()

    def _send(self, *options: str) -> int:
        run = self.folder.send(*options)
        self.gateway.assert_quiet(run.out + run.err, secrets=[TOKEN])
        assert run.code in (0, 3, 6), run.err
        self.gateway.assert_nobody_twice()
        self.gateway.assert_known_to(self.folder.rows())
        return run.code

    def _has_people(self) -> bool:
        """Is anybody left who was not handed over, for all that is known?"""
        rows = self.folder.rows() if self.folder.log_path.exists() else []
        return sum(row.state is not State.RELEASED for row in rows) < PEOPLE


def _met(folder: Path, mode: str, promise: str, seed: int, faults: int) -> int:
    described = MODES[mode]
    with LoopbackGateway(described.dialect(), idempotent=bool(promise)) as gateway:
        return _Series(folder, gateway, described, promise, seed).run(faults)


@pytest.mark.parametrize("mode", MODES)
def test_a_few_faults_text_nobody_twice_and_forget_nobody(tmp_path: Path, mode: str) -> None:
    assert _met(tmp_path, mode, "", 7, faults=6) >= 4


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("promise", "seed"), [(promise, seed) for promise, seeds in _SOAK_SEEDS.items() for seed in seeds]
)
def test_thousands_of_faults_text_nobody_twice_and_forget_nobody(
    tmp_path: Path, mode: str, promise: str, seed: int
) -> None:
    assert _met(tmp_path, mode, promise, 1000 + seed, FAULTS) >= FAULTS
