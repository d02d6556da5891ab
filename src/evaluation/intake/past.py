"""A file against the district's own earlier quarters: what `intake.rules.against` does."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaluation.indicators import elements
from evaluation.intake.findings import Finding, finding
from evaluation.intake.form import SHEETS
from evaluation.intake.reading import VALUE_COLUMNS, Reading
from evaluation.intake.rulebook import Rule, of_check, rules
from evaluation.intake.rules import label, spoken, unit_name, written_chance
from evaluation.language import Words, number
from evaluation.periods import Period
from evaluation.quality.copies import repeated
from evaluation.quality.history import all_zeros, judged, tenfold, typed_twice

if TYPE_CHECKING:
    from collections.abc import Hashable

Record = dict["Hashable", Any]
Figures = dict[str, dict[str, float]]


def against(reading: Reading, history: pd.DataFrame, received: dt.date) -> tuple[Finding, ...]:
    """Return what `intake.rules.against` describes; `received` is the day the history is of and is not looked at."""
    if reading.cover is None or not reading.rows:
        return ()
    period = reading.cover.period
    now = pd.DataFrame(list(reading.rows), columns=list(VALUE_COLUMNS))
    now = now.assign(value=now["value"].astype(float), group=now["element"].map(_subjects()))
    looked_at = [str(period.shift(-n)) for n in range(1, 1 + max(4, *(r.quarters for r in rules().values())))]
    earlier = history[history["period"].isin(looked_at)]
    earlier = earlier.assign(value=earlier["value"].astype(float), group=earlier["element"].map(_subjects()))
    if earlier.empty:
        return ()
    case = _Case(reading.file, period, now, earlier, _comparable(earlier, reading.cover.form_version))
    return (*_levels(case), *_copies(case), *_cohorts(case), *_falling(case))


def _subjects() -> dict[str, str]:
    return {e.id: "district" if e.level == "district" else e.sheet for e in elements().values()}


def _comparable(history: pd.DataFrame, version: int) -> pd.DataFrame:
    """Return the figures that were counted as this form counts them."""
    if "form_version" not in history:
        return history
    since = history["element"].map({e.id: e.comparable_since if e.comparable_since <= version else 1 for e in elements().values()})
    return history[history["form_version"] >= since]


@dataclass(frozen=True)
class _Case:
    """One file's figures and what they are compared with."""

    file: str
    period: Period
    now: pd.DataFrame
    earlier: pd.DataFrame
    comparable: pd.DataFrame
    known: dict[str, Figures] = field(default_factory=dict)

    def figures(self, period: Period) -> Figures:
        """Return the figures of this quarter or an earlier one by ward and element, each quarter looked up once."""
        name = str(period)
        if name not in self.known:
            frame = self.now if period == self.period else self.earlier[self.earlier["period"] == name]
            frame = frame[frame["value"].notna()].sort_values("unit_code")
            found = self.known[name] = {}
            for unit, element, value in zip(frame["unit_code"], frame["element"], frame["value"], strict=True):
                found.setdefault(unit, {})[element] = float(value)
        return self.known[name]

    def of(self, rule: Rule, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["element"].isin(rule.reads)]

    def at_row(self, group: str, unit: str) -> tuple[str, str]:
        """Return the sheet and the first cell of a ward's row."""
        row = self.now[(self.now["group"] == group) & (self.now["unit_code"] == unit) & (self.now["cell"] != "")].iloc[0]
        return str(row["sheet"]), str(row["cell"])


def _levels(case: _Case) -> Iterator[Finding]:
    """What lies off the usual level, each figure said once: whole sheets, rows, typed twice, single jumps."""
    (jump,) = of_check("jump")
    frame = judged(case.of(jump, case.now), case.comparable, str(case.period), jump.quarters, jump.factor, jump.least)
    left = frame
    for rule in of_check("tenfold"):
        for row in _records(tenfold(case.of(rule, left), ["group"], rule.least, rule.factor)):
            title = SHEETS[row["group"]]
            sheet = str(left.loc[left["group"] == row["group"], "sheet"].iloc[0])
            yield finding(rule.code, case.file, sheet, **spoken(title=title, k=row["k"], n=row["n"], ratio=_ratio(row["ratio"])))
            left = left[left["group"] != row["group"]]
    for rule in of_check("tenfold_row"):
        for row in _records(tenfold(case.of(rule, left), ["group", "unit_code"], rule.least, rule.factor)):
            slots = spoken(ward=unit_name(row["unit_code"]), k=row["k"], n=row["n"], ratio=_ratio(row["ratio"]))
            yield finding(rule.code, case.file, *case.at_row(row["group"], row["unit_code"]), "", row["unit_code"], **slots)
            left = left[(left["group"] != row["group"]) | (left["unit_code"] != row["unit_code"])]
    for rule in of_check("all_zeros"):
        zeros = all_zeros(case.of(rule, case.now), case.of(rule, case.comparable), str(case.period), rule.quarters, rule.factor, rule.least)
        for row in _records(zeros):
            slots = spoken(ward=unit_name(row["unit_code"]), k=row["k"], n=row["n"], median=row["median"])
            yield finding(rule.code, case.file, *case.at_row(row["group"], row["unit_code"]), "", row["unit_code"], **slots)
            left = left[(left["group"] != row["group"]) | (left["unit_code"] != row["unit_code"])]
    for rule in of_check("doubled"):
        twice = typed_twice(case.of(rule, left))
        for row in _records(twice):
            yield _at(case, rule, row, value=row["value"], once=row["once"], n=row["n"], median=row["median"])
        left = left.drop(index=twice.index)
    for row in _records(left[left["beyond"]]):
        yield _at(
            case, jump, row, value=row["value"], low=math.ceil(row["low"]), high=math.floor(row["high"]), median=row["median"], n=row["n"]
        )


