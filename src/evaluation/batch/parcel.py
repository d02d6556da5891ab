"""A job as it travels to a worker on another machine, and what comes back: plain values and bytes, each file with its hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.batch.jobs import Job, Limits
from evaluation.batch.manifest import package_versions
from evaluation.batch.publish import digest
from evaluation.reporting.provenance import code_version, facts_version

if TYPE_CHECKING:
    from evaluation.batch.worker import Product

LIBRARY, FACTS, STORE, GONE = "code", "facts", "store", "gone"


class Altered(OSError):
    """A file did not arrive as it was sent."""


@dataclass(frozen=True)
class Sealed:
    """A file's bytes with their hash.

    Attributes
    ----------
    sha256 : str
    content : bytes
    """

    sha256: str
    content: bytes = field(repr=False)

    @classmethod
    def of(cls, path: Path) -> Sealed:
        """Return a file, sealed.

        Raises
        ------
        OSError
        """
        content = path.read_bytes()
        return cls(digest(content), content)

    def unpacked(self, path: Path) -> Path:
        """Write the file where it is not there yet as it should be, and return its path.

        Raises
        ------
        Altered
            If the bytes are not those that were sent.
        OSError
        """
        if digest(self.content) != self.sha256:
            raise Altered(f"{path.name}: {self.sha256[:12]}")
        if not (path.is_file() and digest(path.read_bytes()) == self.sha256):
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(self.content)
            part.replace(path)
        return path


@dataclass(frozen=True)
class Parcel:
    """A job with what of it is not on the worker before.

    Attributes
    ----------
    run : str
        The run's mark; the worker finds by it what all jobs share.
    job : Job
    limits : Limits
    synthetic : bool
    slice : Sealed or None
        What the report is made from.
    """

    run: str
    job: Job
    limits: Limits
    synthetic: bool
    slice: Sealed | None = None


@dataclass(frozen=True)
class Answer:
    """What came back for a parcel.

    Attributes
    ----------
    worker : str
        Its address.
    product : Product or None
        What came of the job; None where the worker did not do it.
    left : mapping of bytes
        Working files of a job that failed, by name.
    unfit : str
        Why the worker did not do it.
    """

    worker: str
    product: Product | None = field(default=None, repr=False)
    left: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    unfit: str = ""


def surroundings() -> dict[str, str]:
    """Return what must be the same on the batch's machine and on a worker's: library, facts, packages, by name."""
    return {LIBRARY: code_version(), FACTS: facts_version(), **package_versions()}


def differing(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """Return the first thing that is not the same on a worker; empty where all is.

    Parameters
    ----------
    here, there : mapping of str
        `surroundings` of the batch's machine and the worker's.
    """
    return next((name for name in [*here, *there] if here.get(name) != there.get(name)), "")
