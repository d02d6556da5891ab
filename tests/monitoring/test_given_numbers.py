"""What callers hand over: read as it stands, or refused in both languages; never a warning, never a number that wrapped around."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.costs import fieller, present_value, yearly_dispersion
from evaluation.costs.unit_costs import cost_interval
from evaluation.monitoring.around.quotient import displacement_difference, measures
from evaluation.monitoring.charts import control_chart, cusum_arl, signals
from evaluation.monitoring.funnel_limits import chance_limits, chance_p, winsorised_dispersion
from evaluation.monitoring.given_numbers import between_0_and_1, broadcast, floats, single, whole
from evaluation.monitoring.looks.alpha_spending import crossing, spending
from evaluation.monitoring.looks.many_looks import many_looks
from evaluation.monitoring.looks.multiple_testing import benjamini_hochberg, chance_signals
from evaluation.monitoring.missing.imputation import combined
from evaluation.monitoring.over_time.interrupted import interrupted_series
from evaluation.monitoring.over_time.regression import fit
from evaluation.monitoring.own_series import own_series
from evaluation.monitoring.pooling import log_ratio, pool
from evaluation.monitoring.rates.intervals import clopper_pearson, difference_newcombe, garwood, rate_ratio_exact, wilson
from evaluation.monitoring.rates.midp import dispersion, poisson_midp, proportion_midp, quasi_poisson, rate_difference, rate_ratio_mover
from evaluation.monitoring.rates.p_values import difference_p, ratio_p
from evaluation.monitoring.rates.standardised import standardised_rate
from evaluation.monitoring.reach.concentration import concentration_curve, concentration_index, fractional_rank
from evaluation.monitoring.small_areas.shrinkage import shrink

# Of counts, three or so at a time.
OF_COUNTS: dict[str, Callable[[Any], Any]] = {
    "wilson": lambda v: wilson(v, 100),
    "clopper_pearson": lambda v: clopper_pearson(v, 100),
    "garwood": garwood,
    "difference_newcombe": lambda v: difference_newcombe(v, 100, 3, 10),
    "rate_ratio_exact": lambda v: rate_ratio_exact(v, 100, 3, 10),
    "poisson_midp": poisson_midp,
    "proportion_midp": lambda v: proportion_midp(v, 100),
    "rate_difference": lambda v: rate_difference(v, 100, 3, 10),
    "rate_ratio_mover": lambda v: rate_ratio_mover(v, 100, 3, 10),
    "dispersion": lambda v: dispersion(v).factor,
    "quasi_poisson": lambda v: quasi_poisson(v, 1, 2.0),
    "difference_p": lambda v: difference_p(v, 100, 3, 10),
    "ratio_p": lambda v: ratio_p(v, 100, 3, 10),
    "standardised_rate": lambda v: standardised_rate(v, [100, 200, 300], [1, 1, 1]),
    "shrink": lambda v: shrink(v).estimate,
    "chance_p": lambda v: chance_p(v, 2.0, 1.0, "rate"),
    "signals": lambda v: signals(v).basis,
    "cost_interval": lambda v: cost_interval(5.0, v)[:2],
}
OF_P: dict[str, Callable[[Any], Any]] = {
    "benjamini_hochberg": benjamini_hochberg,
    "many_looks": lambda v: many_looks(v).remains,
    "concentration_index": lambda v: concentration_index(v, [1, 2, 3]).estimate,
    "winsorised_dispersion": winsorised_dispersion,
    "crossing": crossing,
    "pool": lambda v: pool(v, [1, 1, 1]).estimate,
    "combined": lambda v: combined(v, 1).low,
    "fractional_rank": fractional_rank,
    "control_chart": lambda v: control_chart(v, kind="xmr").frame["value"],
    "yearly_dispersion": lambda v: yearly_dispersion([v, v]),
    "present_value": lambda v: present_value(v, 0.03),
}
TEXT: list[Any] = ["nhiều", ["1.234", "2", "3"], np.array(["2018-01-01"], "datetime64[D]"), [1, "x", 3], 1j, pd.Series(["a", "b", "c"])]


@pytest.mark.parametrize("name", [*OF_COUNTS, *OF_P])
def test_what_is_no_number_is_refused_in_both_languages(name: str) -> None:
    call = {**OF_COUNTS, **OF_P}[name]
    for text in TEXT:
        with pytest.raises(ValueError, match=" / "):
            call(text)


@pytest.mark.parametrize("name", OF_COUNTS)
def test_counts_are_read_whatever_holds_them(name: str) -> None:
    call = OF_COUNTS[name]
    frozen = np.array([1, 0, 3], dtype=np.uint8)
    frozen.flags.writeable = False
    expected = call([1.0, 0.0, 3.0])
    for same in (frozen, pd.Series([1, 0, 3], index=[7, 1, 2]), pd.array([1, 0, 3], dtype="Int64"), [Decimal(1), 0, np.int32(3)]):
        np.testing.assert_array_equal(call(same), expected)
    expected = call([1.0, np.nan, 3.0])
    for same in (pd.array([1, None, 3], dtype="Int64"), np.array([1, pd.NA, 3], dtype=object), [1, None, 3]):
        np.testing.assert_array_equal(call(same), expected)


@pytest.mark.parametrize("name", [n for n in OF_COUNTS if n != "chance_p"])
@pytest.mark.parametrize("wrong", [-1, np.inf])
def test_negative_and_infinite_counts_are_refused(name: str, wrong: float) -> None:
    with pytest.raises(ValueError, match=" / "):
        OF_COUNTS[name]([wrong, 2, 3])


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, np.nan, None, "0.95", True, [0.9, 0.95]])
def test_a_level_is_one_number_between_0_and_1(level: Any) -> None:
    for call in (
        lambda: wilson(3, 10, level),
        lambda: poisson_midp(3, 1, level),
        lambda: shrink([1, 2, 3, 4, 5], level=level),
        lambda: spending(4, alpha=level),
        lambda: many_looks([0.01, 0.5], alpha=level),
        lambda: combined([1, 2], 1, level=level),
        lambda: chance_limits(0.3, 10, "proportion", level),
        lambda: fieller(5, 5, 1, 1, level=level),
        lambda: fit([[3, 4, 5, 6, 4, 5]], np.ones((6, 1))).interval(0, level),
    ):
        with pytest.raises(ValueError, match="between 0 and 1"):
            call()


def test_shapes_that_do_not_fit_are_said() -> None:
    for call in (
        lambda: wilson([1, 2, 3], [10, 20]),
        lambda: difference_newcombe([1, 2, 3], 10, [1, 2], 10),
        lambda: rate_difference([1, 2, 3], 1, [1, 2], 1),
        lambda: broadcast([1, 2], [1, 2, 3]),
    ):
        with pytest.raises(ValueError, match="do not fit each other"):
            call()


def test_narrow_integers_do_not_wrap_around() -> None:
    a, b, c = np.uint8(200), np.uint8(150), np.uint8(100)
    assert measures((a, b), (c, c), (a, c)) == measures((200.0, 150.0), (100.0, 100.0), (200.0, 100.0))
    assert displacement_difference((b, a), (a, b)).estimate == displacement_difference((150, 200), (200, 150)).estimate == 100
    narrow = fieller(np.int16(30_000), np.int16(2_000), np.int16(900), np.int16(100))
    assert narrow == fieller(30_000.0, 2_000.0, 900.0, 100.0)


def test_huge_counts_keep_their_answers() -> None:
    for huge in (1e9, 1e12):
        half = 1.959964 * np.sqrt(huge)
        for interval in (garwood, poisson_midp):
            assert interval(huge) == pytest.approx((huge - half, huge + half), rel=5e-9)
        low, high = chance_limits(huge, 1.0, "rate", 0.95)
        assert (float(low), float(high)) == pytest.approx((huge - half, huge + half), rel=5e-9)
    rng = np.random.default_rng(3)
    counts = np.round(rng.normal(1e12, 1e6, 12))
    found = shrink(counts)
    assert np.all((found.low <= found.estimate) & (found.estimate <= found.high))
    assert np.isfinite([found.mean_low, found.mean_high, found.variance]).all()
    assert chance_signals(10**5, 0.05, 0.2).sum() == pytest.approx(1)


def test_columns_that_pandas_made_nullable_become_a_series() -> None:
    frame = pd.DataFrame(
        {"t": ["2018-Q1", "2018-Q2", "2018-Q3"], "k": [1, None, 3], "n": [5, None, 6], "u": ["a", "a", "a"]}
    ).convert_dtypes()
    found = own_series(frame, time="t", count="k", denominator="n", unit="u")
    np.testing.assert_array_equal(found.counts, [[1, np.nan, 3]])
    with pytest.raises(ValueError, match=" / "):
        own_series(frame.assign(u=pd.array(["a", None, "a"], dtype="string")), time="t", count="k", unit="u")


def test_counts_that_lie_on_the_line_still_have_chance() -> None:
    """Newey and West's errors come from residuals alone: without any they would call a change of nothing certain."""
    frame = pd.DataFrame({"k": np.full(16, 7.0), "t": range(16)})
    found = interrupted_series(frame, events="k", period="t", start=8, errors="newey_west", slope_change=True, family="quasi")
    plain = interrupted_series(frame, events="k", period="t", start=8, slope_change=True, family="quasi")
    assert (found.low, found.estimate, found.high) == pytest.approx((plain.low, 1.0, plain.high))
    assert found.low is not None
    assert found.low < 0.6


def test_single_numbers_whole_numbers_and_ragged_tables() -> None:
    assert single(np.int8(5), "x") == 5.0
    assert whole(np.int64(3), "x") == 3
    for bad in (None, pd.NA, np.nan, np.inf, "5", [1, 2], []):
        with pytest.raises(ValueError, match=" / "):
            single(bad, "x")
    for bad in (0, 2.5, "3"):
        with pytest.raises(ValueError, match=" / "):
            whole(bad, "x")
    with pytest.raises(ValueError, match="ragged"):
        floats([[1, 2], [3]], "x")
    assert between_0_and_1(np.float32(0.5)) == 0.5
    assert cusum_arl(5, 4) == np.inf
    for ratio in (0, -1, np.inf):
        with pytest.raises(ValueError, match="above 0"):
            log_ratio(ratio, 0.5, 2)
    with pytest.raises(ValueError, match="nothing missing"):
        concentration_curve([1, np.nan, 2], [1, 2, 3])


def test_a_chart_of_a_series_that_does_not_vary_has_no_autocorrelation() -> None:
    assert control_chart(np.full(16, 7.0), kind="c").diagnostics["autocorrelation"] is None
