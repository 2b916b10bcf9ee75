"""Recorded requests (api/edge/recording.py) asked again: placeholders get valid values, answers the same class of status.

`verdicts(lines, service)` judges each line of a recording against a service over any snapshot. A line that was recorded
as unparsed cannot be asked again, and is said to be so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from models.catalogue import CATALOGUE
from tests.helpers.batches import Ask, as_json, multipart, parts_of
from tests.helpers.service import ROOT, Login, Service

Entry = Mapping[str, Any]

VALUES = {
    "string": "plain",
    "date": "2026-01-15",
    "date!": "2026-02-30",
    "datetimeoffset": "2026-01-15T05:00:00Z",
    "datetimeoffset!": "2026-02-30T05:00:00Z",
    "datetimeoffset offset": "2026-01-15T05:00:00%2B01:00",
    "timeofday": "05:00:00",
    "timeofday!": "23:59:60",
    "duration": "PT5H",
    "duration!": "P",
    "guid": "01234567-89ab-cdef-0123-456789abcdef",
    "boolean": "true",
    "int32": "1",
    "int64": "99999999999",
    "decimal": "2.5",
    "double": "2.5e0",
    "binary": "binary'T0RhdGE'",
    "geography": "geography'SRID=4326;Point(1 2)'",
    "geometry": "geometry'SRID=0;Point(1 2)'",
    "enumeration": "Sales.Pattern'Yellow'",
    "text": "plain",
    "word": "plain",
    "phrase": "plain",
    "value": "1",
    "option": "custom",
    "format": "unknown/unknown",
    "version": "0.0.0",
    "segment": "unknown",
    "token": "forged",
}
"""A value of each kind; `!` stands for one that does not exist."""
ABSENT = {"string": "absent", "int32": "987654321", "int64": "98765432109"}
"""Keys of no row."""
BY_VALUE = frozenset({"InvalidValue", "LimitExceeded", "InvalidPageToken"})
"""Errors that hang on the value that was sent, which nobody knows any more."""
BY_STATE = frozenset({408, 410, 413, 414, 429, 503})
"""Answers that hang on the state of the service or the length of the request."""
PLACEHOLDER = re.compile(r"<([^<>]+)>")


@dataclass(frozen=True)
class Verdict:
    """`fault` says what is wrong with the answer; `skipped` why the request could not be asked."""

    asked: str
    recorded: int
    got: int = 0
    fault: str | None = None
    skipped: str | None = None


def entries(text: str) -> list[dict[str, Any]]:
    """The requests of a recording, without the lines that open and end it."""
    lines = [json.loads(line) for line in text.split("\n") if line]
    return [line for line in lines if "method" in line]


def verdicts(recorded: Iterable[Entry], service: Service) -> Iterator[Verdict]:
    """One verdict a request, in order."""
    for entry in recorded:
        yield _Replay(entry, service).verdict()


def judged(recorded: int, got: int, code: str | None = None) -> str | None:
    """What is wrong with an answer of status `got`, None when nothing is."""
    if got >= 500 and not recorded == got == 501:
        return f"answered {got}"
    if recorded >= 500 or recorded in BY_STATE or code in BY_VALUE or got // 100 == recorded // 100:
        return None
    return f"answered {got}, recorded was {recorded}"


@dataclass(frozen=True)
class _Replay:
    entry: Entry
    service: Service

    def verdict(self) -> Verdict:
        asked = f"{self.entry['method']} {self.entry['path']}?{self.entry.get('query', '')}".rstrip("?")
        recorded = self.entry["status"]
        reason = self._unaskable()
        if reason:
            return Verdict(asked, recorded, skipped=reason)
        answer, parts = self._answer()
        fault = judged(recorded, answer.status_code, self.entry["code"])
        if fault is None and parts and answer.status_code == 200:
            fault = self._parts_fault(answer, parts)
        return Verdict(asked, recorded, answer.status_code, fault)

    def _unaskable(self) -> str | None:
        if self.entry.get("unparsed"):
            return f"unparsed: {', '.join(self.entry['unparsed'])}"
        if "{" in self.entry["path"] or self.entry["method"].startswith("<"):
            return "no data route"
        if any(part.get("unparsed") for part in self.entry.get("parts", ())):
            return "unparsed: a request of the batch"
        return None

    def _answer(self) -> tuple[httpx.Response, list[Entry]]:
        parts = list(self.entry.get("parts", ()))
        headers, more = _headers(self.entry["headers"]), dict[str, Any]()
        if parts:
            more["content"], made = self._batch(parts)
            headers |= {name.lower(): value for name, value in made.items() if name != "Accept"}
        elif self.entry["method"] == "POST":
            more["content"] = b""
        url = self._url(self.entry, headers)
        self._conditions(headers, url)
        headers |= self._signed_in()
        return self.service.get(url, None, self.entry["method"], headers=headers, **more), parts

    def _parts_fault(self, answer: httpx.Response, parts: list[Entry]) -> str | None:
        got = parts_of(answer)
        if len(got) != len(parts):
            return f"{len(got)} answers to {len(parts)} requests"
        faults = (judged(part["status"], one.status) for part, one in zip(parts, got, strict=True))
        return next((f"in the batch: {fault}" for fault in faults if fault), None)

    def _batch(self, parts: list[Entry]) -> tuple[bytes, dict[str, str]]:
        asks = [
            Ask(
                self._url(part, {}),
                part["method"],
                _headers(part["headers"]),
                str(place),
                [str(other) for other in part.get("after", ())],
            )
            for place, part in enumerate(parts)
        ]
        sent = self.entry["headers"].get("content-type", "")
        return as_json(*asks) if sent.startswith("application/json") else multipart(*asks)

    def _url(self, entry: Entry, headers: dict[str, str]) -> str:
        path = entry["path"].replace("<root>", f"{ROOT}/odata/v1/").replace("<path>", "/odata/v1/")
        filled = _filled(self._keyed(path, entry["status"]), ABSENT if entry["status"] == 404 else {})
        query = entry["query"]
        if "<token>" in query and entry["status"] < 400:
            query = query.replace("<token>", self._token(filled, query, headers))
        query = _filled(query, {})
        return f"{filled}?{query}" if query else filled

    def _keyed(self, path: str, status: int) -> str:
        """The path with the key of a row that is there, where one was found."""
        begin = re.search(r"(?:^|/)([A-Za-z]+)\(([^()]*)\)", path)
        if begin is None or begin[1] not in CATALOGUE.views or status >= 400 or "<" not in begin[2]:
            return path
        view = CATALOGUE.views[begin[1]]
        row = self._ask(f"/odata/v1/{view.name}?$top=1&$select={','.join(view.key)}").json()["value"][0]
        made = []
        for written in begin[2].split(","):
            name = written.partition("=")[0] if "=" in written else view.key[0]
            value = quote(str(row[name]).replace("'", "''"), safe="")
            made.append(written.replace(PLACEHOLDER.findall(written)[0].join("<>"), value))
        return path[: begin.start(2)] + ",".join(made) + path[begin.end(2) :]

    def _token(self, path: str, query: str, headers: dict[str, str]) -> str:
        """A page token of the same query, from its first page of one row."""
        rest = "&".join(part for part in query.split("&") if "<token>" not in part)
        first = self._ask(f"{path}?{_filled(rest, {})}", {**headers, "prefer": "maxpagesize=1"})
        return str(first.json()["@odata.nextLink"]).rpartition("skiptoken=")[2]

    def _conditions(self, headers: dict[str, str], url: str) -> None:
        status = self.entry["status"]
        for name, kept in (("if-none-match", status == 304), ("if-match", status < 400)):
            if name in headers:
                plain = {field: value for field, value in headers.items() if not field.startswith("if-")}
                headers[name] = self._ask(url, plain).headers["etag"] if kept else '"another"'

    def _ask(self, url: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.service.get(url, self.entry["role"], headers=headers or {})

    def _signed_in(self) -> dict[str, str]:
        role = self.entry["role"]
        login = self.service.logins[role] if role else Login("cm_nobody", "wrong")
        basic = httpx.BasicAuth(*login.basic)._auth_header
        return {
            "basic": {"authorization": basic},
            "bearer": {"authorization": f"Bearer {login.token}"},
            "empty bearer": {"authorization": "Bearer"},
            "another scheme": {"authorization": "Negotiate none"},
            "header": {"x-api-key": login.token},
        }.get(self.entry["sign_in"], {})


def _filled(text: str, values: Mapping[str, str]) -> str:
    known = {**VALUES, **values}
    return PLACEHOLDER.sub(lambda found: known.get(found[1], found[1].capitalize()), text)


def _headers(recorded: Mapping[str, str]) -> dict[str, str]:
    """The fields, without the elements that have a placeholder for a word; numbers are 1."""
    made = {}
    for name, value in recorded.items():
        parts = value.replace("<int32>", "1").split(",")
        kept = ",".join(part for part in parts if not PLACEHOLDER.search(part) or "<tag>" in part)
        if kept:
            made[name] = kept
    return made


__all__ = ["ABSENT", "VALUES", "Entry", "Verdict", "entries", "judged", "verdicts"]
