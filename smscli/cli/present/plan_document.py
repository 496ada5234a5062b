"""A plan as JSON: every figure that the text shows, and those it leaves out."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from smscli.cli.present import exclusions
from smscli.cli.present.mending import to_mend
from smscli.cli.present.wording import respelled_documents, wording_documents
from smscli.domain.segments import Encoding

if TYPE_CHECKING:
    from smscli.cli.planned import Planned
    from smscli.cli.sifting import ReadList

#: So many messages are shown; the text shows fewer of them where there is less room.
SAMPLES = 8


def plan_document(planned: Planned) -> dict[str, object]:
    """The plan for programs. `problems` counts bad rows; `cost` is null where nobody gave rates, and `list`
    where there are several (`lists` has them all)."""
    tally, forecast, campaign = planned.tally, planned.forecast, planned.chosen.campaign
    return {
        "campaign": campaign.id,
        "purpose": campaign.purpose,
        "topic": campaign.topic,
        "gateway": planned.chosen.profile.name,
        "realm": planned.chosen.profile.realm,
        "sent_log": planned.chosen.sent_log,
        "at": planned.at,
        "list": _list(planned.lists[0]) if len(planned.lists) == 1 else None,
        "lists": [_list(each) for each in planned.lists],
        "exclude": exclusions.documents(planned.excluded),
        "rows": planned.rows,
        "contacts": tally.contacts,
        "to_send": tally.to_send,
        "left_by_limit": planned.left_by_limit,
        "skipped": dict(tally.skipped),
        "held": dict(tally.held),
        "held_until": dict(tally.held_until),
        "to_mend": [
            {
                "reason": each.reason,
                "detail": each.detail,
                "contacts": each.count,
                "lines": [row.line for row in each.first],
                "places": [planned.place_document(row.of_list, row.row, row.line) for row in each.first],
            }
            for each in to_mend(planned)
        ],
        "problems": planned.bad.count,
        "repairs": planned.repairs.count,
        "repairs_by_code": dict(planned.repairs.by_code),
        "segments": tally.segments,
        "encodings": {encoding: tally.by_encoding.get(encoding, 0) for encoding in Encoding},
        "segments_by_encoding": {each: tally.segments_by_encoding.get(each, 0) for each in Encoding},
        "messages_by_segments": {str(each): count for each, count in tally.by_segments.items()},
        "languages": dict(tally.by_language),
        "offenders": [
            {
                "character": offender.character,
                "name": unicodedata.name(offender.character, "unnamed"),
                "messages": offender.messages,
                "extra_segments": offender.extra_segments,
            }
            for offender in tally.offenders
        ],
        "countries": [
            {"country": part.country, "messages": part.messages, "segments": part.segments}
            for part in tally.by_country
        ],
        "requests": forecast.requests,
        "currency": forecast.currency,
        "cost": float(forecast.cost) if campaign.rates else None,
        "cost_by_country": {country: float(cost) for country, cost in forecast.cost_by_country},
        "unpriced": list(forecast.unpriced),
        "seconds": None if forecast.duration is None else forecast.duration.total_seconds(),
        "last_leaves_at": forecast.last_leaves_at,
        "late": forecast.late,
        "first_closes_at": forecast.first_closes_at,
        "same_text_warnings": planned.findings.same_text_warnings,
        "repeatable": len(planned.findings.repeatable),
        "sooner_with_zone": {
            "contacts": planned.findings.sooner_with_zone.total(),
            "countries": dict(sorted(planned.findings.sooner_with_zone.items())),
        },
        "wording": wording_documents(planned.texts),
        "respelled": respelled_documents(planned.texts),
        "samples": [
            {
                "to": message.to.masked,
                "language": message.language,
                "sender": message.sender,
                "text": message.body,
                "encoding": message.segments.encoding,
                "units": message.segments.units,
                "segments": message.segments.count,
            }
            for message in planned.plan.samples(SAMPLES)
        ],
        "digest": planned.plan.digest(),
    }


def _list(each: ReadList) -> dict[str, object]:
    reader = each.reader
    return {
        "name": each.name,
        "rows": each.rows,
        "delimiter": reader.delimiter,
        "columns": {**reader.mapping, **({"opt_out": reader.opt_outs} if len(reader.opt_outs) > 1 else {})},
    }
