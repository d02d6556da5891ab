"""Missing reports: never zero; bounds that hold whatever is missing; imputation that holds where missing is at random."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from evaluation.contracts import MISSING, NOT_APPLICABLE, NOT_COLLECTED, SHOWN
from evaluation.language import Words
from evaluation.monitoring.missing.completion import Imputer, reports_of
from evaluation.monitoring.missing.delta_adjustment import CHANCE, ROSE, delta_adjustment
from evaluation.monitoring.missing.denominators import denominators, same_units
from evaluation.monitoring.missing.imputation import combined, drawn_counts, drawn_parts, fitted
from evaluation.monitoring.missing.missing_reports import bounds, missing_reports
from evaluation.monitoring.rates.intervals import rate_ratio_exact
from evaluation.monitoring.series import CountSeries, ward_series
from evaluation.store import EvidenceStore

NAN = np.nan


def series(counts: object, wholes: object = None, *, measure: str | None = None, states: object = None) -> CountSeries:
    """Return counts of units by period (NaN is a missing report)."""
    k = np.asarray(counts, dtype=float)
    units, periods = k.shape
    codes, spans = [f"{i:05d}" for i in range(units)], [f"{2010 + t // 4}-Q{t % 4 + 1}" for t in range(periods)]
    state = np.where(np.isnan(k), MISSING, SHOWN) if states is None else np.asarray(states, dtype=object)
    n = np.full(k.shape, NAN) if wholes is None else np.where(state == SHOWN, np.asarray(wholes, dtype=float), NAN)
    frame = pd.DataFrame(
        {"unit": np.repeat(codes, periods), "period": spans * units, "count": k.ravel(), "denominator": n.ravel(), "state": state.ravel()}
    )
    return CountSeries(
        frame=frame,
        label=Words("Số người được xét nghiệm", "People tested"),
        measure=measure or ("count" if wholes is None else "proportion"),
        per=10_000.0 if measure == "rate" else 1.0,
        said_unit="people",
        direction="up",
        periods=tuple(spans),
        phases=tuple(t % 4 + 1 for t in range(periods)),
    )


SMALL = [[4, 5, 6, NAN], [8, 9, 7, 10], [3, NAN, 2, 4]]
OUT_OF = [[10, 10, 12, NAN], [20, 22, 18, 20], [6, NAN, 5, 8]]


# Rubin's rules


def test_rubins_rules_on_nhanes_as_r_mice_pools_it() -> None:
    """Cross Validated 327237: slope of cholesterol on body mass index in five imputations of nhanes by R's mice."""
    estimates = [2.195180, 4.231113, 3.470647, 2.937763, 2.208305]
    variances = [5.467482, 3.603410, 5.475586, 4.776171, 2.972943]
    found = combined(estimates, variances, complete_df=23)
    assert found.estimate == pytest.approx(3.008602, abs=5e-7)
    assert found.within == pytest.approx(4.459118, abs=5e-7)
    assert found.between == pytest.approx(0.7537916, abs=1e-6)
    assert found.total == pytest.approx(5.363668, abs=1e-6)
    assert np.sqrt(found.total) == pytest.approx(2.315959, abs=1e-6)


def test_rubins_rules_and_degrees_of_freedom_of_the_amos_guide() -> None:
    """IBM SPSS Amos 21 User's Guide, example 31: ten imputations, U 0.0233, B 0.0085, T 0.0326, SE 0.1807, df 109, t 6.49."""
    spread = np.linspace(-1, 1, 10)
    estimates = 1.172 + spread * np.sqrt(0.0085 / spread.var(ddof=1))
    found = combined(estimates, 0.0233)
    assert found.total == pytest.approx(0.0326, abs=1e-4)  # the guide prints U and B rounded
    assert np.sqrt(found.total) == pytest.approx(0.1807, abs=5e-4)
    assert found.df == pytest.approx(109, abs=1.5)  # within what the rounding of U and B leaves open: 108.4 to 111.1
    assert found.estimate / np.sqrt(found.total) == pytest.approx(6.49, abs=0.01)


