"""The requests that a preview tells are the requests that arrive, over a real socket, in every mode."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from smscli.domain.profile import BatchMode
from smscli.files.profile_file import load_preset, preset_names
from tests.cli.batch_modes import MODES, Mode
from tests.cli.desk import Desk
from tests.cli.program import in_process
from tests.support.answers import Status
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

_PEOPLE = 60
_SENDERS = "sender: {default: Garage, GR: Garaj, PL: Warsztat}"
#: Two texts, senders by country, and numbers of three countries in no order.
_ROWS = [
    *(f"+1202555{place:04},en,Ola{place}" for place in range(30)),
    *(f"+3069456789{place:02},en,Ala{place}" for place in range(15)),
    *(f"+485123456{place:02},pl,Ela{place}" for place in range(15)),
]
_TEXT = '{en: "Green Garage: your bike is ready.", pl: "Green Garage: rower gotowy."}'
_OWN = '{en: "Green Garage: {{ first_name }}, it is ready.", pl: "Green Garage: {{ first_name }}, gotowe."}'


def _without_batch(profile: str) -> str:
    return re.sub(r"^batch: .*$", "batch: one", profile, flags=re.MULTILINE)


def _folder(path: Path, gateway: LoopbackGateway, profile: str, text: str) -> Folder:
    folder = Folder(path, gateway.url, profile=profile, more="default_language: en")
    folder.write(0)
    campaigns = path / "campaigns.yaml"
    written = campaigns.read_text(encoding="utf-8")
    written = re.sub(r"^sender: .*$", _SENDERS, written, flags=re.MULTILINE)
    campaigns.write_text(written.replace(f'text: "{folder.text}"', f"text: {text}"), encoding="utf-8")
    rows = sorted(_ROWS, key=lambda row: row[::-1])
    (path / "contacts.csv").write_text("\n".join(["phone,language,first_name", *rows, ""]), encoding="utf-8")
    return folder


_CASES = [
    *((name, mode.profile, mode, text) for name, mode in MODES.items() for text in (_TEXT, _OWN)),
    *((f"{name} as one", _without_batch(mode.profile), mode, _OWN) for name, mode in MODES.items()),
    ("a slow fanout", MODES["fanout"].profile + "\nrate: {per_second: 40}", MODES["fanout"], _TEXT),
    (
        "a list by segments and sender",
        MODES["list"].profile + "\nrate: [{per_second: 30, counts: segment}, {per_second: 12, per: sender}]",
        MODES["list"],
        _OWN,
    ),
    (
        "a merge by sender",
        MODES["merge"].profile + "\nrate: {per_second: 20, per: sender}",
        MODES["merge"],
        _OWN,
    ),
]


@pytest.mark.parametrize(
    ("profile", "mode", "text"), [case[1:] for case in _CASES], ids=[each[0] for each in _CASES]
)
def test_as_many_requests_arrive_as_the_preview_told(
    tmp_path: Path, profile: str, mode: Mode, text: str
) -> None:
    with LoopbackGateway(mode.dialect()) as gateway:
        folder = _folder(tmp_path, gateway, profile, text)
        variables = {"SMS_GATEWAY_URL": gateway.url, "SMS_GATEWAY_TOKEN": TOKEN}
        words = ("preview", "campaigns.yaml", "ready", "--json")
        plan = in_process(*words, cwd=tmp_path, environ=variables).document
        assert plan["to_send"] == _PEOPLE, plan["problem_list"]
        done = folder.send()
        assert done.code == 0, done.err
        assert len(gateway.requests) == plan["requests"]
        if "batch: one" in profile:
            assert plan["requests"] == _PEOPLE


def test_the_pace_of_a_sender_is_kept_in_a_file_that_does_not_tell_it(tmp_path: Path) -> None:
    profile = "rate: [{per_second: 500}, {per_second: 400, counts: segment, per: sender}]"
    with LoopbackGateway() as gateway:
        folder = _folder(tmp_path, gateway, profile, _OWN)
        assert folder.send().code == 0
    names = sorted(each.name for each in tmp_path.glob("sent-log.db.pace-*"))
    assert names[0] == "sent-log.db.pace-generic-json"
    assert len(names) == 4
    for name in names[1:]:
        assert re.fullmatch(r"sent-log\.db\.pace-generic-json\.segment\.sender-[0-9a-f]{12}", name)
    assert not any(sender in "".join(names) for sender in ("Garage", "Garaj", "Warsztat"))


_OF_SEVERAL = [
    name for name in preset_names() if name != "sandbox" and load_preset(name).batch is not BatchMode.ONE
]


@pytest.mark.parametrize("name", _OF_SEVERAL)
def test_every_preset_carries_one_message_a_request_where_that_is_chosen(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path, environ=dict.fromkeys(load_preset(name).secrets, "secret"))
    desk.people(3)
    with LoopbackGateway() as gateway:
        gateway.otherwise(Status(500))  # whatever it would say: everybody is in doubt
        desk.campaigns(gateway=f"{{preset: {name}, batch: one, idempotency: null, url: '{gateway.url}'}}")
        assert desk.plan()["requests"] == 3
        assert desk.send("--first-run").code == 3
        asked = [unquote_plus(each.target) + unquote_plus(each.body.decode()) for each in gateway.requests]
    told = {"+".join(f"Ola{place}" for place in range(3) if f"Ola{place}" in each) for each in asked}
    assert told == {"Ola0", "Ola1", "Ola2"}
