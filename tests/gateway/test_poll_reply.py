"""Pages in, receipts, replies and opt-outs out; whatever an item holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.delivery import DeliveryReceipt, ListedOptOut
from smscli.domain.message import State, digest
from smscli.domain.profile import OptOutsPoll, ReceiptsPoll, RepliesPoll
from smscli.domain.replies import Reply
from smscli.gateway.poll_reply import (
    Numbers,
    Unreadable,
    page_of,
    read_opt_outs,
    read_receipts,
    read_replies,
    time_of,
)
from smscli.gateway.poll_request import Question
from smscli.gateway.seen import LONGEST_DETAIL, Seen
from tests.gateway.asking import ALICE, BOB, NOW, SINCE, STATES, TEXT, handed, profile

SPAN = Question(SINCE, NOW, NOW)
ITEM = {
    "ref": "g-1",
    "mine": "m-0123",
    "to": ALICE,
    "text": TEXT,
    "state": "ok",
    "error": {"code": 30003, "text": f"no answer from {ALICE}\nat all"},
    "at": "2026-11-22T10:00:01Z",
    "parts": 2,
}
WHOLE = (
    f"receipts: {{url: r, ref: ref, id: mine, number: to, sent_text: text, state: state, {STATES}, at: at, "
    "code: error.code, text: error.text, segments: parts, opted_out: {path: error.code, in: [21610]}"
)


def receipts_poll(written: str = WHOLE) -> ReceiptsPoll:
    described = profile(f"{written}}}").polls.receipts
    assert described is not None
    return described


def told(
    item: Any, question: Question = SPAN, described: ReceiptsPoll | None = None
) -> tuple[tuple[DeliveryReceipt, ...], int]:
    return read_receipts(described or receipts_poll(), question, [item])


def one(item: Any, question: Question = SPAN, described: ReceiptsPoll | None = None) -> DeliveryReceipt:
    (receipt,), unread = told(item, question, described)
    assert unread == 0
    return receipt


def test_an_item_is_read_whole() -> None:
    assert one(ITEM) == DeliveryReceipt(
        ref="g-1",
        id="m-0123",
        number="12025550123",
        state=State.DELIVERED,
        word="ok",
        code="30003",
        detail="no answer from +12•••••••23 at all",
        at=datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC),
        segments=2,
        body_digest=digest(TEXT),
    )


@pytest.mark.parametrize(
    ("word", "state", "shown"),
    [
        ("ok", State.DELIVERED, "ok"),
        ("bad", State.UNDELIVERED, "bad"),
        ("late", State.EXPIRED, "late"),
        ("no", State.REJECTED, "no"),
        ("has", State.ACCEPTED, "has"),
        ("on its way", None, "on its way"),
        ("OK", None, "OK"),
        (None, None, "null"),
        (["ok"], None, ""),
        ("a\x1b[31m" + "b" * 999, None, ("a [31m" + "b" * 999)[:LONGEST_DETAIL]),
    ],
)
def test_a_word_means_what_the_profile_says_and_any_other_is_under_way(
    word: Any, state: State | None, shown: str
) -> None:
    receipt = one({**ITEM, "state": word})
    assert (receipt.state, receipt.word) == (state, shown)


def test_a_text_that_is_null_says_nothing() -> None:
    described = receipts_poll("receipts: {url: r, ref: ref, state: s, text: why, states: {delivered: [d]}")
    assert one({"ref": "a", "s": "on its way", "why": None}, SPAN, described).detail == ""


def test_words_can_be_numbers_and_flags() -> None:
    described = receipts_poll("receipts: {url: r, ref: ref, state: s, states: {delivered: [1, true]}")
    states = [
        one({"ref": "a", "s": said}, SPAN, described).state for said in (1, "1", True, "true", 0, False)
    ]
    assert states == [State.DELIVERED] * 4 + [None] * 2


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"ref": 7}, {"ref": "7"}),
        ({"mine": "m-9"}, {"id": "m-9"}),
        ({"to": 12025550123}, {"number": "12025550123"}),
        ({"to": "whatsapp:+1 (202) 555-0123"}, {"number": "12025550123"}),
    ],
)
def test_one_name_is_enough(item: dict[str, Any], name: dict[str, Any]) -> None:
    receipt = one({**item, "state": "ok"})
    assert receipt == DeliveryReceipt(state=State.DELIVERED, word="ok", **name)


@pytest.mark.parametrize("item", [{"state": "ok"}, {"ref": None, "to": "Garage"}, {}, "ok", 7, None, ["a"]])
def test_an_item_that_names_nobody_is_counted(item: Any) -> None:
    assert told(item) == ((), 1)


def test_items_that_are_not_meant_are_passed_over() -> None:
    described = receipts_poll(WHOLE + ", where: [{path: way, equals: out}, {path: test, in: [no, false]}]")
    items = [
        {**ITEM, "way": "out", "test": False},
        {**ITEM, "way": "in", "test": False},
        {**ITEM, "way": "out", "test": True},
        {**ITEM},
    ]
    receipts, unread = read_receipts(described, SPAN, items)
    assert (len(receipts), unread) == (1, 0)


def test_an_opt_out_is_what_the_tests_say() -> None:
    assert one(ITEM).opted_out is False
    assert one({**ITEM, "error": {"code": 21610}}).opted_out is True
    untested = receipts_poll(f"receipts: {{url: r, ref: ref, state: state, {STATES}")
    assert one(ITEM, SPAN, untested).opted_out is False


def test_half_a_surrogate_pair_is_no_text_of_ours() -> None:
    assert one({**ITEM, "text": "\ud83d", "ref": "\ud83d"}).body_digest == ""


# --- about what was asked for ---


def about(**named: Any) -> dict[str, Any]:
    return {"state": "ok", **named}


BY_REF = ", each: ref"
REF = Question(SINCE, NOW, NOW, ref="g-1")


@pytest.mark.parametrize(
    ("item", "names"),
    [
        (about(), ("g-1", "", "")),
        (about(ref="g-1", to=ALICE), ("g-1", "", ALICE[1:])),
        (about(to=ALICE), ("g-1", "", ALICE[1:])),
        (about(mine="m-0123"), ("g-1", "m-0123", "")),
        (about(ref="g-2"), None),
    ],
)
def test_asked_by_reference_an_item_has_it(item: Any, names: tuple[str, str, str] | None) -> None:
    receipts, unread = told(item, REF, receipts_poll(WHOLE + BY_REF))
    assert [(each.ref, each.id, each.number) for each in receipts] == ([] if names is None else [names])
    assert unread == 0


ABOUT_ALICE = Question(SINCE, NOW, NOW, message=handed(ALICE, ref="g-1"))
UNKNOWN_REF = Question(SINCE, NOW, NOW, message=handed(ALICE))
BY_MESSAGE = WHOLE + ", each: message"
NAMELESS = f"receipts: {{url: r, each: message, state: state, {STATES}"
BY_ID = BY_MESSAGE.replace("url: r,", "url: 'r/{id}',")


@pytest.mark.parametrize(
    ("written", "question", "item", "is_about"),
    [
        (NAMELESS, ABOUT_ALICE, about(ref="g-2", to=BOB), "m-0123"),
        (BY_ID, ABOUT_ALICE, about(), "m-0123"),
        (BY_MESSAGE, ABOUT_ALICE, about(mine="m-0123", ref="g-9", to=BOB), "m-0123"),
        (BY_MESSAGE, ABOUT_ALICE, about(mine="m-0124", ref="g-1", to=ALICE), None),
        (BY_MESSAGE, ABOUT_ALICE, about(ref="g-1"), "m-0123"),
        (BY_MESSAGE, ABOUT_ALICE, about(ref="g-2", to=ALICE), None),
        (BY_MESSAGE, ABOUT_ALICE, about(to=BOB), None),
        # By a number alone, whose text and time the log compares.
        (BY_MESSAGE, ABOUT_ALICE, about(to=ALICE), ""),
        (BY_MESSAGE, UNKNOWN_REF, about(ref="g-2", to=ALICE), ""),
        # Asked by its id, everybody in the answer is of its call.
        (BY_ID, ABOUT_ALICE, about(to=ALICE), "m-0123"),
        (BY_ID, ABOUT_ALICE, about(to=BOB), None),
        (BY_ID, UNKNOWN_REF, about(ref="g-2"), "m-0123"),
    ],
)
def test_asked_by_message_an_item_is_about_it_or_passed_over(
    written: str, question: Question, item: Any, is_about: str | None
) -> None:
    receipts, unread = told(item, question, receipts_poll(written))
    assert [each.id for each in receipts] == ([] if is_about is None else [is_about])
    assert unread == 0


def test_asked_by_number_an_item_has_to_have_a_name() -> None:
    assert told(about(), ABOUT_ALICE, receipts_poll(BY_MESSAGE)) == ((), 1)


# --- times ---


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00+00:00",
        "2026-11-22T11:00:00+01:00",
        "2026-11-22T11:00:00+0100",
        "2026-11-22 11:00:00 +0100",
        "2026-11-22 10:00:00",
        " 2026-11-22 10:00:00 UTC ",
        "2026-11-22T10:00:00.000Z",
        "2026-11-22T10:00:00.000000000Z",
        "20261122T100000Z",
        "Sun, 22 Nov 2026 10:00:00 +0000",
        "Sun, 22 Nov 2026 05:00:00 -0500",
        "22 Nov 2026 10:00:00 GMT",
        "22 Nov 2026 10:00:00",
        1795341600,
        "1795341600",
        1795341600.0,
        1795341600000,
        "1795341600000",
    ],
)
def test_times_are_understood_as_gateways_write_them(said: Any) -> None:
    assert time_of(said, NOW) == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        *("", "soon", "22/11/26", "2026-13-01", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "9999-12-31"),
        *(None, True, 0, -1, 7, 10**30, 1e300, float("nan"), [], {}, "1" * 5000, "99999999999999"),
        *("2026-11-24T10:00:00Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9" * 9 + "-12"),
        "2026-11-22" + " " * 100_000 + "10:00",  # read through, this would take half an hour
    ],
)
def test_what_is_no_time_of_a_message_is_none(said: Any) -> None:
    assert time_of(said, NOW) is None


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.datetimes().map(str)))
@settings(max_examples=200, deadline=None)
def test_every_value_is_a_time_or_none(said: Any) -> None:
    found = time_of(said, NOW)
    assert found is None or (found.tzinfo is UTC and found <= NOW + timedelta(days=1))


# --- replies ---

REPLIES = "replies: {url: r, number: from, text: body, at: at, to: to, ref: id}"
REPLY = {"from": ALICE, "to": "+12025550143", "body": "STOP", "at": 1795341600, "id": "in-1"}


def replies_poll(written: str = REPLIES) -> RepliesPoll:
    described = profile(written).polls.replies
    assert described is not None
    return described


def replied(item: Any, *, bare: bool = False, written: str = REPLIES) -> Reply | None:
    found, unread = read_replies(replies_poll(written), SPAN, [item], Numbers(bare), "post-office")
    assert len(found) + unread == 1
    return found[0] if found else None


def test_a_reply_is_read_whole() -> None:
    reply = replied(REPLY)
    assert reply is not None
    assert reply.number.e164 == ALICE
    assert (reply.to, reply.text, reply.ref, reply.source) == ("+12025550143", "STOP", "in-1", "post-office")
    assert reply.at == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "bare", "e164"),
    [
        (ALICE, False, ALICE),
        ("12025550123", False, ALICE),
        (12025550123, False, ALICE),
        ("0012025550123", False, ALICE),
        ("tel:+1-202-555-0123", False, ALICE),
        ("whatsapp:+12025550123", False, ALICE),
        # Ten digits are a full number where the gateway writes them so, else perhaps one of the US.
        ("4532123456", True, "+4532123456"),
        ("4532123456", False, None),
        ("2025550123", False, None),
        ("72345", False, None),
        ("+72345", True, None),
        ("Garage", False, None),
        ("1202555012x", False, None),
        ("", False, None),
        (None, False, None),
        ([ALICE], False, None),
    ],
)
def test_a_person_has_a_whole_number(written: Any, bare: bool, e164: str | None) -> None:
    reply = replied({**REPLY, "from": written}, bare=bare)
    assert (reply.number.e164 if reply else None) == e164


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"at": "2026-11-22T11:30:00Z"}, NOW - timedelta(minutes=30)),
        ({"at": None}, NOW),
        ({"at": ""}, NOW),
        ({"at": "yesterday"}, NOW),
        ({"at": "2026-11-22 11:30:00 EST"}, NOW),
        ({"at": "2027-11-22T11:30:00Z"}, NOW),
    ],
)
def test_a_reply_has_a_time_that_can_be_read_or_that_when_it_was_fetched(
    change: dict[str, Any], at: datetime
) -> None:
    reply = replied({**REPLY, **change})
    assert (reply.at if reply else None) == at


def test_without_a_path_a_reply_has_the_time_that_it_was_fetched() -> None:
    reply = replied(REPLY, written="replies: {url: r, number: from, text: body}")
    assert reply is not None
    assert (reply.at, reply.to, reply.ref) == (NOW, "", "")


@pytest.mark.parametrize(
    ("text", "read"),
    [("", ""), (1, "1"), ("Zażółć\n\x00", "Zażółć\n\x00"), ("a\ud83d", "a?"), (None, None), ({}, None)],
)
def test_a_reply_says_what_was_written(text: Any, read: str | None) -> None:
    reply = replied({**REPLY, "body": text})
    assert (reply.text if reply else None) == read


@pytest.mark.parametrize(
    ("to", "read"), [("12025550143", "+12025550143"), ("72345", "72345"), ("Garage", "Garage"), (None, "")]
)
def test_our_number_is_written_in_one_way(to: Any, read: str) -> None:
    reply = replied({**REPLY, "to": to})
    assert reply is not None
    assert reply.to == read


# --- opt-outs ---


def test_an_opt_out_list_is_read() -> None:
    described = profile("opt_outs: {url: r, number: n, at: at, sender: s, words: w}").polls.opt_outs
    assert isinstance(described, OptOutsPoll)
    items = [
        {"n": ALICE, "at": "2026-11-22", "s": "12025550143", "w": "STOP\nplease"},
        {"n": BOB},
        {"n": "?"},
    ]
    found, unread = read_opt_outs(described, SPAN, items, Numbers(bare=False))
    assert unread == 1
    assert [(each.number.e164, each.at, each.sender, each.words) for each in found] == [
        (ALICE, datetime(2026, 11, 22, tzinfo=UTC), "+12025550143", "STOP please"),
        (BOB, None, "", ""),
    ]
    assert all(isinstance(each, ListedOptOut) for each in found)


# --- pages ---


def seen(body: Any, status: int = 200) -> Seen:
    return Seen(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def in_path(items: str) -> str:
    return f"receipts: {{url: r, ref: ref, state: state, {STATES}{items}"


@pytest.mark.parametrize(
    ("items", "body", "count"),
    [
        ("", [{}, {}], 2),
        ("", {"ref": "a"}, 1),
        ("", [], 0),
        ("", None, 0),
        (", items: data.list", {"data": {"list": [{}]}}, 1),
        (", items: data.0", {"data": [{"ref": 1}]}, 1),
        (", items: data", {"data": None}, 0),
    ],
)
def test_a_page_is_a_list_or_one_object(items: str, body: Any, count: int) -> None:
    page = page_of(receipts_poll(in_path(items)).poll, "http://a.example/", seen(body))
    assert len(page.items) == count


@pytest.mark.parametrize(
    ("items", "body", "wanted"),
    [
        ("", b"<html>", "not JSON"),
        ("", b"", "not JSON"),
        ("", b"\xff\xfe", "not JSON"),
        ("", b"[" * 100_000, "not JSON"),
        ("", "text", "no list"),
        (", items: data.list", {"data": {}}, "no list at data.list"),
        (", items: data", {"data": "none"}, "no list at data"),
        (", items: data", [{}], "no list at data"),
    ],
)
def test_another_answer_is_no_page(items: str, body: Any, wanted: str) -> None:
    with pytest.raises(Unreadable, match=wanted):
        page_of(receipts_poll(in_path(items)).poll, "http://a.example/", seen(body))


def test_that_there_is_nothing_is_said_by_a_status_or_by_a_body() -> None:
    poll = receipts_poll(
        in_path(", items: data, empty: [404, 410], empty_when: {path: error, in: [501]}")
    ).poll
    for nothing in (seen(b"gone", 410), seen(b"", 204), seen({"error": "501"})):
        assert page_of(poll, "", nothing).items == ()
    with pytest.raises(Unreadable):
        page_of(poll, "", seen({"error": "500"}))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from([*ITEM, "from", "body", "n", "id", "code"]), inner, max_size=6),
    ),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=150, deadline=None)
def test_whatever_a_gateway_tells_is_read_or_counted(item: Any) -> None:
    for question in (SPAN, REF, ABOUT_ALICE):
        receipts, unread = told(item, question)
        assert len(receipts) + unread <= 1
        for receipt in receipts:
            assert receipt == replace(receipt)
            f"{receipt}".encode()
    replied(item)


def test_numbers_are_masked_where_a_gateway_quotes_them() -> None:
    receipt = one({**ITEM, "error": {"text": f"{ALICE} and 0 202 555 01 24"}})
    assert "5550123" not in receipt.detail
    assert "555 01 24" not in receipt.detail
