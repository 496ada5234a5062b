"""Replies in, receipts out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.message import Answer, Batch, Fault, Realm, Receipt, State, Verdict
from smscli.domain.profile import (
    BatchMode,
    BodyTest,
    ErrorClass,
    ErrorRule,
    GatewayProfile,
    Idempotency,
    IdempotencyScope,
    Reply,
    Result,
    ResultShape,
    RetryAfter,
    TimeUnit,
    Unlisted,
    Wire,
)
from smscli.gateway.reply import read
from smscli.gateway.seen import LONGEST_DELAY, LONGEST_DETAIL
from tests.gateway.samples import ALICE, BOB, CAROL, batch, batch_to, lowered

ACCEPTED, REJECTED, RELEASED, IN_DOUBT = State.ACCEPTED, State.REJECTED, State.RELEASED, State.IN_DOUBT
ONE = batch()
THREE = batch_to([ALICE, BOB, CAROL])


def profile(reply: Reply, *, scope: IdempotencyScope | None = None) -> GatewayProfile:
    promise = None if scope is None else Idempotency("body", "", scope, timedelta(hours=1))
    return GatewayProfile(
        name="test",
        realm=Realm.LIVE,
        batch=BatchMode.LIST,
        batch_max=100,
        connections=1,
        rates=(),
        idempotency=promise,
        clock_check=True,
        wire=Wire(reply=reply),
    )


def answered(
    reply: Reply,
    some: Batch,
    body: object,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    proven: bool = False,
    scope: IdempotencyScope | None = None,
) -> Answer:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(profile(reply, scope=scope), some, status, lowered(headers or {}), octets, proven=proven)


def told(answer: Answer) -> list[tuple[State, str]]:
    return [(receipt.state, receipt.ref_or_code) for receipt in map(_Told, answer.receipts)]


@dataclass
class _Told:
    receipt: Receipt

    @property
    def state(self) -> State:
        return self.receipt.state

    @property
    def ref_or_code(self) -> str:
        return self.receipt.gateway_ref or self.receipt.code


# --- shapes ---


@dataclass(frozen=True)
class Shape:
    """A row: what the profile says, what the gateway says, what became of Alice, Bob and Carol."""

    name: str
    result: Result
    body: object
    expected: list[tuple[State, str]]
    headers: dict[str, str] = field(default_factory=dict)


ITEM_OK = (BodyTest(("status",), ("ok",)),)
ITEM_ERRORS = (
    ErrorRule(ErrorClass.NUMBER, tests=(BodyTest(("code",), ("11",)),)),
    ErrorRule(ErrorClass.OPTED_OUT, tests=(BodyTest(("code",), ("12",)),)),
    ErrorRule(ErrorClass.RATE_LIMITED, tests=(BodyTest(("code",), ("13",)),)),
    ErrorRule(ErrorClass.ALREADY_ACCEPTED, tests=(BodyTest(("code",), ("14",)),)),
    ErrorRule(ErrorClass.FUNDS, tests=(BodyTest(("code",), ("15",)),)),
    ErrorRule(ErrorClass.IN_DOUBT, tests=(BodyTest(("code",), ("16",)),)),
)
IN_ORDER = Result(
    ResultShape.LIST_IN_ORDER, items=("data",), id=("id",), ok=ITEM_OK, code=("code",), errors=ITEM_ERRORS
)
BY_ID = Result(ResultShape.LIST_BY_KEY, items=("data",), key=("id",), by_id=True, id=("ref",), code=("code",))
BY_NUMBER = Result(ResultShape.LIST_BY_KEY, items=("data",), key=("to",), id=("ref",), code=("code",))
BY_MAP = Result(ResultShape.MAP_BY_NUMBER, items=("sms",), id=("ref",), code=("code",))
DOUBT3 = [(IN_DOUBT, "")] * 3

SHAPES = [
    Shape("one id", Result(ResultShape.ONE_ID, id=("id",)), {"id": "x1"}, [(ACCEPTED, "x1")] * 3),
    Shape("one id, an integer", Result(ResultShape.ONE_ID, id=("id",)), {"id": 17}, [(ACCEPTED, "17")] * 3),
    Shape(
        "one id, deep",
        Result(ResultShape.ONE_ID, items=("data", "0"), id=("id",)),
        {"data": [{"id": "x"}]},
        [(ACCEPTED, "x")] * 3,
    ),
    Shape("one id is missing", Result(ResultShape.ONE_ID, id=("id",)), {"ok": True}, DOUBT3),
    Shape("one id is null", Result(ResultShape.ONE_ID, id=("id",)), {"id": None}, DOUBT3),
    Shape("one id is an object", Result(ResultShape.ONE_ID, id=("id",)), {"id": {}}, DOUBT3),
    Shape(
        "in order",
        IN_ORDER,
        {"data": [{"status": "ok", "id": "a"}, {"status": "bad", "code": 11}, {"status": "ok", "id": "c"}]},
        [(ACCEPTED, "a"), (REJECTED, "11"), (ACCEPTED, "c")],
    ),
    Shape("in order, one too few", IN_ORDER, {"data": [{"status": "ok", "id": "a"}] * 2}, DOUBT3),
    Shape("in order, one too many", IN_ORDER, {"data": [{"status": "ok", "id": "a"}] * 4}, DOUBT3),
    Shape("in order, no list", IN_ORDER, {"data": {"0": 1}}, DOUBT3),
    Shape(
        "in order, null where one failed",
        IN_ORDER,
        {"data": [{"status": "ok", "id": "a"}, None, {"status": "ok", "id": "c"}]},
        [(ACCEPTED, "a"), (IN_DOUBT, ""), (ACCEPTED, "c")],
    ),
    Shape(
        "every class of an item",
        IN_ORDER,
        {"data": [{"code": "12"}, {"code": "13"}, {"code": "14"}]},
        [(REJECTED, "12"), (RELEASED, "13"), (ACCEPTED, "14")],
    ),
    Shape(
        "more classes, and a code that nobody mapped",
        IN_ORDER,
        {"data": [{"code": "15"}, {"code": "16"}, {"code": "99"}]},
        [(RELEASED, "15"), (IN_DOUBT, "16"), (IN_DOUBT, "99")],
    ),
    Shape(
        "unlisted is rejected where the profile says so",
        Result(ResultShape.LIST_IN_ORDER, id=("id",), code=("code",), unlisted=Unlisted.REJECTED),
        [{"code": "99"}, {"id": "b"}, {}],
        [(REJECTED, "99"), (ACCEPTED, "b"), (IN_DOUBT, "")],
    ),
    Shape(
        "by id, another order, a stranger",
        BY_ID,
        {"data": [{"id": "m-0125", "ref": "c"}, {"id": "zz", "ref": "z"}, {"id": "m-0123", "ref": "a"}]},
        [(ACCEPTED, "a"), (IN_DOUBT, ""), (ACCEPTED, "c")],
    ),
    Shape(
        "by id, named twice alike",
        BY_ID,
        {"data": [{"id": "m-0123", "ref": "a"}, {"id": "m-0123", "ref": "b"}]},
        [(ACCEPTED, "a"), (IN_DOUBT, ""), (IN_DOUBT, "")],
    ),
    Shape(
        "by number, however it is written",
        BY_NUMBER,
        {"data": [{"to": "1 202-555-0124", "ref": "b"}, {"to": 12025550123, "ref": "a"}]},
        [(ACCEPTED, "a"), (ACCEPTED, "b"), (IN_DOUBT, "")],
    ),
    Shape(
        "by number, named twice and differently",
        BY_NUMBER,
        {"data": [{"to": ALICE, "ref": "a"}, {"to": ALICE, "code": "1"}, {"to": BOB, "ref": "b"}]},
        [(IN_DOUBT, ""), (ACCEPTED, "b"), (IN_DOUBT, "")],
    ),
    Shape(
        "a map by number",
        BY_MAP,
        {"sms": {"12025550123": {"ref": "a"}, "+12025550124": {"code": 7}, "nobody": {"ref": "n"}}},
        [(ACCEPTED, "a"), (IN_DOUBT, "7"), (IN_DOUBT, "")],
    ),
    Shape("a map that is none", BY_MAP, {"sms": ["a"]}, DOUBT3),
    Shape(
        "ids",
        Result(ResultShape.IDS, items=("ids",)),
        {"ids": ["a", 2, None]},
        [(ACCEPTED, "a"), (ACCEPTED, "2"), (IN_DOUBT, "")],
    ),
    Shape("ids, one too few", Result(ResultShape.IDS, items=("ids",)), {"ids": ["a", "b"]}, DOUBT3),
    Shape(
        "an id in the text",
        Result(ResultShape.TEXT_REGEX, pattern='^Success "([^"]+)"'),
        b'Success "07033084"',
        [(ACCEPTED, "07033084")] * 3,
    ),
    Shape("no id in the text", Result(ResultShape.TEXT_REGEX, pattern='"([^"]+)"'), b"hm", DOUBT3),
    Shape(
        "an id in a header",
        Result(ResultShape.HEADER, header="operationId"),
        b"",
        [(ACCEPTED, "op1")] * 3,
        {"OperationID": "op1"},
    ),
    Shape("no id in the header", Result(ResultShape.HEADER, header="operationId"), b"", DOUBT3),
    Shape("nothing but success", Result(ResultShape.NONE), b"0: fine", [(ACCEPTED, "")] * 3),
    Shape("no JSON", IN_ORDER, b"<html>", DOUBT3),
    Shape("half a JSON", IN_ORDER, b'{"data": [{"id": "a"', DOUBT3),
]


@pytest.mark.parametrize("row", SHAPES, ids=[row.name for row in SHAPES])
def test_a_good_reply_tells_every_message(row: Shape) -> None:
    answer = answered(Reply(result=row.result), THREE, row.body, headers=row.headers)
    assert told(answer) == row.expected
    assert [receipt.message_id for receipt in answer.receipts] == ["m-0123", "m-0124", "m-0125"]
    everyone = {state for state, _ in row.expected}
    assert (answer.verdict is Verdict.IN_DOUBT) is (everyone == {IN_DOUBT})


def test_two_messages_to_one_number_cannot_be_told_apart_by_number() -> None:
    body = {"data": [{"to": ALICE, "ref": "a"}]}
    answer = answered(Reply(result=BY_NUMBER), batch_to([ALICE, ALICE]), body)
    assert [state for state, _ in told(answer)] == [IN_DOUBT, IN_DOUBT]


@pytest.mark.parametrize(
    ("said", "known"), [("2", 2), (3, 3), ("0", None), ("x", None), (None, None), (-1, None)]
)
def test_the_gateways_own_count_of_segments(said: object, known: int | None) -> None:
    result = Result(ResultShape.ONE_ID, id=("id",), segments=("parts",))
    answer = answered(Reply(result=result), ONE, {"id": "x", "parts": said})
    assert answer.receipts[0].segments == known


def test_faults_say_whose_a_rejection_is() -> None:
    body = {"data": [{"code": "11"}, {"code": "12"}, {"status": "ok", "id": "c"}]}
    faults = [each.fault for each in answered(Reply(result=IN_ORDER), THREE, body).receipts]
    assert faults == [Fault.NUMBER, Fault.OPTED_OUT, None]


def test_all_items_rate_limited_is_a_call_not_taken() -> None:
    answer = answered(Reply(result=IN_ORDER), ONE, {"data": [{"code": "13"}]}, headers={"Retry-After": "7"})
    assert (answer.verdict, answer.retry_after) == (Verdict.NOT_TAKEN, 7.0)


def test_all_items_without_funds_stop_the_run() -> None:
    answer = answered(Reply(result=IN_ORDER), ONE, {"data": [{"code": "15"}]})
    assert answer.verdict is Verdict.REFUSED
    assert told(answer) == [(RELEASED, "15")]


# --- success rules and whole calls ---

STATUS_OK = Reply(
    statuses=(200,), when=(BodyTest(("status",), ("OK", "true", "100")),), result=Result(ResultShape.NONE)
)


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (200, {"status": "OK"}, ACCEPTED),
        (200, {"status": True}, ACCEPTED),
        (200, {"status": 100}, ACCEPTED),
        (200, {"status": "FAIL"}, IN_DOUBT),
        (200, {}, IN_DOUBT),
        (200, [], IN_DOUBT),
        (201, {"status": "OK"}, IN_DOUBT),
    ],
)
def test_success_is_a_status_and_a_body(status: int, body: object, state: State) -> None:
    assert answered(STATUS_OK, ONE, body, status=status).receipts[0].state is state


#: design: the certainty table, for statuses that no profile maps.
BARE = [
    (429, Verdict.NOT_TAKEN, RELEASED),
    *[(status, Verdict.REFUSED, RELEASED) for status in (400, 401, 403, 404, 405, 413, 415, 422)],
    *[(status, Verdict.IN_DOUBT, IN_DOUBT) for status in (204, 207, 301, 307, 402, 408, 409, 410, 418, 451)],
    *[(status, Verdict.IN_DOUBT, IN_DOUBT) for status in (500, 502, 503, 504, 520, 599, 999)],
]


@pytest.mark.parametrize(("status", "verdict", "state"), BARE)
@pytest.mark.parametrize("some", [ONE, THREE], ids=["one", "three"])
def test_a_bare_status(status: int, verdict: Verdict, state: State, some: Batch) -> None:
    answer = answered(Reply(statuses=(200,)), some, b"<html>oh</html>", status=status)
    assert answer.verdict is verdict
    assert {receipt.state for receipt in answer.receipts} == {state}
    assert answer.reason


@pytest.mark.parametrize("status", [400, 422])
def test_after_an_acceptance_a_lone_unmapped_refusal_is_about_the_message(status: int) -> None:
    answer = answered(Reply(), ONE, {}, status=status, proven=True)
    assert answer.verdict is Verdict.ANSWERED
    assert (answer.receipts[0].state, answer.receipts[0].fault) == (REJECTED, Fault.OTHER)
    several = answered(Reply(), THREE, {}, status=status, proven=True)
    assert several.verdict is Verdict.REFUSED
    assert "batch: one" in several.hint
    assert answered(Reply(), ONE, {}, status=401, proven=True).verdict is Verdict.REFUSED


CLASSES = [
    (ErrorClass.NOT_TAKEN, Verdict.NOT_TAKEN, RELEASED, None),
    (ErrorClass.RATE_LIMITED, Verdict.NOT_TAKEN, RELEASED, None),
    (ErrorClass.FUNDS, Verdict.REFUSED, RELEASED, None),
    (ErrorClass.CREDENTIALS, Verdict.REFUSED, RELEASED, None),
    (ErrorClass.SETUP, Verdict.REFUSED, RELEASED, None),
    (ErrorClass.NUMBER, Verdict.ANSWERED, REJECTED, Fault.NUMBER),
    (ErrorClass.OPTED_OUT, Verdict.ANSWERED, REJECTED, Fault.OPTED_OUT),
    (ErrorClass.SENDER, Verdict.ANSWERED, REJECTED, Fault.OTHER),
    (ErrorClass.CONTENT, Verdict.ANSWERED, REJECTED, Fault.OTHER),
    (ErrorClass.REJECTED, Verdict.ANSWERED, REJECTED, Fault.OTHER),
    (ErrorClass.ALREADY_ACCEPTED, Verdict.ANSWERED, ACCEPTED, None),
    (ErrorClass.IN_DOUBT, Verdict.IN_DOUBT, IN_DOUBT, None),
]


def test_every_class_has_a_row() -> None:
    assert {row[0] for row in CLASSES} == set(ErrorClass)


def coded(means: ErrorClass) -> Reply:
    rule = ErrorRule(means, tests=(BodyTest(("error", "code"), ("7",)),))
    return Reply(errors=(rule,), code=("error", "code"), text=("error", "text"))


BODY = {"error": {"code": 7, "text": "no good"}}


@pytest.mark.parametrize(("means", "verdict", "state", "fault"), CLASSES)
@pytest.mark.parametrize("status", [400, 500])
def test_a_mapped_error_of_one_message(
    means: ErrorClass, verdict: Verdict, state: State, fault: Fault | None, status: int
) -> None:
    answer = answered(coded(means), ONE, BODY, status=status)
    receipt = answer.receipts[0]
    assert (answer.verdict, receipt.state, receipt.fault) == (verdict, state, fault)
    assert (receipt.code, receipt.detail) == ("7", "no good")
    assert "no good" in answer.reason


ABOUT_ONE = [row[0] for row in CLASSES if row[2] is REJECTED]


@pytest.mark.parametrize("means", ABOUT_ONE)
@pytest.mark.parametrize(
    ("status", "verdict", "state"), [(400, Verdict.APART, RELEASED), (500, Verdict.IN_DOUBT, IN_DOUBT)]
)
def test_an_error_of_one_message_said_of_many_rejects_nobody(
    means: ErrorClass, status: int, verdict: Verdict, state: State
) -> None:
    answer = answered(coded(means), THREE, BODY, status=status)
    assert answer.verdict is verdict
    assert {(each.state, each.fault) for each in answer.receipts} == {(state, None)}


@pytest.mark.parametrize(
    ("mode", "means", "verdict"),
    [
        (BatchMode.LIST, ErrorClass.SENDER, Verdict.APART),
        (BatchMode.LIST, ErrorClass.CONTENT, Verdict.APART),
        (BatchMode.MERGE, ErrorClass.SENDER, Verdict.REFUSED),
        (BatchMode.MERGE, ErrorClass.CONTENT, Verdict.APART),
        (BatchMode.FANOUT, ErrorClass.SENDER, Verdict.REFUSED),
        (BatchMode.FANOUT, ErrorClass.CONTENT, Verdict.REFUSED),
        (BatchMode.FANOUT, ErrorClass.NUMBER, Verdict.APART),
    ],
)
def test_what_a_call_shares_is_not_looked_for_in_its_parts(
    mode: BatchMode, means: ErrorClass, verdict: Verdict
) -> None:
    """A sender or a text that all have would be refused in every half as well."""
    described = replace(profile(coded(means)), batch=mode)
    answer = read(described, THREE, 400, {}, json.dumps(BODY).encode())
    assert answer.verdict is verdict
    assert {each.state for each in answer.receipts} == {RELEASED}


@pytest.mark.parametrize(
    ("scope", "state"),
    [(None, IN_DOUBT), (IdempotencyScope.MESSAGE, IN_DOUBT), (IdempotencyScope.REQUEST, ACCEPTED)],
)
def test_a_duplicate_call_of_many_is_accepted_only_where_the_key_is_the_calls(
    scope: IdempotencyScope | None, state: State
) -> None:
    answer = answered(coded(ErrorClass.ALREADY_ACCEPTED), THREE, BODY, status=409, scope=scope)
    assert {each.state for each in answer.receipts} == {state}


def test_the_first_rule_that_holds_decides() -> None:
    rules = (
        ErrorRule(ErrorClass.FUNDS, (429,), (BodyTest(("limit",), ("true",)),)),
        ErrorRule(ErrorClass.RATE_LIMITED, (429, 503)),
        ErrorRule(ErrorClass.CREDENTIALS, (), (BodyTest(None, (), "(?i)bad password"),)),
        ErrorRule(ErrorClass.NUMBER, (), (BodyTest(("code",), (), "^21"),)),
    )
    reply = Reply(errors=rules)
    assert answered(reply, ONE, {"limit": True}, status=429).verdict is Verdict.REFUSED
    assert answered(reply, ONE, {"limit": False}, status=429).verdict is Verdict.NOT_TAKEN
    assert answered(reply, ONE, b"", status=503).verdict is Verdict.NOT_TAKEN
    assert answered(reply, ONE, b"ERR Bad Password", status=500).verdict is Verdict.REFUSED
    assert answered(reply, ONE, {"code": 21211}, status=500).receipts[0].fault is Fault.NUMBER
    assert answered(reply, ONE, {"code": 12111}, status=500).verdict is Verdict.IN_DOUBT


# --- words and times ---


def test_a_gateways_words_are_cut_and_hold_no_number() -> None:
    text = f"\x1b[31mThe number {ALICE} or 202-555-0123 is bad\n" + "x" * 5000
    answer = answered(coded(ErrorClass.NUMBER), ONE, {"error": {"code": 7, "text": text}}, status=400)
    detail = answer.receipts[0].detail
    assert "5550123" not in detail + answer.reason
    assert "555-0123" not in detail + answer.reason
    assert detail.isprintable()
    assert len(detail) <= LONGEST_DETAIL + 10


NOW = "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT", "Date": NOW}, 30.0),
        ({"Retry-After": "Sun, 22 Nov 2026 09:00:30 GMT", "Date": NOW}, 0.0),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT"}, None),
        ({"Retry-After": "999999999999"}, LONGEST_DELAY),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert answered(Reply(), ONE, b"", status=429, headers=headers).retry_after == seconds


@pytest.mark.parametrize(
    ("where", "seconds"),
    [
        (RetryAfter(header="X-RateLimit-Reset"), 4.0),
        (RetryAfter(path=("wait",), unit=TimeUnit.MILLISECONDS), 2.5),
        (RetryAfter(path=("wait",), unit=TimeUnit.MINUTES), LONGEST_DELAY),
        (RetryAfter(pattern=r"\[ (\d+) \]", unit=TimeUnit.MILLISECONDS), 0.25),
        (RetryAfter(header="Absent"), None),
        (RetryAfter(path=("absent",)), None),
    ],
)
def test_a_delay_where_the_profile_says(where: RetryAfter, seconds: float | None) -> None:
    body = {"wait": 2500, "text": "Throttled [ 250 ]"}
    answer = answered(Reply(retry_after=where), ONE, body, status=429, headers={"x-ratelimit-reset": "4"})
    assert answer.retry_after == seconds


def test_retry_after_goes_before_what_the_profile_says() -> None:
    answer = answered(
        Reply(retry_after=RetryAfter(header="X-Wait")),
        ONE,
        b"",
        status=429,
        headers={"Retry-After": "3", "X-Wait": "9"},
    )
    assert answer.retry_after == 3.0


@pytest.mark.parametrize(
    ("date", "known"),
    [
        (NOW, datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 11:00:00 +0100", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("yesterday", None),
        ("Sun, 99 Nov 2026 10:00:00 GMT", None),
        ("", None),
    ],
)
def test_the_gateways_clock(date: str, known: datetime | None) -> None:
    assert answered(Reply(), ONE, b"", headers={"Date": date}).server_date == known


# --- whatever comes ---

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "ref", "to", "code", "status", "data", "sms"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
bodies = st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode())
header_sets = st.dictionaries(
    st.sampled_from(["Retry-After", "Date", "X-Id", "Content-Type"]) | st.text(max_size=10),
    st.text(max_size=40) | st.just(NOW),
    max_size=4,
)
results = st.sampled_from([row.result for row in SHAPES])
FUZZ_ERRORS = tuple(
    ErrorRule(means, tests=(BodyTest(("code",), (str(place),)),)) for place, means in enumerate(ErrorClass)
)


@given(
    result=results,
    status=st.integers(100, 599),
    headers=header_sets,
    body=bodies,
    some=st.sampled_from([ONE, THREE]),
    proven=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_whatever_comes_every_message_gets_one_receipt(
    result: Result, status: int, headers: dict[str, str], body: bytes, some: Batch, proven: bool
) -> None:
    reply = Reply(
        result=result,
        errors=FUZZ_ERRORS,
        code=("code",),
        retry_after=RetryAfter(path=("id",), header="X-Id", pattern=r"(\d+)"),
    )
    answer = read(profile(reply), some, status, lowered(headers), body, proven=proven)
    assert [receipt.message_id for receipt in answer.receipts] == [message.id for message in some.messages]
    assert all((receipt.fault is not None) is (receipt.state is REJECTED) for receipt in answer.receipts)
    assert {receipt.state for receipt in answer.receipts} <= {ACCEPTED, REJECTED, RELEASED, IN_DOUBT}
    if answer.verdict in (Verdict.NOT_TAKEN, Verdict.REFUSED):
        assert {receipt.state for receipt in answer.receipts} == {RELEASED}
    assert answer.retry_after is None or 0 <= answer.retry_after <= LONGEST_DELAY


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"1" * 100_000, b'"\xff"', b"\xef\xbb\xbf{}", b"NaN", b"1e999"]
)
def test_bodies_that_break_parsers_are_in_doubt(body: bytes) -> None:
    answer = answered(Reply(result=Result(ResultShape.ONE_ID, id=("id",))), ONE, body)
    assert told(answer) == [(IN_DOUBT, "")]
