"""Who may write and who may read at once: everybody gets a turn, or a message that names the process in the way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from tests.store.forms import FIRST, REVISED, WARDS, both_languages, submission, values, workbook

from evaluation.language import Words
from evaluation.store import StoreError, check, connection, load, load_many, open_store
from evaluation.store.connection import connected, writer

_HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""
_HOLD_LOCK = """
import sys
from pathlib import Path
from evaluation.store.connection import writer
with writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""
_LOAD = """
import sys
from pathlib import Path
from evaluation.store import load
from tests.store.forms import FIRST, WARDS, workbook
batches = [workbook(f"{sys.argv[2]} {n}".encode(), {WARDS[0]: n}) for n in range(20)]
print("ready", flush=True)
sys.stdin.readline()
print(len(load(Path(sys.argv[1]), batches, False, FIRST, tell=lambda words: print("waits: " + words.en, flush=True)).new))
"""


@contextmanager
def holding(script: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.communicate("\n", timeout=60)


@pytest.mark.slow
def test_a_process_that_keeps_the_database_is_named(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    with holding(_HOLD, path) as holder:
        with pytest.raises(StoreError) as reading:
            open_store(path, wait=0.2)
        with pytest.raises(StoreError) as writing:
            load(path, [workbook(b"b", {WARDS[0]: 6})], False, REVISED, wait=0.2)
        number = str(holder.pid)
    for error in (reading, writing):
        both_languages(error, f"một tiến trình khác (số {number})", f"another process (number {number})", path.parent)
    assert open_store(path).values()["value"].tolist() == [5]


@pytest.mark.slow
def test_another_writer_is_waited_for_named_and_told_of_once(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    heard: list[Words] = []
    with holding(_HOLD_LOCK, path) as holder:
        with pytest.raises(StoreError) as error:
            load(path, [workbook(b"b", {WARDS[0]: 6})], False, REVISED, wait=0.3, tell=heard.append)
        both_languages(error, f"(số {holder.pid})", f"(number {holder.pid})", path.parent)
        (said,) = heard
        assert str(holder.pid) in said.vi
        assert str(holder.pid) in said.en
        # Readers do not care who waits to write.
        assert open_store(path, wait=0.2).values()["value"].tolist() == [5]
    assert load(path, [workbook(b"b", {WARDS[0]: 6})], False, REVISED, tell=heard.append).new
    assert len(heard) == 1


@pytest.mark.slow
def test_a_reader_waits_for_a_load_and_gets_its_answer(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    with holding(_HOLD, path) as holder:
        assert holder.stdin is not None
        end = threading.Timer(0.5, lambda: (holder.stdin.write("\n"), holder.stdin.flush()))  # type: ignore[union-attr]
        end.start()
        assert open_store(path, wait=60).values()["value"].tolist() == [5]
        end.join()


def test_a_lock_ends_with_its_process(path: Path) -> None:
    with holding(_HOLD_LOCK, path) as holder:
        holder.kill()
        holder.wait(timeout=60)
    assert load(path, [workbook(b"b", {WARDS[0]: 6})], False, REVISED, wait=5).new


@pytest.mark.slow
def test_clashes_in_one_process_are_told_and_do_not_hang(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    begun = time.monotonic()
    with writer(path), connected(path, False):
        for act in (lambda: open_store(path), lambda: load_many(path, [(submission("b"), values({WARDS[0]: 5}))])):
            with pytest.raises(StoreError) as error:
                act()
            both_languages(error, "hãy đóng rồi chạy lại", "close that and run again", path.parent)
            assert str(os.getpid()) in str(error.value)
    assert time.monotonic() - begun < connection.READER_WAITS
    with duckdb.connect(str(path)), pytest.raises(StoreError, match="this very process"):
        open_store(path, wait=0.2)
    assert open_store(path).values()["value"].tolist() == [5]


def test_two_readers_at_once(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    with connected(path, True), connected(path, True):
        assert len(open_store(path).values()) == 1


@pytest.mark.slow
def test_two_processes_that_load_at_once_both_succeed_while_others_read(path: Path) -> None:
    load(path, [workbook(b"first", {WARDS[0]: 5})], False, FIRST)
    command = [sys.executable, "-c", _LOAD, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*command, "one"], text=True, **pipes) as one, subprocess.Popen([*command, "two"], text=True, **pipes) as two:
        for process in (one, two):
            assert process.stdout is not None
            assert process.stdin is not None
            assert process.stdout.readline() == "ready\n"
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        seen = set()
        while one.poll() is None or two.poll() is None:
            seen.add(len(open_store(path).submissions()))
        ended = [process.communicate(timeout=60) for process in (one, two)]
    assert [(out.splitlines()[-1], err) for out, err in ended] == [("20", ""), ("20", "")]
    assert seen <= {1, 21, 41}
    assert len(open_store(path).submissions()) == 41
    assert open_store(path).loads()["submissions"].tolist() == [1, 20, 20]
    assert open_store(path).submissions()["sequence"].tolist() == list(range(1, 42))
    assert check(path).ok
