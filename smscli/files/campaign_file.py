"""The campaigns file: defaults, campaigns, and what their keys mean together.

    campaigns = load(Path("campaigns.yaml"))
    campaigns.campaigns["tyre-change"]                     Defined(campaign, gateway, contacts, …)

A key that a campaign leaves out is taken from the top of the file, then from PURPOSE_DEFAULTS. The parts of
`consent`, `quiet_hours`, `frequency` and `limits` are taken one by one; every other key as a whole, but that
`opt_outs` add up. Paths are relative to the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from smscli.domain.campaign import (
    Campaign,
    ConsentPolicy,
    Limits,
    Purpose,
    Rates,
    SameText,
    Senders,
)
from smscli.domain.contact import ConsentLevel
from smscli.domain.errors import Place, Problem
from smscli.domain.frequency import CapScope, FrequencyCap
from smscli.domain.jurisdictions import CountryRules
from smscli.domain.quiet_hours import HolidayRule, QuietHours, Window, weekdays
from smscli.domain.replies import ReplyClass
from smscli.domain.template import Template
from smscli.files.campaign_models import (
    ONE_TEXT,
    CampaignModel,
    FileKeys,
    ListModel,
    OnBadRows,
    parse_id,
)
from smscli.files.column_names import Role
from smscli.files.list_source import ContactsSource, ExcludeSource
from smscli.files.located import Node, Scalar, Table, Wrong, examine, files_error, problem_at, read_tree
from smscli.files.reading import did_you_mean, file_problem

__all__ = [
    "PURPOSE_DEFAULTS",
    "CampaignsFile",
    "Defined",
    "GatewayChoice",
    "OnBadRows",
    "PurposeDefaults",
    "json_schema",
    "load",
]


@dataclass(frozen=True, slots=True)
class PurposeDefaults:
    """What a campaign of one purpose has, where neither it nor the top of the file says otherwise."""

    consent: ConsentPolicy
    quiet_hours: QuietHours
    caps: tuple[FrequencyCap, ...]
    same_text: SameText
    country_rules: bool


def _hours(days: str, start: int, end: int) -> Mapping[int, tuple[Window, ...]]:
    return {day: (Window(start * 60, end * 60),) for day in weekdays(days)}


def _week(windows: Mapping[int, tuple[Window, ...]]) -> tuple[tuple[Window, ...], ...]:
    return tuple(windows.get(day, ()) for day in range(7))


PURPOSE_DEFAULTS: Mapping[Purpose, PurposeDefaults] = MappingProxyType(
    {
        Purpose.MARKETING: PurposeDefaults(
            consent=ConsentPolicy(ConsentLevel.EXPRESS, max_age=timedelta(days=2 * 365)),
            quiet_hours=QuietHours(
                _week({**_hours("mon-fri", 9, 20), **_hours("sat", 10, 18)}), HolidayRule.SKIP
            ),
            caps=(FrequencyCap(4, timedelta(days=30)),),
            same_text=SameText.SKIP,
            country_rules=True,
        ),
        Purpose.TRANSACTIONAL: PurposeDefaults(
            consent=ConsentPolicy(ConsentLevel.NONE),
            quiet_hours=QuietHours(_week(_hours("mon-sun", 8, 21)), HolidayRule.IGNORE),
            caps=(),
            same_text=SameText.WARN,
            country_rules=False,
        ),
    }
)
"""Marketing: express consent of the last two years, Monday to Friday 09:00-20:00 and Saturday 10:00-18:00 but
not on holidays, at most four messages in thirty days, never the same text again within the week, and besides
the rules of each recipient's country.
Transactional: no consent needed, every day 08:00-21:00, no frequency cap, and the same text only warns.
"""

DEFAULT_TOPIC = "transactional"
"""The topic of transactional campaigns that name none."""


@dataclass(frozen=True, slots=True)
class GatewayChoice:
    """What stands at `gateway:`. `node` is a name (of a preset or a file) or a whole profile, with places;
    `name` is what the operator calls it, None for a profile without one."""

    name: str | None
    node: Node | None
    place: Place

    @property
    def source(self) -> Node | str:
        """What `profile_file.load_profile` takes."""
        return self.node if self.node is not None else self.name or ""


@dataclass(frozen=True, slots=True)
class Defined:
    """A campaign and what surrounds it. Paths are ready to be opened."""

    campaign: Campaign
    gateway: GatewayChoice
    sent_log: Path
    contacts: tuple[ContactsSource, ...]
    on_bad_rows: OnBadRows
    opt_outs: tuple[Path, ...]
    exclude: tuple[ExcludeSource, ...] = ()
    keywords: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Opt-in words: the number they are sent to (`""`: any) to word to topic."""


