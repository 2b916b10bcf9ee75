"""Which part of the engine reads which rule of the OASIS grammar: `JUDGES` for the committee's own cases.

A judge takes the text of a case and the names that the case file allows for each name rule; it raises an error of our
tree where the engine refuses. Rules that no request to this service can hold are in `OUT_OF_SCOPE`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from api.odata.language.foreign_literals import is_enumeration, is_spatial, is_well_written
from api.odata.language.literals import Kind, fits
from api.odata.language.options import read_options
from api.odata.language.parser import Budget, parse_expression
from api.odata.language.path_parser import parse_segments, require_options
from api.odata.language.syntax import Expression, Foreign, Literal, Name
from api.odata.language.tokens import decode
from api.odata.language.vocabulary import EVERYTHING, Role, Vocabulary
from api.odata.protocol.batch import REQUEST_ID
from api.odata.protocol.header_fields import elements
from api.odata.protocol.preferences import preferences
from models.errors import SyntaxProblem

OUT_OF_SCOPE = ("context", "odataUri", "header")
"""Parts of answers, addresses with their host, and header lines: no option and no path of a request."""


@dataclass(frozen=True)
class Names:
    """The `Constraints` of a case file: name rule -> texts that it may match; other rules match every identifier."""

    rules: Mapping[str, frozenset[str]]

    @property
    def vocabulary(self) -> Vocabulary:
        """The same for the engine's parsers. Keys as path segments come to them decoded."""
        listed = {role: self.rules[role] for role in Role if role in self.rules}
        if Role.KEY_SEGMENT in listed:
            listed[Role.KEY_SEGMENT] = frozenset(map(decode, listed[Role.KEY_SEGMENT]))
        return Vocabulary(listed)


@dataclass(frozen=True)
class Case:
    """One case of the committee's files."""

    rule: str
    text: str
    is_valid: bool
    fails_at: int | None


def read_cases(file: Path) -> tuple[Names, list[Case]]:
    """The names and the cases of a file."""
    found = json.loads(file.read_text("utf-8"))
    names = Names({rule: frozenset(texts) for rule, texts in found["Constraints"].items()})
    cases = [
        Case(_SPELLINGS.get(case["Rule"], case["Rule"]), case["Input"], "FailAt" not in case, case.get("FailAt"))
        for case in found["TestCases"]
    ]
    return names, cases


_SPELLINGS = {"boolcommonExpr": "boolCommonExpr", "orderBy": "orderby"}
"""Rule names are case-insensitive."""
Judge = Callable[[str, Names], object]


def budget(vocabulary: Vocabulary = EVERYTHING) -> Budget:
    return Budget(2_000, 64, vocabulary)


def expression(text: str, names: Names) -> Expression:
    return parse_expression(decode(text), budget(names.vocabulary))


def _options(text: str, names: Names) -> None:
    read_options(text, vocabulary=names.vocabulary)


def _option(text: str, names: Names) -> None:
    """The rule of one option: there is no other one behind it."""
    if "&" in text:
        raise SyntaxProblem("more than one option")
    _options(text, names)


def _address(text: str, names: Names) -> None:
    """What follows the service root. A fragment stays with the client."""
    path, _, query = text.partition("#")[0].partition("?")
    segments = parse_segments(path, budget(names.vocabulary))
    require_options(segments, query)
    _options(query, names)


def _path(text: str, names: Names) -> None:
    parse_segments(text, budget(names.vocabulary))


def _literal(kind: Kind | None = None) -> Judge:
    def judge(text: str, names: Names) -> None:
        found = expression(text, names)
        is_right = isinstance(found, Literal | Foreign) and kind is None
        if not is_right and not (isinstance(found, Literal) and found.kind is kind):
            raise SyntaxProblem("no such literal")

    return judge


def _identifier(text: str, _names: Names) -> None:
    if not isinstance(parse_expression(decode(text), budget()), Name):
        raise SyntaxProblem("no name")


def _fitting(*kinds: Kind) -> Judge:
    def judge(text: str, _names: Names) -> None:
        if not any(fits(kind, text) for kind in kinds):
            raise SyntaxProblem("no such value")

    return judge


def _enumeration(text: str, names: Names) -> None:
    if not is_enumeration(text, names.vocabulary):
        raise SyntaxProblem("no such value")


