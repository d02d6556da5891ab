"""What one pilot report is about: the model, the period, the language and the evidence at hand."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.language import day
from evaluation.periods import Period, said_period
from evaluation.places import districts, within_sentence
from evaluation.plan import Pilot, agencies
from evaluation.reporting.pilot.evidence import PilotEvidence


@dataclass(frozen=True, eq=False)
class Subject:
    """A view on the evidence on one pilot model, in one language.

    Attributes
    ----------
    evidence : PilotEvidence
    language : {"vi", "en"}
    """

    evidence: PilotEvidence
    language: str

    @property
    def model(self) -> Pilot:
        """The pilot model."""
        return self.evidence.model

    @property
    def name(self) -> str:
        """Its name in the plan, in the report's language."""
        return self.model.name[self.language]

    @property
    def placed(self) -> bool:
        """Whether the plan names its ward."""
        return self.evidence.ward is not None

    @property
    def ward(self) -> str:
        """The ward's name, as it stands inside a sentence.

        Raises
        ------
        LookupError
            Where the plan names none.
        """
        if self.evidence.ward is None:
            raise LookupError(self.model.id)
        return within_sentence(self.evidence.ward.name)[self.language]

    @property
    def district(self) -> str:
        """The ward's district, as it stands inside a sentence."""
        assert self.evidence.ward is not None
        return within_sentence(districts()[self.evidence.ward.district_code].name)[self.language]

    @property
    def lead(self) -> str:
        """Who leads the model by the plan."""
        return agencies()[self.model.lead].label[self.language]

    @property
    def period(self) -> str:
        """The report's period, written for the reader."""
        return self.evidence.city.period.label(self.language)

    @property
    def cutoff(self) -> str:
        """The date of the question, written for the reader."""
        return day(self.evidence.store.as_of, self.language)

    @property
    def start(self) -> str:
        """The start, written for the reader; empty where it is not known."""
        return Period.parse(self.evidence.start).label(self.language) if self.evidence.start else ""

    @property
    def since(self) -> str:
        """The start, as it stands inside a sentence; empty where it is not known."""
        return said_period(self.evidence.start, self.language, inside=True) if self.evidence.start else ""

    def other(self) -> Subject:
        """Return the same in the other language."""
        return Subject(self.evidence, "en" if self.language == "vi" else "vi")
