"""Changed workbooks: none makes the reader fail in a way that nobody foresaw, and none makes it hang."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.faults.fuzz import mutants
from tests.faults.workbooks import PATIENCE

from evaluation.intake.sandbox import Limits, Reader


@pytest.mark.slow
def test_three_hundred_changed_workbooks_are_all_answered() -> None:
    outcomes: Counter[str] = Counter()
    with Reader(Limits(seconds=PATIENCE, fresh=False)) as reader:
        for number, (change, body) in enumerate(mutants(2234, 300)):
            reading, tried = reader.attempt(body, "a.xlsx")
            assert tried.outcome == "read", f"change {number} ({change}): {tried}"
            outcomes["refused" if reading.refused else "accepted" if reading.accepted else "held"] += 1
    # The changes go deep enough: some files pass, some are held for what their cells hold, some are refused.
    assert min(outcomes["accepted"], outcomes["held"], outcomes["refused"]) >= 10, outcomes


def test_the_same_seed_makes_the_same_files() -> None:
    assert list(mutants(5, 20)) == list(mutants(5, 20)) != list(mutants(6, 20))
