"""What is left to send: retries whose time has come first, then the plan, in its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import chain, count

from smscli.domain.message import Message
from smscli.engine.sizing import Sizing


class Waiting:
    """A queue that forms requests: the longest run of its first messages that may share one."""

    def __init__(self, messages: Iterator[Message], sizing: Sizing) -> None:
        self._plan = messages
        self._sizing = sizing
        self._front: deque[Message] = deque()
        self._later: list[tuple[float, int, Message]] = []
        self._order = count()

    def retry(self, messages: Sequence[Message], at: float) -> None:
        """Offer these again from `at` (monotonic seconds) on."""
        for message in messages:
            heappush(self._later, (at, next(self._order), message))

    def peek(self, now: float) -> Message | None:
        """The next message, if one is due."""
        if self._later and self._later[0][0] <= now:
            due = []
            while self._later and self._later[0][0] <= now:
                due.append(heappop(self._later)[2])
            self._front.extendleft(reversed(due))
        if not self._front:
            following = next(self._plan, None)
            if following is None:
                return None
            self._front.append(following)
        return self._front[0]

    @property
    def next_retry(self) -> float | None:
        """When the earliest retry is due (monotonic seconds)."""
        return self._later[0][0] if self._later else None

    def form(self, now: float, limit: int) -> tuple[Message, ...]:
        """The messages of the next request, at most `limit`; never two to one number."""
        first = self.peek(now)
        if first is None:
            return ()
        sizing, front = self._sizing, self._front
        front.popleft()
        if limit == 1 or sizing.most == 1:
            return (first,)
        sizing.begin(first.sender, first.body, first.segments.count, limit)
        chosen, numbers = [first], {first.to.e164}
        while (message := self.peek(now)) is not None:
            number = message.to.e164
            if number in numbers or not sizing.joins(message.sender, message.body, message.segments.count):
                break
            numbers.add(number)
            chosen.append(front.popleft())
        return tuple(chosen)

    def put_back(self, groups: Sequence[Sequence[Message]]) -> None:
        """Requests that were formed and not made: their messages come first again, in their order."""
        self._front.extendleft(reversed(list(chain.from_iterable(groups))))
