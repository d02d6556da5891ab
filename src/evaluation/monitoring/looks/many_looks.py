"""Many indicators, many places, four looks a year: how many signals chance alone would give, and which remain after control.

References
----------
Holm 1979 (Scandinavian Journal of Statistics 6:65); Benjamini, Hochberg 1995 (JRSS B 57:289); Benjamini, Yekutieli 2001
(Annals of Statistics 29:1165); Lan, DeMets 1983 (Biometrika 70:659); Efron 2007 (JASA 102:93).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.language import Words, number, percent
from evaluation.monitoring.given_numbers import between_0_and_1
from evaluation.monitoring.looks.alpha_spending import OBRIEN_FLEMING, Spending, crossing, spending
from evaluation.monitoring.looks.multiple_testing import benjamini_hochberg, benjamini_yekutieli, checked_p, holm
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

_Floats: TypeAlias = NDArray[np.float64]

ANY, WHICH, EVERY_QUARTER = "any", "which", "every_quarter"
HOLM, BH, BY, SPENDING = "holm", "benjamini_hochberg", "benjamini_yekutieli", "alpha_spending"
PROCEDURES = {
    HOLM: Words("tỷ lệ sai toàn nhóm (Holm)", "the family-wise error rate (Holm)"),
    BH: Words("tỷ lệ phát hiện sai (Benjamini-Hochberg)", "the false discovery rate (Benjamini-Hochberg)"),
    BY: Words(
        "tỷ lệ phát hiện sai dưới mọi phụ thuộc (Benjamini-Yekutieli)",
        "the false discovery rate under any dependence (Benjamini-Yekutieli)",
    ),
    SPENDING: Words("các lần xem lặp lại (chia mức alpha, Lan-DeMets)", "repeated looks (alpha spending, Lan-DeMets)"),
}
METHODS = {
    HOLM: Words(
        "Holm 1979: xác suất có dù chỉ một tín hiệu sai không quá {alpha}, dưới mọi phụ thuộc.",
        "Holm 1979: the chance of even one false signal is at most {alpha}, under any dependence.",
    ),
    BH: Words(
        "Benjamini, Hochberg 1995: trong các tín hiệu còn lại, trung bình không quá {alpha} là sai.",
        "Benjamini, Hochberg 1995: of the signals that remain, at most {alpha} are false on average.",
    ),
    BY: Words(
        "Benjamini, Yekutieli 2001: trong các tín hiệu còn lại, trung bình không quá {alpha} là sai, dưới mọi phụ thuộc.",
        "Benjamini, Yekutieli 2001: of the signals that remain, at most {alpha} are false on average, under any dependence.",
    ),
    SPENDING: Words(
        "Lan, DeMets 1983: mọi lần xem của một chuỗi gộp lại có không quá {alpha} xác suất báo sai.",
        "Lan, DeMets 1983: all looks at one series together raise a false signal with a chance of at most {alpha}.",
    ),
}
ASSUMPTIONS = {
    HOLM: (),
    BH: (
        Words(
            "Các so sánh độc lập hoặc phụ thuộc cùng chiều (khi một cái cao, cái khác không vì thế mà thấp).",
            "The comparisons are independent or depend on one another positively (where one is high, others are not low because of it).",
        ),
    ),
    BY: (),
    SPENDING: (
        Words(
            "Mỗi lần xem dùng toàn bộ số liệu từ đầu, không chỉ riêng quý mới.",
            "Each look takes all data since the start, not the new quarter alone.",
        ),
        Words("Số lần xem đã định trước.", "The number of looks was planned."),
    ),
}
VALID = Words(
    "Giá trị p đúng: không có gì xảy ra thì p dưới {alpha} nhiều nhất {alpha} số lần.",
    "The p-values are right: where nothing happens, p is below {alpha} at most {alpha} of the time.",
)
OF, OF_TABLE = (
    Words("{tests} so sánh", "{tests} comparisons"),
    Words("{rows} chỉ tiêu ở {columns} {noun}", "{rows} indicators in {columns} {noun}"),
)
OF_LOOKS = Words("{tests} chuỗi sau {looks} trong {planned} lần xem", "{tests} series after {looks} of {planned} looks")
WITHOUT = Words(" ({missing} không có giá trị p)", " ({missing} without a p-value)")
SAID = Words(
    "Trong {what}{without}: {seen} tín hiệu ở mức {alpha}, riêng ngẫu nhiên đã cho khoảng {expected}; "
    "sau khi kiểm soát {control} còn {remaining}",
    "Of {what}{without}: {seen} signals at {alpha}, about {expected} expected by chance alone; "
    "after control of {control} {remaining} remain",
)
DISTRICT = Words("quận, huyện", "districts")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ManyLooks(Result):
    """How many signals were seen, how many chance alone would give, and which remain: `estimate` is how many.

    Attributes
    ----------
    question : {"any", "which", "every_quarter"}
    procedure : {"holm", "benjamini_hochberg", "benjamini_yekutieli", "alpha_spending"}
    alpha : float
    p : ndarray
        As given; NaN where there is none.
    adjusted : ndarray or None
        p-values that allow for all comparisons, in the shape of `p`; None for repeated looks.
    remains : ndarray of bool
        In the shape of `p`; of repeated looks the first crossing and those after it.
    seen : int
        Comparisons (series, for repeated looks) with p at or below `alpha`.
    expected : float
        Of them by chance alone, at most.
    chance_as_many : float
        How often chance alone gives at least as many, were the comparisons independent.
    chance_as_many_bound : float
        The same at most, however they depend on one another.
    chance_as_many_drawn : float or None
        The same in the given draws without any effect, dependence and all.
    thresholds : Spending or None
        Of repeated looks.
    said_of : Words
        "40 indicators in 24 districts".
    """

    question: str
    procedure: str
    alpha: float
    p: _Floats
    adjusted: _Floats | None
    remains: NDArray[np.bool_]
    seen: int
    expected: float
    chance_as_many: float
    chance_as_many_bound: float
    chance_as_many_drawn: float | None
    thresholds: Spending | None
    said_of: Words

    def summary(self, language: str | None = None) -> str:
        """Return the result as one sentence, in English unless told."""
        speak = language or "en"
        missing = int(self.diagnostics["missing"])
        return SAID[speak].format(
            what=self.said_of[speak],
            without=WITHOUT[speak].format(missing=number(missing, speak)) if missing else "",
            seen=number(self.seen, speak),
            alpha=percent(self.alpha, speak, 0 if round(100 * self.alpha, 6).is_integer() else 1),
            expected=number(self.expected, speak, 1),
            control=PROCEDURES[self.procedure][speak],
            remaining=number(self.estimate or 0, speak),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a p-value: its place (row, column), p, adjusted p or threshold, whether it remains."""
        import pandas as pd

        flat = self.p.reshape(-1, self.p.shape[-1])
        row, column = np.divmod(np.arange(flat.size), flat.shape[1])
        frame = pd.DataFrame({"row": row, "column": column, "p": flat.ravel()})
        if self.adjusted is not None:
            frame["adjusted"] = self.adjusted.ravel()
        elif self.thresholds is not None:
            frame["threshold"] = self.thresholds.nominal[column]
        return frame.assign(remains=self.remains.ravel())


