"""Synthetic control: the mix of donors that comes nearest to the treated unit before its start; all placebos at once.

Without predictors the whole course before the start is matched. With predictors, V says how much each counts: all alike,
given, by what fits the outcome before the start best, or by what forecasts its second half best. Several treated units
have a synthetic control each, and their gaps are averaged: a mix of donors near their mean may be near none of them.

References
----------
Abadie, Gardeazabal 2003, American Economic Review 93:113-132. Abadie, Diamond, Hainmueller 2010, JASA 105:493-505; 2015,
AJPS 59:495-510. Abadie 2021, Journal of Economic Literature 59:391-425. Abadie, L'Hour 2021, JASA 116:1817-1834
(several treated units, one by one). Kaul, Klossner, Pfeifer, Schieler 2022, JBES 40:1362-1376 (with all outcomes
before the start as predictors the search for V leaves other predictors nothing to say). Klossner, Kaul, Pfeifer, Schieler
2018, Swiss Journal of Economics and Statistics 154:11 (the V of cross-validation need not be unique; here it is always the
same one for the same data, but read its weights with the fit).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.designs.synthetic.courses import Found, fitted, fitted_each
from evaluation.effects.designs.synthetic.importance import STARTS, Fitting, by_regression, search
from evaluation.effects.designs.synthetic.pool import Pool, matched
from evaluation.effects.designs.synthetic.predictors import OUTCOME, Predictor, moved_back, period_like, predictors_of, table
from evaluation.effects.designs.synthetic.simplex import nearest
from evaluation.effects.designs.synthetic.turns import complete, in_turn
from evaluation.effects.matrix import LOGS, Flags, Floats, Matrix, NotEnough
from evaluation.language import Words

Way = Literal["none", "nested", "regression", "cross_validation"]
WAYS: tuple[Way, ...] = ("none", "nested", "regression", "cross_validation")


def synthetic_control(
    v: Way | Sequence[float] | None = None,
    predictors: str | Iterable[str | Predictor] = (),
    *,
    outcome: str = OUTCOME,
    training: str | Iterable[str | Predictor] = (),
    validation: tuple[Any, Any] | None = None,
    starts: int = STARTS,
) -> Design:
    """Return the design with its own options.

    Parameters
    ----------
    v : {"none", "nested", "regression", "cross_validation"} or sequence of float, optional
        How much each predictor counts: all alike ("none"), by the fit of the
        outcome before the start ("nested", the way of 2010), by a regression of
        the outcomes before the start on the predictors ("regression", what
        Stata's `synth` does where nothing else is asked for; no search), by the
        forecast of a validation period ("cross_validation", the way of 2015),
        or given.
        "nested" with predictors and "none" without them where left out. V
        goes with predictors: the whole course needs none.
    predictors : texts or Predictor
        Such as "lnincome@1980:1988" or "cigsale@1975": means over what is
        known in the window, in standard deviations over all units. Without
        any, the whole course before the start is matched.
    outcome : str
        The name by which predictors call the outcome.
    training : texts or Predictor
        For cross-validation: the same predictors in the training period, in
        the same order; the windows moved back by half of the periods before
        the start where left out.
    validation : pair of periods, optional
        For cross-validation: first and last; the second half of the periods
        before the start where left out.
    starts : int
        Starting points of the search for V that are improved.

    Raises
    ------
    ValueError
        If the options do not go together.
    """
    wanted, earlier = predictors_of(predictors), predictors_of(training)
    way: Way | tuple[float, ...] = ("nested" if wanted else "none") if v is None else v if isinstance(v, str) else tuple(map(float, v))
    _checked(way, wanted, earlier)
    options = _Options(way, wanted, outcome, earlier, validation, starts)

    def course(panel: Matrix, pool: Pool, unit: int, before: Flags) -> Found:
        return _course(panel, pool, unit, before, options)

    def fit(panel: Matrix) -> Fit:
        return fitted(panel, course)

    def each(panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
        if not wanted and all(len(chosen) == 1 for chosen in placebos) and complete(panel):
            return in_turn(panel, [chosen[0] for chosen in placebos])
        return fitted_each(panel, placebos, course)

    return Design(
        id="sc",
        name=Words("Đối chứng tổng hợp", "Synthetic control"),
        method=_said(way, wanted),
        fit=fit,
        assumptions=ASSUMPTIONS,
        logs=LOGS,
        staggered=True,
        calibrated_as="sc" if wanted else "",
        each=each,
    )


ASSUMPTIONS = (
    Words(
        "Tổ hợp các đơn vị so sánh gần giống đơn vị thí điểm trước khi bắt đầu sẽ tiếp tục giống nếu không có mô hình.",
        "The mix of comparison units that was like the pilot's unit before the start would have stayed like it without the pilot.",
    ),
    Words(
        "Đơn vị thí điểm nằm trong phạm vi của các đơn vị so sánh: không ngoại suy.",
        "The pilot's unit lies within the range of the comparison units: nothing is extrapolated.",
    ),
)


class _Options:
    """What a design was made with."""

    def __init__(
        self,
        way: Way | tuple[float, ...],
        predictors: tuple[Predictor, ...],
        outcome: str,
        training: tuple[Predictor, ...],
        validation: tuple[Any, Any] | None,
        starts: int,
    ) -> None:
        self.way, self.predictors, self.outcome = way, predictors, outcome
        self.training, self.validation, self.starts = training, validation, starts


def _checked(way: Way | tuple[float, ...], wanted: tuple[Predictor, ...], earlier: tuple[Predictor, ...]) -> None:
    if isinstance(way, str) and way not in WAYS:
        raise ValueError(f"v={way!r}: có / there are: {', '.join(WAYS)}.")
    if not wanted and way not in ("none", "nested"):
        raise ValueError(f"v={way!r}: cần predictors=. / It needs predictors=.")
    if isinstance(way, tuple) and (len(way) != len(wanted) or min(way) < 0 or not 0 < sum(way) < float("inf")):
        raise ValueError(
            f"v: cần {len(wanted)} số không âm, mỗi biến dự báo một số. / It takes {len(wanted)} numbers from 0 up, one a predictor."
        )
    if earlier and (way != "cross_validation" or len(earlier) != len(wanted)):
        raise ValueError(
            "training=: chỉ dùng với v='cross_validation', cùng số biến dự báo. / It goes with v='cross_validation' and as many predictors."
        )


def _course(panel: Matrix, pool: Pool, unit: int, before: Flags, options: _Options) -> Found:
    """Return the synthetic course of a unit, the donors' weights and what was found on the way."""
    known = matched(before, pool, unit, panel.units[unit])
    if not options.predictors:
        donors = pool.donors
        solved = nearest(pool.z[donors][:, known].T, pool.z[unit, known])
        w, details = solved.w, {"duality_gap": solved.gap, "weights_unique": solved.unique}
    else:
        donors, w, details = _predicted(panel, pool, unit, before, known, options)
    path = w @ pool.z[donors]
    off = pool.z[unit, known] - path[known]
    details |= {
        "mspe_before": float(off @ off) / len(off),
        "matched_periods": int(known.sum()),
        "missing": pool.missing,
        "donors_left_out": pool.left_out + len(pool.donors) - len(donors),
    }
    weights = np.zeros(len(panel.units))
    weights[donors] = w
    return path, weights, details


def _predicted(
    panel: Matrix, pool: Pool, unit: int, before: Flags, known: Flags, options: _Options
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], Floats, dict[str, Any]]:
    """Return donors and their weights by predictors."""
    found = table(panel, pool, unit, before, options.predictors, options.outcome)
    if not len(found.donors):
        raise NotEnough(
            "Không đơn vị so sánh nào có đủ các biến dự báo; hãy bỏ bớt biến dự báo. / "
            "No comparison unit has all predictors; leave some predictors out."
        )

    def fitting(t: Any, judged: Flags, ties: Flags) -> Fitting:
        z, own = pool.z[t.donors], pool.z[unit]
        return Fitting(t.own, t.others, own[judged], z[:, judged].T, own[ties], z[:, ties].T)

    main = fitting(found, known, known)
    if options.way == "nested":
        v, _ = search(main, options.starts)
    elif options.way == "regression":
        v = by_regression(main)
    elif options.way == "cross_validation":
        v = _validated(panel, pool, unit, before, known, options, found.names)
    elif options.way == "none":
        v = np.full(len(found.names), 1 / len(found.names))
    else:
        by_name = dict(zip(map(str, options.predictors), options.way, strict=True))
        v = np.array([by_name[n] for n in found.names])
        if not v.sum() > 0:
            raise NotEnough("v: các biến dự báo còn lại đều có trọng số 0. / All predictors that are left count for nothing.")
        v = v / v.sum()
    w = main.weights(v)
    details: dict[str, Any] = {
        "predictor_importance": dict(zip(found.names, v.tolist(), strict=True)),
        "predictor_balance": {n: (float(r[0]), float(r[1:] @ w), float(r[1:].mean())) for n, r in zip(found.names, found.raw, strict=True)},
        "predictors_left_out": found.left_out,
    }
    return found.donors, w, details


