"""Where the axes of a figure stand: as large as the page allows with all words around them, found in one pass.

Matplotlib's own engine solves for any nesting and measures everything twice
or more. Ours have one grid, and what stands around the axes does not depend
on their size, so that once is enough, and the same figure has the same places
every time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.gridspec import SubplotSpec
from matplotlib.layout_engine import LayoutEngine
from matplotlib.spines import Spine
from matplotlib.transforms import Bbox

from evaluation.figures.letters import printed
from evaluation.figures.scale import Scale, scales
from evaluation.figures.vector import Renderer

Margins = tuple[float, float, float, float]

PAD = 3.0  # points kept free around each axes with its words


class Ruler(Renderer):
    """Measures and draws nothing: a line is as wide as the wider of PNG and SVG has it."""

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        """Return the size of a line of text in dots."""
        found = printed(s, prop.get_size_in_points(), prop.get_weight(), tuple(prop.get_family()))
        wide, tall, under = (one * self.dot for one in found)
        return wide, tall, under


class Arrangement(LayoutEngine):
    """Places axes that stand in one grid.

    Parameters
    ----------
    rect : tuple of 4 float
        Left, bottom, width and height of the room for them, as shares of the figure.
    across, up : float
        Points kept free beside and above each axes with its words.
    """

    _adjust_compatible = False
    _colorbar_gridspec = False

    def __init__(self, rect: tuple[float, float, float, float] = (0, 0, 1, 1), across: float = PAD, up: float = PAD) -> None:
        super().__init__()
        self.rect, self.across, self.up = rect, across, up

    def execute(self, fig: Figure) -> None:
        """Place the figure's axes; how often it was done before makes no difference."""
        placed = {ax: spec for ax in fig.axes if (spec := ax.get_subplotspec()) is not None}
        if not placed:
            return
        ruler = Ruler(fig.get_figwidth() * 72, fig.get_figheight() * 72, fig.dpi)
        with scales(fig) as found:
            for ax, spec in placed.items():
                _put(ax, spec.get_position(fig).bounds)
            margins = [_margins(ax, found, ruler) for ax in placed]
            self._place(fig, placed, margins)
            # What hangs on data and reaches beyond the axes, such as the last number under them, moves with their size.
            if any(right > 0 for _, right, _, _ in margins) or not all(ax.axison for ax in placed):
                self._place(fig, placed, [_margins(ax, found, ruler) for ax in placed])

    def _place(self, fig: Figure, placed: dict[Axes, SubplotSpec], margins: list[Margins]) -> None:
        """Give each column and row the room that its widest margins leave."""
        grid, dot = next(iter(placed.values())).get_gridspec(), fig.dpi / 72
        across = _Tracks(grid.get_width_ratios(), self.across * dot)
        up = _Tracks(grid.get_height_ratios(), self.up * dot)
        for spec, (left, right, bottom, top) in zip(placed.values(), margins, strict=True):
            across.take(spec.colspan, left, right)
            up.take(spec.rowspan, top, bottom)
        (x, y, wide, tall), whole = self.rect, fig.bbox
        across.fill(wide * whole.width)
        up.fill(tall * whole.height)
        for ax, spec in placed.items():
            (x0, x1), (y1, y0) = across.of(spec.colspan), up.of(spec.rowspan)
            _put(ax, (x + x0 / whole.width, y + tall - y0 / whole.height, (x1 - x0) / whole.width, (y0 - y1) / whole.height))


class _Tracks:
    """Columns or rows of a grid: the room around each, and what is left inside."""

    def __init__(self, ratios: Any, pad: float) -> None:
        self.shares = np.asarray(ratios, dtype=float) / float(np.sum(ratios))
        self.before = np.full(len(self.shares), pad)
        self.after = np.full(len(self.shares), pad)
        self.pad = pad

    def take(self, span: range, before: float, after: float) -> None:
        """Keep room on both sides of the tracks from the first to the last of `span`."""
        self.before[span.start] = max(self.before[span.start], before + self.pad)
        self.after[span.stop - 1] = max(self.after[span.stop - 1], after + self.pad)

    def fill(self, room: float) -> None:
        """Share out what the rooms between leave of `room`."""
        inner = max(room - self.before.sum() - self.after.sum(), float(len(self.shares))) * self.shares
        self.starts = np.cumsum(self.before + np.r_[0, (inner + self.after)[:-1]])
        self.ends = self.starts + inner

    def of(self, span: range) -> tuple[float, float]:
        """Return where the tracks of `span` start and end."""
        return float(self.starts[span.start]), float(self.ends[span.stop - 1])


def _put(ax: Axes, place: tuple[float, float, float, float]) -> None:
    ax.set_position(place)
    ax.set_in_layout(True)


def _margins(ax: Axes, found: dict[Axes, list[Scale]], ruler: Ruler) -> Margins:
    """Return dots that words and marks take beyond the axes: left, right, bottom, top; a title takes no width."""
    frame = ax.bbox
    whole = Bbox.union([Bbox(frame.get_points()), *_boxes(ax, found, ruler)])
    # Rounded, so that the last digits of where the axes stood before move nothing.
    left, right = round(frame.x0 - whole.x0, 3), round(whole.x1 - frame.x1, 3)
    return left, right, round(frame.y0 - whole.y0, 3), round(whole.y1 - frame.y1, 3)


def _may_reach_out(artist: Artist) -> bool:
    """Return whether something may stand beyond the axes: it is seen, counts in the layout and is not cut at their edge."""
    if isinstance(artist, Axis | Spine) or not artist.get_visible() or not artist.get_in_layout():
        return False
    return not (artist.get_clip_on() and (artist.get_clip_box() is not None or artist.get_clip_path() is not None))


def _boxes(ax: Axes, found: dict[Axes, list[Scale]], ruler: Ruler) -> list[Bbox]:
    """Return what of the axes may reach beyond them."""
    locate: Any = ax.get_axes_locator()
    ax.apply_aspect(None if locate is None else locate(ax, ruler))
    boxes = [box for scale in found[ax] for box in scale.boxes(ruler)]
    titles = [t for t in (ax.title, *(getattr(ax, n) for n in ("_left_title", "_right_title"))) if t.get_text()]
    for title in titles:
        held = title.get_window_extent(ruler)
        boxes.append(Bbox.from_extents(ax.bbox.x0, held.y0, ax.bbox.x0, held.y1))
    for artist in ax.get_children():
        if isinstance(artist, Axes):
            boxes += _boxes(artist, found, ruler)
        elif _may_reach_out(artist) and artist not in titles and artist is not ax.patch:
            box = artist.get_tightbbox(ruler)
            if box is not None and np.isfinite(box.get_points()).all() and (box.width or box.height):
                boxes.append(Bbox(box.get_points()))
    return boxes
