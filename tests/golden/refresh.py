"""`python -m tests.golden.refresh` (`make golden`): write every screen anew, for git to show what changed."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.golden.scenes import SCENES, WIDTHS, played

SCREENS = Path(__file__).parent / "screens"


def file_of(name: str, columns: int) -> Path:
    """Where a scene's screen of so many columns is kept."""
    return SCREENS / str(columns) / f"{name}.txt"


def expected_files() -> set[Path]:
    """The file of every scene, at every width."""
    return {file_of(name, columns) for name in SCENES for columns in WIDTHS}


def main() -> None:
    """Write what is missing or changed, drop what no scene makes, and say so."""
    for left in sorted(set(SCREENS.rglob("*.txt")) - expected_files()):
        left.unlink()
        sys.stdout.write(f"gone     {left}\n")
    for path in sorted(expected_files()):
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        told = played(SCENES[path.stem], int(path.parent.name))
        if told != before:
            path.write_text(told, encoding="utf-8")
            sys.stdout.write(f"{'changed' if before else 'new':<8} {path}\n")


if __name__ == "__main__":
    main()
