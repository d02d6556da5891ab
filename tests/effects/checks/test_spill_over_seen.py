"""Spill-over on the city's wards: what was planted next door, how often it can be seen, and who is a donor."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.checks.basis import basis
from evaluation.effects.checks.negative_controls import control_outcomes, control_studies
from evaluation.effects.checks.spill_over import NeighbourEffects, series_of_study, spill_over
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS
from evaluation.effects.matrix import NotEnough
from evaluation.effects.pilots import pilot_study
from evaluation.effects.study import Study, pilot_panel, study_panel
from evaluation.example.generator import ward_panel
from evaluation.indicators import indicator, indicators
from evaluation.places import neighbours, wards
from evaluation.plan import pilots
from evaluation.store import EvidenceStore, open_store

PILOT = "26749"
QUARTERS = [f"{year}-Q{q}" for year in (2015, 2016, 2017, 2018) for q in (1, 2, 3, 4)]


def made(ring: float = 1.0, measure: str = "count", seed: int = 1) -> Study:
    rng = np.random.default_rng(seed)
    codes = list(wards())
    mean = np.full((len(codes), 16), 40.0)
    mean[[codes.index(n) for n in neighbours(PILOT)], 8:] *= ring
    bottom = rng.poisson(300, mean.shape).astype(float)
    top = rng.binomial(bottom.astype(int), mean / 300).astype(float)
    rows = [(u, p, top[i, t], bottom[i, t]) for (i, u), (t, p) in product(enumerate(codes), enumerate(QUARTERS))]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"])
    near = dict.fromkeys(neighbours(PILOT), "neighbour")
    return study_panel(frame, outcome_name="y", treated=[PILOT], start="2017-Q1", measure=measure, exclude=near)


@pytest.mark.parametrize("measure", ["count", pytest.param("share", marks=pytest.mark.slow), pytest.param("rate", marks=pytest.mark.slow)])
def test_a_change_next_door_is_seen_and_a_donor_next_door_fails_the_study(measure: str) -> None:
    study = made(1.4, measure)
    found = spill_over(basis(study))
    assert found.seen
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 1.4 <= found.high
    assert found.as_donors == 0
    assert found.check().verdict == DOUBTFUL
    wrong = replace(study, donors=(*study.donors, *neighbours(PILOT)))
    assert spill_over(basis(wrong)).check().verdict == FAILS
    assert spill_over(basis(made(1.0, measure))).check().verdict == HOLDS


def test_with_and_without_neighbours_are_the_estimates_of_two_studies() -> None:
    study = made(1.4)
    found = spill_over(basis(study))
    assert found.neighbours == len(neighbours(PILOT, 150))
    among = basis(replace(study, donors=(*study.donors, *neighbours(PILOT, 150))))
    assert found.among == pytest.approx(among.fit.estimate, rel=1e-12)
    assert found.apart == basis(study).fit.estimate
    assert spill_over(basis(study), min_border_m=500).frame["n_units"].iloc[0] < found.frame["n_units"].iloc[0]


def test_power_grows_with_the_change_and_the_detectable_one_has_80_percent() -> None:
    found = spill_over(basis(made()))
    powers = [found.power_at(r) for r in (1.0, 1.05, 1.1, 1.2, 1.5)]
    assert powers == sorted(powers)
    assert powers[0] <= 0.06
    assert found.power_at(found.detectable * 1.001) >= 0.8


def test_what_has_no_neighbours_or_no_counts_is_refused() -> None:
    values = made(measure="value")
    with pytest.raises(NotEnough, match="one ward of the city"):
        spill_over(basis(values))
    with pytest.raises(NotEnough, match="Measured values"):
        series_of_study(values)
    elsewhere = made()
    renamed = study_panel(
        elsewhere.panel.assign(unit="x" + elsewhere.panel["unit"]), outcome_name="y", treated=["x" + PILOT], start="2017-Q1"
    )
    with pytest.raises(NotEnough, match="one ward of the city"):
        spill_over(basis(renamed))


@pytest.mark.slow
def test_the_planted_spill_over_is_seen_as_often_as_its_power_says_over_seeds() -> None:
    """Twenty-four examples by seed, half of them without too: the mean ratio is that planted, one example alone mostly does not show it."""
    planted, bare = ([_around(seed, on) for seed in range(n)] for n, on in ((24, True), (12, False)))
    ratios = np.log([f.estimate for f in planted])
    error = ratios.std(ddof=1) / np.sqrt(len(ratios))
    assert abs(ratios.mean() - np.log(1.15)) < 3.3 * error
    assert ratios.mean() > 1.645 * error
    power = float(np.mean([f.power_at(1.15) for f in planted]))
    seen = float(np.mean([f.seen for f in planted]))
    assert abs(seen - power) < 3.3 * np.sqrt(power * (1 - power) / 24)
    assert power < 0.6
    assert np.mean([f.seen for f in bare]) <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 12)


def _around(seed: int, planted: bool) -> NeighbourEffects:
    found = indicator("sti_tested")
    happened = ward_panel(seed, planted)
    values = happened[happened["element"].isin(found.elements)].assign(form_version=2)
    left_out = dict.fromkeys(neighbours(PILOT), "neighbour")
    panel = pilot_panel(values, found)
    return spill_over(basis(study_panel(panel, outcome_name=found.id, treated=[PILOT], start="2017-Q1", exclude=left_out)))


@pytest.fixture(scope="module")
def store() -> EvidenceStore:
    given = os.environ.get("EVALUATION_STORE")
    if not given:
        pytest.skip("EVALUATION_STORE is not set")
    return open_store(given)


def test_controls_are_outcomes_of_other_pilots_that_share_nothing_with_this_one() -> None:
    for pilot in ("pham-ngu-lao", "binh-tri-dong-b"):
        own = pilots()[pilot].outcome_indicators
        touched = {e for name in own for e in indicators()[name].elements}
        found = control_outcomes(pilot)
        assert len(found) > 5
        assert not set(found) & set(own)
        assert not [name for name in found if touched & set(indicators()[name].elements)]
        assert {indicators()[name].kind for name in found} == {"outcome"}


@pytest.mark.slow
def test_no_control_of_the_example_moved(store: EvidenceStore) -> None:
    from evaluation.effects.checks.negative_controls import negative_controls

    for pilot in ("pham-ngu-lao", "binh-tri-dong-b"):
        assert negative_controls(control_studies(store, pilot)).check().verdict == HOLDS


@pytest.mark.slow
def test_counts_per_residents_keep_the_counts_and_shares_are_refused(store: EvidenceStore) -> None:
    plain = pilot_study(store, "pham-ngu-lao", "sti_tested")
    rate = pilot_study(store, "pham-ngu-lao", "sti_tested", per_residents=True)
    assert rate.measure == "rate"
    assert rate.panel["numerator"].sum() == plain.panel["numerator"].sum()
    own = rate.panel[rate.panel["unit"] == PILOT].set_index("period")["denominator"]
    assert 0.5 < own["2017-Q1"] < 5
    assert own.is_monotonic_decreasing or own.is_monotonic_increasing
    with pytest.raises(ValueError, match="denominator of its own"):
        pilot_study(store, "pham-ngu-lao", "sti_tested_share", per_residents=True)
