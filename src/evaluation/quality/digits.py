"""Preference for last digits: figures that are estimated or made up end in 0 and 5 too often.

The last digits of honest counts that spread over several tens are nearly
uniform (Beber and Scacco 2012, Political Analysis 20: 211-234). Counts that
barely reach two digits are not: of 10 to 19, few are 19. The test therefore
compares with what a smooth distribution of the same figures would give (a
moving average over ten, which has no preference by construction), and finds
its p-value by drawing from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evaluation.language import Words
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

Numbers = npt.NDArray[np.float64]

LEAST, MOST = 10, 9_999
LEAST_FIGURES = 50
AT_ONCE = 200
ROUND_DIGITS = (0, 5)
_WINDOW = np.r_[0.05, np.full(9, 0.1), 0.05]  # eleven values centred, a whole period of ten

ESTIMAND = Words(
    "Tỷ lệ con số có chữ số cuối là 0 hoặc 5, trong các con số từ {least} trở lên",
    "Share of figures ending in 0 or 5, of figures from {least}",
)
METHOD = Words(
    "Kiểm định khi bình phương về chữ số cuối so với phân bố trơn của chính các con số, p bằng mô phỏng; khoảng Wilson.",
    "Chi-squared test of last digits against the smooth distribution of the same figures, p by simulation; Wilson interval.",
)
ASSUMPTIONS = (
    Words(
        "Các con số độc lập với nhau; số lặp lại qua các quý (như số cơ sở) làm p quá nhỏ.",
        "The figures are independent; figures that repeat over quarters (such as establishments) make p too small.",
    ),
    Words(
        "Các con số trải ra trên nhiều chục; với số chụm quanh một mức (độ lệch chuẩn dưới 5), p quá nhỏ.",
        "The figures spread over several tens; where they crowd round one level (standard deviation under 5), p is too small.",
    ),
    Words(
        "Không có lý do chính đáng để làm tròn: bao cao su cấp theo hộp, lớp học theo chỉ tiêu có thể tròn mà vẫn đúng.",
        "Nothing rounds by right: condoms given by the box or courses by quota may be round and true.",
    ),
    Words(
        "Chữ số ưa thích là lý do để hỏi, không phải bằng chứng làm giả số liệu.",
        "A preferred digit is a reason to ask, no proof that figures were made up.",
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitPreference(Result):
    """Last digits of a set of figures.

    Attributes
    ----------
    counts, expected : tuple of float
        Figures by last digit 0 to 9, and how many a smooth distribution gives.
    statistic, p_value : float or None
        Chi-squared statistic and its p-value by simulation; None with fewer
        than 50 figures.
    """

    counts: tuple[float, ...]
    expected: tuple[float, ...]
    statistic: float | None
    p_value: float | None

    def to_frame(self) -> pd.DataFrame:
        """Return digit, count, expected and residual (Pearson's), one row a digit."""
        import pandas as pd

        counts, expected = np.array(self.counts), np.array(self.expected)
        residual = np.divide(counts - expected, np.sqrt(expected), out=np.full(10, np.nan), where=expected > 0)
        return pd.DataFrame({"digit": range(10), "count": counts.astype(int), "expected": expected, "residual": residual})


def digit_preference(values: Iterable[float], least: int = LEAST, draws: int = 1_999, seed: int = 2234) -> DigitPreference:
    """Test whether figures prefer some last digits.

    Parameters
    ----------
    values : iterable of float
        Whole, non-negative counts; NaN is left out. Figures above 9,999 are
        left out too.
    least : int
        Smallest figure whose last digit is looked at.
    draws : int
        Simulated sets of figures behind the p-value.
    seed : int

    Returns
    -------
    DigitPreference
        `estimate` is the share of figures ending in 0 or 5 (about 0.2 where
        none is preferred; `diagnostics["expected"]` says what a smooth
        distribution gives), with `n` and a 95% interval. `diagnostics` holds
        p_uniform, the textbook test against equal shares, for comparison.

    Raises
    ------
    ValueError
        If a figure is negative or not whole.
    """
    from scipy.stats import chisquare
    from statsmodels.stats.proportion import proportion_confint

    raw = np.asarray(list(values), dtype=float)
    raw = raw[np.isfinite(raw)]
    if ((raw < 0) | (raw != np.round(raw))).any():
        raise ValueError("con số phải là số đếm / figures must be whole and not negative")
    spread = np.bincount(raw[raw <= MOST].astype(int), minlength=least + 11).astype(float)[None, :]
    smooth = _smooth(spread)
    counts, expected = (side[0] for side in _by_digit(spread, smooth, least))
    n = int(counts.sum())
    statistic = p_value = p_uniform = None
    if n >= LEAST_FIGURES:
        statistic = float(_chi_squared(counts[None, :], expected[None, :])[0])
        simulated = _simulated(smooth[0], int(spread.sum()), least, draws, seed)
        p_value = float((1 + (simulated >= statistic - 1e-9).sum()) / (draws + 1))
        p_uniform = float(chisquare(counts).pvalue)
    rounded = int(counts[list(ROUND_DIGITS)].sum())
    low, high = (float(x) for x in proportion_confint(rounded, n, method="wilson")) if n else (None, None)
    diagnostics: Mapping[str, float | None] = {
        "expected": float(expected[list(ROUND_DIGITS)].sum() / n) if n else None,
        "p_uniform": p_uniform,
        "left_out_above": float((raw > MOST).sum()),
    }
    return DigitPreference(
        estimand=Words(*(text.format(least=least) for text in (ESTIMAND.vi, ESTIMAND.en))),
        method=METHOD,
        estimate=rounded / n if n else None,
        low=low,
        high=high,
        n=n,
        unit="share",
        assumptions=ASSUMPTIONS,
        diagnostics=diagnostics,
        counts=tuple(counts),
        expected=tuple(expected),
        statistic=statistic,
        p_value=p_value,
    )


def _simulated(smooth: Numbers, n: int, least: int, draws: int, seed: int) -> Numbers:
    """Return the statistics of sets of n figures drawn from the smooth distribution, some hundred at a time to spare memory."""
    rng = np.random.default_rng(seed)
    found = []
    for size in [AT_ONCE] * (draws // AT_ONCE) + [draws % AT_ONCE]:
        drawn = rng.multinomial(n, smooth / smooth.sum(), size=size).astype(float)
        found.append(_chi_squared(*_by_digit(drawn, _smooth(drawn), least)))
    return np.concatenate(found)


def _smooth(spread: Numbers) -> Numbers:
    """Return each row's moving average over ten neighbouring figures; what falls off below zero comes back."""
    from scipy.ndimage import convolve1d

    return np.asarray(convolve1d(spread, _WINDOW, axis=1, mode="reflect"))


def _by_digit(spread: Numbers, smooth: Numbers, least: int) -> tuple[Numbers, Numbers]:
    """Return observed and smooth figures by last digit, of the same total, rows x 10."""
    digit = np.arange(spread.shape[1]) % 10
    member = np.zeros((spread.shape[1], 10))
    member[np.arange(least, spread.shape[1]), digit[least:]] = 1
    observed, expected = spread @ member, smooth @ member
    total = expected.sum(axis=1, keepdims=True)
    scale = np.divide(observed.sum(axis=1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)
    return observed, expected * scale


def _chi_squared(observed: Numbers, expected: Numbers) -> Numbers:
    """Return Pearson's statistic of each row."""
    return np.asarray(np.divide((observed - expected) ** 2, expected, out=np.zeros_like(expected), where=expected > 0).sum(axis=1))
