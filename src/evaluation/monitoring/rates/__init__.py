"""Intervals and tests of rates and proportions: exact, mid-P, score; standardised rates."""
