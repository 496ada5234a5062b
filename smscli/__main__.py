"""`smscli` and `python -m smscli`: the console script."""

from __future__ import annotations

import sys


def main() -> None:
    """Run this process's command line and end with its exit code."""
    try:
        from smscli.cli.app import run  # takes a third of a second, in which somebody may think better of it
        from smscli.cli.wiring import real_world

        arguments = sys.argv[1:]
        sys.exit(run(arguments, real_world(arguments)))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
