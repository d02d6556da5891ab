"""A figure as SVG holds what matplotlib's own writer draws, to a hundredth of a point; nothing withheld can be read from it."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evaluation.batch.drawings import harmless
from evaluation.figures import style
from evaluation.figures.completeness import completeness
from evaluation.figures.control_chart import control_chart as draw_chart
from evaluation.figures.funnel import funnel as draw_funnel
from evaluation.figures.outlines import written
from evaluation.figures.trend import small_multiples, trend
from evaluation.language import Words
from evaluation.monitoring.charts import control_chart
from evaluation.monitoring.funnel import funnel
from evaluation.monitoring.series import CountSeries
from evaluation.places import districts as official

PERIODS = [f"{year}-Q{quarter}" for year in range(2015, 2019) for quarter in range(1, 5)]
HALF = 0.0051  # points: coordinates are whole hundredths
Points = npt.NDArray[np.float64]
TOKEN = re.compile(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
ARGUMENTS = {"m": 2, "l": 2, "h": 1, "v": 1, "q": 4, "c": 6, "z": 0}


@dataclass(frozen=True)
class Shape:
    """One piece of a path: from one move to the next; `letter` where it belongs to a text."""

    points: Points
    letter: bool


def pieces(data: str) -> list[list[tuple[float, float]]]:
    """Read path data: corners and control points of each piece, absolute."""
    tokens, at = TOKEN.findall(data), 0
    found: list[list[tuple[float, float]]] = []
    x = y = 0.0
    command = ""
    while at < len(tokens):
        if tokens[at].isalpha():
            command, at = tokens[at], at + 1
        count = ARGUMENTS[command.lower()]
        numbers, at = [float(t) for t in tokens[at : at + count]], at + count
        x0, y0 = (x, y) if command.islower() else (0.0, 0.0)
        match command.lower():
            case "z":
                x, y = found[-1][0]
                continue
            case "h":
                x = x0 + numbers[0]
                found[-1].append((x, y))
            case "v":
                y = y0 + numbers[0]
                found[-1].append((x, y))
            case "m":
                x, y = x0 + numbers[0], y0 + numbers[1]
                found.append([(x, y)])
                command = "l" if command == "m" else "L"
            case _:
                for a, b in zip(numbers[::2], numbers[1::2], strict=True):
                    x, y = x0 + a, y0 + b
                    found[-1].append((x, y))
    return found


def _matrix(said: str) -> Points:
    """Read a transform."""
    whole = np.eye(3)
    for name, inside in re.findall(r"(\w+)\(([^)]*)\)", said):
        n = [float(t) for t in TOKEN.findall(inside)]
        one = np.eye(3)
        if name == "translate":
            one[:2, 2] = n[0], n[1] if len(n) > 1 else 0
        elif name == "scale":
            one[0, 0], one[1, 1] = n[0], n[-1]
        else:
            angle = np.deg2rad(n[0])
            one[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        whole = whole @ one
    return whole


def _plain(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def shapes(svg: str) -> list[Shape]:
    """Return all that is drawn, in order; what patterns and clips hold is left out."""
    root = fromstring(svg)
    named = {e.get("id"): e for e in root.iter() if e.get("id")}
    box = [float(t) for t in root.get("viewBox", "").split()]
    points = float(re.sub(r"pt$", "", root.get("width", ""))) if root.get("width", "").endswith("pt") else box[2] / 100
    found: list[Shape] = []

    def walk(element: Element, place: Points, letter: bool, shared: bool) -> None:
        kind = _plain(element)
        if kind in ("pattern", "clipPath", "metadata", "style") or (kind == "defs" and not shared):
            return
        place = place @ _matrix(element.get("transform", ""))
        if kind == "use":
            move = np.eye(3)
            move[:2, 2] = float(element.get("x", 0)), float(element.get("y", 0))
            link = next(v for k, v in element.attrib.items() if k.endswith("href"))
            target = named[link[1:]]
            walk(target, place @ move, letter or _plain(target) == "g" or "transform" in target.attrib, True)
        elif kind == "path":
            for piece in pieces(element.get("d", "")):
                corners = np.column_stack([np.array(piece), np.ones(len(piece))])
                found.append(Shape((place @ corners.T).T[:, :2], letter))
        for child in element:
            walk(child, place, letter or (kind == "g" and "scale" in element.get("transform", "")), shared)

    scale = np.diag([points / box[2], points / box[2], 1.0])
    walk(root, scale, False, False)
    return found


def marks(svg: str) -> Iterator[tuple[float, float]]:
    """Yield corners and middles of everything that is drawn and is no letter."""
    for shape in shapes(svg):
        if not shape.letter:
            yield from (tuple(p) for p in shape.points)
            low, high = shape.points.min(0), shape.points.max(0)
            yield tuple((low + high) / 2)


def everything() -> Axes:
    """Draw one of each: a line with a gap, marks, a filled band, hatches, upright lines, curves, words level and turned."""
    with style.house():
        ax = style.canvas(None, 3)
        x = np.arange(6.0)
        ax.plot(x, [0.1, 0.3, np.nan, 0.4, 0.2, 0.5], marker="o", color=style.MAIN)
        ax.plot(x, [0.6] * 6, linestyle=(0, (4, 2)), color=style.GREY)
        ax.fill_between(x, 0.1, 0.2, color=style.ACCENT, alpha=0.3, linewidth=0)
        ax.add_patch(Rectangle((1, 0.3), 2, 0.2, facecolor=style.BAND, edgecolor=style.INK, hatch="////"))
        ax.add_patch(Rectangle((3.5, 0.1), 1, 0.1, facecolor=style.PAPER, edgecolor=style.INK, hatch="...."))
        ax.vlines(x, 0.05, 0.55, color=style.RULE, alpha=0.5)
        ax.annotate("Ẵng Ỹ", (2, 0.45), rotation=30, bbox={"boxstyle": "round", "facecolor": style.PAPER})
        ax.set_ylim(0, 0.7)
        ax.grid(axis="y")
        ax.set_ylabel("tỷ lệ (%)")
        style.plain_ticks(ax)
        style.finish(ax, title="Một đầu đề", handles=ax.lines[:1], notes=["Nguồn: thử."], synthetic=True)
    return ax


def theirs(fig: Figure) -> str:
    """Write a figure with matplotlib's own SVG writer, in the house style and without simplifying."""
    out = io.StringIO()
    with style.house(), matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "x", "path.simplify": False}):
        fig.savefig(out, format="svg")
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["everything", "trend", "matrix", "panels"])
def test_it_draws_what_matplotlibs_own_writer_draws(kind: str, quarters: pd.DataFrame) -> None:
    periods = list(quarters["period"])
    cells = pd.DataFrame([{"row": r, "period": p, "state": "late" if p.endswith("Q2") else "on_time"} for r in "ab" for p in periods[:5]])
    drawn = {
        "everything": everything,
        "trend": lambda: trend(quarters, label="Tỷ lệ", unit="percent", synthetic=True),
        "matrix": lambda: completeness(cells),
        "panels": lambda: small_multiples([("Một", "percent", quarters), ("Hai", "percent", quarters)])[0],
    }[kind]()
    fig = style.root(drawn)
    ours, wanted = shapes(style.svg(fig)), shapes(theirs(fig))
    assert Counter((len(s.points), s.letter) for s in ours) == Counter((len(s.points), s.letter) for s in wanted)
    for letter, tolerance in (
        (False, 2 * HALF),
        (True, 4 * HALF),
    ):  # a mark and its place, or a letter, its line and its place, are rounded
        left = [s.points for s in ours if s.letter == letter]
        for shape in (s for s in wanted if s.letter == letter):
            alike = [i for i, points in enumerate(left) if points.shape == shape.points.shape]
            nearest = min(alike, key=lambda i: np.abs(left[i] - shape.points).max())
            assert np.abs(left.pop(nearest) - shape.points).max() <= tolerance


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(-9999, 9999), st.integers(-9999, 9999)), min_size=2, max_size=30))
def test_every_step_reads_back_to_the_same_corner(points: list[tuple[int, int]]) -> None:
    assert pieces(written([list(p) for p in points], None)) == [points]


