"""The matrix of reports shows each cell's state in a way that grey print keeps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import rgb_to_hsv, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evaluation.figures import style
from evaluation.figures.completeness import FILLS, completeness

QUARTERS = [f"{y}-Q{q}" for y in range(2015, 2019) for q in range(1, 5)]


@pytest.fixture
def reports() -> pd.DataFrame:
    """Twenty-one communes: one late and one missing in each, the second missing twice more."""
    frame = pd.DataFrame(
        [(f"Xã Trung Lập Thượng {i}", p, "on_time") for i in range(21) for p in QUARTERS], columns=["row", "period", "state"]
    )
    state = frame["state"].to_numpy(object)
    for i in range(21):
        state[16 * i + i % 16], state[16 * i + (i + 5) % 16] = "late", "missing"
    state[16 + 10 : 16 + 12] = "missing"
    return frame.assign(state=state)


def test_each_cell_has_its_state(reports: pd.DataFrame) -> None:
    ax = completeness(reports)
    cells = {
        (round(p.get_y() + 0.42), round(p.get_x() + 0.45)): (to_rgb(p.get_facecolor()), p.get_hatch())
        for p in ax.patches
        if isinstance(p, Rectangle)
    }
    want = {(i // 16, i % 16): (to_rgb(FILLS[s]["facecolor"]), FILLS[s].get("hatch")) for i, s in enumerate(reports["state"])}
    assert cells == want
    crosses = {(round(y[0]), round(x[0])) for x, y in (line.get_data() for line in ax.lines if line.get_marker() == "X")}
    assert crosses == {(i // 16, i % 16) for i, s in enumerate(reports["state"]) if s == "missing"}


def test_states_differ_in_grey() -> None:
    greys = sorted(rgb_to_hsv(to_rgb(fill["facecolor"]))[2] for fill in FILLS.values())
    light = [np.dot(to_rgb(fill["facecolor"]), (0.299, 0.587, 0.114)) for fill in FILLS.values()]
    assert len(set(greys)) == 3
    assert abs(light[0] - light[1]) > 0.3
    assert FILLS["late"]["hatch"]
    assert "hatch" not in FILLS["missing"]


def test_alternative_counts_and_does_not_rank(reports: pd.DataFrame) -> None:
    text = style.alt(completeness(reports, synthetic=True))
    assert "Muộn: 21 báo cáo (" in text
    assert "không có báo cáo: 23 báo cáo (6,8%)" in text.replace("Không", "không")
    assert "Xã Trung Lập Thượng 0 1, Xã Trung Lập Thượng 1 3, Xã Trung Lập Thượng 2 1" in text
    assert "từ Quý I/2015 đến Quý IV/2018" in text


def test_legend_rows_and_texts(reports: pd.DataFrame, apart: Callable[[Figure], None]) -> None:
    ax = completeness(reports, title="Báo cáo của 21 xã trong 16 quý", synthetic=True)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["đúng hạn", "muộn", "không có báo cáo"]
    assert [t.get_text() for t in ax.get_yticklabels()] == list(dict.fromkeys(reports["row"]))
    apart(style.root(ax))


def test_a_cell_twice_or_not_at_all_is_refused(reports: pd.DataFrame) -> None:
    for broken in (pd.concat([reports, reports.head(1)]), reports.iloc[1:]):
        with pytest.raises(ValueError, match="exactly one state"):
            completeness(broken)
    with pytest.raises(ValueError, match="perhaps"):
        completeness(reports.assign(state="perhaps"))


@pytest.mark.slow
def test_the_same_bytes_twice(reports: pd.DataFrame) -> None:
    one, two = (style.png(style.root(completeness(reports))) for _ in range(2))
    assert one == two


@pytest.mark.slow
def test_wards_are_written_into_the_cells(reports: pd.DataFrame, apart: Callable[[Figure], None]) -> None:
    written = ["" if s == "missing" else "10/12" for s in reports["state"]]
    ax = completeness(reports.assign(written=written))
    assert [t.get_text() for t in ax.texts].count("10/12") == (reports["state"] != "missing").sum()
    apart(style.root(ax))


def test_the_result_of_all_districts_draws_itself() -> None:
    import datetime as dt

    import evaluation as ev
    from evaluation.monitoring.reports.completeness import timeliness

    reports = pd.DataFrame(
        {"district_code": "760", "ward_code": list(ev.wards("760")), "period": "2018-Q4", "reported": [False] + [True] * 9}
    )
    sent = pd.DataFrame([(1, "760", "2018-Q4", dt.date(2018, 12, 1))], columns=["sequence", "district_code", "period", "received"])
    ax = timeliness(["2018-Q4"], reports, sent, ["760", "787"]).plot()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["District 1", "Cần Giờ district"]
    assert [t.get_text() for t in ax.texts if "/" in t.get_text()] == ["9/10"]
