"""The folder of received files: each file is read apart, judged, loaded or kept out, and answered; none stops another."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.intake import rules
from evaluation.intake.answers import HELD, LOADED, REFUSED, WAITING, Answer
from evaluation.intake.archive import body
from evaluation.intake.findings import WARNING, Finding, finding, frame
from evaluation.intake.identifiers import safe_name
from evaluation.intake.reading import Reading
from evaluation.intake.refusal import Refused
from evaluation.intake.sandbox import Reader
from evaluation.language import Words
from evaluation.settings import folders
from evaluation.store import Batch, EvidenceStore, load, open_store

if TYPE_CHECKING:
    import pandas as pd

LEFT_ALONE = ("~$", ".")  # lock files of office programs, hidden files
OWN_PAGES = frozenset({"README.md"})


def received_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files to read: those named, and all in the folders named, in the order of their names.

    Parameters
    ----------
    paths : iterable of Path
        Files and folders. A link is never followed: it stays in the list and
        is refused when it is opened.

    Raises
    ------
    FileNotFoundError
        If a path does not exist; its name is the error's `filename`.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_symlink() or not path.is_dir():
            if not path.exists() and not path.is_symlink():
                raise FileNotFoundError(2, "no such file", path.name)
            found.append(path)
            continue
        for inside in sorted(path.iterdir()):
            if inside.name.startswith(LEFT_ALONE) or inside.name in OWN_PAGES:
                continue
            found.extend(received_files([inside]))
    return list(dict.fromkeys(found))


def check(
    paths: Iterable[Path],
    *,
    received: dt.date | None = None,
    store: Path | None = None,
    advance: Callable[[], object] | None = None,
) -> tuple[Answer, ...]:
    """Read received files and say what is wrong with each; nothing is kept.

    Parameters
    ----------
    paths : iterable of Path
        Files, or folders of files.
    received : date, optional
        The day on which they came; today where left out.
    store : Path, optional
        The evidence with the districts' own history; the project's where
        left out. Where there is none, nothing is compared with history.
    advance : callable, optional
        Called after each file that was read.

    Returns
    -------
    tuple of Answer
        One a file, in the order in which they were read: earlier periods first.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    store.StoreError
        If the store is there and cannot be read.
    """
    evidence = _evidence(store or folders().evidence)
    return tuple(answer for answer, _ in _judged(paths, received or dt.date.today(), evidence, advance))


def import_(
    paths: Iterable[Path],
    *,
    received: dt.date | None = None,
    store: Path | None = None,
    advance: Callable[[], object] | None = None,
    tell: Callable[[Words], object] | None = None,
) -> tuple[Answer, ...]:
    """Read received files and load those without errors into the evidence store.

    Parameters
    ----------
    paths, received, advance
        As in `check`.
    store : Path, optional
        The store; the project's own for received files where left out, made
        where there is none.
    tell : callable, optional
        Hears once for which other process a load waits.

    Returns
    -------
    tuple of Answer
        As in `check`. A file with errors is written down as held, with its
        findings and without its values; of a file refused for safety nothing
        is kept at all.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    store.StoreError
        If the store cannot be opened or written.
    """
    place, day = store or folders().store, received or dt.date.today()
    evidence = _evidence(place)
    judged = _judged(paths, day, evidence, advance)
    made_up = _kind(evidence, [answer.reading for answer, _ in judged])
    answers, batches = [], []
    for given, path in judged:
        answer = given
        if answer.reading.cover is not None and not answer.reading.refused:
            if answer.reading.synthetic != made_up:
                answer = _with(answer, finding("IN-513", answer.file))
            else:
                answer, batch = _batch(answer, path)
                batches.append(batch)
        answers.append(answer)
    if batches:
        load(place, batches, synthetic=made_up, received=day, tell=tell)
    return tuple(answers)


def findings_frame(answers: Sequence[Answer]) -> pd.DataFrame:
    """Return all findings of all answers as one frame (`findings.COLUMNS`)."""
    return frame(f for answer in answers for f in answer.findings)


def _evidence(place: Path) -> EvidenceStore | None:
    return open_store(place) if place.exists() else None


def _judged(
    paths: Iterable[Path], day: dt.date, evidence: EvidenceStore | None, advance: Callable[[], object] | None
) -> list[tuple[Answer, Path]]:
    """Return each file's answer with the file that it is about; real figures are held against real ones only, made-up against made-up."""
    import pandas as pd

    files = received_files(paths)
    readings = sorted(zip(_read(files, advance), files, strict=True), key=lambda pair: (_period(pair[0]), pair[0].file))
    known = set() if evidence is None else set(evidence.submissions(held=True)["id"])
    known_kind = None if evidence is None else evidence.synthetic
    districts = {r.cover.district_code for r, _ in readings if r.cover}
    histories = {kind: _history(evidence if kind == known_kind else None, districts) for kind in (False, True)}
    judged = []
    for reading, path in readings:
        history = histories[reading.synthetic]
        answer = _judge(reading, day, history, known)
        if answer.reading.accepted:
            own = answer.reading.values.assign(form_version=reading.cover.form_version if reading.cover else 0)
            same = (history["district_code"] == own["district_code"].iloc[0]) & (history["period"] == own["period"].iloc[0])
            histories[reading.synthetic] = pd.concat([history[~same], own[history.columns]], ignore_index=True)
        known.add(reading.sha256[:16])
        judged.append((answer, path))
    return _told_apart(judged)


