"""Which way things flow: the imports of every module are read and held against the plan of the house.

`cli -> engine, files, gateway, sentlog -> domain`; the four in the middle do not see one another.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import smscli

PACKAGE = Path(smscli.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

#: Which of our packages a package may import, itself included. The top (`__main__`) knows the face only.
ROOMS: dict[str, frozenset[str]] = {
    "domain": frozenset({"domain"}),
    "engine": frozenset({"engine", "domain"}),
    "files": frozenset({"files", "domain"}),
    "gateway": frozenset({"gateway", "domain"}),
    "sentlog": frozenset({"sentlog", "domain"}),
    "presets": frozenset({"presets"}),
    "cli": frozenset({"cli", "engine", "files", "gateway", "sentlog", "domain", "presets"}),
    "": frozenset({"cli"}),
}

#: Where each library that is not Python's own may be imported. One not listed has not earned its place.
LIBRARIES: dict[str, frozenset[str]] = {
    "typer": frozenset({"cli"}),
    "rich": frozenset({"cli"}),
    "yaml": frozenset({"files"}),
    "pydantic": frozenset({"files"}),
    "pydantic_core": frozenset({"files"}),
    "openpyxl": frozenset({"files"}),
    "defusedxml": frozenset({"files"}),
    "charset_normalizer": frozenset({"files"}),
    "httpx": frozenset({"gateway"}),
    "aiohttp": frozenset({"gateway"}),
    "yarl": frozenset({"gateway"}),
    "phonenumbers": frozenset({"domain"}),
    "jinja2": frozenset({"domain"}),
    "holidays": frozenset({"domain"}),
    "anyascii": frozenset({"domain"}),
    "confusable_homoglyphs": frozenset({"domain"}),
    "emoji": frozenset({"domain"}),
    "linkify_it": frozenset({"domain"}),
}

#: Modules of Python itself that have a room (or a module) of their own.
KEPT: dict[str, tuple[str, ...]] = {
    "sqlite3": ("sentlog/",),
    "csv": ("files/",),
    "asyncio": ("engine/dispatch.py", "gateway/", "cli/wiring.py", "cli/sending.py", "cli/syncing.py"),
    "http": ("gateway/",),
    "socket": ("gateway/", "cli/wiring.py"),
    "ssl": ("gateway/",),
    "random": ("cli/",),
    "secrets": ("cli/",),
    "uuid": ("cli/wiring.py",),
    "urllib.request": (),
    "requests": (),
    "subprocess": (),
    "pickle": (),
}

#: What a pure room has no business with: clocks, files, the environment, sockets, chance, processes.
IMPURE = frozenset(
    {"asyncio", "fcntl", "glob", "io", "locale", "logging", "multiprocessing", "os", "pathlib", "random"}
    | {"secrets", "select", "selectors", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys"}
    | {"tempfile", "threading", "time", "uuid"}
)

VAGUE = ("util", "helper", "common", "manager", "misc")


def room_of(module: Path) -> str:
    parts = module.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def imports_of(source: str) -> Iterator[str]:
    """Every absolute dotted name that the source imports, wherever in it; relative ones as they stand."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def violations(room: str, place: str, source: str) -> list[str]:
    """What is wrong with the imports of a module at `place` (`cli/app.py`), in words."""
    found = []
    for name in imports_of(source):
        top, _, rest = name.partition(".")
        if name.startswith("."):
            found.append(f"{name}: imports are absolute here")
        elif top == "smscli":
            other = rest.partition(".")[0]
            if other and other in ROOMS and other not in ROOMS[room]:
                found.append(f"{name}: {room or 'the top'} may not know {other}")
        elif top not in sys.stdlib_module_names:
            if room not in LIBRARIES.get(top, frozenset()):
                found.append(f"{name}: not in this room")
        elif room == "domain" and top in IMPURE:
            found.append(f"{name}: the domain is pure")
        for kept, places in KEPT.items():
            if (name == kept or name.startswith(f"{kept}.")) and not place.startswith(
                tuple(places) or ("\0",)
            ):
                found.append(f"{name}: only in {places or 'no room at all'}")
    return sorted(set(found))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may_know(module: Path) -> None:
    place = module.relative_to(PACKAGE).as_posix()
    assert violations(room_of(module), place, module.read_text("utf-8")) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_has_a_name_that_says_something_and_opens_with_what_it_knows(module: Path) -> None:
    assert not any(word in part.lower() for part in module.relative_to(PACKAGE).parts for word in VAGUE)
    docstring = ast.get_docstring(ast.parse(module.read_text("utf-8")))
    assert docstring, "a module opens with what it knows"


def test_every_folder_of_the_package_has_its_rules() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(ROOMS) - {""}


CLOCKLESS = [module for module in MODULES if room_of(module) in {"domain", "engine"}]


@pytest.mark.parametrize("module", CLOCKLESS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_domain_and_engine_are_given_the_time(module: Path) -> None:
    calls = [
        node.func for node in ast.walk(ast.parse(module.read_text("utf-8"))) if isinstance(node, ast.Call)
    ]
    clocks = {"now", "utcnow", "today"}
    read = [
        ast.unparse(call)
        for call in calls
        if isinstance(call, ast.Attribute)
        and call.attr in clocks
        and isinstance(call.value, ast.Name)
        and call.value.id in {"datetime", "date"}
    ]
    assert read == []


@pytest.mark.parametrize(
    ("room", "place", "source"),
    [
        ("engine", "engine/x.py", "from smscli.sentlog.sqlite import open_sent_log"),
        ("engine", "engine/x.py", "from smscli import sentlog"),
        ("files", "files/x.py", "def f():\n    import smscli.gateway.http"),
        ("domain", "domain/x.py", "from smscli.engine import planning"),
        ("domain", "domain/x.py", "import os"),
        ("domain", "domain/x.py", "from pathlib import Path"),
        ("domain", "domain/x.py", "if True:\n    import time"),
        ("engine", "engine/pacing.py", "import asyncio"),
        ("cli", "cli/app.py", "import asyncio"),
        ("engine", "engine/x.py", "import rich.console"),
        ("cli", "cli/x.py", "import sqlite3"),
        ("cli", "cli/x.py", "from csv import writer"),
        ("cli", "cli/x.py", "import yaml"),
        ("cli", "cli/x.py", "import click"),
        ("gateway", "gateway/x.py", "import pydantic"),
        ("gateway", "gateway/x.py", "from . import http"),
        ("gateway", "gateway/x.py", "from urllib.request import urlopen"),
        ("", "__main__.py", "from smscli.domain import errors"),
    ],
)
def test_an_import_across_the_house_is_found(room: str, place: str, source: str) -> None:
    assert violations(room, place, source)


@pytest.mark.parametrize(
    ("room", "place", "source"),
    [
        ("engine", "engine/dispatch.py", "import asyncio\nfrom smscli.domain.ports import Clock"),
        (
            "cli",
            "cli/app.py",
            "import typer\nfrom smscli import __version__\nfrom smscli.sentlog import sqlite",
        ),
        ("gateway", "gateway/http.py", "from urllib.parse import quote\nimport aiohttp, asyncio"),
        ("", "__main__.py", "import sys\nfrom smscli.cli.app import run"),
    ],
)
def test_an_import_that_the_plan_allows_is_left_alone(room: str, place: str, source: str) -> None:
    assert violations(room, place, source) == []
