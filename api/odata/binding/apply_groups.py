"""`aggregate` and simple grouping -> steps of the chain.

An aggregate inside groups keeps the groups that have lost all their rows: there it counts 0 and adds up to null.
Behind a path of navigation each related row counts once, however many rows lead to it (Data Aggregation 4.0, 3.2.1.1).
Called by apply_binder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from api.odata.binding.apply_methods import COUNTED, method_sql
from api.odata.binding.bound import Stored
from api.odata.binding.relations import Field, Part, Partition, Relation
from api.odata.binding.shapes import PART
from api.odata.language.aggregation import METHODS
from api.odata.language.literals import Kind
from api.odata.language.query_syntax import Aggregate, AggregateItem, GroupBy, Steps
from api.odata.language.syntax import Expression, Name, Path
from models.catalogue.types import Additivity
from models.errors import NameProblem, TypeProblem
from models.snapshot.rowtext import ROW, quoted

if TYPE_CHECKING:
    from api.odata.binding.apply_binder import Chain


def aggregate(chain: Chain, step: Aggregate, relation: Relation, partition: Partition | None) -> Relation:
    """`aggregate(...)`: one row, or one for each group."""
    groups = partition.columns if partition else ()
    firsts = _Firsts(chain, relation, groups)
    here = quoted("/here") if partition and relation.lossy else None
    fields: dict[str, Field] = {}
    texts = []
    for item in step.items:
        alias, field, sql = _item(chain, item, relation, firsts, here)
        chain.alias(alias, tuple(fields), item.position, may_be_declared=True)
        if field.sql in groups:
            chain.fail(NameProblem, f"The name {alias!r} is that of a grouping property.", item.position)
        fields[alias] = field
        texts.append(f"{sql} AS {field.sql}")
    source = firsts.source()
    if here and partition:
        kept = [f"{column} AS {quoted(f'/g{number}')}" for number, column in enumerate(groups)]
        names = [quoted(f"/g{number}") for number in range(len(groups))]
        on = " AND ".join(f"{name} IS NOT DISTINCT FROM {column}" for name, column in zip(names, groups, strict=True))
        source = (
            f"(SELECT DISTINCT {', '.join(kept)} FROM {partition.ground}) "
            f"LEFT JOIN (SELECT *, TRUE AS {here} FROM {source}) ON {on}"
        )
        wanted = [f"{name} AS {column}" for name, column in zip(names, groups, strict=True)]
    else:
        wanted = names = list(groups)
    by = f" GROUP BY {', '.join(names)}" if groups else ""
    name = chain.step(f"SELECT {', '.join([*wanted, *texts])}, 0 AS {ROW} FROM {source}{by}")
    return Relation(name, fields, (Part(tuple(fields)),))


def _item(
    chain: Chain, item: AggregateItem, relation: Relation, firsts: _Firsts, here: str | None
) -> tuple[str, Field, str]:
    """Name, type and SQL of one aggregate expression."""
    if item.feature is not None:
        chain.not_offered(item.feature, item.position)
    if item.expression is not None and item.method is None:
        item = _custom(chain, item, item.expression, relation)
    if item.alias is None:
        chain.not_offered("an aggregate without a name", item.position)
    column = chain.column(item.alias)
    if item.expression is None:
        counted = here or "*"
        if item.path:
            counted = f"CASE WHEN {firsts.of(item.path, item.position)} THEN 1 END"
        return item.alias, Field(column, Kind.DECIMAL, nullable=False), COUNTED.format(f"count({counted})")
    method = METHODS.get(item.method or "")
    if method is None:
        chain.not_offered(f"the aggregation method {item.method}", item.position)
    node = chain.made(item.alias, item.expression, relation)
    if node.kind not in method.results:
        chain.fail(TypeProblem, f"{method.name} takes no {node.kind}.", node.position)
    sql = chain.emitter.exact(node)
    if isinstance(item.expression, Path) and isinstance(node, Stored) and "/" in node.name:
        sql = f"CASE WHEN {firsts.of(item.expression.segments[:-1], item.position)} THEN {sql} END"
    if here:  # a group that has lost all its rows is joined to one of nulls, which has no values
        sql = f"CASE WHEN {here} THEN {sql} END"
    text, made = method_sql(method.name, node.kind, node.scale, sql)
    return item.alias, replace(made, column=column), text


def _custom(chain: Chain, item: AggregateItem, expression: Expression, relation: Relation) -> AggregateItem:
    """The custom aggregates of the model are its additive columns: their sum, under their own name unless another is
    given (Data Aggregation 4.0, 3.2.1.2). A step before may have given the name to something else: that has none."""
    name = expression.name if isinstance(expression, Name) else ""
    found = relation.fields.get(name)
    if found is None or not found.declared or chain.view.column(name).additivity is not Additivity.ADDITIVE:
        chain.not_offered("custom aggregates", item.position)
    return replace(item, method="sum", alias=item.alias or name)


class _Firsts:
    """Marks, for a path of navigation, the first of the rows that lead to the same related row."""

    def __init__(self, chain: Chain, relation: Relation, groups: Sequence[str]) -> None:
        self._chain, self._relation, self._groups = chain, relation, groups
        self._marks: dict[Steps, str] = {}

    def of(self, path: Steps, position: int) -> str:
        """Column that is true in that row. Raises NameProblem for what is no path of navigation."""
        if path not in self._marks:
            same = [*self._groups, *self._key(path, position)]
            exists = quoted("/".join((*path, "")))
            number = f"row_number() OVER (PARTITION BY {', '.join(same)} ORDER BY {ROW})"
            self._marks[path] = f"({exists} AND {number} = 1)"
        return _mark(path)

    def _key(self, path: Steps, position: int) -> list[str]:
        """What makes two related rows the same: the key of an entity, all values of what is none any more. An entity
        and a transient row are never the same, nor are rows of different structures (Data Aggregation 4.0, 3.1.2)."""
        relation, text = self._relation, "/".join((*path, ""))
        own = _key_columns({name: field for name, field in relation.fields.items() if name.startswith(text)})
        target = self._chain.joins.target(path) if relation.has_entities else None
        if target is not None:
            own += [quoted(f"{text}{name}") for name in target.key]
        if not own:
            self._chain.binding(relation).unknown_property(path, position)
        return [*own, *_structure(relation.parts, text)]

    def source(self) -> str:
        """The relation, with the marks."""
        if not self._marks:
            return self._relation.name
        marks = ", ".join(f"{sql} AS {_mark(path)}" for path, sql in self._marks.items())
        return f"(SELECT *, {marks} FROM {self._relation.name})"


def _structure(parts: Sequence[Part], text: str) -> Iterator[str]:
    """SQL that tells apart the structures of the rows that `text` leads to. What would be below a related row that is
    not there is part of no structure: {"Region": null} is the same whatever a region would have."""
    below = {name for part in parts for name in part.paths if name.startswith(text)}
    steps = {name[: end + 1] for name in below for end, char in enumerate(name) if char == "/" and end + 1 >= len(text)}
    for step in sorted(steps | {text}):
        kinds = [() if part.whole else (None, *_next_names(part, step)) for part in parts]
        if len(set(kinds)) > 1:
            cases = " ".join(f"WHEN {number} THEN {kinds.index(kind)}" for number, kind in enumerate(kinds))
            kind = f"CASE {quoted(PART)} {cases} END"
            yield kind if step == text else f"CASE WHEN {quoted(step)} THEN {kind} END"


def _next_names(part: Part, step: str) -> list[str]:
    """The names right below a step, in alphabetical order."""
    return sorted({name[len(step) :].partition("/")[0] for name in part.paths if name.startswith(step)})


def _mark(path: Steps) -> str:
    return quoted("/".join(("/first", *path)))


def grouped(
    chain: Chain, paths: Sequence[Steps], step: GroupBy, relation: Relation, partition: Partition | None
) -> Relation:
    """Simple grouping by `paths`: one row a group, or what the nested sequence makes of each, with the grouping
    properties."""
    by = {"/".join(path): chain.field(path, relation, step.position) for path in paths}
    columns = _key_columns(by)
    outer = partition.columns if partition else ()
    classes = _structures(relation, tuple(by))
    start, group_class = _classified(chain, relation, tuple(by))
    kept = tuple(dict.fromkeys((*outer, *columns, *([group_class] if len(classes) > 1 else []))))
    if step.then:
        plain = replace(relation, name=start, lossy=False)
        inner = chain.run(step.then, plain, Partition(kept, start))
    else:
        name = chain.step(f"SELECT DISTINCT {', '.join(kept)}, 0 AS {ROW} FROM {start}")
        inner = Relation(name, {}, (Part(()),))
    over = partition.over if partition else ""
    order = _order(by, group_class, classes)
    number = f"row_number() OVER ({over}ORDER BY {', '.join((*order, ROW))}) - 1"
    parts = tuple(_joined_part(paths_of, part) for paths_of in classes for part in inner.parts)
    part = ""
    if len(parts) > 1:
        part = f", {group_class} * {len(inner.parts)} + {inner.part_sql} AS {quoted(PART)}"
    dropped = f" EXCLUDE ({quoted(PART)})" if len(inner.parts) > 1 else ""
    name = chain.step(f"SELECT *{dropped} REPLACE ({number} AS {ROW}){part} FROM {inner.name}")
    return Relation(name, {**inner.fields, **by}, parts, lossy=relation.lossy or inner.lossy)


def _order(by: dict[str, Field], group_class: str, classes: Sequence[tuple[str, ...]]) -> list[str]:
    """Groups by their values, ascending: absent before null, no related row before one whose value is null."""
    terms: list[str] = []
    for path, field in by.items():
        absent = [str(number) for number, paths in enumerate(classes) if path not in paths]
        if absent:
            terms.append(f"{group_class} NOT IN ({', '.join(absent)})")
        terms += [f"{column} ASC NULLS FIRST" for column in _key_columns({path: field})]
    return terms


def _key_columns(by: dict[str, Field]) -> list[str]:
    """SQL columns that keep groups apart: a missing related row is not one whose value is null."""
    columns: list[str] = []
    for path, field in by.items():
        steps = path.split("/")
        columns += [quoted("/".join((*steps[:depth], ""))) for depth in range(1, len(steps))]
        columns.append(field.sql)
    return list(dict.fromkeys(columns))


def _structures(relation: Relation, paths: Sequence[str]) -> list[tuple[str, ...]]:
    """Which of the grouping paths rows have, over all structures of the relation."""
    return list(dict.fromkeys(_present(part, paths) for part in relation.parts))


def _present(part: Part, paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(path for path in paths if path in part.paths or ("/" in path and part.whole))


def _classified(chain: Chain, relation: Relation, paths: Sequence[str]) -> tuple[str, str]:
    """The relation, and the SQL of a number that says which of the grouping paths a row has."""
    found = _structures(relation, paths)
    if len(found) == 1:
        return relation.name, "0"
    cases = " ".join(f"WHEN {n} THEN {found.index(_present(part, paths))}" for n, part in enumerate(relation.parts))
    column = quoted(f"/class/{relation.name}")
    return chain.step(f"SELECT *, CASE {quoted(PART)} {cases} END AS {column} FROM {relation.name}"), column


def _joined_part(paths: tuple[str, ...], inner: Part) -> Part:
    return Part(tuple(dict.fromkeys((*paths, *inner.paths))), inner.whole)
