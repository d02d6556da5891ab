"""What every analysis returns: a frozen result that says what it is, how sure it is and what it stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any

from evaluation.language import Words, reader_language

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Drawer = Callable[..., "Axes"]
_drawers: dict[type, Drawer] = {}
_rooms: set[str] = set()


def draws(kind: type) -> Callable[[Drawer], Drawer]:
    """Register a figure function as the drawer of a result type (used by `evaluation.figures`)."""

    def register(drawer: Drawer) -> Drawer:
        _drawers[kind] = drawer
        return drawer

    return register


def drawers_from(room: str) -> None:
    """Name the module that registers drawers: it is loaded when a result is first drawn.

    The top of the package calls this, so that no room imports one above it.
    """
    _rooms.add(room)


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """Base of all results.

    Attributes
    ----------
    estimand : Words
        What is estimated, of whom, when, compared with what.
    method : Words
        How, with its source.
    estimate, low, high : float or None
        Point and interval in `unit`; None where it cannot be known.
    level : float
        Confidence level of the interval.
    n : int
        Number of observations behind the estimate.
    unit : str
        "share", "count", "per 10,000 residents", "ratio", ...
    assumptions : tuple of Words
        What must hold for the estimate to mean what it says.
    diagnostics : mapping
        Numbers that let a reader check the assumptions.
    """

    estimand: Words
    method: Words
    estimate: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    n: int = 0
    unit: str = ""
    assumptions: tuple[Words, ...] = ()
    diagnostics: Mapping[str, Any] = field(default_factory=dict)

    def summary(self, language: str | None = None) -> str:
        """Return the result as one sentence, in English unless told."""
        speak = language or "en"
        if self.estimate is None:
            return f"{self.estimand[speak]}: —"
        apart = "; " if speak == "vi" else ", "  # a comma is the decimal mark there
        ends = (self.low, self.high)
        span = apart.join(_written(e, speak) for e in ends if e is not None)
        interval = "" if None in ends else f" ({_written(100 * self.level, speak)}%: {span})"
        return f"{self.estimand[speak]}: {_written(self.estimate, speak)}{interval} {self.unit}".rstrip()

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a tidy frame of one row (its own table where a result has one)."""
        import pandas as pd

        row = {f.name: getattr(self, f.name) for f in fields(Result) if f.name not in {"assumptions", "diagnostics"}}
        row["estimand"], row["method"] = self.estimand.en, self.method.en
        return pd.DataFrame([row])

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the result with the figure registered for its type and return the axes.

        Raises
        ------
        TypeError
            If no figure is registered for this type of result.
        """
        while _rooms:
            import_module(_rooms.pop())
        for kind in type(self).__mro__:
            if kind in _drawers:
                return _drawers[kind](self, ax=ax, **options)
        raise TypeError(f"{type(self).__name__} has no figure")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary()}>"

    def _repr_html_(self) -> str:
        language = reader_language()
        rows = [f"<p><b>{escape(self.summary(language))}</b></p>", f"<p>{escape(self.method[language])}</p>"]
        rows += [f"<li>{escape(a[language])}</li>" for a in self.assumptions]
        return "\n".join(rows)


def _written(x: float, language: str) -> str:
    """Write a number of any size to four figures, with the decimal mark of the language."""
    text = f"{x:.4g}"
    return text.replace(".", ",") if language == "vi" else text
