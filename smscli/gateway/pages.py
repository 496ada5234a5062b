"""How a listing goes on from page to page, and when it is at its end.

Pure: a page in, the next turn out. Knows nothing of requests but their URL and query fields. A listing that
does not come to its end is given up, since whoever asks would ask for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import urljoin, urlsplit

from smscli.domain.profile import PageBy, Pages
from smscli.gateway.seen import ABSENT, at, said_by

#: No gateway keeps as many pages of what happened since the last sync: at ten a page this is a day of a
#: million messages, and more is a listing that goes in circles.
MOST_PAGES = 100_000


class Astray(ValueError):
    """A listing that cannot be followed; says why. Holds neither a link nor a token."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of a listing: the URL in place of the poll's own, or query fields; and what `{last}` is."""

    url: str = ""
    query: tuple[tuple[str, str], ...] = ()
    last: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it came: where from, its whole tree, its items, and a digest of its bytes."""

    url: str
    tree: Any
    items: Sequence[Any]
    digest: bytes = b""


def digest_of(body: bytes) -> bytes:
    """By which a page is known again."""
    return blake2b(body, digest_size=16).digest()


class Listing:
    """One listing on its way: `turn` is what to ask next, until it `is_done`.

    `mark` is what `{last}` would be in the next sync.
    """

    def __init__(self, pages: Pages | None, mark: str) -> None:
        self._pages = pages
        self._count = 0
        self._before = b""
        self._seen: set[str] = set()
        self._number = pages.first if pages is not None and pages.by is PageBy.PAGE else 0
        self.mark = (pages.start or mark) if pages is not None and pages.by is PageBy.LAST else ""
        self.turn = Turn(query=self._counted(), last=self.mark)
        self.is_done = False

    def take(self, page: Page) -> None:
        """Go on behind this page. Raises Astray for a link elsewhere, or a listing without an end."""
        following = self._after(page)
        self.is_done = following is None
        if following is None:
            return
        self.turn = following
        self._count += 1
        if self._count >= MOST_PAGES:
            raise Astray(f"the listing has more than {MOST_PAGES} pages")
        if page.digest and page.digest == self._before:
            raise Astray("the listing gives the same page again and again")
        self._before = page.digest

    def _after(self, page: Page) -> Turn | None:
        pages = self._pages
        if pages is None:
            return None
        match pages.by:
            case PageBy.LINK:
                return self._linked(page, pages)
            case PageBy.TOKEN:
                token = _said(page.tree, pages)
                return Turn(query=((pages.name, self._once(token)),)) if token else None
            case PageBy.PAGE | PageBy.OFFSET:
                if not page.items or len(page.items) < pages.size:
                    return None
                self._number += 1 if pages.by is PageBy.PAGE else len(page.items)
                return Turn(query=self._counted())
            case PageBy.LAST:
                return self._from_last(page, pages)
            case PageBy.DRAIN:
                return Turn() if page.items else None

    def _counted(self) -> tuple[tuple[str, str], ...]:
        """The query field that counts pages or items, where one does."""
        pages = self._pages
        if pages is None or pages.by not in (PageBy.PAGE, PageBy.OFFSET):
            return ()
        return ((pages.name, str(self._number)),)

    def _linked(self, page: Page, pages: Pages) -> Turn | None:
        link = _said(page.tree, pages)
        if not link:
            return None
        try:
            url = urljoin(page.url, link)
            is_same = _origin(url) == _origin(page.url)
        except ValueError:
            raise Astray("the link to the next page is not a URL") from None
        if not is_same:  # the credentials go with every request
            raise Astray("the link to the next page leads to another host")
        return Turn(url=self._once(url.partition("#")[0]))

    def _from_last(self, page: Page, pages: Pages) -> Turn | None:
        if not page.items:
            return None
        mark = _said(page.items[-1], pages)
        if not mark:
            raise Astray(f"the last item says nothing at {'.'.join(pages.path)}")
        if mark == self.mark:  # it lists from the mark on, with the item that has it
            return None
        self.mark = self._once(mark)
        return Turn(last=mark) if len(page.items) >= pages.size else None

    def _once(self, said: str) -> str:
        if said in self._seen:
            raise Astray("the listing goes in a circle")
        self._seen.add(said)
        return said


def _said(tree: Any, pages: Pages) -> str:
    """What stands at the path: absent, null and false say that there is no more. Raises Astray."""
    value = at(tree, pages.path)
    if value is ABSENT or value is None or value is False:
        return ""
    said = said_by(value) or ""
    try:
        said.encode()  # it goes into the next request, and into the sent log
    except UnicodeEncodeError:
        raise Astray("where it goes on holds half a surrogate pair, which has no bytes") from None
    return said


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
