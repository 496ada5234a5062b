"""smscli's preset against Kannel itself: what reaches the SMSC, cut as counted, nobody lost and nobody twice.

Skipped where Kannel's programs are missing; with SMSCLI_REAL=required in the environment they fail instead.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from smscli.domain.segments import Encoding, measure, split
from tests.cli.program import Finished, child
from tests.domain.segment_texts import around_every_limit
from tests.real.kannel import PASSWORD, USERNAME, Kannel, Pdu, missing, wait_until

pytestmark = pytest.mark.real

SENDER = "+12025550100"
CREDENTIALS = {"KANNEL_USERNAME": USERNAME, "KANNEL_PASSWORD": PASSWORD}

#: GSM-7 with and without extension characters, UCS-2 with and without surrogate pairs; `words` fills them up.
TEXTS = {
    "en": "Green Garage: your bike [blue] is ready @ our shop. ",
    "pl": "Green Garage: Twój rower jest gotowy do odbioru. ",
    "el": "Green Garage: έτοιμο το ποδήλατο! ",
    "ru": "Green Garage: Ваш велосипед готов 🚲 ",
    "es": "Green Garage: ¿mañana? Señora, ¡tu bici te espera! ",
    "id": "Green Garage: sepeda Anda sudah siap, {1,50 €}. ",
}

#: Units at which a text gets another segment, and what takes two of them.
LIMITS = {Encoding.GSM7: (160, 306, 459), Encoding.UCS2: (70, 134, 201)}
JOINED = {Encoding.GSM7: 153, Encoding.UCS2: 67}
PAIRS = {Encoding.GSM7: "€", Encoding.UCS2: "😀"}


@pytest.fixture
def kannel(tmp_path: Path) -> Iterator[Kannel]:
    if lacking := missing():
        why = f"needs Kannel's {', '.join(lacking)}: apt-get install kannel kannel-extras"
        assert os.environ.get("SMSCLI_REAL") != "required", why
        pytest.skip(why)
    folder = tmp_path / "kannel"
    folder.mkdir()
    with Kannel(folder) as running:
        yield running


@dataclass(frozen=True)
class Office:
    """A folder with a campaigns file whose gateway is this Kannel, and smscli run in it."""

    path: Path
    kannel: Kannel

    def campaign(self, texts: Mapping[str, str], people: Sequence[Sequence[str]], gateway: str = "") -> None:
        """One campaign; of each person number, language and words."""
        lines = [
            "version: 1",
            "brand: Green Garage",
            f'sender: "{SENDER}"',
            "sent_log: sent-log.db",
            "contacts: contacts.csv",
            f"gateway: {{preset: kannel, url: '{self.kannel.url}'{gateway}}}",
            "campaigns:",
            "  ready:",
            "    purpose: transactional",
            "    quiet_hours: off",
            "    default_language: en",
            f"    text: {json.dumps(texts, ensure_ascii=False)}",
        ]
        (self.path / "campaigns.yaml").write_text("\n".join(lines), "utf-8")
        with (self.path / "contacts.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("phone", "language", "words"), *people])

    def __call__(self, *arguments: str, environ: Mapping[str, str] = CREDENTIALS) -> Finished:
        return child(*arguments, environ=environ, cwd=self.path, timeout=300)

    def send(self, *arguments: str, environ: Mapping[str, str] = CREDENTIALS) -> Finished:
        """One unattended send."""
        first = () if (self.path / "sent-log.db").exists() else ("--first-run",)
        return self("send", "campaigns.yaml", "ready", "--yes", *first, *arguments, environ=environ)

    def start(self) -> subprocess.Popen[str]:
        """The same, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "smscli", "send", "campaigns.yaml", "ready", "--yes", "--first-run"],
            cwd=self.path,
            env=os.environ | CREDENTIALS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def rows(self) -> list[dict[str, Any]]:
        """Every message of the sent log."""
        return self("log", "campaigns.yaml", "--jsonl").lines

    def states(self) -> dict[str, str]:
        """The state of each number."""
        return {row["to"]: row["state"] for row in self.rows()}


@pytest.fixture
def office(tmp_path: Path, kannel: Kannel) -> Office:
    return Office(tmp_path, kannel)


def numbers(count: int) -> list[str]:
    return [f"+1202555{place:04}" for place in range(count)]


