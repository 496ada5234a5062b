"""Profiles as files: what is read, what is refused and where, and which secrets are wanted."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from smscli.domain.errors import FilesError
from smscli.domain.message import Realm
from smscli.domain.profile import (
    Auth,
    AuthKind,
    BatchMode,
    BodyEncoding,
    BodyTest,
    Constant,
    Each,
    ErrorClass,
    ErrorRule,
    Fields,
    GatewayProfile,
    Idempotency,
    IdempotencyScope,
    Items,
    NumberFormat,
    Rate,
    RateUnit,
    Result,
    ResultShape,
    RetryAfter,
    SecretName,
    Timeouts,
    TimeUnit,
    UnicodeSwitch,
    Unlisted,
    Validity,
    Words,
    words,
)
from smscli.files.located import Node, Table, parse_tree
from smscli.files.profile_file import load_preset, load_profile, required_secrets, resolve_secrets

PLAIN = """\
name: my-gateway
url: https://sms.example.com/send
auth: {kind: bearer, token: {env: MY_TOKEN}}
body: {to: "{to}", text: "{text}"}
result: {shape: one_id, id: id}
"""


def node(text: str) -> Node:
    return parse_tree(text, "campaigns.yaml").root


def loaded(text: str, base: Path = Path()) -> GatewayProfile:
    return load_profile(node(text), base)


def told(text: str, base: Path = Path()) -> list[str]:
    """Every problem as `line:column path code: message (hint)`."""
    with pytest.raises(FilesError) as refused:
        loaded(text, base)
    return [
        f"{problem.where.line}:{problem.where.column} {problem.where.path} {problem.code}: "
        f"{problem.message} ({problem.hint})"
        for problem in refused.value.problems
    ]


FULL = r"""
name: full
url: https://{region}.example.com/{account}/messages
variables: {region: eu, account: {env: ACCOUNT}}
method: POST
headers: {Accept: application/json, X-Call: "{request_id}"}
auth: {kind: header, fields: {Authorization: {env: KEY}}, scheme: App}
encoding: json
number: int
batch: {mode: list, max: 250}
body:
  dry: {$json: false}
  tags: [a, {$json: 3}]
  call: "{request_id}"
  secret: {env: SECOND}
  messages: {$each: messages, item: {to: "{to}", text: "{text}", ref: "{id}", note: "x{{y}}"}}
unicode: {when_needed: UCS2}
validity: {least: 60, most: 7200}
ok: {http: [200, 207], when: [{path: status, in: [OK, "0"]}, {text: 'fine|good'}]}
result:
  shape: list_by_key
  items: data.messages
  match: to.number
  id: ref
  ok: {path: state, equals: queued}
  code: error.code
  text: error.text
  segments: parts
  errors: [{in: [1, 2], class: number}, {path: kind, regex: '^opt', class: opted_out}]
  unlisted: rejected
errors:
  - {http: 429, path: limit, equals: "true", class: funds}
  - {http: [429, 503], class: rate_limited}
  - {in: [77], text: banned, class: sender}
