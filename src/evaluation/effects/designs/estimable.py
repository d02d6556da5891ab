"""Whether a fit has an estimate, and what the panel lacks where it has none."""

from __future__ import annotations

import numpy as np

from evaluation.effects.design import Fit
from evaluation.effects.matrix import LOGS, Matrix, NotEnough
from evaluation.language import Words

LACKING = Words(
    "Không có đủ kỳ trước và sau khi bắt đầu mà cả đơn vị thí điểm và đơn vị so sánh cùng có số liệu; hãy thêm kỳ.",
    "There are not enough periods before and after the start with figures of the treated unit and of comparison units; add periods.",
)


def estimable(panel: Matrix, fit: Fit, else_lacking: Words = LACKING) -> Fit:
    """Return the fit, refused where its estimate is not a number.

    Parameters
    ----------
    panel : Matrix
    fit : Fit
    else_lacking : Words
        What is lacking where both sides reported and counted something before and after.

    Raises
    ------
    NotEnough
        If there is no estimate; the message says which side reported or counted nothing.
    """
    if np.isfinite(fit.estimate):
        return fit
    seen = np.isfinite(panel.y)
    treated = panel.treated
    own, others = seen[treated], seen[~treated]
    before, after = panel.before[treated], panel.after[treated]
    if not (own & before).any() or not (own & after).any():
        late = bool((own & before).any())
        raise NotEnough(
            f"Đơn vị thí điểm ({_named(panel)}) không có số liệu nào {'sau' if late else 'trước'} khi bắt đầu; "
            f"hãy thêm kỳ {'sau' if late else 'trước'} hoặc chọn kỳ bắt đầu khác. / "
            f"The treated unit ({_named(panel)}) has no figure {'after' if late else 'before'} the start; "
            f"add {'later' if late else 'earlier'} periods or choose another start."
        )
    if not (others & before.any(axis=0)).any() or not (others & after.any(axis=0)).any():
        late = bool((others & before.any(axis=0)).any())
        raise NotEnough(
            f"Không đơn vị so sánh nào có số liệu {'sau' if late else 'trước'} khi bắt đầu; hãy thêm đơn vị so sánh hoặc thêm kỳ. / "
            f"No comparison unit has a figure {'after' if late else 'before'} the start; add comparison units or periods."
        )
    for rows, vi, en in ((treated, "Đơn vị thí điểm", "The treated unit"), (~treated, "Các đơn vị so sánh", "The comparison units")):
        if panel.measure in LOGS and not panel.top[rows][seen[rows]].any():
            raise NotEnough(f"{vi} không có sự kiện nào: không tính được tỷ số. / {en} counted nothing: there is no ratio.")
    raise NotEnough(f"{else_lacking.vi} / {else_lacking.en}")


def _named(panel: Matrix) -> str:
    names = [u for u, t in zip(panel.units, panel.treated, strict=True) if t]
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
