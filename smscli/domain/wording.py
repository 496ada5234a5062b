"""The wording rules: what they look for in a rendered text, how much it matters, in one order.

`read` reads one text with all of them. The rules themselves live in `wording_duties.py` (what a reader is
owed), `wording_letters.py` (characters and what they cost), `wording_style.py` and `wording_links.py`; the
words they go by are handed in. None of them decides who is texted, and none changes a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from smscli.domain import wording_duties, wording_letters, wording_links, wording_style
from smscli.domain.campaign import Purpose, Severity
from smscli.domain.wording_reading import (
    Draft,
    Finding,
    Found,
    ListKind,
    Reading,
    WordingRule,
    WordList,
    WordLists,
)

__all__ = [
    "CHECKS",
    "DEFAULTS",
    "Check",
    "Finding",
    "ListKind",
    "Reading",
    "WordList",
    "WordLists",
    "WordingRule",
    "read",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule with its usual severities, and what people are told of it: docs/wording.md is made of these.

    `trips` is a text that the rule finds something in, `instead` one to send in its place; both in English,
    of the brand Green Garage, and of the purpose in which the rule weighs most.
    """

    rule: WordingRule
    find: Callable[[Draft], Iterator[Found]]
    marketing: Severity
    transactional: Severity
    looks_for: str
    trips: str
    instead: str
    basis: str


