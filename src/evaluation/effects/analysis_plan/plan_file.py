"""The plan's file: read strictly, every problem named at once; written with a remark on each key."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from evaluation.effects import designs, inference
from evaluation.effects.analysis_plan.plan import AnalysisPlan, DonorsRule, Method, Windows
from evaluation.effects.analysis_plan.problems import PlanFileError, Problem
from evaluation.effects.analysis_plan.tree import Branch, grown
from evaluation.effects.pilots import placed_pilots
from evaluation.effects.study import LEAST_REPORTED
from evaluation.effects.synthesis.multiplicity import CORRECTIONS
from evaluation.indicators import NotAnOutcome, UnknownIndicator, outcome
from evaluation.language import Words, halves
from evaluation.periods import Period, PeriodError
from evaluation.places import wards

MOST_ALPHA = 0.2
FORMAT = "1"
_KEYS: dict[str, tuple[str, ...]] = {
    "": (
        "format",
        "pilot",
        "question",
        "outcomes",
        "estimand",
        "donors",
        "windows",
        "methods",
        "alpha",
        "correction",
        "appreciable",
        "notes",
    ),
    "question": ("vi", "en"),
    "estimand": ("vi", "en"),
    "outcomes": ("primary", "secondary", "negative_controls"),
    "donors": ("level_factor", "least_reported", "neighbours", "exclude"),
    "windows": ("start", "anticipation", "phase_in", "until"),
    "methods": ("design", "judged_by"),
}
_MAY_BE_MISSING = {"notes", "outcomes.secondary", "outcomes.negative_controls", "donors.exclude"}
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
T = TypeVar("T")


class _Reading:
    """One reading of a file: what was found wrong is gathered, so that all of it is told at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, branch: Branch, key: str, vi: str, en: str) -> None:
        self.problems.append(Problem(branch.line, key, Words(vi, en)))

    def mapping(self, branch: Branch, key: str, known: Iterable[str]) -> dict[str, Branch]:
        """Return the keys of a mapping, unknown and missing ones told."""
        names = tuple(known)
        if branch.keys is None:
            self.wrong(branch, key, f"phải gồm các khóa {', '.join(names)}.", f"must hold the keys {', '.join(names)}.")
            return {}
        for name, child in branch.keys.items():
            if name not in names:
                near = difflib.get_close_matches(name, names, 1)
                meant = f" ({near[0]}?)" if near else ""
                self.wrong(child, _joined(key, name), f"không có khóa này{meant}.", f"there is no such key{meant}.")
        for name in names:
            if name not in branch.keys and _joined(key, name) not in _MAY_BE_MISSING:
                self.wrong(branch, _joined(key, name), "thiếu khóa này.", "this key is missing.")
        return {n: c for n, c in branch.keys.items() if n in names}

    def text(self, branch: Branch | None, key: str) -> str:
        if branch is None:
            return ""
        if branch.text is None or branch.empty or not branch.text.strip():
            self.wrong(branch, key, "phải ghi một đoạn chữ.", "a text must stand here.")
            return ""
        return branch.text.strip()

    def number(self, branch: Branch | None, key: str, low: float, high: float, whole: bool = False) -> float:
        """Return a number within its range; it must be written plainly."""
        if branch is None:
            return low
        kind = Words("số nguyên", "a whole number") if whole else Words("số", "a number")
        typed = (branch.text or "").strip()
        value = float(typed) if _PLAIN_NUMBER.fullmatch(typed) else math.nan
        like = "1" if whole else "0.05"
        if not low <= value <= high or (whole and not value.is_integer()):
            self.wrong(
                branch,
                key,
                f"phải là {kind.vi} từ {low:g} đến {high:g}, viết như {like}.",
                f"must be {kind.en} from {low:g} to {high:g}, written like {like}.",
            )
            return low
        return value

    def one_of(self, branch: Branch | None, key: str, known: Iterable[str]) -> str:
        names = tuple(known)
        typed = self.text(branch, key)
        if branch is not None and typed and typed not in names:
            near = difflib.get_close_matches(typed, names, 1)
            meant = f" ({near[0]}?)" if near else ""
            self.wrong(
                branch,
                key,
                f"không có {typed!r}{meant}; có: {', '.join(names)}.",
                f"there is no {typed!r}{meant}; there are: {', '.join(names)}.",
            )
            return ""
        return typed

    def items(self, branch: Branch | None, key: str, each: Callable[[Branch, str], T]) -> tuple[T, ...]:
        if branch is None or branch.empty:
            return ()
        if branch.items is None:
            self.wrong(branch, key, "phải là danh sách, viết như [a, b].", "must be a list, written like [a, b].")
            return ()
        return tuple(each(item, key) for item in branch.items)

    def period(self, branch: Branch | None, key: str) -> str:
        typed = self.text(branch, key)
        if branch is None or not typed:
            return ""
        try:
            found = Period.parse(typed)
        except PeriodError as error:
            said = halves(str(error))
            self.wrong(branch, key, said.vi, said.en)
            return ""
        if found.quarter is None:
            self.wrong(branch, key, "phải là một quý, viết như 2017-Q1.", "must be a quarter, written like 2017-Q1.")
        return str(found)

    def outcome(self, branch: Branch, key: str) -> str:
        typed = self.text(branch, key)
        if not typed:
            return ""
        try:
            found = outcome(typed)
        except (UnknownIndicator, NotAnOutcome) as error:
            said = halves(str(error))
            self.wrong(branch, key, said.vi, said.en)
            return ""
        if not found.reported or found.level != "ward":
            self.wrong(branch, key, f"{typed!r} không được báo cáo theo phường, xã, thị trấn.", f"{typed!r} is not reported by ward.")
        return typed

    def ward(self, branch: Branch, key: str) -> str:
        typed = self.text(branch, key)
        if typed and typed not in wards():
            self.wrong(branch, key, f"không có phường, xã, thị trấn mang mã {typed!r}.", f"there is no ward with the code {typed!r}.")
        return typed


