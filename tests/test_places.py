"""Looking up districts and wards, and the facts about them."""

from __future__ import annotations

import datetime as dt
import pickle
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.language import Words, alphabetical
from evaluation.periods import Period
from evaluation.places import (
    AmbiguousPlace,
    District,
    UnknownPlace,
    Ward,
    described,
    district_ages,
    district_neighbours,
    districts,
    find_district,
    find_ward,
    neighbours,
    positions,
    residents,
    ward_borders,
    wards,
)

PHAM_NGU_LAO, BINH_TRI_DONG_B = "26749", "27451"


def without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


forms = st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"])
cases = st.sampled_from([str.lower, str.upper, str.title, str])
spaces = st.sampled_from([" ", "  ", "\u00a0", " \t", "\n"])
edges = st.sampled_from(["", " ", "\u00a0 "])


@st.composite
def typed(draw: st.DrawFn, text: str) -> str:
    """A text as somebody's keyboard may give it: composition, case, spaces."""
    varied = draw(edges) + draw(spaces).join(text.split()) + draw(edges)
    return unicodedata.normalize(draw(forms), draw(cases)(varied))


# ---- lists


def test_official_order_of_districts() -> None:
    assert [d.name.vi for d in districts().values()] == [
        *(f"Quận {n}" for n in range(1, 13)),
        *(f"Quận {n}" for n in ("Bình Tân", "Bình Thạnh", "Gò Vấp", "Phú Nhuận", "Tân Bình", "Tân Phú", "Thủ Đức")),
        *(f"Huyện {n}" for n in ("Bình Chánh", "Cần Giờ", "Củ Chi", "Hóc Môn", "Nhà Bè")),
    ]


def test_names_in_both_languages() -> None:
    assert districts()["760"].name == Words("Quận 1", "District 1")
    assert districts()["783"].name == Words("Huyện Củ Chi", "Củ Chi district")
    assert wards()["26740"].name == Words("Phường Bến Nghé", "Bến Nghé ward")
    assert find_ward("P.17", "Bình Thạnh").name == Words("Phường 17", "Ward 17")
    assert find_ward("TT Củ Chi").name == Words("Thị trấn Củ Chi", "Củ Chi township")
    assert find_ward("Bà Điểm").name == Words("Xã Bà Điểm", "Bà Điểm commune")


def test_kinds_add_up() -> None:
    kinds = [w.kind for w in wards().values()]
    assert {k: kinds.count(k) for k in set(kinds)} == {"ward": 259, "commune": 58, "township": 5}


def test_wards_stand_under_their_district() -> None:
    together = [code for d in districts() for code in wards(d)]
    assert together == list(wards())
    assert all(w.district_code == d for d in districts() for w in wards(d).values())


def test_order_of_wards_within_a_district() -> None:
    assert [w.name.vi for w in wards("770").values()] == [f"Phường {n}" for n in range(1, 15)]
    township, *communes = (w.name.vi for w in wards("783").values())
    assert township == "Thị trấn Củ Chi"
    assert communes == sorted(communes, key=alphabetical)


def test_names_are_in_one_spelling() -> None:
    names = [w.name.vi for w in wards().values()]
    assert all(unicodedata.is_normalized("NFC", n) and "  " not in n for n in names)
    assert not any("oà" in n or " 0" in n for n in names)
    assert "Phường Tân Quý" in names  # the mark stays on the y after q
    assert wards()["27439"].name.vi == "Phường Bình Hưng Hòa A"


def test_what_is_returned_can_be_changed_without_harm() -> None:
    districts().clear()
    wards().clear()
    assert (len(districts()), len(wards())) == (24, 322)


def test_wards_of_an_unknown_district() -> None:
    with pytest.raises(UnknownPlace, match="find_district"):
        wards("Quận 1")


# ---- districts


