"""What is wrong with a plan's file: the line, the key, and the way out, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.language import Words


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    line : int
        From 1.
    key : str
        Where: "outcomes.primary", "alpha"; empty for the file as a whole.
    said : Words
    """

    line: int
    key: str
    said: Words

    def written(self, file: str, language: str) -> str:
        """Write the problem with its place."""
        place = Words("dòng", "line")[language]
        return f"{file}, {place} {self.line}{', ' + self.key if self.key else ''}: {self.said[language]}"


class PlanFileError(ValueError):
    """A plan's file that cannot be used; the message names each problem with its line and key.

    Attributes
    ----------
    file : str
    problems : tuple of Problem
    """

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file, self.problems = file, tuple(problems)
        super().__init__("\n".join(f"{p.written(file, 'vi')} / {p.written(file, 'en')}" for p in self.problems))
