"""California's Proposition 99: Arkhangelsky et al. 2021 (AER 111:4088), table 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from evaluation import published
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.panel import SyntheticDifference, synthetic_did
from evaluation.effects.study import study_panel

COLUMNS = {"outcome": "PacksPerCapita", "unit": "State", "period": "Year", "first_treated": "start"}

pytestmark = pytest.mark.published


@pytest.fixture
def estimate(require: Callable[[str], None]) -> SyntheticDifference:
    require("prop99")
    data = published.load("prop99").assign(start=lambda d: np.where(d["State"] == "California", 1989, 0))
    return synthetic_did(data, **COLUMNS)


def test_estimate_as_published(estimate: SyntheticDifference) -> None:
    assert round(estimate.estimate, 1) == -15.6
    # The published standard error is 8.4, from placebo draws of another seed.
    assert estimate.standard_error == pytest.approx(8.4, abs=1.0)


def test_weights_make_the_estimate(estimate: SyntheticDifference) -> None:
    path = estimate.trajectory.assign(gap=lambda d: d["treated"] - d["synthetic"]).set_index("period")["gap"]
    weights = estimate.period_weights.set_index("period")["weight"]
    by_hand = path.loc[1989:].mean() - (path.loc[:1988] * weights).sum()
    assert by_hand == pytest.approx(estimate.estimate, abs=1e-6)


def test_one_state_of_38_moves_further(estimate: SyntheticDifference) -> None:
    assert len(estimate.placebos) == 38
    assert estimate.rank_p == pytest.approx(2 / 39)


def test_plain_difference_in_differences_is_much_larger(require: Callable[[str], None]) -> None:
    require("prop99")
    data = published.load("prop99").rename(columns={"State": "unit", "Year": "period", "PacksPerCapita": "numerator"})
    study = study_panel(data, outcome_name="packs", measure="value", treated=["California"], start=1989)
    # Published beside it (same table): -27.3 for difference-in-differences over all years before.
    assert round(estimate_effect(study, "did").estimate, 1) == -27.3
