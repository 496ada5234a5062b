"""HttpPostbox over real sockets: what is asked, page by page, and what comes of every kind of answer."""

from __future__ import annotations

import asyncio
import json
import socket
import tracemalloc
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from smscli.domain.delivery import DeliveryReceipt, Post
from smscli.domain.errors import ExitCode, PostboxFailed
from smscli.domain.ports import Postbox
from smscli.domain.profile import PageBy, Pages
from smscli.gateway.pages import MOST_PAGES, Astray, Listing, Page
from smscli.gateway.postbox import HttpPostbox, open_postbox
from tests import support as loop
from tests.gateway.asking import (
    ALICE,
    BASE,
    BOB,
    CAROL,
    NOW,
    RECEIPTS,
    SECRET,
    SECRETS,
    SINCE,
    answer,
    ask,
    handed,
    opt_outs,
    page,
    profile,
    receipts,
    refs,
    replies,
)

ONE_PAGE = profile(f"{RECEIPTS}}}")


def paged(pages: str, more: str = "") -> Any:
    return profile(f"{RECEIPTS}, pages: {pages}{more}}}")


def items(*names: str) -> list[dict[str, str]]:
    return [{"ref": name, "state": "ok"} for name in names]


def queries(server: loop.LoopbackGateway) -> list[dict[str, str]]:
    return [request.query for request in server.requests]


def failure(url: str, described: Any, *messages: Any) -> PostboxFailed:
    with pytest.raises(PostboxFailed) as failed:
        receipts(url, described, messages)
    assert failed.value.exit_code is ExitCode.STOPPED
    assert failed.value.message.startswith("post-office: delivery receipts cannot be had: ")
    assert failed.value.hint
    return failed.value


def test_it_is_a_postbox_of_the_engine() -> None:
    postbox: Postbox = HttpPostbox(ONE_PAGE, SECRETS, httpx.ASGITransport(app=None))  # type: ignore[arg-type]
    assert postbox.profile is ONE_PAGE
    assert SECRET not in repr(postbox)


def test_what_a_profile_does_not_know_to_ask_is_not_asked() -> None:
    with loop.LoopbackGateway() as server:
        nothing = profile("")
        assert (receipts(server.url, nothing), replies(server.url, nothing)) == ([], [])
        assert opt_outs(server.url, nothing) == []
        assert server.requests == ()


def test_a_postbox_has_a_transport_of_its_own() -> None:
    async def conversation() -> list[Post[DeliveryReceipt]]:
        async with open_postbox(ONE_PAGE, SECRETS, url=server.url) as postbox:
            return [post async for post in postbox.receipts((), SINCE, NOW, "")]

    with loop.LoopbackGateway() as server:
        server.script(page(*items("a")))
        assert refs(asyncio.run(conversation())) == [["a"]]
        assert server.requests[0].path == "/receipts"
        assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"


# --- pages ---


def test_without_pages_one_is_asked_for() -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(*items("a", "b"), next="more"))
        assert refs(receipts(server.url, ONE_PAGE)) == [["a", "b"]]


@pytest.mark.parametrize("absolute", [True, False])
def test_a_link_is_followed_to_its_end(absolute: bool) -> None:
    described = paged("{by: link, path: links.next}", ", query: {size: '2'}")
    with loop.LoopbackGateway() as server:
        origin = server.url.removesuffix("/messages") if absolute else ""
        server.script(
            page(*items("a"), links={"next": f"{origin}/receipts?size=2&cursor=x%2Fy"}),
            page(*items("b"), links={"next": f"{origin}/elsewhere?z"}),
            page(*items("c"), links={"next": None}),
        )
        assert refs(receipts(server.url, described)) == [["a"], ["b"], ["c"]]
        targets = [request.target for request in server.requests]
        assert targets == ["/receipts?size=2", "/receipts?size=2&cursor=x%2Fy", "/elsewhere?z"]
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {SECRET}"}


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/x", "//evil.example/x", "http://127.0.0.1:1/x", "https://127.0.0.1/", "http://["],
)
def test_a_link_to_another_origin_is_never_followed(link: str) -> None:
    described = paged("{by: link, path: next}")
    with loop.LoopbackGateway() as server:
        server.script(page(*items("a"), next=link))
        told: list[list[str]] = []

        async def conversation(postbox: HttpPostbox) -> None:
            async for post in postbox.receipts((), SINCE, NOW, ""):
                told.append([each.ref for each in post.items])

        with pytest.raises(
            PostboxFailed, match=r"the link to the next page (leads to another host|is not a URL)"
        ):
            ask(server.url, described, conversation)
        assert told == [["a"]]
        assert len(server.requests) == 1


