"""The example's files: workbooks of 2018, the archive of 2015-2017, the ledger, and what stands beside them."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.contracts import REPORTED
from evaluation.example.generator import SEED, district_panel, stream, ward_panel
from evaluation.example.money import budget, inspection_context
from evaluation.example.planted import PILOT_WARDS, START, truth_table
from evaluation.example.sending import LEDGER_COLUMNS, Sent, sent
from evaluation.example.survey import survey
from evaluation.indicators import elements
from evaluation.intake.form import ZERO_WORDS, CellValue, Cover, file_name
from evaluation.intake.numbers import written
from evaluation.intake.template import write_workbook
from evaluation.language import SYNTHETIC as SYNTHETIC
from evaluation.periods import Period

if TYPE_CHECKING:
    import pandas as pd

ARCHIVE = "submissions_2015-2017.csv.gz"
FIRST_WORKBOOKS = "2018-Q1"
NUMBERS_AS_TEXT = frozenset({"764", "774"})
SAYS_ZERO_IN_WORDS = frozenset({"760", "766", "769", "773", "777", "784"})
ZERO_SHEETS = frozenset({"health", "social", "rights"})
NARRATIVES = (
    "Cộng tác viên còn thiếu, một số phường kiêm nhiệm nhiều việc. Đề nghị tập huấn thêm.",
    "Việc mời người lao động tại cơ sở tham gia tư vấn còn khó do thay đổi ca làm việc.",
    "Sinh phẩm xét nghiệm về chậm trong tháng đầu của kỳ. Đề nghị cấp sớm hơn.",
    "Người vay vốn khó đáp ứng điều kiện hộ khẩu. Đề nghị hướng dẫn cụ thể.",
    "Không có khó khăn, vướng mắc.",
)


@dataclass(frozen=True)
class Example:
    """The whole example.

    Attributes
    ----------
    seed : int
    panel : DataFrame
        What happened: district_code, unit_code, period, element, value.
    sent : Sent
        What districts reported of it, and when.
    truth, pilots, survey, budget, inspection_context : DataFrame
        As the files of these names.
    """

    seed: int
    panel: pd.DataFrame
    sent: Sent
    truth: pd.DataFrame
    pilots: pd.DataFrame
    survey: pd.DataFrame
    budget: pd.DataFrame
    inspection_context: pd.DataFrame


def generate(seed: int = SEED, planted: bool = True) -> Example:
    """Make the example.

    Parameters
    ----------
    seed : int
        The same seed gives the same example.
    planted : bool
        False makes the same city without any effect of a pilot: for
        counting how often a method finds something where nothing is.

    Returns
    -------
    Example
    """
    import pandas as pd

    happened = ward_panel(seed, planted)
    panel = pd.concat([happened, district_panel(seed)], ignore_index=True)
    truth = truth_table()
    return Example(
        seed=seed,
        panel=panel,
        sent=sent(panel, seed),
        truth=truth if planted else truth.assign(effect=1.0),
        pilots=pd.DataFrame([(p, w, START) for p, w in PILOT_WARDS.items()], columns=["pilot", "ward_code", "start_period"]),
        survey=survey(seed, planted),
        budget=budget(happened, seed),
        inspection_context=inspection_context(seed),
    )


def write(folder: Path, seed: int = SEED) -> Example:
    """Write all files of the example: the same seed gives the same bytes.

    Parameters
    ----------
    folder : Path
        data/example, or any other; its README.md is not written.
    seed : int

    Returns
    -------
    Example
        What was written.
    """
    example = generate(seed)
    folder.mkdir(parents=True, exist_ok=True)
    ledger = example.sent.ledger
    for district, period, revision in zip(ledger["district_code"], ledger["period"], ledger["revision"], strict=True):
        if period >= FIRST_WORKBOOKS:
            write_submission(folder, example, district, period, revision)
    _write_archive(folder / ARCHIVE, example.sent)
    tables = {
        "submissions": _ledger_with_files(example.sent.ledger),
        "truth": example.truth,
        "pilots_example": example.pilots,
        "survey_workers": example.survey,
        "budget": example.budget,
        "inspection_context": example.inspection_context,
    }
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    return example


def write_submission(folder: Path, example: Example, district_code: str, period: str, revision: int) -> Path:
    """Write one workbook as its district typed it, and return where it is."""
    values = example.sent.values
    own = values[(values["district_code"] == district_code) & (values["period"] == period) & (values["revision"] == revision)]
    columns = (own[c] for c in ("unit_code", "element", "value", "state"))
    cells = {(unit, name): _typed(district_code, name, value, state) for unit, name, value, state in zip(*columns, strict=True)}
    path = folder / "submissions" / period / file_name(district_code, period, revision)
    note = SYNTHETIC + (". Báo cáo thay thế lần trước." if revision > 1 else "")
    said = stream(example.seed, f"narrative {district_code} {period}").choice(NARRATIVES)
    write_workbook(path, Cover(district_code, Period.parse(period), 2, note=note), cells, f"{said} ({SYNTHETIC})")
    return path


def _typed(district_code: str, element: str, value: float, state: str) -> CellValue:
    """Return a cell as this district's office types it."""
    if state != REPORTED:
        return written(value, state)
    if (
        value == 0
        and district_code in SAYS_ZERO_IN_WORDS
        and elements()[element].sheet in ZERO_SHEETS
        and elements()[element].level == "ward"
    ):
        return ZERO_WORDS
    if district_code in NUMBERS_AS_TEXT:
        return f"{int(value):,}".replace(",", ".")
    return written(value, state)


def _ledger_with_files(ledger: pd.DataFrame) -> pd.DataFrame:
    files = [
        f"submissions/{period}/{file_name(district, period, revision)}" if period >= FIRST_WORKBOOKS else ARCHIVE
        for district, period, revision in zip(ledger["district_code"], ledger["period"], ledger["revision"], strict=True)
    ]
    return ledger.assign(file=files)[LEDGER_COLUMNS]


def _write_archive(path: Path, all_sent: Sent) -> None:
    """Write the quarters before 2018 as one compressed table; the date of the compression is left out."""
    keys = ["district_code", "period", "revision"]
    received = all_sent.ledger.set_index(keys)["received"].to_dict()
    old = all_sent.values[all_sent.values["period"] < FIRST_WORKBOOKS]
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["district_code", "unit_code", "period", "element", "value", "state", "submission", "received"])
    for r in old.itertuples():
        value = f"{r.value:.0f}" if r.state == REPORTED else ""
        when = received[r.district_code, r.period, r.revision]
        out.writerow([r.district_code, r.unit_code, r.period, r.element, value, r.state, r.revision, when])
    with path.open("wb") as f, gzip.GzipFile(filename="", fileobj=f, mode="wb", compresslevel=9, mtime=0) as packed:
        packed.write(text.getvalue().encode())
