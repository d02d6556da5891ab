"""Effects of one outcome over several pilots, pooled: few of them, and judged by permutation.

References
----------
Knapp, Hartung 2003, Statistics in Medicine 22:2693-2710. Röver, Knapp, Friede
2015, BMC Medical Research Methodology 15:99 (never narrower than without the
correction). Higgins, Thompson, Spiegelhalter 2009, JRSS A 172:137-159
(prediction interval). Arkhangelsky et al. 2021, American Economic Review
111:4088-4118, algorithm 4 (variance from placebos).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy import stats

from evaluation.effects.effect import RATIO, Effect
from evaluation.effects.matrix import NotEnough
from evaluation.language import Words, number, span, uncapitalised, words
from evaluation.monitoring.pooling import Method, Pooled, pool

FEW_STUDIES = 3
MOST_RATIO = 1000.0


@dataclass(frozen=True, kw_only=True, repr=False)
class PooledEffects(Pooled):
    """A pooled effect.

    Attributes
    ----------
    outcome : str
    scale : {"difference", "ratio"}
    measure : str
    errors : tuple of float
        Standard errors that were used, on the scale pooled (logs of ratios).
    warning : Words or None
        Why little may be read from it.
    synthetic : bool
    """

    outcome: str
    scale: str
    measure: str
    errors: tuple[float, ...]
    warning: Words | None
    synthetic: bool

    def summary(self, language: str | None = None) -> str:
        """Return mean, interval, where a further pilot's effect would lie, and the warning, in one sentence."""
        speak = language or "en"
        own, ahead = (
            span(self._written(low, speak), self._written(high, speak), speak)
            for low, high in ((self.low, self.high), (self.prediction_low, self.prediction_high))
        )
        slots = {"level": number(100 * self.level, speak), "k": number(self.n, speak), "own": own, "ahead": ahead}
        ratio = words("evidence.ratio")[speak] if self.scale == RATIO else ""
        said = words("evidence.pooled", estimand=self.estimand, estimate=f"{ratio}{self._written(self.estimate, speak)}", **slots)[speak]
        return said if self.warning is None else f"{said}; {self.warning[speak]}"

    def _written(self, x: float | None, language: str) -> str:
        if x is None:
            return "—"
        if self.scale == RATIO and not 1 / MOST_RATIO <= x <= MOST_RATIO:
            return f"> {number(MOST_RATIO, language)}" if x > 1 else f"< {number(1 / MOST_RATIO, language, 3)}"
        if self.scale != RATIO and self.measure == "share":
            return words("number.points", value=Words(number(100 * x, "vi", 1), number(100 * x, "en", 1)))[language]
        return number(x, language, 0 if abs(x) >= 100 else 1 if abs(x) >= 10 else 2)


def effect_error(effect: Effect) -> float:
    """Return the standard error of an effect on its own scale (of the logarithm, for a ratio).

    From the spread of the placebo estimates where there are any: an effect
    judged by permutation has no other. Else the design's own, unless the way it
    was judged is known to be wrong here.

    Raises
    ------
    NotEnough
        If neither is there.

    References
    ----------
    Arkhangelsky et al. 2021, American Economic Review 111:4088-4118, algorithm 4.
    """
    sizes = effect.placebo["effect"].to_numpy(float) if len(effect.placebo) else np.empty(0)
    if effect.scale == RATIO:
        sizes = np.log(sizes[sizes > 0])
    sizes = sizes[np.isfinite(sizes)]
    if len(sizes) > 1 and float(sizes.std()) > 0:
        return float(sizes.std())
    own = effect.diagnostics.get("standard_error")
    if own is not None and math.isfinite(own) and own > 0 and effect.warning is None:
        return float(own)
    raise NotEnough(
        f"{effect.unit_label.vi}: không có phân phối giả dược hoặc sai số chuẩn đáng tin cậy để gộp. / "
        f"{effect.unit_label.en}: there is no placebo distribution and no standard error to be relied on; leave it out and say so."
    )


