"""The city as it is made up: ward-quarter counts before anybody reports them.

Every series has its own stream of random numbers (the seed and the series'
name), so that a further series, or an effect left out, changes no other.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evaluation.example.planted import PILOT_WARDS, START, effects
from evaluation.indicators import elements, indicators
from evaluation.periods import Period, quarters
from evaluation.places import districts, positions, residents, wards

if TYPE_CHECKING:
    import pandas as pd

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

SEED = 2234
PERIODS = tuple(str(p) for p in quarters(Period(2015), Period(2018)))
WARM_UP = 4  # quarters made before the first report, so that what falls due in 2015 had a start
SEASON = {1: -0.20, 2: 0.03, 3: 0.05, 4: 0.10}  # log; Tết falls into the first quarter
TREND = 0.03 / 4  # log, a quarter
PEAK = {"2016-Q1": 0.20, "2016-Q2": 0.25, "2016-Q3": 0.30, "2016-Q4": 0.30}  # log; the pilot wards only
NEVER = 36  # wards without any programme activity in all sixteen quarters

STOCK = 0.9  # a stock's memory from quarter to quarter

# Orders of published figures; data/example/README.md names the figure behind each.
REACHED_QUARTER = 5_700.0
VENUES_2017, VENUES_DECLINE = 10_231.0, 0.0247  # a quarter; 15,200 at the end of 2013 to 10,231 at the end of 2017
INSPECTIONS_2017, VIOLATION_SHARE = 10_368.0, 0.4658
HOTSPOTS_START = 58
STI_SHARE, HIV_SHARE, STI_POSITIVE = 0.342, 0.398, 0.113
CONDOMS_PER_CONTACT = 15.6
WORKERS_PER_VENUE = 4.4


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random numbers of one series: the same for the same seed and name, whatever else is drawn."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


@dataclass(frozen=True)
class City:
    """The wards and how busy each is in each quarter.

    Attributes
    ----------
    wards, districts : tuple of str
        Ward codes, and the district code of each.
    busy, never : arrays of bool, one per ward
        Wards with more entertainment, and wards without any programme.
    activity : array, wards x (4 + 16) quarters
        People whom outreach is expected to reach.
    """

    seed: int
    wards: tuple[str, ...]
    districts: tuple[str, ...]
    busy: npt.NDArray[np.bool_]
    never: npt.NDArray[np.bool_]
    activity: Numbers

    def spread(self, name: str, sd: float) -> Numbers:
        """Return a ward's own deviation (log or logit), one column; none in the pilot wards, where levels are stated."""
        deviation = stream(self.seed, name + " ward").normal(0, sd, len(self.wards))
        deviation[[self.wards.index(w) for w in PILOT_WARDS.values()]] = 0
        return deviation[:, None]

    def wander(self, name: str, sd: float, memory: float = 0.6) -> Numbers:
        """Return first-order autoregressive deviations with standard deviation `sd`, wards x quarters."""
        shocks = stream(self.seed, name + " time").normal(0, sd, self.activity.shape)
        for t in range(1, shocks.shape[1]):
            shocks[:, t] = memory * shocks[:, t - 1] + np.sqrt(1 - memory**2) * shocks[:, t]
        return shocks

    def over_dispersed(self, name: str, mean: npt.NDArray[Any], size: float) -> Counts:
        """Return negative binomial counts with this mean and variance mean + mean^2 / size."""
        from scipy.stats import poisson

        rng = stream(self.seed, name)
        heterogeneity = rng.gamma(size, 1 / size, mean.shape)
        return np.asarray(poisson.ppf(rng.random(mean.shape), mean * heterogeneity)).astype(np.int64)

    def part(self, name: str, whole: Counts, share: Numbers, memory: float = 0.0) -> Counts:
        """Return how many of a whole are in a part, by inversion: the same luck meets every share.

        A stock has `memory`: who has a contract this quarter had one in the last.
        """
        from scipy.stats import binom, norm

        luck = stream(self.seed, name).random(whole.shape)
        if memory:
            score = norm.ppf(luck)
            for t in range(1, whole.shape[1]):
                score[:, t] = memory * score[:, t - 1] + np.sqrt(1 - memory**2) * score[:, t]
            luck = norm.cdf(score)
        return np.asarray(binom.ppf(luck, whole, np.broadcast_to(share, whole.shape))).astype(np.int64)


