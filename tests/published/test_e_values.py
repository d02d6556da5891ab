"""E-values as printed: VanderWeele and Ding 2017 (Annals of Internal Medicine 167:268), and the vignette of the R package EValue."""

import pytest

from evaluation.effects.synthesis.e_value import e_value


def test_vanderweele_ding_2017_breast_feeding() -> None:
    # Risk ratio 3.9 (1.8 to 8.7): printed 7.26, and 3.0 for the limit.
    found = e_value(3.9, 1.8, 8.7)
    assert round(found.estimate or 0, 2) == 7.26
    assert found.limit == pytest.approx(3.0, abs=0.005)


def test_evalue_vignette_smoking_and_lung_cancer() -> None:
    # Risk ratio 10.73 (8.02 to 14.36): printed 20.94777 and 15.52336.
    found = e_value(10.73, 8.02, 14.36)
    assert (found.estimate, found.limit) == pytest.approx((20.94777, 15.52336), abs=5e-6)
