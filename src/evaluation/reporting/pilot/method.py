"""Planned or exploratory, departures, method and sources, and what the report can be made again from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.effects.synthesis.evidence import PLANNED
from evaluation.language import number, say, sentence
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
    keys = ["estimate", "calibration", "correction", "certainty"] if subject.evidence.effects.outcomes else []
    said = [say(f"model.method.{k}", speak) for k in keys]
    said += [say("model.method.gate", speak, top=number(gate.smallest_shown - 1, speak)), say("model.method.sources", speak)]
    warning: tuple[Block, ...] = (Paragraph(say("method.synthetic", speak), "warning"),) if subject.evidence.synthetic else ()
    parts = (
        Section("planned", say("model.planned", speak), planned(subject)),
        Section("manifest", say("method.manifest", speak), (manifest_table(manifest, speak),)),
    )
    return Section("method", say("section.method", speak), (*warning, Bullets(tuple(said))), parts)


def plan_in_force(subject: Subject) -> str:
    """Return which analysis plan the results are held against, or that there is none."""
    standing = subject.evidence.effects.departures.standing
    return say("model.head.plan.none", subject.language) if standing is None else sentence(standing.summary(subject.language))


def planned(subject: Subject) -> tuple[Block, ...]:
    """Return which results were planned, and every departure."""
    speak, found = subject.language, subject.evidence.effects
    if not found.plans:
        return (Paragraph(say("model.planned.none", speak)),)
    marks = [(e.study.label[speak], PLANNED[e.effect.planned][speak]) for e in found.outcomes if e.effect is not None]
    blocks: list[Block] = [Paragraph(found.departures.summary(speak))]
    blocks += [Bullets(tuple(f"{label}: {mark}" for label, mark in marks))] if marks else []
    left = tuple(d.said[speak] for d in found.departures.departures)
    return (*blocks, *((Paragraph(say("model.planned.departures", speak)), Bullets(left)) if left else ()))
