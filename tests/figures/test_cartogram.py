"""Circles of wards: apart, near their places, true in area, and filled by what was reported."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from evaluation.figures import style
from evaluation.figures.cartogram import cartogram, separate, short_name

Wards = Callable[[str], pd.DataFrame]
spot = st.floats(-30, 30, allow_nan=False)


def overlap(x: np.ndarray, y: np.ndarray, r: np.ndarray) -> float:
    return max((r[i] + r[j] - np.hypot(x[i] - x[j], y[i] - y[j]) for i, j in combinations(range(len(x)), 2)), default=0.0)


@given(st.lists(st.tuples(spot, spot, st.floats(0.1, 5)), min_size=1, max_size=25))
@pytest.mark.slow
def test_separated_circles_do_not_overlap_and_keep_their_centroid(circles: list[tuple[float, float, float]]) -> None:
    x, y, r = (np.array(column) for column in zip(*circles, strict=True))
    nx, ny = separate(x, y, r)
    assert overlap(nx, ny, r) < 1e-4
    assert (nx.mean(), ny.mean()) == pytest.approx((x.mean(), y.mean()), abs=1e-6)
    again = separate(x, y, r)
    assert np.array_equal(again[0], nx)
    assert np.array_equal(again[1], ny)


def test_what_pushing_leaves_is_stretched_away() -> None:
    rng = np.random.default_rng(8)
    x, y, r = rng.uniform(0, 3, 20), rng.uniform(0, 3, 20), rng.uniform(0.5, 2, 20)
    nx, ny = separate(x, y, r, steps=2)
    assert overlap(nx, ny, r) < 1e-4
    assert (nx.mean(), ny.mean()) == pytest.approx((x.mean(), y.mean()))


def test_circles_on_one_spot_part() -> None:
    x, y = separate(np.zeros(6), np.zeros(6), np.ones(6))
    assert overlap(x, y, np.ones(6)) < 1e-4


def test_circles_that_do_not_overlap_stay() -> None:
    x, y = np.array([0.0, 10.0, 0.0]), np.array([0.0, 0.0, 10.0])
    nx, ny = separate(x, y, np.ones(3))
    assert np.allclose([nx, ny], [x, y])


@pytest.mark.parametrize("district", ["760", "783"])
def test_real_wards_stay_near_home(wards: Wards, district: str) -> None:
    frame = wards(district)
    patches = [p for p in cartogram(frame).patches if isinstance(p, Circle)]
    assert len(patches) == len(frame)
    radii = np.array([p.radius for p in patches])
    centres = np.array([p.center for p in patches])
    area = radii**2 / frame["residents"].to_numpy()
    assert np.allclose(area, area[0])  # area follows residents
    assert overlap(centres[:, 0], centres[:, 1], radii) < 0
    home = frame[["x_km", "y_km"]].to_numpy()
    assert centres.mean(axis=0) == pytest.approx(home.mean(axis=0))
    assert np.hypot(*(centres - home).T).max() < 0.25 * max(np.ptp(home, axis=0))


def test_fill_tells_services_and_reports(wards: Wards) -> None:
    frame = wards("783")
    looks = [(p.get_facecolor(), p.get_hatch()) for p in cartogram(frame).patches if isinstance(p, Circle)]
    groups: dict[object, set[object]] = {}
    for look, services, state in zip(looks, frame["services"], frame["state"], strict=True):
        groups.setdefault(state if np.isnan(services) else services, set()).add(look)
    assert all(len(found) == 1 for found in groups.values())
    assert len({next(iter(found)) for found in groups.values()}) == 6  # 0, 1, 2, 3, not stated, not reported
    assert next(iter(groups["missing"]))[1]  # hatched


@pytest.mark.slow
def test_legend_and_alternative(wards: Wards) -> None:
    ax = cartogram(wards("760"), synthetic=True)
    entries = [t.get_text() for t in ax.get_legend().get_texts()]
    assert {"chưa có dịch vụ", "3 loại dịch vụ", "không có báo cáo", "có báo cáo, không ghi dịch vụ"} <= set(entries)
    text = style.alt(ax)
    assert "8 trong 10" in text
    assert "không có báo cáo: Đa Kao, Nguyễn Thái Bình" in text
    assert "SYNTHETIC DATA" in text
    assert "Phường" not in " ".join(t.get_text() for t in ax.texts if t.get_text() not in style.alt(ax))
    assert "từ 9.716 đến 23.258 người" in " ".join(t.get_text() for t in ax.texts)


@pytest.mark.parametrize("district", ["760", "783", "765", "785", "787"])
def test_names_neither_touch_one_another_nor_leave_their_circle(wards: Wards, district: str, apart: Callable[[Figure], None]) -> None:
    frame = wards(district)
    ax = cartogram(frame, title="Các xã, phường có báo cáo", synthetic=True)
    fig = style.root(ax)
    apart(fig)
    circles = [p for p in ax.patches if isinstance(p, Circle)]
    labels = {t.get_text().replace("\n", " "): t.get_window_extent() for t in ax.texts}
    for name, own in zip(frame["name"], circles, strict=True):
        box = labels[short_name(name)]
        centre, edge = ax.transData.transform(own.center), ax.transData.transform((own.center[0] + own.radius, own.center[1]))
        corners = [(x, y) for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
        far = max(np.hypot(x - centre[0], y - centre[1]) for x, y in corners)
        near = np.hypot(*(np.clip(centre, (box.x0, box.y0), (box.x1, box.y1)) - centre))
        radius = edge[0] - centre[0]
        assert far <= radius + 3 or near >= radius - 3, f"{name} lies across its circle's edge"


def test_a_ward_without_report_must_not_carry_services(wards: Wards) -> None:
    frame = wards("760")
    frame.loc[1, "services"] = 2.0
    with pytest.raises(ValueError, match="Đa Kao"):
        cartogram(frame)


@pytest.mark.parametrize(("column", "value"), [("services", 4.0), ("services", 1.5), ("state", "perhaps"), ("residents", 0.0)])
def test_impossible_rows_are_refused(wards: Wards, column: str, value: object) -> None:
    frame = wards("760")
    frame[column] = frame[column].astype(object)
    frame.loc[0, column] = value
    with pytest.raises(ValueError, match="/"):
        cartogram(frame.assign(residents=frame["residents"].astype(float)))


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Phường Bến Nghé", "Bến Nghé"),
        ("Xã An Phú", "An Phú"),
        ("Thị trấn Củ Chi", "Củ Chi"),
        ("Phường 12", "P. 12"),
        ("Bến Nghé ward", "Bến Nghé"),
        ("Ward 12", "P. 12"),
        ("An Phú commune", "An Phú"),
    ],
)
def test_short_names(name: str, short: str) -> None:
    assert short_name(name) == short


def test_the_same_bytes_twice(wards: Wards) -> None:
    one, two = (style.png(style.root(cartogram(wards("760")))) for _ in range(2))
    assert one == two


def test_a_name_too_long_for_its_circle_stands_beside_it(wards: Wards, apart: Callable[[Figure], None]) -> None:
    frame = wards("783")
    frame.loc[[6, 9], "residents"] = 300.0
    ax = cartogram(frame)
    fig = style.root(ax)
    apart(fig)
    circles = [p for p in ax.patches if isinstance(p, Circle)]
    for i in (6, 9):
        text = next(t for t in ax.texts if t.get_text() == short_name(frame["name"][i]))
        box = text.get_window_extent()
        for circle in circles:
            centre, edge = (
                ax.transData.transform(circle.center),
                ax.transData.transform((circle.center[0] + circle.radius, circle.center[1])),
            )
            near = np.hypot(*(np.clip(centre, (box.x0, box.y0), (box.x1, box.y1)) - centre))
            assert near >= edge[0] - centre[0] - 3, f"{text.get_text()} lies on a circle"


def test_it_draws_on_given_axes(wards: Wards) -> None:
    given = style.canvas(None, 5)
    assert cartogram(wards("760"), given) is given
