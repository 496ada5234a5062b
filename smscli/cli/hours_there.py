"""What holds somewhere at one moment: rows, hours, caps, consent and holidays, put together to be shown.

Knows the rules of places and one campaign's own. Decides nobody: `domain/rules.py` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smscli.cli.place_given import PlaceGiven
from smscli.domain.errors import UsageError
from smscli.domain.holidays_ahead import Holiday, holidays_ahead
from smscli.domain.jurisdictions import (
    CountryRules,
    Jurisdiction,
    caps_of,
    consent_of,
    jurisdictions_of,
    regimes_of,
)
from smscli.domain.quiet_hours import Permission, QuietHours, Regime, permission
from smscli.domain.whereabouts import zones_of_state
from smscli.domain.zones import zones_of_country

if TYPE_CHECKING:
    from smscli.domain.campaign import ConsentPolicy
    from smscli.domain.contact import ConsentLevel
    from smscli.domain.frequency import FrequencyCap

#: So many public holidays are looked for.
_HOLIDAYS = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody's own hours, asked for besides those of a place: a campaign's, or a ready week.

    `name` is empty where nobody has any; `hours` None where they are at any hour. `heeds_places`: the rows of
    the place hold too. `zone` is the operator's.
    """

    name: str = ""
    hours: QuietHours | None = None
    heeds_places: bool = True
    caps: tuple[FrequencyCap, ...] = ()
    consent: ConsentPolicy | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class RowThere:
    """A row that applies, and whether it lets somebody be texted in all of the zones."""

    row: Jurisdiction
    hours: Permission


@dataclass(frozen=True, slots=True)
class There:
    """Everything that holds where somebody may be. `together` is the answer of all hours that count.

    `parts` are the rows of parts of a country that was asked for as a whole: they hold in them only.
    """

    given: PlaceGiven
    wish: Wish
    at: datetime
    rows: tuple[RowThere, ...]
    own_hours: Permission | None
    together: Permission | None
    caps: tuple[FrequencyCap, ...]
    consent: ConsentLevel | None
    holidays: tuple[Holiday, ...]
    has_own_row: bool
    parts: tuple[RowThere, ...] = ()


def asked_wish(campaigns: Path | None, campaign: str | None, policy: str | None) -> Wish:
    """Whose hours are asked for besides. Raises UsageError, and FilesError for the campaigns file."""
    if policy is not None and (campaigns or campaign):
        raise UsageError("a campaign has its own hours", hint="leave out --policy, or --campaigns")
    if policy is not None:
        return _ready_week(policy)
    if campaigns is None:
        if campaign is not None:
            raise UsageError("--campaign needs the file that has it", hint="type --campaigns FILE")
        return Wish()
    return _of_campaign(campaigns, campaign)


def _ready_week(name: str) -> Wish:
    from smscli.files.rule_files import load_policies

    policies = load_policies()
    if name not in policies:
        raise UsageError(f'--policy: "{name}" is no ready week', hint=f"there are {', '.join(policies)}")
    return Wish(f"the ready week {name}", replace(policies[name], margin=timedelta()))


def _of_campaign(file: Path, name: str | None) -> Wish:
    from smscli.cli.planned import campaign_named
    from smscli.files.campaign_file import load

    loaded = load(file)
    if name is None:
        if len(loaded.campaigns) != 1:
            raise UsageError(
                f"{file} has several campaigns: {', '.join(loaded.campaigns)}",
                hint=f"say which: --campaign {next(iter(loaded.campaigns))}",
            )
        [name] = loaded.campaigns
    campaign = campaign_named(loaded, file, name).campaign
    return Wish(
        name=f"campaign {campaign.id}",
        hours=campaign.quiet_hours,
        heeds_places=campaign.country_rules is not None,
        caps=campaign.caps,
        consent=campaign.consent,
        zone=campaign.zone,
    )


def there(rules: CountryRules, given: PlaceGiven, wish: Wish, at: datetime) -> There:
    """Put together what holds for somebody who may be in all of these places and zones."""
    own = _regimes(regimes_of(wish.hours, None, given.places), wish) if wish.hours else ()
    of_places = _regimes(regimes_of(None, rules, given.places), wish)
    counted = (*own, *(of_places if wish.heeds_places else ()))
    rows = jurisdictions_of(rules, given.places)
    first = next(iter(given.places))
    return There(
        given=given,
        wish=wish,
        at=at,
        rows=tuple(_row(row, given, wish, at) for row in rows),
        own_hours=permission(own, given.zones, at) if own else None,
        together=permission(counted, given.zones, at) if counted else None,
        caps=(*wish.caps, *(caps_of(rules, given.places) if wish.heeds_places else ())),
        consent=consent_of(rules, given.places),
        holidays=holidays_ahead(first, _today(given.zones, at), _HOLIDAYS),
        has_own_row=rules.otherwise not in rows,
        parts=_parts(rules, given, at),
    )


def _parts(rules: CountryRules, given: PlaceGiven, at: datetime) -> tuple[RowThere, ...]:
    """Each with the federal row besides, in the part's own zones."""
    if given.number is not None or len(given.places) > 1 or "-" in given.places[0]:
        return ()
    return tuple(
        RowThere(row, permission(regimes, zones_of_state(rules, place), at))
        for place, row in sorted(rules.rows.items())
        if place.startswith(f"{given.places[0]}-")
        and (regimes := _regimes(regimes_of(None, rules, (place,)), Wish()))
    )


def _row(row: Jurisdiction, given: PlaceGiven, wish: Wish, at: datetime) -> RowThere:
    """A row minds the holidays of the places it holds in."""
    country = row.id.partition("-")[0]
    inside = [place for place in given.places if place == row.id or place.startswith(f"{country}-")]
    regimes = [Regime(row.hours, place) for place in inside or given.places]
    return RowThere(row, permission(_regimes(regimes, wish), given.zones, at))


def _regimes(regimes: Sequence[Regime], wish: Wish) -> tuple[Regime, ...]:
    """With the margin of a campaign, whose gateway queues; without one the windows are shown as they are."""
    margin = wish.hours.margin if wish.hours else timedelta()
    return tuple(Regime(replace(each.hours, margin=margin), each.place) for each in regimes)


def _today(zones: Sequence[str], at: datetime) -> date:
    return min((at.astimezone(ZoneInfo(zone)).date() for zone in zones), default=at.date())


def every_country(rules: CountryRules, at: datetime) -> tuple[RowThere, ...]:
    """The row of each country, and whether it is open everywhere there."""
    countries = [row for place, row in rules.rows.items() if "-" not in place]
    return tuple(
        RowThere(row, permission(_regimes([Regime(row.hours, row.id)], Wish()), zones_of_country(row.id), at))
        for row in sorted(countries, key=lambda row: row.id)
    )
