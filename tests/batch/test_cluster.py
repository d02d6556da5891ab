"""Reports on a Dask cluster: what travels, the same bytes as at home, and what becomes of lost workers, schedulers and batches."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.batch import Batch, Job, NoCluster, Reason, run, shared
from evaluation.batch.jobs import Limits
from evaluation.batch.parcel import Altered, Parcel, Sealed, differing
from evaluation.batch.place import Place, place
from evaluation.batch.publish import digest
from evaluation.settings import folders

CODES = ("760", "761", "763", "764")
KILLER = "763"
PATIENCE = 180.0


def _until(condition: Callable[[], object], what: str) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, what
        time.sleep(0.05)


def _written(path: Path) -> str:
    """Return code for a path: a published notebook must name none."""
    return f'Path(bytes.fromhex("{os.fsencode(path).hex()}").decode())'


def _left(base: Path) -> list[str]:
    """Return the command lines of processes that carry a folder in their environment: kernels and servers of a worker."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and os.fsencode(base) in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [line for line in found if "evaluation.kernels" in line or "ipykernel" in line]


def test_dask_is_named_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("evaluation.batch.place.find_spec", lambda _: None)
    with pytest.raises(NoCluster, match=r"evaluation\[cluster\].* / .*evaluation\[cluster\]"):
        place("tcp://127.0.0.1:8786", None)


@pytest.mark.parametrize(
    ("asked", "word"), [(("tcp://a:1", "local", False), "--cluster"), ((None, "slurm", False), "slurm"), ((None, None, True), "--ship")]
)
def test_a_cluster_is_asked_for_in_one_way(asked: tuple[str | None, str | None, bool], word: str):
    with pytest.raises(NoCluster, match=rf"{word}.* / .*{word}"):
        place(*asked)


def test_nothing_asked_for_is_this_process():
    assert place(None, None) is None
    assert place("tcp://a:1", None, True) == Place("tcp://a:1", True)
    assert place(None, "local") == Place("")


