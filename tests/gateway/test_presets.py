"""The bundled presets: exact requests out, the gateways' own answers in.

Field names, statuses and codes are literals from the providers' published descriptions.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from smscli.domain.message import Answer, Batch, Fault, Realm, State, Verdict
from smscli.domain.profile import BatchMode
from smscli.files.profile_file import load_preset, preset_names
from smscli.gateway.http import open_http_gateway
from smscli.gateway.reply import read
from smscli.gateway.request import Requests
from smscli.gateway.sandbox import Sandbox
from tests import support as loop
from tests.gateway.samples import ALICE, BOB, batch, batch_to, lowered, message

TWILIO_SID = "AC" + "0123456789abcdef" * 2
SECRETS = {
    "TWILIO_ACCOUNT_SID": TWILIO_SID,
    "TWILIO_AUTH_TOKEN": "tw1li0",
    "KANNEL_USERNAME": "smscli",
    "KANNEL_PASSWORD": "k4nnel",
    "SMS_GATEWAY_URL": "https://sms.example.com/messages",
    "SMS_GATEWAY_TOKEN": "t0ken",
}


def asked(preset: str, some: Batch) -> httpx.Request:
    return Requests(load_preset(preset), SECRETS).build(some)


def told(
    preset: str,
    status: int,
    body: object,
    some: Batch | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    octets = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return read(load_preset(preset), some or batch(), status, lowered(headers or {}), octets, proven=True)


def test_the_presets_are_these() -> None:
    assert preset_names() == ("generic-json", "kannel", "sandbox", "twilio")


def test_only_the_sandbox_is_not_live() -> None:
    assert [name for name in preset_names() if load_preset(name).realm is not Realm.LIVE] == ["sandbox"]


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_called_what_its_file_is_called(name: str) -> None:
    assert load_preset(name).name == name


@pytest.mark.parametrize("name", preset_names())
def test_no_preset_promises_idempotency(name: str) -> None:
    assert load_preset(name).idempotency is None


# --- twilio ---


def test_twilio_is_asked_so() -> None:
    request = asked("twilio", batch(message(body="Tyres & more: 50% + ü", seconds_left=7200)))
    assert request.method == "POST"
    assert str(request.url) == f"https://api.twilio.com/2010-04-01/Accounts/{TWILIO_SID}/Messages.json"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    scheme, credentials = request.headers["Authorization"].split()
    assert (scheme, b64decode(credentials).decode()) == ("Basic", f"{TWILIO_SID}:tw1li0")
    assert parse_qs(request.content.decode()) == {
        "To": [ALICE],
        "From": ["+12025550100"],
        "Body": ["Tyres & more: 50% + ü"],
        "ValidityPeriod": ["7200"],
    }


@pytest.mark.parametrize(("left", "said"), [(100_000.0, "36000"), (1.0, "6")])
def test_twilio_validity_stays_within_its_bounds(left: float, said: str) -> None:
    body = parse_qs(asked("twilio", batch(message(seconds_left=left))).content.decode())
    assert body["ValidityPeriod"] == [said]


def test_twilio_accepts_with_201() -> None:
    body = {"sid": "SM1", "status": "queued", "num_segments": "2", "error_code": None, "to": ALICE}
    receipt = told("twilio", 201, body).receipts[0]
    assert (receipt.state, receipt.gateway_ref, receipt.segments) == (State.ACCEPTED, "SM1", 2)


TWILIO_ERRORS = [
    (400, 21610, Verdict.ANSWERED, State.REJECTED, Fault.OPTED_OUT),
    *[(400, code, Verdict.ANSWERED, State.REJECTED, Fault.NUMBER) for code in (21211, 21614, 21635)],
    *[(400, code, Verdict.ANSWERED, State.REJECTED, Fault.OTHER) for code in (21408, 21606, 21608, 21612)],
    (429, 20429, Verdict.NOT_TAKEN, State.RELEASED, None),
    (401, 20003, Verdict.REFUSED, State.RELEASED, None),
    (500, 20500, Verdict.IN_DOUBT, State.IN_DOUBT, None),
]


@pytest.mark.parametrize(("status", "code", "verdict", "state", "fault"), TWILIO_ERRORS)
def test_twilio_refuses_so(
    status: int, code: int, verdict: Verdict, state: State, fault: Fault | None
) -> None:
    answer = told("twilio", status, {"code": code, "message": "no", "more_info": "", "status": status})
    receipt = answer.receipts[0]
    assert (answer.verdict, receipt.state, receipt.fault) == (verdict, state, fault)
    assert (receipt.code, receipt.detail) == (str(code), "no")


@pytest.mark.parametrize(("status", "verdict"), [(429, Verdict.NOT_TAKEN), (401, Verdict.REFUSED)])
def test_twilio_statuses_count_without_a_code(status: int, verdict: Verdict) -> None:
    assert told("twilio", status, "<html>").verdict is verdict


def test_twilio_200_is_not_its_201() -> None:
    assert told("twilio", 200, {"sid": "SM1"}).verdict is Verdict.IN_DOUBT


# --- kannel ---


def test_kannel_is_asked_so() -> None:
    request = asked("kannel", batch(message(body="Hello {to}\n& bye", seconds_left=5400)))
    assert request.method == "POST"
    assert str(request.url) == "http://127.0.0.1:13013/cgi-bin/sendsms"
    assert request.content == b"Hello {to}\n& bye"
    assert request.headers["Content-Type"] == "text/plain; charset=UTF-8"
    kannel = {name: value for name, value in request.headers.items() if name.startswith("x-kannel-")}
    assert kannel == {
        "x-kannel-username": "smscli",
        "x-kannel-password": "k4nnel",
        "x-kannel-to": ALICE,
        "x-kannel-from": "+12025550100",
        "x-kannel-coding": "0",
        "x-kannel-validity": "90",
    }


def test_kannel_is_told_when_a_text_is_not_gsm7() -> None:
    request = asked("kannel", batch(message(body="Привет")))
    assert request.headers["X-Kannel-Coding"] == "2"
    assert request.content == "Привет".encode()


KANNEL_ANSWERS = [
    (202, "0: Accepted for delivery", Verdict.ANSWERED, State.ACCEPTED),
    (202, "3: Queued for later delivery", Verdict.ANSWERED, State.ACCEPTED),
    (202, "", Verdict.IN_DOUBT, State.IN_DOUBT),
    (200, "0: Accepted for delivery", Verdict.IN_DOUBT, State.IN_DOUBT),
    (403, "Authorization failed for sendsms", Verdict.REFUSED, State.RELEASED),
    (403, "Not routable. Do not try again.", Verdict.ANSWERED, State.REJECTED),
    (403, "something else", Verdict.REFUSED, State.RELEASED),
    (400, "Invalid content-type", Verdict.ANSWERED, State.REJECTED),
    (503, "Temporal failure, try again later.", Verdict.NOT_TAKEN, State.RELEASED),
    (503, "<html>a proxy</html>", Verdict.IN_DOUBT, State.IN_DOUBT),
]


@pytest.mark.parametrize(("status", "body", "verdict", "state"), KANNEL_ANSWERS)
def test_kannel_answers_so(status: int, body: str, verdict: Verdict, state: State) -> None:
    answer = told("kannel", status, body)
    assert (answer.verdict, answer.receipts[0].state) == (verdict, state)
    assert answer.receipts[0].gateway_ref == ""


def test_kannel_carries_one_number_a_call() -> None:
    """With several it drops bad ones without a word."""
    assert (load_preset("kannel").batch, load_preset("kannel").batch_max) == (BatchMode.ONE, 1)


def test_kannel_texts_arrive_over_a_socket_as_they_were_meant() -> None:
    class Sendsms:
        def read(self, request: loop.Request) -> list[loop.Asked]:
            headers = request.headers
            return [loop.Asked("", headers["x-kannel-to"], request.body.decode(), headers["x-kannel-from"])]

        def word(self, request: loop.Request, settled: object) -> loop.Wording:
            return loop.Wording(202, b"0: Accepted for delivery", "text/html")

    async def conversation(url: str) -> Answer:
        async with open_http_gateway(load_preset("kannel"), SECRETS, url=url) as gateway:
            return await gateway.submit(batch(message(body="Zażółć\n{to}", sender="Garage")), proven=False)

    with loop.LoopbackGateway(Sendsms(), path="/cgi-bin/sendsms") as server:
        answer = asyncio.run(conversation(server.url))
        assert [(one.to, one.text, one.sender) for one in server.taken] == [(ALICE, "Zażółć\n{to}", "Garage")]
        assert server.requests[0].method == "POST"
    assert answer.receipts[0].state is State.ACCEPTED


# --- generic-json ---


def test_generic_json_is_asked_so() -> None:
    request = asked("generic-json", batch(message(ALICE, "Hi A"), message(BOB, "Hi B", sender="")))
    assert (request.method, str(request.url)) == ("POST", "https://sms.example.com/messages")
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert json.loads(request.content) == {
        "messages": [
            {"id": "m-0123", "from": "+12025550100", "to": ALICE, "text": "Hi A"},
            {"id": "m-0124", "to": BOB, "text": "Hi B"},
        ]
    }


GENERIC_ITEMS = [
    ({"status": "accepted", "ref": "x"}, State.ACCEPTED, None),
    ({"status": "accepted"}, State.ACCEPTED, None),
    ({"status": "rejected", "code": "number"}, State.REJECTED, Fault.NUMBER),
    ({"status": "rejected", "code": "opted_out"}, State.REJECTED, Fault.OPTED_OUT),
    ({"status": "rejected", "code": "sender"}, State.REJECTED, Fault.OTHER),
    ({"status": "rejected", "code": "content"}, State.REJECTED, Fault.OTHER),
    ({"status": "rejected", "code": "moon"}, State.REJECTED, Fault.OTHER),
    ({"status": "rejected", "code": "rate_limited"}, State.RELEASED, None),
    ({"status": "rejected", "code": "not_taken"}, State.RELEASED, None),
    ({"status": "rejected", "code": "already_accepted"}, State.ACCEPTED, None),
    ({"status": "rejected"}, State.IN_DOUBT, None),
    ({}, State.IN_DOUBT, None),
]


@pytest.mark.parametrize(("item", "state", "fault"), GENERIC_ITEMS)
@pytest.mark.parametrize("status", [200, 202])
def test_generic_json_answers_so(
    status: int, item: dict[str, str], state: State, fault: Fault | None
) -> None:
    receipt = told("generic-json", status, {"messages": [{"id": "m-0123", **item}]}).receipts[0]
    assert (receipt.state, receipt.fault) == (state, fault)


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (402, {"error": "funds", "detail": "0.00 left"}, Verdict.REFUSED),
        (401, {"error": "credentials"}, Verdict.REFUSED),
        (429, {}, Verdict.NOT_TAKEN),
        (503, {}, Verdict.NOT_TAKEN),
        (500, {}, Verdict.IN_DOUBT),
    ],
)
def test_generic_json_refuses_a_call_so(status: int, body: object, verdict: Verdict) -> None:
    assert told("generic-json", status, body, batch_to([ALICE, BOB])).verdict is verdict


# --- sandbox ---


def test_the_sandbox_takes_what_its_preset_says(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"

    async def rehearsal() -> Answer:
        async with (
            Sandbox(outbox) as sandbox,
            open_http_gateway(load_preset("sandbox"), {}, url=sandbox.url) as gateway,
        ):
            return await gateway.submit(batch_to([ALICE, BOB], "Hi {to} €"), proven=False)

    answer = asyncio.run(rehearsal())
    assert answer.verdict is Verdict.ANSWERED
    assert [receipt.state for receipt in answer.receipts] == [State.ACCEPTED, State.ACCEPTED]
    assert all(receipt.gateway_ref for receipt in answer.receipts)
    assert [receipt.segments for receipt in answer.receipts] == [1, 1]
    rows = [json.loads(line) for line in outbox.read_text("utf-8").splitlines()]
    assert [(row["to"], row["text"], row["id"]) for row in rows] == [
        (ALICE, "Hi {to} €", "m-0123"),
        (BOB, "Hi {to} €", "m-0124"),
    ]


def test_the_sandbox_carries_a_hundred_a_call_and_twenty_calls_at_once() -> None:
    sandbox = load_preset("sandbox")
    assert (sandbox.batch, sandbox.batch_max, sandbox.connections) == (BatchMode.LIST, 100, 20)
    assert sandbox.rate is None
