"""OData text -> the oracle's trees, so that examples can be written as text. A small reader of its own, not the engine's.

Reads what the examples and the recorded requests of clients hold: expressions with precedence, transformation
sequences, $search, $expand. Anything else raises ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import unquote

from tests.helpers import apply_syntax as syntax
from tests.helpers.apply_syntax import Computed, Expand, Item, Joined, Query, Rollup, Term, Without, Words
from tests.helpers.odata_oracle import Expr, column, literal, utc

Found = TypeVar("Found")
TOKEN = re.compile(
    r"\s*(?P<token>identity(?!\w)|'(?:[^']|'')*'|\"[^\"]*\"|\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?|\d+(?:\.\d+)?(?:e[+-]?\d+)?"
    r"|\$?[A-Za-z_][\w.]*(?:/\$?[A-Za-z_]\w*)*|[(),;=/*-])"
)
LEVELS = (("or",), ("and",), ("eq", "ne", "gt", "ge", "lt", "le"), ("add", "sub"), ("mul", "div", "divby", "mod"))
"""Binary operators, the loosest first (URL Conventions 5.1.1.17; eq and ne are read like the other comparisons)."""


def read_query(text: str) -> Query:
    """`Sales?$apply=...&$orderby=...`, as it stands in a URL or without the percent signs."""
    view, _, options = text.partition("?")
    found: dict[str, Any] = {}
    for part in options.split("&") if options else ():
        name, _, value = part.partition("=")
        found[name.lstrip("$")] = _OPTIONS[name.lstrip("$")](_Reader(unquote(value)))
    return Query(view, **found)


class _Reader:
    """Tokens, from the left."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        self.place = end = 0
        while end < len(text.rstrip()):
            found = TOKEN.match(text, end)
            if found is None:
                raise ValueError(text[end:])
            self.tokens.append(found["token"])
            end = found.end()

    @property
    def next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1]

    def accept(self, token: str) -> bool:
        found = self.next == token
        self.place += found
        return found

    def expect(self, token: str) -> None:
        if not self.accept(token):
            raise ValueError(f"expected {token!r} before {self.tokens[self.place :]}")

    def listed(self, read: Callable[[], Found]) -> tuple[Found, ...]:
        """One or more, between commas."""
        found = [read()]
        while self.accept(","):
            found.append(read())
        return tuple(found)

    def bracketed(self, read: Callable[[], Found]) -> Found:
        self.expect("(")
        found = read()
        self.expect(")")
        return found

    def expression(self, level: int = 0) -> Expr:
        if level == len(LEVELS):
            return self._unary()
        left = self.expression(level + 1)
        while self.next in LEVELS[level]:
            name = self.take()
            left = Expr(name, "", (left, self.expression(level + 1)))
        return left

    def _unary(self) -> Expr:
        if self.next in ("not", "-"):
            return Expr(self.take(), "", (self._unary(),))
        found = self._atom()
        if self.accept("in"):
            return Expr("in", "", (found, *self.bracketed(lambda: self.listed(self._atom))))
        return found

    def _atom(self) -> Expr:
        if self.next == "(":
            return self.bracketed(self.expression)
        token = self.take()
        if self.next == "(":
            arguments = self.bracketed(lambda: () if self.next == ")" else self.listed(self.expression))
            return Expr(token, "", arguments)
        return _literal(token) or column(token, "")

    def ordering(self) -> tuple[tuple[Expr, bool], ...]:
        def item() -> tuple[Expr, bool]:
            expr = self.expression()
            descending = self.accept("desc")
            self.accept("asc")
            return expr, descending

        return self.listed(item)

    def computed(self) -> tuple[Computed, ...]:
        def item() -> Computed:
            expr = self.expression()
            self.expect("as")
            return Computed(expr, self.take())

        return self.listed(item)

    def search(self) -> Term:
        """OR binds loosest, a blank is an AND."""
        found = [self._together()]
        while self.accept("OR"):
            found.append(self._together())
        return found[0] if len(found) == 1 else Joined("OR", tuple(found))

    def _together(self) -> Term:
        found = [self._term()]
        while self.next not in ("", ")", "OR"):
            self.accept("AND")
            found.append(self._term())
        return found[0] if len(found) == 1 else Joined("AND", tuple(found))

    def _term(self) -> Term:
        if self.accept("NOT"):
            return Without(self._term())
        return self.bracketed(self.search) if self.next == "(" else Words(self.take().strip('"'))

    def names(self) -> tuple[str, ...]:
        return self.listed(self.take)

    def expand(self) -> tuple[Expand, ...]:
        return self.listed(self._expanded)

    def _expanded(self) -> Expand:
        name, found = self.take(), dict[str, Any]()
        while self.accept("(" if not found else ";"):
            option = self.take().lstrip("$")
            self.expect("=")
            found[option] = _OPTIONS[option](self)
        if found:
            self.expect(")")
        return Expand(name, **found)

    def sequence(self) -> syntax.Sequence:
        found = [self._step()]
        while self.accept("/"):
            found.append(self._step())
        return tuple(found)

    def _step(self) -> syntax.Step:
        name = self.take()
        if name == "identity":
            return syntax.Identity()
        return self.bracketed(lambda: self._inside(name))

    def _inside(self, name: str) -> syntax.Step:
        if name in ("top", "skip"):
            return syntax.Cut(name, int(self.take()))
        if name.startswith(("top", "bottom")):
            amount = self.expression()
            self.expect(",")
            return syntax.Extremes(name, amount, self.expression())
        return _STEPS[name](self)

    def items(self) -> tuple[Item, ...]:
        return self.listed(self._item)

    def _item(self) -> Item:
        expr, method = self.expression(), None
        if self.accept("with"):
            method = self.take()
        self.expect("as")
        if method is not None:
            return Item(expr, method, self.take())
        path = expr.text.removesuffix("$count").rstrip("/")
        return Item(None, None, self.take(), path)

    def groupby(self) -> syntax.GroupBy:
        elements = self.bracketed(lambda: self.listed(self._element))
        return syntax.GroupBy(elements, self.sequence() if self.accept(",") else None)

    def _element(self) -> str | Rollup:
        name = self.take()
        return Rollup(self.bracketed(self.names)) if name == "rollup" else name


