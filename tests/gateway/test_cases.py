"""Every preset's case files, over a real socket: exact requests out, receipts in, and the books agree.

What a case may say stands at the top of `case.py`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yaml
from jsonschema import Draft202012Validator

from smscli.domain.message import Answer, Batch, Receipt, State
from smscli.domain.ports import LogFilter, Terms
from smscli.domain.profile import BatchMode, GatewayProfile, Timeouts
from smscli.files.profile_file import SANDBOX, preset_names
from smscli.gateway.http import open_http_gateway
from smscli.gateway.request import Requests
from smscli.sentlog.sqlite import open_sent_log
from tests.gateway.case import (
    CLAIMED,
    NEEDED,
    CaseDialect,
    CaseFile,
    answer_of,
    batch_of,
    case_file,
    check_request,
    presets_with_cases,
)
from tests.support.answers import Exchange
from tests.support.dialects import Request, Wording
from tests.support.loopback import LoopbackGateway

PUBLISHED = Path(__file__).parent / "published"

#: The embedded gateway and one's own dialect have tests of their own.
NOT_A_PROVIDER = frozenset({SANDBOX, "generic-json"})

#: Longer than a loopback server needs, and short enough to wait for.
TIMEOUTS = Timeouts(connect=0.9, total=1.0)


@dataclass
class Played:
    """Answers as the case says; what was asked is kept, to be compared outside the gateway's thread."""

    answer: Mapping[str, Any]
    asked: list[Request] = field(default_factory=list)

    async def play(self, exchange: Exchange) -> None:
        self.asked.append(await exchange.read())
        exchange.take()
        if self.answer.get("silence"):
            await asyncio.sleep(3600)
        status, body, kind, headers = answer_of(self.answer)
        await exchange.write(exchange.http(Wording(status, body, kind), headers))


def all_cases() -> Iterator[Any]:
    for preset in presets_with_cases():
        for name, case in case_file(preset).cases.items():
            yield pytest.param(case_file(preset), case, id=f"{preset}-{name}")


@pytest.mark.parametrize(("file", "case"), list(all_cases()))
def test_a_case_comes_out_as_its_file_says(file: CaseFile, case: Mapping[str, Any], tmp_path: Path) -> None:
    batch = batch_of(case.get("messages"))
    wanted = [_receipt(each) for each in case["receipts"]]
    assert [each.id for each in batch.messages] == [each["id"] for each in wanted], "one receipt a message"
    held = {each["id"] for each in wanted if each["state"] in ("accepted", "in_doubt")}
    played = Played(case["answer"])
    with LoopbackGateway(CaseDialect(batch, frozenset(case.get("taken", held)))) as gateway:
        gateway.script(played)
        profile = file.profile(case.get("changes"))
        assert profile.batch is not BatchMode.ONE or len(batch.messages) == 1
        there = file.at(profile, f"http://127.0.0.1:{gateway.port}")
        answer = asyncio.run(_submit(there, file.secrets, batch))
        check_request(case["request"], played.asked[0])
        _compare(case, wanted, answer)
        gateway.assert_known_to(_settled(tmp_path, there, batch, answer.receipts))
        gateway.assert_quiet(repr(answer), secrets=[each for each in file.secrets.values() if len(each) > 5])


async def _submit(profile: GatewayProfile, secrets: Mapping[str, str], batch: Batch) -> Answer:
    quick = replace(profile, wire=replace(profile.wire, timeouts=TIMEOUTS))
    async with open_http_gateway(quick, secrets) as gateway:
        return await gateway.submit(batch, proven=True)


def _receipt(written: Mapping[str, Any]) -> Mapping[str, Any]:
    assert set(written) <= {"id", "state", "ref", "segments", "code", "detail", "fault"}, written
    return written


def _compare(case: Mapping[str, Any], wanted: list[Mapping[str, Any]], answer: Answer) -> None:
    told = [_told(receipt) for receipt in answer.receipts]
    assert [
        {**each, **{key: str(said) for key, said in one.items()}}
        for one, each in zip(wanted, told, strict=True)
    ] == told
    assert answer.verdict == case["verdict"]
    if "retry_after" in case:
        assert answer.retry_after == pytest.approx(case["retry_after"])


def _told(receipt: Receipt) -> dict[str, str]:
    return {
        "id": receipt.message_id,
        "state": receipt.state.value,
        "ref": receipt.gateway_ref,
        "segments": str(receipt.segments),
        "code": receipt.code,
        "detail": receipt.detail,
        "fault": receipt.fault.value if receipt.fault else "",
    }


