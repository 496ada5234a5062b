"""`smscli gateway`: what it says of gateways, the request it shows, and the message it sends."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smscli.cli.present.gateway import written
from smscli.domain.profile import SecretName
from smscli.files.profile_file import load_preset, preset_names
from tests.cli.desk import READY, Desk
from tests.cli.program import Finished, Program
from tests.support.answers import AcceptSome, Refuse, ResetAfterReading, Status
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN

ROOT = Path(__file__).parents[2]
ME = "+12025550123"
NUMBER = f"--to {ME}"

#: How secrets can stand in a request: a name, and what differs from `PROFILE`.
PLACES: Mapping[str, str] = {
    "no credentials": "",
    "basic": "auth: {kind: basic, user: {env: ACME_USER}, password: {env: ACME_PASSWORD}}",
    "basic without password": "auth: {kind: basic, user: {env: ACME_USER}}",
    "basic by a variable": (
        "variables: {account: {env: ACME_USER}}\n"
        "auth: {kind: basic, user: 'acct:{account}', password: {env: ACME_PASSWORD}}"
    ),
    "bearer": "auth: {kind: bearer, token: {env: ACME_PASSWORD}}",
    "another scheme": "auth: {kind: bearer, token: {env: ACME_PASSWORD}, scheme: AccessKey}",
    "headers": "auth: {kind: header, fields: {X-User: {env: ACME_USER}, X-Pass: {env: ACME_PASSWORD}}}",
    "query": "auth: {kind: query, fields: {user: {env: ACME_USER}, pass: {env: ACME_PASSWORD}}}",
    "json": "auth: {kind: form, fields: {user: {env: ACME_USER}, pass: {env: ACME_PASSWORD}}}",
    "form": (
        "encoding: form\nauth: {kind: form, fields: {user: {env: ACME_USER}, pass: {env: ACME_PASSWORD}}}"
    ),
    "all in the query": (
        "method: GET\nencoding: query\n"
        "auth: {kind: query, fields: {user: {env: ACME_USER}, pass: {env: ACME_PASSWORD}}}"
    ),
    "a text": (
        "encoding: text\nheaders: {X-To: '{to}', X-Id: '{id}', X-From: '{sender}'}\n"
        "auth: {kind: header, fields: {X-Pass: {env: ACME_PASSWORD}}, scheme: App}"
    ),
    "in the path": (
        "variables: {account: {env: ACME_USER}}\nurl: 'BASE/{account}/send?v=1'\n"
        "auth: {kind: bearer, token: {env: ACME_PASSWORD}}"
    ),
    "the URL itself": "url: {env: ACME_URL}\nauth: {kind: query, fields: {pass: {env: ACME_PASSWORD}}}",
    "in the middle of a body": (
        "variables: {key: {env: ACME_PASSWORD}}\n"
        "body: {to: '{to}', text: '{text}', from: '{sender}', note: 'key={key}; {id}'}"
    ),
    "validity and a key": (
        "auth: {kind: bearer, token: {env: ACME_PASSWORD}}\n"
        "idempotency: {where: header, name: Idempotency-Key, window: 24h}\n"
        "body: {to: '{to}', text: '{text}', from: '{sender}', ttl: '{validity_seconds}'}"
    ),
}

PROFILE = {
    "name": "acme",
    "url": "BASE/send",
    "encoding": "json",
    "body": "{to: '{to}', text: '{text}', from: '{sender}', id: '{id}'}",
    "ok": "{http: [202]}",
    "result": "{shape: none}",
}

SECRETS = {
    "ACME_USER": 'o\'la & co/"x"',
    "ACME_PASSWORD": "s3<cr>et=%+/ \\?#",
}

#: A body of one text to several.
FANNED_OUT = "{to: {$each: messages, item: '{to}'}, text: '{text}', from: '{sender}'}"


def profile_yaml(place: str, url: str) -> str:
    """A whole profile, with credentials in that place."""
    differs = PLACES[place]
    if "encoding: text" in differs:
        differs += "\nbody: '{text}'"
    own = {line.partition(":")[0] for line in differs.splitlines()}
    same = [f"{key}: {value}" for key, value in PROFILE.items() if key not in own]
    return "\n".join([*same, differs, ""]).replace("BASE", url)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


# --- the list ---


def test_the_list_names_every_preset_and_what_is_set_but_no_value() -> None:
    told = Program(environ={"TWILIO_ACCOUNT_SID": "AC-sesame", "SMS_GATEWAY_TOKEN": " "})("gateway", "list")
    assert told.code == 0
    rows = {line.split()[0]: line for line in told.out.splitlines() if line}
    assert list(rows) == ["name", *preset_names(), "Next"]
    assert rows["twilio"].endswith(" TWILIO_ACCOUNT_SID (set), TWILIO_AUTH_TOKEN")
    assert rows["generic-json"].endswith(" SMS_GATEWAY_URL, SMS_GATEWAY_TOKEN")
    assert "nobody is texted" in rows["sandbox"]
    assert "sesame" not in told.out + told.err


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("twil", ["twilio"]),
        ("Vonage", ["vonage-messages", "vonage-sms"]),
        ("NEXMO", ["vonage-sms"]),  # what it was called once stands in what it is
        ("acme", ["acme"]),
    ],
)
def test_the_list_narrows_to_a_word_of_the_name_or_of_what_it_is(
    desk: Desk, word: str, names: list[str]
) -> None:
    desk.campaigns(top="gateways:\n  acme: {preset: kannel}\n")
    told = desk("gateway", "list", word, "--campaigns", "campaigns.yaml")
    assert [line.split()[0] for line in told.out.splitlines()[1:] if line[:1].strip()] == [*names, "Next"]


def test_the_list_ends_with_a_command_that_can_be_typed_as_it_is_where_one_gateway_is_meant() -> None:
    program = Program()
    assert program("gateway", "list", "nexmo").out.endswith("\nNext      smscli gateway show vonage-sms\n")
    assert program("gateway", "list").out.endswith("\nNext      smscli gateway show NAME\n")


def test_the_list_in_json_has_these_keys() -> None:
    document = Program(environ={"TWILIO_AUTH_TOKEN": "sesame"})("gateway", "list", "--json").document
    assert list(document) == ["schema", "command", "status", "gateways"]
    assert {tuple(each) for each in document["gateways"]} == {
        ("name", "written", "realm", "title", "documentation", "what", "variables")
    }
    twilio = next(each for each in document["gateways"] if each["name"] == "twilio")
    assert twilio["documentation"].startswith("https://www.twilio.com/")
    assert twilio["variables"] == [
        {"name": "TWILIO_ACCOUNT_SID", "set": False},
        {"name": "TWILIO_AUTH_TOKEN", "set": True},
    ]


def test_the_gateways_of_a_campaigns_file_are_listed_with_where_they_are_written(desk: Desk) -> None:
    desk.campaigns(top="gateways:\n  ours: {preset: twilio, rate: {per_second: 1}}\n  dry: sandbox\n")
    told = desk("gateway", "list", "--campaigns", "campaigns.yaml", "--json").document["gateways"]
    assert [(each["name"], each["written"], each["realm"]) for each in told[-2:]] == [
        ("ours", "campaigns.yaml", "live"),
        ("dry", "campaigns.yaml", "sandbox"),
    ]
    assert "1 message a second" in told[-2]["what"]


def test_every_problem_of_the_gateways_of_a_file_is_told_at_once(desk: Desk) -> None:
    desk.campaigns(top="gateways:\n  ours: {preset: twillio}\n  theirs: {preset: kannel, rte: 1}\n")
    told = desk("gateway", "list", "--campaigns", "campaigns.yaml", "--json")
    assert told.code == 4
    places = [problem["path"] for problem in told.document["error"]["problems"]]
    assert places == ["gateways.ours.preset", "gateways.theirs.rte"]


# --- one gateway ---


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_shown_at_eighty_columns_with_the_next_command(name: str) -> None:
    told = Program()("gateway", "show", name)
    assert (told.code, told.err) == (0, "")
    lines = told.out.splitlines()
    assert max(len(line) for line in lines if not line.startswith("  https://")) <= 80  # addresses are whole
    profile = load_preset(name)
    for variable in profile.secrets:
        assert re.search(rf"  {variable} +not set\n", told.out)
        assert f"{variable}=…" in told.out
    assert f"\n  gateway: {name}\n" in told.out
    assert told.out.splitlines()[-1] == f"Next      smscli gateway try {name} --to +12025550123"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("twilio", "POST https://api.twilio.com/2010-04-01/Accounts/{account_sid}/Messages.json"),
        ("twilio", "{account_sid} <TWILIO_ACCOUNT_SID>"),
        ("twilio", "basic (user and password): user {account_sid}, password <TWILIO_AUTH_TOKEN>"),
        ("twilio", "1 message a call; 10 calls at once, at most"),
        ("twilio", "6 seconds to 10 hours"),
        ("twilio", "10 seconds to connect, 30 seconds for the whole call"),
        ("twilio", "promises nothing about repeats"),
        ("twilio", "the number (code is 21211, 21614 or 21635)"),
        ("twilio", "opted out, and goes on the opt-out list (code is 21610)"),
        ("twilio", "too fast (code is 20429 or status 429); no connection (released, and offered again)"),
        ("twilio", "credentials (code is 20003 or status 401)"),
        ("generic-json", "POST <SMS_GATEWAY_URL>"),
        ("generic-json", "bearer: Authorization <SMS_GATEWAY_TOKEN>"),
        ("generic-json", "up to 100 messages a call"),
        ("generic-json", "for each message that it lists, if status is accepted"),
        ("generic-json", "already accepted code is already_accepted"),
        ("generic-json", "any other error of a message that the answer lists"),
        ("kannel", "status 202 and the text matches ^[03]:"),
        ("kannel", "status 503 and the text matches Temporal failure; no connection; any other 429"),
        ("sandbox", "it texts nobody"),
    ],
)
def test_what_is_shown_of_a_preset(name: str, said: str) -> None:
    assert said in " ".join(Program()("gateway", "show", name).out.split())


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("message", "A key for each message (header Idempotency-Key) is taken once within 24 hours."),
        ("request", "A key for each request (header Idempotency-Key) is taken once within 24 hours."),
    ],
)
def test_a_promise_about_repeats_is_told_with_what_becomes_of_doubt(
    desk: Desk, scope: str, said: str
) -> None:
    promise = f"idempotency: {{where: header, name: Idempotency-Key, scope: {scope}, window: 24h}}\n"
    text = (
        profile_yaml("bearer", "https://sms.example.com")
        + promise
        + "rate: {per_second: 2, counts: segment}\n"
    )
    (desk.path / "acme.yaml").write_text(text)
    told = " ".join(desk("gateway", "show", "acme.yaml").out.split())
    assert f"{said} What is in doubt is sent again with the same key, for at most 12 hours." in told
    assert "at most 2 segments a second" in told
    assert "gateway: acme.yaml" in told


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("proxy: {env: HTTPS_PROXY}", "Proxy <HTTPS_PROXY>"),
        ("clock_check: off", "its clock is not compared with this machine's"),
        ("batch: {mode: fanout, max: 50}", "one text to up to 50 numbers a call"),
        (
            "rate: [{per_second: 30}, {per_second: 1, counts: segment, per: sender}]",
            "at most 30 messages a second, and 1 segment a second for each sender",
        ),
        ("connections: 1", "1 call at once, at most"),
        ("rate: {per_second: 1}", "at most 1 message a second"),
        ("number: e164bare", "numbers like 12025550123"),
        ("result: {shape: ids, items: ids}", "for each message that it lists with an id"),
        ("result: {shape: one_id, id: sid, ok: {path: state, in: [a, b]}}", "202, and state is a or b"),
        ("errors: [{http: [418], regex: 'tea', path: why, class: setup}]", "status 418 and why matches tea"),
        ("errors: [{http: [503], path: why, class: in_doubt}]", "in doubt status 503 and why is there"),
    ],
)
def test_what_a_profile_of_one_s_own_says_is_told(desk: Desk, more: str, said: str) -> None:
    changed = more.partition(":")[0]
    lines = profile_yaml("bearer", "https://sms.example.com").splitlines()
    kept = [line for line in lines if not line.startswith(f"{changed}:")]
    text = "\n".join([*kept, more, ""])
    if "fanout" in more:
        text = text.replace(PROFILE["body"], FANNED_OUT)
    (desk.path / "acme.yaml").write_text(text)
    assert said in " ".join(desk("gateway", "show", "acme.yaml").out.split())


@pytest.mark.parametrize(
    ("name", "afterwards", "doubt"),
    [
        ("twilio", "asks it for delivery receipts, replies; not for opt-outs", "`smscli resolve --ask` asks"),
        ("kannel", "it cannot be asked; what it tells by push", "you look it up and tell `smscli resolve`"),
        ("sandbox", "`smscli sync` asks it for delivery receipts It needs", "`smscli resolve --ask` asks"),
    ],
)
def test_what_a_gateway_can_be_asked_afterwards_is_told(name: str, afterwards: str, doubt: str) -> None:
    told = " ".join(Program()("gateway", "show", name).out.split())
    assert afterwards in told.partition(" Afterwards ")[2]
    assert f"not sent again by itself: {doubt}" in told


def test_what_a_call_never_holds_of_ours_is_told(desk: Desk) -> None:
    desk.campaigns(gateway="{preset: generic-json, batch: {max: 30000}}")
    told = " ".join(desk("gateway", "show", "--campaigns", "campaigns.yaml").out.split())
    assert "up to 30,000 messages a call (smscli sends 5,000);" in told


def test_a_profile_shown_in_json_has_these_keys() -> None:
    document = Program()("gateway", "show", "twilio", "--json").document
    assert list(document) == [
        *("schema", "command", "status", "name", "written", "realm", "title", "documentation"),
        *("what", "variables"),
        *("method", "url", "url_variables", "auth", "proxy", "encoding", "number", "batch", "connections"),
        *("rates", "validity", "timeouts", "idempotency", "clock_check", "polls", "answers"),
    ]
    assert document["batch"] == {"mode": "one", "max": 1}
    assert document["validity"] == {"least": 6, "most": 36000}
    assert document["polls"] == {"receipts": True, "lookup": True, "replies": True, "opt_outs": False}
    assert document["url_variables"] == {"account_sid": "<TWILIO_ACCOUNT_SID>"}
    assert list(document["answers"]) == [
        *("accepted", "already accepted", "rejected", "not taken", "run stops", "in doubt"),
    ]


@pytest.mark.parametrize("name", preset_names())
def test_the_file_of_a_preset_is_printed_as_it_is(name: str, desk: Desk) -> None:
    bundled = (ROOT / f"smscli/presets/gateways/{name}.yaml").read_text("utf-8")
    told = desk("gateway", "show", name, "--yaml")
    assert told == Finished(0, bundled, "")
    assert desk("gateway", "show", name, "--yaml", "--json").document["yaml"] == bundled


def test_a_printed_preset_is_a_start_for_a_profile_of_one_s_own(desk: Desk) -> None:
    (desk.path / "ours.yaml").write_text(desk("gateway", "show", "kannel", "--yaml").out)
    ours, kannel = (desk("gateway", "show", name, "--json").document for name in ("ours.yaml", "kannel"))
    own = {"written", "title", "documentation"}
    assert {key: ours[key] for key in ours.keys() - own} == {key: kannel[key] for key in kannel.keys() - own}


# --- which gateway is meant ---


def test_a_gateway_is_found_as_preset_as_file_and_by_its_name_in_a_campaigns_file(desk: Desk) -> None:
    top = "gateways:\n  ours: {preset: kannel, connections: 1}\n  kannel: {preset: kannel, connections: 2}\n"
    desk.campaigns(gateway="ours", top=top)
    (desk.path / "acme.yaml").write_text(profile_yaml("bearer", "https://sms.example.com"))

    def connections(*words: str) -> int:
        return int(desk("gateway", "show", *words, "--json").document["connections"])

    assert connections("kannel") == 4
    assert connections("ours", "--campaigns", "campaigns.yaml") == 1
    assert connections("kannel", "--campaigns", "campaigns.yaml") == 2  # as `gateway: kannel` is read there
    assert connections("--campaigns", "campaigns.yaml") == 1
    assert connections("twilio", "--campaigns", "campaigns.yaml") == 10
    assert desk("gateway", "show", "acme.yaml", "--json").document["name"] == "acme"


@pytest.mark.parametrize(
    ("gateway", "typed"),
    [
        ("{preset: twilio, connections: 1}", "--campaigns campaigns.yaml"),
        ("twilio", "twilio"),
        ("ours", "ours --campaigns campaigns.yaml"),
    ],
)
def test_the_gateway_at_the_top_of_a_file_needs_no_name_and_the_next_command_finds_it(
    desk: Desk, gateway: str, typed: str
) -> None:
    desk.campaigns(gateway=gateway, top="gateways: {ours: {preset: twilio}}\n")
    told = desk("gateway", "show", "--campaigns", "campaigns.yaml")
    words = told.out.splitlines()[-1].split()[2:]
    assert words == ["gateway", "try", *typed.split(), "--to", ME]
    assert desk(*words).code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("show twillio", 2, "did you mean twilio?"),
        ("show nobody", 2, "a preset (smscli gateway list)"),
        ("show our --campaigns campaigns.yaml", 2, "did you mean ours?"),
        ("show", 2, "nothing says which gateway"),
        ("show --campaigns none.yaml", 4, "none.yaml"),
        ("show none.yaml", 4, "none.yaml"),
        ("show ours --campaigns campaigns.yaml --yaml", 2, "is written in campaigns.yaml already"),
        ("try twilio", 2, "--to +12025550123"),
        ("try twilio --to 12", 2, "--to"),
        ("list nosuch", 2, "smscli gateway show generic-json --yaml"),
        ("try twilio --to 2025550123", 2, "+ and the country code"),
        ("try twilio --to 2025550123 --region XX", 2, "--region"),
        ("try twilio --to +12025550177 --text ''", 2, "--text"),
        ("try sandbox --to +12025550177 --send", 2, "nothing says which sent log"),
        ("try kannel --to +12025550177 --send --log x.db", 2, "--from SENDER"),
        ("try kannel --to +12025550177 --send --log x.db --from Me", 4, "export KANNEL_USERNAME=… KANNEL"),
        ("try sandbox --to +12025550177 --send --log x.db", 7, "x.db"),
    ],
)
def test_what_cannot_be_is_told_with_what_to_type_next(desk: Desk, words: str, code: int, said: str) -> None:
    desk.campaigns(top="gateways: {ours: {preset: twilio}}\n")
    told = desk("gateway", *(word.strip("'") for word in words.split()))
    assert (told.code, told.out) == (code, "")
    assert said in told.err
    assert desk.files() == {"campaigns.yaml"}
    assert "+12025550177" not in told.err


def test_a_number_without_its_country_is_read_with_a_region(desk: Desk) -> None:
    told = desk("gateway", "try", "twilio", "--to", "202-555-0123", "--region", "us")
    assert "To=%2B12025550123" in told.out


# --- the request, byte for byte ---

Put = Callable[[str], str]


def put_in(text: str, put: Put, environ: Mapping[str, str]) -> str:
    """What is shown with real values where their names stand, each written as `put` says."""
    return re.sub(r"<([A-Z_]+)>", lambda found: put(environ[found[1]]), text)


def in_header(said: str, environ: Mapping[str, str]) -> str:
    basic = re.fullmatch(r"Basic <base64 of (.*)>", said)
    if basic is None:
        return put_in(said, str, environ)
    return "Basic " + b64encode(put_in(basic[1], str, environ).encode()).decode()


def in_url(url: str, environ: Mapping[str, str]) -> str:
    whole = re.match(r"<[A-Z_]+>", url)  # the URL itself stands in a variable
    start = put_in(whole[0], str, environ) if whole else ""
    path, mark, query = url.removeprefix(whole[0] if whole else "").partition("&" if whole else "?")
    path = put_in(path, lambda value: quote(value, safe=":"), environ)
    return start + path + mark + put_in(query, lambda value: quote(value, safe=""), environ)


def in_body(body: str, encoding: str, environ: Mapping[str, str]) -> str:
    put: Mapping[str, Put] = {
        "json": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
        "form": quote_plus,
    }
    return put_in(body, put.get(encoding, str), environ)


def same_id(text: str) -> str:
    """Each message has an id, a key and an end of its own."""
    text = re.sub(r"\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b", "ID", text)
    text = re.sub(r"(deduplication-id=)\d+", r"\1ID", text)
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "THEN", text)


def moved(name: str, base: str) -> str:
    """A preset whose messages go to this machine, whatever its URL says: all of that URL is in the path."""
    url = load_preset(name).wire.call.url
    if isinstance(url, SecretName):
        return f"{{preset: {name}}}"
    return f"{{preset: {name}, url: '{base}/{written(url).partition('://')[2]}'}}"


@pytest.fixture(scope="module")
def gateway() -> Iterator[LoopbackGateway]:
    """Takes whatever comes: what is asked of it is only what it got."""
    with LoopbackGateway() as loopback:
        loopback.otherwise(Status(202))
        yield loopback


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", ["Hello & <welcome>", 'Zażółć "gęślą"\njaźń 🚲'])
def test_what_is_shown_is_what_the_gateway_gets_with_the_secrets_put_in(
    desk: Desk, gateway: LoopbackGateway, place: str, text: str
) -> None:
    base = f"http://127.0.0.1:{gateway.port}"
    (desk.path / "acme.yaml").write_text(profile_yaml(place, base))
    desk.campaigns()
    desk.environ |= {**SECRETS, "ACME_URL": f"{base}/own?account=7"}
    words = ("gateway", "try", "acme.yaml", "--to", ME, "--text", text, "--from", "Garage")
    before = len(gateway.requests)
    shown = desk(*words, "--json").document["request"]
    assert len(gateway.requests) == before, "nothing may be sent without --send"
    assert desk(*words, "--send", "--campaigns", "campaigns.yaml").code == 0
    got = gateway.requests[-1]

    encoding = "form" if got.headers.get("content-type", "").endswith("urlencoded") else "json"
    encoding = "text" if place == "a text" else encoding
    url = urlsplit(in_url(shown["url"], desk.environ))
    assert (shown["method"], f"{url.scheme}://{url.netloc}") == (got.method, base)
    assert same_id(got.target) == same_id(f"{url.path}?{url.query}" if url.query else url.path)
    assert same_id(got.body.decode()) == same_id(in_body(shown["body"], encoding, desk.environ))
    headers = {name.lower(): in_header(said, desk.environ) for name, said in shown["headers"]}
    added = {"host", "accept-encoding", "content-length", "connection"}
    assert {name: same_id(said) for name, said in got.headers.items() if name not in added} == {
        name: same_id(said) for name, said in headers.items()
    }
    assert got.headers.keys() - headers.keys() <= added


@pytest.mark.parametrize("name", sorted(set(preset_names()) - {"sandbox"}))
def test_of_every_preset_too_the_request_shown_is_the_one_received(
    desk: Desk, gateway: LoopbackGateway, name: str
) -> None:
    base, before = f"http://127.0.0.1:{gateway.port}", len(gateway.requests)
    desk.campaigns(gateway=moved(name, base))
    profile = load_preset(name)
    for at, variable in enumerate(profile.secrets):
        is_url = variable.endswith("_URL") and name != "infobip"  # whose variable is a host
        desk.environ |= {variable: f"{base}/messages" if is_url else f"s3cr et={at}&"}
    words = ("gateway", "try", "--to", ME, "--from", "Garage", "--campaigns", "campaigns.yaml")
    shown = desk(*words).out
    desk(*words, "--send")
    assert {request.method for request in gateway.requests[before:]} == {"POST"}, "none came here"
    got = gateway.requests[before]
    head, _, body = shown.removesuffix("\n").partition("\n\n")
    first, *lines = head.split("\n")
    target = in_url(first.removeprefix("POST "), desk.environ).removeprefix(base)
    assert same_id(target) == same_id(got.target)
    body = in_body(body, profile.wire.call.encoding, desk.environ)
    assert same_id(body) == same_id(got.body.decode())
    for line in lines:
        header, _, said = line.partition(": ")
        assert same_id(got.headers[header.lower()]) == same_id(in_header(said, desk.environ))


def test_headers_are_shown_in_their_order_and_the_request_alone_is_on_stdout(desk: Desk) -> None:
    told = desk("gateway", "try", "kannel", "--to", ME, "--from", "Garage", "--text", "Hello\nthere")
    assert told.out == (
        "POST http://127.0.0.1:13013/cgi-bin/sendsms\n"
        "Content-Type: text/plain; charset=UTF-8\n"
        "X-Kannel-To: +12025550123\n"
        "X-Kannel-From: Garage\n"
        "X-Kannel-Coding: 0\n"
        "X-Kannel-Validity: 10080\n"
        "X-Kannel-Username: <KANNEL_USERNAME, not set>\n"
        "X-Kannel-Password: <KANNEL_PASSWORD, not set>\n"
        "Accept: */*\n"
        "User-Agent: smscli\n"
        "\n"
        "Hello\nthere\n"
    )
    assert "nothing is sent" in told.err
    assert "export KANNEL_USERNAME=… KANNEL_PASSWORD=…" in told.err
    assert desk.files() == set()


def test_a_missing_sender_is_named_in_the_request_and_nothing_else_of_it_changes(desk: Desk) -> None:
    told = desk("gateway", "try", "twilio", "--to", ME)
    assert "&From=<sender>&" in told.out
    assert "&From=Me&" in desk("gateway", "try", "twilio", "--to", ME, "--from", "Me").out


@pytest.mark.parametrize(
    ("senders", "shown"),
    [("Garage", "Garage"), ("{default: Garage, US: '+12025550143'}", "%2B12025550143")],
)
def test_the_sender_of_a_campaigns_file_is_taken_where_its_campaigns_agree(
    desk: Desk, senders: str, shown: str
) -> None:
    desk.campaigns()
    text = (desk.path / "campaigns.yaml").read_text()
    (desk.path / "campaigns.yaml").write_text(text.replace("sender: Garage", f"sender: {senders}"))
    words = ("gateway", "try", "twilio", "--to", ME, "--campaigns", "campaigns.yaml")
    assert f"&From={shown}&" in desk(*words).out
    other = READY.replace("ready:", "other:") + "    sender: Other\n"
    desk.campaigns(READY + other)
    assert "&From=<sender>&" in desk(*words).out


def test_the_sandbox_needs_no_sender_and_texts_nobody_anyway(desk: Desk) -> None:
    told = desk("gateway", "try", "sandbox", "--to", ME, "--text", "Здраво")
    assert '"from":"smscli"' in told.out
    assert "1 segment, UCS-2; nothing is sent" in told.err
    assert "chosen when it runs" in told.err


def test_a_request_in_json_has_these_keys() -> None:
    document = Program(environ={"TWILIO_AUTH_TOKEN": "x"})(
        "gateway", "try", "twilio", *NUMBER.split(), "--json"
    ).document
    assert list(document) == [
        *("schema", "command", "status", "gateway", "realm", "sent", "variables", "request"),
    ]
    assert document["sent"] is False
    assert list(document["request"]) == ["method", "url", "headers", "body"]
    assert document["request"]["headers"][0] == [
        "Authorization",
        "Basic <base64 of <TWILIO_ACCOUNT_SID, not set>:<TWILIO_AUTH_TOKEN>>",
    ]


def test_a_secret_that_no_header_can_carry_is_found_before_anything_is_sent() -> None:
    told = Program(environ={"SMS_GATEWAY_URL": "https://sms.example.com/", "SMS_GATEWAY_TOKEN": "żółw"})(
        "gateway", "try", "generic-json", *NUMBER.split()
    )
    assert (told.code, told.out) == (4, "")
    assert "header Authorization would hold" in told.err
    assert "żółw" not in told.err


# --- no secret, whatever it is ---

secrets = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12).map(lambda text: f"Q7{text}zX")


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(user=secrets, password=secrets)
def test_the_output_is_the_same_whatever_the_secrets_are(
    tmp_path: Path, place: str, user: str, password: str
) -> None:
    """What does not depend on a secret cannot give it away."""
    profile = tmp_path / "acme.yaml"
    profile.write_text(profile_yaml(place, "https://sms.example.com"))

    def told(user: str, password: str) -> list[Finished]:
        url = f"https://sms.example.com/{quote(password)}"
        program = Program(environ={"ACME_USER": user, "ACME_PASSWORD": password, "ACME_URL": url})
        shown = (("try", *NUMBER.split()), ("try", *NUMBER.split(), "--json"), ("show",), ("show", "--json"))
        return [program("gateway", verb, str(profile), *more) for verb, *more in shown]

    expected = told("ola", "sesame")
    for got, wanted in zip(told(user, password), expected, strict=True):
        if got.code == 4:  # no header can carry it
            assert "outside ASCII" in got.err
            assert not (password.isascii() and user.isascii())
        else:
            assert got == wanted
        for said in (got.out, got.err):
            assert not any(form in said for form in forms(user) | forms(password))


def forms(secret: str) -> set[str]:
    """A secret as it would look in some place or other."""
    plain = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    return plain | {b64encode(secret.encode()).decode().rstrip("=")[:-2]}


# --- sending it ---

SENT = [
    *("schema", "command", "status", "gateway", "realm", "sent", "sent_log", "to", "sender", "text"),
    *("encoding", "segments", "id", "state", "gateway_ref", "gateway_segments", "code", "detail", "outbox"),
]


def tried(desk: Desk, *words: str) -> Finished:
    return desk("gateway", "try", "--to", ME, "--campaigns", "campaigns.yaml", "--send", *words)


def test_one_message_is_sent_through_the_sandbox_and_recorded_in_realm_test(desk: Desk) -> None:
    desk.campaigns()
    told = tried(desk, "sandbox", "--text", "Hello")
    assert told.code == 0
    assert told.out.startswith("sandbox: accepted. +1202•••0123 from Garage, 1 segment, GSM-7\n")
    assert "sandbox: nobody was texted" in told.out
    [row] = desk.rows()
    assert (row.realm, row.state, row.to.e164, row.campaign_id) == ("test", "accepted", ME, "gateway-try")
    assert [each["text"] for each in desk.outbox()] == ["Hello"]
    assert ME not in told.out + told.err


def test_a_message_may_be_tried_as_often_as_one_likes(desk: Desk) -> None:
    desk.campaigns()
    assert [tried(desk).code, tried(desk).code] == [0, 0]
    assert len({row.id for row in desk.rows()}) == 2


def test_a_try_does_not_pass_for_a_live_message(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        desk.people(1)
        assert tried(desk).code == 0
        assert desk.send().code == 7
        assert gateway.numbers == (ME,)


@pytest.mark.parametrize(
    ("answer", "code", "state", "said"),
    [
        (AcceptSome(), 0, "accepted", "The gateway has it."),
        (Refuse("content"), 3, "rejected", "Nobody was texted."),
        (ResetAfterReading(), 3, "in_doubt", "The gateway may have taken it."),
        (Status(401), 6, "released", "error: "),
    ],
)
def test_what_came_back_is_told_and_decides_the_exit_code(
    desk: Desk, answer: Any, code: int, state: str, said: str
) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        gateway.script(answer)
        told = tried(desk)
        gateway.assert_quiet(told.out + told.err, secrets=[TOKEN])
    assert told.code == code
    assert said in told.out + told.err
    assert desk.rows()[0].state == state
    assert ("smscli resolve --log sent-log.db --campaign gateway-try" in told.out) is (state == "in_doubt")


def test_what_came_back_in_json_has_these_keys(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        gateway.script(AcceptSome(), Status(401))
        good, bad = tried(desk, "--json").document, tried(desk, "--json").document
    assert list(good) == SENT
    assert list(bad) == [*SENT, "error"]
    assert (good["sent"], good["state"], good["gateway_ref"], good["realm"]) == (
        True,
        "accepted",
        "loop-1",
        "test",
    )
    assert (bad["status"], bad["state"]) == ("stopped", "released")
    assert good["to"] == "+1202•••0123"


@pytest.mark.parametrize(("log", "top"), [("sent-log.db", ""), ("other.db", "opt_outs: other.db\n")])
def test_somebody_who_opted_out_is_not_texted_even_to_try(desk: Desk, log: str, top: str) -> None:
    desk.campaigns()
    assert tried(desk, "--log", log, "--to", "+12025550199").code == 0  # makes the log
    assert desk("optout", "add", ME, "--log", log).code == 0
    with LoopbackGateway() as gateway:
        desk.live(gateway, top=top)
        told = tried(desk)
        assert gateway.requests == ()
    assert told.code == 5
    assert "+1202•••0123 opted out" in told.err


def test_an_opt_out_list_that_the_campaigns_file_names_is_asked_too(desk: Desk) -> None:
    (desk.path / "stop.txt").write_text(f"{ME}\n")
    desk.campaigns(top="opt_outs: stop.txt\n")
    assert tried(desk).code == 5
    assert desk.outbox() == []
