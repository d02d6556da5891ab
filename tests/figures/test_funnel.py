"""A funnel places one district among unnamed others and ranks none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.figures import style
from evaluation.figures.funnel import funnel, place

LABEL = "Tỷ lệ người được tiếp cận được xét nghiệm HIV và biết kết quả"


@pytest.fixture
def drawn(districts: pd.DataFrame, limits: pd.DataFrame) -> Callable[..., Axes]:
    def draw(frame: pd.DataFrame = districts, **options: object) -> Axes:
        return funnel(frame, **{"centre": 0.4, "limits": limits, "highlight": "760", "label": LABEL} | options)  # type: ignore[arg-type]

    return draw


def points(ax: Axes, marker: str) -> list[tuple[float, float]]:
    line = next(line for line in ax.lines if line.get_marker() == marker)
    return sorted(zip(np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float), strict=True))


def test_points_are_the_shown_rows(districts: pd.DataFrame, drawn: Callable[..., Axes]) -> None:
    ax = drawn()
    others = districts[(districts["state"] == "shown") & (districts["unit_code"] != "760")]
    assert points(ax, "o") == sorted(zip(others["n"].astype(float), others["value"], strict=True))
    assert points(ax, "D") == [(900.0, 0.5)]


def test_no_other_district_is_named_and_none_ranked(districts: pd.DataFrame, drawn: Callable[..., Axes]) -> None:
    ax = drawn()
    said = " ".join(t.get_text() for t in ax.texts) + style.alt(ax)
    assert "Quận 1" in said
    assert not [name for name in districts["name"][1:] if f"{name}:" in said or f"{name} " in said or said.endswith(name)]
    assert "không xếp hạng" in style.alt(ax)


def test_limits_are_drawn_no_further_than_shown_denominators(districts: pd.DataFrame, drawn: Callable[..., Axes]) -> None:
    """A withheld district with by far the largest denominator would otherwise show how large it is."""
    planted = districts.copy()
    planted.loc[15, "n"] = 2950
    ends = [max(line.get_xdata()) for frame in (districts, planted) for line in drawn(frame).lines if line.get_marker() == "None"]
    assert max(ends) == pytest.approx(districts.loc[districts["state"] == "shown", "n"].max() * 1.06)
    assert drawn(planted).get_xlim() == drawn().get_xlim()


def test_a_row_that_is_not_shown_must_not_carry_a_value(districts: pd.DataFrame, drawn: Callable[..., Axes]) -> None:
    districts.loc[15, "value"] = 0.73125
    with pytest.raises(ValueError, match="775") as fault:
        drawn(districts)
    assert "73125" not in str(fault.value)


@pytest.mark.parametrize(("code", "vi"), [("775", "ẩn để bảo vệ thông tin cá nhân"), ("763", "không có báo cáo")])
def test_a_highlighted_district_without_value_is_told(drawn: Callable[..., Axes], code: str, vi: str) -> None:
    ax = drawn(highlight=code)
    assert not [line for line in ax.lines if line.get_marker() == "D"]
    assert any(vi in t.get_text() and "Quận" in t.get_text() for t in ax.texts)
    assert vi in style.alt(ax)


def test_alternative_places_the_district(drawn: Callable[..., Axes]) -> None:
    text = style.alt(drawn())
    assert "21 quận, huyện có số liệu" in text
    assert "Quận 1: 50,0%, mẫu số 900, cao hơn giới hạn 99,8%" in text
    assert "không có báo cáo: 2 quận, huyện; ẩn để bảo vệ thông tin cá nhân: 1 quận, huyện" in text.replace("Không", "không")


@pytest.mark.parametrize(
    ("value", "where"),
    [(0.4, "inside"), (0.44, "above95"), (0.36, "below95"), (0.47, "above998"), (0.33, "below998")],
)
def test_place_against_limits_of_one_thousand(limits: pd.DataFrame, value: float, where: str) -> None:
    """At n = 1000 one standard deviation is sqrt(.24/1000) = 1.55 points: 95% within 3.0, 99.8% within 4.8."""
    assert place(value, 1000, limits) == where


def test_legend_counts_what_has_no_point(drawn: Callable[..., Axes]) -> None:
    entries = [t.get_text() for t in drawn(language="en").get_legend().get_texts()]
    assert "not reported: 2 districts" in entries
    assert "withheld to protect people: 1 district" in entries


def test_unknown_highlight_is_refused(drawn: Callable[..., Axes]) -> None:
    with pytest.raises(ValueError, match="999"):
        drawn(highlight="999")


def test_texts_do_not_touch_and_bytes_repeat(drawn: Callable[..., Axes], apart: Callable[[Figure], None]) -> None:
    for code in ("760", "775"):
        apart(style.root(drawn(highlight=code, synthetic=True)))
    one, two = (style.png(style.root(drawn(synthetic=True))) for _ in range(2))
    assert one == two


def test_with_no_shown_district_nothing_is_placed(districts: pd.DataFrame, drawn: Callable[..., Axes]) -> None:
    ax = drawn(districts.assign(value=np.nan, state="withheld"))
    assert "0 quận, huyện có số liệu" in style.alt(ax)
