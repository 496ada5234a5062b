from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from smscli.domain.campaign import ConsentPolicy, Limits, Purpose, SameText
from smscli.domain.contact import ConsentLevel
from smscli.domain.errors import ExitCode, FilesError, Problem
from smscli.domain.frequency import FrequencyCap
from smscli.domain.number_types import NumberType
from smscli.domain.quiet_hours import HolidayRule, Window
from smscli.files.campaign_file import PURPOSE_DEFAULTS, Defined, OnBadRows, load
from smscli.files.list_source import ContactsSource, ExcludeSource
from smscli.files.located import Scalar, Table

EXAMPLE = Path(__file__).parents[2] / "campaigns.example.yaml"

TOP = """\
version: 1
brand: Green Garage
sender: "+12025550143"
gateway: sandbox
"""
MARKETING = "purpose: marketing, topic: offers, text: hi"
TRANSACTIONAL = "purpose: transactional, text: hi"


def written(folder: Path, text: str) -> Path:
    path = folder / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def defined(folder: Path, keys: str, top: str = "") -> Defined:
    """The campaign `x` with these keys (in braces), under these at the top."""
    return load(written(folder, f"{TOP}{top}\ncampaigns:\n  x: {{{keys}}}\n")).campaigns["x"]


def problems(folder: Path, text: str) -> list[Problem]:
    path = written(folder, text)
    with pytest.raises(FilesError) as caught:
        load(path)
    assert caught.value.exit_code is ExitCode.FILES
    return list(caught.value.problems)


def said(folder: Path, keys: str, top: str = "") -> list[str]:
    """Path and message of every problem."""
    found = problems(folder, f"{TOP}{top}\ncampaigns:\n  x: {{{keys}}}\n")
    return [f"{problem.where.path}: {problem.message}" for problem in found]


NASTY = """\
version: 2
brand:
sendr: "+12025550143"
gateway: sandbox
contacts: {file: c.csv, region: UK, delimiter: "^", columns: {fone: tel}}
timezone: Europe/Warschau
rates: {currency: EUR, NO: 0.05, XX: 0.1, PL: nan}
countries: [PL, [GR], ZZ]
quiet_hours: {windows: {mon-fri: 9-5, sat: "25:00-26:00"}}
fallback: maybe
campaigns:
  Tyre: {purpose: transactional, text: hi}
  tyre-change:
    purpose: marketng
    text:
      en: "Hi {{ first_name }"
      pl: |
        Zielony
        warsztat {{ name | nosuch }}
      english: hello
    limits: {max_cost: -1, max_segments: inf, max_messages: 1e3}
    frequency: {at_most: 0, per: 30x}
    frequency: off
    consent: {level: writen, max_age: 2 years}
    expires: 31 Dec 2026
    sender: {US: "12025550143", default: ThisNameIsTooLong}
    <<: {topic: x}
    same_text: scip
  second: text
  third:
    purpose: transactional
    text: {pl: cześć}
    topic: !!str a
    contacts:
  fourth:
    purpose: marketing
    quiet_hours: off
    consent: {level: none}
    text: hi
"""

