"""`smscli sync`: a real gateway over a socket, a real log, and what one learns of the other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smscli.domain.message import Realm, State
from smscli.sentlog.locks import sync_lock
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.program import Finished, in_process
from tests.cli.sample_log import ADA, run
from tests.cli.sample_log import message as a_message
from tests.support.bridge import PROFILE, Bridge, now
from tests.support.dialects import Request
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder


@pytest.fixture
def bridge() -> Bridge:
    return Bridge()


@pytest.fixture
def gateway(bridge: Bridge) -> Iterator[LoopbackGateway]:
    with LoopbackGateway() as gateway:
        gateway.otherwise(bridge)
        yield gateway


@pytest.fixture
def folder(tmp_path: Path, gateway: LoopbackGateway) -> Folder:
    folder = Folder(tmp_path, gateway.url, profile=PROFILE)
    folder.write(people=4)
    return folder


def sync(folder: Folder, *arguments: str, **environ: str) -> Finished:
    """One sync, to its end, in this process."""
    variables = {"SMS_GATEWAY_URL": folder.url, "SMS_GATEWAY_TOKEN": TOKEN, **environ}
    return in_process("sync", "campaigns.yaml", *arguments, cwd=folder.path, environ=variables)


def states(folder: Folder) -> dict[str, State]:
    return {row.to.e164: row.state for row in folder.rows()}


def report(gateway: LoopbackGateway, place: int, status: str, code: str = "") -> dict[str, object]:
    taken = gateway.taken[place]
    return {"ref": taken.ref, "to": taken.to, "status": status, "code": code, "at": now()}


# --- a send, then a sync --------------------------------------------------------------------------


def test_what_the_gateway_tells_settles_what_was_sent(
    folder: Folder, gateway: LoopbackGateway, bridge: Bridge
) -> None:
    assert folder.send().code == 0
    bridge.reports = [
        report(gateway, 0, "delivered"),
        report(gateway, 1, "failed", "30005"),
        report(gateway, 2, "buffered"),
        {"ref": "elsewhere", "to": "+12025559999", "status": "delivered"},
    ]
    told = sync(folder)
    assert (told.code, sorted(states(folder).values())) == (
        0, ["accepted", "accepted", "delivered", "undelivered"]
    )  # fmt: skip
    lines = told.out.splitlines()
    assert lines[0].startswith("generic-json: receipts, opt-outs and replies since ")
    assert "  receipts    delivered 1, undelivered 1; still under way 2" in lines
    assert "  why         30005 1" in lines
    assert "  unmatched   1 receipt matches no message of this log: +1202•••9999 delivered" in lines
    assert any("buffered 1" in line for line in lines)
    gateway.assert_quiet(told.out + told.err, secrets=[TOKEN], numbers=["+12025559999"])


def test_a_second_sync_says_that_nothing_is_new(
    folder: Folder, gateway: LoopbackGateway, bridge: Bridge
) -> None:
    folder.send()
    bridge.reports = [report(gateway, at, "delivered") for at in range(4)]
    sync(folder)
    before = events(folder)
    again = sync(folder)
    assert "  receipts    nothing new; still under way 0" in again.out.splitlines()
    assert events(folder) == before
    since = [request.query["since"] for request in bridge.asked if request.path == "/reports"]
    assert len(since) == 2
    first, second = map(datetime.fromisoformat, since)
    assert timedelta(hours=70) < second - first < timedelta(hours=72)


def events(folder: Folder) -> int:
    import sqlite3

    with closing(sqlite3.connect(folder.log_path)) as connection:
        return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])


def test_whoever_answers_stop_is_not_texted_again(
    folder: Folder, gateway: LoopbackGateway, bridge: Bridge
) -> None:
    folder.send("--limit", "2")
    stopper, other = gateway.taken[0].to, "+12025550003"
    bridge.inbox = [{"id": "in-1", "from": stopper, "to": "+12025550143", "text": "STOP", "at": now()}]
    bridge.stops = [{"number": other, "at": now(), "said_to": "Garage"}]
    told = sync(folder)
    assert "  replies     1 new: 1 opt_out" in told.out.splitlines()
    assert "  opt-outs    2 new on the opt-out list, 1 on the gateway's own list" in told.out.splitlines()
    with closing(open_sent_log(folder.log_path, create=False)) as log:
        assert {(wish.number.e164, wish.source) for wish in log.opt_outs()} == {
            (stopper, "reply"), (other, "gateway")
        }  # fmt: skip
    folder.send()
    assert other not in gateway.numbers


def test_an_opt_out_that_was_lifted_stays_lifted(folder: Folder, bridge: Bridge) -> None:
    folder.send()
    bridge.stops = [{"number": ADA.e164, "at": now(), "said_to": "Garage"}, {"number": "+12025550102"}]
    sync(folder)
    for number in (ADA.e164, "+12025550102"):
        in_process("optout", "remove", number, "--reinstate", "rang", "--log", "sent-log.db", cwd=folder.path)
    sync(folder)
    with closing(open_sent_log(folder.log_path, create=False)) as log:
        assert not list(log.opt_outs())


def test_a_reply_for_a_person_says_what_to_type(folder: Folder, bridge: Bridge) -> None:
    folder.send()
    bridge.inbox = [
        {"id": "in-1", "from": ADA.e164, "to": "x", "text": "STOP this bill", "at": now()},
        {"id": "in-2", "from": ADA.e164, "to": "x", "text": "HELP", "at": now()},
        {"id": "in-3", "from": "Garage", "to": "x", "text": "HELP", "at": now()},
    ]
    told = sync(folder)
    assert "Next      smscli replies review --campaigns campaigns.yaml" in told.out
    assert f"Asks for help: {ADA.masked} (generic-json)" in told.out
    assert "1 item that could not be read" in told.out
    assert ADA.digits not in told.out + told.err


def test_quiet_tells_only_what_somebody_has_to_do(folder: Folder, bridge: Bridge) -> None:
    folder.send()
    assert sync(folder, "--quiet") == Finished(0, "", "")
    bridge.inbox = [{"id": "in-1", "from": ADA.e164, "to": "x", "text": "STOP this bill", "at": now()}]
    told = sync(folder, "--quiet")
    assert told.out.splitlines() == [
        "Waiting for a person to read: 1. Until then they count as opted out.",
        "Next      smscli replies review --campaigns campaigns.yaml",
    ]
    assert sync(folder, "--quiet") == Finished(0, "", "")


# --- which gateways -------------------------------------------------------------------------------


def test_one_gateway_that_fails_keeps_no_other_from_being_asked(
    folder: Folder, gateway: LoopbackGateway, bridge: Bridge
) -> None:
    folder.send()
    push = [a_message("k1", "spring", ADA)]
    run(folder.log_path, push, [], datetime.now(UTC), gateway="kannel")
    run(folder.log_path, [a_message("g1", "autumn", ADA)], [], datetime.now(UTC), gateway="gone")
    bridge.reports = [report(gateway, 0, "delivered")]
    bridge.fails = {"/inbox"}
    told = sync(folder, "--json")
    document = told.document
    assert (told.code, document["status"]) == (6, "stopped")
    [asked] = document["gateways"]
    assert asked["settled"]["delivered"] == 1
    assert [(each["what"], bool(each["message"])) for each in asked["failed"]] == [("replies", True)]
    assert {each["gateway"]: each["why"] for each in document["not_asked"]} == {
        "gone": "no_profile", "kannel": "push_only"
    }  # fmt: skip
    assert "no profile of that name is known here" in told.err
    assert "tells only by push (webhook)" in told.err


def test_a_gateway_that_only_pushes_is_no_failure(folder: Folder) -> None:
    run(folder.log_path, [a_message("k1", "spring", ADA)], [], datetime.now(UTC), gateway="kannel")
    told = sync(folder)
    assert told.code == 0
    assert "kannel: it tells only by push (webhook)" in told.err
    assert "No gateway was asked." in told.out


def test_a_secret_that_is_not_set_is_told_with_what_to_type(folder: Folder) -> None:
    folder.send()
    told = sync(folder, SMS_GATEWAY_TOKEN="")
    assert told.code == 6
    assert "SMS_GATEWAY_TOKEN is not set" in told.err
    assert "export SMS_GATEWAY_TOKEN=" in told.err


def test_only_the_gateways_named_are_asked(folder: Folder, bridge: Bridge) -> None:
    folder.send()
    run(folder.log_path, [a_message("g1", "autumn", ADA)], [], datetime.now(UTC), gateway="gone")
    assert sync(folder, "--gateway", "generic-json").code == 0
    assert sync(folder, "--gateway", "gone").code == 2
    told = sync(folder, "--gateway", "generic-jsn")
    assert (told.code, "did you mean generic-json?" in told.err) == (2, True)


def test_with_the_log_alone_gateways_are_presets(folder: Folder, bridge: Bridge) -> None:
    folder.send()
    variables = {"SMS_GATEWAY_URL": folder.url, "SMS_GATEWAY_TOKEN": TOKEN}
    told = in_process("sync", "--log", "sent-log.db", cwd=folder.path, environ=variables)
    assert told.code == 0
    assert "generic-json" in told.out + told.err


def test_the_sandbox_is_asked_where_there_is_nothing_else_or_by_its_name(folder: Folder) -> None:
    in_the_sandbox = [a_message("s1", "spring", ADA)]
    run(folder.log_path, in_the_sandbox, [], datetime.now(UTC), realm=Realm.SANDBOX, gateway="sandbox")
    told = sync(folder, "--json")
    assert [each["gateway"] for each in told.document["gateways"]] == ["sandbox"]
    folder.send()
    told = sync(folder, "--json")
    assert [each["gateway"] for each in told.document["gateways"]] == ["generic-json"]
    told = sync(folder, "--json", "--gateway", "sandbox")
    assert (told.code, [each["realm"] for each in told.document["gateways"]]) == (0, ["sandbox"])


def test_a_gateway_of_long_ago_is_named_and_not_asked(folder: Folder) -> None:
    folder.send()
    long_ago = datetime.now(UTC) - timedelta(days=100)
    run(folder.log_path, [a_message("g1", "autumn", ADA)], [], long_ago, gateway="gone")
    told = sync(folder)
    assert told.code == 0
    assert "not asked, since nothing went through it for 90 days: gone" in told.err


# --- trouble --------------------------------------------------------------------------------------


def test_a_log_that_nothing_was_sent_with_has_nothing_to_ask_and_cron_hears_nothing(folder: Folder) -> None:
    open_sent_log(folder.log_path, create=True).close()
    told = sync(folder)
    assert (told.code, told.out) == (0, "No gateway was asked.\n")
    assert "no message of the last 90 days (--gateway NAME asks anyhow)" in told.err
    quiet = sync(folder, "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_after_a_quiet_season_the_gateways_that_are_not_asked_are_named(folder: Folder) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=100)
    run(folder.log_path, [a_message("g1", "autumn", ADA)], [], long_ago, gateway="gone")
    told = sync(folder)
    assert told.code == 0
    assert "not asked, since nothing went through it for 90 days: gone" in told.err


def test_without_a_log_there_is_nothing_to_sync(folder: Folder) -> None:
    assert sync(folder).code == 7
    assert not folder.log_path.exists()


def test_two_syncs_of_one_log_do_not_run_side_by_side(folder: Folder) -> None:
    folder.send()
    with sync_lock(folder.log_path):
        told = sync(folder)
    assert told.code == 7
    assert f"this log is being synced by process {os.getpid()}" in told.err


def test_a_wrong_time_is_a_wrong_command_line(folder: Folder) -> None:
    assert sync(folder, "--since", "soon").code == 2


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_it_behind_the_page_that_was_asked_for(
    folder: Folder, gateway: LoopbackGateway, bridge: Bridge, number: signal.Signals, code: int
) -> None:
    folder.send()
    bridge.reports = [report(gateway, at, "delivered") for at in range(4)]

    def interrupt(_: Request) -> None:
        os.kill(child.pid, number)
        time.sleep(0.2)  # so that the signal is heard before the page comes

    bridge.before = interrupt
    child = subprocess.Popen(
        [sys.executable, "-m", "smscli", "sync", "campaigns.yaml", "--json"],
        cwd=folder.path,
        env={**os.environ, "SMS_GATEWAY_URL": folder.url, "SMS_GATEWAY_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = child.communicate(timeout=30)
    assert child.returncode == code, err
    document = json.loads(out)
    assert document["status"] == "interrupted"
    assert document["gateways"][0]["stopped"]
    assert bridge.paths == ["/reports"]
    assert set(states(folder).values()) == {State.DELIVERED}


def test_it_goes_on_while_a_send_runs(folder: Folder, gateway: LoopbackGateway, bridge: Bridge) -> None:
    """And whoever says STOP meanwhile is not claimed any more."""
    folder.write(people=6)
    folder.profile += "batch: {max: 1}\nconnections: 1\n"
    folder.write(people=6)
    inbox = [{"id": "in-1", "from": "+12025550005", "to": "x", "text": "STOP", "at": now()}]
    bridge.inbox = inbox  # type: ignore[assignment]
    synced: list[int] = []

    class SyncInBetween:
        async def play(self, exchange: object) -> None:
            import asyncio

            done = await asyncio.to_thread(_sync_in_a_child, folder)
            synced.append(done.returncode)
            await bridge.play(exchange)  # type: ignore[arg-type]

    gateway.script(bridge, SyncInBetween())
    told = folder.send()
    assert synced == [0]
    assert told.code in (0, 3)
    assert "+12025550005" not in gateway.numbers
    assert len(gateway.taken) == 5


def _sync_in_a_child(folder: Folder) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "SMS_GATEWAY_URL": folder.url, "SMS_GATEWAY_TOKEN": TOKEN}
    words = [sys.executable, "-m", "smscli", "sync", "campaigns.yaml"]
    return subprocess.run(
        words, cwd=folder.path, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
