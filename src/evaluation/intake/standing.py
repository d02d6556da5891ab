"""Who has reported, who is late by the plan's rule, and what waits for a person's decision."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.intake.findings import ERROR, WARNING
from evaluation.intake.identifiers import holds_identifier
from evaluation.language import words
from evaluation.periods import Period
from evaluation.places import districts, wards
from evaluation.settings import folders
from evaluation.store import EvidenceStore, StoreError, open_store
from evaluation.store import decide as store_decision

if TYPE_CHECKING:
    import pandas as pd

REPORTED, LATE, SENT_BACK, AWAITED, OVERDUE = "reported", "late", "sent_back", "awaited", "overdue"
LONGEST_REASON = 500


@dataclass(frozen=True)
class Standing:
    """Where the reports of one period stand.

    Attributes
    ----------
    period : Period
    on : date
        The day of the question.
    districts : DataFrame
        One row a district, in official order: district_code, district_vi,
        district_en, state ("reported", "late", "sent_back" (only a file with
        errors came), "awaited" (not yet due), "overdue"), received (of the
        first accepted report), late_days (0 on time; of one that is overdue,
        so far), revisions, wards, wards_expected, errors, waiting (warnings
        without a decision).
    waiting : DataFrame
        The warnings that wait for a decision: finding, district_code, code,
        file, sheet, cell, element, unit, message_vi, message_en.
    synthetic : bool
        Whether the store holds made-up data.
    """

    period: Period
    on: dt.date
    districts: pd.DataFrame
    waiting: pd.DataFrame
    synthetic: bool


def status(period: Period | str, *, store: Path | None = None, on: dt.date | None = None) -> Standing:
    """Return where the reports of a period stand.

    Parameters
    ----------
    period : Period or str
        A quarter.
    store : Path, optional
        The project's evidence where left out.
    on : date, optional
        The day of the question: what came later is not seen; today where
        left out.

    Raises
    ------
    periods.PeriodError
        If the period is none.
    store.StoreError
        If there is no store, or it cannot be read.
    """
    import pandas as pd

    asked = period if isinstance(period, Period) else Period.parse(period)
    day = on or dt.date.today()
    evidence = open_store(store or folders().evidence, day)
    sent = evidence.submissions(held=True)
    sent = sent[sent["period"] == str(asked)]
    found = evidence.findings(open_only=True)
    found = found.merge(sent[["id", "district_code", "accepted"]], left_on="submission", right_on="id", suffixes=("", "_of"))
    reports = evidence.ward_reports()
    came = reports[(reports["period"] == str(asked)) & reports["answered"]]
    waiting = found[(found["severity"] == WARNING) & found["submission"].isin(_standing(evidence, str(asked)))]
    rows = [_row(code, asked, day, sent[sent["district_code"] == code], found, waiting, came) for code in districts()]
    shown = ["id", "district_code", "code", "file", "sheet", "cell", "element", "unit", "message_vi", "message_en"]
    waiting = waiting[shown].rename(columns={"id": "finding"}).reset_index(drop=True)
    return Standing(asked, day, pd.DataFrame(rows), waiting, evidence.synthetic)


def _standing(evidence: EvidenceStore, period: str) -> list[str]:
    frame = evidence.submissions()
    return list(frame.loc[frame["stands"] & (frame["period"] == period), "id"])


def _row(
    code: str, period: Period, day: dt.date, sent: pd.DataFrame, found: pd.DataFrame, waiting: pd.DataFrame, came: pd.DataFrame
) -> dict[str, object]:
    good = sent[sent["accepted"]]
    first = min(good["received"]) if len(good) else None
    late = max(0, ((first or day) - period.district_due).days)
    if first is not None:
        state = LATE if late else REPORTED
    elif len(sent):
        state = SENT_BACK
    else:
        state = OVERDUE if late else AWAITED
    last = sent.sort_values(["received", "sequence"])["id"].iloc[-1] if len(sent) else ""
    name = districts()[code].name
    return {
        "district_code": code,
        "district_vi": name.vi,
        "district_en": name.en,
        "state": state,
        "received": first,
        "late_days": late,
        "revisions": max(0, len(good) - 1),
        "wards": int((came["district_code"] == code).sum()),
        "wards_expected": len(wards(code)),
        "errors": int(((found["submission"] == last) & (found["severity"] == ERROR)).sum()),
        "waiting": int((waiting["district_code"] == code).sum()),
    }


def decide(finding: str, *, accept: bool, reason: str, role: str, store: Path | None = None, on: dt.date | None = None) -> None:
    """Write down a person's decision on a warning.

    Parameters
    ----------
    finding : str
        The warning's id, as `status` shows it.
    accept : bool
        True: the figure is right as it was reported. False: it is taken out
        of the evidence until the district corrects it.
    reason, role : str
        Why, and who decided, by office and position and not by name.
    store : Path, optional
        The project's store of received files where left out.
    on : date, optional
        The day of the decision; today where left out.

    Raises
    ------
    store.StoreError
        If there is no such warning, if reason or role is missing or too
        long, or if one of them may hold information about a person.
    """
    for text in (reason, role):
        wrong = "empty" if not text.strip() else "long" if len(text) > LONGEST_REASON else "person" if holds_identifier(text) else ""
        if wrong:
            said = words(f"intake.decide.{wrong}", most=LONGEST_REASON)
            raise StoreError(f"{said.vi} / {said.en}")
    store_decision(store or folders().evidence, finding, accept, reason.strip(), role.strip(), on or dt.date.today())
