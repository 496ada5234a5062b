"""From a file to a plan: the whole path of `smscli preview`, against what its rows cost at the very least.

    python -m benches.intake [--rows 1000000] [--logged 2000000]

The floor is the same rows, in the same run, through csv.reader, phonenumbers (parse, is_valid_number,
time_zones_for_number), Jinja2 (render) and the segment count alone. CPU seconds are compared, of runs one
behind the other: machines differ and are shared, ratios hold. Nobody is texted: numbers go from a temporary
file into a temporary plan.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import jinja2
import phonenumbers
from phonenumbers import timezone

from smscli.cli.planned import Asked, Chosen, choose, planned
from smscli.cli.wiring import new_id, real_world
from smscli.domain.message import Batch, Message, Realm, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import OptOut, Terms
from smscli.domain.segments import measure
from smscli.engine.forecast import forecast
from smscli.engine.planning import CHUNK, Planner
from smscli.engine.sizing import order_of
from smscli.files.contacts_file import open_lists
from smscli.files.list_file import open_list
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.plan import SqlitePlan
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

T = TypeVar("T")

#: A Wednesday afternoon in Europe: some may be texted, some are asleep.
AFTERNOON = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)

TEXT = (
    "Green Garage: {{ first_name }}, winter tyres from Monday, book {{ link }} before they are gone."
    " Reply STOP to opt out."
)
FILE = f"""version: 1
brand: Green Garage
sender: "+12025550143"
gateway: sandbox
sent_log: sent-log.db
contacts: list.csv
rates: {{currency: EUR, default: 0.05}}
campaigns:
  bench:
    purpose: marketing
    topic: offers
    frequency: {{at_most: 4, per: 30d}}
    text: "{TEXT}"
