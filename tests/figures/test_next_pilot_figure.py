"""The picture of the next pilot's power: lines, what it says without being seen, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.calibration.sizes import PERIODS, null_generator
from evaluation.effects.next_pilot.candidates import question
from evaluation.effects.next_pilot.planned import NextPilot, next_pilot
from evaluation.figures import style
from evaluation.figures.next_pilot import next_pilot as next_pilot_drawn


@pytest.fixture(scope="module")
def plan() -> NextPilot:
    top = null_generator().draw(np.random.default_rng(1)).top[0]
    frame = pd.DataFrame(
        {"unit": np.repeat([f"u{i:02d}" for i in range(60)], 16), "period": np.tile(PERIODS, 60), "numerator": top.ravel()}
    )
    return next_pilot([question(frame, name="tested")], k=6, quarters=(4,), draws=20, count=50, synthetic=True)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_plan_is_the_strongest_line_and_the_finding_is_told(plan: NextPilot, language: str) -> None:
    ax = next_pilot_drawn(plan, language=language)
    drawn = [line for line in ax.get_lines() if len(line.get_xdata()) > 2]
    strongest = max(drawn, key=lambda line: float(line.get_linewidth()))
    rows = plan.power.query("k == 6 and quarters == 4").sort_values("effect")
    np.testing.assert_allclose(np.asarray(strongest.get_ydata(), dtype=float), rows["power"])
    assert len({line.get_marker() for line in drawn}) == len(drawn)  # told apart without colour
    told = style.alt(ax)
    assert plan.summary(language).rstrip(".")[1:] in told
    assert "SYNTHETIC" in told
    assert not any(u in told for u in plan.candidates.units)
    style.close(style.root(ax))


@pytest.mark.slow
def test_an_outcome_that_is_not_in_the_plan_is_refused(plan: NextPilot) -> None:
    with pytest.raises(ValueError, match="tested"):
        next_pilot_drawn(plan, outcome="nonsuch")
