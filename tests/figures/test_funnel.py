"""A funnel places one unit among unnamed others, or names what lies outside, and ranks none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from evaluation.figures import style
from evaluation.figures.funnel import MOST_NAMES
from evaluation.figures.funnel import funnel as draw
from evaluation.language import Words
from evaluation.monitoring.funnel import Funnel, funnel
from evaluation.monitoring.series import CountSeries
from evaluation.places import districts as official

LABEL = Words("Tỷ lệ người được tiếp cận được xét nghiệm HIV và biết kết quả", "Share of people reached who were tested for HIV")
PERIOD = "2018-Q4"


def _result(frame: pd.DataFrame, per: float = 0.0, **options: object) -> Funnel:
    """Return the funnel of the districts of `conftest`; a rate per so many where `per` is given."""
    shown = frame["state"] == "shown"
    n = frame["n"].astype(float)
    data = pd.DataFrame({"unit": sorted(official()), "period": PERIOD, "count": (frame["value"] * n).round().where(shown)})
    data = data.assign(denominator=(n * (per or 1.0)).where(shown), state=frame["state"])
    series = CountSeries(
        frame=data,
        label=LABEL,
        measure="rate" if per else "proportion",
        per=per or 1.0,
        periods=(PERIOD,),
        phases=(4,),
        names={code: place.name for code, place in official().items()},
    )
    return funnel(series, PERIOD, **options)  # type: ignore[arg-type]


@pytest.fixture
def drawn(districts: pd.DataFrame) -> Callable[..., Axes]:
    def one(frame: pd.DataFrame = districts, result: dict[str, object] | None = None, **options: object) -> Axes:
        return draw(_result(frame, **(result or {"adjust": "none"})), **({"highlight": "760"} | options))  # type: ignore[arg-type]

    return one


def points(ax: Axes, marker: str) -> list[tuple[float, float]]:
    lines = [line for line in ax.lines if line.get_marker() == marker]
    return sorted((float(x), float(y)) for line in lines for x, y in zip(*line.get_data(), strict=True))


def test_points_are_the_shown_rows(districts: pd.DataFrame, drawn: Callable[..., Axes]) -> None:
    ax = drawn()
    others = districts[(districts["state"] == "shown") & (districts["unit_code"] != "760")]
    np.testing.assert_allclose(points(ax, "o"), sorted(zip(others["n"].astype(float), others["value"], strict=True)))
    assert points(ax, "D") == [(900.0, 0.5)]


def test_no_other_district_is_named_and_none_ranked(drawn: Callable[..., Axes]) -> None:
    ax = drawn()
    said = " ".join(t.get_text() for t in ax.texts) + style.alt(ax)
    assert "Quận 1" in said
    others = [place.name.vi for code, place in official().items() if code != "760"]
    assert not [name for name in others if f"{name}:" in said or f"{name} " in said or said.endswith(name)]
    assert "không xếp hạng" in style.alt(ax)


@pytest.mark.slow
def test_without_one_district_only_those_outside_are_named_and_shaped_by_side(districts: pd.DataFrame, drawn: Callable[..., Axes]) -> None:
    ax = drawn(highlight=None)
    outside = _result(districts, adjust="none").outside
    names = {official()[code].name.vi for code in outside["unit"]}
    texts = {t.get_text() for t in ax.texts}
    assert names <= texts
    assert not ({place.name.vi for place in official().values()} - names) & texts
    assert len(points(ax, "^")) + len(points(ax, "v")) == len(outside)
    assert not points(ax, "D")
    assert "Quận 1: 50,0%, mẫu số 900, cao hơn giới hạn 99,8%" in style.alt(ax)


@pytest.mark.slow
def test_many_outside_are_counted_and_not_named(districts: pd.DataFrame, drawn: Callable[..., Axes]) -> None:
    ax = drawn(result={"adjust": "none", "target": 0.9}, highlight=None, language="en")
    count = len(_result(districts, adjust="none", target=0.9).outside)
    assert count > MOST_NAMES
    assert f"{count} points outside the 95% limits are not named, see the table" in [t.get_text() for t in ax.texts]
    assert "District 1:" not in style.alt(ax)
    assert "held against: 90.0%" in style.alt(ax)


@pytest.mark.slow
def test_limits_are_drawn_no_further_than_shown_denominators(districts: pd.DataFrame, drawn: Callable[..., Axes]) -> None:
    """A withheld district with by far the largest denominator would otherwise show how large it is."""
    planted = districts.copy()
    planted.loc[15, "n"] = 2950
    ends = [max(line.get_xdata()) for frame in (districts, planted) for line in drawn(frame).lines if len(line.get_xdata()) > 30]
    assert max(ends) == pytest.approx(districts.loc[districts["state"] == "shown", "n"].max() * 1.06)
    assert drawn(planted).get_xlim() == drawn().get_xlim()


@pytest.mark.slow
@pytest.mark.parametrize(("code", "vi"), [("775", "ẩn để bảo vệ thông tin cá nhân"), ("763", "không có báo cáo")])
def test_a_highlighted_district_without_value_is_told(drawn: Callable[..., Axes], code: str, vi: str) -> None:
    ax = drawn(highlight=code)
    assert not points(ax, "D")
    assert any(vi in t.get_text() and official()[code].name.vi in t.get_text() for t in ax.texts)
    assert vi in style.alt(ax)


def test_alternative_places_the_district(drawn: Callable[..., Axes]) -> None:
    text = style.alt(drawn())
    assert "21 quận, huyện có số liệu" in text
    assert "Quận 1: 50,0%, mẫu số 900, cao hơn giới hạn 99,8%" in text
    assert "không có báo cáo: 2 quận, huyện; ẩn để bảo vệ thông tin cá nhân: 1 quận, huyện" in text.replace("Không", "không")


@pytest.mark.slow
def test_rates_are_per_residents_on_axes_and_in_the_alternative(drawn: Callable[..., Axes]) -> None:
    ax = drawn(result={"per": 10_000.0}, highlight=None)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("số dân", "trên 10.000 dân")
    assert "trên 10.000" in style.alt(ax)
    assert drawn(result={"per": 1000.0}, language="en").get_ylabel() == "per 1,000 of the denominator"


def test_legend_counts_what_has_no_point(drawn: Callable[..., Axes]) -> None:
    entries = [t.get_text() for t in drawn(language="en").get_legend().get_texts()]
    assert "not reported: 2 districts" in entries
    assert "withheld to protect people: 1 district" in entries


@pytest.mark.slow
def test_unknown_highlight_and_a_funnel_without_limits_are_refused(districts: pd.DataFrame, drawn: Callable[..., Axes]) -> None:
    with pytest.raises(ValueError, match="999"):
        drawn(highlight="999")
    with pytest.raises(ValueError, match="no limits to draw"):
        drawn(districts.assign(value=np.nan, state="withheld"))


@pytest.mark.slow
@pytest.mark.parametrize("code", ["760", "775", None])
def test_it_can_be_printed(drawn: Callable[..., Axes], printed: Callable[[Callable[[str], Axes]], None], code: str | None) -> None:
    printed(lambda language: drawn(synthetic=True, language=language, highlight=code))
