"""Plans in a store: which came before the data, by the ledger and by the days on which files came."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.effects.analysis_plan.plan_texts import changed
from tests.store.forms import WARDS, submission, values

from evaluation.effects.analysis_plan.registered import registered_plans
from evaluation.store import load_many, open_store, register

DAY = dt.date(2016, 12, 20)


@pytest.mark.slow
def test_a_plan_knows_what_had_come_before_it_though_loaded_later(tmp_path: Path) -> None:
    path = tmp_path / "kho.duckdb"
    before = (submission("a", dt.date(2016, 12, 12), "2016-Q4"), values({WARDS[0]: 5}, period="2016-Q4"))
    load_many(path, [before], synthetic=True)
    register(path, "pham-ngu-lao", changed(), "plan.yaml", on=DAY)
    (found,) = registered_plans(open_store(path), "pham-ngu-lao")
    assert (found.version, found.registered, found.last_period, found.after_data) == (1, DAY, "2016-Q4", False)
    later = (submission("b", dt.date(2017, 3, 10), "2017-Q1"), values({WARDS[0]: 5}, period="2017-Q1"))
    load_many(path, [later], synthetic=True)
    assert not registered_plans(open_store(path), "pham-ngu-lao")[0].after_data
    # Received before the plan and loaded after it: it was known all the same.
    hidden = (submission("c", dt.date(2016, 12, 19), "2017-Q2"), values({WARDS[0]: 5}, period="2017-Q2"))
    load_many(path, [hidden], synthetic=True)
    (found,) = registered_plans(open_store(path), "pham-ngu-lao")
    assert (found.last_period, found.after_data) == ("2017-Q2", True)
    assert registered_plans(open_store(path), "binh-tri-dong-b") == ()
