"""Conformal inference: a second implementation by loops, another package, exactness, and where it is blind."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from diff_diff.conformal import _cwz_pvalue, _iid_perms, _moving_block_perms

from evaluation.effects.designs import design
from evaluation.effects.inference import inference
from evaluation.effects.inference.conformal import conformal, conformal_by, null_residuals
from evaluation.effects.matrix import Matrix, NotEnough

DID = design("did")
RNG = np.random.default_rng(0)


def brute_residuals(y: np.ndarray, effect: float, later: int) -> np.ndarray:
    """Difference-in-differences fitted to all periods under the null, as the paper has it: y1 - mean of donors - mean of that."""
    own = y[0].copy()
    own[-later:] -= effect
    gap = own - y[1:].mean(axis=0)
    return np.asarray(gap - gap.mean())


def brute_p(u: np.ndarray, later: int, blocks: bool) -> float:
    t = len(u)
    own = sum(abs(u[i]) for i in range(t - later, t))
    sets = [[(i + j) % t for i in range(t - later, t)] for j in range(t)] if blocks else list(combinations(range(t), later))
    return float(np.mean([sum(abs(u[i]) for i in s) >= own - 1e-12 for s in sets]))


@pytest.mark.parametrize("arrangements", ["moving_block", "iid"])
def test_p_values_by_loops(as_matrix: Callable[..., Matrix], arrangements: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(2):
        y = rng.normal(0, 1, (9, 12))
        y[0, 9:] += 1.5
        panel = as_matrix(y, first=9, measure="value")
        kept = np.arange(12)
        for effect in (0.0, 1.5):
            assert null_residuals(DID, panel, kept, 3, effect) == pytest.approx(brute_residuals(y, effect, 3))
        found = conformal_by(arrangements)(DID, panel, DID.fit(panel), 0.9, RNG)  # type: ignore[arg-type]
        assert found.p_value == pytest.approx(brute_p(brute_residuals(y, 0.0, 3), 3, arrangements == "moving_block"))
        assert found.smallest_p == pytest.approx(1 / 12 if arrangements == "moving_block" else 1 / 220)


def test_the_same_p_value_as_diff_diff(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(2).normal(0, 1, (9, 30))
    y[0, 26:] += 1
    panel = as_matrix(y, first=26, measure="value")
    u, later = brute_residuals(y, 0.0, 4), np.arange(30) >= 26
    theirs = _cwz_pvalue(u, later, _moving_block_perms(30), 1)
    assert conformal(DID, panel, DID.fit(panel), 0.95, RNG).p_value == pytest.approx(np.atleast_1d(theirs)[0])
    drawn = float(np.atleast_1d(_cwz_pvalue(u, later, _iid_perms(30, 4000, np.random.default_rng(3)), 1))[0])
    ours = conformal_by("iid", draws=4000)(DID, panel, DID.fit(panel), 0.95, RNG)
    assert not ours.details["all_arrangements"]  # 27,405 ways
    assert ours.p_value == pytest.approx(drawn, abs=3.3 * np.sqrt(2 * 0.25 / 4000))


@pytest.mark.parametrize("arrangements", ["moving_block", "iid"])
def test_the_interval_holds_what_is_not_rejected(as_matrix: Callable[..., Matrix], arrangements: str) -> None:
    y = np.random.default_rng(3).normal(0, 1, (9, 24))
    y[0, 21:] += 2
    panel = as_matrix(y, first=21, measure="value")
    found = conformal_by(arrangements)(DID, panel, DID.fit(panel), 0.9, RNG)  # type: ignore[arg-type]
    assert found.low is not None
    assert found.high is not None
    for edge, inside in ((found.low, 1), (found.high, -1)):
        for step, kept in ((1e-4, True), (-1e-4, False)):
            p = brute_p(brute_residuals(y, edge + inside * step, 3), 3, arrangements == "moving_block")
            assert (p > 0.1 + 1e-12) == kept


def test_each_period_alone_with_those_before(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(4).normal(0, 1, (9, 24))
    panel = as_matrix(y, first=21, measure="value")
    found = conformal(DID, panel, DID.fit(panel), 0.9, RNG)
    assert found.by_period is not None
    assert np.isnan(found.by_period[:21]).all()
    for t in (21, 23):
        low, high = found.by_period[t]
        only = y[:, [*range(21), t]]
        for effect, kept in ((low + 1e-4, True), (low - 1e-4, False), (high - 1e-4, True), (high + 1e-4, False)):
            assert (brute_p(brute_residuals(only, effect, 1), 1, True) > 0.1 + 1e-12) == kept
    short = as_matrix(y[:, 8:], first=13, measure="value")
    assert conformal(DID, short, DID.fit(short), 0.95, RNG).by_period is None  # 14 periods can give 1/14 at best


def test_the_average_of_an_effect_that_is_not_constant(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(11).normal(0, 1, (9, 47))
    y[0, 45:] += [6.0, -4.0]
    panel = as_matrix(y, first=45, measure="value")
    found = conformal_by(average=True)(DID, panel, DID.fit(panel), 0.9, RNG)
    halves = y[:, 1:].reshape(9, 23, 2).mean(2)  # the first period is left over
    assert found.details["stretches"] == 23
    assert found.p_value == pytest.approx(brute_p(brute_residuals(halves, 0.0, 1), 1, True))
    assert found.low is not None
    assert found.high is not None
    for edge, inside in ((found.low, 1), (found.high, -1)):
        for step, kept in ((1e-4, True), (-1e-4, False)):
            assert (brute_p(brute_residuals(halves, edge + inside * step, 1), 1, True) > 0.1 + 1e-12) == kept
    # Against a constant effect the same test rejects whatever it is.
    assert conformal(DID, panel, DID.fit(panel), 0.9, RNG).low is None
    with pytest.raises(NotEnough, match="fewer periods before"):
        conformal_by(average=True)(DID, as_matrix(y[:, :16], first=6, measure="value"), DID.fit(panel), 0.9, RNG)


def test_sixteen_quarters_in_blocks_cannot_claim_and_say_so(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(5).poisson(30, (20, 16)).astype(float)
    y[0, 14:] *= 20
    panel = as_matrix(y, first=14)
    found = inference("conformal")(DID, panel, DID.fit(panel), 0.95, RNG)
    assert found.p_value == found.smallest_p == pytest.approx(1 / 16)
    assert (found.low, found.high) == (None, None)
    assert not found.claims(0.95)
    assert "nothing can be claimed at 5% with 16 periods" in found.said.en
    assert "không thể kết luận ở mức 5% với 16 kỳ" in found.said.vi
    free = conformal_by("iid")(DID, panel, DID.fit(panel), 0.95, RNG)
    assert free.smallest_p == pytest.approx(1 / 120)
    assert free.claims(0.95)


def test_with_as_many_periods_after_as_before_a_lasting_effect_is_not_seen(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(6).normal(0, 1, (20, 16))
    y[0, 8:] += 30
    panel = as_matrix(y, measure="value")
    found = conformal_by("iid")(DID, panel, DID.fit(panel), 0.95, RNG)
    assert found.p_value is not None
    assert found.p_value > 0.05
    assert (found.low, found.high) == (None, None)
    assert "can hardly be seen" in found.said.en


def test_anticipation_and_phase_in_take_no_part(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(7).normal(0, 1, (9, 24))
    spoiled = y.copy()
    spoiled[0, [19, 20, 21]] = 1e4
    one, two = (as_matrix(v, first=20, measure="value", anticipation=1, phase_in=2) for v in (y, spoiled))
    a, b = (conformal(DID, p, DID.fit(one), 0.9, RNG) for p in (one, two))
    assert (a.p_value, a.low, a.details["periods_used"]) == (b.p_value, b.low, 21)


def test_periods_without_a_report_take_no_part(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(8).poisson(30, (9, 24)).astype(float)
    gone = y.copy()
    gone[0, [3, 22]] = np.nan
    panel = as_matrix(gone, first=20)
    found = conformal(DID, panel, DID.fit(panel), 0.9, RNG)
    assert found.details["periods_used"] == 22
    gone[0, 20:] = np.nan
    with pytest.raises(NotEnough, match="no figures before or after"):
        conformal(DID, as_matrix(gone, first=20), DID.fit(panel), 0.9, RNG)
    with pytest.raises(NotEnough, match="different times"):
        conformal(DID, as_matrix(y, treated=(0, 1), first=(8, 10)), DID.fit(panel), 0.9, RNG)


def test_a_ratio_taken_out_of_counts_comes_back(as_matrix: Callable[..., Matrix]) -> None:
    y = np.full((9, 24), 4000.0) + np.random.default_rng(9).integers(-40, 40, (9, 24))
    y[0, 21:] *= 1.5
    panel = as_matrix(y, first=21)
    found = conformal(DID, panel, DID.fit(panel), 0.9, RNG)
    assert found.low is not None
    assert found.high is not None
    assert found.low < np.log(1.5) < found.high < found.low + 0.05


@pytest.mark.slow
def test_exact_for_exchangeable_errors_and_not_for_lasting_ones(as_matrix: Callable[..., Matrix]) -> None:
    rng = np.random.default_rng(10)
    draws = 1500
    error = 3.3 * np.sqrt(0.1 * 0.9 / draws)

    def rejected(arrangements: str, memory: float) -> float:
        said = 0
        for _ in range(draws):
            y = rng.normal(0, 1, (12, 20))
            for t in range(1, 20):
                y[:, t] = memory * y[:, t - 1] + np.sqrt(1 - memory**2) * y[:, t]
            kept, later = np.arange(20), 4
            u = np.abs(null_residuals(DID, as_matrix(y, first=16, measure="value"), kept, later, 0.0))
            if arrangements == "moving_block":
                sums = np.array([np.roll(u, j)[-later:].sum() for j in range(20)])
            else:
                sums = np.vstack([u[-later:], rng.permuted(np.tile(u, (199, 1)), axis=1)[:, -later:]]).sum(axis=1)
            said += np.mean(sums >= u[-later:].sum() - 1e-12) <= 0.1
        return said / draws

    assert abs(rejected("moving_block", 0.0) - 0.1) < error
    assert abs(rejected("iid", 0.0) - 0.1) < error
    # Deviations that last: blocks keep most of it in so short a series, single periods do not.
    assert 0.1 < rejected("moving_block", 0.8) < 0.2
    assert rejected("iid", 0.8) > 0.18