@dataclass(frozen=True, slots=True)
class CampaignsFile:
    """A campaigns file without problems; `campaigns` by id, in the order of the file."""

    path: Path
    campaigns: Mapping[str, Defined]
    gateways: Mapping[str, Node]


def load(path: Path) -> CampaignsFile:
    """Read a campaigns file. Raises FilesError with every problem, by place."""
    campaigns, problems = examine_campaigns(path)
    if problems:
        raise files_error(problems)
    return campaigns


def examine_campaigns(path: Path) -> tuple[CampaignsFile, tuple[Problem, ...]]:
    """The same with problems as values; it has the campaigns that have none.

    Raises FilesError where that is not enough to make anything of.
    """
    _refuse_other_files(path)
    tree = read_tree(path)
    _refuse_a_profile(tree.root)
    top = examine(tree.root, FileKeys)
    problems = [*tree.problems, *top.problems]
    if not isinstance(tree.root, Table) or top.good is None:
        raise files_error(problems)
    shared = _Level(tree.root, top.good, top.bad)
    problems += _missing_at_top(shared)
    problems += _keyword_problems(shared)
    defined: dict[str, Defined] = {}
    for campaign_id, node in top.good.campaigns.items():
        problems += _id_problems(campaign_id, node)
        if misplaced := _misplaced(campaign_id, node):
            problems.append(misplaced)
            continue
        examined = examine(node, CampaignModel)
        problems += examined.problems
        if isinstance(node, Table) and examined.good is not None:
            reader = _Definition(campaign_id, path, shared, _Level(node, examined.good, examined.bad))
            whole = reader.read()
            problems += reader.problems
            if whole is not None:
                defined[campaign_id] = whole
    found = files_error(problems).problems if problems else ()
    return CampaignsFile(path, MappingProxyType(defined), MappingProxyType(dict(top.good.gateways))), found


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the campaigns file; made when it is asked for."""
    from smscli.files.json_schema import campaigns_schema

    return campaigns_schema()


@dataclass(frozen=True, slots=True)
class _Level:
    """The keys of one level, with their nodes; `bad` keys had problems and are told already."""

    node: Table
    keys: Any  # FileKeys or CampaignModel: looked up by name
    bad: frozenset[str]

    def has(self, name: str) -> bool:
        """Was this key written here."""
        return name in self.keys.model_fields_set

    def is_excused(self, name: str) -> bool:
        """Is a missing key explained by a bad one: itself, or another that was meant to be it."""
        return name in self.bad or any(did_you_mean(bad, [name]) for bad in self.bad)


#: What a contact list is called. YAML would read many of them, and then complain of everything.
_LISTS = frozenset({".csv", ".tsv", ".xlsx", ".xls", ".ods"})


def _refuse_other_files(path: Path) -> None:
    if path.suffix.lower() in _LISTS and path.is_file():
        hint = f"name the campaigns file (.yaml) here; the list is named in it: contacts: {path.name}"
        raise file_problem(path, "wrong_type", "is a contact list by its name, not a campaigns file", hint)


def _refuse_a_profile(root: Node) -> None:
    """A gateway's profile is YAML too, and none of its keys would be known here."""
    if isinstance(root, Table) and {"url", "body"} <= root.entries.keys() and "campaigns" not in root.entries:
        hint = f"name it in the campaigns file, gateway: {Path(root.place.file).name}, and name that one here"
        message = "is a gateway profile (url, body), not a campaigns file"
        raise files_error([problem_at(root, (), "wrong_type", message, hint)])


def _misplaced(campaign_id: str, node: Node) -> Problem | None:
    """A campaign whose keys stand as far left as its id: each of them looks like a campaign."""
    if isinstance(node, Scalar) and node.is_null and campaign_id not in CampaignModel.model_fields:
        hint = f"begin the lines below it two blanks further in than {campaign_id}:"
        return problem_at(node, (), "empty", "has no keys", hint, of_key=True)
    if not isinstance(node, Table) and campaign_id in CampaignModel.model_fields:
        message = "is a key of a campaign, and stands where the id of one belongs"
        hint = "begin the line two blanks further in than the id above it"
        return problem_at(node, (), "wrong_type", message, hint, of_key=True)
    return None


def _missing_at_top(top: _Level) -> Iterator[Problem]:
    hints = {"version": "write version: 1", "campaigns": "smscli init writes a file that shows two"}
    for name, hint in hints.items():
        if not getattr(top.keys, name) and not top.is_excused(name):
            is_empty = name in top.node.entries
            message = "is empty" if is_empty else "is missing"
            yield problem_at(top.node, (name,), "empty" if is_empty else "missing", message, hint)