def test_a_token_goes_into_the_query() -> None:
    described = paged("{by: token, path: meta.next, name: cursor}", ", query: {cursor: start, n: '2'}")
    with loop.LoopbackGateway() as server:
        server.script(
            page(*items("a"), meta={"next": "t=1&x"}),
            page(meta={"next": 7}),
            page(*items("b"), meta={"next": ""}),
        )
        assert refs(receipts(server.url, described)) == [["a"], [], ["b"]]
        assert [query["cursor"] for query in queries(server)] == ["start", "t=1&x", "7"]
        assert [query["n"] for query in queries(server)] == ["2"] * 3


@pytest.mark.parametrize(
    ("pages", "asked"),
    [
        ("{by: page, name: p, size: 2}", ["1", "2", "3"]),
        ("{by: page, name: p, size: 2, first: 0}", ["0", "1", "2"]),
        ("{by: offset, name: p, size: 2}", ["0", "2", "4"]),
    ],
)
def test_pages_are_counted_until_one_is_not_full(pages: str, asked: list[str]) -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(*items("a", "b")), page(*items("c", "d")), page(*items("e")))
        assert refs(receipts(server.url, paged(pages))) == [["a", "b"], ["c", "d"], ["e"]]
        assert [query["p"] for query in queries(server)] == asked


def test_an_empty_page_is_the_last_one() -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(*items("a", "b")), page())
        assert refs(receipts(server.url, paged("{by: page, name: p, size: 2}"))) == [["a", "b"], []]


LAST = "{by: last, path: ref}"
AFTER = ", query: {after: '{last}'}"


def test_a_listing_goes_on_behind_its_last_item_now_and_in_the_next_sync() -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(*items("a", "b")), page(*items("c")), page())
        posts = receipts(server.url, paged(LAST, AFTER))
        assert [(post.mark, [each.ref for each in post.items]) for post in posts] == [
            ("b", ["a", "b"]),
            ("c", ["c"]),
            ("c", []),
        ]
        assert [query.get("after") for query in queries(server)] == [None, "b", "c"]
        server.script(page())
        (post,) = receipts(server.url, paged(LAST, AFTER), mark="c")
        assert (post.mark, queries(server)[-1]) == ("c", {"after": "c"})


def test_a_listing_that_begins_with_its_mark_ends_with_it() -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(*items("a", "b")), page(*items("b")))
        posts = receipts(server.url, paged(LAST, AFTER))
        assert [post.mark for post in posts] == ["b", "b"]


def test_a_page_that_is_not_full_ends_a_listing_whose_size_is_known() -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(*items("a", "b")), page(*items("c")))
        assert len(receipts(server.url, paged("{by: last, path: ref, size: 2}", AFTER))) == 2


def test_a_mark_of_another_kind_of_listing_means_nothing() -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(*items("a")))
        assert [post.mark for post in receipts(server.url, ONE_PAGE, mark="old")] == [""]


def test_a_drain_is_asked_until_nothing_comes() -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(*items("a", "b")), page(*items("c")), page())
        assert refs(receipts(server.url, paged("{by: drain}", ", consuming: true"))) == [
            ["a", "b"],
            ["c"],
            [],
        ]


ENDLESS: list[tuple[str, str, Callable[[int], dict[str, Any]]]] = [
    ("{by: link, path: next}", "", lambda n: {"items": items(str(n)), "next": "/receipts?again"}),
    ("{by: link, path: next}", "", lambda n: {"items": items(str(n)), "next": f"/receipts?{n % 3}"}),
    ("{by: token, path: next, name: t}", "", lambda n: {"items": items(str(n)), "next": "same"}),
    ("{by: page, name: p, size: 1}", "", lambda n: {"items": items("same")}),
    ("{by: offset, name: p, size: 1}", "", lambda n: {"items": items("same")}),
    (LAST, AFTER, lambda n: {"items": items("ab"[n % 2])}),
    ("{by: drain}", ", consuming: true", lambda n: {"items": items("same")}),
]


