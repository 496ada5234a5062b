"""What a message costs the sent log: claim and settle, durable, one and a hundred to a transaction; and what
its delivery receipt costs afterwards.

    python -m benches.sentlog [--logged 500000] [--messages 10000]

Each on an empty log and on one that holds `--logged` messages of the last 30 days to the same people, asked
for a frequency cap, a gap and the same text. The yardstick is a bare durable transaction of one row on the
same disk (TMPDIR's: not one in memory) in the same run. Ratios are what counts: machines differ.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from time import perf_counter
from uuid import uuid4

from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.frequency import FrequencyCap
from smscli.domain.message import Batch, Message, Realm, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Terms
from smscli.domain.segments import Encoding, Segments
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
EARLIER_CAMPAIGNS = 4
TERMS = Terms(
    realm=Realm.LIVE,
    campaign_id="bench",
    purpose="marketing",
    topic="offers",
    gateway="generic-json",
    gateway_digest="digest",
    run_id="run",
    caps=(FrequencyCap(EARLIER_CAMPAIGNS + 2, timedelta(days=30)), FrequencyCap(1, timedelta(hours=1))),
    same_text_within=timedelta(days=7),
)
UNASKED = replace(TERMS, caps=(), same_text_within=None)


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds a message, best of the rounds."""

    claim: float
    settle: float

    @property
    def both(self) -> float:
        return self.claim + self.settle


def message(to: Msisdn, body: str) -> Message:
    segments = Segments(Encoding.GSM7, len(body), 1)
    return Message(uuid4().hex, "bench", to, "Garage", body, segments, NOW, "en", "list: express, list.csv:7")


def fill(log: SqliteSentLog, people: Sequence[Msisdn]) -> None:
    """Earlier campaigns to the same people, each settled."""
    for campaign in range(EARLIER_CAMPAIGNS):
        at, terms = (
            NOW - timedelta(days=5 * campaign + 5),
            replace(UNASKED, campaign_id=f"earlier-{campaign}"),
        )
        for start in range(0, len(people), 5_000):
            chunk = [message(to, f"News {campaign} {to.digits}") for to in people[start : start + 5_000]]
            with log.atomic():
                log.claim([Batch(uuid4().hex, tuple(chunk), at)], terms, at)
                log.settle([Receipt(one.id, State.ACCEPTED, uuid4().hex) for one in chunk], at)


def cost(log: SqliteSentLog, people: Sequence[Msisdn], together: int) -> Cost:
    """Claim and settle these people, `together` a transaction."""
    campaign = replace(TERMS, campaign_id=uuid4().hex)
    claiming = settling = 0.0
    for start in range(0, len(people), together):
        chunk = [message(to, f"Offer for {to.digits}") for to in people[start : start + together]]
        offered = [Batch(uuid4().hex, tuple(chunk), NOW)]
        receipts = [Receipt(one.id, State.ACCEPTED, uuid4().hex) for one in chunk]
        begun = perf_counter()
        won = log.claim(offered, campaign, NOW)
        claimed = perf_counter()
        log.settle(receipts, NOW)
        settled = perf_counter()
        assert len(won) == len(chunk)
        claiming, settling = claiming + claimed - begun, settling + settled - claimed
    return Cost(claiming / len(people) * 1e6, settling / len(people) * 1e6)


def yardstick(folder: Path, rows: int = 1_000) -> float:
    """Microseconds of a bare durable transaction with one row."""
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE IF NOT EXISTS row (id TEXT, at INTEGER)")
        begun = perf_counter()
        for _ in range(rows):
            bare.execute("INSERT INTO row VALUES (?, ?)", (uuid4().hex, 1))
        return (perf_counter() - begun) / rows * 1e6


def asking(log: SqliteSentLog, people: Sequence[Msisdn]) -> float:
    """Microseconds a number for the facts of chunks of 2,000 numbers in list order."""
    shuffled = Random(3).sample(list(people), len(people))
    begun = perf_counter()
    for start in range(0, len(shuffled), 2_000):
        log.facts(Realm.LIVE, "bench", shuffled[start : start + 2_000], NOW - timedelta(days=30), NOW)
    return (perf_counter() - begun) / len(shuffled) * 1e6


def telling(log: SqliteSentLog, receipts: int = 1_000) -> tuple[float, float]:
    """Seconds until the first delivery receipt has found its message, then microseconds for each of a page,
    matched and settled: messages from all over the log, by the gateway's reference."""
    since, accepted = NOW - timedelta(days=90), frozenset({State.ACCEPTED})
    total = log.counts(Realm.LIVE)[State.ACCEPTED]
    some = islice(log.handed(TERMS.gateway, Realm.LIVE, accepted, since), 0, None, total // receipts)
    told = [DeliveryReceipt(each.ref, number=each.to.digits, state=State.DELIVERED) for each in some]
    begun = perf_counter()
    log.match(TERMS.gateway, Realm.LIVE, told[:1], since)
    looked_up = perf_counter()
    with log.atomic():
        found = log.match(TERMS.gateway, Realm.LIVE, told, since)
        log.settle([Receipt(each, State.DELIVERED) for each in found if each], NOW)
    settled = perf_counter()
    assert None not in found
    return looked_up - begun, (settled - looked_up) / len(told) * 1e6


def report(name: str, log: SqliteSentLog, people: Sequence[Msisdn], bare: float) -> None:
    """One line a way of working; the best of three rounds, each in a campaign's turn of new people."""
    third = len(people) // 3
    parts = [people[turn * third : (turn + 1) * third] for turn in range(3)]
    few = third // 10  # a disk takes its time over each transaction
    for together, share in ((1, slice(few)), (100, slice(few, None))):
        rounds = [cost(log, part[share], together) for part in parts]
        best = min(rounds, key=lambda one: one.both)
        write(
            f"{name:>17}, {together:3} a transaction: claim {best.claim:6.1f}, settle {best.settle:6.1f} us a"
            f" message; {best.both / bare:5.2f} of a bare transaction, {1e6 / best.both:9,.0f} messages/s"
        )
    write(f"{name:>17}, facts of 2,000 at once: {asking(log, people):.1f} us a number")
    first, each = telling(log)
    write(
        f"{name:>17}, delivery receipts, 1,000 a page: {each:.0f} us each, {each / bare:.2f} of a bare"
        f" transaction; {first:.2f} s before the first"
    )


def write(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    """An empty log, a full one, and a bare one to compare with."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--logged", type=int, default=500_000)
    options.add_argument("--messages", type=int, default=10_000)
    asked = options.parse_args()
    chance = Random(1)
    digits = sorted(chance.sample(range(10**7), asked.logged // EARLIER_CAMPAIGNS))
    everybody = [Msisdn(f"+1202{each:07d}", "US") for each in digits]
    people = everybody[: asked.messages * 3]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = yardstick(folder)
        write(f"a bare durable transaction: {bare:.0f} us")
        with closing(open_sent_log(folder / "empty.db", create=True)) as log:
            report("empty log", log, people, bare)
        with closing(open_sent_log(folder / "full.db", create=True)) as log:
            fill(log, everybody)
            size = (folder / "full.db").stat().st_size / 2**20
            report(f"{asked.logged:,} logged", log, people, bare)
            write(f"{size:.0f} MB, {size / asked.logged * 2**20:.0f} bytes a message with its events")


if __name__ == "__main__":
    main()
