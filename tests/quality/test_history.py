"""A figure is judged by its ward's own past: errors are found, chance is mostly left alone, the level of the past is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.robust.scale import mad

from evaluation.periods import Period, quarters
from evaluation.quality.history import all_zeros, anscombe, count_at, judged, mad_factor, tenfold, typed_twice, usual_range

NOW = "2018-Q4"
PAST = [str(p) for p in quarters(Period(2016, 4), Period(2018, 3))]  # eight quarters
Figures = list[float | None]


def past(**series: Figures) -> pd.DataFrame:
    """A ward's series by element, the last figure in 2018-Q3."""
    rows = [
        ("26734", period, element, value, "not_reported" if value is None else "reported")
        for element, figures in series.items()
        for period, value in zip(PAST[-len(figures) :], figures, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["unit_code", "period", "element", "value", "state"])
    return frame.assign(value=frame["value"].astype(float))


def now(**figures: float | None) -> pd.DataFrame:
    rows = [("26734", e, v, "not_reported" if v is None else "reported") for e, v in figures.items()]
    frame = pd.DataFrame(rows, columns=["unit_code", "element", "value", "state"])
    return frame.assign(value=frame["value"].astype(float))


STEADY: Figures = [100, 110, 90, 105, 95, 100, 108, 92]


def test_the_scale_and_back() -> None:
    counts = np.array([0.0, 1, 5, 100, 12_345])
    assert count_at(anscombe(counts)) == pytest.approx(counts)
    assert count_at(-3.0) == 0


def test_a_poisson_count_varies_by_one_on_the_scale() -> None:
    rng = np.random.default_rng(3)
    for mean in (5, 20, 200):
        assert np.var(anscombe(rng.poisson(mean, 200_000))) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("n", [4, 5, 6, 7, 8, 12])
def test_small_sample_factors_make_the_spread_unbiased(n: int) -> None:
    sample = np.random.default_rng(n).normal(0, 1, (100_000, n))
    apart = np.median(np.abs(sample - np.median(sample, axis=1, keepdims=True)), axis=1)
    assert float(mad_factor(n)) * apart.mean() == pytest.approx(1, abs=0.02)


def test_large_samples_as_statsmodels_has_them() -> None:
    sample = np.random.default_rng(0).normal(3, 2, 4_000)
    ours = float(mad_factor(len(sample))) * np.median(np.abs(sample - np.median(sample)))
    assert ours == pytest.approx(float(mad(sample)), rel=1e-3)


def test_limits_by_hand_where_chance_alone_is_the_spread() -> None:
    # Five equal figures: no spread of their own, so the spread is one, widened for the median: sqrt(1 + (pi / 2) / 5).
    (row,) = usual_range(past(sti_tested=[25.0] * 5), NOW, scales=3).to_dict("records")
    spread = (1 + np.pi / 2 / 5) ** 0.5
    middle = 2 * (25.375) ** 0.5
    assert (row["n"], row["median"], row["season"]) == (5, 25, 25)
    assert row["low"] == pytest.approx(((middle - 3 * spread) / 2) ** 2 - 0.375)
    assert row["high"] == pytest.approx(((middle + 3 * spread) / 2) ** 2 - 0.375)


def test_four_quarters_are_needed() -> None:
    assert usual_range(past(sti_tested=[20.0] * 3), NOW).empty
    assert len(usual_range(past(sti_tested=[20.0] * 4), NOW)) == 1
    assert usual_range(past(sti_tested=[None, None, 20.0, 20, 20]), NOW).empty


def test_the_quarter_itself_and_later_ones_are_no_history() -> None:
    assert len(usual_range(past(sti_tested=[20.0] * 8), "2017-Q4")) == 1
    assert usual_range(past(sti_tested=[20.0] * 8), "2017-Q3").empty


@pytest.mark.parametrize(
    "value, beyond",
    [(100, False), (118, False), (160, True), (1_000, True), (60, True), (10, True), (0, True)],
)
def test_a_steady_ward(value: float, beyond: bool) -> None:
    (row,) = judged(now(sti_tested=value), past(sti_tested=STEADY), NOW).to_dict("records")
    assert row["beyond"] == beyond
    assert row["median"] == 100
    assert row["ratio"] == value / 100


def test_an_error_in_the_past_moves_nothing() -> None:
    spoiled = [*STEADY[:-1], 920]
    (row,) = judged(now(sti_tested=900), past(sti_tested=spoiled), NOW).to_dict("records")
    assert row["beyond"]


def test_small_counts_are_left_alone() -> None:
    frame = judged(now(violence_reported=9.0), past(violence_reported=[0.0] * 8), NOW)
    assert not frame["beyond"].any()
    assert judged(now(violence_reported=12.0), past(violence_reported=[0.0] * 8), NOW)["beyond"].all()


def test_a_season_that_returns_is_usual() -> None:
    # Fourth quarters lie far above the rest, in both earlier years.
    seasonal: Figures = [300, 100, 100, 100, 300, 100, 100, 100]
    assert not judged(now(sti_tested=300), past(sti_tested=seasonal), NOW)["beyond"].any()
    assert judged(now(sti_tested=300), past(sti_tested=[100.0] * 8), NOW)["beyond"].all()


def test_missing_values_are_not_judged() -> None:
    assert judged(now(sti_tested=None), past(sti_tested=STEADY), NOW).empty
    assert judged(now(sti_tested=5.0), past(hiv_tested=STEADY), NOW).empty


@pytest.mark.parametrize("value, once", [(1212, 12), (55, 5), (123123, None), (1213, None), (12, None), (4545, None)])
def test_a_figure_typed_twice(value: float, once: float | None) -> None:
    level: Figures = [5.0, 6, 4, 5, 5] if value == 55 else [12.0, 14, 10, 12, 13]
    found = typed_twice(judged(now(sti_tested=value), past(sti_tested=level), NOW))
    assert list(found["once"]) == ([] if once is None else [once])


def sheet(times: float, n: int = 12, honest: int = 0, seed: int = 5) -> pd.DataFrame:
    """Wards with a history round thirty, now `times` as high but for some."""
    rng = np.random.default_rng(seed)
    history = [
        pd.DataFrame({"unit_code": str(ward), "period": PAST, "element": "inspections", "value": rng.poisson(60, 8).astype(float)})
        for ward in range(n)
    ]
    present = np.floor(rng.poisson(60, n) * np.where(np.arange(n) < honest, 1.0, times))
    values = pd.DataFrame({"unit_code": [str(w) for w in range(n)], "element": "inspections", "value": present, "state": "reported"})
    return judged(values, pd.concat(history).assign(state="reported"), NOW).assign(group="context")


@pytest.mark.parametrize(
    "times, n, honest, found", [(10, 12, 0, 1), (0.1, 12, 0, 1), (1, 12, 0, 0), (10, 4, 0, 0), (10, 12, 9, 0), (3, 12, 0, 0)]
)
def test_a_tenfold_sheet_is_one_finding(times: float, n: int, honest: int, found: int) -> None:
    table = tenfold(sheet(times, n, honest), ["group"])
    assert len(table) == found
    if found:
        (row,) = table.to_dict("records")
        assert row["k"] == row["n"] == n
        assert row["ratio"] == pytest.approx(times, rel=0.25)


def grouped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(group="health")


def test_a_row_of_zeros() -> None:
    figures = {"outreach_reached": STEADY, "sti_tested": [20.0] * 8, "hiv_tested": [25.0] * 8}
    zeros = grouped(now(outreach_reached=0, sti_tested=0, hiv_tested=0))
    (row,) = all_zeros(zeros, grouped(past(**figures)), NOW).to_dict("records")
    assert (row["unit_code"], row["group"], row["k"], row["n"], row["median"]) == ("26734", "health", 3, 8, 145)
    some = grouped(now(outreach_reached=0, sti_tested=1, hiv_tested=0))
    assert all_zeros(some, grouped(past(**figures)), NOW).empty
    blank = grouped(now(outreach_reached=0, sti_tested=None, hiv_tested=0))
    assert all_zeros(blank, grouped(past(**figures)), NOW).empty
    assert all_zeros(zeros, grouped(past(outreach_reached=[0.0] * 8, sti_tested=[0.0] * 8)), NOW).empty
    assert all_zeros(zeros, grouped(past(outreach_reached=STEADY[:3])), NOW).empty


def test_false_alarms_on_honest_counts_are_rare_whatever_their_spread() -> None:
    rng = np.random.default_rng(11)
    wards, rates = 300, {}
    for size in (3.0, 15.0, 1e9):
        mean = np.exp(rng.normal(3, 0.8, wards))[:, None]
        counts = rng.poisson(mean * rng.gamma(size, 1 / size, (wards, 9)) if size < 1e6 else np.broadcast_to(mean, (wards, 9)))
        long = pd.DataFrame(counts, index=[str(w) for w in range(wards)], columns=[*PAST, NOW]).stack().reset_index()
        long.columns = pd.Index(["unit_code", "period", "value"])
        frame = long.assign(element="inspections", state="reported", value=long["value"].astype(float))
        verdict = judged(frame[frame["period"] == NOW], frame, NOW)
        assert len(verdict) == wards
        rates[size] = verdict["beyond"].mean()
    assert all(rate < 0.01 for rate in rates.values()), rates
