"""Calibration of one whole procedure: false alarms in the past and on drawn panels, coverage, and what it could have seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.calibration.claims import Calibration, Rate
from evaluation.effects.calibration.fitting import fit_generator
from evaluation.effects.calibration.generator import FittedGenerator
from evaluation.effects.calibration.power import Trial, detectable
from evaluation.effects.calibration.procedure import Procedure, highest, procedure, recent, remembering
from evaluation.effects.calibration.windows import past_windows
from evaluation.effects.design import Design
from evaluation.effects.designs import design as design_named
from evaluation.effects.estimate import judge_for
from evaluation.effects.inference import inference as inference_named
from evaluation.effects.judgement import Judgement
from evaluation.effects.matrix import Flags, NotEnough, matrix
from evaluation.effects.study import Study
from evaluation.language import Words, number, uncapitalised
from evaluation.settings import DEFAULT_SEED

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Panels drawn for each design: as many as let a rate of 10 % be told from 5 %, fewer where a fit takes many times longer.
DRAWS = {
    **dict.fromkeys(("did", "event", "cs"), 200),
    **dict.fromkeys(("sc", "before_after"), 100),
    "sdid": 40,
}
FEWEST = 20
LARGE = 500  # units
SLOW_JUDGES = {"wild_bootstrap": 2, "conformal": 2, "jackknife": 2, "randomisation": 2}  # divide the number of panels
POWER_PART = 2  # every second drawn panel also serves the detectable effect


def draws_for(design: str, judged_by: str, staggered: bool = False, units: int = 0) -> int:
    """Return how many panels are drawn for a design and its inference.

    The fewest where treated units start at different times; half as many with
    twice `LARGE` units, a third with three times, and so on.
    """
    asked = DRAWS.get(design, FEWEST) // SLOW_JUDGES.get(judged_by, 1) // max(1, units // LARGE)
    return FEWEST if staggered else max(FEWEST, asked)


def calibrate(
    study: Study,
    design: str | Design = "did",
    judged_by: str | None = None,
    *,
    level: float = 0.95,
    seed: int = DEFAULT_SEED,
    draws: int | None = None,
    neighbours: Mapping[str, Iterable[str]] | None = None,
) -> Calibration:
    """Find how often a whole procedure claims an effect where nothing happened, and what effect it would see.

    Parameters
    ----------
    study : Study
    design : str or Design
    judged_by : str, optional
        Id of an inference; what `estimate_effect` takes where left out.
    level : float
    seed : int
    draws : int, optional
        Panels drawn; by design where left out (`draws_for`).
    neighbours : mapping of str to iterable of str, optional
        Which units border each: they cannot be compared with a pseudo-pilot.
        Wards of the city are looked up.

    Returns
    -------
    Calibration
        `diagnostics` says how many panels were drawn and judged, which units
        stood for pilots in the past, and what the generator was fitted to.

    Raises
    ------
    ValueError
        If there is no such design or inference, or fewer than one draw is asked for.

    Notes
    -----
    The procedure: units with the highest numbers in the two periods before a
    start are picked, donors are chosen anew by the study's rules, the design
    is fitted and judged, and a claim is made by `Judgement.claims`. (a) At
    starts before any real one, on real series. (b) At the real start on
    panels drawn from a generator fitted to the real series, without what the
    pilot and its neighbours reported after the start. Effects are put into
    every second drawn panel.
    """
    if draws is not None and draws < 1:
        raise ValueError(f"draws={draws}: ít nhất là 1. / at least 1 is needed.")
    chosen = design_named(design) if isinstance(design, str) else design
    judge = judged_by or judge_for(chosen, matrix(study))
    rules = procedure(study, chosen, inference_named(judge), level, neighbours)
    past = past_windows(rules, np.random.default_rng([seed, 1]))
    asked = draws if draws is not None else draws_for(chosen.id, judge, len(set(study.starts.values())) > 1, len(study.eligibility))
    generator = fitted_to(rules, study)
    trials, judged = drawn_trials(rules, generator, asked, seed)
    bounded = [j for j in judged if j.low is not None and j.high is not None]
    held = sum(j.low <= 0.0 <= j.high for j in bounded if j.low is not None and j.high is not None)
    ends = past.rate.interval if past.rate.m else (None, None)
    ratio = chosen.ratio(study.measure)
    return Calibration(
        estimand=_estimand(study),
        method=_method(len(judged), asked),
        estimate=past.rate.value if past.rate.m else None,
        low=ends[0],
        high=ends[1],
        level=0.95,
        n=past.rate.m,
        unit=study.measure,
        assumptions=(SAME_RULE,),
        diagnostics={
            "judged_by": judge,
            "draws": asked,
            "draws_judged": len(judged),
            "draws_for_power": len(trials[::POWER_PART]),
            "windows_not_judged": past.not_judged,
            "window_units": past.units,
            "window_starts": past.starts,
            "generator": generator,
        },
        windows=past.rate,
        generated=Rate(sum(j.claims(level) for j in judged), len(judged)),
        coverage=Rate(held, len(bounded)),
        detectable=detectable(rules, trials[::POWER_PART]),
        allowed=round(1 - level, 9),
        scale="ratio" if ratio else "difference",
    )


def fitted_to(rules: Procedure, study: Study) -> FittedGenerator:
    """Return a generator fitted to all units' series, without what a pilot may have moved."""
    after = np.arange(len(rules.periods))[None, :] >= int(rules.starts.min()) - rules.anticipation
    left_out = study.eligibility.set_index("unit")["reason"]
    reached = np.array([left_out[u] in ("treated", "neighbour", "programme") for u in rules.units])
    return fit_generator(rules.top, rules.bottom, rules.measure, rules.periods, hidden=reached[:, None] & after)


