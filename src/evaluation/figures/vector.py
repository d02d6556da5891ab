"""A figure as a small SVG: whole hundredths of a point, letters as shared outlines, the same bytes on every call.

The drawing holds nothing but shapes: no text, style sheet, picture, link,
program name or time, so that `evaluation.batch.check` can let it pass by a
short list of elements and attributes. Whoever has the file can read every
coordinate back into data: draw it from protected data only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Transform

from evaluation.figures.letters import EM, SCALE, font_file, heights, line
from evaluation.figures.outlines import written
from evaluation.figures.scale import scales

FINE = 100  # steps of a point
HATCH = 72  # points after which a hatch repeats
_HATCHES_A_TILE = 6  # rows of one sign of a hatch
SHOWN_WIDTH = 1100  # pixels that a page gives a figure
_HIDDEN = ("none", "None", "", " ")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def _names() -> Iterator[str]:
    """Yield short names: a, b, ..., z, aa, ab, ..."""
    length = 1
    while True:
        for k in range(len(_ALPHABET) ** length):
            yield "".join(_ALPHABET[k // len(_ALPHABET) ** p % len(_ALPHABET)] for p in reversed(range(length)))
        length += 1


def _short(value: float) -> str:
    """Write a number with at most four decimals and no needless zero."""
    said = f"{value:.4f}".rstrip("0").rstrip(".")
    return said[1:] if said.startswith("0.") else said or "0"


def _hatched(signs: str, path: Path) -> tuple[str, tuple[int, int]]:
    """Return a hatch's path data and the tile that repeats; of dots alone one tile has two, none of them cut."""
    side = HATCH * FINE
    clean = path.cleaned(transform=Affine2D().scale(side, -side).translate(0, side), curves=True)
    points, codes = np.rint(np.asarray(clean.vertices)).astype(int), np.asarray(clean.codes)
    if set(signs) != {"."}:
        return written(points.tolist(), codes.tolist()), (side, side)
    apart = side // (_HATCHES_A_TILE * len(signs))
    x, y, wide, tall = apart - apart // 4, apart - apart // 2, apart, 2 * apart
    starts = [*np.flatnonzero(codes == Path.MOVETO).tolist(), len(codes)]
    dots = [(points[a:b], codes[a:b].tolist()) for a, b in pairwise(starts)]
    kept = [(p - (x, y), c) for p, c in dots if _within(p[:-1], x, y, x + wide, y + tall)]
    return "".join(written(p.tolist(), c) for p, c in kept), (wide, tall)


def _within(points: np.ndarray[Any, Any], x0: int, y0: int, x1: int, y1: int) -> bool:
    (a, b), (c, d) = points.min(0), points.max(0)
    return bool(x0 <= a and c <= x1 and y0 <= b and d <= y1)


def _apart(paths: Any) -> bool:
    """Return whether paths are upright lines, each in its own place, so that clear strokes lie nowhere on each other."""
    lines = [p.vertices for p in paths if len(p.vertices) == 2]
    places = {float(line[0][0]) for line in lines if line[0][0] == line[1][0]}
    return len(places) == len(lines) == len(paths)


