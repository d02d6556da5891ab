"""Ferman and Pinto, Conley and Taber: second implementations from the formulas of the papers, and the size of unequal wards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from evaluation.effects.designs import design
from evaluation.effects.inference import inference
from evaluation.effects.inference.conley_taber import conley_taber, tail_p
from evaluation.effects.inference.ferman_pinto import bootstrap_test, ferman_pinto, ferman_pinto_by, variance_by_size
from evaluation.effects.inference.unit_errors import unit_errors
from evaluation.effects.matrix import Matrix, NotEnough

DID = design("did")


def changes(y: np.ndarray, first: int = 8) -> np.ndarray:
    """Each unit's mean after less before: all that a difference-in-differences of groups is made of."""
    return np.asarray(y[:, first:].mean(1) - y[:, :first].mean(1))


def regression_residuals(y: np.ndarray, treated: int, effect: float | None, first: int = 8) -> np.ndarray:
    """Residuals of the two-way regression by least squares with dummies, the effect estimated, or imposed."""
    units, periods = y.shape
    on = np.zeros(y.shape)
    on[:treated, first:] = 1
    dummies = np.column_stack([np.kron(np.eye(units), np.ones((periods, 1))), np.kron(np.ones((units, 1)), np.eye(periods))])
    design_matrix = np.column_stack([dummies, on.ravel()]) if effect is None else dummies
    target = (y if effect is None else y - effect * on).ravel()
    fitted = design_matrix @ np.linalg.lstsq(design_matrix, target, rcond=None)[0]
    return np.asarray((target - fitted).reshape(y.shape))


@pytest.mark.parametrize("treated", [1, 2, 3])
def test_errors_are_the_residual_changes_of_the_regression(as_matrix: Callable[..., Matrix], treated: int) -> None:
    y = np.random.default_rng(1).normal(0, 1, (15, 16))
    panel = as_matrix(y, treated=range(treated), measure="value")
    fit = DID.fit(panel)
    found = unit_errors(DID, panel, fit)
    assert found is not None
    assert found.alike
    assert found.donors == pytest.approx(changes(regression_residuals(y, treated, None))[treated:])
    moved = changes(y)
    assert found.treated == pytest.approx(moved[:treated] - moved[treated:].mean())
    assert found.treated.mean() == pytest.approx(fit.estimate)


def paper_p(y: np.ndarray, treated: int, sizes: np.ndarray, effect: float, places: np.ndarray) -> float:
    """The paper's five steps by loops: null imposed, squares on 1 and 1/M, normalised, drawn again, rescaled."""
    under = changes(regression_residuals(y, treated, effect))
    bounds = lsq_linear(np.column_stack([np.ones(len(sizes)), 1 / sizes]), under**2, (0, np.inf), method="bvls")
    spread = np.sqrt(bounds.x[0] + bounds.x[1] / sizes)
    normal = under / spread
    moved = changes(y)
    estimate = moved[:treated].mean() - moved[treated:].mean()
    beyond = 0
    for row in places:
        drawn = [normal[p] * s for p, s in zip(row, spread, strict=True)]
        beyond += abs(np.mean(drawn[:treated]) - np.mean(drawn[treated:])) >= abs(estimate - effect) - 1e-12
    return float((1 + beyond) / (1 + len(places)))


@pytest.mark.parametrize("treated", [1, 2])
def test_ferman_pinto_by_the_steps_of_the_paper(as_matrix: Callable[..., Matrix], treated: int) -> None:
    rng = np.random.default_rng(2)
    sizes = rng.uniform(20, 400, 18)
    y = rng.normal(0, 1, (18, 16)) * np.sqrt(0.2 + 60 / sizes)[:, None]
    y[:treated, 8:] += 0.6
    panel = as_matrix(y, treated=range(treated), measure="value")
    fit = DID.fit(panel)
    errors = unit_errors(DID, panel, fit)
    assert errors is not None
    places = np.random.default_rng(5).integers(0, 18, (400, 18))
    ours = bootstrap_test(errors, sizes[:treated], sizes[treated:], places)
    for effect in (0.0, 0.3, 0.9):
        assert ours(effect) == pytest.approx(paper_p(y, treated, sizes, effect, places))
    given = ferman_pinto_by({f"u{i:02d}": s for i, s in enumerate(sizes)}, draws=400)
    found = given(DID, panel, fit, 0.9, np.random.default_rng(5))
    assert found.p_value == ours(0.0)
    assert found.low is not None
    assert found.high is not None
    width = found.high - found.low
    for edge, inside in ((found.low, 1), (found.high, -1)):
        assert ours(edge + inside * 1e-6 * width) > 0.1
        assert ours(edge - inside * 1e-6 * width) <= 0.1


def test_the_variance_function_comes_back() -> None:
    rng = np.random.default_rng(3)
    sizes = np.exp(rng.normal(5, 1, 20_000))
    found = variance_by_size(rng.normal(0, np.sqrt(0.04 + 3 / sizes)), sizes)
    assert found.constant == pytest.approx(0.04, rel=0.1)
    assert found.by_size == pytest.approx(3, rel=0.1)
    # Errors that grow with size: the part by size is not allowed below 0.
    grown = variance_by_size(rng.normal(0, np.sqrt(sizes)), sizes)
    assert grown.by_size == 0
    assert grown.at(np.array([1.0, 1e6])) == pytest.approx(np.repeat(grown.constant, 2))


