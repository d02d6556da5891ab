"""A district's own words: what could point at a small group does not leave."""

from __future__ import annotations

import pytest

from evaluation.disclosure.prose import releasable
from evaluation.example.files import NARRATIVES


@pytest.mark.parametrize(
    "sentence",
    [
        "Có 2 người bị bạo lực.",
        "Trong kỳ có hai phụ nữ xin hỗ trợ.",
        "Chỉ còn ba trường hợp chưa giải quyết.",
        "Một em được chuyển gửi.",
        "Năm người học nghề đã bỏ học.",
        "Vài chị không muốn đến trạm.",
        "Phường có người duy nhất được vay vốn.",
        "Two women were referred.",
        "A single case of violence was reported.",
        "Số điện thoại trạm y tế có ghi trên bảng số 115.",
    ],
)
def test_a_number_of_people_stays_inside(sentence: str) -> None:
    found = releasable(f"Cán bộ còn thiếu. {sentence}")
    assert found.sentences == ("Cán bộ còn thiếu.",)
    assert found.withheld == 1


@pytest.mark.parametrize(
    "sentence",
    [
        *NARRATIVES,
        "Một số phường kiêm nhiệm nhiều việc.",
        "Kinh phí năm nay cấp chậm.",
        "Đề nghị Sở hướng dẫn cách ghi biểu mẫu.",
        "Người lao động ngại đến tư vấn vì đổi ca.",
        "Staff change often.",
    ],
)
def test_difficulties_and_proposals_without_numbers_leave(sentence: str) -> None:
    found = releasable(sentence)
    assert " ".join(found.sentences) == sentence
    assert found.withheld == 0


def test_nothing_is_nothing() -> None:
    assert releasable(" \n ") == releasable("")
    assert releasable("").sentences == ()
