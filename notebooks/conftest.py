"""How pytest runs the notebooks of this folder: strictly, and without those whose published data are absent."""

from __future__ import annotations

import nbval.plugin
import pytest
from nbval.plugin import IPyNbCell

from evaluation import published

# Notebooks that take parameters: the tests of `evaluation.batch` run them through papermill.
collect_ignore_glob = ["reports/*", "studies/*"]

# A line that a notebook passes through is shown, not tested: coverage counts the tests alone. (nbval's own
# measuring inside kernels costs more than a second a notebook and comes back empty.)
for _step in ("setup_coverage", "teardown_coverage"):
    setattr(nbval.plugin, _step, lambda *_, **__: None)


def _absent(cell: IPyNbCell) -> list[str]:
    wanted = cell.parent.nb.metadata.get("evaluation", {}).get("needs_published", [])
    return [name for name in wanted if not published.available(name)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a notebook whose data are absent, or fail it where they are expected, before a kernel starts."""
    if not isinstance(item, IPyNbCell) or not (absent := _absent(item)):
        return
    reason = f"published data not at hand: {', '.join(absent)}; evaluation.published says where they are published"
    if published.expected():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
