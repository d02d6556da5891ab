"""Missing reports: bounds only where one is missing, coverage beside every period, nothing at zero that is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import evaluation.figures.drawers  # noqa: F401 - results draw themselves
from evaluation.contracts import MISSING, NOT_COLLECTED, SHOWN
from evaluation.figures import style
from evaluation.figures.bounds import bounds
from evaluation.language import Words
from evaluation.monitoring.missing.delta_adjustment import delta_adjustment
from evaluation.monitoring.missing.missing_reports import MissingReports, missing_reports
from evaluation.monitoring.series import CountSeries

pytestmark = pytest.mark.slow


def made(wholes: float | None = None) -> CountSeries:
    """Return eight quarters of five units: the first not asked, the fifth without any report, two with one missing."""
    rng = np.random.default_rng(6)
    counts = rng.poisson(np.array([6, 9, 12, 15, 30])[:, None], (5, 8)).astype(float)
    states = np.full((5, 8), SHOWN, dtype=object)
    states[:, 0], states[:, 4], states[1, 2], states[4, 7] = NOT_COLLECTED, MISSING, MISSING, MISSING
    counts[states != SHOWN] = np.nan
    periods = [f"{y}-Q{q}" for y in (2017, 2018) for q in (1, 2, 3, 4)]
    size = np.nan if wholes is None else np.where(np.isnan(counts.ravel()), np.nan, wholes)
    frame = pd.DataFrame(
        {
            "unit": np.repeat([f"0000{i}" for i in range(5)], 8),
            "period": periods * 5,
            "count": counts.ravel(),
            "denominator": size,
            "state": states.ravel(),
        }
    )
    return CountSeries(
        frame=frame,
        label=Words("Số người được xét nghiệm", "People tested"),
        measure="count" if wholes is None else "proportion",
        periods=tuple(periods),
        phases=(1, 2, 3, 4) * 2,
        synthetic=True,
    )


def result(wholes: float | None = None) -> MissingReports:
    return missing_reports(made(wholes), name=Words("Quận 1", "District 1"))


def boxes(ax: Axes) -> dict[float, tuple[float, float]]:
    """Return the bound boxes by the place of their middle."""
    found = [p for p in ax.patches if isinstance(p, Rectangle) and abs(p.get_width() - 0.62) < 1e-9]
    return {round(p.get_x() + 0.31, 6): (p.get_y(), p.get_y() + p.get_height()) for p in found}


def test_bounds_stand_only_where_a_report_is_missing() -> None:
    found = result()
    drawn = boxes(bounds(found))
    assert set(drawn) == {2, 7}
    for t, (low, high) in drawn.items():
        row = found.frame.iloc[int(t)]
        assert (low, high) == pytest.approx((row["bound_low"], row["bound_high"]))


def test_a_period_without_any_report_has_no_point() -> None:
    ax = bounds(result(), language="en")
    heights = np.asarray(next(line for line in ax.lines if line.get_marker() == "o").get_ydata(), float)
    assert list(np.flatnonzero(np.isnan(heights))) == [0, 4]  # the line breaks there
    assert {"not reported", "not collected"} <= {t.get_text() for t in ax.get_legend().get_texts()}
    assert "Not reported: 1 period; not collected: 1 period" in style.alt(ax)


def test_coverage_is_written_at_every_period_that_was_asked() -> None:
    texts = [t.get_text() for t in bounds(result()).texts]
    assert [t for t in texts if "/" in t and t[0].isdigit()] == ["5/5", "4/5", "5/5", "0/5", "5/5", "5/5", "4/5"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_texts_do_not_touch_and_the_office_alone_is_named(language: str, apart: Callable[[Figure], None]) -> None:
    for found in (result(), result(60.0)):
        ax = bounds(found, language=language)
        apart(style.root(ax))
        notes = " ".join(t.get_text().replace("\n", " ") for t in ax.texts)
        assert ("For the office alone" if language == "en" else "Chỉ dùng trong cơ quan") in notes


def test_the_alternative_says_the_finding_and_every_period_with_a_missing_report() -> None:
    found = result()
    text = style.alt(bounds(found, language="en"))
    assert found.summary("en").rstrip(".") in text
    assert "Q3 2017: 4/5" in text
    assert "Q4 2018: 4/5" in text
    assert "SYNTHETIC DATA" in text


def test_results_draw_themselves() -> None:
    assert "District 1" in style.alt(result().plot(language="en"))


def test_it_can_be_printed(printed: Callable[[Callable[[str], Axes]], None]) -> None:
    printed(lambda language: bounds(result(), language=language))


def test_a_delta_adjustment_draws_one_row_a_factor(printed: Callable[[Callable[[str], Axes]], None]) -> None:
    found = delta_adjustment(made(), "2018-Q4", "2018-Q3")
    ax = found.plot(language="en")
    assert [t.get_text() for t in ax.get_yticklabels() if "times the expected" in t.get_text()]
    printed(lambda language: found.plot(language=language))
    assert found.summary("vi").rstrip(".") in style.alt(found.plot(language="vi"))
