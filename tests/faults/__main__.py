"""Change good workbooks so many times and count how reading went: python -m tests.faults [number] [seed]."""

from __future__ import annotations

import sys
from collections import Counter

from tests.faults.fuzz import mutants

from evaluation.intake.sandbox import Limits, Reader


def main(number: int = 10_000, seed: int = 2234) -> int:
    """Return 0 if every file was answered, else 1."""
    outcomes: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    failed = 0
    with Reader(Limits(fresh=False)) as reader:
        for n, (change, body) in enumerate(mutants(seed, number)):
            reading, tried = reader.attempt(body, "a.xlsx")
            if tried.outcome != "read":
                failed += 1
                sys.stdout.write(f"{n} ({change}): {tried.outcome} {tried.error}\n")
            outcomes[
                tried.outcome if tried.outcome != "read" else "accepted" if reading.accepted else "refused" if reading.refused else "held"
            ] += 1
            codes.update({f.code for f in reading.findings})
    sys.stdout.write(f"{number} files, seed {seed}: {dict(outcomes.most_common())}\nfindings: {dict(codes.most_common())}\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
