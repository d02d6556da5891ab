"""One error for several outcomes: by family, and from the placebos that all outcomes share."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.effects.synthesis.made_effects import effect

from evaluation.effects.matrix import NotEnough
from evaluation.effects.synthesis.multiplicity import adjusted_p, multiplicity, romano_wolf

Floats = NDArray[np.float64]


def by_hand(own: Floats, others: Floats) -> Floats:
    """Step down by the definition: largest of the outcomes left, ranked among all units, one outcome at a time."""
    both = np.vstack([own, others])
    sizes = np.abs(both) / np.sqrt((both**2).mean(axis=0))
    left, out, last = list(range(len(own))), np.empty(len(own)), 0.0
    while left:
        top = max(left, key=lambda k: sizes[0, k])
        beaten = sum(max(row[k] for k in left) >= sizes[0, top] - 1e-12 for row in sizes)
        last = max(last, beaten / len(both))
        out[top] = last
        left.remove(top)
    return out


def test_it_is_the_definition_step_by_step() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        own, others = 2 * rng.standard_normal(4), rng.standard_normal((19, 4))
        assert romano_wolf(own, others) == pytest.approx(by_hand(own, others))


def test_one_outcome_is_the_plain_permutation() -> None:
    others = np.arange(1.0, 20.0)[:, None]
    assert romano_wolf([18.5], others) == pytest.approx([2 / 20])
    assert romano_wolf([100.0], others) == pytest.approx([1 / 20])
    assert romano_wolf([0.0], np.zeros((9, 1))) == pytest.approx([1.0])


def test_outcomes_that_move_together_cost_less_than_by_holm() -> None:
    rng = np.random.default_rng(3)
    shared = rng.standard_normal((199, 1))
    others = shared + 0.05 * rng.standard_normal((199, 8))
    own = np.full(8, np.quantile(np.abs(shared), 0.985))
    plain = np.array([(1 + (np.abs(others[:, k]) >= own[k]).sum()) / 200 for k in range(8)])
    assert romano_wolf(own, others).max() < 0.06
    assert adjusted_p(list(plain), ["all"] * 8).min() > 0.06


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_the_family_wise_error_is_kept_and_the_step_down_finds_what_was_moved(correlation: float) -> None:
    rng, draws = np.random.default_rng(11), 1500
    false = found = 0
    for _ in range(draws):
        both = np.sqrt(correlation) * rng.standard_normal((60, 1)) + np.sqrt(1 - correlation) * rng.standard_normal((60, 5))
        both[0, 0] += 6.0  # the first outcome is moved, the other four are not
        p = romano_wolf(both[0], both[1:])
        false += bool((p[1:] <= 0.05).any())
        found += p[0] <= 0.05
    # 3.3 binomial standard errors above 5 % over 1,500 draws.
    assert false / draws <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / draws)
    assert found / draws > 0.95


@pytest.mark.slow
def test_a_treated_unit_that_swings_more_than_donors_breaks_it() -> None:
    rng, draws = np.random.default_rng(12), 800
    false = 0
    for _ in range(draws):
        both = rng.standard_normal((60, 5))
        both[0] *= 2.5
        false += bool((romano_wolf(both[0], both[1:]) <= 0.05).any())
    assert false / draws > 0.3


def test_families_are_corrected_apart() -> None:
    p = adjusted_p([0.01, 0.04, 0.04, None], ["primary", "secondary", "secondary", "secondary"])
    assert p[:3] == pytest.approx([0.01, 0.08, 0.08])
    assert np.isnan(p[3])
    assert adjusted_p([0.01, 0.04], ["a", "a"], "bh") == pytest.approx([0.02, 0.04])
    assert adjusted_p([0.01, 0.04], ["a", "a"], "none") == pytest.approx([0.01, 0.04])
    with pytest.raises(ValueError, match="correction"):
        adjusted_p([0.01], ["a"], "bonferroni")
    with pytest.raises(ValueError, match="families"):
        adjusted_p([0.01], ["a", "b"])


def test_effects_of_one_pilot_share_their_donors_and_pilots_do_not() -> None:
    rng = np.random.default_rng(5)
    names = [f"D{i}" for i in range(39)]
    first = dict(zip(names, np.exp(0.2 * rng.standard_normal(39)), strict=True))
    second = dict(zip(names[5:], np.exp(0.2 * rng.standard_normal(34)), strict=True))
    effects = [
        effect(2.5, outcome="a", p=0.025, placebos=list(first.items())),
        effect(1.1, outcome="b", p=0.5, placebos=list(second.items())),
        effect(2.5, outcome="a", p=0.025, placebos=list(first.items()), unit="Phường B"),
        effect(2.5, outcome="c", p=None),
    ]
    found = multiplicity(effects)
    assert found.donors == 34
    logs = np.column_stack([np.log([first[n] for n in sorted(second)]), np.log([second[n] for n in sorted(second)])])
    alone = romano_wolf(np.log([2.5, 1.1]), logs)
    assert found.frame["romano_wolf"].tolist()[:2] == pytest.approx(np.minimum(1, 2 * alone))
    assert np.isnan(found.frame["romano_wolf"].iloc[3])
    assert found.frame["holm"].tolist()[:3] == pytest.approx([0.075, 0.5, 0.075])
    assert found.n == 4
    assert "2 with a p-value of at most 0.05 on their own, 0 after" in found.summary("en")
    apart = multiplicity(effects[:2], ["primary", "secondary"])
    assert apart.frame["holm"].tolist() == pytest.approx([0.025, 0.5])
    assert "hiệu chỉnh Holm" in apart.summary("vi")


def test_what_is_refused() -> None:
    with pytest.raises(NotEnough, match="same donors"):
        romano_wolf([1.0], [[np.nan]])
    with pytest.raises(NotEnough):
        romano_wolf([1.0, 2.0], [[1.0]])
    with pytest.raises(ValueError, match="At least one"):
        multiplicity([])
    with pytest.raises(ValueError, match="of one level"):
        multiplicity([effect(), effect(level=0.9)])
