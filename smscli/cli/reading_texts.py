"""Reads a few texts of a campaign as people would get them, with the wording rules, and as they were written.

Texts differ in what the list puts into them. So of each language and sender ID a few are kept while people
are decided: the first, the longest, and one that `encoding` changed. Decides nothing: what a finding means
for a send is its severity, and who refuses is `guards.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from smscli.domain.campaign import Campaign, Purpose, Severity, Spelling
from smscli.domain.contact import Contact
from smscli.domain.decision import Decision, Hold, Send
from smscli.domain.message import Message
from smscli.domain.replies import ReplyClass
from smscli.domain.reply_words import classify
from smscli.domain.respelling import respell
from smscli.domain.rules import Text, compose
from smscli.domain.segments import Unsendable, measure
from smscli.domain.template import MissingField, NotANumber, OutputTooLong, Template
from smscli.domain.wording import Finding, Reading, WordingRule, read
from smscli.files.reply_words_file import reply_words
from smscli.files.wording_file import load_word_lists
from smscli.sentlog.plan import SqlitePlan

#: So many people of a language are asked whether `encoding` changed their text, until one says yes.
_TRIES = 500
#: So many of those who are held, by language: their texts are not in the plan and are made for this.
_HELD = 50

#: What stands in a gap where no list fills it.
_A_NAME, _AN_AMOUNT = "Alex", "12"


@dataclass(frozen=True, slots=True)
class Specimen:
    """One text as somebody gets it (`sent`), as it was written, and what the list put into it.

    `countries` are those that texts in this language and from this sender ID go to.
    """

    sender: str
    countries: tuple[str, ...]
    sent: Text
    written: Text
    values: tuple[str, ...]

    @property
    def language(self) -> str:
        """The language of the text."""
        return self.sent.language

    @property
    def is_respelled(self) -> bool:
        """Did `encoding` change it?"""
        return self.sent.body != self.written.body

    @property
    def saves(self) -> int:
        """The segments that `encoding` saves."""
        return self.written.segments.count - self.sent.segments.count


@dataclass(frozen=True, slots=True)
class TextFinding:
    """What a rule has against one of the texts."""

    finding: Finding
    language: str
    body: str

    @property
    def refuses(self) -> bool:
        """Does a send refuse for it?"""
        return self.finding.severity is Severity.REFUSE


@dataclass(frozen=True, slots=True)
class ReadTexts:
    """What came of reading them. `respelled` has one text of each language that `encoding` changed."""

    spelling: Spelling = Spelling.KEEP
    findings: tuple[TextFinding, ...] = ()
    respelled: tuple[Specimen, ...] = ()

    @property
    def has_news(self) -> bool:
        """Is there anything to tell of them?"""
        return bool(self.findings or self.respelled)

    def refused(self) -> Mapping[WordingRule, Sequence[TextFinding]]:
        """What a send refuses for, by rule."""
        found: dict[WordingRule, list[TextFinding]] = {}
        for each in self.findings:
            if each.refuses:
                found.setdefault(each.finding.rule, []).append(each)
        return found


#: Of no text at all.
NOTHING_READ = ReadTexts()


# --- which texts ---


@dataclass(slots=True)
class _Chosen:
    """The people of one language and sender ID whose texts are read; `tries` are left to find a third."""

    first: Contact
    longest: Contact
    length: tuple[int, int]
    tries: int
    respelled: Contact | None = None
    countries: dict[str, None] = field(default_factory=dict)

    def contacts(self) -> Iterator[Contact]:
        """Each once."""
        chosen = (self.first, self.longest, self.respelled)
        yield from {each.row: each for each in chosen if each is not None}.values()


class Specimens:
    """Chooses texts while people are decided; memory does not grow with the list."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._as_written = replace(campaign, spelling=Spelling.KEEP)
        self._chosen: dict[tuple[str, str], _Chosen] = {}
        self._held: dict[str | None, int] = {}

    def take(self, decisions: Iterable[Decision]) -> None:
        """Look at some more people: those to send to, and the first of those who are held."""
        for decision in decisions:
            if isinstance(decision, Send):
                self._look(decision.contact, decision.message, decision.message.sender)
            elif isinstance(decision, Hold):
                self._look_at_held(decision.contact)

    def _look_at_held(self, contact: Contact) -> None:
        looked = self._held.get(contact.language, 0)
        if looked < _HELD:
            self._held[contact.language] = looked + 1
            text = compose(self._campaign, contact)
            if isinstance(text, Text):
                self._look(contact, text, self._sender_of(contact))

    def _look(self, contact: Contact, text: Text | Message, sender: str) -> None:
        length = (text.segments.count, text.segments.units)
        chosen = self._chosen.get((text.language, sender))
        if chosen is None:
            tries = 0 if self._campaign.spelling is Spelling.KEEP else _TRIES
            chosen = self._chosen[text.language, sender] = _Chosen(contact, contact, length, tries)
        elif length > chosen.length:
            chosen.longest, chosen.length = contact, length
        chosen.countries[contact.number.country] = None
        if chosen.tries:
            self._try(chosen, contact, text.body)

    def _try(self, chosen: _Chosen, contact: Contact, body: str) -> None:
        written = compose(self._as_written, contact)
        chosen.tries -= 1
        if isinstance(written, Text) and written.body != body:
            chosen.respelled, chosen.tries = contact, 0

    def _sender_of(self, contact: Contact) -> str:
        return self._campaign.senders.of(contact.number.country)

    def __iter__(self) -> Iterator[Specimen]:
        """The texts, in the order in which their languages came up."""
        for (_, sender), chosen in self._chosen.items():
            for contact in chosen.contacts():
                sent, written = compose(self._campaign, contact), compose(self._as_written, contact)
                if isinstance(sent, Text) and isinstance(written, Text):
                    countries, values = tuple(chosen.countries), self._values(contact, sent)
                    yield Specimen(sender, countries, sent, written, values)

    def _values(self, contact: Contact, text: Text) -> tuple[str, ...]:
        wanted = self._campaign.texts[text.language].fields
        return tuple(value for name, value in contact.fields.items() if name in wanted and value)

    @property
    def languages(self) -> frozenset[str]:
        """Those that somebody gets a text in."""
        return frozenset(language for language, _ in self._chosen)