def many_looks(
    p: ArrayLike,
    *,
    question: str = WHICH,
    alpha: float = 0.05,
    dependence: str = "positive",
    planned: int | None = None,
    null: ArrayLike | None = None,
    noun: Words = DISTRICT,
) -> ManyLooks:
    """Return what remains of many comparisons, by the question that is asked of them.

    Parameters
    ----------
    p : array_like
        p-values, NaN where there is none. One axis: a list of comparisons.
        Two: indicators x places, or series x looks where the question is
        "every_quarter" (then each p-value takes all data up to its look).
    question : {"any", "which", "every_quarter"}
        "any": did anything at all move? No false signal in the whole family
        (Holm). "which": which moved? A bounded share of false ones among
        those named (Benjamini-Hochberg). "every_quarter": does a series that
        is looked at again each quarter show a signal? (alpha spending,
        O'Brien-Fleming type).
    alpha : float
    dependence : {"positive", "unknown"}
        Of the comparisons under "which"; "unknown" takes Benjamini-Yekutieli.
    planned : int, optional
        Looks planned under "every_quarter"; the last axis of `p` where left out.
    null : array_like of shape (draws, comparisons), optional
        p-values of the same comparisons where nothing happened, from permuted
        or simulated data: how often as many come by chance, dependence and all.
    noun : Words
        What the places are, plural in English.

    Returns
    -------
    ManyLooks

    Raises
    ------
    ValueError
        If a p-value is not between 0 and 1, there is none at all, a question
        or dependence is unknown, more looks were made than planned, or `null`
        has another number of comparisons.
    """
    values = checked_p(p)
    between_0_and_1(alpha, "alpha", 0.05)
    if np.isnan(values).all():
        raise ValueError("Không có giá trị p nào: không có gì để kiểm soát. / There is no p-value at all: nothing to control.")
    if question not in (ANY, WHICH, EVERY_QUARTER) or dependence not in ("positive", "unknown"):
        raise ValueError(
            f"question={question!r} phải là any, which hoặc every_quarter; dependence={dependence!r} là positive hoặc unknown. / "
            f"question={question!r} must be any, which or every_quarter; dependence={dependence!r} positive or unknown."
        )
    if question == EVERY_QUARTER:
        return _looked_again(values, alpha, planned, null)
    procedure = HOLM if question == ANY else BH if dependence == "positive" else BY
    adjusted = {HOLM: holm, BH: benjamini_hochberg, BY: benjamini_yekutieli}[procedure](values)
    known = int(np.isfinite(values).sum())
    seen = int((values <= alpha).sum())
    return _result(question, procedure, alpha, values, adjusted, adjusted <= alpha, seen, (known, alpha), null, None, _of(values, noun))


