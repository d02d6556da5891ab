"""What is wrong with a file: findings with a stable code, a place and a way out."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.language import Words

ERROR, WARNING, NOTE = "error", "warning", "note"


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
    """

    code: str
    severity: str
    file: str
    sheet: str
    cell: str
    message: Words

    def line(self, language: str) -> str:
        """Return the finding as one line: code, place, message."""
        place = "!".join(p for p in (self.sheet, self.cell) if p)
        return f"{self.code} {self.file}{' ' + place if place else ''}: {self.message[language]}"


RULES: dict[str, tuple[str, Words]] = {
    "IN-001": (
        ERROR,
        Words(
            "không mở được tệp Excel ({why}). Hãy mở lại bằng Excel hoặc LibreOffice, lưu dạng .xlsx và gửi lại.",
            "the workbook cannot be opened ({why}). Open it in Excel or LibreOffice, save it as .xlsx and send it again.",
        ),
    ),
    "IN-002": (
        ERROR,
        Words(
            "thiếu trang {title}. Hãy dùng biểu mẫu gốc, không xóa trang tính nào.",
            "sheet {title} is missing. Use the original form and delete no sheet.",
        ),
    ),
    "IN-003": (
        ERROR,
        Words(
            "trang bìa, mục {field}: {why}. Hãy ghi như biểu mẫu gốc, ví dụ {example}.",
            "cover, {field}: {why}. Write it as in the original form, for example {example}.",
        ),
    ),
    "IN-004": (
        ERROR,
        Words(
            "không tìm thấy dòng tiêu đề nhận ra được. Hãy giữ nguyên các dòng tiêu đề của biểu mẫu.",
            "no heading row is recognised. Keep the form's heading rows as they are.",
        ),
    ),
    "IN-101": (
        ERROR,
        Words(
            "ô {label} không phải là số đếm. Hãy ghi số nguyên, 'không phát sinh' (là 0), 'không áp dụng', "
            ""
            "hoặc để trống nếu chưa có số liệu.",
            "{label} is not a count. Write a whole number, 'không phát sinh' (zero), 'không áp dụng' (not applicable), "
            "or leave it blank if not reported.",
        ),
    ),
    "IN-102": (
        ERROR,
        Words(
            "ô {label} là số âm hoặc số lẻ. Số đếm phải là số nguyên không âm.",
            "{label} is negative or not whole. A count is a whole number.",
        ),
    ),
    "IN-103": (
        ERROR,
        Words(
            "ô {label} là công thức chưa có kết quả. Hãy mở bằng Excel, tính lại và lưu, hoặc ghi thẳng con số.",
            "{label} is a formula without a stored result. Open it in Excel, recalculate and save, or write the number itself.",
        ),
    ),
    "IN-104": (
        ERROR,
        Words(
            "mã phường, xã, thị trấn ở dòng này không thuộc {district}. Hãy giữ nguyên cột mã của biểu mẫu.",
            "the ward code in this row is not in {district}. Keep the form's code column.",
        ),
    ),
    "IN-105": (
        ERROR,
        Words("có hai dòng cho cùng một phường, xã, thị trấn. Hãy gộp lại.", "two rows stand for the same ward. Merge them."),
    ),
    "IN-106": (
        ERROR,
        Words(
            "có hai cột cho cùng một chỉ tiêu: {label}. Hãy giữ một cột.",
            "two columns stand for the same count: {label}. Keep one.",
        ),
    ),
    "IN-107": (
        ERROR,
        Words(
            "dòng có số liệu nhưng không có mã phường, xã, thị trấn. Hãy ghi lại mã như biểu mẫu gốc hoặc xóa dòng.",
            "the row holds counts but no ward code. Restore the code of the original form or delete the row.",
        ),
    ),
    "IN-201": (
        WARNING,
        Words(
            "{label}: {numerator} lớn hơn {denominator}; phần không thể lớn hơn tổng. Hãy kiểm tra cả hai ô.",
            "{label}: {numerator} is above {denominator}; a part cannot exceed its whole. Check both cells.",
        ),
    ),
    "IN-202": (
        WARNING,
        Words(
            "không có dòng của {ward}: được coi là chưa báo cáo, không phải bằng 0.",
            "there is no row for {ward}: taken as not reported, never as zero.",
        ),
    ),
    "IN-203": (
        WARNING,
        Words(
            "thiếu cột {label}: được coi là chưa báo cáo, không phải bằng 0.",
            "the column {label} is missing: taken as not reported, never as zero.",
        ),
    ),
    "IN-301": (
        NOTE,
        Words(
            "số ghi dạng chữ với dấu phân cách hàng nghìn; đã đọc là {read}.",
            "a number typed as text with thousand separators; read as {read}.",
        ),
    ),
}


def finding(code: str, file: str, sheet: str = "", cell: str = "", **slots: str) -> Finding:
    """Return a finding by its code, its message filled.

    Slots with a Vietnamese and an English form are given as ``name_vi`` and
    ``name_en``; others serve both.
    """
    severity, message = RULES[code]

    def fill(language: str) -> str:
        own = {k.removesuffix(f"_{language}"): v for k, v in slots.items()}
        return message[language].format(**own)

    return Finding(code, severity, file, sheet, cell, Words(fill("vi"), fill("en")))
