"""Boundaries of repeated looks, error of plain ones, and adjusted p-values: numbers of others, no data needed."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.monitoring.looks.alpha_spending import crossing, spending
from evaluation.monitoring.looks.multiple_testing import benjamini_hochberg, holm

# Benjamini and Hochberg 1995, section 4: fifteen comparisons of Neuhaus et al. 1992 on thrombolysis.
THROMBOLYSIS = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1.0]


@pytest.mark.parametrize(
    ("options", "published"),
    [
        ({"kind": "obrien_fleming"}, [4.332634, 2.963131, 2.359044, 2.014090]),
        ({"kind": "pocock"}, [2.368328, 2.367524, 2.358168, 2.350036]),
    ],
)
def test_boundaries_of_four_looks_are_those_of_gsdesign(options: dict[str, str], published: list[float]) -> None:
    """Lan and DeMets's spending functions at one-sided 0.025, as the R package gsDesign prints them (sfLDOF, sfLDPocock)."""
    np.testing.assert_allclose(spending(4, alpha=0.025, sides=1, **options).boundary, published, atol=1e-6)  # type: ignore[arg-type]


def test_boundaries_of_five_two_sided_looks_are_those_of_lan_and_demets_program() -> None:
    """4.877, 3.357, 2.680, 2.290, 2.031: O'Brien-Fleming type at two-sided 0.05, as in trial sequential analysis (R package RTSA)."""
    np.testing.assert_allclose(spending(5).boundary, [4.877, 3.357, 2.680, 2.290, 2.031], atol=6e-4)


def test_boundaries_and_spending_of_four_one_sided_looks_are_those_of_seqbounds() -> None:
    """The README of SeqBounds.jl, one-sided 0.05; its numbers come from a coarse grid and agree to 4 parts in 100,000."""
    found = spending(4, alpha=0.05, sides=1)
    np.testing.assert_allclose(found.boundary, [3.74955, 2.53993, 2.01604, 1.72014], atol=6e-5)
    np.testing.assert_allclose(found.spent, [8.85754e-5, 0.0055746, 0.0236251, 0.05], rtol=1e-5)


@pytest.mark.parametrize(("looks", "percent"), [(1, 5), (2, 8), (5, 14), (20, 25)])
def test_error_of_repeated_looks_at_5_percent_is_that_of_armitage_mcpherson_and_rowe_1969(looks: int, percent: int) -> None:
    """Table 1 of Wetterslev et al. 2017 (BMC Medical Research Methodology 17:39), after Armitage et al.: in whole per cent."""
    assert round(100 * crossing([1.959964] * looks)[-1]) == percent


def test_the_example_of_benjamini_and_hochberg_1995_keeps_four_of_fifteen_and_the_family_wise_way_three() -> None:
    assert (benjamini_hochberg(THROMBOLYSIS) <= 0.05).sum() == 4
    assert (holm(THROMBOLYSIS) <= 0.05).sum() == 3
