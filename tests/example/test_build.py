import shutil
from pathlib import Path

import numpy as np
import pytest

from evaluation.example import Example, ExampleError, build
from evaluation.intake.findings import Finding
from evaluation.places import districts
from evaluation.settings import folders
from evaluation.store import open_store

COMMITTED = folders().data / "example"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("example") / "work" / "store.duckdb"
    assert build(path) == 24 * 16 - 1 + 10
    return path


@pytest.mark.slow
def test_building_twice_adds_nothing(store: Path) -> None:
    before = open_store(store).content_hash()
    assert build(store) == 0
    assert open_store(store).content_hash() == before


@pytest.mark.slow
def test_what_was_sent_is_what_is_kept(store: Path, made: Example) -> None:
    kept = open_store(store).values()
    last = made.sent.values.sort_values("revision").drop_duplicates(["unit_code", "period", "element"], keep="last")
    both = kept.merge(last, on=["unit_code", "period", "element"], how="outer", suffixes=("", "_sent"), indicator=True)
    assert (both["_merge"] == "both").all()
    assert (both["state"] == both["state_sent"]).all()
    assert np.array_equal(both["value"], both["value_sent"], equal_nan=True)


@pytest.mark.slow
def test_every_value_says_where_it_came_from(store: Path) -> None:
    kept = open_store(store).values(periods=["2017-Q4", "2018-Q4"])
    old = kept["period"] == "2017-Q4"
    assert (kept.loc[old, "sheet"] == "archive").all()
    assert kept.loc[old, "cell"].str.fullmatch(r"row \d+").all()
    assert kept.loc[old, "cell"].is_unique
    assert kept.loc[~old, "cell"].str.fullmatch(r"[A-Z]+\d+").all()


@pytest.mark.slow
def test_as_of_the_department_date_one_district_has_not_reported(store: Path) -> None:
    seen = open_store(store, "2018-12-19").values(periods=["2018-Q4"])
    assert set(open_store(store).values(periods=["2018-Q4"])["district_code"]) - set(seen["district_code"]) == {"775"}


@pytest.mark.slow
def test_a_correction_changes_the_answer_from_its_day_on(store: Path) -> None:
    def condoms(day: str) -> float:
        values = open_store(store, day).values(periods=["2018-Q4"], elements=["condoms_distributed"], districts=["760"])
        return float(values["value"].sum())

    assert condoms("2018-12-17") < condoms("2018-12-18")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match=r"submissions\.csv"):
        build(tmp_path / "store.duckdb", tmp_path)


@pytest.mark.slow
def test_a_file_that_is_cut_or_gone_is_named_and_the_others_are_loaded(tmp_path: Path) -> None:
    shutil.copytree(COMMITTED, tmp_path / "example")
    cut = tmp_path / "example" / "submissions" / "2018-Q4" / "Quan-Go-Vap_764_2018-Q4.xlsx"
    gone = cut.with_name("Quan-4_773_2018-Q4.xlsx")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    gone.unlink()
    heard: list[Finding] = []
    added = build(tmp_path / "store.duckdb", tmp_path / "example", heard.append)
    assert added == 24 * 16 - 1 + 10 - 2
    assert {f.file for f in heard} == {cut.name, gone.name}
    assert all(f.message.vi and f.message.en for f in heard)
    reported = open_store(tmp_path / "store.duckdb").values(periods=["2018-Q4"])["district_code"].unique()
    assert set(reported) == set(districts()) - {"764", "773"}
