"""What can be typed to ask whether something made a difference: effect."""

# Annotations are read when commands are made, with the language in reach: they stay what they are, not text.

from pathlib import Path
from typing import Annotated

import typer

from evaluation.cli.wording import Language, add, option
from evaluation.language import say
from evaluation.settings import DEFAULT_SEED


def add_effects(app: typer.Typer, language: str) -> None:
    """Add the command on effects."""

    def effect(
        csv: Annotated[Path, typer.Argument(metavar="PANEL.csv", help=say("cli.argument.panel", language), show_default=False)],
        unit: Annotated[str | None, option("effect_unit", language, "--unit", metavar="COLUMN")] = None,
        time: Annotated[str | None, option("effect_time", language, "--time", metavar="COLUMN")] = None,
        outcome: Annotated[str | None, option("effect_outcome", language, "--outcome", metavar="COLUMN")] = None,
        treated: Annotated[list[str] | None, option("effect_treated", language, "--treated", metavar="NAME")] = None,
        start: Annotated[str | None, option("effect_start", language, "--start", metavar="PERIOD")] = None,
        first_treated: Annotated[str | None, option("effect_first", language, "--first-treated", metavar="COLUMN")] = None,
        method: Annotated[str, option("effect_method", language, "--method", metavar="NAME")] = "did",
        placebo: Annotated[bool, option("effect_placebo", language, "--placebo")] = False,
        donors: Annotated[list[str] | None, option("effect_donors", language, "--donors", metavar="NAME")] = None,
        exclude: Annotated[list[str] | None, option("effect_exclude", language, "--exclude", metavar="NAME")] = None,
        covariates: Annotated[list[str] | None, option("effect_covariates", language, "--covariates", metavar="COLUMN")] = None,
        v: Annotated[str | None, option("effect_v", language, "--v", metavar="WAY")] = None,
        denominator: Annotated[str | None, option("effect_denominator", language, "--denominator", metavar="COLUMN")] = None,
        measure: Annotated[str | None, option("effect_measure", language, "--measure", metavar="KIND")] = None,
        anticipation: Annotated[int, option("effect_anticipation", language, "--anticipation")] = 0,
        phase_in: Annotated[int, option("effect_phase_in", language, "--phase-in")] = 0,
        level: Annotated[float, option("effect_level", language, "--level")] = 0.95,
        label: Annotated[str | None, option("effect_label", language, "--label", metavar="TEXT")] = None,
        seed: Annotated[int, option("effect_seed", language, "--seed")] = DEFAULT_SEED,
        out: Annotated[Path | None, option("effect_out", language, "--out", metavar="DIR")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.effect import show_effect
        from evaluation.cli.own_panel import OwnPanel

        own = OwnPanel(
            csv=csv,
            unit=unit,
            time=time,
            outcome=outcome,
            denominator=denominator,
            measure=measure,
            label=label,
            treated=tuple(treated or ()),
            start=start,
            first_treated=first_treated,
            donors=tuple(donors or ()),
            exclude=tuple(exclude or ()),
            covariates=tuple(covariates or ()),
            v=v,
            anticipation=anticipation,
            phase_in=phase_in,
        )
        return show_effect(own, method, placebo, level, seed, out, as_json, language)

    add(app, "effect", language, effect)