def _joined(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def read_plan(body: bytes, file: str = "plan.yaml", start: str | None = None) -> AnalysisPlan:
    """Return the plan that a file holds.

    Parameters
    ----------
    body : bytes
        UTF-8 YAML.
    file : str
        Its name, for messages.
    start : str, optional
        The pilot's start as the plan's data have it: the file must not say another.

    Raises
    ------
    PlanFileError
        If anything is wrong: unknown, missing or repeated keys, unknown
        outcomes, what measures effort or context as an outcome, unknown
        methods, numbers out of range; every problem with line and key.
    """
    root, reading = grown(body, file), _Reading()
    top = reading.mapping(root, "", _KEYS[""])
    if (form := top.get("format")) is not None and reading.text(form, "format") not in ("", FORMAT):
        reading.wrong(form, "format", f"chương trình này chỉ đọc dạng {FORMAT}.", f"this program reads format {FORMAT} alone.")
    words = {name: _words(reading, top.get(name), name) for name in ("question", "estimand")}
    groups = _group(reading, top, "outcomes")
    outcomes = {n: reading.items(groups.get(n), f"outcomes.{n}", reading.outcome) for n in _KEYS["outcomes"]}
    _once(reading, groups)
    alpha = reading.number(top.get("alpha"), "alpha", 0.001, MOST_ALPHA)
    notes = top.get("notes")
    plan = AnalysisPlan(
        pilot=reading.one_of(top.get("pilot"), "pilot", placed_pilots()),
        question=words["question"],
        estimand=words["estimand"],
        primary=outcomes["primary"],
        secondary=outcomes["secondary"],
        negative_controls=outcomes["negative_controls"],
        donors=_donors(reading, _group(reading, top, "donors")),
        windows=_windows(reading, top, _group(reading, top, "windows")),
        methods=_methods(reading, top.get("methods")),
        alpha=alpha,
        correction=reading.one_of(top.get("correction"), "correction", CORRECTIONS),
        appreciable=reading.number(top.get("appreciable"), "appreciable", 0.01, 0.99),
        notes="" if notes is None or notes.text == "" or notes.empty else reading.text(notes, "notes"),
    )
    if "primary" in groups and not groups["primary"].items:
        reading.wrong(
            groups["primary"], "outcomes.primary", "phải có ít nhất một kết quả chính.", "at least one primary outcome is needed."
        )
    if start and plan.windows.start and plan.windows.start != start:
        reading.wrong(
            (top["windows"].keys or {})["start"], "windows.start", f"mô hình bắt đầu từ {start}.", f"the pilot started in {start}."
        )
    if reading.problems:
        raise PlanFileError(file, sorted(reading.problems, key=lambda p: p.line))
    return plan


def _words(reading: _Reading, branch: Branch | None, key: str) -> Words:
    if branch is None:
        return Words("", "")
    both = reading.mapping(branch, key, _KEYS[key])
    return Words(*[reading.text(both.get(v), f"{key}.{v}") for v in ("vi", "en")])


def _group(reading: _Reading, top: dict[str, Branch], key: str) -> dict[str, Branch]:
    return reading.mapping(top[key], key, _KEYS[key]) if key in top else {}


def _once(reading: _Reading, groups: dict[str, Branch]) -> None:
    seen: dict[str, str] = {}
    for name, branch in groups.items():
        for item in branch.items or ():
            typed = (item.text or "").strip()
            if typed in seen:
                reading.wrong(item, f"outcomes.{name}", f"{typed!r} đã có ở {seen[typed]}.", f"{typed!r} stands in {seen[typed]} already.")
            seen.setdefault(typed, f"outcomes.{name}")


def _donors(reading: _Reading, group: dict[str, Branch]) -> DonorsRule:
    factor = group.get("level_factor")
    return DonorsRule(
        level_factor=None if factor is None or factor.empty else reading.number(factor, "donors.level_factor", 1.1, 100),
        # What the studies leave out in any case cannot be let in by a plan.
        least_reported=reading.number(group.get("least_reported"), "donors.least_reported", LEAST_REPORTED, 1),
        neighbours=reading.one_of(group.get("neighbours"), "donors.neighbours", ("exclude",)),
        exclude=reading.items(group.get("exclude"), "donors.exclude", reading.ward),
    )


def _windows(reading: _Reading, top: dict[str, Branch], group: dict[str, Branch]) -> Windows:
    found = Windows(
        start=reading.period(group.get("start"), "windows.start"),
        anticipation=int(reading.number(group.get("anticipation"), "windows.anticipation", 0, 8, whole=True)),
        phase_in=int(reading.number(group.get("phase_in"), "windows.phase_in", 0, 8, whole=True)),
        until=reading.period(group.get("until"), "windows.until"),
    )
    if found.start and found.until and found.until < found.start:
        reading.wrong(group["until"], "windows.until", f"không được trước {found.start}.", f"must not come before {found.start}.")
    return found


def _methods(reading: _Reading, branch: Branch | None) -> tuple[Method, ...]:
    def one(item: Branch, key: str) -> Method:
        own = reading.mapping(item, key, _KEYS["methods"])
        return Method(
            reading.one_of(own.get("design"), f"{key}.design", designs.NAMES),
            reading.one_of(own.get("judged_by"), f"{key}.judged_by", inference.NAMES),
        )

    found = reading.items(branch, "methods", one)
    if branch is not None and branch.items is not None:
        if not found:
            reading.wrong(branch, "methods", "phải có ít nhất một phương pháp.", "at least one method is needed.")
        for n, method in enumerate(found):
            if method in found[:n]:
                reading.wrong(branch.items[n], "methods", "phương pháp này có hai lần.", "this method is there twice.")
    return found


def write_plan(plan: AnalysisPlan) -> str:
    """Return a plan as a file with a remark on each key; `read_plan` reads the same plan from it."""

    def quoted(x: str) -> str:
        return json.dumps(x, ensure_ascii=False)

    def listed(x: Iterable[str]) -> str:
        return "[" + ", ".join(x) + "]"

    factor = "null" if plan.donors.level_factor is None else f"{plan.donors.level_factor:g}"
    methods = "\n".join(f"  - design: {m.design}\n    judged_by: {m.judged_by}" for m in plan.methods)
    return f"""\
# Kế hoạch phân tích trước khi xem số liệu. Sửa tệp này rồi đăng ký: evaluation plan-analysis register TỆP
# Pre-analysis plan. Edit this file, then register it: evaluation plan-analysis register FILE
format: {FORMAT}
pilot: {plan.pilot}

# Câu hỏi cần trả lời. / The question to be answered.
question:
  vi: {quoted(plan.question.vi)}
  en: {quoted(plan.question.en)}

# Chỉ tiêu loại "kết quả" trong bảng chỉ tiêu (evaluation indicators); không dùng số kiểm tra, xử lý.
# Indicators of kind "outcome" in the codebook (evaluation indicators); never counts of enforcement.
outcomes:
  # Quyết định kết luận. / Decide the conclusion.
  primary: {listed(plan.primary)}
  # Bổ sung. / Support it.
  secondary: {listed(plan.secondary)}
  # Mô hình không thể làm thay đổi; nếu thay đổi thì có sai lệch. / The pilot cannot move them; if they move, there is bias.
  negative_controls: {listed(plan.negative_controls)}

# Đại lượng cần ước lượng. / What is estimated.
estimand:
  vi: {quoted(plan.estimand.vi)}
  en: {quoted(plan.estimand.en)}

# Đơn vị được dùng để so sánh. / Which units are compared with.
donors:
  # Mức và đỉnh trước khi bắt đầu nằm trong số lần này; null: bỏ quy tắc.
  # Level and peak before the start lie within this factor; null: no rule.
  level_factor: {factor}
  # Tỷ lệ số kỳ có báo cáo, ít nhất {LEAST_REPORTED:g}. / Part of periods reported, {LEAST_REPORTED:g} at least.
  least_reported: {plan.donors.least_reported:g}
  # Phường giáp ranh luôn được loại ra. / Neighbouring wards are always left out.
  neighbours: {plan.donors.neighbours}
  # Mã phường loại thêm. / Codes of further wards to be left out.
  exclude: {listed(quoted(x) for x in plan.donors.exclude)}

windows:
  # Kỳ can thiệp đầu tiên. / First treated period.
  start: {plan.windows.start}
  # Số kỳ bỏ ra ngay trước khi bắt đầu. / Periods left out just before the start.
  anticipation: {plan.windows.anticipation}
  # Số kỳ bỏ ra kể từ khi bắt đầu. / Periods left out from the start on.
  phase_in: {plan.windows.phase_in}
  # Kỳ cuối cùng. / Last period.
  until: {plan.windows.until}

# Phương pháp chính đứng đầu, dùng cho mọi kết quả; các phương pháp còn lại dùng cho kết quả chính.
# The main method first, for all outcomes; the others for the primary ones.
# design: {", ".join(designs.NAMES)}
# judged_by: {", ".join(inference.NAMES)}
methods:
{methods}

# Mức ý nghĩa. / Significance level.
alpha: {plan.alpha:g}
# Hiệu chỉnh trong từng nhóm kết quả: holm, bh, none. / Correction within each group of outcomes: holm, bh, none.
correction: {plan.correction}
# Tác động nhỏ nhất đáng kể, so với mức lẽ ra. / Smallest effect that would matter, as a part of what would have been.
appreciable: {plan.appreciable:g}
notes: {quoted(plan.notes)}
"""
