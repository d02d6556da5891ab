"""Power of pre-trend tests and intervals under violations of parallel trends, against the authors' R packages."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.effects.checks.event_course import EventCourse
from evaluation.effects.checks.pre_trends import power_of, slope_for_power
from evaluation.effects.checks.relative_magnitudes import relative_interval
from evaluation.effects.checks.smoothness import smooth_interval

pytestmark = pytest.mark.published

# R package pretrends 0.1.0 run by the authors of diff-diff (repository igerber/diff-diff, benchmarks/data/r_pretrends_golden.json);
# R takes 1.96 for the normal quantile and draws its multivariate normal probabilities, which leaves differences up to 5e-5.
EQUAL = 0.028 * np.eye(4) + 0.012
PRETRENDS = [
    ([-3, -2, -1], 0.110854907513430, 0.168538720656777),
    ([-5, -3, -1], 0.0685248863600757, 0.103615302925996),
    ([-5, -4, -3, -2], 0.0580280273451627, 0.0917980203438368),
]

# Event study of Medicaid expansions on insurance (data of Mixtape-Sessions/Advanced-DID, ehec_data.csv): states first treated in
# 2014 against the others, 2008 to 2015, two-way fixed effects with errors clustered by state, as in the README of HonestDiD.
BETA = [-0.00528534, -0.0112973, -0.00267598, -0.00141931, 0.000339677, 0.0464469, 0.0692062]
SIGMA = [
    [7.48848e-05, 6.03988e-05, 4.44462e-05, 3.38577e-05, 4.32801e-05, 4.76588e-05, 2.42513e-05],
    [6.03988e-05, 7.2665e-05, 3.78933e-05, 2.86658e-05, 4.54332e-05, 4.42885e-05, 2.82466e-05],
    [4.44462e-05, 3.78933e-05, 5.05205e-05, 2.67368e-05, 2.77819e-05, 3.06065e-05, 9.63755e-06],
    [3.38577e-05, 2.86658e-05, 2.67368e-05, 4.00322e-05, 2.41286e-05, 2.38087e-05, 2.9239e-06],
    [4.32801e-05, 4.54332e-05, 2.77819e-05, 2.41286e-05, 5.46267e-05, 3.68254e-05, 9.72298e-06],
    [4.76588e-05, 4.42885e-05, 3.06065e-05, 2.38087e-05, 3.68254e-05, 8.37567e-05, 6.3214e-05],
    [2.42513e-05, 2.82466e-05, 9.63755e-06, 2.9239e-06, 9.72298e-06, 6.3214e-05, 0.000107124],
]
# The intervals printed in the README of R package HonestDiD (asheshrambachan/HonestDiD) for the effect in 2014.
RELATIVE = [(0.5, 0.0240, 0.0672), (1.0, 0.0170, 0.0720), (1.5, 0.00824, 0.0797), (2.0, -0.000916, 0.0881)]
SMOOTH = [
    (0.00, 0.0259, 0.0607),
    (0.01, 0.0132, 0.0787),
    (0.02, 0.00286, 0.0907),
    (0.03, -0.00714, 0.101),
    (0.04, -0.0171, 0.111),
    (0.05, -0.0271, 0.121),
]
# Half lengths of optimal fixed-length intervals, R package HonestDiD 0.2.6 with the folded normal quantile in closed form
# (igerber/diff-diff, benchmarks/data/honest_flci_golden.json): variance 0.01, correlation rho, coefficients 1, 0, 1, 1.2.
FIXED_LENGTH = [
    (0.0, 0.00, 0.202875546401568),
    (0.0, 0.05, 0.250459332503154),
    (0.0, 0.10, 0.313458657958823),
    (0.0, 0.20, 0.431217243166294),
    (0.0, 0.50, 0.732617430726547),
    (0.5, 0.00, 0.195119452680227),
    (0.5, 0.05, 0.271013845132539),
    (0.5, 0.10, 0.351476184950717),
    (0.5, 0.20, 0.484211636465734),
    (0.5, 0.50, 0.784897005287011),
]


def medicaid() -> EventCourse:
    times = np.array([-6, -5, -4, -3, -2, 0, 1])
    return EventCourse(times, -1, np.array(BETA), np.array(SIGMA), np.zeros((0, 7)))


@pytest.mark.parametrize(("since", "half", "most"), PRETRENDS)
def test_slopes_for_50_and_80_percent_power_are_those_of_the_r_package_pretrends(since: list[int], half: float, most: float) -> None:
    sigma = EQUAL[: len(since), : len(since)]
    assert slope_for_power(0.5, np.array(since, float), sigma) == pytest.approx(half, abs=5e-5)
    assert slope_for_power(0.8, np.array(since, float), sigma) == pytest.approx(most, abs=5e-5)


def test_a_single_coefficient_and_the_false_alarms_are_those_of_the_r_package_pretrends() -> None:
    one = np.array([-1.0])
    assert slope_for_power(0.5, one, np.array([[0.25]])) == pytest.approx(0.979923226532149, abs=5e-5)
    assert slope_for_power(0.8, one, np.array([[0.25]])) == pytest.approx(1.40081048235691, abs=5e-5)
    assert power_of(0.0, np.array([-3.0, -2.0, -1.0]), EQUAL[:3, :3])[0] == pytest.approx(0.136261192117481, abs=5e-5)
    assert power_of(0.2, np.array([-3.0, -2.0, -1.0]), EQUAL[:3, :3])[0] == pytest.approx(0.905586670498965, abs=5e-5)


@pytest.mark.parametrize(("m", "low", "high"), RELATIVE)
def test_medicaid_relative_magnitudes_are_those_of_honestdid(m: float, low: float, high: float) -> None:
    """To one step of R's own grid of 1,000 points (0.00037) and the chance of its simulated critical values."""
    found = relative_interval(medicaid(), m, np.array([1.0, 0.0]))
    assert found == pytest.approx((low, high), abs=6e-4)


@pytest.mark.parametrize(("m", "low", "high"), SMOOTH)
def test_medicaid_smoothness_is_that_of_honestdid(m: float, low: float, high: float) -> None:
    found = smooth_interval(medicaid(), m, np.array([1.0, 0.0]))
    assert found == pytest.approx((low, high), abs=3e-4)


@pytest.mark.parametrize(("rho", "m", "half"), FIXED_LENGTH)
def test_lengths_of_smooth_intervals_are_those_of_honestdid(rho: float, m: float, half: float) -> None:
    sigma = 0.01 * rho ** np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    course = EventCourse(np.array([-4, -3, -2, 0]), -1, np.array([1.0, 0.0, 1.0, 1.2]), sigma, np.zeros((0, 4)))
    low, high = smooth_interval(course, m)
    assert (high - low) / 2 == pytest.approx(half, abs=1e-6)
