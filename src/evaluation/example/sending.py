"""How districts send: late, incomplete, corrected, in two versions of the form, once ten times too large."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evaluation.contracts import NOT_APPLICABLE, NOT_COLLECTED, NOT_REPORTED, REPORTED
from evaluation.example.generator import PERIODS, SEED, parts_and_wholes, stream
from evaluation.indicators import elements
from evaluation.periods import Period
from evaluation.places import districts

if TYPE_CHECKING:
    import pandas as pd

FORM_CHANGE = "2016-Q1"  # from here on form version 2
VISITS_AS_PEOPLE = 0.25  # by how much form version 1 counts too many people reached
NO_ROW, BLANK, LATE = 0.03, 0.012, 0.12
NEVER_SENT = ("787", "2016-Q3")
AFTER_SYNTHESIS = {
    ("769", "2015-Q2"): dt.date(2015, 6, 30),
    ("784", "2017-Q1"): dt.date(2017, 3, 28),
    ("775", "2018-Q4"): dt.date(2018, 12, 27),
}
TENFOLD = ("763", "2018-Q2")
TENFOLD_SHEETS = ("communication", "context")
CORRECTED = {
    ("772", "2015-Q3"): dt.date(2015, 10, 2),
    ("783", "2016-Q1"): dt.date(2016, 4, 4),
    ("766", "2016-Q4"): dt.date(2017, 1, 9),
    ("777", "2017-Q1"): dt.date(2017, 3, 24),
    ("770", "2017-Q3"): dt.date(2017, 9, 29),
    ("762", "2017-Q4"): dt.date(2018, 1, 5),
    ("761", "2018-Q1"): dt.date(2018, 4, 2),
    ("778", "2018-Q2"): dt.date(2018, 7, 3),
    ("765", "2018-Q3"): dt.date(2018, 10, 25),
    ("760", "2018-Q4"): dt.date(2018, 12, 18),
}
SAYS_NOT_APPLICABLE = frozenset({"763", "768", "774", "783", "786"})
LEDGER_COLUMNS = ["file", "district_code", "period", "revision", "form_version", "received"]


@dataclass(frozen=True)
class Sent:
    """All that districts sent.

    Attributes
    ----------
    ledger : DataFrame
        district_code, period, revision (1, 2), form_version, received; one
        row a file, in the order in which they came.
    values : DataFrame
        district_code, unit_code, period, revision, element, value, state;
        wards without a row are absent.
    """

    ledger: pd.DataFrame
    values: pd.DataFrame


def form_version(period: str) -> int:
    """Return the form version in use for a period ("2018-Q4"): 1 before 2016, 2 since."""
    return 1 if period < FORM_CHANGE else 2


def ledger(seed: int = SEED) -> pd.DataFrame:
    """Return what came when: one row a file.

    Returns
    -------
    DataFrame
        district_code, period, revision, form_version, received; about one
        in eight after the districts' date, three after the Department's, one
        never, ten corrected later.
    """
    import pandas as pd

    rng = stream(seed, "received")
    pairs = [(d, p) for p in PERIODS for d in districts()]
    usual = [pair for pair in pairs if pair != NEVER_SENT and pair not in AFTER_SYNTHESIS]
    slow = dict(zip(districts(), rng.gamma(1.5, size=len(districts())), strict=True))
    weight = np.array([0.0 if pair in CORRECTED else slow[pair[0]] for pair in usual])
    n_late = round(LATE * len(pairs)) - len(AFTER_SYNTHESIS)
    late = {usual[i] for i in rng.choice(len(usual), n_late, replace=False, p=weight / weight.sum())}
    rows = []
    for pair in pairs:
        due = Period.parse(pair[1]).district_due
        days = int(rng.integers(1, 6)) if pair in late else -int(rng.integers(0, 3))
        if pair != NEVER_SENT:
            rows.append((*pair, 1, AFTER_SYNTHESIS.get(pair, due + dt.timedelta(days=days))))
        if pair in CORRECTED:
            rows.append((*pair, 2, CORRECTED[pair]))
    frame = pd.DataFrame(rows, columns=["district_code", "period", "revision", "received"])
    frame["form_version"] = frame["period"].map(form_version)
    return frame.sort_values(["received", "district_code", "revision"], ignore_index=True)[LEDGER_COLUMNS[1:]]


def sent(happened: pd.DataFrame, seed: int = SEED) -> Sent:
    """Return what districts report of what happened.

    Parameters
    ----------
    happened : DataFrame
        district_code, unit_code, period, element, value: `generator.ward_panel`
        with `generator.district_panel` below it.
    seed : int

    Returns
    -------
    Sent
    """
    import pandas as pd

    frame = happened.assign(value=_as_version_1(happened, seed), state=REPORTED)
    frame = _with_rows(frame, seed)
    frame = _with_states(frame, seed)
    sheets = frame["element"].map({e.id: e.sheet for e in elements().values() if e.level == "ward"})
    tenfold = (frame["district_code"] == TENFOLD[0]) & (frame["period"] == TENFOLD[1]) & sheets.isin(TENFOLD_SHEETS)
    frame.loc[tenfold, "value"] *= 10
    pair = pd.MultiIndex.from_frame(frame[["district_code", "period"]])
    frame = frame[~pair.isin([NEVER_SENT])]
    pair = pd.MultiIndex.from_frame(frame[["district_code", "period"]])
    corrected = pair.isin(list(CORRECTED))
    parts = [
        frame[~corrected].assign(revision=1),
        _before_correction(frame[corrected]).assign(revision=1),
        frame[corrected].assign(revision=2),
    ]
    order = {e: n for n, e in enumerate(elements())}
    values = pd.concat(parts, ignore_index=True)
    values = values.sort_values(
        ["period", "district_code", "revision", "unit_code", "element"],
        key=lambda column: column.map(order) if column.name == "element" else column,
        ignore_index=True,
    )
    columns = ["district_code", "unit_code", "period", "revision", "element", "value", "state"]
    return Sent(ledger(seed), values[columns])


def _as_version_1(happened: pd.DataFrame, seed: int) -> pd.Series[float]:
    """Return the values with people reached as form version 1 counts them: some repeat visits as further people."""
    wide = happened["period"].lt(FORM_CHANGE)
    value = happened["value"].copy()
    people = wide & happened["element"].eq("outreach_reached")
    visits = wide & happened["element"].eq("outreach_contacts")
    again = (value[visits].to_numpy() - value[people].to_numpy()).astype(int)
    share = VISITS_AS_PEOPLE * value[people].sum() / again.sum()
    value[people] += stream(seed, "visits as people").binomial(again, share)
    return value


def _with_rows(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the frame without the ward-quarters that nobody sent; more are missing in some districts."""
    keys = frame.loc[frame["unit_code"].str.len() == 5, ["district_code", "unit_code", "period"]].drop_duplicates()
    rng = stream(seed, "no row")
    habit = dict(zip(districts(), rng.gamma(2, 0.5, len(districts())), strict=True))
    chance = keys["district_code"].map(habit).to_numpy(float)
    chance = chance * NO_ROW / chance.mean()
    lost = keys[rng.random(len(keys)) < chance]
    gone = set(zip(lost["unit_code"], lost["period"], strict=True))
    kept = [key not in gone for key in zip(frame["unit_code"], frame["period"], strict=True)]
    return frame[kept].reset_index(drop=True)


