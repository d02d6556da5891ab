"""Indicators with and without the figures in doubt: small cities added by hand, and the store's own sums."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy import stats

from evaluation.monitoring.asked import indicator
from evaluation.monitoring.reports.doubtful import district_sums, doubtful_quarters, with_and_without
from evaluation.periods import Period
from evaluation.places import residents, wards
from evaluation.store import EvidenceStore

pytestmark = pytest.mark.slow

NOW, BEFORE = "2018-Q4", ["2017-Q4", "2018-Q1", "2018-Q2", "2018-Q3"]
A, B, C = list(wards("760"))[:3]


def _cells(figures: dict[tuple[str, str, str], float | None]) -> pd.DataFrame:
    rows = [
        (w[:3] if len(w) == 3 else "760", w, p, e, float("nan") if v is None else float(v), "not_reported" if v is None else "reported")
        for (w, p, e), v in figures.items()
    ]
    return pd.DataFrame(rows, columns=["district_code", "unit_code", "period", "element", "value", "state"])


def _doubt(*cells: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(cells, columns=["unit_code", "period", "element"])


@pytest.fixture
def city() -> pd.DataFrame:
    """Three wards: 30 of 100, 20 of 50, and 90 of 100 tested, the last in doubt; ten sessions each, 100 in one."""
    figures: dict[tuple[str, str, str], float | None] = {}
    for ward, tested, reached, sessions in ((A, 30, 100, 10), (B, 20, 50, 10), (C, 90, 100, 100)):
        figures |= {(ward, NOW, "sti_tested"): tested, (ward, NOW, "outreach_reached"): reached, (ward, NOW, "comm_sessions"): sessions}
        for period, usual in zip(BEFORE, (8, 12, 9, 13), strict=True):
            figures[ward, period, "comm_sessions"] = usual
    return _cells(figures)


def test_a_share_loses_both_sides_of_the_ward(city: pd.DataFrame) -> None:
    found = with_and_without(city, _doubt((C, NOW, "sti_tested")), NOW, ["sti_tested_share"])
    table = found.to_frame().set_index("way")
    assert list(table.index) == ["as_reported", "set_aside"]
    assert table.loc["as_reported", ["numerator", "denominator"]].tolist() == [140, 250]
    assert table.loc["set_aside", ["numerator", "denominator"]].tolist() == [50, 150]
    low, high = stats.binomtest(50, 150).proportion_ci(0.95, "exact")
    assert table.loc["set_aside", ["low", "high"]].tolist() == pytest.approx([low, high])
    assert table["outside"].tolist() == [False, True]  # 56% is far above the interval of a third
    assert (found.n, found.n_doubtful) == (6, 1)
    assert found.estimate == pytest.approx(1 / 6)


def test_a_count_is_also_given_with_the_ward_s_own_median(city: pd.DataFrame) -> None:
    table = with_and_without(city, _doubt((C, NOW, "comm_sessions")), NOW, ["comm_sessions"]).to_frame().set_index("way")
    # The median of 8, 12, 9 and 13 is 10.5; counts are whole, and half goes to the even ten.
    assert table["value"].tolist() == [120, 20, 30]
    assert table["n_doubtful"].tolist() == [1, 1, 1]


def test_quarters_in_doubt_do_not_make_the_usual_level(city: pd.DataFrame) -> None:
    odd = _doubt((C, NOW, "comm_sessions"), (C, "2018-Q1", "comm_sessions"), (C, "2018-Q3", "comm_sessions"))
    table = with_and_without(city, odd, NOW, ["comm_sessions"]).to_frame().set_index("way")
    assert table.loc["replaced", "value"] == 10 + 10 + 8  # of 8 and 9, 8.5, the even whole is 8


def test_a_count_without_other_quarters_cannot_be_replaced(city: pd.DataFrame) -> None:
    only = city[city["period"] == NOW]
    table = with_and_without(only, _doubt((C, NOW, "comm_sessions")), NOW, ["comm_sessions"]).to_frame().set_index("way")
    assert table.loc["replaced", "value"] == table.loc["set_aside", "value"] == 20


def test_a_rate_loses_the_residents_of_a_ward_set_aside(city: pd.DataFrame) -> None:
    people = residents(Period.parse(NOW)).set_index("ward_code")["residents"]
    table = with_and_without(city, _doubt((C, NOW, "outreach_reached")), NOW, ["outreach_rate"]).to_frame().set_index("way")
    assert table.loc["as_reported", "value"] == pytest.approx(250 / (people[[A, B, C]].sum() / 10_000))
    assert table.loc["set_aside", "value"] == pytest.approx(150 / (people[[A, B]].sum() / 10_000))


def test_nothing_in_doubt_changes_nothing(city: pd.DataFrame) -> None:
    for nobody in (_doubt(), _doubt(("26740", NOW, "hiv_tested"), (C, "2018-Q1", "sti_tested"))):
        found = with_and_without(city, nobody, NOW, ["sti_tested_share", "comm_sessions"])
        assert found.n_doubtful == 0
        assert found.to_frame().groupby("indicator")["value"].nunique().tolist() == [1, 1]
        assert not found.to_frame()["outside"].any()


def test_sums_are_those_of_the_store(example_store: EvidenceStore, example_values: pd.DataFrame) -> None:
    """The store sums in SQL, this in pandas: the blank of one count keeps the ward out of its whole family in both."""
    keys = ["district_code", "period", "element"]
    ours = district_sums(example_values).sort_values(keys, ignore_index=True)
    theirs = example_store.district_totals().sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(ours[list(theirs.columns)], theirs, check_dtype=False)


@pytest.mark.parametrize("name", ["sti_tested_share", "outreach_rate", "violence_reported"])
def test_as_reported_is_what_the_suite_says_elsewhere(example_store: EvidenceStore, example_values: pd.DataFrame, name: str) -> None:
    row = with_and_without(example_values, _doubt(), NOW, [name]).to_frame().iloc[0]
    said = indicator(example_store, name, NOW)
    assert [row["value"], row["low"], row["high"]] == pytest.approx([said.estimate, said.low, said.high])


def _quarters(states: list[str]) -> pd.DataFrame:
    rows = [(p, 30.0, 100.0, 0.3, s) for p, s in zip([*BEFORE[1:], NOW], states, strict=True)]
    frame = pd.DataFrame(rows, columns=["period", "numerator", "denominator", "value", "state"])
    frame.loc[frame["state"] != "shown", ["numerator", "denominator", "value"]] = float("nan")
    frame.loc[2, "numerator"] *= 3  # 2018-Q3: 90 of 100
    return frame


def test_quarters_joined_with_and_without_the_odd_one() -> None:
    odd = pd.DataFrame({"element": ["sti_tested"], "period": ["2018-Q3"]})
    table = doubtful_quarters(_quarters(["shown"] * 4), odd, "sti_tested_share").set_index("way")
    assert table.loc["as_reported", ["quarters", "numerator", "denominator"]].tolist() == [4, 180, 400]
    assert table.loc["set_aside", ["quarters", "numerator", "denominator"]].tolist() == [3, 90, 300]
    low, high = stats.binomtest(90, 300).proportion_ci(0.95, "exact")
    assert table.loc["set_aside", ["low", "high"]].tolist() == pytest.approx([low, high])


def test_withheld_quarters_and_other_counts_are_left_out() -> None:
    odd = pd.DataFrame({"element": ["comm_sessions", "sti_tested"], "period": ["2018-Q3", "2018-Q2"]})
    table = doubtful_quarters(_quarters(["shown", "withheld", "shown", "shown"]), odd, "sti_tested_share")
    assert table["way"].tolist() == ["as_reported"]
    assert table["quarters"].tolist() == [3]


def test_only_shares_are_joined() -> None:
    with pytest.raises(ValueError, match="share"):
        doubtful_quarters(_quarters(["shown"] * 4), pd.DataFrame({"element": [], "period": []}), "comm_sessions")
