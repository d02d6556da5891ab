"""Where slices are found: handed over by a batch, kept from before, or worked out for all districts at once.

Finding them costs neither pandas nor numpy: a batch asks for their hashes before it decides what is to be made.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.cache import kept
from evaluation.cache.parts import Damaged, to_parts
from evaluation.periods import Period
from evaluation.reporting.provenance import code_version, facts_version, package_versions
from evaluation.settings import folders
from evaluation.store import open_store
from evaluation.store.state import state_key

if TYPE_CHECKING:
    from evaluation.reporting.slices.slice import KeptSlice, Slice

SLICE = "EVALUATION_SLICE"


class SliceError(ValueError):
    """The slice that was handed over is not the one asked for; its message is bilingual."""


def shared(store: str | Path, as_of: dt.date | str, period: Period | str) -> dict[str, tuple[Path, str]]:
    """Return where the slices of all districts lie, with the hashes of their content; made where they are not there.

    Parameters
    ----------
    store : str or Path
        The project's own store where empty.
    as_of : date or str
        "2018-12-19"; the Department's date for the period where empty.
    period : Period or str

    Returns
    -------
    dict of str to (Path, str)
        By district code.

    Raises
    ------
    store.StoreError
        If there is no store.
    OSError
        If slices cannot be written.
    """
    path, date, when = _asked(store, as_of, period)
    key = _key(path, date, when)
    if (found := _listed(key)) is not None:
        return found
    _make(path, date, when, key)
    if (found := _listed(key)) is None:
        folder = kept.place(key).parent
        raise OSError(f"Không ghi được vào {folder}. / Cannot write to {folder}.")
    return found


def state(store: str | Path, as_of: dt.date | str, period: Period | str) -> str:
    """Return a key of everything that reports of a period are made from and by: the evidence, budgets and facts, code and packages.

    Parameters
    ----------
    store, as_of, period
        As in `shared`.

    Raises
    ------
    store.StoreError
        If there is no store.
    """
    return _key(*_asked(store, as_of, period))


def ready(state: str) -> dict[str, tuple[Path, str]] | None:
    """Return the slices of a state as `shared` does; None where they have not been made or some are damaged."""
    return _listed(state)


def slice_for(district: str, period: Period, store: str | Path, as_of: dt.date | str) -> KeptSlice:
    """Return a district's slice: the one that ``$EVALUATION_SLICE`` names, the one kept, or a new one.

    Parameters
    ----------
    district : str
        Code.
    period, store, as_of
        As in `shared`.

    Raises
    ------
    SliceError
        If the slice that was handed over is not that of this district,
        period, date and code.
    store.StoreError
        If there is no store.
    """
    if named := os.environ.get(SLICE):
        return _handed(Path(named), district, period, as_of)
    path, date, when = _asked(store, as_of, period)
    key = _key(path, date, when)
    listed = _listed(key) or {}
    if district in listed and (found := _kept(listed[district][0])) is not None:
        return found
    made = {} if listed else _make(path, date, when, key)
    if district in made:
        return made[district]
    from evaluation.reporting.slices.city import slices

    return _stamped(slices(open_store(path, date), when, district)[district])  # says what stands in the way of this one


def _asked(store: str | Path, as_of: dt.date | str, period: Period | str) -> tuple[Path, dt.date, Period]:
    when = Period.parse(period) if isinstance(period, str) else period
    date = as_of if isinstance(as_of, dt.date) else dt.date.fromisoformat(as_of) if as_of else when.department_due
    return Path(store) if store else folders().evidence, date, when


def _key(path: Path, as_of: dt.date, period: Period) -> str:
    """Return the key of the list of slices: of everything that they are made from and by."""
    budgets = [folders().budget(synthetic) for synthetic in (True, False)]
    return kept.key_of(
        what="slices",
        state=state_key(path, as_of, str(period)),
        budgets=[hashlib.sha256(b.read_bytes()).hexdigest() if b.exists() else "" for b in budgets],
        facts=facts_version(),
        code=code_version(),
        packages=package_versions(),
    )


def _listed(key: str) -> dict[str, tuple[Path, str]] | None:
    """Return the slices of a list if all of them are there and whole."""
    listed = kept.find(key)
    if not isinstance(listed, Mapping):
        return None
    found = {str(code): (kept.place(str(name)), str(sha256)) for code, (name, sha256) in listed.items()}
    return found if all(kept.whole(path) for path, _ in found.values()) else None


def _make(path: Path, as_of: dt.date, period: Period, key: str) -> dict[str, KeptSlice]:
    """Work out the slices of all districts and keep them, then their list."""
    from evaluation.reporting.slices.city import slices

    made = {code: _stamped(one) for code, one in slices(open_store(path, as_of), period).items()}
    names = {code: kept.key_of(what="slice", content=one.sha256, code=one.code, packages=dict(one.packages)) for code, one in made.items()}
    kept.keep({names[code]: one for code, one in made.items()})
    kept.keep({key: {code: (names[code], one.sha256) for code, one in made.items()}})
    return made


def _stamped(one: Slice) -> KeptSlice:
    from evaluation.reporting.slices.slice import KeptSlice

    return KeptSlice(one, to_parts(one).sha256(), code_version(), package_versions())


def _kept(path: Path) -> KeptSlice | None:
    try:
        return _read(path)
    except (OSError, Damaged):
        return None


def _read(path: Path) -> KeptSlice:
    from evaluation.reporting.slices.slice import KeptSlice

    found = kept.read(path)
    if not isinstance(found, KeptSlice):
        raise Damaged(f"{path.name} is no slice")
    return found


def _handed(path: Path, district: str, period: Period, as_of: dt.date | str) -> KeptSlice:
    """Return the slice that a batch handed over, if it is the one that the report asks for."""
    try:
        found = _read(path)
    except (OSError, Damaged) as error:
        raise SliceError(
            f"Không đọc được lát dữ liệu {path} mà {SLICE} chỉ tới ({error}). Hãy chạy lại lệnh báo cáo, hoặc bỏ biến {SLICE}. / "
            f"The slice {path} that {SLICE} names cannot be read ({error}). Run the report command again, or unset {SLICE}."
        ) from None
    one = found.slice
    date = as_of if isinstance(as_of, dt.date) else dt.date.fromisoformat(as_of) if as_of else period.department_due
    wanted = {"district": district, "period": str(period), "as_of": date.isoformat(), "code": code_version()}
    held = {"district": one.code, "period": str(one.period), "as_of": one.as_of.isoformat(), "code": found.code}
    if other := [name for name in wanted if wanted[name] != held[name]]:
        asked = ", ".join(f"{name}={wanted[name]}" for name in other)
        there = ", ".join(f"{name}={held[name]}" for name in other)
        raise SliceError(
            f"Lát dữ liệu mà {SLICE} chỉ tới là của {there}, báo cáo cần {asked}. Hãy chạy lại lệnh báo cáo, hoặc bỏ biến {SLICE}. / "
            f"The slice that {SLICE} names is of {there}, the report asks for {asked}. Run the report command again, or unset {SLICE}."
        )
    return found
