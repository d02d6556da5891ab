"""All units of a series together, where a sum can be taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluation.contracts import MISSING, NOT_APPLICABLE, SHOWN
from evaluation.language import Words
from evaluation.monitoring.series import COLUMNS, COUNT, VALUE, CountSeries

ALL = "all"
EVERYWHERE = Words("toàn bộ", "all together")


def total(series: CountSeries, name: Words = EVERYWHERE) -> CountSeries:
    """Return the series of all units together, as one unit called "all".

    Parameters
    ----------
    series : CountSeries
    name : Words
        What all units together are called.

    Returns
    -------
    CountSeries
        Numerators and denominators are summed over the very units that have
        both. A plain count has no denominator that would follow: there a
        period in which any unit has no number has none in the sum either, for
        a sum of fewer units looks like a fall.

    Raises
    ------
    ValueError
        Of measured values, whose sum means nothing in general.
    """
    import pandas as pd

    if series.measure == VALUE:
        raise ValueError(
            "Giá trị đo của nhiều đơn vị không cộng lại được; hãy chọn một đơn vị. / "
            "Measured values of several units do not add up; choose one unit."
        )
    counts, below = (series.frame[c].to_numpy(float).reshape(series.states.shape) for c in ("count", "denominator"))
    shown = series.states == SHOWN
    idle = series.states == NOT_APPLICABLE
    usable = (shown | idle).all(axis=0) & shown.any(axis=0) if series.measure == COUNT else shown.any(axis=0)
    frame = pd.DataFrame(
        {
            "unit": ALL,
            "period": list(series.periods),
            "count": np.where(usable, np.nansum(np.where(shown, counts, 0.0), axis=0), np.nan),
            "denominator": np.where(usable, np.nansum(np.where(shown, below, 0.0), axis=0), np.nan) if series.measure != COUNT else np.nan,
            "state": np.where(usable, SHOWN, np.where(idle.all(axis=0), NOT_APPLICABLE, MISSING)),
        }
    )
    return replace(series, frame=frame[list(COLUMNS)], names={ALL: name})
