"""A small YAML file as a tree of texts with their lines: nothing is guessed, nothing is run, nothing is said twice.

YAML 1.1 makes `no` a truth value, `2017-01-01` a date and `22:30` a number; it
lets the last of two equal keys win in silence, and lets anchors blow a small file up.
Here every value stays the text that was written; equal keys, anchors, tags,
several documents and deep nesting are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evaluation.effects.analysis_plan.problems import PlanFileError, Problem
from evaluation.language import Words

LARGEST = 64_000  # bytes
DEEPEST = 6


@dataclass(frozen=True)
class Branch:
    """A value of the file.

    Attributes
    ----------
    line : int
    text : str or None
        Of a single value.
    quoted : bool
    items : tuple of Branch or None
        Of a list.
    keys : dict of str to Branch or None
        Of a mapping.
    """

    line: int
    text: str | None = None
    quoted: bool = False
    items: tuple[Branch, ...] | None = None
    keys: dict[str, Branch] | None = field(default=None)

    @property
    def empty(self) -> bool:
        """Whether nothing was written: no text, `~` or `null`."""
        return self.text is not None and not self.quoted and self.text.strip().lower() in ("", "~", "null")


def grown(body: bytes, file: str) -> Branch:
    """Return a file's content as a tree.

    Parameters
    ----------
    body : bytes
        UTF-8.
    file : str
        Its name, for messages.

    Raises
    ------
    PlanFileError
        If it is too large, not UTF-8, no YAML, or holds what is refused.
    """
    import yaml

    if len(body) > LARGEST:
        raise _wrong(file, 1, f"tệp lớn hơn {LARGEST} byte", f"the file is larger than {LARGEST} bytes")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong(file, 1, "tệp không phải UTF-8; hãy lưu lại ở dạng UTF-8", "the file is not UTF-8; save it as UTF-8") from None
    try:
        _refuse_events(yaml.parse(text, Loader=yaml.SafeLoader), file)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _wrong(
            file,
            mark.line + 1 if mark else 1,
            "không đúng cú pháp YAML; hãy xem dấu hai chấm, dấu ngoặc và lề",
            "this is no YAML; look at colons, quotes and indents",
        ) from None
    except yaml.YAMLError:
        raise _wrong(file, 1, "tệp chứa ký tự không in được", "the file holds characters that cannot be printed") from None
    if node is None:
        raise _wrong(file, 1, "tệp trống", "the file is empty")
    return _branch(node, file)


def _refuse_events(events: Any, file: str) -> None:
    """Refuse anchors, aliases, tags and deep nesting before anything is built."""
    import yaml

    deep = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _wrong(file, line, "không dùng neo (&) và tham chiếu (*)", "anchors (&) and aliases (*) are not used")
        if getattr(event, "tag", None):
            raise _wrong(file, line, "không dùng thẻ kiểu (!)", "tags (!) are not used")
        if isinstance(event, yaml.CollectionStartEvent):
            deep += 1
        if isinstance(event, yaml.CollectionEndEvent):
            deep -= 1
        if deep > DEEPEST:
            raise _wrong(file, line, f"lồng sâu hơn {DEEPEST} mức", f"nested deeper than {DEEPEST} levels")


def _branch(node: Any, file: str) -> Branch:
    import yaml

    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return Branch(line, text=str(node.value), quoted=node.style in ("'", '"'))
    if isinstance(node, yaml.SequenceNode):
        return Branch(line, items=tuple(_branch(n, file) for n in node.value))
    keys: dict[str, Branch] = {}
    for name, value in node.value:
        at = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            raise _wrong(file, at, "khóa phải là một từ", "a key must be one word")
        if name.value in keys:
            raise _wrong(file, at, "khóa này có hai lần; chỉ giữ một", "this key is there twice; keep one", str(name.value))
        keys[str(name.value)] = _branch(value, file)
    return Branch(line, keys=keys)


def _wrong(file: str, line: int, vi: str, en: str, key: str = "") -> PlanFileError:
    return PlanFileError(file, [Problem(line, key, Words(f"{vi}.", f"{en}."))])
