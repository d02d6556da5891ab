"""How cost lines behave: fixed, variable or mixed, as the codebook classes them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from evaluation.language import Words
from evaluation.settings import folders

FIXED, VARIABLE, MIXED, UNCLASSIFIED = "fixed", "variable", "mixed", "unclassified"
BEHAVIOURS = {
    FIXED: Words("cố định", "fixed"),
    VARIABLE: Words("biến đổi", "variable"),
    MIXED: Words("hỗn hợp", "mixed"),
    UNCLASSIFIED: Words("chưa phân loại", "not classified"),
}


@dataclass(frozen=True)
class CostLine:
    """One line of a budget.

    Attributes
    ----------
    id : str
    behaviour : {"fixed", "variable", "mixed", "unclassified"}
        Whether its money moves with the number of people within a year.
    step : str
        Element of the codebook whose number it pays for; empty where it pays for all.
    label : Words
    unit : Words
        One of what it pays for ("person reached"); empty where it pays for all.
    """

    id: str
    behaviour: str
    step: str
    label: Words
    unit: Words


@cache
def cost_lines() -> dict[str, CostLine]:
    """Return the lines of `data/codebook/cost_lines.csv` by id."""
    with (folders().data / "codebook" / "cost_lines.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    return {
        r["id"]: CostLine(r["id"], r["behaviour"], r["step"], Words(r["label_vi"], r["label_en"]), Words(r["unit_vi"], r["unit_en"]))
        for r in rows
    }


def cost_line(name: str) -> CostLine:
    """Return a line; one that the codebook does not have is unclassified and called by its own name."""
    return cost_lines().get(name, CostLine(name, UNCLASSIFIED, "", Words(name, name), Words("", "")))
