"""`smscli` and `python -m smscli`: the console script."""

from __future__ import annotations

import sys

from smscli.cli.app import run
from smscli.cli.wiring import real_world


def main() -> None:
    """Run this process's command line and end with its exit code."""
    arguments = sys.argv[1:]
    sys.exit(run(arguments, real_world(arguments)))


if __name__ == "__main__":
    main()
