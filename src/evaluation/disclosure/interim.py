"""Interim gate: small sensitive counts, and what gives them away by subtraction, are withheld everywhere at once.

Decisions are taken once for the whole city and all periods of a release, on
counts; shares, rates, changes, figures and sentences are made afterwards from
counts that are shown, and from nothing else.

What it guarantees, period by period, against a reader who knows the rule, all
counts that are shown, every element's city total (but for `closed_totals`)
and that a part never exceeds its whole: a withheld count of 1 to 9 could as
well be 10 or more, and the few people between a withheld part and its whole
could as well be nobody. Where the counts that are not zero cannot give that
(a handful of places reported), the element's zeros are withheld too, and all
that holds is that no withheld count is pinned to one number.

What it does not guard against: several periods read together (quarters with a
total of the year, people at six months with those who took up jobs two
quarters before), a revised release laid beside an old one, tables by ward or
by group, a place that subtracts its own count, and a reader who runs the rule
backwards to tell which withheld counts were small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.contracts import WITHHELD, checked, counts_schema
from evaluation.indicators import elements, indicators

if TYPE_CHECKING:
    import pandas as pd

SMALLEST_SHOWN = 10

# Parts and wholes by the codebook's definitions of elements that no share of the codebook divides.
_BY_DEFINITION = (("outreach_reached", "outreach_contacts"), ("sti_positive", "sti_tested"))

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Protection:
    """Protected counts of a release.

    Attributes
    ----------
    counts : DataFrame
        `contracts.counts_schema`; withheld counts carry no value.
    smallest_shown : int
        Sensitive counts from 1 to one below this are never shown.
    closed_totals : frozenset of (element, period)
        City totals that must not be published either: nothing else stands
        between them and a withheld count.
    """

    counts: pd.DataFrame
    smallest_shown: int = SMALLEST_SHOWN
    closed_totals: frozenset[tuple[str, str]] = frozenset()

    def withheld(self, place: str, period: str) -> int:
        """Return how many counts of a place and period are withheld; which ones is never published."""
        here = (self.counts["place"] == place) & (self.counts["period"] == period)
        return int((self.counts.loc[here, "state"] == WITHHELD).sum())


def parts_of_wholes() -> tuple[tuple[str, str], ...]:
    """Return the elements that are part of another one, with that one."""
    shares = [(i.numerator, i.denominator) for i in indicators().values() if i.measure == "proportion" and i.reported]
    return (*shares, *_BY_DEFINITION)


def protect(counts: pd.DataFrame, smallest_shown: int = SMALLEST_SHOWN) -> Protection:
    """Withhold small sensitive counts and what gives them away.

    Parameters
    ----------
    counts : DataFrame
        place, period, element, value, state for all places of the city, as
        `monitoring.values.district_counts` gives them.
    smallest_shown : int

    Returns
    -------
    Protection

    Notes
    -----
    1. Primary: sensitive counts of 1 to ``smallest_shown - 1``.
    2. Complement: a sensitive part whose whole is shown, where whole minus
       part is 1 to ``smallest_shown - 1`` (a share close to 100 % counts the
       few others); the whole itself where the part is zero.
    3. Wholes below ``smallest_shown`` of a withheld part, sensitive or not: a
       whole of 1 says that its part is 1.
    4. Secondary: per element and period, the next smallest counts are withheld
       until the withheld ones leave one another room: whatever each of 1-3
       lacks to leave its range, the others can give up without falling below
       1 or below their own parts.
    5. Where no count that is not zero is left for that, the element and its
       parts are withheld in all places that reported, zeros included; where
       not even that helps, the period's total is named in `closed_totals`.

    Raises
    ------
    contracts.BrokenContract
        If the result is not what the next floor was promised.
    """
    import pandas as pd

    frame = counts.reset_index(drop=True)
    hidden = np.zeros(len(frame), dtype=bool)
    closed = set()
    for period, part in frame.groupby("period", sort=True):
        wide = part.pivot(index="place", columns="element", values="value")
        page = _Page(wide.to_numpy(dtype=float), list(wide.columns), smallest_shown)
        page.protect()
        rows, columns = wide.index.get_indexer(pd.Index(part["place"])), wide.columns.get_indexer(pd.Index(part["element"]))
        hidden[part.index] = page.hidden[rows, columns]
        closed |= {(page.names[e], str(period)) for e in page.closed}
    state = np.where(hidden, WITHHELD, frame["state"])
    protected = frame.assign(value=frame["value"].where(~hidden), state=state)
    return Protection(checked(protected, counts_schema(), "protected counts"), smallest_shown, frozenset(closed))


class _Page:
    """The counts of one period, places by elements, and which of them are withheld."""

    def __init__(self, value: Numbers, names: list[str], smallest: int) -> None:
        self.value, self.names, self.smallest = value, names, smallest
        self.known = ~np.isnan(value)
        self.hidden: Flags = np.zeros(value.shape, dtype=bool)
        self.lacks: Numbers = np.zeros(value.shape)  # what a count needs to leave the range in which it points at people
        self.closed: set[int] = set()
        at = {name: column for column, name in enumerate(names)}
        self.pairs = [(at[p], at[w]) for p, w in parts_of_wholes() if p in at and w in at]

    def protect(self) -> None:
        sensitive = np.array([elements()[n].sensitive for n in self.names])
        self._endanger(sensitive & self._small(self.value), self.smallest - self.value)
        for part, whole in self.pairs:
            rest = self.value[:, whole] - self.value[:, part]
            few = sensitive[part] & self._small(rest) & ~self.hidden[:, whole]
            # A part of zero stays shown: then the whole itself counts the few.
            for column, cells in ((part, few & (self.value[:, part] > 0)), (whole, few & (self.value[:, part] == 0))):
                marked = np.zeros(self.value.shape, dtype=bool)
                marked[:, column] = cells
                self._endanger(marked, rest[:, None] if column == part else self.smallest - self.value)
        before = None
        while before is None or (before != self.hidden).any():
            before = self.hidden.copy()
            self._small_wholes()
            for element in range(len(self.names)):
                self._hide_beside(element)

    def _small(self, counts: Numbers) -> Flags:
        return np.asarray((counts >= 1) & (counts < self.smallest))

    def _endanger(self, cells: Flags, lacks: Numbers) -> None:
        self.hidden |= cells
        self.lacks = np.where(cells, np.maximum(self.lacks, lacks), self.lacks)

    def _small_wholes(self) -> None:
        for part, whole in self.pairs:
            cells = np.zeros(self.value.shape, dtype=bool)
            cells[:, whole] = self.hidden[:, part] & (self.value[:, part] > 0) & self._small(self.value[:, whole])
            self._endanger(cells, self.smallest - self.value)

    def _room(self, element: int) -> Numbers:
        """Return by how much each place's count could be lower: not below 1, nor below its parts."""
        least = np.ones(len(self.value))
        for part in (p for p, w in self.pairs if w == element):
            least = np.fmax(least, self.value[:, part])
        return np.asarray(np.nan_to_num(np.clip(self.value[:, element] - least, 0, None)))

    def _hide_beside(self, element: int) -> None:
        """Withhold the next smallest counts of an element until the withheld ones leave one another room."""
        lacks, room, hidden = self.lacks[:, element], self._room(element), self.hidden[:, element]
        # Places come sorted by name, so that equal counts are always taken in the same order.
        nearest = iter([p for p in np.argsort(self.value[:, element], kind="stable") if room[p] > 0 and not hidden[p]])
        while np.any((room[hidden].sum() - room < lacks) & (lacks > 0)):
            if (place := next(nearest, None)) is None:
                self._hide_all(element)
                return
            hidden[place] = True

    def _hide_all(self, element: int) -> None:
        """Withhold an element and its parts in all places that reported; close its total where that is not enough."""
        family, grown = {element}, {element}
        while grown := {p for p, w in self.pairs if w in grown} - family:
            family |= grown
        for member in family:
            self.hidden[:, member] |= self.known[:, member]
        for place in np.flatnonzero(self.lacks[:, element] > 0):
            if not any(self._could_take(int(other), int(place), family, element) for other in range(len(self.value)) if other != place):
                self.closed.add(element)

    def _could_take(self, other: int, place: int, family: set[int], element: int) -> bool:
        """Return whether one person more in another place, and one less here, would break nothing that a reader sees."""
        members = list(family)
        if not (self.known[other, members] >= self.known[place, members]).all():
            return False
        # Wholes that stay as they are need room for one more.
        fixed = [(p, w) for p, w in self.pairs if p in family and (w not in family or not self.known[place, w])]
        return not any(self.known[place, p] and self.value[other, w] <= self.value[other, p] for p, w in fixed)
