"""Good workbooks, changed at random: in the archive, in its parts, in their XML, in what cells hold, in single bytes."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Iterator

from tests.faults.workbooks import Members, good, members, packed

_TEXTS = (
    *("", "0", "-1", "1e308", "1e999", "NaN", "-0", "٣", "１２３", "1.234.567", "1,5", "#REF!", "TRUE", "=1+1", "@x", "'", '"', "\u202e"),
    *("\ufeff", "không phát sinh", "Tổng cộng", "ward_code", "2018-Q9", "Quý V/2018", "9" * 400, "x" * 5000, "%", "_x0041_"),
    *("_xD800_", "{0}", "{x}", "%s", "\n"),
)
_ATTRIBUTES = (
    "", "0", "-1", "A0", "XFD1048577", "A1:B2", "B2:A1", "A:A", "1:1", "ZZZZ1", "99999999999999999999", "s", "d", "e", "b", "str", "rId99",
    "../x.xml", "#REF!", "$A$1:$Z$9", "true", "nan", "xl/workbook.xml", "/xl/worksheets/sheet1.xml",
)  # fmt: skip
_TAG = re.compile(rb"<[^<>!?]+>")
_VALUE = re.compile(rb'="[^"]*"')
_CONTENT = re.compile(rb">[^<>]+<")


def mutants(seed: int, number: int) -> Iterator[tuple[str, bytes]]:
    """Yield so many changed workbooks with the name of the change; the same ones for the same seed."""
    originals = [("xlsx", good()), ("ods", _ods())]
    for n in range(number):
        rng = random.Random(f"{seed}-{n}")
        kind, body = originals[rng.random() < 0.25]
        change = rng.choices(list(_CHANGES), weights=[w for w, _ in _CHANGES.values()])[0]
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            body = _CHANGES[change][1](rng, body) or body
        yield f"{kind}: {change}", body


def _ods() -> bytes:
    """Return a small .ods of a table like the form's."""
    cells = "".join(
        '<table:table-row><table:table-cell office:value-type="string"><text:p>2765' + str(n) + "</text:p></table:table-cell>"
        f'<table:table-cell office:value-type="float" office:value="{n}" table:number-columns-repeated="3"/></table:table-row>'
        for n in range(9)
    )
    spaces = 'xmlns:office="o" xmlns:table="t" xmlns:text="x"'
    table = f'<office:body><office:spreadsheet><table:table table:name="Y tế">{cells}</table:table></office:spreadsheet></office:body>'
    content = f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}>{table}</office:document-content>'
    return packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode()})


def _of_part(change: Callable[[random.Random, bytes], bytes]) -> Callable[[random.Random, bytes], bytes | None]:
    """Return a change of a whole file that changes one part and packs all again: it gets past the archive's own checks."""

    def changed(rng: random.Random, body: bytes) -> bytes | None:
        try:
            parts = members(body)
        except Exception:  # noqa: BLE001 - an earlier change has broken the archive
            return None
        names = [n for n in parts if parts[n]]
        if not names:
            return None
        name = rng.choice(names if rng.random() < 0.3 else [n for n in names if "sheet" in n or "content" in n or "workbook" in n] or names)
        return packed(parts | {name: change(rng, parts[name])})

    return changed


def _swap(pattern: re.Pattern[bytes], new: Callable[[random.Random, bytes], bytes]) -> Callable[[random.Random, bytes], bytes]:
    def changed(rng: random.Random, part: bytes) -> bytes:
        found = list(pattern.finditer(part))
        if not found:
            return part
        one = rng.choice(found)
        return part[: one.start()] + new(rng, one[0]) + part[one.end() :]

    return changed


def _escaped(text: str) -> bytes:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").encode()


def _tag(rng: random.Random, tag: bytes) -> bytes:
    name = re.split(rb"[\s/>]", tag.strip(b"</>"))[0]
    return rng.choice(
        (b"", tag + tag, b"<" + name + b"/>", b"<x/>" + tag, tag + b"<!-- -->", tag.replace(name, b"x:y"), tag[:-1], tag.upper())
    )


def _bytes(rng: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.choice((1, 2, 8, 64))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.choice((0, 0xFF, 0x80, rng.randrange(256)))
    return bytes(changed)


def _cut(rng: random.Random, body: bytes) -> bytes:
    start = rng.randrange(len(body) + 1)
    return rng.choice(
        (
            body[:start],
            body[start:],
            body[:start] + body[start + rng.randrange(500) :],
            body[:start] + body[start : start + 90] + body[start:],
        )
    )


def _directory(rng: random.Random, body: bytes) -> bytes:
    """Change a number in one of the archive's headers."""
    places = [m.start() for m in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", body)]
    if not places:
        return body
    at = rng.choice(places) + rng.randrange(4, 46)
    width = rng.choice((1, 2, 4))
    value = rng.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, rng.getrandbits(32))) & (256**width - 1)
    return body[:at] + struct.pack("<Q", value)[:width] + body[at + width :]


def _members(rng: random.Random, body: bytes) -> bytes | None:
    try:
        parts = members(body)
    except Exception:  # noqa: BLE001 - an earlier change has broken the archive
        return None
    names = list(parts)
    if len(names) < 2:
        return None
    one, other = rng.sample(names, 2)
    changed: Members = dict(parts)
    how = rng.randrange(5)
    if how == 0:
        del changed[one]
    elif how == 1:
        changed[one] = parts[other]
    elif how == 2:
        changed[one] = b""
    elif how == 3:
        changed[one.upper() + rng.choice(("", ".xml", "/"))] = changed.pop(one)
    else:
        order = rng.sample(names, len(names))
        changed = {name: parts[name] for name in order}
    return packed(changed)


_CHANGES: dict[str, tuple[int, Callable[[random.Random, bytes], bytes | None]]] = {
    "cell": (6, _of_part(_swap(_CONTENT, lambda rng, _: b">" + _escaped(rng.choice(_TEXTS)) + b"<"))),
    "attribute": (6, _of_part(_swap(_VALUE, lambda rng, _: b'="' + _escaped(rng.choice(_ATTRIBUTES)) + b'"'))),
    "tag": (5, _of_part(_swap(_TAG, _tag))),
    "bytes of a part": (2, _of_part(_bytes)),
    "cut in a part": (2, _of_part(_cut)),
    "parts": (3, _members),
    "bytes": (2, _bytes),
    "cut": (2, _cut),
    "directory": (3, _directory),
}
