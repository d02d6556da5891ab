"""A quarter's data in five dimensions: what each measure is, its value for the city, and what it cannot see.

The five words (completeness, timeliness, accuracy, consistency, integrity) are those of routine data-quality audits in
health programmes; each measure also names the domain of the WHO data quality review (2017) that it belongs to. What the
review asks and nobody has measured stands in the table as not measured. Districts are never compared here.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaluation.contracts import NOT_APPLICABLE, NOT_COLLECTED, REPORTED
from evaluation.indicators import elements, headline, indicators
from evaluation.language import Words, number, percent, points, say, words
from evaluation.monitoring.reported_figures import numbers
from evaluation.monitoring.reports.completeness import ABSENT, LATE, Timeliness
from evaluation.monitoring.reports.corrections import Corrections
from evaluation.monitoring.reports.outliers import Outliers
from evaluation.periods import Period
from evaluation.places import residents
from evaluation.quality.copies import repeated
from evaluation.quality.digits import DigitPreference
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

DIMENSIONS = ("completeness", "timeliness", "accuracy", "consistency", "integrity")
EXTERNAL = "hss_fsw_sticheck3m_2020"
YEARS_BEFORE = 3
NEEDS_A_VISIT = ("verified",)
_COLUMNS = ("dimension", "id", "domain", "value", "k", "n", "unit")
# Measure, dimension, domain of the WHO review.
_PLACES = {
    "district_reports": ("completeness", "completeness"),
    "ward_reports": ("completeness", "completeness"),
    "cells": ("completeness", "completeness"),
    "on_time": ("timeliness", "completeness"),
    "days_late": ("timeliness", "completeness"),
    "verified": ("accuracy", "verification"),
    "corrected": ("accuracy", "internal"),
    "correction_size": ("accuracy", "internal"),
    "outside_range": ("consistency", "internal"),
    "parts": ("consistency", "internal"),
    "over_time": ("consistency", "internal"),
    "external": ("consistency", "external"),
    "residents": ("consistency", "denominators"),
    "last_digits": ("integrity", "internal"),
    "copies": ("integrity", "internal"),
    "traced": ("integrity", "internal"),
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Assessment(Result):
    """Measures of data quality of one quarter, the whole city together.

    Attributes
    ----------
    period : str
    frame : DataFrame
        One row a measure: dimension, id, domain (of the WHO review), value
        (NaN where it was not or cannot be measured), k, n (count and base
        where the value is k / n), unit ("share", "days", "ratio", "points").
    """

    period: str
    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row a measure, numbers only."""
        return self.frame.copy()

    def table(self, language: str) -> pd.DataFrame:
        """Return the measures as a reader is shown them, all text: dimension, measure, value, domain, blind."""
        import pandas as pd

        rows = []
        for r in self.frame.to_dict("records"):
            rows.append(
                {
                    "dimension": say(f"quality.dimension.{r['dimension']}", language),
                    "measure": say(f"quality.measure.{r['id']}", language),
                    "value": _value(r, language),
                    "domain": say(f"quality.domain.{r['domain']}", language),
                    "blind": say(f"quality.blind.{r['id']}", language),
                }
            )
        return pd.DataFrame(rows)


def _value(row: Mapping[Hashable, Any], language: str) -> str:
    """Write a measure's value with its base, or why there is none."""
    value, unit = row["value"], row["unit"]
    if value != value:
        return say("quality.not_measured" if row["id"] in NEEDS_A_VISIT else "quality.not_computable", language)
    if unit == "share":
        base = "" if row["n"] != row["n"] else f" ({number(row['k'], language)}/{number(row['n'], language)})"
        return percent(value, language) + base
    if unit == "points":
        return points(value, language)
    return number(value, language, 2) if unit == "ratio" else say("quality.days", language, n=number(value, language, 1))


