"""A study for many settings with real kernels: failures beside good rows, what is known is not run again, killed and taken up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from evaluation.batch import Limits, Refused
from evaluation.batch.journal import unfinished
from evaluation.batch.studies import Sweep, Swept, kept, run_sweep, sweep
from evaluation.batch.studies.asked import STUDY, StudyJob, asked
from evaluation.batch.studies.frame import as_csv, frame
from evaluation.batch.studies.kept import Kept
from evaluation.batch.studies.place import results_place
from evaluation.batch.studies.resume import last_unfinished
from evaluation.batch.studies.table import from_rows
from evaluation.batch.turn import turn
from evaluation.cli import main
from evaluation.settings import folders

LIMITS = Limits(start=60, cell=60, job=120)
DECLARED = """n: int = 1  # a number
name: str = "Bến Nghé"
source: str = ""
outcome: str = "sti_tested\""""
BODY = """import os
from pathlib import Path

import evaluation as ev

with Path("ran.txt").open("a") as ran:  # the notebook's own folder
    ran.write(f"{n}\\n")
if n == 7:
    raise ValueError("secret 12345")
if n == 8:
    os._exit(0)
(Path(os.environ["EVALUATION_JOB"]) / "own.txt").write_text("gone when all went well")
ev.record(square=n * n, said="=1+1 " + name, size=len(Path(source).read_text()) if source else None)
if n % 2:
    ev.record(odd=True)"""

Write = Callable[..., Path]


def _notebook(folder: Path, body: str = BODY) -> Path:
    path = folder / "light.ipynb"
    tagged = nbformat.v4.new_code_cell(DECLARED, metadata={"tags": ["parameters"]})
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[tagged, nbformat.v4.new_code_cell(body)], metadata=kernel), path)
    return path


def _ran(folder: Path) -> list[int]:
    return sorted(int(line) for line in (folder / "ran.txt").read_text().split())


def _asked(folder: Path, *numbers: int, **more: object) -> Sweep:
    jobs = asked(from_rows([{"n": n} for n in numbers]), folder / "light.ipynb").studies
    return Sweep(jobs, folder / "results.csv", folder / "work", **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Swept]:
    """Four rows: two good ones, an error, a kernel that dies."""
    folder = tmp_path_factory.mktemp("study {with} braces")
    _notebook(folder)
    return folder, run_sweep(_asked(folder, 1, 7, 8, 2), limits=LIMITS)


@pytest.mark.slow
def test_a_bad_row_stops_no_other(swept: tuple[Path, Swept]):
    _, found = swept
    table = found.frame
    assert list(table.columns) == [
        *("job", "n", "name", "source", "outcome"),
        *("run_outcome", "run_reason", "run_seconds", "square", "said", "size", "odd"),
    ]
    assert list(table["run_outcome"]) == ["done", "failed", "failed", "done"]
    assert list(table["run_reason"]) == ["", "cell_error: cell 3; error ValueError", "kernel_died: cell 3", ""]
    assert table["square"].tolist() == [1, pd.NA, pd.NA, 4]
    assert [str(table[c].dtype) for c in ("n", "square", "odd", "name")] == ["int64", "Int64", "boolean", "str"]
    assert table["odd"].isna().tolist() == [False, True, True, True]
    assert len(found.failed) == 2


@pytest.mark.slow
def test_files_are_left_of_rows_that_failed_alone(swept: tuple[Path, Swept]):
    _, found = swept
    assert {p.name for p in found.folder.iterdir() if p.is_dir()} == {"job-0002", "job-0003"}
    assert "secret 12345" in (found.folder / "job-0002" / "notebook.ipynb").read_text("utf-8")
    assert found.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_the_collected_table_can_be_read_by_a_spreadsheet_that_runs_nothing(swept: tuple[Path, Swept]):
    folder, found = swept
    body = (folder / "results.csv").read_bytes()
    assert body.startswith(b"\xef\xbb\xbfjob,n,name,")
    assert b",'=1+1 B\xe1\xba\xbfn Ngh\xc3\xa9," in body
    read = pd.read_csv(folder / "results.csv")
    assert read["square"].tolist()[::3] == [1, 4]
    assert read.shape == found.frame.shape


@pytest.mark.slow
def test_what_is_known_is_not_run_again(tmp_path: Path):
    notebook = _notebook(tmp_path)
    first = run_sweep(_asked(tmp_path, 1, 2, 7), limits=LIMITS)
    again = run_sweep(_asked(tmp_path, 2, 1, 3, 7), limits=LIMITS)
    assert [r.outcome for r in again.records.values()].count("current") == 2
    assert _ran(tmp_path) == [1, 2, 3, 7, 7]  # what failed is tried again
    assert again.values["job-0002"] == first.values["job-0001"]
    assert [job.name for job in _asked(tmp_path, 1, 4).unknown()] == ["job-0002"]
    run_sweep(_asked(tmp_path, 1, 2, force=frozenset({"job-0002"})), limits=LIMITS)
    assert _ran(tmp_path) == [1, 2, 2, 3, 7, 7]
    _notebook(tmp_path, BODY.replace("n * n", "n * n * n"))
    changed = sweep(notebook, [{"n": 2}], work=tmp_path / "work", limits=LIMITS)
    assert changed["square"].tolist() == [8]


