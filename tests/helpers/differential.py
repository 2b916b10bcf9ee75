"""Seeded cases: rows of the star, a caller, random queries; the engine's answer beside the oracle's, page by page.

A case is its number: `case(7)` is the same on every machine. What was compared is counted, so that a test can tell
when it is blind. Used by the generative test and by `tests.generative.apply_run`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from api.odata.exchange import Caller
from models.errors import CrisisError, NotFound
from tests.helpers.apply_answers import Expected, answer
from tests.helpers.apply_compare import Form, decoded, differences
from tests.helpers.apply_instances import World
from tests.helpers.apply_syntax import Query
from tests.helpers.odata_literals import Rolled
from tests.helpers.odata_oracle import Expr, MayFail, column, evaluate, literal, utc
from tests.helpers.query_generator import (
    apply_query,
    count_query,
    depth_of,
    entity_query,
    expressions,
    plain_query,
    used,
)
from tests.helpers.star import AS_OF, CATALOGUE, Star, spelled
from tests.helpers.star_rows import ACCESS, rows

QUERIES = 8
"""Queries on the same rows: loading rows takes as long as several queries."""
VALUE_ERRORS = ("InvalidValue",)
"""What the engine may answer where the oracle says that a row divides by zero or leaves a range."""


@dataclass(frozen=True)
class Asked:
    """One query with everything that decides its answer. `what`: the set, its `/$count`, or one entity by `key`."""

    query: Query
    form: Form = field(default_factory=Form)
    page_size: int | None = None
    what: str = "set"
    key: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """Accept and Prefer."""
        ieee = ";IEEE754Compatible=true" if self.form.numbers_as_text else ""
        prefer = ["omit-values=nulls"] * self.form.omit_nulls
        prefer += [f"odata.maxpagesize={self.page_size}"] * (self.page_size is not None)
        found = {"accept": f"application/json;odata.metadata={self.form.level}{ieee}"}
        return found | ({"prefer": ",".join(prefer)} if prefer else {})


@dataclass(frozen=True)
class Case:
    """Rows, who looks at them, and what is asked."""

    rows: dict[str, list[dict[str, Any]]]
    areas: frozenset[str] | None
    asked: tuple[Asked, ...]


def case(number: int) -> Case:
    """The case of that number."""
    dice = Rolled(f"star {number}")
    made = rows(dice.random)
    return Case(made, dice.pick(*ACCESS), tuple(_asked(dice) for _ in range(QUERIES)))


def _asked(dice: Rolled) -> Asked:
    pick = dice.upto(14)
    if pick == 0:
        return Asked(entity_query(dice), _form(dice), what="entity", key=1 + dice.upto(7))
    if pick == 1:
        return Asked(count_query(dice), what="count")
    query = plain_query(dice) if pick < 5 else apply_query(dice)
    return Asked(query, _form(dice), 1 + dice.upto(4) if dice.upto(2) == 0 else None)


def _form(dice: Rolled) -> Form:
    return Form(dice.pick("minimal", "minimal", "minimal", "full", "none"), dice.upto(4) == 0, dice.upto(4) == 0)


@dataclass
class Tally:
    """What was compared: how it ended, what queries were made of, how many rows the answers had."""

    outcomes: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    depths: Counter[int] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)

    @property
    def queries(self) -> int:
        """How many."""
        return self.outcomes.total()

    def add(self, asked: Asked, outcome: str, expected: Expected | None) -> None:
        """Count one query."""
        self.outcomes[outcome] += 1
        self.depths[depth_of(asked.query)] += 1
        self.names.update({asked.what, asked.form.level, *used(asked.query)})
        self.names.update(name for name in ("numbers_as_text", "omit_nulls") if getattr(asked.form, name))
        self.names["pages"] += asked.page_size is not None
        if expected is not None:
            number = len(expected.rows)
            self.rows["0" if number == 0 else "1" if number == 1 else "2 to 5" if number < 6 else "more"] += 1


def wanted(found: Case, asked: Asked) -> Expected | None:
    """The oracle's answer, None where values may make the engine refuse."""
    if any(map(_fails_by_itself, expressions(asked.query))):
        return None
    query = asked.query
    if asked.what == "entity":
        key = str(asked.key)
        query = replace(query, filter=Expr("eq", "b", (column("Id", "i"), literal(key, "i", asked.key))))
    try:
        return answer(query, World(CATALOGUE, found.rows, areas=found.areas), utc(AS_OF))
    except (MayFail, OverflowError):
        return None


def _fails_by_itself(expr: Expr) -> bool:
    """Whether a part without properties has no value: that is wrong whatever the rows are."""
    if any(map(_fails_by_itself, expr.arguments)):
        return True
    length = expr.arguments[2] if expr.name == "substring" and len(expr.arguments) == 3 else None
    if length is not None and length.name == "literal" and (length.value or 0) < 0:
        return True
    if not expr.is_fixed:
        return False
    try:
        evaluate(expr, {}, utc(AS_OF))
    except (MayFail, OverflowError):
        return True
    return False


def compared(star: Star, found: Case, asked: Asked, expected: Expected | None) -> tuple[str, list[str]]:
    """How the query ended, and what differs. The star holds the case's rows."""
    try:
        differing = list(_JUDGES[asked.what](star, Caller("key", "analyst", areas=found.areas), asked, expected))
    except CrisisError as error:
        if error.code == "LimitExceeded":
            return "over a limit", []
        if expected is None and error.code in VALUE_ERRORS:
            return "may fail", []
        return "refused", [f"{error.status} {error.code}: {error.message}"]
    if expected is None:
        return "may fail", []
    return ("differs" if differing else "agrees"), differing


def _judge_set(star: Star, caller: Caller, asked: Asked, expected: Expected | None) -> Iterator[str]:
    pages = star.pages(asked.query, caller, asked.headers, decoded)
    if expected is not None:
        yield from _paging(pages, asked)
        yield from differences(pages, expected, CATALOGUE.views[asked.query.view], asked.form)


def _judge_count(star: Star, caller: Caller, asked: Asked, expected: Expected | None) -> Iterator[str]:
    body = star.get(f"{asked.query.view}/$count", spelled(asked.query), caller, asked.headers)
    if expected is not None and body != str(len(expected.rows)).encode():
        yield f"count {body.decode()}, not {len(expected.rows)}"


def _judge_entity(star: Star, caller: Caller, asked: Asked, expected: Expected | None) -> Iterator[str]:
    try:
        body = decoded(star.get(f"Events({asked.key})", spelled(asked.query), caller, asked.headers))
    except NotFound:
        if expected is not None and expected.rows:
            raise
        return
    if expected is None:
        return
    context = body.get("@odata.context", "")
    if asked.form.level != "none" and not context.endswith("/$entity"):
        yield f"context {context}"
    page = {"value": [body]} | ({"@odata.context": context.removesuffix("/$entity")} if context else {})
    yield from differences([page], expected, CATALOGUE.views["Events"], asked.form)


_JUDGES: dict[str, Callable[[Star, Caller, Asked, Expected | None], Iterator[str]]] = {
    "set": _judge_set,
    "count": _judge_count,
    "entity": _judge_entity,
}


def _paging(pages: list[Any], asked: Asked) -> Iterator[str]:
    for page in pages:
        if asked.page_size is not None and len(page["value"]) > asked.page_size:
            yield f"a page of {len(page['value'])} rows"
        if page is not pages[-1] and not page["value"]:
            yield "an empty page before the last"
