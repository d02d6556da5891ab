"""What may be drawn of a pilot's ward: whole years where people are counted, and nothing that gives a quarter back."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from evaluation.disclosure.effect import counts_people, protected_effect, usable_until
from evaluation.effects.effect import Effect
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.study import study_panel
from evaluation.indicators import indicators

QUARTERS = [f"{y}-Q{q}" for y in range(2015, 2019) for q in range(1, 5)]


def made(outcome: str = "sti_tested", start: str = "2017-Q1", periods: list[str] = QUARTERS, missing: str = "") -> Effect:
    rng = np.random.default_rng(5)
    rows = [(f"{26700 + i}", p, float(rng.poisson(20))) for i, p in product(range(25), periods) if not (i == 0 and p == missing)]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator"])
    return estimate_effect(study_panel(frame, outcome_name=outcome, treated=["26700"], start=start, measure="count"))


def test_gaps_of_people_are_drawn_by_whole_year_as_means_of_logs() -> None:
    effect = made()
    shown = protected_effect(effect)
    assert list(shown.effects["period"]) == ["2015", "2016", "2017", "2018"]
    logs = np.log(effect.effects["effect"].to_numpy(float)).reshape(4, 4).mean(axis=1)
    assert shown.effects["effect"].to_numpy(float) == pytest.approx(np.exp(logs))
    assert list(shown.effects["after"]) == [False, False, True, True]
    assert shown.effects[["low", "high"]].isna().all(axis=None)
    assert shown.counterfactual[["observed", "counterfactual"]].isna().all(axis=None)
    assert len(shown.placebo_gaps) == 4 * 24
    assert (shown.start, shown.n_before) == ("2017", 2)
    assert (shown.estimate, shown.p_value) == (effect.estimate, effect.p_value)


def test_a_year_with_a_quarter_missing_or_with_the_start_inside_has_no_gap() -> None:
    assert np.isnan(protected_effect(made(missing="2018-Q2")).effects["effect"]).tolist() == [False, False, False, True]
    inside = protected_effect(made(start="2017-Q3"))
    assert np.isnan(inside.effects["effect"]).tolist() == [False, False, True, False]
    assert list(inside.effects["after"]) == [False, False, False, True]
    under_way = protected_effect(made(periods=QUARTERS[:-1]))
    assert list(under_way.effects["period"]) == ["2015", "2016", "2017"]


def test_what_counts_nobody_stays_by_quarter() -> None:
    effect = made("condom_availability")
    assert protected_effect(effect) is effect
    assert usable_until("2018-Q3", "condom_availability") == "2018-Q3"
    unknown = replace(made(), outcome="packs")
    assert len(protected_effect(unknown).effects) == 4  # what the codebook does not know may count people


def test_people_are_used_up_to_the_last_whole_year() -> None:
    assert usable_until("2018-Q3", "sti_tested") == "2017-Q4"
    assert usable_until("2018-Q4", "sti_tested") == "2018-Q4"
    assert usable_until("2018-Q1", "outreach_reached") == "2017-Q4"
    assert [i.id for i in indicators().values() if i.kind == "outcome" and not counts_people([i.id])] == [
        "condom_availability",
        "knowledge_share",
    ]
