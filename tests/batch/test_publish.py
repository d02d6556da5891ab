"""Files appear whole and together; what was there before outlives every failure byte for byte."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from evaluation.batch.publish import publish, sweep

OLD = {"a.html": b"old page", "a.json": b"old figures"}
NEW = {"a.html": b"new page", "a.json": b"new figures", "a.ipynb": b"new notebook"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in OLD.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def _now(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def _new(folder: Path) -> dict[Path, bytes]:
    return {folder / name: content for name, content in NEW.items()}


def test_all_are_written_and_nothing_else_is_left(folder: Path):
    publish(_new(folder), "m")
    assert _now(folder) == NEW


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_full_disk_leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, nth: int):
    real, count = getattr(os, call), [0]

    def full(*arguments: object, **named: object) -> object:
        count[0] += 1
        if count[0] == nth:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **named)

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"):
        publish(_new(folder), "m")
    assert _now(folder) == OLD


def test_a_disk_that_refuses_every_rename_leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError):
        publish(_new(folder), "m")
    assert _now(folder) == OLD


def test_an_interrupt_between_two_renames_is_taken_back(folder: Path, monkeypatch: pytest.MonkeyPatch):
    real, count = os.replace, [0]

    def interrupted(*arguments: object, **named: object) -> None:
        count[0] += 1
        if count[0] == 2:
            raise KeyboardInterrupt
        real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(_new(folder), "m")
    assert _now(folder) == OLD


def test_a_file_system_without_hard_links_is_as_safe(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    real, count = os.replace, [0]

    def third_fails(*arguments: object, **named: object) -> None:
        count[0] += 1
        if count[0] == 3:
            raise OSError(errno.EIO, "worn out")
        real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(os, "replace", third_fails)
    with pytest.raises(OSError, match="worn out"):
        publish(_new(folder), "m")
    assert _now(folder) == OLD


def test_leftovers_of_killed_writers_are_swept_and_nothing_else(folder: Path):
    (folder / ".a.html.run1.part").write_bytes(b"half")
    (folder / ".a.html.run2.before").write_bytes(b"another's")
    (folder / ".kept").write_bytes(b"somebody's")
    sweep(folder)
    assert set(_now(folder)) == {*OLD, ".kept"}
