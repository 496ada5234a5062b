"""A repeat under a gateway's promise, over two runs of the real program, asks the list again first."""

from __future__ import annotations

from pathlib import Path

import pytest

from smscli.domain.message import State
from tests.support.answers import ResetAfterReading
from tests.support.loopback import LoopbackGateway
from tests.support.sending import Folder

PROMISE = "batch: {max: 1}\nidempotency: {where: body, scope: message, window: 24h}"
MAPPED = "contacts: {file: contacts.csv, columns: {opt_out: stop}}\non_bad_rows: skip"
#: The first submission and the three repeats that one run allows itself.
_SUBMISSIONS = 4


@pytest.mark.parametrize(
    ("second_list", "submissions"),
    [
        ("+12025550000,Ola,no\n", _SUBMISSIONS + 1),
        ("+12025550000,Ola,yes\n", _SUBMISSIONS),
        ("+12025550000,Ola,no\n+12025550000,,perhaps\n", _SUBMISSIONS),  # a bad row that may mean stop
    ],
    ids=["still wanted", "opted out", "opted out in a bad row"],
)
def test_doubt_of_an_earlier_run_is_repeated_only_for_who_is_still_wanted(
    tmp_path: Path, second_list: str, submissions: int
) -> None:
    with LoopbackGateway(idempotent=True) as gateway:
        folder = Folder(tmp_path, gateway.url, profile=PROMISE)
        folder.write(people=1)
        campaigns = tmp_path / "campaigns.yaml"
        text = campaigns.read_text("utf-8").replace("contacts: contacts.csv", MAPPED)
        campaigns.write_text(text, encoding="utf-8")
        (tmp_path / "contacts.csv").write_text("phone,first_name,stop\n+12025550000,Ola,no\n")
        gateway.script(*[ResetAfterReading()] * _SUBMISSIONS)
        assert folder.send().code == 3
        (tmp_path / "contacts.csv").write_text("phone,first_name,stop\n" + second_list)
        folder.send()
        assert len(gateway.requests) == submissions
        assert len(gateway.taken) == 1
    expected = State.ACCEPTED if submissions > _SUBMISSIONS else State.IN_DOUBT
    assert [row.state for row in folder.rows()] == [expected]
