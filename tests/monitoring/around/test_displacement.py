"""Displacement: published measures and readings, rings on the real map, intervals that keep their rate, and what they cannot know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from evaluation.language import Words
from evaluation.monitoring.around.displacement import Displacement, Paired, common_dispersion, displacement
from evaluation.monitoring.around.quotient import category, displacement_difference, fieller, measures
from evaluation.monitoring.around.rings import Rings, rings
from evaluation.monitoring.series import CountSeries
from evaluation.places import UnknownPlace, district_neighbours, districts, ward_borders

PERIODS = tuple(f"{y}-Q{q}" for y in range(2015, 2019) for q in range(1, 5))
WARD = "26749"
Made = Callable[..., CountSeries]


@pytest.fixture(scope="module")
def around() -> Rings:
    """Phạm Ngũ Lão with its rings and forty wards as control."""
    whole = rings(WARD)
    return rings(WARD, among=(WARD, *whole.ring1, *whole.ring2, *whole.control[:40]))


@pytest.fixture(scope="module")
def made(around: Rings) -> Made:
    """Return a series of the ring's wards from counts (units x periods), or of equal counts."""
    units = (*around.unit, *around.ring1, *around.ring2, *around.control)

    def series(counts: NDArray[np.float64] | None = None, **options: object) -> CountSeries:
        values = np.full((len(units), len(PERIODS)), 20.0) if counts is None else counts
        frame = pd.DataFrame({"unit": np.repeat(units, len(PERIODS)), "period": list(PERIODS) * len(units), "count": values.ravel()})
        frame["denominator"], frame["state"] = np.nan, np.where(np.isnan(frame["count"]), "missing", "shown")
        known = {"label": Words("Số người", "People"), "measure": "count", "direction": "up", "phases": (1, 2, 3, 4) * 4, **options}
        return CountSeries(frame=frame, periods=PERIODS, **known)  # type: ignore[arg-type]

    return series


def test_difference_of_wheeler_and_ratcliffe_2018() -> None:
    """Crime Science 7:11, worked example (also the authors' own test): -118, variance 1568, z -2.98, 95 % -196 to -40."""
    found = displacement_difference((207, 110), (308, 318), (178, 157), (150, 140))
    assert (found.estimate, round(found.error**2), round(found.z, 2)) == (-118, 1568, -2.98)
    assert (round(found.low or 0), round(found.high or 0)) == (-196, -40)


def test_measures_of_guerette_2009_by_hand() -> None:
    """Appendix B's formulas on 100 to 60, 80 to 60 around and 200 to 180 in the control, worked out by hand.

    The control falls by a tenth: 90 and 72 were to be expected, 30 and 12 fewer were seen. No worked figure of the
    quotient itself could be found in print.
    """
    found = measures((100, 60), (80, 60), (200, 180))
    assert found.gross_effect == 40
    assert found.net_effect == pytest.approx(1 / 6)
    assert found.success == pytest.approx(-1 / 6)
    assert found.buffer == pytest.approx(-1 / 15)
    assert found.quotient == pytest.approx(0.4)
    assert found.total_net_effect == pytest.approx(42)


def test_readings_of_guerette_2009_appendix_c() -> None:
    assert [category(q) for q in (1.5, 1.0, 0.2, 0.0, -0.4, -1.0, -1.6)] == [
        "diffusion_above",
        "diffusion",
        "diffusion",
        "none",
        "displacement",
        "displacement_above",
        "displacement_above",
    ]


def test_a_quotient_over_no_change_is_none() -> None:
    assert measures((100, 90), (80, 60), (200, 180)).quotient is None


def test_rings_on_the_real_map_are_those_of_the_border_table() -> None:
    found, borders = rings(WARD), ward_borders()
    first = {w for w, metres in borders[WARD].items() if metres >= 150}
    second = {w for f in first for w, metres in borders[f].items() if metres >= 150} - first - {WARD}
    assert set(found.ring1) == first == {"26743", "26746", "26752", "26755", "26758", "27151"}
    assert set(found.ring2) == second
    assert len(found.control) == 322 - 1 - len(first) - len(second)
    assert found.border_m["26743"] == borders[WARD]["26743"]


