"""`smscli gateway`: which gateways there are, what each can and needs, and one message through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from smscli.cli import wiring
from smscli.cli.gateway_given import gateway_given, gateways_there_are
from smscli.cli.numbers import number_given, region_given
from smscli.cli.options import AsJson, LogPath, Quiet, command_app, exit_codes
from smscli.cli.present.documents import error_document
from smscli.cli.present.gateway import (
    Found,
    gateway_document,
    needs,
    profile_document,
    profile_text,
    title,
    unset,
    variables_document,
)
from smscli.cli.present.status import GATEWAY_TRY
from smscli.cli.present.text import counted, inert, masked, table
from smscli.cli.result import Result
from smscli.cli.wiring import World
from smscli.domain.errors import ExitCode, FilesError, Place, Problem, UsageError
from smscli.domain.message import Batch, Message, Realm, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.profile import AuthKind
from smscli.domain.segments import Unsendable, measure
from smscli.files.located import Wrong
from smscli.files.profile_file import SANDBOX, load_preset, load_profile, preset_names, resolve_secrets
from smscli.files.reading import files_error, quoted
from smscli.files.scalars import parse_sender
from smscli.files.tree import Node, Scalar, Table, read_tree

if TYPE_CHECKING:
    from smscli.cli.result import Block
    from smscli.cli.trying import Tried
    from smscli.domain.campaign import Campaign
    from smscli.domain.ports import OptOut
    from smscli.files.campaign_file import CampaignsFile

app = command_app("Show which gateways there are and what each needs, and try one.")

_CODES = (ExitCode.FILES,)

Name: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        show_default=False,
        help="A preset, a profile's file (.yaml), or a name under `gateways` of the campaigns file. Left out:"
        " the gateway that the campaigns file names at its top.",
    ),
]
Campaigns: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--campaigns", metavar="FILE", readable=False, help="The campaigns file, for the gateways it defines."
    ),
]


@app.command("list", epilog=exit_codes(None, *_CODES))
def list_(
    context: typer.Context,
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="WORD",
            show_default=False,
            help="Only gateways that have this in their name or in what they are: `twil`, `android`.",
        ),
    ] = None,
    campaigns: Campaigns = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """List the gateways there are.

    Those that come with smscli and, with --campaigns, those of that file: what each is, and which
    environment variables it needs. Values are never shown.
    """
    environ = wiring.of(context).environ
    found = [each for each in [*_presets(), *_defined(campaigns)] if word is None or _has(each, word)]
    if not found:
        raise UsageError(
            f"no gateway has {quoted(word or '')} in its name or in what it is",
            hint="all there are: smscli gateway list; for one that is missing write a profile, starting from:"
            " smscli gateway show generic-json --yaml",
        )
    return Result({"gateways": [gateway_document(each, environ) for each in found]}, _listed(found, environ))


@app.command(epilog=exit_codes(None, *_CODES))
def show(
    context: typer.Context,
    name: Name = None,
    campaigns: Campaigns = None,
    yaml: Annotated[
        bool,
        typer.Option("--yaml", help="Print the preset's own file, a start for a profile of one's own."),
    ] = False,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Show all about one gateway before you trust it.

    Where it is, what it needs set, how fast it may be spoken to, what is promised about repeats, and which
    answers mean accepted, rejected, not taken or in doubt. No network, and no value of a secret.
    """
    environ, found = wiring.of(context).environ, _find(name, campaigns)
    if yaml:
        text = _bundled(found)
        return Result({"name": found.name, "yaml": text}, (text.removesuffix("\n"),))
    return Result(profile_document(found, environ), profile_text(found, environ))


_TRY_CODES = {
    ExitCode.OK: "the request was shown; with --send: the gateway accepted the message",
    ExitCode.INCOMPLETE: "with --send: rejected, released or in doubt",
}


