"""The evidence in one table: of each outcome of each pilot what is known, how surely, and what it stands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.effects.designs import design as design_named
from evaluation.effects.effect import RATIO, VERDICTS, Effect
from evaluation.effects.synthesis.certainty import GRADE_WORDS, Certainty, overall
from evaluation.effects.synthesis.e_value import effect_ratio
from evaluation.effects.synthesis.multiplicity import BH, HOLM, NONE, adjusted_p
from evaluation.effects.synthesis.pooled import PooledEffects
from evaluation.language import Words, listed, number, sentence, words
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

NEGATIVE_CONTROL = "negative_control"
_RATIOS = ("ratio", "ratio_low", "ratio_high")
ROLES = {
    "primary": Words("kết quả chính", "primary outcome"),
    "secondary": Words("kết quả phụ", "secondary outcome"),
    NEGATIVE_CONTROL: Words("đối chứng âm", "negative control"),
    "": Words("thăm dò", "exploratory"),
}
POOLED = Words("Gộp các mô hình", "Pilots pooled")
PLANNED = {
    "planned": Words("theo kế hoạch phân tích", "planned"),
    "exploratory": Words("thăm dò", "exploratory"),
    "": Words("không có kế hoạch phân tích", "no analysis plan"),
}
CORRECTION_NAMES = {
    HOLM: Words("Holm", "Holm"),
    BH: Words("Benjamini-Hochberg", "Benjamini-Hochberg"),
    NONE: Words("không hiệu chỉnh", "no correction"),
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class EvidenceTable(Result):
    """What is known of the pilots' effects; `estimate` is the number of effects that may be claimed, `n` of those looked at.

    Attributes
    ----------
    rows : DataFrame
        One row an outcome of a pilot, in the order given:
        unit_vi, unit_en, outcome, outcome_vi, outcome_en, role ("primary",
        "secondary", "negative_control" or empty); of the main design: design, judged_by,
        estimate, low, high, scale, p_value, p_adjusted (within its role),
        verdict (key of `effects.effect.VERDICTS`), claimed (verdict is
        "clear" and the adjusted p-value allows it), planned, false_alarms and
        tried (of the windows before any start; missing without calibration);
        of all designs: designs, same_way (how many point the main's way), least, most
        (smallest and largest estimate); certainty (a grade, or empty where none
        was given); and the sentences known_, surely_ and stands_ in _vi and _en.
    estimates : DataFrame
        One row an effect: row (place in `rows`), unit_vi, unit_en,
        outcome, outcome_vi, outcome_en, design, design_vi, design_en, main, estimate, low, high,
        scale, measure, and ratio, ratio_low, ratio_high (of what would have been; missing where there is none);
        and one a pooled estimate, whose design is "pooled" and row -1.
    certainties : tuple of Certainty
    overall : str or None
        The lowest grade among primary outcomes (all outcomes but negative
        controls where none is primary); None where none was graded.
    correction : {"holm", "bh", "none"}
    synthetic : bool
    source : Words
    """

    rows: pd.DataFrame = field(compare=False)
    estimates: pd.DataFrame = field(compare=False)
    certainties: tuple[Certainty, ...]
    overall: str | None
    correction: str
    synthetic: bool = False
    source: Words = field(default_factory=lambda: Words("", ""))

    def summary(self, language: str | None = None) -> str:
        """Return how many effects may be claimed, and how sure the evidence is, in one sentence."""
        speak = language or "en"
        grade = "" if self.overall is None else words("evidence.overall", level=GRADE_WORDS[self.overall])[speak]
        said = words("evidence.summary", n=number(self.n, speak), k=number(self.estimate or 0, speak), grade=grade)
        return said[speak]

    def to_frame(self) -> pd.DataFrame:
        """Return one row an outcome of a pilot; columns as `rows`."""
        return self.rows.copy()


def evidence_table(
    effects: Sequence[Effect],
    certainties: Sequence[Certainty] = (),
    checks: Mapping[str, Sequence[Result]] | None = None,
    *,
    roles: Mapping[str, str] | None = None,
    correction: str = HOLM,
    pooled: Sequence[PooledEffects] = (),
) -> EvidenceTable:
    """Return the evidence on one or more pilots in one table.

    Parameters
    ----------
    effects : sequence of Effect
        The first of each pilot's outcome is its main estimate, further ones
        of the same outcome are other designs.
    certainties : sequence of Certainty
        Matched by outcome and unit.
    checks : mapping of str to sequence of Result, optional
        What was checked, by outcome: each check's sentence stands under what the effect stands on.
    roles : mapping of str to str, optional
        "primary", "secondary" or "negative_control" by outcome: the families
        of the correction. Outcomes without a role are a family of their own.
    correction : {"holm", "bh", "none"}
    pooled : sequence of PooledEffects
        Estimates of an outcome over pilots, drawn under the others.

    Raises
    ------
    ValueError
        If there are no effects, or a role is not known.
    """
    import pandas as pd

    given = dict(roles or {})
    if not effects:
        raise ValueError("Chưa có tác động nào. / There are no effects.")
    if strange := sorted(set(given.values()) - set(ROLES)):
        raise ValueError(f"roles: {strange}; {', '.join(filter(None, ROLES))}.")
    groups: dict[tuple[str, str], list[Effect]] = {}
    for effect in effects:
        groups.setdefault((effect.unit_label.vi, effect.outcome), []).append(effect)
    mains = [group[0] for group in groups.values()]
    of = [given.get(m.outcome, "") for m in mains]
    adjusted = adjusted_p([m.p_value for m in mains], of, correction)
    graded = {(c.unit_label.vi, c.outcome): c for c in certainties}
    tests = {role: sum(m.p_value is not None for m, r in zip(mains, of, strict=True) if r == role) for role in of}
    rows = [
        _row(group, role, float(p), (correction, tests[role]), graded.get(key), (checks or {}).get(key[1], ()))
        for (key, group), role, p in zip(groups.items(), of, adjusted, strict=True)
    ]
    frame = pd.DataFrame(rows)
    critical = [m.outcome for m, r in zip(mains, of, strict=True) if r == "primary"]
    critical = critical or [m.outcome for m, r in zip(mains, of, strict=True) if r != NEGATIVE_CONTROL]
    judged = [c for c in certainties if c.outcome in critical]
    tried = frame[frame["role"] != NEGATIVE_CONTROL]
    return EvidenceTable(
        estimand=Words("Bằng chứng về tác động của các mô hình thí điểm", "Evidence on the effects of the pilots"),
        method=Words(
            "Mỗi kết quả: ước lượng của phương pháp chính, p hiệu chỉnh theo nhóm, mức độ chắc chắn theo GRADE và ROBINS-I.",
            "For each outcome: the main design's estimate, p corrected by family, certainty after GRADE and ROBINS-I.",
        ),
        estimate=float(tried["claimed"].sum()),
        level=mains[0].level,
        n=len(tried),
        unit="count",
        rows=frame,
        estimates=_estimates(groups, pooled),
        certainties=tuple(certainties),
        overall=overall(judged, critical) if judged else None,
        correction=correction,
        synthetic=any(e.synthetic for e in effects),
        source=mains[0].source,
    )


def _row(
    group: Sequence[Effect], role: str, adjusted: float, corrected: tuple[str, int], graded: Certainty | None, checks: Sequence[Result]
) -> dict[str, Any]:
    main = group[0]
    known = [e.estimate for e in group if e.estimate is not None]
    claimed = main.clear and adjusted <= round(1 - main.level, 9)
    windows = None if main.calibration is None else main.calibration.windows
    same = [e for e in group if e.estimate is not None and main.estimate is not None and _way(e) == _way(main)]
    said = {
        "known": [_known(main, claimed, adjusted, corrected, v) for v in ("vi", "en")],
        "surely": ["" if graded is None else graded.summary(v) for v in ("vi", "en")],
        "stands": [_stands(group, len(same), checks, v) for v in ("vi", "en")],
    }
    return {
        "unit_vi": main.unit_label.vi,
        "unit_en": main.unit_label.en,
        "outcome": main.outcome,
        "outcome_vi": main.outcome_label.vi,
        "outcome_en": main.outcome_label.en,
        "role": role,
        **{k: getattr(main, k) for k in ("design", "judged_by", "estimate", "low", "high", "scale", "p_value")},
        "p_adjusted": adjusted,
        "verdict": main.verdict,
        "claimed": claimed,
        "planned": main.planned,
        "false_alarms": None if windows is None or not windows.m else windows.k,
        "tried": None if windows is None or not windows.m else windows.m,
        "designs": len({e.design for e in group}),
        "same_way": len({e.design for e in same}),
        "least": min(known, default=np.nan),
        "most": max(known, default=np.nan),
        "certainty": "" if graded is None else graded.level,
        **{f"{k}_{v}": text for k, both in said.items() for v, text in zip(("vi", "en"), both, strict=True)},
    }


def _way(effect: Effect) -> int:
    return int(np.sign((effect.estimate or 0.0) - effect.none))


def _known(main: Effect, claimed: bool, adjusted: float, corrected: tuple[str, int], language: str) -> str:
    """Return estimate, interval and what may be said of it, as sentences."""
    if main.estimate is None:
        return VERDICTS["untested"][language]
    ratio = words("evidence.ratio")[language] if main.scale == RATIO else ""
    size = f"{ratio}{main.written(main.estimate, language)}"
    if main.low is not None and main.high is not None:
        size += f" ({number(100 * main.level, language)}%: {main.written_interval(main.low, main.high, language)})"
    verdict = VERDICTS[main.verdict][language]
    if main.clear and not claimed:
        slots = {"n": corrected[1], "p": number(adjusted, language, 3), "way": CORRECTION_NAMES[corrected[0]][language]}
        verdict = words("evidence.not_after_correction", **slots)[language]
    return words("evidence.known", size=size, verdict=verdict)[language]


def _stands(group: Sequence[Effect], same: int, checks: Sequence[Result], language: str) -> str:
    """Return what the main estimate stands on: design, test, calibration, other designs, checks."""
    main = group[0]
    said = [main.method[language], main.inference[language], sentence(PLANNED[main.planned][language]) + "."]
    if main.calibration is not None:
        said.append(_ended(main.calibration.summary(language)))
    if len(group) > 1:
        names = listed([_design_name(e.design)[language] for e in group[1:]], language)
        said.append(words("evidence.designs", k=same, n=len(group), names=names)[language])
    said += [_ended(c.summary(language)) for c in checks]
    return " ".join(s for s in said if s)


def _design_name(name: str) -> Words:
    try:
        return design_named(name).name
    except (ValueError, ImportError):  # a design of the user's own
        return Words(name, name)


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def _estimates(groups: Mapping[tuple[str, str], Sequence[Effect]], pooled: Sequence[PooledEffects]) -> pd.DataFrame:
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for place, group in enumerate(groups.values()):
        for n, e in enumerate(group):
            name = _design_name(e.design)
            rows.append(
                {
                    "row": place,
                    "unit_vi": e.unit_label.vi,
                    "unit_en": e.unit_label.en,
                    "outcome": e.outcome,
                    "outcome_vi": e.outcome_label.vi,
                    "outcome_en": e.outcome_label.en,
                    "design": e.design,
                    "design_vi": name.vi,
                    "design_en": name.en,
                    "main": n == 0,
                    **{k: getattr(e, k) for k in ("estimate", "low", "high", "scale", "measure")},
                    **dict(zip(_RATIOS, effect_ratio(e) or (None, None, None), strict=True)),
                }
            )
    for p in pooled:
        ends = (p.estimate, p.low, p.high)
        rows.append(
            {
                "row": -1,
                "unit_vi": "",
                "unit_en": "",
                "outcome": p.outcome,
                "outcome_vi": p.estimand.vi,
                "outcome_en": p.estimand.en,
                "design": "pooled",
                "design_vi": POOLED.vi,
                "design_en": POOLED.en,
                "main": False,
                **dict(zip(("estimate", "low", "high"), ends, strict=True)),
                "scale": p.scale,
                "measure": p.measure,
                **dict(zip(_RATIOS, ends if p.scale == RATIO else (None, None, None), strict=True)),
            }
        )
    return pd.DataFrame(rows)
