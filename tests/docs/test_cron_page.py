"""docs/cron.md: its files are written where it says (below a temporary root) and its commands are run.

As poor an environment as cron's and systemd's, a live gateway on 127.0.0.1, and the page's own campaign.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy, which

import pytest

from smscli.domain.errors import ExitCode
from smscli.domain.message import Realm
from smscli.domain.profile import Timeouts
from smscli.files.profile_file import load_preset
from smscli.sentlog.locks import campaign_lock
from tests.docs.sessions import ROOT, Block, blocks, is_complete, play, steps_of, trouble
from tests.support.answers import Accept, Answer, Refuse, ResetAfterReading
from tests.support.loopback import LoopbackGateway

PAGE = (ROOT / "docs" / "cron.md").read_text("utf-8")
PLACES = ("/srv/garage", "/etc/smscli", "/etc/systemd/system", "/opt/smscli/bin", "/usr/local/bin")
CAMPAIGNS = """\
version: 1
brand: Green Garage
sender: Garage
gateway: generic-json
contacts: contacts.csv
campaigns:
  tyre-change:
    purpose: transactional
    quiet_hours: off
    text: "Green Garage: {{ first_name }}, book your tyres"
"""
PEOPLE = ("Ann", "Ben", "Carla")


def files_shown() -> dict[str, Block]:
    """The blocks that are files: a comment in their first lines names the path."""
    return {
        found[1]: block
        for block in blocks(PAGE, "ini", "sh")
        if (found := re.match(r"(?:#!.*\n)?# (/\S+?):?(?:\s|$)", block.text))
    }


def crontab_lines() -> list[str]:
    [block] = blocks(PAGE, "crontab")
    return block.text.splitlines()


def jobs() -> list[tuple[str, str]]:
    """When, and what, of each line of the crontab."""
    wanted = re.compile(r"(@[a-z]+|(?:\S+ +){4}\S+) +(.+)")
    lines = [line for line in crontab_lines() if line and not line.startswith("#") and not is_variable(line)]
    found = [wanted.fullmatch(line) for line in lines]
    return [(each[1], each[2]) for each in found if each is not None] if all(found) else []


def is_variable(line: str) -> bool:
    return bool(re.match(r"\w+=", line))


@dataclass(frozen=True)
class Machine:
    """A root with the places of the page in it."""

    root: Path
    gateway: LoopbackGateway

    def mapped(self, text: str) -> str:
        """The text with the page's places below the root, and the gateway's URL."""
        for place in PLACES:
            text = text.replace(place, f"{self.root}{place}")
        return text.replace("https://sms.example.com/v1/messages", self.gateway.url)

    def run(self, command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """A command as cron starts one: no terminal, nothing in the environment."""
        poor = {"HOME": str(self.root), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"} | environ
        return subprocess.run(
            ["/bin/sh", "-c", self.mapped(command)],
            cwd=self.root,
            env=poor,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def secrets(self) -> dict[str, str]:
        """What systemd makes of the EnvironmentFile."""
        text = (self.root / "etc/smscli/garage.env").read_text("utf-8")
        return dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))

    def play(self, block: Block) -> None:
        """A session of the page, by hand."""
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(self.root)} | self.secrets()
        todo = steps_of(Block(block.kind, block.line, self.mapped(block.text)))
        for played in play(todo, self.root, self.root, environ):
            assert not trouble(played)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Everybody was sent once; what the tests start now has nothing left to do."""
    tmp_path = tmp_path_factory.mktemp("machine")
    with LoopbackGateway() as gateway:
        machine = Machine(tmp_path, gateway)
        for place in PLACES:
            (tmp_path / place.lstrip("/")).mkdir(parents=True)
        (tmp_path / "opt/smscli/bin/smscli").symlink_to(Path(sys.executable).with_name("smscli"))
        folder = tmp_path / "srv/garage"
        (folder / "campaigns.yaml").write_text(CAMPAIGNS, "utf-8")
        rows = [f"+1202555010{at},{name}\n" for at, name in enumerate(PEOPLE)]
        (folder / "contacts.csv").write_text("phone,first_name\n" + "".join(rows), "utf-8")
        for path, block in files_shown().items():
            file = tmp_path / path.lstrip("/")
            file.write_text(machine.mapped(block.text), "utf-8")
            file.chmod(0o700 if block.text.startswith("#!") else 0o600)
        [first] = [each for each in blocks(PAGE, "sh") if "--first-run" in each.text]
        machine.play(first)
        assert len(gateway.taken) == len(PEOPLE)
        yield machine


