"""Many comparisons and many looks: a second implementation, error rates by simulation, and what has no answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from evaluation.monitoring.looks.alpha_spending import crossing, spending
from evaluation.monitoring.looks.many_looks import many_looks
from evaluation.monitoring.looks.multiple_testing import benjamini_hochberg, benjamini_yekutieli, chance_signals, holm

WAYS = [(holm, "holm"), (benjamini_hochberg, "fdr_bh"), (benjamini_yekutieli, "fdr_by")]


def _table() -> np.ndarray:
    p = np.random.default_rng(1).random((40, 24))
    p[:2, :6] /= 20_000
    p[7] = np.round(p[7], 1)
    p[5, 3:9] = np.nan
    return p


@pytest.mark.parametrize(("way", "name"), WAYS)
def test_adjusted_p_values_agree_with_statsmodels_and_scipy(way: object, name: str) -> None:
    p = _table()
    known = np.isfinite(p)
    found = way(p)  # type: ignore[operator]
    np.testing.assert_array_equal(np.isnan(found), ~known)
    np.testing.assert_allclose(found[known], multipletests(p[known], method=name)[1], rtol=1e-12)
    if name != "holm":
        np.testing.assert_allclose(found[known], false_discovery_control(p[known], method=name[4:]), rtol=1e-12)


@pytest.mark.parametrize(("way", "name"), WAYS)
def test_one_none_and_equal_p_values(way: object, name: str) -> None:
    assert way(0.03).tolist() == [0.03]  # type: ignore[operator]
    assert np.isnan(way([np.nan, np.nan])).all()  # type: ignore[operator]
    assert way([0.0, 1.0])[0] == 0  # type: ignore[operator]
    equal = way(np.full(5, 0.04))  # type: ignore[operator]
    assert len(set(equal)) == 1
    for wrong in (1.2, -0.1):
        with pytest.raises(ValueError, match="p-values must be from 0 to 1"):
            way([0.5, wrong])  # type: ignore[operator]


def test_the_sentence_says_what_chance_alone_gives_and_what_remains() -> None:
    p = _table()
    seen, left = int((p <= 0.05).sum()), int(multipletests(p[np.isfinite(p)], method="fdr_bh")[0].sum())
    found = many_looks(p)
    assert found.summary() == (
        f"Of 40 indicators in 24 districts (6 without a p-value): {seen} signals at 5%, about 47.7 expected by chance alone; "
        f"after control of the false discovery rate (Benjamini-Hochberg) {left} remain"
    )
    assert "riêng ngẫu nhiên đã cho khoảng 47,7" in found.summary("vi")
    assert found.estimate == found.remains.sum() == found.to_frame()["remains"].sum() == left
    assert found.remains[:2, :6].all()


@pytest.mark.parametrize(
    ("options", "procedure"),
    [
        ({"question": "any"}, "holm"),
        ({"question": "which"}, "benjamini_hochberg"),
        ({"question": "which", "dependence": "unknown"}, "benjamini_yekutieli"),
        ({"question": "every_quarter"}, "alpha_spending"),
    ],
)
def test_the_question_chooses_the_control(options: dict[str, str], procedure: str) -> None:
    found = many_looks(_table()[:, :4], **options)  # type: ignore[arg-type]
    assert found.procedure == procedure
    assert "5%" in found.method.en
    assert "5%" in found.method.vi


def test_as_many_by_chance_has_three_answers() -> None:
    rng = np.random.default_rng(2)
    p = np.full(100, 0.5)
    p[:9] = 0.01
    alone = many_looks(p)
    assert alone.chance_as_many == pytest.approx(stats.binom.sf(8, 100, 0.05))
    assert alone.chance_as_many_bound == pytest.approx(5 / 9)
    assert alone.chance_as_many_drawn is None
    # All hundred rise and fall together: nine or more come about as often as one would.
    together = 2 * stats.norm.sf(np.abs(np.repeat(rng.normal(size=(1999, 1)), 100, axis=1)))
    drawn = many_looks(p, null=together).chance_as_many_drawn
    assert drawn == pytest.approx(0.05, abs=3.3 * np.sqrt(0.05 * 0.95 / 1999))
    assert many_looks(np.full(4, 0.5)).chance_as_many_bound == 1


def test_the_number_of_signals_by_chance_keeps_its_mean_and_widens_with_correlation() -> None:
    counts = np.arange(61)
    alone, together = chance_signals(60), chance_signals(60, correlation=0.4)
    np.testing.assert_allclose(alone, stats.binom.pmf(counts, 60, 0.05))
    assert together.sum() == pytest.approx(1)
    assert counts @ together == pytest.approx(3)
    assert together[0] > alone[0]
    assert together[15:].sum() > 100 * alone[15:].sum()


def test_the_number_of_signals_by_chance_agrees_with_a_simulation() -> None:
    rng = np.random.default_rng(3)
    z = np.sqrt(0.3) * rng.normal(size=(20_000, 1)) + np.sqrt(0.7) * rng.normal(size=(20_000, 12))
    none = (np.abs(z) < stats.norm.isf(0.025)).all(axis=1).mean()
    assert chance_signals(12, correlation=0.3)[0] == pytest.approx(none, abs=3.3 * np.sqrt(0.25 / 20_000))


def test_repeated_looks_cross_once_and_stay_crossed() -> None:
    p = np.array([[0.9, 0.001, 0.5], [0.04, 0.04, 0.04], [np.nan, np.nan, np.nan]])
    found = many_looks(p, question="every_quarter", planned=4)
    assert found.remains.tolist() == [[False, True, True], [False, False, False], [False, False, False]]
    assert (found.estimate, found.seen, found.n) == (1, 2, 2)
    assert found.expected == pytest.approx(2 * crossing([stats.norm.isf(0.025)] * 4)[2])
    assert found.summary().startswith("Of 3 series after 3 of 4 looks (1 without a p-value): 2 signals at 5%, about 0.2 expected")
    assert found.to_frame()["threshold"].tolist()[:3] == pytest.approx(spending(4).nominal[:3])


def test_boundaries_agree_with_the_multivariate_normal_distribution() -> None:
    """The second derivation: Z at looks s and t correlate by the root of s over t."""
    shares = np.array([0.3, 0.55, 1.0])
    found = spending(information=shares.tolist(), alpha=0.05, kind="pocock", looks=3)
    correlation = np.sqrt(np.minimum.outer(shares, shares) / np.maximum.outer(shares, shares))
    box = stats.multivariate_normal(cov=correlation, seed=1, abseps=1e-7, maxpts=200_000)
    inside = box.cdf(found.boundary, lower_limit=-found.boundary)
    assert 1 - inside == pytest.approx(0.05, abs=2e-5)
    np.testing.assert_allclose(crossing(found.boundary, shares.tolist()), found.spent, atol=1e-9)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"p": [np.nan, np.nan]}, "no p-value at all"),
        ({"p": [2.0]}, "p-values must be from 0 to 1"),
        ({"question": "why"}, "must be any, which or every_quarter"),
        ({"alpha": 0.0}, "between 0 and 1"),
        ({"question": "every_quarter", "planned": 2, "p": np.full((2, 3), 0.5)}, "more than planned=2"),
        ({"null": np.full((9, 3), 0.5)}, "null must have 2 comparisons"),
    ],
)
def test_what_cannot_be_answered_is_refused(options: dict[str, object], match: str) -> None:
    given = {"p": [0.2, 0.4]} | options
    with pytest.raises(ValueError, match=match):
        many_looks(given.pop("p"), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: spending(0), "number of looks from 1"),
        (lambda: spending(2, information=[0.5, 0.5]), "information must rise"),
        (lambda: spending(2, information=[0.5, 1.5]), "information must rise"),
        (lambda: spending(kind="even"), "must be one of obrien_fleming"),
        (lambda: chance_signals(3, correlation=1.0), "correlation=1.0 from 0 to below 1"),
    ],
)
def test_looks_that_make_no_sense_are_refused(call: object, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        call()  # type: ignore[operator]


DRAWS = 4000


def _errors(rng: np.random.Generator, correlation: float, effects: int) -> dict[str, tuple[float, float]]:
    """Return the family-wise error and the mean false share of 20 comparisons, `effects` of them real, for each way.

    A negative correlation sets one half of the comparisons against the other.
    """
    shared = rng.normal(size=(DRAWS, 1)) * np.where(np.arange(20) % 2, 1, np.sign(correlation) or 1)
    z = np.sqrt(abs(correlation)) * shared + np.sqrt(1 - abs(correlation)) * rng.normal(size=(DRAWS, 20))
    z[:, :effects] += 3
    p = stats.norm.sf(z)
    found = {}
    for way, name in WAYS:
        kept = np.array([way(row) <= 0.05 for row in p])
        false, every = kept[:, effects:].sum(axis=1), kept.sum(axis=1)
        found[name] = float((false > 0).mean()), float((false / np.maximum(every, 1)).mean())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.6, -0.6])
@pytest.mark.parametrize("effects", [0, 6])
def test_error_rates_hold_without_and_with_dependence(correlation: float, effects: int) -> None:
    """At most 5%, with 3.3 binomial standard errors of 4000 draws.

    Nothing is promised of Benjamini-Hochberg at -0.6; it keeps its level here all the same.
    """
    found = _errors(np.random.default_rng(4), correlation, effects)
    most = 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / DRAWS)
    assert found["holm"][0] <= most
    assert found["fdr_bh"][1] <= most
    assert found["fdr_by"][1] <= most
    if not correlation and not effects:
        assert found["fdr_bh"][1] == pytest.approx(0.05, abs=3.3 * np.sqrt(0.05 * 0.95 / DRAWS))
        # No control at all: one false signal or more in 1 - 0.95^20, 64%.
        assert stats.binom.sf(0, 20, 0.05) == pytest.approx(0.64, abs=0.01)
    if effects:  # the false discovery rate is another promise than the family-wise one
        assert found["fdr_bh"][0] > 0.08


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["obrien_fleming", "pocock"])
def test_repeated_looks_keep_their_level_at_growing_data_and_not_at_fresh_quarters(kind: str) -> None:
    rng, draws = np.random.default_rng(5), 40_000
    quarters = rng.normal(size=(draws, 4))
    growing = np.cumsum(quarters, axis=1) / np.sqrt(np.arange(1, 5))
    limits = spending(4, kind=kind).boundary
    error = 3.3 * np.sqrt(0.05 * 0.95 / draws)
    assert (np.abs(growing) > limits).any(axis=1).mean() == pytest.approx(0.05, abs=error)
    assert (np.abs(growing) > 1.959964).any(axis=1).mean() == pytest.approx(0.126, abs=0.006)
    # The broken assumption: each look at its own quarter alone.
    assert (np.abs(quarters) > limits).any(axis=1).mean() > 0.05 + error
