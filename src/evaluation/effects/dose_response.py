"""Dose-response by coverage: whether the outcome moved more where more of a service was given.

For models without a fixed place (peer groups, community services, condoms) there is no untreated ward to compare with.
What can be looked at is whether an outcome moved more where the service moved more, unit and period effects taken off.

References
----------
Frisch, Waugh 1933, Econometrica 1:387-401 (partial regression). Freedman, Lane 1983, Journal of Business and Economic
Statistics 1:292-298, and DiCiccio, Romano 2017, JASA 112:1211-1220 (permutation of studentised statistics). Harrell 2015,
Regression Modeling Strategies (restricted cubic spline with three knots).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.matrix import HALF, Floats, NotEnough
from evaluation.effects.permuted_courses import Paths, permuted
from evaluation.effects.study import COUNT, MEASURES, RATE, SHARE, VALUE
from evaluation.language import Words, number, points, span, uncapitalised
from evaluation.results import Result
from evaluation.settings import DEFAULT_SEED

if TYPE_CHECKING:
    import pandas as pd

UNIT, PERIOD = "unit", "period"
LEAST_UNITS = 5
DRAWS = 999
KNOTS = (0.10, 0.50, 0.90)

CANNOT_BE_CLAIMED = (
    Words(
        "Mức dịch vụ không được phân ngẫu nhiên: nơi tăng nhiều có thể khác nơi tăng ít về những điều không đo được.",
        "The dose was not given at random: places where it grew may differ from the others in what nobody measured.",
    ),
    Words(
        "Chiều tác động có thể ngược: dịch vụ có thể được đưa đến nơi kết quả đang thay đổi.",
        "The direction may be the reverse: the service may have gone where the outcome was already moving.",
    ),
    Words(
        "Kiểm tra, xử phạt có thể làm thay đổi cả mức dịch vụ lẫn kết quả.",
        "Enforcement may move both the dose and the outcome.",
    ),
    Words(
        "Đây là quan hệ giữa các địa bàn; không suy ra được tác động đối với từng người (ngụy biện sinh thái).",
        "This is a relation between places; nothing follows from it for single persons (ecological fallacy).",
    ),
    Words(
        "Cùng một cơ quan ghi cả mức dịch vụ và kết quả: báo cáo đầy đủ hơn làm cả hai cùng tăng.",
        "The same office reports dose and outcome: better reporting raises both.",
    ),
)
ASSUMPTIONS = (
    Words(
        "Ngoài mức dịch vụ, không điều gì làm các đơn vị thay đổi khác nhau theo cách đi cùng với mức dịch vụ.",
        "Apart from the dose, nothing moved the units apart in a way that goes with the dose.",
    ),
    Words(
        "Nếu mức dịch vụ không có tác động, đơn vị nào nhận chuỗi mức dịch vụ nào cũng như nhau (hoán đổi giữa các đơn vị).",
        "Had the dose no effect, it would not matter which unit had which course of doses (units can be exchanged).",
    ),
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class DoseResponse(Result):
    """How the outcome moved with the dose within units and periods.

    `estimate`, `low`, `high` are per `per` of the dose: a ratio for counts and rates, else a difference; `low` and `high`
    invert the permutation test.

    Attributes
    ----------
    p_value : float
        Of no relation, by permutation of whole courses of doses over units.
    smallest_p : float
    standard_error : float
        Clustered by unit, on the working scale (logs for counts and rates).
    slopes : DataFrame
        name, slope, standard_error: dose first (for one of its units), then covariates, on the working scale.
    curved_p : float or None
        Of a straight line against a restricted cubic spline with three knots; None where the dose takes too few values.
    curve : DataFrame
        dose, linear, spline: relative to the mean dose, on the working scale (spline NaN where there is none).
    partial : DataFrame
        dose, outcome: what unit and period effects (and covariates) leave; no names of units, in an order that tells none.
    label, dose_label : Words
    per : float
    units, periods : int
    cannot_be_claimed : tuple of Words
    synthetic : bool
    source : Words
    """

    p_value: float
    smallest_p: float
    standard_error: float
    slopes: pd.DataFrame
    curved_p: float | None
    curve: pd.DataFrame
    partial: pd.DataFrame
    label: Words
    dose_label: Words
    per: float
    units: int
    periods: int
    cannot_be_claimed: tuple[Words, ...] = CANNOT_BE_CLAIMED
    synthetic: bool = False
    source: Words = field(default_factory=lambda: Words("", ""))

    @property
    def ratio(self) -> bool:
        """Whether the estimate is a ratio."""
        return self.unit == "ratio"

    def written(self, x: float, language: str) -> str:
        """Write a value on the estimate's scale."""
        if self.unit == SHARE:
            return points(x, language)
        size = abs(x)
        return number(x, language, 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 4)

    def summary(self, language: str | None = None) -> str:
        """Return the relation with its interval and test, and that it is no proof of an effect."""
        speak = language or "en"
        if self.low is None or self.high is None:
            ends = Words("khoảng không giới hạn", "interval without an end")[speak]
        else:
            ends = span(self.written(self.low, speak), self.written(self.high, speak), speak)
        kind = Words("tỷ số ", "ratio ")[speak] if self.ratio else ""
        tests = f"{number(100 * self.level, speak)}%: {ends}; p = {number(self.p_value, speak, 3)}"
        told = f"{kind}{self.written(self.estimate or 0.0, speak)} ({tests})"
        bent = self.curved_p is not None and self.curved_p <= round(1 - self.level, 9)
        shape = Words("; quan hệ không thẳng", "; the relation is not a straight line")[speak] if bent else ""
        return (
            f"{self.estimand[speak]}: {told}{shape}"
            + Words("; quan hệ này chưa chứng minh tác động", "; such a relation does not prove an effect")[speak]
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the estimate, its test and its size."""
        return super().to_frame().assign(p_value=self.p_value, curved_p=self.curved_p, units=self.units, periods=self.periods)


def dose_response(
    data: pd.DataFrame,
    *,
    outcome: str,
    dose: str,
    unit: str = UNIT,
    period: str = PERIOD,
    denominator: str | None = None,
    measure: str = VALUE,
    covariates: Sequence[str] = (),
    effects: Sequence[str] = (UNIT, PERIOD),
    per: float = 1.0,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = DEFAULT_SEED,
    label: Words | None = None,
    dose_label: Words | None = None,
    synthetic: bool = False,
    source: Words | None = None,
) -> DoseResponse:
    """Relate the outcome's movement to the dose's, within units and periods.

    Parameters
    ----------
    data : DataFrame
        One row a unit and period; a row without a number is missing, never zero.
    outcome, dose, unit, period : str
        Columns; the outcome is the numerator of a share or rate.
    denominator : str, optional
        Column of a share's or rate's denominator.
    measure : {"count", "share", "rate", "value"}
        Counts and rates are taken in logs (half an event added).
    covariates : sequence of str
        Columns that are taken off dose and outcome too.
    effects : sequence of {"unit", "period"}
        Which effects are taken off; both unless the question says otherwise.
    per : float
        Dose for which the estimate is given, such as 0.1 of a share.
    level : float
    draws : int
        Permutations; all of them where there are fewer.
    seed : int
    label, dose_label : Words, optional
    synthetic : bool
    source : Words, optional

    Raises
    ------
    NotEnough
        If fewer than five units have figures in two periods, or the dose does not vary beyond the effects.
    ValueError
        If a column is missing, a unit has two rows in a period, a count is negative, or an option is unknown.

    Notes
    -----
    Grunfeld's investment data (11 firms, 20 years) with firm effects alone: value 0.1101, capital 0.3100.
    """
    _check(data, (outcome, dose, unit, period, *covariates, *([denominator] if denominator else [])), unit, period, measure, effects, per)
    y, wide = _arrays(data, outcome, dose, unit, period, denominator, measure, covariates)
    seen = np.isfinite(y) & np.isfinite(wide).all(axis=0)
    seen &= seen.sum(axis=1, keepdims=True) >= (2 if UNIT in effects else 1)
    rows = seen.any(axis=1)
    if rows.sum() < LEAST_UNITS:
        raise NotEnough(
            f"Cần ít nhất {LEAST_UNITS} đơn vị có số liệu về cả mức dịch vụ và kết quả trong từ hai kỳ; có {rows.sum()}. / "
            f"At least {LEAST_UNITS} units with figures of dose and outcome in two periods are needed; there are {rows.sum()}."
        )
    paths = Paths.of(y[rows], wide[:, rows], seen[rows], tuple(effects))
    test = permuted(paths, level, draws, np.random.default_rng(seed))
    curved, curve = _shape(paths, draws, np.random.default_rng(seed))
    logs = measure in (COUNT, RATE)
    slope, ends = test.slope * per, (None, None) if test.low is None or test.high is None else (test.low * per, test.high * per)
    ends = ends if per > 0 or ends[0] is None else (ends[1], ends[0])

    def back(x: float | None) -> float | None:
        return None if x is None else float(np.exp(x)) if logs else float(x)

    names = (label or Words(outcome, outcome), dose_label or Words(dose, dose))
    return DoseResponse(
        estimand=_estimand(*names, per),
        method=_method(tuple(effects), bool(covariates)),
        estimate=back(slope),
        low=back(ends[0]),
        high=back(ends[1]),
        level=level,
        n=int(seen.sum()),
        unit="ratio" if logs else measure,
        assumptions=ASSUMPTIONS,
        diagnostics={"missing": int((~seen).sum()), "draws": test.draws, "within_r2": paths.r2},
        p_value=test.p_value,
        smallest_p=test.smallest_p,
        standard_error=float(paths.errors[0] * abs(per)),
        slopes=_slopes((dose, *covariates), paths),
        curved_p=curved,
        curve=curve,
        partial=_partial(paths),
        label=names[0],
        dose_label=names[1],
        per=per,
        units=int(rows.sum()),
        periods=int(seen.any(axis=0).sum()),
        synthetic=synthetic,
        source=source or Words("", ""),
    )


def _check(data: pd.DataFrame, columns: Sequence[str], unit: str, period: str, measure: str, effects: Sequence[str], per: float) -> None:
    if absent := [c for c in columns if c not in data]:
        raise ValueError(f"Bảng thiếu cột {', '.join(absent)}. / The table lacks the columns {', '.join(absent)}.")
    if measure not in MEASURES or not set(effects) <= {UNIT, PERIOD}:
        raise ValueError(f"measure: {', '.join(MEASURES)}; effects: {UNIT}, {PERIOD}. / Choose among them.")
    if not np.isfinite(per) or per == 0:
        raise ValueError(f"per={per}: cần là số khác 0. / It has to be a number other than 0.")
    twice = data[data.duplicated([unit, period])]
    if len(twice):
        raise ValueError(
            f"{twice[unit].iloc[0]}, {twice[period].iloc[0]}: có hai dòng trong bảng; chỉ giữ một. / There are two rows; keep one."
        )


def _arrays(
    data: pd.DataFrame, outcome: str, dose: str, unit: str, period: str, denominator: str | None, measure: str, covariates: Sequence[str]
) -> tuple[Floats, Floats]:
    """Return the outcome on its working scale, and dose and covariates as (k, units, periods)."""

    def wide(column: str) -> Floats:
        return np.asarray(data.pivot(index=unit, columns=period, values=column).sort_index(axis=1).to_numpy(dtype=float, na_value=np.nan))

    y = wide(outcome)
    if measure != VALUE and (y[np.isfinite(y)] < 0).any():
        raise ValueError(f"{outcome}: số đếm không được âm. / A count cannot be negative.")
    if measure in (SHARE, RATE):
        if denominator is None:
            raise ValueError("Hãy nêu denominator=. / Name denominator=.")
        base = wide(denominator)
        base = np.where(base > 0, base, np.nan)
        y = y / base if measure == SHARE else np.log((y + HALF) / base)
    elif measure == COUNT:
        y = np.log(y + HALF)
    return y, np.stack([wide(c) for c in (dose, *covariates)])


def _slopes(names: Sequence[str], paths: Paths) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"name": list(names), "slope": paths.slopes, "standard_error": paths.errors})


def _partial(paths: Paths) -> pd.DataFrame:
    """Return what effects and covariates leave of dose and outcome, sorted by dose so that no unit can be followed."""
    import pandas as pd

    x, y = paths.dose_left[paths.seen], paths.outcome_left[paths.seen]
    order = np.lexsort((y, x))
    return pd.DataFrame({"dose": x[order], "outcome": y[order]})


def _knots(dose: Floats) -> Floats | None:
    at = np.quantile(dose, KNOTS)
    return at if len(set(np.round(at, 12))) == 3 and len(np.unique(dose)) >= 4 else None


def _bend(x: Floats, knots: Floats) -> Floats:
    """Return the one bent term of a restricted cubic spline with three knots."""
    a, b, c = knots

    def cube(u: Floats) -> Floats:
        return np.asarray(np.maximum(u, 0.0) ** 3)

    return np.asarray((cube(x - a) - cube(x - b) * (c - a) / (c - b) + cube(x - c) * (b - a) / (c - b)) / (c - a) ** 2)


def _shape(paths: Paths, draws: int, rng: np.random.Generator) -> tuple[float | None, pd.DataFrame]:
    """Return the p-value of a straight line, and both fitted lines over the range of the dose."""
    import pandas as pd

    dose = paths.wide[0]
    known = dose[paths.seen]
    grid = np.linspace(known.min(), known.max(), 41)
    middle = float(known.mean())
    frame = pd.DataFrame({"dose": grid, "linear": paths.slopes[0] * (grid - middle), "spline": np.nan})
    knots = _knots(known)
    if knots is None:
        return None, frame
    bent = np.where(paths.seen, _bend(dose, knots), 0.0)
    try:
        full = Paths.of(paths.outcome, np.concatenate([bent[None], paths.wide]), paths.seen, paths.effects)
    except NotEnough:
        return None, frame
    test = permuted(full, None, draws, rng)
    frame["spline"] = full.slopes[1] * (grid - middle) + full.slopes[0] * (_bend(grid, knots) - float(_bend(known, knots).mean()))
    return test.p_value, frame


def _estimand(label: Words, dose: Words, per: float) -> Words:
    size = Words(number(per, "vi", 0 if float(per).is_integer() else 2), number(per, "en", 0 if float(per).is_integer() else 2))
    return Words(
        f"{label.vi} thay đổi khi {uncapitalised(dose.vi)} tăng {size.vi}, trong cùng đơn vị và so với cùng kỳ",
        f"Change of {uncapitalised(label.en)} for {size.en} more of {uncapitalised(dose.en)}, within units and against the same period",
    )


def _method(effects: tuple[str, ...], covariates: bool) -> Words:
    named = {UNIT: Words("đơn vị", "unit"), PERIOD: Words("kỳ", "period")}
    vi, en = (" và ".join(named[e].vi for e in effects), " and ".join(named[e].en for e in effects))
    more = Words(" và biến đi kèm", " and covariates") if covariates else Words("", "")
    return Words(
        f"Hồi quy riêng phần sau khi trừ hiệu ứng {vi}{more.vi}; kiểm định và khoảng tin cậy bằng hoán vị cả chuỗi mức dịch vụ giữa "
        f"các đơn vị.",
        f"Partial regression after {en} effects{more.en}; test and interval by permuting whole courses of doses over units.",
    )
