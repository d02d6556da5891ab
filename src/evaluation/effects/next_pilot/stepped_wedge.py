"""A stepped wedge: the chosen units start in waves, in an order by lot, so that the later ones are compared with first.

References
----------
Hussey, Hughes 2007, Contemporary Clinical Trials 28:182-191.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.effects.calibration.generator import Drawn
from evaluation.effects.matrix import Flags, Floats, NotEnough
from evaluation.effects.next_pilot.candidates import Question, scaled
from evaluation.effects.next_pilot.power_curve import Future, rejected, with_effect
from evaluation.periods import Period, PeriodError

if TYPE_CHECKING:
    import pandas as pd


def waves_of(k: int, waves: int, rng: np.random.Generator) -> np.ndarray:
    """Return the wave of each of `k` units, 1 first: as equal as can be, in an order by lot.

    Raises
    ------
    NotEnough
        If there are more waves than units.
    """
    if not 1 <= waves <= k:
        raise NotEnough(f"waves={waves}: từ 1 đến {k} đợt cho {k} đơn vị. / 1 to {k} waves for {k} units.")
    return np.asarray(rng.permutation(np.arange(k) % waves + 1))


def step_of(quarters: int, waves: int) -> int:
    """Return the periods between two waves: the last wave too is observed as long as a step."""
    return max(1, quarters // waves)


def later(last: Any, n: int) -> str:
    """Return the name of the `n`th period after the last, "+n" where names do not tell."""
    try:
        period = Period.parse(str(last))
    except PeriodError:
        return f"+{n}"
    return str(period.shift(n)) if period.quarter else str(period.year + n)


def schedule(units: Sequence[str], strata: Sequence[str], waves: np.ndarray, step: int, last: Any) -> pd.DataFrame:
    """Return unit, stratum, wave and first period of each chosen unit, by wave and unit."""
    import pandas as pd

    starts = [later(last, 1 + (int(w) - 1) * step) for w in waves]
    frame = pd.DataFrame({"unit": list(units), "stratum": list(strata), "wave": waves.astype(int), "start": starts})
    return frame.sort_values(["wave", "unit"]).reset_index(drop=True)


def stepped_power(
    q: Question, world: Future, chosen: Flags, waves: int, quarters: int, effects: Sequence[float], level: float, seed: int
) -> list[float]:
    """Return the power of the stepped wedge at each effect, by unit and period effects and randomisation of the order and the choice.

    Parameters
    ----------
    q : Question
        Whose outcome is in `world`.
    world : Future
    chosen : ndarray of bool, shape (assignments, units)
    waves, quarters : int
    effects : sequence of float
    level : float
    seed : int
    """
    end = world.before + quarters
    panels, units, periods = world.drawn.top.shape
    rng = np.random.default_rng([seed, 4])
    at = np.arange(periods)
    treated = np.zeros((len(chosen), units, periods), bool)
    for n, row in enumerate(chosen):
        members = np.flatnonzero(row)
        first = world.before + (waves_of(len(members), waves, rng) - 1) * step_of(quarters, waves)
        treated[n, members] = at >= first[:, None]
    own = np.asarray(rng.integers(0, len(chosen), panels))
    regressors = _demeaned(treated[..., :end].astype(float))
    scale = (regressors**2).sum((1, 2))
    found = []
    for n, size in enumerate(effects):
        top = with_effect(world, treated[own], size, np.random.default_rng([seed, 5, n]))[..., :end]
        z = _scaled(q, top, world.drawn)
        estimates = regressors.reshape(len(chosen), -1) @ z.reshape(panels, -1).T / scale[:, None]
        found.append(float(rejected(estimates, own, level).mean()))
    return found


def _scaled(q: Question, top: Floats, drawn: Drawn) -> Floats:
    """Return outcomes without unit and period means; 0, which says nothing, where not reported."""
    panels, units, periods = top.shape
    flat = Question(q.id, q.label, q.measure, (), (), top.reshape(-1, periods), drawn.bottom[..., :periods].reshape(-1, periods))
    z = scaled(flat).reshape(panels, units, periods)
    seen = np.isfinite(z)
    for _ in range(2):
        z = np.where(seen, z, 0.0)
        z = z - z.sum(2, keepdims=True) / np.maximum(seen.sum(2, keepdims=True), 1)
        z = np.where(seen, z, 0.0)
        z = z - z.sum(1, keepdims=True) / np.maximum(seen.sum(1, keepdims=True), 1)
    return np.asarray(np.where(seen, z, 0.0))


def _demeaned(x: Floats) -> Floats:
    return np.asarray(x - x.mean(2, keepdims=True) - x.mean(1, keepdims=True) + x.mean((1, 2), keepdims=True))
