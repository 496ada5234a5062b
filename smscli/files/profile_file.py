"""Gateway profiles: bundled presets, a campaigns file's own mapping, or a file beside it.

    load_profile(node, base)            what stands at `gateway:` -> GatewayProfile
    load_preset("twilio")               a bundled one
    preset_title("twilio")              what it is, and where it is documented, as its file says at its top
    resolve_secrets(profile, environ)   the values it names, or FilesError with every one that is unset

A preset's keys can be overridden: mappings are merged, a key without a value is taken away, lists and
everything with a `kind` or a `shape` are replaced. Knows what a profile may say; does not know how it is
spoken. No secret is ever read from a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from smscli.domain.errors import FilesError, Place
from smscli.domain.message import Realm
from smscli.domain.profile import GatewayProfile, SecretName, full_url, url_problem
from smscli.files.located import (
    Items,
    Node,
    Scalar,
    Table,
    examine,
    files_error,
    parse_tree,
    problem_at,
    read_tree,
)
from smscli.files.profile_check import NAME, misfits
from smscli.files.profile_models import ProfileModel
from smscli.files.profile_values import url_hint
from smscli.files.reading import did_you_mean, has_control, listed, quoted

SANDBOX = "sandbox"

#: What of the sandbox may be changed: how fast it is spoken to, never where it is.
_SANDBOX_KEYS = frozenset({"preset", "rate", "connections", "timeouts"})


@cache
def preset_names() -> tuple[str, ...]:
    """The bundled presets, by name."""
    folder = files("smscli.presets").joinpath("gateways")
    return tuple(
        sorted(each.name.removesuffix(".yaml") for each in folder.iterdir() if each.name.endswith(".yaml"))
    )


def load_preset(name: str) -> GatewayProfile:
    """A bundled preset as it is. Raises FilesError for a name that is none, or a preset that needs more."""
    return _build(_preset_tree(name), Realm.SANDBOX if name == SANDBOX else Realm.LIVE)


def preset_title(name: str) -> tuple[str, str]:
    """What a bundled preset is, in one sentence, and the address of its documentation (empty: none).

    The first line of its file says the one, the second the other.
    """
    text = files("smscli.presets").joinpath("gateways", f"{name}.yaml").read_text("utf-8")
    what, address = (line.removeprefix("#").strip() for line in text.splitlines()[:2])
    return what.removesuffix("."), address if re.fullmatch(r"https://\S+", address) else ""


def load_profile(choice: Node | str, base: Path) -> GatewayProfile:
    """The profile that stands at `gateway:`, or whose name was given on the command line.

    A preset's name, a file's name (`.yaml`, beside `base`), a mapping with `preset` or `file` and what
    differs, or a whole profile. One without a `name` is called what it is called under `gateways:`, or as
    its file. Raises FilesError with every problem at its place.
    """
    if isinstance(choice, str):
        place = Place("--gateway")
        choice = Scalar(choice, place, place)
    if isinstance(choice, Items):
        hint = "the name of a preset, of a file, or a profile (name: …, url: …)"
        raise files_error([problem_at(choice, (), "wrong_type", "needs a gateway, found a list", hint)])
    if isinstance(choice, Scalar):
        if _is_file(choice):
            return _of_table(_called(_file_tree(choice, base), _stem(choice)))
        realm = Realm.SANDBOX if _names_sandbox(choice) else Realm.LIVE
        return _build(_chosen_preset(choice), realm)
    own = choice.place.path.removeprefix("gateways.") if choice.place.path.startswith("gateways.") else ""
    named = choice.entries.get("file")
    if named is None:
        return _of_table(_called(choice, own))
    whole = _merged(_file_tree(named, base), _without(choice, "file"))
    return _of_table(_called(whole, own or _stem(named)))


def _is_file(choice: Scalar) -> bool:
    return choice.text.strip().endswith((".yaml", ".yml"))


def _stem(choice: Node) -> str:
    return Path(choice.text.strip()).stem if isinstance(choice, Scalar) else ""


def _names_sandbox(choice: Node | None) -> bool:
    return isinstance(choice, Scalar) and choice.text.strip() == SANDBOX


def _called(table: Node, name: str) -> Node:
    """The same with a name, where it has none and can be called so; the sandbox keeps its own."""
    if not isinstance(table, Table) or "name" in table.entries or not NAME.fullmatch(name):
        return table
    if _names_sandbox(table.entries.get("preset")):
        return table
    entries = {**table.entries, "name": Scalar(name, table.place, table.key_place)}
    return Table(entries, table.place, table.key_place)


def required_secrets(profile: GatewayProfile) -> tuple[str, ...]:
    """The environment variables that a profile names."""
    return profile.secrets


def resolve_secrets(profile: GatewayProfile, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The values that a profile names, by environment variable.

    Raises FilesError that names every one that is unset, blank or of several lines, and what to type; or a
    URL that they make and that is not used. No value is ever shown.
    """
    unusable = {name: said for name in profile.secrets if (said := _unusable(environ.get(name, "")))}
    if unusable:
        said = ", ".join(f"{name} {why}" for name, why in unusable.items())
        unset = [name for name, why in unusable.items() if why != _CONTROL]
        hint = "type: export " + " ".join(
            [f"{name}=…" for name in unset]
            + [
                f'{name}="$(printf %s "${name}" | tr -d \'[:cntrl:]\')"'
                for name in unusable
                if name not in unset
            ]
        )
        raise FilesError(f"gateway {profile.name} needs environment variables: {said}", hint=hint)
    secrets = {name: environ[name] for name in profile.secrets}
    url = full_url(profile.wire.call, secrets)
    if found := url_problem(url, allow_plain_http=profile.wire.allow_plain_http):
        written = profile.wire.call.url
        if isinstance(written, SecretName):
            hint = f"type: export {written.env}=https://…{_PLAIN if 'plain' in found else ''}"
            raise FilesError(f"gateway {profile.name}: the URL in {written.env} {found}", hint=hint)
        raise FilesError(f"gateway {profile.name}: its URL {found}", hint=url_hint(found))
    return secrets