@pytest.mark.parametrize(
    "text",
    [
        "760",
        "Quận 1",
        "quận 1",
        "Quan 1",
        "quan1",
        "Q.1",
        "Q. 1",
        "Q1",
        "q 1",
        "1",
        "01",
        "QUẬN 01",
        "District 1",
        "Dist. 1",
        "Quận 1, TP.HCM",
    ],
)
def test_district_1(text: str) -> None:
    assert find_district(text).code == "760"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Bình Tân", "777"),
        ("binh tan", "777"),
        ("Q. Bình Tân", "777"),
        ("Q.Bình Tân", "777"),
        ("Binh Tan District", "777"),
        ("H. Củ Chi", "783"),
        ("huyen cu chi", "783"),
        ("Thu Duc", "762"),
        ("Quận 12, Thành phố Hồ Chí Minh", "761"),
        ("Q.11 - TP HCM", "772"),
    ],
)
def test_other_districts(text: str, code: str) -> None:
    assert find_district(text).code == code


@given(st.data())
@pytest.mark.slow
def test_every_district_in_every_writing(data: st.DataObject) -> None:
    district = data.draw(st.sampled_from(list(districts().values())))
    name = data.draw(
        st.sampled_from([district.name.vi, district.name.en, without_marks(district.name.vi), without_marks(district.name.en)])
    )
    assert find_district(data.draw(typed(name))) == district


@pytest.mark.parametrize("text", ["Quận 13", "Huyện Bình Thạnh", "Quận Củ Chi", "", " ", "Q.", "Hà Nội", "26749", "Phường Tân Phú", "P.1"])
def test_no_such_district(text: str) -> None:
    with pytest.raises(UnknownPlace) as error:
        find_district(text)
    assert "Không có" in str(error.value)
    assert "There is no" in str(error.value)


def test_a_wrong_kind_names_the_right_place() -> None:
    with pytest.raises(UnknownPlace) as error:
        find_district("Quận Củ Chi")
    assert error.value.candidates[0] == districts()["783"]


def test_a_district_and_a_ward_of_one_name() -> None:
    assert find_district("Tân Phú").code == "767"
    assert find_district("Bình Chánh").code == "785"
    assert find_ward("Bình Chánh").name.vi == "Xã Bình Chánh"
    with pytest.raises(UnknownPlace, match="it is a ward"):
        find_district("Xã Bình Chánh")
    with pytest.raises(UnknownPlace, match="it is a district"):
        find_ward("Huyện Bình Chánh")


# ---- wards


@pytest.mark.parametrize(
    "text",
    [
        "26749",
        "Phường Phạm Ngũ Lão",
        "P. Phạm Ngũ Lão",
        "P.Phạm Ngũ Lão",
        "p phạm ngũ lão",
        "Phuong Pham Ngu Lao",
        "pham ngu lao",
        "Phạm Ngu Lao",
        "Phạm Ngũ Lão ward",
        "Pham Ngu Lao Ward, District 1",
        "Phường Phạm Ngũ Lão, Quận 1, TP. Hồ Chí Minh",
        "Quận 1 - Phường Phạm Ngũ Lão",
    ],
)
def test_the_plans_ward_in_district_1(text: str) -> None:
    assert find_ward(text).code == PHAM_NGU_LAO


@pytest.mark.parametrize(
    "text", ["27451", "P. Bình Trị Đông B", "binh tri dong b", "Bình Trị Ðông B".replace("Ð", "Đ"), "BÌNH TRỊ ĐÔNG B (Q. Bình Tân)"]
)
def test_the_plans_ward_in_bình_tân(text: str) -> None:
    assert find_ward(text).code == BINH_TRI_DONG_B


