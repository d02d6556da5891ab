"""The same cells give the same messages under the name "python3" and the name "evaluation", subject by subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow

# Subject: its cells, and a word that an ordinary kernel must have said, lest two silences be taken for agreement.
SUBJECTS: dict[str, tuple[tuple[str, ...], str]] = {
    "streams": (
        (
            "import sys; print('out'); print('err', file=sys.stderr)",
            "import os; os.write(1, b'low\\n'); os.system('echo from a shell')\nNone",
            "sys.stdout.write('no end of line'); sys.stdout.flush()\nNone",
            "import subprocess; subprocess.run(['echo', 'a child'], check=True)\nNone",
        ),
        "from a shell",
    ),
    "order": (
        (
            "import sys\nfor i in range(5):\n    print(i, flush=True); print(-i, file=sys.stderr, flush=True); display(i)",
            "import threading\nt = threading.Thread(target=print, args=('thread',)); t.start(); t.join(); print('after')",
        ),
        "thread",
    ),
    "display ids": (
        (
            "h = display({'text/plain': 'first'}, raw=True, display_id='here')",
            "h.update({'text/plain': 'second'}, raw=True)",
            "from IPython.display import update_display; update_display('third', display_id='here')",
        ),
        "update_display_data",
    ),
    "rich display": (
        (
            "import pandas as pd; pd.DataFrame({'quận': ['Một', None], 'n': [1, 2.5]})",
            "from IPython.display import HTML, JSON, Markdown, SVG, Image, Latex\ndisplay(HTML('<b>x</b>'), Markdown('*y*'), Latex('$z$'))",
            "JSON({'a': 1})",
            "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')",
            "class Own:\n    def _repr_mimebundle_(self, **kw): return {'text/plain': 'own', 'application/x-own': 1}\nOwn()",
        ),
        "application/x-own",
    ),
    "clear_output": (
        ("from IPython.display import clear_output\nprint('gone')\nclear_output(wait=True)\nprint('stays')\nclear_output()",),
        "clear_output",
    ),
    "errors": (
        (
            "1 / 0",
            "def f(x):\n    return g(x)\ndef g(x):\n    raise ValueError('sâu') from KeyError(x)\nf(1)",
            "this is no python",
            "not_there",
            "raise SystemExit(3)",
            "raise KeyboardInterrupt",
            "import warnings; warnings.warn('twice')\nwarnings.warn('twice')",
            "import logging; logging.warning('a record')",
            "print('still here')",
        ),
        "ZeroDivisionError",
    ),
    "comms": (
        (
            "from ipykernel.comm import Comm\nc = Comm(target_name='t', comm_id='c1', data={'a': 1}); c.send({'b': 2}); c.close()",
            "from comm import create_comm; create_comm(target_name='u', comm_id='c2').close()",
        ),
        "comm_open",
    ),
    "counts and history": (
        ("40 + 2", "_ + 1", "Out[max(Out)]", "len(In) > 0", "get_ipython().execution_count > 0", "x = 1;", "_"),
        "43",
    ),
    "magics": (
        (
            "%%bash\necho from bash\nexit 3",
            "!echo shell",
            "%env MADE_UP=1",
            "%pwd",
            "%%writefile a.py\nz = 26",
            "%run a.py",
            "z",
            "%who_ls int",
            "import os; os.remove('a.py')",
        ),
        "from bash",
    ),
    "await": (
        (
            "import asyncio\nawait asyncio.sleep(0)\nprint('awaited')",
            "async def f():\n    return 7\nawait f()",
            "type(asyncio.get_running_loop())",
        ),
        "awaited",
    ),
    "pictures": (
        (
            "%matplotlib inline",
            "import matplotlib, matplotlib.pyplot as plt; plt.plot([1, 3, 2]); plt.title('Tỷ lệ'); plt.show()",
            "plt.get_backend(), plt.get_fignums()",
            "import seaborn as sns; sns.histplot(x=[1, 2, 2]).get_xlim()",
            "%config InlineBackend.figure_formats = ['svg']\nmatplotlib.rcParams['svg.hashsalt'] = 's'",
            "plt.figure(figsize=(1, 1)); plt.plot([1, 2])\nNone",
            "sorted((k, str(v)) for k, v in matplotlib.rcParams.items())",
        ),
        "image/png",
    ),
    "other processes": (
        (
            "import multiprocessing as mp\nwith mp.get_context('fork').Pool(2) as pool:\n    print(pool.map(len, ['a', 'bb']))",
            "with mp.get_context('spawn').Pool(1) as pool:\n    print(pool.map(len, ['ccc']))",
            "mp.parent_process(), mp.current_process().name",
            "import pickle\nclass P: pass\npickle.loads(pickle.dumps(P())).__class__.__module__",
        ),
        "[1, 2]",
    ),
    "help": (("len?", "%pinfo2 len", "%quickref"), "page"),
    "numbers": (
        (
            "import numpy as np, statsmodels.api as sm\nx = np.arange(20.0); y = 2 * x + np.sin(x)",
            "print(sm.OLS(y, sm.add_constant(x)).fit().params.tobytes().hex())",
            "import duckdb; duckdb.sql('select 42 as n').fetchall()",
            "import scipy.stats as st; st.norm.rvs(size=2, random_state=1).tobytes().hex()",
        ),
        "42",
    ),
}


def _without_times(said: list[Any]) -> list[Any]:
    """Leave out when a cell ran."""
    return [(k, {n: v for n, v in c.items() if n != "started"}) for k, c in said]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_same_cells_are_answered_alike(subject: str, both: Any):
    cells, word = SUBJECTS[subject]
    ordinary, warm = ([_without_times(kernel.run(cell)) for cell in cells] for kernel in both)
    assert word in repr(ordinary)
    for cell, expected, said in zip(cells, ordinary, warm, strict=True):
        assert said == expected, cell


def test_a_question_is_asked_and_answered(both: Any):
    cell = "import getpass\nname = input('Tên? '); secret = getpass.getpass('Mã? '); print(name, secret)"
    ordinary, warm = (kernel.run(cell, ("An", "1234")) for kernel in both)
    assert ["asked", {"prompt": "Tên? ", "password": False}] in ordinary
    assert ["asked", {"prompt": "Mã? ", "password": True}] in ordinary
    assert warm == ordinary


def test_a_question_that_may_not_be_asked_is_an_error(both: Any):
    ordinary, warm = (kernel.run("input('?')") for kernel in both)
    assert "StdinNotImplementedError" in repr(ordinary)
    assert warm == ordinary


def test_requests_beside_cells_are_answered_alike(both: Any):
    def replies(kernel: Any) -> list[Any]:
        client = kernel.client
        kernel.run("import pandas as pd")
        asked: list[Callable[[], str]] = [
            client.kernel_info,
            lambda: client.complete("pd.DataFr", 9),
            lambda: client.inspect("pd.read_csv", detail_level=1),
            lambda: client.is_complete("for i in x:"),
            lambda: client.history(hist_access_type="tail", n=1),
        ]
        given = []
        for ask in asked:
            wanted = ask()
            while (reply := client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != wanted:
                continue
            given.append({k: v for k, v in reply["content"].items() if k not in ("metadata", "banner")})  # a tip by chance
        return given

    ordinary, warm = (replies(kernel) for kernel in both)
    for given in (ordinary, warm):
        given[-1]["history"] = [entry[1:] for entry in given[-1]["history"]]  # the first is the number of the session
    assert ordinary[0]["implementation"] == "ipython"
    assert warm == ordinary


def test_the_debugger_answers_alike(both: Any):
    def told(kernel: Any) -> Any:
        message = kernel.client.session.msg("debug_request", {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}})
        kernel.client.control_channel.send(message)
        body = kernel.client.get_control_msg(timeout=60)["content"]["body"]
        return {name: body[name] for name in ("isStarted", "breakpoints", "stoppedThreads", "richRendering")}

    ordinary, warm = (told(kernel) for kernel in both)
    assert warm == ordinary
