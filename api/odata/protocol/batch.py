"""What a batch is made of, and which of its requests may be asked: the values that both formats share (OData 11.7).

Pure. batch_multipart and batch_json read bodies into Parts and write answers; the batch route asks each part of the
data route and knows from here where it leads, which headers it has, and whether it may be asked at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from api.odata.language.tokens import decode, split_query
from api.odata.protocol.header_fields import split
from api.odata.protocol.negotiation import Range, accept
from models.errors import (
    BatchProblem,
    CrisisError,
    DependencyFailed,
    LimitProblem,
    NotAcceptable,
    NotFound,
    Unsupported,
)


class Form(StrEnum):
    """The two formats of a batch, each of body and of answer."""

    MULTIPART = "multipart/mixed"
    JSON = "application/json"


@dataclass(frozen=True)
class Part:
    """One request of a batch. `headers` have lower-case names.

    `problem` says why it cannot be asked. `group` is its atomicity group or change set, `operation` its place in the
    latter: in a multipart answer the answer to the first operation stands for all of them.
    """

    method: str = "GET"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    id: str | None = None
    depends_on: tuple[str, ...] = ()
    group: str | None = None
    operation: int | None = None
    problem: CrisisError | None = None


class Writer(Protocol):
    """Writes an answer part by part: opening, then head, pieces and tail of each part, then closing."""

    @property
    def content_type(self) -> str:
        """Of the whole answer."""
        ...

    def opening(self) -> bytes:
        """What comes before the first part."""
        ...

    def head(self, part: Part, status: int, headers: Sequence[tuple[str, str]]) -> bytes:
        """The beginning of a part."""
        ...

    def piece(self, piece: bytes | memoryview) -> Iterable[bytes | memoryview]:
        """A piece of its body."""
        ...

    def tail(self) -> bytes:
        """The end of a part."""
        ...

    def closing(self) -> bytes:
        """What comes after the last part."""
        ...


REQUEST_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}", re.ASCII)
METHOD = re.compile(r"[A-Za-z]{1,20}", re.ASCII)
FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)
FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

INHERITED = ("accept-charset", "accept-language", "isolation", "odata-isolation", "odata-maxversion", "odata-version")
"""Headers of the batch that hold for each request in it that has none of its own (OData 8.1, 8.2)."""
OWN = frozenset({"accept", "if-match", "if-none-match", "prefer", *INHERITED})
"""Headers of a request that mean something; the others, Host among them, are ignored."""
CREDENTIALS = frozenset({"authorization", "proxy-authorization", "x-api-key", "cookie"})
"""Headers that a request in a batch must not have (OData 11.7.7.1): the batch is asked with one key.

OpenUI5 repeats the key of the batch on each request in it; a key that is the same says nothing new and does no harm.
"""
SYSTEM = frozenset({"$all", "$batch", "$crossjoin", "$entity", "$id", "$metadata", "$root"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)")
_REFERENCE = re.compile(r"\$[A-Za-z0-9._~-]+", re.ASCII)
_PORTS = {"http": ":80", "https": ":443"}


def answer_form(headers: Mapping[str, str], format_option: str | None, sent: Form) -> Form:
    """The format of the answer: what $format or Accept says, among equals that of the request (OData 11.7.1).

    Raises NotAcceptable.
    """
    text = headers.get("accept", "*/*") if format_option is None else format_option.strip()
    ranges = accept(Form.JSON if format_option is not None and text.lower() == "json" else text)
    weight, _, form = max((_weight(ranges, form), form is sent, form) for form in Form)
    if weight <= 0:
        hint = "Accept one of these, or leave it out."
        raise NotAcceptable("a batch is answered as multipart/mixed or application/json", hint=hint)
    return form


def _weight(ranges: Sequence[Range], form: Form) -> float:
    """The weight of a format: that of the most exact entry that covers it."""
    wanted = (form, f"{form.partition('/')[0]}/*", "*/*")
    found = {entry.media: entry.quality for entry in reversed(ranges)}
    return next((found[name] for name in wanted if name in found), 0.0)


def checked(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts, whose identifiers must be told apart (OData 11.7.3). Raises BatchProblem."""
    seen: set[str] = set()
    for part in parts:
        if part.id is not None and part.id in seen:
            raise BatchProblem("two requests of the batch have the same identifier", target="$batch")
        seen.add(part.id or "")
    return tuple(parts)


