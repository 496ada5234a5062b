"""What people call countries."""

from __future__ import annotations

import pytest

from smscli.domain.country_names import country_called
from smscli.domain.msisdn import is_region


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("Poland", "PL"),
        ("POL", "PL"),
        ("Polska", "PL"),
        ("united kingdom", "GB"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("UNITED STATES", "US"),
        ("España", "ES"),
        ("Espana", "ES"),
        ("ESPAN\u0303A", "ES"),
        ("TÜRKİYE", "TR"),
        ("ΕΛΛΆΔΑ", "GR"),
        ("Россия", "RU"),
        ("Bosnia and Herzegovina", "BA"),
        ("Bosnia-and-Herzegovina", "BA"),
        ("Côte", None),
        ("Narnia", None),
        ("Antarctica", None),  # has no numbers
        ("Pol", "PL"),
        ("Polan", None),
        ("48", None),
        ("", None),
    ],
)
def test_countries_are_known_by_their_names_and_by_three_letters(name: str, country: str | None) -> None:
    assert country_called(name) == country


@pytest.mark.parametrize(
    "code", ["DEU", "ESP", "FRA", "GRC", "ITA", "PRT", "BRA", "TUR", "GBR", "IRL", "NOR", "CHE"]
)
def test_three_letters_are_those_of_the_standard(code: str) -> None:
    found = country_called(code)
    assert found is not None
    assert is_region(found)
