"""Absent research data skip a test with the reason, and fail it where they are expected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation import published
from evaluation.settings import Folders


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(published, "folders", lambda: Folders(tmp_path / "place" / "checkout"))
    monkeypatch.delenv(published.FOLDER_VARIABLE, raising=False)


@pytest.mark.usefixtures("nowhere")
def test_absence_skips_and_says_where_it_is_published(require: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(published.EXPECT_VARIABLE, raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"published data not at hand.*gasparrini"):
        require("sicily")


@pytest.mark.usefixtures("nowhere")
def test_absence_fails_where_the_data_are_expected(require: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(published.EXPECT_VARIABLE, "1")
    with pytest.raises(pytest.fail.Exception, match="published data expected"):
        require("sicily")
