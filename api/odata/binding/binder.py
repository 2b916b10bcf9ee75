"""QueryOptions x View x Caller -> BoundQuery: names, types, roles, row scope and limits, all settled here.

The row scope is the first condition of `where`, and guards the rest: nothing that may fail is computed in a row
that the caller may not see, so that no error tells what is in it. `$apply` comes first and has modules of its own; the
other options work on what it makes, or on the view. Pure; called by service and the exports.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from api.odata.binding import search, selection
from api.odata.binding.apply_binder import Chain
from api.odata.binding.apply_outline import outline
from api.odata.binding.bound import Applied, Constant, Node, is_fixed
from api.odata.binding.bound_query import BoundQuery, OrderTerm, Range
from api.odata.binding.expressions import Binding
from api.odata.binding.intervals import conjuncts, leading_interval
from api.odata.binding.properties import Joins, Properties, Reader, of_view, stored_column
from api.odata.binding.relations import Relation
from api.odata.binding.rowscope import find_view
from api.odata.binding.shapes import Related
from api.odata.binding.sql import Emitter, Parameters
from api.odata.exchange import Caller, Limits
from api.odata.language.literals import Kind
from api.odata.language.options import DEEPEST, QueryOptions
from api.odata.language.parser import Budget
from api.odata.language.syntax import Expression, Infix, Name
from models.catalogue import CATALOGUE
from models.catalogue.types import Catalogue, Edm, View
from models.errors import SyntaxProblem, Unsupported
from models.snapshot.rowtext import ROW, quoted

__all__ = ["BoundQuery", "Key", "OrderTerm", "Range", "bind", "bind_key"]

Key = tuple[tuple[str, Expression], ...]
"""Key column and the literal or alias written for it."""


def bind(
    view: View,
    options: QueryOptions,
    caller: Caller,
    limits: Limits,
    as_of: datetime,
    *,
    catalogue: Catalogue = CATALOGUE,
) -> BoundQuery:
    """The query on the whole entity set. `as_of` is the snapshot's, aware; it is what now() means.

    Raises NotFound for a view that the caller may not read, and NameProblem, TypeProblem, ValueProblem, LimitProblem
    or Unsupported with the place and a hint.
    """
    return _Query(view, options, Reader(caller, catalogue), limits, as_of).bound(())


def bind_key(
    view: View,
    key: Key,
    options: QueryOptions,
    caller: Caller,
    limits: Limits,
    *,
    as_of: datetime,
    catalogue: Catalogue = CATALOGUE,
) -> BoundQuery:
    """The query for one entity. Options for collections (`$filter`, `$top`, ...) are refused with SyntaxProblem."""
    given = {
        "$apply": options.apply is not None,
        "$search": options.search is not None,
        "$filter": options.filter is not None,
        "$orderby": bool(options.orderby),
        "$top": options.top is not None,
        "$skip": options.skip is not None,
        "$count": options.count is not None,
    }
    for name, is_given in given.items():
        if is_given:
            raise SyntaxProblem(f"{name} is for collections; this address is one entity.", target=name)
    return _Query(view, options, Reader(caller, catalogue), limits, as_of).bound(key)


@dataclass(frozen=True)
class _Ground:
    """What the options behind `$apply` work on. `relation` is None without `$apply`."""

    properties: Properties
    scope: list[Node]
    relation: Relation | None = None


class _Query:
    """One query being bound: its joins, its one parameter list, its budget."""

    def __init__(self, view: View, options: QueryOptions, reader: Reader, limits: Limits, as_of: datetime) -> None:
        """Raises NotFound where the caller may not read the view."""
        find_view(view.name, reader.catalogue, reader.caller)
        self.view, self.options, self.as_of = view, options, as_of
        self.budget = Budget(limits.max_nodes, min(limits.max_depth, DEEPEST))
        self.joins = Joins(view, reader)
        self.parameters = Parameters()
        self.emitter = Emitter(self.parameters)
        self.chain = Chain(self.joins, options.aliases, as_of, self.budget, self.emitter)

    def bound(self, key: Key) -> BoundQuery:
        """The whole query."""
        options, ground = self.options, self._ground()
        binding = self._binding(ground.properties)
        computed = selection.computed(options.compute, binding, self.view)
        conditions = [*ground.scope, *(binding.condition(Infix("eq", Name(name), value), name) for name, value in key)]
        conditions += self._search(ground)
        wanted = binding.condition(options.filter, "$filter") if options.filter is not None else None
        conditions += conjuncts(wanted) if wanted is not None else ()
        terms = [(binding.value(item.expression, "$orderby"), item.descending) for item in options.orderby]
        where = self.emitter.conjunction([_settled(node) for node in conditions]) if conditions else None
        anchor = quoted(self.view.key[0]) if ground.relation is None else ROW
        order = tuple(_term(node, down, self.emitter, where, anchor) for node, down in terms if not is_fixed(node))
        alone = ground.relation is None and not (ground.scope or key or order or options.search)
        chosen = self._chosen(ground, binding, computed)
        return BoundQuery(
            view=self.view,
            columns=chosen.columns,
            all_columns=chosen.columns == self.view.columns,
            where=where,
            order=order,
            source=self._source(ground),
            derived=ground.relation is not None,
            shapes=chosen.shapes,
            listed=chosen.listed,
            parameters=tuple(self.parameters.values),
            top=options.top,
            skip=options.skip or 0,
            count=bool(options.count),
            shape=self._shape(chosen, where, order),
            scoped=bool(self.joins.reader.scope(self.view)),
            range=leading_interval(self.view, wanted) if wanted is not None and alone else None,
        )

    def _ground(self) -> _Ground:
        if self.options.apply is None:
            return _Ground(of_view(self.view, self.joins), self.joins.reader.scope(self.view))
        relation = self.chain.run(self.options.apply, self.chain.start(), None)
        return _Ground(self.chain.properties(relation), [], relation)

    def _binding(self, properties: Properties) -> Binding:
        return Binding(properties, self.options.aliases, self.as_of, self.budget)

    def _search(self, ground: _Ground) -> list[Node]:
        if self.options.search is None:
            return []
        known = self.view.columns if ground.relation is None else ()
        columns = [stored_column(column) for column in known if column.searchable]
        if ground.relation is not None:
            fields = ground.relation.fields
            columns = [fields[each.name].node for each in self.view.columns if each.searchable and each.name in fields]
        if not columns:
            raise Unsupported(f"This service does not offer $search on {self.view.name}.", target="$search")
        return [search.condition(self.options.search, columns)]

    def _chosen(self, ground: _Ground, binding: Binding, computed: selection.Computed) -> selection.Chosen:
        if ground.relation is not None:
            if self.options.expand:
                raise Unsupported("This service does not offer $expand after $apply.", target="$expand")
            return selection.of_relation(self.options.select, ground.relation, binding, computed, self.emitter)
        return selection.of_view(self.options, binding, computed, self.emitter)

    def _source(self, ground: _Ground) -> str:
        """FROM text; the last thing to write, when every join is known. Empty for the view's table alone."""
        if ground.relation is not None:
            return self.chain.source(ground.relation)
        return self.joins.source(self.emitter) if self.joins.count else ""

    def _shape(self, chosen: selection.Chosen, where: str | None, order: tuple[OrderTerm, ...]) -> str:
        """Everything that decides what is read, and nothing that a caller made up or wrote as a value."""
        options, every = self.options, chosen.columns == self.view.columns
        parts = [self.view.name, "*" if every else ",".join(column.name for column in chosen.columns)]
        parts.append(where or "")
        parts.append(",".join(term.clause for term in order))
        flags = {
            "top": options.top is not None,
            "skip": bool(options.skip),
            "count": bool(options.count),
            "compute": bool(options.compute),
            "search": options.search is not None,
        }
        parts.append(",".join(name for name, given in flags.items() if given))
        if options.apply is not None:
            parts.append(outline(options.apply, of_view(self.view, self.joins)))
        elif options.expand:
            members = [member for shape in chosen.shapes for member in shape.members]
            parts.append(f"with {','.join(member.name for member in members if isinstance(member, Related))}")
        return "|".join(parts)


def _settled(node: Node) -> Node:
    """A condition that is nothing but null keeps no row."""
    return Constant(Kind.BOOLEAN, False) if node.kind is Kind.NULL else node


def _term(node: Node, descending: bool, emitter: Emitter, where: str | None, anchor: str) -> OrderTerm:
    """A term of the order; `anchor` is a column that is never null. Computed moments are ordered by their microseconds,
    which outlast the year 9999."""
    sql = emitter.guarded(node, where)
    if '"' not in sql:  # it names no column after all (`Id eq null`), and DuckDB orders by no constants
        sql = f"CASE WHEN {anchor} IS NOT NULL THEN {sql} END"
    moving = isinstance(node, Applied) and node.kind in (Kind.INSTANT, Kind.DATE)
    if moving:
        sql = f"epoch_us({sql})"
    counted = moving or node.kind in (Kind.TIME, Kind.DURATION)
    return OrderTerm(sql, Edm.INT64 if counted else Edm(node.kind.value), descending, node.nullable)
