"""One description of a study for all methods: who was treated, since when, compared with whom, and what was left out."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.indicators import Indicator, NotAnOutcome, never_an_outcome, outcome
from evaluation.language import Words

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.effects.checks.verdicts import Checks
    from evaluation.effects.design import Design
    from evaluation.effects.effect import Effect

LEAST_REPORTED = 0.75
COUNT, SHARE, RATE, VALUE = "count", "share", "rate", "value"
MEASURES = (COUNT, SHARE, RATE, VALUE)
COLUMNS = ("unit", "period", "numerator", "denominator")
LEVEL_FACTOR = 3.0
MOST_NAMED = 4
MOST = 1e15  # whole numbers are exact up to here, and squares of what is left stay finite
REASONS = {
    "treated": Words("thuộc mô hình thí điểm", "a pilot runs there"),
    "neighbour": Words("giáp phường thí điểm (tác động lan tỏa)", "borders a pilot ward (spill-over)"),
    "incomplete": Words("thiếu báo cáo trên 25% số quý", "more than 25% of quarters not reported"),
    "programme": Words("có chương trình khác", "another programme runs there"),
    "excluded": Words("do người dùng loại ra", "left out by the user"),
    "level": Words("mức trước thí điểm khác trên 3 lần", "its level before the pilot differs more than three-fold"),
    "peak": Words("đỉnh trước thí điểm khác trên 3 lần", "its peak before the pilot differs more than three-fold"),
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
    measure : {"count", "share", "rate", "value"}
        A count; a part of its denominator; a count per its denominator; any
        real number (packs per head, an index).
    panel : DataFrame
        unit, period, numerator, denominator (1 for a count and a value), NaN
        where not reported; periods sort in time.
    starts : mapping of str to period
        First treated period of each treated unit.
    donors : tuple of str
        Comparison units that are eligible.
    eligibility : DataFrame
        unit, reason ("" of a donor, else a key of `REASONS`), reported
        (smallest part of periods with a figure, before or after the start),
        level and peak (mean and highest numerator before the start): every
        unit of the panel, and why it is compared with or not.
    treated_label : Words
    anticipation : int
        Periods before the start that no method takes as untreated.
    phase_in : int
        Periods from the start on that no method takes as treated in full.
    covariates : DataFrame or None
        unit, period and one column for each covariate.
    pilot : str
        Id of the plan's pilot; empty for a study of anything else.
    synthetic : bool
        Whether the data are made up.
    source : Words
        Where they are from; empty where nobody said.
    """

    outcome: str
    label: Words
    measure: str
    panel: pd.DataFrame
    starts: Mapping[str, Any]
    donors: tuple[str, ...]
    eligibility: pd.DataFrame
    treated_label: Words
    anticipation: int = 0
    phase_in: int = 0
    covariates: pd.DataFrame | None = None
    pilot: str = ""
    synthetic: bool = False
    source: Words = field(default_factory=lambda: Words("", ""))

    @property
    def treated(self) -> tuple[str, ...]:
        """The treated units."""
        return tuple(self.starts)

    @property
    def start(self) -> Any:
        """The first treated period of any unit."""
        return min(self.starts.values())

    @property
    def dropped(self) -> pd.DataFrame:
        """unit, reason of every unit that is no donor, by unit."""
        found = self.eligibility
        return found.loc[found["reason"] != "", ["unit", "reason"]].reset_index(drop=True)

    @property
    def share(self) -> bool:
        """Whether the outcome is a part of its denominator."""
        return self.measure == SHARE

    def arrays(self) -> tuple[list[str], list[Any], np.ndarray, np.ndarray]:
        """Return units, periods, and numerator and denominator as (units, periods) arrays with NaN where not reported."""
        top = self.panel.pivot(index="unit", columns="period", values="numerator").sort_index(axis=1)
        bottom = self.panel.pivot(index="unit", columns="period", values="denominator").sort_index(axis=1)
        usable = top.notna() & bottom.notna()
        return list(top.index), list(top.columns), top.where(usable).to_numpy(float), bottom.where(usable).to_numpy(float)

    def estimate(self, design: str | Design = "did", judged_by: str | None = None, **options: Any) -> Effect:
        """Return the effect, calibrated unless told otherwise; see `effects.estimate.estimate_effect`."""
        from evaluation.effects.estimate import estimate_effect

        return estimate_effect(self, design, judged_by, **{"calibrated": True, **options})

    def checks(self, design: str | Design = "did", **options: Any) -> Checks:
        """Return what the effect stands on, each check by its own rule; see `effects.checks.gathered.checks`."""
        from evaluation.effects.checks.gathered import checks

        return checks(self, design, **options)


