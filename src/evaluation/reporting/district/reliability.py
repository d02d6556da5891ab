"""How far the district's figures can be relied on: completeness, timeliness, revisions, oddities."""

from __future__ import annotations

from evaluation.contracts import SHOWN
from evaluation.indicators import elements, headline
from evaluation.language import day, number, percent, say, say_count, sentence, uncapitalised
from evaluation.monitoring.reports.completeness import ABSENT, LATE, ON_TIME
from evaluation.monitoring.reports.doubtful import AS_REPORTED, SET_ASIDE, doubtful_quarters
from evaluation.periods import Period
from evaluation.places import wards
from evaluation.quality import ODD_FACTOR
from evaluation.quality.digits import LEAST_FIGURES
from evaluation.reporting.district.subject import RECENT, Subject
from evaluation.reporting.district.written import absent, interval
from evaluation.reporting.model import Bullets, Cell, Column, Figure, Paragraph, Section, Table
from evaluation.reporting.pictures import picture

DIGITS_LEVEL = 0.01  # 24 districts are tested each quarter: at 5% one would be suspected every time


def reliability(subject: Subject) -> Section:
    """Return the section on data quality."""
    speak = subject.language
    odd = odd_figures(subject)
    strange = (
        (Bullets(odd), Paragraph(effect(subject)))
        if odd
        else (Paragraph(say("quality.odd.none", speak, factor=number(ODD_FACTOR, speak))),)
    )
    hidden = subject.slice.withheld
    withheld = Paragraph(say_count("quality.figures.withheld", speak, hidden), "note")
    parts = (
        Section("timeliness", say("quality.time", speak), (Paragraph(_on_time(subject)), _times(subject))),
        Section("matrix", say("quality.matrix", speak), (_matrix(subject),)),
        Section("checks", say("quality.checks", speak), (Bullets((found(subject), corrected(subject), last_digits(subject))),)),
        Section("oddities", say("quality.odd", speak), (*strange, withheld)),
    )
    return Section("quality", say("section.quality", speak), (), parts)


def odd_figures(subject: Subject) -> tuple[str, ...]:
    """Return one sentence per figure that lies far off the district's own history."""
    speak = subject.language
    said = []
    for row in subject.slice.odd_figures.to_dict("records"):
        high = row["ratio"] > 1
        said.append(
            say(
                "quality.odd.item" if high else "quality.odd.low",
                speak,
                label=elements()[row["element"]].label[speak],
                period=Period.parse(row["period"]).label(speak),
                value=number(row["value"], speak),
                median=number(row["median"], speak),
                n=row["n_before"],
                **({"ratio": number(row["ratio"], speak, 1)} if high else {}),
            )
        )
    return tuple(said)


def effect(subject: Subject) -> str:
    """Return what the odd figures do to the headline outcome: the last quarters together, with and without those that hold one.

    Both are made from counts that are shown quarter by quarter; leaving out a
    single ward would give its count away by subtraction.
    """
    speak, main = subject.language, headline()
    slots: dict[str, object] = {"label": uncapitalised(main.label[speak])}
    recent = subject.recent(main.id)
    if not (recent["state"] == SHOWN).any():
        return sentence(say("quality.effect.absent", speak, n=RECENT, **slots))
    table = doubtful_quarters(recent, subject.slice.odd_figures, main.id).set_index("way")
    if not subject.slice.odd_figures["element"].isin(main.elements).any():
        return sentence(say("quality.effect.none", speak, n=RECENT, **slots))
    if SET_ASIDE not in table.index:
        touched = set(subject.slice.odd_figures.loc[subject.slice.odd_figures["element"].isin(main.elements), "period"])
        shown = set(recent.loc[recent["state"] == SHOWN, "period"])
        return sentence(say("quality.effect.only" if touched & shown else "quality.effect.none", speak, n=RECENT, **slots))
    whole, rest = (table.loc[[way]].to_dict("records")[0] for way in (AS_REPORTED, SET_ASIDE))
    return sentence(
        say(
            "quality.effect.some",
            speak,
            n=whole["quarters"],
            all=percent(whole["value"], speak),
            interval=interval(main, whole["low"], whole["high"], speak),
            kept=rest["quarters"],
            without=percent(rest["value"], speak),
            interval_without=interval(main, rest["low"], rest["high"], speak),
            **slots,
        )
    )


