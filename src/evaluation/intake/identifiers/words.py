"""Words that tell identifiers from other text: ``data/codebook/identifier_words.csv`` and the names of places."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from functools import cache
from types import MappingProxyType

from evaluation.intake.book import folded
from evaluation.intake.identifiers.writing import bare, key
from evaluation.places import districts, wards
from evaluation.settings import folders

LABELS = ("name", "name_weak", "identity", "phone", "email", "address", "birth", "bank", "plate", "venue", "place")


@cache
def lists() -> Mapping[str, tuple[str, ...]]:
    """Return the lists of words by their names, as written."""
    found: dict[str, list[str]] = {}
    with (folders().data / "codebook" / "identifier_words.csv").open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            found.setdefault(row["list"], []).append(row["words"])
    return MappingProxyType({name: tuple(words) for name, words in found.items()})


@cache
def keys(*names: str) -> frozenset[str]:
    """Return the words of some lists, to be found whatever letter carries the tone."""
    return frozenset(key(w) for name in names for w in lists()[name])


@cache
def bares(*names: str) -> frozenset[str]:
    """Return the words of some lists without marks."""
    return frozenset(bare(w) for name in names for w in lists()[name])


def _phrases(texts: Collection[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(text.split()) for text in texts)


@cache
def places() -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
    """Return the names of wards, districts, provinces and well-known streets as words: with marks (`key`) and without."""
    official = [w.name.vi for w in wards().values()] + [d.name.vi for d in districts().values()]
    texts = [t.lower() for t in official] + [_proper(t) for t in official] + list(lists()["place_name"]) + list(lists()["street"])
    return (
        _phrases([" ".join(key(w) for w in t.split()) for t in texts]),
        _phrases([bare(t) for t in texts]),
    )


@cache
def streets() -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
    """Return the well-known streets as words: with marks (`key`) and without."""
    texts = lists()["street"]
    return _phrases([" ".join(key(w) for w in t.split()) for t in texts]), _phrases([bare(t) for t in texts])


def _proper(name: str) -> str:
    """Return an official name without the word for its kind."""
    low = name.lower()
    for kind in ("thị trấn ", "phường ", "quận ", "huyện ", "xã "):
        low = low.removeprefix(kind)
    return low


@cache
def wards_alone() -> frozenset[str]:
    """Return ward and district names as a cell of the ward column may hold them, with and without the kind, folded."""
    official = [w.name.vi for w in wards().values()] + [d.name.vi for d in districts().values()]
    return frozenset(folded(t) for name in official for t in (name, _proper(name)))


@cache
def labels() -> Mapping[str, str]:
    """Return headings and labels, folded, with what kind of thing they announce."""
    return MappingProxyType({folded(w): kind for kind in reversed(LABELS) for w in lists()[f"label_{kind}"]})


@cache
def long_labels() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return the labels of several words by their first one: those after which an explanation may follow."""
    found: dict[str, list[tuple[str, str]]] = {}
    for label, kind in labels().items():
        if " " in label and kind != "name_weak":
            found.setdefault(label.split()[0], []).append((label, kind))
    return MappingProxyType({first: tuple(known) for first, known in found.items()})


@cache
def place_beginnings() -> frozenset[str]:
    """Return the words, without marks, with which names of places begin."""
    return frozenset(bare(words[0]) for words in places()[1])
