"""The course, the gaps among placebos and the weights of an effect, on paper."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from evaluation.effects.design import Fit
from evaluation.effects.designs import design
from evaluation.effects.effect import Effect
from evaluation.effects.estimate import effect_from, estimate_effect
from evaluation.effects.judgement import Judgement
from evaluation.effects.matrix import matrix
from evaluation.effects.study import Study, study_panel
from evaluation.figures import effect as figures
from evaluation.figures import style
from evaluation.language import Words

QUARTERS = [f"{year}-Q{q}" for year in (2015, 2016, 2017, 2018) for q in (1, 2, 3, 4)]


def made(measure: str = "count", **options: object) -> Study:
    rng = np.random.default_rng(4)
    top = rng.poisson(30, (12, 16)).astype(float)
    top[0, 8:] = rng.poisson(52, 8)
    rows = [(f"Phường {i}", p, top[i, t], 100.0) for i, (t, p) in product(range(12), enumerate(QUARTERS))]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"])
    return study_panel(frame, outcome_name="tests", treated="Phường 0", start="2017-Q1", measure=measure, synthetic=True, **options)  # type: ignore[arg-type]


def weighted() -> Effect:
    """An effect whose donors have unlike weights and whose periods have intervals."""
    study = made("value", anticipation=1, phase_in=1)
    panel = matrix(study)
    gap = np.linspace(-2, 20, 16)
    fit = Fit(gap, panel.y[0], panel.y[0] - gap, 12.0, np.r_[0.0, np.linspace(0, 0.2, 11)])
    judged = Judgement(0.09, -1.0, 25.0, 1 / 12, Words("theo thử nghiệm", "by trial"), by_period=np.c_[gap - 6, gap + 6])
    return effect_from(study, panel, design("did"), fit, judged, "trial", 0.95)


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["count", "share", "value"])
@pytest.mark.parametrize("draw", [figures.course, figures.gaps])
def test_course_and_gaps_print(measure: str, draw: Callable[..., Axes], printed: Callable[[Callable[[str], Axes]], None]) -> None:
    found = estimate_effect(made(measure, anticipation=1, phase_in=1))
    printed(lambda language: draw(found, language=language))


@pytest.mark.slow
def test_weights_and_intervals_print(printed: Callable[[Callable[[str], Axes]], None]) -> None:
    found = weighted()
    printed(lambda language: figures.weights(found, language=language))
    printed(lambda language: figures.gaps(found, language=language))


def test_equal_weights_are_not_drawn() -> None:
    with pytest.raises(ValueError, match="alike"):
        figures.weights(estimate_effect(made()))


def test_placebos_are_drawn_and_none_is_named() -> None:
    found = estimate_effect(made())
    ax = figures.gaps(found, language="en")
    assert len(ax.lines) >= 12
    said = style.alt(ax) + " ".join(t.get_text() for t in ax.get_legend().get_texts())
    assert "11 comparison units" in said
    assert not [name for name in (f"Phường {i}" for i in range(1, 12)) if f"{name} " in said]


def test_names_of_donors_are_those_given_and_the_weights_stand_in_the_alternative() -> None:
    ax = figures.weights(weighted(), language="en", names={"Phường 9": "Nine"})
    assert "Nine" in [t.get_text() for t in ax.get_yticklabels()]
    assert "0.200" in style.alt(ax)
