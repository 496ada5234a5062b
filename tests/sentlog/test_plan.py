"""The plan: what is sent, in which order, what it comes to, and that nothing of it is left."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.contact import Contact
from smscli.domain.decision import Decision, Hold, HoldReason, Send, Skip, SkipReason
from smscli.domain.errors import Place, Problem
from smscli.domain.message import Message
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import (
    CountryTally,
    Duplicate,
    Leaving,
    Offender,
    Plan,
    PlannedRow,
    PlanTally,
    SendOrder,
)
from smscli.domain.profile import BatchMode
from smscli.domain.segments import Encoding, Segments, measure
from smscli.sentlog.plan import DecidedRow, Fate, SqlitePlan

from .making import ANNA, BEN, CELIA, HOUR, NOW, message, numbers

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def plan() -> Iterator[Plan]:
    with closing(SqlitePlan()) as made:
        yield made


def contact(number: Msisdn = ANNA, row: int = 1) -> Contact:
    return Contact(row, row + 1, number)


def send(one: Message, row: int = 1) -> Send:
    return Send(contact(one.to, row), one)


def order(plan: Plan, mode: BatchMode = BatchMode.ONE, turn: int = 0, by_segments: bool = False) -> list[str]:
    """The ids in the order of leaving, which a forecast is told too."""
    wanted = SendOrder(mode, turn, by_segments)
    messages = list(plan.messages(wanted))
    told = [(each, each.many) for each in plan.leaving(wanted)]
    told_of = [each._replace(many=1) for each, many in told for _ in range(many)]
    assert _as_forecast(told_of, wanted) == _as_forecast([_leaving(one, wanted) for one in messages], wanted)
    return [one.id for one in messages]


def _leaving(one: Message, wanted: SendOrder) -> Leaving:
    text = one.body if wanted.mode is BatchMode.FANOUT else ""
    return Leaving(one.deadline, one.segments.count, one.sender, text)


def _as_forecast(leaving: list[Leaving], wanted: SendOrder) -> list[Leaving]:
    """Without what does not matter to a forecast and is not told in order: segments, senders of a list."""
    if wanted.turn or wanted.by_segments:
        return leaving
    if wanted.mode in (BatchMode.ONE, BatchMode.LIST):
        leaving = [each._replace(sender="") for each in leaving]
    return leaving if wanted.mode is BatchMode.FANOUT else [each._replace(segments=1) for each in leaving]


def test_a_message_comes_back_as_it_went_in(plan: Plan) -> None:
    segments = Segments(Encoding.UCS2, 31, 1, ("ł", "🛞"))
    one = message(CELIA, "Łatwo 🛞", segments=segments, deadline=NOW + MICROSECOND, language="pl")
    plan.add([send(one)])
    assert list(plan.messages(SendOrder(BatchMode.LIST))) == [one]
    assert list(plan.leaving(SendOrder(BatchMode.LIST))) == [Leaving(one.deadline, 1, one.sender)]
    assert list(plan.leaving(SendOrder(BatchMode.FANOUT))) == [Leaving(one.deadline, 1, one.sender, one.body)]
    assert plan.samples(3) == (one,)


def test_an_empty_plan_is_empty(plan: Plan) -> None:
    assert plan.tally() == PlanTally()
    assert order(plan) == []
    assert plan.samples(3) == ()
    assert list(plan.left_out()) == []
    assert plan.limit(5) == 0
    assert plan.seen([ANNA]) == frozenset()


def test_deadline_goes_before_number(plan: Plan) -> None:
    late, early = message(ANNA, deadline=NOW + 2 * HOUR), message(CELIA, deadline=NOW + HOUR)
    first = message(BEN, deadline=NOW + HOUR)
    plan.add([send(late), send(early), send(first)])
    for mode in BatchMode:
        assert order(plan, mode) == [first.id, early.id, late.id]


def test_fan_out_keeps_one_sender_s_text_together(plan: Plan) -> None:
    made = [
        message(to, body, sender=sender, id=f"{sender}{body}{to.e164[-1]}")
        for to in (CELIA, BEN, ANNA)
        for body in ("x", "y")
        for sender in ("1", "2")
    ]
    plan.add([send(one) for one in made])
    # by text: +1…1, +1…2, +44…3
    assert order(plan, BatchMode.FANOUT) == [
        "1x1", "1x2", "1x3", "1y1", "1y2", "1y3", "2x1", "2x2", "2x3", "2y1", "2y2", "2y3",
    ]  # fmt: skip
    assert [one.to for one in plan.messages(SendOrder(BatchMode.ONE))] == [ANNA] * 4 + [BEN] * 4 + [CELIA] * 4


def test_a_merge_keeps_one_sender_together_whatever_the_texts(plan: Plan) -> None:
    made = [
        message(to, f"{sender}{to.e164[-1]}", sender=sender, id=f"{sender}{to.e164[-1]}")
        for to in (CELIA, BEN, ANNA)
        for sender in ("2", "1")
    ]
    plan.add([send(one) for one in made])
    assert order(plan, BatchMode.MERGE) == ["11", "12", "13", "21", "22", "23"]
    assert order(plan, BatchMode.LIST) == ["21", "11", "22", "12", "23", "13"]


def test_rows_that_are_alike_are_told_to_a_forecast_as_one(plan: Plan) -> None:
    made = [
        message(number, "abc"[place % 3], sender="12"[place % 2]) for place, number in enumerate(numbers(12))
    ]
    plan.add([send(one) for one in made])
    sizes = {mode: [each.many for each in plan.leaving(SendOrder(mode))] for mode in BatchMode}
    assert sizes == {
        BatchMode.ONE: [12],
        BatchMode.LIST: [12],
        BatchMode.MERGE: [6, 6],
        BatchMode.FANOUT: [2] * 6,
    }
    for mode in BatchMode:
        order(plan, mode)
        order(plan, mode, by_segments=True)


def test_senders_take_turns_whenever_their_windows_close(plan: Plan) -> None:
    made = [
        message(
            number, sender="A" if place < 7 else "B", id=f"m{place}", deadline=NOW + (2 - place // 7) * HOUR
        )
        for place, number in enumerate(numbers(10))
    ]
    plan.add([send(one) for one in reversed(made)])
    for mode in BatchMode:
        assert order(plan, mode, turn=2) == [f"m{place}" for place in (0, 1, 7, 8, 2, 3, 9, 4, 5, 6)]
    assert order(plan, turn=100) == [f"m{place}" for place in range(10)]


def test_turns_are_counted_in_segments_where_those_count(plan: Plan) -> None:
    long = Segments(Encoding.GSM7, 300, 2)
    people = numbers(8)
    made = [
        message(number, sender="A", segments=long, id=f"a{place}") for place, number in enumerate(people[:4])
    ]
    made += [message(number, sender="B", id=f"b{place}") for place, number in enumerate(people[4:])]
    plan.add([send(one) for one in made])
    wanted = ["a0", "b0", "b1", "a1", "b2", "b3", "a2", "a3"]
    assert order(plan, BatchMode.LIST, turn=2, by_segments=True) == wanted


def test_numbers_are_remembered_whatever_was_decided(plan: Plan) -> None:
    plan.add([send(message(ANNA)), Skip(contact(BEN), SkipReason.NO_TEXT)])
    plan.add([Hold(contact(CELIA), HoldReason.QUIET_HOURS, NOW)])
    stranger = Msisdn("+12025550199", "US")
    assert plan.seen([stranger, ANNA, BEN, CELIA, ANNA]) == {ANNA, BEN, CELIA}
    assert plan.seen([]) == frozenset()


def test_rows_of_a_number_that_an_earlier_row_has_are_named_with_that_row(plan: Plan) -> None:
    def row(number: Msisdn, of_list: int, place: int) -> Skip:
        return Skip(Contact(place, place + 10, number, of_list=of_list), SkipReason.NO_TEXT)

    plan.add([row(ANNA, 0, 1), row(BEN, 0, 2), row(ANNA, 0, 3)])
    plan.add([send(message(CELIA), row=4), row(BEN, 1, 5), row(ANNA, 1, 6)])
    assert list(plan.duplicates()) == [
        Duplicate(ANNA, 0, 3, 13, 0, 1, 11),
        Duplicate(BEN, 1, 5, 15, 0, 2, 12),
        Duplicate(ANNA, 1, 6, 16, 0, 1, 11),
    ]


def test_numbers_not_to_text_are_known_by_the_first_list_that_has_them(plan: Plan) -> None:
    assert plan.exclude("dnc.csv", [ANNA, BEN, ANNA]) == 2
    assert plan.exclude("staff.csv", iter([BEN, CELIA])) == 1
    stranger = Msisdn("+12025550199", "US")
    assert plan.excluded([stranger, CELIA, ANNA]) == {ANNA: "dnc.csv", CELIA: "staff.csv"}
    assert plan.excluded([]) == {}
    assert plan.seen([ANNA]) == frozenset()  # excluded is not planned
    assert plan.tally() == PlanTally()


def test_the_tally_adds_up(plan: Plan) -> None:
    polish = Segments(Encoding.UCS2, 90, 2, ("ł", "ś"))
    plan.add(
        [
            send(message(ANNA, "a")),
            send(message(BEN, "b", deadline=NOW + MICROSECOND)),
            send(message(BEN, "b")),
            send(message(CELIA, "c", segments=polish, language="pl")),
            send(message(CELIA, "d", segments=Segments(Encoding.UCS2, 300, 5, ("ś",)), language="pl")),
            Skip(contact(), SkipReason.DUPLICATE),
            Skip(contact(), SkipReason.DUPLICATE),
            Skip(contact(), SkipReason.OPTED_OUT),
            Hold(contact(), HoldReason.FREQUENCY_CAP, NOW + 2 * HOUR),
            Hold(contact(), HoldReason.FREQUENCY_CAP, NOW + HOUR),
        ]
    )
    expected = PlanTally(
        contacts=10,
        to_send=5,
        skipped={SkipReason.DUPLICATE: 2, SkipReason.OPTED_OUT: 1},
        held={HoldReason.FREQUENCY_CAP: 2},
        held_until={HoldReason.FREQUENCY_CAP: NOW + HOUR},
        segments=10,
        by_encoding={Encoding.GSM7: 3, Encoding.UCS2: 2},
        by_country=(CountryTally("US", 3, 3), CountryTally("GB", 2, 7)),
        by_language={"en": 3, "pl": 2},
        by_segments={1: 3, 2: 1, 5: 1},
        offenders=(Offender("ś", 2, 7, 5), Offender("ł", 1, 2, 1)),
        first_deadline=NOW + MICROSECOND,
        segments_by_encoding={Encoding.UCS2: 7, Encoding.GSM7: 3},
    )
    assert plan.tally() == expected


def test_a_limit_keeps_the_first_sendable_rows_of_the_list(plan: Plan) -> None:
    people = numbers(6)
    made = [message(number) for number in reversed(people)]
    plan.add([Skip(contact(row=1), SkipReason.NO_CONSENT), *map(send, made[:3])])
    plan.add([Hold(contact(row=5), HoldReason.QUIET_HOURS, NOW), *map(send, made[3:])])
    before = plan.digest()
    assert plan.limit(4) == 2
    assert order(plan) == [one.id for one in reversed(made[:4])]
    tally = plan.tally()
    assert (tally.contacts, tally.to_send, tally.segments) == (8, 4, 4)
    assert len(list(plan.left_out())) == 2
    assert plan.digest() != before
    assert [one.id for one in plan.samples(9)] == [one.id for one in made[:4]]
    assert plan.limit(9) == 0
    assert plan.limit(0) == 4
    assert order(plan) == []
    assert plan.tally().first_deadline is None


def test_whoever_opts_out_in_a_later_row_is_skipped(plan: Plan) -> None:
    kept = message(BEN)
    plan.add(
        [
            send(message(ANNA), 1),
            Hold(contact(ANNA, 2), HoldReason.QUIET_HOURS, NOW),
            Skip(contact(ANNA, 3), SkipReason.DUPLICATE, "an earlier row"),
            send(kept, 4),
        ]
    )
    plan.withdraw({ANNA: "row 9 says so", CELIA: "nothing to withdraw"})
    assert order(plan) == [kept.id]
    assert list(plan.left_out()) == [
        PlannedRow(1, 2, ANNA, SkipReason.OPTED_OUT, "row 9 says so", None),
        PlannedRow(2, 3, ANNA, SkipReason.OPTED_OUT, "row 9 says so", None),
        PlannedRow(3, 4, ANNA, SkipReason.DUPLICATE, "an earlier row", None),
    ]
    tally = plan.tally()
    assert (tally.to_send, tally.skipped, tally.held) == (
        1,
        {SkipReason.OPTED_OUT: 2, SkipReason.DUPLICATE: 1},
        {},
    )


def test_left_out_rows_come_in_list_order(plan: Plan) -> None:
    until = NOW + MICROSECOND
    plan.add([Hold(contact(CELIA, 1), HoldReason.QUIET_HOURS, until, "till nine"), send(message(BEN), 2)])
    plan.add([Skip(contact(ANNA, 3), SkipReason.MISSING_FIELD, "first_name")])
    assert list(plan.left_out()) == [
        PlannedRow(1, 2, CELIA, HoldReason.QUIET_HOURS, "till nine", until),
        PlannedRow(3, 4, ANNA, SkipReason.MISSING_FIELD, "first_name", None),
    ]


def test_every_row_comes_back_in_list_order_bad_rows_among_them(plan: Plan) -> None:
    assert isinstance(plan, SqlitePlan)
    dan = Msisdn("+12025550104", "US")
    until, first, second = NOW + MICROSECOND, message(BEN), message(dan)
    bad = (Problem(Place("list.csv", 2, None, "phone"), "too_short", "is too short", "digits are missing"),)
    plan.add_bad_row(1, 2, bad)
    plan.add([send(first, 2), Skip(contact(ANNA, 3), SkipReason.NO_CONSENT, "none on record")])
    plan.add_bad_row(4, 5, (*bad, *bad))
    plan.add([Hold(contact(CELIA, 5), HoldReason.QUIET_HOURS, until), send(second, 6)])
    plan.limit(1)
    expected = [
        DecidedRow(1, 2, Fate.PROBLEM, problems=bad),
        DecidedRow(2, 3, Fate.SEND, BEN, message=first),
        DecidedRow(3, 4, Fate.SKIP, ANNA, SkipReason.NO_CONSENT, "none on record"),
        DecidedRow(4, 5, Fate.PROBLEM, problems=(*bad, *bad)),
        DecidedRow(5, 6, Fate.HOLD, CELIA, HoldReason.QUIET_HOURS, until=until),
        DecidedRow(6, 7, Fate.LATER, dan, message=second),
    ]
    assert list(plan.decided_rows()) == expected
    assert plan.tally().contacts == 4, "bad rows are no contacts"


def test_what_was_decided_about_one_number_comes_row_by_row(plan: Plan) -> None:
    assert isinstance(plan, SqlitePlan)
    plan.add([send(message(ANNA), 1), send(message(BEN), 2), Skip(contact(ANNA, 3), SkipReason.DUPLICATE)])
    assert [(each.row, each.fate) for each in plan.decided_of(ANNA)] == [(1, Fate.SEND), (3, Fate.SKIP)]
    plan.withdraw({ANNA: "line 9 says so"})
    withdrawn = plan.decided_of(ANNA)[0]
    assert withdrawn == DecidedRow(1, 2, Fate.SKIP, ANNA, SkipReason.OPTED_OUT, "line 9 says so")
    assert plan.decided_of(CELIA) == ()


def test_samples_show_every_language_first(plan: Plan) -> None:
    made = [message(number, language=name) for number, name in zip(numbers(6), "eeppge", strict=True)]
    plan.add(list(map(send, made)))

    def shown(most: int) -> list[int]:
        return [made.index(one) for one in plan.samples(most)]

    assert shown(0) == []
    assert shown(2) == [0, 2]
    assert shown(3) == [0, 2, 4]
    assert shown(5) == [0, 2, 4, 1, 3]
    assert shown(99) == [0, 2, 4, 1, 3, 5]


def test_the_text_of_most_segments_is_among_the_samples(plan: Plan) -> None:
    made = [
        message(number, "x", segments=measure("ł" * 60 * times), language=name)
        for number, name, times in zip(numbers(6), "eeppgg", (1, 2, 2, 1, 1, 3), strict=True)
    ]
    plan.add([send(one, at) for at, one in enumerate(made, 1)])

    def shown(most: int) -> list[int]:
        return [made.index(one) for one in plan.samples(most)]

    assert shown(0) == []
    assert shown(1) == [5]
    assert shown(3) == [0, 2, 5], "instead of the last language"
    assert shown(5) == [0, 2, 4, 5, 1]
    plan.limit(4)
    assert shown(2) == [0, 2], "of what is sent now, and no language for one that is no longer"


WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
ROWS = st.tuples(st.sampled_from([ANNA, BEN, CELIA]), WORDS, WORDS)


@settings(max_examples=40, deadline=None)
@given(st.lists(ROWS, max_size=5), st.lists(ROWS, max_size=5))
def test_the_digest_says_whether_two_plans_text_the_same(
    one: list[tuple[Msisdn, str, str]], other: list[tuple[Msisdn, str, str]]
) -> None:
    assert (digest_of(one) == digest_of(other)) == (sorted(one) == sorted(other))
    assert digest_of(one) == digest_of(list(reversed(one)))


def digest_of(rows: list[tuple[Msisdn, str, str]]) -> str:
    with closing(SqlitePlan()) as plan:
        plan.add([send(message(to, body, sender=sender)) for to, sender, body in rows])
        return plan.digest()


def test_the_digest_cannot_be_shifted_between_sender_and_body() -> None:
    assert digest_of([(ANNA, "ab", "c")]) != digest_of([(ANNA, "a", "bc")])
    assert digest_of([(ANNA, "a", "1")]) != digest_of([(BEN, "a", "1")])


def test_skips_are_no_part_of_the_digest(plan: Plan) -> None:
    one = message(ANNA)
    decisions: list[Decision] = [send(one), Skip(contact(BEN), SkipReason.NO_CONSENT)]
    plan.add(decisions)
    assert plan.digest() == digest_of([(ANNA, one.sender, one.body)])


LARGE = """
import os, resource, sys
from tests.sentlog.making import message
from smscli.domain.contact import Contact
from smscli.domain.decision import Send
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import SendOrder
from smscli.domain.profile import BatchMode
from smscli.sentlog.plan import SqlitePlan

def most():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)

people = [Msisdn(f"+1202{row * 7919 % 10**7:07d}", "US") for row in range(2_000)]
chunk = [Send(Contact(1, 1, number), message(number, f"{number.e164}, " + 100 * "x")) for number in people]
plan = SqlitePlan()
for _ in range(10):
    plan.add(chunk)
small = most()
for _ in range(90):
    plan.add(chunk)
plan.seen(people), plan.tally(), plan.digest()
next(plan.messages(SendOrder(BatchMode.ONE)))  # all of them are sorted for the first
print(most() - small)
print(os.listdir(os.environ["SQLITE_TMPDIR"]), flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_large_plan_lies_on_disk_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LARGE],
        env={"SQLITE_TMPDIR": str(tmp_path), "PYTHONPATH": ":".join(filter(None, sys.path))},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == -9, ran.stderr
    grown, named = ran.stdout.splitlines()
    assert float(grown) < 45, "megabytes; the cache and the sorter's share, not the rows"
    assert named == "[]", "unlinked even while in use"
    assert list(tmp_path.iterdir()) == []
