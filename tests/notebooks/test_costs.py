"""The costs notebook runs for another year and pilot, and its exercises have the answers that it promises."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import numpy as np
import pytest

from evaluation import example
from evaluation.costs import (
    Statement,
    constant,
    cost_effectiveness_draws,
    gained_from_ratio,
    present_value,
    read_budget,
    unit_costs,
    yearly_counts,
)
from evaluation.language import Words
from evaluation.settings import folders
from evaluation.store import open_store

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "07_costs.ipynb"


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    """The store that the Makefile built for this run, else one built here."""
    if (given := os.environ.get("EVALUATION_STORE")) and Path(given).exists():
        return Path(given)
    path = tmp_path / "store.duckdb"
    example.build(path)
    return path


@pytest.mark.slow
def test_another_year_district_and_pilot(tmp_path: Path, store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    papermill = pytest.importorskip("papermill")
    monkeypatch.setenv("EVALUATION_STORE", str(store_path))
    made, asked = tmp_path / "made.ipynb", {"year": 2017, "district": "777", "pilot": "binh-tri-dong-b", "outcome": "legal_counselling"}
    papermill.execute_notebook(str(NOTEBOOK), str(made), asked, kernel_name="python3", progress_bar=False)
    cells = nbformat.read(made, 4).cells
    said = "".join(o.get("text", "") for c in cells if c.cell_type == "code" for o in c.outputs if o.output_type == "stream")
    assert "Bình Tân district, 2017: " in said
    assert "at 2017 prices" in said
    assert "cannot be told from chance" in said


@pytest.mark.slow
def test_first_exercise_money_of_testing_per_person_tested(store_path: Path) -> None:
    budget = read_budget(folders().data / "example" / "budget.csv")
    tested = yearly_counts(open_store(store_path, as_of="2018-12-31").district_totals(), "sti_tested")
    found = unit_costs(budget, tested, what=Words("người được xét nghiệm", "person tested"), lines=["testing"], base=2015)
    nominal = budget.query("scope == 'district' and line == 'testing' and year == 2018")["spent_million_vnd"].sum()
    now = found.frame.query("year == 2018 and state == 'shown'")
    assert found.year == 2018
    assert found.estimate == pytest.approx(now["money"].sum() / now["count"].sum())
    if len(now) == 24:
        assert now["money"].sum() == pytest.approx(float(constant(nominal, 2018, 2015)))


def test_second_exercise_an_effect_made_clear_by_hand() -> None:
    """The sentence then gives a ratio where its interval has bounds; here it has none, so even the force of a hand gives no number."""
    added, draws = gained_from_ratio(241, 1.52, 0.92, 2.52)
    words = {"estimand": Words("Mô hình", "The pilot"), "gained": Words("người", "person"), "statement": Statement()}
    honest, forced = (cost_effectiveness_draws(1400, draws, centre=(1400, added), effect_told=t, **words) for t in (False, True))  # type: ignore[arg-type]
    assert "cannot be told from chance" in honest.summary()
    assert "the interval of the ratio has no bounds" in forced.summary()
    assert honest.acceptability([10])["share"].tolist() == forced.acceptability([10])["share"].tolist()


def test_third_exercise_discounting_what_comes_later() -> None:
    assert 500 / present_value([40, 40, 40], 0.0) == pytest.approx(500 / 120)
    discounted = 500 / float(present_value([40, 40, 40], 0.03))
    assert discounted == pytest.approx(500 / (40 * (1 + 1 / 1.03 + 1 / 1.03**2)))
    assert np.round([500 / 120, discounted], 2).tolist() == [4.17, 4.29]
