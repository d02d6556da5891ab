"""Many interrupted series at once, families, errors, phase-in, and what chance alone makes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.language import Words
from evaluation.monitoring.over_time.interrupted import InterruptedSeries, interrupted_many, interrupted_series, segments
from evaluation.monitoring.over_time.power import simulated_counts
from evaluation.monitoring.over_time.season import season_columns, tet_share
from evaluation.monitoring.series import CountSeries, DocumentedChange

QUARTERS = tuple(f"{2015 + i // 4}-Q{i % 4 + 1}" for i in range(16))
T = np.arange(16)
SEASON = season_columns(T % 4 + 1, 4) @ [0.2, -0.1, 0.3]
START = "2017-Q1"


def table(ratio: float, *, base: float = 100.0, trend: float = 0.02, slope: float = 0.0, first: int = 8) -> pd.DataFrame:
    """Counts on the model's own line, without chance."""
    after = first <= T
    counts = base * np.exp(trend * T + SEASON + np.log(ratio) * after + slope * np.maximum(T - first, 0))
    return pd.DataFrame({"quarter": QUARTERS, "events": counts, "people": 500.0})


def one(data: pd.DataFrame, **options: object) -> InterruptedSeries:
    kinds: dict[str, object] = {"events": "events", "period": "quarter", "start": START, "season": 4, "season_kind": "indicator"}
    return interrupted_series(data, **{**kinds, **options})  # type: ignore[arg-type]


def many(counts: np.ndarray, out_of: float = np.nan, measure: str = "count", **rest: object) -> CountSeries:
    units = [f"W{i}" for i in range(len(counts))]
    frame = pd.DataFrame(
        {
            "unit": np.repeat(units, 16),
            "period": QUARTERS * len(units),
            "count": np.asarray(counts, float).ravel(),
            "denominator": out_of,
            "state": np.where(np.isnan(counts).ravel(), "missing", "shown"),
        }
    )
    label = Words("Số lượt", "Visits")
    return CountSeries(frame=frame, label=label, measure=measure, periods=QUARTERS, phases=tuple(T % 4 + 1), **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["quasi", "poisson", "negative_binomial", "log_rate"])
def test_each_family_finds_the_line_it_was_given(family: str) -> None:
    found = one(table(0.7, slope=0.03), family=family, slope_change=True)
    assert found.estimate == pytest.approx(0.7, rel=1e-6)
    assert found.slope_ratio == pytest.approx(np.exp(0.03), rel=1e-6)
    assert found.trend_ratio == pytest.approx(np.exp(0.02), rel=1e-6)
    frame = found.to_frame()
    np.testing.assert_allclose(frame["counterfactual"], table(1.0)["events"])
    assert found.difference == pytest.approx((frame["observed"] - frame["counterfactual"])[frame["after"]].sum())


def test_a_share_gives_an_odds_ratio_and_people_more() -> None:
    eta = -0.4 + 0.02 * T + SEASON + np.log(2.0) * (T >= 8)
    data = pd.DataFrame({"quarter": QUARTERS, "events": 500 / (1 + np.exp(-eta)), "people": 500.0})
    found = one(data, family="binomial", exposure="people")
    assert found.estimate == pytest.approx(2.0, rel=1e-6)
    assert found.share
    assert "odds" in found.summary("en")
    lower = 500 / (1 + np.exp(-(eta - np.log(2.0))))
    assert found.difference == pytest.approx((data["events"] - lower)[8:].sum())
    assert found.difference_low < found.difference < found.difference_high


def test_the_band_of_the_course_without_it_is_even_on_the_log_scale_and_widens() -> None:
    rng = np.random.default_rng(2)
    data = table(0.7)
    data["events"] = rng.poisson(data["events"]).astype(float)
    found = one(data, reference="t")
    frame = found.to_frame()
    half = np.log(frame["counterfactual_high"] / frame["counterfactual"])
    np.testing.assert_allclose(half, np.log(frame["counterfactual"] / frame["counterfactual_low"]))
    assert (np.diff(half[8:].to_numpy()[3::4]) > 0).all()  # the further from the data, the wider
    before = ~frame["after"]
    np.testing.assert_allclose(frame.loc[before, "expected_high"], frame.loc[before, "counterfactual_high"])


