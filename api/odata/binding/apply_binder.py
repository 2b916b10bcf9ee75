"""A transformation sequence x a view -> a relation: its typed columns and the SQL that makes it (`$apply`).

Each transformation is one step of a WITH chain that reads the step before, so the text grows with the query and not
with its branches. Inside a `groupby` the same transformations run on all groups at once: a `Partition` names the
columns that keep the groups apart. The row scope is in the first step, before anything else is computed.
Semantics: OData Data Aggregation 4.0, section 3. Called by binder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Any, NoReturn

from api.odata.binding import apply_groups, apply_steps
from api.odata.binding.bound import Node, Stored
from api.odata.binding.expressions import Binding
from api.odata.binding.properties import Joins, Properties, stored_column
from api.odata.binding.relations import Field, Part, Partition, Relation, merged, storage
from api.odata.binding.shapes import PART
from api.odata.binding.sql import Emitter
from api.odata.language.literals import Kind
from api.odata.language.parser import Budget
from api.odata.language.query_syntax import (
    Aggregate,
    Compute,
    Concat,
    Cut,
    Extremes,
    Filter,
    ForeignStep,
    GroupBy,
    Grouping,
    Identity,
    OrderBy,
    Search,
    Steps,
    Transformation,
)
from api.odata.language.query_syntax import Sequence as Transformations
from api.odata.language.syntax import Expression
from models.errors import LimitProblem, NameProblem, RequestError, TypeProblem, Unsupported
from models.snapshot.rowtext import ROW, quoted

TARGET = "$apply"
BASE = "s0"
MOST_BRANCHES = 64
"""Results that `concat` and `rollup` put together, over the whole sequence, and structures of one result: sequences of
concatenations double the rows with each step."""
MOST_BITS = 62


class Chain:
    """One `$apply` being bound: the steps written so far, and what names may mean."""

    def __init__(
        self, joins: Joins, aliases: Mapping[str, Expression], as_of: datetime, budget: Budget, emitter: Emitter
    ) -> None:
        self.joins, self.view, self.emitter = joins, joins.view, emitter
        self._aliases, self._as_of, self._budget = aliases, as_of, budget
        self._steps: list[str] = []
        self._columns: dict[str, str] = {}
        self._branches = 0
        self._weights: dict[str, int] = {}

    def start(self) -> Relation:
        """The view's rows, before any transformation."""
        fields = {column.name: _declared(stored_column(column)) for column in self.view.columns}
        return Relation(BASE, fields, (Part(tuple(fields), whole=True),))

    def run(self, sequence: Transformations, relation: Relation, partition: Partition | None) -> Relation:
        """The relation behind the last transformation."""
        for step in sequence:
            relation = _STEPS[type(step)](self, step, relation, partition)
        return relation

    def source(self, relation: Relation) -> str:
        """FROM text of a relation; written last, when all joins are known."""
        scope = self.joins.reader.scope(self.view)
        where = f" WHERE {self.emitter.conjunction(scope)}" if scope else ""
        steps = [f"{BASE} AS (SELECT * FROM {self.joins.source(self.emitter)}{where})", *self._steps]
        return f"(WITH {', '.join(steps)} SELECT * FROM {relation.name})"

    def step(self, sql: str) -> str:
        """Write a step of the chain; its name."""
        name = f"s{len(self._steps) + 1}"
        self._steps.append(f"{name} AS ({sql})")
        return name

    def binding(self, relation: Relation) -> Binding:
        """How expressions are read in the rows of a relation."""
        made = Binding(self.properties(relation), self._aliases, self._as_of, self._budget)
        made.target = TARGET
        return made

    def properties(self, relation: Relation) -> Properties:
        """The names of a relation's rows."""
        values: dict[str, Node] = {path: field.node for path, field in relation.fields.items()}
        return Properties(self.view, values, self.joins if relation.has_entities else None, self._weights)

    def value(self, expression: Expression, relation: Relation) -> Node:
        """An expression on the rows of a relation."""
        return self.binding(relation).value(expression, TARGET)

    def made(self, alias: str, expression: Expression, relation: Relation) -> Node:
        """The value of a new property. A text weighs what it is made of wherever it is used: a text made of two of the
        text before, and so on, would outgrow any memory."""
        before = self._budget.nodes
        node = self.value(expression, relation)
        if node.kind is Kind.STRING:
            self._weights[alias] = max(self._weights.get(alias, 0), before - self._budget.nodes)
        return node

    def field(self, path: Steps, relation: Relation, position: int) -> Field:
        """The property that a path names. Raises NameProblem and Unsupported."""
        binding = self.binding(relation)
        found = binding.properties.value(path)
        if found is None:
            if binding.properties.target(path) is not None:
                self.not_offered(f"the navigation property {'/'.join(path)} as a whole in groupby", position)
            binding.unknown_property(path, position)
        return relation.fields.get("/".join(path)) or _declared(found)

    def alias(self, name: str, taken: Sequence[str], position: int, *, may_be_declared: bool = False) -> str:
        """A new property's name. Raises NameProblem when it is taken."""
        navigations = {navigation.name for navigation in self.view.navigations}
        names = {path.partition("/")[0] for path in taken} | navigations | {ROW}
        if name in names or (self.view.has(name) and not may_be_declared):
            self.fail(NameProblem, f"The name {name!r} is taken.", position, "Choose another name after 'as'.")
        return name

    def column(self, alias: str) -> str:
        """The SQL column of a new property: the declared one of that name, else a number. SQL names are the same in any
        case and end up in the trail of shapes; a caller's are neither."""
        return alias if self.view.has(alias) else self._columns.setdefault(alias, f"/{len(self._columns) + 1}")

    def fail(self, kind: type[RequestError], message: str, position: int, hint: str | None = None) -> NoReturn:
        """Raise a problem of this option."""
        raise kind(message, hint=hint, target=TARGET, position=position)

    def not_offered(self, feature: str, position: int) -> NoReturn:
        """Raise Unsupported."""
        self.fail(Unsupported, f"This service does not offer {feature}.", position)

    def concat(self, relations: Sequence[Relation], position: int) -> Relation:
        """The rows of several relations, one after the other, each with its own structure."""
        self._branches += len(relations)
        if self._branches > MOST_BRANCHES or sum(len(relation.parts) for relation in relations) > MOST_BRANCHES:
            self.fail(LimitProblem, f"concat and rollup make more than {MOST_BRANCHES} results.", position)
        relations = [self._compacted(relation) for relation in relations]
        fields = self._common(relations, position)
        bits = max(relation.bits for relation in relations)
        texts, parts = [], list[Part]()
        for number, relation in enumerate(relations):
            casts = [
                f"CAST({own.sql} AS {storage(fields[path].kind, fields[path].scale)}) AS {own.sql}"
                for path, own in relation.fields.items()
                if (own.kind, own.scale) != (fields[path].kind, fields[path].scale)
            ]
            changed = ", ".join([f"{ROW} + {number << bits} AS {ROW}", *casts])
            part = f"{relation.part_sql} + {len(parts)} AS {quoted(PART)}"
            kept = f"* EXCLUDE ({quoted(PART)})" if len(relation.parts) > 1 else "*"
            texts.append(f"SELECT {kept} REPLACE ({changed}), {part} FROM {relation.name}")
            parts.extend(relation.parts)
        name = self.step(" UNION ALL BY NAME ".join(texts))
        lossy = any(relation.lossy for relation in relations)
        return Relation(name, fields, tuple(parts), bits + len(relations).bit_length(), lossy)

    def _compacted(self, relation: Relation) -> Relation:
        """With `_row` numbered anew where branches of branches have used up its bits."""
        if relation.bits + MOST_BRANCHES.bit_length() <= MOST_BITS:
            return relation
        number = f"row_number() OVER (ORDER BY {ROW}) - 1"
        return replace(relation, name=self.step(f"SELECT * REPLACE ({number} AS {ROW}) FROM {relation.name}"), bits=32)

    def _common(self, relations: Sequence[Relation], position: int) -> dict[str, Field]:
        found: dict[str, Field] = {}
        for path in dict.fromkeys(path for relation in relations for path in relation.fields):
            field = merged([each.fields[path] for each in relations if path in each.fields])
            if field is None:
                self.fail(TypeProblem, f"{path} has different types in the parts of the result.", position)
            everywhere = all(path in relation.fields for relation in relations)
            found[path] = replace(field, nullable=field.nullable or not everywhere)
        return found


