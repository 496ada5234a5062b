"""A reply as it was seen, and the small readings of it: what stands at a path, tests, rules, delays, dates.

Pure. What comes out for people is one line of bounded length in which numbers are masked. Does not know what
a reply is about: `reply.py` reads receipts out of it, `poll_reply.py` what is told afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from math import isfinite
from typing import Any

from smscli.domain.msisdn import mask
from smscli.domain.profile import BodyTest, ErrorClass, ErrorRule, Path, Reply, TimeUnit

#: A longer text of a gateway is cut: it is for people, and goes into the log once a message.
LONGEST_DETAIL = 200
#: No gateway means a longer delay than a day; a reply that says so is misread.
LONGEST_DELAY = 86_400.0

ABSENT = object()
_NUMBERS = re.compile(r"\+?\d[\d\s().-]{5,}\d")


@dataclass(frozen=True)
class Seen:
    """A reply, parsed where somebody asks."""

    status: int
    headers: Mapping[str, str]  # by lower-case name
    body: bytes

    def header(self, name: str) -> str:
        """A header's value, or empty."""
        return self.headers.get(name.lower(), "")

    @cached_property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def tree(self) -> Any:
        """The body as JSON, or a marker of absence."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):  # no JSON, not UTF-8, or brackets without end
            return ABSENT


def at(tree: Any, path: Path | None) -> Any:
    """What stands at a path, or a marker of absence."""
    if path is None:
        return ABSENT
    for step in path:
        if isinstance(tree, dict):
            tree = tree.get(step, ABSENT)
        elif isinstance(tree, list) and step.isascii() and step.isdigit() and len(step) < 7:
            tree = tree[int(step)] if int(step) < len(tree) else ABSENT
        else:
            return ABSENT
    return tree


def said_by(value: Any) -> str | None:
    """A scalar as text (`true`, `null`, `201`), or None for what is absent, a list or an object."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (bool, int, float)):
        try:
            return json.dumps(value)
        except ValueError:  # an integer of more digits than Python turns into text
            return None
    return None


def name_of(value: Any) -> str:
    """An id or a code: a scalar that says something, cut to a sane length; else empty."""
    if value is ABSENT or value is None or isinstance(value, bool):
        return ""
    said = said_by(value)
    return "" if said is None else one_line(said)


def one_line(text: str) -> str:
    """One line of bounded length without control characters."""
    if len(text) <= LONGEST_DETAIL and text.isprintable() and " " not in text:
        return text  # an id or a code, as nearly all are
    cut = text[:1000]
    if not cut.isprintable():
        cut = "".join(character if character.isprintable() else " " for character in cut)
    return " ".join(cut.split())[:LONGEST_DETAIL]


def detail_of(value: Any) -> str:
    """A gateway's own words with whatever may be a phone number masked."""
    said = None if value is ABSENT or value is None else said_by(value)
    return _NUMBERS.sub(lambda found: mask(found[0]), one_line(said)) if said else ""


@lru_cache(maxsize=256)
def pattern(regex: str) -> re.Pattern[str]:
    """A regular expression, compiled once."""
    return re.compile(regex)


def holds(test: BodyTest, tree: Any, text: str) -> bool:
    """Does a test hold of a tree, or of the whole text."""
    said = text if test.path is None else said_by(at(tree, test.path))
    if said is None:
        return False
    if test.values and said not in test.values:
        return False
    return not test.regex or pattern(test.regex).search(said) is not None


def rule_of(rules: Iterable[ErrorRule], seen: Seen, tree: Any, text: str) -> ErrorClass | None:
    """The class of the first rule that holds."""
    for rule in rules:
        if rule.statuses and seen.status not in rule.statuses:
            continue
        if all(holds(test, tree, text) for test in rule.tests):
            return rule.means
    return None


def digits(number: str) -> str:
    """The digits of a number, as 0 to 9."""
    return "".join(character for character in number if character in "0123456789")


def segments_of(value: Any) -> int | None:
    """A gateway's own count of segments."""
    said = None if value is ABSENT else said_by(value)
    return int(said) if said and re.fullmatch(r"[0-9]{1,3}", said) and int(said) > 0 else None


def with_words(reason: str, code: str, detail: str) -> str:
    """A reason with the gateway's own words."""
    own = " ".join(filter(None, [code, detail]))
    if reason and own:
        return f"{reason[:-1]}: {own})" if reason.endswith(")") else f"{reason} ({own})"
    return reason or own


def retry_after(reply: Reply, seen: Seen) -> float | None:
    """Seconds, from `Retry-After` (seconds or a date) or where the profile says."""
    where = reply.retry_after
    by_header = _delay(seen.header("Retry-After"), seen)
    if by_header is not None:
        return by_header
    said = seen.header(where.header) if where.header else ""
    if not said and where.path is not None:
        said = said_by(at(seen.tree, where.path)) or ""
    if not said and where.pattern:
        found = pattern(where.pattern).search(seen.text)
        said = (found[1] or "") if found else ""
    factor = {TimeUnit.SECONDS: 1.0, TimeUnit.MILLISECONDS: 0.001, TimeUnit.MINUTES: 60.0}[where.unit]
    return _seconds(said, factor)


def _delay(said: str, seen: Seen) -> float | None:
    """`120`, or a date, counted from the reply's own `Date`: nobody's clock is compared with another's."""
    seconds = _seconds(said)
    then, now = http_date(said), http_date(seen.header("Date"))
    if seconds is None and then is not None and now is not None:
        return min(max(0.0, (then - now).total_seconds()), LONGEST_DELAY)
    return seconds


def _seconds(said: str, factor: float = 1.0) -> float | None:
    if not re.fullmatch(r"\s*[0-9]{1,12}(\.[0-9]{1,9})?\s*", said) or not said.isascii():
        return None
    seconds = float(said) * factor
    return min(seconds, LONGEST_DELAY) if isfinite(seconds) else None


@lru_cache(maxsize=4)  # hundreds of replies share a second
def http_date(said: str) -> datetime | None:
    """An HTTP date as aware UTC."""
    if not said:
        return None
    try:
        date = parsedate_to_datetime(said)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
