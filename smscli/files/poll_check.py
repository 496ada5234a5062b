"""What does not fit together in what a profile says about asking afterwards.

Knows a profile whose keys are good one by one, as `profile_check.py` does, which calls this. No value that
may be a secret is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from smscli.domain import profile as domain
from smscli.domain.profile import (
    POLL_MARKERS,
    BodyEncoding,
    PageBy,
    PollEach,
    SecretName,
    Value,
    Words,
    plain,
    url_problem,
)
from smscli.files.located import Steps
from smscli.files.poll_models import AskModel, LookupModel, PollModel, ReceiptsModel, StatesModel
from smscli.files.profile_models import ProfileModel
from smscli.files.profile_parts import TestModel
from smscli.files.profile_values import (
    ENV_HINT,
    HEADER,
    OURS,
    SECRET,
    as_written,
    fields_of,
    is_flat,
    slots_of,
    url_hint,
    walk,
)
from smscli.files.reading import did_you_mean, has_control, listed, quoted

#: What each kind of poll knows of messages besides times and `{last}`.
_KNOWN = {
    PollEach.GATEWAY: frozenset[str](),
    PollEach.SENDER: frozenset({"sender"}),
    PollEach.REF: frozenset({"ref"}),
    PollEach.MESSAGE: frozenset({"id", "ref", "to", "sender"}),
}
_OF_MESSAGE = _KNOWN[PollEach.MESSAGE]
_NEEDS = {
    PageBy.LINK: ("path",),
    PageBy.TOKEN: ("path", "name"),
    PageBy.PAGE: ("name", "size"),
    PageBy.OFFSET: ("name", "size"),
    PageBy.LAST: ("path",),
    PageBy.DRAIN: (),
}
_MAY = {
    PageBy.PAGE: {"first"},
    PageBy.LAST: {"size", "start"},
}


class Misfit(NamedTuple):
    """Something that does not fit: path below the profile, code, message, hint."""

    path: Steps
    code: str
    message: str
    hint: str = ""


def poll_misfits(model: ProfileModel) -> Iterator[Misfit]:
    """Everything that does not fit together in `receipts`, `lookup`, `replies` and `opt_outs`."""
    named: tuple[tuple[str, PollModel | None], ...] = (
        ("receipts", model.receipts),
        ("lookup", model.lookup),
        ("replies", model.replies),
        ("opt_outs", model.opt_outs),
    )
    for name, poll in named:
        if poll is None:
            continue
        yield from _asks(model, name, poll)
        yield from _each(name, poll)
        yield from _pages(name, poll)
        yield from _tests(name, poll)
        if isinstance(poll, ReceiptsModel):
            yield from _receipts(name, poll)


# --- requests ---


def _asks(model: ProfileModel, name: str, poll: PollModel) -> Iterator[Misfit]:
    asks: list[tuple[Steps, AskModel]] = [((name,), poll)]
    if poll.ack is not None:
        asks.append(((name, "ack"), poll.ack))
    for path, ask in asks:
        yield from _markers(model, path, ask, poll)
        yield from _names(path, ask)
        yield from _body(path, ask)
        yield from _written_secrets(path, ask)
        yield from _url(model, path, ask)


def _values(ask: AskModel) -> Iterator[tuple[Steps, Value]]:
    yield ("url",), ask.url
    for name, value in ask.query:
        yield ("query", name), value
    for name, value in ask.headers:
        yield ("headers", name), value
    if ask.body is not None:
        for path, value, _ in walk(ask.body):
            yield ("body", *path), value


def _markers(model: ProfileModel, path: Steps, ask: AskModel, poll: PollModel) -> Iterator[Misfit]:
    """Markers that are none, and those that nothing makes known."""
    of_message = _KNOWN[poll.each]
    if isinstance(poll, LookupModel):  # what is in doubt has no id of the gateway's
        of_message = _OF_MESSAGE - {"ref"}
    known = [marker for marker in POLL_MARKERS if marker not in _OF_MESSAGE or marker in of_message]
    known += [name for name, _ in model.variables]
    for below, value in _values(ask):
        for slot in slots_of(value):
            if slot in known:
                continue
            where = (*path, *below)
            if slot in _OF_MESSAGE:
                hint = _hint_of(slot, poll)
                yield Misfit(where, "bad_marker", f"{{{slot}}} is not known here", hint)
            else:
                meant = did_you_mean(slot, known)
                hint = f"did you mean {{{meant}}}?" if meant else f"known here: {listed(known)}"
                yield Misfit(where, "bad_marker", f"{{{slot}}} is not known here", hint)


def _hint_of(slot: str, poll: PollModel) -> str:
    if isinstance(poll, LookupModel):
        return "a message in doubt has no id of the gateway's yet: ask by {id}, or by {to} and {since}"
    kinds = [each.value for each, known in _KNOWN.items() if slot in known]
    return f"write each: {' or each: '.join(kinds)}"


def _names(path: Steps, ask: AskModel) -> Iterator[Misfit]:
    for name, value in ask.headers:
        where = (*path, "headers", name)
        if not HEADER.fullmatch(name) or name.lower() in OURS:
            yield Misfit(where, "wrong_value", "is not a header that a profile can set")
        elif isinstance(value, Words) and any(
            has_control(part) for part in value.parts if isinstance(part, str)
        ):
            yield Misfit(where, "wrong_value", "holds a line break, which a header cannot")


def _body(path: Steps, ask: AskModel) -> Iterator[Misfit]:
    if ask.body is None:
        if "encoding" in ask.model_fields_set and ask.method == "GET":
            yield Misfit((*path, "encoding"), "unknown_key", "means nothing without a body")
        return
    where = (*path, "body")
    if ask.method == "GET" and ask.encoding is not BodyEncoding.QUERY:
        hint = "put it into `query`, or write `method: POST`"
        yield Misfit(where, "wrong_value", "GET carries no body", hint)
    elif ask.encoding is BodyEncoding.TEXT:
        if not isinstance(ask.body, Words | SecretName):
            yield Misfit(where, "wrong_type", "has to be a text with `encoding: text`")
    elif ask.encoding is not BodyEncoding.JSON:
        nested = [name for name, child in fields_of(ask.body) if not is_flat(child)]
        if not isinstance(ask.body, domain.Fields) or nested:
            message = f"has to be flat (name: text) with `encoding: {ask.encoding}`"
            yield Misfit((*where, *nested[:1]), "wrong_type", message)


def _written_secrets(path: Steps, ask: AskModel) -> Iterator[Misfit]:
    """A secret that is written down is found by the name of its field; its value is not shown."""
    for below, value in _values(ask):
        is_written = isinstance(value, Words) and value.parts and not value.slots
        if below != ("url",) and is_written and SECRET.search(str(below[-1])):
            yield Misfit(
                (*path, *below), "secret_written", "looks like a secret that is written down", ENV_HINT
            )


def _url(model: ProfileModel, path: Steps, ask: AskModel) -> Iterator[Misfit]:
    """As far as it is known before any secret is read and any message is known."""
    where = (*path, "url")
    url = _example_of(model, ask.url)
    if url is None:
        return
    found = url_problem(url, allow_plain_http=model.allow_plain_http)
    if found:
        yield Misfit(where, "bad_url", found, url_hint(found))
    elif any(SECRET.search(name) and said for name, said in parse_qsl(urlsplit(url).query)):
        hint = "credentials of `auth` go with every request by themselves"
        yield Misfit(where, "secret_written", "holds what looks like a secret", hint)


def _example_of(model: ProfileModel, value: Value) -> str | None:
    """The whole URL with something in the places of markers; None where the environment has it.

    What is relative to where messages go is as good as that, which is checked elsewhere.
    """
    known = dict.fromkeys(POLL_MARKERS, "x")
    for name, said in model.variables:
        known[name] = as_written(said) if isinstance(said, Words) else "x"
    try:
        return urljoin("https://gateway.invalid/", plain(value, known, {}))
    except (KeyError, ValueError):
        return None


# --- what fits which poll ---


def _each(name: str, poll: PollModel) -> Iterator[Misfit]:
    if isinstance(poll, LookupModel):
        if poll.each is not PollEach.MESSAGE:
            yield Misfit((name, "each"), "wrong_value", "is always `message`: leave it out")
        for key in ("consuming", "ack"):
            if getattr(poll, key):
                hint = "a message may be looked up again and again"
                yield Misfit((name, key), "unknown_key", "cannot be said of `lookup`", hint)
    elif name == "opt_outs" and poll.each is not PollEach.GATEWAY:
        yield Misfit((name, "each"), "wrong_value", "the opt-out list is asked for once: `each: gateway`")


def _pages(name: str, poll: PollModel) -> Iterator[Misfit]:
    pages = poll.pages
    if pages is None:
        return
    where: Steps = (name, "pages")
    needed = _NEEDS[pages.by]
    for key in needed:
        if key not in pages.model_fields_set or not getattr(pages, key):
            yield Misfit((*where, key), "missing", "is missing", f"`by: {pages.by}` needs it")
    allowed = {"by", *needed, *_MAY.get(pages.by, ())}
    for key in sorted(pages.model_fields_set - allowed):
        yield Misfit((*where, key), "unknown_key", f"means nothing to `by: {pages.by}`")
    by = (*where, "by")
    if pages.by is PageBy.LAST and poll.each is not PollEach.GATEWAY and not pages.start:
        hint = "write `each: gateway`, or where each begins: `start`"
        yield Misfit(by, "wrong_value", "one mark cannot stand for many listings", hint)
    if pages.by is PageBy.LAST and not _uses(poll, "last"):
        yield Misfit((name,), "missing_marker", "nowhere says {last}", 'put "{last}" into `query` or `url`')
    if pages.by is PageBy.DRAIN and not (poll.consuming or poll.ack):
        hint = "say `consuming: true`, or how a page is marked as read: `ack`"
        yield Misfit(by, "wrong_value", "would tell the same items for ever", hint)
    if pages.by in (PageBy.PAGE, PageBy.OFFSET) and (poll.consuming or poll.ack):
        hint = "write `by: drain`"
        yield Misfit(by, "wrong_value", "would skip items: the first page is gone once it is read", hint)


def _uses(poll: PollModel, marker: str) -> bool:
    return any(marker in slots_of(value) for _, value in _values(poll))


def _tests(name: str, poll: PollModel) -> Iterator[Misfit]:
    """Tests of an item look at a path: an item has no text of its own."""
    tests: list[tuple[str, Sequence[TestModel]]] = [("where", poll.where)]
    if isinstance(poll, ReceiptsModel):
        tests.append(("opted_out", poll.opted_out))
    for key, models in tests:
        for place, test in enumerate(models):
            if test.text or test.path is None:
                hint = "write `path:` with `equals:`, `in:` or `regex:`"
                yield Misfit((name, key, place), "missing", "does not say where in an item to look", hint)
    for place, test in enumerate(poll.empty_when):
        if not test.build():
            yield Misfit((name, "empty_when", place), "missing", "would hold for every answer")


def _receipts(name: str, poll: ReceiptsModel) -> Iterator[Misfit]:
    names_one = poll.ref or poll.id or poll.number
    if not names_one and poll.each not in (PollEach.MESSAGE, PollEach.REF):
        hint = "say `ref:`, `id:` or `number:`, or ask by message: `each: message`"
        yield Misfit((name,), "missing", "no item names its message", hint)
    if poll.state is None and not isinstance(poll, LookupModel):
        yield Misfit((name, "state"), "missing", "is missing", "the path of the word for what became of it")
    if poll.state is not None:
        yield from _states((name, "states"), poll.states)
    elif "states" in poll.model_fields_set:
        yield Misfit((name, "states"), "unknown_key", "means nothing without `state`")
    if isinstance(poll, LookupModel):
        yield from _lookup(name, poll)


def _states(path: Steps, states: StatesModel) -> Iterator[Misfit]:
    seen: dict[str, str] = {}
    for state in ("delivered", "undelivered", "expired", "rejected", "accepted"):
        for word in getattr(states, state):
            if word in seen:
                message = f"{quoted(word)} is under {seen[word]} as well"
                yield Misfit((*path, state), "wrong_value", message, "a word means one thing")
            seen.setdefault(word, state)
    if not seen:
        hint = "such as states: {delivered: [delivered], undelivered: [failed]}"
        yield Misfit(path, "missing", "says of no word what it means", hint)


def _lookup(name: str, poll: LookupModel) -> Iterator[Misfit]:
    """A message is found by our id, or by number, text and time together: less could be another one."""
    if poll.id or _uses(poll, "id"):
        return
    lacking = [key for key in ("number", "sent_text", "at") if getattr(poll, key) is None]
    if lacking:
        hint = "say where our id stands (`id:`), or ask by {id}; or all of `number:`, `sent_text:` and `at:`"
        message = f"could take another message for it: without our id, {listed(lacking)} must be said"
        yield Misfit((name,), "missing", message, hint)
