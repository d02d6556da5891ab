"""All indicators of all wards in all quarters at once, beside a loop of scipy and statsmodels calls per ward, in one run.

Four answers: rates with exact intervals, shrinkage with its intervals, signals of control charts, and false-discovery
control over changes on the year before. The loop goes over a few of the indicators, its time is multiplied up, and its
answers must be the same. `make benchmark` runs it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

from evaluation.monitoring.charts.signals import signals
from evaluation.monitoring.looks.multiple_testing import benjamini_hochberg
from evaluation.monitoring.rates.intervals import garwood
from evaluation.monitoring.rates.p_values import ratio_p
from evaluation.monitoring.small_areas.shrinkage import shrink

WARDS, INDICATORS, QUARTERS, BASELINE = 322, 40, 16, 12
COUNTRY = 11_000  # communes
IN_THE_LOOP = 1  # indicators
MOST_SECONDS, FEWEST_TIMES = 5.0, 50.0

Numbers = NDArray[np.float64]


def counts(wards: int, indicators: int, seed: int = 2234) -> tuple[Numbers, Numbers]:
    """Return over-dispersed counts, indicators x quarters x wards, and the wards' residents in ten thousands."""
    rng = np.random.default_rng(seed)
    residents = rng.lognormal(0.8, 0.5, wards)
    level = rng.uniform(3, 40, (indicators, 1, 1)) * rng.gamma(3, 1 / 3, (indicators, 1, wards))
    return rng.poisson(level * residents * rng.gamma(20, 1 / 20, (indicators, QUARTERS, wards))).astype(float), residents


def rates_at_once(k: Numbers, residents: Numbers) -> Any:
    """Return exact intervals of all rates."""
    return garwood(k, residents)


def shrinkage_at_once(k: Numbers, residents: Numbers, plug_in: bool = False) -> Any:
    """Return shrunken rates with intervals, quarter by quarter."""
    found = shrink(k, residents, plug_in=plug_in)
    return found.estimate, found.low, found.high


def signals_at_once(k: Numbers, residents: Numbers) -> Any:
    """Return the points with which a rule is met, charts of u' and the NHS rules."""
    by_ward = np.moveaxis(k, 1, 2)
    found = signals(by_ward, residents[:, None], measure="rate", kind="u'", baseline=BASELINE)
    return np.moveaxis(np.maximum.reduce([np.abs(f) for f in found.fires.values()]), 2, 1)


def discoveries_at_once(k: Numbers, residents: Numbers) -> Any:
    """Return adjusted p-values of the change on the year before, one family for each indicator and quarter."""
    p = ratio_p(k[:, 4:], residents, k[:, :-4], residents)
    return np.stack([[benjamini_hochberg(quarter) for quarter in own] for own in p])


def rates_in_a_loop(k: Numbers, residents: Numbers) -> Any:
    """The same, ward by ward."""
    low, high = np.zeros(k.shape), np.zeros(k.shape)
    for at in np.ndindex(k.shape):
        size = residents[at[2]]
        low[at] = stats.chi2.ppf(0.025, 2 * k[at]) / 2 / size if k[at] else 0.0
        high[at] = stats.chi2.ppf(0.975, 2 * k[at] + 2) / 2 / size
    return low, high


def shrinkage_in_a_loop(k: Numbers, residents: Numbers) -> Any:
    """The same with the hyper-parameters taken as known: one likelihood for each indicator and quarter, one gamma for each ward."""
    estimate, low, high = np.zeros(k.shape), np.zeros(k.shape), np.zeros(k.shape)
    for i, q in np.ndindex(k.shape[:2]):
        own = k[i, q]

        def loss(at: Numbers, own: Numbers = own) -> float:
            shape, rate = np.exp(at)
            return -float(stats.nbinom.logpmf(own, shape, rate / (rate + residents)).sum())

        mean = own.sum() / residents.sum()
        start = np.log([2.0, 2.0 / mean])
        shape, rate = np.exp(optimize.minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10}).x)
        for w in range(k.shape[2]):
            posterior = stats.gamma(shape + own[w], scale=1 / (rate + residents[w]))
            estimate[i, q, w] = posterior.mean()
            low[i, q, w], high[i, q, w] = posterior.ppf(0.025), posterior.ppf(0.975)
    return estimate, low, high


