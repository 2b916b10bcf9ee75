"""The catalogue's check of itself, run when it is built: a wrong declaration never gets as far as a server."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.catalogue.types import Catalogue, Check, Column, Edm, View

NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,127}\Z")
CHECK_ID = re.compile(r"[a-z][a-z_]{2,39}\Z")


def problems(catalogue: Catalogue) -> tuple[str, ...]:
    """Every fault, as a sentence; empty when the catalogue is sound."""
    found: list[str] = []
    for view in catalogue.views.values():
        found.extend(f"{view.name}: {text}" for text in _view(view, catalogue))
    for metric in catalogue.metrics.values():
        found.extend(f"metric {metric.id}: {text}" for text in _metric(metric.id, catalogue))
    for codes in catalogue.codes.values():
        words = [code.code for code in codes.codes]
        if len(words) != len(set(words)):
            found.append(f"code list {codes.name}: a code stands twice")
    for check in catalogue.checks.values():
        found.extend(f"check {check.id}: {text}" for text in _check(check))
    return tuple(found)


def _check(check: Check) -> Iterator[str]:
    if not CHECK_ID.match(check.id):
        yield "is no snake_case id"
    if check.holds.endswith(".") or not check.looks_at or not check.next_step.endswith("."):
        yield "says incompletely what holds, what it looks at or what to do"


def _view(view: View, catalogue: Catalogue) -> Iterator[str]:
    yield from _names(view)
    if not view.roles <= set(catalogue.roles):
        yield "names a role that does not exist"
    for column in view.columns:
        yield from (f"{column.name} {fault}" for fault in _column(column, catalogue))
    for nav in view.navigations:
        target = catalogue.views.get(nav.target)
        if target is None or len(nav.columns) != len(target.key):
            yield f"navigation {nav.name} does not reach a key"
        elif not all(view.has(column) for column in nav.columns):
            yield f"navigation {nav.name} starts from an unknown column"


def _names(view: View) -> Iterator[str]:
    names = [column.name for column in view.columns]
    lowered = [name.lower() for name in names] + [nav.name.lower() for nav in view.navigations]
    if len(lowered) != len(set(lowered)):
        yield "two columns or navigations share a name"
    yield from (f"{name!r} is no PascalCase name" for name in (view.name, view.entity, *names) if not NAME.match(name))
    if view.name == view.entity:
        yield "entity set and entity type share a name"
    for name in (*view.key, *view.order, *(part for part in (view.area, view.team) if part)):
        if not view.has(name):
            yield f"{name} is not among its columns"
        elif view.column(name).nullable:
            yield f"{name} is part of key, order or scope and may be null"
    if not set(view.key) <= set(view.order):
        yield "the order does not end in the key, so it is not total"
    if names[-1] != "SnapshotId":
        yield "the last column is not SnapshotId"


def _column(column: Column, catalogue: Catalogue) -> Iterator[str]:
    if not column.description.strip():
        yield "has no description"
    if column.codes and column.codes not in catalogue.codes:
        yield f"names the unknown code list {column.codes}"
    if column.edm is Edm.DECIMAL and (column.precision is None or column.scale is None):
        yield "is a decimal without precision and scale"
    if column.edm is Edm.STRING and column.max_length is None:
        yield "is text without a length"
    if column.minimum is not None and column.edm not in (Edm.INT32, Edm.INT64):
        yield "has a minimum and is no whole number"
    if column.edm in (Edm.INT64, Edm.DECIMAL) and not column.unit and not column.name.endswith("Id"):
        yield "has no unit"


def _metric(metric_id: str, catalogue: Catalogue) -> Iterator[str]:
    metric = catalogue.metrics[metric_id]
    view = catalogue.views.get(metric.view)
    if view is None:
        yield f"unknown view {metric.view}"
        return
    named = (metric.numerator, metric.denominator, metric.missing, metric.invalid, *metric.breakdown)
    for column in named:
        if column is not None and not view.has(column):
            yield f"{column} is no column of {view.name}"
    if view.has(metric.numerator) and view.column(metric.numerator).additivity is not metric.additivity:
        yield f"adds up otherwise than its numerator {metric.numerator}"
    if not metric.definition.endswith(".") or not metric.source or not metric.owner:
        yield "definition, source or owner is incomplete"
    if metric.unit in ("share", "ms") and metric.denominator is None:
        yield "a share or a mean needs a denominator"