@pytest.mark.parametrize(("pages", "more", "said"), ENDLESS)
def test_a_listing_without_an_end_is_given_up(
    pages: str, more: str, said: Callable[[int], dict[str, Any]]
) -> None:
    with loop.LoopbackGateway() as server:
        server.otherwise(
            loop.Serve(lambda _: loop.Wording(200, json.dumps(said(len(server.requests))).encode()))
        )
        failed = failure(server.url, paged(pages, more))
        assert "the listing " in failed.message
        assert "smscli gateway show post-office" in failed.hint
        assert len(server.requests) < 6


def test_a_listing_has_a_most() -> None:
    listing = Listing(Pages(PageBy.PAGE, name="p", size=1), "")
    for number in range(MOST_PAGES - 1):
        listing.take(Page("http://a.example/", None, [number], b"%d" % number))
    with pytest.raises(Astray, match="more than 100000 pages"):
        listing.take(Page("http://a.example/", None, [0], b"other"))


@pytest.mark.parametrize("by", [PageBy.LINK, PageBy.TOKEN, PageBy.LAST])
def test_half_a_surrogate_pair_is_no_way_on(by: PageBy) -> None:
    listing = Listing(Pages(by, path=("next",), name="p"), "")
    said = {"next": "\ud83d"}
    with pytest.raises(Astray, match="half a surrogate pair"):
        listing.take(Page("http://a.example/", said, [said]))
    assert listing.mark == ""


# --- by sender, reference, message ---

MESSAGES = [handed(ALICE, ref="r1"), handed(BOB, ref="r2"), handed(CAROL, ref="r3")]


def echo(request: loop.Request) -> loop.Wording:
    """A receipt of the reference that stands in the path."""
    ref = request.path.rpartition("/")[2]
    return loop.Wording(200, json.dumps({"items": [{"ref": ref, "state": "ok"}]}).encode())


OF_REF = RECEIPTS.replace("url: receipts", "url: 'messages/{ref}'") + ", each: ref}"
BY_REF = profile(OF_REF)
ONE_AT_ONCE = profile(OF_REF, BASE.replace("connections: 3", "connections: 1"))


def test_each_reference_is_asked_about_and_told_in_order() -> None:
    with loop.LoopbackGateway() as server:
        server.otherwise(loop.Serve(echo))
        assert refs(receipts(server.url, BY_REF, MESSAGES)) == [["r1"], ["r2"], ["r3"]]
        assert sorted(request.path for request in server.requests) == [f"/messages/r{n}" for n in (1, 2, 3)]


def test_several_are_asked_at_the_same_time_and_no_more_than_the_profile_says() -> None:
    class Slowly:
        async def play(self, exchange: loop.Exchange) -> None:
            request = await exchange.read()
            await asyncio.sleep(0.03)
            await exchange.write(exchange.http(echo(request)))

    many = [handed(f"+1202555{n:04}", ref=f"r{n}") for n in range(100, 130)]
    with loop.LoopbackGateway() as server:
        server.otherwise(Slowly())
        assert refs(receipts(server.url, BY_REF, many)) == [[f"r{n}"] for n in range(100, 130)]
        assert server.most_in_flight == BY_REF.connections == 3


def test_what_is_not_known_there_is_no_trouble() -> None:
    with loop.LoopbackGateway() as server:
        server.script(loop.Status(404, b"<html>gone"), answer({"items": items("r2")}))
        assert refs(receipts(server.url, ONE_AT_ONCE, MESSAGES[:2])) == [[], ["r2"]]


@pytest.mark.parametrize(
    ("refused", "told", "asked"),
    [
        ({"r2"}, ["r1", "r3", "r4", "r5"], 5),
        ({"r2", "r3", "r4"}, ["r1"], 4),
        ({"r1", "r3", "r5"}, ["r2", "r4"], 5),
    ],
)
def test_a_question_that_fails_keeps_no_other_from_being_asked_but_three_in_a_row_do(
    refused: set[str], told: list[str], asked: int
) -> None:
    def answers(request: loop.Request) -> loop.Wording:
        return loop.Wording(400, b"{}") if request.path.rpartition("/")[2] in refused else echo(request)

    many = [handed(f"+1202555{n:04}", ref=f"r{n}") for n in range(1, 6)]
    heard: list[str] = []

    async def conversation(postbox: HttpPostbox) -> None:
        async for post in postbox.receipts(many, SINCE, NOW, ""):
            heard.extend(each.ref for each in post.items)

    with loop.LoopbackGateway() as server:
        server.otherwise(loop.Serve(answers))
        with pytest.raises(PostboxFailed, match="status 400"):
            ask(server.url, ONE_AT_ONCE, conversation)
        assert (heard, len(server.requests)) == (told, asked)


