"""The last look at what leaves: key figures that the gate would not have let through, whoever made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluation.contracts import SHOWN
from evaluation.disclosure.interim import SMALLEST_SHOWN
from evaluation.indicators import elements, indicators


def revealing(key_figures: Iterable[Mapping[str, Any]], smallest_shown: int = SMALLEST_SHOWN) -> tuple[str, ...]:
    """Return the indicators whose key figures show what must be withheld.

    Parameters
    ----------
    key_figures : iterable of mapping
        Of a report tree: kind, id, state, value, numerator, denominator.
    smallest_shown : int

    Returns
    -------
    tuple of str
        Ids, sorted: a figure that is not shown and carries a number all the
        same, or a sensitive count (or what is left of its whole) from 1 to
        one below `smallest_shown`.
    """
    return tuple(sorted({str(f["id"]) for f in key_figures if _reveals(f, smallest_shown)}))


def _reveals(figure: Mapping[str, Any], smallest_shown: int) -> bool:
    known = indicators().get(str(figure.get("id")))
    if figure.get("kind") != "indicator" or known is None:
        return False
    if figure.get("state") != SHOWN:
        return any(figure.get(k) is not None for k in ("value", "low", "high"))
    top, bottom = figure.get("numerator"), figure.get("denominator")
    counts = [(top, known.numerator)]
    if known.measure == "proportion":
        counts.append((bottom, known.denominator))
        if top is not None and bottom is not None and top > 0:
            counts.append((bottom - top, known.numerator))
    return any(count is not None and 1 <= count < smallest_shown and elements()[element].sensitive for count, element in counts)
