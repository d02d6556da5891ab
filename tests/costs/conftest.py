"""The example's budget and counts, once for all tests of costs."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from evaluation import example
from evaluation.costs import read_budget
from evaluation.settings import folders
from evaluation.store import open_store


@pytest.fixture(scope="session")
def budget() -> pd.DataFrame:
    """The example's budget."""
    return read_budget(folders().data / "example" / "budget.csv")


@pytest.fixture(scope="session")
def totals(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """District totals of the store that the Makefile built for this run, else of one built here."""
    if (given := os.environ.get("EVALUATION_STORE")) and Path(given).exists():
        return open_store(given).district_totals()
    path = tmp_path_factory.mktemp("store") / "store.duckdb"
    example.build(path)
    return open_store(path).district_totals()