def test_curves_and_several_pieces_read_back() -> None:
    points = [[0, 5], [3, 3], [4, 4], [9, 9], [9, -9], [0, 0], [1, 1], [5, 5], [7, -7], [8, 8], [0, 0]]
    codes = [1, 4, 4, 4, 2, 79, 1, 3, 3, 2, 79]
    assert pieces(written(points, codes)) == [[(0, 5), (3, 3), (4, 4), (9, 9), (9, -9)], [(1, 1), (5, 5), (7, -7), (8, 8)]]


def test_it_is_the_same_twice_small_and_holds_shapes_alone() -> None:
    first = style.svg(style.root(everything()))
    with matplotlib.rc_context({"font.size": 25.0, "lines.linewidth": 9.0, "figure.dpi": 50.0}):
        assert style.svg(style.root(everything())) == first
    assert harmless(first)
    assert first.isascii()
    assert not re.search(r"<\?|<!|matplotlib|metadata|<text|<image|style=|\d\.\d{5}|\d{4}-\d\d-\d\d", first)
    assert len(first) < 45_000


def test_a_picture_of_dots_is_refused() -> None:
    with style.house():
        ax = style.canvas(None, 2)
        ax.imshow(np.eye(3))
    with pytest.raises(TypeError, match="PNG"):
        style.svg(style.root(ax))


