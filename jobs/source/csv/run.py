"""Files through a mapping into the reference crisis database, in chunks: survey all, then read, make, write.

Touches the crisis database of the settings (made by migration when absent) and the rejects folder in
CRISIS_HOME. Called by the command `crisis import` and by tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import OperationalError

from jobs.migrate import upgrade_crisis
from jobs.source.csv import reader
from jobs.source.csv.checking import needed_columns
from jobs.source.csv.clocks import BadValue
from jobs.source.csv.identity import SEPARATOR, Seen, identity
from jobs.source.csv.mapping import Mapping
from jobs.source.csv.records import Made, RecordMaker
from jobs.source.csv.rejects import Rejects
from jobs.source.csv.target import Tally, Target, first_of_each, latest_places
from models.clock import now
from models.database import engine as open_engine
from models.errors import ImportRejected, SourceUnreachable
from models.settings import JobSettings

CHUNK = 4_000
"""Rows held at a time."""

ROW = "(row)"
"""Stands for the column where the row as a whole is at fault."""


class Progress(Protocol):
    """Told how far a file is."""

    def __call__(self, file: str, done: int, total: int) -> None:
        """`done` of `total` lines."""


@dataclass
class FileOutcome:
    """What became of one file. `tables` counts records, `rows` and `rejected` count rows of the file."""

    file: str
    rows: int = 0
    rejected: int = 0
    rejects_file: str | None = None
    tables: dict[str, Tally] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    unmapped: dict[str, dict[str, int]] = field(default_factory=dict)
    doubts: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def count(self, tallies: dict[str, Tally]) -> None:
        """Add a chunk's tallies."""
        for table, tally in tallies.items():
            self.tables[table] = self.tables.get(table, Tally()).plus(tally)


def quiet(file: str, done: int, total: int) -> None:
    """A progress that says nothing."""


def import_files(
    mapping: Mapping,
    files: Sequence[Path],
    settings: JobSettings,
    *,
    dry_run: bool = False,
    rejects: Path | None = None,
    progress: Progress = quiet,
) -> list[FileOutcome]:
    """Import `files` one after the other; all are surveyed before the first is written.

    Raises ImportRejected where a file as a whole cannot be taken, or none of its rows, MigrationRefused where the
    database is not ours, SourceUnreachable where it cannot be written. `dry_run` reads and checks everything and
    writes nothing.
    """
    surveys = {path: reader.survey(path, mapping) for path in files}
    if dry_run:
        return [_import(mapping, path, each, progress, into=None, rejects=None) for path, each in surveys.items()]
    folder = rejects or settings.home / "rejects"
    upgrade_crisis(settings.source_database, settings=settings)
    engine = open_engine(settings.source_database)
    try:
        target = Target(engine, mapping, now().replace(tzinfo=None))
        target.check()
        return [
            _import(mapping, path, each, progress, into=target, rejects=folder / name)
            for (path, each), name in zip(surveys.items(), _rejects_names(mapping, files), strict=True)
        ]
    except OperationalError as error:
        raise SourceUnreachable(
            "the crisis database cannot be written: another process holds its lock, or the disk is full",
            hint="Free it, then run the same import again: what it wrote is kept and not written twice.",
        ) from error
    finally:
        engine.dispose()


def _rejects_names(mapping: Mapping, files: Sequence[Path]) -> Iterator[str]:
    """A name for each file's rejects; files of one name in several folders get a number too."""
    names: Counter[str] = Counter()
    for path in dict.fromkeys(files):
        names[path.name] += 1
        number = f".{names[path.name]}" if names[path.name] > 1 else ""
        yield f"{path.name}{number}.{mapping.name}.rejects.csv"


