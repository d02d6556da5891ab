"""A text table becomes cells whatever it was written in, and says how it was read."""

from __future__ import annotations

import csv
import io
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.intake.book import MOST_COLUMNS, MOST_ROWS, MOST_TEXT, Book, Text
from evaluation.intake.delimited import book
from evaluation.intake.refusal import Refused

TABLE = [
    ("Mã", "Phường", "Số lượt khám, tư vấn", "Ghi chú"),
    ("26734", "Bến Nghé", "1,234", "không áp dụng"),
    ("26737", "Tân Định", None, 'Đã kiểm; "ngày\nhai"'),
    ("26740", "Đa Kao", "0", "ỹ ộ ằ ữ ẩ ợ"),
]
TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


def written(rows: list[tuple[str | None, ...]], separator: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue()


def windows_1258(text: str) -> bytes:
    """Write as Vietnamese Windows does: the letter with its own mark, then the tone."""
    out = b""
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(c for c in parts if c not in TONES))
        out += (base + "".join(c for c in parts if c in TONES)).encode("cp1258")
    return out


def refusal(body: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        book(body)
    return refused.value


ENCODED = {
    "utf-8": lambda text: text.encode(),
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-16-le": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "utf-16-be": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "windows-1258": windows_1258,
}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ENCODED)
def test_a_vietnamese_table_comes_back(encoding: str, separator: str) -> None:
    read = book(ENCODED[encoding](written(TABLE, separator)))
    assert [s.title for s in read.sheets] == [""]
    assert read.sheets[0].rows == TABLE
    assert (read.written_as, read.encoding, read.separator) == ("csv", encoding, separator)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(encoding: str) -> None:
    read = book(written(TABLE, ";").encode(encoding))
    assert (read.sheets[0].rows, read.encoding) == (TABLE, encoding)


def test_decomposed_text_is_composed() -> None:
    read = book(unicodedata.normalize("NFD", written(TABLE, ";")).encode())
    assert read.sheets[0].rows == TABLE


def test_western_windows_text_is_the_last_guess() -> None:
    read = book("Mã;Quận;Số\n1;Châu Ð\x96;5\n".encode("cp1252", errors="ignore") + "2;Òn;6\n".encode("cp1252"))
    assert (read.encoding, read.sheets[0].at(2, 1)) == ("windows-1252", "Òn")


@pytest.mark.parametrize(
    "body",
    [b"\x81\x8d\xff;\x9d", b"\x00\x01\x02\x03\xff\xfe\xfd", bytes(range(256)), b"\xff\xfe\x00\xd8;\x00", b"\xef\xbb\xbf\xff;1"],
)
def test_what_is_no_text_is_refused(body: bytes) -> None:
    assert refusal(body).code == "IN-001"


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf", b"\n\n  \n", b"\x00\x00\x00"])
def test_an_empty_file_is_said_to_be_empty(body: bytes) -> None:
    refused = refusal(body)
    assert (refused.code, refused.slots["why_vi"]) == ("IN-001", "tệp trống")


def test_the_separator_is_the_one_that_stands_in_every_row() -> None:
    # A comma stands in every number and name; the table's own separator gives the same width everywhere.
    rows = [("Mã", "Phường, xã", "Nam", "Nữ"), *((f"267{n}", f"Tên {n}, quận", f"1,{n:03}", f"2,{n:03}") for n in range(10, 30))]
    assert book("\n".join(";".join(r) for r in rows).encode()).separator == ";"
    assert book("\n".join("\t".join(r) for r in rows).encode()).separator == "\t"


def test_title_lines_above_the_table_do_not_mislead() -> None:
    text = "BÁO CÁO QUÝ, NĂM 2018\n\nQuận 1, TP\n" + written(TABLE, ";")
    read = book(text.encode())
    assert read.separator == ";"
    assert read.sheets[0].rows == [("BÁO CÁO QUÝ, NĂM 2018",), (), ("Quận 1, TP",), *TABLE]


