"""`smscli send --test-to`: one message to a number of the operator's own, as often as wanted."""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smscli.cli.present.text import iso
from smscli.domain.message import Realm, State
from smscli.sentlog.locks import campaign_lock
from tests.cli.desk import READY, Desk
from tests.cli.program import Finished
from tests.support.answers import Answer, KillClient, Moment, ResetAfterReading, Status
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

OWN = "+12025550199"

OFFERS = """\
  offers:
    purpose: marketing
    country_rules: false
    topic: offers
    consent: {level: soft}
    quiet_hours: {windows: {mon-sun: "09:00-20:00"}, holidays: ignore}
    text: "Green Garage: {{ first_name }}, offers! Reply STOP to opt out"
"""
CONSENTING = "phone,first_name,consent,consent_date"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns()
    desk.contacts(",Nobody", "+12025550101,Ann", "+12025550102,Ben")
    return desk


@pytest.fixture
def gateway() -> Iterator[LoopbackGateway]:
    with LoopbackGateway() as gateway:
        yield gateway


def tried(desk: Desk, *arguments: str, campaign: str = "ready", number: str = OWN) -> Finished:
    """One test message."""
    return desk("send", "campaigns.yaml", campaign, "--test-to", number, *arguments)


def test_the_text_of_the_first_sendable_contact_goes_to_the_number_and_says_whose_it_is(desk: Desk) -> None:
    done = tried(desk)
    assert done.code == 0
    assert [(each["to"], each["text"]) for each in desk.outbox()] == [
        (OWN, "Green Garage: Ann, your bike is ready.")
    ]
    assert "It shows line 3 of contacts.csv: +1202•••0101" in done.out
    assert "Green Garage: Ann, your bike is ready." in done.out
    assert OWN not in done.out + done.err


def test_it_can_be_done_as_often_as_wanted_and_claims_nobody_on_the_list(desk: Desk) -> None:
    desk.contacts("+12025550101,Ann", f"{OWN},Me")
    assert [tried(desk).code for _ in range(3)] == [0, 0, 0]
    assert [(row.realm, row.to.e164) for row in desk.rows()] == [(Realm.TEST, OWN)] * 3
    assert desk.sent()["accepted"] == 2


def test_a_test_before_the_first_live_send_does_not_stand_in_for_it(
    desk: Desk, gateway: LoopbackGateway
) -> None:
    desk.live(gateway)
    desk.contacts("+12025550101,Ann")
    assert tried(desk).code == 0
    assert not desk.live_messages()
    assert [message.to for message in gateway.taken] == [OWN]
    assert desk.send().code == 7


def test_the_opt_out_list_is_asked(desk: Desk) -> None:
    tried(desk)
    desk("optout", "add", OWN, "--campaigns", "campaigns.yaml")
    done = tried(desk)
    assert done.code == 5
    assert "opted out of everything" in done.err
    assert len(desk.outbox()) == 1
    line = done.err.partition("or lift it: smscli ")[2].replace("NUMBER", OWN)
    assert desk(*shlex.split(line)).code == 0
    assert tried(desk).code == 0


def test_who_said_the_opt_out_is_named_where_the_number_is_on_the_list(desk: Desk) -> None:
    desk.contacts("+12025550101,Ann", f"{OWN},Me")
    tried(desk)
    desk("optout", "add", OWN, "--campaigns", "campaigns.yaml")
    assert "opted out (of everything, says the sent log)" in tried(desk).err


def test_an_opt_out_of_the_topic_counts_and_so_does_another_list(desk: Desk) -> None:
    desk.campaigns(OFFERS, top="opt_outs: [stopped.txt]\n")
    (desk.path / "stopped.txt").write_text("+12025550198\n", encoding="utf-8")
    desk.contacts("+12025550101,Ann,express,2026-11-01", header=CONSENTING)
    assert tried(desk, campaign="offers", number="+12025550198").code == 5
    assert tried(desk, campaign="offers").code == 0
    desk("optout", "add", OWN, "--topic", "offers", "--campaigns", "campaigns.yaml")
    assert "opted out of topic offers" in tried(desk, campaign="offers").err


def test_at_night_the_text_is_shown_as_it_will_be_in_the_morning(desk: Desk) -> None:
    day_after_tomorrow = f"{datetime.now(UTC) + timedelta(days=2):%a}".lower()
    desk.campaigns(OFFERS.replace("mon-sun", day_after_tomorrow))
    desk.contacts("+12025550101,Ann,express,2026-11-01", header=CONSENTING)
    done = tried(desk, "--json", campaign="offers")
    assert done.code == 0
    assert done.document["text_of"]["at"] > iso(datetime.now(UTC))
    assert "Nobody may be texted now" in tried(desk, campaign="offers").out


