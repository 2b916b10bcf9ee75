"""What a count of calls can be by chance: the worked example, the rule in a table, and false alarms over real nights."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import cycle, islice
from pathlib import Path

import pytest

from jobs.source.arrivals import EVERY, SPANS
from jobs.source.band import NIGHTS, WEEKS, Band, band, cannot_be_empty, fallen
from tests.helpers.demo_city import Built, thirteen_months

DAY = date(2026, 2, 6)
"""A Friday."""
FRIDAYS = (40, 44, 38, 41, 43, 39, 45, 42)


def before(counts: Mapping[int, int]) -> dict[date, int]:
    """Age in days -> count, as the counts of days before DAY."""
    return {DAY - timedelta(days=age): count for age, count in counts.items()}


def repeated(*counts: int, nights: int = WEEKS * 7) -> dict[date, int]:
    """Counts that come again and again, the latest first."""
    return before(dict(enumerate(islice(cycle(counts), nights), start=1)))


def test_the_example_of_the_module() -> None:
    assert band(before({age: FRIDAYS[(age - 1) // 7] for age in range(1, 57)}), DAY) == Band(41.5, 16, 78)


BANDS = """
nights | counts, again and again   | days | expected | low | high | why
27     | 40                        | 1    | -        | -   | -    | one night too few
28     | 40                        | 1    | 40       | 14  | 79   | four Fridays are enough
56     | 40                        | 1    | 40       | 15  | 76   | the mean is better known
56     | 30 50                     | 1    | 40       | 4   | 131  | what scatters is believed to scatter
56     | 40 40 40 40 40 40 100     | 1    | 100      | 58  | 155  | Fridays are like Fridays
56     | 8                         | 1    | 8        | 0   | 26   | one silent day may be chance
56     | 24                        | 3    | 24       | 6   | 53   | three are none
56     | 0                         | 1    | 0        | 0   | 0    | nothing is expected
"""


@pytest.mark.parametrize("line", BANDS.strip().splitlines()[1:])
def test_the_band(line: str) -> None:
    nights, counts, span, *wanted, _ = (cell.strip() for cell in line.split("|"))
    found = band(repeated(*map(int, counts.split()), nights=int(nights)), DAY, int(span))
    told = [f"{found.expected:g}", str(found.low), str(found.high)] if found else ["-"] * 3
    assert told == wanted


FALLEN = """
here | counts, again and again | kept back | why
14   | 40                      | yes       | below the bound of 15, below half, and never so low
19   | 40                      | no        | below half, and may be a quiet day
14   | 40 40 40 14 40 40 40    | no        | every week has such a day
0    | 8                       | no        | can be chance
"""


@pytest.mark.parametrize("line", FALLEN.strip().splitlines()[1:])
def test_what_is_kept_back(line: str) -> None:
    here, counts, wanted, _ = (cell.strip() for cell in line.split("|"))
    known = repeated(*map(int, counts.split()))
    found = band(known, DAY)
    assert found
    assert fallen(known, DAY, int(here), found) == (wanted == "yes")


def test_what_was_accepted_once_does_not_keep_back_again() -> None:
    known = repeated(40)
    known[DAY - timedelta(days=NIGHTS)] = 0
    found = band(known, DAY)
    assert found
    assert not fallen(known, DAY, 0, found)
    del known[DAY - timedelta(days=NIGHTS)]
    assert fallen(known, DAY, 0, found), "a night that was missed is no pattern"


EMPTY = """
counts of the same half | days | cannot be empty
12                      | 28   | yes
12                      | 27   | no
8                       | 28   | no
9 15                    | 28   | yes
4 20                    | 28   | no
30 0 30 30              | 28   | no
"""


@pytest.mark.parametrize("line", EMPTY.strip().splitlines()[1:])
def test_an_empty_half_day(line: str) -> None:
    counts, days, wanted = (cell.strip() for cell in line.split("|"))
    assert cannot_be_empty(list(islice(cycle(map(int, counts.split())), int(days)))) == (wanted == "yes")


# --- how often it is wrong: nights of real services, none of which lost a row ------------------------------------------

Days = dict[str, Counter[date]]


def read(file: Path, day: str, series: Callable[[dict[str, str]], str]) -> Days:
    """Events by series and day."""
    found: Days = defaultdict(Counter)
    with gzip.open(file, "rt", encoding="utf-8", errors="replace") as rows:
        for row in csv.DictReader(rows):
            found[series(row)][date.fromisoformat(row[day][:10])] += 1
    return found


def together(days: Days) -> Days:
    """With all series as one more, where there are several."""
    return days if len(days) == 1 else {**days, EVERY: sum(days.values(), Counter())}


def judged(days: Days) -> Iterator[tuple[str, date, int, str]]:
    """Every night of every series from the ninth week on: (series, day, span, verdict)."""
    first = min(min(counts) for counts in days.values())
    last = max(max(counts) for counts in days.values())
    nights = [first + timedelta(days=age) for age in range((last - first).days + 1)]
    for name, counts in days.items():
        for span in SPANS:
            sums = {day: sum(counts[day - timedelta(days=age)] for age in range(span)) for day in nights[max(SPANS) :]}
            for day in nights[WEEKS * 7 + max(SPANS) :]:
                found = band(sums, day, span)
                assert found
                low = fallen(sums, day, sums[day], found)
                odd = span == 1 and bool(found.expected) and not found.low <= sums[day] <= found.high
                yield name, day, span, "blocked" if low else "unusual" if odd else "fine"


SERVICES = {
    "ttc_subway_delays_2018_2025.csv.gz": ("Date", lambda row: row["Line"] if row["Line"] in LINES else "other"),
    "nypd_shootings_2006_2020.csv.gz": ("OCCUR_DATE", lambda row: row["BORO"]),
    "ross_valley_fire_unit_responses_2010_2020.csv.gz": ("incident_date", lambda _row: "units"),
}
LINES = ("YU", "BD", "SHP", "SRT")
TRUE = {
    ("SRT", "2023-07"): "the line was closed on 24 July 2023 for good",
    ("units", "2010-12"): "the records have a gap of nine days",
}
"""What the rule finds in them, and why that is no false alarm."""


@pytest.mark.shared
def test_false_alarms_over_nights_of_real_services(shared: Path, figure: Callable[[str], None]) -> None:
    """Days that scatter as the world does: a subway's delays, shootings, a fire department; a pandemic is in them."""
    nights = series = 0
    verdicts: Counter[str] = Counter()
    blocked: set[tuple[str, str]] = set()
    for file, (day, name) in SERVICES.items():
        found = together(read(shared / "data" / file, day, name))
        series += len(found)
        told = list(judged(found))
        nights += len({day for _, day, _, _ in told})
        verdicts.update(verdict for *_, verdict in told)
        blocked |= {(name, day.isoformat()[:7]) for name, day, _, verdict in told if verdict == "blocked"}
    assert blocked == set(TRUE), "every night that would be kept back has a cause that is known"
    assert verdicts["unusual"] * 2_000 < nights
    figure(
        f"learned band over {nights:,} nights of {series} real series: 0 kept back without a cause, "
        f"{len(TRUE)} causes found, {verdicts['unusual']} warnings"
    )


def test_false_alarms_in_the_demo_city(tmp_path_factory: pytest.TempPathFactory, figure: Callable[[str], None]) -> None:
    built: Built = thirteen_months(tmp_path_factory)
    rows = built.ask("SELECT source, call_arrival FROM call WHERE call_arrival IS NOT NULL")
    found: Days = defaultdict(Counter)
    for source, arrived in rows:
        found[str(source)][date.fromisoformat(str(arrived)[:10])] += 1
    told = list(judged(together(found)))
    verdicts = Counter(verdict for *_, verdict in told)
    assert verdicts["blocked"] == 0
    figure(f"learned band over {len({day for _, day, _, _ in told}):,} nights of the demo city: {dict(verdicts)}")
