"""A query string or a path, still percent-encoded -> the same text with a placeholder for every literal: `<date>`.

What is written down is what stands on a list: words of the language, names in `known`, punctuation, white space. Any
other name becomes `<name1>`, the same one each time, so that the shape stays. Both functions read the whole text with
the parsers that answer requests and raise their CrisisError: who calls writes nothing down then. Pure; for api.edge.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate

from api.odata.exchange import Limits
from api.odata.language import aggregation, functions
from api.odata.language.cursor import Budget, Cursor
from api.odata.language.literals import Kind, number_kind, value_of
from api.odata.language.options import read_options
from api.odata.language.path_parser import parse_segments, split_path
from api.odata.language.path_syntax import Plain
from api.odata.language.query_syntax import SearchTerm, Together, Without, Words
from api.odata.language.search_parser import search_within
from api.odata.language.tokens import Decoded, T, Token, decode, decode_for_parsers, token_at, without_pluses
from models.errors import SyntaxProblem, Unsupported, ValueProblem

WORDS = frozenset(
    {
        *functions.OPERATORS,
        *functions.FUNCTIONS,
        *(part for name in functions.NOT_OFFERED for part in name.split(".")),
        *aggregation.TRANSFORMATIONS,
        *aggregation.TRANSFORMATIONS_NOT_OFFERED,
        *(part for name in aggregation.METHODS for part in name.split(".")),
        *(part for kind in Kind for part in kind.split(".")),
        *("and", "or", "not", "in", "has", "null", "asc", "desc", "any", "all", "cast", "isof", "case", "isdefined"),
        *("as", "with", "from", "rollup", "rolluprecursive", "keep", "start", "max", "it", "this", "these", "root"),
        *("filter", "select", "orderby", "top", "skip", "count", "expand", "search", "apply", "compute", "levels"),
        *("ref", "value", "metadata", "batch", "crossjoin", "all", "entity", "id", "each", "query", "preorder"),
    }
)
"""Words of the language; operators and options are known in any case."""
FORMATS = re.compile(
    r"json|xml|atom|application/xml|application/json(?:;(?:odata\.)?(?:metadata=(?:minimal|full|none)"
    r"|streaming=(?:true|false))|;IEEE754Compatible=(?:true|false)|;charset=utf-8)*",
    re.IGNORECASE | re.ASCII,
)
EXPRESSIONS = frozenset({"filter", "orderby", "select", "expand", "apply", "compute"})
WHOLE = {
    "top": "<int32>",
    "skip": "<int32>",
    "skiptoken": "<token>",
    "deltatoken": "<token>",
    "id": "<value>",
    "index": "<value>",
}
"""Options whose value is one literal."""
WRITTEN = {Kind.STRING: "string", Kind.DURATION: "duration"}
"""Kinds of literals that stand in quotes, which are kept."""
FOREIGN = ("binary", "geography", "geometry")
_NO_LITERAL = ("(", "/", "=")


@dataclass
class Names:
    """`known` may be written down; the others are numbered as they come, over path and query of one request."""

    known: frozenset[str]
    others: dict[str, str] = field(default_factory=dict)

    def shown(self, name: str, raw: str) -> str:
        """The name as it was written, or its placeholder."""
        if name in self.known or name.lower() in WORDS or name in WORDS:
            return raw
        return self.others.setdefault(name, f"<name{len(self.others) + 1}>")


def redacted_query(query: str, limits: Limits, names: Names) -> str:
    """Options in their order and spelling. Raises CrisisError for what the service itself could not read."""
    with suppress(Unsupported):  # well written, and of interest because it is not offered
        read_options(query, limits)
    spelled = without_pluses(query)
    made = "&".join(_option(part, limits, names) for part in spelled.split("&") if part)
    return made if spelled == query else made.replace("%20", "+")


def redacted_path(path: str, names: Names) -> str:
    """The segments below the service root. Raises CrisisError for what is no path."""
    plain = path.strip("/")
    if not plain:
        return path
    segments = parse_segments(plain, Budget(500, 50))
    shown = (
        "<segment>" if isinstance(segment, Plain) else _expression(raw, Limits(), names)
        for raw, segment in zip(split_path(plain), segments, strict=True)
    )
    begin, end = path.find(plain), len(path) - len(path.rstrip("/"))
    return "/" * begin + "/".join(shown) + "/" * end


def _option(part: str, limits: Limits, names: Names) -> str:
    written, equals, raw = part.partition("=")
    name = decode(written)
    if name.startswith("@"):
        return f"{_expression(written, limits, names)}={_expression(raw, limits, names)}"
    plain = name.removeprefix("$").lower()
    only_with_dollar = plain in ("skiptoken", "deltatoken", "id", "index")
    if only_with_dollar and not name.startswith("$"):
        plain = ""
    if plain in EXPRESSIONS:
        return f"{written}={_expression(raw, limits, names)}"
    if plain == "search":
        return f"{written}={_search_option(raw, limits)}"
    if plain in WHOLE:
        return f"{written}={WHOLE[plain]}"
    if plain in _KEPT:
        form, otherwise = _KEPT[plain]
        return f"{written}={raw if form.fullmatch(decode(raw)) else otherwise}"
    return "<option>=<value>" if equals else "<option>"


_KEPT = {
    "count": (re.compile("true|false", re.IGNORECASE), "<value>"),
    "format": (FORMATS, "<format>"),
    "schemaversion": (re.compile(r"\*"), "<version>"),
}
"""Options with a few values of their own, and what stands for any other."""


def _search_option(raw: str, limits: Limits) -> str:
    text = decode_for_parsers(raw)
    cursor = Cursor(text, _budget(limits), None, begin=len(text))
    return _search(search_within(cursor, 0), text)


def _budget(limits: Limits) -> Budget:
    return Budget(limits.max_nodes, limits.max_depth)


def _expression(raw: str, limits: Limits, names: Names) -> str:
    """Token by token, with the white space between them. Search words have rules of their own."""
    text = decode_for_parsers(raw)
    raw_of = _spans(raw, text)
    place, before, made = 0, ("", ""), []
    while True:
        token = token_at(text, place)
        made.append(raw_of(place, token.start))
        if token.type is T.END:
            return "".join(made)
        made.append(_token(token, text, raw_of, names))
        place = token.end
        if before[1].lower().removeprefix("$") == "search" and token.text in ("(", "="):
            cursor = Cursor(text, _budget(limits), None, begin=len(text))
            made.append(_search(search_within(cursor, place), text))
            place = cursor.place
        before = (before[1], token.text)


def _spans(raw: str, text: Decoded) -> Callable[[int, int], str]:
    """The raw text between two places of the decoded one."""
    lengths = (3 * len(one.encode()) if place in text.encoded else 1 for place, one in enumerate(text))
    places = list(accumulate(lengths, initial=0))
    if places[-1] != len(raw):
        raise SyntaxProblem("The text and what it was decoded from do not fit.")
    return lambda start, end: raw[places[start] : places[end]]


def _token(token: Token, text: str, raw_of: Callable[[int, int], str], names: Names) -> str:
    start, end = token.start, token.end
    match token.type:
        case T.LITERAL:
            return _literal(token, text, raw_of)
        case T.FOREIGN:
            prefix = token.text.partition("'")[0].lower()
            return f"<{prefix if prefix in FOREIGN else 'enumeration'}>"
        case T.JSON:
            return raw_of(start, start + 1) + "<text>" + raw_of(end - 1, end)
        case T.MARK:
            return raw_of(start, end)
    return _named(token, text, raw_of, names)


def _named(token: Token, text: str, raw_of: Callable[[int, int], str], names: Names) -> str:
    """Words, names with a namespace, `$it`, `@alias`, `@Namespace.Term#Qualifier`: part by part."""
    after = token_at(text, token.end).text if token.type is T.WORD else ""
    if after not in _NO_LITERAL:
        if token.text.lower() in ("true", "false"):
            return "<boolean>"
        if token.text in ("INF", "NaN"):
            return "<double>"
    made, place = [], token.start
    for part in re.split(r"([.$@#])", token.text):
        raw = raw_of(place, place + len(part))
        made.append(names.shown(part, raw) if part and part not in ".$@#" else raw)
        place += len(part)
    return "".join(made)


def _literal(token: Token, text: str, raw_of: Callable[[int, int], str]) -> str:
    """A placeholder of its kind. `!` marks a value that does not exist, such as 30 February: its answer is another."""
    kind = number_kind(token.text) if token.kind is Kind.DOUBLE else token.kind
    name = kind.value.removeprefix("Edm.").lower()
    try:
        value = value_of(kind, token.text)
    except ValueProblem:
        name += "!"
    else:
        name = f"{name} offset" if value.shifted else name
    if kind not in WRITTEN:
        return f"<{name}>"
    quote = text.index("'", token.start) + 1
    return f"{raw_of(token.start, quote)}<{name}>{raw_of(token.end - 1, token.end)}"


def _search(term: SearchTerm, text: str) -> str:
    """The operators of a search expression, with a placeholder for each word and phrase."""
    match term:
        case Words(_, place):
            return {'"': "%22<phrase>%22", "'": "%27<phrase>%27"}.get(text[place], "<word>")
        case Without(inner):
            return f"NOT%20{_search(inner, text)}"
        case Together(operator, terms):
            return "(" + f"%20{operator.upper()}%20".join(_search(inner, text) for inner in terms) + ")"
