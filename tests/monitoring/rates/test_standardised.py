"""Standardised rates against the authors' own example, a sum by hand, coverage and edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evaluation.monitoring.rates.intervals import garwood
from evaluation.monitoring.rates.midp import poisson_midp
from evaluation.monitoring.rates.standardised import standardised_rate
from evaluation.places import district_ages

# Fay and Feuer 1997, table II (from Stark and Mantel 1966): cases and births by mothers' age, births of order five and more.
CASES = np.array([0, 8, 63, 112, 262, 295])
BIRTHS = np.array([327, 30666, 123419, 149919, 104088, 34392])
ALL_BIRTHS = np.array([319933, 931318, 786511, 488235, 237863, 61313])


@pytest.mark.parametrize(
    ("method", "low", "high"), [("fay-feuer", 67.70212, 188.30017), ("midp", 59.71632, 173.08170), ("tiwari", 67.702, 112.858)]
)
def test_downs_syndrome_in_michigan_as_fay_and_feuer_and_the_r_package_dsrtest(method: str, low: float, high: float) -> None:
    # dsrTest 1.0.0, vignette "dsrTest - examples": 75.52901 per 100,000 and these intervals ("tcz" for Tiwari, three places).
    found = standardised_rate(CASES, BIRTHS / 1e5, ALL_BIRTHS, method=method)
    assert found[0] == pytest.approx(75.52901, abs=5e-6)
    assert found[1:] == pytest.approx((low, high), abs=6e-4 if method == "tiwari" else 3e-5)


def test_one_age_group_is_the_plain_rate_with_its_exact_or_midp_interval() -> None:
    for k in (0, 1, 7, 120):
        assert standardised_rate([k], [4.0], [1])[1:] == pytest.approx(garwood(k, 4.0))
    # With one group the even mixture of the two gamma distributions is the mid-P distribution.
    assert standardised_rate([7], [4.0], [1], method="midp")[1:] == pytest.approx(poisson_midp(7, 4.0), rel=1e-9)
    assert standardised_rate([0], [4.0], [1], method="midp")[1:] == pytest.approx(poisson_midp(0, 4.0), rel=1e-9)


def test_many_places_at_once_are_each_as_alone() -> None:
    ages = district_ages().pivot(index="district_code", columns="age_group", values="population_2019").to_numpy(float)
    counts = np.random.default_rng(2).poisson(ages / 20_000)
    standard = ages.sum(axis=0)
    together = standardised_rate(counts, ages / 1e4, standard)
    assert together[0].shape == (24,)
    alone = standardised_rate(counts[5], ages[5] / 1e4, standard)
    assert [x[5] for x in together] == pytest.approx(alone)
    weights = standard / standard.sum()
    assert alone[0] == pytest.approx(sum(w * k / (n / 1e4) for w, k, n in zip(weights, counts[5], ages[5], strict=True)))
    crude = standardised_rate(counts.sum(axis=0), standard / 1e4, standard)[0]
    assert crude == pytest.approx(counts.sum() / standard.sum() * 1e4)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "least", "most"), [("fay-feuer", 0.947, 1.0), ("tiwari", 0.94, 0.985), ("midp", 0.94, 0.985)])
def test_intervals_hold_their_level_until_counts_scatter_beyond_chance(method: str, least: float, most: float) -> None:
    """20,000 draws: 3.3 standard errors are half a point, within the bounds; the broken assumption is dispersion 3."""
    rng = np.random.default_rng(7)
    people, standard, rate = np.array([3.0, 2, 1, 0.5]), np.array([2.0, 2, 2, 2]), np.array([0.5, 1, 3, 8])
    truth = (standard / standard.sum() * rate).sum()
    k = rng.poisson(people * rate, (20_000, 4))
    _, low, high = standardised_rate(k, people, standard, method=method)
    assert least <= np.mean((low <= truth) & (truth <= high)) <= most
    scattered = rng.negative_binomial(people * rate / 2, 1 / 3, (20_000, 4))
    _, low, high = standardised_rate(scattered, people, standard, method=method)
    assert np.mean((low <= truth) & (truth <= high)) < 0.9


def test_missing_is_not_zero_and_no_event_is_not_missing() -> None:
    rate, low, high = standardised_rate(np.array([[0, 0], [1, np.nan]]), [2.0, 3.0], [1, 1])
    assert (rate[0], low[0]) == (0, 0)
    assert high[0] == pytest.approx(0.25 * stats.chi2.ppf(0.975, 2) / 2)  # one event of the greater weight, a half over 2
    assert np.isnan([rate[1], low[1], high[1]]).all()
    assert np.isnan(standardised_rate([1, 2], [0, 3.0], [1, 1])[0])
    assert standardised_rate([1, 2], [0, 4.0], [0, 1])[0] == 0.5
    assert isinstance(standardised_rate([1, 2], [1, 1], [1, 1])[0], float)
    assert np.isnan(standardised_rate([1, np.nan], [1, 1], [1, 1], method="midp")).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: standardised_rate([1], [1], [0]), "above 0"),
        (lambda: standardised_rate([-1], [1], [1]), "counts"),
        (lambda: standardised_rate([1], [1], [1], method="exact"), "no method"),
        (lambda: standardised_rate([1], [1], [1], level=95), "between 0 and 1"),
    ],
)
def test_refusals_name_the_parameter(call: object, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        call()  # type: ignore[operator]
    assert " / " in str(caught.value)