def _told_apart(judged: list[tuple[Answer, Path]]) -> list[tuple[Answer, Path]]:
    """Say where several new files are for one district and period: the last of them counts, which may not be what was meant."""
    together: dict[tuple[str, str], list[str]] = defaultdict(list)
    for answer, _ in judged:
        if _new(answer):
            together[_about(answer)].append(answer.file)
    told = []
    for answer, path in judged:
        files = together[_about(answer)] if _new(answer) else []
        if len(files) > 1:
            answer = _with(answer, finding("IN-511", answer.file, count=str(len(files)), last=files[-1]))
        told.append((answer, path))
    return told


def _new(answer: Answer) -> bool:
    return answer.reading.accepted and all(f.code != "IN-510" for f in answer.findings)


def _about(answer: Answer) -> tuple[str, str]:
    cover = answer.reading.cover
    return (cover.district_code, str(cover.period)) if cover else ("", "")


def _read(files: Sequence[Path], advance: Callable[[], object] | None) -> list[Reading]:
    """Return the reading of each file, in order, read in a process of its own."""
    found: dict[int, Reading] = {}
    sent: list[int] = []

    def opened() -> Iterator[tuple[bytes, str]]:
        for n, path in enumerate(files):
            name = shown_name(path, n + 1)
            try:
                if safe_name(path.name) is None:
                    raise Refused("IN-040")
                content = body(path)
            except Refused as refused:
                found[n] = Reading(name, findings=(refused.finding(name),))
                continue
            sent.append(n)
            yield content, name

    with Reader() as reader:
        for place, reading in enumerate(reader.read_many(opened())):
            found[sent[place]] = reading
            if advance:
                advance()
    return [found[n] for n in range(len(files))]


def shown_name(path: Path, number: int) -> str:
    """Return a file's name as it may be shown: on one line, and a stand-in where the name itself is an identifier."""
    name = safe_name(path.name)
    if name is None:
        return f"tep-so-{number}"
    marks = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in marks else c for c in unicodedata.normalize("NFC", name))


def _period(reading: Reading) -> str:
    return str(reading.cover.period) if reading.cover else ""


def _history(evidence: EvidenceStore | None, districts: set[str]) -> pd.DataFrame:
    import pandas as pd

    columns = ["district_code", "unit_code", "period", "element", "value", "state", "form_version"]
    if evidence is None or not districts:
        return pd.DataFrame(columns=columns)
    return evidence.values(districts=sorted(districts))[columns]


def _judge(reading: Reading, day: dt.date, history: pd.DataFrame, known: set[str]) -> Answer:
    """Return the answer to one file: what is wrong inside it, against its history and against the plan's dates."""
    if reading.cover is not None and not reading.refused:
        district, period = reading.cover.district_code, str(reading.cover.period)
        own = history[history["district_code"] == district]
        reading = reading.also(rules.timing(reading, day))
        if reading.accepted:
            reading = reading.also(rules.against(reading, own[own["period"] < period], day))
        if reading.sha256[:16] in known:
            reading = reading.also((finding("IN-510", reading.file),))
        elif reading.accepted and bool((own["period"] == period).any()):
            reading = reading.also((finding("IN-512", reading.file, period=period),))
    return Answer(reading.file, reading, reading.findings, day, _outcome(reading))


def _outcome(reading: Reading) -> str:
    if reading.refused:
        return REFUSED
    if not reading.accepted:
        return HELD
    return WAITING if any(f.severity == WARNING for f in reading.findings) else LOADED


def _with(answer: Answer, found: Finding) -> Answer:
    reading = answer.reading.also((found,))
    return replace(answer, reading=reading, findings=reading.findings, outcome=_outcome(reading))


def _kind(evidence: EvidenceStore | None, readings: Sequence[Reading]) -> bool:
    """Return whether the store holds made-up data; a new one holds real data unless all files say that theirs are made up."""
    if evidence is not None:
        return evidence.synthetic
    covered = [r.synthetic for r in readings if r.cover is not None]
    return bool(covered) and all(covered)


def _batch(answer: Answer, path: Path) -> tuple[Answer, Batch]:
    """Return what is to be loaded; the file is read once more to be kept, and must still be the one that was checked."""
    reading = answer.reading
    source = body(path) if reading.accepted else None
    if source is not None and hashlib.sha256(source).hexdigest() != reading.sha256:
        answer, source = _with(answer, finding("IN-514", answer.file)), None
        reading = answer.reading
    batch = Batch(
        submission=replace(reading.submission(answer.received), narrative=reading.narrative),
        values=reading.values if source is not None else None,
        findings=frame(answer.findings),
        source=source,
        kept=reading.written_as,
    )
    return answer, batch
