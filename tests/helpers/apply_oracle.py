"""The second, slow evaluator of $apply in plain Python, written from OData Data Aggregation 4.0, section 3.

One function a transformation, instances in and instances out; nothing of the engine is used. Where the standard
leaves a choice, or the service fixes an order that the standard leaves open, this is what is taken:

    groupby      groups come by their grouping values, ascending; an absent property before null, and where a
                 navigation leads nowhere before a related instance whose property is null: these are different groups
                 (3.1.2: null is not absent, and a null instance is not one with null properties)
    rollup       its groupings one after the other, the finest first, the first rollup varying slowest; no grand total
    filter, search, top*, bottom*  keep the order of their input; ties at the edge are decided by that order
    orderby      stable; null is the lowest value, in both directions
    sum          Int32 gives Int64, Int64 gives Decimal; null without values
    average      of whole numbers and decimals a Decimal, 12 digits after the point, half away from zero
    percentiles  at place (n - 1) * p between two values in proportion; of whole numbers rounded half up, of decimals
                 to 12 digits, half away from zero
    countdistinct, $count  Decimal without digits after the point
    a path with navigation in aggregate  counts each related entity once; within a longer expression once an instance
    top/bottom   null is the lowest value and adds nothing; topsum and bottomsum of a negative amount end when the sum is
                 as low as that; where the sum of all is 0, no share is ever reached and all instances stay
    search       every word or phrase somewhere in a searchable text of the instance itself, in any case
    compute      an item may use the items before it
    concat       a name that the branches give different number types has the widest of them
    a navigation that leads nowhere, or to a row that the caller may not see, is null
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from models.catalogue.types import View
from tests.helpers import apply_syntax as syntax
from tests.helpers.apply_instances import Instance, Paths, merged, tree_of
from tests.helpers.apply_shapes import Shapes, groupings, shapes_after, type_at, typed
from tests.helpers.apply_syntax import Item, Joined, Term, Without
from tests.helpers.odata_oracle import Expr, MayFail, evaluate

Instances = list[Instance]
PLACES = 12
"""Digits after the point of averages and percentiles of decimals."""


@dataclass(frozen=True)
class Evaluator:
    """`now` is what now() is, naive UTC. `shapes` of the input are handed along, because types decide some results."""

    view: View
    now: datetime

    def sequence(self, steps: syntax.Sequence, instances: Instances, shapes: Shapes) -> Instances:
        """The output set of a transformation sequence. Raises MayFail."""
        for step in steps:
            instances = self._step(step, instances, shapes)
            shapes = shapes_after((step,), shapes)
        return instances

    def _step(self, step: syntax.Step, instances: Instances, shapes: Shapes) -> Instances:
        return _STEPS[type(step)](self, step, instances, shapes)

    def _identity(self, _: syntax.Identity, instances: Instances, _shapes: Shapes) -> Instances:
        return instances

    def _filter(self, step: syntax.Filter, instances: Instances, _: Shapes) -> Instances:
        return self.kept(step.condition, instances)

    def kept(self, condition: Expr, instances: Instances) -> Instances:
        """Those for which the condition is true, neither false nor null."""
        return [instance for instance in instances if self.value(condition, instance) is True]

    def value(self, expr: Expr, instance: Instance) -> Any:
        """An expression relative to an instance."""
        return evaluate(expr, instance, self.now)

    def _search(self, step: syntax.Search, instances: Instances, _: Shapes) -> Instances:
        return self.found(step.term, instances)

    def found(self, term: Term, instances: Instances) -> Instances:
        """Those that match a search expression."""
        names = [column.name for column in self.view.columns if column.searchable]
        return [one for one in instances if _matches(term, [one.get(name) for name in names])]

    def _compute(self, step: syntax.Compute, instances: Instances, _: Shapes) -> Instances:
        return self.computed(step.items, instances)

    def computed(self, items: Iterable[syntax.Computed], instances: Instances) -> Instances:
        """Each instance with further values; an item may use those before it."""
        for item in items:
            instances = [one.with_values({item.alias: self.value(item.expr, one)}) for one in instances]
        return instances

    def _orderby(self, step: syntax.OrderBy, instances: Instances, _: Shapes) -> Instances:
        return self.ordered(step.items, instances)

    def ordered(self, items: Sequence[tuple[Expr, bool]], instances: Instances) -> Instances:
        """A stable sort."""
        keyed = [([_rank(self.value(expr, one)) for expr, _ in items], one) for one in instances]
        for place, (_, descending) in reversed(list(enumerate(items))):
            keyed.sort(key=lambda pair, at=place: pair[0][at], reverse=descending)
        return [one for _, one in keyed]

    def _cut(self, step: syntax.Cut, instances: Instances, _: Shapes) -> Instances:
        return instances[: step.count] if step.name == "top" else instances[step.count :]

    def _concat(self, step: syntax.Concat, instances: Instances, shapes: Shapes) -> Instances:
        found = [one for branch in step.branches for one in self.sequence(branch, instances, shapes)]
        after = shapes_after((step,), shapes)
        return [replace(one, values={**one.values, **_widened(one, after)}) for one in found]

    def _aggregate(self, step: syntax.Aggregate, instances: Instances, shapes: Shapes) -> Instances:
        return [Instance({item.alias: self._aggregated(item, instances, shapes) for item in step.items})]

    def _aggregated(self, item: Item, instances: Instances, shapes: Shapes) -> Any:
        """f(U) of the aggregation algorithm (3.2.1.1); U never holds a null."""
        if item.expr is None or item.method is None:
            return Decimal(len(_reached(instances, item.path.split("/")) if item.path else instances))
        if item.expr.name == "column":
            *way, name = item.expr.text.split("/")
            members = _reached(instances, way) if way else instances
            values = [member.values.get(name) for member in members]
        else:
            values = [self.value(item.expr, instance) for instance in instances]
        return _METHODS[item.method]([value for value in values if value is not None], typed(item.expr, shapes))

    def _groupby(self, step: syntax.GroupBy, instances: Instances, shapes: Shapes) -> Instances:
        found: Instances = []
        for paths in groupings(step.elements):
            tree = tree_of(paths)
            groups: dict[Any, tuple[Instance, Instances]] = {}
            for instance in instances:
                kept = _projected(instance, tree)
                groups.setdefault(kept.sameness, (kept, []))[1].append(instance)
            for kept, members in sorted(groups.values(), key=lambda pair: [_place(pair[0], path) for path in paths]):
                made = [Instance()] if step.then is None else self.sequence(step.then, members, shapes)
                found.extend(_injected(one, kept) for one in made)
        return found

    def _extremes(self, step: syntax.Extremes, instances: Instances, _: Shapes) -> Instances:
        ascending, limit = step.name.startswith("bottom"), evaluate(step.amount, {}, self.now)
        values = [self.value(step.value, instance) for instance in instances]
        places = sorted(range(len(values)), key=lambda place: _rank(values[place]), reverse=not ascending)
        numbers = values if "count" not in step.name else [None] * len(values)
        is_reached = _REACHED[step.name.removeprefix("top").removeprefix("bottom")](numbers, limit)
        taken: set[int] = set()
        for place in places:
            if is_reached([numbers[other] for other in taken]):
                break
            taken.add(place)
        return [instances[place] for place in sorted(taken)]


def _widened(instance: Instance, shapes: Shapes) -> dict[str, Any]:
    """The numbers that have a wider type among all branches."""
    wider = {"Decimal": Decimal, "Double": float}
    kinds = {name: type_at(name, shapes) for name, value in instance.values.items() if type(value) in (int, Decimal)}
    return {name: wider[kind](instance.values[name]) for name, kind in kinds.items() if kind in wider}


def _matches(term: Term, texts: Sequence[str | None]) -> bool:
    if isinstance(term, Without):
        return not _matches(term.term, texts)
    if isinstance(term, Joined):
        return (any if term.word == "OR" else all)(_matches(part, texts) for part in term.terms)
    return any(text is not None and term.text.lower() in text.lower() for text in texts)


def _rank(value: Any) -> tuple[bool, Any]:
    """For sorting: null before everything. What is no number has no place."""
    if isinstance(value, float) and math.isnan(value):
        raise MayFail
    return (value is not None, 0 if value is None else value)


def _place(instance: Instance, path: str, depth: int = 1) -> tuple[int, int, Any]:
    """For sorting groups: absent, then a navigation that leads nowhere, the earlier the lower, then null, then values."""
    first, _, rest = path.partition("/")
    if not instance.has(first):
        return (0, 0, 0)
    if rest:
        related = instance.links[first]
        return (1, depth, 0) if related is None else _place(related, rest, depth + 1)
    there, value = _rank(instance.values[first])
    return (3, 0, value) if there else (2, 0, 0)


def _reached(instances: Iterable[Instance], way: Sequence[str]) -> Instances:
    """The instances at the end of a navigation path, each once (3.2.1.1, determination of U)."""
    reached = list(instances)
    for name in way:
        related = [instance.links.get(name) for instance in reached]
        reached = [instance for instance in related if instance is not None]
    return list({instance.sameness: instance for instance in reached}.values())


def _projected(instance: Instance, tree: Paths) -> Instance:
    """s_G of 3.2.3.1: the grouping properties alone, as far as they are present."""
    values, links, shown = {}, {}, {}
    for name, below in tree.items():
        if not below and name in instance.values:
            _rank(instance.values[name])
            values[name] = instance.values[name]
        elif below and name in instance.links:
            related = instance.links[name]
            links[name] = related and _projected(related, below)
            shown[name] = below
    return Instance(values, links, shown)


def _injected(instance: Instance, kept: Instance) -> Instance:
    """a_G of 3.2.3.1: the grouping properties put into an instance."""
    links = dict(instance.links)
    for name, related in kept.links.items():
        here = links.get(name)
        links[name] = related if here is None or related is None else _injected(here, related)
    shown = merged(dict(instance.shown), dict(kept.shown))
    return replace(instance, values={**instance.values, **kept.values}, links=links, shown=shown)


def rounded(value: Fraction, places: int) -> Decimal:
    """Half away from zero."""
    scaled = abs(value) * 10**places
    whole = math.floor(scaled + Fraction(1, 2))
    return Decimal(f"{whole if value >= 0 else -whole}E-{places}")


def total(values: Sequence[Any]) -> Any:
    """The sum; of doubles only where the order of adding makes no difference."""
    if values and isinstance(values[0], float):
        if not all(map(math.isfinite, values)) or math.fsum(values) != sum(values):
            raise MayFail
        return sum(values)
    return sum(map(Fraction, values))


def _exactly(value: Any, kind: str) -> Any:
    """A sum as its type has it."""
    if kind == "Double":
        return value
    return int(value) if kind == "Int32" else _decimal(value)


def _decimal(value: Fraction) -> Decimal:
    """A fraction that is a decimal, exactly."""
    with localcontext() as context:
        context.prec = 120
        return Decimal(Fraction(value).numerator) / Decimal(Fraction(value).denominator)


def _sum(values: list[Any], kind: str) -> Any:
    return _exactly(total(values), kind) if values else None


def _average(values: list[Any], kind: str) -> Any:
    if not values:
        return None
    return total(values) / len(values) if kind == "Double" else rounded(total(values) / len(values), PLACES)


def _percentile(share: Fraction) -> Callable[[list[Any], str], Any]:
    def work(values: list[Any], kind: str) -> Any:
        if not values:
            return None
        ranked = sorted(values, key=_rank)
        below = math.floor((len(ranked) - 1) * share)
        low, high = ranked[below], ranked[min(below + 1, len(ranked) - 1)]
        part = (len(ranked) - 1) * share - below
        if kind == "Double":
            return low + (high - low) * float(part)
        place = Fraction(low) + (Fraction(high) - Fraction(low)) * part
        return rounded(place, PLACES) if kind == "Decimal" else math.floor(place + Fraction(1, 2))

    return work


_METHODS: dict[str, Callable[[list[Any], str], Any]] = {
    "sum": _sum,
    "min": lambda values, _: min(values, key=_rank, default=None),
    "max": lambda values, _: max(values, key=_rank, default=None),
    "average": _average,
    "countdistinct": lambda values, _: Decimal(len({_rank(value) for value in values})),
    "CrisisMetrics.p50": _percentile(Fraction(1, 2)),
    "CrisisMetrics.p90": _percentile(Fraction(9, 10)),
}

Reached = Callable[[Sequence[Any]], bool]


def _numbers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _sum_reached(_: Sequence[Any], limit: Any) -> Reached:
    def work(taken: Sequence[Any]) -> bool:
        found = Fraction(total(_numbers(taken)))
        return found >= Fraction(limit) if limit >= 0 else found <= Fraction(limit)

    return work


def _share_reached(numbers: Sequence[Any], limit: Any) -> Reached:
    whole = Fraction(total(_numbers(numbers)))
    return lambda taken: whole != 0 and Fraction(total(_numbers(taken))) / whole >= Fraction(limit) / 100


_REACHED: dict[str, Callable[[Sequence[Any], Any], Reached]] = {
    "count": lambda _, limit: lambda taken: len(taken) >= limit,
    "sum": _sum_reached,
    "percent": _share_reached,
}
"""Whether the loop over the instances ends before the next one (step 5 of 3.3.1)."""

_STEPS: dict[type, Callable[..., Instances]] = {
    syntax.Identity: Evaluator._identity,
    syntax.Filter: Evaluator._filter,
    syntax.Search: Evaluator._search,
    syntax.Compute: Evaluator._compute,
    syntax.OrderBy: Evaluator._orderby,
    syntax.Cut: Evaluator._cut,
    syntax.Concat: Evaluator._concat,
    syntax.Aggregate: Evaluator._aggregate,
    syntax.GroupBy: Evaluator._groupby,
    syntax.Extremes: Evaluator._extremes,
}