@pytest.mark.slow
def test_difference_and_its_interval_against_draws_of_the_parameters() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    data = table(0.7)
    data["events"] = rng.poisson(data["events"]).astype(float)
    found = one(data)
    cut = segments(16, 8, others=season_columns(T % 4 + 1, 4))
    model = sm.GLM(data["events"], cut.design, family=sm.families.Poisson())
    fit = model.fit(scale=max(1.0, found.dispersion))
    drawn = rng.multivariate_normal(fit.params, fit.cov_params(), 100_000)
    more = (np.exp(drawn @ cut.design.T) - np.exp(drawn @ cut.without.T))[:, 8:].sum(axis=1)
    assert found.difference == pytest.approx(np.median(more), rel=0.02)
    width = np.diff(np.quantile(more, [0.025, 0.975]))[0]
    assert found.difference_high - found.difference_low == pytest.approx(width, rel=0.05)


def test_phase_in_left_out_or_ramped() -> None:
    full = table(0.6, first=10)
    ramp = np.clip((T - 7) / 3, 0, 1)
    ramped = full.assign(events=100 * np.exp(0.02 * T + SEASON + np.log(0.6) * ramp))
    sharp = one(ramped)
    out = one(ramped, full_from="2017-Q3")
    modelled = one(ramped, full_from="2017-Q3", phase="ramp")
    assert out.estimate == pytest.approx(0.6, rel=1e-6)
    assert modelled.estimate == pytest.approx(0.6, rel=1e-6)
    assert sharp.estimate > 0.62
    assert (out.n, modelled.n) == (14, 16)
    assert list(np.flatnonzero(out.to_frame()["phase_in"])) == [8, 9]
    np.testing.assert_allclose(modelled.to_frame()["expected"], ramped["events"])
    with pytest.raises(ValueError, match="must not come before the start"):
        one(ramped, full_from="2016-Q1")
    with pytest.raises(ValueError, match="Choose leave_out or ramp"):
        one(ramped, full_from="2017-Q3", phase="wait")


def test_tet_moves_and_is_taken_out_of_months() -> None:
    months = [f"{2014 + i // 12}-{i % 12 + 1:02d}" for i in range(60)]
    t = np.arange(60)
    events = 200 * np.exp(-0.9 * tet_share(months) + 0.1 * np.cos(2 * np.pi * (t + 1) / 12) + np.log(0.8) * (t >= 36))
    data = pd.DataFrame({"month": months, "events": events})
    kinds = {"events": "events", "period": "month", "start": "2017-01", "harmonics": 2, "season": 12}
    assert interrupted_series(data, **kinds, tet=True).estimate == pytest.approx(0.8, rel=1e-6)
    assert abs(interrupted_series(data, **kinds).estimate - 0.8) > 1e-4
    assert "from January 2017" in interrupted_series(data, **kinds).estimand.en


def test_errors_that_hang_together_widen_the_interval() -> None:
    noise = np.array([1, 1.1, 1.15, 1.1, 0.95, 0.9, 0.85, 0.9, 1, 1.1, 1.15, 1.1, 1, 0.9, 0.85, 0.9])
    data = table(0.7)
    data["events"] = (data["events"] * noise).round()
    plain, carried = one(data, reference="t"), one(data, errors="ar1", reference="t")
    assert carried.diagnostics["correlation"] > 0.3
    assert carried.high / carried.low > plain.high / plain.low
    assert carried.estimate == pytest.approx(plain.estimate)
    winsten = one(data, family="log_rate", errors="prais_winsten", reference="t")
    assert winsten.estimate == pytest.approx(plain.estimate, rel=0.1)
    assert "Prais-Winsten" in winsten.method.en


