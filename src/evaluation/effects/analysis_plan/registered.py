"""Plans as they were registered: which one stands, whether it came before the data, and the studies that it asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.effects.analysis_plan.plan import AnalysisPlan
from evaluation.effects.analysis_plan.plan_file import read_plan
from evaluation.effects.pilots import pilot_study
from evaluation.effects.study import Study
from evaluation.language import Words, day
from evaluation.periods import said_period
from evaluation.store import EvidenceStore

_BEFORE = Words(
    "phiên bản {version}, đăng ký ngày {day} (mã băm {hash}), trước khi có số liệu sau can thiệp",
    "version {version}, registered on {day} (hash {hash}), before outcomes after the start had come in",
)
_AFTER = Words(
    "phiên bản {version}, đăng ký ngày {day} (mã băm {hash}), sau khi đã có số liệu đến {last}",
    "version {version}, registered on {day} (hash {hash}), after the data: figures to {last} had come in",
)


@dataclass(frozen=True)
class RegisteredPlan:
    """A plan as it stands in the store.

    Attributes
    ----------
    plan : AnalysisPlan
    version : int
    registered : date
    sha256, file : str
    last_period : str
        Last period of which figures had come by then, by the ledger or by the days on which
        they were received; empty for none.
    """

    plan: AnalysisPlan
    version: int
    registered: dt.date
    sha256: str
    file: str
    last_period: str

    @property
    def after_data(self) -> bool:
        """Whether outcomes after the start had been received when it was registered."""
        return bool(self.last_period) and self.last_period >= self.plan.windows.start

    def summary(self, language: str | None = None) -> str:
        """Return version, day, hash, and whether it came before the data."""
        speak = language or "en"
        slots = {
            "version": self.version,
            "day": day(self.registered, speak),
            "hash": self.sha256[:12],
            "last": self.last_period and said_period(self.last_period, speak, inside=True),
        }
        return (_AFTER if self.after_data else _BEFORE)[speak].format(**slots)


def registered_plans(store: EvidenceStore, pilot: str) -> tuple[RegisteredPlan, ...]:
    """Return all versions of a pilot's plan that were registered by the store's `as_of`, oldest first.

    Raises
    ------
    PlanFileError
        If a kept file can no longer be read by this version of the program.
    StoreError
        If a kept file is missing.
    """
    return tuple(
        RegisteredPlan(
            plan=read_plan(kept.body, kept.file),
            version=kept.version,
            registered=kept.registered,
            sha256=kept.sha256,
            file=kept.file,
            last_period=max(kept.last_period, store.known_by(kept.registered)),
        )
        for kept in store.analysis_plans(pilot)
    )


def standing_plan(plans: Sequence[RegisteredPlan]) -> RegisteredPlan | None:
    """Return the version that results are held against: the last registered before the data, else the first; None for none."""
    before = [p for p in plans if not p.after_data]
    return before[-1] if before else (plans[0] if plans else None)


def plan_study(store: EvidenceStore, plan: AnalysisPlan, outcome: str) -> Study:
    """Describe the study of one outcome as the plan has it: its windows and its donors rule.

    Raises
    ------
    KeyError, NoStart, NotAnOutcome, ValueError
        As `effects.pilots.pilot_study`.
    """
    windows = plan.windows
    options: dict[str, Any] = {"anticipation": windows.anticipation, "phase_in": windows.phase_in, "level_factor": plan.donors.level_factor}
    found = pilot_study(store, plan.pilot, outcome, until=windows.until, **options)
    wanted = plan.donors_of(found)
    if wanted == frozenset(found.donors):
        return found
    return pilot_study(store, plan.pilot, outcome, until=windows.until, only=sorted(wanted), **options)