NASTY_PROBLEMS = """\
1:10: version: "2" is no version of this format
2:7: brand: has no value; needs a text
3:1: sendr: is not known here
5:33: contacts.region: "UK" is not an ISO country code
5:48: contacts.delimiter: "^" is not a delimiter smscli reads
5:63: contacts.columns.fone: "fone" is none of phone, region, zone, state, zip, language, consent, \
consent_date, consent_topics, consent_source or opt_out
6:11: timezone: "Europe/Warschau" is no time zone
7:34: rates.XX: "XX" is not an ISO country code
7:47: rates.PL: "nan" is not an amount
8:17: countries[1]: needs a single value, found a list
8:23: countries[2]: "ZZ" is not an ISO country code
9:34: quiet_hours.windows.mon-fri: "9" is not a time of day
9:44: quiet_hours.windows.sat: "25:00" is not a time of day
10:11: fallback: "maybe" is neither true nor false
12:3: campaigns.Tyre: "Tyre" cannot be an id
14:14: campaigns.tyre-change.purpose: "marketng" is none of marketing or transactional
16:11: campaigns.tyre-change.text.en: a gap is opened with {{ and not closed with }}
19: campaigns.tyre-change.text.pl: there is no filter "nosuch"
20:7: campaigns.tyre-change.text.english: "english" is not a language code
21:24: campaigns.tyre-change.limits.max_cost: "-1" is not an amount
21:42: campaigns.tyre-change.limits.max_segments: "inf" is not a whole number above 0
21:61: campaigns.tyre-change.limits.max_messages: "1e3" is not a whole number above 0
22:26: campaigns.tyre-change.frequency.at_most: "0" is not a whole number above 0
22:34: campaigns.tyre-change.frequency.per: "30x" is not a duration
23:5: campaigns.tyre-change.frequency: is written twice
24:22: campaigns.tyre-change.consent.level: "writen" is not a consent level (none, soft, express or \
express_written)
24:39: campaigns.tyre-change.consent.max_age: "2 years" is not a duration
25:14: campaigns.tyre-change.expires: "31 Dec 2026" is not a date
26:18: campaigns.tyre-change.sender.US: "12•••••••43" is not a sender ID
26:42: campaigns.tyre-change.sender.default: "ThisNameIsTooLong" is not a sender ID
27:5: campaigns.tyre-change.<<: merge keys are not read
28:16: campaigns.tyre-change.same_text: "scip" is none of skip or warn
29:11: campaigns.second: needs a mapping (key: value), found "text"
32:11: campaigns.third.text: there is no text in the default language, en
33:12: campaigns.third.topic: has the tag !!str
34:14: campaigns.third.contacts: has no value; needs a mapping (key: value)
35:3: campaigns.fourth.topic: is missing
37:18: campaigns.fourth.quiet_hours: marketing needs quiet hours; off is for transactional campaigns
38:22: campaigns.fourth.consent.level: marketing needs consent
"""


def test_a_nasty_file_is_told_everything_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, NASTY)
    prefix = f"{tmp_path / 'c.yaml'}:"
    assert "".join(f"{problem}\n".removeprefix(prefix) for problem in found) == NASTY_PROBLEMS


def test_the_example_is_without_problems_and_keeps_the_order_of_its_campaigns() -> None:
    campaigns = load(EXAMPLE)
    assert list(campaigns.campaigns) == ["tyre-change", "bike-ready"]
    for one in campaigns.campaigns.values():
        assert set(one.campaign.texts) == {"en", "pl", "el", "ru", "es", "id"}


def test_the_example_that_must_always_go_out_knows_no_hours_no_age_and_no_end() -> None:
    campaign = load(EXAMPLE).campaigns["bike-ready"].campaign
    assert campaign.purpose is Purpose.TRANSACTIONAL
    assert campaign.quiet_hours is None
    assert campaign.consent == ConsentPolicy(ConsentLevel.NONE)
    assert campaign.expires is None
    assert campaign.caps == ()


@pytest.mark.parametrize("keys", [MARKETING, TRANSACTIONAL])
def test_what_nobody_says_comes_from_the_purpose(tmp_path: Path, keys: str) -> None:
    campaign = defined(tmp_path, keys).campaign
    defaults = PURPOSE_DEFAULTS[campaign.purpose]
    assert campaign.consent == defaults.consent
    assert campaign.quiet_hours == defaults.quiet_hours
    assert campaign.caps == defaults.caps
    assert campaign.same_text == defaults.same_text
    assert campaign.limits == Limits()


def test_the_defaults_of_marketing() -> None:
    defaults = PURPOSE_DEFAULTS[Purpose.MARKETING]
    week_day, saturday = (Window(9 * 60, 20 * 60),), (Window(10 * 60, 18 * 60),)
    assert defaults.quiet_hours.windows == (*[week_day] * 5, saturday, ())
    assert defaults.quiet_hours.holidays is HolidayRule.SKIP
    assert defaults.consent == ConsentPolicy(ConsentLevel.EXPRESS, timedelta(days=730))
    assert defaults.caps == (FrequencyCap(4, timedelta(days=30)),)
    assert defaults.same_text is SameText.SKIP


def test_the_defaults_of_transactional() -> None:
    defaults = PURPOSE_DEFAULTS[Purpose.TRANSACTIONAL]
    assert defaults.quiet_hours.windows == ((Window(8 * 60, 21 * 60),),) * 7
    assert defaults.quiet_hours.holidays is HolidayRule.IGNORE
    assert defaults.consent == ConsentPolicy(ConsentLevel.NONE)
    assert defaults.caps == ()
    assert defaults.same_text is SameText.WARN


