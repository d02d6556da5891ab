"""The disk under the store: which file system it is, how much room is left, and writing a file so that it is whole or absent."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from evaluation.store.trouble import StoreError, disk_full, of_system, on_network

MOUNTS = Path("/proc/self/mountinfo")
# Their locks are known to fail, or to hold on one machine only.
NETWORK = {"nfs", "nfs4", "cifs", "smbfs", "smb2", "smb3", "sshfs", "davfs", "davfs2", "afs", "ceph", "cephfs", "glusterfs", "lustre"}
NETWORK |= {"gpfs", "beegfs", "orangefs", "pvfs2", "ncpfs", "ncp", "coda", "ocfs2", "gfs2", "curlftpfs", "s3fs"}
_BY_FUSE = {"sshfs", "davfs", "davfs2", "ceph", "cephfs", "ceph-fuse", "glusterfs", "rclone", "s3fs", "gcsfuse", "smbnetfs"}
_BY_FUSE |= {"curlftpfs", "goofys", "blobfuse", "blobfuse2", "juicefs", "seaweedfs", "gvfsd-fuse", "onedriver", "google-drive-ocamlfuse"}
NETWORK |= {f"fuse.{name}" for name in _BY_FUSE}
MARGIN = 16 * 2**20


def beside(path: Path, ending: str) -> Path:
    """Return the store's companion: ".ledger", ".lock", ".files" or ".wal" after its whole name."""
    return path.with_name(path.name + ending)


def file_system(path: Path, mounts: Path = MOUNTS) -> str:
    """Return the kind of file system that a path is on; empty where the platform does not tell.

    Parameters
    ----------
    path : Path
    mounts : Path
        The kernel's list of mounts: the longest mount point above the path
        counts, of two at one point the later one.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    place = os.path.realpath(path)
    best, kind = -1, ""
    for line in lines:
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = _unescaped(fields[4])
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:
            best, kind = len(point), after.split(" ")[0]
    return kind


def _unescaped(point: str) -> str:
    for code, sign in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, sign)
    return point


def refuse_network(path: Path, mounts: Path = MOUNTS) -> None:
    """Refuse a store on a network file system.

    Raises
    ------
    StoreError
        Naming the kind of file system.
    """
    kind = file_system(path, mounts)
    if kind.lower() in NETWORK:
        raise on_network(path, kind)


def refuse_full(path: Path, sources: int) -> None:
    """Refuse to begin what the disk has no room for: three times the store, the files to keep, and a margin.

    Parameters
    ----------
    path : Path
    sources : int
        Bytes of the files that are about to be kept.

    Raises
    ------
    StoreError
        With what is needed and what is free.
    """
    there = sum(p.stat().st_size for p in (path, beside(path, ".wal")) if p.exists())
    need, free = 3 * there + sources + MARGIN, shutil.disk_usage(path.parent).free
    if free < need:
        raise disk_full(path, need, free)


def write_whole(place: Path, body: bytes) -> None:
    """Write a file under a temporary name, for its owner's eyes only, sync it and rename it; the folder is not synced.

    Raises
    ------
    OSError
        As the disk gave it; the temporary file is gone then.
    """
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
            f.write(body)
            f.flush()
            os.fsync(f.fileno())
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def told(path: Path, error: OSError) -> StoreError:
    """Return the operating system's refusal in words for the office."""
    return of_system(path, error)
