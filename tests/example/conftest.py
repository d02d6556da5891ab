import csv

import pandas as pd
import pytest

from evaluation.example import Example, generate
from evaluation.settings import folders


@pytest.fixture(scope="session")
def made() -> Example:
    return generate()


@pytest.fixture(scope="session")
def cube(made: Example) -> pd.DataFrame:
    """What happened, one row a ward and quarter, one column an element."""
    wards = made.panel[made.panel["unit_code"].str.len() == 5]
    return wards.pivot(index=["district_code", "unit_code", "period"], columns="element", values="value").reset_index()


@pytest.fixture(scope="session")
def published() -> dict[str, float]:
    with (folders().data / "reference" / "published_figures.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    return {r["id"]: float(r["value"]) for r in rows if r["value"].replace(".", "", 1).isdigit()}
