"""Synthetic controls beside pysyncon and diff-diff in the same run: all placebos of Proposition 99, its placebo variance, and growth.

The peers solve the same problems. pysyncon is not among the project's packages: it is put into an environment of its own
under work/ where there is none yet, and left out with a word where that cannot be done. `make benchmark` runs it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import venv
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation import published
from evaluation.effects.design import Design
from evaluation.effects.designs.augmented import AUGMENTED
from evaluation.effects.designs.synthetic_control import SYNTHETIC_CONTROL
from evaluation.effects.designs.synthetic_did import SYNTHETIC_DID, placebo_variance
from evaluation.effects.matrix import Matrix
from evaluation.settings import folders

Numbers = NDArray[np.float64]

STATES, YEARS, START = 39, 31, 19
REPLICATIONS, SEED = 200, 2234
FEWEST_TIMES_PYSYNCON, FEWEST_TIMES_DIFF_DIFF = 200.0, 5.0
PYSYNCON = "pysyncon==1.7.0"
SIZES = (50, 500, 5_000)

# What the peer runs: the weights of each unit's synthetic control by its outcomes before the start. V undoes its scaling of
# the outcomes, and is as large as its solver needs to stop near the minimum: with a smaller one it stops early, with a
# larger one it stalls at seven of the 39.
PEER = """
import json, sys, time, warnings
import numpy as np, pandas as pd
from pysyncon import Synth
warnings.simplefilter("ignore")
given = json.load(open(sys.argv[1]))
y = pd.DataFrame(np.array(given["y"])).T.iloc[: given["start"]]
v = 30 * (y.var(axis=1) / y.var(axis=1).mean()).to_numpy()
Synth().fit(X0=y.drop(columns=0), X1=y[0], Z0=y.drop(columns=0), Z1=y[0], custom_V=v)
begin, weights = time.perf_counter(), []
for unit in y:
    others, own = y.drop(columns=unit), y[unit]
    synth = Synth()
    synth.fit(X0=others, X1=own, Z0=others, Z1=own, custom_V=v)
    weights.append(np.asarray(synth.W, dtype=float).tolist())
print(json.dumps({"seconds": time.perf_counter() - begin, "weights": weights}))
"""


def packs() -> Numbers:
    """Return Proposition 99's outcomes, California first; a made-up panel of that size where they are not at hand."""
    try:
        data = published.load("prop99").pivot(index="State", columns="Year", values="PacksPerCapita")
    except published.PublishedDataMissing:
        print("Proposition 99 is not at hand (see evaluation.published): a made-up panel of its size instead")
        return courses(STATES, YEARS)
    return data.loc[["California", *data.index.drop("California")]].to_numpy()


