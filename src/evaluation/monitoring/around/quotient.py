"""The arithmetic of displacement: gross and net effects, the quotient with Fieller's interval, and the difference.

References
----------
Bowers, Johnson 2003 (J. Quantitative Criminology 19:275): the weighted displacement quotient. Guerette 2009 (Center for
Problem-Oriented Policing, Tool Guide 10, appendices B and C): net effects and reading rules. Wheeler, Ratcliffe 2018
(Crime Science 7:11): the weighted displacement difference. Fieller 1954 (J. Royal Statistical Society B 16:175).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.language import Words
from evaluation.monitoring.given_numbers import between_0_and_1, single
from evaluation.results import Result

_Floats = NDArray[np.float64]
Pair = tuple[float, float]


@dataclass(frozen=True)
class Measures:
    """The published measures of counts before and after, with their published signs.

    Attributes
    ----------
    gross_effect : float
        Unit before less unit after: positive is a fall.
    net_effect : float
        The same over the control's counts.
    success : float
        Denominator of the quotient, unit over control after less before: negative is a fall beyond the control's.
    buffer : float
        Numerator, the same of the buffer.
    quotient : float or None
        Weighted displacement quotient; None where the denominator is zero.
    total_net_effect : float
        What was expected by the control's change less what was seen, over unit and buffer: positive is a fall.
    """

    gross_effect: float
    net_effect: float
    success: float
    buffer: float
    quotient: float | None
    total_net_effect: float


def measures(unit: Pair, buffer: Pair, control: Pair) -> Measures:
    """Return gross, net and total effects and the weighted displacement quotient of three areas' counts.

    Parameters
    ----------
    unit, buffer, control : pair of float
        Counts before and after.

    Raises
    ------
    ValueError
        If a count is negative or the control counted none on a side.

    References
    ----------
    Bowers, Johnson 2003; Guerette 2009, appendix B.
    """
    (a0, a1), (b0, b1), (c0, c1) = (_pair(x) for x in (unit, buffer, control))
    check_totals([a0, a1, b0, b1], [c0, c1])
    success, around = a1 / c1 - a0 / c0, b1 / c1 - b0 / c0
    return Measures(
        gross_effect=a0 - a1,
        net_effect=a0 / c0 - a1 / c1,
        success=success,
        buffer=around,
        quotient=around / success if success else None,
        total_net_effect=(a0 * c1 / c0 - a1) + (b0 * c1 / c0 - b1),
    )


def category(quotient: float) -> str:
    """Return the published reading of a quotient where the unit's count fell.

    Returns
    -------
    {"diffusion_above", "diffusion", "none", "displacement", "displacement_above"}
        Diffusion above (quotient over 1) or up to the direct effect, none (0),
        displacement less than the direct effect or (from -1 down) as large or larger.

    Raises
    ------
    ValueError
        If it is no finite number.

    References
    ----------
    Guerette 2009, appendix C.
    """
    quotient = single(quotient, "quotient")
    if quotient > 0:
        return "diffusion_above" if quotient > 1 else "diffusion"
    return "none" if quotient == 0 else "displacement" if quotient > -1 else "displacement_above"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class DisplacementDifference(Result):
    """Counts beyond the controls' change, at the place, near it and in both; the estimate is that of both.

    Attributes
    ----------
    local, near : float
        Change at the place less its control's, and the same of the area near it.
    error : float
        Standard error of the estimate.
    z : float
    """

    local: float
    near: float
    error: float
    z: float


def displacement_difference(
    unit: Pair,
    control: Pair,
    near: Pair = (0.0, 0.0),
    near_control: Pair = (0.0, 0.0),
    *,
    dispersion: float = 1.0,
    level: float = 0.95,
) -> DisplacementDifference:
    """Return the weighted displacement difference: a count with a standard error, where a quotient would divide by almost nothing.

    Parameters
    ----------
    unit, control, near, near_control : pair of float
        Counts before and after, of windows of one length, in the place, in a control of its size, in the area near the
        place and in a control of that area's size.
    dispersion : float
        Variance of the counts over that of chance alone, at least 1.
    level : float

    Raises
    ------
    ValueError
        If a count is negative, all are zero, or the dispersion is below 1.

    Notes
    -----
    The normal interval stands on Poisson counts of some size: below about five a cell it is rough.
    """
    between_0_and_1(level)
    unit, control, near, near_control = (_pair(x) for x in (unit, control, near, near_control))
    check_totals([*unit, *control, *near, *near_control], [1.0])
    counted = sum((*unit, *control, *near, *near_control))
    dispersion = single(dispersion, "dispersion")
    if counted == 0 or dispersion < 1:
        raise ValueError(
            "Cần ít nhất một số đếm khác 0 và dispersion từ 1 trở lên. / "
            "At least one count above 0 and a dispersion of 1 or more are needed."
        )
    local = (unit[1] - unit[0]) - (control[1] - control[0])
    beside = (near[1] - near[0]) - (near_control[1] - near_control[0])
    error = float(np.sqrt(dispersion * counted))
    half = float(stats.norm.ppf((1 + level) / 2)) * error
    return DisplacementDifference(
        estimand=Words(
            "Số đếm thay đổi tại nơi đó và xung quanh, ngoài thay đổi của các vùng đối chứng",
            "Change of counts at the place and near it beyond that of the controls",
        ),
        method=Words(
            "Hiệu số dịch chuyển có trọng số (Wheeler và Ratcliffe 2018).", "Weighted displacement difference (Wheeler and Ratcliffe 2018)."
        ),
        estimate=local + beside,
        low=local + beside - half,
        high=local + beside + half,
        level=level,
        n=round(counted),
        unit="count",
        assumptions=(
            Words(
                "Nếu không có thay đổi tại nơi đó, số đếm của mỗi vùng đã tăng, giảm cùng số lượng với vùng đối chứng của nó.",
                "Without the change at the place, each area would have moved by as many counts as its control.",
            ),
        ),
        diagnostics={"dispersion": dispersion},
        local=local,
        near=beside,
        error=error,
        z=(local + beside) / error,
    )


def fieller(numerator: _Floats, denominator: _Floats, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a ratio of means from joint draws of both: the q for which numerator - q x denominator holds zero.

    Parameters
    ----------
    numerator, denominator : ndarray
        Draws, of one shape; the denominator's interval must not hold zero.
    level : float

    Returns
    -------
    (low, high)
        Infinite on a side where no value of the ratio can be left out.

    References
    ----------
    Fieller 1954 (J. Royal Statistical Society B 16:175).
    """
    middle, tail = float(np.median(numerator) / np.median(denominator)), (1 - level) / 2
    sign = np.sign(np.median(denominator))
    scale = max(abs(middle), float(np.std(numerator) / abs(np.median(denominator))), 1e-12)

    def below(q: float) -> float:
        """Share of draws in which the ratio lies below q: rises with q."""
        return float(np.mean(sign * (numerator - q * denominator) < 0))

    def end(way: float, target: float) -> float:
        step = scale
        while (below(middle + way * step) < target) if way > 0 else (below(middle + way * step) > target):
            step *= 2
            if step > 1e9 * scale:
                return float(way * np.inf)
        inside, outside = 0.0, step
        for _ in range(60):
            half = (inside + outside) / 2
            reached = below(middle + way * half)
            inside, outside = (half, outside) if (reached < target if way > 0 else reached > target) else (inside, half)
        return middle + way * outside

    return end(-1.0, tail), end(1.0, 1 - tail)


def _pair(counts: Pair) -> Pair:
    before, after = counts
    return single(before, "before"), single(after, "after")


def check_totals(counts: list[float], control: list[float]) -> None:
    """Raise a ValueError if a count is missing or negative, or the control counted none on a side."""
    if any(not np.isfinite(x) or x < 0 for x in (*counts, *control)):
        raise ValueError("Số đếm phải hữu hạn và không âm. / Counts must be finite and not negative.")
    if min(control) == 0:
        raise ValueError(
            "Vùng đối chứng có tổng bằng 0 ở một giai đoạn, không thể chia; hãy chọn vùng hoặc giai đoạn rộng hơn. / "
            "The control counted none on one side and cannot be divided by; choose a wider control or window."
        )
