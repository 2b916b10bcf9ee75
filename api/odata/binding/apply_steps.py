"""Transformations that keep rows as they are, choose among them or add to them -> one step of the chain each.

filter, search, compute, orderby, top, skip and the top/bottom family; inside groups they work on every group at once,
by windows. Called by apply_binder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from api.odata.binding import search as searching
from api.odata.binding.bound import Constant, Joined, Node, is_fixed
from api.odata.binding.relations import Field, Part, Partition, Relation, storage
from api.odata.language.literals import NUMERIC, Kind
from api.odata.language.query_syntax import Compute, Cut, Extremes, Filter, OrderBy, Search
from models.errors import TypeProblem, ValueProblem
from models.snapshot.rowtext import ROW, quoted

if TYPE_CHECKING:
    from api.odata.binding.apply_binder import Chain


def keep(chain: Chain, step: Filter, relation: Relation, _partition: Partition | None) -> Relation:
    """`filter(condition)`."""
    condition = chain.binding(relation).condition(step.condition, "$apply")
    return _kept(chain, condition, relation)


def search(chain: Chain, step: Search, relation: Relation, _partition: Partition | None) -> Relation:
    """`search(term)`, over the searchable properties that the rows still have."""
    found = chain.view.columns
    columns = [relation.fields[each.name].node for each in found if each.searchable and each.name in relation.fields]
    if not columns:
        chain.not_offered(f"search on {chain.view.name}", step.position)
    return _kept(chain, searching.condition(step.term, columns), relation)


def _kept(chain: Chain, condition: Node, relation: Relation) -> Relation:
    conditions = list(condition.operands) if isinstance(condition, Joined) and condition.operator == "and" else None
    where = chain.emitter.conjunction(conditions or [condition])
    name = chain.step(f"SELECT * FROM {relation.name} WHERE {where}")
    return replace(relation, name=name, lossy=True)


def compute(chain: Chain, step: Compute, relation: Relation, _partition: Partition | None) -> Relation:
    """`compute(expression as Alias,...)`: one step an item, so that later ones may use earlier ones."""
    for item in step.items:
        node = chain.made(item.alias, item.expression, relation)
        alias = chain.alias(item.alias, tuple(relation.fields), item.position)
        field = Field(chain.column(alias), node.kind, node.nullable, node.scale)
        value = f"CAST({chain.emitter.exact(node)} AS {storage(field.kind, field.scale)})"
        name = chain.step(f"SELECT *, {value} AS {field.sql} FROM {relation.name}")
        parts = tuple(Part((*part.paths, alias), part.whole) for part in relation.parts)
        relation = replace(relation, name=name, fields={**relation.fields, alias: field}, parts=parts)
    return relation


def order(chain: Chain, step: OrderBy, relation: Relation, partition: Partition | None) -> Relation:
    """`orderby(...)`: numbers the rows anew, equal ones in the order that they had."""
    values, terms = [], []
    for number, item in enumerate(step.items):
        column = quoted(f"/by/{number}")
        values.append(f"{chain.emitter.exact(chain.value(item.expression, relation))} AS {column}")
        terms.append(f"{column} DESC NULLS LAST" if item.descending else f"{column} ASC NULLS FIRST")
    over = partition.over if partition else ""
    number_sql = f"row_number() OVER ({over}ORDER BY {', '.join((*terms, ROW))}) - 1"
    added = ", ".join(quoted(f"/by/{number}") for number in range(len(terms)))
    rows = f"(SELECT *, {', '.join(values)} FROM {relation.name})"
    name = chain.step(f"SELECT * EXCLUDE ({added}) REPLACE ({number_sql} AS {ROW}) FROM {rows}")
    return replace(relation, name=name, bits=32)


def cut(chain: Chain, step: Cut, relation: Relation, partition: Partition | None) -> Relation:
    """`top(count)` and `skip(count)`."""
    if partition is None:
        words = "LIMIT" if step.name == "top" else "OFFSET"
        sql = f"SELECT * FROM {relation.name} ORDER BY {ROW} {words} {step.count}"
    else:
        sign = "<=" if step.name == "top" else ">"
        number = f"row_number() OVER ({partition.over}ORDER BY {ROW})"
        sql = f"SELECT * FROM {relation.name} QUALIFY {number} {sign} {step.count}"
    return replace(relation, name=chain.step(sql), lossy=True)


def extremes(chain: Chain, step: Extremes, relation: Relation, partition: Partition | None) -> Relation:
    """`topcount(n,value)` and its five relations: rows in the order of their values until the condition is met; null
    is the lowest value and adds nothing."""
    amount, value = chain.value(step.amount, relation), chain.value(step.value, relation)
    _check(chain, step, amount, value)
    wanted = chain.emitter.exact(amount)
    rows = f"(SELECT *, {chain.emitter.exact(value)} AS {_VALUE} FROM {relation.name})"
    ordering = f"{_VALUE} DESC NULLS LAST" if step.name.startswith("top") else f"{_VALUE} ASC NULLS FIRST"
    groups = partition.over if partition else ""
    over = f"{groups}ORDER BY {ordering}, {ROW}"
    if step.name.endswith("count"):
        text = f"SELECT * EXCLUDE ({_VALUE}) FROM {rows} QUALIFY row_number() OVER ({over}) <= {wanted}"
    else:
        before = f"sum({_VALUE}) OVER ({over} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
        total = f"sum({_VALUE}) OVER ({groups.rstrip()})"
        sums = f"SELECT *, coalesce({before}, 0) AS {_BEFORE}, {total} AS {_TOTAL} FROM {rows}"
        reached = _SUM if step.name.endswith("sum") else _PERCENT
        most, least = (f"{name}({_BEFORE}) OVER ({over} ROWS UNBOUNDED PRECEDING)" for name in ("max", "min"))
        kept = reached.format(wanted=wanted, most=most, least=least, total=_TOTAL)
        text = f"SELECT * EXCLUDE ({_VALUE}, {_BEFORE}, {_TOTAL}) FROM ({sums}) QUALIFY {kept}"
    return replace(relation, name=chain.step(text), lossy=True)


_VALUE, _BEFORE, _TOTAL = quoted("/value"), quoted("/before"), quoted("/total")
_SUM = "CASE WHEN {wanted} < 0 THEN {least} > {wanted} ELSE {most} < {wanted} END"
_PERCENT = (
    "CASE WHEN {total} > 0 THEN {most} * 100 < {wanted} * {total} "
    "WHEN {total} < 0 THEN {least} * 100 > {wanted} * {total} ELSE TRUE END"
)
"""Whether the rows before have not reached the amount yet; once reached, later negative values change nothing."""
_WHOLE = (Kind.INT32, Kind.INT64)


def _check(chain: Chain, step: Extremes, amount: Node, value: Node) -> None:
    """Kinds of both parameters, and the amount's range where it is written out."""
    counts = step.name.endswith("count")
    if not is_fixed(amount):
        message = f"The first parameter of {step.name} must be the same for all rows."
        chain.fail(TypeProblem, message, amount.position, f"Write {step.name}(10,...).")
    _require(chain, amount, _WHOLE if counts else NUMERIC, f"{step.name} takes a number first")
    if not counts:
        _require(chain, value, NUMERIC, f"{step.name} adds up numbers")
    if not isinstance(amount, Constant):
        return
    number = Decimal(str(amount.value))
    if not step.name.endswith("sum") and number <= 0:
        chain.fail(ValueProblem, f"{step.name} takes a number above 0.", amount.position)
    if step.name.endswith("percent") and number > 100:
        chain.fail(ValueProblem, f"{step.name} takes at most 100.", amount.position)


def _require(chain: Chain, node: Node, kinds: Sequence[Kind], message: str) -> None:
    if node.kind not in kinds:
        chain.fail(TypeProblem, f"{message}, not {node.kind}.", node.position)
