"""The ways to judge an estimate by name; each is loaded when it is first asked for."""

from __future__ import annotations

import difflib
from importlib import import_module

from evaluation.effects.judgement import Inference

_ROOMS = {
    "placebo": "placebo_space:placebo_in_space",
    "placebo_ratio": "placebo_space:placebo_ratio",
    "placebo_studentised": "placebo_space:placebo_studentised",
    "placebo_time": "placebo_time:placebo_in_time",
    "conformal": "conformal:conformal",
    "ferman_pinto": "ferman_pinto:ferman_pinto",
    "conley_taber": "conley_taber:conley_taber",
    "randomisation": "randomisation:randomisation",
    "jackknife": "jackknife:jackknife_plus",
    "cluster": "clustered:cluster_robust",
    "wild_bootstrap": "clustered:wild_bootstrap",
}
NAMES = tuple(_ROOMS)


def inference(name: str) -> Inference:
    """Return a way to judge by its id.

    Raises
    ------
    ValueError
        If there is none of that name; the message names the nearest.
    """
    if name not in _ROOMS:
        near = difflib.get_close_matches(name, NAMES, 1)
        meant = f" ({near[0]}?)" if near else ""
        raise ValueError(
            f"Không có cách kiểm định {name!r}{meant}; có / There is no inference {name!r}{meant}; there are: {', '.join(NAMES)}."
        )
    room, _, inside = _ROOMS[name].partition(":")
    found: Inference = getattr(import_module(f"evaluation.effects.inference.{room}"), inside)
    return found
