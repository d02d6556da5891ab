"""Exit codes, and the error for a command that cannot be carried out as it was given."""

from __future__ import annotations

from evaluation.language import words

DONE, FAILED, WRONG, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130


class WrongUse(ValueError):
    """A command that cannot be carried out as it was given; the message is bilingual."""


def wrong(key: str, /, **slots: object) -> WrongUse:
    """Return the error for a command that cannot be carried out."""
    said = words(f"cli.wrong.{key}", **slots)
    return WrongUse(f"{said.vi} / {said.en}")
