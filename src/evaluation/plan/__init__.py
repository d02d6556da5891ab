"""Plan 2234/KH-UBND as data: what it asks, of whom, by when, and how it is meant to work.

The tables lie in ``data/plan``; its README says how to check them against the
plan. Anchors find places in the plan's text and are never printed in reports:
what a reader sees is the summary in our own words.
"""

from evaluation.plan.asked import (
    DISTRICTS,
    KINDS,
    Agency,
    AskedOfDistrict,
    Provision,
    Target,
    UnknownAgency,
    UnknownProvision,
    agencies,
    asked_of,
    beneficiaries,
    provision,
    provisions,
    provisions_of_district,
)
from evaluation.plan.chain import COLUMNS, STRANDS, Framework, Link, Node, framework
from evaluation.plan.dates import BASELINE_END, SIGNED, NoDueDate, Obligation, UnknownObligation, calendar, obligation
from evaluation.plan.measurable import BrokenTarget, IndicatorTarget, targets, targets_for
from evaluation.plan.models import Pilot, UnknownPilot, pilot, pilots, pilots_in, roaming_pilots
from evaluation.plan.source import PlanError

__all__ = [
    "BASELINE_END",
    "COLUMNS",
    "DISTRICTS",
    "KINDS",
    "SIGNED",
    "STRANDS",
    "Agency",
    "AskedOfDistrict",
    "BrokenTarget",
    "Framework",
    "IndicatorTarget",
    "Link",
    "NoDueDate",
    "Node",
    "Obligation",
    "Pilot",
    "PlanError",
    "Provision",
    "Target",
    "UnknownAgency",
    "UnknownObligation",
    "UnknownPilot",
    "UnknownProvision",
    "agencies",
    "asked_of",
    "beneficiaries",
    "calendar",
    "framework",
    "obligation",
    "pilot",
    "pilots",
    "pilots_in",
    "provision",
    "provisions",
    "provisions_of_district",
    "roaming_pilots",
    "targets",
    "targets_for",
]
