"""What reaches out of a file: formulas that call other programs, files and servers, and relationships that point outside."""

from __future__ import annotations

import re

from evaluation.language import Words

DDE = Words("lệnh gọi chương trình khác (DDE)", "a call to another program (DDE)")
OTHER_FILE = Words("công thức lấy số liệu từ tệp khác", "a formula that takes figures from another file")
CALLS_OUT = Words("công thức gọi ra ngoài tệp", "a formula that calls outside the file")
LINKED_PART = Words("liên kết tới tệp hoặc nguồn dữ liệu bên ngoài", "a link to a file or a source of data outside")
ODD_LINK = Words("siêu liên kết không phải trang mạng hoặc thư điện tử", "a hyperlink that is neither a web page nor an e-mail address")

# A quotation mark inside a text is doubled; both halves are then taken away as texts of their own.
_STRING = re.compile(r'"[^"]*"')
_ARRAY = re.compile(r"\{[^{}]*\}")  # rows of an array are parted by | in .ods
_OTHER_BOOK = re.compile(r"\][^\[\]'!,()+\-*/^&=<>;\s{}]*!|'[^']*[\[\]][^']*'!")
_ADDRESS = re.compile(r"(?:file|https?|ftp|smb|vnd\.\w[\w.]*):|\\\\|'[^']*'#", re.IGNORECASE)
_CALLS = re.compile(
    r"(?<![\w.])(?:_xl\w+\.|com\.\w[\w.]*\.)*"
    r"(?:WEBSERVICE|DDE|CALL|REGISTER(?:\.ID)?|EXEC(?:UTE)?|RTD|IMPORT\w*|IMAGE|SQL\.REQUEST|CUBE\w+|STOCKHISTORY|PY"
    r"|F(?:OPEN|WRITE|WRITELN|READ|READLN)|SEND\.KEYS|RUN|INITIATE|POKE|REQUEST|EVALUATE|FILES|GET\.\w+)\s*\(",
    re.IGNORECASE,
)
_HYPERLINK = re.compile(r'HYPERLINK\s*\(\s*(?!"#)', re.IGNORECASE)
_INDIRECT = re.compile(r"INDIRECT\s*\(", re.IGNORECASE)
_TYPED = re.compile(r"[\s'\"]*[=+\-@]")
_TYPED_DDE = re.compile(r"[a-z_]\w*'?\|[^!|\n]*![a-z$]", re.IGNORECASE)
WEB = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)


def formula(text: str) -> Words | None:
    """Return what a formula reaches for outside its own file, or None.

    Parameters
    ----------
    text : str
        The formula, with or without its sign of equality, as stored in .xlsx
        or .ods.
    """
    bare = _STRING.sub(" ", text)
    if "|" in _ARRAY.sub(" ", bare):
        return DDE
    if _CALLS.search(bare):
        return CALLS_OUT
    if _OTHER_BOOK.search(bare) or _ADDRESS.search(bare):
        return OTHER_FILE
    if _HYPERLINK.search(text):
        return CALLS_OUT
    if _INDIRECT.search(bare) and any("[" in s or "]" in s or _ADDRESS.search(s) for s in _STRING.findall(text)):
        return OTHER_FILE
    return None


def typed(text: str) -> Words | None:
    """Return what a text would reach for if an office program took it for a formula, or None.

    A text that starts with ``=``, ``+``, ``-`` or ``@`` becomes a formula as
    soon as the table is saved as CSV and opened again. Only calls are looked
    for: a list with dashes, a negative number and a sum are not dangerous.
    """
    if not _TYPED.match(text):
        return None
    if _TYPED_DDE.search(text):
        return DDE
    head = text.lstrip(" \t\r\n'\"")
    if head[:1] in "+-" and head[1:2].isspace():  # a list in the narrative
        return None
    bare = _STRING.sub(" ", text)
    return CALLS_OUT if _CALLS.search(bare) or _HYPERLINK.search(text) else OTHER_FILE if _OTHER_BOOK.search(bare) else None


def typed_in_lines(text: str) -> Words | None:
    """Return what a field of a text table would reach for, or None (`typed`)."""
    for line in text.splitlines():
        if "|" in line or "(" in line or "!" in line:
            for start in re.finditer(r"(?:^|[,;\t])[\s'\"]*(?=[=+\-@])", line):
                if found := typed(line[start.end() :].replace('""', '"')):
                    return found
    return None


def relationship(kind: str, target: str, external: bool) -> tuple[str, Words] | None:
    """Return why a relationship between parts is refused: a finding's code and what was seen; None for a harmless one.

    Parameters
    ----------
    kind : str
        Last word of the relationship's type, e.g. "hyperlink", "externalLink".
    target : str
        Where it points.
    external : bool
        Whether it says that it leaves the file.

    Notes
    -----
    Links to web pages and e-mail addresses do nothing until somebody follows
    them; they are let through and seen by the identifier check.
    """
    kind = kind.lower()
    if kind in {"vbaproject", "xlmacrosheet", "xlintlmacrosheet", "vbaprojectsignature", "wordvbadata"}:
        return "IN-012", Words("", "")
    if kind in {"oleobject", "package", "control", "activexcontrolbinary", "image", "media", "video", "audio"} and not external:
        return "IN-017", Words("đối tượng hoặc hình ảnh", "an object or a picture")
    if kind == "hyperlink":
        return None if not external or WEB.match(target.strip()) else ("IN-013", ODD_LINK)
    linked = {"externallink", "externallinkpath", "connections", "querytable", "attachedtemplate", "webextension", "webextensiontaskpanes"}
    if external or kind in linked or re.match(r"\s*(?:[a-z][a-z0-9+.-]*:|//|\\\\)", target, re.IGNORECASE):
        return "IN-013", LINKED_PART
    return None
