"""The text of a search expression -> SearchTerm: words, phrases, AND, OR, NOT and brackets.

The standard's search rules have a lexical order of their own: nearly everything is part of a word, and AND, OR and
NOT are operators only where a term follows them. Called for `$search`, for `search(...)` in $apply and for
`$search=` in the brackets of an expand item.
"""

from __future__ import annotations

import re

from api.odata.parser import Budget, Parser
from api.odata.query_syntax import SearchTerm, Together, Without, Words
from models.errors import SyntaxProblem, Unsupported

_SPACE = re.compile(r"[ \t]*")
_WORD = re.compile(r"""[^\s"();'&#][^\s"();&#]*""")
_PHRASE = re.compile(r'"[^"]+"')
_UNFINISHED = re.compile(r"'(?:[^']|'')*'")


def parse_search(text: str, budget: Budget, target: str | None = None) -> SearchTerm:
    """The whole of `$search`. Raises SyntaxProblem and LimitProblem with the place, Unsupported for text in single
    quotes."""
    parser = Parser(text, budget, target, begin=len(text))
    found, place = read_search(parser, 0)
    if place < len(text):
        raise _failure(parser, place, "Expected a search word or the end")
    return found


def search_within(parser: Parser) -> SearchTerm:
    """A search expression inside another option, from the parser's place on; the parser goes on behind it."""
    found, place = read_search(parser, parser.place)
    parser.go_on_at(place)
    return found


def read_search(parser: Parser, place: int) -> tuple[SearchTerm, int]:
    """The expression at `place`, and where it ends."""
    place = _after_space(parser, place)
    if _UNFINISHED.match(parser.text, place):
        raise Unsupported(
            "This service does not offer search expressions in single quotes.",
            hint="Write words without quotes, or a phrase in double quotes.",
            target=parser.target,
            position=place,
        )
    return _any_of(parser, place)


def _any_of(parser: Parser, place: int) -> tuple[SearchTerm, int]:
    """Terms joined by OR, the weaker operator."""
    start = place
    term, place = _all_of(parser, place)
    found = [term]
    while (following := _operand_after(parser, place, "OR")) is not None:
        term, place = _all_of(parser, following)
        found.append(term)
    return _joined(parser, "or", found, start), place


def _all_of(parser: Parser, place: int) -> tuple[SearchTerm, int]:
    """Terms joined by AND, or by nothing but white space."""
    start = place
    term, place = _term(parser, place)
    found = [term]
    while _operand_after(parser, place, "OR") is None:
        following = _operand_after(parser, place, "AND")
        if following is None:
            following = _after_space(parser, place)
            if following == place or not _begins(parser, following):
                break
        term, place = _term(parser, following)
        found.append(term)
    return _joined(parser, "and", found, start), place


def _joined(parser: Parser, operator: str, terms: list[SearchTerm], start: int) -> SearchTerm:
    if len(terms) == 1:
        return terms[0]
    parser.spend()
    return Together(operator, tuple(terms), start)


def _term(parser: Parser, place: int) -> tuple[SearchTerm, int]:
    text = parser.text
    if text[place : place + 1] == "(":
        with parser.deeper():
            inner, end = _any_of(parser, _after_space(parser, place + 1))
        end = _after_space(parser, end)
        if text[end : end + 1] != ")":
            raise _failure(parser, end, "Expected ')'")
        return inner, end + 1
    negated = _operand_after(parser, place, "NOT", spaced=False)
    if negated is not None:
        with parser.deeper():
            inner, end = _term(parser, negated)
        return Without(inner, place), end
    phrase, word = _PHRASE.match(text, place), _WORD.match(text, place)
    found = phrase or word
    if found is None:
        raise _failure(parser, place, "Expected a search word")
    parser.spend()
    return Words(found[0].strip('"') if phrase else found[0], place), found.end()


def _operand_after(parser: Parser, place: int, operator: str, *, spaced: bool = True) -> int | None:
    """Where the operand begins, if that operator is next and has one."""
    start = _after_space(parser, place)
    if spaced and start == place:
        return None
    end = start + len(operator)
    operand = _after_space(parser, end)
    if not parser.text.startswith(operator, start) or operand == end or not _begins(parser, operand):
        return None
    return operand


def _begins(parser: Parser, place: int) -> bool:
    character = parser.text[place : place + 1]
    return bool(character) and character not in ");'"


def _after_space(parser: Parser, place: int) -> int:
    match = _SPACE.match(parser.text, place)
    return match.end() if match else place


def _failure(parser: Parser, place: int, message: str) -> SyntaxProblem:
    found = repr(parser.text[place]) if place < len(parser.text) else "the end"
    return SyntaxProblem(f"{message}; found {found}.", target=parser.target, position=place)
