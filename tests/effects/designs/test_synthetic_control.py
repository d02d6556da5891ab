"""Synthetic control: mixes known by construction, placebos at once, several treated units, predictors, and panels that teach nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from evaluation.effects.design import Design
from evaluation.effects.designs.augmented import AUGMENTED
from evaluation.effects.designs.synthetic.importance import Fitting, search
from evaluation.effects.designs.synthetic_control import SYNTHETIC_CONTROL, synthetic_control
from evaluation.effects.designs.synthetic_did import SYNTHETIC_DID
from evaluation.effects.matrix import Matrix, NotEnough, matrix
from evaluation.effects.study import study_panel

FAMILY = [SYNTHETIC_CONTROL, AUGMENTED, SYNTHETIC_DID]
START = 8


def arrays(
    y: np.ndarray, treated: int | dict[int, int] = 0, measure: str = "value", bottom: np.ndarray | None = None, **options: int
) -> Matrix:
    """A matrix of (units, periods) outcomes, treated from period 8 on unless told; treated units come first."""
    starts = {treated: START} if isinstance(treated, int) else treated
    rows = [(f"u{i:02d}", t, y[i, t], 1.0 if bottom is None else bottom[i, t]) for i in range(len(y)) for t in range(y.shape[1])]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"])
    study = study_panel(
        frame, outcome_name="y", treated={f"u{i:02d}": s for i, s in starts.items()}, measure=measure, level_factor=None, **options
    )
    return matrix(study)


def factors(units: int = 20, periods: int = 16, seed: int = 0, noise: float = 1.0) -> np.ndarray:
    """Units that follow two common factors, each in its own measure."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(2, periods)).cumsum(axis=1)
    return 20 + rng.uniform(0, 2, (units, 2)) @ common + noise * rng.normal(size=(units, periods))


def singles(panel: Matrix) -> list[tuple[int]]:
    return [(int(i),) for i in np.flatnonzero(~panel.treated)]


def test_a_known_mix_is_found_with_its_effect() -> None:
    y = factors(noise=0.5)
    y[0] = 0.5 * y[3] + 0.3 * y[7] + 0.2 * y[11]
    y[0, START:] += np.arange(1, 9)
    panel = arrays(y)
    for design in (SYNTHETIC_CONTROL, synthetic_control(predictors=[f"outcome@{t}" for t in range(START)], v="none")):
        fit = design.fit(panel)
        assert fit.weights[[3, 7, 11]].tolist() == pytest.approx([0.5, 0.3, 0.2], abs=1e-6)
        assert fit.gap[START:].tolist() == pytest.approx(np.arange(1, 9), abs=1e-5)
        assert fit.estimate == pytest.approx(4.5, abs=1e-5)
        assert fit.counterfactual == pytest.approx(fit.observed - fit.gap)


@pytest.mark.parametrize("sets", [[(2,), (3, 5), (4, 6, 7), (8,)], [(2,), (9,), (5,)]], ids=["sets", "single"])
@pytest.mark.parametrize("design", FAMILY, ids=lambda d: d.id)
@pytest.mark.parametrize("measure", ["value", "count", "share", "rate"])
def test_all_placebos_at_once_are_the_same_as_one_by_one(design: Design, measure: str, sets: list[tuple[int, ...]]) -> None:
    rng = np.random.default_rng(2)
    bottom = rng.integers(20, 60, (12, 16)).astype(float)
    top = rng.binomial(bottom.astype(int), 0.4).astype(float)
    whole = None if measure in ("value", "count") else bottom
    panel = arrays(top, {0: START, 3: START}, measure, whole, anticipation=1, phase_in=2)
    for one, together in zip([design.fit(panel.as_if(c)) for c in sets], design.fits(panel, sets), strict=True):
        assert together.estimate == pytest.approx(one.estimate, rel=1e-9)
        for a, b in [(one.gap, together.gap), (one.counterfactual, together.counterfactual), (one.weights, together.weights)]:
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def test_placebos_with_many_exact_mixes_have_the_shortest_of_them() -> None:
    y = factors(units=60, seed=7)[:, 5:]
    panel = arrays(y, {0: 3})
    together = SYNTHETIC_CONTROL.fits(panel, singles(panel))
    assert not all(f.details["weights_unique"] for f in together)
    assert any(f.details["weights_unique"] for f in together)
    for chosen, fit in zip(singles(panel), together, strict=True):
        np.testing.assert_allclose(fit.weights, SYNTHETIC_CONTROL.fit(panel.as_if(chosen)).weights, atol=1e-7)


