"""What the server loads before it forks: what every report needs, by name, so that this room depends on none of it."""

from __future__ import annotations

import builtins
import io
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import SimpleNamespace

KERNEL = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "sqlite3",
    "tornado.platform.asyncio",
)
PACKAGES = (
    "numpy",
    "pandas",
    "scipy.stats",
    "statsmodels.api",
    "statsmodels.formula.api",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "seaborn",
    "duckdb",
    # What pandera loads when the first frame is checked.
    "pandera.backends.pandas.register",
    "pandera.backends.pandas.builtin_checks",
    "pandera.backends.pandas.checks",
    "pandera.backends.pandas.container",
    "pandera.backends.pandas.error_formatters",
    "pandera.accessors.pandas_accessor",
    "pandera.strategies.pandas_strategies",
)
# Rooms of the library, with all that lies in them.
ROOMS = ("cache", "costs", "disclosure", "effects", "figures", "monitoring", "places", "plan", "reporting", "store")
# Facts that are read from files and kept: each a module and a function without arguments.
FACTS = (
    "evaluation.places.official:district_list",
    "evaluation.places.official:ward_list",
    "evaluation.places.ground:ward_borders",
    "evaluation.plan.measurable:targets",
    "evaluation.plan.chain:framework",
    "evaluation.plan.asked:provisions",
    "evaluation.reporting.provenance:code_version",
    "evaluation.plan.asked:beneficiaries",
    "evaluation.plan.asked:agencies",
    "evaluation.plan.dates:calendar",
    "evaluation.plan.models:pilots",
    "evaluation.costs.lines:cost_lines",
    "evaluation.costs.prices:price_index",
    "evaluation.indicators:elements",
    "evaluation.indicators:indicators",
    "evaluation.indicators:related",
    "evaluation.monitoring.over_time.season:tet_dates",
    "evaluation.contracts:values_schema",
    "evaluation.contracts:counts_schema",
    "evaluation.contracts:indicator_schema",
    "evaluation.contracts:submissions_schema",
    "evaluation.contracts:ward_reports_schema",
    "evaluation.contracts:changes_schema",
)
LANGUAGES = ("vi", "en")


def preload() -> dict[str, str]:
    """Load it all. What cannot be loaded is written to the log and left to the notebook, which will say what is wrong.

    Returns
    -------
    dict of str
        The variables that interpreter and kernel have set in the environment, as they do in every kernel.
    """
    given = Path("/proc/self/environ").read_bytes().split(b"\0")
    for module in KERNEL:
        _try(lambda name=module: import_module(name))  # type: ignore[misc]
    made = {name: value for name, value in os.environ.items() if os.fsencode(f"{name}={value}") not in given}
    with _as_in_a_kernel():
        for module in PACKAGES:
            _try(lambda name=module: import_module(name))  # type: ignore[misc]
        for room in ROOMS:
            _try(lambda name=room: _whole(f"evaluation.{name}"))  # type: ignore[misc]
        for fact in FACTS:
            _try(lambda name=fact: _called(name))  # type: ignore[misc]
        for language in LANGUAGES:
            _try(lambda spoken=language: _read_words(spoken))  # type: ignore[misc]
        _try(_draw)
    _forget_warnings()
    return made


@contextmanager
def _as_in_a_kernel() -> Iterator[None]:
    """Answer packages that ask as they are loaded where they are: pandas prints frames otherwise for a terminal."""
    vars(builtins)["get_ipython"] = lambda: SimpleNamespace(kernel=None)
    output = io.TextIOWrapper(sys.stdout.buffer, encoding="UTF-8", write_through=True)  # so called by a kernel
    try:
        with redirect_stdout(output):
            yield
    finally:
        output.detach()
        del vars(builtins)["get_ipython"]


def _try(step: Callable[[], object]) -> None:
    try:
        step()
    except Exception:  # noqa: BLE001 - an unfinished edit of the library must not keep kernels from starting
        traceback.print_exc(file=sys.stderr)


def _forget_warnings() -> None:
    """Let a warning that was shown here be shown again in each kernel."""
    warnings.onceregistry.clear()  # type: ignore[attr-defined]
    for module in list(sys.modules.values()):
        if "__warningregistry__" in getattr(module, "__dict__", {}):
            module.__dict__["__warningregistry__"].clear()


def _whole(room: str) -> None:
    package = import_module(room)
    for module in walk_packages(package.__path__, f"{room}.", onerror=lambda _: None):
        _try(lambda name=module.name: import_module(name))  # type: ignore[misc]


def _called(fact: str) -> object:
    module, _, name = fact.partition(":")
    return getattr(import_module(module), name)()


def _read_words(language: str) -> None:
    spoken = import_module("evaluation.language")
    spoken.catalogue(language)
    spoken.number(1234.5, language, 1)


def _draw() -> None:
    """Draw once in the house's style, as reports do and as notebooks do, so that fonts are found and letters read."""
    import_module("evaluation.figures.style").ready()
    _draw_as_notebooks_do()


def _draw_as_notebooks_do() -> None:
    """Draw through matplotlib's own canvases; without pyplot, which would keep the figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with import_module("evaluation.figures.style").house():
        figure = Figure(layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], label="Tỷ lệ (%)")
        axes.set_title("Báo cáo đánh giá", fontweight="bold")
        axes.legend()
        for form in ("png", "svg"):
            figure.savefig(io.BytesIO(), format=form)
