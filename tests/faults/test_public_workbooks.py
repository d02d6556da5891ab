"""Workbooks and tables that others made and published: none stops the reader, whatever it is about."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path

import pytest
from tests.faults.workbooks import good

from evaluation.intake.archive import Refused, body
from evaluation.intake.sandbox import Reader

ENDINGS = {".xlsx", ".xlsm", ".ods", ".xls", ".csv", ".tsv"}
HERE = Path(__file__).parent / "public"


def installed() -> list[Path]:
    """Return the tables that the installed packages ship."""
    found = Path(sysconfig.get_path("purelib")).rglob("*")
    return sorted(p for p in found if p.suffix.lower() in ENDINGS and p.is_file() and not p.is_symlink())


def outcomes(paths: list[Path]) -> Counter[str]:
    counted: Counter[str] = Counter()
    with Reader() as reader:
        for path in paths:
            try:
                content = body(path)
            except Refused as refused:
                counted[refused.code] += 1
                continue
            reading, tried = reader.attempt(content, path.name)
            assert tried.outcome == "read", f"{path.name}: {tried}"
            assert not reading.accepted
            assert reading.findings, path.name
            counted[reading.findings[0].code] += 1
    return counted


@pytest.mark.slow
def test_tables_in_the_installed_packages_are_all_answered() -> None:
    paths = installed()
    if not paths:
        pytest.skip("the installed packages ship no tables")
    assert sum(outcomes(paths).values()) == len(paths)


@pytest.mark.slow
def test_old_workbooks_of_others_are_told_how_to_be_saved() -> None:
    paths = [p for p in installed() if p.suffix.lower() == ".xls"]
    if not paths:
        pytest.skip("the installed packages ship no old workbooks")
    assert set(outcomes(paths)) == {"IN-010"}


def test_tables_kept_here_are_all_answered() -> None:
    paths = sorted(p for p in HERE.glob("*") if p.suffix in ENDINGS)
    assert paths
    assert sum(outcomes(paths).values()) == len(paths)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
@pytest.mark.parametrize("ending", ["xlsx", "ods"])
def test_a_form_that_libreoffice_has_saved_gives_the_same_figures(tmp_path: Path, ending: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xlsx").write_bytes(good())
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = ["soffice", home, "--headless", "--convert-to", ending, "--outdir", str(tmp_path), str(tmp_path / "in" / "a.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    with Reader() as reader:
        expected, reading = reader.read(good(), "a"), reader.read((tmp_path / f"a.{ending}").read_bytes(), "a")
    assert reading.written_as == ending
    assert reading.accepted
    assert [r[:4] for r in reading.rows] == [r[:4] for r in expected.rows]