def test_rings_of_districts_and_of_what_is_left_out() -> None:
    assert set(rings("760").ring1) == set(district_neighbours("760"))
    assert rings("760").border_m == {}
    fewer = rings(WARD, exclude=["26743"])
    assert "26743" not in (*fewer.ring1, *fewer.ring2, *fewer.control)
    two = rings([WARD, "26743"])
    assert not {WARD, "26743"} & {*two.ring1, *two.ring2, *two.control}


def test_rings_refuse_what_is_no_place() -> None:
    with pytest.raises(UnknownPlace, match="99999"):
        rings("99999")
    with pytest.raises(ValueError, match="districts only or wards only"):
        rings(["760", WARD])
    with pytest.raises(ValueError, match="at least one"):
        rings([])


def test_fieller_by_draws_is_fieller_in_closed_form() -> None:
    """Normal draws against the roots of (a - q b)^2 = z^2 (va + q^2 vb - 2 q c)."""
    mean, cov, z = np.array([0.5, 2.0]), np.array([[0.09, 0.03], [0.03, 0.25]]), 1.959964
    draws = np.random.default_rng(1).multivariate_normal(mean, cov, 60_000)
    roots = np.roots([mean[1] ** 2 - z**2 * cov[1, 1], -2 * (mean.prod() - z**2 * cov[0, 1]), mean[0] ** 2 - z**2 * cov[0, 0]])
    assert fieller(draws[:, 0], draws[:, 1]) == pytest.approx(sorted(roots), abs=0.03)
    assert fieller(draws[:, 0], -draws[:, 1]) == pytest.approx(sorted(-roots), abs=0.03)


def test_dispersion_is_pearsons_around_rows_times_columns() -> None:
    rng = np.random.default_rng(2)
    counts = rng.poisson(50, (3, 1, 2, 6)).astype(float) * np.array([1, 3, 9])[:, None, None, None]
    chi = 0.0
    for side in (0, 1):
        table = counts[:, 0, side]
        fit = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
        chi += ((table - fit) ** 2 / fit).sum()
    found, degrees = common_dispersion([Paired(c) for c in counts])
    assert degrees == 2 * 2 * 5
    assert found == pytest.approx(max(1.0, chi / degrees))


def test_a_planted_change_shows_where_it_is(made: Made, around: Rings) -> None:
    counts = np.full((1 + len(around.ring1) + len(around.ring2) + len(around.control), 16), 50.0)
    counts[0, 8:] = 150.0
    counts[1 : 1 + len(around.ring1), 8:] = 30.0
    found = displacement(made(counts), around, "2017-Q1")
    assert found.reading == "opposite_way"
    assert found.estimate == pytest.approx(6 * -20 / 100)
    assert found.before == ("2015-Q1", "2016-Q4")
    assert "opposite way (displacement)" in found.summary()
    assert "need not be the same people" in found.summary()
    assert "không biết có phải cùng những người đó" in found.summary("vi")
    table = found.to_frame().set_index("area")
    assert table.loc["ring1", "ratio"] == pytest.approx(0.6)
    assert table.loc["unit", "after"] == 1200


def test_context_is_told_without_judgement_and_a_wrong_way_without_attribution(made: Made, around: Rings) -> None:
    counts = np.full((1 + len(around.ring1) + len(around.ring2) + len(around.control), 16), 50.0)
    counts[: 1 + len(around.ring1), 8:] = 25.0
    neutral = displacement(made(counts, direction="context"), around, "2017-Q1")
    assert neutral.reading == "same_way"
    assert "diffusion" not in neutral.summary()
    assert "lan tỏa" not in neutral.summary("vi")
    assert displacement(made(counts, direction="down"), around, "2017-Q1").reading == "same_way"
    assert displacement(made(counts), around, "2017-Q1").reading == "not_attributed"