error_code: error.code
error_text: error.message
retry_after: {pattern: '\[ (\d+) \]', unit: milliseconds}
idempotency: {where: header, name: Idempotency-Key, scope: request, window: 12h}
rate: {per_second: 2.5, counts: segment}
connections: 7
timeouts: {connect: 3, total: 20}
proxy: {env: HTTPS_PROXY}
clock_check: off
"""


def test_every_key_finds_its_place() -> None:
    profile = loaded(FULL)
    assert (profile.name, profile.realm, profile.batch, profile.batch_max) == (
        "full",
        Realm.LIVE,
        BatchMode.LIST,
        250,
    )
    assert profile.rates == (Rate(2.5, RateUnit.SEGMENT),)
    assert profile.connections == 7
    assert profile.clock_check is False
    assert profile.idempotency == Idempotency(
        "header", "Idempotency-Key", IdempotencyScope.REQUEST, timedelta(hours=12)
    )
    assert profile.wire.timeouts == Timeouts(3, 20)
    assert profile.wire.proxy == SecretName("HTTPS_PROXY")
    call = profile.wire.call
    assert call.url == words("https://{region}.example.com/{account}/messages")
    assert call.variables == (("region", words("eu")), ("account", SecretName("ACCOUNT")))
    assert call.headers == (("Accept", words("application/json")), ("X-Call", words("{request_id}")))
    assert call.auth == Auth(AuthKind.HEADER, (("Authorization", SecretName("KEY")),), "App")
    assert (call.encoding, call.number) == (BodyEncoding.JSON, NumberFormat.INT)
    assert call.unicode == UnicodeSwitch("UCS2", None)
    assert call.validity == Validity(60, 7200)
    assert call.body == Fields(
        (
            ("dry", Constant(False)),
            ("tags", Items((words("a"), Constant(3)))),
            ("call", words("{request_id}")),
            ("secret", SecretName("SECOND")),
            (
                "messages",
                Each(
                    Fields(
                        (
                            ("to", words("{to}")),
                            ("text", words("{text}")),
                            ("ref", words("{id}")),
                            ("note", Words(("x", "{", "y", "}"))),
                        )
                    )
                ),
            ),
        )
    )
    reply = profile.wire.reply
    assert reply.statuses == (200, 207)
    assert reply.when == (BodyTest(("status",), ("OK", "0")), BodyTest(None, (), "fine|good"))
    assert (reply.code, reply.text) == (("error", "code"), ("error", "message"))
    assert reply.errors == (
        ErrorRule(ErrorClass.FUNDS, (429,), (BodyTest(("limit",), ("true",)),)),
        ErrorRule(ErrorClass.RATE_LIMITED, (429, 503)),
        ErrorRule(
            ErrorClass.SENDER, (), (BodyTest(("error", "code"), ("77",)), BodyTest(None, (), "banned"))
        ),
    )
    assert reply.retry_after == RetryAfter(pattern=r"\[ (\d+) \]", unit=TimeUnit.MILLISECONDS)
    result = reply.result
    assert (result.shape, result.items, result.key) == (
        ResultShape.LIST_BY_KEY,
        ("data", "messages"),
        ("to", "number"),
    )
    assert (result.by_id, result.id, result.segments) == (False, ("ref",), ("parts",))
    assert (result.code, result.text) == (("error", "code"), ("error", "text"))
    assert result.ok == (BodyTest(("state",), ("queued",)),)
    assert result.errors == (
        ErrorRule(ErrorClass.NUMBER, (), (BodyTest(("error", "code"), ("1", "2")),)),
        ErrorRule(ErrorClass.OPTED_OUT, (), (BodyTest(("kind",), (), "^opt"),)),
    )
    assert result.unlisted is Unlisted.REJECTED


@pytest.mark.parametrize(("marker", "mode"), [("{to}", "list"), ("{text}", "list"), ("{id}", "fanout")])
def test_a_header_of_many_messages_cannot_speak_of_one(marker: str, mode: str) -> None:
    text = FULL.replace('"{request_id}"}', f'"{marker}"}}').replace("{mode: list,", f"{{mode: {mode},")
    assert any(f"headers.X-Call bad_marker: {marker} differs by message" in line for line in told(text))


def test_what_is_not_said_has_careful_defaults() -> None:
    profile = loaded(PLAIN)
    assert (profile.batch, profile.batch_max, profile.connections) == (BatchMode.ONE, 1, 4)
    assert (profile.rates, profile.idempotency, profile.clock_check) == ((), None, True)
    assert profile.wire.reply.result.unlisted is Unlisted.IN_DOUBT
    assert profile.wire.allow_plain_http is False
    assert profile.wire.proxy is None


@pytest.mark.parametrize("batch", ["one", "{mode: one}"])
def test_one_message_a_request_needs_no_word_about_how_many(batch: str) -> None:
    """The preset's `max` belongs to its mode."""
    chosen = load_profile(parse_tree(f"{{preset: clicksend, batch: {batch}}}", "own.yaml").root, Path())
    assert (chosen.batch, chosen.batch_max) == (BatchMode.ONE, 1)
    fewer = load_profile(parse_tree("{preset: clicksend, batch: {max: 7}}", "own.yaml").root, Path())
    assert (fewer.batch, fewer.batch_max) == (BatchMode.LIST, 7)


