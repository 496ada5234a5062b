"""When, and how long to wait, before a call that was not taken is made again."""

from __future__ import annotations

from collections.abc import Callable

#: A message is offered so often in one run; then it stays released until the next.
MOST_ATTEMPTS = 6
#: Calls in a row not taken before the run gives up: sooner when nothing was accepted yet.
GIVE_UP_COLD = 4
GIVE_UP_WARM = 8
#: A gateway that asks for a longer pause than this (seconds) ends the run: cron will come back.
LONGEST_PAUSE = 900.0

_FIRST, _LONGEST = 1.0, 60.0


def pause(failures: int, retry_after: float | None, chance: Callable[[], float]) -> float:
    """Seconds to wait after so many failures in a row (1 for the first).

    The gateway's own word is obeyed, never shortened; `chance` (0 to 1) spreads the rest.
    """
    backoff = min(_LONGEST, _FIRST * 2 ** (failures - 1))
    jittered = backoff * (0.5 + 0.5 * chance())
    return jittered if retry_after is None else max(retry_after, 0.0) + 0.1 * chance()
