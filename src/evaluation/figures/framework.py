"""The results framework: five columns of boxes and the links between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path

from evaluation.figures import style, units
from evaluation.language import Words, number
from evaluation.plan import COLUMNS

SIZE, LINE = 7.0, 9.0  # points: letters, and a line of them
GUTTER, PAD, GAP = 30.0, 4.0, 8.0  # points: between columns, inside a box, between boxes
TINTS = ("#e4eef3", "#f6e7dc", "#eceff1", "#e3f0e4", "#efe6f3", "#fbf4d8", "#dfe9fa", "#f3e2e6")
STROKES = ("#0b4f6c", "#b8511f", "#4b5563", "#2f6b3a", "#6a3d86", "#8a6d0b", "#27509b", "#8c2f45")
UNMEASURED = Words("mũi tên nét đứt: chưa có số liệu trong kỳ", "dashed arrow: nothing measured in the period")
LINK = Words("mối liên hệ", "link")
BOX = Words("ô", "box")


@dataclass(frozen=True)
class Box:
    """One box of the framework, in points from the lower left corner.

    Attributes
    ----------
    id, strand : str
    x, y : float
        Lower left corner.
    width, height : float
    text : str
        The label, broken into lines that fit.
    """

    id: str
    strand: str
    x: float
    y: float
    width: float
    height: float
    text: str

    @property
    def middle(self) -> float:
        """Height of the box's middle."""
        return self.y + self.height / 2


def _checked(nodes: pd.DataFrame, links: pd.DataFrame) -> None:
    """Raise ValueError if a column is unknown, an id stands twice, or a link hangs in the air or does not lead on."""
    if unknown := sorted(set(nodes["column"]) - set(COLUMNS)):
        raise ValueError(f"Không có cột {', '.join(unknown)}. / There is no column {', '.join(unknown)}.")
    if not nodes["id"].is_unique:
        raise ValueError("Mã ô bị trùng. / A box's id stands twice.")
    order = {str(i): list(COLUMNS).index(c) for i, c in zip(nodes["id"], nodes["column"], strict=True)}
    for a, b in zip(links["source"], links["target"], strict=True):
        if a not in order or b not in order:
            raise ValueError(f"Mối liên hệ {a} → {b} trỏ tới ô không có. / The link {a} → {b} points to no box.")
        if order[a] >= order[b]:
            raise ValueError(f"Mối liên hệ {a} → {b} không dẫn sang cột sau. / The link {a} → {b} does not lead to a later column.")


