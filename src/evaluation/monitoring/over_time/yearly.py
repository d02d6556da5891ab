"""Whether an indicator moved since the same quarter of the year before, and whether that can be told from chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.contracts import SHOWN
from evaluation.indicators import Indicator, indicators
from evaluation.monitoring.funnel import winsorised_dispersion
from evaluation.monitoring.rates.intervals import difference_newcombe, rate_ratio_exact
from evaluation.monitoring.rates.p_values import difference_p, ratio_p
from evaluation.periods import Period

if TYPE_CHECKING:
    import pandas as pd

NOT_COMPARABLE = "not_comparable"
DIFFERENCE, RATIO = "difference", "ratio"
# From fewer places than this their scatter cannot be known; that of the other indicators is taken.
FEWEST_PLACES = 5

_Floats = NDArray[np.float64]


def yearly_change(
    values: pd.DataFrame, wards_reported: pd.DataFrame, forms: pd.DataFrame, period: str, level: float = 0.95
) -> pd.DataFrame:
    """Return the change of every indicator in every place on the same quarter of the year before.

    Parameters
    ----------
    values : DataFrame
        `contracts.indicator_schema`.
    wards_reported : DataFrame
        place, period, n_wards.
    forms : DataFrame
        place, period, form_version: of the submission in force.
    period : str
    level : float

    Returns
    -------
    DataFrame
        place, indicator, scale ("difference" of shares and of yes or no,
        "ratio" of counts and rates), change, low, high, p (two-sided, of the
        same method as the interval), clear (the interval leaves out no
        change), dispersion (of the indicator: variance of the
        places' standardised changes, 1 is chance alone), state: "shown",
        "not_comparable" (a count of another number of wards or over zero, or
        forms that counted differently) or the state that one of the two values has.
        Yes or no has no interval and no p.

    Notes
    -----
    Shares: Newcombe's hybrid score interval. Counts and rates: exact
    conditional (binomial) interval of the ratio. Places change beyond chance
    for reasons of their own, and by about as much whether large or small:
    so their scatter around the common change gives a variance that is added
    to each place's own (random effects), and each interval is that of counts
    fewer by the resulting factor. One place that is far off (a slip of the
    pen) does not widen the others' intervals much: the extreme tenth at each
    end is drawn in. Where fewer than five places can be compared, the
    median of the other indicators' variances on the same scale is taken.

    References
    ----------
    Newcombe 1998, Statistics in Medicine 17:873-890. Spiegelhalter 2005,
    Statistics in Medicine 24:1185-1202 (random effects from winsorised
    scores). Paule, Mandel 1982, Journal of Research of the National Bureau of
    Standards 87:377-385 (the variance that leaves a dispersion of 1).
    """
    import pandas as pd

    pair = _pairs(values, wards_reported, forms, period)
    made = [_Moved.of(indicators()[str(name)], part, level) for name, part in pair.groupby(level="indicator", sort=False)]
    usual = {s: _median([m.own_scatter for m in made if m.scale == s]) for s in (DIFFERENCE, RATIO)}
    frame = pd.concat([m.frame(usual[m.scale], level) for m in made]).reset_index()
    return frame[["place", "indicator", "scale", "change", "low", "high", "p", "clear", "dispersion", "state"]]


def _pairs(values: pd.DataFrame, wards_reported: pd.DataFrame, forms: pd.DataFrame, period: str) -> pd.DataFrame:
    """Return both years' values side by side with the state of their comparison, by place and indicator."""
    before = str(Period.parse(period).year_before)
    now, then = (values[values["period"] == p].set_index(["place", "indicator"]) for p in (period, before))
    pair = now.add_suffix("_now").join(then.add_suffix("_then"), how="left")
    pair["state"] = np.where(pair["state_now"] != SHOWN, pair["state_now"], pair["state_then"].fillna("missing"))
    places = pair.index.get_level_values("place")
    known = [indicators()[i] for i in pair.index.get_level_values("indicator")]
    wards = wards_reported.set_index(["period", "place"])["n_wards"]
    same_wards = places.map({p: wards.get((period, p)) == wards.get((before, p)) for p in places.unique()}).to_numpy(bool)
    versions = forms.set_index(["period", "place"])["form_version"]
    form_now, form_then = (places.map({p: versions.get((w, p), np.nan) for p in places.unique()}).to_numpy(float) for w in (period, before))
    needed = np.array([i.comparable_since for i in known])
    same_count = (form_now == form_then) | ~((form_now < needed) | (form_then < needed))
    whole = np.array([i.measure in ("count", "rate") for i in known])
    over_zero = whole & ~(pair["numerator_then"].to_numpy(float) > 0)
    pair.loc[(pair["state"] == SHOWN) & (~same_count | (whole & ~same_wards) | over_zero), "state"] = NOT_COMPARABLE
    return pair


@dataclass(frozen=True, eq=False)
class _Moved:
    """One indicator's changes with their variance by chance alone and the scatter of the places beyond it."""

    part: pd.DataFrame
    measure: str
    counts: tuple[_Floats, _Floats, _Floats, _Floats]
    change: _Floats
    variance: _Floats
    own_scatter: float | None
    dispersion: float

    @property
    def scale(self) -> str:
        return RATIO if self.measure in ("count", "rate") else DIFFERENCE

    @classmethod
    def of(cls, indicator: Indicator, part: pd.DataFrame, level: float) -> _Moved:
        use = part["state"] == SHOWN
        k1, k0 = (part[f"numerator_{w}"].where(use).to_numpy(float) for w in ("now", "then"))
        n1, n0 = (part[f"denominator_{w}"].where(use).to_numpy(float) for w in ("now", "then"))
        if indicator.measure in ("count", "yes_no"):
            n1 = n0 = np.ones(len(part))
        if indicator.measure == "proportion":
            change = shift = k1 / n1 - k0 / n0
            low, high = difference_newcombe(k1, n1, k0, n0, level)
            variance = ((high - low) / (2 * stats.norm.ppf(0.5 + level / 2))) ** 2
        elif indicator.measure == "yes_no":
            change = shift = k1 - k0
            variance = np.full(len(part), np.nan)
        else:
            change = np.divide(k1 / n1, k0 / n0, out=np.full(len(part), np.nan), where=k0 > 0)
            shift, variance = np.log((k1 + 0.5) / (k0 + 0.5) * n0 / n1), 1 / (k1 + 0.5) + 1 / (k0 + 0.5)
        known = np.isfinite(shift) & np.isfinite(variance)
        dispersion, scatter = 1.0, None
        if known.sum() >= FEWEST_PLACES:
            dispersion, scatter = _scatter(shift[known], variance[known])
        return cls(part, indicator.measure, (k1, n1, k0, n0), change, variance, scatter, dispersion)

    def frame(self, usual: float, level: float) -> pd.DataFrame:
        """Return the changes with intervals widened by the scatter, or by the usual one where it cannot be known."""
        k1, n1, k0, n0 = self.counts
        factor = 1 + (usual if self.own_scatter is None else self.own_scatter) / self.variance
        if self.measure == "yes_no":
            low = high = p = np.full(len(self.part), np.nan)
        elif self.measure == "proportion":
            effect = np.nan_to_num(factor, nan=1.0)
            low, high = difference_newcombe(k1, n1, k0, n0, level, effect)
            p = difference_p(k1, n1, k0, n0, effect)
        else:
            low, high = rate_ratio_exact(k1 / factor, n1, k0 / factor, n0, level)
            p = ratio_p(k1 / factor, n1, k0 / factor, n0)
        none = 0.0 if self.scale == DIFFERENCE else 1.0
        return self.part.assign(
            scale=self.scale, change=self.change, low=low, high=high, p=p, clear=(low > none) | (high < none), dispersion=self.dispersion
        )


def _scatter(shift: _Floats, variance: _Floats) -> tuple[float, float]:
    """Return the dispersion of changes around their common value, and the variance that explains it when added to each place's own."""

    def dispersion(extra: float) -> float:
        total = variance + extra
        order = np.argsort(shift, kind="stable")
        reached = np.cumsum(1 / total[order])
        common = shift[order][np.searchsorted(reached, reached[-1] / 2)]  # weighted median: one slip of the pen does not move it
        return winsorised_dispersion((shift - common) / np.sqrt(total))

    low, high = 0.0, float(np.ptp(shift)) ** 2
    if dispersion(low) <= 1:
        return 1.0, 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if dispersion(middle) > 1 else (low, middle)
    return dispersion(0.0), high


def _median(known: list[float | None]) -> float:
    some = [x for x in known if x is not None]
    return float(np.median(some)) if some else 0.0
