"""`python -m tools.docs`: write what is generated in docs/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tools.commands_page import NOTES, commands_page

ROOT = Path(__file__).parent.parent


def generated() -> Mapping[Path, str]:
    """Every page that is made from the program, wholly or in parts, as it has to be."""
    docs = ROOT / "docs"
    return {docs / "commands.md": commands_page(NOTES.read_text("utf-8"))}


def main() -> None:
    for path, text in generated().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
