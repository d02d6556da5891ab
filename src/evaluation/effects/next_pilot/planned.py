"""The next pilot as one result: power by units and periods, the chosen units, their schedule, and the false alarms to expect."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.matrix import Flags, NotEnough
from evaluation.effects.next_pilot.candidates import Candidates, Question, candidates
from evaluation.effects.next_pilot.power_curve import DRAWS, POWER, Future, detectable_of, future, power_of, scale_of, sizes_of
from evaluation.effects.next_pilot.rerandomisation import ACCEPTANCE, Assignments, differences, rerandomise
from evaluation.effects.next_pilot.stepped_wedge import schedule, step_of, stepped_power, waves_of
from evaluation.language import Words, number, percent, significant, uncapitalised
from evaluation.results import Result
from evaluation.settings import DEFAULT_SEED

if TYPE_CHECKING:
    import pandas as pd

QUARTERS = (4, 8, 12)
SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
RANKED_AMONG = 200  # assignments among which each simulated pilot is ranked
INTERNAL = Words(
    "Chỉ dùng trong cơ quan: danh sách phường được chọn có thể gây hại cho người bán dâm và người lao động ở đó nếu bị lộ "
    "(bị kiểm tra, bị kỳ thị, phải chuyển nơi), và làm nơi so sánh thay đổi cách làm. Không công bố.",
    "For use inside the office: were the list of chosen wards known, sex workers and workers there could be harmed "
    "(inspected, stigmatised, made to move), and comparison wards could change what they do. Not to be published.",
)
NEVER_AT_A_PEAK = Words(
    "Chọn ngẫu nhiên: không chọn nơi có số liệu cao nhất, không dùng số liệu xử phạt, kiểm tra.",
    "Picked by lot: never for the highest numbers, and never by figures of enforcement.",
)
STEPPED = "stepped wedge"
PARALLEL = "together"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class NextPilot(Result):
    """A pilot that can be evaluated from its first day; `estimate` is the power of the primary outcome at the effect asked for.

    Attributes
    ----------
    outcome_labels : mapping of str to Words
    k, quarters, waves : int
        Units, periods from the first start on, and waves.
    effect : float
        At which `estimate` stands, on the primary outcome's scale.
    detectable : float or None
        Effect of the primary outcome with a power of 80 % at `k` and `quarters`.
    scale : {"ratio", "odds ratio", "standard deviations"}
        Of the primary outcome's effects.
    power : DataFrame
        outcome, k, quarters, start ("together" or "stepped wedge"), scale,
        effect, power, error (Monte Carlo), affordable. Power at no effect is the size.
    detectables : DataFrame
        outcome, k, quarters, start, scale, detectable, affordable.
    chosen : DataFrame
        stratum, unit, wave, start: for use inside the office.
    balance : DataFrame
        covariate_vi, covariate_en, difference (standardised, chosen less
        others), usual (root mean square of it over all draws without rerandomisation).
    false_alarms : DataFrame
        what_vi, what_en, tests, expected, at_least_one.
    candidates : Candidates
    assignments : Assignments
        Accepted ones: the pilot is ranked among them afterwards; the first is the one chosen.
    seed : int
    """

    outcome_labels: Mapping[str, Words]
    k: int
    quarters: int
    waves: int
    effect: float
    detectable: float | None
    scale: str
    power: pd.DataFrame
    detectables: pd.DataFrame
    chosen: pd.DataFrame
    balance: pd.DataFrame
    false_alarms: pd.DataFrame
    candidates: Candidates
    assignments: Assignments
    seed: int
    synthetic: bool = False

    def summary(self, language: str | None = None) -> str:
        """Return units, periods, power and the detectable effect in one sentence."""
        speak = language or "en"
        label = uncapitalised(next(iter(self.outcome_labels.values()))[speak])
        said = SAID[speak].format(
            k=number(self.k, speak),
            n=number(len(self.candidates.units), speak),
            quarters=number(self.quarters, speak),
            label=label,
            effect=sized(self.effect, self.scale, speak),
            power=percent(self.estimate or 0.0, speak, 0),
        )
        if self.detectable is not None and abs(self.detectable - self.effect) < 1e-9:
            return said
        found = NOT_FOUND[speak] if self.detectable is None else FOUND[speak].format(effect=sized(self.detectable, self.scale, speak))
        return said + found

    def to_frame(self) -> pd.DataFrame:
        """Return the power by outcome, units, periods and effect."""
        return self.power


SAID = Words(
    "{k} trong {n} đơn vị có thể chọn, quan sát {quarters} kỳ: nếu {label} thay đổi với {effect} thì nhận ra được trong {power} trường hợp",
    "{k} of {n} units that could be picked, watched for {quarters} periods: if {label} changed by {effect}, it would be found in "
    "{power} of cases",
)
FOUND = Words("; 80% khi có {effect}", "; in 80% at {effect}")
NOT_FOUND = Words("; không mức nào đã thử đạt 80%", "; no effect that was tried reaches 80%")
SIZED = {
    "ratio": Words("tỷ số {x}", "a ratio of {x}"),
    "odds ratio": Words("tỷ số chênh {x}", "an odds ratio of {x}"),
    "standard deviations": Words("{x} độ lệch chuẩn", "{x} standard deviations"),
}


def sized(effect: float, scale: str, language: str) -> str:
    """Write an effect on its scale."""
    return SIZED[scale][language].format(x=number(effect, language, 2) if effect < 100 else significant(effect, language))


def next_pilot(
    questions: Sequence[Question],
    *,
    k: int | None = None,
    budget: float | None = None,
    unit_cost: float | None = None,
    quarters: Sequence[int] = QUARTERS,
    effect: float | None = None,
    waves: int = 1,
    exclude: Iterable[str] = (),
    strata: Mapping[str, str] | None = None,
    neighbours: Mapping[str, Iterable[str]] | None = None,
    acceptance: float = ACCEPTANCE,
    count: int = 1000,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = DEFAULT_SEED,
    language: str = "vi",
    synthetic: bool = False,
) -> NextPilot:
    """Plan the next pilot.

    Parameters
    ----------
    questions : sequence of Question
        Outcomes; the first is the primary one.
    k : int, optional
        Units of the pilot.
    budget, unit_cost : float, optional
        Money, and what one unit costs in one period: instead of `k`.
    quarters : sequence of int
        Periods from the start on that are tried; the pilot lasts as long as gives the most power for the money, or the longest.
    effect : float, optional
        Worth finding, on the primary outcome's scale (`power_curve.scale_of`).
    waves : int
        Of a stepped wedge; 1: all start together.
    exclude : iterable of str
        Units that have a pilot or border one.
    strata : mapping of str to str, optional
    neighbours : mapping of str to iterable of str, optional
        Never picked together; neighbours of the chosen are not compared.
    acceptance, count
        Part of the assignments that is accepted, and how many are kept.
    level : float
    draws : int
        Panels drawn for each outcome.
    seed : int
    language : {"vi", "en"}
        Of the strata's names.
    synthetic : bool

    Raises
    ------
    NotEnough
        If too few units could be picked, or the money is not enough for one unit.
    ValueError
        If neither `k` nor `budget` with `unit_cost` is given, or a number is not positive.
    """
    _checked(k, budget, unit_cost, quarters)
    who = candidates(questions, exclude=exclude, strata=strata, neighbours=neighbours, language=language)
    tried = sorted(set(quarters))
    grid = _grid(len(who.units), k, budget, unit_cost, tried)
    worlds = [future(q, max(tried), np.random.default_rng([seed, 10 + n]), draws) for n, q in enumerate(who.questions)]
    curve, found = _curves(who, worlds, grid, tried, (k, budget, unit_cost), acceptance, level, seed)
    own_k, own_t = _best(found, who.questions[0].id)
    assigned = rerandomise(who.balanced, who.strata, own_k, seed=seed, count=count, acceptance=acceptance, bordering=who.bordering)
    if waves > 1:
        curve, found = _with_steps(curve, found, who, worlds, assigned, own_t, waves, level, seed)
    rows = np.flatnonzero(assigned.chosen[0])
    order = waves_of(own_k, waves, np.random.default_rng([seed, 3]))
    plan = schedule([who.units[i] for i in rows], [who.strata[i] for i in rows], order, step_of(own_t, waves), who.periods[-1])
    primary = who.questions[0]
    start = STEPPED if waves > 1 else PARALLEL
    row = found.query("outcome == @primary.id and k == @own_k and quarters == @own_t and start == @start").iloc[0]
    known = None if np.isnan(row["detectable"]) else float(row["detectable"])
    if effect is not None and (not math.isfinite(effect) or ("ratio" in scale_of(primary.measure) and effect <= 0)):
        raise ValueError(f"effect={effect}: phải là số hữu hạn, tỷ số thì lớn hơn 0. / must be finite, and a ratio above 0.")
    wanted = effect if effect is not None else (known if known is not None else max(sizes_of(primary.measure)))
    return NextPilot(
        estimand=Words("Khả năng nhận ra tác động của mô hình thí điểm tiếp theo", "Power to find an effect of the next pilot"),
        method=_method(assigned, draws),
        estimate=_power_at(curve, primary, own_k, own_t, start, wanted),
        level=level,
        n=len(who.units),
        unit="share",
        assumptions=(NEVER_AT_A_PEAK, AS_BEFORE),
        diagnostics={"draws": draws, "accepted": assigned.accepted, "left_out": dict(who.left_out)},
        outcome_labels={q.id: q.label for q in who.questions},
        k=own_k,
        quarters=own_t,
        waves=waves,
        effect=wanted,
        detectable=known,
        scale=scale_of(primary.measure),
        power=curve,
        detectables=found,
        chosen=plan,
        balance=_balance(who, assigned, own_k, seed),
        false_alarms=_false_alarms(who, own_t, level),
        candidates=who,
        assignments=assigned,
        seed=seed,
        synthetic=synthetic,
    )


AS_BEFORE = Words(
    "Các đơn vị sẽ biến động như trong những kỳ đã báo cáo.",
    "Units will vary as they did in the periods that were reported.",
)


def _checked(k: int | None, budget: float | None, unit_cost: float | None, quarters: Sequence[int]) -> None:
    if k is None and (budget is None or unit_cost is None):
        raise ValueError("Hãy nêu k=, hoặc budget= và unit_cost=. / Name k=, or budget= and unit_cost=.")
    for name, x in (("k", k), ("budget", budget), ("unit_cost", unit_cost), *(("quarters", q) for q in quarters)):
        if x is not None and not 0 < x < math.inf:
            raise ValueError(f"{name}={x}: phải lớn hơn 0 và hữu hạn. / must be above 0 and finite.")
    if not quarters:
        raise ValueError("quarters=: ít nhất một số kỳ. / at least one number of periods.")


def _most(budget: float, unit_cost: float, quarters: int) -> int:
    return int(budget / (unit_cost * quarters) + 1e-9)


def _grid(n: int, k: int | None, budget: float | None, unit_cost: float | None, quarters: Sequence[int]) -> list[int]:
    """Return the numbers of units that are tried: the usual ones, and what was asked for or the money allows."""
    most = n // 2
    own = [k] if k is not None else [min(most, _most(budget, unit_cost, t)) for t in quarters] if budget and unit_cost else []
    if not any(x >= 1 for x in own):
        raise NotEnough(
            f"Ngân sách không đủ cho một đơn vị trong {min(quarters)} kỳ. / "
            f"The budget is not enough for one unit over {min(quarters)} periods."
        )
    if k is not None and k > most:
        raise NotEnough(f"k={k}: nhiều nhất {most} trong {n} đơn vị có thể chọn. / at most {most} of {n} units that could be picked.")
    top = 2 * max(own)
    return sorted({x for x in (*SIZES, *own) if 1 <= x <= min(most, top)})


def compared_with(chosen: Flags, bordering: Flags | None) -> Flags:
    """Return whom each assignment compares with: those not chosen that border none of the chosen."""
    if bordering is None:
        return ~chosen
    return np.asarray(~chosen & ~((chosen.astype(float) @ bordering.astype(float)) > 0))


def _curves(
    who: Candidates,
    worlds: Sequence[Future],
    grid: Sequence[int],
    quarters: Sequence[int],
    money: tuple[int | None, float | None, float | None],
    acceptance: float,
    level: float,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    k, budget, unit_cost = money
    rows, found = [], []
    for size in grid:
        sets = rerandomise(
            who.balanced, who.strata, size, seed=seed, count=RANKED_AMONG, acceptance=acceptance, bordering=who.bordering
        ).chosen
        compared = compared_with(sets, who.bordering)
        for q, world in zip(who.questions, worlds, strict=True):
            effects = sizes_of(q.measure)
            powers = power_of(world, sets, compared, quarters, effects, level, seed)
            for m, t in enumerate(quarters):
                paid = size == k if k is not None else bool(budget and unit_cost and size <= _most(budget, unit_cost, t))
                new, one = _rows((q, size, t, PARALLEL), effects, powers[:, m].tolist(), len(world.drawn.top), affordable=paid)
                rows += new
                found.append(one)
    return pd.DataFrame(rows, columns=POWER_COLUMNS), pd.DataFrame(found, columns=FOUND_COLUMNS)


POWER_COLUMNS = ["outcome", "k", "quarters", "start", "scale", "effect", "power", "error", "affordable"]
FOUND_COLUMNS = ["outcome", "k", "quarters", "start", "scale", "detectable", "affordable"]


def _rows(
    at: tuple[Question, int, int, str], effects: Sequence[float], powers: Sequence[float], draws: int, *, affordable: bool
) -> tuple[list[tuple[object, ...]], tuple[object, ...]]:
    q, size, t, start = at
    base = (q.id, size, t, start, scale_of(q.measure))
    rows: list[tuple[object, ...]] = [
        (*base, e, p, float(np.sqrt(p * (1 - p) / draws)), affordable) for e, p in zip(effects, powers, strict=True)
    ]
    known = detectable_of(effects, powers, q.measure)
    return rows, (*base, np.nan if known is None else known, affordable)


def _with_steps(
    curve: pd.DataFrame,
    found: pd.DataFrame,
    who: Candidates,
    worlds: Sequence[Future],
    assigned: Assignments,
    quarters: int,
    waves: int,
    level: float,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the curves with those of the stepped wedge of the chosen size."""
    import pandas as pd

    rows, ones = [], []
    sets = assigned.chosen[:RANKED_AMONG]
    size = int(sets[0].sum())
    for q, world in zip(who.questions, worlds, strict=True):
        effects = sizes_of(q.measure)
        powers = stepped_power(q, world, sets, waves, quarters, effects, level, seed)
        new, one = _rows((q, size, quarters, STEPPED), effects, powers, len(world.drawn.top), affordable=True)
        rows += new
        ones.append(one)
    more = pd.DataFrame(rows, columns=POWER_COLUMNS), pd.DataFrame(ones, columns=FOUND_COLUMNS)
    return pd.concat([curve, more[0]], ignore_index=True), pd.concat([found, more[1]], ignore_index=True)