def assessment(
    values: pd.DataFrame,
    period: str,
    *,
    timely: Timeliness,
    corrected: Corrections,
    outside: Outliers,
    digits: DigitPreference,
    external: str = EXTERNAL,
) -> Assessment:
    """Return a quarter's data quality for the city, measure by measure.

    Parameters
    ----------
    values : DataFrame
        `EvidenceStore.values()` of all periods.
    period : str
    timely : Timeliness
        Of the period alone or of more; only the period is looked at.
    corrected : Corrections
        Of all periods: corrections of a recent quarter come later.
    outside : Outliers
        Of the period.
    digits : DigitPreference
        Of the period's figures.
    external : str
        Id of a published percentage to set the headline outcome beside
        (`evaluation.published.figures`).

    Returns
    -------
    Assessment
        `estimate` is empty: five dimensions make no single number.

    References
    ----------
    World Health Organization (2017), Data quality review: a toolkit for
    facility data quality assessment, modules 1 and 2.
    """
    import pandas as pd

    now = values[values["period"] == period]
    reports = timely.frame[timely.frame["period"] == period]
    late = reports.loc[reports["timing"] == LATE, "days_late"]
    asked = now[now["state"] != NOT_COLLECTED]
    measured: dict[str, tuple[float, float, float, str]] = {
        "district_reports": _share((reports["timing"] != ABSENT).sum(), len(reports)),
        "ward_reports": _share(reports["wards"].sum(), reports["expected"].sum()),
        "cells": _share(asked["state"].isin([REPORTED, NOT_APPLICABLE]).sum(), len(asked)),
        "on_time": _share((reports["days_late"] == 0).sum(), len(reports)),
        "days_late": _alone(float(late.median()), "days"),
        "verified": _alone(None, "share"),
        "corrected": _share((corrected.estimate or 0.0) * corrected.n, corrected.n),
        "correction_size": _alone(corrected.median_size, "share"),
        "outside_range": _share(outside.n_outside, outside.n),
        "parts": _share(*parts_within_wholes(now)),
        "over_time": _alone(over_time(values, period), "ratio"),
        "external": _alone(_beside(now, external), "points"),
        "residents": _alone(_residents(now, period), "share"),
        "last_digits": _share((digits.estimate or 0.0) * digits.n, digits.n),
        "copies": _share(*_copies(values, period)),
        "traced": _share(((now["sheet"] != "") & (now["cell"] != "")).sum(), len(now)),
    }
    rows = [(dimension, name, domain, *measured[name]) for name, (dimension, domain) in _PLACES.items()]
    return Assessment(
        estimand=Words(
            f"Chất lượng số liệu {Period.parse(period).label('vi')}, toàn thành phố",
            f"Quality of the data of {Period.parse(period).label('en')}, the whole city",
        ),
        method=words("quality.assessment.method"),
        estimate=None,
        n=len(now),
        period=period,
        frame=pd.DataFrame(rows, columns=list(_COLUMNS)),
    )


def _share(k: float, n: float) -> tuple[float, float, float, str]:
    return (float(k) / float(n) if n else float("nan"), float(round(k)), float(n), "share")


def _alone(value: float | None, unit: str) -> tuple[float, float, float, str]:
    nothing = float("nan")
    return (nothing if value is None else float(value), nothing, nothing, unit)


def parts_within_wholes(now: pd.DataFrame) -> tuple[int, int]:
    """Return how many reported parts do not exceed their reported whole, and how many pairs there are, over all shares of the form."""
    wide = now[now["state"] == REPORTED].pivot(index="unit_code", columns="element", values="value")
    kept = pairs = 0
    for known in indicators().values():
        if known.measure == "proportion" and known.reported and {known.numerator, known.denominator} <= set(wide.columns):
            both = wide[[known.numerator, known.denominator]].dropna()
            pairs += len(both)
            kept += int((both[known.numerator] <= both[known.denominator]).sum())
    return kept, pairs


def over_time(values: pd.DataFrame, period: str) -> float | None:
    """Return the city's count behind the headline outcome over its mean in the same quarter of up to three years before.

    Only wards that reported the count in all quarters compared are in it, so
    that a missing report does not look like a fall. None without such years
    or wards, or where the mean is zero.
    """
    element = headline().numerator
    own = values[(values["element"] == element) & (values["state"] == REPORTED)]
    wide = own.pivot(index="unit_code", columns="period", values="value")
    when = Period.parse(period)
    before = [p for n in range(1, YEARS_BEFORE + 1) if (p := str(when.shift(-4 * n))) in wide.columns]
    since = elements()[element].comparable_since
    forms = values.groupby("period")["form_version"].max() if "form_version" in values else None
    if forms is not None:
        before = [p for p in before if forms[p] >= since]
    if not before or period not in wide.columns:
        return None
    both = wide[[period, *before]].dropna()
    usual = float(both[before].sum().mean())
    return float(both[period].sum()) / usual if usual > 0 else None


def _beside(now: pd.DataFrame, external: str) -> float | None:
    """Return the headline outcome less a published percentage, as a difference of shares."""
    known, published = headline(), numbers()
    wide = now[now["state"] == REPORTED].pivot(index="unit_code", columns="element", values="value")
    if external not in published.index or not set(known.elements) <= set(wide.columns):
        return None
    both = wide[[known.numerator, known.denominator]].dropna()
    total = float(both[known.denominator].sum())
    there = float(published.loc[external, "value"])  # type: ignore[arg-type]
    return float(both[known.numerator].sum()) / total - there / 100 if total > 0 else None


def _residents(now: pd.DataFrame, period: str) -> float:
    """Return the share of the city's residents who live in wards that reported."""
    people = residents(Period.parse(period)).set_index("ward_code")["residents"]
    came = set(now.loc[now["state"] == REPORTED, "unit_code"])
    return float(people[people.index.isin(came)].sum() / people.sum())


def _copies(values: pd.DataFrame, period: str) -> tuple[int, int]:
    """Return how many districts' reports repeat the quarter before more than chance allows, and how many could be compared.

    Stocks (establishments, workers) may stay as they are and are not compared.
    """
    flows = [e.id for e in elements().values() if e.accumulates == "flow"]
    own = values[values["element"].isin(flows)]
    now, last = own[own["period"] == period], own[own["period"] == str(Period.parse(period).shift(-1))]
    both = set(now["district_code"]) & set(last["district_code"])
    return len(repeated(now, last, ["district_code"])), len(both)
