"""Tokens -> syntax tree: a Pratt parser for the expressions of OData URL Conventions 4.01, section 5.1.1.

Everything that the OASIS grammar calls an expression parses; what the service does not offer becomes a `Foreign`
node, so that the binder answers 501 only to what is well written. Nesting and size are limited here, so that no
text can exhaust the stack. Called by options, the parsers of single options and resource_path.
"""

from __future__ import annotations

from api.odata.language import members
from api.odata.language.cursor import LARGEST, Budget, Cursor, whole
from api.odata.language.foreign_literals import feature_of, is_enumeration, is_well_written
from api.odata.language.literals import EXAMPLES, NUMERIC, Kind, fits, number_kind
from api.odata.language.syntax import (
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
from api.odata.language.tokens import T, Token
from models.errors import ValueProblem

__all__ = ["LARGEST", "Budget", "Parser", "order_items", "parse_expression", "parse_order", "whole"]


def parse_expression(text: str, budget: Budget, target: str | None = None) -> Expression:
    """One whole expression (`commonExpr`). Raises SyntaxProblem and LimitProblem with the place."""
    parser = Parser(text, budget, target)
    found = parser.expression()
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
    return parser.separated(lambda: _order_item(parser))


def _order_item(parser: Parser) -> OrderItem:
    expression = parser.expression()
    word = parser.token.text.lower()
    if parser.token.type is not T.WORD or word not in ("asc", "desc"):
        return OrderItem(expression, descending=False)
    parser.need_space(parser.token)
    parser.take()
    return OrderItem(expression, descending=word == "desc")


class Parser(Cursor):
    """The cursor, with expressions. `_heights` counts the trees below what is being read, `_chain` what the operators
    before the next one allow."""

    def __init__(self, text: str, budget: Budget, target: str | None, *, begin: int = 0) -> None:
        super().__init__(text, budget, target, begin=begin)
        self._heights: dict[int, int] = {}
        self._chain = _Chain()

    def made(self, node: Expression, *below: Expression) -> Expression:
        """`node`, counted, with its height checked. Raises LimitProblem."""
        height = 1 + max((self._heights.pop(id(child), 1) for child in below), default=0)
        self._heights[id(node)] = height
        self.spend()
        if height + self.depth > self.budget.depth + 1:
            raise self.too_deep()
        return node

    def expression(self) -> Expression:
        """One expression, whose operators are its own."""
        around, self._chain = self._chain, _Chain()
        found = self._operation(0)
        self._chain = around
        return found

    def _operation(self, power: int) -> Expression:
        """An expression whose operators bind at least with `power`."""
        self.depth += 1
        if self.depth > self.budget.depth:
            raise self.too_deep()
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

    def _operator(self, power: int) -> None:
        if not self._chain.takes(power):
            hint = "Put what is before it in brackets."
            raise self.failure("After 'has' and lists only 'and' and 'or' may follow", hint=hint)
        self.need_space(self.take())
        self.need_space(self.token)

    def _after(self, operator: str, power: int, left: Expression, begin: int) -> Expression:
        """The rest of a binary expression, of which `left` has been read; it began at `begin`."""
        start = self.token.start
        if operator in ("and", "or"):
            operands = [left]
            while self.token.type is T.WORD and self.token.text.lower() == operator:
                self._operator(power)
                operands.append(self._operation(power + 1))
            return self.made(Junction(operator, tuple(operands), start), *operands)
        self._operator(power)
        if operator == "in":
            choices = self._choices()
            return self.made(Membership(left, choices, start), left, choices)
        if operator == "has":
            self._enumeration()
            self._chain.is_closed = True
            return self.made(Foreign("has", self.text[begin : self.place], begin), left)
        right = self._operation(power + 1)
        return self.made(Infix(operator, left, right, start), left, right)

    def _enumeration(self) -> None:
        """What follows `has`: an enumeration literal, perhaps without its type."""
        token = self.token
        if token.type is T.LITERAL and token.kind is Kind.STRING:
            is_right = is_enumeration(token.text, self.vocabulary)
        else:
            is_right = token.type is T.FOREIGN and feature_of(token.text) == "enumeration literals"
            is_right = is_right and is_well_written(token.text, self.vocabulary)
        if not is_right:
            raise self.failure("Expected an enumeration literal", hint="Write Namespace.Type'Member'.")
        self.take()
        self.spend()

    def _choices(self) -> Expression:
        """What follows `in`: a list of literals in brackets, or an expression."""
        begin, start = self.index, self.token.start
        if self.accept("("):
            if self.accept(")"):
                self._chain.is_closed = True
                return self.made(Items((), True, start))
            items: list[Expression] = []
            while (literal := self.literal()) is not None:
                items.append(literal)
                if self.accept(")"):
                    self._chain.is_closed = True
                    return self.made(Items(tuple(items), True, start), *items)
                if not self.accept(","):
                    break
            if len(items) > 1 or (items and self.tokens[self.index - 1].text == ","):
                raise self.failure("Expected a literal, ',' or ')' in the list")
            self.index = begin  # an expression in brackets after all
        return self._operation(POWERS["in"] + 1)

    def _first(self) -> Expression:
        """What an expression can begin with."""
        token = self.token
        if token.type is T.MARK and token.text in _BRACKETS:
            return _BRACKETS[token.text](self)
        if token.type is T.WORD and token.text.lower() == "not" and self._negates():
            self.take()
            self._chain.prefix()
            operand = self._operation(POWERS["not"])
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
            feature = feature_of(token.text)
            if not is_well_written(token.text, self.vocabulary):
                raise self.failure(f"Expected {feature} as OData writes them")
            self.take()
            return self.made(Foreign(feature, token.text, token.start))
        kind = token.kind if token.type is T.LITERAL else self.named_literal(token)
        if kind is None:
            return None
        if kind in NUMERIC:
            kind = number_kind(token.text)
        elif not fits(kind, token.text):
            raise self.failure(f"A literal is no {kind.value}", hint=f"Write it as {EXAMPLES[kind]}.")
        self.take()
        return self.made(Literal(kind, token.text, token.start))

    def named_literal(self, token: Token) -> Kind | None:
        """The kind of a literal that is a word: `true`, `null`, `INF`."""
        if token.type is not T.WORD or self.peek().text in ("(", "/", "="):
            return None
        if token.text.lower() in ("true", "false"):
            return Kind.BOOLEAN
        return {"null": Kind.NULL, "INF": Kind.DOUBLE, "NaN": Kind.DOUBLE}.get(token.text)

    def value(self) -> Expression:
        """An expression, or a text in double quotes (`valueInUrl`)."""
        if self.token.type is not T.JSON:
            return self.expression()
        token = self.token
        return self.made(Literal(Kind.STRING, self._json_text(), token.start))

    def _json_text(self) -> str:
        text = members.json_text(self.token.text)
        if text is None:
            raise self.failure("A JSON text is not well written")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            message = "A JSON text has half of a surrogate pair."
            raise ValueProblem(message, target=self.target, position=self.token.start) from None
        self.take()
        return text

    def brackets(self) -> Expression:
        """`( expression )`."""
        self.expect("(")
        inner = self.expression()
        self.expect(")")
        return inner

    def minus(self) -> Expression:
        """`- expression`."""
        start = self.take().start
        self._chain.prefix()
        operand = self._operation(POWERS["-"])
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
            if self.token.type is not T.JSON:
                raise self.failure("Expected a member name in double quotes")
            self._json_text()
            self.expect(":")
            inside.append(self.value())
        source = self.text[start : self.place]
        return self.made(Foreign("JSON objects", source, start), *inside)

    def alias(self, token: Token) -> Expression:
        """`@p`."""
        return self.made(Alias(token.text, token.start))


_BRACKETS = {"(": Parser.brackets, "[": Parser.array, "{": Parser.object, "-": Parser.minus}


class _Chain:
    """The operators of one expression, from left to right, as the grammar nests them.

    Its rule lets an operand be followed by one arithmetic operator, one comparison and one `and` or `or`, and the
    right side of each is a whole expression again. So what follows an ordinary operand always belongs to that
    operand. After `has` and after a list in brackets only `and` and `or` do; other operators need something further
    left that still may take them: a prefix takes any, an arithmetic operator a comparison.
    """

    def __init__(self) -> None:
        self.is_closed = False
        self._open: list[bool] = []  # what began further left; True: a prefix, so that arithmetic may follow too

    def prefix(self) -> None:
        """`not` or `-`."""
        self._open.append(True)

    def takes(self, power: int) -> bool:
        """Whether an operator of that power may come now; if so, it has come."""
        is_logical, is_arithmetic = power <= POWERS["and"], POWERS["add"] <= power <= POWERS["mul"]
        if self.is_closed and not is_logical:
            while self._open and is_arithmetic and not self._open[-1]:
                self._open.pop()
            if not self._open:
                return False
            self._open.pop()
        if is_arithmetic:
            self._open.append(False)
        self.is_closed = False
        return True
