"""What is wrong with a file: findings with a stable code, a place and a way out. Codes and words are in the codebook."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any

from evaluation.language import Words
from evaluation.settings import folders

if TYPE_CHECKING:
    import pandas as pd

ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (ERROR, WARNING, NOTE)


@dataclass(frozen=True)
class Kind:
    """One kind of finding, a row of ``data/codebook/findings.csv``.

    Attributes
    ----------
    code : str
        Stable, e.g. "IN-101".
    severity : {"error", "warning", "note"}
        An error keeps the file out of the evidence; the others do not.
    refuses : bool
        Whether the whole file is refused for safety: its content is then
        neither shown, kept nor logged.
    message : Words
        What was seen and how to mend it, with ``{slots}``.
    """

    code: str
    severity: str
    refuses: bool
    message: Words


@dataclass(frozen=True)
class Finding:
    """One finding on one file.

    Attributes
    ----------
    code : str
        Stable, e.g. "IN-101".
    severity : {"error", "warning", "note"}
        An error keeps the file out of the evidence; the others do not.
    file : str
        Name of the file, without its folder.
    sheet, cell : str
        Where, in A1 form; empty where the whole file is meant.
    message : Words
        What was seen and how to mend it.
    element, unit : str
        The count of the form and the ward or district it is about; empty
        where the finding is not about one.
    """

    code: str
    severity: str
    file: str
    sheet: str
    cell: str
    message: Words
    element: str = ""
    unit: str = ""

    @property
    def refuses(self) -> bool:
        """Whether the whole file is refused for safety."""
        return kinds()[self.code].refuses

    def line(self, language: str) -> str:
        """Return the finding as one line: code, place, message."""
        place = "!".join(p for p in (self.sheet, self.cell) if p)
        return f"{self.code} {self.file}{' ' + place if place else ''}: {self.message[language]}"

    def record(self) -> dict[str, str]:
        """Return the finding as plain text fields: for JSON and for frames."""
        own = {f.name: str(getattr(self, f.name)) for f in fields(self) if f.name != "message"}
        return own | {"message_vi": self.message.vi, "message_en": self.message.en}


COLUMNS = ("code", "severity", "file", "sheet", "cell", "element", "unit", "message_vi", "message_en")


@cache
def kinds() -> dict[str, Kind]:
    """Return all kinds of findings by code."""
    with (folders().data / "codebook" / "findings.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    return {r["code"]: Kind(r["code"], r["severity"], r["refuses"] == "yes", Words(r["message_vi"], r["message_en"])) for r in rows}


def finding(code: str, file: str, sheet: str = "", cell: str = "", element: str = "", unit: str = "", **slots: str) -> Finding:
    """Return a finding by its code, its message filled.

    Slots with a Vietnamese and an English form are given as ``name_vi`` and
    ``name_en``; others serve both.
    """
    kind = kinds()[code]

    def fill(language: str) -> str:
        own = {k.removesuffix(f"_{language}"): v for k, v in slots.items()}
        return kind.message[language].format(**own)

    return Finding(code, kind.severity, file, sheet, cell, Words(fill("vi"), fill("en")), element, unit)


def restored(record: dict[str, Any]) -> Finding:
    """Return the finding that `Finding.record` wrote down."""
    own = {k: str(record[k]) for k in COLUMNS if not k.startswith("message")}
    return Finding(message=Words(str(record["message_vi"]), str(record["message_en"])), **own)


def frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return findings as a frame, one row each, all columns text: code, severity, file, sheet, cell, element, unit, messages."""
    import pandas as pd

    return pd.DataFrame([f.record() for f in findings], columns=list(COLUMNS), dtype=str)
