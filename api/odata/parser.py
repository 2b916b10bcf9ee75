"""Tokens -> syntax tree: a Pratt parser for the expressions of OData URL Conventions 4.01, section 5.1.1.

Everything that the OASIS grammar calls an expression parses; what the service does not offer becomes a `Foreign`
node, so that the binder answers 501 only to what is well written. Nesting and size are limited here, so that no
text can exhaust the stack. Called by options and resource_path.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from api.odata import members
from api.odata.literals import EXAMPLES, NUMERIC, Kind, fits, number_kind
from api.odata.syntax import (
    POWERS,
    Alias,
    Expression,
    Foreign,
    Infix,
    Items,
    Junction,
    Literal,
    Membership,
    OrderItem,
    Prefix,
)
from api.odata.tokens import T, Token, token_at
from models.errors import LimitProblem, SyntaxProblem


@dataclass
class Budget:
    """How many nodes one request may still have, over all its expressions, and how deep one may nest."""

    nodes: int
    depth: int


def parse_expression(text: str, budget: Budget, target: str | None = None) -> Expression:
    """One whole expression (`commonExpr`). Raises SyntaxProblem and LimitProblem with the place."""
    parser = Parser(text, budget, target)
    found = parser.expression()
    parser.end()
    return found


def parse_value(text: str, budget: Budget, target: str | None = None) -> Expression:
    """The value of a parameter alias: an expression, JSON array or object (`parameterValue`)."""
    parser = Parser(text, budget, target)
    found = parser.value()
    parser.end()
    return found


def parse_order(text: str, budget: Budget, target: str | None = None) -> tuple[OrderItem, ...]:
    """The terms of `$orderby`; white space around the commas is tolerated."""
    parser = Parser(text, budget, target)
    found = order_items(parser)
    parser.end()
    return found


def order_items(parser: Parser) -> tuple[OrderItem, ...]:
    """Terms between commas, to the first thing that is neither."""
    found = []
    while True:
        expression, descending = parser.expression(), False
        word = parser.token.text.lower()
        if parser.token.type is T.WORD and word in ("asc", "desc"):
            parser.need_space(parser.token)
            parser.take()
            descending = word == "desc"
        found.append(OrderItem(expression, descending))
        if not parser.accept(","):
            return tuple(found)


LARGEST = 2**63 - 1


def whole(digits: str) -> int:
    """The number, or the largest where there are more digits than 64 bits hold: as a count it means the same."""
    digits = digits.lstrip("0") or "0"
    return min(int(digits), LARGEST) if len(digits) < 20 else LARGEST


class Parser:
    """One pass over the tokens of one text, which are read as they are needed: search words have their own rules.
    `depth` counts the calls that are open, `heights` the trees below them."""

    def __init__(self, text: str, budget: Budget, target: str | None, *, begin: int = 0) -> None:
        self.text, self.budget, self.target = text, budget, target
        self.tokens = [token_at(text, begin, target)]
        self.index = 0
        self.depth = 0
        self._heights: dict[int, int] = {}
        if self.token.spaced and self.token.type is not T.END:
            raise self.failure("White space at the beginning", place=0)

    @property
    def token(self) -> Token:
        """The next token."""
        return self._token(self.index)

    def peek(self) -> Token:
        """The token after the next one."""
        return self._token(self.index + 1)

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

    def _token(self, index: int) -> Token:
        while index >= len(self.tokens):
            last = self.tokens[-1]
            if last.type is T.END:
                return last
            self.tokens.append(token_at(self.text, last.end, self.target))
        return self.tokens[index]

    def at(self, mark: str, *, tight: bool = False) -> bool:
        """Whether the next token is that mark; `tight`: without white space before it."""
        token = self.token
        return token.type is T.MARK and token.text == mark and not (tight and token.spaced)

    def accept(self, mark: str) -> bool:
        """Consume the mark if it is next."""
        if not self.at(mark):
            return False
        self.take()
        return True

    def expect(self, mark: str) -> None:
        """Consume the mark, or raise SyntaxProblem."""
        if not self.accept(mark):
            raise self.failure(f"Expected {mark!r}")

    def open(self) -> None:
        """Consume `(`, which has no white space before it."""
        if not self.at("(", tight=True):
            raise self.failure("Expected '('")
        self.take()

    def identifier(self) -> str:
        """A simple name."""
        if self.token.type is not T.WORD:
            raise self.failure("Expected a name")
        return self.take().text

    def whole_number(self) -> int:
        """Digits alone; more than 64 bits count as the largest number."""
        if self.token.type is not T.LITERAL or not (self.token.text.isascii() and self.token.text.isdigit()):
            raise self.failure("Expected a whole number, 0 or more")
        return whole(self.take().text)

    def end(self) -> None:
        """Raise SyntaxProblem unless everything has been read."""
        if self.token.type is not T.END:
            raise self.failure("Expected an operator or the end")
        if self.token.spaced:
            raise self.failure("White space at the end", place=len(self.text.rstrip(" \t")))

    def need_space(self, token: Token) -> None:
        """Operators stand between white space (`RWS` of the grammar)."""
        if not token.spaced:
            raise self.failure("Expected white space", place=token.start)

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
        """One more level of nesting, counted. Raises LimitProblem when there are too many."""
        self.spend()
        self.depth += 1
        if self.depth > self.budget.depth:
            raise self._too_deep()
        yield
        self.depth -= 1

    def made(self, node: Expression, *below: Expression) -> Expression:
        """`node`, counted, with its height checked. Raises LimitProblem."""
        height = 1 + max((self._heights.pop(id(child), 1) for child in below), default=0)
        self._heights[id(node)] = height
        self.spend()
        if height + self.depth > self.budget.depth + 1:
            raise self._too_deep()
        return node

    def _too_deep(self) -> LimitProblem:
        message = f"The expression is nested more than {self.budget.depth} deep."
        return LimitProblem(message, target=self.target, position=self.token.start)

    def expression(self, power: int = 0) -> Expression:
        """An expression whose operators bind at least with `power`."""
        self.depth += 1
        if self.depth > self.budget.depth:
            raise self._too_deep()
        begin = self.token.start
        left = self._first()
        while self.token.type is T.WORD:
            operator = self.token.text.lower()
            binds = POWERS.get(operator, -1) if operator != "not" else -1
            if binds < max(power, 0):
                break
            left = self._after(operator, binds, left, begin)
        self.depth -= 1
        return left

    def _operator(self) -> Token:
        token = self.take()
        self.need_space(token)
        self.need_space(self.token)
        return token

    def _after(self, operator: str, power: int, left: Expression, begin: int) -> Expression:
        """The rest of a binary expression, of which `left` has been read; it began at `begin`."""
        start = self.token.start
        if operator in ("and", "or"):
            operands = [left]
            while self.token.type is T.WORD and self.token.text.lower() == operator:
                self._operator()
                operands.append(self.expression(power + 1))
            return self.made(Junction(operator, tuple(operands), start), *operands)
        self._operator()
        if operator == "in":
            choices = self._choices()
            return self.made(Membership(left, choices, start), left, choices)
        right = self.expression(power + 1)
        if operator == "has":
            source = self.text[begin : self.place]
            return self.made(Foreign("has", source, begin), left, right)
        return self.made(Infix(operator, left, right, start), left, right)

    def _choices(self) -> Expression:
        """What follows `in`: a list of literals in brackets, or an expression."""
        begin, start = self.index, self.token.start
        if self.accept("("):
            if self.accept(")"):
                return self.made(Items((), True, start))
            items: list[Expression] = []
            while (literal := self.literal()) is not None:
                items.append(literal)
                if self.accept(")"):
                    return self.made(Items(tuple(items), True, start), *items)
                if not self.accept(","):
                    break
            if len(items) > 1 or (items and self.tokens[self.index - 1].text == ","):
                raise self.failure("Expected a literal, ',' or ')' in the list")
            self.index = begin  # an expression in brackets after all
        return self.expression(POWERS["in"] + 1)

    def _first(self) -> Expression:
        """What an expression can begin with."""
        token = self.token
        if token.type is T.MARK and token.text in _BRACKETS:
            return _BRACKETS[token.text](self)
        if token.type is T.WORD and token.text.lower() == "not" and self._negates():
            self.take()
            operand = self.expression(POWERS["not"])
            return self.made(Prefix("not", operand, token.start), operand)
        literal = self.literal()
        if literal is not None:
            return literal
        if token.type in (T.WORD, T.QUALIFIED, T.DOLLAR, T.AT):
            return members.member(self)
        if token.type is T.JSON:
            raise self.failure("Double quotes are for JSON arrays and objects only", hint="Text goes in single quotes.")
        raise self.failure("Expected a value, a name or '('")

    def _negates(self) -> bool:
        """`not` followed by an operand; `not(` without white space is tolerated, as every client writes it."""
        follower = self.peek()
        return (follower.spaced and follower.type is not T.END) or follower.text == "("

    def literal(self) -> Expression | None:
        """A primitive literal, if one is next."""
        token = self.token
        if token.type is T.FOREIGN:
            self.take()
            return self.made(Foreign(_literal_feature(token.text), token.text, token.start))
        kind = token.kind if token.type is T.LITERAL else self._named_literal(token)
        if kind is None:
            return None
        if kind in NUMERIC:
            kind = number_kind(token.text)
        elif not fits(kind, token.text):
            raise self.failure(f"A literal is no {kind.value}", hint=f"Write it as {EXAMPLES[kind]}.")
        self.take()
        return self.made(Literal(kind, token.text, token.start))

    def _named_literal(self, token: Token) -> Kind | None:
        if token.type is not T.WORD or self.peek().text in ("(", "/", "="):
            return None
        if token.text.lower() in ("true", "false"):
            return Kind.BOOLEAN
        return {"null": Kind.NULL, "INF": Kind.DOUBLE, "NaN": Kind.DOUBLE}.get(token.text)

    def value(self) -> Expression:
        """An expression, or a text in double quotes (`valueInUrl`)."""
        if self.token.type is not T.JSON:
            return self.expression()
        token = self.take()
        text = members.json_text(token.text)
        if text is None:
            self.index -= 1
            raise self.failure("A JSON text is not well written")
        return self.made(Literal(Kind.STRING, text, token.start))

    def brackets(self) -> Expression:
        """`( expression )`."""
        self.expect("(")
        inner = self.expression()
        self.expect(")")
        return inner

    def minus(self) -> Expression:
        """`- expression`."""
        start = self.take().start
        operand = self.expression(POWERS["-"])
        return self.made(Prefix("-", operand, start), operand)

    def array(self) -> Expression:
        """`[ value, ... ]`."""
        start = self.take().start
        items: list[Expression] = []
        while not self.accept("]"):
            if items:
                self.expect(",")
            items.append(self.value())
        return self.made(Items(tuple(items), False, start), *items)

    def object(self) -> Expression:
        """`{ "name": value, ... }`: read, and not offered."""
        start = self.take().start
        inside: list[Expression] = []
        while not self.accept("}"):
            if inside:
                self.expect(",")
            if self.token.type is not T.JSON or members.json_text(self.token.text) is None:
                raise self.failure("Expected a member name in double quotes")
            self.take()
            self.expect(":")
            inside.append(self.value())
        source = self.text[start : self.place]
        return self.made(Foreign("JSON objects", source, start), *inside)

    def alias(self, token: Token) -> Expression:
        """`@p`."""
        return self.made(Alias(token.text, token.start))


_BRACKETS = {"(": Parser.brackets, "[": Parser.array, "{": Parser.object, "-": Parser.minus}


def _literal_feature(text: str) -> str:
    prefix = text[: text.index("'")].lower()
    if "." in prefix:
        return "enumeration literals"
    return "binary literals" if prefix == "binary" else f"{prefix} literals"
