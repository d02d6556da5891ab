"""False alarms and finds by simulation: published run lengths of the rules, the chart's own rate, and where its model is broken."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from evaluation.monitoring.charts import control_chart, run_length, signals
from evaluation.monitoring.charts.rules import RULES, Fired, outside, shift, some_beyond

Find = Callable[[np.ndarray, np.ndarray], Fired]
TWO, FOUR, EIGHT = some_beyond(2, 3, 2.0), some_beyond(4, 5, 1.0), shift(8)


def _arl(finds: list[Find], mean: float, draws: int, horizon: int) -> tuple[float, float]:
    """Return the average run length of rules on normal points, and its standard error."""
    z = np.random.default_rng(29).normal(mean, 1, (draws, horizon)).astype(np.float32)
    first = np.full(draws, horizon)
    for find in finds:
        met = find(z, z).completes != 0
        first = np.minimum(first, np.where(met.any(axis=1), met.argmax(axis=1) + 1, horizon))
    return float(first.mean()), float(first.std() / np.sqrt(draws))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("finds", "mean", "published"),
    [
        ([outside()], 0.0, 370.40),
        ([outside(), TWO], 0.0, 225.44),
        ([outside(), FOUR], 0.0, 166.05),
        ([outside(), EIGHT], 0.0, 152.73),
        ([r.find for r in RULES["western_electric"]], 0.0, 91.75),
        ([outside()], 1.0, 43.89),
        ([outside(), TWO], 1.0, 20.01),
        ([outside(), FOUR], 1.0, 12.66),
        ([outside(), EIGHT], 1.0, 14.58),
    ],
)
def test_run_lengths_of_rules_champ_woodall_1987(finds: list[Find], mean: float, published: float) -> None:
    # The rules of the Western Electric handbook together: 91.75, also in the NIST/SEMATECH e-Handbook, 6.3.2.
    found, error = _arl(finds, mean, 1200 if mean == 0 else 4000, int(7 * published))
    # 3.3 standard errors, and the one run in a thousand that is cut at seven times the mean.
    assert found == pytest.approx(published, abs=3.3 * error + 0.001 * published)


def _false_alarms(counts: np.ndarray, kind: str) -> float:
    """Return the share of series with a point outside in the three periods after thirteen of baseline."""
    found = signals(counts, kind=kind, rules="limits", baseline=13)
    return float(np.mean(found.members[:, 13:].any(axis=1)))


@pytest.mark.slow
@pytest.mark.parametrize("level", [4.0, 25.0])
def test_the_rate_that_a_chart_gives_for_itself_is_the_rate_of_its_model(level: float) -> None:
    rng = np.random.default_rng(31)
    one = control_chart(np.full(16, level), kind="c", rules="nhs", baseline=13)
    own = run_length(one, draws=6000)
    fresh = signals(rng.poisson(level, (6000, 16)).astype(float), kind="c", rules="nhs", baseline=13)
    outside_rate = float(np.mean(fresh.members[:, 13:].any(axis=1)))
    # Two independent samples of 6,000: 3.3 standard errors of their difference.
    assert own.any_signal == pytest.approx(outside_rate, abs=3.3 * np.sqrt(2 * outside_rate * (1 - outside_rate) / 6000))
    assert own.low <= own.any_signal <= own.high


@pytest.mark.slow
def test_false_alarms_under_poisson_and_under_overdispersion() -> None:
    rng = np.random.default_rng(37)
    poisson = rng.poisson(30, (6000, 16)).astype(float)
    scattered = rng.poisson(rng.gamma(30 / 3, 3, (6000, 16))).astype(float)  # four times the variance of chance
    plain, widened = (_false_alarms(poisson, k) for k in ("u", "u'"))
    broken, mended = (_false_alarms(scattered, k) for k in ("u", "u'"))
    # Known limits would give 1 - 0.9973**3 = 0.8 %; an estimated centre and a skewed count make it up to 2 %.
    assert plain < 0.02
    assert widened <= plain
    # The plain chart cries wolf in a third of the series; the widened one in a few of a hundred: more than under its model,
    # since a factor from twelve ranges is itself uncertain.
    assert broken > 0.3
    assert mended < 0.07
    assert broken > 5 * mended


@pytest.mark.slow
def test_the_chart_s_own_rate_knows_the_price_of_estimated_limits() -> None:
    rng = np.random.default_rng(41)
    counts = rng.poisson(rng.gamma(10, 3, 16)).astype(float)
    one = control_chart(counts, kind="c'", rules="limits", baseline=13)
    factor = one.phases[0].sigma_z ** 2
    fresh = rng.poisson(rng.gamma(one.estimate / (factor - 1), factor - 1, (6000, 16))).astype(float)
    rate = _false_alarms(fresh, "c'")
    own = run_length(one, draws=6000)
    assert own.any_signal == pytest.approx(rate, abs=3.3 * np.sqrt(2 * rate * (1 - rate) / 6000))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["c'", "xmr", "ewma", "cusum", "run"])
def test_a_larger_shift_is_found_more_often_and_sooner(kind: str) -> None:
    counts = np.random.default_rng(43).poisson(20, 24).astype(float)
    one = control_chart(counts, kind=kind, rules="nhs", baseline=14)
    found = [run_length(one, shift=s, draws=800) for s in (1.0, 1.4, 2.0)]
    assert found[0].any_signal < found[1].any_signal < found[2].any_signal
    if kind != "run":
        assert found[0].mean_run > found[1].mean_run > found[2].mean_run >= 1


def test_the_sentence_says_how_often_it_would_signal_without_a_change() -> None:
    one = control_chart(np.resize([20.0, 22, 19], 16), kind="c", baseline=13)
    found = run_length(one, draws=100)
    assert "3 periods after the baseline" in found.summary("en")
    assert found.summary("vi").endswith("%.")
    assert run_length(one, draws=100, seed=2234).any_signal == found.any_signal
    assert "1.50 times" in run_length(one, shift=1.5, draws=50).summary("en")
    assert found.periods_after == 3


def test_gaps_between_events_are_simulated_as_many_as_there_are() -> None:
    one = control_chart(np.resize([3.0, 0, 1, 7, 2], 20), kind="g", baseline=15)
    assert run_length(one, draws=100).periods_after == 5
    assert run_length(control_chart(np.resize([3.0, 1, 7], 20), kind="t", baseline=15), draws=100).mean_run > 1


def test_charts_that_call_nothing_have_no_run_length() -> None:
    with pytest.raises(ValueError, match="too few"):
        run_length(control_chart([1.0, 2.0, 3.0], kind="c"))
    with pytest.raises(ValueError, match="shift"):
        run_length(control_chart(np.resize([20.0, 22], 16), kind="c"), shift=0.0)
