"""A store of two submissions, and notebooks of three cells that stand in for the district report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from evaluation.batch import Job
from evaluation.batch.jobs import Limits
from evaluation.batch.worker import Order
from evaluation.indicators import elements
from evaluation.reporting import model
from evaluation.store import Submission, load_many

DECLARED = """district: str = "760"  # district
period: str = "2018-Q4"  # quarter
language: str = "vi"  # language
store: str = ""  # store
as_of: str = ""  # date
seed: int = 1  # seed"""

BUILD = """import os
from pathlib import Path
from evaluation.reporting import model
folder = Path(os.environ["EVALUATION_JOB"])
def built(**other):
    tree = dict(kind="district", subject=district, period=period, language=language, title=f"Báo cáo thử {district}",
        head=(("Kỳ", period),), synthetic=True, status="reported",
        sections=(model.Section("one", "Phần một", (model.Paragraph("Tên: <script>alert(1)</script> & Bến Nghé"),)),),
        key_figures=({"id": "ward_reporting_share", "numerator": 3, "denominator": 10, "value": 0.3, "state": "shown"},),
        manifest={"seed": seed})
    return model.Report(**(tree | other))
def save(**other):
    (folder / "report.json").write_text(model.to_json(built(**other)), "utf-8")
"""


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one ward's figure for the fourth quarter of 2018, received on 14 December."""
    path = tmp_path_factory.mktemp("evidence") / "store.duckdb"
    element = next(e.id for e in elements().values() if e.level == "ward")
    values = pd.DataFrame(
        {
            "district_code": ["760"],
            "unit_code": ["26734"],
            "period": ["2018-Q4"],
            "element": [element],
            "value": [12.0],
            "state": ["reported"],
            "sheet": ["A"],
            "cell": ["C7"],
        }
    )
    submission = Submission("s1", "760", "2018-Q4", 2, dt.date(2018, 12, 14), "760.xlsx", "0" * 64, "district")
    load_many(path, [(submission, values)], synthetic=True)
    return path


@pytest.fixture(scope="session")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Writes a notebook whose last cell is the code given; `built` and `save` make the tree."""

    def write(last: str) -> Path:
        path = tmp_path_factory.mktemp("template") / "template.ipynb"
        cells = [
            nbformat.v4.new_markdown_cell("# A report"),
            nbformat.v4.new_code_cell(DECLARED, metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(BUILD),
            nbformat.v4.new_code_cell(last),
        ]
        nbformat.write(
            nbformat.v4.new_notebook(
                cells=cells, metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
            ),
            path,
        )
        return path

    return write


@pytest.fixture
def job(store: Path) -> Job:
    return Job("760", "2018-Q4", "vi", store, dt.date(2018, 12, 19), 2234)


@pytest.fixture
def tree() -> model.Report:
    share = {"id": "ward_reporting_share", "numerator": 3, "denominator": 10, "value": 0.3, "state": "shown"}
    section = model.Section("one", "Phần một", (model.Paragraph("Một câu."), model.Figure("f", "Hình", "Ba cột: 1, 2, 3.", "aGk=")))
    return model.Report("district", "760", "2018-Q4", "vi", "Báo cáo", (("Kỳ", "Q4"),), True, "reported", (section,), (share,), {"seed": 1})


@pytest.fixture
def order(job: Job, tmp_path: Path) -> Order:
    folder = tmp_path / "work" / "job"
    folder.mkdir(parents=True)
    return Order(job, tmp_path / "template.ipynb", folder, tmp_path / "work", Limits(memory=0), True)
