"""Where the last value stands on its own chart: signals, limits that cannot be had, stocks that no chart judges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.contracts import SHOWN, WITHHELD
from evaluation.monitoring.charts.places import baseline_of, chart_places
from evaluation.monitoring.charts.signals import signals
from evaluation.monitoring.reading import ABOVE, BELOW, INSIDE, STOCK, TOO_FEW
from evaluation.periods import Period, quarters

SPANS = [str(p) for p in quarters(Period(2015), Period(2018))]


def _values(indicator: str, counts: dict[str, list[float]], denominator: float = 100.0) -> pd.DataFrame:
    rows = [
        {"place": place, "period": p, "indicator": indicator, "numerator": k, "denominator": denominator, "state": SHOWN}
        for place, own in counts.items()
        for p, k in zip(SPANS, own, strict=True)
    ]
    return pd.DataFrame(rows)


STEADY = [40.0, 43.0, 38.0, 41.0, 44.0, 39.0, 42.0, 37.0, 43.0, 40.0, 38.0, 42.0, 41.0, 39.0, 43.0]


def _chart(frame: pd.DataFrame, place: str = "760", periods: list[str] = SPANS) -> str:
    found = chart_places(frame, periods)
    return str(found.loc[found["place"] == place, "chart"].iloc[0])


@pytest.mark.parametrize("last, chart", [(40.0, INSIDE), (90.0, ABOVE), (5.0, BELOW)])
def test_the_last_value_is_held_against_its_own_quarters(last: float, chart: str) -> None:
    assert _chart(_values("referrals_made", {"760": [*STEADY, last]})) == chart


def test_what_is_not_shown_now_is_not_judged() -> None:
    frame = _values("referrals_made", {"760": [*STEADY, 90.0]})
    frame.loc[frame["period"] == "2018-Q4", "state"] = WITHHELD
    assert _chart(frame) == TOO_FEW


def test_few_quarters_give_no_limits() -> None:
    assert _chart(_values("referrals_made", {"760": [*STEADY, 90.0]}), periods=SPANS[-8:]) == TOO_FEW


def test_after_the_form_changed_the_earlier_quarters_set_no_limits() -> None:
    """Shares of people reached are counted otherwise from 2016-Q1 on: the low values of 2015 must not make today's look high."""
    counts = [10.0, 12.0, 9.0, 11.0, *STEADY[:11], 41.0]
    assert _chart(_values("sti_tested_share", {"760": counts})) == INSIDE
    assert _chart(_values("referral_completion", {"760": counts})) == ABOVE


def test_no_chart_judges_a_stock() -> None:
    assert _chart(_values("contract_share", {"760": [*STEADY, 90.0]})) == STOCK


def test_each_place_has_its_own_limits() -> None:
    frame = _values("referrals_made", {"760": [*STEADY, 60.0], "761": [x + 20 for x in [*STEADY, 40.0]]})
    assert (_chart(frame, "760"), _chart(frame, "761")) == (ABOVE, INSIDE)


def test_a_store_that_begins_after_the_plan_takes_the_whole_series_as_baseline() -> None:
    spans = [str(p) for p in quarters(Period(2019), Period(2021))]
    frame = _values("referrals_made", {"760": [*STEADY, 40.0]})
    frame = frame[frame["period"].isin(SPANS[:12])].assign(period=lambda f: f["period"].map(dict(zip(SPANS, spans, strict=False))))
    assert baseline_of(spans) is None
    assert _chart(frame, periods=spans) == INSIDE


@pytest.mark.parametrize("last, end", [("2018-Q4", "2018-Q1"), ("2018-Q1", "2017-Q4"), ("2016-Q2", "2016-Q1")])
def test_the_baseline_ends_before_the_programme_and_before_the_quarter_asked_about(last: str, end: str) -> None:
    assert baseline_of([p for p in SPANS if p <= last]) == end


@pytest.mark.slow
def test_stocks_would_raise_false_alarms_in_a_third_of_unmoved_series() -> None:
    """The reason why no chart judges them: the share of unmoved series whose last of sixteen points is part of a signal."""
    from scipy.stats import binom, norm

    rng, false = np.random.default_rng(2234), {}
    for kept in (0.0, 0.9):
        luck = rng.normal(size=(4000, 16))
        for t in range(1, 16):
            luck[:, t] = kept * luck[:, t - 1] + np.sqrt(1 - kept**2) * luck[:, t]
        share = binom.ppf(norm.cdf(luck), 240, 0.3)
        found = signals(share, np.full(share.shape, 240.0), measure="proportion", baseline=13)
        false[kept] = float(np.mean(found.members[:, -1] != 0))
    assert false[0.0] < 0.04
    assert false[0.9] > 0.25
