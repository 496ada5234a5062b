"""What a call of several can look like: merged texts, joined numbers, numbers as names of fields, keys."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.errors import FilesError
from smscli.domain.message import Batch, Message
from smscli.domain.profile import GatewayProfile, KeyFormat
from smscli.domain.segments import measure
from smscli.files.profile_file import load_profile
from smscli.files.tree import parse_tree
from smscli.gateway.request import Requests, Unbuildable, written_key
from tests.gateway.samples import ALICE, BOB, batch, message

MERGE = """
batch: {mode: merge, max: 1000}
body:
  from: "{sender}"
  to: {$each: messages, item: "{to}"}
  body: "${{t}}"
  parameters: {t: {"{to}": "{text}"}}
"""
TAGS = """
number: int
batch: {mode: merge, max: 1000}
body:
  sender: "{sender}"
  message: "%T%"
  tags: ["%T%"]
  recipients: {$each: messages, item: {msisdn: "{to}", tagvalues: ["{text}"]}}
"""
NAMED = """
encoding: form
number: e164bare
batch: {mode: list, max: 100}
body: {json: "1", "to[{to}]": "{text}"}
"""
JOINED = """
encoding: form
number: e164bare
batch: {mode: fanout, max: 100}
body:
  to: {$join: messages, item: "{to}", by: ","}
  ids: {$join: messages, item: "{id}", by: "|"}
  text: "{text}"
"""
HEX = """
encoding: form
body: {to: "{to}", content: "{text_if_gsm7}", hex-content: "{hex_if_ucs2}", coding: "{unicode}"}
unicode: {when_needed: "8", otherwise: "0"}
"""
TYPES = """
batch: {mode: list, max: 9}
body:
  $each: messages
  item: {from: {type: "{sender_type}", address: "{sender}"}, to: "{to}", body: "{text}"}
