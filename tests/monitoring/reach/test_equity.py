"""Equity: published indices, second derivations, errors that keep their rate, and coverage that is never given for a small place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from evaluation.language import Words
from evaluation.monitoring.reach.concentration import concentration_curve, concentration_index, fractional_rank
from evaluation.monitoring.reach.equity import concentration, gini, standing
from evaluation.monitoring.reach.group_difference import group_difference, kinds_of_district
from evaluation.monitoring.reach.population_coverage import PopulationSize, population_coverage, published_size
from evaluation.monitoring.series import CountSeries
from evaluation.places import district_ages, positions, residents, wards

PERIODS = ("2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4")
UNITS = tuple(wards())
BIRTHS, DEATH_RATE = (29939, 28776, 26528, 24689, 19739), (154.7, 152.9, 119.5, 86.9, 54.3)


def _series(counts: NDArray[np.float64], denominator: float | NDArray[np.float64] = np.nan, **options: object) -> CountSeries:
    frame = pd.DataFrame({"unit": np.repeat(UNITS, 4), "period": list(PERIODS) * len(UNITS), "count": counts.ravel()})
    frame["denominator"] = np.broadcast_to(denominator, counts.shape).ravel()
    frame.loc[frame["count"].isna(), "denominator"] = np.nan
    frame["state"] = np.where(np.isnan(frame["count"]), "missing", "shown")
    known = {"label": Words("Số người", "People"), "measure": "count", "direction": "up", "phases": (1, 2, 3, 4), **options}
    return CountSeries(frame=frame, periods=PERIODS, **known)  # type: ignore[arg-type]


def test_index_of_deaths_under_five_in_india_by_odonnell_et_al_2008() -> None:
    """World Bank, Analyzing Health Equity, ch. 8 (and Technical Note 7), India 1982-1992 by wealth fifths: C = -0.1694."""
    found = concentration_index(DEATH_RATE, range(5), BIRTHS)
    assert found.estimate == pytest.approx(-0.1694, abs=5e-5)
    p, share = (found.curve[c].to_numpy()[1:] for c in ("people", "outcome"))
    terms = p[:-1] * share[1:] - p[1:] * share[:-1]
    assert terms == pytest.approx([-0.0008, -0.0267, -0.0592, -0.0827], abs=5e-5)


def test_relative_concentration_index_of_the_world_health_organizations_package() -> None:
    """Package healthequal (WHO), test of rci: five groups, 0.17776859, error 0.0071240491, 95 % 0.16380545 to 0.19173172."""
    found = concentration_index((20, 30, 40, 50, 60), range(5), (78, 91, 162, 103, 105), error="regression")
    assert found.estimate == pytest.approx(0.17776859, abs=1e-6)
    assert found.error == pytest.approx(0.0071240491, abs=1e-7)
    assert (found.low, found.high) == pytest.approx((0.16380545, 0.19173172), abs=1e-6)


def test_the_index_is_twice_the_covariance_with_the_rank_over_the_mean() -> None:
    rng = np.random.default_rng(1)
    y, by = rng.gamma(2, 3, 60), rng.normal(size=60)
    rank = (stats.rankdata(by) - 0.5) / 60
    assert fractional_rank(by) == pytest.approx(rank)
    assert concentration_index(y, by).estimate == pytest.approx(2 * np.cov(y, rank, ddof=0)[0, 1] / y.mean())


def test_gini_is_half_the_relative_mean_difference() -> None:
    y = np.random.default_rng(2).gamma(2, 3, 40)
    assert concentration_index(y, y).estimate == pytest.approx(np.abs(y[:, None] - y).mean() / (2 * y.mean()))


def test_the_linearised_error_is_near_the_jackknife() -> None:
    """They part by the order of 1 / n: by 2 % at 200 draws."""
    rng = np.random.default_rng(3)
    by, w = rng.normal(size=200), rng.gamma(4, 1, 200)
    y = rng.gamma(2, 1 + 0.2 * (by > 0))
    left = np.array([concentration_index(np.delete(y, i), np.delete(by, i), np.delete(w, i)).estimate for i in range(200)], dtype=float)
    jackknife = np.sqrt(199 / 200 * ((left - left.mean()) ** 2).sum())
    assert concentration_index(y, by, w).error == pytest.approx(jackknife, rel=0.03)


def test_corrected_indices_of_a_share_turn_with_its_mirror_and_the_standard_one_does_not() -> None:
    rng = np.random.default_rng(4)
    by, y = rng.normal(size=80), rng.beta(2, 6, 80)
    for kind in ("erreygers", "wagstaff"):
        one, mirror = (concentration_index(v, by, kind=kind) for v in (y, 1 - y))
        assert one.estimate == pytest.approx(-(mirror.estimate or 0))
        assert one.error == pytest.approx(mirror.error)
    plain = concentration_index(y, by)
    assert abs((plain.estimate or 0) + (concentration_index(1 - y, by).estimate or 0)) > 0.001
    assert concentration_index(y, by, kind="erreygers").estimate == pytest.approx(4 * y.mean() * (plain.estimate or 0))
    assert concentration_index(y, by, kind="wagstaff").estimate == pytest.approx((plain.estimate or 0) / (1 - y.mean()))


def test_the_grouped_error_is_that_of_persons() -> None:
    """Groups of persons with one outcome each, no scatter within: the same as the persons one by one."""
    y, by, n = np.array([1.0, 3.0, 2.0, 5.0]), np.arange(4), np.array([30, 20, 40, 10])
    grouped = concentration_index(y, by, n, error="grouped", sigma=np.zeros(4))
    persons = concentration_index(np.repeat(y, n), np.repeat(by, n))
    assert grouped.estimate == pytest.approx(persons.estimate)
    assert grouped.error == pytest.approx(persons.error * np.sqrt(99 / 100))


def test_ties_share_one_rank_and_their_order_is_of_no_account() -> None:
    y, by = np.array([1.0, 9.0, 2.0, 4.0, 5.0, 3.0]), np.array([1, 1, 2, 2, 3, 3])
    again = [1, 0, 3, 2, 5, 4]
    one, two = concentration_index(y, by), concentration_index(y[again], by[again])
    assert one.estimate == pytest.approx(two.estimate)
    assert one.error == pytest.approx(two.error)
    assert list(concentration_curve(y, by)["people"]) == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_permutation_knows_an_order_without_meaning() -> None:
    y = np.array([1.0, 5, 2, 4, 3, 3, 4, 2])
    assert (concentration_index(y, range(8), permutations=99).p_value or 0) > 0.3
    assert concentration_index(np.arange(1.0, 13), range(12), permutations=199).p_value == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("outcome", "order", "options", "says"),
    [
        ([1, 2, 3], [1, 2, 3], {}, "Only 3 units"),
        ([0] * 6, range(6), {}, "nothing has no distribution"),
        ([1, 2, 3, 4, -5, 6], range(6), {}, "must not be negative"),
        ([1] * 6, [2] * 6, {}, "All units tie"),
        ([np.nan] * 6, range(6), {}, "Only 0 units"),
        ([0.2, 0.4, 0.1, 0.5, 1.4], range(5), {"kind": "erreygers"}, "must lie in bounds"),
        ([1.0] * 6, range(6), {"kind": "wagstaff"}, "not all at one"),
        ([1] * 6, range(5), {}, "one length"),
        ([1] * 6, range(6), {"error": "grouped"}, "sigma goes with"),
        ([0.5] * 6, range(6), {"kind": "erreygers", "error": "regression"}, "last two for kind=standard"),
    ],
)
def test_refusals_say_the_way_out_in_both_languages(outcome: object, order: object, options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        concentration_index(outcome, order, **options)  # type: ignore[arg-type]
    assert " / " in str(caught.value)


def test_huge_counts_and_equal_outcomes_have_answers() -> None:
    assert concentration_index([1e15] * 8, range(8)).estimate == pytest.approx(0.0, abs=1e-12)
    assert concentration_index([1e-300, 2e-300, 3e-300, 4e-300, 5e-300], range(5)).estimate == pytest.approx(
        concentration_index(range(1, 6), range(5)).estimate
    )


def test_standing_by_hand() -> None:
    census = residents(pd.Timestamp("2019-04-01").date()).set_index("ward_code")["residents"]
    area = positions().set_index("ward_code")["area_km2"]
    assert standing("residents", ["26740"])["26740"] == census["26740"] == 10633
    assert standing("density", ["26740"])["26740"] == pytest.approx(10633 / area["26740"])
    assert standing("growth", ["26740"])["26740"] == pytest.approx(10633 / 13580)
    ages = district_ages().query("district_code == '760'").set_index("age_group")["population_2019"]
    share = ages[["15-19", "20-24", "25-29"]].sum() / ages.sum()
    assert standing("young", ["760", "26740"]) == pytest.approx({"760": share, "26740": share})
    with pytest.raises(ValueError, match="by is one of"):
        standing("income", ["26740"])
    with pytest.raises(ValueError, match="no district and no ward"):
        standing("residents", ["99999"])


def test_counts_in_proportion_to_residents_lean_nowhere_and_equal_counts_to_small_wards() -> None:
    people = residents(pd.Timestamp("2018-07-01").date())["residents"].to_numpy()
    even = concentration(_series(np.repeat(people[:, None] / 100, 4, axis=1)), "residents")
    assert even.estimate == pytest.approx(0.0, abs=1e-3)
    alike = concentration(_series(np.full((len(UNITS), 4), 5.0)), "residents")
    assert alike.high is not None
    assert alike.high < 0
    assert "leaning to the places at the lower end" in alike.summary()
    assert "nghiêng về các nơi ở đầu thấp" in alike.summary("vi")
    assert alike.diagnostics["chance_error"] < alike.error


def test_a_ward_without_report_is_left_out_and_counted_and_a_missing_quarter_is_no_zero() -> None:
    counts = np.full((len(UNITS), 4), 5.0)
    whole = concentration(_series(counts), "density")
    counts[3], counts[7, 2:] = np.nan, np.nan
    holed = concentration(_series(counts), "density")
    assert (whole.diagnostics["left_out"], holed.diagnostics["left_out"]) == (0, 1)
    assert holed.estimate == pytest.approx(whole.estimate, abs=0.01)
    frame = holed.to_frame().set_index("unit")
    assert frame.loc[UNITS[7], "outcome"] == pytest.approx(whole.to_frame().set_index("unit").loc[UNITS[7], "outcome"], rel=0.01)


def test_shares_take_the_corrected_index() -> None:
    rng = np.random.default_rng(5)
    found = concentration(_series(rng.binomial(40, 0.3, (len(UNITS), 4)).astype(float), 40.0, measure="proportion"), "density")
    assert found.kind == "erreygers"
    assert found.diagnostics["chance_error"] is None
    assert found.low is not None
    assert found.low < 0 < (found.high or 0)


def test_gini_beside_chance() -> None:
    people = residents(pd.Timestamp("2018-07-01").date())["residents"].to_numpy()
    thrown = np.random.default_rng(6).poisson(np.repeat(people[:, None] / 5000, 4, axis=1)).astype(float)
    found = gini(_series(thrown))
    assert found.estimate == pytest.approx(found.by_chance, abs=0.03)
    assert "no more unequal than chance alone" in found.summary()
    assert "không khác mức do ngẫu nhiên" in found.summary("vi")
    heaped = thrown.copy()
    heaped[::10] *= 30
    assert "more unequal than chance alone" in gini(_series(heaped)).summary()
    with pytest.raises(ValueError, match="Gini takes counts"):
        gini(_series(thrown, 90.0, measure="proportion"))


def test_groups_by_hand() -> None:
    counts = np.full((len(UNITS), 4), 3.0)
    kinds = kinds_of_district(UNITS)
    rural = np.array([kinds[u] == "rural district" for u in UNITS])
    counts[rural] = 6.0
    found = group_difference(_series(counts, 10.0, measure="proportion"), kinds, of="rural district")
    assert found.estimate == pytest.approx(0.3)
    assert (found.low, found.high) == pytest.approx((0.3, 0.3))
    table = found.to_frame().set_index("group")
    assert list(table["n_units"]) == [259, 63]
    assert list(table["value"]) == pytest.approx([0.3, 0.6])
    assert "điểm phần trăm" in found.summary("vi")


def test_group_of_one_has_no_interval_and_a_silent_group_is_refused() -> None:
    counts = np.random.default_rng(7).poisson(4, (len(UNITS), 4)).astype(float)
    lone = group_difference(_series(counts, 20.0, measure="proportion"), {UNITS[0]: "a", **dict.fromkeys(UNITS[1:9], "b")}, labels={})
    assert lone.low is None
    assert lone.summary().endswith("—")
    assert np.isnan(lone.to_frame()["low"][0])
    silent = counts.copy()
    silent[0] = np.nan
    with pytest.raises(ValueError, match="two groups with a report"):
        group_difference(_series(silent), {UNITS[0]: "a", **dict.fromkeys(UNITS[1:9], "b")}, labels={})
    zero = counts.copy()
    zero[:3] = 0.0
    with pytest.raises(ValueError, match="ratio has no meaning"):
        group_difference(_series(zero), {**dict.fromkeys(UNITS[:3], "a"), **dict.fromkeys(UNITS[3:9], "b")}, labels={})


CITY = PopulationSize(
    value=10_000,
    low=8_000,
    high=14_000,
    population=Words("người bán dâm toàn thành phố", "sex workers of the city"),
    method=Words("phương pháp nhân", "multiplier"),
    period=Words("năm 2018", "2018"),
    extent="city",
    source="made up",
)


def test_coverage_carries_the_sizes_interval_over_exactly() -> None:
    found = population_coverage(4000, CITY)
    assert (found.estimate, found.low, found.high) == pytest.approx((0.4, 4000 / 14_000, 4000 / 8000))
    assert "40.0% (28.6% to 50.0%; size estimated at 10,000 by multiplier, 2018)" in found.summary()


def test_coverage_of_a_counts_rate_is_near_the_delta_method() -> None:
    tight = replace(CITY, low=9600, high=10_417)
    found = population_coverage(400, tight, counted="poisson")
    size = np.log(10_417 / 9600) / 2 / stats.norm.ppf(0.975)
    half = stats.norm.ppf(0.975) * np.sqrt(1 / 400 + size**2)
    assert (found.low, found.high) == pytest.approx((0.04 * np.exp(-half), 0.04 * np.exp(half)), rel=0.02)


def test_the_published_size_of_six_districts_gives_a_rounded_range_only() -> None:
    """2,616 (2,445 to 3,014) women in venues of six districts: no point, ends in steps of five percent."""
    size = published_size()
    assert (size.value, size.low, size.high) == (2616, 2445, 3014)
    found = population_coverage(1500, size)
    assert found.estimate is None
    assert (found.low, found.high) == pytest.approx((0.45, 0.65))
    assert "2,616" not in found.summary()
    assert "khoảng làm tròn" in found.summary("vi")


@pytest.mark.parametrize("place", ["760", "26749", "Quận 1", "district"])
def test_no_coverage_of_a_ward_or_district(place: str) -> None:
    with pytest.raises(ValueError, match="extent"):
        replace(CITY, extent=place)


def test_more_people_than_estimated_is_no_coverage() -> None:
    found = population_coverage(10_001, CITY)
    assert (found.estimate, found.low, found.high) == (None, None, None)
    assert "counted twice" in found.summary()
    capped = population_coverage(9000, CITY)
    assert capped.capped
    assert capped.high == 1.0


def test_a_size_without_interval_and_odd_counts_are_refused() -> None:
    for change in ({"low": 10_000, "high": 10_000}, {"low": 0}, {"high": np.inf}, {"level": 1.0}):
        with pytest.raises(ValueError, match="no denominator"):
            replace(CITY, **change)  # type: ignore[arg-type]
    for reached in (-1, np.nan):
        with pytest.raises(ValueError, match="number"):
            population_coverage(reached, CITY)
    assert population_coverage(0, CITY, counted="poisson").low == 0.0


def _draw(rng: np.random.Generator, n: int, shared: int = 1) -> tuple[NDArray[np.float64], ...]:
    """Places with an order, an outcome that leans with it, and residents; `shared` places at a time have one outcome and order."""
    by = np.repeat(rng.normal(size=n // shared), shared)
    level = np.repeat(rng.gamma(2, 0.5, n // shared), shared)
    w = rng.gamma(4, 2500, n)
    return rng.poisson(level * np.exp(0.3 * by) * w / 1000) / w * 1000, by, w


def _held(shared: int, runs: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    truth = concentration_index(*_draw(rng, 400_000)).estimate or 0.0
    found = [concentration_index(*_draw(rng, 300, shared)) for _ in range(runs)]
    return float(np.mean([(f.low or 0) <= truth <= (f.high or 0) for f in found]))


@pytest.mark.slow
def test_the_linearised_error_keeps_its_rate() -> None:
    """600 draws of 300 wards, leaning, unequal, of unequal size: 95 % within 3.3 binomial errors (2.9 points)."""
    assert abs(_held(1, 600, seed=31) - 0.95) <= 0.029


@pytest.mark.slow
def test_broken_neighbours_that_are_alike_make_the_error_too_small() -> None:
    """Blocks of ten wards with one level and one place in the order: 30 draws, not 300, and far fewer than 95 % held."""
    assert _held(10, 300, seed=32) <= 0.75


@pytest.mark.slow
def test_group_ratios_keep_their_rate() -> None:
    rng, kinds = np.random.default_rng(33), kinds_of_district(UNITS)
    people = residents(pd.Timestamp("2018-07-01").date())["residents"].to_numpy() / 10_000
    held = []
    for _ in range(300):
        counts = rng.poisson((rng.gamma(2, 1, len(UNITS)) * people * 3)[:, None], (len(UNITS), 4)).astype(float)
        found = group_difference(_series(counts), kinds)
        held.append((found.low or 0) <= 1 <= (found.high or 0))
    assert abs(np.mean(held) - 0.95) <= 0.042


def test_nothing_counted_anywhere_has_no_index_and_it_is_said() -> None:
    with pytest.raises(ValueError, match="nothing has no distribution"):
        concentration(_series(np.zeros((len(UNITS), 4))), "density")
