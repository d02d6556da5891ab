"""What a terminal shows beside plain lines: paths as seen from here, tables, a bar that moves on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

PLAIN_WIDTH = 200


def near(path: Path) -> str:
    """Return a path as seen from here, absolute where it lies elsewhere."""
    here, place = Path.cwd(), path.absolute()
    return place.relative_to(here).as_posix() if place.is_relative_to(here) else str(place)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print a table: ruled on a screen, plain columns elsewhere; no cell is ever cut.

    Parameters
    ----------
    heads : sequence of str
    rows : sequence of sequences of str
    right : sequence of int
        Columns of numbers, from 0: they stand to the right.
    """
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    seen = sys.stdout.isatty()
    drawn = Table(box=box.SIMPLE if seen else box.ASCII2, show_edge=False)
    for n, head in enumerate(heads):
        drawn.add_column(escape(head), justify="right" if n in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(escape(cell) for cell in row))
    Console(highlight=False, width=None if seen else PLAIN_WIDTH).print(drawn)


@contextmanager
def bar(heading: str, total: int, stream: TextIO) -> Iterator[Callable[[str, bool], None]]:
    """Yield what tells that one more is done, with a line about it: above a bar on a screen, as plain lines elsewhere.

    Parameters
    ----------
    heading : str
    total : int
    stream : file
        Where to show it.
    """
    if not stream.isatty():
        print(heading, file=stream, flush=True)

        def plain(line: str, _: bool) -> None:
            if line:
                print(line, file=stream, flush=True)

        yield plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(file=stream, highlight=False, markup=False, soft_wrap=True)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(heading, total=total)

        def tell(line: str, good: bool) -> None:
            if line:
                console.print(line, style=None if good else "bold red")
            progress.advance(task)

        yield tell
