"""What the field has published, read with its uncertainty: surveys, venues, a size estimate, effects of programmes.

Every number comes from the project's table of published figures (`evaluation.published.figures`), by the id of its row;
what is added is an interval where a sample size is published, a comparison where definitions allow one, and the reason
where they do not. Counts of venues and inspections are no samples: they carry no interval, and they measure effort.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from evaluation.language import Words
from evaluation.monitoring.pooling import Pooled, pool_ratios
from evaluation.monitoring.rates import intervals
from evaluation.published import figures
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

DESIGN_EFFECTS = (1.0, 1.5, 2.0)

# Two more facts of the source of row hcmc_vfsw_venues, which the table of figures, holding one value a row, does not
# carry: objects given out in the first round, and venues drawn for the second.
OBJECTS_GIVEN_OUT = 2317
VENUES_DRAWN = 103

_CONDOM = ("hcmc_hss_condom_2011", "hcmc_hss_condom_2012", "hcmc_hss_condom_2013")
_BORDER = (
    ("border5_gcct_baseline", "border5_gcct_exit", "border5_or_gcct", Words("Lậu hoặc chlamydia", "Gonorrhoea or chlamydia")),
    ("border5_gc_baseline", "border5_gc_exit", "border5_or_gc", Words("Lậu", "Gonorrhoea")),
    ("border5_ct_baseline", "border5_ct_exit", "", Words("Chlamydia", "Chlamydia")),
    ("border5_syphilis_baseline", "border5_syphilis_exit", "border5_or_syphilis", Words("Giang mai", "Syphilis")),
    ("border5_fsw_hiv", "border5_hiv_exit", "", Words("HIV", "HIV")),
)
_VENUES = {
    "hcmc_venues_2013": Words(
        "Cơ sở dịch vụ dễ phát sinh vấn đề xã hội, cuối năm 2013", "Establishments where social problems may arise, end of 2013"
    ),
    "hcmc_venues_2017": Words(
        "Cơ sở dịch vụ nhạy cảm, dễ bị lợi dụng, cuối năm 2017", "Sensitive establishments that may be abused for sex work, end of 2017"
    ),
    "hcmc_suspected_venues_2017": Words(
        "Một phần của dòng trên: cơ sở có biểu hiện nghi vấn", "Part of the row above: establishments under suspicion"
    ),
    "hcmc_venues_2023": Words(
        "Cơ sở dịch vụ nhạy cảm thuộc các loại bài báo liệt kê", "Sensitive establishments of the kinds the article lists"
    ),
}
_INSPECTIONS = (
    (
        "hcmc_inspected_2016h1",
        "hcmc_violating_2016h1",
        Words("Cơ sở, nửa năm, đoàn liên ngành", "Establishments, half a year, joint teams"),
    ),
    (
        "hcmc_inspections_2017",
        "hcmc_violations_2017",
        Words("Lượt kiểm tra, nguồn không nêu từ khi nào", "Visits, from when is not stated"),
    ),
    (
        "hcmc_inspections_2021_2025",
        "hcmc_violations_2021_2025",
        Words("Lượt kiểm tra, năm năm; vi phạm đếm theo cơ sở", "Visits, five years; violations counted by establishment"),
    ),
    ("hcmc_inspections_2025", "", Words("Lượt kiểm tra, một năm, thành phố sau sáp nhập", "Visits, one year, the city after the merger")),
)
_POOLED = ("kerrigan_or_condom", "tn_or_condom_occasional")
_EFFECTS = {
    "kerrigan_or_condom": Words("gộp", "pooled"),
    "tn_or_condom_occasional": Words("gộp", "pooled"),
    "kerrigan_or_hiv": Words(
        "không gộp: có thể trùng nghiên cứu với bài tổng quan năm 2013", "not pooled: may share studies with the review of 2013"
    ),
    "kerrigan2013_or_hiv": Words(
        "không gộp: bài tổng quan trước của cùng nhóm, có thể trùng bài năm 2014",
        "not pooled: an earlier review by the same group, may overlap that of 2014",
    ),
    "kerrigan_or_gonorrhoea": Words("không gộp: không có nguồn thứ hai cùng thiết kế", "not pooled: no second source of the same design"),
    "border5_or_gc": Words(
        "không gộp: trước-sau không nhóm so sánh, đội khám lưu động", "not pooled: before and after without comparison, mobile clinics"
    ),
    "kerrigan_or_chlamydia": Words("không gộp: không có nguồn thứ hai", "not pooled: no second source"),
    "border5_or_gcct": Words("không gộp: kết cục ghép, trước-sau", "not pooled: joint endpoint, before and after"),
    "kerrigan_or_syphilis": Words("không gộp: chỉ giang mai hiệu giá cao", "not pooled: high-titre syphilis only"),
    "border5_or_syphilis": Words("không gộp: mọi giang mai, trước-sau", "not pooled: any syphilis, before and after"),
    "tn_or_sti": Words("không gộp: tự khai, không xét nghiệm", "not pooled: self-reported, not tested"),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class SizeCheck(Result):
    """A published size estimate beside what its pooled counts give.

    Attributes
    ----------
    published, published_low, published_high : float
        The estimate printed in the source and its interval.
    chapman : float
        Chapman's estimate from the same counts.
    share, share_low, share_high : float
        Share of the second round that had the object, and its interval as if simple random.
    implied_share, implied_low, implied_high : float
        The shares that the published estimate and interval stand for, objects given out / size.
    design_effect : float
        Squared ratio of the widths of the published and the simple random interval of the share.
    """

    published: float
    published_low: float
    published_high: float
    chapman: float
    share: float
    share_low: float
    share_high: float
    implied_share: float
    implied_low: float
    implied_high: float
    design_effect: float
    table: pd.DataFrame = field(compare=False)

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates side by side: method, estimate, low, high."""
        return self.table.copy()


