"""What may be shown of the survey, and how its changes are compared."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.reporting.survey import Answer, Asked, asked


def answers(ward: str, wave: str, yes: int, no: int, mode: str = "face_to_face") -> pd.DataFrame:
    values = [1.0] * yes + [0.0] * no
    return pd.DataFrame({"ward_code": ward, "wave": wave, "mode": mode, "fear_services": values})


def survey(*parts: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)


WHOLE = (
    answers("1", "baseline", 20, 20),
    answers("1", "endline", 12, 28),
    answers("2", "baseline", 30, 30),
    answers("2", "endline", 30, 30),
)


def test_the_change_is_held_against_that_of_the_comparison_wards():
    found = asked(survey(*WHOLE), "fear_services", ["1"], ["2"])
    gap, low, high = found.change
    assert gap == pytest.approx((12 / 40 - 20 / 40) - 0.0)
    assert low < gap < high
    assert found.shown
    assert found.wards == 1


@pytest.mark.parametrize(("yes", "no", "state"), [(9, 31, "withheld"), (31, 9, "withheld"), (10, 30, "shown"), (0, 0, "missing")])
def test_few_answers_of_a_kind_are_not_shown(yes: int, no: int, state: str):
    found = asked(survey(answers("1", "baseline", yes, no), *WHOLE[1:]), "fear_services", ["1"], ["2"])
    assert found.pilot[0].state == state
    assert (found.pilot[0].k is None) is (state != "shown")
    assert found.change[0] == pytest.approx(-0.2 if state == "never" else found.change[0], nan_ok=True)
    assert (found.change[0] == found.change[0]) is (state == "shown")


def test_answers_given_otherwise_are_not_mixed_in():
    other = answers("1", "endline", 15, 2, "self_administered")
    found = asked(survey(*WHOLE, other), "fear_services", ["1"], ["2"])
    assert found.mode == "face_to_face"
    assert (found.pilot[1].k, found.pilot[1].n, found.left_out) == (12, 40, 17)


def test_a_group_without_answers_has_no_share():
    nobody = Answer(None, 0, "missing")
    found = Asked("fear_services", "face_to_face", (nobody, nobody), (nobody, nobody), 0, 0)
    assert not found.shown
    assert nobody.share != nobody.share