def study_panel(
    panel: pd.DataFrame,
    *,
    outcome_name: str,
    treated: Sequence[str] | Mapping[str, Any],
    start: Any = None,
    outcome_kind: str = "outcome",
    label: Words | None = None,
    measure: str = COUNT,
    exclude: Iterable[str] | Mapping[str, str] = (),
    only: Iterable[str] | None = None,
    level_factor: float | None = LEVEL_FACTOR,
    treated_label: Words | None = None,
    anticipation: int = 0,
    phase_in: int = 0,
    covariates: pd.DataFrame | None = None,
    pilot: str = "",
    synthetic: bool = False,
    source: Words | None = None,
) -> Study:
    """Describe a study on any panel.

    Parameters
    ----------
    panel : DataFrame
        unit, period, numerator, and denominator of a share or a rate; one row
        a unit and period, none where it was not reported (or a missing number).
        Units are texts or whole numbers; the study calls them by their text,
        here, in `treated`, `exclude`, `only` and `covariates` alike.
    outcome_name : str
    treated : sequence of str or int, or mapping of them to period
        Units of the pilot; several are one area, summed where all reported.
        A mapping gives each its own first treated period.
    start : str or int, optional
        First treated period, as it stands in the panel; of all treated units.
    outcome_kind : {"outcome", "process", "context"}
        Said by the user for a table of their own; only outcomes are studied.
    label, treated_label : Words, optional
    measure : {"count", "share", "rate", "value"}
    exclude : iterable of str, or mapping of str to reason
        Units that cannot be donors because the pilot may reach them; a
        mapping gives each its own key of `REASONS`.
    only : iterable of str, optional
        The only units that may be donors, if the rules let them.
    level_factor : float or None
        Donors' mean and highest numerator before the start lie within this
        factor of the treated units' means of them, so that chance moves them
        about as much and they had their peaks too; None leaves the rule out,
        as it is for values, which may be negative.
    anticipation, phase_in : int
        Periods before and from the start on to be left out.
    covariates : DataFrame, optional
        unit, period and one column each.
    pilot : str
        Id of the plan's pilot that is studied.
    synthetic : bool
    source : Words, optional

    Raises
    ------
    NotAnOutcome
        If the kind is not "outcome", or the codebook calls a process or context
        indicator so: effort is never an effect.
    ValueError
        If a treated unit or the start is not in the panel, nothing is left
        before or after the start, a column is missing, a unit has two rows in
        a period or seems to be written in two ways, a number is negative,
        infinite or above 10^15, or a part is larger than its whole.
    """
    starts = _starts(treated, start)
    if measure not in MEASURES:
        raise ValueError(f"measure={measure!r}: {', '.join(MEASURES)}.")
    if outcome_kind != "outcome":
        raise NotAnOutcome(
            f"{outcome_name!r}: loại {outcome_kind!r} không dùng làm kết quả đánh giá. / "
            f"Kind {outcome_kind!r} is never the outcome of an evaluation."
        )
    if (effort := never_an_outcome(outcome_name)) is not None:
        raise NotAnOutcome(
            f"{outcome_name!r}: là chỉ tiêu loại {effort.kind!r} ({effort.label.vi}), không dùng làm kết quả đánh giá; "
            f"nếu bảng đo điều khác, hãy đổi tên cột. / "
            f"It is an indicator of kind {effort.kind!r} ({effort.label.en}) and never the outcome of an evaluation; "
            f"if the table measures something else, rename the column."
        )
    for name, length in (("anticipation", anticipation), ("phase_in", phase_in)):
        if length < 0 or length != int(length):
            raise ValueError(f"{name}={length!r}: phải là số kỳ nguyên, từ 0. / It must be a whole number of periods, 0 or more.")
    frame = _checked(panel if measure in (SHARE, RATE) else panel.assign(denominator=1.0), measure)
    periods = sorted(frame["period"].unique())
    if not periods:
        raise ValueError(
            f"Chưa có số liệu so sánh được về {outcome_name!r}. / There are no figures of {outcome_name!r} that can be compared."
        )
    known = list(frame["unit"].unique())
    reasons = exclude if isinstance(exclude, Mapping) else dict.fromkeys(exclude, "neighbour")
    left_out = {unit_name(u): why for u, why in reasons.items()}
    known_units([*starts, *(only or ())], known)
    for first in set(starts.values()):
        if isinstance(first, str) != isinstance(periods[0], str):
            shown = getattr(periods[0], "item", lambda: periods[0])()
            raise ValueError(
                f"start={first!r}: các kỳ trong bảng viết như {shown!r}. / The periods of the panel are written like {shown!r}."
            )
        if not any(p < first for p in periods) or not any(p >= first for p in periods):
            named = ", ".join([u for u, when in starts.items() if when == first][:MOST_NAMED])
            late = any(p < first for p in periods)
            raise ValueError(
                f"{named}: bảng ({periods[0]} đến {periods[-1]}) không có kỳ {'từ' if late else 'trước'} {first}; "
                f"hãy chọn kỳ bắt đầu khác, thêm kỳ hoặc bỏ đơn vị này. / "
                f"The panel ({periods[0]} to {periods[-1]}) has no period {'from' if late else 'before'} {first}{' on' if late else ''}; "
                f"choose another start, add periods or leave the unit out."
            )
    if only is not None:
        chosen = {unit_name(u) for u in only}
        left_out |= {u: "excluded" for u in known if u not in chosen and u not in left_out}
    eligible = _eligibility(frame, set(starts), min(starts.values()), left_out, None if measure == VALUE else level_factor)
    donors = tuple(eligible.loc[eligible["reason"] == "", "unit"])
    words = label or Words(outcome_name, outcome_name)
    return Study(
        outcome=outcome_name,
        label=words,
        measure=measure,
        panel=frame,
        starts=starts,
        donors=donors,
        eligibility=eligible,
        treated_label=treated_label or _called(list(starts)),
        anticipation=anticipation,
        phase_in=phase_in,
        covariates=None if covariates is None else covariates.assign(unit=_names(covariates["unit"])),
        pilot=pilot,
        synthetic=synthetic,
        source=source or Words("", ""),
    )


