"""What makes a forked process like one just started: its own session, files, folder, environment, chance and messages."""

from __future__ import annotations

import atexit
import gc
import io
import locale
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from evaluation.kernels import LAUNCHER
from evaluation.kernels.wire import Request


def become(request: Request, made: Mapping[str, str]) -> NoReturn:
    """Be the kernel asked for, until it ends.

    Parameters
    ----------
    request : Request
    made : mapping of str
        Variables that interpreter and kernel set themselves as they start.
    """
    _default_signals()
    _take_files(request)
    os.umask(request.umask)
    _take_environment(request.environment, made)
    _forget()
    _draw_anew()
    _set_matplotlib()
    arguments = list(request.command[request.command.index(LAUNCHER) + 1 :])
    sys.orig_argv[:] = request.command
    sys.argv[:] = [_launcher(), *arguments]
    _launch(arguments)


def _launch(arguments: list[str]) -> NoReturn:
    from ipykernel.kernelapp import IPKernelApp

    try:
        # An ordinary kernel watches the client, its parent; this one's parent is the keeper, which watches the client.
        IPKernelApp.launch_instance(argv=arguments, parent_handle=os.getppid())
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
    except BaseException:  # noqa: BLE001 - as the interpreter would
        traceback.print_exc(file=sys.__stderr__)
        code = 1
    else:
        code = 0
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End as the interpreter does, but for taking the preloaded packages apart: that takes half a second."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for the notebook's own threads
    atexit._run_exitfuncs()  # IPython's empties the notebook's namespace
    gc.collect()
    for found in gc.get_objects():
        if isinstance(found, io.IOBase):
            with suppress(OSError, ValueError):
                found.flush()
    for stream in (sys.__stdout__, sys.__stderr__):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()  # type: ignore[union-attr]
    os._exit(code)


def _launcher() -> str:
    import importlib.util

    found = importlib.util.find_spec(LAUNCHER)
    return str(found.origin) if found else LAUNCHER


def _default_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for other in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(other, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _take_files(request: Request) -> None:
    *streams, folder = request.files
    os.fchdir(folder)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number, inheritable=True)
    for descriptor in request.files:
        os.close(descriptor)
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        stream.reconfigure(line_buffering=number == 2 or os.isatty(number))  # type: ignore[union-attr]


def _take_environment(environment: dict[str, str], made: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update({**made, **environment})
    time.tzset()
    locale.setlocale(locale.LC_ALL, "C")
    with suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "")


def _forget() -> None:
    """Drop what was remembered of the server's surroundings."""
    tempfile.tempdir = None
    multiprocessing.current_process().authkey = os.urandom(32)


def _draw_anew() -> None:
    random.seed()
    if numpy := sys.modules.get("numpy.random"):
        numpy.seed()


def _set_matplotlib() -> None:
    """Let matplotlib be as if loaded here: its settings may lie in the folder that a notebook is run in."""
    matplotlib: Any = sys.modules.get("matplotlib")
    if matplotlib is None:
        return
    settings = matplotlib.matplotlib_fname()
    if Path(settings) != Path(matplotlib.get_data_path(), "matplotlibrc"):
        own = matplotlib.rc_params_from_file(settings, fail_on_error=False, use_default_template=True)
        dict.update(matplotlib.rcParams, dict.items(own))
        dict.update(matplotlib.rcParamsOrig, dict.items(own))
    backend = os.environ.get("MPLBACKEND") or "module://matplotlib_inline.backend_inline"
    dict.__setitem__(matplotlib.rcParams, "backend", backend)
