"""Errors clustered by unit, by formula and by wild bootstrap: for many treated units, and shown with a warning for few.

References
----------
Liang, Zeger 1986, Biometrika 73:13-22. Bertrand, Duflo, Mullainathan 2004,
Quarterly Journal of Economics 119:249-275 (units over time are clusters).
Cameron, Gelbach, Miller 2008, Review of Economics and Statistics 90:414-427
(wild cluster bootstrap with the null imposed). Webb 2023, Canadian Journal of
Economics 56:839-858 (six-point weights for few clusters). Kline, Santos 2012,
Journal of Econometric Methods 1:23-41 (scores, for models that are not linear).
MacKinnon, Webb 2018, The Econometrics Journal 21:114-135 (few treated
clusters: the one rejects far too often, the other hardly ever).
"""

from __future__ import annotations

from itertools import product

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.designs.regressions import Regression, did_regression, event_regression
from evaluation.effects.judgement import Inference, Judgement
from evaluation.effects.matrix import Floats, Matrix, NotEnough
from evaluation.language import Words

# Below these the sizes are known to be wrong (see the warnings); with five treated of sixty the bootstrap rejected a true null in 4.7 %.
LEAST_TREATED = 10
LEAST_TREATED_WILD = 5
# Up to so many units six-point weights are drawn: the signs of so few give few different draws.
FEW_UNITS = 12
DRAWS = 999
_WIDEST = 2.0**12
_STEPS = 50
FEW_TREATED = Words(
    "Không tin cậy: với ít đơn vị can thiệp, sai số theo cụm báo tác động khi không có gì xảy ra quá thường xuyên. Trong mô phỏng "
    "60 phường và 16 quý ở mức 5%: 77% với một phường can thiệp, 34% với hai, 13% với năm. Hãy dùng hoán vị giả dược.",
    "Not reliable: with few treated units, errors clustered by unit claim an effect where nothing happened far too often. In "
    "simulations of 60 wards and 16 quarters at 5%: 77% with one treated ward, 34% with two, 13% with five. Use placebo permutation.",
)
FEW_TREATED_WILD = Words(
    "Không tin cậy: với một hoặc hai đơn vị can thiệp, bootstrap theo cụm (áp đặt giả thuyết không) hầu như không phát hiện được gì. "
    "Trong mô phỏng 60 phường và 16 quý, kết quả tăng gấp đôi chỉ được phát hiện ở 1% số lần với một phường can thiệp và 8% với hai; "
    "hoán vị giả dược: 54% với một phường. Hãy dùng hoán vị giả dược.",
    "Not reliable: with one or two treated units, the wild cluster bootstrap with the null imposed finds hardly anything. In "
    "simulations of 60 wards and 16 quarters, a doubling was found in 1% of draws with one treated ward and 8% with two; placebo "
    "permutation: 54% with one. Use placebo permutation.",
)
SAID = Words(
    "Sai số theo cụm đơn vị (CR1), phân phối t với số đơn vị trừ một bậc tự do",
    "Errors clustered by unit (CR1), t distribution with units less one degrees of freedom",
)
SAID_INFLUENCE = Words(
    "Sai số từ hàm ảnh hưởng theo đơn vị, phân phối t với số đơn vị trừ một bậc tự do",
    "Errors from influence functions by unit, t distribution with units less one degrees of freedom",
)
SAID_WILD = Words(
    "Bootstrap tự do theo cụm đơn vị với giả thuyết không được áp đặt; khoảng tin cậy đảo ngược kiểm định",
    "Wild bootstrap by unit with the null imposed; the interval inverts the test",
)
_NO_WILD = (
    "{name}: không có bootstrap theo cụm; hãy dùng cluster hoặc placebo. / "
    "There is no wild bootstrap of this design; use cluster or placebo."
)
_UNKNOWN = (
    "{name}: không có sai số theo cụm; hãy dùng placebo, conformal hoặc jackknife. / "
    "There are no cluster-robust errors of this design; use placebo, conformal or jackknife."
)