# --- what is refused ---

REFUSED = [
    ("bodi: {}", ['6:1 bodi unknown_key: is not known here (did you mean "body"?)']),
    ("method: PUT", ["6:9 method "]),
    ("encoding: jason", ['6:11 encoding wrong_value: "jason"', 'did you mean "json"']),
    ("batch: {mode: many}", ["6:15 batch.mode wrong_value"]),
    ("batch: many", ['6:8 batch wrong_value: "many" is none of one, fanout, list or merge']),
    ("batch: list", ['6:8 batch wrong_value: "list" does not say how many messages one request can carry']),
    ("batch: {mode: one, max: 5}", ["6:25 batch.max wrong_value: mode one carries 1 message"]),
    (
        "batch: {mode: list}",
        ["bad_marker: {to} differs by message"],
    ),
    ("batch: {join: ','}", ["6:9 batch.join unknown_key"]),
    ("rate: {per_second: 0}", ["6:20 rate.per_second wrong_value"]),
    ("rate: {per_second: nan}", ["6:20 rate.per_second"]),
    ("connections: 0", ["6:14 connections wrong_value"]),
    (
        "timeouts: {connect: 9, total: 5}",
        ["6:21 timeouts.connect wrong_value: has to be shorter than `total`"],
    ),
    ("validity: {least: 9, most: 5}", ["6:19 validity.least wrong_value"]),
    ("ok: {http: [99]}", ["6:13 ok.http", "is not an HTTP status"]),
    ("ok: {when: {in: [OK]}}", ["ok.when", "does not say where to look"]),
    ("errors: [{class: nonsense, http: 400}]", ["6:18 errors[0].class wrong_value"]),
    ("errors: [{class: funds}]", ["6:10 errors[0] missing: would hold for every answer"]),
    ("errors: [{class: funds, in: [7]}]", ["6:10 errors[0] missing: does not say where to look"]),
    ("errors: [{class: funds, text: '('}]", ["6:31 errors[0].text", "is not a regular expression"]),
    ("retry_after: {pattern: 'wait'}", ["6:24 retry_after.pattern", "needs exactly one group"]),
    ("idempotency: {where: header, window: 1h}", ["idempotency.name missing"]),
    (
        "idempotency: {where: body, window: 1h}",
        ["6:14 idempotency missing_marker: the body nowhere says {id}"],
    ),
    ("idempotency: {where: header, name: 'a b', window: 1h}", ["idempotency.name wrong_value"]),
    ("idempotency: {where: header, name: K, window: soon}", ["6:47 idempotency.window", "is not a duration"]),
    ("headers: {X-A: '{nope}'}", ["6:16 headers.X-A bad_marker: {nope} is not known here"]),
    ("headers: {X-A: '{sendr}'}", ["did you mean {sender}?"]),
    ("headers: {X-A: '{'}", ["6:16 headers.X-A bad_marker: holds a lone {"]),
    ("headers: {'X A': b}", ["headers.X A wrong_value: is not a header"]),
    ("headers: {Content-Length: '3'}", ["headers.Content-Length wrong_value"]),
    ("headers: {X-Api-Key: abcdef}", ["6:22 headers.X-Api-Key secret_written: looks like a secret"]),
    ("variables: {to: x}", ["variables.to wrong_value: cannot be the name of a variable"]),
    ("variables: {a: '{b}'}", ["variables.a bad_marker: {b} is not known here"]),
    ("encoding: text", ["4:7 body wrong_type: has to be a text"]),
    ("method: GET", ["6:9 method wrong_value: GET carries no body"]),
    ("clock_check: maybe", ["6:14 clock_check wrong_value"]),
    ("proxy:", ["6:7 proxy empty"]),
]


