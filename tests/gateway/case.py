"""Case files: what a preset asks of its gateway, and what becomes of what the gateway answers.

    tests/gateway/cases/twilio.yaml

    environ: {TWILIO_ACCOUNT_SID: AC…, TWILIO_AUTH_TOKEN: …}    made-up values of the variables it names
    changes: {rate: {per_second: 5}}                            of the preset, as in a campaigns file
    without: {out_of_funds: why there is no such case}
    cases:
      success:
        messages: [{id: …, to: …, from: …, text: …, valid_for: 3600}]       each key has a default
        request:
          target: POST /2010-04-01/Accounts/AC…/Messages.json    path and query, exactly
          headers: {authorization: Basic …}                      these, exactly; others may be there
          json: {…}   or  form: {To: "+1…"}  or  text: "…"       the whole body, exactly; none: no body
        answer: {status: 201, headers: {…}, json: {…}}           or text: "…", or `silence: true`
        verdict: answered                                        answered, apart, not_taken, refused, in_doubt
        receipts: [{id: m-1, state: accepted, ref: SM1, segments: 1}]       one a message, in order
        taken: [m-1]                                             what it took; else: accepted, in doubt
        retry_after: 30
    polls:
      receipts:                                                  or lookup, replies, opt_outs; a list: several
        handed: [{id: …, ref: …, to: …, from: …, text: …}]
        since: 2026-11-22T08:00:00Z                              until is 2026-11-22T12:00:00Z
        mark: ""
        exchanges: [{request: {…}, answer: {…}}, …]
        tells: [{ref: SM1, state: delivered, …}]                 in order; the keys given have to hold
        unread: 0
        marks: ["…"]                                             what the last page leaves behind
        fails: some words of the error
        finds: {state: accepted, …}  or  finds: absent  or  finds: nothing         for lookup

Bodies are compared as what they mean (JSON values, form fields), not byte by byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from smscli.domain.message import Batch, Message
from smscli.domain.msisdn import parse
from smscli.domain.profile import GatewayProfile, full_url
from smscli.domain.segments import measure
from smscli.files.profile_file import load_profile
from smscli.files.tree import parse_tree
from tests.support.dialects import Asked, Request, Settled, Wording

FOLDER = Path(__file__).parent / "cases"
CLAIMED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

#: What every preset shows, or says why it cannot.
NEEDED = (
    "success",
    "partial_failure",
    "opted_out",
    "rate_limited",
    "out_of_funds",
    "bad_credentials",
    "unreadable_answer",
    "timeout",
)


@dataclass(frozen=True)
class CaseFile:
    """One preset's cases as they are written."""

    preset: str
    written: Mapping[str, Any]

    @property
    def secrets(self) -> Mapping[str, str]:
        return {name: str(value) for name, value in self.written.get("environ", {}).items()}

    @property
    def cases(self) -> Mapping[str, Mapping[str, Any]]:
        return dict(self.written["cases"])

    def profile(self, also: Mapping[str, Any] | None = None) -> GatewayProfile:
        """The preset with the file's changes, and others."""
        changes = {"preset": self.preset, **self.written.get("changes", {}), **(also or {})}
        return load_profile(parse_tree(json.dumps(changes), "changes.yaml").root, Path())

    def at(self, profile: GatewayProfile, origin: str) -> GatewayProfile:
        """The same gateway at another origin: path and query stay."""
        parts = urlsplit(full_url(profile.wire.call, self.secrets))
        query = f"?{parts.query}" if parts.query else ""
        return profile.at(f"{origin}{parts.path}{query}")


@cache
def case_file(preset: str) -> CaseFile:
    """The cases of a preset."""
    return CaseFile(preset, yaml.safe_load((FOLDER / f"{preset}.yaml").read_text("utf-8")))


def presets_with_cases() -> tuple[str, ...]:
    """Every preset that has a case file."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def batch_of(written: Sequence[Mapping[str, Any]] | None) -> Batch:
    """The messages of a case, in one request."""
    messages = [_message(place, each) for place, each in enumerate(written or [{}], start=1)]
    return Batch("0123456789abcdef" * 2, tuple(messages), CLAIMED)


def _message(place: int, written: Mapping[str, Any]) -> Message:
    number = str(written.get("to", f"+120255501{22 + place}"))
    text = str(written.get("text", "Hello"))
    return Message(
        id=str(written.get("id", f"m-{place}")),
        campaign_id="tyres",
        to=parse(number, None),
        sender=str(written.get("from", "+12025550100")),
        body=text,
        segments=measure(text),
        deadline=CLAIMED + timedelta(seconds=float(written.get("valid_for", 3600))),
    )


def check_request(wanted: Mapping[str, Any], found: Request) -> None:
    """Fails where a request is not what a case says."""
    method, _, target = wanted["target"].partition(" ")
    assert (found.method, found.target) == (method, target)
    for name, said in wanted.get("headers", {}).items():
        assert found.headers.get(name.lower()) == str(said), name
    if "json" in wanted:
        assert found.json == wanted["json"]
    elif "form" in wanted:
        assert _pairs(found.body.decode()) == _form(wanted["form"])
    else:
        assert found.body.decode() == wanted.get("text", "")


def _pairs(encoded: str) -> list[tuple[str, str]]:
    return sorted(parse_qsl(encoded, keep_blank_values=True, strict_parsing=bool(encoded)))


def _form(wanted: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Fields; a list is its field again and again."""
    each = ((name, said if isinstance(said, list) else [said]) for name, said in wanted.items())
    return sorted((name, str(one)) for name, said in each for one in said)


def answer_of(written: Mapping[str, Any]) -> tuple[int, bytes, str, Mapping[str, str]]:
    """Status, body, content type and headers."""
    headers = {name: str(said) for name, said in written.get("headers", {}).items()}
    if "json" in written:
        return written["status"], json.dumps(written["json"]).encode(), "application/json", headers
    kind = headers.pop("Content-Type", "text/plain")
    return written["status"], str(written.get("text", "")).encode(), kind, headers


@dataclass(frozen=True)
class CaseDialect:
    """The gateway's books: what it takes is what the case says."""

    batch: Batch
    taken: frozenset[str]

    def read(self, request: Request) -> Sequence[Asked]:
        return list(self._asked())

    def _asked(self) -> Iterator[Asked]:
        for each in self.batch.messages:
            if each.id in self.taken:
                yield Asked(each.id, each.to.e164, each.body, each.sender)

    def word(self, request: Request, settled: Sequence[Settled]) -> Wording:
        raise AssertionError("the case says what is answered")
