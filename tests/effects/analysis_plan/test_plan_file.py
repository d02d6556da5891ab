"""The plan's file: what is written is read again, and whatever is wrong in it is told with its line and key."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.effects.analysis_plan.plan_texts import changed, plan

from evaluation.effects.analysis_plan.plan import DonorsRule, Method, Windows, default_plan
from evaluation.effects.analysis_plan.plan_file import read_plan, write_plan
from evaluation.effects.analysis_plan.problems import PlanFileError
from evaluation.effects.analysis_plan.tree import LARGEST, grown
from evaluation.indicators import outcome
from evaluation.language import Words


def refused(body: bytes, start: str | None = None) -> PlanFileError:
    with pytest.raises(PlanFileError) as error:
        read_plan(body, "plan.yaml", start)
    return error.value


@pytest.mark.parametrize("pilot", ["pham-ngu-lao", "binh-tri-dong-b"])
def test_the_plan_that_is_written_is_read_again(pilot: str) -> None:
    made = default_plan(pilot, "2017-Q1")
    assert read_plan(write_plan(made).encode()) == made
    assert len(made.primary) == 1
    assert not set(made.negative_controls) & {*made.primary, *made.secondary}
    assert all(outcome(name) for name in made.roles)


def test_every_answer_survives() -> None:
    made = dataclasses.replace(
        plan(),
        question=Words('Có "dấu": # và \\ không?', "Quotes ' and : too?"),
        donors=DonorsRule(level_factor=None, least_reported=0.9, exclude=("26734", "26737")),
        windows=Windows("2017-Q2", 1, 2, "2018-Q3"),
        methods=(Method("sc", "placebo_ratio"),),
        alpha=0.1,
        correction="bh",
        appreciable=0.2,
        notes="hai dòng\nthứ hai",
        secondary=(),
    )
    assert read_plan(write_plan(made).encode()) == made


@pytest.mark.slow
@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=60))
def test_any_text_that_can_be_printed_survives(text: str) -> None:
    made = dataclasses.replace(plan(), notes=text.strip())
    assert read_plan(write_plan(made).encode()) == made


@pytest.mark.parametrize(
    "old, new, key, told",
    [
        ("primary: [sti_tested]", "primary: [sti_teste]", "outcomes.primary", "sti_tested"),
        ("primary: [sti_tested]", "primary: [inspections]", "outcomes.primary", "context"),
        ("primary: [sti_tested]", "primary: [outreach_reached]", "outcomes.primary", "process"),
        ("primary: [sti_tested]", "primary: []", "outcomes.primary", "at least one primary"),
        ("primary: [sti_tested]", "primary: sti_tested", "outcomes.primary", "must be a list"),
        ("primary: [sti_tested]", "primary: [hiv_tested]", "outcomes.secondary", "stands in outcomes.primary already"),
        ("alpha: 0.05", "alpha: 5", "alpha", "from 0.001 to 0.2"),
        ("alpha: 0.05", "alpha: 0,05", "alpha", "written like 0.05"),
        ("alpha: 0.05", "alpha: no", "alpha", "must be a number"),
        ("alpha: 0.05", "alpha: nan", "alpha", "must be a number"),
        ("alpha: 0.05", "alpha: ٠.٠٥", "alpha", "must be a number"),
        ("alpha: 0.05", "alpha: 5e-2", "alpha", "must be a number"),
        ("anticipation: 0", "anticipation: 0.5", "windows.anticipation", "written like 1."),
        ("alpha: 0.05", "alhpa: 0.05", "alhpa", "alpha?"),
        ("anticipation: 0", "anticipation: 1.5", "windows.anticipation", "whole number"),
        ("start: 2017-Q1", "start: 2017", "windows.start", "quarter"),
        ("start: 2017-Q1", "start: soon", "windows.start", "Cannot read the period"),
        ("until: 2018-Q4", "until: 2016-Q4", "windows.until", "before 2017-Q1"),
        ("design: sdid", "design: sdd", "methods.design", "sdid?"),
        ("judged_by: placebo\n\n", "judged_by: placebo_rati\n\n", "methods.judged_by", "placebo_ratio?"),
        ("design: sdid", "design: did", "methods", "twice"),
        ("correction: holm", "correction: bonferroni", "correction", "there are: holm"),
        ("pilot: pham-ngu-lao", "pilot: pham-ngu", "pilot", "pham-ngu-lao?"),
        ("least_reported: 0.75", "least_reported: 0.5", "donors.least_reported", "from 0.75 to 1"),
        ("level_factor: 3", "level_factor: 0.5", "donors.level_factor", "from 1.1"),
        ("neighbours: exclude", "neighbours: include", "donors.neighbours", "there are: exclude"),
        ("exclude: []", "exclude: [99999]", "donors.exclude", "no ward"),
        ("format: 1", "format: 2", "format", "format 1 alone"),
        ("correction: holm", "", "correction", "missing"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_key(old: str, new: str, key: str, told: str) -> None:
    body = changed((old, new))
    error = refused(body)
    found = [p for p in error.problems if p.key == key and told in p.said.en]
    assert found, str(error)
    lines = body.decode().splitlines()
    if new and key not in ("outcomes.secondary", "methods"):
        assert new.partition(":")[0].strip() in lines[found[0].line - 1]
    assert " / plan.yaml, line" in str(error)
    assert found[0].said.vi != found[0].said.en


def test_all_problems_are_told_at_once_in_the_order_of_lines() -> None:
    error = refused(changed(("alpha: 0.05", "alpha: 9"), ("format: 1", "format: x"), ("correction: holm", "correction: h")))
    assert [p.key for p in error.problems] == ["format", "alpha", "correction"]


def test_another_start_than_that_of_the_data_is_wrong() -> None:
    error = refused(changed(), "2016-Q3")
    assert "started in 2016-Q3" in str(error)
    assert read_plan(changed(), "plan.yaml", "2017-Q1") == plan()


@pytest.mark.parametrize(
    "body, told",
    [
        (b"a: 1\na: 2\n", "twice"),
        (b"a: &x [1]\nb: *x\n", "anchors"),
        (b"a: !!python/object/apply:os.system [ls]\n", "tags"),
        (b"<<: {a: 1}\n<<: {a: 1}\n", "twice"),
        (b"a: 1\n---\nb: 2\n", "no YAML"),
        (b"a: [1, 2\n", "no YAML"),
        (b"a: b: c\n", "no YAML"),
        (b"", "empty"),
        (b"# nothing\n", "empty"),
        (b"\xff\xfe\n", "UTF-8"),
        (b"a: \x00\n", "printed"),
        (b"[" * 500 + b"]" * 500, "deeper"),
        (b"? [1, 2]\n: 3\n", "one word"),
        (b"x" * (LARGEST + 1), "larger"),
    ],
)
def test_yaml_that_is_never_read(body: bytes, told: str) -> None:
    with pytest.raises(PlanFileError, match=told):
        grown(body, "plan.yaml")


def test_a_file_that_expands_to_a_billion_is_refused_before_it_does() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join(['*a' + str(n - 1)] * 9)}]" for n in range(1, 12)]
    with pytest.raises(PlanFileError, match="line 1"):
        grown("\n".join(lines).encode(), "plan.yaml")


def test_no_value_is_guessed() -> None:
    tree = grown(b"country: no\nday: 2017-01-01\ncode: 026749\ntime: 22:30\nnothing:\nquoted: 'null'\n", "plan.yaml")
    assert tree.keys is not None
    assert [b.text for b in tree.keys.values()] == ["no", "2017-01-01", "026749", "22:30", "", "null"]
    assert [b.empty for b in tree.keys.values()] == [False, False, False, False, True, False]


def test_a_list_or_a_word_is_no_plan() -> None:
    for body in (b"- a\n", b"word\n"):
        assert "must hold the keys" in str(refused(body))


def test_pilots_without_a_ward_have_no_default_plan() -> None:
    with pytest.raises(KeyError, match="pham-ngu-lao"):
        default_plan("peer-groups", "2017-Q1")
