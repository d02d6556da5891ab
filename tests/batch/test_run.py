"""Whole runs with real kernels: one of each kind of failure beside good reports, the index, the manifest, cancelling."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evaluation.batch import Batch, Job, Limits, Reason, Record, Refused, WrongParameter, account, journal, manifest, run
from evaluation.batch.publish import digest
from evaluation.batch.run import destination
from evaluation.places import districts
from evaluation.settings import folders

GOOD, MISSING, OTHER_GOOD = "760", "769", "770"
ENDS = {
    "773": (Reason.CELL_ERROR, 'raise ValueError("secret 12345")'),
    "774": (Reason.KERNEL_DIED, "import signal; save(); os.kill(os.getpid(), signal.SIGKILL)"),
    "775": (Reason.KERNEL_DIED, "save(); os._exit(0)"),
    "778": (Reason.CELL_ERROR, "import sys; save(); sys.exit(3)"),
    "776": (Reason.TIMEOUT, "import time; save(); time.sleep(600)"),
    "763": (Reason.NO_TREE, "pass"),
    "771": (Reason.WRONG_TREE, 'save(subject="760")'),
    "772": (Reason.PAGE_REFUSED, 'save(title="/".join(["", "home", "somebody", "raw.xlsx"]))'),
    "761": (Reason.MEMORY, "save(); bytearray(64 * 2**30)"),
}
EARLIER = b"earlier report"
LIMITS = Limits(start=60, cell=6, job=60)


def _template(notebook: Callable[[str], Path]) -> Path:
    branches = [f'if district == "{MISSING}":\n    save(status="not_reported", key_figures=())']
    branches += [f'elif district == "{code}":\n    {code_run}' for code, (_, code_run) in ENDS.items()]
    return notebook("\n".join([*branches, "else:\n    save()"]))


def _jobs(job: Job, codes: list[str]) -> list[Job]:
    return [replace(job, subject=code) for code in codes]


@pytest.fixture(scope="module")
def mixed(
    tmp_path_factory: pytest.TempPathFactory, notebook: Callable[[str], Path], store: Path
) -> tuple[Batch, dict[str, Record], list[Record]]:
    """Three good reports and one of each failure, over an earlier report of every district."""
    base = tmp_path_factory.mktemp("run {with} braces")
    out = base / "out" / "2018-Q4"
    out.mkdir(parents=True)
    for code in ENDS:
        for kind in ("html", "ipynb"):
            (out / f"district-{code}.{kind}").write_bytes(EARLIER)
        (out / f"district-{code}.json").write_text('{"status": "reported", "key_figures": []}', "utf-8")
    first = Job(GOOD, "2018-Q4", "vi", store, dt.date(2018, 12, 19), 2234)
    told: list[Record] = []
    jobs = _jobs(first, [GOOD, *ENDS, MISSING, OTHER_GOOD])
    batch = run(jobs, base / "out", template=_template(notebook), work=base / "work", limits=LIMITS, tell=told.append)
    return batch, {r.subject: r for r in batch.records}, told


@pytest.mark.slow
def test_the_good_ones_are_there_whatever_happened_to_the_others(mixed: tuple[Batch, dict[str, Record], list[Record]]):
    batch, records, _ = mixed
    assert {code for code, r in records.items() if r.done} == {GOOD, MISSING, OTHER_GOOD}
    assert records[MISSING].status == "not_reported"
    for code in (GOOD, MISSING, OTHER_GOOD):
        for kind in ("html", "json", "ipynb"):
            assert (batch.folder / f"district-{code}.{kind}").stat().st_size > 200
    page = (batch.folder / f"district-{GOOD}.html").read_text("utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.slow
@pytest.mark.parametrize("code", list(ENDS))
def test_each_failure_is_told_by_its_kind(mixed: tuple[Batch, dict[str, Record], list[Record]], code: str):
    batch, records, _ = mixed
    assert (records[code].outcome, records[code].reason) == ("failed", ENDS[code][0])
    assert (batch.folder / f"district-{code}.html").read_bytes() == EARLIER
    assert (batch.folder / f"district-{code}.ipynb").read_bytes() == EARLIER
    # What was done so far stays for whoever looks into it, for their eyes only.
    folder = batch.work / f"{code}-vi"
    assert (folder / "notebook.ipynb").stat().st_size > 200
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_papermills_metadata_would_have_called_a_killed_kernel_completed(mixed: tuple[Batch, dict[str, Record], list[Record]]):
    batch, records, _ = mixed
    cells = json.loads((batch.work / "774-vi" / "notebook.ipynb").read_text("utf-8"))["cells"]
    assert {c["metadata"]["papermill"]["status"] for c in cells} == {"completed"}
    assert records["774"].done is False


@pytest.mark.slow
def test_the_journal_and_the_account_tell_how_each_job_ended(mixed: tuple[Batch, dict[str, Record], list[Record]]):
    batch, records, _ = mixed
    told = journal.read(batch.work)
    assert told is not None
    assert told.ended
    assert {record.subject: record for record, _ in told.ends} == records
    content = json.loads(account.path(batch.work).read_text("utf-8"))
    assert {Record.read(raw).subject: Record.read(raw) for raw in content["jobs"].values()} == records
    good = content["jobs"][f"{GOOD}-vi"]
    assert {"start", "notebook", "export", "protection", "publishing"} <= set(good["stages"])
    assert len(good["cells"]) == 4  # the injected parameters are a cell of their own
    assert account.path(batch.work).parent.stat().st_mode & 0o77 == 0


@pytest.mark.slow
def test_every_job_is_told_of_once(mixed: tuple[Batch, dict[str, Record], list[Record]]):
    batch, _, told = mixed
    assert sorted(told, key=lambda r: r.subject) == sorted(batch.records, key=lambda r: r.subject)


class _Rows(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag == "a":
            self.links.append(str(dict(attrs)["href"]))

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def _rows(page: Path) -> _Rows:
    reader = _Rows()
    reader.feed(page.read_text("utf-8"))
    return reader


@pytest.mark.slow
def test_the_index_lists_all_24_in_official_order_with_what_happened(mixed: tuple[Batch, dict[str, Record], list[Record]]):
    batch, _, _ = mixed
    page = _rows(batch.index)
    body = [row for row in page.rows if len(row) == 4][1:]
    assert [row[0] for row in body] == [d.name.vi for d in districts().values()]
    by_name = {row[0]: row[1:] for row in body}
    assert by_name["Quận 1"][:2] == ["Đã báo cáo", "3/10"]
    assert by_name["Quận 2"][:2] == ["Không có báo cáo trong kỳ", "chưa rõ"]
    assert by_name["Quận 5"][0] == ("Lần lập gần nhất không thành công: tiến trình tính toán dừng đột ngột; báo cáo lập trước đó vẫn còn")
    assert by_name["Huyện Nhà Bè"] == ["Chưa lập báo cáo đánh giá", "không có", ""]
    assert all((batch.folder / link).is_file() for link in page.links)
    text = batch.index.read_text("utf-8")
    assert "SỐ LIỆU GIẢ LẬP / SYNTHETIC DATA" in text
    assert "secret" not in text
    assert "ValueError" not in text


@pytest.mark.slow
def test_the_manifest_says_what_was_made_from_what(mixed: tuple[Batch, dict[str, Record], list[Record]]):
    batch, records, _ = mixed
    told = json.loads((batch.folder / "manifest.json").read_text("utf-8"))
    assert {f"{e['district']}": e["outcome"] for e in told["jobs"]} == {code: r.outcome for code, r in records.items()}
    assert told["parameters"]["period"] == "2018-Q4"
    assert told["parameters"]["seed"] == 2234
    assert told["packages"]["papermill"]
    assert len(told["store"]["content_sha256"]) == 64
    for name, sha256 in told["outputs"].items():
        assert digest((batch.folder / name).read_bytes()) == sha256
    assert "secret" not in json.dumps(told)
    assert "/" not in told["template"]["name"]


@pytest.mark.slow
def test_one_district_again_keeps_the_others_in_the_index(
    mixed: tuple[Batch, dict[str, Record], list[Record]], notebook: Callable[[str], Path], job: Job, tmp_path: Path
):
    batch, _, _ = mixed
    before = {p.name: p.read_bytes() for p in batch.folder.glob("district-*") if "774" not in p.name}
    again = run([replace(job, subject="774")], batch.folder.parent, template=notebook("save()"), work=tmp_path / "work")
    assert not again.failed
    assert {p.name: p.read_bytes() for p in batch.folder.glob("district-*") if "774" not in p.name} == before
    body = {row[0]: row[1:] for row in _rows(again.index).rows if len(row) == 4}
    assert body["Quận 5"][:2] == ["Đã báo cáo", "3/10"]
    assert body["Quận 4"][0].startswith("Lần lập gần nhất không thành công: lỗi trong sổ tính toán")
    assert body["Quận 1"][:2] == ["Đã báo cáo", "3/10"]
    assert [p.suffix for p in (tmp_path / "work" / "runs").iterdir()] == [".json"]  # the account alone is left


@pytest.mark.slow
def test_a_second_run_gives_the_same_bytes(notebook: Callable[[str], Path], job: Job, tmp_path: Path):
    template = notebook('save()\nprint("Bến Nghé")\n{1, 2}')
    jobs = [job, replace(job, language="en", subject="761")]
    runs = [run(jobs, tmp_path / name, template=template, work=tmp_path / "work") for name in ("one", "two")]
    first, second = ({p.name: p.read_bytes() for p in batch.folder.iterdir()} for batch in runs)
    assert set(first) == {
        "index.html",
        "manifest.json",
        *(f"district-760.{kind}" for kind in ("html", "json", "ipynb")),
        *(f"district-761.en.{kind}" for kind in ("html", "json", "ipynb")),
    }
    assert {name for name in first if first[name] != second[name]} <= {"manifest.json"}
    assert _rows(runs[0].index).links == [
        "district-760.html",
        "district-760.json",
        "district-760.ipynb",
        "district-761.en.html",
        "district-761.en.json",
        "district-761.en.ipynb",
    ]


@pytest.mark.slow
def test_a_job_that_swallows_its_interrupt_is_ended(notebook: Callable[[str], Path], job: Job, tmp_path: Path):
    template = notebook("import time\nwhile True:\n    try:\n        time.sleep(600)\n    except KeyboardInterrupt:\n        pass")
    started = time.monotonic()
    batch = run([job], tmp_path / "out", template=template, work=tmp_path / "work", limits=Limits(cell=600, job=6))
    assert batch.records[0].reason is Reason.TIMEOUT
    assert time.monotonic() - started < 40


def _ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_cancelled_run_leaves_no_kernel_and_no_success(notebook: Callable[[str], Path], job: Job, tmp_path: Path, sent: signal.Signals):
    template = notebook('import time; (folder / "kernel").write_text(str(os.getpid())); save(); time.sleep(600)')
    program = (
        "import datetime as dt, sys\nfrom pathlib import Path\nfrom evaluation.batch import Cancelled, Job, run\n"
        "def go():\n"
        f"    job = Job('760', '2018-Q4', 'vi', Path({str(job.store)!r}), dt.date(2018, 12, 19), 1)\n"
        f"    run([job], Path({str(tmp_path / 'out')!r}), template=Path({str(template)!r}), work=Path({str(tmp_path / 'work')!r}))\n"
        "if __name__ == '__main__':\n    try:\n        go()\n    except Cancelled:\n        sys.exit(130)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(program, "utf-8")
    batch = subprocess.Popen([sys.executable, str(script)], start_new_session=True)
    kernel = _number_of(tmp_path / "work", 60)
    assert not _ended(kernel)
    batch.send_signal(sent)
    code = batch.wait(30)
    limit = time.monotonic() + 15
    while not _ended(kernel) and time.monotonic() < limit:
        time.sleep(0.1)
    assert _ended(kernel)
    assert code == (-signal.SIGKILL if sent is signal.SIGKILL else 130)
    folder = tmp_path / "out" / "2018-Q4"
    assert not list(folder.glob("district-*"))
    if sent is not signal.SIGKILL:
        (entry,) = manifest.read(folder)["jobs"]
        assert entry["reason"] == "interrupted"


def _number_of(work: Path, patience: float) -> int:
    """Wait for a kernel that runs the last cell, and return its process number."""
    limit = time.monotonic() + patience
    while time.monotonic() < limit:
        if list(work.rglob("report.json")) and (found := list(work.rglob("kernel"))):
            return int(found[0].read_text("utf-8"))
        time.sleep(0.1)
    raise AssertionError("no kernel was started")


def test_a_wrong_job_starts_nothing(notebook: Callable[[str], Path], job: Job, tmp_path: Path):
    with pytest.raises(WrongParameter):
        run([replace(job, subject="../../x")], tmp_path / "out", template=notebook("save()"), work=tmp_path / "work")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["data/example", "src", "notebooks", "work", ".", "outputs/../data"])
def test_reports_are_not_written_among_the_projects_files(job: Job, name: str):
    with pytest.raises(Refused, match="Choose outputs or a folder outside"):
        destination(folders().root / name, job)


def test_reports_go_into_outputs_or_outside(job: Job, tmp_path: Path):
    assert destination(folders().outputs, job) == folders().outputs.resolve() / "2018-Q4"
    assert destination(tmp_path / "new", job) == tmp_path / "new" / "2018-Q4"


def test_a_link_that_leads_out_is_refused(job: Job, tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "2018-Q4").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="leads out"):
        destination(tmp_path / "out", job)


def test_a_store_among_the_reports_is_refused(job: Job, tmp_path: Path):
    with pytest.raises(Refused, match="Move it to work/"):
        destination(tmp_path, replace(job, store=tmp_path / "2018-Q4" / "store.duckdb"))
