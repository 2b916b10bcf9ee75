"""A CSV file, plain or gzip, as rows with their line numbers; first a survey that decodes every byte and reads
the header, so that a file in the wrong encoding or without a column is refused before anything is written.

Reads only. Raises ImportRejected for the file as a whole; what is wrong with one row is told with the row.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jobs.source.csv.checking import needed_columns
from jobs.source.csv.mapping import Mapping
from jobs.source.csv.near import did_you_mean
from models.errors import ImportRejected

GZIP = b"\x1f\x8b"
WIDE = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
BOM = "\ufeff"


@dataclass(frozen=True)
class Survey:
    """What was found before the first row is read: the header, and how many lines come after it."""

    header: tuple[str, ...]
    lines: int


@dataclass(frozen=True)
class Row:
    """One row. `line` is the line on which it begins, 1 = header; `fault` says why it cannot be split."""

    line: int
    fields: list[str]
    fault: str | None = None


def survey(path: Path, mapping: Mapping) -> Survey:
    """Decode the whole file and check its header. Raises ImportRejected with line, byte or column and a next step."""
    lines = _lines(path, mapping.encoding)
    first = next(lines, "")
    header = tuple(name.strip() for name in next(iter(csv.reader([first], delimiter=mapping.delimiter)), []))
    if not any(header):
        raise ImportRejected(f"{path.name} is empty: its first line must name the columns")
    _check_header(path, header, mapping)
    return Survey(header, sum(1 for _ in lines))


def rows(path: Path, mapping: Mapping) -> Iterator[Row]:
    """Every row after the header; blank lines are passed over."""
    reader = csv.reader(_lines(path, mapping.encoding), delimiter=mapping.delimiter, strict=True)
    next(reader, None)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lost = f"; lines {line} to {reader.line_num} are lost in it" if reader.line_num > line else ""
            yield Row(line, [], f"{error}{lost}")
            continue
        if fields:
            yield Row(line, fields)


def _check_header(path: Path, header: tuple[str, ...], mapping: Mapping) -> None:
    wanted = needed_columns(mapping)
    missing = [column for column in wanted if column not in header]
    if missing:
        named = "; ".join(f"{column!r}{did_you_mean(column, header)}" for column in missing)
        hint = f"The file has: {', '.join(header)}. Rename the columns in the file, or their names in the mapping."
        if len(header) == 1:
            hint = f"The header was read as one column: is {mapping.delimiter!r} the delimiter? The mapping can set it."
        raise ImportRejected(f"{path.name} line 1: {len(missing)} missing columns: {named}", hint=hint)
    twice = sorted({column for column in wanted if header.count(column) > 1})
    if twice:
        raise ImportRejected(
            f"{path.name} line 1: the columns {', '.join(twice)} stand there twice",
            hint="Rename one of each, so that it is clear which one is meant.",
        )


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """Decoded lines, each with its line end. Raises ImportRejected at the first byte that does not decode."""
    offset = 0
    with _opened(path) as file:
        number = 0
        while line := _next_line(file, path, number + 1):
            number += 1
            if number == 1 and line[:2] in WIDE:
                raise ImportRejected(
                    f"{path.name} is written in {WIDE[line[:2]]}", hint="Save it as CSV UTF-8 and import it again."
                )
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError as error:
                raise ImportRejected(
                    f"{path.name} line {number}, byte {error.start + 1} of the line ({offset + error.start + 1} of the "
                    f"file): 0x{line[error.start]:02X} is no {encoding}; nothing was imported",
                    hint='Save the file as UTF-8; or, if Excel on Windows wrote it, put encoding = "windows-1252" '
                    "into the mapping.",
                ) from error
            offset += len(line)
            yield text.removeprefix(BOM) if number == 1 else text


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as plain:
            magic = plain.read(2)
            plain.seek(0)
            if magic == GZIP:
                with gzip.open(plain) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield plain
    except OSError as error:
        raise ImportRejected(
            f"{path} cannot be read: {error.strerror or error}", hint="Check the path and that this user may read it."
        ) from error


def _next_line(file: IO[bytes], path: Path, number: int) -> bytes:
    try:
        return file.readline()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ImportRejected(
            f"{path.name} is a damaged gzip file: it breaks off at line {number}; nothing was imported",
            hint="Fetch or compress the file again.",
        ) from error