@pytest.mark.parametrize("design", FAMILY, ids=lambda d: d.id)
def test_counts_and_rates_are_ratios_whatever_the_size(design: Design) -> None:
    rng = np.random.default_rng(3)
    top = rng.poisson(4000, (15, 16)).astype(float)
    top[0, START:] *= 1.5
    size = rng.uniform(500, 2000, (15, 1)) * np.ones((1, 16))
    count = design.fit(arrays(top, measure="count"))
    rate = design.fit(arrays(top * size, measure="rate", bottom=1000 * size))
    for fit in (count, rate):
        assert np.exp(fit.estimate) == pytest.approx(1.5, rel=0.03)
        assert np.exp(fit.gap[START:]) == pytest.approx(fit.observed[START:] / fit.counterfactual[START:], rel=1e-3)
    assert count.counterfactual[START:] == pytest.approx(np.full(8, 4000), rel=0.05)
    assert rate.counterfactual[START:] == pytest.approx(np.full(8, 4.0), rel=0.05)


def test_several_treated_units_have_a_mix_each() -> None:
    y = factors(seed=4)
    both = SYNTHETIC_CONTROL.fit(arrays(y, {0: START, 1: START}))
    alone = [SYNTHETIC_CONTROL.fit(arrays(np.delete(y, 1 - i, axis=0))) for i in (0, 1)]
    assert both.gap == pytest.approx((alone[0].gap + alone[1].gap) / 2)
    assert both.weights[2:] == pytest.approx((alone[0].weights[1:] + alone[1].weights[1:]) / 2)
    assert set(both.details["by_unit"]) == {"u00", "u01"}


@pytest.mark.parametrize("design", [SYNTHETIC_CONTROL, AUGMENTED], ids=lambda d: d.id)
def test_units_that_start_at_different_times_are_averaged_over_their_own_periods(design: Design) -> None:
    y = factors(seed=5)
    fit = design.fit(arrays(y, {0: 6, 1: 10}))
    early, late = design.fit(arrays(np.delete(y, 1, axis=0), {0: 6})), design.fit(arrays(np.delete(y, 0, axis=0), {0: 10}))
    assert fit.estimate == pytest.approx((early.gap[6:].sum() + late.gap[10:].sum()) / 16)
    by = fit.details["by_event_time"]
    assert by[0] == pytest.approx((early.gap[6] + late.gap[10]) / 2)
    assert by[9] == pytest.approx(early.gap[15])  # only the first has been treated so long
    assert list(by) == list(range(-10, 10))


def test_what_was_not_reported_is_filled_for_donors_and_left_out_for_the_treated_unit() -> None:
    panel = arrays(factors(seed=6))
    holes = panel.y.copy()
    holes[0, [2, 12]] = np.nan
    holes[4, [3, 9]] = np.nan
    holes[5, :START] = np.nan  # a donor that began to report late takes no part
    fit = SYNTHETIC_CONTROL.fit(panel.with_outcome(holes))
    assert (fit.details["missing"], fit.details["donors_left_out"], fit.details["matched_periods"]) == (2, 1, 7)
    assert fit.weights[5] == 0
    assert np.isnan(fit.gap).nonzero()[0].tolist() == [2, 12]
    assert np.isfinite(fit.estimate)


