"""What stands in the folder before the sessions of a page are played, and what stands around them.

Every page begins in a folder with the example files of the checkout. Some need more: people in doubt, another
terminal that sends, a gateway that is not the sandbox.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from smscli.domain.message import Batch, Message, Realm, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Terms
from smscli.domain.segments import measure
from smscli.files.samples import CAMPAIGNS, CONTACTS, sample_campaigns, sample_contacts
from smscli.sentlog.locks import campaign_lock
from smscli.sentlog.sqlite import open_sent_log
from tests.docs.sessions import LEFT_OUT, ROOT, steps
from tests.support.answers import Status
from tests.support.loopback import LoopbackGateway

ANN, BEN, CARLA = (Msisdn(f"+120255501{last}", "US") for last in ("01", "02", "03"))


@dataclass(frozen=True, slots=True)
class Scene:
    """A page's names for what a test has to call otherwise: `https://sms.example.com/…` to a real URL."""

    places: Mapping[str, str] = field(default_factory=dict)

    def typed(self, text: str) -> str:
        """As a test has to type it."""
        for name, real in self.places.items():
            text = text.replace(name, real)
        return text

    def told(self, text: str) -> str:
        """As the page tells it."""
        for name, real in self.places.items():
            text = text.replace(real, name)
        return text


def claimed(
    folder: Path, *people: tuple[str, Msisdn], answers: State | None, gateway: str = "sandbox"
) -> None:
    """A run of bike-ready in the sandbox, an hour ago, that ended in the middle of one request."""
    at = datetime.now(UTC) - timedelta(hours=1)
    messages = tuple(_message(message_id, to, at) for message_id, to in people)
    terms = Terms(
        Realm.SANDBOX, "bike-ready", "transactional", "workshop", gateway, "policy", "an-earlier-run"
    )
    with closing(open_sent_log(folder / "sent-log.db", create=True)) as log:
        won = log.claim([Batch("an-earlier-batch", messages, at)], terms, at)
        assert len(won) == len(messages)
        if answers is not None:
            receipts = [Receipt(each.id, answers, detail="no answer in 30 s") for each in messages]
            log.settle(receipts, at + timedelta(seconds=30))


def _message(message_id: str, to: Msisdn, at: datetime) -> Message:
    text = "Green Garage: your bike is ready"
    return Message(
        message_id,
        "bike-ready",
        to,
        "+12025550143",
        text,
        measure(text),
        at + timedelta(days=30),
        language="en",
    )


@contextmanager
def checkout(folder: Path) -> Iterator[Scene]:
    """The example files, and nothing else."""
    for example in ROOT.glob("*.example.*"):
        shutil.copy(example, folder)
    yield Scene()


@contextmanager
def empty(folder: Path) -> Iterator[Scene]:
    """An empty folder."""
    yield Scene()


@contextmanager
def in_doubt(folder: Path) -> Iterator[Scene]:
    """Ann, Ben and Carla in doubt, at a gateway that cannot be asked about them."""
    people = (("5c0ffee" + "0" * 25, ANN), ("b0bb1e" + "0" * 26, BEN), ("37a9cd" + "0" * 26, CARLA))
    with checkout(folder) as scene:
        claimed(folder, *people, answers=State.IN_DOUBT, gateway="kannel")
        yield scene


@contextmanager
def sent(folder: Path) -> Iterator[Scene]:
    """Ann was sent hers."""
    with checkout(folder) as scene:
        claimed(folder, ("5c0ffee" + "0" * 25, ANN), answers=State.ACCEPTED)
        yield scene


@contextmanager
def accidents(folder: Path) -> Iterator[Scene]:
    """A send of bike-ready was killed with Ann and Ben in flight; another terminal sends tyre-change."""
    with checkout(folder) as scene:
        claimed(folder, ("5c0ffee" + "0" * 25, ANN), ("37a9cd" + "0" * 26, BEN), answers=None)
        with campaign_lock(folder / "sent-log.db", Realm.SANDBOX, "tyre-change"):
            yield scene


@contextmanager
def a_gateway(folder: Path) -> Iterator[Scene]:
    """A gateway of one's own, at an address that the page calls otherwise."""
    with LoopbackGateway() as gateway:
        yield Scene({"https://sms.example.com/v1/messages": gateway.url})


@contextmanager
def mistakes(folder: Path) -> Iterator[Scene]:
    """What `smscli init` makes, the files that the page shows, and a gateway with another token."""
    shown = _files_shown("docs/troubleshooting.md")
    sample = {CAMPAIGNS: sample_campaigns(), CONTACTS: sample_contacts(), **shown}
    for name, text in sample.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "march.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    open_sent_log(folder / "sent-log.db", create=True).close()
    with LoopbackGateway() as gateway:
        gateway.script(Status(401, b'{"error": "wrong token"}'))
        yield Scene({"https://sms.example.com/v1/messages": gateway.url})


@contextmanager
def from_scratch(folder: Path) -> Iterator[Scene]:
    """The files that the page shows; its dates of consent are some months old whenever it is played."""
    months_ago = datetime.now(UTC).date() - timedelta(days=200)
    with checkout(folder):
        scene = Scene({"2026-03-14": f"{months_ago}", "2026-06-02": f"{months_ago + timedelta(days=80)}"})
        for name, text in _files_shown("docs/campaigns-file.md").items():
            (folder / name).write_text(scene.typed(text), "utf-8")
        yield scene


@contextmanager
def own_lists(folder: Path) -> Iterator[Scene]:
    """The lists that the page shows, but for those that smscli writes: they begin with a mark nobody sees."""
    for name, text in _files_shown("docs/contacts.md").items():
        if not text.startswith(LEFT_OUT):
            (folder / name).write_text(text, "utf-8")
    yield Scene()


def _files_shown(page: str) -> dict[str, str]:
    """What `$ cat FILE` shows, and `$ head -1 FILE`, which is followed by a row that fits."""
    found = {}
    for step in steps((ROOT / page).read_text("utf-8")):
        program, _, name = step.typed.rpartition(" ")
        if program in ("cat", "head -1") and step.shown:
            rest = ["+12025550101,Ann,a,b,"] if program == "head -1" else []
            found[name] = "\n".join([*step.shown, *rest, ""])
    return found


SCENES: Mapping[str, Callable[[Path], AbstractContextManager[Scene]]] = {
    "docs/campaigns-file.md": from_scratch,
    "docs/certainty.md": in_doubt,
    "docs/contacts.md": own_lists,
    "docs/first-gateway.md": a_gateway,
    "docs/sent-log.md": sent,
    "docs/troubleshooting.md": mistakes,
    "docs/tutorial.md": empty,
    "docs/what-if.md": accidents,
}


def scene_of(page: str, folder: Path) -> AbstractContextManager[Scene]:
    """What a page needs."""
    return SCENES.get(page, checkout)(folder)
