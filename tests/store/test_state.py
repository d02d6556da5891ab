"""The state's key changes with anything that a report may read, and with nothing that came after the date."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.store.forms import DAY, FIRST, REVISED, WARDS, findings, submission, values

from evaluation.store import Batch, StoreError, decide, load, open_store, register
from evaluation.store.state import state_key

pytestmark = pytest.mark.slow  # each test makes a store


def base(path: Path, synthetic: bool = False) -> Path:
    form = replace(submission("a"), narrative="Thiếu người.")
    load(path, [Batch(form, values({WARDS[0]: 12.0}), findings({"cell": "C6"}))], synthetic, FIRST)
    return path


def key(path: Path, as_of: dt.date = FIRST + DAY, period: str = "2018-Q4") -> str:
    return state_key(path, as_of, period)


def test_the_same_evidence_has_the_same_key_wherever_it_lies(tmp_path: Path) -> None:
    first, second = base(tmp_path / "a.duckdb"), base(tmp_path / "b" / "b.duckdb")
    assert key(first) == key(first) == key(second)
    assert len(key(first)) == 64


def other(cell: str = "C6", given: dict[str, float] | None = None, **fields: object) -> Batch:
    form = replace(submission("a"), **{"narrative": "Thiếu người.", **fields})  # type: ignore[arg-type]
    return Batch(form, values(given or {WARDS[0]: 12.0}), findings({"cell": cell}))


OTHERS: dict[str, Callable[[], Batch]] = {
    "value": lambda: other(given={WARDS[0]: 13.0}),
    "blank": lambda: other(given={WARDS[0]: float("nan")}),
    "ward": lambda: other(given={WARDS[1]: 12.0}),
    "words": lambda: other(narrative="Đủ người."),
    "finding": lambda: other("C7"),
    "day": lambda: other(received=FIRST - DAY),
    "form": lambda: other(form_version=1),
}


@pytest.mark.parametrize("what", list(OTHERS))
def test_another_row_of_any_kind_is_another_key(tmp_path: Path, what: str) -> None:
    changed = tmp_path / "other.duckdb"
    load(changed, [OTHERS[what]()], False, FIRST)
    assert key(changed) != key(base(tmp_path / "kho.duckdb"))


def test_date_period_and_kind_of_data_are_in_the_key(tmp_path: Path) -> None:
    path = base(tmp_path / "kho.duckdb")
    made_up = base(tmp_path / "made_up.duckdb", synthetic=True)
    assert len({key(path), key(path, FIRST + 2 * DAY), key(path, period="2018-Q3"), key(made_up)}) == 4


def test_a_revision_counts_from_its_day_on(path: Path) -> None:
    base(path)
    before = {day: key(path, day) for day in (REVISED - DAY, REVISED)}
    load(path, [Batch(submission("b", REVISED), values({WARDS[0]: 40.0}))], False, REVISED)
    assert key(path, REVISED - DAY) == before[REVISED - DAY]
    assert key(path, REVISED) != before[REVISED]


def test_a_decision_counts_from_its_day_on(path: Path) -> None:
    base(path)
    before = {day: key(path, day) for day in (REVISED - DAY, REVISED)}
    finding = open_store(path).findings()["id"].iloc[0]
    decide(path, str(finding), accepted=False, reason="Sai", role="Sở", on=REVISED)
    assert key(path, REVISED - DAY) == before[REVISED - DAY]
    assert key(path, REVISED) != before[REVISED]


def test_an_analysis_plan_counts_from_its_day_on(path: Path) -> None:
    base(path, synthetic=True)
    before = {day: key(path, day) for day in (REVISED - DAY, REVISED)}
    register(path, "pham-ngu-lao", b"question: one\n", "plan.yaml", on=REVISED)
    assert key(path, REVISED - DAY) == before[REVISED - DAY]
    assert key(path, REVISED) != before[REVISED]


def test_a_held_file_counts_too(path: Path) -> None:
    base(path)
    before = key(path)
    load(path, [Batch(submission("c"), None, findings({"severity": "error", "code": "IN-101"}))], False, FIRST)
    assert key(path) != before


def test_no_store_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        key(tmp_path / "none.duckdb")


def test_it_is_found_without_pandas(path: Path) -> None:
    base(path)
    code = (
        "import sys, datetime as dt; from pathlib import Path; from evaluation.store.state import state_key; "
        "print(state_key(Path(sys.argv[1]), dt.date(2018, 12, 15), '2018-Q4'), "
        "[m for m in ('numpy', 'pandas', 'IPython', 'jupyter_client') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [key(path), "[]"]
