"""What the published figures of the field say: every number against its source or worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.monitoring import reported_figures as reported
from evaluation.monitoring.rates.intervals import garwood


def test_ranges_are_not_read_as_values() -> None:
    table = reported.numbers()
    assert table["is_range"].sum() == 5
    assert table.loc[table["is_range"], "value"].isna().all()
    assert table.loc["hss_fsw_syphilis_range", ["low", "high"]].tolist() == [0.7, 2.6]
    assert table.loc[~table["is_range"], "value"].notna().all()


def test_numbers_cannot_be_changed_for_others() -> None:
    mine = reported.numbers()
    mine["value"] = 0.0
    assert reported.numbers().loc["hcmc_hotspots_2013", "value"] == 58


def test_published_percentages_with_a_count_agree() -> None:
    table = reported.numbers()
    rows = table[(table["unit"] == "percent") & table["numerator"].notna()]
    assert len(rows) >= 4
    for row in rows.itertuples():
        assert reported.implied_count(row.value, row.denominator) == row.numerator


def test_condom_series_and_its_fall() -> None:
    plain = reported.condom_use((1.0,))
    assert plain["percent"].tolist() == [77.33, 76.67, 50.67]
    assert plain["n"].tolist() == [300, 300, 300]
    # 232, 230 and 152 of 300; Wilson's formula by hand for the last: centre 0.50658, half width 0.05620.
    assert (plain["low"].iloc[2], plain["high"].iloc[2]) == pytest.approx((45.04, 56.28), abs=0.01)
    fall = reported.condom_fall((1.0, 2.0)).set_index(["since", "design_effect"])
    assert fall.loc[(2011, 1.0), "points"] == pytest.approx(-26.66)
    assert fall.loc[(2012, 1.0), "points"] == pytest.approx(-26.00)
    assert (fall["relative"].round(0).isin([-34, -35])).all()
    # A fall of 20 points lies at the rim of what sampling error allows even as if simple random.
    assert fall.loc[(2012, 1.0), "high"] > -20 > fall.loc[(2012, 1.0), "low"]


def test_design_effects_order_the_intervals() -> None:
    table = reported.condom_use((1.0, 1.5, 2.0))
    width = (table["high"] - table["low"]).groupby([table["year"], table["design_effect"]]).first().unstack()
    assert (width[1.0] < width[1.5]).all()
    assert (width[1.5] < width[2.0]).all()
    assert width[2.0].iloc[2] / width[1.0].iloc[2] == pytest.approx(np.sqrt(2), abs=0.02)


def test_five_provinces_moves_both_ways() -> None:
    table = reported.five_provinces((1.0,)).set_index("infection")
    assert table["points"].round(1).tolist() == [-8.6, -7.8, -2.8, 2.2, -0.9]
    assert (table.loc[["Gonorrhoea or chlamydia", "Gonorrhoea", "Chlamydia"], "high"] < 0).all()
    assert table.loc["HIV", "low"] < 0 < table.loc["HIV", "high"]
    # Syphilis rose in the source's adjusted analysis; the raw percentages alone cannot show it.
    assert table.loc["Syphilis", "or_low"] > 1
    assert table.loc["Syphilis", "low"] < 0 < table.loc["Syphilis", "high"]
    crude = (0.113 / 0.887) / (0.199 / 0.801)
    assert table.loc["Gonorrhoea or chlamydia", "or_low"] < crude < table.loc["Gonorrhoea or chlamydia", "or_high"]


def test_prevalence_has_an_interval_exactly_where_n_is_published() -> None:
    table = reported.hiv_prevalence()
    bare = table[table["n"].isna()]
    assert (bare["note"] == "n not published").all()
    assert bare[["low", "high"]].isna().all().all()
    assert set(bare["id"]) >= {"hss_fsw_hiv_2015", "hss_fsw_hiv_2020", "vn_fsw_hss_2022"}
    span = table[table["id"] == "border4_fsw_hiv_range"].iloc[0]
    assert np.isnan(span["percent"])
    assert "span" in span["note"]
    sized = table[table["n"].notna() & table["percent"].notna()]
    assert len(sized) == 13
    assert ((sized["low"] < sized["percent"]) & (sized["percent"] < sized["high"])).all()
    assert not table["population"].str.contains("transgender").any()
    assert not table["population"].str.contains("n=", regex=False).any()


def test_a_zero_to_three_percent_survey_by_hand() -> None:
    row = reported.hiv_prevalence().set_index("id").loc["hcmc_fsw_hiv_survey300"]
    # 9 of 300: Wilson 1.59 to 5.60 percent.
    assert (row["low"], row["high"]) == pytest.approx((1.59, 5.60), abs=0.005)


def test_venues_have_definitions_and_no_interval() -> None:
    table = reported.venues()
    assert table["establishments"].tolist() == [15200, 10231, 956, 4526]
    assert table["definition"].is_unique
    assert not {"low", "high"} & set(table)


def test_inspections_name_the_sources_slip_and_never_mix_units() -> None:
    table = reported.inspections().set_index("id")
    assert table.loc["hcmc_inspected_2016h1", "percent"] == pytest.approx(43.2, abs=0.05)  # the source prints 46
    assert table.loc["hcmc_inspections_2017", "percent"] == pytest.approx(46.58, abs=0.005)  # as the source prints
    assert np.isnan(table.loc["hcmc_inspections_2021_2025", "percent"])  # establishments of visits


def test_six_districts_by_hand() -> None:
    found = reported.six_districts()
    assert found.estimate == pytest.approx(2317 * 645 / 570)
    assert round(found.estimate) == 2622
    assert found.chapman == pytest.approx(2318 * 646 / 571 - 1)
    assert (found.published, found.published_low, found.published_high) == (2616, 2445, 3014)
    assert found.high - found.low < 0.3 * (found.published_high - found.published_low)
    assert found.implied_share == pytest.approx(2317 / 2616)
    assert found.implied_low == pytest.approx(2317 / 3014)
    # 645 women in 103 venues, 6.3 each: even identical answers within a venue give no more than 6.3.
    assert found.design_effect > 645 / 103
    assert found.estimate > found.low > 2317


def test_the_objects_given_out_fit_the_published_estimate() -> None:
    # The weighted share that the source must have found lies inside the interval of the unweighted one.
    found = reported.six_districts()
    assert found.share_low < found.implied_share < found.share_high


def test_hotspots_interval_would_answer_another_question() -> None:
    # 58 places are a count of what was known, not a draw: an interval is not given, and Garwood's would span 44 to 75.
    assert reported.numbers().loc["hcmc_hotspots_2013", "value"] == 58
    assert garwood(58) == pytest.approx((44.04, 74.98), abs=0.01)


def test_every_effect_is_pooled_or_says_why_not() -> None:
    table = reported.community_effects()
    assert table.loc[table["pooled"], "id"].tolist() == ["kerrigan_or_condom", "tn_or_condom_occasional"]
    assert table.loc[~table["pooled"], "use"].str.startswith("not pooled: ").all()
    assert ((table["low"] < table["ratio"]) & (table["ratio"] < table["high"])).all()
    odds = reported.numbers()
    effects = odds[(odds["unit"] == "odds ratio") & odds["measure"].str.contains("effect|change|exposed vs not")]
    assert set(effects["id"]) == set(table["id"])


def test_the_inferred_bound_is_marked_and_fits_what_was_legible() -> None:
    row = reported.community_effects().set_index("id").loc["kerrigan_or_condom"]
    assert row["high_inferred"]
    assert 4 <= row["high"] < 5
    assert reported.community_effects()["high_inferred"].sum() == 1


def test_pooled_condom_effect_by_hand() -> None:
    logs = np.log([3.27, 3.53])
    errors = np.array([np.log(3.27 / 2.32) / 1.959964, np.log(5.05 / 2.47) / (2 * 1.959964)])
    weights = errors**-2 / (errors**-2).sum()
    mean, error = float(logs @ weights), float((errors**-2).sum() ** -0.5)
    found = reported.pooled_condom_effect()
    assert found.tau2 == 0
    assert (found.estimate, found.low, found.high) == pytest.approx(
        tuple(np.exp([mean, mean - 1.959964 * error, mean + 1.959964 * error])), rel=1e-5
    )


def test_sources_carry_title_year_and_address() -> None:
    (one,) = reported.citations(["hcmc_hss_condom_2011", "hcmc_hss_condom_2013"])
    assert "(year not shown)" in one
    assert one.endswith("http://vjph.vn/index.php/tapchiytcc/article/view/347")
    with pytest.raises(KeyError):
        reported.citations(["nothing"])


@pytest.mark.parametrize(
    "function", [reported.venues, reported.inspections, reported.five_provinces, reported.hiv_prevalence, reported.community_effects]
)
def test_both_languages_have_the_same_numbers(function: object) -> None:
    en, vi = function(language="en"), function(language="vi")  # type: ignore[operator]
    numbers = en.select_dtypes("number").columns
    assert en[numbers].equals(vi[numbers])
    assert not en.equals(vi)
