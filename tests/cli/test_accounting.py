"""Promise 3: whatever the list and whatever the gateway does, every row is accounted for exactly once."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.desk import Desk
from tests.support.answers import (
    Accept,
    AcceptSome,
    Answer,
    CloseAfterReading,
    HalfAnswer,
    Html502,
    RateLimited,
    Redirect,
    Refuse,
    Status,
    TruncatedBody,
)
from tests.support.loopback import LoopbackGateway

CAMPAIGN = """\
  ready:
    purpose: transactional
    topic: workshop
    quiet_hours: {windows: {mon-sun: "00:00-24:00"}, holidays: ignore, margin: off}
    text: {en: "Your bike is ready, {{ first_name }}.", pl: "{{ first_name }}, rower gotowy."}
    wording: off
"""
TOP = "on_bad_rows: skip\n"
HEADER = "phone,first_name,language,stop"

NUMBERS = [f"+12025550{index:03}" for index in range(100, 125)]
#: Two spellings, no zone, too short, no number at all, nothing, formulas and escapes.
ODD = ["+1 (202) 555-0100", "2025550101", "+80012345678", "+1202555", "nobody", "", "=cmd()", "+4851234567x"]

rows = st.lists(
    st.tuples(
        st.sampled_from(NUMBERS + ODD),
        st.sampled_from(["Ann", "Ola", "", "{{ x }}", "a\x07b"]),
        st.sampled_from(["en", "pl", "", "de", "???"]),
        st.sampled_from(["", "", "", "no", "yes", "perhaps"]),
    ),
    min_size=1,
    max_size=40,
)

some = {NUMBERS[0]: "sender", NUMBERS[1]: "number", NUMBERS[2]: "opted_out", NUMBERS[3]: "not_taken"}
answers: st.SearchStrategy[Answer] = st.sampled_from(
    [
        Accept(),
        Accept(),
        Accept(),
        AcceptSome(some),
        AcceptSome(forget=NUMBERS[4:8]),
        Refuse("content"),
        RateLimited(0),
        Status(503, headers={"Retry-After": "0"}),
        Status(400),
        Status(401),
        Status(500, taken=True),
        Html502(),
        Redirect(),
        CloseAfterReading(),
        HalfAnswer(),
        TruncatedBody(),
    ]
)


def _adds_up(document: dict[str, Any]) -> bool:
    parts = ("problems", "not_attempted", "released", "rejected", "in_doubt", "accepted")
    reasons = [*document["skipped"].values(), *document["held"].values()]
    counts = [*(document[part] for part in parts), *reasons]
    assert all(count >= 0 for count in counts), document
    return bool(document["rows"] == sum(counts))


@settings(max_examples=30, deadline=None)
@given(
    people=rows,
    script=st.lists(answers, max_size=25),
    most=st.sampled_from([1, 3, 100]),
    limit=st.sampled_from([None, None, 1, 5]),
)
def test_the_parts_of_a_run_add_up_to_the_rows_of_its_list(
    people: list[tuple[str, str, str, str]], script: list[Answer], most: int, limit: int | None
) -> None:
    with TemporaryDirectory() as folder, chdir(folder), LoopbackGateway() as gateway:
        desk = Desk(Path(folder))
        desk.live(gateway, CAMPAIGN, profile=f"batch: {{max: {most}}}", top=TOP)
        listed = "contacts: {file: contacts.csv, region: US, columns: {opt_out: stop}}"
        file = desk.path / "campaigns.yaml"
        file.write_text(file.read_text("utf-8").replace("contacts: contacts.csv", listed), encoding="utf-8")
        desk.contacts(*(",".join(row) for row in people), header=HEADER)
        gateway.script(*script)
        first = desk.sent("--first-run", *(["--limit", str(limit)] if limit else []))
        second = desk.sent() if desk.live_messages() else desk.sent("--first-run")
        gateway.clear_script()
        for document in (first, second):
            assert document["rows"] == len(people)
            assert _adds_up(document), document
        gateway.assert_nobody_twice()
        if gateway.taken:
            gateway.assert_known_to(desk.rows())
