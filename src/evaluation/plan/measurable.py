"""Measurable targets: those of the plan and those that the office adds, as `data/codebook/targets.csv` has them.

A row that names a provision takes its numbers from the plan, so that they stand once. How an office adds a row is
in ``docs/targets.md``.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evaluation.indicators import Indicator, elements, indicators
from evaluation.language import Words, number, percent, span
from evaluation.periods import FIRST_YEAR, LAST_YEAR
from evaluation.places import districts, wards
from evaluation.plan.asked import Provision, provisions
from evaluation.plan.source import nearest
from evaluation.settings import folders

AT_LEAST, BETWEEN, BY_DAY = "at_least", "between", "by_day"
SUM_OF_YEAR, SHARE_OF_YEAR, LEVEL_AT_END = "sum_of_year", "share_of_year", "level_at_end"
CITY, DISTRICT, WARD = "city", "district", "ward"
KINDS_OF_TARGET = (AT_LEAST, BETWEEN, BY_DAY)
STATISTICS = (SUM_OF_YEAR, SHARE_OF_YEAR, LEVEL_AT_END)
SCOPES = (CITY, DISTRICT, WARD)
COLUMNS_OF_TARGETS = (
    "id",
    "provision",
    "indicator",
    "scope",
    "place",
    "year",
    "kind",
    "low",
    "high",
    "statistic",
    "source",
    "note_vi",
    "note_en",
)


class BrokenTarget(ValueError):
    """A row of the targets that cannot be used; the message names file, row, column and the way out."""


@dataclass(frozen=True)
class IndicatorTarget:
    """What an indicator is to reach.

    Attributes
    ----------
    id : str
    provision : str or None
        Of the plan, where the plan sets it.
    indicator : str
        Of the codebook.
    scope : {"city", "district", "ward"}
        Whose target it is.
    place : str or None
        Code of the district or ward; None for the city, and for every district or ward.
    year : int or None
        None for every year.
    kind : {"at_least", "between", "by_day"}
    low, high : float or None
        "at_least" has `low`, "between" both; shares from 0 to 1. "by_day" has neither: the plan's calendar has the dates.
    statistic : {"sum_of_year", "share_of_year", "level_at_end"}
        Of the four quarters' counts, of their parts over their wholes, or the value of the fourth quarter.
    source : str
        Where an office's own target is laid down; empty for one of the plan.
    note : Words
    """

    id: str
    provision: str | None
    indicator: str
    scope: str
    place: str | None
    year: int | None
    kind: str
    low: float | None
    high: float | None
    statistic: str
    source: str
    note: Words

    @property
    def aim(self) -> Words:
        """What is aimed at, in words: "at least 400", "6 to 8", "before the 15th ..."."""
        if self.kind == BY_DAY and self.provision and (target := provisions()[self.provision].target):
            return target.words
        vi, en = (self._numbers(language) for language in ("vi", "en"))
        return Words(vi, en) if self.kind == BETWEEN else Words(f"ít nhất {vi}", f"at least {en}")

    def _numbers(self, language: str) -> str:
        share = indicators()[self.indicator].measure == "proportion"
        ends = [percent(x, language, _digits(100 * x)) if share else number(x, language, _digits(x)) for x in self.ends]
        return ends[0] if len(ends) == 1 else span(ends[0], ends[1], language)

    @property
    def ends(self) -> tuple[float, ...]:
        """The numbers that it has."""
        return tuple(x for x in (self.low, self.high) if x is not None)

    def covers(self, place: str, year: int) -> bool:
        """Return whether it is a target of a place in a year."""
        scope = {3: DISTRICT, 5: WARD}.get(len(place), CITY)
        return self.scope == scope and self.place in (None, place) and self.year in (None, year)


def _digits(x: float) -> int:
    return 0 if float(x).is_integer() else 1


@cache
def targets() -> dict[str, IndicatorTarget]:
    """Return all targets by id, in the file's order."""
    return read_targets(folders().data / "codebook" / "targets.csv")


