"""The facts of data/reference against what their sources publish."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from evaluation.settings import folders

REFERENCE = folders().data / "reference"

# Official totals of the censuses of 1 April 2009 and 1 April 2019 (General Statistics Office).
CENSUS_2009, CENSUS_2019 = 7_162_864, 8_993_082
CITY_AREA_KM2 = 2_095  # as commonly published; the outlines are coarser


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


@pytest.fixture(scope="module")
def wards() -> dict[str, dict[str, str]]:
    return {r["ward_code"]: r for r in rows("wards_2018")}


@pytest.mark.parametrize("path", sorted(REFERENCE.iterdir()), ids=lambda p: p.name)
def test_files_are_plain_utf8_in_nfc(path: Path) -> None:
    data = path.read_bytes()
    text = data.decode("utf-8")
    assert not data.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in data
    assert data.endswith(b"\n")
    assert unicodedata.is_normalized("NFC", text)


def test_every_file_has_its_source() -> None:
    sources = (REFERENCE / "SOURCES.md").read_text(encoding="utf-8")
    missing = [p.name for p in REFERENCE.glob("*.csv") if f"`{p.name}`" not in sources]
    assert missing == []


def test_24_districts_and_322_wards_of_three_kinds(wards: dict[str, dict[str, str]]) -> None:
    assert Counter(r["type_vi"] for r in rows("districts_2018")) == {"Quận": 19, "Huyện": 5}
    assert Counter(r["type_vi"] for r in wards.values()) == {"Phường": 259, "Xã": 58, "Thị trấn": 5}
    assert len(wards) == 322


def test_districts_count_their_wards(wards: dict[str, dict[str, str]]) -> None:
    counted = Counter(r["district_code"] for r in wards.values())
    assert {r["district_code"]: int(r["n_wards"]) for r in rows("districts_2018")} == counted


def test_a_ward_carries_its_districts_name(wards: dict[str, dict[str, str]]) -> None:
    names = {r["district_code"]: r["name_vi"] for r in rows("districts_2018")}
    assert all(r["district_vi"] == names[r["district_code"]] for r in wards.values())


def test_the_plans_two_named_wards(wards: dict[str, dict[str, str]]) -> None:
    assert (wards["26749"]["name_vi"], wards["26749"]["district_code"]) == ("Phường Phạm Ngũ Lão", "760")
    assert (wards["27451"]["name_vi"], wards["27451"]["district_code"]) == ("Phường Bình Trị Đông B", "777")


def test_census_totals_are_the_official_ones(wards: dict[str, dict[str, str]]) -> None:
    census = rows("wards_census")
    assert sum(int(r["population_2009"]) for r in census) == CENSUS_2009
    assert sum(int(r["population_2019"]) for r in census) == CENSUS_2019
    assert {r["ward_code"]: r["district_code"] for r in census} == {code: r["district_code"] for code, r in wards.items()}


def test_bình_tân_of_2009_is_the_published_figure() -> None:
    total = sum(int(r["population_2009"]) for r in rows("wards_census") if r["district_code"] == "777")
    assert total == 572_132  # citypopulation.de, census of 2009


def test_ages_add_up_to_the_wards() -> None:
    by_age, by_ward = Counter[str](), Counter[str]()
    for r in rows("districts_age_2019"):
        by_age[r["district_code"]] += int(r["population_2019"])
    for r in rows("wards_census"):
        by_ward[r["district_code"]] += int(r["population_2019"])
    assert by_age == by_ward
    assert by_age.total() == CENSUS_2019


def test_areas_make_the_city() -> None:
    areas = [float(r["area_km2"]) for r in rows("wards_census")]
    assert min(areas) > 0
    assert sum(areas) == pytest.approx(CITY_AREA_KM2, rel=0.01)


def test_borders_are_named_once_between_two_known_wards(wards: dict[str, dict[str, str]]) -> None:
    pairs = [(r["ward_a"], r["ward_b"]) for r in rows("adjacency_wards")]
    assert len(pairs) == len({frozenset(p) for p in pairs}) == 987
    assert all(a != b for a, b in pairs)
    assert {code for pair in pairs for code in pair} == set(wards)
    assert all(int(r["shared_border_m"]) > 0 for r in rows("adjacency_wards"))


def test_borders_of_wards_make_those_of_districts(wards: dict[str, dict[str, str]]) -> None:
    from_wards = {
        frozenset(homes)
        for r in rows("adjacency_wards")
        if len(homes := {wards[r["ward_a"]]["district_code"], wards[r["ward_b"]]["district_code"]}) == 2
    }
    listed = {frozenset((r["district_code_a"], r["district_code_b"])) for r in rows("adjacency_districts")}
    assert len(listed) == 59
    assert from_wards ^ listed == {frozenset(("760", "776"))}  # the corner of Quận 1 and Quận 8, named in SOURCES.md


def test_published_figures_carry_sources_and_no_quoted_sentences() -> None:
    figures = rows("published_figures")
    assert len(figures) == len({r["id"] for r in figures}) == 165
    assert "quote" not in figures[0]
    assert all(r["source_title"] and r["source_address"].startswith("http") and r["value"] and r["unit"] for r in figures)


def test_known_published_figures() -> None:
    figures = {r["id"]: r for r in rows("published_figures")}
    empowerment = figures["kerrigan_or_hiv"]  # Kerrigan et al., Lancet 2014: OR 0.68, 0.52 to 0.89
    assert (empowerment["value"], empowerment["interval_low"], empowerment["interval_high"]) == ("0.68", "0.52", "0.89")
    size = figures["hcmc_vfsw_6districts"]  # capture-recapture in six districts: 2,616 (2,445 to 3,014)
    assert (size["value"], size["interval_low"], size["interval_high"]) == ("2616", "2445", "3014")
    condoms = [float(figures[f"hcmc_hss_condom_{year}"]["value"]) for year in (2011, 2012, 2013)]
    assert condoms == [77.33, 76.67, 50.67]


@pytest.mark.parametrize("word", ["prostitut", "gái mại dâm", "gái bán dâm", "gái gọi"])
def test_no_slur_outside_an_address(word: str) -> None:
    texts = [v for r in rows("published_figures") for k, v in r.items() if k != "source_address"]
    texts += [part.split(">")[-1] for part in (REFERENCE / "SOURCES.md").read_text(encoding="utf-8").split("<")]
    assert [t for t in texts if word in t.lower()] == []


def test_price_index_is_the_statistics_offices() -> None:
    """Yearly average changes as the General Statistics Office announced them; the address stands in each row."""
    found = {int(r["year"]): float(r["change_percent"]) for r in rows("price_index")}
    announced = {2015: 0.63, 2016: 2.66, 2017: 3.53, 2018: 3.54, 2019: 2.79, 2020: 3.23, 2021: 1.84, 2022: 3.15, 2023: 3.25, 2024: 3.63}
    assert found == announced
    assert all(r["url"].startswith("http") for r in rows("price_index"))
