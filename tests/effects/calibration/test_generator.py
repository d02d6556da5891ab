"""The generator: what it was drawn with is found again, real series are drawn alike, and odd panels are no trouble."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evaluation as ev
from evaluation.effects.calibration.fitting import fit_generator, season_of
from evaluation.effects.calibration.generator import FittedGenerator, lasting
from evaluation.effects.calibration.moments import Moments, fit_moments

QUARTERS = tuple(f"{year}-Q{q}" for year in (2015, 2016, 2017, 2018) for q in (1, 2, 3, 4))


def made(measure: str, moments: Moments, level: float = 3.0, units: int = 300, **more: object) -> FittedGenerator:
    """A generator of known parameters."""
    rng = np.random.default_rng(11)
    season = np.tile([-0.2, 0.0, 0.05, 0.15], 4)
    spread = 0.5 if measure != "value" else 2.0
    kept: dict[str, object] = {
        "level": level + spread * rng.standard_normal(units),
        "course": season,
        "shock": 0.0,
        "scale": np.ones(units),
        "logs": False,
        "innovations": None,
        "missing": 0.0,
        "missing_again": 0.0,
        "silent": np.zeros(units, bool),
        "bottom": None,
    }
    return FittedGenerator(measure=measure, moments=moments, **(kept | more))  # type: ignore[arg-type]


def refitted(truth: FittedGenerator, times: int) -> list[FittedGenerator]:
    drawn = truth.draw(np.random.default_rng(5), times)
    return [fit_generator(drawn.top[i], drawn.bottom[i], truth.measure, QUARTERS) for i in range(times)]


def mean_and_error(values: list[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("measure", "truth"),
    [
        ("count", Moments(0.08, 0.7, 0.06, False)),
        ("rate", Moments(0.08, 0.7, 0.06, False)),
        ("share", Moments(0.15, 0.7, 0.10, False)),
        ("value", Moments(0.6, 0.7, 0.4, False)),
    ],
)
def test_variances_and_memory_are_found_again(measure: str, truth: Moments) -> None:
    more: dict[str, object] = {}
    level = 3.0
    if measure == "rate":
        more["bottom"], level = np.full((300, 16), 2000.0), -4.0
    if measure == "share":
        more["bottom"], level = np.full((300, 16), 60.0), 0.0
    found = [f.moments for f in refitted(made(measure, truth, level, **more), 30)]
    total, off = mean_and_error([m.slow + m.fast for m in found])
    if measure != "value":  # a value's deviations are scaled to a variance of about 1
        # Moments match linearly, but memory comes from a grid: a tenth of the truth beside 3.3 standard errors.
        assert abs(total - truth.slow - truth.fast) < 3.3 * off + 0.1 * (truth.slow + truth.fast)
    next_one, off = mean_and_error([m.slow * m.memory / (m.slow + m.fast) for m in found])
    assert abs(next_one - truth.slow * truth.memory / (truth.slow + truth.fast)) < 3.3 * off + 0.05
    memory, off = mean_and_error([m.memory for m in found])
    assert abs(memory - truth.memory) < 3.3 * off + 0.05
    assert not any(m.steady for m in found)


@pytest.mark.slow
def test_a_stock_is_told_from_counts_made_anew() -> None:
    stock = refitted(made("count", Moments(0.0, 0.9, 0.0, True)), 10)
    anew = refitted(made("count", Moments(0.05, 0.5, 0.02, False)), 10)
    assert all(f.moments.steady for f in stock)
    assert not any(f.moments.steady for f in anew)
    assert np.mean([f.moments.memory for f in stock]) == pytest.approx(0.9, abs=0.05)


@pytest.mark.slow
def test_levels_season_shocks_and_gaps_are_found_again() -> None:
    truth = made("count", Moments(0.05, 0.6, 0.05, False), shock=0.10, missing=0.08, missing_again=0.5)
    found = refitted(truth, 40)
    shock, off = mean_and_error([f.shock**2 for f in found])
    assert abs(shock - 0.01) < 3.3 * off  # variances are estimated without bias
    gone, off = mean_and_error([f.missing for f in found])
    assert abs(gone - 0.08) < 3.3 * off
    again, off = mean_and_error([f.missing_again for f in found])
    assert abs(again - 0.5) < 3.3 * off
    course = np.mean([f.course - f.course.mean() for f in found], axis=0)
    # Shocks of 10 % in each of 4 quarters and 40 panels: 0.10 / sqrt(160) = 0.008 a season, 3.3 of them.
    np.testing.assert_allclose(course[:4], truth.course[:4] - truth.course.mean(), atol=3.3 * 0.008 + 0.01)
    spread, off = mean_and_error([float(f.level.var()) for f in found])
    assert abs(spread - truth.level.var()) < 3.3 * off + 0.01


def moments_of(top: np.ndarray, bottom: np.ndarray, share: bool) -> np.ndarray:
    """Variance over time, correlation with the quarter before and spread of levels, of logs or logits, and missing reports."""
    seen = np.isfinite(top) & np.isfinite(bottom) & (bottom > 0)
    usable = (seen.mean(1) >= 0.5) & (np.nansum(top, axis=1) > 0)
    if share:
        p = (top[usable] + 0.5) / (bottom[usable] + 1)
        z = np.where(seen[usable], np.log(p / (1 - p)), np.nan)
    else:
        z = np.log(top[usable] + 0.5)
    own = np.nanmean(z, axis=1, keepdims=True)
    apart = z - own
    apart = apart - np.nanmean(apart, axis=0)
    variance = np.nanmean(apart**2)
    return np.array([variance, np.nanmean(apart[:, 1:] * apart[:, :-1]) / variance, own.std(), 1 - np.isfinite(top).mean()])


@pytest.mark.slow
@pytest.mark.parametrize(
    "outcome", ["sti_tested", "hiv_tested", "jobs_taken", "legal_counselling", "contract_share", "referral_completion"]
)
def test_drawn_panels_have_the_moments_of_the_real_one(outcome: str) -> None:
    store = ev.open_store(Path(os.environ["EVALUATION_STORE"]))
    study = ev.study(store, pilot="pham-ngu-lao", outcome=outcome)
    _, periods, top, bottom = study.arrays()
    fitted = fit_generator(top, bottom, study.measure, tuple(periods))
    drawn = fitted.draw(np.random.default_rng(1), 20)
    real = moments_of(top, bottom, study.share)
    ours = np.array([moments_of(drawn.top[i], drawn.bottom[i], study.share) for i in range(20)])
    apart = np.abs(ours.mean(0) - real)
    # The generator is fitted to other moments than these (weighted ratios): 15 % of a variance and a spread, 0.06 of a correlation
    # beside what panels differ by.
    allowed = 3.3 * ours.std(0) + np.array([0.15 * real[0], 0.06, 0.15 * real[2], 0.0])
    assert (apart < allowed).all(), (real, ours.mean(0))


def test_the_bias_of_short_series_is_no_bias_here() -> None:
    rng = np.random.default_rng(3)
    series = lasting(rng, (4000, 8), 0.8)
    apart = series - series.mean(1, keepdims=True)
    found = fit_moments(apart, np.ones_like(apart), None, np.ones(4000))
    # By hand: the plain correlation of what is left is far from 0.8 (Nickell 1981).
    assert (apart[:, 1:] * apart[:, :-1]).mean() / (apart**2).mean() < 0.45
    assert found.slow == pytest.approx(1.0, abs=0.15)
    assert found.memory == pytest.approx(0.8, abs=0.05)
    assert found.fast < 0.1


def test_expected_counts_and_shares_are_those_of_the_levels() -> None:
    rng = np.random.default_rng(1)
    drawn = replace(made("count", Moments(0.2, 0.5, 0.3, False), units=2), level=np.log([5.0, 50.0]), course=np.zeros(16)).draw(rng, 3000)
    mean, var = drawn.top.mean((0, 2)), drawn.top.var((0, 2))
    # Negative binomial with lognormal deviations: 1 + slow + fast beside the Poisson variance.
    np.testing.assert_allclose(mean, [5, 50], rtol=0.03)
    np.testing.assert_allclose(var, mean + 0.5 * mean**2, rtol=0.08)
    share = replace(
        made("share", Moments(0.0, 0.0, 0.4, False), units=2), level=np.zeros(2), course=np.zeros(16), bottom=np.full((2, 16), 40.0)
    )
    drawn = share.draw(rng, 3000)
    clustered = 0.4 * 0.25  # logit variance times p (1 - p): the intra-class correlation
    np.testing.assert_allclose(drawn.top.mean((0, 2)), 20, rtol=0.02)
    np.testing.assert_allclose(drawn.top.var((0, 2)), 40 * 0.25 * (1 + 39 * clustered), rtol=0.05)


@pytest.mark.parametrize("measure", ["count", "share", "rate", "value"])
@pytest.mark.parametrize(
    "top",
    [
        np.zeros((5, 8)),
        np.full((5, 8), 7.0),
        np.array([[3.0, 4, 5, 4, 3, 4, 5, 6]]),
        np.array([[3.0, np.nan, 5, 4], [np.nan] * 4, [0.0] * 4]),
        np.full((3, 4), 4e9),
        np.array([[1.0, 2.0], [3.0, 4.0]]),
    ],
    ids=["zeros", "constant", "one unit", "gaps", "huge", "two periods"],
)
def test_odd_panels_are_fitted_and_drawn(measure: str, top: np.ndarray) -> None:
    bottom = np.where(np.isfinite(top), np.maximum(top * 2, 1.0), np.nan) if measure in ("share", "rate") else np.ones_like(top)
    fitted = fit_generator(top, bottom, measure)
    drawn = fitted.draw(np.random.default_rng(0), 3)
    silent = ~np.isfinite(top).any(1)
    assert np.isnan(drawn.top[:, silent]).all()
    told = np.isfinite(drawn.top)
    assert told[:, ~silent].any()
    if measure == "share":
        assert (drawn.top[told] <= drawn.bottom[told]).all()
    if measure == "value" and not np.nanstd(top):
        np.testing.assert_allclose(drawn.top[told], np.nanmean(top))
    if not np.nansum(top):
        assert not drawn.top[told].any()


def test_a_panel_without_any_report_is_refused() -> None:
    with pytest.raises(ValueError, match="Nothing was reported"):
        fit_generator(np.full((3, 4), np.nan), np.ones((3, 4)), "count")


def test_what_a_pilot_may_have_moved_is_not_learned_from() -> None:
    rng = np.random.default_rng(2)
    top = rng.poisson(20.0, (40, 16)).astype(float)
    hidden = np.zeros_like(top, dtype=bool)
    hidden[0, 8:] = True
    moved = top.copy()
    moved[0, 8:] = 500
    with_it, without = (fit_generator(t, np.ones_like(t), "count", QUARTERS, hidden) for t in (moved, top))
    np.testing.assert_array_equal(with_it.level, without.level)
    assert with_it.moments == without.moments
    assert with_it.missing == 0


def test_seasons_are_read_from_the_names_of_periods() -> None:
    found = season_of(QUARTERS[:5])
    assert found is not None
    assert found.tolist() == [1, 2, 3, 4, 1]
    months = season_of(("2017-11", "2017-12", "2018-01"))
    assert months is not None
    assert months.tolist() == [11, 12, 1]
    assert season_of(("1970", "1971")) is None
    assert season_of(("before", "after")) is None
    assert season_of((1970, 1971)) is None


def test_the_same_seed_draws_the_same() -> None:
    truth = made("count", Moments(0.05, 0.6, 0.05, False), missing=0.1, missing_again=0.3)
    one, two = (truth.draw(np.random.default_rng(9)).top for _ in range(2))
    np.testing.assert_array_equal(one, two)
