"""Answered requests -> a file that may be handed on: one JSON line each, without a value that a client wrote.

For replays of real traffic (tests/replay.py). Off unless CRISIS_RECORD_REQUESTS names a file. Redaction fails closed:
what the service's own parsers cannot read is written down as unparsed, with the names of its options alone. The file
has mode 0600 and an end: a last line says that nothing more is recorded. Called by the frame.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from api.edge.note import Note, PartDone
from api.edge.recorded_headers import shown, sign_in
from api.edge.target import OPTIONS, SECRET_NAMES, Target, target_of
from api.observe import Observer, RecordingEnded, RecordingStarted
from api.odata.exchange import Limits
from api.odata.language.redaction import Names, redacted_path, redacted_query
from api.odata.protocol.batch import located
from models.catalogue import CATALOGUE
from models.errors import ConfigurationError, CrisisError

HEAD = {"recording": 1, "catalogue": CATALOGUE.version}
END = msgspec.json.encode({"end": "the file is full: nothing more is recorded"}) + b"\n"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "MERGE"})
KNOWN = frozenset(
    {
        "CrisisMetrics",
        "Edm",
        *(name for view in CATALOGUE.views.values() for name in (view.name, view.entity)),
        *(column.name for view in CATALOGUE.views.values() for column in view.columns),
        *(navigation.name for view in CATALOGUE.views.values() for navigation in view.navigations),
    }
)
"""Names of ours, which everybody may read in `$metadata` or the documentation."""


@dataclass(frozen=True)
class Addresses:
    """Where the data lies: prefixes without closing slash; below those of `files`, the segments that are ours."""

    odata: str
    files: Mapping[str, frozenset[str]]


def entry(method: str, note: Note, addresses: Addresses, limits: Limits) -> dict[str, Any]:
    """What the file says of one request. Never raises."""
    try:
        made = _request(method, note.target, note, addresses, limits)
    except Exception:  # the edge: whatever goes wrong, no value is written down  # noqa: BLE001
        made = {"method": "<method>", "path": "<path>", "unparsed": ["path", "query"]}
    made |= {"sign_in": sign_in(note.headers), "role": note.role, "status": note.status, "code": note.code}
    return made | {"answers": _answers(note.content_type)}


def _request(method: str, target: Target, note: Note, addresses: Addresses, limits: Limits) -> dict[str, Any]:
    names, unparsed = Names(KNOWN), list[str]()
    made: dict[str, Any] = {"method": method if method in METHODS else "<method>"}
    try:
        made["path"] = _path(target.path, note.route, addresses, names)
    except CrisisError:
        made["path"] = "<path>"
        unparsed.append("path")
    made |= _query(target, limits, names, unparsed)
    made["headers"] = shown(note.headers)
    if note.parts:
        made["parts"] = _parts(note.parts, note, addresses, limits)
    return made | ({"unparsed": unparsed} if unparsed else {})


def _path(path: str, route: str, addresses: Addresses, names: Names) -> str:
    for prefix in (addresses.odata, *addresses.files):
        below = path[len(prefix) :]
        if path.startswith(prefix) and below[:1] in ("", "/"):
            if prefix == addresses.odata:
                return prefix + redacted_path(below, names)
            ours = addresses.files[prefix] | {""}
            return prefix + "/".join(part if part in ours else "<segment>" for part in below.split("/"))
    return route if route.startswith("/") else "/<segment>"


def _query(target: Target, limits: Limits, names: Names, unparsed: list[str]) -> dict[str, Any]:
    """The redacted query; of one that holds a secret or cannot be read, the names of options that mean something."""
    try:
        if not target.carries_secret:
            return {"query": redacted_query(target.query, limits, names)}
    except CrisisError:
        pass
    unparsed.append("query")
    return {"options": [name if name in OPTIONS or SECRET_NAMES.match(name) else "*" for name in target.names]}


def _parts(parts: Sequence[PartDone], note: Note, addresses: Addresses, limits: Limits) -> list[dict[str, Any]]:
    """The requests in a batch, each in the same way; `after` are the places of those that it depends on."""
    made, places = [], {done.part.id: place for place, done in enumerate(parts) if done.part.id is not None}
    for done in parts:
        one = _part(done, note, addresses, limits)
        if done.part.depends_on:
            one["after"] = [places[name] for name in done.part.depends_on if name in places]
        made.append(one | {"status": done.status, "answers": _answers(done.content_type)})
    return made


def _part(done: PartDone, note: Note, addresses: Addresses, limits: Limits) -> dict[str, Any]:
    part, names, unparsed = done.part, Names(KNOWN), list[str]()
    host = note.headers.get("host", "")
    roots = [f"{note.root.rstrip('/')}{addresses.odata}/", f"{note.connection.scheme}://{host}{addresses.odata}/"]
    try:
        path, query = located(part.url, roots)
        target = target_of({"path": path, "query_string": query.encode()})
        begins = part.url[: len(part.url) - len(path) - (len(query) + 1 if "?" in part.url else 0)]
        start = begins if begins in ("", "./") else "<path>" if begins.startswith("/") else "<root>"
        made = {"path": start + redacted_path(path, names), **_query(target, limits, names, unparsed)}
    except CrisisError:
        made = {"path": "<path>"}
        unparsed.append("path")
    method = part.method if part.method in METHODS else "<method>"
    made = {"method": method, **made, "headers": shown(part.headers)}
    if part.problem is not None:
        unparsed.append("request")
    return made | ({"unparsed": unparsed} if unparsed else {})


def _answers(content_type: str | None) -> str | None:
    """Our own words; the boundary of a batch says nothing."""
    return content_type and content_type.partition("; boundary")[0]


class Recorder:
    """The open file of this process. `most` bytes in all, counting what the file held before."""

    def __init__(self, path: Path, most: int, addresses: Addresses, limits: Limits, observe: Observer) -> None:
        """Raises ConfigurationError when the file cannot be opened or is no plain file."""
        self._addresses, self._limits, self._observe = addresses, limits, observe
        self._file: int | None = _opened(path)
        self._left = most - os.fstat(self._file).st_size - len(END)
        observe(RecordingStarted(str(path), max(self._left, 0)))
        self._write(msgspec.json.encode(HEAD) + b"\n")

    def __call__(self, method: str, note: Note) -> None:
        """Write one request down. Never raises: an answer does not wait for its recording."""
        if self._file is not None:
            made = entry(method, note, self._addresses, self._limits)
            self._write(msgspec.json.encode(made) + b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, line: bytes) -> None:
        handle = self._file
        if handle is None:
            return
        self._left -= len(line)
        try:
            if self._left >= 0 and os.write(handle, line) == len(line):
                return
            if self._left < 0 and not _ended(handle):
                os.write(handle, END)
        except OSError as error:
            self._observe(RecordingEnded(type(error).__name__))
        else:
            self._observe(RecordingEnded("full" if self._left < 0 else "no room"))
        self.close()


def _opened(path: Path) -> int:
    hint = "Name a file in a folder of yours with CRISIS_RECORD_REQUESTS, or leave it out."
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise ConfigurationError(f"cannot record requests in {path} ({error.strerror})", hint=hint) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ConfigurationError(f"cannot record requests in {path}: it is no plain file", hint=hint)
    if hasattr(os, "fchmod"):
        os.fchmod(handle, 0o600)  # the file may have been there before
    return handle


def _ended(handle: int) -> bool:
    size = os.fstat(handle).st_size
    os.lseek(handle, max(size - len(END), 0), os.SEEK_SET)
    return os.read(handle, len(END)) == END
