"""Dose-response within units and periods: against regression with dummies, its permutation test, and what it must not claim."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.dose_response import DoseResponse, dose_response
from evaluation.effects.doses import pilot_dose
from evaluation.effects.matrix import NotEnough
from evaluation.effects.permuted_courses import Paths, permuted
from evaluation.example.build import build
from evaluation.language import Words
from evaluation.store import EvidenceStore, open_store

UNITS, PERIODS = 24, 12


def courses(rng: np.random.Generator, rho: float = 0.7, units: int = UNITS) -> np.ndarray:
    x = rng.normal(size=(units, PERIODS))
    for t in range(1, PERIODS):
        x[:, t] = rho * x[:, t - 1] + math.sqrt(1 - rho**2) * x[:, t]
    return x


def long(**columns: np.ndarray) -> pd.DataFrame:
    first = next(iter(columns.values()))
    units, periods = first.shape
    index = {"unit": np.repeat([f"u{i:02d}" for i in range(units)], periods), "period": np.tile(np.arange(2010, 2010 + periods), units)}
    return pd.DataFrame(index | {k: v.ravel() for k, v in columns.items()})


def made(seed: int = 0, slope: float = 0.8, holes: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, z = courses(rng), courses(rng)
    y = rng.normal(0, 3, UNITS)[:, None] + rng.normal(0, 1, PERIODS) + slope * x + 0.5 * z + courses(rng, 0.5)
    data = long(y=y, dose=x, other=z)
    return data[rng.random(len(data)) >= holes]


@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_slopes_and_errors_of_a_regression_with_dummies(holes: float) -> None:
    import statsmodels.api as sm

    data = made(1, holes=holes)
    found = dose_response(data, outcome="y", dose="dose", covariates=["other"], draws=99)
    dummies = pd.get_dummies(data[["unit", "period"]].astype(str), drop_first=True, dtype=float)
    x = sm.add_constant(pd.concat([data[["dose", "other"]], dummies], axis=1))
    plain = sm.OLS(data["y"], x).fit(cov_type="cluster", cov_kwds={"groups": data["unit"].str[1:].astype(int)})
    assert found.slopes["slope"].to_numpy() == pytest.approx(plain.params[["dose", "other"]].to_numpy(), rel=1e-7)
    scale = math.sqrt((len(x) - x.shape[1]) / (len(x) - 2))
    assert found.slopes["standard_error"].to_numpy() == pytest.approx(plain.bse[["dose", "other"]].to_numpy() * scale, rel=1e-6)


def test_a_planted_slope_is_found_and_its_interval_inverts_the_test() -> None:
    data = made(2)
    found = dose_response(data, outcome="y", dose="dose", draws=199)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.8 < found.high
    assert found.p_value <= 0.05
    at_the_end = data.assign(y=data["y"] - found.low * data["dose"])
    assert dose_response(at_the_end, outcome="y", dose="dose", draws=199).p_value == pytest.approx(0.05, abs=0.011)


def test_all_orders_of_five_units_are_tried() -> None:
    rng = np.random.default_rng(3)
    data = long(y=courses(rng, units=5), dose=courses(rng, units=5))
    found = dose_response(data, outcome="y", dose="dose")
    assert found.diagnostics["draws"] == 119
    assert found.smallest_p == pytest.approx(1 / 120)
    assert found.p_value * 120 == pytest.approx(round(found.p_value * 120))


def test_counts_give_a_ratio_and_per_its_size() -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(0, 1, (UNITS, PERIODS))
    y = rng.poisson(np.exp(5 + rng.normal(0, 0.4, UNITS)[:, None] + 0.6 * x)).astype(float)
    one, tenth = (dose_response(long(y=y, dose=x), outcome="y", dose="dose", measure="count", per=p, draws=99) for p in (1.0, 0.1))
    assert one.unit == "ratio"
    assert one.estimate == pytest.approx(math.exp(0.6), rel=0.1)
    assert tenth.estimate == pytest.approx(float(one.estimate or 0) ** 0.1, rel=1e-9)


def test_order_names_and_scale_change_nothing_else() -> None:
    data = made(5)
    plain = dose_response(data, outcome="y", dose="dose", draws=99)
    other = dose_response(data.sample(frac=1, random_state=1).assign(y=lambda d: 3 * d["y"] + 7), outcome="y", dose="dose", draws=99)
    assert other.estimate == pytest.approx(3 * float(plain.estimate or 0), rel=1e-9)
    assert other.p_value == plain.p_value
    assert "unit" not in plain.partial


def test_a_bent_relation_is_seen_and_a_straight_one_is_not() -> None:
    rng = np.random.default_rng(6)
    x = rng.uniform(0, 4, (UNITS, PERIODS))
    noise = rng.normal(0, 0.2, (UNITS, PERIODS))
    bent, straight = (dose_response(long(y=y, dose=x), outcome="y", dose="dose", draws=199) for y in (np.sqrt(x) + noise, 0.5 * x + noise))
    assert bent.curved_p is not None
    assert straight.curved_p is not None
    assert bent.curved_p <= 0.05 < straight.curved_p
    assert "not a straight line" in bent.summary("en")


def test_what_cannot_be_claimed_is_always_said() -> None:
    found = dose_response(made(7), outcome="y", dose="dose", draws=99)
    assert "does not prove an effect" in found.summary("en")
    assert "chưa chứng minh tác động" in found.summary("vi")
    said = " ".join(w.en for w in found.cannot_be_claimed)
    assert all(word in said for word in ("at random", "reverse", "Enforcement", "ecological"))


def refused() -> dict[str, tuple[pd.DataFrame, dict[str, object]]]:
    data = made(8)
    common = data.assign(dose=data["period"].astype(float))
    return {
        "At least 5 units": (data[data["unit"].isin(["u00", "u01", "u02"])], {}),
        "does not vary beyond": (common, {}),
        "lacks the columns": (data.drop(columns="dose"), {}),
        "two rows": (pd.concat([data, data.head(1)]), {}),
        "cannot be negative": (data.assign(y=-1.0), {"measure": "count"}),
        "Name denominator": (data.assign(y=1.0), {"measure": "share"}),
        "other than 0": (data, {"per": 0.0}),
        "Choose among": (data, {"effects": ("ward",)}),
    }


@pytest.mark.parametrize("why", list(refused()))
def test_what_cannot_be_taken_is_refused_in_both_languages(why: str) -> None:
    data, options = refused()[why]
    with pytest.raises(ValueError, match=why) as told:
        dose_response(data, **({"outcome": "y", "dose": "dose"} | options))  # type: ignore[arg-type]
    assert " / " in str(told.value)


def test_one_dose_per_unit_cannot_be_told_from_its_level() -> None:
    data = made(9).assign(dose=lambda d: d["unit"].str[1:].astype(float))
    with pytest.raises(NotEnough, match="does not vary beyond"):
        dose_response(data, outcome="y", dose="dose")


@pytest.mark.slow
@pytest.mark.parametrize("holes", [0.0, 0.15])
def test_size_and_coverage_with_autocorrelated_courses_of_unequal_spread(holes: float) -> None:
    draws, false, held = 300, 0, 0
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        x, spread = courses(rng), np.exp(rng.normal(0, 0.8, UNITS))[:, None]
        noise, seen = spread * courses(rng), rng.random(x.shape) >= holes
        false += permuted(Paths.of(noise, x[None], seen, ("unit", "period")), None, 199, rng).p_value <= 0.05
        found = permuted(Paths.of(noise + 0.5 * x, x[None], seen, ("unit", "period")), 0.95, 199, rng)
        held += (found.low is None or found.low <= 0.5) and (found.high is None or found.high >= 0.5)
    # 3.3 binomial standard errors at 5 % with 300 draws: 4.2 points.
    assert abs(false / draws - 0.05) < 0.042
    assert abs(held / draws - 0.95) < 0.042


@pytest.mark.slow
def test_services_sent_where_the_outcome_had_moved_give_false_alarms() -> None:
    false = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        y = courses(rng)
        x = 0.7 * np.roll(y, 1, axis=1) + rng.normal(0, 1, y.shape)  # the dose follows the outcome of the quarter before
        false += permuted(Paths.of(y, x[None], np.ones(y.shape, bool), ("unit", "period")), None, 199, rng).p_value <= 0.05
    assert false > 40


@pytest.mark.slow
def test_the_figure_names_no_unit_and_says_what_cannot_be_claimed() -> None:
    from evaluation.figures import style
    from evaluation.figures.drawers import dose_response_result

    for measure in ("value", "count"):
        data = made(10).assign(y=lambda d: np.exp(d["y"]).round())
        found: DoseResponse = dose_response(
            data, outcome="y", dose="dose", measure=measure, synthetic=True, draws=99, label=Words("Kết quả", "Outcome")
        )
        for language in ("vi", "en"):
            ax = dose_response_result(found, language=language)
            said = style.alt(ax) + " ".join(t.get_text() for t in ax.texts)
            assert not any(f"u{i:02d}" in said for i in range(UNITS))
            assert found.summary(language) in style.alt(ax)
            assert ("ngẫu nhiên" if language == "vi" else "at random") in style.alt(ax)
            style.close(style.root(ax))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EvidenceStore:
    """The example as evidence: $EVALUATION_STORE, or built here."""
    given = os.environ.get("EVALUATION_STORE")
    path = Path(given) if given else tmp_path_factory.mktemp("store") / "store.duckdb"
    if not given:
        build(path)
    return open_store(path)


@pytest.mark.slow
def test_doses_of_the_store(store: EvidenceStore) -> None:
    found = pilot_dose(store, "hiv_tested", "outreach_rate", per=10.0, draws=99)
    assert found.estimate is not None
    assert found.estimate > 1.2
    assert found.units > 200
    assert found.synthetic
    with pytest.raises(ValueError, match="move together by arithmetic"):
        pilot_dose(store, "sti_tested_share", "outreach_rate")
    with pytest.raises(ValueError, match="no process indicator"):
        pilot_dose(store, "sti_tested", "inspections")
