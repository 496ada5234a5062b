"""The bundled presets: what holds for all of them, and what no case file can show.

Requests and answers of each provider stand in `cases/`, one file a preset.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from itertools import takewhile
from pathlib import Path

import httpx
import pytest

from smscli.domain.errors import FilesError
from smscli.domain.message import Answer, Batch, Fault, Realm, State, Verdict
from smscli.domain.profile import BatchMode
from smscli.files.profile_file import SANDBOX, load_preset, load_profile, preset_names
from smscli.files.tree import parse_tree
from smscli.gateway.http import open_http_gateway
from smscli.gateway.reply import read
from smscli.gateway.request import Requests, Unbuildable
from smscli.gateway.sandbox import Sandbox
from tests import support as loop
from tests.gateway.samples import ALICE, BOB, batch, batch_to, lowered, message

#: The embedded gateway and one's own dialect.
NOT_A_PROVIDER = frozenset({SANDBOX, "generic-json"})
PROVIDERS = sorted(set(preset_names()) - NOT_A_PROVIDER)
SECRETS = {
    "BANDWIDTH_ACCOUNT_ID": "9900000",
    "BANDWIDTH_APPLICATION_ID": "93de2206",
    "BANDWIDTH_USERNAME": "smscli",
    "BANDWIDTH_PASSWORD": "b4ndwidth",
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


def test_only_the_sandbox_is_not_live() -> None:
    assert [name for name in preset_names() if load_preset(name).realm is not Realm.LIVE] == ["sandbox"]


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_called_what_its_file_is_called(name: str) -> None:
    assert load_preset(name).name == name


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_preset_says_what_it_is_and_where_that_is_documented(name: str) -> None:
    """In its first two lines, of which the table of presets is made."""
    first, second = comment_of(name)[:2]
    assert len(first) <= 100
    assert first.endswith(".")
    assert second.startswith("https://")


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_shows_how_to_export_what_it_needs(name: str) -> None:
    said = "\n".join(comment_of(name))
    for secret in load_preset(name).secrets:
        assert re.search(rf"export .*\b{secret}=", said), secret


@pytest.mark.parametrize("name", preset_names())
def test_a_promise_that_a_repeat_is_taken_once_is_explained(name: str) -> None:
    if load_preset(name).idempotency is not None:
        assert re.search(r"(?i)idempoten|dedup|repeat|twice", " ".join(comment_of(name)))


@pytest.mark.parametrize("name", preset_names())
def test_what_is_asked_with_get_has_no_body(name: str) -> None:
    polls = load_preset(name).polls
    for each in (polls.receipts, polls.lookup, polls.replies, polls.opt_outs):
        assert each is None or each.poll.ask.method != "GET" or each.poll.ask.body is None


def comment_of(name: str) -> list[str]:
    """The lines that a preset's file begins with."""
    text = (files("smscli") / "presets" / "gateways" / f"{name}.yaml").read_text("utf-8")
    lines = takewhile(lambda line: line.startswith("#"), text.splitlines())
    return [line.removeprefix("#").strip() for line in lines]


# --- bandwidth ---

MANY = [{"mode": "fanout", "max": 50}, {"mode": "list", "max": 50}, {"mode": "merge", "max": 50}]


@pytest.mark.parametrize("mode", [*MANY, {"max": 2}, {"mode": "one", "max": 2}], ids=str)
def test_bandwidth_is_never_given_two_numbers_a_call(mode: dict[str, object]) -> None:
    """Several numbers become a group message, in which people see each other."""
    changes = parse_tree(json.dumps({"preset": "bandwidth", "batch": mode}), "changes.yaml").root
    with pytest.raises(FilesError):
        load_profile(changes, Path())


def test_bandwidth_carries_one() -> None:
    profile = load_preset("bandwidth")
    assert (profile.batch, profile.batch_max) == (BatchMode.ONE, 1)
    with pytest.raises(Unbuildable):
        Requests(profile, SECRETS).build(batch_to([ALICE, BOB]))


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
