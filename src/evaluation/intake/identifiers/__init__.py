"""Identifiers: what a file of counts must not hold, searched for before anything else reads the file.

Names of people, identity numbers, phone numbers, e-mail, addresses, dates of
birth, bank accounts, licence plates, names of establishments and coordinates,
in every part of a file that somebody could open. Found by kind and place; what
was written is never handed on. What it finds and what it cannot find is
measured in docs/identifiers.md.
"""

from evaluation.intake.identifiers.hits import Hit, findings
from evaluation.intake.identifiers.search import holds_identifier, look, safe_name

__all__ = ["Hit", "findings", "holds_identifier", "look", "safe_name"]
