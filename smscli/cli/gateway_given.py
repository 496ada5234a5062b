"""A gateway named on the command line: one of the campaigns file, a preset or a profile's file.

What is wrong with a profile is for the files to say; here is only whether there is one of that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from smscli.domain.errors import UsageError
from smscli.files.profile_file import preset_names
from smscli.files.reading import did_you_mean, listed, quoted
from smscli.files.tree import Node

_FILES = (".yaml", ".yml")
_BY_OPTION = "--campaigns FILE takes in those of a campaigns file"


def gateway_given(
    name: str, own: Mapping[str, Node], campaigns: Path | None, *, elsewhere: str = _BY_OPTION
) -> Node | str:
    """What `load_profile` takes for this name; `own` are those under `gateways:` of the campaigns file.

    `elsewhere` says how a campaigns file is named where none is. Raises UsageError where there is no such
    gateway.
    """
    if name in own:
        return own[name]
    if name.strip() in preset_names() or is_file_name(name):
        return name
    meant = did_you_mean(name, [*own, *preset_names()])
    hint = f"name {gateways_there_are(own, campaigns, elsewhere=elsewhere)}"
    if meant:
        hint = f"did you mean {meant}?" + ("" if campaigns else f" {elsewhere}")
    raise UsageError(f"there is no gateway {quoted(name)}", hint=hint)


def is_file_name(name: str) -> bool:
    """Is this a profile's file, by its name?"""
    return name.strip().endswith(_FILES)


def gateways_there_are(own: Iterable[str], campaigns: Path | None, *, elsewhere: str = _BY_OPTION) -> str:
    """What can be named: those of the campaigns file, presets, files."""
    of_file = f"{listed(own, 'or')} (under gateways: in {campaigns}), " if own else ""
    or_there = "" if campaigns else f"; {elsewhere}"
    return f"{of_file}a preset (smscli gateway list) or a file that ends in .yaml{or_there}"
