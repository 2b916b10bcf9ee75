"""What the client can read -> how the answer is written: Accept, Accept-Charset, $format, OData-MaxVersion, Prefer.

Pure; called by `service` before anything is read. Power Query's header set decides the defaults: OData 4.0,
XML for `$metadata`, JSON with minimal metadata for data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from api.odata.protocol.header_fields import elements
from api.odata.protocol.preferences import OFFERED, Preferences, preferences
from models.errors import NotAcceptable, SyntaxProblem

JSON = "application/json"
XML = "application/xml"
NAMED_FORMATS = {"json": JSON, "xml": XML, "atom": "application/atom+xml"}
VERSION = re.compile(r"[0-9]{1,10}\.[0-9]{1,10}", re.ASCII)
OLDEST = Decimal("4.0")
NEWEST = Decimal("4.01")
UTF_8 = frozenset({"utf-8", "utf8", "*"})


class Level(StrEnum):
    """How much control information goes with the data."""

    NONE = "none"
    MINIMAL = "minimal"
    FULL = "full"


@dataclass(frozen=True)
class Representation:
    """How data is written. `version` is the answer's OData-Version."""

    level: Level = Level.MINIMAL
    numbers_as_text: bool = False
    streaming: bool = False
    version: str = "4.0"
    preferences: Preferences = field(default_factory=Preferences)

    @property
    def content_type(self) -> str:
        """Content-Type; in 4.0 in the words that Power Query's list of accepted types has."""
        prefix = self.control.removeprefix("@")
        parts = [JSON, f"{prefix}metadata={self.level}"]
        if self.streaming:
            parts.append(f"{prefix}streaming=true")
        if self.numbers_as_text:
            parts.append("IEEE754Compatible=true")
        return ";".join(parts)

    @property
    def control(self) -> str:
        """How names of control information begin: 4.01 leaves out `odata.` (OData JSON 4.5)."""
        return "@odata." if self.version == "4.0" else "@"

    def primitive_type(self, name: str) -> str:
        """A type such as `#Decimal` as the value of `type` control information: 4.01 leaves out the hash (4.5.3)."""
        return name if self.version == "4.0" else name.removeprefix("#")


@dataclass(frozen=True)
class Range:
    """One entry of an Accept list; parameter names and values in lower case, `odata.` taken off the names."""

    media: str
    parameters: Mapping[str, str]
    quality: float


def version(headers: Mapping[str, str]) -> str:
    """OData-Version of the answer: 4.0, and 4.01 only when OData-MaxVersion allows it.

    Raises SyntaxProblem when the client reads nothing as new as 4.0. MaxDataServiceVersion belongs to
    OData 3 and is ignored.
    """
    spoken = headers.get("odata-version")
    if spoken is not None and not OLDEST <= _version(spoken, "OData-Version") <= NEWEST:
        raise SyntaxProblem(f"OData-Version {spoken.strip()!r} is not spoken here", hint="Send 4.0 or 4.01.")
    most = headers.get("odata-maxversion")
    if most is None:
        return "4.0"
    read = _version(most, "OData-MaxVersion")
    if read < OLDEST:
        raise SyntaxProblem(
            f"the client reads OData {most.strip()} at most, this service speaks 4.0 and 4.01",
            hint="Send OData-MaxVersion 4.0 or 4.01, or leave it out.",
        )
    return "4.01" if read >= NEWEST else "4.0"


def version_of_error(headers: Mapping[str, str]) -> str:
    """As `version`; 4.0 where the headers themselves are the error."""
    try:
        return version(headers)
    except SyntaxProblem:
        return "4.0"


def _version(text: str, header: str) -> Decimal:
    """Versions compare as decimal numbers (OData protocol 5.1)."""
    if not VERSION.fullmatch(text.strip()):
        raise SyntaxProblem(f"{header} {text[:20]!r} is no version", hint="Write 4.0 or 4.01.", target=header)
    return Decimal(text.strip())


def data(
    headers: Mapping[str, str], format_option: str | None, max_page_size: int, honoured: frozenset[str] = OFFERED
) -> Representation:
    """How rows are written; of the preferences those in `honoured` count.

    Raises NotAcceptable when the client takes no JSON of ours.
    """
    answer_version = version(headers)
    form = _best(_wanted(headers, format_option))
    if form is None:
        raise NotAcceptable("views are answered as application/json with odata.metadata none, minimal or full")
    asked = preferences(headers, max_page_size, honoured)
    return Representation(form.level, form.numbers_as_text, form.streaming, answer_version, asked)


