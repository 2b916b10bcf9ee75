"""What the client can read -> how the answer is written: Accept, $format, OData-MaxVersion, Prefer.

Pure; called by `service` before anything is read. Power Query's header set decides the defaults: OData 4.0,
XML for `$metadata`, JSON with minimal metadata for data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from models.errors import NotAcceptable, SyntaxProblem

JSON = "application/json"
XML = "application/xml"
TEXT = "text/plain;charset=utf-8"
NAMED_FORMATS = {"json": JSON, "xml": XML, "atom": "application/atom+xml"}
VERSION = re.compile(r"([0-9]+)\.([0-9]+)\Z")
PREFERENCES = frozenset({"maxpagesize", "omit-values"})
OLDEST = (4, 0)
NEWEST = (4, 1)  # "4.01" reads as (4, 1)


class Level(StrEnum):
    """How much control information goes with the data."""

    NONE = "none"
    MINIMAL = "minimal"
    FULL = "full"


@dataclass(frozen=True)
class Preferences:
    """What Prefer asked and is honoured; `applied` is the answer's Preference-Applied, empty when nothing was."""

    page_size: int | None = None
    omit_nulls: bool = False
    applied: str = ""


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
        """Content-Type, in the words that Power Query's list of accepted types has."""
        parts = [JSON, f"odata.metadata={self.level}"]
        if self.streaming:
            parts.append("odata.streaming=true")
        if self.numbers_as_text:
            parts.append("IEEE754Compatible=true")
        return ";".join(parts)


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


def _version(text: str, header: str) -> tuple[int, int]:
    found = VERSION.match(text.strip())
    if not found:
        raise SyntaxProblem(f"{header} {text[:20]!r} is no version", hint="Write 4.0 or 4.01.", target=header)
    return int(found[1]), int(found[2])


def data(
    headers: Mapping[str, str], format_option: str | None, max_page_size: int, honoured: frozenset[str] = PREFERENCES
) -> Representation:
    """How rows are written; of the preferences those in `honoured` count.

    Raises NotAcceptable when the client takes no JSON of ours.
    """
    answer_version = version(headers)
    best: tuple[float, Representation] | None = None
    for entry in _wanted(headers, format_option):
        form = _json_form(entry)
        if form is not None and entry.quality > 0 and (best is None or entry.quality > best[0]):
            best = (entry.quality, form)
    if best is None:
        raise NotAcceptable("views are answered as application/json with odata.metadata none, minimal or full")
    form = best[1]
    asked = preferences(headers, max_page_size, honoured)
    return Representation(form.level, form.numbers_as_text, form.streaming, answer_version, asked)


def _json_form(entry: Range) -> Representation | None:
    """The JSON that an Accept entry describes; None when it is another format or has a word we do not know."""
    if entry.media in ("*/*", "application/*"):
        return Representation()
    known = {"metadata", "ieee754compatible", "streaming", "charset"}
    if entry.media != JSON or not set(entry.parameters) <= known:
        return None
    level = entry.parameters.get("metadata", "minimal")
    flags = {name: entry.parameters.get(name, "false") for name in ("ieee754compatible", "streaming")}
    if level not in set(Level) or entry.parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
        return None
    if not set(flags.values()) <= {"true", "false"}:
        return None
    return Representation(Level(level), flags["ieee754compatible"] == "true", flags["streaming"] == "true")


def metadata(headers: Mapping[str, str], format_option: str | None) -> str:
    """Media type of `$metadata`: XML unless JSON is asked for and nothing else.

    `application/json;odata.metadata=minimal` describes data: beside it in Power Query's list stands
    `application/xml`, and that is what it must get. Raises NotAcceptable.
    """
    entries = [entry for entry in _wanted(headers, format_option) if entry.quality > 0]
    xml = max((entry.quality for entry in entries if entry.media in (XML, "*/*", "application/*")), default=0.0)
    bare = [entry for entry in entries if entry.media == JSON and not set(entry.parameters) - {"ieee754compatible"}]
    json = max((entry.quality for entry in bare), default=0.0)
    if json > xml:
        return JSON
    if xml:
        return XML
    if any(entry.media == JSON for entry in entries):
        return JSON
    raise NotAcceptable("$metadata is answered as application/xml or application/json")


def _wanted(headers: Mapping[str, str], format_option: str | None) -> tuple[Range, ...]:
    """$format, when given, stands in for Accept."""
    if format_option is None:
        return accept(headers.get("accept", "*/*"))
    text = format_option.strip()
    return accept(NAMED_FORMATS.get(text.lower(), text))


@lru_cache(maxsize=256)
def accept(text: str) -> tuple[Range, ...]:
    """The entries of an Accept list; what cannot be read is left out, an empty list accepts everything."""
    found = []
    for entry in text.split(","):
        media, *words = (part.strip() for part in entry.split(";"))
        parameters: dict[str, str] = {}
        quality = 1.0
        for word in words:
            name, _, value = word.partition("=")
            name, value = name.strip().lower(), value.strip().strip('"').lower()
            if name == "q":
                quality = _quality(value)
                break  # what follows q belongs to Accept, not to the media type
            parameters[name.removeprefix("odata.")] = value
        if media:
            found.append(Range(media.lower(), parameters, quality))
    return tuple(found) or (Range("*/*", {}, 1.0),)


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def preferences(headers: Mapping[str, str], max_page_size: int, honoured: frozenset[str] = PREFERENCES) -> Preferences:
    """The preferences that are honoured; unknown and unreadable ones are ignored and not echoed."""
    size: int | None = None
    omit = False
    applied = []
    for entry in headers.get("prefer", "").split(","):
        name, _, value = entry.split(";")[0].partition("=")
        name, value = name.strip(), value.strip().strip('"')
        plain = name.lower().removeprefix("odata.")
        if plain not in honoured:
            continue
        if plain == "maxpagesize" and size is None and value.isascii() and value.isdigit() and int(value[:12]) > 0:
            size = min(int(value[:12]), max_page_size)
            applied.append(f"{name}={size}")
        elif plain == "omit-values" and value.lower() == "nulls" and not omit:
            omit = True
            applied.append(f"{name}=nulls")
    return Preferences(size, omit, ", ".join(applied))
