"""From the arguments to an exit code: 0 done, 1 a report failed, 2 wrong use, 3 refused for safety, 130 interrupted."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

from evaluation.cli.codes import DONE, FAILED, INTERRUPTED, REFUSED, WRONG, WrongUse
from evaluation.language import LANGUAGES, Words, reader_language, say, words


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands after ``evaluation``; the process's own where left out.

    Returns
    -------
    int
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = spoken(given)
    try:
        return _run(given, language)
    except KeyboardInterrupt:
        _complain(say("cli.cancelled", language))
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of a pipe has had enough
        return DONE


def _run(given: list[str], language: str) -> int:
    from typer.exceptions import TyperException

    from evaluation.batch.parameters import WrongParameter
    from evaluation.batch.place import NoCluster
    from evaluation.batch.run import Refused
    from evaluation.batch.runs import UnknownRun
    from evaluation.cli.commands import application
    from evaluation.store import StoreError

    try:
        code = application(language)(given, prog_name="evaluation", standalone_mode=False)
        if code == INTERRUPTED:
            raise KeyboardInterrupt  # Typer made a number of it
        return code if isinstance(code, int) else DONE
    except TyperException as error:
        return _misused(error)
    except (WrongUse, WrongParameter, UnknownRun) as error:
        _complain(str(error))
        return WRONG
    except Refused as error:
        _complain(str(error))
        return REFUSED
    except (StoreError, NoCluster) as error:
        _complain(str(error))
        return FAILED
    except OSError as error:
        said = words("cli.disk", message=error.strerror or type(error).__name__)
        _complain(f"{said.vi} / {said.en}")
        return FAILED


def spoken(given: Sequence[str]) -> str:
    """Return the language of messages: ``--language`` where it is given and known, else the reader's."""
    for here, following in zip(given, [*given[1:], ""], strict=True):
        name, _, joined = here.partition("=")
        if name == "--language" and (joined or following) in LANGUAGES:
            return joined or following
    return reader_language()


def _misused(error: Exception) -> int:
    """Say in both languages what was wrong with the arguments, and where to read on."""
    context: Any = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stdout.write(str(error) + "\n")
        return WRONG
    said = _sentence(error, context)
    command = context.command_path if context else "evaluation"
    hint = words("cli.hint.help", command=command)
    _complain(f"{said.vi} / {said.en}\n{hint.vi} / {hint.en}")
    return WRONG


def _sentence(error: Exception, context: Any) -> Words:
    message = getattr(error, "format_message", lambda: str(error))()
    parameter = getattr(error, "param", None)
    if type(error).__name__ == "NoSuchOption":
        return words("cli.wrong.option", name=getattr(error, "option_name", ""), hint=_meant(getattr(error, "possibilities", None) or []))
    if found := re.match(r"No such command '(.*?)'", message):
        known = list(getattr(getattr(context, "command", None), "commands", {}))
        return words("cli.wrong.command", name=found[1], hint=_meant(difflib.get_close_matches(found[1], known, 1)))
    if parameter is not None and "--language" in parameter.opts:
        return words("cli.wrong.choice", name="--language", known=", ".join(LANGUAGES))
    if parameter is not None and type(error).__name__ == "BadParameter":
        return words("cli.wrong.number", name="/".join(parameter.opts))
    if type(error).__name__ == "BadOptionUsage":
        return words("cli.wrong.needs", name=getattr(error, "option_name", ""))
    if found := re.match(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", message):
        return words("cli.wrong.extra", names=found[1])
    return words("cli.wrong.use", message=message)


def _meant(names: Sequence[str]) -> Words:
    return words("cli.hint.meant", names=", ".join(sorted(names))) if names else Words("", "")


def _complain(text: str) -> None:
    sys.stderr.write(text + "\n")
