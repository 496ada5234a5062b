"""HttpGateway over real sockets: what was sent, what was answered, what became of the messages."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx
import pytest

from smscli.domain.message import Answer, Batch, Fault, Realm, State, Verdict
from smscli.domain.ports import Gateway
from smscli.domain.profile import (
    Auth,
    AuthKind,
    BatchMode,
    BodyEncoding,
    Call,
    Fields,
    GatewayProfile,
    Reply,
    Result,
    ResultShape,
    SecretName,
    Timeouts,
    Wire,
    words,
)
from smscli.files.profile_file import load_preset
from smscli.gateway.http import HttpGateway, open_http_gateway
from tests import support as loop
from tests.gateway.samples import ALICE, BOB, CAROL, batch, batch_to, message

T = TypeVar("T")
SECRETS = {"SMS_GATEWAY_URL": "set by the test", "SMS_GATEWAY_TOKEN": "t0ps3cret"}
GENERIC = load_preset("generic-json")


def with_timeouts(profile: GatewayProfile, total: float) -> GatewayProfile:
    return replace(profile, wire=replace(profile.wire, timeouts=Timeouts(total / 2, total)))


def talk(
    url: str, conversation: Callable[[HttpGateway], Awaitable[T]], profile: GatewayProfile = GENERIC
) -> T:
    async def conversing() -> T:
        async with open_http_gateway(profile, SECRETS, url=url) as gateway:
            return await conversation(gateway)

    return asyncio.run(conversing())


def submit(url: str, some: Batch, profile: GatewayProfile = GENERIC, *, proven: bool = False) -> Answer:
    return talk(url, lambda gateway: gateway.submit(some, proven=proven), profile)


def states(answer: Answer) -> list[State]:
    return [receipt.state for receipt in answer.receipts]


def test_it_is_a_gateway_of_the_engine() -> None:
    gateway: Gateway = HttpGateway(GENERIC, SECRETS, httpx.ASGITransport(app=None))  # type: ignore[arg-type]
    assert gateway.profile is GENERIC
    assert "t0ps3cret" not in repr(gateway)


def test_messages_arrive_and_every_one_has_its_receipt() -> None:
    with loop.LoopbackGateway() as server:
        server.script(loop.AcceptSome(refuse={BOB: "opted_out"}, forget=[CAROL]))
        answer = submit(server.url, batch_to([ALICE, BOB, CAROL], 'Say "hi" to {to} & co'))
        request = server.requests[0]
    assert json.loads(request.body)["messages"][0] == {
        "id": "m-0123",
        "from": "+12025550100",
        "to": ALICE,
        "text": 'Say "hi" to {to} & co',
    }
    assert request.headers["authorization"] == "Bearer t0ps3cret"
    assert request.headers["content-type"] == "application/json"
    assert answer.verdict is Verdict.ANSWERED
    assert states(answer) == [State.ACCEPTED, State.REJECTED, State.IN_DOUBT]
    assert answer.receipts[0].gateway_ref == "loop-1"
    assert answer.receipts[1].fault is Fault.OPTED_OUT
    assert answer.server_date is not None
    assert abs(answer.server_date - datetime.now(UTC)) < timedelta(seconds=30)


ANSWERS: list[tuple[loop.Answer, Verdict, State]] = [
    (loop.RateLimited(3), Verdict.NOT_TAKEN, State.RELEASED),
    (loop.Status(503), Verdict.NOT_TAKEN, State.RELEASED),
    (loop.Status(401), Verdict.REFUSED, State.RELEASED),
    (loop.Status(404), Verdict.REFUSED, State.RELEASED),
    (loop.Status(400, b'{"error": "funds"}'), Verdict.REFUSED, State.RELEASED),
    (loop.Status(500, taken=True), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.Html502(taken=True), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.Redirect(), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.HalfAnswer(), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.HalfHeaders(), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.TruncatedBody(), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.NotHttp(), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.CloseAfterReading(), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.ResetAfterReading(), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.ResetBeforeReading(), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.ResetWhileReading(), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.Status(200, b""), Verdict.IN_DOUBT, State.IN_DOUBT),
    (loop.Refuse("not_taken"), Verdict.NOT_TAKEN, State.RELEASED),
    (loop.Refuse("number"), Verdict.ANSWERED, State.REJECTED),
    (loop.Accept(), Verdict.ANSWERED, State.ACCEPTED),
]


@pytest.mark.parametrize(
    ("scripted", "verdict", "state"), ANSWERS, ids=[f"{row[0]!r}"[:60] for row in ANSWERS]
)
def test_what_the_wire_does_is_an_answer(scripted: loop.Answer, verdict: Verdict, state: State) -> None:
    with loop.LoopbackGateway() as server:
        server.script(scripted)
        answer = submit(server.url, batch_to([ALICE, BOB]))
        taken = len(server.taken)
    assert answer.verdict is verdict
    assert states(answer) == [state, state]
    assert taken == 0 or state in (State.ACCEPTED, State.IN_DOUBT)
    if verdict is not Verdict.ANSWERED:
        assert answer.reason
        server.assert_quiet(answer.reason + answer.hint, secrets=["t0ps3cret"], numbers=[ALICE, BOB])


def test_retry_after_is_handed_on() -> None:
    with loop.LoopbackGateway() as server:
        server.script(loop.RateLimited(3))
        assert submit(server.url, batch()).retry_after == 3.0


@pytest.mark.parametrize("scripted", [loop.Slow(5), loop.Drip(0.2)], ids=["slow", "drip"])
def test_the_total_deadline_ends_every_call(scripted: loop.Answer) -> None:
    with loop.LoopbackGateway() as server:
        server.script(scripted)
        answer = submit(server.url, batch(), with_timeouts(GENERIC, 0.3))
    assert (answer.verdict, states(answer)) == (Verdict.IN_DOUBT, [State.IN_DOUBT])


def test_a_closed_port_is_certain() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and it refuses
        answer = submit(f"http://127.0.0.1:{taken.getsockname()[1]}/", batch_to([ALICE, BOB]))
    assert answer.verdict is Verdict.NOT_TAKEN
    assert states(answer) == [State.RELEASED, State.RELEASED]
    assert answer.reason


def test_a_lone_unmapped_refusal_after_an_acceptance_is_about_the_message() -> None:
    with loop.LoopbackGateway() as server:
        server.script(loop.Status(422), loop.Status(422))
        unproven = submit(server.url, batch())
        proven = submit(server.url, batch(), proven=True)
    assert (unproven.verdict, states(unproven)) == (Verdict.REFUSED, [State.RELEASED])
    assert (proven.verdict, states(proven)) == (Verdict.ANSWERED, [State.REJECTED])


def test_what_cannot_be_built_is_refused_and_nothing_leaves() -> None:
    kannel = load_preset("kannel")
    secrets = {"KANNEL_USERNAME": "u", "KANNEL_PASSWORD": "p"}
    with loop.LoopbackGateway() as server:

        async def conversation() -> Answer:
            async with open_http_gateway(kannel, secrets, url=server.url) as gateway:
                return await gateway.submit(batch(message(sender="A\r\nX-Kannel-To: 1")), proven=True)

        answer = asyncio.run(conversation())
        assert server.requests == ()
    assert (answer.verdict, states(answer)) == (Verdict.REFUSED, [State.RELEASED])


def test_a_quoted_secret_is_not_repeated() -> None:
    with loop.LoopbackGateway() as server:
        body = {"error": "credentials", "detail": "no account for t0ps3cret"}
        server.script(loop.Status(401, json.dumps(body).encode()))
        answer = submit(server.url, batch())
    assert "t0ps3cret" not in repr(answer)
    assert "no account for" in answer.reason


def test_a_quoted_secret_with_a_number_in_it_is_not_repeated_in_part() -> None:
    key = "4420123456789:AAHdqTcv"

    async def conversing(url: str) -> Answer:
        async with open_http_gateway(GENERIC, {**SECRETS, "SMS_GATEWAY_TOKEN": key}, url=url) as gateway:
            return await gateway.submit(batch(), proven=False)

    with loop.LoopbackGateway() as server:
        body = {"error": "credentials", "detail": f"no account for {key}"}
        server.script(loop.Status(401, json.dumps(body).encode()))
        answer = asyncio.run(conversing(server.url))
    assert "no account for •••" in answer.reason
    assert "AAHdqTcv" not in repr(answer)


def test_a_cancelled_call_is_cancelled() -> None:
    with loop.LoopbackGateway() as server:
        held = loop.Held()
        server.script(held)

        async def conversation(gateway: HttpGateway) -> None:
            call = asyncio.create_task(gateway.submit(batch(), proven=False))
            await asyncio.to_thread(server.wait_until, lambda server: len(server.taken) == 1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            held.release()

        talk(server.url, conversation)


def test_fifty_calls_at_once() -> None:
    numbers = [f"+1202555{line:04}" for line in range(100, 200)]
    with loop.LoopbackGateway() as server:
        server.otherwise(loop.Slow(0.05))

        async def conversation(gateway: HttpGateway) -> list[Answer]:
            calls = [gateway.submit(batch(message(number)), proven=True) for number in numbers]
            return await asyncio.gather(*calls)

        answers = talk(server.url, conversation, replace(GENERIC, connections=50))
        assert sorted(server.numbers) == numbers
        assert 1 < server.most_in_flight <= 50
    assert {state for answer in answers for state in states(answer)} == {State.ACCEPTED}


def own(**call: object) -> GatewayProfile:
    """A gateway that answers in lines of text."""
    described: Mapping[str, object] = {
        "body": Fields((("to", words("{to}")), ("text", words("{text}")), ("id", words("{id}")))),
        **call,
    }
    reply = Reply(result=Result(ResultShape.TEXT_REGEX, pattern=r"^OK (\S+)"))
    return GatewayProfile(
        name="own",
        realm=Realm.LIVE,
        batch=BatchMode.ONE,
        batch_max=1,
        connections=2,
        rates=(),
        idempotency=None,
        clock_check=True,
        wire=Wire(Call(**described), reply),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("profile", "method"),
    [
        (own(encoding=BodyEncoding.FORM), "POST"),
        (own(encoding=BodyEncoding.QUERY, method="GET"), "GET"),
    ],
    ids=["form", "query"],
)
def test_forms_and_queries_arrive_as_they_were_meant(profile: GatewayProfile, method: str) -> None:
    text = "50% off & more: a+b=c, ü\n{to}"
    with loop.LoopbackGateway(loop.Fields()) as server:
        answer = submit(server.url, batch(message(body=text)), profile)
        assert [(one.to, one.text, one.id) for one in server.taken] == [(ALICE, text, "m-0123")]
        assert server.requests[0].method == method
    assert answer.receipts[0].gateway_ref == "loop-1"


def test_a_get_that_drops_is_taken_once() -> None:
    profile = own(encoding=BodyEncoding.QUERY, method="GET")
    with loop.LoopbackGateway(loop.Fields()) as server:
        server.script(loop.Accept(), loop.CloseAfterReading(), loop.Accept())

        async def conversation(gateway: HttpGateway) -> list[Answer]:
            return [
                await gateway.submit(batch(message(number)), proven=True) for number in (ALICE, BOB, CAROL)
            ]

        answers = talk(server.url, conversation, profile)
        assert server.numbers == (ALICE, BOB, CAROL)
    assert [states(answer)[0] for answer in answers] == [State.ACCEPTED, State.IN_DOUBT, State.ACCEPTED]


def test_secrets_in_a_query_stay_out_of_every_reason() -> None:
    auth = Auth(AuthKind.QUERY, (("key", SecretName("SMS_GATEWAY_TOKEN")),))
    profile = own(encoding=BodyEncoding.QUERY, method="GET", auth=auth)
    with loop.LoopbackGateway(loop.Fields()) as server:
        server.script(loop.ResetAfterReading(), loop.Redirect("/x?key=t0ps3cret"))
        answers = [submit(server.url, batch(message(number)), profile) for number in (ALICE, BOB)]
        assert server.requests[0].query["key"] == "t0ps3cret"
    server.assert_quiet(repr(answers), secrets=["t0ps3cret"], numbers=[ALICE, BOB])
