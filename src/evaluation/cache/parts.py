"""A result taken apart into plain data and put together again, exactly: JSON for text and structure, arrays for numbers.

What is read back may have been written by anybody who could write to the folder. So nothing of it is run: only frozen
dataclasses of this package are made, without calling them, from fields that have exactly their names.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import hashlib
import importlib
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

Tree: TypeAlias = Any  # what JSON holds
KINDS = "biufcUSmM"  # of arrays: those that .npy holds without pickling
_PACKAGE = __name__.partition(".")[0]
_MODULE = re.compile(rf"{_PACKAGE}(\.[a-z_][a-z0-9_]*)+")


class Unkept(TypeError):
    """A thing cannot be kept as plain data."""


class Damaged(ValueError):
    """What was kept is not what this version writes."""


@dataclass(frozen=True, eq=False)
class Parts:
    """A thing in plain data.

    Attributes
    ----------
    tree : JSON
    arrays : mapping of str to ndarray
        All arrays of a dtype end to end, by the dtype's name; the tree says where each begins.
    """

    tree: Tree
    arrays: Mapping[str, np.ndarray]

    def sha256(self) -> str:
        """Return the hash of the content: the same for the same thing, wherever and whenever it was taken apart."""
        import numpy as np

        digest = hashlib.sha256(json.dumps(self.tree, ensure_ascii=False, separators=(",", ":")).encode())
        for name in sorted(self.arrays):
            array = self.arrays[name]
            if array.dtype.kind in "fc":
                array = np.where(np.isnan(array), np.nan, array)  # all missing numbers are one
            digest.update(b"\0" + name.encode() + b"\0" + array.tobytes())
        return digest.hexdigest()


def to_parts(thing: object) -> Parts:
    """Take a thing apart.

    Parameters
    ----------
    thing : object
        None, texts, numbers, dates, tuples, lists, mappings, sets of texts or
        numbers, arrays, frames, series, members of enums and frozen
        dataclasses of this package, of each other at any depth.

    Raises
    ------
    Unkept
        If it holds anything else.
    """
    import numpy as np

    writer = Writer()
    tree = writer.write(thing)
    return Parts(tree, {name: np.concatenate(found) for name, found in writer.found.items()})


def from_parts(parts: Parts) -> Any:
    """Put a thing together again.

    Raises
    ------
    Damaged
        If the parts are not those of a thing that this version knows.
    """
    try:
        return Reader(parts.arrays).read(parts.tree)
    except Damaged:
        raise
    except (AttributeError, ImportError, LookupError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise Damaged(f"{type(error).__name__}: {error}") from None


class Writer:
    """Takes things apart; arrays gather by dtype."""

    def __init__(self) -> None:
        self.found: dict[str, list[np.ndarray]] = {}
        self._length: dict[str, int] = {}

    def write(self, thing: Any) -> Tree:
        """Return the tree of a thing."""
        kind = type(thing)
        if thing is None or kind in (str, bool, int, float):
            return thing
        if kind in (list, tuple, set, frozenset):
            items = sorted(thing) if kind in (set, frozenset) else thing
            return {kind.__name__: [self.write(item) for item in items]}
        if isinstance(thing, Mapping):
            return {"mapping": [[self.write(k), self.write(v)] for k, v in thing.items()]}
        if kind in (dt.date, dt.datetime):
            return {kind.__name__: thing.isoformat()}
        if isinstance(thing, enum.Enum):
            return {"member": [*_named(kind), thing.name]}
        if dataclasses.is_dataclass(thing):
            return {"made": [*_named(kind), {f.name: self.write(getattr(thing, f.name)) for f in dataclasses.fields(thing)}]}
        return self._numeric(thing)

    def array(self, values: np.ndarray) -> Tree:
        """Return where an array begins among those of its dtype, and its shape."""
        import numpy as np

        if values.dtype.kind not in KINDS or values.dtype.hasobject:
            raise Unkept(f"an array of {values.dtype} cannot be kept")
        name = values.dtype.str
        start = self._length.get(name, 0)
        self.found.setdefault(name, []).append(np.ascontiguousarray(values).reshape(-1))
        self._length[name] = start + values.size
        return [name, start, list(values.shape)]

    def _numeric(self, thing: Any) -> Tree:
        import numpy as np

        if isinstance(thing, np.generic):
            return {"number": self.array(np.asarray(thing))}
        if type(thing) is np.ndarray:
            if thing.dtype == object:
                return {"objects": [list(thing.shape), [self.write(item) for item in thing.reshape(-1).tolist()]]}
            return {"array": self.array(thing)}
        if "pandas" in sys.modules:
            from evaluation.cache import frames

            if (tree := frames.write(self, thing)) is not None:
                return tree
        raise Unkept(f"{type(thing).__module__}.{type(thing).__qualname__} cannot be kept")


class Reader:
    """Puts things together."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = arrays

    def read(self, tree: Tree) -> Any:
        """Return the thing of a tree."""
        if not isinstance(tree, dict):
            if tree is None or type(tree) in (str, bool, int, float):
                return tree
            raise Damaged(f"{type(tree).__name__} where a value should be")
        ((kind, inner),) = tree.items()
        return _READ[kind](self, inner)

    def array(self, where: Tree) -> np.ndarray:
        """Return an array of its own, which can be written to."""
        name, start, shape = where
        size = 1
        for n in shape:
            size *= _natural(n)
        whole = self._arrays[name]
        if whole.dtype.str != name or whole.ndim != 1 or _natural(start) + size > len(whole):
            raise Damaged(f"the array of {name} is not what it should be")
        return whole[start : start + size].reshape(shape).copy()

    def objects(self, inner: Tree) -> np.ndarray:
        """Return an array of objects."""
        import numpy as np

        shape, items = inner
        made = np.empty(len(items), dtype=object)
        for i, item in enumerate(items):
            made[i] = self.read(item)
        return made.reshape(shape)

    def mapping(self, inner: Tree) -> dict[Any, Any]:
        """Return a mapping in the order in which it was written."""
        return {self.read(k): self.read(v) for k, v in inner}

    def made(self, inner: Tree) -> Any:
        """Return a dataclass of this package with its fields set, without calling it."""
        module, name, given = inner
        kind, names = _dataclass(module, name)
        if given.keys() != names:
            raise Damaged(f"{name} has other fields")
        made: Any = object.__new__(kind)
        for field, tree in given.items():
            object.__setattr__(made, field, self.read(tree))
        return made

    def member(self, inner: Tree) -> enum.Enum:
        """Return a member of an enum of this package."""
        module, name, member = inner
        kind = _class(module, name)
        if not issubclass(kind, enum.Enum):
            raise Damaged(f"{name} is no enum")
        return kind[member]

    def framed(self, inner: Tree) -> Any:
        """Return a frame, a series or an index."""
        from evaluation.cache import frames

        return frames.read(self, inner)