def _best(found: pd.DataFrame, primary: str) -> tuple[int, int]:
    """Return the units and periods that find the smallest effect for the money; the cheapest of equals."""
    rows = found[(found["outcome"] == primary) & found["affordable"]].copy()
    rows["cost"] = rows["k"] * rows["quarters"]
    rows["detectable"] = rows["detectable"].fillna(np.inf)
    best = rows.sort_values(["detectable", "cost", "k"]).iloc[0]
    if not np.isfinite(best["detectable"]):  # nothing is found in 80 %: as much as can be paid
        best = rows.sort_values(["cost", "k"]).iloc[-1]
    return int(best["k"]), int(best["quarters"])


def _power_at(curve: pd.DataFrame, q: Question, k: int, quarters: int, start: str, effect: float) -> float:
    rows = curve[(curve["outcome"] == q.id) & (curve["k"] == k) & (curve["quarters"] == quarters) & (curve["start"] == start)]
    return float(np.interp(effect, rows["effect"], np.maximum.accumulate(rows["power"])))


def _balance(who: Candidates, assigned: Assignments, k: int, seed: int) -> pd.DataFrame:
    import pandas as pd

    usual = rerandomise(who.balanced, who.strata, k, seed=seed + 1, count=500, acceptance=1.0, bordering=who.bordering)
    spread = np.sqrt((differences(who.balanced, usual.chosen) ** 2).mean(0))
    return pd.DataFrame(
        {
            "covariate_vi": [n.vi for n in who.names],
            "covariate_en": [n.en for n in who.names],
            "difference": differences(who.balanced, assigned.chosen[:1])[0],
            "usual": spread,
        }
    )


