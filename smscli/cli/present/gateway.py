"""What a gateway profile says, in sentences that an operator can judge it by.

Knows profiles. Of the environment it knows which variables are set, never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from textwrap import wrap

from smscli.cli.present.figures import pace
from smscli.cli.present.request import is_set
from smscli.cli.present.text import counted, inert
from smscli.domain.message import Realm
from smscli.domain.profile import (
    VALIDITY_MARKERS,
    Auth,
    AuthKind,
    BatchMode,
    BodyEncoding,
    BodyTest,
    Call,
    ErrorClass,
    ErrorRule,
    GatewayProfile,
    IdempotencyScope,
    NumberFormat,
    Result,
    ResultShape,
    SecretName,
    Unlisted,
    Value,
)
from smscli.engine.sizing import MOST_AT_ONCE
from smscli.files.profile_file import preset_title

_WIDTH = 80
_LABEL = 18
_EXPORT = "Next      export "

_ENCODINGS = {
    BodyEncoding.JSON: "JSON",
    BodyEncoding.FORM: "a form",
    BodyEncoding.QUERY: "no body, all in the URL",
    BodyEncoding.TEXT: "the text itself",
}
_NUMBERS = {
    NumberFormat.E164PLUS: "+12025550123",
    NumberFormat.E164BARE: "12025550123",
    NumberFormat.INT: "12025550123, a number in JSON",
}
_CREDENTIALS = {
    AuthKind.NONE: "none",
    AuthKind.BASIC: "basic (user and password)",
    AuthKind.BEARER: "bearer",
    AuthKind.HEADER: "in headers",
    AuthKind.QUERY: "in the URL",
    AuthKind.FORM: "in the body",
    AuthKind.SIGNED: "each request is signed",
}

#: Answers by what becomes of the message, in the order in which they are told.
_ENDINGS: Mapping[str, tuple[ErrorClass, ...]] = {
    "accepted": (),
    "already accepted": (ErrorClass.ALREADY_ACCEPTED,),
    "rejected": (
        ErrorClass.NUMBER,
        ErrorClass.OPTED_OUT,
        ErrorClass.SENDER,
        ErrorClass.CONTENT,
        ErrorClass.REJECTED,
    ),
    "not taken": (ErrorClass.NOT_TAKEN, ErrorClass.RATE_LIMITED),
    "run stops": (ErrorClass.FUNDS, ErrorClass.CREDENTIALS, ErrorClass.SETUP),
    "in doubt": (ErrorClass.IN_DOUBT,),
}
_WHY = {
    ErrorClass.NUMBER: "the number",
    ErrorClass.OPTED_OUT: "opted out, and goes on the opt-out list",
    ErrorClass.SENDER: "the sender ID",
    ErrorClass.CONTENT: "the text",
    ErrorClass.RATE_LIMITED: "too fast",
    ErrorClass.FUNDS: "funds",
    ErrorClass.CREDENTIALS: "credentials",
    ErrorClass.SETUP: "the account's set-up",
}
_OTHER_429 = "any other 429"
#: What holds for every gateway, besides what its profile says.
_ALWAYS = {
    "not taken": ("no connection", _OTHER_429),
    "run stops": ("any other 400, 401, 403, 404, 405, 413, 415 or 422 for a whole call",),
    "in doubt": ("everything else: a timeout, half an answer, another status",),
}
_CONSEQUENCES = {
    "already accepted": "counts as accepted",
    "not taken": "released, and offered again",
    "run stops": "released; the next run offers them again",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A gateway and how the operator calls it. `written` is where: `preset`, or a file.

    `typed` are the words that name it on the command line of `gateway`.
    """

    name: str
    profile: GatewayProfile
    written: str
    typed: str

    @property
    def is_preset(self) -> bool:
        return self.written == "preset"


def gateway_document(found: Found, environ: Mapping[str, str]) -> dict[str, object]:
    """One line of the list, for programs."""
    profile = found.profile
    return {
        "name": found.name,
        "written": found.written,
        "realm": profile.realm,
        "title": title(found),
        "documentation": preset_title(found.name)[1] if found.is_preset else "",
        "what": in_short(profile),
        "variables": variables_document(profile, environ),
    }


