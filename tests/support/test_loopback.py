"""The loopback gateway does what it is told and notices what must not happen: other tests lean on it."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from smscli.domain.message import Realm, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import LoggedMessage
from tests.support import (
    Accept,
    AcceptSome,
    CloseAfterReading,
    Fields,
    HalfAnswer,
    Held,
    KillClient,
    LoopbackGateway,
    Moment,
    RateLimited,
    Refuse,
    Status,
    Taken,
)
from tests.support.invariants import known_to, nobody_twice, quiet

ANNA, BORYS = "+12025550101", "+12025550102"


def message(to: str = ANNA, **changes: str) -> dict[str, str]:
    return {"id": f"m{to[-3:]}", "from": "+12025550143", "to": to, "text": "Green Garage: hello", **changes}


class Client:
    """A plain client of the standard library: no help from what is under test elsewhere."""

    def __init__(self, gateway: LoopbackGateway) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)

    def post(self, body: object) -> tuple[int, dict[str, str], bytes]:
        return self._ask("POST", "/messages", json.dumps(body))

    def get(self, **query: str) -> tuple[int, dict[str, str], bytes]:
        return self._ask("GET", f"/messages?{urlencode(query)}", None)

    def form(self, **fields: str) -> tuple[int, dict[str, str], bytes]:
        return self._ask("POST", "/messages", urlencode(fields))

    def _ask(self, method: str, target: str, body: str | None) -> tuple[int, dict[str, str], bytes]:
        self._connection.request(method, target, body)
        answer = self._connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def client_of(gateway: LoopbackGateway) -> Iterator[Client]:
    client = Client(gateway)
    try:
        yield client
    finally:
        client.close()


def test_it_accepts_everything_and_remembers_it() -> None:
    with LoopbackGateway() as gateway, client_of(gateway) as client:
        status, headers, body = client.post({"messages": [message(ANNA), message(BORYS)]})

    assert (status, headers["Content-Type"]) == (202, "application/json")
    assert [(one["id"], one["ref"]) for one in json.loads(body)["messages"]] == [
        ("m101", "loop-1"),
        ("m102", "loop-2"),
    ]
    assert [(one.id, one.to, one.text) for one in gateway.taken] == [
        ("m101", ANNA, "Green Garage: hello"),
        ("m102", BORYS, "Green Garage: hello"),
    ]
    (request,) = gateway.requests
    assert (request.method, request.path, request.in_flight) == ("POST", "/messages", 1)
    assert gateway.taken[0].request == 0


def test_answers_come_in_the_order_of_the_script_and_then_as_otherwise() -> None:
    with LoopbackGateway() as gateway, client_of(gateway) as client:
        gateway.script(RateLimited("3"), Refuse("21211"))
        gateway.otherwise(Status(503))
        status, headers, _ = client.post(message())
        assert (status, headers["Retry-After"]) == (429, "3")
        status, _, body = client.post(message())
        assert (status, json.loads(body)["code"]) == (202, "21211")
        assert client.post(message())[0] == 503
    assert gateway.taken == ()


def test_some_can_be_refused_and_some_forgotten() -> None:
    with LoopbackGateway() as gateway, client_of(gateway) as client:
        gateway.script(AcceptSome({ANNA: "opted-out"}, forget=[BORYS]))
        _, _, body = client.post({"messages": [message(ANNA), message(BORYS)]})
    assert [one["code"] for one in json.loads(body)["messages"]] == ["opted-out"]
    assert gateway.numbers == (BORYS,)


@pytest.mark.parametrize("way", ["get", "form"])
def test_other_dialects_are_a_matter_of_field_names(way: str) -> None:
    dialect = Fields(to="recipients", text="body", id="reference")
    with LoopbackGateway(dialect) as gateway, client_of(gateway) as client:
        status, _, body = getattr(client, way)(recipients=f"{ANNA},{BORYS}", body="Ąę", reference="r1")
    assert (status, body) == (202, b"OK loop-1\nOK loop-2")
    assert [(one.id, one.to, one.text) for one in gateway.taken] == [("r1", ANNA, "Ąę"), ("r1", BORYS, "Ąę")]


def test_an_idempotent_gateway_takes_an_id_once_and_says_the_same_again() -> None:
    with LoopbackGateway(idempotent=True) as gateway, client_of(gateway) as client:
        first, second = client.post(message()), client.post(message())
    assert first[2] == second[2]
    assert len(gateway.taken) == 1


def test_its_clock_can_be_wrong() -> None:
    with LoopbackGateway(clock_ahead=timedelta(hours=3)) as gateway, client_of(gateway) as client:
        _, headers, _ = client.post(message())
    ahead = parsedate_to_datetime(headers["Date"]) - datetime.now(UTC)
    assert timedelta(hours=2, minutes=59) < ahead < timedelta(hours=3, minutes=1)


def test_what_is_taken_counts_before_the_answer_is_given() -> None:
    held = Held()
    with LoopbackGateway() as gateway, socket.create_connection(("127.0.0.1", gateway.port)) as sock:
        gateway.script(held)
        body = json.dumps(message()).encode()
        sock.sendall(b"POST /messages HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        gateway.wait_until(lambda seen: seen.numbers == (ANNA,))
        held.release()
        assert sock.recv(12) == b"HTTP/1.1 202"


def test_waiting_in_vain_fails_with_what_there_was() -> None:
    with LoopbackGateway() as gateway, pytest.raises(AssertionError, match="0 requests, 0 taken"):
        gateway.wait_until(lambda seen: bool(seen.taken), timeout=0.05)


# What it notices at its end.


def test_an_answer_left_unused_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="never asked for"), LoopbackGateway() as gateway:
        gateway.script(Accept())


def test_a_random_script_may_be_longer_than_needed() -> None:
    with LoopbackGateway() as gateway:
        gateway.script(Accept(), Accept())
        gateway.clear_script()


def test_a_request_it_cannot_read_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="could not cope"), LoopbackGateway() as gateway:
        post_rubbish(gateway)


def post_rubbish(gateway: LoopbackGateway) -> None:
    with client_of(gateway) as client, contextlib.suppress(http.client.HTTPException, OSError):
        client.post({"texts": []})


def test_the_same_text_twice_fails_the_test_unless_it_was_expected() -> None:
    with pytest.raises(AssertionError, match="more than once"), LoopbackGateway() as gateway:
        send_twice(gateway)
    with LoopbackGateway(may_repeat=True) as gateway:
        send_twice(gateway)


def send_twice(gateway: LoopbackGateway) -> None:
    with client_of(gateway) as client:
        client.post(message(id="m1"))
        client.post(message(id="m2"))


def test_a_test_that_fails_by_itself_keeps_its_own_error() -> None:
    gateway = LoopbackGateway()
    gateway.script(Accept())
    with pytest.raises(KeyError), gateway:
        raise KeyError


# What must hold after a run.


def taken(to: str = ANNA, identity: str = "m1", text: str = "hello") -> Taken:
    return Taken(identity, to, text, "", "loop-1", 0.0, 0)


def logged(state: State, to: str = ANNA, identity: str = "m1") -> LoggedMessage:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return LoggedMessage(
        identity, Realm.LIVE, "tyres", Msisdn(to, "US"), "", state, "marketing", "", "loopback",
        1, None, "", "", "", now, now, "run",
    )  # fmt: skip


def test_one_number_in_two_spellings_is_one_person() -> None:
    with pytest.raises(AssertionError, match="more than once"):
        nobody_twice([taken("+12025550101"), taken("12025550101", "m2", "another text")])
    nobody_twice([taken(ANNA), taken(BORYS)])


@pytest.mark.parametrize("state", list(State))
def test_only_some_states_do_justice_to_what_was_taken(state: State) -> None:
    if state in (State.SUBMITTING, State.RELEASED, State.REJECTED):
        with pytest.raises(AssertionError, match=state):
            known_to([taken()], [logged(state)])
        with pytest.raises(AssertionError, match=state):
            known_to([taken()], [{"to": ANNA, "state": str(state)}])
    else:
        known_to([taken()], [logged(state)])
        known_to([taken()], [{"to": ANNA, "state": str(state)}])


def test_what_was_taken_and_is_absent_is_noticed() -> None:
    with pytest.raises(AssertionError, match="absent"):
        known_to([taken()], [logged(State.ACCEPTED, BORYS, "m2")])


def test_a_message_is_looked_up_by_its_id_before_its_number() -> None:
    rows = [logged(State.RELEASED, ANNA, "m1"), logged(State.ACCEPTED, ANNA, "m2")]
    with pytest.raises(AssertionError, match="released"):
        known_to([taken(identity="m1")], rows)


@pytest.mark.parametrize(
    "text", ["sent to +12025550101", "to=%2B12025550101", "(1202) 555-01-01", "key hunter2"]
)
def test_numbers_and_secrets_are_found_however_they_are_written(text: str) -> None:
    with pytest.raises(AssertionError, match="is out"):
        quiet(text, secrets=["hunter2"], numbers=[ANNA])
    quiet("sent to +1202•••0101", secrets=["hunter2"], numbers=[ANNA])


# Killing, and running apart.

SENDER = """
import http.client, json, sys
port, number = int(sys.argv[1]), sys.argv[2]
connection = http.client.HTTPConnection("127.0.0.1", port)
body = json.dumps({"id": "m1", "from": "x", "to": number, "text": "hello"})
connection.request("POST", "/messages", body)
connection.getresponse().read()
sys.stdin.read()  # alive until killed
"""


@pytest.mark.parametrize(
    ("moment", "taken_"),
    [(Moment.BEFORE_READING, 0), (Moment.PART, 0), (Moment.AFTER_READING, 1), (Moment.AFTER_ANSWER, 1)],
)
def test_it_can_kill_a_sender_at_any_moment_of_a_request(moment: Moment, taken_: int) -> None:
    with LoopbackGateway() as gateway:
        gateway.script(KillClient(moment))
        sender = subprocess.Popen(
            [sys.executable, "-c", SENDER, str(gateway.port), ANNA], stdin=subprocess.PIPE
        )
        gateway.client_pid = sender.pid
        sender.communicate(timeout=10)
    assert sender.returncode == -signal.SIGKILL
    assert len(gateway.taken) == taken_


def test_whom_to_kill_can_be_told_later() -> None:
    victims: list[subprocess.Popen[bytes]] = []
    with LoopbackGateway() as gateway:
        gateway.script(KillClient(Moment.AFTER_READING, pid=lambda: victims[0].pid), CloseAfterReading())
        for number in (ANNA, BORYS):
            command = [sys.executable, "-c", SENDER, str(gateway.port), number]
            victims.append(subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL))
            victims[-1].communicate(timeout=10)
    assert victims[0].returncode == -signal.SIGKILL
    assert victims[1].returncode == 1


def test_half_an_answer_is_whole_http() -> None:
    with LoopbackGateway() as gateway, client_of(gateway) as client:
        gateway.script(HalfAnswer())
        status, _, body = client.post(message())
    assert status == 202
    with pytest.raises(ValueError):
        json.loads(body)
    assert gateway.numbers == (ANNA,)


def test_it_runs_in_a_process_of_its_own() -> None:
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support"], stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert child.stdout is not None
    port = int(child.stdout.readline().rpartition(":")[2].partition("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/messages", json.dumps(message()))
    assert connection.getresponse().read()
    connection.close()
    child.send_signal(signal.SIGTERM)
    rest, _ = child.communicate(timeout=10)
    assert [json.loads(line)["to"] for line in rest.splitlines()] == [ANNA]
    assert child.returncode == 0