"""
NAMES = ("Ola", "Zbigniew", "Małgorzata", "John", "Ana", "Eleni", "Dimitris", "José", "Wei", "Fatima")

#: Country, and a national number in E.164 and as people there write it, from a running number.
Form = Callable[[int], str]
FORMS: tuple[tuple[str, Form, Form], ...] = (
    ("PL", lambda i: f"+48512{i:06}", lambda i: f"512 {i // 1000:03} {i % 1000:03}"),
    ("GR", lambda i: f"+306912{i:06}", lambda i: f"6912 {i:06}"),
    ("ES", lambda i: f"+34612{i:06}", lambda i: f"612 {i // 1000:03} {i % 1000:03}"),
    ("GB", lambda i: f"+447400{i:06}", lambda i: f"07400 {i:06}"),
    (
        "US",
        lambda i: f"+1202{200 + i // 10_000:03}{i % 10_000:04}",
        lambda i: f"(202) {200 + i // 10_000:03}-{i % 10_000:04}",
    ),
)


def rows(count: int, *, national: bool) -> Iterator[tuple[str, ...]]:
    """Distinct numbers of five countries, in no order: phone, country, name, link, language and consent."""
    chance = random.Random(4)
    each = -(-count // len(FORMS))
    order = [(which, index) for which in range(len(FORMS)) for index in range(each)]
    chance.shuffle(order)
    for place, (which, index) in enumerate(order[:count]):
        country, e164, written = FORMS[which]
        phone = (written if national else e164)(index)
        name = NAMES[place % len(NAMES)]
        yield phone, country, name, f"https://garage.example/{place}", "en", "express", "2026-03-01"


def write_list(folder: Path, count: int, national: bool) -> None:
    """A list and a campaigns file beside it."""
    folder.mkdir(exist_ok=True)
    with (folder / "list.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["phone", "country", "first_name", "link", "language", "consent", "consent_date"])
        writer.writerows(rows(count, national=national))
    (folder / "campaigns.yaml").write_text(FILE, encoding="utf-8")


# --- the floor -----------------------------------------------------------------------------------


def floor(folder: Path) -> int:
    """What nobody can leave out: the cells, the number, its zones, the text and its segments."""
    text, done = jinja2.Template(TEXT), 0
    with (folder / "list.csv").open(encoding="utf-8", newline="") as stream:
        records = csv.reader(stream)
        next(records)
        for phone, country, name, link, *_ in records:
            number = phonenumbers.parse(phone, country)
            phonenumbers.is_valid_number(number)
            timezone.time_zones_for_number(number)
            measure(text.render(first_name=name, link=link))
            done += 1
    return done


# --- the whole path ------------------------------------------------------------------------------


def whole(folder: Path) -> int:
    """File to plan, tally and forecast, against the sent log if there is one; the contacts decided."""
    chosen = choose(asked(folder))
    with (
        _log_of(chosen) as log,
        planned(real_world([]), asked(folder), chosen, log, AFTERNOON, _silent) as made,
    ):
        assert not made.bad.count, made.bad.problems[:3]
        return made.tally.contacts


def steps(folder: Path) -> dict[str, float]:
    """CPU seconds of the same path, step by step."""
    chosen, spent = choose(asked(folder)), defaultdict[str, float](float)
    today, wanted = AFTERNOON.date(), frozenset({"first_name", "link"})
    with (
        _log_of(chosen) as found,
        closing(SqlitePlan()) as plan,
        open_lists(chosen.sources, wanted, today=today) as lists,
    ):
        log: Any = _Clocked(found or MemorySentLog(), {"facts": "facts of the log"}, spent)
        kept: Any = _Clocked(
            plan, {"seen": "duplicates", "excluded": "duplicates", "add": "into the plan"}, spent
        )
        planner = Planner(
            campaign=chosen.campaign, realm=chosen.profile.realm, log=log, now=AFTERNOON, new_id=new_id
        )
        before = time.process_time()
        planner.fill(kept, _clocked_rows(iter(lists), spent))
        spent["rules, hours, text, segments"] = time.process_time() - before - sum(spent.values())
        before = time.process_time()
        tally = plan.tally()
        leaving = plan.leaving(order_of(chosen.profile))
        forecast(tally, chosen.campaign.rates, chosen.profile, leaving, AFTERNOON)
        spent["tally and forecast"] = time.process_time() - before
    with open_list(chosen.sources[0]) as opened:
        before = time.process_time()
        done = sum(1 for _ in opened.records()) - 1
        records = time.process_time() - before
    spent = (
        {"records of the file": records} | spent | {"cells and numbers": spent["cells and numbers"] - records}
    )
    return {name: seconds / done * 1e6 for name, seconds in spent.items()}


class _Clocked:
    """Another object, some of whose methods are timed."""

    def __init__(self, inner: object, names: Mapping[str, str], spent: dict[str, float]) -> None:
        self._inner, self._names, self._spent = inner, names, spent

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        step = self._names.get(name)
        return method if step is None else partial(self._timed, step, method)

    def _timed(self, step: str, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        before = time.process_time()
        try:
            return method(*arguments, **named)
        finally:
            self._spent[step] += time.process_time() - before


def _clocked_rows(rows: Iterator[Any], spent: dict[str, float]) -> Iterator[Any]:
    """The rows, read a chunk at a time as the planner asks for them."""
    while True:
        before = time.process_time()
        chunk = list(islice(rows, CHUNK))
        spent["cells and numbers"] += time.process_time() - before
        if not chunk:
            return
        yield from chunk


@contextmanager
def _log_of(chosen: Chosen) -> Iterator[SqliteSentLog | None]:
    if not chosen.sent_log.exists():
        yield None
        return
    with closing(open_sent_log(chosen.sent_log, create=False)) as log:
        yield log


def asked(folder: Path) -> Asked:
    """What the command line would say."""
    return Asked(file=folder / "campaigns.yaml", campaign="bench")


def _silent(_rows: int) -> None: ...


def fill(folder: Path, people: int, logged: int) -> None:
    """A sent log: half of its messages of the last 30 days to people of the list, and 20,000 opt-outs."""
    terms = Terms(Realm.SANDBOX, "", "marketing", "offers", "sandbox", "", "seed")
    chance, size = random.Random(7), 10_000
    known = [
        numbers(which, index) for index in range(-(-people // len(FORMS))) for which in range(len(FORMS))
    ]
    with closing(open_sent_log(folder / "sent-log.db", create=True)) as log:
        for start in range(0, logged, size):
            at = AFTERNOON - timedelta(days=29.5 * (1 - start / logged))
            some = chance.sample(known, min(size // 2, len(known)))
            others = [Msisdn(f"+4930{start + index:09}", "DE") for index in range(size - len(some))]
            _settle(log, replace(terms, campaign_id=f"earlier-{start // size}"), sorted([*some, *others]), at)
        wishes = (OptOut(each, "", AFTERNOON, "reply") for each in chance.sample(known, len(known) // 100))
        log.opt_out(wishes)


def _settle(log: SqliteSentLog, terms: Terms, people: Iterable[Msisdn], at: datetime) -> None:
    measured, deadline = measure(TEXT), at + timedelta(hours=6)
    sent = [Message(uuid4().hex, terms.campaign_id, to, "Garage", TEXT, measured, deadline) for to in people]
    with log.atomic():
        won = log.claim([Batch(uuid4().hex, tuple(sent), at)], terms, at)
        log.settle([Receipt(each, State.ACCEPTED, "") for each in won], at)


def numbers(which: int, index: int) -> Msisdn:
    """The number of that running number in one of FORMS."""
    country, e164, _ = FORMS[which]
    return Msisdn(e164(index), country)


# --- measuring -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall-clock seconds, rows, and the most memory (MiB) of a process that did only this."""

    cpu: float
    wall: float
    rows: int
    memory: float

    @property
    def each(self) -> float:
        """CPU microseconds a row."""
        return self.cpu / self.rows * 1e6


