"""Describing a study: what may be an outcome, who may be a donor and why not, which tables are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.study import REASONS, pilot_panel, study_panel
from evaluation.indicators import NotAnOutcome, indicator, indicators

PERIODS = [f"{y}-Q{q}" for y in (2016, 2017) for q in (1, 2, 3, 4)]
START = "2017-Q1"


def _panel(**levels: float) -> pd.DataFrame:
    return pd.DataFrame([{"unit": u, "period": p, "numerator": v} for u, v in levels.items() for p in PERIODS])


def _study(panel: pd.DataFrame, **options: object):  # type: ignore[no-untyped-def]
    return study_panel(panel, **{"outcome_name": "tests", "treated": ["a"], "start": START, **options})  # type: ignore[arg-type]


def _why(study: object) -> dict[str, str]:
    return dict(study.dropped[["unit", "reason"]].to_numpy().tolist())  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["process", "context"])
def test_effort_and_context_are_never_an_outcome(kind: str) -> None:
    with pytest.raises(NotAnOutcome, match="never the outcome"):
        _study(_panel(a=5, b=5), outcome_kind=kind)
    for name in (i.id for i in indicators().values() if i.kind == kind):
        with pytest.raises(NotAnOutcome, match=name):
            pilot_panel(pd.DataFrame(), indicator(name))


def test_donors_are_within_threefold_and_not_near() -> None:
    found = _study(_panel(a=9, b=27, c=27.1, d=3, e=2.9, f=9), exclude=["f"])
    assert found.donors == ("b", "d")
    assert _why(found) == {"a": "treated", "c": "level", "e": "level", "f": "neighbour"}
    assert set(found.dropped["reason"]) <= set(REASONS)
    assert _study(_panel(a=9, b=900), level_factor=None).donors == ("b",)


def test_the_level_is_that_before_the_start() -> None:
    panel = _panel(a=10, b=10)
    panel.loc[(panel["unit"] == "b") & (panel["period"] >= START), "numerator"] = 1000
    assert _study(panel).donors == ("b",)


@pytest.mark.parametrize("absent", ["row", "number"])
@pytest.mark.parametrize(("periods", "donor"), [(PERIODS[:1], True), (PERIODS[:2], False), (PERIODS[6:], False), (PERIODS[3:5], True)])
def test_a_donor_reported_three_quarters_of_the_quarters_on_both_sides(absent: str, periods: list[str], donor: bool) -> None:
    panel = _panel(a=10, b=10)
    gone = (panel["unit"] == "b") & panel["period"].isin(periods)
    panel = panel[~gone] if absent == "row" else panel.assign(numerator=panel["numerator"].mask(gone))
    found = _study(panel)
    assert found.donors == (("b",) if donor else ())
    if not donor:
        assert _why(found)["b"] == "incomplete"


def test_arrays_are_missing_where_either_number_is() -> None:
    panel = _panel(a=5, b=4).assign(denominator=10.0)
    panel.loc[0, "denominator"] = np.nan
    panel.loc[9, "numerator"] = np.nan
    units, periods, top, bottom = _study(panel.sample(frac=1, random_state=1), share=True).arrays()
    assert (units, periods) == (["a", "b"], PERIODS)
    assert np.isnan([top[0, 0], bottom[0, 0], top[1, 1], bottom[1, 1]]).all()
    assert np.isfinite(top).sum() == np.isfinite(bottom).sum() == 14


def test_one_treated_unit_may_be_given_by_its_name() -> None:
    found = _study(_panel(ab=5, a=5, b=5), treated="ab")
    assert found.treated == ("ab",)
    assert found.donors == ("a", "b")


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({}, {"treated": ["z"]}, "not in the panel"),
        ({}, {"start": "2016-Q1"}, "no period before or after"),
        ({}, {"start": "2018-Q1"}, "no period before or after"),
        ({"numerator": -1.0}, {}, "cannot be negative"),
        ({"period": "2016-Q1"}, {}, "two rows"),
        ({}, {"share": True}, "lacks the columns denominator"),
    ],
)
def test_what_is_no_panel_is_refused_in_both_languages(change: dict[str, object], options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        _study(_panel(a=5, b=5).assign(**change), **options)
    assert " / " in str(refused.value)


def test_a_panel_without_any_row_is_refused() -> None:
    with pytest.raises(ValueError, match="no figures|not in the panel"):
        _study(_panel(a=5).iloc[:0])
