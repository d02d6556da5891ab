"""The results framework: from inputs to impact, with the indicator and the assumption at each link."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from evaluation.language import Words
from evaluation.plan.source import both, reason, rows

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "input": Words("Đầu vào", "Inputs"),
    "activity": Words("Hoạt động", "Activities"),
    "output": Words("Đầu ra", "Outputs"),
    "outcome": Words("Kết quả", "Outcomes"),
    "impact": Words("Tác động", "Impact"),
}
# In this order no two links of the framework cross when it is drawn.
STRANDS = {
    "communication": Words("Truyền thông", "Communication"),
    "health": Words("Giảm hại và sức khỏe", "Harm reduction and health"),
    "protection": Words("Bảo vệ người bị mua bán và trẻ em", "Protection of trafficked people and children"),
    "rights": Words("Quyền của người lao động", "Workers' rights"),
    "livelihoods": Words("Hỗ trợ xã hội và sinh kế", "Social support and livelihoods"),
    "management": Words("Quản lý (bối cảnh)", "Management (context)"),
}


@dataclass(frozen=True)
class Node:
    """A step of the results framework: `column` is one of COLUMNS, `strand` one of STRANDS."""

    id: str
    column: str
    strand: str
    label: Words
    provisions: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A step that leads to the next one.

    Attributes
    ----------
    source, target : str
        Nodes.
    indicators : tuple of str
        What can show that the target is reached.
    assumption : Words
        What must hold for the step to follow.
    no_indicator : Words or None
        Why none is fit, exactly where `indicators` is empty.
    """

    source: str
    target: str
    indicators: tuple[str, ...]
    assumption: Words
    no_indicator: Words | None


@dataclass(frozen=True)
class Framework:
    """The results framework: nodes by id, in drawing order, and the links between them."""

    nodes: dict[str, Node]
    links: tuple[Link, ...]

    def cell(self, strand: str, column: str) -> tuple[Node, ...]:
        """Return the nodes of one cell of the drawing."""
        return tuple(n for n in self.nodes.values() if n.strand == strand and n.column == column)

    def nodes_frame(self) -> pd.DataFrame:
        """Return the nodes as a table, strand by strand: id, column, strand, label_vi, label_en."""
        import pandas as pd

        ordered = [n for strand in STRANDS for n in self.nodes.values() if n.strand == strand]
        return pd.DataFrame(
            [{"id": n.id, "column": n.column, "strand": n.strand, "label_vi": n.label.vi, "label_en": n.label.en} for n in ordered]
        )

    def links_frame(self) -> pd.DataFrame:
        """Return the links as a table: source, target, indicators, assumption_vi, assumption_en."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "source": k.source,
                    "target": k.target,
                    "indicators": " ".join(k.indicators),
                    "assumption_vi": k.assumption.vi,
                    "assumption_en": k.assumption.en,
                }
                for k in self.links
            ]
        )


@cache
def framework() -> Framework:
    """Return the results framework."""
    nodes = {
        r["id"]: Node(r["id"], r["column"], r["strand"], both(r, "label"), tuple(r["provisions"].split())) for r in rows("framework_nodes")
    }
    links = (Link(r["source"], r["target"], tuple(r["indicators"].split()), both(r, "assumption"), reason(r)) for r in rows("framework"))
    return Framework(nodes, tuple(links))
