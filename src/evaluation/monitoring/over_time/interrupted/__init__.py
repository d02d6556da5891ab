"""Interrupted time series: the change of counts or shares at a known date, for one unit and for many at once.

References
----------
Lopez Bernal, Cummins, Gasparrini 2017 (Int. J. Epidemiology 46:348); Wagner et al. 2002 (J. Clin. Pharm. Ther. 27:299).
"""

from evaluation.monitoring.over_time.interrupted.many import InterruptedMany, interrupted_many
from evaluation.monitoring.over_time.interrupted.one import InterruptedSeries, interrupted_series
from evaluation.monitoring.over_time.interrupted.segments import FEWEST_PERIODS, Segments, segments

__all__ = ["FEWEST_PERIODS", "InterruptedMany", "InterruptedSeries", "Segments", "interrupted_many", "interrupted_series", "segments"]
