"""The command that tells whether something made a difference, on any panel: sentence, table, pictures, calibration."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.batch.run import Refused
from evaluation.cli.codes import DONE, FAILED, wrong
from evaluation.cli.own_panel import OwnPanel, notes_of, study_of
from evaluation.cli.screen import near, table
from evaluation.language import LANGUAGES, SYNTHETIC, Words, number, percent, say, significant, words
from evaluation.settings import folders

if TYPE_CHECKING:
    from evaluation.effects.design import Design
    from evaluation.effects.designs.synthetic_control import Way
    from evaluation.effects.effect import Effect
    from evaluation.effects.study import Study

ALL = ("did", "event", "cs", "sc", "asc", "sdid", "mc")
MANY_DONORS, FEW_DONORS = 1000, 30  # above which an answer may take minutes; the few where V is searched for each of them
JSON, PICTURES = "effect.json", ("gap", "course", "weights", "placebo")


def show_effect(own: OwnPanel, method: str, placebo: bool, level: float, seed: int, out: Path | None, as_json: bool, language: str) -> int:
    """Estimate an effect on a panel and tell it.

    Parameters
    ----------
    own : OwnPanel
    method : str
        Id of a design, or "all".
    placebo : bool
        Judge by placebo permutation, whatever the design, and list the placebos.
    level : float
    seed : int
    out : Path or None
        Folder for sentence, numbers and pictures.
    as_json : bool
    language : {"vi", "en"}

    Returns
    -------
    int
        0, or 1 if the data cannot answer by any method asked for.

    Raises
    ------
    WrongUse, Refused
        Before anything is worked out.
    """
    from evaluation.effects.designs import NAMES

    if method != "all" and method not in NAMES:
        raise wrong("choice_of", name="--method", typed=method, known=", ".join((*NAMES, "all")))
    if not 0.5 <= level < 1:
        raise wrong("effect_level")
    if seed < 0:
        raise wrong("seed")
    _writable(out)
    if own.v is not None and not (own.covariates and method in ("sc", "all")):
        raise wrong("effect_v")
    study = study_of(own)
    notes = notes_of(own, study)
    found, failed = _estimated(study, own, ALL if method == "all" else (method,), placebo, level, seed)
    for name, why in failed.items():
        sys.stderr.write(f"{name}: {why}\n")
    if not found:
        return FAILED
    written = _saved(found, out, language) if out else {}
    data = _data(found, failed, study, method, notes, written, placebo=placebo)
    if out:
        (out / JSON).write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps(data, ensure_ascii=False, indent=1))
    else:
        _told(found, study, notes, out, language, placebo=placebo)
    return DONE


def _writable(out: Path | None) -> None:
    if out is None:
        return
    if out.exists() and not out.is_dir():
        raise wrong("effect_out")
    if out.resolve().is_relative_to(folders().outputs.resolve()):
        said = words("cli.wrong.picture_outputs", folder=near(folders().outputs))
        raise Refused(f"{said.vi} / {said.en}")


def _design(own: OwnPanel, name: str) -> str | Design:
    """Return the design: with the covariates where it takes some."""
    if name == "sc" and own.predictors:
        from evaluation.effects.designs.synthetic_control import synthetic_control

        return synthetic_control(_way(own.v), own.predictors, outcome=own.outcome or "")
    if name == "cs" and own.covariate_columns:
        from evaluation.effects.designs.staggered import callaway_santanna

        return callaway_santanna(covariates=own.covariate_columns)
    return name


def _both(key: str, **slots: object) -> str:
    said = words(key, **slots)
    return f"{said.vi} / {said.en}"


def _way(typed: str | None) -> Way | None:
    """Return how much each covariate of a synthetic control counts, as it was asked."""
    from evaluation.effects.designs.synthetic_control import WAYS

    found = next((way for way in WAYS if typed in (way, way.replace("_", "-"))), None)
    if typed is not None and found is None:
        raise wrong("choice", name="--v", known=", ".join(WAYS))
    return found


def _estimated(
    study: Study, own: OwnPanel, methods: tuple[str, ...], placebo: bool, level: float, seed: int
) -> tuple[dict[str, Effect], dict[str, str]]:
    """Return the effect by each method, and why there is none by the others."""
    from evaluation.effects.estimate import estimate_effect
    from evaluation.effects.matrix import NotEnough

    found: dict[str, Effect] = {}
    failed: dict[str, str] = {}
    for name in methods:
        # Synthetic controls fit some units far better than others before the start: theirs are ranked by the ratio of errors.
        judge = None if not placebo else "placebo_ratio" if name in ("sc", "asc") else "placebo"
        if len(study.donors) > MANY_DONORS or (
            name == "sc" and own.predictors and own.v in (None, "nested") and len(study.donors) > FEW_DONORS
        ):
            sys.stderr.write(f"{name}: {_both('cli.effect.slow', n=len(study.donors))}\n")
        try:
            found[name] = estimate_effect(study, _design(own, name), judge, level=level, seed=seed, calibrated=True)
        except NotEnough as error:
            failed[name] = str(error)
    return found, failed


def _saved(found: dict[str, Effect], out: Path, language: str) -> dict[str, list[str]]:
    """Save the pictures of each effect; return their files by method."""
    from evaluation.figures import effect as figures
    from evaluation.figures import style

    out.mkdir(parents=True, exist_ok=True)
    written: dict[str, list[str]] = {}
    for name, effect in found.items():
        drawn = {"gap": figures.gaps, "course": figures.course, "weights": figures.weights}
        for what, draw in drawn.items():
            try:
                ax = draw(effect, language=language)
            except ValueError:  # all donors count alike: there is nothing to see
                continue
            file = out / (f"{what}.png" if len(found) == 1 else f"{name}_{what}.png")
            file.write_bytes(style.png(style.root(ax)))
            style.close(style.root(ax))
            written.setdefault(name, []).append(near(file))
    return written


def _data(
    found: dict[str, Effect],
    failed: dict[str, str],
    study: Study,
    method: str,
    notes: tuple[Words, ...],
    written: dict[str, list[str]],
    *,
    placebo: bool,
) -> dict[str, Any]:
    from evaluation.cli.as_data import plain

    common = {
        "command": "effect",
        "treated": {str(u): plain(when) for u, when in study.starts.items()},
        "dropped": plain(study.dropped),
        "synthetic": study.synthetic,
        "protected": False,
        "notes": plain(notes),
    }
    each = [{**_one(name, effect, placebo=placebo), "pictures": written.get(name, [])} for name, effect in found.items()]
    if method != "all":
        return {**common, **each[0]}
    return {**common, "method": "all", "results": each, "failed": failed}


def _one(name: str, effect: Effect, *, placebo: bool) -> dict[str, Any]:
    """Return one effect as plain data; the keys are documented in docs/effects.md."""
    from evaluation.cli.as_data import plain
    from evaluation.effects.effect import VERDICTS

    after = effect.effects[effect.effects["after"]]
    course = effect.counterfactual.merge(effect.effects.drop(columns="after"), on="period")
    return {
        "method": name,
        "outcome": effect.outcome,
        "estimate": plain(effect.estimate),
        "interval": None if effect.low is None or effect.high is None else [plain(effect.low), plain(effect.high)],
        "level": effect.level,
        "scale": effect.scale,
        "measure": effect.measure,
        "p_value": plain(effect.p_value),
        "smallest_p": plain(effect.smallest_p),
        "claim": effect.clear,
        "verdict": {"key": effect.verdict, **plain(VERDICTS[effect.verdict])},
        "summary": {speak: effect.summary(speak) for speak in LANGUAGES},
        "pre_rmspe": plain(effect.pre_rmspe),
        "weights": {str(u): float(w) for u, w in zip(effect.weights["unit"], effect.weights["weight"], strict=True)},
        "effects": {str(p): plain(float(x)) for p, x in zip(after["period"], after["effect"], strict=True)},
        "calibration": _calibrated(effect),
        "n_donors": effect.n_donors,
        "n_before": effect.n_before,
        "n_after": effect.n_after,
        "start": plain(effect.start),
        "judged_by": effect.judged_by,
        "inference": plain(effect.inference),
        "warning": plain(effect.warning),
        "estimand": plain(effect.estimand),
        "method_said": plain(effect.method),
        "assumptions": plain(effect.assumptions),
        "course": plain(course),
        "placebo": plain(effect.placebo) if placebo else None,
        "diagnostics": plain(effect.diagnostics),
    }


def _calibrated(effect: Effect) -> dict[str, Any] | None:
    from evaluation.cli.as_data import plain

    found = effect.calibration
    if found is None:
        return None
    rates = {
        name: {"k": r.k, "m": r.m, "rate": plain(r.value), "low": r.interval[0], "high": r.interval[1]}
        for name, r in (("windows", found.windows), ("generated", found.generated), ("coverage", found.coverage))
    }
    return {**rates, "detectable": plain(found.detectable), "allowed": found.allowed, "reliable": found.reliable}


def _told(found: dict[str, Effect], study: Study, notes: tuple[Words, ...], out: Path | None, language: str, *, placebo: bool) -> None:
    """Print sentence, numbers and calibration."""
    from evaluation.effects.effect import VERDICTS

    if study.synthetic:
        print(SYNTHETIC)
    for effect in found.values():
        print(effect.summary(language))
        print(VERDICTS[effect.verdict][language])
    if len(found) > 1:
        _methods(found, language)
    else:
        _course(next(iter(found.values())), language)
    for effect in found.values():
        if placebo and len(effect.placebo):
            _placebos(effect, language)
        if effect.warning:
            print(effect.warning[language])
        print(say("cli.analysis.method", language, method=f"{effect.method[language]} {effect.inference[language]}"))
    for assumption in dict.fromkeys(a[language] for e in found.values() for a in e.assumptions):
        print(say("cli.effect.assumes", language, text=assumption))
    for note in notes:
        print(note[language])
    print(say("cli.analysis.inside", language))
    if out:
        print(say("cli.effect.saved", language, where=near(out)))


def _course(effect: Effect, language: str) -> None:
    frame = effect.counterfactual.merge(effect.effects.drop(columns="after"), on="period")
    heads = [say(f"cli.col.{key}", language) for key in ("period", "observed", "without", "effect", "after")]
    size = frame[["observed", "counterfactual"]].abs().max().max()
    digits = 1 if size >= 10 else 3

    def level(x: float) -> str:
        return number(x, language, digits) if size >= 0.1 else significant(x, language, size)

    rows = [
        [
            str(r["period"]),
            *("" if r[c] != r[c] else level(float(r[c])) for c in ("observed", "counterfactual")),
            "" if r["effect"] != r["effect"] else effect.written(float(r["effect"]), language),
            say("cli.effect.after", language) if r["after"] else "",
        ]
        for r in frame.to_dict("records")
    ]
    table(heads, rows, (1, 2, 3))
    if len(effect.weights) and effect.weights["weight"].max() > 1.0001 / len(effect.weights):
        shown = effect.weights.head(10)
        table(
            [say("cli.col.donor", language), say("cli.col.weight", language)],
            [[str(u), number(float(w), language, 3)] for u, w in zip(shown["unit"], shown["weight"], strict=True)],
            (1,),
        )


def _methods(found: dict[str, Effect], language: str) -> None:
    heads = [say(f"cli.col.{key}", language) for key in ("method", "effect", "interval", "p", "false_alarms", "reading")]
    rows = []
    for name, effect in found.items():
        ends = "" if effect.low is None or effect.high is None else effect.written_interval(effect.low, effect.high, language)
        alarms = "" if effect.calibration is None else percent(effect.calibration.generated.value, language, 0)
        rows.append(
            [
                name,
                "" if effect.estimate is None else effect.written(effect.estimate, language),
                ends,
                "" if effect.p_value is None else number(effect.p_value, language, 3),
                alarms,
                say(f"cli.effect.{'clear' if effect.clear else 'unclear'}", language),
            ]
        )
    table(heads, rows, (1, 2, 3, 4))


def _placebos(effect: Effect, language: str) -> None:
    frame = effect.placebo.sort_values("unit")
    heads = [say(f"cli.col.{key}", language) for key in ("donor", "effect", "pre_rmspe", "post_rmspe")]
    rows = [
        [
            str(r["unit"]),
            "" if r["effect"] != r["effect"] else effect.written(float(r["effect"]), language),
            *(number(float(r[c]), language, 3) if r[c] == r[c] else "" for c in ("pre_rmspe", "post_rmspe")),
        ]
        for r in frame.to_dict("records")
    ]
    table(heads, rows, (1, 2, 3))
