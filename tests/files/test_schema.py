"""The JSON Schemas against the reader: an editor must not complain of what smscli takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from smscli.domain.profile import ErrorClass, ResultShape
from smscli.files.campaign_models import CampaignModel
from smscli.files.contact_columns import Role
from smscli.files.json_schema import campaigns_schema, gateway_schema
from smscli.files.located import Items, Node, Scalar, examine, parse_tree
from smscli.files.profile_models import ProfileModel

ROOT = Path(__file__).parents[2]
SCHEMAS = {"campaigns": campaigns_schema(), "gateway": gateway_schema()}


# --- what editors make of a text ---


if TYPE_CHECKING:
    from yaml import SafeLoader as Loader
else:
    Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, and ten times as fast


class Yaml11(Loader):
    """YAML 1.1's types, but for dates, which editors keep as texts: `NO` is false and 21:00 is 1260."""


class Yaml12(Loader):
    """YAML 1.2's core types: `NO` and `21:00` are texts."""


Yaml11.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":value"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Yaml12.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)", "-+.0123456789"),
]:
    Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))

TYPINGS = {"YAML 1.1": Yaml11, "YAML 1.2": Yaml12}


def seen(text: str, typing: Any) -> Any:
    return _with_text_keys(yaml.load(text, typing))


def _with_text_keys(value: Any) -> Any:
    """Keys of JSON are texts; editors write `2027` and `true` for others."""
    if isinstance(value, list):
        return [_with_text_keys(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key if isinstance(key, str) else json.dumps(key): _with_text_keys(below)
        for key, below in value.items()
    }


def complaints(text: str, schema: str = "campaigns") -> list[str]:
    """What an editor would say, in either typing."""
    checker = Draft202012Validator(SCHEMAS[schema])
    return [
        f"{name}: {error.message[:200]}"
        for name, typing in TYPINGS.items()
        for error in checker.iter_errors(seen(text, typing))
    ]


# --- the schemas as such ---


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_the_schema_is_one_in_the_drafts_that_editors_know(schema: Any) -> None:
    Draft202012Validator.check_schema(schema)
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].startswith("urn:smscli:schema:")
    assert not re.search(r"/(home|work|tmp|usr|root)\b|\.py\b", json.dumps(schema))


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a schema."""
    if isinstance(schema, dict):
        yield schema
    for below in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from parts(below)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_every_reference_leads_somewhere(schema: Any) -> None:
    for part in parts(schema):
        if "$ref" in part:
            assert part["$ref"].removeprefix("#/$defs/") in schema["$defs"]


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_every_key_says_what_it_means_and_what_holds_without_it(schema: Any) -> None:
    for part in parts(schema):
        for name, key in part.get("properties", {}).items():
            if name in ("env", "preset", "file"):  # they are what makes the difference
                continue
            assert key["description"].endswith((".", ")", "`")), name
            is_change = {"type": "null"} in key.get("anyOf", ())
            needed = name in part.get("required", ()) or is_change
            assert needed or "default" in key or "x-default" in key, name


def test_no_key_may_be_null_but_what_takes_a_preset_s_away() -> None:
    for schema in SCHEMAS.values():
        own = {name: part for name, part in schema["$defs"].items() if not name.endswith("Changes")}
        assert [part for part in parts({**schema, "$defs": own}) if part.get("type") == "null"] == []


def test_the_needed_keys_are_required() -> None:
    assert complaints("campaigns: {}\n") != []
    assert all(
        "'text' is a required property" in each
        for each in complaints("version: 1\ncampaigns: {x: {purpose: marketing}}\n")
    )


# --- everything that is shown to people ---


def documents() -> Iterator[Any]:
    """Every YAML file and block that is published, with its schema."""
    presets = sorted((ROOT / "smscli" / "presets" / "gateways").glob("*.yaml"))
    for path in (ROOT / "campaigns.example.yaml", *presets):
        text = path.read_text("utf-8")
        yield pytest.param(text, "campaigns" if "\ncampaigns:" in text else "gateway", id=path.name)
    for page in sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))):
        for found in re.finditer(r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            schema = "campaigns" if "campaigns" in yaml.safe_load(found[1]) else "gateway"
            yield pytest.param(found[1], schema, id=f"{page.name}:{found.start()}")


@pytest.mark.parametrize(("text", "schema"), list(documents()))
def test_what_is_published_is_valid(text: str, schema: str) -> None:
    assert complaints(text, schema) == []
    as_python_reads_it = yaml.safe_load(text)
    for draft in (Draft202012Validator, Draft7Validator):
        assert list(draft(SCHEMAS[schema]).iter_errors(as_python_reads_it)) == []


# --- whatever the reader takes ---

NASTY = """
1 0 007 250 1_000 1e3 1.5 0.032 .5 50. -1 +12025550143 12345 70123 0x1F 0o17 1:30 21:00 00:00-24:00
09:00-20:00 9:00–12:00 2027-03-31 2027-03-31T18:00 20270331 2027-W05-1 2027 yes Yes no NO No off OFF none
false FALSE true on ON y n any ANY Garage Green.inf .inf .nan 30d 2y 18mo 1d12h 2Y tab TAB comma pipe express
EXPRESS express_written soft en pl pt-BR PT_br zh-Hant-TW no-NO US us GR Europe/Warsaw europe/warsaw UTC skip
warn stop ignore Skip marketing transactional 1a a.b -x ~ null x@y sent-log.db a/b.csv 200 429 599 600 number
id not_taken POST json basic e164bare many one list in_doubt minutes body request segment one_id (a) header
"""
TEXTS = NASTY.split()

#: Each stands with every text in place of its `?`.
KEYS = """
brand: ?                                        sender: ?
sender: {default: ?}                            sender: {default: X, US: ?}
sender: {default: X, NO: ?}                     contacts: ?
contacts: {file: ?}                             contacts: {file: x, region: ?}
contacts: {file: x, delimiter: ?}               contacts: {file: x, columns: {phone: ?}}
contacts: {file: x, columns: {opt_out: ?}}      contacts: {file: x, columns: {opt_out: [a, ?]}}
contacts: {file: x, ignore: ?}                  contacts: {file: x, ignore: [a, ?]}
on_bad_rows: ?                                  opt_outs: ?
opt_outs: [a, ?]                                timezone: ?
rates: {currency: ?}                            rates: {currency: EUR, default: ?}
rates: {currency: EUR, NO: ?}                   countries: [PL, ?]
default_language: ?                             fallback: ?
consent: {level: ?}                             consent: {max_age: ?}
quiet_hours: ?                                  quiet_hours: {windows: {mon-fri: ?}}
quiet_hours: {windows: {"Mon — fri, SUN": ?}}   quiet_hours: {windows: {sat: [09:00-10:00, ?]}}
quiet_hours: {holidays: ?}                      quiet_hours: {margin: ?}
frequency: ?                                    frequency: {at_most: ?}
frequency: {per: ?}                             frequency: {min_gap: ?}
limits: {max_segments: ?}                       limits: {max_messages: ?}
limits: {max_cost: ?}                           same_text: ?
same_text_within: ?                             purpose: ?
topic: ?                                        text: ?
text: {en: ?}                                   text: {no: ?}
expires: ?
"""

PROFILE_KEYS = """
name: ?                                         url: ?
method: ?                                       variables: {own: ?}
headers: {X-A: ?}                               auth: {kind: ?}
auth: {kind: basic, user: ?}                    auth: {kind: header, fields: {a: ?}}
auth: {kind: header, scheme: ?}                 encoding: ?
number: ?                                       batch: {mode: ?}
batch: {max: ?}                                 batch: ?
body: ?                                         body: {a: [b, ?]}
unicode: {when_needed: ?}                       validity: {least: ?}
ok: {http: ?}                                   ok: {http: [200, ?]}
ok: {when: {path: ?}}                           ok: {when: [{path: a, equals: ?}]}
ok: {when: {path: a, in: ?}}                    ok: {when: {path: a, in: [b, ?]}}
ok: {when: {regex: ?}}                          ok: {when: {text: ?}}
result: {shape: ?}                              result: {shape: none, items: ?}
result: {shape: none, by: ?}                    result: {shape: header, header: ?}
result: {shape: none, unlisted: ?}              result: {shape: text_regex, pattern: ?}
errors: [{class: ?}]                            errors: [{class: funds, http: ?}]
errors: [{class: funds, http: [429, ?]}]        error_code: ?
error_text: ?                                   retry_after: {unit: ?}
retry_after: {path: ?}                          idempotency: {window: 1d, where: ?}
idempotency: {where: body, window: ?}           idempotency: {where: body, window: 1d, scope: ?}
rate: {per_second: ?}                           rate: {per_second: 5, counts: ?}
connections: ?                                  timeouts: {connect: ?}
allow_plain_http: ?                             proxy: ?
clock_check: ?
"""

PROFILE = "url: https://sms.example.com\nbody: {to: '{to}', text: '{text}'}\nresult: {shape: none}\n"


def each(keys: str) -> list[str]:
    return [key for line in keys.strip().splitlines() for key in re.split(r"  +", line.strip())]


def replaced(node: Node, text: str) -> Node:
    """The tree with that text, as it would be read without quotes, in place of its `?`."""
    if isinstance(node, Scalar):
        null = text in ("~", "null")
        return replace(node, text=text, is_null=null) if node.text == "?" else node
    if isinstance(node, Items):
        return replace(node, items=tuple(replaced(item, text) for item in node.items))
    return replace(node, entries={key: replaced(below, text) for key, below in node.entries.items()})


def taken(key: str, base: str, model: Any) -> list[str]:
    """The mappings that the reader takes, of those with one of the texts each, with and without quotes."""
    own = key.partition(":")[0] + ":"
    rest = "".join(f"{line}\n" for line in base.splitlines() if not line.startswith(own))
    root = parse_tree(rest + key.replace("?", "'?'"), "x.yaml").root
    found = [text for text in TEXTS if not examine(replaced(root, text), model).problems]
    assert found, "nothing was tried"
    return [f"{rest}{key.replace('?', written)}\n" for text in found for written in (text, f'"{text}"')]


def several(top: str, of: list[str]) -> str:
    return f"{top}:\n" + "".join(f"  x{at}:\n{indent(one, '    ')}" for at, one in enumerate(of))


@pytest.mark.parametrize("key", each(KEYS))
def test_an_editor_takes_in_a_campaign_what_the_reader_takes(key: str) -> None:
    campaigns = taken(key, "purpose: marketing\ntext: hi\n", CampaignModel)
    assert complaints(f"version: 1\n{several('campaigns', campaigns)}") == []


@pytest.mark.parametrize("key", each(PROFILE_KEYS))
def test_an_editor_takes_in_a_profile_what_the_reader_takes(key: str) -> None:
    profiles = taken(key, f"name: x\n{PROFILE}", ProfileModel)
    campaign = "campaigns: {x: {purpose: marketing, text: hi}}\n"
    assert complaints(f"version: 1\n{campaign}{several('gateways', profiles)}") == []


HEAD = "version: 1\ncampaigns:\n  x: {purpose: marketing, text: hi, "


@pytest.mark.parametrize(
    "keys",
    [
        "sender: 12345",
        "sender: {default: Garage, US: 70123}",
        "rates: {currency: NOK, NO: 0.4, default: 1}",
        "quiet_hours: {windows: {mon-fri: 09:00-20:00, sat: ['10:00-12:00'], sun: off}, margin: 10m}",
        "quiet_hours: false",
        "frequency: {at_most: off, per: 30d, min_gap: 1d 12h}",
        "limits: {max_cost: 0.5, max_segments: 2, max_messages: off}",
        "contacts: {file: '-', delimiter: '\t', columns: {phone: tel, opt_out: ignore}}",
        "gateway: {preset: twilio, rate: {per_second: 10}, body: {From: , MessagingServiceSid: MG1}}",
        "gateway: {file: own.yaml, connections: 2}",
        "gateway: {url: {env: URL}, body: {to: '{to}', text: '{text}'}, result: {shape: none}}",
        "gateway: twilio",
        "opt_outs: [a.txt]",
        "countries: [NO, PL]",
        "text: {no: hei, en: hi}",
    ],
)
def test_what_may_be_written_is_valid(keys: str) -> None:
    assert complaints(HEAD + keys + "}\n") == []


@pytest.mark.parametrize(
    "keys",
    [
        "sendr: x",
        "purpos: x",
        "sender: [x]",
        "sender: A name of more than eleven",
        "limits: {max_cost: -1}",
        "limits: {max_segments: 1.5}",
        "limits: ",
        "quiet_hours: never",
        "quiet_hours: {windows: {mom-fri: 09:00-20:00}}",
        "quiet_hours: {windows: {mon-fri: 9-20}}",
        "rates: {PL: 1}",
        "rates: {currency: EUR, PL: cheap}",
        "rates: {currency: EUR, Poland: 1}",
        "consent: {level: some}",
        "consent: {max_age: 2 years}",
        "contacts: {columns: {fone: x}, file: x}",
        "contacts: {columns: {phone: [x]}, file: x}",
        "contacts: {columns: {opt_out: []}, file: x}",
        "contacts: {ignore: {x: y}, file: x}",
        "contacts: [[a.csv]]",
        "contacts: {file: a.csv, number_types: [mobil]}",
        "exclude: {file: a.csv, max_age: long}",
        "countries: []",
        "countries: [Poland]",
        "brand: ",
        "brand: {name: x}",
        "fallback: maybe",
        "text: []",
        "text: ''",
        "topic: Service Reminders",
        "expires: tomorrow",
        "timezone: [UTC]",
        "gateway: {name: mine}",
        "gateway: {preset: twilio, conections: 3}",
        "gateway: {preset: twilio, timeouts: {total: soon}}",
        "gateway: [twilio]",
    ],
)
def test_what_may_not_be_written_is_not_valid(keys: str) -> None:
    assert len({each.partition(":")[0] for each in complaints(HEAD + keys + "}\n")}) == len(TYPINGS)


@pytest.mark.parametrize(
    "keys",
    [
        "urll: x",
        "method: PUT",
        "auth: {kind: oauth}",
        "auth: {}",
        "batch: {mode: many}",
        "ok: {http: [OK]}",
        "errors: {class: funds}",
        "errors: [{class: broke}]",
        "connections: 0",
        "connections: 500",
        "rate: {counts: message}",
        "idempotency: {where: cookie, window: 1d}",
        "body: ",
        "name: {env: NAME}",
        "auth: {kind: bearer, token: {env: 'not a name'}}",
    ],
)
def test_what_may_not_be_written_in_a_profile_is_not_valid(keys: str) -> None:
    assert complaints("name: x\n" + PROFILE, "gateway") == []
    base = "".join(
        f"{line}\n" for line in PROFILE.splitlines() if not keys.startswith(line.partition(":")[0] + ":")
    )
    assert len({each.partition(":")[0] for each in complaints(f"{base}{keys}\n", "gateway")}) == len(TYPINGS)


def test_a_profile_of_its_own_needs_its_parts_and_one_that_changes_a_preset_does_not() -> None:
    assert complaints("name: x\n", "gateway") != []
    assert (
        complaints("preset: kannel\nurl: https://sms.example.com\nauth: {kind: none}\nbody: \n", "gateway")
        == []
    )


def test_the_schema_knows_the_words_to_choose_from() -> None:
    definitions = SCHEMAS["campaigns"]["$defs"]
    assert definitions["Role"]["enum"] == [str(role) for role in Role]
    assert definitions["ResultShape"]["enum"] == [str(shape) for shape in ResultShape]
    assert definitions["ErrorClass"]["enum"] == [str(kind) for kind in ErrorClass]