def test_when_everybody_was_sent_before_it_shows_the_text_of_the_first_of_them(desk: Desk) -> None:
    desk.contacts("+12025550101,Ann", "+12025550102,Ben")
    assert desk.send().code == 0
    done = tried(desk)
    assert done.code == 0
    assert "Nobody is left to be texted; this is the text as if nobody had been sent one." in done.out
    assert "It shows line 2 of contacts.csv" in done.out
    assert [each["to"] for each in desk.outbox()] == ["+12025550101", "+12025550102", OWN]


def test_a_list_from_a_named_pipe_is_read_once(desk: Desk) -> None:
    desk.contacts("+12025550101,Ann")
    assert desk.send().code == 0
    pipe = desk.path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_text, args=("phone,first_name\n+12025550101,Ann\n",)).start()
    done = tried(desk, "--contacts", "pipe")
    assert done.code == 5
    assert "already sent 1" in done.err


def test_what_the_list_itself_says_of_an_opt_out_counts(desk: Desk) -> None:
    desk.campaigns(top="")
    text = (desk.path / "campaigns.yaml").read_text("utf-8")
    own = text.replace("contacts: contacts.csv", "contacts: {file: contacts.csv, columns: {opt_out: stop}}")
    (desk.path / "campaigns.yaml").write_text(own, encoding="utf-8")
    desk.contacts("+12025550101,Ann,", f"{OWN},Me,yes", header="phone,first_name,stop")
    done = tried(desk)
    assert done.code == 5
    assert "of contacts.csv opted out (of everything, says the list)" in done.err
    bad_row = f"{OWN},Me,yes,no such language"
    desk.contacts("+12025550101,Ann,,en", bad_row, header="phone,first_name,stop,language")
    assert tried(desk).code == 5
    assert desk.outbox() == []


def test_where_nobody_could_be_texted_there_is_nothing_to_test(desk: Desk) -> None:
    desk.contacts("+12025550101,", "+12025550102,")
    done = tried(desk)
    assert done.code == 5
    assert "missing field 2" in done.err
    assert desk.outbox() == []


@pytest.mark.parametrize(
    ("answer", "code", "state"),
    [
        (Status(401, b"{}"), 6, State.RELEASED),
        (ResetAfterReading(), 3, State.IN_DOUBT),
    ],
)
def test_what_the_gateway_does_is_told_as_of_any_message(
    desk: Desk, gateway: LoopbackGateway, answer: Answer, code: int, state: State
) -> None:
    desk.live(gateway)
    gateway.script(answer)
    done = tried(desk, "--json")
    assert done.code == code
    assert done.document["state"] == state
    assert [row.state for row in desk.rows()] == [state]
    assert TOKEN not in done.out + done.err


def test_two_tests_of_a_campaign_do_not_run_at_once(desk: Desk) -> None:
    tried(desk)
    with campaign_lock(desk.log_path, Realm.TEST, "ready"):
        assert tried(desk).code == 7


def test_a_test_that_was_cut_off_is_in_doubt_after_the_next(tmp_path: Path, gateway: LoopbackGateway) -> None:
    folder = Folder(tmp_path, gateway.url)
    folder.write(people=1)
    gateway.may_repeat = True  # a test message is a new one each time
    gateway.script(KillClient(Moment.AFTER_READING))
    child = folder.start("--test-to", OWN)
    gateway.client_pid = child.pid
    child.communicate(timeout=60)
    assert child.returncode == -9
    again = folder.start("--test-to", OWN)
    again.communicate(timeout=60)
    assert [row.state for row in folder.rows()] == [State.IN_DOUBT, State.ACCEPTED]


def test_a_dry_run_sends_nothing_and_needs_no_secret(desk: Desk, gateway: LoopbackGateway) -> None:
    desk.live(gateway)
    desk.environ.clear()
    done = tried(desk, "--dry-run")
    assert done.code == 0
    assert "not sent (dry run)" in done.out
    assert not desk.log_path.exists()
    assert gateway.connections == 0


@pytest.mark.parametrize(
    "option",
    [("--limit", "1"), ("--expect", "1"), ("--fresh",), ("--first-run",), ("--text-changed",)],
)
def test_options_about_the_whole_list_are_refused(desk: Desk, option: tuple[str, ...]) -> None:
    done = tried(desk, *option)
    assert done.code == 2
    assert option[0] in done.err
    assert desk.files() == {"campaigns.yaml", "contacts.csv"}


def test_the_number_may_be_written_as_in_the_list(desk: Desk) -> None:
    desk.campaigns(READY, top="")
    text = (desk.path / "campaigns.yaml").read_text("utf-8")
    own = text.replace("contacts: contacts.csv", "contacts: {file: contacts.csv, region: US}")
    (desk.path / "campaigns.yaml").write_text(own, encoding="utf-8")
    assert tried(desk, number="(202) 555-0199").code == 0
    assert desk.outbox()[0]["to"] == OWN


def test_a_wrong_number_is_told_without_showing_it(desk: Desk) -> None:
    done = tried(desk, number="+1202555")
    assert done.code == 2
    assert "--test-to" in done.err
