"""A notebook's own cells as plain functions: the floor below which no way of running notebooks can come.

The cells are compiled once; each report runs them in a fresh namespace with its
parameters put in after the cell of parameters, as papermill does. What a cell
shows (print, its last expression, open figures) is shown as a kernel would show
it: tables as HTML, figures as PNG. The page is written with no template at all.
"""

from __future__ import annotations

import ast
import base64
import html
import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from types import CodeType
from typing import Any

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
from IPython.core.pylabtools import print_figure
from matplotlib._pylab_helpers import Gcf

TAG = "parameters"


class Plain:
    """A notebook that runs without a kernel.

    Parameters
    ----------
    notebook : str
        Path.
    """

    def __init__(self, notebook: str) -> None:
        content = json.loads(Path(notebook).read_text("utf-8"))
        self.cells = [_compiled("".join(c["source"]), c["metadata"]) for c in content["cells"] if c["cell_type"] == "code"]

    def __call__(self, parameters: Mapping[str, Any], space: dict[str, Any] | None = None) -> str:
        """Run the cells in a fresh namespace, or the given one, and return what they showed, as HTML."""
        space = {} if space is None else space
        shown: list[str] = []
        for body, last, has_parameters in self.cells:
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(body, space)
                value = eval(last, space) if last else None
            if has_parameters:
                space.update(parameters)
            if text := printed.getvalue():
                shown.append(f"<pre>{html.escape(text)}</pre>")
            if value is not None:
                shown.append(_told(value))
            shown += [_picture(manager.canvas.figure) for manager in Gcf.get_all_fig_managers()]
            plt.close("all")
        return "\n".join(shown)


def _compiled(source: str, metadata: Mapping[str, Any]) -> tuple[CodeType, CodeType | None, bool]:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    value = compile(ast.Expression(last.value), "<cell>", "eval") if isinstance(last, ast.Expr) else None
    return compile(tree, "<cell>", "exec"), value, TAG in metadata.get("tags", [])


def _told(value: object) -> str:
    shown: Callable[[], str] | None = getattr(value, "_repr_html_", None)
    return shown() if shown else f"<pre>{html.escape(repr(value))}</pre>"


def _picture(figure: Any) -> str:
    content = print_figure(figure, "png", bbox_inches="tight", base64=False)
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(content).decode()}">'


def page(shown: str, title: str) -> str:
    """Return a whole page."""
    return f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>\n<body>\n{shown}\n</body></html>\n'
