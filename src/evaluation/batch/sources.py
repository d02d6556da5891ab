"""Whether the notebook and the library stay as they were while a run goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
ENDINGS = (".py", ".po", ".j2")


class Sources:
    """What reports are made by, as it is now: times and sizes of files, which cost two milliseconds.

    Parameters
    ----------
    template : Path
        The notebook.
    """

    def __init__(self, template: Path) -> None:
        self.template = template
        self._first = list(self._state())

    def changed(self) -> bool:
        """Tell whether something is not as it was at first."""
        return list(self._state()) != self._first

    def _state(self) -> Iterator[tuple[str, int, int]]:
        yield _known(str(self.template))
        for place, folders, names in os.walk(PACKAGE):
            folders.sort()
            for name in sorted(names):
                if name.endswith(ENDINGS):
                    yield _known(os.path.join(place, name))  # noqa: PTH118 - some hundred files after each report


def _known(path: str) -> tuple[str, int, int]:
    try:
        known = os.stat(path)  # noqa: PTH116
    except OSError:
        return path, 0, -1
    return path, known.st_mtime_ns, known.st_size
