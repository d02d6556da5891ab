"""Every inference on panels that teach little or nothing: an honest answer, none, or a reason in both languages; never NaN."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from evaluation.effects.designs import design
from evaluation.effects.inference import inference
from evaluation.effects.inference.conformal import conformal_by
from evaluation.effects.inference.jackknife import jackknife_over
from evaluation.effects.inference.placebo_time import in_time
from evaluation.effects.judgement import Inference, Judgement
from evaluation.effects.matrix import Matrix, NotEnough
from evaluation.language import Words

NAMES = (
    "placebo",
    "placebo_ratio",
    "placebo_studentised",
    "placebo_time",
    "conformal",
    "ferman_pinto",
    "conley_taber",
    "randomisation",
    "jackknife",
)
WAYS: dict[str, Inference] = {n: inference(n) for n in NAMES} | {
    "iid": conformal_by("iid", draws=99),
    "joint": in_time(with_donors=True),
    "periods": jackknife_over("periods"),
}
DID = design("did")


def _counts(seed: int, units: int = 12, periods: int = 16, mean: float = 20) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, (units, periods)).astype(float)


def _holes() -> np.ndarray:
    y = _counts(1)
    y[np.random.default_rng(2).random(y.shape) < 0.3] = np.nan
    return y


def _blank(rows: slice, columns: slice) -> np.ndarray:
    y = _counts(3)
    y[rows, columns] = np.nan
    return y


def _zero_pilot() -> np.ndarray:
    y = _counts(4)
    y[0] = 0
    return y


PANELS: dict[str, tuple[np.ndarray, dict[str, object]]] = {
    "one donor": (_counts(0, 2), {}),
    "two donors": (_counts(0, 3), {}),
    "two periods": (_counts(0, 12, 2), {"first": 1}),
    "one period before": (_counts(0), {"first": 1}),
    "one period after": (_counts(0), {"first": 15}),
    "treated from the first period": (_counts(0), {"first": 0}),
    "constant": (np.full((12, 16), 7.0), {}),
    "zeros": (np.zeros((12, 16)), {}),
    "a pilot of zeros": (_zero_pilot(), {}),
    "holes": (_holes(), {}),
    "pilot never reported": (_blank(slice(0, 1), slice(None)), {}),
    "pilot not reported after": (_blank(slice(0, 1), slice(8, None)), {}),
    "donors not reported before": (_blank(slice(1, None), slice(0, 8)), {}),
    "nothing reported": (np.full((12, 16), np.nan), {}),
    "huge": (np.floor(_counts(5) * 1e12), {}),
    "no room left by anticipation": (_counts(0), {"anticipation": 8}),
    "no room left by phase-in": (_counts(0), {"phase_in": 8}),
    "different starts": (_counts(0), {"treated": (0, 1), "first": (6, 9)}),
    "several treated": (_counts(0), {"treated": (0, 1, 2)}),
}


@pytest.mark.parametrize("measure", ["count", "value"])
@pytest.mark.parametrize("case", PANELS)
def test_an_answer_or_a_reason(as_matrix: Callable[..., Matrix], case: str, measure: str) -> None:
    y, options = PANELS[case]
    panel = as_matrix(y, measure=measure, **options)
    try:
        fit = DID.fit(panel)
    except NotEnough:
        return  # the design has said why
    for name, way in WAYS.items():
        reason = ""
        try:
            found = way(DID, panel, fit, 0.95, np.random.default_rng(0))
        except NotEnough as why:
            reason = str(why)
        if reason:
            assert " / " in reason, name
            continue
        for end in (found.low, found.high):
            assert end is None or np.isfinite(end), name
        assert (found.low is None) == (found.high is None), name
        assert found.p_value is None or 0 <= found.p_value <= 1, name
        assert found.said.vi, name
        assert found.said.en, name
        if found.p_value is not None and found.smallest_p is not None:
            assert found.p_value >= found.smallest_p - 1e-9, name
        if not np.isfinite(fit.estimate):
            assert found.p_value is None, name
        if found.low is not None and found.high is not None:
            assert found.low <= found.high, name
        if case in ("constant", "zeros", "a pilot of zeros"):
            assert not found.claims(0.95), name


def _alike(y: np.ndarray) -> Matrix:
    first = np.array([8, *[y.shape[1]] * (len(y) - 1)])
    return Matrix(tuple(f"u{i:02d}" for i in range(len(y))), tuple(range(y.shape[1])), y, y, np.ones_like(y), first)


@pytest.mark.parametrize("name", ["did", "event", "cs"])
def test_a_pilot_like_all_its_donors_claims_nothing_but_for_rounding(name: str) -> None:
    course = 1e6 * np.random.default_rng(1).normal(size=16)
    panel = _alike(course + np.random.default_rng(2).normal(size=(60, 1)))  # levels of their own, one course
    used = design(name)
    fit = used.fit(panel)
    for way in ("placebo", "placebo_ratio", "placebo_studentised", "ferman_pinto", "conley_taber"):
        try:
            found = inference(way)(used, panel, fit, 0.95, np.random.default_rng(3))
        except NotEnough:  # nobody moves otherwise than the others
            continue
        assert not found.claims(0.95), (way, found.p_value)


def test_what_is_not_a_number_claims_nothing() -> None:
    said = Words("", "")
    for p, low, high in ((float("nan"), 1.0, 2.0), (0.01, float("nan"), 2.0), (0.01, 1.0, float("nan"))):
        assert not Judgement(p, low, high, 0.01, said).claims(0.95)


def test_few_donors_are_warned_of_by_conley_taber() -> None:
    for units, warned in ((3, True), (19, True), (21, False)):
        panel = _alike(np.random.default_rng(5).normal(size=(units, 16)))
        found = inference("conley_taber")(DID, panel, DID.fit(panel), 0.95, np.random.default_rng(1))
        assert (found.warning is not None) == warned
    few = _alike(np.random.default_rng(5).normal(size=(3, 16)))
    said = inference("conley_taber")(DID, few, DID.fit(few), 0.95, np.random.default_rng(1)).warning
    assert said is not None
    assert "rejects a true null in 67%" in said.en
