from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from smscli.files.campaign_file import json_schema
from smscli.files.campaign_models import CampaignModel, FileKeys, SharedKeys

EXAMPLE = Path(__file__).parents[2] / "campaigns.example.yaml"


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core types, as editors read them: `NO` and `21:00` are texts."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
]:
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


def core(text: str) -> Any:
    return yaml.load(text, CoreLoader)  # a SafeLoader with fewer types


def errors(text: str) -> list[str]:
    return [error.message for error in Draft202012Validator(json_schema()).iter_errors(core(text))]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_the_example_is_valid() -> None:
    assert errors(EXAMPLE.read_text(encoding="utf-8")) == []


HEAD = "version: 1\ncampaigns:\n  x: {purpose: marketing, text: hi, "


@pytest.mark.parametrize(
    "keys",
    [
        "sender: 12345",
        "sender: {default: Garage, US: 70123}",
        "rates: {currency: NOK, NO: 0.4, default: 1}",
        "quiet_hours: {windows: {mon-fri: 09:00-20:00, sat: ['10:00-12:00'], sun: off}, margin: 10m}",
        "quiet_hours: off",
        "quiet_hours: false",
        "frequency: {at_most: off, per: 30d, min_gap: 1d 12h}",
        "limits: {max_cost: 0.5, max_segments: 2, max_messages: off}",
        "consent: {level: express_written, max_age: any}",
        "contacts: people.csv",
        "contacts: {file: '-', delimiter: tab, columns: {phone: tel, opt_out: ignore}}",
        "gateway: {name: mine}",
        "opt_outs: [a.txt]",
        "opt_outs: a.txt",
        "expires: 2027-01-01",
        "countries: [NO, PL]",
        "fallback: true, same_text: warn, same_text_within: 3d",
    ],
)
def test_what_may_be_written_is_valid(keys: str) -> None:
    assert errors(HEAD + keys + "}\n") == []


@pytest.mark.parametrize(
    "keys",
    [
        "sendr: x",
        "purpos: x",
        "limits: {max_cost: -1}",
        "limits:",
        "quiet_hours: never",
        "rates: {PL: 1}",
        "rates: {currency: EUR, PL: cheap}",
        "consent: {level: some}",
        "contacts: {columns: {fone: x}, file: x}",
        "countries: []",
        "brand: ",
    ],
)
def test_what_may_not_be_written_is_not_valid(keys: str) -> None:
    assert errors(HEAD + keys + "}\n") != []


def test_the_needed_keys_are_required() -> None:
    assert errors("campaigns: {}\n") != []
    assert errors("version: 1\ncampaigns: {x: {purpose: marketing}}\n") == ["'text' is a required property"]


@pytest.mark.parametrize("model", [SharedKeys, CampaignModel, FileKeys])
def test_every_key_is_described(model: type[SharedKeys]) -> None:
    assert [name for name, field in model.model_fields.items() if not field.description] == []


def test_no_key_may_be_null() -> None:
    assert "'null'" not in str(json_schema())
