"""All specifications at once: against the design that the study uses, against a plain loop, and the size of the joint test."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from evaluation.effects.checks.basis import basis
from evaluation.effects.checks.choices import DIMENSIONS, Choices, Specification, combinations, option_words
from evaluation.effects.checks.many_estimates import Pool
from evaluation.effects.checks.specifications import joint_test, ranks, specifications
from evaluation.effects.matrix import NotEnough
from evaluation.effects.study import Study, study_panel
from evaluation.language import Words

QUARTERS = [f"{year}-Q{q}" for year in (2014, 2015, 2016, 2017) for q in (1, 2, 3, 4)]


def made(measure: str = "count", units: int = 40, ratio: float = 1.0, seed: int = 1, holes: float = 0.03) -> Study:
    rng = np.random.default_rng(seed)
    level = rng.uniform(20, 45, (units, 1)) * rng.gamma(12, 1 / 12, (units, 16))
    level[0, 8:] *= ratio
    bottom = rng.poisson(150, (units, 16)).astype(float)
    top = np.minimum(rng.poisson(level), bottom).astype(float)
    top[1:][rng.random((units - 1, 16)) < holes] = np.nan
    rows = [(f"u{i:03d}", p, top[i, t], bottom[i, t]) for i, (t, p) in product(range(units), enumerate(QUARTERS)) if np.isfinite(top[i, t])]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"])
    return study_panel(frame, outcome_name="y", treated=["u000"], start="2016-Q1", measure=measure, synthetic=True)


def surroundings(units: int = 40) -> dict[str, object]:
    names = [f"u{i:03d}" for i in range(units)]
    near = {u: {names[(i - 1) % units], names[(i + 1) % units]} for i, u in enumerate(names)}
    residents = {(u, p): 1000.0 + 50 * i + 5 * t for i, u in enumerate(names) for t, p in enumerate(QUARTERS)}
    return {"near": near, "groups": {u: f"d{i // 5}" for i, u in enumerate(names)}, "residents": residents}


@pytest.mark.parametrize("measure", ["count", "rate", "share", "value"])
def test_the_studys_own_specification_is_the_design_that_it_uses(measure: str) -> None:
    study = made(measure, holes=0.0 if measure == "value" else 0.03)
    found = specifications(study, most=20)
    of = basis(study)
    own = found.frame[found.frame["own"]].iloc[0]
    assert own["estimate"] == pytest.approx(of.fit.estimate, rel=1e-12)
    assert own["p_value"] == pytest.approx(of.p_value)
    assert own["donors"] == len(study.donors)


def plain(study: Study, s: Specification, around: dict[str, object]) -> float:
    """One specification of counts, donor by donor and period by period."""
    wide = study.panel.pivot(index="unit", columns="period", values="numerator").reindex(columns=QUARTERS)
    residents = pd.DataFrame(
        [[around["residents"][u, p] for p in QUARTERS] for u in wide.index],  # type: ignore[index]
        wide.index,
        QUARTERS,
    )
    per = residents / residents.to_numpy().mean() if s.offset else residents * 0 + 1
    past = wide[QUARTERS[:8]]
    level, peak = past.mean(axis=1), past.max(axis=1)
    donors = []
    for u in study.donors:
        sizes = [(level[u], level["u000"]), (peak[u], peak["u000"])]
        near = u in around["near"]["u000"]  # type: ignore[index]
        same = around["groups"][u] == around["groups"]["u000"]  # type: ignore[index]
        if (
            all(b / s.level_factor <= a <= b * s.level_factor for a, b in sizes)
            and (s.neighbours or not near)
            and (s.same_group or not same)
        ):
            donors.append(u)
    first = 0 if s.before is None else 8 - s.before - s.anticipation
    used = QUARTERS[first:]
    before = [p for p in used if QUARTERS.index(p) < 8 - s.anticipation]
    after = [p for p in used if QUARTERS.index(p) >= 8 + s.phase_in]
    events = expected = 0.0
    gaps: dict[str, float] = {}
    for p in used:
        reported = [u for u in donors if np.isfinite(wide.loc[u, p])]
        if s.design == "pooled":
            rate = {u: wide.loc[u, used].sum() / per.loc[u, used][wide.loc[u, used].notna()].sum() for u in reported}
            gaps[p] = sum(wide.loc[u, p] for u in reported) / sum(rate[u] * per.loc[u, p] for u in reported) * per.loc["u000", p]
        else:
            logs = [np.log((wide.loc[u, p] + 0.5) / per.loc[u, p]) for u in reported]
            gaps[p] = np.log((wide.loc["u000", p] + 0.5) / per.loc["u000", p]) - np.mean(logs)
    parts, sizes = [], []
    for q in sorted({p[-1] for p in after}) if s.season else [""]:
        b, a = ([p for p in side if not q or p[-1] == q] for side in (before, after))
        if s.design == "pooled":
            scale = (sum(wide.loc["u000", p] for p in b) + 0.5) / sum(gaps[p] for p in b)
            events += sum(wide.loc["u000", p] for p in a)
            expected += sum(scale * gaps[p] for p in a)
        else:
            parts.append(sum(gaps[p] for p in a) - len(a) * np.mean([gaps[p] for p in b]))
            sizes.append(len(a))
    return float(np.log((events + 0.5) / expected)) if s.design == "pooled" else sum(parts) / sum(sizes)


@pytest.mark.slow
def test_all_specifications_at_once_are_those_of_a_plain_loop() -> None:
    study, around = made(ratio=1.4), surroundings()
    found = specifications(study, Choices(designs=("pooled", "logs")), most=None, **around)  # type: ignore[arg-type]
    assert len(found.frame) + found.impossible == 2 * 3 * 2 * 2 * 2 * 2 * 2 * 2 * 2
    for row in found.frame.sample(40, random_state=1).to_dict("records"):
        values = {k: (None if k == "before" and np.isnan(row[k]) else row[k]) for k in DIMENSIONS}
        values["before"] = None if values["before"] is None else int(values["before"])
        assert row["estimate"] == pytest.approx(plain(study, Specification(**values), around), abs=1e-10), values


def test_ranks_and_joint_tests_are_those_counted_one_by_one() -> None:
    rng = np.random.default_rng(2)
    made_up = rng.normal(size=(30, 7))
    made_up[4, 2] = np.nan
    p = ranks(made_up)
    for i, j in ((0, 0), (3, 2), (29, 6)):
        known = np.abs(made_up[:, j][np.isfinite(made_up[:, j])])
        assert p[i, j] == pytest.approx((known >= abs(made_up[i, j])).sum() / len(known))
    assert np.isnan(p[4, 2])
    middle, share, mean, part = joint_test(made_up, p, 0.9)
    size = np.abs(np.nanmedian(made_up, axis=1))
    assert middle == pytest.approx((size >= size[0]).sum() / 30)
    assert part == max(((p[0] <= 0.1) & (made_up[0] > 0)).mean(), ((p[0] <= 0.1) & (made_up[0] < 0)).mean())
    assert min(share, mean) >= 1 / 30


@pytest.mark.slow
def test_the_joint_tests_keep_their_level_where_nothing_happened_and_find_what_did() -> None:
    """120 panels: within 3.3 binomial standard errors of 2/40, the level that ranks among 40 can keep; looser for ties of shares."""
    few = Choices(designs=("pooled", "logs", "nearest"), befores=(None,), anticipations=(0,), seasons=(False,))
    null = np.array([joint(made(seed=s), few) for s in range(100, 220)])
    assert ((null <= 0.05).mean(axis=0) <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 120)).all()
    assert (null[:, 0] <= 0.5).mean() == pytest.approx(0.5, abs=3.3 * np.sqrt(0.25 / 120) + 1 / 40)
    moved = np.array([joint(made(seed=s, ratio=1.8), few) for s in range(300, 330)])
    assert ((moved <= 0.05).mean(axis=0) > 0.7).all()


def joint(study: Study, choices: Choices) -> tuple[float, float, float]:
    found = specifications(study, choices)
    return found.p_median, found.p_share, found.p_stouffer


@pytest.mark.slow
def test_one_significant_specification_picked_from_the_curve_is_no_test() -> None:
    """The best of all specifications rejects far more often than 5 %: what the joint test is for."""
    picked = []
    for s in range(400, 480):
        found = specifications(made(seed=s), Choices(designs=("pooled", "logs", "nearest")), most=None)
        picked.append(found.frame["p_value"].min())
    assert (np.array(picked) <= 0.05).mean() > 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 80)


def test_a_random_part_keeps_the_studys_own_and_the_same_seed_gives_the_same() -> None:
    wanted = combinations(Choices(), ["y"], "count", near=True, groups=True, seasonal=True, residents=True, most=50, seed=3)
    assert len(wanted) == 50
    assert wanted[0] == Specification("y", "pooled", 3.0, False, True, None, 0, 0, False, False)
    assert wanted == combinations(Choices(), ["y"], "count", near=True, groups=True, seasonal=True, residents=True, most=50, seed=3)
    bare = combinations(Choices(), ["y"], "value", near=False, groups=False, seasonal=False, residents=True)
    assert len(bare) == 3 * 2 * 2 * 2
    study = made()
    assert specifications(study, most=40, seed=5).frame.equals(specifications(study, most=40, seed=5).frame)


@pytest.mark.parametrize("measure", ["count", "value"])
def test_a_synthetic_control_among_the_choices_is_the_nearest_mix_about_unit_means(measure: str) -> None:
    study = made(measure, ratio=1.5, holes=0.0)
    only = Choices(designs=("synthetic",), befores=(None,), anticipations=(0,), phase_ins=(0,), seasons=(False,))
    found = specifications(study, only)
    wide = study.panel.pivot(index="unit", columns="period", values="numerator")
    values = np.log(wide + 0.5) if measure == "count" else wide
    centred = values.sub(values[QUARTERS[:8]].mean(axis=1), axis=0)
    own, donors = centred.loc["u000"], centred.loc[list(study.donors)]

    def apart(w: np.ndarray) -> float:
        return float(((own[QUARTERS[:8]].to_numpy() - w @ donors[QUARTERS[:8]].to_numpy()) ** 2).sum())

    start = np.full(len(donors), 1 / len(donors))
    whole = {"type": "eq", "fun": lambda w: w.sum() - 1}
    best = optimize.minimize(apart, start, bounds=[(0, 1)] * len(donors), constraints=whole, method="SLSQP", options={"maxiter": 500})
    gap = own.to_numpy() - best.x @ donors.to_numpy()
    expected = gap[8:].mean() - gap[:8].mean()
    assert found.frame.loc[found.frame["own"], "estimate"].iloc[0] == pytest.approx(expected, abs=0.02 * abs(expected))


def test_another_indicator_of_the_same_question_is_one_more_choice() -> None:
    study = made(ratio=1.5)
    other = replace(study, outcome="y2", label=Words("khác", "other"))
    found = specifications(study, variants=[other], most=None)
    assert set(found.frame["outcome"]) == {"y", "y2"}
    assert found.labels["y2"].en == "other"
    with pytest.raises(ValueError, match="same measure"):
        specifications(study, variants=[made("share")])


def test_what_cannot_be_tried_is_said() -> None:
    with pytest.raises(NotEnough, match="19"):
        specifications(made(units=12))
    study = made()
    with pytest.raises(NotEnough, match="different times"):
        specifications(replace(study, starts={"u000": "2016-Q1", "u001": "2016-Q2"}))
    zeros = study.panel.assign(numerator=0.0)
    empty = study_panel(zeros, outcome_name="y", treated=["u000"], start="2016-Q1")
    with pytest.raises(NotEnough, match="no estimate"):
        specifications(empty)


def test_every_option_has_words_and_the_verdict_follows_its_rule() -> None:
    found = specifications(made(ratio=2.5), most=60)
    for dimension in DIMENSIONS:
        for option in found.frame[dimension].unique():
            words = option_words(dimension, option, found.labels)
            assert words.vi
            assert words.en
    assert found.check().verdict == "holds"
    assert replace(found, one_side=0.8).check().verdict == "doubtful"
    assert replace(found, one_side=0.6).check().verdict == "fails"
    assert replace(found, p_median=0.5).check().verdict == "doubtful"
    assert "placebo" in found.summary()
    assert "giả dược" in found.summary("vi")


def test_a_placebo_is_never_compared_with_the_treated_unit_or_its_neighbours() -> None:
    near = np.zeros((30, 30), dtype=bool)
    near[0, [1, 2]] = near[[1, 2], 0] = True
    top = np.random.default_rng(1).poisson(30, (30, 12)).astype(float)
    pool = Pool(top, np.ones_like(top), "count", 8, np.arange(30), near, np.full(30, -1), np.zeros(12, dtype=np.int64))
    mask = pool.mask(None, neighbours=True, same_group=True)
    assert mask[:, 0].sum() == 0
    assert mask[1:, 1:3].sum() == 0
    assert mask[0].sum() == 29
    assert pool.mask(None, neighbours=False, same_group=True)[0].sum() == 27
