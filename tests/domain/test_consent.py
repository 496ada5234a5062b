"""Which yes counts, and that no yes outlives a later no."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.consent import ConsentFact, ConsentMethod, Promise, in_force, said_no_at, yeses
from smscli.domain.contact import Consent, ConsentLevel

NONE, SOFT, EXPRESS, WRITTEN = ConsentLevel
JANUARY = datetime(2026, 1, 10, 12, tzinfo=UTC)


def fact(
    level: ConsentLevel,
    day: int = 0,
    *,
    purpose: str = "",
    topics: tuple[str, ...] = (),
    key: int = 1,
    expires_at: datetime | None = None,
    promise: Promise | None = None,
) -> ConsentFact:
    at = JANUARY + timedelta(days=day)
    return ConsentFact(key, level, at, purpose, topics, ConsentMethod.WEB_FORM, expires_at, promise)


def test_the_strongest_yes_comes_first_then_the_latest() -> None:
    weak, strong, late = fact(SOFT, 9, key=1), fact(WRITTEN, 1, key=2), fact(WRITTEN, 2, key=3)
    assert [each.key for each in in_force([weak, strong, late], "marketing", "offers")] == [3, 2, 1]


def test_a_weaker_yes_takes_nothing_back() -> None:
    assert in_force([fact(WRITTEN, 1), fact(SOFT, 2)], "marketing", "offers")[0].level is WRITTEN


def test_a_no_ends_every_yes_that_is_not_later() -> None:
    before, at_once, after = fact(WRITTEN, 1, key=1), fact(EXPRESS, 2, key=2), fact(SOFT, 3, key=3)
    facts = [before, at_once, fact(NONE, 2, key=4), after]
    assert [each.key for each in in_force(facts, "marketing", "offers")] == [3]
    assert said_no_at(facts, "marketing", "offers") == JANUARY + timedelta(days=2)


def test_a_no_to_one_topic_leaves_the_others() -> None:
    facts = [fact(EXPRESS, 1), fact(NONE, 2, topics=("news",))]
    assert in_force(facts, "marketing", "news") == ()
    assert len(in_force(facts, "marketing", "offers")) == 1


def test_a_yes_to_one_purpose_is_no_yes_to_the_other() -> None:
    facts = [fact(EXPRESS, purpose="transactional")]
    assert in_force(facts, "marketing", "offers") == ()
    assert len(in_force(facts, "transactional", "workshop")) == 1


LISTED = Consent(EXPRESS, date(2026, 6, 1), source="contacts.csv:7")


def test_a_list_is_asked_after_the_records() -> None:
    found = yeses([fact(SOFT, key=17)], LISTED, "marketing", "offers")
    assert [str(yes) for yes in found] == [
        "record 17 (web_form): soft at 2026-01-10T12:00Z",
        "list: express on 2026-06-01, contacts.csv:7",
    ]


def test_a_list_never_outranks_a_recorded_no() -> None:
    """However late the date in its column is."""
    assert yeses([fact(NONE)], LISTED, "marketing", "offers") == ()
    assert yeses([fact(NONE, topics=("news",))], LISTED, "marketing", "news") == ()
    assert len(yeses([fact(NONE, topics=("news",))], LISTED, "marketing", "offers")) == 1


def test_a_list_that_says_none_says_nothing() -> None:
    assert yeses([], Consent(NONE, date(2026, 6, 1)), "marketing", "offers") == ()


TOPICS = st.sampled_from([(), ("news",), ("offers",), ("news", "offers")])
FACTS = st.lists(
    st.builds(
        lambda level, day, purpose, topics: fact(level, day, purpose=purpose, topics=topics),
        st.sampled_from(list(ConsentLevel)),
        st.integers(0, 4),
        st.sampled_from(["", "marketing", "transactional"]),
        TOPICS,
    ),
    max_size=8,
)


@given(FACTS, st.sampled_from(["marketing", "transactional"]), st.sampled_from(["news", "offers"]))
def test_no_yes_counts_whose_latest_word_was_no(facts: list[ConsentFact], purpose: str, topic: str) -> None:
    """The last day on which anything was said of this: a no among it, and nothing counts."""
    about = [
        each for each in facts if each.purpose in ("", purpose) and (not each.topics or topic in each.topics)
    ]
    if about:
        last = max(each.at for each in about)
        if any(each.level is NONE for each in about if each.at == last):
            assert yeses(facts, LISTED, purpose, topic) == ()


@given(FACTS, FACTS, st.sampled_from(["news", "offers"]))
def test_more_noes_never_let_more_through(
    some: list[ConsentFact], more: list[ConsentFact], topic: str
) -> None:
    noes = [each for each in more if each.level is NONE]
    fewer = yeses([*some, *noes], LISTED, "marketing", topic)
    assert set(fewer) <= set(yeses(some, LISTED, "marketing", topic))