def test_parts_are_taken_one_by_one_from_the_campaign_the_top_and_the_purpose(tmp_path: Path) -> None:
    campaign = defined(
        tmp_path,
        MARKETING + ", limits: {max_segments: 2}, frequency: {min_gap: 7d}, consent: {max_age: 18mo},"
        " quiet_hours: {holidays: ignore}",
        "limits: {max_segments: 1, max_messages: 10}\nquiet_hours: {windows: {mon: '10:00-11:00'}}",
    ).campaign
    assert campaign.limits == Limits(max_segments=2, max_messages=10)
    assert campaign.caps == (FrequencyCap(4, timedelta(days=30)), FrequencyCap(1, timedelta(days=7)))
    assert campaign.consent == ConsentPolicy(ConsentLevel.EXPRESS, timedelta(days=540))
    assert campaign.quiet_hours is not None
    assert campaign.quiet_hours.windows == ((Window(600, 660),), *[()] * 6)
    assert campaign.quiet_hours.holidays is HolidayRule.IGNORE
    assert campaign.quiet_hours.margin == timedelta(minutes=15)


def test_a_campaign_can_switch_off_what_the_top_of_the_file_says(tmp_path: Path) -> None:
    campaign = defined(
        tmp_path,
        TRANSACTIONAL + ", frequency: off, quiet_hours: off, limits: {max_messages: off}",
        "frequency: {at_most: 1}\nlimits: {max_messages: 3}\nquiet_hours: {margin: 1h}",
    ).campaign
    assert campaign.caps == ()
    assert campaign.quiet_hours is None
    assert campaign.limits == Limits()


def test_a_campaign_can_bring_back_what_the_top_of_the_file_switches_off(tmp_path: Path) -> None:
    campaign = defined(
        tmp_path,
        MARKETING + ", quiet_hours: {margin: off}, frequency: {at_most: 2}",
        "frequency: off\nquiet_hours: off",
    ).campaign
    assert campaign.caps == (FrequencyCap(2, timedelta(days=30)),)
    assert campaign.quiet_hours is not None
    assert campaign.quiet_hours.margin == timedelta()


def test_several_windows_a_day_and_closed_days(tmp_path: Path) -> None:
    hours = "{windows: {mon-wed: '09:00-12:00, 14:00-18:00', thu: ['9:00-10:00'], fri: off}}"
    campaign = defined(tmp_path, f"{MARKETING}, quiet_hours: {hours}").campaign
    assert campaign.quiet_hours is not None
    split = (Window(540, 720), Window(840, 1080))
    assert campaign.quiet_hours.windows == (split, split, split, (Window(540, 600),), (), (), ())


def test_norway_needs_no_quotes(tmp_path: Path) -> None:
    campaign = defined(
        tmp_path, f"{MARKETING}, countries: [NO, pl]", "rates: {currency: NOK, NO: 0.40, default: 1}"
    ).campaign
    assert campaign.countries == frozenset({"NO", "PL"})
    assert campaign.rates is not None
    assert campaign.rates.of("NO") == Decimal("0.40")
    assert campaign.rates.of("SE") == 1


@pytest.mark.parametrize(
    ("expires", "zone", "instant"),
    [
        ("2027-03-31", "Europe/Warsaw", datetime(2027, 3, 31, 22, tzinfo=UTC)),
        ("2027-03-27", "Europe/Warsaw", datetime(2027, 3, 27, 23, tzinfo=UTC)),
        ("2027-03-31T18:00", "Europe/Warsaw", datetime(2027, 3, 31, 16, tzinfo=UTC)),
        ("2027-03-31 18:00", "America/New_York", datetime(2027, 3, 31, 22, tzinfo=UTC)),
        ("2027-03-31T18:00+02:00", None, datetime(2027, 3, 31, 16, tzinfo=UTC)),
        ("2027-03-31T18:00:00Z", None, datetime(2027, 3, 31, 18, tzinfo=UTC)),
    ],
)
def test_expiry_is_an_instant(tmp_path: Path, expires: str, zone: str | None, instant: datetime) -> None:
    top = f"timezone: {zone}" if zone else ""
    assert defined(tmp_path, f"{MARKETING}, expires: '{expires}'", top).campaign.expires == instant


@pytest.mark.parametrize(
    ("sender", "by_default", "in_the_us"),
    [
        ('"+12025550143"', "+12025550143", "+12025550143"),
        ("+12025550143", "+12025550143", "+12025550143"),
        ("12345", "12345", "12345"),
        ("Green&Co.", "Green&Co.", "Green&Co."),
        ("{default: Garage, us: 70123}", "Garage", "70123"),
    ],
)
def test_senders(tmp_path: Path, sender: str, by_default: str, in_the_us: str) -> None:
    senders = defined(tmp_path, f"{MARKETING}, sender: {sender}").campaign.senders
    assert (senders.of("PL"), senders.of("US")) == (by_default, in_the_us)