class Renderer(RendererBase):
    """Takes what a figure's artists draw and writes it as SVG.

    Parameters
    ----------
    width, height : float
        Points.
    dpi : float
        Of the figure: its artists count in dots.
    """

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__()
        self.size = (width * dpi / 72, height * dpi / 72)
        self.dot = dpi / 72
        self.step = FINE / self.dot
        self.flip = Affine2D().scale(self.step, -self.step).translate(0, height * FINE)
        self.whole = (round(width * FINE), round(height * FINE))
        self.body: list[tuple[str, str, str]] = []
        self.defs: list[str] = []
        self.names = _names()
        self.known: dict[object, str] = {}
        self.joined: tuple[str, str] | None = None

    def flipy(self) -> bool:
        """Count downwards, as SVG does."""
        return True

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Return the size in dots."""
        return self.size

    def points_to_pixels(self, points: Any) -> Any:
        """Return dots for points."""
        return points * self.dot

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        """Return the size of a line of text in dots."""
        found = line(s, font_file(tuple(prop.get_family()), prop.get_weight(), prop.get_style()))
        scale = prop.get_size_in_points() / SCALE * self.dot
        return found.width * scale, found.height * scale, found.descent * scale

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple[float, float, float]:
        """Return a font's ascent, descent and gap in dots: matplotlib asks if it can, and else reads the font's tables each time."""
        size = prop.get_size_in_points() * self.dot
        ascent, descent, gap = heights(font_file(tuple(prop.get_family()), prop.get_weight(), prop.get_style()))
        return ascent * size, descent * size, gap * size

    def draw_path(self, gc: GraphicsContextBase, path: Path, transform: Transform, rgbFace: Any = None) -> None:
        """Write one path."""
        look = self._look(gc, rgbFace)
        if look is None:
            return
        bare = rgbFace is None and gc.get_hatch() is None
        points, codes = self._points(path, transform, simplify=bare and path.should_simplify)
        if len(points):
            look += self._clip(gc, points)
            whole = bare and gc.get_rgb()[3] == 1 and gc.get_dashes()[1] is None
            self._shape(written(points.tolist(), codes), look, mergeable=whole)

    def draw_markers(
        self, gc: GraphicsContextBase, marker_path: Path, marker_trans: Transform, path: Path, trans: Transform, rgbFace: Any = None
    ) -> None:
        """Write one shape at many places."""
        look = self._look(gc, rgbFace)
        where, _ = self._points(path, trans, simplify=False)
        if look is None or not len(where):
            return
        shape = marker_path.cleaned(transform=marker_trans + Affine2D().scale(self.step, -self.step), remove_nans=True, curves=True)
        outline = np.rint(np.asarray(shape.vertices)).astype(int)
        codes = np.asarray(shape.codes).tolist()
        corners = (where[:, None] + np.array([outline.min(0), outline.max(0)])[None]).reshape(-1, 2)
        look += self._clip(gc, corners)
        if rgbFace is None and gc.get_rgb()[3] == 1:
            for place in where:
                self._shape(written((outline + place).tolist(), codes), look, mergeable=True)
            return
        name = self._name(("marker", data := written(outline.tolist(), codes)), f'path d="{data}"')
        uses = [f'<use href="#{name}" x="{x}" y="{y}"' for x, y in where.tolist()]
        for use in uses:
            self._add(use, look, "/>")

    def draw_path_collection(
        self,
        gc: GraphicsContextBase,
        master_transform: Transform,
        paths: Any,
        all_transforms: Any,
        offsets: Any,
        offset_trans: Transform,
        facecolors: Any,
        edgecolors: Any,
        linewidths: Any,
        linestyles: Any,
        antialiaseds: Any,
        urls: Any,
        offset_position: Any,
        *,
        hatchcolors: Any = None,
    ) -> None:
        """Write many paths: lines of one look that do not cross as one path, others one by one."""
        alike = not len(facecolors) and len(edgecolors) == len(linewidths) == len(linestyles) == 1 and not len(all_transforms)
        if alike and len(paths) > 1 and not np.any(offsets) and (edgecolors[0][3] == 1 or _apart(paths)):
            gc.set_foreground(edgecolors[0], isRGBA=True)
            gc.set_linewidth(linewidths[0])
            gc.set_dashes(*linestyles[0])
            self.draw_path(gc, Path.make_compound_path(*paths), master_transform)
            return
        super().draw_path_collection(
            gc, master_transform, paths, all_transforms, offsets, offset_trans, facecolors, edgecolors, linewidths, linestyles,
            antialiaseds, urls, offset_position, hatchcolors=hatchcolors,
        )  # fmt: skip

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        """Write one line of text as outlines; a line that stands twice is written once."""
        file = font_file(tuple(prop.get_family()), prop.get_weight(), prop.get_style())
        if not (glyphs := line(s, file).glyphs):
            return
        alpha = gc.get_alpha() if gc.get_forced_alpha() else gc.get_rgb()[3]
        turn = f"rotate({_short(-angle)})" if angle else ""
        scale = prop.get_size_in_points() * FINE / EM
        place = f"translate({round(x * self.step)} {round(y * self.step)}){turn}scale({_short(scale)})"
        look = f' fill="{to_hex(gc.get_rgb())}"'
        if alpha != 1:
            look += f' fill-opacity="{_short(alpha)}"'
        key = ("line", s, file)
        if name := self.known.get(key):
            self._add(f'<use href="#{name}" transform="{place}"', look, "/>")
            return
        self.known[key] = name = next(self.names)
        uses = []
        for data, along in glyphs:
            outline = self._name(("letter", data), f'path d="{data}"')
            uses.append(f'<use href="#{outline}" x="{along}"/>' if along else f'<use href="#{outline}"/>')
        self._add(f'<g transform="{place}"', look, f'><g id="{name}">{"".join(uses)}</g></g>')

    def draw_image(self, gc: GraphicsContextBase, x: float, y: float, im: Any, transform: Any = None) -> None:
        """Refuse: a picture of dots has no place among shapes.

        Raises
        ------
        TypeError
            Always.
        """
        raise TypeError("Hình có ảnh điểm, hãy ghi dưới dạng PNG. / The figure holds a picture of dots: write it as PNG.")

    def finished(self) -> str:
        """Return the whole drawing."""
        wide, tall = self.whole
        shown = f'width="{SHOWN_WIDTH}" height="{round(SHOWN_WIDTH * tall / wide)}"'
        self._flush()
        defs = f"<defs>{''.join(self.defs)}</defs>" if self.defs else ""
        drawn: list[str] = []
        for look, run in groupby(self.body, key=itemgetter(1)):
            alike = list(run)
            if len(alike) == 1 or not look:
                drawn += [f"{start}{look}{rest}" for start, _, rest in alike]
            else:
                drawn.append(f"<g{look}>{''.join(start + rest for start, _, rest in alike)}</g>")
        start = f'<svg xmlns="http://www.w3.org/2000/svg" {shown} viewBox="0 0 {wide} {tall}" fill="none" stroke-linejoin="round">'
        return f"{start}{defs}{''.join(drawn)}</svg>"

    def _points(self, path: Path, transform: Transform, *, simplify: bool) -> tuple[np.ndarray[Any, Any], list[int]]:
        """Return a path's points in whole steps, and its codes; gaps are left out."""
        if simplify:
            path, transform = path.cleaned(transform=transform, remove_nans=True, simplify=True), Affine2D()
        clean = path.cleaned(transform=transform + self.flip, remove_nans=True, simplify=False, curves=True)
        codes = np.asarray(clean.codes)
        real = codes != Path.STOP
        return np.rint(np.asarray(clean.vertices)[real]).astype(int), codes[real].tolist()

    def _shape(self, data: str, look: str, *, mergeable: bool) -> None:
        """Write a path; full strokes of one look that follow each other become one."""
        if mergeable and self.joined and self.joined[1] == look:
            self.joined = (self.joined[0] + data, look)
            return
        self._flush()
        if mergeable:
            self.joined = (data, look)
        else:
            self.body.append((f'<path d="{data}"', look, "/>"))

    def _flush(self) -> None:
        if self.joined:
            data, look = self.joined
            self.body.append((f'<path d="{data}"', look, "/>"))
            self.joined = None

    def _add(self, start: str, look: str, rest: str) -> None:
        """Write an element: its start, then its look, then the rest."""
        self._flush()
        self.body.append((start, look, rest))

    def _name(self, key: object, element: str) -> str:
        """Return the name of a shared element, written once."""
        if key not in self.known:
            self.known[key] = next(self.names)
            self.defs.append(f'<{element} id="{self.known[key]}"/>')
        return self.known[key]

    def _look(self, gc: Any, face: Any) -> str | None:
        """Return fill and stroke as attributes where they are not the drawing's own; None where there is neither."""
        forced, alpha = gc.get_forced_alpha(), gc.get_alpha()
        if gc.get_hatch() is not None:
            said = f' fill="url(#{self._hatch(gc, face)})"'
        elif face is None or (len(face) == 4 and face[3] == 0):
            said = ""
        else:
            said = f' fill="{to_hex(face)}"'
            clear = alpha if forced else face[3] if len(face) == 4 else 1.0
            if clear != 1:
                said += f' fill-opacity="{_short(clear)}"'
        width, edge = gc.get_linewidth(), gc.get_rgb()
        clear = alpha if forced else edge[3]
        if not width or not clear:
            return said or None
        said += f' stroke="{to_hex(edge)}" stroke-width="{round(width * FINE)}"'
        if clear != 1:
            said += f' stroke-opacity="{_short(clear)}"'
        offset, dashes = gc.get_dashes()
        if dashes is not None:
            said += f' stroke-dasharray="{" ".join(str(round(d * FINE)) for d in dashes)}"'
            if offset:
                said += f' stroke-dashoffset="{round(offset * FINE)}"'
        if (join := gc.get_joinstyle()) != "round":
            said += f' stroke-linejoin="{join}"'
        if (cap := gc.get_capstyle()) != "butt":
            said += f' stroke-linecap="{"square" if cap == "projecting" else cap}"'
        return said

    def _hatch(self, gc: Any, face: Any) -> str:
        """Return the name of a hatch on its ground."""
        ground = "none" if face is None else to_hex(face)
        edge, width = gc.get_hatch_color(), gc.get_hatch_linewidth()
        key = ("hatch", gc.get_hatch(), ground, to_hex(edge), width)
        if key not in self.known:
            data, (wide, tall) = _hatched(str(gc.get_hatch()), gc.get_hatch_path())
            self.known[key] = next(self.names)
            under = "" if ground == "none" else f'<path d="M0 0h{wide}v{tall}h-{wide}z" fill="{ground}"/>'
            self.defs.append(
                f'<pattern id="{self.known[key]}" patternUnits="userSpaceOnUse" width="{wide}" height="{tall}">{under}'
                f'<path d="{data}" fill="{to_hex(edge)}" stroke="{to_hex(edge)}" stroke-width="{round(width * FINE)}"/></pattern>'
            )
        return self.known[key]

    def _clip(self, gc: Any, points: np.ndarray[Any, Any]) -> str:
        """Return the clip as an attribute where the points reach beyond it."""
        shape, moved = gc.get_clip_path()
        if shape is not None:
            data = written(*self._outline(shape, moved))
            return f' clip-path="url(#{self._clip_name(data)})"'
        frame = gc.get_clip_rectangle()
        if frame is None:
            return ""
        (x0, y1), (x1, y0) = np.rint(self.flip.transform(np.asarray(frame.extents).reshape(2, 2))).astype(int).tolist()
        half = gc.get_linewidth() * FINE / 2
        (a, b), (c, d) = points.min(0), points.max(0)
        if x0 + half <= a and c <= x1 - half and y0 + half <= b and d <= y1 - half:
            return ""
        return f' clip-path="url(#{self._clip_name(f"M{x0} {y0}h{x1 - x0}v{y1 - y0}h{x0 - x1}z")})"'

    def _outline(self, shape: Path, moved: Transform) -> tuple[list[list[int]], list[int]]:
        points, codes = self._points(shape, moved, simplify=False)
        return points.tolist(), codes

    def _clip_name(self, data: str) -> str:
        key = ("clip", data)
        if key not in self.known:
            self.known[key] = next(self.names)
            self.defs.append(f'<clipPath id="{self.known[key]}"><path d="{data}"/></clipPath>')
        return self.known[key]


def svg(fig: Figure) -> str:
    """Return a figure whose layout is settled as SVG: the same text on every call.

    Parameters
    ----------
    fig : Figure

    Raises
    ------
    TypeError
        If it holds a picture of dots.
    """
    renderer = Renderer(fig.get_figwidth() * 72, fig.get_figheight() * 72, fig.dpi)
    with scales(fig) as found:
        standing = [(ax, ax.add_artist(scale)) for ax, held in found.items() for scale in held]
        try:
            fig.draw(renderer)
        finally:
            for _, scale in standing:
                scale.remove()
    return renderer.finished()
