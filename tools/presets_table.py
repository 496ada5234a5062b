"""The table of bundled gateways in docs/gateways.md, from the profiles and the first lines of their files.

The first line of a preset's file says what it is, in one sentence; the second is the address of its
documentation, where it has any.
"""

from __future__ import annotations

from collections.abc import Iterator

from smscli.domain.profile import BatchMode, GatewayProfile, Polls
from smscli.files.profile_file import load_preset, preset_names, preset_title
from tools.markdown import code, table

_CARRIES = {
    BatchMode.ONE: "1 message",
    BatchMode.FANOUT: "one text to {:,}",
    BatchMode.LIST: "{:,} messages",
    BatchMode.MERGE: "{:,} texts of one sender",
}
_AFTERWARDS = {
    "receipts": "receipts",
    "lookup": "what is in doubt",
    "replies": "replies",
    "opt_outs": "opt-outs",
}


def presets() -> Iterator[str]:
    """A row for each preset."""
    headers = ("preset", "what it is", "a call carries", "can be asked for", "repeats", "variables it needs")
    return table(headers, map(_row, preset_names()))


def _row(name: str) -> tuple[str, ...]:
    profile = load_preset(name)
    what, address = preset_title(name)
    return (
        code(name),
        f"[{what}]({address})" if address else what,
        _CARRIES[profile.batch].format(profile.batch_max),
        _afterwards(profile.polls) or "nothing: it tells by push",
        _repeats(profile),
        ", ".join(map(code, profile.secrets)) or "none",
    )


def _afterwards(polls: Polls) -> str:
    return ", ".join(said for name, said in _AFTERWARDS.items() if getattr(polls, name) is not None)


def _repeats(profile: GatewayProfile) -> str:
    if profile.idempotency is None:
        return ""
    hours = profile.idempotency.window.total_seconds() / 3600
    return f"harmless for {hours:,.0f} h"
