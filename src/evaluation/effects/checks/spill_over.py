"""What the pilot may do next door: the change in rings of neighbours, and the pilot's estimate with and without them as donors.

References
----------
Rosenbaum 2007, JASA 102:191-200 (interference between units). Abadie, Diamond, Hainmueller 2010, JASA 105:493-505 (placebo places).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.checks.basis import Basis, basis, said
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS, Check
from evaluation.effects.matrix import Floats, NotEnough
from evaluation.effects.study import LEAST_REPORTED, Study
from evaluation.language import Words, number, number_span
from evaluation.monitoring.around.rings import RING1, SHORTEST_BORDER_M, rings
from evaluation.monitoring.around.spillover import Spillover, spillover
from evaluation.monitoring.series import COUNT, PROPORTION, RATE, CountSeries
from evaluation.periods import Period
from evaluation.places import wards
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

POWER = 0.8
MEASURES = {"count": COUNT, "share": PROPORTION, "rate": RATE}
MUCH = 0.5


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class NeighbourEffects(Result):
    """Change of the neighbours (ring 1) as a ratio to wards far away; `low` and `high` by placebo rings.

    Attributes
    ----------
    around : Spillover
        Both rings with their placebo tests; its own figure draws them.
    frame : DataFrame
        area ("ring1", "ring2"), n_units, before, after, ratio, low, high, p_value, placebos, detectable.
    detectable : float
        Smallest ratio above 1 in ring 1 that the test would have seen with 80 % power.
    apart, among : float
        The pilot's estimate without and with its neighbours among the donors, on the design's scale.
    neighbours : int
        How many of them could be added.
    as_donors : int
        Neighbours that are donors in the study as it stands: none where the study follows the rule.
    moved : float
        How far adding them moves the estimate, as a part of what chance does.
    logs : bool
    measure : str
    outcome_label, unit_label : Words
    synthetic : bool
    source : Words
    """

    around: Spillover
    frame: pd.DataFrame = field(compare=False)
    detectable: float
    apart: float
    among: float
    neighbours: int
    as_donors: int
    moved: float
    logs: bool
    measure: str
    outcome_label: Words
    unit_label: Words
    synthetic: bool = False
    source: Words = field(default_factory=lambda: Words("", ""))

    @property
    def seen(self) -> bool:
        """Whether the change of ring 1 could be told from chance."""
        return self.around.p_value <= round(1 - self.level, 9)

    def power_at(self, ratio: float) -> float:
        """Return how often the test would have seen a ratio in ring 1, by the placebo rings."""
        return _power(np.log(ratio) / self.diagnostics["error"], self.around.placebos, self.level)

    def summary(self, language: str | None = None) -> str:
        """Return the change of the neighbours, what could have been seen, and the pilot's estimate with them, in one sentence."""
        speak = language or "en"
        ratio, ends = number(self.estimate or 1.0, speak, 2), number_span(self.low or 1.0, self.high or 1.0, speak, 2)
        return Words(
            "Các phường giáp ranh thay đổi bằng {ratio} lần các phường ở xa ({ends}; p = {p}; phát hiện được với lực 80%: từ {least} lần); "
            "ước lượng của mô hình là {apart} khi không so với chúng, {among} khi có",
            "The neighbours changed {ratio} times as wards far away did ({ends}; p = {p}; seen with 80% power: from {least}); "
            "the pilot's estimate is {apart} without them among the donors and {among} with them",
        )[speak].format(
            ratio=ratio,
            ends=ends,
            p=number(self.around.p_value, speak, 3),
            least=number(self.detectable, speak, 2),
            apart=said(self.apart, self.logs, self.measure, speak),
            among=said(self.among, self.logs, self.measure, speak),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a ring."""
        return self.frame.copy()

    def check(self) -> Check:
        """Return the verdict.

        Failed where neighbours that moved are among the donors; doubtful
        where they moved though none is, or where adding them would move the
        estimate by more than half of what chance does.
        """
        verdict = FAILS if self.seen and self.as_donors else DOUBTFUL if self.seen or self.moved > MUCH else HOLDS
        return Check("spill_over", verdict, self.around.p_value, Words(self.summary("vi"), self.summary("en")))


def spill_over(
    of: Basis, *, min_border_m: int = SHORTEST_BORDER_M, window: int | None = None, exclude: tuple[str, ...] = ()
) -> NeighbourEffects:
    """Return the change in the pilot's two rings of neighbours and its estimate with and without them as donors.

    Parameters
    ----------
    of : Basis
        Of a study on the city's wards with one treated ward.
    min_border_m : int
        Shortest shared border by which two wards are neighbours, in metres.
    window : int, optional
        Periods on each side of the start; as many whole years as both sides have where left out.
    exclude : tuple of str
        Wards that count nowhere besides those with another programme and their neighbours.

    Raises
    ------
    NotEnough
        If units are not the city's wards, several are treated, the outcome is
        a measured value, or too few placebo rings are left.
    """
    study = of.study
    if len(study.treated) != 1 or study.measure not in MEASURES or study.treated[0] not in wards():
        raise NotEnough(
            "Chỉ xét lan tỏa được với một phường của thành phố và số đếm, tỷ suất hoặc tỷ lệ. / "
            "Spill-over can be looked at for one ward of the city and for counts, rates or shares."
        )
    ward = study.treated[0]
    left_out = _elsewhere(study, ward, min_border_m) | set(exclude)
    series = series_of_study(study)
    try:
        around = spillover(
            series,
            ward,
            study.start,
            window=window,
            leave_out=study.anticipation,
            exclude=sorted(left_out & set(series.units)),
            min_border_m=min_border_m,
            level=of.level,
        )
    except ValueError as why:
        raise NotEnough(str(why)) from why
    first = rings(ward, min_border_m=min_border_m, among=series.units, exclude=left_out).ring1
    reported = study.eligibility.set_index("unit")["reported"]
    added = tuple(u for u in first if u not in study.donors and reported.get(u, 0.0) >= LEAST_REPORTED)
    among = basis(replace(study, donors=(*study.donors, *added)), of.design, level=of.level).fit.estimate if added else of.fit.estimate
    error = _error(around)
    detectable = _detectable(around.placebos, error, of.level)
    frame = around.frame.assign(detectable=[detectable, np.nan])
    return NeighbourEffects(
        estimand=around.estimand,
        method=around.method,
        estimate=around.estimate,
        low=around.low,
        high=around.high,
        level=of.level,
        n=around.n,
        unit="ratio",
        assumptions=around.assumptions,
        diagnostics={"error": error, "min_border_m": min_border_m, "windows": around.diagnostics["windows"]},
        around=around,
        frame=frame,
        detectable=detectable,
        apart=of.fit.estimate,
        among=among,
        neighbours=len(added),
        as_donors=len(set(first) & set(study.donors)),
        moved=abs(among - of.fit.estimate) / of.chance if of.chance > 0 else 0.0,
        logs=of.logs,
        measure=of.panel.measure,
        **of.shared(),
    )


def series_of_study(study: Study) -> CountSeries:
    """Return a study's figures as a series of counts, rates or shares of all its units.

    Raises
    ------
    NotEnough
        If the outcome is a measured value.
    """
    import pandas as pd

    if study.measure not in MEASURES:
        raise NotEnough("Giá trị đo không thành chuỗi số đếm được. / Measured values do not become a series of counts.")
    units, periods, top, bottom = study.arrays()
    grid = [(u, p) for u in units for p in periods]
    known = np.isfinite(top).ravel()
    frame = pd.DataFrame(grid, columns=["unit", "period"]).assign(
        count=top.ravel(),
        denominator=np.nan if study.measure == "count" else bottom.ravel(),
        state=np.where(known, "shown", "missing"),
    )
    quarterly = all(isinstance(p, str) and "-Q" in p for p in periods)
    return CountSeries(
        frame=frame,
        label=study.label,
        measure=MEASURES[study.measure],
        said_unit=study.measure,
        periods=tuple(periods),
        season=4 if quarterly else 1,
        phases=tuple(Period.parse(p).quarter or 1 for p in periods) if quarterly else tuple([1] * len(periods)),
        names={code: w.name for code, w in wards().items()},
        synthetic=study.synthetic,
    )


def _elsewhere(study: Study, ward: str, min_border_m: int) -> set[str]:
    """Return wards with another programme and their neighbours, without those of the pilot's own rings."""
    own = rings(ward, min_border_m=min_border_m)
    other = study.eligibility.loc[study.eligibility["reason"] == "programme", "unit"]
    found = {str(u) for u in other} - {ward}
    near = {n for u in found if u in wards() for n in rings(u, min_border_m=min_border_m).of(RING1)}
    return (found | near) - {*own.ring1, *own.ring2, ward}


def _error(around: Spillover) -> float:
    """Return the chance error of ring 1's log change: its interval is the change less quantiles of the placebos times it."""
    tail = (1 - around.level) / 2
    low, high = np.quantile(around.placebos, [tail, 1 - tail])
    return float((np.log(around.high or 1.0) - np.log(around.low or 1.0)) / (high - low))


def _power(shift: float, placebos: Floats, level: float) -> float:
    """Return how often placebos moved by so much would be told from chance among the others."""
    known = np.sort(np.abs(placebos))
    place = int(np.ceil(round(level * (len(known) + 1), 9)))
    if place > len(known):
        return 0.0
    return float((np.abs(placebos + shift) >= known[place - 1]).mean())


def _detectable(placebos: Floats, error: float, level: float) -> float:
    """Return the smallest ratio above 1 that would be seen with 80 % power."""
    reach = float(2 * np.abs(placebos).max() + 1)
    if _power(reach, placebos, level) < POWER:
        return float("inf")
    shifts = np.linspace(0, reach, 2000)
    powers = np.array([_power(s, placebos, level) for s in shifts])
    return float(np.exp(shifts[int((powers >= POWER).argmax())] * error))
