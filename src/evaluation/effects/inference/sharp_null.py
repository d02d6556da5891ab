"""A difference of means between units drawn by lot, tested under the sharp null: for surveys and other single outcomes.

References
----------
Fisher 1935, The Design of Experiments, ch. 2. Rosenbaum 2002, Observational Studies, 2nd ed., ch. 2.
Gerber, Green 2012, Field Experiments, ch. 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from evaluation.effects.inference.drawings import drawings
from evaluation.effects.inference.randomisation import acceptance, never_claims
from evaluation.effects.matrix import Flags, Floats
from evaluation.language import Words, number, significant, span
from evaluation.results import Result
from evaluation.settings import DEFAULT_SEED

if TYPE_CHECKING:
    import pandas as pd

Scale = Literal["additive", "multiplicative"]
Alternative = Literal["two-sided", "greater", "less"]
_TIE = 1e-9
_METHOD = Words(
    "Suy luận ngẫu nhiên hóa dưới giả thuyết không có tác động lên bất kỳ đơn vị nào (Fisher 1935); "
    "khoảng tin cậy của tác động không đổi đảo ngược kiểm định.",
    "Randomisation inference under no effect on any unit (Fisher 1935); the interval of a constant effect inverts the test.",
)
_BY_LOT = Words("Đơn vị thí điểm được chọn bằng bốc thăm.", "The treated units were drawn by lot.")
_ESTIMAND = Words("Khác biệt trung bình giữa đơn vị thí điểm và đơn vị so sánh", "Difference of means between treated and comparison units")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RandomisationTest(Result):
    """A difference (or ratio) between units drawn by lot and the others.

    Attributes
    ----------
    p_value : float
        Share of the drawings at least as extreme as the real one, itself included.
    smallest_p : float
        The smallest that these drawings could have given for `alternative`.
    alternative : {"two-sided", "greater", "less"}
    drawings : int
        Compared with, the real one included.
    all_drawings : bool
        Whether these are all that could have come out.
    treated, comparison : int
        Units.
    cannot_claim : Words or None
        The sentence that so few units can never show an effect at this level.
    """

    p_value: float
    smallest_p: float
    alternative: str
    drawings: int
    all_drawings: bool
    treated: int
    comparison: int
    cannot_claim: Words | None = None

    def summary(self, language: str | None = None) -> str:
        """Return the difference, its interval, its p-value, and whether it could have been told from chance at all."""
        speak = language or "en"
        tests = []
        if self.low is not None and self.high is not None:
            beside = max(abs(self.low), abs(self.high))
            ends = span(significant(self.low, speak, beside), significant(self.high, speak, beside), speak)
            tests.append(f"{number(100 * self.level, speak)}%: {ends}")
        tests.append(f"p = {number(self.p_value, speak, 3)}")
        said = "—" if self.estimate is None else significant(self.estimate, speak)
        sentence = f"{self.estimand[speak]}: {said} ({'; '.join(tests)})"
        return sentence if self.cannot_claim is None else f"{sentence}. {self.cannot_claim[speak]}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the difference and its test."""
        return super().to_frame().assign(p_value=self.p_value, smallest_p=self.smallest_p, drawings=self.drawings)


