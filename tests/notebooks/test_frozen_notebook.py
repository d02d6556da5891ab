"""The notebook that times of different years are compared with stays what it was."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FROZEN = ROOT / "benchmarks" / "report15.ipynb"
DIGEST = "513c874ac8616518c8f37d439e5c42496e8983d5adc4513ee83377f65dd45500"


def _cells() -> list[dict[str, object]]:
    return [cell for cell in json.loads(FROZEN.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]


def test_it_is_byte_for_byte_what_it_was() -> None:
    assert hashlib.sha256(FROZEN.read_bytes()).hexdigest() == DIGEST


def test_it_has_fifteen_cells_of_code_and_no_outputs() -> None:
    assert len(_cells()) == 15
    assert not any(cell["outputs"] for cell in _cells())


@pytest.mark.slow
def test_it_draws_eight_figures_and_tells_three_designs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.batch.content import content
    from benchmarks.batch.plain import Plain

    shown = content(Plain(str(FROZEN))({"district": "783", "period": "2018-Q4", "seed": 5}))
    assert shown.figures == 8
    assert sum(text.startswith("District 783:") for text in shown.blocks) == 1
    answer = next(table for table in shown.tables if "design" in table[0])
    assert [row[1] for row in answer[1:]] == ["difference in differences", "interrupted series", "permutations"]