@pytest.mark.parametrize(
    ("text", "vi"),
    [
        ("Bình Hưng Hoà A", "Phường Bình Hưng Hòa A"),
        ("Bình Hưng Hòa A", "Phường Bình Hưng Hòa A"),
        ("PHÚ THỌ HOÀ", "Phường Phú Thọ Hòa"),
        ("Tân Quí Tây", "Xã Tân Quý Tây"),
        ("Tân Qúy", "Phường Tân Quý"),
        ("Qui Đức", "Xã Quy Đức"),
        ("Sơn Kì", "Phường Sơn Kỳ"),
        ("Đakao", "Phường Đa Kao"),
        ("Phường  An Lạc", "Phường An Lạc"),
        ("TT. Củ Chi", "Thị trấn Củ Chi"),
        ("Thi tran Cu Chi", "Thị trấn Củ Chi"),
        ("X. Bà Điểm", "Xã Bà Điểm"),
        ("Xã An Phú", "Xã An Phú"),
        ("Phường An Phú", "Phường An Phú"),
        ("P.28", "Phường 28"),
        ("F28", "Phường 28"),
    ],
)
def test_usual_spellings_of_wards(text: str, vi: str) -> None:
    assert find_ward(text).name.vi == vi


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("phường 17, quận Bình Thạnh", None),
        ("P.17 Q.Bình Thạnh", None),
        ("P17, Bình Thạnh", None),
        ("P.17", "Bình Thạnh"),
        ("17", "765"),
        ("Phường 17", "Q. Binh Thanh"),
        ("P.17, Q. Bình Thạnh", "765"),
        ("Ward 17, Binh Thanh District", None),
    ],
)
def test_a_number_with_its_district(text: str, district: str | None) -> None:
    ward = find_ward(text, district)
    assert (ward.name.vi, ward.district_code) == ("Phường 17", "765")


@pytest.mark.parametrize(
    ("text", "homes"),
    [
        ("Phường 17", {"764", "765", "768"}),
        ("P.17", {"764", "765", "768"}),
        ("17", {"764", "765", "768"}),
        ("Phường Tân Phú", {"763", "778"}),
        ("An Phú", {"769", "783"}),
        ("Tan Quy", {"767", "778"}),  # Tân Quý and Tân Quy
    ],
)
def test_a_shared_name_is_refused_with_all_its_candidates(text: str, homes: set[str]) -> None:
    with pytest.raises(AmbiguousPlace) as error:
        find_ward(text)
    assert {w.district_code for w in error.value.candidates} == homes  # type: ignore[union-attr]
    assert all(described(w).vi in str(error.value) and described(w).en in str(error.value) for w in error.value.candidates)


@pytest.mark.parametrize(("find", "text"), [(find_ward, "An Phú"), (find_district, "Quận Củ Chi")])
def test_a_refusal_travels_between_processes(find: Callable[[str], District | Ward], text: str) -> None:
    with pytest.raises((AmbiguousPlace, UnknownPlace)) as error:
        find(text)
    again = pickle.loads(pickle.dumps(error.value))
    assert (str(again), again.candidates) == (str(error.value), error.value.candidates)


def test_full_marks_settle_what_bare_letters_cannot() -> None:
    assert find_ward("Tân Quy").district_code == "778"
    assert find_ward("Tân Quý").district_code == "767"


@given(st.data())
def test_every_ward_in_every_writing_within_its_district(data: st.DataObject) -> None:
    ward = data.draw(st.sampled_from(list(wards().values())))
    name = data.draw(st.sampled_from([ward.name.vi, ward.name.en, without_marks(ward.name.vi), without_marks(ward.name.en)]))
    home = districts()[ward.district_code].name
    assert find_ward(data.draw(typed(name)), ward.district_code) == ward
    assert find_ward(data.draw(typed(f"{name}, {home.vi}"))) == ward
    assert find_ward(ward.code) == ward


@given(st.data())
def test_a_ward_is_never_mistaken_for_another(data: st.DataObject) -> None:
    ward = data.draw(st.sampled_from(list(wards().values())))
    text = data.draw(typed(ward.name.vi))
    namesakes = tuple(w for w in wards().values() if w.name.vi == ward.name.vi)
    if len(namesakes) == 1:
        assert find_ward(text) == ward
        return
    with pytest.raises(AmbiguousPlace) as error:
        find_ward(text)
    assert error.value.candidates == namesakes