class ReadPlan(SqlitePlan):
    """A plan of which some texts are kept, to be read."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__()
        self.specimens = Specimens(campaign)

    def add(self, decisions: Sequence[Decision]) -> None:
        self.specimens.take(decisions)
        super().add(decisions)


def made_up(campaign: Campaign, language: str) -> Specimen | None:
    """A text that no contact gets, with values of our own; None where it cannot be rendered with them."""
    template = campaign.texts[language]
    values = {name: _A_NAME for name in template.fields if name != "brand"}
    body = _rendered(template, {"brand": campaign.brand}, values)
    if body is None:
        return None
    spelled = respell(body, campaign.spelling)
    try:
        written, sent = (Text(each, language, measure(each)) for each in (body, spelled))
    except Unsendable:
        return None
    countries = tuple(sorted(campaign.countries or ()))
    return Specimen(campaign.senders.default, countries, sent, written, tuple(values.values()))


def _rendered(template: Template, given: Mapping[str, str], values: dict[str, str]) -> str | None:
    """With amounts where the text wants numbers; `values` says afterwards what it was rendered with."""
    for _ in range(len(values) + 1):
        try:
            return template.render({**given, **values})
        except NotANumber as wanted:
            values[wanted.name] = _AN_AMOUNT
        except (MissingField, OutputTooLong):
            return None
    return None


# --- reading them ---


def read_texts(campaign: Campaign, specimens: Specimens, *, every: bool = False) -> ReadTexts:
    """What the rules say of these texts; with `every`, also of those that no contact gets."""
    texts = list(specimens)
    if every:
        others = [each for each in campaign.texts if each not in specimens.languages]
        texts += filter(None, (made_up(campaign, language) for language in others))
    return ReadTexts(campaign.spelling, tuple(_found(campaign, texts)), _respelled(texts))


def _respelled(texts: Iterable[Specimen]) -> tuple[Specimen, ...]:
    """Of each language the text in which most is saved."""
    best: dict[str, Specimen] = {}
    for text in texts:
        known = best.get(text.language)
        if text.is_respelled and (known is None or text.saves > known.saves):
            best[text.language] = text
    return tuple(best.values())


def _found(campaign: Campaign, texts: Iterable[Specimen]) -> Iterator[TextFinding]:
    """What is found in one text of a language is not told again of the next, unless it says more."""
    lists, known = load_word_lists(), dict[str, set[tuple[str, str]]]()
    for text in texts:
        findings = read(_reading(campaign, text), lists, campaign.wording)
        told = known.setdefault(text.language, set())
        new = [each for each in findings if (each.rule, each.message) not in told]
        told.update((each.rule, each.message) for each in new)
        yield from (TextFinding(each, text.language, text.sent.body) for each in new)


def _reading(campaign: Campaign, text: Specimen) -> Reading:
    return Reading(
        body=text.sent.body,
        language=text.language,
        purpose=campaign.purpose,
        brand=campaign.brand,
        sender=text.sender,
        segments=text.sent.segments,
        sender_receives=receives(text.sender),
        countries=text.countries,
        values=text.values,
        labels=_labels(campaign, text.countries),
        understood=_is_opt_out,
    )


def _is_opt_out(word: str) -> bool:
    """Do our own opt-out words take it for an opt-out?"""
    return classify(word, reply_words()).kind is ReplyClass.OPT_OUT


def receives(sender: str) -> bool:
    """Can one answer it? A number and a short code receive texts, a name does not."""
    return sender.removeprefix("+").isdecimal()


def _labels(campaign: Campaign, countries: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The marks of advertisements by country, where its rules are heeded and ask for one."""
    rules = campaign.country_rules
    if rules is None or campaign.purpose is not Purpose.MARKETING:
        return {}
    rows = {country: rules.rows.get(country) for country in countries}
    return {country: row.labels for country, row in rows.items() if row is not None and row.labels}