def pool_effects(effects: Sequence[Effect], method: Method = "REML") -> PooledEffects:
    """Pool the effects of several pilots on one outcome.

    Parameters
    ----------
    effects : sequence of Effect
        One a pilot, of one outcome, on one scale, by designs of which each used data of its own.
    method : {"REML", "DL", "fixed"}

    Returns
    -------
    PooledEffects
        Ratios are pooled as logs and given as ratios. The interval is Knapp
        and Hartung's on k - 1 degrees of freedom, never narrower than without
        their correction.

    Raises
    ------
    NotEnough
        If fewer than two effects are given, or one has no standard error.
    ValueError
        If they are of several outcomes or scales, or a pilot is there twice:
        designs on the same data are not independent.
    """
    known = [e for e in effects if e.estimate is not None and (e.scale != RATIO or e.estimate > 0)]
    if len(known) < 2:
        raise NotEnough(
            f"Cần ít nhất hai tác động để gộp; có {len(known)}. / At least two effects are needed to pool; there are {len(known)}."
        )
    if len({(e.outcome, e.scale, e.measure, e.level) for e in known}) > 1:
        raise ValueError(
            "Chỉ gộp các tác động của cùng một kết quả, cùng thang đo và mức tin cậy. / "
            "Only effects on one outcome, of one scale and level, are pooled."
        )
    names = [e.unit_label.vi for e in known]
    if twice := [n for n in dict.fromkeys(names) if names.count(n) > 1]:
        raise ValueError(
            f"{twice[0]} có hai lần: các phương pháp trên cùng số liệu không độc lập, không gộp được. / "
            f"{twice[0]} is there twice: designs on the same data are not independent and are not pooled."
        )
    first = known[0]
    ratio = first.scale == RATIO
    sizes = [math.log(float(e.estimate or 1)) if ratio else float(e.estimate or 0) for e in known]
    errors = [effect_error(e) for e in known]
    variances = [s**2 for s in errors]
    plain = pool(sizes, variances, labels=names, method=method, level=first.level)
    held = pool(sizes, variances, labels=names, method=method, level=first.level, knapp_hartung=True)
    error = max(plain.standard_error, held.standard_error)
    reach = float(stats.t.ppf((1 + first.level) / 2, len(known) - 1))
    mean = float(held.estimate or 0.0)
    ahead = reach * math.sqrt(held.tau2 + error**2)

    def back(x: float) -> float:
        return math.exp(max(-700.0, min(700.0, x))) if ratio else x

    ends = {
        "estimate": back(mean),
        "low": back(mean - reach * error),
        "high": back(mean + reach * error),
        "prediction_low": back(mean - ahead),
        "prediction_high": back(mean + ahead),
    }
    studies = held.studies
    if ratio:
        studies = studies.assign(**{c: np.exp(np.clip(studies[c].to_numpy(float), -700, 700)) for c in ("estimate", "low", "high")})
    kept: dict[str, Any] = {f.name: getattr(held, f.name) for f in fields(Pooled)}
    own: dict[str, Any] = {
        "estimand": Words(
            f"Tác động trung bình của các mô hình đối với {uncapitalised(first.outcome_label.vi)}",
            f"Mean effect of the pilots on {uncapitalised(first.outcome_label.en)}",
        ),
        "method": Words(
            f"{held.method.vi}, không hẹp hơn khi không hiệu chỉnh; sai số chuẩn từ phân phối giả dược.",
            f"{held.method.en}, never narrower than without it; standard errors from the placebo distribution.",
        ),
        "standard_error": error,
        "unit": RATIO if ratio else first.unit,
        "diagnostics": {**held.diagnostics, "outcome": first.outcome, "measure": first.measure},
        "studies": studies,
    }
    return PooledEffects(
        **{**kept, **ends, **own},
        outcome=first.outcome,
        scale=first.scale,
        measure=first.measure,
        errors=tuple(errors),
        warning=None if len(known) >= FEW_STUDIES else words("evidence.pooled.few", k=len(known)),
        synthetic=any(e.synthetic for e in known),
    )
