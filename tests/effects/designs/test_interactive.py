"""Interactive fixed effects against brute force, with and without missing figures."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.effects.designs.interactive import INTERACTIVE, interactive_effects
from evaluation.effects.matrix import Matrix, NotEnough


def factors(seed: int, units: int = 20, periods: int = 18, noise: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    f = np.cumsum(rng.normal(0, 1, (periods, 2)), axis=0)
    load = rng.normal(0, 1, (units, 2))
    load[0] = (1.5, -1.0)
    return np.asarray(rng.normal(0, 3, units)[:, None] + rng.normal(0, 1, periods) + load @ f.T + rng.normal(0, noise, (units, periods)))


def panel(y: np.ndarray, first: int, treated: int = 1) -> Matrix:
    starts = np.full(len(y), y.shape[1])
    starts[:treated] = first
    names = tuple(f"u{i}" for i in range(len(y)))
    return Matrix(names, tuple(range(y.shape[1])), y, y, np.where(np.isnan(y), np.nan, 1.0), starts)


def by_hand(y: np.ndarray, first: int, r: int) -> tuple[float, float]:
    """Return estimate and error of prediction with r factors: period effects and factors from the donors, one period left out at a time."""
    donors = y[1:]
    period = (donors - donors.mean(1, keepdims=True)).mean(0)
    v = np.linalg.svd(donors - donors.mean(1, keepdims=True) - period)[2][:r].T
    x, own = np.column_stack([np.ones(y.shape[1]), v]), y[0] - period
    errors = []
    for s in range(first):
        rest = [t for t in range(first) if t != s]
        errors.append(own[s] - x[s] @ np.linalg.lstsq(x[rest], own[rest], rcond=None)[0])
    gap = own - x @ np.linalg.lstsq(x[:first], own[:first], rcond=None)[0]
    return float(gap[first:].mean()), float(np.mean(np.square(errors)))


@pytest.mark.parametrize("r", [0, 1, 2, 3])
def test_estimate_and_error_by_brute_force(r: int) -> None:
    y = factors(0)
    fit = interactive_effects(factors=r).fit(panel(y, 12))
    assert (fit.estimate, fit.details["mspe"][r]) == pytest.approx(by_hand(y, 12, r), rel=1e-9)


def test_two_factors_are_found_and_nothing_is_claimed_of_them() -> None:
    m = panel(factors(3, noise=0.1), 12)
    fit = INTERACTIVE.fit(m)
    assert fit.details["factors"] == 2
    assert abs(fit.estimate) < 0.4 < abs(interactive_effects(factors=0).fit(m).estimate)


def test_missing_figures_are_filled_by_the_model() -> None:
    y = factors(4, noise=0.05)
    holes = y.copy()
    holes[np.random.default_rng(1).random(y.shape) < 0.08] = np.nan
    holes[0] = y[0]
    whole, with_holes = (interactive_effects(factors=2).fit(panel(x, 12)) for x in (y, holes))
    assert with_holes.details["missing"] > 10
    assert with_holes.estimate == pytest.approx(whole.estimate, abs=0.1)


def test_more_factors_than_the_past_can_tell() -> None:
    with pytest.raises(NotEnough, match="at most 1"):
        interactive_effects(factors=3).fit(panel(factors(0), 4))


@pytest.mark.parametrize("options", [{"effects": "none"}, {"factors": -1}, {"most": -1}])
def test_options_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=" / "):
        interactive_effects(**options)  # type: ignore[arg-type]
