"""What is left to send: retries whose time has come first, then the plan, in its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import count

from smscli.domain.message import Message
from smscli.domain.profile import BatchMode


class Waiting:
    """A queue that forms requests: `most` messages at a time, only such as may share one."""

    def __init__(self, messages: Iterator[Message], mode: BatchMode, most: int) -> None:
        self._plan = messages
        self._mode = mode
        self._front: deque[Message] = deque()
        self._later: list[tuple[float, int, Message]] = []
        self._order = count()
        self.most = 1 if mode is BatchMode.ONE else max(1, most)

    def retry(self, messages: Sequence[Message], at: float) -> None:
        """Offer these again from `at` (monotonic seconds) on."""
        for message in messages:
            heappush(self._later, (at, next(self._order), message))

    def peek(self, now: float) -> Message | None:
        """The next message, if one is due."""
        due = []
        while self._later and self._later[0][0] <= now:
            due.append(heappop(self._later)[2])
        self._front.extendleft(reversed(due))
        if not self._front and (following := next(self._plan, None)) is not None:
            self._front.append(following)
        return self._front[0] if self._front else None

    @property
    def next_retry(self) -> float | None:
        """When the earliest retry is due (monotonic seconds)."""
        return self._later[0][0] if self._later else None

    def take(
        self, now: float, most: int, budget: float, weight: Callable[[Message], float]
    ) -> tuple[Message, ...]:
        """The messages of one request, whose weights stay within `budget`."""
        chosen: list[Message] = []
        while len(chosen) < min(most, self.most) and (message := self.peek(now)) is not None:
            budget -= weight(message)
            if budget < 0 or (chosen and not self._may_join(chosen[0], message)):
                break
            chosen.append(self._front.popleft())
        return tuple(chosen)

    def _may_join(self, first: Message, other: Message) -> bool:
        if self._mode is BatchMode.FANOUT:
            return (first.sender, first.body) == (other.sender, other.body)
        return self._mode is BatchMode.LIST
