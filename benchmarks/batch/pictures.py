"""Two figures in the house style: where each second goes, and what more workers would bring."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.batch.scale_out import JOBS, WORKERS, Parts, course

from evaluation.figures import style

SHADES = ("#0b4f6c", "#b8511f", "#6f9db3", "#d8a47f", "#9aa1a9", "#3f7a4f", "#c9b458", "#7a5c8e")
ORDER = ("plan", "server", "load", "reports", "index", "start", "parameters", "cells", "notebook", "export", "protection", "publishing")


def scale_out(parts: Parts, path: Path) -> None:
    """Draw reports a minute against workers, on one machine and on a cluster."""
    import matplotlib.pyplot as plt

    with style.house():
        fig, panels = plt.subplots(1, 2, figsize=(style.WIDTH, 3.6), layout="constrained", sharey=True)
        for ax, cluster in zip(panels, (False, True), strict=True):
            for jobs, shade in zip(JOBS, SHADES, strict=False):
                speed = [60 * o.jobs / o.seconds for o in course(parts, jobs, cluster)]
                ax.plot(WORKERS, speed, marker="o", markersize=3, color=shade, label=f"{jobs:,} reports")
            one = 60 / (parts.kernel + parts.client)
            ax.plot(WORKERS, [one * n for n in WORKERS], color=style.RULE, linestyle="--", label="each worker as fast as the first")
            ax.set_xscale("log", base=2)
            ax.set_yscale("log")
            ax.yaxis.set_major_formatter("{x:,.0f}")
            ax.set_xticks(WORKERS, [str(n) for n in WORKERS])
            ax.set_xlabel("workers")
            ax.set_title("A cluster, a client each worker" if cluster else "One machine with so many cores")
            ax.grid(axis="y")
        panels[0].set_ylabel("reports a minute")
        panels[0].legend(loc="upper left")
        _saved(fig, path)


def stages(account: Mapping[str, Any], seconds: float, path: Path) -> None:
    """Draw where the seconds of a run went: reports by stage, cells within, and what comes once."""
    import matplotlib.pyplot as plt

    rows = spent(account, seconds)
    once, each = [row for row in rows if row[2] == "run"], [row for row in rows if row[2] != "run"]
    with style.house():
        size = (style.WIDTH, 0.3 * len(rows) + 1.6)
        fig, panels = plt.subplots(2, 1, figsize=size, layout="constrained", height_ratios=[len(once), len(each)])
        for ax, part, what in zip(panels, (once, each), ("the run", "a report, median of all"), strict=True):
            for k, (_, value, kind) in enumerate(part):
                ax.barh(k, value, color={"run": SHADES[0], "report": SHADES[2], "cell": SHADES[3]}[kind])
                ax.annotate(f"{value:.2f} s", (value, k), (4, 0), textcoords="offset points", va="center", fontsize=style.SMALL)
            ax.set_yticks(range(len(part)), [words.partition(": ")[2] if kind != "cell" else words for words, _, kind in part])
            ax.invert_yaxis()
            ax.set_xlim(0, 1.15 * max(value for _, value, _ in part))
            ax.set_xlabel(f"seconds of {what}")
        _saved(fig, path)


def spent(account: Mapping[str, Any], seconds: float) -> list[tuple[str, float, str]]:
    """Return what took how long: (words, seconds, of what)."""
    import statistics

    jobs = [job for job in account["jobs"].values() if job["outcome"] == "done"]
    told = float(account["seconds"])
    rows = [("run: Python and imports before it", seconds - told, "run")]
    rows += [(f"run: {name}", account["stages"][name], "run") for name in sorted(account["stages"], key=_order)]
    names = sorted({name for job in jobs for name in job["stages"]}, key=_order)
    rows += [(f"a report: {name}", statistics.median(job["stages"].get(name, 0.0) for job in jobs), "report") for name in names]
    for place, line in dict.fromkeys((cell["place"], cell["line"]) for job in jobs for cell in job["cells"]):
        taken = [cell["seconds"] for job in jobs for cell in job["cells"] if cell["place"] == place]
        rows.append((f"cell {place}: {line[:40]}", statistics.median(taken), "cell"))
    return rows


def _order(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)


def cells_together(job: Mapping[str, Any]) -> float:
    """Return the seconds of all cells of a report."""
    return sum(float(cell["seconds"]) for cell in job["cells"])


def _saved(fig: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(style.png(fig))
    style.close(fig)
