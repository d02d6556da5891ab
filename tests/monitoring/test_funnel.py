"""The funnel: its limits by formula, its dispersion by another computation, its states, its size by simulation."""

from __future__ import annotations

import itertools
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from evaluation.language import Words
from evaluation.monitoring.funnel import ADJUSTMENTS, Funnel, funnel
from evaluation.monitoring.funnel_limits import (
    FEWEST_UNITS,
    between_variance,
    chance_limits,
    chance_p,
    restored,
    stabilised,
    winsorised_dispersion,
)
from evaluation.monitoring.series import CountSeries

PERIOD = "2018-Q4"


def _series(
    k: list[float] | np.ndarray,
    n: list[float] | np.ndarray,
    states: list[str] | None = None,
    measure: str = "proportion",
    per: float = 1.0,
    units: list[str] | None = None,
) -> CountSeries:
    states = states or ["shown"] * len(k)
    shown = np.array(states) == "shown"
    frame = pd.DataFrame(
        {
            "unit": units or [str(760 + i) for i in range(len(k))],
            "period": PERIOD,
            "count": np.where(shown, k, np.nan),
            "denominator": np.where(shown, n, np.nan),
            "state": states,
        }
    )
    return CountSeries(frame=frame, label=Words("Tỷ lệ", "Share"), measure=measure, per=per, periods=(PERIOD,), phases=(4,))


def _funnel(*args: object, target: float | None = None, adjust: str = "winsorised", **options: object) -> Funnel:
    return funnel(_series(*args, **options), PERIOD, target=target, adjust=adjust)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expected", "low", "high"),
    [
        ((1, 50), (0.0186, 0.0, 0.0250), (0.0201, 0.0052, 0.0250)),
        ((50, 100), (0.0215, 0.0172, 0.0250), None),
        ((100, 500), (0.0233, 0.0194, 0.0250), None),
        ((500, 1000), (0.0239, 0.0224, 0.0250), None),
    ],
)
def test_chance_outside_the_95_limits_is_that_of_table_1_of_seaton_and_manktelow_2012(
    expected: tuple[int, int], low: tuple[float, float, float], high: tuple[float, float, float] | None
) -> None:
    """BMC Medical Research Methodology 12:98: median, least and most, of their prediction limits over expected events.

    Their grid of expected events is not printed; on ours the medians agree to two units of the fourth place.
    """
    mean = np.linspace(*expected, 4901)[1:]
    below, above = chance_limits(1.0, mean, "rate", 0.95)
    under = stats.poisson.cdf(np.ceil(below * mean) - 1, mean)
    over = stats.poisson.sf(np.floor(above * mean), mean)
    assert np.median(under) == pytest.approx(low[0], abs=2e-4)
    assert (under.min(), under.max()) == pytest.approx(low[1:], abs=2e-4)
    if high is not None:
        assert np.median(over) == pytest.approx(high[0], abs=2e-4)
        assert (over.min(), over.max()) == pytest.approx(high[1:], abs=3e-4)


def test_dispersion_of_six_units_is_that_of_the_tests_of_funnelplotr() -> None:
    """Observed over expected on the log scale, ends as they are: phi 2.948033 (FunnelPlotR 0.4, test-classes_methods.R)."""
    seen, expected = np.array([100, 150, 180, 80, 120, 225]), np.array([108, 112, 165, 95, 100, 220])
    scores = np.log(seen / expected) * np.sqrt(expected)
    # Ours counts the common value as estimated from the same units, (n - 1) / n; FunnelPlotR holds them against 1.
    assert winsorised_dispersion(scores, share=0.0) * 5 / 6 == pytest.approx(2.948033, abs=5e-7)


@pytest.mark.parametrize("measure", ["proportion", "rate"])
@pytest.mark.parametrize("level", [0.95, 0.998])
def test_no_side_has_more_than_its_share_of_chance(measure: str, level: float) -> None:
    tail = (1 - level) / 2
    for centre, size in itertools.product((0.02, 0.3, 0.97), (1, 2, 5, 17, 60, 400, 50_000)):
        low, high = (float(x) for x in chance_limits(centre, size, measure, level))
        law = stats.binom(size, centre) if measure == "proportion" else stats.poisson(centre * size)
        least, most = np.ceil(low * size - 1e-9), np.floor(high * size + 1e-9)
        assert law.cdf(least - 1) <= tail + 1e-12
        assert law.sf(most) <= tail + 1e-12
        # And not by a whole count too wide: one count further in would have more than its share.
        assert least == 0 or law.cdf(least) > tail - 1e-12
        assert law.sf(most - 1) > tail - 1e-12


