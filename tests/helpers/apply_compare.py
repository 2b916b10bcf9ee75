"""Served JSON beside what the oracle wants: every difference as a sentence, none when they agree.

Numbers are compared as they are written: whole numbers and decimals exactly and never with an exponent, declared
doubles exactly, computed and aggregated doubles to 1 part in 10^12 (the order of adding is the database's own).
Declared instants are written to the
millisecond, others exactly. Members may come in any order; rows may not.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from models.catalogue.types import View
from tests.helpers.apply_answers import Expected, Leaf, Members, Names
from tests.helpers.apply_instances import Paths

TOLERANCE = 1e-12
PLAIN = ("String", "Boolean", "Double")
"""Types that a reader tells from the JSON (OData JSON 4.6.3)."""
SPECIAL = {"INF": math.inf, "-INF": -math.inf, "NaN": math.nan}
ANY_STRUCTURE = "@Core.AnyStructure"


class Number(str):
    """A JSON number as it is written."""


def decoded(body: bytes) -> Any:
    """JSON with numbers as they are written."""
    return json.loads(body, parse_int=Number, parse_float=Number)


@dataclass(frozen=True)
class Form:
    """How the answer was asked for."""

    level: str = "minimal"
    numbers_as_text: bool = False
    omit_nulls: bool = False


def differences(pages: list[Any], expected: Expected, view: View, form: Form) -> Iterator[str]:
    """What differs between the pages of an answer and what is wanted."""
    served = [row for page in pages for row in page["value"]]
    if len(served) != len(expected.rows):
        yield f"{len(served)} rows, not {len(expected.rows)}"
    for number, (row, wanted) in enumerate(zip(served, expected.rows, strict=False)):
        for difference in _members(row, wanted, form):
            yield f"row {number}: {difference}"
    for page in pages:
        yield from _head(page, expected, view, form)


def _head(page: Any, expected: Expected, view: View, form: Form) -> Iterator[str]:
    count = page.get("@odata.count")
    if (None if count is None else int(count)) != expected.count:
        yield f"count {count}, not {expected.count}"
    if count is not None and isinstance(count, Number) == form.numbers_as_text:
        yield f"count {count!r} is no {'text' if form.numbers_as_text else 'number'}"
    if form.level == "none":
        if "@odata.context" in page:
            yield "a context without metadata"
        return
    context = page["@odata.context"].partition("$metadata#")[2]
    if not context.startswith(view.name):
        yield f"context {context}"
    elif not agrees(select_list(context[len(view.name) :]), expected.names):
        yield f"context {context}, wanted {spelled(expected.names)}"


def agrees(listed: Paths, wanted: Names) -> bool:
    """Whether a select list says what all rows have.

    All declared properties are said by a star, by their names, or by naming none. Navigation of which all or nothing
    is there need not be listed (protocol 10.8 and 10.9 for 4.0).
    """
    own = set(listed) - set(wanted.related) - {ANY_STRUCTURE}
    if "*" in own:
        own = own - {"*"} | wanted.declared
    elif wanted.declared and not own:
        own = set(wanted.declared)
    return own == wanted.own and all(
        agrees(listed[name], below) if listed.get(name) else _goes_without_saying(below)
        for name, below in wanted.related.items()
    )


def _goes_without_saying(names: Names) -> bool:
    return names.own == names.declared and all(map(_goes_without_saying, names.related.values()))


def select_list(text: str) -> Paths:
    """`(A,B(C))` of a context URL as a tree."""
    stack: list[Paths] = [{}]
    name = ""
    for token in re.findall(r"[(),]|[^(),]+", text):
        if token == "(":
            stack.append(stack[-1].setdefault(name, {}) if name else stack[-1])
        elif token == ")":
            stack.pop()
        elif token != ",":
            name = token.strip()
            stack[-1][name] = {}
    return stack[0]


def spelled(names: Names) -> str:
    """What all rows have, as a select list."""
    related = (f"{name}({spelled(below)})" for name, below in names.related.items())
    return ",".join([*sorted(names.own), *related])


def _members(row: Any, wanted: Members | None, form: Form) -> Iterator[str]:
    if wanted is None or row is None:
        if wanted is not row:
            yield f"{row} instead of {wanted}"
        return
    wanted = {name: leaf for name, leaf in wanted.items() if not (form.omit_nulls and _is_null(leaf))}
    names = {name for name in row if "@" not in name}
    if names != set(wanted):
        yield f"has {sorted(names - set(wanted))} too much, lacks {sorted(set(wanted) - names)}"
    for name in sorted(names & set(wanted)):
        leaf = wanted[name]
        if isinstance(leaf, Leaf):
            if not _is_same(row[name], leaf, form):
                yield f"{name} is {row[name]!r}, not {leaf.value!r} ({leaf.type})"
            yield from _annotation(name, row.get(f"{name}@odata.type"), leaf, form)
        else:
            for difference in _members(row[name], leaf, form):
                yield f"{name}: {difference}"


def _is_null(leaf: Any) -> bool:
    return leaf is None or (isinstance(leaf, Leaf) and leaf.value is None)


def _annotation(name: str, annotation: str | None, leaf: Leaf, form: Form) -> Iterator[str]:
    """A type is named where the reader cannot know it; where he can, it may stand there if it is right."""
    if leaf.value is None and annotation in (None, f"#{leaf.type}"):
        return
    odd = leaf.type == "Double" and not math.isfinite(leaf.value)
    may = form.level == "full" or (form.level == "minimal" and not leaf.declared)
    must = may and (leaf.type not in PLAIN or odd) and not (leaf.declared is None and form.level == "minimal")
    if annotation != (f"#{leaf.type}" if must or (may and annotation is not None) else None):
        yield f"{name} is annotated {annotation}, wanted {f'#{leaf.type}' if must else 'nothing'}"


def _is_same(served: Any, leaf: Leaf, form: Form) -> bool:
    if served is None or leaf.value is None:
        return served is leaf.value
    if leaf.type in ("Int32", "Int64", "Decimal"):
        is_text = form.numbers_as_text and leaf.type != "Int32"
        if isinstance(served, Number) == is_text or not re.fullmatch(r"-?\d+(\.\d+)?", served):
            return False
        return Decimal(served) == Decimal(leaf.value)
    return _SAME[leaf.type](served, leaf)


def _double(served: Any, leaf: Leaf) -> bool:
    if not isinstance(served, Number):
        found = SPECIAL.get(served)
        return found is not None and (found == leaf.value or (math.isnan(found) and math.isnan(leaf.value)))
    if leaf.declared:
        return float(served) == leaf.value
    return math.isclose(float(served), leaf.value, rel_tol=TOLERANCE, abs_tol=0.0)


def _instant(served: Any, leaf: Leaf) -> bool:
    value: datetime = leaf.value
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(\d{3}|\d{6})Z", served) is None:
        return False
    found = datetime.fromisoformat(served).replace(tzinfo=None)
    return found == value or (
        leaf.declared is True and found == value.replace(microsecond=value.microsecond // 1000 * 1000)
    )


def _time(served: Any, leaf: Leaf) -> bool:
    return re.fullmatch(r"\d\d:\d\d:\d\d(\.\d{1,12})?", served) is not None and time.fromisoformat(served) == leaf.value


SPAN = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def _span(served: Any, leaf: Leaf) -> bool:
    found = SPAN.fullmatch(served)
    if found is None or served[-1] in "PT":
        return False
    sign, days, hours, minutes, seconds = found.groups()
    micros = (int(days or 0) * 86_400 + int(hours or 0) * 3_600 + int(minutes or 0) * 60) * 1_000_000
    micros += int(Decimal(seconds or 0) * 1_000_000)
    return bool((-micros if sign else micros) == leaf.value // timedelta(microseconds=1))


_SAME = {
    "Double": _double,
    "String": lambda served, leaf: not isinstance(served, Number) and served == leaf.value,
    "Boolean": lambda served, leaf: served is leaf.value,
    "Date": lambda served, leaf: served == leaf.value.isoformat(),
    "DateTimeOffset": _instant,
    "TimeOfDay": _time,
    "Duration": _span,
}