def _literal(token: str) -> Expr | None:
    if token[0] == "'":
        return literal(token, "s", token[1:-1].replace("''", "'"))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", token):
        return literal(token, "day", date.fromisoformat(token))
    if re.fullmatch(r"\d{4}-.*Z", token):
        return literal(token, "at", utc(datetime.fromisoformat(token)))
    if token[0].isdigit():
        if "e" in token:
            return literal(token, "f", float(token))
        return literal(token, "d", Decimal(token)) if "." in token else literal(token, "i", int(token))
    words = {"true": ("b", True), "false": ("b", False), "null": ("s", None)}
    return literal(token, *words[token]) if token in words else None


_STEPS: dict[str, Callable[[_Reader], syntax.Step]] = {
    "aggregate": lambda reader: syntax.Aggregate(reader.items()),
    "groupby": _Reader.groupby,
    "concat": lambda reader: syntax.Concat(reader.listed(reader.sequence)),
    "filter": lambda reader: syntax.Filter(reader.expression()),
    "search": lambda reader: syntax.Search(reader.search()),
    "compute": lambda reader: syntax.Compute(reader.computed()),
    "orderby": lambda reader: syntax.OrderBy(reader.ordering()),
}
_OPTIONS: dict[str, Callable[[_Reader], Any]] = {
    "apply": _Reader.sequence,
    "compute": _Reader.computed,
    "search": _Reader.search,
    "filter": _Reader.expression,
    "count": lambda reader: reader.take() == "true",
    "orderby": _Reader.ordering,
    "skip": lambda reader: int(reader.take()),
    "top": lambda reader: int(reader.take()),
    "select": _Reader.names,
    "expand": _Reader.expand,
}
