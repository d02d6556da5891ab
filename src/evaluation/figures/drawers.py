"""Which figure draws which result: registered here, so that a result can draw itself."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from evaluation.costs.cascade import CostCascade
from evaluation.costs.effectiveness import CostEffectiveness
from evaluation.costs.tornado import Tornado
from evaluation.costs.unit_costs import UnitCosts
from evaluation.effects.checks.influence import Influence
from evaluation.effects.checks.pre_trends import PreTrends
from evaluation.effects.checks.specifications import Specifications
from evaluation.effects.checks.spill_over import NeighbourEffects
from evaluation.effects.checks.violations import Violations
from evaluation.effects.dose_response import DoseResponse
from evaluation.effects.effect import Effect
from evaluation.effects.next_pilot.planned import NextPilot
from evaluation.effects.synthesis.evidence import EvidenceTable
from evaluation.figures import costs, style, unit_costs, units
from evaluation.figures.bounds import bounds
from evaluation.figures.completeness import completeness
from evaluation.figures.control_chart import control_chart
from evaluation.figures.corrections import corrections
from evaluation.figures.digits import digits
from evaluation.figures.displacement import displacement
from evaluation.figures.dose_response import dose_response
from evaluation.figures.effect import course, gaps
from evaluation.figures.equity import concentration_curve
from evaluation.figures.evidence import evidence
from evaluation.figures.funnel import funnel
from evaluation.figures.history import history
from evaluation.figures.influence import influence
from evaluation.figures.interrupted import controlled, interrupted
from evaluation.figures.intervals import forest
from evaluation.figures.many_looks import many_looks
from evaluation.figures.neighbours import neighbours
from evaluation.figures.next_pilot import next_pilot
from evaluation.figures.pre_trends import pre_trends
from evaluation.figures.shrinkage import shrinkage
from evaluation.figures.specification_curve import specification_curve
from evaluation.figures.target import target_course
from evaluation.figures.trend import trend
from evaluation.figures.trend_line import trend_line
from evaluation.figures.violations import violations
from evaluation.language import Words, number
from evaluation.monitoring.aims.status import TargetStatus
from evaluation.monitoring.around.displacement import ELSEWHERE, Displacement
from evaluation.monitoring.around.rings import AREA_NAMES
from evaluation.monitoring.around.spillover import Spillover
from evaluation.monitoring.asked import IndicatorValue
from evaluation.monitoring.charts import ControlChart
from evaluation.monitoring.funnel import Funnel
from evaluation.monitoring.looks.many_looks import ManyLooks
from evaluation.monitoring.missing.delta_adjustment import DeltaAdjustment
from evaluation.monitoring.missing.missing_reports import MissingReports
from evaluation.monitoring.over_time.controlled import ControlledSeries
from evaluation.monitoring.over_time.interrupted import InterruptedSeries
from evaluation.monitoring.over_time.trend import Trend
from evaluation.monitoring.reach.concentration import ConcentrationIndex
from evaluation.monitoring.reach.equity import Gini
from evaluation.monitoring.reach.group_difference import GroupDifference
from evaluation.monitoring.reports.completeness import Timeliness, district_matrix
from evaluation.monitoring.reports.corrections import Corrections
from evaluation.monitoring.reports.outliers import WardHistory
from evaluation.monitoring.small_areas.shrunken import Shrunken
from evaluation.places import districts
from evaluation.quality.digits import DigitPreference
from evaluation.results import draws

# Inches of a figure of two or three rows under a title of three lines.
FEW_ROWS = 2.6
TIMES = Words("{factor} lần mức dự kiến", "{factor} times the expected")


@draws(IndicatorValue)
def indicator_value(result: IndicatorValue, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the course of an indicator over all periods."""
    frame = result.series[["period", "value", "low", "high", "state"]]
    unit = units.OF_RESULT.get(result.unit, "count")
    return trend(frame, ax, label=result.estimand[language], unit=unit, language=language, **options)


