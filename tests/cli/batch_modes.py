"""Every batch mode as a profile over `generic-json`, with the dialect that reads it, for the fault runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.dialects import Dialect, Generic, Merged, ToMany
from tests.support.sending import OWN_TEXT


@dataclass(frozen=True)
class Mode:
    """A profile's lines, who reads its requests, and a text of which a request holds several."""

    profile: str
    dialect: Callable[[], Dialect] = Generic
    text: str = OWN_TEXT


_TO_MANY = """\
batch: {mode: fanout, max: 5}
connections: 4
body:
  messages:
  from: "{sender}"
  text: "{text}"
  to: {$each: messages, item: "{to}"}
  ids: {$each: messages, item: "{id}"}
"""
_MERGED = """\
batch: {mode: merge, max: 5}
connections: 4
body:
  messages:
  from: "{sender}"
  text: "${{t}}"
  to: {$each: messages, item: "{to}"}
  values: {"{to}": "{text}"}
  ids: {"{to}": "{id}"}
"""
MODES = {
    "one": Mode("batch: one\nconnections: 8"),
    "fanout": Mode(_TO_MANY, ToMany, "Green Garage: your bike is ready."),
    "list": Mode("batch: {max: 5}\nconnections: 4"),
    "merge": Mode(_MERGED, Merged),
}