def courses(units: int, periods: int, seed: int = SEED) -> Numbers:
    """Return outcomes that follow three common factors."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(3, periods)).cumsum(axis=1)
    return np.asarray(100 + rng.uniform(0, 4, (units, 3)) @ common + 2 * rng.normal(size=(units, periods)))


def treated_first(y: Numbers, start: int) -> Matrix:
    """Return the study in which the first unit is treated."""
    first = np.array([start] + [y.shape[1]] * (len(y) - 1))
    return Matrix(tuple(f"u{i}" for i in range(len(y))), tuple(range(y.shape[1])), y, y, np.ones_like(y), first, measure="value")


def placebos_in_space(y: Numbers) -> bool:
    """Fit every unit as if treated, beside a loop over pysyncon; return whether the bounds are kept."""
    # Every unit takes its turn against all others, the treated one too: a study of donors alone.
    outside = treated_first(np.vstack([y[:1], y]), START)
    turns = [(i,) for i in range(1, len(y) + 1)]
    SYNTHETIC_CONTROL.fits(outside, turns)
    ours, fits = _best(lambda: SYNTHETIC_CONTROL.fits(outside, turns))
    peer = _pysyncon(y)
    print(f"{'synthetic control, all 39 placebos':<44} {ours:8.4f} s", end="")
    if peer is None:
        print(f"   {PYSYNCON} could not be installed: no comparison")
        return True
    times = peer["seconds"] / ours
    print(f"   {PYSYNCON} {peer['seconds']:7.2f} s   {times:7.0f} times")
    kept = times >= FEWEST_TIMES_PYSYNCON
    worse, far, own = 0.0, 0.0, 0.0
    for unit, (fit, weights) in enumerate(zip(fits, peer["weights"], strict=True)):
        others, mine, theirs = np.delete(y, unit, axis=0), fit.weights[1:], np.array(weights)
        theirs = np.maximum(theirs, 0) / np.maximum(theirs, 0).sum()
        gaps = [y[unit] - w @ others for w in (mine, theirs)]
        objective = [float((g[:START] ** 2).sum()) for g in gaps]
        worse = max(worse, objective[0] / objective[1] - 1)
        far = max(far, float(np.abs(gaps[0] - gaps[1]).max() / np.abs(y[unit]).max()))
        own = float(np.abs(mine - theirs).max()) if unit == 0 else own
    print(f"{'':<4}objective above pysyncon's by at most {worse:.1e} of it; weights of the treated unit differ by at most {own:.1e};")
    print(f"{'':<4}counterfactual paths by at most {far:.1e} of their scale")
    return kept and worse <= 1e-8 and own <= 1e-3 and far <= 1e-3


def synthetic_did_variance(y: Numbers) -> bool:
    """Estimate with 200 placebo replications, beside diff-diff; return whether the bounds are kept."""
    import pandas as pd
    from diff_diff import SyntheticDiD

    panel = treated_first(y, START)
    unit, period = np.indices(y.shape).reshape(2, -1)
    frame = pd.DataFrame({"unit": unit, "period": period, "y": y.ravel(), "ever": (unit == 0).astype(int)})
    after = list(range(START, y.shape[1]))

    def theirs() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = SyntheticDiD(variance_method="placebo", n_bootstrap=REPLICATIONS, seed=SEED)
            return found.fit(frame, outcome="y", treatment="ever", unit="unit", time="period", post_periods=after)

    def mine(solver: Any) -> tuple[float, float]:
        variance = placebo_variance(panel, REPLICATIONS, np.random.default_rng(SEED), solver)
        return variance.estimate, variance.standard_error

    theirs(), mine("published"), mine("exact")
    (peer, other), *found = _taking_turns([theirs, lambda: mine("published"), lambda: mine("exact")])
    scale, kept = float(np.abs(y[0]).max()), True
    for solver, (ours, (estimate, error)) in zip(("published", "exact"), found, strict=True):
        apart = max(abs(estimate - other.att), abs(error - other.se)) / scale
        said = "same steps" if solver == "published" else "exact minimum"
        print(
            f"{f'synthetic DiD, 200 replications ({said})':<44} {ours:8.4f} s   diff-diff {peer:12.2f} s   {peer / ours:7.1f} times", end=""
        )
        print(f"   estimate {estimate:.4f} (SE {error:.4f}), apart by {apart:.1e} of the outcome's scale")
        # The bound is on the same steps: the exact minimum lies below where diff-diff stops, and is shown beside them.
        kept &= solver == "exact" or (apart <= 1e-6 and peer / ours >= FEWEST_TIMES_DIFF_DIFF)
    return kept


def growth() -> None:
    """Print what one treated unit costs as donors become more, and what a placebo costs where all take their turn."""
    for units in SIZES:
        panel = treated_first(courses(units, YEARS), START)
        told = [f"{design.id} {1000 * _fitted(design, panel):7.1f} ms" for design in (SYNTHETIC_CONTROL, AUGMENTED, SYNTHETIC_DID)]
        turns = [(i,) for i in range(1, min(units, 100))]
        seconds, _ = _best(lambda study=panel, some=turns: SYNTHETIC_CONTROL.fits(study, some))
        print(f"{units:>6} units: {', '.join(told)}, a placebo of sc among all {1000 * seconds / len(turns):6.2f} ms")


def _fitted(design: Design, panel: Matrix) -> float:
    return _best(lambda: design.fit(panel))[0]


def _pysyncon(y: Numbers) -> dict[str, Any] | None:
    """Return the peer's time and weights; None where it cannot be had."""
    home = folders().work / "peers" / "pysyncon"
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    try:
        if not python.exists():
            venv.create(home, with_pip=True)
        if subprocess.run([python, "-c", "import pysyncon"], capture_output=True).returncode:
            subprocess.run([python, "-m", "pip", "install", "--quiet", PYSYNCON], check=True, capture_output=True, timeout=600)
    except (OSError, subprocess.SubprocessError):
        return None
    given = home / "panel.json"
    given.write_text(json.dumps({"y": y.tolist(), "start": START}), encoding="utf-8")
    script = Path(home / "peer.py")
    script.write_text(PEER, encoding="utf-8")
    done = subprocess.run([python, script, given], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def _best(work: Callable[[], Any], rounds: int = 3) -> tuple[float, Any]:
    """Return the shortest time of some rounds, and the answer."""
    taken, answer = [], None
    for _ in range(rounds):
        begin = time.perf_counter()
        answer = work()
        taken.append(time.perf_counter() - begin)
    return min(taken), answer


def _taking_turns(works: Sequence[Callable[[], Any]], rounds: int = 5) -> list[tuple[float, Any]]:
    """Return the shortest time and the answer of each, one after another in each round: a busy spell of the machine meets all."""
    told = [[_best(work, 1) for work in works] for _ in range(rounds)]
    return [min(turns, key=lambda turn: turn[0]) for turns in zip(*told, strict=True)]


def main() -> int:
    """Run all and print what they took; 0 if the bounds are kept."""
    y = packs()
    print(f"{len(y)} units x {y.shape[1]} periods, treated from the {START + 1}th on")
    kept = placebos_in_space(y)
    kept &= synthetic_did_variance(y)
    growth()
    said = "kept" if kept else "BROKEN"
    print(f"bounds: {FEWEST_TIMES_PYSYNCON:.0f} times pysyncon, {FEWEST_TIMES_DIFF_DIFF:.0f} times diff-diff, same answers: {said}")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
