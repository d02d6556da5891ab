"""Jackknife+: the paper's interval by its definition, over donors and over periods, and one donor's weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from evaluation.effects.designs import design
from evaluation.effects.inference import inference
from evaluation.effects.inference.jackknife import jackknife_ends, jackknife_over, jackknife_plus
from evaluation.effects.matrix import Matrix, NotEnough

DID = design("did")
RNG = np.random.default_rng(0)


def test_the_ends_are_the_order_statistics_of_the_paper() -> None:
    rng = np.random.default_rng(1)
    left, errors = rng.normal(0, 0.1, 39), np.abs(rng.normal(0, 1, 39))
    _, low, high = jackknife_ends(left, errors, 0.9)
    assert low == sorted(left - errors)[3]  # the floor(0.1 * 40)-th smallest
    assert high == sorted(left + errors)[35]  # the ceil(0.9 * 40)-th smallest
    assert jackknife_ends(left[:18], errors[:18], 0.95)[1:] == (None, None)
    assert jackknife_ends(left[:19], errors[:19], 0.95)[1] is not None


def test_p_is_where_the_interval_lets_go_of_zero() -> None:
    rng = np.random.default_rng(2)
    for shift in (0.0, 1.0, 2.0, -1.5):
        left, errors = shift + rng.normal(0, 0.1, 39), np.abs(rng.normal(0, 1, 39))
        p = jackknife_ends(left, errors, 0.5)[0]
        for k in range(1, 20):
            _, low, high = jackknife_ends(left, errors, 1 - k / 40)
            assert low is not None
            assert high is not None
            assert (low > 0 or high < 0) == (p <= k / 40 + 1e-12)


def test_over_donors_by_hand(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(3).normal(0, 1, (25, 16))
    y[0, 8:] += 2
    panel = as_matrix(y, measure="value")
    found = inference("jackknife")(DID, panel, DID.fit(panel), 0.9, RNG)
    moved = y[:, 8:].mean(1) - y[:, :8].mean(1)
    left, errors = [], []
    for j in range(1, 25):
        rest = [i for i in range(1, 25) if i != j]
        left.append(moved[0] - moved[rest].mean())
        errors.append(abs(moved[j] - moved[rest].mean()))
    low, high = np.sort(np.array(left) - errors)[1], np.sort(np.array(left) + errors)[22]
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.smallest_p == pytest.approx(1 / 25)
    assert found.details["without_one_low"] == pytest.approx(min(left))
    assert found.details["without_one_high_donor"] == f"u{int(np.argmax(left)) + 1:02d}"
    assert found.by_period is not None
    assert (found.by_period[:, 0] < found.by_period[:, 1]).all()
    assert "2α" in found.said.vi
    assert len(found.placebo_fits) == 24


def test_over_periods_by_hand(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(4).normal(0, 1, (12, 30))
    panel = as_matrix(y, first=24, measure="value")
    found = jackknife_over("periods")(DID, panel, DID.fit(panel), 0.9, RNG)
    gap = y[0] - y[1:].mean(0)
    past = gap[:24]
    level = np.array([np.delete(past, t).mean() for t in range(24)])
    errors, left = np.abs(past - level), gap[24:].mean() - level
    assert found.low == pytest.approx(np.sort(left - errors)[1])
    assert found.high == pytest.approx(np.sort(left + errors)[22])
    one = gap[25] - level
    assert found.by_period is not None
    assert found.by_period[25] == pytest.approx([np.sort(one - errors)[1], np.sort(one + errors)[22]])
    assert np.isnan(found.by_period[:24]).all()


def test_what_it_cannot_take(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(5).poisson(30, (12, 16)).astype(float)
    with pytest.raises(NotEnough, match="one treated unit"):
        jackknife_plus(DID, as_matrix(y, treated=(0, 1)), DID.fit(as_matrix(y)), 0.95, RNG)
    with pytest.raises(NotEnough, match="three periods"):
        jackknife_over("periods")(DID, as_matrix(y, first=2), DID.fit(as_matrix(y)), 0.95, RNG)
    alone = as_matrix(y[:2])
    assert jackknife_plus(DID, alone, DID.fit(alone), 0.95, RNG).p_value is None
    unknown = replace(DID.fit(as_matrix(y)), estimate=float("nan"))
    assert jackknife_plus(DID, as_matrix(y), unknown, 0.95, RNG).p_value is None
    few = as_matrix(y)
    found = jackknife_over("periods")(DID, few, DID.fit(few), 0.95, RNG)
    assert (found.low, found.high, found.smallest_p) == (None, None, pytest.approx(1 / 9))