def test_barnard_and_rubins_degrees_of_freedom_by_their_formula_and_limits() -> None:
    q, u = [1.0, 2.0, 4.0], [0.5, 0.7, 0.6]
    found = combined(q, u, complete_df=20)
    share = (4 / 3) * np.var(q, ddof=1) / found.total
    old, seen = 2 / share**2, 21 / 23 * 20 * (1 - share)
    assert found.df == pytest.approx(old * seen / (old + seen))
    assert combined(q, u).df == pytest.approx(old)
    assert combined([3.0, 3.0], [1.0, 1.0], complete_df=20).df == pytest.approx(21 / 23 * 20)  # nothing missing
    census = combined(q, 0.0)
    assert (census.df, census.fraction) == (2, 1)
    same = combined([3.0, 3.0, 3.0], 0.0)
    assert (same.low, same.high, same.fraction) == (3, 3, 0)


@pytest.mark.parametrize(("q", "u"), [([1.0], [1.0]), ([1.0, NAN], [1.0, 1.0]), ([1.0, 2.0], [1.0, -1.0])])
def test_what_cannot_be_combined_is_refused(q: list[float], u: list[float]) -> None:
    with pytest.raises(ValueError, match="At least two completed"):
        combined(q, u)


@pytest.mark.slow
def test_pooling_agrees_with_statsmodels() -> None:
    """Second implementation: statsmodels.imputation.mice pools the same fits."""
    import statsmodels.api as sm
    from statsmodels.imputation import mice

    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"x": rng.normal(size=60)})
    frame["y"] = 1 + frame["x"] + rng.normal(size=60)
    frame.loc[rng.random(60) < 0.3, "x"] = NAN
    np.random.seed(3)  # noqa: NPY002  # statsmodels draws from the global state
    task = mice.MICE("y ~ x", sm.OLS, mice.MICEData(frame))
    theirs = task.fit(2, 6)
    ours = combined(
        np.array([np.asarray(r.params) for r in task.results_list]), np.array([np.diag(r.cov_params()) for r in task.results_list])
    )
    np.testing.assert_allclose(ours.estimate, theirs.params, rtol=1e-10)
    np.testing.assert_allclose(np.sqrt(ours.total), theirs.bse, rtol=1e-8)
    np.testing.assert_allclose(ours.fraction, theirs.frac_miss_info, rtol=1e-8)


# The two-way model


def test_information_and_draws_are_those_of_the_dense_matrix() -> None:
    """Second derivation: the whole matrix, inverted."""
    from evaluation.monitoring.missing.imputation import _Information

    rng = np.random.default_rng(2)
    weight = rng.uniform(0.2, 4, (5, 3)) * (rng.random((5, 3)) > 0.2)
    found = _Information.of(weight, 0.5, 0.3)
    design = np.array([np.r_[1, np.eye(3)[t], np.eye(5)[i]] for i in range(5) for t in range(3)])
    dense = (design.T * weight.ravel()) @ design + np.diag(np.r_[1 / 100, np.full(3, 1 / 0.3), np.full(5, 1 / 0.5)])
    covariance = np.linalg.inv(dense)
    np.testing.assert_allclose(found.inverse, covariance[:4, :4], rtol=1e-8)
    np.testing.assert_allclose(found.of_units, np.diag(covariance)[4:], rtol=1e-8)
    np.testing.assert_allclose(found.of_linear.ravel(), np.einsum("ij,jk,ik->i", design, covariance, design), rtol=1e-8)
    common, units = found.draws(40_000, rng)
    np.testing.assert_allclose(np.cov(np.column_stack([common, units]).T), covariance, atol=0.03)
    gradient = rng.normal(size=9)
    step = np.concatenate(found.solved(gradient[:4], gradient[4:]))
    np.testing.assert_allclose(step, np.linalg.solve(dense, gradient), rtol=1e-8)


@pytest.mark.slow
def test_with_many_counts_the_model_is_poisson_regression() -> None:
    """Second implementation: statsmodels' GLM with a parameter for each unit and period."""
    import statsmodels.api as sm

    rng = np.random.default_rng(8)
    mean = np.exp(9 + rng.normal(0, 0.6, 7)[:, None] + rng.normal(0, 0.3, 6))
    counts = rng.poisson(mean).astype(float)
    counts[2, 3] = counts[5, 0] = NAN
    found = fitted(counts, np.ones(counts.shape), shares=False)
    known = ~np.isnan(counts)
    i, t = np.nonzero(known)
    design = np.column_stack([np.eye(7)[i], np.eye(6)[t][:, 1:]])
    theirs = sm.GLM(counts[known], design, family=sm.families.Poisson()).fit()
    np.testing.assert_allclose(found.expected[known], theirs.fittedvalues, rtol=0.01)
    assert found.scatter < 0.01
    lost = np.exp(theirs.params[2] + theirs.params[7 + 2])
    assert found.expected[2, 3] == pytest.approx(lost, rel=0.01)


