"""Words of probability: one vocabulary of seven, each with its range printed beside it.

Only for quantities with a predictive distribution whose calibration was checked. A sentence with one of these words
holds no confidence level: how sure the evidence is stands in a sentence of its own.

References
----------
Office of the Director of National Intelligence 2015, Intelligence Community Directive 203, Analytic Standards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evaluation.language import Words, number


@dataclass(frozen=True)
class Likelihood:
    """One word of the vocabulary.

    Attributes
    ----------
    low, high : float
        Its range: from `low` on, below `high`.
    word : Words
        As printed in the legend.
    opening : Words
        How a sentence about what will happen begins; the claim follows.
    """

    low: float
    high: float
    word: Words
    opening: Words

    def range(self, language: str) -> str:
        """Return the range in percent: "80–95%"."""
        return f"{number(100 * self.low, language)}\N{EN DASH}{number(100 * self.high, language)}%"


VOCABULARY = (
    Likelihood(
        0.01,
        0.05,
        Words("hầu như không có khả năng", "almost no chance"),
        Words("hầu như không có khả năng", "there is almost no chance that"),
    ),
    Likelihood(0.05, 0.20, Words("rất ít khả năng", "very unlikely"), Words("rất ít khả năng", "it is very unlikely that")),
    Likelihood(0.20, 0.45, Words("ít khả năng", "unlikely"), Words("ít khả năng", "it is unlikely that")),
    Likelihood(
        0.45,
        0.55,
        Words("khả năng ngang nhau", "roughly even chance"),
        Words("có hay không đều có thể như nhau", "there is a roughly even chance that"),
    ),
    Likelihood(0.55, 0.80, Words("nhiều khả năng", "likely"), Words("nhiều khả năng", "it is likely that")),
    Likelihood(0.80, 0.95, Words("rất nhiều khả năng", "very likely"), Words("rất nhiều khả năng", "it is very likely that")),
    Likelihood(0.95, 0.99, Words("gần như chắc chắn", "almost certain"), Words("gần như chắc chắn", "it is almost certain that")),
)


def likelihood_of(probability: float) -> Likelihood:
    """Return the entry of the vocabulary for a probability; below 1 % and above 99 % the outermost words serve.

    Raises
    ------
    ValueError
        If it is missing or not from 0 to 1.
    """
    if probability is None or math.isnan(probability) or not 0 <= probability <= 1:
        raise ValueError(
            f"Xác suất probability phải từ 0 đến 1, đang là {probability}; không biết thì không dùng từ chỉ khả năng. / "
            f"probability must be from 0 to 1, it is {probability}; where it is not known no word of likelihood is used."
        )
    return next((entry for entry in VOCABULARY if probability < entry.high), VOCABULARY[-1])


def likelihood(probability: float) -> Words:
    """Return the word for a probability: "very likely" for 0.9.

    Raises
    ------
    ValueError
        If it is missing or not from 0 to 1.
    """
    return likelihood_of(probability).word


def with_range(probability: float) -> Words:
    """Return the word with its range: "very likely (80–95%)"; past the ends "(below 1%)" and "(above 99%)".

    Raises
    ------
    ValueError
        If it is missing or not from 0 to 1.
    """
    word, told = likelihood_of(probability).word, _range_of(probability)
    return Words(f"{word.vi} ({told.vi})", f"{word.en} ({told.en})")


def _range_of(probability: float) -> Words:
    entry = likelihood_of(probability)
    if probability < VOCABULARY[0].low:
        return Words("dưới 1%", "below 1%")
    if probability > VOCABULARY[-1].high:
        return Words("trên 99%", "above 99%")
    return Words(entry.range("vi"), entry.range("en"))


def sentence_of(probability: float, claim: Words) -> Words:
    """Return a sentence without its full stop: how likely it is that something will be.

    Parameters
    ----------
    probability : float
    claim : Words
        Clause with subject and verb, in lower case: "the year's total reaches 400".

    Raises
    ------
    ValueError
        If the probability is missing or not from 0 to 1.
    """
    opening, told = likelihood_of(probability).opening, _range_of(probability)
    english = opening.en.removesuffix(" that")
    return Words(f"{opening.vi} ({told.vi}): {claim.vi}", f"{english} ({told.en}) that {claim.en}")


def legend() -> Words:
    """Return the vocabulary with all its ranges, to be printed wherever one of its words is."""
    listed = {language: "; ".join(f"{e.word[language]} {e.range(language)}" for e in VOCABULARY) for language in ("vi", "en")}
    return Words(
        f"Từ chỉ khả năng: {listed['vi']}. Dưới 1% và trên 99% dùng từ ở hai đầu; không từ nào có nghĩa là không thể hoặc chắc chắn.",
        f"Words of likelihood: {listed['en']}. Below 1% and above 99% the outermost words serve; none means impossible or certain.",
    )
