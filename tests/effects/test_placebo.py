"""Placebo permutation: by hand, by brute force, and how often it claims what is not there."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.placebo import PilotEffect, placebo_test
from evaluation.effects.study import Study, study_panel

QUARTERS = [f"{year}-Q{q}" for year in (2015, 2016, 2017, 2018) for q in (1, 2, 3, 4)]
START = "2017-Q1"


def long(top: np.ndarray, bottom: np.ndarray | None = None, periods: list[str] | None = None) -> pd.DataFrame:
    """A panel of units u00, u01, ... from (units, periods) arrays; a NaN was not reported."""
    names = periods or QUARTERS[: top.shape[1]]
    rows = [
        (f"u{i:02d}", p, top[i, t], 1.0 if bottom is None else bottom[i, t]) for i, (t, p) in product(range(len(top)), enumerate(names))
    ]
    return pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"])


def studied(
    top: np.ndarray, bottom: np.ndarray | None = None, treated: int | list[int] = 0, start: str = START, factor: float | None = None
) -> Study:
    units = [f"u{i:02d}" for i in np.atleast_1d(treated)]
    panel = long(top, bottom)
    return study_panel(
        panel, outcome_name="tests", treated=units, start=start, measure="count" if bottom is None else "share", level_factor=factor
    )


def steady(units: int = 25, before: float = 20, after: float = 20, periods: int = 16) -> np.ndarray:
    top = np.full((units, periods), before)
    top[:, 8:] = after
    return top


def test_a_ratio_by_hand() -> None:
    top = steady(25, 20, 24)  # everywhere a fifth more
    top[0] = [10] * 8 + [18] * 8
    found = placebo_test(studied(top))
    # 80 before would have become 96; half an event is added to what was seen on either side.
    assert found.estimate == pytest.approx(144.5 / (80.5 * 24 / 20))
    assert (found.scale, found.none, found.n, found.n_before, found.n_after) == ("ratio", 1.0, 24, 8, 8)
    assert found.p_value == pytest.approx(1 / 25)  # no donor moved against the others
    assert found.low <= found.estimate <= found.high


def test_a_difference_of_shares_by_hand() -> None:
    bottom = steady(25, 100, 200)
    top = steady(25, 30, 80)  # 30 % to 40 %
    top[0] = [40] * 8 + [130] * 8  # 40 % to 65 %
    found = placebo_test(studied(top, bottom))
    assert found.estimate == pytest.approx(0.25 - 0.10)
    assert (found.scale, found.none) == ("difference", 0.0)
    assert found.p_value == pytest.approx(1 / 25)


def _brute_ratio(top: np.ndarray, one: int, others: list[int], after: list[bool]) -> float:
    """Quarter by quarter, with loops: the course of the others over what they reported."""
    seen = [t for t in range(top.shape[1]) if not np.isnan(top[one, t])]
    means = {j: np.mean([x for x in top[j] if not np.isnan(x)]) for j in others}
    course = {}
    for t in seen:
        told = [j for j in others if not np.isnan(top[j, t])]
        course[t] = sum(top[j, t] for j in told) / sum(means[j] for j in told)
    pre, post = [t for t in seen if not after[t]], [t for t in seen if after[t]]
    carried = (sum(top[one, t] for t in pre) + 0.5) * sum(course[t] for t in post) / sum(course[t] for t in pre)
    return float((sum(top[one, t] for t in post) + 0.5) / carried)


def _brute_difference(top: np.ndarray, bottom: np.ndarray, one: int, others: list[int], after: list[bool]) -> float:
    seen = [t for t in range(top.shape[1]) if not np.isnan(top[one, t])]
    sides = [[t for t in seen if after[t] == late] for late in (False, True)]
    own = [sum(top[one, t] for t in s) / sum(bottom[one, t] for t in s) for s in sides]
    rest = [np.nansum(top[np.ix_(others, s)]) / np.nansum(bottom[np.ix_(others, s)]) for s in sides]
    return float((own[1] - own[0]) - (rest[1] - rest[0]))


@pytest.mark.parametrize("share", [False, True], ids=["counts", "shares"])
def test_estimate_placebos_p_and_interval_by_brute_force_with_missing_quarters(share: bool) -> None:
    rng = np.random.default_rng(12)
    bottom = rng.integers(20, 60, (24, 16)).astype(float)
    top = rng.binomial(bottom.astype(int), 0.4).astype(float)
    holes = rng.random(top.shape) < 0.08
    top[holes] = bottom[holes] = np.nan
    found = placebo_test(studied(top, bottom if share else None))
    donors = [int(u[1:]) for u in found.placebo["unit"]]
    after = [q >= START for q in QUARTERS]

    def brute(one: int) -> float:
        others = [j for j in donors if j != one]
        return _brute_difference(top, bottom, one, others, after) if share else _brute_ratio(top, one, others, after)

    assert found.estimate == pytest.approx(brute(0))
    assert found.placebo[found.scale].to_numpy() == pytest.approx([brute(j) for j in donors])
    line = (lambda x: x) if share else np.log
    away = sorted(abs(line(brute(j))) for j in donors)
    own = line(brute(0))
    assert found.p_value == pytest.approx((1 + sum(a >= abs(own) for a in away)) / (len(donors) + 1))
    # The interval holds exactly the effects that the test would not reject at 5 %.
    for effect in np.linspace(own - 1, own + 1, 401):
        p = (1 + sum(a >= abs(own - effect) for a in away)) / (len(donors) + 1)
        assert (line(found.low) <= effect <= line(found.high)) == (p > 0.05 + 1e-12)


@pytest.mark.parametrize("donors, interval", [(0, False), (1, False), (18, False), (19, True)])
def test_too_few_donors_give_no_interval(donors: int, interval: bool) -> None:
    top = np.random.default_rng(3).poisson(30, (donors + 1, 16)).astype(float)
    found = placebo_test(studied(top))
    # At 5 % the smallest p is 1 / (donors + 1): 19 donors are needed.
    assert (found.low is not None, found.high is not None, found.detectable is not None) == (interval,) * 3
    assert found.n == (donors if donors > 1 else 0)
    assert (found.estimate is None) == (donors == 0)
    if not interval:
        assert not found.clear
        assert found.false_alarm_runs == 0  # where nothing can be claimed, not claiming teaches nothing


def test_donors_without_any_event_have_no_placebo() -> None:
    top = np.random.default_rng(3).poisson(30, (30, 16)).astype(float)
    top[25:] = 0
    found = placebo_test(studied(top))
    assert found.placebo["ratio"].isna().sum() == 5
    assert found.n == 24


@pytest.mark.parametrize("share", [False, True])
def test_donors_of_nothing_but_zeros_give_no_ratio(share: bool) -> None:
    top = np.zeros((25, 16))
    top[0] = 12
    bottom = np.where(top > 0, 20.0, 0.0) if share else None
    found = placebo_test(studied(top, bottom))
    assert (found.estimate, found.low, found.high, found.p_value) == (None, None, None, 1.0)
    assert not found.clear


@pytest.mark.parametrize("side", [slice(0, 8), slice(8, 16), slice(0, 16)], ids=["before", "after", "ever"])
@pytest.mark.parametrize("share", [False, True])
def test_a_pilot_never_reported_on_a_side_has_no_estimate(side: slice, share: bool) -> None:
    top = np.random.default_rng(3).poisson(30, (30, 16)).astype(float)
    top[0, side] = np.nan
    bottom = np.where(np.isnan(top), np.nan, 90.0) if share else None
    found = placebo_test(studied(top, bottom))
    assert (found.estimate, found.low, found.high) == (None, None, None)
    assert not found.clear
    assert "—" in found.summary()


def test_shares_of_nobody_have_no_estimate() -> None:
    rng = np.random.default_rng(4)
    bottom = np.full((30, 16), 20.0)
    bottom[0, :8] = 0  # the pilot: nobody before
    bottom[1] = 0  # a donor: nobody ever
    top = np.minimum(rng.binomial(20, 0.5, (30, 16)), bottom)
    found = placebo_test(studied(top, bottom))
    assert found.estimate is None
    assert found.placebo.set_index("unit")["difference"].isna().to_dict()["u01"]
    assert found.placebo["difference"].isna().sum() == 1


@pytest.mark.parametrize("before, after, runs", [(1, 8, 0), (3, 8, 0), (4, 8, 2), (8, 1, 10)])
def test_false_alarms_need_four_quarters_before(before: int, after: int, runs: int) -> None:
    top = np.random.default_rng(5).poisson(50, (41, before + after)).astype(float)
    top[0, before:] *= 4
    found = placebo_test(studied(top, start=QUARTERS[before]))
    assert (found.n_before, found.n_after) == (before, after)
    # A pseudo-start needs two quarters on either side of it; two wards are picked at each.
    assert found.false_alarm_runs == runs
    assert found.p_value == pytest.approx(1 / 41)
    # Without a known rate of false alarms nothing is claimed, however clear the ranks.
    assert found.clear == (runs > 0)


def test_an_effect_is_clear_by_its_test_and_by_a_tolerable_rate_of_false_alarms() -> None:
    top = np.random.default_rng(5).poisson(50, (41, 16)).astype(float)
    top[0, 8:] *= 4
    found = placebo_test(studied(top))

    def with_alarms(k: int, low: float) -> PilotEffect:
        return PilotEffect(**{**found.__dict__, "false_alarms": k, "false_alarm_low": low})

    assert found.clear
    assert with_alarms(3, 0.025).clear
    assert not with_alarms(10, 0.21).clear
    quiet = placebo_test(studied(np.random.default_rng(6).poisson(50, (41, 16)).astype(float)))
    assert quiet.low < 1 < quiet.high
    assert not quiet.clear


def test_the_interval_and_the_test_always_agree() -> None:
    rng = np.random.default_rng(7)
    for donors in (19, 20, 39, 40, 59):
        for level in (0.8, 0.9, 0.95):
            top = rng.poisson(40, (donors + 1, 16)).astype(float)
            top[0, 8:] *= rng.uniform(1, 1.4)
            found = placebo_test(studied(top), level)
            assert (found.p_value <= 1 - level + 1e-9) == (not found.low <= 1 <= found.high)


def test_false_alarms_are_not_told_by_what_happened_after_the_start() -> None:
    rng = np.random.default_rng(8)
    top = rng.poisson(40, (41, 16)).astype(float)
    later = top.copy()
    later[:, 8:] = rng.poisson(400, (41, 8))
    one, two = placebo_test(studied(top)), placebo_test(studied(later))
    assert (one.false_alarms, one.false_alarm_runs) == (two.false_alarms, two.false_alarm_runs)


def test_several_treated_units_are_one_area() -> None:
    top = np.random.default_rng(9).poisson(30, (30, 16)).astype(float)
    joined = top[1:].copy()
    joined[0] = top[0] + top[1]
    assert placebo_test(studied(top, treated=[0, 1])).estimate == pytest.approx(placebo_test(studied(joined)).estimate)


def test_the_order_of_rows_does_not_matter() -> None:
    top = np.random.default_rng(10).poisson(30, (30, 16)).astype(float)
    panel = long(top)
    mixed = panel.sample(frac=1, random_state=1)
    one, two = (study_panel(p, outcome_name="tests", treated=["u00"], start=START).estimate() for p in (panel, mixed))
    assert (one.estimate, one.low, one.high, one.p_value) == (two.estimate, two.low, two.high, two.p_value)
    assert two.n_before == 8


def test_the_frame_has_one_row_with_the_test() -> None:
    top = np.random.default_rng(10).poisson(30, (30, 16)).astype(float)
    row = placebo_test(studied(top)).to_frame()
    assert len(row) == 1
    assert (row["donors"].iloc[0], row["outcome"].iloc[0]) == (29, "tests")


def test_the_summary_reads_in_both_languages() -> None:
    top = np.random.default_rng(10).poisson(30, (30, 16)).astype(float)
    ratio = placebo_test(studied(top))
    share = placebo_test(studied(top, np.full((30, 16), 90.0)))
    low, high, p = f"{ratio.low:.2f}", f"{ratio.high:.2f}", f"{ratio.p_value:.3f}"
    assert ratio.summary("en").endswith(f": ratio {ratio.estimate:.2f} (95%: {low} to {high}; p = {p})")
    assert ratio.summary("vi").endswith(f": tỷ số {ratio.estimate:.2f} (95%: từ {low} đến {high}; p = {p})".replace(".", ","))
    assert "percentage points" in share.summary("en")
    assert "điểm phần trăm" in share.summary("vi")


# Size, coverage and power. Panels as in the measurements that the method's rule stands on: 60 wards, 16 quarters, levels
# three times apart, first-order autoregression, negative binomial counts.
def null_panel(rng: np.random.Generator, wards: int = 60, memory: float = 0.6, spread: float = 0.3, periods: int = 16) -> np.ndarray:
    """Expected counts before anybody is counted: level, season and deviations that last."""
    deviation = rng.normal(0, spread, (wards, periods))
    for t in range(1, periods):
        deviation[:, t] = memory * deviation[:, t - 1] + np.sqrt(1 - memory**2) * deviation[:, t]
    season = np.resize([-0.2, 0.03, 0.05, 0.1], periods)
    return np.exp(rng.normal(np.log(20), 0.3, (wards, 1)) + season + deviation)


def counted(rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    return rng.negative_binomial(8, 8 / (8 + mean)).astype(float)


def share_panel(rng: np.random.Generator, gain: float) -> tuple[np.ndarray, np.ndarray]:
    bottom = counted(rng, null_panel(rng)) + 5
    odds = rng.normal(-0.5, 0.3, (60, 1)) + rng.normal(0, 0.3, (60, 16))
    share = 1 / (1 + np.exp(-odds))
    share[0, 8:] += gain
    return rng.binomial(bottom.astype(int), share).astype(float), bottom


def _runs(kind: str, draws: int, effect: float, seed: int) -> list[PilotEffect]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(draws):
        if kind == "shares":
            made.append(placebo_test(studied(*share_panel(rng, effect))))
            continue
        mean = null_panel(rng)
        mean[0, 8:] *= effect  # the first ward: no ward is unlike another, so it is one at random
        made.append(placebo_test(studied(counted(rng, mean))))
    return made


def _rejected(runs: list[PilotEffect]) -> float:
    return float(np.mean([r.p_value <= 0.05 for r in runs]))


@pytest.mark.parametrize("kind, none", [("counts", 1.0), ("shares", 0.0)])
@pytest.mark.slow
def test_a_true_null_is_rejected_in_about_one_of_twenty(kind: str, none: float) -> None:
    runs = _runs(kind, 150, none, 20)
    # 59 donors: exactly 5 % by the ranks. 150 draws: standard error 1.8 points.
    assert 0 < _rejected(runs) < 0.05 + 3 * 0.018
    assert all((r.p_value <= 0.05) == (not r.low <= none <= r.high) for r in runs)


@pytest.mark.parametrize("kind, none, effect", [("counts", 1.0, 1.5), ("shares", 0.0, 0.15)])
@pytest.mark.slow
def test_the_interval_covers_a_planted_effect(kind: str, none: float, effect: float) -> None:
    runs = _runs(kind, 100, effect, 21)
    covered = np.mean([r.low <= effect <= r.high for r in runs])
    assert covered > 0.95 - 3 * 0.022  # standard error of 95 % in 100 draws
    line = np.log if kind == "counts" else (lambda x: x)
    errors = np.array([line(r.estimate) - line(effect) for r in runs])
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(len(errors))


@pytest.mark.slow
@pytest.mark.parametrize("kind, none, effect", [("counts", 1.0, 1.5), ("shares", 0.0, 0.15)])
def test_size_coverage_and_power_in_larger_runs(kind: str, none: float, effect: float) -> None:
    error = np.sqrt(0.05 * 0.95 / 500)  # one point
    assert abs(_rejected(_runs(kind, 500, none, 22)) - 0.05) < 3 * error
    runs = _runs(kind, 500, effect, 23)
    assert abs(np.mean([r.low <= effect <= r.high for r in runs]) - 0.95) < 3 * error


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["counts", "shares"])
def test_the_detectable_effect_is_found_four_times_in_five(kind: str) -> None:
    none = 1.0 if kind == "counts" else 0.0
    detectable = float(np.median([r.detectable for r in _runs(kind, 60, none, 24)]))
    power = np.mean([r.p_value <= 0.05 for r in _runs(kind, 300, detectable, 25)])
    # Standard error 2.3 points; a planted effect also changes how much the ward itself scatters, a little.
    assert 0.68 < power < 0.9


def _picked_at_its_peak(draws: int, before: int, memory: float, spread: float, seed: int) -> tuple[float, float]:
    """Rejection where the ward with most in the last two quarters before the start is the pilot, and the mean reported false-alarm rate."""
    rng = np.random.default_rng(seed)
    rejected, reported = [], []
    for _ in range(draws):
        top = counted(rng, null_panel(rng, memory=memory, spread=spread))
        peak = int(np.argmax(top[:, before - 2 : before].mean(axis=1)))
        found = placebo_test(studied(top, treated=peak, start=QUARTERS[before]))
        rejected.append(found.p_value <= 0.05)
        reported.append(found.false_alarms / found.false_alarm_runs)
    return float(np.mean(rejected)), float(np.mean(reported))


@pytest.mark.slow
def test_reported_false_alarms_follow_those_of_wards_picked_at_their_peak() -> None:
    # Eight quarters before the start and deviations that last: a peak matters little.
    mild, mild_reported = _picked_at_its_peak(300, 8, memory=0.9, spread=0.3, seed=30)
    # Deviations that pass at once: what was picked at its peak falls back, the more so after four quarters only.
    passing, passing_reported = _picked_at_its_peak(300, 8, memory=0.0, spread=0.6, seed=33)
    harsh, harsh_reported = _picked_at_its_peak(300, 4, memory=0.0, spread=0.6, seed=31)
    # Standard errors: 1.3 to 2.5 points of the measured rates, below 1 of the reported means (2 in the last, of two runs each).
    assert mild < 0.1
    assert harsh > 0.17
    assert mild_reported < passing_reported < 0.2
    assert abs(mild_reported - mild) < 0.045
    assert abs(passing_reported - passing) < 0.06
    # Four quarters leave two on either side of a pseudo-start: the reported rate sees the danger and not all of it.
    assert mild_reported + 0.04 < harsh_reported < harsh