def targets_for(indicator: str, place: str, year: int) -> list[IndicatorTarget]:
    """Return the targets of an indicator in a place and year; none for most, and none is made up.

    Parameters
    ----------
    indicator : str
    place : str
        Code of a ward (5 digits), a district (3) or the city.
    year : int
        Targets of this place alone come before those of every place of its kind.
    """
    fitting = [t for t in targets().values() if t.indicator == indicator and t.covers(place, year)]
    return sorted(fitting, key=lambda t: t.place is None)


def read_targets(path: Path) -> dict[str, IndicatorTarget]:
    """Return the targets of a file by id.

    Raises
    ------
    BrokenTarget
        Naming file, row and column, what is wrong and what to write instead.
    """
    with path.open(encoding="utf-8-sig", newline="") as f:
        reader = csv.DictReader(f)
        missing = [c for c in COLUMNS_OF_TARGETS if c not in (reader.fieldnames or ())]
        if missing:
            raise BrokenTarget(
                f"{path.name}: thiếu cột {', '.join(missing)}; hãy giữ nguyên dòng tiêu đề. / "
                f"{path.name}: column {', '.join(missing)} is missing; keep the heading row as it is."
            )
        found: dict[str, IndicatorTarget] = {}
        for place, row in enumerate(reader, 2):
            target = _Row(path.name, place, row).target()
            if target.id in found:
                raise _Row(path.name, place, row).wrong("id", "mã này đã có; hãy đặt mã khác", "the id stands twice; choose another")
            found[target.id] = target
    return found