def _small_letters(text: str, names: Names) -> None:
    """Values outside of URLs are written in small letters."""
    if not text.islower():
        raise SyntaxProblem("no such value")
    _fitting(Kind.BOOLEAN)(text, names)


def _any_value(text: str, names: Names) -> None:
    kinds = [kind for kind in Kind if kind not in (Kind.STRING, Kind.NULL) and fits(kind, text)]
    is_foreign = is_enumeration(text, names.vocabulary) or is_spatial(text)
    if not kinds and not is_foreign and not is_well_written(f"binary'{text}'", names.vocabulary):
        raise SyntaxProblem("no such value")


_PREFERENCE = re.compile(r"(odata\.)?[a-z-]+")


def _preference(text: str, _names: Names) -> None:
    """One preference with a name and perhaps a value; what is not well written is ignored, as RFC 7240 has it."""
    (found,) = elements(text)
    applied = preferences({"prefer": text}, 1_000).applied
    is_offered = found.name.removeprefix("odata.") in ("maxpagesize", "omit-values")
    if not _PREFERENCE.fullmatch(found.name) or (is_offered and found.value not in ("defaults",) and not applied):
        raise SyntaxProblem("ignored")


def _annotations(text: str, _names: Names) -> None:
    """Never honoured, well written or not."""
    if not preferences({"prefer": text}, 1_000).applied:
        raise SyntaxProblem("ignored")


def _header(text: str, names: Names) -> None:
    name, _, value = text.partition(":")
    if name.lower() != "prefer":
        raise SyntaxProblem("another header")
    for part in elements(value):
        _preference(part.word, names)


def _request_id(text: str, _names: Names) -> None:
    if not REQUEST_ID.fullmatch(text):
        raise SyntaxProblem("no identifier of a request in a batch")


def _within(before: str, after: str, judge: Judge) -> Judge:
    return lambda text, names: judge(f"{before}{text}{after}", names)


_SHAPES = ("Collection", "LineString", "MultiLineString", "MultiPoint", "MultiPolygon", "Point", "Polygon")
JUDGES: dict[str, Judge] = {
    **dict.fromkeys(
        ("commonExpr", "boolCommonExpr", "notExpr", "isofExpr", "firstMemberExpr", "propertyPathExpr"), expression
    ),
    "anyExpr": _within("Products/", "", expression),
    "stringInUrl": _within("[", "]", expression),
    **dict.fromkeys(
        ("primitiveLiteral", "dateTimeOffsetLiteral", "dateTimeOffsetValueInUrl", "timeOfDayLiteral"), _literal()
    ),
    **dict.fromkeys(("durationLiteral", "stringLiteral", "enumLiteral", "binaryLiteral"), _literal()),
    **{
        f"{size}Literal": _literal()
        for size in ("decimal", "double", "single", "sbyte", "int16", "int32", "int64", "enum")
    },
    **{f"{space}{shape}": _literal() for space in ("geography", "geometry") for shape in _SHAPES},
    "boolean": _literal(Kind.BOOLEAN),
    "date": _literal(Kind.DATE),
    "guid": _literal(Kind.GUID),
    "null": _literal(Kind.NULL),
    "booleanValue": _small_letters,
    "dateValue": _fitting(Kind.DATE),
    "dateTimeOffsetValue": _fitting(Kind.INSTANT),
    "timeOfDayValue": _fitting(Kind.TIME),
    "durationValue": _fitting(Kind.DURATION),
    **{
        f"{size}Value": _fitting(Kind.DOUBLE)
        for size in ("decimal", "double", "single", "sbyte", "byte", "int16", "int32", "int64")
    },
    "enumValue": _enumeration,
    "primitiveValue": _any_value,
    "odataIdentifier": _identifier,
    **dict.fromkeys(("queryOptions", "systemQueryOption", "customQueryOption"), _options),
    **dict.fromkeys(("filter", "orderby", "select", "compute", "expand", "search", "skiptoken", "deltatoken"), _option),
    "searchExpr": _within("$search=", "", _option),
    "odataRelativeUri": _address,
    **dict.fromkeys(("resourcePath", "entitySetName"), _path),
    "functionParameter": _within("ProductsByColor(", ")", _path),
    "preference": _preference,
    "maxpagesizePreference": _preference,
    "includeAnnotationsPreference": _annotations,
    "prefer": _header,
    "request-id": _request_id,
}