@app.command(
    "try",
    epilog=exit_codes(
        _TRY_CODES,
        *(ExitCode.FILES, ExitCode.REFUSED, ExitCode.STOPPED, ExitCode.SENT_LOG),
        *(ExitCode.SIGHUP, ExitCode.SIGTERM),
    ),
)
def try_(
    context: typer.Context,
    name: Name = None,
    to: Annotated[
        str,
        typer.Option("--to", metavar="NUMBER", help="A number of your own. The request shows it in full."),
    ] = "",
    sender: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="SENDER",
            help="The sender ID. Left out: that of the campaigns file, if its campaigns agree.",
        ),
    ] = "",
    text: Annotated[
        str, typer.Option("--text", metavar="TEXT", help="The text of the message.")
    ] = "A test message by smscli.",
    send: Annotated[
        bool,
        typer.Option(
            "--send",
            help="Send it for real. It is recorded in the sent log in realm test, and the opt-out list is"
            " asked. You may do so as often as you like.",
        ),
    ] = False,
    campaigns: Campaigns = None,
    log: LogPath = None,
    region: Annotated[
        str | None,
        typer.Option("--region", metavar="CC", help="The country of a number written without one, like PL."),
    ] = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Show the request that one message would make; send it with --send.

    It is shown exactly, with `<NAME>` for the value of an environment variable, as encoded there. Without
    --send nothing is sent and nothing is recorded, and variables need not be set yet.
    """
    world, found = wiring.of(context), _find(name, campaigns)
    if not to.strip():
        raise UsageError("--to is missing", hint="add a number of your own: --to +12025550123")
    number = number_given(to, region_given(region), "--to")
    file = _read(campaigns)
    sender = (
        _sender_given(sender)
        or _sender(file, number)
        or ("smscli" if found.profile.realm is Realm.SANDBOX else "")
    )
    message = _message(world, number, sender, text)
    if send:
        return _sent(world, found, message, file, wiring.which_sent_log(world, log=log, campaigns=campaigns))
    return _shown(world, found, message)


# --- which gateways there are ---


def _presets() -> list[Found]:
    return [Found(name, load_preset(name), "preset", name) for name in preset_names()]


def _top(campaigns: Path) -> Mapping[str, Node]:
    """The keys at the top of a campaigns file; whether its campaigns are good is not asked."""
    tree = read_tree(campaigns)
    if tree.problems:
        raise files_error(tree.problems)
    return tree.root.entries if isinstance(tree.root, Table) else {}


def _gateways(top: Mapping[str, Node]) -> Mapping[str, Node]:
    node = top.get("gateways")
    return node.entries if isinstance(node, Table) else {}


def _defined(campaigns: Path | None) -> list[Found]:
    """The gateways of a campaigns file. Raises FilesError with the problems of all of them."""
    if campaigns is None:
        return []
    found: list[Found] = []
    problems: list[Problem] = []
    for name, node in _gateways(_top(campaigns)).items():
        try:
            found.append(_of_file(name, node, campaigns))
        except FilesError as error:
            if not error.problems:
                raise
            problems += error.problems
    if problems:
        raise files_error(problems)
    return found


def _of_file(name: str, node: Node, campaigns: Path) -> Found:
    profile = load_profile(node, campaigns.parent)
    return Found(name, profile, str(campaigns), f"{quote(name)} --campaigns {quote(str(campaigns))}")


def _find(name: str | None, campaigns: Path | None) -> Found:
    """The gateway that the command line names. Raises UsageError if there is none of that name."""
    top = {} if campaigns is None else _top(campaigns)
    own = _gateways(top)
    if name is None:
        return _at_top(top, campaigns)
    if campaigns is not None and name in own:
        return _of_file(name, own[name], campaigns)
    gateway_given(name, own, campaigns)
    if name.strip() in preset_names():
        return Found(name.strip(), load_preset(name.strip()), "preset", name.strip())
    place = Place("NAME")
    profile = load_profile(Scalar(name, place, place), Path())
    return Found(profile.name, profile, name, quote(name))


def _at_top(top: Mapping[str, Node], campaigns: Path | None) -> Found:
    node = top.get("gateway")
    if campaigns is None or node is None:
        found = (
            "nothing says which gateway" if campaigns is None else f"{campaigns} names no gateway at its top"
        )
        at_top = "" if campaigns else ", and the one at its top"
        raise UsageError(found, hint=f"name {gateways_there_are(_gateways(top), campaigns)}{at_top}")
    named = node.text.strip() if isinstance(node, Scalar) else ""
    if named in _gateways(top):
        return _of_file(named, _gateways(top)[named], campaigns)
    profile = load_profile(node, campaigns.parent)
    if named in preset_names():
        return Found(named, profile, "preset", named)
    return Found(profile.name, profile, str(campaigns), f"--campaigns {quote(str(campaigns))}")


def _bundled(found: Found) -> str:
    if not found.is_preset:
        raise UsageError(
            f"{found.name} is no preset: it is written in {found.written} already",
            hint="--yaml prints the file of a preset: smscli gateway list",
        )
    return files("smscli.presets").joinpath("gateways", f"{found.name}.yaml").read_text("utf-8")


def _listed(found: list[Found], environ: Mapping[str, str]) -> Iterator[Block]:
    rows = [(each.name, title(each), needs(each.profile, environ)) for each in found]
    yield table(("name", "what it is", "needs"), rows, folding=("what it is", "needs"))
    last = found[-1]
    yield f"\nNext      smscli gateway show {'NAME' if last.is_preset and len(found) > 1 else last.typed}"


def _has(found: Found, word: str) -> bool:
    return any(word.strip().casefold() in said.casefold() for said in (found.name, title(found)))


# --- one message ---


def _read(campaigns: Path | None) -> CampaignsFile | None:
    if campaigns is None:
        return None
    from smscli.files.campaign_file import load

    return load(campaigns)


def _sender_given(sender: str) -> str:
    """What `--from` says, by the rule of `sender:` in a campaigns file. Raises UsageError."""
    try:
        return parse_sender(sender) if sender else ""
    except Wrong as wrong:
        raise UsageError(f"--from: {wrong.message}", hint=wrong.hint) from None


def _sender(file: CampaignsFile | None, to: Msisdn) -> str:
    """What people of that country see as the sender of every campaign of the file, or empty."""
    defined = [] if file is None else list(file.campaigns.values())
    senders = {each.campaign.senders.of(to.country) for each in defined}
    return senders.pop() if len(senders) == 1 else ""


def _message(world: World, to: Msisdn, sender: str, text: str) -> Message:
    from smscli.domain.rules import HORIZON

    try:
        segments = measure(text)
    except Unsendable as error:
        raise UsageError(f"--text: {error.message}") from None
    return Message(
        id=world.new_id(),
        campaign_id=GATEWAY_TRY,
        to=to,
        sender=sender,
        body=text,
        segments=segments,
        deadline=world.clock.now() + HORIZON,
    )


def _shown(world: World, found: Found, message: Message) -> Result:
    """The request, and nothing else on stdout."""
    from smscli.cli.present.request import (
        must_build,
        request_document,
        request_text,
        shown_request,
    )
    from smscli.domain.rules import HORIZON

    profile, missing = found.profile, unset(found.profile, world.environ)
    batch = Batch(world.new_id(), (message,), message.deadline - HORIZON)
    if not missing:
        must_build(profile, batch, resolve_secrets(profile, world.environ))
    shown = shown_request(profile, batch, world.environ)
    for note in _notes(found, message, missing):
        world.screen.note(note)
    world.screen.note("Headers of the connection (Host, Content-Length and the like) are added on the way.")
    # The number is the operator's own, typed on this very line, and the exact request is what was asked for.
    document = {
        "gateway": found.name,
        "realm": profile.realm,
        "sent": False,
        "variables": variables_document(profile, world.environ),
        "request": request_document(shown),
    }
    return Result(document, (request_text(shown),))


def _size(message: Message) -> str:
    return f"{counted(message.segments.count, 'segment')}, {message.segments.encoding}"


def _notes(found: Found, message: Message, missing: tuple[str, ...]) -> Iterator[str]:
    yield f"{found.name}: {_size(message)}; nothing is sent. Add --send to send it."
    if missing:
        yield f"not set: {', '.join(missing)}"
        yield "hint: export " + " ".join(f"{name}=…" for name in missing)
    if found.profile.wire.call.auth.kind is AuthKind.SIGNED:
        yield "Each request is signed on its way: what the signer adds is not shown."
    if found.profile.realm is Realm.SANDBOX:
        yield "The sandbox listens on a port of this machine that is chosen when it runs."


def _sent(world: World, found: Found, message: Message, file: CampaignsFile | None, log: Path) -> Result:
    """Submitted as any other message; what came back."""
    from smscli.cli.trying import Trial, submit_one

    if not message.sender:
        raise UsageError("nothing says who the message is from", hint="add your sender ID: --from SENDER")
    secrets = resolve_secrets(found.profile, world.environ)
    if file is None:  # a path by hand may be mistyped; the one of a campaigns file is where `send` makes it
        with wiring.existing_sent_log(world, log=log, campaigns=None):
            pass
    else:
        world.screen.note(f"sent log: {log.absolute()}")
    trial = Trial(
        campaign=_campaign(message.sender),
        profile=found.profile,
        secrets=secrets,
        sent_log=log,
        to=message.to,
        body=message.body,
        opt_outs=_other_opt_outs(world, file, log, message.to),
    )
    return _told(world, found, message, submit_one(world, trial, create_log=file is not None))


def _campaign(sender: str) -> Campaign:
    """What a test message belongs to: no rule but the opt-out list is about one's own number."""
    from smscli.domain.campaign import Campaign, ConsentPolicy, Limits, Purpose, SameText, Senders
    from smscli.domain.contact import ConsentLevel
    from smscli.files.campaign_file import DEFAULT_TOPIC

    return Campaign(
        id=GATEWAY_TRY,
        brand="smscli",
        purpose=Purpose.TRANSACTIONAL,
        topic=DEFAULT_TOPIC,
        senders=Senders(sender),
        texts={},
        default_language="en",
        fallback=False,
        consent=ConsentPolicy(ConsentLevel.NONE),
        quiet_hours=None,
        caps=(),
        limits=Limits(),
        same_text=SameText.WARN,
        rates=None,
    )