def _called(units: Sequence[str]) -> Words:
    """Return what several units are called together: their names, or where they are many, how many they are."""
    if len(units) <= MOST_NAMED:
        return Words(*[", ".join(units)] * 2)
    return Words(f"{len(units)} đơn vị", f"{len(units)} units")


def _starts(treated: Sequence[str] | Mapping[str, Any], start: Any) -> dict[str, Any]:
    """Return the first treated period of each treated unit."""
    if isinstance(treated, Mapping):
        if not treated:
            raise ValueError("Hãy nêu treated= và start=. / Name treated= and start=.")
        return {unit_name(u): first for u, first in treated.items()}
    units = (unit_name(treated),) if isinstance(treated, str) else tuple(map(unit_name, treated))
    if not units or start is None or start == "":
        raise ValueError("Hãy nêu treated= và start=. / Name treated= and start=.")
    return dict.fromkeys(units, start)


def _checked(panel: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the panel's own columns, refusing what cannot be a panel of this measure."""
    if absent := [c for c in COLUMNS if c not in panel]:
        raise ValueError(f"Bảng thiếu cột {', '.join(absent)}. / The panel lacks the columns {', '.join(absent)}.")
    frame = panel[list(COLUMNS)].assign(unit=_names(panel["unit"]))
    _one_spelling(frame)
    twice = frame[frame.duplicated(["unit", "period"])]
    if len(twice):
        place = f"{twice['unit'].iloc[0]}, {twice['period'].iloc[0]}"
        raise ValueError(f"{place}: có hai dòng trong bảng; chỉ giữ một. / There are two rows in the panel; keep one.")
    beyond = frame[(frame[["numerator", "denominator"]].abs() > MOST).any(axis=1)]
    if len(beyond):
        place = f"{beyond['unit'].iloc[0]}, {beyond['period'].iloc[0]}"
        raise ValueError(
            f"{place}: số vô hạn hoặc lớn hơn 10^15; hãy sửa hoặc dùng đơn vị đo lớn hơn. / "
            f"A number is infinite or above 10^15; mend it or take a larger unit of measurement."
        )
    negative = frame[(frame["numerator"] < 0) | (frame["denominator"] < 0)]
    if len(negative) and measure != VALUE:
        place = f"{negative['unit'].iloc[0]}, {negative['period'].iloc[0]}"
        raise ValueError(f"{place}: số đếm không được âm. / A count cannot be negative.")
    larger = frame[frame["numerator"] > frame["denominator"]] if measure == SHARE else frame.iloc[:0]
    if len(larger):
        place = f"{larger['unit'].iloc[0]}, {larger['period'].iloc[0]}"
        raise ValueError(
            f"{place}: tử số lớn hơn mẫu số; nếu không phải tỷ lệ của một tổng, hãy dùng measure 'rate'. / "
            f"The numerator is larger than the denominator; if it is no part of it, use the measure 'rate'."
        )
    return frame


def _names(units: pd.Series) -> pd.Series:
    """Return units by their text: 8001 is "8001", also where a gap elsewhere in the table made it 8001.0."""
    import pandas as pd

    if units.isna().any():
        raise ValueError("Có dòng không nêu đơn vị. / There are rows without a unit.")
    if pd.api.types.is_float_dtype(units) and (units == units.round()).all():
        units = units.astype("int64")
    return units.map({u: unit_name(u) for u in units.unique()})


def unit_name(unit: object) -> str:
    """Return a unit's text without spaces around it, in one Unicode form: two programs write marks in two ways."""
    return unicodedata.normalize("NFC", str(unit)).strip()


def _one_spelling(frame: pd.DataFrame) -> None:
    """Refuse names that differ by case or spaces alone and never report in the same period: half a unit is no unit."""
    names = frame["unit"].unique()
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(" ".join(name.casefold().split()), []).append(name)
    for one, *others in alike.values():
        for other in others:
            when = [set(frame.loc[frame["unit"] == u, "period"]) for u in (one, other)]
            if not when[0] & when[1]:
                raise ValueError(
                    f"{one!r}, {other!r}: có vẻ là một đơn vị viết theo hai cách; hãy viết một cách. / "
                    f"They seem to be one unit spelled in two ways; write it in one."
                )


def known_units(named: Iterable[str], known: Sequence[str]) -> None:
    """Refuse names that the panel does not have, with those nearest to them."""
    strange = sorted({unit_name(u) for u in named} - set(known))
    if not strange:
        return
    folded = {k.casefold(): k for k in known}
    near = {s: [folded[n] for n in difflib.get_close_matches(s.casefold(), folded, 3, cutoff=0.5)] for s in strange}
    said = "; ".join(f"{s!r} ({', '.join(n)}?)" if n else repr(s) for s, n in near.items())
    raise ValueError(f"Không có đơn vị {said} trong bảng. / Units {said} are not in the panel.")


def _eligibility(frame: pd.DataFrame, treated: set[str], start: Any, left_out: Mapping[str, str], factor: float | None) -> pd.DataFrame:
    """Return the units, and why each is no donor; an empty reason for donors."""
    import pandas as pd

    usable = frame["numerator"].notna() & frame["denominator"].notna()
    before = frame["period"] < start
    units = pd.Index(sorted(frame["unit"].unique()), name="unit")
    # Over all periods of the panel: a unit without a row in a period did not report it.
    sides = [
        frame[usable & w].groupby("unit").size().reindex(units, fill_value=0) / frame.loc[w, "period"].nunique() for w in (before, ~before)
    ]
    past = frame[before & usable].groupby("unit")["numerator"]
    table = pd.DataFrame({"reported": np.minimum(*sides), "level": past.mean(), "peak": past.max()}, index=units)
    own = table.loc[table.index.isin(treated), ["level", "peak"]].mean()

    def why(unit: str, row: pd.Series) -> str:
        if unit in treated:
            return "treated"
        if unit in left_out:
            return left_out[unit]
        if row["reported"] < LEAST_REPORTED:
            return "incomplete"
        far = [c for c in ("level", "peak") if factor is not None and not own[c] / factor <= row[c] <= own[c] * factor]
        return far[0] if far else ""

    table.insert(0, "reason", [why(str(u), row) for u, row in table.iterrows()])
    return table.reset_index()


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