@pytest.mark.parametrize("line", ["sep=|\r\n", "SEP=|\n", '"sep=|"\n'])
def test_the_first_line_of_excel_is_honoured_and_is_no_row(line: str) -> None:
    read = book((line + "a,1|b,2\nc,3|d,4").encode())
    assert (read.separator, read.sheets[0].rows) == ("|", [("a,1", "b,2"), ("c,3", "d,4")])
    assert Text("cell", "", "B1", "b,2") in read.texts


def test_ragged_rows_and_numbers_as_text() -> None:
    read = book(b"a;b;c\n1\n;2;\n\n1;2;3;4\n\n\n")
    assert read.sheets[0].rows == [("a", "b", "c"), ("1",), (None, "2"), (), ("1", "2", "3", "4")]
    assert set(read.texts) >= {Text("cell", "", "B3", "2"), Text("cell", "", "D5", "4")}


def test_zero_characters_do_not_hide_a_number() -> None:
    read = book(b"a;b\n09\x0003;2\n")
    assert Text("cell", "", "A2", "0903") in read.texts


def test_an_open_quotation_mark_does_not_swallow_the_rows_below() -> None:
    refused = refusal(b'a;b\n1;"2\n3;4\n5;6\n')
    assert (refused.code, "ngoặc kép" in refused.slots["why_vi"]) == ("IN-001", True)
    assert refusal(b'a;b\n1;"2\n' + b"3;4\n" * 60_000).code == "IN-001"
    assert book(b'a;b\n5";"6"" "\n').sheets[0].rows == [("a", "b"), ('5"', '6" ')]


@pytest.mark.slow
def test_limits() -> None:
    assert len(book(b"1;2\n" * MOST_ROWS).sheets[0].rows) == MOST_ROWS
    assert refusal(b"1;2\n" * (MOST_ROWS + 1)).code == "IN-021"
    assert len(book(b"1;2\n" + b";\n" * 2 * MOST_ROWS).sheets[0].rows) == 1
    assert refusal(b"1;2\n" + b"\n" * 2 * MOST_ROWS + b"1;2\n").code == "IN-021"
    assert len(book(b";".join([b"1"] * MOST_COLUMNS)).sheets[0].rows[0]) == MOST_COLUMNS
    assert refusal(b";".join([b"1"] * (MOST_COLUMNS + 1))).code == "IN-021"
    assert book(b"a;" + b"b" * MOST_TEXT).sheets[0].rows[0][1] == "b" * MOST_TEXT
    assert refusal(b"a;" + b"b" * (MOST_TEXT + 1)).code == "IN-014"
    assert refusal(b"a;" + b"b" * 500_000).code == "IN-014"


@pytest.mark.parametrize("body", [b"," * 1_000_001, b"\n" * 8_000_001, b'"";' * 400_000])
def test_what_only_costs_time_and_memory_is_refused(body: bytes) -> None:
    assert refusal(body).code == "IN-014"


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8).map(lambda t: unicodedata.normalize("NFC", t))
GRIDS = st.lists(st.lists(CELLS, min_size=2, max_size=5).map(tuple), min_size=1, max_size=6)


@given(GRIDS, st.sampled_from([",", ";", "\t"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le"]))
def test_small_tables_come_back(grid: list[tuple[str, ...]], separator: str, encoding: str) -> None:
    body = ENCODED[encoding](f"sep={separator}\r\n" + written(list(grid), separator))
    expected = [tuple(c if c.strip() else None for c in row) for row in grid]
    if not any(any(row) for row in expected):
        assert refusal(body).code == "IN-001"
        return
    sheet = book(body).sheets[0]
    assert all(sheet.at(r, c) == cell for r, row in enumerate(expected) for c, cell in enumerate(row))
    assert sum(c is not None for row in sheet.rows for c in row) == sum(c is not None for row in expected for c in row)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(Refused):
        assert isinstance(book(body), Book)
