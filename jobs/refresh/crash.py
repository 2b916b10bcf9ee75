"""Named points at which a drill may kill the job, so that tests can prove that a killed refresh harms nothing.

A point costs one look into the environment. It does anything only when `CRISIS_DRILL=1` and
`CRISIS_CRASH_AT=<point>` are both set: then the process kills itself with SIGKILL, as a power cut would, or, with
`CRISIS_CRASH_SIGNAL=STOP`, stands still as if it hung.
Called by every step of jobs.refresh; `make drill` walks through all points.
"""

from __future__ import annotations

import os
import signal

POINTS: tuple[str, ...] = (
    "contract.done",
    "extract.midway",
    "extract.done",
    "history.before_rename",
    "history.after_rename",
    "clean.done",
    "compute.midway",
    "compute.done",
    "check.done",
    "build.midway",
    "build.before_rename",
    "build.after_rename",
    "publish.before_pointer",
    "publish.after_pointer",
    "prune.midway",
    "prune.done",
)
"""Every point, in the order in which a night passes them."""


def point(name: str) -> None:
    """Die here if the drill says so. `name` is one of POINTS; a misspelt one is a ValueError at once."""
    if name not in POINTS:
        raise ValueError(f"{name!r} is no point of the drill")
    if os.environ.get("CRISIS_DRILL") == "1" and os.environ.get("CRISIS_CRASH_AT") == name:
        os.kill(os.getpid(), signal.Signals[f"SIG{os.environ.get('CRISIS_CRASH_SIGNAL', 'KILL')}"])
