"""A model without a fixed place: what all districts report together, and what cannot be claimed from it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from evaluation.contracts import MISSING, SHOWN, WITHHELD
from evaluation.effects.dose_response import CANNOT_BE_CLAIMED, DoseResponse
from evaluation.effects.doses import pilot_dose
from evaluation.effects.matrix import NotEnough
from evaluation.effects.study import SHARE
from evaluation.indicators import Indicator, elements, indicators
from evaluation.language import number, say, span, uncapitalised
from evaluation.monitoring.asked import CITY
from evaluation.monitoring.looks.multiple_testing import holm
from evaluation.monitoring.values import district_counts, indicator_values
from evaluation.places import districts
from evaluation.reporting.district.written import Row, absent, interval, points_interval, value
from evaluation.reporting.model import Block, Bullets, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pictures import picture
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
    """Return an indicator of the whole city by quarter: all districts that reported it, with how many they are.

    The gate leaves room for city totals to be shown, but for those that it
    closes; a total that is itself small, or that leaves few of its whole, is
    withheld here.

    Returns
    -------
    DataFrame
        By period: value, low, high, numerator, denominator, state, places.
    """
    city, known = evidence.city, indicators()[name]
    counts = _district_counts(evidence)
    own = counts[counts["element"].isin(known.elements)]
    wide = own.pivot(index=["period", "place"], columns="element", values="value")
    both = wide.notna().all(axis=1)
    total = own.groupby(["period", "element"], as_index=False).agg(value=("value", lambda v: v.sum(min_count=1)))
    total["state"] = np.where(total["value"].notna(), SHOWN, MISSING)
    people = total[["period"]].drop_duplicates().assign(place=CITY, residents=1.0)
    made = indicator_values(total.assign(place=CITY), people, only=[name]).set_index("period")
    # Sums over different districts would give one away by subtraction, and are no share.
    uneven = wide.notna().any(axis=1).groupby("period").sum() != both.groupby("period").sum()
    closed = {p for e, p in city.protection.closed_totals if e in known.elements}
    small = made.apply(_reveals, axis=1, args=(known, city.protection.smallest_shown))
    hidden = small | made.index.isin(closed) | uneven.reindex(made.index, fill_value=False)
    shown = made["state"].where(~(hidden & (made["state"] == SHOWN)), WITHHELD)
    columns = ("value", "low", "high", "numerator", "denominator")
    kept = {c: made[c].where(shown == SHOWN) for c in columns}
    return made.assign(**kept, state=shown, places=both.groupby("period").sum().reindex(made.index))


@cache
def _district_counts(evidence: PilotEvidence) -> pd.DataFrame:
    return district_counts(evidence.store.district_totals(), list(evidence.city.periods), list(districts()))


def _reveals(row: pd.Series, known: Indicator, smallest: int) -> bool:
    """Return whether a city value rests on few people, or leaves few of its whole."""
    if not elements()[known.numerator].sensitive:
        return False
    parts = [row["numerator"]] if known.measure != "proportion" else [row["numerator"], row["denominator"] - row["numerator"]]
    return any(1 <= p < smallest for p in parts)


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
    cannot = Bullets(tuple(w[speak] for w in CANNOT_BE_CLAIMED))
    return (Paragraph(say("model.doses.intro", speak)), table, *_drawn(found, adjusted, speak), cannot)


def _drawn(found: tuple[DoseResponse, ...], adjusted: np.ndarray, language: str) -> tuple[Block, ...]:
    """Return a picture of the relation that is surest, where it outlasts the number of outcomes; none of relations like chance."""
    from evaluation.figures.dose_response import dose_response

    surest = int(np.argmin(adjusted))
    if adjusted[surest] > round(1 - found[surest].level, 9):
        return ()
    caption = say("model.doses.figure", language, label=found[surest].label[language])
    drawn = dose_response(found[surest], language=language)
    return (picture(drawn, "dose-figure", caption, protected=False),)  # its points are ward quarters that passed no gate


def _dose(found: DoseResponse, adjusted: float, language: str) -> tuple[Cell, ...]:
    text = found.written(found.estimate or 0.0, language)
    if found.low is not None and found.high is not None:
        ends = span(found.written(found.low, language), found.written(found.high, language), language)
        text += f" ({points_interval(found.low, found.high, language) if found.unit == SHARE else ends})"
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
