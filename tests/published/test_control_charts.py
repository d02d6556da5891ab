"""Control charts with published limits and signals: Montgomery's data as in package qcc, and NHSRplotthedots' own tests."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from evaluation import published
from evaluation.cli import main
from evaluation.monitoring.charts import ControlChart, control_chart

pytestmark = pytest.mark.published


@pytest.fixture
def orange_juice(require: Callable[[str], None]) -> Callable[..., ControlChart]:
    require("orangejuice")
    trial = published.load("orangejuice").query("trial")
    return lambda rules: control_chart(trial["D"], trial["size"], "p", rules=rules)


@pytest.fixture
def circuit(require: Callable[[str], None]) -> Callable[..., ControlChart]:
    require("circuit")
    trial = published.load("circuit").query("trial")
    return lambda rules: control_chart(trial["x"], kind="c", rules=rules)


@pytest.fixture
def twenty(require: Callable[[str], None]) -> np.ndarray:
    require("xmr20")
    return published.load("xmr20")["y"].to_numpy(float, copy=True)


def _met(chart: ControlChart) -> dict[str, list[int]]:
    return {name: [int(p) for p in periods] for name, periods in chart.fired.items() if periods}


def test_p_chart_of_orange_juice_montgomery(orange_juice: Callable[..., ControlChart]) -> None:
    chart = orange_juice("limits")
    assert round(chart.estimate, 4) == 0.2313
    assert round(chart.frame["low"][0], 4) == 0.0524
    assert round(chart.frame["high"][0], 4) == 0.4102
    assert _met(chart) == {"outside": [15, 23]}


def test_c_chart_of_circuit_boards_montgomery(circuit: Callable[..., ControlChart]) -> None:
    chart = circuit("limits")
    assert chart.estimate == pytest.approx(19.85, abs=0.005)
    # Printed as 6.48 and 33.21, from a centre rounded first.
    assert (chart.frame["low"][0], chart.frame["high"][0]) == (pytest.approx(6.48, abs=0.005), pytest.approx(33.21, abs=0.005))
    assert _met(chart) == {"outside": [6, 20]}


@pytest.mark.parametrize(
    ("rules", "met"),
    [
        ("limits", {"outside": [15, 23]}),
        ("nhs", {"outside": [15, 23], "near_limit": [21, 22]}),
        ("western_electric", {"outside": [15, 23], "two_of_three": [21, 22, 23], "four_of_five": [21, 22, 23, 24]}),
        ("nelson", {"outside": [15, 23], "two_of_three": [21, 22, 23], "four_of_five": [21, 22, 23, 24]}),
        ("anhoej", {}),
        ("run_chart", {}),
    ],
)
def test_which_points_of_orange_juice_fire(orange_juice: Callable[..., ControlChart], rules: str, met: dict[str, list[int]]) -> None:
    assert _met(orange_juice(rules)) == met


@pytest.mark.parametrize(
    ("rules", "met"),
    [
        ("limits", {"outside": [6, 20]}),
        ("nhs", {"outside": [6, 20]}),
        ("western_electric", {"outside": [6, 20], "two_of_three": [20, 21]}),
        ("nelson", {"outside": [6, 20], "two_of_three": [20, 21]}),
        ("anhoej", {"few_crossings": [26]}),
        ("run_chart", {"shift": [7, 8, 9, 10, 11, 12]}),
    ],
)
def test_which_points_of_circuit_boards_fire(circuit: Callable[..., ControlChart], rules: str, met: dict[str, list[int]]) -> None:
    assert _met(circuit(rules)) == met


def test_xmr_of_nhsrplotthedots(twenty: np.ndarray) -> None:
    chart = control_chart(twenty, kind="xmr", rules="nhs")
    assert chart.estimate == pytest.approx(0.1416238, abs=5e-8)
    assert (chart.frame["low"][0], chart.frame["high"][0]) == (pytest.approx(-3.01138, abs=5e-6), pytest.approx(3.294627, abs=5e-7))
    # Its summary counts all twenty points as common cause.
    assert _met(chart) == {}
    assert chart.verdict == "no_change"


@pytest.mark.parametrize(("screen", "low", "high"), [(True, -2.383666, 3.722497), (False, -4.596625, 5.935457)])
def test_xmr_with_large_moving_ranges_left_out_or_kept_nhsrplotthedots(twenty: np.ndarray, screen: bool, low: float, high: float) -> None:
    twenty[14] = 10
    chart = control_chart(twenty, kind="xmr", screen=screen)
    assert chart.estimate == pytest.approx(0.6694159, abs=5e-8)
    assert (chart.frame["low"][0], chart.frame["high"][0]) == (pytest.approx(low, abs=5e-7), pytest.approx(high, abs=5e-7))
    assert _met(chart) == {"outside": [15]}


@pytest.mark.parametrize(("part", "printed"), [(slice(0, 10), (0.0746, -2.60, 2.75)), (slice(10, 20), (0.209, -3.28, 3.70))])
def test_xmr_of_ten_points_each_nhsrplotthedots(twenty: np.ndarray, part: slice, printed: tuple[float, ...]) -> None:
    chart = control_chart(twenty[part], kind="xmr")
    found = (chart.estimate, chart.frame["low"][0], chart.frame["high"][0])
    assert found == tuple(pytest.approx(p, abs=0.006) for p in printed)
    assert chart.trial


@pytest.mark.parametrize("typed", [("--measure", "value"), ("--kind", "xmr")])
def test_xmr_of_twenty_values_from_the_command_line_nhsrplotthedots(
    require: Callable[[str], None], capsys: pytest.CaptureFixture[str], typed: tuple[str, str]
) -> None:
    require("xmr20")
    assert main(["chart", "--csv", str(published.path("xmr20")), "--time", "t", "--count", "y", *typed, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["centre"] == pytest.approx(0.1416238, abs=5e-8)
    assert (told["limits"]["low"], told["limits"]["high"]) == (pytest.approx(-3.01138, abs=5e-6), pytest.approx(3.294627, abs=5e-7))
    assert told["signals"] == []
    assert bool(told["notes"]) == (typed[0] == "--kind")