def _best(entries: Sequence[Range]) -> Representation | None:
    """The form that the client likes most; among equals the first that it names."""
    best: tuple[float, Representation] | None = None
    for entry in entries:
        form = _json_form(entry)
        if form is None:
            continue
        # What an entry for everything allows, a more exact one may forbid (RFC 9110, 12.5.1).
        quality = entry.quality if entry.media == JSON else _quality_of(entries, JSON)
        if quality > 0 and (best is None or quality > best[0]):
            best = (quality, form)
    return best[1] if best else None


def _quality_of(entries: Sequence[Range], media: str) -> float:
    """The weight of a media type without parameters: that of the most exact entry that covers it."""
    for name in (media, f"{media.partition('/')[0]}/*", "*/*"):
        found = [entry.quality for entry in entries if entry.media == name and not set(entry.parameters) - {"charset"}]
        if found:
            return max(found)
    return 0.0


_FLAGS = ("ieee754compatible", "streaming", "exponentialdecimals")
_KNOWN = frozenset({"metadata", "charset", *_FLAGS})


def _json_form(entry: Range) -> Representation | None:
    """The JSON that an Accept entry describes; None when it is another format or has a word we do not know.

    `ExponentialDecimals=true` only allows a notation that is never used here.
    """
    if entry.media in ("*/*", "application/*"):
        return Representation()
    if entry.media != JSON or not set(entry.parameters) <= _KNOWN:
        return None
    level = entry.parameters.get("metadata", "minimal")
    flags = {name: entry.parameters.get(name, "false") for name in _FLAGS}
    if level not in set(Level) or entry.parameters.get("charset", "utf-8") not in UTF_8:
        return None
    if not set(flags.values()) <= {"true", "false"}:
        return None
    return Representation(Level(level), flags["ieee754compatible"] == "true", flags["streaming"] == "true")


def metadata(headers: Mapping[str, str], format_option: str | None) -> str:
    """Media type of `$metadata`: XML unless JSON is asked for and nothing else.

    `application/json;odata.metadata=minimal` describes data: beside it in Power Query's list stands
    `application/xml`, and that is what it must get. Raises NotAcceptable.
    """
    entries = _wanted(headers, format_option)
    xml = _quality_of(entries, XML)
    bare = [entry for entry in entries if entry.media == JSON and not set(entry.parameters) - {"ieee754compatible"}]
    json = max((entry.quality for entry in bare), default=0.0)
    if json > xml:
        return JSON
    if xml:
        return XML
    if any(entry.media == JSON and entry.quality > 0 for entry in entries):
        return JSON
    raise NotAcceptable("$metadata is answered as application/xml or application/json")


def text(body: bytes) -> str:
    """Content-Type of a raw value. A character set is named only where its bytes are not ASCII, which is what plain
    text is without one; else the answer has no parameter that the client did not ask for (OData protocol 8.2.1)."""
    return "text/plain" if body.isascii() else "text/plain;charset=utf-8"


def _wanted(headers: Mapping[str, str], format_option: str | None) -> tuple[Range, ...]:
    """The media types that the client takes: $format, when given, stands in for Accept.

    Accept-Charset, when given, stands in for the character sets in them. Raises NotAcceptable when it leaves out UTF-8.
    """
    text = headers.get("accept", "*/*") if format_option is None else format_option.strip()
    entries = accept(NAMED_FORMATS.get(text.lower(), text) if format_option is not None else text)
    charsets = headers.get("accept-charset")
    if charsets is None:
        return entries
    ranges = accept(charsets)
    if not _takes_utf8(ranges):
        raise NotAcceptable("answers are written in UTF-8", hint="Leave out Accept-Charset, or name utf-8 in it.")
    return tuple(Range(entry.media, _without_charset(entry.parameters), entry.quality) for entry in entries)


def _takes_utf8(ranges: Sequence[Range]) -> bool:
    named = [entry.quality for entry in ranges if entry.media in UTF_8 - {"*"}]
    return max(named or [entry.quality for entry in ranges if entry.media in ("*", "*/*")], default=0.0) > 0


def _without_charset(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name != "charset"}


@lru_cache(maxsize=256)
def accept(text: str) -> tuple[Range, ...]:
    """The entries of an Accept list; what cannot be read is left out, an empty list accepts everything."""
    found = []
    for element in elements(text):
        parameters: dict[str, str] = {}
        quality = 1.0
        for name, value in element.parameters:
            if name == "q":
                quality = _quality(value)
                break  # what follows q belongs to Accept, not to the media type
            parameters[name.removeprefix("odata.")] = value.lower()
        found.append(Range(element.word.lower(), parameters, quality))
    return tuple(found) or (Range("*/*", {}, 1.0),)


def _quality(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return min(weight, 1.0) if weight > 0 else 0.0


__all__ = [
    "JSON",
    "OFFERED",
    "XML",
    "Level",
    "Preferences",
    "Range",
    "Representation",
    "accept",
    "data",
    "metadata",
    "preferences",
    "text",
    "version",
    "version_of_error",
]
