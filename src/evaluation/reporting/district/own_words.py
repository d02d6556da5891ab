"""Difficulties and proposals as the district wrote them, without any sentence that could point at a small group."""

from __future__ import annotations

from evaluation.language import say, say_count
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.model import Block, Bullets, Paragraph, Section

MOST_SENTENCES = 12


def own_words(subject: Subject) -> Section:
    """Return the section with what the district wrote on the narrative sheet of the period's form."""
    speak = subject.language
    prose = subject.slice.prose
    shown = prose.sentences[:MOST_SENTENCES]
    blocks: list[Block] = []
    if shown:
        blocks += [Paragraph(say("own_words.intro", speak)), Bullets(shown, lang=None if speak == "vi" else "vi")]
    else:
        blocks.append(Paragraph(say("own_words.none", speak)))
    if left := prose.withheld + len(prose.sentences) - len(shown):
        blocks.append(Paragraph(say_count("own_words.withheld", speak, left), "note"))
    return Section("own-words", say("section.own_words", speak), tuple(blocks))
