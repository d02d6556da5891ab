"""Synthetic difference-in-differences on panels.

A thin wrapper over `diff_diff`; a panel with holes is refused (missing is not zero), a rank among placebos counts each
placebo once, and whatever the library warned of is kept.

References
----------
Arkhangelsky, Athey, Hirshberg, Imbens, Wager 2021 (AER 111:4088).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.language import Words
from evaluation.results import Result
from evaluation.settings import DEFAULT_SEED

if TYPE_CHECKING:
    import pandas as pd

_NO_SPILLOVER = Words(
    "Can thiệp không tác động đến các đơn vị so sánh.",
    "The intervention does not reach the comparison units.",
)


class PanelProblem(ValueError):
    """A panel that these estimators cannot take as it is."""


@dataclass(frozen=True, kw_only=True, repr=False)
class SyntheticDifference(Result):
    """Synthetic difference-in-differences, with its weights and its placebos.

    Attributes
    ----------
    unit_weights, period_weights : DataFrame
        Columns unit, weight and period, weight: the comparison that the data chose.
    trajectory : DataFrame
        Columns period, treated, synthetic (same unit as the outcome), after (bool).
    placebos : ndarray, shape (m,)
        Effects found for comparison units where nothing happened, each counted once.
    standard_error : float
        Root mean square distance of the placebo draws from their mean.
    rank_p : float
        (1 + placebos at least as far from zero as the estimate) / (1 + m).
    treated_units, comparison_units : int
    """

    unit_weights: pd.DataFrame = field(compare=False)
    period_weights: pd.DataFrame = field(compare=False)
    trajectory: pd.DataFrame = field(compare=False)
    placebos: np.ndarray[Any, Any] = field(compare=False)
    standard_error: float
    rank_p: float
    treated_units: int
    comparison_units: int

    def to_frame(self) -> pd.DataFrame:
        """Return the treated and the synthetic series, one row a period."""
        return self.trajectory.copy()


_WEIGHTED_PARALLEL = Words(
    "Tổ hợp có trọng số của các đơn vị so sánh đi song song với đơn vị can thiệp khi không có can thiệp.",
    "The weighted mix of comparison units would have run in parallel with the treated unit.",
)
_ALIKE = Words(
    "Các đơn vị so sánh dao động như đơn vị can thiệp (phương sai giả dược).",
    "Comparison units vary as the treated unit does (placebo variance).",
)


def synthetic_did(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    first_treated: str,
    draws: int = 200,
    seed: int = DEFAULT_SEED,
    label: Words | None = None,
    measured_in: str = "",
    level: float = 0.95,
) -> SyntheticDifference:
    """Estimate an effect by synthetic difference-in-differences (Arkhangelsky et al. 2021), with placebo variance.

    Parameters
    ----------
    panel : DataFrame
        One row a unit and period, complete.
    outcome, unit, period, first_treated : str
        Columns; `first_treated` holds the period of the one common start, and
        0 or nothing for comparison units. Periods are numbers or texts that
        sort in time ("2018-Q4").
    label : Words, optional
        Name of the outcome for the reader; the column's name where absent.
    measured_in : str
        Unit of the outcome, such as "packs per head".
    level : float
    draws : int
        Placebo draws, with replacement; with one treated unit only as many differ as there are comparison units.
    seed : int
        Seed of the draws.

    Raises
    ------
    PanelProblem
        If the panel has holes, the starts differ, or there are not more comparison than treated units.

    Notes
    -----
    The interval takes the placebo variance as the treated unit's own, which holds where both vary alike.
    """
    from diff_diff import SyntheticDiD

    data, periods, treated, controls = _prepared(panel, outcome, unit, period, first_treated)
    starts = sorted(set(data.loc[data["_first"] > 0, "_first"]))
    if len(starts) > 1 or controls <= treated:
        raise PanelProblem(
            "Cần một thời điểm bắt đầu chung và số đơn vị so sánh lớn hơn số đơn vị can thiệp. / "
            "One common start and more comparison than treated units are needed."
        )
    after = [p for p in sorted(set(data["_period"])) if p >= starts[0]]
    with _quiet() as heard:
        fit = SyntheticDiD(variance_method="placebo", n_bootstrap=draws, seed=seed, alpha=1 - level).fit(
            data, outcome="_outcome", treatment="_ever", unit="_unit", time="_period", post_periods=after
        )
    estimate, placebos = float(fit.att), np.unique(np.round(np.asarray(fit.variance_effects, dtype=float), 9))
    trajectory = _trajectory(fit, sorted(periods), set(after))
    trajectory["period"] = trajectory["period"].map(periods)
    weights = fit.get_time_weights_df().assign(period=lambda w: w["period"].map(periods))
    return SyntheticDifference(
        estimand=_estimand(label, outcome, "trung bình các kỳ sau khi bắt đầu", "mean of the periods after the start"),
        method=Words(
            "Khác biệt kép tổng hợp của Arkhangelsky và cộng sự (2021), phương sai giả dược (diff-diff).",
            "Synthetic difference-in-differences of Arkhangelsky et al. (2021), placebo variance (diff-diff).",
        ),
        estimate=estimate,
        low=float(fit.conf_int[0]),
        high=float(fit.conf_int[1]),
        level=level,
        n=len(data),
        unit=measured_in,
        assumptions=(_WEIGHTED_PARALLEL, _NO_SPILLOVER, _ALIKE),
        diagnostics={"before_rmse": float(fit.pre_treatment_fit), "draws": draws, "seed": seed, "warnings": _said(heard)},
        unit_weights=fit.get_unit_weights_df().reset_index(drop=True),
        period_weights=weights.reset_index(drop=True),
        trajectory=trajectory,
        placebos=placebos,
        standard_error=float(fit.se),
        rank_p=float((1 + np.sum(np.abs(placebos) >= abs(estimate))) / (1 + len(placebos))),
        treated_units=treated,
        comparison_units=controls,
    )


def _prepared(
    panel: pd.DataFrame, outcome: str, unit: str, period: str, first_treated: str
) -> tuple[pd.DataFrame, dict[Any, Any], int, int]:
    """Check a panel; return it with plain columns, the periods behind its time codes, and the numbers of units."""
    import pandas as pd

    holes = int(panel[outcome].isna().sum())
    expected = panel[unit].nunique() * panel[period].nunique()
    if holes or len(panel) != expected or panel.duplicated([unit, period]).any():
        raise PanelProblem(
            f"Bảng cần đủ mỗi đơn vị một dòng một kỳ ({expected} dòng): có {len(panel)} dòng, {holes} giá trị trống ở cột {outcome}. "
            "Hãy bỏ đơn vị hoặc kỳ thiếu và nói rõ; không thay bằng 0. / "
            f"The panel needs one row a unit and period ({expected} rows): it has {len(panel)}, with {holes} missing in {outcome}. "
            "Leave out the units or periods with holes and say so; never fill in zeros."
        )
    periods = sorted(panel[period].unique().tolist())
    numeric = pd.api.types.is_numeric_dtype(panel[period])
    code = {p: int(p) if numeric else i for i, p in enumerate(periods, start=1)}
    first = panel[first_treated]
    never = first.isna() | first.isin([0, "0", ""])
    # A start after the last period is a unit not treated within the panel.
    codes = first.where(~never).map(lambda p: code.get(p, np.inf if p > periods[-1] else -np.inf), na_action="ignore")
    if np.isneginf(codes.astype(float)).any():
        raise PanelProblem(
            f"Cột {first_treated} có kỳ bắt đầu không có trong bảng. / "
            f"Column {first_treated} holds a start that is not a period of the panel."
        )
    begun = codes.astype(float).replace(np.inf, 0).fillna(0).astype(int)
    data = panel.assign(
        _unit=panel[unit],
        _period=panel[period].map(code).astype(int),
        _outcome=panel[outcome].astype(float),
        _first=begun,
        _ever=(begun > 0).astype(int),
    ).reset_index(drop=True)
    if data.groupby("_unit")["_first"].nunique().gt(1).any():
        raise PanelProblem(
            f"Một đơn vị có nhiều kỳ bắt đầu trong cột {first_treated}. / One unit has several starts in column {first_treated}."
        )
    if begun[begun > 0].eq(min(code.values())).any():
        raise PanelProblem(
            "Có đơn vị bắt đầu ngay kỳ đầu tiên: không có số liệu trước can thiệp. / "
            "A unit starts in the first period: there is nothing before the intervention."
        )
    ever = data.drop_duplicates("_unit")["_ever"]
    treated, comparison = int(ever.sum()), int((ever == 0).sum())
    if not treated or not comparison:
        raise PanelProblem(
            f"Bảng có {treated} đơn vị can thiệp và {comparison} đơn vị so sánh; cần cả hai. / "
            f"The panel has {treated} treated and {comparison} comparison units; both are needed."
        )
    return data, {v: k for k, v in code.items()}, treated, comparison


def _trajectory(fit: Any, periods: list[Any], after: set[Any]) -> pd.DataFrame:
    import pandas as pd

    treated = np.concatenate([fit.treated_pre_trajectory, fit.treated_post_trajectory])
    synthetic = np.concatenate([fit.synthetic_pre_trajectory, fit.synthetic_post_trajectory])
    return pd.DataFrame({"period": periods, "treated": treated, "synthetic": synthetic, "after": [p in after for p in periods]})


def _estimand(label: Words | None, outcome: str, vi: str, en: str) -> Words:
    name = label or Words(outcome, outcome)
    return Words(
        f"Thay đổi của {name.vi} ở các đơn vị can thiệp so với khi không can thiệp, {vi}",
        f"Change in {name.en} in the treated units against no intervention, {en}",
    )


def _quiet() -> Any:
    """Keep warnings as data: a notebook shows none, a result carries all."""
    return warnings.catch_warnings(record=True, action="always")


def _said(heard: list[warnings.WarningMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(w.message) for w in heard if not issubclass(w.category, (DeprecationWarning, FutureWarning))))
