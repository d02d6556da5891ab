import numpy as np
import pandas as pd
import pytest

from evaluation.example import Example
from evaluation.example.generator import city
from evaluation.example.planted import PILOT_WARDS, TOUCHING_M
from evaluation.example.survey import LEVELS, comparison_wards, survey
from evaluation.places import neighbours, wards


def odds(frame: pd.DataFrame, ward: str, wave: str, name: str) -> float:
    said = frame.loc[(frame["ward_code"] == ward) & (frame["wave"] == wave), name].dropna().astype(float)
    return float((said.sum() + 0.5) / ((1 - said).sum() + 0.5))


def test_two_pilot_and_four_comparison_wards_about_sixty_each(made: Example) -> None:
    sizes = made.survey.groupby(["ward_code", "wave"]).size()
    assert len(sizes) == 12
    assert sizes.between(50, 70).all()
    others = set(made.survey["ward_code"]) - set(PILOT_WARDS.values())
    assert len(others) == 4
    touching = {n for w in PILOT_WARDS.values() for n in neighbours(w, TOUCHING_M)}
    assert not others & touching
    assert not {wards()[w].district_code for w in others} & {"760", "777"}
    assert others == set(comparison_wards(city()))


def test_nothing_in_it_identifies(made: Example) -> None:
    assert list(made.survey.columns) == ["respondent", "ward_code", "wave", "age_group", *LEVELS, "mode"]
    assert made.survey["respondent"].is_unique
    assert made.survey["respondent"].is_monotonic_increasing  # the order of interviews is gone
    assert not made.survey["ward_code"].is_monotonic_increasing


def test_answers_are_yes_no_or_blank(made: Example) -> None:
    for name in LEVELS:
        assert set(made.survey[name].dropna()) == {0, 1}
        assert made.survey[name].isna().any()


def test_paper_hears_more_violence_than_a_face() -> None:
    frames = pd.concat([survey(seed) for seed in range(6)])
    told = frames.groupby("mode")["violence_12m"].mean()
    assert told["self_administered"] > told["face_to_face"] + 0.04


@pytest.mark.slow
def test_planted_answers_are_found_over_many_surveys(made: Example) -> None:
    planted = made.truth[made.truth["source"] == "survey"]
    assert len(planted) >= 8
    worlds = [survey(seed) for seed in range(24)]
    for row in planted.itertuples():
        change = [
            np.log(odds(w, row.ward_code, "endline", row.indicator) / odds(w, row.ward_code, "baseline", row.indicator)) for w in worlds
        ]
        error = np.std(change, ddof=1) / np.sqrt(len(change))
        # every ward drifts by 0.1 in logit; differences between people draw an odds ratio in a ward towards one
        assert abs(np.mean(change) - 0.1 - np.log(row.effect)) < 3.5 * error + 0.05, row.indicator


def test_survey_starts_near_the_published_levels(made: Example, published: dict[str, float]) -> None:
    base = made.survey[made.survey["wave"] == "baseline"]
    for name, figure in (
        ("condom_last_client", "hcmc_street_condom_new_2012"),
        ("tested_12m", "hss_fsw_tested12m_2020"),
        ("violence_12m", "vn_physical_violence"),
    ):
        assert published[figure] / 1.25 < 100 * base[name].astype(float).mean() < published[figure] * 1.25