def cluster_robust(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
    """Judge an estimate by errors clustered by unit and a t distribution.

    Defined for difference-in-differences and event study (CR1: scores by unit,
    with G/(G-1) (N-1)/(N-K), unit effects not counted in K, since they are
    nested in the clusters), and for Callaway-Sant'Anna (influence functions).

    Raises
    ------
    NotEnough
        If the design has none, or its regression has no estimate.
    """
    from scipy import stats

    if design.id == "cs":
        if fit.standard_error is None:
            raise NotEnough(
                "Một nhóm chỉ có một đơn vị can thiệp: không có sai số chuẩn; hãy dùng placebo. / "
                "A group has one treated unit: there is no standard error; use placebo."
            )
        error, said = fit.standard_error, SAID_INFLUENCE
    else:
        error, said = clustered_error(_regression(design, panel, fit)), SAID
    freedom = _units(panel) - 1
    reach = float(stats.t.ppf((1 + level) / 2, freedom))
    warning = FEW_TREATED if panel.treated.sum() < LEAST_TREATED else None
    details = {"cluster_standard_error": error, "clusters": freedom + 1, "treated_clusters": int(panel.treated.sum())}
    if not np.isfinite(fit.estimate):
        return Judgement(None, None, None, None, said, warning=warning, details=details)
    if not error > 0:
        raise NotEnough(
            "Sai số theo cụm bằng 0: các đơn vị không dao động. / The clustered error is zero: the units do not vary around the fit."
        )
    p = float(2 * stats.t.sf(abs(fit.estimate) / error, freedom))
    by_period = None
    if "standard_errors" in fit.details:
        half = reach * np.asarray(fit.details["standard_errors"])
        by_period = np.column_stack([fit.gap - half, fit.gap + half])
    ends = fit.estimate - reach * error, fit.estimate + reach * error
    return Judgement(p, *ends, None, said, by_period=by_period, warning=warning, details=details)


def clustered_error(regression: Regression) -> float:
    """Return the CR1 standard error of the first coefficient."""
    found = regression.at()
    first = np.linalg.pinv(found.information.sum(0), hermitian=True)[0]
    lent = found.scores @ first
    return float(np.sqrt(_correction(regression, found.information) * (lent**2).sum()))


def wild(weights: str = "", draws: int = DRAWS) -> Inference:
    """Return the restricted wild cluster bootstrap.

    Parameters
    ----------
    weights : {"", "rademacher", "webb"}
        Signs, or six points; where left out signs, and six points with twelve
        units or fewer.
    draws : int
        All sign vectors are taken where they are no more than this.

    Raises
    ------
    ValueError
        If there are no such weights.
    """
    if weights not in ("", "rademacher", "webb"):
        raise ValueError(f"weights={weights!r}: rademacher, webb.")

    def judge(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
        return _wild(design, panel, fit, level, rng, weights, draws)

    return judge


def _wild(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator, weights: str, draws: int) -> Judgement:
    if design.id == "cs":
        raise NotEnough(_NO_WILD.format(name=design.id))
    regression = _regression(design, panel, fit)
    signs, whole = wild_weights(int((regression.at().information[:, 0, 0] >= 0).sum()), weights, draws, rng)
    warning = FEW_TREATED_WILD if panel.treated.sum() < LEAST_TREATED_WILD else None
    if not np.isfinite(fit.estimate):
        return Judgement(None, None, None, None, SAID_WILD, warning=warning)

    def p_at(effect: float) -> float:
        return wild_p(regression, effect, signs, whole)

    p = p_at(0.0)
    center, scale = float(regression.at().coefficients[0]), clustered_error(regression)
    low, high = (_end(p_at, center, side * max(scale, 1e-12), 1 - level) for side in (-1.0, 1.0))
    details = {"draws": len(signs), "all_sign_vectors": whole, "clusters": signs.shape[1], "treated_clusters": int(panel.treated.sum())}
    smallest = 2 / len(signs) if whole else 1 / (len(signs) + 1)
    return Judgement(p, low, high, smallest, SAID_WILD, warning=warning, details=details)


def wild_weights(units: int, weights: str, draws: int, rng: np.random.Generator) -> tuple[Floats, bool]:
    """Return weights of the clusters, (draws, units), and whether they are all the sign vectors there are."""
    kind = weights or ("webb" if units <= FEW_UNITS else "rademacher")
    if kind == "webb":
        points = np.sqrt([0.5, 1.0, 1.5])
        return rng.choice(np.concatenate([-points, points]), (draws, units)), False
    if units < 30 and 2**units <= draws:
        return np.array(list(product([1.0, -1.0], repeat=units))), True
    return rng.choice([-1.0, 1.0], (draws, units)), False


def wild_p(regression: Regression, effect: float, signs: Floats, whole: bool) -> float:
    """Return the p-value of an effect: how often draws under it have a t statistic as far from zero as the data's.

    Parameters
    ----------
    regression : Regression
    effect : float
        Held while the rest is estimated.
    signs : ndarray of shape (draws, units)
    whole : bool
        Whether the signs are all there are (the data's own among them); else the data count as one draw.
    """
    found = regression.at(effect)
    total = np.linalg.pinv(found.information.sum(0), hermitian=True)
    first = total[0]
    lent, pulled = found.scores @ first, found.information @ first

    def statistics(v: Floats) -> Floats:
        moved = (v @ found.scores) @ total
        left = v * lent - moved @ pulled.T
        spread = np.sqrt((left**2).sum(1))
        return np.abs(moved[:, 0]) / np.where(spread > 0, spread, np.inf)

    seen = float(statistics(np.ones((1, signs.shape[1])))[0])
    drawn = int((statistics(signs) >= seen * (1 - 1e-10)).sum())
    return drawn / len(signs) if whole else (drawn + 1) / (len(signs) + 1)


def _end(p_at: object, center: float, step: float, alpha: float) -> float | None:
    """Return the end of the interval on one side, None where the test never rejects."""
    assert callable(p_at)
    inside, width = center, 1.0
    while True:
        outside = center + width * step
        try:
            rejected = p_at(outside) <= alpha
        except (NotEnough, np.linalg.LinAlgError):
            return None
        if rejected:
            break
        inside, width = outside, width * 2
        if width > _WIDEST:
            return None
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if p_at(middle) <= alpha:
            outside = middle
        else:
            inside = middle
        if abs(outside - inside) < 1e-9 * abs(step):
            break
    return (inside + outside) / 2


def _correction(regression: Regression, information: Floats) -> float:
    clusters = int((np.abs(information).sum((1, 2)) > 0).sum())
    cells = regression.cells
    return clusters / (clusters - 1) * (cells - 1) / max(1, cells - regression.freedom)


def _units(panel: Matrix) -> int:
    return int(np.isfinite(panel.y).any(1).sum())


def _regression(design: Design, panel: Matrix, fit: Fit) -> Regression:
    if design.id == "did" or design.id == "did_poisson":
        return did_regression(panel)
    if design.id == "event":
        return event_regression(panel, fit.details.get("reference") == "mean")
    raise NotEnough(_UNKNOWN.format(name=design.id))


wild_bootstrap = wild()
