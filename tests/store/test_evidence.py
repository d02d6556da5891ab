"""The store keeps every submission, answers as of a day and never mixes what is made up with what is real."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from tests.store.forms import FIRST, REVISED, WARDS, both_languages, submission, values

from evaluation.contracts import STATES, BrokenContract
from evaluation.store import StoreError, Submission, kept, load_many, open_store


def total(path: Path, as_of: dt.date | str | None) -> float:
    return float(open_store(path, as_of).district_totals()["value"].sum())


@pytest.mark.slow
def test_the_same_submission_twice_changes_nothing(path: Path) -> None:
    batch = (submission("a"), values({WARDS[0]: 5, WARDS[1]: 0}))
    assert load_many(path, [batch]) == 1
    before = open_store(path)
    rows, known = before.values(), before.content_hash()
    assert load_many(path, [batch, batch]) == 0
    pd.testing.assert_frame_equal(open_store(path).values(), rows)
    assert open_store(path).content_hash() == known
    assert len(open_store(path).submissions()) == 1


@pytest.mark.slow
def test_a_revision_supersedes_as_of_its_date_and_the_old_stays(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5, WARDS[1]: 7})), (submission("b", REVISED), values({WARDS[0]: 50}))])
    day = dt.timedelta(days=1)
    assert total(path, FIRST) == 12
    assert total(path, REVISED - day) == 12
    assert total(path, REVISED) == 50
    assert total(path, REVISED.isoformat()) == 50
    assert total(path, None) == 50
    assert open_store(path, FIRST - day).periods() == []
    assert open_store(path, FIRST - day).values().empty
    listed = open_store(path).submissions()
    assert list(listed["id"]) == ["a", "b"]
    assert list(listed["stands"]) == [False, True]
    assert list(listed["received"]) == [FIRST, REVISED]
    # The whole workbook is replaced: a ward that the revision lacks is not filled from the old one.
    assert list(open_store(path).values()["unit_code"]) == [WARDS[0]]


def test_of_two_on_one_day_the_later_loaded_stands(path: Path) -> None:
    load_many(path, [(submission("z"), values({WARDS[0]: 5})), (submission("a"), values({WARDS[0]: 6}))])
    assert total(path, FIRST) == 6


def test_an_old_form_that_comes_late_to_the_store_does_not_stand(path: Path) -> None:
    load_many(path, [(submission("b", REVISED), values({WARDS[0]: 50}))])
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    assert total(path, None) == 50
    assert total(path, FIRST) == 5


def test_every_state_comes_back_as_it_went_in(path: Path) -> None:
    sent = values(dict.fromkeys(WARDS[:6], float("nan")))
    sent["state"] = [*STATES, "reported"]
    sent.loc[sent["state"] == "reported", "value"] = [0.0, 12.0]
    load_many(path, [(submission("a"), sent)])
    got = open_store(path).values().set_index("unit_code").loc[list(WARDS[:6])]
    assert list(got["state"]) == list(sent["state"])
    assert [v for v in got["value"] if v == v] == [0.0, 12.0]
    assert got["value"].isna().tolist() == [False, True, True, True, True, False]
    assert list(got["cell"]) == list(sent["cell"])
    reports = open_store(path).ward_reports().set_index("ward_code").loc[list(WARDS[:6])]
    assert reports["reported"].tolist() == [True, False, False, False, False, True]
    assert reports["answered"].tolist() == [True, False, False, False, True, True]


def test_a_district_nobody_reported_has_no_total(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: float("nan"), WARDS[1]: float("nan")}))])
    row = open_store(path).district_totals().iloc[0]
    assert pd.isna(row["value"])
    assert row["n_reported"] == 0


def test_values_can_be_limited(path: Path) -> None:
    load_many(
        path,
        [
            (submission("a"), pd.concat([values({WARDS[0]: 5}), values({WARDS[0]: 6}, "hiv_tested")])),
            (submission("b", period="2018-Q3"), values({WARDS[0]: 7}, period="2018-Q3")),
        ],
    )
    store = open_store(path)
    assert list(store.values(elements=["hiv_tested"])["value"]) == [6]
    assert list(store.values(periods=["2018-Q3"])["value"]) == [7]
    assert store.values(districts=["761"]).empty
    assert store.values(periods=[]).empty
    assert len(store.values()) == 3
    assert store.periods() == ["2018-Q3", "2018-Q4"]


@pytest.mark.parametrize("first", [True, False])
def test_made_up_and_real_are_never_mixed(path: Path, first: bool) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))], synthetic=first)
    with pytest.raises(StoreError) as error:
        load_many(path, [(submission("b", REVISED), values({WARDS[0]: 6}))], synthetic=not first)
    both_languages(error, "không được trộn", "never mixed", path.parent)
    store = open_store(path)
    assert store.synthetic is first
    assert len(store.submissions()) == 1


def test_values_that_break_the_contract_leave_no_trace(path: Path) -> None:
    good, bad = values({WARDS[0]: 5}), values({WARDS[0]: 5}).assign(element="unknown")
    with pytest.raises(BrokenContract, match="element"):
        load_many(path, [(submission("a"), good), (submission("b", REVISED), bad)])
    # All of a load or nothing of it: the good one does not come in alone, and no store was made for nothing.
    assert not path.exists()
    load_many(path, [(submission("a"), good)])
    with pytest.raises(BrokenContract, match="element"):
        load_many(path, [(submission("c", REVISED), good), (submission("b", REVISED), bad)])
    assert list(open_store(path).submissions()["id"]) == ["a"]
    assert total(path, None) == 5


@pytest.mark.parametrize("body", [b"this is no database" * 500, b"\0" * 4096, b"x"])
def test_a_broken_file(path: Path, body: bytes) -> None:
    path.write_bytes(body)
    with pytest.raises(StoreError) as error:
        open_store(path)
    both_languages(error, "tệp hỏng", "damaged", path.parent)


def test_a_store_cut_in_half(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    body = path.read_bytes()
    path.write_bytes(body[: len(body) // 2])
    with pytest.raises(StoreError):
        open_store(path).values()


def test_a_database_that_is_no_store(path: Path) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute("create table other (a integer)")
    with pytest.raises(StoreError) as error:
        open_store(path)
    both_languages(error, "không phải kho số liệu", "not a store", path.parent)


def test_an_empty_file_is_no_store(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(StoreError):
        open_store(path)


def test_a_missing_store_says_what_to_run(path: Path) -> None:
    with pytest.raises(StoreError) as error:
        open_store(path)
    both_languages(error, "Chạy: evaluation example", "Run: evaluation example", path.parent)
    assert not path.exists()


@pytest.mark.slow
def test_content_hash_says_what_is_known(tmp_path: Path) -> None:
    batches = [
        (submission("a"), values({WARDS[0]: 5, WARDS[1]: 0})),
        (submission("b", period="2018-Q3"), values({WARDS[0]: 7}, period="2018-Q3")),
    ]
    other = [batches[0], (batches[1][0], values({WARDS[0]: 8}, period="2018-Q3"))]
    blank = [(submission("a"), values({WARDS[0]: 5, WARDS[1]: float("nan")})), batches[1]]
    shuffled = [(s, v.iloc[::-1]) for s, v in reversed(batches)]
    hashes = []
    for number, content in enumerate((batches, shuffled, other, blank)):
        load_many(tmp_path / f"{number}.duckdb", content)
        hashes.append(open_store(tmp_path / f"{number}.duckdb").content_hash())
    assert re.fullmatch("[0-9a-f]{64}", hashes[0])
    assert hashes[0] == hashes[1]
    assert len({hashes[0], hashes[2], hashes[3]}) == 3


def test_a_blank_leaves_the_ward_out_of_both_sides_of_a_share(path: Path) -> None:
    """The second ward left the whole blank: its part is not counted either, nor what hangs on the same whole; other counts are."""
    blank = float("nan")
    both = pd.concat(
        [
            values({WARDS[0]: 4, WARDS[1]: 3}, "sti_tested"),
            values({WARDS[0]: 10, WARDS[1]: blank}, "outreach_reached"),
            values({WARDS[0]: 6, WARDS[1]: 2}, "hiv_tested"),
            values({WARDS[0]: 7, WARDS[1]: 8}, "legal_counselling"),
        ]
    )
    load_many(path, [(submission("a"), both)])
    totals = open_store(path).district_totals().set_index("element")
    assert totals["value"].to_dict() == {"sti_tested": 4, "outreach_reached": 10, "hiv_tested": 6, "legal_counselling": 15}
    assert totals["n_reported"].to_dict() == {"sti_tested": 1, "outreach_reached": 1, "hiv_tested": 1, "legal_counselling": 2}


def test_two_files_of_one_name_are_two_submissions(path: Path) -> None:
    """Offices send corrections under the old name: the content counts."""
    same = Submission("b", "760", "2018-Q4", 2, REVISED, "a.xlsx", "b" * 8, "Phòng Lao động")
    assert load_many(path, [(submission("a"), values({WARDS[0]: 5})), (same, values({WARDS[0]: 6}))]) == 2
    assert total(path, None) == 6


@pytest.mark.parametrize("change", [{"district_code": "761"}, {"period": "2018-Q3"}])
def test_values_of_another_district_or_period_than_their_submission(path: Path, change: dict[str, str]) -> None:
    with pytest.raises(BrokenContract) as error:
        load_many(path, [(submission("a"), values({WARDS[0]: 5}).assign(**change))])
    assert "a.xlsx" in str(error.value)
    assert not path.exists()


def test_a_failure_half_way_leaves_no_half_submission(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_many(path, [(submission("b", FIRST, "2018-Q3"), values({WARDS[0]: 5}, period="2018-Q3"))])
    before = open_store(path).content_hash()
    frame = values({WARDS[0]: 5})
    bare = kept.table(frame)
    monkeypatch.setattr("evaluation.store.kept.table", lambda values: bare)
    monkeypatch.setattr("evaluation.store.loading.checked", lambda frame, schema, what: frame.drop(columns="cell"))
    with pytest.raises(StoreError):
        load_many(path, [(submission("a"), frame)])
    monkeypatch.undo()
    assert open_store(path).content_hash() == before
    assert list(open_store(path).submissions()["id"]) == ["b"]
    assert load_many(path, [(submission("a"), frame)]) == 1


def test_asking_while_loading_in_one_process(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])

    def batches() -> Iterator[tuple[Submission, pd.DataFrame]]:
        open_store(path)
        yield submission("b", REVISED), values({WARDS[0]: 6})

    # The batches are made before the store is taken: asking in between is no clash any more.
    assert load_many(path, batches()) == 1
    assert total(path, None) == 6


def test_a_database_of_something_else_is_not_written_to(path: Path) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute("create table other (a integer)")
    with pytest.raises(StoreError) as error:
        load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    both_languages(error, "không phải kho số liệu", "not a store", path.parent)
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("select table_name from duckdb_tables()").fetchall() == [("other",)]


def test_a_store_whose_making_was_broken_off_is_made_again(path: Path) -> None:
    import duckdb

    duckdb.connect(str(path)).close()
    assert load_many(path, [(submission("a"), values({WARDS[0]: 5}))], synthetic=True) == 1
    assert open_store(path).synthetic


def test_the_store_is_for_its_owners_eyes_and_other_folders_stay_as_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for path in (tmp_path / "kho.duckdb", tmp_path / "made" / "kho.duckdb"):
        load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
        assert path.stat().st_mode & 0o777 == 0o600
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700


def test_a_date_that_is_none_says_how_to_write_one(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    with pytest.raises(StoreError) as error:
        open_store(path, "19/12/2018")
    both_languages(error, "2018-12-19", "2018-12-19", path.parent)


def test_before_the_first_submission_nothing_is_known_and_that_has_a_hash_too(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    early = open_store(path, "2000-01-01")
    assert early.submissions().empty
    assert early.district_totals().empty
    assert early.ward_reports().empty
    assert re.fullmatch("[0-9a-f]{64}", early.content_hash())


def test_a_withheld_figure_leaves_the_ward_out_of_both_sides_of_a_share(path: Path) -> None:
    blank = float("nan")
    part, whole = values({WARDS[0]: 4, WARDS[1]: 3}, "sti_tested"), values({WARDS[0]: 10, WARDS[1]: blank}, "outreach_reached")
    whole.loc[whole["unit_code"] == WARDS[1], "state"] = "withheld"
    alone = values({WARDS[0]: blank, WARDS[1]: blank}, "legal_counselling").assign(state="withheld")
    load_many(path, [(submission("a"), pd.concat([part, whole, alone]))])
    totals = open_store(path).district_totals().set_index("element")
    assert totals.loc["sti_tested", "value"] == 4
    assert totals.loc["outreach_reached", "n_reported"] == 1
    assert pd.isna(totals.loc["legal_counselling", "value"])
    assert totals["withheld"].to_dict() == {"sti_tested": False, "outreach_reached": False, "legal_counselling": True}
