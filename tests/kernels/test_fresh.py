"""A forked kernel finds what a process just started would find: in itself, around it, and nothing of the server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

LOADED = "import numpy, pandas, scipy.stats, statsmodels.api, statsmodels.formula.api, matplotlib.pyplot, seaborn, pandera, duckdb"
# What is compared after the same packages are loaded, since only then an ordinary kernel has them.
SEEN = {
    "folder": "__import__('os').getcwd()",
    "arguments": "[a if 'json' not in a else '' for a in __import__('sys').argv]",
    "command": "[a if 'json' not in a else '' for a in __import__('sys').orig_argv]",
    "options": "repr(__import__('sys').flags)",
    "search path": "__import__('sys').path",
    "main module": "[__name__, *sorted(vars(__import__('sys').modules['__main__']).keys() & {'__file__', '__spec__'})]",
    "umask": "[(__import__('os').umask(u), u)[1] for u in [__import__('os').umask(0)]]",
    "session": "__import__('os').getsid(0) == __import__('os').getpgid(0) == __import__('os').getpid()",
    "signals": "[repr(__import__('signal').getsignal(s)) for s in (1, 2, 10, 13, 15, 17)]",
    "blocked signals": "sorted(__import__('signal').pthread_sigmask(0, []))",
    "locale": "__import__('locale').setlocale(__import__('locale').LC_ALL)",
    "encodings": "[__import__('sys').getfilesystemencoding(), __import__('locale').getpreferredencoding()]",
    "time zone": "__import__('time').tzname",
    "temporary folder": "__import__('tempfile').gettempdir()",
    "limits": "[__import__('resource').getrlimit(n) for n in range(16)]",
    "processors": "sorted(__import__('os').sched_getaffinity(0))",
    "niceness": "__import__('os').nice(0)",
    "warnings": "[repr(f) for f in __import__('warnings').filters]",
    "input": "__import__('os').read(0, 1).decode()",
    "garbage": "[__import__('gc').isenabled(), __import__('gc').get_threshold()]",
    "recursion": "__import__('sys').getrecursionlimit()",
    "arithmetic": "[repr(__import__('numpy').geterr()), repr(__import__('decimal').getcontext())]",
    "pandas": "[(k, repr(v)) for k, v in __import__('pandas').options.d['display'].items()]",
    "figures": "[[(k, str(v)) for k, v in sorted(__import__('matplotlib').rcParams.items())], __import__('matplotlib').get_backend()]",
    "threads": "sorted(t.name.split(' ')[0].rstrip('0123456789-') for t in __import__('threading').enumerate())",
}


def _seen(kernel: Any) -> dict[str, Any]:
    environment = kernel.value("dict(__import__('os').environ)")  # before packages add to it as they are loaded
    kernel.run(LOADED)
    return {"environment": environment, **{name: kernel.value(expression) for name, expression in SEEN.items()}}


def test_a_forked_kernel_finds_what_an_ordinary_one_finds(talk: Callable[..., Any], tmp_path: Path, surroundings: dict[str, str]):
    ordinary, warm = (_seen(talk(name, cwd=str(tmp_path))) for name in ("python3", "evaluation"))
    assert ordinary["folder"] == str(tmp_path)
    assert ordinary["environment"].keys() >= surroundings.keys()
    # Packages that the notebook has not loaded have set theirs already.
    assert set(ordinary.pop("warnings")) <= set(warm.pop("warnings"))
    for name, expected in ordinary.items():
        assert warm[name] == expected, name


def test_a_kernel_has_the_environment_that_it_was_given_and_no_other(
    talk: Callable[..., Any], surroundings: dict[str, str], tmp_path: Path
):
    given = {k: surroundings[k] for k in ("PATH", "HOME", "IPYTHONDIR", "MPLCONFIGDIR") if k in surroundings}
    given |= {"CỦA_TÔI": "giá trị / value", "TMPDIR": str(tmp_path), "MPLBACKEND": "agg"}
    ordinary, warm = (talk(name, env=given, cwd=str(tmp_path)) for name in ("python3", "evaluation"))
    assert warm.value("dict(__import__('os').environ)") == ordinary.value("dict(__import__('os').environ)")
    assert warm.value("__import__('tempfile').gettempdir()") == str(tmp_path)
    assert warm.value("__import__('matplotlib').get_backend()").lower() == "agg"


def test_settings_of_the_notebook_s_folder_hold(talk: Callable[..., Any], tmp_path: Path):
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 7\n", "utf-8")
    width = "__import__('matplotlib').rcParams['lines.linewidth']"
    ordinary, warm = (talk(name, cwd=str(tmp_path)) for name in ("python3", "evaluation"))
    assert ordinary.value(width) == 7
    assert warm.value(width) == 7
    assert warm.value("(__import__('matplotlib').rcdefaults(), __import__('matplotlib').rc_file_defaults(), " + width + ")[2]") == 7


def test_a_kernel_has_no_file_of_the_server_or_of_another_kernel(talk: Callable[..., Any], tmp_path: Path):
    opened = "sorted(filter(None, (__import__('os').path.realpath(p) for p in __import__('glob').glob('/proc/self/fd/*'))))"
    talk()
    kinds = []
    for name in ("python3", "evaluation"):
        found = talk(name, cwd=str(tmp_path)).value(opened)
        kinds.append(
            [(kind, sum(kind in path for path in found)) for kind in ("socket:", "anon_inode:[pidfd]", "/dev/", ".log", "evaluation-")]
        )
    assert kinds[0] == kinds[1]


def test_options_of_the_client_reach_the_kernel(talk: Callable[..., Any], tmp_path: Path, surroundings: dict[str, str]):
    (tmp_path / "made_up.py").write_text("def load_ipython_extension(shell):\n    shell.user_ns['given'] = 5\n", "utf-8")
    environment = {**surroundings, "PYTHONPATH": str(tmp_path)}
    warm = talk(env=environment, extra_arguments=["--IPKernelApp.extensions=made_up", "--HistoryManager.enabled=False"])
    assert warm.value("given") == 5
    assert warm.value("get_ipython().history_manager.enabled") is False


def test_output_below_python_goes_where_the_client_said(talk: Callable[..., Any], tmp_path: Path):
    for name in ("python3", "evaluation"):
        with (tmp_path / name).open("w") as log:
            kernel = talk(name, stderr=log, extra_arguments=["--IPKernelApp.capture_fd_output=False"])
            kernel.run("import os; os.write(2, b'below')")
        assert "below" in (tmp_path / name).read_text("utf-8")


def test_a_kernel_that_ends_says_goodbye_as_any_process(talk: Callable[..., Any], tmp_path: Path, until: Callable[..., bool]):
    cell = (
        "import atexit, threading, time, pathlib\n"
        "atexit.register(lambda: pathlib.Path('atexit').write_text('run'))\n"
        "left_open = open('left_open', 'w'); left_open.write('flushed')\n"
        "import builtins; builtins.hidden = open('hidden', 'w'); hidden.write('flushed too')\n"
        "threading.Thread(target=lambda: (time.sleep(0.3), pathlib.Path('thread').write_text('run'))).start()"
    )
    left = {}
    for name in ("python3", "evaluation"):
        folder = tmp_path / name
        folder.mkdir()
        kernel = talk(name, cwd=str(folder))
        kernel.run(cell)
        kernel.client.stop_channels()
        kernel.manager.shutdown_wait_time = 60
        kernel.manager.shutdown_kernel()
        left[name] = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert left["python3"].keys() == {"atexit", "left_open", "hidden", "thread"}
    assert left["evaluation"] == left["python3"]
