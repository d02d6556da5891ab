"""What can be typed for received files and the store: templates, check, import, status, decide, store."""

# Annotations are read when commands are made, with the language in reach: they stay what they are, not text.

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from evaluation.cli.wording import Language, add, option, spoken
from evaluation.language import say
from evaluation.settings import DEFAULT_PERIOD


def add_received(app: typer.Typer, language: str) -> None:
    """Add the commands for received files and for the store."""
    _add_template(app, language)
    _add_intake(app, language)
    _add_standing(app, language)
    _add_store(app, language)


def _add_template(app: typer.Typer, language: str) -> None:
    def template(
        district: Annotated[list[str] | None, option("district", language, "--district", "-d", metavar="CODE")] = None,
        everywhere: Annotated[bool, option("all", language, "--all")] = False,
        period: Annotated[str, option("period", language, "--period")] = DEFAULT_PERIOD,
        out: Annotated[Path | None, option("template_out", language, "--out", metavar="FILE")] = None,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.intake import templates

        return templates(tuple(district or ()), everywhere, period, out, language)

    add(app, "template", language, template)


def _add_intake(app: typer.Typer, language: str) -> None:
    def check(
        paths: Annotated[list[Path], typer.Argument(metavar="FILE", help=say("cli.argument.files", language), show_default=False)],
        received: Annotated[str | None, option("received", language, "--received", metavar="DATE")] = None,
        store: Annotated[Path | None, option("history", language, "--store", metavar="FILE")] = None,
        reply_dir: Annotated[Path | None, option("reply_dir", language, "--reply-dir", metavar="DIR")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.intake import Received, take_in

        return take_in(Received(tuple(paths), received, store, reply_dir, as_json), False, language)

    def import_(
        paths: Annotated[list[Path], typer.Argument(metavar="FILE", help=say("cli.argument.files", language), show_default=False)],
        received: Annotated[str | None, option("received", language, "--received", metavar="DATE")] = None,
        store: Annotated[Path | None, option("import_store", language, "--store", metavar="FILE")] = None,
        reply_dir: Annotated[Path | None, option("reply_dir", language, "--reply-dir", metavar="DIR")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.intake import Received, take_in

        return take_in(Received(tuple(paths), received, store, reply_dir, as_json), True, language)

    add(app, "check", language, check)
    add(app, "import", language, import_)


def _add_standing(app: typer.Typer, language: str) -> None:
    def status(
        period: Annotated[str, option("period", language, "--period")] = DEFAULT_PERIOD,
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        on: Annotated[str | None, option("on", language, "--on", metavar="DATE")] = None,
        as_json: Annotated[bool, option("json", language, "--json")] = False,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.intake import show_status

        return show_status(period, store, on, as_json, language)

    def decide(
        finding: Annotated[str, typer.Argument(metavar="FINDING", help=say("cli.argument.finding", language), show_default=False)],
        accept: Annotated[bool, option("accept", language, "--accept")] = False,
        reject: Annotated[bool, option("reject", language, "--reject")] = False,
        reason: Annotated[str, option("reason", language, "--reason", show_default=False)] = "",
        role: Annotated[str, option("role", language, "--role", show_default=False)] = "",
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.intake import write_decision

        return write_decision(finding, accept, reject, reason, role, store, language)

    add(app, "status", language, status)
    add(app, "decide", language, decide)


def _add_store(app: typer.Typer, language: str) -> None:
    group = typer.Typer(
        name="store", help=say("cli.store", language), cls=spoken(TyperGroup, language), no_args_is_help=True, rich_markup_mode=None
    )

    def check(
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.store import check_store

        return check_store(store, language)

    def backup(
        target: Annotated[Path, typer.Argument(metavar="FILE", help=say("cli.argument.backup", language), show_default=False)],
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.store import back_up

        return back_up(target, store, language)

    def rebuild(
        target: Annotated[Path | None, option("rebuild_to", language, "--to", metavar="FILE")] = None,
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.store import rebuild_store

        return rebuild_store(target, store, language)

    def export(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=say("cli.argument.export", language), show_default=False)],
        store: Annotated[Path | None, option("store", language, "--store", metavar="FILE")] = None,
        as_of: Annotated[str | None, option("as_of", language, "--as-of", metavar="DATE")] = None,
        speak: Annotated[Language | None, option("language", language, "--language")] = None,
    ) -> int:
        from evaluation.cli.store import hand_out

        return hand_out(folder, store, as_of, language)

    for command in (check, backup, rebuild, export):
        add(group, f"store {command.__name__}", language, command)
    app.add_typer(group)
