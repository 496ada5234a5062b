"""`python -m tools.docs`: write what is generated in docs/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tools.commands_page import NOTES, commands_page
from tools.hours_page import HOURS, hours_page
from tools.keys_pages import with_tables
from tools.wording_page import WORDING, wording_page

DOCS = Path(__file__).parent.parent / "docs"

#: Pages written by hand, but for their tables.
WITH_TABLES = ("campaigns-file.md", "gateways.md")


def generated() -> Mapping[Path, str]:
    """Every page that is made from the program, wholly or in parts, as it has to be."""
    pages = {DOCS / name: with_tables((DOCS / name).read_text("utf-8")) for name in WITH_TABLES}
    return {
        DOCS / "commands.md": commands_page(NOTES.read_text("utf-8")),
        HOURS: hours_page(HOURS.read_text("utf-8")),
        WORDING: wording_page(WORDING.read_text("utf-8")),
        **pages,
    }


def main() -> None:
    """Write them."""
    for path, text in generated().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
