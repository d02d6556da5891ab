"""What the plan or the office set as a number or a date: where this district stands, and the city's context beside it."""

from __future__ import annotations

from evaluation.language import say, sentence
from evaluation.language.likelihood import legend
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.model import Block, Bullets, Paragraph, Section


def aims(subject: Subject) -> Section:
    """Return the part on targets: deadlines, the office's own, and the hotspots of the city as context."""
    speak, found = subject.language, subject.slice.aims
    own = tuple(sentence(a.said[speak]) for a in found.own) or (say("aims.none", speak),)
    context = tuple(sentence(said[speak]) for said in found.context)
    beside = say("aims.displacement.none", speak) if found.beside is None else sentence(found.beside[speak])
    blocks: list[Block] = [Bullets(own)]
    if any(a.likely for a in found.own):
        blocks.append(Paragraph(legend()[speak], "note"))
    blocks += [Paragraph(say("aims.context", speak)), Bullets((*context, beside))]
    return Section("aims", say("aims.title", speak), tuple(blocks))
