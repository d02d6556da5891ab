"""Fixed and variable cost: by the class of each budget line, and by how cost moves with volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from evaluation.costs.lines import BEHAVIOURS, FIXED, MIXED, VARIABLE, cost_line
from evaluation.costs.prices import BASE_YEAR, constant
from evaluation.costs.unit_costs import MILLION, decimals
from evaluation.language import Words, number, number_span, percent, span
from evaluation.monitoring.given_numbers import finite, not_negative
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

FEWEST_CLUSTERS = 10
CLASSIFIED = Words(
    "Mỗi dòng ngân sách được xếp loại trong data/codebook/cost_lines.csv; phần cố định của dòng hỗn hợp hoặc chưa phân loại không biết, "
    "nên cho hai đầu.",
    "Each budget line is classed in data/codebook/cost_lines.csv; how much of a mixed or unclassified line is fixed is not known, "
    "so both ends are given.",
)
REGRESSED = Words(
    "Hồi quy tuyến tính chi phí theo số lượng, sai số chuẩn theo cụm đơn vị, phân phối t với số cụm trừ 1 bậc tự do.",
    "Linear regression of cost on volume, standard errors clustered by unit, t distribution with clusters less one degrees of freedom.",
)
REGRESSION_ASSUMPTIONS = (
    Words(
        "Chi phí cố định như nhau ở mọi đơn vị, không đi cùng số lượng.", "Fixed cost is alike in all units and does not go with volume."
    ),
    Words("Mỗi người thêm tốn như nhau, trong phạm vi số lượng đã thấy.", "Each further person costs the same, within the volumes seen."),
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CostBehaviour(Result):
    """Money by behaviour of its lines. The estimate is the fixed share where no line is mixed or unclassified.

    Attributes
    ----------
    frame : DataFrame
        behaviour, money (million VND at constant prices), share.
    least_fixed, most_fixed : float
        Fixed share with the mixed and unclassified lines wholly variable, and wholly fixed.
    base : int
    """

    frame: pd.DataFrame
    least_fixed: float
    most_fixed: float
    base: int

    def to_frame(self) -> pd.DataFrame:
        """Return money and share by behaviour."""
        return self.frame.copy()

    def summary(self, language: str | None = None) -> str:
        """Return how much of the money is fixed."""
        speak = language or "en"
        ends = (percent(self.least_fixed, speak), percent(self.most_fixed, speak))
        said = ends[0] if self.least_fixed == self.most_fixed else span(*ends, speak)
        words = Words(
            "{e}: {s} số tiền là cố định, không đổi theo số người trong năm",
            "{e}: {s} of the money is fixed and does not move with the number of people within a year",
        )
        return words[speak].format(e=self.estimand[speak], s=said)


def cost_behaviour(budget: pd.DataFrame, *, estimand: Words, base: int = BASE_YEAR) -> CostBehaviour:
    """Return how much of a budget is fixed and variable, by the class of its lines.

    Parameters
    ----------
    budget : DataFrame
        `budget.checked_budget`, the rows that are meant; money spent is taken.
    estimand : Words
    base : int
        Year of the prices.

    Raises
    ------
    ValueError
        If nothing was spent, or the money of a row is missing.
    """
    import pandas as pd

    money = constant(budget["spent_million_vnd"], budget["year"], base)
    if np.isnan(money).any() or not money.sum() > 0:
        raise ValueError("Không có tiền đã chi, hoặc có ô trống. / Nothing was spent, or a cell is empty.")
    kind = [cost_line(str(line)).behaviour for line in budget["line"]]
    sums = pd.Series(money).groupby(kind).sum().reindex(list(BEHAVIOURS), fill_value=0.0)
    frame = pd.DataFrame({"behaviour": list(BEHAVIOURS), "money": sums.to_numpy(), "share": (sums / sums.sum()).to_numpy()})
    least, most = float(sums[FIXED] / sums.sum()), float(1 - sums[VARIABLE] / sums.sum())
    return CostBehaviour(
        estimand=estimand,
        method=CLASSIFIED,
        estimate=least if sums[MIXED] == 0 and np.isclose(least, most) else None,
        n=len(budget),
        unit="share",
        frame=frame,
        least_fixed=least,
        most_fixed=max(least, most),
        base=base,
    )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CostFunction(Result):
    """Cost as fixed part plus so much per person. The estimate is the marginal cost.

    Attributes
    ----------
    fixed, fixed_low, fixed_high : float
        Cost that comes with no volume, million VND a unit and year.
    average : float
        All cost over all volume.
    clusters : int
    points : DataFrame
        unit, volume, cost: what was fitted.
    """

    fixed: float
    fixed_low: float
    fixed_high: float
    average: float
    clusters: int
    points: pd.DataFrame

    def summary(self, language: str | None = None) -> str:
        """Return marginal beside average cost, and the fixed part."""
        speak = language or "en"
        digits = decimals(self.average)

        def ends(low: float | None, high: float | None, places: int) -> str:
            level = number(100 * self.level, speak)
            return f"{level}%: {number_span(low or 0.0, high or 0.0, speak, places)}"

        words = Words(
            "{e}: thêm một người tốn thêm {m} triệu đồng ({mi}), trong khi bình quân là {a}; phần cố định {f} triệu đồng ({fi})",
            "{e}: one person more adds {m} million VND ({mi}), while the average is {a}; the fixed part is {f} million VND ({fi})",
        )
        return words[speak].format(
            e=self.estimand[speak],
            m=number(float(self.estimate or 0.0), speak, digits),
            mi=ends(self.low, self.high, digits),
            a=f"{number(self.average, speak, digits)} {MILLION[speak]}",
            f=number(self.fixed, speak),
            fi=ends(self.fixed_low, self.fixed_high, 0),
        )


def cost_function(cost: ArrayLike, volume: ArrayLike, unit: ArrayLike, *, estimand: Words, level: float = 0.95) -> CostFunction:
    """Return fixed and marginal cost from units and years.

    Parameters
    ----------
    cost : array_like of shape (n,)
        Million VND at constant prices; NaN rows are left out.
    volume : array_like of shape (n,)
        People, tests or sessions.
    unit : array_like of shape (n,)
        Whose cost it is; its years are one cluster.
    estimand : Words
    level : float

    Raises
    ------
    ValueError
        If fewer than ten units remain (their scatter cannot be known), all volumes are equal, a volume is negative or the
        lengths differ.

    References
    ----------
    Liang, Zeger 1986, Biometrika 73:13-22. Cameron, Miller 2015, Journal of
    Human Resources 50:317-372 (t distribution with clusters less one).
    """
    import pandas as pd
    import statsmodels.api as sm

    columns = {"unit": np.asarray(unit), "volume": not_negative(volume, "volume"), "cost": finite(cost, "cost")}
    if any(c.ndim != 1 or len(c) != len(columns["unit"]) for c in columns.values()):
        raise ValueError("cost, volume, unit phải là các dãy cùng độ dài. / cost, volume and unit must be sequences of one length.")
    points = pd.DataFrame(columns).dropna()
    clusters = int(points["unit"].nunique())
    if clusters < FEWEST_CLUSTERS or points["volume"].nunique() < 2:
        raise ValueError(
            f"Cần ít nhất {FEWEST_CLUSTERS} đơn vị có số liệu và số lượng khác nhau, đang có {clusters}. / "
            f"At least {FEWEST_CLUSTERS} units with data and differing volumes are needed, there are {clusters}."
        )
    groups = pd.factorize(points["unit"])[0]
    fit = sm.OLS(points["cost"].to_numpy(), sm.add_constant(points["volume"].to_numpy())).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    (fixed_low, fixed_high), (low, high) = fit.conf_int(1 - level).tolist()
    return CostFunction(
        estimand=estimand,
        method=REGRESSED,
        estimate=float(fit.params[1]),
        low=low,
        high=high,
        level=level,
        n=len(points),
        unit="million VND",
        assumptions=REGRESSION_ASSUMPTIONS,
        diagnostics={"r_squared": float(fit.rsquared)},
        fixed=float(fit.params[0]),
        fixed_low=fixed_low,
        fixed_high=fixed_high,
        average=float(points["cost"].sum() / points["volume"].sum()),
        clusters=clusters,
        points=points.reset_index(drop=True),
    )
