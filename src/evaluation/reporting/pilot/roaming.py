"""A model without a fixed place: what all districts report together, and what cannot be claimed from it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from evaluation.contracts import MISSING, SHOWN
from evaluation.effects.dose_response import CANNOT_BE_CLAIMED, DoseResponse
from evaluation.effects.doses import pilot_dose
from evaluation.effects.matrix import NotEnough
from evaluation.indicators import Indicator, indicators
from evaluation.language import number, say, span, uncapitalised
from evaluation.monitoring.asked import city_values
from evaluation.monitoring.looks.multiple_testing import holm
from evaluation.places import districts
from evaluation.reporting.district.written import Row, absent, interval, value
from evaluation.reporting.model import Block, Bullets, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pilot.evidence import PilotEvidence
from evaluation.reporting.pilot.subject import Subject

if TYPE_CHECKING:
    import pandas as pd

CANNOT = ("where", "since", "others", "people")
CONDOMS = ("condom_availability",)


def city_wide(subject: Subject) -> tuple[Section, ...]:
    """Return the parts that stand in place of an effect: city-wide values, and what cannot be claimed."""
    speak = subject.language
    cannot = tuple(say(f"model.cannot.{k}", speak) for k in CANNOT)
    return (
        Section("city-wide", say("model.city", speak), (Paragraph(say("model.city.intro", speak)), _table(subject))),
        Section("doses", say("model.doses", speak), _doses(subject)),
        Section("cannot", say("model.cannot", speak), (Bullets(cannot),)),
    )


def of_city(evidence: PilotEvidence, name: str) -> pd.DataFrame:
    """Return an indicator of all districts together by quarter, from counts that may be shown, with how many districts are in it."""
    import pandas as pd

    city = evidence.city
    parts = city.values[city.values["indicator"] == name]
    nobody = pd.DataFrame({"place": [], "period": [], "residents": []})
    whole = city_values(name, city.protection.counts[city.protection.counts["element"].isin(indicators()[name].elements)], nobody, parts)
    counted = (parts["state"] == SHOWN).groupby(parts["period"]).sum()
    return whole.assign(places=whole["period"].map(counted)).set_index("period")


def row_of(frame: pd.DataFrame, period: str) -> Row:
    """Return a quarter's row; missing where there is none."""
    found = frame.reset_index().to_dict("records")
    return next((r for r in found if r["period"] == period), {"period": period, "state": MISSING, "places": 0})


def written(known: Indicator, row: Row, language: str) -> Cell:
    """Return a city value with its interval, and what a share is out of."""
    if row["state"] != SHOWN:
        return absent(str(row["state"]), language)
    parts = [interval(known, row["low"], row["high"], language)] if known.measure == "proportion" else []
    if known.measure == "proportion":
        parts.append(f"{number(row['numerator'], language)}/{number(row['denominator'], language)}")
    return Cell(value(known, row["value"], language) + (f" ({'; '.join(parts)})" if parts else ""))


def _table(subject: Subject) -> Table:
    evidence, speak = subject.evidence, subject.language
    now, before = evidence.city.period, evidence.city.period.year_before
    rows = []
    for name in subject.model.outcome_indicators:
        known, frame = indicators()[name], of_city(evidence, name)
        this, past = row_of(frame, str(now)), row_of(frame, str(before))
        counted = f"{number(this['places'], speak)}/{number(len(districts()), speak)}"
        rows.append((Cell(known.label[speak]), written(known, past, speak), written(known, this, speak), Cell(counted)))
    heads = (say("model.effects.col.name", speak), before.label(speak), now.label(speak), say("model.city.col.districts", speak))
    columns = tuple(Column(h, i > 0, i == 0, w) for i, (h, w) in enumerate(zip(heads, (37, 25, 25, 13), strict=True)))
    return Table("city-table", say("model.city.caption", speak), columns, tuple(rows), say("model.city.note", speak))


def dose_of(outcome: str) -> tuple[str, float]:
    """Return the service whose amount an outcome is held against, and the amount that the estimate is for."""
    if outcome in CONDOMS:
        return "condoms_distributed", 100.0
    if outcome.startswith(("training", "jobs", "loans")):
        return "training_started", 1.0
    return "outreach_contacts", 10.0


def doses(subject: Subject) -> tuple[DoseResponse, ...]:
    """Return the relation of each outcome to the amount of a service, over all wards and quarters; without those that cannot be had."""
    return _related(subject.evidence)


@cache
def _related(evidence: PilotEvidence) -> tuple[DoseResponse, ...]:
    found = []
    for name in evidence.model.outcome_indicators:
        process, per = dose_of(name)
        try:
            found.append(pilot_dose(evidence.store, name, process, until=str(evidence.city.period), per=per, seed=evidence.seed))
        except NotEnough:
            continue
    return tuple(found)


def _doses(subject: Subject) -> tuple[Block, ...]:
    speak, found = subject.language, doses(subject)
    if not found:
        return (Paragraph(say("model.doses.none", speak)),)
    adjusted = holm([d.p_value for d in found])
    rows = tuple(_dose(d, float(p), speak) for d, p in zip(found, adjusted, strict=True))
    heads = (("outcome", 34), ("dose", 20), ("change", 26), ("p", 9), ("adjusted", 11))
    columns = tuple(Column(say(f"model.doses.col.{h}", speak), h in ("p", "adjusted"), h == "outcome", w) for h, w in heads)
    slots = {"units": number(found[0].units, speak), "periods": number(found[0].periods, speak)}
    table = Table("doses-table", say("model.doses.caption", speak), columns, rows, say("model.doses.note", speak, **slots))
    return Paragraph(say("model.doses.intro", speak)), table, Bullets(tuple(w[speak] for w in CANNOT_BE_CLAIMED))


def _dose(found: DoseResponse, adjusted: float, language: str) -> tuple[Cell, ...]:
    text = found.written(found.estimate or 0.0, language)
    if found.low is not None and found.high is not None:
        text += f" ({span(found.written(found.low, language), found.written(found.high, language), language)})"
    if found.ratio:
        text = say("model.doses.ratio", language, text=text)
    dose = say("model.doses.per", language, dose=uncapitalised(found.dose_label[language]), per=number(found.per, language))
    return (
        Cell(found.label[language]),
        Cell(dose),
        Cell(text),
        Cell(number(found.p_value, language, 3)),
        Cell(number(adjusted, language, 3)),
    )
