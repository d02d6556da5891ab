"""The detectable effect: known effects put into panels where nothing happened, until four in five are claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.effects.calibration.generator import counted_part
from evaluation.effects.calibration.procedure import Procedure, outcome
from evaluation.effects.calibration.quantiles import poisson_quantile
from evaluation.effects.design import Design
from evaluation.effects.matrix import LOGS, Floats, Matrix
from evaluation.effects.study import SHARE, VALUE

POWER = 0.80
# The largest effect tried: log of a ratio, of an odds ratio, and standard deviations of a unit's own values over time.
MOST = {"count": np.log(8.0), "rate": np.log(8.0), SHARE: np.log(50.0), VALUE: 8.0}
HALVINGS = 5


@dataclass(frozen=True, eq=False)
class Trial:
    """One drawn panel with its pseudo-pilot.

    Attributes
    ----------
    panel : Matrix
        As drawn: nothing happened.
    expected, luck : ndarray of shape (treated units, periods)
        As `generator.Drawn` has them, of the treated units; luck is drawn where it does not last.
    spread : ndarray of shape (treated units,)
        Standard deviation of each treated unit's own values over time; of values alone.
    seed : tuple of int
        Of whatever the inference draws: the same with and without an effect.
    design : Design
        With the memory of this panel's placebos.
    """

    panel: Matrix
    expected: Floats
    luck: Floats
    spread: Floats
    seed: tuple[int, ...]
    design: Design


def with_effect(trial: Trial, size: float, way: int = 1) -> tuple[Matrix, float]:
    """Return the panel with an effect from the start on, and the mean difference that it makes to the outcome.

    Parameters
    ----------
    trial : Trial
    size : float
        Log ratio of counts and rates, log odds ratio of shares, standard deviations of values.
    way : {1, -1}
        Up or down.
    """
    panel, k, by = trial.panel, len(trial.expected), way * size
    moved = np.arange(len(panel.periods))[None, :] >= panel.first[:k, None]
    told = panel.after[:k]
    top, bottom = panel.top[:k], panel.bottom[:k]
    known = np.isfinite(top) & np.isfinite(bottom)
    whole = np.where(known, bottom, 0.0)
    if panel.measure == VALUE:
        plus = by * trial.spread[:, None] * np.ones_like(top)
        new = top + plus
    elif panel.measure == SHARE:
        share = np.clip(trial.expected, 1e-9, 1 - 1e-9)
        odds = share / (1 - share) * np.exp(by)
        plus = odds / (1 + odds) - share
        new = counted_part(trial.luck, whole, share + plus)
    else:
        new = poisson_quantile(trial.luck, trial.expected * np.exp(by))
        plus = trial.expected * (np.exp(by) - 1) / np.where(whole > 0, whole, 1.0)
    above = panel.top.copy()
    above[:k] = np.where(moved & known, new, top)
    at = told & known
    return replace(panel, top=above, y=outcome(above, panel.bottom, panel.measure)), float(plus[at].mean()) if at.any() else 0.0


def power(rules: Procedure, trials: Sequence[Trial], size: float, way: int = 1) -> tuple[float, float]:
    """Return the part of trials in which an effect of this size is claimed, and the mean difference that it makes."""
    claimed, differences = 0, []
    for trial in trials:
        panel, difference = with_effect(trial, size, way)
        judged = rules.judged(panel, np.random.default_rng(trial.seed), trial.design)
        claimed += judged is not None and judged.claims(rules.level)
        differences.append(difference)
    return claimed / len(trials), float(np.mean(differences))


def detectable(rules: Procedure, trials: Sequence[Trial]) -> float | None:
    """Return the smallest increase that is claimed in 80 % of trials, on the design's scale; None where none in reach is.

    Parameters
    ----------
    rules : Procedure
    trials : sequence of Trial

    Returns
    -------
    float or None
        A ratio where the design works in logs, else a difference of the
        outcome; a negative difference of a share that has no room upwards.

    Notes
    -----
    The same luck meets every size, so that power grows with it; the size is
    halved down to a 32nd of the largest tried and interpolated within.
    """
    if not trials:
        return None
    most = float(MOST[rules.measure])
    for way in (1, -1) if rules.measure == SHARE else (1,):
        high = (most, *power(rules, trials, most, way))
        if high[1] >= POWER:
            return _between(rules, trials, high, way)
    return None


def _between(rules: Procedure, trials: Sequence[Trial], high: tuple[float, float, float], way: int) -> float:
    low = (0.0, 0.0, 0.0)
    for _ in range(HALVINGS):
        middle = (low[0] + high[0]) / 2
        tried = (middle, *power(rules, trials, middle, way))
        low, high = (low, tried) if tried[1] >= POWER else (tried, high)
    part = (POWER - low[1]) / (high[1] - low[1])
    if rules.design.ratio(rules.measure) and rules.measure in LOGS:
        return float(np.exp(low[0] + part * (high[0] - low[0])))
    return float(low[2] + part * (high[2] - low[2]))
