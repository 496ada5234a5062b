"""`python -m tests.support`: a loopback gateway that accepts everything, in a process of its own."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import asdict

from tests.support.answers import Accept, Slow
from tests.support.loopback import LoopbackGateway


def main() -> None:
    """Print the URL, accept everything until SIGTERM or SIGINT, then print what was taken, a line each."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--slow", type=float, default=0.0, help="seconds before each answer")
    slow: float = options.parse_args().slow
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})  # before the thread starts
    with LoopbackGateway(may_repeat=True) as gateway:
        gateway.otherwise(Slow(slow) if slow else Accept())
        sys.stdout.write(f"{gateway.url}\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        for one in gateway.taken:
            sys.stdout.write(json.dumps(asdict(one)) + "\n")


if __name__ == "__main__":
    main()
