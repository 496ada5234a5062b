"""What replies do to a sent log: in the order of their times, once, and never more than they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.consent import ConsentMethod
from smscli.domain.contact import ConsentLevel
from smscli.domain.message import Realm
from smscli.domain.ports import NO_FACTS, REVIEW, Facts, SentLog
from smscli.domain.replies import Reply, ReplyClass
from smscli.engine.replying import Filing, Listening, decide_reply, file_replies
from smscli.files.reply_words_file import reply_words
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.sqlite import open_sent_log
from tests.engine.making import number

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OURS, OTHER = "+12025550143", "+12025550144"
ANNA, BEN = number(101), number(102)
LISTENING = Listening(
    reply_words(),
    keywords={"": {"NEWS": "news"}, "3344": {"MAU": "promotions"}},
    topics=frozenset({"news", "promotions"}),
    brand="Green Garage",
)


def said(text: str, minute: int = 0, *, by: object = ANNA, to: str = OURS) -> Reply:
    who = by if by is BEN else ANNA
    return Reply(who, to, NOW - timedelta(hours=2) + timedelta(minutes=minute), text, source="a.csv:2")


def filed(log: SentLog, *replies: Reply) -> Filing:
    return file_replies(log, sorted(replies, key=lambda reply: reply.at), LISTENING, "ola@desk", NOW)


def facts(log: SentLog, who: object = ANNA) -> Facts:
    numbers = [BEN if who is BEN else ANNA]
    return log.facts(Realm.LIVE, "spring", numbers, NOW - timedelta(days=9), NOW).get(numbers[0], NO_FACTS)


@pytest.fixture(params=["sqlite", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SentLog]:
    if request.param == "memory":
        yield MemorySentLog()
        return
    with closing(open_sent_log(tmp_path / "sent-log.db", create=True)) as opened:
        yield opened


def test_a_stop_is_an_opt_out_of_everything_with_its_words(log: SentLog) -> None:
    assert filed(log, said("Please stop!")).opted_out == 1
    [wish] = log.opt_outs()
    assert (wish.number, wish.topic, wish.source, wish.sender, wish.words) == (
        ANNA, "", "reply", OURS, "Please stop!",
    )  # fmt: skip
    assert wish.at == said("").at
    assert wish.note == "a.csv:2"


def test_a_stop_of_a_topic_is_about_that_topic(log: SentLog) -> None:
    filed(log, said("STOP NEWS"))
    assert facts(log).opted_out == {"news"}


def test_a_start_lifts_only_what_was_said_before_it_and_to_the_same_number(log: SentLog) -> None:
    assert filed(log, said("STOP", 1), said("START", 2)).started == 1
    assert facts(log).opted_out == frozenset()
    filed(log, said("STOP", 3, by=BEN), said("START", 4, by=BEN, to=OTHER))
    assert facts(log, BEN).opted_out == {""}


def test_the_order_of_times_counts_and_not_the_order_of_files(log: SentLog) -> None:
    filed(log, said("START", 2))
    filed(log, said("STOP", 1))
    assert facts(log).opted_out == frozenset()
    filed(log, said("STOP", 3, by=BEN), said("START", 2, by=BEN))
    assert facts(log, BEN).opted_out == {""}


def test_stop_and_start_of_one_moment_stop(log: SentLog) -> None:
    filed(log, said("START", 1), said("STOP", 1))
    filed(log, said("STOP", 1, by=BEN), said("START", 1, by=BEN))
    assert facts(log).opted_out == facts(log, BEN).opted_out == {""}


def test_a_keyword_makes_a_consent_record_with_its_words_and_lifts_its_topic(log: SentLog) -> None:
    done = filed(log, said("STOP NEWS", 1), said("News!", 2))
    assert (done.consents, done.started) == (1, 1)
    [record] = log.consents(ANNA)
    assert (record.level, record.how, record.topics, record.where, record.raw) == (
        ConsentLevel.EXPRESS, ConsentMethod.KEYWORD, ("news",), OURS, "News!",
    )  # fmt: skip
    assert (record.at, record.source, record.by) == (said("", 2).at, "a.csv:2", "ola@desk")
    assert facts(log).opted_out == frozenset()


def test_a_keyword_of_one_number_means_nothing_to_another(log: SentLog) -> None:
    assert filed(log, said("MAU", 1, to=OURS)).by_class == {ReplyClass.OTHER: 1}
    assert filed(log, said("mau", 2, to="3344")).consents == 1
    assert [record.topics for record in log.consents()] == [("promotions",)]


def test_everybodys_start_records_no_consent(log: SentLog) -> None:
    assert filed(log, said("START", 1), said("START NEWS", 2)).consents == 0
    assert list(log.consents()) == []


def test_what_is_unclear_counts_as_an_opt_out_that_start_does_not_lift(log: SentLog) -> None:
    filed(log, said("STOP this bill", 1), said("START", 2))
    assert [wish.source for wish in log.opt_outs()] == [REVIEW]
    assert facts(log).opted_out == {""}


def test_help_and_the_rest_do_nothing_and_calls_are_told(log: SentLog) -> None:
    done = filed(log, said("HELP", 1), said("see you at 5", 2))
    assert done.by_class == {ReplyClass.HELP: 1, ReplyClass.OTHER: 1}
    assert [call.text for call in done.calls] == ["HELP"]
    assert list(log.opt_outs()) == []
    assert list(log.consents()) == []


def test_the_same_replies_again_change_nothing(log: SentLog) -> None:
    replies = [said("STOP", 1), said("NEWS", 2), said("STOP this bill", 3, by=BEN), said("HELP", 4)]
    filed(log, *replies)
    before = (list(log.opt_outs()), list(log.consents()), list(log.replies()))
    again = filed(log, *replies)
    assert (again.new, again.known) == (0, 4)
    assert (again.opted_out, again.started, again.consents, again.calls) == (0, 0, 0, ())
    assert (list(log.opt_outs()), list(log.consents()), list(log.replies())) == before


@pytest.mark.parametrize("text", ["STOP", "START", "NEWS", "HELP", "STOP this bill", "See you"])
def test_nothing_that_an_erased_person_writes_is_kept(log: SentLog, text: str) -> None:
    filed(log, said(text), said("STOP", 1, by=BEN))
    log.erase(ANNA, "ola@desk", NOW)
    forgotten = log.everything_about(ANNA)
    again = filed(log, said(text), said(text, 5), said("STOP", 1, by=BEN))
    assert (again.new, again.known, again.erased, again.calls) == (0, 1, 2, ())
    assert log.everything_about(ANNA) == forgotten
    assert facts(log).opted_out == {""}


def test_what_an_operator_lifted_stays_lifted_when_the_file_comes_again(log: SentLog) -> None:
    filed(log, said("STOP", 1))
    assert log.reinstate(ANNA, "", "ola@desk", "asked by phone", NOW)
    filed(log, said("STOP", 1))
    assert list(log.opt_outs()) == []


@pytest.mark.parametrize(
    ("kind", "topic", "opted_out"),
    [
        (ReplyClass.OPT_OUT, "", {""}),
        (ReplyClass.OPT_OUT, "news", {"news"}),
        (ReplyClass.OTHER, "", set()),
        (ReplyClass.HELP, "", set()),
    ],
)
def test_a_persons_word_decides(log: SentLog, kind: ReplyClass, topic: str, opted_out: set[str]) -> None:
    filed(log, said("STOP this bill"))
    [waiting] = log.replies(pending=True)
    assert decide_reply(log, waiting, kind, "ola@desk", NOW, topic)
    assert list(log.replies(pending=True)) == []
    assert facts(log).opted_out == opted_out
    for wish in log.opt_outs():
        assert (wish.by, wish.source, wish.words) == ("ola@desk", "reply", "STOP this bill")
    assert not decide_reply(log, waiting, ReplyClass.OTHER, "eve@desk", NOW)
    assert facts(log).opted_out == opted_out


TEXTS = ["STOP", "START", "STOP NEWS", "NEWS", "STOP this bill", "HELP", "no", "see you"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TEXTS), st.integers(0, 6)), max_size=8), st.data())
def test_no_order_of_files_lets_anybody_be_texted_whose_last_word_was_no(
    words: Sequence[tuple[str, int]], data: st.DataObject
) -> None:
    log = MemorySentLog()
    replies = [said(text, minute) for text, minute in words]
    for reply in data.draw(st.permutations(replies)):  # each in a file of its own, in any order
        filed(log, reply)
    stops = [minute for text, minute in words if text == "STOP"]
    starts = [minute for text, minute in words if text == "START"]
    waits = any(text in ("STOP this bill", "no") for text, _ in words)
    is_stopped = bool(stops) and max(stops) >= max(starts, default=-1)
    assert ("" in facts(log).opted_out) == (waits or is_stopped)
