"""From plan to settlement, durable, against a bare loop over the same transport in the same run.

    python -m benches.dispatch [--messages 2000] [--logged 500000]

The sent log holds `--logged` messages of the last 30 days, half of them to the numbers of the plan,
and the campaign has a frequency cap. Ratios are what counts: machines differ and are shared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import uuid4

import httpx

from smscli.cli.sending import terms_of
from smscli.cli.wiring import SystemClock
from smscli.domain.campaign import (
    Campaign,
    ConsentPolicy,
    Limits,
    Purpose,
    SameText,
    Senders,
)
from smscli.domain.contact import ConsentLevel, Contact
from smscli.domain.decision import Send
from smscli.domain.frequency import FrequencyCap
from smscli.domain.message import Batch, Message, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.profile import BatchMode, GatewayProfile
from smscli.domain.segments import measure
from smscli.domain.template import compile_text
from smscli.engine.dispatch import Dispatcher, Stop, Tools
from smscli.engine.pacing import Pacer
from smscli.engine.sizing import order_of
from smscli.files.profile_file import load_preset
from smscli.gateway.http import open_http_gateway
from smscli.gateway.transport import AiohttpTransport
from smscli.sentlog.locks import MemoryPaceLedger
from smscli.sentlog.plan import SqlitePlan
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

IN_FLIGHT = 50
ROUNDS = 9
#: Rounds of calls of 100, and how many times `--messages` each of them sends.
FULL_ROUNDS, FULL = 5, 6
SECRETS = {"SMS_GATEWAY_URL": "http://127.0.0.1/", "SMS_GATEWAY_TOKEN": "bench-token"}
BODY = "Green Garage: Ola, winter tyres from Monday. Reply STOP to opt out."
CAMPAIGN = Campaign(
    id="bench",
    brand="Green Garage",
    purpose=Purpose.MARKETING,
    topic="offers",
    senders=Senders("Garage"),
    texts={"en": compile_text(BODY)},
    default_language="en",
    fallback=False,
    consent=ConsentPolicy(ConsentLevel.NONE),
    quiet_hours=None,
    caps=(FrequencyCap(6, timedelta(days=30)),),
    limits=Limits(),
    same_text=SameText.SKIP,
    rates=None,
)


def number(index: int) -> Msisdn:
    """Numbers of a range that nobody has, as many as wanted."""
    return Msisdn(f"+1202555{index:07}", "US")


def message(index: int, campaign_id: str = "bench", body: str = BODY) -> Message:
    """One message to the numbered person."""
    deadline = datetime.now(UTC) + timedelta(hours=6)
    return Message(uuid4().hex, campaign_id, number(index), "Garage", body, measure(body), deadline)


def fill(log: SqliteSentLog, profile: GatewayProfile, logged: int, people: int) -> None:
    """Messages of the last 30 days: every second one to somebody of the plan."""
    terms, chance, now = (
        terms_of(CAMPAIGN, profile, profile.realm, frozenset(), "seed"),
        random.Random(7),
        datetime.now(UTC),
    )
    terms = replace(terms, caps=(), same_text_within=None)
    for start in range(0, logged, 10_000):
        campaign_id = f"earlier-{start // (2 * people)}"
        at = now - timedelta(days=29.5 * (1 - start / logged))
        who = [index // 2 % people if index % 2 else people + index for index in range(start, start + 10_000)]
        sent = [message(index, campaign_id, f"News {start}") for index in sorted(set(who))]
        batch = Batch(uuid4().hex, tuple(sent), at)
        with log.atomic():
            won = log.claim([batch], replace(terms, campaign_id=campaign_id), at)
            states = [Receipt(each, State.ACCEPTED, f"ref{chance.random()}") for each in won]
            log.settle(states, at)


@contextmanager
def server() -> Iterator[str]:
    """The bare server in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "benches.bare_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        try:
            yield f"http://127.0.0.1:{child.stdout.readline().strip()}/messages"
        finally:
            child.stdin.close()


