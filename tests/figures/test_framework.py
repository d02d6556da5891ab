"""The results framework: boxes apart, words inside, links that lead on and rarely cross."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from evaluation.figures import style
from evaluation.figures.framework import COLUMNS, crossings, framework, layout
from evaluation.language import Words
from evaluation.settings import folders

STRANDS = ("health", "rights", "livelihood", "violence", "communication")


@pytest.fixture
def chain() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Thirty-one boxes with long labels; strands are given in an order that would cross at the end."""
    rows, links = [], []
    for column, count in zip(COLUMNS, (6, 9, 8, 6, 2), strict=True):
        for i in range(count):
            label = f"Ô số {i}: người bán dâm và người lao động trong cơ sở được tiếp cận dịch vụ y tế, pháp lý" if i % 3 else f"Ô ngắn {i}"
            rows.append((f"{column}{i}", column, STRANDS[i % 5], label, f"Box {i}"))
    nodes = pd.DataFrame(rows, columns=["id", "column", "strand", "label_vi", "label_en"])
    for a, b in pairwise(COLUMNS):
        for source in nodes[nodes["column"] == a].itertuples():
            same = nodes[(nodes["column"] == b) & (nodes["strand"] == source.strand)]
            links += [(source.id, target) for target in (same["id"] if len(same) else [f"{b}0"])]
    return nodes, pd.DataFrame(links, columns=["source", "target"])


def test_boxes_do_not_overlap_and_stay_in_their_columns(chain: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    boxes, height = layout(*chain, "vi", 580)
    assert len(boxes) == len(chain[0])
    for a, b in combinations(boxes, 2):
        apart = a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
        assert apart, f"{a.id} lies on {b.id}"
    assert all(b.y >= 0 and b.y + b.height <= height for b in boxes)
    by_column = dict(zip(chain[0]["id"], chain[0]["column"], strict=True))
    assert len({(by_column[b.id], b.x) for b in boxes}) == 5
    assert sorted({b.x for b in boxes}) == [next(b.x for b in boxes if by_column[b.id] == c) for c in COLUMNS]


def test_words_stay_inside_their_boxes(chain: tuple[pd.DataFrame, pd.DataFrame], apart: Callable[[Figure], None]) -> None:
    ax = framework(*chain, title="Khung kết quả", strands={s: Words(s, s) for s in STRANDS})
    fig = style.root(ax)
    apart(fig)
    patches = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
    outside = []
    for text in ax.texts:
        if text.get_text() in {w.vi for w in COLUMNS.values()}:
            continue
        box, at = text.get_window_extent(), text.get_position()
        home = next(
            p for p in patches if abs(p.get_x() + p.get_width() / 2 - at[0]) < 1 and abs(p.get_y() + p.get_height() / 2 - at[1]) < 1
        )
        frame = home.get_window_extent()
        if not (frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1):
            outside.append(text.get_text())
    assert outside == []


def test_one_arrow_a_link_each_from_box_to_box(chain: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    nodes, links = chain
    ax = framework(nodes, links)
    boxes = {b.id: b for b in layout(nodes, links, "vi", style.WIDTH * 72 - 16)[0]}
    arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    assert len(arrows) == len(links)
    for arrow, link in zip(arrows, links.itertuples(), strict=True):
        points = arrow._path_original.vertices  # type: ignore[attr-defined]
        a, b = boxes[link.source], boxes[link.target]
        assert points[0][0] == pytest.approx(a.x + a.width)
        assert a.y < points[0][1] < a.y + a.height
        assert points[-1][0] == pytest.approx(b.x)
        assert b.y < points[-1][1] < b.y + b.height


def test_an_order_without_crossings_is_found_where_there_is_one() -> None:
    rows = [(f"{c}{s}", c, s, s, s) for c in list(COLUMNS)[:4] for s in "abcd"] + [
        ("x", "impact", "a", "x", "x"),
        ("y", "impact", "b", "y", "y"),
    ]
    nodes = pd.DataFrame(rows, columns=["id", "column", "strand", "label_vi", "label_en"])
    pairs = [(f"{a}{s}", f"{b}{s}") for a, b in pairwise(list(COLUMNS)[:4]) for s in "abcd"]
    links = pd.DataFrame([*pairs, ("outcomea", "x"), ("outcomeb", "y"), ("outcomec", "x"), ("outcomed", "y")], columns=["source", "target"])
    given = {c: list(nodes.loc[nodes["column"] == c, "id"]) for c in COLUMNS}
    assert crossings(given, links) == 1  # b to y crosses c to x
    boxes, _ = layout(nodes, links, "vi", 580)
    found = {c: [b.id for b in sorted(boxes, key=lambda b: -b.y) if b.id in given[c]] for c in COLUMNS}
    assert crossings(found, links) == 0


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.slow
def test_the_plans_own_framework_is_no_spaghetti(language: str, apart: Callable[[Figure], None]) -> None:
    nodes, links = (pd.read_csv(folders().data / "plan" / f"{name}.csv") for name in ("framework_nodes", "framework"))
    boxes, height = layout(nodes, links, language, style.WIDTH * 72 - 16)
    order = {c: [b.id for b in sorted(boxes, key=lambda b: -b.y) if b.id in set(nodes.loc[nodes["column"] == c, "id"])] for c in COLUMNS}
    assert crossings(order, links) <= 2
    assert height < 10 * 72  # a page
    apart(style.root(framework(nodes, links, language=language)))


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [("output0", "activity0", "does not lead to a later column"), ("input0", "nowhere", "points to no box")],
)
def test_links_that_lead_nowhere_are_refused(chain: tuple[pd.DataFrame, pd.DataFrame], source: str, target: str, said: str) -> None:
    nodes, links = chain
    with pytest.raises(ValueError, match=said):
        framework(nodes, pd.concat([links, pd.DataFrame({"source": [source], "target": [target]})]))


def test_ids_and_columns_are_checked(chain: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    nodes, links = chain
    with pytest.raises(ValueError, match="twice"):
        framework(pd.concat([nodes, nodes.head(1)]), links)
    with pytest.raises(ValueError, match="dream"):
        framework(nodes.assign(column=["dream", *nodes["column"][1:]]), links)


def test_alternative_lists_every_box(chain: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    nodes, links = chain
    text = style.alt(framework(nodes, links, language="en"))
    assert all(label in text for label in nodes["label_en"])
    assert f"{len(links)} links" in text
    assert "Activities (9)" in text


@pytest.mark.slow
def test_the_same_bytes_twice(chain: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    one, two = (style.png(style.root(framework(*chain))) for _ in range(2))
    assert one == two
