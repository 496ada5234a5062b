"""What a profile says about asking afterwards: what is read, and what is refused and where."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from smscli.domain.errors import FilesError
from smscli.domain.profile import (
    Ask,
    BodyTest,
    GatewayProfile,
    OptOutsPoll,
    PageBy,
    Pages,
    Poll,
    PollEach,
    Polls,
    ReceiptsPoll,
    RepliesPoll,
    SecretName,
    StateWords,
    words,
)
from smscli.files.located import parse_tree
from smscli.files.profile_file import load_preset, load_profile, preset_names

PLAIN = """\
name: my-gateway
url: https://sms.example.com/v1/send
variables: {region: eu, account: {env: ACCOUNT}}
auth: {kind: bearer, token: {env: MY_TOKEN}}
body: {to: "{to}", text: "{text}"}
result: {shape: one_id, id: id}
"""


def loaded(text: str) -> GatewayProfile:
    return load_profile(parse_tree(text, "campaigns.yaml").root, Path())


def told(text: str) -> list[str]:
    """Every problem as `line:column path code: message (hint)`."""
    with pytest.raises(FilesError) as refused:
        loaded(text)
    return [
        f"{problem.where.line}:{problem.where.column} {problem.where.path} {problem.code}: "
        f"{problem.message} ({problem.hint})"
        for problem in refused.value.problems
    ]


FULL = """
receipts:
  url: reports
  method: POST
  query: {since: "{since}", zone: "{region}"}
  headers: {X-Account: {env: OTHER}}
  body: {until: "{until_unix}"}
  encoding: form
  items: data.reports
  where: {path: direction, equals: out}
  pages: {by: token, path: next, name: cursor}
  keeps: 2d
  empty: [404, 410]
  empty_when: {path: error, in: ["501"]}
  ref: id
  id: client_ref
  number: to
  sent_text: text
  state: status
  states: {delivered: DELIVRD, undelivered: [UNDELIV, REJ], expired: EXPIRED, rejected: [NO], accepted: OK}
  code: error.code
  text: error.text
  at: done
  segments: parts
  opted_out: {path: error.code, in: [40300]}
lookup:
  url: messages/{id}
  state: status
  states: {accepted: [sent]}
  absent_after: 1h
replies:
  url: https://other.example.com/inbox
  each: sender
  query: {to: "{sender}"}
  consuming: true
  pages: {by: drain}
  ack: {url: inbox/read, method: PUT}
  number: from
  text: body
  at: received
  to: to
  ref: id
opt_outs:
  url: opt-outs
  pages: {by: page, name: page, first: 0, size: 50}
  number: msisdn
  at: created
  sender: from
  words: keyword
