"""Local shrinkage: Marshall's as PySAL has it, a loop by hand, coverage with and without likeness of neighbours, edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from evaluation.monitoring.small_areas.neighbourhood import adjacency, shrink_locally
from evaluation.monitoring.small_areas.shrinkage import shrink
from evaluation.places import neighbours, wards

# Homicides and residents 1984, 78 counties around St Louis, with their neighbours: PySAL's "stl_hom" and "stl.gal".
HOMICIDES = """4 19 3 2 2 28 61 3 7 3 4 0 1 12 0 2 6 6 3 4 0 2 9 2 23 5 2 2 0 2 10 4 95 8 31 0 407 5 10 1238 3 14 0 2 18 369 5 0 3 0
40 9 7 1 3 2 8 5 11 12 8 10 2 8 7 25 6 19 6 2 2 6 9 0 1 13 3 4"""
RESIDENTS = """189087 425580 69649 88540 33697 774843 1056438 172182 224033 113497 218510 87628 36354 316661 53222 141872 103469
193449 295848 99013 34772 65947 155266 123387 612258 135365 133297 186877 68404 68779 192789 96686 1480530 92864 905683 93388
5863876 109086 265200 2658090 199528 347829 79838 72381 432159 1605518 110883 48352 121762 92348 891502 225007 113880 46260
108510 55620 213680 131792 109953 108864 205880 260154 90841 255875 253540 372227 100389 345641 87410 66694 64680 127071
107508 43056 61456 353841 47507 68218"""
TOUCHING = {
    1: (7, 3, 6),
    2: (10, 8, 5),
    3: (7, 4, 1),
    4: (9, 5, 3, 7),
    5: (10, 4, 9, 2),
    6: (16, 12, 11, 7, 1),
    7: (19, 9, 11, 18, 1, 6, 3, 4),
    8: (15, 10, 2),
    9: (20, 19, 13, 10, 7, 4, 5),
    10: (17, 15, 9, 13, 20, 21, 5, 2, 8),
}


def test_marshalls_local_estimates_for_st_louis_as_pysal_prints_them() -> None:
    # PySAL, documentation and tests of esda.smoothing.Spatial_Empirical_Bayes: first ten counties.
    printed = """4.01485749e-05 3.62437513e-05 4.93034844e-05 5.09387329e-05 3.72735210e-05 3.69333797e-05 5.40245456e-05
    2.99806055e-05 3.73034109e-05 3.47270722e-05"""
    near = np.zeros((78, 78))
    for county, others in TOUCHING.items():
        near[county - 1, np.array(others) - 1] = 1
    near[near.T > 0] = 1
    counts, residents = (np.array(x.split(), dtype=float) for x in (HOMICIDES, RESIDENTS))
    found = shrink_locally(counts, residents, sparse.csr_array(near), plug_in=True)
    assert found.estimate[:10] == pytest.approx(np.array(printed.split(), dtype=float), rel=2e-8)


def test_adjacency_is_that_of_the_wards() -> None:
    units = list(wards("760"))
    found = adjacency(units).toarray()
    assert (found == found.T).all()
    assert np.diag(found).sum() == 0
    first = {units[i] for i in np.flatnonzero(found[0])}
    assert first == neighbours(units[0]) & set(units)
    assert adjacency(units, min_border_m=0).sum() >= found.sum()
    assert adjacency(["a", "b"], {"a": {"b": 200}, "b": {"a": 200}}).sum() == 2
    with pytest.raises(ValueError, match="twice"):
        adjacency([units[0], units[0]])
    with pytest.raises(ValueError, match="not known"):
        adjacency(["00000"])


def test_pooled_spread_and_local_error_by_a_loop() -> None:
    rng = np.random.default_rng(6)
    near = adjacency(list(wards("760")))
    size = rng.integers(10, 60, 10).astype(float)
    k = rng.binomial(size.astype(int), rng.beta(4, 6, 10)).astype(float)
    k[3] = np.nan
    found = shrink_locally(k, size, near, "share")
    groups = [[j for j in (i, *np.flatnonzero(near.toarray()[i])) if j != 3] for i in range(10)]
    above = below = 0.0
    used = [i for i in range(10) if i != 3 and len(groups[i]) >= 4]
    for i in used:
        n, p = size[groups[i]], k[groups[i]].sum() / size[groups[i]].sum()
        above += (n * (k[groups[i]] / n - p) ** 2).sum() / (p * (1 - p)) - (len(n) - 1)
        below += ((n - 1) * (1 - n / n.sum())).sum()
    correlation = max(above / below, 0.0)
    spread = correlation / (1 - correlation)
    for i in used:
        p = k[groups[i]].sum() / size[groups[i]].sum()
        assert found.local_mean[i] == pytest.approx(p)
        assert found.reliability[i] == pytest.approx(spread * size[i] / (1 + spread * size[i]))
        assert found.estimate[i] == pytest.approx(p + found.reliability[i] * (k[i] / size[i] - p))
    assert np.isnan([found.estimate[3], found.low[3], found.high[3]]).all()


def test_too_small_a_neighbourhood_draws_towards_all() -> None:
    k = np.array([3.0, 9, 4, 6, 12, 5])
    whole = shrink(k, 2.0)
    alone = shrink_locally(k, 2.0, sparse.csr_array((6, 6)))
    assert alone.estimate == pytest.approx(whole.estimate)
    assert np.stack([alone.low, alone.high]) == pytest.approx(np.stack([whole.low, whole.high]))
    assert alone.local_mean == pytest.approx(np.full(6, whole.mean))
    assert alone.n.tolist() == [1] * 6


def test_zeros_complete_and_missing_have_an_answer() -> None:
    near = sparse.csr_array(np.ones((6, 6)) - np.eye(6))
    assert shrink_locally(np.zeros(6), 3.0, near).estimate.tolist() == [0] * 6
    full = shrink_locally(np.full(6, 3.0), 3.0, near, "share")
    assert full.estimate.tolist() == [1] * 6
    assert full.low.max() < 0.9
    assert np.isnan(shrink_locally(np.full(6, np.nan), 3.0, near).estimate).all()
    equal = shrink_locally(np.full((2, 6), 20.0), 1.0, near)
    assert equal.estimate.shape == (2, 6)
    assert (equal.low < 20).all()
    assert (equal.high > 20).all()
    with pytest.raises(ValueError, match="shape"):
        shrink_locally(np.ones(5), 1.0, near)


def alike(
    near: sparse.csr_array, strength: float, maps: int, rng: np.random.Generator
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return rate ratios of wards under a conditional autoregression (0: no likeness of neighbours)."""
    if strength == 0:
        return np.ones((maps, near.shape[0]))
    links = near.toarray()
    covariance = np.linalg.inv(np.diag(links.sum(axis=0)) - strength * links)
    covariance /= np.mean(np.diag(covariance))
    return np.exp(0.6 * (np.linalg.cholesky(covariance) @ rng.normal(size=(links.shape[0], maps))).T)


