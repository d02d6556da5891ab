"""Panel estimators: planted effects come back, holes are refused, and few treated units get no interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.panel import PanelProblem, synthetic_did

COLUMNS = {"outcome": "y", "unit": "ward", "period": "quarter", "first_treated": "start"}


def _panel(effect: float, *, treated: int = 20, units: int = 60, start: int = 9, periods: int = 16, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    level, time = rng.normal(10, 3, units), np.cumsum(rng.normal(0.2, 0.3, periods))
    rows = pd.MultiIndex.from_product([range(units), range(1, periods + 1)], names=["ward", "quarter"]).to_frame(index=False)
    rows["start"] = np.where(rows["ward"] < treated, start, 0)
    on = (rows["start"] > 0) & (rows["quarter"] >= rows["start"])
    rows["y"] = level[rows["ward"]] + time[rows["quarter"] - 1] + effect * on + rng.normal(0, 1, len(rows))
    return rows


@pytest.mark.parametrize("estimator", [synthetic_did])
def test_a_planted_effect_comes_back(estimator: object) -> None:
    found = estimator(_panel(2.0), **COLUMNS)  # type: ignore[operator]
    assert found.low < 2.0 < found.high
    assert abs(found.estimate - 2.0) < 3 * found.standard_error
    assert (found.treated_units, found.comparison_units, found.n) == (20, 40, 960)


def test_one_treated_unit_ranks_among_as_many_placebos_as_there_are_units() -> None:
    found = synthetic_did(_panel(6.0, treated=1, units=20), **COLUMNS, draws=400)
    assert len(found.placebos) == 19
    assert found.rank_p == pytest.approx(1 / 20)
    assert found.unit_weights["weight"].sum() == pytest.approx(1)
    assert found.period_weights["period"].max() == 8


def test_the_same_seed_gives_the_same_answer() -> None:
    one, two = (synthetic_did(_panel(1.0, treated=1, units=12), **COLUMNS, draws=30, seed=5) for _ in range(2))
    assert one.standard_error == two.standard_error
    assert one.to_frame().equals(two.to_frame())


def test_holes_are_refused_with_the_way_out() -> None:
    data = _panel(1.0)
    for broken in (data.drop(index=5), data.assign(y=data["y"].mask(data.index == 5)), pd.concat([data, data.head(1)])):
        with pytest.raises(PanelProblem, match="never fill in zeros") as caught:
            synthetic_did(broken, **COLUMNS)
        assert "không thay bằng 0" in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda d: d.assign(start=0), "both are needed"),
        (lambda d: d.assign(start=9), "both are needed"),
        (lambda d: d.assign(start=d["start"].replace(9, 1)), "nothing before"),
        (lambda d: d.assign(start=d["start"].mask((d["ward"] == 0) & (d["quarter"] > 3), 12)), "several starts"),
    ],
)
def test_panels_that_cannot_answer_are_refused(spoil: object, says: str) -> None:
    with pytest.raises(PanelProblem, match=says):
        synthetic_did(spoil(_panel(1.0)), **COLUMNS)  # type: ignore[operator]


def test_different_starts_need_the_staggered_estimator() -> None:
    data = _panel(1.0)
    data.loc[data["ward"] < 5, "start"] = 12
    for estimator in (synthetic_did,):
        with pytest.raises(PanelProblem, match="start"):
            estimator(data, **COLUMNS)
