"""Questions in, exact requests out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smscli.gateway.pages import Turn
from smscli.gateway.poll_request import Asks, Question, questions
from smscli.gateway.request import Unbuildable
from tests.gateway.asking import ALICE, BASE, BOB, CAROL, NOW, SECRETS, SINCE, handed, profile

SPAN = Question(SINCE, NOW, NOW)
PLAIN = BASE.replace("auth: {kind: bearer, token: {env: KEY}}\n", "")
URL = "https://sms.example.com"


def built(
    poll: str, question: Question = SPAN, turn: Turn | None = None, *, base: str = BASE
) -> tuple[str, str, dict[str, str], bytes]:
    described = profile(f"replies: {{number: a, text: b, {poll}}}", base)
    assert described.polls.replies is not None
    request = Asks(described, SECRETS).build(described.polls.replies.poll.ask, question, turn or Turn())
    headers = {name.lower(): said for name, said in request.headers.items()}
    return request.method, str(request.url), headers, request.content


URLS = [
    ("inbox", f"{URL}/v1/inbox"),
    ("/inbox", f"{URL}/inbox"),
    ("../v2/inbox", f"{URL}/v2/inbox"),
    ("''", f"{URL}/v1/send"),
    ("'?op=in'", f"{URL}/v1/send?op=in"),
    ("https://inbox.example.com/all", "https://inbox.example.com/all"),
    ("http://127.0.0.1:8080/all", "http://127.0.0.1:8080/all"),
    ("'from/{since_date}/{until_unix}'", f"{URL}/v1/from/2026-11-21/1795348800"),
]


@pytest.mark.parametrize(("url", "wanted"), URLS)
def test_an_address_is_relative_to_where_messages_go(url: str, wanted: str) -> None:
    assert built(f"url: {url}")[:2] == ("GET", wanted)


def test_another_address_for_messages_moves_what_is_relative_along() -> None:
    described = profile("replies: {url: /inbox, number: a, text: b}").at("http://127.0.0.1:9/x/send")
    assert described.polls.replies is not None
    request = Asks(described, SECRETS).build(described.polls.replies.poll.ask, SPAN, Turn())
    assert str(request.url) == "http://127.0.0.1:9/inbox"


def test_what_a_gateway_said_stays_inside_its_place() -> None:
    question = Question(SINCE, NOW, NOW, message=handed(ref="https://evil.example/?a=1#b/../c"))
    url = built("url: 'messages/{ref}/events', each: message", question)[1]
    assert url == f"{URL}/v1/messages/https%3A%2F%2Fevil.example%2F%3Fa%3D1%23b%2F..%2Fc/events"


@pytest.mark.parametrize("ref", [".", ".."])
def test_what_a_gateway_said_leads_to_no_other_place(ref: str) -> None:
    with pytest.raises(Unbuildable, match="a step in a path"):
        built("url: 'messages/{ref}/events', each: ref", Question(SINCE, NOW, NOW, ref=ref))


def test_times_and_marks_stand_in_the_query() -> None:
    poll = (
        "url: inbox, query: {a: '{since}', b: '{until}', c: '{since_unix}', d: 'x {until_date}', "
        "after: '{last}', n: 1}"
    )
    begin = "a=2026-11-21T12%3A00%3A00Z&b=2026-11-22T12%3A00%3A00Z&c=1795262400&d=x%202026-11-22"
    assert built(poll)[1] == f"{URL}/v1/inbox?{begin}&n=1"
    assert built(poll, turn=Turn(last="7/8"))[1] == f"{URL}/v1/inbox?{begin}&after=7%2F8&n=1"


@pytest.mark.parametrize(
    ("number", "to", "sender"),
    [
        ("e164plus", ALICE, "+12025550143"),
        ("e164bare", ALICE[1:], "12025550143"),
        ("int", ALICE[1:], "12025550143"),
    ],
)
def test_numbers_are_written_as_the_gateway_wants_them(number: str, to: str, sender: str) -> None:
    question = Question(SINCE, NOW, NOW, message=handed(sender="+12025550143"))
    poll = "url: inbox, each: message, query: {to: '{to}', from: '{sender}', id: '{id}'}"
    url = built(poll, question, base=BASE + f"number: {number}\n")[1]
    assert f"to={to.replace('+', '%2B')}&from={sender.replace('+', '%2B')}" in url
    assert url.endswith("&id=m-0123")


def test_a_turn_says_its_page_in_the_query_or_by_a_link() -> None:
    poll = "url: inbox, query: {page: '9', a: b}"
    assert built(poll, turn=Turn(query=(("page", "2"),)))[1] == f"{URL}/v1/inbox?a=b&page=2"
    assert built(poll, turn=Turn(url=f"{URL}/next?page=3"))[1] == f"{URL}/next?page=3"


CREDENTIALS = [
    ("{kind: none}", "GET", f"{URL}/v1/inbox", {}, b""),
    (
        "{kind: bearer, token: {env: KEY}}",
        "GET",
        f"{URL}/v1/inbox",
        {"authorization": "Bearer t0ps3cret"},
        b"",
    ),
    (
        "{kind: basic, user: {env: USER}, password: {env: KEY}}",
        "GET",
        f"{URL}/v1/inbox",
        {"authorization": "Basic am8tdXNlcjp0MHBzM2NyZXQ="},
        b"",
    ),
    (
        "{kind: header, fields: {X-Key: {env: KEY}}, scheme: App}",
        "GET",
        f"{URL}/v1/inbox",
        {"x-key": "App t0ps3cret"},
        b"",
    ),
    ("{kind: query, fields: {key: {env: KEY}}}", "GET", f"{URL}/v1/inbox?key=t0ps3cret", {}, b""),
    ("{kind: query, fields: {key: {env: KEY}}}", "POST", f"{URL}/v1/inbox?key=t0ps3cret", {}, b""),
    ("{kind: form, fields: {key: {env: KEY}}}", "GET", f"{URL}/v1/inbox?key=t0ps3cret", {}, b""),
    (
        "{kind: form, fields: {key: {env: KEY}}}",
        "POST",
        f"{URL}/v1/inbox",
        {"content-type": "application/json"},
        b'{"key":"t0ps3cret"}',
    ),
]


@pytest.mark.parametrize(("auth", "method", "url", "headers", "body"), CREDENTIALS)
def test_credentials_stand_where_the_profile_says(
    auth: str, method: str, url: str, headers: dict[str, str], body: bytes
) -> None:
    made = built(f"url: inbox, method: {method}", base=f"{PLAIN}auth: {auth}\n")
    assert (made[0], made[1], made[3]) == (method, url, body)
    extra = {name: said for name, said in made[2].items() if name not in ("accept", "user-agent")}
    assert extra == headers


def test_credentials_of_a_link_are_not_said_twice() -> None:
    base = f"{PLAIN}auth: {{kind: query, fields: {{key: {{env: KEY}}}}}}\n"
    assert built("url: inbox", turn=Turn(url=f"{URL}/n?key=theirs&p=2"), base=base)[1].endswith(
        "n?key=theirs&p=2"
    )
    assert built("url: inbox", turn=Turn(url=f"{URL}/n?p=2"), base=base)[1].endswith("/n?p=2&key=t0ps3cret")


BODIES = [
    ("json", "{since: '{since}', n: {$json: 5}, to: ['{sender}']}", "application/json"),
    ("form", "{since: '{since_unix}', to: ['{sender}', x]}", "application/x-www-form-urlencoded"),
    ("text", "'all since {since_date}'", "text/plain; charset=UTF-8"),
]
CONTENTS = {
    "json": b'{"since":"2026-11-21T12:00:00Z","n":5,"to":["Garage"]}',
    "form": b"since=1795262400&to=Garage&to=x",
    "text": b"all since 2026-11-21",
}


@pytest.mark.parametrize(("encoding", "body", "content_type"), BODIES)
def test_a_body_is_a_tree_as_for_messages(encoding: str, body: str, content_type: str) -> None:
    question = Question(SINCE, NOW, NOW, sender="Garage")
    made = built(f"url: inbox, each: sender, method: POST, encoding: {encoding}, body: {body}", question)
    assert made[2]["content-type"] == content_type
    assert made[3] == CONTENTS[encoding]


def test_a_body_can_stand_in_the_query() -> None:
    made = built("url: inbox, encoding: query, body: {a: '{since_date}', b: [c, d]}, query: {e: f}")
    assert (made[1], made[3]) == (f"{URL}/v1/inbox?e=f&a=2026-11-21&b=c&b=d", b"")
    assert "content-type" not in made[2]


def test_headers_are_the_profiles_and_the_polls_over_them() -> None:
    headers = (
        'headers: {Accept: application/json, X-Account: "{acc}", X-Call: "{request_id}", X-Old: a, '
        "Content-Type: text/json}\nvariables: {acc: A1}\n"
    )
    made = built("url: inbox, headers: {x-old: b, X-New: {env: USER}}", base=BASE + headers)[2]
    assert (made["accept"], made["x-account"], made["x-old"], made["x-new"]) == (
        "application/json",
        "A1",
        "b",
        "jo-user",
    )
    assert not {"x-call", "content-type"} & set(made)


@pytest.mark.parametrize(
    ("where", "said"),
    [("ftp://a.example/t0ps3cret", "does not begin with https"), ("http://a.example/", "is plain http")],
)
def test_an_address_from_the_environment_is_held_to_the_same_rules(where: str, said: str) -> None:
    described = profile("replies: {url: {env: WHERE}, number: a, text: b}")
    assert described.polls.replies is not None
    asks = Asks(described, {**SECRETS, "WHERE": where})
    with pytest.raises(Unbuildable, match=said) as refused:
        asks.build(described.polls.replies.poll.ask, SPAN, Turn())
    assert "t0ps3cret" not in str(refused.value)


# --- what is asked, and how often ---


MESSAGES = (
    handed(ALICE, ref="r1", sender="Garage"),
    handed(BOB, ref="r2", sender="+12025550143"),
    handed(CAROL, ref="r1", sender="Garage"),
    handed("+12025550126", sender=""),
)
EACH = [
    ("gateway", "inbox", [SPAN]),
    (
        "sender",
        "inbox",
        [Question(SINCE, NOW, NOW, sender="Garage"), Question(SINCE, NOW, NOW, sender="+12025550143")],
    ),
    ("ref", "inbox", [Question(SINCE, NOW, NOW, ref="r1"), Question(SINCE, NOW, NOW, ref="r2")]),
    ("message", "inbox", [Question(SINCE, NOW, NOW, message=each) for each in MESSAGES]),
    ("message", "'{ref}'", [Question(SINCE, NOW, NOW, message=each) for each in MESSAGES[:3]]),
]


@pytest.mark.parametrize(("each", "url", "wanted"), EACH)
def test_a_poll_is_asked_once_for_each(each: str, url: str, wanted: list[Question]) -> None:
    described = profile(f"replies: {{url: {url}, each: {each}, number: a, text: b}}")
    assert described.polls.replies is not None
    assert list(questions(described.polls.replies.poll, iter(MESSAGES), SINCE, NOW)) == wanted


def test_messages_are_read_only_as_far_as_they_are_asked_about() -> None:
    described = profile("replies: {url: inbox, each: message, number: a, text: b}")
    assert described.polls.replies is not None
    coming = iter(MESSAGES)
    asked = questions(described.polls.replies.poll, coming, SINCE, NOW)
    next(asked)
    assert next(coming) == MESSAGES[1]


def test_times_are_told_in_utc() -> None:
    elsewhere = NOW.astimezone(tz=None) - timedelta(hours=1)
    url = built("url: inbox, query: {a: '{since}'}", Question(elsewhere, NOW, NOW))[1]
    assert url.endswith("a=2026-11-22T11%3A00%3A00Z")
