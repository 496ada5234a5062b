"""One message in doubt: found, never taken, or nobody can say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from smscli.domain.delivery import Finding
from smscli.domain.errors import PostboxFailed
from smscli.domain.message import State
from tests import support as loop
from tests.gateway.asking import (
    ALICE,
    BASE,
    BOB,
    CLAIMED,
    NOW,
    STATES,
    TEXT,
    answer,
    find,
    handed,
    page,
    profile,
)

IN_DOUBT = handed(ALICE, state=State.IN_DOUBT, sender="+12025550143")
BY_ID = profile(f"lookup: {{url: 'messages/{{id}}', id: mine, state: state, {STATES}, absent_after: 1h}}")
BY_NUMBER = profile(
    "lookup: {url: messages, query: {to: '{to}', from: '{since}', till: '{until}'}, items: items, ref: ref, "
    f"number: to, sent_text: text, at: at, state: state, {STATES}, absent_after: 1h, "
    "pages: {by: link, path: next}}"
)


def taken_at(minutes: float) -> str:
    return (CLAIMED + timedelta(minutes=minutes)).isoformat()


def item(**change: Any) -> dict[str, Any]:
    return {"ref": "g-1", "to": ALICE, "text": TEXT, "at": taken_at(1), "state": "ok", **change}


def looked_up(*answers: loop.Answer, described: Any = BY_NUMBER, now: datetime = NOW) -> Finding:
    with loop.LoopbackGateway() as server:
        server.script(*answers)
        return find(server.url, described, IN_DOUBT, now)


def test_a_gateway_that_cannot_be_asked_is_not() -> None:
    assert looked_up(described=profile("")) == Finding(
        why="post-office cannot be asked about a single message"
    )


def test_a_message_is_asked_for_by_its_id() -> None:
    with loop.LoopbackGateway() as server:
        server.script(answer({"mine": "m-0123", "state": "ok"}))
        found = find(server.url, BY_ID, IN_DOUBT)
        assert server.requests[0].target == "/messages/m-0123"
    assert found.receipt is not None
    assert (found.receipt.id, found.receipt.state, found.absent) == ("m-0123", State.DELIVERED, False)


def test_a_message_is_asked_for_by_its_number_and_the_time_of_its_call() -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(item()))
        found = find(server.url, BY_NUMBER, IN_DOUBT)
        assert server.requests[0].query == {
            "to": ALICE,
            "from": "2026-11-22T09:58:00Z",
            "till": "2026-11-22T10:10:00Z",
        }
    assert found.receipt is not None
    assert (found.receipt.ref, found.receipt.state) == ("g-1", State.DELIVERED)


def test_being_known_is_enough_where_nothing_says_more() -> None:
    found = looked_up(answer({"id": 7}), described=profile("lookup: {url: 'messages/{id}'}"))
    assert found.receipt is not None
    assert (found.receipt.id, found.receipt.state) == ("m-0123", State.ACCEPTED)


SEVERAL = "tells of several messages that may be this one"
PERHAPS = "has a message to this number that may be this one"
UNNAMED = "names no message that can be told to be this one"
DECIDED: list[tuple[str, Any, loop.Answer, State | None, bool, str]] = [
    ("by id", BY_ID, answer({"mine": "m-0123", "state": "bad"}), State.UNDELIVERED, False, ""),
    (
        "by id, all the same",
        BY_ID,
        answer([{"mine": "m-0123", "state": "ok"}] * 2),
        State.DELIVERED,
        False,
        "",
    ),
    (
        "by id, two words",
        BY_ID,
        answer([{"mine": "m-0123", "state": "ok"}, {"mine": "m-0123", "state": "no"}]),
        None,
        False,
        SEVERAL,
    ),
    ("another id", BY_ID, answer([{"mine": "m-9999", "state": "ok"}]), None, True, ""),
    (
        "an unknown word",
        BY_ID,
        answer({"mine": "m-0123", "state": "hm"}),
        None,
        False,
        'calls it "hm", which',
    ),
    (
        "no word",
        BY_ID,
        answer({"mine": "m-0123"}),
        None,
        False,
        "calls it nothing, which the profile does not",
    ),
    ("404", BY_ID, loop.Status(404, b"nothing here"), None, True, ""),
    ("nothing", BY_NUMBER, page(), None, True, ""),
    ("rejected", BY_NUMBER, page(item(state="no")), State.REJECTED, False, ""),
    ("the first moment", BY_NUMBER, page(item(at=taken_at(-2))), State.DELIVERED, False, ""),
    ("the last moment", BY_NUMBER, page(item(at=taken_at(10))), State.DELIVERED, False, ""),
    ("too early", BY_NUMBER, page(item(at=taken_at(-3))), None, False, PERHAPS),
    ("too late", BY_NUMBER, page(item(at=taken_at(11))), None, False, PERHAPS),
    ("no time", BY_NUMBER, page(item(at="?")), None, False, PERHAPS),
    ("no text", BY_NUMBER, page(item(text=None)), None, False, PERHAPS),
    ("another text", BY_NUMBER, page(item(text="Your bike is red")), None, False, PERHAPS),
    ("nearly the text", BY_NUMBER, page(item(text=f"{TEXT} ")), None, False, PERHAPS),
    ("another text, too late", BY_NUMBER, page(item(text="Red", at=taken_at(11))), None, True, ""),
    ("another text, no time", BY_NUMBER, page(item(text="Red", at="?")), None, False, PERHAPS),
    ("without its country", BY_NUMBER, page(item(to="2025550123")), None, False, PERHAPS),
    ("as it is dialled there", BY_NUMBER, page(item(to="0 202 555 0123")), None, False, PERHAPS),
    ("another number", BY_NUMBER, page(item(to=BOB)), None, True, ""),
    ("two of them", BY_NUMBER, page(item(), item(ref="g-2")), None, False, SEVERAL),
    ("the same twice", BY_NUMBER, page(item(), item()), State.DELIVERED, False, ""),
    ("with others", BY_NUMBER, page(item(text="x"), item(), item(to=BOB)), State.DELIVERED, False, ""),
    ("a nameless item", BY_NUMBER, page({"text": "x", "state": "?"}, 7), None, False, UNNAMED),
]


@pytest.mark.parametrize(
    ("described", "told", "state", "absent", "why"),
    [row[1:] for row in DECIDED],
    ids=[row[0] for row in DECIDED],
)
def test_what_a_gateway_says_of_a_message(
    described: Any, told: loop.Answer, state: State | None, absent: bool, why: str
) -> None:
    found = looked_up(told, described=described)
    assert (found.receipt.state if found.receipt else None) == state
    assert found.absent is absent
    assert why in found.why
    assert bool(found.why) is (found.receipt is None and not absent)


def test_all_pages_are_read_before_anything_follows() -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(item(), next="/messages?2"), page(item(ref="g-2")))
        assert SEVERAL in find(server.url, BY_NUMBER, IN_DOUBT).why
    found = looked_up(page(next="/messages?2"), page(item()))
    assert found.receipt is not None


def test_what_is_not_known_may_come_until_the_gateways_list_is_whole() -> None:
    early = looked_up(page(), now=CLAIMED + timedelta(minutes=59))
    assert early == Finding(why="the gateway does not know it yet; ask again after 2026-11-22 11:00 UTC")
    assert looked_up(page(), now=CLAIMED + timedelta(hours=1)) == Finding(absent=True)


def test_without_a_promise_what_is_not_known_proves_nothing() -> None:
    described = profile(f"lookup: {{url: 'messages/{{id}}', id: mine, state: state, {STATES}}}")
    found = looked_up(loop.Status(404), described=described)
    assert found == Finding(why="the gateway does not know it, which proves nothing")


def test_a_gateway_that_does_not_answer_is_no_gateway_that_does_not_know() -> None:
    for trouble in (loop.Status(401), loop.Status(200, b"{"), answer({"nothing": 1})):
        with pytest.raises(PostboxFailed, match="what became of a message cannot be had"):
            looked_up(trouble)


def test_a_number_is_asked_for_as_the_gateway_writes_it() -> None:
    bare = profile(
        "lookup: {url: messages, query: {to: '{to}', own: '{sender}'}, id: mine, state: state, "
        f"{STATES}}}",
        BASE + "number: e164bare\n",
    )
    with loop.LoopbackGateway() as server:
        server.script(answer([{"mine": "m-0123", "state": "has"}]))
        found = find(server.url, bare, IN_DOUBT)
        assert server.requests[0].query == {"to": "12025550123", "own": "12025550143"}
    assert found.receipt is not None
    assert found.receipt.state is State.ACCEPTED