def _declared(node: Node) -> Field:
    """The field of a declared property."""
    if not isinstance(node, Stored):
        raise TypeError(node)
    return Field(node.name, node.kind, node.nullable, node.scale, declared=True)


def _group_by(chain: Chain, step: GroupBy, relation: Relation, partition: Partition | None) -> Relation:
    """Simple grouping; with `rollup` one grouping for each combination of levels, finest first."""
    for grouping in step.groupings:
        if grouping.feature is not None:
            chain.not_offered(grouping.feature, grouping.position)
    choices = [_levels(grouping) for grouping in step.groupings]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MOST_BRANCHES:
        chain.fail(LimitProblem, f"The rollups make more than {MOST_BRANCHES} groupings.", step.position)
    made = []
    for combination in product(*choices):
        paths = tuple(dict.fromkeys(path for levels in combination for path in levels))
        made.append(apply_groups.grouped(chain, paths, step, relation, partition))
    return made[0] if len(made) == 1 else chain.concat(made, step.position)


def _levels(grouping: Grouping) -> list[tuple[Steps, ...]]:
    """The paths to group by: all levels, then one less, to the coarsest alone."""
    if not grouping.is_rollup:
        return [grouping.levels]
    return [grouping.levels[:length] for length in range(len(grouping.levels), 0, -1)]


def _concat(chain: Chain, step: Concat, relation: Relation, partition: Partition | None) -> Relation:
    return chain.concat([chain.run(branch, relation, partition) for branch in step.branches], step.position)


def _foreign(chain: Chain, step: ForeignStep, _relation: Relation, _partition: Partition | None) -> NoReturn:
    chain.not_offered(step.feature, step.position)


_STEPS: dict[type[Transformation], Callable[[Chain, Any, Relation, Partition | None], Relation]] = {
    Aggregate: apply_groups.aggregate,
    Compute: apply_steps.compute,
    Concat: _concat,
    Cut: apply_steps.cut,
    Extremes: apply_steps.extremes,
    Filter: apply_steps.keep,
    ForeignStep: _foreign,
    GroupBy: _group_by,
    Identity: lambda _chain, _step, relation, _partition: relation,
    OrderBy: apply_steps.order,
    Search: apply_steps.search,
}
