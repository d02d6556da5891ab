"""A series keeps its gaps, says its numbers, and gives nothing withheld away."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evaluation.figures import states, style
from evaluation.figures.trend import small_multiples, trend

LONG = "Tỷ lệ người được tiếp cận được xét nghiệm bệnh lây truyền qua đường tình dục"


def drawn(frame: pd.DataFrame, **options: object) -> Axes:
    return trend(frame, label=LONG, unit="percent", **options)  # type: ignore[arg-type]


def series(ax: Axes) -> np.ndarray:
    return next(np.asarray(line.get_ydata(), float) for line in ax.lines if len(line.get_xdata()) == 16)


def test_line_and_intervals_are_the_frame(quarters: pd.DataFrame) -> None:
    ax = drawn(quarters)
    np.testing.assert_array_equal(series(ax), quarters["value"].to_numpy())
    ends = {round(s[0][0]): (s[0][1], s[1][1]) for s in ax.collections[0].get_segments() if len(s) == 2 and np.isfinite(s).all()}
    shown = quarters[quarters["state"] == "shown"]
    assert ends == {i: (low, high) for i, low, high in zip(shown.index, shown["low"], shown["high"], strict=True)}


def test_absences_differ_from_zero_and_from_one_another(quarters: pd.DataFrame) -> None:
    ax = drawn(quarters)
    looks = {(p.get_facecolor(), p.get_hatch()): (p.get_x(), p.get_width()) for p in ax.patches if isinstance(p, Rectangle)}
    assert sorted(looks.values()) == [(-0.5, 2.0), (5.5, 2.0), (9.5, 1.0)]
    assert len(looks) == 3
    crosses = next(line for line in ax.lines if line.get_marker() == "X")
    assert list(crosses.get_xdata()) == [6, 7]
    assert series(ax)[4] == 0.0
    legend = [t.get_text() for t in ax.get_legend().get_texts()]
    for words in ("giá trị là 0", "không có báo cáo", "ẩn để bảo vệ", "chưa thu thập"):
        assert any(words in entry for entry in legend)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.slow
def test_every_absence_has_its_own_look_and_words(quarters: pd.DataFrame, language: str) -> None:
    frame = quarters.copy()
    for i, state in enumerate(states.ABSENT):
        frame.loc[2 * i, ["value", "low", "high"]] = np.nan
        frame.loc[2 * i, "state"] = state
    ax = drawn(frame, language=language)
    looks = {(p.get_facecolor(), p.get_hatch()) for p in ax.patches if isinstance(p, Rectangle)}
    assert len(looks) == len(states.ABSENT) == 5
    entries = [t.get_text() for t in ax.get_legend().get_texts()]
    assert {words[language] for words in states.ABSENT.values()} <= set(entries)
    assert len(entries) == len(set(entries))


def test_a_withheld_row_with_a_value_is_refused_without_saying_it(quarters: pd.DataFrame) -> None:
    for column in ("value", "low", "high"):
        planted = quarters.copy()
        planted.loc[10, column] = 0.987654
        with pytest.raises(ValueError, match="2017-Q3") as fault:
            drawn(planted)
        assert "987654" not in str(fault.value)
        with pytest.raises(ValueError, match="2017-Q3"):
            small_multiples([(LONG, "percent", planted)])


def test_nothing_stands_at_the_height_of_a_withheld_quarter(quarters: pd.DataFrame) -> None:
    ax = drawn(quarters)
    for line in ax.lines:
        if line.get_transform() == ax.transData:
            x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
            assert not np.isfinite(y[(x >= 9.5) & (x <= 10.5)]).any()
    for segment in ax.collections[0].get_segments():
        assert len(segment) == 0 or not (9.5 <= segment[0][0] <= 10.5) or np.isnan(segment).any()
    band = next(p for p in ax.patches if isinstance(p, Rectangle) and p.get_x() == 9.5)
    assert (band.get_y(), band.get_height()) == (0, 1)
    hidden = quarters[quarters["state"] == "shown"][["value", "high"]].to_numpy().max()
    assert ax.get_ylim() == (0, pytest.approx(hidden * 1.12))


def test_alternative_says_the_numbers_in_the_readers_writing(quarters: pd.DataFrame) -> None:
    vi = style.alt(drawn(quarters, synthetic=True))
    assert "Quý III/2015: 37,9% (từ 31,9% đến 44,9%)" in vi  # 0.31 + 2 * 0.31 / 15 + 0.03 * sin 2
    assert "thấp nhất Quý I/2016: 0,0%" in vi
    assert "không có báo cáo: 2 quý" in vi.lower()
    assert "ẩn để bảo vệ thông tin cá nhân: 1 quý" in vi
    assert "SỐ LIỆU GIẢ LẬP" in vi
    en = style.alt(drawn(quarters, language="en"))
    assert "37.9% (31.9% to 44.9%) (Q3 2015)" in en
    assert "2 quarters" in en
    assert "SYNTHETIC" not in en


def test_axis_is_written_in_vietnamese(quarters: pd.DataFrame) -> None:
    frame = quarters.assign(**{c: quarters[c] * 4000 for c in ("value", "low", "high")})
    ax = trend(frame, label="Số bao cao su cấp phát", unit="count")
    style.root(ax).canvas.draw()
    assert "1.000" in [t.get_text() for t in ax.get_yticklabels()]
    assert [t.get_text() for t in ax.get_xticklabels()][:5] == ["I\n2015", "II", "III", "IV", "I\n2016"]


def test_a_series_with_nothing_to_show_says_so(quarters: pd.DataFrame) -> None:
    empty = quarters.assign(value=np.nan, low=np.nan, high=np.nan, state="withheld")
    ax = drawn(empty)
    assert "không có giá trị nào để nêu" in [t.get_text() for t in ax.texts]
    assert list(ax.get_yticks()) == []
    assert "16 quý" in style.alt(ax)


def test_start_is_marked_before_its_quarter_and_must_be_there(quarters: pd.DataFrame) -> None:
    ax = drawn(quarters, mark_from="2017-Q1")
    assert any(list(line.get_xdata()) == [7.5, 7.5] for line in ax.lines)
    assert "bắt đầu từ Quý I/2017" in [t.get_text() for t in ax.get_legend().get_texts()]
    with pytest.raises(ValueError, match="2021-Q1"):
        drawn(quarters, mark_from="2021-Q1")


@pytest.mark.parametrize("column", ["period", "state", "value"])
def test_a_frame_without_a_column_is_refused(quarters: pd.DataFrame, column: str) -> None:
    with pytest.raises(ValueError, match=column):
        drawn(quarters.drop(columns=column))


def test_a_shown_row_without_value_and_an_unknown_state_are_refused(quarters: pd.DataFrame) -> None:
    for at, state in ((0, "shown"), (0, "perhaps")):
        broken = quarters.copy()
        broken.loc[at, "state"] = state
        with pytest.raises(ValueError, match="2015-Q1"):
            drawn(broken)


def test_texts_do_not_touch(quarters: pd.DataFrame, apart: Callable[[Figure], None]) -> None:
    title = "Quý IV/2018, tỷ lệ người được tiếp cận được xét nghiệm tăng 11,2 điểm phần trăm so với cùng kỳ năm trước"
    for language in ("vi", "en"):
        apart(style.root(drawn(quarters, title=title, synthetic=True, mark_from="2017-Q1", language=language)))


@pytest.mark.slow
def test_the_same_bytes_twice(quarters: pd.DataFrame) -> None:
    one, two = (style.png(style.root(drawn(quarters, synthetic=True))) for _ in range(2))
    assert one == two
    assert one != style.png(style.root(drawn(quarters.assign(value=quarters["value"] * 0.9), synthetic=True)))


@pytest.mark.slow
def test_small_multiples_draw_each_panel(quarters: pd.DataFrame, apart: Callable[[Figure], None]) -> None:
    halved = quarters.assign(value=quarters["value"] / 2, low=quarters["low"] / 2, high=quarters["high"] / 2)
    panels = [(f"{LONG} {i}", "percent", halved if i % 2 else quarters) for i in range(11)]
    axes = small_multiples(panels, "vi", True, title="Mười một chỉ tiêu", mark_from="2017-Q1")
    assert axes.shape == (11,)
    for i, ax in enumerate(axes):
        np.testing.assert_array_equal(series(ax), panels[i][2]["value"].to_numpy())
    fig = style.root(axes[0])
    assert fig.get_figwidth() * style.DPI == pytest.approx(1100, abs=1)
    assert len(fig.legends) == 1
    text = style.alt(axes)
    assert text.count("ẩn để bảo vệ thông tin cá nhân: 1 quý") == 11
    assert "18,9%" in text  # the halved series' first
    apart(fig)
    assert style.png(fig) == style.png(fig)


def test_small_multiples_need_the_same_periods(quarters: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="cùng các kỳ"):
        small_multiples([("a", "percent", quarters), ("b", "percent", quarters.tail(15))])
    with pytest.raises(ValueError, match="At least one panel"):
        small_multiples([])


def test_it_draws_on_given_axes(quarters: pd.DataFrame) -> None:
    given = style.canvas(None, 4)
    assert drawn(quarters, ax=given) is given
