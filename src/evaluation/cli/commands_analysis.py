"""What can be typed to ask whether a number moved, stands out or is steady: trend, funnel, chart."""

# Annotations are read when commands are made, with the language in reach: they stay what they are, not text.

from pathlib import Path
from typing import Annotated

import typer

from evaluation.cli.wording import Language, add, option
from evaluation.language import say


def add_analysis(app: typer.Typer, language: str) -> None:
    """Add the commands that ask the store, or a table of the user's own, one question."""
    _add_trend(app, language)
    _add_funnel(app, language)
    _add_chart(app, language)


def _add_trend(app: typer.Typer, language: str) -> None:
    def trend(
        indicator: Annotated[str | None, typer.Argument(metavar="INDICATOR", help=say("cli.argument.asked", language))] = None,
        district: Annotated[str | None, option("of_district", language, "--district", "-d", metavar="CODE")] = None,
        ward: Annotated[str | None, option("of_ward", language, "--ward", metavar="CODE")] = None,
        period: Annotated[str | None, option("until", language, "--period")] = None,
        csv: Annotated[Path | None, option("csv", language, "--csv", metavar="FILE")] = None,
        unit: Annotated[str | None, option("csv_unit", language, "--unit", metavar="COLUMN")] = None,
        time: Annotated[str | None, option("csv_time", language, "--time", metavar="COLUMN")] = None,
        count: Annotated[str | None, option("csv_count", language, "--count", metavar="COLUMN")] = None,
        denominator: Annotated[str | None, option("csv_denominator", language, "--denominator", metavar="COLUMN")] = None,
        measure: Annotated[str | None, option("csv_measure", language, "--measure", metavar="KIND")] = None,
        per: Annotated[str | None, option("csv_per", language, "--per", metavar="NUMBER")] = None,
        label: Annotated[str | None, option("csv_label", language, "--label", metavar="TEXT")] = None,
        good: Annotated[str | None, option("csv_good", language, "--good", metavar="WAY")] = None,
        place: Annotated[str | None, option("csv_place", language, "--place", metavar="UNIT")] = None,
        out: Annotated[Path | None, option("picture", language, "--out", metavar="FIG.png")] = None,
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        as_of: Annotated[str | None, option("known_on", language, "--as-of", metavar="DATE")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.analysis import show_trend
        from evaluation.cli.asked_series import Asked, Own

        own = Own(csv, unit, time, count, denominator, measure, per, label, good)
        return show_trend(Asked(indicator, own, place, district, ward, period, store, as_of), out, as_json, language)

    add(app, "trend", language, trend)


def _add_funnel(app: typer.Typer, language: str) -> None:
    def funnel(
        indicator: Annotated[str | None, typer.Argument(metavar="INDICATOR", help=say("cli.argument.asked", language))] = None,
        period: Annotated[str | None, option("at", language, "--period")] = None,
        district: Annotated[str | None, option("marked", language, "--district", "-d", metavar="CODE")] = None,
        wards: Annotated[bool, option("wards", language, "--wards")] = False,
        target: Annotated[str | None, option("target", language, "--target", metavar="NUMBER")] = None,
        csv: Annotated[Path | None, option("csv", language, "--csv", metavar="FILE")] = None,
        unit: Annotated[str | None, option("csv_unit", language, "--unit", metavar="COLUMN")] = None,
        time: Annotated[str | None, option("csv_time", language, "--time", metavar="COLUMN")] = None,
        count: Annotated[str | None, option("csv_count", language, "--count", metavar="COLUMN")] = None,
        denominator: Annotated[str | None, option("csv_denominator", language, "--denominator", metavar="COLUMN")] = None,
        measure: Annotated[str | None, option("csv_measure", language, "--measure", metavar="KIND")] = None,
        per: Annotated[str | None, option("csv_per", language, "--per", metavar="NUMBER")] = None,
        label: Annotated[str | None, option("csv_label", language, "--label", metavar="TEXT")] = None,
        place: Annotated[str | None, option("marked_place", language, "--place", metavar="UNIT")] = None,
        out: Annotated[Path | None, option("picture", language, "--out", metavar="FIG.png")] = None,
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        as_of: Annotated[str | None, option("known_on", language, "--as-of", metavar="DATE")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.analysis import show_funnel
        from evaluation.cli.asked_series import Asked, Own

        own = Own(csv, unit, time, count, denominator, measure, per, label, None)
        return show_funnel(Asked(indicator, own, place, district, None, period, store, as_of, wards), target, out, as_json, language)

    add(app, "funnel", language, funnel)


def _add_chart(app: typer.Typer, language: str) -> None:
    def chart(
        indicator: Annotated[str | None, typer.Argument(metavar="INDICATOR", help=say("cli.argument.asked", language))] = None,
        ward: Annotated[str | None, option("of_ward", language, "--ward", metavar="CODE")] = None,
        district: Annotated[str | None, option("of_district", language, "--district", "-d", metavar="CODE")] = None,
        period: Annotated[str | None, option("until", language, "--period")] = None,
        kind: Annotated[str, option("chart_kind", language, "--kind", metavar="KIND")] = "auto",
        rules: Annotated[str, option("chart_rules", language, "--rules", metavar="NAME")] = "nhs",
        baseline_end: Annotated[str | None, option("baseline_end", language, "--baseline-end", metavar="PERIOD")] = None,
        csv: Annotated[Path | None, option("csv", language, "--csv", metavar="FILE")] = None,
        unit: Annotated[str | None, option("csv_unit", language, "--unit", metavar="COLUMN")] = None,
        time: Annotated[str | None, option("csv_time", language, "--time", metavar="COLUMN")] = None,
        count: Annotated[str | None, option("csv_count", language, "--count", metavar="COLUMN")] = None,
        denominator: Annotated[str | None, option("csv_denominator", language, "--denominator", metavar="COLUMN")] = None,
        measure: Annotated[str | None, option("csv_measure", language, "--measure", metavar="KIND")] = None,
        per: Annotated[str | None, option("csv_per", language, "--per", metavar="NUMBER")] = None,
        label: Annotated[str | None, option("csv_label", language, "--label", metavar="TEXT")] = None,
        good: Annotated[str | None, option("csv_good", language, "--good", metavar="WAY")] = None,
        place: Annotated[str | None, option("csv_place", language, "--place", metavar="UNIT")] = None,
        out: Annotated[Path | None, option("picture", language, "--out", metavar="FIG.png")] = None,
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        as_of: Annotated[str | None, option("known_on", language, "--as-of", metavar="DATE")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.analysis import show_chart
        from evaluation.cli.asked_series import Asked, Own

        own = Own(csv, unit, time, count, denominator, measure, per, label, good)
        asked = Asked(indicator, own, place, district, ward, period, store, as_of)
        return show_chart(asked, kind, rules, baseline_end, out, as_json, language)

    add(app, "chart", language, chart)
