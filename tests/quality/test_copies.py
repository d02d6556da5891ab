"""What repeats another report is found; what chance makes equal is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.quality.copies import equal_across, equal_rows, repeated

WARDS = [f"{26734 + 3 * n}" for n in range(12)]
ELEMENTS = ["outreach_reached", "outreach_contacts", "condoms_distributed", "sti_tested"]


def quarter(seed: int, low: float = 10, high: float = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(0).uniform(low, high, len(WARDS) * len(ELEMENTS))
    frame = pd.DataFrame([(w, e) for w in WARDS for e in ELEMENTS], columns=["unit_code", "element"])
    return frame.assign(value=rng.poisson(means).astype(float), state="reported", group="health")


def test_last_quarter_sent_again() -> None:
    (row,) = repeated(quarter(1), quarter(1)).to_dict("records")
    assert (row["k"], row["n"]) == (48, 48)
    assert row["chance"] < 1e-30


def test_honest_quarters_are_never_taken_for_copies() -> None:
    last = quarter(1)
    for seed in range(2, 62):
        assert repeated(quarter(seed), last).empty
        assert repeated(quarter(seed, 5, 9), quarter(1, 5, 9), ["group", "unit_code"], share=0.8, chance=1e-5).empty


def test_one_row_copied() -> None:
    new, last = quarter(2, 40, 400), quarter(1, 40, 400)
    copied = new["unit_code"] == WARDS[3]
    new.loc[copied, "value"] = last.loc[copied, "value"]
    found = repeated(new, last, ["group", "unit_code"], share=0.8, chance=1e-5)
    assert found[["group", "unit_code"]].to_dict("records") == [{"group": "health", "unit_code": WARDS[3]}]


@pytest.mark.parametrize("change", ["small", "blank now", "blank then"])
def test_small_and_missing_figures_are_not_compared(change: str) -> None:
    new, last = quarter(1), quarter(1)
    if change == "small":
        new["value"] = last["value"] = 4.0
    else:
        (new if change == "blank now" else last)["state"] = "not_reported"
    assert repeated(new, last).empty


def test_equal_figures_across_wards() -> None:
    figures = dict.fromkeys(WARDS, 25.0)
    found = equal_across(figures)
    assert found is not None
    value, k, n, chance = found
    assert (value, k, n) == (25, 12, 12)
    # The chance that twelve wards with this mean all have it, for one possible figure.
    assert chance == pytest.approx(0.0795**12, rel=0.05)


@pytest.mark.parametrize(
    "figures", [{}, dict.fromkeys(WARDS, 2.0), dict.fromkeys(WARDS[:3], 25.0), {w: 10.0 + n for n, w in enumerate(WARDS)}]
)
def test_no_equality_to_speak_of(figures: dict[str, float]) -> None:
    assert equal_across(figures) is None


def test_honest_columns_are_left_alone() -> None:
    rng = np.random.default_rng(4)
    for mean in (5, 6, 8, 12):
        for _ in range(2_000):
            assert equal_across(dict(zip(WARDS, rng.poisson(mean, len(WARDS)).astype(float), strict=True))) is None


def test_rows_that_are_the_same() -> None:
    row = {"a": 31.0, "b": 55.0, "c": 420.0, "d": 17.0, "e": 23.0, "f": 0.0}
    other = {"a": 30.0, "b": 50.0, "c": 400.0, "d": 16.0, "e": 20.0, "f": 0.0}
    (found,) = equal_rows({"26734": row, "26737": other, "26740": dict(row)})
    assert found[:3] == ("26734", "26740", 5)
    one_pair = 0.0716 * 0.0538 * 0.0195 * 0.0965 * 0.0829  # Poisson probabilities of 31, 55, 420, 17 and 23 at their own means
    assert found[3] == pytest.approx(3 * one_pair, rel=0.01)
    assert equal_rows({"26734": row, "26737": other}) == []
    assert equal_rows({"26734": {"f": 0.0, "a": 2.0}, "26737": {"f": 0.0, "a": 2.0}}) == []
