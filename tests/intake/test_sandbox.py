"""Reading apart: whatever a file does to the process that reads it, it is answered and the others go on."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.intake.findings import finding
from evaluation.intake.reading import Reading
from evaluation.intake.sandbox import Limits, NoSandbox, Reader

MIB = 2**20
LINUX = sys.platform == "linux"

# A reading process that does what the file says, in place of reading it.
STUB = """
import ctypes, json, os, socket, subprocess, sys, time
from evaluation.intake.child import prepare, serve
prepare()
from evaluation.intake.findings import finding
from evaluation.intake.reading import Reading
from evaluation.intake.refusal import Refused

def examine(body, file):
    word, _, rest = body.decode("utf-8", "replace").partition(" ")
    said = ""
    if word == "hang": time.sleep(3600)
    if word == "spin":
        while True: pass
    if word == "kill": os.kill(os.getpid(), 9)
    if word == "segv": ctypes.string_at(0)
    if word == "exit": sys.exit(0)
    if word == "leave": os._exit(0)
    if word == "memory": bytearray(2**30)
    if word == "raise": raise KeyError(rest)
    if word == "deep": return examine(body, file)
    if word == "refuse": raise Refused("IN-015", what_vi="v", what_en="e")
    if word == "refuse-late":
        found = (finding("IN-012", file), finding("IN-004", file, rest))
        return Reading(file, sha256=rest, narrative=rest, rows=((rest,),), findings=found)
    if word == "print": print(rest); sys.stderr.write(rest); os.write(1, b"junk")
    if word == "half": said = "\\ud800"
    if word == "pid": said = str(os.getpid())
    if word == "environment": said = json.dumps(dict(os.environ)) + os.getcwd() + str(sys.argv)
    if word == "modules": said = json.dumps(sorted(n for n, m in sys.modules.items() if m))
    if word == "allocate": bytearray(int(rest)); said = "done"
    if word == "write":
        try:
            with open(rest, "w") as f: f.write("x" * 10)
            said = "written"
        except OSError: said = "not written"
    if word == "open":
        try: held = [open(os.devnull) for _ in range(50)]; said = "opened"
        except OSError: said = "not opened"
    if word == "call":
        try: socket.create_connection(("127.0.0.1", int(rest)), 5); said = "called"
        except OSError: said = "not called"
    return Reading(file, narrative=said)

