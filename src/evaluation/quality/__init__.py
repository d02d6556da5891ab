"""Implausible figures: what to check, never what to change. Pure functions on frames; no files, no findings.

`oddities` looks at a place's own protected series; `history` at a ward's own
reported figures; `copies` at figures that are equal too often; `digits` at
last digits; `revisions` at what corrections changed; `chance` holds the exact
probabilities that they share.
"""

from evaluation.quality.oddities import LEAST_HISTORY, LEAST_LEVEL, ODD_FACTOR, oddities

__all__ = ["LEAST_HISTORY", "LEAST_LEVEL", "ODD_FACTOR", "oddities"]
