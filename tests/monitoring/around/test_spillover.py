"""Spill-over: exposure counted by hand on the real map, planted changes found, and false alarms at their nominal rate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from evaluation.language import Words
from evaluation.monitoring.around.spillover import spillover, spillover_exposure
from evaluation.monitoring.series import CountSeries
from evaluation.places import UnknownPlace, positions, ward_borders, wards

PERIODS = tuple(f"{y}-Q{q}" for y in range(2015, 2019) for q in range(1, 5))
WARD, NEXT = "26749", "26743"
UNITS = tuple(wards())


def _series(counts: NDArray[np.float64], **options: object) -> CountSeries:
    frame = pd.DataFrame({"unit": np.repeat(UNITS, len(PERIODS)), "period": list(PERIODS) * len(UNITS), "count": counts.ravel()})
    frame["denominator"], frame["state"] = np.nan, np.where(np.isnan(frame["count"]), "missing", "shown")
    known = {"label": Words("Số người", "People"), "measure": "count", "direction": "up", "phases": (1, 2, 3, 4) * 4, **options}
    return CountSeries(frame=frame, periods=PERIODS, **known)  # type: ignore[arg-type]


def test_border_exposure_is_the_share_of_the_border_table_from_the_start_on() -> None:
    """Bến Thành: metres shared with Phạm Ngũ Lão over all its metres with neighbours of 150 m and more."""
    metres = {w: m for w, m in ward_borders()[NEXT].items() if m >= 150}
    found = spillover_exposure({WARD: "2017-Q1"}, [NEXT, WARD], ["2016-Q4", "2017-Q1", "2017-Q2"])
    assert found[0] == pytest.approx([0.0, metres[WARD] / sum(metres.values()), metres[WARD] / sum(metres.values())])
    assert not found[1].any()


def test_ring_exposure_by_hand() -> None:
    """Bến Nghé borders on Bến Thành and not on Phạm Ngũ Lão: ring 2."""
    rows, when = [WARD, NEXT, "26740"], ["2017-Q1"]
    assert spillover_exposure({WARD: "2017-Q1"}, rows, when, scheme="ring1")[:, 0].tolist() == [0, 1, 0]
    assert spillover_exposure({WARD: "2017-Q1"}, rows, when, scheme="ring2")[:, 0].tolist() == [0, 0, 1]
    both = spillover_exposure({WARD: "2017-Q1", NEXT: "2017-Q1"}, rows, when, scheme="ring1")[:, 0]
    assert both.tolist() == [1, 1, 1]


def test_distance_exposure_adds_up_over_treated_wards() -> None:
    where = positions().set_index("ward_code")[["x_km", "y_km"]]
    away = [float(np.hypot(*(where.loc[NEXT] - where.loc[w]))) for w in (WARD, "26740")]
    found = spillover_exposure({WARD: "2015-Q1", "26740": "2015-Q1"}, [NEXT], ["2015-Q1"], scheme="distance", scale_km=2.0)
    assert found[0, 0] == pytest.approx(sum(np.exp(-d / 2) for d in away))


def test_no_treatment_is_no_exposure_and_unknown_things_are_refused() -> None:
    assert not spillover_exposure({}, [WARD], PERIODS).any()
    with pytest.raises(UnknownPlace, match="99999"):
        spillover_exposure({"99999": "2017-Q1"}, [WARD], PERIODS)
    with pytest.raises(ValueError, match="scheme is one of"):
        spillover_exposure({}, [WARD], PERIODS, scheme="nearby")


def test_a_planted_change_of_ring_one_is_found_and_not_put_on_ring_two() -> None:
    near = [u for u, m in ward_borders()[WARD].items() if m >= 150]
    rng = np.random.default_rng(5)
    counts = rng.poisson(30, (len(UNITS), 16)).astype(float)
    for code in near:
        counts[UNITS.index(code), 8:] = rng.poisson(45, 8)
    found = spillover(_series(counts), WARD, "2017-Q1")
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1.5 < found.high
    assert found.p_value == found.smallest_p
    table = found.to_frame().set_index("area")
    assert table.loc["ring2", "low"] < 1 < table.loc["ring2", "high"]
    assert "could be told from chance" in found.summary()
    assert "cùng những người đó" in found.summary("vi")
    assert found.finding("vi").startswith("Số người: thay đổi quanh")


def test_the_ratio_is_that_of_two_changes_by_hand() -> None:
    """Ring 1 from 10 to 20 a quarter and ward, all others steady: log ratio with half a count added on both sides."""
    near = [u for u, m in ward_borders()[WARD].items() if m >= 150]
    counts = np.full((len(UNITS), 16), 10.0)
    for code in near:
        counts[UNITS.index(code), 8:] = 20.0
    found = spillover(_series(counts), WARD, "2017-Q1")
    assert found.estimate == pytest.approx((8 * 20 * len(near) + 0.5) / (8 * 10 * len(near) + 0.5))


def test_missing_reports_are_left_out_with_their_pair() -> None:
    near = [u for u, m in ward_borders()[WARD].items() if m >= 150]
    counts = np.full((len(UNITS), 16), 10.0)
    counts[UNITS.index(near[0]), 12:] = np.nan
    found = spillover(_series(counts), WARD, "2017-Q1")
    assert found.estimate == pytest.approx(1.0)
    assert found.to_frame()["before"][0] == 10 * (8 * len(near) - 4)


def test_silence_and_too_few_wards_are_refused() -> None:
    counts = np.full((len(UNITS), 16), 10.0)
    near = [UNITS.index(u) for u, m in ward_borders()[WARD].items() if m >= 150]
    counts[near] = np.nan
    with pytest.raises(ValueError, match="no report, or counted none"):
        spillover(_series(counts), WARD, "2017-Q1")
    with pytest.raises(ValueError, match="placebo centres are left"):
        spillover(_series(np.full((len(UNITS), 16), 10.0)), WARD, "2017-Q1", exclude=UNITS[40:])
    with pytest.raises(ValueError, match="no unit"):
        spillover(_series(counts), "99999", "2017-Q1")


def _false_alarms(common: float, runs: int, seed: int) -> tuple[float, float]:
    """Shares of draws where nothing happens that claim a change of ring 1, and whose interval holds 1.

    `common` is the standard deviation of a shock that a whole district shares after the start.
    """
    rng = np.random.default_rng(seed)
    size, district = rng.gamma(3, 5, len(UNITS)), np.unique([wards()[u].district_code for u in UNITS], return_inverse=True)[1]
    claims = held = 0
    for _ in range(runs):
        mean = np.repeat(size[:, None], 16, axis=1) * np.exp(0.02 * np.arange(16))
        mean[:, 8:] *= np.exp(common * rng.standard_normal(24))[district][:, None]
        found = spillover(_series(rng.poisson(rng.gamma(mean, 1.0)).astype(float)), WARD, "2017-Q1")
        claims += found.p_value <= 0.05
        held += bool((found.low or 0) <= 1 <= (found.high or 0))
    return claims / runs, held / runs


@pytest.mark.slow
def test_false_alarms_and_coverage_at_their_nominal_rate() -> None:
    """500 draws at twice the Poisson variance: 5 % within 3.3 binomial errors (3.2 points)."""
    claims, held = _false_alarms(0.0, 500, seed=21)
    assert claims <= 0.05 + 0.032
    assert held >= 0.95 - 0.032


@pytest.mark.slow
def test_broken_a_shock_of_the_units_own_district_is_taken_for_spillover() -> None:
    """Placebo rings stand for the unit's only if shocks fall alike: one district's shock of its own is called spill-over."""
    rng = np.random.default_rng(22)
    own = np.array([wards()[u].district_code == wards()[WARD].district_code for u in UNITS])
    claims = 0
    for _ in range(100):
        mean = np.full((len(UNITS), 16), 15.0)
        mean[own, 8:] *= 1.5
        claims += spillover(_series(rng.poisson(rng.gamma(mean, 1.0)).astype(float)), WARD, "2017-Q1").p_value <= 0.05
    assert claims >= 70