def test_the_axes_own_ticks_are_back_afterwards() -> None:
    ax = everything()
    style.svg(style.root(ax))
    assert ax.xaxis.get_visible()
    assert ax.yaxis.get_visible()
    assert [type(a).__name__ for a in ax.get_children()].count("Scale") == 0


def points_in_data(ax: Axes) -> list[tuple[float, float]]:
    """Return every corner and middle of the SVG as data of the axes: what anybody who has the file can read."""
    fig = style.root(ax)
    svg = style.svg(fig)
    height = fig.get_figheight() * 72
    dots = np.array([(x, height - y) for x, y in marks(svg)]) * fig.dpi / 72
    return [(float(x), float(y)) for x, y in ax.transData.inverted().transform(dots)]


def test_a_value_drawn_in_white_would_be_found() -> None:
    """The reading is sharp enough: what the eye cannot see stands in the file."""
    with style.house():
        ax = style.canvas(None, 2)
        ax.bar([1, 2], [40, 3], color=["#000000", "#ffffff"])
        ax.set_ylim(0, 45)
    assert min(abs(y - 3) for x, y in points_in_data(ax) if 1.5 < x < 2.5) < 0.01


def test_a_withheld_quarter_leaves_no_point_in_the_drawing(quarters: pd.DataFrame) -> None:
    share = np.linspace(0.31, 0.62, 16) + 0.03 * np.sin(np.arange(16))  # as in the fixture, before protection
    ax = trend(quarters, label="Tỷ lệ", unit="percent")
    found = points_in_data(ax)
    hidden = list(quarters.index[quarters["state"] != "shown"])
    assert hidden
    for i in hidden:
        for value in (share[i], share[i] - 0.06, share[i] + 0.07):
            assert not any(abs(x - i) < 0.3 and abs(y - value) < 1e-3 for x, y in found)
    seen = quarters.index[quarters["state"] == "shown"]
    for i in seen:
        assert any(abs(x - i) < 0.01 and abs(y - quarters["value"][i]) < 1e-3 for x, y in found)


def test_a_withheld_unit_leaves_no_point_in_a_funnel() -> None:
    codes = sorted(official())
    n = np.linspace(80, 900, 24).round()
    share = (n * (0.35 + 0.1 * np.sin(np.arange(24)))).round() / n
    withheld = np.arange(24) % 7 == 3
    frame = pd.DataFrame({"unit": codes, "period": "2018-Q4", "count": (n * share).round(), "denominator": n, "state": "shown"})
    frame.loc[withheld, ["count", "denominator"]] = np.nan
    frame.loc[withheld, "state"] = "withheld"
    names = {code: place.name for code, place in official().items()}
    kept = {"measure": "proportion", "per": 1.0, "periods": ("2018-Q4",), "phases": (4,), "names": names}
    ax = draw_funnel(funnel(CountSeries(frame=frame, label=Words("Tỷ lệ", "Share"), **kept), "2018-Q4"), highlight=codes[0])
    found = points_in_data(ax)
    assert sum(any(abs(x - a) < 1 and abs(y - b) < 2e-3 for x, y in found) for a, b in zip(n, share, strict=True)) == (~withheld).sum()
    assert not any(abs(x - a) < 1 and abs(y - b) < 5e-3 for x, y in found for a, b in zip(n[withheld], share[withheld], strict=True))


def test_a_point_without_a_report_leaves_none_in_a_control_chart() -> None:
    n, share = np.full(16, 400.0), np.resize([0.31, 0.28, 0.33, 0.3, 0.29], 16)
    counts = np.round(share * n)
    counts[6] = np.nan
    chart = control_chart(counts, n, "p", periods=PERIODS, baseline=13, direction="up", label=Words("Tỷ lệ", "Share"))
    found = points_in_data(draw_chart(chart))
    assert any(abs(x - 7) < 0.01 and abs(y - share[7]) < 2e-3 for x, y in found)
    assert not any(abs(x - 6) < 0.3 and abs(y - share[6]) < 2e-3 for x, y in found)
