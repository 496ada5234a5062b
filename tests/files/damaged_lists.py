"""The corpus: contact lists as they come out of shop systems, CRMs, spreadsheets and mail boxes.

A list lies in `damaged/` as a file where an editor shows all that is in it. What an editor hides or changes
(line ends, code pages, invisible characters, archives, workbooks) is made here from text. Beside it lies what
smscli says of each: `NAME.expected`. `python -m tests.files.damaged_lists` (`make golden`) writes those anew;
read the diff as an operator would.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from pathlib import Path

from smscli.domain.number_types import NumberType
from tests.files.damaged_case import (
    FOLDER,
    Cell,
    DamagedList,
    cut,
    gzip_cut,
    gzip_spoiled,
    gzipped,
    gzipped_twice,
    hide_row,
    in_encoding,
    laid,
    line_in,
    made,
    raw,
    report,
    workbook,
    zipped,
)

NAMES = (FOLDER / "polish-names.csv").read_text("utf-8")
PEOPLE = "phone,first_name\n+12025550101,Ann\n+12025550102,Ben\n+12025550103,Carla\n"


def _laid_text(name: str) -> str:
    return (FOLDER / f"{name}.csv").read_text("utf-8")


def _encodings() -> Iterator[DamagedList]:
    """Code pages, declared and not."""
    pages = (
        ("windows-1250", "polish-names"),
        ("windows-1251", "russian-names"),
        ("windows-1252", "spanish-names"),
        ("windows-1253", "greek-names"),
        ("windows-1254", "turkish-names"),
        ("iso-8859-2", "polish-names"),
    )
    for page, of in pages:
        text, written = _laid_text(of), in_encoding(page)
        yield made(page, f"An export in {page}, and nothing says so.", None, text, written)
        tells = f"An export in {page}, and the campaigns file says so."
        yield made(f"{page}-declared", tells, 3, text, written, encoding=page)
    polish = in_encoding("windows-1250")
    tells = "Polish names in windows-1250, declared as windows-1252."
    yield made("windows-1250-as-1252", tells, 3, NAMES, polish, encoding="windows-1252")
    tells = "Polish names in windows-1250, declared as UTF-8."
    yield made("windows-1250-as-utf-8", tells, None, NAMES, polish, encoding="utf-8")
    tells = "UTF-8, declared as windows-1250: somebody saved the list again."
    yield made("utf-8-as-1250", tells, None, NAMES, encoding="windows-1250")
    tells = "A byte order mark says UTF-8, and outranks what the campaigns file says."
    yield made("mark-outranks-declared", tells, 3, f"\ufeff{NAMES}", encoding="windows-1250")
    tells = "One line of another file, in another encoding, was pasted in."
    yield made("mixed-encodings", tells, None, NAMES, line_in("cp1250", 3))
    late = "phone;first_name\n" + "+12025550101;Ann\n" * 3000 + "+48512345678;Łukasz\n"
    tells = "Three thousand good rows, then one in another encoding."
    yield made("mixed-encodings-late", tells, None, late, line_in("cp1250", 3002))
    yield made("ebcdic", "An export of a mainframe.", None, PEOPLE, in_encoding("cp037"))


def _unicode() -> Iterator[DamagedList]:
    """Unicode in all its forms."""
    for of in ("polish", "russian", "spanish", "greek", "turkish"):
        yield laid(f"{of}-names", f"{of.title()} names in UTF-8: nothing is wrong.", 3)
    yield made("utf-8-mark", "UTF-8 with a byte order mark, as Excel saves it.", 3, f"\ufeff{NAMES}")
    yield made("utf-8-mark-twice", "A byte order mark was put before another.", 3, f"\ufeff\ufeff{NAMES}")
    joined = PEOPLE.replace("+12025550103", "\ufeff+12025550103")
    yield made("mark-in-the-middle", "Two files were joined, each with its byte order mark.", 3, joined)
    for order, mark in (("le", b"\xff\xfe"), ("be", b"\xfe\xff")):
        form = f"utf-16-{order}"
        yield made(form, f"UTF-16 {order.upper()} with a byte order mark.", 3, NAMES, in_encoding(form, mark))
        tells = f"UTF-16 {order.upper()} without a byte order mark, and nothing says so."
        yield made(f"{form}-bare", tells, None, NAMES, in_encoding(form))
        tells = f"UTF-16 {order.upper()} without a byte order mark, and the campaigns file says so."
        yield made(f"{form}-bare-declared", tells, 3, NAMES, in_encoding(form), encoding=form)
    tells = "UTF-16 that ends in the middle of a character."
    yield made("utf-16-cut", tells, None, NAMES, cut(1, "utf-16"))
    tells = "Excel's Unicode text: UTF-16, tabs, CRLF."
    tabs = NAMES.replace(";", "\t").replace("\n", "\r\n")
    yield made("unicode-text", tells, 3, tabs, in_encoding("utf-16"), ".txt")
    yield made("utf-32", "UTF-32 with a byte order mark.", 3, NAMES, in_encoding("utf-32"))
    ends_badly = "phone,first_name\n+12025550101,Ann\n+48512345678,Małgoś"
    yield made("utf-8-cut", "The file ends in the middle of a character.", None, ends_badly, cut(1))


def _line_ends() -> Iterator[DamagedList]:
    yield made("line-ends-of-windows", "CRLF.", 3, PEOPLE.replace("\n", "\r\n"))
    yield made("line-ends-of-old-macs", "CR.", 3, PEOPLE.replace("\n", "\r"))
    mixed = "phone,first_name\r\n+12025550101,Ann\n+12025550102,Ben\r+12025550103,Carla\r\n12345,Dan\n"
    yield made("line-ends-mixed", "Three kinds of line end, and a bad number behind them.", 4, mixed)
    doubled = PEOPLE.replace("\n", "\r\r\n")
    yield made("line-ends-doubled", "CR CR LF: a transfer in text mode.", 3, doubled)
    inside = (
        'phone,first_name,note\n+12025550101,Ann,"rings\rtwice"\n+12025550102,Ben,"one\r\ntwo"\n12345,Dan,\n'
    )
    yield made("line-ends-inside-cells", "CR and CRLF inside quoted cells.", 3, inside)
    bare = "phone,first_name,note\n+12025550101,Ann,rings\rtwice\n+12025550102,Ben,x\n"
    yield made("line-end-inside-a-bare-cell", "A CR in a cell without quotes.", 3, bare)
    yield made("no-last-line-end", "The last line does not end.", 3, PEOPLE.removesuffix("\n"))
    tells = "Line and paragraph separators of Unicode, vertical tabs and form feeds in cells."
    odd = "phone,first_name\n+12025550101,Ann\u2028Lee\n+12025550102,Ben\x0bLee\n+12025550103,Carla\x0c\n"
    yield made("separators-in-cells", tells, 3, odd)
    yield laid("quoted-newlines", "Line breaks inside quoted cells, and a bad number behind them.", 4)


def _quotes() -> Iterator[DamagedList]:
    tells = "A quote is opened and never closed: {}."
    yield laid("unclosed-quote-at-the-start", tells.format("in the first row"), 3)
    yield laid("unclosed-quote-in-the-middle", tells.format("in the middle"), 4)
    yield laid("unclosed-quote-at-the-end", tells.format("in the last row"), 3)
    yield laid("unclosed-quote-in-the-header", tells.format("in the header"), None)
    tells = "A quote is not closed, and a quote of a later row closes it."
    yield laid("a-quote-that-another-row-closes", tells, 4)
    yield laid("stray-quotes", "Quotes for inches, and behind half a name.", 3)
    yield laid("quotes-not-doubled", "Quotes inside a quoted cell, doubled in one row only.", 2)
    yield laid(
        "quotes-with-backslashes", "Quotes inside a quoted cell behind backslashes, as databases do.", 2
    )
    yield laid("quotes-of-typographers", "A word processor turned the quotes into curly ones.", 2)
    yield laid("single-quotes", "Single quotes in place of double ones.", None)
    yield laid("whole-lines-in-quotes", "Every line is one quoted cell.", None)
    yield laid("blanks-before-quotes", "A blank behind every comma.", 2)


def _shapes() -> Iterator[DamagedList]:
    """Columns and rows too many, too few, or out of place."""
    yield laid("healthy", "A small list with which nothing is wrong.", 3)
    yield laid("trailing-empty-columns", "A spreadsheet saved empty columns too.", 2)
    yield laid("trailing-delimiter-in-the-rows", "Every row ends with a comma; the header does not.", 2)
    yield laid("trailing-delimiter-in-the-header", "The header ends with a comma; the rows do not.", 2)
    yield laid("trailing-empty-rows", "Empty rows below the last.", 2)
    yield laid("rows-too-short", "Cells at the end of rows are missing.", 4)
    yield laid("rows-too-long", "Commas in cells without quotes.", 3)
    tells = "A comma in a name moves an opt-out one column on; the last cell of the row is empty."
    yield laid("comma-before-an-opt-out", tells, 3, columns={"opt_out": "unsubscribed"})
    yield laid("a-column-slipped-in", "One row begins with an empty cell too many.", 3)
    yield laid("repeated-header", "Exports were joined: the header comes again, in other spellings.", 4)
    yield laid("header-twice", "The header stands there twice.", 2)
    yield laid("title-above-the-header", "A report has its title above the header.", None)
    yield laid("comments-above-the-header", "Lines that begin with #.", None)
    yield laid("total-below-the-rows", "A report ends with its total.", 3)
    yield laid("duplicate-column-that-a-text-needs", "Two columns with the name that a text needs.", None)
    yield laid("duplicate-columns-that-nobody-needs", "Three columns of one name, which no text needs.", 2)
    yield laid("two-columns-of-numbers", "Two columns could hold the number.", None)
    yield laid(
        "two-columns-mapped",
        "Two columns could hold the number, and one is named.",
        1,
        columns={"phone": "mobile"},
    )
    tells = "One column is mapped to two roles."
    roles = {"zone": "locale", "language": "locale"}
    yield laid("one-column-for-two-roles", tells, None, columns=roles)
    yield laid("region-column", "States of the US, which are also countries.", None)
    tells = "States of the US, which the campaigns file reads over."
    yield laid("region-column-that-is-ignored", tells, 2, columns={"region": "ignore"})
    yield laid("empty-header-with-cells-below", "A column without a name, which holds something.", None)
    yield laid("empty-header-with-nothing-below", "A column without a name, and empty.", None)
    yield laid("no-header", "No line with the names of the columns.", None)
    yield laid("no-header-national", "No line with names, and national numbers.", None, region="PL")
    yield laid("no-phone-column", "The column of numbers has a name that could mean anything.", None)
    yield laid(
        "mapped-column-is-missing",
        "The column that the campaigns file names is called otherwise.",
        None,
        columns={"phone": "Handynummer"},
    )
    yield laid("field-of-the-text-is-missing", "A text needs a column that has another name.", None)
    yield made("many-columns", "Four hundred columns.", 1, _wide(400))
    yield laid("crm-export", "A CRM's export of forty columns, the number in the middle.", None)
    mapped = {"phone": "Phone", "opt_out": "SMS Opt Out"}
    tells = "The same; one of its two columns of opt-outs is named."
    yield laid("crm-export-mapped", tells, None, columns=mapped)
    export = _laid_text("crm-export").replace('"false","+1', '"true","+1')
    tells = "The same; both are named, and each of them is heeded."
    both = ("Email Opt Out",)
    yield made("crm-export-both-mapped", tells, 3, export, columns=mapped, further_opt_outs=both)
    tells = "The same; one is named, and the other is ignored."
    yield made("crm-export-one-ignored", tells, 3, export, columns=mapped, ignore=both)
    tells = "The same; the one that is ignored is misspelt."
    yield made(
        "crm-export-ignored-amiss", tells, None, export, columns=mapped, ignore=("Email Opt-Out (all)",)
    )


def _wide(columns: int) -> str:
    header = ["phone", "first_name", *(f"answer {at}" for at in range(3, columns + 1))]
    return ",".join(header) + "\n" + ",".join(["+12025550101", "Ann", *["x"] * (columns - 2)]) + "\n"


def _given_headers() -> Iterator[DamagedList]:
    """`header:` in the campaigns file."""
    header = ("phone", "first_name", "city")
    yield laid("header-given", "The campaigns file names the columns; the list does not.", 2, header=header)
    tells = "The campaigns file names the columns, and the list has them too."
    yield laid("header-given-and-there", tells, 2, header=header)
    tells = "The campaigns file names fewer columns than the list has."
    yield laid("header-given-too-short", tells, None, header=header[:2])
    tells = "The campaigns file leaves out columns that are not read."
    yield laid("header-given-with-gaps", tells, 2, header=("", "phone", "", "first_name"))
    tells = "The campaigns file names the columns in another order than the list does."
    yield laid("header-given-in-another-order", tells, None, header=("first_name", "phone"))


def _delimiters() -> Iterator[DamagedList]:
    yield laid("sep-line", "A first line for Excel says which delimiter follows.", 2)
    yield laid("sep-line-that-lies", "It says semicolon, and the list has commas.", None)
    tells = "It says semicolon, and the campaigns file says comma."
    yield laid("sep-line-against-the-key", tells, None, delimiter=",")
    tabbed = "sep=\\t\r\nphone\tfirst_name\r\n+12025550101\tAnn\r\n".replace("\\t", "\t")
    yield made(
        "sep-line-with-a-tab", "It says tab, and the file is UTF-16.", 1, tabbed, in_encoding("utf-16")
    )
    tells = "Semicolons, and the campaigns file says comma."
    yield laid("semicolons-read-with-commas", tells, None, delimiter=",")
    tells = "Commas, and the campaigns file says semicolon."
    yield laid("commas-read-with-semicolons", tells, None, delimiter=";")
    yield made("tabs", "Tabs between cells.", 3, PEOPLE.replace(",", "\t"), ending=".tsv")
    yield made("tabs-in-a-csv", "Tabs between cells in a file called .csv.", 3, PEOPLE.replace(",", "\t"))
    yield laid("pipes", "Pipes between cells.", 2)
    yield laid("pipes-of-a-table", "A table as people draw it in text.", None)
    yield laid("another-delimiter-in-the-rows", "A header with semicolons above rows with commas.", None)
    yield laid("delimiter-in-doubt", "A header that could be split in two ways.", None)
    yield laid("columns-of-blanks", "Columns set with blanks.", None)
    yield laid("one-column", "Numbers and nothing else; one of them is bad.", 3, "brand")
    yield laid("one-column-without-a-header", "Numbers and nothing else, not even a header.", None, "brand")
    yield laid("one-column-with-remarks", "Numbers, and a remark with a comma.", 2, "brand")


def _characters() -> Iterator[DamagedList]:
    """Characters that nobody sees."""
    text = _rows("+12025550101,A\0nn", "+1202555\x000102,Ben", "\0,Carla", "+12025550104,Dan")
    yield made("nul-bytes-in-cells", "NUL bytes in cells.", 4, text)
    tells = "A NUL byte in the header."
    yield made("nul-bytes-in-the-header", tells, None, PEOPLE.replace("phone", "pho\0ne"))
    tells = "A disk filled the end of the file with NUL bytes."
    yield made("nul-bytes-at-the-end", tells, None, PEOPLE + "\0" * 512)
    header = "ph\u200bone,\u00a0first_name\u00a0"
    text = _rows("\u200b+12025550101\u200b,\u2060Ann\u200d", "+1\u200b2025550102,Be\u200bn", header=header)
    yield made("zero-width-characters", "Zero-width characters, from a web page.", 2, text)
    header = "phone\u00a0,\u2007first\u00a0name"
    people = ("+1\u00a0202\u202f555\u20090101,\u00a0Ann\u00a0", "\u3000+12025550102,B.\u00a0Lee")
    yield made("no-break-spaces", "No-break and other spaces.", 2, _rows(*people, header=header))
    text = _rows(
        "\u202a+12025550101\u202c,Ann",
        "\u200e+1 202 555 0102,Ben",
        "\u202e2010555202+\u202c,Carla",
        "+12025550104,\u202eDan",
    )
    yield made("direction-marks", "Marks for right and left, as phones copy them.", 4, text)
    text = _rows(
        "+12025550101,A\x07nn",
        "+1202\x1b[31m5550102,Ben",
        "+12025550103,\x1b]0;x\x07Carla",
        "+12025550104,D\x9ban",
    )
    yield made("control-characters", "Bells and terminal escapes in cells.", 4, text)
    text = _rows("+12025550101,A\tnn", "\t+12025550102,Ben\t")
    yield made("tabs-in-cells", "Tabs in cells of a list with commas.", 2, text)
    text = PEOPLE.replace("first", "\x1b[1mfirst")
    yield made("escape-in-the-header", "A terminal escape in the header.", None, text)
    text = _rows(
        "+１２０２５５５０１０１,Ann",
        "+\u0661\u0662\u0660\u0662\u0665\u0665\u0665\u0660\u0661\u0660\u0662,Ben",
        "＋12025550103,Carla",
        "+1 202 555 01०५,Dan",
    )
    yield made("digits-of-other-scripts", "Wide, Arabic and Indian digits.", 4, text)
    text = _rows(
        "+12025550101,Ann \U0001f6b2", "+12025550102,\U0001f469\u200d\U0001f527", "+12025550103,Jose\u0301"
    )
    yield made("names-beyond-the-alphabet", "Emoji, joined emoji, and an accent of its own.", 3, text)


def _rows(*rows: str, header: str = "phone,first_name") -> str:
    return "".join(f"{row}\n" for row in (header, *rows))


def _other_files() -> Iterator[DamagedList]:
    """What is no list at all, or is packed."""
    yield laid("html-saved-as-xls", "A shop's export to Excel, which is a web page.", None)
    yield laid("json", "JSON.", None)
    yield laid("json-lines", "A JSON object in every line.", None)
    yield laid("xml", "XML.", None)
    yield laid("vcards", "Address cards.", None)
    yield laid("campaigns-file", "The campaigns file itself.", None)
    yield laid("prose", "A letter.", None)
    yield raw("pdf", "The beginning of a PDF.", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", ".pdf")
    yield raw("pdf-called-csv", "The beginning of a PDF, called .csv.", b"%PDF-1.7\n1 0 obj\n", ".csv")
    yield raw(
        "old-spreadsheet",
        "The beginning of a spreadsheet of Excel 97.",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
        ".xls",
    )
    yield raw(
        "picture", "The beginning of a PNG picture.", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\0", ".csv"
    )
    yield raw("sqlite", "The beginning of a SQLite database.", b"SQLite format 3\0\x10\0\x01\x01", ".db")
    yield raw("random", "Bytes without a meaning.", bytes(range(255, 127, -3)), ".csv")
    yield made("zip", "A zip archive with a list in it.", None, PEOPLE, zipped(), ".zip")
    yield made("opendocument", "A sheet of LibreOffice.", None, PEOPLE, zipped("content.xml"), ".ods")
    yield made("zip-called-csv", "A zip archive called .csv.", None, PEOPLE, zipped())
    yield made("gzip", "A list, compressed.", 3, PEOPLE, gzipped(), ".csv.gz")
    yield made("gzip-called-csv", "A compressed list called .csv.", 3, PEOPLE, gzipped())
    yield made(
        "gzip-of-windows-1250",
        "A compressed list in a code page, declared.",
        3,
        NAMES,
        gzipped("cp1250"),
        ".csv.gz",
        encoding="windows-1250",
    )
    yield made("gzip-cut", "The first part of a compressed list.", None, PEOPLE * 50, gzip_cut, ".csv.gz")
    yield made(
        "gzip-spoiled", "A compressed list whose checksum is wrong.", None, PEOPLE, gzip_spoiled, ".csv.gz"
    )
    yield made("gzip-twice", "A compressed list, compressed.", None, PEOPLE, gzipped_twice, ".csv.gz.gz")
    yield made("gzip-of-nothing", "An empty file, compressed.", None, "", gzipped(), ".csv.gz")
    yield made("not-gzip", "A plain list called .gz.", 3, PEOPLE, ending=".csv.gz")
    yield made("empty", "Nothing.", None, "")
    yield made("empty-but-for-a-mark", "A byte order mark and nothing else.", None, "\ufeff")
    yield made("blank-lines", "Blank lines only.", None, "\n\n  \n\r\n")
    yield laid("header-only", "A header and nobody below it.", 0)
    yield laid("header-and-blank-rows", "A header and rows without anything in them.", 0)


def _damaged_numbers() -> Iterator[DamagedList]:
    """Numbers that a program or a person damaged."""
    yield laid("scientific-notation", "A spreadsheet rounded the numbers.", 5, region="PL")
    yield laid("rounded-to-fifteen-digits", "A spreadsheet put zeros in place of digits.", 2, region="PL")
    yield laid("lost-plus", "A spreadsheet ate the plus signs; no region is given.", 4)
    yield laid(
        "lost-plus-with-a-region", "A spreadsheet ate the plus signs; the region is Poland.", 4, region="PL"
    )
    yield laid("lost-leading-zero", "A spreadsheet ate the leading zeros of German numbers.", 3, region="DE")
    yield laid("lost-leading-zero-in-britain", "The same in Britain.", 2, region="GB")
    yield laid(
        "lost-leading-zero-in-italy",
        "The same in Italy, where the zero is a digit of landlines.",
        3,
        region="IT",
        number_types=frozenset({NumberType.MOBILE, NumberType.FIXED_LINE}),
    )
    yield laid("numbers-with-decimals", "A database wrote the numbers as quantities.", 5, region="PL")
    yield laid(
        "formula-quotes",
        "Cells written as formulas, so that a spreadsheet leaves them alone.",
        4,
        region="PL",
    )
    yield laid("leading-apostrophes", "Apostrophes that make a text of a number.", 3, region="PL")
    yield laid("two-numbers-in-a-cell", "Two numbers in one cell.", 7, region="US")
    yield laid("extensions", "Numbers with extensions.", 5)
    yield laid("letters-among-digits", "The letter O for zero, and words.", 5)
    yield laid("slashes-between-digits", "Slashes, as Germans set numbers apart.", 5, region="DE")
    yield laid("uris-and-chat-names", "Links and names of chat programs.", 4, region="US")
    yield laid("vanity-numbers", "Numbers with words in them.", 3, region="US")
    yield laid("short-codes", "Short codes, emergency numbers, codes of operators.", 5, region="PL")
    yield laid("placeholders", "What people type who do not know the number.", 12, region="PL")
    yield laid("trunk-zero-in-parentheses", "The zero of national dialling, in parentheses.", 8)
    yield laid("double-zero", "00 and 011 for abroad.", 4, region="PL")
    yield laid("double-zero-without-a-region", "00 for abroad; no region is given.", 2)
    yield laid("numbers-too-long-and-too-short", "A digit too many or too few.", 6, region="PL")
    yield laid(
        "numbers-the-library-would-change",
        "Old ways to write numbers of Mexico and Argentina.",
        4,
        region="PL",
    )
    yield laid("punctuation-of-every-kind", "Every way to set digits apart.", 11, region="US")
    yield laid("one-person-in-several-spellings", "Two people in six spellings.", 6, region="PL")


def _other_numbers() -> Iterator[DamagedList]:
    """Numbers that are whole, and not what is wanted."""
    yield laid("landlines", "Landlines among mobile numbers.", 5)
    wanted = frozenset({NumberType.MOBILE, NumberType.FIXED_LINE})
    yield laid(
        "landlines-that-are-wanted", "Landlines, which the campaigns file wants.", 3, number_types=wanted
    )
    yield laid("premium-and-toll-free", "Numbers that cost the caller much, or nothing.", 6)
    yield laid("voip-and-other-kinds", "Internet telephony, shared cost, pagers, personal numbers.", 6)
    yield laid("wrong-region", "Polish numbers, read as Spanish ones.", 3, region="ES")
    yield laid(
        "foreign-numbers-in-a-national-list",
        "Numbers of other countries, without their codes.",
        6,
        region="PL",
    )
    yield laid("unassigned-numbers", "Numbers that are given to nobody.", 7, region="PL")
    yield laid("swapped-columns", "Header and columns do not belong together.", 4)
    yield laid("swapped-cells-in-one-row", "Name and number changed places in one row.", 3)
    yield laid("numbers-among-names", "Numbers where names belong.", 3)


def _texts() -> Iterator[DamagedList]:
    """Names, and what stands in their place."""
    yield laid("mojibake-names", "UTF-8 that was read as a code page, among names that are right.", 8)
    yield laid("replaced-names", "Names that lost letters on the way.", 5)
    yield laid("html-entities-in-names", "Names from a web page's source.", 3)
    yield laid("names-of-computers", "NULL and its relatives for an empty name.", 5)
    yield laid("spreadsheet-errors", "Errors of a spreadsheet in cells.", 6)
    yield laid("empty-cells-of-a-text", "Names are missing.", 3)
    yield laid("gaps-in-cells", "Gaps, formulas and markup in names.", 5)


def _facts() -> Iterator[DamagedList]:
    """Consent, opt-outs, zones, languages, countries."""
    yield laid("consent-half-given", "A level without a date, and the other way round.", 5)
    yield laid("consent-column-without-a-date", "A column for the level of consent and none for its date.", 1)
    yield laid("consent-in-other-words", "Consent as people say it.", 5)
    yield laid("dates-in-other-orders", "Dates as spreadsheets and people write them.", 12)
    yield laid("future-dates", "Dates that are still to come, and the first of Excel.", 4)
    out = {"opt_out": "unsubscribed"}
    yield laid("yes-no-and-neither", "Opt-outs in many words.", 9, columns=out)
    tells = "When people opted out, and not whether."
    yield laid("opt-out-column-of-dates", tells, 3, columns={"opt_out": "unsubscribed_at"})
    yield laid("opt-out-in-a-bad-row", "Opt-outs in rows that are bad for another reason.", 4, columns=out)
    yield laid("opt-out-column-that-nobody-mapped", "A column of opt-outs, and nothing says so.", None)
    tells = "A column of opt-outs that the campaigns file reads over."
    yield laid("opt-out-column-that-is-ignored", tells, 2, columns={"opt_out": "ignore"})
    yield laid("zones", "Time zones as people write them.", 10)
    tells = "States and ZIP codes as people write them, in columns that the campaigns file names."
    yield laid("addresses", tells, 7, columns={"state": "Home state", "zip": "Zip"})
    yield laid("languages", "Languages as people write them.", 7)
    yield laid("countries", "Countries as people write them.", 10, region="PL")


def _large() -> Iterator[DamagedList]:
    text = f"phone,first_name\n+12025550101,{'x' * 200_000}\n+12025550102,Ben\n"
    yield made("very-long-cell", "A cell of 200,000 characters.", 2, text)
    text = f"phone,first_name\n+12025550101,Ann{', Ann' * 300_000}\n+12025550102,Ben\n"
    yield made("very-long-line", "A line of a million and a half characters.", None, text)
    rounded = (f"4.4{n:04}E+11,Ben" for n in range(10_000))
    tells = "A spreadsheet rounded 10,000 numbers."
    yield made("ten-thousand-problems", tells, 10_001, _rows("+12025550101,Ann", *rounded))


def _workbooks() -> Iterator[DamagedList]:
    """Excel's own files."""
    head = ("phone", "first_name")
    ann, ben = ("+12025550101", "Ann"), ("+12025550102", "Ben")
    yield workbook("workbook", "A workbook with numbers as text.", 2, {"Sheet1": [head, ann, ben]})
    numbers: list[Sequence[Cell]] = [
        head,
        (48512345678, "Anna"),
        (512345679, "Jan"),
        (4.8512345680e10, "Ewa"),
        (448123000000.5, "Ola"),
    ]
    yield workbook("workbook-numbers", "Numbers as quantities.", 4, {"Sheet1": numbers}, region="PL")
    two = {"Members": [head, ann], "Staff": [head, ben]}
    yield workbook("workbook-two-sheets", "Two sheets, and nothing says which.", None, two)
    yield workbook("workbook-sheet-chosen", "Two sheets, one of them chosen.", 1, two, sheet="Staff")
    yield workbook(
        "workbook-sheet-missing", "A sheet that the workbook does not have.", None, two, sheet="Stuff"
    )
    one_empty = {"Members": [head, ann], "Sheet2": [], "Sheet3": []}
    yield workbook("workbook-empty-sheets", "One sheet with a list, and two without anything.", 1, one_empty)
    dated: list[Sequence[Cell]] = [
        (*head, "consent", "consent_date"),
        (*ann, "express", date(2026, 1, 2)),
        (*ben, "express", datetime(2026, 1, 2, 10, 30)),  # noqa: DTZ001
        ("+12025550103", "Carla", "express", 45000),
    ]
    yield workbook("workbook-dates", "Dates as dates, and as a quantity of days.", 3, {"Sheet1": dated})
    kinds: list[Sequence[Cell]] = [
        (*head, "unsubscribed"),
        (*ann, True),
        (*ben, False),
        ("+12025550103", 4711, None),
    ]
    yield workbook(
        "workbook-booleans",
        "TRUE and FALSE, and a number for a name.",
        3,
        {"Sheet1": kinds},
        columns={"opt_out": "unsubscribed"},
    )
    errors: list[Sequence[Cell]] = [
        head,
        ("#REF!", "Ann"),
        ("+12025550102", "#N/A"),
        ("=A2", "Carla"),
        ('=CONCATENATE("+1202","5550104")', "Dan"),
    ]
    yield workbook(
        "workbook-errors-and-formulas", "Errors, and formulas that nobody calculated.", 4, {"Sheet1": errors}
    )
    blank: list[Sequence[Cell]] = [head, ann, (None, None), ("", " "), ben, (None, None)]
    yield workbook("workbook-blank-rows", "Blank rows between and below.", 2, {"Sheet1": blank})
    titled: list[Sequence[Cell]] = [("Members of Green Garage", None), (None, None), head, ann]
    yield workbook("workbook-title", "A title above the header.", None, {"Sheet1": titled})
    spare: list[Sequence[Cell]] = [
        (*head, None, None),
        (*ann, None, None),
        ("12345", "Ben", None, None),
        ("+12025550103", None, None, None),
    ]
    yield workbook(
        "workbook-spare-columns", "Empty columns at the right, and a bad number.", 3, {"Sheet1": spare}
    )
    yield workbook("workbook-empty", "A workbook with nothing in it.", None, {"Sheet1": []})
    yield workbook("workbook-header-only", "A header and nobody below it.", 0, {"Sheet1": [head]})
    yield workbook("workbook-cut", "The first part of a workbook.", None, {"Sheet1": [head, ann]}, _half)
    yield workbook(
        "workbook-called-csv", "A workbook called .csv.", 2, {"Sheet1": [head, ann, ben]}, ending=".csv"
    )
    hidden: list[Sequence[Cell]] = [head, ann, ben]
    tells = "A filter hides a row."
    yield workbook("workbook-hidden-row", tells, None, {"Sheet1": hidden}, hide_row(3))
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")
    yield raw("workbook-locked", "A workbook with a password.", locked, ".xlsx")
    yield made("csv-called-xlsx", "A plain list called .xlsx.", 3, PEOPLE, ending=".xlsx")
    yield made(
        "html-called-xlsx",
        "A web page called .xlsx.",
        None,
        "<html><table><tr><td>phone</td></tr></table></html>\n",
        ending=".xlsx",
    )


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


LISTS: Mapping[str, DamagedList] = {
    case.name: case
    for case in chain(
        _encodings(), _unicode(), _line_ends(), _quotes(), _shapes(), _given_headers(), _delimiters(),
        _characters(), _other_files(), _damaged_numbers(), _other_numbers(), _texts(), _facts(), _large(),
        _workbooks(),
    )
}  # fmt: skip


def expected_file(name: str) -> Path:
    """Where it is kept what smscli says of a list."""
    return FOLDER / f"{name}.expected"


def main() -> None:
    """Write what is missing or changed, drop what no list makes, and say so."""
    for left in sorted(set(FOLDER.glob("*.expected")) - set(map(expected_file, LISTS))):
        left.unlink()
        sys.stdout.write(f"gone     {left}\n")
    for name, case in LISTS.items():
        path = expected_file(name)
        before = path.read_text("utf-8") if path.exists() else ""
        if (told := report(case)) != before:
            path.write_text(told, "utf-8")
            sys.stdout.write(f"{'changed' if before else 'new':<8} {path}\n")


if __name__ == "__main__":
    main()
