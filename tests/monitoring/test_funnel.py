"""The funnel: its limits by formula, its dispersion by another computation, its states."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.monitoring.funnel import funnel, winsorised_dispersion

NAME, PERIOD = "sti_tested_share", "2018-Q4"


def _values(k: list[float], n: list[float], states: list[str] | None = None) -> pd.DataFrame:
    states = states or ["shown"] * len(k)
    shown = np.array(states) == "shown"
    share = np.where(shown, np.divide(k, n), np.nan)
    return pd.DataFrame(
        {"place": [str(760 + i) for i in range(len(k))], "period": PERIOD, "indicator": NAME, "numerator": k, "denominator": n}
        | {"value": share, "low": np.nan, "high": np.nan, "state": states}
    )


def test_limits_are_the_textbook_s_with_chance_alone() -> None:
    found = funnel(_values([20, 41, 59, 80], [100, 200, 300, 400]), NAME, PERIOD)
    assert found.estimate == pytest.approx(0.2)
    assert found.dispersion == 1
    for row in found.limits.itertuples():
        error = np.sqrt(0.2 * 0.8 / row.n)
        assert row.high95 == pytest.approx(0.2 + 1.959964 * error, abs=1e-6)
        assert row.low95 == pytest.approx(max(0, 0.2 - 1.959964 * error), abs=1e-6)
        assert row.high998 == pytest.approx(0.2 + 3.090232 * error, abs=1e-6)
    assert set(found.frame["position"]) == {"inside"}


def test_places_lie_where_the_limits_say() -> None:
    # Ten in a hundred is common, but one has 17 (2.2 errors or so) and one 40.
    found = funnel(_values([10.0] * 28 + [17, 40], [100.0] * 30), NAME, PERIOD)
    centre = (280 + 57) / 3000
    scores = np.sort(np.array([10.0] * 28 + [17, 40]) / 100 - centre) / np.sqrt(centre * (1 - centre) / 100)
    assert found.dispersion == pytest.approx(max(1, _by_hand(scores)))
    away = np.abs(scores) / np.sqrt(found.dispersion)
    expected = ["inside" if a <= 1.959964 else "outside_95" if a <= 3.090232 else "outside_998" for a in away]
    assert found.frame["position"].tolist() == expected
    assert expected[-1] == "outside_998"


def _by_hand(scores: np.ndarray) -> float:
    """Ends drawn in by sorting; the share of normal variance kept from a large sample of quantiles."""
    ordered = np.sort(scores).copy()
    cut = int(0.1 * len(ordered))
    ordered[:cut], ordered[len(ordered) - cut :] = ordered[cut], ordered[-cut - 1]
    from statistics import NormalDist

    normal = NormalDist()
    grid = np.array([normal.inv_cdf((i + 0.5) / 100_000) for i in range(100_000)])
    end = normal.inv_cdf(1 - cut / len(ordered))
    kept = np.mean(np.clip(grid, -end, end) ** 2)
    return float(np.sum(ordered**2) / (len(ordered) - 1) / kept)


@pytest.mark.parametrize("n", [10, 24, 30])
def test_dispersion_agrees_with_a_second_computation(n: int) -> None:
    scores = np.random.default_rng(n).normal(0, 3, n)
    assert winsorised_dispersion(scores) == pytest.approx(_by_hand(scores), rel=1e-3)


def test_dispersion_of_chance_alone_is_one_on_average_and_of_threefold_scatter_nine() -> None:
    rng = np.random.default_rng(1)
    wide = [winsorised_dispersion(3 * rng.normal(size=24)) for _ in range(1000)]
    assert np.mean(wide) == pytest.approx(9, abs=4 * np.std(wide) / np.sqrt(1000) + 0.3)
    assert winsorised_dispersion(np.array([0.5])) == 1
    assert winsorised_dispersion(np.zeros(24)) == 1


def test_what_is_not_shown_gives_nothing_away() -> None:
    states = ["shown", "shown", "withheld", "missing", "not_applicable", "inconsistent"]
    k, n = [20.0, 30, 99, np.nan, 0, 12], [100.0, 100, 100, np.nan, 1, 10]
    found = funnel(_values(k, n, states), NAME, PERIOD)
    assert found.estimate == pytest.approx(0.25)
    assert found.n == 2
    assert found.frame["state"].tolist() == states
    hidden = found.frame[found.frame["state"] != "shown"]
    assert hidden[["n", "value"]].isna().all(axis=None)
    assert set(hidden["position"]) == {""}


@pytest.mark.parametrize("k", [0.0, 50.0])
def test_all_or_none_has_no_limits(k: float) -> None:
    found = funnel(_values([k, k], [50.0, 50.0]), NAME, PERIOD)
    assert found.limits.empty
    assert found.frame["position"].tolist() == ["inside", "inside"]
    assert found.estimate == k / 50


def test_nobody_shown_has_no_centre() -> None:
    assert funnel(_values([1.0], [5.0], ["withheld"]), NAME, PERIOD).estimate is None


@pytest.mark.parametrize("name", ["sti_tested", "outreach_rate", "child_referral_route"])
def test_only_shares_have_a_funnel(name: str) -> None:
    with pytest.raises(ValueError, match="A funnel takes a proportion"):
        funnel(_values([1.0], [5.0]), name, PERIOD)
