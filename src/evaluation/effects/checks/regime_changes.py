"""Documented changes of reporting near the start: a new form or another focal person can look like an effect.

References
----------
Shadish, Cook, Campbell 2002, Experimental and Quasi-Experimental Designs (instrumentation as a threat).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.checks.anticipation import as_if_started
from evaluation.effects.checks.basis import Basis, rank_p
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS, Check
from evaluation.effects.matrix import NotEnough, periods_at
from evaluation.language import Words, listed, number
from evaluation.monitoring.series import FORM_CHANGED, FORM_PERIODS, DocumentedChange
from evaluation.periods import said_period
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

AT_THE_START = 1
NEAR = 4
LEAST = 2
NONE_KNOWN = Words(
    "Không có thay đổi cách báo cáo nào được ghi nhận trong thời gian này",
    "No change of reporting is documented in these periods",
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RegimeChanges(Result):
    """Documented changes of reporting by how far they lie from the start; `estimate` is the distance of the nearest, in periods.

    Attributes
    ----------
    frame : DataFrame
        period, reason (English), reason_vi, distance (periods from the start, negative before),
        step (of the unit against its donors at that change, on the design's scale), p_value
        (placebo); NaN where too few periods lie on a side.
    """

    frame: pd.DataFrame = field(compare=False)

    @property
    def steps(self) -> int:
        """How many changes moved the unit otherwise than its donors, told from chance."""
        return int((self.frame["p_value"] <= round(1 - self.level, 9)).sum())

    def summary(self, language: str | None = None) -> str:
        """Return the changes, their distance from the start and what the unit did there, in one sentence."""
        speak = language or "en"
        if self.frame.empty:
            return NONE_KNOWN[speak]
        parts = []
        for row in self.frame.to_dict("records"):
            reason = row["reason_vi" if speak == "vi" else "reason"]
            away = number(abs(row["distance"]), speak)
            where = Words(
                f"{away} kỳ {'trước' if row['distance'] < 0 else 'sau'} khi bắt đầu",
                f"{away} period{'' if away == '1' else 's'} {'before' if row['distance'] < 0 else 'after'} the start",
            )[speak]
            p = row["p_value"]
            test = "" if not np.isfinite(p) else f", p = {number(p, speak, 3)}"
            parts.append(f"{said_period(str(row['period']), speak, inside=True)} ({reason}; {where}{test})")
        head = Words("Thay đổi cách báo cáo được ghi nhận", "Documented changes of reporting")[speak]
        return f"{head}: {listed(parts, speak)}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a change."""
        return self.frame.copy()

    def check(self) -> Check:
        """Return the verdict.

        Failed where a change lies within one period of the start: the two
        cannot be told apart. Doubtful within less than four, or where the unit took a
        step of its own at one.
        """
        near = float(self.frame["distance"].abs().min()) if len(self.frame) else np.inf
        verdict = FAILS if near <= AT_THE_START else DOUBTFUL if near < NEAR or self.steps else HOLDS
        said = Words(self.summary("vi"), self.summary("en"))
        return Check("regime_changes", verdict, None if not np.isfinite(near) else near, said)


def form_changes(periods: Sequence[str]) -> tuple[DocumentedChange, ...]:
    """Return the changes of the reporting form that fall within some periods."""
    return tuple(DocumentedChange(p, FORM_CHANGED) for p in FORM_PERIODS.values() if p in list(periods)[1:])


def regime_changes(of: Basis, changes: Sequence[DocumentedChange] | None = None) -> RegimeChanges:
    """Return documented changes near the start and whether the unit moved otherwise than its donors at each.

    Parameters
    ----------
    of : Basis
    changes : sequence of DocumentedChange, optional
        Those of the reporting form within the panel where left out; an empty
        one says that none is known.

    Raises
    ------
    NotEnough
        If nothing is given and the panel's periods are not the form's quarters.

    Notes
    -----
    A change that comes to all units alike goes out with the common course.
    So the unit is compared with its donors on the periods before the start,
    as if it had been treated from the change on.
    """
    import pandas as pd

    panel = of.panel
    if changes is None:
        if not all(isinstance(p, str) and p[4:6] == "-Q" for p in panel.periods):
            raise NotEnough("Chưa nêu các thay đổi cách báo cáo (changes=). / Changes of reporting are not given (changes=).")
        changes = form_changes(panel.periods)
    first = int(panel.first.min())
    rows = []
    for change in sorted(changes, key=lambda c: c.period):
        at = periods_at(panel.periods, change.period)
        step, p = np.nan, np.nan
        if LEAST <= at <= first - LEAST:
            before = as_if_started(panel, at, first)
            step = of.design.estimate(before)
            p = rank_p(step, [f.estimate for f in of.design.fits(before, before.singles)]) if np.isfinite(step) else np.nan
        rows.append((change.period, change.reason.en, change.reason.vi, at - first, step, p))
    frame = pd.DataFrame(rows, columns=["period", "reason", "reason_vi", "distance", "step", "p_value"])
    return RegimeChanges(
        estimand=Words(
            f"{of.study.label.vi}, {of.study.treated_label.vi}: thay đổi cách báo cáo gần lúc bắt đầu",
            f"{of.study.label.en}, {of.study.treated_label.en}: changes of reporting near the start",
        ),
        method=Words(
            "Thay đổi được ghi nhận; so đơn vị thí điểm với các đơn vị so sánh tại từng thay đổi trước khi bắt đầu, hoán vị giả dược.",
            "Documented changes; the pilot's unit against its donors at each one before the start, placebo permutation.",
        ),
        estimate=float(frame["distance"].abs().min()) if len(frame) else None,
        level=of.level,
        n=len(frame),
        unit="periods",
        frame=frame,
    )