async def bare(url: str, messages: int) -> float:
    """Requests a second of the loop one would write without a log: 50 workers over the same transport."""
    transport = AiohttpTransport(connections=IN_FLIGHT, connect=5.0, total=30.0)
    waiting = iter(range(messages))
    headers = {"Content-Type": "application/json", "Authorization": "Bearer bench-token"}

    async def worker() -> None:
        for index in waiting:
            asked = {"id": uuid4().hex, "from": "Garage", "to": number(index).e164, "text": BODY}
            content = json.dumps({"messages": [asked]}).encode()
            request = httpx.Request("POST", url, headers=headers, content=content)
            response = await transport.handle_async_request(request)
            (answer,) = json.loads(response.content)["messages"]
            assert (response.status_code, answer["status"]) == (200, "accepted")

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    seconds = time.perf_counter() - started
    await transport.aclose()
    return messages / seconds


async def dispatched(
    url: str,
    log: SqliteSentLog,
    profile: GatewayProfile,
    people: range,
) -> float:
    """Messages a second from plan to settlement."""
    campaign, ledger = replace(CAMPAIGN, id=uuid4().hex), MemoryPaceLedger()
    with closing(SqlitePlan()) as plan:
        contacts = [Contact(index, index, number(index)) for index in people]
        decisions = [Send(contact, message(contact.row, campaign.id)) for contact in contacts]
        for start in range(0, len(decisions), 2000):
            plan.add(decisions[start : start + 2000])
        async with open_http_gateway(profile, SECRETS, url=url) as gateway:
            tools = Tools(
                gateway=gateway,
                log=log,
                clock=SystemClock(),
                pacer=Pacer(profile.rates, lambda _: ledger, time.monotonic),
                new_id=lambda: uuid4().hex,
                chance=random.random,
                stop=Stop(),
            )
            dispatcher = Dispatcher(
                campaign, terms_of(campaign, profile, profile.realm, frozenset(), "bench"), tools
            )
            started = time.perf_counter()
            await dispatcher.send(plan.messages(order_of(profile)), len(decisions))
            seconds = time.perf_counter() - started
    assert dispatcher.stopped is None, dispatcher.stopped
    assert dispatcher.counts.states[State.ACCEPTED] == len(decisions), dispatcher.counts
    return len(decisions) / seconds


async def measure_all(url: str, log: SqliteSentLog, messages: int, logged: int) -> None:
    """One line a measurement, medians last."""
    generic = load_preset("generic-json")
    one = replace(generic, batch=BatchMode.ONE, batch_max=1, connections=IN_FLIGHT)
    lists = replace(generic, batch=BatchMode.LIST, batch_max=100, connections=IN_FLIGHT)
    await bare(url, 500)  # warm-up
    start, ratios = 0, []
    for _ in range(ROUNDS):  # side by side, so that whatever else the machine does hits both
        floor = await bare(url, messages)
        rate = await dispatched(url, log, one, range(start, start + messages))
        start += messages
        ratios.append(rate / floor)
        print(f"one message a request: {rate:,.0f}/s, bare loop {floor:,.0f}/s: {rate / floor:.0%} of it")
    rates, times = [], []
    for _ in range(FULL_ROUNDS):
        floor = await bare(url, messages)
        rate = await dispatched(url, log, lists, range(start, start + FULL * messages))
        start += FULL * messages
        rates.append(rate)
        times.append(rate / floor)
        print(f"100 messages a request: {rate:,.0f} messages/s, {rate / floor:.1f} times the bare loop's")
    print(f"against a log of {logged:,} messages with a cap, medians:")
    print(f"one message a request: {median(ratios):.0%} of the bare loop")
    print(
        f"100 messages a request: {median(rates):,.0f}/s, {median(times):.1f} times the bare loop's requests"
    )


def main() -> None:
    """Fill a log, start a server, measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=2_000)
    options.add_argument("--logged", type=int, default=500_000)
    asked = options.parse_args()
    people = asked.messages * (ROUNDS + FULL_ROUNDS * FULL)
    with (
        tempfile.TemporaryDirectory() as folder,
        server() as url,
        closing(open_sent_log(Path(folder) / "sent-log.db", create=True)) as log,
    ):
        fill(log, load_preset("generic-json"), asked.logged, people)
        asyncio.run(measure_all(url, log, asked.messages, asked.logged))


if __name__ == "__main__":
    main()
