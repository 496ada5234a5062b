"""What each preset asks afterwards, and what it makes of the answers: the `polls` of the case files.

What a case may say stands at the top of `case.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from smscli.domain.delivery import DeliveryReceipt, Finding, Handed, ListedOptOut, Post
from smscli.domain.errors import PostboxFailed
from smscli.domain.message import Realm, State, digest
from smscli.domain.msisdn import Msisdn, parse
from smscli.domain.profile import GatewayProfile
from smscli.domain.replies import Reply
from smscli.gateway.postbox import HttpPostbox, open_postbox
from tests.gateway.case import (
    CLAIMED,
    CaseDialect,
    CaseFile,
    batch_of,
    case_file,
    check_request,
    presets_with_cases,
)
from tests.gateway.test_cases import Played
from tests.support.loopback import LoopbackGateway

UNTIL = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SINCE = "2026-11-22T08:00:00Z"

Told = DeliveryReceipt | Reply | ListedOptOut


def all_polls() -> Iterator[Any]:
    for preset in presets_with_cases():
        file = case_file(preset)
        for what, written in file.written.get("polls", {}).items():
            several = written if isinstance(written, list) else [written]
            for place, case in enumerate(several):
                yield pytest.param(file, what, case, id=f"{preset}-{what}-{place}")


@pytest.mark.parametrize(("file", "what", "case"), list(all_polls()))
def test_a_poll_asks_and_tells_as_its_file_says(file: CaseFile, what: str, case: Mapping[str, Any]) -> None:
    assert set(case) <= {
        *("handed", "since", "mark", "exchanges", "tells", "unread", "marks", "fails", "finds", "changes")
    }
    exchanges = [Played(each["answer"]) for each in case["exchanges"]]
    with LoopbackGateway(CaseDialect(batch_of(None), frozenset())) as gateway:
        gateway.script(*exchanges)
        there = file.at(file.profile(case.get("changes")), f"http://127.0.0.1:{gateway.port}")
        if what == "lookup":
            _check_finding(case, asyncio.run(_find(there, file.secrets, _handed(case)[0])))
        else:
            _check_pages(case, asyncio.run(_pages(there, file.secrets, what, case)))
        for each, played in zip(case["exchanges"], exchanges, strict=True):
            assert played.asked, f"never asked: {each['request']}"
            check_request(each["request"], played.asked[0])


def _handed(case: Mapping[str, Any]) -> list[Handed]:
    written = case.get("handed", [{}])
    return [_one_handed(place, each) for place, each in enumerate(written, start=1)]


def _one_handed(place: int, written: Mapping[str, Any]) -> Handed:
    return Handed(
        id=str(written.get("id", f"m-{place}")),
        ref=str(written.get("ref", "")),
        to=parse(str(written.get("to", f"+120255501{22 + place}")), None),
        sender=str(written.get("from", "+12025550100")),
        state=State.ACCEPTED if written.get("ref") else State.IN_DOUBT,
        realm=Realm.LIVE,
        campaign_id="tyres",
        claimed_at=CLAIMED,
        body_digest=digest(str(written.get("text", "Hello"))),
    )


async def _find(profile: GatewayProfile, secrets: Mapping[str, str], message: Handed) -> Finding:
    async with open_postbox(profile, secrets) as postbox:
        return await postbox.find(message, UNTIL)


async def _pages(
    profile: GatewayProfile, secrets: Mapping[str, str], what: str, case: Mapping[str, Any]
) -> tuple[list[Post[Any]], str]:
    """The pages, and how it failed if it did."""
    found: list[Post[Any]] = []
    async with open_postbox(profile, secrets) as postbox:
        try:
            async for page in _asked(postbox, what, case):
                found.append(page)
        except PostboxFailed as failed:
            return found, f"{failed.message} {failed.hint}"
    return found, ""


def _asked(postbox: HttpPostbox, what: str, case: Mapping[str, Any]) -> AsyncIterator[Post[Any]]:
    since = datetime.fromisoformat(str(case.get("since", SINCE)))
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    mark = str(case.get("mark", ""))
    match what:
        case "receipts":
            return postbox.receipts(_handed(case), since, UNTIL, mark)
        case "replies":
            return postbox.replies(_handed(case), since, UNTIL, mark)
        case _:
            assert what == "opt_outs"
            return postbox.opt_outs(since, UNTIL, mark)


def _check_pages(case: Mapping[str, Any], found: tuple[list[Post[Any]], str]) -> None:
    pages, failed = found
    told = [item for page in pages for item in page.items]
    wanted: Sequence[Mapping[str, Any]] = case.get("tells", [])
    assert len(told) == len(wanted), told
    for item, each in zip(told, wanted, strict=True):
        shown = _shown(item)
        assert {**shown, **{key: _as_text(said) for key, said in each.items()}} == shown
    assert sum(page.unread for page in pages) == case.get("unread", 0)
    if "marks" in case:
        assert [page.mark for page in pages][-1:] == [str(each) for each in case["marks"]]
    assert bool(failed) == ("fails" in case), failed
    assert str(case.get("fails", "")) in failed


def _check_finding(case: Mapping[str, Any], found: Finding) -> None:
    wanted = case["finds"]
    if isinstance(wanted, str):
        assert wanted in ("absent", "nothing")
        assert (found.receipt, found.absent) == (None, wanted == "absent"), found
        assert found.absent or found.why
        return
    assert found.receipt is not None, found
    shown = _shown(found.receipt)
    assert {**shown, **{key: _as_text(said) for key, said in wanted.items()}} == shown


def _shown(item: Told) -> dict[str, str]:
    """What was told, as a case file says it."""
    parts = {name: getattr(item, name) for name in item.__dataclass_fields__}
    if isinstance(item, DeliveryReceipt):
        parts["text"] = parts.pop("body_digest")
    return {name: _as_text(said) for name, said in parts.items()}


def _as_text(said: Any) -> str:
    match said:
        case None:
            return ""
        case bool():
            return str(said).lower()
        case datetime():
            aware = said if said.tzinfo else said.replace(tzinfo=UTC)
            return aware.astimezone(UTC).isoformat()
        case Msisdn():
            return said.e164
        case _:
            return str(said)


def test_every_preset_that_can_be_asked_shows_how() -> None:
    for preset in presets_with_cases():
        polls = case_file(preset).profile().polls
        has = {name for name in ("receipts", "lookup", "replies", "opt_outs") if getattr(polls, name)}
        assert has == set(case_file(preset).written.get("polls", {})), preset
