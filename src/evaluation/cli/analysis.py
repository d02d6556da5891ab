"""The commands that answer one question about numbers: the sentence first, then the numbers, then the picture."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.batch.run import Refused
from evaluation.cli.answer_rows import Rows, chart_rows, funnel_rows, marked_unit, trend_rows
from evaluation.cli.asked_series import Asked, Found, all_units, one_unit, period_of, typed_number
from evaluation.cli.codes import DONE, FAILED, wrong
from evaluation.cli.screen import near, table
from evaluation.language import SYNTHETIC, Words, halves, number, say, words
from evaluation.plan import BASELINE_END
from evaluation.settings import folders

if TYPE_CHECKING:
    from evaluation.results import Result


def show_trend(asked: Asked, out: Path | None, as_json: bool, language: str) -> int:
    """Tell whether the numbers of a place rise or fall.

    Parameters
    ----------
    asked : Asked
    out : Path or None
        Where the picture goes.
    as_json : bool
    language : {"vi", "en"}

    Returns
    -------
    int
        0, or 1 if the data cannot answer.

    Raises
    ------
    WrongUse, Refused
        Before anything is worked out.
    """
    from evaluation.monitoring.over_time.trend import trend

    _drawable(out)
    found = one_unit(asked)
    return _answered(lambda: trend(found.series, _of(found)), found, "trend", (out, as_json, language), trend_rows)


def show_funnel(asked: Asked, target: str | None, out: Path | None, as_json: bool, language: str) -> int:
    """Tell which units differ from the common level by more than chance explains.

    Parameters
    ----------
    asked : Asked
    target : str or None
        Value to hold units against, as typed.
    out, as_json, language
        As in `show_trend`.

    Returns
    -------
    int
        0, or 1 if the data cannot answer.

    Raises
    ------
    WrongUse, Refused
        Before anything is worked out.
    """
    from evaluation.monitoring.funnel import funnel

    _drawable(out)
    held = None if target is None else typed_number(target, "--target")
    found, period = all_units(asked)
    if held is not None and held >= 1 and found.series.measure == "proportion":
        raise wrong("target")
    options: dict[str, object] = {} if found.unit is None else {"highlight": found.unit}
    return _answered(
        lambda: funnel(found.series, period, target=held),
        found,
        "funnel",
        (out, as_json, language),
        funnel_rows,
        period,
        options,
        lambda result, speak: marked_unit(result, found.unit, speak),
    )


def show_chart(asked: Asked, kind: str, rules: str, baseline_end: str | None, out: Path | None, as_json: bool, language: str) -> int:
    """Tell whether the numbers of a place have changed from their baseline.

    Parameters
    ----------
    asked : Asked
    kind, rules : str
        As in `charts.chart`.
    baseline_end : str or None
        Last period of the baseline; of the store's indicators the last before
        the plan was signed, and of a table of the user's own none.
    out, as_json, language
        As in `show_trend`.

    Returns
    -------
    int
        0, or 1 if the data cannot answer.

    Raises
    ------
    WrongUse, Refused
        Before anything is worked out.
    """
    from evaluation.monitoring.charts import KINDS, MEASURED, RULES, chart

    for name, typed, known in (("--kind", kind, ("auto", *KINDS)), ("--rules", rules, tuple(RULES))):
        if typed not in known:
            raise wrong("choice_of", name=name, typed=typed, known=", ".join(known))
    _drawable(out)
    found = one_unit(asked, perhaps_measured=kind == "xmr")
    if found.series.measure == "value" and kind not in ("auto", *MEASURED):
        raise wrong("kind_measured", typed=kind, known=", ".join(MEASURED))
    if baseline_end is not None:
        end: str | None = period_of(found.series, baseline_end, "--baseline-end")
    else:
        end = BASELINE_END if found.indicator and BASELINE_END in found.series.periods else None
    return _answered(
        lambda: chart(found.series, _of(found), kind=kind, rules=rules, baseline_end=end),
        found,
        "chart",
        (out, as_json, language),
        chart_rows,
    )


def _of(found: Found) -> str:
    return found.series.units[0] if found.unit is None else found.unit


def _drawable(out: Path | None) -> None:
    """Refuse a place for the picture before anything is worked out."""
    if out is None:
        return
    if out.suffix.lower() != ".png" or out.is_dir():
        raise wrong("picture_name")
    outputs = folders().outputs
    if out.resolve().is_relative_to(outputs.resolve()):
        said = words("cli.wrong.picture_outputs", folder=near(outputs))
        raise Refused(f"{said.vi} / {said.en}")


def _answered(
    analyse: Callable[[], Result],
    found: Found,
    command: str,
    wanted: tuple[Path | None, bool, str],
    rows: Callable[[Any, str], Rows],
    period: str | None = None,
    options: dict[str, object] | None = None,
    marked: Callable[[Any, str], str] | None = None,
) -> int:
    """Work the answer out and tell it: sentence, numbers, picture."""
    out, as_json, language = wanted
    try:
        result = analyse()
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    why = _picture(result, found, out, language, options or {}) if out else None
    if as_json:
        print(json.dumps(_data(result, found, command, period, out if not why else None), ensure_ascii=False, indent=1))
        return DONE
    if found.series.synthetic:
        print(SYNTHETIC)
    print(result.summary(language))
    if said := marked(result, language) if marked else "":
        print(said)
    heads, cells, right = rows(result, language)
    if cells:
        table(heads, cells, right)
    if (others := len(result.to_frame()) - len(cells)) > 0:
        print(say("cli.analysis.inside_only", language, n=number(others, language)))
    for note in found.notes:
        print(note[language])
    print(say("cli.analysis.method", language, method=result.method[language]))
    print(say("cli.analysis.inside", language))
    if out:
        print(
            say("cli.analysis.no_picture", language, why=why[language]) if why else say("cli.analysis.picture", language, where=near(out))
        )
    return DONE


def _picture(result: Result, found: Found, out: Path, language: str, options: dict[str, object]) -> Words | None:
    """Save the picture; return why there is none."""
    from dataclasses import replace

    from evaluation.figures import style
    from evaluation.results import drawers_from

    drawers_from("evaluation.figures.drawers")
    drawn: Any = result
    if found.delicate:  # the picture will be seen without the line that the terminal prints
        drawn = replace(drawn, source=words("cli.analysis.delicate", source=found.series.source))
    try:
        ax = drawn.plot(language=language, **options)
    except ValueError as error:
        return halves(str(error))
    fig = style.root(ax)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(style.png(fig))
    style.close(fig)
    return None


def _data(result: Any, found: Found, command: str, period: str | None, out: Path | None) -> dict[str, Any]:
    from evaluation.cli.as_data import lines, plain, result_data
    from evaluation.monitoring.asked import CITY

    unit = found.unit
    return {
        "command": command,
        "indicator": found.indicator,
        "units": found.level,
        "place": None if unit is None else {"code": CITY if found.level == "city" else unit, **plain(found.series.name(unit))},
        "period": period,
        "protected": False,
        "synthetic": found.series.synthetic,
        "notes": plain(found.notes),
        "picture": None if out is None else near(out),
        **(lines(result) if command == "chart" else {}),
        **{k: v for k, v in result_data(result).items() if k not in ("synthetic", "period")},
    }
