"""Words of probability: one vocabulary, each word with its range, none beside a confidence level."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from evaluation.language import Words
from evaluation.language.likelihood import VOCABULARY, legend, likelihood, likelihood_of, sentence_of, with_range


def test_the_ranges_are_those_of_directive_203_and_leave_no_gap() -> None:
    """Intelligence Community Directive 203 (2015), section on likelihood: 1, 5, 20, 45, 55, 80, 95, 99 percent."""
    assert [e.low for e in VOCABULARY] == [0.01, 0.05, 0.20, 0.45, 0.55, 0.80, 0.95]
    assert VOCABULARY[-1].high == 0.99
    assert all(a.high == b.low for a, b in pairwise(VOCABULARY))
    assert [e.word.en for e in VOCABULARY] == [
        "almost no chance",
        "very unlikely",
        "unlikely",
        "roughly even chance",
        "likely",
        "very likely",
        "almost certain",
    ]


@pytest.mark.parametrize(
    ("p", "word"),
    [
        (0.0, "almost no chance"),
        (0.0499, "almost no chance"),
        (0.05, "very unlikely"),
        (0.2, "unlikely"),
        (0.5, "roughly even chance"),
        (0.55, "likely"),
        (0.7999, "likely"),
        (0.8, "very likely"),
        (0.95, "almost certain"),
        (1.0, "almost certain"),
    ],
)
def test_a_word_is_chosen_by_its_range(p: float, word: str) -> None:
    assert likelihood(p).en == word


def test_the_printed_range_holds_the_probability() -> None:
    for p in (i / 200 for i in range(201)):
        entry, told = likelihood_of(p), with_range(p).en
        if p < 0.01:
            assert "below 1%" in told
        elif p > 0.99:
            assert "above 99%" in told
        else:
            assert entry.low <= p <= entry.high
            assert entry.range("en") in told


@pytest.mark.parametrize("p", [math.nan, -0.01, 1.01, math.inf])
def test_what_is_no_probability_has_no_word(p: float) -> None:
    with pytest.raises(ValueError, match="probability must be from 0 to 1"):
        likelihood(p)


def test_all_words_differ_in_both_languages_and_the_legend_has_them_all() -> None:
    told = legend()
    for language in ("vi", "en"):
        assert len({e.word[language] for e in VOCABULARY}) == len(VOCABULARY)
        assert all(f"{e.word[language]} {e.range(language)}" in told[language] for e in VOCABULARY)


def test_a_sentence_has_the_word_its_range_and_no_confidence_level() -> None:
    for p in (0.003, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.999):
        said = sentence_of(p, Words("chỉ tiêu đạt", "the target is reached"))
        assert "that the target is reached" in said.en
        assert "%" in said.vi
        assert "confidence" not in said.en
        assert "tin cậy" not in said.vi
