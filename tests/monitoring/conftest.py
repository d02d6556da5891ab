"""The example as evidence, once for all tests of monitoring."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from evaluation import example
from evaluation.store import EvidenceStore, open_store


@pytest.fixture(scope="session")
def example_store(tmp_path_factory: pytest.TempPathFactory) -> EvidenceStore:
    """The store that the Makefile built for this run, else one built here."""
    if (given := os.environ.get("EVALUATION_STORE")) and Path(given).exists():
        return open_store(given)
    path = tmp_path_factory.mktemp("store") / "store.duckdb"
    example.build(path)
    return open_store(path)


@pytest.fixture(scope="session")
def example_values(example_store: EvidenceStore) -> pd.DataFrame:
    """All values in force."""
    return example_store.values()
