"""A district's money in its slice: by budget line, with what one person reached or tested cost, and nothing that tells a hidden count."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.contracts import MISSING, SHOWN, WITHHELD
from evaluation.costs.budget import DISTRICT
from evaluation.costs.counts import yearly_counts
from evaluation.costs.lines import CostLine, cost_lines
from evaluation.costs.unit_costs import UnitCosts, decimals, unit_costs
from evaluation.reporting.evidence import Evidence
from evaluation.reporting.slices.own import Own
from evaluation.reporting.slices.slice import Money, MoneyLine, UnitFigure

if TYPE_CHECKING:
    import pandas as pd

DRAWN = "outreach"


def costs_of_all(evidence: Evidence) -> dict[str, UnitCosts | None]:
    """Return the unit costs of each line in all districts, from counts that may be shown; None where no place and year has one."""
    frame = evidence.budget.frame
    return {} if frame is None else {line.id: _unit_costs(evidence, frame, line) for line in cost_lines().values() if line.step}


def _unit_costs(evidence: Evidence, budget: pd.DataFrame, line: CostLine) -> UnitCosts | None:
    if line.id not in set(budget["line"]):
        return None
    counts = yearly_counts(evidence.shown_totals, line.step)
    if not (counts["state"] == SHOWN).any():
        return None
    return unit_costs(budget, counts, what=line.unit, lines=[line.id])


def money(own: Own, costs: Mapping[str, UnitCosts | None]) -> Money:
    """Return what may be said of a district's money.

    Parameters
    ----------
    own : Own
    costs : mapping
        As `costs_of_all`.
    """
    code, budget, year = own.code, own.evidence.budget, _year(own.evidence)
    if budget.problem or budget.frame is None:
        return Money(year, budget.problem)
    frame = budget.frame
    spent = frame[(frame["scope"] == DISTRICT) & (frame["code"] == code) & (frame["year"] == year)]
    lines = tuple(_line(own, year, row, costs.get(str(row["line"]))) for row in spent.to_dict("records"))
    drawn = costs.get(DRAWN)
    if not lines or drawn is None or _figure(drawn, code, year) is None:
        return Money(year, lines=lines)
    return Money(year, lines=lines, drawn=_alone(drawn, code))


def _year(evidence: Evidence) -> int:
    """Return the last year whose four quarters are over."""
    period = evidence.period
    return period.year if period.quarter in (4, None) else period.year - 1


def _line(own: Own, year: int, row: Mapping[Any, Any], costs: UnitCosts | None) -> MoneyLine:
    """Return a budget line. Money divided by a usual price tells the number of people: it is withheld with it."""
    name = str(row["line"])
    known = cost_lines().get(name)
    step = known.step if known else ""
    state = _state(own, step, year) if step else SHOWN
    if state == WITHHELD:
        return MoneyLine(name, step, state, np.nan, np.nan, None)
    figure = None if costs is None else _figure(costs, own.code, year)
    return MoneyLine(name, step, state, float(row["planned_million_vnd"]), float(row["spent_million_vnd"]), figure)


def _figure(costs: UnitCosts, code: str, year: int) -> UnitFigure | None:
    own = costs.frame[(costs.frame["code"] == code) & (costs.frame["year"] == year) & (costs.frame["state"] == SHOWN)]
    if not len(own) or not own["value"].notna().all():
        return None
    row = own.to_dict("records")[0]
    digits = decimals(1000 * float(row["value"]))
    value, low, high = (_as_written(1000 * float(row[name]), digits) for name in ("value", "low", "high"))
    return UnitFigure(float(row["count"]), value, low, high, digits)


def _as_written(x: float, digits: int) -> float:
    """Return a number rounded as `language.number` writes it."""
    return float(Decimal(f"{x:.15g}").quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def _alone(costs: UnitCosts, code: str) -> UnitCosts:
    """Return a district's own years of unit costs, without the others', their total, and money that a hidden count follows from."""
    frame = costs.frame[costs.frame["code"] == code].reset_index(drop=True)
    shown = frame["state"] == SHOWN
    numbers = [c for c in frame.columns if c not in ("code", "year", "state", "clear")]
    frame = frame.assign(**{c: frame[c].where(shown) for c in numbers})
    return dataclasses.replace(costs, frame=frame, estimate=None, low=None, high=None, n=int(shown.sum()), diagnostics={})


def _state(own: Own, element: str, year: int) -> str:
    """Return whether the year's count may be shown: every quarter of it may."""
    counts = own.counts[own.counts["element"] == element]
    states = set(counts.loc[counts["period"].str[:4] == str(year), "state"])
    return WITHHELD if WITHHELD in states else SHOWN if states <= {SHOWN} else MISSING
