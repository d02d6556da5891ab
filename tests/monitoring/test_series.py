"""Counts by unit and period: whole, in order, absence never zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.contracts import MISSING, SHOWN, WITHHELD
from evaluation.monitoring.series import series_of

QUARTERS = ["2015-Q3", "2015-Q4", "2016-Q1", "2016-Q2"]


def _values(indicator: str, rows: list[tuple[str, str, float, float, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["place", "period", "numerator", "denominator", "state"])
    return frame.assign(indicator=indicator, value=frame["numerator"] / frame["denominator"], low=np.nan, high=np.nan)


ROWS = [
    ("760", "2015-Q3", 5.0, 20.0, SHOWN),
    ("760", "2015-Q4", 0.0, 10.0, SHOWN),
    ("760", "2016-Q2", 3.0, 30.0, WITHHELD),
    ("761", "2016-Q1", 2.0, 0.0, SHOWN),
]


def test_every_pair_stands_and_what_is_not_there_is_missing() -> None:
    series = series_of(_values("sti_tested_share", ROWS), "sti_tested_share", QUARTERS)
    assert series.units == ("760", "761")
    assert series.counts.shape == (2, 4)
    assert list(series.states[0]) == [SHOWN, SHOWN, MISSING, WITHHELD]
    np.testing.assert_array_equal(series.values[0], [0.25, 0.0, np.nan, np.nan])
    # Nobody in the denominator: no value, and no warning of a division.
    assert np.isnan(series.values[1]).all()


def test_counts_have_an_exposure_of_one_and_rates_are_per_ten_thousand() -> None:
    counts = series_of(_values("sti_tested", ROWS), "sti_tested", QUARTERS)
    np.testing.assert_array_equal(counts.exposure[0], [1.0, 1.0, np.nan, np.nan])
    rates = series_of(_values("outreach_rate", [("760", "2016-Q1", 50.0, 20_000.0, SHOWN)]), "outreach_rate")
    assert rates.values[0, 0] == 25.0


def test_the_change_of_the_form_is_documented_where_it_matters() -> None:
    share = series_of(_values("sti_tested_share", ROWS), "sti_tested_share", QUARTERS)
    assert [c.period for c in share.changes] == ["2016-Q1"]
    assert series_of(_values("sti_tested", ROWS), "sti_tested", QUARTERS).changes == ()
    # A change at the first period changes nothing within the series.
    assert share.since("2016-Q1").changes == ()
    assert share.until("2015-Q4").changes == ()


def test_a_part_keeps_its_periods_and_their_place_in_the_year() -> None:
    part = series_of(_values("sti_tested_share", ROWS), "sti_tested_share", QUARTERS).since("2015-Q4").of("761")
    assert part.units == ("761",)
    assert part.periods == ("2015-Q4", "2016-Q1", "2016-Q2")
    assert part.phases == (4, 1, 2)


@pytest.mark.parametrize(
    "ask, named",
    [(lambda s: s.of("999"), "999"), (lambda s: s.until("2030-Q1"), "2030-Q1"), (lambda s: s.since("2014-Q1"), "2014-Q1")],
)
def test_what_is_not_there_is_named(ask: object, named: str) -> None:
    series = series_of(_values("sti_tested_share", ROWS), "sti_tested_share", QUARTERS)
    with pytest.raises(ValueError, match=named):
        ask(series)  # type: ignore[operator]


def test_yes_or_no_has_no_counts() -> None:
    with pytest.raises(ValueError, match="yes-or-no"):
        series_of(_values("child_referral_route", ROWS), "child_referral_route", QUARTERS)


def test_context_is_never_judged() -> None:
    assert series_of(_values("inspections", ROWS), "inspections", QUARTERS).direction == "context"
