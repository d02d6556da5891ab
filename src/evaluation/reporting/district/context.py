"""Establishments and inspections: effort and context, never read as success or failure."""

from __future__ import annotations

from evaluation.language import say
from evaluation.reporting.district.measured import table_of
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.model import Paragraph, Section


def context(subject: Subject) -> Section:
    """Return the section on context."""
    table = table_of(subject, "context", "ind.caption.context", read=False)
    return Section("context", say("section.context", subject.language), (Paragraph(say("context.intro", subject.language)), table))