def test_sizes_are_read_from_the_study(as_matrix: Callable[..., Matrix]) -> None:
    rng = np.random.default_rng(4)
    bottom = np.repeat(rng.integers(20, 200, (25, 1)), 16, axis=1).astype(float)
    top = rng.binomial(bottom.astype(int), 0.4).astype(float)
    share = as_matrix(top, measure="share", bottom=bottom)
    found = inference("ferman_pinto")(DID, share, DID.fit(share), 0.95, np.random.default_rng(1))
    assert found.details["treated_size"] == [bottom[0, 0]]
    assert found.details["donor_size"] == np.median(bottom[1:, 0])
    counts = as_matrix(top)
    later = top.copy()
    later[0, 8:] *= 5  # what the pilot did does not make its ward larger
    for y in (top, later):
        found = ferman_pinto(DID, as_matrix(y), DID.fit(counts), 0.95, np.random.default_rng(1))
        assert found.details["treated_size"] == [pytest.approx(top[0, :8].mean())]
    values = as_matrix(top, measure="value")
    assert "equally large" in ferman_pinto(DID, values, DID.fit(values), 0.95, np.random.default_rng(1)).said.en
    with pytest.raises(NotEnough, match="u03"):
        ferman_pinto_by({f"u{i:02d}": 1.0 for i in range(25) if i != 3})(DID, values, DID.fit(values), 0.95, np.random.default_rng(1))
    still = as_matrix(np.full((9, 16), 5.0), measure="value")
    with pytest.raises(NotEnough, match="No comparison unit moves"):
        ferman_pinto(DID, still, DID.fit(still), 0.95, np.random.default_rng(1))
    unknown = replace(DID.fit(counts), estimate=float("nan"))
    assert ferman_pinto(DID, counts, unknown, 0.95, np.random.default_rng(1)).p_value is None
    assert conley_taber(DID, counts, unknown, 0.95, np.random.default_rng(1)).p_value is None


@pytest.mark.parametrize("treated", [1, 2])
def test_conley_taber_by_the_formula_of_the_paper(as_matrix: Callable[..., Matrix], treated: int) -> None:
    """Sum over the treated of (d - mean d) times a control's residual, over the sum of squares, for each choice of controls."""
    y = np.random.default_rng(5).normal(0, 1, (25, 16))
    panel = as_matrix(y, treated=range(treated), measure="value")
    fit = DID.fit(panel)
    residual = regression_residuals(y, treated, None)[treated:]
    on = np.array([0.0] * 8 + [1.0] * 8) - 0.5
    weight = treated * (on**2).sum()
    drawn = [sum(on @ residual[c] for c in chosen) / weight for chosen in product(range(25 - treated), repeat=treated)]
    found = conley_taber(DID, panel, fit, 0.9, np.random.default_rng(0))
    below, above = np.mean([d <= fit.estimate for d in drawn]), np.mean([d >= fit.estimate for d in drawn])
    assert found.p_value == pytest.approx(min(1.0, 2 * min(below, above)))
    assert found.low is not None
    assert found.high is not None
    width = found.high - found.low
    for effect in np.linspace(found.low - width / 5, found.high + width / 5, 98):
        left = fit.estimate - effect
        p = 2 * min(np.mean([d <= left + 1e-12 for d in drawn]), np.mean([d >= left - 1e-12 for d in drawn]))
        assert (found.low <= effect <= found.high) == (p > 0.1 + 1e-12)


def test_three_treated_units_are_drawn(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(6).normal(0, 1, (30, 16))
    panel = as_matrix(y, treated=(0, 1, 2), measure="value")
    one, two = (conley_taber(DID, panel, DID.fit(panel), 0.95, np.random.default_rng(s)) for s in (1, 2))
    assert one.low == pytest.approx(two.low, abs=0.1)
    assert tail_p(0.0, np.array([-1.0, 0.0, 1.0])) == 1.0
    assert tail_p(2.0, np.array([-1.0, 0.0, 1.0])) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("own", [10, 2560])
def test_only_those_that_know_sizes_keep_theirs(as_matrix: Callable[..., Matrix], own: int) -> None:
    """Shares among 160 people as a rule, the pilot's ward among 10 or 2,560: one of 400 draws at 5 % has an error of 1.1 points."""
    rng = np.random.default_rng(7)
    draws = 400
    rejected = dict.fromkeys(("placebo", "placebo_studentised", "conley_taber", "ferman_pinto"), 0)
    for _ in range(draws):
        size = np.exp(rng.normal(np.log(160), 1, (60, 1)))
        size[0] = own
        bottom = np.maximum(rng.poisson(np.broadcast_to(size, (60, 16))), 1).astype(float)
        odds = rng.normal(-0.5, 0.3, (60, 1)) + rng.normal(0, 0.1, (60, 16))
        panel = as_matrix(rng.binomial(bottom.astype(int), 1 / (1 + np.exp(-odds))), measure="share", bottom=bottom)
        fit = DID.fit(panel)
        for name in rejected:
            how = ferman_pinto_by(draws=199) if name == "ferman_pinto" else inference(name)
            found = how(DID, panel, fit, 0.95, rng)
            rejected[name] += found.p_value is not None and found.p_value <= 0.05
    share = {name: k / draws for name, k in rejected.items()}
    error = 3.3 * np.sqrt(0.05 * 0.95 / draws)
    assert share["ferman_pinto"] < 0.05 + error
    assert share["placebo_studentised"] < 0.05 + error
    for blind in ("placebo", "conley_taber"):
        assert share[blind] > 0.3 if own == 10 else share[blind] < 0.02
