"""Row of nights on which this machine's clock is wrong: a day back, a year ahead, ahead and back amid a run."""

from __future__ import annotations

import os

from sqlalchemy import update

from jobs.refresh.lease import TABLE
from jobs.refresh.progress import Begun
from jobs.refresh.run import refresh
from models.database import engine
from tests.drill.bench import Bench
from tests.drill.nights import BAD, City, after, at, city, judged
from tests.drill.rows import Outcome, Row

CLOCKS = """
the clock                                  | exit | run                | message       | shown     | readyz        | after
is a year ahead                            | 12   | failed CheckFailed | clock_runs_on | yesterday | clock_runs_on | equal
is a day back                              | 12   | failed CheckFailed | clock_runs_on | yesterday | clock_runs_on | equal
jumps a year ahead amid a run, and back    | 0    | published          | published     | tonight   | fresh         | equal
jumps a day back amid a run, and ahead     | 0    | published          | published     | tonight   | fresh         | equal
was ahead when a run elsewhere was killed  | 0    | published          | published     | tonight   | fresh         | equal
"""
"""The last one left a lease that ends in a year. /readyz is asked when the clock is right again."""
A_YEAR_AHEAD, A_DAY_BACK = BAD.replace("2026", "2027"), "2026-02-01T10:00:00Z"


def run(bench: Bench) -> Outcome:
    """Every line of the table."""

    def found(line: dict[str, str]) -> dict[str, str]:
        clock = line["the clock"]
        here = city(bench, f"clock {clock}")
        before = here.version
        wrong = A_YEAR_AHEAD if "ahead" in clock.split(",")[0] else A_DAY_BACK
        if "amid a run" in clock:
            amid(here, wrong)
            exit_code = 0
        else:
            if "elsewhere" in clock:
                leave_a_lease(here)
            process = here.start(BAD if "elsewhere" in clock else wrong)
            process.communicate()
            exit_code = process.returncode
        return here.look(exit_code, BAD, before).cells | {"after": after(here, bench)}

    return judged(bench, CLOCKS, found, "clocks")


def amid(here: City, wrong: str) -> None:
    """A run whose clock is wrong from its computing to its publishing."""

    def jump(event: object) -> None:
        if isinstance(event, Begun) and event.step in ("compute", "publish"):
            os.environ["CRISIS_NOW"] = wrong if event.step == "compute" else BAD

    with at(BAD):
        refresh(here.settings, progress=jump)


def leave_a_lease(here: City) -> None:
    """What a run on another machine leaves that was killed while its clock was a year ahead."""
    made = engine(here.settings.service_database)
    with made.begin() as connection:
        row = connection.execute(TABLE.select()).one()
        until = row.expires_at.replace(year=row.expires_at.year + 1)
        connection.execute(update(TABLE).values(holder="killed@elsewhere:1", expires_at=until))
    made.dispose()


ROWS = (Row("clock-jumps", "a wrong clock dates no figures, and holds up no night after it", run),)
