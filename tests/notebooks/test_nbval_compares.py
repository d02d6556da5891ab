"""nbval goes red where a stored number no longer comes out, and the folder's own rules hold.

Public projects have run nbval for years without comparing anything; these tests would see it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
STRICT = ["--nbval", "--nbval-kernel-name=evaluation", "--nbval-cell-timeout=300", "--nbval-kernel-startup-timeout=120"]
# One code cell each; the last cell that stores text/plain is the third.
SOURCES = {
    "stdout": "print('tested:', 1234)",
    "text/html": "import pandas as pd\npd.DataFrame({'tested': [1234]})",
    "text/plain": "{'tested': 1234}",
}


def _nbval(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # With CI set, pytest prints its closing lines in another form.
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_", "EVALUATION_EXPECT")) and k != "CI"}
    own = ["-q", "-rs", "-c", os.devnull, "--rootdir", str(folder), "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *own, *STRICT, *options, str(folder)],
        env={**env, "LC_ALL": "C.UTF-8", **environment},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def _small(folder: Path, **metadata: Any) -> Path:
    """Write a notebook with one output of each kind that nbval compares."""
    from nbclient import NotebookClient

    cells = [nbformat.v4.new_code_cell(source) for source in SOURCES.values()]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, **metadata})
    NotebookClient(notebook, timeout=120).execute()
    path = folder / "small.ipynb"
    nbformat.write(notebook, path)
    return path


def _outputs(notebook: dict[str, Any], kind: str) -> list[tuple[dict[str, Any], str]]:
    """Return the places that hold stored text of a kind: (holder, key)."""
    places = []
    for output in (o for c in notebook["cells"] for o in c.get("outputs", [])):
        if kind == "stdout" and output.get("name") == "stdout":
            places.append((output, "text"))
        if kind in output.get("data", {}):
            places.append((output["data"], kind))
    return places


def change_one_number(path: Path, *kinds: str) -> None:
    """Change the last digit that a reader sees in a notebook's stored outputs of the first kind that has one."""
    notebook = json.loads(path.read_text("utf-8"))
    for kind in kinds:
        for holder, key in reversed(_outputs(notebook, kind)):
            text = "".join(holder[key])
            # In a page, what a reader sees stands between the tags.
            seen = re.finditer(r"(?<=>)[^<>]+(?=</(?:td|th|p|b|li|div))", text) if kind == "text/html" else re.finditer(r".+", text)
            digits = [m.start() + d.start() for m in seen for d in re.finditer(r"\d", m[0])]
            if digits:
                at = digits[-1]
                holder[key] = text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]
                path.write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")
                return
    raise AssertionError(f"{path.name} stores no number")


@pytest.mark.slow
def test_an_unchanged_notebook_is_green_and_a_changed_number_is_red(tmp_path: Path):
    unchanged = _small(tmp_path)
    for cell, kind in enumerate(SOURCES):
        change_one_number(Path(shutil.copy(unchanged, tmp_path / f"changed_{cell}.ipynb")), kind)
    run = _nbval(tmp_path, "--color=no", "-rf")
    assert run.returncode == 1, run.stdout
    failed = set(re.findall(r"^FAILED (\S+::Cell \d)", run.stdout, re.M))
    assert failed == {f"changed_{cell}.ipynb::Cell {cell}" for cell in range(len(SOURCES))}
    assert run.stdout.count("mismatch") == len(SOURCES)
    assert "3 failed, 9 passed" in run.stdout


@pytest.mark.slow
def test_a_changed_number_in_the_first_committed_notebook_is_red(tmp_path: Path):
    copied = Path(shutil.copy(ROOT / "notebooks" / "00_start_here.ipynb", tmp_path))
    unchanged = _nbval(tmp_path, EVALUATION_ROOT=str(ROOT))
    assert unchanged.returncode == 0, unchanged.stdout
    change_one_number(copied, "text/html", "text/plain", "stdout", "text/markdown")
    changed = _nbval(tmp_path, "--color=no", EVALUATION_ROOT=str(ROOT))
    assert changed.returncode == 1, changed.stdout
    assert "mismatch" in changed.stdout


def _validation(folder: Path) -> None:
    """A notebook that needs published data, under the rules of notebooks/, on a machine that has none."""
    shutil.copy(ROOT / "notebooks" / "conftest.py", folder)
    _small(folder, evaluation={"needs_published": ["prop99"]})
    (folder / "nothing_published.py").write_text("from evaluation import published\npublished.searched = lambda: ()\n", "utf-8")


@pytest.mark.slow
def test_without_published_data_a_validation_notebook_is_skipped_and_where_expected_it_fails(tmp_path: Path):
    _validation(tmp_path)
    skipped = _nbval(tmp_path, "-p", "nothing_published", PYTHONPATH=str(tmp_path))
    assert skipped.returncode == 0, skipped.stdout
    assert "3 skipped" in skipped.stdout
    assert "published data not at hand: prop99" in skipped.stdout
    failed = _nbval(tmp_path, "-p", "nothing_published", PYTHONPATH=str(tmp_path), EVALUATION_EXPECT_PUBLISHED="1")
    assert failed.returncode == 1, failed.stdout
    assert "passed" not in failed.stdout
    assert "published data not at hand: prop99" in failed.stdout


@pytest.mark.slow
def test_report_notebooks_are_not_run_by_nbval(tmp_path: Path):
    shutil.copy(ROOT / "notebooks" / "conftest.py", tmp_path)
    (tmp_path / "reports").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), tmp_path / "reports" / "district_report.ipynb")
    run = _nbval(tmp_path)
    assert run.returncode == 5, run.stdout  # pytest's own sign for "nothing to run"
