"""Parts of countries and ZIP codes, as people write them."""

from __future__ import annotations

import pytest
from holidays import country_holidays

from smscli.domain.addresses import BadState, BadZip, is_part, part_called, zip_code

STATES = [code for code in country_holidays("US").subdivisions if code != "UM"]
PROVINCES = country_holidays("CA").subdivisions


@pytest.mark.parametrize("code", STATES)
def test_each_state_is_known_by_its_code(code: str) -> None:
    for text in (code, code.lower(), f"US-{code}", f"us_{code}", f"USA-{code}", ".".join(code) + "."):
        assert part_called(text, ("US",)) == f"US-{code}"


@pytest.mark.parametrize("code", PROVINCES)
def test_each_province_is_known_by_its_code_in_a_list_of_either_country(code: str) -> None:
    assert {part_called(code, (country,)) for country in ("CA", "US", "PR")} == {f"CA-{code}"}


def test_no_state_and_no_province_have_one_code() -> None:
    assert not set(STATES) & set(PROVINCES)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("Calif.", "CA"), ("Mass.", "MA"), ("W. Va.", "WV"), ("N. Mex.", "NM"), ("Wash.", "WA")),
        *(("District of Columbia", "DC"), ("Washington, D.C.", "DC"), ("NEW YORK", "NY")),
    ],
)
def test_names_and_how_newspapers_shorten_them(text: str, code: str) -> None:
    assert part_called(text, ("US",)) == f"US-{code}"


def test_the_first_country_that_knows_it_is_meant() -> None:
    assert part_called("WA", ("AU", "US")) == "AU-WA"
    assert part_called("WA", ("US", "AU")) == "US-WA"
    assert part_called("TX", ("AU", "US")) == "US-TX"


def test_a_bare_code_of_the_us_means_nothing_in_other_lists() -> None:
    for text in ("FL", "Fla.", "Guam"[:2]):
        with pytest.raises(BadState, match="is no state or province of PL"):
            part_called(text, ("PL",))


def test_a_country_is_no_state_of_itself() -> None:
    assert part_called("Georgia", ("US",)) == "US-GA"
    assert part_called("Georgia", ("GE",)) is None


def test_a_bare_figure_is_no_part_of_austria() -> None:
    with pytest.raises(BadState):
        part_called("9", ("AT",))
    assert part_called("AT-9", ("AT",)) == part_called("Wien", ("AT",)) == "AT-9"


def test_cities_and_school_zones_of_the_library_are_no_parts() -> None:
    assert not is_part("DE-Augsburg")
    with pytest.raises(BadState):
        part_called("Zone A", ("FR",))


@pytest.mark.parametrize(
    ("text", "known"), [("US-FL", True), ("us-fl", False), ("FL", False), ("XX-FL", False)]
)
def test_what_is_the_code_of_a_part(text: str, known: bool) -> None:
    assert is_part(text) is known


def test_a_number_in_a_column_of_states_is_not_told_in_full() -> None:
    with pytest.raises(BadState) as caught:
        part_called("+12025550101", ("US",))
    assert "5550101" not in caught.value.message


@pytest.mark.parametrize("text", ["", "1", "123", "123456", "1234567", "0213x", "02139-", "02139-123"])
def test_what_is_no_zip_code(text: str) -> None:
    with pytest.raises(BadZip):
        zip_code(text)
