"""Doses of models without a fixed place, from the store: what was delivered by ward and quarter, and the outcome beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.effects.dose_response import DoseResponse, dose_response
from evaluation.effects.study import COUNT, SHARE, pilot_panel
from evaluation.indicators import PER_RESIDENTS, RESIDENTS, Indicator, indicator
from evaluation.indicators import outcome as outcome_named
from evaluation.monitoring.series import REPORTS
from evaluation.periods import Period
from evaluation.places import residents
from evaluation.store import EvidenceStore

if TYPE_CHECKING:
    import pandas as pd


def pilot_dose(store: EvidenceStore, outcome: str, process: str, *, until: str = "", **options: Any) -> DoseResponse:
    """Relate an outcome to what was delivered, over all wards and quarters of the store.

    Parameters
    ----------
    store : EvidenceStore
    outcome : str
        Id of an outcome.
    process : str
        Id of a process indicator: the dose. Rates are per 10,000 residents, shares between 0 and 1.
    until : str, optional
        Last quarter.
    **options
        As `dose_response`.

    Raises
    ------
    indicators.NotAnOutcome
        If the outcome is not one.
    ValueError
        If the dose is no process indicator of wards, or shares a count with the outcome: the two would then move together by arithmetic.
    """
    found, given = outcome_named(outcome), indicator(process)
    if given.kind != "process" or not given.elements or given.measure not in ("count", "rate", "proportion"):
        raise ValueError(
            f"{process}: không phải chỉ số quá trình của phường, nên không làm mức dịch vụ được. / "
            f"It is no process indicator of wards, so it cannot serve as the dose."
        )
    if both := sorted(set(found.elements) & set(given.elements)):
        raise ValueError(
            f"{outcome}, {process}: cùng dùng {', '.join(both)} nên tự thay đổi theo nhau; hãy chọn chỉ số khác. / "
            f"Both are made of {', '.join(both)} and move together by arithmetic; choose another."
        )
    panel = pilot_panel(store.values(elements=found.elements), found).merge(_doses(store, given), on=["unit", "period"], how="inner")
    panel = panel[panel["period"] <= until] if until else panel
    proportion = found.measure == "proportion"
    kept: dict[str, Any] = {
        "measure": SHARE if proportion else COUNT,
        "denominator": "denominator" if proportion else None,
        "label": found.label,
        "dose_label": given.label,
        "synthetic": store.synthetic,
        "source": REPORTS,
    }
    return dose_response(panel, outcome="numerator", dose="dose", **(kept | options))


def _doses(store: EvidenceStore, given: Indicator) -> pd.DataFrame:
    """Return unit, period, dose of a process indicator by ward and quarter."""
    import pandas as pd

    values = store.values(elements=given.elements)
    wards = values[(values["unit_code"].str.len() == 5) & (values["form_version"] >= given.comparable_since)]
    wide = wards.pivot(index=["unit_code", "period"], columns="element", values="value").reindex(columns=list(given.elements))
    dose = wide[given.numerator].astype(float)
    if given.measure == "proportion":
        base = wide[given.denominator].astype(float)
        dose = dose / base.where(base > 0)
    elif given.denominator == RESIDENTS:
        people = pd.concat(
            {p: residents(Period.parse(p)).set_index("ward_code")["residents"] for p in wards["period"].unique()}, names=["period"]
        )
        base = people.swaplevel().reindex(dose.index.set_names(["ward_code", "period"])).to_numpy(dtype=float)
        dose = PER_RESIDENTS * dose / np.where(base > 0, base, np.nan)
    return dose.rename("dose").rename_axis(index=["unit", "period"]).reset_index()