@cache
def _numbers() -> pd.DataFrame:
    import pandas as pd

    table = figures().set_index("id", drop=False).rename_axis(None)
    spans = table["value"].str.extract(r"^\s*([\d.]+)\s*-\s*([\d.]+)\s*$")
    table["is_range"] = spans[0].notna()
    table["digits"] = table["value"].str.extract(r"\.(\d+)$")[0].str.len().fillna(0).astype(int)
    for column in ("value", "interval_low", "interval_high", "numerator", "denominator", "source_year"):
        table[column] = pd.to_numeric(table[column], errors="coerce")
    return table.rename(columns={"interval_low": "low", "interval_high": "high"})


def _figure(row: str, column: str = "value") -> float:
    cell: Any = _numbers().at[row, column]
    return float(cell)


def _change(later: str, earlier: str, level: float, design_effect: float) -> tuple[float, float, float]:
    """Return the difference of two published percentages in points, with Newcombe's interval."""
    counts = [(implied_count(_figure(i), _figure(i, "denominator")), _figure(i, "denominator")) for i in (later, earlier)]
    low, high = intervals.difference_newcombe(*counts[0], *counts[1], level, design_effect)
    return _figure(later) - _figure(earlier), 100 * float(low), 100 * float(high)


def numbers() -> pd.DataFrame:
    """Return the published figures with their numbers read.

    Returns
    -------
    DataFrame
        Indexed by id. `value`, `low`, `high`, `numerator`, `denominator` and `source_year` are numbers or NaN; `is_range`
        says that the source gives a span instead of a value (then in `low` and `high`); `digits` counts the decimals
        printed.
    """
    return _numbers().copy()


def implied_count(percent: float, n: float) -> int:
    """Return the whole number of persons that a published percentage of `n` stands for (the nearest)."""
    return round(percent / 100 * n)


def citations(ids: Sequence[str]) -> tuple[str, ...]:
    """Return the sources of published figures, each once: title, year, address.

    Parameters
    ----------
    ids : sequence of str
        Rows of the table of figures.

    Raises
    ------
    KeyError
        If a row is not there.
    """
    rows = _numbers().loc[list(ids)]
    years = ["year not shown" if np.isnan(y) else str(int(y)) for y in rows["source_year"]]
    return tuple(dict.fromkeys(f"{t} ({y}). {a}" for t, y, a in zip(rows["source_title"], years, rows["source_address"], strict=True)))


