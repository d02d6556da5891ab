"""The command that plans the next pilot: how many units and periods, which, in what order, and what it could find."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.batch.run import Refused
from evaluation.cli.codes import DONE, FAILED, WrongUse, wrong
from evaluation.cli.own_outcome import OwnOutcome, question_of
from evaluation.cli.screen import near, table
from evaluation.language import LANGUAGES, SYNTHETIC, number, percent, say, words
from evaluation.settings import folders

if TYPE_CHECKING:
    from evaluation.effects.next_pilot.candidates import Question
    from evaluation.effects.next_pilot.planned import NextPilot

FOLDER = "next_pilot"
JSON, CHOSEN, ASSIGNMENTS, POWER, PICTURE, NOTE = "design.json", "chosen.csv", "assignments.csv", "power.csv", "power.png", "README.txt"


@dataclass(frozen=True)
class Planned:
    """A pilot as asked for: outcomes, from where, and what it may cost."""

    indicators: tuple[str, ...]
    own: OwnOutcome | None
    store: Path | None
    as_of: str | None
    wards: int | None
    budget: float | None
    unit_cost: float | None
    quarters: str
    effect: float | None
    waves: int
    exclude: tuple[str, ...]


def show_design(planned: Planned, draws: int, seed: int, out: Path | None, as_json: bool, language: str) -> int:
    """Plan a pilot and tell the plan.

    Parameters
    ----------
    planned : Planned
    draws, seed : int
    out : Path or None
        Folder for the plan; `work/next_pilot` where left out, never within `outputs`.
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
    from evaluation.effects.matrix import NotEnough
    from evaluation.effects.next_pilot.planned import next_pilot
    from evaluation.effects.study import known_units

    place = _place(out)
    options = _options(planned, draws, seed, language)
    questions, around, synthetic = _asked(planned)
    try:
        known_units(typed_units(planned), questions[0].units)
        found = next_pilot(questions, **options, **around, synthetic=synthetic)
    except NotEnough as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except ValueError as error:
        raise WrongUse(str(error)) from None
    data = _data(found, _saved(found, place, language))
    (place / JSON).write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps(data, ensure_ascii=False, indent=1))
    else:
        _told(found, place, language)
    return DONE


def _place(out: Path | None) -> Path:
    """Return the folder of the plan: the list of places is for the office alone."""
    place = out or folders().work / FOLDER
    if place.exists() and not place.is_dir():
        raise wrong("effect_out")
    outputs = folders().outputs
    if place.resolve().is_relative_to(outputs.resolve()):
        said = words("cli.wrong.design_outputs", folder=near(outputs))
        raise Refused(f"{said.vi} / {said.en}")
    return place


def _options(planned: Planned, draws: int, seed: int, language: str) -> dict[str, Any]:
    if (planned.wards is None) == (planned.budget is None) or (planned.budget is None) != (planned.unit_cost is None):
        raise wrong("design_size")
    for name, x in (("--wards", planned.wards), ("--budget", planned.budget), ("--unit-cost", planned.unit_cost), ("--draws", draws)):
        if x is not None and not 0 < x < math.inf:
            raise wrong("design_positive", name=name)
    if seed < 0:
        raise wrong("seed")
    if planned.waves < 1:
        raise wrong("design_positive", name="--waves")
    parts = [p.strip() for p in planned.quarters.split(",")]
    if not all(p.isdecimal() and 0 < int(p) <= 100 for p in parts):
        raise wrong("design_quarters")
    return {
        "k": planned.wards,
        "budget": planned.budget,
        "unit_cost": planned.unit_cost,
        "quarters": tuple(int(p) for p in parts),
        "effect": planned.effect,
        "waves": planned.waves,
        "draws": draws,
        "seed": seed,
        "language": language,
    }


def typed_units(planned: Planned) -> list[str]:
    """Return the units that were typed to be left out."""
    return [n.strip() for text in planned.exclude for n in text.split(",") if n.strip()]


def _asked(planned: Planned) -> tuple[list[Question], dict[str, Any], bool]:
    """Return the outcomes, what is known of who lies where, and whether the data are made up."""
    typed = typed_units(planned)
    if planned.own is not None:
        if planned.indicators:
            raise wrong("design_two_ways")
        made_up = planned.own.csv.resolve().is_relative_to((folders().data / "example").resolve())
        return [question_of(planned.own)], {"exclude": typed}, made_up
    return _of_store(planned, typed)


def _of_store(planned: Planned, typed: list[str]) -> tuple[list[Question], dict[str, Any], bool]:
    from evaluation.cli.intake import date
    from evaluation.effects.next_pilot.candidates import question
    from evaluation.effects.pilots import placed_pilots, ward_of
    from evaluation.effects.study import pilot_panel
    from evaluation.indicators import outcome
    from evaluation.places import neighbours, wards
    from evaluation.store import open_store

    names = [n.strip() for text in planned.indicators for n in text.split(",") if n.strip()]
    if not names:
        raise wrong("design_outcome")
    try:
        asked = [outcome(n) for n in names]
    except (KeyError, ValueError) as error:
        raise WrongUse(str(error.args[0])) from None
    evidence = open_store(planned.store, date(planned.as_of))
    questions = [
        question(
            pilot_panel(evidence.values(elements=i.elements), i),
            name=i.id,
            label=i.label,
            measure="share" if i.measure == "proportion" else "count",
        )
        for i in asked
    ]
    placed = [ward_of(p).code for p in placed_pilots().values()]
    kept_out = {*typed, *placed, *(n for w in placed for n in neighbours(w))}
    return questions, {"exclude": kept_out, "neighbours": {w: neighbours(w) for w in wards()}}, evidence.synthetic