"""


def test_every_key_finds_its_place() -> None:
    profile = loaded(PLAIN + FULL)
    receipts = Poll(
        Ask(
            words("reports"),
            "POST",
            (("since", words("{since}")), ("zone", words("{region}"))),
            (("X-Account", SecretName("OTHER")),),
            profile.polls.receipts.poll.ask.body if profile.polls.receipts else None,
            profile.polls.receipts.poll.ask.encoding.FORM if profile.polls.receipts else None,  # type: ignore[arg-type]
        ),
        items=("data", "reports"),
        where=(BodyTest(("direction",), ("out",)),),
        pages=Pages(PageBy.TOKEN, ("next",), "cursor", 1, 1),
        keeps=timedelta(days=2),
        empty=(404, 410),
        empty_when=(BodyTest(("error",), ("501",)),),
    )
    inbox = Poll(
        Ask(words("https://other.example.com/inbox"), query=(("to", words("{sender}")),)),
        PollEach.SENDER,
        pages=Pages(PageBy.DRAIN, size=1),
        consuming=True,
        ack=Ask(words("inbox/read"), "PUT"),
    )
    assert profile.polls == Polls(
        receipts=ReceiptsPoll(
            receipts,
            ref=("id",),
            id=("client_ref",),
            number=("to",),
            body=("text",),
            state=("status",),
            states=StateWords(("DELIVRD",), ("UNDELIV", "REJ"), ("EXPIRED",), ("NO",), ("OK",)),
            code=("error", "code"),
            text=("error", "text"),
            at=("done",),
            segments=("parts",),
            opted_out=(BodyTest(("error", "code"), ("40300",)),),
        ),
        lookup=ReceiptsPoll(
            Poll(Ask(words("messages/{id}")), PollEach.MESSAGE),
            state=("status",),
            states=StateWords(accepted=("sent",)),
            absent_after=timedelta(hours=1),
        ),
        replies=RepliesPoll(inbox, ("from",), ("body",), ("received",), ("to",), ("id",)),
        opt_outs=OptOutsPoll(
            Poll(Ask(words("opt-outs")), pages=Pages(PageBy.PAGE, name="page", first=0, size=50), empty=()),
            ("msisdn",),
            ("created",),
            ("from",),
            ("keyword",),
        ),
    )
    assert profile.secrets == ("ACCOUNT", "MY_TOKEN", "OTHER")


def test_a_list_that_is_not_there_is_an_error_and_a_message_that_is_not_there_is_none() -> None:
    receipts = "receipts: {url: reports, ref: id, state: s, states: {delivered: ok}"
    for each, empty in (("gateway", ()), ("ref", (404,)), ("message", (404,)), ("sender", (404,))):
        polls = loaded(PLAIN + f"{receipts}, each: {each}}}\n").polls
        assert polls.receipts is not None
        assert polls.receipts.poll.empty == empty


RECEIPTS = "receipts: {url: reports, ref: id, state: s, states: {delivered: ok}"
REPLIES = "replies: {url: inbox, number: from, text: body"
LOOKUP = "lookup: {url: 'messages/{id}', state: s, states: {accepted: ok}"
OPT_OUTS = "opt_outs: {url: opt-outs, number: msisdn"

REFUSED = [
    # markers
    (
        RECEIPTS + ", query: {a: '{sinse}'}}",
        ["7:81 receipts.query.a bad_marker: {sinse} is not", "mean {since}?"],
    ),
    (RECEIPTS + ", query: {a: '{text}'}}", ["receipts.query.a bad_marker: {text} is not known here"]),
    (RECEIPTS + ", query: {a: '{ref}'}}", ["{ref} is not known here (write each: ref or each: message)"]),
    (RECEIPTS + ", query: {a: '{to}'}, each: ref}", ["{to} is not known here (write each: message)"]),
    (RECEIPTS + ", query: {a: '{id}'}, each: sender}", ["receipts.query.a bad_marker: {id} is not known"]),
    (REPLIES + ", ack: {url: 'read/{ref}'}}", ["replies.ack.url bad_marker: {ref} is not known here"]),
    (REPLIES + ", headers: {X-A: '{sender}'}}", ["write each: sender or each: message"]),
    (LOOKUP + ", query: {a: '{ref}'}}", ["lookup.query.a bad_marker: {ref}", "ask by {id}, or by {to}"]),
    (RECEIPTS + ", method: POST, body: {a: ['{nope}']}}", ["receipts.body.a[0] bad_marker: {nope}"]),
    # requests
    (RECEIPTS + ", body: {a: b}}", ["receipts.body wrong_value: GET carries no body"]),
    (RECEIPTS + ", encoding: form}", ["receipts.encoding unknown_key: means nothing without a body"]),
    (RECEIPTS + ", method: POST, encoding: form, body: {a: {b: c}}}", ["receipts.body.a wrong_type: has to"]),
    (
        RECEIPTS + ", method: POST, encoding: text, body: {a: b}}",
        ["receipts.body wrong_type"],
    ),
    (RECEIPTS + ", method: DELETE}", ["receipts.method"]),
    (RECEIPTS + ", headers: {Host: a}}", ["receipts.headers.Host wrong_value: is not a header"]),
    (RECEIPTS + ', headers: {X-A: "a\\nb"}}', ["receipts.headers.X-A wrong_value: holds a line break"]),
    (RECEIPTS + ", query: {api_key: hunter2}}", ["receipts.query.api_key secret_written", "{env: SMS_KEY}"]),
    (
        REPLIES + ", ack: {url: x, headers: {X-Token: hunter2}}}",
        ["replies.ack.headers.X-Token secret"],
    ),
    (RECEIPTS.replace("reports", "'r?api_key=hunter2'") + "}", ["7:17 receipts.url secret_written"]),
    (RECEIPTS.replace("reports", "http://a.example/") + "}", ["receipts.url bad_url: is plain http://"]),
    (RECEIPTS.replace("reports", "ftp://a.example/") + "}", ["receipts.url bad_url: does not begin"]),
    (RECEIPTS.replace("reports", "'messages:read'") + "}", ["receipts.url bad_url: does not begin"]),
    (RECEIPTS.replace("reports", "https://u:hunter2@a.example/") + "}", ["bad_url: holds credentials"]),
    (RECEIPTS.replace("reports", "'reports#top'") + "}", ["receipts.url bad_url: has a # part"]),
    # what fits which poll
    (OPT_OUTS + ", each: sender}", ["opt_outs.each wrong_value", "`each: gateway`"]),
    (LOOKUP + ", each: ref}", ["lookup.each wrong_value: is always `message`"]),
    (LOOKUP + ", consuming: true}", ["lookup.consuming unknown_key"]),
    (RECEIPTS + ", absent_after: 1h}", ["receipts.absent_after unknown_key"]),
    # pages
    (RECEIPTS + ", pages: {by: link}}", ["7:70 receipts.pages.path missing", "`by: link` needs it"]),
    (RECEIPTS + ", pages: {by: token, path: a}}", ["receipts.pages.name missing"]),
    (RECEIPTS + ", pages: {by: page, name: p}}", ["receipts.pages.size missing"]),
    (RECEIPTS + ", pages: {by: offset, size: 5}}", ["receipts.pages.name missing"]),
    (RECEIPTS + ", pages: {by: last}}", ["receipts.pages.path missing", "nowhere says {last}"]),
    (RECEIPTS + ", pages: {by: link, path: a, first: 3}}", ["pages.first unknown_key: means nothing to"]),
    (RECEIPTS + ", pages: {by: drain}}", ["pages.by wrong_value: would tell the same items for ever"]),
    (
        RECEIPTS + ", consuming: true, pages: {by: page, name: p, size: 5}}",
        ["pages.by wrong_value: would skip", "by: drain"],
    ),
    (
        REPLIES + ", each: sender, query: {a: '{last}'}, pages: {by: last, path: id}}",
        ["replies.pages.by wrong_value: one mark cannot stand for many listings"],
    ),
    # tests
    (RECEIPTS + ", where: {equals: a}}", ["7:70 receipts.where[0] missing: does not say where in an item"]),
    (REPLIES + ", where: [{path: a}, {text: b}]}", ["replies.where[1] missing"]),
    (RECEIPTS + ", opted_out: {in: [1]}}", ["receipts.opted_out[0] missing"]),
    (RECEIPTS + ", empty_when: {}}", ["receipts.empty_when[0] missing: would hold for every answer"]),
    # receipts
    (
        "receipts: {url: r, state: s, states: {delivered: ok}}",
        ["receipts missing: no item names its"],
    ),
    ("receipts: {url: r, ref: a}", ["receipts.state missing"]),
    ("receipts: {url: r, ref: a, state: s}", ["receipts.states missing: says of no word"]),
    (
        "receipts: {url: r, ref: a, state: s, states: {delivered: [a, b], accepted: [c, a]}}",
        ['receipts.states.accepted wrong_value: "a" is under delivered as well'],
    ),
    ("receipts: {url: r, ref: a, state: s, states: {done: a}}", ["receipts.states.done unknown_key"]),
    # lookup
    ("lookup: {url: 'm/{id}', states: {delivered: a}}", ["lookup.states unknown_key: means nothing"]),
    ("lookup: {url: 'm/{to}', number: to}", ["lookup missing", "sent_text and at must be said", "{id}"]),
    ("lookup: {url: m, number: to, sent_text: body}", ["without our id, at must be said"]),
    ("replies: {url: inbox, number: from}", ["replies.text missing"]),
]


@pytest.mark.parametrize(("line", "expected"), REFUSED, ids=[row[0][:70] for row in REFUSED])
def test_a_wrong_line_is_told_with_its_place(line: str, expected: list[str]) -> None:
    found = "\n".join(told(PLAIN + line + "\n"))
    for part in expected:
        assert part in found
    assert "hunter2" not in found


GOOD = [
    RECEIPTS + ", query: {a: '{since}', b: '{until_date}', c: '{region}', d: {env: D}}}",
    RECEIPTS + ", each: ref, query: {a: '{ref}'}}",
    RECEIPTS + ", each: message, query: {a: '{ref}', b: '{id}', c: '{to}', d: '{sender}'}}",
    RECEIPTS.replace("ref: id, ", "") + ", each: message}",
    RECEIPTS.replace("ref: id, ", "") + ", each: ref}",
    RECEIPTS.replace("reports", "{env: REPORTS_URL}") + "}",
    RECEIPTS.replace("reports", "'https://{region}.example.com/{account}'") + "}",
    RECEIPTS.replace("reports", "http://127.0.0.1:8080/") + "}",
    RECEIPTS + ", pages: {by: last, path: id, size: 100}, query: {after: '{last}'}}",
    REPLIES + ", consuming: true}",
    REPLIES + ", ack: {url: read}, pages: {by: drain}}",
    LOOKUP + ", absent_after: 1s}",
    "lookup: {url: 'm/{id}'}",
    "lookup: {url: m, query: {to: '{to}', from: '{since}'}, number: a, sent_text: b, at: c}",
    "lookup: {url: m, each: message, query: {to: '{to}'}, id: a}",
]


@pytest.mark.parametrize("line", GOOD)
def test_what_fits_together_is_read(line: str) -> None:
    assert loaded(PLAIN + line + "\n").polls != Polls()


def test_what_can_be_asked_can_be_taken_from_a_preset() -> None:
    polls = loaded("preset: sandbox\nrate: {per_second: 5}\n").polls
    assert polls == load_preset("sandbox").polls


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_asks_in_a_way_that_fits_together(name: str) -> None:
    load_preset(name)
