"""Minimum wages and teen employment: Callaway and Sant'Anna 2021 (J. Econometrics 225:200), the panel of package did."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evaluation import published
from evaluation.effects.panel import callaway_santanna

COLUMNS = {"outcome": "lemp", "unit": "countyreal", "period": "year", "first_treated": "first.treat"}

pytestmark = pytest.mark.published


def test_simple_effect_as_published(require: Callable[[str], None]) -> None:
    require("mpdta")
    found = callaway_santanna(published.load("mpdta"), **COLUMNS)
    assert round(found.estimate, 4) == -0.0400
    assert found.standard_error == pytest.approx(0.012, abs=5e-4)
    assert (found.treated_units, found.comparison_units) == (191, 309)


def test_simple_effect_is_the_mean_of_four_mean_differences(require: Callable[[str], None]) -> None:
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
    by_hand = sum(e * s for e, s in zip(effects, sizes, strict=True)) / sum(sizes)
    assert callaway_santanna(data, **COLUMNS).estimate == pytest.approx(by_hand, abs=1e-9)
