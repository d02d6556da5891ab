"""Planned or exploratory, departures, method and sources, and what the report can be made again from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.language import number, say
from evaluation.reporting.district.method import manifest_table
from evaluation.reporting.model import Block, Bullets, Paragraph, Section
from evaluation.reporting.pilot.subject import Subject


def method(subject: Subject, manifest: Mapping[str, Any]) -> Section:
    """Return the section on method.

    Parameters
    ----------
    subject : Subject
    manifest : mapping
        As `reporting.provenance.manifest`.
    """
    speak, gate = subject.language, subject.evidence.city.protection
    keys = ["estimate", "calibration", "correction", "certainty"] if subject.evidence.outcomes else []
    said = [say(f"model.method.{k}", speak) for k in keys]
    said += [say("model.method.gate", speak, top=number(gate.smallest_shown - 1, speak)), say("model.method.sources", speak)]
    warning: tuple[Block, ...] = (Paragraph(say("method.synthetic", speak), "warning"),) if subject.evidence.synthetic else ()
    parts = (
        Section("planned", say("model.planned", speak), (Paragraph(say("model.planned.none", speak)),)),
        Section("manifest", say("method.manifest", speak), (manifest_table(manifest, speak),)),
    )
    return Section("method", say("section.method", speak), (*warning, Bullets(tuple(said))), parts)
