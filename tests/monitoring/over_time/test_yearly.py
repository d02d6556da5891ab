"""Changes on a year before: hand-computed, by second implementations, and how often chance alone is called a change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.rates import test_poisson_2indep as poisson_2indep

from evaluation.monitoring.over_time.yearly import yearly_change

NOW, THEN = "2018-Q4", "2017-Q4"
COUNTS = (
    "sti_tested",
    "hiv_tested",
    "legal_counselling",
    "psych_counselling",
    "violence_reported",
    "referrals_made",
    "jobs_taken",
    "loans_taken",
)
SHARES = ("sti_tested_share", "hiv_tested_share", "referral_completion", "contract_share", "insurance_share", "knowledge_share")

Numbers = np.ndarray | list[float]


def rows(indicator: str, now: Numbers, then: Numbers, n_now: Numbers | None = None, n_then: Numbers | None = None) -> pd.DataFrame:
    """Values of places 0, 1, 2, ... in both years; a NaN was not reported."""
    made = []
    for period, k, n in ((NOW, now, n_now), (THEN, then, n_then)):
        k = np.asarray(k, dtype=float)
        n = np.full(len(k), np.nan) if n is None else np.asarray(n, dtype=float)
        made.append(
            pd.DataFrame(
                {
                    "place": [str(i) for i in range(len(k))],
                    "period": period,
                    "indicator": indicator,
                    "numerator": k,
                    "denominator": n,
                    "value": k / np.where(np.isnan(n), 1, n),
                    "state": np.where(np.isnan(k), "missing", "shown"),
                }
            )
        )
    return pd.concat(made, ignore_index=True)


def changed(
    values: pd.DataFrame, wards: dict[str, int] | None = None, forms: tuple[int, int] = (2, 2), level: float = 0.95
) -> pd.DataFrame:
    """Changes; `wards` holds how many reported then, where not ten as now; `forms` the form then and now."""
    places = sorted(set(values["place"]))
    reported = [{"place": p, "period": w, "n_wards": (wards or {}).get(p, 10) if w == THEN else 10} for p in places for w in (NOW, THEN)]
    form = [{"place": p, "period": w, "form_version": v} for p in places for w, v in ((THEN, forms[0]), (NOW, forms[1]))]
    return yearly_change(values, pd.DataFrame(reported), pd.DataFrame(form), NOW, level).set_index(["indicator", "place"])


def test_a_share_has_newcombes_interval() -> None:
    row = changed(rows("sti_tested_share", [56], [48], [70], [80])).iloc[0]
    assert (row["scale"], row["state"]) == ("difference", "shown")
    assert row["change"] == pytest.approx(0.2)
    assert (row["low"], row["high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)  # Newcombe 1998, table II
    assert (row["low"], row["high"]) == pytest.approx(confint_proportions_2indep(56, 70, 48, 80, method="newcomb"), abs=1e-9)
    assert row["clear"]


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_a_count_has_the_exact_conditional_interval(level: float) -> None:
    row = changed(rows("sti_tested", [30], [20]), level=level).iloc[0]
    exact = stats.binomtest(30, 50).proportion_ci(level, method="exact")
    assert (row["scale"], row["change"]) == ("ratio", 1.5)
    assert (row["low"], row["high"]) == pytest.approx((exact.low / (1 - exact.low), exact.high / (1 - exact.high)))
    # Its lower end is the ratio that the one-sided exact conditional test of statsmodels just rejects.
    assert poisson_2indep(30, 1, 20, 1, value=row["low"], method="exact-cond", alternative="larger").pvalue == pytest.approx(
        (1 - level) / 2
    )


def test_a_rate_compares_rates_and_not_counts() -> None:
    row = changed(rows("outreach_rate", [60], [40], [30_000], [20_000])).iloc[0]
    assert row["change"] == pytest.approx(1.0)  # 20 per 10,000 in both years
    exact = stats.binomtest(60, 100).proportion_ci(0.95, method="exact")
    assert row["low"] == pytest.approx(exact.low / (1 - exact.low) * 20 / 30)
    assert not row["clear"]


def test_rates_scatter_by_their_rates() -> None:
    # Every rate rose by a tenth; residents, and with them the counts, by very different shares.
    before = np.array([20_000, 30_000, 40_000, 50_000, 60_000, 70_000, 80_000, 90_000])
    now = before * np.array([0.5, 3.0, 0.7, 2.0, 1.0, 1.5, 0.6, 2.5])
    found = changed(rows("outreach_rate", now * 0.0011, before * 0.001, now, before))
    assert set(found["dispersion"]) == {1.0}
    assert found["change"].to_numpy() == pytest.approx([1.1] * 8)


def test_a_fall_to_zero_has_an_interval() -> None:
    row = changed(rows("sti_tested", [0], [20])).iloc[0]
    assert (row["state"], row["change"], row["low"]) == ("shown", 0, 0)
    # Clopper-Pearson of 0 in 20: 1 - 0.025^(1/20).
    share = 1 - 0.025 ** (1 / 20)
    assert row["high"] == pytest.approx(share / (1 - share))
    assert row["clear"]


def test_nothing_before_is_no_ratio() -> None:
    row = changed(rows("sti_tested", [5], [0])).iloc[0]
    assert row["state"] == "not_comparable"
    assert not row["clear"]


def test_yes_or_no_has_no_interval_and_is_never_clear() -> None:
    row = changed(rows("child_referral_route", [1], [0])).iloc[0]
    assert (row["scale"], row["change"], row["clear"]) == ("difference", 1, False)
    assert np.isnan(row["low"])


def test_counts_of_another_number_of_wards_are_not_compared_but_shares_are() -> None:
    values = pd.concat([rows("sti_tested", [30, 30], [20, 20]), rows("sti_tested_share", [30, 30], [20, 20], [50, 50], [50, 50])])
    found = changed(values, wards={"1": 9})["state"]
    assert found["sti_tested"].tolist() == ["shown", "not_comparable"]
    assert found["sti_tested_share"].tolist() == ["shown", "shown"]


@pytest.mark.parametrize(
    "forms, reached, tested",
    [((1, 2), "not_comparable", "shown"), ((2, 2), "shown", "shown"), ((1, 1), "shown", "shown"), ((2, 1), "not_comparable", "shown")],
)
def test_forms_that_counted_differently_are_not_compared(forms: tuple[int, int], reached: str, tested: str) -> None:
    # Form 2 counts people reached otherwise than form 1; tests are counted alike.
    found = changed(pd.concat([rows("outreach_reached", [30], [20]), rows("sti_tested", [30], [20])]), forms=forms)["state"]
    assert (found["outreach_reached"].iloc[0], found["sti_tested"].iloc[0]) == (reached, tested)


def test_a_missing_value_keeps_its_state_and_has_no_change() -> None:
    found = changed(rows("sti_tested", [30, np.nan, 30], [20, 20, np.nan]))
    assert found["state"].tolist() == ["shown", "missing", "missing"]
    assert found["change"].isna().tolist() == [False, True, True]
    assert found["clear"].tolist() == [False, False, False]
    assert found["low"].isna().tolist() == [False, True, True]


def test_a_first_year_compares_with_nothing() -> None:
    values = rows("sti_tested", [30, 20], [20, 20])
    found = changed(values[values["period"] == NOW])
    assert set(found["state"]) == {"missing"}


def test_scatter_of_the_places_by_a_second_computation() -> None:
    now, then = np.array([30.0, 80, 22, 150, 61, 95, 40, 500]), np.array([45.0, 60, 20, 110, 80, 50, 42, 300])
    found = changed(rows("sti_tested", now, then))
    shift = np.log((now + 0.5) / (then + 0.5))
    variance = 1 / (now + 0.5) + 1 / (then + 0.5)

    def scores(extra: float) -> float:
        """Eight places: a tenth is less than one place, so none is drawn in. The weighted median by going through all places."""
        total = variance + extra
        common = min(shift, key=lambda c: np.sum(np.abs(shift - c) / total))
        return float(np.sum((shift - common) ** 2 / total) / 7)

    assert found["dispersion"].iloc[0] == pytest.approx(scores(0))
    assert scores(0) > 1.5
    between = optimize.brentq(lambda extra: scores(extra) - 1, 0, 10, xtol=1e-14)
    for i in range(8):
        fewer = 1 + between / variance[i]
        low, high = (stats.beta.ppf(a, now[i] / fewer + b, then[i] / fewer + 1 - b) for a, b in ((0.025, 0), (0.975, 1)))
        assert found[["low", "high"]].iloc[i].to_numpy(float) == pytest.approx((low / (1 - low), high / (1 - high)), rel=1e-6)


@pytest.mark.parametrize("points", [0.0, 0.1, 0.3])
def test_a_common_change_is_no_scatter(points: float) -> None:
    n = np.array([30, 50, 100, 200, 500, 1000, 2000, 3000])
    found = changed(rows("sti_tested_share", n * (0.4 + points), n * 0.4, n, n))
    assert set(found["dispersion"]) == {1.0}
    assert found["clear"].iloc[-1] == (points > 0)


def test_one_slip_of_the_pen_is_seen_and_hardly_widens_the_others() -> None:
    rng = np.random.default_rng(4)
    now, then = rng.poisson(100, (2, 24))
    plain = changed(rows("comm_participants", now, then))
    now[5] *= 10
    slipped = changed(rows("comm_participants", now, then))
    assert slipped["clear"].iloc[5]
    width = np.log(slipped["high"] / slipped["low"]) / np.log(plain["high"] / plain["low"])
    assert width.drop(width.index[5]).max() < 1.25


def test_with_too_few_places_the_scatter_of_the_other_indicators_is_taken() -> None:
    rng = np.random.default_rng(6)
    wild = rng.poisson(100 * rng.gamma(10, 0.1, 24)), rng.poisson(100 * rng.gamma(10, 0.1, 24))
    alone = changed(rows("jobs_taken", [30, 60, 90], [20, 40, 60]))
    beside = changed(pd.concat([rows("jobs_taken", [30, 60, 90], [20, 40, 60]), rows("sti_tested", *wild)])).loc["jobs_taken"]
    other_scale = changed(
        pd.concat([rows("jobs_taken", [30, 60, 90], [20, 40, 60]), rows("sti_tested_share", *wild, [400] * 24, [400] * 24)])
    )
    assert alone["clear"].tolist()[-1]
    assert not beside["clear"].any()
    assert other_scale.loc["jobs_taken", "low"].to_numpy() == pytest.approx(alone["low"].to_numpy())


def test_shares_stay_within_what_shares_can_do() -> None:
    k = np.array([50, 0, 50, 2, 49, 25, 10, 40])
    found = changed(rows("sti_tested_share", k, 50 - k, [50] * 8, [50] * 8))
    assert found["dispersion"].iloc[0] > 5
    assert found["low"].min() >= -1
    assert found["high"].max() <= 1


def test_places_may_come_in_any_order() -> None:
    rng = np.random.default_rng(8)
    values = rows("sti_tested", rng.poisson(50, 12), rng.poisson(50, 12))
    mixed = values.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(changed(values).sort_index(), changed(mixed).sort_index())


def _counts(rng: np.random.Generator, kind: str, mean: np.ndarray) -> np.ndarray:
    if kind == "poisson":
        return rng.poisson(mean)
    if kind == "negative binomial":  # districts' years differ by 20 %, large or small
        return rng.poisson(mean * rng.gamma(25, 1 / 25, len(mean)))
    return rng.negative_binomial(mean / 2, 1 / 3)  # variance three times the mean


def _called(kind: str, draws: int, ratio: float = 1.0, seed: int = 1) -> tuple[float, float, float]:
    """Share of places called changed: all, the larger half, the smaller half; eight independent indicators a draw."""
    rng = np.random.default_rng(seed)
    mean = np.exp(np.linspace(np.log(10), np.log(400), 24))
    clear = []
    for _ in range(draws):
        found = changed(pd.concat([rows(i, _counts(rng, kind, mean * ratio), _counts(rng, kind, mean)) for i in COUNTS]))
        clear.append(np.stack([found.loc[i, "clear"].loc[[str(p) for p in range(24)]].to_numpy(float) for i in COUNTS]))
    by_place = np.concatenate(clear).mean(axis=0)
    return float(by_place.mean()), float(by_place[12:].mean()), float(by_place[:12].mean())


# 30 draws of 8 x 24 are 5,760 comparisons. Those of one indicator share its estimated scatter, which makes the standard
# error about half a point; the limits stand three of them away from what larger runs give (slow test below).
@pytest.mark.parametrize("kind, most", [("poisson", 0.045), ("negative binomial", 0.055)])
@pytest.mark.slow
def test_chance_alone_is_called_a_change_in_about_one_district_of_twenty(kind: str, most: float) -> None:
    everywhere, large, small = _called(kind, 30)
    assert 0.01 < everywhere < most
    assert large < most + 0.02
    assert small < most + 0.02


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind, low, high, worst",
    [
        ("poisson", 0.02, 0.035, 0.04),  # exact intervals of small counts are wider than they must be
        ("negative binomial", 0.03, 0.05, 0.055),
        ("variance in proportion", 0.04, 0.07, 0.12),  # not the assumed form: small districts too often, large ones too seldom
    ],
)
def test_size_in_larger_runs(kind: str, low: float, high: float, worst: float) -> None:
    everywhere, large, small = _called(kind, 80, seed=2)
    assert low < everywhere < high
    assert max(large, small) < worst


@pytest.mark.parametrize("kind", ["poisson", "negative binomial"])
@pytest.mark.slow
def test_a_districts_interval_covers_its_own_true_change(kind: str) -> None:
    # All rise by 30 %; a district's own year-to-year scatter is part of what the interval allows for.
    rng = np.random.default_rng(3)
    mean = np.exp(np.linspace(np.log(20), np.log(400), 24))
    held = []
    for _ in range(20):
        found = changed(pd.concat([rows(i, _counts(rng, kind, mean * 1.3), _counts(rng, kind, mean)) for i in COUNTS]))
        held.append(found["low"].le(1.3) & found["high"].ge(1.3))
    # 3,840 intervals: standard error half a point.
    assert 0.935 < np.mean(held) < 0.99


@pytest.mark.slow
def test_shares_of_districts_that_differ_are_called_changed_in_about_one_of_twenty() -> None:
    rng = np.random.default_rng(9)
    n = np.exp(np.linspace(np.log(40), np.log(600), 24)).astype(int)
    clear: dict[str, list[float]] = {"alone": [], "scatter": []}
    for _ in range(25):
        for name, draw in (("alone", lambda: rng.binomial(n, 0.4)), ("scatter", lambda: rng.binomial(n, rng.beta(16, 24, 24)))):
            found = changed(pd.concat([rows(i, draw(), draw(), n, n) for i in SHARES]))
            clear[name].append(float(found["clear"].mean()))
    # 3,600 comparisons each: standard error half a point.
    assert 0.015 < np.mean(clear["alone"]) < 0.05
    assert 0.02 < np.mean(clear["scatter"]) < 0.065
