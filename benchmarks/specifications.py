"""500 specifications of one effect with their joint placebo test, beside a plain loop of regressions, in one run.

Ours makes every specification for the treated unit and for each placebo, and tests them jointly; the loop makes one
two-way regression (statsmodels, logs of counts) a specification for the treated unit alone. Where both do the same, the
estimates must be the same. Growth is shown to 5,000 units. `make benchmark` runs it.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import statsmodels.api as sm

from evaluation.effects.checks.choices import LOGS, NEAREST, POOLED, Choices, Specification
from evaluation.effects.checks.specifications import Specifications, specifications
from evaluation.effects.study import Study, study_panel

WARDS, QUARTERS, ALL = 322, 16, 500
LARGER = (1_000, 5_000)
CHEAP = (POOLED, LOGS, NEAREST)  # a synthetic control a unit and rule is left out of the largest panels
IN_THE_LOOP = 12
MOST_SECONDS = 60.0
NAMES = [f"{2014 + q // 4}-Q{1 + q % 4}" for q in range(QUARTERS)]


def panel(units: int, seed: int = 2234) -> tuple[Study, dict[str, set[str]], dict[str, str], dict[tuple[str, str], float]]:
    """Return a study of made-up counts with neighbours in a ring, districts of fourteen and residents."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.uniform(15, 60, (units, 1)) * rng.gamma(12, 1 / 12, (units, QUARTERS))).astype(float)
    counts[0] = rng.poisson(30 * np.r_[np.ones(8), np.full(8, 1.5)])
    names = [f"u{i:05d}" for i in range(units)]
    frame = pd.DataFrame({"unit": np.repeat(names, QUARTERS), "period": NAMES * units, "numerator": counts.ravel()})
    study = study_panel(frame, outcome_name="y", treated=[names[0]], start=NAMES[8], synthetic=True)
    near = {u: {names[i - 1], names[(i + 1) % units]} for i, u in enumerate(names)}
    residents = {(u, p): 9_000.0 + (17 * i) % 6_000 + 20 * t for i, u in enumerate(names) for t, p in enumerate(NAMES)}
    return study, near, {u: str(i // 14) for i, u in enumerate(names)}, residents


def at_once(units: int, designs: tuple[str, ...] = (), placebos: int = 500) -> tuple[Specifications, float]:
    """Return the curve with its joint test, and the seconds that it took."""
    study, near, groups, residents = panel(units)
    start = time.perf_counter()
    found = specifications(study, Choices(designs=designs), near=near, groups=groups, residents=residents, most=ALL, placebos=placebos)
    return found, time.perf_counter() - start


def in_a_loop(units: int, wanted: list[Specification]) -> list[float]:
    """Return the estimates of specifications in logs by a regression with unit and period effects each."""
    study, near, groups, residents = panel(units)
    wide = study.panel.pivot(index="unit", columns="period", values="numerator")
    own = study.treated[0]
    past = wide[NAMES[:8]]
    level, peak = past.mean(axis=1), past.max(axis=1)
    out = []
    for s in wanted:
        factor = s.level_factor or np.inf
        similar = level.between(level[own] / factor, level[own] * factor) & peak.between(peak[own] / factor, peak[own] * factor)
        others = [u for u in wide.index[similar] if u != own and (s.neighbours or u not in near[own])]
        donors = [u for u in others if s.same_group or groups[u] != groups[own]]
        first = 0 if s.before is None else 8 - s.before - s.anticipation
        kept = [p for t, p in enumerate(NAMES) if t >= first and not 8 - s.anticipation <= t < 8 + s.phase_in]
        rows = wide.loc[[own, *donors], kept].stack().rename("y").reset_index()
        per = np.array([residents[u, p] for u, p in zip(rows["unit"], rows["period"], strict=True)]) if s.offset else 1.0
        per = per / np.mean(list(residents.values())) if s.offset else per
        rows["on"] = ((rows["unit"] == own) & (rows["period"] >= NAMES[8])).astype(float)
        design = pd.get_dummies(rows[["unit", "period"]], drop_first=True, dtype=float).assign(on=rows["on"], constant=1.0)
        out.append(float(sm.OLS(np.log((rows["y"] + 0.5) / per), design).fit().params["on"]))
    return out


def main() -> None:
    """Print the seconds, the times and the growth, and stop where a promise is not kept."""
    found, seconds = at_once(WARDS)
    print(f"{WARDS} units x {QUARTERS} periods: {found.n} specifications x {found.placebos + 1} units with joint tests in {seconds:.2f} s")
    wanted, theirs, ours = [], [], []
    for row in found.frame[(found.frame["design"] == "logs") & ~found.frame["season"]].head(IN_THE_LOOP).to_dict("records"):
        values = {k: v for k, v in row.items() if k in Specification.__dataclass_fields__}
        values["before"] = None if pd.isna(values["before"]) else int(values["before"])
        wanted.append(Specification(**values))  # type: ignore[arg-type]
        ours.append(row["estimate"])
    start = time.perf_counter()
    theirs = in_a_loop(WARDS, wanted)
    each = (time.perf_counter() - start) / len(wanted)
    away = float(np.abs(np.array(ours) - np.array(theirs)).max())
    whole = each * found.n
    print(f"a loop of statsmodels regressions for the treated unit alone: {each:.2f} s each, {whole:.0f} s for all; differs by {away:.1e}")
    with_placebos = whole * (found.placebos + 1)
    print(f"with as many placebos the loop would take {with_placebos / 3600:.1f} h, {with_placebos / seconds:,.0f} times as long")
    for units in LARGER:
        larger, took = at_once(units, CHEAP)
        print(f"{units:,} units: {larger.n} specifications x {larger.placebos + 1} units, synthetic controls left out, in {took:.1f} s")
    if away > 1e-8 or seconds > MOST_SECONDS:
        raise SystemExit("the curve is slower or other than promised")


if __name__ == "__main__":
    main()
