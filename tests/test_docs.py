"""The docs against the program: what it can do is documented, and what the docs show works.

Everything is enumerated from the program (commands, options, exit codes, reasons, keys, problem codes): no
second list is kept here, and what is documented but gone fails as well.
"""

from __future__ import annotations

import ast
import hmac
import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.metadata import packages_distributions
from pathlib import Path
from shutil import copy
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
import yaml

from smscli.cli.app import COMMANDS, command_name
from smscli.cli.tasks import SENTENCES, Trouble
from smscli.domain.campaign import Purpose
from smscli.domain.contact import ConsentLevel
from smscli.domain.decision import SETTLED_SKIPS, HoldReason, SkipReason
from smscli.domain.errors import ExitCode
from smscli.domain.explaining import LATER_ROWS
from smscli.domain.profile import MARKERS
from smscli.domain.repairs import _DONE as REPAIRS
from smscli.domain.rules import RULES
from smscli.domain.wording import WordingRule
from smscli.engine.caution import ErrorBudget
from smscli.engine.retrying import GIVE_UP_COLD, GIVE_UP_WARM, LONGEST_PAUSE, MOST_ATTEMPTS
from smscli.files.campaign_file import PURPOSE_DEFAULTS
from smscli.files.campaign_file import load as load_campaigns
from smscli.files.contact_columns import Role, looks_like_opt_out, names_of
from smscli.files.contacts_file import BadRow, ContactsSource, open_contacts
from smscli.files.json_schema import gateway_schema
from smscli.files.profile_file import load_preset, load_profile, preset_names
from smscli.files.rule_files import load_country_rules
from smscli.gateway.signing import Unsigned
from tests.cli.program import in_process
from tools.commands_page import all_commands, commands_page
from tools.docs import WITH_TABLES, generated
from tools.keys_pages import OTHERS, TABLES, tables_in

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")))
}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


# --- reading Markdown, as far as these pages use it ---


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", text)


def section(page: str, heading: str) -> str:
    """What stands below a heading, its own subsections included."""
    lines = PAGES[page].splitlines(keepends=True)
    start = next((at for at, line in enumerate(lines) if line.strip() == heading), None)
    assert start is not None, f"{page} has no section {heading!r}"
    level, kept, in_fence = len(heading.split()[0]), [], False
    for line in lines[start + 1 :]:
        in_fence ^= line.startswith("```")
        marks = re.match(r"#+ ", line)
        if marks and not in_fence and len(marks[0]) - 1 <= level:
            break
        kept.append(line)
    return "".join(kept)


def spans(text: str) -> list[str]:
    """What is set as `code`, in order."""
    return re.findall(r"`([^`\n]+)`", prose(text).replace(r"\|", "|"))


def words(text: str) -> frozenset[str]:
    """Every word set as code: `--limit N` has two."""
    return frozenset(word for span in spans(text) for word in (span, *span.split()))


def rows(text: str) -> list[list[str]]:
    """The cells of all tables in a text, without header and ruler."""
    table = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        for line in prose(text).splitlines()
        if line.startswith("|")
    ]
    rulers = [at for at, cells in enumerate(table) if all(re.fullmatch(r":?-+:?", cell) for cell in cells)]
    outside = {at for ruler in rulers for at in (ruler - 1, ruler)}
    return [cells for at, cells in enumerate(table) if at not in outside]


def firsts(text: str) -> list[str]:
    """The code in the first cells of all tables, in order."""
    return [span for cells in rows(text) for span in spans(cells[0])]


def fences(kind: str) -> list[Any]:
    """The fenced blocks of one kind on all pages, each under the name of its page."""
    return [
        pytest.param(body, id=f"{page}:{text[: found.start()].count(chr(10)) + 1}")
        for page, text in PAGES.items()
        for found in FENCE.finditer(text)
        if found[1] == kind and (body := found[2])
    ]


# --- what is made from the program ---


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_what_is_made_from_the_program_is_up_to_date(path: Path) -> None:
    assert path.read_text("utf-8") == generated()[path], "`make docs` makes it again"


# --- commands and options ---


ALL_COMMANDS = all_commands()


def options_of(command: Any) -> Iterator[Any]:
    """The options of a command without --help, which every one has."""
    return (param for param in command.params if param.param_type_name == "option")