@pytest.mark.slow
def test_a_file_that_a_setting_names_counts_with_its_content(tmp_path: Path):
    notebook = _notebook(tmp_path)
    (tmp_path / "mine.csv").write_text("abc")
    rows = [{"source": "mine.csv"}]
    assert sweep(notebook, rows, work=tmp_path / "work", limits=LIMITS)["size"].tolist() == [3]
    (tmp_path / "mine.csv").write_text("abcde")
    assert sweep(notebook, rows, work=tmp_path / "work", limits=LIMITS)["size"].tolist() == [5]
    assert _ran(tmp_path) == [1, 1]


@pytest.mark.slow
def test_all_notebooks_are_kept_where_that_is_asked_for(tmp_path: Path):
    _notebook(tmp_path)
    found = run_sweep(_asked(tmp_path, 1, 2, keep=True), limits=LIMITS)
    assert sorted(p.parent.name for p in found.folder.glob("*/notebook.ipynb")) == ["job-0001", "job-0002"]


PROGRAM = """import sys
from pathlib import Path

from evaluation.batch.studies import Sweep, kept, run_sweep
from evaluation.batch.studies.asked import asked
from evaluation.batch.studies.table import from_rows

kept.code_version = lambda: "the same"
folder = Path(sys.argv[1])
jobs = asked(from_rows([{"n": n} for n in (1, 2, 3, 4)]), folder / "light.ipynb").studies
run_sweep(Sweep(jobs, folder / "results.csv", folder / "work"), workers=1)
"""


def _begun(folder: Path) -> subprocess.Popen[str]:
    """Start a sweep whose third row waits, and return once two rows are known."""
    _notebook(folder, BODY + '\nimport time\nif n == 3 and not Path("go").exists():\n    time.sleep(600)')
    run = subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], text=True, stderr=subprocess.PIPE, start_new_session=True)
    until = time.monotonic() + 120
    while not (folder / "ran.txt").exists() or len(_ran(folder)) < 3:
        assert run.poll() is None, run.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.1)
    (folder / "go").touch()
    return run


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_sweep_is_taken_up_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept, "code_version", lambda: "the same")  # whoever works on the library meanwhile
    with _begun(tmp_path) as run:
        os.killpg(run.pid, signal.SIGKILL)
    left = last_unfinished(tmp_path / "work")
    assert left is not None
    assert not (tmp_path / "results.csv").exists()
    assert [job.name for job in left.unknown()] == ["job-0003", "job-0004"]
    found = run_sweep(left, limits=LIMITS)
    assert _ran(tmp_path) == [1, 2, 3, 3, 4]
    assert found.frame["square"].tolist() == [1, 4, 9, 16]
    assert len(pd.read_csv(tmp_path / "results.csv")) == 4
    assert unfinished(tmp_path / "work") == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="requests to end are told otherwise there")
def test_an_interrupted_sweep_hands_over_what_it_has(tmp_path: Path):
    with _begun(tmp_path) as run:
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=120)
    assert run.returncode != 0
    table = pd.read_csv(tmp_path / "results.csv")
    assert table["run_outcome"].tolist() == ["done", "done", "failed", "failed"]
    assert table["run_reason"].tolist()[2:] == ["interrupted", "interrupted"]


def test_two_sweeps_of_one_notebook_do_not_run_at_once(tmp_path: Path):
    notebook = _notebook(tmp_path)
    with turn(Kept(tmp_path / "work", notebook).folder), pytest.raises(Refused, match=r"light\.ipynb"):
        run_sweep(_asked(tmp_path, 1))
    assert not (tmp_path / "ran.txt").exists()


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path):
    known = Kept(tmp_path, tmp_path / "light.ipynb")
    known.add("a", {"x": 1}, 0.5)
    with (known.folder / "recorded.jsonl").open("a") as file:
        file.write('{"row": "b", "val')
    known = Kept(tmp_path, tmp_path / "light.ipynb")
    known.add("c", {"x": 2}, 0.5)
    again = Kept(tmp_path, tmp_path / "light.ipynb")
    assert [again.get(row) for row in "abc"] == [({"x": 1}, 0.5), None, ({"x": 2}, 0.5)]


@pytest.mark.parametrize("place", ["outputs/results.csv", "outputs/2018-Q4/x.csv", "docs/results.csv", "results.csv"])
def test_recorded_values_do_not_lie_where_the_project_shares_things(place: str):
    with pytest.raises(Refused, match="have not passed the disclosure gate"):
        results_place(folders().root / place, ())


