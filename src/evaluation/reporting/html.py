"""The report tree as one self-contained HTML page: no script, nothing loaded from outside, data never become markup."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evaluation.language import SYNTHETIC, say
from evaluation.reporting.model import Report, Section


def _inline(text: str) -> Markup:
    """Escape text; what stands between backticks becomes <code>."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("evaluation.reporting"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["inline"] = _inline
    return made


def page(report: Report) -> str:
    """Return the report as an HTML page.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        A complete document with a content-security policy that forbids
        scripts and all loading; `lang` set; tables with scopes.
    """
    return _render("page.html.j2", report=report, say=lambda key, **slots: say(key, report.language, **slots))


def fragment(section: Section) -> str:
    """Return one section as HTML, for a notebook."""
    return _render("fragment.html.j2", section=section)


def index(entries: list[dict[str, Any]], heading: dict[str, str], language: str, synthetic: bool) -> str:
    """Return the index page of a batch.

    Parameters
    ----------
    entries : list of dict
        One a district: name, status, completeness, link (empty where there
        is no report), reason.
    heading : dict
        title, intro.
    language : {"vi", "en"}
    synthetic : bool
    """
    return _render(
        "index.html.j2",
        entries=entries,
        heading=heading,
        language=language,
        synthetic=synthetic,
        say=lambda key, **slots: say(key, language, **slots),
    )


def _render(name: str, **content: Any) -> str:
    return _environment().get_template(name).render(mark=SYNTHETIC, **content)
