"""The made-up survey of workers: two rounds in the two pilot wards and four comparison wards, without anything that identifies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evaluation.example.generator import PERIODS, SEED, WARM_UP, City, city, logistic, logit, stream
from evaluation.example.planted import PILOT_WARDS, TOUCHING_M, effects
from evaluation.places import neighbours

if TYPE_CHECKING:
    import pandas as pd

WAVES = {"baseline": "2016-Q4", "endline": "2018-Q3"}
PER_WARD = 60
COMPARISONS = 4
AGE_GROUPS = {"18-24": 0.35, "25-34": 0.45, "35+": 0.20}
SELF_ADMINISTERED = 0.4  # share of interviews answered alone, on paper
FRANKER = 1.5  # odds of telling of violence when answering alone
NO_ANSWER = 0.03
NO_CLIENT = 0.3  # share asked nothing about a last client
LEVELS = {
    "condom_last_client": 0.58,
    "tested_12m": 0.40,
    "violence_12m": 0.44,
    "has_contract": 0.30,
    "has_insurance": 0.22,
    "fear_services": 0.45,
}
SURVEY_COLUMNS = ["respondent", "ward_code", "wave", "age_group", *LEVELS, "mode"]


def comparison_wards(place: City) -> tuple[str, ...]:
    """Return the wards surveyed for comparison: entertainment wards outside the pilot districts, closest in activity in 2016.

    Neither a pilot ward nor a neighbour of one.
    """
    pilots = [place.wards.index(w) for w in PILOT_WARDS.values()]
    year = slice(WARM_UP + PERIODS.index("2016-Q1"), WARM_UP + PERIODS.index("2017-Q1"))
    level = np.log(np.maximum(place.activity[:, year].mean(1), 0.1))
    near = {w for pilot in PILOT_WARDS.values() for w in neighbours(pilot, TOUCHING_M)}
    taken = {place.districts[i] for i in pilots}
    chosen = [
        (abs(level[i] - level[pilots].mean()), ward)
        for i, ward in enumerate(place.wards)
        if place.busy[i] and place.districts[i] not in taken and ward not in near
    ]
    return tuple(ward for _, ward in sorted(chosen)[:COMPARISONS])


def survey(seed: int = SEED, planted: bool = True) -> pd.DataFrame:
    """Return the answers of both rounds: different people in each, about 60 a ward.

    Parameters
    ----------
    seed : int
    planted : bool
        False leaves the effects out.

    Returns
    -------
    DataFrame
        respondent (a random code), ward_code, wave ("baseline", "endline"),
        age_group, the yes (1) or no (0) answers as nullable integers, and
        mode ("face_to_face", "self_administered").
    """
    import pandas as pd

    rng = stream(seed, "survey")
    wards = (*PILOT_WARDS.values(), *comparison_wards(city(seed)))
    odds = {(e.ward_code, e.indicator): e.effect for e in effects() if e.source == "survey"} if planted else {}
    parts = []
    for ward in wards:
        own = {name: rng.normal(0, 0.2) for name in LEVELS}
        for wave in WAVES:
            n = int(rng.integers(PER_WARD - 6, PER_WARD + 7))
            age = rng.choice(list(AGE_GROUPS), n, p=list(AGE_GROUPS.values()))
            alone = rng.random(n) < SELF_ADMINISTERED
            person = rng.normal(0, 0.4, n)
            answers: dict[str, object] = {"ward_code": ward, "wave": wave, "age_group": age}
            for name, base in LEVELS.items():
                score = logit(base) + own[name] + 0.1 * (wave == "endline") - 0.25 * (age == "18-24") + person
                score = score + np.log(FRANKER) * alone * (name == "violence_12m")
                score = score + (np.log(odds.get((ward, name), 1.0)) if wave == "endline" else 0.0)
                said = (rng.random(n) < logistic(score)).astype(float)
                silent = rng.random(n) < NO_ANSWER
                no_client = (rng.random(n) < NO_CLIENT) & (name == "condom_last_client")
                answers[name] = pd.array(np.where(silent | no_client, np.nan, said), dtype="Int8")
            answers["mode"] = np.where(alone, "self_administered", "face_to_face")
            parts.append(pd.DataFrame(answers))
    frame = pd.concat(parts, ignore_index=True)
    codes = rng.choice(16**6, len(frame), replace=False)
    frame.insert(0, "respondent", [f"{c:06x}" for c in codes])
    return frame.sort_values("respondent", ignore_index=True)[SURVEY_COLUMNS]
