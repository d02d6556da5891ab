"""The made-up budget and the city teams' checks: what was spent, and enforcement as context."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evaluation.example.generator import PERIODS, SEASON, SEED, stream
from evaluation.example.planted import PILOT_WARDS
from evaluation.periods import Period
from evaluation.places import districts

if TYPE_CHECKING:
    import pandas as pd

YEARS = (2015, 2016, 2017, 2018)
TRAINING_PER_PERSON = 3.0  # million VND: 45 million for 15 people in the pilot of 2014
TEST_PER_CLIENT = 0.17  # million VND: 7.6 US$ a client at about 22,700 VND
OUTREACH_PER_PERSON = 0.35
CONDOM_EACH = 0.001
SESSION_EACH = 1.2
PILOT_LINES = {"personnel": 320.0, "services": 210.0, "supplies": 90.0, "training_of_staff": 60.0}
CITY_CHECKS, CITY_VIOLATION_SHARE = 1_383.0, 1_195 / 2_767  # a quarter: half of the first half of 2016
BUDGET_COLUMNS = ["scope", "code", "year", "line", "planned_million_vnd", "spent_million_vnd"]


def budget(happened: pd.DataFrame, seed: int = SEED) -> pd.DataFrame:
    """Return money planned and spent by district and year, and by pilot and year since its start.

    Parameters
    ----------
    happened : DataFrame
        As `generator.ward_panel`: spending follows what was done.
    seed : int

    Returns
    -------
    DataFrame
        scope ("district", "pilot"), code (district code or pilot id), year,
        line, planned_million_vnd, spent_million_vnd. The money of a pilot is
        on top of its district's.
    """
    import pandas as pd

    rng = stream(seed, "budget")
    done = happened.assign(year=happened["period"].str[:4].astype(int)).groupby(["district_code", "year", "element"])["value"].sum()
    rows: list[tuple[str, str, int, str, float]] = []
    for code in districts():
        for year in YEARS:
            n = done.loc[code, year]
            lines = {
                "outreach": OUTREACH_PER_PERSON * n["outreach_reached"],
                "testing": TEST_PER_CLIENT * (n["sti_tested"] + n["hiv_tested"]),
                "condoms": CONDOM_EACH * n["condoms_distributed"],
                "training_and_jobs": TRAINING_PER_PERSON * n["training_started"],
                "communication": SESSION_EACH * n["comm_sessions"],
                "personnel": 180.0,
            }
            rows += [("district", code, year, line, float(spent)) for line, spent in lines.items()]
    rows += [("pilot", pilot, year, line, spent) for pilot in PILOT_WARDS for year in (2017, 2018) for line, spent in PILOT_LINES.items()]
    frame = pd.DataFrame(rows, columns=[*BUDGET_COLUMNS[:4], "expected"])
    spent = frame["expected"] * np.exp(rng.normal(0, 0.08, len(frame)))
    planned = frame["expected"] * np.exp(rng.normal(0.06, 0.10, len(frame)))
    return frame.assign(planned_million_vnd=planned.round(1), spent_million_vnd=spent.round(1))[BUDGET_COLUMNS]


def inspection_context(seed: int = SEED) -> pd.DataFrame:
    """Return the city's interdisciplinary checks by quarter: context, never an outcome, and not part of the districts' counts.

    Returns
    -------
    DataFrame
        period, checks, violations.
    """
    import pandas as pd

    rng = stream(seed, "city checks")
    season = np.exp([SEASON[Period.parse(p).quarter or 1] for p in PERIODS])
    checks = rng.poisson(CITY_CHECKS * season * rng.gamma(60, 1 / 60, len(PERIODS)))
    return pd.DataFrame({"period": PERIODS, "checks": checks, "violations": rng.binomial(checks, CITY_VIOLATION_SHARE)})
