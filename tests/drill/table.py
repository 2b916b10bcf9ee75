"""The rows of `make drill`, in the order in which they run: first what is quick, last what is large."""

from __future__ import annotations

from tests.drill import (
    at_once,
    clocks,
    driver_faults,
    folders,
    kill_schedule,
    kill_sqlserver,
    kills,
    large,
    large_changes,
    missed,
    paging,
    restore,
    source_faults,
    year,
)
from tests.drill.rows import Row

ROWS: tuple[Row, ...] = (
    *source_faults.ROWS,
    *at_once.ROWS,
    *folders.ROWS,
    *missed.ROWS,
    *restore.ROWS,
    *driver_faults.ROWS,
    *clocks.ROWS,
    paging.ROW,
    *kills.ROWS,
    kill_schedule.ROW,
    kill_sqlserver.ROW,
    *year.ROWS,
    *large.ROWS,
    *large_changes.ROWS,
)
