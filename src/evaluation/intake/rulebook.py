"""The consistency rules of the form, as the codebook has them: `data/codebook/rules.csv`.

A rule is written only where the definitions of the elements make it sure
(linear, cohort, range), or where chance is known (the rest). No element of the
codebook is a running total, so no rule asks that a figure must not fall;
the check `not_falling` is there for the first one that is.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from evaluation.indicators import RESIDENTS, elements
from evaluation.intake.findings import kinds
from evaluation.language import Words
from evaluation.settings import folders

UNIT = "unit:"
SKIP, WARN = "skip", "warn"
CHECKS = {
    "linear": ("<=", "=="),
    "range": ("<=", "in"),
    "cohort": ("==",),
    "not_falling": ("",),
    "equal": ("",),
    "equal_rows": ("",),
    "jump": ("",),
    "doubled": ("",),
    "tenfold": ("",),
    "tenfold_row": ("",),
    "all_zeros": ("",),
    "copied": ("",),
    "copied_row": ("",),
    "timing": ("",),
}
NUMBERS = {
    "range": (),
    "cohort": ("quarters",),
    "equal": ("least", "factor", "limit"),
    "equal_rows": ("least", "factor", "limit"),
    "jump": ("least", "factor", "quarters"),
    "doubled": ("least", "factor", "quarters"),
    "tenfold": ("least", "factor", "quarters"),
    "tenfold_row": ("least", "factor", "quarters"),
    "all_zeros": ("least", "quarters"),
    "copied": ("least", "factor", "limit"),
    "copied_row": ("least", "factor", "limit"),
    "timing": ("limit",),
}


class BrokenRule(ValueError):
    """A row of the rules that says nothing that can be checked; the message names the row."""


@dataclass(frozen=True)
class Rule:
    """One consistency rule, a row of ``data/codebook/rules.csv``.

    Attributes
    ----------
    id : str
    check : str
        One of `CHECKS`.
    left : tuple of str
        Elements that are added up (linear, cohort), or the elements looked at.
    operator : {"<=", "==", "in", ""}
    right : tuple of str
        Elements that are added up, "residents", or the values that are allowed.
    least : float
        Level below which the rule is silent.
    factor : float
        Linear and range: what the right side is multiplied by. Jumps: how
        many predictive standard deviations are usual. Copies, equal figures and
        tenfold: the smallest share of figures that must agree.
    limit : float
        Copies and equal figures: the largest probability by chance. Timing: days.
    quarters : int
        How many quarters back.
    form_since : int
        First form version for which the definitions make it sure.
    one_missing : {"skip", "warn"}
        What happens where the left side has a count above zero and the right
        side has none. With both missing, or the left one, there is nothing to say.
    code : str
        Of the finding.
    label : Words
    about : str
        Who mends it, an agency of the plan.
    """

    id: str
    check: str
    left: tuple[str, ...]
    operator: str
    right: tuple[str, ...]
    least: float
    factor: float
    limit: float
    quarters: int
    form_since: int
    one_missing: str
    code: str
    label: Words
    about: str

    @cached_property
    def reads(self) -> frozenset[str]:
        """The elements that it looks at, those of the right side left out."""
        known = elements().values()
        units = {part.removeprefix(UNIT) for part in self.left if part.startswith(UNIT)}
        named = {part for part in self.left if not part.startswith(UNIT)}
        return frozenset(named | {e.id for e in known if e.unit in units or ("*" in units and e.unit != "yes_no")})


def read_rules(path: Path) -> dict[str, Rule]:
    """Return the rules of a file by id.

    Raises
    ------
    BrokenRule
        Naming the row and what is wrong with it: an unknown check, element,
        code or agency, a number that is missing, an id that stands twice.
    """
    with path.open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    found: dict[str, Rule] = {}
    for number, row in enumerate(rows, 2):
        try:
            rule = _rule(row)
        except (KeyError, ValueError, TypeError) as error:
            raise _broken(path, number, str(row.get("id")), str(error)) from None
        if rule.id in found:
            raise _broken(path, number, rule.id, "the id stands twice")
        found[rule.id] = rule
    return found


def _broken(path: Path, number: int, name: str, why: str) -> BrokenRule:
    return BrokenRule(f"{path.name}, dòng {number} ({name}): quy tắc sai: {why}. / {path.name}, row {number} ({name}): broken rule: {why}.")


def _rule(row: dict[str, str]) -> Rule:
    from evaluation.plan import agencies

    check = row["check"]
    if check not in CHECKS:
        raise ValueError(f"no such check: {check}")
    if row["operator"] not in CHECKS[check]:
        raise ValueError(f"operator {row['operator']!r} does not go with {check}")
    if row["code"] not in kinds():
        raise ValueError(f"no such finding: {row['code']}")
    if row["about"] not in agencies():
        raise ValueError(f"no such agency: {row['about']}")
    if row["one_missing"] not in ((SKIP, WARN) if check in ("linear", "cohort") else ("",)):
        raise ValueError(f"one_missing {row['one_missing']!r} does not go with {check}")
    if not row["id"] or not row["label_vi"] or not row["label_en"]:
        raise ValueError("id and both labels must be there")
    missing = [n for n in NUMBERS.get(check, ()) if not row[n]]
    if missing:
        raise ValueError(f"{', '.join(missing)} must be given")
    return Rule(
        id=row["id"],
        check=check,
        left=_elements(row["left"], check, may_be_units=check not in ("linear", "cohort")),
        operator=row["operator"],
        right=_right(row, check),
        least=_positive(row["least"], 0),
        factor=_positive(row["factor"], 1),
        limit=_positive(row["limit"], 0),
        quarters=int(row["quarters"] or 0),
        form_since=int(row["form_since"]),
        one_missing=row["one_missing"],
        code=row["code"],
        label=Words(row["label_vi"], row["label_en"]),
        about=row["about"],
    )


def _positive(text: str, otherwise: float) -> float:
    value = float(text or otherwise)
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"no usable number: {text}")
    return value


def _elements(text: str, check: str, may_be_units: bool) -> tuple[str, ...]:
    parts = tuple(text.split("+")) if text else ()
    if bool(parts) == (check == "timing"):
        raise ValueError("left names what is looked at, and nothing for timing")
    units = {e.unit for e in elements().values()} | {"*"}
    for part in parts:
        known = part.removeprefix(UNIT) in units and may_be_units if part.startswith(UNIT) else part in elements()
        if not known:
            raise ValueError(f"no such element: {part}")
    if len(set(parts)) != len(parts):
        raise ValueError("an element stands twice")
    return parts


def _right(row: dict[str, str], check: str) -> tuple[str, ...]:
    text = row["right"]
    if check in ("linear", "cohort"):
        found = _elements(text, check, may_be_units=False)
        if set(found) & set(row["left"].split("+")):
            raise ValueError("an element stands on both sides")
        return found
    if check == "range" and row["operator"] == "in" and text:
        return tuple(str(float(v)) for v in text.split())
    if check == "range" and text == RESIDENTS:
        return (text,)
    if check == "range" or text:
        raise ValueError(f"right {text!r} does not go with {check}")
    return ()


@cache
def rules() -> dict[str, Rule]:
    """Return all rules of the codebook by id, in its order."""
    return read_rules(folders().data / "codebook" / "rules.csv")


def of_check(*checks: str) -> tuple[Rule, ...]:
    """Return the rules of these kinds of check."""
    return tuple(r for r in rules().values() if r.check in checks)