def entertainment_wards() -> frozenset[str]:
    """Return the wards made busier: the named pilot wards, and in each urban district the ward nearest to its centre of population.

    A rule on published positions, so that the choice says nothing about any real ward.
    """
    places = positions().merge(residents(Period(2018))[["ward_code", "residents"]], on="ward_code")
    chosen = set(PILOT_WARDS.values())
    for code, group in places.groupby("district_code"):
        if districts()[str(code)].kind == "rural district":
            continue
        x, y = (np.average(group[axis], weights=group["residents"]) for axis in ("x_km", "y_km"))
        chosen.add(str(group.loc[((group["x_km"] - x) ** 2 + (group["y_km"] - y) ** 2).idxmin(), "ward_code"]))
    return frozenset(chosen)


def city(seed: int = SEED) -> City:
    """Return the wards with their expected activity, from residents, kind of district, chance, season and a slow trend."""
    codes = tuple(sorted(wards()))
    homes = tuple(wards()[c].district_code for c in codes)
    people = residents(Period(2018)).set_index("ward_code")["residents"].loc[list(codes)].to_numpy(float)
    rural = np.array([districts()[d].kind == "rural district" for d in homes])
    busy = np.isin(codes, list(entertainment_wards()))
    level = 0.5 * np.log(people / people.mean()) - 0.8 * rural + 0.9 * busy + stream(seed, "level").normal(0, 0.5, len(codes))
    pilots = [codes.index(w) for w in PILOT_WARDS.values()]
    level[pilots] = level[busy].mean() + 0.3
    never = np.zeros(len(codes), bool)
    touched = np.isin(codes, [e.ward_code for e in effects()])
    never[np.argsort(np.where(touched, np.inf, level), kind="stable")[:NEVER]] = True

    timeline = quarters(Period.parse(PERIODS[0]).shift(-WARM_UP), Period.parse(PERIODS[-1]))
    season = np.array([SEASON[p.quarter or 1] for p in timeline])
    trend = TREND * (np.arange(len(timeline)) - WARM_UP - 9.5)
    peak = np.zeros((len(codes), len(timeline)))
    peak[pilots] = [PEAK.get(str(p), 0.0) for p in timeline]
    still = City(seed, codes, homes, busy, never, np.zeros((len(codes), len(timeline))))
    activity = np.exp(level[:, None] + season + trend + still.wander("activity", 0.15)) * ~never[:, None]
    of_2017 = [n for n, p in enumerate(timeline) if p.year == 2017]
    activity *= REACHED_QUARTER / activity[:, of_2017].sum(0).mean()
    return City(seed, codes, homes, busy, never, activity * np.exp(peak))


