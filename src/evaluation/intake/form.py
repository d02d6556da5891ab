"""The district form: one workbook per district and quarter, its sheets and columns made from the codebook."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from evaluation.indicators import Element, elements
from evaluation.language import Words
from evaluation.periods import Period
from evaluation.places import districts, wards

CellValue = int | float | str | None

FORM_VERSIONS = (1, 2)
COVER = "Bìa"
GUIDE = "Hướng dẫn"
NARRATIVE = "Thuyết minh"
SHEETS = {
    "health": Words("Y tế", "Health"),
    "social": Words("Xã hội", "Social support"),
    "rights": Words("Quyền lao động", "Workers' rights"),
    "communication": Words("Truyền thông", "Communication"),
    "context": Words("Bối cảnh", "Context"),
    "district": Words("Cấp quận", "Whole district"),
}
TITLE_ROW, UNIT_ROW, VI_ROW, EN_ROW, MAP_ROW, FIRST_ROW = 1, 2, 3, 4, 5, 6
MAP_MARK = "ward_code"
TOTAL = "Tổng cộng"
ZERO_WORDS = "không phát sinh"
NOT_APPLICABLE_WORDS = "không áp dụng"
WITHHELD_WORDS = "không công bố"
COVER_FIELDS = {
    "district_code": "Mã quận, huyện",
    "district": "Quận, huyện",
    "period": "Kỳ báo cáo",
    "form_version": "Phiên bản biểu mẫu",
    "role": "Đơn vị, chức danh báo cáo (không ghi tên)",
    "window": "Số liệu tính từ ngày đến ngày",
    "due": "Hạn gửi",
    "note": "Ghi chú",
}


@dataclass(frozen=True)
class Cover:
    """The form's cover: who reports (by role), for where and when.

    Attributes
    ----------
    district_code : str
    period : Period
    form_version : int
    role : str
        Office and position, never a name.
    note : str
    """

    district_code: str
    period: Period
    form_version: int
    role: str = "Phòng Lao động - Thương binh và Xã hội"
    note: str = ""


def columns(sheet: str, version: int) -> list[Element]:
    """Return the elements of a subject sheet ("health" ... "district") in a form version, in order."""
    wanted = [e for e in elements().values() if e.form_since <= version]
    if sheet == "district":
        return [e for e in wanted if e.level == "district"]
    return [e for e in wanted if e.level == "ward" and e.sheet == sheet]


def units(sheet: str, district_code: str) -> dict[str, str]:
    """Return the rows of a subject sheet, code to Vietnamese name: the district's wards, or the district itself."""
    if sheet == "district":
        return {district_code: districts()[district_code].name.vi}
    return {code: w.name.vi for code, w in wards(district_code).items()}


def file_name(district_code: str, period: Period | str, revision: int = 1) -> str:
    """Return a workbook's file name in ASCII, such as ``Quan-1_760_2018-Q4.xlsx`` or ``..._lan-2.xlsx`` for a revision."""
    letters = unicodedata.normalize("NFD", districts()[district_code].name.vi.replace("Đ", "D").replace("đ", "d"))
    place = "".join(c for c in letters if not unicodedata.combining(c)).replace(" ", "-")
    return f"{place}_{district_code}_{period}{f'_lan-{revision}' if revision > 1 else ''}.xlsx"