# --- consuming and acknowledging ---


@pytest.mark.parametrize("each", ["gateway", "ref"])
def test_nothing_is_read_ahead_of_what_is_saved_where_reading_consumes(each: str) -> None:
    described = paged("{by: drain}", f", consuming: true, each: {each}")
    with loop.LoopbackGateway() as server:
        server.script(page(*items("r1")), page(*items("r1", "r1")), page())

        async def conversation(postbox: HttpPostbox) -> None:
            async with aclosing(postbox.receipts(MESSAGES[:1], SINCE, NOW, "")) as posts:
                for asked in (1, 2, 3):
                    await anext(posts)
                    await asyncio.sleep(0.02)
                    assert len(server.requests) == asked

        ask(server.url, described, conversation)


def acknowledged(more: str = "") -> Any:
    ack = "ack: {url: read, method: PUT, body: {until: '{last}'}}"
    return profile(f"{RECEIPTS}, {ack}, pages: {LAST}{AFTER}{more}}}")


def test_a_page_is_acknowledged_once_it_was_saved() -> None:
    with loop.LoopbackGateway() as server:
        server.script(
            page(*items("a")), loop.Status(204), page(*items("b")), loop.Status(200, b"fine"), page()
        )
        saved: list[str] = []

        async def conversation(postbox: HttpPostbox) -> None:
            async for post in postbox.receipts((), SINCE, NOW, ""):
                await asyncio.sleep(0.01)
                assert len(server.requests) == 2 * len(saved) + 1
                saved.extend(each.ref for each in post.items)

        ask(server.url, acknowledged(), conversation)
        assert saved == ["a", "b"]
        asked = [(request.method, request.path, request.body) for request in server.requests]
        assert asked == [
            ("GET", "/receipts", b""),
            ("PUT", "/read", b'{"until":"a"}'),
            ("GET", "/receipts", b""),
            ("PUT", "/read", b'{"until":"b"}'),
            ("GET", "/receipts", b""),
        ]


def test_whoever_stops_before_saving_is_told_again() -> None:
    unread = items("a", "b")

    def office(request: loop.Request) -> loop.Wording:
        if request.method == "PUT":
            unread.clear()
        return loop.Wording(200, json.dumps({"items": unread}).encode())

    described = profile(f"{RECEIPTS}, ack: {{url: read, method: PUT}}, pages: {{by: drain}}}}")

    async def dies(postbox: HttpPostbox) -> None:
        async with aclosing(postbox.receipts((), SINCE, NOW, "")) as posts:
            assert len((await anext(posts)).items) == 2

    with loop.LoopbackGateway() as server:
        server.otherwise(loop.Serve(office))
        ask(server.url, described, dies)
        assert [request.method for request in server.requests] == ["GET"]
        assert refs(receipts(server.url, described)) == [["a", "b"], []]
        assert [request.method for request in server.requests] == ["GET", "GET", "PUT", "GET"]


def test_what_cannot_be_acknowledged_is_told() -> None:
    with loop.LoopbackGateway() as server:
        server.script(page(*items("a")), loop.Status(403))
        failed = failure(server.url, acknowledged())
        assert "they are saved, but could not be marked as read there" in failed.message
        assert "told them again" in failed.hint


# --- when it does not answer ---


@pytest.mark.parametrize(
    "trouble",
    [
        loop.RateLimited(0),
        loop.Status(503, headers={"Retry-After": "0"}),
        answer({"error": {"code": "too-fast"}}, 400),
        answer({"error": {"code": "too-fast"}}),
        loop.Html502(),
        loop.Status(500),
        loop.ResetAfterReading(taken=False),
        loop.ResetBeforeReading(),
        loop.CloseAfterReading(taken=False),
        loop.NotHttp(taken=False),
    ],
    ids=repr,
)
def test_passing_trouble_is_waited_out(trouble: loop.Answer) -> None:
    with loop.LoopbackGateway() as server:
        server.script(trouble, trouble, page(*items("a")))
        assert refs(receipts(server.url, ONE_PAGE)) == [["a"]]


