"""What can be typed to decide before looking: plan-analysis."""

# Annotations are read when commands are made, with the language in reach: they stay what they are, not text.

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from evaluation.cli.wording import Language, add, help_of, option, spoken
from evaluation.language import say


def add_planning(app: typer.Typer, language: str) -> None:
    """Add the commands on analysis plans."""
    group = typer.Typer(
        name="plan-analysis", help=help_of("plan-analysis", language), cls=spoken(TyperGroup, language), rich_markup_mode=None
    )

    @group.callback(invoke_without_command=True)
    def write(
        context: typer.Context,
        pilot: Annotated[str | None, option("plan_pilot", language, "--pilot", metavar="PILOT")] = None,
        start: Annotated[str | None, option("plan_start", language, "--start", metavar="PERIOD")] = None,
        out: Annotated[Path | None, option("plan_out", language, "--out", metavar="FILE.yaml")] = None,
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.plan_analysis import write_file

        return 0 if context.invoked_subcommand else write_file(pilot, start, out, store, as_json, language)

    def register(
        file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help=say("cli.argument.plan_file", language), show_default=False)],
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.plan_analysis import register_file

        return register_file(file, store, as_json, language)

    def show(
        pilot: Annotated[str | None, option("plan_pilot", language, "--pilot", metavar="PILOT")] = None,
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        as_of: Annotated[str | None, option("known_on", language, "--as-of", metavar="DATE")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.plan_analysis import show_plans

        return show_plans(pilot, store, as_of, as_json, language)

    add(group, "plan-analysis register", language, register)
    add(group, "plan-analysis show", language, show)
    app.add_typer(group)