def _with_states(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the frame with blanks, "not applicable" where an office writes so, and what form version 1 never asked."""
    wide = frame.pivot(index=["unit_code", "period"], columns="element", values="value")
    wholes = {part: whole for part, whole in parts_and_wholes() if part not in ("outreach_reached", "pledges_signed")}
    whole_names = frame["element"].map(wholes)
    empty = wide.stack().eq(0)
    lookup = list(zip(frame["unit_code"], frame["period"], whole_names.fillna(""), strict=True))
    nothing = empty.reindex(lookup).fillna(False).to_numpy(bool) & whole_names.notna().to_numpy()
    state = np.where(nothing & frame["district_code"].isin(SAYS_NOT_APPLICABLE).to_numpy(), NOT_APPLICABLE, REPORTED)
    blank = stream(seed, "blank").random(len(frame)) < BLANK
    state = np.where(blank & (frame["unit_code"].str.len() == 5).to_numpy(), NOT_REPORTED, state)
    since = frame["element"].map({e.id: e.form_since for e in elements().values()})
    state = np.where(since > frame["period"].map(form_version), NOT_COLLECTED, state)
    return frame.assign(state=state, value=frame["value"].where(state == REPORTED))


def _before_correction(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the first version of what was corrected later: counts without parts are low, and so are people tested."""
    low = {"condoms_distributed": 0.88, "comm_participants": 0.9, "sti_tested": 0.85, "legal_counselling": 0.7}
    value = np.floor(frame["value"] * frame["element"].map(low).fillna(1.0))
    floors = {"sti_tested": "sti_positive", "comm_participants": "knowledge_asked"}
    wide = frame.pivot(index=["unit_code", "period"], columns="element", values="value")
    for name, least in floors.items():
        rows = frame["element"] == name
        index = list(zip(frame.loc[rows, "unit_code"], frame.loc[rows, "period"], strict=True))
        value[rows] = np.fmax(value[rows].to_numpy(), wide[least].reindex(index).to_numpy())
    return frame.assign(value=value.where(frame["state"] == REPORTED))
