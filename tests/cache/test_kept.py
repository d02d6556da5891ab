"""The folder of kept results: private, whole or not at all, bounded, and never believed where it is damaged."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from evaluation.cache import kept
from evaluation.cache.parts import Damaged, to_parts
from evaluation.language import Words
from evaluation.settings import Folders

THING = {"words": Words("có", "yes"), "numbers": np.arange(200.0)}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kept, "folders", lambda: Folders(tmp_path))
    return tmp_path / "work" / kept.FOLDER


def test_what_was_kept_is_found_and_nothing_else() -> None:
    key = kept.key_of(what="a", n=1)
    assert kept.find(key) is None
    kept.keep({key: THING})
    found = kept.find(key)
    assert found["words"] == THING["words"]
    np.testing.assert_array_equal(found["numbers"], THING["numbers"])
    assert kept.find(kept.key_of(what="a", n=2)) is None


def test_a_key_is_made_of_names_and_values_and_not_of_their_order() -> None:
    assert kept.key_of(a=1, b=[2]) == kept.key_of(b=[2], a=1)
    assert len({kept.key_of(a=1), kept.key_of(a=2), kept.key_of(b=1), kept.key_of(a="1")}) == 4


def test_only_its_owner_can_open_the_folder_and_its_files(folder: Path) -> None:
    kept.keep({"k": THING})
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [p.stat().st_mode & 0o077 for p in folder.iterdir()] == [0]


def test_the_same_thing_has_the_same_bytes(folder: Path) -> None:
    kept.keep({"a": THING})
    kept.keep({"b": THING})
    assert kept.place("a").read_bytes() == kept.place("b").read_bytes()


def _swap(content: bytes, name: str, other: bytes | None) -> bytes:
    """An entry with a member exchanged, or left out."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
            elif other is not None:
                new.writestr(member, other)
    return made.getvalue()


def _flipped(content: bytes) -> bytes:
    """One bit of the first member's data turned over."""
    at = content.index(b"tree.json") + 40
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


class _Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("a pickle was run",)


def _pickled() -> bytes:
    raw = io.BytesIO()
    np.lib.format.write_array(raw, np.array([_Runs()], dtype=object), allow_pickle=True)
    return raw.getvalue()


DAMAGES = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "last byte missing": lambda content: content[:-1],
    "a bit turned over": _flipped,
    "zeros": lambda content: bytes(len(content)),
    "another file": lambda content: b"PK\x03\x04 not an archive",
    "a pickle": lambda content: pickle.dumps({"a": 1}),
    "no tree": lambda content: _swap(content, "tree.json", None),
    "no JSON": lambda content: _swap(content, "tree.json", b"{"),
    "another tree": lambda content: _swap(content, "tree.json", b'{"made": ["os", "system", {}]}'),
    "no array": lambda content: _swap(content, "<f8.npy", None),
    "a short array": lambda content: _swap(content, "<f8.npy", b"\x93NUMPY\x01\x00"),
    "an array that is a pickle": lambda content: _swap(content, "<f8.npy", _pickled()),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_damaged_entry_counts_as_none_and_is_replaced(damage: str) -> None:
    kept.keep({"k": THING})
    path = kept.place("k")
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert kept.find("k") is None
    with pytest.raises(Damaged):
        kept.read(path)
    kept.keep({"k": THING})
    assert kept.find("k")["words"] == THING["words"]


@pytest.mark.parametrize("damage", ["empty", "cut off", "last byte missing", "a bit turned over", "zeros", "another file", "a pickle"])
def test_a_damaged_file_is_seen_without_reading_what_is_in_it(damage: str) -> None:
    kept.keep({"k": THING})
    path = kept.place("k")
    assert kept.whole(path)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert not kept.whole(path)
    path.unlink()
    assert not kept.whole(path)


def test_an_entry_that_cannot_be_read_or_is_a_folder_counts_as_none(folder: Path) -> None:
    kept.keep({"k": THING})
    kept.place("k").unlink()
    kept.place("k").mkdir()
    assert kept.find("k") is None


def test_a_folder_that_cannot_be_written_to_costs_time_alone(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    kept.keep({"k": THING})
    assert kept.find("k") is None


def test_a_writer_that_fails_leaves_nothing_under_the_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.keep({"k": THING})
    before = kept.place("k").read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    kept.keep({"k": {"other": 1}})
    assert kept.place("k").read_bytes() == before
    assert [p.name for p in folder.iterdir()] == [kept.place("k").name]


def test_the_oldest_entries_go_and_those_in_use_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_ENTRIES", 3)
    for n, name in enumerate(("a", "b", "c")):
        kept.keep({name: n})
        os.utime(kept.place(name), (1_000 + n, 1_000 + n))
    kept.find("a")  # in use: now the newest
    kept.keep({"d": 3})
    assert {p.stem for p in folder.iterdir()} == {"a", "c", "d"}


def test_the_folder_holds_so_many_bytes_and_what_was_just_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", len(kept.packed(to_parts(THING))) + 1)
    kept.keep({"a": THING})
    os.utime(kept.place("a"), (1_000, 1_000))
    kept.keep({"b": THING, "c": THING})
    assert {p.stem for p in folder.iterdir()} == {"b", "c"}


def test_what_a_dead_writer_left_goes_later(folder: Path) -> None:
    kept.keep({"a": 1})
    for name, age in (("old", 10_000), ("young", 0)):
        (folder / f"{name}.tmp").write_bytes(b"")
        moment = kept.place("a").stat().st_mtime - age
        os.utime(folder / f"{name}.tmp", (moment, moment))
    kept.keep({"b": 2})
    assert sorted(p.name for p in folder.iterdir()) == ["a.npz", "b.npz", "young.tmp"]


@pytest.mark.slow
def test_the_list_of_slices_is_read_without_numpy_or_pandas(folder: Path) -> None:
    kept.keep({"k": {"760": ("name", "hash")}})
    code = (
        "import sys; from pathlib import Path; from evaluation.cache import kept; "
        f"assert kept.read(Path({str(kept.place('k'))!r})) == {{'760': ('name', 'hash')}}; "
        "assert kept.whole(Path(sys.argv[1])); "
        "print([m for m in ('numpy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(kept.place("k"))], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
