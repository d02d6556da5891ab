"""What an effect stands on, tried out: each check by one rule, all of them in one table."""

from evaluation.effects.checks.gathered import checks
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS, UNTRIED, VERDICTS, Check, Checks

__all__ = ["DOUBTFUL", "FAILS", "HOLDS", "UNTRIED", "VERDICTS", "Check", "Checks", "checks"]
