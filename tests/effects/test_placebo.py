"""Placebo permutation: by hand where it can be, and how often it is wrong where nothing (or something known) happened."""

from __future__ import annotations

import csv
import dataclasses
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.effects import placebo
from evaluation.effects.pilots import pilot_study
from evaluation.effects.placebo import PilotEffect, _invert, placebo_test
from evaluation.effects.study import Study, study_panel
from evaluation.example.build import build
from evaluation.settings import folders
from evaluation.store import EvidenceStore, open_store

RUNS, WARDS, QUARTERS, START = 300, 40, 12, 6


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EvidenceStore:
    """The example as evidence: $EVALUATION_STORE, or built here."""
    given = os.environ.get("EVALUATION_STORE")
    path = Path(given) if given else tmp_path_factory.mktemp("store") / "store.duckdb"
    if not given:
        build(path)
    return open_store(path)


def _panel(top: np.ndarray, bottom: np.ndarray | None = None) -> pd.DataFrame:
    units, periods = top.shape
    frame = pd.MultiIndex.from_product([[f"w{u:02d}" for u in range(units)], range(periods)], names=["unit", "period"]).to_frame(index=False)
    frame["period"] = [f"{2015 + p // 4}-Q{p % 4 + 1}" for p in frame["period"]]
    return frame.assign(numerator=top.ravel(), denominator=1.0 if bottom is None else bottom.ravel())


def _study(top: np.ndarray, bottom: np.ndarray | None = None, treated: int = 0, first: int = START, **options: object) -> Study:
    options = {"level_factor": None, **options}
    start = f"{2015 + first // 4}-Q{first % 4 + 1}"
    return study_panel(
        _panel(top, bottom), outcome_name="y", treated=[f"w{treated:02d}"], start=start, share=bottom is not None, **options
    )  # type: ignore[arg-type]


def _counts(seed: int, units: int = 24, quarters: int = QUARTERS) -> np.ndarray:
    return np.random.default_rng(seed).poisson(20, (units, quarters)).astype(float)


def test_a_ratio_on_a_balanced_panel_is_four_sums() -> None:
    top = np.array([[10, 12, 30, 33], [20, 22, 24, 30], [9, 11, 10, 12], [15, 15, 21, 19.0]])
    found = placebo_test(_study(top, first=2))
    # Donors are scaled by their own means, which with nobody missing cancel: (63 + .5) / ((22 + .5) x 116 / 92).
    assert found.estimate == pytest.approx(63.5 / (22.5 * 116 / 92))
    # The first donor against the other two: 54 after and 42 before, the others 62 and 50.
    assert found.placebo["ratio"].iloc[0] == pytest.approx((54.5) / (42.5 * 62 / 50))
    assert (found.scale, found.n_before, found.n_after, found.n) == ("ratio", 2, 2, 3)


def test_a_quarter_not_reported_is_left_out_of_the_expectation() -> None:
    top = np.array([[10, 12, np.nan, 33], [20, 22, 24, 30], [10, 12, 14, 16.0]])
    found = placebo_test(_study(top, first=2))
    # Means of the donors 24 and 13: the course is (sum of the quarter) / 37.
    course = np.array([30, 34, 38, 46]) / 37
    assert found.estimate == pytest.approx(33.5 / (22.5 * course[3] / course[:2].sum()))


def test_shares_are_a_difference_in_differences_of_pooled_shares() -> None:
    top = np.array([[2, 3, 6, 7], [4, 4, 5, 5], [1, 2, 2, 3.0]])
    bottom = np.array([[10, 10, 10, 10], [10, 10, 10, 10], [5, 5, 10, 10.0]])
    found = placebo_test(_study(top, bottom, first=2))
    assert found.estimate == pytest.approx((13 / 20 - 5 / 20) - (15 / 40 - 11 / 30))
    assert found.placebo["difference"].iloc[0] == pytest.approx((10 / 20 - 8 / 20) - (5 / 20 - 3 / 10))
    assert (found.scale, found.none) == ("difference", 0.0)


