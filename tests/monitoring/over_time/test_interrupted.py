"""Interrupted series: planted changes come back, season and exposure are taken out, gaps stay gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.monitoring.over_time.interrupted import interrupted_series


def _series(
    change: float, *, quarters: int = 40, start: int = 25, slope: float = 0.0, spread: float | None = None, seed: int = 7
) -> pd.DataFrame:
    """Counts with trend, season, growing exposure and a planted change of the rate; `spread` is the gamma shape."""
    rng = np.random.default_rng(seed)
    t = np.arange(1, quarters + 1)
    exposure = 20_000 + 150.0 * t
    after = t >= start
    rate = np.exp(-4 + 0.005 * t + 0.2 * np.sin(2 * np.pi * t / 4) + np.log(change) * after + slope * after * (t - start))
    mean = exposure * rate * (1 if spread is None else rng.gamma(spread, 1 / spread, quarters))
    return pd.DataFrame({"t": t, "events": rng.poisson(mean).astype(float), "residents": exposure})


def test_a_planted_change_is_found_within_its_interval() -> None:
    data = _series(0.7)
    found = interrupted_series(data, events="events", period="t", start=25, exposure="residents", harmonics=1, season=4)
    assert found.low < 0.7 < found.high
    assert found.estimate == pytest.approx(0.7, abs=0.06)
    assert found.slope_ratio is None
    assert (found.diagnostics["periods_before"], found.diagnostics["periods_after"]) == (24, 16)


def test_a_change_of_trend_is_told_from_a_change_of_level() -> None:
    data = _series(0.8, slope=0.03, quarters=60, start=31)
    found = interrupted_series(data, events="events", period="t", start=31, exposure="residents", harmonics=1, season=4, slope_change=True)
    assert found.low < 0.8 < found.high
    assert found.slope_low < np.exp(0.03) < found.slope_high
    assert found.trend_ratio == pytest.approx(np.exp(0.005), abs=0.005)


@pytest.mark.slow
def test_the_interval_keeps_its_error_rate_under_overdispersion_where_plain_poisson_does_not() -> None:
    wrong = {True: 0, False: 0}
    for seed in range(200):
        data = _series(1.0, spread=40.0, seed=seed)
        for scaled in wrong:
            found = interrupted_series(
                data, events="events", period="t", start=25, exposure="residents", harmonics=1, season=4, overdispersion=scaled
            )
            wrong[scaled] += not found.low < 1 < found.high
    assert wrong[True] <= 24  # 12 %: five per cent plus what chance and 40 periods cost
    assert wrong[False] >= 80  # 40 %: what is claimed where nothing happened


def test_the_counterfactual_differs_only_after_the_start() -> None:
    found = interrupted_series(_series(0.7), events="events", period="t", start=25, exposure="residents", harmonics=2, season=4)
    table = found.to_frame()
    before = ~table["after"]
    assert np.allclose(table.loc[before, "expected"], table.loc[before, "counterfactual"])
    ratio = table.loc[table["after"], "expected"] / table.loc[table["after"], "counterfactual"]
    assert np.allclose(ratio, found.estimate)


def test_a_missing_quarter_keeps_its_place_and_is_no_zero() -> None:
    whole = _series(0.7)
    holed = whole.copy()
    holed.loc[[5, 30], "events"] = np.nan
    zeros = holed.fillna({"events": 0})
    kinds = {"events": "events", "period": "t", "start": 25, "exposure": "residents", "harmonics": 1, "season": 4}
    one, gap, wrong = (interrupted_series(d, **kinds) for d in (whole, holed, zeros))
    assert gap.n == 38
    assert gap.diagnostics["periods_missing"] == 2
    assert abs(gap.estimate - one.estimate) < 0.02
    assert wrong.dispersion > 20 * gap.dispersion
    assert np.isnan(gap.to_frame().loc[5, "observed"])
    assert gap.to_frame().loc[5, "expected"] > 0


def test_quarters_written_as_text_sort_in_time() -> None:
    data = _series(0.7)
    names = [f"{2010 + (t - 1) // 4}-Q{(t - 1) % 4 + 1}" for t in data["t"]]
    text = data.assign(quarter=names).sample(frac=1, random_state=1)
    one = interrupted_series(data, events="events", period="t", start=25, harmonics=1, season=4)
    two = interrupted_series(text, events="events", period="quarter", start="2016-Q1", harmonics=1, season=4)
    assert two.estimate == pytest.approx(one.estimate)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"start": 99}, "hold the start 99"),
        ({"start": 3}, "reported periods are needed"),
        ({"harmonics": 3}, "at most 2"),
        ({"exposure": "bad"}, "above 0"),
    ],
)
def test_refusals_say_what_to_do_in_both_languages(change: dict[str, object], says: str) -> None:
    data = _series(1.0).assign(bad=0.0)
    kinds = {"events": "events", "period": "t", "start": 25, "harmonics": 1, "season": 4, **change}
    with pytest.raises(ValueError, match=says) as caught:
        interrupted_series(data, **kinds)
    assert " / " in str(caught.value)


def test_negative_counts_are_refused() -> None:
    data = _series(1.0)
    data.loc[0, "events"] = -1
    with pytest.raises(ValueError, match="cannot be negative"):
        interrupted_series(data, events="events", period="t", start=25)


def test_it_reads_as_one_line() -> None:
    found = interrupted_series(_series(0.7), events="events", period="t", start=25)
    assert repr(found).startswith("<InterruptedSeries: Ratio of the rate of events from period 25")
    assert "\n" not in repr(found)
