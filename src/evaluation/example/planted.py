"""What is planted in the example: which effect stands where, from when, and what has none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from evaluation.indicators import indicators
from evaluation.places import neighbours
from evaluation.plan import pilots

if TYPE_CHECKING:
    import pandas as pd

START = "2017-Q1"
PILOT_WARDS = {"pham-ngu-lao": "26749", "binh-tri-dong-b": "27451"}
TOUCHING_M = 150
TRUTH_COLUMNS = ["pilot", "ward_code", "source", "indicator", "effect_type", "effect", "role", "start_period"]


@dataclass(frozen=True)
class Planted:
    """One known effect: the ratio by which a ward's own value is moved from the start on.

    Attributes
    ----------
    pilot : str
    ward_code : str
    source : {"reports", "survey"}
    indicator : str
        Of the codebook, or a variable of the survey.
    effect_type : {"rate_ratio", "share_ratio", "odds_ratio"}
        How the expected count, the expected share or its odds are multiplied.
    effect : float
        Exactly 1 where nothing is planted.
    role : {"effect", "by_construction", "no_effect", "negative_control", "spill_over"}
        "by_construction": the share that moves because its numerator was
        moved; "no_effect": an outcome that the plan expects of the pilot and that
        it does not move; "negative_control": any other outcome.
    start_period : str
    """

    pilot: str
    ward_code: str
    source: str
    indicator: str
    effect_type: str
    effect: float
    role: str
    start_period: str = START


_REPORTED = {
    "pham-ngu-lao": {"sti_tested": 1.6, "hiv_tested": 1.4, "condom_availability": 2.5, "violence_reported": 1.3},
    "binh-tri-dong-b": {"contract_share": 2.0, "insurance_share": 1.8, "legal_counselling": 1.5},
}
_SPILL_OVER = {"pham-ngu-lao": ("sti_tested", 1.15), "binh-tri-dong-b": ("contract_share", 1.15)}
_SURVEYED = {
    "pham-ngu-lao": {"condom_last_client": 2.0, "tested_12m": 2.0, "fear_services": 0.6, "violence_12m": 1.0, "has_contract": 1.0},
    "binh-tri-dong-b": {"has_contract": 2.0, "has_insurance": 1.8, "tested_12m": 1.0, "violence_12m": 1.0},
}
_TESTED_SHARES = {"sti_tested": "sti_tested_share", "hiv_tested": "hiv_tested_share"}


def effects() -> tuple[Planted, ...]:
    """Return all that is planted, with every outcome of either pilot that is not.

    Returns
    -------
    tuple of Planted
        In the order of the pilots: effects, shares that follow from them,
        outcomes without effect, spill-over to wards that share at least
        150 m of border, then the survey.
    """
    return tuple(row for pilot in PILOT_WARDS for part in (_reports, _spill_over, _survey) for row in part(pilot))


def _kind(name: str) -> str:
    return "odds_ratio" if indicators()[name].measure == "proportion" else "rate_ratio"


def _reports(pilot: str) -> list[Planted]:
    ward, moved, aimed = PILOT_WARDS[pilot], _REPORTED[pilot], pilots()[pilot].outcome_indicators
    rows = [Planted(pilot, ward, "reports", name, _kind(name), value, "effect") for name, value in moved.items()]
    follow = {share: moved[count] for count, share in _TESTED_SHARES.items() if count in moved}
    rows += [Planted(pilot, ward, "reports", share, "share_ratio", value, "by_construction") for share, value in follow.items()]
    for name, indicator in indicators().items():
        if indicator.kind == "outcome" and indicator.reported and name not in moved and name not in follow:
            role = "no_effect" if name in aimed else "negative_control"
            rows.append(Planted(pilot, ward, "reports", name, _kind(name), 1.0, role))
    return rows


def _spill_over(pilot: str) -> list[Planted]:
    name, value = _SPILL_OVER[pilot]
    rows = []
    for ward in sorted(neighbours(PILOT_WARDS[pilot], TOUCHING_M)):
        rows.append(Planted(pilot, ward, "reports", name, _kind(name), value, "spill_over"))
        if name in _TESTED_SHARES:
            rows.append(Planted(pilot, ward, "reports", _TESTED_SHARES[name], "share_ratio", value, "spill_over"))
    return rows


def _survey(pilot: str) -> list[Planted]:
    ward = PILOT_WARDS[pilot]
    return [
        Planted(pilot, ward, "survey", name, "odds_ratio", value, "no_effect" if value == 1 else "effect")
        for name, value in _SURVEYED[pilot].items()
    ]


def truth_table() -> pd.DataFrame:
    """Return the known truth as a table, as it is written to truth.csv."""
    import pandas as pd

    return pd.DataFrame([asdict(e) for e in effects()], columns=TRUTH_COLUMNS)
