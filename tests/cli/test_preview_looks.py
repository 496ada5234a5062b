"""How a plan looks: straight at every width, true in every encoding, plain where nobody wants colours."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from smscli.cli.app import run
from smscli.cli.present.bars import apportion
from smscli.cli.present.bubbles import bubbles
from smscli.cli.present.cells import chopped, clusters, fitted, folded
from smscli.cli.present.ledger import Row, Warn, ledger
from smscli.cli.present.page import ASCII, UNICODE, Page
from smscli.cli.present.screen import Screen
from smscli.cli.wiring import World, new_id
from smscli.domain.segments import split
from tests.cli.desk import Desk
from tests.cli.program import StoppedClock
from tests.engine.making import message

WIDTHS = (40, 80, 120, 160)
AT = ("--at", "2026-11-23T15:30")

#: Six languages, three of them wide, from the right or combining; a name that would turn the line around.
SHOP = """\
  shop:
    purpose: marketing
    country_rules: false
    topic: service
    default_language: en
    text:
      en: "Green Garage: {{ first_name }}, winter tyres from Monday at {{ place }}. Reply STOP to opt out"
      zh: "Green Garage：{{ first_name }}，冬季轮胎周一到货，欢迎预约。营业时间：\
        周一至周六上午九点至下午八点，地址：人民路一百二十三号绿色车库，请尽早预约，数量有限，先到先得！ STOP"
      he: "Green Garage: {{ first_name }}, צמיגי חורף מיום שני ב-{{ place }}. להסרה STOP"
      hi: "Green Garage: {{ first_name }}, सोमवार से सर्दियों के टायर {{ place }} में। STOP"
      es: "Garage: {{ first_name }}, ruedas de invierno el lunes en {{ place }} con precio especial. STOP"
    consent: {level: express, max_age: 2y}
    quiet_hours: {windows: {mon-sun: "00:00-24:00"}, holidays: ignore}
