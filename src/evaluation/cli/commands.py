"""What can be typed after ``evaluation``: names, options and help in the reader's language; the work is done elsewhere."""

# Annotations are read when commands are made, with the language in reach: they stay what they are, not text.

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from evaluation.cli.commands_analysis import add_analysis
from evaluation.cli.commands_design import add_design
from evaluation.cli.commands_effects import add_effects
from evaluation.cli.commands_planning import add_planning
from evaluation.cli.commands_received import add_received
from evaluation.cli.wording import Language, add, option, spoken
from evaluation.language import say
from evaluation.settings import DEFAULT_PERIOD, DEFAULT_SEED


def application(language: str) -> Any:
    """Return the command with its help in a language.

    Parameters
    ----------
    language : {"vi", "en"}

    Returns
    -------
    callable
        Takes a list of arguments, as Typer's commands do.
    """
    app = typer.Typer(
        name="evaluation",
        help=say("cli.about", language),
        cls=spoken(TyperGroup, language),
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_front)
    add_received(app, language)
    _add_report(app, language)
    _add_runs(app, language)
    add_analysis(app, language)
    add_effects(app, language)
    add_design(app, language)
    add_planning(app, language)
    _add_example(app, language)
    _add_look_ups(app, language)
    return typer.main.get_command(app)


def _front() -> None:
    """The front of the command; says nothing of its own."""


def _add_report(app: typer.Typer, language: str) -> None:
    def report(
        district: Annotated[list[str] | None, option("district", language, "--district", "-d", metavar="CODE")] = None,
        everywhere: Annotated[bool, option("all", language, "--all")] = False,
        pilot: Annotated[list[str] | None, option("pilot", language, "--pilot", metavar="ID")] = None,
        all_pilots: Annotated[bool, option("all_pilots", language, "--all-pilots")] = False,
        period: Annotated[str, option("period", language, "--period")] = DEFAULT_PERIOD,
        speak: Annotated[Language | None, option("report_language", language, "--language")] = None,
        out: Annotated[Path | None, option("out", language, "--out", metavar="DIR")] = None,
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        as_of: Annotated[str | None, option("as_of", language, "--as-of", metavar="DATE")] = None,
        seed: Annotated[int, option("seed", language, "--seed")] = DEFAULT_SEED,
        workers: Annotated[int | None, option("workers", language, "--workers")] = None,
        memory: Annotated[float, option("memory", language, "--memory", metavar="GIB")] = 4.0,
        scheduler: Annotated[str | None, option("scheduler", language, "--scheduler", metavar="ADDRESS")] = None,
        cluster: Annotated[str | None, option("cluster", language, "--cluster", metavar="local")] = None,
        ship: Annotated[bool, option("ship", language, "--ship")] = False,
        force: Annotated[bool, option("force", language, "--force")] = False,
        dry_run: Annotated[bool, option("dry_run", language, "--dry-run")] = False,
        resume: Annotated[bool, option("resume", language, "--resume")] = False,
        jobs: Annotated[Path | None, option("jobs", language, "--jobs", metavar="CSV")] = None,
        notebook: Annotated[Path | None, option("notebook", language, "--notebook", metavar="FILE")] = None,
        results: Annotated[Path | None, option("results", language, "--results", metavar="FILE")] = None,
        keep_notebooks: Annotated[bool, option("keep_notebooks", language, "--keep-notebooks")] = False,
        cell_timeout: Annotated[int, option("cell_timeout", language, "--cell-timeout", metavar="SECONDS")] = 300,
        report_timeout: Annotated[int, option("report_timeout", language, "--report-timeout", metavar="SECONDS")] = 900,
        json_log: Annotated[str | None, option("json_log", language, "--json-log", metavar="FILE")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
    ) -> int:
        from evaluation.cli.reports import How, Wanted, chosen, make, take_up, tell_what_would_be_made

        how = How(workers, memory, force, as_json, scheduler, cluster, ship, json_log, cell_timeout, report_timeout)
        named = bool(district or everywhere or pilot or all_pilots)
        if jobs or notebook or results or keep_notebooks:
            from evaluation.cli.sweep import bulk, tell_what_would_be_run, work_through

            table = bulk(jobs, notebook, results, out, keep_notebooks, named or resume)
            return tell_what_would_be_run(table, how, language) if dry_run else work_through(table, how, language)
        if resume:
            from evaluation.cli.sweep import take_up as take_up_sweep

            code = take_up_sweep(named, how, language)
            return take_up(named, how, language) if code is None else code
        kind, asked = chosen(district, everywhere, pilot, all_pilots)
        wanted = Wanted(kind, asked, period, (speak or Language.VI).value, out, store, as_of, seed)
        return tell_what_would_be_made(wanted, how, language) if dry_run else make(wanted, how, language)

    add(app, "report", language, report)


def _add_runs(app: typer.Typer, language: str) -> None:
    def runs(
        run: Annotated[str | None, typer.Argument(metavar="RUN", help=say("cli.argument.run", language), show_default=False)] = None,
        other: Annotated[
            str | None, typer.Argument(metavar="OTHER", help=say("cli.argument.other_run", language), show_default=False)
        ] = None,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
    ) -> int:
        from evaluation.cli.runs import show_runs

        return show_runs(run, other, as_json, language)

    add(app, "runs", language, runs)


def _add_example(app: typer.Typer, language: str) -> None:
    def example(
        if_missing: Annotated[bool, option("if_missing", language, "--if-missing")] = False,
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.reports import build_example

        return build_example(store, if_missing, language)

    add(app, "example", language, example)


def _add_look_ups(app: typer.Typer, language: str) -> None:
    def plan(
        name: Annotated[str | None, typer.Argument(metavar="ID", help=say("cli.argument.provision", language), show_default=False)] = None,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
    ) -> int:
        from evaluation.cli.lookup import show_plan

        return show_plan(name, as_json, language)

    def indicators(
        name: Annotated[str | None, typer.Argument(metavar="ID", help=say("cli.argument.indicator", language), show_default=False)] = None,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
    ) -> int:
        from evaluation.cli.lookup import show_indicators

        return show_indicators(name, as_json, language)

    for command in (plan, indicators):
        add(app, command.__name__, language, command)
