"""Which wards reported and what a programme offers there: what the map shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.contracts import MISSING
from evaluation.indicators import elements
from evaluation.places import residents, wards
from evaluation.reporting.evidence import Evidence
from evaluation.reporting.slices.own import Own

if TYPE_CHECKING:
    import pandas as pd

OFFERED = ("outreach_contacts", "condoms_distributed", "comm_sessions")


def offered(evidence: Evidence) -> dict[str, int]:
    """Return how many kinds of service were offered in each ward of the city that offered any.

    Services are outreach, condom distribution and communication sessions:
    what a programme offers, from counts that point at nobody.
    """
    assert not any(elements()[e].sensitive for e in OFFERED)
    values = evidence.store.values([str(evidence.period)], OFFERED)
    return {str(ward): int(n) for ward, n in values[values["value"] > 0].groupby("unit_code").size().items()}


def services(own: Own, found: dict[str, int]) -> pd.DataFrame:
    """Return the wards of a district with whether they reported and how many kinds of service were offered there.

    Parameters
    ----------
    own : Own
    found : dict of str to int
        As `offered`.

    Returns
    -------
    DataFrame
        ward_code, name, x_km, y_km, residents, state ("reported",
        "missing"), services (0 to 3, NaN where not reported).
    """
    from evaluation.places import positions

    period = own.evidence.period
    people = residents(period).set_index("ward_code")["residents"]
    here = own.reports[(own.reports["period"] == str(period)) & own.reports["reported"]]
    came, known = set(here["ward_code"]), wards(own.code)
    frame = positions().set_index("ward_code").loc[list(known)].reset_index()
    frame["name"] = [known[c].name.vi for c in frame["ward_code"]]
    frame["residents"] = frame["ward_code"].map(people)
    frame["state"] = ["reported" if c in came else MISSING for c in frame["ward_code"]]
    frame["services"] = [float(found.get(c, 0)) if c in came else float("nan") for c in frame["ward_code"]]
    return frame[["ward_code", "name", "x_km", "y_km", "residents", "state", "services"]]