@given(st.data())
def test_a_wrong_mark_is_refused(data: st.DataObject) -> None:
    ward = find_ward(PHAM_NGU_LAO)
    i = data.draw(
        st.sampled_from([i for i, c in enumerate(ward.name.vi) if i > 6 and without_marks(c).lower() in "aeiouy" and c.isalpha()])
    )
    other = data.draw(st.sampled_from("\u0300\u0309\u0301\u0306\u031b"))
    wrong = unicodedata.normalize("NFC", ward.name.vi[: i + 1] + other + ward.name.vi[i + 1 :])
    with pytest.raises(UnknownPlace):
        find_ward(wrong)


@pytest.mark.parametrize("find", [find_district, find_ward])
@given(text=st.text(max_size=30))
def test_any_text_finds_a_place_or_says_why_not(find: Callable[[str], District | Ward], text: str) -> None:
    try:
        found = find(text)
    except (UnknownPlace, AmbiguousPlace) as refusal:
        message = str(refusal)
    else:
        message = " / ".join((described(found).vi, described(found).en))
    assert " / " in message


def test_long_texts_are_not_repeated_whole() -> None:
    with pytest.raises(UnknownPlace) as error:
        find_ward("x" * 1000)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("text", "district"),
    [
        (PHAM_NGU_LAO, "777"),
        ("Phạm Ngũ Lão", "Bình Tân"),
        ("P.30", "765"),
        ("P.17, Q. Bình Thạnh", "760"),
        ("P.1, Q. Bình Thạnh", "Quận 3"),
        ("Bình Trì Đông B", None),
        ("99999", None),
    ],
)
def test_no_such_ward(text: str, district: str | None) -> None:
    with pytest.raises(UnknownPlace, match=r"Không có phường.* / There is no ward"):
        find_ward(text, district)


def test_a_ward_of_another_district_is_named() -> None:
    with pytest.raises(UnknownPlace) as error:
        find_ward("Phạm Ngũ Lão", "Bình Tân")
    assert error.value.candidates == (wards()[PHAM_NGU_LAO],)


def test_an_unknown_district_is_refused_before_the_ward() -> None:
    with pytest.raises(UnknownPlace, match="Quận 13"):
        find_ward("P.1", "Quận 13")


# ---- neighbours


def test_every_ward_has_a_neighbour_and_is_its_neighbour() -> None:
    for code in wards():
        assert neighbours(code)
        assert code not in neighbours(code)
        assert all(code in neighbours(other) for other in neighbours(code))


def test_borders_have_their_length_both_ways() -> None:
    borders = ward_borders()
    assert list(borders) == list(wards())
    assert borders["26734"]["26944"] == borders["26944"]["26734"] == 120
    assert sum(map(len, borders.values())) == 2 * 987
    with pytest.raises(TypeError):
        borders["26734"]["26944"] = 0  # type: ignore[index]


def test_short_borders_count_when_asked() -> None:
    assert "26944" in neighbours("26734", 0)  # 120 m of shared border
    assert "26944" not in neighbours("26734")
    touching = sum(len(neighbours(code, 0)) for code in wards())
    assert touching == 2 * 987
    assert all(neighbours(code, 1000) <= neighbours(code) <= neighbours(code, 0) for code in wards())


def test_phạm_ngũ_lão_borders_on_bến_thành() -> None:
    names = {wards()[code].name.vi for code in neighbours(PHAM_NGU_LAO)}
    assert "Phường Bến Thành" in names


def test_districts_border_on_each_other_both_ways() -> None:
    for code in districts():
        assert district_neighbours(code)
        assert all(code in district_neighbours(other) for other in district_neighbours(code))
    assert sum(len(district_neighbours(code)) for code in districts()) == 2 * 59
    assert "787" in district_neighbours("786")  # Cần Giờ is reached through Nhà Bè alone
    assert "760" not in district_neighbours("787")


@pytest.mark.parametrize("find", [neighbours, district_neighbours])
def test_neighbours_of_nowhere(find: object) -> None:
    with pytest.raises(UnknownPlace, match="'00000'"):
        find("00000")  # type: ignore[operator]


