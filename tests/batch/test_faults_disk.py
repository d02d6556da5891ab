"""Full disks, folders that vanish, files that change and clocks that go back: what was there stays, and what is told can be read."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.batch import Batch, Job, Reason, Record, Refused, WrongParameter, journal, last_unfinished, run
from evaluation.batch.publish import digest
from evaluation.batch.sources import Sources
from evaluation.batch.worker import Product

running = sys.modules["evaluation.batch.run"]  # the package gives the function of this name
CODES = ("760", "761", "762")
Go = Callable[..., Batch]


@pytest.fixture
def jobs(job: Job) -> list[Job]:
    return [replace(job, subject=code) for code in CODES]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.ipynb"
    path.write_text('{"cells": []}', "utf-8")
    return path


@pytest.fixture
def text() -> dict[str, str]:
    """What the next run's pages hold."""
    return {"page": "first", "error": ""}


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, template: Path, jobs: list[Job], text: dict[str, str]) -> Go:
    """Runs with jobs that are done at once."""

    def products(self: Any, making: Any) -> Iterator[Product]:
        for p in making:
            if text["error"] and p.job.subject == "761":
                details = {"error": text["error"]}
                yield Product(Record.failed(p.job, Reason.CELL_ERROR, None, details), {})
                continue
            contents = {name: f"{name} {text['page']}".encode() for name in p.job.files.values()}
            files = {name: digest(content) for name, content in contents.items()}
            yield Product(Record(p.job.subject, p.job.language, "done", status="reported", files=files, seconds=1.0), contents)

    monkeypatch.setattr(running, "check_names", lambda *_: None)
    monkeypatch.setattr(running._Run, "_here", products)
    monkeypatch.setattr(running.kernels, "start", lambda *_: None)
    monkeypatch.setattr(running.manifest, "commit", lambda: "none")
    monkeypatch.setattr("evaluation.batch.shared._work_out", lambda *_: None)
    monkeypatch.setattr("evaluation.batch.sources.PACKAGE", tmp_path / "library")

    def once(out: Path = tmp_path / "out", **named: Any) -> Batch:
        return run(named.pop("jobs", jobs), out, template=template, work=tmp_path / "work", **named)

    return once


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*")}


