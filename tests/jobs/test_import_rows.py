"""Rows into records: what is taken, what is rejected with which words, and that the rest of the file stays."""

from __future__ import annotations

import gzip
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from jobs.source.csv import run
from jobs.source.csv.run import import_files
from models.errors import ImportRejected, SourceUnreachable
from tests.helpers.importing import CALLS, GOOD, HEADER, Desk, changed, counted


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


def test_a_row_becomes_a_record_in_every_table_of_the_mapping(desk: Desk) -> None:
    outcome = desk.take(GOOD)
    assert counted(outcome) == {"location": (1, 0, 0), "call": (1, 0, 0), "unit_response": (1, 0, 0)}
    assert desk.rows("SELECT call_no, kind, priority, call_arrival, closed_at, clock_flags FROM call") == [
        ("7", "service", "1", "2026-03-01 15:00:00.000000", "2026-03-01 16:00:00.000000", None)
    ]
    assert desk.rows(
        """SELECT unit_id, contact_outcome, police_requested, ems_requested, area_word, latitude
        FROM unit_response JOIN call USING (call_id) JOIN location USING (location_id)"""
    ) == [("A1", "engaged", 1, 0, "014", 43.7)]
    assert desk.rows("SELECT team_code, name FROM team") == [("mobile", "Mobile team")]
    assert desk.rows("SELECT synthetic, city, zone, attribution FROM crisis_marker") == [
        (0, "Town", "America/Toronto", "Calls: a town.")
    ]


def test_a_doubtful_clock_is_kept_and_flagged(desk: Desk) -> None:
    outcome = desk.take(changed(GOOD, received="2026-03-01 00:00:00", arrived="2026-03-08 02:30:00", clear="NA"))
    assert desk.rows("SELECT call_arrival, clock_flags FROM call") == [
        ("2026-03-01 05:00:00.000000", "call_arrival:date_only;call_create:date_only")
    ]
    assert desk.rows("SELECT time_on_scene, time_unit_clear, clock_flags FROM unit_response") == [
        ("2026-03-08 07:30:00.000000", None, "time_on_scene:missing")
    ]
    assert outcome.doubts == {
        "call.call_arrival:date_only": 1,
        "call.call_create:date_only": 1,
        "unit_response.time_on_scene:missing": 1,
    }


FAULTS = """
column   | value               | reason                                              | what to do
received | 2026-02-30 10:00:00 | no such moment                                      | write it as 2024-01-31 14:05:00
arrived  | 25:00               | no such moment                                      | %d/%m/%Y %H:%M
latitude | north               | not a number                                        | leave it empty
outcome  | Vanished            | word outside a closed code map                      | Met; Gone away
police   | perhaps             | neither yes nor no                                  | true or false
call     |                     | empty; and part of the natural key                  | tells this record apart
unit     | NA                  | empty; and part of the natural key                  | tells this record apart
area     | LONG                | 129 characters; 128 at most                         | shorten the text
"""


@pytest.mark.parametrize("line", FAULTS.strip().splitlines()[1:])
def test_a_row_with_a_fault_is_rejected_by_line_column_value_reason_and_advice(desk: Desk, line: str) -> None:
    column, value, reason, advice = (cell.strip() for cell in line.split("|"))
    typed = "x" * 129 if value == "LONG" else value
    outcome = desk.take(GOOD, changed(GOOD, **{"call": "8", column: typed}), changed(GOOD, call="9"))
    assert (outcome.rows, outcome.rejected) == (3, 1)
    assert desk.rows("SELECT call_no FROM call ORDER BY 1") == [("7",), ("9",)], "the other rows are kept"
    (line,) = desk.rejected(outcome)
    assert line.startswith(f"3,{column},{'' if reason.startswith('empty') else typed},")
    flat = line.replace(",", ";").replace('"', "")
    assert reason in flat and advice in flat
    assert outcome.examples[0].startswith(f"calls.csv line 3, column {column}, value ")


def test_all_faults_of_a_row_are_told_at_once_and_it_makes_no_record_anywhere(desk: Desk) -> None:
    outcome = desk.take(changed(GOOD, call="8", received="never", police="perhaps", outcome="Vanished"), GOOD)
    assert [line.split(",")[:2] for line in desk.rejected(outcome)] == [
        ["2", "received"],
        ["2", "outcome"],
        ["2", "police"],
    ]
    assert outcome.rejected == 1
    assert [desk.one(f"SELECT count(*) FROM {table}") for table in ("location", "call", "unit_response")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD + ",more", "long row: 11 fields; the header has 10"),
        (GOOD.rsplit(",", 1)[0], "short row: 9 fields; the header has 10"),
        (GOOD.replace("7", '"7"7', 1), "cannot be split into columns"),
    ],
)
def test_a_row_that_does_not_fit_the_header_is_rejected(desk: Desk, row: str, reason: str) -> None:
    outcome = desk.take(row, changed(GOOD, call="8"))
    (line,) = desk.rejected(outcome)
    assert line.startswith("2,(row),,") and reason in line.replace(",", ";")
    assert desk.rows("SELECT call_no FROM call") == [("8",)]


