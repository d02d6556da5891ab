"""What a kernel may take: an IPython extension that a batch loads into its kernels, told by the environment.

``$EVALUATION_MEMORY`` is how many bytes of address space the kernel may take
beyond what it has when the extension is loaded; ``$EVALUATION_OUTPUT`` how many
bytes a cell may print and show. Without them, or where the system knows no such
limit, nothing is limited.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
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
# What carries something that is shown; each costs its receiver more than its text.
SHOWN = frozenset({"display_data", "update_display_data", "execute_result", "comm_open", "comm_msg"})
EACH = 200
PIECE = 500_000
# An error's text goes to the notebook and to the client's log.
TOLD = frozenset({"error", "execute_reply"})
LONGEST_ERROR = 20_000


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Set the limits that the environment names."""
    if memory := _number(MEMORY):
        limit_memory(memory)
    if output := _number(OUTPUT):
        bound = Bound(output)
        for number, stream in ((1, sys.stdout), (2, sys.stderr)):
            _not_beside(stream, number)
            stream.write = bound.over(stream.write, stream.flush)  # type: ignore[method-assign]
        session = shell.kernel.session  # type: ignore[attr-defined]
        session.send = bound.over_messages(session.send)
        shell.events.register("pre_run_cell", bound.again)


def _not_beside(stream: Any, number: int) -> None:
    """Keep what programs print in the notebook alone, or nowhere: ipykernel gives it to the terminal, or the log, of the batch too."""
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    if getattr(stream, "_original_stdstream_copy", None) is not None:
        stream._original_stdstream_copy = nowhere
    else:
        os.dup2(nowhere, number)


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
    """How much a cell has printed on both streams and shown, together.

    Parameters
    ----------
    size : int
        Letters that a cell may print and show; then one sentence, and nothing more.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.left = size
        self._say: Callable[[str], Any] = lambda _: None

    def again(self, *_: Any) -> None:
        """Begin to count anew: another cell."""
        self.left = self.size

    def over(self, write: Any, flush: Callable[[], Any] = lambda: None) -> Any:
        """Return a stream's ``write`` that stops at the bound."""
        self._say = write

        def bounded(text: str) -> int:
            if self.left >= len(text):
                self.left -= len(text)
                write(text)
            elif self.left >= 0:
                left, self.left = self.left, -1
                for begin in range(0, left, PIECE):
                    write(text[begin : min(begin + PIECE, left)])
                    flush()  # a message costs its receiver several times its length, and more with letters of two bytes
                write(CUT)
            return len(text)

        return bounded

    def over_messages(self, send: Any) -> Any:
        """Return a session's ``send`` that shows nothing beyond the bound, and of an error's text the beginning."""

        def bounded(stream: Any, message: Any, content: Any = None, *more: Any, **named: Any) -> Any:
            whole = isinstance(message, Mapping)
            kind, told = (message["msg_type"], message["content"]) if whole else (message, content)
            if kind in SHOWN and not self._fits(EACH + measure([told, more, named])):
                return None
            if kind in TOLD and measure(told) > LONGEST_ERROR:
                told = shortened(told)
                message, content = ({**message, "content": told}, content) if whole else (message, told)
            return send(stream, message, content, *more, **named)

        return bounded

    def _fits(self, size: int) -> bool:
        if self.left >= size:
            self.left -= size
            return True
        if self.left >= 0:
            self.left = -1
            self._say(CUT)
        return False


def measure(content: Any) -> int:
    """Return about how many letters and bytes a message's content is."""
    if isinstance(content, str | bytes):
        return len(content)
    if isinstance(content, memoryview):
        return content.nbytes
    if isinstance(content, Mapping):
        return sum(measure(key) + measure(value) for key, value in content.items())
    if isinstance(content, list | tuple):
        return sum(measure(value) for value in content)
    return 8


def shortened(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of an error with the beginning of its text alone."""
    made = dict(told)
    if isinstance(value := made.get("evalue"), str):
        made["evalue"] = value[:LONGEST_ERROR]
    if isinstance(made.get("traceback"), list):
        made["traceback"] = ["\n".join(made["traceback"])[:LONGEST_ERROR]]
    return made
