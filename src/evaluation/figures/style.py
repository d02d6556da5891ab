"""The house look of every figure: one font, a palette that survives grey print, footers, text alternatives, bytes.

A figure function draws inside ``with house():``, ends with `finish` (title,
synthetic mark, legend, notes and source, stacked so that nothing overlaps) and
`describe` (the text alternative). `png` turns a figure into bytes that are the
same on every call.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter
from matplotlib.transforms import ScaledTranslation

from evaluation.figures import vector
from evaluation.figures.arrangement import Arrangement
from evaluation.figures.letters import DPI, printed
from evaluation.language import SYNTHETIC as SYNTHETIC
from evaluation.language import sentence

FAMILY = "DejaVu Sans"  # comes with matplotlib and has every Vietnamese letter
WIDTH = 8.46  # inches: a page of 1100 px at DPI
INK, MAIN, ACCENT = "#1f2328", "#0b4f6c", "#b8511f"
GREY, RULE, BAND, PAPER = "#6b7280", "#b6bcc4", "#ececec", "#ffffff"
TITLE, TEXT, SMALL, NOTE = 10, 8.5, 7.5, 7  # points

HOUSE: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": [FAMILY],
        "font.size": TEXT,
        "figure.dpi": DPI,
        "figure.facecolor": PAPER,
        "figure.max_open_warning": 0,
        "savefig.dpi": DPI,
        "axes.facecolor": PAPER,
        "axes.edgecolor": RULE,
        "axes.labelcolor": INK,
        "axes.labelsize": TEXT,
        "axes.titlesize": TITLE,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "axes.titlecolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "axes.formatter.use_locale": False,
        "grid.color": "#e3e6ea",
        "grid.linewidth": 0.6,
        "hatch.linewidth": 0.8,
        "legend.fontsize": SMALL,
        "legend.frameon": False,
        "lines.linewidth": 1.6,
        "text.color": INK,
        "text.usetex": False,
        "text.parse_math": False,  # a "$" in a name is a letter, never mathematics
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
    }
)

_alternatives: WeakKeyDictionary[Artist, str] = WeakKeyDictionary()


@contextmanager
def house() -> Iterator[None]:
    """Draw in the house style; whatever the reader's own settings were comes back afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(dict(HOUSE))  # type: ignore[arg-type]  # the stub wants literal keys
        try:
            yield
        finally:
            # A notebook's backend switches this on when it makes its first figure, and needs it to stay on.
            interactive = matplotlib.is_interactive()
    matplotlib.interactive(interactive)


def canvas(ax: Axes | None, height: float, width: float = WIDTH) -> Axes:
    """Return the axes to draw on: the given one, or one in a new figure of fixed size.

    Parameters
    ----------
    ax : Axes or None
    height, width : float
        Inches of a new figure; without effect where `ax` is given.
    """
    if ax is not None:
        return ax
    return plt.figure(figsize=(width, height), layout=Arrangement()).add_subplot()


def root(ax: Axes) -> Figure:
    """Return the figure that the axes stand in.

    Raises
    ------
    ValueError
        If the axes were taken out of their figure.
    """
    fig = ax.get_figure(root=True)
    if fig is None:
        raise ValueError("Trục này không còn nằm trong hình nào. / These axes stand in no figure any more.")
    return fig


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return how wide a single line is where `png` draws it, in points."""
    return printed(text, size, "bold" if bold else "normal", (FAMILY,))[0]


def wrap(text: str, width: float, size: float = TEXT, bold: bool = False) -> str:
    """Break a text at spaces into lines that fit.

    Parameters
    ----------
    text : str
    width : float
        Room in points; a single word that is wider stands alone on its line.
    size : float
        Font size in points.
    bold : bool
    """
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size, bold) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


def axes_size(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes in points, after the figure's layout engine (if any) has placed them."""
    fig = root(ax)
    if (engine := fig.get_layout_engine()) is not None:
        engine.execute(fig)
    place = ax.get_position()
    return float(place.width * fig.get_figwidth() * 72), float(place.height * fig.get_figheight() * 72)


