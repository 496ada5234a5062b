"""How long a person waits for `smscli --version` and `--help`, measured in `import typer`.

`python -m benches.startup` runs each command several times, in turns, takes the quickest of each (the one
that the machine disturbed least) and prints the ratios; it ends with 1 if one is over its limit.
"""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

ROUNDS = 15

PLAIN = ("-c", "import typer")

#: A command line, and how many times `import typer` it may take.
LIMITS: dict[tuple[str, ...], float] = {
    ("-m", "smscli", "--version"): 1.5,
    ("-m", "smscli", "--help"): 3.0,
}


def seconds(arguments: tuple[str, ...]) -> float:
    """How long one Python with these arguments takes."""
    started = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - started


def main() -> int:
    """Measure, print, and compare with the limits."""
    commands = [PLAIN, *LIMITS]
    rounds = [[seconds(command) for command in commands] for _ in range(ROUNDS)]
    plain, *best = (min(times) for times in zip(*rounds, strict=True))
    sys.stdout.write(f"python {' '.join(PLAIN):24} {plain * 1000:6.0f} ms\n")
    for (command, limit), quickest in zip(LIMITS.items(), best, strict=True):
        ratio = quickest / plain
        words = " ".join(command)
        sys.stdout.write(
            f"python {words:24} {quickest * 1000:6.0f} ms  {ratio:.2f} times (at most {limit})\n"
        )
    return any(quickest / plain > limit for limit, quickest in zip(LIMITS.values(), best, strict=True))


if __name__ == "__main__":
    sys.exit(main())