@pytest.mark.parametrize(
    "sender",
    ["12", "123456789", "+0123456789", "ABCDEFGHIJKL", "Zażółć", "A\\tB", "' '", "+1 202 555 0143", "4 2"],
)
def test_what_is_no_sender(tmp_path: Path, sender: str) -> None:
    (sentence,) = said(tmp_path, f'{MARKETING}, sender: "{sender}"')
    assert sentence.startswith("campaigns.x.sender: ")
    assert sentence.endswith("is not a sender ID")


def test_paths_are_relative_to_the_file_and_opt_outs_add_up(tmp_path: Path) -> None:
    one = defined(
        tmp_path,
        f"{MARKETING}, contacts: people.csv, opt_outs: b.txt",
        "opt_outs: [a.txt, b.txt]\nsent_log: log.db\non_bad_rows: skip\ncontacts: '-'",
    )
    assert [source.file for source in one.contacts] == [tmp_path / "people.csv"]
    assert one.sent_log == tmp_path / "log.db"
    assert one.opt_outs == (tmp_path / "a.txt", tmp_path / "b.txt")
    assert one.on_bad_rows is OnBadRows.SKIP


def test_a_dash_is_standard_input_and_no_list_is_none(tmp_path: Path) -> None:
    [dash] = defined(tmp_path, f"{MARKETING}, contacts: {{file: '-', delimiter: tab, region: pl}}").contacts
    assert (dash.file, dash.delimiter, dash.region) == (None, "\t", "PL")
    assert defined(tmp_path, MARKETING).contacts == ()


def test_a_campaign_may_have_several_lists_each_read_in_its_own_way(tmp_path: Path) -> None:
    lists = (
        "[a.csv, {file: b.csv.gz, region: PL, encoding: Windows-1250, header: [phone, '', name]},"
        " {file: c.xlsx, sheet: Members, number_types: [mobile, fixed line]}]"
    )
    first, second, third = defined(tmp_path, f"{MARKETING}, contacts: {lists}").contacts
    assert first == ContactsSource(tmp_path / "a.csv")
    assert (second.encoding, second.header) == ("cp1250", ("phone", "", "name"))
    assert third.sheet == "Members"
    assert third.number_types == {NumberType.MOBILE, NumberType.FIXED_LINE}


def test_lists_not_to_text_add_up_and_take_the_region_of_the_contacts(tmp_path: Path) -> None:
    one = defined(
        tmp_path,
        f"{MARKETING}, contacts: {{file: a.csv, region: PL}}, exclude: [served.txt]",
        "exclude: {file: dnc.csv, region: US, fetched: 2026-11-01, max_age: 31d, on_bad_rows: skip}",
    )
    register = ContactsSource(tmp_path / "dnc.csv", region="US", key="exclude")
    assert one.exclude == (
        ExcludeSource(register, date(2026, 11, 1), timedelta(days=31), skips_bad_rows=True),
        ExcludeSource(ContactsSource(tmp_path / "served.txt", region="PL", key="exclude")),
    )


