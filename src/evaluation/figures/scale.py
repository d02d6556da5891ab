"""An axis as one thing: its ticks, lines across, numbers and name, worked out once and drawn without an object for each tick.

Matplotlib keeps five artists for every tick and asks each for its size several
times a page. A report's figures are laid out and written with these instead;
in a notebook matplotlib's own axes are drawn, from the same places, words and
sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox, IdentityTransform

Points = np.ndarray[Any, Any]
STYLE: MutableMapping[str, Any] = matplotlib.rcParams  # type: ignore[assignment]  # the stub wants literal keys


def _dots(renderer: RendererBase, points: float) -> float:
    return float(renderer.points_to_pixels(points))  # type: ignore[arg-type]  # the stub knows arrays too


class Scale(Artist):
    """One axis of axes that are drawn on a page.

    Parameters
    ----------
    axis : Axis
        With ticks at the bottom or at the left alone.
    """

    def __init__(self, axis: Axis) -> None:
        super().__init__()
        self.axis = axis
        self.name = str(axis.axis_name)  # type: ignore[attr-defined]
        self.across = self.name == "x"
        self.side = "bottom" if self.across else "left"
        self.looks = {which: self._look(which) for which in ("major", "minor")}
        self.places, self.words = self._marks()
        self.small = self._seen(np.asarray(axis.get_minorticklocs(), dtype=float))
        self.set_zorder(axis.get_zorder())

    def _look(self, which: str) -> dict[str, Any]:
        """Return how ticks are drawn: the axis' own choices over those of the style."""
        start = f"{self.name}tick"
        usual = {
            "length": STYLE[f"{start}.{which}.size"],
            "width": STYLE[f"{start}.{which}.width"],
            "pad": STYLE[f"{start}.{which}.pad"],
            "color": STYLE[f"{start}.color"],
            "labelsize": STYLE[f"{start}.labelsize"],
            "labelcolor": STYLE[f"{start}.labelcolor"],
            "gridOn": False,
            self.side: True,
            f"label{self.side}": which == "major",
        }
        found = {**usual, **self.axis.get_tick_params(which=which)}  # type: ignore[arg-type]
        if found["labelcolor"] == "inherit":
            found["labelcolor"] = STYLE[f"{start}.color"]
        return found

    def _seen(self, places: Points) -> Points:
        """Return those of the places that lie in view."""
        low, high = sorted(self.axis.get_view_interval())
        room = 1e-9 * (high - low)
        return places[np.isfinite(places) & (places >= low - room) & (places <= high + room)]

    def _marks(self) -> tuple[Points, list[str]]:
        """Return places of the ticks in view and what is written at them."""
        every = np.asarray(self.axis.get_majorticklocs(), dtype=float)
        words = self.axis.get_major_formatter().format_ticks(every.tolist())
        seen = set(self._seen(every).tolist())
        kept = [(place, said) for place, said in zip(every.tolist(), words, strict=True) if place in seen]
        if not self.looks["major"][f"label{self.side}"]:
            kept = [(place, "") for place, _ in kept]
        return np.array([place for place, _ in kept], dtype=float), [said for _, said in kept]

    def _along(self, places: Points) -> Points:
        """Return where places stand along the axis, in dots."""
        ax = self.axis.axes
        nothing = np.zeros(len(places))
        if self.across:
            return np.asarray(ax.get_xaxis_transform().transform(np.column_stack([places, nothing])))[:, 0]
        return np.asarray(ax.get_yaxis_transform().transform(np.column_stack([nothing, places])))[:, 1]

    def _foot(self) -> float:
        """Return where the axis stands: the bottom of the axes, or their left side, in dots."""
        corner = self.axis.axes.bbox
        return float(corner.y0 if self.across else corner.x0)

    def _reach(self, renderer: RendererBase) -> float:
        """Return dots from the axis to the outer edge of a tick."""
        look = self.looks["major"]
        drawn = look[self.side] and len(self.places)
        return _dots(renderer, look["length"] if drawn else 0.0)

    def _written(self, text: str, along: float, renderer: RendererBase) -> Text:
        """Return the text of one tick in its place."""
        look = self.looks["major"]
        off = self._foot() - _dots(renderer, (look["length"] if look[self.side] else 0) + look["pad"])
        made = Text(
            *((along, off) if self.across else (off, along)),
            text,
            color=look["labelcolor"],
            fontsize=look["labelsize"],
            fontfamily=look.get("labelfontfamily"),
            horizontalalignment="center" if self.across else "right",
            verticalalignment="top" if self.across else "center_baseline",
        )
        made.set_figure(self.axis.axes.get_figure(root=True))  # type: ignore[arg-type]
        return made

    def _texts(self, renderer: RendererBase) -> list[Text]:
        return [self._written(said, x, renderer) for said, x in zip(self.words, self._along(self.places).tolist(), strict=True) if said]

    def boxes(self, renderer: RendererBase) -> list[Bbox]:
        """Return what the axis covers beyond the axes, in dots: its numbers and its name, the latter without its length."""
        found = [Bbox(text.get_window_extent(renderer).get_points()) for text in self._texts(renderer)]
        foot = self._foot()
        outer = min([foot - self._reach(renderer), *((b.y0 if self.across else b.x0) for b in found)])
        label, frame = self.axis.label, self.axis.axes.bbox
        if label.get_visible() and label.get_text():
            self._place_name(outer, renderer)
            held = label.get_window_extent(renderer)
            found.append(
                Bbox.from_extents(frame.x0, held.y0, frame.x0, held.y1)
                if self.across
                else Bbox.from_extents(held.x0, frame.y0, held.x1, frame.y0)
            )
        ends = (frame.x0, outer, frame.x0, foot) if self.across else (outer, frame.y0, foot, frame.y0)
        return [*found, Bbox.from_extents(*ends)]

    def _place_name(self, outer: float, renderer: RendererBase) -> None:
        """Put the axis' name beyond its numbers."""
        away = outer - _dots(renderer, self.axis.labelpad)
        self.axis.label.set_position((0.5, away) if self.across else (away, 0.5))

    def draw(self, renderer: RendererBase) -> None:
        """Draw lines across, ticks, numbers and name."""
        frame, foot = self.axis.axes.bbox, self._foot()
        along = self._along(self.places)
        if self.looks["major"]["gridOn"]:
            ends = (frame.y0, frame.y1) if self.across else (frame.x0, frame.x1)
            self._strokes(renderer, along, *ends, STYLE["grid.color"], STYLE["grid.linewidth"])
        for look, places in ((self.looks["major"], along), (self.looks["minor"], self._along(self.small))):
            if look[self.side] and look["length"]:
                length = _dots(renderer, look["length"])
                self._strokes(renderer, places, foot, foot - length, look["color"], look["width"])
        outer = foot - self._reach(renderer)
        for text in self._texts(renderer):
            box = text.get_window_extent(renderer)
            outer = min(outer, box.y0 if self.across else box.x0)
            text.draw(renderer)
        if self.axis.label.get_visible() and self.axis.label.get_text():
            self._place_name(outer, renderer)
            self.axis.label.draw(renderer)

    def _strokes(self, renderer: RendererBase, along: Points, start: float, end: float, colour: Any, width: float) -> None:
        """Draw short lines of one length, square to the axis."""
        if not len(along):
            return
        first = np.column_stack([along, np.full(len(along), start)])
        last = np.column_stack([along, np.full(len(along), end)])
        both = np.stack([first, last], axis=1).reshape(-1, 2)
        if not self.across:
            both = both[:, ::-1]
        gc = renderer.new_gc()
        gc.set_foreground(to_rgba(colour), isRGBA=True)
        gc.set_linewidth(width)
        gc.set_capstyle("butt")
        codes = np.tile([Path.MOVETO, Path.LINETO], len(along))
        renderer.draw_path(gc, Path(both, codes), IdentityTransform())


def _axes(fig: Figure) -> Iterator[Axes]:
    """Yield all axes of a figure, those inside others too."""
    for ax in fig.axes:
        yield ax
        yield from (child for child in ax.child_axes if isinstance(child, Axes))


@contextmanager
def scales(fig: Figure) -> Iterator[dict[Axes, list[Scale]]]:
    """Let scales stand for the axes' own axes while something is laid out or written.

    Parameters
    ----------
    fig : Figure

    Yields
    ------
    dict of Axes to list of Scale
    """
    found: dict[Axes, list[Scale]] = {}
    for ax in _axes(fig):
        shown = [axis for axis in (ax.xaxis, ax.yaxis) if ax.axison and axis.get_visible()]
        found[ax] = [Scale(axis) for axis in shown]
        for axis in shown:
            axis.set_visible(False)
    try:
        yield found
    finally:
        for held in found.values():
            for scale in held:
                scale.axis.set_visible(True)
