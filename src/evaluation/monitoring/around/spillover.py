"""What programmes next door may do: exposure to neighbours' treatment, and the change seen in rings around a start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.language import Words, number, number_span
from evaluation.monitoring.around.displacement import ELSEWHERE, windows
from evaluation.monitoring.around.rings import SHORTEST_BORDER_M
from evaluation.monitoring.series import COUNT, CountSeries
from evaluation.periods import said_period
from evaluation.places import UnknownPlace, positions, ward_borders, within_sentence
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

SCHEMES = ("border", "ring1", "ring2", "distance")
# With fewer placebo centres than this the smallest attainable p-value is above 5 %.
FEWEST_PLACEBOS = 19
_ASSUMPTIONS = (
    ELSEWHERE,
    Words(
        "Nếu không có chương trình, các nơi xung quanh đã thay đổi như xung quanh một phường bất kỳ.",
        "Without the programme, the surroundings would have changed as those of any other ward did.",
    ),
    Words("Các phường ở xa không bị ảnh hưởng.", "Wards far away were not touched."),
    Words("Không có việc nào khác xảy ra cùng lúc ở riêng quanh nơi đó.", "Nothing else happened at the same time just around it."),
)


def spillover_exposure(
    treated: Mapping[str, str],
    wards: Sequence[str],
    periods: Sequence[str],
    *,
    scheme: str = "border",
    min_border_m: int = SHORTEST_BORDER_M,
    scale_km: float = 1.0,
) -> _Floats:
    """Return how exposed each ward is in each period to the treatment of other wards: a covariate for effect models.

    Parameters
    ----------
    treated : mapping of str to str
        Ward to the first period of its treatment; none gives zeros.
    wards : sequence of str
        Wards of the result's rows. Treated wards and the map need not be among them.
    periods : sequence of str
        Of the result's columns, in an order in which texts sort in time ("2017-Q1").
    scheme : {"border", "ring1", "ring2", "distance"}
        "border": share of the ward's border with other wards of the city that lies along treated ones, 0 to 1.
        "ring1": 1 where a neighbour is treated. "ring2": 1 where a neighbour's neighbour is, though no neighbour and
        not the ward itself. "distance": sum over treated wards of exp(-distance / `scale_km`), distance between centres.
    min_border_m : int
        Shortest shared border by which two wards are neighbours, in metres.
    scale_km : float
        Of "distance": where the exposure has fallen to 37 %.

    Returns
    -------
    ndarray
        wards x periods. A ward's own treatment is no exposure; that of others is, in a treated ward too.

    Raises
    ------
    places.UnknownPlace
        If a ward is not one of the city's.
    ValueError
        If the scheme is unknown or `scale_km` is not above 0.
    """
    if scheme not in SCHEMES or not scale_km > 0:
        raise ValueError(
            f"scheme phải là một trong {', '.join(SCHEMES)} và scale_km lớn hơn 0. / "
            f"scheme is one of {', '.join(SCHEMES)}, and scale_km above 0."
        )
    borders = ward_borders()
    if unknown := [w for w in (*treated, *wards) if w not in borders]:
        raise UnknownPlace(f"Không có phường, xã mã {', '.join(unknown[:5])}. / There is no ward with the code {', '.join(unknown[:5])}.")
    codes = list(borders)
    links = _links(codes, scheme, min_border_m, scale_km)
    place = {w: i for i, w in enumerate(codes)}
    on = np.zeros((len(codes), len(periods)))
    for ward, start in treated.items():
        on[place[ward]] = [float(p >= start) for p in periods]
    if scheme in ("border", "distance"):
        exposed = links @ on
    else:
        near, own = _links(codes, "ring1", min_border_m, scale_km), on > 0
        exposed = (near @ on > 0).astype(float)
        if scheme == "ring2":
            exposed = ((near @ (near @ on) > 0) & ~(exposed > 0) & ~own).astype(float)
    return np.asarray(exposed[[place[w] for w in wards]])


def _links(codes: Sequence[str], scheme: str, min_border_m: int, scale_km: float) -> _Floats:
    """Return how much each ward of the rows is tied to each of the columns; nothing to itself."""
    if scheme == "distance":
        where = positions().set_index("ward_code").loc[list(codes), ["x_km", "y_km"]].to_numpy(float)
        away = np.hypot(*(where[:, None, k] - where[None, :, k] for k in (0, 1)))
        links = np.exp(-away / scale_km)
        np.fill_diagonal(links, 0.0)
        return np.asarray(links)
    place = {w: i for i, w in enumerate(codes)}
    metres = np.zeros((len(codes), len(codes)))
    for ward, shared in ward_borders().items():
        for other, length in shared.items():
            if length >= min_border_m and ward in place and other in place:
                metres[place[ward], place[other]] = length
    if scheme == "border":
        around = metres.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(metres, around, out=np.zeros_like(metres), where=around > 0))
    return (metres > 0).astype(float)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Spillover(Result):
    """Change in the rings around a start against wards far away; the estimate is that of ring 1, as a ratio.

    Attributes
    ----------
    label, place : Words
    start : str
    p_value : float
        Share of placebo centres whose ring 1 changed at least as much, by size of its counts; the own counted among them.
    smallest_p : float
        The smallest that so many placebo centres allow.
    frame : DataFrame
        area ("ring1", "ring2"), n_units, before, after, ratio, low, high, p_value, placebos; NaN where a ring counted
        nothing on both sides.
    placebos : ndarray
        Standardised log changes of ring 1 around the placebo centres.
    synthetic : bool
    """

    label: Words
    place: Words
    start: str
    p_value: float
    smallest_p: float
    frame: pd.DataFrame = field(compare=False)
    placebos: _Floats = field(compare=False)
    synthetic: bool = False

    def summary(self, language: str | None = None) -> str:
        """Return one sentence with the ratio, its interval and whether it could be told from chance."""
        speak = language or "en"
        if self.estimate is None or self.low is None or self.high is None:
            return f"{self.estimand[speak]}: —"
        template = Words(
            "{label}, các phường giáp ranh {place}, từ {start}: thay đổi bằng {ratio} lần thay đổi của các phường ở xa ({ends}), "
            "{verdict}; chỉ biết số liệu thấy ở nơi khác, không biết có phải cùng những người đó hay không.",
            "{label}, neighbours of {place}, from {start}: their change was {ratio} times that of wards far away ({ends}) and {verdict}; "
            "what is seen elsewhere need not be the same people.",
        )
        return template[speak].format(
            label=self.label[speak],
            place=within_sentence(self.place)[speak],
            start=said_period(self.start, speak, inside=True),
            ratio=number(self.estimate, speak, 2),
            ends=number_span(self.low, self.high, speak, 2),
            verdict=self._verdict[speak],
        )

    @property
    def _verdict(self) -> Words:
        told = self.p_value <= 1 - self.level
        return Words(
            "phân biệt được với ngẫu nhiên" if told else "chưa phân biệt được với ngẫu nhiên",
            "could be told from chance" if told else "could not be told from chance",
        )

    def finding(self, language: str) -> str:
        """Return what was seen in ring 1 as the title of a picture."""
        template = Words(
            "{label}: thay đổi quanh {place} từ {start} {verdict}", "{label}: the change around {place} from {start} {verdict}"
        )
        return template[language].format(
            label=self.label[language],
            place=within_sentence(self.place)[language],
            start=said_period(self.start, language, inside=True),
            verdict=self._verdict[language],
        )

    def to_frame(self) -> pd.DataFrame:
        """Return both rings."""
        return self.frame.copy()


def spillover(
    series: CountSeries,
    unit: str,
    start: str,
    *,
    window: int | None = None,
    leave_out: int = 0,
    exclude: Sequence[str] = (),
    min_border_m: int = SHORTEST_BORDER_M,
    level: float = 0.95,
) -> Spillover:
    """Estimate the change in a ward's rings against wards far away, with placebo centres for the uncertainty.

    Parameters
    ----------
    series : CountSeries
        Of wards: counts, rates or shares.
    unit : str
        Ward whose surroundings are looked at.
    start : str
        First period with the programme.
    window, leave_out : int, optional
        As in `displacement`.
    exclude : sequence of str
        Wards that count nowhere, such as other pilots and their neighbours.
    min_border_m : int
    level : float

    Returns
    -------
    Spillover

    Notes
    -----
    For each centre: log ratio of its ring's counts after over before (half a count added), less that of all wards
    outside its two rings and outside those of the unit; divided by the chance error of the ring. The unit's value is
    ranked among those of all centres whose rings touch neither the unit nor its rings, and the interval takes the
    quantiles of theirs. Rings of nearby centres share wards, so that there are fewer placebos in effect than in
    number; the simulated size is in the tests.

    References
    ----------
    Rosenbaum 2002, Observational Studies, ch. 2 (randomisation inference); Abadie, Diamond, Hainmueller 2010 (JASA 105:493:
    placebo places).

    Raises
    ------
    ValueError
        If the unit is not in the series, a window is too short, its ring 1 has no report on both sides, or fewer than
        19 placebo centres are left.
    """
    sums = _Sums.of(series, unit, start, window, leave_out, exclude, min_border_m)
    first, second = sums.ring(1, level), sums.ring(2, level)
    if not np.isfinite(first["ratio"]):
        raise ValueError(
            f"Các phường giáp ranh {unit} không có báo cáo hoặc đều bằng 0 ở cả hai giai đoạn. / "
            f"The neighbours of {unit} have no report, or counted none, on both sides of the start."
        )
    import pandas as pd

    place = series.name(unit)
    return Spillover(
        estimand=Words(
            f"{series.label.vi}: thay đổi ở các phường giáp ranh {within_sentence(place).vi} so với các phường ở xa, từ {start}",
            f"{series.label.en}: change in the neighbours of {place.en} against wards far away, from {start}",
        ),
        method=Words(
            "Tỷ số của hai thay đổi (logarit), hoán vị trên các phường giả định làm tâm.",
            "Ratio of two changes (logarithms), permutation over placebo centres.",
        ),
        estimate=first["ratio"],
        low=first["low"],
        high=first["high"],
        level=level,
        n=int(first["placebos"]),
        unit="ratio",
        assumptions=_ASSUMPTIONS,
        diagnostics={"placebos": first["placebos"], "windows": sums.windows},
        label=series.label,
        place=place,
        start=start,
        p_value=first["p_value"],
        smallest_p=1 / (first["placebos"] + 1),
        frame=pd.DataFrame([{"area": "ring1", **first}, {"area": "ring2", **second}]),
        placebos=sums.standardised(1)[1],
        synthetic=series.synthetic,
    )


@dataclass(frozen=True, eq=False)
class _Sums:
    """Counts and exposures of each ward before and after, where both are reported, and who lies around whom."""

    counts: _Floats
    exposure: _Floats
    near: _Bools
    second: _Bools
    unit: int
    usable: _Bools
    centres: _Bools
    windows: tuple[str, str]

    @classmethod
    def of(
        cls, series: CountSeries, unit: str, start: str, window: int | None, leave_out: int, exclude: Sequence[str], min_border_m: int
    ) -> _Sums:
        series.of(unit)
        here, codes = windows(series, start, window, leave_out), list(series.units)
        both = np.stack([series.counts[:, s : s + here.width] for s in (here.before, here.after)], axis=1)
        per = np.stack([series.exposure[:, s : s + here.width] for s in (here.before, here.after)], axis=1)
        known = (np.isfinite(both) & np.isfinite(per)).all(axis=1, keepdims=True)
        near = _links(codes, "ring1", min_border_m, 1.0) > 0
        second = (near.astype(float) @ near.astype(float) > 0) & ~near & ~np.eye(len(codes), dtype=bool)
        at = codes.index(unit)
        zone = near[at] | second[at]
        zone[at] = True
        out = np.isin(codes, list(exclude))
        touched = zone | out
        # A placebo's rings hold none of the unit's, nor anything left out.
        centres = ~touched & ~((near | second) & touched).any(axis=1)
        return cls(
            np.where(known, both, 0.0).sum(axis=2),
            np.where(known, per if series.measure != COUNT else 1.0, 0.0).sum(axis=2),
            near,
            second,
            at,
            ~out,
            centres,
            (series.periods[here.before], series.periods[here.after + here.width - 1]),
        )

    def standardised(self, which: int) -> tuple[float, _Floats, float, float]:
        """Return the unit's standardised log change, those of the placebos, its log change and its chance error."""
        rings = (self.near if which == 1 else self.second) & self.usable
        zone = self.near | self.second | np.eye(len(rings), dtype=bool)
        far = ~zone & ~zone[self.unit] & self.usable
        change = self._log_change(rings) - self._log_change(far)
        k = rings.astype(float) @ self.counts
        error = np.sqrt((1 / (k + 0.5)).sum(axis=1))
        known = (k.sum(axis=1) > 0) & np.isfinite(change)
        score = np.where(known, change / error, np.nan)
        others = score[self.centres & known]
        return float(score[self.unit]), np.asarray(others), float(change[self.unit]), float(error[self.unit])

    def _log_change(self, members: _Bools) -> _Floats:
        k, e = members.astype(float) @ self.counts, members.astype(float) @ self.exposure
        rate = np.divide(k + 0.5, e, out=np.full(k.shape, np.nan), where=e > 0)
        return np.asarray(np.log(rate[:, 1]) - np.log(rate[:, 0]))

    def ring(self, which: int, level: float) -> dict[str, float | int]:
        """Return one ring's row of the frame."""
        own, others, change, error = self.standardised(which)
        if len(others) < FEWEST_PLACEBOS:
            raise ValueError(
                f"Chỉ còn {len(others)} phường làm tâm giả định, cần ít nhất {FEWEST_PLACEBOS}; hãy đưa thêm phường vào chuỗi số liệu. / "
                f"Only {len(others)} placebo centres are left and {FEWEST_PLACEBOS} are needed; put more wards into the series."
            )
        members = (self.near if which == 1 else self.second)[self.unit] & self.usable
        before, after = (float(x) for x in self.counts[members].sum(axis=0))
        row: dict[str, float | int] = {"n_units": int(members.sum()), "before": before, "after": after}
        if not np.isfinite(own):
            return row | {"ratio": np.nan, "low": np.nan, "high": np.nan, "p_value": np.nan, "placebos": len(others)}
        low, high = np.quantile(others, [(1 - level) / 2, (1 + level) / 2])
        p_value = (1 + int((np.abs(others) >= abs(own)).sum())) / (1 + len(others))
        return row | {
            "ratio": float(np.exp(change)),
            "low": float(np.exp(change - high * error)),
            "high": float(np.exp(change - low * error)),
            "p_value": p_value,
            "placebos": len(others),
        }
