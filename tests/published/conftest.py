"""Published research data for tests: skipped where absent, failed where continuous integration expects them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evaluation import published


@pytest.fixture
def require() -> Callable[[str], None]:
    """Skip the test unless the known version of a published data set is at hand; fail instead where it is expected."""

    def check(name: str) -> None:
        try:
            published.path(name)
        except published.PublishedDataMissing as absent:
            if published.expected():
                pytest.fail(f"published data expected ({published.EXPECT_VARIABLE}=1): {absent}", pytrace=False)
            pytest.skip(f"published data not at hand: {absent}")

    return check
