"""How the plan's tables are read, and what an unanswered question is called."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable

from evaluation.language import Words
from evaluation.settings import folders


class PlanError(ValueError):
    """A question that the plan does not answer; its message is bilingual."""


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of ``data/plan``, in the file's order."""
    with (folders().data / "plan" / f"{name}.csv").open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def both(row: dict[str, str], stem: str) -> Words:
    """Return the words of columns `stem`_vi and `stem`_en."""
    return Words(row[f"{stem}_vi"], row[f"{stem}_en"])


def reason(row: dict[str, str]) -> Words | None:
    """Return why no indicator is fit, or None where there is one."""
    return both(row, "no_indicator_reason") if row["no_indicator_reason_vi"] else None


def whole(text: str) -> int | None:
    """Return a whole number, or None for an empty field."""
    return int(text) if text else None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return up to three known names near to a name, written as a list."""
    names = list(known)
    return ", ".join(difflib.get_close_matches(name, names, 3) or names[:3])
