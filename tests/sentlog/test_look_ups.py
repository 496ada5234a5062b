"""No question that is asked for every chunk of a list, or for every claim, reads a whole table."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from smscli.domain.consent import ConsentMethod, ConsentRecord
from smscli.domain.contact import ConsentLevel
from smscli.domain.message import Realm
from smscli.sentlog.sqlite import SqliteSentLog

from .making import ANNA, BEN, NOW, TERMS, claimed, message, stop

_SPEAKS = r"\s*(WITH|SELECT|INSERT|DELETE)"
_ANY = "SELECT EXISTS (SELECT 1 FROM consent)"  # its first row answers it


@pytest.mark.parametrize("level", [ConsentLevel.NONE, ConsentLevel.EXPRESS])
def test_neither_facts_nor_claims_read_all_consents_or_opt_outs(
    sqlite_log: SqliteSentLog, level: ConsentLevel
) -> None:
    """Every look at them is by number: a log has a million."""
    record = ConsentRecord(ANNA, level, NOW, ConsentMethod.PAPER)
    sqlite_log.record_consents([record], NOW)
    sqlite_log.opt_out([stop(ANNA)])
    asked: list[str] = []
    connection = sqlite_log._connection
    connection.set_trace_callback(asked.append)
    sqlite_log.facts(Realm.LIVE, "c", [ANNA], NOW, NOW)
    claimed(sqlite_log, message(ANNA), terms=replace(TERMS, planned_at=NOW))
    sqlite_log.opt_out([stop(BEN)])
    sqlite_log.start(BEN, "", "3344", NOW, "START")
    connection.set_trace_callback(None)
    statements = {each for each in asked if re.match(_SPEAKS, each) and each != _ANY}
    plans = [
        step for statement in statements for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]
    assert any("consent" in step for step in plans)
    assert not [step for step in plans if re.match(r"SCAN (r|n|y|o|opt_out|opt_out_event|consent)\b", step)]
