"""The commands that show something: the plan's provisions and the codebook's indicators."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from evaluation.cli.codes import DONE, WrongUse
from evaluation.indicators import Indicator, UnknownIndicator, indicator, indicators
from evaluation.language import say
from evaluation.plan import KINDS, Provision, UnknownProvision, agencies, provision, provisions


def show_plan(name: str | None, as_json: bool, language: str) -> int:
    """Print all provisions, or one with what answers it.

    Parameters
    ----------
    name : str or None
        Id of a provision.
    as_json : bool
    language : {"vi", "en"}

    Returns
    -------
    int
        0.

    Raises
    ------
    WrongUse
        If there is no such provision; with the nearest.
    """
    if name is None:
        shown = list(provisions().values())
        _print([_provision_json(p) for p in shown] if as_json else [f"{p.id:<9} {p.asked[language]}" for p in shown], as_json)
        return DONE
    try:
        found = provision(name)
    except UnknownProvision as error:
        raise WrongUse(str(error)) from None
    _print(_provision_json(found) if as_json else _provision_lines(found, language), as_json)
    return DONE


def show_indicators(name: str | None, as_json: bool, language: str) -> int:
    """Print all indicators, or one with its definition.

    Parameters
    ----------
    name : str or None
        Id of an indicator.
    as_json : bool
    language : {"vi", "en"}

    Returns
    -------
    int
        0.

    Raises
    ------
    WrongUse
        If there is no such indicator; with the nearest.
    """
    if name is None:
        shown = list(indicators().values())
        width = max(len(i.id) for i in shown)
        _print([asdict(i) for i in shown] if as_json else [f"{i.id:<{width}}  {i.label[language]}" for i in shown], as_json)
        return DONE
    try:
        found = indicator(name)
    except UnknownIndicator as error:
        raise WrongUse(str(error)) from None
    _print(asdict(found) if as_json else _indicator_lines(found, language), as_json)
    return DONE


def _print(content: object, as_json: bool) -> None:
    if as_json:
        print(json.dumps(content, ensure_ascii=False, indent=1))
    elif isinstance(content, list):
        print("\n".join(content))


def _provision_json(p: Provision) -> dict[str, object]:
    """Return a provision for a program; its anchor is a place in the plan's text and stays out."""
    return {k: v for k, v in asdict(p).items() if k != "anchor"}


def _line(key: str, text: str, language: str) -> str:
    return f"{say(key, language)}: {text}"


def _names(ids: Iterable[str], language: str) -> str:
    return "; ".join(agencies()[a].label[language] for a in ids) or say("cli.plan.none", language)


def _provision_lines(p: Provision, language: str) -> list[str]:
    lines = [
        p.id,
        _line("cli.plan.summary", p.asked[language], language),
        _line("cli.plan.agency", _names(p.agencies, language), language),
        _line("cli.plan.partners", _names(p.partners, language), language),
        _line("cli.plan.kind", KINDS[p.kind][language], language),
    ]
    if p.target:
        lines.append(_line("cli.plan.target", p.target.words[language], language))
    if p.no_indicator:
        lines.append(_line("cli.plan.reason", p.no_indicator[language], language))
    if p.indicators:
        lines.append(f"{say('cli.plan.indicators', language)}:")
        lines += [f"  {i}  {indicators()[i].label[language]}" for i in p.indicators]
    return lines


def _word(column: str, value: str, language: str) -> str:
    """Return a word of the codebook as a reader writes it."""
    return say(f"cli.{column}.{value.replace(',', '').replace(' ', '_')}", language)


def _indicator_lines(i: Indicator, language: str) -> list[str]:
    lines = [
        f"{i.id}  {i.label[language]}",
        _line("cli.indicator.definition", i.definition[language], language),
        _line("cli.indicator.numerator", i.numerator, language) if i.numerator else "",
        _line("cli.indicator.denominator", i.denominator, language) if i.denominator else "",
        _line("cli.indicator.unit", _word("unit", i.unit, language), language),
        _line("cli.indicator.level", _word("level", i.level, language), language),
        _line("cli.indicator.kind", _word("kind", i.kind, language), language),
        _line("cli.indicator.direction", _word("direction", i.direction, language), language),
        _line("cli.indicator.agency", _names([i.agency] if i.agency in agencies() else [], language), language),
        _line("cli.indicator.provisions", ", ".join(i.provisions) or say("cli.plan.none", language), language),
        _line("cli.indicator.follows", f"{i.follows} ({i.follows_year})", language) if i.follows else "",
    ]
    return [line for line in lines if line]
