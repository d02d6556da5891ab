"""Designs and inferences by name, each loaded when it is first asked for."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from evaluation.language import Words


def named(name: str, package: str, rooms: Mapping[str, str], kind: Words) -> Any:
    """Return what a name stands for.

    Parameters
    ----------
    name : str
    package : str
    rooms : mapping of str to str
        Name to "module:attribute" within the package.
    kind : Words
        What is named, for the message.

    Raises
    ------
    ValueError
        If there is none of that name; the message tells the nearest and all there are.
    """
    if name not in rooms:
        near = difflib.get_close_matches(name, rooms, 1)
        meant = f" ({near[0]}?)" if near else ""
        raise ValueError(f"Không có {kind.vi} {name!r}{meant}; có / There is no {kind.en} {name!r}{meant}; there are: {', '.join(rooms)}.")
    room, _, inside = rooms[name].partition(":")
    return getattr(import_module(f"{package}.{room}"), inside)
