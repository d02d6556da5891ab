"""What can be typed to plan a pilot that can be evaluated from its first day: design."""

# Annotations are read when commands are made, with the language in reach: they stay what they are, not text.

from pathlib import Path
from typing import Annotated

import typer

from evaluation.cli.wording import Language, add, option
from evaluation.language import say
from evaluation.settings import DEFAULT_SEED


def add_design(app: typer.Typer, language: str) -> None:
    """Add the command that plans the next pilot."""

    def design(
        indicator: Annotated[list[str] | None, typer.Argument(metavar="INDICATOR", help=say("cli.argument.design", language))] = None,
        wards: Annotated[int | None, option("design_wards", language, "--wards", metavar="NUMBER")] = None,
        budget: Annotated[float | None, option("design_budget", language, "--budget", metavar="NUMBER")] = None,
        unit_cost: Annotated[float | None, option("design_unit_cost", language, "--unit-cost", metavar="NUMBER")] = None,
        quarters: Annotated[str, option("design_quarters", language, "--quarters", metavar="NUMBERS")] = "4,8,12",
        effect: Annotated[float | None, option("design_effect", language, "--effect", metavar="NUMBER")] = None,
        waves: Annotated[int, option("design_waves", language, "--waves", metavar="NUMBER")] = 1,
        exclude: Annotated[list[str] | None, option("design_exclude", language, "--exclude", metavar="NAME")] = None,
        csv: Annotated[Path | None, option("design_csv", language, "--csv", metavar="FILE")] = None,
        unit: Annotated[str | None, option("effect_unit", language, "--unit", metavar="COLUMN")] = None,
        time: Annotated[str | None, option("effect_time", language, "--time", metavar="COLUMN")] = None,
        outcome: Annotated[str | None, option("effect_outcome", language, "--outcome", metavar="COLUMN")] = None,
        denominator: Annotated[str | None, option("effect_denominator", language, "--denominator", metavar="COLUMN")] = None,
        measure: Annotated[str | None, option("design_measure", language, "--measure", metavar="KIND")] = None,
        draws: Annotated[int, option("design_draws", language, "--draws", metavar="NUMBER")] = 200,
        seed: Annotated[int, option("effect_seed", language, "--seed")] = DEFAULT_SEED,
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        as_of: Annotated[str | None, option("known_on", language, "--as-of", metavar="DATE")] = None,
        out: Annotated[Path | None, option("design_out", language, "--out", metavar="DIR")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.design import Planned, show_design
        from evaluation.cli.own_outcome import OwnOutcome

        own = None if csv is None else OwnOutcome(csv, unit, time, outcome, denominator, measure)
        planned = Planned(
            tuple(indicator or ()), own, store, as_of, wards, budget, unit_cost, quarters, effect, waves, tuple(exclude or ())
        )
        return show_design(planned, draws, seed, out, as_json, language)

    add(app, "design", language, design)
