"""The plan's pilot models as studies: treated wards, starts and donors from the plan, the map and the store."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.effects.study import COUNT, RATE, SHARE, Study, pilot_panel, study_panel
from evaluation.indicators import PER_RESIDENTS
from evaluation.indicators import outcome as outcome_named
from evaluation.monitoring.series import REPORTS
from evaluation.periods import Period
from evaluation.places import Ward, neighbours, residents, wards
from evaluation.plan import Pilot, pilots
from evaluation.settings import folders
from evaluation.store import EvidenceStore

if TYPE_CHECKING:
    import pandas as pd


class NoStart(ValueError):
    """A pilot whose start is not known: no effect can be estimated."""


def pilot_starts(synthetic: bool) -> Mapping[str, str]:
    """Return the first treated period of each pilot with a known start.

    Parameters
    ----------
    synthetic : bool
        Synthetic data have starts of their own, since the plan gives none.

    Returns
    -------
    mapping
        Pilot id to period ("2017-Q1"); pilots without a start are absent.
    """
    known = {p.id: p.start_period for p in pilots().values() if p.start_period}
    if synthetic:
        with (folders().data / "example" / "pilots_example.csv").open(encoding="utf-8", newline="") as f:
            known |= {row["pilot"]: row["start_period"] for row in csv.DictReader(f)}
    return known


def placed_pilots() -> dict[str, Pilot]:
    """Return the pilots that the plan places in a ward, by id."""
    return {p.id: p for p in pilots().values() if p.ward_code}


def ward_of(pilot: Pilot) -> Ward:
    """Return the ward that the plan names for a pilot.

    Raises
    ------
    KeyError
        If the plan names none.
    """
    return wards()[pilot.ward_code or ""]


def pilot_study(
    store: EvidenceStore, pilot: str, outcome_name: str, until: str | None = None, *, per_residents: bool = False, **options: Any
) -> Study:
    """Describe the study of a named pilot on ward quarters.

    Parameters
    ----------
    store : EvidenceStore
    pilot : str
        Id of a pilot that the plan places in a ward.
    outcome_name : str
        An outcome of the codebook.
    until : str, optional
        Last period to use.
    per_residents : bool
        Whether a count is taken per 10,000 residents of the ward in that
        quarter, by the censuses. Residents are a scale, not the people at risk.
    **options
        As `effects.study.study_panel`: anticipation, phase_in, level_factor, only, covariates.

    Returns
    -------
    Study
        Donors exclude all pilots' wards and their neighbours.

    Raises
    ------
    KeyError
        If the plan places no such pilot in a ward.
    NoStart
        If its start is not known.
    indicators.NotAnOutcome
        If the indicator is not an outcome.
    ValueError
        If a share is asked for per residents.
    """
    placed = placed_pilots()
    if pilot not in placed:
        raise KeyError(
            f"{pilot}: kế hoạch không nêu phường; có {', '.join(placed)}. / the plan names no ward for it; it does for {', '.join(placed)}."
        )
    synthetic = store.synthetic
    start = pilot_starts(synthetic).get(pilot)
    if not start:
        raise NoStart(
            f"{pilot}: chưa biết thời điểm bắt đầu; hãy ghi start_period trong data/plan/pilots.csv. / "
            f"its start is not known; enter start_period in data/plan/pilots.csv."
        )
    found = outcome_named(outcome_name)
    panel = pilot_panel(store.values(elements=found.elements), found)
    if until:
        panel = panel[panel["period"] <= until]
    measure = SHARE if found.measure == "proportion" else COUNT
    if per_residents:
        panel, measure = _per_residents(panel, found.id, measure), RATE
    ward = ward_of(placed[pilot]).code
    left_out = {n: "neighbour" for p in placed.values() for n in neighbours(ward_of(p).code)}
    left_out |= {ward_of(p).code: "programme" for p in placed.values()}
    return study_panel(
        panel,
        outcome_name=found.id,
        treated=[ward],
        start=start,
        label=found.label,
        measure=measure,
        exclude=left_out,
        treated_label=ward_of(placed[pilot]).name,
        pilot=pilot,
        synthetic=synthetic,
        source=REPORTS,
        **options,
    )


def _per_residents(panel: pd.DataFrame, name: str, measure: str) -> pd.DataFrame:
    """Return counts over ten thousands of residents of their ward and quarter."""
    if measure != COUNT:
        raise ValueError(
            f"{name}: tỷ lệ đã có mẫu số của nó, không tính trên số dân. / "
            f"a share has a denominator of its own and is not taken per residents."
        )
    import pandas as pd

    periods = sorted(panel["period"].unique())
    people = pd.concat([residents(Period.parse(p)).assign(period=p) for p in periods]).rename(columns={"ward_code": "unit"})
    joined = panel.merge(people[["unit", "period", "residents"]], on=["unit", "period"], how="left")
    scale = joined["residents"].astype(float).where(joined["residents"] > 0)
    return joined.assign(denominator=scale / PER_RESIDENTS).drop(columns="residents")


def study(
    data: EvidenceStore | pd.DataFrame,
    *,
    outcome: str,
    pilot: str | None = None,
    treated: Sequence[str] | Mapping[str, Any] = (),
    start: Any = None,
    outcome_kind: str = "outcome",
    **options: Any,
) -> Study:
    """Describe a study: of a pilot of the plan from the store, or of anything from a panel.

    Parameters
    ----------
    data : EvidenceStore or DataFrame
        The store, or a panel with unit, period, numerator (and denominator
        of a share or a rate).
    outcome : str
        An outcome of the codebook, or the name of what the panel measures.
    pilot : str, optional
        Id of a pilot that the plan places in a ward (with a store).
    treated, start
        Treated units and first treated period (with a panel).
    outcome_kind : {"outcome", "process", "context"}
        What the panel measures; only outcomes are studied.
    **options
        As `effects.study.study_panel` (panel) or `pilot_study` (store).

    Returns
    -------
    Study
        Its `.estimate()` gives the effect with its test.

    Raises
    ------
    indicators.NotAnOutcome
        If the outcome measures effort or context.
    ValueError
        If `pilot` (store) or `treated` and `start` (panel) are missing.
    """
    if isinstance(data, EvidenceStore):
        if not pilot:
            raise ValueError(f"Hãy nêu pilot=: {', '.join(placed_pilots())}. / Name pilot=: {', '.join(placed_pilots())}.")
        return pilot_study(data, pilot, outcome, **options)
    return study_panel(data, outcome_name=outcome, treated=treated, start=start, outcome_kind=outcome_kind, **options)
