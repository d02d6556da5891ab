"""A budget table, the office's own or the example's: read, held against its contract, faults named by row and column."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.language import Words
from evaluation.places import districts
from evaluation.plan import pilots

if TYPE_CHECKING:
    import pandas as pd

DISTRICT, PILOT = "district", "pilot"
KEY = ("scope", "code", "year", "line")
MONEY = ("planned_million_vnd", "spent_million_vnd")
FUNDS = "source_of_funds"
COLUMNS = (*KEY, *MONEY)
YEARS = (2000, 2100)
# Section IV of the plan names two sources; a budget without the column does not say which was used.
FUNDS_UNKNOWN = ""
FUND_NAMES = {
    "department": Words("kinh phí cấp cho Sở Lao động - Thương binh và Xã hội (IV.a)", "funds allotted to the Department (IV.a)"),
    "own": Words("kinh phí được giao của cơ quan, quận, huyện (IV.b)", "money of the agencies' and districts' own (IV.b)"),
    FUNDS_UNKNOWN: Words("không rõ nguồn", "source not known"),
}
_SHOWN_FAULTS = 10
_PLAIN = re.compile(r"\d+(\.\d+)?")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d{3}")


class BudgetError(ValueError):
    """A budget table that breaks its contract; the message names file, row and column."""


def read_budget(path: Path | str) -> pd.DataFrame:
    """Read a budget table from a CSV file (UTF-8, comma, one header line).

    Parameters
    ----------
    path : path
        Columns: scope ("district" or "pilot"), code (district code or pilot
        id of the plan), year, line, planned_million_vnd, spent_million_vnd;
        optionally source_of_funds ("department", "own" or empty).

    Returns
    -------
    DataFrame
        As `checked_budget`.

    Raises
    ------
    BudgetError
        Naming the file, and row and column of each fault (the header is row 1).
    FileNotFoundError
        If there is no such file.
    """
    import pandas as pd

    file = Path(path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise BudgetError(
            f"{file.name}: tệp không phải UTF-8; hãy lưu lại dạng CSV UTF-8. / The file is not UTF-8; save it as CSV UTF-8."
        ) from fault
    rows = [r for r in csv.reader(io.StringIO(text, newline="")) if any(cell.strip() for cell in r)]
    if not rows:
        raise BudgetError(f"{file.name}: tệp trống. / The file is empty.")
    header, *body = rows
    if uneven := [i for i, r in enumerate(body, 2) if len(r) != len(header)]:
        raise BudgetError(
            f"{file.name}, dòng {uneven[0]}: số ô khác dòng tiêu đề ({len(header)}). / Row {uneven[0]} has another number of cells."
        )
    return checked_budget(pd.DataFrame(body, columns=[h.strip() for h in header], dtype=str), file.name)


def checked_budget(frame: pd.DataFrame, name: str = "ngân sách / budget") -> pd.DataFrame:
    """Return a budget table with its types, if it keeps the contract.

    Parameters
    ----------
    frame : DataFrame
        Texts or numbers, columns as in `read_budget`.
    name : str
        Of the file or table, for messages.

    Returns
    -------
    DataFrame
        scope, code, year (int), line, planned_million_vnd, spent_million_vnd
        (float, NaN where the cell was empty: missing is not zero),
        source_of_funds ("" where not known).

    Raises
    ------
    BudgetError
        Naming row and column of each fault (the first data row is row 2, as in a file with a header).
    """
    import pandas as pd

    known = (*COLUMNS, FUNDS)
    absent, strange = [c for c in COLUMNS if c not in frame], [str(c) for c in frame if c not in known]
    if absent or strange or frame.columns.duplicated().any():
        raise BudgetError(
            f"{name}, dòng 1: thiếu cột {absent}, cột không biết {strange}; cần mỗi cột đúng một lần: {', '.join(COLUMNS)}, thêm "
            f"{FUNDS} nếu có. / Row 1: missing columns {absent}, unknown columns {strange}; needed, each once: {', '.join(COLUMNS)}, "
            f"and {FUNDS} if there is one."
        )
    faults: list[str] = []
    first: dict[tuple[Any, ...], int] = {}
    made = []
    for at, row in enumerate(frame.to_dict("records"), 2):
        clean, wrong = _row({str(k): v for k, v in row.items()})
        faults += [f"dòng/row {at}, {column}: {words.vi} / {words.en}" for column, words in wrong]
        key = tuple(clean.get(k) for k in (*KEY, FUNDS))
        if not wrong and first.setdefault(key, at) != at:
            faults.append(f"dòng/row {at}: trùng với dòng {first[key]} / the same as row {first[key]}")
        made.append(clean)
    if faults:
        more = f"; … {len(faults) - _SHOWN_FAULTS} lỗi nữa / more" if len(faults) > _SHOWN_FAULTS else ""
        raise BudgetError(f"{name}: {'; '.join(faults[:_SHOWN_FAULTS])}{more}")
    typed = {**dict.fromkeys(KEY, str), "year": int, **dict.fromkeys(MONEY, float), FUNDS: str}
    return pd.DataFrame(made, columns=list(known)).astype(typed)


def _row(row: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, Words]]]:
    """Return a row with its types, and what is wrong with which of its columns."""
    cells = {c: _text(row.get(c, "")) for c in (*COLUMNS, FUNDS)}
    wrong: list[tuple[str, Words]] = []
    codes = {DISTRICT: tuple(districts()), PILOT: tuple(pilots())}
    if cells["scope"] not in codes:
        wrong.append(("scope", Words("phải là district hoặc pilot", "must be district or pilot")))
    elif cells["code"] not in (valid := codes[cells["scope"]]):
        wrong.append(("code", Words(f"không có mã này; chọn: {', '.join(valid)}", f"no such code; choose: {', '.join(valid)}")))
    if not (cells["year"].isdigit() and YEARS[0] <= int(cells["year"]) <= YEARS[1]):
        wrong.append(("year", Words("phải là năm bốn chữ số", "must be a year of four digits")))
    if not cells["line"]:
        wrong.append(("line", Words("không được để trống", "must not be empty")))
    if cells[FUNDS] not in FUND_NAMES:
        wrong.append((FUNDS, Words("phải là department, own hoặc để trống", "must be department, own or empty")))
    clean: dict[str, Any] = dict(cells)
    for column in MONEY:
        clean[column], fault = _amount(cells[column], isinstance(row.get(column), str))
        wrong += [(column, fault)] if fault else []
    return clean, wrong


def _text(cell: Any) -> str:
    """Return a cell as text: a missing one is empty, a whole number has no decimals."""
    import pandas as pd

    if pd.isna(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _amount(cell: str, written: bool) -> tuple[float, Words | None]:
    """Return an amount of money, NaN for an empty cell, or what is wrong with it; `written` tells a text from a number."""
    if cell == "":
        return math.nan, None
    if written and _THOUSANDS.fullmatch(cell):
        return math.nan, Words(
            "có thể hiểu là hàng nghìn hoặc số thập phân; viết không có dấu phân cách hàng nghìn, một hoặc hai chữ số thập phân",
            "could be thousands or decimals; write it without a thousands mark and with one or two decimals",
        )
    if written and not _PLAIN.fullmatch(cell):
        return math.nan, Words(
            "phải là số triệu đồng không âm, dấu chấm thập phân (262.9)", "must be million VND, not negative, decimal point (262.9)"
        )
    amount = float(cell)
    if not math.isfinite(amount) or amount < 0:
        return math.nan, Words("phải hữu hạn và không âm", "must be finite and not negative")
    return amount, None
