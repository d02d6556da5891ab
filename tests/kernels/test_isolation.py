"""What a notebook does to its process reaches no other, neither one begun before nor one begun after."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

# What is polluted: how it is seen, and how it is polluted.
STATE = {
    "globals": ("sorted(k for k in globals() if 'mine' in k)", "mine = 1"),
    "builtins": ("hasattr(__builtins__, 'mine')", "import builtins; builtins.mine = 1"),
    "packages": ("getattr(__import__('pandas'), 'mine', None)", "import pandas; pandas.mine = 1"),
    "pandas options": ("__import__('pandas').get_option('display.max_rows')", "pandas.set_option('display.max_rows', 3)"),
    "library": (
        "len(__import__('evaluation.indicators').indicators.indicators())",
        "import evaluation.indicators; evaluation.indicators.indicators().clear()",
    ),
    "rcParams": ("__import__('matplotlib').rcParams['lines.linewidth']", "import matplotlib; matplotlib.rcParams['lines.linewidth'] = 9"),
    "colours": (
        "'mine' in __import__('matplotlib').colormaps",
        "matplotlib.colormaps.register(matplotlib.colormaps['viridis'], name='mine')",
    ),
    "folder": ("__import__('os').getcwd()", "import os; os.chdir('/')"),
    "umask": ("[(__import__('os').umask(u), u)[1] for u in [__import__('os').umask(0)]]", "os.umask(0o777)"),
    "environment": ("__import__('os').environ.get('MINE')", "os.environ['MINE'] = '1'; os.environ.pop('HOME', None)"),
    "home": ("'HOME' in __import__('os').environ", "None"),
    "search path": ("'/mine' in __import__('sys').path", "import sys; sys.path.insert(0, '/mine')"),
    "random state": (
        "__import__('random').getstate()[1][:2] == (2147483648, 766982754)",
        "import random, numpy; random.seed(7); numpy.random.seed(7)",
    ),
    "warnings": ("[repr(f) for f in __import__('warnings').filters]", "import warnings; warnings.simplefilter('error')"),
    "locale": ("__import__('locale').setlocale(__import__('locale').LC_ALL)", "import locale; locale.setlocale(locale.LC_ALL, 'C')"),
    "signals": ("repr(__import__('signal').getsignal(10))", "import signal; signal.signal(10, lambda *a: None)"),
    "arithmetic": ("__import__('numpy').geterr()['divide']", "numpy.seterr(all='raise')"),
    "recursion": ("__import__('sys').getrecursionlimit()", "sys.setrecursionlimit(5000)"),
    "limits": ("__import__('resource').getrlimit(7)[0]", "import resource; resource.setrlimit(7, (200, resource.getrlimit(7)[1]))"),
    "threads": (
        "[t.name for t in __import__('threading').enumerate() if t.name == 'mine']",
        "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True, name='mine').start()",
    ),
    "connections": (
        "__import__('duckdb').sql('show tables').fetchall(), len(__import__('psutil').Process().net_connections())",
        "import duckdb, socket; duckdb.sql('create table mine (n int)'); s = socket.create_server(('127.0.0.1', 0))",
    ),
    "files": ("[f.path for f in __import__('psutil').Process().open_files() if 'mine' in f.path]", "kept = open('mine.txt', 'w')"),
}


def _seen(kernel: Any) -> dict[str, Any]:
    kernel.run("import matplotlib.pyplot, seaborn, duckdb")
    return {name: kernel.value(f"[{how}]") for name, (how, _) in STATE.items()}


def test_a_notebook_that_pollutes_its_process_has_no_effect_on_others(talk: Callable[..., Any], tmp_path: Path):
    first, polluter = talk(cwd=str(tmp_path)), talk(cwd=str(tmp_path))
    clean = _seen(first)
    said = polluter.text("\n".join(how for _, how in STATE.values()))
    assert said == ""
    polluted = {name: polluter.value(f"[{how}]") for name, (how, _) in STATE.items() if name != "random state"}
    same = [name for name, seen in polluted.items() if seen == clean[name]]
    assert same in ([], ["locale"])  # "C" may have been the locale all along
    assert _seen(first) == clean
    polluter.close()
    assert _seen(talk(cwd=str(tmp_path))) == clean


def test_kernels_draw_different_numbers_where_no_seed_is_given(talk: Callable[..., Any]):
    drawn = [
        talk().value(
            "[__import__('random').random(), __import__('numpy').random.random(), float(__import__('scipy.stats').stats.norm.rvs())]"
        )
        for _ in range(3)
    ]
    for column in zip(*drawn, strict=True):
        assert len(set(column)) == 3


def test_the_same_seed_gives_the_numbers_of_any_process(talk: Callable[..., Any]):
    import random

    import numpy as np

    kernel = talk()
    kernel.run("import random, numpy; random.seed(2234); numpy.random.seed(2234)")
    random.seed(2234)
    expected = [random.random(), float(np.random.RandomState(2234).random_sample())]
    assert kernel.value("[random.random(), numpy.random.random()]") == expected


def test_kernels_started_at_once_from_several_threads_are_several(talk: Callable[..., Any]):
    with ThreadPoolExecutor(4) as threads:
        begun = list(threads.map(lambda _: talk(), range(4)))
    assert len({kernel.value("__import__('os').getpid()") for kernel in begun}) == 4


def test_a_warning_is_shown_in_each_kernel(talk: Callable[..., Any]):
    cell = (
        "import warnings, evaluation.settings as s\nexec(compile('import warnings; warnings.warn(\"once\")', s.__file__, 'exec'), vars(s))"
    )
    assert ["once" in talk().text(cell) for _ in range(2)] == [True, True]
