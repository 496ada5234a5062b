"""Links that carriers drop or readers distrust."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from smscli.domain.wording_reading import Draft, Found, Part

_PLAIN_HTTP = "http://"


def public_shortener(draft: Draft) -> Iterator[Found]:
    """Links of a shortener that is open to everybody."""
    for start, end, part in draft.links:
        host = _host(draft.body[start:end]) if part is Part.LINK else ""
        if host.removeprefix("www.") in draft.lists.shorteners:
            message = f"{host} shortens links for everybody, so that carriers drop texts with it"
            yield Found(start, end, message, "link to your own domain")


def plain_http(draft: Draft) -> Iterator[Found]:
    """Links that anyone on the way can read."""
    for start, end, _ in draft.links:
        if draft.body[start:end].lower().startswith(_PLAIN_HTTP):
            there = start + len(_PLAIN_HTTP)
            message = "the link begins with http://, which anyone on the way can read and change"
            yield draft.replaced(start, there, message, "begin it with https://", "https://")


def _host(link: str) -> str:
    """The host of a link, written out or not; empty where there is none."""
    try:
        return urlsplit(link if "//" in link else f"//{link}").hostname or ""
    except ValueError:
        return ""
