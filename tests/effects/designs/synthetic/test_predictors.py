"""Predictors as typed, their windows, and units that lack them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.designs.synthetic.pool import pooled
from evaluation.effects.designs.synthetic.predictors import Predictor, Table, moved_back, predictor, predictors_of, table
from evaluation.effects.matrix import Matrix, NotEnough, matrix
from evaluation.effects.study import study_panel

YEARS = range(2000, 2012)


def panel(covariates: np.ndarray | None = None, names: tuple[str, ...] = ("income",)) -> Matrix:
    """Five units, 2000 to 2011, the first treated from 2008; outcome 10 times the unit plus the year."""
    rows = [(f"u{i}", y, 10.0 * i + y) for i in range(5) for y in YEARS]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator"])
    extra = None
    if covariates is not None:
        values = {n: covariates[k].ravel() for k, n in enumerate(names)}
        extra = frame[["unit", "period"]].assign(**values)
    study = study_panel(frame, outcome_name="sales", treated=["u0"], start=2008, measure="value", covariates=extra)
    return matrix(study)


def tabled(m: Matrix, *texts: str) -> Table:
    return table(m, pooled(m), 0, np.asarray(m.before[0]), predictors_of(texts), "sales")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("lnincome", Predictor("lnincome")),
        (" cigsale@1975 ", Predictor("cigsale", "1975", "1975")),
        ("retprice@1980:1988", Predictor("retprice", "1980", "1988")),
        ("tests@2016-Q1:2016-Q4", Predictor("tests", "2016-Q1", "2016-Q4")),
        ("mail@home@1975", Predictor("mail@home", "1975", "1975")),
    ],
)
def test_a_predictor_is_read_as_typed(text: str, read: Predictor) -> None:
    assert predictor(text) == read
    assert predictor(str(read)) == read


@pytest.mark.parametrize("text", ["", "@1975", "a@", "a@1980:", "a@1988:1980", "a@:1980"])
def test_what_is_no_predictor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"cigsale@1975"):
        predictor(text)


def test_several_predictors_stand_in_one_text() -> None:
    assert predictors_of("a, b@1 ,") == (Predictor("a"), Predictor("b", "1", "1"))
    assert predictors_of([Predictor("x"), "a,b"]) == (Predictor("x"), Predictor("a"), Predictor("b"))
    assert predictors_of(()) == ()


def test_means_over_windows_before_the_start_in_standard_deviations() -> None:
    found = tabled(panel(), "sales@2001:2003", "sales@2007:2011", "outcome")
    assert found.raw[:, 0].tolist() == pytest.approx([2002, 2007, 2003.5])  # what lies after the start is left out
    assert found.raw[0, 1:].tolist() == pytest.approx([2012, 2022, 2032, 2042])
    spread = np.std([0, 10, 20, 30, 40], ddof=1)
    assert found.own[0] == pytest.approx(2002 / spread)
    assert (found.others[0] - found.own[0]).tolist() == pytest.approx(np.array([10, 20, 30, 40]) / spread)


def test_means_are_over_what_is_known_and_donors_without_any_are_left_out() -> None:
    income = np.arange(60.0).reshape(1, 5, 12)
    income[0, 0, 1:8] = np.nan
    income[0, 2] = np.nan
    found = tabled(panel(income), "income@2000:2005")
    assert found.raw[0].tolist() == pytest.approx([0.0, 14.5, 38.5, 50.5])
    assert found.donors.tolist() == [1, 3, 4]


def test_a_treated_unit_without_a_predictor_is_told() -> None:
    income = np.arange(60.0).reshape(1, 5, 12)
    income[0, 0, :8] = np.nan
    with pytest.raises(NotEnough, match=r"u0.*income"):
        tabled(panel(income), "income")


def test_predictors_that_tell_nothing_are_left_out_and_said() -> None:
    income = np.stack([np.full((5, 12), 3.0), np.arange(60.0).reshape(5, 12)])
    m = panel(income, ("flat", "income"))
    found = tabled(m, "flat", "income", "sales@2010")
    assert found.names == ("income",)
    assert set(found.left_out) == {"flat", "sales@2010"}
    with pytest.raises(NotEnough, match="No predictor is left"):
        tabled(m, "flat")


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"'incme'.*income\?"):
        tabled(panel(np.ones((1, 5, 12))), "incme@2001")


def test_a_period_that_the_panel_does_not_write_so_is_told() -> None:
    with pytest.raises(ValueError, match="written like 2000"):
        tabled(panel(), "sales@2001-Q1")


def test_windows_move_back_by_half_for_training() -> None:
    m = panel()
    moved = moved_back(predictors_of("sales@2004:2007,sales@2007,sales@2010"), m, np.asarray(m.before[0]))
    assert [(p.first, p.last) for p in moved] == [(2000, 2003), (2003, 2003)]
