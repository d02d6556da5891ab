"""How often each design and each way to judge it claims an effect where nothing happened, on panels of our own making.

60 units x 16 quarters of over-dispersed, autocorrelated counts with a season and common shocks; 1, 2 or 5 units treated
from the ninth quarter on, taken at random or for the highest numbers in the two quarters before. Donors are chosen by the
usual rules. With two units of 60 or more, naive cluster-robust errors are wrong far more often than they say
(MacKinnon, Webb 2017).

References
----------
MacKinnon, Webb 2017, Journal of Applied Econometrics 32:233-254 (few treated clusters).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from evaluation.effects.calibration.claims import Rate
from evaluation.effects.calibration.generator import FittedGenerator
from evaluation.effects.calibration.moments import Moments
from evaluation.effects.calibration.procedure import Procedure, highest, recent, remembering
from evaluation.effects.design import Design, Fit
from evaluation.effects.designs import NAMES as DESIGNS
from evaluation.effects.designs import design as design_named
from evaluation.effects.inference import inference as inference_named
from evaluation.effects.matrix import Matrix, NotEnough
from evaluation.effects.study import COUNT, LEVEL_FACTOR
from evaluation.settings import DEFAULT_SEED

if TYPE_CHECKING:
    import pandas as pd

UNITS, PERIODS, START = 60, tuple(f"{year}-Q{q}" for year in (2015, 2016, 2017, 2018) for q in (1, 2, 3, 4)), 8
TREATED = (1, 2, 5)
RANDOM, PEAK = "random", "peak"
LEVEL = 0.95
ALLOWED = 3.3  # standard errors of a rate: one cell in a thousand lies outside by luck

OUTCOMES_OF = ("did", "event", "sc", "asc", "sdid", "mc")
JUDGED_BY = ("placebo", "placebo_ratio", "placebo_studentised", "conformal", "ferman_pinto", "conley_taber", "cluster", "wild_bootstrap")
# What each way to judge promises where nothing happened; "" is no promise for so few treated units.
PROMISES = {
    "placebo": "one unit placed at random",
    "placebo_ratio": "one unit placed at random",
    "placebo_studentised": "one unit placed at random",
    "conformal": "errors that are stationary in time",
    "ferman_pinto": "many donors; scatter explained by size",
    "conley_taber": "many donors that scatter alike",
    "cluster": "many treated units",
    "wild_bootstrap": "many treated units",
}
# Designs with a dear fit, and the bootstrap, are tried on every so manieth panel: the table says on how many.
EVERY: Mapping[str, int] = {"sc": 2, "sdid": 4, "asc": 20, "mc": 10, "wild_bootstrap": 5}


@dataclass(frozen=True)
class Cell:
    """One line of the table.

    Attributes
    ----------
    design, judged_by : str
    treated : int
    placed : {"random", "peak"}
    """

    design: str
    judged_by: str
    treated: int
    placed: str


@dataclass
class Tally:
    """Claims, tries, and panels that could not be tried."""

    k: int = 0
    m: int = 0
    lost: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.k + other.k, self.m + other.m, self.lost + other.lost)


def null_generator() -> FittedGenerator:
    """Return the generator of the table: nothing ever happens in what it draws."""
    return FittedGenerator(
        measure=COUNT,
        level=3.2 + 0.4 * norm.ppf((np.arange(UNITS) + 0.5) / UNITS),
        course=np.tile([-0.20, 0.03, 0.05, 0.10], 4),
        shock=0.05,
        moments=Moments(slow=0.06, memory=0.6, fast=0.07, steady=False),
        scale=np.ones(UNITS),
        logs=True,
        innovations=None,
        missing=0.0,
        missing_again=0.0,
        silent=np.zeros(UNITS, bool),
        bottom=None,
    )


def cells(designs: Iterable[str] = OUTCOMES_OF, judged_by: Iterable[str] = JUDGED_BY) -> tuple[Cell, ...]:
    """Return the lines of the table."""
    return tuple(Cell(d, j, k, p) for d in designs for j in judged_by for k in TREATED for p in (RANDOM, PEAK))


def tallied(draws: Iterable[int], wanted: Sequence[Cell], seed: int = DEFAULT_SEED) -> dict[Cell, Tally]:
    """Try the cells on some panels.

    Parameters
    ----------
    draws : iterable of int
        Numbers of the panels: the same number is the same panel, wherever it is drawn.
    wanted : sequence of Cell
    seed : int

    Returns
    -------
    dict
        Tallies by cell; a design or an inference that there is not has no try.
    """
    generator, rules = null_generator(), _rules()
    found = {c: Tally() for c in wanted}
    by_place: dict[tuple[int, str], list[Cell]] = {}
    for c in wanted:
        by_place.setdefault((c.treated, c.placed), []).append(c)
    for n in draws:
        rng = np.random.default_rng([seed, n])
        top = generator.draw(rng).top[0]
        order = rng.permutation(UNITS)
        for (k, placed), asked in by_place.items():
            chosen = order[:k] if placed == RANDOM else highest(recent(top, START), np.ones(UNITS, bool))[:k]
            panel = rules.matrix(top, np.ones_like(top), chosen, np.full(k, START))
            _try(panel, [c for c in asked if n % max(EVERY.get(c.design, 1), EVERY.get(c.judged_by, 1)) == 0], found, n)
    return found


def _try(panel: Matrix, asked: Sequence[Cell], found: dict[Cell, Tally], n: int) -> None:
    fitted: dict[str, tuple[Design, Fit] | None] = {}
    for cell in asked:
        if cell.design not in fitted:
            fitted[cell.design] = _fitted(cell.design, panel)
        known = fitted[cell.design]
        try:
            if known is None:
                raise NotEnough
            judged = inference_named(cell.judged_by)(*(known[0], panel, known[1]), LEVEL, np.random.default_rng([n, 7]))
        except (NotEnough, ModuleNotFoundError):
            found[cell] += Tally(lost=1)
            continue
        testable = judged.p_value is not None and (judged.smallest_p is None or judged.smallest_p <= round(1 - LEVEL, 9))
        found[cell] += Tally(int(judged.claims(LEVEL)), 1) if testable else Tally(lost=1)


def _fitted(name: str, panel: Matrix) -> tuple[Design, Fit] | None:
    try:
        chosen = remembering(design_named(name))
        return chosen, chosen.fit(panel)
    except (NotEnough, ModuleNotFoundError):
        return None


def _rules() -> Procedure:
    """Return the usual rules for donors, on a panel still to be drawn."""
    none = np.zeros((UNITS, len(PERIODS)))
    return Procedure(
        units=tuple(f"u{i:02d}" for i in range(UNITS)),
        periods=PERIODS,
        top=none,
        bottom=none,
        measure=COUNT,
        first=np.full(UNITS, len(PERIODS)),
        barred=np.zeros(UNITS, bool),
        bordering=None,
        factor=LEVEL_FACTOR,
        anticipation=0,
        phase_in=0,
        covariates=None,
        covariate_names=(),
        comparable=np.ones(UNITS, bool),
        design=design_named(DESIGNS[0]),
        judge=inference_named("placebo"),
        level=LEVEL,
    )


def size_table(found: Mapping[Cell, Tally]) -> pd.DataFrame:
    """Return the table of sizes.

    Returns
    -------
    DataFrame
        design, judged_by, treated, placed, claims, tries, rate, error (Monte
        Carlo standard error), low, high (Clopper-Pearson), lost, promise,
        verdict: "held" (5 % or less within 3.3 errors), "too often", "no test"
        (nothing could have been claimed), "not there".
    """
    import pandas as pd

    rows = []
    for cell, tally in found.items():
        rate = Rate(tally.k, tally.m)
        error = np.sqrt(0.05 * 0.95 / tally.m) if tally.m else np.nan
        verdict = "no test" if not tally.m else "held" if rate.value <= 0.05 + ALLOWED * error else "too often"
        named = (cell.design, cell.judged_by, cell.treated, cell.placed)
        counted = (tally.k, tally.m, rate.value, error, *rate.interval, tally.lost)
        rows.append((*named, *counted, PROMISES.get(cell.judged_by, ""), verdict))
    columns = ["design", "judged_by", "treated", "placed", "claims", "tries", "rate", "error", "low", "high", "lost", "promise", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def together(parts: Iterable[Mapping[Cell, Tally]], heard: Callable[[int], None] | None = None) -> dict[Cell, Tally]:
    """Return the sum of tallies, telling `heard` after each part how many have come."""
    total: dict[Cell, Tally] = {}
    for done, part in enumerate(parts, 1):
        for cell, tally in part.items():
            total[cell] = total.get(cell, Tally()) + tally
        if heard:
            heard(done)
    return total
