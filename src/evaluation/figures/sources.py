"""The last line under a figure: where its data are from."""

from __future__ import annotations

from evaluation.language import Words

SOURCE = Words("Nguồn: {source}.", "Source: {source}.")
DISTRICTS = Words("báo cáo của các quận, huyện", "reports of the districts")


def source_line(given: str | None, source: Words, language: str) -> str:
    """Return the line that was asked for, or where none was, that of the data; empty where they name no source.

    Parameters
    ----------
    given : str or None
        What the caller wants under the figure; "" for no line.
    source : Words
        Of the data.
    language : {"vi", "en"}
    """
    if given is not None:
        return given
    return SOURCE[language].format(source=source[language]) if source[language] else ""
