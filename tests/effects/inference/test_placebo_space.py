"""Placebo in space: ranks and intervals by hand and by brute force, several treated units, degenerate panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, permutations
from math import comb

import numpy as np
import pytest

from evaluation.effects.design import Design, Fit
from evaluation.effects.designs import design
from evaluation.effects.inference import inference
from evaluation.effects.inference.inversion import without_effect
from evaluation.effects.inference.placebo_sets import placebos
from evaluation.effects.inference.placebo_space import in_space, placebo_in_space, placebo_ratio, placebo_studentised, rank
from evaluation.effects.judgement import Judgement
from evaluation.effects.matrix import Matrix, NotEnough
from evaluation.language import Words

DID = design("did")
STATISTICS = ("size", "ratio", "studentised")


def judged(panel: Matrix, how: object = placebo_in_space, level: float = 0.95, seed: int = 0, by: Design = DID) -> Judgement:
    return how(by, panel, by.fit(panel), level, np.random.default_rng(seed))  # type: ignore[operator]


def mean_gap(staggered: bool = True) -> Design:
    """A design of one line: the treated mean less the donors' mean, relative to before; it takes any starts."""

    def fit(panel: Matrix) -> Fit:
        own = panel.y[panel.treated].mean(0)
        gap = own - panel.y[~panel.treated].mean(0)
        rows = np.flatnonzero(panel.treated)
        each = [
            np.mean((panel.y[r] - panel.y[~panel.treated].mean(0))[panel.after[r]])
            - np.mean((panel.y[r] - panel.y[~panel.treated].mean(0))[panel.before[r]])
            for r in rows
        ]
        gap = gap - gap[panel.before[rows].all(0)].mean()
        return Fit(gap, own, own - gap, float(np.mean(each)), np.where(panel.treated, 0.0, 1 / (~panel.treated).sum()))

    return Design("line", Words("", ""), Words("", ""), fit, (), staggered=staggered)


def test_the_registry_knows_the_three() -> None:
    assert inference("placebo") is placebo_in_space
    assert inference("placebo_ratio") is placebo_ratio
    assert inference("placebo_studentised") is placebo_studentised


def test_rank_keeps_the_whole_place_that_binary_numbers_miss() -> None:
    others = np.arange(1.0, 60.0)
    # 0.95 * 60 is 57.00000000000001 in binary: the 57th of 59, not the 58th.
    assert rank(57.5, others, 0.95) == (3 / 60, 57.0, 1 / 60)
    assert rank(57.0, others, 0.95)[0] == 4 / 60
    assert rank(1e9, others[:18], 0.95) == (1 / 19, None, 1 / 19)
    assert rank(1e9, others[:19], 0.95)[1] == 19.0


@pytest.mark.parametrize("measure", ["count", "share", "value"])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_p_and_interval_by_brute_force_with_missing_reports(as_matrix: Callable[..., Matrix], measure: str, statistic: str) -> None:
    rng = np.random.default_rng(12)
    bottom = rng.integers(20, 60, (24, 16)).astype(float)
    top = rng.binomial(bottom.astype(int), 0.4).astype(float)
    top[rng.random(top.shape) < 0.05] = np.nan
    panel = as_matrix(top, measure=measure, bottom=bottom if measure == "share" else None)
    found = judged(panel, in_space(statistic))  # type: ignore[arg-type]
    before, after = np.arange(16) < 8, np.arange(16) >= 8

    def root(gap: np.ndarray) -> float:
        return float(np.sqrt(np.nanmean(gap**2)))

    def value(fit: Fit, shift: float) -> float:
        if statistic == "size":
            return abs(fit.estimate - shift)
        if statistic == "studentised":
            return abs(fit.estimate - shift) / root(fit.gap[before])
        return root(fit.gap[after] - shift) / root(fit.gap[before])

    own, others = DID.fit(panel), [DID.fit(panel.as_if([d])) for d in range(1, 24)]
    away = [value(f, 0.0) for f in others]
    assert found.p_value == pytest.approx((1 + sum(a >= value(own, 0.0) for a in away)) / 24)
    assert found.smallest_p == pytest.approx(1 / 24)
    assert found.low is not None
    assert found.high is not None
    width = found.high - found.low
    for shift in np.linspace(found.low - width / 3, found.high + width / 3, 38):
        p = (1 + sum(a >= value(own, shift) for a in away)) / 24
        assert (found.low <= shift <= found.high) == (p > 0.05 + 1e-12)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_the_interval_by_period_is_the_test_of_each_period(as_matrix: Callable[..., Matrix], statistic: str) -> None:
    panel = as_matrix(np.random.default_rng(2).poisson(40, (25, 16)))
    found = judged(panel, in_space(statistic), level=0.9)  # type: ignore[arg-type]
    before = np.arange(16) < 8
    own, others = DID.fit(panel), [DID.fit(panel.as_if([d])) for d in range(1, 25)]
    scale = [1.0 if statistic == "size" else float(np.sqrt(np.mean(f.gap[before] ** 2))) for f in (own, *others)]
    for t in range(16):
        reach = sorted(abs(f.gap[t]) / s for f, s in zip(others, scale[1:], strict=True))[int(np.ceil(0.9 * 25 - 1e-9)) - 1]
        assert found.by_period is not None
        assert found.by_period[t] == pytest.approx([own.gap[t] - reach * scale[0], own.gap[t] + reach * scale[0]])


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("donors, interval", [(1, False), (18, False), (19, True)])
def test_too_few_donors_give_no_interval(as_matrix: Callable[..., Matrix], donors: int, interval: bool, statistic: str) -> None:
    y = np.random.default_rng(3).poisson(30, (donors + 1, 16)).astype(float)
    if donors == 1:
        y = np.vstack([y, y[1:]])  # a placebo needs a donor of its own
    found = judged(as_matrix(y), in_space(statistic))  # type: ignore[arg-type]
    assert (found.low is not None, found.high is not None) == (interval, interval)
    if not interval:
        assert not found.claims(0.95)


