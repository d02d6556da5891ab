"""What a kernel may take: an IPython extension that a batch loads into its kernels, told by the environment.

``$EVALUATION_MEMORY`` is how many bytes of address space the kernel may take
beyond what it has when the extension is loaded; ``$EVALUATION_OUTPUT`` how many
bytes a cell may print. Without them, or where the system knows no such limit,
nothing is limited.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

EXTENSION = "evaluation.kernels.bounds"
MEMORY, OUTPUT = "EVALUATION_MEMORY", "EVALUATION_OUTPUT"
CUT = (
    "\n[Ô này in ra quá nhiều: phần sau không được giữ lại, báo cáo không được lập. / "
    "This cell prints too much: the rest is not kept, and no report is made.]\n"
)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Set the limits that the environment names."""
    if memory := _number(MEMORY):
        limit_memory(memory)
    if output := _number(OUTPUT):
        bound = Bound(output)
        sys.stdout.write = bound.over(sys.stdout.write)  # type: ignore[method-assign]
        sys.stderr.write = bound.over(sys.stderr.write)  # type: ignore[method-assign]
        shell.events.register("pre_run_cell", bound.again)


def _number(name: str) -> int:
    given = os.environ.get(name, "")
    return int(given) if given.isdecimal() else 0


def limit_memory(more: int) -> None:
    """Let this process, and those that it starts, take so many bytes of address space more than it has (on Linux).

    Parameters
    ----------
    more : int
    """
    if sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    size = pages * resource.getpagesize() + more
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


class Bound:
    """How much a cell has printed, on both streams together.

    Parameters
    ----------
    size : int
        Letters that a cell may print; then one sentence, and nothing more.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.left = size

    def again(self, *_: Any) -> None:
        """Begin to count anew: another cell."""
        self.left = self.size

    def over(self, write: Any) -> Any:
        """Return a stream's ``write`` that stops at the bound."""

        def bounded(text: str) -> int:
            if self.left >= len(text):
                self.left -= len(text)
                write(text)
            elif self.left >= 0:
                write(text[: self.left] + CUT)
                self.left = -1
            return len(text)

        return bounded
