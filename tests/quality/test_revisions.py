"""What a correction changed, cell by cell and by element."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.quality.revisions import revision_sizes, revisions

COLUMNS = ["district_code", "unit_code", "period", "element", "value", "state"]
Row = tuple[str, float | None]


def report(*rows: Row, period: str = "2018-Q4") -> pd.DataFrame:
    filled = [("760", "26734", period, e, v, "not_reported" if v is None else "reported") for e, v in rows]
    frame = pd.DataFrame(filled, columns=COLUMNS)
    return frame.assign(value=frame["value"].astype(float))


FIRST = report(("sti_tested", 10), ("hiv_tested", 20), ("outreach_reached", None), ("jobs_taken", 0), ("loans_taken", None))
LAST = report(("sti_tested", 15), ("hiv_tested", 20), ("outreach_reached", 40), ("jobs_taken", 2), ("loans_taken", None))


def test_changed_cells_only() -> None:
    found = revisions(FIRST, LAST).set_index("element")
    assert list(found.index) == ["jobs_taken", "outreach_reached", "sti_tested"]
    assert (found.loc["sti_tested", "difference"], found.loc["sti_tested", "ratio"]) == (5, 1.5)
    assert pd.isna(found.loc["jobs_taken", "ratio"])
    assert pd.isna(found.loc["outreach_reached", "difference"])
    assert found.loc["outreach_reached", "first_state"] == "not_reported"


def test_a_row_that_came_or_went_is_a_change() -> None:
    found = revisions(report(("sti_tested", 10)), report(("hiv_tested", 5))).set_index("element")
    assert found.loc["sti_tested", "revised_state"] == ""
    assert found.loc["hiv_tested", "first_state"] == ""


def test_quarters_of_one_side_are_left_out() -> None:
    other = report(("sti_tested", 99), period="2018-Q3")
    assert set(revisions(pd.concat([FIRST, other]), LAST)["period"]) == {"2018-Q4"}
    assert revisions(other, LAST).empty


def test_sizes() -> None:
    table = revision_sizes(FIRST, LAST).set_index("element")
    assert tuple(table.loc["sti_tested"]) == pytest.approx((1, 1, 10, 15, 0.5))
    assert tuple(table.loc["hiv_tested"]) == pytest.approx((1, 0, 20, 20, 0))
    assert pd.isna(table.loc["jobs_taken", "relative"])
    assert "outreach_reached" not in table.index