def test_lower_limit_is_the_formula_of_the_appendix_of_spiegelhalter_2005() -> None:
    """The smallest r with P(R <= r) above p, less (P(R <= r) - p) / P(R = r), over n: by adding up probabilities here."""
    n, centre = 40, 0.2
    probability = [stats.binom.pmf(r, n, centre) for r in range(n + 1)]
    reached = np.cumsum(probability)
    r = next(i for i, x in enumerate(reached) if x >= 0.025)
    by_hand = (r - (reached[r] - 0.025) / probability[r]) / n
    assert float(chance_limits(centre, n, "proportion", 0.95)[0]) == pytest.approx(by_hand, rel=1e-12)


def test_a_share_and_its_complement_have_the_same_units_outside() -> None:
    k, n = np.array([3.0, 0, 9, 20, 2, 31, 5, 5, 8, 1]), np.array([12.0, 9, 10, 60, 40, 90, 11, 30, 30, 30])
    for adjust in ADJUSTMENTS:
        one, two = _funnel(k, n, adjust=adjust), _funnel(n - k, n, adjust=adjust)
        assert one.frame["position"].tolist() == two.frame["position"].tolist()
        np.testing.assert_allclose(one.frame["low95"], 1 - two.frame["high95"])
        np.testing.assert_allclose(one.frame["p"], two.frame["p"])


def test_limits_of_many_cases_are_the_textbook_s_normal_ones_widened_by_the_dispersion() -> None:
    rng = np.random.default_rng(3)
    n = rng.integers(200_000, 900_000, 24).astype(float)
    k = rng.binomial(n.astype(int), 0.2 + 0.002 * rng.normal(size=24)).astype(float)
    found = _funnel(k, n)
    centre = k.sum() / n.sum()
    assert found.dispersion > 2
    error = np.sqrt(found.dispersion * centre * (1 - centre) / n)
    np.testing.assert_allclose(found.frame["high95"], centre + 1.959964 * error, rtol=1e-4)
    np.testing.assert_allclose(found.frame["low998"], centre - 3.090232 * error, rtol=1e-4)


def test_positions_sides_and_p_values_agree_with_the_limits() -> None:
    rng = np.random.default_rng(8)
    n = rng.integers(5, 300, 200).astype(float)
    k = rng.binomial(n.astype(int), rng.beta(3, 5, 200)).astype(float)
    for adjust in ADJUSTMENTS:
        frame = _funnel(k, n, adjust=adjust, units=[f"u{i}" for i in range(200)]).frame
        value = frame["value"]
        outside95 = (value > frame["high95"]) | (value < frame["low95"])
        outside998 = (value > frame["high998"]) | (value < frame["low998"])
        assert (frame["position"] == "outside_998").tolist() == outside998.tolist()
        assert (frame["position"] != "inside").tolist() == outside95.tolist()
        assert (frame["side"] == np.where(~outside95, "", np.where(value > frame["high95"], "above", "below"))).all()
        assert ((frame["p"] < 0.05) == outside95).all()
        assert ((frame["p"] < 0.002) == outside998).all()


def test_p_values_of_chance_are_twice_the_smaller_exact_tail() -> None:
    k = np.arange(13.0)
    exact = 2 * np.minimum(stats.binom.cdf(k, 12, 0.3), stats.binom.sf(k - 1, 12, 0.3))
    np.testing.assert_allclose(chance_p(k / 12, 0.3, np.full(13, 12.0), "proportion"), np.minimum(exact, 1), rtol=1e-9)


def test_variance_between_units_is_dersimonian_and_laird_s_of_statsmodels() -> None:
    rng = np.random.default_rng(4)
    spread = 1 / (4 * rng.integers(40, 900, 20))
    value = rng.normal(0.6, np.sqrt(spread + 0.004))
    weights = 1 / spread
    centre = (weights * value).sum() / weights.sum()
    dispersion = winsorised_dispersion((value - centre) / np.sqrt(spread), share=0.0)
    expected = combine_effects(value, spread, method_re="dl").tau2
    assert between_variance(dispersion, spread) == pytest.approx(expected, rel=1e-9)
    assert between_variance(1.0, spread) == 0


def _by_hand(scores: np.ndarray) -> float:
    """Ends drawn in by sorting; the share of normal variance kept from a large sample of quantiles."""
    ordered = np.sort(scores).copy()
    cut = int(0.1 * len(ordered))
    ordered[:cut], ordered[len(ordered) - cut :] = ordered[cut], ordered[-cut - 1]
    normal = NormalDist()
    grid = np.array([normal.inv_cdf((i + 0.5) / 20_000) for i in range(20_000)])
    end = normal.inv_cdf(1 - cut / len(ordered))
    kept = np.mean(np.clip(grid, -end, end) ** 2)
    return float(np.sum(ordered**2) / (len(ordered) - 1) / kept)


