"""Messages in, exact requests out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.message import Batch, Realm
from smscli.domain.profile import (
    Auth,
    AuthKind,
    BatchMode,
    BodyEncoding,
    Call,
    Constant,
    Each,
    Fields,
    GatewayProfile,
    Idempotency,
    IdempotencyScope,
    Items,
    Join,
    Node,
    NumberFormat,
    SecretName,
    UnicodeSwitch,
    Validity,
    Wire,
    words,
)
from smscli.gateway.request import Requests, Unbuildable
from tests.gateway.samples import ALICE, BOB, batch, message

SECRETS = {"KEY": "s3cr3t/key", "SID": "AC/12 3"}
NASTY = 'a "quoted" {to} & <b>=\n{{x}} %41 \\ ü €'


def fields(**values: str) -> Fields:
    return Fields(tuple((name, words(value)) for name, value in values.items()))


def profile(
    mode: BatchMode = BatchMode.ONE,
    *,
    most: int = 100,
    idempotency: Idempotency | None = None,
    **call: Any,
) -> GatewayProfile:
    call.setdefault("url", words("https://sms.example.com/v1/messages"))
    call.setdefault("body", fields(to="{to}", text="{text}"))
    return GatewayProfile(
        name="test",
        realm=Realm.LIVE,
        batch=mode,
        batch_max=1 if mode is BatchMode.ONE else most,
        connections=1,
        rates=(),
        idempotency=idempotency,
        clock_check=True,
        wire=Wire(Call(**call)),
    )


def built(described: GatewayProfile, some: Batch | None = None) -> httpx.Request:
    return Requests(described, SECRETS).build(some or batch())


LISTED = Fields((("messages", Each(fields(id="{id}", to="{to}", text="{text}"))),))
MANY = Fields((("to", Each(words("{to}"))), ("text", words("{text}"))))

BODIES: list[tuple[str, GatewayProfile, Batch, str]] = [
    (
        "json, one message",
        profile(body=fields(to="{to}", text="{text}", ref="{id}", call="{request_id}")),
        batch(),
        '{"to":"+12025550123","text":"Hello","ref":"m-0123","call":"r-1"}',
    ),
    (
        "json keeps what is no text",
        profile(
            body=Fields((("to", words("{to}")), ("flash", Constant(False)), ("n", Items((Constant(1),)))))
        ),
        batch(),
        '{"to":"+12025550123","flash":false,"n":[1]}',
    ),
    ("bare number", profile(number=NumberFormat.E164BARE), batch(), '{"to":"12025550123","text":"Hello"}'),
    ("number as integer", profile(number=NumberFormat.INT), batch(), '{"to":12025550123,"text":"Hello"}'),
    (
        "number inside a text",
        profile(body=fields(to="tel:{to}", text="{text}"), number=NumberFormat.INT),
        batch(),
        '{"to":"tel:12025550123","text":"Hello"}',
    ),
    (
        "json, a list of messages",
        profile(BatchMode.LIST, body=LISTED),
        batch(message(ALICE, "Hi A"), message(BOB, "Hi B")),
        (
            '{"messages":[{"id":"m-0123","to":"+12025550123","text":"Hi A"},'
            '{"id":"m-0124","to":"+12025550124","text":"Hi B"}]}'
        ),
    ),
    (
        "json, the list is the root",
        profile(BatchMode.LIST, body=Each(fields(to="{to}", text="{text}"))),
        batch(message(ALICE, "Hi A"), message(BOB, "Hi B")),
        '[{"to":"+12025550123","text":"Hi A"},{"to":"+12025550124","text":"Hi B"}]',
    ),
    (
        "json, one text to many",
        profile(BatchMode.FANOUT, body=MANY),
        batch(message(ALICE), message(BOB)),
        '{"to":["+12025550123","+12025550124"],"text":"Hello"}',
    ),
    (
        "one text to many, joined",
        profile(BatchMode.FANOUT, body=Fields((("to", Join(words("{to}"), "<")), ("text", words("{text}"))))),
        batch(message(ALICE), message(BOB)),
        '{"to":"+12025550123<+12025550124","text":"Hello"}',
    ),
    (
        "form",
        profile(encoding=BodyEncoding.FORM),
        batch(message(body="a&b=c d+e")),
        "to=%2B12025550123&text=a%26b%3Dc+d%2Be",
    ),
    (
        "form, one text to many: the field again and again",
        profile(BatchMode.FANOUT, encoding=BodyEncoding.FORM, body=MANY),
        batch(message(ALICE), message(BOB)),
        "to=%2B12025550123&to=%2B12025550124&text=Hello",
    ),
    (
        "form, what is no text",
        profile(encoding=BodyEncoding.FORM, body=Fields((("flash", Constant(True)), ("to", words("{to}"))))),
        batch(),
        "flash=true&to=%2B12025550123",
    ),
    (
        "a text alone",
        profile(encoding=BodyEncoding.TEXT, body=words("{text}")),
        batch(message(body="ż\n")),
        "ż\n",
    ),
    (
        "no sender, no field",
        profile(body=fields(to="{to}", sender="{sender}", text="{text}")),
        batch(message(sender="")),
        '{"to":"+12025550123","text":"Hello"}',
    ),
    (
        "secrets and variables as values",
        profile(
            variables=(("account", SecretName("SID")),),
            body=Fields((("account", words("{account}")), ("key", SecretName("KEY")))),
        ),
        batch(),
        '{"account":"AC/12 3","key":"s3cr3t/key"}',
    ),
]


@pytest.mark.parametrize(
    ("described", "some", "body"), [row[1:] for row in BODIES], ids=[r[0] for r in BODIES]
)
def test_the_body_is_exactly(described: GatewayProfile, some: Batch, body: str) -> None:
    assert built(described, some).content.decode() == body


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        (BodyEncoding.JSON, "application/json"),
        (BodyEncoding.FORM, "application/x-www-form-urlencoded"),
        (BodyEncoding.TEXT, "text/plain; charset=UTF-8"),
    ],
)
def test_the_content_type_says_the_encoding(encoding: BodyEncoding, content_type: str) -> None:
    body: Node = words("{text}") if encoding is BodyEncoding.TEXT else fields(text="{text}")
    assert built(profile(encoding=encoding, body=body)).headers["Content-Type"] == content_type


def test_a_query_carries_everything_and_no_body() -> None:
    request = built(
        profile(method="GET", encoding=BodyEncoding.QUERY, number=NumberFormat.E164BARE),
        batch(message(body="a&b c+d#é")),
    )
    assert request.method == "GET"
    assert str(request.url) == (
        "https://sms.example.com/v1/messages?to=12025550123&text=a%26b%20c%2Bd%23%C3%A9"
    )
    assert request.content == b""
    assert "Content-Type" not in request.headers


def test_a_query_joins_the_one_the_url_has() -> None:
    described = profile(url=words("https://a.example/x?json=1"), encoding=BodyEncoding.QUERY)
    assert built(described).url.raw_path == b"/x?json=1&to=%2B12025550123&text=Hello"


@pytest.mark.parametrize("encoding", [BodyEncoding.JSON, BodyEncoding.FORM, BodyEncoding.QUERY])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.just(NASTY))
@settings(max_examples=60, deadline=None)
def test_any_text_arrives_as_it_was_written(encoding: BodyEncoding, text: str) -> None:
    request = built(profile(encoding=encoding), batch(message(body=text)))
    match encoding:
        case BodyEncoding.JSON:
            arrived = json.loads(request.content)["text"]
        case BodyEncoding.FORM:
            arrived = dict(parse_qsl(request.content.decode(), keep_blank_values=True))["text"]
        case _:
            arrived = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))["text"]
    assert arrived == text


def test_a_text_is_never_looked_at_again() -> None:
    described = profile(body=fields(text="{text}", to="{to}", note="{sender}: {text}"))
    body = json.loads(built(described, batch(message(body="{to} {id} {{x}}", sender="{text}"))).content)
    assert body == {"text": "{to} {id} {{x}}", "to": ALICE, "note": "{text}: {to} {id} {{x}}"}


AUTHS = [
    (
        Auth(AuthKind.BASIC, (("user", words("me")), ("password", SecretName("KEY")))),
        "Basic bWU6czNjcjN0L2tleQ==",
    ),
    (Auth(AuthKind.BEARER, (("Authorization", SecretName("KEY")),), "Bearer"), "Bearer s3cr3t/key"),
    (Auth(AuthKind.HEADER, (("Authorization", SecretName("KEY")),), "App"), "App s3cr3t/key"),
    (Auth(AuthKind.HEADER, (("Authorization", SecretName("KEY")),)), "s3cr3t/key"),
    (Auth(), None),
]


@pytest.mark.parametrize(("auth", "header"), AUTHS)
def test_credentials_in_the_authorization_header(auth: Auth, header: str | None) -> None:
    assert built(profile(auth=auth)).headers.get("Authorization") == header


def test_credentials_in_headers_of_any_name() -> None:
    auth = Auth(AuthKind.HEADER, (("X-TM-Username", words("me")), ("X-TM-Key", SecretName("KEY"))))
    headers = built(profile(auth=auth)).headers
    assert (headers["X-TM-Username"], headers["X-TM-Key"]) == ("me", "s3cr3t/key")


def test_credentials_in_the_query() -> None:
    auth = Auth(AuthKind.QUERY, (("user", words("me")), ("password", SecretName("KEY"))))
    request = built(profile(auth=auth))
    assert request.url.raw_path == b"/v1/messages?user=me&password=s3cr3t%2Fkey"
    assert json.loads(request.content) == {"to": ALICE, "text": "Hello"}


@pytest.mark.parametrize("encoding", [BodyEncoding.JSON, BodyEncoding.FORM])
def test_credentials_in_the_body(encoding: BodyEncoding) -> None:
    auth = Auth(AuthKind.FORM, (("password", SecretName("KEY")),))
    content = built(profile(auth=auth, encoding=encoding)).content.decode()
    body = json.loads(content) if encoding is BodyEncoding.JSON else dict(parse_qsl(content))
    assert body == {"to": ALICE, "text": "Hello", "password": "s3cr3t/key"}


def test_variables_stay_inside_their_place_in_the_url() -> None:
    described = profile(
        url=words("https://{region}.example.com/{account}/send"),
        variables=(("region", words("eu")), ("account", SecretName("SID"))),
    )
    assert built(described).url.raw_path == b"/AC%2F12%203/send"
    assert built(described).url.host == "eu.example.com"


def test_the_whole_url_can_be_a_secret() -> None:
    described = profile(url=SecretName("URL"))
    assert (
        str(Requests(described, {"URL": "https://h.example/x?k=v"}).build(batch()).url)
        == "https://h.example/x?k=v"
    )


def test_headers_carry_markers_and_leave_out_what_has_nothing_to_say() -> None:
    described = profile(
        headers=(("X-To", words("{to}")), ("X-From", words("{sender}")), ("X-Coding", words("{unicode}"))),
        unicode=UnicodeSwitch(when_needed="2"),
    )
    plain = built(described, batch(message(sender="")))
    assert plain.headers["X-To"] == ALICE
    assert "X-From" not in plain.headers
    assert "X-Coding" not in plain.headers
    assert built(described, batch(message(body="Привет"))).headers["X-Coding"] == "2"


def test_unicode_is_told_for_each_message_of_a_list() -> None:
    described = profile(
        BatchMode.LIST,
        body=Each(fields(text="{text}", coding="{unicode}")),
        unicode=UnicodeSwitch("ucs2", "gsm"),
    )
    body = json.loads(built(described, batch(message(ALICE, "Hi"), message(BOB, "Ж"))).content)
    assert [item["coding"] for item in body] == ["gsm", "ucs2"]


VALIDITIES = [(3600.0, 3600, 60), (90.9, 90, 1), (5.0, 60, 1), (-30.0, 60, 1), (90_000.0, 36_000, 600)]


@pytest.mark.parametrize(("left", "seconds", "minutes"), VALIDITIES)
def test_validity_is_what_is_left_when_claimed(left: float, seconds: int, minutes: int) -> None:
    described = profile(
        body=fields(s="{validity_seconds}", m="{validity_minutes}"), validity=Validity(least=60, most=36_000)
    )
    body = json.loads(built(described, batch(message(seconds_left=left))).content)
    assert body == {"s": seconds, "m": minutes}


def test_validity_is_that_of_the_earliest_deadline() -> None:
    described = profile(BatchMode.LIST, body=Each(fields(s="{validity_seconds}")))
    some = batch(message(ALICE, seconds_left=900), message(BOB, seconds_left=300))
    assert json.loads(built(described, some).content) == [{"s": 300}, {"s": 300}]


PROMISES = [
    ("header", IdempotencyScope.MESSAGE, "m-0123"),
    ("header", IdempotencyScope.REQUEST, "r-1"),
    ("query", IdempotencyScope.MESSAGE, "m-0123"),
    ("query", IdempotencyScope.REQUEST, "r-1"),
]


@pytest.mark.parametrize(("where", "scope", "key"), PROMISES)
def test_the_idempotency_key_is_the_id(where: str, scope: IdempotencyScope, key: str) -> None:
    promise = Idempotency(where, "Idempotency-Key", scope, timedelta(hours=12))
    request = built(profile(idempotency=promise))
    found = request.headers if where == "header" else dict(request.url.params)
    assert found["Idempotency-Key"] == key


@pytest.mark.parametrize("row", BODIES, ids=[row[0] for row in BODIES])
def test_the_same_batch_gives_the_same_bytes(row: tuple[str, GatewayProfile, Batch, str]) -> None:
    first, second = built(row[1], row[2]), built(row[1], row[2])
    assert (first.url, first.headers.raw, first.content) == (second.url, second.headers.raw, second.content)


UNBUILDABLE: list[tuple[str, GatewayProfile, Batch]] = [
    ("two messages in one", profile(), batch(message(ALICE), message(BOB))),
    ("too many", profile(BatchMode.FANOUT, most=1), batch(message(ALICE), message(BOB))),
    ("two texts in a fan-out", profile(BatchMode.FANOUT), batch(message(ALICE, "a"), message(BOB, "b"))),
    (
        "two senders in a fan-out",
        profile(BatchMode.FANOUT),
        batch(message(ALICE, sender="A"), message(BOB, sender="B")),
    ),
    (
        "a line break in a header",
        profile(headers=(("X-From", words("{sender}")),)),
        batch(message(sender="A\r\nX-Evil: 1")),
    ),
    (
        "a header outside ASCII",
        profile(headers=(("X-From", words("{sender}")),)),
        batch(message(sender="Żółw")),
    ),
    ("half a surrogate pair", profile(), batch(message(body="\ud83d"))),
    ("a secret nobody gave", profile(url=SecretName("ABSENT")), batch()),
    ("no url", profile(url=words("https://[::1")), batch()),
]


@pytest.mark.parametrize(
    ("described", "some"), [row[1:] for row in UNBUILDABLE], ids=[r[0] for r in UNBUILDABLE]
)
def test_what_cannot_be_carried_is_refused_and_named_without_its_content(
    described: GatewayProfile, some: Batch
) -> None:
    with pytest.raises(Unbuildable) as refused:
        built(described, some)
    assert "2025550" not in str(refused.value)
    assert "Evil" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_request_does_not_show_secrets_or_numbers() -> None:
    auth = Auth(AuthKind.QUERY, (("password", SecretName("KEY")),))
    shown = repr(built(profile(auth=auth, encoding=BodyEncoding.QUERY)))
    assert "s3cr3t" not in shown
    assert "5550123" not in shown
    assert "sms.example.com" in shown