def test_lines_swallowed_by_an_open_quotation_mark_are_named(desk: Desk) -> None:
    outcome = desk.take(GOOD, changed(GOOD, call="8", area='"open'), GOOD, GOOD)
    (line,) = desk.rejected(outcome)
    assert line.startswith("3,(row),") and "lines 3 to 5 are lost in it" in line
    assert "one inside a quoted text is written twice" in line


def test_files_of_one_name_get_rejects_files_of_their_own(desk: Desk) -> None:
    (desk.home / "more").mkdir()
    files = [
        desk.file(GOOD, changed(GOOD, police=word), name=name) for word, name in (("a", "c.csv"), ("b", "more/c.csv"))
    ]
    outcomes = import_files(desk.mapping(), files, desk.settings)
    assert [Path(str(outcome.rejects_file)).name for outcome in outcomes] == [
        "c.csv.town.rejects.csv",
        "c.csv.2.town.rejects.csv",
    ]
    assert [desk.rejected(outcome)[0].split(",")[2] for outcome in outcomes] == ["a", "b"]


def test_a_locked_database_is_one_clear_failure(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take(GOOD)
    monkeypatch.setattr(run, "upgrade_crisis", lambda *_, **__: None)
    monkeypatch.setattr(run, "open_engine", impatient)
    holder = sqlite3.connect(desk.home / "crisis.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(SourceUnreachable, match="another process holds its lock"):
        desk.take(changed(GOOD, call="8"))
    holder.execute("ROLLBACK")
    holder.close()
    assert desk.take(changed(GOOD, call="8")).tables["call"].added == 1


def impatient(address: str) -> Engine:
    """An engine that waits for a lock no longer than a moment."""
    return create_engine(address, connect_args={"timeout": 0.01})


def test_line_numbers_count_lines_of_the_file_not_rows(desk: Desk) -> None:
    long = changed(GOOD, call="8", area='"two\nlines"')
    outcome = desk.take(long, "", changed(GOOD, call="9", police="perhaps"))
    assert [line.split(",")[0] for line in desk.rejected(outcome)] == ["5"]
    assert outcome.rows == 2, "blank lines are no rows"


def test_words_outside_an_open_list_are_kept_and_counted(desk: Desk) -> None:
    outcome = desk.take(changed(GOOD, priority="Middling"), changed(GOOD, call="8", priority="  hIGH "))
    assert desk.rows("SELECT priority FROM call ORDER BY call_no") == [("Middling",), ("1",)]
    assert outcome.unmapped == {"priority": {"Middling": 1}}


def test_nsa_is_an_area_and_na_is_nothing(desk: Desk) -> None:
    desk.take(changed(GOOD, area="NSA"), changed(GOOD, call="8", area="NA"))
    assert desk.rows("SELECT area_word FROM location JOIN call USING (location_id) ORDER BY call_no") == [
        ("NSA",),
        (None,),
    ]


def test_the_rejects_file_is_for_its_owner_only_and_goes_when_it_is_no_longer_true(desk: Desk) -> None:
    outcome = desk.take(GOOD, changed(GOOD, police="perhaps"))
    file = Path(str(outcome.rejects_file))
    assert file.parent == desk.home / "rejects"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text("utf-8").splitlines()[0] == "file,line,column,value,reason,what_to_do"
    assert desk.take(GOOD).rejects_file is None
    assert not file.exists()


def refused(desk: Desk, file: Path) -> ImportRejected:
    """The refusal of a whole file; nothing of it may be in the database."""
    with pytest.raises(ImportRejected) as problem:
        import_files(desk.mapping(), [file], desk.settings)
    assert not (desk.home / "crisis.db").exists() or desk.one("SELECT count(*) FROM call") == 0
    return problem.value


def test_missing_columns_are_named_with_near_matches(desk: Desk) -> None:
    header = HEADER.replace("received", "Received_").replace("police", "constable")
    problem = refused(desk, desk.file(GOOD, header=header))
    assert problem.message == "calls.csv line 1: 2 missing columns: 'received'; did you mean 'Received_'?; 'police'"
    assert "call, unit, Received_, arrived" in problem.hint


def test_a_wrong_delimiter_is_guessed_from_a_header_of_one_column(desk: Desk) -> None:
    assert "is ',' the delimiter?" in refused(desk, desk.file(GOOD, header=HEADER.replace(",", ";"))).hint


def test_a_column_twice_is_refused(desk: Desk) -> None:
    problem = refused(desk, desk.file(GOOD + ",x", header=HEADER + ",unit"))
    assert problem.message == "calls.csv line 1: the columns unit stand there twice"


def test_a_wrong_encoding_names_line_byte_and_what_to_do(desk: Desk) -> None:
    file = desk.file(GOOD, GOOD)
    file.write_bytes(file.read_bytes() + changed(GOOD, area="é").encode("windows-1252"))
    problem = refused(desk, file)
    byte = changed(GOOD, area="@").index("@") + 1
    before = len((HEADER + "\n" + (GOOD + "\n") * 2).encode())
    assert problem.message == (
        f"calls.csv line 4, byte {byte} of the line ({before + byte} of the file): 0xE9 is no utf-8; nothing was imported"
    )
    assert 'encoding = "windows-1252"' in problem.hint
    mapping = desk.mapping('encoding = "windows-1252"\n' + CALLS)
    assert import_files(mapping, [file], desk.settings)[0].rejected == 0


def test_utf_16_is_refused_by_name_and_a_byte_order_mark_is_no_part_of_a_column(desk: Desk) -> None:
    file = desk.file(GOOD)
    text = file.read_text("utf-8")
    file.write_text(text, "utf-16")
    assert "calls.csv is written in UTF-16" in refused(desk, file).message
    file.write_text(text, "utf-8-sig")
    assert import_files(desk.mapping(), [file], desk.settings)[0].rejected == 0


def test_a_compressed_file_is_read_and_a_broken_one_refused(desk: Desk) -> None:
    packed = desk.home / "calls.csv.gz"
    packed.write_bytes(gzip.compress(desk.file(GOOD).read_bytes()))
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-12])
    assert "damaged gzip file" in refused(desk, packed).message
    packed.write_bytes(whole)
    assert import_files(desk.mapping(), [packed], desk.settings)[0].rows == 1