@dataclass(frozen=True)
class _Row:
    """One row of the file while it is read."""

    file: str
    place: int
    row: dict[str, str | None]

    def cell(self, column: str) -> str:
        return (self.row[column] or "").strip()

    def wrong(self, column: str, vi: str, en: str) -> BrokenTarget:
        return BrokenTarget(f"{self.file}, dòng {self.place}, cột {column}: {vi}. / {self.file}, row {self.place}, column {column}: {en}.")

    def target(self) -> IndicatorTarget:
        if not self.cell("id"):
            raise self.wrong("id", "để trống; hãy đặt một mã", "is empty; give an id")
        provision, known = self._provision(), self._indicator()
        kind, scope = self._one_of("kind", KINDS_OF_TARGET), self._one_of("scope", SCOPES)
        low, high = self._numbers(provision, kind, known.measure == "proportion")
        for column in ("note_vi", "note_en"):
            if not self.cell(column):
                raise self.wrong(column, "để trống; hãy ghi chú một câu", "is empty; write a sentence")
        return IndicatorTarget(
            id=self.cell("id"),
            provision=provision.id if provision else None,
            indicator=known.id,
            scope=scope,
            place=self._place(scope),
            year=self._year(),
            kind=kind,
            low=low,
            high=high,
            statistic=self._statistic(kind, known),
            source=self.cell("source"),
            note=Words(self.cell("note_vi"), self.cell("note_en")),
        )

    def _one_of(self, column: str, choices: tuple[str, ...]) -> str:
        if self.cell(column) not in choices:
            listed = ", ".join(choices)
            raise self.wrong(
                column, f"không có giá trị {self.cell(column)!r}; chọn: {listed}", f"no {self.cell(column)!r}; choose: {listed}"
            )
        return self.cell(column)

    def _provision(self) -> Provision | None:
        name = self.cell("provision")
        if not name:
            if not self.cell("source"):
                raise self.wrong(
                    "source",
                    "để trống; hãy ghi văn bản đặt ra mức phải đạt này, hoặc mục của kế hoạch ở cột provision",
                    "is empty; name the document that lays the target down, or the plan's provision in column provision",
                )
            return None
        if name not in provisions() or provisions()[name].target is None:
            near = ", ".join(p.id for p in provisions().values() if p.target)
            raise self.wrong(
                "provision",
                f"kế hoạch không đặt mức phải đạt ở mục {name!r}; các mục có mức phải đạt: {near}",
                f"the plan sets no target in provision {name!r}; those that do: {near}",
            )
        return provisions()[name]

    def _indicator(self) -> Indicator:
        name = self.cell("indicator")
        if name not in indicators():
            near = nearest(name, indicators())
            raise self.wrong("indicator", f"không có chỉ tiêu {name!r}; gần nhất: {near}", f"no indicator {name!r}; nearest: {near}")
        return indicators()[name]

    def _place(self, scope: str) -> str | None:
        code = self.cell("place")
        known = {CITY: (), DISTRICT: districts(), WARD: wards()}[scope]
        if code and code not in known:
            raise self.wrong(
                "place",
                f"không có mã {code!r} ở cấp {scope}; để trống nếu là mọi đơn vị cấp này",
                f"no {scope} has the code {code!r}; leave it empty for every place of this kind",
            )
        return code or None

    def _year(self) -> int | None:
        text = self.cell("year")
        if text and not (text.isdecimal() and FIRST_YEAR <= int(text) <= LAST_YEAR):
            raise self.wrong(
                "year", f"không đọc được năm {text!r}; viết như 2018, hoặc để trống", f"no year {text!r}; write 2018, or leave empty"
            )
        return int(text) if text else None

    def _numbers(self, provision: Provision | None, kind: str, share: bool) -> tuple[float | None, float | None]:
        given = {c: self._number(c, share) for c in ("low", "high")}
        if kind == BY_DAY:
            if provision is None or not provision.target or not provision.target.obligations or any(x is not None for x in given.values()):
                raise self.wrong(
                    "kind",
                    "by_day chỉ dùng cho mục của kế hoạch có thời hạn trong lịch, không ghi low và high",
                    "by_day takes a provision whose dates are in the calendar, and neither low nor high",
                )
            return None, None
        needed = ("low",) if kind == AT_LEAST else ("low", "high")
        if provision and provision.target:
            if any(x is not None for x in given.values()):
                raise self.wrong("low", "để trống low và high: số lấy từ kế hoạch", "leave low and high empty: the numbers are the plan's")
            low, high = provision.target.low, provision.target.high
            given = {"low": None if low is None else float(low), "high": None if high is None else float(high)}
        for column in ("low", "high"):
            if (given[column] is None) == (column in needed):
                raise self.wrong(
                    column,
                    f"{kind} cần đúng các số: {', '.join(needed)}",
                    f"{kind} takes exactly these numbers: {', '.join(needed)}",
                )
        low_end, high_end = given["low"], given["high"]
        if low_end is not None and high_end is not None and low_end > high_end:
            raise self.wrong("high", "nhỏ hơn low; hãy đổi chỗ hai số", "is below low; exchange the two")
        return low_end, high_end

    def _number(self, column: str, share: bool) -> float | None:
        text = self.cell(column)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0:
            raise self.wrong(
                column, f"không đọc được số {text!r}; viết như 400 hoặc 0.8", f"{text!r} is no number from zero on; write 400 or 0.8"
            )
        if share and value > 1:
            raise self.wrong(column, f"tỷ lệ {text} lớn hơn 1; 80% viết là 0.8", f"a share of {text} is above 1; write 0.8 for 80%")
        return value

    def _statistic(self, kind: str, known: Indicator) -> str:
        statistic = self._one_of("statistic", STATISTICS)
        if kind == BY_DAY:
            fits = statistic == SHARE_OF_YEAR
        elif not known.reported:
            raise self.wrong(
                "indicator",
                f"biểu mẫu không có số liệu của {known.id!r}; chỉ đặt được mức by_day",
                f"the form does not carry {known.id!r}; only a target by_day can be set",
            )
        else:
            flows = all(elements()[e].accumulates == "flow" for e in known.elements)
            by_measure = {"count": SUM_OF_YEAR, "rate": SUM_OF_YEAR, "proportion": SHARE_OF_YEAR}.get(known.measure)
            fits = statistic == (by_measure if flows else LEVEL_AT_END) or (statistic == LEVEL_AT_END and known.measure == "proportion")
        if not fits:
            raise self.wrong(
                "statistic",
                f"{statistic} không hợp với {known.id!r}: số phát sinh dùng sum_of_year, tỷ lệ share_of_year, số tồn level_at_end",
                f"{statistic} does not go with {known.id!r}: a flow takes sum_of_year, a share share_of_year, a stock level_at_end",
            )
        return statistic
