"""The budget that a report may draw on: the example's beside example data, the office's own beside real ones, or none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.costs.budget import BudgetError, read_budget
from evaluation.settings import folders

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class BudgetAtHand:
    """A budget, or why there is none.

    Attributes
    ----------
    frame : DataFrame or None
        `costs.budget.checked_budget`.
    problem : str
        What is wrong with a file that is there, in both languages.
    sha256 : str
        Of the file that was read; empty where there is none.
    """

    frame: pd.DataFrame | None = None
    problem: str = ""
    sha256: str = ""


def budget_at_hand(synthetic: bool) -> BudgetAtHand:
    """Return the budget that belongs to the evidence: made-up money stands beside made-up counts alone.

    Parameters
    ----------
    synthetic : bool
        Whether the evidence is made up.
    """
    path = folders().budget(synthetic)
    if not path.exists():
        return BudgetAtHand()
    try:
        return BudgetAtHand(read_budget(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    except BudgetError as fault:
        return BudgetAtHand(problem=str(fault))