def _keyword_problems(top: _Level) -> Iterator[Problem]:
    """An opt-out word, or a call for help, can never be a yes: the reply would be taken for that."""
    keywords: Mapping[str, Mapping[str, str]] = top.keys.keywords
    if not keywords or "keywords" in top.bad:
        return
    from smscli.domain.reply_words import classify
    from smscli.files.reply_words_file import reply_words  # four thousand words: only who asks pays

    means = {ReplyClass.OPT_OUT: "an opt-out", ReplyClass.HELP: "a call for help", ReplyClass.REVIEW: "a no"}
    for sender, words in keywords.items():
        for word in words:
            kind = classify(word, reply_words()).kind
            if kind in means:
                path = ("keywords", *([sender] if sender else []), word)
                message, hint = f"is understood as {means[kind]}", "choose another word for the yes"
                yield problem_at(top.node, path, "bad_keyword", message, hint, of_key=True)


def _id_problems(campaign_id: str, node: Node) -> Iterator[Problem]:
    try:
        parse_id(campaign_id)
    except Wrong as wrong:
        yield problem_at(node, (), wrong.code, wrong.message, wrong.hint, of_key=True)


@dataclass(slots=True)
class _Definition:
    """One campaign on its way to being Defined; collects what is wrong across its keys."""

    id: str
    path: Path
    top: _Level
    own: _Level
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> Defined | None:
        """The campaign, or None where a problem (here or earlier) leaves too little of it."""
        purpose: Purpose | None = self._needed("purpose", "write marketing or transactional")
        brand = self._needed(
            "brand", "who is the text from? Write brand: Green Garage here or at the top of the file"
        )
        sender = self._needed(
            "sender", "write sender: Garage (or your number) here or at the top of the file"
        )
        texts = self._texts()
        gateway = self._gateway()
        expires = self._expires()
        rates = self._rates()
        limits = self._limits(rates)
        if purpose is None:
            return None
        topic = self._topic(purpose)
        consent = self._consent(purpose)
        quiet_hours = self._quiet_hours(purpose)
        if self.problems or self.own.bad or self.top.bad or gateway is None:
            return None
        campaign = Campaign(
            id=self.id,
            brand=brand,
            purpose=purpose,
            topic=topic,
            senders=Senders(sender.default, MappingProxyType(sender.by_country)),
            texts=MappingProxyType(texts),
            default_language=self._key("default_language"),
            fallback=self._key("fallback"),
            consent=consent,
            quiet_hours=quiet_hours,
            caps=self._caps(purpose),
            limits=limits,
            same_text=self._key("same_text") or PURPOSE_DEFAULTS[purpose].same_text,
            rates=rates,
            zone=self._key("timezone") or "UTC",
            same_text_within=self._key("same_text_within"),
            countries=frozenset(self._key("countries")) if self._key("countries") else None,
            expires=expires,
            country_rules=self._country_rules(purpose),
            atlas=None if quiet_hours is None else self._rule_files(),
            spelling=self._key("encoding"),
            wording=MappingProxyType({**self.top.keys.wording, **self.own.keys.wording}),
        )
        return Defined(
            campaign=campaign,
            gateway=gateway,
            sent_log=self._beside(self.top.keys.sent_log),
            contacts=self._contacts(),
            on_bad_rows=self._key("on_bad_rows"),
            opt_outs=self._opt_outs(),
            exclude=self._exclude(),
            keywords=self.top.keys.keywords,
        )

    # -- finding keys

    def _level_of(self, name: str) -> _Level:
        """The level that says something about a key."""
        return self.own if self.own.has(name) or not self.top.has(name) else self.top

    def _key(self, name: str) -> Any:
        return getattr(self._level_of(name).keys, name)

    def _layers(self, name: str) -> tuple[Any, ...] | None:
        """What the campaign and then the top of the file say about a key with parts; None for `off`."""
        layers: list[Any] = []
        for level in (self.own, self.top):
            if not level.has(name):
                continue
            layer = getattr(level.keys, name)
            if layer is None:
                return tuple(layers) or None
            layers.append(layer)
        return tuple(layers)

    def _complain(self, path: tuple[str, ...], code: str, message: str, hint: str = "") -> None:
        """A problem at a key, at the level that wrote it."""
        self.problems.append(problem_at(self._level_of(path[0]).node, path, code, message, hint))

    def _needed(self, name: str, hint: str) -> Any:
        value = self._key(name)
        if value is None and not self.own.is_excused(name) and not self.top.is_excused(name):
            self._complain((name,), "missing", "is missing", hint)
        return value

    # -- keys, one by one

    def _texts(self) -> Mapping[str, Template]:
        texts: Mapping[str, Template] | None = self._needed("text", 'write the text, or en: "…", pl: "…"')
        default: str = self._key("default_language")
        if not texts or "default_language" in self.own.bad | self.top.bad:
            return {}
        if ONE_TEXT in texts:
            return {default: texts[ONE_TEXT]}
        if default not in texts:
            said = self._level_of("default_language").has("default_language")
            message = f"there is no text in the default language, {default}"
            hint = f"add one, or say which it is: default_language: {next(iter(texts))}"
            self._complain(("default_language",) if said else ("text",), "no_default_text", message, hint)
        return texts

    def _gateway(self) -> GatewayChoice | None:
        node: Node | None = self._needed(
            "gateway", "write gateway: sandbox (it texts nobody) here or at the top of the file"
        )
        if node is None:
            return None
        name = node.text.strip() if isinstance(node, Scalar) else None
        own: Node | None = self.top.keys.gateways.get(name)
        chosen = own or node
        if isinstance(chosen, Scalar) and (chosen.is_null or not chosen.text.strip()):
            hint = "the name of a preset or a file, or a whole profile"
            self.problems.append(problem_at(chosen, (), "empty", "has no value; needs a gateway", hint))
            return None
        return GatewayChoice(name, chosen, node.place)

    def _expires(self) -> datetime | None:
        """The end in UTC; a date ends with its day, where `timezone` says."""
        value: date | None = self._key("expires")
        zone: str | None = self._key("timezone")
        if value is None:
            return None
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)
        if zone is None:
            if "timezone" not in self.own.bad | self.top.bad:
                hint = "write timezone: Europe/Warsaw (or yours) at the top of the file"
                self._complain(("expires",), "no_timezone", "needs a timezone to mean an instant", hint)
            return None
        local = value if isinstance(value, datetime) else datetime.combine(value + timedelta(days=1), time())
        return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    def _rates(self) -> Rates | None:
        keys = self._key("rates")
        return keys and Rates(keys.currency, MappingProxyType(keys.by_country), keys.default)

    def _limits(self, rates: Rates | None) -> Limits:
        layers = self._layers("limits") or ()
        limits = Limits(
            max_segments=_first(layers, "max_segments", None),
            max_messages=_first(layers, "max_messages", None),
            max_cost=_first(layers, "max_cost", None),
        )
        if limits.max_cost is not None and rates is None and "rates" not in self.own.bad | self.top.bad:
            hint = "add rates: {currency: EUR, default: 0.08}"
            self._complain(("limits", "max_cost"), "no_rates", "cannot be kept without rates", hint)
        return limits

    def _topic(self, purpose: Purpose) -> str:
        if purpose is Purpose.TRANSACTIONAL:
            return self._key("topic") or DEFAULT_TOPIC
        hint = "what may people opt out of, short of everything? For example: topic: offers"
        return self._needed("topic", hint) or ""

    def _consent(self, purpose: Purpose) -> ConsentPolicy:
        layers, default = self._layers("consent") or (), PURPOSE_DEFAULTS[purpose].consent
        level = _first(layers, "level", default.level)
        if purpose is Purpose.MARKETING and level is ConsentLevel.NONE:
            hint = "soft, express or express_written"
            self._complain(("consent", "level"), "needs_consent", "marketing needs consent", hint)
        policy = ConsentPolicy(level, _first(layers, "max_age", default.max_age))
        elsewhere = {
            country: self._consent_in(country, keys, policy, purpose)
            for country, keys in _first(layers, "by_country", {}).items()
        }
        return replace(policy, by_country=MappingProxyType(elsewhere))

    def _consent_in(
        self, country: str, keys: BaseModel, policy: ConsentPolicy, purpose: Purpose
    ) -> ConsentPolicy:
        level = _first((keys,), "level", policy.level)
        if purpose is Purpose.MARKETING and level is ConsentLevel.NONE:
            path, hint = ("consent", "by_country", country), "soft, express or express_written"
            self._complain(path, "needs_consent", "marketing needs consent", hint)
        return ConsentPolicy(level, _first((keys,), "max_age", policy.max_age))

    def _quiet_hours(self, purpose: Purpose) -> QuietHours | None:
        layers, default = self._layers("quiet_hours"), PURPOSE_DEFAULTS[purpose].quiet_hours
        policy = self._policy(layers or ())
        default = policy or default
        if layers is None:
            if purpose is Purpose.MARKETING:
                message = "marketing needs quiet hours; off is for transactional campaigns"
                hint = "delete the line for the usual ones, or give windows"
                self._complain(("quiet_hours",), "needs_quiet_hours", message, hint)
            return None
        days = None if policy else _first(layers, "windows", None)
        named = {day: windows for key, windows in (days or {}).items() for day in weekdays(key)}
        return QuietHours(
            windows=_week(named) if days else default.windows,
            holidays=_first(layers, "holidays", default.holidays),
            margin=_first(layers, "margin", default.margin) or timedelta(),
        )

    def _policy(self, layers: tuple[BaseModel, ...]) -> QuietHours | None:
        """The ready week of the first layer that says anything about the week."""
        says = next((layer for layer in layers if {"policy", "windows"} & layer.model_fields_set), None)
        if says is None or "policy" not in says.model_fields_set:
            return None
        if "windows" in says.model_fields_set:
            path = ("quiet_hours", "policy")
            self._complain(path, "two_weeks", "stands beside windows, which say the same", "keep one of them")
            return None
        from smscli.files.rule_files import load_policies

        return load_policies()[_first((says,), "policy", "")]

    def _caps(self, purpose: Purpose) -> tuple[FrequencyCap, ...]:
        layers, default = self._layers("frequency"), PURPOSE_DEFAULTS[purpose].caps
        if not layers:
            return default if layers == () else ()
        if several := next((layer for layer in layers if len(layer) != 1), None):
            return tuple(cap for keys in several for cap in _caps_of((keys,), ()))
        return _caps_of(tuple(layer[0] for layer in layers), default)

    def _country_rules(self, purpose: Purpose) -> CountryRules | None:
        said: bool | None = self._key("country_rules")
        if not (PURPOSE_DEFAULTS[purpose].country_rules if said is None else said):
            return None
        return self._rule_files()

    def _rule_files(self) -> CountryRules:
        from smscli.files.rule_files import load_country_rules  # 40 ms: only who asks about hours pays

        return load_country_rules()

    def _contacts(self) -> tuple[ContactsSource, ...]:
        return tuple(
            replace(self._list(keys), number_types=keys.number_types) for keys in self._key("contacts")
        )

    def _exclude(self) -> tuple[ExcludeSource, ...]:
        """Those of the top and of the campaign; their numbers are of the contacts' region, if of none."""
        region = next((keys.region for keys in self._key("contacts") if keys.region), None)
        said = (*self.top.keys.exclude, *self.own.keys.exclude)
        return tuple(
            ExcludeSource(
                replace(self._list(keys), region=keys.region or region, key="exclude"),
                keys.fetched,
                keys.max_age,
                keys.on_bad_rows is OnBadRows.SKIP,
            )
            for keys in said
        )

    def _list(self, keys: ListModel) -> ContactsSource:
        return ContactsSource(
            file=None if keys.file == "-" else self._beside(keys.file),
            region=keys.region,
            delimiter=keys.delimiter,
            columns=MappingProxyType({role.value: names[0] for role, names in keys.columns.items()}),
            encoding=keys.encoding,
            header=keys.header,
            sheet=keys.sheet,
            further_opt_outs=keys.columns.get(Role.OPT_OUT, ())[1:],
            ignore=keys.ignore,
        )

    def _opt_outs(self) -> tuple[Path, ...]:
        """Those of the top and of the campaign: an opt-out is never lost by being said twice."""
        return tuple(map(self._beside, dict.fromkeys((*self.top.keys.opt_outs, *self.own.keys.opt_outs))))

    def _beside(self, name: str) -> Path:
        return self.path.parent / name


def _caps_of(layers: tuple[BaseModel, ...], default: tuple[FrequencyCap, ...]) -> tuple[FrequencyCap, ...]:
    """One cap's keys, each by the first layer that has it: a number in a time, and a least gap."""
    at_most = _first(layers, "at_most", default[0].at_most if default else None)
    per = _first(layers, "per", default[0].per if default else timedelta(days=30))
    min_gap, counts = _first(layers, "min_gap", None), _first(layers, "counts", CapScope.EVERYTHING)
    caps = [(at_most, per), (1 if min_gap else None, min_gap)]
    return tuple(FrequencyCap(most, span, counts) for most, span in caps if most is not None)


def _first(layers: tuple[BaseModel, ...], part: str, default: Any) -> Any:
    """The first layer's word on a part."""
    return next((getattr(layer, part) for layer in layers if part in layer.model_fields_set), default)