def _saved(found: NextPilot, place: Path, language: str) -> dict[str, str]:
    """Write the plan; return its files by what they hold."""
    import pandas as pd

    from evaluation.effects.next_pilot.planned import INTERNAL
    from evaluation.figures import style
    from evaluation.figures.next_pilot import next_pilot as drawn

    place.mkdir(parents=True, exist_ok=True)
    found.chosen.to_csv(place / CHOSEN, index=False)
    found.power.to_csv(place / POWER, index=False)
    accepted = pd.DataFrame(found.assignments.chosen.astype(int), columns=list(found.candidates.units))
    accepted.to_csv(place / ASSIGNMENTS, index=False)
    ax = drawn(found, language=language)
    (place / PICTURE).write_bytes(style.png(style.root(ax)))
    style.close(style.root(ax))
    marked = [SYNTHETIC] if found.synthetic else []
    (place / NOTE).write_text("\n".join([*marked, INTERNAL.vi, INTERNAL.en, found.method.vi, found.method.en]) + "\n", encoding="utf-8")
    return {name.partition(".")[0]: near(place / name) for name in (CHOSEN, ASSIGNMENTS, POWER, PICTURE, NOTE, JSON)} | {
        "picture": near(place / PICTURE),
        "power": near(place / POWER),
    }


def _data(found: NextPilot, written: dict[str, str]) -> dict[str, Any]:
    """Return the plan as plain data; the keys are documented in docs/effects.md."""
    from evaluation.cli.as_data import plain
    from evaluation.effects.next_pilot.planned import INTERNAL

    return {
        "command": "design",
        "synthetic": found.synthetic,
        "protected": False,
        "note": plain(INTERNAL),
        "summary": {speak: found.summary(speak) for speak in LANGUAGES},
        "outcomes": plain(found.outcome_labels),
        "units": found.k,
        "quarters": found.quarters,
        "waves": found.waves,
        "effect": found.effect,
        "scale": found.scale,
        "power_at_effect": plain(found.estimate),
        "detectable": found.detectable,
        "power": plain(found.power),
        "detectables": plain(found.detectables),
        "chosen": plain(found.chosen),
        "balance": plain(found.balance),
        "false_alarms": plain(found.false_alarms),
        "candidates": len(found.candidates.units),
        "left_out": plain(found.candidates.left_out),
        "assignments": {
            "kept": len(found.assignments.chosen),
            "acceptance": found.assignments.acceptance,
            "accepted": plain(found.assignments.accepted),
            "threshold": plain(found.assignments.threshold),
            "seed": found.seed,
        },
        "method": plain(found.method),
        "assumptions": plain(found.assumptions),
        "files": written,
    }


def _told(found: NextPilot, place: Path, language: str) -> None:
    """Print sentence, what can be found for the money, strata and waves, and false alarms; places stand in the files alone."""
    from evaluation.effects.next_pilot.planned import INTERNAL, sized

    if found.synthetic:
        print(SYNTHETIC)
    print(found.summary(language))
    heads = [say(f"cli.col.{key}", language) for key in ("outcome", "units_k", "quarters_t", "start", "found_in_80")]
    shown = found.detectables[found.detectables["affordable"]].to_dict("records")
    rows = [
        [
            str(r["outcome"]),
            number(r["k"], language),
            number(r["quarters"], language),
            say(f"cli.design.{str(r['start']).replace(' ', '_')}", language),
            "—" if r["detectable"] != r["detectable"] else sized(r["detectable"], r["scale"], language),
        ]
        for r in shown
    ]
    table(heads, rows, (1, 2))
    counted = found.chosen.groupby(["stratum", "wave", "start"]).size().reset_index(name="n")
    table(
        [say(f"cli.col.{key}", language) for key in ("stratum", "wave", "start", "units_k")],
        [[str(r["stratum"]), number(r["wave"], language), str(r["start"]), number(r["n"], language)] for r in counted.to_dict("records")],
        (1, 3),
    )
    table(
        [say(f"cli.col.{key}", language) for key in ("tests", "tests_n", "expected_alarms", "at_least_one")],
        [
            [
                str(r[f"what_{language}"]),
                number(r["tests"], language),
                number(r["expected"], language, 1),
                percent(r["at_least_one"], language, 0),
            ]
            for r in found.false_alarms.to_dict("records")
        ],
        (1, 2, 3),
    )
    print(say("cli.analysis.method", language, method=found.method[language]))
    for assumption in found.assumptions:
        print(say("cli.effect.assumes", language, text=assumption[language]))
    print(say("cli.design.saved", language, where=near(place)))
    print(INTERNAL[language])