def test_interval_and_test_always_agree(as_matrix: Callable[..., Matrix]) -> None:
    rng = np.random.default_rng(7)
    for donors in (19, 20, 39, 59):
        for level in (0.8, 0.9, 0.95):
            y = rng.poisson(40, (donors + 1, 16)).astype(float)
            y[0, 8:] *= rng.uniform(1, 1.4)
            for statistic in ("size", "studentised"):
                found = judged(as_matrix(y), in_space(statistic), level)  # type: ignore[arg-type]
                assert found.low is not None
                assert found.high is not None
                assert (found.p_value <= 1 - level + 1e-9) == (not found.low <= 0 <= found.high)


def test_a_ratio_that_no_constant_effect_explains_has_no_interval_and_says_so(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(4).normal(0, 1, (40, 16))
    y[0, 8:] += np.resize([40.0, -40.0], 8)  # up and down: large gaps, no effect on average
    found = judged(as_matrix(y, measure="value"), placebo_ratio)
    assert found.p_value == pytest.approx(1 / 40)
    assert (found.low, found.high) == (None, None)
    assert "no constant effect" in found.said.en
    assert "không tác động không đổi nào" in found.said.vi


def test_pairs_of_donors_are_all_pairs(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(5).poisson(30, (22, 16)).astype(float)
    panel = as_matrix(y, treated=(0, 1))
    found = judged(panel)
    own = abs(DID.fit(panel).estimate)
    away = [abs(DID.fit(panel.as_if(pair)).estimate) for pair in combinations(range(2, 22), 2)]
    assert len(found.placebo_fits) == len(away) == comb(20, 2)
    assert found.details["all_sets"]
    assert found.p_value == pytest.approx((1 + sum(a >= own for a in away)) / (len(away) + 1))
    assert found.smallest_p == pytest.approx(1 / 191)
    assert found.placebo_units[0] == "u02 + u03"


def test_a_large_space_is_drawn_from_and_says_how_often(as_matrix: Callable[..., Matrix]) -> None:
    panel = as_matrix(np.random.default_rng(6).poisson(30, (60, 16)), treated=(0, 1))
    one, again, other = (judged(panel, seed=s) for s in (1, 1, 2))
    assert (one.p_value, one.low) == (again.p_value, again.low)
    assert one.low != other.low
    assert (one.smallest_p, len(one.placebo_fits)) == (1 / 500, 499)
    assert "499 sets drawn of 1,653" in one.said.en
    assert "499 nhóm rút ngẫu nhiên trong 1.653" in one.said.vi
    exact = judged(panel, in_space(exact_up_to=2000))
    assert exact.p_value == pytest.approx(one.p_value, abs=3.3 * np.sqrt(0.25 / 499))
    assert exact.details["placebos"] == comb(58, 2)


def test_placebos_of_staggered_units_start_as_these_did(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(8).normal(0, 1, (8, 16))
    panel = as_matrix(y, treated=(0, 1), first=(6, 10), measure="value")
    line = mean_gap()
    made = placebos(line, panel, np.random.default_rng(0))
    assert made.exact
    assert made.space == len(made.fits) == 30  # ordered pairs of six donors
    seen = sorted(f.estimate for f in made.fits)
    brute = []
    for one, two in permutations(range(2, 8), 2):
        rest = [i for i in range(2, 8) if i not in (one, two)]
        gaps = [y[i] - y[rest].mean(0) for i in (one, two)]
        brute.append(np.mean([g[s:].mean() - g[:s].mean() for g, s in zip(gaps, (6, 10), strict=True)]))
    assert seen == pytest.approx(sorted(brute))


def test_three_starts_of_which_two_are_the_same(as_matrix: Callable[..., Matrix]) -> None:
    panel = as_matrix(np.random.default_rng(9).normal(0, 1, (8, 16)), treated=(0, 1, 2), first=(6, 6, 10), measure="value")
    made = placebos(mean_gap(), panel, np.random.default_rng(0))
    assert made.space == len(made.fits) == comb(5, 3) * 3
    assert len({round(f.estimate, 12) for f in made.fits}) == made.space


def test_donors_that_the_design_cannot_take_are_left_out(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(3).poisson(30, (30, 16)).astype(float)
    y[25:] = 0
    assert judged(as_matrix(y)).details["placebos"] == 24
    line = mean_gap()

    def picky(panel: Matrix) -> Fit:
        if "u05" in [u for u, t in zip(panel.units, panel.treated, strict=True) if t]:
            raise NotEnough("u05")
        return line.fit(panel)

    some = Design("picky", Words("", ""), Words("", ""), picky, ())
    found = judged(as_matrix(y, measure="value"), by=some)
    assert found.details["placebos"] == 28
    assert np.isnan(found.placebo_fits[4].estimate)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_panels_that_cannot_answer_give_no_test(as_matrix: Callable[..., Matrix], statistic: str) -> None:
    how = in_space(statistic)  # type: ignore[arg-type]
    still = judged(as_matrix(np.full((25, 16), 20.0), measure="value"), how)
    if statistic == "size":
        assert (still.p_value, still.low, still.high) == (1.0, 0.0, 0.0)  # nothing moves: nothing is unusual
    else:
        assert (still.p_value, still.low, still.smallest_p) == (None, None, None)
    assert not still.claims(0.95)
    known = as_matrix(np.random.default_rng(3).poisson(30, (25, 16)).astype(float))
    nothing = np.full(16, np.nan)
    unknown = replace(DID.fit(known), gap=nothing, estimate=float("nan"))
    assert how(DID, known, unknown, 0.95, np.random.default_rng(1)).p_value is None


def test_a_perfect_fit_before_is_an_infinite_ratio(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(4).normal(0, 1, (40, 16))
    line = mean_gap()

    def perfect(panel: Matrix) -> Fit:
        found = line.fit(panel)
        return Fit(np.where(np.arange(16) < 8, 0.0, found.gap), found.observed, found.counterfactual, found.estimate, found.weights)

    exact = Design("exact", Words("", ""), Words("", ""), perfect, ())
    found = judged(as_matrix(y, measure="value"), placebo_ratio, by=exact)
    assert found.p_value == 1.0  # all ratios are infinite: the pilot's is no larger
    assert (found.low, found.high) == (None, None)
    assert "fit without any error" in found.said.en


def test_worse_fits_are_left_out_where_asked_and_it_is_said(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(4).normal(0, 1, (40, 16))
    y[20:] *= 10
    panel = as_matrix(y, measure="value")
    found = judged(panel, in_space(worst=5))
    own = DID.fit(panel).rmspe(np.arange(16) < 8)
    kept = sum(DID.fit(panel.as_if([d])).rmspe(np.arange(16) < 8) ** 2 <= 5 * own**2 for d in range(1, 40))
    assert found.details["placebos"] == kept < 39
    assert found.smallest_p == pytest.approx(1 / (kept + 1))
    assert "5 times" in found.said.en
    assert "không còn chính xác" in found.said.vi


def test_an_effect_moves_estimate_and_interval_by_itself(as_matrix: Callable[..., Matrix]) -> None:
    panel = as_matrix(np.random.default_rng(5).normal(10, 1, (30, 16)), measure="value")
    moved = without_effect(panel, -3.0, panel.after, logs=False)
    for statistic in STATISTICS:
        one, two = (judged(p, in_space(statistic)) for p in (panel, moved))
        assert two.low == pytest.approx(one.low + 3)
        assert two.high == pytest.approx(one.high + 3)


def test_the_order_of_donors_does_not_matter(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(10).poisson(30, (30, 16)).astype(float)
    one, two = (judged(as_matrix(v)) for v in (y, np.vstack([y[:1], y[:0:-1]])))
    assert (one.p_value, one.low) == (two.p_value, pytest.approx(two.low))
