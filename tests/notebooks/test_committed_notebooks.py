"""Every committed notebook reads as the house wants it and carries nothing of the machine it ran on."""

from __future__ import annotations

import ast
import copy
import getpass
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
FOR_PEOPLE = [*sorted(FOLDER.glob("*.ipynb")), *sorted((FOLDER / "validation").glob("*.ipynb"))]
TEMPLATES = [*sorted((FOLDER / "reports").glob("*.ipynb")), *sorted((FOLDER / "studies").glob("*.ipynb"))]
PROMISED = {
    "00_start_here.ipynb",
    "01_plan_and_results_framework.ipynb",
    "02_data_quality.ipynb",
    "03_indicators.ipynb",
    "04_pilot_effects.ipynb",
    "05_spillover.ipynb",
    "07_costs.ipynb",
    "reports/district_report.ipynb",
    "reports/pilot_report.ipynb",
    "studies/pilot_settings.ipynb",
    "validation/german_reunification.ipynb",
    "validation/minimum_wage.ipynb",
    "validation/proposition99.ipynb",
    "validation/published_figures.ipynb",
}
LINES = 25

MACHINE_PATH = re.compile(
    r"(?<![\w.:/])/(?:work|tmp|root|home|Users|private|mnt|opt|srv|var|usr|farm)/[\w./-]+|\b[A-Z]:\\\\?Users|site-packages"
)
CLOCK = re.compile(r"\b20\d\d-\d\d-\d\d[T ](?!00:00)\d\d:\d\d|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} +\d+ \d\d:\d\d")
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")
UNCOMPARED = {"nbval-ignore-output", "nbval-skip", "nbval-raises-exception", "raises-exception"}
UNCOMPARED_COMMENT = re.compile(r"^\s*#\s*(NBVAL_IGNORE_OUTPUT|PYTEST_VALIDATE_IGNORE_OUTPUT|NBVAL_SKIP|NBVAL_RAISES_EXCEPTION)", re.M)
# Names too common to tell a person from a word.
NOBODY = {"root", "user", "runner", "admin", "ubuntu", "jovyan", "builder", "docker", "vscode", "test"}


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _texts(notebook: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield all that a reader could read, cell by cell; pictures are left out, their letters mean nothing."""
    for k, cell in enumerate(notebook["cells"]):
        yield k, _source(cell)
        for output in cell.get("outputs", []):
            yield k, "".join(output.get("text", []))
            for kind, value in output.get("data", {}).items():
                if not kind.startswith("image/") or kind == "image/svg+xml":
                    yield k, "".join(value) if isinstance(value, list | str) else json.dumps(value, ensure_ascii=False)


def _traces(notebook: dict[str, Any], person: str) -> Iterator[str]:
    for k, text in _texts(notebook):
        for what, pattern in (("a machine's path", MACHINE_PATH), ("a time of day", CLOCK), ("an object's address", ADDRESS)):
            if found := pattern.search(text):
                yield f"cell {k}: {what}: {found[0]}"
        if person not in NOBODY and len(person) > 2 and re.search(rf"\b{re.escape(person)}\b", text):
            yield f"cell {k}: a user's name"
        if text != unicodedata.normalize("NFC", text):
            yield f"cell {k}: text that is not NFC"
    if found := MACHINE_PATH.search(json.dumps(notebook["metadata"])):
        yield f"metadata: a machine's path: {found[0]}"


def _defines(node: ast.AST) -> bool:
    """A lambda handed to a library's function is no definition; one with a name is."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return isinstance(node.value, ast.Lambda)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _code(notebook: dict[str, Any]) -> Iterator[str]:
    for k, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        plain = "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in _source(cell).split("\n"))
        if any(_defines(node) for node in ast.walk(ast.parse(plain))):
            yield f"cell {k}: defines a function or class; it belongs into the library"
        if plain.count("\n") + 1 > LINES:
            yield f"cell {k}: {plain.count(chr(10)) + 1} lines"
        if UNCOMPARED & set(cell["metadata"].get("tags", [])) or UNCOMPARED_COMMENT.search(plain):
            yield f"cell {k}: keeps its output from being compared"
        if plain.rstrip().endswith(";"):
            # Under nbval the semicolon silences nothing, and the cell's value would differ from what is stored.
            yield f"cell {k}: ends in a semicolon; write `_ = …`"
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                yield f"cell {k}: ends in an error"
            if output.get("name") == "stderr":
                yield f"cell {k}: writes to stderr"


def _volatile(notebook: dict[str, Any]) -> Iterator[str]:
    for key in ("papermill", "widgets", "vscode"):
        if key in notebook["metadata"]:
            yield f"metadata: {key}"
    if "version" in notebook["metadata"].get("language_info", {}):
        yield "metadata: the version of Python"
    if notebook["metadata"].get("kernelspec", {}).get("name") != "python3":
        yield "metadata: the kernel is not python3"
    for k, cell in enumerate(notebook["cells"]):
        for key in {"execution", "papermill", "ExecuteTime"} & set(cell["metadata"]):
            yield f"cell {k}: metadata {key}"
        if cell.get("id", str(k)) != str(k):
            yield f"cell {k}: id {cell['id']}"


def _order(notebook: dict[str, Any]) -> Iterator[str]:
    """A notebook run once from top to bottom counts 1, 2, 3, …; an empty code cell is never run."""
    code = [c for c in notebook["cells"] if c["cell_type"] == "code" and _source(c).strip()]
    counts = [c["execution_count"] for c in code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"run counts {counts}: not run from top to bottom"
    for output in (o for c in code for o in c["outputs"] if "execution_count" in o):
        if output["execution_count"] not in counts:
            yield "an output with another cell's run count"


def faults(notebook: dict[str, Any], person: str) -> list[str]:
    """List what no committed notebook may carry."""
    return [*_traces(notebook, person), *_code(notebook), *_volatile(notebook)]


def template_faults(notebook: dict[str, Any]) -> list[str]:
    """List what a notebook with parameters may not be: with results, or with parameters that cannot be checked before a run."""
    found = [f"cell {k}: carries outputs" for k, c in enumerate(notebook["cells"]) if c.get("outputs") or c.get("execution_count")]
    tagged = [c for c in notebook["cells"] if "parameters" in c["metadata"].get("tags", [])]
    if len(tagged) != 1 or tagged[0]["cell_type"] != "code":
        return [*found, f"{len(tagged)} cells tagged parameters"]
    for statement in ast.parse(_source(tagged[0])).body:
        # papermill knows only plain types; a union or a Literal makes a parameter unknown to it.
        if not isinstance(statement, ast.AnnAssign) or ast.unparse(statement.annotation) not in {"str", "int", "float", "bool"}:
            found.append(f"parameters: {ast.unparse(statement)} has no plain type")
    return found


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8")))


def _id(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def test_the_promised_notebooks_are_there():
    assert PROMISED - {_id(p) for p in [*FOR_PEOPLE, *TEMPLATES]} == set()


@pytest.mark.parametrize("path", [*FOR_PEOPLE, *TEMPLATES], ids=_id)
def test_a_committed_notebook_is_clean(path: Path):
    assert faults(_read(path), getpass.getuser()) == []


@pytest.mark.parametrize("path", FOR_PEOPLE, ids=_id)
def test_a_notebook_for_people_was_run_from_top_to_bottom(path: Path):
    assert list(_order(_read(path))) == []


@pytest.mark.parametrize("path", FOR_PEOPLE, ids=_id)
def test_a_notebook_for_people_has_outputs_to_compare(path: Path):
    notebook = _read(path)
    kinds = {kind for c in notebook["cells"] for o in c.get("outputs", []) for kind in [*o.get("data", {}), o.get("name")]}
    assert kinds & {"text/plain", "text/html", "text/markdown", "stdout"}


@pytest.mark.parametrize("path", TEMPLATES, ids=_id)
def test_a_notebook_with_parameters_is_a_template(path: Path):
    assert template_faults(_read(path)) == []


def _clean() -> dict[str, Any]:
    output = {"output_type": "execute_result", "data": {"text/plain": ["n = 12"]}, "metadata": {}, "execution_count": 1}
    return {
        "metadata": {"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}},
        "cells": [
            {"cell_type": "markdown", "id": "0", "metadata": {}, "source": ["Kỳ 2018-Q4, chốt ngày 2018-12-14"]},
            {"cell_type": "code", "id": "1", "metadata": {}, "source": ["n"], "outputs": [output], "execution_count": 1},
        ],
    }


def _says(text: str) -> Callable[[dict[str, Any]], None]:
    def change(notebook: dict[str, Any]) -> None:
        notebook["cells"][1]["outputs"][0]["data"]["text/plain"] = [text]

    return change


def _runs(source: str) -> Callable[[dict[str, Any]], None]:
    def change(notebook: dict[str, Any]) -> None:
        notebook["cells"][1]["source"] = [source]

    return change


def _cell(**entries: Any) -> Callable[[dict[str, Any]], None]:
    return lambda notebook: notebook["cells"][1].update(entries)


def _head(**entries: Any) -> Callable[[dict[str, Any]], None]:
    return lambda notebook: notebook["metadata"].update(entries)


DIRT = {
    "path": (_says("read " + "/home/" + "lan/store.duckdb"), "a machine's path"),
    "path in an installation": (_says("lib/site-packages/pandas"), "a machine's path"),
    "time": (_says("2026-11-23 14:05:01"), "a time of day"),
    "object": (_says("<Axes at 0x7f2b8c0d1e>"), "an object's address"),
    "user": (_says("run by lanhuong"), "a user's name"),
    "decomposed letters": (_says(unicodedata.normalize("NFD", "Quận")), "NFC"),
    "function": (_runs("def f():\n    return 1"), "defines a function"),
    "lambda": (_runs("f = lambda x: x"), "defines a function"),
    "semicolon": (_runs("n;"), "semicolon"),
    "long cell": (_runs("\n".join(["x = 1"] * 26)), "26 lines"),
    "comment against nbval": (_runs("# NBVAL_IGNORE_OUTPUT\nn"), "compared"),
    "tag against nbval": (_cell(metadata={"tags": ["raises-exception"]}), "compared"),
    "error": (_cell(outputs=[{"output_type": "error", "ename": "E", "evalue": "", "traceback": []}]), "ends in an error"),
    "warning": (_cell(outputs=[{"output_type": "stream", "name": "stderr", "text": ["careful"]}]), "stderr"),
    "timing": (_cell(metadata={"execution": {"iopub.execute_input": "x"}}), "metadata execution"),
    "random id": (_cell(id="a3f9"), "id a3f9"),
    "papermill": (_head(papermill={"duration": 3.2}), "papermill"),
    "version": (_head(language_info={"name": "python", "version": "3.11.7"}), "version of Python"),
    "kernel": (_head(kernelspec={"name": "evaluation-lan"}), "kernel is not python3"),
}


def test_a_clean_notebook_has_no_faults():
    assert faults(_clean(), "lanhuong") == []
    assert list(_order(_clean())) == []


@pytest.mark.parametrize("count", [None, 2, 7])
def test_a_notebook_run_out_of_order_is_seen(count: int | None):
    notebook = _clean()
    notebook["cells"][1]["execution_count"] = count
    assert any("top to bottom" in fault for fault in _order(notebook))


@pytest.mark.parametrize("name", DIRT)
def test_dirt_is_seen(name: str):
    change, said = DIRT[name]
    notebook = copy.deepcopy(_clean())
    change(notebook)
    assert any(said in fault for fault in faults(notebook, "lanhuong"))


@pytest.mark.parametrize(
    ("source", "tags", "said"),
    [
        ('district: str = "760"', [], "0 cells tagged"),
        ('district = "760"', ["parameters"], "no plain type"),
        ('period: str | None = "2018-Q4"', ["parameters"], "no plain type"),
        ('district: str = "760"', ["parameters"], "carries outputs"),
    ],
)
def test_a_faulty_template_is_seen(source: str, tags: list[str], said: str):
    notebook = _clean()
    notebook["cells"][1] |= {"source": [source], "metadata": {"tags": tags}}
    assert any(said in fault for fault in template_faults(notebook))
