"""Which wards reported and how many kinds of service they offer: circles by residents, moved apart.

It maps reporting and services offered, nothing else; there are no outlines
with an open licence, so that each ward is a circle near its place.
"""

from __future__ import annotations

import math
import re
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Patch

from evaluation.figures import states, style, units
from evaluation.language import Words, number

Floats = npt.NDArray[np.float64]

REPORTED, MISSING = "reported", "missing"
FILLS = ("#ffffff", "#c9dbe4", "#6f9fb6", "#0b4f6c")  # 0, 1, 2, 3 kinds of service
SERVICES = (
    Words("chưa có dịch vụ", "no service"),
    Words("1 loại dịch vụ", "1 kind of service"),
    Words("2 loại dịch vụ", "2 kinds of service"),
    Words("3 loại dịch vụ", "3 kinds of service"),
)
UNSTATED = Words("có báo cáo, không ghi dịch vụ", "reported, services not stated")
WARD = Words("xã, phường, thị trấn", "ward")
AREAS = Words(
    "Diện tích hình tròn theo số dân (từ {low} đến {high} người); vị trí gần đúng, phía bắc ở trên.",
    "Circle areas follow residents ({low} to {high} people); places are approximate, north is up.",
)
SOURCE = Words("Nguồn: báo cáo của quận, huyện; Tổng điều tra dân số.", "Source: district reports; population census.")
DENSITY = 0.52  # share of the district's box that circles cover together
_UNREPORTED: dict[str, Any] = {"facecolor": style.BAND, "edgecolor": "#8d949e", "hatch": "xxx"}
_SILENT: dict[str, Any] = {"facecolor": style.PAPER, "edgecolor": "#8d949e", "hatch": ".."}


def separate(x: Floats, y: Floats, r: Floats, steps: int = 400) -> tuple[Floats, Floats]:
    """Move circles apart until none overlaps, each staying near its place.

    Overlapping pairs push each other away by equal amounts while a fading
    spring pulls each circle home; what overlap is left after `steps` is taken
    away by stretching the whole about its centroid.

    Parameters
    ----------
    x, y, r : ndarray of shape (n,)
        Centres and radii in one unit.
    steps : int
        Rounds of pushing.

    Returns
    -------
    x, y : ndarray of shape (n,)
        New centres; their mean is that of the old ones. The same input gives the same output.
    """
    home = np.column_stack([x, y]).astype(float)
    count = len(home)
    if count < 2:
        return home[:, 0], home[:, 1]
    place, centroid = home.copy(), home.mean(axis=0)
    radii = np.asarray(r, dtype=float)
    need = radii[:, None] + radii[None, :]
    np.fill_diagonal(need, 0)
    first, second = np.triu_indices(count, 1)
    turn = 2.399963 * (first + 1) * (second + 1)  # circles on one spot part along fixed, differing directions
    apart = np.zeros((count, count, 2))
    apart[first, second] = np.column_stack([np.cos(turn), np.sin(turn)])
    apart -= apart.transpose(1, 0, 2)
    for step in range(steps):
        gap = place[:, None] - place[None]
        distance = np.hypot(gap[..., 0], gap[..., 1])
        towards = np.where(distance[..., None] > 1e-9, gap / np.maximum(distance, 1e-9)[..., None], apart)
        push = np.clip(need - distance, 0, None)
        spring = 0.06 * max(0.0, 1 - step / (0.6 * steps))
        if spring == 0 and push.max() < 1e-6 * need.max():
            break
        place = place + 0.35 * (push[..., None] * towards).sum(axis=1) + spring * (home - place)
    distance = np.hypot(*(place[first] - place[second]).T)
    tight = need[first, second] > 0
    stretch = float(np.max(need[first, second][tight] / np.maximum(distance[tight], 1e-12), initial=1.0))
    place = centroid + (place - place.mean(axis=0)) * stretch
    return place[:, 0], place[:, 1]


