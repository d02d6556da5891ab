"""The report tree as one self-contained HTML page: no script, nothing loaded from outside, data never become markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from html import escape
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evaluation.language import SYNTHETIC, say
from evaluation.reporting.model import Figure, Report, Section


def _inline(text: str) -> Markup:
    """Escape text; what stands between backticks becomes <code>."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))


# Data hold no ">" of their own: it is escaped.
_BETWEEN = re.compile(r">\n+<")
WIDE, HIGH, MARGIN = 104, 26, 3  # points of a small line
_COURSE, _BASE = "#1d4e7a", "#c4ccd4"
# A browser reads single quotes as well, and fewer signs than base64 are needed.
_IN_AN_ATTRIBUTE = {ord('"'): "'", **{ord(c): f"%{ord(c):02X}" for c in "%#<>&'`\n\r\t"}}


def _drawing(svg: str) -> Markup:
    """Return an SVG as an address for an attribute in double quotes: nothing in it can end the attribute."""
    # As a picture it can run and load nothing, whatever a browser makes of drawings inside a page.
    return Markup("data:image/svg+xml," + svg.translate(_IN_AN_ATTRIBUTE))


def _address(figure: Figure) -> str:
    """Return a figure's picture as an address."""
    return _drawing(figure.picture) if figure.kind == "svg" else f"data:image/png;base64,{figure.picture}"


def course(values: Sequence[float | None], alternative: str) -> Markup:
    """Return values over periods as a small line from zero up: gaps stay gaps, the last value has a dot.

    Parameters
    ----------
    values : sequence of float or None
        Not negative; None where there is no value.
    alternative : str
        The same in words.
    """
    top = max((v for v in values if v is not None), default=0.0) or 1.0
    step = (WIDE - 2 * MARGIN) / max(1, len(values) - 1)
    points = [
        None if v is None else (round(MARGIN + i * step, 1), round(HIGH - MARGIN - v / top * (HIGH - 2 * MARGIN), 1))
        for i, v in enumerate(values)
    ]
    pieces: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            pieces.append([])
        else:
            pieces[-1].append(point)
    drawn = [f'<line x1="{MARGIN}" y1="{HIGH - MARGIN}" x2="{WIDE - MARGIN}" y2="{HIGH - MARGIN}" stroke="{_BASE}"/>']
    for piece in (p for p in pieces if p):
        written = " ".join(f"{x},{y}" for x, y in piece)
        alone = f'<circle cx="{piece[0][0]}" cy="{piece[0][1]}" r="1.2" fill="{_COURSE}"/>'
        drawn.append(f'<polyline points="{written}" fill="none" stroke="{_COURSE}" stroke-width="1.4"/>' if len(piece) > 1 else alone)
    if points and (last := points[-1]) is not None:
        drawn.append(f'<circle cx="{last[0]}" cy="{last[1]}" r="2.4" fill="{_COURSE}"/>')
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}">{"".join(drawn)}</svg>'
    source = _drawing(picture)
    return Markup(f'<img class="course" src="{source}" alt="{escape(alternative)}" width="{WIDE}" height="{HIGH}">')


@lru_cache(maxsize=4)
def _compact(style: str) -> Markup:
    """Return a style sheet of ours without the blanks that only its readers need."""
    return Markup(re.sub(r":\s+", ":", re.sub(r"\s*([{};,])\s*", r"\1", style)).replace(";}", "}").strip())


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("evaluation.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["compact"] = _compact
    made.filters["inline"] = _inline
    made.globals["course"] = course
    made.globals["address"] = _address
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


def index(
    entries: list[dict[str, Any]], heading: dict[str, str], language: str, synthetic: bool, models: Sequence[dict[str, Any]] = ()
) -> str:
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
    models : sequence of dict
        One a pilot model, as `entries`; no table of them where empty.
    """
    return _render(
        "index.html.j2",
        entries=entries,
        models=models,
        heading=heading,
        language=language,
        synthetic=synthetic,
        say=lambda key, **slots: say(key, language, **slots),
    )


def _render(name: str, **content: Any) -> str:
    whole = _environment().get_template(name).render(mark=SYNTHETIC, **content)
    return _BETWEEN.sub("><", whole)


def ready() -> None:
    """Compile the templates now: for a process that others are forked from."""
    for name in ("page.html.j2", "fragment.html.j2", "index.html.j2"):
        _environment().get_template(name)
