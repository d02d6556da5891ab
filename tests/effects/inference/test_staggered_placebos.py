"""Placebos of treated units that start at different times: few sets, each fitted as the pilots were, what can be kept is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.calibration.calibrate import FEWEST, draws_for
from evaluation.effects.calibration.procedure import remembering
from evaluation.effects.designs import design
from evaluation.effects.designs.did import DID
from evaluation.effects.estimate import estimate_effect, judge_for
from evaluation.effects.inference import inference
from evaluation.effects.inference.placebo_sets import STAGGERED, placebos
from evaluation.effects.matrix import Matrix
from evaluation.effects.study import study_panel


def panel(units: int, first: tuple[int, ...], periods: int = 12) -> Matrix:
    rng = np.random.default_rng(3)
    y = 50 + rng.normal(0, 3, (units, 1)) + np.cumsum(rng.normal(0, 1, periods)) + rng.normal(0, 1, (units, periods))
    starts = np.array([*first, *[periods] * (units - len(first))])
    return Matrix(tuple(f"u{i}" for i in range(units)), tuple(range(periods)), y, y, np.ones_like(y), starts, measure="value")


@pytest.mark.parametrize("name", ["cs", pytest.param("mc", marks=pytest.mark.slow)])
def test_staggered_placebos_are_the_fits_of_donors_in_the_pilots_places(name: str) -> None:
    own = panel(7, (6, 8))
    made = placebos(design(name), own, np.random.default_rng(0))
    assert made.exact
    assert len(made.fits) == 20
    for places, fit in zip(made.names, made.fits, strict=True):
        one, two = (own.units.index(u) for u in places.split(" + "))
        taken = own.as_if([one, two])
        first = taken.first.copy()
        first[:2] = (6, 8)
        assert fit.estimate == pytest.approx(design(name).fit(replace(taken, first=first)).estimate, abs=2e-3)


def test_sets_are_fewer_where_each_is_fitted_alone() -> None:
    made = placebos(design("sc"), panel(40, (6, 8)), np.random.default_rng(0))
    assert len(made.fits) == STAGGERED
    assert not made.exact
    assert made.space == 38 * 37
    assert draws_for("cs", "placebo", staggered=True) == FEWEST


def test_placebos_are_fitted_once_whatever_happens_to_the_pilots() -> None:
    own, calls = panel(7, (6, 8)), []
    plain = design("cs")

    def fit(m: Matrix):  # type: ignore[no-untyped-def]
        calls.append(m.units)
        return plain.fit(m)

    kept = remembering(replace(plain, fit=fit))
    before = placebos(kept, own, np.random.default_rng(0)).estimates
    moved = own.y.copy()
    moved[:2, 6:] += 9
    after = placebos(kept, own.with_outcome(moved), np.random.default_rng(0)).estimates
    np.testing.assert_array_equal(before, after)
    assert len(calls) == 20


def test_hundreds_of_treated_units_have_more_sets_than_can_be_written() -> None:
    many = panel(260, (6,) * 100)
    judged = inference("placebo")(DID, many, DID.fit(many), 0.95, np.random.default_rng(0))
    assert "over a trillion sets" in judged.said.en
    assert judged.p_value is not None


def test_the_interval_by_the_ratio_lies_around_the_estimate_where_starts_differ() -> None:
    own = panel(30, (5, 9))
    moved = own.y.copy()
    moved[0, 5:] += 12
    moved[1, 9:] += 12
    found = own.with_outcome(moved)
    sc = design("sc")
    judged = inference("placebo_ratio")(sc, found, sc.fit(found), 0.95, np.random.default_rng(0))
    assert judged.low is not None
    assert judged.high is not None
    assert (judged.low + judged.high) / 2 == pytest.approx(sc.fit(found).estimate)


def test_designs_with_a_fit_for_each_of_many_treated_units_claim_nothing() -> None:
    many = panel(60, (6,) * 21)
    frame = pd.DataFrame(
        [(u, t, many.y[i, t], 1.0) for i, u in enumerate(many.units) for t in many.periods],
        columns=["unit", "period", "numerator", "denominator"],
    )
    study = study_panel(frame, outcome_name="y", treated=list(many.units[:21]), start=6, measure="value")
    effect = estimate_effect(study, "sc", calibrated=True)
    assert effect.calibration is None
    assert not effect.clear


def test_many_units_of_which_one_stands_alone_at_its_start_are_ranked_among_donors() -> None:
    cs = design("cs")
    assert judge_for(cs, panel(60, (5,) * 10 + (8,) * 11)) == "cluster"
    assert judge_for(cs, panel(60, (5,) * 20 + (8,))) == "placebo"
    assert draws_for("did", "placebo", units=3000) == 33