def short_name(name: str) -> str:
    """Return a ward's name without its kind: "Bến Nghé"; numbered wards keep a "P."."""
    bare = re.sub(r"^(Phường|Xã|Thị trấn)\s+|\s+(ward|commune|town|township)$|^Ward\s+", "", name, flags=re.IGNORECASE)
    return f"P. {bare}" if bare.isdigit() else bare


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame if its states and services agree.

    Raises
    ------
    ValueError
        If a ward without a report carries services, a count is not 0 to 3, or residents are unknown.
    """
    out = frame.reset_index(drop=True)
    out["services"] = out["services"].astype(float)
    for name, state, services in zip(out["name"], out["state"], out["services"], strict=True):
        if state not in (REPORTED, MISSING):
            raise ValueError(f"{name}: không có trạng thái {state!r}. / {name}: there is no state {state!r}.")
        if state == MISSING and not math.isnan(services):
            raise ValueError(f"{name} không có báo cáo nhưng vẫn mang số dịch vụ. / {name} did not report and still carries services.")
        if not math.isnan(services) and services not in (0, 1, 2, 3):
            raise ValueError(f"{name}: số loại dịch vụ phải từ 0 đến 3. / {name}: kinds of service must be 0 to 3.")
    if not (np.isfinite(out["residents"]) & (out["residents"] > 0)).all():
        raise ValueError("Mỗi phường phải có số dân lớn hơn 0. / Every ward needs residents above 0.")
    return out


def _inside(name: str, radius: float) -> tuple[str, float] | None:
    """Return the name broken into lines and the font size at which it fits a circle of `radius` points."""
    words = name.split()
    for size in (8.0, 7.5, 7.0, 6.5):
        for lines in range(1, min(4, len(words)) + 1):
            for cuts in combinations(range(1, len(words)), lines - 1):
                edges = [0, *cuts, len(words)]
                parts = [" ".join(words[a:b]) for a, b in pairwise(edges)]
                tall = 1.25 * size
                reach = [max(abs(i - lines / 2), abs(i + 1 - lines / 2)) * tall for i in range(lines)]
                room = [2 * math.sqrt(max(radius**2 - h**2, 0)) - 5 for h in reach]
                if all(style.text_width(p, size) <= w for p, w in zip(parts, room, strict=True)):
                    return "\n".join(parts), size
    return None


def _beside(index: int, name: str, x: Floats, y: Floats, r: Floats, taken: list[tuple[float, float, float, float]]) -> tuple[float, float]:
    """Return the centre of a label beside circle `index` that touches no circle and no label; all in points."""
    half, tall = style.text_width(name, 6.5) / 2 + 1, 4.5
    best, least = (x[index], y[index]), math.inf
    for far in (1.0, 1.6, 2.4):
        for angle in np.arange(0, 2 * math.pi, math.pi / 8):
            cx = x[index] + math.cos(angle) * (r[index] + far * half)
            cy = y[index] + math.sin(angle) * (r[index] + far * tall + 2)
            near = np.hypot(np.maximum(np.abs(x - cx) - half, 0), np.maximum(np.abs(y - cy) - tall, 0))
            clash = float(np.clip(r - near, 0, None).sum())
            clash += sum(20.0 for a, b, h, t in taken if abs(a - cx) < h + half and abs(b - cy) < t + tall)
            if clash < least:
                best, least = (cx, cy), clash
    taken.append((best[0], best[1], half, tall))
    return best


def _label(ax: Axes, data: pd.DataFrame, x: Floats, y: Floats, r: Floats, scale: float) -> None:
    """Write each ward's name into its circle, or beside it where it does not fit; `scale` is points a kilometre."""
    taken: list[tuple[float, float, float, float]] = []
    for i, (full, services) in enumerate(zip(data["name"], data["services"], strict=True)):
        name = short_name(str(full))
        fit = _inside(name, r[i] * scale)
        dark = services == 3
        if fit:
            plate = {"facecolor": style.BAND, "edgecolor": "none", "pad": 0.6, "alpha": 0.9} if math.isnan(services) else None
            ax.text(
                x[i],
                y[i],
                fit[0],
                fontsize=fit[1],
                ha="center",
                va="center",
                linespacing=1.1,
                bbox=plate,
                color="white" if dark else style.INK,
            )
        else:
            cx, cy = _beside(i, name, x * scale, y * scale, r * scale, taken)
            ax.text(cx / scale, cy / scale, name, fontsize=6.5, ha="center", va="center")


