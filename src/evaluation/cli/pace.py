"""How long a run will still take: from the seconds of earlier runs and the pace of this one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean

from evaluation.language import number, say

CALM = 5.0  # seconds in which the time shown follows what is known by two thirds
LEAST = 0.1  # of a report's time is still to come while it is under way


class Pace:
    """Watches jobs begin and end, and says how long the rest will take.

    Parameters
    ----------
    expected : mapping of str to float or None
        Seconds that each job took the last time; None where it was never made.
    """

    def __init__(self, expected: Mapping[str, float | None]) -> None:
        self._expected = dict(expected)
        self._began: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._at_once = 1
        self._shown: tuple[float, float] | None = None

    def begun(self, job: str, now: float) -> None:
        """Take note that a job began, by the monotonic clock."""
        self._began[job] = now
        self._at_once = max(self._at_once, len(self._began))

    def ended(self, job: str, now: float) -> None:
        """Take note that a job ended."""
        began = self._began.pop(job, None)
        self._expected.setdefault(job, None)
        self._took[job] = 0.0 if began is None else now - began

    def left(self, now: float) -> float | None:
        """Return about how many seconds are left; None where nothing is known yet. It counts down and never jumps."""
        known = self._left(now)
        if known is None:
            return None
        if self._shown is None:
            shown = known
        else:
            before, at = self._shown
            counted = max(0.0, before - (now - at))
            shown = counted + (known - counted) * (1 - math.exp(-(now - at) / CALM))
        self._shown = shown, now
        return shown

    def _left(self, now: float) -> float | None:
        typical, speed = self._typical(), self._speed()
        waiting = [job for job in self._expected if job not in self._took and job not in self._began]
        if typical is None:
            return 0.0 if not waiting and not self._began else None

        def whole(job: str) -> float:
            seconds = self._expected.get(job)
            return typical if seconds is None else seconds * speed

        under_way = [max(whole(job) - (now - began), LEAST * whole(job)) for job, began in self._began.items()]
        to_come = [whole(job) for job in waiting]
        return max([(sum(under_way) + sum(to_come)) / self._at_once, *under_way, *to_come]) if under_way or to_come else 0.0

    def _typical(self) -> float | None:
        """Return what a job takes that was never made before: as those of this run did, or of the last."""
        if took := list(self._took.values()):
            return fmean(took)
        known = [seconds for seconds in self._expected.values() if seconds is not None]
        return fmean(known) if known else None

    def _speed(self) -> float:
        """Return how many seconds of today one of the last time takes; held near 1 while few jobs have ended."""
        before = {job: seconds for job, seconds in self._expected.items() if seconds is not None}
        if not before:
            return 1.0
        prior = fmean(before.values())
        ended = [job for job in self._took if job in before]
        expected = sum(before[job] for job in ended) + prior
        return (sum(self._took[job] for job in ended) + prior) / expected if expected else 1.0


def about(seconds: float, language: str) -> str:
    """Write a time to come, no more exact than it is known: "about 40 seconds", "about 3 minutes"."""
    if seconds < 5:
        return say("cli.live.moment", language)
    if seconds < 55:
        return say("cli.live.seconds", language, n=number(10 * math.ceil(seconds / 10), language))
    minutes = math.ceil(seconds / 60 - 0.1)
    if minutes <= 90:
        return say("cli.live.minute" if minutes <= 1 else "cli.live.minutes", language, n=number(max(1, minutes), language))
    return say("cli.live.hours", language, n=number(minutes / 60, language, 1))