def _validated(panel: Matrix, pool: Pool, unit: int, before: Flags, known: Flags, options: _Options, names: tuple[str, ...]) -> Floats:
    """Return the V that forecasts the validation period best from the training period, for the predictors named."""
    at = np.flatnonzero(known)
    if options.validation is None:
        judged = np.zeros_like(known)
        judged[at[(len(at) + 1) // 2 :]] = True
    else:
        first, last = (period_like(p, panel.periods[0]) for p in options.validation)
        judged = known & np.array([first <= t <= last for t in panel.periods])
    if not judged.any() or not (known & ~judged).any():
        raise NotEnough(
            "Kiểm định chéo cần kỳ huấn luyện và kỳ kiểm định trước khi bắt đầu; hãy dùng v='nested' hoặc thêm kỳ trước. / "
            "Cross-validation needs training and validation periods before the start; use v='nested' or add earlier periods."
        )
    kept = [p for p in options.predictors if str(p) in names]
    pairs = dict(zip(map(str, options.predictors), options.training, strict=True)) if options.training else {}
    earlier = [pairs[str(p)] for p in kept] if pairs else list(moved_back(kept, panel, before))
    first_judged = int(np.flatnonzero(judged)[0])
    early = before & (np.arange(len(before)) < first_judged)
    trained = table(panel, pool, unit, early, earlier, options.outcome)
    ties = known & early if (known & early).any() else known & ~judged
    z, own = pool.z[trained.donors], pool.z[unit]
    v, _ = search(
        Fitting(trained.own, trained.others, own[judged], z[:, judged].T, own[ties], z[:, ties].T),
        options.starts,
    )
    found = dict(zip(trained.names, v.tolist(), strict=True))
    # A predictor without a figure in the training period cannot be weighed there: it counts as the mean of the others.
    usual = float(np.mean(v))
    every = np.array([found.get(str(e), usual) for e in earlier])
    return np.asarray(every / every.sum())


def _said(way: Way | tuple[float, ...], wanted: tuple[Predictor, ...]) -> Words:
    if not wanted:
        return Words(
            "Đối chứng tổng hợp: tổ hợp lồi của các đơn vị so sánh gần nhất với toàn bộ diễn biến trước khi bắt đầu "
            "(Abadie, Diamond và Hainmueller 2010).",
            "Synthetic control: the convex mix of donors nearest to the whole course before the start "
            "(Abadie, Diamond and Hainmueller 2010).",
        )
    how = {
        "none": Words("các biến có trọng số như nhau", "all predictors count alike"),
        "nested": Words(
            "trọng số của biến chọn theo độ khớp trước khi bắt đầu (Abadie, Diamond và Hainmueller 2010)",
            "V by the fit before the start (Abadie, Diamond and Hainmueller 2010)",
        ),
        "regression": Words(
            "trọng số của biến theo hồi quy kết quả trước khi bắt đầu trên các biến",
            "V by a regression of the outcomes before the start on the predictors",
        ),
        "cross_validation": Words(
            "trọng số của biến chọn theo dự báo trong giai đoạn kiểm định (Abadie, Diamond và Hainmueller 2015)",
            "V by the forecast of a validation period (Abadie, Diamond and Hainmueller 2015)",
        ),
    }.get(way if isinstance(way, str) else "", Words("trọng số của biến cho trước", "V given"))
    n = len(wanted)
    return Words(
        f"Đối chứng tổng hợp với {n} biến dự báo, {how.vi}.",
        f"Synthetic control with {n} predictor{'s' if n > 1 else ''}, {how.en}.",
    )


SYNTHETIC_CONTROL = synthetic_control()
