"""What the validation notebooks draw is what the library found: their cells are run and the axes asked for their data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from evaluation import published
from evaluation.monitoring import reported_figures as reported

FOLDER = Path(__file__).parents[2] / "notebooks" / "validation"
NAMES = ("german_reunification", "minimum_wage", "proposition99", "published_figures", "sicily")

pytestmark = pytest.mark.published


def _notebook(name: str) -> dict[str, Any]:
    return dict(json.loads((FOLDER / f"{name}.ipynb").read_text("utf-8")))


@pytest.fixture
def run(require: Callable[[str], None]) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Run a notebook's code in this process and give back what it left behind."""
    width = pd.get_option("display.max_colwidth")

    def execute(name: str) -> dict[str, Any]:
        notebook, left = _notebook(name), {}
        for wanted in notebook["metadata"].get("evaluation", {}).get("needs_published", []):
            require(wanted)
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                lines = [line for line in "".join(cell["source"]).split("\n") if not line.startswith("%")]
                exec("\n".join(lines), left)  # the project's own notebook
        return left

    yield execute
    plt.close("all")
    pd.set_option("display.max_colwidth", width)


def _marks(ax: Axes) -> list[float]:
    """Return the estimates of a forest, from its single marks, top to bottom."""
    points = [
        (line.get_ydata()[0], line.get_xdata()[0]) for line in ax.lines if line.get_marker() in {"s", "o"} and len(line.get_xdata()) == 1
    ]
    return [float(x) for _, x in sorted(points)]


def _bars(ax: Axes) -> list[tuple[float, float]]:
    """Return the intervals of a forest, top to bottom."""
    bars = [(line.get_ydata()[0], *line.get_xdata()) for line in ax.lines if line.get_marker() == "None" and len(line.get_xdata()) == 2]
    level = [b for b in bars if b[1] != b[2]]  # the vertical line of no difference has one x
    return [(float(a), float(b)) for _, a, b in sorted(level)]


def _drawn(ax: Axes, values: pd.Series) -> bool:
    """Return whether one of the lines has these heights."""
    return any(len(line.get_ydata()) == len(values) and np.allclose(line.get_ydata(), values) for line in ax.lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "treated", "said"),
    [
        ("proposition99", ("smoking", "state", "California", "cigsale"), "\u221219.0 (95%: \u221234.8 to \u22123.19; p = 0.026)"),
        ("german_reunification", ("germany", "country", "West Germany", "gdp"), "p = 0.059"),
    ],
)
def test_synthetic_controls_are_drawn_as_found(
    run: Callable[[str], dict[str, Any]], capsys: pytest.CaptureFixture[str], name: str, treated: tuple[str, str, str, str], said: str
) -> None:
    left = run(name)
    data, column, unit, outcome = treated
    own = published.load(data).set_index(column).loc[unit].sort_values("year")[outcome]
    assert _drawn(left["ax_course"], own)
    assert _drawn(left["ax_course"], left["found"].counterfactual["counterfactual"])
    assert _drawn(left["ax_gaps"], left["found"].effects["effect"])
    assert said in capsys.readouterr().out


def test_minimum_wage_draws_effects_with_their_intervals(run: Callable[[str], dict[str, Any]]) -> None:
    left = run("minimum_wage")
    steps = left["steps"]
    assert steps["estimate"].tolist() == left["found"].diagnostics["by_event_time"]["estimate"].tolist()
    points, bars = left["ax"].collections
    assert np.allclose(points.get_offsets(), steps[["event_time", "estimate"]])
    drawn = np.array([[segment[0][1], segment[1][1]] for segment in bars.get_segments()])
    assert np.allclose(drawn, steps[["low", "high"]])


def test_sicily_draws_the_series_and_the_counterfactual(run: Callable[[str], dict[str, Any]]) -> None:
    left = run("sicily")
    months = published.load("sicily")
    assert np.allclose(left["ax"].collections[0].get_offsets()[:, 1], 1e5 * months["aces"] / months["stdpop"])
    expected, without, begins = left["ax"].lines
    after = months["smokban"].to_numpy() == 1
    ratio = np.asarray(expected.get_ydata()) / np.asarray(without.get_ydata())
    assert np.allclose(ratio[~after], 1)
    assert np.allclose(ratio[after], left["full"].estimate)
    assert begins.get_xdata()[0] == 36.5


@pytest.mark.slow
def test_published_figures_draw_what_was_computed(run: Callable[[str], dict[str, Any]]) -> None:
    left = run("published_figures")
    condom = reported.condom_use().sort_values(["year", "design_effect"])
    assert _marks(left["ax_condom"]) == pytest.approx((condom["percent"] / 100).tolist())
    assert np.allclose(_bars(left["ax_condom"]), condom[["low", "high"]] / 100)
    border = reported.five_provinces((1.0, 2.0))
    assert _marks(left["ax_border"]) == pytest.approx((border["points"] / 100).tolist())
    hiv = reported.hiv_prevalence().dropna(subset="percent")
    assert _marks(left["ax_hiv"]) == pytest.approx((hiv["percent"] / 100).tolist())
    assert len(_bars(left["ax_hiv"])) == hiv["n"].notna().sum()
    assert np.allclose(_bars(left["ax_hiv"]), hiv.dropna(subset="n")[["low", "high"]] / 100)
    assert np.allclose(_bars(left["ax_size"])[-1], (2445, 3014))
    assert _marks(left["ax_size"]) == pytest.approx([2622, 2621, 2616], abs=0.6)
    assert _marks(left["ax_pool"])[:2] == [3.27, 3.53]


def test_every_published_source_shown_has_title_year_and_address() -> None:
    text = json.dumps(_notebook("published_figures"), ensure_ascii=False)
    used = {
        "hcmc_hss_condom_2013",
        "border5_gcct_exit",
        "hss_fsw_hiv_2018",
        "hcmc_venues_2023",
        "hcmc_hotspots_2013",
        "hcmc_vfsw_6districts",
    }
    for source in reported.citations(sorted(used)):
        assert json.dumps(source, ensure_ascii=False)[1:-1] in text


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_say_which_data_they_need(name: str) -> None:
    notebook = _notebook(name)
    code = "".join("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code")
    needed = notebook["metadata"].get("evaluation", {}).get("needs_published", [])
    assert [n for n in published.DATASETS if f'published.load("{n}")' in code] == needed
