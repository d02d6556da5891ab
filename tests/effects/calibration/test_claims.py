"""What a calibration says, and the rule by which a procedure is not reliable."""

from __future__ import annotations

import pytest
from scipy import stats

from evaluation.effects.calibration.claims import LEAST_TRIED, Calibration, Rate
from evaluation.language import Words

NONE = Rate(0, 0)


def calibration(windows: Rate = NONE, generated: Rate = NONE, **more: object) -> Calibration:
    kept: dict[str, object] = {"detectable": 1.6, "coverage": NONE} | more
    return Calibration(
        estimand=Words("a", "a"), method=Words("b", "b"), estimate=windows.value, windows=windows, generated=generated, **kept
    )


@pytest.mark.parametrize(
    ("rate", "reliable"),
    [
        (Rate(0, 20), True),
        (Rate(2, 20), True),  # 10 % is not above 10 %
        (Rate(3, 20), False),
        (Rate(1, 8), True),  # one claim of eight says nothing: its interval begins at 0.3 %
        (Rate(3, 8), False),  # but three do: the interval begins at 8.5 %
        (Rate(16, 200), True),  # 8 %: the interval begins at 4.6 %
        (Rate(17, 200), False),  # 8.5 %: it begins at 5.02 %
        (Rate(77, 100), False),
        (NONE, False),  # never tried
    ],
)
def test_a_procedure_is_reliable_by_rule(rate: Rate, reliable: bool) -> None:
    assert calibration(windows=rate).reliable is reliable
    assert calibration(generated=rate).reliable is reliable
    if rate.m:
        low = stats.beta.ppf(0.025, rate.k, rate.m - rate.k + 1) if rate.k else 0.0
        assert reliable == (low <= 0.05 and not (rate.m >= LEAST_TRIED and rate.value > 0.10))


def test_either_of_past_and_drawn_panels_makes_it_unreliable() -> None:
    assert calibration(Rate(1, 20), Rate(10, 200)).reliable
    assert not calibration(Rate(3, 20), Rate(10, 200)).reliable
    assert not calibration(Rate(1, 20), Rate(30, 200)).reliable


def test_an_exact_test_is_seldom_called_unreliable() -> None:
    def called(m: int) -> float:
        return float(sum(stats.binom.pmf(k, m, 0.05) for k in range(min(m, 40) + 1) if Rate(k, m).too_high(0.05)))

    assert called(8) < 0.01  # one claim of eight is enough in 34 % of cases where the rate counted: 1 - 0.95 ** 8
    assert called(20) == pytest.approx(0.0755, abs=0.0005)
    assert called(200) < 0.04
    assert max(called(m) for m in range(1, 20, 3)) < 0.04


def test_a_sentence_in_both_languages() -> None:
    said = calibration(Rate(1, 20), Rate(9, 200))
    assert said.summary() == (
        "false alarms of the whole procedure where nothing happened: 1 of 20 (0% to 25%) units before any start and "
        "9 of 200 (2% to 8%) series drawn after the real ones; a ratio of 1.60 would be found in 80% of cases"
    )
    assert said.summary("vi").startswith("báo động nhầm của cả quy trình khi không có gì xảy ra: 1 trên 20 (0% đến 25%) đơn vị trước")
    assert "tỷ số 1,60 sẽ được nhận ra" in said.summary("vi")
    assert calibration(Rate(4, 20)).summary().startswith("not reliable by rule: ")
    assert calibration(Rate(4, 20)).summary("vi").startswith("không đáng tin cậy theo quy tắc: ")
    assert "above 10% with at least 20 tries" in said.rule("en")
    assert "vượt 10% với ít nhất 20 lần thử" in said.rule("vi")


def test_what_could_not_be_found_or_tried_is_said() -> None:
    assert "no effect that was tried" in calibration(Rate(0, 20), Rate(0, 200), detectable=None).summary()
    assert calibration().summary() == "the procedure could not be tried where nothing happened, so nothing may be claimed"
    share = calibration(Rate(0, 20), detectable=0.155, scale="difference", unit="share")
    assert "a difference of 15.5 percentage points" in share.summary()
    assert "a difference of 4.25 would" in calibration(Rate(0, 20), detectable=4.25, scale="difference", unit="value").summary()


def test_a_frame_of_rates() -> None:
    frame = calibration(Rate(3, 20), Rate(9, 200), coverage=Rate(190, 200)).to_frame()
    assert frame["what"].tolist() == ["windows", "generated", "coverage"]
    assert frame["too_high"].tolist() == [True, False, False]
    assert frame["m"].tolist() == [20, 200, 200]
    assert not frame["reliable"].any()