def _settled(folder: Path, profile: GatewayProfile, batch: Batch, receipts: tuple[Receipt, ...]) -> list[Any]:
    """The rows of a log that claimed the batch and was told the receipts."""
    terms = Terms(profile.realm, "tyres", "transactional", "", profile.name, profile.digest(), "run-1")
    with closing(open_sent_log(folder / "log.db", create=True)) as log:
        assert len(log.claim([batch], terms, CLAIMED)) == len(batch.messages)
        log.settle(receipts, CLAIMED)
        return list(log.messages(LogFilter()))


# --- no preset is left out ---


def test_every_preset_has_its_cases() -> None:
    assert set(presets_with_cases()) == set(preset_names()) - NOT_A_PROVIDER


@pytest.mark.parametrize("preset", presets_with_cases())
def test_every_preset_shows_what_can_happen_or_says_why_not(preset: str) -> None:
    written = case_file(preset).written
    assert set(written) <= {"environ", "changes", "without", "cases", "polls"}
    without = written.get("without", {})
    assert set(without) <= set(NEEDED) - {"success", "unreadable_answer", "timeout"}
    assert set(NEEDED) <= set(without) ^ set(written["cases"]), "each in `cases` or in `without`"
    assert all(len(why.split()) > 3 for why in without.values())


@pytest.mark.parametrize("preset", presets_with_cases())
def test_the_cases_name_every_variable_and_no_other(preset: str) -> None:
    file = case_file(preset)
    assert set(file.secrets) == set(file.profile().secrets)


SAMPLES: list[list[dict[str, Any]]] = [
    [{}],
    [{"from": "Garage", "text": "Ваш велосипед готов. " * 20}],
    [{"from": "72345", "text": "€[]" * 100, "valid_for": 5}],
    [{"valid_for": 10_000_000, "id": "0123456789abcdef" * 2}],
]


@pytest.mark.parametrize("preset", presets_with_cases())
@pytest.mark.parametrize("sample", SAMPLES)
def test_one_message_a_request_can_be_chosen_everywhere(preset: str, sample: list[dict[str, Any]]) -> None:
    file = case_file(preset)
    alone = file.profile({"batch": "one"})
    assert (alone.batch, alone.batch_max) == (BatchMode.ONE, 1)
    whole = replace(file.profile(), batch_max=1)
    batch = batch_of(sample)
    requests = [Requests(each, file.secrets).build(batch) for each in (alone, whole)]
    assert requests[0].content == requests[1].content
    assert requests[0].url == requests[1].url


# --- what is published about a gateway ---


def published() -> list[str]:
    return sorted(path.stem for path in PUBLISHED.glob("*.yaml"))


def test_these_gateways_publish_a_description() -> None:
    assert set(published()) >= {
        *("twilio", "vonage-sms", "vonage-messages", "telnyx", "infobip", "bandwidth"),
        *("bulksms", "clicksend", "httpsms", "android-sms-gateway"),
    }


def _full_batch(profile: GatewayProfile) -> list[dict[str, Any]]:
    shared = profile.batch is BatchMode.FANOUT
    many = 1 if profile.batch is BatchMode.ONE else min(profile.batch_max, 1_000)
    return [
        {
            "to": f"+1202555{place + 1:04}",
            "text": "Hello" if shared else f"Hi {place}",
        }
        for place in range(many)
    ]


@pytest.mark.parametrize("preset", published())
@pytest.mark.parametrize("sample", [*SAMPLES, []])
def test_what_is_asked_is_what_is_published(preset: str, sample: list[dict[str, Any]]) -> None:
    file = case_file(preset)
    profile = file.profile()
    schema = yaml.safe_load((PUBLISHED / f"{preset}.yaml").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert set(schema) & {"additionalProperties", "items", "unevaluatedProperties"}, "names what is allowed"
    request = Requests(profile, file.secrets).build(batch_of(sample or _full_batch(profile)))
    Draft202012Validator(schema).validate(_meant(request.headers["Content-Type"], request.content))


def _meant(content_type: str, content: bytes) -> Any:
    """A form as a mapping of texts, JSON as it is."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(content.decode(), keep_blank_values=True, strict_parsing=True))
    return json.loads(content)


def test_a_state_is_one_of_the_log() -> None:
    """The word `state` of the case files is the log's own."""
    for preset in presets_with_cases():
        for case in case_file(preset).cases.values():
            assert all(State(each["state"]) for each in case["receipts"])
