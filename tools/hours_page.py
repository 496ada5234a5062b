"""The tables of docs/hours.md: the rules of countries and of US states, and the ready weeks, as they ship."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from smscli.cli.present.hours import windows_words
from smscli.domain.frequency import FrequencyCap
from smscli.domain.jurisdictions import Jurisdiction
from smscli.domain.quiet_hours import HolidayRule, QuietHours
from smscli.files.rule_files import load_country_rules, load_policies, policy_origins
from tools.markdown import code, filled, plain, table

HOURS = Path(__file__).parent.parent / "docs" / "hours.md"

_HEADERS = ("place", "name", "windows", "holidays", "rests on", "sure", "besides", "sources")


def hours_page(page: str) -> str:
    """The page with its tables made anew. Raises KeyError for one that is not known here."""
    return filled(page, lambda name: _TABLES[name]())


def _countries() -> Iterator[str]:
    rules = load_country_rules()
    rows = [row for place, row in rules.rows.items() if "-" not in place]
    return table(_HEADERS, map(_cells, [*rows, rules.otherwise]))


def _states() -> Iterator[str]:
    rows = load_country_rules().rows
    return table(_HEADERS, (_cells(row) for place, row in rows.items() if "-" in place))


def _ready_weeks() -> Iterator[str]:
    origins = policy_origins()
    rows = (
        (code(name), windows_words(hours), _holidays(hours), origins[name])
        for name, hours in load_policies().items()
    )
    return table(("policy", "windows", "holidays", "asked for by"), rows)


_TABLES = {"rules of countries": _countries, "rules of states": _states, "ready weeks": _ready_weeks}


def _cells(row: Jurisdiction) -> tuple[str, ...]:
    holidays = _holidays(row.hours)
    return (
        code(row.id) if row.id.isupper() else "elsewhere",
        row.name,
        windows_words(row.hours),
        holidays if row.holidays_known else f"{holidays} (nobody said)",
        f"{row.basis}; texts: {row.reach}",
        row.confidence,
        "; ".join(_besides(row)),
        plain("; ".join(row.sources)) or "none",
    )


def _holidays(hours: QuietHours) -> str:
    return "closed" if hours.holidays is HolidayRule.SKIP else "open"


def _besides(row: Jurisdiction) -> Iterator[str]:
    """What a row asks for besides hours."""
    yield from map(_cap, row.caps)
    if row.consent is not None:
        yield f"consent: {row.consent.name.lower()}"
    if row.labels:
        where = "opens with" if row.labels_first else "has"
        yield f"an advertisement {where} {' or '.join(map(code, row.labels))}"


def _cap(cap: FrequencyCap) -> str:
    if isinstance(cap.per, timedelta):
        return f"at most {cap.at_most} in {cap.per // timedelta(hours=1)} hours"
    return f"at most {cap.at_most} a calendar {cap.per}"
