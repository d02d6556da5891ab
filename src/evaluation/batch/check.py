"""The last look at a page, a notebook or key figures before they are published: faults by name, none means it may go out."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from evaluation.batch.drawings import drawing_of, harmless
from evaluation.language import SYNTHETIC
from evaluation.settings import folders

LARGEST_PAGE = 1_500_000
STOCK_ALT = "No description has been provided for this image"
# A policy without these words would let a page run or load something.
POLICY = ("default-src 'none'", "script-src 'none'")

_DOTS = ("data:image/png;base64,", "data:image/jpeg;base64,")
_ACTIVE = frozenset({"script", "iframe", "object", "embed", "applet", "form", "base", "link", "svg", "math", "frame", "template", "portal"})
_LOADING = frozenset({"src", "srcset", "data", "poster", "background", "action", "formaction", "xlink:href", "ping", "manifest"})
_SAFE_LINK = re.compile(r"(?:https?://|mailto:|#|[\w.-]+(?:[/#?]|$))", re.IGNORECASE)
_LOADING_STYLE = re.compile(r"url\s*\(|@import|expression\s*\(|-moz-binding", re.IGNORECASE)
_MACHINE = r"(?<![\w.:/])/(?:work|tmp|root|home|Users|private|mnt|opt|srv|var|usr)/[\w.-]+|\b[A-Za-z]:\\+[\w.-]+\\|site-packages|\bfile://"
# "gian nan" and "nan giải" are Vietnamese words; "None of the wards" is an English sentence.
_LEAKED = re.compile(
    r"\bNaN\b|\bNaT\b|<NA>|Traceback \(most recent call last\)|(?<!gian )\bnan\b(?! giải)"
    r"|\bNone\b(?! (?:of|was|were|is|are|has|have|had|reported)\b)"
)
_DATA_URI: Final = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=\s]+")


def machine_paths() -> re.Pattern[str]:
    """Return a pattern that finds paths of this or any other machine."""
    here = {folders().root, folders().work, Path.home(), Path(tempfile.gettempdir()).resolve()}
    own = [re.escape(str(p)) for p in sorted(here) if len(p.parts) > 1]
    return re.compile("|".join([_MACHINE, *(rf"(?<![\w.:/]){p}(?![\w-])" for p in own)]))


class _Reader(HTMLParser):
    """Reads a page as a browser would and notes what is wrong with it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.headings = 0
        self.title = ""
        self.lang = ""
        self.policy = ""
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name.lower(): value or "" for name, value in attrs}
        self.open.append(tag)
        if tag in _ACTIVE:
            self.faults.append("script" if tag == "script" else "active")
        if tag == "h1":
            self.headings += 1
        if tag == "html":
            self.lang = given.get("lang", "")
        if tag == "meta":
            self._meta(given)
        if tag == "img":
            self._picture(given)
            alt = given.get("alt", "").strip()
            if not alt or STOCK_ALT in alt:
                self.faults.append("alt")
            self.text.append(alt)
        if tag == "th" and given.get("scope") not in ("row", "col", "rowgroup", "colgroup"):
            self.faults.append("scope")
        self._attributes(given)

    def _meta(self, given: dict[str, str]) -> None:
        what = given.get("http-equiv", "").lower()
        if what == "content-security-policy":
            self.policy = given.get("content", "")
        elif what:
            self.faults.append("active")

    def _picture(self, given: dict[str, str]) -> None:
        """Take out a picture that is known to be dots or harmless shapes, so that the rest is looked at as on any element."""
        source = given.get("src", "")
        if source.startswith(_DOTS) or ((svg := drawing_of(source)) is not None and harmless(svg)):
            del given["src"]

    def _attributes(self, given: dict[str, str]) -> None:
        for name, value in given.items():
            plain = re.sub(r"[\x00-\x20]", "", value).lower()
            if name.startswith("on") or name == "srcdoc" or plain.startswith(("javascript:", "vbscript:")):
                self.faults.append("script")
            elif name in _LOADING:
                self.faults.append("active" if plain.startswith("data:image/") else "external")
            elif name == "href" and not _SAFE_LINK.match(value):
                self.faults.append("link")
            elif name == "style" and _LOADING_STYLE.search(value):
                self.faults.append("external")
            elif name in ("title", "aria-label"):
                self.text.append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_comment(self, data: str) -> None:
        # Browsers and parsers disagree on where a comment ends; our pages have none.
        self.faults.append("active")

    def handle_pi(self, data: str) -> None:
        self.faults.append("active")

    def unknown_decl(self, data: str) -> None:
        self.faults.append("active")

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            if _LOADING_STYLE.search(data):
                self.faults.append("external")
        elif "title" in self.open and "body" not in self.open:
            self.title += data
        else:
            self.text.append(data)


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if re.search(r"<\s*/?\s*script", html, re.IGNORECASE):
        reader.faults.append("script")
    return reader


def text_faults(text: str) -> Iterator[str]:
    """Yield what a published text must not hold: a machine's path, a missing number's or an error's own writing."""
    bare = _DATA_URI.sub("", text)
    if machine_paths().search(bare):
        yield "path"
    if _LEAKED.search(bare):
        yield "leaked"


def page_faults(html: str, language: str, synthetic: bool) -> tuple[str, ...]:
    """Return what keeps a page from being published.

    Parameters
    ----------
    html : str
        The final page.
    language : {"vi", "en"}
        That the page must declare.
    synthetic : bool
        Whether it must carry the mark of synthetic data.

    Returns
    -------
    tuple of str
        Names of faults, sorted, each once; their words are the messages ``batch.fault.*``.
    """
    reader = _read(html)
    text = "\n".join(reader.text)
    faults = set(reader.faults) | set(text_faults(text)) | set(text_faults(reader.title))
    if len(html.encode()) >= LARGEST_PAGE:
        faults.add("size")
    if reader.headings != 1 or not reader.title.strip():
        faults.add("heading")
    if reader.lang != language:
        faults.add("language")
    if not all(part in reader.policy for part in POLICY):
        faults.add("policy")
    if synthetic and SYNTHETIC not in text:
        faults.add("mark")
    return tuple(sorted(faults))


def fragment_faults(html: str) -> tuple[str, ...]:
    """Return what keeps a piece of HTML inside a notebook from being published."""
    reader = _read(html)
    return tuple(sorted(set(reader.faults) | set(text_faults("\n".join(reader.text)))))
