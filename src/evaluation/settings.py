"""Where things are: the one place that knows the project's folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PERIOD = "2018-Q4"
DEFAULT_SEED = 2234


@dataclass(frozen=True)
class Folders:
    """The project's folders, as absolute paths.

    Attributes
    ----------
    root : Path
        The checkout. ``$EVALUATION_ROOT`` where set, else the checkout that
        this file was installed from.
    """

    root: Path

    @property
    def data(self) -> Path:
        """Facts and synthetic data that are part of the project."""
        return self.root / "data"

    @property
    def notebooks(self) -> Path:
        """Notebooks for people, and the report notebooks that papermill runs."""
        return self.root / "notebooks"

    @property
    def outputs(self) -> Path:
        """What passed the disclosure gate, nothing else."""
        return self.root / "outputs"

    @property
    def work(self) -> Path:
        """Working notebooks, logs, caches and the store: for their user's eyes only."""
        return self.root / "work"

    @property
    def store(self) -> Path:
        """Where received files are loaded: ``$EVALUATION_STORE`` where set, else the store in the work folder."""
        return Path(os.environ.get("EVALUATION_STORE") or self.work / "store.duckdb")

    def budget(self, synthetic: bool) -> Path:
        """Where the budget lies that belongs to made-up or to real evidence."""
        return self.data / ("example" if synthetic else "incoming") / "budget.csv"

    @property
    def example_store(self) -> Path:
        """Where the example is built, apart from real data: ``$EVALUATION_STORE`` where set, else its own in the work folder."""
        return Path(os.environ.get("EVALUATION_STORE") or self.work / "example.duckdb")

    @property
    def evidence(self) -> Path:
        """What is read where no store is named: the store of received files once there is one, till then the example's."""
        return self.store if self.store.exists() else self.example_store


def folders() -> Folders:
    """Return the project's folders.

    Raises
    ------
    FileNotFoundError
        If the folder found does not hold the project's data.
    """
    root = Path(os.environ.get("EVALUATION_ROOT") or Path(__file__).parents[2]).resolve()
    if not (root / "data" / "codebook").is_dir():
        raise FileNotFoundError(
            f"{root} không có data/codebook. Hãy đặt EVALUATION_ROOT là thư mục của dự án. / "
            f"{root} holds no data/codebook. Set EVALUATION_ROOT to the project's folder."
        )
    return Folders(root)


def private(folder: Path) -> Path:
    """Make a folder that only its owner can open (mode 700) and return it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder
