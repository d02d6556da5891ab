"""What the checks of received files found, counted by kind: places in files to look at, never people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SEVERITIES = ("error", "warning", "note")
_SLOT = re.compile(r"\{[^}]*\}")


def by_kind(findings: pd.DataFrame, messages: Mapping[str, str]) -> pd.DataFrame:
    """Return how often each kind of finding occurs, and in how many submissions.

    Parameters
    ----------
    findings : DataFrame
        code, severity, submission: `EvidenceStore.findings()`.
    messages : mapping
        Code to its words in the reader's language, with ``{slots}``: of
        `evaluation.intake.findings.kinds`.

    Returns
    -------
    DataFrame
        severity, code, what (the first sentence of the code's words, what was
        seen left open), findings, submissions; errors first, then by code.
    """
    table = findings.groupby(["severity", "code"], as_index=False).agg(findings=("code", "size"), submissions=("submission", "nunique"))
    table["what"] = [_what(messages.get(code, "")) for code in table["code"]]
    order = {severity: i for i, severity in enumerate(SEVERITIES)}
    table = table.sort_values(["severity", "code"], key=lambda s: s.map(order) if s.name == "severity" else s, ignore_index=True)
    return table[["severity", "code", "what", "findings", "submissions"]]


def by_severity(findings: pd.DataFrame, submissions: pd.DataFrame, district_code: str, period: str) -> dict[str, int]:
    """Return how many errors, warnings and notes stand against a district's submissions for a period.

    Parameters
    ----------
    findings : DataFrame
        As for `by_kind`.
    submissions : DataFrame
        `EvidenceStore.submissions()`: id, district_code, period.
    """
    own = submissions.loc[(submissions["district_code"] == district_code) & (submissions["period"] == period), "id"]
    counted = findings.loc[findings["submission"].isin(set(own)), "severity"].value_counts()
    return {severity: int(counted.get(severity, 0)) for severity in SEVERITIES}


def _what(message: str) -> str:
    """Return the first sentence of a message, what was seen left open."""
    return _SLOT.sub("…", message).split(". ")[0].rstrip(".")
