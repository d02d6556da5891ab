"""The designs by name; each is loaded when it is first asked for."""

from __future__ import annotations

from evaluation.effects.by_name import named
from evaluation.effects.design import Design
from evaluation.language import Words

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
    found: Design = named(name, __name__, _ROOMS, Words("phương pháp", "method"))
    return found
