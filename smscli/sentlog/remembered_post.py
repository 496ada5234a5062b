"""What the sent log in memory knows of a gateway's post, as `handed_over.py` and `post.py` do in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from smscli.domain.delivery import DeliveryReceipt, Handed
from smscli.domain.message import Realm, State
from smscli.domain.msisdn import Msisdn
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.listing import in_order
from smscli.sentlog.matching import Candidate, meant, told_number
from smscli.sentlog.post import Stray, as_kept
from smscli.sentlog.shelves import Row, Shelves


def handed(
    shelves: Shelves, gateway: str, realm: Realm, states: frozenset[State], since: datetime
) -> Iterator[Handed]:
    """Messages handed to that gateway then or later and now in one of these states, oldest first."""
    found = (row for row in _rows(shelves, gateway, realm, since) if row.state in states)
    for row in sorted(found, key=lambda row: (row.logged.claimed_at, row.key)):
        yield as_handed(row)


def as_handed(row: Row) -> Handed:
    """A message as a gateway is asked about it."""
    of = row.logged
    told = (of.realm, of.campaign_id, of.claimed_at, row.body_digest)
    return Handed(of.id, of.gateway_ref, of.to, of.sender, of.state, *told)


def gateways_used(shelves: Shelves, since: datetime | None) -> list[tuple[str, Realm]]:
    """The names of the gateways that messages were handed to then or later, with their realms."""
    used = {
        (row.logged.realm, row.logged.gateway)
        for row in shelves.rows.values()
        if since is None or row.logged.claimed_at >= _rounded(since)
    }
    return [(gateway, realm) for realm, gateway in in_order(used)]


def _rows(shelves: Shelves, gateway: str, realm: Realm, since: datetime) -> Iterator[Row]:
    for row in shelves.rows.values():
        is_theirs = (row.logged.gateway, row.logged.realm) == (gateway, realm)
        if is_theirs and row.logged.claimed_at >= _rounded(since):
            yield row


def match(
    shelves: Shelves, gateway: str, realm: Realm, receipts: Sequence[DeliveryReceipt], since: datetime
) -> list[str | None]:
    """The id of the message that each is about, None if that is not certain."""
    by_id: dict[str, Candidate] = {}
    by_ref: dict[str, list[Candidate]] = {}
    by_number: dict[str, list[Candidate]] = {}
    for row in _rows(shelves, gateway, realm, since):
        of = row.logged
        one = Candidate(of.id, of.gateway_ref, of.to.digits, of.state, row.body_digest)
        by_id[one.id] = one
        by_ref.setdefault(one.ref, []).append(one)
        by_number.setdefault(one.number, []).append(one)
    by_ref.pop("", None)
    return [
        meant(
            receipt,
            by_id.get(receipt.id),
            by_ref.get(receipt.ref, ()),
            by_number.get(told_number(receipt), ()),
        )
        for receipt in receipts
    ]


def keep_strays(
    shelves: Shelves, gateway: str, realm: Realm, receipts: Iterable[DeliveryReceipt], now: datetime
) -> int:
    """Keep receipts to be matched later, none of the erased; how many are new."""
    before = len(shelves.strays)
    for receipt in map(as_kept, receipts):
        if f"+{receipt.number}" not in shelves.erased:
            shelves.strays.setdefault((gateway, realm, receipt), _rounded(now))
    return len(shelves.strays) - before


def strays(shelves: Shelves, gateway: str, realm: Realm) -> list[DeliveryReceipt]:
    """The receipts kept for that gateway, oldest first."""
    return [each.receipt for each in _by_time(shelves) if (each.gateway, each.realm) == (gateway, realm)]


def strays_of(shelves: Shelves, number: Msisdn) -> list[Stray]:
    """The receipts kept that name this number, oldest first."""
    return [each for each in _by_time(shelves) if each.receipt.number == number.digits]


def _by_time(shelves: Shelves) -> list[Stray]:
    kept = [Stray(name, of, at, receipt) for (name, of, receipt), at in shelves.strays.items()]
    return sorted(kept, key=lambda each: each.recorded_at)


def drop_strays_of(shelves: Shelves, number: Msisdn, refs: Mapping[str, str]) -> int:
    """Forget those that name this number, or else one of its messages (id to reference); how many."""

    def is_about(receipt: DeliveryReceipt) -> bool:
        by_name = receipt.id in refs or (receipt.ref and receipt.ref in refs.values())
        return receipt.number == number.digits or bool(not receipt.number and by_name)

    gone = [stray for stray in shelves.strays if is_about(stray[2])]
    for stray in gone:
        del shelves.strays[stray]
    return len(gone)


def drop_strays(
    shelves: Shelves, gateway: str, realm: Realm, receipts: Iterable[DeliveryReceipt], before: datetime
) -> None:
    """Forget these, and whatever was kept before that time."""
    for receipt in map(as_kept, receipts):
        shelves.strays.pop((gateway, realm, receipt), None)
    drop_old_strays(shelves, before, lambda name, of: (name, of) == (gateway, realm))


def drop_old_strays(shelves: Shelves, before: datetime, is_meant: Callable[[str, Realm], bool]) -> None:
    """Forget what was kept before that time for some gateways."""
    for (name, of, receipt), recorded_at in list(shelves.strays.items()):
        if recorded_at < _rounded(before) and is_meant(name, of):
            del shelves.strays[name, of, receipt]


def forget_rehearsals(shelves: Shelves) -> None:
    """What the sandbox's gateway told, and how far it was asked."""
    drop_old_strays(shelves, datetime.max.replace(tzinfo=UTC), lambda _, of: of is Realm.SANDBOX)
    for name in [each for each in shelves.marks if each[1] is Realm.SANDBOX]:
        del shelves.marks[name]


def _rounded(at: datetime) -> datetime:
    return from_millis(to_millis(at))
