"""A request to end a run: the first ends it cleanly, the second at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from evaluation.batch.watchdog import end_all

AT_ONCE = 130


class Interrupts:
    """Hears SIGINT and SIGTERM while a run goes on; lets files under way be all there or all as before."""

    def __init__(self) -> None:
        self._heard = False
        self._held = False
        self._waiting = False

    def _hear(self, number: int, frame: Any) -> None:
        if self._heard:
            end_all()
            os._exit(AT_ONCE)
        self._heard = True
        self._waiting = self._held
        if not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear requests, where signals can be heard."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let a request wait until what is done here is done."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._waiting:
            self._waiting = False
            raise KeyboardInterrupt
