"""A source as it stands -> nights of a history as earlier mornings would have seen it, so that past days have a past.

A record is there once its own clock has passed, one in 25 three days late; what happened to it later is not known yet,
so most records change in a later night. Only nights are recorded, no snapshots. Used where a city has to look as if it had been followed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from jobs.refresh import steps
from jobs.refresh.anchors import ANCHORS
from jobs.refresh.history import History
from jobs.source.contract import TABLES, ContractTable
from models.settings import JobSettings
from models.snapshot.rowtext import literal, quoted


def record(settings: JobSettings, moments: Iterable[datetime]) -> None:
    """Record a night at each of the moments (aware, earliest first) in the history of the home folder."""
    history = History(settings.history)
    source = steps.check_contract(settings)
    with tempfile.TemporaryDirectory(dir=settings.home) as place:
        whole, staged = Path(place) / "whole", Path(place) / "staged"
        whole.mkdir()
        staged.mkdir()
        with closing(steps.scratch(Path(place))) as con:
            steps.extract_all(settings, whole, lambda _: None, con, history)
            for moment in moments:
                for table in TABLES:
                    file = literal(str(whole / f"{table.name}.parquet"))
                    target = literal(str(staged / f"{table.name}.parquet"))
                    con.execute(f"COPY ({_known(table, file, moment)}) TO {target} (FORMAT parquet)")
                found = history.compare(con, staged)
                history.commit(con, staged, found, source=source, checks=(), as_of=moment)


def _known(table: ContractTable, file: str, moment: datetime) -> str:
    """The rows that a morning would have seen; clocks after it are not known."""
    then = f"TIMESTAMP {literal(str(moment.astimezone(UTC).replace(tzinfo=None)))}"
    anchor = quoted(ANCHORS.get(table.name, "updated_at"))
    columns = ", ".join(
        f"LEAST({quoted(name)}, {then}) AS {quoted(name)}"
        if name == "updated_at"
        else f"CASE WHEN {quoted(name)} <= {then} THEN {quoted(name)} END AS {quoted(name)}"
        for name in table.instants()
    )
    late = f"CASE WHEN {quoted(table.key)} % 25 = 0 THEN 3 ELSE 0 END" if table.name in ANCHORS else "0"
    there = f"COALESCE({anchor}, updated_at) + to_days({late}) <= {then}"
    return f"SELECT * REPLACE ({columns}) FROM read_parquet({file}) WHERE {there} ORDER BY {quoted(table.key)}"
