"""Facts about places: who borders on whom, how many live where, where it lies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from evaluation.language import Words
from evaluation.places.official import Ward, district_list, rows, ward_list
from evaluation.places.search import unknown

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.periods import Period

CENSUSES = (dt.date(2009, 4, 1), dt.date(2019, 4, 1))
FARTHEST_YEARS = 10


def _ward(ward_code: str) -> Ward:
    if ward_code not in ward_list():
        raise unknown(ward_code, Words("phường, xã, thị trấn có mã", "ward with the code"), ())
    return ward_list()[ward_code]


@cache
def ward_borders() -> Mapping[str, Mapping[str, int]]:
    """Return for each ward the length of its border with each neighbour.

    Returns
    -------
    mapping of str to mapping of str to int
        Ward to neighbour to metres; wards in the order of `wards`, both ways,
        every shared border however short. Not to be changed.
    """
    borders: dict[str, dict[str, int]] = {code: {} for code in ward_list()}
    for r in rows("adjacency_wards"):
        borders[r["ward_a"]][r["ward_b"]] = borders[r["ward_b"]][r["ward_a"]] = int(r["shared_border_m"])
    return MappingProxyType({code: MappingProxyType(lengths) for code, lengths in borders.items()})


def neighbours(ward_code: str, min_border_m: int = 150) -> frozenset[str]:
    """Return the codes of the wards that share a border with this one.

    Parameters
    ----------
    ward_code : str
    min_border_m : int
        Shortest shared border that counts, in metres; under 150 m two wards
        hardly touch in more than a corner. 0 takes them all.

    Raises
    ------
    UnknownPlace
        If there is no such ward.
    """
    return frozenset(other for other, length in ward_borders()[_ward(ward_code).code].items() if length >= min_border_m)


@cache
def _district_borders() -> Mapping[str, frozenset[str]]:
    pairs = {(r["district_code_a"], r["district_code_b"]) for r in rows("adjacency_districts")}
    return MappingProxyType({code: frozenset(b if a == code else a for a, b in pairs if code in (a, b)) for code in district_list()})


def district_neighbours(code: str) -> frozenset[str]:
    """Return the codes of the districts whose borders touch this one's (a river is a border, a corner too).

    Raises
    ------
    UnknownPlace
        If there is no such district.
    """
    if code not in district_list():
        raise unknown(code, Words("quận, huyện có mã", "district with the code"), ())
    return _district_borders()[code]


def between_censuses(first: float, second: float, when: dt.date) -> float:
    """Return the residents on a day from two counts: constant growth rate, or constant change where a count is 0."""
    share = (when - CENSUSES[0]).days / (CENSUSES[1] - CENSUSES[0]).days
    if first > 0 and second > 0:
        return float(first * (second / first) ** share)
    return max(0.0, first + (second - first) * share)


@cache
def _census() -> Mapping[str, dict[str, str]]:
    return MappingProxyType({r["ward_code"]: r for r in rows("wards_census")})


def _near_a_census(period: Period | dt.date) -> dt.date:
    """Return the day of which the residents are asked, unless it is too far from both censuses."""
    when = period if isinstance(period, dt.date) else period.middle
    if min(abs((when - census).days) for census in CENSUSES) > 366 * FARTHEST_YEARS:
        raise ValueError(
            f"Không ước được dân số cho ngày {when}: xa cả hai cuộc tổng điều tra 2009 và 2019 quá {FARTHEST_YEARS} năm. / "
            f"No population for {when}: it is more than {FARTHEST_YEARS} years from the censuses of 2009 and 2019."
        )
    return when


def _residents_on(ward_code: str, when: dt.date) -> float:
    return between_censuses(float(_census()[ward_code]["population_2009"]), float(_census()[ward_code]["population_2019"]), when)


def ward_residents(ward_code: str, period: Period | dt.date) -> float:
    """Return the residents of one ward at the middle of a period, as `residents` has them, without a frame.

    Raises
    ------
    UnknownPlace
        If there is no such ward.
    ValueError
        If the day is more than ten years away from both censuses.
    """
    return _residents_on(_ward(ward_code).code, _near_a_census(period))


def residents(period: Period | dt.date) -> pd.DataFrame:
    """Return the residents of every ward at the middle of a period.

    The censuses of 1 April 2009 and 1 April 2019 are the only counts. Between
    them a ward's number of residents is interpolated geometrically (a constant
    rate of growth or decline) to the period's middle day by the calendar;
    before and after, the same rate is carried on, up to ten years. A ward with
    no residents in one census, which has no rate, changes by the same number
    each day instead and is never negative.

    Parameters
    ----------
    period : Period or datetime.date
        A date stands for itself.

    Returns
    -------
    DataFrame
        One row a ward in the order of `wards`: ward_code, district_code,
        residents (float, people, not rounded) and basis: "census 2009",
        "interpolated 2009-2019", "census 2019" or "extrapolated".

    Raises
    ------
    ValueError
        If the day is more than ten years away from both censuses.
    """
    import pandas as pd

    when = _near_a_census(period)
    basis = "interpolated 2009-2019" if CENSUSES[0] < when < CENSUSES[1] else "extrapolated"
    basis = f"census {when.year}" if when in CENSUSES else basis
    return pd.DataFrame(
        {
            "ward_code": list(ward_list()),
            "district_code": [w.district_code for w in ward_list().values()],
            "residents": [_residents_on(code, when) for code in ward_list()],
            "basis": basis,
        }
    )


def positions() -> pd.DataFrame:
    """Return where each ward lies and how large it is.

    Returns
    -------
    DataFrame
        One row a ward in the order of `wards`: ward_code, district_code, x_km
        and y_km (kilometres east and north of the city's south-west corner, to
        0.1 km) and area_km2 (water included).
    """
    import pandas as pd

    census = [_census()[code] for code in ward_list()]
    frame = pd.DataFrame({"ward_code": list(ward_list()), "district_code": [r["district_code"] for r in census]})
    for column in ("x_km", "y_km", "area_km2"):
        frame[column] = [float(r[column]) for r in census]
    return frame


def district_ages() -> pd.DataFrame:
    """Return each district's residents by age, census of 1 April 2019.

    Returns
    -------
    DataFrame
        district_code, age_group ("0-04", "05-09", …, as published) and
        population_2019 (int, people), districts in official order.
    """
    import pandas as pd

    place = {code: i for i, code in enumerate(district_list())}
    ages = sorted(rows("districts_age_2019"), key=lambda r: place[r["district_code"]])
    return pd.DataFrame(
        {
            "district_code": [r["district_code"] for r in ages],
            "age_group": [r["age_group"] for r in ages],
            "population_2019": [int(r["population_2019"]) for r in ages],
        }
    )
