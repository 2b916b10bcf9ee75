"""The same file twice adds nothing, whatever the chunks, the order of the rows and the moment of a kill."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.source.csv import identity, rules, run, target
from jobs.source.csv.identity import Identity, Seen
from jobs.source.csv.records import Made
from jobs.source.csv.run import import_files
from models.errors import ImportRejected
from tests.helpers.importing import CALLS, GOOD, Desk, changed, counted


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


EVERYTHING = """SELECT call_no, unit_id, call_arrival, closed_at, time_on_scene, time_unit_clear, c.clock_flags, r.clock_flags
    FROM unit_response r JOIN call c USING (call_id) ORDER BY call_no, unit_id"""
CREW = (
    GOOD,
    changed(GOOD, unit="B2", clear="2026-03-01 12:30:00"),
    changed(GOOD, unit="C3", clear="NA"),
    changed(GOOD, call="8", clear="2026-11-01 01:30:00"),
    changed(GOOD, call="8", unit="B2", clear="2026-11-01 00:00:00"),
)


def test_the_same_file_twice_adds_and_changes_nothing(desk: Desk) -> None:
    first = counted(desk.take(*CREW))
    assert first == {"location": (2, 0, 0), "call": (2, 0, 0), "unit_response": (5, 0, 0)}
    stamps = desk.rows("SELECT DISTINCT updated_at FROM call")
    assert counted(desk.take(*CREW)) == {"location": (0, 0, 2), "call": (0, 0, 2), "unit_response": (0, 0, 5)}
    assert desk.rows("SELECT DISTINCT updated_at FROM call") == stamps, "an unchanged row is not touched"


def test_a_row_that_says_something_new_changes_its_record_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRISIS_NOW", "2026-03-02T00:00:00Z")
    desk.take(*CREW)
    monkeypatch.setenv("CRISIS_NOW", "2026-03-03T00:00:00Z")
    again = desk.take(changed(GOOD, outcome="Gone away"), *CREW[1:])
    assert counted(again)["unit_response"] == (0, 1, 4)
    assert desk.rows("SELECT unit_id, contact_outcome FROM unit_response WHERE updated_at LIKE '2026-03-03%'") == [
        ("A1", "gone_on_arrival")
    ]


def test_a_record_whose_number_is_made_of_its_content_may_change_it(desk: Desk) -> None:
    mapping = desk.mapping(CALLS.replace('call_no = "call"', 'call_no = { content_except = ["call"] }'))
    desk.take(GOOD, mapping=mapping)
    before = desk.one("SELECT call_no FROM call")
    again = desk.take(changed(GOOD, outcome="Gone away"), mapping=mapping)
    assert counted(again)["call"] == (0, 1, 0)
    assert desk.one("SELECT call_no FROM call") != before


def test_a_call_ends_when_its_last_unit_is_clear(desk: Desk) -> None:
    outcome = desk.take(*CREW)
    assert desk.rows("SELECT call_no, closed_at, clock_flags FROM call ORDER BY 1") == [
        ("7", "2026-03-01 17:30:00.000000", None),
        ("8", "2026-11-01 05:30:00.000000", "closed_at:ambiguous;closed_at:date_only"),
    ]
    assert outcome.tables["call"].disagreeing == 0


def test_rows_that_contradict_each_other_about_one_call_are_counted_and_the_first_is_kept(desk: Desk) -> None:
    rows = (GOOD, changed(GOOD, unit="B2", priority="Low"), changed(GOOD, unit="C3", priority="Low"))
    for _ in range(2):
        outcome = desk.take(*rows)
        assert outcome.tables["call"].disagreeing == 2
        assert outcome.tables["call"].changed == 0
        assert desk.rows("SELECT priority FROM call") == [("1",)]


def test_the_same_holds_when_the_rows_of_a_call_lie_in_different_chunks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK", 1)
    test_rows_that_contradict_each_other_about_one_call_are_counted_and_the_first_is_kept(desk)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunk=st.integers(1, 7), seed=st.integers(0, 1000))
def test_neither_chunks_nor_order_change_what_is_stored(
    home: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, seed: int
) -> None:
    desk = Desk(home)
    for file in home.glob("crisis.db*"):
        file.unlink()
    monkeypatch.setattr(run, "CHUNK", chunk)
    rows = list(CREW)
    random.Random(seed).shuffle(rows)
    desk.take(*rows)
    assert desk.rows(EVERYTHING) == EXPECTED


EXPECTED = [
    ("7", "A1", "2026-03-01 15:00", "2026-03-01 17:30", "2026-03-01 15:20", "2026-03-01 16:00", None, None),
    ("7", "B2", "2026-03-01 15:00", "2026-03-01 17:30", "2026-03-01 15:20", "2026-03-01 17:30", None, None),
    ("7", "C3", "2026-03-01 15:00", "2026-03-01 17:30", "2026-03-01 15:20", None, None, None),
    (
        "8",
        "A1",
        "2026-03-01 15:00",
        "2026-11-01 05:30",
        "2026-03-01 15:20",
        "2026-11-01 05:30",
        "closed_at:ambiguous;closed_at:date_only",
        "time_unit_clear:ambiguous",
    ),
    (
        "8",
        "B2",
        "2026-03-01 15:00",
        "2026-11-01 05:30",
        "2026-03-01 15:20",
        "2026-11-01 04:00",
        "closed_at:ambiguous;closed_at:date_only",
        "time_unit_clear:date_only",
    ),
]
EXPECTED = [
    tuple(f"{cell}:00.000000" if cell and cell.startswith("2026") else cell for cell in row) for row in EXPECTED
]


class Killed(Exception):
    """Stands for a process that dies between two chunks."""


def test_a_killed_import_is_completed_by_running_it_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CHUNK", 2)

    def die(_file: str, done: int, _total: int) -> None:
        if done > 3:
            raise Killed

    with pytest.raises(Killed):
        desk.take(*CREW, progress=die)
    assert desk.one("SELECT count(*) FROM unit_response") == 4
    assert counted(desk.take(*CREW))["unit_response"] == (1, 0, 4)
    assert desk.rows(EVERYTHING) == EXPECTED


def test_no_more_than_a_chunk_is_held_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    write = target.Target.write

    def counting(self: target.Target, records: Sequence[Made], seen: Seen) -> dict[str, target.Tally]:
        held.append(len(records))
        return write(self, records, seen)

    monkeypatch.setattr(run, "CHUNK", 3)
    monkeypatch.setattr(rules, "WORDS_COUNTED", 2)
    monkeypatch.setattr(target.Target, "write", counting)
    outcome = desk.take(*(changed(GOOD, call=str(number), priority=f"Word {number}") for number in range(10)))
    assert held == [9, 9, 9, 3], "three tables for each row"
    assert outcome.unmapped == {"priority": {"(more words)": 8, "Word 0": 1, "Word 1": 1}}


NO_KEY = CALLS.replace('natural_key = ["call", "unit"]', "natural_key = []")


def test_without_a_natural_key_equal_rows_are_told_apart_by_counting_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = desk.mapping(NO_KEY)
    monkeypatch.setattr(run, "CHUNK", 2)
    assert desk.take(GOOD, GOOD, CREW[1], GOOD, mapping=mapping).tables["unit_response"].added == 4
    again = desk.take(GOOD, CREW[1], GOOD, GOOD, mapping=mapping)
    assert counted(again)["unit_response"] == (0, 0, 4), "in another order too"
    assert desk.take(*[GOOD] * 4, mapping=mapping).tables["unit_response"].added == 1, "one more than before"


def test_a_dry_run_counts_the_same_and_writes_nothing(desk: Desk) -> None:
    wet = Desk(desk.home / "wet")
    wet.home.mkdir()
    (dry,) = import_files(desk.mapping(), [desk.file(*CREW, "x")], desk.settings, dry_run=True)
    assert not (desk.home / "crisis.db").exists() and not (desk.home / "rejects").exists()
    done = desk.take(*CREW, "x")
    assert counted(dry)["call"] == counted(done)["call"]
    assert (dry.rows, dry.rejected, dry.reasons) == (done.rows, done.rejected, done.reasons)


def test_two_keys_with_one_number_are_never_taken_for_one_record(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def clashing(*parts: str) -> Identity:
        return Identity(1, identity.identity(*parts).proof)

    monkeypatch.setattr(rules, "identity", clashing)
    with pytest.raises(ImportRejected, match="two different keys of location have the number 1"):
        desk.take(GOOD, changed(GOOD, call="8"))
    monkeypatch.setattr(run, "CHUNK", 1)
    with pytest.raises(ImportRejected, match="two different keys of location have the number 1"):
        desk.take(GOOD, changed(GOOD, call="8"))
    with pytest.raises(ImportRejected, match="two different keys of call have the number 1"):
        desk.take(changed(GOOD, call="9"))


def test_numbers_are_the_same_on_every_machine() -> None:
    assert identity.identity("town", "7") == Identity(505746734479917492, 2102811853853217064)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=3), st.lists(st.text(max_size=8), min_size=1, max_size=3))
def test_numbers_are_63_bits_and_differ_for_different_keys(one: list[str], other: list[str]) -> None:
    plain = [[part.replace("\x1f", "") for part in parts] for parts in (one, other)]
    first, second = (identity.identity(*parts) for parts in plain)
    assert 0 <= first.number < 2**63
    assert (first == second) == (plain[0] == plain[1])


@given(st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=5))
def test_repeats_are_counted_across_chunks(chunks: list[list[int]]) -> None:
    seen, before = Seen(), [0] * 6
    for chunk in chunks:
        expected = []
        for number in chunk:
            expected.append(before[number])
            before[number] += 1
        assert seen.times(chunk) == expected
    seen.close()
