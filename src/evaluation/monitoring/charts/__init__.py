"""Statistical process control: which differences between periods are more than chance, for one unit or for many at once."""

from evaluation.monitoring.charts.chart import chart, control_chart
from evaluation.monitoring.charts.cumulative import cusum_arl, design_cusum, design_ewma, ewma_arl
from evaluation.monitoring.charts.limits import KINDS
from evaluation.monitoring.charts.phases import FEWEST_FOR_FIRM, FEWEST_FOR_LIMITS
from evaluation.monitoring.charts.result import ControlChart, Phase
from evaluation.monitoring.charts.rules import RULES
from evaluation.monitoring.charts.run_length import RunLength, run_length
from evaluation.monitoring.charts.signals import MEASURED, Signals, signals
from evaluation.monitoring.charts.wording import VERDICTS

__all__ = [
    "FEWEST_FOR_FIRM",
    "FEWEST_FOR_LIMITS",
    "KINDS",
    "MEASURED",
    "RULES",
    "VERDICTS",
    "ControlChart",
    "Phase",
    "RunLength",
    "Signals",
    "chart",
    "control_chart",
    "cusum_arl",
    "design_cusum",
    "design_ewma",
    "ewma_arl",
    "run_length",
    "signals",
]
