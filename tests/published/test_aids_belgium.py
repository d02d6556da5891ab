"""AIDS in Belgium, 1981-1993: the log-linear trend of Wood, Generalized Additive Models (data of Venables and Ripley 2002).

Published fit (R's glm): 3.1406 and 0.2021 a year, residual deviance 80.69 on 11 degrees of freedom.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.language import Words
from evaluation.monitoring.over_time.trend import trend
from evaluation.monitoring.series import CountSeries

CASES = [12, 14, 33, 50, 67, 74, 123, 141, 165, 204, 253, 246, 240]
YEARS = tuple(str(y) for y in range(1990, 2003))  # the house knows no year before 1990; only their number matters


def _series() -> CountSeries:
    frame = pd.DataFrame({"unit": "BE", "period": YEARS, "count": map(float, CASES), "denominator": np.nan, "state": "shown"})
    return CountSeries(frame=frame, label=Words("Ca mới", "New cases"), measure="count", periods=YEARS, season=1, phases=(1,) * 13)


def test_yearly_growth_as_published() -> None:
    found = trend(_series(), "BE", errors="independent")
    assert np.log(found.estimate) == pytest.approx(0.2021, abs=5e-5)
    assert found.frame["expected"].iloc[0] == pytest.approx(np.exp(3.1406 + 0.2021), rel=5e-4)
    y, mean = np.array(CASES), found.frame["expected"].to_numpy()
    assert 2 * np.sum(y * np.log(y / mean)) == pytest.approx(80.69, abs=5e-3)


def test_a_bend_left_out_shows_as_autocorrelation_and_widens_the_interval() -> None:
    # The published text goes on to say that the growth slowed: the straight line is wrong.
    found, plain = trend(_series(), "BE"), trend(_series(), "BE", errors="independent")
    assert found.autocorrelation > 0.3
    assert found.correlation > 0.3
    assert found.high / found.low > plain.high / plain.low