@pytest.mark.parametrize("seed", range(6))
def test_p_is_at_least_one_in_all_and_counts_the_donors_as_far_out(seed: int) -> None:
    top = _counts(seed)
    top[0, START:] *= 1 + seed
    found = placebo_test(_study(top))
    assert found.estimate is not None
    further = sum(abs(np.log(r)) >= abs(np.log(found.estimate)) for r in found.placebo["ratio"])
    assert found.p_value == pytest.approx((1 + further) / 24)
    assert found.p_value >= 1 / 24


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99])
def test_the_interval_holds_exactly_the_effects_that_are_not_rejected(level: float) -> None:
    rng = np.random.default_rng(8)
    for n in (9, 19, 20, 39, 99, 100, 139, 199, 299):
        own, others = rng.normal(), rng.normal(size=n)
        low, high, _, _ = _invert(own, others, level)
        if low is None or high is None:
            assert 1 / (n + 1) > 1 - level + 1e-12
            continue
        reach = own - low
        for shift, inside in ((0.999, True), (1.001, False), (-0.999, True), (-1.001, False), (0.3, True), (3, False)):
            further = int((np.abs(others) >= abs(shift * reach)).sum())
            rejected = (1 + further) * 1000 <= round((1 - level) * 1000) * (n + 1)
            assert rejected is not inside
        assert high - own == pytest.approx(reach)


def test_a_pilot_as_far_out_as_the_level_asks_is_rejected_at_any_level() -> None:
    top = _counts(1, units=10)
    top[0, START:] *= 20
    found = placebo_test(_study(top), level=0.9)  # nine donors: p = 1/10
    assert found.p_value == pytest.approx(0.1)
    assert found.low is not None
    assert found.low > 1


def test_too_few_donors_give_an_estimate_without_an_interval() -> None:
    top = _counts(2, units=19)  # 18 donors: 1/19 is above 5 %
    top[0, START:] *= 30
    found = placebo_test(_study(top))
    assert found.estimate is not None
    assert (found.low, found.high, found.clear) == (None, None, False)
    assert found.p_value == pytest.approx(1 / 19)
    twenty = placebo_test(_study(np.vstack([top, _counts(3, units=1)])))
    assert twenty.low is not None


@pytest.mark.parametrize("share", [False, True])
def test_nothing_to_compare_with_gives_nothing(share: bool) -> None:
    top = _counts(4, units=5)
    bottom = np.full_like(top, 100) if share else None
    alone = placebo_test(_study(top, bottom, exclude=[f"w{u:02d}" for u in range(1, 5)]))
    assert (alone.estimate, alone.low, alone.high, alone.p_value, alone.n) == (None, None, None, 1.0, 0)
    silent = top.copy()
    silent[0] = np.nan
    mute = placebo_test(_study(silent, bottom))
    assert (mute.estimate, mute.low, mute.p_value, mute.clear) == (None, None, 1.0, False)
    half = top.copy()
    half[0, START:] = np.nan
    assert placebo_test(_study(half, bottom)).estimate is None


@pytest.mark.parametrize("share", [False, True])
def test_donors_without_an_event_do_not_break_it(share: bool) -> None:
    top = np.zeros((25, QUARTERS))
    top[0] = 5
    bottom = np.full_like(top, 50.0) if share else None
    found = placebo_test(_study(top, bottom))
    assert found.estimate is None or np.isfinite(found.estimate)
    assert 0 < found.p_value <= 1
    some = np.zeros_like(top)
    some[:3] = 5
    assert np.isfinite(placebo_test(_study(some, bottom)).p_value)


def test_one_donor_has_nobody_to_be_judged_against() -> None:
    found = placebo_test(_study(_counts(5, units=2)))
    assert found.estimate is not None
    assert (found.low, found.p_value) == (None, 1.0)


@pytest.mark.parametrize(("low", "runs", "clear"), [(0.0, 20, True), (0.05, 20, True), (0.051, 20, False), (0.0, 0, False)])
def test_a_claim_needs_a_procedure_that_was_seen_not_to_cry_wolf(low: float, runs: int, clear: bool) -> None:
    top = _counts(6)
    top[0, START:] *= 10
    found = dataclasses.replace(placebo_test(_study(top)), false_alarm_low=low, false_alarm_runs=runs)
    assert found.p_value <= 0.05
    assert found.clear is clear


def _rejected(found: PilotEffect) -> bool:
    return found.low is not None and found.high is not None and not found.low <= 1 <= found.high and found.p_value <= 0.05


def _null_panel(rng: np.random.Generator) -> np.ndarray:
    """Negative binomial counts (dispersion 10) around an AR(1) log course (0.4, sd 0.15) of each ward and a common trend."""
    level = rng.lognormal(np.log(20), 0.4, WARDS)
    own = np.empty((WARDS, QUARTERS))
    own[:, 0] = rng.normal(0, 0.15, WARDS)
    for t in range(1, QUARTERS):
        own[:, t] = 0.4 * own[:, t - 1] + rng.normal(0, 0.15 * np.sqrt(1 - 0.16), WARDS)
    mean = level[:, None] * np.exp(own + 0.03 * np.arange(QUARTERS))
    return rng.poisson(mean * rng.gamma(10, 1 / 10, mean.shape)).astype(float)


