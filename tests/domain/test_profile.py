"""What a profile is made of: texts with slots, URLs, digests, and the names of its secrets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.message import Realm
from smscli.domain.profile import (
    Auth,
    AuthKind,
    BatchMode,
    Call,
    Each,
    Fields,
    GatewayProfile,
    Idempotency,
    IdempotencyScope,
    Items,
    Rate,
    Reply,
    SecretName,
    Slot,
    Wire,
    Words,
    full_url,
    leaves,
    plain,
    url_problem,
    words,
)

PROFILE = GatewayProfile(
    name="test",
    realm=Realm.LIVE,
    batch=BatchMode.ONE,
    batch_max=1,
    connections=1,
    rates=(),
    idempotency=None,
    clock_check=True,
    wire=Wire(Call(url=words("https://a.example/{account}"), variables=(("account", SecretName("SID")),))),
)


def with_call(call: Call) -> GatewayProfile:
    return replace(PROFILE, wire=replace(PROFILE.wire, call=call))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("{to}", (Slot("to"),)),
        ("a{to}b{text}", ("a", Slot("to"), "b", Slot("text"))),
        ("{{to}}", ("{", "to", "}")),
        ("{{{to}}}", ("{", Slot("to"), "}")),
        ("{account_2}", (Slot("account_2"),)),
    ],
)
def test_words(text: str, parts: tuple[str | Slot, ...]) -> None:
    assert words(text) == Words(parts)


@pytest.mark.parametrize("text", ["{", "}", "a { b", "{To}", "{to", "{}", "{to.x}", "{to!r}", "{{to}"])
def test_a_lone_brace_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="lone"):
        words(text)


@given(text=st.text(max_size=30))
def test_a_text_without_slots_is_itself(text: str) -> None:
    escaped = text.replace("{", "{{").replace("}", "}}")
    assert plain(words(escaped), {}, {}) == text


@given(value=st.text(max_size=30))
def test_what_is_filled_in_is_never_looked_at(value: str) -> None:
    assert plain(words("<{to}>"), {"to": value}, {}) == f"<{value}>"


def test_leaves_are_every_text_of_a_tree() -> None:
    tree = Fields((("a", words("x")), ("b", Items((SecretName("K"), Each(Fields((("c", words("{to}")),))))))))
    assert list(leaves(tree)) == [words("x"), SecretName("K"), words("{to}")]


@pytest.mark.parametrize(
    ("account", "url"),
    [
        ("AC1", "https://a.example/AC1"),
        ("../x?y#z", "https://a.example/..%2Fx%3Fy%23z"),
        ("a@b:1", "https://a.example/a%40b:1"),
    ],
)
def test_a_variable_stays_in_its_place_of_the_url(account: str, url: str) -> None:
    assert full_url(PROFILE.wire.call, {"SID": account}) == url


@pytest.mark.parametrize(
    ("url", "allowed", "problem"),
    [
        ("https://a.example/x", False, ""),
        ("http://a.example/x", False, "plain http"),
        ("http://a.example/x", True, ""),
        ("http://127.0.0.1:80/x", False, ""),
        ("http://127.9.9.9/x", False, ""),
        ("http://[::1]:80/x", False, ""),
        ("http://localhost/x", False, ""),
        ("http://localhost.evil.example/x", False, "plain http"),
        ("http://127.0.0.1.evil.example/x", False, "plain http"),
        ("http://127.0.0.1@evil.example/x", False, "credentials"),
        ("https://me:pw@a.example/x", False, "credentials"),
        ("https://a.example/x#part", False, "#"),
        ("ftp://a.example/x", True, "https://"),
        ("a.example/x", True, "https://"),
        ("https://", True, "https://"),
        ("https://[::1", True, "not a URL"),
        ("https://a.example:port/", True, "not a URL"),
    ],
)
def test_which_urls_are_used(url: str, allowed: bool, problem: str) -> None:
    found = url_problem(url, allow_plain_http=allowed)
    assert problem in found
    assert bool(found) is bool(problem)
    assert "evil" not in found


DIFFERENT = [
    with_call(Call(url=words("https://b.example/"))),
    with_call(replace(PROFILE.wire.call, method="GET")),
    with_call(replace(PROFILE.wire.call, headers=(("X-A", words("1")),))),
    with_call(replace(PROFILE.wire.call, body=Fields((("to", words("{to}")),)))),
    with_call(replace(PROFILE.wire.call, auth=Auth(AuthKind.BEARER, (("Authorization", SecretName("K")),)))),
    replace(PROFILE, name="other"),
    replace(PROFILE, realm=Realm.SANDBOX),
    replace(PROFILE, idempotency=Idempotency("header", "K", IdempotencyScope.REQUEST, timedelta(hours=1))),
]


@pytest.mark.parametrize("other", DIFFERENT)
def test_the_digest_changes_with_the_request(other: GatewayProfile) -> None:
    assert other.digest() != PROFILE.digest()


SAME = [
    replace(PROFILE, rates=(Rate(5),)),
    replace(PROFILE, connections=9),
    replace(PROFILE, wire=replace(PROFILE.wire, reply=Reply(statuses=(299,)))),
]


@pytest.mark.parametrize("other", SAME)
def test_the_digest_stays_where_the_request_does(other: GatewayProfile) -> None:
    assert other.digest() == PROFILE.digest()


def test_the_digest_is_the_same_in_every_process() -> None:
    assert PROFILE.digest() == "5e8f5d48c74aaa4810a6b6485297cd0f"


def test_secrets_are_named_once_in_the_order_of_their_use() -> None:
    call = Call(
        url=SecretName("URL"),
        auth=Auth(AuthKind.BASIC, (("user", SecretName("USER")), ("password", SecretName("URL")))),
        headers=(("X-A", SecretName("A")),),
        body=Fields((("k", SecretName("B")),)),
    )
    profile = replace(PROFILE, wire=Wire(call, proxy=SecretName("HTTPS_PROXY")))
    assert profile.secrets == ("URL", "A", "USER", "B", "HTTPS_PROXY")


def test_another_address_changes_nothing_else() -> None:
    moved = PROFILE.at("http://127.0.0.1:5/{x}")
    assert full_url(moved.wire.call, {"SID": "s"}) == "http://127.0.0.1:5/{x}"
    assert moved.at("https://a.example/").wire.call.variables == PROFILE.wire.call.variables
