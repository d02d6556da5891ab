"""The plan's reporting obligations and the rules that yield their dates for any year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from evaluation.language import Words
from evaluation.periods import Period
from evaluation.plan.source import PlanError, both, nearest, rows, whole

SIGNED = dt.date(2018, 5, 24)
BASELINE_END = "2018-Q1"  # the last quarter whose data window had closed before the plan was signed

_WHEN = {
    "quarter": Words("báo cáo theo quý, hãy nêu một quý như 2018-Q4", "it is quarterly, name a quarter such as 2018-Q4"),
    "year": Words("báo cáo theo năm, hãy nêu một năm như 2018", "it is yearly, name a year such as 2018"),
    "event": Words("hạn tính từ từng sự kiện, dùng due_after", "its date follows each event, use due_after"),
    "undated": Words("Kế hoạch không nêu thời hạn", "the plan gives no date"),
}


class UnknownObligation(PlanError):
    """A reporting obligation that the calendar does not have."""


class NoDueDate(PlanError):
    """A reporting obligation without a date for what was asked."""


@dataclass(frozen=True)
class Obligation:
    """One reporting obligation and the rule that yields its dates.

    Attributes
    ----------
    frequency : {"quarter", "year", "event", "undated"}
    month_rule : str
        "last_month_of_quarter" or the number of a month; empty without a calendar date.
    before_day, last_day_on_time : int or None
        The plan's own day ("before the 15th") and the last day on time (14).
    working_days : int or None
        For an event: working days that follow it.
    sent_to : tuple of str
        Agencies.
    """

    id: str
    provisions: tuple[str, ...]
    label: Words
    sent_to: tuple[str, ...]
    frequency: str
    month_rule: str
    before_day: int | None
    last_day_on_time: int | None
    working_days: int | None

    def due(self, period: Period) -> dt.date:
        """Return the last day on which the report on a period is on time.

        Parameters
        ----------
        period : Period
            A quarter for a quarterly obligation, a year for a yearly one.

        Raises
        ------
        NoDueDate
            If the obligation has no date for such a period.
        """
        fits = self.frequency == ("year" if period.quarter is None else "quarter")
        if not fits or self.last_day_on_time is None:
            raise NoDueDate(
                f"{self.id!r} ({self.label.vi}) không có hạn cho kỳ {period}: {_WHEN[self.frequency].vi}. / "
                f"{self.id!r} ({self.label.en}) has no date for {period}: {_WHEN[self.frequency].en}."
            )
        month = period.last_month if self.month_rule == "last_month_of_quarter" else int(self.month_rule)
        return dt.date(period.year, month, self.last_day_on_time)

    def due_after(self, event: dt.date, holidays: Collection[dt.date] = ()) -> dt.date:
        """Return the last day on time after an event, which is not counted itself.

        Parameters
        ----------
        event : date
            Day of the registration.
        holidays : collection of date
            Public holidays; Saturdays and Sundays never count.

        Raises
        ------
        NoDueDate
            If the obligation does not run from an event.
        """
        if self.working_days is None:
            raise NoDueDate(
                f"{self.id!r} ({self.label.vi}) không tính từ một sự kiện: {_WHEN[self.frequency].vi}. / "
                f"{self.id!r} ({self.label.en}) does not run from an event: {_WHEN[self.frequency].en}."
            )
        day, left = event, self.working_days
        while left:
            day += dt.timedelta(days=1)
            left -= day.weekday() < 5 and day not in holidays
        return day

    def dates(self, year: int) -> tuple[dt.date, ...]:
        """Return all last days on time in a year; empty where the plan gives no calendar date."""
        whole = Period(year)
        periods = {"quarter": whole.quarters, "year": (whole,)}.get(self.frequency, ())
        return tuple(self.due(p) for p in periods)


@cache
def calendar() -> dict[str, Obligation]:
    """Return all reporting obligations by id."""
    return {
        r["id"]: Obligation(
            id=r["id"],
            provisions=tuple(r["provisions"].split()),
            label=both(r, "label"),
            sent_to=tuple(r["sent_to"].split()),
            frequency=r["frequency"],
            month_rule=r["month_rule"],
            before_day=whole(r["before_day"]),
            last_day_on_time=whole(r["last_day_on_time"]),
            working_days=whole(r["working_days"]),
        )
        for r in rows("calendar")
    }


def obligation(name: str) -> Obligation:
    """Return one reporting obligation of the calendar.

    Raises
    ------
    UnknownObligation
        With the nearest ids.
    """
    try:
        return calendar()[name]
    except KeyError:
        near = nearest(name, calendar())
        raise UnknownObligation(
            f"Lịch báo cáo không có {name!r}; gần nhất: {near}. / The calendar has no obligation {name!r}; nearest: {near}."
        ) from None
