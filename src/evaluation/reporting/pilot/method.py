"""Planned or exploratory, departures, method and sources, and what the report can be made again from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluation.effects.designs import design
from evaluation.effects.synthesis.evidence import ROLES
from evaluation.language import number, say, sentence, uncapitalised
from evaluation.periods import Period
from evaluation.reporting.district.method import manifest_table
from evaluation.reporting.model import Block, Bullets, Paragraph, Section
from evaluation.reporting.pilot.effect_words import correction
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
    slots = {"design": uncapitalised(design(subject.evidence.effects.main.design).name[speak]), "correction": correction(subject)}
    said = [say(f"model.method.{k}", speak, **slots) for k in keys]
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
    blocks: list[Block] = [Paragraph(_ended(found.departures.summary(speak)))]
    if found.interim and found.plan is not None:
        ends = (Period.parse(found.until).label(speak), Period.parse(found.plan.windows.until).label(speak))
        blocks.append(Paragraph(say("model.planned.interim", speak, until=uncapitalised(ends[0]), planned=uncapitalised(ends[1]))))
    blocks += [Paragraph(text) for text in _marks(subject)]
    left = tuple(d.said[speak] for d in found.departures.departures)
    if left:
        blocks += [Paragraph(say("model.planned.departures", speak)), Bullets(left)]
    if len(found.plans) > 1:
        blocks += [Paragraph(say("model.planned.versions", speak)), Bullets(tuple(sentence(p.summary(speak)) for p in found.plans))]
    return tuple(blocks)


def _marks(subject: Subject) -> list[str]:
    """Return which outcomes were planned, by role, and which are exploratory."""
    speak, found = subject.language, subject.evidence.effects
    assert found.plan is not None
    roles, by = found.plan.roles, {e.outcome: e for e in found.outcomes if e.effect is not None}
    marked = {name: e.effect.planned == "planned" for name, e in by.items() if e.effect is not None}

    def names(of: Iterable[str]) -> str:
        return "; ".join(uncapitalised(by[n].study.label[speak]) for n in of)

    groups = [
        say("model.planned.group", speak, role=ROLES[role][speak], names=names(those))
        for role in ("primary", "secondary")
        if (those := [n for n, ok in marked.items() if ok and roles.get(n) == role])
    ]
    said = [say("model.planned.all", speak, list=". ".join(sentence(g) if i else g for i, g in enumerate(groups)))] if groups else []
    if others := [n for n, ok in marked.items() if not ok]:
        said.append(say("model.planned.exploratory", speak, names=names(others)))
    if controls := "; ".join(uncapitalised(e.outcome_label[speak]) for e in found.controls[1] if e.planned == "planned"):
        said.append(say("model.planned.controls", speak, names=controls))
    return said


def _ended(text: str) -> str:
    return text if text.endswith(".") else text + "."
