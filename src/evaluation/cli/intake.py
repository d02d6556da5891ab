"""The commands for received files: templates out, files checked, loaded and answered, who reported, decisions."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.cli.codes import DONE, FAILED, REFUSED, WrongUse, wrong
from evaluation.cli.screen import bar, near, table
from evaluation.language import SYNTHETIC, say
from evaluation.language import day as written_day
from evaluation.periods import Period, PeriodError
from evaluation.places import AmbiguousPlace, UnknownPlace, districts, find_district
from evaluation.settings import folders

if TYPE_CHECKING:
    from evaluation.intake.answers import Answer
    from evaluation.intake.findings import Finding


MOST_ALIKE = 5  # findings of one kind in one file that a terminal shows; JSON and the reply have all

NAMES = {"element": "indicator", "unit": "ward"}  # what the form's readers call them


@dataclass(frozen=True)
class Received:
    """What was asked for at the command line.

    Attributes
    ----------
    paths : tuple of Path
    received : str or None
        A date as typed.
    store, reply_dir : Path or None
    as_json : bool
    """

    paths: tuple[Path, ...]
    received: str | None
    store: Path | None
    reply_dir: Path | None
    as_json: bool


def take_in(wanted: Received, load: bool, language: str) -> int:
    """Check received files, and load them where asked; tell what is wrong with each.

    Parameters
    ----------
    wanted : Received
    load : bool
        Whether files without errors go into the store.
    language : {"vi", "en"}

    Returns
    -------
    int
        0 clean, 1 if a file has errors, 3 if one was refused for safety.

    Raises
    ------
    WrongUse
        If a path does not exist or the date is none.
    """
    from evaluation.intake.inbox import check, import_, received_files
    from evaluation.intake.reply import write_reply
    from evaluation.intake.sandbox import NoSandbox

    when = date(wanted.received)
    try:
        files = received_files(wanted.paths)
    except FileNotFoundError as error:
        raise wrong("no_file", name=error.filename) from None
    if not files:
        raise wrong("no_files")
    take = partial(import_, tell=lambda said: sys.stderr.write(f"{said[language]}\n")) if load else check
    try:
        if wanted.as_json:
            answers = take(files, received=when, store=wanted.store)
        else:
            with bar(say("intake.reading", language, count=len(files)), len(files), sys.stderr) as tell:
                answers = take(files, received=when, store=wanted.store, advance=lambda: tell("", True))
    except NoSandbox as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    replies = {}
    if wanted.reply_dir:
        replies = {id(a): write_reply(wanted.reply_dir, a) for a in answers if a.to_answer}
    if wanted.as_json:
        print(json.dumps(_as_data(answers, replies), ensure_ascii=False, indent=1))
    else:
        _tell(answers, load, language)
        for written in replies.values():
            print(say("intake.reply.written", language, where=", ".join(near(p) for p in written)))
    if any(a.reading.refused for a in answers):
        return REFUSED
    return FAILED if any(f.severity == "error" for a in answers for f in a.findings) else DONE


def date(text: str | None) -> dt.date | None:
    """Return a date as typed, 2018-12-14 or 14/12/2018; None for none.

    Raises
    ------
    WrongUse
        If it is no date.
    """
    if text is None:
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return dt.datetime.strptime(text.strip(), form).date()
        except ValueError:
            continue
    raise wrong("date")


def _counts(answer: Answer) -> dict[str, int]:
    return {kind: sum(f.severity == kind for f in answer.findings) for kind in ("error", "warning", "note")}


def _late(answer: Answer) -> int | None:
    cover = answer.reading.cover
    return None if cover is None else max(0, (answer.received - cover.period.district_due).days)


def _as_data(answers: Sequence[Answer], replies: dict[int, list[Path]]) -> dict[str, Any]:
    files = []
    for a in answers:
        cover = a.reading.cover
        files.append(
            {
                "file": a.file,
                "outcome": a.outcome,
                "district": cover.district_code if cover else None,
                "period": str(cover.period) if cover else None,
                "values": len(a.reading.rows) if a.reading.accepted else 0,
                **{f"{kind}s": n for kind, n in _counts(a).items()},
                "late_days": _late(a),
                "synthetic": a.reading.synthetic,
                "findings": [_finding_as_data(f) for f in a.findings],
                "replies": [near(p) for p in replies.get(id(a), [])],
            }
        )
    outcomes = [f["outcome"] for f in files]
    return {"files": files, "totals": {o: outcomes.count(o) for o in dict.fromkeys(outcomes)}}


def _finding_as_data(found: Finding) -> dict[str, str]:
    return {NAMES.get(k, k): v for k, v in found.record().items()}


def _tell(answers: Sequence[Answer], loaded: bool, language: str) -> None:
    """Print the findings, errors first, then one line a file, then what became of all; what is left out is counted."""
    if any(a.reading.synthetic for a in answers):
        print(SYNTHETIC)
    findings = [f for a in answers for f in a.findings]
    for severity in ("error", "warning", "note"):
        own = [f for f in findings if f.severity == severity]
        if own:
            print(f"{say(f'intake.severity.{severity}', language)} ({len(own)})")
        for _, alike in groupby(own, key=lambda f: (f.file, f.code)):
            same = list(alike)
            for f in same[:MOST_ALIKE]:
                print(f"  {f.line(language)}")
            if len(same) > MOST_ALIKE:
                print(f"  {say('intake.more', language, code=same[0].code, file=same[0].file, n=len(same) - MOST_ALIKE)}")
    keys = ("district", "period", "file", "outcome", "values", "errors", "warnings", "late_days")
    rows = []
    for a in answers:
        cover, counts, late = a.reading.cover, _counts(a), _late(a)
        outcome = a.outcome if loaded or a.outcome not in ("loaded", "waiting") else f"{a.outcome}_checked"
        rows.append(
            (
                districts()[cover.district_code].name[language] if cover else "?",
                cover.period.label(language) if cover else "?",
                a.file,
                say(f"intake.outcome.{outcome}", language),
                str(len(a.reading.rows)) if a.reading.accepted else "0",
                str(counts["error"]),
                str(counts["warning"]),
                "?" if late is None else str(late),
            )
        )
    table([say(f"intake.col.{k}", language) for k in keys], rows, right=(4, 5, 6, 7))
    good = sum(a.outcome in ("loaded", "waiting") for a in answers)
    print(say("intake.end.loaded" if loaded else "intake.end.checked", language, good=good, rest=len(answers) - good, all=len(answers)))


def templates(asked: Sequence[str], everywhere: bool, period: str, out: Path | None, language: str) -> int:
    """Write blank forms for districts to fill in.

    Parameters
    ----------
    asked : sequence of str
        Districts by code or name; empty with `everywhere`.
    everywhere : bool
        All 24; `out` is then a folder.
    period : str
        A quarter.
    out : Path or None
        File or folder; ``work/templates/<period>`` where None.
    language : {"vi", "en"}

    Returns
    -------
    int
        0.

    Raises
    ------
    WrongUse
        If a file is there already and is not the same blank form: a form that
        somebody has filled in is never overwritten.
    """
    from evaluation.intake.form import file_name
    from evaluation.intake.template import template

    if bool(asked) == everywhere:
        raise wrong("choose")
    quarter = _quarter(period)
    try:
        codes = list(districts()) if everywhere else list(dict.fromkeys(find_district(d).code for d in asked))
    except (UnknownPlace, AmbiguousPlace) as error:
        raise WrongUse(str(error)) from None
    one = len(codes) == 1 and not everywhere and out is not None and out.suffix.lower() == ".xlsx"
    folder = out or folders().work / "templates" / str(quarter)
    places = {code: folder if one else folder / file_name(code, quarter) for code in codes}
    made = {code: template(code, quarter) for code in codes}
    for code, place in places.items():
        if place.exists() and place.read_bytes() != made[code]:
            raise wrong("filled_in", name=place.name)
    for code, place in places.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(made[code])
    where = near(folder if one or everywhere or len(codes) > 1 else places[codes[0]])
    print(say("intake.template.done", language, count=len(codes), where=where))
    return DONE


def _quarter(text: str) -> Period:
    try:
        period = Period.parse(text)
    except PeriodError as error:
        raise WrongUse(str(error)) from None
    if period.quarter is None:
        raise wrong("quarter")
    return period


def show_status(period: str, store: Path | None, on: str | None, as_json: bool, language: str) -> int:
    """Print who has reported for a period, who is late, and what waits for a decision.

    Returns
    -------
    int
        0.

    Raises
    ------
    WrongUse
        If the period or the date is none.
    """
    from evaluation.intake.standing import status

    standing = status(_quarter(period), store=store, on=date(on))
    if as_json:
        print(
            json.dumps(
                {
                    "period": str(standing.period),
                    "on": standing.on.isoformat(),
                    "synthetic": standing.synthetic,
                    "districts": json.loads(standing.districts.to_json(orient="records", date_format="iso")),
                    "waiting": json.loads(standing.waiting.rename(columns=NAMES).to_json(orient="records")),
                },
                ensure_ascii=False,
                indent=1,
            )
        )
        return DONE
    keys = ("district", "state", "received", "late_days", "wards", "errors", "waiting")
    rows = []
    for r in standing.districts.to_dict("records"):
        received = written_day(r["received"], language) if isinstance(r["received"], dt.date) else ""
        wards = f"{r['wards']}/{r['wards_expected']}"
        state = say(f"intake.state.{r['state']}", language)
        rows.append((r[f"district_{language}"], state, received, str(r["late_days"]), wards, str(r["errors"]), str(r["waiting"])))
    if standing.synthetic:
        print(SYNTHETIC)
    label, when = standing.period.label(language), written_day(standing.on, language)
    print(say("intake.status.head", language, period=label, on=when, due=written_day(standing.period.district_due, language)))
    table([say(f"intake.col.{k}", language) for k in keys], rows, right=(3, 4, 5, 6))
    states = list(standing.districts["state"])
    came = sum(s in ("reported", "late") for s in states)
    print(say("intake.status.end", language, came=came, all=len(states), overdue=states.count("overdue"), waiting=len(standing.waiting)))
    for w in standing.waiting.to_dict("records"):
        place = "!".join(p for p in (w["sheet"], w["cell"]) if p)
        print(f"  {w['finding']}  {w['code']} {w['file']} {place}: {w[f'message_{language}']}")
    return DONE


def write_decision(finding: str, accept: bool, reject: bool, reason: str, role: str, store: Path | None, language: str) -> int:
    """Write down a decision on a warning.

    Returns
    -------
    int
        0.

    Raises
    ------
    WrongUse
        If neither or both of accept and reject are asked for.
    """
    from evaluation.intake.standing import decide

    if accept == reject:
        raise wrong("accept_or_reject")
    decide(finding, accept=accept, reason=reason, role=role, store=store)
    print(say("intake.decide.accepted" if accept else "intake.decide.rejected", language, finding=finding))
    return DONE