def _look(state: str, services: float) -> dict[str, Any]:
    """Return how a circle is filled."""
    if state == MISSING:
        return dict(_UNREPORTED)
    if math.isnan(services):
        return dict(_SILENT)
    return {"facecolor": FILLS[int(services)], "edgecolor": "#4b5563"}


def _handles(data: pd.DataFrame, language: str) -> list[Artist]:
    """Return the legend: every number of services, and the two ways of not knowing where they occur."""
    found: list[Artist] = [Patch(facecolor=f, edgecolor="#4b5563", label=w[language]) for f, w in zip(FILLS, SERVICES, strict=True)]
    if ((data["state"] == REPORTED) & data["services"].isna()).any():
        found.append(Patch(**_SILENT, label=UNSTATED[language]))
    if (data["state"] == MISSING).any():
        found.append(Patch(**_UNREPORTED, label=states.ABSENT["missing"][language]))
    return found


def _told(data: pd.DataFrame, language: str) -> str:
    """Say how many wards reported, what they offer, and which did not report."""
    reported = data[data["state"] == REPORTED]
    head = Words("Bản đồ hình tròn: {n} trong {all} {ward} có báo cáo", "Circle map: {n} of {all} wards reported")[language]
    parts = [head.format(n=number(len(reported), language), all=number(len(data), language), ward=WARD[language])]
    for k, words in enumerate(SERVICES):
        if n := int((reported["services"] == k).sum()):
            parts.append(f"{words[language]}: {units.many(n, WARD, language)}")
    if n := int(reported["services"].isna().sum()):
        parts.append(f"{UNSTATED[language]}: {units.many(n, WARD, language)}")
    if silent := [short_name(str(name)) for name in data.loc[data["state"] == MISSING, "name"]]:
        parts.append(f"{states.ABSENT['missing'][language]}: {', '.join(silent)}")
    return "; ".join(parts) + "."


def cartogram(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw a district's wards as circles: area by residents, fill by kinds of service, crossed where no report came.

    Parameters
    ----------
    frame : DataFrame
        One row a ward: `ward_code`, `name`, `x_km`, `y_km` (north up),
        `residents`, `state` ("reported" or "missing"), `services` (0 to 3, or
        NaN where the report does not say).
    ax : Axes, optional
    language : {"vi", "en"}
    synthetic : bool
    title, source : str, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a ward without a report carries services.
    """
    data = _checked(frame)
    x0, y0 = data["x_km"].to_numpy(float), data["y_km"].to_numpy(float)
    root = np.sqrt(data["residents"].to_numpy(float))
    box = max(np.ptp(x0), 0.5) * max(np.ptp(y0), 0.5)
    r = root * math.sqrt(DENSITY * box / (math.pi * float((root**2).sum())))
    x, y = separate(x0, y0, 1.04 * r)
    low, high = (np.min(x - r), np.min(y - r)), (np.max(x + r), np.max(y + r))
    wide, tall = high[0] - low[0], high[1] - low[1]
    with style.house():
        if ax is None:
            scale = min((style.WIDTH - 0.4) / wide, 5.6 / tall) * 72
            ax = style.canvas(None, tall * scale / 72 + 1.3)
        else:
            extent = ax.get_position()
            size = style.root(ax).get_size_inches()
            scale = min(extent.width * size[0] / wide, extent.height * size[1] / tall) * 72
        for i, (state, services) in enumerate(zip(data["state"], data["services"], strict=True)):
            ax.add_patch(Circle((x[i], y[i]), r[i], linewidth=0.9, **_look(state, services)))
        _label(ax, data, x, y, r, 0.96 * scale)
        ax.margins(0.01)
        ax.set_aspect("equal", adjustable="datalim")  # the box keeps its width, for title and legend
        ax.set_axis_off()
        few, most = (number(data["residents"].agg(f), language) for f in ("min", "max"))
        style.finish(
            ax,
            title=title,
            handles=_handles(data, language),
            notes=[AREAS[language].format(low=few, high=most), SOURCE[language] if source is None else source],
            synthetic=synthetic,
            below=8,
        )
    style.describe(ax, title, _told(data, language), synthetic=synthetic)
    return ax