def _false_alarms(who: Candidates, quarters: int, level: float) -> pd.DataFrame:
    """Return how many tests come out at this level though nothing happened, and how often at least one does."""
    import pandas as pd

    alpha = 1 - level
    outcomes, placebos = len(who.questions), len(who.units)
    kinds = [
        (Words("mỗi kết quả một lần, khi kết thúc", "each outcome once, at the end"), outcomes),
        (Words("mỗi kết quả ở mỗi kỳ", "each outcome in each period"), outcomes * quarters),
        (
            Words("một kết quả cho từng đơn vị so sánh như thể có mô hình", "one outcome for each other unit as if it had the pilot"),
            placebos,
        ),
    ]
    rows = [(w.vi, w.en, m, alpha * m, 1 - level**m) for w, m in kinds]
    return pd.DataFrame(rows, columns=["what_vi", "what_en", "tests", "expected", "at_least_one"])


def _method(assigned: Assignments, draws: int) -> Words:
    return Words(
        f"Chọn ngẫu nhiên trong từng tầng, bốc thăm lại đến khi cân bằng (Morgan, Rubin 2012): chấp nhận "
        f"{percent(assigned.acceptance, 'vi', 0)} số cách chọn, giữ {number(len(assigned.chosen), 'vi')} cách để kiểm định hoán vị; "
        f"xác suất nhận ra ({percent(POWER, 'vi', 0)}) theo {number(draws, 'vi')} bộ số liệu mô phỏng theo chuỗi thật.",
        f"Random choice within strata, drawn again until balanced (Morgan, Rubin 2012): {percent(assigned.acceptance, 'en', 0)} of choices "
        f"are accepted, {number(len(assigned.chosen), 'en')} are kept for the randomisation test; "
        f"power ({percent(POWER, 'en', 0)}) on {number(draws, 'en')} panels drawn after the real series.",
    )
