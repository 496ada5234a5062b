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
from tests.gateway.samples import ALICE, BOB, batch, batch_to, lowered, message

#: The embedded gateway and one's own dialect.
NOT_A_PROVIDER = frozenset({SANDBOX, "generic-json"})
PROVIDERS = sorted(set(preset_names()) - NOT_A_PROVIDER)
SECRETS = {
    "BANDWIDTH_ACCOUNT_ID": "9900000",
    "BANDWIDTH_APPLICATION_ID": "93de2206",
    "BANDWIDTH_USERNAME": "smscli",
    "BANDWIDTH_PASSWORD": "b4ndwidth",
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


def test_kannel_carries_one_number_a_call() -> None:
    """With several it drops bad ones without a word."""
    assert (load_preset("kannel").batch, load_preset("kannel").batch_max) == (BatchMode.ONE, 1)


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
    assert sandbox.rates == ()
