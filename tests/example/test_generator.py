import numpy as np
import pandas as pd
import pytest

from evaluation.example import Example, generate
from evaluation.example.generator import PERIODS, city, district_panel, entertainment_wards, parts_and_wholes, ward_panel
from evaluation.example.planted import PILOT_WARDS
from evaluation.indicators import indicators
from evaluation.places import districts, wards
from evaluation.plan import pilots
from evaluation.settings import folders

pytestmark = pytest.mark.slow

NEAR = 1.25


def near(value: float, figure: float) -> bool:
    return figure / NEAR < value < figure * NEAR


def year(cube: pd.DataFrame, element: str, number: int) -> float:
    return float(cube.loc[cube["period"].str.startswith(str(number)), element].sum())


def test_every_ward_and_quarter_is_there(cube: pd.DataFrame) -> None:
    assert len(cube) == 322 * 16
    assert set(cube["unit_code"]) == set(wards())
    assert cube["period"].min() == "2015-Q1"
    assert cube["period"].max() == "2018-Q4"


@pytest.mark.parametrize("part, whole", parts_and_wholes())
def test_a_part_never_exceeds_its_whole(cube: pd.DataFrame, part: str, whole: str) -> None:
    assert (cube[part] <= cube[whole]).all()
    assert (cube[part] < cube[whole]).any()


def test_counts_are_whole_and_not_negative(made: Example) -> None:
    assert (made.panel["value"] >= 0).all()
    assert (made.panel["value"] % 1 == 0).all()


@pytest.mark.parametrize("subject", ["jobs", "loans"])
def test_cohorts_come_due_two_and_four_quarters_later(cube: pd.DataFrame, subject: str) -> None:
    cube = cube.sort_values(["unit_code", "period"])
    by_ward = cube.groupby("unit_code")
    for months, quarters in ((6, 2), (12, 4)):
        expected = by_ward[f"{subject}_taken"].shift(quarters)
        known = expected.notna()
        assert known.sum() == 322 * (16 - quarters)
        assert (cube.loc[known, f"{subject}_due_{months}m"] == expected[known]).all()
    still = by_ward[f"{subject}_kept_6m"].shift(2)
    assert (cube.loc[still.notna(), f"{subject}_kept_12m"] <= still.dropna()).all()


def test_courses_end_after_they_start(cube: pd.DataFrame) -> None:
    cube = cube.sort_values(["unit_code", "period"])
    ordered = cube.groupby("unit_code")
    one, two = ordered["training_started"].shift(1), ordered["training_started"].shift(2)
    known = two.notna()
    assert (cube.loc[known, "training_due"] <= (one + two)[known]).all()
    assert cube["training_due"].sum() == pytest.approx(cube["training_started"].sum(), rel=0.1)


def test_levels_are_of_the_published_order(cube: pd.DataFrame, published: dict[str, float]) -> None:
    end_2017 = cube[cube["period"] == "2017-Q4"]
    assert near(end_2017["venues_listed"].sum(), published["hcmc_venues_2017"])
    assert near(year(cube, "inspections", 2017), published["hcmc_inspections_2017"])
    assert near(year(cube, "violations", 2017), published["hcmc_violations_2017"])
    share = year(cube, "violations", 2017) / year(cube, "inspections", 2017)
    assert near(100 * share, published["hcmc_violation_rate_2017"])
    for number in (2016, 2017, 2018):
        people = year(cube, "outreach_reached", number)
        assert near(100 * year(cube, "sti_tested", number) / people, published["hss_fsw_sticheck3m_2020"])
        assert near(100 * year(cube, "hiv_tested", number) / people, published["hss_fsw_tested12m_2020"])
        assert near(year(cube, "condoms_distributed", number), published["hcmc_condoms_2023"])
        assert 5_000 < people / 4 < 7_000
    workers_per_venue = published["hcmc_suspected_staff_2017"] / published["hcmc_suspected_venues_2017"]
    assert 1 < workers_per_venue < 10


def test_hotspots_start_at_the_published_count_and_decline(published: dict[str, float]) -> None:
    panel = district_panel()
    stock = panel[panel["element"] == "hotspots"].groupby("period")["value"].sum()
    assert near(stock["2015-Q1"], published["hcmc_hotspots_2013"])
    assert stock["2018-Q4"] < stock["2015-Q1"]
    wide = panel.pivot(index=["unit_code", "period"], columns="element", values="value")
    before = wide["hotspots"].groupby("unit_code").shift(1)
    assert (wide["hotspots_transformed"][before.notna()] <= before.dropna()).all()
    routes = wide["child_referral_route"]
    assert set(routes) == {0.0, 1.0}
    assert (routes.groupby("unit_code").diff().dropna() >= 0).all()


