"""Method, sources, and what the report can be made again from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.language import say
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.model import Bullets, Cell, Column, Paragraph, Section, Table


def method(subject: Subject, manifest: Mapping[str, Any]) -> Section:
    """Return the section on method.

    Parameters
    ----------
    subject : Subject
    manifest : mapping
        As `reporting.provenance.manifest`.
    """
    speak = subject.language
    said = [say(f"method.{key}", speak) for key in ("values", "change", "funnel", "pilot")]
    said += [say("method.gate", speak, top=subject.slice.smallest_shown - 1), say("method.sources", speak), say("method.words", speak)]
    blocks = [Bullets(tuple(said))]
    warning = (Paragraph(say("method.synthetic", speak), "warning"),) if subject.slice.synthetic else ()
    parts = (Section("manifest", say("method.manifest", speak), (manifest_table(manifest, speak),)),)
    return Section("method", say("section.method", speak), (*warning, *blocks), parts)


def manifest_table(manifest: Mapping[str, Any], language: str) -> Table:
    """Return what a report can be made again from, as a table."""
    parameters = ", ".join(f"{k}={v}" for k, v in manifest["parameters"].items() if k != "seed")
    packages = ", ".join(f"{k} {v}" for k, v in manifest["packages"].items())
    lines = {
        "data": manifest["data_sha256"],
        "code": manifest["code"],
        "packages": packages,
        "parameters": parameters,
        "seed": manifest["parameters"]["seed"],
    }
    columns = (Column(say("method.col.item", language), row_header=True), Column(say("method.col.value", language)))
    rows = tuple((Cell(say(f"manifest.{k}", language)), Cell(f"`{v}`")) for k, v in lines.items())
    return Table("manifest-table", say("method.manifest.caption", language), columns, rows)