def condom_use(design_effects: Sequence[float] = DESIGN_EFFECTS, level: float = 0.95) -> pd.DataFrame:
    """Return consistent condom use in the city's sentinel surveillance, 2011-2013, with Wilson intervals.

    Parameters
    ----------
    design_effects : sequence of float
        One row a year and design effect; 1 is as if simple random, the narrowest possible.
    level : float

    Returns
    -------
    DataFrame
        Columns id, year, percent, n, design_effect, low, high (percent).
    """
    import pandas as pd

    rows = _numbers().loc[list(_CONDOM)]
    tables = []
    for effect in design_effects:
        counts = [implied_count(p, n) for p, n in zip(rows["value"], rows["denominator"], strict=True)]
        low, high = intervals.wilson(counts, rows["denominator"], level, effect)
        tables.append(
            pd.DataFrame(
                {
                    "id": rows["id"].to_numpy(),
                    "year": rows["period"].astype(int).to_numpy(),
                    "percent": rows["value"].to_numpy(),
                    "n": rows["denominator"].astype(int).to_numpy(),
                    "design_effect": effect,
                    "low": 100 * low,
                    "high": 100 * high,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def condom_fall(design_effects: Sequence[float] = DESIGN_EFFECTS, level: float = 0.95) -> pd.DataFrame:
    """Return the fall of condom use to 2013, in percentage points and in percent of the earlier year.

    The source's text speaks of a fall of 20 percent; its own series falls by about 26 points, a third of the level.

    Returns
    -------
    DataFrame
        Columns since (year compared with), design_effect, points, low, high (percentage points), relative (percent).
    """
    import pandas as pd

    table = []
    for earlier in _CONDOM[:-1]:
        for effect in design_effects:
            points, low, high = _change(_CONDOM[-1], earlier, level, effect)
            table.append((int(_figure(earlier, "period")), effect, points, low, high, 100 * points / _figure(earlier)))
    return pd.DataFrame(table, columns=["since", "design_effect", "points", "low", "high", "relative"])


def five_provinces(design_effects: Sequence[float] = DESIGN_EFFECTS, level: float = 0.95, language: str = "en") -> pd.DataFrame:
    """Return the project in five border provinces before (2002-2003) and after (2004), by infection.

    Returns
    -------
    DataFrame
        Columns infection, before, n_before, after, n_after (percent, persons), design_effect, points, low, high
        (percentage points, Newcombe), odds_ratio, or_low, or_high (as published, adjusted; NaN where none is).
    """
    import pandas as pd

    table = []
    for baseline, exit_, published, name in _BORDER:
        ratio = [_figure(published, c) for c in ("value", "low", "high")] if published else [np.nan] * 3
        sizes = int(_figure(baseline, "denominator")), int(_figure(exit_, "denominator"))
        for effect in design_effects:
            change = _change(exit_, baseline, level, effect)
            table.append((name[language], _figure(baseline), sizes[0], _figure(exit_), sizes[1], effect, *change, *ratio))
    names = "infection before n_before after n_after design_effect points low high odds_ratio or_low or_high"
    return pd.DataFrame(table, columns=names.split())


def hiv_prevalence(design_effect: float = 1.0, level: float = 0.95, language: str = "en") -> pd.DataFrame:
    """Return HIV prevalence among sex workers by place and round, with an interval where a sample size is published.

    Transgender women who were not surveyed as sex workers, and pooled figures of many countries, are left out.

    Returns
    -------
    DataFrame
        Columns id, place, population, period, year (number: that of the period, else of publication), percent, n, low,
        high (percent; NaN where none can be given), note (why not).
    """
    rows = _numbers()
    chosen = rows[rows["measure"].str.match(r"HIV prevalence") & rows["population"].str.contains("sex workers")].copy()
    years = chosen["period"].str.extract(r"((?:19|20)\d\d)")[0].astype(float)
    chosen["year"] = years.fillna(chosen["source_year"])
    known = chosen["denominator"].notna() & ~chosen["is_range"]
    counts = np.where(known, np.round(chosen["value"] / 100 * chosen["denominator"]), np.nan)
    low, high = intervals.wilson(counts, np.where(known, chosen["denominator"], np.nan), level, design_effect)
    without = Words("không công bố n", "n not published")[language]
    span = Words("khoảng giữa các tỉnh, không phải khoảng tin cậy", "span over provinces, no confidence interval")[language]
    chosen["place"] = chosen["place"].str.replace("Viet Nam", "Vietnam").str.replace("Hanoi", "Ha Noi").str.replace(", Vietnam", "")
    chosen["population"] = chosen["population"].map(lambda text: re.sub(r"\s*\(n=.*?\)", "", text))
    chosen["low"] = np.where(chosen["is_range"], chosen["low"], 100 * low)
    chosen["high"] = np.where(chosen["is_range"], chosen["high"], 100 * high)
    chosen["note"] = np.where(chosen["is_range"], span, np.where(known, "", without))
    chosen = chosen.rename(columns={"value": "percent", "denominator": "n"}).sort_values(["place", "year", "id"], kind="stable")
    return chosen[["id", "place", "population", "period", "year", "percent", "n", "low", "high", "note"]].reset_index(drop=True)


def venues(language: str = "en") -> pd.DataFrame:
    """Return the service establishments that officials counted, each with its definition: they are not one series.

    Returns
    -------
    DataFrame
        Columns id, year, establishments, definition.
    """
    import pandas as pd

    rows = _numbers().loc[list(_VENUES)]
    years = rows["period"].str.extract(r"((?:19|20)\d\d)")[0].astype(int)
    said = [_VENUES[i][language] for i in rows["id"]]
    return pd.DataFrame(
        {"id": rows["id"].to_numpy(), "year": years.to_numpy(), "establishments": rows["value"].astype(int).to_numpy(), "definition": said}
    )


def inspections(language: str = "en") -> pd.DataFrame:
    """Return inspections and violations as published, with what was counted: context and effort, never an outcome.

    Returns
    -------
    DataFrame
        Columns id, period, inspected, violations, percent (violations of inspections, NaN where the two count different
        things or none is in the table), counted (what is counted).
    """
    import pandas as pd

    units, periods, table = _numbers()["unit"], _numbers()["period"], []
    for inspected, violating, counted in _INSPECTIONS:
        number, found = _figure(inspected), _figure(violating) if violating else np.nan
        alike = bool(violating) and units[inspected] == units[violating]
        table.append((inspected, periods[inspected], int(number), found, 100 * found / number if alike else np.nan, counted[language]))
    return pd.DataFrame(table, columns=["id", "period", "inspected", "violations", "percent", "counted"])


def six_districts(level: float = 0.95, language: str = "en") -> SizeCheck:
    """Compare the published size estimate of six districts with what its pooled counts give.

    Objects were given out to everyone met in every mapped venue; in a second round at a random sample of venues, women
    were asked whether they had one. Size = objects given out / share with an object.

    Returns
    -------
    SizeCheck
        The estimate from pooled counts (Lincoln and Petersen), its interval from Wilson's interval of the share, and the
        published estimate, which weights the women and counts the sampling of districts and venues.

    References
    ----------
    Chapman 1951 (Univ. Calif. Publ. Stat. 1:131); the study: row hcmc_vfsw_6districts of the published figures.
    """
    import pandas as pd

    seen, had = _figure("hcmc_vfsw_recaptured", "denominator"), _figure("hcmc_vfsw_recaptured", "numerator")
    size, low, high = (_figure("hcmc_vfsw_6districts", c) for c in ("value", "low", "high"))
    share_low, share_high = intervals.wilson(had, seen, level)
    share = had / seen
    chapman = (OBJECTS_GIVEN_OUT + 1) * (seen + 1) / (had + 1) - 1
    implied = OBJECTS_GIVEN_OUT / size, OBJECTS_GIVEN_OUT / high, OBJECTS_GIVEN_OUT / low
    pooled = OBJECTS_GIVEN_OUT / share, OBJECTS_GIVEN_OUT / float(share_high), OBJECTS_GIVEN_OUT / float(share_low)
    spread = (OBJECTS_GIVEN_OUT + 1) * (seen + 1) * (OBJECTS_GIVEN_OUT - had) * (seen - had) / ((had + 1) ** 2 * (had + 2))
    half = float(stats.norm.ppf((1 + level) / 2) * np.sqrt(spread))
    table = pd.DataFrame(
        [
            (Words("Lincoln-Petersen, số đếm gộp", "Lincoln-Petersen, pooled counts")[language], *pooled),
            (Words("Chapman, số đếm gộp", "Chapman, pooled counts")[language], chapman, chapman - half, chapman + half),
            (Words("công bố, có trọng số", "published, weighted")[language], size, low, high),
        ],
        columns=["method", "estimate", "low", "high"],
    )
    return SizeCheck(
        estimand=Words(
            "Số phụ nữ bán dâm tại cơ sở ở sáu quận, 12/2016-01/2017, theo số đếm gộp",
            "Women selling sex in venues of six districts, Dec 2016-Jan 2017, from pooled counts",
        ),
        method=Words("Lincoln-Petersen với khoảng Wilson của tỷ lệ", "Lincoln-Petersen with Wilson's interval of the share"),
        estimate=pooled[0],
        low=pooled[1],
        high=pooled[2],
        level=level,
        n=int(seen),
        unit="persons",
        assumptions=(
            Words("Mọi người có cùng khả năng được gặp ở lượt hai.", "Everybody is equally likely to be met in the second round."),
            Words(
                "Không ai đến hay đi giữa hai lượt; không ai quên hay nhận nhầm vật.",
                "Nobody comes or goes between rounds, forgets, or mistakes.",
            ),
        ),
        diagnostics={
            "objects": OBJECTS_GIVEN_OUT,
            "with_object": int(had),
            "met": int(seen),
            "venues_mapped": int(_figure("hcmc_vfsw_venues")),
            "venues_drawn": VENUES_DRAWN,
        },
        published=float(size),
        published_low=float(low),
        published_high=float(high),
        chapman=float(chapman),
        share=float(share),
        share_low=float(share_low),
        share_high=float(share_high),
        implied_share=implied[0],
        implied_low=implied[1],
        implied_high=implied[2],
        design_effect=float(((implied[2] - implied[1]) / (share_high - share_low)) ** 2),
        table=table,
    )


def community_effects(language: str = "en") -> pd.DataFrame:
    """Return published effects of programmes with sex workers, and which of them may be pooled.

    The upper bound of `kerrigan_or_condom` was cut off where the figure was read; it is put where it must lie if the
    interval is symmetric on the log scale, ratio squared / lower bound, and marked in `high_inferred`.

    Returns
    -------
    DataFrame
        Columns id, effect, place, ratio, low, high (odds ratios), high_inferred, pooled (bool), use (pooled, or why not).
    """
    rows = _numbers().loc[list(_EFFECTS)].copy()
    rows["high_inferred"] = rows["high"].isna()
    rows["high"] = rows["high"].fillna(rows["value"] ** 2 / rows["low"])
    rows["pooled"] = rows["id"].isin(_POOLED)
    rows["use"] = [_EFFECTS[i][language] for i in rows["id"]]
    rows = rows.rename(columns={"measure": "effect", "value": "ratio"})
    rows["effect"] = rows["effect"].str.replace(
        r"^(effect of community empowerment on|adjusted change in|change over time in)\s*", "", regex=True
    )
    rows["effect"] = rows["effect"].str.replace(r"\s*\((?:upper bound|earlier review|increase).*\)$", "", regex=True)
    return rows[["id", "effect", "place", "ratio", "low", "high", "high_inferred", "pooled", "use"]].reset_index(drop=True)


def pooled_condom_effect(knapp_hartung: bool = False, level: float = 0.95) -> Pooled:
    """Pool the two effects on consistent condom use with clients whose definitions agree.

    Both are odds ratios of consistent use with clients under community programmes: a review of low- and middle-income
    countries (2014), and a later study in Tamil Nadu, which reads as the review brought up to date.
    """
    table = community_effects()
    used = table[table["pooled"]]
    return pool_ratios(
        used["ratio"],
        used["low"],
        used["high"],
        labels=used["id"].tolist(),
        knapp_hartung=knapp_hartung,
        estimand=Words(
            "Tác động của chương trình cộng đồng đến việc luôn dùng bao cao su với khách",
            "Effect of community programmes on consistent condom use with clients",
        ),
        level=level,
    )