CHECKS: tuple[Check, ...] = (
    Check(
        rule=WordingRule.SENDER_NOT_NAMED,
        find=wording_duties.sender_not_named,
        marketing=Severity.REFUSE,
        transactional=Severity.WARN,
        looks_for="No brand within the first 40 characters, and a sender ID that says nothing of it.",
        trips="Winter tyres from Monday. Book: https://gg.example/a1 Reply STOP to opt out",
        instead=("Green Garage: winter tyres from Monday. Book: https://gg.example/a1 Reply STOP to opt out"),
        basis=("CTIA messaging principles; a Polish article on business SMS: begin by saying who you are"),
    ),
    Check(
        rule=WordingRule.OPT_OUT_MISSING,
        find=wording_duties.opt_out_missing,
        marketing=Severity.REFUSE,
        transactional=Severity.OFF,
        looks_for=(
            "No way out: neither a word to answer with, nor a link, an e-mail address or a phone number "
            "next to words that speak of opting out."
        ),
        trips="Green Garage: winter tyres from Monday. Book: https://gg.example/a1",
        instead=("Green Garage: winter tyres from Monday. Book: https://gg.example/a1 Reply STOP to opt out"),
        basis=(
            "GDPR art. 21, ePrivacy art. 13; 47 CFR 64.1200; CTIA; articles in Polish, Russian and Indonesian"
        ),
    ),
    Check(
        rule=WordingRule.OPT_OUT_OTHER_LANGUAGE,
        find=wording_duties.opt_out_other_language,
        marketing=Severity.WARN,
        transactional=Severity.OFF,
        looks_for=(
            "A way out with words of other languages around it, and none of the text's own. "
            "Languages without lists are not judged."
        ),
        trips="Green Garage: winter tyres from Monday. Rezygnacja: STOP",
        instead="Green Garage: winter tyres from Monday. Reply STOP to opt out",
        basis="CTIA: instructions that the reader understands",
    ),
    Check(
        rule=WordingRule.OPT_OUT_NOT_UNDERSTOOD,
        find=wording_duties.opt_out_not_understood,
        marketing=Severity.REFUSE,
        transactional=Severity.OFF,
        looks_for="Only words to answer with that our own opt-out words do not take for an opt-out.",
        trips="Green Garage: winter tyres from Monday. Reply 2 to opt out",
        instead="Green Garage: winter tyres from Monday. Reply STOP to opt out",
        basis="47 CFR 64.1200(a)(10); carriers reject texts with figures for opt-out words",
    ),
    Check(
        rule=WordingRule.OPT_OUT_NOT_RECEIVABLE,
        find=wording_duties.opt_out_not_receivable,
        marketing=Severity.REFUSE,
        transactional=Severity.OFF,
        looks_for=(
            "A word to answer with where the sender is a name, which nobody can answer; and no link, "
            "address, phone number, or number to text the word to."
        ),
        trips="Green Garage: winter tyres from Monday. Reply STOP to opt out",
        instead="Green Garage: winter tyres from Monday. Opt out: https://gg.example/x1",
        basis=("47 CFR 64.1200(a)(10): texts that cannot be answered have to say so, and name another way"),
    ),
    Check(
        rule=WordingRule.LABEL_MISSING,
        find=wording_duties.label_missing,
        marketing=Severity.REFUSE,
        transactional=Severity.OFF,
        looks_for=(
            "No mark of advertisements where the rules of a country ask for one, or not in front where "
            "they want it there."
        ),
        trips="Green Garage: winter tyres from Monday. Reply STOP to opt out",
        instead="[QC] Green Garage: winter tyres from Monday. Reply STOP to opt out",
        basis="the row of the country, such as Decree 91/2020/ND-CP for Vietnam",
    ),
    Check(
        rule=WordingRule.ASKS_PERSONAL_DATA,
        find=wording_duties.asks_personal_data,
        marketing=Severity.REFUSE,
        transactional=Severity.REFUSE,
        looks_for=(
            "A request for a PIN, a password, a code, the number of a card, a bank account, a person or a "
            "document. A warning against it is none, nor is a text that gives the code."
        ),
        trips="Green Garage: to confirm your order, reply with your card number",
        instead=(
            "Green Garage: to confirm your order, come by or call +12025550143. We never ask for "
            "your card number"
        ),
        basis=(
            "a Polish article on business SMS: do not ask for personal data in a text; what "
            "phishing looks like"
        ),
    ),
    Check(
        rule=WordingRule.UNRENDERED_PLACEHOLDER,
        find=wording_duties.unrendered_placeholder,
        marketing=Severity.REFUSE,
        transactional=Severity.REFUSE,
        looks_for=(
            "A gap in the manner of another program (`{name}`, `[NAME]`, `%s`), and what programs"
            " write where there is nothing."
        ),
        trips="Green Garage: hello {first_name}, your bike is ready",
        instead="Green Garage: hello Ann, your bike is ready",
        basis="common mistakes of merging",
    ),
    Check(
        rule=WordingRule.PROMOTION_IN_TRANSACTIONAL,
        find=wording_duties.promotion_in_transactional,
        marketing=Severity.OFF,
        transactional=Severity.WARN,
        looks_for="Words of advertisements in a text that was sent without consent to advertising.",
        trips="Green Garage: Ann, your bike is ready. Ask about our discount on lights",
        instead="Green Garage: Ann, your bike is ready. Pick-up code 4711",
        basis="GDPR and TCPA: a text that advertises is marketing, whatever else it says",
    ),
    Check(
        rule=WordingRule.PUBLIC_SHORTENER,
        find=wording_links.public_shortener,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for=(
            "Links of shorteners that are open to everybody. They harm deliverability, not "
            "readers: hence a warning."
        ),
        trips="Green Garage: Ann, your bike is ready, map: https://bit.ly/3xYz",
        instead="Green Garage: Ann, your bike is ready, map: https://gg.example/a1",
        basis="CTIA messaging principles 5.3.2; lists of US carriers",
    ),
    Check(
        rule=WordingRule.PLAIN_HTTP,
        find=wording_links.plain_http,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for="Links that begin with http://.",
        trips="Green Garage: Ann, your bike is ready, map: http://gg.example/a1",
        instead="Green Garage: Ann, your bike is ready, map: https://gg.example/a1",
        basis="good practice of the web",
    ),
    Check(
        rule=WordingRule.MOJIBAKE,
        find=wording_letters.found_mojibake,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for="Text that was read in the wrong encoding, and what it most likely was.",
        trips="Green Garage: hello Zoë, the cafÃ© next door is open",
        instead="Green Garage: hello Zoë, the café next door is open",
        basis="common mistakes of files",
    ),
    Check(
        rule=WordingRule.LOOK_ALIKE_LETTERS,
        find=wording_letters.look_alike_letters,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for=(
            "Words whose letters come from two scripts and look like one, and full-width or "
            "mathematical letters. Greek in the capitals of GSM-7 is none."
        ),
        trips="Green Gаrage: your bike is ready",
        instead="Green Garage: your bike is ready",
        basis="Unicode TS 39; what phishing looks like; one such letter makes a text UCS-2",
    ),
    Check(
        rule=WordingRule.INVISIBLE_CHARACTERS,
        find=wording_letters.invisible_characters,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for=(
            "Characters without a shape, such as soft hyphens and zero-width spaces, where they "
            "do nothing for the script around them."
        ),
        trips="Green Garage: your bi\u200bke is ready",
        instead="Green Garage: your bike is ready",
        basis="filters take them for evasion; one makes a text UCS-2",
    ),
    Check(
        rule=WordingRule.GSM7_BREAKERS,
        find=wording_letters.gsm7_breakers,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for=(
            "Curly quotes, dashes, dots and odd spaces, where plain ones would take fewer "
            "segments. Letters that a language needs are none."
        ),
        trips=("Green Garage: Ann, we’re open again from Monday on, and your bike is ready to be picked up"),
        instead=(
            "Green Garage: Ann, we're open again from Monday on, and your bike is ready to be picked up"
        ),
        basis="3GPP TS 23.038: one character outside GSM-7 leaves 70 for a segment instead of 160",
    ),
    Check(
        rule=WordingRule.EMOJI,
        find=wording_letters.emoji,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for=(
            "More than two emoji, any in a transactional text, any joined of several, and any "
            "that costs a segment."
        ),
        trips="Green Garage: Ann, your bike is ready 🚲",
        instead="Green Garage: Ann, your bike is ready",
        basis="a Polish article on business SMS: few emoticons; each makes a text UCS-2",
    ),
    Check(
        rule=WordingRule.JUST_OVER,
        find=wording_letters.just_over,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for="One unit or two more than fewer segments hold.",
        trips=(
            "Green Garage: Hi Ann, your bike is ready and waits for you in the yard behind the house, "
            "where we are from 8 to 18 on weekdays and until 13 on Saturday: code 4711"
        ),
        instead=(
            "Green Garage: Ann, your bike is ready and waits for you in the yard behind the house, "
            "where we are from 8 to 18 on weekdays and until 13 on Saturday: code 4711"
        ),
        basis="3GPP TS 23.040: what a segment holds",
    ),
    Check(
        rule=WordingRule.STRAY_SPACES,
        find=wording_letters.stray_spaces,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for=("Spaces at the ends, in twos, and before a mark (but not before `: ; ! ?` in French)."),
        trips="Green Garage: hello  Ann , your bike is ready",
        instead="Green Garage: hello Ann, your bike is ready",
        basis="what an empty cell leaves behind; each space is a unit",
    ),
    Check(
        rule=WordingRule.SHOUTING,
        find=wording_style.shouting,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for=(
            "Three words in capitals side by side, or most of a text in them, and marks in rows. "
            "Names, words to answer with and Greek in GSM-7 are none."
        ),
        trips="Green Garage: BUY WINTER TYRES NOW!!!",
        instead="Green Garage: time for winter tyres!",
        basis="etiquette; what filters take for spam",
    ),
    Check(
        rule=WordingRule.LEET,
        find=wording_style.leet,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for="Words with figures for letters. Codes, units, names and links are none.",
        trips="Green Garage: fr33 air for your tyres, gr8 service",
        instead="Green Garage: free air for your tyres, great service",
        basis="an Indonesian article on the etiquette of texting (`p4g1`); filter evasion",
    ),
    Check(
        rule=WordingRule.ABBREVIATIONS,
        find=wording_style.abbreviations,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for="Short forms of chats, by language.",
        trips="Green Garage: thx for your order, we call u tomorrow",
        instead="Green Garage: thanks for your order, we call you tomorrow",
        basis="articles in Indonesian and Polish: no abbreviations, no slang",
    ),
    Check(
        rule=WordingRule.ONE_WORD,
        find=wording_style.one_word,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for="A text of one word, or of a code or a link alone.",
        trips="Ready",
        instead="Green Garage: your bike is ready",
        basis="a Greek article: never answer with one word",
    ),
    Check(
        rule=WordingRule.MANY_SENTENCES,
        find=wording_style.many_sentences,
        marketing=Severity.WARN,
        transactional=Severity.WARN,
        looks_for="More than two sentences, the way out and greetings not counted.",
        trips=(
            "Green Garage: your bike is ready. We are open until 18:00. Please bring the receipt with you."
        ),
        instead="Green Garage: your bike is ready. Bring the receipt, we are open until 18:00.",
        basis=(
            "a Greek article: nobody reads more than a sentence or two; a Russian one: short "
            "saves time and money"
        ),
    ),
    Check(
        rule=WordingRule.ONE_WAY_OUT,
        find=wording_duties.one_way_out,
        marketing=Severity.OFF,
        transactional=Severity.OFF,
        looks_for=(
            "One sort of way out alone: a word to answer with, a link, a phone number or an e-mail address. "
            "A text without any is of `opt_out_missing`."
        ),
        trips="Green Garage: Ann, winter tyres from Monday. Reply STOP to opt out",
        instead=(
            "Green Garage: Ann, winter tyres from Monday. To opt out reply STOP or call +1 202 555 0143"
        ),
        basis="a Russian article on business SMS: offer two or three ways to opt out",
    ),
    Check(
        rule=WordingRule.NOT_PERSONAL,
        find=wording_style.not_personal,
        marketing=Severity.OFF,
        transactional=Severity.OFF,
        looks_for="A text without a value of the list: the same words for everybody.",
        trips="Green Garage: your bike is ready",
        instead="Green Garage: Ann, your bike is ready",
        basis="a Greek article: a personal text to a few does more than one text to all",
    ),
    Check(
        rule=WordingRule.SEVERAL_SEGMENTS,
        find=wording_letters.several_segments,
        marketing=Severity.OFF,
        transactional=Severity.OFF,
        looks_for="More than one segment, and how much has to go.",
        trips=(
            "Green Garage: Ann, your bike is ready and waits for you in the yard behind the house. We are "
            "there from 8 to 18 on weekdays and until 13 on Saturday: ring the bell by the gate, code 4711"
        ),
        instead="Green Garage: Ann, your bike is ready in the yard, mon-fri 8-18, sat 8-13. Code 4711",
        basis="a Russian article: short saves time and money; each segment is paid for",
    ),
)

DEFAULTS: Mapping[Purpose, Mapping[WordingRule, Severity]] = {
    Purpose.MARKETING: {check.rule: check.marketing for check in CHECKS},
    Purpose.TRANSACTIONAL: {check.rule: check.transactional for check in CHECKS},
}


def read(reading: Reading, lists: WordLists, severities: Mapping[str, Severity]) -> tuple[Finding, ...]:
    """What the rules have against a text, in their order. Raises nothing, whatever the text.

    `severities` are what the campaign itself says of rules (`Campaign.wording`); all others have those of
    DEFAULTS. A rule that it names (but not `off`) goes by lists of words that nobody confirmed, too.
    """
    named = frozenset(rule for rule, severity in severities.items() if severity is not Severity.OFF)
    draft = Draft(reading, lists, named)
    findings: list[Finding] = []
    for check in CHECKS:
        severity = severities.get(check.rule, DEFAULTS[reading.purpose][check.rule])
        if severity is not Severity.OFF:
            findings += [Finding(check.rule, severity, *found) for found in check.find(draft)]
    return tuple(findings)