@pytest.mark.parametrize("name", ALL_COMMANDS)
def test_each_command_says_in_whole_sentences_what_it_takes(name: str) -> None:
    """The page of commands is made of these."""
    command = ALL_COMMANDS[name]
    assert re.search(r"[.?]$", command.help.strip()), f"{name}: its help is a sentence"
    for param in command.params:
        assert re.fullmatch(r".+\.\)?", param.help or ""), f"{name} {param.opts}: {param.help!r}"
    assert not command.params or name == "smscli" or command.epilog, f"{name} has no exit codes"


def test_notes_on_a_command_that_is_gone_are_found() -> None:
    with pytest.raises(ValueError, match="smscli teleport"):
        commands_page("# Commands\n\n## smscli teleport\n\nIt was fun.\n")


def objection(line: str) -> str:
    """What the program's own parser has against a command line of a sentence; empty where it takes it.

    A word in capitals stands for a value, `[…]` for what may be left out, `…` for more of the same.
    """
    in_front = {name for option in options_of(ALL_COMMANDS["smscli"]) for name in option.opts}
    typed = [word.strip("[]…") for word in shlex.split(line.partition(" > ")[0])[1:]]
    words = [word for word in typed if word not in {"", "OPTIONS"} | in_front]
    name = command_name(words)
    if name is None:
        return "" if set(words) <= {"COMMAND", "--help"} else "no such command"
    command, rest = ALL_COMMANDS[f"smscli {name}"], words[len(name.split()) :]
    if COMMANDS.get(name) and COMMANDS[name].verbs:
        return "" if rest in ([], ["COMMAND"]) else "no such verb"
    context = command.context_class(command, info_name=name)
    try:
        given, left, _ = command.make_parser(context).parse_args(args=rest)
        for param in command.params:
            value = given.get(param.name)
            several = value if isinstance(value, (list, tuple)) else [value]
            if not any(each is None or str(each).isupper() for each in several):
                param.process_value(context, value)
    except typer.TyperException as wrong:
        return str(wrong)
    return f"more than it takes: {left}" if left else ""


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_a_sentence_or_a_table_is_one_that_the_program_takes(page: str) -> None:
    found = {span: objection(span) for span in spans(PAGES[page]) if span.split()[0] == "smscli"}
    assert {span: said for span, said in found.items() if said} == {}


@pytest.mark.parametrize("page", PAGES)
def test_every_option_in_a_sentence_or_a_table_is_one_of_some_command(page: str) -> None:
    for span in spans(PAGES[page]):
        if span.startswith("--"):  # with its value or without
            lines = [f"{name} {span}{value}" for name in ALL_COMMANDS for value in ("", " VALUE")]
            assert not all(objection(line) for line in lines), f"{page}: {span}"


@pytest.mark.parametrize(
    "line",
    [
        "smscli teleport",
        "smscli optout forget NUMBER",
        "smscli send FILE CAMPAIGN --nix",
        "smscli send FILE CAMPAIGN MORE",
        "smscli send FILE CAMPAIGN --again rejectd",
        "smscli send FILE CAMPAIGN --limit many",
        "smscli --nix COMMAND",
    ],
)
def test_a_command_that_the_program_would_not_take_is_found(line: str) -> None:
    assert objection(line)


CAMPAIGN = ("campaigns.example.yaml", "bike-ready")


@pytest.mark.parametrize(
    ("name", "arguments", "stdin"),
    [
        ("smscli preview", ("preview", *CAMPAIGN, "--json"), ""),
        ("smscli send", ("send", *CAMPAIGN, "--yes", "--json"), ""),
        ("smscli log", ("log", "campaigns.example.yaml", "--jsonl"), ""),
        ("smscli segments", ("segments", "--jsonl"), '"Hi"\n'),
    ],
)
def test_the_keys_to_rely_on_are_there(
    name: str, arguments: tuple[str, ...], stdin: str, tmp_path: Path
) -> None:
    for example in ROOT.glob("*.example.*"):
        copy(example, tmp_path)
    if name == "smscli log":
        assert in_process("send", *CAMPAIGN, "--yes", cwd=tmp_path).code == 0
    done = in_process(*arguments, cwd=tmp_path, stdin=stdin)
    found = done.lines[0] if "--jsonl" in arguments else done.document
    said = re.sub(r"\([^)]*\)", "", section("docs/commands.md", f"## {name}").partition("to rely on:")[2])
    assert spans(said), f"{name} promises no key"
    assert set(spans(said)) - found.keys() == set()


