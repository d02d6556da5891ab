"""Each rule finds what is planted, with its cell, and says nothing where a count is missing or the figures are honest."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from evaluation.indicators import elements
from evaluation.intake import rulebook
from evaluation.intake.findings import Finding
from evaluation.intake.form import SHEETS, Cover
from evaluation.intake.reading import Reading
from evaluation.intake.rulebook import Rule, rules
from evaluation.intake.rules import against, timing, within, written_chance
from evaluation.language import Words, number
from evaluation.periods import Period, quarters
from evaluation.places import residents, ward_residents, wards
from evaluation.store import open_store

DISTRICT = "760"
WARDS = tuple(wards(DISTRICT))
NOW = Period(2018, 4)
Given = float | str | None  # a number; None for blank; a state
COUNTS = [e.id for e in elements().values() if e.level == "ward"]


def reading(figures: dict[tuple[str, str], Given], version: int = 2, period: Period = NOW) -> Reading:
    rows = []
    for n, ((unit, element), given) in enumerate(figures.items()):
        subject = "district" if elements()[element].level == "district" else elements()[element].sheet
        state = given if isinstance(given, str) else "not_reported" if given is None else "reported"
        value = None if isinstance(given, str) or given is None else float(given)
        rows.append((unit, element, value, state, SHEETS[subject].vi, f"C{n + 6}"))
    return Reading("q1.xlsx", "ab" * 32, Cover(DISTRICT, period, version), tuple(rows))


def one(version: int = 2, **figures: Given) -> tuple[Finding, ...]:
    unit = {e: DISTRICT if elements()[e].level == "district" else WARDS[0] for e in figures}
    return within(reading({(unit[e], e): v for e, v in figures.items()}, version))


# -- within a file --


@pytest.mark.parametrize(
    "part, whole, codes",
    [
        (3, 5, []),
        (5, 5, []),
        (0, 0, []),
        (0, 5, []),
        (6, 5, ["IN-201"]),
        (1, 0, ["IN-201"]),
        (None, None, []),  # both missing
        (None, 5, []),  # the part is missing: nothing to compare
        (5, None, ["IN-205"]),  # the whole is missing
        (0, None, []),  # a part of zero fits any whole
        (5, "not_applicable", ["IN-205"]),
        (5, "withheld", []),  # kept back by right
        (5, "not_collected", []),
        ("not_applicable", 0, []),
        ("withheld", 5, []),
    ],
)
def test_part_and_whole(part: Given, whole: Given, codes: list[str]) -> None:
    assert [f.code for f in one(violations=part, inspections=whole)] == codes


def test_a_part_above_its_whole_names_both_with_their_figures_and_the_cell_of_the_part() -> None:
    (found,) = one(inspections=1_200, violations=1_234)
    assert (found.severity, found.sheet, found.cell) == ("warning", "Bối cảnh", "C7")
    assert (found.element, found.unit) == ("violations", WARDS[0])
    assert "(1.234) lớn hơn Số lượt kiểm tra cơ sở (1.200)" in found.message.vi
    assert "(1,234) is above Inspection visits (1,200)" in found.message.en


def test_a_whole_that_is_missing_is_said_once_at_its_own_cell() -> None:
    (found,) = one(sti_tested=3, hiv_tested=4, outreach_repeat=1, outreach_reached=None)
    assert (found.code, found.severity, found.element, found.cell) == ("IN-205", "note", "outreach_reached", "C9")
    assert all(elements()[e].label.vi in found.message.vi for e in ("sti_tested", "hiv_tested", "outreach_repeat"))


@pytest.mark.parametrize(
    "reached, repeat, contacts, version, codes",
    [
        (10, 4, 14, 2, []),
        (10, 4, 13, 2, ["IN-204"]),  # ten first contacts and four second ones are fourteen
        (10, 4, 13, 1, []),  # form version 1 counts repeat visits as people
        (15, 4, 14, 2, ["IN-201"]),  # said once, not again of the sum
        (15, 4, 14, 1, ["IN-201"]),
        (10, None, 9, 2, ["IN-201"]),
        (10, None, 10, 2, []),
        (10, 4, None, 2, []),
    ],
)
def test_people_and_their_contacts(reached: Given, repeat: Given, contacts: Given, version: int, codes: list[str]) -> None:
    assert [f.code for f in one(version, outreach_reached=reached, outreach_repeat=repeat, outreach_contacts=contacts)] == codes


def test_parts_that_must_equal_a_total(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Rule("sum", "linear", ("jobs_taken", "loans_taken"), "==", ("training_due",), 0, 1, 0, 0, 1, "skip", "IN-206",
                Words("Tổng", "Sum"), "ward_committees")  # fmt: skip
    monkeypatch.setattr(rulebook, "rules", lambda: {"sum": rule})
    assert [f.code for f in one(jobs_taken=2, loans_taken=3, training_due=6)] == ["IN-206"]
    assert one(jobs_taken=2, loans_taken=3, training_due=5) == ()
    assert one(jobs_taken=2, loans_taken=None, training_due=5) == ()


@pytest.mark.parametrize("answer, codes", [(0, []), (1, []), (2, ["IN-210"]), (10, ["IN-210"]), (None, []), ("not_applicable", [])])
def test_yes_or_no(answer: Given, codes: list[str]) -> None:
    found = one(child_referral_route=answer)
    assert [f.code for f in found] == codes
    assert all(f.severity == "error" and "0, 1" in f.message.vi for f in found)


def test_residents_of_a_ward_without_a_frame_are_those_of_the_frame() -> None:
    frame = residents(NOW).set_index("ward_code")["residents"]
    assert all(ward_residents(w, NOW) == frame[w] for w in WARDS)


def test_more_people_than_residents() -> None:
    people = round(ward_residents(WARDS[0], NOW))
    assert one(comm_participants=10 * people) == ()  # attendances are no people
    assert one(legal_counselling=people - 1) == ()
    (found,) = one(legal_counselling=people + 1)
    assert (found.code, found.severity, found.cell) == ("IN-211", "warning", "C6")


def test_more_establishments_than_a_ward_can_hold() -> None:
    people = ward_residents(WARDS[0], NOW)
    assert one(venues_listed=int(0.05 * people)) == ()
    assert [f.code for f in one(venues_listed=int(0.05 * people) + 1)] == ["IN-211"]


def test_a_quarter_without_a_population_is_not_judged_by_one() -> None:
    far = reading({(WARDS[0], "legal_counselling"): 10_000_000.0}, period=Period(2095, 1))
    assert within(far) == ()


def test_equal_figures_across_wards_and_equal_rows() -> None:
    flat = within(reading({(w, "inspections"): 25.0 for w in WARDS}))
    assert [(f.code, f.element, f.unit, f.cell) for f in flat] == [("IN-213", "inspections", "", "C6")]
    assert within(reading({(w, "condoms_distributed"): 500.0 for w in WARDS})) == ()  # given out in equal lots by right
    columns = ["outreach_contacts", "outreach_reached", "outreach_repeat", "sti_tested", "hiv_tested"]
    figures = {(w, e): 300.0 - 40 * c + 7 * n for n, w in enumerate(WARDS) for c, e in enumerate(columns)}
    figures |= {(w, "outreach_contacts"): 900.0 + 11 * n for n, w in enumerate(WARDS)}
    assert within(reading(figures)) == ()
    copied = figures | {(WARDS[4], e): figures[WARDS[2], e] for e in columns}
    found = within(reading(copied))
    assert [(f.code, f.unit) for f in found] == [("IN-214", WARDS[4])]
    assert wards()[WARDS[2]].name.vi in found[0].message.vi


def test_reading_processes_load_no_frames() -> None:
    code = "import sys, evaluation.intake.rules; sys.exit('pandas' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_a_cover_nothing_is_said() -> None:
    bare = Reading("x.xlsx")
    assert within(bare) == timing(bare, dt.date(2018, 1, 1)) == ()
    assert against(bare, pd.DataFrame(), dt.date(2018, 1, 1)) == ()


@pytest.mark.parametrize("chance, written", [(0.04, "0.1"), (0.01, "0.01"), (0.0004, "0.001"), (1e-5, "0.00001"), (1e-40, "0.000001")])
def test_a_chance_is_written_as_a_bound(chance: float, written: str) -> None:
    assert written_chance(chance).en == written


# -- against the plan's dates --


@pytest.mark.parametrize(
    "received, code, days",
    [
        ((2018, 12, 14), None, 0),
        ((2018, 12, 11), None, 0),
        ((2018, 12, 10), "IN-503", 4),
        ((2018, 9, 15), "IN-503", 90),
        ((2018, 9, 14), "IN-504", 1),  # the window opens on 15 September
        ((2018, 12, 15), "IN-501", 1),
        ((2018, 12, 19), "IN-501", 5),
        ((2018, 12, 20), "IN-502", 6),
        ((2019, 12, 15), "IN-502", 366),
        ((2019, 12, 16), "IN-505", 367),
    ],
)
def test_dates(received: tuple[int, int, int], code: str | None, days: int) -> None:
    day = dt.date(*received)
    found = timing(reading({}), day)
    assert [f.code for f in found] == ([code] if code else [])
    if found:
        assert code == "IN-504" or f": {days}." in found[0].message.vi
        assert f"{day:%d/%m/%Y}" in found[0].message.vi
        assert str(day.year) in found[0].message.en


def test_only_a_report_of_a_time_to_come_is_an_error() -> None:
    (future,) = timing(reading({}, period=Period(2019, 4)), dt.date(2018, 12, 10))
    assert (future.code, future.severity) == ("IN-504", "error")
    assert all(f.severity == "note" for f in timing(reading({}), dt.date(2018, 12, 27)))


# -- against the district's own past --

PAST = quarters(Period(2016, 4), Period(2018, 3))
LEVELS = dict(zip(COUNTS, np.random.default_rng(1).uniform(20, 300, len(COUNTS)), strict=True))


def honest(period: Period) -> dict[tuple[str, str], Given]:
    """Poisson counts of one quarter, parts not above wholes not needed here; what falls due follows what was taken up."""
    rng = np.random.default_rng([period.year, period.quarter or 0])
    figures: dict[tuple[str, str], Given] = {(w, e): float(rng.poisson(LEVELS[e])) for w in WARDS for e in COUNTS}
    for what in ("jobs", "loans"):
        for w in WARDS:
            figures[w, f"{what}_due_6m"] = _taken(what, w, period.shift(-2))
            figures[w, f"{what}_due_12m"] = _taken(what, w, period.shift(-4))
            figures[w, f"{what}_taken"] = _taken(what, w, period)
    return figures


def _taken(what: str, ward: str, period: Period) -> float:
    return float(np.random.default_rng([period.year, period.quarter or 0, int(ward), len(what)]).poisson(3))


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    rows = [(unit, str(p), e, v, "reported") for p in PAST for (unit, e), v in honest(p).items()]
    return pd.DataFrame(rows, columns=["unit_code", "period", "element", "value", "state"])


def said(figures: dict[tuple[str, str], Given], history: pd.DataFrame) -> tuple[Finding, ...]:
    return against(reading(figures), history, dt.date(2018, 12, 12))


def where(figures: dict[tuple[str, str], Given], unit: str, element: str) -> str:
    return f"C{list(figures).index((unit, element)) + 6}"


def test_an_honest_quarter_is_left_alone(history: pd.DataFrame) -> None:
    assert said(honest(NOW), history) == ()


@pytest.mark.parametrize(
    "spoil, code",
    [
        (lambda v: 10 * v, "IN-401"),
        (lambda v: 0.0, "IN-401"),
        (lambda v: float(f"{v:.0f}{v:.0f}"), "IN-404"),
    ],
)
def test_one_spoiled_figure_is_found_with_its_cell(spoil: object, code: str, history: pd.DataFrame) -> None:
    assert callable(spoil)
    figures, place = honest(NOW), (WARDS[3], "inspections")
    figures[place] = spoil(figures[place])
    (found,) = said(figures, history)
    assert (found.code, found.severity, found.sheet, found.cell) == (code, "warning", "Bối cảnh", where(figures, *place))
    assert (found.unit, found.element) == place
    assert number(float(np.median([honest(p)[place] for p in PAST])), "en") in found.message.en
    assert "8 " in found.message.en
    assert "Nếu đúng, ghi lý do" in found.message.vi


def test_a_missing_figure_is_no_jump(history: pd.DataFrame) -> None:
    figures = honest(NOW)
    figures[WARDS[3], "inspections"] = None
    figures[WARDS[4], "inspections"] = "withheld"
    assert said(figures, history) == ()


@pytest.mark.parametrize("times", [10, 0.1])
def test_a_tenfold_sheet_and_a_tenfold_row_are_one_finding_each(times: float, history: pd.DataFrame) -> None:
    context = [e.id for e in elements().values() if e.level == "ward" and e.sheet == "context"]
    health = [e.id for e in elements().values() if e.level == "ward" and e.sheet == "health"]
    figures = honest(NOW)
    for ward in WARDS:
        for e in context:
            figures[ward, e] = float(int(float(figures[ward, e] or 0) * times))
    for e in health:
        figures[WARDS[2], e] = float(int(float(figures[WARDS[2], e] or 0) * times))
    found = said(figures, history)
    assert sorted((f.code, f.sheet, f.unit) for f in found) == [("IN-402", "Bối cảnh", ""), ("IN-403", "Y tế", WARDS[2])]


def test_a_row_of_zeros(history: pd.DataFrame) -> None:
    figures = honest(NOW)
    for e in (e for e in COUNTS if elements()[e].sheet == "rights"):
        figures[WARDS[5], e] = 0.0
    found = said(figures, history)
    assert [(f.code, f.sheet, f.unit) for f in found] == [("IN-405", "Quyền lao động", WARDS[5])]
    assert found[0].cell == where(figures, WARDS[5], "venue_workers")


def test_last_quarter_sent_again(history: pd.DataFrame) -> None:
    found = said(honest(Period(2018, 3)), history)
    (copy,) = (f for f in found if f.code != "IN-408")
    assert (copy.code, copy.sheet, copy.cell) == ("IN-406", "", "")
    assert "Quý III/2018" in copy.message.vi


def test_last_years_quarter_and_single_sheets_and_rows_sent_again(history: pd.DataFrame) -> None:
    figures, year_before, last = honest(NOW), honest(Period(2017, 4)), honest(Period(2018, 3))
    for ward in WARDS:
        figures |= {(ward, e): year_before[ward, e] for e in COUNTS if elements()[e].sheet == "communication"}
    figures |= {(WARDS[7], e): last[WARDS[7], e] for e in COUNTS if elements()[e].sheet == "health"}
    found = said(figures, history)
    assert sorted((f.code, f.sheet, f.unit) for f in found) == [("IN-406", "Truyền thông", ""), ("IN-407", "Y tế", WARDS[7])]
    assert any("Quý IV/2017" in f.message.vi for f in found)


@pytest.mark.parametrize("now, before, codes", [(2, 2, []), (3, 2, ["IN-408"]), (None, 2, []), (2, None, []), (None, None, [])])
def test_people_at_six_months_are_those_of_two_quarters_before(now: Given, before: Given, codes: list[str]) -> None:
    earlier = pd.DataFrame(
        [(WARDS[0], "2018-Q2", "jobs_taken", before, "not_reported" if before is None else "reported")],
        columns=["unit_code", "period", "element", "value", "state"],
    )
    found = said({(WARDS[0], "jobs_due_6m"): now}, earlier)
    assert [(f.code, f.cell) for f in found] == [(c, "C6") for c in codes]


@pytest.mark.parametrize("period, codes", [(Period(2018, 4), ["IN-409"]), (Period(2018, 1), [])])
def test_a_running_total_does_not_fall_within_a_year(period: Period, codes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Rule(
        "total", "not_falling", ("inspections",), "", (), 0, 1, 0, 0, 1, "", "IN-409", Words("Cộng dồn", "Total"), "ward_committees"
    )
    monkeypatch.setattr(rulebook, "rules", lambda: {**{n: r for n, r in EVERY.items() if r.check in ALWAYS}, "total": rule})
    earlier = pd.DataFrame(
        [(WARDS[0], str(period.shift(-1)), "inspections", 9.0, "reported")], columns=["unit_code", "period", "element", "value", "state"]
    )
    file = reading({(WARDS[0], "inspections"): 8.0}, period=period)
    assert [f.code for f in against(file, earlier, dt.date(2018, 12, 12))] == codes


EVERY = rules()
ALWAYS = ("jump", "copied", "copied_row")


def test_what_an_older_form_counted_otherwise_is_no_history(history: pd.DataFrame) -> None:
    figures = honest(NOW)
    figures[WARDS[0], "outreach_reached"] = 10 * float(figures[WARDS[0], "outreach_reached"] or 0)
    assert [f.code for f in said(figures, history.assign(form_version=2))] == ["IN-401"]
    assert said(figures, history.assign(form_version=1)) == ()


@pytest.fixture(scope="module")
def example() -> dict[tuple[str, str], tuple[Finding, ...]]:
    """What is said of the example's last four quarters, by district and period."""
    store = open_store()
    forms = store.submissions().query("stands").set_index(["district_code", "period"])
    found = {}
    for district, own in store.values().groupby("district_code"):
        for period in [p for p in sorted(own["period"].unique()) if p >= "2018-Q1"]:
            now = own[own["period"] == period]
            rows = tuple(
                (u, e, None if pd.isna(v) else v, s, sheet, cell)
                for u, e, v, s, sheet, cell in now[["unit_code", "element", "value", "state", "sheet", "cell"]].itertuples(index=False)
            )
            form = forms.loc[(district, period)]
            file = Reading("f.xlsx", "x", Cover(str(district), Period.parse(period), int(form["form_version"])), rows)
            found[str(district), period] = (*within(file), *against(file, own[own["period"] < period], form["received"]))
    return found


@pytest.mark.slow
def test_the_example_is_mostly_left_alone_and_its_tenfold_sheets_are_found(example: dict[tuple[str, str], tuple[Finding, ...]]) -> None:
    tenfold = {key: [f.sheet for f in found if f.code == "IN-402"] for key, found in example.items()}
    assert {k: v for k, v in tenfold.items() if v} == {("763", "2018-Q2"): ["Truyền thông", "Bối cảnh"]}
    planted = example["763", "2018-Q2"]
    assert not [f for f in planted if f.code in ("IN-401", "IN-403", "IN-404") and f.sheet in ("Truyền thông", "Bối cảnh")]
    warnings = Counter(f.code for found in example.values() for f in found if f.severity == "warning")
    assert warnings["IN-201"] == warnings["IN-204"] == warnings["IN-213"] == warnings["IN-214"] == 0
    assert warnings["IN-406"] == warnings["IN-407"] == warnings["IN-408"] == 0
    assert warnings.total() <= 1.0 * len(example)
    cells = 40 * 13 * len(example)  # about what is judged: counts by wards by files
    assert warnings["IN-401"] + warnings["IN-404"] < 0.01 * cells
