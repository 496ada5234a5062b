"""Which gateways can be asked what became of messages: their profiles, and the secrets that they need.

Knows where profiles stand: in the campaigns file, among the presets, in a file of their own. Asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from smscli.cli.gateway_given import gateway_given, is_file_name
from smscli.domain.errors import FilesError
from smscli.domain.message import Realm
from smscli.domain.profile import GatewayProfile
from smscli.files.campaign_file import CampaignsFile
from smscli.files.profile_file import SANDBOX, load_preset, load_profile, preset_names, resolve_secrets
from smscli.files.tree import Scalar, Table, read_tree

_BY_FILE = "FILE, the campaigns file, brings in its own"
_BRIDGE = "what its webhook posts can be filed: smscli replies import FILE"


class NotAskable(StrEnum):
    """Why a gateway is not asked."""

    PUSH_ONLY = "push_only"  # nothing can be asked of it: it calls those whom it tells
    NO_PROFILE = "no_profile"
    SECRETS = "secrets"


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A gateway that the log knows and that is not asked; message and hint are for people."""

    gateway: str
    why: NotAskable
    message: str
    hint: str = ""

    @property
    def is_failure(self) -> bool:
        """Could it have been asked, if something were otherwise here?"""
        return self.why is not NotAskable.PUSH_ONLY


@dataclass(frozen=True, slots=True)
class Askable:
    """A gateway that can be asked, with the values of its secrets by environment variable."""

    profile: GatewayProfile
    secrets: Mapping[str, str]

    @property
    def realms(self) -> tuple[Realm, ...]:
        """Whose messages went through it: a test message goes the way of any other."""
        return self.profile.realm, Realm.TEST


@dataclass(frozen=True, slots=True)
class Gateways:
    """The profiles that there are, by the names that the sent log knows them by."""

    file: Path | None
    profiles: Mapping[str, GatewayProfile]

    def of(self, name: str) -> GatewayProfile | None:
        """The profile of that name, presets included."""
        if name in self.profiles:
            return self.profiles[name]
        return load_preset(name) if name in preset_names() else None

    def missing(self, name: str) -> NotAsked:
        """What to say of a name in the log that no profile has."""
        where = f"under gateways: in {self.file}" if self.file else "in a campaigns file, and name that file"
        return NotAsked(
            name,
            NotAskable.NO_PROFILE,
            f"gateway {name}: messages went through it, and no profile of that name is known here",
            f"write its profile {where}, or name the profile's file: --gateway FILE.yaml",
        )


def gateways_known(file: Path | None, campaigns: CampaignsFile | None) -> Gateways:
    """Those under `gateways:`, the one at the top, those of campaigns. Raises FilesError."""
    profiles: dict[str, GatewayProfile] = {}
    if file is not None and campaigns is not None:
        for profile in _written(file, campaigns):
            profiles.setdefault(profile.name, profile)
    return Gateways(file, profiles)


def _written(file: Path, campaigns: CampaignsFile) -> Iterator[GatewayProfile]:
    base = campaigns.path.parent
    for node in campaigns.gateways.values():
        yield load_profile(node, base)
    root = read_tree(file).root
    top = root.entries.get("gateway") if isinstance(root, Table) else None
    if top is not None and not (isinstance(top, Scalar) and top.text.strip() in campaigns.gateways):
        yield load_profile(top, base)
    for defined in campaigns.campaigns.values():
        yield load_profile(defined.gateway.source, base)


def with_given(known: Gateways, names: Sequence[str], campaigns: CampaignsFile | None) -> Gateways:
    """The same with the profile files that `--gateway` names. Raises UsageError for a name that is none."""
    profiles = dict(known.profiles)
    for name in names:
        if is_file_name(name):
            profile = load_profile(name, Path())
            profiles[profile.name] = profile
        elif name not in profiles:
            own = campaigns.gateways if campaigns else {}
            gateway_given(name, own, known.file, elsewhere=_BY_FILE)
    return Gateways(known.file, profiles)


def name_in_log(given: str) -> str:
    """What the log calls a gateway that `--gateway` names."""
    return load_profile(given, Path()).name if is_file_name(given) else given.strip()


def worth_asking(used: Sequence[tuple[str, Realm]]) -> tuple[str, ...]:
    """The gateways used, each once. The sandbox only where there is nothing else: it texts nobody."""
    names = tuple(dict.fromkeys(name for name, _ in used))
    return tuple(name for name in names if name != SANDBOX) or names


def askable(gateway: GatewayProfile, environ: Mapping[str, str]) -> Askable | NotAsked:
    """Can it be asked for what it tells, and is there what it needs?"""
    polls = gateway.polls
    if polls.receipts is None and polls.replies is None and polls.opt_outs is None:
        message = f"{gateway.name}: it tells only by push (webhook), which smscli does not receive"
        return NotAsked(gateway.name, NotAskable.PUSH_ONLY, message, _BRIDGE)
    return _with_secrets(gateway, environ)


def askable_about_one(gateway: GatewayProfile, environ: Mapping[str, str]) -> Askable | NotAsked:
    """Can it be asked about a single message, and is there what it needs?"""
    if gateway.polls.lookup is None:
        message = f"{gateway.name}: it cannot be asked about a single message"
        return NotAsked(gateway.name, NotAskable.PUSH_ONLY, message)
    return _with_secrets(gateway, environ)


def _with_secrets(gateway: GatewayProfile, environ: Mapping[str, str]) -> Askable | NotAsked:
    try:
        return Askable(gateway, resolve_secrets(gateway, environ))
    except FilesError as error:
        return NotAsked(gateway.name, NotAskable.SECRETS, error.message, error.hint)
