"""A drawn figure becomes a figure of the report: its picture, and the alternative made from its numbers."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from evaluation.reporting.model import Figure

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes


def picture(drawn: Axes | np.ndarray, name: str, caption: str, *, protected: bool = True) -> Figure:
    """Return a drawn figure as a figure of the report, and let go of its memory.

    Parameters
    ----------
    drawn : Axes or array of Axes
        What a function of `evaluation.figures` returned.
    name : str
        Anchor of the figure in the page.
    caption : str
    protected : bool
        Whether all that was drawn had passed the gate. If so it becomes an
        SVG, from which every coordinate can be read; else a PNG, which keeps
        no more than its dots.

    Raises
    ------
    LookupError
        If it has no text alternative.
    """
    from evaluation.figures import style

    axes = drawn if not hasattr(drawn, "flat") else drawn.flat[0]
    whole = style.root(axes)
    alternative = style.alt(drawn)
    if protected:
        made = Figure(name, caption, alternative, style.svg(whole), "svg")
    else:
        made = Figure(name, caption, alternative, base64.b64encode(style.png(whole)).decode("ascii"))
    style.close(whole)
    return made
