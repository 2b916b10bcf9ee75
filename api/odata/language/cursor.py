"""One text, its tokens as they are needed, and the budget of the request: what all parsers of the engine share.

Tokens are read on demand, because search words have lexical rules of their own. White space is a property of the token
behind it; who reads says where the grammar allows it. Subclassed by parser; used by search_parser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from api.odata.language.literals import Kind
from api.odata.language.tokens import Decoded, T, Token, token_at
from api.odata.language.vocabulary import EVERYTHING, Role, Vocabulary
from models.errors import LimitProblem, SyntaxProblem, Unsupported

LARGEST = 2**63 - 1
Part = TypeVar("Part")


@dataclass
class Budget:
    """How many nodes one request may still have, over all its expressions, and how deep one may nest. `vocabulary`:
    the names that there are."""

    nodes: int
    depth: int
    vocabulary: Vocabulary = EVERYTHING


def whole(digits: str) -> int:
    """The number, or the largest where there are more digits than 64 bits hold: as a count it means the same."""
    digits = digits.lstrip("0") or "0"
    return min(int(digits), LARGEST) if len(digits) < 20 else LARGEST


class Cursor:
    """One pass over the tokens of one text. `depth` counts what is open, `encoded` has the places of characters that
    were percent-encoded."""

    def __init__(self, text: str, budget: Budget, target: str | None, *, begin: int = 0) -> None:
        self.text, self.budget, self.target = str(text), budget, target
        self.encoded = text.encoded if isinstance(text, Decoded) else frozenset[int]()
        self.vocabulary = budget.vocabulary
        self.tokens = [token_at(self.text, begin, target)]
        self.index = 0
        self.depth = 0
        self.refused: Unsupported | None = None
        if self.blank and self.token.type is not T.END:
            raise self.failure("White space at the beginning", place=0)

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.index] if self.index < len(self.tokens) else self._token(self.index)

    def peek(self) -> Token:
        """The token after the next one."""
        return self._token(self.index + 1)

    def look(self, ahead: int) -> Token:
        """The token `ahead` of the next one."""
        return self._token(self.index + ahead)

    def _token(self, index: int) -> Token:
        while index >= len(self.tokens):
            last = self.tokens[-1]
            if last.type is T.END:
                return last
            self.tokens.append(token_at(self.text, last.end, self.target))
        return self.tokens[index]

    def take(self) -> Token:
        """The next token, consumed."""
        token = self.token
        if token.type is not T.END:
            self.index += 1
        return token

    @property
    def place(self) -> int:
        """Where the last token that was consumed ends."""
        return self.tokens[self.index - 1].end if self.index else 0

    def go_on_at(self, place: int) -> None:
        """Read tokens from `place` on: something that is no sequence of tokens has been read up to there."""
        del self.tokens[self.index :]
        self.tokens.append(Token(T.MARK, "", place, place, spaced=False))
        self.index += 1

    @property
    def blank(self) -> bool:
        """Whether white space comes next that is not part of a JSON bracket: those that open take any before them."""
        return self.token.spaced and not (self.token.type is T.MARK and self.token.text in ("[", "{"))

    def at(self, mark: str, *, tight: bool = False) -> bool:
        """Whether the next token is that mark; `tight`: without white space before it."""
        token = self.token
        return token.type is T.MARK and token.text == mark and not (tight and self.blank)

    def accept(self, mark: str, *, tight: bool = False) -> bool:
        """Consume the mark if it is next; `tight`: with no white space on either side."""
        if not self.at(mark, tight=tight):
            return False
        self.take()
        if tight:
            self.no_space()
        return True

    def expect(self, mark: str, *, tight: bool = False) -> None:
        """Consume the mark, or raise SyntaxProblem; `tight`: without white space before it."""
        if not self.at(mark, tight=tight):
            raise self.failure(f"Expected {mark!r}")
        self.take()

    def enclosed(self, read: Callable[[], Part], *, tight: bool = False) -> Part:
        """`( ... )`, with no white space before it; `tight`: nor inside. One more level of nesting."""
        self.expect("(", tight=True)
        if tight:
            self.no_space()
        with self.deeper():
            found = read()
        self.expect(")", tight=tight)
        return found

    def separated(self, read: Callable[[], Part], mark: str = ",", *, tight: bool = False) -> tuple[Part, ...]:
        """One or more parts between marks, to the first thing that is neither; `tight`: no white space at the marks."""
        found = [read()]
        while self.accept(mark, tight=tight):
            found.append(read())
        return tuple(found)

    def no_space(self) -> None:
        """Raise SyntaxProblem where white space comes next."""
        if self.blank:
            raise self.failure("Unexpected white space", place=self.place)

    def need_space(self, token: Token) -> None:
        """Operators stand between white space (`RWS` of the grammar)."""
        if not token.spaced:
            raise self.failure("Expected white space", place=token.start)

    def keyword(self, word: str, *, any_case: bool = False) -> bool:
        """Consume that word, and check the white space around it, if it is next."""
        token = self.token
        text = token.text.lower() if any_case else token.text
        if token.type is not T.WORD or text != word or not token.spaced:
            return False
        self.take()
        self.need_space(self.token)
        return True

    def identifier(self, *roles: Role) -> str:
        """A simple name in one of these roles, or in any when none is given."""
        token = self.token
        if token.type is not T.WORD or (roles and not self.vocabulary.any_of(roles, token.text)):
            raise self.failure("Expected a name")
        return self.take().text

    def whole_number(self) -> int:
        """Digits alone; more than 64 bits count as the largest number."""
        is_number = self.token.type is T.LITERAL and self.token.kind is Kind.DOUBLE
        if not (is_number and self.token.text.isdigit()):
            raise self.failure("Expected a whole number, 0 or more")
        return whole(self.take().text)

    def end(self) -> None:
        """Raise SyntaxProblem unless everything has been read."""
        if self.token.type is not T.END:
            raise self.failure("Expected an operator or the end")
        if self.blank:
            raise self.failure("White space at the end", place=self.place)
        if self.refused is not None:
            raise self.refused

    def refuse(self, feature: str, place: int, hint: str | None = None) -> None:
        """Something valid that is not offered and has no node of its own: `end` raises it, when all has been read."""
        message = f"This service does not offer {feature}."
        found = Unsupported(message, hint=hint, target=self.target, position=place)
        self.refused = self.refused or found

    def failure(self, message: str, *, hint: str | None = None, place: int | None = None) -> SyntaxProblem:
        """The error to raise at the next token; it says what stands there, but never a literal's value."""
        token = self.token
        what = {T.LITERAL: "a literal", T.FOREIGN: "a literal", T.JSON: "a JSON text", T.END: "the end"}
        found = what.get(token.type, repr(token.text[:64]))
        position = token.start if place is None else place
        return SyntaxProblem(f"{message}; found {found}.", hint=hint, target=self.target, position=position)

    def spend(self) -> None:
        """Count one node. Raises LimitProblem when the request has too many."""
        self.budget.nodes -= 1
        if self.budget.nodes < 0:
            raise LimitProblem("The request's expressions have too many parts.", target=self.target)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One more level of nesting. Raises LimitProblem when there are too many."""
        self.depth += 1
        if self.depth > self.budget.depth:
            raise self.too_deep()
        yield
        self.depth -= 1

    def too_deep(self) -> LimitProblem:
        """The error for one level of nesting too many."""
        message = f"The expression is nested more than {self.budget.depth} deep."
        return LimitProblem(message, target=self.target, position=self.token.start)

    def allowed(self, roles: Iterable[Role], name: str) -> bool:
        """Whether the name, perhaps with a namespace, may have one of the roles."""
        return self.vocabulary.any_of(roles, name)
