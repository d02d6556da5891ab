"""How numbers, dates and lists are written, and the order of the Vietnamese alphabet."""

from __future__ import annotations

import datetime as dt
import random
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.language import (
    LANGUAGES,
    UnknownMessage,
    alphabetical,
    catalogue,
    day,
    listed,
    number,
    number_span,
    percent,
    points,
    say,
    sentence,
    significant,
    span,
    uncapitalised,
    words,
)

languages = st.sampled_from(LANGUAGES)
counts = st.integers(-(10**12), 10**12)
decimals = st.floats(-1e9, 1e9).map(lambda x: float(f"{x:.12g}"))
small_digits = st.integers(0, 3)


def read_back(text: str, language: str) -> Decimal:
    """Read a written number by the rule of its language, independently of the writer."""
    thousands, comma = (".", ",") if language == "vi" else (",", ".")
    return Decimal(text.replace(thousands, "").replace(comma, ".").replace("\N{MINUS SIGN}", "-"))


@pytest.mark.parametrize(
    ("x", "digits", "vi", "en"),
    [
        (1234567.891, 3, "1.234.567,891", "1,234,567.891"),
        (1234, 0, "1.234", "1,234"),
        (0, 0, "0", "0"),
        (0.5, 1, "0,5", "0.5"),
        (-0.4, 1, "−0,4", "−0.4"),
        (-0.04, 1, "0,0", "0.0"),
        (1000, 2, "1.000,00", "1,000.00"),
        (999999.96, 1, "1.000.000,0", "1,000,000.0"),
    ],
)
def test_numbers(x: float, digits: int, vi: str, en: str) -> None:
    assert (number(x, "vi", digits), number(x, "en", digits)) == (vi, en)


@given(counts, languages)
def test_counts_are_read_back_exactly(n: int, language: str) -> None:
    assert read_back(number(n, language), language) == n


