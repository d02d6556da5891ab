"""Reporting regimes: whether a step in the numbers is the programme's or that of a new form or a new focal person.

A new form or another person who reports moves all numbers at once, also those
that the programme cannot move (negative controls). The programme moves only
those that it could. So the steps of both kinds of indicators at one date, and
their difference, tell the one from the other.

References
----------
Lipsitch, Tchetgen Tchetgen, Cohen 2010, Epidemiology 21:383-388 (negative controls). Shadish, Cook, Campbell 2002,
Experimental and Quasi-Experimental Designs (instrumentation; nonequivalent dependent variables). DerSimonian, Laird 1986,
Controlled Clinical Trials 7:177-188 (variance between indicators). Zellner 1962, JASA 57:348-368 (errors of several
equations that hang together).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.language import Words, number, number_span
from evaluation.monitoring.over_time.autocorrelation import correlated
from evaluation.monitoring.over_time.regression import Fit, fit
from evaluation.monitoring.over_time.season import season_columns
from evaluation.monitoring.series import PROPORTION, CountSeries, DocumentedChange
from evaluation.periods import said_period
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

CONTROL, PROGRAMME = "control", "programme"
PAPERWORK, BOTH, NEITHER, UNDECIDED = "paperwork", "both", "neither", "undecided"
FEWEST_A_SIDE = 3
FEWEST_DEGREES = 3

VERDICTS = {
    PROGRAMME: Words(
        "bậc chỉ có ở các chỉ tiêu mà chương trình có thể tác động; không phải do cách báo cáo",
        "the step is in the indicators that the programme could move and not in the others: reporting does not explain it",
    ),
    PAPERWORK: Words(
        "các chỉ tiêu mà chương trình không thể tác động cũng có bậc: cách báo cáo đã thay đổi, không phải kết quả của chương trình",
        "indicators that the programme cannot move took a step too: reporting changed, which is no result of the programme",
    ),
    UNDECIDED: Words(
        "chỉ tiêu của chương trình có bậc, nhưng chưa phân biệt được với chỉ tiêu đối chứng: chưa biết do chương trình hay do báo cáo",
        "the programme's indicators took a step that cannot be told from the controls': programme or reporting, not known",
    ),
    BOTH: Words(
        "cách báo cáo đã thay đổi, và ngoài mức đó các chỉ tiêu của chương trình còn thay đổi thêm",
        "reporting changed, and the programme's indicators changed beyond that",
    ),
    NEITHER: Words(
        "chưa phân biệt được bậc nào với ngẫu nhiên, kể cả ở các chỉ tiêu đối chứng",
        "no step can be told from chance, in the control indicators neither",
    ),
}

_Floats = NDArray[np.float64]

_ASSUMPTIONS = (
    Words(
        "Chương trình không thể làm thay đổi các chỉ tiêu đối chứng âm tính.",
        "The programme cannot move the negative controls.",
    ),
    Words(
        "Cách báo cáo mới tác động đến chỉ tiêu đối chứng và chỉ tiêu của chương trình như nhau, sai khác giữa các chỉ tiêu là ngẫu nhiên.",
        "New reporting moves controls and programme indicators alike, but for differences between indicators at random.",
    ),
    Words("Không có thay đổi, các chỉ tiêu đã theo xu thế và mùa vụ cũ.", "Without a change all would have kept their trend and season."),
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Regime(Result):
    """Whether a step belongs to the programme or to the paperwork.

    `estimate` is the programme indicators' mean step over the controls' (a
    ratio of ratios; of shares, of odds).

    Attributes
    ----------
    change : DocumentedChange
    name : Words
        The unit.
    verdict : {"programme", "paperwork", "both", "undecided", "neither"}
    control_step, programme_step : tuple of float
        Mean step with its interval.
    p : float
        Two-sided, of no difference between the two means.
    p_controls : float
        Joint test that no control took a step.
    between : float
        Standard deviation of steps between indicators of one kind, beyond chance, on the log scale.
    shared : float
        Correlation of different indicators' residuals in one period.
    frame : DataFrame
        One row an indicator: indicator (label in English), label_vi, role ("control", "programme"), step, low, high, p.
        Indicators that could not be fitted have no step.
    """

    change: DocumentedChange
    name: Words
    verdict: str
    control_step: tuple[float, float, float]
    programme_step: tuple[float, float, float]
    p: float
    p_controls: float
    between: float
    shared: float
    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row an indicator."""
        return self.frame.copy()

    def summary(self, language: str | None = None) -> str:
        """Return what the controls and the programme's indicators did at the change, and what that means."""
        speak = language or "en"
        control, programme = (_said(x, speak) for x in (self.control_step, self.programme_step))
        beyond = _said((self.estimate or 1.0, self.low or 1.0, self.high or 1.0), speak)
        when, why = said_period(self.change.period, speak), self.change.reason[speak]
        return Words(
            f"{self.name.vi}, từ {when} ({why}): chỉ tiêu đối chứng {control}, chỉ tiêu của chương trình {programme}, "
            f"chênh nhau {beyond}; {VERDICTS[self.verdict].vi}",
            f"{self.name.en}, from {when} ({why}): controls {control}, programme indicators {programme}, "
            f"the one over the other {beyond}; {VERDICTS[self.verdict].en}",
        )[speak]