def test_districts_have_rings_too_and_no_border_lengths() -> None:
    """Places that the police call hotspots are counted by district: context, so that the way is said and nothing judged."""
    codes = tuple(districts())
    counts = np.full((24, 16), 6.0)
    counts[codes.index("760"), 8:] = 2.0
    frame = pd.DataFrame({"unit": np.repeat(codes, 16), "period": list(PERIODS) * 24, "count": counts.ravel(), "denominator": np.nan})
    series = CountSeries(
        frame=frame.assign(state="shown"), label=Words("Số điểm", "Places"), measure="count", periods=PERIODS, phases=(1, 2, 3, 4) * 4
    )
    found = displacement(series, rings("760"), "2017-Q1")
    assert found.reading == "unseen"
    assert found.total == pytest.approx(-32.0)
    with pytest.raises(ValueError, match="needs buffer=ring1 around a ward"):
        displacement(series, rings("760"), "2017-Q1", weighting="border")


def test_border_weights_have_mean_one_and_count_by_metres(made: Made, around: Rings) -> None:
    counts = np.full((1 + len(around.ring1) + len(around.ring2) + len(around.control), 16), 50.0)
    counts[0, 8:], counts[1, 8:] = 150.0, 90.0
    plain, weighted = (displacement(made(counts), around, "2017-Q1", weighting=w) for w in ("equal", "border"))
    metres = np.array([around.border_m[w] for w in around.ring1], dtype=float)
    assert plain.estimate == pytest.approx(0.4)
    assert weighted.estimate == pytest.approx(0.4 * metres[0] / metres.mean())