# --- exit codes and reasons ---


def test_each_exit_code_has_its_row() -> None:
    documented = {int(cells[0]): cells[1].strip("`") for cells in rows(PAGES["docs/exit-codes.md"])}
    assert documented == {code.value: code.name for code in ExitCode}


def test_the_readme_names_each_exit_code_once() -> None:
    cells = [cells[0] for cells in rows(section("README.md", "## Exit codes"))]
    assert [int(code) for cell in cells for code in cell.split(",")] == [code.value for code in ExitCode]


def test_the_reasons_to_skip_stand_in_the_order_of_the_rules() -> None:
    assert firsts(section("docs/rules.md", "## Skipped")) == list(SkipReason)


def test_the_reasons_to_hold_are_all_there() -> None:
    assert firsts(section("docs/rules.md", "## Held")) == list(HoldReason)


def reasons_by_rule() -> dict[str, set[str]]:
    """The reasons that each rule gives: by itself, by the functions it calls, or handed on from `compose`."""
    tree = ast.parse((ROOT / "smscli/domain/rules.py").read_text("utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}

    def given(name: str) -> set[str]:
        found: set[str] = set()
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("SkipReason", "HoldReason"):
                found.add(node.attr.lower())
            elif isinstance(node, ast.Attribute) and ast.unparse(node) == "text.reason":
                found |= given("compose")
            elif isinstance(node, ast.Call) and called(node) in functions:
                found |= given(called(node))
        return found

    return {rule.__name__: given(rule.__name__) for rule in RULES}


def test_each_rule_of_a_story_has_a_row_with_its_reasons() -> None:
    table = rows(section("docs/rules.md", "## In `--explain --json`"))
    documented = {spans(name)[0]: set(spans(reasons)) for name, reasons in table}
    assert list(documented) == [*(rule.__name__ for rule in RULES), LATER_ROWS]
    reasons = {*map(str, SkipReason), *map(str, HoldReason)}
    assert {rule: said & reasons for rule, said in documented.items()} == {
        **reasons_by_rule(),
        LATER_ROWS: {SkipReason.OPTED_OUT},
    }


def kept(rule: str) -> list[str]:
    """The cells behind the name of a rule, in the table of what is kept and where it comes from."""
    [cells] = [cells for cells in rows(PAGES["docs/rules.md"]) if cells[0] == rule]
    return cells[1:]


def places_in(text: str) -> set[str]:
    """Rows of countries and states that a text names in their short forms, `FL` for `US-FL`."""
    return set(re.findall(r"\b[A-Z]{2}\b", text))


def test_the_caps_of_countries_that_are_named_are_those_of_their_rows() -> None:
    named = kept("Not too often")[0].partition("legal caps of ")[2].partition(";")[0]
    capped = (place for place, row in load_country_rules().rows.items() if row.caps)
    assert places_in(named) == {place.rpartition("-")[2] for place in capped}


def test_the_countries_that_need_written_consent_are_those_of_their_rows() -> None:
    named = kept("Nobody without consent")[0].partition("`express_written` in ")[2]
    written = [
        row for row in load_country_rules().rows.values() if row.consent is ConsentLevel.EXPRESS_WRITTEN
    ]
    names = {row.name if row.id != "US" else "US" for row in written}
    assert names == set(named.replace("the ", "").split(" and "))


def test_what_one_can_mend_is_what_the_exit_code_minds() -> None:
    mendable = {cells[0].strip("`"): cells[2] for cells in rows(section("docs/rules.md", "## Skipped"))}
    assert mendable == {reason: "no" if reason in SETTLED_SKIPS else "yes" for reason in SkipReason}


def test_the_figures_of_retries_and_error_budget_are_those_of_the_program() -> None:
    offered = " ".join(section("docs/certainty.md", "## Offered again").split())
    assert f"at most {MOST_ATTEMPTS} times a message" in offered
    assert f"After {GIVE_UP_COLD} calls in a row" in offered
    assert f"({GIVE_UP_WARM}, when something was accepted before)" in offered
    assert f"more than {LONGEST_PAUSE:g} seconds" in offered
    budget = " ".join(section("docs/certainty.md", "## The error budget").split())
    assert f"{ErrorBudget.MOST_REQUESTS_IN_DOUBT} requests are in doubt" in budget
    assert f"the first {ErrorBudget.ALL_REJECTED} messages are all rejected" in budget
    share = f"{ErrorBudget.MOST_REJECTED * 100:g} %"
    assert f"after {ErrorBudget.SHARE_FROM} answers more than {share}" in budget


# --- the campaigns file and the contact list ---


def test_each_table_of_keys_stands_on_one_page() -> None:
    found = [name for page in WITH_TABLES for name in tables_in(PAGES[f"docs/{page}"])]
    assert sorted(found) == sorted([*TABLES, *OTHERS])


def test_a_table_of_keys_goes_as_deep_as_the_file() -> None:
    shown = firsts(section("docs/campaigns-file.md", "## At the top, or in a campaign"))
    assert {"sender", "contacts", "contacts.columns", "quiet_hours.windows", "rates.currency"} <= set(shown)
    profile = firsts(PAGES["docs/gateways.md"])
    assert {"auth.token", "retry_after.unit", "idempotency.window", "result.shape", "class"} <= set(profile)


@pytest.mark.parametrize("purpose", Purpose)
def test_the_defaults_of_a_purpose_written_out_are_its_defaults(purpose: Purpose, tmp_path: Path) -> None:
    found = FENCE.search(section("docs/campaigns-file.md", "## Defaults by purpose"))
    assert found is not None
    written = tmp_path / "written.yaml"
    written.write_text(found[2], "utf-8")
    campaign = load_campaigns(written).campaigns[f"{purpose}-as-it-comes"].campaign
    defaults = PURPOSE_DEFAULTS[purpose]
    assert campaign.purpose is purpose
    assert campaign.consent == defaults.consent
    assert campaign.quiet_hours == defaults.quiet_hours
    assert campaign.caps == defaults.caps
    assert campaign.same_text == defaults.same_text


@pytest.mark.parametrize("purpose", Purpose)
def test_the_defaults_of_a_purpose_leave_nothing_to_its_defaults(purpose: Purpose) -> None:
    found = FENCE.search(section("docs/campaigns-file.md", "## Defaults by purpose"))
    assert found is not None
    campaign = yaml.safe_load(found[2])["campaigns"][f"{purpose}-as-it-comes"]
    by_purpose = {
        cells[0].strip("`").partition(".")[0]
        for cells in rows(section("docs/campaigns-file.md", "## At the top, or in a campaign"))
        if cells[2] == "by purpose"
    }
    assert by_purpose <= campaign.keys()


def test_each_role_of_a_column_has_a_row_with_its_headers() -> None:
    table = rows(section("docs/campaigns-file.md", "## The contact list"))
    documented = {cells[0].strip("`"): frozenset(spans(cells[1])) for cells in table}
    assert documented == {role.value: names_of(role) for role in Role}


def test_each_header_that_is_said_to_look_like_an_opt_out_does() -> None:
    said = section("docs/campaigns-file.md", "## The contact list").partition("look like an opt-out: ")[2]
    assert len(spans(said)) > 10
    assert [header for header in spans(said) if not looks_like_opt_out(header)] == []


# --- gateway profiles ---


@pytest.mark.parametrize(("name", "header"), [("ResultShape", "shape"), ("ErrorClass", "class")])
def test_each_shape_of_a_reply_and_each_class_of_an_error_is_explained(name: str, header: str) -> None:
    found = re.search(rf"\| `{header}` \|.*\n\|-.*\n((?:\|.*\n)+)", PAGES["docs/gateways.md"])
    assert found is not None
    explained = [word for line in found[1].splitlines() for word in spans(line.split("|")[1])]
    assert sorted(explained) == sorted(gateway_schema()["$defs"][name]["enum"])


def test_each_marker_is_named() -> None:
    assert {f"{{{marker}}}" for marker in MARKERS} <= words(PAGES["docs/gateways.md"])


def test_each_preset_has_a_row_with_the_environment_variables_it_needs() -> None:
    table = rows(PAGES["docs/gateways.md"].partition("\n## ")[0])
    documented = {cells[0].strip("`"): tuple(spans(cells[5])) for cells in table}
    assert documented == {name: load_preset(name).secrets for name in preset_names()}


# --- problem codes ---


def called(node: ast.Call) -> str:
    """The name that a call is made by."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def takes_a_code(trees: list[ast.Module]) -> dict[str, set[int]]:
    """What is called with a problem code, and at which position: every signature with a `code`."""
    found: dict[str, set[int]] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef):
            names = {node.name: [each.arg for each in node.args.args if each.arg != "self"]}
        elif isinstance(node, ast.ClassDef):
            fields = [
                str(getattr(each.target, "id", "")) for each in node.body if isinstance(each, ast.AnnAssign)
            ]
            made = [
                each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"
            ]
            names = {node.name: [each.arg for each in made[0].args.args[1:]] if made else fields}
        else:
            continue
        for name, parameters in names.items():
            if "code" in parameters:
                found.setdefault(name, set()).add(parameters.index("code"))
    return found


def literals(node: ast.expr) -> Iterator[str]:
    """The texts that an argument can be: one, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def problem_codes() -> frozenset[str]:
    """Every code that is written in the rooms that find problems."""
    package = ROOT / "smscli"
    domain = [package / "domain" / f"{name}.py" for name in ("msisdn", "errors")]
    cli = [package / "cli" / name for name in ("excluding.py", "commands/segments.py")]
    files = [*package.glob("files/*.py"), *domain, *cli]
    trees = [ast.parse(path.read_text("utf-8")) for path in files]
    takers = takes_a_code(trees)
    found = {"wrong_value"}  # Wrong.CODE, below: where nobody says more
    for call in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)):
        given = [each.value for each in call.keywords if each.arg == "code"]
        positions = takers.get(called(call), ())
        given += [call.args[at] for at in positions if at < len(call.args)]
        found.update(code for each in given for code in literals(each) if re.fullmatch(r"[a-z0-9_]+", code))
    return frozenset(found)