_PLAIN = "; http://127.0.0.1 is fine, and other http:// with allow_plain_http: true in the profile"
_CONTROL = "holds a line break or another control character"


def _unusable(value: str) -> str:
    if not value.strip():
        return "is blank" if value else "is not set"
    return _CONTROL if has_control(value) else ""


def _of_table(table: Node) -> GatewayProfile:
    """A whole profile, or a preset with what differs."""
    if not isinstance(table, Table) or "preset" not in table.entries:
        return _build(table, Realm.LIVE)
    chosen = table.entries["preset"]
    preset = _chosen_preset(chosen)
    if not _names_sandbox(chosen):
        return _build(_merged(preset, _without(table, "preset")), Realm.LIVE)
    foreign = [key for key in table.entries if key not in _SANDBOX_KEYS]
    if foreign:
        hint = f"of the sandbox you can change: {listed(sorted(_SANDBOX_KEYS - {'preset'}))}"
        raise files_error(
            [
                problem_at(table, (key,), "unknown_key", "is fixed for the sandbox", hint, of_key=True)
                for key in foreign
            ]
        )
    return _build(_merged(preset, _without(table, "preset")), Realm.SANDBOX)


def _build(root: Node, realm: Realm) -> GatewayProfile:
    examined = examine(root, ProfileModel)
    problems = list(examined.problems)
    if examined.good is not None:
        problems += misfits(root, examined.good)
    if problems or examined.good is None:
        raise files_error(problems)
    return examined.good.build(realm)


def _preset_tree(name: str) -> Node:
    if name not in preset_names():
        meant = did_you_mean(name, preset_names())
        hint = f'did you mean "{meant}"?' if meant else "which there are: smscli gateway list"
        raise FilesError(f"{quoted(name)} is not a gateway preset", hint=hint)
    text = files("smscli.presets").joinpath("gateways", f"{name}.yaml").read_text("utf-8")
    tree = parse_tree(text, f"preset {name}")
    if tree.problems:
        raise files_error(tree.problems)
    return tree.root


def _chosen_preset(choice: Node) -> Node:
    """A preset named in a file; a wrong name is a problem of that place."""
    name = choice.text.strip() if isinstance(choice, Scalar) else ""
    if name in preset_names():
        return _preset_tree(name)
    meant = did_you_mean(name, preset_names())
    hint = (
        f'did you mean "{meant}"?'
        if meant
        else "name a preset (smscli gateway list), or a file that ends in .yaml"
    )
    raise files_error(
        [problem_at(choice, (), "unknown_gateway", f"{quoted(name)} is not a gateway preset", hint)]
    )


def _file_tree(choice: Node, base: Path) -> Node:
    if not isinstance(choice, Scalar):
        raise files_error([problem_at(choice, (), "wrong_type", "needs the name of a file")])
    tree = read_tree(base / Path(choice.text.strip()).expanduser())
    if tree.problems:
        raise files_error(tree.problems)
    if isinstance(tree.root, Table) and "file" in tree.root.entries:
        raise files_error(
            [problem_at(tree.root, ("file",), "unknown_key", "a profile's file cannot name another")]
        )
    return tree.root


def _without(table: Table, key: str) -> Table:
    entries = {name: node for name, node in table.entries.items() if name != key}
    return Table(entries, table.place, table.key_place)


def _merged(under: Node, over: Node) -> Node:
    """What is written in `over` wins; each value keeps the place where it is written."""
    if (
        not isinstance(under, Table)
        or not isinstance(over, Table)
        or {"kind", "shape", "env", "mode"} & set(over.entries)
    ):
        return over
    entries = dict(under.entries)
    for key, node in over.entries.items():
        if isinstance(node, Scalar) and node.is_null:
            entries.pop(key, None)
        else:
            entries[key] = _merged(entries[key], node) if key in entries else node
    return Table(entries, over.place, over.key_place)