def _runs(peak: bool, effect: float) -> list[PilotEffect]:
    rng, found = np.random.default_rng(2234), []
    for _ in range(RUNS):
        top = _null_panel(rng)
        treated = int(top[:, START - 2 : START].sum(axis=1).argmax()) if peak else int(rng.integers(WARDS))
        top[treated, START:] = rng.poisson(top[treated, START:] * effect) if effect != 1 else top[treated, START:]
        found.append(placebo_test(_study(top, treated=treated, level_factor=3.0)))
    return found


@pytest.fixture
def _uncalibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the false-alarm runs, which take most of the time and do not touch the estimate."""
    monkeypatch.setattr(placebo, "_false_alarms", lambda *_: (0, 0))


@pytest.mark.slow
@pytest.mark.usefixtures("_uncalibrated")
def test_wards_picked_at_random_are_wrongly_flagged_in_a_twentieth_at_most() -> None:
    """Size with 40 wards x 12 quarters; three binomial standard errors of 300 runs: 3.8 points above 5 %."""
    rate = np.mean([_rejected(r) for r in _runs(peak=False, effect=1.0)])
    print(f"size at random: {rate:.3f}")
    assert 0.005 < rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / RUNS)


@pytest.mark.slow
@pytest.mark.usefixtures("_uncalibrated")
def test_the_interval_covers_a_planted_ratio() -> None:
    """Coverage of 1.5, planted as an event count half as large again with Poisson scatter; 3 SE below 95 %: 91.2 %."""
    found = [r for r in _runs(peak=False, effect=1.5) if r.low is not None and r.high is not None]
    cover = np.mean([r.low <= 1.5 <= r.high for r in found])  # type: ignore[operator]
    print(f"coverage: {cover:.3f} of {len(found)}, power {np.mean([_rejected(r) for r in found]):.3f}")
    assert len(found) > 0.9 * RUNS
    assert cover >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / len(found))


@pytest.mark.slow
@pytest.mark.usefixtures("_uncalibrated")
def test_a_ward_picked_at_its_peak_falls_back() -> None:
    """A ward picked because its numbers had just peaked regresses to its mean: the estimate leans below no effect.

    No test by permutation at random undoes that; the report's false alarms are
    counted on wards picked so, and say it. Here the lean is shown: the median
    estimate is below 1, and claims are not the near-certainty of clustered errors.
    """
    found = _runs(peak=True, effect=1.0)
    middle = np.median([r.estimate for r in found if r.estimate is not None])
    rate = np.mean([_rejected(r) for r in found])
    print(f"at its peak: median ratio {middle:.3f}, claims {rate:.3f}")
    assert 0.7 < middle < 1
    assert rate < 0.25


def _planted(*roles: str) -> list[tuple[str, str, float]]:
    with (folders().data / "example" / "truth.csv").open(encoding="utf-8", newline="") as f:
        rows = [r for r in csv.DictReader(f) if r["source"] == "reports" and r["role"] in roles]
    return [(r["pilot"], r["indicator"], float(r["effect"])) for r in rows]


@pytest.mark.slow
def test_nothing_planted_is_not_clear(store: EvidenceStore) -> None:
    rows = _planted("no_effect")
    assert {name for _, name, _ in rows} == {"psych_counselling", "sti_treated_share", "health_check_share"}
    for pilot, name, _ in rows:
        found = pilot_study(store, pilot, name).estimate()
        print(pilot, name, found.estimate, found.low, found.high, found.p_value, found.false_alarms, found.false_alarm_runs)
        assert not found.clear, name


@pytest.mark.slow
def test_what_was_planted_is_not_contradicted(store: EvidenceStore) -> None:
    """Planted effects all raise their outcome: where there is an interval, it reaches the right side; planted ratios lie inside."""
    with_interval = 0
    for pilot, name, effect in _planted("effect"):
        found = pilot_study(store, pilot, name).estimate()
        print(pilot, name, effect, found.estimate, found.low, found.high, found.p_value, found.detectable)
        assert found.estimate is not None
        assert found.estimate > found.none, name
        if found.low is None or found.high is None:
            assert found.n < 19, name  # 1 / (donors + 1) above 5 %: nothing could have been claimed
            continue
        with_interval += 1
        assert found.high > found.none, name
        if found.scale == "ratio":
            assert found.low <= effect <= found.high, name
    assert with_interval >= 6
