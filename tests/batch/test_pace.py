"""The time that a run still takes: near the truth, counting down, without jumps."""

from __future__ import annotations

from itertools import pairwise

import pytest

from evaluation.cli.pace import CALM, Pace, about

STEP = 0.25


def _watched(expected: dict[str, float | None], truth: dict[str, float], workers: int) -> list[tuple[float, float | None]]:
    """Play a run of jobs that take what `truth` says; return at each step the time really left and the time shown."""
    pace = Pace(expected)
    waiting, under_way, now = list(truth), {}, 0.0
    moments: list[tuple[float, float | None]] = []
    while waiting or under_way:
        for job in [job for job, end in under_way.items() if end <= now]:
            del under_way[job]
            pace.ended(job, now)
        while waiting and len(under_way) < workers:
            job = waiting.pop(0)
            under_way[job] = now + truth[job]
            pace.begun(job, now)
        moments.append((now, pace.left(now)))
        now += STEP
    end = now - STEP
    return [(end - at, shown) for at, shown in moments]


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("slower", [0.5, 1.0, 3.0])
def test_the_time_shown_comes_near_the_truth(workers: int, slower: float):
    expected = {str(n): 10.0 for n in range(24)}
    found = _watched(expected, dict.fromkeys(expected, 10.0 * slower), workers)
    second_half = found[len(found) // 2 :]
    near = [abs(shown - truth) <= CALM + max(0.25 * truth, 10.0 * slower) for truth, shown in second_half if shown is not None]
    assert all(near)
    assert len(near) == len(second_half)


def test_the_time_shown_never_jumps():
    expected = {str(n): 10.0 for n in range(24)}
    truth = {job: 2.0 + 40.0 * (int(job) % 7 == 0) for job in expected}
    shown = [left for _, left in _watched(expected, truth, 2) if left is not None]
    assert max(abs(b - a) for a, b in pairwise(shown)) < 0.1 * shown[0]


def test_nothing_is_said_before_anything_is_known():
    pace = Pace({"a": None, "b": None})
    pace.begun("a", 0.0)
    assert pace.left(5.0) is None
    pace.ended("a", 8.0)
    assert pace.left(8.0) == pytest.approx(8.0)


def test_all_done_leaves_nothing():
    pace = Pace({})
    assert pace.left(0.0) == 0.0


@pytest.mark.parametrize(
    ("seconds", "vietnamese", "english"),
    [
        (3, "vài giây", "A few seconds"),
        (31, "khoảng 40 giây", "About 40 seconds"),
        (60, "khoảng 1 phút", "About 1 minute"),
        (150, "khoảng 3 phút", "About 3 minutes"),
        (9000, "khoảng 2,5 giờ", "About 2.5 hours"),
    ],
)
def test_it_is_written_no_more_exactly_than_it_is_known(seconds: float, vietnamese: str, english: str):
    assert about(seconds, "vi") == vietnamese
    assert about(seconds, "en") == english
