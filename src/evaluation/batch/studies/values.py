"""A cell of a table of settings as the value that a parameter takes."""

from __future__ import annotations

import re
from typing import Any

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]{1,3})?")
# 1.234 is a thousand in one country and a little more than one in another.
_EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
_YES_OR_NO = {"true": True, "false": False, "1": True, "0": False, "đúng": True, "sai": False}


class NotOfType(ValueError):
    """A cell that is no value of the type; `either` where it may be read in two ways."""

    def __init__(self, either: bool = False) -> None:
        super().__init__()
        self.either = either


def value(cell: Any, kind: str, comma: bool = False) -> str | int | float | bool:
    """Return what a cell says, as a value of a type.

    Parameters
    ----------
    cell : object
        Text of a file, or what a program handed over: that must be of the type already (a whole number will do for a float).
    kind : {"str", "int", "float", "bool"}
    comma : bool
        Whether the file separates decimals by a comma; a point is then taken
        too, unless it may separate thousands.

    Raises
    ------
    NotOfType
    """
    if not isinstance(cell, str):
        if kind == "float" and type(cell) is int:
            return float(cell)
        if type(cell).__name__ != kind or (kind == "float" and cell - cell != 0):
            raise NotOfType
        return cell  # type: ignore[no-any-return]
    if kind == "str":
        return cell
    if kind == "bool" and cell.casefold() in _YES_OR_NO:
        return _YES_OR_NO[cell.casefold()]
    if kind == "int" and _WHOLE.fullmatch(cell):
        return int(cell)
    if kind == "float":
        return _number(cell, comma)
    raise NotOfType


def _number(cell: str, comma: bool) -> float:
    if comma and _EITHER.fullmatch(cell):
        raise NotOfType(either=True)
    if comma and _COMMA.fullmatch(cell):
        return float(cell.replace(",", "."))
    if not _DECIMAL.fullmatch(cell):
        raise NotOfType
    number = float(cell)
    if number in (float("inf"), float("-inf")):
        raise NotOfType
    return number
