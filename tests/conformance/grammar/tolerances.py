"""Where our parser and the official grammar differ on purpose. Each entry respells an address without the point at
issue; it explains a disagreement only when both sides say the same of the respelled address.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from api.odata.language.tokens import without_pluses
from tests.conformance.grammar.address import Address, decoded_first
from tests.conformance.grammar.names import NAMES

DOUBLED = "doubled option"
"""Refused, though the grammar cannot count: told by our error."""


@dataclass(frozen=True)
class Tolerance:
    """`reason` says who asks for it."""

    name: str
    reason: str
    respell: Callable[[Address], Address]


def _in_query(respell: Callable[[str], str]) -> Callable[[Address], Address]:
    return lambda address: Address(address.path, None if address.query is None else respell(address.query))


def _everywhere(respell: Callable[[str], str]) -> Callable[[Address], Address]:
    return lambda address: Address(respell(address.path), None if address.query is None else respell(address.query))


_S = r"(?:%20|%09|[ \t])"
_NOT = re.compile(r"\bnot(?=\(|%28)", re.IGNORECASE)
_COMMA = re.compile(rf"{_S}*(?:,|%2C){_S}*", re.IGNORECASE)
_SLASH = re.compile(rf"(\)|%29|identity){_S}*/{_S}*", re.IGNORECASE)
_SEARCH_END = re.compile(rf"((?:^|&)(?:\$|%24)?search=[^&]*?){_S}+(?=&|$)", re.IGNORECASE)
_SPACES = "|".join(NAMES["namespacePart"])
_NAMESPACE = re.compile(rf"\b({_SPACES})\.(?:{_SPACES})\b(?!\.)")
_MINUS = re.compile(r"-(?=[0-9A-F]{8}-[0-9A-F]{4}-)", re.IGNORECASE)
_FORMAT = re.compile(r"((?:\$|%24)?format=)(?=(?:atom|json|xml)[^&])", re.IGNORECASE)
_SEARCH = re.compile(r"(?:^|&)(?:\$|%24)?search=[^&]*", re.IGNORECASE)
_LAST_WORD = re.compile(r"([ \t]|%09)AND(?=(?:[ \t]|%09)*(?:\)|%29|&|$))")
_TERM = re.compile(rf"([(,]{_S}*\w+=)(?:@|%40)(?:{_SPACES})\.\w+", re.IGNORECASE)
_LETTER = re.compile(r"%C3%[89AB][0-9A-F]|[^\x00-\x7F]", re.IGNORECASE)
_OCTETS = re.compile(r"(?:%[89A-F][0-9A-F])+", re.IGNORECASE)


def _valid_octets(text: str) -> str:
    def kept(run: re.Match[str]) -> str:
        readable = bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "replace")
        return "".join(f"%{octet:02X}" for octet in readable.encode())

    return _OCTETS.sub(kept, text)


TOLERANCES = (
    Tolerance("plus as a blank", "httpx, requests and curl write it (ADR 0007)", _in_query(without_pluses)),
    Tolerance("decoded first", "URL Conventions 2.1: split, decode once, then read", decoded_first),
    Tolerance("octets that are no UTF-8", "refused: URL Conventions 2.1", _everywhere(_valid_octets)),
    Tolerance("not(", "every client writes it so", _in_query(lambda query: _NOT.sub("not%20", query))),
    Tolerance(
        "blank at a comma",
        "examples of the protocol ($orderby=ReleaseDate asc, Rating desc)",
        _in_query(lambda query: _COMMA.sub(",", query)),
    ),
    Tolerance(
        "blank at a slash",
        "a refresh of the Power BI service, pbi-service-apply-skip",
        _in_query(lambda query: _SLASH.sub(r"\1/", query)),
    ),
    Tolerance(
        "blank behind $search",
        "URL Conventions 5.1.8.1: white space around a search expression is no part of it",
        _in_query(lambda query: _SEARCH_END.sub(r"\1", query)),
    ),
    Tolerance(
        "blank in a search word",
        "the grammar's own note: its rule for words is overly generous; %20 is white space, and no word has any",
        _in_query(lambda query: _SEARCH.sub(lambda found: found[0].replace("%20", " "), query)),
    ),
    Tolerance(
        "AND as the last word of a search",
        "apg-js takes it for the operator and never comes back",
        _in_query(lambda query: _LAST_WORD.sub(r"\1x", query)),
    ),
    Tolerance(
        "annotation as a parameter's value",
        "apg-js takes its namespace for a parameter alias and never comes back",
        _everywhere(lambda text: _TERM.sub(r"\1@p", text)),
    ),
    Tolerance(
        "letters beyond ASCII in names",
        "the grammar's own note on identifierLeadingCharacter",
        _everywhere(lambda text: _LETTER.sub("e", text)),
    ),
    Tolerance(
        "empty parts",
        "left by clients that join options with &",
        _in_query(lambda query: "&".join(part for part in query.split("&") if part)),
    ),
    Tolerance(
        "%7B to %7F in a text",
        "the grammar's pct-encoded-no-SQUOTE leaves out the row 7 by mistake",
        lambda address: decoded_first(address, braces=False),
    ),
    Tolerance(
        "name that is a namespace too",
        "apg-js takes it into the namespace before it and never comes back",
        _in_query(lambda query: _NAMESPACE.sub(r"\1.X", query)),
    ),
    Tolerance(
        "minus before a GUID",
        "apg-js reads the digits as a number and never comes back",
        _everywhere(lambda text: _MINUS.sub("-%20", text)),
    ),
    Tolerance(
        "media type that begins with atom, json or xml",
        "apg-js takes the word alone and never comes back",
        _in_query(lambda query: _FORMAT.sub(r"\1x", query)),
    ),
)
