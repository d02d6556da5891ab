"""What the model is: its theory of change from the plan, where and since when, and TIDieR's twelve items."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.indicators import indicators
from evaluation.language import listed, number, say, uncapitalised
from evaluation.plan import STRANDS, Link, Node, agencies, framework, provision
from evaluation.reporting.model import Block, Cell, Column, Figure, Paragraph, Section, Table
from evaluation.reporting.pictures import picture
from evaluation.reporting.pilot.delivered import delivered_part, services_since
from evaluation.reporting.pilot.subject import Subject

UNNAMED = ("departments_concerned", "mass_organisations")
TIDIER = ("name", "why", "materials", "procedures", "provider", "mode", "place", "dose", "tailoring", "changes", "planned", "actual")


@dataclass(frozen=True)
class Item:
    """One of TIDieR's twelve items as far as the plan and the reports tell it.

    Attributes
    ----------
    id : str
        One of `TIDIER`.
    text : str
        What is known; that nothing is, where `recorded` is False.
    source : str
        Where it is from; empty where nothing is recorded.
    recorded : bool
    """

    id: str
    text: str
    source: str
    recorded: bool


def intervention(subject: Subject) -> Section:
    """Return the section on the model: place and start, theory of change, the twelve items."""
    speak = subject.language
    parts = (
        Section("place", say("model.place", speak), tuple(Paragraph(text) for text in place_and_start(subject))),
        Section("theory", say("model.theory", speak), _theory(subject)),
        Section("tidier", say("model.tidier", speak), (_table(subject),)),
    )
    return Section("intervention", say("model.section.intervention", speak), (), parts)


def place_and_start(subject: Subject) -> tuple[str, ...]:
    """Return where the model runs and since when, as far as the plan and the office say."""
    speak = subject.language
    where = subject.model.place_note[speak]
    if not subject.placed:
        return (where, say("model.start.no_place", speak))
    if not subject.start:
        return (where, say("model.start.unknown", speak))
    key = "model.start.example" if subject.evidence.synthetic else "model.start.known"
    return (where, say(key, speak, start=subject.start))


def steps(subject: Subject) -> tuple[Link, ...]:
    """Return the links of the plan's framework that the model's expected results hang on."""
    known, expected = framework(), set(subject.model.outcome_indicators)
    ends = {k.target for k in known.links if expected & set(k.indicators)}
    strands = {known.nodes[e].strand for e in ends}
    inside = {n.id for n in known.nodes.values() if n.strand in strands}
    reached = {k.target for k in known.links if k.source in inside and known.nodes[k.target].column == "impact"}
    return tuple(k for k in known.links if k.source in inside and k.target in inside | reached)


def _theory(subject: Subject) -> tuple[Block, ...]:
    speak, known = subject.language, framework()
    expected = set(subject.model.outcome_indicators)
    rows = []
    for link in steps(subject):
        labels = [indicators()[i].label[speak] for i in link.indicators]
        own = [indicators()[i].label[speak] for i in link.indicators if i in expected]
        shown = "; ".join(own or labels) or (link.no_indicator[speak] if link.no_indicator else "")
        rows.append(tuple(Cell(t) for t in (known.nodes[link.source].label[speak], known.nodes[link.target].label[speak])))
        rows[-1] += (Cell(link.assumption[speak]), Cell(shown))
    heads = (("from", 20), ("to", 22), ("must", 30), ("shown", 28))
    columns = tuple(Column(say(f"model.theory.col.{h}", speak), row_header=h == "from", width=w) for h, w in heads)
    table = Table("theory-table", say("model.theory.caption", speak), columns, tuple(rows))
    return (Paragraph(say("model.theory.intro", speak, expected=subject.model.expected[speak])), _figure(subject), table)


def _figure(subject: Subject) -> Figure:
    from evaluation.figures.framework import framework as figure

    speak, known, wanted = subject.language, framework(), steps(subject)
    nodes, links = known.nodes_frame(), known.links_frame()
    ids = {n for k in wanted for n in (k.source, k.target)}
    pairs = {(k.source, k.target) for k in wanted}
    nodes = nodes[nodes["id"].isin(ids)].reset_index(drop=True)
    links = links[[pair in pairs for pair in zip(links["source"], links["target"], strict=True)]].reset_index(drop=True)
    reported = {i for i, found in indicators().items() if found.reported}
    links["measured"] = [bool(set(str(names).split()) & reported) for names in links["indicators"]]
    strands = {s: w for s, w in STRANDS.items() if s in set(nodes["strand"])}
    drawn = figure(nodes, links, language=speak, title=say("model.theory.title", speak), strands=strands)
    return picture(drawn, "theory-figure", say("model.theory.figure", speak))


def tidier(subject: Subject) -> tuple[Item, ...]:
    """Return TIDieR's twelve items, in its order; what nobody recorded says so and is never made up."""
    speak, model, known = subject.language, subject.model, framework()
    nodes = [known.nodes[n] for n in dict.fromkeys(n for k in steps(subject) for n in (k.source, k.target))]
    plan = say("model.tidier.source.plan", speak, items=", ".join(model.provisions))
    frame = say("model.tidier.source.framework", speak)
    partners = listed([_body(p, speak) for p in model.partners], speak)
    found: dict[str, tuple[str, str]] = {
        "name": (model.name[speak], plan),
        "why": (model.expected[speak], f"{plan}; {frame}"),
        "materials": (say("model.tidier.materials", speak, what=_labels(nodes, "input", speak)), frame),
        "procedures": (say("model.tidier.procedures", speak, asked=" ".join(provision(p).asked[speak] for p in model.provisions)), plan),
        "provider": (say("model.tidier.provider" if partners else "model.tidier.provider.alone", speak, **_who(subject, partners)), plan),
        "place": (" ".join(place_and_start(subject)[:1]), plan),
    }
    reports = say("model.tidier.source.reports", speak)
    if dose := services_since(subject):
        found["dose"] = (say("model.tidier.dose", speak, start=subject.since, list="; ".join(dose)), reports)
    part = delivered_part(subject.evidence)
    if part is not None:
        done, quarters = part
        found["actual"] = (say("model.tidier.actual", speak, n=number(done, speak), total=number(quarters, speak)), reports)
    nothing = say("model.not_recorded", speak)
    return tuple(Item(i, *found[i], True) if i in found else Item(i, nothing, "", False) for i in TIDIER)


def _body(agency: str, language: str) -> str:
    """Write a body inside a sentence: the name of an organisation keeps its capital, "the units concerned" does not."""
    name = agencies()[agency].label[language]
    return uncapitalised(name) if agency in UNNAMED else name


def _who(subject: Subject, partners: str) -> dict[str, str]:
    return {"lead": subject.lead, "partners": partners}


def _labels(nodes: list[Node], column: str, language: str) -> str:
    return "; ".join(n.label[language] for n in nodes if n.column == column)


def _table(subject: Subject) -> Table:
    speak, items = subject.language, tidier(subject)
    rows = []
    for place, item in enumerate(items, 1):
        state = "shown" if item.recorded else "missing"
        name = f"{number(place, speak)}. {say(f'model.tidier.{item.id}.name', speak)}"
        rows.append((Cell(name), Cell(item.text, state), Cell(item.source)))
    heads = (("item", 24), ("text", 54), ("source", 22))
    columns = tuple(Column(say(f"model.tidier.col.{h}", speak), row_header=h == "item", width=w) for h, w in heads)
    silent = sum(not i.recorded for i in items)
    note = say("model.tidier.note", speak, n=number(silent, speak))
    return Table("tidier-table", say("model.tidier.caption", speak), columns, tuple(rows), note)