def some(count: int) -> list[tuple[str, str, str]]:
    """People who get a short text each."""
    return [(number, "en", f"No. {place}") for place, number in enumerate(numbers(count))]


PLAIN = {"en": "Green Garage: your bike is ready. {{ words }}"}


# --- how a text has to arrive ---


def is_cut_inside_a_pair(text: str) -> bool:
    """Does a cut after every 67 units, which is Kannel's, part two surrogates?"""
    measured = measure(text)
    if measured.encoding is Encoding.GSM7 or measured.units <= LIMITS[Encoding.UCS2][0]:
        return False
    units = text.encode("utf-16-be")
    lasts = range(2 * JOINED[Encoding.UCS2] - 2, len(units) - 2, 2 * JOINED[Encoding.UCS2])
    return any(0xD8 <= units[last] <= 0xDB for last in lasts)


def assert_arrived(text: str, pdus: Sequence[Pdu]) -> None:
    """The whole text once, in the segments that smscli counts, or cut where Kannel cuts pairs."""
    measured = measure(text)
    is_ucs2 = measured.encoding is Encoding.UCS2
    codec = "utf-16-be" if is_ucs2 else "utf-8"
    assert {pdu.sender for pdu in pdus} == {SENDER}
    assert {pdu.is_ucs2 for pdu in pdus} <= {None, is_ucs2}
    assert [(pdu.place, pdu.total) for pdu in pdus] == [(place + 1, len(pdus)) for place in range(len(pdus))]
    assert len({pdu.reference for pdu in pdus}) == 1
    found = [pdu.data for pdu in pdus]
    assert b"".join(found).decode(codec) == text
    if is_cut_inside_a_pair(text):
        octets, each = text.encode(codec), 2 * JOINED[Encoding.UCS2]
        assert found == [octets[start : start + each] for start in range(0, len(octets), each)]
        assert len(found) in (measured.count - 1, measured.count)
    else:
        assert found == [part.encode(codec) for part in split(text)]
        assert len(found) == measured.count


def assert_all_arrived(office: Office, texts: Mapping[str, str]) -> None:
    """Nobody lost, nobody twice, nobody else; and the log has each as accepted, with its segments."""
    office.kannel.wait_for(sum(_pdus(text) for text in texts.values()))
    arrived = office.kannel.by_number()
    assert set(arrived) == set(texts)
    for number, text in texts.items():
        assert_arrived(text, arrived[number])
    rows = office.rows()
    assert Counter(row["to"] for row in rows) == Counter(texts.keys())
    assert {row["state"] for row in rows} == {"accepted"}
    assert {row["to"]: row["segments"] for row in rows} == {
        number: measure(text).count for number, text in texts.items()
    }


