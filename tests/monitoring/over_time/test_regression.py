"""The fitting of many series at once, against statsmodels one by one, and its error rate at sixteen quarters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evaluation.monitoring.over_time.autocorrelation import correlated, lag_one
from evaluation.monitoring.over_time.power import places, simulated_counts
from evaluation.monitoring.over_time.regression import Fit, fit
from evaluation.monitoring.over_time.season import season_columns

N = 40
TIME = np.arange(N)
DESIGN = np.column_stack([np.ones(N), TIME / 4, TIME >= 25, season_columns(TIME % 4 + 1, 4)]).astype(float)
PEOPLE = 20_000 + 150.0 * TIME


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    rng = np.random.default_rng(3)
    drawn = rng.poisson(PEOPLE * np.exp(-5 + 0.02 * TIME) * rng.gamma(40, 1 / 40, (3, N))).astype(float)
    drawn[1, [3, 20]] = np.nan
    return drawn


def _same(found: Fit, row: int, parameters: np.ndarray, errors: np.ndarray, rel: float = 1e-6) -> None:
    np.testing.assert_allclose(found.parameters[row], parameters, rtol=rel, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance[row])), errors, rtol=rel)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["quasi", "poisson", "binomial", "negative_binomial"])
def test_models_are_those_of_statsmodels(counts: np.ndarray, family: str) -> None:
    import statsmodels.api as sm

    found = fit(counts, DESIGN, exposure=PEOPLE, family=family)
    for row, y in enumerate(counts):
        seen = ~np.isnan(y)
        kind = {"binomial": sm.families.Binomial(), "negative_binomial": sm.families.NegativeBinomial(alpha=max(found.shape[row], 1e-12))}
        response = np.column_stack([y, PEOPLE - y])[seen] if family == "binomial" else y[seen]
        offset = None if family == "binomial" else np.log(PEOPLE[seen])
        model = sm.GLM(response, DESIGN[seen], family=kind.get(family, sm.families.Poisson()), offset=offset)
        first = model.fit()
        scale = max(1.0, first.pearson_chi2 / first.df_resid) if family in ("quasi", "binomial") else 1.0
        theirs = model.fit(scale=scale)
        _same(found, row, theirs.params, theirs.bse, 1e-5)
        if family == "negative_binomial" and found.shape[row] > 0:
            assert first.pearson_chi2 == pytest.approx(first.df_resid, rel=1e-5)  # what the shape was chosen for
        else:
            assert found.dispersion[row] == pytest.approx(first.pearson_chi2 / first.df_resid, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("lags", [1, 3])
def test_newey_west_errors_are_those_of_statsmodels(counts: np.ndarray, lags: int) -> None:
    import statsmodels.api as sm

    kinds = {"cov_type": "HAC", "cov_kwds": {"maxlags": lags, "use_correction": True}}
    found = fit(counts[0], DESIGN, exposure=PEOPLE, errors="newey_west", lags=lags)
    theirs = sm.GLM(counts[0], DESIGN, family=sm.families.Poisson(), offset=np.log(PEOPLE)).fit(**kinds)
    _same(found, 0, theirs.params, theirs.bse)
    level = np.log(counts[0] / PEOPLE)
    found = fit(level, DESIGN, family="gaussian", errors="newey_west", lags=lags)
    theirs = sm.OLS(level, DESIGN).fit(use_t=True, **kinds)
    _same(found, 0, theirs.params, theirs.bse)
    np.testing.assert_allclose(found.p_value(1)[0], theirs.pvalues[1], rtol=1e-6)


@pytest.mark.slow
def test_prais_winsten_is_the_generalised_least_squares_of_its_own_correlation() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(5)
    noise = np.zeros(N)
    for i in range(1, N):
        noise[i] = 0.6 * noise[i - 1] + rng.normal()
    level = DESIGN @ np.arange(1.0, 7.0) + noise
    found = fit(level, DESIGN, family="gaussian", errors="prais_winsten")
    rho = found.correlation[0]
    theirs = sm.GLS(level, DESIGN, sigma=rho ** np.abs(np.subtract.outer(TIME, TIME))).fit()
    _same(found, 0, theirs.params, theirs.bse)
    # Settled: the residuals of these very estimates give the same correlation back.
    left = level - DESIGN @ found.parameters[0]
    assert rho == pytest.approx(left[1:] @ left[:-1] / (left[:-1] @ left[:-1]), abs=1e-6)
    # statsmodels' own iteration drops the first period (Cochrane-Orcutt): near, not equal.
    near = sm.GLSAR(level, DESIGN, rho=1)
    assert near.iterative_fit(20).params[1] == pytest.approx(theirs.params[1], abs=0.15)


def test_restricted_likelihood_against_a_plain_evaluation() -> None:
    rng = np.random.default_rng(11)
    y = np.cumsum(rng.normal(size=16)) * 0.5 + rng.normal(size=16)
    X = np.column_stack([np.ones(16), np.arange(16)])
    found = fit(y, X, family="gaussian", errors="ar1")

    def likelihood(rho: float) -> float:
        V = rho ** np.abs(np.subtract.outer(np.arange(16), np.arange(16)))
        W = np.linalg.inv(V)
        P = W - W @ X @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
        return float(-0.5 * (np.linalg.slogdet(V)[1] + np.linalg.slogdet(X.T @ W @ X)[1] + 14 * np.log(y @ P @ y)))

    grid = np.arange(0.0, 0.96, 0.05)
    rho = grid[np.argmax([likelihood(r) for r in grid])]
    assert found.correlation[0] == pytest.approx(rho)
    V = rho ** np.abs(np.subtract.outer(np.arange(16), np.arange(16)))
    W, H = np.linalg.inv(V), np.linalg.inv(X.T @ X) @ X.T
    P = W - W @ X @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
    np.testing.assert_allclose(found.covariance[0], y @ P @ y / 14 * H @ V @ H.T, rtol=1e-9)


def test_units_one_after_the_other_hang_together_within_themselves_only() -> None:
    rng = np.random.default_rng(2)
    one, two = rng.normal(size=(2, 20)).cumsum(axis=1)
    X = np.column_stack([np.ones(20), np.arange(20.0)])
    block = np.repeat([0, 1], 20)
    stacked = np.kron(np.eye(2), X)
    for errors in ("newey_west", "independent"):
        both = fit(np.concatenate([one, two]), stacked, family="gaussian", errors=errors, block=block)
        alone = fit(one, X, family="gaussian", errors=errors)
        np.testing.assert_allclose(both.parameters[0, :2], alone.parameters[0])
        if errors == "newey_west":  # the corrections 40/36 and 20/18 are equal
            np.testing.assert_allclose(both.covariance[0, :2, :2], alone.covariance[0])
            np.testing.assert_allclose(both.covariance[0, :2, 2:], 0, atol=1e-15)
    R = correlated(np.array([0.5]), np.ones((1, 4), dtype=bool), np.array([0, 0, 1, 1]))[0]
    np.testing.assert_array_equal(R, [[1, 0.5, 0, 0], [0.5, 1, 0, 0], [0, 0, 1, 0.5], [0, 0, 0.5, 1]])


def test_a_joint_test_of_one_constraint_is_the_square_of_its_own() -> None:
    y = np.random.default_rng(4).poisson(30, N).astype(float)
    found = fit(y, DESIGN)
    score, p = found.wald(np.eye(6)[2])
    assert score[0] == pytest.approx((found.parameters[0, 2] / found.error(2)[0]) ** 2)
    assert p[0] == pytest.approx(found.p_value(2)[0])
    three, _ = found.wald(np.eye(6)[3:])
    assert three[0] >= 0


def test_what_has_no_answer_is_said_and_troubles_no_other_series() -> None:
    X = np.column_stack([np.ones(12), np.arange(12.0), np.arange(12) >= 6])
    odd = np.tile(np.arange(5.0, 17), (6, 1))
    odd[1] = 0  # nothing happened
    odd[2] = np.nan  # nothing reported
    odd[3, :6] = 0  # the step would be infinite
    odd[4, 3:] = np.nan  # as many periods as columns
    odd[5] = 1e9  # huge
    found = fit(odd, X)
    assert list(found.fitted) == [True, False, False, False, False, True]
    assert np.isnan(found.parameters[1:5]).all()
    assert np.isnan(found.p_value(1)[1:5]).all()
    np.testing.assert_allclose(found.parameters[0], fit(odd[0], X).parameters[0])
    assert found.parameters[5, 0] == pytest.approx(np.log(1e9))
    assert fit(np.full(12, 20.0), X, exposure=20.0, family="binomial").fitted[0] == np.False_


def test_spread_below_poisson_never_narrows_and_shared_spread_lies_between() -> None:
    rng = np.random.default_rng(6)
    even = np.full((1, 16), 10.0)
    X = np.column_stack([np.ones(16), np.arange(16.0)])
    assert fit(even, X).dispersion[0] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(fit(even, X).covariance, fit(even, X, family="poisson").covariance)
    drawn = simulated_counts(np.full(16, 20.0), 3.0, 0.0, 60, rng)
    own, drawn_together, one = (fit(drawn, X, dispersion=d) for d in ("own", "squeezed", "shared"))
    widths = [np.std(np.log(f.covariance[:, 1, 1] * f.mean.mean(axis=1))) for f in (own, drawn_together, one)]
    assert widths[0] > widths[1] >= widths[2] - 1e-9
    assert (drawn_together.degrees > own.degrees).all()
    assert one.degrees[0] == own.degrees.sum()


def test_autocorrelation_leaves_gaps_out() -> None:
    assert lag_one(np.array([1.0, -1, 1, -1])) == pytest.approx(-0.75)
    assert lag_one(np.array([1.0, np.nan, 1, -2])) == pytest.approx(-2 / 6)
    assert lag_one(np.zeros(4)) == 0


@pytest.mark.parametrize(
    "change, says",
    [
        ({"family": "gamma"}, "Choose one of"),
        ({"errors": "white"}, "Choose one of"),
        ({"reference": "z"}, "Choose one of"),
        ({"dispersion": "mean"}, "Choose one of"),
        ({"errors": "prais_winsten"}, "for counts choose"),
        ({"counts": [-1.0] * N}, "not negative"),
        ({"exposure": np.inf}, "finite"),
        ({"family": "binomial", "exposure": 1.0}, "exceeds its denominator"),
        ({"counts": [1.0, 2.0]}, "design has 40 periods, counts 2"),
    ],
)
def test_refusals_say_what_to_do_in_both_languages(change: dict[str, object], says: str) -> None:
    kinds: dict[str, object] = {"counts": np.full(N, 5.0), "design": DESIGN, **change}
    with pytest.raises(ValueError, match=says) as caught:
        fit(**kinds)  # type: ignore[arg-type]
    assert " / " in str(caught.value)


RUNS = 2000
QUARTERS = np.arange(16)
SEASON = season_columns(QUARTERS % 4 + 1, 4)
LINE = np.column_stack([np.ones(16), QUARTERS / 4, SEASON])


def _told(dispersion: float, correlation: float, errors: str, base: float = 40.0) -> float:
    """Return how often a trend is told from chance where there is none."""
    mean = base * np.exp(SEASON @ [0.1, -0.1, 0.2])
    counts = simulated_counts(mean, dispersion, correlation, RUNS, np.random.default_rng(7))
    return float(np.mean(np.nan_to_num(fit(counts, LINE, errors=errors).p_value(1), nan=1.0) < 0.05))


@pytest.mark.slow
def test_size_at_sixteen_quarters_is_kept_where_newey_west_does_not() -> None:
    # 2,000 draws: a rate of 5 % has a standard error of 0.49 points; 3.3 of them are 1.6 points.
    limit = 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / RUNS)
    for base in (5.0, 40.0):
        assert _told(1.0, 0.0, "ar1", base) <= limit
        assert _told(2.0, 0.0, "ar1", base) <= limit
        assert _told(2.0, 0.0, "independent", base) <= limit
        assert _told(2.0, 0.0, "newey_west", base) > limit


@pytest.mark.slow
def test_size_where_neighbouring_quarters_hang_together() -> None:
    # The assumption of independence broken: by 0.3, as in ordinary reports, and by 0.6.
    rates = {errors: [_told(2.0, rho, errors) for rho in (0.3, 0.6)] for errors in ("ar1", "independent", "newey_west")}
    assert rates["ar1"][0] < 0.09
    assert rates["ar1"][1] < 0.13
    assert rates["independent"][0] > 0.10
    assert rates["independent"][1] > 0.20
    assert rates["newey_west"][0] > 0.14


@pytest.mark.slow
@pytest.mark.parametrize("correlation, at_least", [(0.0, 0.935), (0.3, 0.90)])
def test_coverage_of_a_planted_trend(correlation: float, at_least: float) -> None:
    # 1.6 points below 95 % are the 3.3 standard errors of 2,000 draws; with a correlation the loss is that of the size above.
    mean = 40 * np.exp(SEASON @ [0.1, -0.1, 0.2] + 0.1 * QUARTERS / 4)
    counts = simulated_counts(mean, 2.0, correlation, RUNS, np.random.default_rng(8))
    _, low, high = fit(counts, LINE, errors="ar1").interval(1)
    assert at_least <= np.mean((low < 0.1) & (high > 0.1)) <= 0.985


@pytest.mark.slow
def test_size_of_shares_of_clustered_people() -> None:
    # Chances vary between periods so that the variance is about twice that of chance alone; then they hang together too.
    def told(correlation: float) -> float:
        rng = np.random.default_rng(9)
        chance = stats.beta.ppf(places(16, correlation, 1000, rng), 0.3 * 59, 0.7 * 59)
        found = fit(rng.binomial(60, chance), LINE, exposure=60.0, family="binomial", errors="ar1")
        return float(np.mean(found.p_value(1) < 0.05))

    limit = 3.3 * np.sqrt(0.05 * 0.95 / 1000)
    assert told(0.0) <= 0.05 + limit
    assert told(0.6) <= 0.05 + 2 * limit
