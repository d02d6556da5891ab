"""What every test stands on: one thread, no screen, no network, steady examples."""

from __future__ import annotations

import ipaddress
import os
import socket

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import hypothesis
import matplotlib
import pytest

matplotlib.use("Agg")

# The same examples on every machine: a red run can be run again. No time limit: a busy machine is no fault.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("steady")

# Notebooks are run from notebooks/, by nbval.
collect_ignore_glob = ["*.ipynb"]


class NetworkUse(Exception):
    """A test tried to leave the machine."""


@pytest.fixture(autouse=True)
def _stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            host = str(address[0])
            if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
                raise NetworkUse(f"the test suite runs without a network, yet a test connects to {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", only_here)
