"""The evaluation report of one pilot model: two pages in front, the annex behind, and the tree of the whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evaluation.language import LANGUAGES, day, say, sentence
from evaluation.periods import Period
from evaluation.plan import pilot as pilot_named
from evaluation.reporting.handing import hand_over
from evaluation.reporting.model import Report, Section
from evaluation.reporting.pilot.certainty import certainty
from evaluation.reporting.pilot.delivered import delivered
from evaluation.reporting.pilot.effects import effects
from evaluation.reporting.pilot.evidence import gather_pilot
from evaluation.reporting.pilot.figures import key_figures
from evaluation.reporting.pilot.front import front, summary
from evaluation.reporting.pilot.harms import harms
from evaluation.reporting.pilot.intervention import intervention
from evaluation.reporting.pilot.method import method, plan_in_force
from evaluation.reporting.pilot.reached import reached
from evaluation.reporting.pilot.subject import Subject
from evaluation.reporting.pilot.surroundings import surroundings
from evaluation.reporting.provenance import manifest
from evaluation.settings import DEFAULT_SEED
from evaluation.store import open_store


@dataclass(frozen=True, eq=False, repr=False)
class PilotReport:
    """A pilot model's report, section by section; made by `pilot_report`.

    Attributes
    ----------
    subject : Subject
    """

    subject: Subject

    def __repr__(self) -> str:
        return f"<PilotReport {self.subject.model.id} {self.subject.evidence.city.period} {self.subject.language}>"

    @cached_property
    def front(self) -> Section:
        """The two pages in front."""
        return front(self.subject)

    @cached_property
    def intervention(self) -> Section:
        """The model, its theory of change, the twelve items of its description."""
        return intervention(self.subject)

    @cached_property
    def delivered(self) -> Section:
        """What was delivered, and what it cost."""
        return delivered(self.subject)

    @cached_property
    def reached(self) -> Section:
        """Who was reached."""
        return reached(self.subject)

    @cached_property
    def harms(self) -> Section:
        """Harm monitoring."""
        return harms(self.subject)

    @cached_property
    def effects(self) -> Section:
        """Effects by outcome, calibrated; city-wide values of a model without a place."""
        return effects(self.subject)

    @cached_property
    def certainty(self) -> Section:
        """How sure the evidence is, and what would change our mind."""
        return certainty(self.subject)

    @cached_property
    def surroundings(self) -> Section:
        """Co-measures and police activity, as context."""
        return surroundings(self.subject)

    @cached_property
    def method(self) -> Section:
        """Planned or exploratory, method, sources, manifest."""
        return method(self.subject, self.manifest)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the report can be made again from."""
        evidence = self.subject.evidence
        parameters = {
            "pilot": self.subject.model.id,
            "period": str(evidence.city.period),
            "language": self.subject.language,
            "as_of": evidence.store.as_of.isoformat(),
            "seed": evidence.seed,
        }
        return manifest(evidence.store.content_hash(), parameters, evidence.synthetic, evidence.city.budget.sha256)

    def head(self) -> tuple[tuple[str, str], ...]:
        """Return the title block: label and value of each line."""
        subject, speak = self.subject, self.subject.language
        first, last = subject.evidence.city.period.window
        place = sentence(say("model.head.place.text", speak, ward=subject.ward, district=subject.district)) if subject.placed else ""
        return (
            (say("model.head.place", speak), place or say("model.head.place.none", speak)),
            (say("model.head.start", speak), _start(subject)),
            (
                say("head.period", speak),
                say("head.period.text", speak, period=subject.period, first=day(first, speak), last=day(last, speak)),
            ),
            (say("head.cutoff", speak), subject.cutoff),
            (say("head.commissioner", speak), say("head.commissioner.text", speak)),
            (say("head.evaluator", speak), say("model.head.evaluator.text", speak)),
            (say("head.plan", speak), plan_in_force(subject)),
            (say("head.status", speak), say("head.status.text", speak)),
        )

    def tree(self) -> Report:
        """Return the whole report as a typed tree."""
        subject = self.subject
        annex = (self.intervention, self.delivered, self.reached, self.harms, self.effects, self.certainty, self.surroundings, self.method)
        return Report(
            kind="pilot",
            subject=subject.model.id,
            period=str(subject.evidence.city.period),
            language=subject.language,
            title=say("model.title", subject.language, name=subject.name, period=subject.period),
            head=self.head(),
            synthetic=subject.evidence.synthetic,
            status="reported" if subject.evidence.has_reported else "not_reported",
            sections=(self.front, summary(subject), *annex),
            key_figures=key_figures(subject),
            manifest=self.manifest,
        )

    def save(self) -> str:
        """Hand the tree to whoever runs the notebook, and say in one word what the report is."""
        return hand_over(self.tree())


def _start(subject: Subject) -> str:
    if not subject.start:
        return say("model.head.start.none", subject.language)
    return say("model.head.start.assumed", subject.language, start=subject.start) if subject.evidence.synthetic else subject.start


def pilot_report(
    pilot: str,
    period: str,
    language: str = "vi",
    store: str | Path = "",
    as_of: str = "",
    seed: int = DEFAULT_SEED,
) -> PilotReport:
    """Return the evaluation report of a pilot model.

    Parameters
    ----------
    pilot : str
        The plan's id of the model, "pham-ngu-lao".
    period : str
        A quarter, "2018-Q4".
    language : {"vi", "en"}
    store : str or Path
        The project's own store where empty.
    as_of : str
        "2018-12-19"; the Department's date for the period where empty.
    seed : int
        Of what is drawn: placebo draws, drawn panels, simulated counts.

    Raises
    ------
    plan.UnknownPilot, periods.PeriodError
        For a model or period that does not exist.
    ValueError
        For another language.
    store.StoreError
        If there is no store.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language={language!r}: {', '.join(LANGUAGES)}")
    when = Period.parse(period)
    date = dt.date.fromisoformat(as_of) if as_of else when.department_due
    return PilotReport(Subject(gather_pilot(open_store(store or None, date), when, pilot_named(pilot).id, seed), language))
