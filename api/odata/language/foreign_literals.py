"""Literals of types that no view has: binary, enumerations, geography and geometry. Exact by the OASIS grammar
(section 7), so that only what is well written answers 501. Pure; called by parser.
"""

from __future__ import annotations

import re

from api.odata.language.vocabulary import Role, Vocabulary

_CHAR = "[A-Za-z0-9_-]"
_BINARY = re.compile(
    rf"(?:{_CHAR}{{4}})*(?:{_CHAR}{{2}}[AEIMQUYcgkosw048]=?|{_CHAR}[AQgw](?:==)?)?"  # base64url, its last bits zero
)
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_NAME = re.compile(r"[^\W\d]\w{0,127}")

_NUMBER = r"(?:[+-]?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|(?-i:NaN|-INF|INF))"
_POSITION = rf"{_NUMBER} {_NUMBER}(?: {_NUMBER}){{0,2}}"
_POINT = rf"\({_POSITION}\)"
_LINE = rf"\({_POSITION}(?:,{_POSITION})+\)"
_RING = rf"\({_POSITION}(?:,{_POSITION})*\)"
_POLYGON = rf"\({_RING}(?:,{_RING})*\)"
_SHAPE = re.compile(
    rf"Point{_POINT}|LineString{_LINE}|Polygon{_POLYGON}"
    rf"|MultiPoint\((?:{_POINT}(?:,{_POINT})*)?\)"
    rf"|MultiLineString\((?:{_LINE}(?:,{_LINE})*)?\)"
    rf"|MultiPolygon\((?:{_POLYGON}(?:,{_POLYGON})*)?\)",
    re.IGNORECASE,
)
_SRID = re.compile(r"SRID=[0-9]{1,5};", re.IGNORECASE)
_COLLECTION = re.compile(r"GeometryCollection\(", re.IGNORECASE)


def feature_of(text: str) -> str:
    """What a literal with a prefix is called."""
    prefix = text[: text.index("'")].lower()
    if "." in prefix:
        return "enumeration literals"
    return "binary literals" if prefix == "binary" else f"{prefix} literals"


def is_well_written(text: str, vocabulary: Vocabulary) -> bool:
    """Whether `prefix'content'` is a literal of the grammar."""
    prefix, _, rest = text.partition("'")
    content = rest[:-1]
    if "." in prefix:
        return vocabulary.any_of((Role.ENUM_TYPE,), prefix) and is_enumeration(content, vocabulary)
    if prefix.lower() == "binary":
        return _BINARY.fullmatch(content) is not None
    return is_spatial(content)


def is_enumeration(content: str, vocabulary: Vocabulary) -> bool:
    """`Member`, `Member,Member`, `4`: what stands in the quotes."""
    for part in content.split(","):
        is_member = _NAME.fullmatch(part) is not None and vocabulary.allows(Role.ENUM_MEMBER, part)
        if not is_member and _WHOLE.fullmatch(part) is None:
            return False
    return True


def is_spatial(content: str) -> bool:
    """`SRID=0;Point(1 2)` and so on. Collections may hold collections: counted, not called."""
    begin = _SRID.match(content)
    place, depth = (begin.end(), 0) if begin else (0, -1)
    while begin:
        if opened := _COLLECTION.match(content, place):
            place, depth = opened.end(), depth + 1
            continue
        shape = _SHAPE.match(content, place)
        if shape is None:
            return False
        place = shape.end()
        while depth and content[place : place + 1] == ")":
            place, depth = place + 1, depth - 1
        if not (depth and content[place : place + 1] == ","):
            break
        place += 1
    return depth == 0 and place == len(content)
