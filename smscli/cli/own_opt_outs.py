"""What the campaign's own lists say of opt-outs while another list is sent to.

Rows that were mended, or a part of a list, come with `--contacts`. Whoever opted out in the list that they
were taken from opted out: a STOP is said to a brand, not to a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from smscli.domain.contact import Contact
from smscli.domain.msisdn import Msisdn
from smscli.files.contacts_file import open_contacts
from smscli.files.list_source import ContactsSource


def not_read(own: Iterable[ContactsSource], read: Sequence[ContactsSource]) -> tuple[ContactsSource, ...]:
    """The campaign's own lists but for those that are read for contacts anyway."""
    files = {source.file for source in read}
    return tuple(source for source in own if source.file not in files)


def own_opt_outs(sources: Iterable[ContactsSource], topic: str, today: date) -> Mapping[Msisdn, str]:
    """Numbers that these lists opt out of this topic, or of everything, and where they say so.

    A list that is not there any more says nothing. Raises FilesError for one that cannot be read.
    """
    found: dict[Msisdn, str] = {}
    for source in sources:
        if source.opt_outs and source.file and source.file.exists():
            found |= dict(_of(source, topic, today))
    return found


def _of(source: ContactsSource, topic: str, today: date) -> Iterator[tuple[Msisdn, str]]:
    with open_contacts(source, frozenset(), today=today) as rows:
        for row in rows:
            says_so = f"{source.name}:{row.line} says so"
            if not isinstance(row, Contact):
                yield from ((number, says_so) for number in row.opted_out)
            elif {"", topic}.intersection(row.opted_out):
                yield row.number, says_so