@given(decimals, small_digits, languages)
def test_numbers_are_read_back_to_their_last_digit(x: float, digits: int, language: str) -> None:
    text = number(x, language, digits)
    assert read_back(text, language) == Decimal(repr(x)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@given(decimals, small_digits)
def test_both_languages_write_the_same_number(x: float, digits: int) -> None:
    swapped = number(x, "en", digits).translate(str.maketrans(",.", ".,"))
    assert number(x, "vi", digits) == swapped


@given(decimals, small_digits, languages)
def test_no_hyphen_and_no_negative_zero(x: float, digits: int, language: str) -> None:
    text = number(x, language, digits)
    assert "-" not in text
    assert read_back(text, language) < 0 or not text.startswith("\N{MINUS SIGN}")


@given(st.integers(0, 400), st.integers(1, 400), languages)
def test_a_share_of_counts_is_rounded_as_on_paper(part: int, extra: int, language: str) -> None:
    whole = part + extra
    exact = Fraction(1000 * part, whole)
    tenths = int(exact + Fraction(1, 2))  # halves up
    assert read_back(percent(part / whole, language).removesuffix("%"), language) == Decimal(tenths) / 10


@pytest.mark.parametrize(
    ("share", "digits", "vi"), [(1 / 16, 1, "6,3%"), (23 / 40, 0, "58%"), (0.126, 1, "12,6%"), (1, 0, "100%"), (0, 1, "0,0%")]
)
def test_percentages_have_no_space_before_the_sign(share: float, digits: int, vi: str) -> None:
    assert percent(share, "vi", digits) == vi


def test_a_difference_of_percentages_is_in_points() -> None:
    assert points(-0.014, "vi") == "−1,4 điểm phần trăm"
    assert points(0.021, "en") == "2.1 percentage points"


def test_an_interval() -> None:
    assert span(number(-0.4, "vi", 1), number(4.6, "vi", 1), "vi") == "từ −0,4 đến 4,6"
    assert span("1.2", "3.4", "en") == "1.2 to 3.4"
    assert number_span(-0.4, 4.6, "vi", 1) == "từ −0,4 đến 4,6"


@pytest.mark.parametrize("write", [number, percent, points])
@pytest.mark.parametrize("x", [float("nan"), float("inf"), -float("inf"), None])
def test_a_missing_number_has_no_writing(write: object, x: float) -> None:
    with pytest.raises(ValueError, match="missing number"):
        write(x, "vi")  # type: ignore[operator]


def test_dates() -> None:
    assert day(dt.date(2018, 12, 5), "vi") == "05/12/2018"
    assert day(dt.date(2018, 12, 5), "en") == "5 December 2018"


def test_lists_and_sentences() -> None:
    assert [listed(x, "vi") for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a và b", "a, b và c"]
    assert listed(["a", "b", "c"], "en") == "a, b and c"
    assert (sentence("đạt"), sentence("")) == ("Đạt", "")
    assert [uncapitalised(t) for t in ("Đạt", "HIV", "")] == ["đạt", "HIV", ""]


def test_the_catalogues_have_the_same_messages_in_nfc() -> None:
    vi, en = catalogue("vi"), catalogue("en")
    assert set(vi) == set(en)
    assert len(vi) > 0
    assert all(text and unicodedata.is_normalized("NFC", text) for text in [*vi.values(), *en.values()])


def test_an_unknown_message_is_named() -> None:
    with pytest.raises(UnknownMessage, match=r"no\.such\.message"):
        say("no.such.message", "vi")


def test_words_take_each_slot_in_its_language() -> None:
    low, high = "1", words("number.span", low="2", high="3")
    assert words("number.span", low=low, high=high).vi == "từ 1 đến từ 2 đến 3"
    assert words("number.span", low=low, high=high).en == "1 to 2 to 3"


# The order of CLDR's collation for Vietnamese.
ALPHABET = list("aăâbcdđeêghiklmnoôơpqrstuưvxy")
TONES = ["ma", "mà", "mả", "mã", "má", "mạ", "mă", "mằ", "mẳ", "mẵ", "mắ", "mặ", "mâ", "mầ", "mẩ", "mẫ", "mấ", "mậ"]
SYLLABLES = st.lists(
    st.sampled_from([*TONES, "bình", "Bình", "đông", "dong", "Đông", "ở", "ơ", "ưng", "1", "2", "10", "07"]), min_size=1, max_size=4
)


@pytest.mark.parametrize("right", [ALPHABET, TONES, ["Quận 1", "Quận 2", "Quận 10", "Quận 12"]], ids=["alphabet", "tones", "numbers"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_order_of_the_alphabet(right: list[str], form: str) -> None:
    shuffled = [unicodedata.normalize(form, w) for w in right]
    random.Random(2234).shuffle(shuffled)
    assert [unicodedata.normalize("NFC", w) for w in sorted(shuffled, key=alphabetical)] == right


def test_letters_come_before_tones() -> None:
    right = ["ma mạ", "mạ ma", "ma me", "mà me", "mắt", "mặt", "mất"]
    assert sorted(set(right), key=alphabetical) == right


def test_the_districts_with_names_stand_as_in_the_official_order() -> None:
    official = ["Bình Tân", "Bình Thạnh", "Gò Vấp", "Phú Nhuận", "Tân Bình", "Tân Phú", "Thủ Đức"]
    assert sorted(set(official), key=alphabetical) == official


def test_a_shorter_name_comes_first() -> None:
    assert sorted(["An Lạc A", "Ân", "An Lợi Đông", "An Lạc", "An Khánh"], key=alphabetical) == [
        "An Khánh",
        "An Lạc",
        "An Lạc A",
        "An Lợi Đông",
        "Ân",
    ]


@given(SYLLABLES.map(" ".join))
def test_the_order_does_not_see_composition_or_case(text: str) -> None:
    key = alphabetical(text)
    assert alphabetical(unicodedata.normalize("NFD", text)) == key
    assert alphabetical(text.upper()) == key


@given(st.text(max_size=8), st.text(max_size=8))
def test_any_two_texts_can_be_put_in_order(a: str, b: str) -> None:
    assert (alphabetical(a) <= alphabetical(b)) or (alphabetical(b) <= alphabetical(a))


@given(st.text(alphabet="a5² \u0301\u0302\u0323①٣ễ", max_size=8))
def test_odd_digits_and_stray_marks_do_no_harm(text: str) -> None:
    assert alphabetical(text) == alphabetical(unicodedata.normalize("NFD", text))


def test_a_mark_on_a_number_says_nothing() -> None:
    assert alphabetical("9999999999\u0302") == alphabetical("9999999999")
    assert alphabetical("m \u0302") == alphabetical("m ")


@pytest.mark.parametrize(
    ("x", "written"),
    [
        (1234.5, "1,235"),
        (123.4, "123"),
        (12.34, "12.3"),
        (5.4321, "5.43"),
        (5.4, "5.4"),
        (12.0, "12"),
        (0.00192345, "0.00192"),
        (-0.5604, "\N{MINUS SIGN}0.560"),
        (9.999, "10.00"),
        (0.1 + 0.2, "0.3"),
        (1.5e-7, "1.50 × 10⁻⁷"),
        (-2.5e16, "\N{MINUS SIGN}2.50 × 10¹⁶"),
        (0.0, "0"),
    ],
)
def test_a_number_is_written_by_its_size(x: float, written: str) -> None:
    assert significant(x, "en") == written
    assert significant(x, "vi") == written.translate(str.maketrans(",.", ".,"))


@given(st.floats(1e-300, 1e300), languages)
def test_nothing_but_zero_is_written_as_zero(x: float, language: str) -> None:
    assert any(c in "123456789" for c in significant(x, language).partition("×")[0])


def test_an_error_of_arithmetic_beside_larger_numbers_is_zero() -> None:
    assert significant(1.1e-16, "en", beside=3.0) == "0"


def test_the_largest_number_of_a_computer_is_written() -> None:
    assert len(number(1e30, "en")) == 41
    assert len(number(1e308, "vi", 2).replace(".", "")) == 309 + 3