@pytest.mark.parametrize("n", [10, 24, 30])
def test_dispersion_agrees_with_a_second_computation(n: int) -> None:
    scores = np.random.default_rng(n).normal(0, 3, n)
    assert winsorised_dispersion(scores) == pytest.approx(_by_hand(scores), rel=1e-3)


def test_dispersion_of_chance_alone_is_one_on_average_and_of_threefold_scatter_nine() -> None:
    rng = np.random.default_rng(1)
    wide = [winsorised_dispersion(3 * rng.normal(size=24)) for _ in range(400)]
    assert np.mean(wide) == pytest.approx(9, abs=4 * np.std(wide) / np.sqrt(400) + 0.3)
    assert winsorised_dispersion(np.array([0.5])) == 1
    assert winsorised_dispersion(np.zeros(24)) == 1


def test_the_stabilised_scale_has_its_way_back() -> None:
    share = np.array([0.0, 0.003, 0.5, 1.0])
    np.testing.assert_allclose(restored(stabilised(share, "proportion"), "proportion"), share, atol=1e-15)
    np.testing.assert_allclose(restored(stabilised([0.0, 2.0, 1e9], "rate"), "rate"), [0.0, 2.0, 1e9])


def test_what_is_not_shown_gives_nothing_away() -> None:
    states = ["shown", "shown", "withheld", "missing", "not_applicable", "inconsistent"]
    k, n = [20.0, 30, 99, np.nan, 0, 12], [100.0, 100, 100, np.nan, 1, 10]
    found = _funnel(k, n, states)
    assert found.estimate == pytest.approx(0.25)
    assert found.n == 2
    assert found.frame["state"].tolist() == states
    hidden = found.frame[found.frame["state"] != "shown"]
    assert hidden[["count", "n", "value", "p", "low95", "high998"]].isna().all(axis=None)
    assert set(hidden["position"]) == {""}
    assert found.limits["n"].max() <= 1.1 * 100


def test_the_sentence_says_how_wide_the_limits_are_and_what_is_usual() -> None:
    k = np.array([20.0] * 22 + [2, 60])
    plain, wide = _funnel(k, np.full(24, 100.0), adjust="none"), _funnel(np.arange(8.0, 56, 2), np.full(24, 100.0))
    assert "2 outside the 95% limits (1 above, 1 below), 2 outside the 99.8% limits; about 1.2 would lie outside" in plain.summary()
    assert f"limits widened by overdispersion, factor {wide.dispersion:.1f}" in wide.summary()
    assert "all lie inside the 95% limits" in wide.summary()
    assert "tất cả nằm trong giới hạn 95%" in wide.summary("vi")
    assert "may be chance alone" in plain.assumptions[0].en
    assert "more than chance" in wide.assumptions[0].en


def test_fewer_than_ten_units_have_limits_of_chance_alone_and_it_is_said() -> None:
    scattered = np.array([5.0, 60, 20, 80, 40, 90, 10, 70, 30, 50])
    few = _funnel(scattered[:9], np.full(9, 100.0))
    assert (few.adjust, few.dispersion) == ("none", 1.0)
    assert any(f"Fewer than {FEWEST_UNITS} units" in a.en for a in few.assumptions)
    enough = _funnel(scattered, np.full(10, 100.0))
    assert enough.adjust == "winsorised"
    assert enough.dispersion > 10
    assert not any("Fewer than" in a.en for a in enough.assumptions)


@pytest.mark.parametrize("k", [0.0, 50.0])
def test_all_or_none_has_no_limits(k: float) -> None:
    found = _funnel([k, k], [50.0, 50.0])
    assert found.limits.empty
    assert found.frame["position"].tolist() == ["inside", "inside"]
    assert found.estimate == k / 50
    assert "there are no limits" in found.summary()


def test_one_unit_has_nothing_to_be_compared_with_but_a_target() -> None:
    alone = _funnel([5.0], [50.0])
    assert alone.estimate is None
    assert "no comparison" in alone.summary()
    held = _funnel([5.0], [50.0], target=0.4)
    assert held.frame["position"].tolist() == ["outside_998"]
    assert held.frame["side"].tolist() == ["below"]
    assert (held.estimate, held.held_against) == (0.1, 0.4)


def test_nobody_shown_has_no_centre() -> None:
    nobody = _funnel([1.0], [5.0], ["withheld"])
    assert nobody.estimate is None
    assert _funnel([1.0], [5.0], ["withheld"], target=0.5).limits.empty


def test_a_target_moves_the_limits_and_leaves_the_scatter() -> None:
    k, n = np.arange(30.0, 54.0), np.full(24, 100.0)
    own, held = _funnel(k, n), _funnel(k, n, target=0.8)
    assert own.dispersion == held.dispersion
    assert set(held.frame["side"]) == {"below"}
    assert "held against 80.0%" in held.summary()
    assert "so với mức 80,0%" in held.summary("vi")


