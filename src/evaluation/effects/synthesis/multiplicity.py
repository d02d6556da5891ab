"""One error for several outcomes, pilots and designs: adjusted p-values by family.

References
----------
Holm 1979, Scandinavian Journal of Statistics 6:65-70. Benjamini, Hochberg
1995, JRSS B 57:289-300. Romano, Wolf 2005, Econometrica 73:1237-1282 (stepwise
by resampling). Westfall, Young 1993, Resampling-Based Multiple Testing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from evaluation.effects.effect import RATIO, Effect
from evaluation.effects.matrix import Floats, NotEnough
from evaluation.language import Words, number
from evaluation.monitoring.looks.multiple_testing import benjamini_hochberg, holm
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

HOLM, BH, NONE = "holm", "bh", "none"
CORRECTIONS = (HOLM, BH, NONE)
_ADJUST: dict[str, Callable[[Floats], Floats]] = {HOLM: holm, BH: benjamini_hochberg, NONE: np.copy}


def adjusted_p(p: Sequence[float | None], families: Sequence[str], correction: str = HOLM) -> Floats:
    """Return p-values adjusted within their families.

    Parameters
    ----------
    p : sequence of float or None
        None where nothing was tested: it stays missing and counts for nothing.
    families : sequence of str
        The family of each.
    correction : {"holm", "bh", "none"}

    Returns
    -------
    ndarray
        NaN where there was none.

    Raises
    ------
    ValueError
        If the correction is not known, a p-value is not between 0 and 1, or
        the lengths differ.
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"correction={correction!r}: {', '.join(CORRECTIONS)}.")
    if len(p) != len(families):
        raise ValueError(f"Có {len(p)} giá trị p nhưng {len(families)} nhóm. / There are {len(p)} p-values but {len(families)} families.")
    values, of = np.array([np.nan if x is None else x for x in p], dtype=float), np.array(families, dtype=object)
    out = np.full(len(values), np.nan)
    for name in dict.fromkeys(families):
        out[of == name] = _ADJUST[correction](values[of == name])
    return out


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Multiplicity(Result):
    """p-values of several effects with one error for each family; `estimate` is the number of effects told from chance after Holm.

    Attributes
    ----------
    frame : DataFrame
        unit, outcome, design, family, p, holm, bh, romano_wolf (NaN where the
        placebos of a pilot's outcomes have no donors in common).
    donors : int
        Donors that all placebos of every pilot have at least; 0 where Romano and Wolf's way was not possible.
    """

    frame: pd.DataFrame = field(compare=False)
    donors: int

    def summary(self, language: str | None = None) -> str:
        """Return how many effects stand before and after correction."""
        speak = language or "en"
        alpha = round(1 - self.level, 9)
        before = int((self.frame["p"] <= alpha).sum())
        return Words(
            "{n} tác động: {before} có p không quá {alpha} khi xét riêng, {after} sau khi hiệu chỉnh Holm theo nhóm",
            "{n} effects: {before} with a p-value of at most {alpha} on their own, {after} after Holm's correction by family",
        )[speak].format(
            n=number(self.n, speak), before=number(before, speak), alpha=number(alpha, speak, 2), after=number(self.estimate or 0, speak)
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the p-values, one row an effect."""
        return self.frame.copy()


def multiplicity(effects: Sequence[Effect], families: Sequence[str] | None = None) -> Multiplicity:
    """Return the p-values of several effects, corrected by family in three ways.

    Holm's holds under any dependence, Benjamini and Hochberg's controls the
    share of false claims. Romano and Wolf's uses that outcomes of one pilot
    move together: the placebos of all its outcomes are the same donors, so that their largest
    statistic has a joint distribution. Over several pilots in a family, each pilot's is multiplied by their number.

    Parameters
    ----------
    effects : sequence of Effect
    families : sequence of str, optional
        The family of each ("primary", "secondary", ...); one for all where left out.

    Raises
    ------
    ValueError
        If there are no effects, or as many families are not given, or levels differ.
    """
    import pandas as pd

    if not effects or len({e.level for e in effects}) > 1:
        raise ValueError("Cần ít nhất một tác động, mọi tác động cùng mức tin cậy. / At least one effect is needed, all of one level.")
    of = list(families) if families is not None else ["all"] * len(effects)
    p = [e.p_value for e in effects]
    frame = pd.DataFrame(
        {
            "unit": [e.unit_label.vi for e in effects],
            "outcome": [e.outcome for e in effects],
            "design": [e.design for e in effects],
            "family": of,
            "p": np.array([np.nan if x is None else x for x in p], dtype=float),
            "holm": adjusted_p(p, of, HOLM),
            "bh": adjusted_p(p, of, BH),
        }
    )
    frame["romano_wolf"], donors = _by_pilot(effects, frame)
    level = effects[0].level
    return Multiplicity(
        estimand=Words("Số tác động phân biệt được với ngẫu nhiên sau hiệu chỉnh", "Effects told from chance after correction"),
        method=Words(
            "Hiệu chỉnh theo nhóm: Holm, Benjamini-Hochberg, và Romano-Wolf từ phân phối giả dược chung của các kết quả.",
            "Corrected by family: Holm, Benjamini-Hochberg, and Romano-Wolf from the outcomes' joint placebo distribution.",
        ),
        estimate=float((frame["holm"] <= round(1 - level, 9)).sum()),
        level=level,
        n=len(effects),
        unit="count",
        assumptions=(
            Words(
                "Romano-Wolf: nếu không có tác động, đơn vị can thiệp giống một đơn vị so sánh bất kỳ trên mọi kết quả cùng lúc.",
                "Romano-Wolf: without effects the treated unit is like any comparison unit, on all outcomes at once.",
            ),
        ),
        frame=frame,
        donors=donors,
    )


def _by_pilot(effects: Sequence[Effect], frame: pd.DataFrame) -> tuple[Floats, int]:
    out, fewest = np.full(len(effects), np.nan), []
    for _, family in frame.groupby("family", sort=False):
        pilots = family.groupby("unit", sort=False).groups
        for rows in pilots.values():
            own = [effects[int(i)] for i in rows]
            tested = [k for k, e in enumerate(own) if e.estimate is not None and len(e.placebo)]
            shared = _shared([own[k] for k in tested]) if tested else None
            if shared is None:
                continue
            estimates, placebos = shared
            found = romano_wolf(estimates, placebos)
            fewest.append(placebos.shape[0])
            for k, value in zip(tested, found, strict=True):
                out[int(rows[k])] = min(1.0, value * len(pilots))
    return out, min(fewest, default=0)


def _shared(effects: Sequence[Effect]) -> tuple[Floats, Floats] | None:
    """Return estimates and placebo estimates (donors, effects) of the donors that all have, ratios as logs; None where too few."""
    known = [e.placebo.set_index("unit")["effect"] for e in effects]
    logs = [np.log(k[k > 0]) if e.scale == RATIO else k for k, e in zip(known, effects, strict=True)]
    logs = [k[np.isfinite(k)] for k in logs]
    units = sorted(set.intersection(*[set(k.index) for k in logs]))
    own = np.array([np.log(e.estimate) if e.scale == RATIO else e.estimate for e in effects if e.estimate is not None], dtype=float)
    if len(units) < 2 or not np.isfinite(own).all():
        return None
    return own, np.column_stack([k.loc[units].to_numpy(float) for k in logs])


def romano_wolf(estimates: ArrayLike, placebos: ArrayLike) -> Floats:
    """Return p-values adjusted by steps from the joint distribution of placebo estimates.

    Each outcome is scaled by the root mean square over donors and the treated
    unit together, so that all of them are scaled alike. The largest of the
    outcomes still in question is ranked among the donors' largest, the most
    extreme outcome first.

    Parameters
    ----------
    estimates : array_like of shape (outcomes,)
    placebos : array_like of shape (donors, outcomes)
        The same estimates for each donor as if it had been treated.

    Returns
    -------
    ndarray of shape (outcomes,)
        The chance of even one false claim is at most the level, where the
        treated unit is like any donor on the outcomes that were not moved.

    Raises
    ------
    NotEnough
        If there are no donors, or a number is missing.

    References
    ----------
    Romano, Wolf 2005, Econometrica 73:1237-1282; Westfall, Young 1993.
    """
    own, others = np.atleast_1d(np.asarray(estimates, dtype=float)), np.atleast_2d(np.asarray(placebos, dtype=float))
    if not own.size or others.shape[1:] != own.shape or not len(others) or not np.isfinite(own).all() or not np.isfinite(others).all():
        raise NotEnough(
            "Cần ước lượng giả dược của cùng các đơn vị so sánh cho mọi kết quả, không thiếu số nào. / "
            "Placebo estimates of the same donors are needed for all outcomes, none of them missing."
        )
    both = np.vstack([own, others])
    scale = np.sqrt((both**2).mean(0))
    sizes = np.abs(both) / np.where(scale > 0, scale, 1.0)
    order = np.argsort(-sizes[0], kind="stable")
    out, last = np.empty(len(own)), 0.0
    for k, place in enumerate(order):
        largest = sizes[:, order[k:]].max(1)
        last = max(last, float((largest >= sizes[0, place] * (1 - 1e-12)).mean()))
        out[place] = last
    return out
