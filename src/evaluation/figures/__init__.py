"""Results become pictures: one module a kind of chart, one house style.

Importing this package registers the drawers of result types, so that
``result.plot()`` works.
"""

from evaluation.figures import (
    cartogram,
    completeness,
    control_chart,
    corrections,
    digits,
    framework,
    funnel,
    history,
    intervals,
    placebo,
    states,
    style,
    trend,
    units,
)

__all__ = [
    "cartogram",
    "completeness",
    "control_chart",
    "corrections",
    "digits",
    "framework",
    "funnel",
    "history",
    "intervals",
    "placebo",
    "states",
    "style",
    "trend",
    "units",
]
