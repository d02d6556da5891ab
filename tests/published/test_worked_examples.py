"""Worked examples of textbooks and packages whose few numbers stand in the test itself.

Newcombe 1998 (Statistics in Medicine 17:857, table I; 17:873, table II): as R packages coin and ratesci repeat them in their
tests (github.com/cran/coin, github.com/petelaud/ratesci). Montgomery, Introduction to Statistical Quality Control: data as in
data/ of github.com/luca-scr/qcc, limits as printed; exercise 6-1 with the solutions' figures. Charts of qcc: counts of signals
in tests/testthat/test-qcc.R. Proposition 99 by ordinary least squares: as R's `lm` prints it for Linden's example.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from evaluation import published
from evaluation.monitoring.charts import control_chart
from evaluation.monitoring.charts.rules import hugging, shift
from evaluation.monitoring.over_time.regression import fit
from evaluation.monitoring.rates.intervals import clopper_pearson, difference_newcombe, wilson
from evaluation.monitoring.rates.midp import proportion_midp

COMPUTERS = [10, 12, 8, 14, 10, 16, 11, 7, 10, 15, 9, 5, 7, 11, 12, 6, 8, 10, 7, 5]
CLOTH = [14, 12, 20, 11, 7, 10, 21, 16, 19, 23]
ROLLS = [10, 8, 13, 10, 9.5, 10, 12, 10.5, 12, 12.5]
ASSEMBLIES = [7, 4, 1, 3, 6, 8, 10, 5, 2, 7, 6, 15, 0, 9, 5, 1, 4, 5, 7, 12]
VISCOSITY = [
    *(34.05, 34.40, 33.59, 35.96, 34.70, 33.51, 33.79, 34.04, 34.52, 33.75),
    *(33.27, 33.71, 34.03, 34.58, 34.02, 33.97, 34.05, 34.04, 33.73, 34.05),
]


@pytest.mark.parametrize(
    ("k", "n", "score", "exact", "midp"),
    [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676), (0.2544, 0.3658)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617), (0.0601, 0.1581)),
        (0, 20, (0.0, 0.1611), (0.0, 0.1684), (0.0, 0.1391)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776), (0.0017, 0.1585)),
    ],
)
def test_single_proportions_of_newcombe_1998(
    k: int, n: int, score: tuple[float, float], exact: tuple[float, float], midp: tuple[float, float]
) -> None:
    assert wilson(k, n) == pytest.approx(score, abs=5e-5)
    assert clopper_pearson(k, n) == pytest.approx(exact, abs=5e-5)
    assert proportion_midp(k, n) == pytest.approx(midp, abs=5e-5)


@pytest.mark.parametrize(
    ("counts", "limits"),
    [
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((0, 10, 0, 10), (-0.2775, 0.2775)),
    ],
)
def test_the_other_differences_of_newcombe_1998(counts: tuple[int, int, int, int], limits: tuple[float, float]) -> None:
    assert difference_newcombe(*counts) == pytest.approx(limits, abs=5e-5)


def test_u_chart_of_personal_computers_montgomery() -> None:
    chart = control_chart(COMPUTERS, np.full(20, 5.0), "u", rules="limits")
    assert chart.estimate == pytest.approx(1.93)
    assert (round(chart.frame["low"][0], 2), round(chart.frame["high"][0], 2)) == (0.07, 3.79)
    assert chart.fired["outside"] == ()


def test_u_chart_of_dyed_cloth_montgomery() -> None:
    """Limits by roll; the book rounds the centre to 1.42 first, which moves them by up to one in the second decimal."""
    chart = control_chart(CLOTH, ROLLS, "u", rules="limits")
    assert chart.estimate == pytest.approx(1.42, abs=0.005)
    assert (chart.frame["low"][0], chart.frame["high"][0]) == pytest.approx((0.29, 2.55), abs=0.011)
    assert chart.fired["outside"] == ()


def test_p_chart_of_assemblies_montgomery_exercise_6_1() -> None:
    chart = control_chart(ASSEMBLIES, np.full(20, 100.0), "p", rules="limits")
    assert (chart.estimate, round(chart.frame["high"][0], 4), chart.frame["low"][0]) == (pytest.approx(0.0585), 0.1289, 0.0)
    assert chart.fired["outside"] == ("12",)
    others = [k for i, k in enumerate(ASSEMBLIES) if i != 11]
    again = control_chart(others, np.full(19, 100.0), "p", rules="limits")
    assert (again.estimate, again.frame["high"][0]) == (pytest.approx(0.0537, abs=5e-5), pytest.approx(0.1213, abs=1e-4))


def test_individual_values_of_viscosity_have_one_signal_as_in_qcc() -> None:
    assert control_chart(VISCOSITY, kind="xmr", rules="limits", screen=False).fired["outside"] == ("4",)


def test_rules_complete_where_those_of_qcc_do() -> None:
    near = np.array([[0.3] * 16 + [1.2]])
    assert np.flatnonzero(hugging(15)(near, near).completes[0]).tolist() == [14, 15]
    above = np.array([[0.5] * 8 + [-0.5]])
    assert np.flatnonzero(shift(8)(above, above).completes[0]).tolist() == [7]


@pytest.mark.published
def test_circuit_boards_after_the_trial_have_one_signal_as_in_qcc(require: Callable[[str], None]) -> None:
    require("circuit")
    boards = published.load("circuit")
    trial = boards.query("trial").drop(index=[5, 19])
    rest = boards.query("not trial")
    counts, size = (np.concatenate([trial[c], rest[c]]).astype(float) for c in ("x", "size"))
    chart = control_chart(counts, size, "u", rules="western_electric", baseline=len(trial))
    assert {name: len(points) for name, points in chart.fired.items() if points} == {"shift": 8}  # one run, which the 28th point completes


@pytest.mark.published
def test_california_by_ordinary_least_squares_as_r_prints_it(require: Callable[[str], None]) -> None:
    require("prop99")
    state = published.load("prop99").query("State == 'California'").sort_values("Year")
    year = state["Year"].to_numpy(float)
    after = (year >= 1989).astype(float)
    design = np.column_stack([np.ones(len(year)), year - 1970, after, after * (year - 1989)])
    found = fit(state["PacksPerCapita"].to_numpy(float)[None], design, family="gaussian")
    assert found.parameters[0] == pytest.approx([132.2258, -1.7795, -20.0581, -1.4947], abs=5e-5)
    assert [float(found.error(i)[0]) for i in range(4)] == pytest.approx([2.2866, 0.2170, 3.7471, 0.4846], abs=5e-5)
