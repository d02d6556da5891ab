"""Ferman and Pinto: few treated units that scatter otherwise than the donors, since they are larger or smaller.

The variance of a unit's change is taken as A + B / M, M its size: A what does not average out, B / M what does. Each
unit's error is divided by its own standard deviation, drawn again with replacement, and multiplied by that of the unit
it is put in. It stands on that variance being of this form; more than in size the units must not differ. The size must
not be what the pilot was picked for: a ward at the peak of its own counts looks larger and steadier than it is, and the
test then rejects more often than a plain placebo (19 against 12 % at 5 %, docs/decisions/0022). Denominators do not have
that fault.

References
----------
Ferman, Pinto 2019, Review of Economics and Statistics 101:452-467.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.inference.inversion import ends
from evaluation.effects.inference.unit_errors import UnitErrors, unit_errors
from evaluation.effects.judgement import Inference, Judgement
from evaluation.effects.matrix import Floats, Matrix, NotEnough
from evaluation.language import Words, number

DRAWS = 999


@dataclass(frozen=True)
class VarianceBySize:
    """Variance of a unit's error: constant + by_size / size, neither below 0."""

    constant: float
    by_size: float

    def at(self, sizes: Floats) -> Floats:
        """Return the variance of units of these sizes."""
        return np.asarray(self.constant + self.by_size / sizes)


def variance_by_size(errors: Floats, sizes: Floats) -> VarianceBySize:
    """Return A and B of A + B / M by least squares on the squared errors, neither below 0.

    Raises
    ------
    NotEnough
        If no unit has an error at all.
    """
    from scipy.optimize import nnls

    squares = errors**2
    scale = float(squares.mean())
    if not scale > 0:
        raise NotEnough(
            "Không đơn vị so sánh nào biến động, nên không ước lượng được phương sai. / "
            "No comparison unit moves at all, so no variance can be estimated."
        )
    inverse = 1 / sizes
    found, _ = nnls(np.column_stack([np.ones_like(sizes), inverse / inverse.mean()]), squares / scale)
    return VarianceBySize(float(found[0] * scale), float(found[1] * scale / inverse.mean()))


def ferman_pinto_by(sizes: Mapping[str, float] | None = None, draws: int = DRAWS) -> Inference:
    """Return the test with sizes of one's own.

    Parameters
    ----------
    sizes : mapping of unit to positive number, optional
        What the error averages over: people, establishments, events. Left
        out: the mean denominator before the start of shares and rates, the
        mean count of counts; values have none, and all count as equal.
    draws : int
    """

    def judge(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
        return _judge(sizes, draws, design, panel, fit, level, rng)

    return judge


def ferman_pinto(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
    """Judge an estimate by a residual bootstrap in which each unit keeps the variance of its size.

    p is (1 + b) / (1 + draws); the null is imposed on the residuals, so the
    pilot's own error is among those drawn, which makes up for few donors.
    The interval holds the effects that the same draws do not reject.

    Raises
    ------
    NotEnough
        If no donor moves at all, or a size given is missing or not positive.
    """
    return _judge(None, DRAWS, design, panel, fit, level, rng)


def _judge(
    sizes: Mapping[str, float] | None, draws: int, design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator
) -> Judgement:
    errors = unit_errors(design, panel, fit)
    if errors is None:
        return Judgement(None, None, None, None, _said(draws, True))
    own, others = _sizes(panel, errors, sizes)
    units = errors.count + len(errors.donors)
    test = bootstrap_test(errors, own, others, rng.integers(0, units, (draws, units)))
    spread = float(np.sqrt(np.mean(errors.donors**2)))
    low, high = ends(lambda a: test(a) > round(1 - level, 9), fit.estimate, max(spread, 1e-9))
    fitted = variance_by_size(_null_errors(errors, 0.0), np.concatenate([own, others]))
    return Judgement(
        test(0.0),
        low,
        high,
        1 / (draws + 1),
        _said(draws, bool(np.ptp(np.concatenate([own, others])) == 0)),
        details={
            "variance_constant": fitted.constant,
            "variance_by_size": fitted.by_size,
            "treated_size": own.tolist(),
            "donor_size": float(np.median(others)),
        },
    )


def bootstrap_test(errors: UnitErrors, own: Floats, others: Floats, places: np.ndarray) -> Callable[[float], float]:
    """Return the function from a supposed effect to its p-value.

    Parameters
    ----------
    errors : UnitErrors
    own, others : ndarray
        Sizes of the treated units and of the donors.
    places : ndarray of int, shape (draws, units)
        Which unit's error is put in each unit, treated units first.
    """
    sizes = np.concatenate([own, others])
    k = errors.count
    estimate = float(errors.treated.mean())

    def p_value(effect: float) -> float:
        under = _null_errors(errors, effect)
        deviation = np.sqrt(variance_by_size(under, sizes).at(sizes))
        drawn = (under / deviation)[places] * deviation
        made = drawn[:, :k].mean(axis=1) - (drawn[:, k:].mean(axis=1) if errors.alike else 0.0)
        return float((1 + (np.abs(made) >= abs(estimate - effect) * (1 - 1e-12)).sum()) / (len(places) + 1))

    return p_value


def _null_errors(errors: UnitErrors, effect: float) -> Floats:
    """Return all units' errors if the effect were this, treated units first: of a mean of 0 where it has been taken off."""
    under = np.concatenate([errors.treated - effect, errors.donors])
    return np.asarray(under - under.mean()) if errors.alike else under


def _sizes(panel: Matrix, errors: UnitErrors, given: Mapping[str, float] | None) -> tuple[Floats, Floats]:
    rows = np.concatenate([np.flatnonzero(panel.treated), errors.places])
    if given is not None:
        found = np.array([given.get(panel.units[r], np.nan) for r in rows], dtype=float)
    elif panel.measure == "value":
        found = np.ones(len(rows))
    else:
        source = np.where(panel.before[panel.treated].all(axis=0), panel.top if panel.measure == "count" else panel.bottom, np.nan)[rows]
        seen = np.isfinite(source)
        found = np.where(seen, source, 0.0).sum(1) / np.maximum(seen.sum(1), 1)
        found = np.maximum(found, 0.5) if panel.measure == "count" else found
    bad = [panel.units[r] for r, size in zip(rows, found, strict=True) if not size > 0]
    if bad:
        raise NotEnough(f"Thiếu quy mô (sizes) của {', '.join(bad)}. / The size (sizes) of {', '.join(bad)} is missing.")
    return found[: errors.count], found[errors.count :]


def _said(draws: int, equal: bool) -> Words:
    vi = "; mọi đơn vị coi như cùng quy mô" if equal else ""
    en = "; all units taken as equally large" if equal else ""
    return Words(
        f"Ferman, Pinto 2019: chọn lại {number(draws, 'vi')} lần phần dư, mỗi đơn vị giữ phương sai A + B/M theo quy mô M{vi}.",
        f"Ferman, Pinto 2019: residuals drawn again {number(draws, 'en')} times, each unit keeping the variance A + B/M of its size M{en}.",
    )
