"""From a study to an effect: one design, one way to judge it, and how often the two together cry wolf."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.designs import design as design_named
from evaluation.effects.effect import DIFFERENCE, RATIO, Effect
from evaluation.effects.inference import inference as inference_named
from evaluation.effects.inference.clustered import LEAST_TREATED
from evaluation.effects.inference.placebo_sets import MANY
from evaluation.effects.judgement import Judgement
from evaluation.effects.matrix import Matrix, matrix
from evaluation.effects.study import Study
from evaluation.language import Words, uncapitalised
from evaluation.settings import DEFAULT_SEED

if TYPE_CHECKING:
    import pandas as pd

CLUSTERED = ("did", "event", "cs")
ONE_BY_ONE = ("sc", "asc", "ife")  # a fit for each treated unit: many of them are not tried on thousands of panels, and nothing is claimed
DONORS_ARE_NOT_UNTREATED = Words(
    "Các đơn vị so sánh cũng nhận những gì kế hoạch yêu cầu ở mọi nơi: tác động là phần thêm của mô hình.",
    "The comparison units also get what the plan asks everywhere: the effect is what the pilot adds.",
)
STANDS_IN = Words(
    "Tần suất báo động nhầm là của cùng phương pháp không có biến giải thích, vì không thể tìm lại trọng số hàng nghìn lần.",
    "False alarms are those of the same design without covariates, whose weights cannot be searched for thousands of times.",
)
NOT_REACHED = Words(
    "Can thiệp không tác động đến các đơn vị so sánh.",
    "What was done does not reach the comparison units.",
)


def estimate_effect(
    study: Study,
    design: str | Design = "did",
    judged_by: str | None = None,
    *,
    level: float = 0.95,
    seed: int = DEFAULT_SEED,
    calibrated: bool = False,
) -> Effect:
    """Estimate the effect of a study's pilot by one design and judge it.

    Parameters
    ----------
    study : Study
    design : str or Design
        Id of a design (`effects.designs.NAMES`), or a design made with own options.
    judged_by : str, optional
        Id of an inference (`effects.inference.NAMES`); what suits design and
        number of treated units where left out, see `judge_for`.
    level : float
    seed : int
        Of whatever is drawn.
    calibrated : bool
        Whether to find how often the whole procedure cries wolf where nothing
        happened (`calibration.calibrate`); without it nothing may be claimed.
        Designs with a fit for each treated unit are not calibrated where more
        than 20 are treated.

    Raises
    ------
    NotEnough
        If the study has too few donors, periods or figures for the design.
    ValueError
        If there is no such design or inference.
    """
    chosen = design_named(design) if isinstance(design, str) else design
    panel = matrix(study)
    fit = chosen.fit(panel)
    judge = judged_by or judge_for(chosen, panel)
    judged = inference_named(judge)(chosen, panel, fit, level, np.random.default_rng(seed))
    effect = effect_from(study, panel, chosen, fit, judged, judge, level)
    if not calibrated or (chosen.id in ONE_BY_ONE and int(panel.treated.sum()) > MANY):
        return effect
    from evaluation.effects.calibration.calibrate import calibrate

    stand_in = chosen.calibrated_as or chosen
    assumptions = (*effect.assumptions, STANDS_IN) if chosen.calibrated_as else effect.assumptions
    return replace(effect, calibration=calibrate(study, stand_in, judge, level=level, seed=seed), assumptions=assumptions)


def judge_for(design: Design, panel: Matrix) -> str:
    """Return the inference that suits a design and the number of treated units.

    Few treated units are ranked among donors: by the ratio of errors after and
    before the start where the fit before differs from unit to unit (synthetic
    control), else by the estimate. Many are judged by cluster-robust errors
    where the design has them, and no treated unit stands alone at its start.
    """
    together = np.unique(panel.first[panel.treated], return_counts=True)[1]
    if int(panel.treated.sum()) >= LEAST_TREATED and design.id in CLUSTERED and together.min() > 1:
        return "cluster"
    return "placebo_ratio" if design.id in ("sc", "asc") else "placebo"


def effect_from(study: Study, panel: Matrix, design: Design, fit: Fit, judged: Judgement, judged_by: str, level: float) -> Effect:
    """Return the effect of a fit and its judgement as a result for readers."""
    ratio = design.ratio(panel.measure)

    def back(x: Any) -> Any:
        with np.errstate(over="ignore"):  # an end without bound stays without bound
            return np.exp(x) if ratio else x

    def known(x: float | None) -> float | None:
        return None if x is None or not np.isfinite(back(x)) else float(back(x))

    before, after = np.asarray(panel.before[panel.treated].all(axis=0)), np.asarray(panel.after[panel.treated].any(axis=0))
    return Effect(
        estimand=_estimand(study),
        method=design.method,
        estimate=known(fit.estimate),
        low=known(judged.low),
        high=known(judged.high),
        level=level,
        n=int(np.isfinite(panel.y).sum()),
        unit=RATIO if ratio else panel.measure,
        assumptions=(*design.assumptions, DONORS_ARE_NOT_UNTREATED if study.pilot else NOT_REACHED),
        diagnostics={**fit.details, **judged.details, "standard_error": fit.standard_error},
        design=design.id,
        outcome=study.outcome,
        outcome_label=study.label,
        unit_label=study.treated_label,
        measure=panel.measure,
        scale=RATIO if ratio else DIFFERENCE,
        p_value=None if judged.p_value is None or np.isnan(judged.p_value) else judged.p_value,
        smallest_p=judged.smallest_p,
        judged_by=judged_by,
        inference=judged.said,
        warning=judged.warning,
        effects=_by_period(panel, fit, judged, after, back),
        counterfactual=_frame(panel, observed=fit.observed, counterfactual=fit.counterfactual, after=after),
        weights=_weights(panel, fit),
        pre_rmspe=fit.rmspe(before),
        placebo=_placebos(judged, before, after, back),
        placebo_gaps=_placebo_gaps(panel, judged, back),
        start=study.start,
        n_before=int(before.sum()),
        n_after=int(after.sum()),
        n_donors=int((~panel.treated).sum()),
        synthetic=study.synthetic,
        source=study.source,
    )


def _estimand(study: Study) -> Words:
    ward, label = study.treated_label, study.label
    if not study.pilot:
        return Words(
            f"Tác động tại {ward.vi} đối với {label.vi}, so với các đơn vị so sánh",
            f"Effect in {ward.en} on {label.en}, compared with the comparison units",
        )
    return Words(
        f"Tác động của mô hình thí điểm tại {ward.vi} đối với {uncapitalised(label.vi)}, ngoài những gì kế hoạch yêu cầu ở mọi quận, huyện",
        f"Effect of the pilot in {ward.en} on {uncapitalised(label.en)}, in addition to what the plan asks of every district",
    )


def _frame(panel: Matrix, **columns: Any) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"period": list(panel.periods), **columns})


def _by_period(panel: Matrix, fit: Fit, judged: Judgement, after: Any, back: Any) -> pd.DataFrame:
    ends = np.full((len(panel.periods), 2), np.nan) if judged.by_period is None else back(judged.by_period)
    bounded = np.isfinite(ends).all(axis=1)  # an interval without a bound is none
    low, high = (np.where(bounded, ends[:, side], np.nan) for side in (0, 1))
    return _frame(panel, effect=back(fit.gap), low=low, high=high, after=after)


def _weights(panel: Matrix, fit: Fit) -> pd.DataFrame:
    import pandas as pd

    order = [i for i in np.argsort(-fit.weights, kind="stable") if not panel.treated[i] and abs(fit.weights[i]) > 1e-6]
    return pd.DataFrame({"unit": [panel.units[i] for i in order], "weight": fit.weights[order] if order else np.empty(0)})


def _placebos(judged: Judgement, before: Any, after: Any, back: Any) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (u, float(back(f.estimate)), f.rmspe(before), f.rmspe(after))
        for u, f in zip(judged.placebo_units, judged.placebo_fits, strict=True)
    ]
    return pd.DataFrame(rows, columns=["unit", "effect", "pre_rmspe", "post_rmspe"])


def _placebo_gaps(panel: Matrix, judged: Judgement, back: Any) -> pd.DataFrame:
    import pandas as pd

    parts = [_frame(panel, unit=u, gap=back(f.gap)) for u, f in zip(judged.placebo_units, judged.placebo_fits, strict=True)]
    return pd.concat(parts, ignore_index=True)[["unit", "period", "gap"]] if parts else pd.DataFrame(columns=["unit", "period", "gap"])