@pytest.mark.slow
@pytest.mark.parametrize(("strength", "own"), [(0.0, 0.3), (0.98, 0.05), (0.9, 0.2), (0.995, 0.01)])
@pytest.mark.parametrize("mean", [2.0, 20.0])
def test_intervals_hold_their_level_on_the_citys_map_where_marshalls_do_not(strength: float, own: float, mean: float) -> None:
    """Wards of the city, rates alike between neighbours or not: ours within two points of 95 %, Marshall's far below."""
    rng = np.random.default_rng(int(1000 * strength + mean))
    near, maps = adjacency(list(wards())), 100
    exposure = rng.lognormal(0, 0.6, 322)
    truth = mean * alike(near, strength, maps, rng) * rng.gamma(1 / own, own, (maps, 322))
    counts = rng.poisson(exposure * truth).astype(float)
    counts[:, ::17] = np.nan
    there = ~np.isnan(counts)
    covered, error = {}, {}
    for name, found in (
        ("all", shrink(counts, exposure)),
        ("local", shrink_locally(counts, exposure, near)),
        ("marshall", shrink_locally(counts, exposure, near, plug_in=True)),
    ):
        covered[name] = ((found.low <= truth) & (truth <= found.high))[there].mean()
        error[name] = np.sqrt(((found.estimate - truth)[there] ** 2).mean())
    assert covered["local"] == pytest.approx(0.95, abs=0.025)
    assert covered["marshall"] < 0.92
    assert error["local"] < error["marshall"]
    if strength != 0.9:  # neighbours help where they are alike, cost where not, and are worth nothing either way between
        assert (error["local"] < error["all"]) == (strength > 0.9)
