"""What one received file holds: its cover, its values, what is wrong with it; and how that crosses from the reading process."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evaluation.contracts import checked, values_schema
from evaluation.intake.book import Sheet
from evaluation.intake.findings import ERROR, Finding, restored
from evaluation.intake.form import Cover
from evaluation.periods import Period
from evaluation.store import Submission

if TYPE_CHECKING:
    import pandas as pd

VALUE_COLUMNS = ("unit_code", "element", "value", "state", "sheet", "cell")


@dataclass(frozen=True)
class Reading:
    """What one received file holds.

    Attributes
    ----------
    file : str
        Its name, without the folder; a stand-in where the name itself may not be shown.
    sha256 : str
        Hash of its bytes; empty where the file was refused for safety.
    cover : Cover or None
        Who reports for where and when; None where that is not known.
    rows : tuple of tuple
        The values in the order of `VALUE_COLUMNS`; value is None unless reported.
    findings : tuple of Finding
    narrative : str
        Difficulties and proposals, as text.
    sheets : tuple of Sheet
        The cells as they were sent, for the reply; empty where the file was
        refused for safety.
    synthetic : bool
        Whether the file says that its data are made up.
    written_as : str
        "xlsx", "ods" or "csv"; empty where the file was not read.
    """

    file: str
    sha256: str = ""
    cover: Cover | None = None
    rows: tuple[tuple[Any, ...], ...] = ()
    findings: tuple[Finding, ...] = ()
    narrative: str = ""
    sheets: tuple[Sheet, ...] = ()
    synthetic: bool = False
    written_as: str = ""

    @property
    def refused(self) -> bool:
        """Whether the file was refused for safety."""
        return any(f.refuses for f in self.findings)

    @property
    def accepted(self) -> bool:
        """Whether no finding of kind error keeps the file out of the evidence."""
        return self.cover is not None and not any(f.severity == ERROR for f in self.findings)

    @cached_property
    def values(self) -> pd.DataFrame:
        """The values as `contracts.values_schema`, accepted or not; empty where there is no cover. Made once: not to be changed."""
        import pandas as pd

        if self.cover is None:
            return pd.DataFrame(columns=list(values_schema().columns))
        frame = pd.DataFrame(list(self.rows), columns=list(VALUE_COLUMNS))
        frame["value"] = frame["value"].astype(float)
        own = frame.assign(district_code=self.cover.district_code, period=str(self.cover.period))
        return checked(own, values_schema(), self.file)

    def submission(self, received: dt.date) -> Submission:
        """Return the submission that an accepted or held file is.

        Raises
        ------
        ValueError
            If the file's district and period are not known.
        """
        if self.cover is None:
            raise ValueError("a file without a cover is no submission")
        return Submission(
            id=self.sha256[:16],
            district_code=self.cover.district_code,
            period=str(self.cover.period),
            form_version=self.cover.form_version,
            received=received,
            file=self.file,
            sha256=self.sha256,
            role=self.cover.role,
        )

    def also(self, findings: tuple[Finding, ...]) -> Reading:
        """Return the reading with further findings."""
        further = dataclasses.replace(self, findings=(*self.findings, *findings))
        if "values" in self.__dict__:  # the same rows: their frame need not be made again
            further.__dict__["values"] = self.values
        return further

    def packed(self) -> dict[str, Any]:
        """Return the reading as plain data that JSON can carry; never code, whoever wrote it."""
        cover = self.cover and {**dataclasses.asdict(self.cover), "period": str(self.cover.period)}
        return {
            "file": self.file,
            "sha256": self.sha256,
            "cover": cover,
            "rows": [list(row) for row in self.rows],
            "findings": [f.record() for f in self.findings],
            "narrative": self.narrative,
            "sheets": [_sheet_packed(s) for s in self.sheets],
            "synthetic": self.synthetic,
            "written_as": self.written_as,
        }


def unpacked(data: dict[str, Any]) -> Reading:
    """Return the reading that `Reading.packed` wrote down."""
    cover = data["cover"]
    return Reading(
        file=data["file"],
        sha256=data["sha256"],
        cover=cover and Cover(**{**cover, "period": Period.parse(cover["period"])}),
        rows=tuple(tuple(row) for row in data["rows"]),
        findings=tuple(restored(r) for r in data["findings"]),
        narrative=data["narrative"],
        sheets=tuple(_sheet_unpacked(s) for s in data["sheets"]),
        synthetic=data["synthetic"],
        written_as=data["written_as"],
    )


def _cell_packed(content: object) -> object:
    if content is None or isinstance(content, bool | int | float | str):
        return content
    return {"text": str(content)}


def _sheet_packed(sheet: Sheet) -> dict[str, Any]:
    return {
        "title": sheet.title,
        "rows": [[_cell_packed(c) for c in row] for row in sheet.rows],
        "formulas": [[*place, there] for place, there in sheet.formulas.items()],
        "percents": [list(place) for place in sorted(sheet.percents)],
        "merged": [[*place, *first] for place, first in sheet.merged.items()],
    }


def _sheet_unpacked(data: dict[str, Any]) -> Sheet:
    return Sheet(
        title=data["title"],
        rows=[tuple(c["text"] if isinstance(c, dict) else c for c in row) for row in data["rows"]],
        formulas={(r, c): there for r, c, there in data["formulas"]},
        percents=frozenset((r, c) for r, c in data["percents"]),
        merged={(r, c): (first_row, first_column) for r, c, first_row, first_column in data["merged"]},
    )
