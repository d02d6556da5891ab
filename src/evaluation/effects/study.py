"""One description of a study of a pilot: who was treated, since when, compared with whom, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evaluation.indicators import Indicator, NotAnOutcome, outcome
from evaluation.language import Words

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.effects.placebo import PilotEffect

LEAST_REPORTED = 0.75
COLUMNS = ("unit", "period", "numerator", "denominator")
LEVEL_FACTOR = 3.0
REASONS = {
    "treated": Words("thuộc mô hình thí điểm", "a pilot runs there"),
    "neighbour": Words("giáp phường thí điểm (tác động lan tỏa)", "borders a pilot ward (spill-over)"),
    "incomplete": Words("thiếu báo cáo trên 25% số quý", "more than 25% of quarters not reported"),
    "level": Words("mức trước thí điểm khác trên 3 lần", "its level before the pilot differs more than three-fold"),
}


@dataclass(frozen=True, eq=False)
class Study:
    """A study of one treated area with comparison units.

    Attributes
    ----------
    outcome : str
        Indicator id, or the outcome's column in a user's own panel.
    label : Words
        What is measured.
    share : bool
        Whether the outcome is numerator / denominator (else a count).
    panel : DataFrame
        unit, period, numerator, denominator (1 for a count), NaN where not
        reported; periods sort in time.
    treated : tuple of str
    start : str
        First treated period.
    donors : tuple of str
        Comparison units that are eligible.
    dropped : DataFrame
        unit, reason: every unit that is neither.
    treated_label : Words
    """

    outcome: str
    label: Words
    share: bool
    panel: pd.DataFrame
    treated: tuple[str, ...]
    start: str
    donors: tuple[str, ...]
    dropped: pd.DataFrame
    treated_label: Words

    def arrays(self) -> tuple[list[str], list[str], np.ndarray, np.ndarray]:
        """Return units, periods, and numerator and denominator as (units, periods) arrays with NaN where not reported."""
        top = self.panel.pivot(index="unit", columns="period", values="numerator").sort_index(axis=1)
        bottom = self.panel.pivot(index="unit", columns="period", values="denominator").sort_index(axis=1)
        usable = top.notna() & bottom.notna()
        return list(top.index), [str(p) for p in top.columns], top.where(usable).to_numpy(float), bottom.where(usable).to_numpy(float)

    def estimate(self, level: float = 0.95) -> PilotEffect:
        """Return the difference-in-differences estimate with placebo permutation over the donors."""
        from evaluation.effects.placebo import placebo_test

        return placebo_test(self, level)


def study_panel(
    panel: pd.DataFrame,
    *,
    outcome_name: str,
    treated: Sequence[str],
    start: str,
    outcome_kind: str = "outcome",
    label: Words | None = None,
    share: bool = False,
    exclude: Iterable[str] = (),
    level_factor: float | None = LEVEL_FACTOR,
    treated_label: Words | None = None,
) -> Study:
    """Describe a study on any panel.

    Parameters
    ----------
    panel : DataFrame
        unit, period, numerator, and denominator where `share`; one row a unit
        and period, none where it was not reported (or a missing number).
    outcome_name : str
    treated : sequence of str
        Units of the pilot; several are one area, summed where all reported.
    start : str
        First treated period, as it stands in the panel.
    outcome_kind : {"outcome", "process", "context"}
        Said by the user for a table of their own; only outcomes are studied.
    label, treated_label : Words, optional
    share : bool
    exclude : iterable of str
        Units that cannot be donors because the pilot may reach them.
    level_factor : float or None
        Donors' mean numerator before the start lies within this factor of the
        treated units', so that chance moves them about as much; None leaves
        the rule out.

    Raises
    ------
    NotAnOutcome
        If the kind is not "outcome": effort is never an effect.
    ValueError
        If a treated unit or the start is not in the panel, nothing is left
        before or after the start, a column is missing, a unit has two rows in
        a period, or a number is negative.
    """
    import pandas as pd

    treated = (treated,) if isinstance(treated, str) else tuple(treated)
    if outcome_kind != "outcome":
        raise NotAnOutcome(
            f"{outcome_name!r}: loại {outcome_kind!r} không dùng làm kết quả đánh giá. / "
            f"Kind {outcome_kind!r} is never the outcome of an evaluation."
        )
    frame = _checked(panel if share else panel.assign(denominator=1.0))
    periods = sorted(frame["period"].unique())
    if not periods:
        raise ValueError(
            f"Chưa có số liệu so sánh được về {outcome_name!r}. / There are no figures of {outcome_name!r} that can be compared."
        )
    if strange := sorted(set(treated) - set(frame["unit"])):
        raise ValueError(f"Không có đơn vị {strange} trong bảng. / Units {strange} are not in the panel.")
    if not any(p < start for p in periods) or not any(p >= start for p in periods):
        raise ValueError(
            f"Bảng ({periods[0]} đến {periods[-1]}) không có kỳ trước hoặc sau {start}. / The panel has no period before or after {start}."
        )
    reason = _reasons(frame, set(treated), start, set(exclude), level_factor)
    donors = tuple(sorted(u for u, why in reason.items() if not why))
    dropped = pd.DataFrame([{"unit": u, "reason": why} for u, why in sorted(reason.items()) if why], columns=["unit", "reason"])
    words = label or Words(outcome_name, outcome_name)
    return Study(
        outcome_name, words, share, frame, tuple(treated), start, donors, dropped, treated_label or Words(*[", ".join(treated)] * 2)
    )


def _checked(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the panel's own columns, refusing what cannot be a panel of counts."""
    if absent := [c for c in COLUMNS if c not in panel]:
        raise ValueError(f"Bảng thiếu cột {', '.join(absent)}. / The panel lacks the columns {', '.join(absent)}.")
    frame = panel[list(COLUMNS)]
    twice = frame[frame.duplicated(["unit", "period"])]
    if len(twice):
        place = f"{twice['unit'].iloc[0]}, {twice['period'].iloc[0]}"
        raise ValueError(f"{place}: có hai dòng trong bảng; chỉ giữ một. / There are two rows in the panel; keep one.")
    negative = frame[(frame["numerator"] < 0) | (frame["denominator"] < 0)]
    if len(negative):
        place = f"{negative['unit'].iloc[0]}, {negative['period'].iloc[0]}"
        raise ValueError(f"{place}: số đếm không được âm. / A count cannot be negative.")
    return frame


