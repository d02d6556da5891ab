"""The trend of one unit: level, yearly change and its interval, what is absent, and one sentence that says it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from evaluation.contracts import INCONSISTENT, MISSING, SHOWN, WITHHELD
from evaluation.language import Words
from evaluation.monitoring.over_time.power import simulated_counts
from evaluation.monitoring.over_time.season import season_columns, tet_share
from evaluation.monitoring.over_time.trend import Trend, trend
from evaluation.monitoring.rates.intervals import difference_newcombe, garwood, rate_ratio_exact, wilson
from evaluation.monitoring.series import CountSeries, DocumentedChange

QUARTERS = tuple(f"{2015 + i // 4}-Q{i % 4 + 1}" for i in range(16))
MONTHS = tuple(f"{2014 + i // 12}-{i % 12 + 1:02d}" for i in range(60))
FORM = DocumentedChange("2016-Q1", Words("biểu mẫu mới", "a new form"))


def series(
    counts: Sequence[float],
    out_of: Sequence[float] | float = np.nan,
    *,
    measure: str = "count",
    periods: Sequence[str] = QUARTERS,
    season: int = 4,
    changes: tuple[DocumentedChange, ...] = (),
    absent: dict[int, str] | None = None,
    per: float = 1.0,
    said_unit: str = "",
) -> CountSeries:
    periods = tuple(periods)[: len(counts)]
    frame = pd.DataFrame({"unit": "A", "period": periods, "count": np.asarray(counts, float), "denominator": out_of, "state": SHOWN})
    for at, state in (absent or {}).items():
        frame.loc[at, ["count", "denominator"]] = np.nan
        frame.loc[at, "state"] = state
    return CountSeries(
        frame=frame,
        label=Words("Số người được tiếp cận", "People reached"),
        measure=measure,
        per=per,
        said_unit=said_unit,
        periods=periods,
        season=season,
        phases=tuple(i % season + 1 for i in range(len(periods))),
        names={"A": Words("Quận A", "District A")},
        changes=changes,
        synthetic=True,
    )


def smooth(yearly: float, base: float = 100.0, n: int = 16) -> np.ndarray:
    """Counts on a straight line with a season and no chance at all."""
    t = np.arange(n)
    return base * np.exp(np.log(yearly) * t / 4 + season_columns(t % 4 + 1, 4) @ [0.2, -0.1, 0.3])


def test_a_line_without_chance_comes_back_whole() -> None:
    found = trend(series(smooth(1.12)), "A")
    assert found.estimate == pytest.approx(1.12)
    assert found.dispersion < 1e-6
    np.testing.assert_allclose(found.frame["expected"], smooth(1.12))
    # Chance alone is never believed away: the width is that of a Poisson series.
    assert found.low < 1.07
    assert found.high > 1.16
    assert found.clear


def test_rates_and_shares_are_on_their_own_scales() -> None:
    people = np.linspace(50_000, 80_000, 16)
    rate = trend(series(smooth(0.9) * people / 50_000, people, measure="rate", per=10_000.0, said_unit="per 10,000 residents"), "A")
    assert rate.estimate == pytest.approx(0.9)
    t = np.arange(16)
    logit = -0.5 + 0.2 * t / 4 + season_columns(t % 4 + 1, 4) @ [0.2, -0.1, 0.3]
    share = 1 / (1 + np.exp(-logit))
    found = trend(series(400 * share, 400.0, measure="proportion"), "A")
    # Points a year: half a year to either side of each period's level, on the mean.
    points = np.mean(1 / (1 + np.exp(-(logit + 0.1))) - 1 / (1 + np.exp(-(logit - 0.1))))
    assert found.estimate == pytest.approx(points)
    assert found.low < points < found.high
    assert found.scale == "difference"
    assert found.unit == "points a year"
    assert np.sign(found.low) == np.sign(found.high) or not found.clear


def test_the_interval_of_a_share_says_what_its_test_says() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        k = rng.binomial(30, 0.3 + 0.015 * np.arange(16))
        found = trend(series(k, 30.0, measure="proportion"), "A")
        assert found.clear == (found.p < 0.05)


def test_a_documented_change_is_a_step_and_no_trend() -> None:
    counts = smooth(1.0) * np.where(np.arange(16) < 4, 2.0, 1.0)
    naive, told = trend(series(counts), "A"), trend(series(counts, changes=(FORM,)), "A")
    assert naive.estimate < 0.85
    assert told.estimate == pytest.approx(1.0)
    assert [c.period for c in told.changes] == ["2016-Q1"]
    assert "a new form" in told.method.en
    assert "Q1 2016" in told.summary("en")
    # Without a figure before it there is nothing to step from.
    lost = dict.fromkeys(range(4), MISSING)
    assert trend(series(counts, changes=(FORM,), absent=lost), "A").changes == ()


def test_months_get_a_term_for_tet() -> None:
    t = np.arange(60)
    counts = 200 * np.exp(-0.8 * tet_share(MONTHS) + 0.1 * t / 12 + 0.1 * np.sin(2 * np.pi * (t % 12 + 1) / 12))
    found = trend(series(counts, periods=MONTHS, season=12), "A")
    assert found.estimate == pytest.approx(np.exp(0.1))
    np.testing.assert_allclose(found.frame["expected"], counts)


@pytest.mark.parametrize("n, season", [(7, None), (8, True), (10, True)])
def test_a_short_series_gets_no_answer_and_one_a_little_longer_gets_one(n: int, season: bool | None) -> None:
    found = trend(series(smooth(1.1, n=n)), "A")
    if season is None:
        assert found.estimate is None
        assert found.clear is None
        assert "7 periods with data, at least 8" in found.summary("en")
        assert "mới có 7 kỳ" in found.summary("vi")
        assert found.value == pytest.approx(smooth(1.1, n=n)[-1])
        assert found.frame["expected"].isna().all()
    else:
        assert found.diagnostics["season"] is season
        assert found.diagnostics["degrees_of_freedom"] == n - 5


def test_a_series_too_short_for_a_season_goes_without() -> None:
    found = trend(series(smooth(1.1, n=9), absent={4: MISSING}, changes=(FORM,)), "A")
    assert not found.diagnostics["season"]
    assert "without a season" in found.method.en


@pytest.mark.parametrize(
    "counts, out_of, says",
    [
        (np.zeros(16), np.nan, "too few events"),
        (np.full(16, 20.0), 20.0, "too few events"),
        (np.full(16, np.nan), np.nan, "0 periods with data"),
    ],
)
def test_what_has_no_answer_says_why(counts: np.ndarray, out_of: float, says: str) -> None:
    absent = dict.fromkeys(range(16), MISSING) if np.isnan(counts).all() else None
    found = trend(series(counts, out_of, measure="count" if np.isnan(out_of) else "proportion", absent=absent), "A")
    assert (found.estimate, found.low, found.high, found.p) == (None, None, None, None)
    for language in ("vi", "en"):
        assert "nan" not in found.summary(language).lower()
    assert says in found.summary("en")


def test_ties_huge_counts_and_nobody_in_the_denominator() -> None:
    flat = trend(series(np.full(16, 5.0)), "A")
    assert flat.estimate == pytest.approx(1)
    assert not flat.clear
    assert trend(series(1e10 * smooth(1.2)), "A").estimate == pytest.approx(1.2)
    people = np.full(16, 50.0)
    people[5] = 0
    counts = np.where(people > 0, 10.0, 0.0)
    found = trend(series(counts, people, measure="proportion"), "A")
    assert found.n == 15
    assert found.frame["state"].iloc[5] == "not_applicable"
    assert np.isnan(found.frame["value"].iloc[5])


def test_values_and_their_intervals_are_those_of_the_method_named() -> None:
    counts = np.arange(3.0, 19)
    found = trend(series(counts, absent={2: MISSING, 15: WITHHELD}), "A")
    seen = [i for i in range(16) if i not in (2, 15)]
    low, high = garwood(counts[seen])
    np.testing.assert_allclose(found.frame.loc[seen, ["low", "high"]], np.column_stack([low, high]))
    assert (found.value_period, found.value) == ("2018-Q3", 17.0)
    assert list(found.frame.loc[[2, 15], "state"]) == [MISSING, WITHHELD]
    share = trend(series(counts, 40.0, measure="proportion"), "A")
    np.testing.assert_allclose(share.frame[["low", "high"]].iloc[4], wilson(7, 40))


def test_changes_on_earlier_periods_carry_the_series_dispersion() -> None:
    rng = np.random.default_rng(3)
    counts = simulated_counts(np.full(16, 40.0), 4.0, 0.0, 1, rng)[0]
    found = trend(series(counts), "A")
    assert found.dispersion > 1.5
    year = found.from_year_before
    assert (year.period, year.against) == ("2018-Q4", "2017-Q4")
    assert year.estimate == pytest.approx(counts[15] / counts[11])
    low, high = rate_ratio_exact(counts[15] / found.dispersion, 1, counts[11] / found.dispersion, 1)
    assert (year.low, year.high) == (pytest.approx(low), pytest.approx(high))
    assert year.low < rate_ratio_exact(counts[15], 1, counts[11], 1)[0]
    assert found.from_previous.against == "2018-Q3"
    share = trend(series(np.minimum(counts, 100), 100.0, measure="proportion"), "A").from_previous
    assert share.scale == "difference"
    assert share.low <= difference_newcombe(min(counts[15], 100), 100, min(counts[14], 100), 100)[0]


def test_a_change_that_cannot_be_known_says_why() -> None:
    counts = smooth(1.1)
    lost = trend(series(counts, absent={11: MISSING}), "A").from_year_before
    assert lost.estimate is None
    assert "no figure" in lost.why.en
    late = DocumentedChange("2018-Q2", Words("cán bộ mới", "a new person"))
    crossed = trend(series(counts, changes=(late,)), "A")
    assert "counting changed" in crossed.from_year_before.why.en
    assert crossed.from_previous.estimate is not None
    zeros = smooth(1.1)
    zeros[[11, 15]] = 0
    assert "both periods are zero" in trend(series(zeros), "A").from_year_before.why.en
    zeros[15] = 3
    assert trend(series(zeros), "A").from_year_before.estimate == np.inf
    assert trend(series([5.0] * 3), "A").from_year_before.clear is None


def test_the_sentence_says_level_change_chance_and_what_is_missing() -> None:
    found = trend(series(smooth(1.12), absent={1: MISSING, 6: MISSING, 8: INCONSISTENT}), "A")
    en, vi = found.summary("en"), found.summary("vi")
    assert en.startswith("People reached, District A: ")
    assert "in Q4 2018" in en
    assert re.search(r"up 12\.0% a year \(\+\d+\.\d% to \+\d+\.\d%\), which can be told from chance", en)
    assert en.endswith("not reported: Q2 2015 and Q3 2016")
    assert re.search(r"mỗi năm tăng 12,0% \(từ \+\d+,\d% đến \+\d+,\d%\), phân biệt được với ngẫu nhiên", vi)
    assert vi.endswith("không có báo cáo: Quý II/2015 và Quý III/2016")
    many = trend(series(smooth(1.12), absent=dict.fromkeys(range(1, 6), MISSING)), "A").summary("en")
    assert many.endswith("not reported: 5 periods")
    down = trend(series(smooth(0.8, base=30)), "A").summary("en")
    assert "down 20.0% a year (−" in down


def test_what_is_withheld_is_not_named_by_period() -> None:
    found = trend(series(smooth(1.1), absent={3: WITHHELD}), "A")
    for language in ("vi", "en"):
        assert "2015" not in found.summary(language)


def test_periods_without_a_year_are_called_periods() -> None:
    numbered = series(smooth(1.1), periods=[str(i) for i in range(16)], season=1)
    assert " a period " in trend(numbered, "A").summary("en")
    yearly = series(smooth(1.1), periods=[str(i) for i in range(2001, 2017)], season=1)
    assert " a year " in trend(yearly, "A").summary("en")


@pytest.mark.parametrize(
    "options, says",
    [({"season": "spline"}, "Choose auto"), ({"errors": "white"}, "Choose one of"), ({"level": 1.0}, "between 0 and 1")],
)
def test_refusals_say_what_to_do_in_both_languages(options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        trend(series(smooth(1.1)), "A", **options)  # type: ignore[arg-type]
    assert " / " in str(caught.value)
    with pytest.raises(ValueError, match="no unit 'B'"):
        trend(series(smooth(1.1)), "B")


def test_it_goes_as_a_frame_and_a_line() -> None:
    found = trend(series(smooth(1.1)), "A")
    assert list(found.to_frame()["period"]) == list(QUARTERS)
    assert "\n" not in repr(found)
    assert found.synthetic


def _told(found: list[Trend]) -> float:
    return float(np.mean([bool(f.clear) for f in found]))


@pytest.mark.slow
def test_a_trend_that_is_there_is_found_and_covered() -> None:
    counts = simulated_counts(smooth(1.15, base=40), 2.0, 0.0, 250, np.random.default_rng(10))
    found = [trend(series(k), "A") for k in counts]
    covered = np.mean([f.low < 1.15 < f.high for f in found])
    assert covered >= 0.95 - 0.046  # 3.3 standard errors of 250 draws
    assert np.median([f.estimate for f in found]) == pytest.approx(1.15, abs=0.02)


@pytest.mark.slow
def test_a_change_of_form_that_is_not_documented_makes_a_trend_of_nothing() -> None:
    mean = np.where(np.arange(16) < 4, 80.0, 40.0)
    counts = simulated_counts(mean, 2.0, 0.0, 100, np.random.default_rng(11))
    assert _told([trend(series(k), "A") for k in counts]) > 0.3
    assert _told([trend(series(k, changes=(FORM,)), "A") for k in counts]) < 0.05 + 0.072  # 3.3 standard errors of 100 draws


@pytest.mark.slow
def test_the_example_answers_for_every_ward_and_kind_of_indicator(example_store) -> None:  # type: ignore[no-untyped-def]
    from evaluation.monitoring.series import ward_series

    for name in ("outreach_rate", "sti_tested_share", "violence_reported"):
        wards = ward_series(example_store, name, ["760", "787"])
        for unit in wards.units:
            found = trend(wards, unit)
            assert found.synthetic
            for language in ("vi", "en"):
                assert "nan" not in found.summary(language).split()
            assert (found.estimate is None) == (found.why is not None)


def test_the_trend_of_measured_values_is_the_regression_of_another_library() -> None:
    import statsmodels.api as sm

    y = np.random.default_rng(3).normal(-2, 1, 16) + 0.3 * np.arange(16)
    found = trend(series(y, measure="value"), "A", errors="independent")
    X = np.column_stack([np.ones(16), np.arange(16) / 4, season_columns(np.arange(16) % 4 + 1, 4)])
    other = sm.OLS(y, X).fit()
    assert (found.estimate, found.p) == (pytest.approx(other.params[1]), pytest.approx(other.pvalues[1]))
    assert (found.low, found.high) == pytest.approx(tuple(other.conf_int()[1]))
    np.testing.assert_allclose(found.frame["expected"], other.fittedvalues)
    assert found.frame[["low", "high", "denominator"]].isna().all(axis=None)  # a measured value has no interval of its own
    assert (found.value_low, found.scale, found.unit, found.dispersion) == (None, "difference", "value a year", pytest.approx(other.scale))


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1e-8), (-40.0, 1.0), (0.0, 1e11)])
def test_measured_values_in_another_unit_give_the_same_trend_in_that_unit(shift: float, scale: float) -> None:
    y = np.random.default_rng(4).normal(0, 1, 24).cumsum()
    one, other = trend(series(y, measure="value", periods=MONTHS, season=12), "A"), None
    other = trend(series(shift + scale * y, measure="value", periods=MONTHS, season=12), "A")
    assert [x / scale for x in (other.estimate, other.low, other.high)] == pytest.approx([one.estimate, one.low, one.high], rel=1e-6)
    assert other.p == pytest.approx(one.p, rel=1e-6)


def test_the_sentence_of_measured_values_is_in_their_own_unit() -> None:
    y = [-1.5, *np.random.default_rng(5).normal(0, 0.01, 14), 0.0125]
    said = trend(series(y, measure="value"), "A").summary("en")
    assert "0.0125 in Q4 2018; up 0." in said
    assert "%" not in said
    change = trend(series(y, measure="value"), "A").from_year_before
    assert (change.scale, change.low, change.clear) == ("difference", None, None)


@pytest.mark.parametrize("y", [np.zeros(16), np.full(16, 7.1), 3 - 0.7 * np.arange(16)])
def test_measured_values_without_scatter_have_no_trend_and_say_why(y: np.ndarray) -> None:
    found = trend(series(y, measure="value"), "A")
    assert (found.estimate, found.p, found.clear) == (None, None, None)
    assert "no scatter" in found.summary("en")


@pytest.mark.slow
@pytest.mark.parametrize(("correlation", "least", "most"), [(0.0, 0.0, 0.05), (0.5, 0.05, 0.2)])
def test_a_trend_of_nothing_in_measured_values_is_seldom_told_from_chance(correlation: float, least: float, most: float) -> None:
    """400 series of 16 quarters: 0.05 + 3.3 binomial standard errors is 0.086; correlated errors break the promise in so short a series."""
    rng, told = np.random.default_rng(9), 0
    for _ in range(400):
        e = rng.normal(0, 1, 40)
        for i in range(1, 40):
            e[i] += correlation * e[i - 1]
        told += bool(trend(series(e[-16:], measure="value"), "A").clear)
    error = 3.3 * (0.05 * 0.95 / 400) ** 0.5
    assert least - error <= told / 400 <= most + error