def _records(frame: pd.DataFrame) -> list[Record]:
    return frame.to_dict("records")


def _ratio(ratio: float) -> Words:
    digits = 1 if ratio >= 1 else 2
    return Words(number(ratio, "vi", digits), number(ratio, "en", digits))


def _at(case: _Case, rule: Rule, row: Record, **numbers: float) -> Finding:
    slots = spoken(label=rule.label, left=label((row["element"],)), ward=unit_name(row["unit_code"]), **numbers)
    return finding(rule.code, case.file, row["sheet"], row["cell"], row["element"], row["unit_code"], **slots)


def _copies(case: _Case) -> Iterator[Finding]:
    """An earlier quarter sent again: the whole file, else sheets, else rows; the last quarter reported, and the same one last year."""
    (whole,), (by_row,) = of_check("copied"), of_check("copied_row")
    flows = [e.id for e in elements().values() if e.accumulates == "flow"]
    now = case.now[case.now["element"].isin(flows)]
    candidates = dict.fromkeys([str(case.earlier["period"].max()), str(case.period.year_before)])
    left = now
    for name in candidates:
        last = case.earlier[case.earlier["period"] == name]
        named = Period.parse(name)
        period = Words(named.label("vi"), named.label("en"))
        for row in _records(repeated(case.of(whole, now), last, (), whole.least, whole.factor, whole.limit)):
            slots = spoken(k=row["k"], n=row["n"], last=period, chance=written_chance(row["chance"]))
            yield finding(whole.code, case.file, **slots)
            return
        for row in _records(repeated(case.of(whole, left), last, ["group"], whole.least, whole.factor, whole.limit)):
            sheet = str(now.loc[now["group"] == row["group"], "sheet"].iloc[0])
            slots = spoken(k=row["k"], n=row["n"], last=period, chance=written_chance(row["chance"]))
            yield finding(whole.code, case.file, sheet, **slots)
            left = left[left["group"] != row["group"]]
        rows = repeated(case.of(by_row, left), last, ["group", "unit_code"], by_row.least, by_row.factor, by_row.limit)
        for row in _records(rows):
            slots = spoken(ward=unit_name(row["unit_code"]), k=row["k"], n=row["n"], last=period)
            yield finding(by_row.code, case.file, *case.at_row(row["group"], row["unit_code"]), "", row["unit_code"], **slots)
            left = left[(left["group"] != row["group"]) | (left["unit_code"] != row["unit_code"])]


def _sums(figures: Figures, names: tuple[str, ...]) -> dict[str, float]:
    """Return the sum of counts by ward, where all of them are reported."""
    return {unit: sum(own[n] for n in names) for unit, own in figures.items() if all(n in own for n in names)}


def _pairs(case: _Case, rule: Rule, past: Period, right: tuple[str, ...]) -> Iterator[tuple[Record, float, float]]:
    """Return the first cell of the left side with both sides' sums, for each ward that has both."""
    left, before = _sums(case.figures(case.period), rule.left), _sums(case.figures(past), right)
    first = case.now.loc[case.now["element"] == rule.left[0], ["unit_code", "sheet", "cell"]]
    places = {row["unit_code"]: row for row in _records(first)}
    for unit in [u for u in left if u in before]:
        yield places[unit], left[unit], before[unit]


def _cohorts(case: _Case) -> Iterator[Finding]:
    for rule in of_check("cohort"):
        past = case.period.shift(-rule.quarters)
        last = Words(past.label("vi"), past.label("en"))
        for row, left, right in _pairs(case, rule, past, rule.right):
            if left != right and max(left, right) >= rule.least:
                slots = spoken(
                    label=rule.label, left=label(rule.left), right=label(rule.right), left_value=left, right_value=right, last=last
                )
                yield finding(rule.code, case.file, row["sheet"], row["cell"], rule.left[0], row["unit_code"], **slots)


def _falling(case: _Case) -> Iterator[Finding]:
    """Running totals within a year: the first quarter starts again."""
    for rule in of_check("not_falling"):
        past = case.period.shift(-1)
        if past.year != case.period.year:
            continue
        last = Words(past.label("vi"), past.label("en"))
        for row, left, right in _pairs(case, rule, past, rule.left):
            if left < right and right >= rule.least:
                slots = spoken(left=label(rule.left), left_value=left, right_value=right, last=last)
                yield finding(rule.code, case.file, row["sheet"], row["cell"], rule.left[0], row["unit_code"], **slots)
