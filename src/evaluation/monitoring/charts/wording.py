"""What control charts say: kinds, verdicts, reasons and the one sentence, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evaluation.contracts import SHOWN
from evaluation.language import Words, listed, number, percent, significant, span
from evaluation.language import sentence as sentence_of
from evaluation.monitoring.charts import limits as lim
from evaluation.monitoring.charts.phases import FEWEST_FOR_LIMITS
from evaluation.monitoring.charts.rules import RULES
from evaluation.periods import said_period

if TYPE_CHECKING:
    from evaluation.monitoring.charts.result import ControlChart

PERIODS = "periods"  # unit of gaps counted in periods
ASSUMPTIONS = (
    Words("Các kỳ cách đều nhau; số liệu một kỳ không kéo theo kỳ sau.", "Periods are independent of each other."),
    Words("Trong kỳ gốc không có thay đổi gì cần phát hiện.", "Nothing that the chart is to find happened in the baseline."),
    Words(
        "Mùa vụ không được tách riêng: dao động trong năm tính vào dao động thường có.",
        "Season is not taken out: its ups and downs count as usual variation.",
    ),
    Words("Cách ghi nhận chỉ thay đổi ở các mốc nêu trên biểu đồ.", "Recording changed only where the chart says so."),
)
KINDS = {
    lim.P: Words("biểu đồ p (tỷ lệ, theo nhị thức)", "p chart (share, binomial)"),
    lim.U: Words("biểu đồ u (tỷ suất, theo Poisson)", "u chart (rate, Poisson)"),
    lim.C: Words("biểu đồ c (số đếm, theo Poisson)", "c chart (count, Poisson)"),
    lim.P_PRIME: Words(
        "biểu đồ p′ (tỷ lệ, nới theo độ phân tán quá mức, Laney 2002)", "p′ chart (share, widened by overdispersion, Laney 2002)"
    ),
    lim.U_PRIME: Words(
        "biểu đồ u′ (tỷ suất, nới theo độ phân tán quá mức, Laney 2002)", "u′ chart (rate, widened by overdispersion, Laney 2002)"
    ),
    lim.C_PRIME: Words(
        "biểu đồ c′ (số đếm, nới theo độ phân tán quá mức, Laney 2002)", "c′ chart (count, widened by overdispersion, Laney 2002)"
    ),
    lim.XMR: Words("biểu đồ XmR (giá trị đơn và khoảng biến thiên)", "XmR chart (individual values and moving ranges)"),
    lim.G: Words("biểu đồ g (khoảng cách giữa các sự việc hiếm, Benneyan 2001)", "g chart (gaps between rare events, Benneyan 2001)"),
    lim.T: Words("biểu đồ t (thời gian giữa các sự việc hiếm, Nelson 1994)", "t chart (times between rare events, Nelson 1994)"),
    lim.RUN: Words("biểu đồ chạy quanh trung vị (Anhøj và Olesen 2014)", "run chart about the median (Anhøj and Olesen 2014)"),
    lim.EWMA: Words("biểu đồ EWMA (Lucas và Saccucci 1990)", "EWMA chart (Lucas and Saccucci 1990)"),
    lim.CUSUM: Words("biểu đồ CUSUM (Page 1954; Brook và Evans 1972)", "CUSUM chart (Page 1954; Brook and Evans 1972)"),
}
SETS = {
    "limits": Words("chỉ xét điểm ngoài giới hạn", "only points outside the limits"),
    "nhs": Words("quy tắc “Making Data Count” của NHS", "the NHS rules “making data count”"),
    "western_electric": Words("quy tắc Western Electric", "the Western Electric rules"),
    "nelson": Words("tám quy tắc Nelson", "Nelson's eight rules"),
    "anhoej": Words("quy tắc Anhøj", "Anhøj's rules"),
    "run_chart": Words("quy tắc biểu đồ chạy (Perla và cộng sự 2011)", "run chart rules (Perla and others 2011)"),
}
VERDICTS = {
    "improving": Words("đang tốt lên", "improving"),
    "worsening": Words("đang xấu đi", "worsening"),
    "no_change": Words("không có tín hiệu thay đổi vượt quá dao động ngẫu nhiên", "no signal of a change beyond chance"),
    "changed": Words(
        "có thay đổi vượt quá dao động ngẫu nhiên, không đánh giá tốt hay xấu", "changed beyond chance, not judged good or bad"
    ),
    "too_few": Words("chưa đủ số liệu để kết luận", "too few points to tell"),
}


def method(kind: str, rules: str) -> Words:
    """Return how a chart was made."""
    return Words(f"{sentence_of(KINDS[kind].vi)}; {SETS[rules].vi}.", f"{KINDS[kind].en}; {SETS[rules].en}.")


def sentence(chart: ControlChart, language: str) -> str:
    """Return what the chart says of its latest point, as one sentence."""
    shown = chart.frame[chart.frame["state"] == SHOWN]
    head = (
        f"{chart.estimand[language]}: {VERDICTS[chart.verdict][language]}"
        if chart.estimand[language]
        else VERDICTS[chart.verdict][language]
    )
    if chart.verdict == "too_few":
        enough = chart.phases[-1].n >= FEWEST_FOR_LIMITS
        few = _TOO_SMALL if enough else _FEW_GAPS if chart.kind in (lim.G, lim.T) else _TOO_FEW
        return f"{head}; {few[language].format(n=number(chart.phases[-1].n, language))}."
    last, run = shown.iloc[-1], chart.phases[-1].basis == "run"
    point = f"{written(chart, float(last['value']), language)} ({said_period(str(last['period']), language)})"
    if last["signal"]:
        told = listed([said_rule(chart, name)[language] for name in str(last["rules"]).split(",")], language)
        tail = _SIGNAL[language].format(point=point, rules=told)
    elif run:
        tail = _ABOUT[language].format(point=point, centre=written(chart, float(last["centre"]), language))
    else:
        ends = [written(chart, float(last[a]), language, bare=True) for a in ("low", "high")]
        tail = _WITHIN[language].format(point=point, span=span(ends[0], ends[1], language))
    if chart.trial:
        tail += f" ({_TRIAL[language].format(n=number(chart.phases[-1].n, language))})"
    if run and chart.kind != lim.RUN:
        small = chart.phases[-1].n >= FEWEST_FOR_LIMITS
        tail += f" ({_SMALL_RUN[language] if small else _RUN[language].format(n=number(chart.phases[-1].n, language))})"
    same = shown[(shown["phase"] == last["phase"]) & shown["baseline"] & (shown["signal"] == last["signal"])]
    if last["signal"] and not last["baseline"] and len(same):
        tail += f"; {_BEGAN[language].format(period=said_period(str(same['period'].iloc[0]), language))}"
    if not last["signal"] and (earlier := int((shown["signal"] != 0).sum())):
        tail += f"; {_EARLIER[language].format(n=number(earlier, language), noun=_noun(earlier, language))}"
    return f"{head}; {tail}."


def written(chart: ControlChart, x: float, language: str, *, bare: bool = False) -> str:
    """Write a value on the chart's own scale.

    Parameters
    ----------
    chart : ControlChart
    x : float
    language : {"vi", "en"}
    bare : bool
        Leave out the words of the unit.
    """
    if chart.kind in (lim.EWMA, lim.CUSUM):
        return f"{number(x, language, 2)}{'' if bare else f' {_SIGMA[language]}'}"
    if chart.kind in lim.SHARES or (chart.measure == "proportion" and chart.kind in (lim.XMR, lim.RUN)):
        return percent(x, language)
    text = significant(x, language, float(np.nanmax(np.abs(chart.frame["value"].to_numpy(float)), initial=0.0)))
    if chart.kind in (lim.G, lim.T):
        return f"{text} {_noun(1 if x == 1 else 2, language)}" if chart.unit == PERIODS and not bare else text
    return text


def said_rule(chart: ControlChart, name: str) -> Words:
    """Return a rule in words."""
    rules = {r.name: r.said for r in (*RULES["anhoej"], *RULES[chart.rules])}
    return rules[name]


def _noun(n: int, language: str) -> str:
    return "kỳ" if language == "vi" else "period" if n == 1 else "periods"


_TOO_SMALL = Words(
    "các số trong kỳ gốc quá nhỏ hoặc không đổi nên không tính được giới hạn",
    "the numbers of the baseline are too small, or vary too little, for limits",
)
_SMALL_RUN = Words(
    "biểu đồ chạy, không có giới hạn vì các số trong kỳ gốc quá nhỏ hoặc không đổi",
    "a run chart without limits, since the numbers of the baseline are too small or vary too little",
)
_FEW_GAPS = Words(
    "kỳ gốc có {n} khoảng cách đã biết giữa hai sự việc, giới hạn cần ít nhất 8",
    "the baseline has {n} known gaps between events and limits need at least 8",
)
_RUN = Words("kỳ gốc chỉ có {n} số liệu: biểu đồ chạy, không có giới hạn", "a run chart without limits, since the baseline has {n} points")
_TOO_FEW = Words("kỳ gốc có {n} số liệu, giới hạn cần ít nhất 8", "the baseline has {n} reported points and limits need at least 8")
_SIGNAL = Words("giá trị gần nhất, {point}, thuộc một tín hiệu: {rules}", "the latest value, {point}, is part of a signal: {rules}")
_WITHIN = Words("giá trị gần nhất, {point}, nằm trong giới hạn {span}", "the latest value, {point}, lies within limits of {span}")
_ABOUT = Words(
    "giá trị gần nhất, {point}, không thuộc tín hiệu nào quanh trung vị {centre}",
    "the latest value, {point}, is part of no signal about the median of {centre}",
)
_TRIAL = Words("giới hạn tạm tính từ {n} kỳ", "trial limits from {n} periods")
_BEGAN = Words(
    "tín hiệu cùng hướng đã có từ {period}, trong kỳ gốc",
    "signals the same way began in {period}, within the baseline",
)
_EARLIER = Words("trước đó có {n} {noun} thuộc tín hiệu", "{n} earlier {noun} made a signal")
_SIGMA = Words("độ lệch chuẩn", "sigma")
