"""What can be typed after ``evaluation``: names, options and help in the reader's language; the work is done elsewhere."""

# Annotations are read when commands are made, with the language in reach: they stay what they are, not text.

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from evaluation.language import say
from evaluation.settings import DEFAULT_PERIOD, DEFAULT_SEED

EXAMPLES = {
    "report": (
        "evaluation report --all",
        "evaluation report --district 760 --period 2018-Q4",
        'evaluation report --district "Bình Tân" --language en --out reports',
    ),
    "example": ("evaluation example --if-missing",),
    "plan": ("evaluation plan", "evaluation plan III.1.b", "evaluation plan --json"),
    "indicators": ("evaluation indicators", "evaluation indicators sti_tested --json"),
}
# What Typer says in English alone.
EXCHANGED = {
    "Usage:": "cli.help.usage",
    "Options:": "cli.help.options",
    "Commands:": "cli.help.commands",
    "Arguments:": "cli.help.arguments",
    "[OPTIONS]": "cli.help.usage_parts",
    "COMMAND [ARGS]...": "cli.help.command_parts",
    "Show this message and exit.": "cli.help.show",
}


class Language(StrEnum):
    """Languages that can be asked for."""

    VI = "vi"
    EN = "en"


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
        cls=_spoken(TyperGroup, language),
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_front)
    _add_report(app, language)
    _add_example(app, language)
    _add_look_ups(app, language)
    return typer.main.get_command(app)


def _front() -> None:
    """The front of the command; says nothing of its own."""


def _spoken(base: type[Any], language: str) -> type[Any]:
    """Return a kind of command whose help is wholly in the language."""

    class Spoken(base):  # type: ignore[misc]
        def get_help(self, ctx: Any) -> str:
            text = str(super().get_help(ctx))
            if language == "en":
                return text
            for english, key in EXCHANGED.items():
                text = text.replace(english, say(key, language))
            return re.sub(r"\[default:(?=\s)", f"[{say('cli.help.default', language)}", text)

    return Spoken


def _help(name: str, language: str) -> str:
    """Return a command's help with its examples, each on a line of its own."""
    lines = "\n".join(f"  {line}" for line in EXAMPLES[name])
    return f"{say(f'cli.{name}', language)}\n\n\b\n{say('cli.example_heading', language)}\n{lines}"


def _option(name: str, language: str, *spelled: str, **more: Any) -> Any:
    return typer.Option(*spelled, help=say(f"cli.option.{name}", language), **more)


def _add_report(app: typer.Typer, language: str) -> None:
    def report(
        district: Annotated[list[str] | None, _option("district", language, "--district", "-d", metavar="CODE")] = None,
        everywhere: Annotated[bool, _option("all", language, "--all")] = False,
        period: Annotated[str, _option("period", language, "--period")] = DEFAULT_PERIOD,
        spoken: Annotated[Language | None, _option("report_language", language, "--language")] = None,
        out: Annotated[Path | None, _option("out", language, "--out", metavar="DIR")] = None,
        store: Annotated[Path | None, _option("store", language, "--store", metavar="FILE")] = None,
        as_of: Annotated[str | None, _option("as_of", language, "--as-of", metavar="DATE")] = None,
        seed: Annotated[int, _option("seed", language, "--seed")] = DEFAULT_SEED,
        workers: Annotated[int | None, _option("workers", language, "--workers")] = None,
        as_json: Annotated[bool, _option("json", language, "--json")] = False,
    ) -> int:
        from evaluation.cli.reports import Wanted, make

        wanted = Wanted(tuple(district or ()), everywhere, period, (spoken or Language.VI).value, out, store, as_of, seed, workers)
        return make(wanted, as_json, language)

    app.command(name="report", help=_help("report", language), cls=_spoken(TyperCommand, language))(report)


def _add_example(app: typer.Typer, language: str) -> None:
    def example(
        if_missing: Annotated[bool, _option("if_missing", language, "--if-missing")] = False,
        store: Annotated[Path | None, _option("store", language, "--store", metavar="FILE")] = None,
        spoken: Annotated[Language | None, _option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.reports import build_example

        return build_example(store, if_missing, language)

    app.command(name="example", help=_help("example", language), cls=_spoken(TyperCommand, language))(example)


def _add_look_ups(app: typer.Typer, language: str) -> None:
    def plan(
        name: Annotated[str | None, typer.Argument(metavar="ID", help=say("cli.argument.provision", language), show_default=False)] = None,
        spoken: Annotated[Language | None, _option("language", language, "--language")] = None,
        as_json: Annotated[bool, _option("json", language, "--json")] = False,
    ) -> int:
        from evaluation.cli.lookup import show_plan

        return show_plan(name, as_json, language)

    def indicators(
        name: Annotated[str | None, typer.Argument(metavar="ID", help=say("cli.argument.indicator", language), show_default=False)] = None,
        spoken: Annotated[Language | None, _option("language", language, "--language")] = None,
        as_json: Annotated[bool, _option("json", language, "--json")] = False,
    ) -> int:
        from evaluation.cli.lookup import show_indicators

        return show_indicators(name, as_json, language)

    for command in (plan, indicators):
        app.command(name=command.__name__, help=_help(command.__name__, language), cls=_spoken(TyperCommand, language))(command)
