"""A gateway that takes messages and can be asked afterwards: receipts, replies, its opt-outs, one message.

`PROFILE` is what a campaigns file says of it over the preset `generic-json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.support.answers import Exchange
from tests.support.dialects import Request, Wording

PROFILE = """\
receipts:
  url: reports
  query: {since: "{since}"}
  items: reports
  ref: ref
  id: id
  number: to
  state: status
  states: {delivered: delivered, undelivered: failed, expired: expired, rejected: refused, accepted: accepted}
  code: code
  at: at
  opted_out: {path: code, equals: stopped}
lookup:
  url: "messages/{id}"
  id: id
  state: status
  states: {delivered: delivered, undelivered: failed, accepted: accepted}
  absent_after: 1h
replies: {url: inbox, items: messages, number: from, text: text, at: at, to: to, ref: id}
opt_outs: {url: stops, items: numbers, number: number, at: at, sender: said_to}
"""


@dataclass
class Bridge:
    """Takes what is sent to it, and tells what a test puts into its lists.

    `found` is what it says of single messages by id; whoever is not there, it does not know (404). `fails`
    are paths that are answered 400. `before` hears of each question before it is answered.
    """

    reports: list[Mapping[str, object]] = field(default_factory=list)
    inbox: list[Mapping[str, object]] = field(default_factory=list)
    stops: list[Mapping[str, object]] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    fails: set[str] = field(default_factory=set)
    asked: list[Request] = field(default_factory=list)
    before: Callable[[Request], None] = lambda _: None

    async def play(self, exchange: Exchange) -> None:
        request = await exchange.read()
        if request.method == "GET":
            self.asked.append(request)
            self.before(request)
            wording = self._told(request)
        else:
            wording = exchange.word(exchange.take())
        await exchange.write(exchange.http(wording))

    def _told(self, request: Request) -> Wording:
        if request.path in self.fails:
            return Wording(400, b'{"error": "out of order"}')
        lists: dict[str, tuple[str, Sequence[Mapping[str, object]]]] = {
            "/reports": ("reports", self.reports),
            "/inbox": ("messages", self.inbox),
            "/stops": ("numbers", self.stops),
        }
        if request.path in lists:
            name, items = lists[request.path]
            return Wording(200, json.dumps({name: list(items)}).encode())
        message_id = request.path.removeprefix("/messages/")
        if message_id in self.found:
            answer = {"id": message_id, "status": self.found[message_id]}
            return Wording(200, json.dumps(answer).encode())
        return Wording(404, b'{"error": "unknown"}')

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.asked]


def now() -> str:
    """The moment of a reply or a receipt."""
    return datetime.now(UTC).isoformat()
