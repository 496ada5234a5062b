"""Topics that somebody typed, and those that campaigns have.

A topic with a typing mistake keeps nobody from being texted: it is said while somebody is looking.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from smscli.cli.present.text import inert
from smscli.cli.wiring import World


def warn_of_unknown_topics(world: World, topics: Iterable[str], campaigns: Path | None) -> None:
    """Warn of each topic that no campaign of the file has; without a file nobody can tell."""
    asked = set(topics) - {""}
    if campaigns is None or not asked:
        return
    from smscli.files.campaign_file import load

    known = {defined.campaign.topic for defined in load(campaigns).campaigns.values()}
    for topic in sorted(asked - known):
        there = ", ".join(sorted(known))
        near = get_close_matches(topic, known, 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        world.screen.trouble(
            f"warning: no campaign of {campaigns} has the topic {inert(topic)}; there are: {there}{meant}"
        )
