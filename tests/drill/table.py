"""The rows of `make drill`, in the order in which they run: first what is quick, last what is large."""

from __future__ import annotations

from tests.drill import (
    kill_schedule,
    kill_sqlserver,
    kills,
    paging,
    year,
)
from tests.drill.rows import Row

ROWS: tuple[Row, ...] = (
    paging.ROW,
    *kills.ROWS,
    kill_schedule.ROW,
    kill_sqlserver.ROW,
    *year.ROWS,
)
