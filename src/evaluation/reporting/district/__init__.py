"""The evaluation report of one district: sections that know their own absence, and the tree of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evaluation.indicators import indicators
from evaluation.language import LANGUAGES, day, say
from evaluation.periods import Period
from evaluation.places import find_district
from evaluation.reporting.district.asked import asked
from evaluation.reporting.district.context import context
from evaluation.reporting.district.front import front
from evaluation.reporting.district.measured import measured
from evaluation.reporting.district.method import method
from evaluation.reporting.district.own_words import own_words
from evaluation.reporting.district.pilot import pilot, pilot_findings, pilot_key_figures
from evaluation.reporting.district.reliability import reliability
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.district.written import key_figure
from evaluation.reporting.handing import hand_over
from evaluation.reporting.model import Report, Section
from evaluation.reporting.provenance import manifest
from evaluation.reporting.slices.shared import slice_for
from evaluation.reporting.slices.slice import KeptSlice
from evaluation.settings import DEFAULT_SEED


@dataclass(frozen=True, eq=False, repr=False)
class DistrictReport:
    """A district's report, section by section; made by `district_report`.

    Attributes
    ----------
    kept : KeptSlice
        What it is made from.
    language : {"vi", "en"}
    seed : int
    """

    kept: KeptSlice
    language: str
    seed: int

    def __repr__(self) -> str:
        return f"<DistrictReport {self.subject.code} {self.subject.slice.period} {self.subject.language}>"

    @cached_property
    def subject(self) -> Subject:
        """The slice, read in the report's language."""
        return Subject(self.kept.slice, self.language)

    @cached_property
    def front(self) -> Section:
        """The two pages in front."""
        return front(self.subject, pilot_findings(self.subject))

    @cached_property
    def asked(self) -> Section:
        """What the plan asks and what the evidence says."""
        return asked(self.subject)

    @cached_property
    def indicators(self) -> Section:
        """Outcome and process indicators."""
        return measured(self.subject)

    @cached_property
    def pilot(self) -> Section:
        """Effects of the pilot models."""
        return pilot(self.subject)

    @cached_property
    def context(self) -> Section:
        """Establishments and inspections, as effort."""
        return context(self.subject)

    @cached_property
    def own_words(self) -> Section:
        """Difficulties and proposals as the district wrote them."""
        return own_words(self.subject)

    @cached_property
    def quality(self) -> Section:
        """How far the figures can be relied on."""
        return reliability(self.subject)

    @cached_property
    def method(self) -> Section:
        """Method, sources, manifest."""
        return method(self.subject, self.manifest)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the report can be made again from."""
        one = self.kept.slice
        parameters = {
            "district": one.code,
            "period": str(one.period),
            "language": self.language,
            "as_of": one.as_of.isoformat(),
            "seed": self.seed,
        }
        return manifest(self.kept.sha256, parameters, one.synthetic, one.budget, made_by=(self.kept.code, self.kept.packages))

    def head(self) -> tuple[tuple[str, str], ...]:
        """Return the title block: label and value of each line."""
        subject, speak = self.subject, self.subject.language
        first, last = subject.slice.period.window
        window = say("head.period.text", speak, period=subject.period, first=day(first, speak), last=day(last, speak))
        return (
            (say("head.object", speak), say("head.object.text", speak, place=subject.place)),
            (say("head.period", speak), window),
            (say("head.cutoff", speak), subject.cutoff),
            *((say(f"head.{k}", speak), say(f"head.{k}.text", speak)) for k in ("commissioner", "evaluator", "plan", "status")),
        )

    def key_figures(self) -> tuple[dict[str, Any], ...]:
        """Return the typed figures that sentences, tables and alternatives are made from."""
        subject, done = self.subject, self.kept.slice.completeness
        came = int(done.frame["reported"].sum())
        reporting = {
            "kind": "reporting",
            "id": "ward_reporting_share",
            "place": subject.code,
            "period": done.period,
            "numerator": came,
            "denominator": done.n,
            "value": came / done.n,
            "state": "shown",
            "timing": done.timing,
            "revisions": done.revisions,
        }
        rows = [key_figure(subject.now(i.id)) for i in indicators().values() if i.reported]
        changes = [key_figure(subject.change(i.id), "change") for i in indicators().values() if i.reported]
        return (reporting, *rows, *changes, *pilot_key_figures(subject))

    def tree(self) -> Report:
        """Return the whole report as a typed tree."""
        subject = self.subject
        return Report(
            kind="district",
            subject=subject.code,
            period=str(subject.slice.period),
            language=subject.language,
            title=say("report.title", subject.language, place=subject.place, period=subject.period),
            head=self.head(),
            synthetic=subject.slice.synthetic,
            status="reported" if subject.reported else "not_reported",
            sections=(self.front, self.asked, self.indicators, self.pilot, self.context, self.own_words, self.quality, self.method),
            key_figures=self.key_figures(),
            manifest=self.manifest,
        )

    def save(self) -> str:
        """Hand the tree to whoever runs the notebook, and say in one word what the report is."""
        return hand_over(self.tree())


def district_report(
    district: str,
    period: str,
    language: str = "vi",
    store: str | Path = "",
    as_of: str = "",
    seed: int = DEFAULT_SEED,
) -> DistrictReport:
    """Return the evaluation report of a district.

    Parameters
    ----------
    district : str
        Code, or name in any usual spelling.
    period : str
        A quarter, "2018-Q4".
    language : {"vi", "en"}
    store : str or Path
        The project's own store where empty.
    as_of : str
        "2018-12-19"; the Department's date for the period where empty.
    seed : int
        Recorded in the manifest; nothing in this report draws at random.

    Raises
    ------
    places.UnknownPlace, periods.PeriodError
        For a district or period that does not exist.
    ValueError
        For another language.
    store.StoreError
        If there is no store.
    slices.shared.SliceError
        If a batch handed over another slice than this report's.

    Notes
    -----
    The report is made from the district's slice of the evidence alone, which
    is worked out for all districts at once and kept (`reporting.slices`).
    Where ``$EVALUATION_SLICE`` names a slice's file, no store is opened.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language={language!r}: {', '.join(LANGUAGES)}")
    when = Period.parse(period)
    return DistrictReport(slice_for(find_district(district).code, when, store, as_of), language, seed)