def logistic(x: Numbers | float) -> Numbers:
    """Return 1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-np.asarray(x, dtype=float))))


def logit(p: float) -> float:
    """Return log(p / (1 - p))."""
    return float(np.log(p / (1 - p)))


@dataclass(frozen=True)
class Workshop:
    """Makes the series of a city, one subject a method.

    Attributes
    ----------
    place : City
    planted : bool
        Whether the effects are in.
    """

    place: City
    planted: bool

    def ratio(self, indicator: str, kind: str) -> Numbers:
        """Return the planted ratios of an indicator, wards x quarters (1 where none)."""
        ratios = np.ones(self.place.activity.shape)
        for e in effects() if self.planted else ():
            if e.source == "reports" and e.indicator == indicator and e.effect_type == kind:
                ratios[self.place.wards.index(e.ward_code), WARM_UP + PERIODS.index(e.start_period) :] *= e.effect
        return ratios

    def share(self, name: str, base: float, yearly: float = 0.0, odds: str = "") -> Numbers:
        """Return a share by ward and quarter: base level, ward, time, yearly drift (logit) and planted odds."""
        city_ = self.place
        drift = yearly / 4 * (np.arange(city_.activity.shape[1]) - WARM_UP - 9.5)
        deviations = city_.spread(name, 0.25) + city_.wander(name, 0.12) + drift
        moved = np.log(self.ratio(odds, "odds_ratio")) if odds else 0.0
        return logistic(logit(base) + deviations + moved)

    def health(self) -> dict[str, Counts]:
        """Outreach, condoms and testing."""
        c = self.place
        reached = c.over_dispersed("outreach_reached", c.activity, 15)
        again = c.over_dispersed("outreach_contacts", 0.8 * reached, 20)
        contacts = reached + again
        tested = {
            name: c.part(name, reached, self.share(name, base) * self.ratio(name, "rate_ratio"))
            for name, base in (("sti_tested", STI_SHARE), ("hiv_tested", HIV_SHARE))
        }
        positive = c.part("sti_positive", tested["sti_tested"], self.share("sti_positive", STI_POSITIVE))
        return {
            "outreach_reached": reached,
            "outreach_contacts": contacts,
            "outreach_repeat": c.part("outreach_repeat", np.minimum(reached, again), np.array(0.7)),
            "condoms_distributed": c.over_dispersed("condoms_distributed", CONDOMS_PER_CONTACT * contacts, 12),
            **tested,
            "sti_positive": positive,
            "sti_treated": c.part("sti_treated", positive, self.share("sti_treated", 0.85)),
        }

    def social(self) -> dict[str, Counts]:
        """Referrals, counselling, violence reported to services, training, jobs and loans."""
        c = self.place
        made: dict[str, Counts] = {}
        for name, per_person, size in (
            ("referrals_made", 0.25, 8.0),
            ("legal_counselling", 0.08, 6.0),
            ("psych_counselling", 0.08, 6.0),
            ("violence_reported", 0.05, 4.0),
            ("training_started", 0.025, 5.0),
            ("jobs_taken", 0.025, 5.0),
            ("loans_taken", 0.015, 5.0),
        ):
            own = np.exp(c.spread(name, 0.3))
            made[name] = c.over_dispersed(name, per_person * c.activity * own * self.ratio(name, "rate_ratio"), size)
        made["referrals_completed"] = c.part("referrals_completed", made["referrals_made"], self.share("referrals_completed", 0.62))
        made["violence_supported"] = c.part("violence_supported", made["violence_reported"], self.share("violence_supported", 0.70))
        short = c.part("short courses", made["training_started"], np.array(0.6))
        made["training_due"] = later(short, 1) + later(made["training_started"] - short, 2)
        made["training_finished"] = c.part("training_finished", made["training_due"], self.share("training_finished", 0.72))
        for subject, kept in (("jobs", 0.66), ("loans", 0.80)):
            due = later(made[f"{subject}_taken"], 2)
            made[f"{subject}_due_6m"] = due
            made[f"{subject}_kept_6m"] = c.part(f"{subject}_kept_6m", due, self.share(f"{subject}_kept_6m", kept))
            made[f"{subject}_due_12m"] = later(made[f"{subject}_taken"], 4)
            still = later(made[f"{subject}_kept_6m"], 2)
            made[f"{subject}_kept_12m"] = c.part(f"{subject}_kept_12m", still, self.share(f"{subject}_kept_12m", 0.85))
        return made

    def venues(self) -> dict[str, Counts]:
        """Establishments, those in the condom programme, workers' rights there, and inspections (context)."""
        c = self.place
        listed = self._listed()
        enrolled = c.part("condom_venues_enrolled", listed, np.full(listed.shape, 0.25), STOCK) * ~c.never[:, None]
        touched = np.isin(c.wards, [e.ward_code for e in effects() if e.indicator == "contract_share"])
        takes_part = ~c.never & (c.busy | touched | (stream(c.seed, "takes part").random(len(c.wards)) < 0.55))
        base = WORKERS_PER_VENUE * 0.25 * listed[:, [0]] * np.exp(c.spread("venue_workers", 0.3))
        base[[c.wards.index(w) for w in PILOT_WARDS.values()]] = 240.0
        workers = np.rint(base * takes_part[:, None] * np.exp(c.wander("venue_workers", 0.05, 0.9))).astype(np.int64)
        expected = listed * np.exp(c.spread("inspections", 0.4) + c.wander("inspections", 0.15))
        year = slice(WARM_UP + 8, WARM_UP + 12)
        expected *= INSPECTIONS_2017 / expected[:, year].sum()
        expected *= np.exp([SEASON[Period.parse(p).quarter or 1] for p in (*PERIODS[:WARM_UP], *PERIODS)])
        visits = c.over_dispersed("inspections", expected, 5)
        return {
            "venues_listed": listed,
            "pledges_signed": c.part("pledges_signed", listed, self.share("pledges_signed", 0.65, yearly=0.25), STOCK),
            "condom_venues_enrolled": enrolled,
            "condom_venues_stocked": c.part(
                "condom_venues_stocked", enrolled, self.share("condom_venues_stocked", 0.66, odds="condom_availability"), STOCK
            ),
            "venue_workers": workers,
            "worker_contracts": c.part("worker_contracts", workers, self.share("worker_contracts", 0.30, 0.05, "contract_share"), STOCK),
            "worker_insurance": c.part("worker_insurance", workers, self.share("worker_insurance", 0.22, 0.05, "insurance_share"), STOCK),
            "worker_health_check": c.part("worker_health_check", workers, self.share("worker_health_check", 0.45), STOCK),
            "inspections": visits,
            "violations": c.part("violations", visits, self.share("violations", VIOLATION_SHARE)),
        }

    def _listed(self) -> Counts:
        """Return establishments at each quarter's end: a stock that loses and gains a few, and shrinks slowly."""
        c = self.place
        rng = stream(c.seed, "venues_listed")
        level = np.exp(0.8 * c.busy + rng.normal(0, 0.5, len(c.wards)))
        level[[c.wards.index(w) for w in PILOT_WARDS.values()]] = np.exp(1.4)
        people = residents(Period(2018)).set_index("ward_code")["residents"].loc[list(c.wards)].to_numpy(float)
        level *= np.sqrt(people)
        quarters_before = WARM_UP + PERIODS.index("2017-Q4")
        start = VENUES_2017 * (1 - VENUES_DECLINE) ** -quarters_before
        stock = [rng.poisson(start * level / level.sum())]
        for _ in range(c.activity.shape[1] - 1):
            gone = rng.binomial(stock[-1], 2 * VENUES_DECLINE)
            stock.append(stock[-1] - gone + rng.poisson(VENUES_DECLINE * stock[-1]))
        return np.column_stack(stock)

    def communication(self) -> dict[str, Counts]:
        """Sessions, attendances and knowledge; wards without a programme hold sessions too."""
        c = self.place
        sessions = c.over_dispersed("comm_sessions", np.broadcast_to(3 * np.exp(c.spread("comm_sessions", 0.3)), c.activity.shape), 10)
        attended = c.over_dispersed("comm_participants", 42.0 * sessions, 10)
        asked = c.part("knowledge_asked", attended, np.array(0.25))
        passed = c.part("knowledge_passed", asked, self.share("knowledge_passed", 0.6, yearly=0.1))
        return {"comm_sessions": sessions, "comm_participants": attended, "knowledge_asked": asked, "knowledge_passed": passed}


