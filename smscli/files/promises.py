"""How often somebody was told that they would be texted, as people write it: `2 a month`, `2 per 30d`."""

from __future__ import annotations

import re
from datetime import timedelta

from smscli.domain.consent import Promise
from smscli.domain.frequency import CalendarPeriod
from smscli.files.located import Wrong
from smscli.files.reading import quoted
from smscli.files.scalars import parse_duration

_PROMISE = re.compile(
    r"(?:at most |up to |max\.? )?(\d{1,4})\s*(?:x|times|messages?|msgs?|texts?|sms)?"
    r"\s*(?:/|per|a|an|each|every)\s*(?:calendar )?([a-z0-9][a-z0-9 ]*)",
    re.IGNORECASE | re.ASCII,
)
_HINT = "write 2 a month, 1 a day, 1 a week or 2 per 30d"

#: What is no day or month of the calendar is a time that runs on.
_WORDS = {"hour": timedelta(hours=1), "week": timedelta(days=7), "year": timedelta(days=365)}


def parse_promise(text: str) -> Promise:
    """`2 a month`, `2/month`, `1 per day` (of the calendar), `2 per 30d`, `1 a week`. Raises Wrong."""
    found = _PROMISE.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise Wrong(
            f"{quoted(text)} does not say how many messages in what time", code="bad_promise", hint=_HINT
        )
    return Promise(int(found[1]), _period(found[2].strip().lower(), text))


def _period(word: str, text: str) -> timedelta | CalendarPeriod:
    if word in set(CalendarPeriod):
        return CalendarPeriod(word)
    if word in _WORDS:
        return _WORDS[word]
    try:
        return parse_duration(word)
    except Wrong:
        wrong = f"{quoted(text)} does not say in what time"
        raise Wrong(wrong, code="bad_promise", hint=_HINT) from None


def promise_text(promise: Promise) -> str:
    """The same written so that it is read back: `2 per month`, `2 per 30d`, `1 per 1d 12h`."""
    return f"{promise.at_most} per {_period_text(promise.per)}"


def _period_text(per: timedelta | CalendarPeriod) -> str:
    if isinstance(per, CalendarPeriod):
        return per.value
    seconds, parts = int(per.total_seconds()), []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        amount, seconds = divmod(seconds, size)
        parts += [f"{amount}{unit}"] if amount else []
    return " ".join(parts)
