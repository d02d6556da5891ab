"""A model without a fixed place: what all districts report together, and what cannot be claimed from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.contracts import MISSING, SHOWN
from evaluation.indicators import Indicator, indicators
from evaluation.language import number, say
from evaluation.monitoring.asked import city_values
from evaluation.places import districts
from evaluation.reporting.district.written import Row, absent, interval, value
from evaluation.reporting.model import Bullets, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pilot.evidence import PilotEvidence
from evaluation.reporting.pilot.subject import Subject

if TYPE_CHECKING:
    import pandas as pd

CANNOT = ("where", "since", "others", "people")


def city_wide(subject: Subject) -> tuple[Section, ...]:
    """Return the parts that stand in place of an effect: city-wide values, and what cannot be claimed."""
    speak = subject.language
    cannot = tuple(say(f"model.cannot.{k}", speak) for k in CANNOT)
    return (
        Section("city-wide", say("model.city", speak), (Paragraph(say("model.city.intro", speak)), _table(subject))),
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
