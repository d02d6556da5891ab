"""What a report on a pilot model draws on, worked out once for both languages: what left the ward's gate, effects, survey, money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.contracts import MISSING, SHOWN
from evaluation.costs.budget import PILOT
from evaluation.disclosure.ward import protected_ward
from evaluation.effects.pilots import pilot_starts, placed_pilots, ward_of
from evaluation.indicators import elements
from evaluation.monitoring.values import ward_counts
from evaluation.periods import Period
from evaluation.places import Ward
from evaluation.plan import Pilot, pilots
from evaluation.reporting.evidence import Evidence, gather
from evaluation.reporting.inspections import inspections_at_hand
from evaluation.reporting.pilot.estimates import Estimates
from evaluation.reporting.survey import QUESTIONS, Asked, asked, survey_at_hand
from evaluation.store import EvidenceStore, open_store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class PilotEvidence:
    """The evidence on one pilot model as of a date.

    Attributes
    ----------
    model : Pilot
    city : Evidence
        Of the whole city, protected.
    seed : int
    """

    model: Pilot
    city: Evidence
    seed: int

    @property
    def store(self) -> EvidenceStore:
        """The store."""
        return self.city.store

    @property
    def synthetic(self) -> bool:
        """Whether the data are made up."""
        return self.city.synthetic

    @cached_property
    def ward(self) -> Ward | None:
        """The ward that the plan names, if it names one."""
        return ward_of(self.model) if self.model.ward_code else None

    @cached_property
    def start(self) -> str | None:
        """First treated period, where it is known and not after the report's."""
        known = pilot_starts(self.synthetic).get(self.model.id)
        return known if known and known <= str(self.city.period) else None

    @property
    def since(self) -> tuple[str, ...]:
        """Quarters since the start; empty where it is not known."""
        return tuple(p for p in self.city.periods if self.start and p >= self.start)

    @cached_property
    def effects(self) -> Estimates:
        """Effects by outcome with all that bears on them."""
        return Estimates(self.model, self.store, str(self.city.period), self.start, self.seed)

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The ward's counts that may be shown: element, span, value, state."""
        assert self.ward is not None
        wanted = [e.id for e in elements().values() if e.level == "ward"]
        reported = self.store.values(list(self.city.periods), wanted, [self.ward.district_code])
        counts = ward_counts(reported, list(self.city.periods), [self.ward.code], wanted)
        return protected_ward(counts, self.city.protection, self.ward.district_code)

    @cached_property
    def _counts(self) -> Mapping[tuple[str, str], tuple[float | None, str]]:
        rows = zip(*(self.shown[c] for c in ("element", "span", "value", "state")), strict=True)
        return {(str(e), str(s)): (float(v) if state == SHOWN else None, str(state)) for e, s, v, state in rows}

    def count(self, element: str, span: str) -> tuple[float | None, str]:
        """Return an element's value and state in a quarter or year; missing where it has no row."""
        return self._counts.get((element, span), (None, MISSING))

    @cached_property
    def years(self) -> tuple[str, ...]:
        """Whole years of the release."""
        return tuple(
            sorted({p[:4] for p in self.city.periods if f"{p[:4]}-Q4" in self.city.periods and f"{p[:4]}-Q1" in self.city.periods})
        )

    @property
    def years_since(self) -> tuple[str, ...]:
        """Whole years that lie after the start."""
        return tuple(y for y in self.years if self.start and f"{y}-Q1" >= self.start)

    @cached_property
    def reported(self) -> Mapping[str, bool]:
        """Whether the ward's report of each quarter came."""
        assert self.ward is not None
        own = self.city.reports[self.city.reports["ward_code"] == self.ward.code].set_index("period")["reported"]
        return {p: bool(own.get(p, False)) for p in self.city.periods}

    @property
    def has_reported(self) -> bool:
        """Whether the ward reported for the period; of a model without a place, whether any district did."""
        if self.ward is not None:
            return self.reported[str(self.city.period)]
        return bool((self.city.submissions["period"] == str(self.city.period)).any())

    @cached_property
    def surveyed(self) -> tuple[int, int] | None:
        """Pilot wards and comparison wards of the survey; None without a survey of the ward."""
        found = survey_at_hand(self.synthetic)
        if found is None or not self.ward or self.ward.code not in set(found["ward_code"]):
            return None
        wards = set(found["ward_code"])
        own = wards & {ward_of(p).code for p in placed_pilots().values()}
        return (len(own), len(wards - own)) if wards - own else None

    @cached_property
    def survey(self) -> tuple[Asked, ...]:
        """The survey's questions on harm: this pilot's ward and the comparison wards; empty without a survey of the ward."""
        found = survey_at_hand(self.synthetic)
        if found is None or not self.ward or self.ward.code not in set(found["ward_code"]):
            return ()
        placed = {ward_of(p).code for p in placed_pilots().values()}
        others = sorted(set(found["ward_code"]) - placed)
        return tuple(asked(found, q, [self.ward.code], others) for q in QUESTIONS)

    @cached_property
    def money(self) -> pd.DataFrame | None:
        """The pilot's budget lines up to the last whole year, or nothing where there is no budget of it."""
        budget = self.city.budget.frame
        if budget is None or not self.years:
            return None
        own = budget[(budget["scope"] == PILOT) & (budget["code"] == self.model.id) & (budget["year"] <= int(self.years[-1]))]
        return own if len(own) else None

    @cached_property
    def inspections(self) -> pd.DataFrame | None:
        """Checks by the city's own teams, by quarter: context."""
        return inspections_at_hand(self.synthetic, str(self.city.period))


def gather_pilot(store: EvidenceStore, period: Period, pilot: str, seed: int) -> PilotEvidence:
    """Return the evidence on a pilot model.

    Parameters
    ----------
    store : EvidenceStore
    period : Period
        A quarter for which some district has data.
    pilot : str
        Id of a pilot of the plan.
    seed : int
        Of whatever is drawn.
    """
    return _gathered(store.path, store.as_of, period, pilot, seed)


@cache
def _gathered(path: Path, as_of: dt.date, period: Period, pilot: str, seed: int) -> PilotEvidence:
    return PilotEvidence(pilots()[pilot], gather(open_store(path, as_of), period), seed)
