"""Values that a notebook hands on: what can be recorded, how it comes back, what is refused."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evaluation as ev
from evaluation.language import Words
from evaluation.recorded import MIME, NotRecordable, read_back, record, recorded, written
from evaluation.results import Result


@dataclass
class _Shell:
    """Stands in for IPython: keeps what is displayed."""

    shown: list[dict[str, Any]]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> _Shell:
    import IPython.core.getipython
    import IPython.display

    made = _Shell([])
    monkeypatch.setattr(IPython.core.getipython, "get_ipython", lambda: made)
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: made.shown.append(json.loads(json.dumps(data))))
    return made


def _notebook(*outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cells": [{"outputs": [{"output_type": "display_data", "data": data}]} for data in outputs]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (2**80, 2**80),
        (0.1, 0.1),
        (math.inf, math.inf),
        (math.nan, None),
        (True, True),
        (None, None),
        ("Bến Nghé", "Bến Nghé"),
        ("e\u0301", "\u00e9"),
        (dt.date(2018, 12, 19), dt.date(2018, 12, 19)),
        (dt.datetime(2018, 12, 19, 8, 30, tzinfo=dt.UTC), dt.datetime(2018, 12, 19, 8, 30, tzinfo=dt.UTC)),
        (np.int64(7), 7),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), None),
        (np.bool_(False), False),
        (np.array(4), 4),
        (np.datetime64("2018-12-19T08:30"), dt.datetime(2018, 12, 19, 8, 30)),
        (pd.Timestamp("2018-12-19"), dt.datetime(2018, 12, 19)),
        (pd.NA, None),
        (pd.NaT, None),
    ],
)
def test_single_values_come_back_as_they_were(shell: _Shell, value: Any, expected: Any):
    record(x=value)
    found = recorded(_notebook(*shell.shown))["x"]
    assert found == expected
    assert type(found) is type(expected)


def test_a_result_is_recorded_with_its_interval_its_number_and_its_unit(shell: _Shell):
    said = Words("a", "b")
    ev.record(effect=Result(estimand=said, method=said, estimate=1.5, low=0.9, high=None, n=12, unit="ratio"))
    expected = {"effect": 1.5, "effect_low": 0.9, "effect_high": None, "effect_n": 12, "effect_unit": "ratio"}
    assert recorded(_notebook(*shell.shown)) == expected


def test_what_is_recorded_is_shown(shell: _Shell):
    record(wards=12, method="sc")
    assert shell.shown[0]["text/plain"] == "wards = 12\nmethod = sc"


def test_outside_a_notebook_it_is_said_and_nothing_is_kept(capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    record(wards=12)
    assert capsys.readouterr().out == "wards = 12\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, np.array([1, 2]), pd.Series([1]), object(), 1 + 2j, b"x", dt.timedelta(1)])
def test_what_no_column_holds_is_refused_in_both_languages(shell: _Shell, value: Any):
    with pytest.raises(NotRecordable, match=rf"table.*: không ghi được.* / table: a value of type {type(value).__name__}"):
        record(good=1, table=value)
    assert shell.shown == []


def test_text_has_an_end(shell: _Shell):
    record(x="a" * 10_000)
    with pytest.raises(NotRecordable, match="more than 10000 letters"):
        record(x="a" * 10_001)


@pytest.mark.parametrize("name", ["job", "notebook", "run_outcome", "run_reason", "run_seconds"])
def test_names_of_a_tables_own_columns_are_refused(shell: _Shell, name: str):
    with pytest.raises(NotRecordable, match=name):
        record(**{name: 1})


def test_the_last_value_of_a_name_counts_at_its_first_place(shell: _Shell):
    record(a=1, b=2)
    record(a=3)
    assert list(recorded(_notebook(*shell.shown)).items()) == [("a", 3), ("b", 2)]


def test_values_glued_by_scrapbook_count_where_they_are_single():
    def scrap(name: str, data: Any, kind: str = "json") -> dict[str, Any]:
        return {f"application/scrapbook.scrap.{kind}+json": {"name": name, "data": data, "encoder": kind, "version": 1}}

    found = recorded(_notebook(scrap("n", 4), scrap("text", "x", "text"), scrap("rows", [1, 2]), scrap("job", 1)))
    assert found == {"n": 4, "text": "x"}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"schema": 2, "values": []},
        {"schema": 1, "values": [{"name": "x", "kind": "int", "value": "1.5"}]},
        {"schema": 1, "values": [{"name": "x", "kind": "code", "value": "1"}]},
        {"schema": 1, "values": [{"name": "x", "kind": "bool", "value": "1"}]},
        {"schema": 1, "values": [{"name": str(n), "kind": "int", "value": "1"} for n in range(501)]},
    ],
)
def test_what_record_does_not_write_is_not_read(payload: Any):
    with pytest.raises(ValueError):
        recorded(_notebook({MIME: payload}))


def test_values_are_kept_as_json_without_loss():
    values = {"a": 0.1 + 0.2, "b": None, "c": "Bến", "d": dt.date(2018, 1, 2), "e": True, "f": -math.inf}
    assert read_back(json.loads(json.dumps(written(values), allow_nan=False))) == values
