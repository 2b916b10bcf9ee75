"""How long each stage of a request took, for the Server-Timing header and the trace. Called by `service`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Milliseconds by stage, in the order in which the stages were first entered."""

    def __init__(self) -> None:
        self._milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to the stage `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - start) * 1000
            self._milliseconds[name] = self._milliseconds.get(name, 0.0) + spent

    def timings(self) -> tuple[tuple[str, float], ...]:
        """Stage and milliseconds."""
        return tuple(self._milliseconds.items())

    def header(self) -> str:
        """Value of Server-Timing: `parse;dur=0.12, fetch;dur=3.40`."""
        return ", ".join(f"{name};dur={spent:.2f}" for name, spent in self._milliseconds.items())
