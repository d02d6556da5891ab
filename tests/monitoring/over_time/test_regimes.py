"""A step shared by what the programme cannot move is paperwork; one beyond that is not."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from evaluation.language import Words
from evaluation.monitoring.over_time.power import simulated_counts
from evaluation.monitoring.over_time.regimes import Regime, programme_or_paperwork
from evaluation.monitoring.over_time.season import season_columns
from evaluation.monitoring.series import CountSeries, DocumentedChange

QUARTERS = tuple(f"{2015 + i // 4}-Q{i % 4 + 1}" for i in range(16))
T = np.arange(16)
LATER = T >= 8
SEASON = season_columns(T % 4 + 1, 4) @ [0.2, -0.1, 0.3]
PERSON = DocumentedChange("2017-Q1", Words("cán bộ đầu mối mới", "a new focal person"))


def one(counts: np.ndarray, name: str = "x", out_of: float = np.nan) -> CountSeries:
    state = np.where(np.isnan(counts), "missing", "shown")
    frame = pd.DataFrame({"unit": "A", "period": QUARTERS, "count": counts, "denominator": out_of, "state": state})
    return CountSeries(
        frame=frame,
        label=Words(f"Chỉ tiêu {name}", f"Indicator {name}"),
        measure="count" if np.isnan(out_of) else "proportion",
        periods=QUARTERS,
        phases=tuple(T % 4 + 1),
        names={"A": Words("Quận A", "District A")},
    )


def line(step: float, base: float = 200.0) -> np.ndarray:
    return base * np.exp(0.02 * T + SEASON + np.log(step) * LATER)


def asked(paper: float, programme: float) -> Regime:
    """Return the answer for indicators without chance."""
    controls = [one(line(paper, b), f"c{b:.0f}") for b in (150.0, 250.0, 400.0)]
    return programme_or_paperwork(controls, [one(line(paper * programme, b), f"p{b:.0f}") for b in (200.0, 500.0)], "A", PERSON)


@pytest.mark.parametrize(
    "paper, programme, verdict",
    [(1.0, 1.0, "neither"), (1.6, 1.0, "paperwork"), (1.0, 1.6, "programme"), (1.6, 1.6, "both")],
)
def test_verdicts_where_chance_plays_no_part(paper: float, programme: float, verdict: str) -> None:
    found = asked(paper, programme)
    assert found.verdict == verdict
    assert found.control_step[0] == pytest.approx(paper)
    assert found.programme_step[0] == pytest.approx(paper * programme)
    assert found.estimate == pytest.approx(programme)
    assert (found.p_controls < 0.05) == (paper != 1)
    assert (found.p < 0.05) == (programme != 1)
    assert list(found.frame["role"]) == ["control"] * 3 + ["programme"] * 2
    np.testing.assert_allclose(found.frame["step"], [paper] * 3 + [paper * programme] * 2)


def test_a_step_that_cannot_be_told_from_the_controls_is_left_undecided() -> None:
    controls = [one(line(1.25, b)) for b in (4.0, 5.0)]
    found = programme_or_paperwork(controls, [one(line(1.5, 3000.0))], "A", PERSON)
    assert found.verdict == "undecided"
    assert "not known" in found.summary("en")


def test_the_sentence_names_the_change_and_what_it_means() -> None:
    found = asked(1.6, 1.0)
    en, vi = found.summary("en"), found.summary("vi")
    assert en.startswith("District A, from Q1 2017 (a new focal person): controls 1.60 (")
    assert "reporting changed, which is no result of the programme" in en
    assert vi.startswith("Quận A, từ Quý I/2017 (cán bộ đầu mối mới): chỉ tiêu đối chứng 1,60 (từ ")
    assert "\n" not in repr(found)


def test_shares_counts_and_gaps_stand_side_by_side() -> None:
    holed = line(1.6)
    holed[[2, 11]] = np.nan
    eta = -0.5 + 0.01 * T + np.log(1.6) * LATER
    controls = [one(holed, "gaps"), one(400 / (1 + np.exp(-eta)), "share", 400.0), one(np.zeros(16), "nothing")]
    found = programme_or_paperwork(controls, [one(line(1.6))], "A", PERSON)
    assert found.frame["step"].isna().sum() == 1
    assert found.diagnostics["controls"] == 2
    assert found.frame["step"].iloc[1] == pytest.approx(1.6)
    assert found.verdict == "paperwork"


def test_too_few_indicators_are_refused_in_both_languages() -> None:
    with pytest.raises(ValueError, match="At least two controls") as caught:
        programme_or_paperwork([one(line(1.0))], [one(line(1.0))], "A", PERSON)
    assert " / " in str(caught.value)
    late = DocumentedChange("2018-Q4", PERSON.reason)
    with pytest.raises(ValueError, match="there are 0 and 0"):
        programme_or_paperwork([one(line(1.0))] * 2, [one(line(1.0))], "A", late)


def _world(paper: float, programme: float, rng: np.random.Generator, *, shared: float = 0.0, uneven: float = 0.0) -> Regime:
    """Three controls and four others, variance twice the mean; `shared` moves all in a quarter, `uneven` is that of the steps."""
    together = shared * rng.standard_normal(16)

    def indicator(step: float) -> CountSeries:
        own = np.log(step) + uneven * rng.standard_normal()
        mean = rng.uniform(30, 120) * np.exp(SEASON + together + own * LATER)
        return one(simulated_counts(mean, 2.0, 0.0, 1, rng)[0])

    return programme_or_paperwork([indicator(paper) for _ in range(3)], [indicator(paper * programme) for _ in range(4)], "A", PERSON)


RUNS = 60
LIMIT = 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / RUNS)  # 14 % of 60 draws


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 0.15])
def test_nothing_is_seldom_called_something(shared: float) -> None:
    rng = np.random.default_rng(1)
    found = [_world(1.0, 1.0, rng, shared=shared) for _ in range(RUNS)]
    assert np.mean([f.p < 0.05 for f in found]) <= LIMIT
    assert np.mean([f.p_controls < 0.05 for f in found]) <= LIMIT
    assert Counter(f.verdict for f in found)["neither"] >= 0.75 * RUNS


@pytest.mark.slow
def test_paperwork_is_seldom_called_the_programme() -> None:
    rng = np.random.default_rng(2)
    even = [_world(1.6, 1.0, rng) for _ in range(RUNS)]
    assert Counter(f.verdict for f in even)["paperwork"] >= 0.7 * RUNS
    assert np.mean([f.verdict in ("programme", "both") for f in even]) <= LIMIT
    # The assumption broken at random: the new form moves each indicator by another amount; the spread between them guards.
    uneven = [_world(1.6, 1.0, rng, uneven=0.2) for _ in range(RUNS)]
    assert np.mean([f.verdict in ("programme", "both") for f in uneven]) <= LIMIT + 0.05
    assert np.mean([f.between for f in uneven]) > np.mean([f.between for f in even])


@pytest.mark.slow
def test_a_programme_that_works_is_found() -> None:
    rng = np.random.default_rng(3)
    found = Counter(_world(1.0, 1.7, rng).verdict for _ in range(RUNS))
    assert found["programme"] >= 0.6 * RUNS
    assert found["paperwork"] <= LIMIT * RUNS
