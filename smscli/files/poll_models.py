"""What a profile may say about asking afterwards: delivery receipts, replies, opt-outs, one message in doubt.

Knows one key at a time, as `profile_models.py` does; what does not fit together is found by `poll_check.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from smscli.domain import profile as domain
from smscli.domain.profile import BodyEncoding, PageBy, PollEach
from smscli.files.located import FileModel, Wrong
from smscli.files.profile_parts import (
    NamedValues,
    PathField,
    Statuses,
    Tests,
    Texts,
    TreeField,
    ValueField,
    build_tests,
    one_of,
)
from smscli.files.scalars import Duration, Flag, Line, Whole
from smscli.files.yaml_types import described, whole

_STATES = ("delivered", "undelivered", "expired", "rejected", "accepted")


def _states(value: Any) -> Any:
    """Words by state; each a word or a list of them."""
    if not isinstance(value, Mapping):
        raise Wrong("needs a mapping (delivered: […])", code="wrong_type")
    return {name: said if isinstance(said, list) else [said] for name, said in value.items()}


class StatesModel(FileModel):
    """The gateway's words for what became of a message. Any other word: still under way."""

    delivered: Annotated[Texts, described("It reached the phone.", otherwise="none")] = ()
    undelivered: Annotated[Texts, described("It will never reach the phone.", otherwise="none")] = ()
    expired: Annotated[
        Texts, described("Its time was over before it reached the phone.", otherwise="none")
    ] = ()
    rejected: Annotated[
        Texts, described("The gateway refused it after all, and texted nobody.", otherwise="none")
    ] = ()
    accepted: Annotated[
        Texts, described("The gateway has it; this settles what is in doubt.", otherwise="none")
    ] = ()

    def build(self) -> domain.StateWords:
        """The domain's."""
        return domain.StateWords(*(tuple(getattr(self, name)) for name in _STATES))


class PagesModel(FileModel):
    """How a listing goes on."""

    by: Annotated[
        PageBy,
        described(
            "`link` (the next URL stands at `path`), `token` (at `path`, for the query's `name`), `page` or"
            " `offset` (`name` counts, `size` is full), `last` (`{last}` is what stands at `path` in the last"
            " item) or `drain` (the same again until nothing comes)."
        ),
    ]
    path: Annotated[
        PathField, described("Where the link, the token or the mark stands.", otherwise="none")
    ] = ()
    name: Annotated[Line, described("The query's field.", otherwise="none")] = ""
    first: Annotated[
        int,
        Field(ge=0),
        WithJsonSchema(whole(0)),
        described("The number of the first page (`page`).", 1),
    ] = 1
    size: Annotated[Whole, described("The items of a full page (`page`, `offset`).", 1)] = 1
    start: Annotated[
        Line,
        described(
            "What `{last}` is at first, in every sync (`last`).", otherwise="where the last sync ended"
        ),
    ] = ""

    def build(self) -> domain.Pages:
        """The domain's."""
        return domain.Pages(self.by, tuple(self.path), self.name, self.first, self.size, self.start)


class AskModel(FileModel):
    """One request."""

    url: Annotated[
        ValueField,
        described("Where to ask: whole, or relative to where messages go (`/v1/reports`, `messages/{ref}`)."),
    ]
    method: Annotated[
        str,
        Field(pattern="^(GET|POST|PUT)$"),
        one_of("GET", "POST", "PUT"),
        described("`GET`, `POST` or `PUT`.", "GET"),
    ] = "GET"
    query: Annotated[NamedValues, described("The query by name.", otherwise="none")] = ()
    headers: Annotated[
        NamedValues, described("Headers by name, besides those of the profile.", otherwise="none")
    ] = ()
    body: Annotated[TreeField, described("The body as a tree, with markers.", otherwise="none")] = None
    encoding: Annotated[BodyEncoding, described("How the body is written.", "json")] = BodyEncoding.JSON

    def build_ask(self) -> domain.Ask:
        """The domain's."""
        return domain.Ask(self.url, self.method, self.query, self.headers, self.body, self.encoding)


