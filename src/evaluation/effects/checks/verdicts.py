"""What a check of an effect found: a verdict by rule, its number and its sentence, and all checks of a study in one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evaluation.language import Words, listed
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

HOLDS, DOUBTFUL, FAILS, UNTRIED = "holds", "doubtful", "fails", "untried"
VERDICTS = {
    HOLDS: Words("không thấy dấu hiệu trái ngược", "holds"),
    DOUBTFUL: Words("còn nghi ngờ", "doubtful"),
    FAILS: Words("không đứng vững", "fails"),
    UNTRIED: Words("không thử được", "could not be tried"),
}
NAMES = {
    "pre_trends": Words("Xu thế trước khi bắt đầu", "Trends before the start"),
    "violations": Words("Vi phạm xu thế song song", "Violations of parallel trends"),
    "fit": Words("Độ khớp trước khi bắt đầu", "Fit before the start"),
    "influence": Words("Ảnh hưởng của từng đơn vị so sánh", "Influence of single donors"),
    "negative_controls": Words("Chỉ tiêu đối chứng âm tính", "Negative-control outcomes"),
    "anticipation": Words("Thay đổi trước khi bắt đầu (chuẩn bị)", "Anticipation"),
    "regime_changes": Words("Thay đổi cách báo cáo gần lúc bắt đầu", "Reporting changes near the start"),
    "missing_reports": Words("Báo cáo thiếu", "Missing reports"),
    "spill_over": Words("Lan tỏa sang các đơn vị giáp ranh", "Spill-over to neighbours"),
    "specifications": Words("Các cách phân tích hợp lý khác", "Other defensible specifications"),
}


@dataclass(frozen=True)
class Check:
    """One check of an effect.

    Attributes
    ----------
    id : str
        A key of `NAMES`.
    verdict : {"holds", "doubtful", "fails", "untried"}
        By the rule of the check, stated where it is made.
    value : float or None
        The number that the rule was read from; None where there is none.
    said : Words
        One sentence: what was found, with its number.
    """

    id: str
    verdict: str
    value: float | None
    said: Words

    @property
    def name(self) -> Words:
        """What was checked."""
        return NAMES[self.id]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Checks(Result):
    """All checks of one effect; `estimate` is the part of the tried checks that hold, `n` how many were tried.

    Attributes
    ----------
    found : tuple of Check
        In the order of `NAMES`.
    outcome_label, unit_label : Words
    design, judged_by : str
        Ids of what was checked.
    results : dict of str to Result
        The full result behind each check that has one, for its picture.
    synthetic : bool
    source : Words
    """

    found: tuple[Check, ...]
    outcome_label: Words
    unit_label: Words
    design: str
    judged_by: str
    results: dict[str, Result] = field(default_factory=dict)
    synthetic: bool = False
    source: Words = field(default_factory=lambda: Words("", ""))

    def of(self, name: str) -> Check:
        """Return one check.

        Raises
        ------
        KeyError
            If it is not among those made.
        """
        found = {c.id: c for c in self.found}
        if name not in found:
            raise KeyError(f"{name}: không có trong {', '.join(found)}. / not among {', '.join(found)}.")
        return found[name]

    def by_verdict(self, verdict: str) -> tuple[Check, ...]:
        """Return the checks with a verdict."""
        return tuple(c for c in self.found if c.verdict == verdict)

    def summary(self, language: str | None = None) -> str:
        """Return in one sentence which checks hold, are doubtful, fail or could not be tried."""
        speak = language or "en"
        parts = []
        for verdict, words in VERDICTS.items():
            if chosen := [c.name[speak][:1].lower() + c.name[speak][1:] for c in self.by_verdict(verdict)]:
                parts.append(f"{words[speak]}: {listed(chosen, speak)}")
        return f"{self.estimand[speak]}: {'; '.join(parts) or '—'}"

    def to_frame(self, language: str = "en") -> pd.DataFrame:
        """Return one row a check.

        Parameters
        ----------
        language : {"vi", "en"}
            Of name and sentence.

        Returns
        -------
        DataFrame
            check (id), name, verdict, value (NaN where there is none), sentence.
        """
        import pandas as pd

        rows = [(c.id, c.name[language], c.verdict, c.value, c.said[language]) for c in self.found]
        frame = pd.DataFrame(rows, columns=["check", "name", "verdict", "value", "sentence"])
        return frame.astype({"value": float})