def test_scatter_is_found_again() -> None:
    rng = np.random.default_rng(9)
    mean = np.exp(3 + rng.normal(0, 0.5, 40)[:, None] + rng.normal(0, 0.2, 16))
    counts = drawn_counts(mean[None], np.array([0.15]), rng)[0]
    assert fitted(counts, np.ones(counts.shape), shares=False).scatter == pytest.approx(0.15, abs=0.04)
    wholes = rng.integers(20, 80, mean.shape).astype(float)
    share = 1 / (1 + np.exp(-(rng.normal(0, 0.4, 40)[:, None] + rng.normal(0, 0.2, 16))))
    parts = drawn_parts(share[None], wholes, np.array([0.05]), rng)[0]
    assert fitted(parts, wholes, shares=True).scatter == pytest.approx(0.05, abs=0.015)


# Coverage, bounds, imputation


def test_a_missing_report_is_no_zero() -> None:
    found = missing_reports(series(SMALL))
    assert (found.reported, found.expected, found.as_reported) == (2, 3, 14)
    assert found.coverage == pytest.approx(2 / 3)
    assert (found.bound_low, found.bound_high) == (14, 20)  # the first unit's own highest is 6
    assert found.estimate is not None
    assert found.low is not None
    assert 14 <= found.low < found.estimate
    assert found.units.loc[0, "highest"] == 6
    zero = missing_reports(series([[4, 5, 6, 0], *SMALL[1:]]))
    assert (zero.reported, zero.estimate) == (3, 14)


def test_complete_reports_leave_nothing_open() -> None:
    found = missing_reports(series([[4, 5], [8, 9], [1, 2]]))
    assert (found.estimate, found.low, found.high, found.bound_low, found.bound_high) == (16, 16, 16, 16, 16)
    assert found.fraction_missing == 0
    assert "3 of 3 units reported" in found.summary()


def test_bounds_are_the_extremes_of_all_possible_reports() -> None:
    """Second derivation: every possible content of the missing reports tried."""
    counts = series(SMALL)
    low, high = bounds(reports_of(counts))
    tried = [14 + k for k in range(7)]
    assert (low[3], high[3]) == (min(tried), max(tried))
    shares = series(SMALL, OUT_OF)
    low, high = bounds(reports_of(shares))
    possible = [(14 + k) / (28 + 12) for k in range(13)]  # the first unit's largest whole is 12
    assert (low[3], high[3]) == pytest.approx((min(possible), max(possible)))
    two = series([[4, NAN, 5], [3, NAN, 2], [7, 8, 9]])
    assert bounds(reports_of(two), "any")[1][1] == 8 + 9 + 9
    low, high = bounds(reports_of(two))
    tried = [8 + a + b for a, b in product(range(6), range(4))]
    assert (low[1], high[1]) == (min(tried), max(tried))


def test_coverage_by_residents_and_a_unit_that_never_reported() -> None:
    sizes = {"00000": 1000.0, "00001": 6000.0, "00002": 3000.0}
    never = series([[NAN, NAN, NAN, NAN], [8, 9, 7, 10], [3, 4, 2, 4]])
    found = missing_reports(never, sizes=sizes)
    assert found.coverage_by_size == pytest.approx(0.9)
    # By residents the highest of the others is 10 per 6000 and 4 per 3000: at most 2 in a unit of 1000.
    assert found.bound_high == 14 + 2
    assert "90.0% of residents" in found.summary()
    rates = series([[NAN, NAN, NAN, NAN], [8, 9, 7, 10], [3, 4, 2, 4]], [[NAN] * 4, [6000] * 4, [3000] * 4], measure="rate")
    assert missing_reports(rates, sizes=sizes).bound_low == pytest.approx(14.0)  # of 10 000 residents
    with pytest.raises(ValueError, match="give them in sizes"):
        missing_reports(rates)
    with pytest.raises(ValueError, match="sizes lacks residents"):
        missing_reports(never, sizes={"00001": 5.0})