def randomisation_test(
    outcomes: ArrayLike,
    treated: ArrayLike,
    *,
    allowed: Flags | Sequence[Sequence[bool]] | None = None,
    strata: Sequence[object] | None = None,
    scale: Scale = "additive",
    alternative: Alternative = "two-sided",
    level: float = 0.95,
    exact_up_to: int = 20_000,
    draws: int = 9999,
    seed: int = DEFAULT_SEED,
    estimand: Words = _ESTIMAND,
    unit: str = "",
) -> RandomisationTest:
    """Test a difference of means between units that were drawn by lot.

    Parameters
    ----------
    outcomes : array of shape (units,)
        One number a unit that was drawn: of a survey in wards, the wards' means.
    treated : array of bool, shape (units,)
    allowed : array of bool, shape (drawings, units), optional
        All drawings that could have come out, of a re-randomised study.
    strata : sequence, optional
        Stratum of each unit; the difference is then the mean of the strata's
        differences, weighted by their units.
    scale : {"additive", "multiplicative"}
        Multiplicative works in logs and gives ratios.
    alternative : {"two-sided", "greater", "less"}
        Of the treated units; only the two-sided test has an interval.
    level : float
    exact_up_to, draws : int
        All drawings up to this many, else so many at random, the p-value
        then (1 + b) / (1 + draws).
    seed : int
    estimand : Words
    unit : str

    Raises
    ------
    ValueError
        If an outcome is missing, or not above 0 for ratios; if the lengths
        differ, nobody or everybody is treated, or the real drawing is not allowed.
    """
    y, own = np.asarray(outcomes, dtype=float), np.asarray(treated, dtype=bool)
    _check(y, own, scale, alternative)
    ways, exact = drawings(own, allowed=allowed, strata=strata, exact_up_to=exact_up_to, draws=draws, rng=np.random.default_rng(seed))
    contrast = _contrasts(ways, strata)
    line = np.log(y) if scale == "multiplicative" else y
    drawn, slopes = contrast @ line, contrast @ own
    low, high = acceptance(float(drawn[0]), drawn, slopes, level) if alternative == "two-sided" else (None, None)
    back = np.exp if scale == "multiplicative" else (lambda x: x)
    plain = allowed is None and strata is None
    return RandomisationTest(
        estimand=estimand,
        method=_METHOD,
        estimate=float(back(drawn[0])),
        low=None if low is None else float(back(low)),
        high=None if high is None else float(back(high)),
        level=level,
        n=len(y),
        unit=unit or ("ratio" if scale == "multiplicative" else ""),
        assumptions=(_BY_LOT,),
        p_value=float(np.mean(_extreme(drawn, alternative))),
        smallest_p=_smallest(ways, alternative),
        alternative=alternative,
        drawings=len(ways),
        all_drawings=exact,
        treated=int(own.sum()),
        comparison=int((~own).sum()),
        cannot_claim=never_claims(int(own.sum()), int((~own).sum()), level) if plain and alternative == "two-sided" else None,
    )


def _check(y: Floats, own: Flags, scale: Scale, alternative: Alternative) -> None:
    if y.ndim != 1 or y.shape != own.shape:
        raise ValueError(f"outcomes {y.shape}, treated {own.shape}: phải cùng độ dài. / must have the same length.")
    if not np.isfinite(y).all():
        raise ValueError(
            "outcomes thiếu số liệu; không báo cáo không phải là 0. / An outcome is missing; what was not reported is not zero."
        )
    if scale == "multiplicative" and (y <= 0).any():
        raise ValueError(
            "outcomes phải lớn hơn 0 để tính tỷ số; hãy dùng scale='additive'. / Ratios need outcomes above 0; use scale='additive'."
        )
    if alternative not in ("two-sided", "greater", "less"):
        raise ValueError(f"alternative={alternative!r}: two-sided, greater, less.")


def _contrasts(ways: Flags, strata: Sequence[object] | None) -> Floats:
    """Return the weights of the units in each drawing's difference of means."""
    if strata is None:  # drawings that were allowed may differ in how many they drew
        k = ways.sum(axis=1, keepdims=True)
        return np.asarray(np.where(ways, 1 / k, -1 / (ways.shape[1] - k)))
    names, found, told = list(strata), np.zeros(ways.shape), 0
    for name in dict.fromkeys(names):
        of = np.array([n == name for n in names])
        k, n = int(ways[0, of].sum()), int(of.sum())
        if 0 < k < n:  # a stratum all drawn, or none of it, says nothing
            found[:, of] = n * np.where(ways[:, of], 1 / k, -1 / (n - k))
            told += n
    if not told:
        raise ValueError("strata: không tầng nào có cả hai nhóm. / strata: no stratum has both treated and comparison units.")
    return found / told


def _extreme(drawn: Floats, alternative: Alternative) -> Flags:
    slack = _TIE * max(1.0, float(np.abs(drawn).max()))
    if alternative == "greater":
        return np.asarray(drawn >= drawn[0] - slack)
    if alternative == "less":
        return np.asarray(drawn <= drawn[0] + slack)
    return np.asarray(np.abs(drawn) >= abs(drawn[0]) - slack)


def _smallest(ways: Flags, alternative: Alternative) -> float:
    mirrored = alternative == "two-sided" and bool((ways == ~ways[0]).all(axis=1).any())
    return (1 + mirrored) / len(ways)
