"""The data-quality notebook runs for another quarter, and shows there what the example planted."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from evaluation import example

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "02_data_quality.ipynb"


@pytest.mark.slow
def test_another_quarter_and_district(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """763 reported 2018-Q2 ten times too large on the sheets of communication and context (data/example/README.md)."""
    papermill = pytest.importorskip("papermill")
    if not ((given := os.environ.get("EVALUATION_STORE")) and Path(given).exists()):
        store = tmp_path / "store.duckdb"
        example.build(store)
        monkeypatch.setenv("EVALUATION_STORE", str(store))
    made = tmp_path / "made.ipynb"
    papermill.execute_notebook(
        str(NOTEBOOK), str(made), {"period": "2018-Q2", "district": "763"}, kernel_name="python3", progress_bar=False
    )
    cells = nbformat.read(made, 4).cells
    said = "".join(o.get("text", "") for c in cells if c.cell_type == "code" for o in c.outputs if o.output_type == "stream")
    assert "Q2 2018, as the Department knew it on 2018-06-19" in said
    hanging = next(line for line in said.splitlines() if line.startswith("results that hang on doubtful figures:"))
    assert {"comm_sessions", "comm_participants", "inspections"} <= {name.strip() for name in hanging.split(":")[1].split(",")}
    assert "sti_tested_share" not in hanging  # the sheet of health was not touched
