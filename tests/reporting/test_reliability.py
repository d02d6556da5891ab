"""What the report says on its data: checks, corrections, last digits, and what odd figures do; from small frames by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from evaluation.indicators import headline
from evaluation.language import Words
from evaluation.monitoring.reports.corrections import Corrections
from evaluation.periods import Period
from evaluation.quality.digits import digit_preference
from evaluation.reporting.district.reliability import corrected, effect, found, last_digits
from evaluation.reporting.model import Bullets, Paragraph, Table
from evaluation.reporting.slices.reports import checks

QUARTERS = ["2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4"]


def _about(recent: Any = None, **known: Any) -> Any:
    """A district's report in English with no more than what is asked about."""
    part = SimpleNamespace(**{"timeliness": SimpleNamespace(frame=[0] * 8)} | known)
    return SimpleNamespace(language="en", code="760", place="District 1", period="Q4 2018", slice=part, recent=recent)


def _recent(states: list[str]) -> pd.DataFrame:
    """Thirty of a hundred tested each quarter, ninety of a hundred in 2018-Q3."""
    rows = [(p, 90.0 if p == "2018-Q3" else 30.0, 100.0, s) for p, s in zip(QUARTERS, states, strict=True)]
    frame = pd.DataFrame(rows, columns=["period", "numerator", "denominator", "state"])
    frame.loc[frame["state"] != "shown", ["numerator", "denominator"]] = float("nan")
    return frame.assign(value=frame["numerator"] / frame["denominator"])


def _effect(states: list[str], odd: list[tuple[str, str]]) -> str:
    figures = pd.DataFrame(odd, columns=["element", "period"])
    return effect(_about(recent=lambda name: _recent(states), odd_figures=figures))


def test_an_odd_quarter_of_the_headline_is_left_out_and_both_are_said() -> None:
    text = _effect(["shown"] * 4, [(headline().numerator, "2018-Q3")])
    assert "4 shown quarters together: 45.0%" in text  # 180 of 400
    assert "3 left: 30.0%" in text  # 90 of 300
    assert "(24.9% to 35.5%)" in text  # Clopper-Pearson of 90 in 300, by scipy's binomtest: 0.2487 to 0.3553


def test_odd_figures_elsewhere_change_nothing() -> None:
    assert "changes nothing" in _effect(["shown"] * 4, [("comm_sessions", "2018-Q3")])


def test_an_odd_quarter_that_is_withheld_cannot_be_left_out_twice() -> None:
    text = _effect(["shown", "shown", "withheld", "shown"], [(headline().numerator, "2018-Q3")])
    assert "changes nothing" in text
    assert "%" not in text


def test_nothing_shown_says_so() -> None:
    assert "cannot be said" in _effect(["withheld"] * 4, [(headline().numerator, "2018-Q3")])


def test_every_shown_quarter_odd_leaves_nothing_to_compare() -> None:
    text = _effect(["withheld", "withheld", "shown", "withheld"], [(headline().numerator, "2018-Q3")])
    assert "no quarter is left" in text


def _checks(rows: list[tuple[str, str, str]], reported: bool = True) -> Any:
    """What a slice keeps of findings: rows of submission, code, severity."""
    findings = pd.DataFrame(rows, columns=["submission", "code", "severity"])
    sent = pd.DataFrame([("a", "760", "2018-Q4"), ("b", "761", "2018-Q4")], columns=["id", "district_code", "period"])
    evidence = SimpleNamespace(findings=findings, checked=sent, period=Period.parse("2018-Q4"))
    own: Any = SimpleNamespace(code="760", reported=reported, evidence=evidence)
    return checks(own)


def test_findings_are_counted_by_severity_and_never_quoted() -> None:
    rows = [("a", "IN-201", "warning"), ("a", "IN-202", "warning"), ("a", "IN-301", "note"), ("b", "IN-101", "error")]
    text = found(_about(checks=_checks(rows)))
    assert "errors 0, warnings 2, notes 1" in text
    assert "IN-" not in text


def test_no_check_kept_and_no_report_are_not_a_clean_bill() -> None:
    for kept in (_checks([]), _checks([("b", "IN-101", "error")], reported=False)):
        assert "holds no result of a check" in found(_about(checks=kept))


def _sent_again(changed: list[int], share: float | None, n: int) -> Corrections:
    quarters = pd.DataFrame({"district_code": "760", "period": QUARTERS[: len(changed)], "changed": changed})
    nothing = Words("", "")
    return Corrections(
        estimand=nothing,
        method=nothing,
        estimate=share,
        n=n,
        quarters=quarters,
        cells=pd.DataFrame(),
        sizes=pd.DataFrame(),
        median_size=0.139,
    )


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (_sent_again([], None, 0), "no report was sent again with other figures"),
        (_sent_again([0], 0.0, 370), "no report was sent again with other figures"),
        (_sent_again([32], 32 / 370, 370), "one was sent again; 8.6% of its figures changed (32/370), by 13.9%"),
        (_sent_again([30, 2], 32 / 740, 740), "2 were sent again; 4.3% of their figures changed (32/740)"),
    ],
)
def test_corrections_are_counted_over_eight_quarters(result: Corrections, said: str) -> None:
    text = corrected(_about(corrections=result))
    assert said in text
    assert "last 8 quarters" in text


def test_last_digits_are_read_only_where_there_are_enough() -> None:
    assert "fewer than 50" in last_digits(_about(last_digits=digit_preference(range(10, 50))))
    even = last_digits(_about(last_digits=digit_preference(range(10, 210), draws=199)))
    assert "20.0% of 200 figures" in even
    assert "not to be told from chance" in even
    tens = last_digits(_about(last_digits=digit_preference(range(10, 2010, 10), draws=199)))
    assert "100.0% of 200 figures" in tens
    assert "hardly chance" in tens
    assert "no proof of wrongdoing" in tens


@pytest.mark.slow
def test_the_example_s_district_that_typed_one_zero_too_many(report_of: Any) -> None:
    """763 reported 2018-Q2 ten times too large (data/example/README.md): its digits say so, and the headline does not hang on it."""
    section = report_of("763", "en").quality
    texts = [b.text for b in section.all_blocks() if isinstance(b, Paragraph)]
    items = [i for b in section.all_blocks() if isinstance(b, Bullets) for i in b.items]
    assert any("8 reports on time, 0 late, 0 not received" in t for t in texts)
    assert any("hardly chance" in i for i in items)
    assert any("changes nothing" in t for t in texts)
    assert [p.id for p in section.parts] == ["timeliness", "matrix", "checks", "oddities"]


@pytest.mark.slow
def test_no_ward_is_named_with_a_figure(report_of: Any) -> None:
    """Wards stand in the matrix of who reported, in no sentence and no table."""
    from evaluation.places import wards

    section = report_of("763", "vi").quality
    for block in section.all_blocks():
        if isinstance(block, Paragraph | Bullets | Table):
            text = repr(block)
            assert not [w.name.vi for w in wards("763").values() if w.name.vi in text]
