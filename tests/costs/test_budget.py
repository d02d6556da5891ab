"""A budget of anybody's own: what is right is read, what is wrong is named by row and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.costs import BudgetError, checked_budget, cost_line, cost_lines, read_budget
from evaluation.costs.lines import BEHAVIOURS
from evaluation.indicators import elements
from evaluation.settings import folders

HEADER = "scope,code,year,line,planned_million_vnd,spent_million_vnd"


def written(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "ngân sách.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_examples_budget_is_read() -> None:
    frame = read_budget(folders().data / "example" / "budget.csv")
    assert len(frame) == 24 * 4 * 6 + 2 * 2 * 4
    assert set(frame["scope"]) == {"district", "pilot"}
    assert set(frame["source_of_funds"]) == {""}
    assert {cost_line(line).behaviour for line in frame["line"]} <= set(BEHAVIOURS) - {"unclassified"}


def test_every_line_of_the_codebook_points_into_the_codebook() -> None:
    assert all(line.behaviour in BEHAVIOURS and line.label.vi and line.label.en for line in cost_lines().values())
    assert {line.step for line in cost_lines().values()} - {""} <= set(elements())
    assert all(bool(line.step) == bool(line.unit.vi) == bool(line.unit.en) for line in cost_lines().values())
    assert cost_line("own line").behaviour == "unclassified"


def test_an_empty_cell_is_missing_and_a_source_may_be_told(tmp_path: Path) -> None:
    path = written(tmp_path, "district,760,2018,outreach,10,,department", "", header=f"\ufeff{HEADER},source_of_funds")
    frame = read_budget(path)
    assert np.isnan(frame["spent_million_vnd"].iloc[0])
    assert frame["planned_million_vnd"].iloc[0] == 10
    assert frame["source_of_funds"].iloc[0] == "department"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("ward,760,2018,outreach,1,1", "scope"),
        ("district,999,2018,outreach,1,1", "code"),
        ("pilot,760,2018,outreach,1,1", "code"),
        ("district,760,18,outreach,1,1", "year"),
        ("district,760,2018,,1,1", "line"),
        ("district,760,2018,outreach,1.234,1", "planned_million_vnd"),
        ('district,760,2018,outreach,1,"1,5"', "spent_million_vnd"),
        ("district,760,2018,outreach,1,-1", "spent_million_vnd"),
        ("district,760,2018,outreach,1,nan", "spent_million_vnd"),
        ("district,760,2018,outreach,1e999,1", "planned_million_vnd"),
    ],
)
def test_a_fault_is_named_by_file_row_and_column(tmp_path: Path, row: str, column: str) -> None:
    with pytest.raises(BudgetError) as fault:
        read_budget(written(tmp_path, "district,769,2018,outreach,1,1", row))
    assert "ngân sách.csv" in str(fault.value)
    assert f"dòng/row 3, {column}" in str(fault.value)


def test_a_row_given_twice_a_strange_column_and_many_faults(tmp_path: Path) -> None:
    row = "district,760,2018,outreach,1,1"
    with pytest.raises(BudgetError, match="dòng/row 3: trùng với dòng 2"):
        read_budget(written(tmp_path, row, row))
    with pytest.raises(BudgetError, match="source_of_fund"):
        read_budget(written(tmp_path, f"{row},own", header=f"{HEADER},source_of_fund"))
    with pytest.raises(BudgetError, match="planned_million_vnd"):
        read_budget(written(tmp_path, "district,760", header="scope,code"))
    with pytest.raises(BudgetError, match="90 lỗi nữa"):
        read_budget(written(tmp_path, *["x,760,2018,a,1,1"] * 100))


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\x01")
    (tmp_path / "b.csv").write_bytes(b"\n")
    with pytest.raises(BudgetError, match="UTF-8"):
        read_budget(tmp_path / "a.csv")
    with pytest.raises(BudgetError, match="empty"):
        read_budget(tmp_path / "b.csv")
    with pytest.raises(BudgetError, match="Row 2"):
        read_budget(written(tmp_path, "district,760"))


def test_a_frame_with_numbers_is_taken_as_it_is() -> None:
    frame = pd.DataFrame([("district", 760, 2018.0, "outreach", 1.234, pd.NA)], columns=HEADER.split(","))
    made = checked_budget(frame)
    assert made["planned_million_vnd"].iloc[0] == 1.234
    assert made["code"].iloc[0] == "760"
    assert np.isnan(made["spent_million_vnd"].iloc[0])
