"""What an office has to do, in the order in which it is best done: errors first, then from sheet to sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openpyxl.utils import column_index_from_string

from evaluation.intake.answers import REFUSED, Answer
from evaluation.intake.book import MOST_COLUMNS, MOST_ROWS
from evaluation.intake.findings import SEVERITIES, Finding
from evaluation.language import Words

LEVELS = {
    "error": Words("Phải sửa", "Must be mended"),
    "warning": Words("Cần kiểm tra", "To be checked"),
    "note": Words("Để biết", "For information"),
}
WHOLE_FILE = Words("(toàn tệp)", "(whole file)")
DEPARTMENT = "Sở Lao động - Thương binh và Xã hội"
NO_IDENTIFIERS = "Báo cáo chỉ gồm số đếm; không ghi họ tên, giấy tờ tùy thân, điện thoại, nơi ở hoặc tên cơ sở ở bất kỳ trang nào."
_CELL = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")


def places(cell: str) -> list[tuple[int, int]]:
    """Return the cells that a finding names, as row and column from 1: "C6", "C6, D6" or the corners of "C6:C9"."""
    found = ((int(row), column_index_from_string(letters)) for letters, row in _CELL.findall(cell))
    return [(row, column) for row, column in found if 1 <= row <= MOST_ROWS and 1 <= column <= MOST_COLUMNS]


def withheld(answer: Answer) -> bool:
    """Whether nothing of the file's content may be shown."""
    return answer.outcome == REFUSED or answer.reading.refused or any(f.refuses for f in answer.findings)


def ordered(answer: Answer) -> list[Finding]:
    """Return the findings as they are best worked through: errors first, then by sheet in the file's order, then by cell."""
    titles = [sheet.title for sheet in answer.reading.sheets]

    def key(found: Finding) -> tuple[int, int, tuple[int, int], str]:
        sheet = titles.index(found.sheet) if found.sheet in titles else len(titles) if found.sheet else -1
        first = next(iter(places(found.cell)), (0, 0))
        return SEVERITIES.index(found.severity), sheet, first, found.code

    return sorted(dict.fromkeys(answer.findings), key=key)


def counted(findings: Sequence[Finding], severity: str) -> int:
    """Return how many findings are of a kind."""
    return sum(f.severity == severity for f in findings)


def in_words(number: int) -> str:
    """Return a count as official text writes it: "03", "12"."""
    return f"{number:02d}"