@pytest.mark.parametrize(("line", "expected"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_wrong_line_is_told_with_its_place(line: str, expected: list[str]) -> None:
    found = "\n".join(told(PLAIN + line + "\n"))
    for part in expected:
        assert part in found


CHANGED = [
    (
        "url: .*",
        "url: http://sms.example.com/",
        "2:6 url bad_url: is plain http://",
        "allow_plain_http: true",
    ),
    ("url: .*", "url: ftp://sms.example.com/", "2:6 url bad_url", ""),
    ("url: .*", "url: https://u:hunter2@sms.example.com/", "2:6 url bad_url: holds credentials", ""),
    ("url: .*", "url: https://sms.example.com/?api_key=hunter2", "2:6 url secret_written", "kind: query"),
    ("url: .*", "url: https://sms.example.com/{to}", "2:6 url bad_marker: {to} differs by message", ""),
    ("url: .*\n", "", "url missing", ""),
    ("name: .*\n", "", "name missing", ""),
    ("name: .*", "name: My Gateway", "1:7 name wrong_value", ""),
    ("auth: .*", "auth: {kind: bearer, token: hunter2}", "secret_written", "{env: SMS_KEY}"),
    ("auth: .*", "auth: {kind: bearer}", "auth.token missing", ""),
    ("auth: .*", "auth: {kind: basic, password: {env: P}}", "auth.user missing", ""),
    ("auth: .*", "auth: {kind: basic, user: me, password: hunter2}", "secret_written", ""),
    ("auth: .*", "auth: {kind: bearer, token: {env: T}, user: me}", "3:45 auth.user unknown_key", ""),
    ("auth: .*", "auth: {kind: header}", "auth.fields missing", ""),
    ("auth: .*", "auth: {kind: header, fields: {'A:b': {env: T}}}", "is not a header", ""),
    ("auth: .*", "auth: {kind: bearer, token: {env: 'A B'}}", "3:35 auth.token.env", ""),
    ("auth: .*", "auth: {kind: magic}", "3:14 auth.kind wrong_value", ""),
    ("body: .*", 'body: {to: "{to}"}', "4:7 body missing_marker: {text} stands nowhere", ""),
    ("body: .*", 'body: {text: "{text}"}', "4:7 body missing_marker: {to} stands nowhere", ""),
    ("body: .*", 'body: {to: "{to}", text: "{text", n: 1}', "4:26 body.text bad_marker: holds a lone {", ""),
    ("body: .*", 'body: {to: "{to}", text: "{text}", password: hunter2}', "body.password secret_written", ""),
    ("body: .*", 'body: {to: "{to}", text: "{text}", n: {$json: [1]}}', "body.n.$json", "texts are written"),
    ("body: .*", 'body: {$each: people, item: "{to}{text}"}', "body.$each", "{$each: messages"),
    ("body: .*", 'body: {$join: messages, item: "{to}{text}"}', "body.$join", "{$join: messages"),
    ("body: .*", 'body: {$join: messages, item: [], by: ","}', "body.item wrong_type", ""),
    ("body: .*", 'body: {"a{": "{to}{text}"}', "body.a{ bad_marker", ""),
    ("result: .*", "result: {shape: one_id}", "result.id missing", ""),
    ("result: .*", "result: {shape: list_by_key, id: x}", "result.match missing", ""),
    ("result: .*", "result: {shape: list_by_key, match: to}", "result.ok missing", ""),
    ("result: .*", "result: {shape: header}", "result.header missing", ""),
    ("result: .*", "result: {shape: text_regex, pattern: 'OK (.) (.)'}", "needs exactly one group", ""),
    ("result: .*", "result: {shape: round}", "5:17 result.shape wrong_value", ""),
    (
        "result: .*",
        "result: {shape: one_id, id: a, errors: [{in: [1], class: number}]}",
        "result.errors[0]",
        "code:",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "expected", "hint"),
    CHANGED,
    ids=[f"{row[1].strip() or 'no ' + row[0]}" for row in CHANGED],
)
def test_a_profile_that_does_not_fit_together_is_told_so(
    old: str, new: str, expected: str, hint: str
) -> None:
    text, changes = re.subn(f"^{old}", lambda _: new, PLAIN, flags=re.MULTILINE)
    assert changes == 1
    found = "\n".join(told(text))
    assert expected in found
    assert hint in found
    assert "hunter2" not in found


def test_all_problems_come_at_once() -> None:
    text = PLAIN.replace("https", "http") + "colour: red\nconnections: many\nheaders: {X-A: '{nope}'}\n"
    found = told(text)
    assert [line.split()[0] for line in found] == ["6:1", "7:14", "8:16"]


@pytest.mark.parametrize("text", ["[a, b]", "[]"])
def test_a_list_is_no_gateway(text: str) -> None:
    assert "needs a gateway" in told(text)[0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]/x"])
def test_loopback_needs_no_tls(url: str) -> None:
    loaded(PLAIN.replace("https://sms.example.com/send", url))


def test_plain_http_can_be_allowed() -> None:
    profile = loaded(PLAIN.replace("https", "http") + "allow_plain_http: true\n")
    assert profile.wire.allow_plain_http


# --- presets, files, overrides ---


def test_a_preset_by_name() -> None:
    assert load_profile(node("twilio"), Path()) == load_preset("twilio")
    assert load_profile("twilio", Path()) == load_preset("twilio")


def test_an_unknown_preset_is_told_with_its_place() -> None:
    assert told("twillio") == [
        '1:1  unknown_gateway: "twillio" is not a gateway preset (did you mean "twilio"?)'
    ]
    with pytest.raises(FilesError) as refused:
        load_preset("twillio")
    assert 'did you mean "twilio"?' in refused.value.hint


def test_a_preset_with_what_differs() -> None:
    profile = loaded(
        """
preset: twilio
variables: {account_sid: AC0}
auth: {kind: basic, user: {env: OTHER_KEY}, password: {env: OTHER_SECRET}}
body: {From: , MessagingServiceSid: MG0}
rate: {per_second: 10}
"""
    )
    plain = load_preset("twilio")
    assert profile.rates == (Rate(10),)
    assert profile.secrets == ("OTHER_KEY", "OTHER_SECRET")
    assert profile.wire.call.variables == (("account_sid", words("AC0")),)
    assert isinstance(profile.wire.call.body, Fields)
    assert [name for name, _ in profile.wire.call.body.fields] == [
        "To",
        "Body",
        "ValidityPeriod",
        "MessagingServiceSid",
    ]
    assert profile.wire.reply == plain.wire.reply
    assert profile.digest() != plain.digest()


def test_another_kind_or_shape_replaces_the_whole_mapping() -> None:
    changes = "auth: {kind: bearer, token: {env: T}}\nresult: {shape: header, header: X-Id}\n"
    profile = loaded("preset: twilio\n" + changes)
    assert profile.wire.call.auth == Auth(AuthKind.BEARER, (("Authorization", SecretName("T")),), "Bearer")
    assert profile.wire.reply.result == Result(ResultShape.HEADER, header="X-Id")


def test_a_problem_of_an_override_is_told_where_it_is_written() -> None:
    assert told("preset: twilio\nbody: {Note: '{nope}'}\n")[0].startswith("2:14 body.Note bad_marker")
    assert told("preset: kannel\nurl: http://10.0.0.1/\n")[0].startswith("2:6 url bad_url")


@pytest.mark.parametrize(
    ("text", "realm"),
    [
        ("sandbox", Realm.SANDBOX),
        ("{preset: sandbox, rate: {per_second: 5}, connections: 2}", Realm.SANDBOX),
        ("twilio", Realm.LIVE),
        ("{preset: twilio, name: sandbox}", Realm.LIVE),
        (PLAIN.replace("my-gateway", "sandbox"), Realm.LIVE),
    ],
)
def test_only_the_sandbox_itself_is_no_live_gateway(text: str, realm: Realm) -> None:
    assert loaded(text).realm is realm


@pytest.mark.parametrize("change", ["url: https://sms.example.com", "name: other", "auth: {kind: none}"])
def test_the_sandbox_cannot_be_turned_into_another_gateway(change: str) -> None:
    assert "is fixed for the sandbox" in told(f"preset: sandbox\n{change}\n")[0]


def test_a_profile_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(PLAIN, "utf-8")
    assert loaded("gateway.yaml", tmp_path) == loaded(PLAIN)
    changed = loaded("{file: gateway.yaml, connections: 9}", tmp_path)
    assert changed == replace(loaded(PLAIN), connections=9)


def test_a_file_can_start_from_a_preset_and_cannot_be_the_sandbox_under_another_address(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.yaml").write_text("preset: twilio\nconnections: 3\n", "utf-8")
    assert loaded("mine.yaml", tmp_path) == replace(load_preset("twilio"), name="mine", connections=3)
    (tmp_path / "bad.yaml").write_text("preset: sandbox\nurl: https://a.example/\n", "utf-8")
    assert "is fixed for the sandbox" in told("bad.yaml", tmp_path)[0]


def test_problems_of_a_file_are_told_in_that_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(PLAIN + "colour: red\n", "utf-8")
    with pytest.raises(FilesError) as refused:
        loaded("mine.yaml", tmp_path)
    assert refused.value.problems[0].where.file.endswith("mine.yaml")
    (tmp_path / "loop.yaml").write_text("file: loop.yaml\n", "utf-8")
    assert "cannot name another" in told("loop.yaml", tmp_path)[0]
    assert "no such file" in told("absent.yaml", tmp_path)[0]


NAMELESS = PLAIN.replace("name: my-gateway\n", "")


def test_a_profile_is_called_what_the_file_calls_it(tmp_path: Path) -> None:
    tree = node("gateways:\n  mine:\n" + NAMELESS.replace("\n", "\n    ").join(["    ", ""]))
    assert isinstance(tree, Table)
    assert isinstance(tree.entries["gateways"], Table)
    assert load_profile(tree.entries["gateways"].entries["mine"], tmp_path).name == "mine"
    (tmp_path / "from-file.yaml").write_text(NAMELESS, "utf-8")
    assert loaded("from-file.yaml", tmp_path).name == "from-file"
    (tmp_path / "other.yaml").write_text(PLAIN, "utf-8")
    assert loaded("other.yaml", tmp_path).name == "my-gateway"


def test_two_accounts_of_one_preset_have_two_names() -> None:
    tree = node("gateways: {twilio-eu: {preset: twilio}, rehearsal: {preset: sandbox}}")
    assert isinstance(tree, Table)
    gateways = tree.entries["gateways"]
    assert isinstance(gateways, Table)
    names = [load_profile(each, Path()).name for each in gateways.entries.values()]
    assert names == ["twilio-eu", "sandbox"]


# --- secrets ---


def test_required_secrets_are_named() -> None:
    assert required_secrets(loaded(FULL)) == ("ACCOUNT", "KEY", "SECOND", "HTTPS_PROXY")


def test_secrets_come_from_the_environment() -> None:
    assert resolve_secrets(loaded(PLAIN), {"MY_TOKEN": "t", "OTHER": "x"}) == {"MY_TOKEN": "t"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "is not set"),
        ("", "is not set"),
        ("  ", "blank"),
        ("hunter2\n", "line break"),
        ("a\x00", "control"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_not_shown(value: str | None, said: str) -> None:
    environ = {} if value is None else {"MY_TOKEN": value}
    with pytest.raises(FilesError) as refused:
        resolve_secrets(loaded(PLAIN), environ)
    assert "MY_TOKEN" in refused.value.message
    assert said in refused.value.message
    assert "type: export MY_TOKEN=" in refused.value.hint
    assert "hunter2" not in refused.value.hint
    assert "hunter2" not in refused.value.message + refused.value.hint


def test_every_missing_secret_is_named_at_once() -> None:
    with pytest.raises(FilesError) as refused:
        resolve_secrets(load_preset("kannel"), {})
    assert "KANNEL_USERNAME" in refused.value.message
    assert "KANNEL_PASSWORD" in refused.value.message
    assert "export KANNEL_USERNAME=… KANNEL_PASSWORD=…" in refused.value.hint


@pytest.mark.parametrize("url", ["http://sms.example.com/?hunter2", "nonsense-hunter2"])
def test_a_url_from_the_environment_is_held_to_the_same_rules(url: str) -> None:
    with pytest.raises(FilesError) as refused:
        resolve_secrets(load_preset("generic-json"), {"SMS_GATEWAY_URL": url, "SMS_GATEWAY_TOKEN": "t"})
    assert "the URL in SMS_GATEWAY_URL" in refused.value.message
    assert "hunter2" not in refused.value.message + refused.value.hint
