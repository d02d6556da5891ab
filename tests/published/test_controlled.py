"""Proposition 99 as a controlled interrupted series: Linden's example of `itsa` (The Stata Journal 15:480, 2015).

Coefficients and p-values as the help file of his `power multi_itsa` (SSC, 2025) repeats them: California 132.2258, -1.779474
a year, -20.0581 in 1989, -3.274126 a year afterwards; 38 states 135.4995, -0.5477701, -17.25168, -1.051279; differences of
the steps -2.806417 (P = 0.631) and of the trends (P = 0.136), Newey-West with one lag.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evaluation import published
from evaluation.monitoring.over_time.controlled import ControlledSeries, controlled_series

pytestmark = pytest.mark.published


@pytest.fixture
def found(require: Callable[[str], None]) -> ControlledSeries:
    require("prop99")
    return controlled_series(
        published.load("prop99"),
        outcome="PacksPerCapita",
        unit="State",
        period="Year",
        treated="California",
        start=1989,
        family="level",
        unit_levels=False,
        errors="newey_west",
        lags=1,
    )


def test_steps_as_published(found: ControlledSeries) -> None:
    assert found.treated_level[0] == pytest.approx(-20.0581, abs=5e-5)
    assert found.comparison_level[0] == pytest.approx(-17.25168, abs=5e-6)
    assert found.estimate == pytest.approx(-2.806417, abs=5e-7)
    assert found.p == pytest.approx(0.631, abs=5e-4)


def test_trends_as_published(found: ControlledSeries) -> None:
    line = found.series.set_index("period")
    before = {g: line.loc[1971, f"expected_{g}"] - line.loc[1970, f"expected_{g}"] for g in ("treated", "comparison")}
    afterwards = {g: line.loc[2000, f"expected_{g}"] - line.loc[1999, f"expected_{g}"] for g in ("treated", "comparison")}
    assert before == {"treated": pytest.approx(-1.779474, abs=5e-7), "comparison": pytest.approx(-0.5477701, abs=5e-8)}
    assert afterwards == {"treated": pytest.approx(-3.274126, abs=5e-7), "comparison": pytest.approx(-1.051279, abs=5e-7)}
    assert line.loc[1970, "expected_treated"] == pytest.approx(132.2258, abs=5e-5)
    assert line.loc[1970, "expected_comparison"] == pytest.approx(135.4995, abs=5e-5)
    # 0.1368 by the t distribution, 0.1366 by the normal: published 0.136, cut or of another small-sample factor.
    assert found.slope_p == pytest.approx(0.136, abs=1e-3)


def test_the_trends_before_show_that_the_other_states_are_a_poor_comparison(found: ControlledSeries) -> None:
    assert found.before_p < 0.05
