"""One table: what is known, how surely, what it stands on; nothing claimed that a rule does not let through."""

from __future__ import annotations

import numpy as np
import pytest
from tests.effects.synthesis.made_effects import calibrated, effect

from evaluation.effects.synthesis.certainty import certainty
from evaluation.effects.synthesis.e_value import e_value
from evaluation.effects.synthesis.evidence import evidence_table
from evaluation.effects.synthesis.pooled import pool_effects

ROLES = {"sti_tested": "primary", "hiv_tested": "secondary", "jobs_taken": "negative_control"}


def test_one_row_an_outcome_with_the_first_design_as_the_main_one() -> None:
    effects = [
        effect(1.5, planned="planned"),
        effect(1.4, design="mc"),
        effect(0.9, design="sc"),
        effect(1.1, 0.8, 1.5, p=0.4, outcome="hiv_tested"),
    ]
    table = evidence_table(effects, [certainty(effects[0])], {"sti_tested": [e_value(2.0)]}, roles=ROLES)
    first, second = table.rows.to_dict("records")
    assert (first["design"], first["designs"], first["same_way"]) == ("did", 3, 2)
    assert (first["least"], first["most"]) == (0.9, 1.5)
    assert (first["role"], first["verdict"], first["claimed"], first["certainty"]) == ("primary", "clear", True, "low")
    assert (first["false_alarms"], first["tried"]) == (0, 40)
    assert first["known_en"] == "ratio 1.50 (95%: 1.20 to 1.90). It can be told from chance."
    assert first["known_vi"] == "tỷ số 1,50 (95%: từ 1,20 đến 1,90). Phân biệt được với ngẫu nhiên."
    assert "Planned." in first["stands_en"]
    assert "2 of 3 designs point the same way" in first["stands_en"]
    assert "ratio of at least 3.41" in first["stands_en"]
    assert "starts low" in first["surely_en"]
    assert (second["verdict"], second["claimed"], second["certainty"]) == ("unclear", False, "")
    assert table.estimates["main"].tolist() == [True, False, False, True]
    assert table.overall == "low"
    assert (table.estimate, table.n) == (1.0, 2)
    assert "effects that may be claimed: 1" in table.summary("en")
    assert len(table.to_frame()) == 2


def test_a_claim_has_to_stand_after_the_correction_within_its_role() -> None:
    secondary = [effect(p=0.03, outcome=o) for o in ("a", "b", "c")]
    roles = dict.fromkeys(("a", "b", "c"), "secondary") | {"sti_tested": "primary"}
    table = evidence_table([effect(p=0.03), *secondary], roles=roles)
    assert table.rows["claimed"].tolist() == [True, False, False, False]
    assert table.rows["p_adjusted"].tolist() == pytest.approx([0.03, 0.09, 0.09, 0.09])
    assert table.rows["known_en"].iloc[1].endswith("Nothing is claimed: corrected for 3 tests (Holm), p = 0.090.")
    assert evidence_table(secondary, roles=roles, correction="none").rows["claimed"].all()


def test_nothing_is_claimed_without_calibration_or_by_one_that_cries_wolf() -> None:
    table = evidence_table([effect(calibration=None), effect(outcome="b", calibration=calibrated(9, 40))])
    assert table.rows["verdict"].tolist() == ["uncalibrated", "unreliable"]
    assert not table.rows["claimed"].any()
    assert np.isnan(float(table.rows["tried"].iloc[0]))
    assert table.overall is None


def test_the_overall_grade_looks_at_primary_outcomes_and_never_at_controls() -> None:
    low = certainty(effect())
    control = certainty(effect(1.0, 0.4, 2.0, outcome="jobs_taken"))
    table = evidence_table([effect(), effect(1.0, 0.4, 2.0, p=0.9, outcome="jobs_taken")], [low, control], roles=ROLES)
    assert (control.level, table.overall) == ("very low", "low")
    assert table.n == 1


def test_untested_effects_and_pooled_ones() -> None:
    placebos = [("D1", 1.2), ("D2", 0.8)]
    one, two = effect(placebos=placebos), effect(placebos=placebos, unit="Phường B")
    table = evidence_table([one, two, effect(None, None, None, p=None, outcome="b")], pooled=[pool_effects([one, two])])
    assert table.rows["known_en"].tolist()[2] == "It could not be tested."
    last = table.estimates.iloc[-1]
    assert (last["design"], last["row"], last["outcome"]) == ("pooled", -1, "sti_tested")
    assert float(last["ratio"]) == pytest.approx(1.5)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="no effects"):
        evidence_table([])
    with pytest.raises(ValueError, match="main"):
        evidence_table([effect()], roles={"sti_tested": "main"})
