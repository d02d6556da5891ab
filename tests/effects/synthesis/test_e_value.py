import math

import numpy as np
import pytest
from scipy import optimize
from tests.effects.synthesis.made_effects import effect

from evaluation.effects.synthesis.e_value import e_value, effect_e_value, effect_ratio


@pytest.mark.parametrize("ratio", [1.0001, 1.2, 2.0, 7.5, 40.0])
def test_it_is_where_the_bounding_factor_equals_the_ratio(ratio: float) -> None:
    # Ding and VanderWeele 2016: the most that a confounder of strength e each way can do is e * e / (e + e - 1).
    root = optimize.brentq(lambda e: e * e / (2 * e - 1) - ratio, 1.0, 1000.0, xtol=1e-13)
    assert e_value(ratio).estimate == pytest.approx(root, rel=1e-6)
    assert e_value(1 / ratio).estimate == pytest.approx(root, rel=1e-6)


def test_a_confounder_of_that_strength_can_explain_the_ratio_and_a_weaker_one_cannot() -> None:
    found = e_value(2.0).estimate or 0.0
    among_treated = np.linspace(0.01, 1.0, 500)  # how usual it is there; among the others by the strength less

    def apparent(strength: float) -> float:
        others = among_treated / strength
        return float(np.max((1 + (strength - 1) * among_treated) / (1 + (strength - 1) * others)))

    assert apparent(found) == pytest.approx(2.0)
    assert apparent(0.95 * found) < 2.0


def test_intervals_and_other_measures() -> None:
    assert e_value(1.3, 0.9, 1.8).limit == 1.0
    assert e_value(0.5, 0.3, 0.8).limit == pytest.approx(1.25 + math.sqrt(1.25 * 0.25))
    assert e_value(1.0).estimate == 1.0
    assert e_value(4.0, kind="odds").ratio == pytest.approx(2.0)
    standard = e_value(0.5, 0.5 - 1.96 * 0.1, 0.5 + 1.96 * 0.1, kind="standardised")
    assert standard.ratio == pytest.approx(math.exp(0.91 * 0.5))
    # The paper's limit: exp(0.91 d - 1.78 s), with 1.78 for 0.91 times 1.96.
    near = math.exp(0.91 * 0.5 - 1.78 * 0.1)
    assert standard.limit == pytest.approx(near + math.sqrt(near * (near - 1)), abs=2e-3)
    assert e_value(-0.5, kind="standardised").estimate == pytest.approx(e_value(0.5, kind="standardised").estimate)


@pytest.mark.parametrize(
    "arguments",
    [(0.0,), (-1.0,), (float("nan"),), (2.0, 1.0), (2.0, 2.5, 3.0), (float("inf"),)],
)
def test_what_is_refused(arguments: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=" / "):
        e_value(*arguments)
    with pytest.raises(ValueError, match="kind"):
        e_value(2.0, kind="hazard")


def test_effects_become_ratios_of_what_would_have_been() -> None:
    assert effect_ratio(effect(1.5, 1.2, 1.9)) == (1.5, 1.2, 1.9)
    share = effect(0.2, -0.6, 0.3, scale="difference", measure="share", unit="share", base=0.4)
    assert effect_ratio(share) == pytest.approx((1.5, 0.0, 1.75))
    assert effect_ratio(effect(2.0, 1.0, 3.0, scale="difference", measure="value")) is None
    assert effect_ratio(effect(2.0, 1.0, 3.0, scale="difference", base=0.0)) is None
    assert effect_ratio(effect(None, None, None)) is None
    assert effect_ratio(effect(2.0, None, None, scale="difference", base=np.nan)) is None
    assert effect_e_value(effect(-10.0, -10.0, -9.0, scale="difference")) is None


def test_it_says_what_a_rival_explanation_needs() -> None:
    found = effect_e_value(effect(1.5, 1.2, 1.9))
    assert found is not None
    assert "at least 2.37" in found.summary("en")
    assert "ít nhất 2,37" in found.summary("vi")
    inside = effect_e_value(effect(1.5, 0.9, 1.9))
    assert inside is not None
    assert "holds no effect already" in inside.summary("en")
    bare = effect_e_value(effect(1.5, None, None))
    assert bare is not None
    assert bare.summary("en").endswith("there is no interval")
