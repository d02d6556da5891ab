"""The structural series against the Kalman filter of statsmodels, and how often its interval holds."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from evaluation.effects.designs import structural
from evaluation.effects.designs.structural import STRUCTURAL, forecast, structural_series
from evaluation.effects.matrix import Matrix, NotEnough

N, FIRST = 36, 24


def series(seed: int, drift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(0, 1, N)) + 50
    return 10 + 1.3 * x + np.cumsum(rng.normal(0, drift, N)) + rng.normal(0, 1, N), x


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_forecast_of_the_kalman_filter_at_a_fixed_share(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    monkeypatch.setattr(structural, "SHARES", np.array([share]))
    monkeypatch.setattr(structural, "SLOPE_WEIGHT", 1e-12)
    y, x = series(1, 0.5)
    past = np.arange(N) < FIRST
    found = forecast(y, x[:, None], past, ~past)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = UnobservedComponents(y[past], "llevel", exog=x[past], mle_regression=False, use_exact_diffuse=True)
        ahead = model.smooth([1.0, share]).get_forecast(N - FIRST, exog=x[~past, None])
    np.testing.assert_allclose(found.course[~past], ahead.predicted_mean, rtol=1e-7)


def test_quantiles_are_those_of_the_mixture() -> None:
    y, x = series(2)
    past = np.arange(N) < FIRST
    found = forecast(y, x[:, None], past, ~past)
    for p in (0.025, 0.5, 0.9):
        assert found.below(found.quantile(p)) == pytest.approx(p, abs=1e-9)
    assert found.weights.sum() == pytest.approx(1.0)


def test_a_wider_prior_of_the_drift_widens_the_prediction() -> None:
    y, x = series(3)
    past = np.arange(N) < FIRST
    narrow, wide = (forecast(y, x[:, None], past, ~past, sd).sd for sd in (0.01, 0.3))
    assert wide > 1.5 * narrow


def test_a_season_of_its_own() -> None:
    y, x = series(4)
    season = np.tile([6.0, 0.0, -4.0, -2.0], N // 4)
    both = np.vstack([y + season, x])
    both[0, FIRST:] += 5.0
    m = Matrix(("a", "b"), tuple(range(N)), both, both, np.ones_like(both), np.array([FIRST, N]))
    plain, seasonal = STRUCTURAL.fit(m), structural_series(season=4).fit(m)
    assert seasonal.estimate == pytest.approx(5.0, abs=1.0)
    assert seasonal.rmspe(np.arange(N) < FIRST) < 0.5 * plain.rmspe(np.arange(N) < FIRST)


def test_too_few_periods_and_options_out_of_range() -> None:
    y = np.vstack(series(5))
    with pytest.raises(NotEnough, match="at least 4 periods"):
        STRUCTURAL.fit(Matrix(("a", "b"), tuple(range(N)), y, y, np.ones_like(y), np.array([3, N])))
    for options in ({"level_sd": 0.0}, {"season": 1}):
        with pytest.raises(ValueError, match=" / "):
            structural_series(**options)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_interval_holds_without_drift_and_not_with_more_than_the_prior_allows() -> None:
    past = np.arange(N) < FIRST
    held = {}
    for drift in (0.0, 1.0):
        inside = 0
        for seed in range(300):
            y, x = series(1000 + seed, drift)
            found = forecast(y, x[:, None], past, ~past)
            inside += found.quantile(0.025) <= y[~past].mean() <= found.quantile(0.975)
        held[drift] = inside / 300
    # 3.3 binomial standard errors at 95 %: 4.2 points. The prior of the noise (50 degrees of freedom) may only widen it.
    assert held[0.0] >= 0.95 - 0.042
    assert held[1.0] < 0.8
