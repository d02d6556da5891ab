"""The index of a folder of reports: the 24 districts in their order and the pilot models, what each has, and what failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluation.batch.jobs import DISTRICT, PILOT, mark_of
from evaluation.language import LANGUAGES, number, say
from evaluation.periods import Period
from evaluation.places import districts
from evaluation.plan import pilots
from evaluation.reporting.html import index

SHARE = "ward_reporting_share"


def entry(folder: Path, code: str, ends: Mapping[str, Mapping[str, Any]], language: str, kind: str = DISTRICT) -> dict[str, Any]:
    """Return the line of the index of a district or a pilot model.

    Parameters
    ----------
    folder : Path
        The published reports of a period.
    code : str
    ends : mapping
        How each report's last run ended, by "760-vi".
    language : {"vi", "en"}
        Of the index.
    kind : {"district", "pilot"}

    Returns
    -------
    dict
        name, status, state, completeness, links (href, label, lang).
    """
    figures = {spoken: _figures(folder / f"{kind}-{code}{mark_of(spoken)}.json") for spoken in LANGUAGES}
    there = next((f for f in figures.values() if f), None)
    failed = [run for spoken in LANGUAGES if (run := ends.get(f"{code}-{spoken}")) and run["outcome"] != "done"]
    if failed:
        state, status = "failed", _failure(failed, bool(there), language)
    elif there:
        state, status = there["status"], say(f"batch.status.{there['status']}", language)
    else:
        state, status = "not_made", say("batch.status.not_made", language)
    return {
        "name": (districts()[code] if kind == DISTRICT else pilots()[code]).name[language],
        "code": code,
        "state": state,
        "status": status,
        "completeness": _completeness(there, language),
        "links": _links(folder, kind, code, language),
    }


def page(folder: Path, period: str, ends: Mapping[str, Mapping[str, Any]], synthetic: bool, language: str = "vi") -> str:
    """Return the index page of a folder of reports.

    Parameters
    ----------
    folder : Path
    period : str
    ends : mapping
        How each report's last run ended.
    synthetic : bool
    language : {"vi", "en"}
    """
    lines = [entry(folder, code, ends, language) for code in districts()]
    models = [entry(folder, name, ends, language, PILOT) for name in pilots()]
    models = models if any(m["state"] != "not_made" for m in models) else []
    made = sum(1 for line in lines if line["links"])
    failed = sum(1 for line in lines if line["state"] == "failed")
    heading = {
        "title": say("index.title", language, period=Period.parse(period).label(language)),
        "intro": say(
            "index.intro", language, made=number(made, language), all=number(len(lines), language), failed=number(failed, language)
        ),
    }
    return index(lines, heading, language, synthetic, models)


def _figures(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("status") in ("reported", "not_reported") else None


def _failure(failed: list[Mapping[str, Any]], earlier: bool, language: str) -> str:
    reasons = sorted({say(f"batch.reason.{run['reason']}", language) for run in failed})
    return say("index.failed.earlier" if earlier else "index.failed", language, reason="; ".join(reasons))


def _completeness(figures: Mapping[str, Any] | None, language: str) -> str:
    if figures is None:
        return say("index.no_report", language)
    share: Mapping[str, Any] = next((f for f in figures["key_figures"] if f.get("id") == SHARE), {})
    given, expected = share.get("numerator"), share.get("denominator")
    if not isinstance(given, int | float) or not isinstance(expected, int | float):
        return say("index.unknown", language)
    return say("index.share", language, given=number(given, language), expected=number(expected, language))


def _links(folder: Path, kind: str, code: str, language: str) -> list[dict[str, str]]:
    """Return the pages in both languages; key figures and notebook once, since they differ in labels alone."""

    def name(form: str, spoken: str) -> str:
        return f"{kind}-{code}{mark_of(spoken)}.{form}"

    pages = [spoken for spoken in LANGUAGES if (folder / name("html", spoken)).is_file()]
    found = [{"href": name("html", spoken), "label": say(f"index.link.{spoken}", language), "lang": spoken} for spoken in pages]
    for form in ("json", "ipynb"):
        for spoken in pages[:1]:
            if (folder / name(form, spoken)).is_file():
                found.append({"href": name(form, spoken), "label": say(f"index.link.{form}", language), "lang": ""})
    return found
