"""What a report says of money: only beside the right evidence, and never where it would tell a hidden number of people."""

import dataclasses

import pandas as pd
import pytest

from evaluation.contracts import SHOWN, WITHHELD
from evaluation.costs.lines import cost_lines
from evaluation.reporting.budget import BudgetAtHand, budget_at_hand
from evaluation.reporting.district.money import HEADS, money
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.evidence import Evidence
from evaluation.reporting.model import Figure, Paragraph, Table
from evaluation.reporting.slices import money as worked_out
from evaluation.reporting.slices.own import by_district

pytestmark = pytest.mark.slow
AMOUNTS = [i for i, head in enumerate(HEADS) if head in ("planned", "spent", "rate", "count", "each")]


def _table(section) -> Table:
    return next(b for b in section.all_blocks() if isinstance(b, Table))


def _with(subject: Subject, evidence: Evidence, budget: BudgetAtHand) -> Subject:
    known = dataclasses.replace(evidence, budget=budget)
    found = worked_out.money(by_district(known)[subject.code], worked_out.costs_of_all(known))
    return Subject(dataclasses.replace(subject.slice, money=found), subject.language)


def test_money_of_a_line_whose_count_is_withheld_is_withheld_too(report_of, evidence: Evidence) -> None:
    subject = report_of("760").subject
    counts = evidence.protection.counts
    own = counts[(counts["place"] == "760") & (counts["period"].str[:4] == "2018")]
    hidden = set(own.loc[own["state"] == WITHHELD, "element"])
    labels = {line.label.vi: line.step for line in cost_lines().values()}
    seen = 0
    for row in _table(money(subject)).rows:
        if labels.get(row[0].text) in hidden:
            assert {row[i].state for i in AMOUNTS} == {WITHHELD}
            seen += 1
    assert seen, "the example must have a line to hide"


def test_costs_are_money_over_the_year_s_shown_quarters(report_of, evidence: Evidence) -> None:
    subject = report_of("777", "en").subject
    row = next(r for r in _table(money(subject)).rows if r[0].text == "Outreach")
    counts = evidence.protection.counts
    own = counts[(counts["place"] == "777") & (counts["element"] == "outreach_reached") & (counts["period"].str[:4] == "2018")]
    assert (own["state"] == SHOWN).all()
    people = own["value"].sum()
    spent = evidence.budget.frame.query("scope == 'district' and code == '777' and year == 2018 and line == 'outreach'")
    each = 1000 * float(spent["spent_million_vnd"].iloc[0]) / people
    assert row[5].text == f"{people:,.0f}"
    assert row[6].text.startswith(f"{each:,.0f} (")


def test_without_a_budget_the_report_says_so(report_of, evidence: Evidence) -> None:
    told = money(_with(report_of("760").subject, evidence, BudgetAtHand()))
    assert not any(isinstance(b, Table | Figure) for b in told.all_blocks())
    (said,) = told.all_blocks()
    assert isinstance(said, Paragraph)
    assert "không nêu chi phí" in said.text


def test_a_broken_budget_stops_no_report_and_is_told_in_the_reader_s_language(report_of, evidence: Evidence) -> None:
    told = money(_with(report_of("760", "en").subject, evidence, BudgetAtHand(problem="cột thiếu / a column is missing")))
    (said,) = told.all_blocks()
    assert isinstance(said, Paragraph)
    assert (said.role, "a column is missing" in said.text, "cột" in said.text) == ("warning", True, False)


def test_an_unknown_line_stands_by_its_own_name(report_of, evidence: Evidence) -> None:
    subject, frame = report_of("760").subject, evidence.budget.frame
    other = frame[(frame["code"] == "760") & (frame["line"] == "personnel")].assign(line="cleaning")
    table = _table(money(_with(subject, evidence, BudgetAtHand(pd.concat([frame, other], ignore_index=True)))))
    assert "cleaning" in [row[0].text for row in table.rows]


def test_made_up_money_never_stands_beside_real_counts() -> None:
    assert budget_at_hand(synthetic=True).frame is not None
    assert budget_at_hand(synthetic=False).frame is None