def test_what_was_not_asked_is_not_missing_and_no_report_at_all_gives_no_figure() -> None:
    states = [
        [NOT_COLLECTED, SHOWN, MISSING, SHOWN],
        [NOT_COLLECTED, SHOWN, MISSING, SHOWN],
        [NOT_COLLECTED, NOT_APPLICABLE, MISSING, SHOWN],
    ]
    found = missing_reports(series([[NAN, 5, NAN, 6], [NAN, 9, NAN, 10], [NAN, NAN, NAN, 4]], states=states))
    assert list(found.frame["expected"]) == [0, 2, 3, 3]
    assert list(found.frame["reported"]) == [0, 2, 0, 3]
    assert found.frame.loc[[0, 2], ["as_reported", "imputed", "low", "bound_high"]].isna().all(axis=None)
    empty = missing_reports(series([[NAN, 5, NAN, 6], [NAN, 9, NAN, 10], [NAN, NAN, NAN, 4]], states=states), "2010-Q3")
    assert (empty.estimate, empty.bound_low) == (None, None)
    assert "there is no figure to give" in empty.summary()
    assert "không có số liệu để nêu" in empty.summary("vi")


def test_edges_zeros_one_unit_huge_counts_and_all_missing() -> None:
    assert missing_reports(series([[0, 0, 0, NAN], [0, 0, 0, 0]])).bound_high == 0
    one = missing_reports(series([[3, 4, 5, 6, NAN]]), "2010-Q4")
    assert (one.estimate, one.low, one.high) == (6, 6, 6)
    huge = missing_reports(series([[2e6, 2.1e6, NAN], [3e6, 3.2e6, 3.1e6]]))
    assert huge.estimate is not None
    assert 3.1e6 < huge.estimate < 3.1e6 * 3
    with pytest.raises(ValueError, match="At least four reported figures"):
        missing_reports(series([[NAN, NAN], [NAN, NAN]]))
    with pytest.raises(ValueError, match="no period"):
        missing_reports(series(SMALL), "2031-Q1")
    with pytest.raises(ValueError, match="'own' or 'any'"):
        missing_reports(series(SMALL), ceiling="highest")
    with pytest.raises(ValueError, match="m at least 2"):
        missing_reports(series(SMALL), m=1)
    full = series([[5, 6, NAN], [7, 7, 7]], [[5, 6, NAN], [7, 7, 7]])
    assert missing_reports(full).high == 1


def test_the_sentence_says_coverage_figure_imputed_and_bounds_in_both_languages() -> None:
    found = missing_reports(series(SMALL), name=Words("Quận 1", "District 1"))
    assert "District 1, Q4 2010: 2 of 3 units reported; 14 as reported" in found.summary("en")
    assert "14 to 20 if each missing one had nothing up to the highest" in found.summary("en")
    assert "Quận 1, Quý IV/2010: 2/3 đơn vị có báo cáo; theo báo cáo 14" in found.summary("vi")


def test_the_same_seed_gives_the_same_imputations() -> None:
    one, two, other = (missing_reports(series(SMALL), m=5, seed=s) for s in (1, 1, 2))
    assert one.frame.equals(two.frame)
    assert one.estimate != other.estimate


@pytest.mark.slow
def test_the_example_s_totals_lie_within_their_bounds(example_store: EvidenceStore) -> None:
    for name in ("sti_tested", "hiv_tested_share"):
        found = missing_reports(ward_series(example_store, name, ["760", "761"]))
        frame = found.to_frame().dropna(subset=["imputed"])
        assert len(frame) == 16
        assert (frame["bound_low"] <= frame["as_reported"] + 1e-9).all()
        if name == "sti_tested":
            assert (frame["imputed"] >= frame["as_reported"] - 1e-9).all()
        assert (frame["imputed"] >= frame["bound_low"] - 1e-9).all()


# Simulation


