"""What a study is made of: who is compared with whom and why not, and panels that are refused."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.matrix import NotEnough, matrix
from evaluation.effects.pilots import study
from evaluation.effects.study import REASONS, pilot_panel, study_panel
from evaluation.indicators import NotAnOutcome, indicator, indicators

QUARTERS = ["2016-Q1", "2016-Q2", "2016-Q3", "2016-Q4", "2017-Q1", "2017-Q2", "2017-Q3", "2017-Q4"]
START = "2017-Q1"


def panel(**units: float | list[float]) -> pd.DataFrame:
    """One row a unit and quarter: the same number throughout, or one a quarter; a NaN was not reported."""
    rows = [(u, q, float(np.broadcast_to(n, 8)[t])) for u, n in units.items() for t, q in enumerate(QUARTERS)]
    return pd.DataFrame(rows, columns=["unit", "period", "numerator"])


def reasons(frame: pd.DataFrame, **options: object) -> dict[str, str]:
    """Why each unit is left out; donors with an empty reason."""
    found = study_panel(frame, outcome_name="tests", treated=["pilot"], start=START, **options)  # type: ignore[arg-type]
    return dict(zip(found.dropped["unit"], found.dropped["reason"], strict=True)) | dict.fromkeys(found.donors, "")


def test_donors_are_near_in_level_report_and_lie_away_from_the_pilot() -> None:
    frame = panel(pilot=30, same=30, low=10, lower=9.9, high=90, higher=90.1, near=30)
    found = reasons(frame, exclude=["near"])
    assert found == {"pilot": "treated", "same": "", "low": "", "lower": "level", "high": "", "higher": "level", "near": "neighbour"}
    assert set(found.values()) - {""} <= set(REASONS)


def test_the_level_is_that_before_the_start() -> None:
    frame = panel(pilot=30, fell=[30] * 4 + [1] * 4, rose=[1] * 4 + [30] * 4)
    assert reasons(frame) == {"pilot": "treated", "fell": "", "rose": "level"}


def test_the_level_rule_can_be_left_out() -> None:
    assert reasons(panel(pilot=30, tiny=0, huge=900), level_factor=None) == {"pilot": "treated", "tiny": "", "huge": ""}


def test_a_quarter_of_the_reports_may_be_missing_on_each_side() -> None:
    gone = np.nan
    frame = panel(
        pilot=30, one=[gone] + [30] * 7, each=[gone, 30, 30, 30, gone, 30, 30, 30], two=[gone, gone] + [30] * 6, late=[30] * 6 + [gone] * 2
    )
    assert reasons(frame) == {"pilot": "treated", "one": "", "each": "", "two": "incomplete", "late": "incomplete"}


def test_a_missing_row_is_a_missing_report() -> None:
    frame = panel(pilot=30, whole=30, cut=30, never=30)
    cut = (frame["unit"] == "cut") & frame["period"].isin(["2016-Q1", "2016-Q2"])
    never = (frame["unit"] == "never") & (frame["period"] >= START)
    assert reasons(frame[~cut & ~never]) == {"pilot": "treated", "whole": "", "cut": "incomplete", "never": "incomplete"}


def test_without_any_donor_there_is_a_study_and_no_estimate() -> None:
    found = study_panel(panel(pilot=30, near=30), outcome_name="tests", treated=["pilot"], start=START, exclude=["near"])
    assert found.donors == ()
    with pytest.raises(NotEnough, match="no eligible comparison unit"):
        found.estimate()


def test_several_treated_units_are_compared_with_their_mean_level() -> None:
    found = study_panel(panel(a=20, b=40, low=10, lower=9, high=90), outcome_name="tests", treated=["a", "b"], start=START)
    assert found.donors == ("high", "low")
    assert found.treated_label.en == "a, b"


def test_one_treated_unit_may_be_named_as_a_text() -> None:
    assert study_panel(panel(pilot=30, same=30), outcome_name="tests", treated="pilot", start=START).treated == ("pilot",)


def test_periods_are_sorted_and_absent_rows_are_missing() -> None:
    frame = panel(pilot=[1, 2, 3, 4, 5, 6, 7, 8], same=5).sample(frac=1, random_state=2)
    frame = frame[~((frame["unit"] == "same") & (frame["period"] == "2017-Q2"))]
    units, periods, top, bottom = study_panel(frame, outcome_name="tests", treated=["pilot"], start=START).arrays()
    assert (units, periods) == (["pilot", "same"], QUARTERS)
    assert top[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert np.isnan(top[1]).tolist() == [p == "2017-Q2" for p in QUARTERS]
    assert np.isnan(bottom[1]).tolist() == [p == "2017-Q2" for p in QUARTERS]


def test_a_share_needs_both_numbers_in_a_quarter() -> None:
    frame = panel(pilot=5, same=5).assign(denominator=10.0)
    frame.loc[0, "denominator"] = np.nan
    frame.loc[1, "numerator"] = np.nan
    _, _, top, bottom = study_panel(frame, outcome_name="tests", treated=["pilot"], start=START, measure="share").arrays()
    assert np.isnan(top[0]).tolist() == np.isnan(bottom[0]).tolist() == [True, True] + [False] * 6


@pytest.mark.parametrize("kind", ["process", "context", "enforcement"])
def test_only_outcomes_are_studied_on_a_panel_of_ones_own(kind: str) -> None:
    frame = panel(pilot=30, same=30)
    with pytest.raises(NotAnOutcome, match=kind):
        study(frame, outcome="outreach", treated=["pilot"], start=START, outcome_kind=kind)
    # Nor by calling an indicator of effort an outcome.
    with pytest.raises(NotAnOutcome, match="rename the column"):
        study(frame, outcome="inspections", treated=["pilot"], start=START, outcome_kind="outcome")


@pytest.mark.parametrize("name", [i.id for i in indicators().values() if i.kind != "outcome"])
def test_the_codebooks_kind_decides_for_the_store(name: str) -> None:
    values = pd.DataFrame({"unit_code": ["26749"], "period": ["2018-Q4"], "element": ["inspections"], "value": [3.0], "form_version": [2]})
    with pytest.raises(NotAnOutcome):
        pilot_panel(values, indicator(name))


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda f: f.drop(columns="numerator"), "numerator"),
        (lambda f: f.iloc[:0], "tests"),
        (lambda f: pd.concat([f, f.iloc[[3]]]), "pilot, 2016-Q4"),
        (lambda f: f.assign(numerator=f["numerator"].where(f.index != 9, -1)), "same, 2016-Q2"),
        (lambda f: f[f["unit"] != "pilot"], "pilot"),
        (lambda f: f[f["period"] < START], "2017-Q1"),
        (lambda f: f[f["period"] >= START], "2017-Q1"),
    ],
    ids=["column", "empty", "twice", "negative", "no pilot", "no after", "no before"],
)
def test_what_is_no_panel_is_refused_in_both_languages(change: object, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        study_panel(change(panel(pilot=30, same=30)), outcome_name="tests", treated=["pilot"], start=START)  # type: ignore[operator]
    assert " / " in str(refused.value)


def test_a_share_needs_its_denominator() -> None:
    with pytest.raises(ValueError, match="lacks the columns denominator"):
        study_panel(panel(pilot=30, same=30), outcome_name="tests", treated=["pilot"], start=START, measure="share")


def test_an_own_panel_needs_its_treated_units_and_start() -> None:
    with pytest.raises(ValueError, match="treated="):
        study(panel(pilot=30), outcome="tests")


def cells(rows: list[tuple[str, str, str, float, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["unit_code", "period", "element", "value", "form_version"])


def test_quarters_on_a_form_that_counted_otherwise_are_dropped() -> None:
    rows = [("26749", p, e, 4.0, v) for p, v in (("2015-Q4", 1), ("2016-Q1", 2)) for e in ("sti_tested", "outreach_reached")]
    tested = pilot_panel(cells(rows), indicator("sti_tested"))
    share = pilot_panel(cells(rows), indicator("sti_tested_share"))
    assert tested["period"].tolist() == ["2015-Q4", "2016-Q1"]  # tests are counted alike on both forms
    assert share["period"].tolist() == ["2016-Q1"]  # people reached are not


def test_a_part_of_nobody_is_zero_and_a_part_of_the_unknown_is_missing() -> None:
    # Offices that write "not applicable" for the part of nobody, and those that write 0, mean the same.
    said = {"2017-Q1": (np.nan, 0.0), "2017-Q2": (0.0, 0.0), "2017-Q3": (np.nan, 5.0), "2017-Q4": (np.nan, np.nan)}
    rows = [("26749", p, e, n, 2) for p, pair in said.items() for e, n in zip(("sti_treated", "sti_positive"), pair, strict=True)]
    found = pilot_panel(cells(rows), indicator("sti_treated_share")).set_index("period")["numerator"]
    assert found["2017-Q1"] == found["2017-Q2"] == 0
    assert found[["2017-Q3", "2017-Q4"]].isna().all()


def test_district_rows_are_no_wards() -> None:
    found = pilot_panel(
        cells([("760", "2017-Q1", "sti_tested", 9.0, 2), ("26749", "2017-Q1", "sti_tested", 4.0, 2)]), indicator("sti_tested")
    )
    assert found["unit"].tolist() == ["26749"]


def test_figures_that_never_came_are_said_to_be_none() -> None:
    frame = pilot_panel(cells([("26749", "2015-Q4", "sti_tested", 4.0, 1)]), indicator("psych_counselling"))
    with pytest.raises(ValueError, match="psych_counselling"):
        study_panel(frame, outcome_name="psych_counselling", treated=["26749"], start=START)


def test_units_may_be_whole_numbers_and_starts_their_own() -> None:
    rows = [(8001 + u, 2003 + t, 10.0 + u % 3 + t) for u in range(400) for t in range(6)]
    panel = pd.DataFrame(rows, columns=["unit", "period", "numerator"])
    sizes = panel[["unit", "period"]].assign(size=3.0)
    starts = {8001 + u: 2005 + u % 3 for u in range(150)}
    options: dict[str, object] = {"treated": starts, "covariates": sizes, "exclude": [8390], "only": range(8200, 8401)}
    study = study_panel(panel, outcome_name="jobs", **options)  # type: ignore[arg-type]
    assert (len(study.treated), study.starts["8003"], study.start) == (150, 2007, 2005)
    assert (len(study.donors), study.donors[0]) == (200, "8200")
    made = matrix(study)
    assert made.first[:3].tolist() == [2, 3, 4]
    assert made.covariates is not None
    assert np.isfinite(made.covariates).all()
    # A gap elsewhere in the table makes whole numbers floats; they are the same units.
    floats = study_panel(panel.astype({"unit": float}), outcome_name="jobs", **options)  # type: ignore[arg-type]
    assert floats.donors == study.donors
    with pytest.raises(ValueError, match="written like 2003"):
        study_panel(panel, outcome_name="jobs", treated=[8001], start="2005")
    with pytest.raises(ValueError, match="rows without a unit"):
        study_panel(panel.assign(unit=panel["unit"].where(panel["unit"] > 8001)), outcome_name="jobs", treated=[8002], start=2005)


@pytest.mark.parametrize("number", [float("inf"), -float("inf"), 2e15])
def test_a_number_without_end_or_beyond_use_is_refused_with_its_place(number: float) -> None:
    frame = pd.DataFrame({"unit": ["a", "a", "b", "b"], "period": [1, 2, 1, 2], "numerator": [1.0, 2.0, 3.0, number]})
    with pytest.raises(ValueError, match=r"b, 2: .* / A number is infinite or above 10\^15"):
        study_panel(frame, outcome_name="y", treated=["a"], start=2, measure="value")


def test_a_treated_unit_that_reported_nothing_is_named() -> None:
    rows = [(u, t, float("nan") if u == "b" and t >= 5 else 1.0 + i + t) for i, u in enumerate("abcd") for t in range(8)]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator"])
    study = study_panel(frame, outcome_name="y", treated=["a", "b"], start=5, measure="value")
    with pytest.raises(NotEnough, match=r"b: .* / There is no figure after the start; leave it out"):
        matrix(study)


def _small(**changed: object) -> pd.DataFrame:
    rows = [(u, t, 1.0 + i + t, 9.0) for i, u in enumerate("abcd") for t in range(4)]
    return pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"]).assign(**changed)


@pytest.mark.parametrize("name", ["inspections", "Số lượt kiểm tra cơ sở", "violations", "Inspection visits", "condoms_distributed"])
def test_what_the_codebook_calls_effort_is_no_outcome_of_any_panel(name: str) -> None:
    with pytest.raises(NotAnOutcome, match="rename the column"):
        study_panel(_small(), outcome_name=name, treated=["a"], start=2, measure="value")


def test_marks_and_spaces_written_in_two_ways_are_one_unit() -> None:
    two = [unicodedata.normalize("NFD" if t % 2 else "NFC", "Phường Bến Nghé ") if u == "b" else u for u in "abcd" for t in range(4)]
    for typed in ("NFC", "NFD"):
        named = unicodedata.normalize(typed, "Phường Bến Nghé")
        found = study_panel(_small(unit=two), outcome_name="y", treated=[named], start=2, measure="value")
        assert found.treated == (unicodedata.normalize("NFC", named),)
        assert found.panel["unit"].nunique() == 4


def test_one_unit_in_two_spellings_is_refused_and_two_units_are_not() -> None:
    panel = _small()
    panel.loc[(panel["unit"] == "b") & (panel["period"] == 1), "unit"] = "B"
    with pytest.raises(ValueError, match=r"'b', 'B': .* one unit spelled in two ways"):
        study_panel(panel, outcome_name="y", treated=["a"], start=2, measure="value")
    both = _small(unit=["A" if u == "b" else u for u in _small()["unit"]])
    assert study_panel(both, outcome_name="y", treated=["a"], start=2, measure="value").treated == ("a",)


@pytest.mark.parametrize(
    "changed, options, message",
    [
        ({"denominator": 3.0}, {"measure": "share"}, r"c, 0|d, 0|a, 3|b, 2"),
        ({}, {"anticipation": -1}, "anticipation=-1"),
        ({}, {"phase_in": 0.5}, "phase_in=0.5"),
        ({}, {"treated": {}}, "Name treated="),
        ({}, {"start": 0}, "a: .* has no period before 0; choose another start"),
        ({}, {"start": 9}, "a: .* has no period from 9 on"),
    ],
)
def test_what_cannot_be_a_study_is_said_with_the_way_out(changed: dict, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        study_panel(_small(**changed), **{"outcome_name": "y", "treated": ["a"], "start": 2, "measure": "value", **options})
    assert " / " in str(refused.value)
