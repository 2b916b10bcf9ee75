"""The raw query string -> QueryOptions: every option read and checked for itself, no names resolved.

Names work with or without `$` and in any case (OData 4.01). An option that is not OData's is tolerated and not kept:
it may be a key. An option that the service does not offer answers 501, an unknown `$option` 400. Called by service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from api.odata.apply_parser import parse_apply, parse_compute
from api.odata.exchange import Limits
from api.odata.expand_parser import parse_expand, parse_select
from api.odata.parser import Budget, parse_expression, parse_order, parse_value, whole
from api.odata.query_syntax import ComputeItem, ExpandItem, SearchTerm, Sequence
from api.odata.search_parser import parse_search
from api.odata.suggestions import did_you_mean
from api.odata.syntax import Expression, OrderItem, SelectItem
from api.odata.tokens import decode, split_query
from models.errors import LimitProblem, NameProblem, SyntaxProblem, Unsupported

NOT_OFFERED = ("$deltatoken", "$id", "$index")
_ONLY_WITH_DOLLAR = ("$deltatoken", "$id", "$index", "$skiptoken")
"""Without the dollar sign these are too likely somebody's own options."""
DEEPEST = 100
"""Whatever the setting says: deeper texts would come near the interpreter's own limit."""
MAX_ORDER_TERMS = 8


@dataclass(frozen=True)
class QueryOptions:
    """What a query string asks for. `select` None and `filter` None: not given. Expressions are bound later."""

    filter: Expression | None = None
    select: tuple[SelectItem, ...] | None = None
    orderby: tuple[OrderItem, ...] = ()
    top: int | None = None
    skip: int | None = None
    count: bool | None = None
    format: str | None = None
    skiptoken: str | None = None
    schemaversion: str | None = None
    aliases: Mapping[str, Expression] = field(default_factory=dict)
    apply: Sequence | None = None
    compute: tuple[ComputeItem, ...] = ()
    expand: tuple[ExpandItem, ...] = ()
    search: SearchTerm | None = None


def read_options(query: str, limits: Limits | None = None) -> QueryOptions:
    """Options of a query string, without `?`, still percent-encoded.

    Raises SyntaxProblem, NameProblem, LimitProblem and Unsupported; `target` is the option, `position` the character
    in its decoded value.
    """
    limits = limits or Limits()
    budget = Budget(limits.max_nodes, min(limits.max_depth, DEEPEST))
    found: dict[str, Any] = {}
    aliases: dict[str, Expression] = {}
    for written, raw in split_query(query):
        if written.startswith("@"):
            _read_alias(written, raw, aliases, budget)
            continue
        name = _system_name(written)
        if name is None:
            continue
        if name in NOT_OFFERED:
            _check_form(name, decode(raw or "", name))
            raise Unsupported(f"This service does not offer the query option {name}.", target=name)
        if name[1:] in found:
            raise SyntaxProblem(f"The query option {name} is given twice.", target=name)
        if raw is None:
            raise SyntaxProblem(f"The query option {name} has no value.", target=name, position=0)
        found[name[1:]] = _READERS[name](decode(raw, name), budget, name)
    return replace(QueryOptions(aliases=aliases), **found)


def _system_name(written: str) -> str | None:
    """`$name` of a system query option, None for somebody's own. Raises NameProblem for `$anything` else."""
    name = f"${written.removeprefix('$').lower()}"
    if name in _READERS or name in NOT_OFFERED:
        return None if name in _ONLY_WITH_DOLLAR and not written.startswith("$") else name
    if written.startswith("$"):
        hint = did_you_mean(name, (*_READERS, *NOT_OFFERED))
        raise NameProblem(f"There is no query option {written[:64]!r}.", hint=hint, target=written[:64])
    return None


_FORMS = {"$index": re.compile(r"-?\d+", re.ASCII)}


def _check_form(name: str, text: str) -> None:
    """An option that is not offered is refused as wrong (400) rather than missing (501) where that is easy to say."""
    if not text or (name in _FORMS and not _FORMS[name].fullmatch(text)):
        raise SyntaxProblem(f"{name} is not well written.", target=name, position=0)


_ALIAS = re.compile(r"@[^\W\d]\w{0,127}")


def _read_alias(name: str, raw: str | None, aliases: dict[str, Expression], budget: Budget) -> None:
    """`@p=value`. Parts that begin with @ and are no alias (`@odata.x=`) are somebody's own."""
    if not _ALIAS.fullmatch(name):
        return
    if name in aliases:
        raise SyntaxProblem(f"The parameter alias {name} is given twice.", target=name)
    if not raw:
        raise SyntaxProblem(f"The parameter alias {name} has no value.", target=name, position=0)
    aliases[name] = parse_value(decode(raw, name), budget, name)


def _order(text: str, budget: Budget, target: str) -> tuple[OrderItem, ...]:
    terms = parse_order(text, budget, target)
    if len(terms) > MAX_ORDER_TERMS:
        raise LimitProblem(f"More than {MAX_ORDER_TERMS} terms in $orderby.", target=target)
    return terms


def _number(text: str, _budget: Budget, target: str) -> int:
    """A whole number that is not negative; what exceeds 64 bits means all the same."""
    if not (text.isascii() and text.isdigit()):
        hint = "Write a whole number, 0 or more."
        raise SyntaxProblem(f"{target} is no whole number.", hint=hint, target=target, position=0)
    return whole(text)


def _flag(text: str, _budget: Budget, target: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise SyntaxProblem(f"{target} is true or false.", target=target, position=0)
    return text.lower() == "true"


_VERSION = re.compile(r"\*|[A-Za-z0-9._~-]+")
_FORMAT = re.compile(r"atom|json|xml|[^/\s]+/[^/\s]+", re.IGNORECASE)


def _matching(pattern: re.Pattern[str], text: str, target: str) -> str:
    if not pattern.match(text) or not text.isprintable():
        raise SyntaxProblem(f"{target} is not well written.", target=target, position=0)
    return text


def _token(text: str, _budget: Budget, target: str) -> str:
    if not text:
        raise SyntaxProblem(f"{target} is empty.", target=target, position=0)
    return text


_READERS: dict[str, Any] = {
    "$apply": parse_apply,
    "$compute": parse_compute,
    "$expand": parse_expand,
    "$search": parse_search,
    "$filter": parse_expression,
    "$select": parse_select,
    "$orderby": _order,
    "$top": _number,
    "$skip": _number,
    "$count": _flag,
    "$format": lambda text, _budget, target: _matching(_FORMAT, text, target),
    "$skiptoken": _token,
    "$schemaversion": lambda text, _budget, target: _matching(_VERSION, text, target),
}
