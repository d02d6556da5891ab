"""Office files with fixed dates: what openpyxl and python-docx write becomes the same bytes for the same content."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable

_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def sealed(raw: bytes, stamp: dt.datetime, changed: Callable[[str, bytes], bytes] | None = None) -> bytes:
    """Pack an .xlsx or .docx again with fixed member dates.

    Parameters
    ----------
    raw : bytes
        The file as its library wrote it.
    stamp : datetime
        The date that every member and the properties carry.
    changed : callable, optional
        Given a member's name and body, returns the body to write.

    Returns
    -------
    bytes
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.namelist():
            body = source.read(member)
            if member == "docProps/core.xml":
                body = _MODIFIED.sub(rb"\g<1>" + stamp.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), body)
            if changed:
                body = changed(member, body)
            info = zipfile.ZipInfo(member, stamp.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, body)
    return out.getvalue()
