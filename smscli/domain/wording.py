"""The wording rules: what they look for in a rendered text, how much it matters, in one order.

`read` reads one text with all of them. The rules themselves live in `wording_duties.py` (what a reader is
owed), `wording_letters.py` (characters and what they cost), `wording_style.py` and `wording_links.py`; the
words they go by are handed in. None of them decides who is texted, and none changes a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from smscli.domain.campaign import Purpose, Severity
from smscli.domain.wording_reading import (
    Draft,
    Finding,
    Found,
    ListKind,
    Reading,
    WordingRule,
    WordList,
    WordLists,
)

__all__ = [
    "CHECKS",
    "DEFAULTS",
    "Check",
    "Finding",
    "ListKind",
    "Reading",
    "WordList",
    "WordLists",
    "WordingRule",
    "read",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule with its usual severities, and what people are told of it: docs/wording.md is made of these.

    `trips` is a text that the rule finds something in, `instead` one to send in its place; both in English,
    of the brand Green Garage, and of the purpose in which the rule weighs most.
    """

    rule: WordingRule
    find: Callable[[Draft], Iterator[Found]]
    marketing: Severity
    transactional: Severity
    looks_for: str
    trips: str
    instead: str
    basis: str


CHECKS: tuple[Check, ...] = ()

DEFAULTS: Mapping[Purpose, Mapping[WordingRule, Severity]] = {
    Purpose.MARKETING: {check.rule: check.marketing for check in CHECKS},
    Purpose.TRANSACTIONAL: {check.rule: check.transactional for check in CHECKS},
}


def read(reading: Reading, lists: WordLists, severities: Mapping[str, Severity]) -> tuple[Finding, ...]:
    """What the rules have against a text, in their order. Raises nothing, whatever the text.

    `severities` are what the campaign itself says of rules (`Campaign.wording`); all others have those of
    DEFAULTS. A rule that it names (but not `off`) goes by lists of words that nobody confirmed, too.
    """
    named = frozenset(rule for rule, severity in severities.items() if severity is not Severity.OFF)
    draft = Draft(reading, lists, named)
    findings: list[Finding] = []
    for check in CHECKS:
        severity = severities.get(check.rule, DEFAULTS[reading.purpose][check.rule])
        if severity is not Severity.OFF:
            findings += [Finding(check.rule, severity, *found) for found in check.find(draft)]
    return tuple(findings)
