"""The example of asking in the preset generic-json: it is read, and it asks as its dialect says."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from smscli.domain.message import State
from smscli.domain.profile import GatewayProfile, Polls
from smscli.files.located import parse_tree
from smscli.files.profile_file import load_preset, load_profile
from tests import support as loop
from tests.gateway import asking
from tests.gateway.asking import ALICE, CLAIMED, answer, handed

AT = "2026-11-22T10:00:00Z"


@cache
def example() -> GatewayProfile:
    """The preset with its commented example, as somebody would add it."""
    text = files("smscli.presets").joinpath("gateways", "generic-json.yaml").read_text("utf-8")
    lines = [line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   ")]
    first = lines.index("receipts:")
    written = "\n".join(["preset: generic-json", "url: https://sms.example.com/messages", *lines[first:]])
    auth = "auth: {kind: bearer, token: {env: KEY}}"
    return load_profile(parse_tree(f"{written}\n{auth}\n", "example.yaml").root, Path())


def test_the_preset_itself_asks_nothing_that_a_bridge_may_not_have() -> None:
    assert load_preset("generic-json").polls == Polls()


def bridge(request: loop.Request) -> loop.Wording:
    """A bridge that speaks the dialect, with one thing to tell of each kind."""
    is_first = "after" not in request.query
    told: dict[str, Any] = {
        "/receipts": {"id": "m-0123", "to": ALICE, "status": "undelivered", "code": "opted_out", "at": AT},
        "/replies": {"ref": "in-1", "from": ALICE, "to": "72345", "text": "STOP", "at": AT},
        "/opt-outs": {"number": ALICE, "at": AT, "sender": "72345", "words": "STOP"},
    }
    if request.path == "/messages/m-0123":
        return loop.Wording(200, json.dumps({"id": "m-0123", "status": "accepted"}).encode())
    if request.path not in told:
        return loop.Wording(404, b'{"error": "not_found"}')
    items = [{**told[request.path], "mark": 7}] if is_first else []
    return loop.Wording(200, json.dumps({request.path[1:].replace("-", "_"): items}).encode())


def test_a_bridge_that_speaks_the_dialect_is_understood() -> None:
    with loop.LoopbackGateway() as server:
        server.otherwise(loop.Serve(bridge))
        told = asking.receipts(server.url, example())
        replies = asking.replies(server.url, example())
        opted_out = asking.opt_outs(server.url, example())
        assert server.requests[1].query == {"since": "2026-11-21T12:00:00Z", "after": "7"}
    (receipt,) = told[0].items
    assert (receipt.id, receipt.state, receipt.opted_out) == ("m-0123", State.UNDELIVERED, True)
    assert [(each.number.e164, each.text, each.ref) for each in replies[0].items] == [(ALICE, "STOP", "in-1")]
    assert [(each.number.e164, each.sender) for each in opted_out[0].items] == [(ALICE, "72345")]
    marks = [[post.mark for post in told], [post.mark for post in replies], [post.mark for post in opted_out]]
    assert marks == [["7", "7"]] * 3


def test_a_bridge_is_asked_about_one_message() -> None:
    with loop.LoopbackGateway() as server:
        server.otherwise(loop.Serve(bridge))
        known = asking.find(server.url, example(), handed(ALICE))
        unknown = asking.find(server.url, example(), handed("+12025550124"), CLAIMED + timedelta(days=9))
    assert known.receipt is not None
    assert known.receipt.state is State.ACCEPTED
    assert not unknown.absent
    assert "proves nothing" in unknown.why


def test_every_word_of_the_dialect_is_known() -> None:
    wanted = {state: state for state in ("accepted", "delivered", "undelivered", "expired", "rejected")}
    with loop.LoopbackGateway() as server:
        for word, state in wanted.items():
            server.script(
                answer({"receipts": [{"id": "a", "status": word, "mark": "1"}]}), answer({"receipts": []})
            )
            assert asking.receipts(server.url, example())[0].items[0].state == state
