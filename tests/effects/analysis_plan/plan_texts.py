"""A plan's file for the tests, and what is changed in it."""

from __future__ import annotations

from evaluation.effects.analysis_plan.plan import AnalysisPlan, default_plan
from evaluation.effects.analysis_plan.plan_file import write_plan


def plan() -> AnalysisPlan:
    """Return the plan that the command would write."""
    return default_plan("pham-ngu-lao", "2017-Q1")


def changed(*pairs: tuple[str, str]) -> bytes:
    """Return the plan's file with texts exchanged; each has to be there once."""
    text = write_plan(plan())
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text.encode()
