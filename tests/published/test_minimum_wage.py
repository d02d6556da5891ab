"""Minimum wages and teen employment: Callaway and Sant'Anna 2021 (J. Econometrics 225:200), the panel of package did.

The numbers are those that others print: "did" is the README of the R package did (version 2.5.0, github.com/bcallaway11/did;
no covariates, never-treated comparison; its standard errors are bootstrapped, so that they agree roughly), "did, analytical"
is R did 2.x without the bootstrap as kept by github.com/d2cml-ai/csdid (csdid/test_csdid/r_ref), and "csdid" is the page of
the Stata command csdid by Rios-Avila (playingwithstata, doubly robust with lpop).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from evaluation import published
from evaluation.effects.design import Fit
from evaluation.effects.designs.staggered import callaway_santanna
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.matrix import matrix
from evaluation.effects.study import Study, study_panel

pytestmark = [pytest.mark.published, pytest.mark.slow]

GROUP_TIME_DID = {
    (2004, 2004): -0.0105,
    (2004, 2005): -0.0704,
    (2004, 2006): -0.1373,
    (2004, 2007): -0.1008,
    (2006, 2004): 0.0065,
    (2006, 2005): -0.0028,
    (2006, 2006): -0.0046,
    (2006, 2007): -0.0412,
    (2007, 2004): 0.0305,
    (2007, 2005): -0.0027,
    (2007, 2006): -0.0311,
    (2007, 2007): -0.0261,
}
EVENT_DID = {-3: 0.0305, -2: -0.0006, -1: -0.0245, 0: -0.0199, 1: -0.0510, 2: -0.1373, 3: -0.1008}
GROUP_DID = {2004: -0.0797, 2006: -0.0229, 2007: -0.0261}

OVERALL_DID_ANALYTICAL = {  # effect and standard error
    "simple": (-0.0399512751551763, 0.0120340127701854),
    "group": (-0.0310182822287484, 0.0124460593209979),
    "dynamic": (-0.0772398214573151, 0.0199649890618494),
    "calendar": (-0.0417004321312822, 0.01597185188456),
}
NOT_YET_DID_ANALYTICAL = {
    "simple": (-0.0397636256230437, 0.0120524247873419),
    "group": (-0.030462228112565, 0.0125751201316818),
    "dynamic": (-0.0773993139705847, 0.0195601769463944),
    "calendar": (-0.0442670834758837, 0.0155709044211449),
}
REGRESSION_LPOP_DID_ANALYTICAL = {
    "simple": -0.0419686124215432,
    "group": -0.0329292402290042,
    "dynamic": -0.0807817453337615,
    "calendar": -0.0445323313531745,
}

SIMPLE_CSDID = (-0.0417518, 0.0115028)
GROUP_TIME_CSDID = {
    (2004, 2004): (-0.0145297, 0.0221292),
    (2004, 2005): (-0.0764219, 0.0286713),
    (2004, 2006): (-0.1404483, 0.0353782),
    (2004, 2007): (-0.1069039, 0.0328865),
    (2006, 2004): (-0.0004721, 0.0222234),
    (2006, 2005): (-0.0062025, 0.0184957),
    (2006, 2006): (0.0009606, 0.0194002),
    (2006, 2007): (-0.0412939, 0.0197211),
    (2007, 2004): (0.0267278, 0.0140657),
    (2007, 2005): (-0.0045766, 0.0157178),
    (2007, 2006): (-0.0284475, 0.0181809),
    (2007, 2007): (-0.0287814, 0.016239),
}
EVENT_CSDID = {
    -3: (0.0267278, 0.0140657),
    -2: (-0.0036165, 0.0129283),
    -1: (-0.023244, 0.0144851),
    0: (-0.0210604, 0.0114942),
    1: (-0.0530032, 0.0163465),
    2: (-0.1404483, 0.0353782),
    3: (-0.1069039, 0.0328865),
}
GROUP_CSDID = {2004: (-0.0845759, 0.0245649), 2006: (-0.0201666, 0.0174696), 2007: (-0.0287814, 0.016239)}
CALENDAR_CSDID = {2004: -0.0145297, 2005: -0.0764219, 2006: -0.0461757, 2007: -0.0395822}


def _study() -> Study:
    data = published.load("mpdta").rename(columns={"countyreal": "unit", "year": "period", "lemp": "numerator"})
    first = data.groupby("unit")["first.treat"].first()
    return study_panel(
        data,
        outcome_name="lemp",
        measure="value",
        treated=first[first > 0].to_dict(),
        covariates=data[["unit", "period", "lpop"]],
    )


def _fit(**options: object) -> Fit:
    return callaway_santanna(**options).fit(matrix(_study()))  # type: ignore[arg-type]


def _read(table: pd.DataFrame, *keys: str) -> dict[object, float]:
    return table.set_index(list(keys) if len(keys) > 1 else keys[0])["estimate"].to_dict()


def _agree(table: pd.DataFrame, keys: list[str], printed: dict[object, tuple[float, float]]) -> None:
    found = table.set_index(keys)[["estimate", "standard_error"]]
    assert len(found) == len(printed)
    for key, row in printed.items():
        assert found.loc[key].tolist() == pytest.approx(row, abs=6e-8)


def test_simple_effect_and_the_groups_of_callaway_santanna(require: Callable[[str], None]) -> None:
    require("mpdta")
    study = _study()
    assert (len(study.treated), len(study.donors)) == (191, 309)
    found = estimate_effect(study, "cs", "cluster")
    assert round(found.estimate, 4) == -0.0400
    assert found.diagnostics["standard_error"] == pytest.approx(0.012, abs=5e-4)
    assert found.low < found.estimate < found.high < 0
    assert found.warning is None


def test_group_time_event_and_group_tables_of_the_did_readme(require: Callable[[str], None]) -> None:
    require("mpdta")
    details = _fit().details
    assert _read(details["group_time"].round(4), "group", "period") == pytest.approx(GROUP_TIME_DID, abs=1e-9)
    assert _read(details["by_event_time"].round(4), "event_time") == pytest.approx(EVENT_DID, abs=1e-9)
    assert _read(details["by_group"].round(4), "group") == pytest.approx(GROUP_DID, abs=1e-9)


@pytest.mark.parametrize(
    "comparison, printed",
    [("never_treated", OVERALL_DID_ANALYTICAL), ("not_yet_treated", NOT_YET_DID_ANALYTICAL)],
)
def test_the_four_ways_with_analytical_errors_of_r_did(
    comparison: str, printed: dict[str, tuple[float, float]], require: Callable[[str], None]
) -> None:
    require("mpdta")
    for way, (effect, error) in printed.items():
        found = _fit(comparison=comparison, overall=way)
        assert found.estimate == pytest.approx(effect, abs=1e-10)
        assert found.standard_error == pytest.approx(error, abs=1e-10)


def test_outcome_regression_with_population_of_r_did(require: Callable[[str], None]) -> None:
    require("mpdta")
    for way, effect in REGRESSION_LPOP_DID_ANALYTICAL.items():
        assert _fit(covariates="lpop", method="reg", overall=way).estimate == pytest.approx(effect, abs=1e-10)
    assert _fit(covariates="lpop", method="reg").standard_error == pytest.approx(0.0114448297682151, abs=1e-10)


def test_doubly_robust_tables_with_population_of_stata_csdid(require: Callable[[str], None]) -> None:
    require("mpdta")
    found = _fit(covariates="lpop")
    assert (found.estimate, found.standard_error) == pytest.approx(SIMPLE_CSDID, abs=6e-8)
    _agree(found.details["group_time"], ["group", "period"], GROUP_TIME_CSDID)
    _agree(found.details["by_event_time"], ["event_time"], EVENT_CSDID)
    _agree(found.details["by_group"], ["group"], GROUP_CSDID)
    assert _read(found.details["by_period"], "period") == pytest.approx(CALENDAR_CSDID, abs=6e-8)


def test_simple_effect_is_the_mean_of_mean_differences(require: Callable[[str], None]) -> None:
    require("mpdta")
    data = published.load("mpdta")
    wide = data.pivot(index="countyreal", columns="year", values="lemp")
    first = data.groupby("countyreal")["first.treat"].first()
    effects, sizes = [], []
    for group in (2004, 2006, 2007):
        for year in range(group, 2008):
            moved = wide[year] - wide[group - 1]
            effects.append(moved[first == group].mean() - moved[first == 0].mean())
            sizes.append((first == group).sum())
    assert _fit().estimate == pytest.approx(np.average(effects, weights=sizes), abs=1e-12)