def _other_opt_outs(world: World, file: CampaignsFile | None, log: Path, to: Msisdn) -> Iterator[OptOut]:
    """Those of the lists and logs that the campaigns file names besides its own log."""
    from smscli.cli.planned import Asked, choose, foreign_opt_outs

    if file is None:
        return
    lists = dict.fromkeys(path for defined in file.campaigns.values() for path in defined.opt_outs)
    name, first = next(iter(file.campaigns.items()))
    contacts = None if first.contacts else "-"
    # The gateway does not matter to them, and that of a campaign need not be good to try another one.
    asked = Asked(file=file.path, campaign=name, contacts=contacts, log=log, gateway=SANDBOX)
    yield from foreign_opt_outs(replace(choose(asked), opt_outs=tuple(lists)), world.clock.now(), to)


_MEANINGS = {
    State.ACCEPTED: "The gateway has it.",
    State.REJECTED: "The gateway refused this message. Nobody was texted.",
    State.RELEASED: "The gateway did not take it. Nobody was texted.",
    State.IN_DOUBT: "The gateway may have taken it. Look at your phone, or in the gateway's own log.",
}


def _told(world: World, found: Found, message: Message, tried: Tried) -> Result:
    logged, segments = tried.logged, message.segments
    document = {
        "gateway": found.name,
        "realm": Realm.TEST,
        "sent": True,
        "sent_log": tried.trial.sent_log,
        "to": message.to.masked,
        "sender": message.sender,
        "text": message.body,
        "encoding": segments.encoding,
        "segments": segments.count,
        "id": logged.id if logged else None,
        "state": logged.state if logged else None,
        "gateway_ref": logged.gateway_ref if logged else "",
        "gateway_segments": logged.gateway_segments if logged else None,
        "code": logged.code if logged else "",
        "detail": masked(logged.detail, world.environ) if logged else "",
        "outbox": tried.outbox,
    }
    if tried.stopped is not None:
        document["error"] = error_document(tried.stopped)
        world.screen.trouble(f"error: {tried.stopped.message}")
        if tried.stopped.hint:
            world.screen.trouble(f"hint: {tried.stopped.hint}")
    return Result(document, _outcome(found, message, document, tried), tried.exit_code)


def _outcome(found: Found, message: Message, document: Mapping[str, object], tried: Tried) -> Iterator[str]:
    state = tried.logged.state if tried.logged else None
    became = state.replace("_", " ") if state else "not attempted"
    yield f"{found.name}: {became}. {message.to.masked} from {inert(message.sender)}, {_size(message)}"
    if state in _MEANINGS:
        yield f"  {_MEANINGS[state]}"
    for label, key in (("reference", "gateway_ref"), ("code", "code"), ("detail", "detail"), ("id", "id")):
        if document[key]:
            yield f"  {label:<12}{inert(str(document[key]))}"
    log = tried.trial.sent_log
    yield f"Sent log  {log} (realm test)"
    if tried.outbox is not None:
        yield f"Outbox    {tried.outbox} (sandbox: nobody was texted)"
    if state is State.IN_DOUBT:
        yield f"Next      smscli resolve --log {quote(str(log))} --campaign {GATEWAY_TRY}"