def codes_of_cells(folder: Path) -> frozenset[str]:
    """The codes of cells that cannot be, in a column for each role: some are made from the role's name."""
    others = [role for role in Role if role is not Role.PHONE]
    bad = ["?!"] * len(others)
    lines = [["phone", *others], ["2025550123", *bad], ["+12025550123", *bad]]  # the second needs no region
    (folder / "list.csv").write_text("".join(f"{','.join(cells)}\n" for cells in lines), "utf-8")
    source = ContactsSource(folder / "list.csv", columns={role: role for role in Role})
    with open_contacts(source, frozenset(), today=date(2026, 11, 22)) as reader:
        rows = [row for row in reader if isinstance(row, BadRow)]
    return frozenset(problem.code for row in rows for problem in row.problems)


def test_each_problem_code_is_documented_once_and_none_that_is_gone(tmp_path: Path) -> None:
    by_rules = frozenset(str(reason) for reason in SkipReason if reason in SENTENCES)
    found = problem_codes() | codes_of_cells(tmp_path)
    codes = found | frozenset(map(str, (*Trouble, *WordingRule))) | by_rules | REPAIRS.keys()
    assert sorted(firsts(PAGES["docs/problem-codes.md"])) == sorted(codes)


def test_what_only_a_check_finds_stands_under_its_name() -> None:
    found = set(firsts(section("docs/problem-codes.md", "## Found by `smscli check` only")))
    assert found == {*map(str, Trouble), *(str(reason) for reason in SkipReason if reason in SENTENCES)}


