"""Power of an interrupted series: against the noncentral t, rising with size, and counts that are what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evaluation.monitoring.over_time.interrupted import segments
from evaluation.monitoring.over_time.power import interruption_power, simulated_counts


def test_simulated_counts_have_the_spread_and_the_memory_asked_for() -> None:
    drawn = simulated_counts(np.full(8, 50.0), 2.5, 0.5, 4000, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(50, rel=0.01)
    np.testing.assert_allclose(drawn.var(axis=0) / drawn.mean(axis=0), 2.5, rtol=0.15)
    assert np.corrcoef(drawn[:, 3], drawn[:, 4])[0, 1] == pytest.approx(0.5, abs=0.05)
    assert np.corrcoef(drawn[:, 3], drawn[:, 5])[0, 1] == pytest.approx(0.25, abs=0.06)
    poisson = simulated_counts(np.array([3.0, 300.0]), 1.0, 0.0, 4000, np.random.default_rng(2))
    np.testing.assert_allclose(poisson.var(axis=0) / poisson.mean(axis=0), 1, rtol=0.1)
    assert (poisson == np.round(poisson)).all()


def test_the_same_seed_gives_the_same_answer() -> None:
    kinds = {"before": 6, "after": 6, "runs": 40, "errors": "independent"}
    one, two = interruption_power(30, 0.5, **kinds), interruption_power(30, 0.5, **kinds)
    assert (one.estimate, one.smallest_fall, one.false_alarms) == (two.estimate, two.smallest_fall, two.false_alarms)
    assert one.low < one.estimate < one.high
    assert one.to_frame()["ratio"].is_monotonic_increasing
    falls = one.to_frame().query("ratio <= 1")
    assert falls["power"].is_monotonic_decreasing  # the same draws serve every ratio


def test_no_change_can_be_seen_in_hardly_any_events() -> None:
    found = interruption_power(0.3, 0.5, before=4, after=4, runs=60, errors="independent")
    assert found.smallest_fall is None
    assert "no fall" in found.summary("en")
    assert "không mức giảm nào" in found.summary("vi")
    assert "nan" not in found.summary("en").lower()


def test_the_sentence_says_power_smallest_changes_and_false_alarms() -> None:
    found = interruption_power(200, 0.8, before=8, after=8, runs=60, errors="independent")
    en, vi = found.summary("en"), found.summary("vi")
    assert "a fall of 20%" in en
    assert "smallest changes seen with a chance of 80%" in en
    assert "mức giảm 20%" in vi
    assert "báo động nhầm" in vi


@pytest.mark.parametrize(
    "change, says",
    [
        ({"ratio": 1.0}, "ratio not 1"),
        ({"baseline": 0.0}, "must be above 0"),
        ({"dispersion": 0.5}, "at least 1"),
        ({"correlation": 1.0}, "below 1"),
        ({"before": 3}, "At least 4 periods a side"),
    ],
)
def test_refusals_say_what_to_do_in_both_languages(change: dict[str, float], says: str) -> None:
    kinds: dict[str, float] = {"baseline": 20.0, "ratio": 0.7, "before": 8, "after": 8, **change}
    with pytest.raises(ValueError, match=says) as caught:
        interruption_power(**kinds, runs=10)  # type: ignore[arg-type]
    assert " / " in str(caught.value)


@pytest.mark.slow
def test_power_is_that_of_the_noncentral_t_where_counts_are_large() -> None:
    base, spread, ratio = 400.0, 4.0, 0.85
    found = interruption_power(base, ratio, before=10, after=10, dispersion=spread, errors="independent", runs=1500)
    cut = segments(20, 10)
    weight = base * np.exp(np.log(ratio) * cut.after)
    error = np.sqrt(spread * np.linalg.inv(cut.design.T @ (weight[:, None] * cut.design))[2, 2])
    away, degrees = np.log(ratio) / error, 17
    edge = stats.t.ppf(0.975, degrees)
    theory = stats.nct.cdf(-edge, degrees, away) + stats.nct.sf(edge, degrees, away)
    # 3.3 Monte Carlo standard errors, and a little for the normal approximation of counts.
    assert found.estimate == pytest.approx(theory, abs=3.3 * np.sqrt(theory * (1 - theory) / 1500) + 0.02)
    assert found.false_alarms == pytest.approx(0.05, abs=3.3 * np.sqrt(0.05 * 0.95 / 1500) + 0.01)


@pytest.mark.slow
def test_memory_costs_power_and_what_forgets_it_cries_wolf() -> None:
    kinds = {"before": 12, "after": 8, "dispersion": 2.0, "season": 4, "runs": 300}
    fresh = interruption_power(40, 0.6, **kinds)
    bound = interruption_power(40, 0.6, correlation=0.4, **kinds)
    naive = interruption_power(40, 0.6, correlation=0.4, errors="independent", **kinds)
    assert fresh.smallest_fall > bound.smallest_fall  # nearer to no change
    assert naive.false_alarms > bound.false_alarms
    assert fresh.false_alarms <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 300)
    assert 0.7 <= fresh.to_frame().iloc[0]["power"] <= 0.95  # at the smallest fall found
