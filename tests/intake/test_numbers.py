"""A cell becomes a count only in one of the accepted forms."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from evaluation.intake.numbers import Count, NotACount, NotWhole, read_count


@pytest.mark.parametrize(
    ("content", "value", "as_text"),
    [
        (0, 0, False),
        (7, 7, False),
        (3.0, 3, False),
        (10**9, 1e9, False),
        ("0", 0, False),
        ("42", 42, False),
        ("  42 ", 42, False),
        ("1.234", 1234, True),
        ("1,234", 1234, True),
        ("1 234", 1234, True),
        ("1\u00a0234", 1234, True),
        ("1\u202f234", 1234, True),
        ("1.234.567", 1_234_567, True),
        ("１２３", 123, False),
        ("không phát sinh", 0, False),
        ("Không  phát sinh", 0, False),
        ("KHÔNG PHÁT SINH", 0, False),
        ("khong phat sinh", 0, False),
        ("kho\u0302ng pha\u0301t sinh", 0, False),
        ("không có", 0, False),
    ],
)
def test_accepted_counts(content: object, value: float, as_text: bool) -> None:
    assert read_count(content) == Count("reported", value, as_text)


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
    with pytest.raises(NotACount):
        read_count(content)


@pytest.mark.parametrize("content", [-1, -0.5, 2.5, "1.23", "1,5", "0.500", "-3", "\u22123", "-1.5", "12.3456", "1.2345"])
def test_negative_and_broken_numbers_are_not_whole(content: object) -> None:
    with pytest.raises(NotWhole):
        read_count(content)