# --- what the pages show, and where they point ---


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_that_is_named_is_one(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {target for span in spans(PAGES[page]) for target in re.findall(r"^make ([a-z]+)", span)}
    assert named <= targets


#: What is done with the fenced blocks of a kind: played (tests/docs), or loaded (below).
TAKEN_CARE_OF = {"console", "sh", "yaml"}
ALSO = {"docs/cron.md": {"ini", "crontab"}, "docs/adding-a-gateway.md": {"python", "toml"}}


@pytest.mark.parametrize("page", PAGES)
def test_every_fenced_block_is_of_a_kind_that_a_test_plays_or_loads(page: str) -> None:
    text = PAGES[page]
    kinds = TAKEN_CARE_OF | ALSO.get(page, set())
    assert {found[1] for found in FENCE.finditer(text)} <= kinds
    assert len(re.findall("```|~~~", text)) == 2 * len(FENCE.findall(text)), "no fence is read otherwise"
    assert not re.search(r"\n\n(?: {4}|\t)\S", prose(text)), "no block is made by indenting"


def test_the_signer_that_is_shown_signs_under_the_name_that_is_installed() -> None:
    shown = {
        kind: block for kind, block in FENCE.findall(PAGES["docs/adding-a-gateway.md"]) if kind != "yaml"
    }
    [[name, where]] = tomllib.loads(shown["toml"])["project"]["entry-points"]["smscli.signers"].items()
    made: dict[str, Any] = {}
    exec(shown["python"], made)  # a page of our own
    request = Unsigned("POST", "https://sms.example.com/v1/messages", (("Accept", "*/*"),), b"{}")
    signed = made[where.partition(":")[2]]({"key": "k"}).sign(request, datetime(2026, 11, 22, tzinfo=UTC))
    assert signed.headers[-1] == ("X-Signature", hmac.new(b"k", b"{}", "sha256").hexdigest())
    assert f"signer: {name}," in PAGES["docs/adding-a-gateway.md"]


@pytest.mark.parametrize("block", fences("yaml"))
def test_every_yaml_example_loads(block: str, tmp_path: Path) -> None:
    """A campaigns file with its gateways, or a gateway profile."""
    example = tmp_path / "example.yaml"
    example.write_text(block, "utf-8")
    written = yaml.safe_load(block)
    if "campaigns" not in written:
        assert load_profile("example.yaml", tmp_path).name
        return
    assert load_campaigns(example).campaigns
    for name in written.get("gateways", {}):
        own = re.sub(r"^gateway: .*$", f"gateway: {name}", block, flags=re.MULTILINE)
        example.write_text(own, "utf-8")
        for defined in load_campaigns(example).campaigns.values():
            assert load_profile(defined.gateway.source, tmp_path).name == name


def anchors(page: str) -> frozenset[str]:
    """What `#…` can point to, as GitHub makes it from the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(PAGES[page]), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_resolves(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(PAGES[page])):
        parts = urlsplit(target)
        if parts.scheme:
            continue
        file = (ROOT / page).parent / parts.path if parts.path else ROOT / page
        assert file.exists(), f"{page}: {target}"
        if parts.fragment:
            assert parts.fragment in anchors(file.resolve().relative_to(ROOT).as_posix()), f"{page}: {target}"


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/")])
def test_every_page_is_reached_from_the_readme(page: str) -> None:
    assert f"]({page})" in PAGES["README.md"]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_place_of_somebodys_machine(page: str) -> None:
    assert not re.search(r"\.\./shared|(?<![\w.])/(work|tmp|home|root|Users)/", PAGES[page])


# --- dependencies ---


def rooms_of_imports() -> dict[str, set[str]]:
    """Distribution to the packages of ours that import it, or read its files."""
    distributions = {name: found[0].lower() for name, found in packages_distributions().items()}
    found: dict[str, set[str]] = {}
    for path in (ROOT / "smscli").glob("*/**/*.py"):
        room = path.relative_to(ROOT / "smscli").parts[0]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Call) and called(node) == "files" and node.args:
                names = list(literals(node.args[0]))
            for name in names:
                top = name.partition(".")[0]
                found.setdefault(distributions.get(top, top), set()).add(room)
    return found


def requirements(of: list[str]) -> list[str]:
    return [re.split(r"[<>=!~;\[ ]", each)[0].lower() for each in of]


def test_each_dependency_has_a_paragraph_that_names_its_room() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    said = section("CONTRIBUTING.md", "## Dependencies")
    ours, _, tests = said.partition("For tests:")
    documented = {
        name: {room} for name, room in re.findall(r"^- \*\*(\S+)\*\* \(`(\w+)`\): \w", ours, re.MULTILINE)
    }
    rooms = rooms_of_imports()
    assert documented == {name: rooms[name] for name in requirements(project["dependencies"])}
    extras = project["optional-dependencies"]
    of_excel = re.findall(r"^- \*\*(\S+)\*\* \(`(\w+)`, extra `excel`\): \w", ours, re.MULTILINE)
    assert {name: {room} for name, room in of_excel} == {
        name: rooms[name] for name in requirements(extras["excel"])
    }
    for_tests = re.findall(r"^- \*\*(\S+)\*\*: \w", tests, re.MULTILINE)
    assert ["smscli", *for_tests] == requirements(extras["test"])
