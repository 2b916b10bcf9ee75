"""Text of a request -> query options, and text of an option or path segment -> tokens with their places.

Percent-decoding happens here, exactly once, and after the query has been split on `&` and `=`. A `+` stays a `+`:
OData URLs are not forms. Pure; called by options, cursor and resource_path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from api.odata.language.literals import Kind
from models.errors import SyntaxProblem

_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


class T(Enum):
    """What a token is. LITERAL carries a kind; FOREIGN is a literal of a type that no view has."""

    LITERAL = auto()
    FOREIGN = auto()
    WORD = auto()  # identifier, operator or function name
    QUALIFIED = auto()  # a.b
    DOLLAR = auto()  # $it, $count
    AT = auto()  # @alias or @Namespace.Term#qualifier
    JSON = auto()  # "text" inside an array or object
    MARK = auto()  # punctuation
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """`spaced`: there is white space before it. `start` and `end` are characters in the decoded text."""

    type: T
    text: str
    start: int
    end: int
    spaced: bool
    kind: Kind = Kind.NULL


class Decoded(str):
    """A decoded text that remembers which of its characters were percent-encoded: a search word may hold `;` only
    in that form. Only parsers take it; what they keep of it are plain strings."""

    encoded: frozenset[int]

    def raw_place(self, place: int) -> int:
        """Where a character stood before decoding."""
        return place + sum(3 * len(self[index].encode()) - 1 for index in self.encoded if index < place)


def decode(raw: str, target: str | None = None) -> str:
    """Percent-decode once. Raises SyntaxProblem, with the place in the raw text, when it is broken or not UTF-8."""
    return str(decode_for_parsers(raw, target))


def decode_for_parsers(raw: str, target: str | None = None) -> Decoded:
    """The same, with the places of the characters that were percent-encoded."""
    broken = _BROKEN.search(raw)
    if broken:
        raise SyntaxProblem(
            "A percent sign is not followed by two hexadecimal digits.",
            hint="Write a percent sign itself as %25.",
            target=target,
            position=broken.start(),
        )
    parts, encoded, place, length = [], set[int](), 0, 0
    for run in _ESCAPES.finditer(raw):
        plain, characters = raw[place : run.start()], _octets(run, target)
        parts += [plain, characters]
        encoded.update(range(length + len(plain), length + len(plain) + len(characters)))
        place, length = run.end(), length + len(plain) + len(characters)
    text = Decoded("".join((*parts, raw[place:])))
    text.encoded = frozenset(encoded)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _not_utf8(target, error.start) from None
    return text


def _octets(run: re.Match[str], target: str | None) -> str:
    try:
        return bytes.fromhex(run[0].replace("%", "")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(target, run.start() + 3 * error.start) from None


def _not_utf8(target: str | None, position: int) -> SyntaxProblem:
    hint = "Encode the characters as UTF-8 before percent-encoding them."
    return SyntaxProblem("The percent-encoded bytes are not UTF-8.", hint=hint, target=target, position=position)


_FORM_ENCODED = re.compile(
    r"\+(?:eq|ne|gt|ge|lt|le|and|or|in|add|sub|mul|div|divby|mod)\+|\+(?:asc|desc)(?:[+,&]|$)|[=+(]not\+|,\+",
    re.IGNORECASE,
)


def without_pluses(query: str) -> str:
    """Notebooks send a blank as `+` (form encoding): `a+eq+1`. OData says `+` is a plus, so it is read as a
    blank only where the query shows its writer: an operator between pluses, and no %20 anywhere
    (docs/adr/0007). A form encoder writes a real plus as %2B, so none is lost.
    """
    if "%20" not in query and " " not in query and _FORM_ENCODED.search(query):
        return query.replace("+", "%20")
    return query


def split_query(query: str) -> tuple[tuple[str, str | None], ...]:
    """(decoded name, raw value) of each part, in order; the value is None where there is no `=`."""
    query = without_pluses(query)
    parts = (part.partition("=") for part in query.split("&") if part)
    return tuple((decode(name), value if equals else None) for name, equals, value in parts)


_WORD = r"[^\W\d]\w*"
_TEXT = r"'(?:[^']|'')*'"
_D = "[0-9]"  # \d has the digits of all scripts
_DATE = f"-?{_D}{{4,}}-{_D}{_D}-{_D}{_D}"
_TIME = rf"{_D}{_D}:{_D}{_D}(?::{_D}{_D}(?:\.{_D}+)?)?"
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("binary", rf"binary{_TEXT}"),
    ("spatial", rf"(?:geography|geometry){_TEXT}"),
    ("duration", rf"duration{_TEXT}"),
    ("enumeration", rf"{_WORD}(?:\.{_WORD})+{_TEXT}"),
    ("prefixed", rf"{_WORD}{_TEXT}"),
    ("string", _TEXT),
    ("guid", r"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}(?!\w)"),
    ("instant", rf"{_DATE}T{_TIME}(?:Z|[+-]{_D}{_D}:{_D}{_D})(?!\w)"),
    ("local", rf"{_DATE}T{_TIME}"),
    ("date", rf"{_DATE}(?!\w)"),
    ("time", rf"{_TIME}(?!\w)"),
    ("number", rf"[+-]?{_D}+(?:\.{_D}+)?(?:e[+-]?{_D}+)?(?![\w.-])"),
    ("infinity", r"(?-i:-INF)(?!\w)"),
    ("qualified", rf"{_WORD}(?:\.{_WORD})+"),
    ("word", _WORD),
    ("dollar", r"\$[A-Za-z]+"),
    ("at", rf"@{_WORD}(?:\.{_WORD})*(?:\#{_WORD})?"),
    ("json", r'"(?:[^"\\]|\\.)*"'),
    ("mark", r"[()\[\]{},/:;=*.-]"),
)
_SPACE = re.compile(r"[ \t]+")
_SCANNER = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS), re.IGNORECASE | re.DOTALL)
_LITERALS = {
    "string": Kind.STRING,
    "guid": Kind.GUID,
    "instant": Kind.INSTANT,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "duration": Kind.DURATION,
    "number": Kind.DOUBLE,  # the parser finds the narrowest
    "infinity": Kind.DOUBLE,
}
_TYPES = {
    "binary": T.FOREIGN,
    "spatial": T.FOREIGN,
    "enumeration": T.FOREIGN,
    "qualified": T.QUALIFIED,
    "word": T.WORD,
    "dollar": T.DOLLAR,
    "at": T.AT,
    "json": T.JSON,
    "mark": T.MARK,
}
_NAMES = ("word", "at", "qualified")
_PARTS = re.compile(r"[@.#]")
_LONGEST_NAME = 128
_OLD_FORMS = {
    "datetime": "write 2026-01-31T05:00:00Z without quotes",
    "datetimeoffset": "write 2026-01-31T05:00:00Z without quotes",
    "time": "write 05:00:00, or duration'PT5H' for a length of time",
    "guid": "write 01234567-89ab-cdef-0123-456789abcdef without quotes",
    "x": "write binary'T0RhdGE' in base64url",
}
_OLD_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?[LMDF](?!\w)", re.IGNORECASE)


def token_at(text: str, place: int, target: str | None = None) -> Token:
    """The token at or after `place`, behind white space; END where the text ends. Raises SyntaxProblem with the place
    of what is no token."""
    spaced = False
    space = _SPACE.match(text, place)
    if space:
        spaced, place = True, space.end()
    if place == len(text):
        return Token(T.END, "", place, place, spaced)
    match = _SCANNER.match(text, place)
    if match is None or match.lastgroup is None:
        raise _no_token(text, place, target)
    return _token(match.lastgroup, match, spaced, target)


def _token(name: str, match: re.Match[str], spaced: bool, target: str | None) -> Token:
    text, start, end = match[0], match.start(), match.end()
    if name in ("prefixed", "local"):
        raise _old_form(name, text, start, target)
    if name in _NAMES and any(len(part) > _LONGEST_NAME for part in _PARTS.split(text)):
        raise SyntaxProblem("A name is longer than 128 characters.", target=target, position=start)
    if name in ("string", "duration"):
        text = text[text.index("'") + 1 : -1].replace("''", "'")
    if name in _LITERALS:
        return Token(T.LITERAL, text, start, end, spaced, _LITERALS[name])
    return Token(_TYPES[name], text, start, end, spaced)


def _old_form(name: str, text: str, start: int, target: str | None) -> SyntaxProblem:
    if name == "local":
        hint = "Say which offset is meant: 2026-01-31T05:00:00Z, or +01:00 (as %2B01:00) at the end."
        return SyntaxProblem("A date and time has no offset.", hint=hint, target=target, position=start)
    form = _OLD_FORMS.get(text[: text.index("'")].lower())
    hint = f"That is a form of OData before version 4: {form}." if form else "Text goes in single quotes on its own."
    return SyntaxProblem("A literal has a prefix that is not known.", hint=hint, target=target, position=start)


def _no_token(text: str, place: int, target: str | None) -> SyntaxProblem:
    character = text[place]
    if character == "'":
        message, hint = "A text has no end.", "Close it with a single quote; a quote inside it is written twice."
    elif _OLD_NUMBER.match(text, place):
        message = "A number ends in a type suffix."
        hint = "That is a form of OData before version 4: write the number without L, M, D or F."
    elif character.isalnum() or character in "+-":
        message, hint = "A number or date is not written as OData writes it.", "Write 42, 4.2, 2026-01-31 or 05:00:00."
    else:
        message, hint = f"The character {character!r} has no meaning here.", "Text goes in single quotes."
    return SyntaxProblem(message, hint=hint, target=target, position=place)
