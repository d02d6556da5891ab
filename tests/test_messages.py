"""One catalogue, two languages: the same messages with the same slots, and nothing that the suite does not say."""

import re
import unicodedata

import pytest

from evaluation.language import LANGUAGES, UnknownMessage, catalogue, say, say_count

FORBIDDEN_VI = re.compile(r"gái mại dâm|gái bán dâm|gái gọi|\bcave\b|\bđĩ\b|\bđiếm\b|hoàn lương|sa ngã|lầm lỡ|kẻ mua", re.I)
FORBIDDEN_EN = re.compile(r"\bprostitut", re.I)


def slots(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_both_languages_have_the_same_messages_with_the_same_slots() -> None:
    vi, en = (catalogue(language) for language in LANGUAGES)
    assert vi.keys() == en.keys()
    assert len(vi) > 200
    # The form for one thing may leave its number out.
    differing = {k for k in vi if slots(vi[k]) != slots(en[k])}
    assert differing == set()


def test_nothing_is_left_untranslated() -> None:
    for key, text in catalogue("vi").items():
        assert text.strip(), key
        assert catalogue("en")[key].strip(), key
        if len(text) > 25 and " " in text:
            assert text != catalogue("en")[key], key


def test_words_are_neutral_and_composed() -> None:
    for key, text in catalogue("vi").items():
        assert unicodedata.is_normalized("NFC", text), key
        assert not FORBIDDEN_VI.search(text), key
    for key, text in catalogue("en").items():
        assert not FORBIDDEN_EN.search(text.replace("prostitution prevention", "")), key


def test_one_thing_has_its_own_form() -> None:
    assert "One ward" in say_count("limit.wards", "en", 1)
    assert "3 wards" in say_count("limit.wards", "en", 3)
    assert "01 phường" in say_count("limit.wards", "vi", 1)


def test_unknown_message_is_a_fault() -> None:
    with pytest.raises(UnknownMessage):
        say("no.such.message", "vi")
