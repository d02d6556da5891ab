"""What an office is told about one received file: what was read, what is wrong with it, what became of it, until when to mend it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.intake.findings import ERROR, WARNING, Finding

if TYPE_CHECKING:
    from evaluation.intake.reading import Reading

LOADED, WAITING, HELD, REFUSED = "loaded", "waiting", "held", "refused"
WORKING_DAYS = 2  # what an office is given to mend a file
_SATURDAY = 5


@dataclass(frozen=True)
class Answer:
    """The answer to one received file.

    Attributes
    ----------
    file : str
        Its name, without the folder; a stand-in where the name itself may not be shown.
    reading : Reading
    findings : tuple of Finding
        All of them, also those that compare the file with others.
    received : date
        The day on which it came; all dates of the reply follow from it.
    outcome : {"loaded", "waiting", "held", "refused"}
        In the evidence; in the evidence with warnings to confirm; kept out
        for its errors; refused for safety.
    """

    file: str
    reading: Reading
    findings: tuple[Finding, ...]
    received: dt.date
    outcome: str

    @property
    def due(self) -> dt.date | None:
        """Last day on which the district's report is on time; None where its period is not known."""
        return self.reading.cover.period.district_due if self.reading.cover else None

    @property
    def deadline(self) -> dt.date | None:
        """Day until which the mended file is asked for.

        The plan's own date for districts where it is still ahead, else two
        working days from the receipt, and never after the Department's own
        date. None where that is past or the period is not known: the office
        is then given two working days from the reply.
        """
        cover = self.reading.cover
        if cover is None:
            return None
        last = _working_day_until(cover.period.department_due)
        asked = max(_working_day_until(cover.period.district_due), _working_days_after(self.received, WORKING_DAYS))
        asked = min(asked, last)
        return asked if asked > self.received else None

    @property
    def to_answer(self) -> bool:
        """Whether the office has something to mend or to confirm."""
        return any(f.severity in (ERROR, WARNING) for f in self.findings)


def _working_day_until(day: dt.date) -> dt.date:
    while day.weekday() >= _SATURDAY:
        day -= dt.timedelta(days=1)
    return day


def _working_days_after(day: dt.date, count: int) -> dt.date:
    while count:
        day += dt.timedelta(days=1)
        count -= day.weekday() < _SATURDAY
    return day
