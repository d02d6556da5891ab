"""Which changes ask for another server, and which do not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from evaluation import kernels
from evaluation.kernels import identity

pytestmark = pytest.mark.skipif(not kernels.available(), reason="no warm kernels here")
PYTHON = ("python",)


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "src" / "evaluation"
    (package / "plan").mkdir(parents=True)
    (package / "plan" / "dates.py").write_text("DAY = 1\n", "utf-8")
    (tmp_path / "data" / "codebook").mkdir(parents=True)
    (tmp_path / "data" / "codebook" / "rules.csv").write_text("a\n", "utf-8")
    monkeypatch.setattr(identity, "PACKAGE", package)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "another"),
    [
        (lambda root: (root / "src/evaluation/plan/dates.py").write_text("DAY = 22\n", "utf-8"), True),
        (lambda root: os.utime(root / "src/evaluation/plan/dates.py", ns=(1, 1)), True),
        (lambda root: (root / "src/evaluation/new.py").touch(), True),
        (lambda root: (root / "src/evaluation/plan/dates.py").unlink(), True),
        (lambda root: (root / "data/codebook/rules.csv").write_text("bb\n", "utf-8"), True),
        (lambda root: (root / "src/evaluation/.dates.py.swp").touch(), False),
        (lambda root: (root / "src/evaluation/__pycache__").mkdir(), False),
        (lambda root: (root / "notebook.ipynb").touch(), False),
    ],
)
def test_an_edited_library_asks_for_another_server(sources: Path, change: object, another: bool):
    before = identity.fingerprint({}, PYTHON)
    assert identity.fingerprint({}, PYTHON) == before
    change(sources)  # type: ignore[operator]
    assert (identity.fingerprint({}, PYTHON) != before) is another


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize(
    ("name", "another"),
    [
        *((name, True) for name in ("PYTHONPATH", "PYTHONHASHSEED", "LC_ALL", "HOME", "MPLCONFIGDIR", "OPENBLAS_CORETYPE")),
        *((name, False) for name in ("PATH", "EVALUATION_STORE", "OMP_NUM_THREADS", "TMPDIR", "MPLBACKEND", "ANY")),
    ],
)
def test_a_server_differs_by_what_is_read_at_the_start(name: str, another: bool):
    assert (identity.fingerprint({name: "one"}, PYTHON) != identity.fingerprint({name: "two"}, PYTHON)) is another
    given = identity.server_environment({name: "two"})
    assert (given.get(name) == "two") is another


def test_a_server_has_one_thread_for_arithmetic_whatever_its_client_says():
    assert identity.server_environment({"OPENBLAS_NUM_THREADS": "8"})["OPENBLAS_NUM_THREADS"] == "1"


def test_another_root_is_another_server(sources: Path):
    other = sources / "other"
    shutil.copytree(sources / "data", other / "data")
    assert identity.fingerprint({"EVALUATION_ROOT": str(other)}, PYTHON) != identity.fingerprint({}, PYTHON)


def test_a_limit_of_the_client_is_a_limit_of_its_server(monkeypatch: pytest.MonkeyPatch, sources: Path):
    import resource

    before = identity.fingerprint({}, PYTHON)
    known = resource.getrlimit
    monkeypatch.setattr(resource, "getrlimit", lambda limit: (4, 4) if limit == resource.RLIMIT_CORE else known(limit))
    assert identity.fingerprint({}, PYTHON) != before
