"""Placebo in time: which pseudo-starts, their estimates by hand, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from evaluation.effects.designs import design
from evaluation.effects.inference import inference
from evaluation.effects.inference.placebo_time import in_time, placebo_in_time, pseudo_starts
from evaluation.effects.matrix import Matrix, NotEnough

DID = design("did")
RNG = np.random.default_rng(0)


def test_pseudo_starts_leave_room_on_either_side(as_matrix: Callable[..., Matrix]) -> None:
    y = np.ones((5, 16))
    assert list(pseudo_starts(as_matrix(y))) == [2, 3, 4, 5, 6]
    assert list(pseudo_starts(as_matrix(y), 4, 3)) == [4, 5]
    # Two periods of anticipation are clean neither before the real start nor before the pseudo-start.
    assert list(pseudo_starts(as_matrix(y, anticipation=2))) == [4]
    assert list(pseudo_starts(as_matrix(y, phase_in=1))) == [2, 3, 4, 5]
    with pytest.raises(NotEnough, match="needs 7"):
        pseudo_starts(as_matrix(y, first=6, anticipation=3))
    with pytest.raises(NotEnough, match="different times"):
        pseudo_starts(as_matrix(y, treated=(0, 1), first=(6, 8)))


def test_estimates_by_hand_and_p(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(1).normal(0, 1, (12, 16))
    y[0, 8:] += 5
    panel = as_matrix(y, measure="value")
    found = placebo_in_time(DID, panel, DID.fit(panel), 0.8, RNG)
    gap = y[0] - y[1:].mean(0)
    by_hand = [gap[s:8].mean() - gap[:s].mean() for s in range(2, 7)]
    assert found.details["pseudo_estimates"] == pytest.approx(by_hand)
    assert found.details["windows_apart"] == 2
    assert found.p_value == found.smallest_p == pytest.approx(1 / 6)
    reach = max(abs(b) for b in by_hand)
    estimate = DID.fit(panel).estimate
    assert (found.low, found.high) == (pytest.approx(estimate - reach), pytest.approx(estimate + reach))
    assert placebo_in_time(DID, panel, DID.fit(panel), 0.95, RNG).low is None
    assert "5 pseudo-starts" in found.said.en
    assert "5 mốc giả" in found.said.vi


def test_nothing_after_the_real_start_is_used(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(2).poisson(40, (12, 16)).astype(float)
    later = y.copy()
    later[:, 7:] *= 9
    one, two = (as_matrix(v, anticipation=1) for v in (y, later))
    a, b = (placebo_in_time(DID, p, DID.fit(one), 0.9, RNG).details["pseudo_estimates"] for p in (one, two))
    assert a == b


def test_a_window_of_fixed_length(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(3).normal(0, 1, (12, 16))
    panel = as_matrix(y, measure="value")
    found = in_time(window=2)(DID, panel, DID.fit(panel), 0.8, RNG)
    gap = y[0] - y[1:].mean(0)
    assert found.details["pseudo_estimates"] == pytest.approx([gap[s : s + 2].mean() - gap[:s].mean() for s in range(2, 7)])
    with pytest.raises(ValueError, match="window"):
        in_time(window=1)
    with pytest.raises(ValueError, match="least_before"):
        in_time(0, 2)


def test_with_donors_all_units_and_starts_are_compared(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(4).normal(0, 1, (12, 16))
    panel = as_matrix(y, measure="value")
    fit = DID.fit(panel)
    found = in_time(with_donors=True)(DID, panel, fit, 0.95, RNG)
    sizes = []
    for unit in range(12):
        rest = [i for i in range(1, 12) if i != unit]
        gap = y[unit] - y[rest].mean(0)
        sizes += [abs(gap[s:8].mean() - gap[:s].mean()) for s in range(2, 7)]
        sizes += [abs(gap[8:].mean() - gap[:8].mean())] if unit else []
    assert len(sizes) == 12 * 5 + 11
    assert found.p_value == pytest.approx((1 + sum(s >= abs(fit.estimate) for s in sizes)) / (len(sizes) + 1))
    assert found.low is not None


def test_fits_fill_the_study_s_periods(as_matrix: Callable[..., Matrix]) -> None:
    panel = as_matrix(np.random.default_rng(5).poisson(30, (12, 16)))
    found = inference("placebo_time")(DID, panel, DID.fit(panel), 0.95, RNG)
    assert {len(f.gap) for f in found.placebo_fits} == {16}
    assert all(np.isnan(f.gap[8:]).all() for f in found.placebo_fits)
    assert found.placebo_units[0] == "u00 · 2"
    empty = np.full((12, 16), np.nan)
    empty[:, 8:] = 3
    broken = as_matrix(empty)
    assert placebo_in_time(DID, broken, DID.fit(panel), 0.95, RNG).p_value is None