@pytest.mark.parametrize(
    "options, says",
    [
        ({"family": "gamma"}, "Choose one of"),
        ({"errors": "prais_winsten"}, "for counts choose"),
        ({"full_from": "2030-Q1"}, "must lie within the series"),
    ],
)
def test_refusals_say_what_to_do_in_both_languages(options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        one(table(0.7), **options)
    assert " / " in str(caught.value)


def test_zeros_are_refused_where_a_model_cannot_take_them() -> None:
    data = table(0.7)
    data.loc[3, "events"] = 0
    assert one(data).n == 16
    with pytest.raises(ValueError, match="choose quasi"):
        one(data, family="log_rate")
    data.loc[8:, "events"] = 0
    with pytest.raises(ValueError, match="too few events"):
        one(data)


def test_many_units_are_each_as_one_alone() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson([table(0.7)["events"], table(1.0)["events"], table(1.4)["events"]]).astype(float)
    counts[1, 3] = np.nan
    found = interrupted_many(many(counts), START, dispersion="own", slope_change=True)
    for row, y in zip(found.frame.itertuples(), counts, strict=True):
        alone = one(pd.DataFrame({"quarter": QUARTERS, "events": y}), errors="ar1", reference="t", slope_change=True)
        assert row.ratio == pytest.approx(alone.estimate)
        assert (row.low, row.high, row.p) == (pytest.approx(alone.low), pytest.approx(alone.high), pytest.approx(alone.p))
        assert (row.slope_ratio, row.slope_low) == (pytest.approx(alone.slope_ratio), pytest.approx(alone.slope_low))
    assert found.estimate == pytest.approx(found.frame["ratio"].median())


def test_units_without_an_answer_say_why_and_keep_their_row() -> None:
    counts = np.tile(table(0.7)["events"].to_numpy(), (5, 1))
    counts[1] = 0
    counts[2, :6] = np.nan
    counts[3] = np.nan
    found = interrupted_many(many(counts), {f"W{i}": START for i in range(4)})
    assert list(found.frame["unit"]) == [f"W{i}" for i in range(5)]
    assert list(found.frame["state"]) == ["found", "too_few_events", "too_few_periods", "too_few_periods", "no_start"]
    assert found.frame.loc[1:, ["ratio", "low", "high", "p"]].isna().all(axis=None)
    assert "4 units have no estimate" in found.summary("en")
    assert "1 trên 1 đơn vị" in found.summary("vi")
    with pytest.raises(ValueError, match="No unit has a start"):
        interrupted_many(many(counts), {})
    empty = interrupted_many(many(np.full((2, 16), np.nan)), START)
    assert empty.estimate is None


def test_starts_may_differ_and_documented_changes_are_no_effect() -> None:
    counts = np.array([table(0.7, first=8)["events"], table(0.7, first=10)["events"]]) * np.where(T < 4, 2.0, 1.0)
    form = DocumentedChange("2016-Q1", Words("biểu mẫu mới", "a new form"))
    found = interrupted_many(many(counts, changes=(form,)), {"W0": "2017-Q1", "W1": "2017-Q3"})
    np.testing.assert_allclose(found.frame["ratio"], 0.7)


@pytest.mark.slow
def test_size_of_322_wards_and_what_is_gained_by_lending() -> None:
    # 12 x 322 series without a change, variance twice the mean: 3.3 standard errors of 3,864 draws are 1.2 points.
    counts = simulated_counts(12 * np.exp(SEASON), 2.0, 0.0, 3864, np.random.default_rng(6))
    told = {d: float(np.mean(interrupted_many(many(counts), START, dispersion=d).frame["p"] < 0.05)) for d in ("own", "squeezed")}
    assert told["own"] <= 0.062
    assert told["squeezed"] <= 0.062
    # The broken assumption: neighbouring quarters hang together by 0.6.
    together = simulated_counts(12 * np.exp(SEASON), 2.0, 0.6, 3864, np.random.default_rng(6))
    rates = {
        e: float(np.mean(interrupted_many(many(together), START, errors=e, dispersion="own").frame["p"] < 0.05))
        for e in ("ar1", "independent")
    }
    assert rates["ar1"] < 0.08
    assert rates["independent"] > 0.09
    # A fall by four tenths is seen more often where wards lend each other what is known of the spread.
    fallen = simulated_counts(12 * np.exp(SEASON + np.log(0.6) * (T >= 8)), 2.0, 0.0, 1000, np.random.default_rng(7))
    seen = {d: float(np.mean(interrupted_many(many(fallen), START, dispersion=d, errors="independent").frame["p"] < 0.05)) for d in told}
    assert seen["squeezed"] > seen["own"]
