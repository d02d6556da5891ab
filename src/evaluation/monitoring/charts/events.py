"""Rare events: counts by period become gaps between events, the points of g and t charts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.monitoring.charts.limits import Floats

# Events of one period beyond this many add only gaps of zero that no rule needs.
MOST_A_PERIOD = 25


@dataclass(frozen=True, eq=False)
class Gaps:
    """Gaps between neighbouring events, padded with NaN to one length.

    Attributes
    ----------
    gap : ndarray of shape (series, events)
        Periods from one event to the next; NaN where a period between them
        was not reported, before the first event, and in the padding.
    period : ndarray of int
        Place of the event that ends the gap; -1 in the padding.
    """

    gap: Floats
    period: NDArray[np.int64]


def gaps(counts: Floats) -> Gaps:
    """Return the periods between events, from counts by period.

    Parameters
    ----------
    counts : ndarray of shape (series, periods)
        NaN where not reported.

    Notes
    -----
    Events of the same period are zero periods apart. How long before the
    first event nothing happened is not known, nor is a gap over a period
    without a report: neither is a point.
    """
    rows, periods = counts.shape
    times = np.minimum(np.nan_to_num(counts), MOST_A_PERIOD).astype(int)
    totals = times.sum(axis=1)
    width = int(totals.max(initial=0))
    gap, period = np.full((rows, width), np.nan), np.full((rows, width), -1, dtype=np.int64)
    row = np.repeat(np.arange(rows), totals)
    column = np.arange(len(row)) - np.repeat(np.cumsum(totals) - totals, totals)
    when = np.repeat(np.tile(np.arange(periods), rows), times.ravel())
    period[row, column] = when
    unknown = np.cumsum(np.isnan(counts), axis=1)
    since = np.diff(when, prepend=0).astype(float)
    lost = unknown[row, when] != unknown[np.roll(row, 1), np.roll(when, 1)] if len(row) else np.zeros(0, bool)
    gap[row, column] = np.where((column == 0) | lost, np.nan, since)
    return Gaps(gap, period)


def on_periods(found: NDArray[np.int8], where: Gaps, periods: int) -> NDArray[np.int8]:
    """Return what was found at events at the periods in which they fall; events of a period that differ give 2."""
    out = np.zeros((len(found), periods), dtype=np.int8)
    row, column = np.nonzero(found)
    for r, t, side in zip(row, where.period[row, column], found[row, column], strict=True):
        out[r, t] = side if out[r, t] in (0, side) else 2
    return out
