"""A heading stands for a count in any known wording, for nothing where a word more makes it another count."""

from __future__ import annotations

import unicodedata

import pytest

from evaluation.indicators import elements
from evaluation.intake.book import folded, plain
from evaluation.intake.headings import column_numbers, meaning, near, role


@pytest.mark.parametrize("name", list(elements()))
def test_both_labels_and_the_id_are_known(name: str) -> None:
    label = elements()[name].label
    for text in (name, label.vi, label.en, label.vi.upper(), f"{label.vi}\n{label.en}", f"{label.en} / {label.vi}"):
        assert meaning(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("(1) SO NGUOI DUOC  TIEP CAN (người)", "outreach_reached"),
        ("1. Số người được tiếp cận\n(người)", "outreach_reached"),
        ("a) Số người được tiếp cận:", "outreach_reached"),
        ("Tổng số người được tiếp cận", "outreach_reached"),
        ("Số lượng người được tiếp cận", "outreach_reached"),
        ("12 Số bao cao su cấp phát", "condoms_distributed"),
        ("Number of people reached by outreach", "outreach_reached"),
        ("I. Số cơ sở ký cam kết - ĐVT: cơ sở", "pledges_signed"),
        ("Có quy trình chuyển gửi bảo vệ trẻ em (1: có, 0: không)", "child_referral_route"),
        ("Số BCS cấp phát", "condoms_distributed"),
        ("Số người được tiếp cận (nữ)", ""),
        ("Số người được tiếp cận dưới 18 tuổi", ""),
        ("Tỷ lệ người được tiếp cận", ""),
        ("Số người", ""),
        ("", ""),
    ],
)
def test_wordings(text: str, name: str) -> None:
    assert meaning(text) == name
    assert meaning(unicodedata.normalize("NFD", text)) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Số người còn việc làm sau 6 thág", ("jobs_kept_6m",)),
        ("Số cơ sở ký cam kếtt", ("pledges_signed",)),
        ("Số người dương tinhh được điều trị", ("sti_treated",)),
        ("Số người được tiếp cận nữ", ()),
        ("Số người còn việc làm sau 9 tháng", ()),
        ("People with a positive result who were tested", ()),
        ("Số người được vay tiền", ()),
        ("Thuyết minh chi tiết về kết quả thực hiện", ()),
    ],
)
def test_slips_of_the_keyboard(text: str, names: tuple[str, ...]) -> None:
    assert near(text) == names


def test_no_label_is_near_another() -> None:
    for e in elements().values():
        for text in (e.label.vi, e.label.en):
            assert set(near(text)) <= {e.id}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("STT", "order"),
        ("Số TT", "order"),
        ("Mã", "code"),
        ("Mã phường, xã, thị trấn", "code"),
        ("Phường, xã, thị trấn", "name"),
        ("TÊN PHƯỜNG", "name"),
        ("Tổng cộng", "total"),
        ("người", "unit"),
        ("(3)", "unit"),
        ("Ghi chú", ""),
    ],
)
def test_what_else_a_heading_says(text: str, what: str) -> None:
    assert role(text) == what


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1", "2", "3"], True),
        (["(1)", "", "(2)", "(3)=(1)+(2)"], True),
        (["3", "4", "5"], True),
        (["12", "14", "15"], False),
        (["1", "x"], False),
        (["1"], False),
        (["1", "2"], False),
        (["100", "101", "102"], False),
    ],
)
def test_rows_that_number_the_columns(texts: list[str], numbers: bool) -> None:
    assert column_numbers(texts) is numbers


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        (760, "760"),
        (26734.0, "26734"),
        (1.5, "1.5"),
        (" 760\n", "760"),
        (unicodedata.normalize("NFD", "Bìa"), "Bìa"),
        (True, "True"),
    ],
)
def test_codes_and_labels_as_text(content: object, text: str) -> None:
    assert plain(content) == text


def test_text_to_compare_by() -> None:
    assert folded("  Đơn-vị:\nQUẬN 3 ") == "don vi quan 3"