serve(examine)
"""


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    script = tmp_path_factory.mktemp("stub") / "stub.py"
    script.write_text(STUB, encoding="utf-8")
    return (sys.executable, "-I", "-B", "-X", "utf8", str(script))


@pytest.fixture(scope="module")
def reader(command: tuple[str, ...]) -> Iterator[Reader]:
    with Reader(Limits(seconds=2), command) as reader:
        yield reader


def said(reader: Reader, order: str) -> str:
    reading = reader.read(order.encode(), "a.xlsx")
    assert not reading.findings
    return reading.narrative


@pytest.mark.parametrize(
    "order, outcome, word",
    [
        ("kill", "died", "abruptly"),
        ("segv", "died", "abruptly"),
        ("exit", "died", "abruptly"),
        ("leave", "died", "abruptly"),
        ("raise", "uncaught", "made the reading program fail"),
        ("deep", "uncaught", "made the reading program fail"),
        pytest.param("memory", "memory", "memory", marks=pytest.mark.skipif(not LINUX, reason="address space is bounded on Linux only")),
        pytest.param("hang", "time", "too long", marks=pytest.mark.slow),
        pytest.param("spin", "time", "too long", marks=pytest.mark.slow),
    ],
)
def test_a_file_that_harms_its_reader_is_answered_and_the_next_is_read(reader: Reader, order: str, outcome: str, word: str) -> None:
    reading, tried = reader.attempt(f"{order} canary-5531".encode(), "bad.xlsx")
    assert tried.outcome == outcome
    assert [f.code for f in reading.findings] == ["IN-018"]
    assert word in reading.findings[0].message.en
    assert reading.refused
    assert reading.file == "bad.xlsx"
    assert "canary" not in json.dumps(reading.packed()) + repr(tried)
    assert said(reader, "pid").isdigit()


def test_an_uncaught_exception_names_its_kind_and_line_only(reader: Reader) -> None:
    _, tried = reader.attempt(b"raise 079123456789", "a.xlsx")
    assert tried.error.startswith("KeyError stub.py:")
    assert "079" not in tried.error


def test_a_refusal_is_a_finding(reader: Reader) -> None:
    reading, tried = reader.attempt(b"refuse", "a.xlsx")
    assert tried.outcome == "read"
    assert reading.findings == (finding("IN-015", "a.xlsx", what_vi="v", what_en="e"),)


def test_of_a_refused_file_only_the_reason_leaves_the_process(reader: Reader) -> None:
    reading = reader.read(b"refuse-late canary-5531", "a.xlsx")
    assert reading == Reading("a.xlsx", findings=(finding("IN-012", "a.xlsx"),))


def test_the_process_of_a_refused_file_ends(reader: Reader) -> None:
    first = said(reader, "pid")
    assert said(reader, "pid") == first
    reader.read(b"refuse", "a.xlsx")
    assert said(reader, "pid") != first
    with pytest.raises(ProcessLookupError):
        os.kill(int(first), 0)


def test_a_process_is_replaced_after_so_many_files(command: tuple[str, ...]) -> None:
    with Reader(Limits(files=2), command) as reader:
        pids = [said(reader, "pid") for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids[3]), 0)


def test_what_a_library_prints_is_no_answer(reader: Reader, capfd: pytest.CaptureFixture[str]) -> None:
    assert said(reader, "print canary-5531") == ""
    assert said(reader, "pid").isdigit()
    assert capfd.readouterr() == ("", "")


def test_half_a_character_does_not_break_the_answer(reader: Reader) -> None:
    assert said(reader, "half") == "?"


def test_a_child_sees_little_of_the_machine(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "canary-5531")
    reader.read(b"refuse", "a.xlsx")  # the next file has a new process
    seen = said(reader, "environment")
    assert "canary" not in seen
    names = set(json.loads(seen[: seen.index("}") + 1]))
    assert names <= {
        "EVALUATION_ROOT",
        "SYSTEMROOT",
        "LD_LIBRARY_PATH",
        "LC_ALL",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "OPENPYXL_LXML",
    }


def test_a_child_loads_little(reader: Reader) -> None:
    loaded = {name.partition(".")[0] for name in json.loads(said(reader, "modules"))}
    assert not loaded & {"pandas", "numpy", "duckdb", "pandera", "matplotlib", "scipy", "lxml", "PIL"}
    assert {"openpyxl", "defusedxml"} <= loaded


@pytest.mark.skipif(os.name != "posix", reason="limits of this kind exist on POSIX systems only")
def test_a_child_writes_no_file(reader: Reader, tmp_path: Path) -> None:
    assert said(reader, f"write {tmp_path / 'left.txt'}") == "not written"
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) == 0
    assert said(reader, "open") == "not opened"


@pytest.mark.skipif(not LINUX, reason="address space is bounded on Linux only")
def test_memory_is_bounded_above_the_start_and_not_below(command: tuple[str, ...]) -> None:
    with Reader(Limits(memory=100 * MIB), command) as reader:
        assert said(reader, f"allocate {80 * MIB}") == "done"
        reading, tried = reader.attempt(f"allocate {110 * MIB}".encode(), "a.xlsx")
        assert [f.code for f in reading.findings] == ["IN-018"]
        assert tried.outcome == "memory"
        assert 0 < tried.peak_bytes < reader.start["resident_bytes"] + 100 * MIB


@pytest.mark.skipif(not LINUX, reason="a process can leave the network on Linux only")
def test_a_child_has_no_network_where_the_system_allows(reader: Reader) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = said(reader, f"call {server.getsockname()[1]}")
    assert answer == ("called" if reader.start["network"] else "not called")


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.slow
def test_many_files_come_back_in_order(reader: Reader, workers: int) -> None:
    orders = ["pid", "raise", "pid", "kill", "pid", "refuse", "pid", "pid", "memory", "pid"]
    taken: list[int] = []

    def items() -> Iterator[tuple[bytes, str]]:
        for number, order in enumerate(orders):
            taken.append(number)
            yield order.encode(), f"{number}.xlsx"

    found = []
    for reading in reader.read_many(items(), workers):
        found.append(reading)
        assert len(taken) <= len(found) + workers + 1  # bodies are taken as they are needed
    assert [r.file for r in found] == [f"{n}.xlsx" for n in range(len(orders))]
    assert [r.narrative.isdigit() for r in found] == [o == "pid" for o in orders]


@pytest.mark.slow
def test_both_workers_are_busy(command: tuple[str, ...]) -> None:
    """Two files that wait until they are stopped take about as long as one."""
    with Reader(Limits(seconds=3), command) as reader:
        start = time.monotonic()
        assert [r.findings[0].code for r in reader.read_many([(b"hang", "a"), (b"hang", "b")])] == ["IN-018"] * 2
        assert time.monotonic() - start < 120


def test_leaving_early_leaves_no_process(command: tuple[str, ...]) -> None:
    with Reader(Limits(), command) as reader:
        stream = reader.read_many([(b"pid", str(n)) for n in range(6)])
        first = next(stream).narrative
        stream.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(int(first), 0)


@pytest.mark.parametrize(
    "code, word", [("import sys; sys.exit(3)", "defusedxml"), ("raise ImportError", "code 1"), ("print('{}')", "code")]
)
def test_a_child_that_does_not_start_stops_the_programme(tmp_path: Path, code: str, word: str) -> None:
    (tmp_path / "bad.py").write_text(code, encoding="utf-8")
    with pytest.raises(NoSandbox, match=word), Reader(Limits(), (sys.executable, str(tmp_path / "bad.py"))):
        raise AssertionError("no reader may start")


def test_without_defusedxml_no_file_is_read(tmp_path: Path) -> None:
    stub = "import sys; sys.modules['defusedxml'] = None\nfrom evaluation.intake.child import prepare\nprepare()"
    (tmp_path / "bare.py").write_text(stub, encoding="utf-8")
    with pytest.raises(NoSandbox, match="defusedxml"), Reader(Limits(), (sys.executable, "-I", str(tmp_path / "bare.py"))):
        raise AssertionError("no reader may start")
