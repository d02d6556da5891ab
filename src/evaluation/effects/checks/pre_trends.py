"""Trends before the start: the test, what it could have seen, and what it leaves behind where it sees nothing.

References
----------
Roth 2022, American Economic Review: Insights 4:305-322.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats

from evaluation.effects.checks.basis import said
from evaluation.effects.checks.event_course import EventCourse
from evaluation.effects.checks.normal_box import normal_box
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS, Check
from evaluation.effects.matrix import Floats
from evaluation.language import Words, number
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

POWERS = (0.5, 0.8)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PreTrends(Result):
    """The test of trends before the start with its power; `estimate` is the steady trend that it sees with 80 % power, a period.

    On the scale of the design: logs of a ratio where it works in logs.

    Attributes
    ----------
    frame : DataFrame
        time, estimate, standard_error, low, high (pointwise), before (bool);
        the reference with an estimate of 0 and no interval.
    p_value : float
        Of no difference before the start, jointly: by rank among the donors'
        own courses where there are any, else chi-square.
    smallest_p : float
    any_significant : bool
        Whether a single coefficient before the start is (the usual look at the picture).
    power : DataFrame
        power, slope (a period), bias (mean after the start that such a trend
        gives), bias_passed (the same given that the test saw nothing).
    effect : float
        Mean of the coefficients after the start.
    reference : int
    logs : bool
    measure : str
    outcome_label, unit_label : Words
    synthetic : bool
    source : Words
    """

    frame: pd.DataFrame = field(compare=False)
    p_value: float
    smallest_p: float
    any_significant: bool
    power: pd.DataFrame = field(compare=False)
    effect: float
    reference: int
    logs: bool
    measure: str
    outcome_label: Words
    unit_label: Words
    synthetic: bool = False
    source: Words = field(default_factory=lambda: Words("", ""))

    @property
    def unseen(self) -> float:
        """Mean after the start of a steady trend that the test misses in one of five cases, given that it was missed."""
        return float(self.power["bias_passed"].iloc[-1])

    def said(self, x: float, language: str) -> str:
        """Write a value of the design's scale: a ratio where it is a log."""
        return said(x, self.logs, self.measure, language)

    def summary(self, language: str | None = None) -> str:
        """Return the test's p-value and the trend that it could have seen, in one sentence."""
        speak = language or "en"
        slope, unseen, effect = (self.said(x, speak) for x in (self.estimate or 0.0, self.unseen, self.effect))
        kind = Words("lần mỗi kỳ", "times a period")[speak] if self.logs else Words("mỗi kỳ", "a period")[speak]
        return Words(
            "Trước khi bắt đầu, kiểm định chung cho p = {p}; phép thử phát hiện được với lực 80% một xu thế đều {slope} {kind}, "
            "mà nếu bị bỏ sót thì riêng nó đã cho {unseen} sau khi bắt đầu (trung bình sau khi bắt đầu so với kỳ liền trước: {effect})",
            "Before the start the joint test gives p = {p}; it would see with 80% power a steady trend of {slope} {kind}, "
            "which if missed would alone give {unseen} after the start (mean after the start against the period before it: {effect})",
        )[speak].format(p=number(self.p_value, speak, 3), slope=slope, kind=kind, unseen=unseen, effect=effect)

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients by time."""
        return self.frame.copy()

    def check(self) -> Check:
        """Return the verdict.

        Failed where the joint test rejects; doubtful where a trend that the
        test misses in one of five cases would alone give as much as the estimate.
        """
        told = self.p_value <= round(1 - self.level, 9)
        verdict = FAILS if told else DOUBTFUL if abs(self.unseen) >= abs(self.effect) else HOLDS
        return Check("pre_trends", verdict, self.p_value, Words(self.summary("vi"), self.summary("en")))


def power_of(slope: float, since: Floats, sigma: Floats, level: float = 0.95) -> tuple[float, Floats]:
    """Return how often a steady trend makes any coefficient before the start significant, and the coefficients' mean where none is.

    Parameters
    ----------
    slope : float
        A period.
    since : ndarray of shape (k,)
        Times of the coefficients before the start, from the reference.
    sigma : ndarray of shape (k, k)
    level : float
    """
    half = stats.norm.ppf(0.5 + level / 2) * np.sqrt(np.diag(sigma))
    passed, inside = normal_box(slope * since, sigma, -half, half)
    return 1 - passed, inside


def slope_for_power(power: float, since: Floats, sigma: Floats, level: float = 0.95) -> float:
    """Return the steady trend, a period, that makes any coefficient before the start significant that often.

    Parameters
    ----------
    power : float
        Above the share of false alarms of the look itself.
    since, sigma, level
        As in `power_of`.

    Raises
    ------
    ValueError
        If nothing happening is called a trend that often already.
    """
    least = power_of(0.0, since, sigma, level)[0]
    if not least < power < 1:
        raise ValueError(
            f"power={power}: phải nằm giữa tỷ lệ báo động nhầm {least:.3f} và 1. / "
            f"it must lie between the false-alarm rate {least:.3f} and 1."
        )
    reach = float((np.sqrt(np.diag(sigma)) / np.abs(since)).min())
    high = 5 * reach
    while power_of(high, since, sigma, level)[0] < power:
        high *= 2
    return float(optimize.brentq(lambda x: power_of(x, since, sigma, level)[0] - power, 0.0, high, xtol=1e-10 * reach))


def after_passing(slope: float, course: EventCourse, level: float = 0.95) -> Floats:
    """Return the mean of the coefficients after the start under a steady trend that the test did not see.

    Parameters
    ----------
    slope : float
    course : EventCourse
    level : float

    Returns
    -------
    ndarray of shape (times after,)
    """
    b, a = course.before, course.after
    since = course.since.astype(float)
    within = course.sigma[np.ix_(b, b)]
    _, inside = power_of(slope, since[b], within, level)
    moved = course.sigma[np.ix_(a, b)] @ np.linalg.solve(within, inside - slope * since[b])
    return np.asarray(slope * since[a] + moved)


def pre_trends(
    course: EventCourse,
    *,
    outcome_label: Words,
    unit_label: Words,
    level: float = 0.95,
    synthetic: bool = False,
    source: Words | None = None,
) -> PreTrends:
    """Test for trends before the start and say what the test could have seen.

    Parameters
    ----------
    course : EventCourse
    outcome_label, unit_label : Words
    level : float
    synthetic : bool
    source : Words, optional

    Notes
    -----
    The power and what is left after passing take the coefficients as normal
    with the covariance of the course (Roth 2022). The p-value does not where
    donors' courses are at hand: it is the rank of the Wald statistic among
    theirs (`joint_p`).
    """
    b, a = course.before, course.after
    within = course.sigma[np.ix_(b, b)]
    p, smallest = joint_p(course)
    error = np.sqrt(np.diag(course.sigma))
    z = stats.norm.ppf(0.5 + level / 2)
    rows = []
    for power in POWERS:
        slope = slope_for_power(power, course.since[b].astype(float), within, level)
        passed = after_passing(slope, course, level)
        rows.append((power, slope, float(slope * course.since[a].mean()), float(passed.mean())))
    import pandas as pd

    frame = pd.DataFrame(
        {
            "time": course.times,
            "estimate": course.beta,
            "standard_error": error,
            "low": course.beta - z * error,
            "high": course.beta + z * error,
            "before": b,
        }
    )
    zero = pd.DataFrame([{"time": course.reference, "estimate": 0.0, "before": True}]).reindex(columns=frame.columns)
    frame = pd.concat([frame, zero.astype(frame.dtypes.to_dict())], ignore_index=True).sort_values("time", ignore_index=True)
    return PreTrends(
        estimand=Words(
            f"{outcome_label.vi}, {unit_label.vi}: xu thế trước khi bắt đầu so với các đơn vị so sánh",
            f"{outcome_label.en}, {unit_label.en}: trend before the start against the donors",
        ),
        method=Words(
            f"Kiểm định xu thế trước và lực của nó (Roth 2022); {course.said.vi}.",
            f"Test of trends before the start with its power (Roth 2022); {course.said.en}.",
        ),
        estimate=rows[-1][1],
        level=level,
        n=int(b.sum()),
        unit="log ratio a period" if course.logs else "a period",
        assumptions=(
            Words(
                "Các hệ số dao động theo phân phối chuẩn với hiệp phương sai đã nêu.",
                "The coefficients scatter normally with the covariance that is named.",
            ),
        ),
        diagnostics={"donors": len(course.placebos), "reference": course.reference},
        frame=frame,
        p_value=p,
        smallest_p=smallest,
        any_significant=bool((np.abs(course.beta[b]) > z * error[b]).any()),
        power=pd.DataFrame(rows, columns=["power", "slope", "bias", "bias_passed"]),
        effect=float(course.beta[a].mean()),
        reference=course.reference,
        logs=course.logs,
        measure=course.measure,
        outcome_label=outcome_label,
        unit_label=unit_label,
        synthetic=synthetic,
        source=source or Words("", ""),
    )


def joint_p(course: EventCourse) -> tuple[float, float]:
    """Return the joint p-value of the coefficients before the start and the smallest that it could be.

    Notes
    -----
    Among donors the Wald statistic takes the covariance and the mean of the
    donors' courses and the treated unit's together: with the donors' alone
    every donor would lie nearer to them than a newcomer, and the test would
    reject far too often.
    """
    b = course.before
    m = len(course.placebos)
    if not m:
        own = course.beta[b]
        return float(stats.chi2.sf(own @ np.linalg.pinv(course.sigma[np.ix_(b, b)]) @ own, int(b.sum()))), 0.0
    rows = np.vstack([course.beta[b], course.placebos[:, b]])
    rows = rows - rows.mean(axis=0)
    sizes = np.einsum("ij,jk,ik->i", rows, np.linalg.pinv(rows.T @ rows / m), rows)
    return float((sizes >= sizes[0] * (1 - 1e-12)).sum() / (m + 1)), 1 / (m + 1)
