"""Killed, cut and flipped: a load is in the store or it is not, and rows that were committed never vanish in silence."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.store.forms import FIRST, REVISED, WARDS, both_languages, workbook
from tests.store.loads import many

from evaluation.store import RowsLost, StoreError, check, disk, kept, load, open_store

pytestmark = pytest.mark.slow


@contextmanager
def loader() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.store.loads"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


def run(process: subprocess.Popen[str], store: Path, seconds: float) -> tuple[float, int]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{store}\t{seconds}\n")
    process.stdin.flush()
    lived, status = process.stdout.readline().split("\t")
    return float(lived), int(status)


def copied(path: Path, target: Path) -> None:
    """Copy a store with all that stands beside it."""
    for ending in ("", ".ledger", ".wal"):
        if disk.beside(path, ending).exists():
            shutil.copy(disk.beside(path, ending), disk.beside(target, ending))
    shutil.copytree(kept.folder(path), kept.folder(target), dirs_exist_ok=True)


def test_killed_at_fifty_moments_a_load_is_in_or_out(tmp_path: Path) -> None:
    first = workbook(b"first", {WARDS[0]: 5})
    base, whole = tmp_path / "base.duckdb", tmp_path / "whole-0.duckdb"
    load(base, [first], False, FIRST)
    for n in range(5):
        copied(base, tmp_path / f"whole-{n}.duckdb")
    rng, seen, moments = random.Random(2234), {False: 0, True: 0}, 50
    with loader() as process:
        life = max(run(process, tmp_path / f"whole-{n}.duckdb", 0)[0] for n in range(5))
        before, after = open_store(base).content_hash(), open_store(whole).content_hash()
        assert before != after
        for n in range(moments):
            store = tmp_path / f"{n}.duckdb"
            copied(base, store)
            run(process, store, max(0.001, life * (n + rng.random()) / moments * 1.4))
            found = open_store(store)
            loaded = len(found.submissions()) == 11
            assert len(found.submissions()) == (11 if loaded else 1), n
            assert found.content_hash() == (after if loaded else before), n
            assert len(found.loads()) == 1 + loaded
            assert len(found.findings()) == 10 * loaded
            seen[loaded] += 1
            assert check(store).ok, n
            done = load(store, many(REVISED), False, REVISED)
            assert len(done.new) == 10 * (not loaded)
            assert open_store(store).content_hash() == after
            assert check(store).ok, n
            for leftover in (store, kept.folder(store)):
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    assert min(seen.values()) >= 3, (seen, life)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose second load was committed into the write-ahead log only: killed before it was put into the file."""
    path = tmp_path_factory.mktemp("killed") / "kho.duckdb"
    load(path, [workbook(b"first", {WARDS[0]: 5})], False, FIRST)
    _loaded_and_killed(path, "before")
    assert disk.beside(path, ".wal").stat().st_size > 100_000
    return path


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worst case: the ledger has its line, and the rows are in the log only, as if putting them into the file had failed."""
    path = tmp_path_factory.mktemp("logged") / "kho.duckdb"
    load(path, [workbook(b"first", {WARDS[0]: 5})], False, FIRST)
    _loaded_and_killed(path, "after")
    assert disk.beside(path, ".wal").stat().st_size > 100_000
    return path


_KILLED = """
import os, sys
from pathlib import Path
from evaluation.store import ledger, load, loading
from tests.store.forms import REVISED
from tests.store.loads import many
write, done = ledger.append, ledger.append
class Log:
    def __init__(self, connection): self.connection = connection
    def execute(self, query, *slots):
        return None if query == "checkpoint" else self.connection.execute(query, *slots)
    def __getattr__(self, name): return getattr(self.connection, name)
insert = loading.insert
def without_checkpoint(session, *others):
    import dataclasses
    return insert(dataclasses.replace(session, connection=Log(session.connection)), *others)
def append(*given):
    if sys.argv[2] == "after":
        done(*given)
    os._exit(9)