@pytest.mark.parametrize("content", ["", "\n", "\n\n7,A1"])
def test_a_file_without_a_header_is_refused(desk: Desk, content: str) -> None:
    file = desk.home / "calls.csv"
    file.write_text(content, "utf-8")
    assert "is empty: its first line must name the columns" in refused(desk, file).message


def test_a_file_that_is_not_there_or_cannot_be_read_is_refused(desk: Desk) -> None:
    assert "No such file" in refused(desk, desk.home / "nowhere.csv").message
    assert "Is a directory" in refused(desk, desk.home).message


def test_a_header_alone_is_an_empty_day_and_no_failure(desk: Desk) -> None:
    assert desk.take().rows == 0


def test_when_no_row_can_be_taken_the_import_fails_and_leaves_no_trace(desk: Desk) -> None:
    with pytest.raises(ImportRejected) as problem:
        desk.take(changed(GOOD, police="perhaps"), changed(GOOD, police="maybe"))
    assert problem.value.message == (
        "none of the 2 rows of calls.csv could be taken; most often: police: neither yes nor no"
    )
    assert problem.value.hint.startswith(str(desk.home / "rejects" / "calls.csv.town.rejects.csv"))
    assert desk.rows("SELECT city FROM crisis_marker") == [("",)]
    assert desk.one("SELECT count(*) FROM team") == 0


def test_every_file_is_surveyed_before_the_first_is_written(desk: Desk) -> None:
    good, bad = desk.file(GOOD, name="a.csv"), desk.file(GOOD, header="x,y", name="b.csv")
    with pytest.raises(ImportRejected, match=r"b\.csv line 1"):
        import_files(desk.mapping(), [good, bad], desk.settings)
    assert not (desk.home / "crisis.db").exists()


def test_a_demonstration_city_and_another_city_are_not_mixed(desk: Desk) -> None:
    desk.take(GOOD)
    with pytest.raises(ImportRejected, match=r"that of Town \(America/Toronto\), the mapping is that of Elsewhere"):
        desk.take(GOOD, mapping=desk.mapping(CALLS.replace('city = "Town"', 'city = "Elsewhere"'), "elsewhere"))
    made = desk.mapping(CALLS.replace("Calls: a town.", "More calls: a town."), "more")
    desk.take(GOOD, mapping=made)
    desk.take(GOOD, mapping=made)
    assert desk.one("SELECT attribution FROM crisis_marker") == "Calls: a town. More calls: a town."
    assert desk.one("SELECT count(*) FROM call") == 2, "two mappings never share a number"
    desk.write("UPDATE crisis_marker SET synthetic = 1")
    with pytest.raises(ImportRejected, match="demonstration city"):
        desk.take(GOOD)
