"""The words that the rules on wording go by, as they ship.

    load_word_lists()      every list, by language and kind -> WordLists

Knows the shape of `presets/rules/wording.yaml`, and is strict: what it does not understand is an error of
ours, a RuleFileError at the first loading. Does not know what a rule makes of the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from smscli.domain.wording import ListKind, WordList, WordLists
from smscli.domain.wording_reading import fold
from smscli.files.rule_files import RuleFileError

#: libyaml's where there is one: ten times as fast. Every scalar stays a text, `no` too.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_FILE = "wording.yaml"
_LANGUAGE = re.compile("[a-z]{2}")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_BOOLEANS = {"true": True, "false": False}
#: A `*` stands at the end only, behind two letters at least.
_PHRASE = re.compile(r"[^*]+|[^*]*[^*\s]{2}\*")
#: Words as texts are cut into them; a `*` at the end of the phrase stays.
_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]*)?\*?")


@cache
def load_word_lists() -> WordLists:
    """Every list, read once. Raises RuleFileError."""
    return word_lists(files("smscli.presets").joinpath("rules", _FILE).read_text("utf-8"))


def word_lists(text: str) -> WordLists:
    """The lists of a file of that shape. Raises RuleFileError."""
    said = _keys(yaml.load(text, _LOADER), {"shorteners", "languages"}, "the file")  # noqa: S506  all texts
    shorteners = _keys(said["shorteners"], {"source", "hosts"}, "shorteners")
    hosts = frozenset(shorteners["hosts"])
    if strange := [host for host in hosts if not _HOST.fullmatch(host)]:
        raise RuleFileError(f"{_FILE}: shorteners: {strange[0]!r} is no host")
    by_language = {str(code): _language(code, kinds) for code, kinds in said["languages"].items()}
    return WordLists(MappingProxyType(by_language), hosts)


def _language(code: str, kinds: Any) -> Mapping[ListKind, tuple[WordList, ...]]:
    if not _LANGUAGE.fullmatch(code) or not isinstance(kinds, dict):
        raise RuleFileError(f"{_FILE}: {code!r} is no language with lists")
    found: dict[ListKind, tuple[WordList, ...]] = {}
    for kind, lists in kinds.items():
        place = f"{code}: {kind}"
        if kind not in set(ListKind) or not isinstance(lists, list):
            raise RuleFileError(f"{_FILE}: {place} is no kind of list, or has none")
        found[ListKind(kind)] = tuple(_list(each, place) for each in lists)
    return MappingProxyType(found)


def _list(said: Any, place: str) -> WordList:
    keys = _keys(said, {"confirmed", "source", "words"}, place)
    if keys["confirmed"] not in _BOOLEANS or not keys["source"]:
        raise RuleFileError(f"{_FILE}: {place}: says neither true nor false of `confirmed`, or no source")
    words = keys["words"]
    pairs = words.items() if isinstance(words, dict) else ((word, "") for word in words)
    phrases = {_phrase(phrase, place): str(instead) for phrase, instead in pairs}
    return WordList(MappingProxyType(phrases), _BOOLEANS[keys["confirmed"]], keys["source"])


def _phrase(text: str, place: str) -> tuple[str, ...]:
    """A phrase as a Draft cuts texts: `opt-out` has two words. A dotted one (`z.b`) stays one."""
    dotted = place.endswith(f": {ListKind.DOTTED}")
    words = (text,) if dotted else tuple(_WORDS.findall(text))
    if not words or not _PHRASE.fullmatch(text):
        raise RuleFileError(f"{_FILE}: {place}: {text!r} is no phrase")
    return tuple(fold(word) for word in words)


def _keys(said: Any, needed: set[str], place: str) -> dict[str, Any]:
    if not isinstance(said, dict) or said.keys() != needed:
        raise RuleFileError(f"{_FILE}: {place} has not the keys {', '.join(sorted(needed))}")
    return said
