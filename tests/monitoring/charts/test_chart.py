"""The chart of one unit: baseline, phases, too few points, verdict, and the sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.contracts import SHOWN
from evaluation.language import Words
from evaluation.monitoring.charts import chart, control_chart, run_length, signals
from evaluation.monitoring.charts.cumulative import cusum_limits, ewma_limits
from evaluation.monitoring.charts.limits import individual_limits
from evaluation.monitoring.own_series import own_series
from evaluation.monitoring.series import CountSeries, DocumentedChange
from evaluation.monitoring.total import ALL

NAN = np.nan
QUARTERS = [f"{y}-Q{q}" for y in range(2013, 2019) for q in (1, 2, 3, 4)]
STEADY = np.array([20.0, 22, 18, 21, 19, 20, 23, 17, 20, 21, 19, 22, 20, 18, 21, 20])
CHANGED = Words("biểu mẫu mới", "new form")


def _series(
    counts: np.ndarray, *, measure: str = "count", exposure: float = NAN, direction: str = "up", changes: tuple[int, ...] = ()
) -> CountSeries:
    periods = QUARTERS[: len(counts)]
    gone = np.isnan(counts)
    frame = pd.DataFrame(
        {
            "unit": "760",
            "period": periods,
            "count": counts,
            "denominator": np.where(gone, NAN, exposure),
            "state": np.where(gone, "withheld", SHOWN),
        }
    )
    return CountSeries(
        frame=frame,
        label=Words("Số người được xét nghiệm", "People tested"),
        measure=measure,
        said_unit="people",
        direction=direction,
        periods=tuple(periods),
        season=4,
        phases=tuple(i % 4 + 1 for i in range(len(periods))),
        names={"760": Words("Quận 1", "District 1")},
        changes=tuple(DocumentedChange(periods[at], CHANGED) for at in changes),
        synthetic=True,
    )


def _after(*values: float) -> np.ndarray:
    return np.concatenate([STEADY[:13], values])


def test_limits_are_frozen_on_the_baseline_and_carried_on() -> None:
    quiet, loud = (chart(_series(_after(*v)), "760", baseline_end=QUARTERS[12], draws=0) for v in ([20, 21, 19], [60, 70, 80]))
    for line in ("centre", "low", "high"):
        np.testing.assert_array_equal(quiet.frame[line], loud.frame[line])
    assert loud.frame["baseline"].tolist() == [True] * 13 + [False] * 3
    assert loud.estimate == pytest.approx(STEADY[:13].mean())


@pytest.mark.parametrize(("direction", "verdict"), [("up", "improving"), ("down", "worsening"), ("context", "changed")])
def test_only_a_direction_makes_a_signal_good_or_bad(direction: str, verdict: str) -> None:
    found = chart(_series(_after(60, 70, 80), direction=direction), "760", baseline_end=QUARTERS[12], draws=0)
    assert found.verdict == verdict
    assert found.frame["signal"].tolist()[-3:] == [1, 1, 1]
    assert found.fired["outside"] == tuple(QUARTERS[13:16])


def test_the_verdict_is_of_the_latest_point_and_earlier_signals_are_said() -> None:
    found = chart(_series(_after(60, 20, 21)), "760", baseline_end=QUARTERS[12], draws=0)
    assert found.verdict == "no_change"
    assert "1 earlier period made a signal" in found.summary("en")


def test_a_signal_that_began_in_the_baseline_is_said_to_have() -> None:
    rising = np.concatenate([STEADY[:7] - 6, STEADY[7:13] + 7, [28.0, 27, 29]])
    found = chart(_series(rising), "760", baseline_end=QUARTERS[12], draws=0)
    assert found.verdict == "improving"
    assert found.diagnostics["baseline_signals"] > 0
    assert "began in Q4 2014, within the baseline" in found.summary("en")
    assert "trong kỳ gốc" in found.summary("vi")
    assert "within the baseline" not in chart(_series(_after(60, 70, 80)), "760", baseline_end=QUARTERS[12], draws=0).summary("en")


def test_limits_start_anew_only_at_a_documented_change_whose_reason_is_kept() -> None:
    counts = np.concatenate([STEADY[:12], 5 * STEADY[:12]])
    found = chart(_series(counts, changes=(12,)), "760", draws=0)
    assert [p.basis for p in found.phases] == ["limits", "limits"]
    assert [p.reason for p in found.phases] == [None, CHANGED]
    assert (found.phases[1].first, found.phases[1].last) == (QUARTERS[12], QUARTERS[23])
    assert found.verdict == "no_change"
    undocumented = chart(_series(counts), "760", baseline_end=QUARTERS[11], draws=0)
    assert len(undocumented.phases) == 1
    assert undocumented.verdict == "improving"


@pytest.mark.parametrize(("n", "basis"), [(13, "limits"), (12, "limits"), (11, "trial"), (8, "trial"), (7, "run")])
def test_few_points_make_trial_limits_and_fewer_a_run_chart(n: int, basis: str) -> None:
    found = chart(_series(STEADY), "760", baseline_end=QUARTERS[n - 1], draws=0)
    assert found.phases[0].basis == basis
    assert found.trial == (basis == "trial")
    assert np.isfinite(found.frame["high"]).all() == (basis != "run")
    if basis == "trial":
        assert f"trial limits from {n} periods" in found.summary("en")
        assert f"giới hạn tạm tính từ {n} kỳ" in found.summary("vi")


def test_periods_without_a_report_do_not_count_towards_the_baseline() -> None:
    counts = STEADY.copy()
    counts[[2, 5, 6]] = NAN
    found = chart(_series(counts), "760", baseline_end=QUARTERS[12], draws=0)
    assert (found.phases[0].n, found.phases[0].basis) == (10, "trial")
    assert found.frame["state"].tolist().count("withheld") == 3


def test_too_few_points_say_so_and_call_nothing() -> None:
    found = chart(_series(np.array([20.0, 22, 19, 90])), "760", draws=100)
    assert found.verdict == "too_few"
    assert not found.frame["signal"].any()
    assert found.diagnostics["false_alarm"] is None
    assert (
        found.summary("en")
        == "People tested, District 1: too few points to tell; the baseline has 4 reported points and limits need at least 8."
    )
    assert found.summary("vi").startswith("Số người được xét nghiệm, Quận 1: chưa đủ số liệu để kết luận")


def test_numbers_too_small_for_limits_are_said_to_be() -> None:
    found = chart(_series(np.resize([3.0, 4, 4, 4], 16), measure="proportion", exposure=4.0), "760", draws=0)
    assert found.verdict == "too_few"
    assert "too small" in found.summary("en")
    assert "quá nhỏ" in found.summary("vi")


@pytest.mark.parametrize("counts", [np.full(16, NAN), np.full(1, 5.0), np.zeros(16)])
def test_nothing_reported_one_period_and_only_zeros_have_an_answer(counts: np.ndarray) -> None:
    for measure, exposure in (("count", NAN), ("proportion", 50.0), ("rate", 2.0)):
        found = chart(_series(counts, measure=measure, exposure=exposure), "760", draws=50)
        assert found.verdict == "too_few"
        assert found.summary("vi")


@pytest.mark.parametrize(
    ("measure", "level", "kind"),
    [("count", 20.0, "c'"), ("rate", 20.0, "u'"), ("proportion", 20.0, "p'"), ("count", 0.5, "g"), ("rate", 0.5, "g")],
)
def test_auto_goes_by_measure_and_rarity(measure: str, level: float, kind: str) -> None:
    counts = np.random.default_rng(2).poisson(level, 24).astype(float)
    exposure = NAN if measure == "count" else 100.0
    found = chart(_series(counts, measure=measure, exposure=exposure), "760", draws=0)
    assert found.kind == kind


def test_rare_events_are_points_and_longer_gaps_are_the_good_way_of_a_harm() -> None:
    counts = np.concatenate([np.resize([1.0, 0, 1, 0, 1, 1], 18), [0, 0, 0, 0, 0, 1]])
    found = chart(_series(counts, direction="down"), "760", baseline_end=QUARTERS[17], kind="g", draws=0)
    assert found.direction == "up"
    assert found.frame["value"].iloc[-1] == 6
    assert found.unit == "periods"
    assert found.verdict in {"improving", "no_change"}
    assert (found.verdict == "improving") == bool(found.frame["value"].iloc[-1] > found.frame["high"].iloc[-1])


def test_t_chart_needs_the_time_of_each_event() -> None:
    counts = np.resize([1.0, 0, 1, 0, 0], 24)
    assert chart(_series(counts), "760", kind="t", draws=0).kind == "t"
    with pytest.raises(ValueError, match="kind='g'"):
        chart(_series(counts * 2), "760", kind="t")


@pytest.mark.parametrize("kind", ["ewma", "cusum"])
def test_sums_and_averages_signal_outside_their_limits_alone(kind: str) -> None:
    drift = np.concatenate([STEADY[:13], [26.0, 27, 26, 27, 28, 27, 26, 27, 28, 27, 28]])
    found = chart(_series(drift), "760", kind=kind, baseline_end=QUARTERS[12], rules="nelson", draws=0)
    assert found.rules == "limits"
    assert set(found.fired) == {"outside"}
    assert found.verdict == "improving"
    assert found.design.reach > 2
    # A plain chart does not see a drift within its limits by points outside.
    assert not chart(_series(drift), "760", rules="limits", baseline_end=QUARTERS[12], draws=0).fired["outside"]


def test_the_sentence_is_one_and_says_value_period_and_rule() -> None:
    counts = np.full(16, 30.0) + np.resize([1, -1, 0], 16)
    counts[13:] = [55, 56, 57]
    found = chart(_series(counts, measure="proportion", exposure=100.0), "760", baseline_end=QUARTERS[12], draws=0)
    assert found.summary("en") == (
        "People tested, District 1: improving; the latest value, 57.0% (Q4 2016), is part of a signal: a point outside the limits."
    )
    assert found.summary("vi") == (
        "Số người được xét nghiệm, Quận 1: đang tốt lên; giá trị gần nhất, 57,0% (Quý IV/2016), "
        "thuộc một tín hiệu: một điểm ngoài giới hạn kiểm soát."
    )


def test_the_false_alarm_rate_stands_in_the_diagnostics_and_repeats() -> None:
    one, two = (chart(_series(STEADY), "760", baseline_end=QUARTERS[12], draws=200).diagnostics for _ in range(2))
    assert one["false_alarm"] == two["false_alarm"]
    assert one["periods_after"] == 3
    assert 0 <= one["false_alarm_now"] <= one["false_alarm"] < 0.3


def test_to_frame_is_a_copy() -> None:
    found = chart(_series(STEADY), "760", draws=0)
    frame = found.to_frame()
    frame["value"] = -1.0
    assert found.frame["value"][0] == 20


@pytest.mark.parametrize(
    ("options", "named"),
    [({"kind": "x"}, "kind"), ({"rules": "x"}, "rules"), ({"baseline_end": "1999-Q1"}, "1999-Q1"), ({"kind": "t", "rules": "?"}, "rules")],
)
def test_what_is_not_known_is_refused_by_name(options: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        chart(_series(STEADY), "760", **options)
    with pytest.raises(ValueError, match="999"):
        chart(_series(STEADY), "999")


def test_plain_arrays_are_checked_for_their_kind_of_chart() -> None:
    with pytest.raises(ValueError, match="chart g"):
        control_chart([1.0, -2.0], kind="g")
    with pytest.raises(ValueError, match="above 0"):
        control_chart([1.0, 0.0], kind="t")
    with pytest.raises(ValueError, match="periods"):
        control_chart([1.0, 2.0], kind="c", periods=["a"])
    assert control_chart([-1.0, 2.0, 0.5], kind="xmr").verdict == "too_few"
    anew = control_chart(np.tile(STEADY, 2), kind="c", changes=[(16, CHANGED)], periods=[f"m{i}" for i in range(32)])
    assert [p.first for p in anew.phases] == ["m0", "m16"]


def _measured(values: np.ndarray) -> CountSeries:
    frame = pd.DataFrame({"t": range(1, len(values) + 1), "y": values})
    return own_series(frame, time="t", count="y", measure="value")


def test_measured_values_get_an_xmr_chart_that_may_go_below_zero() -> None:
    values = np.random.default_rng(5).normal(0, 1, 24)
    made = chart(_measured(values), ALL, draws=0)
    plain = control_chart(values, kind="xmr")
    assert (made.kind, made.measure, made.verdict) == ("xmr", "value", "no_change")
    pd.testing.assert_frame_equal(made.frame[["centre", "low", "high"]], plain.frame[["centre", "low", "high"]])
    assert made.frame["low"].max() < 0
    both = signals(values, measure="value")
    np.testing.assert_allclose(both.high, made.frame["high"])
    with pytest.raises(ValueError, match="not for measured values"):
        run_length(made, shift=1.5)


@pytest.mark.parametrize("kind", ["ewma", "cusum"])
def test_a_lasting_shift_of_measured_values_is_found_by_averages_and_sums(kind: str) -> None:
    values = np.random.default_rng(6).normal(-3, 1, 40)
    values[24:] += 1.5
    made = chart(_measured(values), ALL, kind=kind, baseline_end="24", draws=200)
    assert made.verdict == "changed"
    assert 0 < made.diagnostics["false_alarm"] < 0.4
    centred = (values - values[:24].mean()) / individual_limits(values[None], np.arange(40) < 24).sigma[0]
    expected = ewma_limits(centred, made.design.reach) if kind == "ewma" else cusum_limits(centred, made.design.reach)
    np.testing.assert_allclose(made.frame["value"], expected.value)


@pytest.mark.parametrize("kind", ["p", "u'", "c", "g", "t"])
def test_charts_of_counts_refuse_measured_values(kind: str) -> None:
    with pytest.raises(ValueError, match="of measured values choose one of xmr, run, ewma, cusum"):
        chart(_measured(np.arange(12) - 3.5), ALL, kind=kind)


@pytest.mark.parametrize("values", [np.full(14, 7.5), np.full(14, np.nan), np.array([-2.5]), np.array([1.5, -2.5, 1.5])])
def test_measured_values_without_scatter_or_points_call_nothing(values: np.ndarray) -> None:
    made = chart(_measured(values), ALL)
    assert made.verdict == "too_few"
    assert "nan" not in made.summary().lower()
