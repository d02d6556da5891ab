"""The study's rules on arrays: the same donors as the study has, and who is picked at the peak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.calibration.procedure import Procedure, can_claim, highest, procedure, recent, remembering
from evaluation.effects.calibration.windows import past_windows, pseudo_starts
from evaluation.effects.design import Design, Fit
from evaluation.effects.designs import design
from evaluation.effects.inference import inference
from evaluation.effects.judgement import Judgement
from evaluation.effects.matrix import Matrix, NotEnough, matrix
from evaluation.effects.study import Study, study_panel
from evaluation.language import Words

QUARTERS = [f"{year}-Q{q}" for year in (2015, 2016, 2017, 2018) for q in (1, 2, 3, 4)]
START = "2017-Q1"
SAID = Words("a", "a")


def panel(top: np.ndarray) -> pd.DataFrame:
    units = [f"u{i:03d}" for i in range(len(top))]
    rows = [(u, q, top[i, t]) for i, u in enumerate(units) for t, q in enumerate(QUARTERS[: top.shape[1]]) if np.isfinite(top[i, t])]
    return pd.DataFrame(rows, columns=["unit", "period", "numerator"])


def counts(rng: np.random.Generator, units: int = 60, periods: int = 16, missing: float = 0.05) -> np.ndarray:
    level = np.exp(rng.normal(3, 0.7, (units, 1)))
    top = rng.poisson(level * rng.gamma(10, 0.1, (units, periods))).astype(float)
    top[rng.random(top.shape) < missing] = np.nan
    return top


def rules_of(study: Study, judged_by: str = "placebo", **more: object) -> Procedure:
    return procedure(study, design("did"), inference(judged_by), 0.95, **more)  # type: ignore[arg-type]


def studied(top: np.ndarray, treated: tuple[str, ...] = ("u000",), start: str = START, **options: object) -> Study:
    return study_panel(panel(top), outcome_name="tests", treated=treated, start=start, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("factor", [3.0, 1.5, None])
@pytest.mark.slow
def test_donors_of_a_pseudo_pilot_are_those_of_a_study_of_it(factor: float | None) -> None:
    rng = np.random.default_rng(1)
    top = counts(rng, 40, missing=0.12)
    rules = rules_of(studied(top, level_factor=factor, exclude={"u005": "programme"}))
    if factor == 1.5:
        assert rules.factor is not None
        assert rules.factor <= 1.5  # read off the donors: a study does not say its factor
    for pilots, start in (((7,), 5), ((3, 30), 11)):
        names = [f"u{i:03d}" for i in pilots]
        again = studied(top, tuple(names), QUARTERS[start], level_factor=rules.factor, exclude={"u005": "programme"})
        found = np.flatnonzero(rules.donors(rules.top, rules.bottom, np.array(pilots), start))
        assert tuple(rules.units[i] for i in found) == again.donors
        built = rules.matrix(rules.top, rules.bottom, np.array(pilots), np.full(len(pilots), start))
        own = matrix(again)
        assert built.units == own.units
        np.testing.assert_array_equal(built.y, own.y)
        np.testing.assert_array_equal(built.first, own.first)


def test_neighbours_of_a_pseudo_pilot_are_not_compared_with_it() -> None:
    rules = rules_of(studied(np.full((30, 16), 20.0)), neighbours={"u004": ["u005", "elsewhere"]})
    donors = rules.donors(rules.top, rules.bottom, np.array([5]), 8)
    assert not donors[4]
    assert donors[6]
    assert rules_of(studied(np.full((30, 16), 20.0))).bordering is None


def test_units_are_picked_by_what_they_had_just_before() -> None:
    top = np.array([[9, 1, 1, 9.0], [1, 5, 7, 0], [1, np.nan, 4, 0], [1, np.nan, np.nan, 9]])
    np.testing.assert_array_equal(recent(top, 3), [1, 6, 4, -np.inf])
    assert highest(recent(top, 3), np.array([True, True, True, True])).tolist() == [1, 2, 0]
    assert highest(recent(top, 3), np.array([True, False, True, True])).tolist() == [2, 0]


def test_a_judgement_that_can_never_claim_is_no_try() -> None:
    assert not can_claim(Judgement(None, None, None, None, SAID), 0.95)
    assert not can_claim(Judgement(0.2, None, None, 1 / 15, SAID), 0.95)
    assert can_claim(Judgement(0.2, -1, 1, 1 / 20, SAID), 0.95)  # 1/20 is 0.05, whatever binary makes of it
    assert can_claim(Judgement(0.2, -1, 1, None, SAID), 0.95)


def always(chosen: Design, at: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
    return Judgement(0.01, 1.0, 2.0, 0.01, SAID)


def test_windows_end_before_any_start_and_take_a_unit_once() -> None:
    seen: list[Matrix] = []

    def watched(chosen: Design, at: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
        seen.append(at)
        return always(chosen, at, fit, level, rng)

    study = studied(counts(np.random.default_rng(2), 200), level_factor=None, anticipation=1)
    rules = procedure(study, design("did"), watched, 0.95)
    found = past_windows(rules, np.random.default_rng(0))
    assert (found.rate.k, found.rate.m) == (20, 20)
    assert len({u for units in found.units for u in units}) == 20
    assert all(at.periods[-1] < "2016-Q4" for at in seen)  # the anticipated quarter is none of the past
    assert all("u000" not in at.units for at in seen)
    assert set(found.starts) <= {QUARTERS[s] for s in pseudo_starts(7, 0.5, 0, 1)}


def test_windows_take_only_units_at_their_peak() -> None:
    top = np.full((40, 16), 20.0) + np.arange(40)[:, None]
    study = studied(top, level_factor=None)
    found = past_windows(procedure(study, design("did"), always, 0.95), np.random.default_rng(0))
    assert {u for units in found.units for u in units} == {"u036", "u037", "u038", "u039"}  # the highest tenth of 39, at every start
    assert found.rate.m == 4


def test_pseudo_starts_leave_before_them_what_the_study_has_before_its_own() -> None:
    assert list(pseudo_starts(8, 0.5)) == [4, 5, 6]
    assert list(pseudo_starts(19, 19 / 31)) == [12, 13, 14, 15, 16, 17]
    assert list(pseudo_starts(4, 0.25)) == [2]
    assert list(pseudo_starts(8, 0.9)) == [6]  # two after come first
    assert list(pseudo_starts(8, 0.5, phase_in=1, anticipation=1)) == [4, 5]
    assert list(pseudo_starts(3, 0.5)) == []


def test_several_treated_units_are_tried_together() -> None:
    study = studied(counts(np.random.default_rng(3), 200), ("u000", "u001"), level_factor=None)
    found = past_windows(procedure(study, design("did"), always, 0.95), np.random.default_rng(0))
    assert all(len(units) == 2 for units in found.units)
    assert found.rate.m == len(found.units)
    assert len({u for units in found.units for u in units}) == 2 * found.rate.m


@pytest.mark.slow
def test_there_are_no_windows_in_a_short_past_or_with_few_donors() -> None:
    short = rules_of(studied(counts(np.random.default_rng(4)), start=QUARTERS[3]))
    assert past_windows(short, np.random.default_rng(0)).rate.m == 0
    few = rules_of(studied(np.full((12, 16), 20.0)))
    found = past_windows(few, np.random.default_rng(0))
    assert (found.rate.m, found.not_judged) == (0, 2)  # p can be no smaller than 1/11


def test_a_design_that_cannot_be_fitted_is_no_try() -> None:
    def refuses(at: Matrix) -> Fit:
        raise NotEnough("không / no")

    never = Design("x", SAID, SAID, refuses, ())
    rules = procedure(studied(counts(np.random.default_rng(5))), never, always, 0.95)
    found = past_windows(rules, np.random.default_rng(0))
    assert found.rate.m == 0
    assert found.not_judged > 0


@pytest.mark.parametrize("named", ["did", "event", "sc", "sdid"])
def test_placebos_stay_the_same_whatever_happens_in_the_treated_unit(named: str) -> None:
    top = counts(np.random.default_rng(8), 25, missing=0.0)
    panel = rules_of(studied(top, level_factor=None)).matrix(top, np.ones_like(top), np.array([3]), np.array([8]))
    moved = panel.top.copy()
    moved[0, 8:] *= 3
    places = [(int(d),) for d in np.flatnonzero(~panel.treated)]
    known = design(named)
    with_it, without = (known.fits(p, places) for p in (replace(panel, top=moved, y=moved), panel))
    np.testing.assert_array_equal([f.estimate for f in with_it], [f.estimate for f in without])
    assert [f.estimate for f in remembering(known).fits(panel, places)] == [f.estimate for f in without]
