"""What is taken apart is put together exactly; nothing else is made, imported or called."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.cache.parts import Damaged, Parts, Unkept, from_parts, to_parts
from evaluation.effects.calibration.claims import Calibration, Rate
from evaluation.language import Words
from evaluation.monitoring.reading import Reading
from evaluation.periods import Period


def through(thing: object) -> Any:
    """A thing taken apart, sent as JSON text and bytes, and put together again."""
    parts = to_parts(thing)
    tree = json.loads(json.dumps(parts.tree))
    arrays = {name: np.frombuffer(a.tobytes(), dtype=name) for name, a in parts.arrays.items()}
    return from_parts(Parts(tree, arrays))


@pytest.mark.parametrize(
    "thing",
    [
        None,
        "Quận 1 — ổn",
        "",
        True,
        0,
        2**70,
        -1,
        0.1,
        1e-308,
        math.inf,
        dt.date(2018, 12, 19),
        dt.datetime(2018, 12, 19, 7, 30, 1, 5),
        (1, "a", (None,), []),
        [1, [2.5], ()],
        {"b": 1, "a": (2, 3)},
        {("x", 1): {1, 2}, None: frozenset({"q"})},
        Words("có", "yes"),
        Period(2018, 4),
        Period(2018),
        Reading("sti_tested_share", "shown", "up", "inside", "still", 9, 10, 10),
    ],
)
def test_plain_things_and_dataclasses_come_back_equal_and_of_their_type(thing: object) -> None:
    again = through(thing)
    assert again == thing
    assert type(again) is type(thing)
    assert to_parts(again).sha256() == to_parts(thing).sha256()


def test_floats_come_back_bit_for_bit() -> None:
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**63, 2_000, dtype=np.int64).view(np.float64)
    given = [float(x) for x in bits if x == x] + [0.1 + 0.2, -0.0, 5e-324, math.inf, -math.inf]
    assert np.array(through(given)).tobytes() == np.array(given).tobytes()
    assert through(bits).tobytes() == bits.tobytes()
    assert math.isnan(through(math.nan))


def test_a_mapping_keeps_its_order() -> None:
    assert list(through({"z": 1, "a": 2, "m": 3})) == ["z", "a", "m"]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.array([[1.5], [np.nan]]),
        np.array([], dtype=float),
        np.zeros((0, 3)),
        np.array([True, False]),
        np.array([1, 2], dtype=np.int8),
        np.array(["Quận", "q"]),
        np.array(["2018-01-01", "NaT"], dtype="datetime64[D]"),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array([1 + 2j]),
        np.array(7.5),
    ],
)
def test_arrays_keep_dtype_shape_and_values(array: np.ndarray) -> None:
    again = through(array)
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(again, array)
    again.flat[:1] = again.flat[:1]  # its own memory: it can be written to


def test_numbers_of_numpy_stay_numbers_of_numpy() -> None:
    for x in (np.float32(0.1), np.int16(3), np.bool_(True)):
        again = through(x)
        assert type(again) is type(x)
        assert again == x


FRAMES = {
    "numbers": pd.DataFrame({"a": [1.5, np.nan, -0.0], "n": [1, 2, 3], "b": [True, False, True]}),
    "text": pd.DataFrame({"s": ["x", None, "ế"], "t": pd.array(["p", pd.NA, "q"], dtype="string[python]")}),
    "objects": pd.DataFrame({"o": np.array([dt.date(2018, 1, 1), None, float("nan")], dtype=object)}),
    "mixed": pd.DataFrame({"o": pd.Series(["a", 1, (2, 3)], dtype=object)}),
    "categories": pd.DataFrame({"c": pd.Categorical(["u", None, "v"], categories=["v", "u", "w"], ordered=True)}),
    "nullable": pd.DataFrame({"i": pd.array([1, None], dtype="Int64"), "f": pd.array([None, 2.5], dtype="Float64")}),
    "truths": pd.DataFrame({"b": pd.array([True, None], dtype="boolean")}),
    "times": pd.DataFrame({"t": pd.to_datetime(["2018-01-01", None]), "d": pd.to_timedelta(["1D", None])}),
    "empty": pd.DataFrame(),
    "no rows": pd.DataFrame({"a": pd.Series(dtype=float), "s": pd.Series(dtype="str")}),
    "index": pd.DataFrame({"a": [1.0, 2.0]}, index=pd.Index(["u", "v"], name="unit")),
    "gaps": pd.DataFrame({"a": [1.0, 2.0]}, index=pd.Index([7, 3])),
    "levels": pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("u", 1), ("v", 2)], names=["unit", None])),
    "days": pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2018-01-31", periods=2, freq="ME", name="end")),
    "twice": pd.DataFrame(np.arange(6).reshape(2, 3), columns=["a", "a", "b"]),
    "numbered": pd.DataFrame(np.arange(4).reshape(2, 2)),
}


@pytest.mark.parametrize("name", list(FRAMES))
def test_frames_come_back_with_their_types_missing_values_and_index(name: str) -> None:
    again = through(FRAMES[name])
    pd.testing.assert_frame_equal(again, FRAMES[name], check_exact=True, check_freq=True)
    assert [str(d) for d in again.dtypes] == [str(d) for d in FRAMES[name].dtypes]
    assert type(again.index) is type(FRAMES[name].index)
    assert to_parts(again).sha256() == to_parts(FRAMES[name]).sha256()


def test_kinds_of_missing_stay_apart() -> None:
    column = pd.Series([None, float("nan"), pd.NA, pd.NaT], dtype=object, name=("a", 1))
    again = through(column)
    assert again.name == ("a", 1)
    assert again[0] is None
    assert isinstance(again[1], float)
    assert again[2] is pd.NA
    assert again[3] is pd.NaT


def test_a_result_comes_back_with_all_it_holds() -> None:
    made = Calibration(
        estimand=Words("a", "b"),
        method=Words("c", "d"),
        estimate=0.05,
        windows=Rate(2, 40),
        generated=Rate(1, 200),
        coverage=Rate(190, 200),
        detectable=None,
        diagnostics={"frame": FRAMES["text"], "n": np.int64(3)},
    )
    again = through(made)
    assert type(again) is Calibration
    assert again.windows == Rate(2, 40)
    assert again.summary("vi") == made.summary("vi")
    pd.testing.assert_frame_equal(again.diagnostics["frame"], FRAMES["text"])


@pytest.mark.parametrize(
    "thing", [lambda: 1, object(), b"bytes", {"f": print}, np.array([object()]), pd.period_range("2018", periods=2), json]
)
def test_what_cannot_be_kept_is_refused(thing: object) -> None:
    with pytest.raises(Unkept):
        to_parts(thing)


@pytest.mark.parametrize(
    "tree",
    [
        {"made": ["os", "stat_result", {}]},
        {"made": ["evaluation.language", "json", {}]},
        {"made": ["evaluation.language", "Words", {"vi": "a"}]},
        {"made": ["evaluation.language", "Words", {"vi": "a", "en": "b", "zz": "c"}]},
        {"made": ["evaluation.settings", "folders", {}]},
        {"made": ["evaluation.language", "UnknownMessage", {}]},
        {"made": ["evaluation.periods.os", "path", {}]},
        {"made": ["evaluation.nowhere", "Words", {}]},
        {"made": ["evaluation.language.__init__", "Words", {}]},
        {"made": ["evaluation..language", "Words", {"vi": "a", "en": "b"}]},
        {"made": ["subprocess", "Popen", {"args": "true"}]},
        {"member": ["evaluation.language", "Words", "vi"]},
        {"call": ["print", "x"]},
        {"array": ["<f8", 0, [1]]},
        {"array": ["|O", 0, [1]]},
        {"framed": ["pickle", ""]},
        {"date": "tomorrow"},
        {"list": 3},
        {"a": 1, "b": 2},
        [1],
    ],
)
def test_what_this_version_does_not_write_is_never_made(tree: Any) -> None:
    with pytest.raises(Damaged):
        from_parts(Parts(tree, {}))


def test_a_tree_that_goes_too_deep_is_damage() -> None:
    deep: Any = None
    for _ in range(20_000):
        deep = {"list": [deep]}
    with pytest.raises(Damaged):
        from_parts(Parts(deep, {}))


def test_a_dataclass_is_made_without_being_called(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = to_parts(Period(2018, 4))
    for name in ("__init__", "__post_init__"):  # `object.__new__` put back by a patch would take no arguments ever after
        monkeypatch.setattr(Period, name, lambda *a, **k: pytest.fail("called"), raising=False)
    assert str(from_parts(parts)) == "2018-Q4"


def test_another_array_than_the_tree_says_is_damage() -> None:
    parts = to_parts(np.arange(3.0))
    for arrays in ({"<f8": np.arange(2.0)}, {"<f8": np.arange(3)}, {"<f8": np.zeros((3, 3))}):
        with pytest.raises(Damaged):
            from_parts(Parts(parts.tree, arrays))


def test_the_hash_follows_the_content() -> None:
    base = to_parts({"a": np.array([1.0, np.nan]), "b": "x"}).sha256()
    assert base == to_parts({"a": np.array([1.0, -np.nan]), "b": "x"}).sha256()
    others = [{"a": np.array([1.0, 2.0]), "b": "x"}, {"a": np.array([1.0, np.nan]), "b": "y"}, {"a": np.array([np.nan, 1.0]), "b": "x"}]
    assert base not in {to_parts(o).sha256() for o in others}