def programme_or_paperwork(
    controls: Sequence[CountSeries],
    programme: Sequence[CountSeries],
    unit: str,
    change: DocumentedChange,
    *,
    errors: str = "ar1",
    level: float = 0.95,
) -> Regime:
    """Tell whether a step at a known date is shared by indicators that the programme cannot move.

    Parameters
    ----------
    controls : sequence of CountSeries
        Indicators that the programme cannot move (such as the number of
        establishments on record), two at least.
    programme : sequence of CountSeries
        Indicators that it could.
    unit : str
    change : DocumentedChange
        Period from which the form or the focal person is another one, and why.
    errors : {"ar1", "independent"}
    level : float

    Returns
    -------
    Regime

    Raises
    ------
    ValueError
        If there are fewer than two controls or no programme indicator that can
        be fitted: three reported periods on each side, three degrees of freedom.

    Notes
    -----
    Each indicator has its own model (trend, season where the series can carry
    it, a step at the change and at every documented one). Errors of different
    indicators in one period share one correlation, never below zero. Means
    weigh steps by their variance and that between indicators.
    """
    roles = [CONTROL] * len(controls) + [PROGRAMME] * len(programme)
    made = [_Step.of(s.of(unit), change, errors) for s in (*controls, *programme)]
    usable = [i for i, m in enumerate(made) if m is not None]
    steps = [m for m in made if m is not None]
    own = np.array([roles[i] == PROGRAMME for i in usable], dtype=bool)
    if (~own).sum() < 2 or not own.any():
        raise ValueError(
            f"Cần ít nhất hai chỉ tiêu đối chứng và một chỉ tiêu của chương trình có từ {FEWEST_A_SIDE} kỳ ở mỗi bên kỳ {change.period}; "
            f"có {int((~own).sum())} và {int(own.sum())}. / At least two controls and one programme indicator with {FEWEST_A_SIDE} periods "
            f"on each side of {change.period} are needed; there are {int((~own).sum())} and {int(own.sum())}."
        )
    value = np.array([s.value for s in steps])
    spread, shared = _spread(steps)
    degrees = float(min(s.degrees for s in steps))
    between = _between(value, spread, own)
    total = spread + between * np.eye(len(value))
    ask = _means(total, own)
    centre, variance = ask @ value, ask @ total @ ask.T
    half = stats.t.ppf(0.5 + level / 2, degrees) * np.sqrt(np.diag(variance))
    triples = [tuple(float(np.exp(x)) for x in (c, c - h, c + h)) for c, h in zip(centre, half, strict=True)]
    score = value[~own] @ np.linalg.solve(spread[np.ix_(~own, ~own)], value[~own]) / (~own).sum()
    clear = [low > 1 or high < 1 for _, low, high in triples]
    alone = UNDECIDED if clear[1] else NEITHER
    verdict = {(True, False): PAPERWORK, (True, True): BOTH, (False, True): PROGRAMME, (False, False): alone}[clear[0], clear[2]]
    (_, low, high), all_series = triples[2], (*controls, *programme)
    return Regime(
        estimand=Words(
            f"Bậc của chỉ tiêu chương trình so với chỉ tiêu đối chứng từ {said_period(change.period, 'vi')}",
            f"Step of the programme's indicators over that of the controls from {said_period(change.period, 'en')}",
        ),
        method=Words(
            "Mô hình xu thế có bậc của từng chỉ tiêu, gộp theo phương sai (Zellner 1962; DerSimonian, Laird 1986).",
            "A trend with a step for each indicator, pooled by variance (Zellner 1962; DerSimonian, Laird 1986).",
        ),
        estimate=triples[2][0],
        low=low,
        high=high,
        level=level,
        n=len(steps),
        unit="ratio",
        assumptions=_ASSUMPTIONS,
        diagnostics={"degrees_of_freedom": degrees, "controls": int((~own).sum()), "programme": int(own.sum())},
        change=change,
        name=all_series[0].name(unit),
        verdict=verdict,
        control_step=triples[0],  # type: ignore[arg-type]
        programme_step=triples[1],  # type: ignore[arg-type]
        p=float(2 * stats.t.sf(abs(centre[2]) / np.sqrt(variance[2, 2]), degrees)),
        p_controls=float(stats.f.sf(score, (~own).sum(), degrees)),
        between=float(np.sqrt(between)),
        shared=shared,
        frame=_frame(all_series, roles, made, level),
    )


