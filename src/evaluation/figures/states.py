"""Why a value is not there: checked on entry, drawn so that no absence looks like zero or like another absence.

Zero is an ordinary marker at zero. "Not reported" is a light band with a
hollow cross, "withheld" a grey hatched band over the full height,
"inconsistent" (a part larger than its whole) upright lines, "not collected" a
dotted band, "not applicable" a band of dashes. Bands carry no
height and axis limits come from shown values alone, so that no withheld value
can be read off a figure or out of its artists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import style
from evaluation.figures.units import many
from evaluation.language import Words

SHOWN = "shown"
ABSENT = {
    "missing": Words("không có báo cáo", "not reported"),
    "withheld": Words("ẩn để bảo vệ thông tin cá nhân", "withheld to protect people"),
    "inconsistent": Words("số liệu báo cáo không khớp nhau", "reported counts do not agree"),
    "not_collected": Words("chưa thu thập", "not collected"),
    "not_applicable": Words("không áp dụng", "not applicable"),
}
BANDS: dict[str, dict[str, Any]] = {
    "missing": {"facecolor": style.BAND, "edgecolor": "none", "linewidth": 0},
    "withheld": {"facecolor": style.PAPER, "edgecolor": "#8d949e", "hatch": "////", "linewidth": 0},
    "inconsistent": {"facecolor": style.PAPER, "edgecolor": "#b9bfc7", "hatch": "|||", "linewidth": 0},
    "not_collected": {"facecolor": style.PAPER, "edgecolor": "#9aa1ab", "hatch": "..", "linewidth": 0},
    "not_applicable": {"facecolor": style.PAPER, "edgecolor": "#c3c8cf", "hatch": "--", "linewidth": 0},
}
CROSS: dict[str, Any] = {
    "marker": "X",
    "linestyle": "none",
    "markersize": 6,
    "markerfacecolor": style.PAPER,
    "markeredgecolor": style.GREY,
    "markeredgewidth": 0.9,
}


def checked(frame: pd.DataFrame, key: str, values: Sequence[str], *, required: str = "value") -> pd.DataFrame:
    """Return the frame as floats if values stand exactly where the state is "shown".

    Parameters
    ----------
    frame : DataFrame
        Protected rows with a column `state`.
    key : str
        Column that names a row in messages.
    values : sequence of str
        Columns that must be empty unless the row is shown (those not in the frame are added, empty).
    required : str
        The one of them that a shown row must have.

    Raises
    ------
    ValueError
        If a row that is not shown carries a value (the value itself is never
        echoed), a shown row has none, or a state is unknown.
    """
    if lacking := sorted({key, "state", required} - set(frame.columns)):
        raise ValueError(f"Bảng thiếu cột {', '.join(lacking)}. / The table lacks the columns {', '.join(lacking)}.")
    out = frame.reset_index(drop=True)
    for column in values:
        out[column] = out[column].astype(float) if column in out else np.nan
    for name, state, row in zip(out[key], out["state"], out[list(values)].to_numpy(float), strict=True):
        if state != SHOWN and state not in ABSENT:
            raise ValueError(f"Hàng {name}: không có trạng thái {state!r}. / Row {name}: there is no state {state!r}.")
        if state != SHOWN and not np.isnan(row).all():
            raise ValueError(
                f"Hàng {name} có trạng thái {state!r} nhưng vẫn mang giá trị; hãy đưa bảng qua cửa bảo mật trước khi vẽ. / "
                f"Row {name} has the state {state!r} and still carries a value; pass the table through the gate before drawing."
            )
    bare = (out["state"] == SHOWN) & ~np.isfinite(out[required].to_numpy(float))
    if bare.any():
        name = out.loc[bare, key].iloc[0]
        raise ValueError(f"Hàng {name} được nêu nhưng không có giá trị. / Row {name} is shown but has no value.")
    return out


def bands(ax: Axes, states: Sequence[str], cross: float = 6, height: float = 0.06) -> None:
    """Draw the absences of a series whose points stand at 0, 1, 2, ...

    Parameters
    ----------
    ax : Axes
    states : sequence of str
    cross : float
        Size of the cross of a period without a report, in points.
    height : float
        Where it stands, as a share of the axes' height.
    """
    for state, first, last in style.runs(list(states)):
        if state in ABSENT:
            ax.axvspan(first - 0.5, last + 0.5, zorder=0.5, **BANDS[state])
    places = [i for i, s in enumerate(states) if s == "missing"]
    if places:
        ax.plot(places, [height] * len(places), transform=ax.get_xaxis_transform(), zorder=3, **{**CROSS, "markersize": cross})


def handles(states: Sequence[str], language: str, *, zero: bool = False) -> list[Line2D | Patch]:
    """Return legend entries for zero (if there is one) and for the absences that occur."""
    found: list[Line2D | Patch] = []
    if zero:
        found.append(
            Line2D([], [], marker="o", linestyle="none", color=style.MAIN, markersize=5, label=ZERO[language]),
        )
    for state, words in ABSENT.items():
        if state not in states:
            continue
        found.append(_swatch(state, words[language]))
    return found


def counted_handles(states: Sequence[str], noun: Words, language: str) -> list[Line2D | Patch]:
    """Return legend entries that count what has no place in the figure, each with why.

    Parameters
    ----------
    states : sequence of str
    noun : Words
        What is counted, singular.
    language : {"vi", "en"}
    """
    found: list[Line2D | Patch] = []
    for state, words in ABSENT.items():
        if n := list(states).count(state):
            found.append(_swatch(state, f"{words[language]}: {many(n, noun, language)}"))
    return found


def _swatch(state: str, label: str) -> Line2D | Patch:
    return Line2D([], [], **CROSS, label=label) if state == "missing" else Patch(**BANDS[state], label=label)


NO_POINT = Words("{name}: {why}, không có điểm trên hình", "{name}: {why}, no point in this figure")
ZERO = Words("ở vạch 0: có báo cáo, giá trị là 0", "on the zero line: reported, the value is 0")


def counted(states: Sequence[str], noun: Words, language: str) -> str:
    """Say how many are absent and why: "không có báo cáo: 2 quý; ẩn ...: 1 quý"; empty if none is.

    Parameters
    ----------
    states : sequence of str
    noun : Words
        What is counted, singular.
    language : {"vi", "en"}
    """
    found = {words[language]: sum(s == state for s in states) for state, words in ABSENT.items()}
    return "; ".join(f"{why}: {many(n, noun, language)}" for why, n in found.items() if n)