def ticks(axis: Axis, places: Iterable[float], words: Sequence[str] = ()) -> None:
    """Put ticks of an axis where they are told, without an object for each as yet; the axis' limits stay.

    Parameters
    ----------
    axis : Axis
    places : iterable of float
    words : sequence of str
        What is written at each; nothing where left out.
    """
    axis.set_major_locator(FixedLocator([float(x) for x in places]))
    axis.set_major_formatter(FixedFormatter(list(words)) if words else NullFormatter())


def plain_ticks(ax: Axes) -> None:
    """Fix font and size of the tick labels, which matplotlib would otherwise choose when the page is drawn."""
    ax.tick_params(labelsize=SMALL, labelfontfamily=FAMILY, color=RULE)


def legend_columns(handles: Sequence[Artist], width: float) -> int:
    """Return the largest number of equal columns in which a legend's entries fit `width` points."""
    widest = max((text_width(str(h.get_label()), SMALL) for h in handles), default=0.0) + 38
    return max(1, min(len(handles), int(width // widest)))


def legend_height(entries: int, columns: int) -> float:
    """Return the points that a legend takes, with the room under it."""
    return -(-entries // columns) * (SMALL * 1.6) + 6


def _legend(ax: Axes, handles: Sequence[Artist], below: float, width: float) -> float:
    """Put the legend `below` points under the axes and return the points that it takes."""
    if not handles:
        return 0.0
    columns = legend_columns(handles, width)
    ax.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=ax.transAxes + ScaledTranslation(0, -below / 72, root(ax).dpi_scale_trans),
        borderaxespad=0,
        borderpad=0,
        ncols=columns,
        prop={"family": FAMILY, "size": SMALL},
    )
    return legend_height(len(handles), columns)


def finish(
    ax: Axes,
    *,
    title: str = "",
    handles: Sequence[Artist] = (),
    notes: Sequence[str] = (),
    synthetic: bool = False,
    below: float = 34,
) -> None:
    """Put title and synthetic mark above the axes; legend, notes and source below, each in its own room.

    Parameters
    ----------
    ax : Axes
    title : str
        The finding; broken into lines that fit.
    handles : sequence of Artist
        Legend entries, labelled.
    notes : sequence of str
        Lines under the legend, the source last.
    synthetic : bool
        Whether to mark the figure as made from synthetic data.
    below : float
        Points that tick labels and axis label take under the axes.
    """
    label, (width, height) = ax.get_ylabel(), axes_size(ax)
    if synthetic:
        mark(ax)
    said = _stack(ax, title, handles, notes, 18 if synthetic else 6, below, width)
    if text_width(label, TEXT) > height / 2 and (broken := wrap(label, axes_size(ax)[1])) != label:
        ax.set_ylabel(broken)
        if said is not None:
            said.remove()
        _stack(ax, title, handles, notes, 18 if synthetic else 6, below, axes_size(ax)[0])


def _stack(ax: Axes, title: str, handles: Sequence[Artist], notes: Sequence[str], pad: float, below: float, width: float) -> Artist | None:
    """Break title, legend and notes for the width of the axes and place them; return the notes."""
    if title:
        ax.set_title(wrap(title, width, TITLE, bold=True), loc="left", pad=pad, y=1.0)
    below += _legend(ax, handles, below, width)
    if not (lines := [wrap(n, width, NOTE) for n in notes if n]):
        return None
    return ax.annotate(
        "\n".join(lines),
        (0, 0),
        xycoords="axes fraction",
        xytext=(0, -below),
        textcoords="offset points",
        va="top",
        fontsize=NOTE,
        color=GREY,
        linespacing=1.25,
        annotation_clip=False,
    )


def mark(ax: Axes) -> None:
    """Say on the figure that its data are synthetic, in both languages, just above the axes."""
    ax.annotate(
        SYNTHETIC,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        va="bottom",
        fontsize=7.5,
        fontweight="bold",
        color=ACCENT,
        annotation_clip=False,
    )


def notice(ax: Axes, text: str, size: float = TEXT) -> None:
    """Write in a box in the upper right corner what the figure cannot show."""
    box: dict[str, Any] = {"facecolor": PAPER, "edgecolor": RULE, "boxstyle": "round,pad=0.4"}
    ax.text(0.98, 0.96, text, transform=ax.transAxes, ha="right", va="top", fontsize=size, bbox=box, zorder=6)


def describe(drawn: Axes | Figure, *parts: str, synthetic: bool = False) -> None:
    """Attach the text alternative of a figure or of one of its panels.

    Parameters
    ----------
    drawn : Axes or Figure
    *parts : str
        Sentences, with or without their full stop and capital; empty ones are left out.
    synthetic : bool
        Whether the text ends with the synthetic mark, as the figure bears it.
    """
    said = (" ".join(part.split()).rstrip(".") for part in (*parts, SYNTHETIC if synthetic else ""))
    _alternatives[drawn] = ". ".join(sentence(one) for part in said if part for one in part.split(". ")) + "."


def alt(drawn: Axes | Figure | np.ndarray[Any, Any]) -> str:
    """Return the text alternative.

    Parameters
    ----------
    drawn : Axes, Figure or array of Axes
        An array stands for its whole figure; a figure without a text of its
        own gives those of its axes, in order.

    Raises
    ------
    LookupError
        If there is none: a figure without a text alternative is a fault.
    """
    thing: Axes | Figure = root(drawn.flat[0]) if isinstance(drawn, np.ndarray) else drawn
    if thing in _alternatives:
        return _alternatives[thing]
    parts = [_alternatives[a] for a in thing.axes if a in _alternatives] if isinstance(thing, Figure) else []
    if not parts:
        raise LookupError("Hình không có văn bản thay thế. / The figure has no text alternative.")
    return " ".join(parts)


def _settle(fig: Figure) -> None:
    """Run the figure's layout engine (if any) a last time, since it may move things a little each time it runs."""
    if (engine := fig.get_layout_engine()) is not None:
        engine.execute(fig)
        fig.set_layout_engine("none")


def png(fig: Figure) -> bytes:
    """Return the figure as PNG: the same bytes on every call, without program name or time.

    The layout is settled once and kept, since a layout engine may move things
    a little each time it runs. The figure stays open.
    """
    with house():
        _settle(fig)
        out = io.BytesIO()
        fig.savefig(out, format="png", dpi=DPI, bbox_inches=None, metadata={"Software": None})
    return out.getvalue()


def svg(fig: Figure) -> str:
    """Return the figure as a small SVG: the same text on every call, without program name or time.

    For protected data alone: every coordinate can be read back. The layout is
    settled once and kept, as by `png`. The figure stays open.
    """
    with house():
        _settle(fig)
        return vector.svg(fig)


def ready() -> None:
    """Load the font with the letters of both languages and draw once: for a process that others are forked from."""
    letters = "".join(chr(c) for c in (*range(33, 127), *range(192, 433), *range(0x1EA0, 0x1EFA)) if chr(c).isprintable())
    with house():
        # Not through pyplot, which would choose a backend now, for all that are forked.
        ax = Figure(figsize=(WIDTH, 2), layout=Arrangement()).add_subplot()
        ax.plot([0, 1], [0, 1], marker="o", label=letters)
        ax.vlines([0, 1], 0, 1)
        ax.grid(axis="y")
        finish(ax, title=letters, handles=ax.lines, notes=[letters], synthetic=True)
    svg(root(ax))


def close(fig: Figure) -> None:
    """Let go of the figure's memory."""
    plt.close(fig)


def runs(items: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return (item, first, last) of each run of equal neighbours, positions from 0."""
    starts = [0, *(i for i in range(1, len(items)) if items[i] != items[i - 1]), len(items)]
    return [(items[a], a, b - 1) for a, b in pairwise(starts) if b > a]
