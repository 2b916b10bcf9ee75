"""Rows of nights on which the source is not what it was: half a day lost, columns, codes, away all night.

The tables say what is designed: exit code, the run's record, what is published then, what /readyz says, and whether the
night after has the figures of a city to which nothing happened.
"""

from __future__ import annotations

import shutil

from models.snapshot import manifest
from tests.drill.bench import Bench
from tests.drill.nights import AFTER, BAD, after, city, edit, judged, undisturbed
from tests.drill.rows import Outcome, Row

HALF_DAY = """
what happens                             | exit | run                 | message          | shown     | readyz      | after
the afternoon of yesterday is not there  | 12   | failed CheckFailed  | half_day_missing | yesterday | CheckFailed | equal
the morning of yesterday is not there    | 12   | failed CheckFailed  | half_day_missing | yesterday | CheckFailed | equal
"""
COLUMNS = """
what happens                             | exit | run                   | message                          | shown     | readyz         | after
a column that nobody declared is added   | 0    | published             | published                        | tonight   | fresh          | equal
a column is dropped                      | 11   | failed ContractBroken | call.priority is missing         | yesterday | ContractBroken | equal
a table is dropped                       | 11   | failed ContractBroken | table unit_response is missing   | yesterday | ContractBroken | equal
a column is of another type              | 11   | failed ContractBroken | call.call_arrival is INTEGER     | yesterday | ContractBroken | equal
"""
AWAY = """
what happens                             | exit | run                      | message             | shown     | readyz            | after
the source's file is not there           | 10   | failed SourceUnreachable | no crisis database  | yesterday | SourceUnreachable | equal
the source's file is damaged             | 10   | failed SourceUnreachable | does not answer     | yesterday | SourceUnreachable | equal
"""
CODES = """
what happens                          | exit | run       | message   | shown   | readyz | warned                       | mapped
the new calls have a code of their own | 0   | published | published | tonight | fresh  | unknown_codes                | equal
"""
CHANGES: dict[str, tuple[str, ...]] = {
    "the afternoon of yesterday is not there": (
        "DELETE FROM call WHERE call_arrival BETWEEN '2026-02-02 17:00' AND '2026-02-03 04:59:59'",
    ),
    "the morning of yesterday is not there": (
        "DELETE FROM call WHERE call_arrival BETWEEN '2026-02-02 05:00' AND '2026-02-02 16:59:59'",
    ),
    "a column that nobody declared is added": ("ALTER TABLE call ADD COLUMN caller_name VARCHAR DEFAULT 'nobody'",),
    "a column is dropped": ("ALTER TABLE call DROP COLUMN priority",),
    "a table is dropped": ("DROP TABLE unit_response",),
    "a column is of another type": (
        "ALTER TABLE call DROP COLUMN call_arrival",
        "ALTER TABLE call ADD COLUMN call_arrival INTEGER",
    ),
    "the new calls have a code of their own": (
        "UPDATE call SET priority = 'ONE' WHERE call_arrival > '2026-02-02 09:00'",
    ),
}
"""What the source's own people do to it."""
COUNTING = {"Snapshots", "Revisions"}
"""Views that count what the source delivered, here a row of its map more."""
TRIES = (BAD, BAD.replace("09:00", "09:10"), BAD.replace("09:00", "09:20"))
MAP = (
    "INSERT INTO code_value (code_value_id, code_list, source_code, code, updated_at) "
    "VALUES (1, 'priority', 'ONE', '1', '2026-02-04 08:00:00.000000')"
)


def rows(bench: Bench, name: str, table: str) -> Outcome:
    """Every line of a table: harm, the bad night, the source as it should be, the night after."""

    def found(line: dict[str, str]) -> dict[str, str]:
        what = line["what happens"]
        here = city(bench, f"{name} {what}")
        shutil.copy(here.source, kept := here.home.parent / "kept.db")
        edit(here.source, *CHANGES[what])
        cells = here.night(BAD).cells
        shutil.copy(kept, here.source)
        return cells | {"after": after(here, bench)}

    return judged(bench, table, found)


def away(bench: Bench) -> Outcome:
    """Three tries in one night, none of which finds the source; then it is there again."""

    def found(line: dict[str, str]) -> dict[str, str]:
        what = line["what happens"]
        here = city(bench, f"away {what}")
        here.source.rename(kept := here.home.parent / "kept.db")
        if "damaged" in what:
            here.source.write_bytes(b"not a database" * 1_000)
        tries = [here.night(now).cells for now in TRIES]
        kept.replace(here.source)
        same = tries[0] if tries[0] == tries[1] == tries[2] else {"run": f"tries differ: {tries}"}
        return same | {"after": after(here, bench)}

    return judged(bench, AWAY, found, told=" (three tries each)")


def code_changed(bench: Bench) -> Outcome:
    """A word that nobody knows is published as unknown and warned of; mapped, the figures are as if it had not changed."""

    def found(line: dict[str, str]) -> dict[str, str]:
        here = city(bench, "code changed")
        edit(here.source, *CHANGES[line["what happens"]])
        cells = here.night(BAD).cells
        made = manifest.read(here.settings.snapshots / (here.version or ""))
        warned = {each.check for each in made.checks if each.outcome != "passed"}
        edit(here.source, MAP)
        here.live(AFTER)
        here.night(AFTER)
        wanted = undisturbed(bench, BAD, AFTER)
        found = {name for name, identity in here.identities().items() if identity != wanted[name]} - COUNTING
        mapped = f"DIFFERS: {sorted(found)}" if found else "equal"
        return cells | {"warned": " ".join(sorted(warned & {"unknown_codes"})), "mapped": mapped}

    return judged(bench, CODES, found)


ROWS = (
    Row(
        "half-day-lost",
        "it blocks: yesterday stays, the check is named",
        lambda bench: rows(bench, "half day", HALF_DAY),
    ),
    Row(
        "columns-changed",
        "one too many is none of ours, one too few ends the run",
        lambda bench: rows(bench, "columns", COLUMNS),
    ),
    Row("code-changed", "published with a warning; mapped, it is as before", code_changed, short=False),
    Row("source-away", "yesterday stays, stale since; back, nothing is missing", away),
)