def test_rates_are_per_so_many_and_ties_zeros_and_huge_counts_have_answers() -> None:
    found = _funnel([0.0, 4, 4, 1e6], [20_000.0, 20_000, 20_000, 5e9], measure="rate", per=10_000.0)
    assert found.estimate == pytest.approx(1_000_008 / 500_006)
    assert found.frame["value"].tolist() == [0.0, 2.0, 2.0, 2.0]
    assert found.frame[["p", "low95", "high998"]].notna().all(axis=None)
    # None where four are expected: that has a chance of exp(-4), 1.8%, below the tail of 2.5%.
    assert found.frame["position"].tolist() == ["outside_95", "inside", "inside", "inside"]
    assert "2.00 per 10,000" in found.summary()
    assert "2,00 trên 10.000" in found.summary("vi")


def test_nobody_in_the_denominator_is_no_value() -> None:
    found = _funnel([0.0, 3, 4], [0.0, 10, 10])
    assert found.frame["state"].tolist() == ["not_applicable", "shown", "shown"]
    assert found.n == 2


def test_the_frame_has_no_rank_and_keeps_the_order_of_the_codes() -> None:
    found = _funnel([9.0, 1, 5], [10.0, 10, 10]).to_frame()
    assert found["unit"].tolist() == ["760", "761", "762"]
    assert not [c for c in found.columns if "rank" in c]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"measure": "count"}, "a funnel takes a share or a rate"),
        ({"adjust": "wide"}, "There is no adjust"),
        ({"target": 1.0}, "must be above 0 and below 1"),
        ({"target": 0.0, "measure": "rate"}, "must be above 0"),
    ],
)
def test_what_has_no_funnel_is_refused(options: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        _funnel([1.0, 2.0], [5.0, 5.0], **options)


def test_more_cases_than_people_are_refused_with_the_unit() -> None:
    with pytest.raises(ValueError, match="761, 2018-Q4: the share has a numerator above"):
        _funnel([1.0, 9.0], [5.0, 5.0])
    with pytest.raises(ValueError, match="There is no period '2019-Q1'"):
        funnel(_series([1.0, 2], [5.0, 5]), "2019-Q1")
    with pytest.raises(ValueError, match="no limits of chance"):
        chance_limits(0.0, 10, "rate", 0.95)


def _outside(rng: np.random.Generator, draws: int, sd: float, adjust: str, measure: str = "rate") -> tuple[float, float]:
    """Return the share of units outside the 95% and the 99.8% limits over draws of 24 districts that differ by sd (log scale)."""
    counts = np.zeros(2)
    for _ in range(draws):
        exposure = np.exp(rng.uniform(np.log(5), np.log(80), 24))
        level = np.exp(rng.normal(-(sd**2) / 2, sd, 24)) if sd else np.ones(24)
        if measure == "rate":
            k, n = rng.poisson(exposure * level).astype(float), exposure * 10_000
        else:
            n = np.rint(exposure * 4)
            k = rng.binomial(n.astype(int), np.minimum(0.3 * level, 1.0)).astype(float)
        frame = _funnel(k, n, measure=measure, per=10_000.0 if measure == "rate" else 1.0, adjust=adjust).frame
        counts += [(frame["position"] != "inside").sum(), (frame["position"] == "outside_998").sum()]
    far, further = counts / (24 * draws)
    return float(far), float(further)


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["rate", "proportion"])
def test_exact_limits_are_passed_by_no_more_than_their_level_under_chance(measure: str) -> None:
    """Whole counts make them a little wide: 3 in 100 lie outside, not 5. Tolerance: 3.3 binomial standard errors."""
    far, further = _outside(np.random.default_rng(11), 150, 0.0, "none", measure)
    assert 0.02 < far <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 3600)
    assert further <= 0.002 + 3.3 * np.sqrt(0.002 * 0.998 / 3600)


@pytest.mark.slow
def test_limits_of_chance_alone_accuse_a_third_where_districts_differ_for_reasons_of_their_own() -> None:
    """The broken assumption: levels that differ by 40% (standard deviation on the log scale)."""
    assert _outside(np.random.default_rng(12), 60, 0.4, "none")[0] > 0.25


@pytest.mark.slow
@pytest.mark.parametrize("adjust", ["winsorised", "additive"])
def test_adjusted_limits_are_near_their_level_where_districts_differ_for_reasons_of_their_own(adjust: str) -> None:
    """Within 2.5 points of 5%: the scatter is itself estimated, and one factor for all fits large and small units unequally."""
    far, further = _outside(np.random.default_rng(13), 150, 0.4, adjust)
    assert far == pytest.approx(0.05, abs=0.025)
    assert further < 0.02