def alone(work: Callable[..., T], *arguments: Any) -> T:
    """The work's answer, in a process of its own: what it leaves in memory is nobody else's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def cost(work: Callable[[Path], int], folder: Path) -> Cost:
    """What the work costs."""
    return alone(_measured, work, folder)


def _measured(work: Callable[[Path], int], folder: Path) -> Cost:
    work(folder / "few")  # what is made once (patterns of countries, calendars) is not a cost of rows
    cpu, wall = time.process_time(), time.perf_counter()
    done = work(folder)
    spent = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(*spent, done, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_OR_BYTES)


#: `ru_maxrss` is in KiB on Linux and in bytes on macOS.
_KIB_OR_BYTES = 1024**2 if sys.platform == "darwin" else 1024


def told(name: str, path: Cost, least: Cost) -> None:
    """One line of the table."""
    print(
        f"  {name:<34} {path.each:6.1f} us a row, {path.each / least.each:4.2f} of the floor,"
        f" {path.wall:6.1f} s, {path.memory:4.0f} MiB"
    )


def compare(count: int, logged: int, *, national: bool) -> None:
    """One list: the floor, the path against an empty log and a full one, and where its time goes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone(write_list, folder, count, national)
        alone(write_list, folder / "few", 2_000, national)
        print(f"{count:,} rows in {'national formats' if national else 'E.164'}", flush=True)
        before, empty, after = cost(floor, folder), cost(whole, folder), cost(floor, folder)
        least = replace(before, cpu=(before.cpu + after.cpu) / 2)
        print(f"  {'the floor':<34} {least.each:6.1f} us a row")
        told("the path, nothing in the log", empty, least)
        if logged:
            alone(fill, folder, count, logged)
            told(f"the path, {logged:,} in the log", cost(whole, folder), least)
        for step, each in alone(steps, folder).items():
            print(f"    {step:<32} {each:6.1f} us a row")


def main() -> None:
    """Print the ratios."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--logged", type=int, default=2_000_000)
    given = options.parse_args()
    for national in (False, True):
        compare(given.rows // 10, given.logged // 10, national=national)
        compare(given.rows, given.logged, national=national)


if __name__ == "__main__":
    main()
