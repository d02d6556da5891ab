"""The notebooks that papermill's wheel brings: those that an ordinary kernel runs here, a warm one runs with the same outputs."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient.exceptions import CellTimeoutError

from evaluation import kernels

WHEEL = Path(papermill.__file__).parent / "tests" / "notebooks"
LIST = {
    row["notebook"]: row["ordinary"]
    for row in csv.DictReader(Path(__file__).with_name("papermill_notebooks.csv").open("r", encoding="utf-8"))
}
NOT_RUN = "needs papermill's own checkout"
SECONDS = 30  # the slowest cell sleeps ten; the one that is to be stopped, sixty


def test_the_list_names_every_notebook_of_the_wheel():
    assert set(LIST) == {path.relative_to(WHEEL).as_posix() for path in WHEEL.rglob("*.ipynb")}


def _run(notebook: str, kernel: str, folder: Path) -> tuple[str, list[Any]]:
    """Return how a notebook ends and what its cells have put out."""
    out = folder / kernel / notebook
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        papermill.execute_notebook(
            str(WHEEL / notebook), str(out), kernel_name=kernel, progress_bar=False, start_timeout=300, execution_timeout=SECONDS
        )
        end = "runs"
    except (papermill.PapermillExecutionError, CellTimeoutError) as error:
        end = type(error).__name__
    outputs = []
    for cell in nbformat.read(out, 4).cells:
        said: list[Any] = []
        for output in cell.get("outputs", []):
            if said and output.output_type == "stream" == said[-1].output_type and output.name == said[-1].name:
                said[-1].text += output.text  # where a stream is cut is a matter of time
            else:
                said.append(output)
        outputs.append(json.loads(json.dumps(said).replace(str(folder / kernel), "")))
    return end, outputs


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_a_warm_kernel_runs_what_an_ordinary_one_runs(tmp_path: Path, surroundings: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    for name in ("IPYTHONDIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, surroundings[name])
    monkeypatch.chdir(tmp_path)
    names = [name for name, end in LIST.items() if end != NOT_RUN]
    with ThreadPoolExecutor(4) as threads:  # several sleep
        begun = [[threads.submit(_run, name, kernel, tmp_path) for kernel in (kernels.ORDINARY, kernels.WARM)] for name in names]
        ended = {name: [one.result() for one in pair] for name, pair in zip(names, begun, strict=True)}
    for name, (ordinary, warm) in ended.items():
        assert ordinary[0] == LIST[name], name
        assert warm == ordinary, name
