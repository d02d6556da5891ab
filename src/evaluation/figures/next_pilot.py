"""Power of the next pilot by its effect, one line for each number of units."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from evaluation.effects.next_pilot.planned import NextPilot
from evaluation.effects.next_pilot.power_curve import POWER
from evaluation.figures import style
from evaluation.language import Words, number, percent, sentence, uncapitalised

UNITS = Words("{k} đơn vị", "{k} units")
CHOSEN = Words("{k} đơn vị (phương án)", "{k} units (the plan)")
STEPPED = Words("{k} đơn vị, {waves} đợt (phương án)", "{k} units in {waves} waves (the plan)")
X = {
    "ratio": Words("tác động thật: tỷ số (thang lô-ga-rít)", "true effect: ratio (logarithmic scale)"),
    "odds ratio": Words("tác động thật: tỷ số chênh (thang lô-ga-rít)", "true effect: odds ratio (logarithmic scale)"),
    "standard deviations": Words(
        "tác động thật: độ lệch chuẩn của chính đơn vị", "true effect: standard deviations of a unit's own values"
    ),
}
Y = Words("khả năng nhận ra", "power")
WANTED = Words("{x} (mong muốn)", "{x} (wanted)")
ALARMS = Words("{x} (báo động nhầm)", "{x} (false alarms)")
OVER = Words(
    "Quan sát {quarters} kỳ; mỗi điểm từ {draws} bộ số liệu mô phỏng theo chuỗi thật.",
    "Watched for {quarters} periods; each point from {draws} panels drawn after the real series.",
)
SHOWN = 5
_LOOKS = (("s", (0, (4, 2))), ("^", (0, (1, 1.5))), ("D", (0, (6, 2, 1, 2))), ("v", (0, (2, 1))))
_PLAN: dict[str, Any] = {"color": style.MAIN, "marker": "o", "linewidth": 2.2, "markersize": 5.5}
_OTHER: dict[str, Any] = {"color": style.GREY, "linewidth": 1.2, "markersize": 4}


def next_pilot(
    result: NextPilot, ax: Axes | None = None, *, language: str = "vi", outcome: str | None = None, title: str = "", source: str = ""
) -> Axes:
    """Draw power by effect for several numbers of units, over the planned periods.

    Parameters
    ----------
    result : NextPilot
    ax : Axes, optional
    language : {"vi", "en"}
    outcome : str, optional
        Id of an outcome of the plan; the primary one where left out.
    title, source : str
        The finding where no title is given.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the plan has no such outcome.
    """
    named = outcome or next(iter(result.outcome_labels))
    if named not in result.outcome_labels:
        known = ", ".join(result.outcome_labels)
        raise ValueError(f"outcome={named!r}: có {known}. / there are {known}.")
    frame = result.power[(result.power["outcome"] == named) & (result.power["quarters"] == result.quarters)]
    scale = str(frame["scale"].iloc[0])
    effects = sorted(frame["effect"].unique())
    with style.house():
        ax = style.canvas(ax, 3.8)
        handles = [*_lines(ax, result, frame, language), *_levels(ax, result.level, language)]
        if scale != "standard deviations":
            ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(effects))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xticks(effects, [number(e, language, 0 if e == int(e) else 2 if round(e, 1) != e else 1) for e in effects])
        ax.set_ylim(-0.02, 1.04)
        ax.set_yticks(np.linspace(0, 1, 6), [percent(y, language, 0) for y in np.linspace(0, 1, 6)])
        ax.set_xlabel(X[scale][language])
        ax.set_ylabel(Y[language])
        ax.grid(axis="y")
        style.plain_ticks(ax)
        label = result.outcome_labels[named][language]
        heading = title or (sentence(result.summary(language)) if outcome in (None, next(iter(result.outcome_labels))) else label)
        note = OVER[language].format(quarters=number(result.quarters, language), draws=number(int(result.diagnostics["draws"]), language))
        style.finish(ax, title=heading, handles=handles, notes=[note, source], synthetic=result.synthetic, below=36)
    style.describe(ax, heading, uncapitalised(label), result.method[language], synthetic=result.synthetic)
    return ax


def _levels(ax: Axes, level: float, language: str) -> list[Artist]:
    """Draw the power that is wanted and the false alarms that the level allows."""
    handles: list[Artist] = []
    for height, said, line in ((POWER, WANTED, (0, (4, 2))), (1 - level, ALARMS, (0, (1, 2)))):
        look: dict[str, Any] = {"color": style.INK, "linewidth": 1, "linestyle": line}
        ax.axhline(height, zorder=1, **look)
        handles.append(Line2D([], [], label=said[language].format(x=percent(height, language, 0)), **look))
    return handles


def _lines(ax: Axes, result: NextPilot, frame: Any, language: str) -> list[Artist]:
    """Draw a line for each number of units: the plan's strongest, others from far below it to far above."""
    together = frame[frame["start"] == "together"]
    others = [int(k) for k in sorted(together["k"].unique()) if k != result.k]
    near = sorted(others, key=lambda k: abs(np.log(k / result.k)))
    kept = sorted(near[:: max(1, len(near) // (SHOWN - 1))][: SHOWN - 1])
    handles: list[Artist] = []
    for k, (marker, line) in zip(kept, cycle(_LOOKS), strict=False):
        rows = together[together["k"] == k].sort_values("effect")
        (drawn,) = ax.plot(rows["effect"], rows["power"], marker=marker, linestyle=line, zorder=2, **_OTHER)
        drawn.set_label(UNITS[language].format(k=number(k, language)))
        handles.append(drawn)
    stepped = frame[frame["start"] != "together"]
    plan = stepped if result.waves > 1 else together[together["k"] == result.k]
    plan = plan.sort_values("effect")
    (drawn,) = ax.plot(plan["effect"], plan["power"], zorder=3, **_PLAN)
    said = STEPPED if result.waves > 1 else CHOSEN
    drawn.set_label(said[language].format(k=number(result.k, language), waves=number(result.waves, language)))
    return [drawn, *handles]
