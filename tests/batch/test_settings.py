"""A table of settings: how files are read, what is wrong in them, all of it told by row and column before anything runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from evaluation.batch.studies import WrongJobs
from evaluation.batch.studies.asked import Asked, asked
from evaluation.batch.studies.declared import NoNotebook, parameters
from evaluation.batch.studies.reports import groups
from evaluation.batch.studies.table import from_file, from_rows
from evaluation.batch.studies.values import NotOfType, value
from evaluation.settings import folders

DECLARED = """a: int = 1  # a number
share: float = 0.5
name: str = "Bến Nghé"
flag: bool = False
plain = 3
needed: int
rows: list = [1,
    2]"""

Write = Callable[..., Path]


@pytest.fixture
def study(tmp_path: Path) -> Write:
    def write(source: str = DECLARED, name: str = "study.ipynb") -> Path:
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def read(tmp_path: Path, study: Write) -> Callable[..., Asked]:
    def read(body: str | bytes, notebook: Path | None = None) -> Asked:
        file = tmp_path / "jobs.csv"
        file.write_bytes(body if isinstance(body, bytes) else body.encode())
        return asked(from_file(file), notebook or study(), tmp_path)

    return read


def _found(error: pytest.ExceptionInfo[WrongJobs]) -> set[tuple[int, str]]:
    return {(f.row, f.column) for f in error.value.findings}


def test_parameters_are_those_of_the_tagged_cell_with_type_and_default(study: Write):
    found = parameters(study())
    assert {name: (p.type, p.default, p.needed) for name, p in found.items()} == {
        "a": ("int", 1, False),
        "share": ("float", 0.5, False),
        "name": ("str", "Bến Nghé", False),
        "flag": ("bool", False, False),
        "plain": ("int", 3, False),
        "needed": ("int", None, True),
        "rows": ("", [1, 2], False),
    }


def test_more_ways_to_declare(study: Write):
    found = parameters(study("x: float | None = None\ny: int = ...\nz = None\nw = open\nv: 'str' = 'a'"))
    assert {n: (p.type, p.needed) for n, p in found.items()} == {
        "x": ("float", False),
        "y": ("int", True),
        "z": ("", False),
        "w": ("", False),
        "v": ("str", False),
    }


@pytest.mark.parametrize("body", ["", "[]", '{"cells": [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "a = ("}]}'])
def test_what_is_no_notebook_is_told(tmp_path: Path, body: str):
    (tmp_path / "x.ipynb").write_text(body, "utf-8")
    with pytest.raises(NoNotebook):
        parameters(tmp_path / "x.ipynb")


@pytest.mark.parametrize(
    ("cell", "kind", "comma", "expected"),
    [
        ("12", "int", False, 12),
        ("-3", "int", False, -3),
        ("0.5", "float", False, 0.5),
        ("0,5", "float", True, 0.5),
        ("0.5", "float", True, 0.5),
        ("1e-3", "float", False, 0.001),
        ("2", "float", False, 2.0),
        (2, "float", False, 2.0),
        ("TRUE", "bool", False, True),
        ("0", "bool", False, False),
        ("007", "str", False, "007"),
        (True, "bool", False, True),
    ],
)
def test_cells_become_values_of_the_type(cell: Any, kind: str, comma: bool, expected: Any):
    found = value(cell, kind, comma)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("cell", "kind", "comma"),
    [
        ("1.0", "int", False),
        ("1,5", "float", False),
        ("1.234", "float", True),
        ("nan", "float", False),
        ("1e999", "float", False),
        ("yes", "bool", False),
        (True, "int", False),
        (1, "bool", False),
        (1, "str", False),
        (1.5, "int", False),
        (float("inf"), "float", False),
        ("٣", "int", False),
    ],
)
def test_what_is_not_of_the_type_is_refused(cell: Any, kind: str, comma: bool):
    with pytest.raises(NotOfType):
        value(cell, kind, comma)


@pytest.mark.parametrize(
    "encode",
    [
        lambda t: t.encode(),
        lambda t: b"\xef\xbb\xbf" + t.encode(),
        lambda t: t.encode("utf-16"),
        lambda t: t.replace(";", ",").replace("0,25", "0.25").encode(),
        lambda t: t.replace(";", "\t").replace("0,25", "0.25").encode(),
        lambda t: t.replace("\n", "\r\n").encode(),
        lambda t: b"\xef\xbb\xbfsep=;\r\n" + t.encode(),
    ],
    ids=["utf8", "mark", "utf16", "comma", "tab", "crlf", "sep"],
)
def test_a_table_is_read_however_it_is_written(read: Callable[..., Asked], encode: Callable[[str], bytes]):
    found = read(encode("needed;share;name\n1;0,25;Phạm Ngũ Lão\n2;;\n"))
    assert [job.given for job in found.studies] == [{"needed": 1, "share": 0.25, "name": "Phạm Ngũ Lão"}, {"needed": 2}]
    assert [job.settings["share"] for job in found.studies] == [0.25, 0.5]
    assert [job.name for job in found.studies] == ["job-0001", "job-0002"]


def test_all_that_is_wrong_is_told_at_once_by_row_and_column(read: Callable[..., Asked]):
    with pytest.raises(WrongJobs) as error:
        read("needed;shar;a;name;flag;rows\n1;1;x;=1+1;maybe;1\n;;1;@sum;;\n3;;;a\x07b;;\n3;2;;;;\n")
    assert _found(error) == {
        (1, "shar"),
        (1, "rows"),
        (2, "a"),
        (2, "name"),
        (2, "flag"),
        (3, "needed"),
        (3, "name"),
        (4, "name"),
    }
    lines = str(error.value).splitlines()
    assert len(lines) == 9
    assert all(" / " in line for line in lines)
    assert "Có phải là share không?" in str(error.value)
    assert "Did you mean share?" in str(error.value)
    assert "row 2, column a: 'x' is not of type int" in str(error.value)


def test_rows_that_are_the_same_are_told_with_the_first_of_them(read: Callable[..., Asked]):
    with pytest.raises(WrongJobs, match="row 4: the same as row 2"):
        read("needed,share\n1,0.50\n2,\n1,0.5\n")
    with pytest.raises(WrongJobs, match="row 3: the same as row 2"):
        read("needed,a\n1,\n1,1\n")  # a blank cell is the default


def test_names_of_rows_are_ones_that_a_folder_may_have_and_each_once(read: Callable[..., Asked]):
    assert [job.name for job in read("job,needed\nphường-1,1\nb.2,2\n").studies] == ["phường-1", "b.2"]
    with pytest.raises(WrongJobs) as error:
        read("job,needed\na,1\nA,2\n../x,3\nc.,4\n")
    assert _found(error) == {(3, "job"), (4, "job"), (5, "job")}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "it is empty"),
        (b"needed\n", "no row of settings"),
        (b"PK\x03\x04xxxx", "this is a workbook"),
        (b"needed,name\n1,\x81\xfe\x00\x01\n", "encoding"),
        (b'needed,name\n1,"open\n2,x\n', "quotation mark"),
        (b"needed,needed\n1,2\n", "stands there twice"),
        (b"needed,\n1,2\n", "no heading|2 cells under 1"),
        (b"needed\n1,2\n", "2 cells under 1 headings"),
    ],
)
def test_what_is_no_table_is_told_in_both_languages(read: Callable[..., Asked], body: bytes, said: str):
    with pytest.raises(WrongJobs, match=said) as error:
        read(body)
    assert re.search("[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", str(error.value))


def test_a_table_may_name_notebooks_beside_it(read: Callable[..., Asked], study: Write, tmp_path: Path):
    study("b: int = 1", "other.ipynb")
    found = read("notebook,b,needed\nother.ipynb,2,\nstudy.ipynb,,3\n")
    assert [(job.notebook.name, job.given) for job in found.studies] == [("other.ipynb", {"b": 2}), ("study.ipynb", {"needed": 3})]
    with pytest.raises(WrongJobs) as error:
        read("notebook,b\nnone.ipynb,2\n")
    assert _found(error) == {(2, "notebook")}


def test_a_parameter_that_the_results_have_a_column_for_is_told(read: Callable[..., Asked], study: Write):
    with pytest.raises(WrongJobs, match="rename the parameter"):
        read("a\n1\n", study("a: int = 1\nrun_outcome: str = ''", "taken.ipynb"))


def test_rows_of_a_program_are_checked_as_those_of_a_file(study: Write):
    found = asked(from_rows([{"needed": 1, "share": 1, "name": None}, {"needed": 2, "flag": True}]), study())
    assert [job.given for job in found.studies] == [{"needed": 1, "share": 1.0}, {"needed": 2, "flag": True}]
    with pytest.raises(WrongJobs, match="no row of settings"):
        asked(from_rows([]), study())
    with pytest.raises(WrongJobs) as error:
        asked(from_rows([{"needed": "=1"}, {"needed": 1.5}]), study())
    assert _found(error) == {(2, "needed"), (3, "needed")}


def test_many_findings_are_counted_and_the_first_hundred_are_said(read: Callable[..., Asked]):
    with pytest.raises(WrongJobs) as error:
        read("needed\n" + "x\n" * 150)
    assert len(error.value.findings) == 150
    assert "and 50 more" in str(error.value)
    assert len(str(error.value).splitlines()) == 102


def test_rows_of_reports_become_ordinary_jobs_of_several_periods_and_languages(read: Callable[..., Asked], store: Path, tmp_path: Path):
    (tmp_path / "jobs.csv").write_text(f"district,language,store\n760,vi,{store}\nQuận 3,en,{store}\n", "utf-8")
    found = asked(from_file(tmp_path / "jobs.csv"))
    assert found.studies == ()
    assert [(job.subject, job.language, job.period) for job in found.reports] == [("760", "vi", "2018-Q4"), ("770", "en", "2018-Q4")]
    assert len(groups(found.reports)) == 1
    other = [*found.reports, type(found.reports[0])("760", "2018-Q3", "vi", store, found.reports[0].as_of, 1)]
    assert [len(jobs) for jobs in groups(other).values()] == [2, 1]


def test_rows_of_reports_are_wrong_by_row_and_column(store: Path, tmp_path: Path):
    (tmp_path / "jobs.csv").write_text(
        "district;period;language;as_of;seed;store\n"
        f"760;2018-Q4;vi;;;{store}\n"
        "999;2018-Q9;fr;14/12/2018;-1;\n"
        f"760;2018-Q4;vi;;7;{store}\n"
        f"770;2031-Q1;vi;;;{store}\n"
        "775;2018-Q4;vi;;;none.duckdb\n"
        ";2018-Q4;vi;;x;\n",
        "utf-8",
    )
    with pytest.raises(WrongJobs) as error:
        asked(from_file(tmp_path / "jobs.csv"))
    assert _found(error) == {
        *((3, column) for column in ("district", "period", "language", "as_of", "seed")),
        (4, ""),
        (5, "period"),
        (6, "store"),
        (7, "district"),
        (7, "seed"),
    }


def test_a_copy_of_a_report_notebook_publishes_nothing(tmp_path: Path, study: Write):
    original = folders().notebooks / "reports" / "district_report.ipynb"
    copy = tmp_path / "district_report.ipynb"
    copy.write_bytes(original.read_bytes())
    found = asked(from_rows([{"district": "760"}]), copy)
    assert (len(found.studies), found.reports) == (1, ())