def variables_document(profile: GatewayProfile, environ: Mapping[str, str]) -> list[dict[str, object]]:
    """The environment variables that a profile needs, and whether each is set."""
    return [{"name": name, "set": is_set(name, environ)} for name in profile.secrets]


def title(found: Found) -> str:
    """What a gateway is: as a preset says of itself; of another, what it can."""
    return preset_title(found.name)[0] if found.is_preset else in_short(found.profile)


def in_short(profile: GatewayProfile) -> str:
    """`1 message a call, a form, 10 calls at once`."""
    parts = [_carries(profile), _ENCODINGS[profile.wire.call.encoding]]
    if profile.rates:
        parts.append(pace(profile.rates))
    if profile.idempotency is not None:
        parts.append("repeats are harmless")
    if profile.realm is Realm.SANDBOX:
        parts.append("texts nobody")
    return ", ".join(parts)


def needs(profile: GatewayProfile, environ: Mapping[str, str]) -> str:
    """`KANNEL_USERNAME (set), KANNEL_PASSWORD`."""
    said = [f"{name} (set)" if is_set(name, environ) else name for name in profile.secrets]
    return ", ".join(said) or "nothing"


def unset(profile: GatewayProfile, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that still have to be set."""
    return tuple(name for name in profile.secrets if not is_set(name, environ))


# --- one gateway, in full ---


def profile_document(found: Found, environ: Mapping[str, str]) -> dict[str, object]:
    """Everything that `show` tells, for programs."""
    profile, call = found.profile, found.profile.wire.call
    timeouts, promise = profile.wire.timeouts, profile.idempotency
    return gateway_document(found, environ) | {
        "method": call.method,
        "url": written(call.url),
        "url_variables": {name: written(value) for name, value in call.variables},
        "auth": call.auth.kind,
        "proxy": None if profile.wire.proxy is None else written(profile.wire.proxy),
        "encoding": call.encoding,
        "number": call.number,
        "batch": {"mode": profile.batch, "max": profile.batch_max},
        "connections": profile.connections,
        "rates": [
            {"per_second": rate.per_second, "counts": rate.counts, "per": rate.per} for rate in profile.rates
        ],
        "validity": {"least": call.validity.least, "most": call.validity.most}
        if _tells_validity(profile)
        else None,
        "timeouts": {"connect": timeouts.connect, "total": timeouts.total},
        "idempotency": promise
        and {
            "where": promise.where,
            "name": promise.name,
            "scope": promise.scope,
            "window_seconds": promise.window.total_seconds(),
        },
        "clock_check": profile.clock_check,
        "polls": {
            "receipts": profile.polls.receipts is not None,
            "lookup": profile.polls.lookup is not None,
            "replies": profile.polls.replies is not None,
            "opt_outs": profile.polls.opt_outs is not None,
        },
        "answers": answers(profile),
    }


def profile_text(found: Found, environ: Mapping[str, str]) -> Iterator[str]:
    """Everything that an operator wants to know before trusting a gateway, at 80 columns."""
    profile = found.profile
    where = "a preset that comes with smscli" if found.is_preset else f"written in {inert(found.written)}"
    yield f"{found.name}: {where}, realm {profile.realm}"
    if found.is_preset:
        yield from wrap(title(found), _WIDTH, initial_indent="  ", subsequent_indent="  ")
        yield from (f"  {address}" for address in preset_title(found.name)[1:] if address)
    yield f"  {profile.wire.call.method} {written(profile.wire.call.url)}"
    for label, said in _facts(profile):
        yield from _labelled(label, said)
    yield ""
    yield from _environment(profile, environ)
    yield ""
    yield "What an answer means"
    for ending, rules in answers(profile).items():
        if rules:
            note = f" ({_CONSEQUENCES[ending]})" if ending in _CONSEQUENCES else ""
            yield from _labelled(ending, "; ".join(rules) + note)
    yield ""
    yield from _next_steps(found, environ)


def _facts(profile: GatewayProfile) -> Iterator[tuple[str, str]]:
    call, timeouts = profile.wire.call, profile.wire.timeouts
    for name, value in call.variables:
        yield f"  {{{name}}}", written(value)
    if profile.realm is Realm.SANDBOX:
        yield "Where", "inside smscli, on a port of this machine that is chosen when it runs; it texts nobody"
    if profile.wire.proxy is not None:
        yield "Proxy", written(profile.wire.proxy)
    yield (
        "Body",
        f"{_ENCODINGS[call.encoding]}; numbers like {_NUMBERS[call.number]}; {_sender(call)}",
    )
    yield "Credentials", _credentials(call.auth)
    less = f" (smscli sends {MOST_AT_ONCE:,})" if profile.batch_max > MOST_AT_ONCE else ""
    yield "A call", f"{_carries(profile)}{less}; {counted(profile.connections, 'call')} at once, at most"
    limit = "smscli sets no limit of its own; `rate:` in a profile does"
    yield "Pace", f"at most {pace(profile.rates)}" if profile.rates else limit
    yield "Validity", _validity(profile)
    yield (
        "Timeouts",
        f"{_seconds(timeouts.connect)} to connect, {_seconds(timeouts.total)} for the whole call",
    )
    yield "Repeats", _repeats(profile)
    yield "Afterwards", _afterwards(profile)
    if not profile.clock_check:
        yield "Clock", "its clock is not compared with this machine's"


def written(value: Value) -> str:
    """A value as a profile has it: `https://…/{account_sid}/…`, `<SMS_GATEWAY_URL>`. No secret is in it."""
    if isinstance(value, SecretName):
        return f"<{value.env}>"
    return inert("".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in value.parts))


def _sender(call: Call) -> str:
    if call.number is NumberFormat.E164PLUS:
        return "the sender ID as you write it"
    return "the sender ID as you write it, a number without its +"


def _credentials(auth: Auth) -> str:
    names = [f"{name} {written(value)}" for name, value in auth.fields]
    kind = _CREDENTIALS[auth.kind]
    return f"{kind}: {', '.join(names)}" if names else kind


def _carries(profile: GatewayProfile) -> str:
    match profile.batch:
        case BatchMode.ONE:
            return "1 message a call"
        case BatchMode.FANOUT:
            return f"one text to up to {counted(profile.batch_max, 'number')} a call"
        case BatchMode.LIST:
            return f"up to {counted(profile.batch_max, 'message')} a call"
        case BatchMode.MERGE:
            return f"one sender to up to {counted(profile.batch_max, 'number')} a call, each with a text"


def _seconds(seconds: float) -> str:
    return f"{seconds:g} {'second' if seconds == 1 else 'seconds'}"


def _tells_validity(profile: GatewayProfile) -> bool:
    values = profile.wire.call.values
    slots = {slot for value in values if not isinstance(value, SecretName) for slot in value.slots}
    return bool(slots & VALIDITY_MARKERS)


def _validity(profile: GatewayProfile) -> str:
    if not _tells_validity(profile):
        return "the gateway is not told how long a message is valid"
    bounds = profile.wire.call.validity
    least, most = period(timedelta(seconds=bounds.least)), period(timedelta(seconds=bounds.most))
    return f"the gateway is told how long a message is valid: {least} to {most}"


def period(length: timedelta) -> str:
    """`24 hours`, `90 seconds`: in the largest unit that divides it."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0 and seconds >= 2 * size:
            return counted(seconds // size, unit)
    return counted(seconds, "second")


def _repeats(profile: GatewayProfile) -> str:
    promise = profile.idempotency
    if promise is None:
        asks = "`smscli resolve --ask` asks about it"
        looks = asks if profile.polls.lookup else "you look it up and tell `smscli resolve`"
        return f"It promises nothing about repeats. What is in doubt is not sent again by itself: {looks}."
    place = f"{promise.where} {promise.name}".strip() if promise.where != "body" else "in the body"
    key = "each message" if promise.scope is IdempotencyScope.MESSAGE else "each request"
    return (
        f"A key for {key} ({place}) is taken once within {period(promise.window)}. What is in doubt is sent"
        f" again with the same key, for at most {period(promise.window / 2)}."
    )


def _afterwards(profile: GatewayProfile) -> str:
    """What `smscli sync` asks for, and what it cannot: that the gateway tells by push, if at all."""
    polls = profile.polls
    kinds = {"delivery receipts": polls.receipts, "replies": polls.replies, "opt-outs": polls.opt_outs}
    asked = ", ".join(what for what, poll in kinds.items() if poll)
    rest = ", ".join(what for what, poll in kinds.items() if not poll)
    if not asked:
        return "it cannot be asked; what it tells by push (a webhook) smscli does not hear"
    cannot = f"; not for {rest}" if rest and profile.realm is not Realm.SANDBOX else ""
    return f"`smscli sync` asks it for {asked}{cannot}"


def _environment(profile: GatewayProfile, environ: Mapping[str, str]) -> Iterator[str]:
    if not profile.secrets:
        yield "It needs no environment variables."
        return
    yield "Environment variables it needs"
    width = max(map(len, profile.secrets))
    for name in profile.secrets:
        yield f"  {name:<{width}}  {'set' if is_set(name, environ) else 'not set'}"


def _next_steps(found: Found, environ: Mapping[str, str]) -> Iterator[str]:
    if "--campaigns" not in found.typed:
        yield "In the campaigns file"
        yield '  sender: "+12025550143"    # yours'
        yield f"  gateway: {found.name if found.is_preset else inert(found.written)}"
        yield ""
    missing = " ".join(f"{name}=…" for name in unset(found.profile, environ))
    yield from wrap(missing, _WIDTH, initial_indent=_EXPORT, subsequent_indent=_EXPORT)
    yield f"Next      smscli gateway try {found.typed} --to +12025550123"


def _labelled(label: str, said: str) -> Iterator[str]:
    """A label and a sentence that goes on below, behind it; a URL is never broken."""
    yield from wrap(
        said,
        _WIDTH,
        initial_indent=f"  {label:<{_LABEL - 1}} ",
        subsequent_indent=" " * (_LABEL + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


# --- what an answer means ---


def answers(profile: GatewayProfile) -> dict[str, list[str]]:
    """What becomes of a message -> by which answers, each in words."""
    reply = profile.wire.reply
    rules = [*reply.result.errors, *reply.errors]
    told = {
        ending: [said for means in classes if (said := _class(means, rules))]
        for ending, classes in _ENDINGS.items()
    }
    told["accepted"].append(_success(profile))
    if reply.result.invalid is not None:
        told["rejected"].append(f"a number that the answer lists at {'.'.join(reply.result.invalid)}")
    if reply.result.errors or reply.result.ok:
        unlisted = "rejected" if reply.result.unlisted is Unlisted.REJECTED else "in doubt"
        told[unlisted].append("any other error of a message that the answer lists")
    is_429_mapped = any(429 in rule.statuses and not rule.tests for rule in rules)
    for ending, always in _ALWAYS.items():
        told[ending] += [said for said in always if not (is_429_mapped and said == _OTHER_429)]
    return told


def _class(means: ErrorClass, rules: Sequence[ErrorRule]) -> str:
    """`the number (code is 21211 or 21614)`: every rule that means this, or nothing."""
    said = " or ".join(_rule(rule) for rule in rules if rule.means is means)
    if not said or means not in _WHY:
        return said
    return f"{_WHY[means]} ({said})"


def _rule(rule: ErrorRule) -> str:
    parts = [f"status {_either(rule.statuses)}"] if rule.statuses else []
    return " and ".join([*parts, *map(_test, rule.tests)])


def _success(profile: GatewayProfile) -> str:
    reply = profile.wire.reply
    said = " and ".join([f"status {_either(reply.statuses)}", *map(_test, reply.when)])
    return said + _receipts(reply.result)


_WHOLE = (ResultShape.ONE_ID, ResultShape.HEADER, ResultShape.TEXT_REGEX, ResultShape.NONE)


def _receipts(result: Result) -> str:
    """How a good answer speaks of its messages."""
    tests = " and ".join(map(_test, result.ok))
    if result.shape in _WHOLE:
        return f", and {tests}" if tests else ""
    if tests:
        return f", for each message that it lists, if {tests}"
    return f", for each message that it lists with an id{_at(result.id)}"


def _at(path: Sequence[str] | None) -> str:
    return f" ({inert('.'.join(path))})" if path else ""


def _test(test: BodyTest) -> str:
    what = "the text" if test.path is None else inert(".".join(test.path))
    if test.regex:
        return f"{what} matches {inert(test.regex)}"
    return f"{what} is {_either(test.values)}" if test.values else f"{what} is there"


def _either(choices: Iterable[object]) -> str:
    *most, last = map(str, choices)
    return inert(f"{', '.join(most)} or {last}" if most else last)
