"""The event loop of `sync` and of `resolve --ask`: opens each gateway's postbox, and passes signals on.

Knows no options, and shows nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from smscli.cli.asked_gateways import Askable
from smscli.cli.sending import outbox_of, signals_to
from smscli.domain.delivery import Handed
from smscli.domain.errors import ExitCode
from smscli.domain.message import Realm
from smscli.domain.ports import Postbox
from smscli.engine.asking import Asked, AskTools, ask_about
from smscli.engine.dispatch import Stop
from smscli.engine.synced import Synced
from smscli.engine.syncing import SyncTools, sync_gateway
from smscli.gateway.postbox import open_postbox
from smscli.gateway.sandbox import Sandbox

Outcome = TypeVar("Outcome")

#: What is asked of one gateway; the last argument says whether to end.
_Work = Callable[[Askable, Postbox, Callable[[], bool]], Coroutine[Any, Any, Outcome]]


def sync_all(
    gateways: Iterable[Askable],
    sent_log: Path,
    tools: SyncTools,
    since: datetime | None,
    stopping: Callable[[], None],
) -> tuple[list[Synced], ExitCode | None]:
    """Ask one gateway after the other for all that it tells; one that fails keeps none from being asked.

    Also the signal that ended it early. The first one (`stopping` hears of it) ends it behind the page that
    is asked for, a second one at once.
    """
    cut_off: list[Synced] = []

    def watch(synced: Synced) -> None:
        cut_off[:] = [synced]
        tools.watch(synced)

    async def work(gateway: Askable, postbox: Postbox, stopped: Callable[[], bool]) -> Synced:
        asked = replace(tools, stopped=stopped, watch=watch)
        done = await sync_gateway(postbox, gateway.realms, asked, since)
        cut_off.clear()
        return done

    synced, signal = asyncio.run(_in_turn(gateways, sent_log, work, stopping))
    for each in cut_off:  # its pages are saved, and are told
        each.stopped = True
    return synced + cut_off, signal


def ask_all(
    doubts: Mapping[str, Sequence[Handed]],
    gateways: Iterable[Askable],
    sent_log: Path,
    tools: AskTools,
    stopping: Callable[[], None],
) -> tuple[list[Asked], ExitCode | None]:
    """Ask each gateway about its messages in doubt, by its name. Signals as in `sync_all`."""

    async def work(gateway: Askable, postbox: Postbox, stopped: Callable[[], bool]) -> Asked:
        return await ask_about(postbox, doubts[gateway.profile.name], replace(tools, stopped=stopped))

    return asyncio.run(_in_turn(gateways, sent_log, work, stopping))


async def _in_turn(
    gateways: Iterable[Askable], sent_log: Path, work: _Work[Outcome], stopping: Callable[[], None]
) -> tuple[list[Outcome], ExitCode | None]:
    stop, outcomes = Stop(), list[Outcome]()
    with signals_to(stop, stopping):
        for gateway in gateways:
            if stop.signal is not None:
                break
            async with _postbox(gateway, sent_log) as postbox:
                outcomes += await _until(stop, work(gateway, postbox, lambda: stop.signal is not None))
    return outcomes, stop.signal


async def _until(stop: Stop, work: Coroutine[Any, Any, Outcome]) -> tuple[Outcome, ...]:
    """The outcome of the work; none if a second signal ended it at once."""
    task = asyncio.ensure_future(work)

    def end() -> None:
        if stop.at_once:
            task.cancel()

    stop.listener = end
    try:
        return (await task,)
    except asyncio.CancelledError:
        if not stop.at_once:
            raise
        return ()
    finally:
        stop.listener = lambda: None


@asynccontextmanager
async def _postbox(gateway: Askable, sent_log: Path) -> AsyncIterator[Postbox]:
    """That of the real gateway, or of the sandbox over its outbox."""
    if gateway.profile.realm is not Realm.SANDBOX:
        async with open_postbox(gateway.profile, gateway.secrets) as postbox:
            yield postbox
        return
    async with (
        Sandbox(outbox_of(sent_log)) as sandbox,
        open_postbox(gateway.profile, gateway.secrets, url=sandbox.url) as postbox,
    ):
        yield postbox