def _reasons(frame: pd.DataFrame, treated: set[str], start: str, near: set[str], factor: float | None) -> dict[str, str]:
    """Return why each unit is no donor; empty for donors."""
    usable = frame["numerator"].notna() & frame["denominator"].notna()
    before = frame["period"] < start
    # Over all periods of the panel: a unit without a row in a period did not report it.
    reported = [frame[usable & w].groupby("unit").size() / frame.loc[w, "period"].nunique() for w in (before, ~before)]
    rate = frame[before & usable].groupby("unit").agg(mean=("numerator", "mean"))
    own = rate.loc[rate.index.isin(treated), "mean"].mean()
    reason = {}
    for unit in frame["unit"].unique():
        level = rate["mean"].get(unit, np.nan)
        if unit in treated:
            reason[unit] = "treated"
        elif unit in near:
            reason[unit] = "neighbour"
        elif min(r.get(unit, 0.0) for r in reported) < LEAST_REPORTED:
            reason[unit] = "incomplete"
        elif factor is not None and not own / factor <= level <= own * factor:
            reason[unit] = "level"
        else:
            reason[unit] = ""
    return reason


def pilot_panel(values: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """Return the ward-quarter panel of an outcome.

    Parameters
    ----------
    values : DataFrame
        `EvidenceStore.values()` with the indicator's elements. What came on
        a form that counted them otherwise than today's is left out.
    indicator : Indicator
        An outcome.

    Returns
    -------
    DataFrame
        unit, period, numerator, denominator (for shares); a part of nobody
        is 0, whether the office wrote so or "not applicable".

    Raises
    ------
    indicators.NotAnOutcome
        If the indicator is of another kind.
    """
    outcome(indicator.id)
    wards = values[(values["unit_code"].str.len() == 5) & (values["form_version"] >= indicator.comparable_since)]
    wide = wards.pivot(index=["unit_code", "period"], columns="element", values="value").reindex(columns=list(indicator.elements))
    if indicator.measure == "proportion":
        # Some offices write "not applicable" for the part of nobody, others 0: a part of nobody is 0.
        part = wide[indicator.numerator]
        wide[indicator.numerator] = part.where(part.notna() | (wide[indicator.denominator] != 0), 0.0)
    frame = wide.rename(columns={indicator.numerator: "numerator", indicator.denominator: "denominator"}).reset_index()
    return frame.rename(columns={"unit_code": "unit"}).rename_axis(columns=None)
