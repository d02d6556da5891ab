"""The picture of a run on terminals of any width, and plain lines elsewhere."""

from __future__ import annotations

import io
import os
import sys

import pytest
from rich.cells import cell_len
from rich.console import Console

from evaluation.batch.events import CELL_BEGUN, JOB_BEGUN, JOB_ENDED, KERNEL, PLANNED, SHARED_BEGUN, SHARED_ENDED, Event
from evaluation.cli import live as screen
from evaluation.cli.live import Memory, Picture, live
from evaluation.language import LANGUAGES

PLACES = {"760-vi": "Quận 1", "786-vi": "Huyện Nhà Bè", "x-vi": "Hỗ trợ, giảm hại cho phụ nữ làm việc tại cơ sở kinh doanh có điều kiện"}


def _picture(language: str) -> Picture:
    picture = Picture("Lập 3 báo cáo, Quý IV/2018 …", PLACES, language)
    picture.see(Event(PLANNED, told={"current": 0, "making": {job: {"why": "new", "seconds": 60.0} for job in PLACES}}))
    picture.see(Event(JOB_BEGUN, "760-vi"))
    picture.see(Event(JOB_ENDED, "760-vi", {"outcome": "done", "seconds": 60.0}))
    for job in ("786-vi", "x-vi"):
        picture.see(Event(JOB_BEGUN, job))
        picture.see(Event(KERNEL, job, {"process": os.getpid(), "kernel": "warm"}))
        picture.see(Event(CELL_BEGUN, job, {"cell": 7, "cells": 12}))
    return picture


def _drawn(picture: Picture, width: int, height: int = 24) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=True, color_system=None, highlight=False, markup=False)
    console.print(picture)
    return out.getvalue().rstrip("\n").split("\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 200])
def test_a_picture_keeps_its_lines_on_any_width(width: int, language: str):
    lines = _drawn(_picture(language), width)
    assert len(lines) == 5  # heading, two reports, bar, time left
    assert max(map(cell_len, lines)) <= width
    assert [line.split()[0] for line in lines[1:3]] == ["Huyện", "Hỗ"]
    assert all("7/12" in line for line in lines[1:3])


@pytest.mark.parametrize(("language", "counts", "left"), [("vi", "1/3 · lập 1", "Còn khoảng"), ("en", "1/3 · made 1", "About")])
def test_it_says_how_far_the_whole_is_and_how_long_it_takes(language: str, counts: str, left: str):
    lines = _drawn(_picture(language), 100)
    assert counts in lines[3]
    assert left in lines[4]
    assert "PSS" in lines[4] or "RSS" in lines[4]
    assert "MB" in lines[1]


def test_narrow_terminals_lose_memory_before_time_and_never_the_place():
    assert ("MB" in _drawn(_picture("en"), 80)[1], " s" in _drawn(_picture("en"), 80)[1]) == (True, True)
    assert ("MB" in _drawn(_picture("en"), 50)[1], " s" in _drawn(_picture("en"), 50)[1]) == (False, True)
    assert "Huyện" in _drawn(_picture("en"), 24)[1]


@pytest.mark.parametrize(("width", "bar"), [(100, True), (40, False)])
def test_narrow_terminals_have_the_counts_whole_instead_of_a_bar(width: int, bar: bool):
    line = _drawn(_picture("en"), width)[3]
    assert "1/3 · made 1 · there 0 · failed 0" in line
    assert ("━" in line) == bar


def test_more_reports_than_lines_are_counted():
    places = {f"{n}-vi": f"Nơi {n}" for n in range(40)}
    picture = Picture("heading", places, "vi")
    for job in places:
        picture.see(Event(JOB_BEGUN, job))
    lines = _drawn(picture, 80, height=12)
    assert len(lines) <= 12
    assert any(line.strip() == f"và {40 - sum('Nơi' in one for one in lines)} báo cáo khác đang lập" for line in lines)


def test_shared_work_is_a_line_of_its_own_and_counts_as_no_report():
    picture = Picture("heading", PLACES, "en")
    picture.see(Event(SHARED_BEGUN, "shared"))
    assert "What all reports share" in _drawn(picture, 80)[1]
    assert "0/3" in _drawn(picture, 80)[2]
    picture.see(Event(SHARED_ENDED, "shared", {"made": True}))
    assert len(_drawn(picture, 80)) == 3


def test_what_was_there_already_is_no_pace():
    picture = Picture("heading", PLACES, "en")
    picture.see(Event(PLANNED, told={"current": 1, "making": {"786-vi": {"why": "new", "seconds": 100.0}}}))
    picture.see(Event(JOB_ENDED, "760-vi", {"outcome": "current", "seconds": 0.0}))
    lines = _drawn(picture, 80)
    assert "1/3 · made 0 · there 1 · failed 0" in lines[1]
    assert lines[2].startswith("About 2 minutes left")


def test_memory_of_a_process_that_has_gone_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(screen, "SAMPLED", 0.0)
    memory = Memory()
    gone = 2**22 + 1  # beyond the highest number that Linux gives a process
    held = memory.of([os.getpid(), gone])
    assert held[0] > 10_000_000
    assert held[os.getpid()] >= 0.5 * held[0]
    assert held[gone] == 0
    assert memory.kind == ("PSS" if sys.platform == "linux" else "RSS")


@pytest.mark.parametrize(("language", "said"), [("vi", "Tính phần dùng chung"), ("en", "Working out what all reports share")])
def test_elsewhere_than_on_a_terminal_there_are_plain_lines(language: str, said: str):
    out = io.StringIO()
    with live("heading", PLACES, language, out) as (tell, see):
        see(Event(SHARED_BEGUN, "shared"))
        see(Event(JOB_BEGUN, "760-vi"))
        tell("one", True)
        tell("", True)
    lines = out.getvalue().splitlines()
    assert lines[0] == "heading"
    assert lines[1].startswith(said)
    assert lines[2:] == ["one"]
    assert "\x1b" not in out.getvalue()


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_that_cannot_be_drawn_on_gets_plain_lines(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "dumb")
    out = _Terminal()
    with live("heading", PLACES, "vi", out) as (tell, _):
        tell("one", True)
    assert out.getvalue() == "heading\none\n"


def test_a_terminal_is_left_clean_with_the_lines_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    out = _Terminal()
    with live("heading", PLACES, "vi", out) as (tell, see):
        assert out.getvalue().rfind("\x1b[?25h") > out.getvalue().rfind("\x1b[?25l")  # the cursor is never hidden: a killed run leaves it
        see(Event(JOB_BEGUN, "760-vi"))
        tell("a line [of] a report", True)
        see(Event(JOB_ENDED, "760-vi", {"outcome": "failed", "seconds": 1.0}))
        tell("a failure", False)
    assert "a line [of] a report" in out.getvalue()
    assert "a failure" in out.getvalue()