def test_the_pause_that_a_gateway_asks_for_is_made() -> None:
    with loop.LoopbackGateway() as server:
        server.script(loop.RateLimited(1), page(*items("a")))
        receipts(server.url, ONE_PAGE)
        first, second = server.requests
        assert second.at - first.at >= 1.0


def test_a_pause_that_is_too_long_is_not_made() -> None:
    with loop.LoopbackGateway() as server:
        server.script(loop.RateLimited(3600))
        failed = failure(server.url, ONE_PAGE)
        assert "asks to be asked later (status 429); it asks for a pause of 3600 seconds" in failed.message
        assert "run it again later" in failed.hint


FAILURES: list[tuple[loop.Answer, int, str, str]] = [
    (loop.RateLimited(0), 4, "asks to be asked later (status 429)", "run it again later"),
    (loop.Html502(), 4, "the gateway failed (status 502)", "ask again later"),
    (loop.Status(401), 1, "does not accept the credentials (status 401)", "check KEY"),
    (loop.Status(403), 1, "the gateway forbids this (status 403)", "ask the gateway"),
    (loop.Status(404), 1, "knows no such address (status 404)", "gateway show post-office --yaml"),
    (loop.Status(400), 1, "finds the request malformed (status 400)", "gateway show post-office --yaml"),
    (loop.Status(418), 1, "status 418", ""),
    (loop.Redirect("https://evil.example/"), 1, "a redirect (status 307), which is not followed", ""),
    (
        answer({"error": {"code": "bad-key", "text": "no"}}, 400),
        1,
        "refused the credentials (bad-key no)",
        "",
    ),
    (answer({"error": {"code": "no-funds"}}), 1, "not enough funds (no-funds)", "top up the account"),
    (loop.Status(200, b"<html>hello</html>"), 1, "its answer is not JSON (status 200)", "--yaml"),
    (loop.Status(200, b'{"items": [{"ref'), 1, "its answer is not JSON (status 200)", "--yaml"),
    (loop.Status(200, b""), 1, "its answer is not JSON (status 200)", "--yaml"),
    (answer({"things": []}), 1, "its answer has no list at items (status 200)", "--yaml"),
    (answer({"error": {"code": "E7", "text": "x" * 999}}), 1, "no list at items (status 200: E7 xxx", ""),
    (loop.CloseAfterReading(taken=False), 4, "closed the connection without a whole answer", "later"),
    (loop.NotHttp(taken=False), 4, "is not HTTP", "does something else listen"),
]


@pytest.mark.parametrize(
    ("trouble", "times", "message", "hint"), FAILURES, ids=[f"{row[0]!r}"[:50] for row in FAILURES]
)
def test_trouble_that_stays_says_what_it_is(
    trouble: loop.Answer, times: int, message: str, hint: str
) -> None:
    with loop.LoopbackGateway() as server:
        server.script(*[trouble] * times)
        failed = failure(server.url, ONE_PAGE)
        assert message in failed.message
        assert hint in failed.hint
        assert "may be lost" not in failed.message
        assert len(failed.message) < 400


@pytest.mark.parametrize("trouble", [loop.Slow(5), loop.Drip(0.2)], ids=["slow", "drip"])
def test_a_total_deadline_ends_every_request(trouble: loop.Answer) -> None:
    hasty = BASE.replace("{connect: 1, total: 2}", "{connect: 0.1, total: 0.2}")
    with loop.LoopbackGateway(loop.Fields(to="n", text="n"), may_repeat=True) as server:
        server.otherwise(trouble)
        described = profile(f"{RECEIPTS}, query: {{n: 1}}}}", hasty)
        assert "gave no whole answer in time" in failure(server.url + "?n=1", described).message


def test_a_closed_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        failed = failure(f"http://127.0.0.1:{taken.getsockname()[1]}/", ONE_PAGE)
    assert "refused the connection" in failed.message


CONSUMING = profile(f"{RECEIPTS}, consuming: true, pages: {{by: drain}}}}")
LOST = [
    loop.CloseAfterReading(taken=False),
    loop.ResetAfterReading(taken=False),
    loop.Html502(),
    loop.Status(200, b'{"items": [{"ref'),
    answer({"things": []}),
]