loading.insert, ledger.append = without_checkpoint, append
batches = many(REVISED)
load(Path(sys.argv[1]), batches, False, REVISED)
"""


def _loaded_and_killed(path: Path, when: str) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, str(path), when], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 9, done.stderr


def _outcome(path: Path) -> str:
    """What a start of the store in a process of its own comes to: which rows there are, or the message."""
    ask = (
        "import sys; from evaluation.store import StoreError, open_store\n"
        "try:\n"
        "    s = open_store(sys.argv[1]); print(len(s.submissions()), len(s.values()), len(s.findings()), s.content_hash())\n"
        "except StoreError as error:\n"
        "    print('told', type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", ask, str(path)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _spoilt(path: Path, target: Path, ending: str, how: tuple[str, float]) -> str:
    """Return the outcome with one file cut at a share of its length, or with one bit of it flipped there."""
    copied(path, target)
    place = disk.beside(target, ending)
    body = bytearray(place.read_bytes())
    kind, where = how
    if kind == "cut":
        body = body[: int(len(body) * where)]
    else:
        bit = int(len(body) * 8 * where)
        body[bit // 8] ^= 1 << bit % 8
    place.write_bytes(body)
    return _outcome(target)


CUTS = [("cut", share) for share in (0, 0.001, 0.1, 0.3, 0.6, 0.9, 0.999)]
_rng = random.Random(2234)
FLIPS = [("flip", _rng.random()) for _ in range(40)]


def test_a_log_spoilt_before_the_ledger_had_its_line(killed: Path, tmp_path: Path) -> None:
    before = _outcome_of_first(tmp_path)
    whole = _spoilt(killed, tmp_path / "whole.duckdb", ".wal", ("cut", 1))
    assert whole.startswith("11 ")
    for n, how in enumerate((*CUTS, *FLIPS)):
        found = _spoilt(killed, tmp_path / f"{n}.duckdb", ".wal", how)
        assert found in (before, whole) or found.startswith("told "), (how, found)


def test_a_log_spoilt_after_the_ledger_had_its_line_never_loses_rows_in_silence(logged: Path, tmp_path: Path) -> None:
    whole = _spoilt(logged, tmp_path / "whole.duckdb", ".wal", ("cut", 1))
    assert whole.startswith("11 ")
    told = []
    for n, how in enumerate((*CUTS, *FLIPS)):
        found = _spoilt(logged, tmp_path / f"{n}.duckdb", ".wal", how)
        assert found == whole or found.startswith("told "), (how, found)
        told.append(found != whole)
        assert found == whole or "evaluation store rebuild" in found
    assert sum(told) >= len(CUTS)


def test_a_store_spoilt_in_its_own_file_never_loses_rows_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "kho.duckdb"
    load(path, [workbook(b"first", {WARDS[0]: 5})], False, FIRST)
    load(path, many(REVISED), False, REVISED)
    whole = _outcome(path)
    assert whole.startswith("11 ")
    for n, how in enumerate((*CUTS, *FLIPS)):
        found = _spoilt(path, tmp_path / f"{n}.duckdb", "", how)
        assert found == whole or found.startswith("told "), (how, found)


def _outcome_of_first(tmp_path: Path) -> str:
    path = tmp_path / "first.duckdb"
    load(path, [workbook(b"first", {WARDS[0]: 5})], False, FIRST)
    return _outcome(path)


def test_a_broken_log_is_named(killed: Path, tmp_path: Path) -> None:
    path = tmp_path / "kho.duckdb"
    copied(killed, path)
    place = disk.beside(path, ".wal")
    body = bytearray(place.read_bytes())
    body[len(body) // 2] ^= 1
    place.write_bytes(body)
    with pytest.raises(StoreError) as error:
        open_store(path)
    both_languages(error, "nhật ký ghi trước (.wal)", "the write-ahead log (.wal)", tmp_path)
    assert "evaluation store rebuild" in str(error.value)
    assert check(path).problems[0].en == error.value.words.en


def test_a_log_that_is_none_is_a_loss_where_the_ledger_knows_better(logged: Path, tmp_path: Path) -> None:
    path = tmp_path / "kho.duckdb"
    copied(logged, path)
    disk.beside(path, ".wal").write_bytes(b"\xff" * 5_000)
    for act in (lambda: open_store(path), lambda: load(path, many(REVISED), False, REVISED)):
        with pytest.raises(RowsLost):
            act()


def test_after_a_kill_the_ledger_is_completed_by_the_next_writer(killed: Path, tmp_path: Path) -> None:
    path = tmp_path / "kho.duckdb"
    copied(killed, path)
    assert len(open_store(path).submissions()) == 11
    assert load(path, many(REVISED), False, REVISED).new == ()
    assert check(path).ok
    assert not disk.beside(path, ".wal").exists()
    assert open_store(path).loads()["received"].tolist() == [FIRST, dt.date(2019, 1, 20)]
