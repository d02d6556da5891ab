"""Submissions as the intake would hand them to the store, made up."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pandas as pd
import pytest

from evaluation.places import wards
from evaluation.store import Batch, StoreError, Submission
from evaluation.store.schema import FINDING_COLUMNS

WARDS = tuple(wards("760"))
FIRST, REVISED = dt.date(2018, 12, 14), dt.date(2019, 1, 20)
DAY = dt.timedelta(days=1)


def submission(name: str, received: dt.date = FIRST, period: str = "2018-Q4") -> Submission:
    return Submission(name, "760", period, 2, received, f"{name}.xlsx", name * 8, "Phòng Lao động")


def values(numbers: dict[str, float], element: str = "sti_tested", period: str = "2018-Q4") -> pd.DataFrame:
    """Values of wards; NaN is a blank."""
    rows = [
        {"unit_code": u, "value": float(v), "state": "not_reported" if v != v else "reported", "sheet": "Y tế", "cell": f"C{6 + n}"}
        for n, (u, v) in enumerate(numbers.items())
    ]
    return pd.DataFrame(rows).assign(district_code="760", period=period, element=element)


def findings(*rows: dict[str, str]) -> pd.DataFrame:
    """Findings; a warning on the whole file where a row says nothing else."""
    given = {"code": "IN-201", "severity": "warning", "file": "a.xlsx", "message_vi": "Xem lại.", "message_en": "Look again."}
    return pd.DataFrame([{**dict.fromkeys(FINDING_COLUMNS, ""), **given, **row} for row in rows], columns=list(FINDING_COLUMNS), dtype=str)


def workbook(body: bytes, numbers: dict[str, float], found: pd.DataFrame | None = None, received: dt.date = FIRST) -> Batch:
    """An accepted workbook whose bytes are kept; what is in them is up to the test."""
    digest = hashlib.sha256(body).hexdigest()
    form = Submission(digest[:16], "760", "2018-Q4", 2, received, "a.xlsx", digest, "Phòng Lao động", "Thiếu người.", "")
    return Batch(form, values(numbers), found, body, "xlsx")


def both_languages(error: pytest.ExceptionInfo[StoreError], vietnamese: str, english: str, folder: Path) -> None:
    left, right = str(error.value).split(" / ")
    assert vietnamese in left
    assert english in right
    assert str(folder) not in str(error.value)
    assert error.value.words.vi == left
