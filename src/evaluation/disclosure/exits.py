"""The last look at what leaves: key figures that the gate would not have let through, whoever made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluation.contracts import SHOWN
from evaluation.disclosure.interim import SMALLEST_SHOWN
from evaluation.disclosure.ward import NEVER_BY_WARD
from evaluation.indicators import elements, indicators


def revealing(key_figures: Iterable[Mapping[str, Any]], smallest_shown: int = SMALLEST_SHOWN) -> tuple[str, ...]:
    """Return the indicators whose key figures show what must be withheld.

    Parameters
    ----------
    key_figures : iterable of mapping
        Of a report tree: kind ("indicator", "ward_count" of an element,
        "survey" of answers), id, state, value, numerator, denominator.
    smallest_shown : int

    Returns
    -------
    tuple of str
        Ids, sorted: a figure that is not shown and carries a number all the
        same, a sensitive count (or what is left of its whole) from 1 to one
        below `smallest_shown`, a quarter's sensitive count of a ward, or that
        few answers of one kind in a survey.
    """
    return tuple(sorted({str(f["id"]) for f in key_figures if _reveals(f, smallest_shown)}))


def _reveals(figure: Mapping[str, Any], smallest_shown: int) -> bool:
    if figure.get("kind") == "ward_count":
        return _of_ward(figure, smallest_shown)
    if figure.get("kind") == "survey":
        return _of_survey(figure, smallest_shown)
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


def _of_ward(figure: Mapping[str, Any], smallest_shown: int) -> bool:
    """Return whether a ward's count is one that `disclosure.ward` would have withheld by itself."""
    element, value = str(figure.get("id")), figure.get("value")
    if figure.get("state") != SHOWN or value is None:
        return value is not None
    quarter = "Q" in str(figure.get("period"))
    sensitive = elements()[element].sensitive
    return element in NEVER_BY_WARD or (sensitive and (quarter or 1 <= value < smallest_shown))


def _of_survey(figure: Mapping[str, Any], smallest_shown: int) -> bool:
    """Return whether a survey's share rests on fewer answers of one kind than may be shown."""
    top, bottom = figure.get("numerator"), figure.get("denominator")
    if figure.get("state") != SHOWN or top is None or bottom is None:
        return any(figure.get(k) is not None for k in ("value", "low", "high", "numerator"))
    return bool(min(top, bottom - top) < smallest_shown)
