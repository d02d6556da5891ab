"""Nothing reaches a kernel that the notebook does not declare or the vocabulary does not hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.batch import Job, WrongParameter, prepared
from evaluation.batch.jobs import default_template
from evaluation.batch.parameters import check, check_names, check_values, declared
from evaluation.places import districts

PAYLOADS = [
    'x"\nimport os; os.system("touch pwned")#',
    "760'; import os#",
    '"""+__import__("os").getcwd()+"""',
    "{{7*7}}",
    "{district}",
    "${HOME}",
    "$(touch pwned)",
    "`touch pwned`",
    "760\n",
    "760\x00",
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows",
    "760/../../x",
    "%2e%2e%2f760",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "=cmd|' /C calc'!A0",
    "'; drop table submissions; --",
    "７６０",
]


def _request(**changed: object) -> dict[str, object]:
    return {"district": "760", "period": "2018-Q4", "language": "vi", "store": "s", "as_of": "2018-12-19", "seed": 1} | changed


@pytest.fixture
def template(notebook: Callable[[str], Path]) -> Path:
    return notebook("save()")


@pytest.mark.parametrize("field", ["district", "period", "language", "as_of", "seed"])
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_is_a_value(field: str, payload: str):
    with pytest.raises(WrongParameter) as refused:
        check_values(_request(**{field: payload}))
    assert "\x00" not in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.text())
@pytest.mark.slow
def test_only_the_24_codes_are_districts(text: str):
    if text in districts():
        check_values(_request(district=text))
    else:
        with pytest.raises(WrongParameter):
            check_values(_request(district=text))


def test_the_request_that_the_payloads_are_put_into_is_right():
    check_values(_request())


def test_a_mistyped_name_is_refused_with_the_nearest(template: Path):
    wrong = _request()
    wrong["distrct"] = wrong.pop("district")
    with pytest.raises(WrongParameter, match=r"Có phải là district không\? / .*Did you mean district\?"):
        check_names(wrong, template)


def test_a_missing_name_is_refused(template: Path):
    request = _request()
    del request["as_of"]
    with pytest.raises(WrongParameter, match="as_of is missing"):
        check_names(request, template)


@pytest.mark.parametrize(
    ("name", "value"), [("seed", "1"), ("seed", True), ("seed", 1.0), ("district", 760), ("as_of", dt.date(2018, 12, 19))]
)
def test_a_value_of_another_type_is_refused(template: Path, name: str, value: object):
    with pytest.raises(WrongParameter, match=name):
        check_names(_request(**{name: value}), template)


def test_a_parameter_without_a_plain_type_is_a_fault_of_the_notebook(tmp_path: Path):
    path = tmp_path / "untyped.ipynb"
    cell = nbformat.v4.new_code_cell("district = '760'", metadata={"tags": ["parameters"]})
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[cell], metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
        ),
        path,
    )
    with pytest.raises(WrongParameter, match="must be declared as str or int"):
        declared(path)


def test_a_notebook_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(WrongParameter, match=r"no notebook none\.ipynb"):
        declared(tmp_path / "none.ipynb")


def test_the_district_report_declares_what_a_job_gives(job: Job):
    check_names(job.parameters, default_template())


def test_everything_is_asked_for_in_official_order_and_as_of_the_departments_date(store: Path, template: Path):
    jobs = prepared(store=store, template=template)
    assert [j.subject for j in jobs] == list(districts())
    assert {j.as_of for j in jobs} == {dt.date(2018, 12, 19)}
    assert {(j.period, j.language, j.seed) for j in jobs} == {("2018-Q4", "vi", 2234)}


def test_districts_and_periods_are_read_in_their_usual_writings(store: Path, template: Path):
    (one,) = prepared(["quan 1", "Q.1", "760"], "Quý IV/2018", store=store, template=template)
    assert (one.subject, one.period) == ("760", "2018-Q4")


@pytest.mark.parametrize(
    ("asked", "period", "as_of", "said"),
    [
        (["999"], "2018-Q4", None, "999"),
        (["../../etc/passwd"], "2018-Q4", None, "district"),
        (["760"], "2018-Q9", None, "2018-Q9"),
        (["760"], "2018", None, "2018-Q4"),
        (["760"], "2031-Q1", None, "The store has data from 2018-Q4 to 2018-Q4"),
        (["760"], "2018-Q4", "2018-12-13", "The store is empty"),
        (["760"], "2018-Q4", "2018-13-01", "Write it as 2018-12-19"),
        ([], "2018-Q4", None, "no report to make"),
    ],
)
def test_what_cannot_be_made_is_said_in_both_languages(
    store: Path, template: Path, asked: list[str], period: str, as_of: str | None, said: str
):
    with pytest.raises(WrongParameter) as refused:
        prepared(asked, period, store=store, as_of=as_of, template=template)
    assert said in str(refused.value)
    assert " / " in str(refused.value)


def test_a_store_that_is_not_there_is_named(tmp_path: Path, template: Path):
    with pytest.raises(WrongParameter, match=r"no store none\.duckdb"):
        prepared(["760"], store=tmp_path / "none.duckdb", template=template)


def test_jobs_of_one_run_belong_together(job: Job, template: Path):
    with pytest.raises(WrongParameter, match="share kind, period"):
        check([job, replace(job, subject="761", as_of=dt.date(2018, 12, 20))], template)
    with pytest.raises(WrongParameter, match="none may stand twice"):
        check([job, job], template)
