"""The text of a search expression -> SearchTerm: words, phrases, AND, OR, NOT and brackets.

The standard's search rules have a lexical order of their own: nearly everything is part of a word, and AND, OR and
NOT are operators only where a term follows them. Called for `$search`, for `search(...)` in $apply and for
`$search=` in the brackets of an expand item.
"""

from __future__ import annotations

import re

from api.odata.language.cursor import Budget, Cursor
from api.odata.language.query_syntax import SearchTerm, Together, Without, Words
from models.errors import SyntaxProblem

_SPACE = re.compile(r"[ \t]*")
_WORD = re.compile(r"""[^ \t"();&#]+""")
_ONLY_ENCODED = ";&#"
_PHRASE = re.compile(r'"[^"]+"')
_UNFINISHED = re.compile(r"'(?:[^']|'')*'")


def parse_search(text: str, budget: Budget, target: str | None = None) -> SearchTerm:
    """The whole of `$search`; white space around it does not count. Raises SyntaxProblem and LimitProblem with the
    place, Unsupported for text in single quotes."""
    cursor = Cursor(text, budget, target, begin=len(text))
    found = search_within(cursor, 0)
    cursor.go_on_at(_after_space(cursor, cursor.place))
    if cursor.place < len(text):
        raise _failure(cursor, cursor.place, "Expected a search word or the end")
    cursor.end()
    return found


def search_within(cursor: Cursor, place: int | None = None) -> SearchTerm:
    """A search expression inside another option, from the cursor's place on; the cursor goes on behind it."""
    place = _after_space(cursor, cursor.place if place is None else place)
    quoted = None if place in cursor.encoded else _UNFINISHED.match(cursor.text, place)
    if quoted:
        hint = "Write words without quotes, or a phrase in double quotes."
        cursor.refuse("search expressions in single quotes", place, hint)
        cursor.go_on_at(quoted.end())
        return Words(quoted[0], place)
    found, end = _any_of(cursor, place)
    cursor.go_on_at(end)
    return found


def _any_of(cursor: Cursor, place: int) -> tuple[SearchTerm, int]:
    """Terms joined by OR, the weaker operator."""
    start = place
    term, place = _all_of(cursor, place)
    found = [term]
    while (following := _operand_after(cursor, place, "OR")) is not None:
        term, place = _all_of(cursor, following)
        found.append(term)
    return _joined(cursor, "or", found, start), place


def _all_of(cursor: Cursor, place: int) -> tuple[SearchTerm, int]:
    """Terms joined by AND, or by nothing but white space."""
    start = place
    term, place = _term(cursor, place)
    found = [term]
    while _operand_after(cursor, place, "OR") is None:
        following = _operand_after(cursor, place, "AND")
        if following is None:
            following = _after_space(cursor, place)
            if following == place or not _begins(cursor, following):
                break
        term, place = _term(cursor, following)
        found.append(term)
    return _joined(cursor, "and", found, start), place


def _joined(cursor: Cursor, operator: str, terms: list[SearchTerm], start: int) -> SearchTerm:
    if len(terms) == 1:
        return terms[0]
    cursor.spend()
    return Together(operator, tuple(terms), start)


def _term(cursor: Cursor, place: int) -> tuple[SearchTerm, int]:
    text = cursor.text
    if text[place : place + 1] == "(":
        with cursor.deeper():
            inner, end = _any_of(cursor, _after_space(cursor, place + 1))
        end = _after_space(cursor, end)
        if text[end : end + 1] != ")":
            raise _failure(cursor, end, "Expected ')'")
        return inner, end + 1
    negated = _operand_after(cursor, place, "NOT", spaced=False)
    if negated is not None:
        with cursor.deeper():
            inner, end = _term(cursor, negated)
        return Without(inner, place), end
    cursor.spend()
    if phrase := _PHRASE.match(text, place):
        return Words(phrase[0][1:-1], place), phrase.end()
    end = _word_end(cursor, place)
    if end == place:
        raise _failure(cursor, place, "Expected a search word")
    return Words(text[place:end], place), end


def _word_end(cursor: Cursor, place: int) -> int:
    """Where the word at `place` ends. Single quotes and the delimiters of URLs begin or are part of one only when
    they were percent-encoded."""
    text, end = cursor.text, place
    if text[place : place + 1] == "'" and place not in cursor.encoded:
        return place
    while True:
        if run := _WORD.match(text, end):
            end = run.end()
        if text[end : end + 1] not in _ONLY_ENCODED or end not in cursor.encoded:
            return end
        end += 1


def _operand_after(cursor: Cursor, place: int, operator: str, *, spaced: bool = True) -> int | None:
    """Where the operand begins, if that operator is next and has one."""
    start = _after_space(cursor, place)
    if spaced and start == place:
        return None
    end = start + len(operator)
    operand = _after_space(cursor, end)
    if not cursor.text.startswith(operator, start) or operand == end or not _begins(cursor, operand):
        return None
    return operand


def _begins(cursor: Cursor, place: int) -> bool:
    """Whether something that may be a term begins there."""
    return cursor.text[place : place + 1] in ("(", '"') or _word_end(cursor, place) > place


def _after_space(cursor: Cursor, place: int) -> int:
    match = _SPACE.match(cursor.text, place)
    return match.end() if match else place


def _failure(cursor: Cursor, place: int, message: str) -> SyntaxProblem:
    found = repr(cursor.text[place]) if place < len(cursor.text) else "the end"
    return SyntaxProblem(f"{message}; found {found}.", target=cursor.target, position=place)
