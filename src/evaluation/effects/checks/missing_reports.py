"""What missing reports leave open: the estimate on complete donors alone, with donors' gaps imputed, and at the ends of what could be.

References
----------
Manski 1990, American Economic Review 80:319-323 (bounds). Rubin 1987, Multiple Imputation for Nonresponse in Surveys.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.checks.basis import Basis, said
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS, Check
from evaluation.effects.matrix import Flags, Floats, Matrix, filled, one_start
from evaluation.language import Words, listed, number, percent
from evaluation.monitoring.missing.imputation import drawn_counts, fitted
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

REPORTED, COMPLETE, IMPUTED, LOWEST, HIGHEST = "reported", "complete", "imputed", "lowest", "highest"
NAMES = {
    REPORTED: Words("như đã báo cáo", "as reported"),
    COMPLETE: Words("chỉ đơn vị so sánh báo cáo đủ", "donors with complete reports alone"),
    IMPUTED: Words("điền phần thiếu của các đơn vị so sánh", "donors' gaps imputed"),
    LOWEST: Words("thấp nhất có thể", "lowest that could be"),
    HIGHEST: Words("cao nhất có thể", "highest that could be"),
}
IMPUTATIONS = 20
SOME, MUCH = 0.5, 1.0


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MissingSensitivity(Result):
    """The estimate under several readings of missing reports; `low` and `high` are the ends of what it could be.

    Attributes
    ----------
    frame : DataFrame
        reading (a key of `NAMES`), estimate (NaN where it could not be made), donors.
    missing : float
        Part of the unit's and its donors' reports that did not come.
    own_missing : int
        Periods that the treated unit did not report.
    moved : float
        Largest change by leaving out or imputing, as a part of what chance moves an estimate.
    logs : bool
    measure : str
    told : bool
        Whether the estimate as reported can be told from chance by the placebo test.
    """

    frame: pd.DataFrame = field(compare=False)
    missing: float
    own_missing: int
    moved: float
    logs: bool
    measure: str
    told: bool

    def summary(self, language: str | None = None) -> str:
        """Return the estimate under each reading, in one sentence."""
        speak = language or "en"
        if self.missing == 0:
            return Words("Không có báo cáo nào thiếu", "No report is missing")[speak]
        parts = [
            f"{NAMES[r][speak]} {said(x, self.logs, self.measure, speak)}"
            for r, x in zip(self.frame["reading"], self.frame["estimate"].to_numpy(float), strict=True)
            if np.isfinite(x)
        ]
        head = Words("Thiếu {part} số báo cáo ({own} kỳ của đơn vị thí điểm)", "{part} of reports are missing ({own} of the pilot unit's)")
        return f"{head[speak].format(part=percent(self.missing, speak), own=number(self.own_missing, speak))}: {listed(parts, speak)}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a reading."""
        return self.frame.copy()

    def check(self) -> Check:
        """Return the verdict.

        Failed where leaving out or imputing moves the estimate by more than
        chance does; doubtful beyond half of that, or where what is told from
        chance could be nothing at the ends of what the missing reports could be.
        """
        open_ended = self.told and self.low is not None and self.high is not None and self.low <= 0.0 <= self.high
        verdict = FAILS if self.moved > MUCH else DOUBTFUL if self.moved > SOME or open_ended else HOLDS
        return Check("missing_reports", verdict, self.moved, Words(self.summary("vi"), self.summary("en")))


