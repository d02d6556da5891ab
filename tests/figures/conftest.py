"""Frames as the gate hands them on, the real wards, and what every printed figure must hold."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from evaluation.figures import style
from evaluation.settings import folders

# Words that a text in the other language never has.
FOREIGN = {
    "vi": {"the", "of", "and", "with", "from", "which", "was", "not", "limits"},
    "en": {"của", "từ", "được", "với", "không", "và", "giới"},
}
PERIODS = [f"{year}-Q{quarter}" for year in range(2015, 2019) for quarter in range(1, 5)]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def quarters() -> pd.DataFrame:
    """Sixteen quarters: a zero, two quarters without report, one withheld, the first two not collected."""
    share = np.linspace(0.31, 0.62, 16) + 0.03 * np.sin(np.arange(16))
    frame = pd.DataFrame({"period": PERIODS, "value": share, "low": share - 0.06, "high": share + 0.07, "state": "shown"})
    for i, state in {0: "not_collected", 1: "not_collected", 6: "missing", 7: "missing", 10: "withheld"}.items():
        frame.loc[i, ["value", "low", "high"]] = np.nan
        frame.loc[i, "state"] = state
    frame.loc[4, ["value", "low", "high"]] = [0.0, 0.0, 0.045]
    return frame


@pytest.fixture
def wards() -> Callable[[str], pd.DataFrame]:
    """Return the real wards of a district with made-up reports: every third offers nothing, one did not report."""
    places = [folders().data / "reference", Path(os.environ.get("EVALUATION_REFERENCE", "../shared/reference"))]
    home = next((p for p in places if (p / "wards_census.csv").exists()), None)
    if home is None:
        pytest.skip("data/reference/wards_census.csv is not there yet")
    census = pd.read_csv(home / "wards_census.csv", dtype={"ward_code": str, "district_code": str})
    names = pd.read_csv(home / "wards_2018.csv", dtype=str)[["ward_code", "name_vi"]]

    def of(district: str) -> pd.DataFrame:
        frame = census[census["district_code"] == district].merge(names, on="ward_code").rename(columns={"name_vi": "name"})
        frame["residents"] = frame["population_2019"].astype(float)
        frame["services"] = [float(i % 4) for i in range(len(frame))]
        frame["state"] = "reported"
        frame.loc[[1, 4], ["state", "services"]] = ["missing", np.nan]
        frame.loc[3, "services"] = np.nan
        return frame[["ward_code", "name", "x_km", "y_km", "residents", "state", "services"]]

    return of


@pytest.fixture
def districts() -> pd.DataFrame:
    """Twenty-four districts around 40%, one of them far above, two without report, one withheld."""
    rng = np.random.default_rng(5)
    n = rng.integers(60, 2400, 24)
    value = rng.binomial(n, 0.4) / n
    frame = pd.DataFrame(
        {
            "unit_code": [str(760 + i) for i in range(24)],
            "name": [f"Quận {i + 1}" for i in range(24)],
            "n": n,
            "value": value,
            "state": "shown",
        }
    )
    frame.loc[0, ["n", "value"]] = [900, 0.5]
    for i, state in {3: "missing", 8: "missing", 15: "withheld"}.items():
        frame.loc[i, "value"] = np.nan
        frame.loc[i, "state"] = state
    return frame


@pytest.fixture
def apart() -> Callable[[Figure], None]:
    """Return a check that fails where two texts of a figure overlap or one leaves the page."""

    def check(fig: Figure) -> None:
        fig.canvas.draw()
        renderer = fig.canvas.get_renderer()  # type: ignore[attr-defined]
        page = fig.bbox
        seen, undrawn = {}, _undrawn(fig)
        for text in fig.findobj(Text):
            if not text.get_visible() or not text.get_text().strip() or id(text) in undrawn:
                continue
            box = text.get_window_extent(renderer)
            seen[id(text)] = (text.get_text(), box)
            inside = page.x0 - 1 <= box.x0 <= box.x1 <= page.x1 + 1, page.y0 - 1 <= box.y0 <= box.y1 <= page.y1 + 1
            assert all(inside), f"leaves the page: {text.get_text()!r}"
        for (a, one), (b, two) in combinations(seen.values(), 2):
            wide = min(one.x1, two.x1) - max(one.x0, two.x0)
            tall = min(one.y1, two.y1) - max(one.y0, two.y0)
            assert wide <= 1 or tall <= 1, f"{a!r} lies on {b!r}"

    return check


@pytest.fixture
def printed(apart: Callable[[Figure], None]) -> Callable[[Callable[[str], Axes]], None]:
    """Return a check of a figure in both languages, given a function that draws it in one.

    No two texts touch and nothing reaches the page's edge, the bytes are the
    same twice, the alternative has no words of the other language, and figure
    and alternative bear the synthetic mark both or neither.
    """

    def check(draw: Callable[[str], Axes]) -> None:
        for language, foreign in FOREIGN.items():
            ax = draw(language)
            fig = style.root(ax)
            apart(fig)
            page = style.png(fig)
            assert page == style.png(style.root(draw(language))), "other bytes the second time"
            grey = plt.imread(io.BytesIO(page))[..., :3].mean(axis=2)
            assert min(edge.min() for edge in (grey[:2], grey[-2:], grey[:, :2], grey[:, -2:])) > 0.9, "ink at the page's edge"
            told, written = style.alt(ax), " ".join(text.get_text() for text in fig.findobj(Text))
            assert not foreign & set(re.findall(r"\w+", told.replace(style.SYNTHETIC, "").lower())), told
            assert (style.SYNTHETIC in told) == (style.SYNTHETIC in written)

    return check


def _undrawn(fig: Figure) -> set[int]:
    """Return the texts of axes that are in the tree and never drawn: spare tick labels, and all of an axis switched off."""
    found: set[int] = set()
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            drawn = {id(label) for tick in axis._update_ticks() for label in (tick.label1, tick.label2)}  # type: ignore[attr-defined]
            drawn |= {id(axis.label), id(axis.offsetText)}
            found |= {id(text) for text in axis.findobj(Text) if not ax.axison or id(text) not in drawn}
    return found
