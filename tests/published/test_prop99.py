"""California's Proposition 99: Abadie, Diamond, Hainmueller 2010 (JASA 105:493) and Arkhangelsky et al. 2021 (AER 111:4088)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from evaluation import published
from evaluation.effects.designs.augmented import AUGMENTED
from evaluation.effects.designs.synthetic_control import SYNTHETIC_CONTROL, synthetic_control
from evaluation.effects.designs.synthetic_did import SYNTHETIC_DID, placebo_variance, synthetic_did
from evaluation.effects.effect import Effect
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.matrix import Matrix, matrix
from evaluation.effects.study import Study, study_panel

PREDICTORS = "lnincome@1980:1988,age15to24@1980:1988,retprice@1980:1988,beer@1984:1988,cigsale@1975,cigsale@1980,cigsale@1988"
PUBLISHED = {"Utah": 0.334, "Nevada": 0.234, "Montana": 0.199, "Colorado": 0.164, "Connecticut": 0.069}

pytestmark = [pytest.mark.published, pytest.mark.slow]


@pytest.fixture(scope="module")
def packs() -> Study:
    """Outcomes alone, as in the paper of 2021."""
    data = published.load("prop99").rename(columns={"State": "unit", "Year": "period", "PacksPerCapita": "numerator"})
    return study_panel(data, outcome_name="packs", measure="value", treated=["California"], start=1989)


@pytest.fixture(scope="module")
def smoking() -> Study:
    """With predictors, as in the paper of 2010."""
    data = published.load("smoking").rename(columns={"state": "unit", "year": "period", "cigsale": "numerator"})
    covariates = data[["unit", "period", "lnincome", "beer", "age15to24", "retprice"]]
    return study_panel(data, outcome_name="cigsale", measure="value", treated=["California"], start=1989, covariates=covariates)


@pytest.fixture(autouse=True)
def at_hand(require: Callable[[str], None]) -> None:
    require("prop99")
    require("smoking")


def weights(panel: Matrix, found: np.ndarray) -> pd.Series:
    return pd.Series(found, panel.units).sort_values(ascending=False)


@pytest.mark.slow
def test_abadie_diamond_hainmueller_2010_weights_and_fit(smoking: Study) -> None:
    """Table 2's weights within 0.005, and a better fit: V is searched from many starts, so the mean squared gap ends at 3.08.

    With the published weights themselves, to the three digits printed, it is
    3.09 on these data (tidysynth's documentation prints 3.17).
    """
    panel = matrix(smoking)
    fit = synthetic_control("nested", PREDICTORS, outcome="cigsale").fit(panel)
    found = weights(panel, fit.weights)
    assert list(found.index[:5]) == list(PUBLISHED)
    assert found[:5].to_dict() == pytest.approx(PUBLISHED, abs=0.005)
    assert found[5:].max() < 0.001
    assert fit.details["mspe_before"] < 3.08
    printed = np.array([PUBLISHED.get(u, 0.0) for u in panel.units])
    off = (panel.y[0] - printed @ panel.y)[:19]
    assert fit.details["mspe_before"] < np.mean(off**2) == pytest.approx(3.09, abs=0.01)


@pytest.fixture(scope="module")
def judged(smoking: Study) -> Effect:
    return estimate_effect(smoking, synthetic_control("nested", PREDICTORS, outcome="cigsale", starts=3), "placebo_ratio")


def test_abadie_diamond_hainmueller_2010_ranks_first_of_39(judged: Effect) -> None:
    """The ratio after over before is the largest of 39, p = 0.026; tidysynth's documentation prints 124 with its worse fit before."""
    assert judged.p_value == pytest.approx(1 / 39)
    gap = judged.effects.assign(square=lambda d: d["effect"] ** 2).groupby("after")["square"].mean()
    assert gap[True] / gap[False] == pytest.approx(124, rel=0.05)
    # The abstract: about 26 packs fewer in 2000.
    assert judged.effects.set_index("period")["effect"][2000] == pytest.approx(-26, abs=1)


def test_outcomes_alone_fit_better_than_any_predictors(smoking: Study, packs: Study) -> None:
    """The whole course is the best that any V can reach; Stata's sdid prints -19.5 for this estimate (Clarke et al. 2024)."""
    one, two = (SYNTHETIC_CONTROL.fit(matrix(s)) for s in (packs, smoking))
    assert one.estimate == pytest.approx(two.estimate, abs=1e-5)
    assert one.details["mspe_before"] < 2.744
    assert round(one.estimate, 1) == -19.5


@pytest.mark.slow
def test_arkhangelsky_2021_synthetic_did(packs: Study) -> None:
    """Table 1: -15.6. Software that takes the published steps prints -15.604; at the exact minimum it is -15.605."""
    panel = matrix(packs)
    assert round(SYNTHETIC_DID.fit(panel).estimate, 1) == -15.6
    steps = synthetic_did("published").fit(panel)
    assert round(steps.estimate, 3) == -15.604
    found = weights(panel, steps.weights)
    assert list(found.index[:3]) == ["Nevada", "New Hampshire", "Connecticut"]
    years = steps.details["period_weights"]
    assert [t for t, w in years.items() if w > 1e-3] == [1986, 1987, 1988]


def test_the_published_steps_are_diff_diffs_for_every_placebo(packs: Study) -> None:
    from diff_diff.utils import compute_sdid_unit_weights

    panel = matrix(packs)
    for chosen, fit in enumerate(synthetic_did("published").fits(panel, [(i,) for i in range(1, 39)])):
        rest = np.delete(np.arange(39), [0, chosen + 1])
        early = panel.y[rest, :19]
        noise = np.diff(early, axis=1).std(ddof=1)
        own = panel.y[chosen + 1, :19]
        theirs = compute_sdid_unit_weights(early.T, own, 12**0.25 * noise, min_decrease=1e-5 * noise)
        found = dict(zip(panel.as_if((chosen + 1,)).units, fit.weights, strict=True))
        assert [found[panel.units[i]] for i in rest] == pytest.approx(theirs, abs=1e-9)


@pytest.mark.slow
def test_arkhangelsky_2021_placebo_standard_error(packs: Study) -> None:
    """Table 1 prints 8.4, from placebo draws of another seed: with one treated unit they are draws from 38 estimates."""
    panel = matrix(packs)
    drawn = [placebo_variance(panel, 200, np.random.default_rng(seed)).standard_error for seed in range(20)]
    assert min(drawn) < 8.4 < max(drawn)
    once = np.array([f.estimate for f in SYNTHETIC_DID.fits(panel, [(i,) for i in range(1, 39)])])
    assert np.mean(drawn) == pytest.approx(once.std(), rel=0.05)


@pytest.mark.slow
def test_arkhangelsky_2021_synthetic_control_stops_short(packs: Study) -> None:
    """Table 1: -19.6 for synthetic control, by steps that stop short of the minimum; ours is -19.5 with the better fit."""
    from diff_diff.utils import compute_sdid_unit_weights

    panel = matrix(packs)
    own, others = panel.y[0], panel.y[1:]
    noise = np.diff(others[:, :19], axis=1).std(ddof=1)
    stopped = compute_sdid_unit_weights(others[:, :19].T, own[:19], 1e-6 * noise, intercept=False, min_decrease=1e-5 * noise)
    gap = own - stopped @ others
    assert round(gap[19:].mean(), 1) == -19.6
    assert SYNTHETIC_CONTROL.fit(panel).details["mspe_before"] < np.mean(gap[:19] ** 2)


def test_arkhangelsky_2021_difference_in_differences(packs: Study) -> None:
    assert round(estimate_effect(packs, "did").estimate, 1) == -27.3


def test_synthetic_did_ranks_second_of_39(packs: Study) -> None:
    assert estimate_effect(packs, "sdid").p_value == pytest.approx(2 / 39)


def test_pysyncon_finds_the_same_ridge(smoking: Study) -> None:
    """pysyncon 1.7.0 (AugSynth without covariates): -15.9526 with lambda 429.84, by the rule of the R package augsynth."""
    panel = matrix(smoking)
    fit = AUGMENTED.fit(panel)
    assert fit.estimate == pytest.approx(-15.9526, abs=1e-4)
    x = panel.y[1:, :19] - panel.y[1:, :19].mean(axis=0)
    assert fit.details["penalty"] * np.linalg.eigvalsh(x.T @ x).max() == pytest.approx(429.84, abs=0.01)
