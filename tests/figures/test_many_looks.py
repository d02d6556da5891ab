"""Many p-values in one picture: what remains is marked, the finding is the title, nobody is named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes

from evaluation.figures import style
from evaluation.figures.many_looks import many_looks as draw
from evaluation.monitoring.looks.many_looks import ManyLooks, many_looks


def _result(question: str) -> ManyLooks:
    p = np.random.default_rng(1).random((20, 24))
    p[:2, :4] = 1e-5
    p[3, 3] = np.nan
    if question == "every_quarter":
        return many_looks(p[:, :3] ** 2, question=question, planned=4)
    return many_looks(p, question=question)


@pytest.mark.slow
@pytest.mark.parametrize("question", ["any", "which", "every_quarter"])
def test_the_finding_is_told_and_what_remains_is_marked(question: str) -> None:
    result = _result(question)
    ax = draw(result, language="en", synthetic=True)
    assert style.alt(ax).startswith(result.summary("en"))
    assert ax.get_title(loc="left").replace("\n", " ") == result.summary("en")
    marked = sum(len(line.get_xdata()) for line in ax.lines if line.get_marker() == "D")
    assert marked == (int(result.remains.sum()) if question != "every_quarter" else int((result.p <= result.thresholds.nominal[:3]).sum()))  # type: ignore[union-attr]
    assert f"remain after control: {int(result.estimate or 0)}" in [t.get_text() for t in ax.get_legend().get_texts()]


@pytest.mark.slow
@pytest.mark.parametrize("question", ["any", "which", "every_quarter"])
def test_it_can_be_printed(printed: Callable[[Callable[[str], Axes]], None], question: str) -> None:
    printed(lambda language: draw(_result(question), language=language, synthetic=True))


@pytest.mark.slow
def test_lines_differ_without_colour() -> None:
    ax = draw(_result("which"))
    dashes = [
        str(line.get_linestyle()) + str(getattr(line, "_unscaled_dash_pattern", "")) for line in ax.lines if line.get_marker() == "None"
    ]
    assert len(dashes) == len(set(dashes)) == 3