def test_a_link_does_not_lead_recorded_values_into_outputs(tmp_path: Path):
    (tmp_path / "link").symlink_to(folders().outputs)
    with pytest.raises(Refused, match="outputs"):
        results_place(tmp_path / "link" / "results.csv", ())


def test_the_collected_table_overwrites_neither_notebook_nor_settings(tmp_path: Path):
    job = StudyJob("a", _notebook(tmp_path), {}, {})
    for place in (job.notebook, tmp_path, tmp_path / "jobs.csv"):
        with pytest.raises(Refused):
            results_place(place, [job], tmp_path / "jobs.csv")
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="another place for --results"):
        results_place(tmp_path / "file" / "x.csv", [job])
    assert results_place(tmp_path / "new" / "x.csv", [job]) == tmp_path / "new" / "x.csv"


def test_reports_are_not_made_past_the_gate(store: Path):
    with pytest.raises(Refused, match="disclosure gate"):
        sweep(None, [{"district": "760", "store": str(store)}])


def test_text_that_a_spreadsheet_would_run_is_text_and_numbers_stay_numbers(tmp_path: Path):
    from evaluation.batch.records import Record

    signs = ["=1", "+1", "-1", "@x", "\tx", "x=1"]
    jobs = [StudyJob(str(n), tmp_path / "a.ipynb", {}, {"text": sign}) for n, sign in enumerate(signs)]
    records = {job.name: Record(job.name, "", "done", kind=STUDY) for job in jobs}
    values = {job.name: {"value": -1.5, "text": "-"} for job in jobs}
    lines = as_csv(frame(jobs, records, values)).decode("utf-8-sig").splitlines()
    assert lines[0] == "job,text,run_outcome,run_reason,run_seconds,value,recorded_text"
    assert [line.split(",")[1] for line in lines[1:]] == ["'=1", "'+1", "'-1", "'@x", "'\tx", "x=1"]
    assert {line.split(",")[5] for line in lines[1:]} == {"-1.5"}
    assert {line.split(",")[6] for line in lines[1:]} == {"'-"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--notebook", "x.ipynb"], 2, "go with --jobs alone"),
        (["--jobs", "x.csv", "--all"], 2, "--jobs says itself"),
        (["--jobs", "none.csv"], 2, "there is no such file"),
        (["--jobs", "jobs.csv", "--notebook", "light.ipynb", "--cluster", "local"], 2, "run on this machine"),
        (["--jobs", "bad.csv", "--notebook", "light.ipynb"], 2, "Did you mean name?"),
    ],
)
def test_wrong_use_is_told_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
):
    monkeypatch.chdir(tmp_path)
    _notebook(tmp_path)
    (tmp_path / "jobs.csv").write_text("n\n1\n")
    (tmp_path / "bad.csv").write_text("nam\n1\n")
    assert main(["report", *arguments]) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "ran.txt").exists()


@pytest.mark.slow
def test_the_command_runs_a_pilots_study_under_the_settings_of_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The smallest p-value of a rank among k placebos is 1 / (k + 1), whatever the study says."""
    for name in ("data", "notebooks"):
        (tmp_path / "project").mkdir(exist_ok=True)
        (tmp_path / "project" / name).symlink_to(folders().root / name)
    monkeypatch.setenv("EVALUATION_STORE", str(folders().evidence))
    monkeypatch.setenv("EVALUATION_ROOT", str(tmp_path / "project"))  # with a work folder of its own
    monkeypatch.chdir(tmp_path)
    (tmp_path / "settings.csv").write_text("job;design;level_factor;seed\nstrict;did;3,0;1\nany;did;0;1\nother;did;3;2\n")
    notebook = folders().notebooks / "studies" / "pilot_settings.ipynb"
    code = main(
        ["report", "--jobs", "settings.csv", "--notebook", str(notebook), "--results", "results.csv", "--force", "--language", "en"]
    )
    out = capsys.readouterr().out
    assert code == 0, out
    assert "3 rows run, 0 known already and unchanged, 0 failed. Results: results.csv" in out
    table = pd.read_csv("results.csv").set_index("job")
    ranked = (1 / table["smallest_p"]).tolist()
    assert ranked == pytest.approx([round(k) for k in ranked])
    assert (ranked <= table["donors"] + 1 + 1e-6).all()
    assert table.loc["any", "donors"] > table.loc["strict", "donors"]
    assert table.loc["strict", "effect"] == table.loc["other", "effect"]
    assert set(table["outcome"]) == {"sti_tested"}
    assert main(["report", "--jobs", "settings.csv", "--notebook", str(notebook), "--dry-run", "--language", "en"]) == 0
    assert "0 of 3 rows would be run" in capsys.readouterr().out