@pytest.mark.parametrize("trouble", LOST, ids=[f"{each!r}"[:50] for each in LOST])
def test_an_answer_that_got_lost_where_reading_consumes_is_told_and_not_asked_for_again(
    trouble: loop.Answer,
) -> None:
    with loop.LoopbackGateway() as server:
        server.script(trouble)
        failed = failure(server.url, CONSUMING)
        assert "it tells each item only once, and what was in this answer may be lost" in failed.message
        assert "the gateway's own log" in failed.hint
        assert len(server.requests) == 1


@pytest.mark.parametrize("trouble", [loop.RateLimited(0), loop.Status(503)], ids=["429", "503"])
def test_a_consuming_read_that_was_not_made_is_asked_for_again(trouble: loop.Answer) -> None:
    with loop.LoopbackGateway() as server:
        server.script(trouble, page(*items("a")), page())
        assert refs(receipts(server.url, CONSUMING)) == [["a"], []]


def test_the_rate_of_requests_holds_for_polls() -> None:
    described = profile(
        OF_REF,
        BASE + "rate: [{per_second: 1000}, {per_second: 20, counts: request}]\n",
    )
    many = [handed(f"+1202555{n:04}", ref=f"r{n}") for n in range(100, 110)]
    with loop.LoopbackGateway() as server:
        server.otherwise(loop.Serve(echo))
        assert len(receipts(server.url, described, many)) == 10
        times = sorted(request.at for request in server.requests)
        assert times[-1] - times[0] >= 9 / 20 - 0.02


# --- quiet ---


def test_secrets_and_numbers_stay_out_of_every_text() -> None:
    query_auth = BASE.replace("{kind: bearer, token: {env: KEY}}", "{kind: query, fields: {key: {env: KEY}}}")
    by_number = profile(
        f"{RECEIPTS}, each: message, query: {{to: '{{to}}'}}, code: code, text: text}}", query_auth
    )
    said = f"no key {SECRET} for {ALICE}"
    troubles: list[loop.Answer] = [
        answer({"error": {"code": SECRET, "text": said}}, 400),
        answer({"error": {"code": f"bad-key {SECRET}", "text": said}}),
        loop.Status(200, said.encode()),
        loop.Redirect(f"/x?key={SECRET}"),
        page({"ref": "a"}, next=f"https://evil.example/{SECRET}"),
        *[loop.CloseAfterReading(taken=False)] * 4,
    ]
    with loop.LoopbackGateway() as server:
        texts = []
        for trouble in troubles[:4]:
            server.script(trouble)
            failed = failure(server.url, by_number, handed(ALICE))
            texts += [failed.message, failed.hint, repr(failed)]
        server.script(*troubles[5:])
        texts.append(failure(server.url, by_number, handed(ALICE)).message)
        assert all(request.query["key"] == SECRET for request in server.requests)
        server.script(page({"to": ALICE, "state": SECRET, "code": f"x{SECRET}", "text": said}))
        (post,) = receipts(server.url, by_number, [handed(ALICE)])
        (receipt,) = post.items
        texts += [receipt.word, receipt.code, receipt.detail]
        server.assert_quiet("\n".join(texts), secrets=[SECRET], numbers=[ALICE])
        assert "no key ••• for" in receipt.detail


def test_ten_thousand_items_take_no_more_memory_than_a_page() -> None:
    def office(request: loop.Request) -> loop.Wording:
        number = int(request.query["p"])
        some = items(*(f"{number}-{n}" for n in range(1000 if number <= 10 else 0)))
        return loop.Wording(200, json.dumps({"items": some}).encode())

    async def conversation(postbox: HttpPostbox) -> tuple[int, int]:
        count, early = 0, 0
        async for post in postbox.receipts((), SINCE, NOW, ""):
            count += len(post.items)
            early = early or (count >= 2000 and tracemalloc.get_traced_memory()[1])
        return count, early

    with loop.LoopbackGateway() as server:
        server.otherwise(loop.Serve(office))
        tracemalloc.start()
        try:
            count, early = ask(server.url, paged("{by: page, name: p, size: 1000}"), conversation)
            assert count == 10_000
            assert tracemalloc.get_traced_memory()[1] < early * 1.2 + 200_000
        finally:
            tracemalloc.stop()
