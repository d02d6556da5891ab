"""The survey of workers that a report may draw on, and what may be shown of it: shares of enough answers, in one mode of asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evaluation.contracts import MISSING, SHOWN, WITHHELD
from evaluation.disclosure.interim import SMALLEST_SHOWN
from evaluation.language import Words
from evaluation.monitoring.rates.intervals import difference_newcombe, wilson
from evaluation.settings import folders

if TYPE_CHECKING:
    import pandas as pd

WAVES = ("baseline", "endline")
QUESTIONS = {
    "fear_services": Words("Không đến dịch vụ vì sợ", "Kept away from services by fear"),
    "violence_12m": Words("Chịu bạo lực trong 12 tháng qua", "Went through violence in the past 12 months"),
}
MODES = {
    "face_to_face": Words("hỏi trực tiếp", "face to face"),
    "self_administered": Words("tự điền phiếu", "self-administered"),
}


@dataclass(frozen=True)
class Answer:
    """What a group of respondents answered in one round.

    Attributes
    ----------
    k : int or None
        Yes; None where the group is too small to show.
    n : int
        Answers.
    state : {"shown", "withheld", "missing"}
    """

    k: int | None
    n: int
    state: str

    @property
    def share(self) -> float:
        """Part of the answers; NaN unless shown."""
        return float("nan") if self.k is None else self.k / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval; NaN unless shown."""
        if self.k is None:
            return float("nan"), float("nan")
        low, high = wilson(self.k, self.n)
        return float(low), float(high)


@dataclass(frozen=True, eq=False)
class Asked:
    """One question: the pilot's wards and the comparison wards, before and after, asked in one mode.

    Attributes
    ----------
    question : str
        A key of `QUESTIONS`.
    mode : str
        A key of `MODES`: the one with most answers; answers given otherwise are not mixed in.
    pilot, comparison : tuple of Answer
        Baseline and endline.
    wards : int
        Comparison wards.
    left_out : int
        Answers of the pilot's wards that were given in the other mode.
    """

    question: str
    mode: str
    pilot: tuple[Answer, Answer]
    comparison: tuple[Answer, Answer]
    wards: int
    left_out: int

    @property
    def shown(self) -> bool:
        """Whether both rounds of both groups may be shown."""
        return all(a.state == SHOWN for a in (*self.pilot, *self.comparison))

    @property
    def change(self) -> tuple[float, float, float]:
        """Change in the pilot's wards less that in the comparison wards, with a 95 % interval; NaN unless all are shown.

        The interval is that of two independent differences (Newcombe 1998,
        Statistics in Medicine 17:873, by squaring and adding); it knows
        nothing of how alike answers within a ward are, and so is too short.
        """
        if not self.shown:
            return float("nan"), float("nan"), float("nan")
        parts = []
        for first, last in (self.pilot, self.comparison):
            low, high = difference_newcombe(last.k, last.n, first.k, first.n)  # type: ignore[arg-type]
            parts.append((last.share - first.share, float(low), float(high)))
        (own, own_low, own_high), (others, others_low, others_high) = parts
        gap = own - others
        return gap, gap - float(np.hypot(own - own_low, others_high - others)), gap + float(np.hypot(own_high - own, others - others_low))


def survey_at_hand(synthetic: bool) -> pd.DataFrame | None:
    """Return the survey that belongs to the evidence, or nothing where there is none.

    Parameters
    ----------
    synthetic : bool
        Whether the evidence is made up: made-up answers stand beside made-up counts alone.

    Returns
    -------
    DataFrame or None
        respondent, ward_code, wave, age_group, answers (1, 0, NaN), mode.
    """
    import pandas as pd

    path = folders().budget(synthetic).with_name("survey_workers.csv")
    return pd.read_csv(path, dtype={"respondent": str, "ward_code": str}) if path.exists() else None


def asked(survey: pd.DataFrame, question: str, own: Sequence[str], others: Sequence[str], smallest: int = SMALLEST_SHOWN) -> Asked:
    """Return one question's answers in a pilot's wards and in comparison wards.

    Parameters
    ----------
    survey : DataFrame
        As `survey_at_hand`.
    question : str
        One of its columns of answers.
    own, others : sequence of str
        Wards of the pilot, and comparison wards.
    smallest : int
        Yes and no are each at least this many, or the group is not shown.
    """
    answered = survey[survey[question].notna()]
    mode = str(answered["mode"].mode().iloc[0]) if len(answered) else next(iter(MODES))
    same = answered[answered["mode"] == mode]

    def of(wards: Sequence[str]) -> tuple[Answer, Answer]:
        here = same[same["ward_code"].isin(wards)]
        return _answer(here[here["wave"] == WAVES[0]][question], smallest), _answer(here[here["wave"] == WAVES[1]][question], smallest)

    left_out = int(answered["ward_code"].isin(own).sum() - same["ward_code"].isin(own).sum())
    return Asked(question, mode, of(own), of(others), len(set(same["ward_code"]) & set(others)), left_out)


def _answer(answers: pd.Series, smallest: int) -> Answer:
    n, yes = len(answers), int(answers.sum())
    if not n:
        return Answer(None, 0, MISSING)
    return Answer(yes, n, SHOWN) if min(yes, n - yes) >= smallest else Answer(None, n, WITHHELD)