@dataclass(frozen=True, eq=False)
class _Step:
    """One indicator's step on the log scale, and how its periods' residuals make it."""

    value: float
    error: float
    degrees: float
    scale: float
    correlation: float
    residuals: _Floats
    influence: _Floats
    p: float

    @classmethod
    def of(cls, own: CountSeries, change: DocumentedChange, errors: str) -> _Step | None:
        counts, exposure = own.counts[0], own.exposure[0]
        seen = ~np.isnan(counts) & (exposure > 0)
        at = own.place_of(change.period)
        if min(seen[:at].sum(), seen[at:].sum()) < FEWEST_A_SIDE:
            return None
        for design in _designs(own, seen, at):
            model = fit(counts, design, exposure=exposure, family="binomial" if own.measure == PROPORTION else "quasi", errors=errors)
            if model.fitted[0]:
                return cls._from(model)
        return None

    @classmethod
    def _from(cls, model: Fit) -> _Step:
        return cls(
            value=float(model.parameters[0, 2]),
            error=float(model.error(2)[0]),
            degrees=float(model.degrees[0]),
            scale=max(1.0, float(model.dispersion[0])),
            correlation=float(model.correlation[0]),
            residuals=model.residuals[0],
            influence=model.influence[0, 2],
            p=float(model.p_value(2)[0]),
        )


def _designs(own: CountSeries, seen: NDArray[np.bool_], at: int) -> list[_Floats]:
    """Return the designs to try: constant, trend, the step, other documented steps; with a season first."""
    place = np.arange(len(own.periods))
    starts = [own.place_of(c.period) for c in own.changes if own.place_of(c.period) != at]
    others = [(place >= s).astype(float) for s in starts if seen[:s].any() and seen[s:].any()]
    plain = np.column_stack([np.ones(len(place)), place / own.season, place >= at, *others]).astype(float)
    tried = [plain]
    if own.season > 1:
        tried.insert(0, np.column_stack([plain, season_columns(own.phases, own.season)]))
    return [X for X in tried if seen.sum() - X.shape[1] >= FEWEST_DEGREES]


def _spread(steps: list[_Step]) -> tuple[_Floats, float]:
    """Return the variance of the steps with what different indicators share, and the correlation that they share."""
    scaled = np.array([s.residuals / np.sqrt(s.scale) for s in steps])
    both = [(i, j) for i in range(len(steps)) for j in range(i)]
    products = [np.nanmean(scaled[i] * scaled[j]) / _size(scaled[i], scaled[j]) for i, j in both if _size(scaled[i], scaled[j]) > 0]
    shared = float(np.clip(np.mean(products), 0.0, 0.95)) if products else 0.0
    # One correlation over time for all, so that what they share is a variance whatever the weights.
    common = np.array([np.mean([s.correlation for s in steps])])
    R = correlated(common, np.ones((1, scaled.shape[1]), dtype=bool))[0]
    reach = np.array([s.influence * np.sqrt(s.scale) for s in steps])
    together = reach @ R @ reach.T
    own = np.maximum(np.array([s.error**2 for s in steps]), np.diag(together))
    spread = shared * together
    np.fill_diagonal(spread, own)
    return spread, shared


def _size(one: _Floats, other: _Floats) -> float:
    both = ~np.isnan(one) & ~np.isnan(other)
    return float(np.sqrt(np.mean(one[both] ** 2) * np.mean(other[both] ** 2))) if both.any() else 0.0


def _between(value: _Floats, spread: _Floats, own: NDArray[np.bool_]) -> float:
    """Return the variance between indicators of one kind that chance does not explain (DerSimonian-Laird, both kinds together)."""
    excess = weight = 0.0
    for part in (~own, own):
        v = np.diag(spread)[part]
        if part.sum() < 2:
            continue
        w = 1 / v
        centre = float(w @ value[part] / w.sum())
        shared = spread[np.ix_(part, part)] - np.diag(v)
        # What indicators share moves all of them and leaves less scatter around their mean.
        expected = part.sum() - 1 - float(w @ shared @ w / w.sum())
        excess += float(w @ (value[part] - centre) ** 2) - expected
        weight += float(w.sum() - (w**2).sum() / w.sum())
    return max(0.0, excess / weight) if weight > 0 else 0.0


def _means(total: _Floats, own: NDArray[np.bool_]) -> _Floats:
    """Return the weights of the controls' mean, the programme's mean, and the difference."""
    rows = []
    for part in (~own, own):
        w = np.where(part, 1 / np.diag(total), 0.0)
        rows.append(w / w.sum())
    return np.array([rows[0], rows[1], rows[1] - rows[0]])


def _frame(series: Sequence[CountSeries], roles: list[str], made: list[_Step | None], level: float) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for one, role, step in zip(series, roles, made, strict=True):
        row = {"indicator": one.label.en, "label_vi": one.label.vi, "role": role}
        if step is None:
            rows.append({**row, "step": np.nan, "low": np.nan, "high": np.nan, "p": np.nan})
            continue
        half = float(stats.t.ppf(0.5 + level / 2, step.degrees)) * step.error
        ends = np.exp([step.value, step.value - half, step.value + half])
        rows.append({**row, "step": ends[0], "low": ends[1], "high": ends[2], "p": step.p})
    return pd.DataFrame(rows)


def _said(ratio: tuple[float, float, float], language: str) -> str:
    ends = number_span(ratio[1], ratio[2], language, 2)
    return f"{number(ratio[0], language, 2)} ({ends})"
