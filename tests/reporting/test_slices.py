"""Slices: the same read or made, changed only where what they show changed, private, and without anything that the gate withheld."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from evaluation.cache import kept
from evaluation.cache.parts import to_parts
from evaluation.contracts import SHOWN, WITHHELD
from evaluation.indicators import elements, indicators
from evaluation.periods import Period
from evaluation.places import districts, wards
from evaluation.reporting.district import district_report
from evaluation.reporting.evidence import Evidence
from evaluation.reporting.model import to_json
from evaluation.reporting.slices import city, shared
from evaluation.reporting.slices.shared import SLICE, SliceError
from evaluation.reporting.slices.slice import Slice
from evaluation.settings import Folders
from evaluation.store import open_store

pytestmark = pytest.mark.slow

PERIOD, DATE, CODE = "2018-Q4", dt.date(2018, 12, 19), "1.0+test"
WITH_PILOT, WITHOUT = "760", "783"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, made: dict[str, Slice]) -> Iterator[Path]:
    """A work folder of its own, in which nothing is kept yet; slices that have to be worked out are those of `made`."""
    place = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "folders", lambda: Folders(place))
        patch.setattr(shared, "code_version", lambda: CODE)
        patch.setattr(city, "slices", lambda store, period: made)
        yield place / "work" / kept.FOLDER


@pytest.fixture(scope="module")
def listed(work: Path, example_store: Path) -> dict[str, tuple[Path, str]]:
    return shared.shared(example_store, "", PERIOD)


def test_slices_are_the_same_read_or_made(made: dict[str, Slice], listed: dict[str, tuple[Path, str]]) -> None:
    assert list(listed) == list(districts())
    for code, (path, sha256) in listed.items():
        found = kept.read(path)
        assert to_parts(made[code]).sha256() == to_parts(found.slice).sha256() == found.sha256 == sha256
    assert len({sha256 for _, sha256 in listed.values()}) == 24


def test_a_report_has_the_same_bytes_from_a_slice_handed_over_read_or_made(
    listed: dict[str, tuple[Path, str]], example_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "_make", lambda *a: pytest.fail("worked out again"))
    alone = district_report(WITHOUT, PERIOD, "en", store=example_store)
    read = to_json(alone.tree())
    assert alone.manifest["data_sha256"] == listed[WITHOUT][1]
    monkeypatch.setattr(shared, "open_store", lambda *a: pytest.fail("opened a store"))
    monkeypatch.setattr(shared, "state_key", lambda *a: pytest.fail("opened a store"))
    monkeypatch.setenv(SLICE, str(listed[WITHOUT][0]))
    assert to_json(district_report(WITHOUT, PERIOD, "en", store="nowhere.duckdb").tree()) == read


def test_one_slice_serves_both_languages(listed: dict[str, tuple[Path, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLICE, str(listed[WITH_PILOT][0]))
    titles = {district_report(WITH_PILOT, PERIOD, language).subject.place for language in ("vi", "en")}
    assert titles == {"Quận 1", "District 1"}


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"district": WITHOUT, "period": PERIOD}, "district="),
        ({"district": WITH_PILOT, "period": "2018-Q3"}, "period="),
        ({"district": WITH_PILOT, "period": PERIOD, "as_of": "2018-12-31"}, "as_of="),
    ],
)
def test_another_s_slice_is_refused_in_both_languages(
    listed: dict[str, tuple[Path, str]], monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], named: str
) -> None:
    monkeypatch.setenv(SLICE, str(listed[WITH_PILOT][0]))
    with pytest.raises(SliceError) as told:
        district_report(**asked)
    for half in str(told.value).split(" / "):
        assert named in half
        assert SLICE in half


def test_a_slice_of_other_code_is_refused(listed: dict[str, tuple[Path, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLICE, str(listed[WITH_PILOT][0]))
    monkeypatch.setattr(shared, "code_version", lambda: "1.0+other")
    with pytest.raises(SliceError, match=r"code=1\.0\+other"):
        district_report(WITH_PILOT, PERIOD)


def test_a_damaged_or_missing_slice_that_was_handed_over_says_so(
    listed: dict[str, tuple[Path, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "slice.npz"
    monkeypatch.setenv(SLICE, str(path))
    with pytest.raises(SliceError, match="cannot be read"):
        district_report(WITH_PILOT, PERIOD)
    path.write_bytes(listed[WITH_PILOT][0].read_bytes()[:-9])
    with pytest.raises(SliceError, match="Không đọc được"):
        district_report(WITH_PILOT, PERIOD)


def test_a_damaged_slice_is_worked_out_anew(listed: dict[str, tuple[Path, str]], example_store: Path) -> None:
    path, sha256 = listed[WITHOUT]
    before = path.read_bytes()
    path.write_bytes(before[: len(before) // 2])
    assert shared.shared(example_store, "", PERIOD)[WITHOUT] == (path, sha256)
    assert path.read_bytes() == before


def test_slices_are_private_and_small(listed: dict[str, tuple[Path, str]], work: Path) -> None:
    assert stat.S_IMODE(work.stat().st_mode) == 0o700
    for path, _ in listed.values():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        assert path.stat().st_size < 300_000


def test_slices_that_are_there_are_found_without_pandas_numpy_or_jupyter(
    listed: dict[str, tuple[Path, str]], work: Path, example_store: Path
) -> None:
    code = (
        "import json, sys; from pathlib import Path; from evaluation.cache import kept; from evaluation.settings import Folders; "
        "from evaluation.reporting.slices import shared; kept.folders = lambda: Folders(Path(sys.argv[2])); "
        f"shared.code_version = lambda: {CODE!r}; "
        f"found = shared.shared(sys.argv[1], '', {PERIOD!r}); "
        "print(json.dumps({c: s for c, (_, s) in found.items()})); "
        "print([m for m in ('numpy', 'pandas', 'scipy', 'matplotlib', 'IPython', 'jupyter_client', 'nbformat') if m in sys.modules])"
    )
    asked = [sys.executable, "-c", code, str(example_store), str(work.parents[1])]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    told, modules = done.stdout.splitlines()
    assert json.loads(told) == {code: sha256 for code, (_, sha256) in listed.items()}
    assert modules == "[]"


def test_no_slice_holds_a_value_that_the_gate_withheld(made: dict[str, Slice], evidence: Evidence, example_store: Path) -> None:
    """The number under a withheld count is known here: it stands in no row of its place, element or quarter."""
    totals = open_store(example_store, DATE).district_totals().set_index(["district_code", "period", "element"])["value"]
    counts = evidence.protection.counts
    hidden = set(counts.loc[counts["state"] == WITHHELD, ["place", "period", "element"]].itertuples(index=False, name=None))
    states = counts.set_index(["place", "period", "element"])["state"]
    assert len(hidden) > 100, "the example must have something to hide"
    for code, one in made.items():
        for row in one.values.to_dict("records"):
            known, period = indicators()[row["indicator"]], row["period"]
            if (code, period, known.numerator) in hidden or (code, period, known.denominator) in hidden:
                assert row["state"] != SHOWN
                assert np.isnan([row["value"], row["low"], row["high"]]).all()
            for side in ("numerator", "denominator"):
                assert (code, period, getattr(known, side)) not in hidden or np.isnan(row[side])
        shown = one.funnel.frame
        assert shown.loc[shown["state"] != SHOWN, ["count", "n", "value"]].isna().to_numpy().all()
        for line in one.money.lines:
            if line.state == WITHHELD:
                assert np.isnan([line.planned, line.spent]).all()
                assert line.unit is None
        if one.money.drawn is not None:
            frame = one.money.drawn.frame
            assert set(frame["code"]) == {code}
            assert frame.loc[frame["state"] != SHOWN, ["money", "count", "value", "low", "high"]].isna().to_numpy().all()
        for element, period, value in one.odd_figures[["element", "period", "value"]].itertuples(index=False):
            assert totals[code, period, element] == value
            assert states[code, period, element] == SHOWN


def test_no_slice_holds_a_ward_s_figure(made: dict[str, Slice]) -> None:
    """Wards stand in a slice with whether they reported and what is offered there; no count, estimate or weight of theirs."""
    codes = set(wards())
    for one in made.values():
        for field in dataclasses.fields(one):
            tree = json.dumps(to_parts(getattr(one, field.name)).tree)
            named = codes & set(re.findall(r'"(\d{5})"', tree))
            assert not named or field.name in ("completeness", "matrix", "services"), field.name
        assert one.corrections.cells.empty
        assert one.corrections.sizes.empty
        for pilot in one.pilots.own:
            for found in pilot.estimates:
                assert found.effect is None or list(found.effect.placebo) == ["effect"]
                assert found.effect is None or all(getattr(found.effect, n).empty for n in ("effects", "counterfactual", "weights"))


def test_no_slice_holds_what_a_district_wrote_beyond_its_gate(made: dict[str, Slice], example_store: Path) -> None:
    told = open_store(example_store, DATE).narratives()
    own = told[told["period"] == PERIOD].set_index("district_code")["narrative"]
    assert len(own)
    for code, one in made.items():
        assert not any(re.search(r"\d", s) for s in one.prose.sentences)
        assert set(one.prose.sentences) <= set(re.split(r"(?<=[.!?;])\s+|\n+", own.get(code, "")))


def test_small_sensitive_counts_are_nowhere_in_a_table_of_counts(made: dict[str, Slice]) -> None:
    sensitive = {i.id for i in indicators().values() if i.measure == "count" and any(elements()[e].sensitive for e in i.elements)}
    for one in made.values():
        own = one.values[one.values["indicator"].isin(sensitive)]
        assert not own["value"].between(1, one.smallest_shown - 1).any()


def test_another_budget_or_another_fact_is_another_key(example_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    when = Period.parse(PERIOD)
    base = shared._key(example_store, DATE, when)
    assert base == shared._key(example_store, DATE, when)
    others = []
    for name, answer in (("facts_version", "x"), ("code_version", "x"), ("package_versions", {"python": "4"})):
        with monkeypatch.context() as patch:
            patch.setattr(shared, name, lambda answer=answer: answer)
            others.append(shared._key(example_store, DATE, when))
    with monkeypatch.context() as patch:
        patch.setattr(shared, "folders", lambda: Folders(Path("/nowhere")))  # no budget at all
        others.append(shared._key(example_store, DATE, when))
    others.append(shared._key(example_store, DATE + dt.timedelta(days=1), when))
    assert len({base, *others}) == 6
