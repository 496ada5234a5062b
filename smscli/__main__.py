"""`smscli` and `python -m smscli`: the console script."""

from __future__ import annotations

import sys


def main() -> None:
    """Run this process's command line and end with its exit code."""
    try:
        from smscli.cli.app import run  # takes a third of a second, in which somebody may think better of it
        from smscli.cli.stopping import hear_signals
        from smscli.cli.wiring import real_world

        hear_signals()
        arguments = sys.argv[1:]
        sys.exit(run(arguments, real_world(arguments)))
    except KeyboardInterrupt as stopped:
        sys.exit(getattr(stopped, "exit_code", 130))


if __name__ == "__main__":
    main()
