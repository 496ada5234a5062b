"""A repeat under a gateway's promise, over two runs of the real program, asks the list again first."""

from __future__ import annotations

from pathlib import Path

from smscli.domain.message import State
from tests.support.answers import ResetAfterReading
from tests.support.loopback import LoopbackGateway
from tests.support.sending import Folder

PROMISE = "batch: {max: 1}\nidempotency: {where: body, scope: message, window: 24h}"
MAPPED = "contacts: {file: contacts.csv, columns: {opt_out: stop}}\non_bad_rows: skip"
#: The first submission and the three repeats that one run allows itself.
_SUBMISSIONS = 4
OLA, BEN, CARLA = (f"+1202555000{last}" for last in range(3))
HEADER = "phone,first_name,stop\n"


def test_doubt_of_an_earlier_run_is_repeated_only_for_who_is_still_wanted(tmp_path: Path) -> None:
    with LoopbackGateway(idempotent=True) as gateway:
        folder = Folder(tmp_path, gateway.url, profile=PROMISE)
        folder.write(people=0)
        campaigns, contacts = tmp_path / "campaigns.yaml", tmp_path / "contacts.csv"
        text = campaigns.read_text("utf-8").replace("contacts: contacts.csv", MAPPED)
        campaigns.write_text(text, encoding="utf-8")
        contacts.write_text(f"{HEADER}{OLA},Ola,no\n{BEN},Ben,no\n{CARLA},Carla,no\n")
        gateway.script(*[ResetAfterReading()] * _SUBMISSIONS * 3)
        assert folder.send().code == 3
        assert {row.state for row in folder.rows()} == {State.IN_DOUBT}
        # Ben opted out; and a bad row of Carla's may mean that she did.
        contacts.write_text(f"{HEADER}{OLA},Ola,no\n{BEN},Ben,yes\n{CARLA},Carla,no\n{CARLA},,perhaps\n")
        folder.send()
        assert len(gateway.requests) == _SUBMISSIONS * 3 + 1
        assert len(gateway.taken) == 3
    states = {row.to.e164: row.state for row in folder.rows()}
    assert states == {OLA: State.ACCEPTED, BEN: State.IN_DOUBT, CARLA: State.IN_DOUBT}
