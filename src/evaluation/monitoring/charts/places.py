"""Where the latest value of every indicator in every place stands on its own control chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evaluation.contracts import SHOWN
from evaluation.indicators import elements, indicators
from evaluation.monitoring.charts.signals import FEWEST_FOR_LIMITS, MEDIAN, NONE, signals
from evaluation.monitoring.reading import ABOVE, BELOW, INSIDE, STOCK, TOO_FEW
from evaluation.monitoring.series import series_of
from evaluation.plan import BASELINE_END

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.monitoring.series import CountSeries

RULES = "nhs"


def chart_places(values: pd.DataFrame, periods: Sequence[str], baseline_end: str = BASELINE_END, rules: str = RULES) -> pd.DataFrame:
    """Return for every place and indicator where its value of the last period stands on the chart of its own quarters.

    Parameters
    ----------
    values : DataFrame
        `contracts.indicator_schema`.
    periods : sequence of str
        Quarters without a gap; the last is the one asked about.
    baseline_end : str
        The last quarter before the programme; limits are those of the
        quarters of `baseline_of`.
    rules : str
        Name of a rule set of `monitoring.charts`.

    Returns
    -------
    DataFrame
        place, indicator, chart: "above" or "below" where the last value is
        part of a signal, "inside" where limits can be had and it is not,
        "too_few" where they cannot or the last value is not shown, "stock" of
        what stands at a quarter's end.

    Notes
    -----
    Limits take the quarters of a series as independent. What stands at the
    end of a quarter mostly stood there at the end of the one before: with nine
    tenths of it kept, the last of sixteen points is part of a signal in about
    a third of series in which nothing happens (in 2 % where quarters are
    independent). So no chart judges a stock.
    """
    import pandas as pd

    end = baseline_of(periods, baseline_end)
    baseline = None if end is None else periods.index(end) + 1
    made = []
    for known in indicators().values():
        if not known.reported or known.measure == "yes_no" or not (values["indicator"] == known.id).any():
            continue
        series = series_of(values, known.id, periods)
        if elements()[known.numerator].accumulates == "stock":
            places = np.full(len(series.units), STOCK)
        elif len(periods) > FEWEST_FOR_LIMITS:
            places = _places(series, baseline, rules)
        else:
            places = np.full(len(series.units), TOO_FEW)
        shown = series.states[:, -1] == SHOWN
        made.append(pd.DataFrame({"place": series.units, "indicator": known.id, "chart": np.where(shown, places, TOO_FEW)}))
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=["place", "indicator", "chart"])


def baseline_of(periods: Sequence[str], baseline_end: str = BASELINE_END) -> str | None:
    """Return the last quarter of the baseline of a chart of these quarters.

    The last quarter before the programme, or the last but one of the series
    where the series ends earlier; None, the whole series, where no quarter
    lies before the programme.
    """
    return max((p for p in periods[:-1] if p <= baseline_end), default=None)


def _places(series: CountSeries, baseline: int | None, rules: str) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return where the last point of each unit stands."""
    starts = [series.place_of(c.period) for c in series.changes]
    found = signals(series.counts, series.exposure, measure=series.measure, rules=rules, baseline=baseline, starts=starts)
    side, basis = found.members[:, -1], found.basis[:, -1]
    usable = (basis != NONE) & (basis != MEDIAN)
    return np.select([~usable, side == 1, side == -1], [TOO_FEW, ABOVE, BELOW], INSIDE)
