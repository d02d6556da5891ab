"""Power of a pilot of k units over T periods, by simulation on panels drawn after the real series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluation.effects.calibration.fitting import fit_generator
from evaluation.effects.calibration.generator import Drawn, FittedGenerator
from evaluation.effects.matrix import Flags, Floats
from evaluation.effects.next_pilot.candidates import Question
from evaluation.effects.study import SHARE, VALUE

DRAWS = 200
POWER = 0.80
# Ratios of counts and rates, odds ratios of shares, and standard deviations of a unit's own values over time.
SIZES = {"ratio": (1.0, 1.1, 1.2, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0), "odds": (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)}
DEVIATIONS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True, eq=False)
class Future:
    """Panels drawn for the periods before and after the next start.

    Attributes
    ----------
    measure : {"count", "share", "rate", "value"}
    drawn : Drawn
        n panels of all candidates.
    before : int
        Periods before the start.
    spread : ndarray of shape (units,), or (n, units)
        Standard deviation of each unit's own values; of values alone.
    """

    measure: str
    drawn: Drawn
    before: int
    spread: Floats


def sizes_of(measure: str) -> tuple[float, ...]:
    """Return the effects that are tried; the first is none."""
    return DEVIATIONS if measure == VALUE else SIZES["odds" if measure == SHARE else "ratio"]


def scale_of(measure: str) -> str:
    """Return on what scale they are: "ratio", "odds ratio" or "standard deviations"."""
    return {VALUE: "standard deviations", SHARE: "odds ratio"}.get(measure, "ratio")


def future(q: Question, after: int, rng: np.random.Generator, draws: int = DRAWS) -> Future:
    """Return panels with all real periods before the start and `after` periods from it on."""
    generator = fit_generator(q.top, q.bottom, q.measure, q.periods)
    before = len(q.periods)
    drawn = _lengthened(generator, before + after).draw(rng, draws)
    spread = np.nanstd(q.top, axis=1) if q.measure == VALUE else np.ones(len(q.units))
    return Future(q.measure, drawn, before, spread)


def _lengthened(generator: FittedGenerator, periods: int) -> FittedGenerator:
    """Return the generator for more periods; its common course goes on as it was, which no comparison sees."""

    def on(x: Floats) -> Floats:
        return x[..., np.arange(periods) % x.shape[-1]]

    bottom = generator.bottom
    if isinstance(bottom, FittedGenerator):
        return replace(generator, course=on(generator.course), bottom=_lengthened(bottom, periods))
    return replace(generator, course=on(generator.course), bottom=None if bottom is None else on(bottom))


def with_effect(world: Future, treated: Flags, size: float, rng: np.random.Generator) -> Floats:
    """Return numerators with an effect where `treated`; what is added or taken away is drawn, so that counts stay counts.

    Parameters
    ----------
    world : Future
    treated : ndarray of bool, shape (panels, units, periods)
    size : float
        As `sizes_of` has them.
    rng : numpy.random.Generator
    """
    top, expected = world.drawn.top, world.drawn.expected
    at = treated & np.isfinite(top)
    if world.measure == VALUE:
        return np.asarray(np.where(at, top + size * world.spread[..., None], top))
    moved = top.copy()
    y, e = top[at].astype(np.int64), expected[at]
    if world.measure == SHARE:
        whole = world.drawn.bottom[at].astype(np.int64)
        share = np.clip(e, 1e-12, 1 - 1e-12)
        new = size * share / (1 - share + size * share)
        if size >= 1:
            moved[at] = y + rng.binomial(whole - y, (new - share) / (1 - share))
        else:
            moved[at] = rng.binomial(y, new / share)
    else:
        moved[at] = y + rng.poisson((size - 1) * e) if size >= 1 else rng.binomial(y, size)
    return moved


def changes(world: Future, top: Floats, after: int) -> Floats:
    """Return each unit's own change over `after` periods, (panels, units): log ratio, difference of shares or of means.

    NaN where a unit reported nothing on a side.
    """
    bottom = world.drawn.bottom
    seen = np.isfinite(top) & np.isfinite(bottom)
    early, late = slice(0, world.before), slice(world.before, world.before + after)

    def summed(x: Floats, when: slice) -> Floats:
        return np.asarray(np.where(seen, x, 0.0)[..., when].sum(-1))

    sides = [(summed(top, w), summed(bottom, w), seen[..., w].sum(-1)) for w in (early, late)]
    with np.errstate(divide="ignore", invalid="ignore"):
        if world.measure == VALUE:
            found = [a / n for a, _, n in sides]
        elif world.measure == SHARE:
            found = [a / b for a, b, _ in sides]
        else:
            found = [np.log((a + 0.5) / b) for a, b, _ in sides]
        return np.asarray(np.where(np.isfinite(found[0] + found[1]), found[1] - found[0], np.nan))


def statistics(change: Floats, chosen: Flags, compared: Flags) -> Floats:
    """Return mean change of chosen less compared units, (assignments, panels)."""
    known = np.isfinite(change)
    d = np.where(known, change, 0.0).T
    have = known.T.astype(float)
    own, others = chosen.astype(float), compared.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((own @ d) / (own @ have) - (others @ d) / (others @ have))


def rejected(found: Floats, own: NDArray[np.int64], level: float) -> Flags:
    """Return which panels reject no effect: their own assignment ranked among all, itself included; never where it has no estimate."""
    columns = np.arange(found.shape[1])
    size = np.where(np.isfinite(found), np.abs(found), -np.inf)
    mine = size[own, columns]
    p = (size >= mine - 1e-12).mean(0)
    return np.asarray((p <= round(1 - level, 9)) & np.isfinite(mine))


def power_of(
    world: Future, chosen: Flags, compared: Flags, afters: Sequence[int], effects: Sequence[float], level: float, seed: int
) -> Floats:
    """Return the power of a pilot, (effects, `afters`).

    Parameters
    ----------
    world : Future
    chosen, compared : ndarray of bool, shape (assignments, units)
        Accepted assignments of as many units each, and whom each compares
        with; every panel has one of them by lot.
    afters : sequence of int
        Periods from the start on that are looked at.
    effects : sequence of float
    level : float
    seed : int
    """
    own = np.asarray(np.random.default_rng([seed, 1]).integers(0, len(chosen), len(world.drawn.top)))
    places = np.nonzero(chosen[own])[1].reshape(len(own), -1)
    pilot = _only(world, places)
    late = np.broadcast_to(np.arange(world.drawn.top.shape[2]) >= world.before, pilot.drawn.top.shape)
    still = [changes(world, world.drawn.top, t) for t in afters]
    found = np.zeros((len(effects), len(afters)))
    for n, size in enumerate(effects):
        top = with_effect(pilot, late, size, np.random.default_rng([seed, 2, n]))
        for m, t in enumerate(afters):
            change = still[m].copy()
            np.put_along_axis(change, places, changes(pilot, top, t), axis=1)
            found[n, m] = rejected(statistics(change, chosen, compared), own, level).mean()
    return found


def _only(world: Future, places: NDArray[np.int64]) -> Future:
    """Return the world with some units of each panel alone."""

    def of(x: Floats) -> Floats:
        return np.asarray(np.take_along_axis(np.broadcast_to(x, world.drawn.top.shape), places[:, :, None], axis=1))

    drawn = Drawn(of(world.drawn.top), of(world.drawn.bottom), of(world.drawn.expected), None)
    return Future(world.measure, drawn, world.before, world.spread[places])


def detectable_of(effects: Sequence[float], powers: Sequence[float], measure: str) -> float | None:
    """Return the effect with a power of 80 %, between those that were tried; None where none reaches it."""
    rising = np.maximum.accumulate(powers)
    if rising[-1] < POWER:
        return None
    place = int(np.argmax(rising >= POWER))
    if place == 0:
        return float(effects[0])
    x = np.asarray(effects, dtype=float) if measure == VALUE else np.log(effects)
    at = x[place - 1] + (POWER - rising[place - 1]) / (rising[place] - rising[place - 1]) * (x[place] - x[place - 1])
    return float(at if measure == VALUE else np.exp(at))
