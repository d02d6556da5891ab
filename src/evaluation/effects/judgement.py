"""How an estimate is judged: its p-value, its interval, and what they were read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.matrix import Floats, Matrix
from evaluation.language import Words


@dataclass(frozen=True, eq=False)
class Judgement:
    """A test of no effect and its interval, on the design's own scale (logs where it works in logs).

    Attributes
    ----------
    p_value : float or None
        None where nothing could be tested.
    low, high : float or None
        Interval at the level asked; None where there is none at this level.
    smallest_p : float or None
        The smallest p-value that this test could have given on these data.
    said : Words
        How it was found, with its source, in one sentence.
    by_period : ndarray of shape (periods, 2) or None
        Interval of each period's gap.
    placebo_units : tuple of str
        Donors that took part in a placebo comparison.
    placebo_fits : tuple of Fit
        Their fits, in the same order.
    warning : Words or None
        Why this judgement must not be relied on, where that is known.
    details : dict
    """

    p_value: float | None
    low: float | None
    high: float | None
    smallest_p: float | None
    said: Words
    by_period: Floats | None = None
    placebo_units: tuple[str, ...] = ()
    placebo_fits: tuple[Fit, ...] = ()
    warning: Words | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def claims(self, level: float) -> bool:
        """Return whether an effect is claimed at this level: the rule of the pilot and of its false alarms alike.

        Both test and interval reject no effect; without an interval, or with
        an end or a p-value that is not a number, nothing is claimed.
        """
        if self.p_value is None or self.low is None or self.high is None:
            return False
        if np.isnan([self.p_value, self.low, self.high]).any():
            return False
        return self.p_value <= round(1 - level, 9) and not self.low <= 0.0 <= self.high


class Inference(Protocol):
    """From a design's fit on a matrix to a judgement."""

    def __call__(self, design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator, /) -> Judgement:
        """Return the judgement of the fit."""
        ...
