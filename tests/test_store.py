"""The store keeps every submission, answers as of a day and never mixes what is made up with what is real."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from evaluation.contracts import STATES, BrokenContract
from evaluation.places import wards
from evaluation.store import StoreError, Submission, load_many, open_store

WARDS = tuple(wards("760"))
FIRST, REVISED = dt.date(2018, 12, 14), dt.date(2019, 1, 20)


def submission(name: str, received: dt.date = FIRST, period: str = "2018-Q4") -> Submission:
    return Submission(name, "760", period, 2, received, f"{name}.xlsx", name * 8, "Phòng Lao động")


def values(numbers: dict[str, float], element: str = "sti_tested", period: str = "2018-Q4") -> pd.DataFrame:
    """Values of wards; NaN is a blank."""
    rows = [
        {"unit_code": u, "value": float(v), "state": "not_reported" if v != v else "reported", "sheet": "Y tế", "cell": f"C{6 + n}"}
        for n, (u, v) in enumerate(numbers.items())
    ]
    return pd.DataFrame(rows).assign(district_code="760", period=period, element=element)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kho.duckdb"


def total(path: Path, as_of: dt.date | str | None) -> float:
    return float(open_store(path, as_of).district_totals()["value"].sum())


def both_languages(error: pytest.ExceptionInfo[StoreError], vietnamese: str, english: str, folder: Path) -> None:
    message = str(error.value)
    left, right = message.split(" / ")
    assert vietnamese in left
    assert english in right
    assert str(folder) not in message


def test_the_same_submission_twice_changes_nothing(path: Path) -> None:
    batch = (submission("a"), values({WARDS[0]: 5, WARDS[1]: 0}))
    assert load_many(path, [batch]) == 1
    before = open_store(path)
    rows, known = before.values(), before.content_hash()
    assert load_many(path, [batch, batch]) == 0
    pd.testing.assert_frame_equal(open_store(path).values(), rows)
    assert open_store(path).content_hash() == known
    assert len(open_store(path).submissions()) == 1


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


def test_four_states_come_back_as_they_went_in(path: Path) -> None:
    sent = values(dict.fromkeys(WARDS[:5], float("nan")))
    sent["state"] = [*STATES, "reported"]
    sent.loc[sent["state"] == "reported", "value"] = [0.0, 12.0]
    load_many(path, [(submission("a"), sent)])
    got = open_store(path).values().set_index("unit_code").loc[list(WARDS[:5])]
    assert list(got["state"]) == list(sent["state"])
    assert [v for v in got["value"] if v == v] == [0.0, 12.0]
    assert got["value"].isna().tolist() == [False, True, True, True, False]
    assert list(got["cell"]) == list(sent["cell"])
    reports = open_store(path).ward_reports().set_index("ward_code")["reported"]
    assert [bool(reports[w]) for w in WARDS[:5]] == [True, False, False, False, True]


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


_HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""


def test_another_process_that_writes(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        try:
            with pytest.raises(StoreError) as reading:
                open_store(path)
            with pytest.raises(StoreError) as writing:
                load_many(path, [(submission("b", REVISED), values({WARDS[0]: 6}))])
        finally:
            holder.communicate("\n", timeout=20)
    for error in (reading, writing):
        both_languages(error, "một tiến trình khác", "another process", path.parent)
    assert total(path, None) == 5


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
    assert open_store(path).submissions().empty


def test_a_failure_half_way_leaves_no_half_submission(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.store.checked", lambda frame, schema, what: frame.drop(columns="cell"))
    with pytest.raises(StoreError):
        load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    monkeypatch.undo()
    assert open_store(path).submissions().empty
    assert load_many(path, [(submission("a"), values({WARDS[0]: 5}))]) == 1


def test_asking_while_loading_in_one_process(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])

    def batches() -> Iterator[tuple[Submission, pd.DataFrame]]:
        open_store(path)
        yield submission("b", REVISED), values({WARDS[0]: 6})

    with pytest.raises(StoreError) as error:
        load_many(path, batches())
    both_languages(error, "hãy đợi", "wait and run again", path.parent)
    assert total(path, None) == 5


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


_WRITE = """
import sys, datetime as dt, pandas as pd
from pathlib import Path
from evaluation.store import Submission, StoreError, load_many
row = dict(district_code="760", unit_code=sys.argv[2], period="2018-Q4", element="sti_tested", value=5.0, state="reported")
row |= dict(sheet="a", cell="b")
name = sys.argv[3]
def batches():
    print("open", flush=True)
    sys.stdin.readline()
    yield Submission(name, "760", "2018-Q4", 2, dt.date(2018, 12, 14), name, name, "r"), pd.DataFrame([row])
try:
    print(load_many(Path(sys.argv[1]), batches()), flush=True)
except StoreError as error:
    print(f"refused: {error}", flush=True)
"""


@pytest.mark.slow
def test_of_two_writers_one_is_refused_cleanly_and_the_other_finishes(path: Path) -> None:
    def writer(name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _WRITE, str(path), WARDS[0], name]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    with writer("first") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        with writer("second") as second:
            out, err = second.communicate("\n", timeout=60)
        assert out.startswith("refused: ")
        assert "another process" in out
        assert err == ""
        out, _ = first.communicate("\n", timeout=60)
    assert out == "1\n"
    assert list(open_store(path).submissions()["id"]) == ["first"]
