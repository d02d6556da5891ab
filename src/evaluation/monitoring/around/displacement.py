"""Whether a change at a place was followed by one around it: displacement, diffusion and the total over both.

Counts tell what was seen where. They never tell whether the same people moved:
every sentence here says "seen elsewhere" and no more.

References
----------
Bowers, Johnson 2003 (J. Quantitative Criminology 19:275): the weighted displacement quotient. Guerette 2009 (Center for
Problem-Oriented Policing, Tool Guide 10, appendices B and C): net effects and reading rules. Wheeler, Ratcliffe 2018
(Crime Science 7:11): the weighted displacement difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.language import Words, number, number_span
from evaluation.monitoring.around.quotient import Measures, check_totals, fieller, measures
from evaluation.monitoring.around.rings import CONTROL, RING1, RING2, UNIT, Rings
from evaluation.monitoring.rates.intervals import rate_ratio_exact
from evaluation.monitoring.series import PROPORTION, CountSeries
from evaluation.periods import said_period
from evaluation.places import within_sentence
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

_Floats = NDArray[np.float64]

CANNOT_TELL, UNSEEN, SAME_WAY, OPPOSITE_WAY, NOT_ATTRIBUTED = "cannot_tell", "unseen", "same_way", "opposite_way", "not_attributed"
READINGS = {
    CANNOT_TELL: Words(
        "không kết luận được, vì thay đổi tại chính nơi đó chưa phân biệt được với ngẫu nhiên",
        "it cannot be told, since the change at the place itself cannot be told from chance",
    ),
    UNSEEN: Words("không thấy thay đổi nào ở các nơi xung quanh ngoài mức ngẫu nhiên", "no change beyond chance was seen around it"),
    SAME_WAY: Words("xung quanh cũng thay đổi cùng chiều (lan tỏa)", "the surroundings changed the same way (diffusion)"),
    OPPOSITE_WAY: Words("xung quanh thay đổi ngược chiều (dịch chuyển)", "the surroundings changed the opposite way (displacement)"),
    NOT_ATTRIBUTED: Words(
        "nơi đó không thay đổi theo chiều mong muốn, nên không thể quy thay đổi xung quanh cho nó",
        "the place did not change for the better, so nothing around it can be put down to it",
    ),
}
# Of context there is no better and no worse: only the way of the change is said.
PLAIN_READINGS = {
    SAME_WAY: Words("xung quanh thay đổi cùng chiều", "the surroundings changed the same way"),
    OPPOSITE_WAY: Words("xung quanh thay đổi ngược chiều", "the surroundings changed the opposite way"),
}
ELSEWHERE = Words(
    "Chỉ cho biết số liệu thấy ở nơi khác, không cho biết có phải cùng những người đó hay không.",
    "This shows what was seen elsewhere, not whether the same people moved.",
)
_ASSUMPTIONS = (
    ELSEWHERE,
    Words(
        "Nếu không có thay đổi tại nơi đó, cả nó và vùng xung quanh đã thay đổi theo cùng tỷ lệ với vùng đối chứng.",
        "Without the change at the place, it and its surroundings would have changed in proportion to the control.",
    ),
    Words("Vùng xung quanh không chịu tác động riêng nào khác cùng lúc.", "Nothing else of its own happened around it at the same time."),
    Words("Vùng đối chứng không bị ảnh hưởng.", "The control was not touched."),
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Displacement(Result):
    """What changed at a place and around it against the control; the estimate is the quotient, where it can be told.

    Attributes
    ----------
    reading : {"cannot_tell", "unseen", "same_way", "opposite_way", "not_attributed"}
    label, place : Words
    direction : {"up", "down", "context"}
    before, after : tuple of str
        First and last period of each window.
    buffer : {"ring1", "ring2", "both"}
    success, success_low, success_high : float
        Unit over control, after less before.
    around, around_low, around_high : float
        The same of the buffer.
    total, total_low, total_high : float
        Counts seen over unit and buffer beyond what the control's change led to expect: positive is more.
    dispersion : float
        Variance of the areas' counts over that of chance alone, at least 1.
    frame : DataFrame
        area ("unit", "ring1", "ring2", "control"), n_units, before, after (counts), ratio, low, high (after over
        before; NaN where nothing was counted before), pairs, pairs_all (unit quarters used, of all).
    synthetic : bool
    """

    reading: str
    label: Words
    place: Words
    direction: str
    before: tuple[str, str]
    after: tuple[str, str]
    buffer: str
    success: float
    success_low: float
    success_high: float
    around: float
    around_low: float
    around_high: float
    total: float
    total_low: float
    total_high: float
    dispersion: float
    frame: pd.DataFrame = field(compare=False)
    synthetic: bool = False

    def summary(self, language: str | None = None) -> str:
        """Return the reading as one sentence, which says that only what is seen elsewhere can be measured."""
        speak = language or "en"
        plain = PLAIN_READINGS if self.direction == "context" else {}
        said = (plain.get(self.reading) or READINGS[self.reading])[speak]
        if self.estimate is not None and self.low is not None and self.high is not None:
            ends = number_span(self.low, self.high, speak, 2)
            name = Words("thương số dịch chuyển", "displacement quotient")[speak]
            said += f" ({name} {number(self.estimate, speak, 2)}, {ends})"
        template = Words(
            "{label}, {place}, từ {start} so với trước đó và với vùng đối chứng: {said}; chỉ biết số liệu thấy ở nơi khác, "
            "không biết có phải cùng những người đó hay không.",
            "{label}, {place}, from {start} against before and against the control: {said}; what is seen elsewhere need not be "
            "the same people.",
        )
        start = said_period(self.after[0], speak, inside=True)
        return template[speak].format(label=self.label[speak], place=within_sentence(self.place)[speak], start=start, said=said)

    def to_frame(self) -> pd.DataFrame:
        """Return the four areas with their counts and ratios."""
        return self.frame.copy()


def displacement(
    series: CountSeries,
    around: Rings,
    start: str,
    *,
    window: int | None = None,
    leave_out: int = 0,
    buffer: str = RING1,
    weighting: str = "equal",
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Displacement:
    """Compare a place with its rings and the control before and after a start.

    Parameters
    ----------
    series : CountSeries
        Counts (or counts with residents) of wards or districts.
    around : Rings
        Of `monitoring.around.rings.rings`.
    start : str
        First period with the change.
    window : int, optional
        Periods on each side; the longest run of whole years that both sides
        have where left out, so that the season is the same on both.
    leave_out : int
        Periods left out just before the start (preparation, anticipation).
    buffer : {"ring1", "ring2", "both"}
        What the quotient's numerator is made of; all rings are in the frame.
    weighting : {"equal", "border"}
        Whether the wards of ring 1 count alike or by the metres of border
        that they share with the unit (mean weight 1). "border" needs wards and `buffer="ring1"`.
    level : float
    draws : int
        Simulated sets of counts.
    seed : int

    Returns
    -------
    Displacement
        `estimate` is None where the interval of the unit's own change holds zero: a quotient over it has no meaning.

    Notes
    -----
    A unit's period is used only if the period as far into the other window is
    reported too: a missing report is no zero and cannot become a change.
    Intervals come from draws of each area's mean count given what was counted
    (gamma, prior weight one half), with the variance that the areas' periods
    show beyond their common movement, itself uncertain (scaled chi-square).
    The quotient's interval holds the values q for which numerator -
    q x denominator cannot be told from zero (Fieller), by the same draws.
    Where nothing happens and the quotient is told by chance all the same, its
    interval holds the truth less often than `level`: read the reading first.

    Raises
    ------
    ValueError
        For shares, an unknown option, too few periods, areas without any
        report on both sides, or a control that counted none.
    """
    _check_options(series, buffer, weighting, around, level)
    here = windows(series, start, window, leave_out)
    areas = {a: _paired(series, around.of(a), here) for a in (UNIT, RING1, RING2, CONTROL)}
    inner = {RING1: [RING1], RING2: [RING2], "both": [RING1, RING2]}[buffer]
    for name in (UNIT, CONTROL, *inner):
        if not areas[name].pairs:
            raise ValueError(
                f"Vùng {name} không có báo cáo nào ở cả hai giai đoạn. / The area {name} has no report on both sides of the start."
            )
    lengths = np.array([around.border_m.get(u, 0) for u in around.ring1], dtype=float)
    weights = lengths / lengths.mean() if weighting == "border" else np.ones(sum(len(around.of(a)) for a in inner))
    dispersion, degrees = common_dispersion([areas[a] for a in (UNIT, *inner, CONTROL)])
    a, c = (_Total.of(areas[n].totals, None) for n in (UNIT, CONTROL))
    b = _Total.of(np.concatenate([areas[n].totals for n in inner]), weights)
    check_totals([], list(c.mean))
    rng = np.random.default_rng(seed)
    spread = np.full(draws, dispersion)
    if dispersion > 1:
        spread = np.maximum(1.0, dispersion * degrees / rng.chisquare(degrees, draws))
    simulated = [t.drawn(spread, rng) for t in (a, b, c)]
    point = measures((a.mean[0], a.mean[1]), (b.mean[0], b.mean[1]), (c.mean[0], c.mean[1]))
    drawn = _contrasts(*simulated)
    success, buffered, total = (_ends(x, level) for x in drawn)
    low, high = fieller(drawn[1], drawn[0], level) if success[0] * success[1] > 0 else (None, None)
    reading = _reading(point, success, buffered, series.direction)
    place = series.name(around.unit[0]) if len(around.unit) == 1 else Words(f"{len(around.unit)} nơi", f"{len(around.unit)} places")
    return Displacement(
        estimand=Words(
            f"{series.label.vi}: thay đổi xung quanh so với thay đổi tại {within_sentence(place).vi}, trừ thay đổi của vùng đối chứng",
            f"{series.label.en}: change around {place.en} relative to its own, net of the control",
        ),
        method=Words(
            "Thương số dịch chuyển có trọng số (Bowers và Johnson 2003), khoảng tin cậy bằng mô phỏng theo Fieller.",
            "Weighted displacement quotient (Bowers and Johnson 2003), interval by simulation after Fieller.",
        ),
        estimate=None if low is None else point.quotient,
        low=low,
        high=high,
        level=level,
        n=sum(x.pairs for x in areas.values()),
        unit="quotient",
        assumptions=_ASSUMPTIONS,
        diagnostics={
            "whole_years": here.width % series.season == 0,
            "weighting": weighting,
            "window": here.width,
            "draws": draws,
            "degrees": degrees,
        },
        reading=reading,
        label=series.label,
        place=place,
        direction=series.direction,
        before=(series.periods[here.before], series.periods[here.before + here.width - 1]),
        after=(series.periods[here.after], series.periods[here.after + here.width - 1]),
        buffer=buffer,
        success=point.success,
        success_low=success[0],
        success_high=success[1],
        around=point.buffer,
        around_low=buffered[0],
        around_high=buffered[1],
        total=-point.total_net_effect,
        total_low=total[0],
        total_high=total[1],
        dispersion=dispersion,
        frame=_frame(areas, dispersion, level),
        synthetic=series.synthetic,
    )


@dataclass(frozen=True, eq=False)
class Paired:
    """An area's counts in both windows where both are reported.

    Attributes
    ----------
    counts : ndarray
        units x 2 x periods; NaN where either of the pair is missing.
    """

    counts: _Floats

    @property
    def totals(self) -> _Floats:
        """Counts, units x 2."""
        return np.asarray(np.nansum(self.counts, axis=2))

    @property
    def pairs(self) -> int:
        """How many pairs are reported."""
        return int(np.isfinite(self.counts[:, 0]).sum())


def common_dispersion(areas: Sequence[Paired]) -> tuple[float, int]:
    """Return the variance of areas' counts by period over that of chance, around their common movement, and its degrees of freedom.

    Parameters
    ----------
    areas : sequence of Paired
        With one number of periods; areas without any pair are passed over.

    Notes
    -----
    In each window an area's count is expected to be the product of its level
    and the period's common movement, by how much of its usual count is
    reported (iterated until margins agree); Pearson's statistic over its
    degrees of freedom, at least 1. 1 where there are none.
    """
    used = [a for a in areas if a.pairs]
    chi, degrees = 0.0, 0
    for side in (0, 1):
        seen = np.stack([np.nansum(a.counts[:, side], axis=0) for a in used])
        usual = np.stack([_usual(a.counts) for a in used])
        fit = _two_way(seen, usual)
        known = fit > 0
        chi += float(((seen - fit)[known] ** 2 / fit[known]).sum())
        rows, columns = int(known.any(axis=1).sum()), int(known.any(axis=0).sum())
        degrees += max(0, int(known.sum()) - rows - columns + 1)
    return (max(1.0, chi / degrees), degrees) if degrees else (1.0, 0)


def _usual(counts: _Floats) -> _Floats:
    """Return per period what the reporting units of an area count on average over both windows."""
    known = np.isfinite(counts[:, 0])
    means = np.nansum(counts, axis=(1, 2)) / np.maximum(2 * known.sum(axis=1), 1)
    return np.asarray((known * means[:, None]).sum(axis=0))


def _two_way(seen: _Floats, usual: _Floats) -> _Floats:
    """Return expected counts with the margins of those seen, in proportion to what is usual."""
    fit = np.where(seen.sum(axis=1, keepdims=True) > 0, usual, 0.0)
    for _ in range(50):
        for axis in (1, 0):
            wanted, had = seen.sum(axis=axis, keepdims=True), fit.sum(axis=axis, keepdims=True)
            fit = fit * np.divide(wanted, had, out=np.zeros_like(had), where=had > 0)
    return fit


@dataclass(frozen=True)
class Window:
    """Places of the first periods of two windows, and their length.

    Attributes
    ----------
    before, after, width : int
    """

    before: int
    after: int
    width: int


@dataclass(frozen=True, eq=False)
class _Total:
    """A weighted total before and after, with the weight that one event carries in its variance."""

    mean: _Floats
    event: _Floats

    @classmethod
    def of(cls, totals: _Floats, weights: _Floats | None) -> _Total:
        w = np.ones(len(totals)) if weights is None else weights
        mean, second = w @ totals, (w**2) @ totals
        typical = float((w**2).mean() / w.mean())
        return cls(mean, np.divide(second, mean, out=np.full(2, typical), where=mean > 0))

    def drawn(self, dispersion: _Floats, rng: np.random.Generator) -> _Floats:
        """Return draws x 2 of the means that these counts leave, one for each dispersion."""
        scale = dispersion[:, None] * self.event
        return np.asarray(scale * rng.gamma(self.mean / scale + 0.5))


def _contrasts(a: _Floats, b: _Floats, c: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    """Return draws of the success measure, of the buffer measure and of the total beyond expectation."""
    growth = c[:, 1] / c[:, 0]
    success, around = a[:, 1] / c[:, 1] - a[:, 0] / c[:, 0], b[:, 1] / c[:, 1] - b[:, 0] / c[:, 0]
    return success, around, a[:, 1] + b[:, 1] - (a[:, 0] + b[:, 0]) * growth


def _ends(drawn: _Floats, level: float) -> tuple[float, float]:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _reading(point: Measures, success: tuple[float, float], around: tuple[float, float], direction: str) -> str:
    if success[0] * success[1] <= 0:
        return CANNOT_TELL
    wanted = {"up": 1.0, "down": -1.0}.get(direction)
    if wanted is not None and point.success * wanted < 0:
        return NOT_ATTRIBUTED
    if around[0] * around[1] <= 0:
        return UNSEEN
    return SAME_WAY if point.buffer * point.success > 0 else OPPOSITE_WAY


def windows(series: CountSeries, start: str, window: int | None = None, leave_out: int = 0) -> Window:
    """Return the windows before and after a start: whole years, as long as both sides have, unless told.

    Raises
    ------
    ValueError
        If there is no such period, or a side is too short.
    """
    at = series.place_of(start)
    room = min(at - leave_out, len(series.periods) - at)
    width = room - room % series.season if window is None else window
    if leave_out < 0 or not 1 <= width <= room:
        raise ValueError(
            f"Không đủ kỳ quanh {start}: mỗi bên có nhiều nhất {max(room, 0)} kỳ, cần trọn năm ({series.season} kỳ) hoặc hãy nêu window. / "
            f"Too few periods around {start}: at most {max(room, 0)} on each side; a whole year ({series.season}) is needed, "
            f"or name window."
        )
    return Window(at - leave_out - width, at, width)


def _paired(series: CountSeries, units: Sequence[str], here: Window) -> Paired:
    place = {u: i for i, u in enumerate(series.units)}
    if lacking := [u for u in units if u not in place]:
        raise ValueError(
            f"Chuỗi số liệu không có nơi mã {', '.join(lacking[:5])}; hãy nêu among=series.units trong rings. / "
            f"The series has no place {', '.join(lacking[:5])}; pass among=series.units to rings."
        )
    rows = series.counts[[place[u] for u in units]] if units else np.empty((0, len(series.periods)))
    both = np.stack([rows[:, s : s + here.width] for s in (here.before, here.after)], axis=1)
    return Paired(np.where(np.isfinite(both).all(axis=1, keepdims=True), both, np.nan))


def _frame(areas: dict[str, Paired], dispersion: float, level: float) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for name, area in areas.items():
        before, after = (float(x) for x in area.totals.sum(axis=0)) if len(area.counts) else (0.0, 0.0)
        low, high = rate_ratio_exact(after / dispersion, 1.0, before / dispersion, 1.0, level)
        known = before > 0
        rows.append(
            {
                "area": name,
                "n_units": len(area.counts),
                "before": before if area.pairs else np.nan,
                "after": after if area.pairs else np.nan,
                "ratio": after / before if known else np.nan,
                "low": float(low) if known else np.nan,
                "high": float(high) if known else np.nan,
                "pairs": area.pairs,
                "pairs_all": int(area.counts[:, 0].size),
            }
        )
    return pd.DataFrame(rows)


def _check_options(series: CountSeries, buffer: str, weighting: str, around: Rings, level: float) -> None:
    if series.measure == PROPORTION:
        raise ValueError(
            "Thương số dịch chuyển cần số đếm, không dùng tỷ lệ; hãy chọn chỉ tiêu đếm hoặc dùng spillover. / "
            "The displacement quotient takes counts, not shares; choose an indicator that counts, or use spillover."
        )
    if buffer not in (RING1, RING2, "both") or weighting not in ("equal", "border"):
        raise ValueError(
            f"buffer là ring1, ring2 hoặc both và weighting là equal hoặc border; đang là {buffer!r}, {weighting!r}. / "
            f"buffer is ring1, ring2 or both, and weighting equal or border; they are {buffer!r} and {weighting!r}."
        )
    if weighting == "border" and (buffer != RING1 or not around.border_m):
        raise ValueError(
            "weighting=border chỉ dùng với buffer=ring1 của phường, xã, thị trấn. / weighting=border needs buffer=ring1 around a ward."
        )
    if not 0 < level < 1:
        raise ValueError(f"Độ tin cậy level phải nằm giữa 0 và 1, đang là {level}. / level must be between 0 and 1, it is {level}.")
