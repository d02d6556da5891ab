import gzip
import re
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from evaluation.example import SYNTHETIC, Example
from evaluation.example.files import ARCHIVE, _write_archive, write_submission
from evaluation.intake.form import COVER, NARRATIVE, file_name
from evaluation.settings import folders

pytestmark = pytest.mark.slow

COMMITTED = folders().data / "example"


def workbooks() -> list[Path]:
    return sorted((COMMITTED / "submissions").rglob("*.xlsx"))


def test_names_are_ascii_and_tell_district_period_and_revision() -> None:
    assert file_name("760", "2018-Q4", 1) == "Quan-1_760_2018-Q4.xlsx"
    assert file_name("762", "2018-Q1", 2) == "Quan-Thu-Duc_762_2018-Q1_lan-2.xlsx"
    assert file_name("785", "2018-Q2", 1) == "Huyen-Binh-Chanh_785_2018-Q2.xlsx"
    assert all(re.fullmatch(r"[A-Za-z0-9-]+_\d{3}_2018-Q[1-4](_lan-2)?\.xlsx", p.name) for p in workbooks())


def test_the_ledger_and_the_folder_agree() -> None:
    ledger = pd.read_csv(COMMITTED / "submissions.csv", dtype=str)
    listed = set(ledger["file"]) - {ARCHIVE}
    assert listed == {p.relative_to(COMMITTED).as_posix() for p in workbooks()}
    assert len(listed) == 24 * 4 + 4
    assert (ledger.loc[ledger["file"] == ARCHIVE, "period"] < "2018-Q1").all()
    assert list(ledger.columns) == ["file", "district_code", "period", "revision", "form_version", "received"]


def test_the_example_stays_small() -> None:
    sizes = {p: p.stat().st_size for p in COMMITTED.rglob("*") if p.is_file()}
    assert sum(sizes.values()) < 6 * 2**20
    assert sizes[COMMITTED / ARCHIVE] < 5 * 2**20


@pytest.mark.parametrize("district, revision", [("760", 1), ("760", 2), ("764", 1)])
def test_committed_workbooks_come_out_again_byte_by_byte(made: Example, tmp_path: Path, district: str, revision: int) -> None:
    path = write_submission(tmp_path, made, district, "2018-Q4", revision)
    assert path.read_bytes() == (COMMITTED / path.relative_to(tmp_path)).read_bytes()


@pytest.mark.parametrize("name", ["truth", "pilots", "survey", "budget", "inspection_context"])
def test_committed_tables_come_out_again_byte_by_byte(made: Example, name: str) -> None:
    file = {"pilots": "pilots_example", "survey": "survey_workers"}.get(name, name)
    assert getattr(made, name).to_csv(index=False, lineterminator="\n").encode() == (COMMITTED / f"{file}.csv").read_bytes()


@pytest.mark.slow
def test_the_committed_archive_comes_out_again(made: Example, tmp_path: Path) -> None:
    _write_archive(tmp_path / ARCHIVE, made.sent)
    committed = (COMMITTED / ARCHIVE).read_bytes()
    assert gzip.decompress((tmp_path / ARCHIVE).read_bytes()) == gzip.decompress(committed)
    assert committed[4:8] == bytes(4)  # no date
    _write_archive(tmp_path / "again.csv.gz", made.sent)
    assert (tmp_path / ARCHIVE).read_bytes() == (tmp_path / "again.csv.gz").read_bytes()


@pytest.mark.slow
def test_every_workbook_says_that_it_is_synthetic() -> None:
    for path in workbooks():
        book = load_workbook(path, read_only=True)
        cover = [row[1] for row in book[COVER].iter_rows(values_only=True) if len(row) > 1]
        assert any(SYNTHETIC in str(c) for c in cover), path.name
        assert SYNTHETIC in str(book[NARRATIVE]["A2"].value), path.name
        book.close()


def test_offices_type_in_their_own_way() -> None:
    def typed(district: str, name: str) -> set[object]:
        path = COMMITTED / "submissions" / "2018-Q4" / name
        book = load_workbook(path, read_only=True)
        cells = {c for page in book.worksheets for row in page.iter_rows(min_row=6, min_col=3, values_only=True) for c in row}
        book.close()
        return cells

    as_text = typed("764", "Quan-Go-Vap_764_2018-Q4.xlsx")
    assert any(isinstance(c, str) and re.fullmatch(r"\d{1,3}\.\d{3}", c) for c in as_text)
    assert "không phát sinh" in typed("760", "Quan-1_760_2018-Q4.xlsx")
    assert "không áp dụng" in typed("783", "Huyen-Cu-Chi_783_2018-Q4.xlsx")


def test_the_readme_warns_and_names_its_figures() -> None:
    text = (COMMITTED / "README.md").read_text(encoding="utf-8")
    assert SYNTHETIC in text
    assert "2234" in text
    known = set(pd.read_csv(folders().data / "reference" / "published_figures.csv")["id"])
    named = set(re.findall(r"`((?:hcmc|hss|vn|border5)_[a-z0-9_]+)`", text))
    assert len(named) >= 10
    assert named <= known
    for path in COMMITTED.iterdir():
        assert path.name in text, path.name


def test_budget_and_context_add_up(made: Example) -> None:
    assert (made.budget[["planned_million_vnd", "spent_million_vnd"]] > 0).to_numpy().sum() > 0.98 * 2 * len(made.budget)
    assert set(made.budget["scope"]) == {"district", "pilot"}
    assert made.budget.loc[made.budget["scope"] == "pilot", "year"].min() == 2017
    assert (made.inspection_context["violations"] <= made.inspection_context["checks"]).all()


def test_city_checks_are_of_the_published_order(made: Example, published: dict[str, float]) -> None:
    half = made.inspection_context.set_index("period").loc[["2016-Q1", "2016-Q2"]].sum()
    assert published["hcmc_inspected_2016h1"] / 1.25 < half["checks"] < published["hcmc_inspected_2016h1"] * 1.25
    assert published["hcmc_violating_2016h1"] / 1.25 < half["violations"] < published["hcmc_violating_2016h1"] * 1.25