@dataclass
class _FileRun:
    """One file on its way: what reads it, what it left so far."""

    mapping: Mapping
    path: Path
    survey: reader.Survey
    target: Target | None
    rejects: Rejects
    seen: Seen
    doubts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.maker = RecordMaker(self.mapping, self.survey.header)
        self.nulls = frozenset(self.mapping.null_words) | {""}
        header = self.survey.header
        wanted = header if self.maker.reads_all else needed_columns(self.mapping)
        self.wanted = [(name, header.index(name)) for name in wanted]

    def go(self, progress: Progress) -> FileOutcome:
        """Read, make and write to the end."""
        outcome = FileOutcome(self.path.name)
        source = reader.rows(self.path, self.mapping)
        while chunk := list(islice(source, CHUNK)):
            records = list(self._records(chunk))
            outcome.rows += len(chunk)
            outcome.count(self.target.write(records, self.seen) if self.target else self._only_seen(records))
            progress(self.path.name, chunk[-1].line, self.survey.lines + 1)
        progress(self.path.name, self.survey.lines + 1, self.survey.lines + 1)
        self._report(outcome)
        return outcome

    def _records(self, chunk: list[reader.Row]) -> Iterator[Made]:
        nulls = self.nulls
        whole = [row for row in chunk if self._splits(row)]
        contents, repeats = [""] * len(whole), [0] * len(whole)
        if self.maker.by_content:
            contents = [SEPARATOR.join(row.fields) for row in whole]
            repeats = self.seen.times([identity(content).number for content in contents])
        for row, content, repeat in zip(whole, contents, repeats, strict=True):
            cells = {
                name: None if (cell := row.fields[place].strip()) in nulls else cell for name, place in self.wanted
            }
            records, faults = self.maker.make(cells, content, repeat)
            if faults:
                self.rejects.add(row.line, faults)
            self.doubts.update(self.maker.doubts(records))
            yield from records

    def _splits(self, row: reader.Row) -> bool:
        """Whether a row has as many fields as the header; otherwise it is rejected."""
        wanted = len(self.survey.header)
        if row.fault is not None:
            advice = 'check the quotation marks: one inside a quoted text is written twice ("")'
            self.rejects.add(row.line, [BadValue(ROW, "", f"cannot be split into columns: {row.fault}", advice)])
            return False
        if len(row.fields) != wanted:
            word = "short" if len(row.fields) < wanted else "long"
            reason = f"{word} row: {len(row.fields)} fields, the header has {wanted}"
            advice = "add or remove delimiters; a field that holds the delimiter or a line end needs quotation marks"
            self.rejects.add(row.line, [BadValue(ROW, "", reason, advice)])
            return False
        return True

    def _only_seen(self, records: list[Made]) -> dict[str, Tally]:
        """A dry run: count distinct records as if the database were empty."""
        tallies: dict[str, Tally] = {}
        latest = latest_places(self.mapping)
        by_table: dict[str, list[Made]] = {}
        for record in records:
            by_table.setdefault(record.table, []).append(record)
        for table, made in by_table.items():
            tally = tallies[table] = Tally()
            identities = [record.identity for record in first_of_each(table, made, latest.get(table, ()), tally)]
            tally.added = len(identities) - len(self.seen.among(table, identities))
            tally.unchanged = len(identities) - tally.added
            self.seen.add(table, identities)
        return tallies

    def _report(self, outcome: FileOutcome) -> None:
        rejects = self.rejects
        outcome.rejected = rejects.rows
        outcome.rejects_file = str(rejects.path) if rejects.path and rejects.rows else None
        outcome.reasons = {f"{column}: {reason}": n for (column, reason), n in rejects.reasons.most_common()}
        outcome.examples = [
            f"{outcome.file} line {line}, column {fault.column}, value {fault.value!r}: {fault.reason}; {fault.advice}"
            for line, fault in rejects.examples
        ]
        for (codes, word), times in self.maker.rules.unmapped.most_common():
            outcome.unmapped.setdefault(codes, {})[word] = times
        outcome.doubts = dict(self.doubts.most_common())


def _import(
    mapping: Mapping,
    path: Path,
    survey: reader.Survey,
    progress: Progress,
    *,
    into: Target | None,
    rejects: Path | None,
) -> FileOutcome:
    with Rejects(rejects, path.name) as rejected, closing(Seen()) as seen:
        outcome = _FileRun(mapping, path, survey, into, rejected, seen).go(progress)
    if outcome.rows and outcome.rows == outcome.rejected:
        raise ImportRejected(
            f"none of the {outcome.rows} rows of {path.name} could be taken; most often: {next(iter(outcome.reasons))}",
            hint=f"{rejects} names each line, column, value and reason; mend the file or the mapping."
            if rejects
            else outcome.examples[0],
        )
    return outcome