def _pdus(text: str) -> int:
    """How many Kannel makes of it."""
    measured = measure(text)
    return -(-measured.units // JOINED[Encoding.UCS2]) if is_cut_inside_a_pair(text) else measured.count


def fillers(text: str) -> Iterator[str]:
    """What brings a text to every limit and one beyond, and a pair to and across each cut."""
    measured = measure(text)
    encoding, pair = measured.encoding, PAIRS[measured.encoding]
    yield "!"
    for limit in LIMITS[encoding]:
        for units in (limit - 1, limit, limit + 1):
            yield "x" * (units - measured.units)
    for before in range(JOINED[encoding] - 3, JOINED[encoding] + 1):
        plain = "x" * (before - measured.units)
        yield plain + pair + "y" * 40
        yield plain + pair * 5 + "y" * (LIMITS[encoding][1] - before - 10)


def test_a_campaign_in_six_languages_arrives_as_written_and_as_counted(office: Office) -> None:
    written = [(language, words) for language, text in TEXTS.items() for words in fillers(text)]
    people = [
        (number, language, words)
        for number, (language, words) in zip(numbers(len(written)), written, strict=True)
    ]
    office.campaign(
        {language: text.replace("{1", "{{ '{' }}1") + "{{ words }}" for language, text in TEXTS.items()},
        people,
    )
    texts = {number: TEXTS[language] + words for number, language, words in people}
    assert {measure(text).encoding for text in texts.values()} == set(Encoding)
    assert {measure(text).count for text in texts.values()} == {1, 2, 3, 4}
    assert 0 < sum(is_cut_inside_a_pair(text) for text in texts.values()) < len(texts) / 4
    done = office.send()
    assert done.code == 0, done.out + done.err
    assert_all_arrived(office, texts)


def test_pairs_around_every_limit_are_cut_as_counted(office: Office) -> None:
    written = sorted(set(around_every_limit()))
    texts = dict(zip(numbers(len(written)), written, strict=True))
    office.campaign({"en": "{{ words }}"}, [(number, "en", text) for number, text in texts.items()])
    done = office.send()
    assert done.code == 0, done.out + done.err
    assert_all_arrived(office, texts)


# --- when something is wrong ---


def test_a_wrong_password_stops_the_run_and_texts_nobody(office: Office) -> None:
    office.campaign(PLAIN, some(20))
    done = office.send(environ=CREDENTIALS | {"KANNEL_PASSWORD": "wr0ng-s3cret"})
    assert done.code == 6, done.out + done.err
    assert "credentials" in done.out + done.err
    assert "wr0ng-s3cret" not in done.out + done.err
    assert set(office.states().values()) == {"released"}
    assert office.kannel.pdus() == []
    done = office.send()
    assert done.code == 0, done.out + done.err
    assert_all_arrived(office, _plain(20))


def test_what_kannel_queues_while_the_smsc_is_away_is_accepted_and_arrives_once(office: Office) -> None:
    office.campaign(PLAIN, some(20))
    office.kannel.stop("fakesmsc")
    done = office.send()
    assert done.code == 0, done.out + done.err
    assert set(office.states().values()) == {"accepted"}
    assert office.kannel.pdus() == []
    office.kannel.start("fakesmsc")
    assert_all_arrived(office, _plain(20))


def test_without_smsbox_everybody_is_released_and_the_next_run_texts_them(office: Office) -> None:
    office.campaign(PLAIN, some(20))
    office.kannel.stop("smsbox")
    done = office.send()
    assert done.code == 6, done.out + done.err
    assert set(office.states().values()) == {"released"}
    office.kannel.start("smsbox")
    done = office.send()
    assert done.code == 0, done.out + done.err
    assert_all_arrived(office, _plain(20))


def test_smsbox_killed_in_mid_run_leaves_doubt_that_can_be_resolved(office: Office) -> None:
    people = 60
    office.campaign(PLAIN, some(people), gateway=", rate: {per_second: 20}")
    running = office.start()
    wait_until(lambda: len(office.kannel.pdus()) >= 10, "ten messages at the SMSC")
    # What smsbox hands on now stays unanswered, and yet it is taken as soon as bearerbox goes on.
    office.kannel.freeze("bearerbox")
    wait_until(lambda: "submitting" in office.states().values(), "messages in flight")
    office.kannel.stop("smsbox", kill=True)
    wait_until(lambda: "in_doubt" in office.states().values(), "messages in doubt")
    office.kannel.thaw("bearerbox")
    office.kannel.start("smsbox")
    out, err = running.communicate(timeout=120)
    assert running.returncode == 3, out + err  # all but the doubtful, and nothing more to be done about them

    states = office.states()
    doubtful = {number for number, state in states.items() if state == "in_doubt"}
    accepted = {number for number, state in states.items() if state == "accepted"}
    assert doubtful
    assert accepted | doubtful == set(numbers(people))
    office.kannel.wait_for(len(accepted))
    arrived = set(office.kannel.by_number())
    assert accepted <= arrived
    assert doubtful & arrived, "what was taken, and nobody said so"

    # Nobody of them is texted again, until somebody who knows says what became of each.
    assert office.send().code == 3
    assert {number for number, state in office.states().items() if state == "in_doubt"} == doubtful
    decided = [
        *(f"--sent={number}" for number in sorted(doubtful & arrived)),
        *(f"--not-sent={number}" for number in sorted(doubtful - arrived)),
    ]
    resolved = office("resolve", "campaigns.yaml", *decided)
    assert resolved.code == 0, resolved.out + resolved.err
    last = office.send()
    assert last.code == 0, last.out + last.err
    assert_all_arrived(office, _plain(people))


def _plain(people: int) -> dict[str, str]:
    return {number: PLAIN[language].replace("{{ words }}", words) for number, language, words in some(people)}