sender_type: {number: INTERNATIONAL, short: SHORTCODE, name: ALPHANUMERIC}
number: e164bare
"""
BASE = "name: own\nurl: https://sms.example.com/v1\nresult: {shape: none}\n"


def profile(text: str) -> GatewayProfile:
    return load_profile(parse_tree(BASE + text, "own.yaml").root, Path())


def asked(text: str, *messages: Message) -> httpx.Request:
    return Requests(profile(text), {}).build(batch(*messages))


def sent(text: str, *messages: Message) -> Any:
    request = asked(text, *messages)
    content = request.content.decode()
    if request.headers["Content-Type"] == "application/json":
        return json.loads(content)
    return dict(parse_qsl(content, keep_blank_values=True, strict_parsing=True))


def test_merge_has_one_text_with_a_gap_and_what_fills_it_by_number() -> None:
    assert sent(MERGE, message(ALICE, "Hi A"), message(BOB, "Hi B")) == {
        "from": "+12025550100",
        "to": [ALICE, BOB],
        "body": "${t}",
        "parameters": {"t": {ALICE: "Hi A", BOB: "Hi B"}},
    }


def test_merge_can_have_its_values_beside_the_numbers() -> None:
    assert sent(TAGS, message(ALICE, "Hi A"), message(BOB, "Hi B", sender="+12025550100")) == {
        "sender": "12025550100",
        "message": "%T%",
        "tags": ["%T%"],
        "recipients": [
            {"msisdn": 12025550123, "tagvalues": ["Hi A"]},
            {"msisdn": 12025550124, "tagvalues": ["Hi B"]},
        ],
    }


def test_a_number_can_be_part_of_a_field_s_name() -> None:
    assert sent(NAMED, message(ALICE, "Hi [A]&"), message(BOB, "Hi B")) == {
        "json": "1",
        "to[12025550123]": "Hi [A]&",
        "to[12025550124]": "Hi B",
    }


def test_numbers_and_ids_can_be_joined() -> None:
    assert sent(JOINED, message(ALICE), message(BOB)) == {
        "to": "12025550123,12025550124",
        "ids": "m-0123|m-0124",
        "text": "Hello",
    }


def test_a_text_goes_in_letters_or_in_the_hexadecimal_digits_of_utf_16() -> None:
    plain = sent(HEX, message(body="Hello"))
    assert plain == {"to": ALICE, "content": "Hello", "coding": "0"}
    body = "Cześć 🎈"
    wide = sent(HEX, replace(message(), body=body, segments=measure(body)))
    assert wide == {"to": ALICE, "hex-content": body.encode("utf-16-be").hex(), "coding": "8"}


@pytest.mark.parametrize(
    ("sender", "wanted"),
    [
        ("+12025550100", {"type": "INTERNATIONAL", "address": "12025550100"}),
        ("72345", {"type": "SHORTCODE", "address": "72345"}),
        ("Garage", {"type": "ALPHANUMERIC", "address": "Garage"}),
        ("4Garage", {"type": "ALPHANUMERIC", "address": "4Garage"}),
    ],
)
def test_what_kind_a_sender_is_can_be_said(sender: str, wanted: dict[str, str]) -> None:
    (item,) = sent(TYPES, message(sender=sender))
    assert item["from"] == wanted


def test_a_sender_s_number_keeps_its_plus_where_numbers_have_one() -> None:
    assert sent(MERGE, message())["from"] == "+12025550100"


def test_validity_can_be_a_time_and_milliseconds() -> None:
    text = 'body: {to: "{to}", text: "{text}", ttl: "{validity_milliseconds}", until: "{valid_until}"}'
    said = sent(text, message(seconds_left=90))
    assert (said["ttl"], said["until"]) == (90_000, "2026-11-22T10:01:30Z")


@pytest.mark.parametrize(
    ("text", "messages", "why"),
    [
        (MERGE, [message(ALICE), message(BOB, sender="Garage")], "different senders"),
        (JOINED, [message(ALICE), message(BOB, sender="Garage")], "different senders"),
        (JOINED, [message(ALICE), message(BOB, "Hi B")], "different texts"),
        (MERGE, [message(ALICE), message(ALICE, "Again", message_id="m-2")], "two messages to one number"),
        (NAMED, [message(ALICE), message(ALICE, "Again", message_id="m-2")], "two messages to one number"),
    ],
)
def test_a_request_that_would_mix_people_up_is_not_made(text: str, messages: list[Message], why: str) -> None:
    with pytest.raises(Unbuildable, match=why):
        asked(text, *messages)


@pytest.mark.parametrize("text", [MERGE, TAGS, NAMED, JOINED, TYPES])
def test_one_message_a_request_can_be_chosen(text: str) -> None:
    alone = text.replace(text[text.index("batch:") :].splitlines()[0], "batch: one")
    assert profile(alone).batch_max == 1
    assert sent(alone, message()) == sent(text, message())


NASTY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(bodies=st.lists(NASTY, min_size=1, max_size=5))
@settings(max_examples=60)
@pytest.mark.parametrize("text", [MERGE, TAGS, NAMED])
def test_whatever_a_text_holds_it_stays_with_its_number(text: str, bodies: list[str]) -> None:
    messages = [message(f"+1202555{1000 + place}", body) for place, body in enumerate(bodies)]
    said = sent(text, *messages)
    if text is MERGE:
        found = said["parameters"]["t"]
    elif text is TAGS:
        found = {f"+{each['msisdn']}": each["tagvalues"][0] for each in said["recipients"]}
    else:
        found = {f"+{name[3:-1]}": value for name, value in said.items() if name != "json"}
    assert found == {each.to.e164: each.body for each in messages}


# --- keys ---

HEX_ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (KeyFormat.HEX, HEX_ID),
        (KeyFormat.UUID, "01234567-89ab-cdef-0123-456789abcdef"),
        (KeyFormat.INT, "5124095576030430"),
        (KeyFormat.INT32, "19088743"),
    ],
)
def test_a_key_is_written_as_the_gateway_wants_it(form: KeyFormat, wanted: str) -> None:
    assert written_key(HEX_ID, form) == wanted


def test_every_key_as_a_whole_number_fits_sixty_bits_and_is_the_same_each_time() -> None:
    keys = [f"{place:032x}"[::-1] for place in range(1000)]
    written = [int(written_key(key, KeyFormat.INT)) for key in keys]
    assert len(set(written)) == len(keys)
    assert max(written) < 2**60
    assert max(int(written_key(key, KeyFormat.INT32)) for key in [*keys, "f" * 32]) == 2**31 - 1


def test_a_whole_number_goes_into_the_query() -> None:
    described = profile(
        'body: {to: "{to}", text: "{text}"}\n'
        "idempotency: {where: query, name: deduplication-id, scope: request, window: 12h, format: int}\n"
    )
    some = Batch(HEX_ID, (message(),), batch().claimed_at)
    request = Requests(described, {}).build(some)
    assert str(request.url) == "https://sms.example.com/v1?deduplication-id=5124095576030430"


# --- what is refused ---


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('batch: {mode: fanout, max: 9}\nbody: {to: "{to}", text: "{text}"}', "{to} differs by message"),
        (
            'batch: {mode: merge, max: 9}\nbody: {to: {$each: messages, item: "{to}"}, text: "{text}"}',
            "{text} differs by message",
        ),
        (
            'batch: {mode: list, max: 9}\nbody: {from: "{sender}", m: {$each: messages, item: "{to}{text}"}}',
            "{sender} differs by message",
        ),
        ('encoding: form\nbody: {to: "{to}", "a{to}": {b: "{text}"}}', "has to be flat"),
        ('body: {to: "{to}", "x{nosuch}": "{text}"}', "{nosuch} is not known here"),
        ('body: {to: "{to}", content: "{text_if_gsm7}"}', "{text} stands nowhere"),
        (
            'body: {to: "{to}", text: "{text}"}\nresult: {shape: none, invalid: x}',
            "means nothing to shape none",
        ),
        (
            (
                'body: {to: "{to}", text: "{text}{id}"}\n'
                "idempotency: {where: body, scope: message, window: 1d, format: int}"
            ),
            "means nothing where the body says the id",
        ),
        ('body: {to: "{to}", text: "{text}"}\nauth: {kind: signed, fields: {k: {env: K}}}', "auth.signer"),
    ],
)
def test_what_does_not_fit_together_is_told(text: str, wanted: str) -> None:
    base = BASE if "result:" not in text else BASE.replace("result: {shape: none}\n", "")
    with pytest.raises(FilesError) as told:
        load_profile(parse_tree(base + text, "own.yaml").root, Path())
    said = " ".join(f"{each.where} {each.message}" for each in told.value.problems)
    assert wanted in said