"""
RATES = (
    "timezone: Europe/Warsaw\nrates: {currency: EUR, US: 0.008, PL: 0.032, CN: 0.04, IL: 0.05, IN: 0.006}\n"
)
HEADER = "phone,first_name,language,place,consent,consent_date"
PEOPLE = (
    "+12025550101,Ann 👨‍👩‍👧,en,Main St 1,express,2026-01-02",
    "+12025550102,Ben,en,Main St 1,express,2026-01-02",
    "+8613812345678,王小明,zh,北京,express,2026-01-02",
    "+972502345678,דנה,he,תל אביב,express,2026-01-02",
    "+919812345678,नूर,hi,दिल्ली,express,2026-01-02",
    "+48512345678,Zoe\u0301,es,Łódź,express,2026-01-02",
    "+12025550103,Cy,en,Main St 1,,",
    "+12025550104,Di,de,Main St 1,express,2026-01-02",
    "+12025550105,,en,Main St 1,express,2026-01-02",
    "+12025550101,Ann again,en,Main St 1,express,2026-01-02",
    "nobody,Zed,en,,,",
)


class Stream(io.TextIOWrapper):
    """A stream of some encoding, at a terminal or not."""

    def __init__(self, encoding: str, *, terminal: bool = False) -> None:
        self.bytes = io.BytesIO()
        self._is_terminal = terminal
        super().__init__(self.bytes, encoding=encoding, errors="replace")

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def text(self) -> str:
        self.flush()
        return self.bytes.getvalue().decode(self.encoding)


def shown(
    *arguments: str,
    columns: int | None = None,
    encoding: str = "utf-8",
    terminal: bool = False,
    **environ: str,
) -> str:
    """What one command line prints on such a stdout."""
    out = Stream(encoding, terminal=terminal)
    width = {} if columns is None else {"COLUMNS": str(columns)}
    screen = Screen(out, io.StringIO(), environ={**width, **environ}, json="--json" in arguments)
    stdin: TextIO = io.StringIO()
    assert run(arguments, World(StoppedClock(), new_id, lambda: "ola", {}, stdin, screen)) in {0, 4}
    return out.text


def preview(*arguments: str, **look: object) -> str:
    return shown("preview", "campaigns.yaml", "shop", *AT, *arguments, **look)  # type: ignore[arg-type]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns(SHOP, top=RATES)
    desk.contacts(*PEOPLE, header=HEADER)
    return desk


def frames_are_straight(lines: list[str], corners: tuple[str, str, str, str], upright: str) -> bool:
    """Has every bubble its edges below one another, in cells?"""
    open_at: set[int] = set()
    for line in lines:
        edges = {cell_len(line[:at]) for at, each in enumerate(line) if each in {*corners, upright}}
        if corners[0] in line and corners[1] in line:
            open_at = edges
        elif not edges <= open_at:
            return False
    return True


# --- the whole screen -------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_nothing_is_wider_than_the_screen_and_every_frame_is_straight(
    desk: Desk, columns: int, encoding: str
) -> None:
    lines = preview(columns=columns, encoding=encoding).splitlines()
    assert max(map(cell_len, lines)) <= columns
    assert all(line == line.rstrip() for line in lines)
    glyphs = UNICODE if encoding == "utf-8" else ASCII
    framed = lines[next(at for at, line in enumerate(lines) if line.startswith("Samples")) :]
    assert sum(line.count(glyphs.across * 32) for line in framed) % 2 == 0
    if encoding == "utf-8":  # in ASCII a dot and a quote are in texts as well
        assert frames_are_straight(framed, glyphs.corners, glyphs.upright)


@pytest.mark.parametrize("columns", WIDTHS)
def test_figures_and_bars_share_one_edge(desk: Desk, columns: int) -> None:
    lines = preview(columns=columns).splitlines()
    pane = 80 if columns == 160 else 60 if columns == 120 else columns
    left = [line[:pane] for line in lines]
    starts = {line.index("━") for line in left if "━" in line}
    assert len(starts) == 1
    (start,) = starts
    figures = [line[:start].rstrip() for line in left if line[start : start + 1] == "━"]
    assert {len(figure) for figure in figures} == {start - 2}


@pytest.mark.parametrize("columns", WIDTHS)
def test_the_ascii_form_is_ascii_and_guesses_nothing(desk: Desk, columns: int) -> None:
    text = preview(columns=columns, encoding="ascii")
    assert text.isascii()
    assert "+1202***0101" in text
    assert "U+3002" in text  # characters that cannot be printed are named by number
    assert "=" * 3 in text
    assert ".--------------------------------." in text


@pytest.mark.parametrize(
    ("terminal", "environ"),
    [
        (False, {}),
        (True, {"NO_COLOR": "1"}),
        (True, {"TERM": "dumb"}),
        (False, {"NO_COLOR": "1", "FORCE_COLOR": "1"}),
    ],
)
def test_no_escape_codes_without_a_terminal_or_where_nobody_wants_them(
    desk: Desk, terminal: bool, environ: dict[str, str]
) -> None:
    assert "\x1b" not in preview(columns=100, terminal=terminal, **environ)


@pytest.mark.parametrize(("terminal", "environ"), [(True, {"TERM": "xterm"}), (False, {"FORCE_COLOR": "1"})])
def test_colour_is_for_meaning_and_says_nothing_that_the_text_does_not(
    desk: Desk, terminal: bool, environ: dict[str, str]
) -> None:
    colored = preview(columns=80, terminal=terminal, **environ)
    plain = re.sub(r"\x1b\[[0-9;]*m *(?=\n|$)|\x1b\[[0-9;]*m", "", colored)
    assert [line.rstrip() for line in plain.splitlines()] == preview(columns=80).splitlines()
    assert re.search(r"to send +\x1b\[32m +6\x1b\[0m +\x1b\[32m━+", colored)
    assert re.search(r"problems +\x1b\[31m +1\x1b\[0m +\x1b\[31m━+", colored)
    assert not re.search(r"held +\x1b", colored)  # nobody is


def test_without_a_terminal_the_text_is_for_80_columns(desk: Desk) -> None:
    assert preview() == preview(columns=80)


@pytest.mark.parametrize("columns", ["", "0", "-5", "wide", "²"])
def test_a_width_that_is_none_is_not_believed(desk: Desk, columns: str) -> None:
    assert preview(COLUMNS=columns) == preview(columns=80)


def test_below_forty_columns_nothing_gets_narrower(desk: Desk) -> None:
    assert preview(columns=7) == preview(columns=40)


def test_json_knows_no_width_and_no_colour(desk: Desk) -> None:
    digits = re.compile(r'"(digest|id)": ".*"')
    wide, narrow = (
        digits.sub("", preview("--json", columns=columns, terminal=True, TERM="xterm"))
        for columns in (160, 40)
    )
    assert wide == narrow
    assert wide.isascii()


# --- at a glance, and in full -----------------------------------------------------------------------


def test_a_glance_fits_the_eye_and_the_full_plan_says_more(desk: Desk) -> None:
    glance, full = preview(columns=80), preview(columns=160)
    for word in ("Languages", "by their segments"):
        assert word not in glance
        assert word in full
    assert glance.count("╭") == 4
    assert full.count("╭") == 6
    assert len(full.splitlines()) < len(glance.splitlines())


def test_in_full_people_and_money_stand_side_by_side(desk: Desk) -> None:
    lines = preview(columns=160).splitlines()
    assert any(re.match(r"  to send +6 .*Segments +\d+  in 6 messages", line) for line in lines)


def test_everybody_is_counted_with_what_can_be_mended(desk: Desk) -> None:
    text = preview(columns=80)
    for row in (
        r"  to send +6  ━+",
        r"  skipped +4  ━+",
        r"    no consent +1",
        r"    duplicate +1  see --duplicates FILE",
        r"    missing field +1  first_name: line 10",
        r"    no text +1  de: line 9",
        r"  held +0",
        r"  problems +1  ━+",
    ):
        assert re.search(rf"^{row}$", text, re.MULTILINE), row


def test_several_things_to_mend_for_one_reason_have_a_line_each(desk: Desk) -> None:
    rows = [f"+1202555{index:04},{'' if index % 2 else 'Al'},en,,express,2026-01-02" for index in range(12)]
    desk.contacts(*rows, header=HEADER)
    text = preview(columns=80)
    assert re.search(r"missing field +12$", text, re.MULTILINE)
    assert re.search(r"^ +place in 6 rows: lines 2, 4, 6, 8, 10, …$", text, re.MULTILINE)
    assert re.search(r"^ +first_name.* in 6 rows: lines 3, 5, 7, 9, 11, …$", text, re.MULTILINE)


def test_of_many_countries_a_glance_shows_the_dearest_and_the_rest_together(desk: Desk) -> None:
    ready = "  shop: {purpose: transactional, quiet_hours: off, text: 'Green Garage: ready'}\n"
    prices = {"US": 1, "PL": 2, "GR": 3, "ES": 4, "RU": 5, "ID": 6, "GB": 7, "DE": 8, "FR": 9}
    desk.campaigns(
        ready, top=f"rates: {{currency: EUR, {', '.join(f'{c}: {p}' for c, p in prices.items())}}}\n"
    )
    numbers = ("12025550101", "48512345678", "306945678901", "34612345601", "79123456701", "6281234567801")
    desk.contacts(
        *(f"+{each}" for each in (*numbers, "447400123456", "4915123456789", "33612345678")), header="phone"
    )
    glance, full = preview(columns=80), preview(columns=160)
    assert re.findall(r"^  ([A-Z]{2}) +\d", glance, re.MULTILINE) == ["FR", "DE", "GB", "ID", "RU", "ES"]
    assert re.search(r"^  others +6\.00  ━+ +3 countries$", glance, re.MULTILINE)
    assert all(
        re.search(rf"  {country} +{price}\.00  ━+ +1 segment +in 1 message", full)
        for country, price in prices.items()
    )
    assert "others" not in full


def test_offenders_are_named_with_the_segments_they_cost_slips_before_letters(desk: Desk) -> None:
    slip = "  shop: {purpose: transactional, quiet_hours: off, text: 'Green Garage – żółć na “zimę”: %s'}\n"
    desk.campaigns(slip % ("x" * 60))
    desk.contacts("+12025550101", "+12025550102", header="phone")
    glance, full = preview(columns=80), preview(columns=120)
    for text in (glance, full):
        assert re.findall(r"    (\S) +\+2  \w", text)[:3] == ["–", "“", "”"]
        assert "en dash forced UCS-2 in 2 messages" in text
    assert re.search(
        r"^ +5 other characters forced UCS-2 as well, each at most \+2: ó\n +ć ę ł ż$", glance, re.MULTILINE
    )
    assert "other characters" not in full
    assert "latin small letter z with dot above" in full
    desk.campaigns(slip % "")
    assert re.search(
        r"^ +\+0  – “ ” ó ć ę ł ż forced UCS-2 at no extra cost$", preview(columns=80), re.MULTILINE
    )


@pytest.mark.parametrize(
    ("character", "encoding", "named"),
    [
        ("\u0301", "utf-8", "◌\u0301"),
        ("\u200d", "utf-8", "U+200D"),
        ("\u00a0", "utf-8", "U+00A0"),
        ("ł", "utf-8", "ł"),
        ("ł", "latin-1", "U+0142"),
        ("\u0301", "latin-1", "U+0301"),
    ],
)
def test_an_offender_that_nobody_would_see_is_shown_by_its_number(
    desk: Desk, character: str, encoding: str, named: str
) -> None:
    text = f"Green Garage: a{character}b"
    desk.campaigns(f"  shop: {{purpose: transactional, quiet_hours: off, text: '{text}'}}\n")
    desk.contacts("+12025550101", header="phone")
    found = re.search(r"\+0  (.*) forced UCS-2 at no extra cost", preview(columns=80, encoding=encoding))
    assert found is not None
    assert found[1] == named


def test_a_path_is_never_broken(desk: Desk) -> None:
    name = "a-list-with-a-very-long-name-of-the-third-quarter-of-the-year-2026-final-final.csv"
    (desk.path / name).write_text((desk.path / "contacts.csv").read_text("utf-8"), encoding="utf-8")
    assert f"List      {name}:\n" in preview("--contacts", name, columns=40)


# --- bubbles ----------------------------------------------------------------------------------------

BODIES = (
    "Hello",
    "x" * 400,
    "a\n\nb\n",
    "  two  spaces  " * 12,
    "exactly thirty cells in a row. " * 9,
    "evil \u202e reverse\r\n\ttab \x07 bell \u2028 line",
    "您好，您的自行车已经修好了，可以随时来取。" * 8,
    "שלום דנה, האופניים שלך מוכנים לאיסוף. " * 4,
    "e\u0301" * 90,
    "👨‍👩‍👧 and ❤️‍🔥 in 🇵🇱 " * 9,
    "{}[]€^~|\\" * 30,
)


def texts_in(lines: list[str], page: Page) -> str:
    """What stands in the frames, without their spaces."""
    upright = page.glyphs.upright
    inside = [
        line.split(f"{upright} ", 1)[1].rsplit(f" {upright}", 1)[0] for line in lines if f"{upright} " in line
    ]
    return re.sub(r"[ \u200e]", "", "".join(inside))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("body", BODIES)
def test_a_bubble_is_straight_and_keeps_every_character(body: str, encoding: str) -> None:
    page = Page(40, encoding)
    lines = [line.plain for line in bubbles([message(1, body=body)], page)]
    framed = [line for line in lines if re.match(r"  [│|╭╰.']", line)]
    edges = {cell_len(re.sub(r" \d+/\d+$", "", line)) for line in framed}
    assert edges == {36}
    kept = texts_in(lines, page)
    wanted = page.shown(body.replace("\n", "")).replace(" ", "")
    marks = len(split(body)) - 1
    if page.glyphs.cut not in wanted:
        assert kept.count(page.glyphs.cut) == marks
        assert kept.replace(page.glyphs.cut, "").replace("\u200d", "") == wanted.replace("\u200d", "")


@given(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="┊│\u200d\u200e"),
        min_size=1,
        max_size=300,
    )
)
def test_cuts_stand_exactly_where_the_segments_end(body: str) -> None:
    page = Page(40)
    lines = [line.plain for line in bubbles([message(1, body=body)], page)]
    pieces = texts_in(lines, page).split("┊")
    assert pieces == [page.shown(piece).replace(" ", "") for piece in split(body)]
    numbers = [int(found[1]) for line in lines if (found := re.search(r"│ (\d+)/\d+$", line))]
    assert numbers == sorted(set(numbers))
    assert not numbers or numbers[-1] == len(pieces)


def test_a_row_from_the_right_cannot_turn_its_frame_around() -> None:
    lines = [line.plain for line in bubbles([message(1, body="שלום")], Page(80))]
    assert any(re.fullmatch(r"  │ \u200eשלום\u200e +│", line) for line in lines)
    assert not any("\u200e" in line.plain for line in bubbles([message(1, body="Hello")], Page(80)))


@pytest.mark.parametrize(("columns", "abreast"), [(40, 1), (80, 2), (120, 3), (160, 4)])
def test_bubbles_stand_side_by_side_where_they_fit(columns: int, abreast: int) -> None:
    long = [message(1, body="x" * 200)] * 5
    lines = [line.plain for line in bubbles(long, Page(columns))]
    assert max(line.count("╭") for line in lines) == abreast
    assert sum(line.count("╭") for line in lines) == 5


def test_below_a_bubble_stands_what_it_costs() -> None:
    polish = replace(message(1, body="Zażółć gęślą jaźń " * 5, sender="Garage"), language="pl")
    lines = [line.plain.strip() for line in bubbles([polish], Page(80))]
    assert lines[0] == "Garage to +1202•••0001"
    assert lines[-1] == "pl: UCS-2, 2 segments, 90 units"


# --- bars, rows and cells ---------------------------------------------------------------------------

COUNTS = st.lists(st.integers(0, 10**9), max_size=8)


@given(COUNTS, st.integers(8, 40))
def test_bars_add_up_and_hide_nobody(counts: list[int], width: int) -> None:
    cells = apportion(counts, width)
    assert [bool(each) for each in cells] == [bool(each) for each in counts]
    assert sum(cells) == (width if any(counts) else 0)
    assert all(
        here >= there
        for part, here in zip(counts, cells, strict=True)
        for other, there in zip(counts, cells, strict=True)
        if part > other
    )


@given(COUNTS, st.integers(8, 40))
def test_a_bar_is_as_long_as_its_share_but_for_a_cell_where_nobody_is_tiny(
    counts: list[int], width: int
) -> None:
    shares = [count * width / (sum(counts) or 1) for count in counts]
    if all(not share or share >= 1 for share in shares):
        assert all(
            abs(cell - share) < 1 for cell, share in zip(apportion(counts, width), shares, strict=True)
        )


def test_more_parts_than_cells_have_one_each() -> None:
    assert apportion([1] * 50, 8) == [1] * 50
    assert apportion([Decimal("0.1"), Decimal(0), Decimal("0.3")], 8) == [2, 0, 6]
    assert apportion([], 8) == []


@given(st.text(max_size=120), st.integers(4, 40))
def test_folded_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    lines = list(folded(text, width))
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "").replace("\u200d", "") == text.replace(" ", "").replace(
        "\u200d", ""
    )


@given(st.text(max_size=60), st.integers(2, 20))
def test_chopped_pieces_are_as_wide_as_their_clusters_together(text: str, width: int) -> None:
    for piece in chopped(text, width):
        assert cell_len(piece) == sum(map(cell_len, clusters(piece)))
    assert cell_len(fitted(text, width, "…")) <= width


@pytest.mark.parametrize("columns", [30, 40, 58, 80])
def test_notes_go_on_behind_the_figures_or_below(columns: int) -> None:
    rows: list[Row | Warn] = [
        Row("Time", "12 min", "planned, " * 9, depth=0),
        Row("held", "3", "beside a bar", part=3),
        Warn("long " * 30),
    ]
    lines = [line.plain for line in ledger([rows], Page(columns))]
    assert max(map(cell_len, lines)) <= columns
    assert " ".join(" ".join(lines).split()).count("planned,") == 9
    assert lines[-1].startswith(" " * len("  warning: "))
