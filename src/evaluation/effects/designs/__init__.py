"""The designs by name; each is loaded when it is first asked for."""

from __future__ import annotations

import difflib
from importlib import import_module

from evaluation.effects.design import Design

_ROOMS = {
    "did": "did:DID",
    "event": "event_study:EVENT",
    "cs": "staggered:CALLAWAY_SANTANNA",
    "sc": "synthetic_control:SYNTHETIC_CONTROL",
    "asc": "augmented:AUGMENTED",
    "sdid": "synthetic_did:SYNTHETIC_DID",
    "mc": "completion:MATRIX_COMPLETION",
    "ife": "interactive:INTERACTIVE",
    "bsts": "structural:STRUCTURAL",
    "cits": "interrupted:CONTROLLED_SERIES",
    "before_after": "before_after:BEFORE_AFTER",
}
NAMES = tuple(_ROOMS)


def design(name: str) -> Design:
    """Return a design by its id.

    Raises
    ------
    ValueError
        If there is none of that name; the message names the nearest.
    """
    if name not in _ROOMS:
        near = difflib.get_close_matches(name, NAMES, 1)
        meant = f" ({near[0]}?)" if near else ""
        raise ValueError(f"Không có phương pháp {name!r}{meant}; có / There is no method {name!r}{meant}; there are: {', '.join(NAMES)}.")
    room, _, inside = _ROOMS[name].partition(":")
    found: Design = getattr(import_module(f"evaluation.effects.designs.{room}"), inside)
    return found
