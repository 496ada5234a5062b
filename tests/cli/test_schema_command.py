"""`smscli schema`: what is printed is the schema, and nothing else."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from smscli.files.json_schema import campaigns_schema, gateway_schema
from tests.cli.program import Program


@pytest.mark.parametrize(
    ("words", "schema"),
    [((), campaigns_schema()), (("campaigns",), campaigns_schema()), (("gateway",), gateway_schema())],
)
def test_the_schema_is_printed_alone_in_plain_ascii(
    words: tuple[str, ...], schema: dict[str, object]
) -> None:
    told = Program()("schema", *words)
    assert (told.code, told.err) == (0, "")
    assert json.loads(told.out) == schema
    assert told.out.isascii()
    Draft202012Validator.check_schema(json.loads(told.out))


def test_the_document_holds_it() -> None:
    document = Program()("schema", "gateway", "--json").document
    assert list(document) == ["schema", "command", "status", "which", "json_schema"]
    assert (document["which"], document["json_schema"]) == ("gateway", gateway_schema())


def test_another_file_has_no_schema() -> None:
    told = Program()("schema", "contacts")
    assert told.code == 2
    assert "campaigns" in told.err
    assert "gateway" in told.err
