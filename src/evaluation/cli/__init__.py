"""The command ``evaluation``: reports, example data, the plan and the indicators from a terminal."""

from evaluation.cli.entry import main

__all__ = ["main"]
