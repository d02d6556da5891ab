"""The project's own papers agree: lock, environments, commands, licence, folders."""

from __future__ import annotations

import csv
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
# The Python of environment.yml: the lock pins other versions of some packages for later ones.
CONDA = {"python_version": "3.11", "python_full_version": "3.11.9", "sys_platform": "linux", "platform_python_implementation": "CPython"}
ADDRESS = re.compile(r"index-url|find-links|trusted-host|://|/simple\b|file:|^\s*-", re.M)
TARGETS = ("reports", "test", "check", "lab", "help")
PARTS = ("format", "lint", "types", "floors", "notebooks", "tests")


@cache
def _read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@cache
def _direct() -> dict[str, Requirement]:
    project = tomllib.loads(_read("pyproject.toml"))
    stated = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return {canonicalize_name(r.name): r for r in map(Requirement, stated)}


@cache
def _locked() -> list[Requirement]:
    return [Requirement(line) for line in _read("requirements.lock").splitlines()]


def _pins() -> dict[str, str]:
    """Return the versions that the lock gives to the Python of environment.yml."""
    here = [r for r in _locked() if r.marker is None or r.marker.evaluate(CONDA)]
    return {canonicalize_name(r.name): next(iter(r.specifier)).version for r in here}


def _conda() -> dict[str, str]:
    dependencies = yaml.safe_load(_read("environment.yml"))["dependencies"]
    plain = dict(d.split("=") for d in dependencies if isinstance(d, str) and "=" in d)
    through_pip = [Requirement(d) for group in dependencies if isinstance(group, dict) for d in group["pip"]]
    pinned = {canonicalize_name(r.name): next(iter(r.specifier)).version for r in through_pip}
    assert not set(plain) & set(pinned)
    return {**{canonicalize_name(k): v for k, v in plain.items()}, **pinned}


def _make(*arguments: str) -> str:
    run = subprocess.run(["make", "--no-print-directory", *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_every_line_of_the_lock_is_one_exact_version():
    for requirement in _locked():
        assert re.fullmatch(r"==[\w.!+]+", str(requirement.specifier)), requirement
        assert requirement.url is None


def test_the_lock_names_no_index_and_no_host():
    assert ADDRESS.search(_read("requirements.lock")) is None


def test_no_package_is_locked_twice_for_one_environment():
    names = [canonicalize_name(r.name) for r in _locked() if r.marker is None or r.marker.evaluate(CONDA)]
    assert len(names) == len(set(names))


def test_the_lock_has_every_direct_dependency_in_a_version_asked_for():
    pins = _pins()
    for name, requirement in _direct().items():
        assert requirement.specifier.contains(pins[name]), name


def test_the_conda_environment_has_the_direct_dependencies_in_the_versions_of_the_lock():
    conda = _conda()
    assert conda.pop("python") == CONDA["python_version"]
    pins = _pins()
    assert conda == {name: pins[name] for name in _direct()}


def test_the_conda_environment_names_no_host():
    assert "://" not in _read("environment.yml")
    assert yaml.safe_load(_read("environment.yml"))["channels"] == ["conda-forge", "nodefaults"]


def test_make_help_lists_the_commands():
    said = _make("help")
    assert [t for t in TARGETS if f"make {t} " not in said] == []


def test_the_reports_are_built_by_the_command_line():
    commands = _make("--dry-run", "reports")
    assert "evaluation example --if-missing" in commands
    assert "evaluation report --all" in commands
    assert commands.index("example --if-missing") < commands.index("report --all")


def test_the_suite_runs_every_notebook_strictly_and_in_one_place_each():
    command = _make("--dry-run", "test")
    assert "tests notebooks --nbval --nbval-kernel-name=evaluation" in command
    assert "--nbval-lax" not in command
    assert "--dist loadscope" in command
    for limit in ("--nbval-cell-timeout=", "--nbval-kernel-startup-timeout="):
        assert limit in command


def test_an_old_python_is_told_what_to_do(tmp_path: Path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    run = subprocess.run(
        ["make", "--no-print-directory", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}", "reports"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert "Python 3.11 or later is needed" in run.stderr
    assert "Cần Python 3.11" in run.stderr
    assert not (tmp_path / "venv").exists()


def test_a_commit_is_checked_as_make_check_checks():
    (local,) = yaml.safe_load(_read(".pre-commit-config.yaml"))["repos"]
    hooks = [hook["entry"].split()[-1] for hook in local["hooks"]]
    assert local["repo"] == "local"
    assert hooks == [f"check-{part}" for part in PARTS]
    # `make --dry-run check` would hide the order; the rule itself tells it.
    rule = re.search(r"^check: (.*?) ##", _read("Makefile"), re.M)
    assert rule is not None
    assert rule[1].split() == hooks


def test_the_continuous_check_runs_the_same_suite():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text("utf-8")
    assert "EVALUATION_EXPECT_PUBLISHED=1" in script.read_text("utf-8")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


@pytest.mark.parametrize(
    ("path", "kept_out"),
    [
        ("work/store.duckdb", True),
        ("outputs/2018-Q4/district-760.html", True),
        ("outputs/README.md", False),
        ("data/incoming/760-2018-Q4.xlsx", True),
        ("data/published/prop99.csv", True),
        ("data/example/760-2018-Q4.xlsx", False),
        ("notebooks/00_start_here.ipynb", False),
        (".venv/bin/python", True),
    ],
)
def test_git_keeps_out_what_is_not_to_be_shared(path: str, kept_out: bool):
    inside = subprocess.run(["git", "rev-parse", "--is-inside-work-tree"], cwd=ROOT, capture_output=True, text=True)
    if inside.returncode != 0:
        pytest.skip("not a git checkout: an unpacked archive has nothing to keep out")
    ignored = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", path], cwd=ROOT)
    assert (ignored.returncode == 0) == kept_out


def test_the_licence_is_the_one_stated():
    project = tomllib.loads(_read("pyproject.toml"))["project"]
    assert project["license"] == "MIT"
    assert "MIT License" in _read("LICENSE")
    assert f"## {project['version']}" in _read("CHANGELOG.md")


def test_decisions_are_numbered_without_gaps_and_say_why():
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [f.name[:4] for f in files] == [f"{k:04d}" for k in range(1, len(files) + 1)]
    for file in files:
        text = file.read_text("utf-8")
        assert text.startswith(f"# {file.name[:4]} "), file.name
        assert "## Why" in text, file.name


def test_no_element_holds_hiv_results():
    """Decision 0005: tests done are counted, their results are not."""
    with (ROOT / "data" / "codebook" / "elements.csv").open(encoding="utf-8", newline="") as f:
        about_hiv = [row for row in csv.DictReader(f) if "hiv" in " ".join(row.values()).lower()]
    assert about_hiv
    asked = " ".join(row[column] for row in about_hiv for column in ("id", "label_vi", "label_en"))
    assert re.search(r"positiv|reactive|prevalen|dương tính|nhiễm", asked, re.I) is None
