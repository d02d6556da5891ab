"""Rules are data: every row is checked on loading, and the rows say what the codebook's definitions make sure."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from evaluation.indicators import elements, indicators
from evaluation.intake.findings import kinds
from evaluation.intake.rulebook import BrokenRule, read_rules, rules
from evaluation.settings import folders

SOURCE = folders().data / "codebook" / "rules.csv"


def spoiled(tmp_path: Path, name: str, **changes: str) -> Path:
    """Write the rules with one row changed."""
    with SOURCE.open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    for row in rows:
        if row["id"] == name:
            row.update(changes)
    path = tmp_path / "rules.csv"
    with path.open("w", encoding="utf-8", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_every_share_has_a_rule_for_its_part_and_whole() -> None:
    pairs = {(r.left, r.right) for r in rules().values() if r.check == "linear" and r.operator == "<=" and r.factor == 1}
    for i in indicators().values():
        if i.measure == "proportion" and i.reported:
            assert ((i.numerator,), (i.denominator,)) in pairs


def test_every_rule_fits_its_finding() -> None:
    for rule in rules().values():
        assert rule.code in kinds()
        assert rule.label.vi != rule.label.en


def test_wildcards_are_counts_and_never_answers() -> None:
    assert rules()["jump"].reads == {e.id for e in elements().values() if e.unit != "yes_no"}
    assert rules()["yes_or_no"].reads == {"child_referral_route", "trafficking_referral_route"}
    assert "condoms_distributed" not in rules()["equal_across_wards"].reads


@pytest.mark.parametrize(
    "name, changes, why",
    [
        ("violations_of_inspections", {"left": "violation"}, "no such element: violation"),
        ("violations_of_inspections", {"right": ""}, "left names what is looked at"),
        ("violations_of_inspections", {"right": "violations"}, "both sides"),
        ("violations_of_inspections", {"left": "violations+violations"}, "twice"),
        ("violations_of_inspections", {"check": "linaer"}, "no such check"),
        ("violations_of_inspections", {"operator": ">="}, "operator"),
        ("violations_of_inspections", {"code": "IN-999"}, "no such finding"),
        ("violations_of_inspections", {"about": "nobody"}, "no such agency"),
        ("violations_of_inspections", {"one_missing": "maybe"}, "one_missing"),
        ("violations_of_inspections", {"id": "yes_or_no"}, "twice"),
        ("violations_of_inspections", {"label_en": ""}, "labels"),
        ("jump", {"factor": ""}, "factor must be given"),
        ("jump", {"factor": "nan"}, "no usable number"),
        ("jump", {"left": "unit:dogs"}, "no such element"),
        ("people_within_residents", {"right": "workers"}, "does not go with range"),
        ("early", {"left": "violations"}, "timing"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, name: str, changes: dict[str, str], why: str) -> None:
    with pytest.raises(BrokenRule, match=why) as caught:
        read_rules(spoiled(tmp_path, name, **changes))
    assert "dòng" in str(caught.value)
    assert "row" in str(caught.value)
    assert changes.get("id", name) in str(caught.value)
