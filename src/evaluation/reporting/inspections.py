"""Checks by the city's own interdisciplinary teams, by quarter: context beside a pilot, for the city alone and never an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.settings import folders

if TYPE_CHECKING:
    import pandas as pd


def inspections_at_hand(synthetic: bool, until: str) -> pd.DataFrame | None:
    """Return the log of the city's teams that belongs to the evidence, or nothing where there is none.

    Parameters
    ----------
    synthetic : bool
        Whether the evidence is made up.
    until : str
        Last quarter, "2018-Q4".

    Returns
    -------
    DataFrame or None
        period, checks, violations.
    """
    import pandas as pd

    path = folders().budget(synthetic).with_name("inspection_context.csv")
    if not path.exists():
        return None
    log = pd.read_csv(path)
    return log[log["period"] <= until].reset_index(drop=True)