@pytest.mark.parametrize(
    ("keys", "source"),
    [
        ("columns: {opt_out: DNC}", ContactsSource(None, columns={"opt_out": "DNC"})),
        ("columns: {opt_out: [DNC]}", ContactsSource(None, columns={"opt_out": "DNC"})),
        ("columns: {opt_out: ignore}", ContactsSource(None, columns={"opt_out": "ignore"})),
        ("columns: {opt_out: [b, c, d]}", ContactsSource(None).with_opt_outs("b", "c", "d")),
        ("ignore: Email Opt Out", ContactsSource(None, ignore=("Email Opt Out",))),
        ("ignore: [a, b]", ContactsSource(None, ignore=("a", "b"))),
    ],
)
def test_opt_outs_may_stand_in_several_columns_and_others_are_ignored_by_name(
    tmp_path: Path, keys: str, source: ContactsSource
) -> None:
    assert defined(tmp_path, f"{MARKETING}, contacts: {{file: '-', {keys}}}").contacts == (source,)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (
            "contacts: {file: a, encoding: klingon}",
            'contacts.encoding: "klingon" is no encoding smscli reads',
        ),
        ("contacts: {file: a, encoding: rot13}", 'contacts.encoding: "rot13" is no encoding smscli reads'),
        ("contacts: {file: a, number_types: moble}", 'contacts.number_types: "moble" is no kind of number'),
        ("contacts: [a, {file: b, number_types: []}]", "number_types: is empty: nobody could be texted"),
        ("exclude: {file: a, fetched: today}", 'exclude.fetched: "today" is not a date'),
        ("exclude: {file: a, number_types: [mobile]}", "exclude.number_types: is not known here"),
        ("contacts: {file: a, columns: {phone: [x]}}", "contacts.columns.phone: needs a text, found a list"),
        ("contacts: {file: a, columns: {opt_out: []}}", "contacts.columns.opt_out: is empty"),
        (
            "contacts: {file: a, columns: {opt_out: [ignore, x]}}",
            'contacts.columns.opt_out: "ignore" stands beside columns, and says that there are none',
        ),
        ("contacts: {file: a, columns: {opt_out: [x, '']}}", "contacts.columns.opt_out[1]: is empty"),
        ("contacts: {file: a, columns: {opt_out: [x, [y]]}}", "contacts.columns.opt_out[1]: needs a text"),
        ("contacts: {file: a, columns: {zone: }}", "contacts.columns.zone: has no value; needs a text"),
        ("contacts: {file: a, ignore: {x: y}}", "contacts.ignore[0]: needs a text, found a mapping"),
        ("contacts: {file: a, ignore: [x, ' ']}", "contacts.ignore[1]: is empty"),
    ],
)
def test_what_lists_may_not_say(tmp_path: Path, keys: str, problem: str) -> None:
    with pytest.raises(FilesError) as caught:
        defined(tmp_path, f"{MARKETING}, {keys}")
    assert problem in str(caught.value)


def test_gateways_are_names_files_and_profiles(tmp_path: Path) -> None:
    gateways = "gateways: {mine: {url: x}, theirs: g.yaml}"
    for keys, name, kind, text in [
        ("gateway: sandbox", "sandbox", Scalar, "sandbox"),
        ("gateway: mine", "mine", Table, ""),
        ("gateway: theirs", "theirs", Scalar, "g.yaml"),
        ("gateway: {url: y}", None, Table, ""),
    ]:
        choice = defined(tmp_path, f"{MARKETING}, {keys}", gateways).gateway
        assert choice.name == name
        assert isinstance(choice.source, kind)
        assert getattr(choice.source, "text", "") == text
    assert str(choice.place).endswith("c.yaml:7:61: campaigns.x.gateway")


def test_one_text_is_in_the_default_language(tmp_path: Path) -> None:
    assert list(defined(tmp_path, f"{TRANSACTIONAL}, default_language: pl").campaign.texts) == ["pl"]
    folded = defined(tmp_path, "purpose: transactional, text: {EN: a, pt_br: b}").campaign.texts
    assert list(folded) == ["en", "pt-BR"]


def test_a_transactional_campaign_without_a_topic_has_one_all_the_same(tmp_path: Path) -> None:
    assert defined(tmp_path, TRANSACTIONAL).campaign.topic == "transactional"


ACROSS = [
    ("topic: a, text: hi", "", ["campaigns.x.purpose: is missing"]),
    ("purpose: marketing, topic: a", "", ["campaigns.x.text: is missing"]),
    ("purpose: marketing, txt: a, topic: a", "", ["campaigns.x.txt: is not known here"]),
    (f"{MARKETING}, expires: 2027-01-01", "", ["campaigns.x.expires: needs a timezone to mean an instant"]),
    (
        f"{MARKETING}, limits: {{max_cost: 5}}",
        "",
        ["campaigns.x.limits.max_cost: cannot be kept without rates"],
    ),
    (MARKETING, "limits: {max_cost: 5}", ["limits.max_cost: cannot be kept without rates"]),
    (
        MARKETING,
        "quiet_hours: off",
        ["quiet_hours: marketing needs quiet hours; off is for transactional campaigns"],
    ),
    (
        "purpose: transactional, text: {pl: a}, default_language: de",
        "",
        ["campaigns.x.default_language: there is no text in the default language, de"],
    ),
    (
        "purpose: transactional, text: {en: a, EN: b}",
        "",
        ["campaigns.x.text.EN: there are two texts in en"],
    ),
    (
        f"{MARKETING}, quiet_hours: {{windows: {{mon-fri: '9:00-10:00', tue: off}}}}",
        "",
        ["campaigns.x.quiet_hours.windows.tue: a day of this is in another line too"],
    ),
    (
        f"{MARKETING}, quiet_hours: {{windows: {{mon: off}}}}",
        "",
        ["campaigns.x.quiet_hours.windows: no window at all: nobody could ever be texted"],
    ),
    (f"{MARKETING}, sender: {{US: Garage}}", "", ["campaigns.x.sender.default: is missing"]),
    (f"{MARKETING}, rates: {{currency: EUR, pl: 1, PL: 2}}", "", ["campaigns.x.rates.PL: is written twice"]),
    (f"{MARKETING}, gateway: ''", "", ["campaigns.x.gateway: has no value; needs a gateway"]),
    (MARKETING, "gateways: {Mine: a.yaml}", ['gateways.Mine: "Mine" cannot be an id']),
    (f"{MARKETING}, countries: []", "", ["campaigns.x.countries: is empty"]),
    (
        f"{MARKETING}, expires: 0001-01-01",
        "",
        ['campaigns.x.expires: "0001-01-01" is in a year that cannot be meant'],
    ),
    (
        f"{MARKETING}, quiet_hours: always",
        "",
        ['campaigns.x.quiet_hours: "always" is no ready week'],
    ),
]


