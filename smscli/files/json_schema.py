"""The JSON Schemas of the files that people write, for editors and for the docs.

    campaigns_schema()      the campaigns file, with gateway profiles where they may stand in it
    gateway_schema()        a gateway profile in a file of its own

Made from the models: each knows its keys, this knows how they hang together. They speak of YAML's types, see
`yaml_types.py`. A default that is no value (`by purpose`) stands in `x-default`; `markdownDescription` is for
editors.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel

from smscli.files.campaign_models import WORDING, CampaignModel, FileKeys
from smscli.files.profile_models import ProfileModel
from smscli.files.yaml_types import DEFAULT, DEFINED, OTHERWISE, TEXT, Schema, defined

_DRAFT = "https://json-schema.org/draft/2020-12/schema"

_TREE: Schema = {
    "description": "Texts with markers, in mappings and lists as deep as the gateway wants them.",
    "type": ["string", "number", "boolean", "array", "object"],
    "items": defined("Tree"),
    "additionalProperties": defined("Tree"),
}

#: Where the rest of a profile comes from that says only what differs.
_ORIGINS: Schema = {
    "preset": TEXT | {"description": "The preset that says all that is not said here."},
    "file": TEXT | {"description": "The profile's file that says all that is not said here."},
}


def campaigns_schema() -> Schema:
    """The JSON Schema (2020-12) of the campaigns file."""
    definitions = _profiles(_ORIGINS)
    definitions["Gateway"] = {"oneOf": [TEXT, _profile(_ORIGINS)]}
    definitions["Campaign"] = _of(CampaignModel, definitions) | {"required": ["purpose", "text"]}
    definitions["Wording"] = _tidied(WORDING)
    schema = _of(FileKeys, definitions) | {"required": ["version", "campaigns"]}
    return _published("campaigns", "smscli campaigns file", schema, definitions)


def gateway_schema() -> Schema:
    """The JSON Schema (2020-12) of a gateway profile in a file of its own."""
    origins = {"preset": _ORIGINS["preset"]}
    return _published("gateway", "smscli gateway profile", _profile(origins), _profiles(origins))


def _published(name: str, title: str, schema: Schema, definitions: Schema) -> Schema:
    head = {"$schema": _DRAFT, "$id": f"urn:smscli:schema:{name}:1", "title": title}
    return head | schema | {"$defs": dict(sorted(definitions.items()))}


def _of(model: type[BaseModel], definitions: Schema) -> Schema:
    """A model's schema; what it refers to goes to the definitions."""
    schema = model.model_json_schema()
    definitions |= {_short(name): _tidied(part) for name, part in schema.pop("$defs", {}).items()}
    return _tidied(schema)


# --- gateway profiles: whole ones, and those that say what differs ---


def _profile(origins: Schema) -> Schema:
    """A whole profile; or, with an origin, what differs from it."""
    return {
        "type": "object",
        "if": {"anyOf": [{"required": [name]} for name in origins]},
        "then": _reference("ProfileChanges"),
        "else": _reference("Profile"),
    }


def _profiles(origins: Schema) -> Schema:
    """The definitions of a whole profile, and of one that says what differs."""
    whole: Schema = {"Tree": _tidied(_TREE)}
    profile = _of(ProfileModel, whole)
    whole["Profile"] = profile | {"required": [name for name in profile["required"] if name != "name"]}
    mappings = frozenset(name for name, part in whole.items() if "enum" not in part)
    changes = {f"{name}Changes": _changes(whole[name], mappings) for name in mappings}
    changes["ProfileChanges"]["properties"] |= _tidied({"properties": origins})["properties"]
    return whole | changes


def _changes(schema: Schema, mappings: frozenset[str]) -> Schema:
    """The same with nothing needed; a key without a value takes away what the origin says."""
    changed = _each_part(schema, lambda part: _changes(part, mappings))
    changed.pop("required", None)
    if (name := changed.get("$ref", "").rpartition("/")[2]) in mappings:
        changed |= _reference(f"{name}Changes")
    if "properties" in changed:
        changed["properties"] = {name: _or_nothing(part) for name, part in changed["properties"].items()}
    if isinstance(changed.get("additionalProperties"), dict):
        changed["additionalProperties"] = _or_nothing(changed["additionalProperties"])
    return changed


def _or_nothing(schema: Schema) -> Schema:
    said = {key: schema[key] for key in schema if key in _ANNOTATIONS}
    rest = {key: schema[key] for key in schema if key not in said}
    return said | {"anyOf": [rest, {"type": "null"}]}


# --- from pydantic's words to ours ---

_ANNOTATIONS = frozenset({"description", "markdownDescription", "default", OTHERWISE, "examples"})


def _each_part(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """The same with every schema in it changed."""
    changed: Schema = {}
    for key, value in schema.items():
        if key in ("properties", "patternProperties"):
            changed[key] = {name: change(part) for name, part in value.items()}
        elif key in ("anyOf", "oneOf"):
            changed[key] = [change(part) for part in value]
        elif key in ("items", "additionalProperties", "propertyNames") and isinstance(value, dict):
            changed[key] = change(value)
        else:
            changed[key] = value
    return changed


def _tidied(schema: Schema) -> Schema:
    """Without pydantic's titles, defaults and null (a key without a value is refused)."""
    tidied = _each_part(schema, _tidied)
    for noise in ("title", "default"):
        tidied.pop(noise, None)
    if DEFAULT in tidied:
        tidied["default"] = tidied.pop(DEFAULT)
    if DEFINED in tidied:
        tidied |= _reference(tidied.pop(DEFINED))
    elif "$ref" in tidied:
        tidied |= _reference(_short(tidied["$ref"].rpartition("/")[2]))
    return _explained(_without_null(tidied))


def _without_null(schema: Schema) -> Schema:
    if "anyOf" not in schema:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    others: list[Schema] = []
    for part in schema["anyOf"]:
        if part != {"type": "null"}:
            others += part["anyOf"] if set(part) == {"anyOf"} else [part]
    return others[0] | rest if len(others) == 1 else rest | {"anyOf": others}


def _explained(schema: Schema) -> Schema:
    """With what an editor shows: plain descriptions lose their code marks there, and their default."""
    says = schema.get("description", "")
    default = schema.get(OTHERWISE) or (f"`{_as_yaml(schema['default'])}`" if "default" in schema else "")
    if default.startswith("needed"):
        says += f"\n\n{default.capitalize()}."
    elif default:
        says += f"\n\nDefault: {default}."
    return schema | {"markdownDescription": says} if default or "`" in says else schema


def _as_yaml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_as_yaml, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _short(name: str) -> str:
    return name.removesuffix("Model")