def missing_reports(of: Basis, *, m: int = IMPUTATIONS, seed: int = 0) -> MissingSensitivity:
    """Return the estimate on complete donors, with donors' gaps imputed, and at the ends of what the missing could be.

    Parameters
    ----------
    of : Basis
    m : int
        Imputations; the mean of their estimates is given.
    seed : int

    Notes
    -----
    Only donors are imputed (a model of units and periods, with its scatter):
    the treated unit's missing reports stay missing, since a model without the
    pilot would fill them with no effect. The ends put the treated unit's
    missing reports at its own lowest and highest on that side of the start,
    and the donors' the other way.
    """
    import pandas as pd

    panel = of.panel
    gone = ~np.isfinite(panel.y)
    before, after = one_start(panel)
    used = before | after
    share = float(gone[:, used].mean())
    rows = [(REPORTED, of.fit.estimate, int((~panel.treated).sum()))]
    if share > 0:
        whole = [int(i) for i in np.flatnonzero(~panel.treated & gone[:, used].any(axis=1))]
        left = int((~panel.treated).sum()) - len(whole)
        rows.append((COMPLETE, of.design.estimate(panel.without(whole)) if left > 1 else np.nan, left))
        rng = np.random.default_rng(seed)
        draws = [x for one in _completed(panel, gone, m, rng) if np.isfinite(x := of.design.estimate(one))]
        rows.append((IMPUTED, float(np.mean(draws)) if draws else np.nan, rows[0][2]))
        rows += [(name, of.design.estimate(_at_end(panel, gone, before, name == HIGHEST)), rows[0][2]) for name in (LOWEST, HIGHEST)]
    frame = pd.DataFrame(rows, columns=["reading", "estimate", "donors"])
    by = frame.set_index("reading")["estimate"]
    moved = [abs(by[r] - by[REPORTED]) for r in (COMPLETE, IMPUTED) if r in by and np.isfinite(by[r])]
    ends = [float(by[r]) for r in (LOWEST, HIGHEST) if r in by and np.isfinite(by[r])]
    return MissingSensitivity(
        estimand=Words(
            f"{of.study.label.vi}, {of.study.treated_label.vi}: ước lượng khi báo cáo thiếu được hiểu theo các cách khác nhau",
            f"{of.study.label.en}, {of.study.treated_label.en}: the estimate by how missing reports are read",
        ),
        method=Words(
            "Bỏ đơn vị so sánh báo cáo thiếu, điền nhiều lần phần thiếu của họ (Rubin 1987), và hai đầu của những gì có thể (Manski 1990).",
            "Donors with gaps left out, their gaps imputed many times (Rubin 1987), and both ends of what could be (Manski 1990).",
        ),
        estimate=of.fit.estimate,
        low=min(ends) if ends else of.fit.estimate,
        high=max(ends) if ends else of.fit.estimate,
        level=of.level,
        n=int(np.isfinite(panel.y).sum()),
        unit="log ratio" if of.logs else panel.measure,
        diagnostics={"chance": of.chance, "imputations": m},
        frame=frame,
        missing=share,
        own_missing=int(gone[panel.treated][:, used].sum()),
        moved=max(moved) / of.chance if moved and of.chance > 0 else 0.0,
        logs=of.logs,
        measure=panel.measure,
        told=of.told,
    )


def _completed(panel: Matrix, gone: Flags, m: int, rng: np.random.Generator) -> list[Matrix]:
    """Return the panel with donors' missing figures drawn, m times."""
    donors = np.flatnonzero(~panel.treated)
    holes = gone[donors]
    known = panel.y[donors]
    if panel.measure == "count":
        model = fitted(known, np.ones(known.shape), shares=False)
        mean = np.exp(np.clip(model.linear(m, rng), -30, 30))
        drawn = drawn_counts(np.where(holes, mean, 0.0), model.scatters(m, rng), rng)
    else:
        smooth, residuals = filled(known)[0], _residuals(known)
        drawn = smooth + rng.choice(residuals, (m, *smooth.shape))
        drawn = np.clip(drawn, 0.0, 1.0) if panel.measure == "share" else drawn
    out = []
    for one in drawn:
        y = panel.y.copy()
        y[donors] = np.where(holes, one, known)
        out.append(_with_figures(panel, y))
    return out


def _residuals(y: Floats) -> Floats:
    """Return what unit and period means leave of reported figures."""
    unit = np.nanmean(y, axis=1, keepdims=True)
    period = np.nanmean(y - unit, axis=0)
    left = y - unit - period
    return np.asarray(left[np.isfinite(left)])


def _at_end(panel: Matrix, gone: Flags, before: Flags, high: bool) -> Matrix:
    """Return the panel with missing figures at the ends that make the estimate highest, or lowest."""
    y = panel.y.copy()
    for side, up in ((before, not high), (~before, high)):
        known = np.where(side, panel.y, np.nan)
        seen = np.isfinite(known).any(axis=1)
        for group, most in ((panel.treated, up), (~panel.treated, not up)):
            rows = np.flatnonzero(group & seen)
            end = np.nanmax(known[rows], axis=1) if most else np.nanmin(known[rows], axis=1)
            cells = gone[rows] & side
            y[rows] = np.where(cells, end[:, None], y[rows])
    return _with_figures(panel, y)


def _with_figures(panel: Matrix, y: Floats) -> Matrix:
    """Return the panel with other figures, over each unit's usual denominator where its own is missing."""
    if panel.measure in ("count", "value"):
        return replace(panel, y=y, top=y, bottom=np.where(np.isfinite(y), 1.0, np.nan))
    usual = np.nanmean(panel.bottom, axis=1, keepdims=True)
    bottom = np.where(np.isfinite(panel.bottom), panel.bottom, np.where(np.isfinite(y), usual, np.nan))
    return replace(panel, y=y, top=y * bottom, bottom=bottom)
