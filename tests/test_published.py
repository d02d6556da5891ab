"""`published` finds research data by name, checks them, and otherwise says where they are published."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from evaluation import published
from evaluation.settings import Folders


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkout in an empty place, so that nothing of this machine is found."""
    root = tmp_path / "place" / "checkout"
    (root / "data" / "codebook").mkdir(parents=True)
    monkeypatch.setattr(published, "folders", lambda: Folders(root))
    monkeypatch.delenv(published.FOLDER_VARIABLE, raising=False)
    return root


def _known(monkeypatch: pytest.MonkeyPatch, content: bytes, separator: str = ",") -> None:
    one = published.Dataset(
        "prop99", published.DATASETS["prop99"].content, "a study", "https://example.org", hashlib.sha256(content).hexdigest(), separator
    )
    monkeypatch.setattr(published, "DATASETS", {"prop99": one})


def test_absence_says_where_it_is_published_in_both_languages(alone: Path) -> None:
    assert not published.available("prop99")
    with pytest.raises(published.PublishedDataMissing) as caught:
        published.load("prop99")
    message = str(caught.value)
    assert "https://github.com/synth-inference/synthdid" in message
    assert "EVALUATION_PUBLISHED" in message
    assert "data/published/" in message
    assert " / " in message
    assert "chưa có" in message
    assert "not on this machine" in message


@pytest.mark.parametrize("where", ["variable", "checkout", "next to it"])
def test_each_place_is_searched(where: str, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = {
        "variable": alone.parent / "elsewhere",
        "checkout": alone / "data" / "published",
        "next to it": alone.parent / "shared" / "gold",
    }[where]
    folder.mkdir(parents=True)
    (folder / "prop99.csv").write_bytes(b"a;b\n1;2\n")
    _known(monkeypatch, b"a;b\n1;2\n", ";")
    if where == "variable":
        monkeypatch.setenv(published.FOLDER_VARIABLE, str(folder))
    assert published.path("prop99") == folder / "prop99.csv"
    assert published.load("prop99").to_dict("list") == {"a": [1], "b": [2]}


def test_another_version_is_refused_and_said_so(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(published.FOLDER_VARIABLE, str(alone))
    (alone / "prop99.csv").write_bytes(b"changed")
    _known(monkeypatch, b"original")
    assert not published.available("prop99")
    with pytest.raises(published.PublishedDataMissing, match="SHA-256 differs"):
        published.path("prop99")


def test_another_version_does_not_hide_the_right_one_further_on(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = alone / "data" / "published"
    right.mkdir(parents=True)
    (right / "prop99.csv").write_bytes(b"original")
    (alone / "prop99.csv").write_bytes(b"changed")
    monkeypatch.setenv(published.FOLDER_VARIABLE, str(alone))
    _known(monkeypatch, b"original")
    assert published.path("prop99") == right / "prop99.csv"


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match="mpdta"):
        published.available("nothing")


def test_expectation_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(published.EXPECT_VARIABLE, raising=False)
    assert not published.expected()
    monkeypatch.setenv(published.EXPECT_VARIABLE, "1")
    assert published.expected()


def test_the_projects_own_figures_are_whole() -> None:
    figures = published.figures()
    assert len(figures) == 165
    assert figures["id"].is_unique
    assert (figures[["id", "measure", "place", "value", "source_title", "source_address"]] != "").all().all()
    assert "quote" not in figures


def test_figures_missing_says_what_to_do(alone: Path) -> None:
    with pytest.raises(FileNotFoundError, match="restore it from the repository"):
        published.figures()
