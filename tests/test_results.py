"""The frozen base of all results: one sentence, one tidy frame, one figure, and text that stays text."""

from __future__ import annotations

import dataclasses
from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes

from evaluation import results
from evaluation.language import Words
from evaluation.results import Result, draws

PLAIN = Result(
    estimand=Words("Tỷ lệ", "Share"),
    method=Words("Đếm toàn bộ", "All counted"),
    estimate=0.25,
    low=0.1,
    high=0.5,
    n=40,
    unit="share",
    assumptions=(Words("Không đổi biểu mẫu", "One form"),),
    diagnostics={"x": 1},
)


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Counted(Result):
    """A result of its own kind."""

    extra: int = 0


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_drawers", {})
    monkeypatch.setattr(results, "_rooms", set())


def test_one_sentence_in_each_language() -> None:
    assert PLAIN.summary() == PLAIN.summary("en") == "Share: 0.25 (95%: 0.1, 0.5) share"
    assert PLAIN.summary("vi") == "Tỷ lệ: 0,25 (95%: 0,1; 0,5) share"


def test_a_level_is_not_rounded_to_certainty() -> None:
    assert "(99.8%: " in dataclasses.replace(PLAIN, level=0.998).summary()


@pytest.mark.parametrize("ends", [{"low": None}, {"high": None}, {"low": None, "high": None}])
def test_half_an_interval_is_none(ends: dict[str, None]) -> None:
    assert dataclasses.replace(PLAIN, **ends).summary() == "Share: 0.25 share"


def test_zero_is_a_number_and_none_is_not() -> None:
    assert dataclasses.replace(PLAIN, estimate=0.0, low=0.0).summary() == "Share: 0 (95%: 0, 0.5) share"
    assert dataclasses.replace(PLAIN, estimate=None).summary() == "Share: —"


def test_a_tidy_frame_of_one_row() -> None:
    frame = PLAIN.to_frame()
    assert frame.to_dict("records") == [
        {
            "estimand": "Share",
            "method": "All counted",
            "estimate": 0.25,
            "low": 0.1,
            "high": 0.5,
            "level": 0.95,
            "n": 40,
            "unit": "share",
        }
    ]


def test_a_result_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PLAIN.estimate = 1.0  # type: ignore[misc]


def test_the_nearest_kind_draws() -> None:
    ax = plt.figure().subplots()
    seen: list[tuple[str, Any]] = []

    @draws(Result)
    def any_result(result: Result, ax: Axes | None = None, **options: Any) -> Axes:
        seen.append(("any", options))
        return ax

    counted = Counted(estimand=PLAIN.estimand, method=PLAIN.method, estimate=1.0)
    assert counted.plot(ax, colour="red") is ax

    @draws(Counted)
    def own(result: Counted, ax: Axes | None = None, **options: Any) -> Axes:
        seen.append(("own", options))
        return ax

    assert counted.plot(ax) is ax
    assert PLAIN.plot(ax) is ax
    assert seen == [("any", {"colour": "red"}), ("own", {}), ("any", {})]
    plt.close("all")


def test_a_result_without_a_figure_says_so() -> None:
    with pytest.raises(TypeError, match="Counted has no figure"):
        Counted(estimand=PLAIN.estimand, method=PLAIN.method, estimate=1.0).plot()


def test_the_figures_are_loaded_with_the_first_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load(name: str) -> None:
        loaded.append(name)
        draws(Result)(lambda result, ax=None, **options: ax)

    monkeypatch.setattr(results, "import_module", load)
    results.drawers_from("a.room.of.figures")
    assert not loaded
    PLAIN.plot()
    PLAIN.plot()
    assert loaded == ["a.room.of.figures"]


def test_text_never_becomes_code_in_a_notebook() -> None:
    evil = Words("<script>alert(1)</script>", "<script>alert(1)</script>")
    page = dataclasses.replace(PLAIN, estimand=evil, method=evil, assumptions=(evil,))._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 3


def test_the_page_speaks_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "reader_language", lambda: "vi")
    assert "Không đổi biểu mẫu" in PLAIN._repr_html_()
    assert repr(PLAIN) == "<Result: Share: 0.25 (95%: 0.1, 0.5) share>"
