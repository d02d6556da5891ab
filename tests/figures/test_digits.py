"""Last digits drawn beside what no preference gives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from evaluation.figures import style
from evaluation.figures.digits import digits
from evaluation.quality.digits import DigitPreference, digit_preference


@pytest.fixture
def rounded() -> DigitPreference:
    """Two hundred figures, half of them rounded to ten."""
    rng = np.random.default_rng(3)
    return digit_preference([*rng.integers(10, 210, 100), *(10 * rng.integers(1, 21, 100))], draws=199)


def test_bars_are_the_counts(rounded: DigitPreference) -> None:
    ax = digits(rounded)
    assert [p.get_height() for p in ax.patches] == list(rounded.counts)
    assert sum(rounded.counts) == 200
    assert [t.get_text() for t in ax.get_xticklabels()] == list("0123456789")


def test_the_alternative_says_counts_and_share(rounded: DigitPreference) -> None:
    text = style.alt(digits(rounded, language="en", synthetic=True))
    assert "Last digits of 200 figures" in text
    assert f"0: {int(rounded.counts[0])} (expected " in text
    assert "Ending in 0 or 5:" in text
    assert style.SYNTHETIC in text


def test_nothing_to_draw_is_drawn_empty() -> None:
    text = style.alt(digits(digit_preference([]), language="en"))
    assert "Last digits of 0 figures" in text
    assert "Ending" not in text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_texts_keep_apart(rounded: DigitPreference, language: str, apart: Callable[[Figure], None]) -> None:
    apart(style.root(digits(rounded, language=language, synthetic=True, title="Chữ số cuối")))


def test_the_result_draws_itself(rounded: DigitPreference) -> None:
    import evaluation as ev

    assert ev.Period  # the front door names the room that draws
    assert "Last digits" in style.alt(rounded.plot())