def _looked_again(values: _Floats, alpha: float, planned: int | None, null: ArrayLike | None) -> ManyLooks:
    """Return which series crossed the boundary of their looks so far."""
    table = np.atleast_2d(values)
    looks = table.shape[-1]
    if planned is not None and planned < looks:
        raise ValueError(f"Đã xem {looks} lần, hơn planned={planned}. / {looks} looks were made, more than planned={planned}.")
    limits = spending(planned or looks, alpha=alpha, kind=OBRIEN_FLEMING)
    crossed = np.logical_or.accumulate(table <= limits.nominal[:looks], axis=-1)
    known = int(np.isfinite(table).any(axis=-1).sum())
    plain = np.full(limits.boundary.shape, stats.norm.isf(alpha / 2))
    each = float(crossing(plain)[looks - 1])
    seen = int((table <= alpha).any(axis=-1).sum())
    slots = {"tests": table.shape[0], "looks": looks, "planned": planned or looks}
    of = Words(*(OF_LOOKS[s].format(**{k: number(v, s) for k, v in slots.items()}) for s in ("vi", "en")))
    remains = crossed.reshape(values.shape)
    return _result(EVERY_QUARTER, SPENDING, alpha, values, None, remains, seen, (known, each), null, limits, of)


def _result(
    question: str,
    procedure: str,
    alpha: float,
    values: _Floats,
    adjusted: _Floats | None,
    remains: NDArray[np.bool_],
    seen: int,
    chance: tuple[int, float],
    null: ArrayLike | None,
    limits: Spending | None,
    of: Words,
) -> ManyLooks:
    known, each = chance
    missing = int(np.isnan(values).sum()) if limits is None else int(np.isnan(np.atleast_2d(values)).all(axis=-1).sum())
    left = int(remains.sum()) if limits is None else int(np.atleast_2d(remains)[:, -1].sum())
    level = {s: percent(alpha, s, 0 if round(100 * alpha, 6).is_integer() else 1) for s in ("vi", "en")}
    expected = known * each

    def filled(words: Words) -> Words:
        return Words(*(words[s].format(alpha=level[s]) for s in ("vi", "en")))

    return ManyLooks(
        estimand=of,
        method=filled(METHODS[procedure]),
        estimate=float(left),
        level=1 - alpha,
        n=known,
        unit="signals",
        assumptions=(*ASSUMPTIONS[procedure], filled(VALID)),
        diagnostics={"missing": missing, "level_of_each": each},
        question=question,
        procedure=procedure,
        alpha=alpha,
        p=values,
        adjusted=adjusted,
        remains=remains,
        seen=seen,
        expected=expected,
        chance_as_many=float(stats.binom.sf(seen - 1, known, each)),
        chance_as_many_bound=min(1.0, expected / seen) if seen else 1.0,
        chance_as_many_drawn=None if null is None else _drawn(null, values, alpha, seen, limits),
        thresholds=limits,
        said_of=of,
    )


def _drawn(null: ArrayLike, values: _Floats, alpha: float, seen: int, limits: Spending | None) -> float:
    """Return how often draws without an effect give at least as many signals, the data counted as one of them."""
    draws = checked_p(null)
    draws = draws.reshape(len(draws), -1)
    if draws.shape[1] != values.size or not len(draws):
        raise ValueError(
            f"Tham số null phải có {values.size} so sánh trong mỗi lần rút, đang có {draws.shape[1]}. / "
            f"null must have {values.size} comparisons in each draw, it has {draws.shape[1]}."
        )
    signals = np.asarray((draws <= alpha) & np.isfinite(values.ravel()))
    if limits is not None:
        signals = np.asarray(signals.reshape(len(draws), -1, values.shape[-1]).any(axis=-1))
    return float((1 + (signals.sum(axis=1) >= seen).sum()) / (1 + len(draws)))


def _of(values: _Floats, noun: Words) -> Words:
    if values.ndim == 2:
        rows, columns = values.shape
        return Words(*(OF_TABLE[s].format(rows=number(rows, s), columns=number(columns, s), noun=noun[s]) for s in ("vi", "en")))
    return Words(*(OF[s].format(tests=number(values.size, s)) for s in ("vi", "en")))
