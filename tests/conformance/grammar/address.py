"""An address as our engine and as the official grammar take it.

The grammar wants percent-encoding normalised (unreserved characters plain) and knows some characters only plain and
others only encoded; an address is split at `?`, `&` and `=` and decoded before it is read (URL Conventions, 2.1), so that
for a service both forms are one. `normal` does the first, `decoded_first` the second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_ROOTS = ("$batch", "$entity", "$metadata")


@dataclass(frozen=True)
class Address:
    """What follows the service root."""

    path: str
    query: str | None = None

    @property
    def text(self) -> str:
        """As it is written."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    def questions(self) -> list[tuple[str, str]]:
        """Rules of the grammar and the texts that have to match them."""
        if self.path.partition("/")[0] in _ROOTS:
            return [("odataRelativeUri", normal(self.text))]
        parts = self.query.split("&") if self.query else []
        return [("resourcePath", normal(self.path)), *(("queryOption", normal(part)) for part in parts)]


def normal(text: str) -> str:
    """Unreserved characters plain (RFC 3986, 6.2.2.2)."""

    def plain(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        if "%" in text[max(match.start() - 2, 0) : match.start()]:
            return match[0]  # a broken escape must not become a whole one
        return character if _UNRESERVED.fullmatch(character) else match[0].upper()

    return _ESCAPE.sub(plain, text)


_PIECE = re.compile(r"%[0-9A-Fa-f]{2}|.", re.DOTALL)
_PLAIN = frozenset('/$=?!"()*,:@+[]{}\\ \t')  # `;` and `'` are part of a search word only when they are encoded
_IN_SEARCH = frozenset('!*+,:@/?$=() \t"')
_SEARCH = re.compile(r"(?<!\w)search[=(]$", re.IGNORECASE)
_IN_TEXT = frozenset("!()*+,;$=:@'")
_IN_JSON = frozenset("!()*+,;:@/?$'= {}[]\\\"")
_IN_PHRASE = frozenset("!()*+,;:@/?$'= \"")
_BRACES = frozenset("{|}\x7f")
_IN_VALUES = frozenset("!()*+,;:@/?$'=")
_SPATIAL = re.compile(r"geo(?:graphy|metry)$", re.IGNORECASE)
_EXPRESSIONS = {"filter", "orderby", "select", "expand", "compute", "apply"}


def decoded_first(address: Address, *, braces: bool = True) -> Address:
    """Every character in the form that the grammar knows at its place; without `braces`, those in texts are left out."""
    path = "/".join(_respelled(segment, "expression", braces) for segment in address.path.split("/"))
    if address.query is None:
        return Address(path)
    return Address(path, "&".join(_part(part, braces) for part in address.query.split("&")))


def _part(part: str, braces: bool) -> str:
    name, equals, value = part.partition("=")
    name = _respelled(name, "value", braces)
    plain = name.lower().removeprefix("$")
    kind = "search" if plain == "search" else "expression" if plain in _EXPRESSIONS or name[:1] == "@" else "value"
    return f"{name.replace('%40', '@')}{equals}{_respelled(value, kind, braces)}"


def _respelled(text: str, kind: str, braces: bool) -> str:
    """`kind`: expression, search (where a single quote is part of a word) or value (where nothing is a delimiter)."""
    if kind == "value":
        return "".join(_written(piece, plain=_character(piece) in _IN_VALUES) for piece in _PIECE.findall(text))
    spelling = _Spelling(kind == "search", braces)
    for piece in _PIECE.findall(text):
        spelling.add(piece)
    return "".join(spelling.found)


def _character(piece: str) -> str:
    return chr(int(piece[1:], 16)) if len(piece) == 3 else piece


def _written(piece: str, *, plain: bool) -> str:
    character = _character(piece)
    if plain or _UNRESERVED.fullmatch(character):
        return character
    return piece.upper() if len(piece) == 3 else "".join(f"%{octet:02X}" for octet in character.encode())


@dataclass
class _Spelling:
    """An expression as it is spelled anew: in which quotes, in how many brackets of a search."""

    searching: bool
    braces: bool
    depth: int = 0
    quote: str = ""
    begins: bool = True  # of a search: nothing but white space has been read of it
    is_spatial: bool = False
    is_escape: bool = False
    found: list[str] = field(default_factory=list)

    def add(self, piece: str) -> None:
        """The next character."""
        character = _character(piece)
        if self.quote:
            in_quotes = _IN_PHRASE if self.searching else _IN_JSON
            allowed = in_quotes if self.quote == '"' else _IN_TEXT
            plain = character in allowed or (self.is_spatial and character == " ")
        else:
            plain = character in (_IN_SEARCH if self.searching else _PLAIN)
            plain = plain or (character in ";'" and len(piece) == 1)
        before = "".join(self.found[-12:])
        if self.braces or self.quote != "'" or character not in _BRACES:
            self.found.append(_written(piece, plain=plain))
        self._goes_on(character, before, is_plain=len(piece) == 1)

    def _goes_on(self, character: str, before: str, *, is_plain: bool) -> None:
        if self.quote:
            ends = character == self.quote and not (self.quote == '"' and self.is_escape)
            self.quote = "" if ends else self.quote
            self.is_escape = character == "\\" and not self.is_escape
        elif character == '"' or (character == "'" and (not self.searching or (self.begins and is_plain))):
            self.quote, self.is_escape, self.begins = character, False, False
            self.is_spatial = _SPATIAL.search(before) is not None
        elif self.searching:
            self.begins = self.begins and character in " \t"
            self.depth += (character == "(") - (character == ")")
            self.searching = not (self.depth < 0 or (self.found[-1] == ";" and not self.depth))
        elif _SEARCH.search(before + character):
            self.searching, self.depth, self.begins = True, 0, True
