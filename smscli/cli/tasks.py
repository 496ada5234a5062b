"""What to do about problems, as tasks: "fix 3 phone numbers (contacts.csv lines 4, 9 and 17)".

A problem's code is the API, the sentence here is copy. Problems with one sentence, in one file, about one
thing are one task. Knows no file and finds no problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from smscli.domain.decision import SkipReason
from smscli.domain.errors import Problem
from smscli.domain.wording import WordingRule


class Trouble(StrEnum):
    """What only a look at everything together shows; the other codes are those of the files and rules."""

    UNSET_VARIABLE = "unset_variable"
    BAD_VARIABLE = "bad_variable"
    NO_CONTACTS = "no_contacts"
    NO_CONSENT_COLUMNS = "no_consent_columns"
    NOBODY = "nobody"
    TOO_MANY_MESSAGES = "too_many_messages"
    TOO_DEAR = "too_dear"
    NO_RATE = "no_rate"
    SENT_LOG = "sent_log"
    EXCLUDED_TOO_OLD = "excluded_too_old"
    KEYWORD_TOPIC = "keyword_topic"


_NUMBERS = ("fix {n} phone number", "fix {n} phone numbers")
_VALUES = ("correct {n} value", "correct {n} values")
_YAML = ("correct the YAML", "correct the YAML in {n} places")
_HEADER = ("mend the header", "mend the header in {n} places")
_ROLES = ("say which column is which", "say which column is which: {n} roles")
_REPAIRED = ("look at {n} phone number that was repaired", "look at {n} phone numbers that were repaired")
_QUOTES = ("close the quotes of {n} row", "close the quotes of {n} rows")

#: One and several, by code. `{n}` is how many, `{name}` the key, column, field, variable or language.
SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # files as such
        "missing_file": ("put the file where it is looked for, or correct its name",) * 2,
        "is_directory": ("name a file, not a folder",) * 2,
        "unreadable": ("make the file readable",) * 2,
        "empty_file": ("fill the empty file",) * 2,
        "too_large": ("name the right file: this one is too large",) * 2,
        "not_utf8": ("save the file as UTF-8, or say the encoding of the list",) * 2,
        "control_character": (
            "delete a control character in {n} place",
            "delete control characters in {n} places",
        ),
        # campaigns file and profiles
        "yaml_syntax": _YAML,
        "tab": _YAML,
        "tag": _YAML,
        "merge_key": _YAML,
        "several_documents": _YAML,
        "unknown_alias": _YAML,
        "too_many_nodes": _YAML,
        "too_deep": _YAML,
        "key_not_text": _YAML,
        "duplicate_key": (
            "keep one line of a key that is written twice",
            "keep one line each of {n} keys that are written twice",
        ),
        "unknown_key": ("rename or delete {n} unknown key", "rename or delete {n} unknown keys"),
        "missing": ("add {name}", "add {n} keys"),
        "empty": ("give {name} a value", "give {n} keys a value"),
        "wrong_type": _VALUES,
        "wrong_value": _VALUES,
        "single_braces": (
            "put {n} gap of a text into double braces",
            "put {n} gaps of texts into double braces",
        ),
        "no_default_text": ("write a text in the default language",) * 2,
        "no_timezone": ("say the timezone",) * 2,
        "no_rates": ("add rates, or delete limits.max_cost",) * 2,
        "two_weeks": ("keep a ready week or windows, not both",) * 2,
        "bad_keyword": ("choose another word for a yes", "choose other words for {n} yeses"),
        "needs_consent": ("ask for consent: a marketing campaign needs it",) * 2,
        "needs_quiet_hours": ("give the marketing campaign quiet hours",) * 2,
        "unknown_gateway": ("name a gateway that there is",) * 2,
        "bad_marker": ("correct {n} marker", "correct {n} markers"),
        "missing_marker": ("add {n} marker", "add {n} markers"),
        "bad_url": ("correct the URL",) * 2,
        "secret_written": ("take {n} secret out of the file", "take {n} secrets out of the file"),
        Trouble.UNSET_VARIABLE: ("set {name}: export {name}=…",) * 2,
        Trouble.BAD_VARIABLE: ("correct what {name} holds",) * 2,
        # the list and opt-out lists
        "not_csv": ("export the list as CSV UTF-8",) * 2,
        "wrong_encoding": ("say the encoding that the list has",) * 2,
        "damaged_gzip": ("copy the list again: the compressed file is damaged",) * 2,
        "cut_off": ("copy or export the list again: it was cut off",) * 2,
        "damaged_excel": ("save the workbook again: it is damaged",) * 2,
        "locked_excel": ("save a copy of the workbook without a password",) * 2,
        "unsafe_excel": ("export the list as CSV UTF-8",) * 2,
        "not_excel": ("save the list as XLSX or CSV UTF-8",) * 2,
        "hidden_rows": ("show the hidden rows of the sheet, or copy the others to a new one",) * 2,
        "needs_excel": ("pip install 'smscli[excel]', or export the list as CSV UTF-8",) * 2,
        "which_sheet": ("say which sheet the list is, with its key sheet",) * 2,
        "missing_sheet": ("correct the name of the sheet",) * 2,
        "delimiter": ("say which delimiter the list has",) * 2,
        "line_too_long": ("split {n} line that is too long", "split {n} lines that are too long"),
        "header": _HEADER,
        "empty_header": _HEADER,
        "duplicate_header": _HEADER,
        "missing_column": _ROLES,
        "two_columns": _ROLES,
        "shared_column": _ROLES,
        "region_column": ("say whether {n} column is a country", "say whether {n} columns are a country"),
        "opt_out_column": ("say whether {n} column is an opt-out", "say whether {n} columns are an opt-out"),
        "unknown_field": (
            "add {n} column that a text needs, or change the text",
            "add {n} columns that texts need, or change the texts",
        ),
        "half_consent": ("name both columns of consent, level and date, under contacts: columns:",) * 2,
        "broken_row": _QUOTES,
        "uncertain_row": (
            "look at {n} row behind a quote that is not closed",
            "look at {n} rows behind a quote that is not closed",
        ),
        "wrong_cells": (
            "give {n} row as many cells as the header has",
            "give {n} rows as many cells as the header has",
        ),
        "missing_number": ("add a phone number in {n} row", "add a phone number in {n} rows"),
        "not_a_number": _NUMBERS,
        "too_short": _NUMBERS,
        "too_long": _NUMBERS,
        "invalid_number": _NUMBERS,
        "number_changed": _NUMBERS,
        "not_international": _NUMBERS,
        "has_extension": _NUMBERS,
        "has_letters": _NUMBERS,
        "short_code": _NUMBERS,
        "several_numbers": ("leave one number in {n} cell", "leave one number each in {n} cells"),
        "rounded_number": (
            "export {n} phone number again, as text: a spreadsheet rounded it",
            "export {n} phone numbers again, as text: a spreadsheet rounded them",
        ),
        "number_type": (
            "give a mobile number in {n} row, or name the kind of number in number_types",
            "give mobile numbers in {n} rows, or name the kinds of number in number_types",
        ),
        "swapped_columns": (
            "put {n} number back into its column",
            "put {n} numbers back into their column",
        ),
        "number_needs_country": (
            "say the country of {n} phone number, or of the whole list: region: PL",
            "say the country of {n} phone numbers, or of the whole list: region: PL",
        ),
        "bad_region": ("fix {n} country", "fix {n} countries"),
        "bad_date": ("fix {n} consent date", "fix {n} consent dates"),
        "future_date": ("fix {n} date that lies in the future", "fix {n} dates that lie in the future"),
        "bad_opt_out": ("write yes or no in {n} opt-out cell", "write yes or no in {n} opt-out cells"),
        "bad_zone": ("fix {n} time zone", "fix {n} time zones"),
        "bad_state": ("fix {n} state", "fix {n} states"),
        "bad_zip": ("fix {n} ZIP code", "fix {n} ZIP codes"),
        "bad_language": ("fix {n} language", "fix {n} languages"),
        "bad_consent": ("fix {n} consent level", "fix {n} consent levels"),
        "mojibake": (
            "mend {n} cell that was read in a wrong encoding once",
            "mend {n} cells that were read in a wrong encoding once",
        ),
        "no_value": ("fill or empty {n} cell that says NULL", "fill or empty {n} cells that say NULL"),
        "html_entity": (
            "write {n} cell without the codes of web pages",
            "write {n} cells without the codes of web pages",
        ),
        "lost_letters": (
            "fill in the lost letters of {n} cell",
            "fill in the lost letters of {n} cells",
        ),
        "excel_error": (
            "mend {n} formula that failed in the spreadsheet",
            "mend {n} formulas that failed in the spreadsheet",
        ),
        "plus_restored": _REPAIRED,
        "zeros_for_plus": _REPAIRED,
        "zero_restored": _REPAIRED,
        "trunk_zero_dropped": _REPAIRED,
        "decimal_dropped": _REPAIRED,
        "quotes_removed": _REPAIRED,
        "uri_removed": _REPAIRED,
        Trouble.NO_CONTACTS: ("put contacts into the list",) * 2,
        # what the rules say of the good rows
        SkipReason.MISSING_FIELD: ("add {name} in {n} row", "add {name} in {n} rows"),
        SkipReason.NO_TEXT: (
            "write a text in {name}, or say `fallback: true`, for {n} contact",
            "write a text in {name}, or say `fallback: true`, for {n} contacts",
        ),
        SkipReason.TEXT_TOO_LONG: (
            "shorten the text for {n} contact, or raise limits.max_segments",
            "shorten the text for {n} contacts, or raise limits.max_segments",
        ),
        SkipReason.ZONE_UNKNOWN: ("say the time zone of {n} contact", "say the time zones of {n} contacts"),
        SkipReason.HOLIDAYS_UNKNOWN: (
            "say `holidays: ignore`, or leave out {name}: its holidays are not known, {n} contact",
            "say `holidays: ignore`, or leave out {name}: its holidays are not known, {n} contacts",
        ),
        SkipReason.NEVER_OPEN: (
            "widen quiet_hours.windows: they never open for {n} contact",
            "widen quiet_hours.windows: they never open for {n} contacts",
        ),
        SkipReason.EXPIRED: ("set a later `expires`, or delete it",) * 2,
        # wording that a send refuses
        WordingRule.SENDER_NOT_NAMED: (
            "say early in {n} text who it is from",
            "say early in {n} texts who they are from",
        ),
        WordingRule.OPT_OUT_MISSING: ("say in {n} text how to opt out", "say in {n} texts how to opt out"),
        WordingRule.OPT_OUT_OTHER_LANGUAGE: (
            "say how to opt out in the language of {n} text",
            "say how to opt out in the languages of {n} texts",
        ),
        WordingRule.OPT_OUT_NOT_UNDERSTOOD: (
            "offer an opt-out word that smscli understands in {n} text",
            "offer opt-out words that smscli understands in {n} texts",
        ),
        WordingRule.OPT_OUT_NOT_RECEIVABLE: (
            "offer a way to opt out that can reach you in {n} text",
            "offer a way to opt out that can reach you in {n} texts",
        ),
        WordingRule.LABEL_MISSING: ("mark {n} text as an advertisement", "mark {n} texts as advertisements"),
        WordingRule.ASKS_PERSONAL_DATA: (
            "ask for no personal data in {n} text",
            "ask for no personal data in {n} texts",
        ),
        WordingRule.UNRENDERED_PLACEHOLDER: (
            "fill a gap that {n} text would leave open",
            "fill gaps that {n} texts would leave open",
        ),
        WordingRule.PROMOTION_IN_TRANSACTIONAL: (
            "take promotion out of {n} transactional text",
            "take promotion out of {n} transactional texts",
        ),
        WordingRule.PUBLIC_SHORTENER: (
            "write a link of your own in {n} text",
            "write links of your own in {n} texts",
        ),
        WordingRule.PLAIN_HTTP: ("write https:// in {n} text", "write https:// in {n} texts"),
        WordingRule.MOJIBAKE: ("mend letters of {n} text", "mend letters of {n} texts"),
        WordingRule.LOOK_ALIKE_LETTERS: (
            "type each word of {n} text in one alphabet",
            "type each word of {n} texts in one alphabet",
        ),
        WordingRule.INVISIBLE_CHARACTERS: (
            "take invisible characters out of {n} text",
            "take invisible characters out of {n} texts",
        ),
        WordingRule.GSM7_BREAKERS: (
            "take what forces UCS-2 out of {n} text, or say `encoding: tidy`",
            "take what forces UCS-2 out of {n} texts, or say `encoding: tidy`",
        ),
        WordingRule.EMOJI: ("take emoji out of {n} text", "take emoji out of {n} texts"),
        WordingRule.JUST_OVER: (
            "shorten {n} text by a few characters",
            "shorten {n} texts by a few characters",
        ),
        WordingRule.STRAY_SPACES: ("take spaces out of {n} text", "take spaces out of {n} texts"),
        WordingRule.SHOUTING: ("write {n} text without capitals", "write {n} texts without capitals"),
        WordingRule.LEET: (
            "write {n} text without digits for letters",
            "write {n} texts without digits for letters",
        ),
        WordingRule.ABBREVIATIONS: ("write words of {n} text out", "write words of {n} texts out"),
        WordingRule.ONE_WORD: ("say more than one word in {n} text", "say more than one word in {n} texts"),
        WordingRule.MANY_SENTENCES: (
            "shorten {n} text to two sentences",
            "shorten {n} texts to two sentences",
        ),
        WordingRule.ONE_WAY_OUT: (
            "offer a second way to opt out in {n} text",
            "offer a second way to opt out in {n} texts",
        ),
        WordingRule.NOT_PERSONAL: (
            "write something of the reader's own in {n} text",
            "write something of the reader's own in {n} texts",
        ),
        WordingRule.SEVERAL_SEGMENTS: ("shorten {n} text to one segment", "shorten {n} texts to one segment"),
        # campaigns as a whole
        Trouble.NO_CONSENT_COLUMNS: (
            "name the columns of consent (consent and consent_date), or record it: smscli consent import",
        )
        * 2,
        Trouble.NOBODY: ("look why nobody could be texted: smscli preview says it row by row",) * 2,
        Trouble.TOO_MANY_MESSAGES: ("raise limits.max_messages, or send a part with --limit",) * 2,
        Trouble.TOO_DEAR: ("raise limits.max_cost, or send a part with --limit",) * 2,
        Trouble.NO_RATE: ("add the rate of {n} country", "add the rates of {n} countries"),
        Trouble.SENT_LOG: ("mend what opt_outs names",) * 2,
        Trouble.KEYWORD_TOPIC: (
            "correct the topic of {n} keyword: no campaign has it",
            "correct the topics of {n} keywords: no campaign has them",
        ),
        # lists of numbers not to text
        Trouble.EXCLUDED_TOO_OLD: ("fetch the list of numbers not to text anew: it is too old",) * 2,
        "exclude_from_stdin": ("name a file under `exclude`, not standard input",) * 2,
        "exclude_is_contacts": (
            "take a list to text out of `exclude`",
            "take lists to text out of `exclude`",
        ),
    }
)
_OTHERWISE = ("mend {n} problem", "mend {n} problems")

#: Codes whose tasks are apart by name: the field to add, the variable to set.
_BY_NAME = frozenset(
    {
        Trouble.UNSET_VARIABLE,
        Trouble.BAD_VARIABLE,
        SkipReason.MISSING_FIELD,
        SkipReason.NO_TEXT,
        SkipReason.HOLIDAYS_UNKNOWN,
    }
)

#: So many lines of a task are named.
LINES_NAMED = 6


class Weight(StrEnum):
    """What comes of a problem that nobody mends, the worst first."""

    STOPS = "stops"  # a send would stop, or leave people out
    LEFT_OUT = "left_out"  # the campaigns file says to leave such a row out
    LOOK_AT = "look_at"  # nothing: somebody should look whether it is right


@dataclass(frozen=True, slots=True)
class Found:
    """A problem, and whom it is about. `name` is what `{name}` stands for in the task."""

    problem: Problem
    campaigns: tuple[str, ...] = ()
    weight: Weight = Weight.STOPS
    name: str = ""

    @property
    def stops(self) -> bool:
        """Has it to be mended before a send?"""
        return self.weight is Weight.STOPS


@dataclass(slots=True)
class Task:
    """One thing to do, about one or many problems of a file."""

    code: str
    file: str
    name: str
    weight: Weight
    count: int = 0
    lines: list[int] = field(default_factory=list)
    more_lines: int = 0
    last_line: int | None = None
    paths: dict[str, None] = field(default_factory=dict)  # of problems without a line
    campaigns: dict[str, None] = field(default_factory=dict)

    def take(self, found: Found) -> None:
        """One more of its problems."""
        line, path = found.problem.where.line, found.problem.where.path
        self.count += 1
        if line is None and path and len(self.paths) < LINES_NAMED:
            self.paths[path] = None
        if line is not None and line not in self.lines:
            self._take_line(line)
        self.campaigns |= dict.fromkeys(found.campaigns)

    def _take_line(self, line: int) -> None:
        if len(self.lines) < LINES_NAMED:
            self.lines.append(line)
        elif line != self.last_line:  # problems of a line follow each other
            self.more_lines += 1
        self.last_line = line

    def __str__(self) -> str:
        one, several = SENTENCES.get(self.code, _OTHERWISE)
        sentence = (one if self.count == 1 else several).format(n=f"{self.count:,}", name=self.name)
        return f"{sentence} ({self._place()})"

    def _place(self) -> str:
        if not self.lines:
            return ": ".join(filter(None, [self.file, ", ".join(self.paths)]))
        more = [f"{self.more_lines:,} more"] if self.more_lines else []
        named = [f"{line:,}" for line in self.lines] + more
        several = ", ".join(named[:-1]) + f" and {named[-1]}"
        return f"{self.file} line {named[0]}" if len(named) == 1 else f"{self.file} lines {several}"


class Tasks:
    """Problems as they are found, made into tasks. Memory grows with the tasks, not with the problems."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[object, ...], Task] = {}

    def take(self, found: Found) -> None:
        """Count a problem where it belongs."""
        problem = found.problem
        name = found.name or problem.where.path
        kind = SENTENCES.get(problem.code, _OTHERWISE)
        key = (kind, problem.where.file, found.name if problem.code in _BY_NAME else "", found.weight)
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = Task(problem.code, problem.where.file, name, found.weight)
        task.take(found)

    def __iter__(self) -> Iterator[Task]:
        """Those that stop a send first, each in the order in which they came up."""
        return iter(sorted(self._tasks.values(), key=lambda task: list(Weight).index(task.weight)))
