"""Requests that are signed: by a class that comes with smscli, and by one's own."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from smscli.domain.errors import FilesError
from smscli.domain.message import Answer, State, Verdict
from smscli.domain.profile import GatewayProfile
from smscli.files.profile_file import load_profile
from smscli.files.tree import parse_tree
from smscli.gateway import signing
from smscli.gateway.http import open_http_gateway
from smscli.gateway.postbox import open_postbox
from smscli.gateway.signing import Unsigned, VonageHmac, signer, signer_names
from tests import support as loop
from tests.gateway.samples import batch, message
from tests.support.dialects import Fields
from tests.support.loopback import LoopbackGateway

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SECRETS = {"KEY": "abcd1234", "SIGNING": "s1gning-secret"}
PROFILE = """
name: signed
url: http://127.0.0.1/sms
encoding: form
body: {from: "{sender}", to: "{to}", text: "{text}"}
auth: {kind: signed, signer: SIGNER, fields: {api_key: {env: KEY}, secret: {env: SIGNING}}}
result: {shape: text_regex, pattern: 'OK (.*)'}
"""


def profile(name: str = "vonage-hmac", text: str = PROFILE) -> GatewayProfile:
    return load_profile(parse_tree(text.replace("SIGNER", name), "signed.yaml").root, Path())


def submitted(described: GatewayProfile, gateway: LoopbackGateway, body: str = "Hello") -> Answer:
    async def submit() -> Answer:
        async with open_http_gateway(described.at(gateway.url), SECRETS) as there:
            return await there.submit(batch(message(body=body)), proven=False)

    return asyncio.run(submit())


def test_vonage_signs_the_sorted_fields_with_ampersands_and_equal_signs_replaced() -> None:
    asked = Unsigned("POST", "https://x.example.com/", (), b"to=12025550123&text=a%26b%3Dc&from=Garage")
    form = dict(
        parse_qsl(VonageHmac({"api_key": "abcd1234", "secret": "s"}).sign(asked, NOW).content.decode())
    )
    said = "&api_key=abcd1234&from=Garage&text=a_b_c&timestamp=1795341600&to=12025550123"
    assert form.pop("sig") == hmac.new(b"s", said.encode(), "sha256").hexdigest()
    assert form == {
        "api_key": "abcd1234",
        "from": "Garage",
        "text": "a&b=c",
        "timestamp": "1795341600",
        "to": "12025550123",
    }


def test_a_signed_request_goes_over_the_wire_whole() -> None:
    with LoopbackGateway(Fields()) as gateway:
        answer = submitted(profile(), gateway, "Grüße & mehr")
        (asked,) = gateway.requests
        gateway.assert_quiet(repr(answer), secrets=SECRETS.values())
    assert answer.receipts[0].state is State.ACCEPTED
    assert asked.form["text"] == "Grüße & mehr"
    assert len(asked.form["sig"]) == 64
    assert asked.form["api_key"] == "abcd1234"
    assert "s1gning-secret" not in asked.body.decode()


def test_a_signer_that_nobody_has_is_told_with_those_there_are() -> None:
    with pytest.raises(FilesError, match="there is no signer 'vonage-hmca'") as told:
        signer("vonage-hmca", {})
    assert "vonage-hmac" in told.value.hint
    assert "vonage-hmac" in signer_names()


def test_a_field_that_a_signer_needs_is_named() -> None:
    with pytest.raises(FilesError, match="signer vonage-hmac needs the field secret"):
        signer("vonage-hmac", {"api_key": "x"})


class Broken:
    """A signer with a mistake in it."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = fields

    def sign(self, request: Unsigned, now: datetime) -> Unsigned:
        raise ZeroDivisionError(self.fields["secret"])


class Unmade(Broken):
    """A signer that cannot be made."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        raise ValueError(f"bad secret {fields['secret']}")


class InHeader:
    """A signer of somebody else: the time in a header."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.key = fields["api_key"]

    def sign(self, request: Unsigned, now: datetime) -> Unsigned:
        assert now.tzinfo is UTC
        headers = (*request.headers, ("X-Signature", f"{self.key}-{len(request.content)}"))
        return Unsigned(request.method, f"{request.url}?signed=yes", headers, request.content)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package beside smscli that brings signers: what is installed is the machine's, not our own code."""
    own = EntryPoints(
        EntryPoint(name, f"{__name__}:{made}", signing.GROUP)
        for name, made in (
            *(("broken", "Broken"), ("in-header", "InHeader")),
            *(("unmade", "Unmade"), ("gone", "Gone"), ("elsewhere", "a.b:c")),
        )
    )
    monkeypatch.setattr(signing, "entry_points", lambda group: own.select(group=group))


@pytest.mark.usefixtures("installed")
def test_a_package_beside_smscli_can_bring_a_signer() -> None:
    with LoopbackGateway(Fields()) as gateway:
        answer = submitted(profile("in-header"), gateway)
        (asked,) = gateway.requests
    assert answer.receipts[0].state is State.ACCEPTED
    assert asked.headers["x-signature"] == f"abcd1234-{len(asked.body)}"
    assert asked.query == {"signed": "yes"}


@pytest.mark.usefixtures("installed")
def test_a_signer_that_breaks_sends_nothing_and_tells_no_secret() -> None:
    with LoopbackGateway(Fields()) as gateway:
        answer = submitted(profile("broken"), gateway)
        assert gateway.requests == ()
        gateway.assert_quiet(repr(answer), secrets=SECRETS.values())
    assert answer.verdict is Verdict.REFUSED
    assert answer.receipts[0].state is State.RELEASED
    assert "ZeroDivisionError" in answer.reason


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["unmade", "gone", "elsewhere"])
def test_a_signer_that_cannot_be_had_is_told_and_tells_no_secret(name: str) -> None:
    with pytest.raises(FilesError, match=f"signer {name} cannot be had") as told:
        signer(name, {"secret": "s1gning-secret"})
    assert "s1gning-secret" not in f"{told.value.message} {told.value.hint}"


@pytest.mark.usefixtures("installed")
def test_what_is_asked_afterwards_is_signed_too() -> None:
    def answer(request: loop.Request) -> loop.Wording:
        return loop.Wording(200, b'{"reports": []}')

    text = (
        f"{PROFILE}\nreceipts: {{url: /reports, items: reports, ref: id, state: s, states: {{delivered: d}}}}"
    )

    async def ask(url: str) -> None:
        async with open_postbox(profile("in-header", text).at(url), SECRETS) as postbox:
            async for _ in postbox.receipts((), NOW, NOW, ""):
                pass

    with LoopbackGateway() as gateway:
        gateway.otherwise(loop.Serve(answer))
        asyncio.run(ask(gateway.url))
        (asked,) = gateway.requests
    assert asked.headers["x-signature"] == "abcd1234-0"
    assert (asked.path, asked.query["signed"]) == ("/reports", "yes")