@pytest.mark.parametrize("design", FAMILY, ids=lambda d: d.id)
def test_placebos_are_matched_on_what_they_reported_alone(design: Design) -> None:
    panel = arrays(factors(seed=6, units=30))
    holes = panel.y.copy()
    holes[np.random.default_rng(1).random(holes.shape) < 0.05] = np.nan
    panel = panel.with_outcome(np.where(panel.treated[:, None], panel.y, holes))
    for chosen, together in zip(singles(panel), design.fits(panel, singles(panel)), strict=True):
        one = design.fit(panel.as_if(chosen))
        assert together.details["matched_periods"] == one.details["matched_periods"]
        # Donors' holes are filled with the placebo among them or not: that moves an estimate by little.
        assert together.estimate == pytest.approx(one.estimate, abs=0.3)


def test_the_order_of_donors_does_not_matter() -> None:
    y = factors(units=60, seed=7)[:, 4:]  # four periods before and 59 donors: many mixes fit
    y[0] = y[1:].mean(axis=0)
    one, two = arrays(y, {0: 4}), arrays(y[[0, *range(59, 0, -1)]], {0: 4})
    a, b = SYNTHETIC_CONTROL.fit(one), SYNTHETIC_CONTROL.fit(two)
    assert not a.details["weights_unique"]
    assert a.gap == pytest.approx(b.gap, abs=1e-7)
    assert a.weights[1:] == pytest.approx(b.weights[:0:-1], abs=1e-7)


@pytest.mark.parametrize("design", FAMILY, ids=lambda d: d.id)
class TestPanelsThatTeachLittle:
    def test_one_donor_has_all_the_weight_and_no_placebo(self, design: Design) -> None:
        panel = arrays(factors(units=2))
        assert design.fit(panel).weights.tolist() == pytest.approx([0, 1])
        assert np.isnan(design.fits(panel, [(1,)])[0].estimate)

    def test_outcomes_that_never_change_have_no_effect(self, design: Design) -> None:
        fit = design.fit(arrays(np.full((12, 16), 7.0)))
        assert fit.estimate == 0.0
        assert fit.weights[1:] == pytest.approx(np.full(11, 1 / 11))

    def test_nothing_but_zeros_is_no_ratio(self, design: Design) -> None:
        with pytest.raises(NotEnough, match="no ratio"):
            design.fit(arrays(np.zeros((12, 16)), measure="count"))

    @pytest.mark.parametrize("side", [slice(0, START), slice(START, 16)], ids=["before", "after"])
    def test_a_treated_unit_without_figures_on_a_side_is_refused(self, design: Design, side: slice) -> None:
        y = factors()
        y[0, side] = np.nan
        with pytest.raises(NotEnough):
            design.fit(arrays(y))

    def test_donors_without_figures_on_a_side_are_refused(self, design: Design) -> None:
        panel = arrays(factors())
        y = panel.y.copy()
        y[1:, START:] = np.nan
        with pytest.raises(NotEnough):
            design.fit(panel.with_outcome(y))

    def test_a_start_in_the_first_period_is_refused(self, design: Design) -> None:
        with pytest.raises(NotEnough):
            design.fit(arrays(factors(), anticipation=START))

    @pytest.mark.parametrize(("size", "level"), [(1e-9, 0.0), (1e9, 0.0), (1.0, 1e8)])
    def test_scale_and_level_of_the_outcome_do_not_matter(self, design: Design, size: float, level: float) -> None:
        y = factors(seed=8)
        one, two = design.fit(arrays(y)), design.fit(arrays(level + size * y))
        assert two.estimate == pytest.approx(size * one.estimate, rel=1e-5)
        assert two.weights == pytest.approx(one.weights, abs=1e-5)


