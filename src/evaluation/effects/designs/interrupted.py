"""Controlled interrupted time series as a design: the pilot's unit against the donors' common course, each with its own trend.

The estimator is the one of the monitoring work (`monitoring.over_time.controlled`).

References
----------
Linden 2015, The Stata Journal 15:480-500. Lopez Bernal, Cummins, Gasparrini 2018, International Journal of Epidemiology
47:2082-2093.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.effects.design import Design, Fit, one_by_one
from evaluation.effects.designs.log_counts import area, course, read, working
from evaluation.effects.matrix import LOGS, Floats, Matrix, NotEnough, one_start
from evaluation.language import Words
from evaluation.monitoring.over_time.controlled import ASSUMPTIONS, ControlledSeries, controlled_series

if TYPE_CHECKING:
    import pandas as pd

PILOT, DONORS = "pilot", "donors"
LEAST = 4  # periods with figures on either side, as the estimator asks


def controlled_interruption(slope_change: bool = False, errors: str = "ar1") -> Design:
    """Return the design with its own options.

    Parameters
    ----------
    slope_change : bool
        Whether the trend may change at the start too; then the estimate is the average over the
        periods after it, and says as little as a long extrapolation does.
    errors : str
        As in `monitoring.over_time.regression`.
    """

    def fit(panel: Matrix) -> Fit:
        return _fit(panel, slope_change, errors)

    def each(panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
        return one_by_one(fit, panel, placebos)

    return Design(
        id="cits",
        name=Words("Chuỗi thời gian gián đoạn có đối chứng", "Controlled interrupted time series"),
        method=Words(
            "Chuỗi thời gian gián đoạn có đối chứng: mức của đơn vị can thiệp đổi nhiều hơn diễn biến chung của các đơn vị so sánh "
            "bao nhiêu, mỗi bên theo xu thế riêng (Linden 2015).",
            "Controlled interrupted time series: by how much more the treated unit's level changed than the donors' common course, "
            "each with its own trend (Linden 2015).",
        ),
        fit=fit,
        assumptions=ASSUMPTIONS,
        logs=LOGS,
        each=each,
    )


def _fit(panel: Matrix, slope_change: bool, errors: str) -> Fit:
    one_start(panel)
    one = area(panel)
    before, after = one_start(one)
    working(one)
    y, donors = one.y[0], course(one)
    # Both series over the same periods: what moved both alike then cancels.
    both = (before | after) & np.isfinite(y) & np.isfinite(donors)
    for side, word in ((before, Words("trước", "before")), (after, Words("sau", "after"))):
        if (both & side).sum() < LEAST:
            raise NotEnough(
                f"Chuỗi gián đoạn cần ít nhất {LEAST} kỳ có số liệu {word.vi} khi bắt đầu; có {(both & side).sum()}. / "
                f"The interrupted series needs at least {LEAST} periods with figures {word.en} the start; it has {(both & side).sum()}."
            )
    try:
        found = controlled_series(
            _frame(one, np.where(both, y, np.nan), np.where(both, donors, np.nan)),
            outcome="y",
            exposure="size" if one.measure == "rate" else None,
            unit="unit",
            period="period",
            treated=PILOT,
            start=int(one.first[0]),
            family="quasi" if one.measure in LOGS else "level",
            slope_change=slope_change,
            errors=errors,
        )
    except ValueError as refused:
        raise NotEnough(str(refused)) from refused
    counterfactual = found.series["counterfactual"].to_numpy(dtype=float)
    fitted = np.where(np.arange(len(y)) < one.first[0], found.series["expected_treated"].to_numpy(dtype=float), counterfactual)
    fitted = np.log(fitted) if one.measure in LOGS else fitted
    share = np.where(np.asarray(panel.treated), 0.0, 1 / (~np.asarray(panel.treated)).sum())
    return replace(read(one, fitted[None], None, None, _details(found)), weights=share)


def _frame(one: Matrix, y: Floats, donors: Floats) -> pd.DataFrame:
    """Return both series: the pilot's unit, and what donors counted together had all reported (or their mean)."""
    import pandas as pd

    own = ~np.asarray(one.treated)
    level = 1.0
    if one.measure == "count":
        top = one.top[own]
        seen = np.isfinite(top)
        level = float((np.where(seen, top, 0.0).sum(1) / np.maximum(seen.sum(1), 1)).sum())
    size = np.ones((2, len(y)))
    values = [y, donors * level]
    if one.measure == "rate":
        known = np.isfinite(one.y[own])
        people = np.where(known, one.bottom[own], 0.0).sum(axis=0)
        usual = float(np.where(known, one.top[own], 0.0).sum() / max(float(people.sum()), 1e-300))
        size = np.vstack([one.bottom[0], people])
        values = [np.where(np.isfinite(y), one.top[0], np.nan), donors * usual * people]
    at = np.arange(len(y))
    return pd.DataFrame(
        {"unit": [PILOT] * len(y) + [DONORS] * len(y), "period": [*at, *at], "y": np.concatenate(values), "size": size.ravel()}
    )


def _details(found: ControlledSeries) -> dict[str, Any]:
    """Return what the series says of itself: change of level and of trend, and how the trends differed before."""
    return {
        "level_change": found.estimate,
        "level_change_low": found.low,
        "level_change_high": found.high,
        "level_change_p": found.p,
        "trend_change": found.slope,
        "trend_change_p": found.slope_p,
        "trend_before": found.before,
        "trend_before_p": found.before_p,
        "dispersion": found.diagnostics["dispersion"],
        "correlation": found.diagnostics["correlation"],
    }


CONTROLLED_SERIES = controlled_interruption()