def later(counts: Counts, quarters_later: int) -> Counts:
    """Return counts moved to a later quarter, wards x quarters; nothing falls due in the first ones."""
    moved = np.zeros_like(counts)
    moved[:, quarters_later:] = counts[:, :-quarters_later]
    return moved


def ward_panel(seed: int = SEED, planted: bool = True) -> pd.DataFrame:
    """Return what happened in every ward and quarter, before reporting.

    Parameters
    ----------
    seed : int
    planted : bool
        False leaves every effect out and changes nothing else: the world in
        which no pilot ever worked.

    Returns
    -------
    DataFrame
        district_code, unit_code, period, element, value; every ward, quarter
        and ward-level element.
    """
    import pandas as pd

    place = city(seed)
    shop = Workshop(place, planted)
    series = {**shop.health(), **shop.social(), **shop.venues(), **shop.communication()}
    names = [e.id for e in elements().values() if e.level == "ward"]
    shape = (len(place.wards), len(PERIODS))
    cube = np.stack([series[n][:, WARM_UP:] for n in names], axis=-1)
    return pd.DataFrame(
        {
            "district_code": np.repeat(place.districts, shape[1] * len(names)),
            "unit_code": np.repeat(place.wards, shape[1] * len(names)),
            "period": np.tile(np.repeat(PERIODS, len(names)), shape[0]),
            "element": np.tile(names, shape[0] * shape[1]),
            "value": cube.reshape(-1).astype(float),
        }
    )


def district_panel(seed: int = SEED) -> pd.DataFrame:
    """Return what the district offices count for the whole district: public hotspots, and whether referral routes exist.

    Returns
    -------
    DataFrame
        As `ward_panel`, `unit_code` being the district's code.
    """
    import pandas as pd

    codes = list(districts())
    rng = stream(seed, "hotspots")
    stock = rng.multinomial(HOTSPOTS_START, np.full(len(codes), 1 / len(codes)))
    routes = {name: rng.integers(-6, 20, len(codes)) for name in ("child_referral_route", "trafficking_referral_route")}
    rows = []
    for t, period in enumerate(PERIODS):
        transformed = rng.binomial(stock, 0.035) if t else np.zeros(len(codes), dtype=np.int64)
        stock = stock - transformed + (rng.poisson(0.8 / len(codes), len(codes)) if t else 0)
        values = {"hotspots": stock, "hotspots_transformed": transformed, **{n: (when <= t) * 1 for n, when in routes.items()}}
        rows += [(code, code, period, name, float(v[i])) for i, code in enumerate(codes) for name, v in values.items()]
    return pd.DataFrame(rows, columns=["district_code", "unit_code", "period", "element", "value"])


def parts_and_wholes() -> list[tuple[str, str]]:
    """Return pairs of elements of which the first can never exceed the second: the codebook's proportions, and a few more."""
    pairs = [(i.numerator, i.denominator) for i in indicators().values() if i.measure == "proportion" and i.reported]
    return [*pairs, ("outreach_reached", "outreach_contacts"), ("sti_positive", "sti_tested"), ("pledges_signed", "venues_listed")]


__all__ = ["PERIODS", "SEED", "START", "City", "Workshop", "city", "district_panel", "parts_and_wholes", "stream", "ward_panel"]
