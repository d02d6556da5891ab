"""How commands speak: names, help with examples, and options, all in the reader's language."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import typer
from typer.core import TyperCommand

from evaluation.language import say

EXAMPLES = {
    "template": ("evaluation template --district 760 --period 2018-Q4", "evaluation template --all --period 2018-Q4 --out templates"),
    "check": ("evaluation check data/incoming", "evaluation check Quan-1_760_2018-Q4.xlsx --reply-dir replies"),
    "import": ("evaluation import data/incoming --received 2018-12-14 --reply-dir replies",),
    "status": ("evaluation status --period 2018-Q4",),
    "decide": ('evaluation decide 3f9a0c21d4 --accept --role "Chuyên viên theo dõi" --reason "Quận đã xác nhận"',),
    "store check": ("evaluation store check",),
    "store backup": ("evaluation store backup backup.zip",),
    "store rebuild": ("evaluation store rebuild --to rebuilt.duckdb",),
    "store export": ("evaluation store export parquet --as-of 2018-12-19",),
    "report": (
        "evaluation report --all",
        "evaluation report --district 760 --period 2018-Q4",
        'evaluation report --district "Bình Tân" --language en --out reports',
        "evaluation report --jobs settings.csv --notebook study.ipynb --results results.csv",
    ),
    "runs": ("evaluation runs", "evaluation runs last", "evaluation runs 20181219T0900 last --json"),
    "example": ("evaluation example --if-missing",),
    "trend": (
        "evaluation trend sti_tested --district 760 --out trend.png",
        "evaluation trend --csv my.csv --time quarter --count tested",
    ),
    "funnel": (
        "evaluation funnel sti_tested_share --period 2018-Q4 --out funnel.png",
        "evaluation funnel --csv my.csv --unit site --time year --count cases --denominator people --per 1000",
    ),
    "chart": (
        "evaluation chart sti_tested --ward 26749 --out chart.png",
        "evaluation chart --csv my.csv --unit site --time year,month --count waiting_days --measure value --place A1 --json",
    ),
    "effect": (
        "evaluation effect panel.csv --unit ward --time quarter --outcome tested --measure count --treated 26749 --start 2017-Q1",
        "evaluation effect smoking.csv --unit state --time year --outcome packs --treated California --start 1989 --method sc --placebo",
    ),
    "plan-analysis": (
        "evaluation plan-analysis --pilot pham-ngu-lao --out plan.yaml",
        "evaluation plan-analysis register plan.yaml",
        "evaluation plan-analysis show --pilot pham-ngu-lao",
    ),
    "plan-analysis register": ("evaluation plan-analysis register plan.yaml",),
    "plan-analysis show": ("evaluation plan-analysis show --pilot pham-ngu-lao --json",),
    "design": (
        "evaluation design sti_tested,condom_availability --budget 2400 --unit-cost 25 --waves 3",
        "evaluation design --csv panel.csv --unit ward --time quarter --outcome tested --wards 6 --quarters 8 --effect 1.3 --json",
    ),
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


def spoken(base: type[Any], language: str) -> type[Any]:
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


def help_of(name: str, language: str) -> str:
    """Return a command's help with its examples, each on a line of its own."""
    lines = "\n".join(f"  {line}" for line in EXAMPLES[name])
    return f"{say('cli.' + name.replace(' ', '.'), language)}\n\n\b\n{say('cli.example_heading', language)}\n{lines}"


def option(name: str, language: str, *spelled: str, **more: Any) -> Any:
    """Return an option with its help in the language."""
    return typer.Option(*spelled, help=say(f"cli.option.{name}", language), **more)


def add(app: typer.Typer, name: str, language: str, function: Any) -> None:
    """Add a command ("check", or "store check" to the group of that name) with its help in the language."""
    app.command(name=name.split()[-1], help=help_of(name, language), cls=spoken(TyperCommand, language))(function)
