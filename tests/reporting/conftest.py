"""One example store and one city's evidence for all tests of reports."""

import os
from pathlib import Path

import pytest

from evaluation import example
from evaluation.periods import Period
from evaluation.reporting.district import DistrictReport, district_report
from evaluation.reporting.evidence import Evidence, gather
from evaluation.reporting.slices.city import slices_of
from evaluation.reporting.slices.slice import Slice
from evaluation.store import open_store


@pytest.fixture(scope="session")
def example_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that the Makefile built for this run, else one built here."""
    if (given := os.environ.get("EVALUATION_STORE")) and Path(given).exists():
        return Path(given)
    path = tmp_path_factory.mktemp("store") / "store.duckdb"
    example.build(path)
    return path


@pytest.fixture(scope="session")
def evidence(example_store: Path) -> Evidence:
    """The city's evidence of 2018-Q4 on the Department's date: what slices are made from."""
    return gather(open_store(example_store, "2018-12-19"), Period.parse("2018-Q4"))


@pytest.fixture(scope="session")
def made(evidence: Evidence) -> dict[str, Slice]:
    """The slices of all districts, worked out."""
    return slices_of(evidence)


@pytest.fixture(scope="session")
def report_of(example_store: Path):
    """Return a maker of reports, each made once."""
    made: dict[tuple[str, str, str], DistrictReport] = {}

    def make(district: str, language: str = "vi", period: str = "2018-Q4") -> DistrictReport:
        key = (district, language, period)
        if key not in made:
            made[key] = district_report(district, period, language, store=example_store)
        return made[key]

    return make
