"""The pictures of checks: event study, violations, influence, rings and specification curve, on paper."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from evaluation.effects.checks.basis import basis
from evaluation.effects.checks.event_course import event_course
from evaluation.effects.checks.influence import influence
from evaluation.effects.checks.pre_trends import pre_trends
from evaluation.effects.checks.specifications import specifications
from evaluation.effects.checks.spill_over import spill_over
from evaluation.effects.checks.violations import violations
from evaluation.effects.study import Study, study_panel
from evaluation.figures import drawers, style
from evaluation.figures import violations as drawn_violations
from evaluation.places import wards

QUARTERS = [f"{year}-Q{q}" for year in (2015, 2016, 2017, 2018) for q in (1, 2, 3, 4)]
PILOT = "26749"
assert drawers  # draws every result by its type


def made(measure: str = "count", units: int = 60, ratio: float = 1.8) -> Study:
    """A study on real wards with made-up figures."""
    rng = np.random.default_rng(4)
    chosen = [PILOT, *[w for w in wards() if w != PILOT][: units - 1]]
    bottom = rng.poisson(120, (units, 16)).astype(float)
    top = rng.binomial(bottom.astype(int), 0.3).astype(float)
    top[0, 8:] = rng.binomial(bottom[0, 8:].astype(int), min(0.3 * ratio, 0.9))
    top[3, 4] = np.nan
    rows = [(u, p, top[i, t], bottom[i, t]) for (i, u), (t, p) in product(enumerate(chosen), enumerate(QUARTERS))]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"])
    return study_panel(frame, outcome_name="tests", treated=[PILOT], start="2017-Q1", measure=measure, synthetic=True)


def results(measure: str) -> dict[str, Any]:
    study = made(measure, units=322)
    of = basis(study)
    course = event_course(of.design, of.panel, of.fit, list(of.placebos))
    return {
        "pre_trends": pre_trends(course, **of.shared()),
        "violations": violations(course, **of.shared()),
        "influence": influence(of),
        "neighbours": spill_over(of),
        "specifications": specifications(study, placebos=40),
    }


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["count", "share"])
def test_pictures_of_checks_print(measure: str, printed: Callable[[Callable[[str], Axes]], None]) -> None:
    for result in results(measure).values():
        printed(lambda language, result=result: result.plot(language=language))  # type: ignore[misc]


@pytest.mark.slow
def test_smooth_violations_print_and_the_specification_curve_shows_them_all(printed: Callable[[Callable[[str], Axes]], None]) -> None:
    found = results("count")
    printed(lambda language: drawn_violations.violations(found["violations"], restriction="smooth", language=language))
    assert len(found["specifications"].frame) >= 500
    ax = found["specifications"].plot(language="en")
    curve = ax.child_axes[0]
    assert sum(len(line.get_xdata()) for line in curve.lines if line.get_marker() == "o") == len(found["specifications"].frame)


@pytest.mark.slow
def test_no_donor_is_named_and_an_unknown_restriction_is_refused() -> None:
    of = basis(made())
    ax = influence(of).plot(language="en")
    words = style.alt(ax) + " ".join(t.get_text() for t in style.root(ax).findobj() if hasattr(t, "get_text"))
    assert not [w.name.en for w in wards().values() if w.name.en in words and w.code != PILOT]
    course = event_course(of.design, of.panel, of.fit, list(of.placebos))
    with pytest.raises(ValueError, match="relative, smooth"):
        drawn_violations.violations(violations(course, **of.shared()), restriction="none")