def too_many(most: int) -> LimitProblem:
    """The answer to a batch of more than `most` requests."""
    hint = "Send several batches; CRISIS_BATCH_REQUESTS is the limit."
    return LimitProblem(f"a batch may hold {most} requests", hint=hint, target="$batch")


def located(url: str, roots: Sequence[str]) -> tuple[str, str]:
    """Path and query below the service root, as they were written. `roots` are absolute and end in `/`.

    The URL may be absolute, begin with the path of a root, or be relative to it. Raises NotFound for one that leads
    elsewhere, BatchProblem and Unsupported for what a batch may not ask.
    """
    if "#" in url:
        raise BatchProblem("a fragment has no meaning in a request", hint="Write # as %23.", target="url")
    below = _below(url, roots)
    if below is None:
        hint = f"Write it relative to {roots[0]}, or beginning with that."
        raise NotFound("a batch can only ask for what lies below the root of this service", hint=hint, target="url")
    path, _, query = below.partition("?")
    first = decode(path.partition("/")[0], "url").partition("(")[0]
    if first == "$batch":
        raise BatchProblem("a batch may not hold a batch", target="$batch")
    if first.startswith("$") and first not in SYSTEM:
        raise _no_reference(first)
    return path, query


def _below(url: str, roots: Sequence[str]) -> str | None:
    """The rest of the URL behind a root, None when it does not begin with one."""
    origin, rest = _origin(url)
    if origin is None and not url.startswith("/"):
        return url.removeprefix("./")
    for root in roots:
        place, path = _origin(root)
        if origin in (None, place):
            if rest.startswith(path):
                return rest[len(path) :]
            if rest.partition("?")[0] == path[:-1]:
                return rest[len(path) - 1 :]
    return None


def _origin(url: str) -> tuple[str | None, str]:
    """Scheme and authority, comparable; and what follows them."""
    found = _SCHEME.match(url)
    if found is None:
        return None, url
    scheme = found[1].lower()
    return f"{scheme}://{found[2].lower().removesuffix(_PORTS.get(scheme, ''))}", url[found.end() :]


def headers_for(part: Part, outer: Mapping[str, str]) -> dict[str, str]:
    """Headers of a request: its own, and of the batch's those that are inherited.

    What the batch accepts it accepts as a batch, so multipart/mixed is not handed on. Raises BatchProblem and
    Unsupported.
    """
    if any(part.headers[name] != outer.get(name) for name in CREDENTIALS & set(part.headers)):
        hint = "Send the key with the batch; it holds for every request in it."
        raise BatchProblem("a request in a batch has no key of its own", hint=hint, target="headers")
    made = {name: outer[name] for name in INHERITED if name in outer}
    accepted = [entry.strip() for entry in split(outer.get("accept", ""), ",") if entry.strip()]
    if kept := [entry for entry in accepted if not entry.lower().startswith("multipart/")]:
        made["accept"] = ", ".join(kept)
    made |= {name: value for name, value in part.headers.items() if name in OWN}
    for name in ("if-match", "if-none-match"):
        if _REFERENCE.fullmatch(made.get(name, "").strip()):
            raise _no_reference(made[name].strip())
    return made


def _no_reference(text: str) -> Unsupported:
    message = f"This service does not offer references such as {text[:64]!r} to other answers of a batch."
    return Unsupported(message, target="$batch")


def with_schema(query: str, outer: str | None) -> str:
    """The query, with the $schemaversion of the batch where it has none of its own (OData 11.2.12)."""
    if outer is None or any(name.removeprefix("$").lower() == "schemaversion" for name, _ in split_query(query)):
        return query
    return "&".join(part for part in (query, f"$schemaversion={outer}") if part)


def unmet(part: Part, succeeded: Collection[str]) -> DependencyFailed | None:
    """Why a request may not be asked, when one that it depends on has not succeeded (OData 11.7.2)."""
    missing = [name for name in part.depends_on if name not in succeeded]
    return DependencyFailed("a request that this one depends on has failed", target=missing[0]) if missing else None
