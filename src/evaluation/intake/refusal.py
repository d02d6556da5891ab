"""A file that is not opened: the finding's code and what its message needs, never a path and never content."""

from __future__ import annotations

from typing import NoReturn

from evaluation.intake.findings import Finding, finding
from evaluation.language import Words


class Refused(ValueError):
    """A file that no parser should open.

    Parameters
    ----------
    code : str
        Code of the finding, e.g. "IN-014".
    **slots : str
        What its message needs (`findings.finding`).

    Attributes
    ----------
    code : str
    slots : dict of str to str
    """

    def __init__(self, code: str, **slots: str) -> None:
        super().__init__(code)
        self.code = code
        self.slots = slots

    def finding(self, file: str, sheet: str = "", cell: str = "") -> Finding:
        """Return the finding that says so.

        Parameters
        ----------
        file : str
            The file's name as it may be shown.
        sheet, cell : str
            Where, if known.
        """
        return finding(self.code, file, sheet, cell, **self.slots)


def refuse(code: str, vi: str = "", en: str = "") -> NoReturn:
    """Refuse a file, saying what was seen.

    Parameters
    ----------
    code : str
    vi, en : str
        What was seen, as the message's slot ``what``.
    """
    raise Refused(code, what_vi=vi, what_en=en)


def damaged(why: Words) -> NoReturn:
    """Refuse a file that is not a whole file of its kind."""
    raise Refused("IN-001", why_vi=why.vi, why_en=why.en)
