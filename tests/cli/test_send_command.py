"""`smscli send`: what it sends, what it refuses, what it says, and what it never does twice."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smscli.domain.message import Realm, State
from tests.cli.desk import READY, Desk
from tests.cli.program import child, in_process
from tests.support.answers import Accept, AcceptSome, Held, Refuse
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

EXAMPLES = Path(__file__).parents[2]

KEYS = {
    "schema",
    "command",
    "status",
    "campaign",
    "gateway",
    "realm",
    "sent_log",
    "run",
    "rows",
    "problems",
    "repairs",
    "repairs_by_code",
    "repair_list",
    "skipped",
    "held",
    "not_attempted",
    "released",
    "rejected",
    "in_doubt",
    "reasons",
    "accepted",
    "segments",
    "requests",
    "seconds",
    "recovered",
    "late_opt_outs",
    "outbox",
}
RATES = "rates: {currency: EUR, US: 0.008}\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns()
    desk.people(3)
    return desk


def numbers(desk: Desk) -> list[str]:
    return sorted(each["to"] for each in desk.outbox())


# --- the ordinary way ---------------------------------------------------------------------------


def test_a_send_is_said_done_and_the_second_one_finds_nobody_left(desk: Desk) -> None:
    first, second = desk.send(), desk.send()
    assert (first.code, second.code) == (0, 0)
    assert first.out.startswith("ready: done. 3 of 3 accepted, 0 in doubt, 0 rejected (sandbox)\n")
    assert "already sent 3" in second.out
    assert len(desk.outbox()) == 3


def test_the_json_document_has_these_keys_and_no_others(desk: Desk) -> None:
    document = desk.sent()
    assert set(document) == KEYS
    assert (document["status"], document["accepted"], document["realm"]) == ("ok", 3, "sandbox")


def test_quiet_leaves_the_summary_only(desk: Desk) -> None:
    done = desk.send("--quiet")
    assert done.err == ""
    assert done.out.startswith("ready: done.")


def test_a_dry_run_forgets_no_rehearsal(desk: Desk) -> None:
    desk.send()
    done = desk.send("--fresh", "--dry-run")
    assert done.code == 2
    assert "--dry-run changes nothing" in done.err
    assert len(desk.rows()) == 3


def test_the_path_of_the_sent_log_is_told(desk: Desk) -> None:
    assert f"sent log: {desk.log_path}" in desk.send().err
    assert f"sent log: {desk.path / 'other.db'}" in desk.send("--log", "other.db").err
    assert (desk.path / "other.db").exists()


def test_the_outbox_holds_every_language_as_it_was_written(tmp_path: Path) -> None:
    for name in ("campaigns.example.yaml", "contacts.example.csv"):
        (tmp_path / name).write_bytes((EXAMPLES / name).read_bytes())
    done = child("send", "campaigns.example.yaml", "bike-ready", "--yes", cwd=tmp_path)
    assert done.code == 0, done.err
    outbox = {each["to"]: each["text"] for each in Desk(tmp_path).outbox()}
    assert len(outbox) == 12
    assert outbox["+12025550101"].startswith("Green Garage: hello Ann, your bike is ready.")
    assert outbox["+48512345678"].startswith("Green Garage: Franek, rower gotowy")
    assert outbox["+306945678901"].startswith("Green Garage: Ηλίας, έτοιμο το ποδήλατο!")
    assert outbox["+79123456701"].startswith("Green Garage: Катя, велосипед готов.")
    assert outbox["+34612345601"].startswith("Green Garage: Lucía, tu bici te espera.")
    assert outbox["+6281234567801"].startswith("Green Garage: Nur, sepeda Anda sudah siap.")


def test_a_list_comes_from_standard_input(desk: Desk) -> None:
    done = desk.send("--contacts", "-", stdin=b"phone,first_name\n+12025550177,Zed\n")
    assert done.code == 0
    assert numbers(desk) == ["+12025550177"]


def test_what_keeps_a_campaign_from_being_done_is_named_as_the_next_step(desk: Desk) -> None:
    desk.campaigns(top="on_bad_rows: skip\n")
    desk.contacts("+12025550101,Ann", "+12025550102,", "nobody,Ben")
    done = desk.send()
    assert done.code == 3
    assert "Next      mend missing field 1 and bad rows 1, then run it again; smscli check camp" in done.out
    desk.contacts("+12025550101,Ann")
    assert "Next" not in desk.send().out


# --- consent of the operator --------------------------------------------------------------------


def test_without_a_terminal_and_without_yes_nothing_is_sent(desk: Desk) -> None:
    done = desk("send", "campaigns.yaml", "ready")
    assert done.code == 5
    assert "ready --yes --expect" in done.err
    assert desk.outbox() == []


@pytest.mark.parametrize(
    ("typed", "code", "sent"), [("3\n", 0, 3), (" 3 \n", 0, 3), ("y\n", 5, 0), ("\n", 5, 0)]
)
def test_at_a_terminal_the_number_of_recipients_is_typed(
    desk: Desk, typed: str, code: int, sent: int
) -> None:
    done = desk("send", "campaigns.yaml", "ready", typed=typed)
    assert done.code == code
    assert len(desk.outbox()) == sent
    assert "This sends to 3 people through sandbox" in done.err
    assert "Nobody is texted: it is a rehearsal." in done.err


@pytest.mark.parametrize(("expect", "code", "sent"), [("3", 0, 3), ("2", 5, 0), ("0", 5, 0)])
def test_expect_refuses_any_other_count(desk: Desk, expect: str, code: int, sent: int) -> None:
    done = desk.send("--expect", expect)
    assert done.code == code
    assert len(desk.outbox()) == sent
    assert ("--expect" in done.err) == bool(code)


def test_limit_sends_a_part_and_the_next_send_goes_on(desk: Desk) -> None:
    first = desk.sent("--limit", "2")
    assert (first["status"], first["accepted"], first["not_attempted"]) == ("incomplete", 2, 1)
    assert numbers(desk) == ["+12025550000", "+12025550001"]
    assert desk.send("--limit", "2").code == 0
    assert numbers(desk) == ["+12025550000", "+12025550001", "+12025550002"]


def test_a_dry_run_shows_the_plan_and_makes_nothing(desk: Desk) -> None:
    before = desk.files()
    done = desk("send", "campaigns.yaml", "ready", "--dry-run")
    assert done.code == 0
    assert re.search(r"to send +3\b", done.out)
    assert done.out.endswith("Dry run: nothing was sent.\n")
    assert desk.files() == before
    document = desk("send", "campaigns.yaml", "ready", "--dry-run", "--json").document
    assert (document["dry_run"], document["to_send"]) == (True, 3)


@pytest.mark.parametrize("arguments", [("--expect", "9"), ("--limit", "2", "--expect", "3")])
def test_a_dry_run_asks_the_guards(desk: Desk, arguments: tuple[str, ...]) -> None:
    assert desk("send", "campaigns.yaml", "ready", "--dry-run", *arguments).code == 5


def test_a_dry_run_never_speaks_to_a_live_gateway(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        assert desk("send", "campaigns.yaml", "ready", "--dry-run").code == 0
        assert gateway.connections == 0


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "text", "said"),
    [
        ("max_segments: 1", "x" * 150, "limits.max_segments"),
        ("max_messages: 2", "", "--limit"),
        ("max_cost: 0.02", "", "limits.max_cost"),
    ],
)
def test_over_a_limit_nothing_is_sent(desk: Desk, limits: str, text: str, said: str) -> None:
    campaign = READY.replace("is ready.", f"is ready. {text}") + f"    limits: {{{limits}}}\n"
    desk.campaigns(campaign, top=RATES)
    done = desk.send()
    assert done.code == 5
    assert said in done.err
    assert desk.outbox() == []


def test_within_the_limits_it_is_sent(desk: Desk) -> None:
    limits = "    limits: {max_segments: 1, max_messages: 3, max_cost: 0.024}\n"
    desk.campaigns(READY + limits, top=RATES)
    assert desk.send().code == 0


def test_a_cost_that_cannot_be_known_is_over_every_limit(desk: Desk) -> None:
    desk.campaigns(READY + "    limits: {max_cost: 100}\n", top="rates: {currency: EUR, PL: 0.03}\n")
    done = desk.send()
    assert done.code == 5
    assert "no rate for US" in done.err


# --- texts and repeats --------------------------------------------------------------------------


def test_a_text_changed_in_mid_campaign_refuses_until_it_is_meant(desk: Desk) -> None:
    desk.send("--limit", "1")
    desk.campaigns(READY.replace('ready."', 'ready!"'))
    refused = desk.send()
    assert refused.code == 5
    assert "--text-changed" in refused.err
    assert desk("send", "campaigns.yaml", "ready", "--dry-run").code == 5
    assert len(desk.outbox()) == 1
    assert desk.send("--text-changed").code == 0
    assert [each["text"][-1] for each in desk.outbox()] == [".", "!", "!"]
    assert desk.send().code == 0  # the new text is the text now


def test_the_same_text_in_another_campaign_is_skipped_until_it_is_meant(desk: Desk) -> None:
    desk.campaigns(READY + READY.replace("ready:", "other:", 1) + "    same_text: skip\n")
    desk.send()
    assert desk.sent(campaign="other")["skipped"] == {"same_text": 3}
    assert len(desk.outbox()) == 3
    assert desk.sent("--again", "same-text", campaign="other")["accepted"] == 3


def test_what_was_rejected_stays_so_until_it_is_meant(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        gateway.script(AcceptSome({"+12025550000": "sender"}))
        first = desk.sent("--first-run")
        assert (first["rejected"], first["accepted"], first["status"]) == (1, 2, "incomplete")
        assert first["reasons"] == {"rejected": {"sender": 1}}
        again = desk.sent()
        assert again["skipped"] == {"rejected_before": 1, "already_sent": 2}
        assert desk.sent("--again", "rejected")["accepted"] == 1
        gateway.assert_nobody_twice()
        assert sorted(gateway.numbers) == ["+12025550000", "+12025550001", "+12025550002"]


def test_an_edited_list_sends_to_those_who_are_new(desk: Desk) -> None:
    desk.send()
    desk.contacts("+12025550188,New", "+1 (202) 555-0001,Ola1 in another spelling")
    document = desk.sent()
    assert (document["accepted"], document["skipped"]) == (1, {"already_sent": 1})


# --- logs and realms ----------------------------------------------------------------------------


def test_a_first_live_send_that_nobody_watches_has_to_be_meant(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        refused = desk.send()
        assert refused.code == 7
        assert "--first-run" in refused.err
        assert not desk.log_path.exists()
        assert gateway.connections == 0
        assert desk.send("--first-run", "--limit", "1").code == 3
        assert desk.send("--first-run").code == 5
        assert desk.send().code == 0
        assert len(gateway.taken) == 3


def test_a_first_live_send_at_a_terminal_needs_no_more_than_the_number(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        assert desk("send", "campaigns.yaml", "ready", typed="3\n").code == 0


def test_a_rehearsal_claims_nobody_of_the_live_campaign(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        assert desk.sent("--gateway", "sandbox")["accepted"] == 3
        assert desk.send().code == 7  # a rehearsal is no live message: it still is a first run
        assert desk.sent("--first-run")["accepted"] == 3
        assert {(row.realm, row.state) for row in desk.rows()} == {
            (Realm.SANDBOX, State.ACCEPTED),
            (Realm.LIVE, State.ACCEPTED),
        }


def test_fresh_forgets_the_rehearsal_and_refuses_to_forget_more(desk: Desk) -> None:
    desk.send()
    assert desk.sent("--fresh")["accepted"] == 3
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        desk.send("--first-run")
        refused = desk.send("--fresh")
        assert refused.code == 2
        assert "--gateway sandbox" in refused.err
        assert len(gateway.taken) == 3
        assert desk.sent("--fresh", "--gateway", "sandbox")["accepted"] == 3
        assert desk.sent()["skipped"] == {"already_sent": 3}


def test_a_log_of_the_future_refuses(desk: Desk) -> None:
    with LoopbackGateway(clock_ahead=timedelta(hours=3)) as gateway:
        desk.live(gateway)
        desk.ahead = timedelta(hours=3)
        assert desk.sent("--first-run", "--limit", "1")["accepted"] == 1
        desk.ahead = timedelta()
        done = desk.send()
        assert done.code == 6
        assert "date -u" in done.err
        assert len(gateway.taken) == 1


def test_a_clock_that_is_not_the_gateways_stops_the_run(desk: Desk) -> None:
    with LoopbackGateway(clock_ahead=timedelta(minutes=5)) as gateway:
        desk.live(gateway, profile="batch: {max: 1}")
        done = desk.send("--first-run")
        assert done.code == 6
        assert "5 minutes apart" in done.err
        assert "clock_check: off" in done.err
        assert len(gateway.taken) == 1


# --- bad rows and opt-outs ----------------------------------------------------------------------


def test_bad_rows_stop_the_send_by_default(desk: Desk) -> None:
    desk.contacts("+12025550101,Ann", "nobody,Zed")
    done = desk.send("--problems", "bad.csv")
    assert done.code == 4
    assert "1 bad row in contacts.csv; nothing was sent" in done.err
    assert desk.outbox() == []
    assert "nobody" in (desk.path / "bad.csv").read_text("utf-8")


def test_bad_rows_may_be_skipped_and_are_counted_and_told(desk: Desk) -> None:
    desk.campaigns(top="on_bad_rows: skip\n")
    desk.contacts("+12025550101,Ann", "nobody,Zed")
    done = desk.send()
    assert done.code == 3
    assert "\n1 bad row in contacts.csv, left out:\n  contacts.csv:3: phone:" in done.err
    assert "problems              1" in done.out
    assert numbers(desk) == ["+12025550101"]


@pytest.mark.parametrize(
    "second",
    [
        "+1 202 555 0101,Ann,yes",  # a duplicate says it
        "+12025550101,Ann,perhaps",  # a bad cell may have said it
        "+12025550101,A\x07nn,yes",  # a bad row says it
    ],
)
def test_an_opt_out_in_another_row_of_the_number_keeps_the_first_from_being_texted(
    desk: Desk, second: str
) -> None:
    top = "on_bad_rows: skip\n"
    desk.campaigns(READY, top=top)
    path = desk.path / "campaigns.yaml"
    listed = "contacts: {file: contacts.csv, columns: {opt_out: stop}}"
    path.write_text(path.read_text("utf-8").replace("contacts: contacts.csv", listed), encoding="utf-8")
    desk.contacts("+12025550101,Ann,", "+12025550102,Ben,", second, header="phone,first_name,stop")
    desk.send()
    assert numbers(desk) == ["+12025550102"]


def test_a_sent_log_may_be_named_among_its_own_opt_outs(desk: Desk) -> None:
    desk.campaigns(top="opt_outs: [sent-log.db]\n")
    desk.people(3)
    assert desk.send("--yes").code == 0
    assert len(desk.rows()) == 3
    assert desk.send("--yes").code == 0


def test_opt_outs_of_other_lists_and_other_logs_hold(desk: Desk) -> None:
    (desk.path / "stop.txt").write_text("+1 202 555 0000\n", encoding="utf-8")
    brand = Desk(desk.path)
    brand.send("--log", "brand.db", "--limit", "1")
    (desk.path / "sent-log.outbox.jsonl").unlink(missing_ok=True)
    assert desk("optout", "add", "+12025550001", "--log", "brand.db").code == 0
    desk.campaigns(top="opt_outs: [stop.txt, brand.db]\n")
    document = desk.sent()
    assert document["skipped"] == {"opted_out": 2}
    assert numbers(desk) == ["+12025550002"]


def test_nobody_to_text_is_incomplete(desk: Desk) -> None:
    (desk.path / "stop.txt").write_text("+12025550000\n+12025550001\n+12025550002\n", encoding="utf-8")
    desk.campaigns(top="opt_outs: [stop.txt]\n")
    assert desk.send().code == 3


# --- caps and hours -----------------------------------------------------------------------------


def test_a_frequency_cap_counts_over_campaigns(desk: Desk) -> None:
    cap = "    frequency: {at_most: 1, per: 30d}\n"
    other = READY.replace("ready:", "other:", 1).replace("is ready", "was washed")
    desk.campaigns(READY + cap + other + cap)
    desk.send("--limit", "1")
    document = desk.sent(campaign="other")
    assert (document["accepted"], document["held"]) == (2, {"frequency_cap": 1})
    assert document["status"] == "incomplete"
    assert "run it again from" in desk.send(campaign="other").out


def test_a_night_is_waited_for(desk: Desk) -> None:
    """A window that is closed now, wherever this test runs and whenever."""
    washington = datetime.now(UTC) - timedelta(hours=5)
    opens = (washington + timedelta(hours=6)).replace(minute=0)
    closes = opens + timedelta(hours=2)
    window = f"{opens:%H:%M}-{closes:%H:%M}"
    hours = f'quiet_hours: {{windows: {{mon-sun: "{window}"}}, holidays: ignore}}'
    desk.campaigns(READY.replace("quiet_hours: off", hours))
    document = desk.sent()
    assert (document["accepted"], document["held"]) == (0, {"quiet_hours": 3})
    assert desk.outbox() == []


# --- while another send runs --------------------------------------------------------------------


def test_while_a_send_runs_others_may_look_opt_out_and_not_send(tmp_path: Path) -> None:
    held = Held()
    with LoopbackGateway() as gateway:
        gateway.script(held)
        folder = Folder(tmp_path, gateway.url, profile="batch: {max: 1}\nconnections: 1")
        folder.write(people=4)
        running = folder.start("--yes", "--first-run", "--json")
        gateway.wait_until(lambda gateway: len(gateway.taken) == 1, timeout=30)
        done = [
            in_process(
                *arguments, cwd=tmp_path, environ={"SMS_GATEWAY_URL": gateway.url, "SMS_GATEWAY_TOKEN": TOKEN}
            )
            for arguments in (
                ("send", "campaigns.yaml", "ready", "--yes"),
                ("preview", "campaigns.yaml", "ready", "--json"),
                ("log", "campaigns.yaml", "--jsonl"),
                # The first is on its way already, the last is not claimed yet.
                ("optout", "add", "+12025550000", "+12025550003", "--log", "sent-log.db"),
            )
        ]
        assert running.poll() is None
        held.release()
        out, err = running.communicate(timeout=30)
    second, preview, log, optout = done
    assert second.code == 7
    assert f"is being sent by process {running.pid}" in second.err
    assert preview.document["skipped"] == {"in_doubt": 1}
    assert [line["state"] for line in log.lines] == ["submitting"]
    assert optout.code == 0
    assert running.returncode == 0, err
    assert sorted(gateway.numbers) == ["+12025550000", "+12025550001", "+12025550002"]
    assert '"late_opt_outs": 1' in out
    assert '"opted_out": 1' in out


def test_two_campaigns_of_one_log_run_at_the_same_time(desk: Desk) -> None:
    desk.campaigns(READY + READY.replace("ready:", "other:", 1))
    desk.people(30)
    done: list[int] = []
    folder = [
        threading.Thread(target=lambda name=name: done.append(_send_child(desk.path, name)))
        for name in ("ready", "other")
    ]
    for thread in folder:
        thread.start()
    for thread in folder:
        thread.join()
    assert done == [0, 0]
    assert len(desk.outbox()) == 60


def _send_child(path: Path, campaign: str) -> int:
    return child("send", "campaigns.yaml", campaign, "--yes", cwd=path).code


# --- what the gateway says ----------------------------------------------------------------------


def test_a_gateway_that_rejects_everybody_stops_the_run_and_is_quoted(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway, profile="batch: {max: 5}")
        desk.people(40)
        gateway.otherwise(Refuse("sender"))
        done = desk.send("--first-run", "--json")
        assert done.code == 6
        assert "rejected the first" in done.err
        assert done.document["error"]["message"] in done.err
        assert done.document["rejected"] <= 25
        gateway.assert_quiet(done.out + done.err, secrets=[TOKEN], numbers=["+12025550000"])


def test_an_opt_out_learned_from_the_gateway_is_kept(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        gateway.script(AcceptSome({"+12025550000": "opted_out"}), Accept())
        desk.send("--first-run")
        desk.campaigns(READY.replace("ready:", "other:", 1))
        assert desk.sent(campaign="other")["skipped"] == {"opted_out": 1}


def test_a_number_that_the_gateway_quotes_is_masked(desk: Desk) -> None:
    with LoopbackGateway() as gateway:
        desk.live(gateway)
        gateway.script(AcceptSome({"+12025550000": "12025550000 \x1b[31mlooks odd"}))
        done = desk.send("--first-run")
        assert "rejected              1\n" in done.out
        assert re.search(r"1   120••• .*\[31mlooks odd", done.out)
        assert "\x1b" not in done.out
        gateway.assert_quiet(done.out + done.err, numbers=["+12025550000"])
