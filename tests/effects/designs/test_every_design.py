"""What every design has to keep to, whoever wrote it: the planted effect found, nothing hung on order, names or units of measurement."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from evaluation.effects import designs
from evaluation.effects.design import Design, Fit
from evaluation.effects.matrix import Matrix, NotEnough, matrix
from evaluation.effects.study import study_panel

PRESENT = [n for n in designs.NAMES if importlib.util.find_spec(f"evaluation.effects.designs.{designs._ROOMS[n].partition(':')[0]}")]
UNITS, PERIODS, START = 18, 20, 12

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("error")]


@pytest.fixture(params=PRESENT)
def design(request: pytest.FixtureRequest) -> Design:
    return designs.design(request.param)


def panel(y: np.ndarray, first: int = START, treated: int = 1, measure: str = "value", **options: object) -> Matrix:
    """Return a matrix of own numbers: the first units treated from `first` on."""
    starts = np.full(len(y), y.shape[1])
    starts[:treated] = first
    bottom = np.where(np.isnan(y), np.nan, 1.0)
    names = tuple(f"u{i:02d}" for i in range(len(y)))
    return Matrix(names, tuple(range(y.shape[1])), y, y, bottom, starts, measure=measure, **options)  # type: ignore[arg-type]


def values(effect: float = 5.0, noise: float = 0.3, seed: int = 3) -> np.ndarray:
    """Return unit and period effects with noise, the first unit in the middle of the others and moved from the start on."""
    rng = np.random.default_rng(seed)
    level = np.linspace(40, 60, UNITS)
    level[0] = 50.0
    y = level[:, None] + np.cumsum(rng.normal(0, 1.0, PERIODS)) + rng.normal(0, noise, (UNITS, PERIODS))
    y[0, START:] += effect
    return np.asarray(y)


def counts(ratio: float = 1.5, size: float = 400.0, seed: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    level = size * np.linspace(0.7, 1.4, UNITS)
    level[0] = size
    mean = level[:, None] * np.exp(np.cumsum(rng.normal(0, 0.05, PERIODS)))
    mean[0, START:] *= ratio
    return rng.poisson(mean).astype(float)


def shuffled(m: Matrix, seed: int = 1) -> Matrix:
    """Return the same study with its donors in another order."""
    order = np.r_[np.flatnonzero(m.treated), np.random.default_rng(seed).permutation(np.flatnonzero(~m.treated))]
    return m._of(order, m.first[order])


def close(a: Fit, b: Fit, size: float) -> None:
    assert a.estimate == pytest.approx(b.estimate, abs=1e-4 * size)
    known = np.isfinite(a.gap) & np.isfinite(b.gap)
    assert (np.isfinite(a.gap) == np.isfinite(b.gap)).all()
    assert a.gap[known] == pytest.approx(b.gap[known], abs=1e-3 * size)


def test_a_planted_difference_is_found(design: Design) -> None:
    fit = design.fit(panel(values()))
    assert fit.estimate == pytest.approx(5.0, abs=0.8)
    assert fit.gap.shape == fit.observed.shape == fit.counterfactual.shape == (PERIODS,)
    assert fit.weights.shape == (UNITS,)
    assert fit.weights[0] == 0


def test_a_planted_ratio_is_found(design: Design) -> None:
    m = panel(counts(), measure="count")
    fit = design.fit(m)
    found = np.exp(fit.estimate) if design.ratio("count") else 1 + fit.estimate / fit.counterfactual[START:].mean()
    assert found == pytest.approx(1.5, rel=0.12)


def test_nothing_planted_is_near_nothing(design: Design) -> None:
    assert abs(design.fit(panel(values(effect=0.0))).estimate) < 0.8


def test_shares_and_rates_are_taken(design: Design) -> None:
    rng = np.random.default_rng(8)
    base = np.linspace(0.35, 0.55, UNITS)[:, None] + 0.02 * np.sin(np.arange(PERIODS))
    base[0] = 0.45 + 0.02 * np.sin(np.arange(PERIODS))
    bottom = rng.integers(4000, 6000, (UNITS, PERIODS)).astype(float)
    base[0, START:] += 0.1
    top = rng.binomial(bottom.astype(int), base).astype(float)
    m = replace(panel(top / bottom), top=top, bottom=bottom, measure="share")
    fit = design.fit(m)
    assert (np.expm1(fit.estimate) * 0.45 if design.ratio("share") else fit.estimate) == pytest.approx(0.1, abs=0.025)
    rate = design.fit(replace(m, measure="rate"))
    assert (np.expm1(rate.estimate) * 0.45 if design.ratio("rate") else rate.estimate) == pytest.approx(0.1, abs=0.025)


@pytest.mark.parametrize("measure", ["value", "count"])
def test_the_order_of_donors_changes_nothing(design: Design, measure: str) -> None:
    m = panel(values() if measure == "value" else counts(), measure=measure)
    size = 1.0 if design.ratio(measure) else float(np.abs(m.y).mean())
    a, b = design.fit(m), design.fit(shuffled(m))
    close(a, b, size)


def test_a_donors_name_changes_nothing(design: Design) -> None:
    m = panel(values())
    renamed = replace(m, units=(*m.units[:-1], "zzz"))
    assert design.fit(renamed).estimate == design.fit(m).estimate


def test_the_unit_of_measurement_changes_nothing_else(design: Design) -> None:
    m = panel(values())
    other = panel(7.0 * m.y + 100.0)
    assert design.fit(other).estimate == pytest.approx(7.0 * design.fit(m).estimate, abs=2e-2)


def test_the_same_figures_give_the_same_numbers(design: Design) -> None:
    m = panel(values())
    a, b = design.fit(m), design.fit(m)
    assert a.estimate == b.estimate
    np.testing.assert_array_equal(a.gap, b.gap)


def test_placebos_at_once_are_those_one_by_one(design: Design) -> None:
    y = values()
    y[3, 2] = y[9, 15] = np.nan
    m = panel(y)
    chosen = [(4,), (9,), (17,)]
    for one, many in zip([design.fit(m.as_if(c)) for c in chosen], design.fits(m, chosen), strict=True):
        assert many.estimate == pytest.approx(one.estimate, abs=2e-3)


def test_names_and_whole_numbers_are_periods(design: Design) -> None:
    import pandas as pd

    y = values()
    made = []
    for periods in (list(range(2001, 2001 + PERIODS)), [f"{2001 + k // 4}-Q{1 + k % 4}" for k in range(PERIODS)]):
        rows = [(f"Phường {i}", p, y[i, k]) for i in range(UNITS) for k, p in enumerate(periods)]
        frame = pd.DataFrame(rows, columns=["unit", "period", "numerator"])
        study = study_panel(frame, outcome_name="y", treated=["Phường 0"], start=periods[START], measure="value")
        made.append(design.fit(matrix(study)).estimate)
    assert made[0] == made[1]


def test_missing_figures_are_not_zero(design: Design) -> None:
    y = values()
    y[0, 3] = y[5, 4] = y[8, 13] = y[11, 7] = np.nan
    assert design.fit(panel(y)).estimate == pytest.approx(5.0, abs=0.9)


def test_periods_about_the_start_are_left_out(design: Design) -> None:
    y = values()
    y[0, START - 2 : START] -= 25.0
    y[0, START : START + 2] += 40.0
    assert design.fit(panel(y, anticipation=2, phase_in=2)).estimate == pytest.approx(5.0, abs=1.2)


def test_several_treated_units(design: Design) -> None:
    y = values()
    y[1] = values(seed=3)[0] + 3.0
    assert design.fit(panel(y, treated=2)).estimate == pytest.approx(5.0, abs=0.9)


def test_own_starts_are_taken_or_refused(design: Design) -> None:
    y = values()
    y[1] = values(effect=0.0)[0] + 2.0
    y[1, START + 3 :] += 5.0
    m = panel(y, treated=2)
    m = replace(m, first=np.array([START, START + 3, *m.first[2:]]))
    if design.staggered:
        assert design.fit(m).estimate == pytest.approx(5.0, abs=0.9)
    else:
        with pytest.raises(NotEnough, match=" / "):
            design.fit(m)


DEGENERATE = {
    "one donor": lambda: panel(values()[:2]),
    "two donors": lambda: panel(values()[:3]),
    "no period before": lambda: panel(values(), first=0),
    "one period before": lambda: panel(values(), first=1),
    "one period after": lambda: panel(values(), first=PERIODS - 1),
    "two periods": lambda: panel(values()[:, :2], first=1),
    "anticipation eats the past": lambda: panel(values(), anticipation=START),
    "phase-in eats the rest": lambda: panel(values(), phase_in=PERIODS),
    "constant outcome": lambda: panel(np.full((UNITS, PERIODS), 7.0)),
    "constant count": lambda: panel(np.full((UNITS, PERIODS), 7.0), measure="count"),
    "all zeros": lambda: panel(np.zeros((UNITS, PERIODS)), measure="count"),
    "donors all zero": lambda: panel(counts() * (np.arange(UNITS) == 0)[:, None], measure="count"),
    "treated all zero": lambda: panel(counts() * (np.arange(UNITS) > 0)[:, None], measure="count"),
    "zero before": lambda: panel(counts() * ~((np.arange(UNITS) == 0)[:, None] & (np.arange(PERIODS) < START)), measure="count"),
    "huge counts": lambda: panel(1e12 * counts(), measure="count"),
    "treated silent before": lambda: panel(np.where((np.arange(UNITS) == 0)[:, None] & (np.arange(PERIODS) < START), np.nan, values())),
    "treated silent after": lambda: panel(np.where((np.arange(UNITS) == 0)[:, None] & (np.arange(PERIODS) >= START), np.nan, values())),
    "a donor that never reported": lambda: panel(np.where((np.arange(UNITS) == 4)[:, None], np.nan, values())),
    "no donor reported": lambda: panel(np.where((np.arange(UNITS) > 0)[:, None], np.nan, values())),
    "a period that no donor reported": lambda: panel(
        np.where((np.arange(UNITS) > 0)[:, None] & (np.arange(PERIODS) == 15), np.nan, values())
    ),
    "nobody reported": lambda: panel(np.full((UNITS, PERIODS), np.nan)),
    "every second figure missing": lambda: panel(np.where((np.arange(UNITS)[:, None] + np.arange(PERIODS)) % 2, np.nan, values())),
    "ties": lambda: panel(np.tile(values()[:1], (UNITS, 1))),
    "one unit alone": lambda: panel(values()[:1]),
}


@pytest.mark.parametrize("case", list(DEGENERATE))
def test_degenerate_studies_get_an_answer_or_a_refusal_in_both_languages(design: Design, case: str) -> None:
    m = DEGENERATE[case]()
    try:
        fit = design.fit(m)
    except NotEnough as refused:
        said = str(refused)
    else:
        said = "" if np.isfinite(fit.estimate) else "no number"
    assert said == "" or " / " in said, "an estimate that is not a number has to be refused"


def test_a_placebo_that_cannot_be_taken_has_no_number(design: Design) -> None:
    y = counts()
    y[4] = 0.0
    y[7, :START] = np.nan
    m = panel(y, measure="count")
    fits = design.fits(m, [(4,), (7,), (9,)])
    assert len(fits) == 3
    assert np.isfinite(fits[2].estimate)
    assert np.isfinite(design.fit(m).estimate)
