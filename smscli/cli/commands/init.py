"""`smscli init`: sample files to start from, and what to type next. Overwrites nothing."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from smscli.cli import guards, wiring
from smscli.cli.commands.schema import Which, printed
from smscli.cli.options import AsJson, Quiet, command_app, exit_codes
from smscli.cli.result import Result
from smscli.domain.errors import ExitCode, UsageError
from smscli.files.campaign_file import CampaignsFile, load
from smscli.files.reading import file_problem
from smscli.files.samples import (
    CAMPAIGNS,
    CONTACTS,
    FIRST_CAMPAIGN,
    SCHEMA,
    sample_campaigns,
    sample_contacts,
)
from smscli.files.writing import write_new

app = command_app()

_CODES = {
    ExitCode.USAGE: "wrong usage: DIR is a file, or the folder that it should be made in does not exist",
    ExitCode.FILES: "the folder cannot be written, or a campaigns file that is there already is wrong",
}
_MEANINGS = {
    CAMPAIGNS: "what is sent, to whom, and when it may be",
    CONTACTS: "the list: one person a line",
    SCHEMA: "with which editors complete and check campaigns.yaml",
}


@dataclass(slots=True)
class _Written:
    """What became of each file."""

    created: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)

    def note(self, path: Path, *, is_new: bool) -> None:
        """A file that was written now, or that was there already."""
        (self.created if is_new else self.kept).append(path)


@app.command(epilog=exit_codes(_CODES, ExitCode.SENT_LOG))
def init(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            readable=False,
            help="The folder to start in. It is made if it does not exist, but not the folders above it.",
        ),
    ] = Path(),
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Write sample files that run in the sandbox as they are.

    campaigns.yaml with two campaigns and contacts.csv with their list; campaigns.schema.json for editors; and
    an empty sent log, so that opt-outs can be imported before the first send. Ends with the three commands to
    type next. Files that exist are kept as they are. The sample list is written together with the sample
    campaigns only: beside a campaigns file of your own it has no business.
    """
    world = wiring.of(context)
    _refuse_what_is_no_folder(folder)
    file = folder / CAMPAIGNS
    own = load(file) if os.path.lexists(file) else None
    if own is not None:
        guards.has_folder(_sent_log_of(own))
    _make(folder)
    written = _Written()
    _write_samples(folder, written, world.clock.now().date(), beside_own=own is not None)
    campaigns = own or load(file)
    _make_sent_log(_sent_log_of(campaigns), written)
    commands = _next_commands(file, campaigns)
    payload = {
        "folder": folder,
        "created": written.created,
        "kept": written.kept,
        "next": commands,
    }
    return Result(payload, _text(written, campaigns, commands))


def _refuse_what_is_no_folder(folder: Path) -> None:
    """Raises UsageError for a file, and for a folder whose own folder does not exist."""
    if folder.is_dir():
        return
    if os.path.lexists(folder):
        found = "a link that leads nowhere" if folder.is_symlink() else "a file"
        raise UsageError(f"{folder} is {found}, not a folder", hint="name a folder, or a new one")
    if not folder.absolute().parent.is_dir():
        hint = f"type: mkdir -p {shlex.quote(str(folder))}"
        raise UsageError(
            f"the folder {folder.parent}, in which to make {folder.name}, does not exist", hint=hint
        )


def _make(folder: Path) -> None:
    if folder.is_dir():
        return
    try:
        folder.mkdir()
    except OSError as trouble:
        hint = f"may you write in {folder.absolute().parent}? See: ls -ld {folder.absolute().parent}"
        raise file_problem(folder, "unwritable", f"cannot be made: {trouble.strerror}", hint) from trouble


def _write_samples(folder: Path, written: _Written, today: date, *, beside_own: bool) -> None:
    """The list first: who finds campaigns.yaml finds its list."""
    samples = {SCHEMA: printed(Which.CAMPAIGNS) + "\n"}
    if beside_own:
        there = (folder / name for name in (CONTACTS, CAMPAIGNS))
        written.kept += [path for path in there if os.path.lexists(path)]
    else:
        samples = {CONTACTS: sample_contacts(today), CAMPAIGNS: sample_campaigns(), **samples}
    for name, text in samples.items():
        written.note(folder / name, is_new=write_new(folder / name, text))


def _sent_log_of(campaigns: CampaignsFile) -> Path:
    [path] = {defined.sent_log for defined in campaigns.campaigns.values()}  # the file names one
    return path


def _make_sent_log(path: Path, written: _Written) -> None:
    """An empty sent log. What has the name already is nobody's business here, be it a dangling link."""
    is_new = not os.path.lexists(path)
    if is_new:
        from smscli.sentlog.sqlite import open_sent_log

        open_sent_log(path, create=True).close()
    written.note(path, is_new=is_new)


def _next_commands(file: Path, campaigns: CampaignsFile) -> tuple[str, str, str]:
    """Right wherever one stands: the file is named as DIR was."""
    name = f"./{file}" if str(file).startswith("-") else str(file)
    campaign = FIRST_CAMPAIGN if FIRST_CAMPAIGN in campaigns.campaigns else next(iter(campaigns.campaigns))
    return (
        shlex.join(["smscli", "check", name]),
        shlex.join(["smscli", "preview", name, campaign]),
        shlex.join(["smscli", "send", name, campaign]),
    )


def _text(written: _Written, campaigns: CampaignsFile, commands: Sequence[str]) -> Iterator[str]:
    paths = [*written.created, *written.kept]
    width = max(len(str(path)) for path in paths)
    meanings = {path: _MEANINGS.get(path.name, "") for path in paths} | {
        _sent_log_of(campaigns): "the sent log: who was texted, and who opted out"
    }
    for verb, files in (("created", written.created), ("kept", written.kept)):
        for path in files:
            yield f"{verb:<7}  {path!s:<{width}}  {meanings[path]}"
    yield ""
    yield "Type next:"
    yield ""
    yield from (f"  {command}" for command in commands)