# --- secrets and the crontab ---


def test_the_file_of_secrets_says_the_same_to_a_shell_and_to_systemd() -> None:
    text = files_shown()["/etc/smscli/garage.env"].text
    pairs = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Z_]+=[\w:/.-]+", line) for line in pairs)
    assert {line.partition("=")[0] for line in pairs} == set(load_preset("generic-json").secrets)


def test_each_line_of_the_crontab_is_one() -> None:
    field = r"(\*|\d+)(/\d+|-\d+)?(,\d+(-\d+)?)*"
    assert len(jobs()) >= 4
    for when, command in jobs():
        assert when in ("@hourly", "@daily", "@weekly") or all(
            re.fullmatch(field, each) for each in when.split()
        )
        assert "%" not in command, "cron makes a newline of it"
        assert is_complete(command)


def test_the_variables_of_the_crontab_need_no_shell() -> None:
    variables = dict(line.split("=", 1) for line in crontab_lines() if is_variable(line))
    assert "MAILTO" in variables
    assert not any("$" in value for value in variables.values()), "cron expands nothing"


@pytest.mark.parametrize("job", jobs(), ids=lambda job: job[1].partition("smscli ")[2][:12])
def test_each_job_of_the_crontab_runs_as_cron_runs_it(job: tuple[str, str], machine: Machine) -> None:
    variables = dict(machine.mapped(line).split("=", 1) for line in crontab_lines() if is_variable(line))
    done = machine.run(job[1], **variables)
    assert done.returncode == 0, done.stderr
    assert len(machine.gateway.taken) == len(PEOPLE), "nobody is texted twice"
    if " send " in job[1]:
        assert (len(done.stdout.splitlines()), done.stderr) == (1, ""), "a mail of one line"
    if "backup" in job[1] and "smscli" in job[1]:
        assert list((machine.root / "srv/garage/backup").glob("sent-log-*.db"))


# --- systemd ---


