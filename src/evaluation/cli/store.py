"""The commands for the evidence store itself: check, back up, rebuild, hand out as Parquet."""

from __future__ import annotations

import sys
from pathlib import Path

from evaluation.cli.codes import DONE, FAILED
from evaluation.cli.intake import date
from evaluation.cli.screen import near
from evaluation.language import say
from evaluation.settings import folders


def check_store(store: Path | None, language: str) -> int:
    """Verify hashes and invariants of the store; print what is wrong.

    Returns
    -------
    int
        0, or 1 if something is wrong.
    """
    from evaluation.store import check

    place = store or folders().evidence
    found = check(place)
    for problem in found.problems:
        sys.stderr.write(f"{problem[language]}\n")
    print(say("store.check.ok" if found.ok else "store.check.wrong", language, where=near(place), count=len(found.problems)))
    return DONE if found.ok else FAILED


def back_up(target: Path, store: Path | None, language: str) -> int:
    """Write a consistent copy of the store with its ledger and kept files.

    Returns
    -------
    int
        0.
    """
    from evaluation.store import backup

    backup(store or folders().evidence, target)
    print(say("store.backup.done", language, where=near(target)))
    return DONE


def rebuild_store(target: Path | None, store: Path | None, language: str) -> int:
    """Make the store anew from its ledger and the kept files.

    Returns
    -------
    int
        0, or 1 if the new store differs from what the ledger says.
    """
    from evaluation.intake.rebuilding import rebuild

    place = store or folders().evidence
    built = rebuild(place, target)
    for difference in built.differences:
        sys.stderr.write(f"{difference[language]}\n")
    print(say("store.rebuild.done" if not built.differences else "store.rebuild.differs", language, where=near(built.path)))
    return DONE if not built.differences else FAILED


def hand_out(folder: Path, store: Path | None, as_of: str | None, language: str) -> int:
    """Write the values in force as Parquet, one file a period, with a page on what the columns mean.

    Returns
    -------
    int
        0.
    """
    from evaluation.store import export

    written = export(store or folders().evidence, folder, date(as_of))
    print(say("store.export.done", language, count=len(written), where=near(folder)))
    return DONE