def _completed(rng: np.random.Generator, lost: str, *, units: int = 12, periods: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Return what would have been reported, and what was."""
    mean = np.exp(2.2 + rng.normal(0, 0.6, units)[:, None] + rng.normal(0, 0.2, periods))
    counts = rng.poisson(mean * rng.gamma(10, 0.1, mean.shape)).astype(float)
    if lost == "at random":  # large units report less often, whatever they have to report
        share = np.where(mean.mean(axis=1) > np.median(mean.mean(axis=1)), 0.25, 0.05)[:, None] * np.ones(periods)
    else:  # units with little to report send nothing
        share = np.where(counts < mean * 0.75, 0.65, 0.03)
    gone = rng.random(counts.shape) < share
    gone[:2] = False
    return counts, np.where(gone, NAN, counts)


def _held(lost: str, reps: int, seed: int) -> pd.DataFrame:
    rng, rows = np.random.default_rng(seed), []
    for i in range(reps):
        whole, seen = _completed(rng, lost)
        found = missing_reports(series(seen), seed=i).frame
        widest = bounds(reports_of(series(seen)), "any")[1]
        truth = whole.sum(axis=0)
        some = (found["reported"] < found["expected"]).to_numpy()
        for t in np.flatnonzero(some)[-2:]:
            row = found.iloc[t]
            rows.append(
                {
                    "held": row["low"] <= truth[t] <= row["high"],
                    "bounds": row["bound_low"] <= truth[t] <= row["bound_high"],
                    "any": row["bound_low"] <= truth[t] <= widest[t],
                    "off": (row["imputed"] - truth[t]) / truth[t],
                    "zero": (row["as_reported"] - truth[t]) / truth[t],
                }
            )
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_imputed_intervals_hold_where_reports_are_missing_at_random() -> None:
    """Tolerance: 3.3 binomial standard errors, and two points for the approximations of model and t distribution."""
    found = _held("at random", 130, 31)
    assert abs(found["held"].mean() - 0.95) < 3.3 * np.sqrt(0.05 * 0.95 / len(found)) + 0.02
    assert abs(found["off"].mean()) < 3.3 * found["off"].std() / np.sqrt(len(found)) + 0.01
    # A unit's own highest is passed now and then, that of any unit less often.
    assert 0.8 < found["bounds"].mean() < found["any"].mean()
    assert found["any"].mean() > 0.93
    assert found["zero"].mean() < -0.1  # a silent zero would understate the totals by more than a tenth


@pytest.mark.slow
def test_imputation_fails_where_units_with_little_stay_silent_and_bounds_still_hold() -> None:
    found = _held("with little", 130, 32)
    assert found["held"].mean() < 0.95 - 3.3 * np.sqrt(0.05 * 0.95 / len(found)) - 0.05
    assert found["off"].mean() > 0.05
    assert found["bounds"].mean() > 0.99


@pytest.mark.slow
def test_imputed_shares_hold_too() -> None:
    rng, held = np.random.default_rng(33), []
    for i in range(110):
        wholes = rng.integers(8, 60, (10, 8)).astype(float)
        share = 1 / (1 + np.exp(-(rng.normal(-0.2, 0.5, 10)[:, None] + rng.normal(0, 0.2, 8))))
        parts = drawn_parts(share[None], wholes, np.array([0.03]), rng)[0]
        gone = rng.random(parts.shape) < 0.15
        gone[:3, -1], gone[3:5] = True, False
        truth = parts[:, -1].sum() / wholes[:, -1].sum()
        found = missing_reports(series(np.where(gone, NAN, parts), wholes), seed=i)
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= truth <= found.high)
    assert abs(np.mean(held) - 0.95) < 3.3 * np.sqrt(0.05 * 0.95 / len(held)) + 0.02


# Delta adjustment


def test_a_factor_of_zero_is_the_silent_zero_and_of_one_is_missing_at_random() -> None:
    reports = reports_of(series(SMALL))
    imputer = Imputer.of(reports)
    assert (imputer.complete(5, 0, 0.0).figures[:, 3] == 14).all()
    np.testing.assert_array_equal(imputer.complete(5, 0, 1.0).counts, imputer.complete(5, 0).counts)
    shares = Imputer.of(reports_of(series(SMALL, OUT_OF)))
    assert (shares.complete(5, 0, 0.0).counts[:, 0, 3] == 0).all()


def test_a_conclusion_that_hangs_on_the_missing_units_has_a_tipping_point() -> None:
    rng = np.random.default_rng(4)
    counts = rng.poisson(np.exp(np.linspace(3.0, 4.0, 8))[:, None] * np.where(np.arange(8) == 7, 1.6, 1.0)).astype(float)
    counts[4:, 7] = NAN  # the four largest units
    found = delta_adjustment(series(counts), "2011-Q4", "2011-Q3")
    assert (found.conclusion, found.missing) == (ROSE, 4)
    assert found.tipping_below is not None
    assert 0.2 < found.tipping_below < 1
    assert found.tipping_above is None
    assert found.frame["ratio"].is_monotonic_increasing
    assert f"turns if the missing units had {found.tipping_below:.2f} times" in found.summary()
    at_tip = delta_adjustment(series(counts), "2011-Q4", "2011-Q3", factors=[found.tipping_below])
    assert at_tip.frame.loc[0, "conclusion"] == CHANCE


def test_without_missing_units_nothing_turns_the_conclusion() -> None:
    found = delta_adjustment(series([[40, 80, 41, 79], [50, 99, 52, 101], [30, 60, 31, 62]]), "2010-Q2", "2010-Q1")
    assert (found.conclusion, found.tipping_below, found.tipping_above) == (ROSE, None, None)
    assert "no unit is missing" in found.summary()
    assert "không đơn vị nào thiếu báo cáo" in found.summary("vi")


def test_delta_refuses_what_has_no_answer() -> None:
    with pytest.raises(ValueError, match="from 0 on"):
        delta_adjustment(series(SMALL), "2010-Q4", "2010-Q3", factors=[-1])
    with pytest.raises(ValueError, match="No unit reported"):
        delta_adjustment(series([[4, 5, NAN], [8, 9, NAN]]), "2010-Q3", "2010-Q2")
    shares = delta_adjustment(series(SMALL, OUT_OF), "2010-Q4", "2010-Q3", m=5)
    assert shares.unit == "odds ratio"
    assert "odds in the missing units" in shares.summary()
    with pytest.raises(ValueError, match="there is no ratio"):
        delta_adjustment(series([[0, 0, NAN, 0], [0, 0, 0, 0]]), "2010-Q3", "2010-Q2")


# The same units


def test_units_that_join_and_leave_are_counted() -> None:
    found = denominators(series(SMALL, OUT_OF))
    assert list(found.frame["units"]) == [3, 2, 3, 2]
    assert found.frame["joined"].tolist()[1:] == [0, 1, 0]
    assert found.frame["left"].tolist()[1:] == [1, 0, 1]
    assert list(found.frame["denominator"]) == [36, 32, 35, 28]
    assert found.estimate == 0
    assert "3 of 3 periods are not of the units of the one before" in found.summary()
    steady = denominators(series([[1, 2], [3, 4]]))
    assert steady.estimate == 1
    assert "every period is of the units" in steady.summary()


def test_the_change_among_the_same_units_leaves_out_those_that_reported_once() -> None:
    found = same_units(series(SMALL), "2010-Q4", "2010-Q1")
    assert (found.units, found.of_units, found.now, found.then) == (2, 3, 14, 11)
    assert found.estimate == pytest.approx(14 / 11)
    assert found.dispersion == 1
    low, high = rate_ratio_exact(14, 1, 11, 1)
    assert (found.low, found.high) == pytest.approx((low, high))
    share = same_units(series(SMALL, OUT_OF), "2010-Q4", "2010-Q1")
    assert share.estimate == pytest.approx(14 / 28 - 11 / 26)
    assert "percentage points" in share.summary()
    assert "2/3 đơn vị có báo cáo cả hai kỳ" in share.summary("vi")


def test_nothing_in_common_or_nothing_before_is_said() -> None:
    apart = same_units(series([[4, NAN], [NAN, 3]]), "2010-Q2", "2010-Q1")
    assert (apart.estimate, apart.units) == (None, 0)
    assert "nothing to compare" in apart.summary()
    from_zero = same_units(series([[0, 3], [0, 2]]), "2010-Q2", "2010-Q1")
    assert (from_zero.estimate, from_zero.now, from_zero.then) == (None, 5, 0)
    to_zero = same_units(series([[3, 0], [2, 0]]), "2010-Q2", "2010-Q1")
    assert (to_zero.estimate, to_zero.low) == (0, 0)
    nobody = same_units(series([[0, 0], [0, 0]], [[0, 0], [0, 0]]), "2010-Q2", "2010-Q1")
    assert nobody.estimate is None


@pytest.mark.slow
def test_the_interval_of_the_same_units_holds_with_dispersion_between_them() -> None:
    rng, held = np.random.default_rng(35), []
    for _ in range(400):
        mean = np.exp(rng.normal(3, 0.7, 20))[:, None] * np.array([1.0, 1.3])
        found = same_units(series(rng.poisson(mean * rng.gamma(8, 1 / 8, mean.shape))), "2010-Q2", "2010-Q1")
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= 1.3 <= found.high)
    assert abs(np.mean(held) - 0.95) < 3.3 * np.sqrt(0.05 * 0.95 / 400) + 0.01
    # Chance alone would not do: the counts of a unit scatter more than that.
    assert found.dispersion > 1