def signals_in_a_loop(k: Numbers, residents: Numbers) -> Any:
    """The same, ward by ward and rule by rule."""
    met = np.zeros(k.shape)
    for i, w in np.ndindex(k.shape[0], k.shape[2]):
        value, size = k[i, :, w] / residents[w], residents[w]
        centre = k[i, :BASELINE, w].sum() / (size * BASELINE)
        error = np.sqrt(centre / size)
        z = (value - centre) / error
        z = z / max(1.0, np.abs(np.diff(z[:BASELINE])).mean() / 1.128)
        for t in range(QUARTERS):
            seven, three = slice(max(0, t - 6), t + 1), slice(max(0, t - 2), t + 1)
            last, near = z[seven], np.abs(z[three])
            same = len(z[three]) == 3 and (np.all(z[three] > 0) or np.all(z[three] < 0))
            met[i, t, w] = (
                abs(z[t]) > 3
                or (len(last) == 7 and (np.all(last > 0) or np.all(last < 0)))
                or (len(last) == 7 and (np.all(np.diff(value[seven]) > 0) or np.all(np.diff(value[seven]) < 0)))
                or (same and int(np.sum((near > 2) & (near <= 3))) >= 2)
            )
    return met


def discoveries_in_a_loop(k: Numbers, residents: Numbers) -> Any:
    """The same with one exact test a ward."""
    adjusted = np.ones((k.shape[0], QUARTERS - 4, k.shape[2]))
    for i, t in np.ndindex(adjusted.shape[:2]):
        p = np.array([_exact(int(a), int(b)) for a, b in zip(k[i, t + 4], k[i, t], strict=True)])
        adjusted[i, t] = multipletests(p, method="fdr_bh")[1]
    return adjusted


def _exact(now: int, then: int) -> float:
    if now + then == 0:
        return 1.0
    tails = (stats.binomtest(now, now + then, 0.5, alternative=side).pvalue for side in ("less", "greater"))
    return float(min(1.0, 2 * min(tails)))


ANSWERS: tuple[tuple[str, Callable[..., Any], Callable[..., Any]], ...] = (
    ("rates with exact intervals", rates_at_once, rates_in_a_loop),
    ("shrinkage with intervals", shrinkage_at_once, shrinkage_in_a_loop),
    ("control chart signals", signals_at_once, signals_in_a_loop),
    ("false-discovery control", discoveries_at_once, discoveries_in_a_loop),
)


def main() -> int:
    """Run both and print what they took; 0 if the answers agree and the bounds are kept."""
    k, residents = counts(WARDS, INDICATORS)
    part = k[:IN_THE_LOOP]
    print(f"{WARDS} wards x {INDICATORS} indicators x {QUARTERS} quarters; the loop goes over {IN_THE_LOOP} indicator, times {INDICATORS}")
    ours_in_all, loop_in_all, same = 0.0, 0.0, True
    for name, at_once, in_a_loop in ANSWERS:
        at_once(part, residents)
        ours, _ = _timed(at_once, k, residents)
        loop, answer = _timed(in_a_loop, part, residents)
        loop *= INDICATORS / IN_THE_LOOP
        compared = shrinkage_at_once(part, residents, plug_in=True) if at_once is shrinkage_at_once else at_once(part, residents)
        agrees = _alike(compared, answer)
        same &= agrees
        ours_in_all, loop_in_all = ours_in_all + ours, loop_in_all + loop
        print(f"{name:<28} {ours:7.2f} s   loop {loop:8.1f} s   {loop / ours:7.0f} times   {'same answers' if agrees else 'OTHER ANSWERS'}")
    print(f"{'together':<28} {ours_in_all:7.2f} s   loop {loop_in_all:8.1f} s   {loop_in_all / ours_in_all:7.0f} times")
    country, people = counts(COUNTRY, INDICATORS)
    grown = sum(_timed(at_once, country, people)[0] for _, at_once, _ in ANSWERS)
    print(f"{COUNTRY} communes: {grown:.1f} s, {grown / ours_in_all:.1f} times as long for {COUNTRY / WARDS:.1f} times as many")
    kept = same and ours_in_all < MOST_SECONDS and loop_in_all / ours_in_all >= FEWEST_TIMES
    print(f"bounds: {MOST_SECONDS:.0f} s, {FEWEST_TIMES:.0f} times, same answers: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


def _timed(work: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = work(*given)
    return time.perf_counter() - start, answer


def _alike(one: Any, other: Any) -> bool:
    """Return whether two answers agree to a thousandth: the loop's search for the likelihood's top is no finer."""
    pairs = zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]
    return all(np.allclose(np.nan_to_num(a, nan=1.0), b, rtol=1e-3, atol=1e-6) for a, b in pairs)


if __name__ == "__main__":
    raise SystemExit(main())
