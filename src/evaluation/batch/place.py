"""Where the jobs of a run are done: in this process, or on a Dask cluster; Dask is not loaded to tell."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from evaluation.language import words

LOCAL = "local"


class NoCluster(ValueError):
    """A cluster that cannot do the work; the message is bilingual."""


def no_cluster(key: str, **slots: object) -> NoCluster:
    """Return the error for a cluster that cannot do the work.

    Parameters
    ----------
    key : str
        Of the message ``batch.cluster.*``.
    **slots
        What fills it.
    """
    said = words(f"batch.cluster.{key}", **slots)
    return NoCluster(f"{said.vi} / {said.en}")


@dataclass(frozen=True)
class Place:
    """Where a run's jobs are done.

    Attributes
    ----------
    scheduler : str or object
        Address of a Dask scheduler, or a cluster object of Dask's; empty for a cluster of this machine, started for the run.
    ship : bool
        Whether the store is sent to the workers where jobs read it; else each finds it at the same path.
    """

    scheduler: Any = ""
    ship: bool = False


def place(scheduler: Any, cluster: str | None, ship: bool = False) -> Place | None:
    """Return where jobs are to be done; None for this process.

    Parameters
    ----------
    scheduler : str, object or None
        "tcp://host:port", "tls://host:port", or a cluster object of Dask's, with its keys.
    cluster : {"local"} or None
    ship : bool

    Raises
    ------
    NoCluster
        For both at once, another word than "local", or where Dask is not installed.
    """
    if cluster not in (None, LOCAL):
        raise no_cluster("word", value=repr(cluster))
    if scheduler and cluster:
        raise no_cluster("both")
    if not scheduler and not cluster:
        if ship:
            raise no_cluster("ship")
        return None
    if find_spec("distributed") is None:
        raise no_cluster("missing")
    return Place(scheduler or "", ship)
