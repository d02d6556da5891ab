"""The city's 24 districts and 322 wards of 2018: names, neighbours, residents, positions.

A place is found by its code of the statistics office or by its name in any
usual writing: with or without marks, "Q.1", "Quan 1", "District 1", "P. Phạm
Ngũ Lão", "Phuong Pham Ngu Lao", "phường 17, quận Bình Thạnh". What is written
is never contradicted: a text without marks finds every name with these
letters, a text with marks only names that carry them. A name that several
places share is refused with the candidates.

Facts come from ``data/reference``; where they come from is in its SOURCES.md.
"""

from evaluation.places.ground import district_ages, district_neighbours, neighbours, positions, residents, ward_borders, ward_residents
from evaluation.places.official import AmbiguousPlace, District, UnknownPlace, Ward, described, districts, wards, within_sentence
from evaluation.places.search import find_district, find_ward

__all__ = [
    "AmbiguousPlace",
    "District",
    "UnknownPlace",
    "Ward",
    "described",
    "district_ages",
    "district_neighbours",
    "districts",
    "find_district",
    "find_ward",
    "neighbours",
    "positions",
    "residents",
    "ward_borders",
    "ward_residents",
    "wards",
    "within_sentence",
]