class PollModel(AskModel):
    """What every poll can say."""

    each: Annotated[
        PollEach,
        described(
            "How often it is asked: once a `gateway`, or for each `sender`, each `ref` (the gateway's id) or"
            " each `message`.",
            "gateway",
        ),
    ] = PollEach.GATEWAY
    items: Annotated[
        PathField,
        described("The path of the list; an object counts as one item.", otherwise="the whole body"),
    ] = ()
    where: Annotated[Tests, described("Tests of the items that are meant.", otherwise="all of them")] = ()
    pages: Annotated[PagesModel | None, described("How the listing goes on.", otherwise="one page")] = None
    consuming: Annotated[
        Flag, described("Each item is told once: it is saved before the next request.", False)
    ] = False
    ack: Annotated[
        AskModel | None, described("The request that marks a saved page as read.", otherwise="none")
    ] = None
    keeps: Annotated[
        Duration | None, described("How far back the gateway remembers.", otherwise="not known")
    ] = None
    empty: Annotated[
        Statuses | None,
        described(
            "Statuses that say that there is nothing.",
            otherwise="404, but for a listing: there it is a wrong `url`",
        ),
    ] = None
    empty_when: Annotated[
        Tests, described("Tests of an answer that says that there is nothing.", otherwise="none")
    ] = ()

    def build_poll(self) -> domain.Poll:
        """The domain's."""
        return domain.Poll(
            ask=self.build_ask(),
            each=self.each,
            items=tuple(self.items),
            where=build_tests(self.where),
            pages=None if self.pages is None else self.pages.build(),
            consuming=self.consuming,
            ack=None if self.ack is None else self.ack.build_ask(),
            keeps=self.keeps,
            empty=self._empty(),
            empty_when=build_tests(self.empty_when),
        )

    def _empty(self) -> tuple[int, ...]:
        """What is not there may not be there yet; a list that is not there was never found."""
        if self.empty is not None:
            return tuple(self.empty)
        return () if self.each is PollEach.GATEWAY else (404,)


class ReceiptsModel(PollModel):
    """Delivery receipts, or what became of one message."""

    ref: Annotated[PathField, described("In an item, the gateway's own id.", otherwise="none")] = None
    id: Annotated[PathField, described("In an item, our id.", otherwise="none")] = None
    number: Annotated[PathField, described("In an item, the recipient's number.", otherwise="none")] = None
    # `body` is the request's own.
    sent_text: Annotated[
        PathField,
        described("In an item, the text as it was sent; it has to be ours, to the letter.", otherwise="none"),
    ] = None
    state: Annotated[
        PathField, described("In an item, the word for what became of it.", otherwise="none")
    ] = None
    states: Annotated[
        StatesModel,
        BeforeValidator(_states),
        described("What the words mean. Any other: still under way.", otherwise="none"),
    ] = StatesModel()
    code: Annotated[PathField, described("In an item, its error code.", otherwise="none")] = None
    text: Annotated[PathField, described("In an item, its error text.", otherwise="none")] = None
    at: Annotated[
        PathField,
        described(
            "In an item, when it happened: ISO 8601, RFC 2822 or seconds since 1970, UTC if it does not say.",
            otherwise="none",
        ),
    ] = None
    segments: Annotated[
        PathField, described("In an item, the gateway's own count of segments.", otherwise="none")
    ] = None
    opted_out: Annotated[
        Tests, described("Tests of an item that says that the person opted out.", otherwise="none")
    ] = ()

    def build(self) -> domain.ReceiptsPoll:
        """The domain's."""
        return domain.ReceiptsPoll(
            poll=self.build_poll(),
            ref=self.ref,
            id=self.id,
            number=self.number,
            body=self.sent_text,
            state=self.state,
            states=self.states.build(),
            code=self.code,
            text=self.text,
            at=self.at,
            segments=self.segments,
            opted_out=build_tests(self.opted_out),
        )


class LookupModel(ReceiptsModel):
    """What became of one message in doubt."""

    each: Annotated[PollEach, described("It is about one message.", "message")] = PollEach.MESSAGE
    absent_after: Annotated[
        Duration | None,
        described(
            "So long after its claim, a message that the gateway does not know was never taken. Say it only"
            " where the gateway promises that its list is whole by then.",
            otherwise="it stays in doubt",
        ),
    ] = None

    def build(self) -> domain.ReceiptsPoll:
        """The domain's."""
        return replace(super().build(), absent_after=self.absent_after)


class RepliesModel(PollModel):
    """Inbound messages."""

    number: Annotated[PathField, described("In an item, the number that it came from.")]
    text: Annotated[PathField, described("In an item, what was written.")]
    at: Annotated[PathField, described("In an item, when.", otherwise="when it was fetched")] = None
    to: Annotated[PathField, described("In an item, our number that it was sent to.", otherwise="none")] = (
        None
    )
    ref: Annotated[PathField, described("In an item, the gateway's own id.", otherwise="none")] = None

    def build(self) -> domain.RepliesPoll:
        """The domain's."""
        return domain.RepliesPoll(self.build_poll(), self.number, self.text, self.at, self.to, self.ref)


class OptOutsModel(PollModel):
    """The gateway's own opt-out list."""

    number: Annotated[PathField, described("In an item, the number that opted out.")]
    at: Annotated[PathField, described("In an item, when.", otherwise="when it was fetched")] = None
    sender: Annotated[
        PathField, described("In an item, our number that it was said to.", otherwise="none")
    ] = None
    words: Annotated[PathField, described("In an item, what the person wrote.", otherwise="none")] = None

    def build(self) -> domain.OptOutsPoll:
        """The domain's."""
        return domain.OptOutsPoll(self.build_poll(), self.number, self.at, self.sender, self.words)
