"""How a gateway reads messages out of a request and words its answer.

A dialect knows bodies and queries. It does not know sockets, and does not decide what is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One whole request as the gateway read it. Header names are in lower case, `at` is monotonic.

    `in_flight` counts the requests that were under way when it had been read, this one included.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    connection: int
    number_on_connection: int
    in_flight: int = 1

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> object:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Asked:
    """A message somebody wants sent, in the gateway's eyes."""

    id: str
    to: str
    text: str
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of it: `ref` where it was taken, `code` where it was refused."""

    asked: Asked
    ref: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """An answer's status, content type and body."""

    status: int
    body: bytes
    content_type: str = "application/json"


class Dialect(Protocol):
    """Reads the messages of a request (whatever it cannot read raises) and words the answer."""

    def read(self, request: Request) -> Sequence[Asked]: ...

    def word(self, request: Request, settled: Sequence[Settled]) -> Wording: ...


class Generic:
    """JSON: `{"messages": [{"id", "from", "to", "text"}]}`, or one such object alone."""

    def read(self, request: Request) -> Sequence[Asked]:
        body = json.loads(request.body)
        items = body.get("messages", [body])
        return [Asked(item.get("id", ""), item["to"], item["text"], item.get("from", "")) for item in items]

    def word(self, request: Request, settled: Sequence[Settled]) -> Wording:
        items = [generic_item(one) for one in settled]
        whole = {"messages": items} if "messages" in json.loads(request.body) else items[0]
        return Wording(202, json.dumps(whole).encode())


def generic_item(one: Settled) -> dict[str, str]:
    """What the generic dialect says of one message."""
    if one.code:
        return {"id": one.asked.id, "to": one.asked.to, "status": "rejected", "code": one.code}
    return {"id": one.asked.id, "to": one.asked.to, "ref": one.ref, "status": "accepted"}


def plain_wording(settled: Sequence[Settled]) -> Wording:
    """202 with a line for each message, or 400 when none of them was taken."""
    lines = [f"ERR {one.code}" if one.code else f"OK {one.ref}" for one in settled]
    status = 202 if any(not one.code for one in settled) else 400
    return Wording(status, "\n".join(lines).encode(), "text/plain")


@dataclass(frozen=True, slots=True)
class Fields:
    """A form, a query or both, by the names their fields have; several numbers are joined.

    `wording` words the answer; by default a line of text for each message.
    """

    to: str = "to"
    text: str = "text"
    sender: str = "from"
    id: str = "id"
    join: str = ","
    wording: Callable[[Sequence[Settled]], Wording] = field(default=plain_wording)

    def read(self, request: Request) -> Sequence[Asked]:
        fields = {**request.query, **(request.form if request.body else {})}
        numbers = [number for number in fields[self.to].split(self.join) if number]
        return [
            Asked(fields.get(self.id, ""), number, fields[self.text], fields.get(self.sender, ""))
            for number in numbers
        ]

    def word(self, request: Request, settled: Sequence[Settled]) -> Wording:
        return self.wording(settled)


class ToMany:
    """JSON: one text to many: `{"to": […], "ids": […], "text", "from"}`, answered as `Generic` does."""

    def read(self, request: Request) -> Sequence[Asked]:
        body = json.loads(request.body)
        pairs = zip(body["ids"], body["to"], strict=True)
        return [Asked(identity, number, body["text"], body.get("from", "")) for identity, number in pairs]

    def word(self, request: Request, settled: Sequence[Settled]) -> Wording:
        return worded(settled)


class Merged:
    """JSON: a text with a gap, and by number what fills it: `{"values": {number: …}, "ids": {number: …}}`."""

    def read(self, request: Request) -> Sequence[Asked]:
        body = json.loads(request.body)
        assert body["text"] == "${t}", body["text"]
        assert body["to"] == list(body["values"]), "a number twice, or none for a value"
        return [
            Asked(body["ids"][number], number, text, body.get("from", ""))
            for number, text in body["values"].items()
        ]

    def word(self, request: Request, settled: Sequence[Settled]) -> Wording:
        return worded(settled)


def worded(settled: Sequence[Settled]) -> Wording:
    """202 and an item for each message, with its id."""
    return Wording(202, json.dumps({"messages": [generic_item(one) for one in settled]}).encode())