def _on_time(subject: Subject) -> str:
    """Return how many of the last reports came on time, late or never, and how many wards are in them."""
    frame = subject.slice.timeliness.frame
    counts = {state: int((frame["timing"] == state).sum()) for state in (ON_TIME, LATE, ABSENT)}
    wards_came = {"wards": number(frame["wards"].sum(), subject.language), "expected": number(frame["expected"].sum(), subject.language)}
    return say("quality.time.answer", subject.language, n=len(frame), **counts, **wards_came)


def found(subject: Subject) -> str:
    """Return what the checks of the period's files found, by severity; or that no check is kept."""
    speak, counts = subject.language, subject.slice.checks
    slots = {"place": subject.place, "period": subject.period}
    if counts is None:
        return say("quality.checks.none", speak, **slots)
    written = {f"{severity}s": number(n, speak) for severity, n in counts.items()}
    return say("quality.checks.counted", speak, **slots, **written)


def corrected(subject: Subject) -> str:
    """Return how many quarters were sent again and how much that changed."""
    speak, sent = subject.language, subject.slice.corrections
    quarters = int((sent.quarters["changed"] > 0).sum())
    if not quarters or sent.estimate is None:
        return say("quality.corrected.none", speak, n=len(subject.slice.timeliness.frame))
    slots = {
        "periods": len(subject.slice.timeliness.frame),
        "share": percent(sent.estimate, speak),
        "changed": number(round(sent.estimate * sent.n), speak),
        "total": number(sent.n, speak),
        "size": percent(sent.median_size or 0.0, speak),
    }
    return say("quality.corrected.some.one" if quarters == 1 else "quality.corrected.some", speak, quarters=quarters, **slots)


def last_digits(subject: Subject) -> str:
    """Return whether some last digits are preferred, as far as the figures can tell."""
    speak, seen = subject.language, subject.slice.last_digits
    if seen.p_value is None or seen.estimate is None:
        return say("quality.digits.few", speak, n=number(seen.n, speak), least=LEAST_FIGURES)
    told = say(
        "quality.digits.preferred" if seen.p_value < DIGITS_LEVEL else "quality.digits.chance",
        speak,
        share=percent(seen.estimate, speak),
        n=number(seen.n, speak),
        expected=percent(seen.diagnostics["expected"], speak),
        limit=number(DIGITS_LEVEL, speak, 2),
    )
    return f"{told} {say('quality.digits.basis', speak)}"


def _matrix(subject: Subject) -> Figure:
    from evaluation.figures import completeness as figure

    labels = {code: ward.name[subject.language] for code, ward in wards(subject.code).items()}
    frame = subject.slice.matrix
    named = frame.assign(row=[labels[code] for code in frame["row"]])
    drawn = figure.completeness(named, language=subject.language, synthetic=subject.slice.synthetic)
    return picture(drawn, "matrix-figure", say("quality.matrix.caption", subject.language))


def _times(subject: Subject) -> Table:
    speak = subject.language
    keys = ("period", "received", "due", "timing", "wards", "revisions")
    rows = []
    for r in reversed(subject.slice.timeliness.frame.to_dict("records")):
        due = r["due"]
        rows.append(
            (
                Cell(Period.parse(r["period"]).label(speak)),
                Cell(day(r["first_received"], speak)) if r["timing"] != ABSENT else absent("missing", speak),
                Cell(day(due.replace(day=due.day + 1), speak)),
                Cell(say(f"timing.{r['timing']}", speak)),
                Cell(f"{r['wards']}/{r['expected']}"),
                Cell(number(r["revisions"], speak)),
            )
        )
    columns = tuple(Column(say(f"quality.col.{k}", speak), k in ("wards", "revisions"), k == "period") for k in keys)
    return Table("times-table", say("quality.time.caption", speak, place=subject.place, n=len(rows)), columns, tuple(rows))
