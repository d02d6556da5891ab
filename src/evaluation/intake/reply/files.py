"""Where a reply is written and under which names: plain ASCII, and never over another answer."""

from __future__ import annotations

import re
import unicodedata
from itertools import count
from pathlib import Path, PurePath

from evaluation.intake.answers import Answer
from evaluation.intake.form import file_name
from evaluation.intake.reply.note import note
from evaluation.intake.reply.workbook import reply_workbook

MOST_STEM = 60


def write_reply(folder: Path, answer: Answer) -> list[Path]:
    """Write the reply to one file: a workbook and a note.

    Parameters
    ----------
    folder : Path
        Made where there is none.
    answer : Answer

    Returns
    -------
    list of Path
        The .xlsx and the .docx. The same answer written again gives the same
        two files; another answer for the same district and period gets
        names of its own, ending in -2, -3, ...
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = reply_workbook(answer)
    for number in count(1):
        stem = f"{reply_stem(answer)}{f'-{number}' if number > 1 else ''}"
        bodies = {folder / f"{stem}.xlsx": table, folder / f"{stem}.docx": note(answer, f"{stem}.xlsx")}
        if all(_is_free_or_same(path, body) for path, body in bodies.items()):
            for path, body in bodies.items():
                _put(path, body)
            return list(bodies)
    raise AssertionError("numbers do not end")


def reply_stem(answer: Answer) -> str:
    """Return the reply's name without its ending: by district and period, else by the file's own name in safe letters."""
    cover = answer.reading.cover
    if cover is not None:
        return f"tra-loi_{file_name(cover.district_code, cover.period).removesuffix('.xlsx')}"
    letters = unicodedata.normalize("NFKD", PurePath(answer.file).stem.replace("Đ", "D").replace("đ", "d"))
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", "".join(c for c in letters if not unicodedata.combining(c))).strip("-_")
    return f"tra-loi_{plain[:MOST_STEM] or 'tep'}"


def _is_free_or_same(path: Path, body: bytes) -> bool:
    if path.is_symlink():
        return False
    return not path.exists() or (path.is_file() and path.read_bytes() == body)


def _put(path: Path, body: bytes) -> None:
    """Write a file that is not there yet; one that came in the meantime is left alone."""
    if not path.exists():
        with path.open("xb") as f:
            f.write(body)
