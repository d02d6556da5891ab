"""The command that looks through past runs: a list, one by its stages, two beside each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from evaluation.batch import runs
from evaluation.batch.runs import Change, Past
from evaluation.cli.codes import DONE
from evaluation.cli.outcome import place
from evaluation.cli.screen import table
from evaluation.language import number, percent, say
from evaluation.periods import Period, PeriodError

MOST = 5  # slowest reports and cells that are shown
LINE = 48  # letters of a cell's first line


def show_runs(asked: str | None, other: str | None, as_json: bool, language: str) -> int:
    """Show past runs, one run, or two beside each other.

    Parameters
    ----------
    asked, other : str or None
        Runs by id, by a beginning that only one has, or "last".
    as_json : bool
    language : {"vi", "en"}

    Returns
    -------
    int
        0.

    Raises
    ------
    UnknownRun
    """
    known = runs.past()
    found = [runs.find(name, known) for name in (asked, other) if name is not None]
    if as_json:
        content: Any = (
            _two_data(found[0], found[1]) if len(found) == 2 else _one_data(found[0]) if found else [_row_data(one) for one in known]
        )
        print(json.dumps(content, ensure_ascii=False, indent=1))
    elif len(found) == 2:
        _two(found[0], found[1], language)
    elif found:
        _one(found[0], language)
    else:
        _list(known, language)
    return DONE


def _list(known: Sequence[Past], language: str) -> None:
    if not known:
        print(say("runs.nothing", language))
        return
    heads = ("id", "began", "kind", "period", "done", "current", "failed", "seconds", "median", "state")
    rows = [
        (
            one.id,
            f"{one.began.astimezone():%Y-%m-%d %H:%M}",
            _kind(one, language),
            _period(one, language),
            *(number(count, language) for count in one.counts.values()),
            _seconds(one.seconds, language),
            _seconds(one.median, language),
            say(f"runs.state.{one.state}", language),
        )
        for one in known
    ]
    table([say(f"runs.head.{head}", language) for head in heads], rows, right=(4, 5, 6, 7, 8))
    for one in known:
        if one.state == runs.UNFINISHED:
            print(say("runs.unfinished", language, name=one.id, left=one.left))


def _one(one: Past, language: str) -> None:
    print(
        say("runs.title", language, name=one.id, kind=_kind(one, language), period=_period(one, language))
        + " "
        + say(f"runs.state.{one.state}", language)
    )
    if one.state == runs.UNFINISHED:
        print(say("runs.unfinished", language, name=one.id, left=one.left))
    print(say("runs.counts", language, **one.counts, seconds=_seconds(one.seconds, language)))
    _told_around(one, language)
    if own := runs.stages_of(one):
        print()
        table(_heads(language, "own", "seconds"), [(_stage(name, language), _seconds(s, language)) for name, s in own.items()], right=(1,))
    if one.made:
        print()
        rows = [
            (_stage(name, language), _seconds(median(took.values()), language), *_longest(one, took, language))
            for name, took in one.stages.items()
        ]
        table(_heads(language, "stage", "median", "longest", "where"), rows, right=(1, 2))
        print()
        reports = [(_called(one, name, language), _seconds(took, language)) for name, took in list(one.made.items())[:MOST]]
        table(_heads(language, "slowest", "seconds"), reports, right=(1,))
    if cells := _slowest_cells(one):
        print()
        rows = [(str(c["cell"]), _cut(c["line"]), _seconds(c["median"], language), _seconds(c["longest"], language)) for c in cells]
        table(_heads(language, "cell", "line", "median", "longest"), rows, right=(0, 2, 3))


def _told_around(one: Past, language: str) -> None:
    """Say what kernels a run had and what memory they took, and why its reports were made."""
    kernels = {job.get("kernel") for job in one.jobs.values()} - {"", None}
    told = one.told.get("kernel", {})
    why = next((job["ordinary"] for job in one.jobs.values() if job.get("ordinary")), told.get("why", ""))
    for kind in sorted(map(str, kernels)):
        print(say(f"runs.kernel.{kind}", language, why=why))
    if peak := one.told.get("memory", {}).get("kernel"):
        print(say("runs.memory", language, size=number(peak / 1e6, language)))
    reasons = [job.get("why", "") for job in one.asked.get("jobs", [])]
    for reason in dict.fromkeys(reason for reason in reasons if reason):
        print(say("runs.why", language, count=reasons.count(reason), why=say(f"batch.why.{reason}", language)))


def _longest(one: Past, took: Mapping[str, float], language: str) -> tuple[str, str]:
    name = max(took, key=lambda job: took[job])
    return _seconds(took[name], language), _called(one, name, language)


def _two(before: Past, after: Past, language: str) -> None:
    print(say("runs.compared", language, before=before.id, after=after.id))
    for key, changes in (("own", runs.own_changes(before, after)), ("stage", runs.stage_changes(before, after))):
        if changes:
            print()
            _changes(key, [(_stage(c.name, language), c) for c in changes], language)
    jobs = runs.job_changes(before, after)
    if not jobs:
        print("\n" + say("runs.nothing_common", language))
        return
    first, second = median(c.before for c in jobs), median(c.after for c in jobs)
    print("\n" + say("runs.medians", language, count=len(jobs), before=_seconds(first, language), after=_seconds(second, language)))
    if slower := [(_called(after, c.name, language), c) for c in jobs if c.more > 0][:MOST]:
        print()
        _changes("slower", slower, language)
    if cells := [(f"{at}: {_cut(c.name)}", c) for at, c in runs.cell_changes(before, after) if c.more > 0][:MOST]:
        print()
        _changes("cells_slower", cells, language)


def _changes(key: str, found: Sequence[tuple[str, Change]], language: str) -> None:
    rows = [
        (
            name,
            _seconds(c.before, language),
            _seconds(c.after, language),
            ("+" if c.more >= 0 else "") + _seconds(c.more, language),
            percent(c.after / c.before, language, 0) if c.before else "",
        )
        for name, c in found
    ]
    table(_heads(language, key, "before", "after", "more", "ratio"), rows, right=(1, 2, 3, 4))


def _heads(language: str, *names: str) -> list[str]:
    return [say(f"runs.head.{name}", language) for name in names]


def _slowest_cells(one: Past) -> list[dict[str, Any]]:
    found = sorted(one.cells.items(), key=lambda pair: -median(pair[1]))[:MOST]
    return [{"cell": at, "line": line, "median": round(median(took), 3), "longest": max(took)} for (at, line), took in found]


def _stage(name: str, language: str) -> str:
    return say(f"runs.stage.{name}", language) if name in runs.ORDER else name


def _kind(one: Past, language: str) -> str:
    kind = str(one.asked.get("kind", ""))
    return say(f"runs.kind.{kind}", language) if kind in ("district", "pilot", "study") else kind


def _period(one: Past, language: str) -> str:
    try:
        return Period.parse(str(one.asked["period"])).label(language)
    except (KeyError, PeriodError):
        return ""


def _called(one: Past, name: str, language: str) -> str:
    job = one.jobs[name]
    called = place(str(job.get("kind")), str(job["subject"]), language)
    return called if job.get("language") in (language, "", None) else f"{called} ({job['language']})"


def _cut(line: str) -> str:
    return line if len(line) <= LINE else line[: LINE - 1] + "…"


def _seconds(value: float | None, language: str) -> str:
    return "" if value is None else number(value, language, 1 if abs(value) >= 10 else 2)


def _row_data(one: Past) -> dict[str, Any]:
    return {
        "run": one.id,
        "state": one.state,
        "began": one.began.isoformat(),
        "kind": one.asked.get("kind", ""),
        "period": one.asked.get("period", ""),
        **one.counts,
        "left": one.left if one.state == runs.UNFINISHED else 0,
        "seconds": one.seconds,
        "median": one.median,
    }


def _one_data(one: Past) -> dict[str, Any]:
    return {
        **_row_data(one),
        "kernel": one.told.get("kernel", {}),
        "memory": one.told.get("memory", {}),
        "stages": runs.stages_of(one),
        "job_stages": {
            name: {"median": round(median(took.values()), 3), "longest": max(took.values())} for name, took in one.stages.items()
        },
        "jobs": one.made,
        "slowest_cells": _slowest_cells(one),
    }


def _two_data(before: Past, after: Past) -> dict[str, Any]:
    def told(changes: Sequence[Change]) -> dict[str, dict[str, float]]:
        return {c.name: {"before": c.before, "after": c.after} for c in changes}

    return {
        "before": before.id,
        "after": after.id,
        "stages": told(runs.own_changes(before, after)),
        "job_stages": told(runs.stage_changes(before, after)),
        "jobs": told(runs.job_changes(before, after)),
        "cells": [{"cell": at, "line": c.name, "before": c.before, "after": c.after} for at, c in runs.cell_changes(before, after)],
    }