class TestPredictors:
    def studied(self, seed: int = 9) -> Matrix:
        rng = np.random.default_rng(seed)
        y = factors(seed=seed)
        rows = [(f"u{i:02d}", t, y[i, t], 1.0) for i in range(20) for t in range(16)]
        frame = pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"])
        extra = frame[["unit", "period"]].assign(size=np.repeat(y[:, :START].mean(axis=1), 16), luck=rng.normal(size=320))
        return matrix(study_panel(frame, outcome_name="y", treated=["u00"], start=START, measure="value", covariates=extra))

    def test_the_search_never_ends_above_predictors_that_count_alike(self) -> None:
        for seed in range(3):
            panel = self.studied(seed)
            wanted = "size,luck@0:7,y@1,y@7"
            alike = synthetic_control("none", wanted, outcome="y").fit(panel).details
            searched = synthetic_control("nested", wanted, outcome="y", starts=2).fit(panel).details
            whole = SYNTHETIC_CONTROL.fit(panel).details
            assert whole["mspe_before"] <= searched["mspe_before"] * (1 + 1e-9)
            assert searched["mspe_before"] <= alike["mspe_before"] * (1 + 1e-9)
            assert sum(searched["predictor_importance"].values()) == pytest.approx(1.0)

    def test_two_predictors_by_brute_force(self) -> None:
        panel = self.studied()
        fit = synthetic_control("nested", "y@1,y@7", outcome="y").fit(panel)
        losses = []
        for share in np.concatenate([np.geomspace(1e-5, 0.5, 40), 1 - np.geomspace(1e-5, 0.5, 40)]):
            losses.append(synthetic_control([share, 1 - share], "y@1,y@7", outcome="y").fit(panel).details["mspe_before"])
        assert fit.details["mspe_before"] <= min(losses) * (1 + 1e-6)

    def test_the_weights_are_those_of_the_predictors_alone(self) -> None:
        panel = self.studied()
        names = ("size", "luck@0:7", "y@1", "y@7")
        found = synthetic_control("nested", names, outcome="y").fit(panel).details
        balance = np.array([found["predictor_balance"][n][:2] for n in names])
        counts = np.array([found["predictor_importance"][n] for n in names])
        values = np.stack([panel.y[:, :START].mean(axis=1), panel.covariates[1, :, :8].mean(axis=1), panel.y[:, 1], panel.y[:, 7]])
        root = np.sqrt(counts) / values.std(axis=1, ddof=1)
        heavy = 1e4
        system = np.vstack([root[:, None] * values[:, 1:], np.full(19, heavy)])
        _, left = nnls(system, np.append(root * values[:, 0], heavy), maxiter=10_000)
        assert np.linalg.norm(root * (balance[:, 0] - balance[:, 1])) <= left * (1 + 1e-3) + 1e-6

    def test_v_by_regression_is_the_sum_of_squared_coefficients(self) -> None:
        panel = self.studied()
        fit = synthetic_control("regression", "y@1,y@7", outcome="y").fit(panel)
        x = panel.y[:, [1, 7]] / panel.y[:, [1, 7]].std(axis=0, ddof=1)
        slopes = np.linalg.lstsq(np.column_stack([np.ones(20), x]), panel.y[:, :START], rcond=None)[0][1:]
        expected = (slopes**2).sum(axis=1) / (slopes**2).sum()
        np.testing.assert_allclose(list(fit.details["predictor_importance"].values()), expected, rtol=1e-9)
        given = synthetic_control(expected.tolist(), "y@1,y@7", outcome="y").fit(panel)
        assert fit.estimate == pytest.approx(given.estimate, rel=1e-9)

    def test_cross_validation_looks_at_the_validation_periods(self) -> None:
        panel = self.studied()
        found = synthetic_control("cross_validation", "size,y@4:7", outcome="y", training="size,y@0:3", validation=(4, 7)).fit(panel)
        moved = synthetic_control("cross_validation", "size,y@4:7", outcome="y").fit(panel)
        assert found.details["predictor_importance"] == pytest.approx(moved.details["predictor_importance"], abs=1e-6)
        assert sum(found.details["predictor_importance"].values()) == pytest.approx(1.0)

    def test_placebos_take_their_own_predictors(self) -> None:
        panel = self.studied()
        design = synthetic_control("nested", "size,y@7", outcome="y", starts=1)
        one, two = design.fits(panel, [(4,), (9,)])
        assert one.estimate == pytest.approx(design.fit(panel.as_if([4])).estimate, abs=1e-6)
        assert two.estimate == pytest.approx(design.fit(panel.as_if([9])).estimate, abs=1e-6)

    def test_one_predictor_or_one_donor_needs_no_search(self) -> None:
        rng = np.random.default_rng(0)
        fitting = Fitting(np.ones(1), rng.normal(size=(1, 6)), *[np.zeros(4), rng.normal(size=(4, 6))] * 2)
        assert search(fitting)[0].tolist() == [1.0]
        panel = self.studied().without(range(2, 20))
        assert synthetic_control("nested", "size,y@7", outcome="y").fit(panel).weights.tolist() == [0.0, 1.0]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"v": "best"}, "cross_validation"),
            ({"v": "cross_validation"}, "predictors="),
            ({"v": [1.0]}, "predictors="),
            ({"v": [1.0], "predictors": "a,b"}, "2 numbers"),
            ({"v": [0.0, 0.0], "predictors": "a,b"}, "2 numbers"),
            ({"v": "nested", "predictors": "a", "training": "b"}, "training="),
        ],
    )
    def test_options_that_do_not_go_together_are_refused(self, options: dict, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            synthetic_control(**options)


def test_a_unit_beyond_its_donors_breaks_the_plain_mix_and_what_else_depends_on_how() -> None:
    """Broken assumption. Twice as far out along the common factors: the ridge reaches it. A higher level: parallel weights do."""
    off: dict[tuple[str, str], list[float]] = {}
    for seed in range(8):
        y = factors(seed=seed, noise=0.1)
        far = 2 * y[1 + np.argmax(y[1:].mean(axis=1))] - y[1:].mean(axis=0)
        for way, own in (("far", far), ("high", y[1:6].mean(axis=0) + 15)):
            panel = arrays(np.vstack([own, y[1:]]))
            for design in FAMILY:
                off.setdefault((way, design.id), []).append(abs(design.fit(panel).estimate))
    size = {k: float(np.mean(v)) for k, v in off.items()}
    assert size["far", "sc"] > 3
    assert size["far", "asc"] < 0.2
    assert size["high", "sc"] > 10
    assert size["high", "sdid"] < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("design", FAMILY, ids=lambda d: d.id)
def test_without_an_effect_estimates_are_unbiased_and_ranks_of_the_ratio_uniform(design: Design) -> None:
    """250 panels of 20 units that follow two factors: the pilot is one of them.

    Means within 3.3 standard errors of zero; a rank among 20 is at most 1 in 1/20 and at most 5 in 1/4 of draws, within
    3.3 binomial standard errors.
    """
    draws, estimates, ranks = 250, [], []
    for seed in range(draws):
        panel = arrays(factors(seed=seed + 1000))
        fits = [design.fit(panel), *design.fits(panel, singles(panel))]
        ratio = np.array([np.mean(f.gap[START:] ** 2) / max(1e-18, np.mean(f.gap[:START] ** 2)) for f in fits])
        estimates.append(fits[0].estimate)
        ranks.append(int((ratio >= ratio[0]).sum()))
    assert abs(np.mean(estimates)) < 3.3 * np.std(estimates) / np.sqrt(draws)
    for most in (1, 5):
        share = most / 20
        assert abs(np.mean(np.array(ranks) <= most) - share) < 3.3 * np.sqrt(share * (1 - share) / draws)


@pytest.mark.slow
def test_five_thousand_donors_are_solved_to_the_same_certificate() -> None:
    rng = np.random.default_rng(0)
    for units in (300, 5000):
        y = rng.normal(size=(units, 31)).cumsum(axis=1)
        first = np.array([19] + [31] * (units - 1))
        panel = Matrix(tuple(map(str, range(units))), tuple(range(31)), y, y, np.ones_like(y), first, measure="value")
        for design in FAMILY:
            fit = design.fit(panel)
            assert np.isfinite(fit.estimate)
            assert fit.weights.sum() == pytest.approx(1.0)
        assert SYNTHETIC_CONTROL.fit(panel).details["duality_gap"] < 1e-9