def _by_strand(nodes: pd.DataFrame, links: pd.DataFrame, near: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the boxes of each column in one order of strands, the one with the fewest crossings, so that strands run straight.

    The last column follows the places of its neighbours. With more than six
    strands only the order given is used.
    """
    names = list(dict.fromkeys(str(s) for s in nodes["strand"]))
    of = dict(zip(nodes["id"], nodes["strand"].astype(str), strict=True))
    members = {c: [str(i) for i in nodes.loc[nodes["column"] == c, "id"]] for c in COLUMNS}
    last = list(COLUMNS)[-1]
    best: tuple[int, dict[str, list[str]]] | None = None
    pairs = _side_by_side(members, links)
    for order in permutations(names) if len(names) <= 6 else [tuple(names)]:
        rank = {s: k for k, s in enumerate(order)}
        columns = {c: sorted(ids, key=lambda i: rank[of[i]]) for c, ids in members.items()}
        place = _places(columns)
        columns[last] = sorted(columns[last], key=lambda i: _barycentre(i, near, place))
        count = _crossings(columns, pairs)
        if best is None or count < best[0]:
            best = (count, columns)
    return best[1] if best else members


def _places(columns: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return how far down its column each box stands, 0 to 1."""
    return {i: (k + 0.5) / len(ids) for ids in columns.values() for k, i in enumerate(ids)}


def _barycentre(box: str, near: Mapping[str, Sequence[str]], place: Mapping[str, float]) -> float:
    """Return the mean place of a box's neighbours (its own where it has none)."""
    return sum(place[j] for j in near[box]) / len(near[box]) if near[box] else place[box]


def _ordered(nodes: pd.DataFrame, links: pd.DataFrame) -> dict[str, list[str]]:
    """Return the boxes of each column from top to bottom, so that few links cross.

    Whole strands are put in order first; then each column in turn is sorted by
    the mean place of its neighbours, to and fro, and kept if fewer links cross.
    """
    near: dict[str, list[str]] = {str(i): [] for i in nodes["id"]}
    for a, b in zip(links["source"], links["target"], strict=True):
        near[a].append(b)
        near[b].append(a)
    columns = _by_strand(nodes, links, near)
    pairs = _side_by_side(columns, links)
    best, fewest = columns, _crossings(columns, pairs)
    for sweep in range(8):
        turned, place = dict(columns), _places(columns)
        for c in list(COLUMNS) if sweep % 2 == 0 else list(COLUMNS)[::-1]:
            turned[c] = sorted(turned[c], key=lambda i: _barycentre(i, near, place))
            place |= _places({c: turned[c]})
        columns = turned
        if (count := _crossings(columns, pairs)) < fewest:
            best, fewest = columns, count
    return best


def crossings(columns: Mapping[str, Sequence[str]], links: pd.DataFrame) -> int:
    """Return how many pairs of links between the same two columns cross.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Boxes of each column from top to bottom.
    links : DataFrame
        `source`, `target`.
    """
    return _crossings(columns, _side_by_side(columns, links))


def _side_by_side(columns: Mapping[str, Sequence[str]], links: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Return the ends of each pair of links between the same two columns: whatever the order in columns, only these can cross."""
    home = {i: c for c, ids in columns.items() for i in ids}
    ends = list(zip(links["source"].tolist(), links["target"].tolist(), strict=True))
    return [(a, b, c, d) for i, (a, b) in enumerate(ends) for c, d in ends[:i] if home[a] == home[c] and home[b] == home[d]]


def _crossings(columns: Mapping[str, Sequence[str]], pairs: Sequence[tuple[str, str, str, str]]) -> int:
    at = {i: k for ids in columns.values() for k, i in enumerate(ids)}
    return sum((at[a] - at[c]) * (at[b] - at[d]) < 0 for a, b, c, d in pairs)


def layout(nodes: pd.DataFrame, links: pd.DataFrame, language: str, width: float) -> tuple[list[Box], float]:
    """Place the boxes.

    Parameters
    ----------
    nodes, links : DataFrame
        As in `framework`.
    language : {"vi", "en"}
    width : float
        Points for all five columns.

    Returns
    -------
    boxes : list of Box
    height : float
        Points that the tallest column takes.
    """
    _checked(nodes, links)
    wide = (width - GUTTER * (len(COLUMNS) - 1)) / len(COLUMNS)
    rows = {str(r.id): r for r in nodes.itertuples()}
    texts = {i: style.wrap(str(getattr(r, f"label_{language}")), wide - 2 * PAD - 2, SIZE) for i, r in rows.items()}
    tall = {i: LINE * (1 + t.count("\n")) + 2 * PAD for i, t in texts.items()}
    columns = _ordered(nodes, links)
    total = max((sum(tall[i] + GAP for i in ids) for ids in columns.values()), default=0.0)
    boxes: list[Box] = []
    for k, ids in enumerate(columns.values()):
        slack = (total - sum(tall[i] + GAP for i in ids)) / max(len(ids), 1)
        top = total
        for i in ids:
            top -= slack / 2 + GAP / 2 + tall[i]
            boxes.append(Box(i, str(rows[i].strand), k * (wide + GUTTER), top, wide, tall[i], texts[i]))
            top -= slack / 2 + GAP / 2
    return boxes, total


def _ports(boxes: Mapping[str, Box], links: pd.DataFrame) -> list[tuple[str, float, float]]:
    """Return (source, height at the source, height at the target) of each link, ends spread along the boxes' sides."""
    pairs = list(zip(links["source"], links["target"], strict=True))
    heights: dict[tuple[int, int], float] = {}
    for side in (0, 1):
        for i in {p[side] for p in pairs}:
            mine = sorted((k for k, p in enumerate(pairs) if p[side] == i), key=lambda k: -boxes[pairs[k][1 - side]].middle)
            for place, k in enumerate(mine):
                share = (place + 1) / (len(mine) + 1)
                heights[k, side] = boxes[i].y + boxes[i].height * (1 - share)
    return [(a, heights[k, 0], heights[k, 1]) for k, (a, _) in enumerate(pairs)]


def framework(
    nodes: pd.DataFrame,
    links: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    title: str = "",
    strands: Mapping[str, Words] | None = None,
) -> Axes:
    """Draw the results framework from inputs to impact.

    Parameters
    ----------
    nodes : DataFrame
        `id`, `column` ("input", "activity", "output", "outcome", "impact"),
        `strand`, `label_vi`, `label_en`.
    links : DataFrame
        `source`, `target` (ids); each leads to a later column.
    ax : Axes, optional
    language : {"vi", "en"}
    title : str
    strands : mapping of str to Words, optional
        What the strands are called; a legend where given.

    Where `links` has a column `measured`, links that nothing measured are
    dashed, and the alternative counts them.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a column is unknown, an id stands twice, or a link does not lead to a later column.
    """
    width = style.WIDTH * 72 - 16
    boxes, height = layout(nodes, links, language, width)
    by_id = {b.id: b for b in boxes}
    names = list(dict.fromkeys(str(s) for s in nodes["strand"]))
    stroke = {s: STROKES[i % len(STROKES)] for i, s in enumerate(names)}
    tint = {s: TINTS[i % len(TINTS)] for i, s in enumerate(names)}
    with style.house():
        ax = style.canvas(ax, (height + 40) / 72 + (0.6 if strands else 0.2) + (0.3 if title else 0))
        measured = links["measured"] if "measured" in links else [True] * len(links)
        for (source, start, end), target, seen in zip(_ports(by_id, links), links["target"], measured, strict=True):
            a, b = by_id[source], by_id[target]
            x0, x1 = a.x + a.width, b.x
            bend = 0.5 * GUTTER if x1 - x0 <= GUTTER + 1 else 0.35 * (x1 - x0)
            curve = Path([(x0, start), (x0 + bend, start), (x1 - bend, end), (x1, end)], [Path.MOVETO, *[Path.CURVE4] * 3])
            ax.add_artist(
                FancyArrowPatch(
                    path=curve,
                    arrowstyle="-|>",
                    mutation_scale=6,
                    linewidth=1.1 if seen else 0.8,
                    linestyle="-" if seen else (0, (3, 2)),
                    color=stroke[a.strand],
                    alpha=0.75,
                    zorder=1,
                    gid="link",
                )
            )
        for box in boxes:
            _draw(ax, box, tint[box.strand], stroke[box.strand])
        wide = (width - GUTTER * (len(COLUMNS) - 1)) / len(COLUMNS)
        for k, words in enumerate(COLUMNS.values()):
            x = k * (wide + GUTTER) + wide / 2
            ax.text(x, height + 8, words[language], ha="center", va="bottom", fontsize=style.TEXT, fontweight="bold")
        ax.set_xlim(-2, width + 2)
        ax.set_ylim(-2, height + 24)
        ax.set_axis_off()
        handles: list[Artist] = [
            Patch(facecolor=tint[s], edgecolor=stroke[s], label=w[language]) for s, w in (strands or {}).items() if s in tint
        ]
        if not all(measured):
            handles.append(Line2D([], [], color=style.GREY, linestyle=(0, (3, 2)), linewidth=0.8, label=UNMEASURED[language]))
        style.finish(ax, title=title, handles=handles, below=6)
    style.describe(ax, _told(nodes, links, title, language))
    return ax


def _draw(ax: Axes, box: Box, tint: str, stroke: str) -> None:
    """Draw one box with its words."""
    ax.add_artist(
        FancyBboxPatch(
            (box.x, box.y), box.width, box.height, boxstyle="round,pad=0,rounding_size=3", facecolor=tint, edgecolor=stroke, linewidth=0.9,
            zorder=2, gid=box.id,
        )
    )  # fmt: skip
    words = ax.text(box.x + box.width / 2, box.middle, box.text, ha="center", va="center", fontsize=SIZE, linespacing=1.1, zorder=3)
    words.set_in_layout(False)  # they fit their box, which stands inside the axes


def _told(nodes: pd.DataFrame, links: pd.DataFrame, title: str, language: str) -> str:
    """Say the columns with their boxes, and how many links there are."""
    parts = [Words("Sơ đồ khung kết quả, năm cột", "Results framework in five columns")[language], title]
    for column, words in COLUMNS.items():
        labels = list(nodes.loc[nodes["column"] == column, f"label_{language}"])
        parts.append(f"{words[language]} ({number(len(labels), language)}): " + "; ".join(labels))
    parts.append(units.many(len(links), LINK, language))
    if "measured" in links and not links["measured"].all():
        parts.append(f"{UNMEASURED[language]}: {number(int((~links['measured']).sum()), language)}")
    return ". ".join(p for p in parts if p) + "."
