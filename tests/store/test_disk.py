"""The disk under the store: what it must not be, and what happens when it is full."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from tests.store.forms import FIRST, REVISED, WARDS, both_languages, submission, values, workbook

from evaluation.store import StoreError, check, disk, load, load_many, open_store
from evaluation.store.disk import NETWORK, file_system, refuse_network

LINE = "{n} 1 0:{n} / {point} rw,relatime shared:{n} - {kind} source rw"


def mounts(tmp_path: Path, *found: tuple[str, str]) -> Path:
    place = tmp_path / "mountinfo"
    place.write_text("\n".join(LINE.format(n=n, point=p, kind=k) for n, (p, k) in enumerate(found)) + "\n", encoding="utf-8")
    return place


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse.davfs2", "afs", "ceph", "fuse.glusterfs", "lustre"])
def test_a_network_file_system_is_refused_with_the_reason(tmp_path: Path, kind: str) -> None:
    table = mounts(tmp_path, ("/", "ext4"), ("/srv", "ext4"), ("/srv/share", kind))
    with pytest.raises(StoreError) as error:
        refuse_network(Path("/srv/share/work/kho.duckdb"), table)
    both_languages(error, f"ổ mạng ({kind})", f"network file system ({kind})", tmp_path)
    refuse_network(Path("/srv/shared/kho.duckdb"), table)
    refuse_network(Path("/srv/kho.duckdb"), table)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "9p", "virtiofs", "overlay", "apfs", "zfs", "fuseblk"])
def test_disks_of_this_machine_are_not(tmp_path: Path, kind: str) -> None:
    assert refuse_network(Path("/data/kho.duckdb"), mounts(tmp_path, ("/", "nfs4"), ("/data", kind))) is None


def test_the_longest_and_latest_mount_point_counts(tmp_path: Path) -> None:
    table = mounts(tmp_path, ("/a", "nfs"), ("/", "ext4"), ("/a/b", "xfs"), ("/a/b", "cifs"), ("/my\\040disk", "nfs4"))
    assert file_system(Path("/a/b/c"), table) == "cifs"
    assert file_system(Path("/a/c"), table) == "nfs"
    assert file_system(Path("/ab"), table) == "ext4"
    assert file_system(Path("/my disk/x"), table) == "nfs4"
    assert file_system(Path("/a"), tmp_path / "absent") == ""
    assert {"9p", "virtiofs", "overlay"}.isdisjoint(NETWORK)


def test_the_store_asks_before_it_touches_anything(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    table = mounts(path.parent, ("/", "nfs"))
    monkeypatch.setattr(refuse_network, "__defaults__", (table,))
    for act in (lambda: open_store(path), lambda: load_many(path, [(submission("b", REVISED), values({WARDS[0]: 6}))])):
        with pytest.raises(StoreError, match="network file system"):
            act()


def test_too_little_room_is_said_with_numbers_before_anything_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    state = {p: p.read_bytes() for p in path.parent.rglob("*") if p.is_file()}
    usage = namedtuple("usage", "total used free")
    size, sources = path.stat().st_size, 3 * 2**20
    need = 3 * size + sources + 16 * 2**20
    more = workbook(b"x" * sources, {WARDS[0]: 6}, received=REVISED)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**40, 0, need - 1))
    with pytest.raises(StoreError) as error:
        load(path, [more], False, REVISED)
    both_languages(error, "Đĩa đã đầy", "The disk is full", path.parent)
    assert f"{need / 2**20:.0f} MiB" in str(error.value)
    assert {p: p.read_bytes() for p in path.parent.rglob("*") if p.is_file()} == state
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**40, 0, need))
    assert load(path, [more], False, REVISED).new


_LOAD_IN_LITTLE_ROOM = """
import resource, sys
from pathlib import Path
from evaluation.store import StoreError, load
from tests.store.forms import FIRST, REVISED, WARDS, workbook
from tests.store.loads import many
limit = int(sys.argv[2])
batches = many(REVISED)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    print(len(load(Path(sys.argv[1]), batches, False, REVISED).new))
except StoreError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("limit", [100, 3_000, 40_000, 300_000, 800_000])
def test_a_disk_that_fills_up_on_the_way_leaves_what_was_there(path: Path, limit: int) -> None:
    load(path, [workbook(b"first", {WARDS[0]: 5})], False, FIRST)
    before = open_store(path).content_hash()
    command = [sys.executable, "-c", _LOAD_IN_LITTLE_ROOM, str(path), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "The disk is full" in done.stdout
    assert str(path.parent) not in done.stdout
    assert check(path).ok
    sent = open_store(path, FIRST)
    assert sent.content_hash() == before
    assert len(open_store(path).submissions()) in (1, 11)
    from tests.store.loads import many

    load(path, many(REVISED), False, REVISED)
    assert len(open_store(path).submissions()) == 11
    assert check(path).ok
    assert disk.beside(path, ".ledger").read_text(encoding="utf-8").count("\n") == 3
