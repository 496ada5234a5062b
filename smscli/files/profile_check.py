"""What in a gateway profile does not fit together: markers, places, modes, secrets that are written down.

Knows a profile whose keys are good one by one. Every problem has its place, and none shows a value that
may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from smscli.domain import profile as domain
from smscli.domain.errors import Problem
from smscli.domain.message import Realm
from smscli.domain.profile import (
    MARKERS,
    MESSAGE_MARKERS,
    AuthKind,
    BatchMode,
    BodyEncoding,
    IdempotencyScope,
    ResultShape,
    SecretName,
    Value,
    Words,
    full_url,
    leaves,
    url_problem,
)
from smscli.files.located import Node, Steps, problem_at
from smscli.files.poll_check import poll_misfits
from smscli.files.profile_models import ProfileModel
from smscli.files.profile_parts import ErrorModel, TestModel
from smscli.files.profile_values import (
    ENV_HINT,
    HEADER,
    OURS,
    SECRET,
    fields_of,
    holds_secret,
    is_flat,
    slots_of,
    url_hint,
    walk,
)
from smscli.files.reading import did_you_mean, has_control, listed

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_VARIABLE = re.compile(r"[a-z][a-z0-9_]*")
_BY_MESSAGE = (
    'put it into {$each: messages, item: …}, {$join: messages, item: …, by: ","} or the name of a field'
)


def misfits(root: Node, model: ProfileModel) -> list[Problem]:
    """Everything in a profile that does not fit together."""
    return _Check(root, model).run()


@dataclass(slots=True)
class _Check:
    """Looks for what does not fit together; every problem with its place."""

    root: Node
    model: ProfileModel
    problems: list[Problem] = field(default_factory=list)

    def run(self) -> list[Problem]:
        self._markers()
        self._auth()
        self._names()
        self._written_secrets()
        self._body()
        self._batch()
        self._result()
        self._promise()
        self._url()
        for misfit in poll_misfits(self.model):
            self._say(*misfit)
        return self.problems

    def _say(self, path: Sequence[str | int], code: str, message: str, hint: str = "") -> None:
        self.problems.append(problem_at(self.root, path, code, message, hint))

    def _markers(self) -> None:
        model = self.model
        own = [name for name, _ in model.variables]
        markers = (*MARKERS, *own)
        for name, value in model.variables:
            self._slots(("variables", name), value, ())
        self._slots(("url",), model.url, own)
        if model.proxy is not None:
            self._slots(("proxy",), model.proxy, own)
        for path, value in self._auth_values():
            self._slots(path, value, own)
        for name, value in model.headers:
            self._slots(("headers", name), value, self._of_call(own))
        for path, node, inside in walk(model.body):
            self._slots(("body", *path), node, markers if inside else self._of_call(own))
        used = {slot for value in self._request_values() for slot in slots_of(value)}
        if {"text_if_gsm7", "hex_if_ucs2"} <= used:
            used |= {"text"}
        for needed in ("to", "text"):
            if needed not in used:
                hint = f"put {{{needed}}} where the gateway wants it"
                self._say(("body",), "missing_marker", f"{{{needed}}} stands nowhere in the request", hint)

    def _of_call(self, own: Sequence[str]) -> list[str]:
        """Names that mean something outside what is made by message."""
        hidden = MESSAGE_MARKERS[self.model.batch.mode]
        return [name for name in (*MARKERS, *own) if name not in hidden]

    def _slots(self, path: Sequence[str | int], value: Value, known: Sequence[str]) -> None:
        for slot in slots_of(value):
            if slot in known:
                continue
            if slot in MARKERS:
                why, hint = "differs by message and cannot stand here", _BY_MESSAGE
                if slot == "id" and self.model.batch.mode is BatchMode.FANOUT:
                    hint = "did you mean {request_id}?"
            else:
                why, meant = "is not known here", did_you_mean(slot, known)
                hint = (
                    f"did you mean {{{meant}}}?" if meant else f"known here: {listed(known)}" if known else ""
                )
            self._say(path, "bad_marker", f"{{{slot}}} {why}", hint)

    def _request_values(self) -> Iterator[Value]:
        yield from (value for _, value in self.model.headers)
        yield from leaves(self.model.body)

    def _auth_values(self) -> Iterator[tuple[Steps, Value]]:
        auth = self.model.auth
        for name in ("user", "password", "token"):
            if getattr(auth, name) is not None:
                yield ("auth", name), getattr(auth, name)
        for name, value in auth.fields:
            yield ("auth", "fields", name), value

    def _auth(self) -> None:
        auth = self.model.auth
        allowed = {
            AuthKind.NONE: set[str](),
            AuthKind.BASIC: {"user", "password"},
            AuthKind.BEARER: {"token", "scheme"},
            AuthKind.HEADER: {"fields", "scheme"},
            AuthKind.SIGNED: {"fields", "signer"},
        }.get(auth.kind, {"fields"})
        needed = {
            AuthKind.BASIC: "user",
            AuthKind.BEARER: "token",
            AuthKind.NONE: "",
            AuthKind.SIGNED: "signer",
        }.get(auth.kind, "fields")
        for name in sorted(auth.model_fields_set - allowed - {"kind"}):
            self._say(("auth", name), "unknown_key", f"means nothing to kind {auth.kind}")
        if needed and not getattr(auth, needed):
            self._say(("auth", needed), "missing", "is missing", f"kind {auth.kind} needs it")
        values = [value for _, value in self._auth_values()]
        own = dict(self.model.variables)
        written = any(SECRET.search(str(path[-1])) for path, _ in self._auth_values())
        if values and not written and not any(holds_secret(value, own) for value in values):
            self._say(("auth",), "secret_written", "names no environment variable", ENV_HINT)

    def _names(self) -> None:
        if not NAME.fullmatch(self.model.name):
            self._say(
                ("name",), "wrong_value", "is not a short name", "letters a-z, digits and -, like my-gateway"
            )
        for name, _ in self.model.variables:
            if not _VARIABLE.fullmatch(name) or name in MARKERS:
                self._say(
                    ("variables", name), "wrong_value", "cannot be the name of a variable", "like account_sid"
                )
        named: list[tuple[Steps, str]] = [(("headers",), name) for name, _ in self.model.headers]
        if self.model.auth.kind is AuthKind.HEADER:
            named += [(("auth", "fields"), name) for name, _ in self.model.auth.fields]
        for where, name in named:
            path = (*where, name)
            if not HEADER.fullmatch(name) or name.lower() in OURS:
                self._say(path, "wrong_value", "is not a header that a profile can set")
        for name, value in self.model.headers:
            if isinstance(value, Words) and any(
                has_control(part) for part in value.parts if isinstance(part, str)
            ):
                self._say(("headers", name), "wrong_value", "holds a line break, which a header cannot")

    def _written_secrets(self) -> None:
        """A secret that is written down is found by the name of its field; its value is not shown."""
        model = self.model
        spots: list[tuple[Steps, str, Value]] = []
        spots += [(("headers", name), name, value) for name, value in model.headers]
        spots += [(("variables", name), name, value) for name, value in model.variables]
        spots += [(path, str(path[-1]), value) for path, value in self._auth_values()]
        spots += [(("body", *path), str(path[-1]), value) for path, value, _ in walk(model.body) if path]
        for path, name, value in spots:
            if SECRET.search(name) and isinstance(value, Words) and value.parts and not value.slots:
                self._say(path, "secret_written", "looks like a secret that is written down", ENV_HINT)

    def _body(self) -> None:
        model, encoding = self.model, self.model.encoding
        if model.method == "GET" and encoding is not BodyEncoding.QUERY:
            self._say(
                ("method",), "wrong_value", "GET carries no body", "write `encoding: query`, or method: POST"
            )
        flat = isinstance(model.body, domain.Fields)
        if encoding is BodyEncoding.TEXT:
            if not isinstance(model.body, Words | SecretName):
                self._say(("body",), "wrong_type", "has to be a text with `encoding: text`", 'like "{text}"')
        elif encoding is not BodyEncoding.JSON:
            nested = [name for name, child in fields_of(model.body) if not is_flat(child)]
            if not flat or nested:
                path = ("body", *nested[:1])
                self._say(path, "wrong_type", f"has to be flat (name: text) with `encoding: {encoding}`")
        if model.auth.kind is AuthKind.FORM and not (
            flat and encoding in (BodyEncoding.JSON, BodyEncoding.FORM)
        ):
            self._say(("auth", "kind"), "wrong_value", "form credentials need a body with named fields")

    def _batch(self) -> None:
        batch = self.model.batch
        if batch.mode is BatchMode.ONE and batch.max != 1:
            self._say(
                ("batch", "max"),
                "wrong_value",
                "mode one carries 1 message",
                "or `mode: fanout`, `mode: list`, `mode: merge`",
            )
        if self.model.validity.least > self.model.validity.most:
            self._say(("validity", "least"), "wrong_value", "is more than `most`")
        if self.model.timeouts.connect >= self.model.timeouts.total:
            self._say(("timeouts", "connect"), "wrong_value", "has to be shorter than `total`")

    def _result(self) -> None:
        result = self.model.result
        needs = {
            ResultShape.ONE_ID: ("id", "ok"),
            ResultShape.LIST_IN_ORDER: ("id", "ok"),
            ResultShape.LIST_BY_KEY: ("match",),
            ResultShape.MAP_BY_NUMBER: ("items",),
            ResultShape.IDS: ("items",),
            ResultShape.TEXT_REGEX: ("pattern",),
            ResultShape.HEADER: ("header",),
        }.get(result.shape, ())
        if result.invalid is not None and result.shape is not ResultShape.IDS:
            self._say(("result", "invalid"), "unknown_key", f"means nothing to shape {result.shape}")
        if needs and not any(getattr(result, name) for name in needs):
            self._say(("result", needs[0]), "missing", "is missing", f"shape {result.shape} needs it")
        if result.shape in (ResultShape.LIST_BY_KEY, ResultShape.MAP_BY_NUMBER) and not (
            result.id or result.ok
        ):
            self._say(("result", "ok"), "missing", "is missing", "say what success is: `id:` or `ok:`")
        for name, models in (("errors", self.model.errors), ("ok", self.model.ok.when)):
            for place, each in enumerate(models):
                self._rule(
                    (name, place) if name == "errors" else (name, "when", place), each, self.model.error_code
                )
        for place, each in enumerate(result.errors):
            self._rule(("result", "errors", place), each, result.code)

    def _rule(self, path: Sequence[str | int], model: TestModel, code: domain.Path | None) -> None:
        if (model.one_of or model.regex or model.equals is not None) and model.path is None and code is None:
            self._say(
                path, "missing", "does not say where to look", "add `path:`, or say `code:` (`error_code:`)"
            )
        if isinstance(model, ErrorModel) and not model.http and not model.build(code):
            self._say(
                path, "missing", "would hold for every answer", "add `http:`, `in:`, `regex:` or `text:`"
            )

    def _promise(self) -> None:
        promise, batch = self.model.idempotency, self.model.batch
        if promise is None:
            return
        if promise.where == "body":
            used = {slot for value in leaves(self.model.body) for slot in slots_of(value)}
            marker = "id" if promise.scope is IdempotencyScope.MESSAGE else "request_id"
            if marker not in used:
                self._say(("idempotency",), "missing_marker", f"the body nowhere says {{{marker}}}")
        elif not promise.name:
            self._say(("idempotency", "name"), "missing", "is missing", "the name of the header or field")
        elif promise.where == "header" and not HEADER.fullmatch(promise.name):
            self._say(("idempotency", "name"), "wrong_value", "is not the name of a header")
        if promise.where == "body" and "format" in promise.model_fields_set:
            self._say(("idempotency", "format"), "unknown_key", "means nothing where the body says the id")
        if (
            promise.where != "body"
            and promise.scope is IdempotencyScope.MESSAGE
            and batch.mode is not BatchMode.ONE
        ):
            hint = "write `scope: request`"
            self._say(
                ("idempotency", "scope"), "wrong_value", "one key a call cannot speak of many messages", hint
            )

    def _url(self) -> None:
        """As far as it is known before any secret is read; `resolve_secrets` looks again."""
        if self.problems:
            return
        call = self.model.build(Realm.LIVE).wire.call
        try:
            url = full_url(call, {})
        except KeyError:
            return
        if found := url_problem(url, allow_plain_http=self.model.allow_plain_http):
            self._say(("url",), "bad_url", found, url_hint(found))
        elif any(SECRET.search(name) for name, _ in parse_qsl(urlsplit(url).query)):
            self._say(
                ("url",), "secret_written", "holds what looks like a secret", "use `auth: {kind: query}`"
            )
