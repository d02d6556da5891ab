"""The commands on analysis plans: a file to be edited, its registration, and all versions with what each changed."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.batch.run import Refused
from evaluation.cli.codes import DONE, FAILED, WrongUse, wrong
from evaluation.cli.screen import near
from evaluation.language import SYNTHETIC, Words, say, words
from evaluation.settings import folders

if TYPE_CHECKING:
    from evaluation.effects.analysis_plan.problems import PlanFileError
    from evaluation.effects.analysis_plan.registered import RegisteredPlan
    from evaluation.store import EvidenceStore


def write_file(pilot: str | None, start: str | None, out: Path | None, store: Path | None, as_json: bool, language: str) -> int:
    """Write a plan with sensible answers, to be edited; to the screen where no file is named.

    Parameters
    ----------
    pilot : str or None
        Id of a pilot that the plan places in a ward.
    start : str or None
        Its first treated period, where the data do not tell it.
    out : Path or None
    store : Path or None
    as_json : bool
    language : {"vi", "en"}

    Returns
    -------
    int
        0.

    Raises
    ------
    WrongUse
        If no such pilot is named, its start is not known, or something is there already.
    Refused
        If the file would lie in ``outputs/``.
    """
    from evaluation.effects.analysis_plan.plan import default_plan
    from evaluation.effects.analysis_plan.plan_file import write_plan

    named = _pilot(pilot)
    _free(out)
    evidence = _evidence(store, None)
    first = _start(named, start, evidence is not None and evidence.synthetic)
    plan = default_plan(named, first)
    text = write_plan(plan)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    if as_json:
        print(json.dumps({"command": "plan-analysis", "file": out and near(out), "plan": asdict(plan)}, ensure_ascii=False, indent=1))
    elif out is None:
        print(text, end="")
    else:
        print(say("plan_analysis.written", language, where=near(out)))
    return DONE


def register_file(file: Path, store: Path | None, as_json: bool, language: str) -> int:
    """Check a plan's file and register it: hash, day and what is known go into the store's ledger.

    Returns
    -------
    int
        0, or 1 if the file has problems; nothing is registered then.

    Raises
    ------
    WrongUse
        If there is no such file.
    Refused
        If a text of it may hold information about a person.
    """
    from evaluation.effects.analysis_plan.plan_file import read_plan
    from evaluation.effects.analysis_plan.problems import PlanFileError
    from evaluation.effects.analysis_plan.registered import registered_plans
    from evaluation.effects.pilots import pilot_starts
    from evaluation.store import open_store, register

    if not file.is_file():
        raise wrong("no_file", name=file.name)
    body = file.read_bytes()
    evidence = _evidence(store, None)
    try:
        plan = read_plan(body, file.name)
        if evidence is not None:
            plan = read_plan(body, file.name, pilot_starts(evidence.synthetic).get(plan.pilot))
    except PlanFileError as error:
        return _problems(error, as_json, language)
    _no_person({**asdict(plan), "file": body.decode("utf-8-sig")}, file.name)
    place = store or (folders().evidence if evidence is not None else folders().store)
    done = register(place, plan.pilot, body, file.name, None if evidence is not None else False)
    opened = open_store(place)
    mine = next(p for p in registered_plans(opened, plan.pilot) if p.version == done.version)
    if as_json:
        said = {"command": "plan-analysis register", "pilot": plan.pilot, "new": done.new, **_data(mine), "synthetic": opened.synthetic}
        print(json.dumps({**said, "problems": []}, ensure_ascii=False, indent=1))
        return DONE
    if opened.synthetic:
        print(SYNTHETIC)
    key = "plan_analysis.registered" if done.new else "plan_analysis.known"
    print(say(key, language, pilot=plan.pilot, plan=mine.summary(language)))
    if mine.after_data:
        print(say("plan_analysis.after_data", language))
    return DONE


def show_plans(pilot: str | None, store: Path | None, as_of: str | None, as_json: bool, language: str) -> int:
    """Show every version of a pilot's plan, and what each changed.

    Returns
    -------
    int
        0.

    Raises
    ------
    WrongUse
        If no such pilot is named.
    StoreError
        If there is no store.
    """
    from evaluation.cli.intake import date
    from evaluation.effects.analysis_plan.departures import departures
    from evaluation.effects.analysis_plan.registered import registered_plans
    from evaluation.store import open_store

    named = _pilot(pilot)
    evidence = open_store(store or folders().evidence, date(as_of))
    plans = registered_plans(evidence, named)
    found = departures(plans, ())
    changes = [d for d in found.departures if d.kind in ("changed", "after_data")]
    if as_json:
        told = {"command": "plan-analysis show", "pilot": named, "synthetic": evidence.synthetic, "versions": [_data(p) for p in plans]}
        told["standing"] = found.standing and found.standing.version
        told["changes"] = [{"vi": d.said.vi, "en": d.said.en} for d in changes]
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return DONE
    if evidence.synthetic:
        print(SYNTHETIC)
    if not plans:
        print(say("plan_analysis.none", language, pilot=named))
    for p in plans:
        print(say("plan_analysis.version", language, plan=p.summary(language), file=p.file))
    for d in changes:
        print(d.said[language])
    return DONE


def _data(plan: RegisteredPlan) -> dict[str, Any]:
    return {
        "version": plan.version,
        "registered": plan.registered.isoformat(),
        "sha256": plan.sha256,
        "file": plan.file,
        "last_period": plan.last_period or None,
        "after_data": plan.after_data,
        "plan": asdict(plan.plan),
    }


def _pilot(name: str | None) -> str:
    import difflib

    from evaluation.effects.pilots import placed_pilots

    placed = placed_pilots()
    if name in placed:
        return str(name)
    near_ = difflib.get_close_matches(name or "", placed, 1)
    hint = Words(f" ({near_[0]}?)", f" ({near_[0]}?)") if near_ else Words("", "")
    raise wrong("plan_pilot", name=name or "", hint=hint, known=", ".join(placed))


def _start(pilot: str, typed: str | None, synthetic: bool) -> str:
    """Return the pilot's first treated period, as typed or as the data have it."""
    from evaluation.effects.pilots import pilot_starts
    from evaluation.periods import Period, PeriodError

    known = pilot_starts(synthetic).get(pilot)
    if typed is None:
        if known is None:
            raise wrong("plan_start", pilot=pilot)
        return known
    try:
        found = Period.parse(typed)
    except PeriodError as error:
        raise WrongUse(str(error)) from None
    if found.quarter is None or (known is not None and str(found) != known):
        raise wrong("plan_start_other", pilot=pilot, known=known or "2017-Q1")
    return str(found)


