"""A cell becomes a count only in one of the accepted forms."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from evaluation.contracts import STATES
from evaluation.intake.numbers import Count, NotACount, NotWhole, Separators, read_count, written


@pytest.mark.parametrize(
    ("content", "value", "sign"),
    [
        (0, 0, ""),
        (7, 7, ""),
        (3.0, 3, ""),
        (10**9, 1e9, ""),
        ("0", 0, ""),
        ("42", 42, ""),
        ("  42 ", 42, ""),
        ("1.234", 1234, "."),
        ("1,234", 1234, ","),
        ("1 234", 1234, " "),
        ("1\u00a0234", 1234, " "),
        ("1\u202f234", 1234, " "),
        ("1.234.567", 1_234_567, "."),
        ("１２３", 123, ""),
        ("không phát sinh", 0, ""),
        ("Không  phát sinh", 0, ""),
        ("KHÔNG PHÁT SINH", 0, ""),
        ("khong phat sinh", 0, ""),
        ("kho\u0302ng pha\u0301t sinh", 0, ""),
        ("không có", 0, ""),
    ],
)
def test_accepted_counts(content: object, value: float, sign: str) -> None:
    assert read_count(content) == Count("reported", value, sign)


@pytest.mark.parametrize("content", [None, "", "   ", "\u00a0", "\n\t"])
def test_blank_is_not_reported_and_never_zero(content: object) -> None:
    count = read_count(content)
    assert count.state == "not_reported"
    assert math.isnan(count.value)


@pytest.mark.parametrize("content", ["không áp dụng", "Không Áp Dụng", "khong ap dung", "N/A"])
def test_not_applicable_carries_no_number(content: str) -> None:
    count = read_count(content)
    assert count.state == "not_applicable"
    assert math.isnan(count.value)


@pytest.mark.parametrize(
    "content",
    [
        "-",
        "<5",
        ">10",
        "~100",
        "khoảng 20",
        "1.234,567",
        "1.23.456",
        "1 234.567",
        "12²",
        "½",
        "١٢٣",
        "१२",
        "Ⅳ",
        "1e3",
        "0x10",
        "5 người",
        "12a",
        "#REF!",
        "=1+1",
        "+5",
        "1_000",
        "không",
        "1,2345,678",
        "99999999999",
        True,
        False,
        dt.date(2018, 12, 14),
        dt.datetime(2018, 12, 14),
        dt.time(1),
        math.inf,
        -math.inf,
        math.nan,
        1e10,
        [3],
        b"3",
    ],
)
def test_refused_contents(content: object) -> None:
    with pytest.raises(NotACount) as refused:
        read_count(content)
    assert not isinstance(refused.value, NotWhole)


@pytest.mark.parametrize("content", ["không công bố", "Không được công bố", "khong cong bo", "BẢO MẬT", "withheld", "[REDACTED]"])
def test_withheld_at_source_is_a_state_of_its_own(content: str) -> None:
    count = read_count(content)
    assert count.state == "withheld"
    assert math.isnan(count.value)


# What pandas makes a number or a missing value of in silence, and what else offices type; each has its finding.
FORMS = {
    "IN-101": ["-", "x", "?", "<5", "khoảng 5", "١٢٣", True, "NA", "null", "1.234.56", "ba"],
    "IN-102": [-3, "-3", "1,5", 0.33333, "12.5"],
    "IN-120": ["45%", "45 %", "12,5%", "100%"],
    "IN-121": ["145%", "-3%"],
    "IN-122": [dt.datetime(2018, 2, 1), dt.date(2018, 2, 1), "1/2", "01/02/2018", "2018-02-01"],
    "IN-123": [1.234, 12.5, 0.5],
    "IN-125": ["#REF!", "#DIV/0!", "#N/A", "Err:502"],
}


@pytest.mark.parametrize(("code", "content"), [(code, c) for code, contents in FORMS.items() for c in contents])
def test_each_kind_of_refused_cell_has_its_code(code: str, content: object) -> None:
    with pytest.raises(NotACount) as refused:
        read_count(content)
    assert refused.value.code == code


@pytest.mark.parametrize(("content", "code"), [(0.45, "IN-120"), (1, "IN-120"), (0, "IN-120"), (1.2, "IN-121"), (-0.1, "IN-121")])
def test_a_number_shown_as_a_percentage_is_none(content: float, code: str) -> None:
    with pytest.raises(NotACount) as refused:
        read_count(content, percent=True)
    assert refused.value.code == code


@pytest.mark.parametrize("state", STATES)
def test_what_is_written_is_read_as_it_was(state: str) -> None:
    value = 1234.0 if state == "reported" else math.nan
    count = read_count(written(value, state))
    assert count.state == ("not_reported" if state == "not_collected" else state)
    assert count.value == value or (math.isnan(count.value) and math.isnan(value))


def test_no_other_state_is_written() -> None:
    with pytest.raises(ValueError, match="no such state"):
        written(1, "missing")


@pytest.mark.parametrize(
    ("signs", "sign", "against"),
    [
        ([], "", []),
        (["", ""], "", []),
        ([".", ".", ""], ".", []),
        ([".", ".", ","], ".", [","]),
        ([" ", ",", ","], ",", [" "]),
        ([".", ","], "", [".", ","]),
    ],
)
def test_one_file_one_sign(signs: list[str], sign: str, against: list[str]) -> None:
    found = Separators.of(signs)
    assert found.sign == sign
    assert sorted(s for s in set(signs) if found.against(s)) == sorted(against)
    assert all(found.other(s) in set(signs) - {s} for s in against)


@pytest.mark.parametrize("content", [-1, -0.5, 2.5, "1.23", "1,5", "0.500", "-3", "\u22123", "-1.5", "12.3456", "1.2345"])
def test_negative_and_broken_numbers_are_not_whole(content: object) -> None:
    with pytest.raises(NotWhole):
        read_count(content)
