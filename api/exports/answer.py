"""`/v1/views/<View>.<format>` -> the whole view as a file: the same names, rights, options and rows as OData.

parse -> bind -> count -> write -> Response. The file is written aside first and sent from there: a query never waits
for a slow client, and what fails, fails before the first byte. Called by the data route, in a worker thread.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO

from api.exports.formats import FORMATS
from api.exports.selection import About, Selection
from api.odata.binding.binder import BoundQuery, bind
from api.odata.binding.rowscope import find_view
from api.odata.exchange import Request, Response, Trace
from api.odata.fetch import count
from api.odata.language.options import read_options
from api.odata.language.tokens import decode
from api.odata.paging import fingerprint
from api.odata.protocol import conditional
from api.odata.service import require_schema
from models.catalogue import CATALOGUE
from models.catalogue.types import View
from models.clock import iso, now, parse_instant
from models.errors import LimitProblem, MethodProblem, NotFound, SyntaxProblem
from models.snapshot.live import LiveTables
from models.snapshot.pinning import Shelf
from models.snapshot.reader import Cursor, Snapshot

PIECE = 1 << 18
IN_MEMORY = 1 << 20
"""A file up to this size is never written to the disk."""

WRITERS = {
    "json": ("api.exports.text", "write_json"),
    "csv": ("api.exports.text", "write_csv"),
    "parquet": ("api.exports.columnar", "write_parquet"),
    "arrow": ("api.exports.columnar", "write_arrow"),
    "xlsx": ("api.exports.excel", "write_excel"),
}
"""Loaded when first asked for: the libraries behind them are heavy."""


class FileBody:
    """A written file as a response body: `size` bytes, read once, gone when closed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        file.seek(0)

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._file.read(PIECE):
            yield piece

    def close(self) -> None:
        """Let go of the file; it has no name and is gone with that."""
        self._file.close()


Rows = Callable[[], Sequence[Mapping[str, object]]]


@dataclass(frozen=True)
class _Source:
    """Where rows are read from during one request."""

    tables: Snapshot | LiveTables
    about: About


class Exporter:
    """Answers exports from the snapshots on `shelf`; `live` gives the rows of the live views; `folder` holds files
    that are being sent. One for a process."""

    def __init__(self, shelf: Shelf, live: Mapping[str, Rows], folder: Path) -> None:
        self._shelf = shelf
        self._live = live
        self._folder = folder

    def answer(self, request: Request) -> Response:
        """The answer to one request. Raises what parser, binder and reader raise, NotFound and LimitProblem."""
        return conditional.settled(request.headers, self._answer(request))

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise MethodProblem("only GET and HEAD")
        view, extension = _asked(request)
        options = read_options(request.query, request.limits)
        require_schema(options, CATALOGUE)
        if options.skiptoken is not None:
            raise SyntaxProblem("a file has no pages, so there is no page token", target="$skiptoken")
        with self._source(view) as source:
            bound = bind(view, options, request.caller, request.limits, parse_instant(source.about.as_of))
            trace = Trace(view=view.name, shape=bound.shape, version=source.about.version)
            headers = _headers(view, extension, source.about, _tag(bound, request, extension, source))
            if not view.live and conditional.has_it(request.headers, dict(headers)["ETag"]):
                return Response(304, headers, (), trace)
            with source.tables.cursor(request.limits.query_seconds) as cursor:
                rows = _counted(bound, source, cursor, request.limits.max_export_rows)
                chosen = Selection(bound, cursor, rows, source.about)
                body = self._written(chosen, extension)
        return Response(200, headers, body, Trace(view.name, bound.shape, rows, source.about.version, rows))

    def _written(self, chosen: Selection, extension: str) -> FileBody:
        module, name = WRITERS[extension]
        write = getattr(import_module(module), name)
        self._folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(self._folder))  # noqa: SIM115 - closed with the body
        try:
            write(chosen, file)
        except BaseException:
            file.close()
            raise
        return FileBody(file)

    @contextmanager
    def _source(self, view: View) -> Iterator[_Source]:
        if view.live:
            tables = LiveTables(view, self._live[view.name](), self._shelf.current() or "")
            try:
                yield _Source(tables, About(tables.version, iso(now()), synthetic=False, attribution=""))
            finally:
                tables.close()
            return
        with self._shelf.pin() as pin:
            facts = pin.snapshot.manifest
            yield _Source(pin.snapshot, About(facts.version, facts.as_of, facts.synthetic, facts.attribution))


def _asked(request: Request) -> tuple[View, str]:
    """View and format of the path. Raises NotFound, the same for views that are unknown and forbidden."""
    name, dot, extension = decode(request.path, "path").rpartition(".")
    if not dot or extension not in FORMATS:
        known = ", ".join(f".{known}" for known in FORMATS)
        raise NotFound("there is no such file", hint=f"Write /v1/views/DailyCalls.csv; formats: {known}.")
    return find_view(name, CATALOGUE, request.caller), extension


def _counted(bound: BoundQuery, source: _Source, cursor: Cursor, most: int) -> int:
    """Rows of the answer. Raises LimitProblem when they are more than `most`."""
    rows = max(0, count(bound, source.tables, cursor) - bound.skip)
    rows = rows if bound.top is None else min(rows, bound.top)
    if rows > most:
        raise LimitProblem(
            f"the file would have {rows} rows; the limit is {most}",
            hint="Ask for fewer days with $filter, or page through /odata/v1.",
        )
    return rows


def _tag(bound: BoundQuery, request: Request, extension: str, source: _Source) -> str:
    """Entity tag: version, query and effective access, format."""
    seed = (source.about.version, fingerprint(bound, request.caller).hex(), bound.skip, extension)
    return f'"{hashlib.sha256(repr(seed).encode()).hexdigest()[:32]}"'


def _headers(view: View, extension: str, about: About, tag: str) -> tuple[tuple[str, str], ...]:
    name = f"{view.name}-{about.as_of[:10]}.{extension}"
    place = "inline" if extension == "json" else "attachment"
    fixed = (("Content-Type", FORMATS[extension]), ("Content-Disposition", f'{place}; filename="{name}"'))
    if view.live:
        return fixed
    return (*fixed, ("ETag", tag), ("Cache-Control", "private, no-cache"), ("X-Snapshot-Id", about.version))