def test_venues_shrink_slowly_and_never_jump(cube: pd.DataFrame) -> None:
    total = cube.groupby("period")["venues_listed"].sum()
    change = total.pct_change().dropna()
    assert (change < 0).all()
    assert (change > -0.06).all()


@pytest.mark.parametrize("element", ["outreach_reached", "referrals_made", "inspections", "comm_participants"])
def test_counts_are_over_dispersed(cube: pd.DataFrame, element: str) -> None:
    table = cube.pivot(index="unit_code", columns="period", values=element)
    table = table[table.sum(axis=1) > 0]
    expected = np.outer(table.sum(axis=1), table.sum()) / table.to_numpy().sum()
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    assert (((table - expected) ** 2) / expected).to_numpy().sum() / freedom > 1.5


def test_first_quarters_dip_at_tet(cube: pd.DataFrame) -> None:
    total = cube.groupby("period")["outreach_reached"].sum()
    for number in (2016, 2017, 2018):
        around = (total[f"{number - 1}-Q4"] + total[f"{number}-Q2"]) / 2
        assert total[f"{number}-Q1"] < 0.9 * around


def test_quarters_remember_the_one_before(cube: pd.DataFrame) -> None:
    table = np.log(cube.pivot(index="unit_code", columns="period", values="venue_workers").replace(0, np.nan).dropna())
    residual = table.sub(table.mean(axis=1), axis=0).sub(table.mean(), axis=1).to_numpy()
    assert np.corrcoef(residual[:, 1:].ravel(), residual[:, :-1].ravel())[0, 1] > 0.3


def test_some_wards_never_see_an_event(cube: pd.DataFrame) -> None:
    programme = ["outreach_contacts", "referrals_made", "legal_counselling", "violence_reported", "venue_workers", "jobs_taken"]
    never = cube.groupby("unit_code")[programme].sum().eq(0).all(axis=1)
    assert 20 < never.sum() < 60
    assert not never[list(PILOT_WARDS.values())].any()
    single = cube.groupby("unit_code")["violence_reported"].sum().eq(0)
    assert single.sum() > never.sum()


def test_small_denominators_occur(cube: pd.DataFrame) -> None:
    some = cube.loc[cube["sti_positive"] > 0, "sti_positive"]
    assert (some < 5).mean() > 0.5


def test_pilot_wards_peak_before_the_start() -> None:
    place = city()
    year_of = np.array([int(p[:4]) for p in PERIODS])
    share = place.activity[:, 4:] / place.activity[:, 4:].sum(0)
    for ward in PILOT_WARDS.values():
        own = share[place.wards.index(ward)]
        assert own[year_of == 2016].mean() > 1.08 * own[year_of != 2016].mean()


def test_entertainment_wards_follow_the_rule() -> None:
    chosen = entertainment_wards()
    assert set(PILOT_WARDS.values()) <= chosen
    homes = [wards()[w].district_code for w in chosen]
    assert {districts()[d].kind for d in homes} == {"urban district"}
    assert set(homes) == {d for d, place in districts().items() if place.kind == "urban district"}
    assert len(chosen) <= len(set(homes)) + len(PILOT_WARDS)


@pytest.mark.slow
def test_same_seed_same_city_other_seed_other_city() -> None:
    first, again, other = ward_panel(7), ward_panel(7), ward_panel(8)
    pd.testing.assert_frame_equal(first, again)
    assert not first["value"].equals(other["value"])


TRUTH = pd.read_csv(folders().data / "example" / "truth.csv", dtype={"ward_code": str})
PARTS = {
    "condom_availability": ("condom_venues_stocked", "condom_venues_enrolled"),
    "contract_share": ("worker_contracts", "venue_workers"),
    "insurance_share": ("worker_insurance", "venue_workers"),
    "sti_tested_share": ("sti_tested", "outreach_reached"),
    "hiv_tested_share": ("hiv_tested", "outreach_reached"),
}


def after(panel: pd.DataFrame, ward: str, start: str) -> pd.Series:
    own = panel[(panel["unit_code"] == ward) & (panel["period"] >= start)]
    return own.groupby("element")["value"].sum()


