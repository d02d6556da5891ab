"""Grunfeld's investment data: the within estimator as printed by R's plm and in textbooks."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from evaluation.effects.dose_response import dose_response


@pytest.fixture(scope="module")
def firms():  # type: ignore[no-untyped-def]
    data = sm.datasets.grunfeld.load_pandas().data
    return data[data["firm"] != "American Steel"]


def test_firm_effects(firms) -> None:  # type: ignore[no-untyped-def]
    found = dose_response(
        firms, outcome="invest", dose="value", covariates=["capital"], unit="firm", period="year", effects=("unit",), draws=199
    )
    assert list(found.slopes["slope"].round(6)) == [0.110124, 0.310065]


def test_two_way_against_regression_with_dummies(firms) -> None:  # type: ignore[no-untyped-def]
    import statsmodels.formula.api as smf

    found = dose_response(firms, outcome="invest", dose="value", covariates=["capital"], unit="firm", period="year", draws=199)
    model = smf.ols("invest ~ value + capital + C(firm) + C(year)", firms)
    plain = model.fit(cov_type="cluster", cov_kwds={"groups": firms["firm"].astype("category").cat.codes.to_numpy()})
    np.testing.assert_allclose(found.slopes["slope"], plain.params[["value", "capital"]], rtol=1e-7)
    # Its correction counts the dummies as parameters; nested in the clusters, ours does not.
    n, k = 200, len(plain.params)
    scale = np.sqrt(((n - 1) / (n - 2)) / ((n - 1) / (n - k)))
    np.testing.assert_allclose(found.slopes["standard_error"], plain.bse[["value", "capital"]] * scale, rtol=1e-6)
