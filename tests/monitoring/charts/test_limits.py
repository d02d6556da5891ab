"""Centre and limits: by hand, with gaps, and where there is nothing to find limits from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from evaluation.monitoring.charts import limits as lim

NAN = np.nan
RNG = np.random.default_rng(11)
COUNTS = RNG.poisson(30, 20).astype(float)
SIZES = RNG.integers(80, 200, 20).astype(float)
ALL = np.ones(20, dtype=bool)


def _by_hand(k: np.ndarray, n: np.ndarray, share: bool, base: int) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Return centre, Laney's factor and limits by a loop, as Laney 2002 writes them."""
    seen = [i for i in range(base) if np.isfinite(k[i])]
    centre = sum(k[i] for i in seen) / sum(n[i] for i in seen)
    error = np.array([np.sqrt(centre * (1 - centre if share else 1) / m) for m in n])
    z = [(k[i] / n[i] - centre) / error[i] if i in seen else None for i in range(base)]
    ranges = [abs(b - a) for a, b in pairwise(z) if a is not None and b is not None]
    factor = float(np.mean(ranges)) / 1.128
    return centre, factor, centre - 3 * factor * error, centre + 3 * factor * error


@pytest.mark.parametrize("kind", ["p'", "u'"])
@pytest.mark.parametrize("gaps", [(), (3, 9)])
def test_laney_by_a_loop_over_the_baseline(kind: str, gaps: tuple[int, ...]) -> None:
    k = COUNTS.copy()
    k[list(gaps)] = NAN
    n = np.where(np.isnan(k), NAN, SIZES)
    found = lim.attribute_limits(k, n, np.arange(20) < 14, kind, narrowest=0.0)
    centre, factor, low, high = _by_hand(k, n, kind == "p'", 14)
    assert found.centre[0] == pytest.approx(centre)
    assert float(found.sigma_z) == pytest.approx(factor)
    np.testing.assert_allclose(found.low, np.maximum(low, 0))
    np.testing.assert_allclose(found.high, np.minimum(high, 1) if kind == "p'" else high)


def test_limits_are_never_narrower_than_chance_unless_asked() -> None:
    even = np.full(20, 30.0) + np.resize([0, 1], 20)
    plain = lim.attribute_limits(even, np.ones(20), ALL, "c")
    floored = lim.attribute_limits(even, np.ones(20), ALL, "c'")
    own = lim.attribute_limits(even, np.ones(20), ALL, "c'", narrowest=0.0)
    np.testing.assert_allclose(floored.high, plain.high)
    assert own.high[0] < plain.high[0]
    assert float(own.sigma_z) == pytest.approx(1 / 1.128 / np.sqrt(30.5))


def test_xmr_by_its_table_factors() -> None:
    y = np.array([5.0, 7.0, 4.0, 6.0, 9.0])
    found = lim.individual_limits(y, np.ones(5, bool), screen=False)
    ranges = np.array([2.0, 3.0, 2.0, 3.0])
    assert found.high[0] == pytest.approx(y.mean() + 2.66 * ranges.mean())
    assert abs(lim.D2 * lim.THREE_SIGMA - 3) < 0.001


def test_a_missing_period_makes_no_moving_range_on_either_side() -> None:
    y = np.array([1.0, 2.0, NAN, 10.0, 12.0])
    assert float(lim.mean_moving_range(y, screen=False)) == 1.5


def test_g_chart_limits_stand_about_the_mean_and_its_line_is_the_median() -> None:
    gaps = np.array([0.0, 3, 1, 8, 2, 0, 5, 30])
    found = lim.gap_limits(gaps, np.ones(8, bool))
    mean = gaps.mean()
    assert found.high[0] == pytest.approx(mean + 3 * np.sqrt(mean * (mean + 1)))
    assert found.low[0] == 0
    assert found.centre[0] == 2.5
    assert (found.score > 3).tolist() == (gaps > found.high).tolist()
    # A geometric count cannot fall below a limit of zero.
    assert not (found.score < -3).any()


def test_t_chart_is_an_xmr_on_the_nearly_normal_scale() -> None:
    times = RNG.exponential(40, 30)
    found = lim.time_limits(times, np.ones(30, bool))
    near = times ** (1 / 3.6)
    ranges = np.abs(np.diff(near))
    assert found.centre[0] == pytest.approx(near.mean() ** 3.6)
    assert found.high[0] == pytest.approx((near.mean() + 2.66 * ranges.mean()) ** 3.6)
    assert found.low[0] == pytest.approx(max(0.0, near.mean() - 2.66 * ranges.mean()) ** 3.6)
    assert ((found.score > 3) == (times > found.high)).all()


def test_medians_of_many_series_with_gaps() -> None:
    y = np.array([[1.0, NAN, 3.0, 2.0], [NAN, NAN, NAN, NAN], [4.0, 1.0, NAN, NAN]])
    np.testing.assert_array_equal(lim.median(y), [2.0, NAN, 2.5])
    assert lim.median(np.empty((2, 0))).shape == (2,)


@pytest.mark.parametrize("kind", ["p", "p'", "u", "u'", "c'"])
def test_nothing_to_go_by_gives_no_limits_and_no_warning(kind: str) -> None:
    for k in (np.zeros(10), np.full(10, NAN)):
        found = lim.attribute_limits(k, np.where(np.isnan(k), NAN, 50.0), np.ones(10, bool), kind)
        assert np.isnan(found.low).all()
    full = lim.attribute_limits(np.full(10, 50.0), np.full(10, 50.0), np.ones(10, bool), "p'")
    assert np.isnan(full.sigma).all()


def test_huge_counts_keep_their_limits() -> None:
    k = 1e15 + 1e7 * RNG.normal(size=20)
    found = lim.attribute_limits(k, np.ones(20), ALL, "c'")
    assert np.isfinite(found.high).all()
    assert (found.low < k).all()
    assert (k < found.high).all()
