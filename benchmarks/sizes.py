"""How often each design and each way to judge it claims an effect where nothing happened: writes docs/sizes.md.

`make validate` runs it with 1,000 panels (ARGS="--draws 200" for fewer), on two cores.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.effects.calibration.sizes import (
    ALLOWED,
    EVERY,
    JUDGED_BY,
    OUTCOMES_OF,
    PEAK,
    PROMISES,
    RANDOM,
    TREATED,
    UNITS,
    Cell,
    Tally,
    cells,
    size_table,
    tallied,
    together,
)

if TYPE_CHECKING:
    import pandas as pd

WHERE = Path(__file__).resolve().parents[1] / "docs" / "sizes.md"
CORES, CHUNK = 2, 10
PLACED = tuple((k, p) for k in TREATED for p in (RANDOM, PEAK))
HEAD = """# How often a design claims what is not there

Share of panels in which nothing happened and an effect was claimed at 5 %, in percent. {units} units x 16 quarters of our own making
(`effects/calibration/sizes.py`): over-dispersed, autocorrelated counts with a season and common shocks; treated from the ninth quarter on:
1, 2 or 5 units, taken at random or for the highest numbers in the two quarters before. Donors by the usual rules. A claim is a
p-value of 5 % or less with an interval that leaves no effect out. `make validate` writes this page; it drew {draws} panels.

- **bold**: claimed too often, by more than {allowed} Monte Carlo standard errors ({error} points with {draws} panels).
- A number in brackets is the number of panels where it is smaller: designs with a dear fit are tried on fewer ({every}).
- "no test": nothing could have been claimed at 5 % (moving blocks of 16 quarters have a smallest p of 1/16); "-": not tried.
- A rank among units placed at random holds its size whatever the data. At a peak no rank promises that: it is measured here, and for
  each real study by its calibration.

| design | judged by | promises 5 % with | {heads} |
|---|---|---|{rule}|
"""


def main(argv: list[str]) -> int:
    """Draw, count and write the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=1000)
    asked.add_argument("--designs", default=",".join(OUTCOMES_OF))
    asked.add_argument("--judged-by", default=",".join(JUDGED_BY))
    asked.add_argument("--out", type=Path, default=WHERE)
    typed = asked.parse_args(argv)
    wanted = cells(typed.designs.split(","), typed.judged_by.split(","))
    chunks = [range(n, min(n + CHUNK, typed.draws)) for n in range(0, typed.draws, CHUNK)]
    start = time.perf_counter()

    def heard(done: int) -> None:
        sys.stderr.write(f"\r{done}/{len(chunks)} ({time.perf_counter() - start:.0f} s)")

    with ProcessPoolExecutor(CORES) as workers:
        found = together(workers.map(partial(tallied, wanted=wanted), chunks), heard)
    sys.stderr.write("\n")
    typed.out.write_text(page({c: found[c] for c in wanted}, typed.draws), encoding="utf-8")
    wrong = size_table(found).query("verdict == 'too often'")
    print(wrong[["design", "judged_by", "treated", "placed", "rate", "tries"]].to_string(index=False))
    return 0


def page(found: dict[Cell, Tally], draws: int) -> str:
    """Return the page: one line a design and a way to judge it."""
    frame = size_table(found)
    text = HEAD.format(
        units=UNITS,
        draws=draws,
        allowed=ALLOWED,
        error=f"{330 * (0.05 * 0.95 / draws) ** 0.5:.1f}",
        every=", ".join(f"`{d}` every {n}th" for d, n in EVERY.items()),
        heads=" | ".join(f"{k}, {'at random' if p == RANDOM else 'at the peak'}" for k, p in PLACED),
        rule="|".join("---:" for _ in PLACED),
    )
    lines = []
    for (design, judge), rows in frame.groupby(["design", "judged_by"], sort=False):
        at = {(r.treated, r.placed): r for r in rows.itertuples()}
        cells_ = " | ".join(_written(at[key], draws) for key in PLACED)
        lines.append(f"| `{design}` | `{judge}` | {PROMISES.get(str(judge), '')} | {cells_} |")
    return text + "\n".join(lines) + "\n"


def _written(row: pd.Series, draws: int) -> str:
    """Write one rate."""
    if not row.tries:
        return "no test" if row.lost else "-"
    said = f"{100 * row.rate:.1f}"
    said = f"**{said}**" if row.verdict == "too often" else said
    return said if row.tries == draws else f"{said} ({row.tries})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
