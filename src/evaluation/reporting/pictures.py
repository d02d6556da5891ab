"""A drawn figure becomes a figure of the report: its picture, and the alternative made from its numbers."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from evaluation.reporting.model import Figure

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes


def picture(drawn: Axes | np.ndarray, name: str, caption: str) -> Figure:
    """Return a drawn figure as a figure of the report, and let go of its memory.

    Parameters
    ----------
    drawn : Axes or array of Axes
        What a function of `evaluation.figures` returned.
    name : str
        Anchor of the figure in the page.
    caption : str

    Raises
    ------
    LookupError
        If it has no text alternative.
    """
    from evaluation.figures import style

    axes = drawn if not hasattr(drawn, "flat") else drawn.flat[0]
    whole = style.root(axes)
    made = Figure(name, caption, style.alt(drawn), base64.b64encode(style.png(whole)).decode("ascii"))
    style.close(whole)
    return made