def test_a_missing_report_takes_its_pair_with_it_and_is_no_zero(made: Made, around: Rings) -> None:
    counts = np.full((1 + len(around.ring1) + len(around.ring2) + len(around.control), 16), 50.0)
    counts[0, 8:], counts[2, 12:] = 150.0, np.nan
    found = displacement(made(counts), around, "2017-Q1")
    ring = found.to_frame().set_index("area").loc["ring1"]
    assert (ring["pairs"], ring["pairs_all"], ring["ratio"]) == (44, 48, 1.0)
    assert found.around == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"window": 9}, "at most 8 on each side"),
        ({"buffer": "ring3"}, "ring1, ring2 or both"),
        ({"weighting": "border", "buffer": "ring2"}, "needs buffer=ring1"),
        ({"level": 1.0}, "between 0 and 1"),
        ({"leave_out": 9}, "Too few periods"),
    ],
)
def test_refusals_say_the_way_out_in_both_languages(made: Made, around: Rings, change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        displacement(made(), around, "2017-Q1", **change)  # type: ignore[arg-type]
    assert " / " in str(caught.value)


def test_refusals_of_data(made: Made, around: Rings) -> None:
    n = 1 + len(around.ring1) + len(around.ring2) + len(around.control)
    with pytest.raises(ValueError, match="takes counts"):
        displacement(made(measure="proportion"), around, "2017-Q1")
    with pytest.raises(ValueError, match="control counted none"):
        displacement(made(np.zeros((n, 16))), around, "2017-Q1")
    silent = np.full((n, 16), 5.0)
    silent[0] = np.nan
    with pytest.raises(ValueError, match="no report on both sides"):
        displacement(made(silent), around, "2017-Q1")
    with pytest.raises(ValueError, match=r"among=series\.units"):
        displacement(made(), rings(WARD), "2017-Q1")
    with pytest.raises(ValueError, match="no period"):
        displacement(made(), around, "2030-Q1")


def test_zeros_and_huge_counts_have_answers(made: Made, around: Rings) -> None:
    n = 1 + len(around.ring1) + len(around.ring2) + len(around.control)
    none = np.full((n, 16), 5.0)
    none[: 1 + len(around.ring1)] = 0.0
    found = displacement(made(none), around, "2017-Q1")
    assert found.reading == "cannot_tell"
    assert found.estimate is None
    assert np.isfinite([found.success_low, found.around_high, found.total_low]).all()
    huge = displacement(made(np.full((n, 16), 1e9)), around, "2017-Q1")
    assert huge.reading == "cannot_tell"
    assert abs(huge.total) < 1


def test_the_same_seed_gives_the_same_numbers(made: Made, around: Rings) -> None:
    one, two = (displacement(made(), around, "2017-Q1", seed=3) for _ in range(2))
    assert (one.success_low, one.total_high) == (two.success_low, two.total_high)


def _means(around: Rings, unit: float, ring: float) -> NDArray[np.float64]:
    """Expected counts, units x periods: a common season and trend; unit and ring 1 change by factors at the start."""
    n, time = 1 + len(around.ring1) + len(around.ring2) + len(around.control), np.arange(16)
    level = np.random.default_rng(4).gamma(4, 4, n)
    level[0] = 40.0
    mean = level[:, None] * np.exp(0.02 * time + 0.15 * np.sin(np.pi * time / 2))[None, :]
    mean[0, 8:] *= unit
    mean[1 : 1 + len(around.ring1), 8:] *= ring
    return np.asarray(mean)


def _simulated(made: Made, mean: NDArray[np.float64], around: Rings, runs: int, seed: int) -> list[Displacement]:
    """Displacement of negative binomial counts of twice the Poisson variance."""
    draws = (rng := np.random.default_rng(seed)).poisson(rng.gamma(mean, 1.0, (runs, *mean.shape))).astype(float)
    return [displacement(made(d), around, "2017-Q1", draws=2000, seed=i) for i, d in enumerate(draws)]


@pytest.mark.slow
@pytest.mark.parametrize(("unit", "ring"), [(1.0, 1.0), (1.6, 1.25)])
def test_intervals_keep_their_rate_under_overdispersion(made: Made, around: Rings, unit: float, ring: float) -> None:
    """400 draws at twice the Poisson variance: 95 % within 3.3 binomial errors (3.6 points)."""
    mean = _means(around, unit, ring)
    runs = _simulated(made, mean, around, 400, seed=11)
    sums = np.stack([mean[:, :8].sum(1), mean[:, 8:].sum(1)], axis=1)
    a, b, c = sums[0], sums[1 : 1 + len(around.ring1)].sum(0), sums[-len(around.control) :].sum(0)
    true = measures((a[0], a[1]), (b[0], b[1]), (c[0], c[1]))
    success, buffer, total = true.success, true.buffer, -true.total_net_effect
    held = [
        np.mean([r.success_low <= success <= r.success_high for r in runs]),
        np.mean([r.around_low <= buffer <= r.around_high for r in runs]),
        np.mean([r.total_low <= total <= r.total_high for r in runs]),
    ]
    assert min(held) >= 0.95 - 0.036
    assert max(held) <= 0.95 + 0.036
    if unit > 1:
        told = [r for r in runs if r.low is not None and r.high is not None]
        quotient = np.mean([r.low <= buffer / success <= r.high for r in told])  # type: ignore[operator]
        assert len(told) > 300
        assert quotient >= 0.95 - 0.036


@pytest.mark.slow
def test_nothing_happening_is_seldom_read_as_displacement(made: Made, around: Rings) -> None:
    """Two intervals must both leave out zero: far under 5 % of draws."""
    runs = _simulated(made, _means(around, 1.0, 1.0), around, 400, seed=12)
    assert np.mean([r.reading in {"same_way", "opposite_way"} for r in runs]) <= 0.02


@pytest.mark.slow
def test_broken_a_shock_of_the_surroundings_own_is_read_as_displacement(made: Made, around: Rings) -> None:
    """The assumption that nothing else happens around it carries the reading: when it fails, nearly every draw is wrong."""
    runs = _simulated(made, _means(around, 1.6, 0.7), around, 100, seed=13)
    assert np.mean([r.reading == "opposite_way" for r in runs]) >= 0.8
