"""Who could be picked for the next pilot, and what must be balanced: levels and trends of outcomes, never effort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.effects.calibration.procedure import outcome
from evaluation.effects.matrix import Flags, Floats, NotEnough
from evaluation.effects.study import COUNT, LEAST_REPORTED, SHARE, VALUE, study_panel
from evaluation.language import Words

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 10
STRATA = (Words("mức thấp", "low level"), Words("mức vừa", "middle level"), Words("mức cao", "high level"))


@dataclass(frozen=True, eq=False)
class Question:
    """An outcome that the next pilot should move.

    Attributes
    ----------
    id : str
    label : Words
    measure : {"count", "share", "rate", "value"}
    units, periods : tuple
    top, bottom : ndarray of shape (units, periods)
        Numerator and denominator, NaN where not reported.
    """

    id: str
    label: Words
    measure: str
    units: tuple[str, ...]
    periods: tuple[Any, ...]
    top: Floats
    bottom: Floats


@dataclass(frozen=True, eq=False)
class Candidates:
    """Units that could be picked.

    Attributes
    ----------
    units : tuple of str
    periods : tuple
    strata : tuple of str
        Stratum of each unit.
    balanced : ndarray of shape (units, covariates)
        What is balanced.
    names : tuple of Words
        Of the covariates.
    questions : tuple of Question
        Of these units alone, on the same periods.
    bordering : ndarray of bool, shape (units, units), or None
    left_out : mapping of str to str
        Units that cannot be picked: "excluded", "incomplete", "no events".
    """

    units: tuple[str, ...]
    periods: tuple[Any, ...]
    strata: tuple[str, ...]
    balanced: Floats
    names: tuple[Words, ...]
    questions: tuple[Question, ...]
    bordering: Flags | None
    left_out: Mapping[str, str]


def question(panel: pd.DataFrame, *, name: str, label: Words | None = None, measure: str = COUNT, kind: str = "outcome") -> Question:
    """Return an outcome's panel as arrays.

    Parameters
    ----------
    panel : DataFrame
        unit, period, numerator, and denominator of a share or a rate.
    name : str
    label : Words, optional
    measure : {"count", "share", "rate", "value"}
    kind : {"outcome", "process", "context"}

    Raises
    ------
    indicators.NotAnOutcome
        If the kind is not "outcome": nobody is picked by effort.
    NotEnough
        If there are fewer than four periods.
    ValueError
        If the panel cannot be read as one of this measure.
    """
    periods = sorted(panel["period"].dropna().unique()) if "period" in panel else []
    if "period" in panel and len(periods) < 4:
        raise NotEnough(f"{name}: cần ít nhất 4 kỳ. / at least 4 periods are needed.")
    units = [str(u) for u in panel["unit"].unique()] if "unit" in panel else [""]
    start = periods[-1] if periods else ""
    found = study_panel(panel, outcome_name=name, treated=units[:1], start=start, measure=measure, label=label, outcome_kind=kind)
    names, when, top, bottom = found.arrays()
    return Question(name, found.label, measure, tuple(str(u) for u in names), tuple(when), top, bottom)


def candidates(
    questions: Sequence[Question],
    *,
    exclude: Iterable[str] = (),
    strata: Mapping[str, str] | None = None,
    neighbours: Mapping[str, Iterable[str]] | None = None,
    language: str = "vi",
) -> Candidates:
    """Return the units that could be picked.

    Parameters
    ----------
    questions : sequence of Question
        The first is the primary outcome.
    exclude : iterable of str
        Units that have a pilot or lie beside one.
    strata : mapping of str to str, optional
        Stratum of each unit; thirds by level of the first outcome where left out.
    neighbours : mapping of str to iterable of str, optional
        Two units that border each other are never picked together.
    language : {"vi", "en"}
        Of the names of the strata that are made here.

    Raises
    ------
    NotEnough
        If fewer than 10 units could be picked.
    ValueError
        If no outcome is given.
    """
    if not questions:
        raise ValueError("Hãy nêu ít nhất một kết quả. / Name at least one outcome.")
    known = [u for u in questions[0].units if all(u in q.units for q in questions[1:])]
    barred = set(exclude)
    left_out = {u: why for u in known if (why := _why_not(u, questions, barred))}
    units = tuple(u for u in known if u not in left_out)
    if len(units) < FEWEST:
        raise NotEnough(
            f"Chỉ {len(units)} đơn vị có thể chọn, cần ít nhất {FEWEST}. / "
            f"Only {len(units)} units could be picked; at least {FEWEST} are needed."
        )
    periods = tuple(p for p in questions[0].periods if all(p in q.periods for q in questions))
    own = tuple(_of(q, units, periods) for q in questions)
    columns = [_level_and_trend(q) for q in own]
    names = tuple(Words(f"{q.label.vi}: {vi}", f"{q.label.en}: {en}") for q in own for vi, en in (("mức", "level"), ("xu hướng", "trend")))
    by = tuple(strata[u] for u in units) if strata is not None else _thirds(columns[0][:, 0], language)
    return Candidates(units, periods, by, np.column_stack(columns), names, own, _bordering(units, neighbours), left_out)


def _why_not(unit: str, questions: Sequence[Question], barred: set[str]) -> str:
    if unit in barred:
        return "excluded"
    for q in questions:
        row = q.units.index(unit)
        seen = np.isfinite(q.top[row]) & np.isfinite(q.bottom[row])
        if seen.mean() < LEAST_REPORTED:
            return "incomplete"
        if q.measure != VALUE and not q.top[row][seen].sum():
            return "no events"
    return ""


def _of(q: Question, units: tuple[str, ...], periods: tuple[Any, ...]) -> Question:
    rows = [q.units.index(u) for u in units]
    columns = [q.periods.index(p) for p in periods]
    at = np.ix_(rows, columns)
    return Question(q.id, q.label, q.measure, units, periods, q.top[at], q.bottom[at])


def scaled(q: Question) -> Floats:
    """Return the outcome as it is balanced: logs of counts and rates and logits of shares, with half an event added; values as they are."""
    if q.measure == VALUE:
        return q.top
    if q.measure == SHARE:
        return np.log((q.top + 0.5) / (q.bottom - q.top + 0.5))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isfinite(outcome(q.top, q.bottom, q.measure)), np.log((q.top + 0.5) / q.bottom), np.nan)


def _level_and_trend(q: Question) -> Floats:
    z = scaled(q)
    seen = np.isfinite(z)
    z = np.where(seen, z, 0.0)
    n = np.maximum(seen.sum(1), 1)
    level = z.sum(1) / n
    at = np.where(seen, np.arange(z.shape[1]), 0.0)
    middle = at.sum(1) / n
    apart = np.where(seen, at - middle[:, None], 0.0)
    slope = (apart * z).sum(1) / np.maximum((apart**2).sum(1), 1e-12)
    return np.column_stack([level, slope])


def _thirds(level: Floats, language: str) -> tuple[str, ...]:
    rank = np.argsort(np.argsort(level, kind="stable"), kind="stable")
    return tuple(STRATA[int(3 * r // len(level))][language] for r in rank)


def _bordering(units: tuple[str, ...], neighbours: Mapping[str, Iterable[str]] | None) -> Flags | None:
    if neighbours is None:
        return None
    at = {u: i for i, u in enumerate(units)}
    touch = np.zeros((len(units), len(units)), bool)
    for unit, others in neighbours.items():
        for other in others:
            if unit in at and other in at:
                touch[at[unit], at[other]] = touch[at[other], at[unit]] = True
    return touch
