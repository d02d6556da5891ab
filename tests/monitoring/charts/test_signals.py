"""Many charts at once: the same answers as one by one, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.contracts import SHOWN
from evaluation.language import Words
from evaluation.monitoring.charts import chart, signals
from evaluation.monitoring.charts.events import gaps
from evaluation.monitoring.series import CountSeries, DocumentedChange

NAN = np.nan
QUARTERS = [f"{y}-Q{q}" for y in range(2015, 2019) for q in (1, 2, 3, 4)]
CHANGED = Words("biểu mẫu mới", "new form")


def series(counts: np.ndarray, exposure: np.ndarray, measure: str, changes: tuple[int, ...] = (), direction: str = "up") -> CountSeries:
    """Return a series of units u0, u1, ... over sixteen quarters."""
    rows, periods = counts.shape
    gone = np.isnan(counts)
    frame = pd.DataFrame(
        {
            "unit": np.repeat([f"u{i}" for i in range(rows)], periods),
            "period": QUARTERS[:periods] * rows,
            "count": counts.ravel(),
            "denominator": np.where(gone, NAN, exposure).ravel(),
            "state": np.where(gone, "missing", SHOWN).ravel(),
        }
    )
    return CountSeries(
        frame=frame,
        label=Words("chỉ tiêu", "indicator"),
        measure=measure,
        direction=direction,
        periods=tuple(QUARTERS[:periods]),
        phases=tuple(i % 4 + 1 for i in range(periods)),
        changes=tuple(DocumentedChange(QUARTERS[at], CHANGED) for at in changes),
    )


def _drawn(measure: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(23)
    level = np.resize([0.3, 1.2, 8.0, 60.0], (12, 1)) * np.where(np.arange(16) < 13, 1.0, np.resize([1.0, 1.0, 2.5], (12, 1)))
    exposure = rng.integers(100, 900, (12, 16)).astype(float)
    counts = rng.poisson(rng.gamma(4, level / 4)).astype(float)
    if measure == "proportion":
        counts = np.minimum(counts, exposure)
    counts[rng.random(counts.shape) < 0.08] = NAN
    counts[0], counts[1, :13], counts[2] = NAN, 0.0, 7.0
    return counts, exposure


@pytest.mark.parametrize(
    ("measure", "kind", "rules", "changes"),
    [
        ("count", "auto", "nhs", ()),
        pytest.param("rate", "auto", "nelson", (4,), marks=pytest.mark.slow),
        ("proportion", "auto", "nhs", (9,)),
        pytest.param("proportion", "xmr", "western_electric", (), marks=pytest.mark.slow),
        pytest.param("rate", "run", "nhs", (), marks=pytest.mark.slow),
    ],
)
def test_the_same_answers_as_one_chart_after_another(measure: str, kind: str, rules: str, changes: tuple[int, ...]) -> None:
    counts, exposure = _drawn(measure)
    together = signals(
        counts,
        1.0 if measure == "count" else exposure,
        measure=measure,
        kind=kind,
        rules=rules,
        baseline=13,
        starts=changes,
        direction="up",
    )
    data = series(counts, exposure, measure, changes)
    for i, unit in enumerate(data.units):
        one = chart(data, unit, kind=kind, rules=rules, baseline_end=QUARTERS[12], draws=0)
        assert together.verdict[i] == one.verdict, unit
        assert bool(together.rare[i]) == (one.kind == "g")
        if not together.rare[i]:
            for line in ("value", "centre", "sigma", "low", "high"):
                np.testing.assert_allclose(getattr(together, line)[i], one.frame[line].to_numpy(float), err_msg=f"{unit} {line}")
            np.testing.assert_array_equal(together.members[i], one.frame["signal"])


def test_any_leading_axes_keep_their_shape() -> None:
    counts = np.random.default_rng(1).poisson(9, (3, 5, 16)).astype(float)
    found = signals(counts, baseline=13)
    assert found.verdict.shape == (3, 5)
    assert found.members.shape == (3, 5, 16)
    assert found.basis.shape == (3, 5, 1)
    np.testing.assert_array_equal(found.members[1, 2], signals(counts[1, 2], baseline=13).members)


def test_context_is_changed_and_never_better_or_worse() -> None:
    counts = np.array([10.0, 12, 9, 11, 10, 8, 12, 11, 10, 9, 11, 10, 12, 40, 41, 39])
    assert signals(counts, baseline=13).verdict == "changed"
    assert signals(counts, baseline=13, direction="up").verdict == "improving"
    assert signals(counts, baseline=13, direction="down").verdict == "worsening"
    assert signals(counts[:13], direction="up").verdict == "no_change"


def test_too_few_points_call_no_signal() -> None:
    counts = np.array([10.0, 11, 9, 10, 12, 9, 90])
    found = signals(counts, baseline=6, direction="up")
    assert found.verdict == "too_few"
    assert not found.members.any()
    assert np.isnan(found.high).all()


def test_a_baseline_of_zeros_makes_no_first_event_a_signal() -> None:
    k = np.zeros(16)
    k[14:] = [1.0, 2.0]
    for measure, exposure in (("count", 1.0), ("proportion", 40.0), ("rate", 3.0)):
        assert signals(k, exposure, measure=measure, baseline=13, direction="up").verdict == "too_few"


@pytest.mark.parametrize("events", [3.0, 4.0])
def test_a_share_near_its_end_with_few_people_has_no_limits(events: float) -> None:
    # Three of three, four of four, then one of two: nothing to tell from chance.
    people = np.resize([3.0, 4, 4, 3], 16)
    k = people.copy()
    k[5] -= 1
    k[13:] -= events - 2
    found = signals(k, people, measure="proportion", baseline=13, direction="up")
    assert found.verdict == "too_few"
    assert np.isnan(found.high).all()
    # The same shares of a hundred times as many people can be told.
    assert signals(100 * k, 100 * people, measure="proportion", baseline=13, direction="up").verdict == "worsening"


def test_gaps_between_events_with_a_period_unknown() -> None:
    found = gaps(np.array([[0.0, 1, 0, 2, NAN, 1, 1], [0.0, 0, 0, 0, 0, 0, 0]]))
    assert found.period[0].tolist() == [1, 3, 3, 5, 6]
    np.testing.assert_array_equal(found.gap[0], [NAN, 2, 0, NAN, 1])
    assert (found.period[1] == -1).all()
    assert gaps(np.zeros((2, 4))).gap.shape == (2, 0)


def test_events_that_became_seldom_are_a_fall() -> None:
    k = np.resize([1.0, 1.0, 0.0, 1.0], 48)
    k[40:] = 0
    k[47] = 1
    found = signals(k, baseline=40, direction="down", kind="g")
    assert bool(found.rare)
    assert found.verdict == "improving"
    assert found.members[-1] == -1


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"measure": "yes_no"}, "measure"),
        ({"kind": "pareto"}, "kind"),
        ({"rules": "ours"}, "rules"),
        ({"direction": "left"}, "direction"),
        ({"baseline": 0}, "baseline"),
        ({"starts": (16,)}, "starts"),
    ],
)
def test_what_is_not_known_is_refused_by_name(options: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        signals(np.ones(16), **options)


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="counts"):
        signals(np.array([1.0, -1.0]))
    with pytest.raises(ValueError, match="denominator"):
        signals(np.array([5.0, 1.0]), np.array([4.0, 4.0]), measure="proportion")
    with pytest.raises(ValueError, match="counts"):
        signals(np.empty((3, 0)))
