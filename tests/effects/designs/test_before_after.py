"""Before and after: the parts of a change, its prediction error, and what a peak does to the plain comparison."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evaluation.effects.designs.before_after import BEFORE_AFTER, before_after, parts
from evaluation.effects.designs.regression_to_mean import empirical_bayes, expected_fall, overdispersion
from evaluation.effects.matrix import Matrix, NotEnough

WARDS, N, FIRST = 40, 16, 12


def drawn(seed: int, peak: bool, level: float = 100.0) -> Matrix:
    """Return over-dispersed, autocorrelated counts of wards where nothing happens; the pilot in the first ward or the one at its peak."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.35, (WARDS, N))
    own = noise.copy()
    for t in range(1, N):
        own[:, t] = 0.5 * own[:, t - 1] + math.sqrt(0.75) * noise[:, t]
    y = rng.poisson(level * np.exp(rng.normal(0, 0.3, WARDS)[:, None] + own + np.cumsum(rng.normal(0, 0.05, N)))).astype(float)
    rise = np.log(y[:, FIRST - 4 : FIRST].mean(1) + 0.5) - np.log(y[:, : FIRST - 4].mean(1) + 0.5)
    chosen = int(np.argmax(rise)) if peak else 0
    y = np.vstack([y[chosen : chosen + 1], np.delete(y, chosen, 0)])
    first = np.full(WARDS, N)
    first[0] = FIRST
    return Matrix(tuple(f"w{i}" for i in range(WARDS)), tuple(range(N)), y, y, np.ones_like(y), first, measure="count")


def test_prediction_and_error_of_a_regression_on_the_donors() -> None:
    import statsmodels.api as sm

    m = drawn(1, True)
    fit = BEFORE_AFTER.fit(m)
    window, earlier, after = (
        np.log((m.y[:, s].sum(1) + 0.5) / m.y[:, s].shape[1]) for s in (slice(FIRST - 4, FIRST), slice(FIRST - 4), slice(FIRST, N))
    )
    x = sm.add_constant(np.column_stack([window, earlier]))
    told = sm.OLS(after[1:], x[1:]).fit().get_prediction(x[:1])
    assert fit.estimate == pytest.approx(after[0] - told.predicted_mean[0], rel=1e-9)
    assert fit.standard_error == pytest.approx(math.sqrt(told.var_pred_mean[0] + told.var_resid), rel=1e-9)


@pytest.mark.parametrize("correction", ["donors", "eb"])
def test_the_parts_make_the_plain_change(correction: str) -> None:
    told = before_after(correction).fit(drawn(2, True)).details
    assert told["common_change"] + told["regression_to_the_mean"] + told["corrected"] == pytest.approx(told["naive"], abs=1e-9)
    assert told["regression_to_the_mean"] < 0


def test_the_sentence_names_the_parts_in_both_languages() -> None:
    said = parts(BEFORE_AFTER.fit(drawn(2, True)), ratio=True)
    assert "hồi quy về trung bình: −" in said.vi
    assert "regression to the mean: −" in said.en
    with pytest.raises(ValueError, match=" / "):
        parts(before_after("none").fit(drawn(2, True)), ratio=True)


def test_too_few_donors_and_options_out_of_range() -> None:
    m = drawn(3, False)
    with pytest.raises(NotEnough, match="at least 6 comparison units"):
        BEFORE_AFTER.fit(m.without(range(6, WARDS)))
    for options in ({"correction": "magic"}, {"window": 0}):
        with pytest.raises(ValueError, match=" / "):
            before_after(**options)  # type: ignore[arg-type]


def test_empirical_bayes_by_simulation_of_its_own_model() -> None:
    rng = np.random.default_rng(5)
    rate = rng.gamma(3.0, 20.0 / 3.0, 200_000)
    count = rng.poisson(rate)
    high = (count >= 38) & (count <= 42)
    found = empirical_bayes(40.0, 20.0, 3.0)
    # Mean of the rates behind counts about 40: some 6,000 draws with a standard deviation of 6, so 0.25 are 3.3 standard errors.
    assert found.expected == pytest.approx(rate[high].mean(), abs=0.25)
    assert found.sd == pytest.approx(rate[count == 40].std(), rel=0.08)
    assert overdispersion(count) == pytest.approx(3.0, rel=0.05)
    assert overdispersion(np.full(9, 4.0)) == math.inf


def test_fall_past_a_cut_off_by_simulation() -> None:
    rng = np.random.default_rng(6)
    lasting = rng.normal(60, 15 * math.sqrt(0.7), 400_000)
    first, second = (lasting + rng.normal(0, 15 * math.sqrt(0.3), 400_000) for _ in range(2))
    picked = first < 40
    # Some 36,000 picked, differences with a standard deviation of 11: 0.2 are 3.3 standard errors.
    assert expected_fall(40, 60, 15, 0.7) == pytest.approx((second - first)[picked].mean(), abs=0.2)
    assert expected_fall(40, 60, 15, 1.0) == 0.0
    assert expected_fall(40, 60, 15, 0.7, repeats=3) < expected_fall(40, 60, 15, 0.7)


@pytest.mark.slow
def test_at_the_peak_the_plain_comparison_claims_effects_and_the_corrected_one_keeps_its_level() -> None:
    draws, claims, sizes = 400, dict.fromkeys(("plain", "corrected"), 0), dict.fromkeys(("plain", "corrected"), 0.0)
    for seed in range(draws):
        m = drawn(seed, True)
        for name, design, limit in (("plain", before_after("none"), 1.96), ("corrected", BEFORE_AFTER, stats.t.ppf(0.975, WARDS - 4))):
            fit = design.fit(m)
            assert fit.standard_error is not None
            claims[name] += abs(fit.estimate) > limit * fit.standard_error
            sizes[name] += fit.estimate / draws
    # 3.3 binomial standard errors at 5 % with 400 draws: 3.6 points. The plain one sees a fall of a quarter where nothing happened.
    assert claims["corrected"] / draws <= 0.05 + 0.036
    assert claims["plain"] / draws > 0.25
    assert sizes["plain"] < -0.25
    assert abs(sizes["corrected"]) < 0.08


@pytest.mark.slow
def test_where_the_pilot_was_chosen_by_what_came_later_the_correction_fails_too() -> None:
    claims = 0
    for seed in range(100):
        m = drawn(seed, False)
        later = int(np.argmax(m.y[:, FIRST:].mean(1) / m.y[:, :FIRST].mean(1)))
        order = np.r_[later, np.delete(np.arange(WARDS), later)]
        fit = BEFORE_AFTER.fit(m._of(order, m.first))
        assert fit.standard_error is not None
        claims += abs(fit.estimate) > 2.03 * fit.standard_error
    assert claims > 30