def log_effect(with_it: pd.Series, without: pd.Series, indicator: str, kind: str) -> float:
    if kind == "rate_ratio":
        return float(np.log(with_it[indicator] / without[indicator]))
    part, whole = PARTS[indicator]
    shares = [s[part] / s[whole] for s in (with_it, without)]
    if kind == "odds_ratio":
        shares = [p / (1 - p) for p in shares]
    return float(np.log(shares[0] / shares[1]))


@pytest.mark.slow
def test_planted_effects_are_found_as_ratios_to_the_world_without_them() -> None:
    worlds = [(ward_panel(seed), ward_panel(seed, planted=False)) for seed in range(2234, 2240)]
    moved = TRUTH[(TRUTH["source"] == "reports") & (TRUTH["effect"] != 1)]
    assert len(moved) > 10
    for row in moved.itertuples():
        found = [
            log_effect(after(a, row.ward_code, row.start_period), after(b, row.ward_code, row.start_period), row.indicator, row.effect_type)
            for a, b in worlds
        ]
        error = np.std(found, ddof=1) / np.sqrt(len(found))
        assert abs(np.mean(found) - np.log(row.effect)) < 4 * error + 0.02, (row.pilot, row.ward_code, row.indicator)
        assert np.sign(np.mean(found)) == np.sign(np.log(row.effect))


@pytest.mark.slow
def test_nothing_else_moves(made: Example) -> None:
    quiet = generate(planted=False).panel
    keys = ["unit_code", "period", "element"]
    both = made.panel.merge(quiet, on=keys, suffixes=("", "_quiet"))
    differing = both[both["value"] != both["value_quiet"]]
    follow = {"sti_tested": {"sti_positive", "sti_treated"}, "violence_reported": {"violence_supported"}}
    allowed = set()
    for row in TRUTH[(TRUTH["source"] == "reports") & (TRUTH["effect"] != 1)].itertuples():
        numerator = PARTS.get(row.indicator, (row.indicator,))[0]
        allowed |= {(row.ward_code, name) for name in {numerator, *follow.get(numerator, set())}}
    assert set(zip(differing["unit_code"], differing["element"], strict=True)) <= allowed
    assert differing["period"].min() == "2017-Q1"


def test_each_pilot_has_an_expected_outcome_without_effect() -> None:
    reports = TRUTH[TRUTH["source"] == "reports"]
    for pilot in PILOT_WARDS:
        own = reports[(reports["pilot"] == pilot) & (reports["ward_code"] == PILOT_WARDS[pilot])].set_index("indicator")
        expected = own.loc[list(pilots()[pilot].outcome_indicators)]
        idle = expected[expected["effect"] == 1]
        assert 0 < len(idle) < len(expected)
        assert (idle["role"] == "no_effect").all()
        outcomes = {name for name, i in indicators().items() if i.kind == "outcome"}
        assert set(own.index) == outcomes
    quiet = TRUTH["role"].isin(["no_effect", "negative_control"])
    assert (TRUTH.loc[quiet, "effect"] == 1).all()
    assert (TRUTH.loc[~quiet, "effect"] != 1).all()


def test_a_share_is_found_without_the_other_world(cube: pd.DataFrame) -> None:
    """Before and after, against the rest of the city, with an allowance for over-dispersion of 2."""
    frame = cube[cube["period"] >= "2016-Q1"].assign(later=lambda f: f["period"] >= "2017-Q1")
    ward = PILOT_WARDS["pham-ngu-lao"]
    counts = frame.groupby([frame["unit_code"] == ward, "later"])[["sti_tested", "outreach_reached"]].sum()
    share = np.log(counts["sti_tested"] / counts["outreach_reached"])
    found = (share[True, True] - share[True, False]) - (share[False, True] - share[False, False])
    error = np.sqrt(2 * sum(1 / counts.loc[(True, when), "sti_tested"] for when in (True, False)))
    assert abs(found - np.log(1.6)) < 2.6 * error
    assert found > 0


def test_pilot_wards_are_those_of_the_plan() -> None:
    assert {p: pilots()[p].ward_code for p in PILOT_WARDS} == PILOT_WARDS
    assert {wards()[w].name.vi for w in PILOT_WARDS.values()} == {"Phường Phạm Ngũ Lão", "Phường Bình Trị Đông B"}
    assert [wards()[w].district_code for w in PILOT_WARDS.values()] == ["760", "777"]
