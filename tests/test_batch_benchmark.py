"""What the benchmark of the batch rests on: pages that differ are told apart, and simulated workers add up."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PICTURE = "<img src='data:image/png;base64,AA=='>"
SHOWN = f"<table><tr><th>a</th><td>1</td></tr></table><p>Two <b>words</b></p><pre>one line\nanother</pre>{PICTURE}"


@pytest.fixture
def content(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.batch import content as module

    return module


@pytest.fixture
def scale(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.batch import scale_out as module

    return module


def test_a_page_may_say_more_in_other_clothes(content: ModuleType) -> None:
    more = f"<h1>Title</h1><div class='x'>{SHOWN.replace('<b>', '<em>').replace('</b>', '</em>')}</div><script>one line</script>"
    assert content.content(more).lacks(content.content(SHOWN)) == ""


@pytest.mark.parametrize(
    "was, becomes, said",
    [
        ("<td>1</td>", "<td>2</td>", "1 of 1 tables"),
        ("words", "word", "1 of 5 texts"),
        ("another", "", "1 of 5 texts"),
        (PICTURE, "", "0 figures instead of 1"),
        ("<img", "<svg></svg><img", "2 figures instead of 1"),
    ],
)
def test_a_page_that_says_less_or_draws_more_differs(content: ModuleType, was: str, becomes: str, said: str) -> None:
    assert content.content(SHOWN.replace(was, becomes)).lacks(content.content(SHOWN)).startswith(said)


def test_workers_that_wait_for_nothing_share_the_work(scale: ModuleType) -> None:
    parts = scale.Parts(shared=3.0, start=2.0, scheduler=0.0, client=0.0, kernel=1.0, publisher=0.0)
    for cluster in (False, True):
        assert [o.seconds for o in scale.course(parts, 24, cluster, (1, 5, 24, 256))] == pytest.approx([29, 10, 6, 6])


def test_one_publisher_sets_the_pace_of_a_cluster(scale: ModuleType) -> None:
    parts = scale.Parts(shared=0.0, start=0.0, scheduler=0.0, client=0.0, kernel=1.0, publisher=0.1)
    outcome = scale.simulated(parts, 700, 256, True)
    assert outcome.seconds == pytest.approx(1.0 + 700 * 0.1)
    assert outcome.binding == "publisher"


def test_threads_of_one_process_wait_for_its_lock_and_machines_do_not(scale: ModuleType) -> None:
    parts = scale.Parts(shared=0.0, start=0.0, scheduler=0.0, client=0.2, kernel=0.8, publisher=0.0)
    alone, cluster = scale.simulated(parts, 500, 50, False), scale.simulated(parts, 500, 50, True)
    assert alone.seconds == pytest.approx(500 * 0.2 + 0.8)
    assert alone.binding == "client"
    assert cluster.seconds == pytest.approx(10 * 1.0)


def test_the_sentence_names_the_part_and_the_place(scale: ModuleType) -> None:
    parts = scale.Parts(shared=0.0, start=0.0, scheduler=0.0, client=0.0, kernel=1.0, publisher=0.1)
    said = scale.sentence(scale.course(parts, 700, True), True)
    assert said.startswith("On a cluster, 700 reports stop scaling at 16 workers")
    assert said.endswith("the one process that publishes.")
    assert scale.knee(scale.course(parts, 700, True, (1, 2, 4))) is None