@pytest.mark.parametrize(("keys", "top", "sentences"), ACROSS)
def test_what_keys_mean_together_is_checked(
    tmp_path: Path, keys: str, top: str, sentences: list[str]
) -> None:
    assert said(tmp_path, keys, top) == sentences


def test_a_file_without_the_needed_keys_is_told_what_they_are(tmp_path: Path) -> None:
    assert [problem.where.path for problem in problems(tmp_path, "brand: x\n")] == ["version", "campaigns"]
    assert [problem.code for problem in problems(tmp_path, "version: 1\ncampaigns: {}\n")] == ["empty"]
    assert [problem.code for problem in problems(tmp_path, "- a\n")] == ["wrong_type"]


@pytest.mark.parametrize(
    ("window", "is_taken"),
    [("20:00-02:00", True), ("20:00-04:59", True), ("20:00-05:00", False), ("21:00-08:00", False)],
)
def test_hours_of_quiet_are_not_taken_for_hours_of_texting(
    tmp_path: Path, window: str, is_taken: bool
) -> None:
    path = tmp_path / "campaigns.yaml"
    path.write_text(
        "version: 1\nbrand: G\nsender: G\ngateway: sandbox\ncontacts: a.csv\ncampaigns:\n  x:\n"
        f'    purpose: transactional\n    text: hi\n    quiet_hours: {{windows: {{mon-sun: "{window}"}}}}\n',
        encoding="utf-8",
    )
    if is_taken:
        load(path)
        return
    with pytest.raises(FilesError, match="would text people all night") as refused:
        load(path)
    start, end = window.split("-")
    assert f'"{end}-{start}"?' in refused.value.hint


KEYWORDS = [
    ("{STOP: offers}", "keywords.STOP: is understood as an opt-out"),
    ("{MAU: offers, pomoc: offers}", "keywords.pomoc: is understood as a call for help"),
    ("{'3344': {MAU: offers, no: offers}}", "keywords.3344.no: is understood as a no"),
    ("{MAU: offers, mau: news}", "keywords.mau: is the same word again"),
    ("{'33 44': {MAU: offers}, '3344': {JA: offers}}", "keywords.3344: is the same number again"),
]


@pytest.mark.parametrize(("keywords", "sentence"), KEYWORDS, ids=[row[0] for row in KEYWORDS])
def test_a_word_for_a_yes_means_one_thing(tmp_path: Path, keywords: str, sentence: str) -> None:
    top = f"keywords: {keywords}\n"
    found = problems(
        tmp_path, f"version: 1\nbrand: B\nsender: B\ngateway: sandbox\n{top}campaigns: {{x: {{{MARKETING}}}}}"
    )
    assert [str(each).partition(": ")[2].partition(" (")[0] for each in found] == [sentence]


def test_words_for_a_yes_stand_by_the_number_they_are_sent_to(tmp_path: Path) -> None:
    top = "version: 1\nbrand: B\nsender: B\ngateway: sandbox\n"
    for keywords, sender in [("{MAU: offers}", ""), ("{'+1 202 555 0143': {MAU: offers}}", "+12025550143")]:
        file = tmp_path / "c.yaml"
        file.write_text(f"{top}keywords: {keywords}\ncampaigns: {{x: {{{MARKETING}}}}}", "utf-8")
        assert load(file).campaigns["x"].keywords == {sender: {"MAU": "offers"}}
