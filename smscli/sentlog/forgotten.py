"""What the sent log in memory forgets: people as `people.py` does, campaigns as `pruning.py` does in SQLite.

Nobody reads this memory but its own process, so the erased are kept as they are, not as hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from smscli.domain.message import Realm, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Erased, Pruned
from smscli.sentlog import remembered, remembered_post
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.listing import in_order
from smscli.sentlog.people import changed, held, unsettled
from smscli.sentlog.shelves import Row, Shelves
from smscli.sentlog.wishes import Said

_UNSETTLED = (State.SUBMITTING, State.IN_DOUBT)


def everything_about(shelves: Shelves, number: Msisdn) -> Mapping[str, object]:
    """All that is held about a number. Events are not kept here."""
    return held(
        number,
        shelves.erased.get(number.e164),
        [(row.logged, {"body_digest": row.body_digest, "events": []}) for row in _rows_of(shelves, number)],
        sorted(shelves.opt_outs.get(number.e164, ()), key=lambda wish: wish.topic),
        [_change(number, word) for word in shelves.history.get(number.e164, ())],
        remembered.consents(shelves, number.e164),
        remembered.replies(shelves, False, number),
        remembered_post.strays_of(shelves, number),
    )


def _rows_of(shelves: Shelves, number: Msisdn) -> list[Row]:
    rows = (shelves.rows[key] for key in shelves.by_number.get(number.e164, ()))
    return sorted(rows, key=lambda row: (row.logged.claimed_at, row.key))


def _change(number: Msisdn, word: Said) -> Mapping[str, object]:
    return changed(word.what, remembered.as_wish(number, word))


def erase(shelves: Shelves, number: Msisdn, now: datetime) -> Erased:
    """Forget a number, but not that it is not to be texted. Raises Refused while a message is unsettled."""
    rows, e164 = _rows_of(shelves, number), number.e164
    for row in rows:
        if row.state in _UNSETTLED:
            raise unsettled(number, row.state, row.logged.campaign_id, Path("…"))
    before = shelves.erased.get(e164)
    shelves.erased.setdefault(e164, from_millis(to_millis(now)))
    strays = remembered_post.drop_strays_of(
        shelves, number, {row.logged.id: row.logged.gateway_ref for row in rows}
    )
    replies = [key for key, filed in shelves.replies.items() if filed.reply.number == number]
    counts = {
        "messages": _drop(shelves, lambda row: row.logged.to == number),
        "events": 0,
        "stray_receipts": strays,
        "opt_outs": len(shelves.opt_outs.pop(e164, ())),
        "opt_out_events": len(shelves.history.pop(e164, ())),
        "consents": len(shelves.consents.pop(e164, ())),
        "replies": len(replies),
    }
    for key in replies:
        del shelves.replies[key]
    return Erased(counts, before)


def prune(
    shelves: Shelves, before: datetime, now: datetime, *, only_look: bool, realm: Realm | None
) -> tuple[Pruned, ...]:
    """Forget whole campaigns whose newest message is older. See SentLog.prune."""
    campaigns: dict[tuple[Realm, str], Pruned] = {}
    for row in shelves.rows.values():
        name = (row.logged.realm, row.logged.campaign_id)
        known = campaigns.get(name) or Pruned(*name, 0, row.logged.at)
        campaigns[name] = replace(
            known,
            messages=known.messages + 1,
            newest_at=max(known.newest_at, row.logged.at),
            unsettled=known.unsettled + (row.state in _UNSETTLED),
        )
    limit = from_millis(to_millis(before))
    names = (name for name, each in campaigns.items() if each.newest_at < limit and realm in (None, name[0]))
    found = tuple(campaigns[name] for name in in_order(names))
    for each in found:
        if not (each.unsettled or only_look):
            _forget(shelves, each.realm, each.campaign_id, now)
    if not only_look:
        remembered_post.drop_old_strays(shelves, before, lambda _, of: realm in (None, of))
    return found


def _forget(shelves: Shelves, realm: Realm, campaign_id: str, now: datetime) -> None:
    drop_campaign(shelves, realm, campaign_id)
    if realm is not Realm.TEST:
        shelves.closed[realm, campaign_id] = from_millis(to_millis(now))


def drop_campaign(shelves: Shelves, realm: Realm, campaign_id: str) -> int:
    """Take a campaign's messages, texts and runs away; how many messages."""
    where = (realm, campaign_id)
    shelves.texts.pop(where, None)
    for run in list(shelves.runs.values()):
        if (run.realm, run.campaign_id) == where:
            del shelves.runs[run.id]
    return _drop(shelves, lambda row: (row.logged.realm, row.logged.campaign_id) == where)


def _drop(shelves: Shelves, is_meant: Callable[[Row], bool]) -> int:
    gone = [row for row in shelves.rows.values() if is_meant(row)]
    for row in gone:
        number = row.logged.to.e164
        del shelves.rows[row.key], shelves.by_id[row.logged.id]
        shelves.noted.pop(row.key, None)
        shelves.by_number[number] = tuple(key for key in shelves.by_number[number] if key != row.key)
    return len(gone)
