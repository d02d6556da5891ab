"""Frames, series and indexes taken apart and put together again, with their dtypes, missing values and indexes as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evaluation.cache.parts import Damaged, Unkept

if TYPE_CHECKING:
    from evaluation.cache.parts import Reader, Tree, Writer

STORAGES = ("python", "pyarrow")


def write(writer: Writer, thing: Any) -> Tree | None:
    """Return the tree of a frame, series, index or missing value of pandas; None for anything else.

    Raises
    ------
    Unkept
        If it has a dtype that cannot be kept: periods, intervals, time zones, sparse columns.
    """
    if thing is pd.NA or thing is pd.NaT:
        return {"framed": ["missing", "NA" if thing is pd.NA else "NaT"]}
    if type(thing) is pd.DataFrame:
        columns = [_values(writer, thing.iloc[:, i].array) for i in range(thing.shape[1])]
        return {"framed": ["frame", _index(writer, thing.columns), _index(writer, thing.index), columns, writer.write(thing.attrs)]}
    if type(thing) is pd.Series:
        tree = [_values(writer, thing.array), _index(writer, thing.index), writer.write(thing.name), writer.write(thing.attrs)]
        return {"framed": ["series", *tree]}
    if isinstance(thing, pd.Index):
        return {"framed": ["index", _index(writer, thing)]}
    return None


def read(reader: Reader, tree: Tree) -> Any:
    """Return what `write` took apart.

    Raises
    ------
    parts.Damaged
        If the tree is none of these.
    """
    kind, *inner = tree
    if kind == "missing":
        return {"NA": pd.NA, "NaT": pd.NaT}[inner[0]]
    if kind == "index":
        return _index_of(reader, inner[0])
    if kind == "series":
        values, index, name, attrs = inner
        made = pd.Series(_values_of(reader, values), index=_index_of(reader, index), name=reader.read(name), copy=False)
        made.attrs.update(reader.read(attrs))
        return made
    if kind != "frame":
        raise Damaged(f"{kind} is no frame")
    columns, index, values, attrs = inner
    rows = _index_of(reader, index)
    # By place and not by name: names may stand twice.
    frame = pd.DataFrame({i: pd.Series(_values_of(reader, v), index=rows, copy=False) for i, v in enumerate(values)}, index=rows)
    frame.columns = _index_of(reader, columns)
    frame.attrs.update(reader.read(attrs))
    return frame


def _values(writer: Writer, values: Any) -> Tree:
    """Return the tree of a column: its kind, and what is needed for that kind."""
    dtype = values.dtype
    if isinstance(dtype, pd.StringDtype):
        absent = "NA" if dtype.na_value is pd.NA else "NaN"
        return ["text", dtype.storage, absent, [None if pd.isna(x) else str(x) for x in values]]
    if isinstance(dtype, pd.CategoricalDtype):
        return ["category", writer.array(values.codes), _index(writer, dtype.categories), bool(dtype.ordered)]
    if isinstance(values, pd.arrays.IntegerArray | pd.arrays.BooleanArray | pd.arrays.FloatingArray):
        missing = values.isna()
        plain = values.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
        return ["masked", dtype.name, writer.array(plain), writer.array(missing)]
    if not isinstance(dtype, np.dtype) and not isinstance(values, pd.arrays.NumpyExtensionArray):
        raise Unkept(f"a column of {dtype} cannot be kept")
    plain = np.asarray(values)
    if plain.dtype == object:
        return ["objects", writer.write(plain)]
    return ["array", writer.array(plain)]


def _values_of(reader: Reader, tree: Tree) -> Any:
    kind, *inner = tree
    if kind == "array":
        return reader.array(inner[0])
    if kind == "objects":
        return pd.array(reader.read(inner[0]), dtype=np.dtype(object), copy=False)
    if kind == "text":
        storage, missing, items = inner
        if storage not in STORAGES or missing not in ("NA", "NaN") or not all(x is None or type(x) is str for x in items):
            raise Damaged("no column of text")
        return pd.array(items, dtype=pd.StringDtype(storage, na_value=pd.NA if missing == "NA" else np.nan))
    if kind == "category":
        codes, categories, ordered = inner
        return pd.Categorical.from_codes(reader.array(codes), dtype=pd.CategoricalDtype(_index_of(reader, categories), ordered))
    if kind == "masked":
        name, values, missing = inner
        plain, mask = reader.array(values), reader.array(missing)
        kinds = {"b": pd.arrays.BooleanArray, "f": pd.arrays.FloatingArray, "i": pd.arrays.IntegerArray, "u": pd.arrays.IntegerArray}
        made = kinds[plain.dtype.kind](plain, mask)
        if made.dtype.name != name:
            raise Damaged(f"{name} is not {made.dtype.name}")
        return made
    raise Damaged(f"{kind} is no column")


def _index(writer: Writer, index: pd.Index) -> Tree:
    if type(index) is pd.RangeIndex:
        return ["range", index.start, index.stop, index.step, writer.write(index.name)]
    if isinstance(index, pd.MultiIndex):
        levels = [_index(writer, level) for level in index.levels]
        return ["levels", levels, [writer.array(np.asarray(c)) for c in index.codes], [writer.write(n) for n in index.names]]
    frequency = getattr(index, "freqstr", None)
    return ["plain", _values(writer, index.array), writer.write(index.name), frequency]


def _index_of(reader: Reader, tree: Tree) -> pd.Index:
    kind, *inner = tree
    if kind == "range":
        start, stop, step, name = inner
        return pd.RangeIndex(start, stop, step, name=reader.read(name))
    if kind == "levels":
        levels, codes, names = inner
        made: Any = {"levels": [_index_of(reader, t) for t in levels], "codes": [reader.array(t) for t in codes]}
        return pd.MultiIndex(**made, names=[reader.read(t) for t in names])
    if kind != "plain":
        raise Damaged(f"{kind} is no index")
    values, name, frequency = inner
    column: Any = _values_of(reader, values)
    found: Any = pd.Index(column, dtype=column.dtype, name=reader.read(name), copy=False)
    if frequency is not None:
        found.freq = frequency
    index: pd.Index = found
    return index