def _evidence(store: Path | None, as_of: None) -> EvidenceStore | None:
    """Return the store that is meant; None where there is none yet."""
    from evaluation.store import open_store

    place = store or folders().evidence
    return open_store(place, as_of) if place.exists() else None


def _free(out: Path | None) -> None:
    """Refuse a place for the file before anything is worked out."""
    if out is None:
        return
    if out.exists() or out.suffix.lower() not in (".yaml", ".yml"):
        raise wrong("plan_out", name=out.name)
    outputs = folders().outputs
    if out.resolve().is_relative_to(outputs.resolve()):
        said = words("plan_analysis.outputs", folder=near(outputs))
        raise Refused(f"{said.vi} / {said.en}")


def _no_person(fields: dict[str, Any], file: str) -> None:
    """Refuse a plan whose texts may tell of a person, without saying them again."""
    from evaluation.intake.identifiers import holds_identifier, safe_name

    texts = [fields["notes"], *fields["question"].values(), *fields["estimand"].values()]
    texts += [line.partition("#")[2] for line in str(fields["file"]).splitlines() if "#" in line]
    named = safe_name(file)
    if named is None or any(holds_identifier(t) for t in texts if t):
        said = words("plan_analysis.person", file=named or "YAML")
        raise Refused(f"{said.vi} / {said.en}")


def _problems(error: PlanFileError, as_json: bool, language: str) -> int:
    """Tell each problem of a file with its line and key."""
    if as_json:
        listed = [{"file": error.file, "line": p.line, "key": p.key, "vi": p.said.vi, "en": p.said.en} for p in error.problems]
        print(json.dumps({"command": "plan-analysis register", "new": False, "problems": listed}, ensure_ascii=False, indent=1))
    else:
        sys.stderr.writelines(f"{p.written(error.file, language)}\n" for p in error.problems)
    return FAILED