# ---- residents, positions, ages


@pytest.mark.parametrize(
    ("when", "total", "basis"), [(dt.date(2009, 4, 1), 7_162_864, "census 2009"), (dt.date(2019, 4, 1), 8_993_082, "census 2019")]
)
def test_census_days_give_the_counts(when: dt.date, total: int, basis: str) -> None:
    frame = residents(when)
    assert frame["residents"].sum() == pytest.approx(total, abs=1e-3)
    assert set(frame["basis"]) == {basis}


def test_residents_of_a_quarter() -> None:
    frame = residents(Period(2018, 4))
    assert list(frame.columns) == ["ward_code", "district_code", "residents", "basis"]
    assert list(frame["ward_code"]) == list(wards())
    assert set(frame["basis"]) == {"interpolated 2009-2019"}
    assert frame["residents"].gt(0).all()


def test_half_way_a_ward_is_the_geometric_mean_of_its_counts() -> None:
    first, last = residents(dt.date(2009, 4, 1)), residents(dt.date(2019, 4, 1))
    half = residents(dt.date(2014, 4, 1))  # 1,826 of 3,652 days
    assert half["residents"].to_numpy() == pytest.approx((first["residents"] * last["residents"]).to_numpy() ** 0.5)


def test_a_shrinking_ward_shrinks_and_a_growing_one_grows() -> None:
    row = [residents(Period(year)).set_index("ward_code")["residents"] for year in (2010, 2014, 2018)]
    tan_dinh, btd_b = "26734", BINH_TRI_DONG_B  # 26,571 to 23,258; the other grew
    assert row[0][tan_dinh] > row[1][tan_dinh] > row[2][tan_dinh] > 23_258
    assert row[0][btd_b] < row[1][btd_b] < row[2][btd_b]


@given(st.dates(dt.date(2009, 4, 2), dt.date(2019, 3, 31)))
def test_between_the_censuses_no_ward_leaves_their_range(when: dt.date) -> None:
    first, last, here = (residents(d)["residents"] for d in (dt.date(2009, 4, 1), dt.date(2019, 4, 1), when))
    low, high = first.where(first < last, last), first.where(first > last, last)
    assert (here >= low * (1 - 1e-12)).all()
    assert (here <= high * (1 + 1e-12)).all()


@pytest.mark.parametrize("period", [Period(2009, 1), Period(2019, 2), Period(2020)])
def test_outside_the_censuses_is_said(period: Period) -> None:
    assert set(residents(period)["basis"]) == {"extrapolated"}


@pytest.mark.parametrize("period", [Period(1995), Period(2035)])
def test_far_outside_the_censuses_is_refused(period: Period) -> None:
    with pytest.raises(ValueError, match="more than 10 years"):
        residents(period)


def test_a_ward_without_residents_in_one_census_changes_in_a_straight_line() -> None:
    from evaluation.places.ground import between_censuses

    assert between_censuses(0, 3652, dt.date(2009, 4, 2)) == pytest.approx(1)
    assert between_censuses(1000, 0, dt.date(2021, 1, 1)) == 0
    assert between_censuses(0, 0, dt.date(2015, 1, 1)) == 0


def test_positions_of_all_wards() -> None:
    frame = positions()
    assert list(frame.columns) == ["ward_code", "district_code", "x_km", "y_km", "area_km2"]
    assert list(frame["ward_code"]) == list(wards())
    assert not frame.isna().any().any()
    by_district = frame.groupby("district_code")[["x_km", "y_km"]].mean()
    assert by_district["y_km"].idxmax() in {"783", "784"}  # Củ Chi lies north
    assert by_district["y_km"].idxmin() == "787"  # Cần Giờ lies at the sea


def test_ages_of_all_districts() -> None:
    frame = district_ages()
    assert list(frame.columns) == ["district_code", "age_group", "population_2019"]
    assert list(frame["district_code"].unique()) == list(districts())
    assert frame["population_2019"].sum() == 8_993_082
    assert set(frame.groupby("district_code").size()) == {18}
