"""Effects made by hand for the tests of what is said of them together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from evaluation.effects.calibration.claims import Calibration, Rate
from evaluation.effects.effect import Effect
from evaluation.language import Words

DAY = [f"{y}-Q{q}" for y in (2016, 2017) for q in (1, 2, 3, 4)]


def calibrated(k: int = 0, m: int = 40) -> Calibration:
    none = Words("báo động nhầm", "false alarms")
    rate = Rate(k, m)
    return Calibration(
        estimand=none, method=none, estimate=rate.value, windows=rate, generated=Rate(0, 0), coverage=Rate(0, 0), detectable=None
    )


def effect(
    estimate: float | None = 1.5, low: float | None = 1.2, high: float | None = 1.9, p: float | None = 0.01, **options: Any
) -> Effect:
    """Return an effect; placebos are (unit, effect) pairs."""
    after = np.array([False] * 4 + [True] * 4)
    placebos = pd.DataFrame(options.pop("placebos", []), columns=["unit", "effect"])
    name = options.pop("unit", "Phường A")
    outcome = options.pop("outcome", "sti_tested")
    base = float(options.pop("base", 10.0))
    given: dict[str, Any] = {
        "estimand": Words(f"Tác động tại {name} đối với {outcome}", f"Effect in {name} on {outcome}"),
        "method": Words("Sai biệt kép.", "Difference-in-differences."),
        "estimate": estimate,
        "low": low,
        "high": high,
        "n": 96,
        "unit": "ratio",
        "design": "did",
        "outcome": outcome,
        "outcome_label": Words(f"Kết quả {outcome}", f"Outcome {outcome}"),
        "unit_label": Words(name, name),
        "measure": "count",
        "scale": "ratio",
        "p_value": p,
        "smallest_p": 0.01,
        "judged_by": "placebo",
        "inference": Words("Hoán vị giả dược.", "Placebo permutation."),
        "effects": pd.DataFrame({"period": DAY, "effect": 1.0, "low": np.nan, "high": np.nan, "after": after}),
        "counterfactual": pd.DataFrame({"period": DAY, "observed": 15.0, "counterfactual": base, "after": after}),
        "weights": pd.DataFrame({"unit": [], "weight": []}),
        "pre_rmspe": 1.0,
        "placebo": placebos.assign(pre_rmspe=1.0, post_rmspe=1.0),
        "placebo_gaps": pd.DataFrame(columns=["unit", "period", "gap"]),
        "start": "2017-Q1",
        "n_before": 4,
        "n_after": 4,
        "n_donors": 11,
        "calibration": calibrated(),
        "synthetic": True,
    }
    return Effect(**{**given, **options})