def drawn_trials(rules: Procedure, generator: FittedGenerator, draws: int, seed: int) -> tuple[list[Trial], list[Judgement]]:
    """Return drawn panels with the units at their peak as pseudo-pilots, and their judgements.

    Panels of which nothing could be claimed, or that the design cannot take, are left out.
    """
    starts = rules.starts
    trials, judged = [], []
    for n in range(draws):
        rng = np.random.default_rng([seed, 2, n])
        drawn = generator.draw(rng)
        top, bottom = drawn.top[0], drawn.bottom[0]
        picked = _at_peak(rules, top, int(starts.min()))
        if picked is None:
            continue
        try:
            panel = rules.matrix(top, bottom, picked, starts)
        except NotEnough:
            continue
        expected = drawn.expected[0][picked]
        luck = drawn.luck[0][picked] if drawn.luck is not None else rng.random(expected.shape)
        spread = np.nanstd(np.where(np.isfinite(panel.top[: len(picked)]), panel.top[: len(picked)], np.nan), axis=1)
        trial = Trial(panel, expected, luck, spread, (seed, 3, n), remembering(rules.design))
        found = rules.judged(panel, np.random.default_rng(trial.seed), trial.design)
        if found is not None:
            trials.append(trial)
            judged.append(found)
    return trials, judged


def _at_peak(rules: Procedure, top: NDArray[np.float64], start: int) -> NDArray[np.int64] | None:
    """Return the units like the real pilot that stand highest just before the start."""
    size = len(rules.starts)
    pool: Flags = rules.comparable
    ranked = highest(recent(top, start), pool)
    return ranked[:size] if len(ranked) > size else None


def _estimand(study: Study) -> Words:
    return Words(
        f"Báo động nhầm của cả quy trình ước lượng {uncapitalised(study.label.vi)} tại {study.treated_label.vi}",
        f"False alarms of the whole procedure on {uncapitalised(study.label.en)} in {study.treated_label.en}",
    )


SAME_RULE = Words(
    "Nơi thí điểm được chọn vì số liệu ngay trước đó cao nhất; nếu chọn theo cách khác, tỷ lệ báo động nhầm có thể khác.",
    "The pilot's place was chosen for the highest numbers just before; chosen otherwise, false alarms may be more or fewer.",
)


def _method(judged: int, draws: int) -> Words:
    said = {lang: (number(judged, lang), number(draws, lang)) for lang in ("vi", "en")}
    return Words(
        "Cả quy trình (chọn nơi có số liệu cao nhất, chọn đơn vị so sánh, ước lượng, kiểm định) lặp lại ở các thời điểm trước mọi mô hình "
        f"và trên {said['vi'][0]} trong {said['vi'][1]} bộ số liệu mô phỏng theo chuỗi thật; khoảng Clopper-Pearson.",
        "The whole procedure (pick of the highest numbers, choice of donors, estimate, test) at starts before any real one "
        f"and on {said['en'][0]} of {said['en'][1]} panels drawn after the real series; Clopper-Pearson intervals.",
    )
