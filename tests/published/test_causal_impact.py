"""The documented example of R's CausalImpact (Brodersen et al. 2015), its data drawn again by R's own generator."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.special import ndtri

from evaluation.effects.designs.structural import STRUCTURAL, forecast
from evaluation.effects.matrix import Matrix

HEAD_Y = (105.2950, 105.8943, 106.6209, 106.1572, 101.2812, 101.4484)
HEAD_X = (88.21513, 88.48415, 87.87684, 86.77954, 84.62243, 84.60650)
# Printed by the package: effect 10.51 with a 95 % interval of 9.76 to 11.21 in one run; standard deviation 0.35 in another.
EFFECT, LOW, HIGH, SD = 10.51, 9.76, 11.21, 0.35


class RStream:
    """Normal draws as R makes them after set.seed: scrambled seed, Mersenne twister, inversion with two uniforms a draw."""

    def __init__(self, seed: int) -> None:
        words = []
        for k in range(675):
            seed = (69069 * seed + 1) & 0xFFFFFFFF
            if k >= 51:
                words.append(seed)
        self._twister = np.random.MT19937()
        self._twister.state = {"bit_generator": "MT19937", "state": {"key": np.array(words, dtype=np.uint32), "pos": 624}}

    def normal(self, n: int) -> np.ndarray:
        u = self._twister.random_raw(2 * n) * 2.3283064365386963e-10
        return np.asarray(ndtri((np.floor(134217728 * u[::2]) + u[1::2]) / 134217728))


@pytest.fixture(scope="module")
def example() -> tuple[np.ndarray, np.ndarray]:
    stream = RStream(1)
    burn_in = 5998  # arima.sim: 1 + ceiling(6 / log(1 / 0.999))
    x = 100 + lfilter([1.0], [1.0, -0.999], stream.normal(burn_in + 100))[burn_in:]
    y = 1.2 * x + stream.normal(100)
    y[70:] += 10
    return y, x


def test_the_data_are_those_printed(example: tuple[np.ndarray, np.ndarray]) -> None:
    y, x = example
    assert tuple(y[:6].round(4)) == HEAD_Y
    assert tuple(x[:6].round(5)) == HEAD_X


def test_effect_and_interval(example: tuple[np.ndarray, np.ndarray]) -> None:
    y, x = example
    past = np.arange(100) < 70
    found = forecast(y, x[:, None], past, ~past)
    actual = y[70:].mean()
    assert actual == pytest.approx(117.05, abs=0.005)
    # Theirs are 1,000 Gibbs draws: the ends of the interval have a Monte Carlo error of about 0.03.
    assert actual - found.mean == pytest.approx(EFFECT, abs=0.03)
    assert actual - found.quantile(0.975) == pytest.approx(LOW, abs=0.06)
    assert actual - found.quantile(0.025) == pytest.approx(HIGH, abs=0.06)
    assert found.sd == pytest.approx(SD, abs=0.03)


def test_through_the_design(example: tuple[np.ndarray, np.ndarray]) -> None:
    y = np.stack(example)
    first = np.array([70, 100])
    fit = STRUCTURAL.fit(Matrix(("y", "x1"), tuple(range(100)), y, y, np.ones_like(y), first))
    assert fit.estimate == pytest.approx(EFFECT, abs=0.03)
    assert (fit.details["posterior_low"], fit.details["posterior_high"]) == pytest.approx((LOW, HIGH), abs=0.06)
    assert fit.details["tail_probability"] < 0.001