_READ: dict[str, Callable[[Reader, Tree], Any]] = {
    "list": lambda reader, inner: [reader.read(t) for t in inner],
    "tuple": lambda reader, inner: tuple([reader.read(t) for t in inner]),
    "set": lambda reader, inner: {reader.read(t) for t in inner},
    "frozenset": lambda reader, inner: frozenset([reader.read(t) for t in inner]),
    "mapping": Reader.mapping,
    "date": lambda _, inner: dt.date.fromisoformat(inner),
    "datetime": lambda _, inner: dt.datetime.fromisoformat(inner),
    "member": Reader.member,
    "made": Reader.made,
    "number": lambda reader, inner: reader.array(inner)[()],
    "objects": Reader.objects,
    "array": Reader.array,
    "framed": Reader.framed,
}


def _natural(n: Any) -> int:
    if type(n) is not int or n < 0:
        raise Damaged(f"{n!r} is no size")
    return n


def _named(kind: type) -> tuple[str, str]:
    """Return where a class is found, if it is one that would be made again."""
    try:
        same = _class(kind.__module__, kind.__qualname__) is kind
    except (AttributeError, Damaged, ImportError):
        same = False
    if not same or (dataclasses.is_dataclass(kind) and not kind.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        raise Unkept(f"{kind.__module__}.{kind.__qualname__} is no frozen dataclass or enum of {_PACKAGE}")
    return kind.__module__, kind.__qualname__


def _class(module: Any, name: Any) -> type:
    if not (isinstance(module, str) and isinstance(name, str) and _MODULE.fullmatch(module) and name.isidentifier()):
        raise Damaged(f"{module}.{name} is no class of {_PACKAGE}")
    found = getattr(importlib.import_module(module), name)
    if not isinstance(found, type) or found.__module__ != module:
        raise Damaged(f"{module}.{name} is no class of {_PACKAGE}")
    return found


@functools.cache
def _dataclass(module: str, name: str) -> tuple[type, frozenset[str]]:
    kind = _class(module, name)
    if not dataclasses.is_dataclass(kind) or not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise Damaged(f"{name} is no frozen dataclass")
    return kind, frozenset(f.name for f in dataclasses.fields(kind))
