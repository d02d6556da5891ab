"""What can honestly be said of one indicator in one place: rules that turn change, chart, the other districts and target into clauses.

No clause claims a cause. Better or worse is said of outcomes alone, where a direction has a meaning, and only where the
change on the year before and the control chart agree.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from evaluation.contracts import SHOWN
from evaluation.indicators import indicators

UP, DOWN, UNCLEAR, NOT_COMPARABLE = "up", "down", "unclear", "not_comparable"
ABOVE, BELOW, INSIDE, TOO_FEW, STOCK = "above", "below", "inside", "too_few", "stock"
STILL, UNKNOWN = "still", "unknown"

# Below this share of its wards a figure's own sentence says so; their number always stands beside it.
MOSTLY = 0.8

# (change on the year before, place on the control chart) -> what happened.
_WHAT: Final = {
    (UP, ABOVE): "risen",
    (DOWN, BELOW): "fallen",
    (UP, BELOW): "mixed",
    (DOWN, ABOVE): "mixed",
    (UP, INSIDE): "year_up",
    (DOWN, INSIDE): "year_down",
    (UP, TOO_FEW): "year_up_alone",
    (DOWN, TOO_FEW): "year_down_alone",
    (UNCLEAR, ABOVE): "outside_above",
    (UNCLEAR, BELOW): "outside_below",
    (UNCLEAR, INSIDE): "nothing",
    (UNCLEAR, TOO_FEW): "nothing_short",
    (NOT_COMPARABLE, ABOVE): "outside_above",
    (NOT_COMPARABLE, BELOW): "outside_below",
    (NOT_COMPARABLE, INSIDE): "nothing_chart",
    (NOT_COMPARABLE, TOO_FEW): "unknown",
    (UP, STOCK): "year_up_stock",
    (DOWN, STOCK): "year_down_stock",
    (UNCLEAR, STOCK): "nothing_year",
    (NOT_COMPARABLE, STOCK): "unknown_year",
}
_OWN_WAY: Final = {
    "risen": UP,
    "year_up": UP,
    "year_up_alone": UP,
    "year_up_stock": UP,
    "outside_above": UP,
    "fallen": DOWN,
    "year_down": DOWN,
    "year_down_alone": DOWN,
    "year_down_stock": DOWN,
    "outside_below": DOWN,
    "nothing": STILL,
    "nothing_short": STILL,
    "nothing_chart": STILL,
    "nothing_year": STILL,
}
_OTHERS: Final = {
    (UP, UP): "others.also_up",
    (DOWN, DOWN): "others.also_down",
    (UP, DOWN): "others.opposite_down",
    (DOWN, UP): "others.opposite_up",
    (UP, STILL): "others.still",
    (DOWN, STILL): "others.still",
    (STILL, UP): "others.up",
    (STILL, DOWN): "others.down",
}


@dataclass(frozen=True)
class Reading:
    """What the evidence says of one indicator in one place and period.

    Attributes
    ----------
    indicator : str
    state : str
        "shown", or why there is no value; everything else is then empty of meaning.
    change : {"up", "down", "unclear", "not_comparable"}
        On the same quarter of the year before, beyond chance.
    chart : {"above", "below", "inside", "too_few", "stock"}
        Where the last value stands on its control chart; "stock" of what
        stands at a quarter's end, which such a chart cannot judge.
    elsewhere : {"up", "down", "still", "unknown"}
        How the other districts moved together.
    counted, expected : int
        Wards behind the value, and wards that there are; both 0 where the
        indicator is not of wards.
    counted_before : int
        Wards behind the value of the year before.
    """

    indicator: str
    state: str
    change: str = NOT_COMPARABLE
    chart: str = TOO_FEW
    elsewhere: str = UNKNOWN
    counted: int = 0
    expected: int = 0
    counted_before: int = 0

    @property
    def what(self) -> str:
        """What happened, in one word of the rules' table; "absent" without a value."""
        return _WHAT[self.change, self.chart] if self.state == SHOWN else "absent"

    @property
    def judged(self) -> str:
        """Return "better" or "worse" where change and chart say so of an outcome with a direction and of as many wards, else nothing."""
        known = indicators()[self.indicator]
        if known.kind != "outcome" or known.direction not in (UP, DOWN) or self.what not in ("risen", "fallen"):
            return ""
        if self.counted != self.counted_before:
            return ""
        return "better" if (self.what == "risen") == (known.direction == UP) else "worse"

    @property
    def clauses(self) -> tuple[str, ...]:
        """Keys of the clauses that make the sentence: what happened, what it means, the others, wards that came or went, who is missing."""
        if self.state != SHOWN:
            return ("absent",)
        others = _OTHERS.get((_OWN_WAY.get(self.what, ""), self.elsewhere), "")
        part = "partial" if self.counted < MOSTLY * self.expected else ""
        changed = "other_wards" if self.change in (UP, DOWN) and self.counted != self.counted_before else ""
        return tuple(c for c in (self.what, self.judged, others, changed, part) if c)


def way(row: Mapping[Hashable, Any]) -> str:
    """Return the way of a change beyond chance: of `monitoring.over_time.yearly.yearly_change`.

    Parameters
    ----------
    row : mapping
        state, scale, change, clear.
    """
    return NOT_COMPARABLE if row["state"] != SHOWN else _side(row) if row["clear"] else UNCLEAR


def way_elsewhere(row: Mapping[Hashable, Any]) -> str:
    """Return how the other places moved together: a row of `monitoring.over_time.elsewhere.moved_elsewhere`."""
    return UNKNOWN if row["change"] != row["change"] else _side(row) if row["clear"] else STILL


def _side(row: Mapping[Hashable, Any]) -> str:
    return UP if row["change"] > (0.0 if row["scale"] == "difference" else 1.0) else DOWN
