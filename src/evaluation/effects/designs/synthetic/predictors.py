"""What a synthetic control is matched on besides the whole course: covariates and outcomes over stated periods."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.effects.designs.synthetic.pool import Pool
from evaluation.effects.matrix import Flags, Floats, Matrix, NotEnough

OUTCOME = "outcome"


@dataclass(frozen=True)
class Predictor:
    """The mean of a covariate, or of the outcome, over stated periods.

    Attributes
    ----------
    name : str
        A covariate of the study, or the outcome's name.
    first, last : period, optional
        All periods before the start where left out. Typed periods may be
        texts: they are read as the panel writes its own.
    """

    name: str
    first: Any = None
    last: Any = None

    def __str__(self) -> str:
        if self.first is None:
            return self.name
        return f"{self.name}@{self.first}" if self.last in (None, self.first) else f"{self.name}@{self.first}:{self.last}"


def predictor(text: str | Predictor) -> Predictor:
    """Read a predictor as typed: `lnincome`, `cigsale@1975`, `retprice@1980:1988`, `tests@2016-Q1:2016-Q4`.

    Raises
    ------
    ValueError
        If the text is not of this form.
    """
    if isinstance(text, Predictor):
        return text
    name, at, when = text.strip().rpartition("@")
    if not at:
        name, when = when, ""
    first, colon, last = (part.strip() for part in when.partition(":"))
    if not name.strip() or (at and not first) or (colon and not last) or (colon and _order(first) > _order(last)):
        raise ValueError(
            f"predictors={text!r}: hãy viết như lnincome, cigsale@1975 hoặc retprice@1980:1988. / "
            "Write it like lnincome, cigsale@1975 or retprice@1980:1988."
        )
    return Predictor(name.strip(), first or None, last or first or None)


def predictors_of(texts: str | Iterable[str | Predictor]) -> tuple[Predictor, ...]:
    """Read several predictors; one text may hold several with commas."""
    given = [texts] if isinstance(texts, str) else list(texts)
    return tuple(
        predictor(p) for t in given for p in ([t] if isinstance(t, Predictor) else t.split(",")) if not isinstance(p, str) or p.strip()
    )


@dataclass(frozen=True, eq=False)
class Table:
    """Predictors of one treated unit and its donors, in units of their standard deviation over all of them.

    Attributes
    ----------
    own : ndarray of shape (k,)
    others : ndarray of shape (k, donors)
    donors : ndarray of int
        Those of the pool that have all predictors.
    names : tuple of str
    raw : ndarray of shape (k, 1 + donors)
        In their own units, the treated unit first.
    left_out : tuple of str
        Predictors without a period before the start, or the same everywhere.
    """

    own: Floats
    others: Floats
    donors: np.ndarray[Any, np.dtype[np.int64]]
    names: tuple[str, ...]
    raw: Floats
    left_out: tuple[str, ...]


def table(panel: Matrix, pool: Pool, unit: int, before: Flags, wanted: Sequence[Predictor], outcome: str) -> Table:
    """Return the predictors of a unit and its donors.

    Parameters
    ----------
    panel : Matrix
    pool : Pool
    unit : int
    before : ndarray of bool, shape (periods,)
        Before the unit's start: what lies later in a window is left out.
    wanted : sequence of Predictor
        Means over what is known in their window.
    outcome : str
        By which name the outcome is called.

    Raises
    ------
    NotEnough
        If nothing is left to match on, or the unit itself lacks a predictor.
    ValueError
        If a name is not known; the message names the nearest.
    """
    rows = np.concatenate([[unit], pool.donors])
    kept, names, left = [], [], []
    for p in wanted:
        source = _source(panel, pool, p, outcome)
        figures = source[rows]
        if source is pool.z:  # its own holes may have been filled as another's donor
            figures[0] = np.where(pool.seen[unit], figures[0], np.nan)
        values = _means(figures[:, before & _window(panel, p)])
        if values is None:
            left.append(str(p))
            continue
        if not np.isfinite(values[0]):
            raise NotEnough(
                f"{panel.units[unit]}: không có số liệu của {p}; hãy bỏ hoặc đổi kỳ của biến dự báo này. / "
                f"It has no figure of {p}; leave this predictor out or change its periods."
            )
        kept.append(values)
        names.append(str(p))
    raw = np.array(kept).reshape(len(kept), len(rows))
    able = np.isfinite(raw).all(axis=0)
    raw = raw[:, able]
    spread = raw.std(axis=1, ddof=1) if raw.shape[1] > 1 else np.zeros(len(raw))
    moves = spread > 1e-12 * np.maximum(1e-300, np.abs(raw).max(axis=1, initial=0.0))
    left += [n for n, m in zip(names, moves, strict=True) if not m]
    if not moves.any():
        raise NotEnough(
            "Không còn biến dự báo nào có kỳ trước khi bắt đầu và khác nhau giữa các đơn vị; hãy đổi kỳ hoặc bỏ biến dự báo. / "
            "No predictor is left that has a period before the start and differs between units; change their periods or leave them out."
        )
    z = raw[moves] / spread[moves, None]
    return Table(z[:, 0], z[:, 1:], rows[able][1:], tuple(n for n, m in zip(names, moves, strict=True) if m), raw[moves], tuple(left))


def moved_back(wanted: Sequence[Predictor], panel: Matrix, before: Flags) -> tuple[Predictor, ...]:
    """Return predictors with their windows moved back by half of the periods before the start, for training."""
    half = (int(before.sum()) + 1) // 2
    found = []
    for p in wanted:
        at = np.flatnonzero(_window(panel, p) & before)
        if not len(at):
            continue
        first, last = max(0, int(at[0]) - half), max(0, int(at[-1]) - half)
        found.append(Predictor(p.name, panel.periods[first], panel.periods[last]))
    return tuple(found)


def _source(panel: Matrix, pool: Pool, p: Predictor, outcome: str) -> Floats:
    if p.name in panel.covariate_names and panel.covariates is not None:
        return np.asarray(panel.covariates[panel.covariate_names.index(p.name)])
    if p.name in (outcome, OUTCOME):
        return pool.z
    known = [*panel.covariate_names, outcome]
    near = difflib.get_close_matches(p.name, known, 1)
    meant = f" ({near[0]}?)" if near else ""
    raise ValueError(
        f"Không có biến dự báo {p.name!r}{meant}; có / There is no predictor {p.name!r}{meant}; there are: {', '.join(known)}."
    )


def _window(panel: Matrix, p: Predictor) -> Flags:
    if p.first is None:
        return np.ones(len(panel.periods), dtype=bool)
    first = period_like(p.first, panel.periods[0])
    last = first if p.last is None else period_like(p.last, panel.periods[0])
    return np.array([first <= t <= last for t in panel.periods])


def period_like(typed: Any, example: Any) -> Any:
    """Return a typed period in the panel's own kind: "1975" is 1975 where periods are numbers.

    Raises
    ------
    ValueError
        If it cannot be read so.
    """
    if isinstance(typed, str) == isinstance(example, str):
        return typed
    if isinstance(example, str):
        return str(typed)
    try:
        return type(example)(typed)
    except (TypeError, ValueError):
        raise ValueError(
            f"{typed!r}: các kỳ trong bảng viết như {example!r}. / The periods of the panel are written like {example!r}."
        ) from None


def _means(values: Floats) -> Floats | None:
    """Return each unit's mean over what is known; None where there is no period or nobody has a figure."""
    known = np.isfinite(values)
    if not known.any():
        return None
    n = known.sum(axis=1)
    return np.where(n > 0, np.where(known, values, 0.0).sum(axis=1) / np.maximum(n, 1), np.nan)


def _order(period: str) -> tuple[int, float | str]:
    """Return what two typed periods are compared by: numbers as numbers."""
    return (0, float(period)) if period.lstrip("-").isdigit() else (1, period)