def unit(ending: str) -> ConfigParser:
    [(_, block)] = [(path, block) for path, block in files_shown().items() if path.endswith(ending)]
    parsed = ConfigParser(interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(block.text)
    return parsed


def test_the_service_starts_the_send_with_the_secrets_of_its_file(machine: Machine) -> None:
    service = unit(".service")["Service"]
    file = Path(machine.mapped(service["EnvironmentFile"]))
    assert file.stat().st_mode & 0o077 == 0
    start = shlex.split(service["ExecStart"])
    assert Path(start[0]).is_absolute()
    done = machine.run(shlex.join(start), **machine.secrets())
    assert done.returncode == 0, done.stderr


def test_the_service_takes_a_night_and_a_stop_for_what_they_are() -> None:
    codes = {int(code) for code in unit(".service")["Service"]["SuccessExitStatus"].split()}
    assert codes == {ExitCode.INCOMPLETE, ExitCode.SIGTERM}


def test_a_stop_waits_longer_than_a_call_may_take() -> None:
    assert float(unit(".service")["Service"]["TimeoutStopSec"]) > 2 * Timeouts().total


def test_the_timer_starts_the_service() -> None:
    service, timer = (
        next(path for path in files_shown() if path.endswith(end)) for end in (".service", ".timer")
    )
    assert Path(service).stem == Path(timer).stem
    assert set(unit(".timer")["Timer"]) == {"OnCalendar", "Persistent"}


@pytest.mark.skipif(which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_units(machine: Machine) -> None:
    folder = machine.root / "etc/systemd/system"
    for path in folder.glob("smscli-*.service"):
        path.write_text(re.sub(r"^User=.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    units = sorted(folder.glob("smscli-*"))
    assert len(units) == 2
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, units)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if "smscli-" in line]
    assert (done.returncode, said) == (0, []), done.stderr


# --- scripts ---


def script(
    machine: Machine, file: str = "campaigns.yaml", **environ: str
) -> subprocess.CompletedProcess[str]:
    return machine.run(f"/usr/local/bin/send-campaign /srv/garage/{file} tyre-change", **environ)


def sent_apart(
    machine: Machine, answer: Answer, *, people: str, more: str
) -> subprocess.CompletedProcess[str]:
    """The script, with more people on the list, and with files and a gateway of its own."""
    folder = machine.root / "srv/garage"
    campaigns = CAMPAIGNS.replace("contacts.csv", "apart.csv").replace("quiet_hours: off", more)
    (folder / "apart.yaml").write_text(f"{campaigns}sent_log: apart.db\n", "utf-8")
    (folder / "apart.csv").write_text((folder / "contacts.csv").read_text("utf-8") + people, "utf-8")
    copy(folder / "sent-log.db", folder / "apart.db")
    with LoopbackGateway() as gateway:
        gateway.otherwise(answer)
        return script(machine, "apart.yaml", **machine.secrets() | {"SMS_GATEWAY_URL": gateway.url})


def test_the_script_says_nothing_while_all_is_well(machine: Machine) -> None:
    done = script(machine, **machine.secrets())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


DORA, NAMELESS = "+12025550103,Dora\n", "+12025550104,\n"
OPEN = "quiet_hours: off"
ANOTHER_DAY = f"{datetime.now(UTC) + timedelta(days=3):%a}".lower()
CLOSED = f'quiet_hours: {{windows: {{{ANOTHER_DAY}: "10:00-18:00"}}, holidays: ignore}}'


def test_the_script_says_nothing_while_people_are_only_held(machine: Machine) -> None:
    done = sent_apart(machine, Accept(), people=DORA, more=CLOSED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("answer", "people", "more", "said"),
    [
        (Refuse("BAD_NUMBER"), DORA, OPEN, ", 0 in doubt, 1 rejected"),
        (Accept(), NAMELESS, OPEN, "1 skipped to mend"),
        (Accept(), DORA + NAMELESS, CLOSED, "1 skipped to mend"),
        (Accept(), DORA + "+1202,Eve\n", f"{CLOSED}\n    on_bad_rows: skip", "1 bad row,"),
    ],
)
def test_the_script_tells_what_somebody_has_to_look_into(
    answer: Answer, people: str, more: str, said: str, machine: Machine
) -> None:
    done = sent_apart(machine, answer, people=people, more=more)
    assert (done.returncode, done.stdout) == (ExitCode.INCOMPLETE, "")
    assert said in done.stderr
    assert "Next " in done.stderr, "what to type"


def test_the_script_tells_with_every_run_of_somebody_in_doubt(machine: Machine) -> None:
    first = sent_apart(machine, ResetAfterReading(), people=DORA, more=OPEN)
    for done in (first, script(machine, "apart.yaml", **machine.secrets())):
        assert done.returncode == ExitCode.INCOMPLETE
        assert ", 1 in doubt, 0 rejected" in done.stderr


def test_the_script_tells_what_has_to_be_known_and_passes_the_code_on(machine: Machine) -> None:
    done = script(machine)
    assert done.returncode == ExitCode.FILES
    assert "SMS_GATEWAY_URL" in done.stderr


def test_the_script_needs_no_lock_of_its_own(machine: Machine) -> None:
    with campaign_lock(machine.root / "srv/garage/sent-log.db", Realm.LIVE, "tyre-change"):
        done = script(machine, **machine.secrets())
    assert done.returncode == ExitCode.SENT_LOG


def test_the_json_of_a_run_is_for_a_monitor(machine: Machine) -> None:
    [block] = [each for each in blocks(PAGE, "sh") if "--json" in each.text]
    done = machine.run(block.text, **machine.secrets())
    assert (done.returncode, done.stdout) == (0, "")
    assert '"status": "ok"' in (machine.root / "srv/garage/last-run.json").read_text("utf-8")


def test_what_a_quiet_send_prints_is_what_the_page_shows(machine: Machine) -> None:
    [block] = blocks(PAGE, "console")
    machine.play(block)


def test_every_block_of_the_page_is_run_above() -> None:
    files = {block.line for block in files_shown().values()}
    others = [block for block in blocks(PAGE, "sh", "ini") if block.line not in files]
    assert [("--first-run" in each.text, "--json" in each.text) for each in others] == [
        (True, False),
        (False, True),
    ]
