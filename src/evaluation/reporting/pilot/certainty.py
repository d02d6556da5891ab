"""How sure the evidence is, outcome by outcome, and what would change our mind."""

from __future__ import annotations

from evaluation.effects.synthesis.bias import JUDGEMENTS
from evaluation.effects.synthesis.certainty import GRADE_WORDS
from evaluation.language import number, say
from evaluation.reporting.district.effect_words import effect_size
from evaluation.reporting.model import Block, Bullets, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pilot.subject import Subject


def overall(subject: Subject) -> str:
    """Return the overall grade; empty where nothing could be graded."""
    table = subject.evidence.effects.table
    return "" if table is None or table.overall is None else table.overall


def certainty_sentence(subject: Subject) -> str:
    """Return how sure the evidence on the effect is, in one sentence."""
    speak, grade = subject.language, overall(subject)
    if not grade:
        return say("model.certainty.none", speak)
    of_plan = subject.evidence.effects.plan is not None
    return say("model.certainty.overall.primary" if of_plan else "model.certainty.overall", speak, grade=GRADE_WORDS[grade][speak])


def certainty(subject: Subject) -> Section:
    """Return the section on certainty."""
    speak, graded = subject.language, [e.certainty for e in subject.evidence.effects.outcomes if e.certainty is not None]
    blocks: list[Block] = [Paragraph(certainty_sentence(subject))]
    if graded:
        rows = tuple((Cell(c.outcome_label[speak]), Cell(c.words[speak]), Cell(" ".join(s.reason[speak] for s in c.steps))) for c in graded)
        heads = (("name", 28), ("grade", 12), ("why", 60))
        columns = tuple(Column(say(f"model.certainty.col.{h}", speak), row_header=h == "name", width=w) for h, w in heads)
        blocks.append(Table("certainty-table", say("model.certainty.caption", speak), columns, rows, say("model.certainty.note", speak)))
        reasons = tuple(f"{d.name[speak]}: {d.reason[speak]}" for d in graded[0].domains)
        blocks += [_bias(subject), Paragraph(say("model.bias.note", speak, label=graded[0].outcome_label[speak])), Bullets(reasons)]
    mind = Section("mind", say("model.mind", speak), (Bullets(change_mind(subject)),))
    return Section("certainty", say("model.section.certainty", speak), tuple(blocks), (mind,))


def _bias(subject: Subject) -> Table:
    """Return the seven domains of bias by outcome, in words."""
    speak = subject.language
    graded = [e.certainty for e in subject.evidence.effects.outcomes if e.certainty is not None]
    rows = tuple((Cell(c.outcome_label[speak]), *(Cell(JUDGEMENTS[d.judgement][speak]) for d in c.domains)) for c in graded)
    names = [d.name[speak] for d in graded[0].domains]
    columns = (
        Column(say("model.certainty.col.name", speak), row_header=True, width=23),
        *(Column(n, width=11) for n in names),
    )
    return Table("bias-table", say("model.bias.caption", speak), columns, rows)


def change_mind(subject: Subject) -> tuple[str, ...]:
    """Return what would change our mind: by rule, from what the conclusion hangs on."""
    speak, found = subject.language, subject.evidence.effects.outcomes
    said = []
    effect = found[0].effect if found else None
    if effect is not None and effect.calibration is not None:
        if effect.calibration.detectable is not None:
            size = effect_size(effect, effect.calibration.detectable, speak)
            said.append(say("model.mind.power", speak, size=size, label=effect.outcome_label[speak]))
        said.append(say("model.mind.alarms", speak))
    if not subject.placed:
        said.append(say("model.mind.place", speak))
    elif not found:
        said.append(say("model.mind.start", speak))
    else:
        said += [say(f"model.mind.{k}", speak) for k in ("controls", "more_wards")]
    return (*said, say("model.mind.harm", speak))


def verdict_count(subject: Subject) -> str:
    """Return how many of the outcomes may be claimed, in one sentence; empty where none was estimated."""
    table = subject.evidence.effects.table
    if table is None:
        return ""
    speak, k = subject.language, int(table.estimate or 0)
    key = "model.effects.count" if k else "model.effects.count.none"
    return say(key, speak, n=number(table.n, speak), k=number(k, speak))