@draws(Funnel)
def funnel_result(result: Funnel, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw a funnel: the names of what lies outside, or of one unit."""
    return funnel(result, ax, language=language, **options)


@draws(Effect)
def effect_result(result: Effect, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the gap among the placebos' gaps, or the two courses where there are no placebos."""
    return (gaps if len(result.placebo_gaps) else course)(result, ax, language=language, **options)


@draws(Timeliness)
def timeliness_result(result: Timeliness, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw who reported when, all districts by quarter, with the wards that reported."""
    names = {code: d.name[language] for code, d in districts().items()}
    return completeness(district_matrix(result, names), ax, language=language, **options)


@draws(WardHistory)
def ward_history_result(result: WardHistory, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw a ward's series beside its usual range."""
    return history(result.frame, ax, label=result.estimand[language], language=language, **options)


@draws(DigitPreference)
def digit_preference_result(result: DigitPreference, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw last digits."""
    return digits(result, ax, language=language, **options)


@draws(Corrections)
def corrections_result(result: Corrections, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the figures that corrections changed."""
    return corrections(result.cells, ax, language=language, **options)


@draws(CostEffectiveness)
def cost_effectiveness_result(result: CostEffectiveness, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the cost-effectiveness plane; the acceptability curve is `figures.costs.acceptability`."""
    return costs.plane(result, ax, language=language, **options)


@draws(UnitCosts)
def unit_costs_result(result: UnitCosts, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw one place's unit cost beside its own past; the place is given as `code`."""
    return unit_costs.unit_costs(result, ax, language=language, **options)


@draws(CostCascade)
def cost_cascade_result(result: CostCascade, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw what a person cost up to each step."""
    return unit_costs.cascade(result, ax, language=language, **options)


@draws(Tornado)
def tornado_result(result: Tornado, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw how far each input moves a result; the value axis is named by `unit`."""
    return unit_costs.tornado(result, ax, language=language, **options)


@draws(Displacement)
def displacement_result(result: Displacement, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw a place, its rings and the control."""
    return displacement(result, ax, language=language, **options)


@draws(Spillover)
def spillover_result(result: Spillover, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the change of both rings against wards far away."""
    frame = result.frame.dropna(subset=["ratio"])
    frame = frame.assign(label=[AREA_NAMES[a][language] for a in frame["area"]], estimate=frame["ratio"])
    kept: dict[str, Any] = {"title": result.finding(language), "source": ELSEWHERE[language], "synthetic": result.synthetic}
    with style.house():
        ax = style.canvas(ax, FEW_ROWS)
    return forest(frame[["label", "estimate", "low", "high"]], ax, language=language, unit="ratio", **(kept | options))


@draws(ConcentrationIndex)
def concentration_result(result: ConcentrationIndex, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw a concentration curve."""
    return concentration_curve(result, ax, language=language, **options)


@draws(Gini)
def gini_result(result: Gini, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the Lorenz curve."""
    kept: dict[str, Any] = {"title": result.summary(language).rstrip("."), "note": result.short(language)}
    return concentration_curve(result.index, ax, language=language, **(kept | options))


@draws(GroupDifference)
def group_difference_result(result: GroupDifference, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw each group's share or rate."""
    frame = result.frame.dropna(subset=["value"]).rename(columns={f"label_{language}": "label", "value": "estimate"})
    unit = "percent" if result.scale == "points" else "per_10000"
    kept: dict[str, Any] = {"title": result.summary(language).rstrip("."), "synthetic": result.synthetic}
    with style.house():
        ax = style.canvas(ax, FEW_ROWS)
    return forest(frame[["label", "estimate", "low", "high"]], ax, language=language, unit=unit, **(kept | options))


@draws(ControlChart)
def control_chart_result(result: ControlChart, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw a control chart."""
    return control_chart(result, ax, language=language, **options)


@draws(ManyLooks)
def many_looks_result(result: ManyLooks, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw many p-values with the line that controls them."""
    return many_looks(result, ax, language=language, **options)


@draws(Trend)
def trend_result(result: Trend, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw a series with the trend that was fitted to it."""
    return trend_line(result, ax, language=language, **options)


@draws(InterruptedSeries)
def interrupted_result(result: InterruptedSeries, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw an interrupted series and its course without the intervention."""
    return interrupted(result, ax, language=language, **options)


@draws(ControlledSeries)
def controlled_result(result: ControlledSeries, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw a controlled interrupted series."""
    return controlled(result, ax, language=language, **options)


@draws(TargetStatus)
def target_status_result(result: TargetStatus, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw a year as it builds up, against its target."""
    return target_course(result, ax, language=language, **options)


@draws(MissingReports)
def missing_reports_result(result: MissingReports, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw what missing reports leave open."""
    return bounds(result, ax, language=language, **options)


@draws(DeltaAdjustment)
def delta_adjustment_result(result: DeltaAdjustment, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw a change by what the missing units are taken to have had."""
    rows = result.frame.rename(columns={"ratio": "estimate"})
    rows = rows.assign(
        label=[TIMES[language].format(factor=number(f, language, 0 if float(f).is_integer() else 2)) for f in rows["factor"]]
    )
    kept: dict[str, Any] = {"title": result.summary(language).rstrip("."), "synthetic": result.synthetic}
    return forest(rows[["label", "estimate", "low", "high"]], ax, language=language, unit="ratio", **(kept | options))


@draws(Shrunken)
def shrunken_result(result: Shrunken, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw reported and shrunken values by denominator."""
    return shrinkage(result, ax, language=language, **options)


@draws(PreTrends)
def pre_trends_result(result: PreTrends, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw an event study beside the trend that its test would have missed."""
    return pre_trends(result, ax, language=language, **options)


@draws(Violations)
def violations_result(result: Violations, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the effect's interval by violation of parallel trends."""
    return violations(result, ax, language=language, **options)


@draws(Influence)
def influence_result(result: Influence, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the estimate without each donor."""
    return influence(result, ax, language=language, **options)


@draws(NeighbourEffects)
def neighbours_result(result: NeighbourEffects, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the rings around the pilot among placebo rings."""
    return neighbours(result, ax, language=language, **options)


@draws(Specifications)
def specifications_result(result: Specifications, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the specification curve with its choices."""
    return specification_curve(result, ax, language=language, **options)


@draws(DoseResponse)
def dose_response_result(result: DoseResponse, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the outcome by dose, unit and period effects taken off."""
    return dose_response(result, ax, language=language, **options)


@draws(NextPilot)
def next_pilot_result(result: NextPilot, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the power of the next pilot by its effect; another outcome than the primary is given as `outcome`."""
    return next_pilot(result, ax, language=language, **options)


@draws(EvidenceTable)
def evidence_result(result: EvidenceTable, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw each outcome's estimates by design, with the certainty of each."""
    return evidence(result, ax, language=language, **options)