def _outcomes(folder: Path) -> dict[str, str]:
    return {entry["district"]: entry["outcome"] for entry in json.loads((folder / "manifest.json").read_text("utf-8"))["jobs"]}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB."""
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_leaves_every_earlier_report_byte_for_byte(go: Go, small: Path, text: dict[str, str]):
    before = _bytes(go(small).folder)
    assert len(before) == 11
    text["page"] = "x" * 200_000
    batch = go(small, force=True)
    assert {r.reason for r in batch.records} == {Reason.DISK}
    assert {name: content for name, content in _bytes(batch.folder).items() if name.startswith("district-")} == {
        name: content for name, content in before.items() if name.startswith("district-")
    }
    assert not list(batch.folder.glob(".*"))
    assert _outcomes(batch.folder) == dict.fromkeys(CODES, "failed")
    assert {r.reason for r, _ in journal.read(batch.work).ends} == {Reason.DISK}  # type: ignore[union-attr]


def test_a_disk_that_fills_up_in_the_middle_fails_what_no_longer_fits(go: Go, small: Path, text: dict[str, str]):
    text["page"] = "x" * 40_000  # a report is three files: two fit, with their index
    batch = go(small)
    assert [r.outcome for r in batch.records] == ["done", "done", "failed"]
    assert not list(batch.folder.glob("*762*"))
    assert _outcomes(batch.folder) == {"760": "done", "761": "done", "762": "failed"}


def test_where_not_even_the_index_fits_the_earlier_one_stays_and_the_next_run_brings_it_up_to_date(
    go: Go, text: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    before = _bytes(go().folder)
    text["page"] = "second"
    real = running.publish

    def full(files: Any, mark: str) -> None:
        if any(path.name == "manifest.json" for path in files):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(files, mark)

    with monkeypatch.context() as patch:
        patch.setattr(running, "publish", full)
        batch = go(force=True)
    assert not batch.written
    assert not batch.failed
    assert _bytes(batch.folder)["manifest.json"] == before["manifest.json"]
    again = go()
    assert {r.outcome for r in again.records} == {"current"}
    told = json.loads((again.folder / "manifest.json").read_text("utf-8"))
    assert all(digest((again.folder / name).read_bytes()) == sha256 for name, sha256 in told["outputs"].items())


def test_a_journal_that_finds_no_room_stops_no_report_and_holds_whole_lines(go: Go, text: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    text["error"] = "ValueError"  # a run with a failure keeps its journal
    wrote: list[int] = []
    real = os.write

    def write(handle: int, content: bytes) -> int:
        wrote.append(len(content))
        if len(wrote) == 2:
            return real(handle, content[:20])
        if len(wrote) in (3, 4):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, content)

    with monkeypatch.context() as patch:
        patch.setattr(journal.os, "write", write)
        batch = go()
    assert len(wrote) >= 5
    told = journal.read(batch.work)
    assert told is not None
    assert [r.subject for r, _ in told.ends] == list(CODES)
    assert told.ended
    assert all(json.loads(line) for line in (batch.work / "journal.jsonl").read_text("utf-8").splitlines())


def test_a_line_is_not_lost_behind_one_that_a_killed_run_left_half_written(tmp_path: Path):
    begun = journal.Journal(tmp_path)
    begun.begin({"out": "x"})
    with begun.path.open("a", encoding="utf-8") as file:
        file.write('{"event": "job", "rec')
    journal.Journal(tmp_path).end()
    told = journal.read(tmp_path)
    assert told is not None
    assert told.ended


def test_a_work_folder_that_is_deleted_in_the_middle_takes_no_report_with_it(go: Go, tmp_path: Path, text: dict[str, str]):
    import shutil

    text["error"] = "ValueError"
    batch = go(tell=lambda record: shutil.rmtree(tmp_path / "work") if record.subject == "760" else None)
    assert [r.outcome for r in batch.records] == ["done", "failed", "done"]
    assert batch.written
    assert _outcomes(batch.folder) == {"760": "done", "761": "failed", "762": "done"}
    told = journal.read(batch.work)
    assert told is not None
    assert told.begun["out"] == str(batch.folder)
    assert told.ended


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[Path]:
    """A folder that not even root can write to."""
    place = tmp_path / "fixed"
    (place / "2018-Q4").mkdir(parents=True)
    command = f"mount --bind {place} {place} && mount -o remount,ro,bind {place}"
    if subprocess.run(["sh", "-c", command], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a folder that nobody can write to")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_folder_that_cannot_be_written_to_is_refused_before_anything_starts(
    go: Go, unwritable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(running._Run, "_hands", lambda *_: pytest.fail("a server was started"))
    with pytest.raises(Refused, match="2018-Q4 cannot be written to"):
        go(unwritable)
    assert not list((tmp_path / "work").glob("runs/*"))


def test_a_store_that_vanishes_in_the_middle_leaves_index_and_manifest(go: Go, jobs: list[Job], tmp_path: Path):
    import shutil

    own = tmp_path / "evidence" / "store.duckdb"
    shutil.copytree(jobs[0].store.parent, own.parent)

    def tell(record: Record) -> None:
        if record.subject == "760":
            shutil.rmtree(own.parent)

    batch = go(jobs=[replace(j, store=own) for j in jobs], tell=tell)
    assert batch.written
    assert _outcomes(batch.folder) == dict.fromkeys(CODES, "done")


@pytest.mark.parametrize(("error", "reason"), [("SliceError", Reason.CHANGED), ("ValueError", Reason.CELL_ERROR)])
def test_reports_made_while_the_library_was_changed_are_made_again(
    go: Go, text: dict[str, str], template: Path, error: str, reason: Reason
):
    text["error"] = error

    def tell(record: Record) -> None:
        if record.subject == "760":
            os.utime(template, ns=(1, 1))  # whoever edits a file writes it anew

    batch = go(tell=tell)
    assert [(r.outcome, r.reason) for r in batch.records] == [("done", None), ("failed", reason), ("done", None)]
    text["error"] = ""
    assert [r.outcome for r in go().records] == ["current", "done", "done"]


def test_a_file_of_the_library_that_changes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "room").mkdir()
    source = tmp_path / "room" / "module.py"
    source.write_text("a", "utf-8")
    monkeypatch.setattr("evaluation.batch.sources.PACKAGE", tmp_path)
    sources = Sources(tmp_path / "none.ipynb")
    (tmp_path / "room" / "module.pyc").write_text("a", "utf-8")
    assert not sources.changed()
    source.write_text("ab", "utf-8")
    assert sources.changed()


def test_a_clock_that_goes_back_changes_no_order_and_no_duration(
    go: Go, jobs: list[Job], text: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    class Back(dt.datetime):
        hours = 0

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            cls.hours += 1
            return dt.datetime(2026, 11, 25, 12, tzinfo=tz) - dt.timedelta(hours=cls.hours)

    text["error"] = "ValueError"
    monkeypatch.setattr(dt, "datetime", Back)
    ended: list[str] = []
    first, second = go(), go(force=True, tell=lambda record: ended.append(record.subject))
    assert first.work.name < second.work.name
    told = journal.read(second.work)
    assert told is not None
    assert [r.subject for r, _ in told.ends] == ended
    assert all(r.seconds >= 0 and all(s >= 0 for s in r.stages.values()) for r in second.records)
    with monkeypatch.context() as patch:
        patch.setattr(running._Run, "_finish", lambda *_: None)
        go(jobs=jobs[:1], force=True)
        go(jobs=jobs[1:], force=True)
    left = last_unfinished(tmp_path / "work")
    assert left is not None
    assert {j.subject for j in left.jobs} == {"761", "762"}


PYTHON = b'"metadata": {"kernelspec": {"name": "python3", "language": "python"}}'
NOT_NOTEBOOKS = {
    "no text": b"\xff\xfe\x00",
    "no JSON": b"# A report",
    "no notebook": b"[1, 2]",
    "nothing": b"",
    "another format": b'{"cells": [], "metadata": {}, "nbformat": 99, "nbformat_minor": 0}',
    "no parameters": b'{"cells": [], ' + PYTHON + b', "nbformat": 4, "nbformat_minor": 5}',
}


@pytest.mark.parametrize("name", list(NOT_NOTEBOOKS))
def test_a_file_that_is_no_notebook_is_named_before_a_kernel_starts(
    jobs: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setattr(running.kernels, "start", lambda *_: None)
    monkeypatch.setattr("evaluation.batch.shared._work_out", lambda *_: None)
    path = tmp_path / "mine.ipynb"
    path.write_bytes(NOT_NOTEBOOKS[name])
    with pytest.raises(WrongParameter, match=r"mine\.ipynb .*(cannot be read|declares no parameters)"):
        run(jobs, tmp_path / "out", template=path, work=tmp_path / "work")
    assert not list((tmp_path / "out").rglob("*.*"))
    assert not list((tmp_path / "work").glob("runs/*"))
