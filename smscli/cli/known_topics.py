"""Topics that somebody typed, and those that campaigns have.

A topic with a typing mistake keeps nobody from being texted: it is said while somebody is looking.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from smscli.cli.present.text import inert

if TYPE_CHECKING:
    from smscli.cli.wiring import World
    from smscli.files.campaign_file import CampaignsFile


def warn_of_unknown_topics(world: World, topics: Iterable[str], campaigns: Path | None) -> None:
    """Warn of each topic that no campaign of the file has; without a file nobody can tell."""
    asked = set(topics) - {""}
    if campaigns is None or not asked:
        return
    from smscli.files.campaign_file import load

    known = topics_of(load(campaigns))
    for topic in sorted(asked - known):
        world.screen.trouble(
            f"warning: no campaign of {campaigns} has the topic {inert(topic)}; {known_words(topic, known)}"
        )


def topics_of(campaigns: CampaignsFile) -> frozenset[str]:
    """Those that campaigns of the file have."""
    return frozenset(defined.campaign.topic for defined in campaigns.campaigns.values())


def known_words(topic: str, known: frozenset[str]) -> str:
    """`there are: offers, news; did you mean offers?`"""
    near = get_close_matches(topic, sorted(known), 1)
    return f"there are: {', '.join(sorted(known))}" + (f"; did you mean {near[0]}?" if near else "")
