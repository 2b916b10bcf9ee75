"""The raw query string -> QueryOptions: every option read and checked for itself, no names resolved.

Names work with or without `$` and in any case (OData 4.01). An option that is not OData's is tolerated and not kept:
it may be a key. An option that the service does not offer answers 501, an unknown `$option` 400. Called by service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from api.odata.exchange import Limits
from api.odata.language.apply_parser import parse_apply, parse_compute
from api.odata.language.expand_parser import parse_expand, parse_select
from api.odata.language.parser import Budget, parse_expression, parse_order, whole
from api.odata.language.query_syntax import ComputeItem, ExpandItem, SearchTerm, Sequence
from api.odata.language.search_parser import parse_search
from api.odata.language.suggestions import did_you_mean
from api.odata.language.syntax import Expression, OrderItem, SelectItem
from api.odata.language.tokens import decode, decode_for_parsers, split_query
from api.odata.language.vocabulary import EVERYTHING, Role, Vocabulary
from models.errors import LimitProblem, NameProblem, SyntaxProblem, Unsupported

NOT_OFFERED = ("$deltatoken", "$id", "$index")
_ONLY_WITH_DOLLAR = ("$deltatoken", "$id", "$index", "$skiptoken")
"""Without the dollar sign these are somebody's own options: for the tokens the grammar says so, the others would be
taken from too many."""
_EITHER = ("id", "index")
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


def read_options(query: str, limits: Limits | None = None, vocabulary: Vocabulary = EVERYTHING) -> QueryOptions:
    """Options of a query string, without `?`, still percent-encoded.

    Raises SyntaxProblem, NameProblem, LimitProblem, and Unsupported when all the rest is well written; `target` is the
    option, `position` the character in its decoded value.
    """
    limits = limits or Limits()
    reading = _Reading(Budget(limits.max_nodes, min(limits.max_depth, DEEPEST), vocabulary))
    for written, raw in split_query(query):
        try:
            _read_part(written, raw, reading)
        except Unsupported as refusal:
            reading.refused = reading.refused or refusal
    if reading.refused is not None:
        raise reading.refused
    given = {name.removeprefix("$"): value for name, value in reading.found.items()}
    return replace(QueryOptions(aliases=reading.aliases), **given)


@dataclass
class _Reading:
    """The options of a query string as they are read. `refused`: the first that is valid and not offered."""

    budget: Budget
    found: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, Expression] = field(default_factory=dict)
    refused: Unsupported | None = None


def _read_part(written: str, raw: str | None, reading: _Reading) -> None:
    if written.startswith("@"):
        _read_alias(written, raw, reading)
        return
    name = _system_name(written)
    if name is None:
        _check_own(written, raw, reading.budget)
        return
    if name in reading.found:
        raise SyntaxProblem(f"The query option {name} is given twice.", target=name)
    if raw is None:
        raise SyntaxProblem(f"The query option {name} has no value.", target=name, position=0)
    reading.found[name] = None  # given, even when its value turns out to be one that is not offered
    value = _READERS[name](decode_for_parsers(raw, name), reading.budget, name)
    reading.found[name] = value


def _system_name(written: str) -> str | None:
    """`$name` of a system query option, None for somebody's own. Raises NameProblem for `$anything` else."""
    name = f"${written.removeprefix('$').lower()}"
    if name in _READERS:
        return None if name in _ONLY_WITH_DOLLAR and not written.startswith("$") else name
    if written.startswith("$"):
        hint = did_you_mean(name, _READERS)
        raise NameProblem(f"There is no query option {written[:64]!r}.", hint=hint, target=written[:64])
    return None


def _check_own(name: str, raw: str | None, budget: Budget) -> None:
    """An option that is not OData's passes, unless it was said which there are."""
    vocabulary = budget.vocabulary
    if vocabulary.allows(Role.CUSTOM_OPTION, name):
        return
    if raw and vocabulary.knows(Role.PARAMETER) and vocabulary.allows(Role.PARAMETER, name):
        parse_expression(decode_for_parsers(raw), budget)  # an implicit parameter alias (11.5.4.1.1)
        return
    form = _FORMS[f"${name.lower()}"] if name.lower() in _EITHER else None
    if form is None or not form.fullmatch(decode(raw or "")):
        raise SyntaxProblem("There is no such query option.", target=name[:64])


_ALIAS = re.compile(r"@[^\W\d]\w{0,127}")


def _read_alias(name: str, raw: str | None, reading: _Reading) -> None:
    """`@p=value`. No option of anybody else begins with `@` (protocol, 11.2.1)."""
    if not _ALIAS.fullmatch(name):
        hint = "Parameter aliases are written @name; options of your own begin with neither @ nor $."
        raise SyntaxProblem("This is no parameter alias.", hint=hint, target=name[:64])
    if name in reading.aliases:
        raise SyntaxProblem(f"The parameter alias {name} is given twice.", target=name)
    if not raw:
        raise SyntaxProblem(f"The parameter alias {name} has no value.", target=name, position=0)
    reading.aliases[name] = parse_expression(decode_for_parsers(raw, name), reading.budget, name)


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


_FORMS = {
    "$deltatoken": re.compile(r".+", re.DOTALL),
    "$format": re.compile(r"atom|json|xml|[^/]+/[^/]+", re.IGNORECASE | re.DOTALL),
    "$id": re.compile(r".+", re.DOTALL),
    "$index": re.compile(r"-?[0-9]+"),
    "$schemaversion": re.compile(r"\*|[A-Za-z0-9._~-]+"),
    "$skiptoken": re.compile(r".+", re.DOTALL),
}


def _plain(text: str, _budget: Budget, target: str) -> str:
    """A value that is read elsewhere; here only its form is checked."""
    if not _FORMS[target].fullmatch(text):
        raise SyntaxProblem(f"{target} is not well written.", target=target, position=0)
    return str(text)


def _not_offered(text: str, budget: Budget, target: str) -> None:
    _plain(text, budget, target)
    raise Unsupported(f"This service does not offer the query option {target}.", target=target)


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
    "$format": _plain,
    "$skiptoken": _plain,
    "$schemaversion": _plain,
    **dict.fromkeys(NOT_OFFERED, _not_offered),
}
