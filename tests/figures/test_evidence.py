"""The evidence on paper: outcomes by designs as ratios, arrows where intervals go on, and what cannot be drawn."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from matplotlib.axes import Axes
from tests.effects.synthesis.made_effects import effect

from evaluation.effects.synthesis.certainty import certainty
from evaluation.effects.synthesis.evidence import EvidenceTable, evidence_table
from evaluation.effects.synthesis.pooled import pool_effects
from evaluation.figures import style
from evaluation.figures.evidence import evidence
from evaluation.language import Words


def made() -> EvidenceTable:
    placebos = [("D1", 1.3), ("D2", 0.7), ("D3", 1.0)]
    label = Words("Số người được xét nghiệm bệnh lây truyền qua đường tình dục", "People tested for sexually transmitted infections")
    one = effect(placebos=placebos, outcome_label=label, source=Words("báo cáo", "reports"))
    two = effect(2.0, 0.6, 44.0, placebos=placebos, unit="Phường B", outcome_label=label)
    others = [effect(1.4, 0.001, 1.9, design="mc", outcome_label=label), effect(1.3, None, None, design="ife", outcome_label=label)]
    values = effect(3.0, 1.0, 5.0, scale="difference", measure="value", outcome="v")
    return evidence_table([one, *others, two, values], [certainty(one)], pooled=[pool_effects([one, two])])


@pytest.mark.slow
def test_it_prints(printed: Callable[[Callable[[str], Axes]], None]) -> None:
    table = made()
    printed(lambda language: evidence(table, language=language))


@pytest.mark.slow
def test_it_says_the_numbers_and_what_is_not_drawn() -> None:
    ax = evidence(made(), language="en")
    told = style.alt(ax)
    assert "Difference-in-differences: 1.50 (1.20 to 1.90)" in told
    assert "2.00 (0.60 to 44.0)" in told
    assert "Interactive fixed effects: 1.30" in told
    written = " ".join(t.get_text() for t in ax.texts)
    assert "certainty: low" in written.replace("\n", " ")
    assert "cannot be written as ratios and are not drawn: 1" in written.replace("\n", " ")
    assert [line for line in ax.lines if line.get_marker() in ("<", ">")]


def test_nothing_to_draw() -> None:
    values = effect(3.0, 1.0, 5.0, scale="difference", measure="value")
    with pytest.raises(ValueError, match="as a ratio"):
        evidence(evidence_table([values]))