def test_a_file_is_written_once_and_only_as_it_was_sent(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"slice")
    sealed = Sealed.of(tmp_path / "a")
    there = sealed.unpacked(tmp_path / "b")
    assert there.read_bytes() == b"slice"
    before = there.stat().st_ino
    assert sealed.unpacked(there).stat().st_ino == before
    there.write_bytes(b"other")
    assert sealed.unpacked(there).read_bytes() == b"slice"
    with pytest.raises(Altered):
        replace(sealed, content=b"slicf").unpacked(tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_a_parcel_can_be_sent(job: Job):
    parcel = Parcel("run", job, Limits(), True, Sealed(digest(b"x"), b"x"))
    assert pickle.loads(pickle.dumps(parcel)) == parcel


def test_what_differs_is_named():
    here = {"code": "1", "pandas": "3.0"}
    assert differing(here, dict(here)) == ""
    assert differing(here, {"code": "1", "pandas": "3.1"}) == "pandas"
    assert differing(here, {"code": "1"}) == "pandas"
    assert differing(here, here | {"polars": "1"}) == "polars"


@pytest.mark.slow
def test_dask_is_loaded_only_where_it_is_asked_for():
    code = (
        "import sys, evaluation.batch, evaluation.batch.run, evaluation.batch.worker, evaluation.batch.pool, evaluation.cli.reports;"
        "sys.exit(bool({'dask', 'distributed'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=PATIENCE, check=False).returncode == 0


@dataclass(frozen=True)
class Machines:
    """Two workers as on machines of their own, and their scheduler."""

    address: str
    folder: Path

    @property
    def homes(self) -> set[str]:
        return {str(self.folder / name / "home") for name in ("one", "other")}


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A scheduler and two workers, each with a home, a checkout and a working folder of its own."""
    import dask
    from distributed import Nanny, Scheduler, SpecCluster

    folder = tmp_path_factory.mktemp("machines")
    workers = {}
    for name in ("one", "other"):
        root = folder / name
        (root / "home").mkdir(parents=True)
        shutil.copytree(folders().data, root / "checkout" / "data", ignore=shutil.ignore_patterns("incoming"))
        environment = {"HOME": str(root / "home"), "EVALUATION_ROOT": str(root / "checkout"), "EVALUATION_STORE": str(root / "none.duckdb")}
        options = {"nthreads": 1, "host": "127.0.0.1", "local_directory": str(root), "memory_limit": 0, "env": environment}
        workers[name] = {"cls": Nanny, "options": {**options, "dashboard_address": None}}
    scheduler = {"cls": Scheduler, "options": {"host": "127.0.0.1", "port": 0, "dashboard": False}}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 3}),
        SpecCluster(workers=workers, scheduler=scheduler, silence_logs=50) as cluster,  # type: ignore[no-untyped-call]
    ):
        yield Machines(cluster.scheduler_address, folder)


@pytest.fixture
def jobs(job: Job) -> list[Job]:
    return [replace(job, subject=code) for code in CODES]


@pytest.fixture
def sliced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each district have a slice: a file with its code."""
    (tmp_path / "cache").mkdir()
    found = {}
    for code in CODES:
        path = tmp_path / "cache" / code
        path.write_bytes(f"slice of {code}".encode())
        found[code] = (path, digest(path.read_bytes()))
    monkeypatch.setattr(shared.slices, "ready", lambda _: found)


@pytest.fixture
def unsliced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let reports read the store."""
    monkeypatch.setattr(shared.slices, "ready", lambda _: None)
    monkeypatch.setattr(shared, "_work_out", lambda *_: None)


def _published(batch: Batch) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in batch.folder.iterdir() if path.suffix in (".html", ".ipynb", ".json")}


def _timeless(content: bytes) -> Any:
    told = json.loads(content)
    told.pop("run")
    for job in told["jobs"]:
        job.pop("seconds")
    return told


@pytest.mark.slow
@pytest.mark.usefixtures("sliced")
def test_all_reports_come_though_a_worker_is_killed_and_they_are_those_made_at_home(
    machines: Machines, jobs: list[Job], notebook: Callable[[str], Path], tmp_path: Path
):
    seen = tmp_path / "seen"
    seen.mkdir()
    template = notebook(f"""seen = {_written(seen)}
(seen / district).write_text(os.environ["HOME"])
if district == "{KILLER}" and not (seen / "killed").exists():
    (seen / "killed").touch()
    os.kill(int(os.environ["JPY_PARENT_PID"]), 9)
save(title=Path(os.environ["EVALUATION_SLICE"]).read_text("utf-8"))
print("Bến Nghé")""")
    there = run(jobs, tmp_path / "there", template=template, work=tmp_path / "work", scheduler=machines.address)
    assert [record.reason for record in there.records] == [None] * len(CODES)
    assert (seen / "killed").exists()
    assert {(seen / code).read_text() for code in CODES} <= machines.homes
    _until(lambda: not _left(machines.folder), "kernels or servers are left")
    # What the killed worker itself held is Dask's to clear: it does so as another worker starts in its place.
    _until(lambda: len(list(machines.folder.rglob("run-*"))) <= 1, "a run's folder is left")
    assert not list(machines.folder.rglob("runs"))

    home = run(jobs, tmp_path / "home", template=template, work=tmp_path / "work")
    made, wanted = _published(there), _published(home)
    assert _timeless(made.pop("manifest.json")) == _timeless(wanted.pop("manifest.json"))
    assert len(made) == 3 * len(CODES) + 1
    assert made == wanted


@pytest.mark.slow
@pytest.mark.usefixtures("unsliced")
def test_a_worker_with_other_code_is_refused_by_name(
    machines: Machines, jobs: list[Job], notebook: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from evaluation.batch import cluster, parcel

    class Other:
        """Other code here, and what is there on the workers."""

        def __call__(self) -> dict[str, str]:
            return parcel.surroundings() | {"code": "0.0+other"}

        def __reduce__(self) -> Any:
            return getattr, (parcel, "surroundings")

    monkeypatch.setattr(cluster, "surroundings", Other())
    with pytest.raises(NoCluster, match=r"tcp://127\.0\.0\.1:\d+ .*code\..* / .*code differs"):
        run(jobs[:1], tmp_path / "out", template=notebook("save()"), work=tmp_path / "work", scheduler=machines.address)
    assert not list((tmp_path / "out").rglob("district-*"))


@pytest.mark.slow
@pytest.mark.usefixtures("unsliced")
def test_a_store_must_be_seen_by_the_worker_or_be_sent(
    machines: Machines, jobs: list[Job], store: Path, notebook: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from evaluation.batch import cluster, remote

    before = set(machines.folder.rglob("run-*"))
    seen = tmp_path / "seen"
    template = notebook(f"""from evaluation.store import open_store
{_written(seen)}.write_text(store)
save(title="-".join(open_store(store, as_of).periods()))""")
    asked = {"template": template, "work": tmp_path / "work", "scheduler": machines.address}
    by_path = run(jobs[:1], tmp_path / "by_path", **asked)
    assert seen.read_text() == str(store)
    sent = run(jobs[:1], tmp_path / "sent", **asked, ship=True)
    assert Path(seen.read_text()).is_relative_to(machines.folder)
    assert not Path(seen.read_text()).exists()
    published = [{name: content for name, content in _published(b).items() if name != "manifest.json"} for b in (by_path, sent)]
    assert published[0] == published[1]
    assert b"2018-Q4" in published[0]["district-760.html"]

    elsewhere = remote.Supplies("run", {}, {}, replace(jobs[0], store=tmp_path / "none.duckdb"), "state", "life")
    elsewhere.store = None
    assert elsewhere._other_evidence() == "store"
    as_it_is = cluster.Shared
    monkeypatch.setattr(cluster, "Shared", lambda mark, work, _: as_it_is(mark, work, "another state"))
    with pytest.raises(NoCluster, match=r"store\.duckdb.*--ship.* / .*store\.duckdb.*--ship"):
        run(jobs[:1], tmp_path / "unseen", **asked)
    _until(lambda: set(machines.folder.rglob("run-*")) <= before, "a run's folder is left")


@pytest.mark.slow
@pytest.mark.usefixtures("unsliced")
def test_a_scheduler_that_does_not_answer_is_named(
    jobs: list[Job], notebook: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from evaluation.batch import cluster

    monkeypatch.setattr(cluster, "SCHEDULER_WAIT", 0.3)
    with pytest.raises(NoCluster, match=r"tcp://127\.0\.0\.1:9 .* / .*tcp://127\.0\.0\.1:9 "):
        run(jobs[:1], tmp_path / "out", template=notebook("save()"), work=tmp_path / "work", scheduler="tcp://127.0.0.1:9")


def _dask(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"HOME": str(folder), "MPLCONFIGDIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *words, "--scheduler-file", str(folder / "scheduler.json"), "--no-dashboard"],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes], subprocess.Popen[bytes]]]:
    """Address and processes of a scheduler and a worker started as on a cluster, by Dask's own commands."""
    scheduler = _dask(tmp_path, "scheduler", "--host", "127.0.0.1", "--port", "0")
    worker = None
    try:
        _until((tmp_path / "scheduler.json").exists, "no scheduler")
        worker = _dask(
            tmp_path,
            "worker",
            "--nthreads",
            "1",
            "--no-nanny",
            "--host",
            "127.0.0.1",
            "--death-timeout",
            "5",
            "--local-directory",
            str(tmp_path),
        )
        _until(lambda: _read(tmp_path / "scheduler.json"), "no address")
        yield _read(tmp_path / "scheduler.json"), scheduler, worker
    finally:
        for process in (worker, scheduler):
            if process is not None:
                process.kill()
                process.wait()


def _read(path: Path) -> str:
    try:
        return str(json.loads(path.read_text("utf-8"))["address"])
    except (OSError, ValueError):
        return ""


@pytest.mark.slow
@pytest.mark.usefixtures("unsliced")
def test_a_lost_scheduler_is_a_failure_of_what_was_not_done_and_no_hang(
    commands: tuple[str, Any, Any], jobs: list[Job], notebook: Callable[[str], Path], tmp_path: Path
):
    address, scheduler, worker = commands
    begun = tmp_path / "begun"
    hangs = f"""if district == "761":
    import time
    {_written(begun)}.touch()
    time.sleep(600)
save()"""
    killing = threading.Thread(target=lambda: (_until(begun.exists, "no kernel"), scheduler.kill()))
    killing.start()
    batch = run(jobs[:3], tmp_path / "out", template=notebook(hangs), work=tmp_path / "work", scheduler=address)
    killing.join()
    assert [record.reason for record in batch.records] == [None, Reason.CLUSTER_LOST, Reason.CLUSTER_LOST]
    assert (batch.folder / "district-760.html").exists()
    _until(lambda: worker.poll() is not None, "the worker goes on")
    _until(lambda: not _left(tmp_path), "kernels or servers are left")


PROGRAM = """import datetime as dt, sys
from pathlib import Path
from evaluation.batch import Job, run, shared
if __name__ == "__main__":
    shared.slices.ready, shared._work_out = lambda _: None, lambda *_: None
    store, base, template, where = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    jobs = [Job(code, "2018-Q4", "vi", store, dt.date(2018, 12, 19), 1) for code in ("760", "761")]
    named = {"cluster": "local"} if where == "local" else {"scheduler": where}
    run(jobs, base / "out", template=template, work=base / "work", workers=2, **named)
"""


def _batch(base: Path, store: Path, template: Path, where: str) -> subprocess.Popen[bytes]:
    program = base / "program.py"
    program.write_text(PROGRAM, "utf-8")
    return subprocess.Popen(
        [sys.executable, str(program), str(store), str(base), str(template), where],
        env=os.environ | {"HOME": str(base)},
        start_new_session=True,
        stderr=(base / "errors").open("wb"),
    )


def _hanging(notebook: Callable[[str], Path], begun: Path) -> Path:
    return notebook(f"import time\n{_written(begun)}.touch()\ntime.sleep(600)\nsave()")


@pytest.mark.slow
def test_an_interrupt_ends_the_kernels_of_a_cluster_of_this_machine(store: Path, notebook: Callable[[str], Path], tmp_path: Path):
    begun = tmp_path / "begun"
    batch = _batch(tmp_path, store, _hanging(notebook, begun), "local")
    try:
        _until(lambda: begun.exists() or batch.poll() is not None, "no kernel")
        assert batch.poll() is None, (tmp_path / "errors").read_text("utf-8")
        os.killpg(batch.pid, signal.SIGINT)  # as a terminal does: to all processes of the command
        _until(lambda: batch.poll() is not None, "the batch goes on")
    finally:
        batch.kill()
    assert "Cancelled" in (tmp_path / "errors").read_text("utf-8")
    _until(lambda: not _left(tmp_path), "kernels or servers are left")
    assert not list((tmp_path / "work").glob("dask-*"))
    told = json.loads((tmp_path / "out" / "2018-Q4" / "manifest.json").read_text("utf-8"))
    assert {job["reason"] for job in told["jobs"]} == {"interrupted"}


@pytest.mark.slow
def test_a_batch_that_dies_without_a_word_leaves_nothing_on_a_worker(
    commands: tuple[str, Any, Any], store: Path, notebook: Callable[[str], Path], tmp_path: Path
):
    address, _, worker = commands
    begun = tmp_path / "begun"
    batch = _batch(tmp_path, store, _hanging(notebook, begun), address)
    try:
        _until(lambda: begun.exists() or batch.poll() is not None, "no kernel")
        assert list(tmp_path.rglob("run-*"))
    finally:
        batch.kill()
        batch.wait()
    _until(lambda: not _left(tmp_path), "kernels or servers are left")
    _until(lambda: not list(tmp_path.rglob("run-*")), "the run's folder is left")
    assert worker.poll() is None
