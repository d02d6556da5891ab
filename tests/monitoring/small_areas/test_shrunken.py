"""A series shrunken: its sentence, its frame, the age of its residents, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from evaluation.language import Words
from evaluation.monitoring.series import CountSeries
from evaluation.monitoring.small_areas.shrinkage import shrink
from evaluation.monitoring.small_areas.shrunken import Shrunken, age_of_residents, shrink_series

Make = Callable[..., CountSeries]


@pytest.fixture
def make() -> Make:
    def made(counts: list[float], sizes: list[float], measure: str = "proportion", **fields: object) -> CountSeries:
        frame = pd.DataFrame({"unit": [f"u{i}" for i in range(len(counts))], "period": "2018-Q4", "count": counts, "denominator": sizes})
        frame["state"] = np.where(frame["count"].isna(), "missing", "shown")
        defaults = {"said_unit": "percent"} if measure == "proportion" else {"said_unit": "per 10,000 residents", "per": 10_000.0}
        return CountSeries(
            frame=frame[["unit", "period", "count", "denominator", "state"]],
            label=Words("Tỷ lệ thử", "A share"),
            measure=measure,
            periods=("2018-Q4",),
            phases=(4,),
            **(defaults | fields),  # type: ignore[arg-type]
        )

    return made


def test_it_is_the_arrays_shrinkage_with_names(make: Make) -> None:
    counts, sizes = [3.0, 9, np.nan, 20, 2, 14], [10.0, 12, np.nan, 50, 9, 31]
    found = shrink_series(make(counts, sizes, synthetic=True), "2018-Q4")
    plain = shrink(counts, sizes, "share")
    assert isinstance(found, Shrunken)
    for column in ("value", "estimate", "low", "high", "reliability"):
        assert found.to_frame()[column].to_numpy() == pytest.approx(getattr(plain, column), nan_ok=True)
    assert found.n == 5
    assert found.synthetic
    assert found.denominators is None
    assert list(found.frame["state"]) == ["shown", "shown", "missing", "shown", "shown", "shown"]


def test_sentences_say_the_noise_in_both_languages(make: Make) -> None:
    found = shrink_series(make([3.0, 9, np.nan, 20, 2, 14], [10.0, 12, np.nan, 50, 9, 31]), "2018-Q4")
    noise = f"{100 * (1 - (found.signal or 0)):.0f}%"
    assert noise in found.summary("vi")
    assert noise in found.summary("en")
    assert "Quý IV/2018" in found.summary("vi")
    assert "is noise" in found.summary()
    assert found.of_unit("u1", "vi").startswith("u1: báo cáo 75,0%")
    assert found.of_unit("u2") == "u2: no data"
    with pytest.raises(ValueError, match="no unit"):
        found.of_unit("u9")


def test_more_scatter_within_units_shrinks_more(make: Make) -> None:
    series = make([3.0, 19, 12, 40, 2, 14], [20.0, 24, 26, 60, 18, 31])
    plain, scattered = shrink_series(series, "2018-Q4"), shrink_series(series, "2018-Q4", dispersion=3.0)
    assert (scattered.frame["reliability"] < plain.frame["reliability"]).all()
    assert scattered.diagnostics["dispersion"] == 3.0
    with pytest.raises(ValueError, match="1 or more"):
        shrink_series(series, "2018-Q4", dispersion=0.5)


def test_residents_say_their_age(make: Make) -> None:
    found = shrink_series(make([3.0, 9, 0, 20, 2], [1e4, 2e4, 1e4, 3e4, 1e4], "rate"), "2018-Q4")
    assert found.denominators is not None
    # 15 November 2018 is 9.6 years after 1 April 2009 and 0.4 before 1 April 2019.
    assert "9,6 năm" in found.denominators.vi
    assert "0.4 years before" in found.denominators.en
    assert "1.4 years" in age_of_residents("2020-Q3").en
    assert "(2009)" in age_of_residents("2007-Q1").vi
    assert found.estimate == pytest.approx(34 / 8, rel=0.4)


def test_all_zero_says_that_nothing_is_known(make: Make) -> None:
    found = shrink_series(make([0.0] * 5, [10.0] * 5), "2018-Q4")
    assert found.signal is None
    assert "nothing is known" in found.summary()
    assert (found.frame["estimate"] == 0).all()
    assert found.frame["high"].between(0.2, 0.3).all()  # mid-P of none of ten


def test_what_cannot_be_shrunken_is_refused(make: Make) -> None:
    few = make([3.0, 9, np.nan, np.nan], [10.0, 12, np.nan, np.nan])
    with pytest.raises(ValueError, match="at least 4"):
        shrink_series(few, "2018-Q4")
    with pytest.raises(ValueError, match="without a denominator"):
        shrink_series(make([1.0] * 5, [np.nan] * 5, "count"), "2018-Q4")
    with pytest.raises(ValueError, match="no period"):
        shrink_series(few, "2019-Q1")
