"""What a notebook of any kind takes: the parameters of its cell tagged so, with type and default, read without running it."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.recorded import TAKEN

TYPES = ("str", "int", "float", "bool")
TAG = "parameters"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a notebook.

    Attributes
    ----------
    name : str
    type : {"str", "int", "float", "bool", ""}
        As annotated, else of its default; empty where it is none of these: it cannot be set from a table.
    default : object
        Its value where it is a plain one, else its source.
    needed : bool
        Whether it has no default: annotated alone, or ``...``.
    """

    name: str
    type: str
    default: Any = None
    needed: bool = False


class NoNotebook(ValueError):
    """A file that is no notebook, or one whose parameters cannot be read."""


def parameters(notebook: Path) -> dict[str, Parameter]:
    """Return the parameters that a notebook declares, in its order; none where no cell is tagged.

    Parameters
    ----------
    notebook : Path
        Its source is read, never run.

    Raises
    ------
    NoNotebook
    """
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        tagged = next((c for c in cells if c["cell_type"] == "code" and TAG in c["metadata"].get("tags", ())), None)
        source = "" if tagged is None else "".join(tagged["source"])
        body = ast.parse(source).body
    except (OSError, ValueError, KeyError, TypeError, SyntaxError) as error:
        raise NoNotebook(notebook.name) from error
    found = {}
    for line in body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            found[line.target.id] = _parameter(line.target.id, line.value, line.annotation)
        elif isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
            found[line.targets[0].id] = _parameter(line.targets[0].id, line.value, None)
    return found


def settable(parameter: Parameter) -> bool:
    """Whether a table may give a parameter its value."""
    return bool(parameter.type) and parameter.name not in TAKEN


def _parameter(name: str, value: ast.expr | None, annotation: ast.expr | None) -> Parameter:
    plain: Any = ...
    if value is not None:
        try:
            plain = ast.literal_eval(value)
        except ValueError:
            plain = ast.unparse(value)
    needed = plain is ...
    if annotation is not None:
        parts = [part.strip(" \"'") for part in ast.unparse(annotation).removeprefix("Optional[").removesuffix("]").split("|")]
        named = [part for part in parts if part != "None"]
        kind = named[0] if len(named) == 1 and named[0] in TYPES else ""
    else:
        kind = type(plain).__name__ if value is not None and type(plain).__name__ in TYPES and _literal(value) else ""
    return Parameter(name, kind, None if needed else plain, needed)


def _literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True
