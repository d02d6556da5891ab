"""The gate against a reader who subtracts: what he can work out is computed here by integer programming, apart from the gate."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from evaluation.contracts import BrokenContract
from evaluation.disclosure.interim import Protection, protect
from evaluation.indicators import elements, indicators
from evaluation.monitoring.values import indicator_values

PERIOD = "2018-Q4"
# Wholes before their parts, from the definitions of the form's columns.
OUTREACH = {
    "outreach_contacts": "",
    "outreach_reached": "outreach_contacts",
    "hiv_tested": "outreach_reached",
    "sti_tested": "outreach_reached",
    "sti_positive": "sti_tested",
    "sti_treated": "sti_positive",
}
WORKERS = {"venue_workers": "", "worker_contracts": "venue_workers", "worker_insurance": "venue_workers"}
VIOLENCE = {"violence_reported": "", "violence_supported": "violence_reported"}
ALONE = {"legal_counselling": ""}

City = dict[tuple[str, str], float | None]


def table(city: City) -> pd.DataFrame:
    rows = [(p, PERIOD, e, np.nan if v is None else float(v), "missing" if v is None else "shown") for (p, e), v in city.items()]
    return pd.DataFrame(rows, columns=["place", "period", "element", "value", "state"])


def column(element: str, *counts: float | None) -> City:
    return {(f"{760 + n}", element): v for n, v in enumerate(counts)}


def states(protection: Protection, element: str) -> list[str]:
    found = protection.counts[protection.counts["element"] == element].sort_values("place")
    return list(found["state"])


class Reader:
    """Knows what is shown, the totals, that parts do not exceed wholes, and that zeros are withheld with whole columns only."""

    def __init__(self, city: City, protection: Protection, wholes: dict[str, str]) -> None:
        shown = protection.counts.set_index(["place", "element"])
        self.hidden = [k for k in city if shown.loc[k, "state"] == "withheld"]
        self.seen = {k: float(shown.loc[k, "value"]) for k in city if shown.loc[k, "state"] == "shown"}
        self.at = {k: n for n, k in enumerate(self.hidden)}
        self.whole_columns = {e for e in wholes if not any(k[1] == e for k in self.seen)}
        self.low = np.array([0.0 if k[1] in self.whole_columns else 1.0 for k in self.hidden])
        rows, lows, highs = [], [], []
        for element in wholes:
            mine = [k for k in self.hidden if k[1] == element]
            if mine and (element, PERIOD) not in protection.closed_totals:
                left = sum(city[k] for k in mine)  # the published total minus what is shown
                rows.append(self._row(dict.fromkeys(mine, 1)))
                lows.append(left)
                highs.append(left)
        for (place, part), (_, whole) in ((k, (k[0], wholes[k[1]])) for k in city if wholes[k[1]]):
            small, large = (place, part), (place, whole)
            terms = {k: sign for k, sign in ((small, 1), (large, -1)) if k in self.at}
            if terms and all(k in self.at or k in self.seen for k in (small, large)):
                rows.append(self._row(terms))
                lows.append(-np.inf)
                highs.append(self.seen.get(large, 0) - self.seen.get(small, 0))
        self.constraint = LinearConstraint(np.array(rows), lows, highs) if rows else ()

    def _row(self, terms: dict[tuple[str, str], int]) -> np.ndarray:
        row = np.zeros(len(self.hidden))
        for key, sign in terms.items():
            row[self.at[key]] = sign
        return row

    def most(self, key: tuple[str, str]) -> float:
        return -self._solve(-self._row({key: 1}))

    def least(self, key: tuple[str, str]) -> float:
        return self._solve(self._row({key: 1}))

    def _solve(self, aim: np.ndarray) -> float:
        # 500 is above every count in these cities. The solver's presolve calls some of these (true counts given) infeasible.
        bounds, whole, plain = (self.low, 500), np.ones(len(aim)), {"presolve": False}
        answer = milp(aim, constraints=self.constraint, integrality=whole, bounds=bounds, options=plain)
        assert answer.status == 0, "the true counts are feasible"
        return round(answer.fun)


def attack(city: City, wholes: dict[str, str]) -> None:
    """Fail where the reader learns what the gate says he cannot."""
    protection = protect(table(city))
    reader = Reader(city, protection, wholes)
    for key, value in city.items():
        place, element = key
        whole = city.get((place, wholes[element])) if wholes[element] else None
        if elements()[element].sensitive and value == 0 and whole and whole < 10 and element != "outreach_reached":
            assert (place, wholes[element]) in reader.at, f"nobody of the few in {key} is shown"
        if not elements()[element].sensitive or not value:
            continue
        few = whole is not None and 1 <= whole - value < 10
        if value < 10:
            assert key in reader.at, f"{key} is shown"
        if key not in reader.at:
            assert not few or (place, wholes[element]) in reader.at, f"the few beside {key} are shown"
            continue
        if value >= 10 and not (few and (place, wholes[element]) in reader.seen):
            continue
        least, most = reader.least(key), reader.most(key)
        assert least < most, f"{key} = {value} is found exactly"
        if element in reader.whole_columns:
            continue
        if value < 10:
            assert most >= 10, f"{key} = {value} is known to be small: {least} to {most}"
        if few and (place, wholes[element]) in reader.seen:
            assert most == whole or least <= whole - 10, f"the few beside {key} are known to be few"


def counts() -> st.SearchStrategy[int]:
    return st.one_of(st.integers(0, 3), st.integers(0, 12), st.integers(0, 60), st.integers(100, 300))


@st.composite
def cities(draw: st.DrawFn) -> tuple[City, dict[str, str]]:
    wholes = draw(st.sampled_from([OUTREACH, WORKERS, VIOLENCE, ALONE]))
    city: City = {}
    for n in range(draw(st.integers(1, 6))):
        place = f"{760 + n}"
        silent = draw(st.integers(0, 7)) == 0
        for element, whole in wholes.items():
            above = city.get((place, whole))
            value = draw(counts())
            if above is not None:
                # Shares near 0 and near 100 % are where complements hurt.
                value = min(value, int(above)) if draw(st.booleans()) else max(0, int(above) - draw(st.integers(0, 3)))
            city[place, element] = None if silent or draw(st.integers(0, 19)) == 0 else float(value)
    return city, wholes


@pytest.mark.slow
@settings(max_examples=400)
@given(cities())
def test_no_small_count_can_be_worked_out(drawn: tuple[City, dict[str, str]]) -> None:
    attack(*drawn)


@pytest.mark.parametrize(
    "city, wholes",
    [
        (column("legal_counselling", *[1] * 10, 40, 80), ALONE),  # ten ones: the remainder of ten leaves no choice
        (column("legal_counselling", 1, 9, 30), ALONE),
        (column("legal_counselling", 5, 5, 0, 60), ALONE),
        # The next smallest count has a share of 100 %: its shown part would give it, and with it the 1, away.
        (column("violence_reported", 1, 20, 90) | column("violence_supported", 0, 20, 70), VIOLENCE),
        # A whole that points at nobody, but says that its part is 1.
        (column("venue_workers", 1, 50, 80) | column("worker_contracts", 1, 30, 60) | column("worker_insurance", 1, 20, 20), WORKERS),
        (column("outreach_contacts", 1, 400, 90) | column("outreach_reached", 1, 200, 50), {k: OUTREACH[k] for k in list(OUTREACH)[:2]}),
        # Nobody of five: the five are as few.
        (column("venue_workers", 5, 50, 80) | column("worker_contracts", 0, 30, 60) | column("worker_insurance", 0, 20, 20), WORKERS),
        (column("violence_reported", 30, 40, 50) | column("violence_supported", 28, 20, 20), VIOLENCE),
    ],
)
def test_leaks_that_were_found(city: City, wholes: dict[str, str]) -> None:
    attack(city, wholes)


def test_the_reader_of_these_tests_can_subtract() -> None:
    """Ten ones beside shown counts: a gate that stops at two cells with a sum of ten is solved by hand, and here."""
    city = column("legal_counselling", *[1] * 10, 40, 80)
    naive = table(city)
    small = naive["value"] < 10
    naive = naive.assign(state=np.where(small, "withheld", "shown"), value=naive["value"].where(~small))
    reader = Reader(city, Protection(naive), ALONE)
    assert reader.least(("760", "legal_counselling")) == reader.most(("760", "legal_counselling")) == 1


@given(cities())
@settings(max_examples=150)
@pytest.mark.slow
def test_no_sensitive_count_of_one_to_nine_is_shown(drawn: tuple[City, dict[str, str]]) -> None:
    city, _ = drawn
    shown = protect(table(city)).counts
    sensitive = shown["element"].map({e.id: e.sensitive for e in elements().values()})
    assert not (sensitive & shown["value"].between(1, 9)).any()
    assert (shown["value"].notna() == (shown["state"] == "shown")).all()


@given(cities(), st.randoms(use_true_random=False))
@settings(max_examples=60)
@pytest.mark.slow
def test_the_order_of_rows_changes_nothing(drawn: tuple[City, dict[str, str]], chance: object) -> None:
    rows = list(drawn[0].items())
    plain = protect(table(dict(rows)))
    chance.shuffle(rows)
    mixed = protect(table(dict(rows)))
    keys = ["place", "element"]
    assert plain.counts.sort_values(keys).reset_index(drop=True).equals(mixed.counts.sort_values(keys).reset_index(drop=True))
    assert plain.closed_totals == mixed.closed_totals


@given(cities())
@settings(max_examples=100)
@pytest.mark.slow
def test_missing_stays_missing_and_zero_stays_shown_beside_shown_counts(drawn: tuple[City, dict[str, str]]) -> None:
    city, _ = drawn
    shown = protect(table(city)).counts
    for element, part in shown.groupby("element"):
        some_shown = (part["value"] > 0).any()
        for row in part.itertuples():
            value = city[row.place, element]
            assert (row.state == "missing") == (value is None)
            if value == 0 and some_shown:
                assert row.state == "shown"
                assert row.value == 0


def test_states_other_than_shown_pass_unchanged() -> None:
    frame = table(column("legal_counselling", None, None, 50))
    frame.loc[0, "state"], frame.loc[1, "state"] = "not_collected", "not_applicable"
    assert list(protect(frame).counts["state"]) == ["not_collected", "not_applicable", "shown"]


def test_one_small_count_takes_the_next_smallest_with_it() -> None:
    found = protect(table(column("legal_counselling", 3, 80, 20, 0, 200)))
    assert states(found, "legal_counselling") == ["withheld", "shown", "withheld", "shown", "shown"]


def test_small_counts_that_hide_one_another_take_nothing_with_them() -> None:
    # 5 could be 10 and 6 could be 1, or the other way round.
    assert states(protect(table(column("legal_counselling", 5, 6, 50))), "legal_counselling") == ["withheld", "withheld", "shown"]


def test_equal_counts_are_taken_in_the_order_of_places() -> None:
    assert states(protect(table(column("legal_counselling", 30, 2, 30))), "legal_counselling") == ["withheld", "withheld", "shown"]


def test_counts_that_point_at_nobody_stay_shown() -> None:
    assert states(protect(table(column("comm_sessions", 1, 5, 9, 100))), "comm_sessions") == ["shown"] * 4


def test_a_threshold_can_be_chosen() -> None:
    frame = table(column("legal_counselling", 4, 7, 50, 60))
    assert states(protect(frame, 5), "legal_counselling") == ["withheld", "withheld", "shown", "shown"]
    assert states(protect(frame, 4), "legal_counselling") == ["shown"] * 4


def test_the_few_beside_a_share_near_one_hundred_are_protected_and_ten_are_not() -> None:
    nine = column("violence_reported", 39, 60, 80) | column("violence_supported", 30, 30, 30)
    ten = column("violence_reported", 40, 60, 80) | column("violence_supported", 30, 30, 30)
    assert states(protect(table(nine)), "violence_supported")[0] == "withheld"
    assert states(protect(table(ten)), "violence_supported") == ["shown"] * 3
    assert states(protect(table(nine)), "violence_reported") == ["shown"] * 3


def test_a_share_of_exactly_one_hundred_is_shown() -> None:
    city = column("violence_reported", 40, 60) | column("violence_supported", 40, 20)
    assert states(protect(table(city)), "violence_supported") == ["shown", "shown"]


def test_where_only_zeros_are_left_they_are_withheld_too() -> None:
    found = protect(table(column("legal_counselling", 3, 0, 0, None)))
    assert states(found, "legal_counselling") == ["withheld", "withheld", "withheld", "missing"]
    assert found.closed_totals == frozenset()


def test_where_one_place_alone_reported_the_total_is_closed() -> None:
    found = protect(table(column("legal_counselling", 3, None, None)))
    assert states(found, "legal_counselling") == ["withheld", "missing", "missing"]
    assert found.closed_totals == {("legal_counselling", PERIOD)}


def test_where_no_other_place_could_have_had_the_part_the_total_is_closed() -> None:
    city = column("venue_workers", 40, 0, 0) | column("worker_contracts", 3, 0, 0)
    assert protect(table(city)).closed_totals == {("worker_contracts", PERIOD)}


def test_periods_are_protected_each_on_its_own() -> None:
    first = table(column("legal_counselling", 3, 20, 50))
    second = table(column("legal_counselling", 30, 20, 50)).assign(period="2018-Q3")
    found = protect(pd.concat([first, second]))
    assert found.withheld("760", PERIOD) == 1
    assert found.withheld("761", PERIOD) == 1
    assert found.withheld("762", PERIOD) == 0
    assert [found.withheld(p, "2018-Q3") for p in ("760", "761", "762")] == [0, 0, 0]


def test_a_part_above_its_whole_is_no_complement() -> None:
    city = column("violence_reported", 20, 60, 80) | column("violence_supported", 25, 30, 30)
    assert states(protect(table(city)), "violence_supported") == ["shown"] * 3


def test_two_rows_for_one_cell_are_refused() -> None:
    frame = table(column("legal_counselling", 30, 40))
    with pytest.raises((BrokenContract, ValueError)):
        protect(pd.concat([frame, frame]))


def full_city(places: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    city: City = {}
    for n, element in itertools.product(range(places), elements().values()):
        city[f"{760 + n}", element.id] = float(rng.choice([0, 1, 4, 8, 12, 30, 90, 300])) if element.unit != "yes_no" else 1.0
    for i in indicators().values():
        if i.measure == "proportion" and i.reported:
            for n in range(places):
                place = f"{760 + n}"
                city[place, i.numerator] = min(city[place, i.numerator], city[place, i.denominator])
    return table(city)


@pytest.mark.parametrize("seed", range(5))
def test_no_indicator_has_a_number_made_of_withheld_counts(seed: int) -> None:
    protected = protect(full_city(8, seed)).counts
    people = pd.DataFrame({"place": sorted(set(protected["place"])), "period": PERIOD, "residents": 150_000.0})
    values = indicator_values(protected, people)
    hidden = {(r.place, r.element) for r in protected.itertuples() if r.state == "withheld"}
    assert len(hidden) > 50
    touched = 0
    for row in values.itertuples():
        if any((row.place, e) in hidden for e in indicators()[row.indicator].elements):
            touched += 1
            assert row.state == "withheld"
            assert pd.isna([row.value, row.low, row.high]).all()
            if (row.place, indicators()[row.indicator].numerator) in hidden:
                assert pd.isna(row.numerator)
            if (row.place, indicators()[row.indicator].denominator) in hidden:
                assert pd.isna(row.denominator)
    assert touched > 50
