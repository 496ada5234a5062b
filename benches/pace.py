"""How much of a gateway's limit is used, and that it is never exceeded: at submit, over sliding seconds.

    python -m benches.pace [--limit 1000] [--seconds 10] [--logged 500000]

Over a real socket, with a durable log, and with the ledger file that campaigns share. The first two seconds
are the slow start's and count for the fullest second alone. Two runs side by side share one limit.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from benches.dispatch import (
    CAMPAIGN,
    IN_FLIGHT,
    SECRETS,
    fill,
    message,
    server,
)
from smscli.cli.sending import ledgers, terms_of
from smscli.cli.wiring import SystemClock
from smscli.domain.message import Answer, Batch, State
from smscli.domain.profile import BatchMode, GatewayProfile, Rate
from smscli.engine.dispatch import Dispatcher, Stop, Tools
from smscli.engine.pacing import Pacer
from smscli.files.profile_file import load_preset
from smscli.gateway.http import HttpGateway, open_http_gateway
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

#: Seconds that the slow start may take; they count for the fullest second alone.
STARTING = 2.0


class Stamped:
    """A gateway that notes when each message was submitted (monotonic seconds)."""

    def __init__(self, gateway: HttpGateway, submitted: list[float]) -> None:
        self._gateway = gateway
        self._submitted = submitted

    @property
    def profile(self) -> GatewayProfile:
        return self._gateway.profile

    async def submit(self, batch: Batch, *, proven: bool) -> Answer:
        self._submitted += [time.monotonic()] * len(batch.messages)
        return await self._gateway.submit(batch, proven=proven)

    async def close(self) -> None:
        await self._gateway.close()


def in_any_second(submitted: Sequence[float]) -> tuple[int, float]:
    """The most messages of any second, and the mean over the seconds that end every hundredth of one."""

    def until(moment: float) -> int:
        """Messages of the second that ends then."""
        return bisect_right(submitted, moment) - bisect_right(submitted, moment - 1.0)

    first, last = submitted[0] + STARTING, submitted[-1]
    moments = [first + step / 100 for step in range(int((last - first) * 100))]
    return max(map(until, submitted)), sum(map(until, moments)) / len(moments)


async def send(
    url: str, log: SqliteSentLog, profile: GatewayProfile, people: range, submitted: list[float]
) -> None:
    """One campaign to these people; `submitted` gets the moment of each message (monotonic seconds)."""
    campaign = replace(CAMPAIGN, id=uuid4().hex)
    async with open_http_gateway(profile, SECRETS, url=url) as gateway:
        clock = SystemClock()
        tools = Tools(
            gateway=Stamped(gateway, submitted),
            log=log,
            clock=clock,
            pacer=Pacer(profile.rates, ledgers(profile.name, log.path), clock.monotonic),
            new_id=lambda: uuid4().hex,
            chance=random.random,
            stop=Stop(),
        )
        terms = terms_of(campaign, profile, profile.realm, frozenset(), "bench")
        dispatcher = Dispatcher(campaign, terms, tools)
        await dispatcher.send((message(index, campaign.id) for index in people), len(people))
    assert dispatcher.stopped is None, dispatcher.stopped
    assert dispatcher.counts.states[State.ACCEPTED] == len(people), dispatcher.counts


async def measure(
    url: str, log: SqliteSentLog, profile: GatewayProfile, people: Iterable[range], what: str
) -> None:
    """As many campaigns at once as there are ranges; one line says how the limit was used."""
    submitted: list[float] = []
    await asyncio.gather(*(send(url, log, profile, each, submitted) for each in people))
    (rate,) = profile.rates
    most, mean = in_any_second(sorted(submitted))
    print(
        f"{what}: {mean / rate.per_second:.1%} of {rate.per_second:,.0f} a second used,"
        f" {most:,} in the fullest second"
    )
    assert most <= rate.per_second, "the limit was exceeded"


async def measure_all(url: str, log: SqliteSentLog, limit: int, people: int) -> None:
    """One message a request, 100 a request, and two campaigns that share the limit."""
    generic = replace(load_preset("generic-json"), connections=IN_FLIGHT, rates=(Rate(limit),))
    one = replace(generic, batch=BatchMode.ONE, batch_max=1)
    lists = replace(generic, batch=BatchMode.LIST, batch_max=100)
    start = 0
    for profile, size in ((one, "one message"), (lists, "100 messages")):
        for campaigns in (1, 2):
            each = people // campaigns
            ranges = [range(start + each * place, start + each * (place + 1)) for place in range(campaigns)]
            start += people
            await measure(url, log, profile, ranges, f"{size} a request, {campaigns} at once")
            await asyncio.sleep(1.0)  # the next one begins with a window that nobody has used


def main() -> None:
    """Fill a log, start a server, measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--limit", type=int, default=1_000)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--logged", type=int, default=500_000)
    asked = options.parse_args()
    people = asked.limit * (asked.seconds + int(STARTING))
    with (
        tempfile.TemporaryDirectory() as folder,
        server() as url,
        closing(open_sent_log(Path(folder) / "sent-log.db", create=True)) as log,
    ):
        fill(log, load_preset("generic-json"), asked.logged, max(4 * people, asked.logged // 6))
        asyncio.run(measure_all(url, log, asked.limit, people))


if __name__ == "__main__":
    main()
