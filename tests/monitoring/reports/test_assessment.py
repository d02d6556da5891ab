"""Five dimensions of a quarter: each measure by hand on a small city, and what stands as not measured."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from evaluation.monitoring.reports.assessment import DIMENSIONS, Assessment, assessment, over_time, parts_within_wholes
from evaluation.monitoring.reports.completeness import timeliness
from evaluation.monitoring.reports.corrections import Corrections, corrections
from evaluation.monitoring.reports.outliers import outliers
from evaluation.periods import Period
from evaluation.places import residents, wards
from evaluation.quality.digits import digit_preference
from evaluation.store import EvidenceStore, open_store

pytestmark = pytest.mark.slow

NOW = "2018-Q4"
A, B = list(wards("760"))[:2]
COLUMNS = ["district_code", "unit_code", "period", "element", "value", "state", "sheet", "cell", "form_version"]


def _cells(rows: list[tuple[str, str, str, float | str]], version: int = 2) -> pd.DataFrame:
    made = [
        (
            "760",
            w,
            p,
            e,
            v if isinstance(v, int | float) else float("nan"),
            "reported" if isinstance(v, int | float) else v,
            "s",
            "B2",
            version,
        )
        for w, p, e, v in rows
    ]
    return pd.DataFrame(made, columns=COLUMNS).astype({"value": float})


@pytest.fixture
def nothing_corrected(example_store: EvidenceStore) -> Corrections:
    """No quarter was sent again."""
    return corrections(open_store(example_store.path, "2015-03-14"))


def _assessed(values: pd.DataFrame, corrected: Corrections) -> Assessment:
    reports = pd.DataFrame(
        {"district_code": "760", "ward_code": [A, B], "period": NOW, "reported": [True, True]},
    )
    sent = pd.DataFrame([(1, "760", NOW, dt.date(2018, 12, 17))], columns=["sequence", "district_code", "period", "received"])
    return assessment(
        values,
        NOW,
        timely=timeliness([NOW], reports, sent),
        corrected=corrected,
        outside=outliers(values, NOW),
        digits=digit_preference(values["value"]),
    )


def test_each_measure_by_hand(nothing_corrected: Corrections) -> None:
    values = _cells(
        [
            (A, NOW, "sti_tested", 30),
            (A, NOW, "outreach_reached", 100),
            (A, NOW, "jobs_taken", "not_applicable"),
            (B, NOW, "sti_tested", 25),
            (B, NOW, "outreach_reached", 20),
            (B, NOW, "jobs_taken", "not_reported"),
            (B, NOW, "psych_counselling", "not_collected"),
        ]
    )
    values.loc[0, "cell"] = ""
    found = _assessed(values, nothing_corrected).to_frame().set_index("id")
    assert found.loc["district_reports", ["k", "n"]].tolist() == [1, 24]
    assert found.loc["ward_reports", ["k", "n"]].tolist() == [2, 322]
    assert found.loc["cells", ["k", "n"]].tolist() == [5, 6]  # the cell that the form never asked for is not counted
    assert found.loc["on_time", ["k", "n"]].tolist() == [0, 24]
    assert found.loc["days_late", "value"] == 3  # the 17th against the 14th
    assert found.loc["parts", ["k", "n"]].tolist() == [1, 2]  # 25 of 20 cannot be
    assert found.loc["last_digits", ["k", "n"]].tolist() == [4, 4]  # 30, 100, 25, 20
    assert found.loc["traced", ["k", "n"]].tolist() == [6, 7]
    assert found.loc["external", "value"] == pytest.approx(55 / 120 - 0.342)
    people = residents(Period.parse(NOW)).set_index("ward_code")["residents"]
    assert found.loc["residents", "value"] == pytest.approx(people[[A, B]].sum() / people.sum())


def test_what_nobody_measured_says_so(nothing_corrected: Corrections) -> None:
    made = _assessed(_cells([(A, NOW, "sti_tested", 30)]), nothing_corrected)
    found = made.to_frame().set_index("id")
    for name in ("verified", "corrected", "correction_size", "outside_range", "over_time", "copies", "parts"):
        assert pd.isna(found.loc[name, "value"]), name
    table = made.table("en").set_axis(made.frame["id"])
    assert table.loc["verified", "value"] == "not measured"
    assert table.loc["over_time", "value"] == "cannot be computed: nothing to compare with"
    assert table.loc["ward_reports", "value"] == "0.6% (2/322)"
    assert made.estimate is None


def test_every_dimension_and_every_domain_of_the_review_is_there(nothing_corrected: Corrections) -> None:
    made = _assessed(_cells([(A, NOW, "sti_tested", 30)]), nothing_corrected)
    assert tuple(dict.fromkeys(made.frame["dimension"])) == DIMENSIONS
    # Completeness and timeliness, internal consistency, external comparison, denominators; and the visit that DQR module 3 asks.
    assert set(made.frame["domain"]) == {"completeness", "internal", "external", "denominators", "verification"}
    for language in ("vi", "en"):
        table = made.table(language)
        assert (table[["measure", "value", "blind"]].map(len) > 2).all().all()
        assert not table["measure"].duplicated().any()


def test_over_time_compares_the_same_wards_only() -> None:
    rows = [(A, f"{y}-Q4", "sti_tested", v) for y, v in ((2015, 500), (2016, 40), (2017, 60), (2018, 75))]
    rows += [(B, f"{y}-Q4", "sti_tested", v) for y, v in ((2016, 10), (2018, 1000))]  # B has no 2017
    values = _cells(rows)
    assert over_time(values[values["period"] != "2015-Q4"], NOW) == pytest.approx(75 / 50)
    assert over_time(values[values["period"] == NOW], NOW) is None
    zero = _cells([(A, "2017-Q4", "sti_tested", 0), (A, NOW, "sti_tested", 5)])
    assert over_time(zero, NOW) is None


def test_parts_equal_to_their_whole_are_within_it() -> None:
    values = _cells([(A, NOW, "sti_tested", 10), (A, NOW, "outreach_reached", 10), (A, NOW, "hiv_tested", 11)])
    assert parts_within_wholes(values) == (1, 2)


def test_no_district_stands_in_the_table(
    example_store: EvidenceStore, example_values: pd.DataFrame, nothing_corrected: Corrections
) -> None:
    """No ranking of districts; the table is of the city."""
    made = assessment(
        example_values,
        NOW,
        timely=timeliness([NOW], example_store.ward_reports(), example_store.submissions()),
        corrected=nothing_corrected,
        outside=outliers(example_values, NOW),
        digits=digit_preference(example_values.loc[example_values["period"] == NOW, "value"]),
    )
    found = made.to_frame().set_index("id")
    assert len(found) == 16
    assert found.loc["district_reports", "value"] == 1  # all 24 by the end of the month
    assert found.loc["on_time", "k"] == 22
    assert found.loc["parts", "value"] == 1
    assert Path(str(example_store.path)).name not in " ".join(made.table("en")["value"])
