"""A correction in one district changes its own slice, and of the others only what hangs on all districts together."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from pathlib import Path

import pytest

from evaluation.cache.parts import to_parts
from evaluation.periods import Period
from evaluation.reporting.evidence import gather
from evaluation.reporting.slices.city import slices_of
from evaluation.reporting.slices.slice import Slice
from evaluation.store import Batch, Submission, load, open_store

pytestmark = pytest.mark.slow

PERIOD, DATE, WITHOUT = "2018-Q4", dt.date(2018, 12, 19), "783"


def hashes(found: dict[str, Slice]) -> dict[str, dict[str, str]]:
    """Hash of every field of every slice."""
    return {code: {f.name: to_parts(getattr(one, f.name)).sha256() for f in dataclasses.fields(one)} for code, one in found.items()}


# A correction of one ward's figure: the element, and the fields of other districts' slices that may follow from it.
CORRECTIONS = {
    # The interval of what a session cost hangs on how far the costs of all districts scatter.
    "comm_sessions": {"money"},
    # How far all districts' changes of the count scatter widens each one's interval.
    "outreach_contacts": {"changes"},
}


@pytest.mark.parametrize("element", list(CORRECTIONS))
def test_a_correction_changes_its_district_s_slice_and_what_hangs_on_it_elsewhere(
    example_store: Path, made: dict[str, Slice], tmp_path: Path, element: str
) -> None:
    path = tmp_path / example_store.name
    for suffix in ("", ".ledger"):
        shutil.copy(f"{example_store}{suffix}", f"{path}{suffix}")
    shutil.copytree(f"{example_store}.files", f"{path}.files")
    now = open_store(path, DATE).values([PERIOD], districts=[WITHOUT])
    one = now.index[(now["element"] == element) & (now["value"] > 0)][0]
    now.loc[one, "value"] += 1
    day = DATE - dt.timedelta(days=1)
    form = Submission("corrected", WITHOUT, PERIOD, int(now["form_version"].iloc[0]), day, "again.xlsx", "0" * 64, "Phòng Lao động")
    names = ["district_code", "unit_code", "period", "element", "value", "state", "sheet", "cell"]
    load(path, [Batch(form, now[names])], True, day)
    before, after = hashes(made), hashes(slices_of(gather(open_store(path, DATE), Period.parse(PERIOD))))
    changed = {code: {name for name in after[code] if after[code][name] != before[code][name]} for code in after}
    assert {"values", "timeliness", "corrections", "completeness"} <= changed.pop(WITHOUT)
    assert set().union(*changed.values()) <= CORRECTIONS[element]
    assert len({code for code, names in changed.items() if "money" in names}) < 23  # rounded as written, most stay as they are
