"""A comparison takes out what moved both; what is left is found, covered, and said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.monitoring.over_time.controlled import ControlledSeries, controlled_series
from evaluation.monitoring.over_time.power import simulated_counts

T = np.arange(16)
AFTER = T >= 8


def table(effect: float, shared: float = 1.0, *, slope: float = 0.0, units: int = 3, people: float = 1000.0) -> pd.DataFrame:
    """A treated ward W0 and comparison wards of other sizes, on the model's line, without chance."""
    rows = []
    for i in range(units):
        eta = -2 + 0.3 * i + 0.01 * T + np.log(shared) * AFTER + 0.2 * np.sin(np.pi * (T + 1) / 2)
        if i == 0:
            eta = eta + 0.02 * T + np.log(effect) * AFTER + slope * np.maximum(T - 8, 0)
        rows.append(pd.DataFrame({"ward": f"W{i}", "t": T, "events": people * np.exp(eta), "people": people}))
    return pd.concat(rows, ignore_index=True)


def controlled(data: pd.DataFrame, **options: object) -> ControlledSeries:
    kinds: dict[str, object] = {"outcome": "events", "unit": "ward", "period": "t", "treated": "W0", "start": 8, "exposure": "people"}
    return controlled_series(data, **{**kinds, "harmonics": 1, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["quasi", "poisson", "negative_binomial", "log_rate"])
def test_what_moved_both_is_no_effect(family: str) -> None:
    found = controlled(table(0.7, shared=0.8, slope=0.05), family=family)
    assert found.estimate == pytest.approx(0.7, rel=1e-6)
    assert found.slope == pytest.approx(np.exp(0.05), rel=1e-6)
    assert found.comparison_level[0] == pytest.approx(0.8, rel=1e-6)
    assert found.treated_level[0] == pytest.approx(0.56, rel=1e-6)
    assert found.before == pytest.approx(np.exp(0.02), rel=1e-6)
    assert found.treated_slope[0] == pytest.approx(np.exp(0.05), rel=1e-6)


def test_shares_and_levels() -> None:
    data = table(0.7, shared=0.8)
    eta = np.log(data["events"] / data["people"])
    share = data.assign(events=data["people"] / (1 + np.exp(-eta)))
    assert controlled(share, family="binomial").estimate == pytest.approx(0.7, rel=1e-6)
    level = data.assign(events=10 + eta, people=1.0)
    found = controlled(level, family="level")
    assert found.estimate == pytest.approx(np.log(0.7))
    assert found.unit == "difference"
    assert "change of level where treated less that of the comparison" in found.summary("en")


def test_the_course_without_it_is_that_of_the_comparison() -> None:
    found = controlled(table(0.7, shared=0.8, slope=0.05))
    frame = found.to_frame()
    np.testing.assert_allclose(frame["treated"], frame["expected_treated"])
    expected = table(1.0, shared=0.8).query("ward == 'W0'")["events"].to_numpy() / 1000
    np.testing.assert_allclose(frame["counterfactual"], expected)
    assert (frame["counterfactual_low"] < frame["counterfactual"]).all()


def test_two_series_give_the_difference_of_two_models() -> None:
    from evaluation.monitoring.over_time.interrupted import interrupted_series

    rng = np.random.default_rng(1)
    data = table(0.7, units=2)
    data["events"] = rng.poisson(data["events"]).astype(float)
    found = controlled(data, family="poisson", harmonics=0, errors="independent", reference="normal")
    alone = [
        interrupted_series(
            data[data["ward"] == w], events="events", period="t", start=8, exposure="people", overdispersion=False, slope_change=True
        )
        for w in ("W0", "W1")
    ]
    assert found.estimate == pytest.approx(alone[0].estimate / alone[1].estimate)
    errors = [np.log(a.high / a.low) / 2 for a in alone]
    assert np.log(found.high / found.low) / 2 == pytest.approx(np.hypot(*errors), rel=1e-6)


def test_a_missing_period_and_a_missing_row_are_the_same() -> None:
    data = table(0.7)
    data["events"] = np.random.default_rng(2).poisson(data["events"]).astype(float)
    gap = data.copy()
    gap.loc[[3, 20], "events"] = np.nan
    one, two = controlled(gap), controlled(gap.dropna())
    assert one.n == two.n == 46
    assert one.estimate == pytest.approx(two.estimate)
    assert one.low == pytest.approx(two.low)


def test_several_treated_and_no_change_of_trend() -> None:
    data = table(0.7, units=5)
    data.loc[data["ward"] == "W1", "events"] *= np.exp(np.log(0.7) * AFTER + 0.02 * T)
    found = controlled(data, treated=["W0", "W1"], slope_change=False)
    assert found.estimate == pytest.approx(0.7, rel=1e-6)
    assert (found.slope, found.slope_p) == (1.0, 1.0)
    assert found.diagnostics["treated_units"] == 2


@pytest.mark.parametrize(
    "options, says",
    [
        ({"family": "gamma"}, "Choose one of"),
        ({"treated": "W9"}, "There is no unit W9"),
        ({"treated": ["W0", "W1", "W2"]}, "one comparison unit"),
        ({"start": 99}, "the start 99 must be there"),
        ({"start": 2}, "reported periods are needed"),
    ],
)
def test_refusals_say_what_to_do_in_both_languages(options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        controlled(table(0.7), **options)
    assert " / " in str(caught.value)


def test_zeros_and_doubles() -> None:
    data = table(0.7)
    data.loc[0, "events"] = 0
    assert controlled(data).n == 48
    with pytest.raises(ValueError, match="choose quasi"):
        controlled(data, family="log_rate")
    with pytest.raises(ValueError, match="too few events"):
        controlled(data.assign(events=0.0))
    with pytest.raises(ValueError, match="One row a unit and period"):
        controlled(pd.concat([data, data.head(1)]))


def test_the_sentence_is_in_both_languages() -> None:
    found = controlled(table(0.7, shared=0.8))
    assert "treated 0.56, comparison 0.80" in found.summary("en")
    assert "nơi can thiệp 0,56, nơi so sánh 0,80" in found.summary("vi")
    assert found.clear


@pytest.mark.slow
def test_the_comparison_takes_out_a_shock_that_a_lone_series_calls_an_effect_but_not_one_of_its_own() -> None:
    runs, base = 250, table(1.0, units=2)
    places = {
        shock: simulated_counts(40 * np.exp(np.log(shock) * AFTER), 2.0, 0.0, 2 * runs, np.random.default_rng(3)) for shock in (1.0, 0.55)
    }

    def claims(treated: float, comparison: float) -> tuple[float, float]:
        beyond = alone = 0
        for one, other in zip(places[treated][:runs], places[comparison][runs:], strict=True):
            found = controlled(base.assign(events=np.concatenate([one, other])), harmonics=0, slope_change=False)
            low, high = found.treated_level[1:]
            beyond, alone = beyond + found.clear, alone + (low > 1 or high < 1)
        return beyond / runs, alone / runs

    # 3.3 standard errors of 250 draws at 5 % are 4.6 points; nothing happened but what moved both.
    beyond, alone = claims(0.55, 0.55)
    assert beyond <= 0.05 + 0.046
    assert alone > 0.3
    # The assumption broken: something of its own befell the comparison, and it is taken for an effect.
    assert claims(1.0, 0.55)[0] > 0.2
