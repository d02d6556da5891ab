"""Effects of one outcome over pilots: few of them, with errors from their placebos."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.effects.synthesis.made_effects import effect

from evaluation.effects.effect import Effect
from evaluation.effects.matrix import NotEnough
from evaluation.effects.synthesis.pooled import effect_error, pool_effects
from evaluation.language import Words
from evaluation.monitoring.pooling import pool


def with_error(size: float, error: float, unit: str, **options: object) -> Effect:
    """An effect in logs whose placebos spread by just that error."""
    return effect(float(np.exp(size)), unit=unit, placebos=[("D1", float(np.exp(error))), ("D2", float(np.exp(-error)))], **options)


def test_the_error_is_the_spread_of_the_placebos_on_the_scale_of_the_effect() -> None:
    assert effect_error(with_error(0.3, 0.2, "A")) == pytest.approx(0.2)
    assert effect_error(effect(0.1, scale="difference", placebos=[("D1", 0.3), ("D2", -0.3)])) == pytest.approx(0.3)
    own = effect(0.1, scale="difference", diagnostics={"standard_error": 0.07})
    assert effect_error(own) == pytest.approx(0.07)
    warned = effect(0.1, scale="difference", diagnostics={"standard_error": 0.07}, warning=Words("Sai.", "Wrong."))
    for bad in (warned, effect(placebos=[("D1", 1.0), ("D2", 1.0)]), effect(diagnostics={"standard_error": None})):
        with pytest.raises(NotEnough, match="standard error"):
            effect_error(bad)


def test_ratios_are_pooled_as_logs_by_the_monitoring_rooms_pooling() -> None:
    sizes, errors = [0.1, 0.5, 0.9, 0.2], [0.1, 0.2, 0.15, 0.3]
    found = pool_effects([with_error(s, e, f"P{i}") for i, (s, e) in enumerate(zip(sizes, errors, strict=True))])
    held, plain = (pool(sizes, np.square(errors), knapp_hartung=kh) for kh in (True, False))
    assert held.standard_error < plain.standard_error  # here the correction would make it narrower
    middle, reach = held.estimate or 0.0, stats.t.ppf(0.975, 3)
    own, ahead = reach * plain.standard_error, reach * np.hypot(np.sqrt(held.tau2), plain.standard_error)
    ends = np.exp(middle + np.array([0.0, -own, own, -ahead, ahead]))
    assert (found.estimate, found.low, found.high, found.prediction_low, found.prediction_high) == pytest.approx(tuple(ends))
    assert found.warning is None
    assert (found.unit, found.n, found.errors) == ("ratio", 4, pytest.approx(tuple(errors)))
    assert "4 pilots" in found.summary("en")
    assert "4 mô hình" in found.summary("vi")
    assert found.to_frame()["label"].tolist() == ["P0", "P1", "P2", "P3"]


def test_effects_that_agree_by_chance_do_not_make_the_interval_vanish() -> None:
    same = pool_effects([with_error(0.4, 0.2, "A"), with_error(0.4, 0.2, "B"), with_error(0.4, 0.2, "C")])
    reach = stats.t.ppf(0.975, 2) * 0.2 / np.sqrt(3)
    assert np.log([same.low, same.high]) == pytest.approx([0.4 - reach, 0.4 + reach])


def test_two_pilots_are_warned_of() -> None:
    found = pool_effects([with_error(0.1, 0.2, "A"), with_error(0.9, 0.2, "B")])
    assert found.warning is not None
    assert "next to nothing is known" in found.summary("en")
    assert "< 0.001" in pool_effects([with_error(-3.0, 1.0, "A"), with_error(3.0, 1.0, "B")]).summary("en")


def test_what_is_not_pooled() -> None:
    one = with_error(0.1, 0.2, "A")
    with pytest.raises(NotEnough, match="At least two"):
        pool_effects([one])
    with pytest.raises(ValueError, match="not independent"):
        pool_effects([one, with_error(0.2, 0.2, "A", design="sc")])
    with pytest.raises(ValueError, match="one outcome"):
        pool_effects([one, with_error(0.1, 0.2, "B", outcome="hiv_tested")])
    with pytest.raises(NotEnough):
        pool_effects([one, effect(None, None, None, p=None, unit="B")])


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 6])
def test_the_interval_holds_the_mean_of_unlike_pilots_where_a_normal_one_does_not(k: int) -> None:
    rng, draws = np.random.default_rng(21), 400
    held = normal = 0
    for _ in range(draws):
        errors = rng.uniform(0.1, 0.4, k)
        sizes = 0.3 * rng.standard_normal(k) + errors * rng.standard_normal(k)
        found = pool_effects([with_error(s, e, f"P{i}") for i, (s, e) in enumerate(zip(sizes, errors, strict=True))])
        held += (found.low or 0) <= 1.0 <= (found.high or 0)
        plain = pool(sizes, errors**2, method="fixed")
        normal += (plain.low or 0) <= 0.0 <= (plain.high or 0)
    # 3.3 binomial standard errors below 95 % over 400 draws; the fixed-effect interval falls far short where pilots differ.
    assert held / draws >= 0.95 - 3.3 * np.sqrt(0.05 * 0.95 / draws)
    assert normal / draws < 0.8
