"""The values in force for other tools: one Parquet file a period, and a page on what each column means."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from evaluation.language import Words
from evaluation.settings import private
from evaluation.store.connection import READER_WAITS
from evaluation.store.disk import sync_folder, told, write_whole
from evaluation.store.evidence import STANDING, VALUES
from evaluation.store.schema import synthetic
from evaluation.store.session import reading
from evaluation.store.upkeep import refuse_outputs

PAGE = "SCHEMA.md"
COLUMNS = {
    "district_code": ("VARCHAR", Words("Mã quận, huyện, 3 chữ số", "District code, 3 digits")),
    "unit_code": (
        "VARCHAR",
        Words("Mã phường, xã, thị trấn (5 chữ số), quận, huyện (3 chữ số)", "Code of the ward (5 digits) or district (3 digits)"),
    ),
    "period": ("VARCHAR", Words("Quý báo cáo, ví dụ 2018-Q4", "Quarter of the report, e.g. 2018-Q4")),
    "element": ("VARCHAR", Words("Số đếm của biểu mẫu: data/codebook/elements.csv", "Count of the form: data/codebook/elements.csv")),
    "value": (
        "DOUBLE",
        Words("Giá trị; chỉ có khi state là reported, kể cả 0", "Value; there only where state is reported, zero included"),
    ),
    "state": (
        "VARCHAR",
        Words(
            "reported (đã báo cáo), not_reported (để trống, hoặc bị loại theo quyết định), not_applicable (không áp dụng), "
            "not_collected (biểu mẫu cũ không hỏi), withheld (đơn vị không công bố)",
            "reported, not_reported (blank, or taken out by a decision), not_applicable, not_collected (an older form did not ask), "
            "withheld (at source)",
        ),
    ),
    "submission": ("VARCHAR", Words("Mã báo cáo mà giá trị lấy từ đó", "Id of the submission that it comes from")),
    "received": ("DATE", Words("Ngày nhận báo cáo", "Day on which the submission came")),
    "form_version": ("INTEGER", Words("Phiên bản biểu mẫu", "Version of the form")),
    "sheet": ("VARCHAR", Words("Trang tính", "Sheet")),
    "cell": ("VARCHAR", Words("Ô, ví dụ C6", "Cell, e.g. C6")),
}


def export(path: Path, folder: Path, as_of: dt.date | None = None, *, wait: float = READER_WAITS) -> list[Path]:
    """Write the values in force as Parquet, one file a period, and ``SCHEMA.md``.

    Parameters
    ----------
    path : Path
        The store.
    folder : Path
        Made for its owner's eyes only where there is none. Files of an
        earlier export are replaced, others are left alone.
    as_of : date, optional
        Everything received so far where left out.

    Returns
    -------
    list of Path
        What was written, the page on the columns last.

    Raises
    ------
    StoreError
        If the folder lies in ``outputs/``, or the store cannot be read or the
        files not be written.
    """
    refuse_outputs(folder)
    if not folder.exists():
        private(folder)
    written = []
    slots = {"as_of": as_of or dt.date.max}
    try:
        with reading(path, wait) as connection:
            made_up = synthetic(connection)
            periods = connection.execute(STANDING + "select distinct period from ranked order by period", slots).fetchall()
            for (period,) in periods:
                part = folder / f".{period}.{os.getpid()}.part"
                before = os.umask(0o077)  # the database makes the file itself
                try:
                    name = str(part).replace("'", "''")
                    query = STANDING + f"select {VALUES} from in_force where period = $period order by unit_code, element"
                    connection.execute(f"copy ({query}) to '{name}' (format parquet)", {**slots, "period": period})
                    part.replace(folder / f"{period}.parquet")
                finally:
                    os.umask(before)
                    part.unlink(missing_ok=True)
                written.append(folder / f"{period}.parquet")
        page = folder / PAGE
        write_whole(page, _page(as_of, made_up).encode())
        sync_folder(folder)
    except OSError as error:
        raise told(path, error) from None
    return [*written, page]


def _page(as_of: dt.date | None, made_up: bool) -> str:
    kind = Words("SỐ LIỆU GIẢ LẬP", "SYNTHETIC DATA") if made_up else Words("Số liệu thật", "Real data")
    until = Words(f"{as_of:%d/%m/%Y}", as_of.isoformat()) if as_of else Words("tất cả đã nhận", "everything received so far")
    lines = [
        f"# {kind.vi} / {kind.en}",
        "",
        f"Giá trị đang có hiệu lực, mỗi quý một tệp Parquet; chốt đến: {until.vi}. Dùng nội bộ: số liệu nhỏ theo phường, xã, thị trấn "
        "chưa qua kiểm tra công bố.",
        "",
        f"Values in force, one Parquet file a quarter; as of: {until.en}. For use inside the office: small ward counts that have not "
        "passed the disclosure gate.",
        "",
        "| cột / column | kiểu / type | ý nghĩa | meaning |",
        "|---|---|---|---|",
        *(f"| `{name}` | {kind_of} | {said.vi} | {said.en} |" for name, (kind_of, said) in COLUMNS.items()),
        "",
    ]
    return "\n".join(lines)
